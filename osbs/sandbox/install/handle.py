"""The handle of a running sandbox: the same one for a thread of this process and for a child."""

import os
import re
import typing

import requests

from osbs.sandbox.http.faults import FaultShortcuts
from osbs.sandbox.install import seed

if typing.TYPE_CHECKING:
    from osbs.api import OSBS
    from osbs.conf import Configuration

#: attributes of a handle, and names in the ready line of ``serve``
READY = ("url", "ca", "namespace", "user", "password", "token", "config", "kubeconfig")

#: what the control plane takes and returns: JSON-like data
Data = typing.Any


def shown(request: typing.Dict[str, Data]) -> str:
    """Return path and query of a logged request."""
    return request["path"] + ("?" + request["query"] if request["query"] else "")


def summary(request: typing.Dict[str, Data]) -> str:
    """Return a logged request as one line."""
    return "{} {} -> {}".format(request["method"], shown(request), request["status"])


class UnfiredFaults(AssertionError):
    """A requested fault never happened, so the test did not test it."""


class FaultsHandle(FaultShortcuts):
    """
    The faults of a running sandbox, each described by a dict (``id``, ``kind``, ``fired``, ...).

    :param command: callable, see :meth:`SandboxHandle.command`
    """

    def __init__(self, command: typing.Callable[..., Data]) -> None:
        self._command = command
        self._running = False
        self._missed = []  # type: typing.List[Data]

    def begin(self) -> None:
        """Note that the sandbox runs."""
        self._running = True

    def end(self) -> None:
        """Remove all faults of a sandbox that is about to end, and keep its unfired ones."""
        try:
            self._missed = self.unfired()
            self._command("DELETE", "faults")
        except (RuntimeError, requests.RequestException):
            # It has ended already, or a fault makes it unreachable.
            pass
        self._running = False

    def add(self, kind: str, **fault: Data) -> Data:
        """Add a fault, see :class:`osbs.sandbox.http.faults.Fault`; return its description."""
        return self._command("POST", "faults", dict(fault, kind=kind))

    def clear(self) -> None:
        """Remove all faults."""
        self._missed = []
        self._command("DELETE", "faults")

    def __iter__(self) -> typing.Iterator[Data]:
        return iter(self._command("GET", "faults"))

    def unfired(self) -> typing.List[Data]:
        """Return the faults that never fired, also those of before a stop or crash."""
        return self._missed + (self._command("GET", "unfired") if self._running else [])


