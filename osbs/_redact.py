"""Keep secrets out of log records, exception texts and files.

What is promised stands in docs/secrets.md. Everything here takes time and memory that grow with
the length of the text only, as the text may come from a server that is broken or hostile.
"""

from __future__ import absolute_import, print_function, unicode_literals

import base64
import json
import re

import six
from six.moves.urllib.parse import quote

from osbs._compat import to_text
from osbs._typing import Any, Optional  # noqa: F401
from osbs.constants import ERROR_BODY_MAX

MASK = "***"
# Characters of a secret that is looked for by its value. Shorter ones would be found in ordinary
# words, and of a longer one a part could be left where a text is truncated.
MIN_SECRET, MAX_SECRET = 6, 4096
# How many secrets are looked for by their value: those that were used last.
MAX_SECRETS = 64

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
_SCHEME_OF_URI = re.compile(r"\A(?:[A-Za-z][A-Za-z0-9+.-]*:/+)?")
_AUTHORIZATION = re.compile(
    r"\b(Authorization\\*[\"']?\s*[:=]\s*\\*[\"']?(?:\w+[ \t]+)?)[^\s\"'\\,;]+", re.IGNORECASE
)
_BEARER = re.compile(r"\b(Bearer|Basic|Negotiate)(\s+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_TOKEN_PARAMETER = re.compile(
    r"\b(access_token|id_token|refresh_token|token|passw(?:or)?d|passphrase|client_secret|code"
    r"|api[_-]?key|auth)=[^&\s'\"#]+",
    re.IGNORECASE,
)
_SECRET_NAME = (
    r"(?:token|passw(?:or)?d|passphrase|authorization|credentials?|keytab|private[_-]?key"
    r"|client[_-]?secret|api[_-]?key|auth|(?:access|refresh|id)token)"
)
# A whole configuration, of which nobody knows what it holds, counts as one secret.
_SECRET_DOCUMENT = r"\.?docker(?:cfg|configjson)|reactor_config_override"
_SECRET_KEY = re.compile(
    r"(?:^|[_.-])%s$|^(?:%s)$" % (_SECRET_NAME, _SECRET_DOCUMENT), re.IGNORECASE
)
# A key of JSON, or of Python's way to show a dict; with backslashes where JSON stands in JSON.
_ITEM_KEY = re.compile(
    r"""(?<!\\)(\\*["'])((?:[\w.-]{0,60}[_.-])?%s|%s)\1\s*:\s*[ub]?"""
    % (_SECRET_NAME, _SECRET_DOCUMENT),
    re.IGNORECASE,
)
# A match begins before a run of backslashes, never within: that would cost its length squared.
_QUOTE = re.compile(r"""(?<!\\)(\\*)(["'])""")
# What may stand in JSON before the next bracket, and that bracket. Each text is matched in one way
# only: another would cost time that grows with the square of its length, or worse.
_NEXT_BRACKET = re.compile(
    r"""(?:[\s,:]|"(?:[^"\\\x00-\x1f]|\\.)*"|(?<![\w.+-])(?:true|false|null|NaN|-?Infinity"""
    r"""|-?\d[\d.eE+-]*)(?![\w.+-]))*([][{}])"""
)
_NUMBER = re.compile(r"-?\d[\w.+-]*")
# A text without any of these holds no secret that can be told by its shape.
_SUSPICIOUS = re.compile(
    r"://|token|passw|passphrase|secret|code=|key|auth|bearer|basic|negotiate|credential|docker"
    r"|reactor_config_override",
    re.IGNORECASE,
)

_secrets = ()  # type: tuple
# What is replaced: the secrets and how they look elsewhere, the longest first, as one may be part
# of another.
_secret_forms = ()  # type: tuple


def remember_secret(secret):
    # type: (Any) -> None
    """Mask a secret from now on wherever it stands, also as part of a URL, of JSON or in base64.

    :param secret: text or bytes; None and what is too short to be told from a word are passed over
    """
    global _secrets, _secret_forms
    text = to_text(secret or "")
    if MIN_SECRET <= len(text) <= MAX_SECRET and text not in _secrets:
        # Each is replaced as a whole, so that no other thread sees half of it.
        _secrets = ((text,) + _secrets)[:MAX_SECRETS]
        forms = {form for known in _secrets for form in _forms_of(known)}
        _secret_forms = tuple(sorted(forms, key=len, reverse=True))


def _forms_of(secret):
    encoded = secret.encode("utf-8")
    quoted = [to_text(quote(encoded, safe=str(safe))) for safe in ("", "/")]
    return quoted + [secret, json.dumps(secret)[1:-1], to_text(base64.b64encode(encoded))]


