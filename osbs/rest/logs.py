"""Logs of builds, followed over as many connections as it takes.

The end of a stream is not the end of its log: the API server ends a log that was truncated at the
node as cleanly as a finished one, so only the phase of the build and the last lines on the server
tell.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging
from collections import deque
from itertools import islice

from six.moves import http_client

from osbs import _compat
from osbs.exceptions import OsbsException
from osbs.http import truncated_line
from osbs.rest.retry import FIRST_DELAY, GOOD_LIFE, MAX_FAILURES, Backoff, is_transient, sleep

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any  # noqa: F401

logger = logging.getLogger(__name__)

# Lines at the end of a log that are compared with the server's.
TAIL_LINES = 100
# Seconds: longest delay while the phase of a build is awaited after its log has ended.
PHASE_DELAY = 0.4
# How often the phase is read before a log that ended is opened again.
PHASE_CHECKS = 4
# How often the log of a finished build is read again if it seems to be truncated.
MAX_REREADS = 5
# Responses 401 in a row after which to go on, each to a retry with a new token. Masters
# may learn of a token with a delay; an account that is gone must not log in again and again.
MAX_REFUSALS = 3


def close_stream(stream):
    # type: (Any) -> None
    """Close a stream, if it is one that can be closed."""
    close = getattr(stream, "close", None)
    if close is not None:
        close()


class LogFollower(object):
    """One log over all the connections that it takes to follow it.

    No line is lost and none repeated: after each break the log is read from its beginning, and
    as many lines as were delivered are skipped.
    """

    def __init__(self, connect, tail, is_finished, retrying=True, can_renew=None):
        # type: (Any, Any, Any, bool, Any) -> None
        """
        :param connect: function without arguments that opens the log to be followed from its
            beginning, and raises for an error status
        :param tail: function of a number that returns that many last lines of the log as bytes
        :param is_finished: function without arguments, tells whether the build is finished
        :param retrying: bool, connect again after a failure
        :param can_renew: function without arguments, tells whether another token can be had when
            one is refused; None: no
        """
        self._connect = connect
        self._read_tail = tail
        self._is_finished = is_finished
        self._retrying = retrying
        self._can_renew = can_renew
        self._delivered = 0
        self._tail = deque(maxlen=TAIL_LINES)  # type: deque
        self._partial_line = b""
        self._gone = False
        self._backoff = Backoff(FIRST_DELAY)
        self._failures = 0
        self._refusals = 0
        self._rereads = 0

    def lines(self):
        """Iterate over the lines of the log until the build is finished.

        :return: generator of bytes, without line feeds
        :raises OsbsResponseException: there is no log
        :raises OsbsException: there was no connection for too long
        """
        while True:
            before = delivered = self._delivered
            started = _compat.monotonic()
            stream = self._open()
            if stream is not None:
                # Written out here: one more generator would cost something for every line.
                remember = self._tail.append
                try:
                    for line in self._new_lines(stream):
                        remember(line)
                        delivered += 1
                        yield line
                finally:
                    self._delivered = delivered
                    close_stream(stream)
            if self._is_over(stream, delivered > before, _compat.monotonic() - started):
                break
            sleep(self._backoff.next())
        if self._partial_line:
            yield self._partial_line

    def _open(self):
        try:
            stream = self._connect()
        except OsbsException as ex:
            if not self._may_pass(ex):
                raise
            logger.info("log: no connection (%s)", type(ex).__name__)
            return None
        # A partial line must not be taken for one that ends without a line feed.
        stream.keep_partial_line = True
        return stream

    def _may_pass(self, exception):
        may_retry = self._count_failure()
        if self._is_transient(exception):
            return may_retry
        if getattr(exception, "status_code", None) != http_client.BAD_REQUEST:
            return False
        if not self._is_known_to_be_finished():
            # Its pod may be on the way.
            return may_retry
        # The pod was removed; nobody can tell whether something is missing.
        self._gone = self._delivered > 0
        return self._gone

    def _is_transient(self, exception):
        """Tell whether a later attempt may succeed, counting a refused token.

        Unlike other calls and watches, a log that ended cannot be begun again by its reader
        without repeating what was delivered.
        """
        if getattr(exception, "status_code", None) != http_client.UNAUTHORIZED:
            return is_transient(exception)
        self._refusals += 1
        return bool(self._can_renew and self._can_renew()) and self._refusals <= MAX_REFUSALS

    def _count_failure(self):
        """Count a failure, and tell whether another attempt is allowed."""
        self._failures += 1
        return self._retrying and self._failures <= MAX_FAILURES

    def _is_known_to_be_finished(self):
        try:
            finished = self._is_finished()
        except OsbsException as ex:
            if not (self._is_transient(ex) and self._count_failure()):
                raise
            logger.info("log: nobody knows whether its build is finished (%s)", type(ex).__name__)
            return None
        self._refusals = 0
        return finished

    def _new_lines(self, stream):
        lines = iter(stream.iter_lines())
        skipped = sum(1 for _ in islice(lines, self._delivered))
        if skipped < self._delivered:
            logger.info("log: %d lines are there of %d delivered", skipped, self._delivered)
        return lines

    def _is_over(self, stream, progress, lived):
        if progress:
            self._succeed()
        if stream is None:
            if self._gone:
                logger.warning("log: it is gone, its end cannot be checked")
            return self._gone
        self._partial_line = getattr(stream, "partial_line", b"")
        if getattr(stream, "broken", False):
            return self._is_over_though_broken(progress, lived)
        if not self._await_finish():
            return False
        if self._is_complete(progress):
            return True
        self._rereads += 1
        if self._rereads > MAX_REREADS:
            logger.warning("log: the build is finished, but its log seems to be truncated")
        return self._rereads > MAX_REREADS

    def _succeed(self):
        self._backoff.reset()
        self._failures = 0
        self._refusals = 0

    def _is_over_though_broken(self, progress, lived):
        if not progress and lived >= GOOD_LIFE:
            # Something on the way cuts what is silent for long. A build may be, and so may be a
            # log whose end never arrives.
            finished = self._is_known_to_be_finished()
            if finished is False:
                self._succeed()
                return False
            self._rereads += 1
            if finished and self._ends_like_the_servers(progress):
                return True
        self._failures += 1
        if self._failures > MAX_FAILURES:
            raise OsbsException(
                "the log breaks off after %d lines again and again" % self._delivered
            )
        return False

    def _await_finish(self):
        # The phase follows the end of the log after a moment.
        backoff = Backoff(first=0.1, longest=PHASE_DELAY)
        for _ in range(PHASE_CHECKS):
            sleep(backoff.next())
            finished = self._is_known_to_be_finished()
            if finished or finished is None:
                return finished
        return False

    def _is_complete(self, progress):
        # That it can never be checked must not spoil a log that is there.
        return self._ends_like_the_servers(progress) is not False

    def _ends_like_the_servers(self, progress):
        """Tell whether the last lines on the server are the last ones that were delivered.

        :return: bool, or None if that will never be told
        """
        try:
            lines = [truncated_line(line) for line in self._read_tail(TAIL_LINES).split(b"\n")]
        except Exception as ex:
            is_gone = getattr(ex, "status_code", None) == http_client.BAD_REQUEST
            level = logging.INFO if is_gone else logging.WARNING
            logger.log(level, "log: its end cannot be checked (%s)", type(ex).__name__)
            # What passes is no reason to believe it.
            return False if isinstance(ex, OsbsException) and self._is_transient(ex) else None
        if not lines[-1]:
            lines.pop()
        ours = list(self._tail) + ([self._partial_line] if self._partial_line else [])
        if lines != ours[-TAIL_LINES:]:
            return False
        if len(lines) < TAIL_LINES or not _repeats_itself(lines):
            return True
        # Such an end is found in the middle too: only reading it again tells.
        return self._rereads > 0 and not progress


def _repeats_itself(lines):
    periods = range(1, len(lines))
    return any(lines[period:] == lines[:-period] for period in periods)
