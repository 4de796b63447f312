"""What may be retried and when: deadlines, backoff, and which failures are transient.

What urllib3 retries by itself is decided in ``osbs._transport``; here is what goes beyond one
request.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import random
import time

from requests.exceptions import ChunkedEncodingError, ConnectionError, RequestException, SSLError
from requests.packages.urllib3.exceptions import ConnectTimeoutError
from six.moves import http_client

from osbs import _compat
from osbs._transport import BAD_CERTIFICATE, failure_text
from osbs._typing import Any  # noqa: F401
from osbs._waiting import answered, tell_retry
from osbs.exceptions import (
    OsbsException,
    OsbsNetworkException,
    OsbsResponseException,
    OsbsValidationException,
    OsbsWaitTimeout,
)

logger = logging.getLogger(__name__)

# Seconds: first delay between two connections of a watch or a log that do not follow at once; what
# changes meanwhile is to be seen within a second.
FIRST_DELAY = 0.5
# Seconds: longest delay between two connections of a watch or a log.
MAX_DELAY = 30
# Seconds: a connection that lived so long was a good one.
GOOD_LIFE = 30
# Failures in a row after which a watch or a log is given up; with the delays about 8 minutes,
# as long as urllib3's own rule keeps trying.
MAX_FAILURES = 20
# Retries of a request whose response was truncated.
TRUNCATED_RETRIES = 3

# A later attempt may get another status. 429: too many requests.
TRANSIENT_STATUSES = (408, 429, 500, 502, 503, 504)
_TRANSIENT_CAUSES = (ConnectionError, ChunkedEncodingError, http_client.HTTPException)


class Deadline(object):
    """A time by which something must have happened."""

    def __init__(self, seconds):
        # type: (float) -> None
        """
        :param seconds: number, from now
        :raises OsbsValidationException: it is not a number, or negative
        """
        try:
            self.seconds = float(seconds)
        except (TypeError, ValueError):
            self.seconds = -1.0
        if not self.seconds >= 0:
            raise OsbsValidationException(
                "invalid time-out %r: expected seconds, a number not below 0" % (seconds,)
            )
        self._end = _compat.monotonic() + self.seconds

    @classmethod
    def of(cls, *timeouts):
        # type: (Any) -> Any
        """Return the deadline for the first time-out that is set, None if none is.

        :param timeouts: seconds, Deadline or None
        """
        for timeout in timeouts:
            if timeout is not None:
                return timeout if isinstance(timeout, cls) else cls(timeout)
        return None

    @property
    def remaining(self):
        # type: () -> float
        """Seconds that are left, not below 0."""
        return max(0.0, self._end - _compat.monotonic())

    @property
    def expired(self):
        # type: () -> bool
        """Whether no time is left."""
        return self.remaining <= 0

    def timeout_error(self, what, last_seen):
        # type: (str, Any) -> OsbsWaitTimeout
        """Return the exception to raise when no time is left.

        :param what: str, what was waited for
        :param last_seen: str or None, last known state of it
        """
        return OsbsWaitTimeout(
            "%s: not done within %g seconds (last seen: %s)"
            % (what, self.seconds, last_seen or "nothing")
        )


class Backoff(object):
    """Delays of 0, 1, 2, 4 ... seconds with jitter, for as long as there is no progress."""

    def __init__(self, first=1.0, longest=None, at_once=True):
        # type: (float, Any, bool) -> None
        """
        :param first: number, seconds of the first delay that is not 0
        :param longest: number, seconds; None: MAX_DELAY
        :param at_once: bool, begin with a delay of 0
        """
        self._first = first
        self._longest = MAX_DELAY if longest is None else longest
        self._at_once = at_once
        self.count = 0

    def reset(self):
        # type: () -> None
        """Begin anew: there was progress."""
        self.count = 0

    def next(self):
        # type: () -> float
        """Return the seconds of the next delay."""
        step = self.count - 1 if self._at_once else self.count
        self.count += 1
        if step < 0:
            return 0.0
        seconds = min(self._longest, self._first * 2 ** min(step, 30))
        return seconds * random.uniform(0.5, 1.0)

    def wait(self, reason, most):
        # type: (str, int) -> None
        """Sleep for the next delay, and say why.

        :param most: int, how many retries there are
        """
        delay = self.next()
        tell_retry(logger, reason, delay, self.count, most)
        sleep(delay)


def sleep(seconds, deadline=None):
    # type: (float, Any) -> None
    """Sleep, but not beyond a deadline."""
    if deadline is not None:
        seconds = min(seconds, deadline.remaining)
    if seconds > 0:
        time.sleep(seconds)


class Failures(object):
    """The failures in a row of a watch or a log, and the delays between its connections."""

    def __init__(self, what, most=None, retrying=True):
        # type: (str, Any, bool) -> None
        """
        :param what: str, what fails, for the records
        :param most: int, failures in a row after which it is given up; None: MAX_FAILURES
        :param retrying: bool, whether failures are to be retried at all
        """
        self.count = 0
        self.retrying = retrying
        self.backoff = Backoff(FIRST_DELAY)
        self._what = what
        self._most = MAX_FAILURES if most is None else most
        # The one that was counted since the last connection.
        self._latest = None  # type: Any

    def reset(self):
        # type: () -> None
        """Begin anew: there was progress."""
        self.count = 0
        self.backoff.reset()

    def add(self, exception, may_retry):
        # type: (OsbsException, Any) -> None
        """Count a failure; raise it if there may be no other attempt, or were too many in a row."""
        self.count += 1
        if not may_retry or self.count > self._most:
            raise exception
        self._latest = exception

    def wait(self, lived=0, deadline=None):
        # type: (float, Any) -> None
        """Wait until the next connection is due, and say so if the last one failed.

        :param lived: number, seconds of the delay that are over
        """
        delay = max(0, self.backoff.next() - lived)
        if self._latest is not None:
            reason = "%s: %s" % (self._what, reason_of(self._latest))
            tell_retry(logger, reason, delay, max(1, self.count), self._most)
            self._latest = None
        sleep(delay, deadline)


def is_transient(exception):
    # type: (OsbsException) -> bool
    """Tell whether a later attempt to open a stream may succeed, and is wanted."""
    if getattr(exception, "no_contact", False):
        return False
    if isinstance(exception, OsbsResponseException):
        # Junk that is said to be a success comes from something on the way to the server.
        status = exception.status_code
        return status in TRANSIENT_STATUSES or status == http_client.OK
    if isinstance(exception, OsbsNetworkException):
        return True
    return isinstance(exception.cause, _TRANSIENT_CAUSES) and not (
        _is_bad_certificate(exception.cause)
    )


def reason_of(exception):
    # type: (OsbsException) -> Any
    """Say in a few words why there is to be another attempt."""
    status = getattr(exception, "status_code", None)
    if isinstance(exception, OsbsResponseException) and status != http_client.OK:
        return answered(status)
    if isinstance(exception.cause, RequestException):
        return failure_text(exception.cause)
    return exception.message


def _is_bad_certificate(cause):
    return isinstance(cause, SSLError) and failure_text(cause).startswith(BAD_CERTIFICATE)


def _never_reached(cause):
    # requests wraps urllib3's MaxRetryError, which wraps the reason, which may wrap another one.
    while isinstance(cause, Exception):
        if isinstance(cause, ConnectTimeoutError):
            return True
        wrapped = [getattr(cause, "reason", None)] + list(cause.args)
        cause = next((found for found in wrapped if isinstance(found, Exception)), None)
    return False


def may_have_acted(exception):
    # type: (OsbsException) -> bool
    """Tell whether the server may have carried out a request that ended in an exception.

    Not if there never was a connection, or if the request could not even be written down (those
    errors of requests are ValueErrors as well).
    """
    cause = exception.cause
    if not isinstance(cause, (RequestException, http_client.HTTPException)):
        return False
    if isinstance(cause, ValueError) or _is_bad_certificate(cause):
        return False
    return not _never_reached(cause)


def retry_truncated(send, enabled):
    # type: (Any, bool) -> Any
    """Send a request that may be retried, again if its response was truncated.

    :param send: function without arguments that returns an HttpResponse
    :param enabled: bool, whether retries are allowed at all
    :return: HttpResponse, with ``retried`` set if it is not of the first attempt
    """
    backoff = Backoff()
    while True:
        try:
            response = send()
            if backoff.count:
                response.retried = True
            return response
        except OsbsException as ex:
            was_truncated = isinstance(ex.cause, ChunkedEncodingError)
            if not (enabled and was_truncated and backoff.count < TRUNCATED_RETRIES):
                raise
            backoff.wait("the response was truncated", TRUNCATED_RETRIES)
