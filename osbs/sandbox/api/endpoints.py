"""
Endpoints of the API beyond the plain verbs: watches, logs, instantiate, tags, users.

A handler takes a :class:`osbs.sandbox.api.verbs.Request` and returns a :class:`Response` or a
:class:`Stream`; nothing here depends on aiohttp. :data:`ENDPOINTS` is the table of all endpoints.
"""

import collections
import functools
import json
import random
import re
import time

from osbs.sandbox.api import decoding, verbs
from osbs.sandbox.controllers.instantiate import BUILDS, CONFIGS
from osbs.sandbox.kinds import KINDS, builds, errors, find_kind
from osbs.sandbox.kinds.base import READ
from osbs.sandbox.kinds.builds import NEW, PENDING, phase_of, pod_name
from osbs.sandbox.state.container_logs import LogOptions, LogReader
from osbs.sandbox.state.store import Compacted, name_of
from osbs.sandbox.state.watches import Filter, Watch
from osbs.sandbox.users import identities

BUILD_REQUEST = builds.BuildRequests()

#: maximum duration (seconds): the limit of timeouts in the event loop's selector
LONGEST_WATCH = 10**6


class Response:
    """
    A complete response.

    :param body: dict (JSON), bytes or None
    :param code: int, HTTP status
    :param headers: dict, or list of (name, value) where a name occurs twice
    """

    def __init__(self, body=None, code=200, content_type="application/json", headers=None):
        self.body = body
        self.code = code
        self.content_type = content_type
        self.headers = headers if isinstance(headers, list) else dict(headers or {})


class Stream:
    """
    A streamed response: ``next()`` returns bytes or None at its end, ``stop()`` ends it.

    :param source: object with these two methods
    """

    def __init__(self, source, content_type):
        self.next = source.next
        self.stop = source.stop
        self.content_type = content_type
        self.convert_objects = getattr(source, "convert_objects", lambda function: None)


