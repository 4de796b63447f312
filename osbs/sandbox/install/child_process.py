"""A sandbox in a child process, for tests that kill it or need it outside of their own process."""

import functools
import json
import os
import shlex
import subprocess
import sys
import threading
import time

import requests

from osbs.sandbox.http.control import KEY_HEADER
from osbs.sandbox.install.demo import client_environment
from osbs.sandbox.install.handle import READY, SandboxHandle
from osbs.sandbox.kinds import validation
from osbs.sandbox.pods import leftovers
from osbs.sandbox.state import atomic_file

#: seconds to wait for the ready line, and for the end of the process
TIMEOUT = 60.0
#: seconds between SIGTERM and SIGKILL for the child when this process ends
GRACE = 5.0

#: options of ``serve`` by the keyword that sets them
_VALUES = {
    "api": "--openshift-api",
    "keytab": "--keytab",
    "namespace": "--namespace",
    "port": "--port",
    "speed": "--speed",
    "token_lifetime": "--token-lifetime",
}
#: further options
_FLAGS = ("processes", "faults", "tls", "oapi", "users", "open_registry")


def _end(process):
    """Terminate a process without the locks of subprocess, as a signal handler must."""
    process.terminate()
    deadline = time.monotonic() + GRACE
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(0.01)


class ServedSandbox(SandboxHandle):
    """
    Run ``osbs-sandbox serve`` for a test.

    There is a state file, so that :meth:`kill` and :meth:`start` are a crash and a restart.

    :param directory: str, for files
    :param processes: bool, run pods as processes instead of playing scripts; or list of str, the
        program that each of them runs
    :param faults: as :class:`SandboxHandle` has them
    :param tls: bool
    :param oapi: bool, False makes it an OpenShift 4
    :param users: iterable of (name, password, role)
    :param open_registry: bool, any repository has a tag ``latest``
    :param options: api, keytab, namespace, port, speed, token_lifetime: as ``serve`` has them
    :raises TypeError: for options that ``serve`` does not have
    """

    def __init__(
        self,
        directory,
        processes=False,
        faults=(),
        tls=True,
        oapi=True,
        users=(),
        open_registry=False,
        **options
    ):
        unknown = sorted(set(options) - set(_VALUES))
        if unknown:
            hint = validation.unknown(unknown[0], list(_VALUES) + list(_FLAGS))
            raise TypeError("unknown option {!r}{}".format(unknown[0], hint))
        super().__init__(directory, faults)
        self._session = requests.Session()
        self._session.trust_env = False
        self._process = None
        self._do_not_end = None
        #: str, value of header X-Sandbox-Key in requests to the control plane
        self.control_key = None
        self._arguments = [
            "--until-eof",
            "--control-key",
            "--directory",
            os.path.join(directory, "installation"),
        ]
        self._arguments += ["--state", os.path.join(directory, "state")]
        if isinstance(processes, (list, tuple)):
            self._arguments += ["--pod-command", " ".join(map(shlex.quote, processes))]
        if not processes:
            self._arguments += ["--scripted", os.path.join(directory, "outcomes.json")]
        self._arguments += ["--no-tls"] * (not tls) + ["--no-oapi"] * (not oapi)
        self._arguments += ["--open-registry"] * open_registry
        self._users = list(users)
        if self._users:
            self._arguments += ["--user-file", os.path.join(directory, "users")]
        for name, value in sorted(options.items()):
            if value is not None:
                self._arguments += [_VALUES[name], str(value)]

    def _launch(self):
        """
        Start the process.

        :raises RuntimeError: with the stderr of the process when it does not get ready
        """
        with open(os.path.join(self.directory, "outcomes.json"), "w") as script:
            script.write("{}")
        users = "".join(":".join(user) + "\n" for user in self._users)
        atomic_file.replace(os.path.join(self.directory, "users"), users.encode("utf-8"))
        errors = os.path.join(self.directory, "serve.err")
        with open(errors, "wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "osbs.sandbox.cli", "serve"] + self._arguments,
                env=client_environment(self.directory),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        self._do_not_end = leftovers.at_end(functools.partial(_end, self._process))
        line = self._ready_line()
        if not line:
            self._end()
            with open(errors, encoding="utf-8", errors="replace") as stderr:
                raise RuntimeError("the sandbox did not start: " + stderr.read().strip())
        ready = json.loads(line.decode("utf-8"))
        self.control_key = ready["control_key"]
        for name in READY:
            setattr(self, name, ready[name])

    def _ready_line(self):
        watchdog = threading.Timer(TIMEOUT, self._process.kill)
        watchdog.start()
        try:
            return self._process.stdout.readline()
        finally:
            watchdog.cancel()

    def _end(self):
        """Terminate the process; kill it after TIMEOUT."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._forget()

    def kill(self) -> None:
        """Kill the process (SIGKILL); :meth:`start` starts it again with its state."""
        if self._process is not None:
            self.faults.end()
            self._process.kill()
            self._forget()
            leftovers.sweep()

    def _forget(self):
        self._process.wait()
        self._do_not_end()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process = None
        self._session.close()

    def command(self, method, name, data=None):
        """Send a command; see :meth:`SandboxHandle.command`."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("the sandbox is not running")
        response = self._session.request(
            method,
            self.url + "_sandbox/" + name,
            json=data,
            headers={KEY_HEADER: self.control_key},
            verify=self.ca or True,
            timeout=TIMEOUT,
        )
        if response.status_code != 200:
            raise ValueError(response.json()["error"])
        return response.json()
