"""Where faults are tried out: the server in another process, a client that does not really wait."""

from __future__ import absolute_import, print_function, unicode_literals

import datetime
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager

import pytest
from six.moves import http_client
from six.moves.urllib.parse import urlsplit

from osbs import core, http, utils
from osbs.api import OSBS
from osbs.build import spec
from osbs.conf import Configuration
from osbs.repo_utils import read_repo_info
from osbs._rest import watch
from tests.conftest import ROOT, sandbox_python

_sleep = time.sleep
_NUMBERS = itertools.count(1)
# Seconds: so that a hang is an error soon; a pause of the client, whatever it asked for.
REQUEST_TIMEOUT = 10
PAUSE = 0.0005
HANG = 8
DOCKERFILE = 'FROM %s:latest\nLABEL name="team/hello" com.redhat.component="hello" version="1.0"\n'
# Last part of a repository's URI -> its base image, and whether it is rebuilt automatically.
REPOSITORIES = {
    "hello.git": ("fedora", False),
    "team.git": ("fedora", False),
    "auto.git": ("stream", True),
}


class Hang(BaseException):
    """A call did not end."""


def _interrupt(_signum, _frame):
    raise Hang("no end after %d seconds" % HANG)


class _NotRandom(object):
    seed = staticmethod(lambda: None)
    randrange = staticmethod(lambda first, _: first)


class FaultServer(dict):
    """A process of ``tests.system.fault_server``; as a dict it is the ready line."""

    def __init__(self):
        super(FaultServer, self).__init__()
        self._errors = tempfile.TemporaryFile()
        self._last_words = self._control = None
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            sandbox_python() + ["-m", "tests.system.fault_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
        )
        watchdog = threading.Timer(60, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline().decode("utf-8")
        watchdog.cancel()
        if not line:
            self.stop()
            pytest.fail("the server did not start:\n" + self.errors())
        self.update(json.loads(line))
        # Connections that are there survive that others are refused.
        self._control = http_client.HTTPConnection(urlsplit(self["url"]).netloc, timeout=30)

    def errors(self):
        """Return what the process said on stderr."""
        if self._last_words is not None:
            return self._last_words
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace")

    def command(self, name, **body):
        """Send a command of the server; returns its answer."""
        with self._lock:
            self._control.request("POST", "/_cell/" + name, json.dumps(body).encode("utf-8"))
            answer = self._control.getresponse()
            content = answer.read()
        assert answer.status == 200, self.errors()
        return json.loads(content.decode("utf-8"))

    def stop(self):
        """End the process."""
        self._process.stdin.close()
        watchdog = threading.Timer(20, self._process.kill)
        watchdog.start()
        self._process.wait()
        watchdog.cancel()
        self._process.stdout.close()
        if self._control is not None:
            self._control.close()
        self._last_words = self.errors()
        self._errors.close()


class Bench(object):
    """
    Run calls of the library in projects of their own.

    :param server: FaultServer
    :param directory: str, path of an empty directory
    """

    def __init__(self, server, directory):
        self.server = server
        self._directory = directory
        self._home = os.path.join(directory, "home")
        os.mkdir(self._home)
        for name, (base, automatic) in REPOSITORIES.items():
            self._make_repository(name, base, automatic)
        #: seconds that the call has asked to sleep
        self.paused = 0.0
        self._on_pause = None

    def _make_repository(self, name, base, automatic):
        files = {
            "Dockerfile": DOCKERFILE % base,
            ".osbs-repo-config": "[autorebuild]\nenabled = %s\n" % str(automatic).lower(),
        }
        directory = os.path.join(self._directory, name)
        os.mkdir(directory)
        for file_name, text in files.items():
            with open(os.path.join(directory, file_name), "w") as stream:
                stream.write(str(text))

    def _repo_info(self, git_uri, *_, **__):
        return read_repo_info(os.path.join(self._directory, git_uri.rpartition("/")[2]))

    def sleep(self, seconds):
        """Stand in for time.sleep."""
        self.paused += seconds
        if self._on_pause is not None:
            self._on_pause()
        _sleep(min(seconds, PAUSE))

    def patch(self, monkeypatch):
        """Make the library impatient."""
        monkeypatch.setenv(str("HOME"), str(self._home))
        monkeypatch.setattr(time, "sleep", self.sleep)
        monkeypatch.setattr(http, "HTTP_REQUEST_TIMEOUT", REQUEST_TIMEOUT)
        monkeypatch.setattr(watch, "FIRST_EVENT", 0.2)
        monkeypatch.setattr(core, "_LATE_BUILD_TIMEOUT", 0.2)
        signal.signal(signal.SIGALRM, _interrupt)
        # What would differ from call to call.
        monkeypatch.setattr(spec, "random", _NotRandom)
        monkeypatch.setattr(spec, "utcnow", lambda: datetime.datetime(2019, 1, 1))
        # What git does is shown elsewhere.
        monkeypatch.setattr(utils, "get_repo_info", self._repo_info)

    def connect(self, namespace, token=None, **settings):
        """
        Return an OSBS for a project.

        :param token: str or None, one that it got by logging in
        """
        conf = Configuration(conf_file=self.server["config"], namespace=namespace, **settings)
        osbs = OSBS(conf, conf)
        if token is not None:
            osbs.os.token = token
            osbs.os._tokens.from_oauth = token
        return osbs

    @contextmanager
    def cell(self, logged_in=True, comes_back=True, **wanted):
        """
        Make a project; the block gets a Cell, which knows the rest after it.

        :param logged_in: bool, the client has a token
        :param comes_back: bool, refused connections are taken after a pause of the client
        :param wanted: body of the command ``begin``
        """
        namespace = "cell-%d" % next(_NUMBERS)
        # What an earlier cell's login kept would be read.
        shutil.rmtree(os.path.join(self._home, ".osbs"), ignore_errors=True)
        token = self.server.command("begin", namespace=namespace, **wanted)["token"]
        cell = Cell(self.connect(namespace, token if logged_in else None), namespace)
        self.paused = 0.0
        self._on_pause = (lambda: self.server.command("listen")) if comes_back else None
        if "refuse_at" not in wanted:
            self._on_pause = None
        started = time.time()
        signal.setitimer(signal.ITIMER_REAL, HANG)
        try:
            yield cell
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            cell.seconds = time.time() - started
            cell.paused = self.paused
            self._on_pause = None
            cell.after = self.server.command("end")


class Cell(object):
    """One project: ``osbs`` is its client; ``after`` is what the server says at the end."""

    def __init__(self, osbs, namespace):
        self.osbs = osbs
        self.namespace = namespace
        self.seconds = self.paused = 0.0
        self.after = None
