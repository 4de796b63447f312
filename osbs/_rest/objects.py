"""Reading JSON that may be of any shape. Pure.

What a server sends is input like any other: nothing here raises for an odd value.
"""

from __future__ import absolute_import, print_function, unicode_literals

import six

from osbs._typing import Any  # noqa: F401
from osbs.exceptions import OsbsResponseException
from osbs.utils import get_path


def dict_in(parent, key):
    # type: (dict, str) -> dict
    """Return the dict under a key, put there if there is none (null counts as none)."""
    if not isinstance(parent.get(key), dict):
        parent[key] = {}
    return parent[key]


def json_object(response):
    # type: (Any) -> dict
    """Return the JSON object in a response.

    :param response: HttpResponse
    :raises OsbsResponseException: an error status, not JSON, or not an object
    """
    data = response.json()
    if not isinstance(data, dict):
        raise OsbsResponseException("the response is JSON, but not an object", response.status_code)
    return data


def includes(found, wanted):
    # type: (Any, Any) -> bool
    """Tell whether everything that was sent is in what the server holds.

    The server may add keys and items, and writes numbers as text. What is empty in what was
    sent may be missing.

    :param found: JSON-like data
    :param wanted: JSON-like data
    """
    if isinstance(wanted, dict):
        return all(includes(get_path(found, key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return all(includes(get_path(found, index), value) for index, value in enumerate(wanted))
    if wanted is None:
        return True
    return _same(found, wanted) or (found is None and (wanted is False or wanted == ""))


def equals(found, sent):
    # type: (Any, Any) -> bool
    """Tell whether the server holds what was sent, and no more.

    It writes numbers as text, and leaves out what is empty.

    :param found: JSON-like data
    :param sent: JSON-like data
    """
    if not found and not sent:
        return True
    if isinstance(found, dict) and isinstance(sent, dict):
        return all(equals(found.get(key), sent.get(key)) for key in set(found) | set(sent))
    if isinstance(found, list) and isinstance(sent, list):
        return len(found) == len(sent) and all(map(equals, found, sent))
    return _same(found, sent)


def _same(found, sent):
    # A number may come back as text, but neither None nor a boolean does.
    if any(value is None or isinstance(value, bool) for value in (found, sent)):
        return found == sent
    return six.text_type(found) == six.text_type(sent)
