"""Which records of the library a person sees who did not ask for the log.

Every command pays for what is imported here, so nothing heavy is.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import sys

from osbs._compat import monotonic
from osbs._typing import Optional, Text  # noqa: F401
from osbs.cli.output import LogFormatter, fit_for, in_one_line, is_terminal, statuses


class WaitingFilter(logging.Filter):
    """Lets through warnings, errors, what the command says itself, and what is waited for."""

    def __init__(self, everything=False):
        # type: (bool) -> None
        """
        :param everything: let all records through
        """
        super(WaitingFilter, self).__init__()
        self._everything = everything
        self._last = None  # type: Optional[Text]
        self._end = 0.0

    @property
    def last(self):
        # type: () -> Optional[Text]
        """What is waited for at the moment."""
        return self._last if monotonic() < self._end else None

    def filter(self, record):
        """Tell whether to show a record."""
        if getattr(record, "waiting", False):
            # A phase lasts until there is another one, a retry begins after its delay.
            lasts = float("inf") if hasattr(record, "phase") else getattr(record, "delay", 0)
            self._last, self._end = record.getMessage(), monotonic() + lasts
            if hasattr(record, "phase") and statuses:
                statuses[-1].show(self._last)
                return False
            return True
        if self._everything or record.name == "osbs":
            return True
        # That the server refused a request is told by the exception that follows.
        is_refusal = record.name == "osbs.core" and record.levelno == logging.ERROR
        return record.levelno >= logging.WARNING and not is_refusal


class WaitingFormatter(LogFormatter):
    """Shows what is waited for as a plain line, on a terminal with the seconds since the start."""

    def __init__(self, *args):
        super(WaitingFormatter, self).__init__(*args)
        self._start = monotonic()

    def format(self, record):
        """Return the text of a record."""
        if not getattr(record, "waiting", False):
            return super(WaitingFormatter, self).format(record)
        text = in_one_line(record.getMessage())
        if is_terminal(sys.stderr):
            text += " [%d s]" % (monotonic() - self._start)
        return fit_for(sys.stderr, text)
