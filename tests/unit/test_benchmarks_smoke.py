"""The benchmarks run: what nobody runs every day must not rot."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("aiohttp")

from tests.benchmarks import __main__ as benchmarks  # noqa: E402
from tests.benchmarks import report  # noqa: E402
from tests.benchmarks.harness import Outcome, Panel, Row, Timing, by_turns  # noqa: E402
from tests.unit.buildparams import ROOT  # noqa: E402


@pytest.mark.parametrize("name", benchmarks.NAMES)
def test_a_benchmark_says_what_it_measures(name):
    assert benchmarks.describe(name).endswith(".")


def test_a_quick_run_writes_a_table_and_its_data(tmpdir):
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--output", str(tmpdir)]
    for name in ("responses", "log_follow", "rendering"):
        command += ["--only", name]
    told = subprocess.check_output(command, cwd=ROOT).decode("utf-8")
    assert "| `render_plugins_configuration` | " in told
    assert tmpdir.join("results.md").read_text(encoding="utf-8") == told
    found = json.loads(tmpdir.join("results.json").read())
    assert len(found["rows"]) == 6 and found["about"]["versions"]["requests"]


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info < (3, 6), reason="runs the sandbox")
def test_a_small_storm_loses_nothing(tmpdir):
    command = [sys.executable, "-m", "tests.benchmarks.storm", "--output", str(tmpdir)]
    for option in ("processes=2", "builds=2", "interval=0.1", "away=0.3", "settle=0.1"):
        command.append("--" + option)
    subprocess.check_output(command + ["--delay-factor=0.01"], cwd=ROOT)
    found = json.loads(tmpdir.join("storm.json").read())
    assert (found["builds"], found["failures"], found["lost"]) == (4, [], [])
    phases = {phase["name"]: phase for phase in found["phases"]}
    assert phases["start"]["requests"]["logins"] == 2
    assert phases["expire_tokens"]["requests"]["logins"] == 2
    assert phases["restart"]["refused"] > 0 and phases["compact"]["requests"]["watches"] >= 4


@pytest.mark.parametrize(
    ("goals", "figure", "reached"),
    [
        ({}, 1, None),
        ({"at_most": 1.5}, 1.5, True),
        ({"at_most": 1.5}, 1.6, False),
        ({"at_least": 2}, 2, True),
        ({"at_least": 2}, 1.9, False),
    ],
)
def test_a_goal_is_reached_or_missed(goals, figure, reached):
    assert Row("what", "baseline", "", figure, **goals).reached is reached


@pytest.mark.parametrize(("arguments", "status"), [([], 1), (["--quick"], 0)])
def test_a_missed_goal_is_the_exit_status_of_a_full_run(arguments, status, monkeypatch, tmpdir):
    missed = Outcome([Row("what", "", "", 2, at_most=1)])
    monkeypatch.setattr(benchmarks, "run", lambda *args: (missed.rows, []))
    assert benchmarks.main(arguments + ["--output", str(tmpdir)]) == status


def test_functions_take_turns():
    seen = []
    functions = {name: lambda name=name: seen.append(name) for name in ("a", "b")}
    by_turns(2, functions)
    assert seen == ["a", "b", "b", "a"]


def test_a_ratio_is_that_of_most_rounds():
    timing = Timing({"base": [1.0, 10.0, 1.0], "new": [2.0, 20.0, 90.0]})
    assert timing.ratio("new", "base") == 2


def test_the_page_has_a_place_for_the_table(monkeypatch, tmpdir):
    page = tmpdir.join("performance.md")
    page.write("\n".join(("before", report.MARKS[0], "old table", report.MARKS[1], "after")))
    monkeypatch.setattr(report, "PAGE", str(page))
    about = dict(report.machine(), seconds=1)
    report.write_page([Row("new", "", "", 1)], [Panel("t", "x", "y", {"": [(1, 2)]})], about)
    text = page.read()
    assert text.startswith("before") and text.endswith("after")
    assert "| new |" in text and "old table" not in text
    with io.open(PAGE, encoding="utf-8") as page:
        text = page.read()
    assert all(mark in text for mark in report.MARKS)


PAGE = os.path.join(ROOT, "docs", "performance.md")
