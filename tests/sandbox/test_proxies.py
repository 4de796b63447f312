"""A proxy in the environment does not get requests to the sandbox."""

import os

import pytest

from osbs.sandbox import testing
from osbs.sandbox.install.proxies import loopback_excluded

NAMES = ("no_proxy", "NO_PROXY")


@pytest.fixture(autouse=True)
def proxy(monkeypatch):
    """An unreachable proxy in the environment, without no_proxy."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("start", [testing.running, testing.serving], ids=["thread", "process"])
def test_a_client_in_the_block_does_not_ask_the_proxy(start):
    with start() as sandbox, sandbox.osbs.retries_disabled():
        assert sandbox.osbs.list_builds() == []


def test_after_the_block_the_environment_is_as_before(monkeypatch):
    monkeypatch.setenv("no_proxy", "example.com")
    before = dict(os.environ)
    with testing.running():
        assert os.environ != before
    assert os.environ == before


def test_what_was_excluded_stays_excluded(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "example.com")
    with loopback_excluded():
        assert [os.environ[name] for name in NAMES] == ["example.com,127.0.0.1,localhost"] * 2


def test_an_exclusion_of_everything_stays_as_it_is(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with loopback_excluded():
        assert os.environ["no_proxy"] == "*"


def test_loopback_is_excluded_until_the_last_of_several_blocks_ends():
    first, second = loopback_excluded(), loopback_excluded()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert "127.0.0.1" in os.environ["no_proxy"]
    second.__exit__(None, None, None)
    assert "no_proxy" not in os.environ
