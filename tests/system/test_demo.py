"""``osbs-sandbox demo``: one command from nothing to a finished build."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os
import subprocess
import time
from xml.etree import ElementTree

import pytest

from osbs.cli.terminal import display_width
from tests.conftest import ROOT, sandbox_python, watchdog
from tests.docs import picture
from tests.terminals import Session

SECONDS = 30


class Demo(object):
    """A finished demo: ``status``, ``log`` (stdout), ``words`` (stderr), ``seconds``, ``left``."""

    def __init__(self, directory, *options):
        started = time.time()
        process = subprocess.Popen(
            sandbox_python() + ["-m", "osbs.sandbox.cli", "demo"] + list(options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=str(ROOT), TMPDIR=str(directory)),
        )
        timer = watchdog(process, 2 * SECONDS)
        stdout, stderr = process.communicate()
        timer.cancel()
        self.seconds = time.time() - started
        self.status = process.returncode
        self.log = stdout.decode("utf-8")
        self.words = stderr.decode("utf-8")
        self.left = os.listdir(str(directory))


APIS = ["--no-oapi", "--openshift-api", "apis"]


@pytest.fixture(
    scope="module", params=[[], pytest.param(APIS, marks=pytest.mark.slow)], ids=["oapi", "apis"]
)
def demo(request, tmpdir_factory):
    return Demo(tmpdir_factory.mktemp("demo"), *request.param)


def test_demo_ends_with_status_0_in_time(demo):
    assert (demo.status, demo.seconds < SECONDS) == (0, True), demo.words


@pytest.mark.parametrize("platform", ["x86_64", "ppc64le"])
def test_demo_shows_lines_of_each_platform(demo, platform):
    assert " platform:%s - " % platform in demo.log


def test_demo_shows_the_summary(demo):
    assert "-1 is complete\nprimary repositories:\n\t" in demo.log


def test_demo_shows_the_command_that_a_user_would_type(demo):
    assert " --config " in demo.words and " build --orchestrator " in demo.words


def test_demo_leaves_nothing_behind(demo):
    assert demo.left == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [["--openshift-api", "auto"], ["--no-oapi", "--openshift-api", "auto"]], ids=str
)
def test_auto_finds_the_api_that_is_there(tmpdir, options):
    demo = Demo(tmpdir, *options)
    assert (demo.status, " is complete" in demo.log) == (0, True), demo.words


def test_demo_refuses_an_api_that_the_server_has_not(tmpdir):
    demo = Demo(tmpdir, "--no-oapi", "--openshift-api", "oapi")
    assert (demo.status, demo.log, demo.words.count("\n")) == (2, "", 1)


@pytest.fixture(scope="module")
def on_terminal(tmpdir_factory):
    """A finished demo on a terminal, ``status`` its exit status."""
    directory = str(tmpdir_factory.mktemp("terminal"))
    command = sandbox_python() + ["-m", "osbs.sandbox.cli", "demo"]
    session = Session(command, picture.COLUMNS, 2 * SECONDS, TMPDIR=directory)
    session.status = session.finish()
    session.left = os.listdir(directory)
    return session


def test_demo_on_a_terminal_ends_with_status_0(on_terminal):
    assert (on_terminal.status, on_terminal.left) == (0, []), on_terminal.text


def test_demo_on_a_terminal_has_less_than_100_lines(on_terminal):
    assert len(on_terminal.seen) < 100


def test_demo_fits_into_the_terminal(on_terminal):
    # The names of temporary directories are longer in tests.
    lines = picture.masked(on_terminal.seen)
    assert [line for line in lines if display_width(line) > picture.COLUMNS] == []


@pytest.mark.parametrize("who", ["client", "orchestrator", "x86_64", "ppc64le"])
def test_demo_says_who_is_who_and_who_did_what(on_terminal, who):
    said = [line for line in on_terminal.words if line.split(" ")[0].rstrip(",") == who]
    told = [line for line in said if "\u2502" not in line]
    assert len(told) == (1 if who == "ppc64le" else 2), said


def test_demo_names_three_commands_to_go_on_with(on_terminal):
    after = on_terminal.words[on_terminal.words.index("next:") + 1 :]
    assert [line.split()[0] for line in after] == ["osbs-sandbox", "osbs-sandbox", "osbs"]


@pytest.mark.parametrize("number", range(3))
def test_commands_to_go_on_with_exist(on_terminal, number):
    command = on_terminal.words[number - 3].split("  ")[0].split()
    modules = {"osbs": "osbs.cli.main", "osbs-sandbox": "osbs.sandbox.cli"}
    words = sandbox_python() + ["-m", modules[command[0]], command[1], "--help"]
    subprocess.check_output(words, env=dict(os.environ, PYTHONPATH=str(ROOT)))


def drawn(svg):
    """Return the words of a picture, without the border of the box, as wide as what is in it."""
    texts = ElementTree.fromstring(svg.encode("utf-8")).iter("{http://www.w3.org/2000/svg}text")
    words = {word for text in texts for word in text.text.split()}
    return {word for word in words if "\u2500" not in word}


def test_picture_of_the_readme_shows_what_the_demo_shows(on_terminal):
    """If not: ``python -m tests.docs.picture docs/demo.svg`` draws it anew."""
    with io.open(os.path.join(ROOT, "docs", "demo.svg"), encoding="utf-8") as infile:
        stored = drawn(infile.read())
    fresh = drawn(picture.svg(picture.masked(on_terminal.seen)))
    # On a busy machine steps take longer, so there may be other durations and fewer commas.
    plain = [{word.strip(",") for word in words} for words in (stored, fresh)]
    assert {word for word in plain[0] ^ plain[1] if not word[:1].isdigit()} <= {"min"}


def test_picture_is_small():
    assert os.path.getsize(os.path.join(ROOT, "docs", "demo.svg")) < 60 * 1024
