"""Writing data to stdout and words to stderr, whatever the locale and whoever reads them.

May import the standard library, osbs._compat, and nothing heavy when it is imported.
"""

from __future__ import absolute_import, print_function, unicode_literals

import contextlib
import errno
import locale
import os
import sys

from osbs._compat import to_text

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any, Iterator, Text  # noqa: F401


# A pipe that nobody reads, or a descriptor that was closed before we started.
_CLOSED = (errno.EPIPE, errno.EBADF)
_STDOUT = object()


class OutputClosed(Exception):
    """Nobody reads our standard output any more (``osbs list-builds | head``)."""


class OutputError(IOError):
    """A stream cannot be written to, for example because the disk is full."""


def str_on_2_unicode_on_3(s):
    # type: (Any) -> str
    """Return a text as the interpreter's own ``str`` (cli.md, section 5).

    :param s: text or bytes (UTF-8)
    """
    if str is bytes:
        return str(s)
    return s.decode("utf-8") if isinstance(s, bytes) else s


def write(text, stream=_STDOUT):
    # type: (Text, Any) -> None
    """Write a text; what the stream's encoding cannot express becomes a question mark.

    :param text: text
    :param stream: file object, default: the present ``sys.stdout``; None, as the interpreter's
        own streams are when they were closed from the beginning, swallows the text
    :raises OutputClosed, OutputError: as ``writing_to`` does
    """
    stream = sys.stdout if stream is _STDOUT else stream
    if stream is None:
        return
    with writing_to(stream):
        try:
            stream.write(text)
        except UnicodeEncodeError:
            stream.write(_expressible(text, stream))


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
            raise OutputError(ex.errno, "cannot write to %s: %s" % (_name(stream), ex.strerror))
        if stream is not sys.stderr:
            raise OutputClosed()


def flush_quietly():
    # type: () -> None
    """Hand on what was written to stdout, if anybody still reads it and there is room for it."""
    try:
        flush()
    except (OutputClosed, OutputError):
        pass


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


def _expressible(text, stream):
    encoding = getattr(stream, "encoding", None) or locale.getpreferredencoding()
    encoded = text.encode(encoding, "replace")
    return encoded if str is bytes else encoded.decode(encoding)


def _name(stream):
    return "standard error" if stream is sys.stderr else "standard output"


def _discard(stream):
    # The interpreter flushes at exit, would fail again, complain and end with a status of its own.
    try:
        descriptor = stream.fileno()
    except (AttributeError, EnvironmentError, ValueError):
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    if devnull != descriptor:
        try:
            os.dup2(devnull, descriptor)
        finally:
            os.close(devnull)
