"""What the real ``osbs`` says while it waits, and how soon it gives up."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import signal
import socket
import time

import pytest

from tests.conftest import SandboxProcess, watchdog
from tests.system import client
from tests.system.control import Control

DONE, NETWORK, INTERRUPTED = 0, 4, 130
# Seconds: far more than a command needs that gives up at once, far less than its retries take.
SOON = 30

QUOTA = {
    "kind": "ResourceQuota",
    "apiVersion": "v1",
    "metadata": {"name": "pause"},
    "spec": {"hard": {"pods": "0"}},
}
OF_A_SERVER = [
    ["list-builds"],
    ["watch-builds"],
    ["watch-build", "b-1"],
    ["build-logs", "-f", "b-1"],
    ["get-build", "b-1"],
    ["cancel-build", "b-1"],
    ["import-image", "i"],
    ["get-user"],
    ["get-quota"],
    ["get-build-image-id", "b-1"],
    ["get-serviceaccount-token", "builder"],
    ["backup-builder", "-f", "-"],
]


@pytest.fixture(scope="module")
def scripted(tmpdir_factory):
    """A sandbox whose builds take no time."""
    script = tmpdir_factory.mktemp("script").join("outcomes.json")
    script.write(json.dumps({"default": {"lines": ["line 1"]}}))
    process = SandboxProcess("--scripted", str(script), "--speed", "50")
    yield process
    process.stop()


@pytest.fixture
def control(scripted):
    control = Control(scripted)
    yield control
    control.forget()


@pytest.fixture
def repository(tmpdir):
    # Its builds are of a BuildConfig of their own.
    return client.make_repository(tmpdir.join(tmpdir.basename.replace("_", "-")))


@pytest.fixture
def run(scripted, home):
    def run_osbs(*arguments):
        return client.osbs("--config", scripted["config"], *arguments, HOME=home)

    return run_osbs


@pytest.fixture
def paused(control):
    """A quota that allows no pods; gives the function that removes it."""
    quotas = control.url + "api/v1/namespaces/osbs/resourcequotas"

    def resume():
        control.session.delete(quotas + "/pause", headers=control.headers)

    control.session.post(quotas, json=QUOTA, headers=control.headers).raise_for_status()
    yield resume
    resume()


def unused_port():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    return port


def test_a_server_that_is_overloaded_is_told(run, control):
    control.fault("status", status=503, path="/users/")
    result = run("--output", "json", "get-user")
    assert (result.status, json.loads(result.stdout)["kind"]) == (DONE, "User")
    assert result.stderr == "server answered 503 Service Unavailable, trying again now (1 of 8)\n"


def test_without_retries_an_overloaded_server_is_an_error_at_once(run, control):
    control.fault("status", status=503, path="/users/")
    result = run("--retries", "0", "get-user")
    assert result.status == 1
    assert "trying again" not in result.stderr


def test_a_server_that_does_not_respond_in_time_is_an_error(run, control):
    control.fault("delay", seconds=SOON, path="/users/")
    started = time.time()
    result = run("--request-timeout", "0.5", "--retries", "0", "get-user")
    assert result.status == NETWORK
    assert time.time() - started < SOON


@pytest.mark.parametrize("command", OF_A_SERVER, ids=lambda command: command[0])
@pytest.mark.parametrize("trouble", ["http to a TLS port", "refused"])
def test_a_server_that_was_never_reached_is_given_up_soon(scripted, home, trouble, command):
    url = scripted["url"].replace("https://", "http://")
    if trouble == "refused":
        url = "https://127.0.0.1:%d/" % unused_port()
    started = time.time()
    result = client.osbs("--openshift-uri", url, "--without-auth", *command, HOME=home)
    assert (result.status, result.stdout) == (NETWORK, "")
    assert time.time() - started < SOON


def test_each_phase_of_a_build_is_told(scripted, home, control, repository, paused):
    arguments = client.orchestrator(scripted["config"], repository, "--no-logs")
    process = client.osbs_process(*arguments, HOME=home)
    timer = watchdog(process, 60)
    try:
        lines = []
        while "quota" not in "".join(lines[-1:]):
            lines.append(process.stderr.readline().decode("utf-8"))
            assert lines[-1], lines
        paused()
        stdout, stderr = process.communicate()
    finally:
        timer.cancel()
    name = stdout.decode("utf-8").strip()
    told = [line.rpartition(": ")[2] for line in lines + stderr.decode("utf-8").splitlines()]
    told = [phase.strip() for phase in told]
    assert told[told.index("New, quota `pause` allows no pods") :] == [
        "New, quota `pause` allows no pods",
        "Pending",
        "Running on sandbox",
    ]
    assert lines[-1].startswith("waiting for build %s: New, " % name)


def test_ctrl_c_says_what_was_waited_for_and_how_to_go_on(scripted, home, repository, paused):
    arguments = client.orchestrator(scripted["config"], repository)
    arguments = ["--namespace", "osbs", "--retries", "3"] + arguments
    process = client.osbs_process(*arguments, HOME=home)
    timer = watchdog(process, 60)
    try:
        line = "start"
        while line and "quota" not in line:
            line = process.stderr.readline().decode("utf-8")
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate()
    finally:
        timer.cancel()
    name = line.split(":")[0].rpartition(" ")[2]
    assert (process.returncode, stdout) == (INTERRUPTED, b"Quitting on user request.\n")
    assert stderr.decode("utf-8").splitlines() == [
        "Interrupted while waiting for build %s: New, quota `pause` allows no pods; to go on: osbs"
        " --config %s --namespace osbs --retries 3 build-logs -f %s"
        % (name, scripted["config"], name)
    ]


def test_a_build_of_the_sandbox_raises_no_warning(scripted, home, repository):
    result = client.osbs(*client.orchestrator(scripted["config"], repository), HOME=home)
    assert result.status == DONE
    others = [
        line for line in result.stderr.splitlines() if not line.startswith("waiting for build ")
    ]
    assert others == []