def go_json(data):
    """Return data as Go writes JSON: compact, UTF-8, with a line feed."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for char, escape in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
        text = text.replace(char, escape)
    return text.encode("utf-8", "replace") + b"\n"


# watches


class WatchLines:
    """
    The events of a watch as lines of JSON.

    :param watch: watches.Watch or None
    :param render: callable, stored object -> object of the API
    :param seconds: float, after which the stream ends
    :param first: dict or None, an ERROR event to send instead; the stream ends after it
    """

    def __init__(self, watch, render, seconds=0.0, first=None):
        self._watch = watch
        self._render = render
        self._end = time.monotonic() + seconds
        self._first = first

    def convert_objects(self, function):
        """Convert the objects of all events before they are sent."""
        render = self._render
        self._render = lambda obj: function(render(obj))

    async def next(self):
        """Return the next line or None."""
        if self._first is not None:
            first, self._first = self._first, None
            return go_json(first)
        if self._watch is None:
            return None
        left = self._end - time.monotonic()
        seen = await self._watch.next(left) if left > 0 else None
        if seen is None:
            self.stop()
            return None
        return go_json({"type": seen[0], "object": self._render(seen[1])})

    def stop(self):
        """End the stream."""
        if self._watch is not None:
            self._watch.stop()


async def watch(request):
    """Follow the changes of a resource."""
    wanted = request.filter()
    version = _resource_version(request.query.get("resourceVersion", ""))
    seconds = _seconds(request)
    try:
        found = Watch(request.store, wanted, version)
    except Compacted:
        request.cluster.compaction_met()
        expired = {"type": "ERROR", "object": errors.expired().status()}
        return Stream(WatchLines(None, None, first=expired), "application/json")
    return Stream(WatchLines(found, request.render, seconds), "application/json")


def _resource_version(text):
    if not text:
        return None
    if not re.match(r"[0-9]{1,20}\Z", text):
        problem = 'resourceVersion: Invalid value: "{0}": strconv.ParseUint: parsing "{0}": {1}'
        raise errors.ApiError(500, problem.format(text, "invalid syntax"))
    return int(text)


def _seconds(request):
    text = request.query.get("timeoutSeconds", "")
    seconds = errors.integer(text) if text else 0
    if seconds > 0:
        return min(seconds, LONGEST_WATCH)
    timing = request.cluster.timing
    return random.uniform(timing.watch_shortest, timing.watch_longest)


# logs

_NO_LOGS = {
    builds.CANCELLED: "build {} was cancelled. No logs are available.",
    builds.ERROR: "build {} is in an error state. No logs are available.",
}


async def build_log(request):
    """Return or follow the log of a build; waits until the build starts."""
    options = LogOptions(request.query)
    build = _find_build(request)
    if phase_of(build) in (NEW, PENDING):
        if options.nowait:
            return Response(code=204)
        build = await _wait_for_start(request, build)
    name = name_of(build)
    if phase_of(build) in _NO_LOGS:
        raise errors.bad_request(_NO_LOGS[phase_of(build)].format(name))
    pod = request.store.get("pods", request.info.namespace, pod_name(build))
    if pod is None:
        raise errors.bad_request('pods "{}" not found'.format(pod_name(build)))
    return await _log_response(request, pod, options)


def _find_build(request):
    build = request.store.get("builds", request.info.namespace, request.info.name)
    if build is None:
        raise errors.not_found(BUILDS, request.info.name)
    return build


async def _wait_for_start(request, build):
    """
    Wait until a build is neither New nor Pending.

    :raises errors.ApiError: 400 after the delay ``log_wait``, 404 when it is deleted
    """
    wanted = Filter("builds", request.info.namespace, name_of(build))
    changes = Watch(request.store, wanted)
    end = time.monotonic() + request.cluster.timing.log_wait
    try:
        while phase_of(build) in (NEW, PENDING):
            left = end - time.monotonic()
            seen = await changes.next(left) if left > 0 else None
            if seen is None:
                problem = "unable to wait for build {} to run: timed out waiting for the condition"
                raise errors.bad_request(problem.format(name_of(build)))
            build = _find_build(request)
    finally:
        changes.stop()
    return build


async def pod_log(request):
    """Return or follow the log of a pod."""
    options = LogOptions(request.query)
    pod = verbs.Request.find(request)
    if "containerStatuses" not in pod["status"]:
        problem = 'container "{}" in pod "{}" is waiting to start: ContainerCreating'
        container = pod["spec"]["containers"][0]["name"]
        raise errors.bad_request(problem.format(container, name_of(pod)))
    return await _log_response(request, pod, options)


async def _log_response(request, pod, options):
    reader = LogReader(request.cluster.logs.of(pod), options)
    if options.follow:
        return Stream(reader, "text/plain")
    return Response(await reader.next() or b"", content_type="text/plain")


# builds


async def instantiate(request):
    """Start a build of a BuildConfig."""
    body = decoding.decode(request, BUILD_REQUEST)
    name = body["metadata"].get("name") or request.info.name
    config = request.store.get("buildconfigs", request.info.namespace, name)
    if config is None:
        missing = '{} "{}" not found'.format(CONFIGS, name)
        raise errors.refused_by_admission(request.group_resource, name, missing)
    KINDS["builds"].admit(config, None, request)
    build = await request.cluster.instantiator.instantiate(request.info.namespace, name, body)
    return _bogus_link(request, build)


async def clone(request):
    """Start a build with the spec of another one."""
    body = decoding.decode(request, BUILD_REQUEST)
    name = body["metadata"].get("name") or request.info.name
    build = request.store.get("builds", request.info.namespace, name)
    if build is None:
        raise errors.not_found(BUILDS, name)
    KINDS["builds"].admit(build, None, request)
    config = builds.config_of(build)
    if config:
        made = await request.cluster.instantiator.instantiate(request.info.namespace, config, body)
        return _bogus_link(request, made)
    metadata = {
        "name": "{}-{}".format(name, int(time.time())),
        "namespace": request.info.namespace,
        "labels": builds.with_requested(body, "labels", build["metadata"].get("labels") or {}),
        "annotations": builds.with_requested(body, "annotations", {}),
    }
    metadata = {key: value for key, value in metadata.items() if value}
    status = {"phase": NEW, "output": {}}
    copy = {"metadata": metadata, "spec": build["spec"], "status": status}
    return _bogus_link(request, request.store.create("builds", copy))


def _bogus_link(request, build):
    """Return the build's selfLink: the real server writes the path of the request."""
    info = request.info
    link = "{}/namespaces/{}/{}/{}/{}".format(
        info.prefix, info.namespace, info.resource, name_of(build), info.subresource
    )
    return Response(KINDS["builds"].render(build, info.prefix, info.api_version, link), 201)


