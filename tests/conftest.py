"""Shared by all tests: hypothesis profiles, a home of their own, a sandbox as a process."""

from __future__ import absolute_import, print_function, unicode_literals

import collections
import importlib
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

# What runs in the sandbox's own process is Python 3 only.
collect_ignore = ["clients", "sandbox"] if six.PY2 else []

# Delay of the library before it tries again: seconds in all tests.
DELAYS = {
    "osbs._transport.HTTP_BACKOFF_FACTOR": 0.001,
    "osbs._rest.retry.MAX_DELAY": 0.02,
    "osbs._rest.logs.PHASE_DELAY": 0.02,
    "osbs._rest.once.LOOKUP_DELAYS": (0, 0.01),
}

# Prefix of the home directories of the processes that run tests; the property of a test's report.
HOME, TOLD = "osbs-home-", "osbs-told"


def _register_profiles():
    settings = dict(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
    # Always the same examples: a change must not fail for what it did not do.
    repeatable = dict(settings, derandomize=True, database=None)
    hypothesis.settings.register_profile("quick", max_examples=25, **repeatable)
    hypothesis.settings.register_profile("ci", max_examples=300, **repeatable)
    hypothesis.settings.register_profile("nightly", max_examples=10000, **settings)
    profile = os.environ.get("OSBS_HYPOTHESIS_PROFILE", "quick")
    hypothesis.settings.load_profile(profile)
    if profile == "nightly":
        # The time-out of setup.cfg is for 300 examples.
        os.environ.setdefault(str("PYTEST_TIMEOUT"), str("0"))


_register_profiles()


def pytest_configure(config):
    """Give the run a temporary directory, the process a home, and keep loopback out of proxies."""
    if hasattr(pytest, "PytestUnraisableExceptionWarning"):
        # A warning that is an error, in a destructor: a file that was not closed.
        config.addinivalue_line("filterwarnings", "error::pytest.PytestUnraisableExceptionWarning")
    if not hasattr(config, "workerinput"):
        config.osbs_tmpdir = tempfile.mkdtemp(prefix="osbs-tests-")
        # For pytest's own directories, xdist's workers and all programs that tests start.
        os.environ[str("TMPDIR")] = tempfile.tempdir = str(config.osbs_tmpdir)
    os.environ[str("HOME")] = str(tempfile.mkdtemp(prefix=HOME))
    # A shell's background jobs ignore it, and so would every program that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ[str("NO_PROXY")] = os.environ[str("no_proxy")] = str("127.0.0.1,localhost")
    for name in ("OSBS_CONFIG", "OSBS_INSTANCE", "NETRC", "KRB5CCNAME"):
        os.environ.pop(name, None)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Let ``-n0`` win over ``--dist`` in setup.cfg, also with the xdist of Python 2.7."""
    if not config.getoption("numprocesses"):
        config.option.dist = "no"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """Fail a run whose tests left something in the temporary directory."""
    config = session.config
    if hasattr(config, "osbs_tmpdir"):
        expected = (HOME, "pytest-of-")
        names = sorted(os.listdir(config.osbs_tmpdir))
        config.osbs_left = [name for name in names if not name.startswith(expected)]
        if config.osbs_left and exitstatus == 0:
            session.exitstatus = 1


def pytest_terminal_summary(terminalreporter):
    """Show what tests had to say with the fixture ``tell``, why some were skipped, what is left."""
    for report in terminalreporter.stats.get("passed", ()):
        if report.when == "call":
            for name, text in report.user_properties:
                if name == TOLD:
                    terminalreporter.write_line("")
                    terminalreporter.write_line(text)
    skipped = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", ())]
    for reason, times in sorted(collections.Counter(skipped).items()):
        reason = reason.replace("Skipped: ", "", 1)
        terminalreporter.write_line("%d skipped: %s" % (times, reason))
    left = getattr(terminalreporter.config, "osbs_left", None)
    if left:
        line = "FAILED: left in the temporary directory by tests: " + " ".join(left)
        terminalreporter.write_line(line, red=True)


def pytest_unconfigure(config):
    """Remove the temporary directory of the run."""
    if hasattr(config, "osbs_tmpdir"):
        shutil.rmtree(config.osbs_tmpdir, ignore_errors=True)


@pytest.fixture
def tell(record_property):
    """A function that shows a text below the results of the run."""
    return lambda text: record_property(TOLD, text)


@pytest.fixture(scope="session", autouse=True)
def short_delays():
    """Let the client try again after moments, not minutes; for its processes: client.hurried."""
    full = {}
    for name, seconds in DELAYS.items():
        module, _, constant = name.rpartition(".")
        module = importlib.import_module(module)
        full[module, str(constant)] = getattr(module, constant)
        setattr(module, constant, seconds)
    return full


@pytest.fixture
def full_delays(short_delays, monkeypatch):
    """Let the client wait as long as it does outside of tests."""
    for (module, constant), seconds in short_delays.items():
        monkeypatch.setattr(module, constant, seconds)


@pytest.fixture
def home(tmpdir, monkeypatch):
    """A fresh, empty home directory (py.path); HOME names it."""
    path = tmpdir.mkdir("home")
    monkeypatch.setenv(str("HOME"), str(path))
    return path


@pytest.fixture
def own_tmpdir(tmpdir, monkeypatch):
    """The test's directory for temporary files: a killed program leaves its own behind."""
    monkeypatch.setenv(str("TMPDIR"), str(tmpdir))
    monkeypatch.setattr(tempfile, "tempdir", str(tmpdir))


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
    A running ``osbs-sandbox serve``; as a dict it is the ready line.

    :param options: text arguments for ``serve``
    :param program: keyword; module and arguments of another program that prints a ready line
    """

    def __init__(self, *options, **kwargs):
        program = kwargs.pop("program", ("osbs.sandbox.cli", "serve"))
        super(SandboxProcess, self).__init__()
        self._errors = tempfile.TemporaryFile()
        self._last_words = None
        # A killed sandbox cleans nothing up.
        self.directory = tempfile.mkdtemp(prefix="osbs-test-sandbox-")
        environment = dict(os.environ, PYTHONPATH=str(ROOT), TMPDIR=str(self.directory))
        self.process = subprocess.Popen(
            sandbox_python() + ["-m"] + list(program + options),
            stdout=subprocess.PIPE,
            stderr=self._errors,
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
        if self._last_words is not None:
            return self._last_words
        self._errors.seek(0, io.SEEK_SET)
        return self._errors.read().decode("utf-8", "replace")

    def stop(self):
        """End the process and return its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        timer = watchdog(self.process, 20)
        try:
            return self.process.wait()
        finally:
            timer.cancel()
            self._last_words = self.stderr()
            self._errors.close()
            self.process.stdout.close()
            shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture(scope="session")
def sandbox():
    """A sandbox whose pods are real processes; a dict of the ready line."""
    process = SandboxProcess()
    yield process
    process.stop()
