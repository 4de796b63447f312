"""One call, at least, of each method of the library that talks to a server."""

from __future__ import absolute_import, print_function, unicode_literals

import itertools
import json
import re
from collections import namedtuple

import six

from osbs.build.build_response import BuildResponse
from osbs.build.config_map_response import ConfigMapResponse
from osbs.build.pod_response import PodResponse
from osbs.http import HttpResponse
from tests.system import fault_scene

# owner: OSBS or Openshift; method: name; call: function of the OSBS that returns what is compared;
# living: builds of fault_scene.LIVING; logged_in: the client has a token; variant: text or None
Case = namedtuple("Case", "owner method variant call living logged_in")

VOLATILE = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "selfLink",
    "generation",
    "status",
    "openshift.io/image.dockerRepositoryCheck",
)
_RANDOM_SUFFIX = re.compile(r"-token-\w{5}$")

BUILD_ARGUMENTS = {
    "git_uri": "https://example.com/hello.git",
    "git_ref": "demo",
    "git_branch": "demo",
    "user": "osbs",
    "component": "hello",
    "target": "candidate",
}
WORKER = dict(BUILD_ARGUMENTS, platform="x86_64", release="1", arrangement_version=6)
SCRATCH = dict(BUILD_ARGUMENTS, platforms=["x86_64"], scratch=True)
ISOLATED = dict(BUILD_ARGUMENTS, platforms=["x86_64"], isolated=True, release="1.1")
ORCHESTRATOR = dict(BUILD_ARGUMENTS, platforms=["x86_64"])
# Makes BuildConfig "config" of the scene the one of the build.
AUTOMATIC = dict(ORCHESTRATOR, git_uri="https://example.com/auto.git")
EXISTING = dict(ORCHESTRATOR, git_uri="https://example.com/team.git")


def essence(data):
    """Return data without what differs from one healthy call to the next."""
    for wrapper in (BuildResponse, ConfigMapResponse, PodResponse):
        if isinstance(data, wrapper):
            return essence(data.json)
    if isinstance(data, HttpResponse):
        return essence(data.json())
    if isinstance(data, six.binary_type):
        return data.decode("utf-8", "replace")
    if isinstance(data, dict):
        return {key: essence(value) for key, value in data.items() if key not in VOLATILE}
    if isinstance(data, (list, tuple)):
        return [essence(item) for item in data]
    return data


def name(response):
    """Return the name of the object in an answer."""
    data = response.json
    return (data() if callable(data) else data)["metadata"]["name"]


def names(items):
    """Return the names of some objects in order."""
    return sorted(
        (item.json if isinstance(item, BuildResponse) else item)["metadata"]["name"]
        for item in items
    )


def phase(build):
    """Return the phase of a build, a dict or a BuildResponse."""
    return (build.json if isinstance(build, BuildResponse) else build)["status"]["phase"]


def seen(events, wanted, limit=30):
    """Read a watch until some objects were seen; returns their names."""
    found = set()
    try:
        for _, obj in itertools.islice(events, limit):
            found.add(obj["metadata"]["name"])
            if found >= set(wanted):
                break
    finally:
        events.close()
    return sorted(found)


def tokens(found):
    """Return tokens of a service account by names without their random end."""
    return sorted((_RANDOM_SUFFIX.sub("", key), bool(value)) for key, value in found.items())


def _import_new(import_image_tags, *more):
    return import_image_tags("stream", ["latest"], "registry.example.com/stream", *more)


def _import_template(osbs):
    return osbs._load_template("image_stream_import.json")


def _stream(osbs):
    return osbs.os.get_image_stream("stream").json()


def _config(osbs):
    return osbs.os.get_build_config("config")


def _update_config(osbs):
    config = _config(osbs)
    config["metadata"]["labels"] = _LABELS
    return osbs.os.update_build_config("config", json.dumps(config))


def _new_map():
    return fault_scene.config_map("new")


def _build(label=None):
    made = fault_scene.build("new", "New", **({"koji-task-id": label} if label else {}))
    if label is not None:
        made["metadata"]["generateName"] = made["metadata"].pop("name") + "-"
    del made["status"]
    return made


def _tag(osbs):
    return osbs.os.get_image_stream_tag("stream:latest").json()


class _Ready(object):
    """A build request that needs no more parameters."""

    @staticmethod
    def set_openshift_required_version(_):
        pass

    @staticmethod
    def render():
        return _build()


