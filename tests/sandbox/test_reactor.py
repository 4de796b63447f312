"""The program in the build pod: inputs, plugins, log, exit."""

import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
import types

import pytest
from flexmock import flexmock

from osbs.sandbox.reactor import context as contexts
from osbs.sandbox.reactor.context import ReactorError
from osbs.sandbox.reactor import log, plugins, runner, variables, workers
from osbs.utils import Labels

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INPUTS = os.path.join(ROOT, "inputs")
BUILD = {"metadata": {"name": "hello-1", "namespace": "osbs", "labels": {"buildconfig": "hello"}}}


def environment(**more):
    return dict({"BUILD": json.dumps(BUILD), "USER_PARAMS": '{"build_type": "worker"}'}, **more)


def make_context(plugin_phases=None, **more):
    context = contexts.BuildContext(environment(**more))
    if plugin_phases is not None:
        flexmock(context).should_receive("plugins").and_return(plugin_phases)
    context._repo_info = flexmock(dockerfile_parser=None)
    context._osbs = flexmock()
    return context


@pytest.fixture
def program(monkeypatch):
    """Register a plugin that records its calls, and one that fails."""
    calls = []

    def note(context, args):
        calls.append(args)
        return "noted"

    def fail(context, args):
        raise ValueError("broken")

    monkeypatch.setitem(plugins.PLUGINS, "note", note)
    monkeypatch.setitem(plugins.PLUGINS, "fail", fail)
    return calls


# inputs


