"""
The sandbox responds as a real OpenShift 3.9 master did.

Each scene builds the state that its recorded exchanges need, replays them and collects the
differences. Compared are status, reason, kind, the set of fields, values (uids, times, versions,
digests and generated names normalised), the headers that clients read, and for streams the sequence
of events and how they end.
"""

import re

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("trustme")

from osbs.sandbox.server import Sandbox  # noqa: E402
from tests.sandbox.replay import (  # noqa: E402
    INDEX,
    FakePods,
    Replayer,
    build_config,
    fake,
    is_log,
)

#: exchange -> why it is not replayed; at most 25, and none because it is hard
LEFT_OUT = {}

#: seconds of the replay for a second of the recording
SCALE = 0.02

ALLOWED = [
    "docker.io:443",
    "*.docker.io:443",
    "*.redhat.com:443",
    "gcr.io:443",
    "127.0.0.1:5000",
    "a.example.com",
    "b.example.com",
    "c.example.com",
    "d.example.com",
]

DELAYS = {
    "instantiate": 0.01,
    "late_build": 0.01,
    "new": 0.02,
    "pending": 0.02,
    "cancel": 0.05,
    "pod_deleted": 0.05,
    "complete": 0.0,
    "prune": 0.05,
    "quota_retry": 0.02,
    "quota_status": 0.01,
    "log_wait": 0.15,
    "import_new": 0.02,
    "import_again": 0.05,
    "trigger": 0.01,
    "kubelet_retry": 0.05,
    "token_cache": 0.0,
}

SCENES = []


def scene(**options):
    """Register a scene; the options are delays, or keywords of Sandbox."""

    def register(function):
        SCENES.append((function, options))
        return function

    return register


def run_scene(function, options):
    """Run a scene on a sandbox of its own; return exchange -> list of differences."""
    options = dict(options)
    scale = options.pop("scale", SCALE)
    delays = dict(DELAYS, **{key: options.pop(key) for key in list(options) if key in DELAYS})
    with Sandbox(
        FakePods(scale), delays=delays, allowed_registries=ALLOWED, open_registry=True, **options
    ) as sandbox:
        replay = Replayer(sandbox)
        function(replay)
        return replay.results


@pytest.fixture(scope="module")
def results():
    """The differences in all scenes."""
    found = {}
    for function, options in SCENES:
        found.update(run_scene(function, options))
    return found


@pytest.mark.parametrize(
    "name", sorted(set(INDEX) - set(LEFT_OUT), key=lambda name: INDEX[name]["seq"])
)
def test_responds_as_recorded(results, name):
    assert name in results, "no scene replays it"
    assert results[name] == []


def test_at_least_219_of_244_exchanges_agree(results, tell):
    agree = sum(1 for name in INDEX if results.get(name) == [])
    tell(
        "parity: {} of {} recorded exchanges agree, {} left out".format(
            agree, len(INDEX), len(LEFT_OUT)
        )
    )
    assert len(INDEX) == 244
    assert agree >= 219
    assert len(LEFT_OUT) <= 25


def static(replay, *names, **kwargs):
    """Replay exchanges that need nothing in between."""
    for name in names:
        replay(name, **kwargs)


@scene()
def oauth(replay):
    static(
        replay,
        "oauth_ok",
        "oauth_no_creds",
        "oauth_no_creds_csrf",
        "oauth_empty_password",
        "oauth_bad_scope",
        "oauth_bad_client",
        "oauth_bad_response_type",
        "oauth_missing_client",
        "oauth_client_cert_admin",
        "oauth_trailing_slash",
        "user_self",
        "user_named_403",
        "user_missing_403",
        "bad_token_401",
        "no_token_403",
        "no_token_user_self",
        "basic_auth_on_api",
        "client_cert_on_api",
        "other_namespace_403",
        "missing_namespace_403",
        "unknown_resource_404",
        "root_404",
        "version",
        "version_kube",
        "oapi_root",
        "viewer_post_403",
        "viewer_serviceaccount",
        "viewer_builds_200",
        "nobody_builds_403",
        "plain_quota_create_403",
        "viewer_log_missing_404",
        "watch_forbidden_ns",
        "watch_bad_token",
        "double_slash",
    )
    token = replay.sandbox.token_of("nobody")
    replay._tokens["nobody"] = token
    replay("oauth_token_revoke", target="/oapi/v1/oauthaccesstokens/" + token)
    replay("revoked_token_401")


