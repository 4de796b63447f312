"""The kinds of faults of the matrix, and what the sandbox is told to let them happen."""

from __future__ import absolute_import, print_function, unicode_literals

import re
from collections import OrderedDict

# Seconds that a slow server takes, and that a client waits for it.
SLOW, TOO_SLOW_FOR = 0.105, 0.08
_STREAM = r"/watch/|follow=1"
_NO_STREAM = r"^(?!.*(/watch/|follow=1))"
_NO_OAUTH = r"^(?!/oauth/)"


class Kind(object):
    """
    One kind of fault.

    :param fault: str, kind of the sandbox; None: what happens is no fault of the sandbox's
    :param passes: bool, a client survives one of it
    :param path: str, requests that it can meet
    :param parameters: of the sandbox's fault
    """

    def __init__(self, fault=None, passes=False, path=None, timeout=None, **parameters):
        self.fault = fault
        self.passes = passes
        self.path = path
        #: seconds, or None
        self.timeout = timeout
        self.parameters = parameters

    def meets(self, target):
        """Tell whether a request for this target can meet it."""
        return self.path is None or re.search(self.path, target) is not None

    def once(self, position):
        """Return what to begin a cell with so that one request is met."""
        return {"faults": [self._fault(skip=position, count=1)]}

    def always(self):
        """Return what to begin a cell with so that every request is met."""
        return {"faults": [self._fault(path=self.path, count=None)]}

    def _fault(self, **more):
        return dict(self.parameters, kind=self.fault, **more)


class _Refused(Kind):
    def once(self, position):
        return {"refuse_at": position}

    def always(self):
        return {"refuse_at": 0, "comes_back": False}


class _Expired(Kind):
    def once(self, position):
        return {"expire_at": position}


def _status(status, passes=False, **parameters):
    return Kind("status", passes, status=status, **parameters)


KINDS = OrderedDict(
    [
        ("refused", _Refused(passes=True)),
        ("reset before acting", Kind("reset_before", passes=True)),
        ("reset after acting", Kind("reset_after", passes=True)),
        ("cut body", Kind("cut", passes=True, path=_NO_STREAM, bytes=5)),
        ("cut stream", Kind("cut", passes=True, path=_STREAM, bytes=50)),
        ("slow", Kind("delay", passes=True, timeout=TOO_SLOW_FOR, seconds=SLOW)),
        ("408", _status(408, passes=True)),
        ("429 with Retry-After", _status(429, passes=True, retry_after=3)),
        ("429", _status(429)),
        ("500", _status(500, passes=True)),
        ("502", _status(502, passes=True)),
        ("503", _status(503, passes=True)),
        ("504", _status(504, passes=True)),
        ("garbage", Kind("garbage")),
        ("HTML", Kind("html")),
        ("empty body", Kind("empty")),
        (
            "401 expired token",
            _Expired("status", passes=True, path=_NO_OAUTH, status=401),
        ),
        ("403", _status(403)),
        ("404", _status(404)),
        ("409", _status(409)),
    ]
)
