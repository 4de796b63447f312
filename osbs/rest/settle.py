"""What to do after a request of which nobody knows whether it was carried out (decision D10).

A create that failed ambiguously is not simply sent again: the object is looked up, and if it is
there, it is the answer. May import ``osbs.rest`` and the leaves.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import numbers
import sys
import threading
from collections import Counter, OrderedDict

import six
from six.moves import http_client

from osbs import _compat
from osbs._process import PerProcess
from osbs.exceptions import OsbsException
from osbs.rest import plan
from osbs.rest.objects import dig, equals, includes, items_of, object_of
from osbs.rest.retry import may_have_acted, sleep

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any  # noqa: F401

logger = logging.getLogger(__name__)

# Seconds before each look: what a server was doing when the connection broke may take a moment.
LOOKS = (0, 0.5, 1.5)
# How many answers with BuildConfigs, and names of builds, are remembered.
REMEMBERED_ANSWERS = 32
REMEMBERED_NAMES = 1000
# Seconds in which an answer counts as read just before.
FRESH = 60
_SUCCESS = (http_client.OK, http_client.CREATED, http_client.ACCEPTED)
# Parts by which an object is known again; others may be normalised by the server.
_OWN_PARTS = (
    ("metadata", "name"),
    ("metadata", "labels"),
    ("metadata", "annotations"),
    ("spec", "source"),
    ("spec", "strategy", "customStrategy", "env"),
    ("spec", "dockerImageRepository"),
    ("spec", "hard"),
    ("data",),
)
# Parts that a client changes; after an update they are what was sent.
_CHANGED_PARTS = (
    ("metadata", "labels"),
    ("metadata", "annotations"),
    ("spec",),
    ("status", "cancelled"),
)
# To these the server adds something.
_ENRICHED_PARTS = (("tag",),)


def settle(send, find):
    # type: (Any, Any) -> Any
    """Send a request that must not be carried out twice, and find out how it ended.

    :param send: function without arguments that returns an HttpResponse
    :param find: function without arguments that looks for what the request would have made:
        an HttpResponse, or None if it is not there
    :return: HttpResponse: the answer, or what was found
    :raises OsbsException: the request failed, and what it would have made is not there
    :raises OsbsResponseException: the status says success, but the body is no object, and what
        it would be is not there
    """
    try:
        response = send()
    except OsbsException as ex:
        if not may_have_acted(ex):
            raise
        failure = sys.exc_info()
        found, _ = _look(find)
        if found is None:
            six.reraise(*failure)
        return found
    if _is_plain(response):
        return response
    found, is_known = _look(find)
    if found is not None:
        return found
    if is_known and response.status_code in _SUCCESS:
        # Whoever answered, it was not the server.
        object_of(response)
    return response


def _is_plain(response):
    status = response.status_code
    if status in _SUCCESS:
        try:
            object_of(response)
        except OsbsException:
            return False
        return True
    if status == http_client.CONFLICT:
        # The first attempt may be what the second one met.
        return not getattr(response, "repeated", False)
    return status < http_client.INTERNAL_SERVER_ERROR and status != http_client.REQUEST_TIMEOUT


def _look(find):
    """Return what is found or None, and whether the server could be asked."""
    for pause in LOOKS:
        sleep(pause)
        try:
            found = find()
        except OsbsException as ex:
            logger.info(
                "could not find out whether the request was carried out: %s", type(ex).__name__
            )
            return None, False
        if found is not None:
            logger.warning("the request failed, but was carried out")
            return found, True
    return None, True


def name_of(body):
    # type: (Any) -> Any
    """Return the name in the body of a create, None if the server is to choose it."""
    return dig(_parsed(body), "metadata", "name")


def _parsed(body):
    try:
        return json.loads(body)
    except (TypeError, ValueError, RuntimeError):  # RuntimeError: nested too deeply
        return None


def _is_ours(found, sent):
    return all(includes(dig(found, *path), dig(sent, *path)) for path in _OWN_PARTS)


def is_own_conflict(response):
    # type: (Any) -> bool
    """Tell whether an update may have been refused because an earlier attempt was carried out."""
    return response.status_code == http_client.CONFLICT and getattr(response, "repeated", False)


def find_updated(call, updated):
    # type: (Any, plan.Plan) -> Any
    """Look whether an object is what an update would have made of it.

    :param call: function of a Plan that returns an HttpResponse
    :param updated: Plan of the update
    :return: HttpResponse with the object; None if it is another, or cannot be read
    """
    sent = _parsed(updated.options["data"])
    try:
        response = call(updated._replace(verb="get", options={}))
        found = object_of(response)
    except OsbsException:
        return None
    done = all(equals(dig(found, *path), dig(sent, *path)) for path in _CHANGED_PARTS) and all(
        includes(dig(found, *path), dig(sent, *path)) for path in _ENRICHED_PARTS
    )
    return response if done else None


def find_created(call, created):
    # type: (Any, plan.Plan) -> Any
    """Look for the object that a create would have made.

    :param call: function of a Plan that returns an HttpResponse
    :param created: Plan of the create
    :return: HttpResponse with the object, None if it is not there or somebody else's
    """
    sent = _parsed(created.options["data"])
    name = dig(sent, "metadata", "name")
    if name:
        response = call(plan.look_up(created, name))
        if response.status_code == http_client.NOT_FOUND:
            return None
        return response if _is_ours(object_of(response), sent) else None
    return _find_nameless_build(call, created, sent)


def _find_nameless_build(call, created, sent):
    task_id = dig(sent, "metadata", "labels", "koji-task-id")
    if task_id is None or not created.path.startswith("builds"):
        return None
    response = call(plan.list_builds(koji_task_id=task_id))
    names = [
        dig(item, "metadata", "name")
        for item in items_of(object_of(response))
        if _is_ours(item, sent)
    ]
    return call(plan.get_build(names[0])) if len(names) == 1 else None


class _Sending(object):
    """What the threads of one process are doing."""

    def __init__(self):
        self.lock = threading.Lock()
        # Name of a BuildConfig -> how many instantiates of it are on their way.
        self.counts = Counter()


class Instantiations(object):
    """What is needed to know again a build that an instantiate made: D10, by lastVersion."""

    def __init__(self):
        self._answers = OrderedDict()
        self._claimed = OrderedDict()
        self._of_process = PerProcess(_Sending)

    def note(self, name, response):
        # type: (str, Any) -> None
        """Remember the answer with a BuildConfig, in case its lastVersion will be wanted.

        :param name: str, name of the BuildConfig
        :param response: HttpResponse, parsed only when it is needed
        """
        with self._of_process.get().lock:
            self._answers[name] = (_compat.monotonic(), response)
            _bound(self._answers, REMEMBERED_ANSWERS)

    def version_before(self, call, name):
        # type: (Any, str) -> Any
        """Return a function that tells lastVersion as it was when this was called.

        What an earlier answer said counts once: after an instantiate it is out of date.

        :param call: function of a Plan that returns an HttpResponse
        :param name: str, name of the BuildConfig
        """
        with self._of_process.get().lock:
            noted, response = self._answers.pop(name, (0, None))
        if response is None or _compat.monotonic() - noted > FRESH:
            response = None
            try:
                response = call(plan.get_build_config(name))
            except OsbsException as ex:
                logger.info("lastVersion of %s is not known: %s", name, type(ex).__name__)
        return lambda: _last_version(response)

    def send(self, name, send):
        # type: (str, Any) -> Any
        """Send an instantiate; the build that the answer names belongs to who calls this.

        :param name: str, name of the BuildConfig
        :param send: function without arguments that returns an HttpResponse
        """
        own = self._of_process.get()
        with own.lock:
            own.counts[name] += 1
        build_name = None
        try:
            response = send()
            build_name = name_of(response.content)
            return response
        finally:
            with own.lock:
                own.counts[name] -= 1
                # Drops what is zero.
                own.counts += Counter()
                self._note_claim(build_name)

    def _claim(self, name, build_name):
        """Take a build that was found, unless it belongs to another call, or will at once."""
        own = self._of_process.get()
        with own.lock:
            return not own.counts[name] and self._note_claim(build_name)

    def _note_claim(self, build_name):
        if not isinstance(build_name, six.string_types) or build_name in self._claimed:
            return False
        self._claimed[build_name] = True
        _bound(self._claimed, REMEMBERED_NAMES)
        return True

    def find(self, call, name, before):
        # type: (Any, str, Any) -> Any
        """Look for the one build that is new and belongs to nobody.

        :param call: function of a Plan that returns an HttpResponse
        :param name: str, name of the BuildConfig
        :param before: int or None, lastVersion before the instantiate
        :return: HttpResponse with the build, None if there is none or more than one
        """
        if before is None:
            return None
        now = _last_version(call(plan.get_build_config(name)))
        if now is None:
            return None
        found = []
        # Beyond a few, nobody could tell which one it is.
        for version in range(before + 1, min(now, before + 10) + 1):
            build_name = "%s-%d" % (name, version)
            if build_name not in self._claimed:
                response = call(plan.get_build(build_name)._replace(level=None))
                if response.status_code == http_client.OK:
                    found.append((build_name, response))
        if len(found) == 1 and self._claim(name, found[0][0]):
            return found[0][1]
        return None


def _bound(mapping, size):
    while len(mapping) > size:
        mapping.popitem(last=False)


def _last_version(response):
    if response is None or response.status_code not in (http_client.OK, http_client.CREATED):
        return None
    try:
        version = dig(object_of(response), "status", "lastVersion")
    except OsbsException:
        return None
    return version if isinstance(version, numbers.Integral) else None
