"""Create something exactly once, although the outcome of a request may be unknown.

A connection may break, or a proxy may respond, after the server has carried out a request. A create
with such an outcome is not sent again: what it would have created is looked up instead. A named
object is found by its name, the Build of an instantiate by the random id in its annotations, which
OpenShift copies there from the BuildRequest.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging

from six.moves import http_client

from osbs._compat import to_text
from osbs.exceptions import OsbsException
from osbs._rest import endpoints
from osbs._rest.objects import equals, includes, json_object
from osbs._rest.retry import may_have_acted, sleep
from osbs._typing import Any  # noqa: F401
from osbs.utils import dicts_in, get_path

logger = logging.getLogger(__name__)

# Seconds before each lookup: the server may still be at work when the connection breaks.
LOOKUP_DELAYS = (0, 0.5, 1.5)
_SUCCESS = (http_client.OK, http_client.CREATED, http_client.ACCEPTED)
# Length to which OpenShift cuts the name of a BuildConfig in the labels of its Builds.
_LABEL_LENGTH = 63
# Parts that identify a created object; the server adds to them, and normalises others.
_IDENTITY = (
    ("metadata", "labels"),
    ("metadata", "annotations"),
    ("spec", "source"),
    ("spec", "strategy", "customStrategy", "env"),
    ("spec", "dockerImageRepository"),
    ("spec", "hard"),
    ("data",),
)
# Parts that a client changes; after an update they are what was sent.
_CHANGED = (("metadata", "labels"), ("metadata", "annotations"), ("spec",), ("status", "cancelled"))


def create_once(send, create):
    # type: (Any, endpoints.Request) -> Any
    """Send a create; if its outcome is unknown, look up what it would have created.

    :param send: function of a Request that returns an HttpResponse
    :return: HttpResponse, that of the create or of the lookup
    :raises OsbsException: the create failed and nothing was found
    :raises OsbsResponseException: the response is no object although its status is a success, and
        nothing was found
    """
    response = None
    try:
        response = send(create)
        if response.status_code in _SUCCESS:
            json_object(response)
    except OsbsException as ex:
        may_exist = response is not None or may_have_acted(ex)
        found = _look_up(send, create) if may_exist else None
        if found is None:
            raise
        return found
    found = _look_up(send, create) if _is_ambiguous(response) else None
    return response if found is None else found


def _is_ambiguous(response):
    status = response.status_code
    return (
        status >= http_client.INTERNAL_SERVER_ERROR
        or status == http_client.REQUEST_TIMEOUT
        or may_be_own_conflict(response)
    )


def _look_up(send, create):
    for delay in LOOKUP_DELAYS:
        sleep(delay)
        try:
            found = _find_created(send, create)
        except OsbsException as ex:
            logger.info("the outcome of the request is unknown: %s", type(ex).__name__)
            return None
        if found is not None:
            logger.info("the request failed, but was carried out")
            return found
    return None


def may_be_own_conflict(response):
    # type: (Any) -> bool
    """Tell whether an earlier attempt of the same request may be what it conflicts with."""
    return response.status_code == http_client.CONFLICT and getattr(response, "retried", False)


def name_of(create):
    # type: (endpoints.Request) -> Any
    """Return the name of the object of a create, None if the server is to choose it."""
    return get_path(endpoints.parsed_body(create), "metadata", "name")


def _find_created(send, create):
    """Return the response with the object of a create; None if there is none, or another one."""
    sent = endpoints.parsed_body(create)

    def is_ours(found):
        # What is being deleted was there before.
        return not get_path(found, "metadata", "deletionTimestamp") and all(
            includes(get_path(found, *path), get_path(sent, *path)) for path in _IDENTITY
        )

    name = name_of(create)
    if create.path.endswith("/instantiate"):
        # The name is that of the BuildConfig.
        return _find_build(send, endpoints.list_builds(to_text(name)[:_LABEL_LENGTH]), is_ours)
    if name:
        response = send(endpoints.get_created(create, name))
        missing = response.status_code == http_client.NOT_FOUND
        return response if not missing and is_ours(json_object(response)) else None
    task_id = get_path(sent, "metadata", "labels", "koji-task-id")
    if task_id is None or not create.path.startswith("builds"):
        return None
    return _find_build(send, endpoints.list_builds(koji_task_id=task_id), is_ours)


def _find_build(send, listing, is_ours):
    builds = [build for build in dicts_in(json_object(send(listing)), "items") if is_ours(build)]
    if len(builds) != 1:
        return None
    response = send(endpoints.get_build(get_path(builds[0], "metadata", "name")))
    json_object(response)
    return response


def find_updated(send, update):
    # type: (Any, endpoints.Request) -> Any
    """Return the response with an object if it is what an update would have made of it.

    :param send: function of a Request that returns an HttpResponse
    :return: HttpResponse; None if the object is another one or cannot be read
    """
    sent = endpoints.parsed_body(update)
    try:
        response = send(update._replace(verb="get", options={}))
        found = json_object(response)
    except OsbsException:
        return None
    # To the tag of an ImageStreamTag the server adds something.
    same = includes(get_path(found, "tag"), get_path(sent, "tag")) and all(
        equals(get_path(found, *path), get_path(sent, *path)) for path in _CHANGED
    )
    return response if same else None
