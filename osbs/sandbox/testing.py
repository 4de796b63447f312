"""
A sandbox for a test program, with or without pytest: :func:`running` starts it in a thread,
:func:`serving` in a child process.

::

    with osbs.sandbox.testing.running() as sandbox:
        sandbox.script('hello-*', failing_platform='ppc64le', message='no space left')
        repository = sandbox.make_repository()
        build = sandbox.osbs.create_orchestrator_build(**sandbox.build_arguments(repository))
        assert sandbox.osbs.wait_for_build_to_finish(build.get_build_name()).is_failed()

Builds are scripted unless ``processes=True`` is given, which is cheap enough for hundreds.
"""

import contextlib

from osbs.sandbox.install.child_process import ServedSandbox
from osbs.sandbox.install.handle import Client, UnfiredFaults
from osbs.sandbox.install.installation import Installation
from osbs.sandbox.install.proxies import loopback_excluded
from osbs.sandbox.pods.leftovers import PrivateDirectory
from osbs.sandbox.pods.processes import ProcessRunner
from osbs.sandbox.pods.scripted import ScriptedRunner

__all__ = ["RunningSandbox", "ServedSandbox", "UnfiredFaults", "running", "serving"]


class RunningSandbox(Client, Installation):
    """
    A sandbox for a test.

    :param directory: str, for files
    :param processes: bool, run pods as processes instead of playing scripts
    :param faults: list of dict, each what ``POST /_sandbox/faults`` takes
    :param options: keywords of :class:`osbs.sandbox.install.installation.Installation`
    """

    def __init__(self, directory, processes=False, faults=(), **options):
        super().__init__(
            directory, runner=ProcessRunner() if processes else ScriptedRunner(), **options
        )
        self._wanted_faults = list(faults)

    def start(self):
        """Start the sandbox and set the faults."""
        super().start()
        try:
            for fault in self._wanted_faults:
                self.faults.add(**fault)
        except BaseException:
            self.stop()
            raise
        return self

    @property
    def faults(self):
        """The osbs.sandbox.http.faults.Faults of the server."""
        return self.server.faults

    def script(self, pattern="*", **outcome):
        """
        Set the outcome of builds, by name.

        :param pattern: str, name of the Build, ``*`` and ``?`` as in a shell
        :param outcome: fields of :class:`osbs.sandbox.pods.outcomes.Outcome`
        """
        self.runner.add(pattern, **outcome)


@contextlib.contextmanager
def running(**options):
    """
    Run a sandbox in a thread during a ``with`` block.

    :param options: keywords of :class:`RunningSandbox`
    :raises UnfiredFaults: at the end of a successful block, for faults that never happened
    """
    with PrivateDirectory() as directory:
        with loopback_excluded(), RunningSandbox(directory, **options) as sandbox:
            yield sandbox
            sandbox.check_faults()


@contextlib.contextmanager
def serving(**options):
    """
    Run a sandbox in a child process during a ``with`` block.

    :param options: keywords of :class:`osbs.sandbox.install.child_process.ServedSandbox`
    :raises UnfiredFaults: at the end of a successful block, for faults that never happened
    :raises RuntimeError: when it does not start
    """
    with PrivateDirectory() as directory:
        with loopback_excluded(), ServedSandbox(directory, **options) as sandbox:
            yield sandbox
            sandbox.check_faults()
