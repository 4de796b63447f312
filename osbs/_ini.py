"""Reading INI files the same way on every interpreter."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import re

from six.moves import configparser

from osbs._compat import to_text
from osbs.constants import MAX_INI_GAP, MAX_INI_LINES
from osbs.exceptions import OsbsValidationException

_GAP = re.compile(r"\s{%d}" % (MAX_INI_GAP + 1), re.UNICODE)


def interpolating_parser():
    # type: () -> configparser.RawConfigParser
    """Return an INI parser in which ``%(key)s`` refers to another key and ``%%`` is a percent."""
    if hasattr(configparser.RawConfigParser, "read_file"):
        return configparser.ConfigParser()
    return configparser.SafeConfigParser()


def read_ini(parser, content, where):
    # type: (configparser.RawConfigParser, bytes, str) -> None
    """Add the content of a file to a parser.

    The values of Python 2's parser are bytes.

    :param parser: RawConfigParser
    :param content: bytes, UTF-8
    :param where: str, the file, for the error message
    :raises OsbsValidationException: naming file, line and reason, but nothing that it holds
    """
    try:
        # One kind of line ending for both interpreters.
        text = io.StringIO(content.decode("utf-8-sig"), newline=None).read()
    except UnicodeDecodeError as ex:
        raise _unreadable(where, "is not UTF-8 text", content.count(b"\n", 0, ex.start) + 1)
    _check_lines(text.split("\n"), where)
    try:
        if hasattr(parser, "read_file"):
            parser.read_file(io.StringIO(text))
        else:
            parser.readfp(io.BytesIO(text.encode("utf-8")))  # type: ignore
    except configparser.MissingSectionHeaderError as ex:
        raise _unreadable(where, "stands before the first [section]", ex.lineno)
    except configparser.ParsingError as ex:
        raise _unreadable(where, "is neither [section] nor key = value", ex.errors[0][0])
    except (configparser.Error, AttributeError, ValueError) as ex:
        # The last two are what some versions make of a value that goes on before it began.
        reason = "is a duplicate" if "Duplicate" in type(ex).__name__ else "cannot be parsed"
        raise _unreadable(where, reason, getattr(ex, "lineno", None))


def _check_lines(lines, where):
    if len(lines) > MAX_INI_LINES:
        raise _unreadable(where, "has more than %d lines" % MAX_INI_LINES)
    for number, line in enumerate(lines, 1):
        key = line.strip().replace(":", "=").partition("=")[0].rstrip()
        if _GAP.search(key):
            raise _unreadable(where, "has more than %d blanks in a row" % MAX_INI_GAP, number)


def _unreadable(where, reason, line=None):
    place = to_text(where) if line is None else "%s, line %s" % (to_text(where), line)
    error = OsbsValidationException("%s: %s" % (place, reason))
    # Without the parser's own errors: they quote the file, in which passwords stand.
    error.__cause__ = None
    return error
