"""What an unfinished build is waiting for, in a few words."""

from __future__ import absolute_import, print_function, unicode_literals

import logging

from osbs._redact import mask_text
from osbs.exceptions import OsbsException
from osbs._rest import endpoints
from osbs._rest.objects import json_object
from osbs._typing import Any, Text  # noqa: F401
from osbs.utils import dicts_in, get_path

logger = logging.getLogger(__name__)

# Seconds that a request may take that only explains something.
TIMEOUT = 5


def describe_phase(build, send=None):
    # type: (dict, Any) -> Text
    """Return the phase of a build, and why it is still New or where it is Running.

    :param build: Build with a phase
    :param send: function of a Request that returns an HttpResponse; None: ask the server nothing
    """
    phase = build["status"]["phase"]
    explain = {"New": _why_new, "Running": _where_running}.get(phase)
    try:
        return phase + (explain(build, send) if explain else "")
    except OsbsException as ex:
        # Whoever may wait for a build need not have the right to look at pods and quotas.
        logger.debug("phase %s cannot be explained: %s", phase, type(ex).__name__)
        return phase


def _why_new(build, send):
    reason = get_path(build, "status", "reason")
    if not reason:
        return ""
    for quota in _items(send, endpoints.list_resource_quotas()):
        hard, used = (_pods(quota, "status", key) for key in ("hard", "used"))
        hard = _pods(quota, "spec", "hard") if hard is None else hard
        if hard is not None and hard <= (used or 0):
            name = get_path(quota, "metadata", "name")
            return ", quota `%s` allows %s" % (name, "no pods" if not hard else "%d pods" % hard)
    return ", %s" % mask_text(get_path(build, "status", "message") or reason).rstrip(".")


def _where_running(build, send):
    name = get_path(build, "metadata", "name")
    for pod in _items(send, endpoints.list_pods("openshift.io/build.name=%s" % name)):
        if get_path(pod, "spec", "nodeName"):
            return " on %s" % get_path(pod, "spec", "nodeName")
    return ""


def _items(send, request):
    if send is None:
        return []
    options = dict(request.options, timeout=TIMEOUT)
    request = request._replace(options=options, log_level=logging.DEBUG)
    return dicts_in(json_object(send(request)), "items")


def _pods(quota, *path):
    try:
        return int(get_path(quota, *(path + ("pods",))))
    except (TypeError, ValueError):
        return None