@pytest.mark.parametrize(
    "changes, culprit",
    [
        ({"BUILD": None}, "BUILD"),
        ({"BUILD": "{"}, "BUILD"),
        ({"BUILD": "[]"}, "BUILD"),
        ({"BUILD": '{"metadata": {"name": "x"}}'}, "metadata.namespace"),
        ({"USER_PARAMS": "no"}, "USER_PARAMS"),
        ({"USER_PARAMS": None}, "USER_PARAMS"),
        ({"REACTOR_CONFIG": "a: b: c"}, "REACTOR_CONFIG"),
        ({"REACTOR_CONFIG": "- a"}, "REACTOR_CONFIG"),
        ({"REACTOR_CONFIG": "!!python/object/apply:os.getpid []"}, "REACTOR_CONFIG"),
    ],
)
def test_a_bad_variable_is_one_error_and_status_1(tmpdir, changes, culprit):
    env = dict(os.environ, PYTHONPATH=ROOT, **environment())
    env[variables.TERMINATION_LOG] = str(tmpdir.join("message"))
    for name, value in changes.items():
        env.pop(name) if value is None else env.update({name: value})
    process = subprocess.Popen(
        [sys.executable, "-m", "osbs.sandbox.reactor"],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    # stdin stays open: its end means that the sandbox is gone.
    lines = process.stdout.read().decode().splitlines()
    status = process.wait()
    process.stdin.close()
    process.stdout.close()
    errors = [line for line in lines if " - ERROR - " in line]
    assert (status, len(errors), culprit in errors[0]) == (1, 1, True), lines
    assert culprit in tmpdir.join("message").read()


def test_the_program_ends_when_the_sandbox_is_gone():
    code = (
        "import threading\nfrom osbs.sandbox.reactor import __main__\n"
        "__main__.watch_parent()\nprint('up', flush=True)\nthreading.Event().wait(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=dict(os.environ, PYTHONPATH=ROOT),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    process.stdin.close()
    assert process.wait() == 1
    process.stdout.close()


def test_user_params_are_rendered_with_the_library():
    params = {
        "build_type": "worker",
        "build_json_dir": INPUTS,
        "git_uri": "https://example.com/hello.git",
        "git_ref": "main",
        "git_branch": "main",
        "user": "osbs",
        "arrangement_version": 6,
        "platform": "ppc64le",
        "image_tag": "osbs/hello:t-1-2-ppc64le",
        "component": "hello",
        "name": "hello",
        "build_image": "buildroot:latest",
    }
    context = contexts.BuildContext(
        environment(USER_PARAMS=json.dumps(params), **{variables.URL: "https://127.0.0.1:1/"})
    )
    upload = [p for p in context.plugins()["postbuild_plugins"] if p["name"] == "koji_upload"]
    assert upload[0]["args"]["platform"] == "ppc64le"


def test_builds_before_arrangement_6_bring_their_plugins():
    rendered = {"exit_plugins": [{"name": "sendmail"}]}
    env = environment(USER_PARAMS="", ATOMIC_REACTOR_PLUGINS=json.dumps(rendered))
    assert contexts.BuildContext(env).plugins() == rendered


def test_secrets_are_looked_up_in_the_pods_own_directory():
    context = make_context(**{variables.SECRETS_DIR: "/pod/secrets"})
    assert [context.secret_path(p) for p in ("/var/run/secrets/a/b", "/etc/c")] == [
        "/pod/secrets/var/run/secrets/a/b",
        "/etc/c",
    ]


def test_builds_before_arrangement_6_find_the_reactor_config_in_a_secret(tmpdir):
    mount = "/var/run/secrets/atomic-reactor/reactor"
    tmpdir.join(mount, "config.yaml").write("version: 7", ensure=True)
    context = make_context(**{variables.SECRETS_DIR: str(tmpdir)})
    plugins.reactor_config(context, {"config_path": mount})
    assert context.reactor_config == {"version": 7}


def test_a_reactor_config_that_is_not_in_its_secret_is_named(tmpdir):
    context = make_context(**{variables.SECRETS_DIR: str(tmpdir)})
    with pytest.raises(contexts.ReactorError) as caught:
        plugins.reactor_config(context, {"config_path": "/var/run/secrets/gone"})
    assert "gone/config.yaml" in str(caught.value)


def test_the_registry_comes_from_the_reactor_config():
    context = make_context(REACTOR_CONFIG="registries: [{url: 'https://reg:5000/v2'}]")
    assert context.registry == "reg:5000"


def test_every_plugin_of_the_templates_is_known():
    names = set()
    for name in os.listdir(INPUTS):
        if "inner" in name:
            with io.open(os.path.join(INPUTS, name), encoding="utf-8") as template:
                for phase in json.load(template).values():
                    names.update(p["name"] for p in phase if isinstance(p, dict))
    assert [name for name in sorted(names) if plugins.find(name) is None] == []


# phases


def test_a_plugin_gets_its_arguments_and_leaves_its_result(program):
    context = make_context({"prebuild_plugins": [{"name": "note", "args": {"a": 1}}]})
    failure = runner.run_build(context)
    assert (failure, program, context.results["note"]) == (None, [{"a": 1}], "noted")


def test_a_failed_plugin_stops_everything_but_the_exit_phase(program):
    phases = {
        "prebuild_plugins": [{"name": "fail"}, {"name": "note", "args": {"n": 1}}],
        "postbuild_plugins": [{"name": "note", "args": {"n": 2}}],
        "exit_plugins": [{"name": "note", "args": {"n": 3}}],
    }
    context = make_context(phases)
    assert runner.run_build(context) == "plugin 'fail' failed: broken"
    assert program == [{"n": 3}]


def test_a_failed_exit_plugin_does_not_stop_the_others_but_fails_the_build(program):
    phases = {"exit_plugins": [{"name": "fail"}, {"name": "note", "args": {"n": 1}}]}
    failure = runner.run_build(make_context(phases))
    assert (program, failure) == ([{"n": 1}], "plugin 'fail' failed: broken")


def test_an_unknown_plugin_fails_the_build():
    context = make_context({"prebuild_plugins": [{"name": "spam"}]})
    assert "'spam' failed: no such plugin" in runner.run_build(context)


def test_an_unknown_plugin_that_is_not_required_is_passed_over():
    phases = {"prebuild_plugins": [{"name": "spam", "required": False}]}
    assert runner.run_build(make_context(phases)) is None


def test_durations_and_errors_are_kept_for_each_plugin(program):
    context = make_context({"prebuild_plugins": [{"name": "note"}, {"name": "fail"}]})
    runner.run_build(context)
    metadata = context.results["plugins-metadata"]
    assert (sorted(metadata["durations"]), metadata["errors"]) == (
        ["fail", "note"],
        {"fail": "broken"},
    )


@pytest.mark.parametrize(
    "platform, wish, fails",
    [
        ("ppc64le", {"plugin": "squash"}, True),
        ("ppc64le", {"plugin": "squash", "platform": "ppc64le"}, True),
        ("x86_64", {"plugin": "squash", "platform": "ppc64le"}, False),
        ("x86_64", {"plugin": "koji"}, False),
    ],
)
def test_the_reactor_config_can_ask_for_a_failure(platform, wish, fails):
    context = make_context(
        {"prepublish_plugins": [{"name": "squash"}]},
        USER_PARAMS=json.dumps({"platform": platform}),
        REACTOR_CONFIG=json.dumps({"sandbox": {"fail": [wish]}}),
    )
    assert (runner.run_build(context) is not None) is fails


def test_sigterm_ends_a_build_even_in_a_plugin_that_catches_everything(monkeypatch):
    def plugin(context, args):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        except Exception:  # what the runner raises is not one
            return "not cancelled"

    monkeypatch.setitem(plugins.PLUGINS, "wait", plugin)
    before = signal.getsignal(signal.SIGTERM)
    runner.cancel_on_sigterm()
    try:
        with pytest.raises(runner.BuildCancelled):
            runner.run_build(make_context({"prebuild_plugins": [{"name": "wait"}]}))
    finally:
        signal.signal(signal.SIGTERM, before)


# plugins


def test_a_requested_build_marks_the_next_one_as_automatic():
    context = make_context()
    context._osbs.should_receive("update_labels_on_build_config").with_args(
        "hello", {"is_autorebuild": "true"}
    ).once()
    args = {"label_key": "is_autorebuild", "label_value": "true"}
    assert plugins.check_and_set_rebuild(context, args) is False


def test_an_automatic_rebuild_marks_nothing():
    labels = {"buildconfig": "hello", "is_autorebuild": "true"}
    build = {"metadata": dict(BUILD["metadata"], labels=labels)}
    context = make_context(BUILD=json.dumps(build))
    args = {"label_key": "is_autorebuild", "label_value": "true"}
    assert plugins.check_and_set_rebuild(context, args) is True


@pytest.mark.parametrize(
    "params, bumped, expected",
    [({"release": "9"}, "2", "9"), ({}, "2", "2"), ({}, None, "5")],
)
def test_release_is_what_was_asked_for_or_bumped_or_in_the_dockerfile(params, bumped, expected):
    context = make_context(USER_PARAMS=json.dumps(dict(params, build_type="worker")))
    context._repo_info = flexmock(dockerfile_parser=flexmock(labels={"release": "5"}))
    if bumped:
        context.results["bump_release"] = bumped
    assert plugins.release_of(context) == expected


def test_a_repository_without_dockerfile_has_default_labels():
    assert make_context().label(Labels.LABEL_TYPE_VERSION, "0") == "0"


# workers


def orchestrator(platforms=None, clusters="{x86_64: [{name: a}], ppc64le: [{name: b}]}", **results):
    context = make_context(REACTOR_CONFIG="clusters: " + clusters)
    context.results.update(results)
    args = {"build_kwargs": {"git_uri": "u", "architecture": "x", "target": "t"}}
    if platforms is not None:
        args["platforms"] = platforms
    return workers.Orchestration(context, args, "3")


@pytest.mark.parametrize(
    "wanted, enabled, expected",
    [
        (None, None, ["x86_64", "ppc64le"]),
        (["ppc64le"], None, ["ppc64le"]),
        (["ppc64le", "s390x"], ["ppc64le", "x86_64"], ["ppc64le"]),
        (["s390x"], None, ["s390x"]),
    ],
)
def test_platforms_are_those_wanted_that_are_enabled(wanted, enabled, expected):
    results = {} if enabled is None else {"check_and_set_platforms": enabled}
    assert orchestrator(wanted, **results)._platforms() == expected


def test_no_platform_at_all_is_an_error():
    with pytest.raises(contexts.ReactorError) as caught:
        orchestrator([])._platforms()
    assert "no platform to build for" in str(caught.value)


def test_workers_get_the_keywords_that_atomic_reactor_gives_them():
    assert orchestrator(check_and_set_rebuild=True)._worker_kwargs() == {
        "git_uri": "u",
        "target": "t",
        "release": "3",
        "koji_upload_dir": "koji-upload/hello-1",
        "is_auto": True,
    }


def test_the_cluster_with_the_least_load_is_chosen():
    clusters = "{x86_64: [%s, %s, %s]}" % (
        "{name: full, max_concurrent_builds: 2}",
        "{name: free, max_concurrent_builds: 8}",
        "{name: off, max_concurrent_builds: 100, enabled: false}",
    )
    orchestration = orchestrator(clusters=clusters)

    session = flexmock(retries_disabled=lambda: open(os.devnull))
    session.should_receive("list_builds").with_args(
        field_selector="status!=Failed,status!=Complete,status!=Error,status!=Cancelled"
    ).and_return([1, 2])
    flexmock(orchestration, _session=lambda name: session)
    assert orchestration._choose_cluster("x86_64").cluster == "free"


def test_a_platform_without_cluster_is_named():
    with pytest.raises(contexts.ReactorError) as caught:
        orchestrator()._choose_cluster("s390x")
    assert "s390x" in str(caught.value)


def test_a_client_configuration_that_is_not_mounted_is_named():
    with pytest.raises(contexts.ReactorError) as caught:
        orchestrator()._session("a")
    assert "osbs.conf" in str(caught.value)


def test_a_worker_that_cannot_be_created_is_a_failure_with_its_text():
    session = flexmock(retries_disabled=lambda: open(os.devnull))
    session.should_receive("create_worker_build").and_raise(ValueError("no luck"))
    worker = workers.WorkerBuild("ppc64le", "b", session)
    worker.run({})
    assert (worker.succeeded, worker.failure()) == (False, {"general": "no luck"})


def test_a_worker_that_is_being_created_is_cancelled_as_soon_as_it_exists():
    build = flexmock(get_build_name=lambda: "w-1", is_finished=lambda: False)
    session = flexmock(retries_disabled=lambda: open(os.devnull))
    worker = workers.WorkerBuild("ppc64le", "b", session)

    def create(platform):
        worker.cancel()
        return build

    flexmock(session, create_worker_build=create, get_build_logs=lambda *_, **__: None)
    session.should_receive("wait_for_build_to_finish").and_return(build)
    session.should_receive("cancel_build").with_args("w-1").once()
    worker.run({})
    assert worker.creation_done.is_set()


# log


@pytest.fixture
def output(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    root, osbs = logging.getLogger(), logging.getLogger("osbs")
    before = list(root.handlers), root.level, osbs.level
    log.install()
    yield stream
    root.handlers[:], root.level, osbs.level = before
    root.setLevel(before[1])
    osbs.setLevel(before[2])


STAMP = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} "


def test_own_lines_have_a_dash_for_the_platform(output):
    logging.getLogger("atomic_reactor.x").info("hello")
    assert re.match(STAMP + r"platform:- - atomic_reactor\.x - INFO - hello\n$", output.getvalue())


def test_relayed_lines_carry_the_platform(output):
    log.relay(logging.getLogger("atomic_reactor.x"), "s390x").info("%s", "100 %s")
    assert re.match(
        STAMP + r"platform:s390x - atomic_reactor\.x - INFO - 100 %s\n$", output.getvalue()
    )


def test_lines_of_the_library_are_there_once(output):
    logging.getLogger("osbs.core").warning("once")
    assert output.getvalue().count("once") == 1


def metadata(platform, version):
    """Return the metadata of a worker build with one package."""
    component = {"type": "rpm", "name": "bash", "version": version, "release": "1"}
    return {platform: {"output": [{"type": "docker-image", "components": [component]}]}}


def test_the_same_packages_on_all_platforms_are_fine():
    fetched = dict(metadata("x86_64", "4"), **metadata("ppc64le", "4"))
    context = types.SimpleNamespace(results={"fetch_worker_metadata": fetched})
    assert plugins.compare_components(context, {}) is None


def test_a_package_that_differs_between_platforms_fails_the_build():
    fetched = dict(metadata("x86_64", "4"), **metadata("ppc64le", "5"))
    context = types.SimpleNamespace(results={"fetch_worker_metadata": fetched})
    with pytest.raises(ReactorError, match="components differ between platforms: bash"):
        plugins.compare_components(context, {})
