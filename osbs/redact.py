"""Keep secrets out of log records, exception texts and files: the one redaction helper.

May import only the standard library and six. Known defects 23 to 25 and 30 are why it exists.
"""

from __future__ import absolute_import, print_function, unicode_literals

import re

import six

MASK = "***"

# A scheme of any length would make a long word cost the square of its length.
# The credentials of a URL end at the last "@" before the path, which is what urllib3 and git take.
_URL_CREDENTIALS = re.compile(r'([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^/\s?#\'"]*@')
_BEARER = re.compile(r"\b(Bearer|Basic|Negotiate)(\s+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_TOKEN_PARAMETER = re.compile(
    r'\b(access_token|id_token|refresh_token|token|password|client_secret|code)=[^&\s\'"#]+',
    re.IGNORECASE,
)
_SECRET_KEY = re.compile(
    r"(^|[_.-])(token|passw(or)?d|passphrase|authorization|credentials?|keytab|private[_-]?key)$"
    r"|^(access|refresh|id)_token$|^\.?dockercfg$|^\.?dockerconfigjson$",
    re.IGNORECASE,
)


def mask_url(text):
    # type: (object) -> six.text_type
    """Replace the credentials of every URL inside a text by asterisks.

    :param text: text, or anything that can be shown as text
    :return: text such as ``https://***@git.example.com/repo``
    """
    if isinstance(text, six.binary_type):
        text = text.decode("utf-8", "replace")
    return _URL_CREDENTIALS.sub(r"\1" + MASK + "@", six.text_type(text))


def mask_text(text):
    # type: (object) -> six.text_type
    """Mask credentials of URLs, bearer tokens and token parameters inside a free text.

    :param text: text or bytes, for example the body of an error answer
    """
    masked = _BEARER.sub(r"\1\2" + MASK, mask_url(text))
    return _TOKEN_PARAMETER.sub(r"\1=" + MASK, masked)


def is_secret_key(key):
    # type: (object) -> bool
    """Tell whether a key of JSON-like data names a secret value."""
    return isinstance(key, six.string_types) and bool(_SECRET_KEY.search(key))


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
