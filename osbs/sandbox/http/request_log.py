"""The request log: one record per request, of the newest few thousand."""

import collections
import re
import threading

_SECRET_PATH = re.compile(r"(/oauthaccesstokens/)[^/?]+")


class LoggedRequest:
    """
    One request; ``status`` and ``user`` are set as soon as they are known.

    ``known`` is False for a path that the sandbox does not have, whatever the response.

    :param connection: int, number of the connection it came on
    """

    __slots__ = ("method", "path", "query", "connection", "user", "user_agent", "status", "known")

    def __init__(self, method, path, query, connection, user_agent):
        self.method = method
        self.path = _SECRET_PATH.sub(r"\1***", path)
        self.query = query
        self.connection = connection
        self.user = None
        self.user_agent = user_agent
        self.status = None
        self.known = True

    def as_json(self):
        """Return the record as JSON-like data."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __repr__(self):
        target = "{}?{}".format(self.path, self.query) if self.query else self.path
        return "<{} {} -> {}>".format(self.method, target, self.status)


class RequestLog:
    """
    The records; any thread may read them.

    :param limit: int, number of records that are kept
    """

    def __init__(self, limit=10000):
        self._records = collections.deque(maxlen=limit)
        self._lock = threading.Lock()
        #: callable (LoggedRequest), called in the thread of the event loop for each response
        self.on_response = lambda record: None

    def add(self, record):
        """Add a record."""
        with self._lock:
            self._records.append(record)

    def respond(self, record, status):
        """Note the status of the response to a request."""
        record.status = status
        self.on_response(record)

    def unknown(self):
        """Return the records of requests for paths that the sandbox does not have."""
        return [record for record in self if not record.known]

    def clear(self):
        """Delete all records."""
        with self._lock:
            self._records.clear()

    def __iter__(self):
        with self._lock:
            return iter(list(self._records))

    def __len__(self):
        return len(self._records)

    def __getitem__(self, index):
        with self._lock:
            return list(self._records)[index]
