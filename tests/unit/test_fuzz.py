"""The fuzzer runs, and finds what there is: what nobody runs every day must not rot."""

from __future__ import absolute_import, print_function, unicode_literals


import pytest

from osbs.exceptions import OsbsValidationException
from tests.benchmarks import fuzz
from tests.benchmarks.fuzz_targets import TARGETS, target


def hang(_data):
    while True:
        fuzz.clock()


def refuse_in_two_lines(_data):
    raise OsbsValidationException("two\nlines")


def fail(_data):
    raise KeyError("x")


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_a_target_begins_with_is_no_finding(name):
    for seed in TARGETS[name].seeds:
        assert fuzz.attempt(TARGETS[name], seed)[1] is None


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_few_changes_of_a_target_are_no_finding(name, tmpdir):
    campaign = fuzz.Campaign(name, 1, str(tmpdir))
    for _ in range(5):
        campaign.step()
    assert (campaign.tried, campaign.findings) == (5, [])


@pytest.mark.parametrize(
    ("function", "problem"),
    [(hang, "interrupted"), (refuse_in_two_lines, "several lines"), (fail, "KeyError")],
)
def test_what_is_wrong_is_a_finding_and_kept(function, problem, tmpdir, monkeypatch, capsys):
    monkeypatch.setattr(fuzz, "SECONDS", 0.1)
    broken = target(function, (OsbsValidationException,), [b"seed"], [b"word"])
    monkeypatch.setitem(fuzz.TARGETS, "broken", broken)
    campaign = fuzz.Campaign("broken", 1, str(tmpdir))
    campaign.step()
    campaign.step()
    [(path, found)] = campaign.findings
    assert problem in found and path.startswith(str(tmpdir))
    assert "FINDING broken" in capsys.readouterr()[0]


def test_the_same_seed_tries_the_same_documents(tmpdir, monkeypatch):
    tried = []
    kept = target(tried.append, (), [b"some document"], [b"word"])
    monkeypatch.setitem(fuzz.TARGETS, "kept", kept)
    for _ in range(2):
        fuzz.Campaign("kept", 7, str(tmpdir)).step()
    assert tried[0] == tried[1]