@scene()
def build_configs(replay):
    static(
        replay,
        "bc_missing_404",
        "bc_create_201",
        "bc_create_again_409",
        "bc_invalid_422",
        "bc_bad_name_422",
        "bc_malformed_400",
        "bc_empty_body",
        "bc_wrong_kind_400",
        "bc_wrong_namespace_400",
        "bc_group_apiversion_on_oapi",
        "bc_bad_apiversion",
        "bc_no_content_type",
        "bc_form_content_type",
        "bc_unknown_fields",
        "bc_get",
        "bc_put_200",
        "bc_put_stale_409",
        "bc_put_stale_changed_409",
        "bc_put_no_resourceversion",
        "bc_put_missing_404",
        "bc_put_name_mismatch_400",
        "bc_list_labels",
        "bc_list_none",
        "bc_bad_label_selector_400",
        "bc_field_name",
        "bc_field_bad_400",
        "instantiate_missing_404",
        "instantiate_name_mismatch",
        "instantiate_no_kind",
        "bc_create_strategy_forbidden_403",
        "bc_long_label_422",
        "bc_long_name",
        "instantiate_long_name",
    )
    replay.config("p-plain")
    replay("instantiate_strategy_forbidden_403")


@scene(new=0.3, pending=0.4, log_wait=3.0)
def life(replay):
    watch_config = None
    replay.config("p-life", fake(4, 6))
    watch_build = replay.begin(
        "watch_build_events",
        target=("/oapi/v1/watch/namespaces/osbs/builds/p-life-1/?timeoutSeconds=2"),
    )
    watch_config = replay.begin(
        "watch_buildconfig_events",
        target=("/oapi/v1/watch/namespaces/osbs/buildconfigs/p-life/?timeoutSeconds=2"),
    )
    watch_config.received.wait(5)
    static(
        replay,
        "instantiate_201_build_new",
        "build_right_after_instantiate",
        "bc_after_instantiate",
        "log_nowait_new_or_pending",
    )
    replay.wait_phase("p-life-1", "Pending")
    static(replay, "build_pending", "builds_field_status_pending")
    replay("log_follow_waits_for_start", text=is_log)
    static(replay, "build_at_end_of_log", "build_complete")
    replay.end(watch_build)
    replay.end(watch_config)


def _start(replay, name, run, *phases, **spec):
    replay.config(name, fake(run), **spec)
    build = replay.instantiate(name)["metadata"]["name"]
    replay.wait_phase(build, *(phases or ("Running",)))
    return build


@scene(scale=0.25)
def running(replay):
    _start(replay, "p-life", 0, "Complete")
    _start(replay, "p-run", 25)
    replay.instantiate("p-run")
    replay.wait_phase("p-run-2", "New")
    log = replay.sandbox.cluster.logs.of(replay.sandbox.store.get("pods", "osbs", "p-run-1-build"))
    replay.wait("builds", "p-run-1", lambda _: len(log) > 18)
    static(
        replay,
        "build_running",
        "build_pod_running",
        "pods_by_build_label",
        "build_new_serial_waiting",
    )
    replay("log_nofollow_running", text=is_log)
    replay("log_tail", text=lambda text: is_log(text) and text.count("\n") == 2)
    replay("log_since1", text=is_log)
    static(replay, "log_since0_422", "log_since_negative_422")
    stamped = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ")
    replay(
        "log_timestamps",
        text=lambda text: text.count("\n") == 2
        and is_log(
            "".join(
                stamped.sub("", line, 1) for line in text.splitlines(True) if stamped.match(line)
            )
        ),
    )
    replay(
        "log_limit",
        text=lambda text: len(text.encode("utf-8")) == 100 and is_log(text[: text.index("\n") + 1]),
    )
    replay("log_bad_value")
    replay("log_no_slash", text=lambda text: is_log(text) and text.count("\n") == 1)
    static(
        replay,
        "log_serial_waiting_10s",
        "log_missing_404",
        "build_missing_404",
        "builds_field_lower",
        "builds_field_name",
        "builds_field_namespace",
        "builds_field_podname",
        "builds_field_status_not",
        "builds_field_status_phase_bad",
        "builds_field_status_running",
        "builds_list_label",
        "builds_group_api",
        "builds_group_api_field_bad",
        "builds_field_in",
        "builds_field_spec",
        "build_put_annotation_200",
        "build_put_stale_409",
        "build_put_spec_422",
        "build_put_phase",
    )
    replay.wait("builds", "p-run-1", lambda build: "completionTimestamp" in build["status"])
    static(replay, "build_put_no_resourceversion", "build_put_bad_label_422")


