"""Whatever becomes of its connections, a followed log is what was written.

Hypothesis chooses the log and what goes wrong; a sandbox in another process does it.
"""

from __future__ import absolute_import, print_function, unicode_literals

import time

import pytest
from _pytest.monkeypatch import MonkeyPatch
from hypothesis import event, example, given
from hypothesis import strategies as st

from osbs._rest import logs
from tests.system.stage import Stage

FOLLOWED = r"/log/\?follow=1"
CHECKED = r"/log/\?tailLines="
LOOKED_AT = r"/builds/[^/?]*/?$"
_sleep = time.sleep


@pytest.fixture(scope="module")
def stage():
    started = Stage()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def osbs(stage):
    patch = MonkeyPatch()
    patch.setattr(time, "sleep", lambda seconds: _sleep(min(seconds, 0.0005)))
    patch.setattr(logs, "PHASE_DELAY", 0)
    yield stage.connect()
    patch.undo()


def _header(platform):
    return "2019-01-01 00:00:00,001 platform:%s - reactor.x - INFO - " % platform


# As a line is written, and what get_orchestrator_build_logs makes of it.
TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "same", "same", "\t x \t", "50 %\r", "gr\u00fc\u00dfe \u2603", "a\u2028b\x0cc\rd"]
    ),
    st.text(st.characters(blacklist_characters="\n", blacklist_categories=("Cs",)), max_size=20),
    st.integers(1000, 9000).map(lambda length: "long " * (length // 5)),
)
LINES = st.one_of(
    TEXTS.map(lambda text: (text.encode("utf-8"), (None, text.rstrip()))),
    st.tuples(st.sampled_from(["x86_64", "ppc64le"]), TEXTS).map(
        lambda found: (
            (_header(found[0]) + found[1]).encode("utf-8"),
            (found[0], found[1].rstrip()),
        )
    ),
    st.just((b"\xff\xfe broken", (None, "\ufffd\ufffd broken"))),
)
ENDINGS = st.sampled_from([b"", b"", b"no line feed", "\u2603".encode("utf-8"), b"\xff"])

AT = st.integers(0, 4000)
FAULTS = st.one_of(
    st.builds(dict, kind=st.just("cut"), path=st.just(FOLLOWED), bytes=AT, clean=st.booleans()),
    st.builds(dict, kind=st.just("cut"), path=st.just(FOLLOWED), bytes=AT, clean=st.booleans()),
    st.builds(
        dict,
        kind=st.sampled_from(["reset_before", "reset_after", "empty"]),
        path=st.just(FOLLOWED),
        skip=st.integers(0, 2),
    ),
    st.builds(
        dict,
        kind=st.sampled_from(["status", "html", "garbage"]),
        status=st.sampled_from([408, 429, 500, 502, 503, 504]),
        path=st.sampled_from([FOLLOWED, CHECKED, LOOKED_AT]),
        # To the first request a 429 is the end: nothing is followed yet.
        skip=st.integers(1, 2),
    ),
    st.builds(dict, kind=st.just("cut"), path=st.just(CHECKED), bytes=AT),
    # Cut and repeated, the first look at the build would be two, and meet a 429 after all.
    st.builds(
        dict,
        kind=st.just("cut"),
        path=st.just(LOOKED_AT),
        bytes=AT,
        skip=st.integers(1, 2),
    ),
)
# (lines that have arrived, what happens to the whole server then)
STRIKES = st.dictionaries(
    st.integers(0, 30), st.sampled_from(["drop_watches", "drop_connections", "restart"]), max_size=2
)
FACADES = ("lines", "decoded", "orchestrator")


def _followed(osbs, facade, name):
    if facade == "orchestrator":
        return osbs.get_orchestrator_build_logs(name, follow=True)
    return osbs.get_build_logs(name, follow=True, decode=facade == "decoded")


def _expected(facade, log, ending):
    entries = list(log)
    if ending:
        entries.append((ending, (None, ending.decode("utf-8", "replace"))))
    if facade == "lines":
        return [line for line, _ in entries]
    if facade == "decoded":
        return [line.decode("utf-8", "replace").rstrip() for line, _ in entries]
    return [entry for line, entry in entries if line.decode("utf-8", "replace").rstrip()]


def _read(stage, osbs, facade, name, strikes, go_on):
    """Follow a build; strike, or let it go on, when so many lines have arrived."""
    received = []

    def on_progress():
        kind = strikes.get(len(received))
        if kind is not None:
            stage.strike(kind, **({"seconds": 0.005} if kind == "restart" else {}))
        if len(received) == go_on:
            stage.finish(name, seconds=0.02)

    on_progress()
    for line in _followed(osbs, facade, name):
        received.append(line)
        on_progress()
    return received


@example(
    log=[],
    ending=b"cut twice at the node, and then nobody tells the end",
    faults=[dict(kind="cut", path=FOLLOWED, bytes=0, clean=True)] * 2
    + [dict(kind="status", status=429, path=CHECKED, skip=1)],
    strikes={},
    facade="lines",
    held=None,
    pause=0,
)
@given(
    log=st.lists(LINES, max_size=30),
    ending=ENDINGS,
    faults=st.lists(FAULTS, max_size=5),
    strikes=STRIKES,
    facade=st.sampled_from(FACADES),
    held=st.none() | st.integers(0, 30),
    pause=st.sampled_from([0, 0, 0.002]),
)
def test_defect_10_what_is_followed_is_what_was_written(
    stage, osbs, log, ending, faults, strikes, facade, held, pause
):
    lines = [(line, pause) for line, _ in log]
    name = stage.play(lines, None, ending, held, faults)
    # Held so long, of a log no more has arrived than this.
    go_on = None if held is None else len(_expected(facade, log[:held], b""))
    received = _read(stage, osbs, facade, name, strikes, go_on)
    assert received == _expected(facade, log, ending)
    event(str("%d connections for a log" % stage.asked("follow=1")))
