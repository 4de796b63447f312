"""The state file: restart, SIGKILL, truncated last line, full disk."""

import json
import os
import resource
import subprocess
import sys

import pytest

from osbs.sandbox import testing
from osbs.sandbox.pods.runner import Runner
from osbs.sandbox.server import Sandbox
from osbs.sandbox.state.state_file import StateFile, StateFileError
from tests.sandbox.support import CORE, OAPI, QUICK, Api, Obedient, started

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

PROGRAM = """
import asyncio, sys
from osbs.sandbox.pods.runner import Runner
from osbs.sandbox.server import Sandbox

class Counter(Runner):
    async def run(self, pod):
        return await self.resume(pod)

    async def resume(self, pod):
        for number in range(pod.log.data.count(b'\\n'), 40):
            pod.log.write('line {}\\n'.format(number).encode())
            await asyncio.sleep(0.02)
        return 0

with Sandbox(Counter(), state=sys.argv[1], speed=20) as sandbox:
    print(sandbox.url, sandbox.token, sandbox.ca, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path):
    return str(tmp_path / "state")


def test_everything_is_there_again_after_a_restart(state):
    with started(state=state, passwords={"osbs": "secret"}) as api:
        config = api.config("x")
        api.sandbox.push("127.0.0.1:5000/x", "t")
        url, token = api.sandbox.url, api.sandbox.token
        account = api.sandbox.token_of("osbs/builder")
        with open(api.sandbox.ca) as source:
            authority = source.read()
    with started(state=state):
        pass
    with started(state=state) as api:
        assert api.sandbox.url == url
        assert api.sandbox.password == "secret"
        with open(api.sandbox.ca) as source:
            assert source.read() == authority
        api.session.headers["Authorization"] = "Bearer " + token
        assert api.get(OAPI + "buildconfigs/x").json() == config
        api.session.headers["Authorization"] = "Bearer " + account
        assert api.get(OAPI + "buildconfigs").status_code == 200
        assert api.sandbox.registry.find("127.0.0.1:5000/x").digest("t")


def test_versions_continue_and_watches_resume_after_a_restart(state):
    with started(state=state) as api:
        version = api.config("x")["metadata"]["resourceVersion"]
        api.config("y")
    with started(state=state) as api:
        api.config("z")
        stream = api.follow(
            "oapi/v1/watch/namespaces/osbs/buildconfigs?timeoutSeconds=1"
            "&resourceVersion=" + version
        )
        stream.until(2)
        assert [obj["metadata"]["name"] for _, obj in stream.events] == ["y", "z"]


def test_deleted_objects_and_revoked_tokens_stay_so(state):
    with started(state=state) as api:
        api.config("x")
        api.delete(OAPI + "buildconfigs/x")
        token = api.session.headers["Authorization"].split()[1]
        api.delete("oapi/v1/oauthaccesstokens/" + token)
    with started(state=state) as api:
        assert api.get(OAPI + "buildconfigs/x").status_code == 404
        api.session.headers["Authorization"] = "Bearer " + token
        assert api.get(OAPI + "buildconfigs").status_code == 401


def test_logs_of_finished_builds_are_kept(state):
    pods = Obedient()
    with started(pods, state=state) as api:
        name = api.start("x")
        pods.say(name, "příliš\n")
        pods.finish(name)
        api.wait_phase(name, "Complete")
    with started(state=state) as api:
        log = api.get("{}builds/{}/log?follow=1".format(OAPI, name)).content
        assert log.decode("utf-8") == "příliš\n"


def test_a_foreground_deletion_resumes(state):
    with started(state=state, delays={"foreground_deletion": 30}) as api:
        api.config("x")
        api.delete(OAPI + "buildconfigs/x", body={"propagationPolicy": "Foreground"})
    with started(state=state) as api:
        api.wait(lambda: api.stored("buildconfigs", "x"), lambda found: found is None)


def test_waiting_builds_resume(state):
    with started(state=state, nodes=[]) as api:
        name = api.start("x", nodeSelector={"a": "b"})
        api.wait_phase(name, "Pending")
        second = api.instantiate("x")
    with started(state=state) as api:
        api.wait_phase(name, "Complete")
        api.wait_phase(second, "Complete")


def test_a_running_build_is_resumed_by_a_runner_that_can(state):
    class Resuming(Runner):
        async def run(self, pod):
            raise AssertionError("it ran before")

        async def resume(self, pod):
            pod.log.write(b"after\n")
            return 0

    pods = Obedient()
    with started(pods, state=state) as api:
        name = api.start("x")
        pods.say(name, "before\n")
        api.wait(lambda: b"before" in api.get("{}builds/{}/log".format(OAPI, name)).content)
    with started(Resuming(), state=state) as api:
        api.wait_phase(name, "Complete")
        assert api.get("{}builds/{}/log".format(OAPI, name)).text == "before\nafter\n"


def test_a_running_build_is_lost_with_a_runner_that_cannot_resume(state):
    with started(Obedient(), state=state) as api:
        name = api.start("x")
        api.wait_phase(name, "Running")
    with started(state=state) as api:
        assert "lost" in api.wait_phase(name, "Failed")["status"]["logSnippet"]


def start_process(state):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, state],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=ROOT),
    )
    return process, process.stdout.readline().decode("ascii").split()


class Remote:
    """Has what Api needs of a Sandbox."""

    def __init__(self, url, token, ca):
        self.url, self.token, self.ca = url, token, ca

    def token_of(self, _user):
        return self.token


@pytest.mark.usefixtures("own_tmpdir")
def test_a_killed_sandbox_comes_back_with_an_unbroken_log(state):
    process, line = start_process(state)
    try:
        api = Api(Remote(*line))
        name = api.start("x")
        stream = api.follow("{}builds/{}/log?follow=1".format(OAPI, name))
        stream.until(3)
        process.kill()
        process.communicate()
        stream.ended()
        assert stream.error is not None
        process, again = start_process(state)
        assert again[0] == line[0]
        api = Api(Remote(again[0], line[1], again[2]))
        log = api.get("{}builds/{}/log?follow=1".format(OAPI, name)).text
        assert log.splitlines() == ["line {}".format(number) for number in range(40)]
        api.wait(lambda: api.build(name)["status"]["phase"], lambda phase: phase == "Complete")
    finally:
        process.kill()
        process.communicate()


def test_the_state_file_is_for_its_owner_only(state):
    with started(state=state):
        assert os.stat(state).st_mode & 0o777 == 0o600


def test_a_state_file_in_use_is_refused(state):
    with started(state=state), pytest.raises(OSError, match="another sandbox uses it"):
        Sandbox(state=state).start()


def test_a_truncated_last_line_is_dropped(state):
    with started(state=state) as api:
        api.config("x")
    with open(state, "ab") as target:
        target.write(b'["put", "builds", {"meta')
    with started(state=state) as api:
        assert api.get(OAPI + "buildconfigs/x").status_code == 200


def test_a_malformed_state_file_is_refused_and_not_changed(state):
    with open(state, "w") as target:
        target.write("hello\nworld\n")
    with pytest.raises(ValueError, match="line 1"):
        Sandbox(state=state).start()
    with open(state) as source:
        assert source.read() == "hello\nworld\n"


def test_the_state_file_is_replaced_by_a_snapshot_when_it_gets_long(state, monkeypatch):
    monkeypatch.setattr("osbs.sandbox.controllers.cluster.STATE_FILE_LIMIT", 50)
    with started(state=state) as api:
        for number in range(60):
            api.sandbox.put("configmaps", {"metadata": {"name": "m"}, "data": {"k": str(number)}})
        with open(state) as source:
            kinds = [json.loads(line)[0] for line in source]
        assert kinds.count("snapshot") == 1
        assert len(kinds) < 100
    with started(state=state) as api:
        assert api.stored("configmaps", "m")["data"] == {"k": "59"}


def test_no_change_is_lost_when_the_state_file_is_replaced_by_a_snapshot(state, monkeypatch):
    monkeypatch.setattr("osbs.sandbox.controllers.cluster.STATE_FILE_LIMIT", 5)
    names = ["m{}".format(number) for number in range(20)]
    with started(state=state) as api:
        for name in names:
            api.sandbox.put("configmaps", {"metadata": {"name": name}})
    with started(state=state) as api:
        assert [name for name in names if api.stored("configmaps", name) is None] == []


def config_map(number):
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "m{}".format(number)},
        "data": {"k": "x" * 500},
    }


class Full:
    """A sandbox in a process whose state file cannot grow any more."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.state = os.path.join(sandbox.directory, "state")
        self.api = Api(Remote(sandbox.url, sandbox.token, sandbox.ca))
        size = os.path.getsize(self.state)
        process = sandbox._process.pid
        limits = resource.prlimit(
            process, resource.RLIMIT_FSIZE, (size + 5000, resource.RLIM_INFINITY)
        )
        self.kept = []
        for number in range(100):
            self.refused = config_map(number)
            self.response = self.api.post(CORE + "configmaps", self.refused)
            if self.response.status_code != 201:
                break
            self.kept.append(self.refused["metadata"]["name"])
        # There is free space again, but the refused changes are missing in the file.
        resource.prlimit(process, resource.RLIMIT_FSIZE, limits)
        resource.prlimit(process, resource.RLIMIT_FSIZE, limits)

    def names(self):
        """Return the names of the config maps."""
        self.api.sandbox.url = self.sandbox.url
        items = self.api.get(CORE + "configmaps").json()["items"]
        names = [item["metadata"]["name"] for item in items]
        return sorted(name for name in names if name.startswith("m"))


