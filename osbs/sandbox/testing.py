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
``processes=["python3", "pod.py"]`` runs a program of one's own in each build pod, which calls
:func:`osbs.sandbox.pods.inside.prepare` first.
"""

import contextlib
import importlib
import inspect
import typing

from osbs.sandbox.install.child_process import ServedSandbox
from osbs.sandbox.install.handle import SandboxHandle, UnfiredFaults
from osbs.sandbox.install.installation import Installation
from osbs.sandbox.install.proxies import loopback_excluded
from osbs.sandbox.kinds.validation import unknown
from osbs.sandbox.pods.leftovers import PrivateDirectory
from osbs.sandbox.pods.processes import ProcessRunner
from osbs.sandbox.pods.scripted import ScriptedRunner
from osbs.sandbox.server import Sandbox

__all__ = ["SandboxHandle", "ServedSandbox", "UnfiredFaults", "running", "serving"]


#: options of :func:`running` beside ``processes``
OPTIONS = tuple(
    name
    for function in (Installation.__init__, Sandbox.__init__)
    for name in inspect.signature(function).parameters
    if name not in ("self", "directory", "runner", "options", "namespaces")
)

#: delays (seconds) before the library repeats a request, in this process while a sandbox runs
DELAYS = {
    "osbs._transport.HTTP_BACKOFF_FACTOR": 0.01,
    "osbs._rest.retry.MAX_DELAY": 0.1,
    "osbs._rest.logs.PHASE_DELAY": 0.1,
}


@contextlib.contextmanager
def short_delays():
    """Let the library repeat failed requests soon during a ``with`` block."""
    old = []
    try:
        for path, delay in DELAYS.items():
            module, _, name = path.rpartition(".")
            module = importlib.import_module(module)
            old.append((module, name, getattr(module, name)))
            setattr(module, name, min(delay, getattr(module, name)))
        yield
    finally:
        for module, name, value in old:
            setattr(module, name, value)


@contextlib.contextmanager
def running(processes: typing.Any = False, **options: typing.Any) -> typing.Iterator[SandboxHandle]:
    """
    Run a sandbox in a thread during a ``with`` block.

    :param processes: bool, run pods as processes instead of playing scripts; or list of str, the
        program that each of them runs
    :param options: keywords of :class:`osbs.sandbox.install.installation.Installation`
    :return: a context manager of a SandboxHandle
    :raises TypeError: for unknown options
    :raises UnfiredFaults: at the end of a successful block, for faults that never happened
    """
    for name in options:
        if name not in OPTIONS:
            raise TypeError("unknown option {!r}{}".format(name, unknown(name, OPTIONS)))
    command = None if processes is True else processes
    runner = ProcessRunner(command) if processes else ScriptedRunner()
    with PrivateDirectory() as directory, short_delays(), loopback_excluded():
        with Installation(directory, runner=runner, **options) as sandbox:
            yield sandbox
            sandbox.check_faults()


@contextlib.contextmanager
def serving(**options: typing.Any) -> typing.Iterator[ServedSandbox]:
    """
    Run a sandbox in a child process during a ``with`` block; it also has a method ``kill``.

    :param options: keywords of :class:`osbs.sandbox.install.child_process.ServedSandbox`
    :return: a context manager of a SandboxHandle
    :raises UnfiredFaults: at the end of a successful block, for faults that never happened
    :raises RuntimeError: when it does not start
    """
    with PrivateDirectory() as directory, short_delays(), loopback_excluded():
        with ServedSandbox(directory, **options) as sandbox:
            yield sandbox
            sandbox.check_faults()
