"""Writing data to stdout and words to stderr, whatever the locale and whoever reads them.

Builds and servers choose much of what is printed, so it must not command the terminal: a single
value goes through ``in_one_line``, and ``write`` lets only text and colours reach a terminal.

Every command pays for what is imported here, so nothing heavy is.
"""

from __future__ import absolute_import, print_function, unicode_literals

import contextlib
import errno
import locale
import logging
import os
import re
import sys

import six

from osbs._compat import to_text
from osbs._typing import Any, Iterator, List, Text  # noqa: F401

# A pipe that nobody reads, or a descriptor that was closed before we started.
_CLOSED = (errno.EPIPE, errno.EBADF)
_STDOUT = object()

# What a terminal obeys instead of showing it: controls (C0, DEL, C1), other ends of a line, and
# what changes the direction of writing. A lone surrogate may be written as the byte of a C1.
_COMMANDS = (
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
    "|(?<![\ud800-\udbff])[\udc80-\udcff]"
)
COLOUR = r"\x1b\[[0-9;:]*m"
_IN_A_VALUE = re.compile(_COMMANDS)
_IN_A_TEXT = re.compile("(%s|[\n\t])|%s" % (COLOUR, _COMMANDS))

#: The terminal.Status that is shown, if one is: its line is cleared before a text is written.
statuses = []  # type: List[Any]


class OutputClosed(Exception):
    """Nobody reads our standard output any more (``osbs list-builds | head``)."""


class OutputError(IOError):
    """A stream cannot be written to, for example because the disk is full."""


def str_on_2_unicode_on_3(s):
    # type: (Any) -> str
    """Return a text as the interpreter's own ``str``.

    :param s: text or bytes (UTF-8)
    """
    if str is bytes:
        return str(s)
    return s.decode("utf-8") if isinstance(s, bytes) else s


def in_one_line(value):
    # type: (Any) -> Text
    """Return a value from elsewhere as text that stays in its line, as long as before.

    :param value: text, or anything that can be shown as text
    """
    return _IN_A_VALUE.sub("?", to_text(value))


def fit_for(stream, text):
    # type: (Any, Any) -> Any
    """Return a text for a stream; for a terminal without all that is not text or colour.

    :param stream: file object
    :param text: text of any number of lines
    """
    if not is_terminal(stream):
        return text
    text = to_text(text).replace("\r\n", "\n")
    clear = statuses[-1].clearing() if statuses else ""
    return clear + _IN_A_TEXT.sub(lambda found: found.group(1) or "?", text)