def _table(owner, rows):
    for row in rows:
        method, call = row[:2]
        more = dict(row[2]) if len(row) > 2 else {}
        yield Case(
            owner,
            method,
            more.get("variant"),
            call,
            more.get("living", ()),
            more.get("logged_in", True),
        )


_ALIVE = {"living": ("alive",)}
_LOGGED = {"living": ("logged",)}
_LABELS = {"new": "label"}


def _labels_of(owner, find):
    """Return the rows of the methods that change labels and annotations."""
    for verb, what, kind, target in itertools.product(
        ("update", "set"), ("labels", "annotations"), ("build", "build_config"), ("",)
    ):
        method = "%s_%s_on_%s" % (verb, what, kind)
        if (owner, what, kind) == ("OSBS", "annotations", "build_config"):
            continue
        target = "done" if kind == "build" else "config"
        yield method, (
            lambda osbs, method=method, target=target: essence(
                getattr(find(osbs), method)(target, dict(_LABELS))
            )
        )


OSBS_CASES = [
    ("list_builds", lambda osbs: names(osbs.list_builds())),
    (
        "list_builds",
        lambda osbs: names(osbs.list_builds(page_size=1)),
        {"variant": "in pages"},
    ),
    ("watch_builds", lambda osbs: seen(osbs.watch_builds(), ["done", "older"])),
    ("get_build", lambda osbs: essence(osbs.get_build("done"))),
    ("cancel_build", lambda osbs: name(osbs.cancel_build("alive")), _ALIVE),
    ("get_pod_for_build", lambda osbs: name(osbs.get_pod_for_build("logged")), _LOGGED),
    (
        "create_build_from_buildrequest",
        lambda osbs: name(osbs.create_build_from_buildrequest(_Ready())),
    ),
    ("create_prod_build", lambda osbs: name(osbs.create_prod_build(**BUILD_ARGUMENTS))),
    ("create_build", lambda osbs: name(osbs.create_build(**BUILD_ARGUMENTS))),
    ("create_worker_build", lambda osbs: name(osbs.create_worker_build(**WORKER))),
    (
        "create_orchestrator_build",
        lambda osbs: name(osbs.create_orchestrator_build(**ORCHESTRATOR)),
    ),
    (
        "create_orchestrator_build",
        lambda osbs: name(osbs.create_orchestrator_build(**EXISTING)),
        {"variant": "again"},
    ),
    (
        "create_orchestrator_build",
        lambda osbs: name(osbs.create_orchestrator_build(**AUTOMATIC)),
        {"variant": "rebuilt automatically"},
    ),
    (
        "create_orchestrator_build",
        lambda osbs: osbs.create_orchestrator_build(**SCRATCH).json["kind"],
        {"variant": "scratch"},
    ),
    (
        "create_orchestrator_build",
        lambda osbs: osbs.create_orchestrator_build(**ISOLATED).json["kind"],
        {"variant": "isolated"},
    ),
    ("get_build_logs", lambda osbs: essence(osbs.get_build_logs("logged")), _LOGGED),
    (
        "get_build_logs",
        lambda osbs: essence(list(osbs.get_build_logs("logged", follow=True))),
        dict(_LOGGED, variant="followed"),
    ),
    (
        "get_orchestrator_build_logs",
        lambda osbs: essence(list(osbs.get_orchestrator_build_logs("logged"))),
        _LOGGED,
    ),
    (
        "get_orchestrator_build_logs",
        lambda osbs: essence(list(osbs.get_orchestrator_build_logs("logged", follow=True))),
        dict(_LOGGED, variant="followed"),
    ),
    ("wait_for_build_to_finish", lambda osbs: phase(osbs.wait_for_build_to_finish("done"))),
    (
        "wait_for_build_to_finish",
        lambda osbs: phase(osbs.wait_for_build_to_finish("done", timeout=8)),
        {"variant": "with a time-out"},
    ),
    (
        "wait_for_build_to_get_scheduled",
        lambda osbs: phase(osbs.wait_for_build_to_get_scheduled("alive")),
        _ALIVE,
    ),
    ("import_image", lambda osbs: osbs.import_image("stream")),
    (
        "import_image",
        lambda osbs: osbs.import_image("stream", tags=["latest"]),
        {"variant": "with tags"},
    ),
    ("import_image_tags", lambda osbs: _import_new(osbs.import_image_tags)),
    (
        "login",
        lambda osbs: osbs.login(username=osbs.os.username, password=osbs.os.password),
        {"logged_in": False},
    ),
    ("login", lambda osbs: osbs.login(token=osbs.os.token), {"variant": "with a token"}),
    ("get_user", lambda osbs: essence(osbs.get_user())),
    (
        "get_user",
        lambda osbs: essence(osbs.get_user()),
        {"variant": "first of all", "logged_in": False},
    ),
    ("get_serviceaccount_tokens", lambda osbs: tokens(osbs.get_serviceaccount_tokens("builder"))),
    ("get_image_stream_tag", lambda osbs: essence(osbs.get_image_stream_tag("stream:latest"))),
    ("ensure_image_stream_tag", lambda osbs: osbs.ensure_image_stream_tag(_stream(osbs), "new")),
    (
        "ensure_image_stream_tag",
        lambda osbs: osbs.ensure_image_stream_tag(_stream(osbs), "latest", scheduled=True),
        {"variant": "of a tag that is there"},
    ),
    ("get_image_stream", lambda osbs: essence(osbs.get_image_stream("stream"))),
    (
        "create_image_stream",
        lambda osbs: name(osbs.create_image_stream("new", "registry.example.com/new")),
    ),
    ("pause_builds", lambda osbs: osbs.pause_builds()),
    ("resume_builds", lambda osbs: osbs.resume_builds(quota_name="limits")),
    ("dump_resource", lambda osbs: names(osbs.dump_resource("buildconfigs")["items"])),
    (
        "dump_resource",
        lambda osbs: names(osbs.dump_resource("buildconfigs", page_size=1)["items"]),
        {"variant": "in pages"},
    ),
    (
        "dump_pages",
        lambda osbs: [
            names(page["items"]) for page in osbs.dump_pages("buildconfigs", page_size=1)
        ],
    ),
    (
        "restore_resource",
        lambda osbs: osbs.restore_resource(
            "buildconfigs",
            {"items": [fault_scene.build_config("new"), fault_scene.build_config("newer")]},
        ),
    ),
    ("list_resource_quotas", lambda osbs: essence(osbs.list_resource_quotas())),
    ("get_resource_quota", lambda osbs: essence(osbs.get_resource_quota("limits"))),
    ("create_config_map", lambda osbs: essence(osbs.create_config_map("new", {"key": "value"}))),
    ("get_config_map", lambda osbs: essence(osbs.get_config_map("map"))),
    ("delete_config_map", lambda osbs: osbs.delete_config_map("map")),
] + list(_labels_of("OSBS", lambda osbs: osbs))


