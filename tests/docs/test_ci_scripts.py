"""The scripts of .ci: finding mirrors, running jobs, reading README and pytest's summary."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import sys
import zipfile

import pytest

from tests.docs.test_packaging import ROOT

if sys.version_info[0] == 2:
    pytest.skip("the scripts are Python 3 only", allow_module_level=True)

DEB822 = """\
Types: deb
# of the day: http://snapshot.example.com/
URIs: http://mirror.example.com/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example.com/security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example.com/debian
Suites: bookworm
"""

ONE_LINE = """\
# deb http://commented.example.com/debian bookworm main
deb [arch=amd64 signed-by=/a/key.gpg] http://lines.example.com/debian bookworm main contrib
deb http://other.example.com/apt cloud-sdk-bookworm main
deb-src http://sources.example.com/debian bookworm main
"""

README = """\
# title

## Quick start

```sh
first command
```

```sh
second command && third
```

## Next

```sh
another
```
"""


def load(name):
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_loader

    loader = SourceFileLoader("ci_" + name, os.path.join(ROOT, ".ci", name))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(os.path.join(ROOT, ".ci"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


@pytest.fixture
def jobs():
    return load("jobs.py")


@pytest.fixture
def pipeline(monkeypatch, tmpdir):
    module = load("pipeline.py")
    monkeypatch.setattr(module, "TOP", str(tmpdir))
    return module


@pytest.fixture
def apt_directory(tmpdir):
    tmpdir.join("sources.list.d").ensure(dir=True).join("a.sources").write(DEB822)
    tmpdir.join("sources.list").write(ONE_LINE)
    return str(tmpdir)


def test_mirrors_are_those_of_the_systems_own_suite(apt_directory):
    found = load("python27").mirrors({"VERSION_CODENAME": "bookworm"}, apt_directory)
    assert found == ["http://lines.example.com/debian", "http://mirror.example.com/debian"]


def test_there_are_no_mirrors_without_sources(tmpdir):
    assert load("python27").mirrors({"VERSION_CODENAME": "bookworm"}, str(tmpdir)) == []


def test_an_unfinished_python_is_not_taken_for_one(monkeypatch, tmpdir):
    script = load("python27")
    home = tmpdir.join("osbs-client", "python27", "whatever")
    monkeypatch.setattr(script, "download", lambda work: open(os.path.join(work, "nowhere", "a")))
    with pytest.raises(IOError):
        tmpdir.join("osbs-client", "python27").ensure(dir=True)
        script.make(str(home))
    assert home.dirpath().listdir() == []


@pytest.mark.parametrize(
    "line, summary",
    [
        ("==== 3 passed, 1 skipped in 0.52s ====", "3 passed, 1 skipped in 0.52s"),
        ("3 passed, 1 warnings in 1.88 seconds", "3 passed, 1 warnings in 1.88 seconds"),
        ("2 failed, 3 passed in 63.02s (0:01:03)", "2 failed, 3 passed in 63.02s (0:01:03)"),
        ("everything passed in my dreams", ""),
    ],
)
def test_the_closing_line_of_pytest_is_found(jobs, line, summary):
    assert jobs.closing_line("first\n%s\nlast\n" % line) == summary


def fail(jobs):
    def function(step):
        raise jobs.Failed("broken")

    return function


def skip(jobs):
    def function(step):
        raise jobs.Skipped("not here")

    return function


def states(jobs, listed, directory, strict=False):
    runner = jobs.Runner(listed, str(directory), 2, strict)
    good = runner.run()
    return good, [job.state for job in listed]


def test_jobs_run_after_what_they_need(jobs, tmpdir):
    order = []
    listed = [
        jobs.Job("second", lambda step: order.append("second"), ["first"]),
        jobs.Job("first", lambda step: order.append("first")),
    ]
    assert states(jobs, listed, tmpdir) == (True, ["done", "done"])
    assert order == ["first", "second"]


def test_what_needs_a_failed_job_is_not_run(jobs, tmpdir):
    order = []
    listed = [
        jobs.Job("first", fail(jobs)),
        jobs.Job("second", lambda step: order.append("second"), ["first"]),
    ]
    assert states(jobs, listed, tmpdir) == (False, ["failed", "failed"])
    assert order == []


def test_what_only_comes_after_a_failed_job_is_run(jobs, tmpdir):
    listed = [
        jobs.Job("first", fail(jobs)),
        jobs.Job("second", lambda step: None, after=["first"]),
    ]
    assert states(jobs, listed, tmpdir) == (False, ["failed", "done"])


def test_what_cannot_be_done_is_skipped_on_a_developers_machine(jobs, tmpdir):
    assert states(jobs, [jobs.Job("only", skip(jobs))], tmpdir) == (True, ["skipped"])


def test_what_cannot_be_done_fails_in_ci(jobs, tmpdir):
    listed = [jobs.Job("only", skip(jobs))]
    assert states(jobs, listed, tmpdir, strict=True) == (False, ["failed"])


def test_a_defect_in_a_job_does_not_stop_the_others(jobs, tmpdir):
    listed = [jobs.Job("broken", lambda step: {}["x"]), jobs.Job("fine", lambda step: None)]
    assert states(jobs, listed, tmpdir) == (False, ["failed", "done"])


def test_tests_are_counted_over_all_jobs(jobs, tmpdir):
    def count(step):
        return step.pytest(["echo", "2 passed, 1 skipped in 0.1s"])

    runner = jobs.Runner([jobs.Job(name, count) for name in "ab"], str(tmpdir), 2, False)
    assert runner.run()
    assert runner.summary().splitlines()[-1] == "4 passed, 0 failed, 2 skipped"


@pytest.mark.parametrize("output", ["1 failed, 2 passed in 0.1s", "no tests ran in 0.1s", ""])
def test_a_run_of_pytest_that_failed_or_tested_nothing_fails_the_job(jobs, tmpdir, output):
    status = "1" if "failed" in output else "0"
    command = ["sh", "-c", 'echo "%s"; exit %s' % (output, status)]
    listed = [jobs.Job("only", lambda step: step.pytest(command))]
    assert states(jobs, listed, tmpdir) == (False, ["failed"])


def test_a_command_that_hangs_is_ended(jobs, tmpdir):
    listed = [jobs.Job("only", lambda step: step.run(["sleep", "60"], seconds=0.2))]
    assert states(jobs, listed, tmpdir) == (False, ["failed"])


def test_the_second_command_of_readme_is_the_tests(pipeline, tmpdir):
    tmpdir.join("README.md").write(README)
    assert pipeline.readme_test_command() == "second command && third"


@pytest.mark.parametrize(
    "text",
    ["", README.replace("## Quick start", "## Slow start"), README.replace("third", "third\nmore")],
)
def test_a_readme_without_the_two_commands_is_a_failure(pipeline, tmpdir, text):
    tmpdir.join("README.md").write(text)
    with pytest.raises(Exception, match="Quick start"):
        pipeline.readme_test_command()


def test_the_linters_are_those_of_setup_py(monkeypatch):
    found = load("pipeline.py").extra("lint")
    assert [each for each in found if each.startswith("ruff==")]


def test_the_oldest_releases_are_the_lower_bounds_of_what_is_needed_at_run_time(tmpdir):
    metadata = """\
Requires-Dist: six (>=1.12)
Requires-Dist: python-dateutil>=2.7
Requires-Dist: requests<2.28,>=2.20; python_version < "3"
Requires-Dist: aiohttp>=3.8; python_version >= "3" and extra == "sandbox"
"""
    path = str(tmpdir.join("a.whl"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a-1.dist-info/METADATA", metadata)
    assert load("environments.py").Wheel(path).oldest_requirements() == [
        "six==1.12",
        "python-dateutil==2.7",
        'requests==2.20; python_version < "3"',
    ]
