"""The sandbox is killed in the middle of a followed build, and comes back or does not."""

from __future__ import absolute_import, print_function, unicode_literals

import json

import pytest

from tests.conftest import SandboxProcess, watchdog
from tests.system import client

LINES = ["line %d gr\u00fc\u00df dich" % number for number in range(40)]
INTERVAL = 0.1


class Following(object):
    """An ``osbs build`` whose log is being followed on a sandbox of its own."""

    def __init__(self, tmpdir, **environment):
        script = tmpdir.join("outcomes.json")
        script.write(json.dumps({"default": {"lines": LINES, "interval": INTERVAL}}))
        self._options = ["--scripted", str(script), "--state", str(tmpdir.join("state"))]
        self._options += ["--directory", str(tmpdir.join("files"))]
        self.sandbox = SandboxProcess(*self._options)
        repository = client.make_repository(tmpdir.join("hello"))
        arguments = client.orchestrator(self.sandbox["config"], repository)
        self.process = client.osbs_process(*arguments, **environment)
        self.timer = watchdog(self.process, 100)
        self.output = b""

    def read_until(self, text):
        while text.encode("utf-8") not in self.output:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            self.output += line

    def kill(self):
        self.sandbox.process.kill()
        self.sandbox.process.wait()

    def start_again(self):
        before = self.sandbox
        self.sandbox = SandboxProcess(*self._options)
        assert self.sandbox["url"] == before["url"]

    def result(self):
        stdout, stderr = self.process.communicate()
        return client.Result(self.process.returncode, self.output + stdout, stderr)

    def stop(self):
        self.sandbox.stop()
        self.timer.cancel()
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def follow(tmpdir):
    started = []

    def start(**environment):
        started.append(Following(tmpdir, **environment))
        return started[-1]

    yield start
    for following in started:
        following.stop()


def test_with_a_restart_the_followed_log_is_unbroken(follow, tmpdir):
    following = follow(**client.hurried(tmpdir, failures=20))
    following.read_until("line 10 ")
    following.kill()
    following.start_again()
    result = following.result()
    shown = [line for line in result.stdout.splitlines() if line.startswith("line ")]
    assert (result.status, shown) == (0, LINES), result


def test_without_a_restart_the_client_ends_with_one_clear_line(follow, tmpdir):
    following = follow(**client.hurried(tmpdir))
    following.read_until("line 10 ")
    following.kill()
    result = following.result()
    assert "Traceback" not in result.stderr
    assert (result.status, "127.0.0.1" in result.last_line) == (4, True), result
