"""Lists in pages."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging

from six.moves import http_client
from six.moves.urllib.parse import urlencode

from osbs.exceptions import OsbsResponseException, OsbsValidationException
from osbs.http import HttpResponse
from osbs._rest.objects import json_object
from osbs._typing import Any  # noqa: F401
from osbs._waiting import WAITING
from osbs.utils import dicts_in, get_path

logger = logging.getLogger(__name__)

# How often a list begins anew before its 410 is an error.
MAX_RESTARTS = 3
# How many pages in a row may hold nothing new.
MAX_EMPTY_PAGES = 100


def pages(send, listing, page_size):
    # type: (Any, Any, int) -> Any
    """Iterate over the pages of a list.

    A server without paging sends everything at once. When the server has
    forgotten where the list was (410), the list begins anew and what was delivered is left out.

    :param send: function of a Request that returns an HttpResponse
    :param listing: Request of the list
    :param page_size: int, items of a page
    :return: generator of dicts, list objects
    :raises OsbsValidationException: page_size is not a positive number
    :raises OsbsResponseException: an error status
    """
    if isinstance(page_size, bool) or not isinstance(page_size, int) or page_size < 1:
        raise OsbsValidationException("invalid page_size %r: must be 1 or more" % (page_size,))
    delivered = set()  # type: set
    token = None
    restarts = empty = 0
    while empty <= MAX_EMPTY_PAGES:
        try:
            page = json_object(send(_page(listing, page_size, token)))
        except OsbsResponseException as ex:
            restarts += 1
            if ex.status_code != http_client.GONE or restarts > MAX_RESTARTS:
                raise
            logger.info("reading the list took too long, reading it again", extra=WAITING)
            token = None
            continue
        _leave_out(page, delivered)
        last, token = token, get_path(page, "metadata", "continue")
        empty = 0 if page["items"] else empty + 1
        yield page
        if token in (None, "", last):
            return
    raise OsbsResponseException("a list continues for ever without an item", http_client.OK)


def _leave_out(page, delivered):
    # Only a list that began anew holds an item twice.
    page["items"] = [item for item in dicts_in(page, "items") if _identity(item) not in delivered]
    delivered.update(_identity(item) for item in page["items"])
    delivered.discard(None)


def _identity(item):
    name = get_path(item, "metadata", "name")
    return None if name is None else (name, get_path(item, "metadata", "uid"))


def _page(listing, page_size, token):
    pairs = [("limit", page_size)] + ([("continue", token)] if token else [])
    glue = "&" if "?" in listing.path else "?"
    return listing._replace(path=listing.path + glue + urlencode(pairs))


def whole(send, listing, page_size):
    # type: (Any, Any, int) -> HttpResponse
    """Return a list that was fetched in pages as the response to one request.

    :param send: function of a Request that returns an HttpResponse
    :param listing: Request of the list
    :param page_size: int, items of a page
    """
    found = list(pages(send, listing, page_size))
    items = [item for page in found for item in page["items"]]
    # What stands beside the items is that of the last page, which says that there are no more.
    result = dict(found[-1], items=items)
    return _WholeList(result)


class _WholeList(HttpResponse):
    """A list that is there already: written as JSON only for who wants the bytes."""

    def __init__(self, document):
        # Without the constructor of the class, which wants the bytes.
        self.status_code = http_client.OK
        self.headers = {"content-type": "application/json"}
        self._document = document

    @property
    def content(self):  # type: ignore[override]
        # type: () -> bytes
        """The body that one response would have."""
        return json.dumps(self._document).encode("utf-8")

    def json(self, check=True):
        # type: (bool) -> Any
        """Return the list, the same object each time."""
        return self._document