@pytest.fixture(scope="module")
def full():
    with testing.serving(tls=False) as sandbox:
        yield Full(sandbox)


def test_with_a_full_disk_a_change_is_refused_and_says_why(full):
    assert full.response.status_code == 500
    message = full.response.json()["message"]
    assert "state file {} cannot be written: File too large".format(full.state) in message


def test_with_a_full_disk_what_was_refused_is_not_there(full):
    assert full.names() == sorted(full.kept) != []


def test_with_a_full_disk_the_file_ends_with_a_whole_record(full):
    with open(full.state, "rb") as source:
        lines = source.read().split(b"\n")
    assert lines.pop() == b""
    assert json.loads(lines.pop().decode("utf-8"))[2]["metadata"]["name"] == full.kept[-1]


def test_after_a_full_disk_changes_are_refused_until_the_next_start(full):
    for response in (
        full.api.post(CORE + "configmaps", config_map(1000)),
        full.api.delete(CORE + "configmaps/" + full.kept[0]),
    ):
        assert (response.status_code, "cannot be written" in response.text) == (500, True)
    assert full.names() == sorted(full.kept)


def test_after_a_full_disk_a_refused_push_is_no_image(full):
    for _ in range(2):
        with pytest.raises(ValueError, match="cannot be written"):
            full.sandbox.push("127.0.0.1:5000/base")
    tag = {"from": {"kind": "DockerImage", "name": "127.0.0.1:5000/base:latest"}}
    imported = full.api.post(
        OAPI + "imagestreamimports",
        {"metadata": {"name": "s"}, "spec": {"import": False, "images": [tag]}},
    )
    assert imported.json()["status"]["images"][0]["status"]["status"] == "Failure"


