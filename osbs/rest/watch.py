"""Watches of one object or a list, over as many connections as it takes.

On the first connection the server begins with what exists. After that, nothing that changed
between two connections is missed: a connection resumes from the last version seen, and where that
is not possible the object is read.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging

import six
from requests.utils import guess_json_utf
from six.moves import http_client

from osbs import _compat
from osbs.constants import (
    HTTP_EVENT_MAX,
    HTTP_REQUEST_TIMEOUT,
    WATCH_ADDED,
    WATCH_DELETED,
    WATCH_ERROR,
    WATCH_MODIFIED,
)
from osbs.exceptions import OsbsException, OsbsResponseException
from osbs.http import decode_json
from osbs.rest.objects import json_object
from osbs.rest.retry import FIRST_DELAY, GOOD_LIFE, MAX_FAILURES, Backoff, is_transient, sleep
from osbs.utils import get_path

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any  # noqa: F401

logger = logging.getLogger(__name__)

# An existing object is announced within this time (seconds).
FIRST_EVENT = 0.5
# Seconds: a connection that ends sooner, without an event, has failed.
SHORT_LIFE = 1


class Watch(object):
    """One watch over all its connections.

    Callers see what one endless connection would deliver.
    """

    def __init__(self, connect, look, named, query, deadline=None, missing_ok=False, retrying=True):
        # type: (Any, Any, bool, dict, Any, bool, bool) -> None
        """
        :param connect: function of a query (dict) and a time-out (seconds or None) that opens
            a stream and raises for an error status
        :param look: function of a time-out that reads the object that is watched
        :param named: bool, one object is watched, not a list
        :param query: dict, the caller's query of the first connection
        :param deadline: Deadline or None
        :param missing_ok: bool, wait for an object that does not exist yet
        :param retrying: bool, connect again after a failure
        """
        self._connect = connect
        self._look = look
        self._named = named
        self._query = query
        self._deadline = deadline
        self._missing_ok = missing_ok
        self._retrying = retrying
        self._version = query.get("resourceVersion")
        self._first = True
        # The object as the caller knows it, of whose absence the caller has to be told.
        self._known = None
        if named and self._version is not None:
            self._known = {"metadata": {"resourceVersion": self._version}}
        self._readable = True
        self._backoff = Backoff(FIRST_DELAY)
        self._failures = 0
        self._heard = False
        self._junk_logged = False

    def events(self):
        """Iterate over the events until the deadline.

        :return: generator of (type in lower case, object)
        :raises OsbsResponseException: an error status that is not transient; 404 if the object
            does not exist
        :raises OsbsException: there was no connection for too long
        """
        while not self._is_over():
            started = _compat.monotonic()
            for event in self._live_through_connection():
                yield event
                if self._is_over():
                    return
            if self._must_look():
                for event in self._look_at_object():
                    yield event
            self._rest(started)

    def _is_over(self):
        return self._deadline is not None and self._deadline.expired

    def _live_through_connection(self):
        self._heard = False
        first, self._first = self._first, False
        stream = self._open(first)
        if stream is None:
            return
        opened = _compat.monotonic()
        junk = False
        with stream:
            stream.line_max = HTTP_EVENT_MAX
            stream.time_limit = self._time_limit()
            encoding_known = []
            for line in stream.iter_lines():
                event = _parse(line, encoding_known)
                if event is None:
                    junk = True
                    self._log_junk(line)
                    if self._is_over():
                        return
                    continue
                event = self._take(event, first)
                stream.time_limit = self._time_limit()
                if event is not None:
                    yield event
        if self._heard:
            return
        short = _compat.monotonic() - opened < SHORT_LIFE
        if junk or (short and not self._must_look()):
            self._count(OsbsResponseException("a watch ended without an event", http_client.OK))

    def _open(self, first):
        query = dict(self._query)
        query.pop("resourceVersion", None)
        if self._version is not None:
            query["resourceVersion"] = self._version
        try:
            stream = self._connect(query, None if self._deadline is None else self._timeout())
        except OsbsException as ex:
            self._fail(ex, first)
            return None
        return stream

    def _timeout(self):
        limits = [HTTP_REQUEST_TIMEOUT]
        if self._deadline is not None:
            limits.append(max(0.001, self._deadline.remaining))
        return min(limits)

    def _fail(self, exception, first):
        if _is_gone(exception) and self._version is not None and not first:
            self._version = None
            return
        # Nothing can be said about the object.
        self._heard = True
        if self._is_over():
            return
        if not is_transient(exception):
            raise exception
        self._count(exception)

    def _count(self, exception):
        self._failures += 1
        if not self._retrying or self._failures > MAX_FAILURES:
            raise exception
        logger.info("watch: %s, retrying", type(exception).__name__)

    def _log_junk(self, line):
        # A server that sends nothing else must not fill the log.
        if not self._junk_logged:
            logger.error("watch: a line of %d bytes is not an event", len(line))
        self._junk_logged = True

    def _time_limit(self):
        """Return the seconds that this connection may last, None for any time."""
        if not self._heard and self._expects_first_event():
            return min(FIRST_EVENT, self._timeout())
        return None if self._deadline is None else self._deadline.remaining

    def _expects_first_event(self):
        if not (self._named and self._readable and self._version is None):
            return False
        return self._known is not None or not self._missing_ok

    def _must_look(self):
        return not self._heard and self._expects_first_event() and not self._is_over()

    def _take(self, event, first):
        kind, obj = event
        self._heard = True
        self._failures = 0
        if kind == WATCH_ERROR:
            self._version = None
            # What is known may be out of date: read it before watching again.
            self._heard = self._known is None
            return event if first or get_path(obj, "code") != http_client.GONE else None
        version = get_path(obj, "metadata", "resourceVersion")
        if kind == WATCH_ADDED and self._named and self._known is not None:
            # The server begins anew, the caller does not.
            if version == self._version_of_known():
                self._version = version
                return None
            if get_path(self._known, "metadata", "uid") in (None, get_path(obj, "metadata", "uid")):
                kind = WATCH_MODIFIED
        self._remember(kind, obj, version)
        return kind, obj

    def _version_of_known(self):
        return get_path(self._known, "metadata", "resourceVersion")

    def _remember(self, kind, obj, version):
        if self._named:
            self._known = None if kind == WATCH_DELETED else obj
        if not isinstance(version, six.string_types):
            return
        # The objects that a list begins with come in no order: only later events have one.
        if self._named or kind in (WATCH_MODIFIED, WATCH_DELETED):
            if version != self._version:
                self._backoff.reset()
            self._version = version

    def _look_at_object(self):
        try:
            obj = json_object(self._look(self._timeout()))
        except OsbsException as ex:
            if getattr(ex, "status_code", None) == http_client.NOT_FOUND:
                if self._known is None:
                    raise
                known, self._known = self._known, None
                yield WATCH_DELETED, known
            elif is_transient(ex):
                self._count(ex)
            else:
                logger.info("watch: the object cannot be read (%s)", type(ex).__name__)
                self._readable = False
            return
        event = self._take((WATCH_ADDED, obj), False)
        if event is not None:
            yield event

    def _rest(self, started):
        lived = _compat.monotonic() - started
        if lived >= GOOD_LIFE:
            self._backoff.reset()
            self._failures = 0
        sleep(self._backoff.next() - lived, self._deadline)


def _is_gone(exception):
    return isinstance(exception, OsbsResponseException) and (
        exception.status_code == http_client.GONE
    )


def _parse(line, encoding_known):
    # The encoding of the first line is that of all.
    if not encoding_known:
        encoding_known.append(guess_json_utf(line) or "utf-8")
    try:
        event = decode_json(line, encoding_known[0])
    except ValueError:
        return None
    kind, obj = get_path(event, "type"), get_path(event, "object")
    if not isinstance(kind, six.string_types) or not isinstance(obj, dict):
        return None
    return kind.lower(), obj
