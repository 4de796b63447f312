"""Tests of a plugin's author, for type checkers; they are never run."""

from osbs.sandbox.testing import SandboxHandle, running, serving


def test_a_build_succeeds(osbs_sandbox: SandboxHandle) -> None:
    repository: str = osbs_sandbox.make_repository()
    osbs = osbs_sandbox.osbs
    build = osbs.create_orchestrator_build(**osbs_sandbox.build_arguments(repository))
    build = osbs.wait_for_build_to_finish(build.get_build_name(), timeout=30)
    assert build.is_succeeded()
    osbs_sandbox.osbs.get_bulid("x")  # mistake
    osbs_sandbox.make_repositry()  # mistake


def test_requests_and_faults_are_known(osbs_sandbox: SandboxHandle) -> None:
    url: str = osbs_sandbox.url
    paths: list[str] = [request["path"] for request in osbs_sandbox.requests]
    osbs_sandbox.faults.delay(0.5, path=url)
    osbs_sandbox.assert_requested("GET", paths[0], count=1)
    osbs_sandbox.faults.dely(0.5)  # mistake
    osbs_sandbox.faults.delay("x")  # mistake
    osbs_sandbox.requests.last()  # mistake
    print(osbs_sandbox.url + 1)  # mistake


def test_a_sandbox_can_be_killed() -> None:
    with serving(tls=False) as served:
        served.kill()
        served.klil()  # mistake
    with running() as sandbox:
        sandbox.push("registry.example.com/base")
        sandbox.kill()  # mistake