OPENSHIFT_CASES = [
    ("get_oauth_token", lambda osbs: bool(osbs.os.get_oauth_token())),
    ("get_user", lambda osbs: essence(osbs.os.get_user())),
    (
        "get_serviceaccount_tokens",
        lambda osbs: tokens(osbs.os.get_serviceaccount_tokens("builder")),
    ),
    ("create_build", lambda osbs: name(osbs.os.create_build(_build()))),
    (
        "create_build",
        lambda osbs: osbs.os.create_build(_build("7")).json()["kind"],
        {"variant": "of a Koji task"},
    ),
    ("cancel_build", lambda osbs: name(osbs.os.cancel_build("alive")), _ALIVE),
    ("get_build", lambda osbs: essence(osbs.os.get_build("done"))),
    ("list_builds", lambda osbs: names(osbs.os.list_builds().json()["items"])),
    (
        "list_builds",
        lambda osbs: names(osbs.os.list_builds(page_size=1).json()["items"]),
        {"variant": "in pages"},
    ),
    (
        "list_pods",
        lambda osbs: names(osbs.os.list_pods("openshift.io/build.name=logged").json()["items"]),
        _LOGGED,
    ),
    ("get_build_config", lambda osbs: essence(_config(osbs))),
    (
        "get_build_config_by_labels",
        lambda osbs: essence(
            osbs.os.get_build_config_by_labels(sorted(fault_scene.LABELS.items()))
        ),
    ),
    (
        "create_build_config",
        lambda osbs: essence(
            osbs.os.create_build_config(json.dumps(fault_scene.build_config("new")))
        ),
    ),
    ("update_build_config", lambda osbs: essence(_update_config(osbs))),
    ("instantiate_build_config", lambda osbs: name(osbs.os.instantiate_build_config("config"))),
    ("start_build", lambda osbs: name(osbs.os.start_build("config"))),
    ("logs", lambda osbs: essence(osbs.os.logs("logged")), _LOGGED),
    (
        "logs",
        lambda osbs: essence(list(osbs.os.logs("logged", follow=True))),
        dict(_LOGGED, variant="followed"),
    ),
    ("stream_logs", lambda osbs: essence(list(osbs.os.stream_logs("logged"))), _LOGGED),
    ("watch_resource", lambda osbs: seen(osbs.os.watch_resource("builds"), ["done", "older"])),
    (
        "watch_resource",
        lambda osbs: seen(osbs.os.watch_resource("builds", "done"), ["done"]),
        {"variant": "of one object"},
    ),
    ("wait", lambda osbs: phase(osbs.os.wait("done", ["complete"]))),
    ("wait_for_build_to_exist", lambda osbs: essence(osbs.os.wait_for_build_to_exist("done"))),
    ("wait_for_build_to_finish", lambda osbs: phase(osbs.os.wait_for_build_to_finish("done"))),
    (
        "wait_for_build_to_get_scheduled",
        lambda osbs: phase(osbs.os.wait_for_build_to_get_scheduled("alive")),
        _ALIVE,
    ),
    (
        "wait_for_new_build_config_instance",
        lambda osbs: osbs.os.wait_for_new_build_config_instance("config", -1),
    ),
    ("list_resource_quotas", lambda osbs: essence(osbs.os.list_resource_quotas())),
    ("get_resource_quota", lambda osbs: essence(osbs.os.get_resource_quota("limits"))),
    (
        "create_resource_quota",
        lambda osbs: essence(osbs.os.create_resource_quota("new", fault_scene.quota("new", 0))),
    ),
    (
        "create_resource_quota",
        lambda osbs: essence(
            osbs.os.create_resource_quota("limits", fault_scene.quota("limits", 0))
        ),
        {"variant": "in the place of another"},
    ),
    ("delete_resource_quota", lambda osbs: bool(osbs.os.delete_resource_quota("limits"))),
    (
        "adjust_attributes_on_object",
        lambda osbs: essence(
            osbs.os.adjust_attributes_on_object(
                "builds", "done", "labels", _LABELS, osbs.os._update_metadata_things
            )
        ),
    ),
    ("get_image_stream_tag", lambda osbs: essence(osbs.os.get_image_stream_tag("stream:latest"))),
    (
        "put_image_stream_tag",
        lambda osbs: essence(osbs.os.put_image_stream_tag("stream:latest", _tag(osbs))),
    ),
    (
        "ensure_image_stream_tag",
        lambda osbs: osbs.os.ensure_image_stream_tag(
            _stream(osbs), "new", osbs._load_template("image_stream_tag.json")
        ),
    ),
    ("get_image_stream", lambda osbs: essence(_stream(osbs))),
    (
        "create_image_stream",
        lambda osbs: name(osbs.os.create_image_stream(json.dumps(fault_scene.image_stream("new")))),
    ),
    ("import_image", lambda osbs: osbs.os.import_image("stream")),
    (
        "import_stream_tags",
        lambda osbs: osbs.os.import_stream_tags("stream", ["latest"], _import_template(osbs)),
    ),
    (
        "import_image_tags",
        lambda osbs: _import_new(osbs.os.import_image_tags, _import_template(osbs)),
    ),
    ("dump_resource", lambda osbs: names(osbs.os.dump_resource("buildconfigs").json()["items"])),
    (
        "dump_pages",
        lambda osbs: [
            names(page["items"]) for page in osbs.os.dump_pages("buildconfigs", page_size=1)
        ],
    ),
    (
        "restore_resource",
        lambda osbs: essence(
            osbs.os.restore_resource("buildconfigs", fault_scene.build_config("new"))
        ),
    ),
    ("create_config_map", lambda osbs: essence(osbs.os.create_config_map(_new_map()))),
    ("get_config_map", lambda osbs: essence(osbs.os.get_config_map("map"))),
    ("delete_config_map", lambda osbs: osbs.os.delete_config_map("map")),
] + list(_labels_of("Openshift", lambda osbs: osbs.os))

CASES = list(_table("OSBS", OSBS_CASES)) + list(_table("Openshift", OPENSHIFT_CASES))