@scene(scale=1, cancel=0.2)
def cancelling(replay):
    _start(replay, "p-canc", 25)
    replay.instantiate("p-canc")
    log = replay.begin("log_follow_of_cancelled")
    log.received.wait(5)
    static(replay, "build_cancel_put_200", "build_cancel_new_put_200")
    replay.end(log, text=is_log)
    replay.wait_phase("p-canc-1", "Cancelled")
    replay.wait_phase("p-canc-2", "Cancelled")
    static(replay, "build_cancelled", "log_cancelled_400", "log_cancelled_new_400")


@scene(nodes=[{}])
def failing(replay):
    _start(replay, "p-fail", 2, "Failed")
    replay("build_failed")
    replay("log_failed_200", text=is_log)
    static(replay, "pod_delete", "log_pod_gone_400")
    _start(replay, "p-http", 300)
    fault = replay.sandbox.faults.kubelet_error()
    fault.parameters["body"]["message"] = "Internal error occurred: fake kubelet was told to fail\n"
    fault.parameters["body"]["details"]["causes"][0]["message"] = "fake kubelet was told to fail\n"
    replay("log_kubelet_500")
    _start(replay, "p-abort", 300)
    replay.sandbox.faults.cut(370, clean=True, path="p-abort-1/log")
    replay("log_kubelet_aborts", text=lambda text: is_log(text[: text.rindex("\n") + 1]))
    _start(replay, "p-slow", 1, "Pending", nodeSelector={"no": "such"})
    static(replay, "log_pending_10s", "log_pending_10s_nofollow")
    _start(replay, "p-node", 1, "Pending", nodeSelector={"no": "such"})
    body = build_config("p-ist")
    body["spec"]["strategy"]["customStrategy"]["from"] = {
        "kind": "ImageStreamTag",
        "name": "p-none:latest",
    }
    replay.api("POST", "/oapi/v1/namespaces/osbs/buildconfigs", body)
    replay.config("p-sa", serviceAccount="nosuchsa")
    static(
        replay,
        "instantiate_imagestreamtag_missing",
        "instantiate_no_service_account",
        "build_no_service_account",
        "log_no_service_account",
    )
    replay.sandbox.faults.check()


@scene(nodes=[{}])
def unschedulable(replay):
    replay.config("p-node", nodeSelector={"no": "such"})
    replay.instantiate("p-node")
    replay.wait_phase("p-node-1", "Pending")
    replay("build_unschedulable_pending")


@scene()
def watches(replay):
    _start(replay, "p-w", 1, "Complete")
    names = (
        "watch_finished_build",
        "watch_missing_build",
        "watch_all_builds",
        "watch_param_style",
        "watch_from_zero",
        "watch_from_future",
        "watch_bad_rv",
        "watch_field_selector",
        "watch_label_selector",
        "watch_build_deleted",
        "watch_after_label_change",
    )
    begun = [replay.begin(name, timeout=2) for name in names]
    for exchange in begun:
        exchange.begun.wait(5)
    replay("build_delete")
    replay("pod_of_deleted_build")
    config = replay.api("GET", "/oapi/v1/namespaces/osbs/buildconfigs/p-w")[1]
    config["metadata"]["labels"]["n"] = "1"
    replay.api("PUT", "/oapi/v1/namespaces/osbs/buildconfigs/p-w", config)
    for exchange in begun:
        if exchange.name_of_sample in (
            "watch_all_builds",
            "watch_label_selector",
            "watch_from_zero",
            "watch_param_style",
            "watch_finished_build",
        ):
            _drop_deletion(exchange)
        replay.end(exchange)


def _drop_deletion(exchange):
    """Remove the deletion, which was recorded by another watch only."""
    response = exchange.result()
    response.body = b"".join(
        line for line in response.body.splitlines(True) if b'"DELETED"' not in line
    )


