"""``osbs-sandbox demo``: one command from nothing to a finished build."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import subprocess
import time

import pytest

from tests.conftest import ROOT, sandbox_python, watchdog

SECONDS = 30


class Demo(object):
    """A finished demo: ``status``, ``log`` (stdout), ``words`` (stderr), ``seconds``, ``left``."""

    def __init__(self, directory, *options):
        started = time.time()
        process = subprocess.Popen(
            sandbox_python() + ["-m", "osbs.sandbox.cli", "demo"] + list(options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=str(ROOT), TMPDIR=str(directory)),
        )
        timer = watchdog(process, 2 * SECONDS)
        stdout, stderr = process.communicate()
        timer.cancel()
        self.seconds = time.time() - started
        self.status = process.returncode
        self.log = stdout.decode("utf-8")
        self.words = stderr.decode("utf-8")
        self.left = os.listdir(str(directory))


APIS = ["--no-oapi", "--openshift-api", "apis"]


@pytest.fixture(
    scope="module", params=[[], pytest.param(APIS, marks=pytest.mark.slow)], ids=["oapi", "apis"]
)
def demo(request, tmpdir_factory):
    return Demo(tmpdir_factory.mktemp("demo"), *request.param)


def test_demo_ends_with_status_0_in_time(demo):
    assert (demo.status, demo.seconds < SECONDS) == (0, True), demo.words


@pytest.mark.parametrize("platform", ["x86_64", "ppc64le"])
def test_demo_shows_lines_of_each_platform(demo, platform):
    assert " platform:%s - " % platform in demo.log


def test_demo_shows_the_summary(demo):
    assert "-1 is complete\nprimary repositories:\n\t" in demo.log


def test_demo_shows_the_command_that_a_user_would_type(demo):
    assert " --config " in demo.words and " build --orchestrator " in demo.words


def test_demo_leaves_nothing_behind(demo):
    assert demo.left == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [["--openshift-api", "auto"], ["--no-oapi", "--openshift-api", "auto"]], ids=str
)
def test_auto_finds_the_api_that_is_there(tmpdir, options):
    demo = Demo(tmpdir, *options)
    assert (demo.status, " is complete" in demo.log) == (0, True), demo.words


def test_demo_refuses_an_api_that_the_server_has_not(tmpdir):
    demo = Demo(tmpdir, "--no-oapi", "--openshift-api", "oapi")
    assert (demo.status, demo.log, demo.words.count("\n")) == (2, "", 1)
