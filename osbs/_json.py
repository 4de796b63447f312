"""JSON that others have written, read within bounds of time, memory and stack."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import re
import sys

import six

from osbs._typing import Any  # noqa: F401
from osbs.constants import MAX_DEPTH, MAX_NUMBER_DIGITS

# Python's limit of the stack is no bound in these versions: when garbage is collected while the
# parser is close to it, and a finaliser exceeds it, Python ends the process.
_DEPTH_ENDS_PROCESS = (3,) <= sys.version_info < (3, 9)
_NEITHER_QUOTE_NOR_BRACKET = bytes(bytearray(set(range(256)) - set(bytearray(b'"[]{}'))))


def load_json(text, **kwargs):
    # type: (Any, Any) -> Any
    """Parse JSON.

    :param text: text, or bytes where json.loads takes them
    :param kwargs: as for json.loads
    :raises ValueError: not JSON, nested too deeply, or with a number of absurd length
    """
    if _DEPTH_ENDS_PROCESS and _is_deep(text):
        raise ValueError("nested too deeply")
    try:
        return json.loads(text, parse_int=_bounded_int, **kwargs)
    except RuntimeError:  # RecursionError is one
        raise ValueError("nested too deeply")


def _is_deep(text):
    # Without recursion, and never wrong about what is within MAX_DEPTH: strings go first, then what
    # is innermost, level by level.
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, six.text_type) else text
    if not isinstance(data, bytes) or data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return False
    data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    data = data.translate(None, _NEITHER_QUOTE_NOR_BRACKET).replace(b'""', b"")
    data = re.sub(b'"[^"]*"', b"", data)
    for _ in range(MAX_DEPTH):
        data = data.replace(b"[]", b"").replace(b"{}", b"")
    return data.count(b"[") + data.count(b"{") > MAX_DEPTH


def _bounded_int(digits):
    # The time that int() takes grows with the square of the digits.
    if len(digits) > MAX_NUMBER_DIGITS:
        raise ValueError("a number of more than %d digits" % MAX_NUMBER_DIGITS)
    return int(digits)
