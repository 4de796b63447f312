"""
Fault injection: what a network, a proxy or a failing master does to requests.

A :class:`Faults` holds the requested faults; for each request the HTTP layer gets a :class:`Plan`
from it. Faults compose (a delay and a cut, for example) and are counted; :meth:`Faults.check` names
those that never fired. All of it is thread-safe.
"""

import itertools
import re
import threading
import typing

from osbs.sandbox.kinds import validation

#: a fault, or JSON-like data
Data = typing.Any

#: kind -> parameters with their defaults; seconds and status are required where None
KINDS = {
    # requests
    "delay": {"seconds": None},
    "reset_before": {},
    "reset_after": {},
    "cut": {"bytes": 0, "clean": False},
    "status": {"status": None, "retry_after": None, "body": None},
    "garbage": {"status": 200},
    "html": {"status": 200},
    "empty": {"status": 200},
    # connections
    "reset_connection": {},
    "refuse": {"seconds": 1.0},
    # the whole server, at once
    "expire_tokens": {"keep": ()},
    "drop_watches": {},
    "drop_connections": {},
    "compact": {},
    "restart": {"seconds": 0.2},
}
#: fields of all kinds
COMMON = ("method", "path", "count", "skip")
#: the first of these that matches replaces the response
TERMINAL = ("reset_before", "status", "garbage", "html", "empty", "reset_after")
CONNECTION = ("reset_connection",)
ACTIONS = ("refuse", "expire_tokens", "drop_watches", "drop_connections", "compact", "restart")

#: maximum length of a regular expression, and of the path and query that it is matched with
PATTERN_LENGTH = 500
TARGET_LENGTH = 1024
#: maximum number of ``?`` and ``|`` in a regular expression without repeats (``*``, ``+``, ``{``),
#: with one and with two of them; others backtrack for minutes
CHOICES = (10, 10, 4)