# image streams


async def get_tag(request):
    """Return an ImageStreamTag."""
    info = request.info
    tag = request.cluster.tags.get(info.namespace, info.name, request.group_resource)
    return Response(request.render(tag))


async def list_tags(request):
    """Return all ImageStreamTags."""
    found = request.cluster.tags.list(request.info.namespace)
    return Response(verbs.rendered_list(request, list(filter(request.filter().accepts, found))))


async def put_tag(request):
    """Create or replace an ImageStreamTag."""
    obj = decoding.check_names(request, decoding.decode(request))
    tag, is_new = request.cluster.tags.put(request.info.namespace, obj, request.group_resource)
    return Response(request.render(tag), 201 if is_new else 200)


async def create_tag(request):
    """Create an ImageStreamTag."""
    obj = decoding.check_names(request, decoding.decode(request))
    stream, tag = request.cluster.tags.split(obj["metadata"].get("name", ""))
    stored = request.store.get("imagestreams", request.info.namespace, stream)
    known = (stored or {"spec": {}})["spec"].get("tags") or ()
    if any(entry["name"] == tag for entry in known):
        raise errors.already_exists(request.group_resource, obj["metadata"]["name"])
    return await put_tag(request)


async def delete_tag(request):
    """Delete an ImageStreamTag."""
    request.cluster.tags.delete(request.info.namespace, request.info.name, request.group_resource)
    return Response(errors.success())


async def import_images(request):
    """Carry out an ImageStreamImport."""
    obj = decoding.check_names(request, decoding.decode(request))
    request.check(request.kind.problems(obj), obj["metadata"].get("name", ""))
    result = request.cluster.importer.process(request.info.namespace, obj)
    return Response(request.render(result), 201)


# projects and permissions


async def get_project(request):
    """Return a Project: its namespace."""
    found = request.store.get("namespaces", "", request.info.name)
    if found is None:
        raise request.not_found()
    return Response(request.render(found))


async def list_projects(request):
    """Return the projects in which the user has a role."""
    wanted = request.filter()
    cluster = request.cluster
    found = [
        namespace
        for namespace in cluster.store.list("namespaces")
        if wanted.accepts(namespace)
        and cluster.access.allows(request.identity, name_of(namespace), "projects", "get")
    ]
    return Response(verbs.rendered_list(request, found))


async def review_access(request):
    """Return whether the user may do what the body names."""
    review = decoding.decode(request)
    wanted = review["spec"].get("resourceAttributes")
    if wanted is None:
        path = (review["spec"].get("nonResourceAttributes") or {}).get("path", "")
        allowed = request.cluster.access.may_read_path(request.identity, path)
    else:
        resource = "/".join(filter(None, (wanted.get("resource"), wanted.get("subresource"))))
        allowed = request.cluster.access.allows(
            request.identity, wanted.get("namespace", ""), resource, wanted.get("verb", "")
        )
    return Response(request.render(dict(review, status={"allowed": allowed})), 201)


# users


async def get_user(request):
    """Return a User; ``~`` is the user of the request."""
    if request.info.name != "~":
        return Response(verbs.get(request))
    stored = request.store.get("users", "", request.identity.name)
    if stored is not None:
        return Response(request.render(stored))
    link = "{}/users/{}".format(request.info.prefix, request.identity.name.replace(":", "%3A"))
    return Response(request.render(identities.virtual_user(request.identity), link))