@scene(instantiate=0.2)
def races(replay):
    replay.config("p-many", fake(1), runPolicy="Parallel")
    body = {"kind": "BuildRequest", "apiVersion": "v1", "metadata": {"name": "p-many"}}
    first = replay.begin("instantiate_race")
    second = replay.begin("instantiate_race")
    loser = first if first.result().status == 409 else second
    replay.end(loser)
    assert sorted((first.result().status, second.result().status)) == [201, 409]
    replay.sandbox.timing.instantiate = 0.01
    for _ in range(2):
        replay.api("POST", "/oapi/v1/namespaces/osbs/buildconfigs/p-many/instantiate", body)
    replay.version("1529", replay.config("p-race")["metadata"]["resourceVersion"])
    replay.instantiate("p-race")
    replay("bc_put_after_instantiate_409")
    replay("bc_delete")
    replay.config("p-many")
    static(
        replay,
        "instantiate_recreated_bc_409",
        "instantiate_recreated_bc_again",
        "bc_after_collision",
        "build_post_direct",
    )
    replay("build_post_direct_409")
    replay.wait_phase("p-direct", "Running")
    static(replay, "build_direct_get", "build_post_finished", "buildlist_post")
    for name in ("p-race-1", "p-many-3", "p-direct"):
        replay.wait_phase(name, "Complete")
    _start(replay, "p-quota", 1, "Complete")
    replay("pods_list")


@scene()
def quotas(replay):
    for name in ("p-one", "p-two"):
        _start(replay, name, 300)
    replay.config("p-quota", fake(1))
    replay("quota_create_201")
    replay("quota_create_again_409")
    replay.wait("resourcequotas", "p-concurrentbuilds", lambda quota: quota["status"])
    static(replay, "quota_put_unconditional", "quota_get", "quota_list", "instantiate_under_quota")
    replay.wait("builds", "p-quota-1", lambda build: "reason" in build["status"])
    static(replay, "build_under_quota_new", "log_under_quota")
    for name in ("p-one-1", "p-two-1"):
        replay.api("DELETE", "/oapi/v1/namespaces/osbs/builds/" + name)
    replay.wait(
        "resourcequotas", "p-concurrentbuilds", lambda quota: quota["status"]["used"]["pods"] == "0"
    )
    static(replay, "quota_delete", "quota_delete_again_404", "quota_missing_404")
    replay.wait_phase("p-quota-1", "Complete")


@scene()
def core(replay):
    static(
        replay,
        "configmap_create_no_content_type",
        "configmap_create_again_409",
        "configmap_get",
        "configmap_get_slash",
        "configmap_missing_404",
        "configmap_nested_data_400",
        "configmap_bad_key_422",
        "configmap_delete_with_body",
        "configmap_delete_again_404",
        "serviceaccount_builder",
        "serviceaccount_missing_404",
        "pod_missing_404",
    )
    account = replay.sandbox.store.get("serviceaccounts", "osbs", "builder")
    for name, part in (("secret_token", "token"), ("secret_dockercfg", "dockercfg")):
        secret = next(entry["name"] for entry in account["secrets"] if part in entry["name"])
        replay(name, target="/api/v1/namespaces/osbs/secrets/{}/".format(secret))


@scene(import_new=0.1, import_again=0.2)
def images(replay):
    registry = replay.sandbox.registry
    registry.add("127.0.0.1:5000/p/img", ("1.0", "latest"))
    registry.add("127.0.0.1:5000/other/img", ("1.0", "latest"))
    registry.add("127.0.0.1:5000/missing/img", fails=True)
    registry.add("127.0.0.1:5000/private/img", fails=True)
    registry.add("127.0.0.1:5000/sec/img", insecure_only=True)
    created = replay.begin("watch_imagestream_create", timeout=1)
    created.begun.wait(5)
    replay("imagestream_create_201")
    replay("imagestreamtag_missing_stream_404")
    _imported(replay, "p-img")
    static(
        replay,
        "imagestream_imported",
        "imagestreamtag_get",
        "imagestreamtag_missing_tag_404",
        "imagestreamtag_no_colon_400",
        "imagestream_missing_404",
        "imagestream_create_again_409",
    )
    replay.end(created)
    replay.sandbox.push("127.0.0.1:5000/p/img", "2.0")
    replay("imagestream_put_annotation_dropped")
    replay("watch_imagestream_import")
    replay("imagestream_put_annotation_dropped_2")
    replay("watch_imagestream_import_nothing_new")
    static(
        replay,
        "imagestream_missing_repo_create",
        "imagestream_private_create",
        "imagestream_secure_create",
        "imagestream_unreachable_create",
        "imagestream_no_repo_create",
    )
    for name in ("p-miss", "p-priv", "p-sec"):
        _imported(replay, name)
    static(
        replay,
        "imagestreamtag_of_failed_404",
        "imagestream_failed_miss",
        "imagestream_failed_norepo",
        "imagestream_failed_priv",
        "imagestream_failed_sec",
        "imagestream_failed_unre",
    )
    watch = replay.begin("watch_imagestreamtag_put")
    watch.received.wait(5)
    static(replay, "imagestreamtag_put_new", "imagestreamtag_get_right_after_put")
    _imported(replay, "p-norepo")
    replay("imagestreamtag_get_after_import")
    replay.end(watch)
    static(
        replay,
        "imagestreamtag_put_update",
        "imagestreamtag_put_stale_409",
        "imagestreamtag_put_no_rv",
        "imagestreamtag_put_missing_stream",
        "imagestream_made_by_tag_put",
        "imagestreamtag_put_not_allowed_registry",
        "imagestreamtag_put_name_mismatch",
        "imagestreamtag_delete",
        "imagestreamimport_201",
    )