def mask_url(text):
    # type: (Any) -> six.text_type
    """Replace the credentials of every URL inside a text by asterisks.

    :param text: text, or anything that can be shown as text
    :return: text such as ``https://***@git.example.com/repo``
    """
    text = to_text(text)
    if "://" in text:
        for credentials in _URL_CREDENTIALS:
            text = credentials.sub(r"\1" + MASK + "@", text)
    return text


def mask_uri(uri):
    # type: (object) -> six.text_type
    """Replace the credentials of a URI that a person may have written in the wrong way.

    :param uri: text, nothing but the URI, such as ``user:password@host:path``
    """
    text = to_text(uri)
    rest = _SCHEME_OF_URI.sub("", text, 1)
    # Of what is no proper URI, any part before the last "@" may be a password.
    user, _, host = rest.rpartition("@")
    if ":" not in user or host.startswith("sha256:"):
        return text
    return text[: len(text) - len(rest)] + MASK + "@" + host


def mask_text(text, limit=ERROR_BODY_MAX):
    # type: (object, Optional[int]) -> six.text_type
    """Mask the secrets in a free text.

    :param text: text or bytes, for example the body of an error response
    :param limit: int, characters of the text that are kept; None: all of it
    """
    whole = to_text(text)
    if limit is None or len(whole) <= limit:
        return _mask_shapes(_mask_values(whole))
    # The end of this may be the beginning of a secret.
    masked = _mask_values(whole[: limit + 3 * MAX_SECRET])
    masked = masked[: min(limit, len(masked) - 3 * MAX_SECRET)]
    return _mask_shapes(masked) + " [truncated]"


def _mask_values(text):
    for form in _secret_forms:
        text = text.replace(form, MASK)
    return text


def _mask_shapes(text):
    if not _SUSPICIOUS.search(text):
        return text
    masked = _mask_items(mask_url(text))
    masked = _AUTHORIZATION.sub(r"\1" + MASK, masked)
    masked = _BEARER.sub(r"\1\2" + MASK, masked)
    return _TOKEN_PARAMETER.sub(r"\1=" + MASK, masked)


def _mask_items(text):
    parts, done = [], 0
    key = _ITEM_KEY.search(text)
    while key:
        value, end = _secret_value(text, key.end()), key.end()
        if value:
            start, end = value
            parts += [text[done:start], MASK]
            done = end
        key = _ITEM_KEY.search(text, end)
    return "".join(parts) + text[done:]


def _secret_value(text, position):
    """Return where the value at a position begins and ends; None for null, true and false."""
    opening = _QUOTE.match(text, position)
    if opening:
        return opening.end(), _end_of_string(text, opening)
    if text.startswith(("[", "{"), position):
        return position, _end_of_structure(text, position)
    number = _NUMBER.match(text, position)
    return (position, number.end()) if number else None


def _end_of_string(text, opening):
    """Return where the closing quote begins, or the end of a text that was truncated."""
    backslashes, mark = len(opening.group(1)), opening.group(2)
    for quotes in _QUOTE.finditer(text, opening.end()):
        if quotes.group(2) != mark:
            continue
        found = len(quotes.group(1))
        # Inside the string a quote has more of them, and each one that it holds is doubled.
        if found < backslashes or found % (2 * backslashes + 2) == backslashes:
            return quotes.end() - 1 - min(found, backslashes)
    return len(text)


def _end_of_structure(text, position):
    """Return the end of a list or an object; the end of a text in which it is not plain JSON."""
    # Not with a parser: it would look at each level from within the one around it.
    awaited = []
    while True:
        found = _NEXT_BRACKET.match(text, position)
        if not found:
            return len(text)
        position, bracket = found.end(), found.group(1)
        if bracket in "[{":
            awaited.append("]" if bracket == "[" else "}")
        elif bracket != awaited.pop():
            return len(text)
        if not awaited:
            return position


def redacted(data, limit=ERROR_BODY_MAX):
    # type: (object, Optional[int]) -> object
    """Copy JSON-like data with secrets masked, for use as an argument of a log record.

    Values under keys that look like secrets, the ``data`` of a Secret and what ``mask_text``
    finds in texts are replaced; the input is not changed.

    :param data: dict, list, text, number or None
    :param limit: int, characters of a text that are kept; None: all of it
    """
    if isinstance(data, dict):
        is_secret_object = data.get("kind") == "Secret"
        return {
            key: _redacted_item(key, value, is_secret_object, limit) for key, value in data.items()
        }
    if isinstance(data, (list, tuple, set, frozenset)):
        return [redacted(item, limit) for item in data]
    if isinstance(data, (six.text_type, six.binary_type)):
        return mask_text(data, limit)
    return data


def _redacted_item(key, value, is_secret_object, limit):
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_KEY.search(to_text(key)) or (is_secret_object and key in ("data", "stringData")):
        return MASK
    if isinstance(value, six.string_types) and to_text(key).endswith(("uri", "url")):
        value = mask_uri(value)
    return redacted(value, limit)
