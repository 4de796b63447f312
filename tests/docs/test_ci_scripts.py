"""The scripts of .ci, each against stand-ins for what it runs."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import subprocess
import sys

import pytest

from tests.docs.test_packaging import ROOT

if sys.version_info[0] == 2:
    pytest.skip("the scripts are Python 3 only", allow_module_level=True)

README = """\
# title

## Quick start

```sh
%s
```

```sh
%s
```

## Next

```sh
false
```
"""


def run(script, *arguments, **kwargs):
    """Return the exit status and the output of a script of .ci."""
    command = ["bash", os.path.join(ROOT, ".ci", script)] + list(arguments)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kwargs)
    return done.returncode, done.stdout.decode("utf-8")


def load(name):
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_loader

    loader = SourceFileLoader("ci_" + name, os.path.join(ROOT, ".ci", name))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def no_bytecode(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


@pytest.fixture
def apt(tmpdir):
    """A function that puts an apt-get that prints some lines on a PATH, and returns the PATH."""

    def make(*lines):
        program = tmpdir.mkdir("bin").join("apt-get")
        program.write("#!/bin/sh\n" + "".join("echo '%s'\n" % line for line in lines))
        program.chmod(0o755)
        return dict(os.environ, PATH="%s:/usr/bin:/bin" % program.dirname)

    return make


def test_the_mirror_is_the_first_of_debians_own(apt):
    env = apt(
        "Google Cloud http://other.example.com/",
        "Debian Debian-Security http://security.example.com/",
        "Debian Debian http://mirror.example.com/debian/",
        "Debian Debian http://second.example.com/debian/",
    )
    assert run("mirror", env=env) == (0, "http://mirror.example.com/debian/\n")


def test_there_is_no_mirror_without_sources(apt):
    assert run("mirror", env=apt())[0] == 1


def test_an_installed_python_27_is_taken(tmpdir):
    program = tmpdir.join("python2.7")
    program.write("#!/bin/sh\n")
    program.chmod(0o755)
    env = dict(os.environ, OSBS_PYTHON27=str(program))
    assert run("python27", env=env) == (0, "%s\n" % program)


def test_an_unfinished_python_27_is_not_taken_for_one(apt, tmpdir):
    env = dict(apt(), OSBS_CI_FETCH_PYTHON27="1", XDG_CACHE_HOME=str(tmpdir))
    assert run("python27", env=env)[0] != 0
    left = tmpdir.join("osbs-client", "python27").listdir()
    assert [each.basename for each in left] == ["lock"]


@pytest.fixture
def summary(tmpdir):
    """A function that returns what is said about runs of pytest: name=output."""

    def make(**outputs):
        for name in outputs:
            tmpdir.join(name).write(outputs[name])
        return run("summary", str(tmpdir))

    return make


@pytest.mark.parametrize(
    "line, total",
    [
        ("==== 3 passed, 1 skipped in 0.52s ====", "3 passed, 0 failed, 1 skipped"),
        ("3 passed, 1 warnings in 1.88 seconds", "3 passed, 0 failed, 0 skipped"),
        ("2 failed, 3 passed in 63.02s (0:01:03)", "3 passed, 2 failed, 0 skipped"),
        ("3 passed, 1 failed, 2 errors in 1s", "3 passed, 3 failed, 0 skipped"),
    ],
)
def test_the_last_line_is_the_sum_of_the_closing_lines_of_pytest(summary, line, total):
    status, output = summary(one="...\n%s\nlast\n" % line, two="no closing line\n")
    assert (status, output.splitlines()[-1]) == (0, total)


def test_the_tests_of_all_environments_are_summed_up(summary):
    output = summary(one="1 passed in 1s\n", two="5 passed, 2 skipped in 1s\n")[1]
    assert output.splitlines() == [
        "one: 1 passed in 1s",
        "two: 5 passed, 2 skipped in 1s",
        "6 passed, 0 failed, 2 skipped",
    ]


def test_a_reason_for_skipping_is_told_once(summary):
    output = summary(one="SKIPPED [1] why\n1 passed in 1s\n", two="SKIPPED [1] why\n")[1]
    assert output.split()[:4] == ["2", "SKIPPED", "[1]", "why"]


@pytest.mark.parametrize("output", ["no tests ran in 0.1s", "1 failed in 1s", ""])
def test_where_no_test_passed_the_summary_fails(summary, output):
    assert summary(one=output)[0] == 1


@pytest.fixture
def readme(tmpdir):
    """A function that does what a README with two commands says, in a repository of its own."""

    def make(*commands, **kwargs):
        repository = tmpdir.mkdir("repository")
        repository.join("README.md").write(kwargs.get("text", README) % commands)
        repository.join(".gitignore").write("*.log\n.venv/\n")
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
        for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
            subprocess.check_call(git + arguments, cwd=str(repository))
        scratch = tmpdir.mkdir("scratch")
        env = dict(os.environ, TMPDIR=str(scratch), SECRET="of the caller")
        result = run("readme", cwd=str(repository), env=env)
        assert scratch.listdir() == []
        return result

    return make


def test_the_commands_of_readme_see_nothing_of_the_callers_environment(readme):
    status, output = readme("ls -A $HOME $TMPDIR", "env | cut -d= -f1 | sort")
    assert status == 0
    assert output.split("| sort\n")[1].split() == ["HOME", "PATH", "PWD", "SHLVL", "TMPDIR", "_"]


@pytest.mark.parametrize("number", [0, 1])
def test_a_command_of_readme_that_fails_is_a_failure(readme, number):
    commands = ["true", "true"]
    commands[number] = "false && true"
    assert readme(*commands)[0] == 1


@pytest.mark.parametrize(
    "command",
    [
        "touch $TMPDIR/left",
        "touch left",
        "mkdir build && touch build/left",
        "touch ignored.log",
        "echo >> README.md",
    ],
)
def test_what_a_command_of_readme_leaves_behind_is_a_failure(readme, command):
    status, output = readme(command, "true")
    assert (status, "left behind" in output) == (1, True)


def test_the_environment_that_readme_makes_may_stay(readme):
    assert readme("mkdir .venv && touch .venv/python", "mkdir __pycache__")[0] == 0


@pytest.mark.parametrize(
    "old, new", [("Quick", "Slow"), ("%s\n```\n\n## N", "%s\ntrue\n```\n\n## N")]
)
def test_a_readme_without_the_two_commands_is_a_failure(readme, old, new):
    status, output = readme("true", "true", text=README.replace(old, new))
    assert (status, "Quick start" in output) == (1, True)


def test_the_oldest_releases_are_the_lower_bounds_for_python_3():
    text = """
REQUIREMENTS = ["six>=1.12", 'requests>=2.20; python_version >= "3"']
SANDBOX = ['requests>=1,<2.28; python_version < "3"', "wheel"]
TEST = ["pytest>=6.2,<9"]
LINT = ["black>=2"]
"""
    assert load("oldest.py").lowest(text) == ["six==1.12", "requests==2.20", "pytest==6.2"]


def test_the_bounds_of_setup_py_are_found():
    with open(os.path.join(ROOT, "setup.py")) as source:
        assert len(load("oldest.py").lowest(source.read())) > 10