async def delete_token(request):
    """Revoke an OAuth token."""
    token = request.cluster.authenticator.revoke(request.info.name)
    if token is None:
        raise request.not_found()
    return Response(errors.success(request.group_resource, request.info.name, token.uid))


# the table


def _plain(function, code=200):
    async def handler(request):
        return Response(function(request), code)

    handler.__doc__ = function.__doc__
    return handler


def _checked(verb, handler):
    """Return a handler that refuses what those of _GENERIC handle by themselves."""
    if verb in READ:
        return handler

    @functools.wraps(handler)
    async def checked(request):
        request.check_namespace()
        more = verbs.delete_options(request).get("dryRun") if verb == "delete" else ()
        if request.is_dry_run(more or ()):
            raise errors.bad_request("dryRun is not supported for this request")
        return await handler(request)

    return checked


_GENERIC = {
    "get": _plain(verbs.get),
    "list": _plain(verbs.list_objects),
    "watch": watch,
    "create": _plain(verbs.create, 201),
    "update": _plain(verbs.update),
    "patch": _plain(verbs.patch),
    "delete": _plain(verbs.delete),
    "deletecollection": _plain(verbs.delete_collection),
}

_SPECIAL = {
    ("builds", "log"): {"get": build_log},
    ("builds", "clone"): {"create": clone},
    ("pods", "log"): {"get": pod_log},
    ("buildconfigs", "instantiate"): {"create": instantiate},
    ("imagestreamtags", ""): {
        "get": get_tag,
        "list": list_tags,
        "update": put_tag,
        "create": create_tag,
        "delete": delete_tag,
    },
    ("imagestreamimports", ""): {"create": import_images},
    ("projects", ""): {"get": get_project, "list": list_projects},
    ("selfsubjectaccessreviews", ""): {"create": review_access},
    ("users", ""): {"get": get_user},
    ("oauthaccesstokens", ""): {"delete": delete_token},
}

_SELECT = ("labelSelector", "fieldSelector")
_PARAMETERS = {
    "list": _SELECT + ("limit", "continue"),
    "watch": _SELECT + ("resourceVersion", "timeoutSeconds"),
    "deletecollection": _SELECT,
}
_LOG_PARAMETERS = ("follow", "nowait", "sinceSeconds", "tailLines", "limitBytes", "timestamps")

#: One row of the table: group, resource, sub-resource, verb, handler, query parameters.
Endpoint = collections.namedtuple("Endpoint", "group resource subresource verb handler parameters")


def _endpoints():
    for kind in KINDS.values():
        special = _SPECIAL.get((kind.resource, ""), {})
        for verb in kind.verbs:
            handler = _checked(verb, special[verb]) if verb in special else _GENERIC[verb]
            parameters = _PARAMETERS.get(verb, ())
            yield Endpoint(kind.group, kind.resource, "", verb, handler, parameters)
    for (resource, subresource), by_verb in _SPECIAL.items():
        parameters = _LOG_PARAMETERS if subresource == "log" else ()
        for verb, handler in by_verb.items() if subresource else ():
            handler = _checked(verb, handler)
            yield Endpoint(KINDS[resource].group, resource, subresource, verb, handler, parameters)


ENDPOINTS = tuple(_endpoints())
_TABLE = {(row.resource, row.subresource, row.verb): row.handler for row in ENDPOINTS}
_KNOWN = {(row.resource, row.subresource) for row in ENDPOINTS}


def is_known(info):
    """Return whether the sandbox has a path below an API prefix, for any method."""
    return find_kind(info.resource, info.prefix) is not None and (
        (info.resource, info.subresource) in _KNOWN
    )


def find_handler(info):
    """
    Return the handler for a request.

    :param info: requestinfo.RequestInfo
    :raises errors.ApiError: 404 for unknown resources, 405 for unsupported verbs
    """
    if not is_known(info):
        raise errors.no_such_resource()
    handler = _TABLE.get((info.resource, info.subresource, info.verb))
    if (
        handler is None
        or (info.verb == "create" and info.name and not info.subresource)
        or (info.verb in ("update", "patch") and not info.name)
    ):
        raise errors.method_not_allowed()
    return handler
