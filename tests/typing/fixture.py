"""Tests of a plugin's author, for type checkers; they are never run."""

from osbs.sandbox.testing import SandboxHandle


def test_a_build_succeeds(osbs_sandbox: SandboxHandle) -> None:
    repository: str = osbs_sandbox.make_repository()
    osbs = osbs_sandbox.osbs
    build = osbs.create_orchestrator_build(**osbs_sandbox.build_arguments(repository))
    build = osbs.wait_for_build_to_finish(build.get_build_name(), timeout=30)
    assert build.is_succeeded()
    osbs_sandbox.osbs.get_bulid("x")  # mistake
    osbs_sandbox.make_repositry()  # mistake
