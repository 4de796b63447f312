"""Writing data to stdout and words to stderr, whatever the locale and whoever reads them.

May import the standard library, osbs._compat, and nothing heavy when it is imported.
"""

from __future__ import absolute_import, print_function, unicode_literals

import errno
import locale
import os
import sys

from osbs._compat import to_text

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any, Text  # noqa: F401


# A pipe that nobody reads, or a descriptor that was closed before we started.
_CLOSED = (errno.EPIPE, errno.EBADF)
_STDOUT = object()


class OutputClosed(Exception):
    """Nobody reads our standard output any more (``osbs list-builds | head``)."""


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
    :raises OutputClosed: when nobody reads the stream any more, unless it is ``sys.stderr``
    """
    stream = sys.stdout if stream is _STDOUT else stream
    if stream is None:
        return
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            stream.write(_expressible(text, stream))
    except EnvironmentError as ex:
        if ex.errno not in _CLOSED:
            raise
        _notice_closed(stream)


def write_line(text="", stream=_STDOUT):
    # type: (Any, Any) -> None
    """Write one line and hand it on at once: a reader in a pipe wants lines as they come.

    :param text: anything that can be shown as text
    :param stream: as for ``write``
    :raises OutputClosed: as ``write`` does
    """
    write(to_text(text) + "\n", stream)
    flush(stream)


def flush(stream=_STDOUT):
    # type: (Any) -> None
    """Hand on what was written.

    :param stream: as for ``write``
    :raises OutputClosed: as ``write`` does
    """
    stream = sys.stdout if stream is _STDOUT else stream
    if stream is None:
        return
    try:
        stream.flush()
    except EnvironmentError as ex:
        if ex.errno not in _CLOSED:
            raise
        _notice_closed(stream)


def flush_quietly():
    # type: () -> None
    """Hand on what was written to stdout, if anybody still reads it and there is room for it."""
    try:
        flush()
    except (OutputClosed, EnvironmentError):
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


def _notice_closed(stream):
    # What is still buffered goes nowhere: the interpreter flushes at its end and would complain.
    devnull = os.open(os.devnull, os.O_WRONLY)
    if devnull != stream.fileno():
        try:
            os.dup2(devnull, stream.fileno())
        finally:
            os.close(devnull)
    if stream is not sys.stderr:
        raise OutputClosed()