def test_after_a_full_disk_tokens_that_could_not_be_expired_are_valid(full):
    with pytest.raises(ValueError, match="cannot be written"):
        full.sandbox.faults.add("expire_tokens")
    assert full.names() == sorted(full.kept)


def test_a_full_disk_is_reported_in_one_line(full):
    with open(os.path.join(full.sandbox.directory, "serve.err")) as source:
        lines = source.read().splitlines()
    assert len(lines) == 1 and "File too large" in lines[0]


def test_after_a_full_disk_the_next_start_has_all_stored_changes():
    with testing.serving(tls=False) as sandbox:
        full = Full(sandbox)
        sandbox.kill()
        sandbox.start()
        assert full.names() == sorted(full.kept)
        assert full.api.post(CORE + "configmaps", full.refused).status_code == 201


def test_a_snapshot_that_cannot_be_written_leaves_the_file_in_use(state, monkeypatch, caplog):
    with started(state=state) as api:
        monkeypatch.setattr("osbs.sandbox.controllers.cluster.STATE_FILE_LIMIT", 5)
        os.mkdir(state + ".new")
        for number in range(10):
            assert api.post(CORE + "configmaps", config_map(number)).status_code == 201
        assert "cannot be written: Is a directory" in caplog.text
        os.rmdir(state + ".new")
    with started(state=state) as api:
        assert api.stored("configmaps", "m9") is not None


def test_a_state_that_cannot_be_written_is_refused(state):
    os.mkdir(state + ".new")
    with pytest.raises(StateFileError, match="Is a directory"):
        Sandbox(state=state).start()


def test_the_file_beside_the_state_is_made_anew_and_no_link_followed(state, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    os.symlink(str(victim), state + ".new")
    with started(state=state):
        assert (victim.read_text(), os.path.islink(state)) == ("mine", False)


def test_the_file_beside_the_state_has_not_the_mode_of_an_older_one(state):
    with open(state + ".new", "w"):
        pass
    os.chmod(state + ".new", 0o644)
    with started(state=state):
        assert os.stat(state).st_mode & 0o777 == 0o600


def test_a_missing_state_file_is_empty(state):
    assert list(StateFile(state).read()) == []


def test_quick_delays_are_known():
    from osbs.sandbox.controllers.delays import Timing

    assert set(QUICK) <= set(Timing.DEFAULTS)