def is_terminal(stream):
    # type: (Any) -> bool
    """Tell whether a stream, which may be None, leads to a terminal."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())


def columns_of(stream):
    # type: (Any) -> int
    """Return the columns of the terminal behind a stream, or what COLUMNS says; 0 if unknown."""
    columns = os.environ.get("COLUMNS") or ""
    if columns.isdigit() and int(columns):
        return int(columns)
    import fcntl
    import struct
    import termios

    try:
        size = fcntl.ioctl(stream.fileno(), termios.TIOCGWINSZ, struct.pack(str("4H"), 0, 0, 0, 0))
    except (AttributeError, EnvironmentError, ValueError):
        return 0
    return struct.unpack(str("4H"), size)[1]


class LogFormatter(logging.Formatter):
    """Formats records for ``sys.stderr``: warnings and errors as words, the rest as a log.

    An attribute ``hint`` of a record, what to do about it, becomes a second line. Of an exception
    only its reason is shown, unless everything is logged.
    """

    def format(self, record):
        """Return the text of a record."""
        if record.levelno < logging.WARNING:
            text = super(LogFormatter, self).format(record)
        else:
            text = "error" if record.levelno >= logging.ERROR else "warning"
            text = "%s: %s" % (text, to_text(record.getMessage()) + self._reason(record))
        if getattr(record, "hint", None):
            text += "\nhint: %s" % record.hint
        return fit_for(sys.stderr, text)

    def _reason(self, record):
        if not record.exc_info:
            return ""
        if logging.getLogger("osbs").isEnabledFor(logging.DEBUG):
            return "\n" + self.formatException(record.exc_info)
        from osbs.cli.errors import describe

        return ": %s" % describe(record.exc_info[1])


def say(args, text):
    # type: (Any, Any) -> None
    """Tell what a command did, on stderr, unless the user wants it quiet.

    :param args: argparse.Namespace
    :param text: text, of one line
    """
    if not getattr(args, "quiet", False):
        write_line(in_one_line(text), sys.stderr)


def write(text, stream=_STDOUT):
    # type: (Text, Any) -> None
    """Write a text; what the stream's encoding cannot express becomes a question mark.

    What commands a terminal becomes one as well, if the stream leads to a terminal.

    :param text: text
    :param stream: file object, default: the present ``sys.stdout``; None, as the interpreter's
        own streams are when they were closed from the beginning, swallows the text
    :raises OutputClosed, OutputError: as ``writing_to`` does
    """
    stream = sys.stdout if stream is _STDOUT else stream
    if stream is None:
        return
    write_unfiltered(fit_for(stream, text), stream)


def write_over(text, stream):
    # type: (Text, Any) -> None
    """Write a text over the present line of a terminal.

    :param text: text without a line feed
    :param stream: file object, not None
    :raises OutputClosed, OutputError: as ``writing_to`` does
    """
    write_unfiltered("\r" + in_one_line(text), stream)


def write_unfiltered(text, stream):
    # type: (Any, Any) -> None
    """Write a text whatever it holds.

    :param text: text
    :param stream: file object, not None
    :raises OutputClosed, OutputError: as ``writing_to`` does
    """
    with writing_to(stream):
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = getattr(stream, "encoding", None) or locale.getpreferredencoding()
            stream.write(six.ensure_str(text.encode(encoding, "replace"), encoding))


def write_line(text="", stream=_STDOUT):
    # type: (Any, Any) -> None
    """Write one line and hand it on at once: a reader in a pipe wants lines as they come.

    :param text: anything that can be shown as text
    :param stream: as for ``write``
    :raises OutputClosed, OutputError: as ``writing_to`` does
    """
    write(to_text(text) + "\n", stream)
    flush(stream)


def flush(stream=_STDOUT):
    # type: (Any) -> None
    """Hand on what was written.

    :param stream: as for ``write``
    :raises OutputClosed, OutputError: as ``writing_to`` does
    """
    stream = sys.stdout if stream is _STDOUT else stream
    if stream is None:
        return
    with writing_to(stream):
        stream.flush()


@contextlib.contextmanager
def writing_to(stream):
    # type: (Any) -> Iterator[None]
    """Replace the errors of a stream that the block writes to, and only to.

    After an error whatever is written to the stream goes nowhere.

    :param stream: file object
    :raises OutputClosed: when nobody reads the stream any more, unless it is ``sys.stderr``
    :raises OutputError: when it cannot be written to for another reason
    """
    try:
        yield
    except EnvironmentError as ex:
        _discard(stream)
        if ex.errno not in _CLOSED:
            name = "standard error" if stream is sys.stderr else "standard output"
            raise OutputError(ex.errno, "cannot write to %s: %s" % (name, ex.strerror))
        if stream is not sys.stderr:
            raise OutputClosed()


def print_json_nicely(decoded_json):
    # type: (Any) -> None
    """Print JSON-like data on stdout, indented by two."""
    import json

    # Python 2 would leave a blank at the end of each line.
    write_line(json.dumps(decoded_json, indent=2, separators=(str(","), str(": "))))


def binary(stream):
    # type: (Any) -> Any
    """Return the file object for bytes behind a text stream (itself on Python 2)."""
    return getattr(stream, "buffer", stream)


def _discard(stream):
    # The interpreter flushes at exit, would fail again, complain and end with a status of its own.
    try:
        descriptor = stream.fileno()
    except (AttributeError, EnvironmentError, ValueError):
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    if devnull != descriptor:
        os.dup2(devnull, descriptor)
        os.close(devnull)
