"""The sandbox is killed in the middle of a followed build, and comes back or does not.

So it is for each kind of request that the end may fall on: the log that is followed, a watch, a
plain request, and the one that starts the build, carried out or not.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json

import pytest

from osbs.api import OSBS
from osbs.conf import Configuration
from tests.conftest import SandboxProcess, watchdog
from tests.system import client
from tests.system.control import Control
from tests.system.stage import until

LINES = ["line %d gr\u00fc\u00df dich" % number for number in range(40)]
INTERVAL = 0.02
# Seconds, longer than any sandbox here lives.
LONG = 300
# To start a sandbox may take long on a busy machine; a client that retries this often, every half
# a second, waits for it for a minute.
PATIENT = {"failures": 120, "retries": 120}
A_BUILD = r"/v1/namespaces/osbs/builds/[^/?]+/$"
NETWORK = 4


class Phoenix(object):
    """A sandbox that is killed, and comes back with its state at the same address."""

    def __init__(self, directory):
        script = directory.join("outcomes.json")
        script.write(json.dumps({"default": {"lines": LINES, "interval": INTERVAL}}))
        self._options = ["--scripted", str(script), "--state", str(directory.join("state"))]
        self._options += ["--directory", str(directory.join("files"))]
        self.sandbox = SandboxProcess(*self._options)

    @property
    def control(self):
        """The control plane of the sandbox as it is now."""
        return Control(self.sandbox)

    def kill(self):
        """Kill it."""
        self.sandbox.process.kill()
        self.sandbox.stop()

    def rise(self):
        """Start it again, unless it runs."""
        if self.sandbox.process.poll() is None:
            return
        before = self.sandbox
        self.sandbox = SandboxProcess(*self._options)
        assert self.sandbox["url"] == before["url"]

    def builds(self):
        """Return the names of all builds so far."""
        conf = Configuration(conf_file=self.sandbox["config"])
        return {build.get_build_name() for build in OSBS(conf, conf).list_builds()}


class Following(object):
    """An ``osbs build`` that follows the log of what it has started."""

    def __init__(self, sandbox, repository, environment):
        arguments = client.orchestrator(sandbox["config"], repository)
        self._process = client.osbs_process(*arguments, **environment)
        self._timer = watchdog(self._process, 120)
        self._output = b""

    def read_until(self, text):
        """Read its output up to a text."""
        self._output += client.read_until(self._process, text)

    def result(self):
        """Wait for its end; returns a Result."""
        stdout, stderr = self._process.communicate()
        return client.Result(self._process.returncode, self._output + stdout, stderr)

    def stop(self):
        """End it."""
        self._timer.cancel()
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


class Log(object):
    """The end falls on the log."""

    def prepare(self, control):
        """Have the server wait where the end is to find it."""

    def await_moment(self, following, control):
        """Wait until it is there."""
        following.read_until("line 10 ")


class Request(Log):
    """The end falls on a request that is being answered."""

    path, method = A_BUILD, "GET"

    def prepare(self, control):
        control.fault("delay", path=self.path, method=self.method, seconds=LONG)

    def await_moment(self, following, control):
        until(lambda: control.fired("delay"))


class Instantiate(Request):
    """The end falls on the request that starts the build, which is not carried out."""

    path, method = "/instantiate$", "POST"


class Instantiated(Request):
    """The build is started but the answer lost, and the end falls on the look for it."""

    def prepare(self, control):
        control.fault("reset_after", path="/instantiate$", method="POST")
        super(Instantiated, self).prepare(control)


class Watch(Log):
    """The end falls on the watch of a build that has not started to run."""

    def prepare(self, control):
        control.timing(pending=LONG)

    def await_moment(self, following, control):
        until(lambda: control.connections("/watch/"))


def assert_one_clear_line(result):
    assert "Traceback" not in result.stderr
    assert (result.status, "127.0.0.1" in result.last_line) == (NETWORK, True), result


KINDS = [
    Log,
    Instantiate,
    pytest.param(Watch, marks=pytest.mark.slow),
    pytest.param(Request, marks=pytest.mark.slow),
    pytest.param(Instantiated, marks=pytest.mark.slow),
]


@pytest.fixture(scope="module")
def phoenix(tmpdir_factory):
    started = Phoenix(tmpdir_factory.mktemp("phoenix"))
    yield started
    started.sandbox.stop()


@pytest.fixture
def follow(phoenix, tmpdir):
    started = []

    def start(kind, environment):
        """Follow a build until the sandbox is killed."""
        moment = kind()
        phoenix.control.forget()
        moment.prepare(phoenix.control)
        # A build of its own: one of a test before may still run.
        repository = client.make_repository(tmpdir.join(kind.__name__.lower()))
        started.append(Following(phoenix.sandbox, repository, environment))
        moment.await_moment(started[-1], phoenix.control)
        phoenix.kill()
        return started[-1]

    phoenix.rise()
    yield start
    for following in started:
        following.stop()


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind is not Instantiate], ids=lambda kind: kind.__name__
)
def test_with_a_restart_one_build_is_followed_and_its_log_unbroken(phoenix, follow, tmpdir, kind):
    before = phoenix.builds()
    following = follow(kind, client.hurried(tmpdir, **PATIENT))
    phoenix.rise()
    result = following.result()
    shown = [line for line in result.stdout.splitlines() if line.startswith("line ")]
    assert (result.status, shown) == (0, LINES), result
    assert len(phoenix.builds() - before) == 1


def test_a_build_that_nobody_knows_the_start_of_is_not_started_again(phoenix, follow, tmpdir):
    before = phoenix.builds()
    following = follow(Instantiate, client.hurried(tmpdir, **PATIENT))
    phoenix.rise()
    assert_one_clear_line(following.result())
    assert phoenix.builds() == before


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_without_a_restart_the_client_ends_with_one_clear_line(follow, tmpdir, kind):
    assert_one_clear_line(follow(kind, client.hurried(tmpdir)).result())
