"""Run build pods as processes: :class:`ProcessRunner` starts :mod:`osbs.sandbox.reactor`."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading

import osbs
from osbs.sandbox.pods import leftovers
from osbs.sandbox.pods.runner import Runner
from osbs.sandbox.reactor import variables

#: variables of the runner's environment that a pod inherits, and no others
INHERITED = ("PATH", "LANG", "LC_ALL", "COVERAGE_PROCESS_START", "SSL_CERT_DIR")
#: variables of a Build that are passed to its pod. Others could run any program on this machine:
#: GIT_SSH_COMMAND, LD_PRELOAD, BASH_ENV and many more.
FROM_THE_BUILD = re.compile(
    r"(BUILD(_LOGLEVEL)?|SOURCE_(REPOSITORY|URI|CONTEXT_DIR|REF)|OUTPUT_(REGISTRY|IMAGE)"
    r"|ORIGIN_VERSION|DOCKER_SOCKET|(PUSH|PULL)_DOCKERCFG_PATH|OPENSHIFT_[A-Z0-9_]+|LABEL_[A-Z0-9_]+"
    r"|USER_PARAMS|REACTOR_CONFIG|ATOMIC_REACTOR_PLUGINS)\Z"
)

#: seconds between SIGTERM and SIGKILL for a cancelled pod
GRACE_SECONDS = 5.0


class ProcessRunner(Runner):
    """
    Run each pod as a process group of its own, in a directory of its own.

    :param command: list of str, what to run; None: the program of :mod:`osbs.sandbox.reactor`.
        Words that name a file may be relative to the current directory.
    :param grace: float, seconds between SIGTERM and SIGKILL
    """

    def __init__(self, command=None, grace=GRACE_SECONDS):
        command = command or [sys.executable, "-m", "osbs.sandbox.reactor"]
        # The program itself is searched in PATH unless its name has a slash.
        self.command = [
            os.path.abspath(word) if os.path.isfile(word) and (index or os.sep in word) else word
            for index, word in enumerate(command)
        ]
        self.grace = grace

    async def run(self, pod):
        """Run the pod's program; see :meth:`osbs.sandbox.pods.runner.Runner.run`."""
        with leftovers.PrivateDirectory("pod-") as directory:
            try:
                environment = pod_environment(pod, directory)
                process = PodProcess(self.command, environment, directory, pod.log)
            except (OSError, ValueError) as exc:
                return _could_not_start(pod, exc)
            forget = leftovers.at_end(lambda: process.kill(signal.SIGKILL))
            try:
                status = await self._wait(process)
            finally:
                forget()
                process.kill(signal.SIGKILL)
            pod.message = _termination_message(directory)
            return status

    async def _wait(self, process):
        try:
            return await asyncio.shield(process.exited)
        except asyncio.CancelledError:
            process.kill(signal.SIGTERM)
            await asyncio.wait([process.exited], timeout=self.grace)
            raise


class PodProcess:
    """
    A process whose output is copied to a pod's log, without blocking the event loop.

    A thread reads the output: asyncio's subprocesses need the main thread on Python 3.6 and 3.7,
    and the sandbox's loop runs in another one.

    :param command: list of str
    :param environment: dict of str, the whole environment
    :param directory: str, path of the working directory
    :param log: PodLog
    :raises OSError: when the process cannot be started
    """

    def __init__(self, command, environment, directory, log):
        self._loop = asyncio.get_event_loop()
        self._log = log
        #: future, becomes the exit status; negative for a signal
        self.exited = self._loop.create_future()
        # The pipe at stdin is open as long as the sandbox runs; the pod watches for its end.
        self._process = subprocess.Popen(
            command,
            env=environment,
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._read, name="pod-output", daemon=True).start()

    def kill(self, signum):
        """
        Send a signal to the whole process group.

        :param signum: int; nothing happens when the group has ended
        """
        try:
            os.killpg(self._process.pid, signum)
        except (ProcessLookupError, PermissionError):
            pass

    def _read(self):
        output = self._process.stdout
        for piece in iter(lambda: os.read(output.fileno(), 65536), b""):
            self._call(self._log.write, piece)
        status = self._process.wait()
        output.close()
        self._process.stdin.close()
        self._call(self._finish, status)

    def _finish(self, status):
        if not self.exited.done():
            self.exited.set_result(status)

    def _call(self, function, argument):
        try:
            self._loop.call_soon_threadsafe(function, argument)
        except RuntimeError:  # the sandbox was stopped and closed its loop
            pass


def _could_not_start(pod, exc):
    pod.message = "cannot start the program of pod {}: {}".format(pod.name, exc)
    pod.log.write((pod.message + "\n").encode("utf-8"))
    return 128


def _termination_message(directory):
    try:
        with open(os.path.join(directory, "termination-log"), "rb") as stream:
            return stream.read(variables.MESSAGE_LIMIT).decode("utf-8", "replace").strip() or None
    except OSError:
        return None


def pod_environment(pod, directory):
    """
    Write a pod's token and secrets to files, and return its environment.

    :param pod: PodRun
    :param directory: str, path of the pod's own directory
    :return: dict of str
    :raises ValueError: when a mount path or file name points out of the directory
    """
    environment = {name: value for name, value in pod.env.items() if FROM_THE_BUILD.match(name)}
    environment.update((name, os.environ[name]) for name in INHERITED if name in os.environ)
    secrets = os.path.join(directory, "secrets")
    os.mkdir(secrets, 0o700)
    for mount_path, files in pod.secrets.items():
        for name, content in files.items():
            _write_private(_path_inside(secrets, mount_path, name), content)
    temporary = os.path.join(directory, "tmp")
    os.mkdir(temporary, 0o700)
    token_file = os.path.join(directory, "token")
    _write_private(token_file, (pod.token or "").encode("utf-8"))
    environment.update(
        {
            "HOME": directory,
            # A killed program may leave files there: they are removed with the directory.
            "TMPDIR": temporary,
            "PYTHONPATH": _python_path(),
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",
            variables.TOKEN_FILE: token_file,
            variables.SECRETS_DIR: secrets,
            variables.URL: pod.api_url or "",
            variables.CA_FILE: pod.ca_file or "",
            variables.TERMINATION_LOG: os.path.join(directory, "termination-log"),
        }
    )
    return environment


def _python_path():
    # The pod must import the same osbs as the sandbox, installed or not.
    root = os.path.dirname(os.path.dirname(os.path.abspath(osbs.__file__)))
    inherited = os.environ.get("PYTHONPATH")
    return os.pathsep.join([root, inherited] if inherited else [root])


def _path_inside(root, mount_path, name):
    path = os.path.normpath(os.path.join(root, mount_path.lstrip("/"), name))
    if not path.startswith(root + os.sep):
        raise ValueError("secret file {!r} of {!r} is outside of the pod".format(name, mount_path))
    return path


def _write_private(path, content):
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        os.makedirs(directory, 0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