class SandboxHandle:
    """
    A sandbox for a program on this machine, started by ``with`` or :meth:`start`.

    The attributes of READY are set once it is started: ``config`` is the path of an osbs.conf,
    ``kubeconfig`` that of a configuration for other clients of Kubernetes, ``ca`` that of the CA's
    certificate (None without TLS). Subclasses start the sandbox in ``_launch`` and stop it in
    ``_end``.

    :param directory: str, for files
    :param faults: iterable of dict, each what ``POST /_sandbox/faults`` takes; added at the start
    """

    url = namespace = user = password = token = config = kubeconfig = ""  # type: str
    ca = None  # type: typing.Optional[str]
    _osbs = None  # type: typing.Optional[OSBS]

    def __init__(self, directory: str, faults: typing.Iterable[Data] = ()) -> None:
        self.directory = os.path.abspath(directory)
        self.faults = FaultsHandle(self.command)
        self._wanted_faults = list(faults)

    def start(self: "Handle") -> "Handle":
        """Start the sandbox, also again after a stop; only the first start adds the faults."""
        try:
            self._launch()
            self.faults.begin()
            wanted, self._wanted_faults = self._wanted_faults, []
            for fault in wanted:
                self.faults.add(**fault)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the sandbox and end all pods; a second call does nothing."""
        try:
            self.faults.end()
        finally:
            self._end()

    def _launch(self) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        raise NotImplementedError

    def __enter__(self: "Handle") -> "Handle":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def ready(self) -> typing.Dict[str, typing.Optional[str]]:
        """The attributes of READY as a dict."""
        return {name: getattr(self, name) for name in READY}

    def command(self, method: str, name: str, data: Data = None) -> Data:
        """
        Send a command of the control plane, see :mod:`osbs.sandbox.http.control`.

        :param name: str, what follows ``/_sandbox/``
        :raises ValueError: with the reason when the command is refused
        :raises RuntimeError: when the sandbox is not running
        """
        raise NotImplementedError

    def script(self, pattern: str = "*", **outcome: Data) -> None:
        """
        Set the outcome of builds, by name, until the sandbox ends.

        :param pattern: str, name of the Build, ``*`` and ``?`` as in a shell
        :param outcome: fields of :class:`osbs.sandbox.pods.outcomes.Outcome`
        """
        self.command("POST", "outcomes", dict(outcome, pattern=pattern))

    def push(self, repository: str, tag: str = "latest") -> None:
        """Push a new image to a repository; imports see it from now on."""
        self.command("POST", "registry", {"repository": repository, "tag": tag})

    def reset(self) -> None:
        """Remove objects, faults, scripts and logged requests; unfinished builds end."""
        self.command("POST", "reset", {})
        self.faults.clear()

    @property
    def requests(self) -> typing.List[typing.Dict[str, Data]]:
        """The logged requests: dicts with the fields of request_log.LoggedRequest."""
        return self.command("GET", "requests")

    def assert_requested(
        self,
        method: str,
        path: str,
        count: typing.Optional[int] = None,
        status: typing.Optional[int] = None,
    ) -> typing.List[typing.Dict[str, Data]]:
        """
        Return the logged requests that match.

        :param method: str, GET and so on
        :param path: str, regular expression, searched in path and query (``path?query``)
        :param count: int or None, how many there must be; None: one or more
        :param status: int or None, only requests with this status
        :raises AssertionError: naming all requests when there are not as many
        """
        requests = self.requests
        found = [
            request
            for request in requests
            if request["method"] == method
            and re.search(path, shown(request))
            and status in (None, request["status"])
        ]
        if len(found) != count if count is not None else not found:
            wanted = "{} {}{}".format(method, path, "" if status is None else " -> %d" % status)
            lines = ["{} of {} requests are {}:".format(len(found), len(requests), wanted)]
            raise AssertionError("\n    ".join(lines + [summary(each) for each in requests]))
        return found

    def configuration(self, **settings: Data) -> "Configuration":
        """Return an osbs.conf.Configuration of this sandbox; keywords override the file."""
        from osbs.conf import Configuration

        class SandboxConfiguration(Configuration):
            """Ignores a token that `osbs login` stored: it is for another server."""

            def _get_login_token(self) -> None:
                return None

        return SandboxConfiguration(conf_file=self.config, **settings)

    @property
    def osbs(self) -> "OSBS":
        """An osbs.api.OSBS with user name and password of the sandbox's first user."""
        if self._osbs is None:
            from osbs.api import OSBS

            conf = self.configuration()
            self._osbs = OSBS(conf, conf)
        return self._osbs

    def make_repository(
        self,
        name: str = seed.COMPONENT,
        files: typing.Optional[typing.Dict[str, str]] = None,
        branch: str = seed.BRANCH,
    ) -> str:
        """
        Create a git repository to build from.

        :param name: str, last part of its path
        :param files: dict, name -> text; None: a Dockerfile with all labels
        :param branch: str
        :return: str, its URI
        """
        return seed.make_repository(os.path.join(self.directory, name), files, branch)

    def build_arguments(
        self, repository: str, branch: str = seed.BRANCH, **more: Data
    ) -> typing.Dict[str, Data]:
        """Return keywords of OSBS.create_orchestrator_build for all platforms of the sandbox."""
        arguments = {
            "git_uri": repository,
            "git_ref": branch,
            "git_branch": branch,
            "user": self.user,
            "component": seed.COMPONENT,
            "target": "candidate",
            "platforms": list(seed.PLATFORMS),
        }
        arguments.update(more)
        return arguments

    def check_faults(self) -> None:
        """
        Raise unless each requested fault has happened.

        :raises UnfiredFaults: with the names of those that have not
        """
        unfired = self.faults.unfired()
        if unfired:
            raise UnfiredFaults(
                "faults that never happened: {}".format(", ".join(map(repr, unfired)))
            )


Handle = typing.TypeVar("Handle", bound=SandboxHandle)
