"""The context manager that runs a sandbox in a child process."""

import os
import subprocess
import sys
import threading

import pytest

from osbs.exceptions import OsbsException
from osbs.sandbox import testing
from osbs.sandbox.testing import serving

pytest.importorskip("aiohttp")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="module")
def sandbox():
    with serving(speed=5) as sandbox:
        yield sandbox


def start_build(sandbox, name):
    repository = sandbox.make_repository(name)
    build = sandbox.osbs.create_orchestrator_build(**sandbox.build_arguments(repository))
    return build.get_build_name()


def test_configuration_and_credentials_are_ready_for_use(sandbox):
    assert sandbox.osbs.get_user()["metadata"]["name"] == sandbox.user
    assert sandbox.configuration().get_openshift_base_uri() == sandbox.url


def test_a_build_is_scripted_over_the_control_plane(sandbox):
    sandbox.script("scripted-*", failing_plugin="squash", message="no space left")
    build = sandbox.osbs.wait_for_build_to_finish(start_build(sandbox, "scripted"))
    assert build.get_error_message() == "Error in plugin squash: no space left"


def test_an_invalid_outcome_is_refused_with_its_reason(sandbox):
    with pytest.raises(ValueError, match="unknown field 'colour'; known are duration"):
        sandbox.script("x", colour="red")


def test_faults_are_set_and_counted(sandbox):
    sandbox.faults.add("status", status=503, path="/users/")
    assert [fault["fired"] for fault in sandbox.faults] == [0]
    with pytest.raises(testing.UnfiredFaults, match="status"):
        sandbox.check_faults()
    sandbox.osbs.get_user()
    sandbox.check_faults()
    sandbox.faults.clear()
    assert list(sandbox.faults) == []


def test_the_request_log_can_be_read(sandbox):
    sandbox.osbs.get_user()
    assert "/oapi/v1/users/~/" in [record["path"] for record in sandbox.requests]


@pytest.mark.usefixtures("own_tmpdir")
def test_after_a_crash_it_restarts_with_its_state():
    with serving(speed=5) as sandbox:
        name = start_build(sandbox, "hello")
        url = sandbox.url
        sandbox.osbs.wait_for_build_to_finish(name)
        sandbox.kill()
        with pytest.raises(OsbsException), sandbox.osbs.retries_disabled():
            sandbox.osbs.list_builds()
        sandbox.start()
        assert sandbox.url == url
        assert [build.get_build_name() for build in sandbox.osbs.list_builds()] == [name]


def test_options_of_the_server_can_be_given():
    options = dict(tls=False, oapi=False, namespace="ham", users=[("eva", "secret", "view")])
    with serving(**options) as sandbox:
        conf = sandbox.configuration(username="eva", password="secret")
        assert (conf.get_namespace(), conf.get_openshift_api()) == ("ham", "apis")
        assert sandbox.url.startswith("http://")
        assert sandbox.ca is None


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="'colour'"):
        with serving(colour="red"):
            pass


def test_a_process_that_does_not_start_says_why():
    with pytest.raises(RuntimeError, match="is not a number greater than 0"):
        with serving(speed=-1):
            pass


def test_a_fault_that_never_happened_fails_the_block():
    with pytest.raises(testing.UnfiredFaults):
        with serving(faults=[{"kind": "delay", "seconds": 1}]):
            pass


@pytest.mark.usefixtures("own_tmpdir")
@pytest.mark.parametrize("way", ["kill", "stop"])
def test_a_fault_that_never_happened_before_the_end_of_the_process_fails_the_block(way):
    with pytest.raises(testing.UnfiredFaults):
        with serving(faults=[{"kind": "delay", "seconds": 1}]) as sandbox:
            getattr(sandbox, way)()
            sandbox.start()


@pytest.mark.usefixtures("own_tmpdir")
def test_faults_that_were_removed_after_a_crash_do_not_count_as_unfired():
    with serving(faults=[{"kind": "delay", "seconds": 1}]) as sandbox:
        sandbox.kill()
        sandbox.start()
        sandbox.faults.clear()


@pytest.mark.usefixtures("own_tmpdir")
@pytest.mark.parametrize("ways", [["kill"], ["stop"], ["kill", "kill"]])
def test_a_sandbox_may_have_ended_before_the_block_does(ways):
    with serving() as sandbox:
        for way in ways:
            getattr(sandbox, way)()


@pytest.mark.usefixtures("own_tmpdir")
def test_a_sandbox_that_refuses_connections_can_be_killed():
    with serving(faults=[{"kind": "refuse", "seconds": 60}]) as sandbox:
        sandbox.kill()


@pytest.mark.usefixtures("own_tmpdir")
def test_the_control_plane_of_an_ended_sandbox_raises():
    with serving() as sandbox:
        sandbox.kill()
        with pytest.raises(RuntimeError, match="the sandbox is not running"):
            list(sandbox.faults)


def test_an_invalid_fault_ends_a_sandbox_in_a_thread():
    before = set(threading.enumerate())
    with pytest.raises(ValueError, match="unknown fault 'no-such-kind'"):
        with testing.running(faults=[{"kind": "no-such-kind"}]):
            pass
    left = [thread for thread in set(threading.enumerate()) - before if "sandbox" in thread.name]
    assert left == []


def test_serve_ends_with_the_program_that_holds_its_stdin():
    process = subprocess.Popen(
        [sys.executable, "-m", "osbs.sandbox.cli", "serve", "--until-eof"],
        env=dict(os.environ, PYTHONPATH=ROOT),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline().startswith(b"{")
        process.stdin.close()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_without_scripts_outcomes_cannot_be_set():
    with serving(processes=True) as sandbox:
        with pytest.raises(ValueError, match="are processes, not scripted"):
            sandbox.script(duration=1)


def test_passwords_of_users_are_not_in_the_list_of_processes():
    with serving(tls=False, users=[("eva", "secret", "view")]) as sandbox:
        with open("/proc/{}/cmdline".format(sandbox._process.pid), "rb") as source:
            assert b"secret" not in source.read()
        assert os.stat(os.path.join(sandbox.directory, "users")).st_mode & 0o777 == 0o600
