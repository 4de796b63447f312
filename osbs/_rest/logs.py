"""Logs of builds, followed over as many connections as it takes.

A stream that ended is not a log that ended: the API server ends a log that was truncated at the
node as cleanly as a finished one. A log is complete when its build is finished and the server's
last lines are those that were delivered.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging
from collections import deque
from itertools import islice

from six.moves import http_client

from osbs import _compat
from osbs.exceptions import OsbsException
from osbs.http import close_stream, truncated_line
from osbs._rest import retry
from osbs._typing import Any  # noqa: F401

logger = logging.getLogger(__name__)

# Lines at the end of a log that are compared with the server's.
TAIL_LINES = 100
# Seconds: longest delay while the phase of a build is awaited after its log has ended.
PHASE_DELAY = 0.4
# How often the phase is read before a log that ended is opened again.
PHASE_CHECKS = 4
# How often the log of a finished build is read again if it seems to be truncated.
MAX_REREADS = 5
# Responses 401 in a row that are retried, each with a new token. Masters may learn of a token
# with a delay; an account that is gone must not log in again and again.
MAX_REFUSALS = 3


# How a connection ended: the log may be complete, the connection broke, there was none, the log is
# not there any more.
ENDED, BROKEN, REFUSED, GONE = "ended", "broken", "refused", "gone"


class LogFollower(object):
    """One log over all the connections that it takes to follow it.

    Each line is yielded exactly once: each connection reads the log from its beginning, and skips
    as many lines as were delivered. Only a truncation after TAIL_LINES lines that equal the last
    ones goes unnoticed.
    """

    def __init__(self, connect, tail, is_finished, failures, can_renew=lambda: False):
        # type: (Any, Any, Any, retry.Failures, Any) -> None
        """
        :param connect: function without arguments that opens the log to be followed from its
            beginning, and raises for an error status
        :param tail: function of a number that returns that many last lines of the log as bytes
        :param is_finished: function without arguments, tells whether the build is finished
        :param failures: Failures
        :param can_renew: function without arguments, tells whether another token can be had when
            one is refused
        """
        self._connect = connect
        self._read_tail = tail
        self._is_finished = is_finished
        self._can_renew = can_renew
        self._delivered = 0
        self._tail = deque(maxlen=TAIL_LINES)  # type: deque
        self._partial_line = b""
        self._failures = failures
        self._refusals = 0

    def lines(self):
        """Iterate over the lines of the log until the build is finished.

        :return: generator of bytes, without line feeds
        :raises OsbsResponseException: there is no log
        :raises OsbsException: there was no connection for too long
        """
        rereads = 0
        while True:
            started = _compat.monotonic()
            outcome, stream = self._open()
            if stream is not None:
                before = self._delivered
                try:
                    for line in islice(stream.iter_lines(), before, None):
                        self._tail.append(line)
                        self._delivered += 1
                        yield line
                finally:
                    close_stream(stream)
                lived = _compat.monotonic() - started
                outcome = self._finish_stream(stream, self._delivered > before, lived)

            if outcome == GONE:
                logger.warning("log: it is gone, its end cannot be checked")
                break
            if outcome == BROKEN:
                error = "the connection broke after line %d" % self._delivered
                self._failures.add(OsbsException(error), True)
            elif outcome == ENDED and self._await_finish():
                if self._has_delivered_tail() is not False:
                    break
                rereads += 1
                if rereads > MAX_REREADS:
                    logger.warning("log: the build is finished, but its log seems to be truncated")
                    break
            self._failures.wait()
        if self._partial_line:
            yield self._partial_line

    def _open(self):
        """Connect; return (None, stream), or (REFUSED or GONE, None) if there is no stream."""
        try:
            stream = self._connect()
        except OsbsException as ex:
            return self._handle_refusal(ex), None
        # A partial line must not be taken for one that ends without a line feed.
        stream.keep_partial_line = True
        return None, stream

    def _handle_refusal(self, exception):
        """Raise what ends the log at once; return REFUSED or GONE for what does not."""
        if getattr(exception, "status_code", None) == http_client.BAD_REQUEST:
            # The pod may be on the way, or removed already.
            finished = self._check_finished()
            if finished and self._delivered:
                return GONE
            may_retry = self._failures.retrying and not finished
        else:
            may_retry = self._may_retry(exception)
        self._failures.add(exception, may_retry)
        return REFUSED

    def _finish_stream(self, stream, progress, lived):
        """Note what a stream brought that was read to its end; return ENDED or BROKEN."""
        self._partial_line = getattr(stream, "partial_line", b"")
        if progress or lived >= retry.GOOD_LIFE:
            self._failures.reset()
            self._refusals = 0
        # A proxy may cut connections that are silent for long. The build may be silent, or the
        # end of its log may never arrive: only its phase and the last lines tell.
        silent = not progress and lived >= retry.GOOD_LIFE
        return BROKEN if getattr(stream, "broken", False) and not silent else ENDED

    def _may_retry(self, exception):
        """Tell whether there may be another attempt, and whether it may succeed."""
        if getattr(exception, "status_code", None) != http_client.UNAUTHORIZED:
            return self._failures.retrying and retry.is_transient(exception)
        # Unlike other requests and watches, a log cannot be begun again by its reader without
        # repeating what was delivered: a refused token is not the end.
        self._refusals += 1
        return self._failures.retrying and self._refusals <= MAX_REFUSALS and self._can_renew()

    def _check_finished(self):
        """Return whether the build is finished, None if that is unknown for the moment."""
        try:
            finished = self._is_finished()
        except OsbsException as ex:
            self._failures.add(ex, self._may_retry(ex))
            return None
        self._refusals = 0
        return finished

    def _await_finish(self):
        # The phase follows the end of the log after a moment.
        backoff = retry.Backoff(first=0.1, longest=PHASE_DELAY)
        finished = False  # type: Any
        while finished is False and backoff.count < PHASE_CHECKS:
            retry.sleep(backoff.next())
            finished = self._check_finished()
        return finished

    def _has_delivered_tail(self):
        """Return whether the last lines on the server are the last ones that were delivered.

        :return: bool, or None if that will never be known
        """
        try:
            lines = [truncated_line(line) for line in self._read_tail(TAIL_LINES).split(b"\n")]
        except Exception as ex:
            # That its end cannot be checked must not spoil a log that is there.
            logger.warning("log: its end cannot be checked (%s)", type(ex).__name__)
            return False if isinstance(ex, OsbsException) and self._may_retry(ex) else None
        if not lines[-1]:
            lines.pop()
        delivered = list(self._tail) + ([self._partial_line] if self._partial_line else [])
        return lines == delivered[-TAIL_LINES:]
