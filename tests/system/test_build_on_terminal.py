# -*- coding: utf-8 -*-
"""A build as people see it: ``osbs build`` and ``build-logs -f`` on a terminal."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import signal
import sys

import pytest

from osbs.cli.terminal import display_width
from tests.conftest import SandboxProcess
from tests.system import client
from tests.terminals import Session

DONE, FAILED, INTERRUPTED = 0, 1, 130
RECORD = "2026-11-28 13:07:%s,000 platform:x86_64 - atomic_reactor.plugins - INFO - "
RECORD += "2026-11-28 13:07:%s,000 platform:- - %s - INFO - %s"
LINES = [
    RECORD % ("01", "01", "atomic_reactor.plugin", "running plugin 'pull_base_image'"),
    RECORD % ("09", "09", "atomic_reactor.plugin", "running buildstep plugins"),
    RECORD % ("09", "09", "atomic_reactor.plugins", "Step 1/4 : FROM fedora"),
]
SCRIPT = {
    "default": {
        "lines": LINES,
        "annotations": {"repositories": json.dumps({"primary": ["reg/team/hello:1"]})},
        "labels": {"koji-build-id": "77"},
    },
    "builds": {
        "bad-*": {"lines": [], "failing_plugin": "dockerbuild", "message": "no space left"},
        "slow-*": {"lines": [["first", 0], ["last", 600]], "duration": 600},
    },
}


@pytest.fixture(scope="module")
def config(tmpdir_factory):
    """Configuration of a sandbox whose builds take no time unless their names say so."""
    script = tmpdir_factory.mktemp("script").join("outcomes.json")
    script.write(json.dumps(SCRIPT))
    process = SandboxProcess("--scripted", str(script), "--speed", "50")
    yield process["config"]
    process.stop()


@pytest.fixture(scope="module")
def building(tmpdir_factory, config):
    """Function that gives the words of ``osbs build`` for builds with names like its argument."""
    directory = tmpdir_factory.mktemp("repositories")

    def words(name):
        path = directory.join(name)
        uri = "file://%s" % path if path.check() else client.make_repository(path)
        return client.orchestrator(config, uri)[2:]

    return words


@pytest.fixture(scope="module")
def start(config):
    """Function that starts ``osbs`` on a terminal."""

    def session(words, *options, **more):
        command = [sys.executable, "-m", "osbs.cli.main", "--config", config]
        return Session(command + list(options) + words, **more)

    return session


def finished(session):
    return session.finish(), session


@pytest.fixture(scope="module")
def good(start, building):
    return finished(start(building("good")))


def test_a_build_ends_with_a_box(good):
    status, session = good
    assert status == DONE, session.text
    assert session.words[-6].startswith("\u256d\u2500 \u2713 build complete \u2500")
    assert session.words[-3].startswith("\u2502 images      reg/team/hello:1 ")
    assert session.words[-2].startswith("\u2502 Koji build  77 ")


def test_lines_stand_beside_their_platforms(good):
    assert "x86_64       \u2502   Step 1/4 : FROM fedora" in good[1].words


def test_plugins_have_a_mark_and_a_duration(good):
    assert "x86_64       \u2502 \u2713 pull_base_image  8 s" in good[1].words


def test_platforms_have_colours(good):
    assert "\x1b[36mx86_64      \x1b[0m" in good[1].text


def test_a_line_at_the_bottom_tells_what_runs(good):
    assert " s  waiting for build good-demo-" in good[1].text


@pytest.mark.parametrize("width", [40, 200])
def test_no_line_is_wider_than_the_terminal(start, building, width):
    session = finished(start(building("wide-%d" % width), columns=width))[1]
    rows = [line for line in session.seen if not line.startswith("20")]
    assert [line for line in rows if display_width(line) > width] == []


@pytest.fixture(scope="module")
def bad(start, building):
    return finished(start(building("bad")))


def test_a_build_that_fails_says_once_why(bad):
    status, session = bad
    assert (status, session.text.count("no space left")) == (FAILED, 1), session.text


def test_a_build_that_fails_names_the_plugin(bad):
    assert "\u2502 failed    plugin dockerbuild" in "\n".join(bad[1].words)


@pytest.fixture(scope="module")
def done_build(config, building):
    """Name of a build that is complete."""
    name = client.osbs("--config", config, *(building("done") + ["--no-logs"])).stdout.strip()
    client.osbs("--config", config, "watch-build", name)
    return name


def test_a_followed_log_ends_with_a_box(start, done_build):
    status, session = finished(start(["build-logs", "-f", done_build]))
    assert (status, "build complete" in session.words[-6]) == (DONE, True), session.text


def test_raw_gives_the_lines_that_a_pipe_gets(config, start, done_build):
    piped = client.osbs("--config", config, "build-logs", "-f", done_build).stdout
    status, session = finished(start(["build-logs", "-f", "--raw", done_build]))
    assert (status, session.text) == (DONE, piped)


def test_a_pipe_gets_the_view_if_colours_are_asked_for(config, done_build):
    words = ["--config", config, "--color", "always", "build-logs", "-f", done_build]
    assert "\x1b[36mx86_64" in client.osbs(*words, TERM="xterm").stdout


def test_no_color_leaves_no_colours(start, done_build):
    session = finished(start(["build-logs", "-f", done_build], NO_COLOR="1"))[1]
    assert session.seen == session.words


def test_an_interruption_leaves_the_terminal_clean(start, building, config):
    session = start(building("slow"))
    session.read_until("first")
    session.read_until("running")
    session.process.send_signal(signal.SIGINT)
    status = session.finish()
    name = session.words[-1].split()[-1]
    client.osbs("--config", config, "cancel-build", name)
    assert status == INTERRUPTED
    assert session.words[-3:-1] == [
        "orchestrator \u2502   first",
        "Quitting on user request.",
    ]
    assert session.words[-1].startswith("Interrupted")
