"""A whole orchestrator build on the sandbox: requests, results, failures, cancelling."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import os
import re
import time

import pytest
import requests
import six

from osbs.api import OSBS
from osbs.conf import Configuration
from tests.system import client

PLATFORMS = ["x86_64", "ppc64le"]
CLUSTERS = {"x86_64": "osbs-x86-64", "ppc64le": "osbs-ppc64le"}
ALL_PLATFORMS = ["--platforms", "x86_64", "--platforms", "ppc64le"]
STREAMS = re.compile(r"/watch/|/log/|[?&]watch=true")


def connect(sandbox, **settings):
    conf = Configuration(conf_file=sandbox["config"], **settings)
    return OSBS(conf, conf)


def create(osbs, repository, **more):
    """Start an orchestrator build and return its name."""
    arguments = {"git_uri": repository, "git_ref": client.BRANCH, "git_branch": client.BRANCH}
    arguments.update(user="osbs", target="candidate", platforms=PLATFORMS, koji_task_id=7)
    arguments.update(more)
    return osbs.create_orchestrator_build(**arguments).get_build_name()


def recorded(sandbox, user="osbs"):
    """Return the recorded requests of a user as (connection, text) pairs."""
    answer = requests.get(sandbox["url"] + "_sandbox/requests", verify=sandbox["ca"])
    return [
        (entry["connection"], " ".join([entry["method"], entry["path"] + _query(entry)]))
        for entry in answer.json()
        if entry["user"] == user
    ]


def _query(entry):
    return "?" + entry["query"] if entry["query"] else ""


def forget(sandbox):
    requests.delete(sandbox["url"] + "_sandbox/requests", verify=sandbox["ca"]).raise_for_status()


def without_repeats(texts):
    return [text for i, text in enumerate(texts) if i == 0 or text != texts[i - 1]]


@pytest.fixture(scope="module")
def workspace(tmpdir_factory):
    return tmpdir_factory.mktemp("flow")


@pytest.fixture(scope="module")
def finished(sandbox, workspace):
    """One build through the ``osbs`` command: (result, requests, name)."""
    repository = client.make_repository(workspace.join("flow"))
    forget(sandbox)
    result = client.osbs(*client.orchestrator(sandbox["config"], repository, *ALL_PLATFORMS))
    name = re.search(r"^build (\S+) is ", result.stdout, re.MULTILINE).group(1)
    return result, recorded(sandbox), name


@pytest.fixture(scope="module")
def build(sandbox, finished):
    """The Build of ``finished``, a BuildResponse."""
    return connect(sandbox).get_build(finished[2])


def test_a_build_ends_with_status_0_and_says_complete(finished):
    result, _, name = finished
    assert (result.status, "build %s is complete\n" % name in result.stdout) == (0, True)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_followed_log_has_lines_of_each_platform(finished, platform):
    assert re.search(
        "^[-0-9]+ [:,0-9]+ platform:%s - atomic_reactor.plugins.orchestrate_build - INFO - [-0-9]+ "
        "[:,0-9]+ platform:- - " % platform,
        finished[0].stdout,
        re.MULTILINE,
    )


def test_the_log_says_that_no_image_is_built(finished):
    assert "no image is built" in finished[0].stdout


def test_non_ascii_steps_come_through_the_followed_logs(sandbox, workspace):
    text = client.dockerfile() + "RUN echo gr\u00fc\u00df dich \u2603\n"
    repository = client.make_repository(workspace.join("umlaut"), {"Dockerfile": text})
    result = client.osbs(
        *client.orchestrator(sandbox["config"], repository, "--platforms", "x86_64")
    )
    assert "RUN echo gr\u00fc\u00df dich \u2603\n" in result.stdout


def test_all_requests_but_logs_and_watches_share_one_tls_connection(finished):
    connections = {number for number, text in finished[1] if not STREAMS.search(text)}
    assert len(connections) == 1


def test_each_log_and_watch_has_a_connection_of_its_own(finished):
    streams = [number for number, text in finished[1] if STREAMS.search(text)]
    others = {number for number, text in finished[1] if not STREAMS.search(text)}
    assert len(set(streams)) == len(streams) and not others & set(streams)


def test_a_first_build_sends_what_the_specification_calls_for_and_no_more(finished):
    name = finished[2]
    config = name.rpartition("-")[0]
    of_project = "/oapi/v1/namespaces/osbs/"
    watch = "GET /oapi/v1/watch/namespaces/osbs/builds/%s/" % name
    of_build = "GET %sbuilds/%s/" % (of_project, name)
    labels = "labelSelector=git-repo-name%3Dflow%2Cgit-branch%3Ddemo"
    pods = "/api/v1/namespaces/osbs/pods/?labelSelector=openshift.io%2Fbuild.name%3D" + name
    assert without_repeats([text for _, text in finished[1]]) == [
        "GET /oauth/authorize?response_type=token&client_id=openshift-challenging-client",
        "GET /api/v1/namespaces/osbs/configmaps/reactor-config-map",
        "GET %sbuildconfigs/?%s" % (of_project, labels),
        "GET %sbuildconfigs/%s/" % (of_project, config),
        "POST %sbuildconfigs/" % of_project,
        "POST %sbuildconfigs/%s/instantiate" % (of_project, config),
        watch,  # until it is scheduled
        "GET %s" % pods,  # where it runs
        of_build,
        watch,  # likewise, for the log
        of_build + "log/?follow=1",
        of_build,  # is it finished?
        of_build + "log/?tailLines=100",
        watch,  # until it is finished
        of_build,
    ]


def test_a_second_build_updates_the_build_config_that_is_there(sandbox, finished):
    repository = client.make_repository(
        # The same repository and branch again: only the last part of the path counts.
        _py_path(sandbox, "again").join("flow")
    )
    forget(sandbox)
    arguments = client.orchestrator(sandbox["config"], repository, "--no-logs", *ALL_PLATFORMS)
    assert client.osbs(*arguments).status == 0
    name = finished[2].rpartition("-")[0]
    of_project = "/oapi/v1/namespaces/osbs/"
    by_labels = "GET %sbuildconfigs/?labelSelector=git-repo-name%%3Dflow%%2Cgit-branch%%3Ddemo" % (
        of_project
    )
    assert without_repeats([text for _, text in recorded(sandbox)])[2:7] == [
        by_labels,
        "GET %sbuilds/?labelSelector=buildconfig%%3D%s" % (of_project, name),
        "PUT %sbuildconfigs/%s" % (of_project, name),
        "POST %sbuildconfigs/%s/instantiate" % (of_project, name),
        "GET /oapi/v1/watch/namespaces/osbs/builds/%s-2/" % name,
    ]
    connect(sandbox).wait_for_build_to_finish(name + "-2", timeout=60)


def _py_path(sandbox, name):
    import py

    return py.path.local(os.path.dirname(sandbox["config"])).join(name)


def test_repositories_of_the_build_are_stored(build):
    repositories = build.get_repositories()
    assert repositories["primary"] == [
        "127.0.0.1:5000/team/hello:" + tag for tag in ("latest", "1.0", "1.0-1")
    ]
    assert build.get_image_tag().rpartition(":")[2] in repositories["unique"][0]


def test_digests_of_the_build_are_stored(build):
    assert [(d["repository"], d["tag"], d["digest"][:7]) for d in build.get_digests()][1:] == [
        ("team/hello", tag, "sha256:") for tag in ("latest", "1.0", "1.0-1")
    ]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_worker_builds_are_stored_with_cluster_and_digests(sandbox, build, platform):
    worker = json.loads(build.get_annotations()["worker-builds"])[platform]
    assert (worker["build"]["cluster-url"], worker["build"]["namespace"]) == (
        sandbox["url"],
        CLUSTERS[platform],
    )
    assert worker["digests"][0]["tag"].endswith("-" + platform)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_worker_builds_are_real_builds_in_their_cluster(sandbox, build, platform):
    worker = json.loads(build.get_annotations()["worker-builds"])[platform]["build"]
    osbs = connect(sandbox, namespace=worker["namespace"])
    response = osbs.get_build(worker["build-name"])
    environment = response.json["spec"]["strategy"]["customStrategy"]["env"]
    params = [json.loads(e["value"]) for e in environment if e["name"] == "USER_PARAMS"][0]
    assert (response.status, params["platform"], params["release"]) == ("complete", platform, "1")


def test_plugins_metadata_has_durations_and_no_errors(build):
    metadata = json.loads(build.get_annotations()["plugins-metadata"])
    assert (metadata["errors"], metadata["durations"]["orchestrate_build"] > 0) == ({}, True)


def test_koji_build_id_is_a_label(build):
    assert build.get_koji_build_id().isdigit()


def test_metadata_of_the_workers_is_removed_in_the_end(sandbox, build):
    for platform, worker in json.loads(build.get_annotations()["worker-builds"]).items():
        url = "%sapi/v1/namespaces/%s/configmaps/%s-md" % (
            sandbox["url"],
            CLUSTERS[platform],
            worker["build"]["build-name"],
        )
        headers = {"Authorization": "Bearer " + sandbox["token"]}
        assert requests.get(url, verify=sandbox["ca"], headers=headers).status_code == 404


def test_the_build_config_counts_as_rebuilt_automatically_from_now_on(sandbox, finished):
    config = connect(sandbox).os.get_build_config(finished[2].rpartition("-")[0])
    assert config["metadata"]["labels"]["is_autorebuild"] == "true"


def test_the_result_is_imported_into_its_image_stream(sandbox, build):
    stream = connect(sandbox).get_image_stream("team-hello").json()
    assert {tag["name"] for tag in stream["spec"]["tags"]} >= {"latest", "1.0", "1.0-1"}


def test_the_log_of_a_finished_build_is_told_apart_by_platform(sandbox, finished):
    entries = list(connect(sandbox).get_orchestrator_build_logs(finished[2]))
    assert {entry.platform for entry in entries} == {None, "x86_64", "ppc64le"}
    assert not [e for e in entries if e.platform and " platform:- " in e.line]


def test_get_build_shows_the_worker_builds(sandbox, finished):
    result = client.osbs("--config", sandbox["config"], "get-build", finished[2])
    expected = "x86_64 WORKER BUILD\n\n%s on %s (osbs-x86-64)" % (finished[2], sandbox["url"])
    assert expected in result.stdout


def test_list_builds_shows_the_build(sandbox, finished):
    result = client.osbs("--config", sandbox["config"], "list-builds")
    assert re.search(r"^ %s +\| complete +\| team/hello:latest" % finished[2], result.stdout, re.M)


def test_no_secret_is_in_the_log(sandbox, finished):
    assert [
        word for word in (sandbox["password"], sandbox["token"]) if word in repr(finished[0])
    ] == []


# Failures. The key ``sandbox`` of the reactor config asks the pods for them.


def reactor_config(osbs, **wishes):
    config = osbs.get_config_map("reactor-config-map").get_data_by_key("config.yaml")
    return dict(config, sandbox=wishes)


def failing(sandbox, workspace, name, plugin, platform, message="no space left"):
    """Run a build in which a plugin fails, and return it when it is finished."""
    osbs = connect(sandbox)
    wish = {"plugin": plugin, "platform": platform, "message": message}
    repository = client.make_repository(workspace.join(name))
    override = reactor_config(osbs, fail=[wish])
    build_id = create(osbs, repository, reactor_config_override=override)
    return osbs.wait_for_build_to_finish(build_id, timeout=60)


@pytest.fixture(scope="module")
def failed_worker(sandbox, workspace):
    return failing(sandbox, workspace, "worker", "squash", "ppc64le")


def test_a_failed_worker_fails_the_build(failed_worker):
    assert failed_worker.is_failed()


def test_the_error_names_platform_plugin_and_words(failed_worker):
    message = failed_worker.get_error_message()
    assert message.startswith("Error in plugin orchestrate_build: ")
    reasons = json.loads(message.split(": ", 1)[1])
    assert list(reasons) == ["ppc64le"]
    assert reasons["ppc64le"]["general"] == "Error in plugin squash: no space left"


def test_the_error_has_the_reason_of_the_workers_pod(failed_worker):
    reasons = json.loads(failed_worker.get_error_message().split(": ", 1)[1])
    assert reasons["ppc64le"]["pod"]["exitCode"] == 1


def test_the_other_worker_is_complete(sandbox, failed_worker):
    workers = json.loads(failed_worker.get_annotations()["worker-builds"])
    osbs = connect(sandbox, namespace=CLUSTERS["x86_64"])
    assert osbs.get_build(workers["x86_64"]["build"]["build-name"]).is_succeeded()


def test_a_failed_plugin_stops_the_phases_but_the_last(sandbox, workspace):
    response = failing(sandbox, workspace, "plugin", "koji_parent", None)
    metadata = json.loads(response.get_annotations()["plugins-metadata"])
    assert metadata["errors"] == {"koji_parent": "no space left"}
    assert [
        n for n in ("resolve_composes", "orchestrate_build") if n in metadata["durations"]
    ] == []


def test_a_failed_build_has_no_koji_build_id(failed_worker):
    assert failed_worker.get_koji_build_id() is None


def test_termination_message_of_a_failed_build_names_the_plugin(sandbox, failed_worker):
    snippet = connect(sandbox).get_build(failed_worker.get_build_name()).json["status"]
    assert "'orchestrate_build' failed" in snippet["logSnippet"]


def test_osbs_build_ends_with_status_1_when_the_build_failed(sandbox, workspace):
    osbs = connect(sandbox)
    config = reactor_config(osbs, fail=[{"plugin": "koji_parent"}])
    osbs.create_config_map("failing-map", {"config.yaml": config})
    path = client.changed_conf(
        sandbox, workspace.join("failing.conf"), reactor_config_map="failing-map"
    )
    repository = client.make_repository(workspace.join("status"))
    result = client.osbs(*client.orchestrator(path, repository, "--platforms", "x86_64"))
    assert (result.status, " is failed\n" in result.stdout) == (1, True)


def test_a_platform_without_a_cluster_fails_the_build(sandbox, workspace):
    repository = client.make_repository(workspace.join("cluster"))
    result = client.osbs(
        *client.orchestrator(sandbox["config"], repository, "--platforms", "s390x")
    )
    assert (result.status, "no platform to build for" in result.stdout) == (1, True)


def test_without_platforms_all_clusters_build(sandbox, workspace):
    repository = client.make_repository(workspace.join("everywhere"))
    result = client.osbs(*client.orchestrator(sandbox["config"], repository))
    lines = [p for p in PLATFORMS if "platform:%s - " % p in result.stdout]
    assert (result.status, lines) == (0, PLATFORMS)


def test_a_release_that_was_asked_for_reaches_the_workers(sandbox, workspace):
    osbs = connect(sandbox)
    repository = client.make_repository(workspace.join("release"))
    name = create(osbs, repository, release="42")
    build = osbs.wait_for_build_to_finish(name, timeout=60)
    assert build.get_repositories()["primary"][-1] == "127.0.0.1:5000/team/hello:1.0-42"


def test_a_scratch_build_has_only_the_unique_tag(sandbox, workspace):
    repository = client.make_repository(workspace.join("scratch"))
    arguments = client.orchestrator(
        sandbox["config"], repository, "--scratch", "--platforms", "x86_64"
    )
    result = client.osbs(*arguments)
    assert (result.status, "primary repositories" in result.stdout) == (0, False)


@pytest.mark.parametrize(
    "kind, options, files",
    [
        ("isolated", ["--orchestrator", "--isolated", "--release", "1.2"], None),
        pytest.param(
            "flatpak",
            ["--orchestrator", "--flatpak"],
            {"container.yaml": "compose: {modules: ['eog:stable:2018']}\n"},
            marks=pytest.mark.slow,
        ),
        pytest.param("all-in-one", ["--prod"], None, marks=pytest.mark.slow),
        pytest.param(
            "five",
            ["--orchestrator", "--arrangement-version", "5", "--platforms", "x86_64"],
            None,
            marks=pytest.mark.slow,
        ),
        (
            "alone",
            ["--worker", "--platform", "x86_64", "--release", "1", "--arrangement-version", "6"],
            None,
        ),
    ],
    ids=lambda value: value if isinstance(value, type("")) else "",
)
def test_every_kind_of_build_completes(sandbox, workspace, kind, options, files):
    repository = client.make_repository(workspace.join(kind), files)
    arguments = client.orchestrator(sandbox["config"], repository, *options)
    arguments.remove("--orchestrator")
    result = client.osbs(*arguments)
    assert (result.status, " is complete" in result.stdout) == (0, True), result


@pytest.fixture(scope="module")
def cancelled(sandbox, workspace):
    """A build that was cancelled while its workers ran: (Build, builds of the workers)."""
    osbs = connect(sandbox)
    repository = client.make_repository(workspace.join("cancelled"))
    override = reactor_config(osbs, build_seconds=300)
    name = create(osbs, repository, reactor_config_override=override)
    clusters = [connect(sandbox, namespace=CLUSTERS[platform]) for platform in PLATFORMS]
    entries = osbs.get_orchestrator_build_logs(name, follow=True)
    working = set()
    for entry in entries:
        if entry.platform and "running buildstep plugins" in entry.line:
            working.add(entry.platform)
        if working == set(PLATFORMS):
            break
    entries.close()
    osbs.cancel_build(name)
    started = time.time()
    build = osbs.wait_for_build_to_finish(name, timeout=30)
    workers = [cluster.wait_for_build_to_finish(name, timeout=30) for cluster in clusters]
    return build, workers, time.time() - started


def test_a_cancelled_build_is_cancelled(cancelled):
    assert cancelled[0].is_cancelled()


def test_workers_of_a_cancelled_build_are_cancelled_too(cancelled):
    assert [worker.status for worker in cancelled[1]] == ["cancelled", "cancelled"]


def test_cancelling_takes_a_few_seconds(cancelled):
    assert cancelled[2] < 8


def children(pid):
    """Return the ids of the processes that a process has started and that still run."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open("/proc/%s/stat" % entry) as stat:
                fields = stat.read().rpartition(")")[2].split()
        except (IOError, OSError):
            continue
        if entry.isdigit() and fields[1] == str(pid) and fields[0] != "Z":
            found.append(int(entry))
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
def test_no_pod_outlives_its_cancelled_build(sandbox, cancelled):
    deadline = time.time() + 10
    while children(sandbox.process.pid) and time.time() < deadline:
        time.sleep(0.05)
    assert children(sandbox.process.pid) == []


@pytest.mark.skipif(six.PY2, reason="the sandbox is Python 3 only")
@pytest.mark.parametrize(
    "arrangement", [1] + [pytest.param(later, marks=pytest.mark.slow) for later in (2, 3, 4, 5)]
)
def test_an_orchestrator_has_the_repositories_and_the_koji_id_of_its_workers(arrangement):
    from osbs.sandbox import testing

    with testing.running(processes=True) as sandbox:
        conf = sandbox.configuration(arrangement_version=arrangement)
        osbs = OSBS(conf, conf)
        arguments = sandbox.build_arguments(sandbox.make_repository())
        build = osbs.create_orchestrator_build(**arguments)
        build = osbs.wait_for_build_to_finish(build.get_build_name())
        assert build.is_succeeded(), build.get_error_message()
        assert build.get_repositories()["unique"]
        assert int(build.get_koji_build_id())
