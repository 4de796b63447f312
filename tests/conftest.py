"""Shared by all tests: hypothesis profiles, a home of their own, a sandbox as a process."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

import hypothesis
import pytest
import six

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What runs in the sandbox's own process is Python 3 only (decision D1).
collect_ignore = ["sandbox"] if six.PY2 else []


def _register_profiles():
    settings = dict(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
    hypothesis.settings.register_profile("local", max_examples=300, **settings)
    # Always the same examples: a change must not fail for what it did not do.
    hypothesis.settings.register_profile("ci", max_examples=300, derandomize=True, **settings)
    hypothesis.settings.register_profile("nightly", max_examples=10000, **settings)
    profile = os.environ.get("OSBS_HYPOTHESIS_PROFILE", "local")
    hypothesis.settings.load_profile(profile)
    if profile == "nightly":
        # The time-out of setup.cfg is for 300 examples.
        os.environ.setdefault(str("PYTEST_TIMEOUT"), str("0"))


_register_profiles()


def pytest_configure(config):
    """Give the session a home of its own, and keep loopback out of any proxy."""
    config.osbs_test_home = tempfile.mkdtemp(prefix="osbs-test-home-")
    os.environ[str("HOME")] = str(config.osbs_test_home)
    # A shell's background jobs ignore it, and so would every program that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ[str("NO_PROXY")] = os.environ[str("no_proxy")] = str("127.0.0.1,localhost")
    for name in ("OSBS_CONFIG", "OSBS_INSTANCE", "NETRC", "KRB5CCNAME"):
        os.environ.pop(name, None)


def pytest_unconfigure(config):
    """Remove the session's home."""
    shutil.rmtree(getattr(config, "osbs_test_home", ""), ignore_errors=True)


@pytest.fixture
def home(tmpdir, monkeypatch):
    """A fresh, empty home directory (py.path); HOME names it."""
    path = tmpdir.mkdir("home")
    monkeypatch.setenv(str("HOME"), str(path))
    return path


def sandbox_python():
    """Return the interpreter that runs the sandbox, as a list of arguments, or skip the test."""
    chosen = os.environ.get("OSBS_SANDBOX_PYTHON")
    if chosen:
        return [chosen]
    python = "python3" if six.PY2 else sys.executable
    try:
        subprocess.check_output([python, "-c", "import aiohttp, trustme"], stderr=subprocess.STDOUT)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("{} has no aiohttp and trustme; set OSBS_SANDBOX_PYTHON".format(python))
    return [python]


def watchdog(process, seconds):
    """Start a timer that kills a process which still runs by then; the caller cancels it."""

    def kill():
        if process.poll() is None:
            process.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    return timer


class SandboxProcess(dict):
    """
    A running ``osbs-sandbox serve``; as a dict it is the ready line (decision D32).

    :param options: text arguments for ``serve``
    :param program: keyword; module and arguments of another program that prints a ready line
    """

    def __init__(self, *options, **kwargs):
        program = kwargs.pop("program", ("osbs.sandbox.cli", "serve"))
        super(SandboxProcess, self).__init__()
        self.errors = tempfile.TemporaryFile()
        # A killed sandbox cleans nothing up.
        self.directory = tempfile.mkdtemp(prefix="osbs-test-sandbox-")
        environment = dict(os.environ, PYTHONPATH=str(ROOT), TMPDIR=str(self.directory))
        self.process = subprocess.Popen(
            sandbox_python() + ["-m"] + list(program + options),
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
        )
        timer = watchdog(self.process, 60)
        try:
            line = self.process.stdout.readline().decode("utf-8")
        finally:
            timer.cancel()
        if not line:
            self.stop()
            pytest.fail("the sandbox did not start:\n" + self.stderr())
        self.update(json.loads(line))

    def stderr(self):
        """Return what the process said on stderr so far, as text."""
        self.errors.seek(0, io.SEEK_SET)
        return self.errors.read().decode("utf-8", "replace")

    def stop(self):
        """End the process and return its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        timer = watchdog(self.process, 20)
        try:
            return self.process.wait()
        finally:
            timer.cancel()
            self.process.stdout.close()
            shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture(scope="session")
def sandbox():
    """A sandbox whose pods are real processes; a dict of the ready line."""
    process = SandboxProcess()
    yield process
    process.stop()
