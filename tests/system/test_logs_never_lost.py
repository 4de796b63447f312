"""Long logs through every way to follow them: the lines received are the lines written.

The connection is cut, the log ends early as one that broke at the node does, the server goes away,
and the log is silent for longer than the client listens.
"""

from __future__ import absolute_import, print_function, unicode_literals

import random
import threading

import pytest
from six.moves import range

from osbs import http
from tests.system import client
from tests.system.stage import Stage, until

COUNT = 50000
FOLLOWED = r"/log/\?follow=1"
HEADER = "2019-01-01 00:00:00,001 platform:%s - atomic_reactor.worker - INFO - "
PLATFORMS = (None, "x86_64", "ppc64le")
# Seconds: how long the client listens to silence, and how long it is silent.
PATIENCE = 0.4
SILENCE = 0.6


def numbered(count):
    """Return (platform, text) of so many lines; each has its number or is empty."""
    shapes = (
        "line %d",
        "line %d gr\u00fc\u00dfe \u2603 \U0001f40d",
        "",
        "line %d a\u2028b\x0cc\u0085d",
        "line %d \t ",
        "%d " + "long" * 500,
    )
    # One in a hundred is long.
    picked = [shapes[number % 5 if number % 100 else 5] for number in range(count)]
    return [
        (PLATFORMS[number % 3], shape % number if shape else shape)
        for number, shape in enumerate(picked)
    ]


def written(entries):
    """Return the lines as they are in the log, bytes."""
    return [((HEADER % p if p else "") + text).encode("utf-8") for p, text in entries]


def as_entries(entries):
    """Return what get_orchestrator_build_logs makes of the lines."""
    return [(platform, text.rstrip()) for platform, text in entries if platform or text]


def as_text(lines):
    """Return what a terminal gets of the lines."""
    return [line.decode("utf-8").rstrip() for line in lines]


def trouble(seed, size):
    """Return faults of the connections for a log of so many bytes, chosen at random."""
    rng = random.Random(seed)
    faults = [
        dict(kind="cut", path=FOLLOWED, bytes=rng.randrange(size), clean=rng.random() < 0.5)
        for _ in range(6)
    ]
    for kind in ("reset_before", "reset_after", "empty", "html", "status"):
        fault = dict(kind=kind, path=FOLLOWED, skip=rng.randrange(4))
        if kind in ("html", "status"):
            fault["status"] = rng.choice((429, 500, 502, 503, 504))
        faults.append(fault)
    rng.shuffle(faults)
    return faults


def paced(lines, silent_at=(), silence=SILENCE):
    """Return the lines with the seconds before each; a burst every 500 lines."""
    pauses = dict.fromkeys(range(0, len(lines), 500), 0.005)
    pauses.update((number, silence) for number in silent_at)
    return [(line, pauses.get(number, 0)) for number, line in enumerate(lines)]


def strikes(seed, count):
    """Return what happens to the whole server when so many lines have arrived."""
    rng = random.Random(seed)
    kinds = ("drop_watches", "restart", "drop_connections", "restart")
    return {rng.randrange(count): kind for kind in kinds}


@pytest.fixture(scope="module")
def stage():
    started = Stage()
    yield started
    started.stop()


@pytest.fixture
def osbs(stage):
    return stage.connect()


def received(stage, build, lines, plan):
    """Return all lines of a generator; strike, or let the build finish, as planned."""
    result = []
    for line in lines:
        result.append(line)
        kind = plan.get(len(result))
        if kind == "finish":
            stage.finish(build)
        elif kind is not None:
            stage.strike(kind, **({"seconds": 0.05} if kind == "restart" else {}))
    return result


def unfired(stage):
    """Return the faults of connections that never happened."""
    return [fault for fault in stage.unfired() if fault["path"]]


def assert_same(found, expected):
    """Compare without a diff of 50,000 lines."""
    for number, (line, wanted) in enumerate(zip(found, expected)):
        assert line == wanted, "line %d" % number
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    "follow, seed", (("get_build_logs", 1), ("get_orchestrator_build_logs", 2))
)
def test_of_50000_lines_none_is_lost_or_repeated(stage, osbs, follow, seed):
    entries = numbered(COUNT)
    lines = written(entries)
    faults = trouble(seed, sum(len(line) + 1 for line in lines))
    expected = lines if follow == "get_build_logs" else as_entries(entries)
    build = stage.play(paced(lines), held=COUNT - 10000, faults=faults)
    plan = strikes(seed, COUNT // 2)
    plan[COUNT // 2] = "finish"
    found = received(stage, build, getattr(osbs, follow)(build, follow=True), plan)
    assert_same(found, expected)
    assert unfired(stage) == []


@pytest.mark.slow
def test_of_50000_lines_the_command_shows_each_once(stage, tmpdir):
    lines = written(numbered(COUNT))
    faults = trouble(3, sum(len(line) + 1 for line in lines))
    # The command gives up soon what has never responded, and logging in takes its time.
    patience = 10 * PATIENCE
    build = stage.play(paced(lines, [20000], 10 * SILENCE), faults=faults)
    changes = (("osbs.http.HTTP_REQUEST_TIMEOUT", patience), ("osbs._rest.retry.MAX_DELAY", 0.05))
    environment = client.changed_library(tmpdir, *changes)
    arguments = ("--config", stage.ready["config"], "build-logs", "-f", build)
    result = client.osbs(*arguments, **environment)
    assert (result.status, unfired(stage)) == (0, []), result.stderr
    assert_same(result.stdout.split("\n")[:-1], as_text(lines))


@pytest.mark.parametrize("silent_at", ([0], [150, 151], [299]))
def test_a_log_that_is_silent_for_longer_than_anybody_listens_goes_on(
    stage, osbs, monkeypatch, silent_at
):
    monkeypatch.setattr(http, "HTTP_REQUEST_TIMEOUT", PATIENCE)
    lines = written(numbered(300))
    build = stage.play(paced(lines, silent_at))
    assert_same(list(osbs.get_build_logs(build, follow=True)), lines)
    assert stage.asked("follow=1") > len(silent_at)


@pytest.mark.parametrize("held", (0, 1, 150))
def test_a_log_that_ends_while_its_build_runs_is_no_complete_log(stage, osbs, held):
    lines = written(numbered(300))
    early = dict(kind="empty", path=FOLLOWED, count=3)
    build = stage.play(lines, held=held, faults=[early])

    def let_it_go_on():
        until(lambda: stage.asked("follow=1") > 3)
        stage.finish(build)

    helper = threading.Thread(target=let_it_go_on)
    helper.start()
    assert_same(list(osbs.get_build_logs(build, follow=True)), lines)
    helper.join()


@pytest.mark.parametrize("size", (0, 1, 5000, 20000))
def test_a_log_that_ended_with_its_build_but_lacks_its_end_is_not_complete(stage, osbs, size):
    lines = written(numbered(300))
    build = stage.play(lines)
    osbs.wait_for_build_to_finish(build)
    stage.fault("cut", path=FOLLOWED, bytes=size, clean=True)
    assert_same(list(osbs.get_build_logs(build, follow=True)), lines)
    assert stage.asked("follow=1") == 2


def test_a_complete_log_is_read_once(stage, osbs):
    lines = written(numbered(300))
    build = stage.play(lines)
    assert_same(list(osbs.get_build_logs(build, follow=True)), lines)
    assert (stage.asked("follow=1"), stage.asked("tailLines=")) == (1, 1)
