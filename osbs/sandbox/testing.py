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
from osbs.sandbox.install.handle import SandboxHandle, UnfiredFaults
from osbs.sandbox.install.installation import Installation
from osbs.sandbox.install.proxies import loopback_excluded
from osbs.sandbox.pods.leftovers import PrivateDirectory
from osbs.sandbox.pods.processes import ProcessRunner
from osbs.sandbox.pods.scripted import ScriptedRunner

__all__ = ["SandboxHandle", "UnfiredFaults", "running", "serving"]


@contextlib.contextmanager
def running(processes=False, **options):
    """
    Run a sandbox in a thread during a ``with`` block.

    :param processes: bool, run pods as processes instead of playing scripts
    :param options: keywords of :class:`osbs.sandbox.install.installation.Installation`
    :return: a context manager of a SandboxHandle
    :raises UnfiredFaults: at the end of a successful block, for faults that never happened
    """
    runner = ProcessRunner() if processes else ScriptedRunner()
    with PrivateDirectory() as directory, loopback_excluded():
        with Installation(directory, runner=runner, **options) as sandbox:
            yield sandbox
            sandbox.check_faults()


@contextlib.contextmanager
def serving(**options):
    """
    Run a sandbox in a child process during a ``with`` block; it also has a method ``kill``.

    :param options: keywords of :class:`osbs.sandbox.install.child_process.ServedSandbox`
    :return: a context manager of a SandboxHandle
    :raises UnfiredFaults: at the end of a successful block, for faults that never happened
    :raises RuntimeError: when it does not start
    """
    with PrivateDirectory() as directory, loopback_excluded():
        with ServedSandbox(directory, **options) as sandbox:
            yield sandbox
            sandbox.check_faults()
