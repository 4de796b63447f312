"""
A sandbox inside a test program, with or without pytest.

::

    with osbs.sandbox.testing.running() as sandbox:
        sandbox.script('hello-*', failing_platform='ppc64le', message='no space left')
        repository = sandbox.make_repository()
        build = sandbox.osbs.create_orchestrator_build(**sandbox.build_arguments(repository))
        assert sandbox.osbs.wait_for_build_to_finish(build.get_build_name()).is_failed()

Builds are scripted unless ``processes=True`` is given, so hundreds of them cost nothing.
"""

import contextlib
import os
import tempfile

from osbs.sandbox import seed
from osbs.sandbox.installation import Installation
from osbs.sandbox.pods import ProcessRunner, ScriptedRunner


class UnfiredFaults(AssertionError):
    """A fault was asked for that never happened, so the test did not test it."""


class RunningSandbox(Installation):
    """
    Hold a sandbox for a test.

    :param directory: str, for files
    :param processes: bool, run pods as processes instead of playing scripts
    :param faults: list of dict, each what ``POST /_sandbox/faults`` takes
    :param options: keywords of :class:`osbs.sandbox.installation.Installation`
    """

    def __init__(self, directory, processes=False, faults=(), **options):
        super().__init__(
            directory, runner=ProcessRunner() if processes else ScriptedRunner(), **options
        )
        self._wanted_faults = list(faults)
        self._osbs = None

    def start(self):
        """Start the sandbox and set the faults."""
        super().start()
        for fault in self._wanted_faults:
            self.faults.add(**fault)
        return self

    @property
    def faults(self):
        """The osbs.sandbox.faults.Faults of the server."""
        return self.server.faults

    def script(self, pattern="*", **outcome):
        """
        Set the outcome of builds, by name.

        :param pattern: str, name of the Build, ``*`` and ``?`` as in a shell
        :param outcome: fields of :class:`osbs.sandbox.outcomes.Outcome`
        """
        self.runner.add(pattern, **outcome)

    def configuration(self, **settings):
        """Return an osbs.conf.Configuration of this sandbox; keywords win over the file."""
        from osbs.conf import Configuration

        class SandboxConfiguration(Configuration):
            """The token that `osbs login` kept in this home directory is for another server."""

            def _get_login_token(self):
                return None

        return SandboxConfiguration(conf_file=self.config, **settings)

    @property
    def osbs(self):
        """An osbs.api.OSBS with user name and password of the sandbox's first user."""
        if self._osbs is None:
            from osbs.api import OSBS

            conf = self.configuration()
            self._osbs = OSBS(conf, conf)
        return self._osbs

    def make_repository(self, name=seed.COMPONENT, files=None, branch=seed.BRANCH):
        """
        Make a git repository to build from.

        :param name: str, last part of its path
        :param files: dict, name -> text; None: a Dockerfile with all labels
        :param branch: str
        :return: str, its URI
        """
        return seed.make_repository(os.path.join(self.directory, name), files, branch)

    def build_arguments(self, repository, branch=seed.BRANCH, **more):
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

    def check_faults(self):
        """
        Raise unless each fault that was asked for has happened.

        :raises UnfiredFaults: with the names of those that have not
        """
        unfired = self.faults.unfired()
        if unfired:
            raise UnfiredFaults(
                "faults that never happened: {}".format(", ".join(map(repr, unfired)))
            )


@contextlib.contextmanager
def running(**options):
    """
    Run a sandbox for the time of a ``with`` block.

    :param options: keywords of :class:`RunningSandbox`
    :raises UnfiredFaults: at the end of a block that went well but for a fault that never happened
    """
    with tempfile.TemporaryDirectory(prefix="osbs-sandbox-") as directory:
        with RunningSandbox(directory, **options) as sandbox:
            yield sandbox
            sandbox.check_faults()