def _imported(replay, name):
    check = "openshift.io/image.dockerRepositoryCheck"
    replay.wait(
        "imagestreams", name, lambda stream: check in (stream["metadata"].get("annotations") or {})
    )


@scene()
def triggers(replay):
    replay.api(
        "POST",
        "/oapi/v1/namespaces/osbs/imagestreams",
        {
            "kind": "ImageStream",
            "apiVersion": "v1",
            "metadata": {"name": "p-img"},
            "spec": {"dockerImageRepository": "127.0.0.1:5000/p/img"},
        },
    )
    _imported(replay, "p-img")
    body = build_config("p-fromist", fake(1))
    body["spec"]["strategy"]["customStrategy"]["from"] = {
        "kind": "ImageStreamTag",
        "name": "p-img:latest",
    }
    body["spec"]["triggers"] = [
        {"type": "ImageChange", "imageChange": {}},
        {"type": "Generic", "generic": {"secret": "x"}},
    ]
    replay.api("POST", "/oapi/v1/namespaces/osbs/buildconfigs", body)
    replay.wait_phase("p-fromist-1", "Complete")
    replay("bc_image_change_trigger")
    replay.sandbox.timing.new = 0.5
    static(replay, "instantiate_from_imagestreamtag", "builds_triggered")


@scene()
def dying(replay):
    _start(replay, "p-kub", 300)
    faults = replay.sandbox.faults
    faults.cut(778, clean=True, path="p-kub-1/log")
    replay("log_kubelet_killed", text=lambda text: is_log(text[: text.rindex("\n") + 1]))
    fault = faults.kubelet_down()
    fault.parameters["body"]["message"] = (
        'Get "https://127.0.0.1:10250/containerLogs/osbs/p-kub-1-build/custom-build?follow=true": '
        "dial tcp 127.0.0.1:10250: connect: connection refused"
    )
    static(replay, "log_kubelet_down", "build_kubelet_down")
    faults.check()
    replay.sandbox.faults.compact()
    static(replay, "watch_from_one_410", "watch_from_one_410_list_style")
    _start(replay, "p-mas", 300)
    for watch, log in (
        ("watch_master_term", "log_master_term"),
        ("watch_master_kill", "log_master_kill"),
    ):
        exchanges = [replay.begin(watch), replay.begin(log)]
        for exchange in exchanges:
            assert exchange.received.wait(5)
        faults.restart(0.02)
        while not replay.sandbox.listening:
            pass
        replay.end(exchanges[0], ended="broken")
        replay.end(
            exchanges[1], ended="broken", text=lambda text: is_log(text[: text.rindex("\n") + 1])
        )
    faults.check()


@scene()
def history(replay):
    replay.config("p-hist", fake(0), successfulBuildsHistoryLimit=1)
    for number in (1, 2, 3):
        replay.instantiate("p-hist")
        replay.wait_phase("p-hist-{}".format(number), "Complete")
    replay.wait("builds", "p-hist-2", lambda build: build is None)
    static(
        replay,
        "bc_put_lastversion_back",
        "bc_put_other_uid",
        "bc_put_delete_recreate",
        "put_on_collection",
        "post_on_item",
        "get_instantiate",
        "bc_patch_200",
    )


@scene(pod_deleted=0.3)
def pod_deletion(replay):
    _start(replay, "p-plain", 300)
    log = replay.begin("log_pod_deleted_midway")
    log.received.wait(5)
    replay("pod_delete_running")
    replay.end(log, text=is_log)
    replay.wait_phase("p-plain-1", "Error")
    static(replay, "build_error_pod_deleted", "log_error_400")