#: JSON Schema of the fields of a fault
SCHEMA = {
    "properties": {
        "method": {
            "enum": [None, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        },
        "path": {"type": ["string", "null"], "maxLength": PATTERN_LENGTH},
        "count": {"type": ["integer", "null"], "minimum": 1},
        "skip": {"type": "integer", "minimum": 0},
        "seconds": validation.SECONDS,
        "bytes": {"type": "integer", "minimum": 0},
        "clean": {"type": "boolean"},
        "status": {"type": "integer", "minimum": 200, "maximum": 599},
        "retry_after": {
            "type": ["integer", "string", "null"],
            "minimum": 0,
            "maxLength": 100,
            "pattern": r"\A[ -~]*\Z",
        },
        "body": {"type": ["object", "array", "string", "null"]},
        "keep": {"type": "array", "items": {"type": "string"}},
    }
}

PAGE = (
    b"<html><head><title>503 Service Unavailable</title></head>\n"
    b"<body><h1>Service Unavailable</h1></body></html>\n"
)
GARBAGE = b'{"kind": "Build", "apiVersion": \xff\xfe \x00 <<<'


class FaultError(ValueError):
    """A requested fault is malformed."""


class Fault:
    """
    One fault.

    :param kind: str, a key of KINDS
    :param method: str or None, only requests with this method
    :param path: str or None, regular expression; searched in path and query (``path?query``)
    :param count: int or None, how many times it fires; None: without limit
    :param skip: int, number of matching requests to let pass first
    :param parameters: those of the kind, see KINDS
    :raises FaultError: for unknown kinds and parameters and for invalid values
    """

    def __init__(self, kind, method=None, path=None, count=1, skip=0, **parameters):
        if not isinstance(kind, str) or kind not in KINDS:
            raise FaultError(
                "unknown fault {!r}{}".format(kind, validation.unknown(str(kind), KINDS))
            )
        unknown = sorted(set(parameters) - set(KINDS[kind]))
        if unknown:
            hint = validation.unknown(unknown[0], list(KINDS[kind]) + list(COMMON))
            raise FaultError("fault {!r}: unknown field {!r}{}".format(kind, unknown[0], hint))
        self.kind = kind
        self.method = method.upper() if isinstance(method, str) and method else method or None
        self.path = path
        self.count = count
        self.skip = skip
        self.parameters = dict(KINDS[kind], **parameters)
        self._check()
        if path and _is_slow(path):
            raise FaultError(
                "path {!r} could take too long: use at most two of * + {{, few of ? and |, and "
                "repeat no group".format(path)
            )
        try:
            self._pattern = re.compile(path) if path else None
        except (re.error, RecursionError, OverflowError) as exc:
            raise FaultError("path {!r} is not a regular expression: {}".format(path, exc))
        #: how many times it had an effect
        self.fired = 0
        self.id = None

    def _check(self):
        missing = [
            name
            for name, value in self.parameters.items()
            if value is None and name in ("seconds", "status")
        ]
        if missing:
            raise FaultError("fault {!r} needs {}".format(self.kind, ", ".join(missing)))
        matching = {"method": self.method, "path": self.path}
        matching.update(count=self.count, skip=self.skip)
        found = validation.mistake(dict(self.parameters, **matching), SCHEMA)
        if found is not None:
            raise FaultError("fault {!r}: {}".format(self.kind, found))
        if self.kind in ("garbage", "html") and self.parameters["status"] in (204, 304):
            raise FaultError(
                "fault {!r}: field 'status': a response {} has no body".format(
                    self.kind, self.parameters["status"]
                )
            )
        unused = ()
        if self.kind in ACTIONS:
            unused = ("method", "path", "skip")
        elif self.kind in CONNECTION:
            unused = ("method", "path")
        for name in unused:
            if matching[name]:
                raise FaultError(
                    "fault {!r}: field {!r}: it does not concern single requests".format(
                        self.kind, name
                    )
                )

    def __getitem__(self, name):
        return self.parameters[name]

    @property
    def spent(self):
        """Return whether it has fired ``count`` times."""
        return self.count is not None and self.fired >= self.count

    def matches(self, method, target):
        """Return whether it applies to a request; counts the skipped ones."""
        if self.spent or self.method not in (None, method):
            return False
        if self._pattern is not None and not self._pattern.search(target[:TARGET_LENGTH]):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        return True

    def describe(self):
        """Return the fault as JSON-like data."""
        return {
            "id": self.id,
            "kind": self.kind,
            "method": self.method,
            "path": self.path,
            "count": self.count,
            "skip": self.skip,
            "fired": self.fired,
            "parameters": {
                name: list(value) if isinstance(value, (set, tuple)) else value
                for name, value in self.parameters.items()
            },
        }

    def __repr__(self):
        about = " ".join(part for part in (self.method, self.path) if part)
        return "<Fault {} {}{}, fired {} times>".format(
            self.id, self.kind, about and " on " + about, self.fired
        )


def _is_slow(pattern):
    """Return whether matching may take more than seconds, by a rule that is simple and strict."""
    # escaped characters, sets and the beginnings of special groups are no choices
    skeleton = re.sub(r"\\.|\[\^?\]?(\\.|[^\]\\])*\]", "x", pattern).replace("(?", "(")
    repeats, choices = (len(re.findall(signs, skeleton)) for signs in ("[*+{]", "[?|]"))
    if re.search(r"\)[*+{]", skeleton) or repeats >= len(CHOICES):
        return True
    return choices > CHOICES[repeats]


class Plan:
    """The faults that apply to one request."""

    def __init__(self):
        #: float, seconds to wait first
        self.delay = 0.0
        #: Fault or None, one of TERMINAL
        self.terminal = None
        #: Fault or None, truncates the body
        self.cut = None

    def take_back(self):
        """Do not count the fault: the client had disconnected before."""
        self.terminal.fired -= 1


class FaultShortcuts:
    """Base class of what has a method ``add`` for faults."""

    def add(self, kind: str, **fault: Data) -> Data:
        """Add a fault."""
        raise NotImplementedError

    def delay(self, seconds: float, **match: Data) -> Data:
        """Delay matching requests."""
        return self.add("delay", seconds=seconds, **match)

    def status(
        self, status: int, retry_after: Data = None, body: Data = None, **match: Data
    ) -> Data:
        """Respond to matching requests with a status instead of processing them."""
        return self.add("status", status=status, retry_after=retry_after, body=body, **match)

    def reset(self, after: bool = False, **match: Data) -> Data:
        """Reset the connection before (or after) processing matching requests."""
        return self.add("reset_after" if after else "reset_before", **match)

    def cut(self, size: int = 0, clean: bool = False, **match: Data) -> Data:
        """
        Truncate the body of matching responses.

        :param size: bytes that are sent
        :param clean: end it as if it were complete (as a log that broke at the node)
        """
        return self.add("cut", bytes=size, clean=clean, **match)

    def refuse(self, seconds: float = 1.0) -> Data:
        """
        Refuse new connections for some seconds.

        It counts as fired at once: the kernel refuses connections without telling the sandbox.
        """
        return self.add("refuse", seconds=seconds)

    def restart(self, seconds: float = 0.2) -> Data:
        """Abort all connections and refuse new ones for some seconds; the state stays."""
        return self.add("restart", seconds=seconds)

    def expire_tokens(self, keep: typing.Iterable[str] = ()) -> Data:
        """Expire users' tokens; fires with each 401 that follows."""
        return self.add("expire_tokens", keep=keep)

    def drop_watches(self) -> Data:
        """Abort all watches and followed logs."""
        return self.add("drop_watches")

    def compact(self) -> Data:
        """Drop the history; fires with each 410 that follows."""
        return self.add("compact")

    def kubelet_down(self, **match: Data) -> Data:
        """Respond to log requests like a master that cannot reach the node."""
        return self.add(
            "status",
            status=500,
            body=_status(
                'Get "https://127.0.0.1:10250/containerLogs": dial tcp 127.0.0.1:10250: connect: '
                "connection refused"
            ),
            **dict({"path": r"/log/?(\?|$)"}, **match),
        )

    def kubelet_error(self, **match: Data) -> Data:
        """Respond to log requests like a master whose node responds with 500."""
        text = "the kubelet failed\n"
        body = _status(
            "Internal error occurred: " + text,
            reason="InternalError",
            details={"causes": [{"message": text}]},
        )
        return self.add("status", status=500, body=body, **dict({"path": r"/log/?(\?|$)"}, **match))


class Faults(FaultShortcuts):
    """
    All faults of a sandbox.

    :param act: callable, called with a Fault of ACTIONS when it is added
    """

    def __init__(self, act=None):
        self._act = act or (lambda fault: None)
        self._faults = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, kind, method=None, path=None, count=1, skip=0, **parameters):
        """
        Add a fault; those of ACTIONS happen immediately. Parameters as for :class:`Fault`.

        :return: Fault
        """
        fault = Fault(kind, method, path, count, skip, **parameters)
        with self._lock:
            fault.id = next(self._ids)
            self._faults.append(fault)
        if kind in ACTIONS:
            try:
                self._act(fault)
            except Exception:
                self.remove(fault)
                raise
        return fault

    def remove(self, fault):
        """Remove a fault."""
        with self._lock:
            self._faults = [other for other in self._faults if other is not fault]

    def clear(self):
        """Remove all faults."""
        with self._lock:
            self._faults = []

    def __iter__(self):
        with self._lock:
            return iter(list(self._faults))

    def find(self, number):
        """Return the fault with an id, or None."""
        return next((fault for fault in self if fault.id == number), None)

    def unfired(self):
        """Return the faults that never fired."""
        return [fault for fault in self if not fault.fired]

    def check(self):
        """
        Raise unless every fault fired.

        :raises AssertionError: naming those that did not
        """
        unfired = self.unfired()
        if unfired:
            raise AssertionError(
                "faults that never fired: {}".format(", ".join(repr(fault) for fault in unfired))
            )

    def plan(self, method, target):
        """
        Return the Plan for a request; counts the faults in it.

        :param target: str, path and query
        """
        plan = Plan()
        with self._lock:
            for fault in self._faults:
                self._include(plan, fault, method, target)
        return plan

    @staticmethod
    def _include(plan, fault, method, target):
        wanted = fault.kind == "delay"
        wanted = wanted or (fault.kind == "cut" and plan.cut is None and method != "HEAD")
        wanted = wanted or (fault.kind in TERMINAL and plan.terminal is None)
        if not wanted or not fault.matches(method, target):
            return
        if fault.kind == "cut":
            # It is counted later, if the body is long enough to be cut.
            plan.cut = fault
            return
        fault.fired += 1
        if fault.kind == "delay":
            plan.delay += fault["seconds"]
        else:
            plan.terminal = fault

    def connection(self):
        """Return whether to reset a new connection; counts the fault."""
        with self._lock:
            for fault in self._faults:
                if fault.kind in CONNECTION and fault.matches("", ""):
                    fault.fired += 1
                    return True
        return False


def _status(message, **more):
    return dict(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
        },
        **dict(more, code=500),
    )
