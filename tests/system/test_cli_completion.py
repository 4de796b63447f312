"""Completion in real shells, by the real ``osbs`` process."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import socket
import subprocess
import sys

import pytest
import six

from tests.conftest import ROOT
from tests.system import client

pytest.importorskip("argcomplete")

BASH = """
eval "$(osbs completion bash)"
COMP_LINE={line!r}
COMP_POINT=${{#COMP_LINE}}
COMP_WORDS=($COMP_LINE)
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_python_argcomplete ${{COMP_WORDS[0]}}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""

ZSH = r"""
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PATH={bin}:$PATH; eval "$(osbs completion zsh)"; print READY$((1+1))'
zpty -r z out '*READY2*'

zpty -w -n z $'osbs canc\t--help | head -n 1\n'
zpty -r z out '*usage: osbs cancel-build*'
print -r -- "$out"
zpty -d z
"""


@pytest.fixture
def bin_dir(tmpdir):
    """A directory with ``osbs`` and ``osbs-sandbox`` in it, as an installation would have it."""
    directory = tmpdir.mkdir("bin")
    for name, module in (("osbs", "osbs.cli.main"), ("osbs-sandbox", "osbs.sandbox.cli")):
        script = directory.join(name)
        script.write("#!/bin/sh\nexec '%s' -m %s \"$@\"\n" % (sys.executable, module))
        script.chmod(0o755)
    return directory


def find_executable(name, path):
    directories = path.split(os.pathsep)
    return any(os.access(os.path.join(directory, name), os.X_OK) for directory in directories)


def run_shell(words, bin_dir, **environment):
    path = os.pathsep.join([str(bin_dir), os.environ["PATH"]])
    if not find_executable(words[0], path):
        pytest.skip("there is no %s on this machine" % words[0])
    env = dict(os.environ, PATH=str(path), PYTHONPATH=str(ROOT), TERM=str("dumb"), **environment)
    return subprocess.check_output(words, env=env).decode("utf-8", "replace")


@pytest.fixture
def complete(bin_dir):
    """Let bash complete a line; returns the words that it offers."""

    def complete_line(line, **environment):
        script = BASH.format(line=str(line))
        return run_shell(["bash", "-c", script], bin_dir, **environment).split()

    return complete_line


def test_a_command_is_completed(complete):
    assert complete("osbs cancel") == ["cancel-build"]


def test_global_options_are_completed(complete):
    assert complete("osbs --kerb") == [
        "--kerberos-keytab",
        "--kerberos-principal",
        "--kerberos-ccache",
    ]


def test_the_options_of_a_command_are_completed(complete):
    assert complete("osbs build --git") == ["--git-url", "--git-commit", "--git-branch"]


def test_the_choices_of_an_option_are_completed(complete):
    assert complete("osbs --output j") == ["json"]


def test_columns_are_completed_one_by_one(complete):
    assert complete("osbs list-builds --columns name,koji") == ["name,koji_build_id"]


def test_instances_are_those_of_the_configuration_file(complete, tmpdir):
    conf = tmpdir.join("osbs.conf")
    conf.write("[general]\n[default]\n[scratch]\n[platform:x86_64]\n")
    assert complete("osbs --instance s", OSBS_CONFIG=str(conf)) == ["scratch"]


def test_without_a_configuration_file_there_are_no_instances(complete, tmpdir):
    assert complete("osbs --instance zzz", OSBS_CONFIG=str(tmpdir.join("no"))) == []


def test_platforms_are_those_of_the_configuration_file(complete, tmpdir):
    conf = tmpdir.join("osbs.conf")
    conf.write("[default]\n[platform:x86_64]\n[platform:ppc64le]\n")
    line = "osbs build --platforms ppc64le,x"
    assert complete(line, OSBS_CONFIG=str(conf)) == ["ppc64le,x86_64"]


def test_builds_are_those_of_the_server(complete, sandbox, tmpdir):
    words = client.orchestrator(
        sandbox["config"], client.make_repository(tmpdir.join("tab")), "--no-logs"
    )
    name = client.osbs(*words).stdout.strip()
    assert name.startswith("tab-demo-")
    for command in ("get-build", "cancel-build", "build-logs -f"):
        assert complete("osbs %s tab" % command, OSBS_CONFIG=sandbox["config"]) == [name]


def test_without_a_server_there_are_no_builds(complete, tmpdir):
    conf = tmpdir.join("osbs.conf")
    conf.write("[default]\nopenshift_url = https://127.0.0.1:1/\n")
    assert complete("osbs get-build tab", OSBS_CONFIG=str(conf)) == []


def test_a_server_that_says_nothing_is_not_waited_for(complete, tmpdir):
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(1)
    conf = tmpdir.join("osbs.conf")
    conf.write("[default]\nopenshift_url = http://127.0.0.1:%d/\n" % silent.getsockname()[1])
    assert complete("osbs get-build tab", OSBS_CONFIG=str(conf)) == []
    silent.close()


def test_options_of_osbs_itself_are_completed_behind_a_command(complete):
    assert complete("osbs list-builds --inst") == ["--instance"]


@pytest.mark.skipif(six.PY2, reason="the sandbox is for Python 3")
def test_the_commands_of_the_sandbox_are_completed(complete):
    assert complete("osbs-sandbox se") == ["serve"]


def test_fish_gets_code_for_both_commands(bin_dir):
    code = run_shell(["osbs", "completion", "fish"], bin_dir)
    assert "osbs-sandbox" in code and "complete" in code


def test_fish_completes_a_command(bin_dir):
    script = "osbs completion fish | source; complete -C 'osbs canc'"
    assert run_shell(["fish", "-N", "-c", script], bin_dir).split()[0] == "cancel-build"


def test_zsh_completes_a_command(bin_dir):
    if not find_executable("zsh", os.environ["PATH"]):
        pytest.skip("there is no zsh on this machine")
    script = bin_dir.join("complete.zsh")
    script.write(ZSH.format(bin=bin_dir))
    out = run_shell(["timeout", "60", "zsh", "-f", str(script)], bin_dir)
    assert "usage: osbs cancel-build" in out


def test_a_half_typed_command_is_not_run_when_argcomplete_is_gone(tmpdir):
    tmpdir.join("argcomplete.py").write("raise ImportError()")
    env = dict(
        os.environ,
        PYTHONPATH=str(os.pathsep.join([str(tmpdir), ROOT])),
        _ARGCOMPLETE=str("1"),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "osbs.cli.main", "--version"], env=env, stdout=subprocess.PIPE
    )
    assert process.communicate()[0] == b""
    assert process.returncode == 1


def test_without_argcomplete_the_extra_is_named(tmpdir):
    tmpdir.join("argcomplete.py").write("raise ImportError()")
    env = dict(os.environ, PYTHONPATH=str(os.pathsep.join([str(tmpdir), ROOT])))
    process = subprocess.Popen(
        [sys.executable, "-m", "osbs.cli.main", "completion", "bash"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    last = process.communicate()[1].decode("utf-8").splitlines()[-1]
    assert "osbs-client[completion]" in last
    assert process.returncode == 1
