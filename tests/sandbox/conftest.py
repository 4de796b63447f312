"""Fixtures of the sandbox's own tests."""

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("trustme")

from tests.sandbox import support  # noqa: E402


@pytest.fixture
def pods():
    """Pods that do what the test says."""
    return support.Obedient()


@pytest.fixture
def api(pods):
    """A new sandbox and an Api of its first user."""
    with support.started(pods) as started:
        yield started
