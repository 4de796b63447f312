"""A sandbox in a child process, for tests that kill it or need it outside of their own process."""

import functools
import json
import os
import subprocess
import sys
import threading
import time

from osbs.sandbox.http.control import KEY_HEADER
from osbs.sandbox.install.demo import client_environment
from osbs.sandbox.install.handle import Client
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


def _end(process):
    """Terminate a process without the locks of subprocess, as a signal handler must."""
    process.terminate()
    deadline = time.monotonic() + GRACE
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(0.01)


class ServedFaults:
    """
    Manage the faults of a sandbox in a child process.

    :param control: callable (method, command, JSON-like data) that returns JSON-like data
    """

    def __init__(self, control):
        self._control = control
        self._running = False
        self._missed = []

    def begin(self):
        """Note that the process runs."""
        self._running = True

    def end(self):
        """Note that the process ends, and keep its unfired faults."""
        import requests

        try:
            self._missed = self.unfired()
        except (RuntimeError, requests.RequestException):
            # It has ended already, or a fault makes it unreachable.
            pass
        self._running = False

    def add(self, kind, **fault):
        """Add a fault, see :class:`osbs.sandbox.http.faults.Fault`; return its description."""
        return self._control("POST", "faults", dict(fault, kind=kind))

    def clear(self):
        """Remove all faults."""
        self._missed = []
        self._control("DELETE", "faults")

    def __iter__(self):
        return iter(self._control("GET", "faults"))

    def unfired(self):
        """Return the descriptions of the faults that never fired, in this and earlier processes."""
        return self._missed + (self._control("GET", "unfired") if self._running else [])


class ServedSandbox(Client):
    """
    Run ``osbs-sandbox serve`` for a test.

    ``url``, ``ca``, ``namespace``, ``user``, ``password``, ``token``, ``config``: as in the ready
    line. There is a state file, so that :meth:`kill` and :meth:`start` are a crash and a restart.

    :param directory: str, for files
    :param processes: bool, run pods as processes instead of playing scripts
    :param faults: list of dict, each what ``POST /_sandbox/faults`` takes
    :param tls: bool
    :param oapi: bool, False makes it an OpenShift 4
    :param users: iterable of (name, password, role)
    :param closed_registry: bool, imports find only what was pushed
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
        closed_registry=False,
        **options
    ):
        unknown = sorted(set(options) - set(_VALUES))
        if unknown:
            raise TypeError("unknown option {!r} of a sandbox as a process".format(unknown[0]))
        self.directory = directory
        self.faults = ServedFaults(self._control)
        self._wanted_faults = list(faults)
        self._session = None
        self._process = None
        self._do_not_end = None
        #: dict, the ready line
        self.ready = {}
        #: str, value of header X-Sandbox-Key in requests to the control plane
        self.control_key = None
        self._arguments = [
            "--until-eof",
            "--control-key",
            "--directory",
            os.path.join(directory, "installation"),
        ]
        self._arguments += ["--state", os.path.join(directory, "state")]
        if not processes:
            self._arguments += ["--scripted", os.path.join(directory, "outcomes.json")]
        self._arguments += ["--no-tls"] * (not tls) + ["--no-oapi"] * (not oapi)
        self._arguments += ["--closed-registry"] * closed_registry
        self._users = list(users)
        if self._users:
            self._arguments += ["--user-file", os.path.join(directory, "users")]
        for name, value in sorted(options.items()):
            if value is not None:
                self._arguments += [_VALUES[name], str(value)]

    def start(self):
        """
        Start the process, also again after :meth:`kill`; only the first start sets the faults.

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
            self.stop()
            with open(errors, encoding="utf-8", errors="replace") as stderr:
                raise RuntimeError("the sandbox did not start: " + stderr.read().strip())
        self.ready = json.loads(line.decode("utf-8"))
        self.control_key = self.ready.pop("control_key")
        self.faults.begin()
        wanted, self._wanted_faults = self._wanted_faults, []
        for fault in wanted:
            self.faults.add(**fault)
        return self

    def _ready_line(self):
        watchdog = threading.Timer(TIMEOUT, self._process.kill)
        watchdog.start()
        try:
            return self._process.stdout.readline()
        finally:
            watchdog.cancel()

    def stop(self):
        """Terminate the process; kill it after TIMEOUT."""
        if self._process is not None:
            self.faults.end()
            self._process.terminate()
            try:
                self._process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._forget()

    def kill(self):
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
        if self._session is not None:
            self._session.close()
            self._session = None

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def __getattr__(self, name):
        ready = self.__dict__.get("ready", {})
        if name not in ready:
            raise AttributeError("{} has no {!r}".format(type(self).__name__, name))
        return ready[name]

    def script(self, pattern="*", **outcome):
        """
        Set the outcome of builds, by name; lost with :meth:`kill`.

        :param pattern: str, name of the Build, ``*`` and ``?`` as in a shell
        :param outcome: fields of :class:`osbs.sandbox.pods.outcomes.Outcome`
        """
        self._control("POST", "outcomes", dict(outcome, pattern=pattern))

    @property
    def requests(self):
        """The logged requests: list of dict."""
        return self._control("GET", "requests")

    def _control(self, method, command, data=None):
        import requests

        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("the sandbox is not running")
        if self._session is None:
            self._session = requests.Session()
            self._session.trust_env = False
        response = self._session.request(
            method,
            self.url + "_sandbox/" + command,
            json=data,
            headers={KEY_HEADER: self.control_key},
            verify=self.ca or True,
            timeout=TIMEOUT,
        )
        if response.status_code != 200:
            raise ValueError(response.json()["error"])
        return response.json()
