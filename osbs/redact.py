"""Keep secrets out of log records, exception texts and files: the one redaction helper.

May import only the standard library and six. Known defects 23 to 25 and 30 are why it exists.
"""

from __future__ import absolute_import, print_function, unicode_literals

import re

import six

MASK = "***"

# A scheme of any length would make a long word cost the square of its length.
_SCHEME = r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)"
# What is no port after the first colon is a password, even if it should have been quoted.
_USER = r"[^\s/?#\"@:\[\]]*:(?!\d*(?:[/?#'\"\s]|\Z))"
_URL_CREDENTIALS = (
    # They end at the last "@" before the path, which is what urllib3 and git take.
    re.compile(_SCHEME + r"[^/\s?#\"]*@"),
    re.compile(_SCHEME + _USER + r"[^\s\"]{0,200}@"),
    re.compile(r"\A" + _SCHEME + _USER + r".*@"),
)
_BEARER = re.compile(r"\b(Bearer|Basic|Negotiate)(\s+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_TOKEN_PARAMETER = re.compile(
    r'\b(access_token|id_token|refresh_token|token|password|client_secret|code)=[^&\s\'"#]+',
    re.IGNORECASE,
)
_SECRET_NAME = (
    r"(?:token|passw(?:or)?d|passphrase|authorization|credentials?|keytab|private[_-]?key"
    r"|client[_-]?secret|(?:access|refresh|id)token)"
)
_DOCKER_CONFIG = r"\.?docker(?:cfg|configjson)"
_SECRET_KEY = re.compile(
    r"(?:^|[_.-])%s$|^%s$" % (_SECRET_NAME, _DOCKER_CONFIG),
    re.IGNORECASE,
)
# A key and a text as in JSON, or as Python shows them; the end of the text may be cut off.
_SECRET_ITEM = re.compile(
    r"""(["'])((?:[\w.-]{0,60}[_.-])?%s|%s)\1(\s*:\s*)[ub]?(["'])(?:\\.|(?!\4)[^\\])*(?:\4|\\?\Z)"""
    % (_SECRET_NAME, _DOCKER_CONFIG),
    re.IGNORECASE | re.DOTALL,
)


def mask_url(text):
    # type: (object) -> six.text_type
    """Replace the credentials of every URL inside a text by asterisks.

    :param text: text, or anything that can be shown as text
    :return: text such as ``https://***@git.example.com/repo``
    """
    if isinstance(text, six.binary_type):
        text = text.decode("utf-8", "replace")
    text = six.text_type(text)
    for credentials in _URL_CREDENTIALS:
        text = credentials.sub(r"\1" + MASK + "@", text)
    return text


def mask_text(text):
    # type: (object) -> six.text_type
    """Mask credentials of URLs, bearer tokens, and secret parameters and items in a free text.

    :param text: text or bytes, for example the body of an error answer
    """
    masked = _BEARER.sub(r"\1\2" + MASK, mask_url(text))
    masked = _TOKEN_PARAMETER.sub(r"\1=" + MASK, masked)
    return _SECRET_ITEM.sub(r"\1\2\1\3\4" + MASK + r"\4", masked)


def is_secret_key(key):
    # type: (object) -> bool
    """Tell whether a key of JSON-like data names a secret value."""
    if isinstance(key, six.binary_type):
        key = key.decode("utf-8", "replace")
    return isinstance(key, six.text_type) and bool(_SECRET_KEY.search(key))


def redacted(data):
    # type: (object) -> object
    """Copy JSON-like data with secrets masked, for use as an argument of a log record.

    Values under keys that look like secrets, the ``data`` of a Secret and the credentials of
    URLs are replaced; the input is not changed.

    :param data: dict, list, text, number or None
    """
    if isinstance(data, dict):
        is_secret_object = data.get("kind") == "Secret"
        return {key: _redacted_item(key, value, is_secret_object) for key, value in data.items()}
    if isinstance(data, (list, tuple, set, frozenset)):
        return [redacted(item) for item in data]
    if isinstance(data, (six.text_type, six.binary_type)):
        return mask_text(data)
    return data


def _redacted_item(key, value, is_secret_object):
    if value is None or isinstance(value, bool):
        return value
    if is_secret_key(key) or (is_secret_object and key in ("data", "stringData")):
        return MASK
    return redacted(value)
