"""Other clients of Kubernetes against the sandbox; a client that is not installed is skipped."""

import pytest


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox with one finished build."""
    pytest.importorskip("aiohttp")
    from osbs.sandbox import testing

    with testing.running() as running:
        repository = running.make_repository()
        build = running.osbs.create_orchestrator_build(**running.build_arguments(repository))
        running.name = build.get_build_name()
        running.osbs.wait_for_build_to_finish(running.name)
        yield running
