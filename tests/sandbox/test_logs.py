"""Logs: lines with times, following, limits, waiting for the start."""

import asyncio
import threading
import time

import pytest

from osbs.sandbox.state import container_logs
from osbs.sandbox.state.container_logs import ContainerLog, LogOptions, LogReader
from tests.sandbox.support import CORE, OAPI


def run(coroutine):
    """Run a coroutine in a loop of its own."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def read(log, **query):
    options = LogOptions({key: str(value) for key, value in query.items()})

    async def collect():
        reader = LogReader(log, options)
        pieces = []
        while True:
            piece = await reader.next()
            if piece is None:
                return b"".join(pieces)
            pieces.append(piece)

    return run(collect())


@pytest.fixture
def log():
    log = ContainerLog()
    now = time.time()
    for number, age in ((1, 30), (2, 20), (3, 10)):
        log.append("line {}\n".format(number).encode("ascii"), now - age)
    return log


@pytest.mark.parametrize(
    "query, expected",
    [
        ({}, b"line 1\nline 2\nline 3\n"),
        ({"tailLines": 2}, b"line 2\nline 3\n"),
        ({"tailLines": 0}, b""),
        ({"tailLines": 9}, b"line 1\nline 2\nline 3\n"),
        ({"sinceSeconds": 15}, b"line 3\n"),
        ({"sinceSeconds": 25, "tailLines": 1}, b"line 3\n"),
        ({"limitBytes": 8}, b"line 1\nl"),
        ({"limitBytes": 8, "tailLines": 1}, b"line 3\n"),
    ],
)
def test_options_choose_the_lines(log, query, expected):
    assert read(log, **query) == expected


def test_timestamps_stand_before_each_line(log):
    lines = read(log, timestamps="true", tailLines=2).splitlines()
    assert [line.split(b"Z ")[1] for line in lines] == [b"line 2", b"line 3"]


def test_a_line_written_in_pieces_is_one_line(log):
    for piece in (b"li", b"ne", b" 4", b"\nline 5\nline", b" 6"):
        log.write(piece)
    assert read(log, tailLines=3) == b"line 4\nline 5\nline 6"
    assert len(log) == 6


def test_followers_get_pieces_as_they_come_each_once():
    log = ContainerLog()

    async def steps():
        reader = LogReader(log, LogOptions({"follow": "true"}))
        got = []
        for piece in (b"a", b"b\nc", b"\n"):
            log.write(piece)
            got.append(await reader.next())
        log.close()
        got.append(await reader.next())
        return got

    assert run(steps()) == [b"a", b"b\nc", b"\n", None]


def test_writes_from_another_thread_arrive():
    async def steps():
        log = ContainerLog(asyncio.get_event_loop())
        thread = threading.Thread(target=log.write, args=(b"hello\n",))
        thread.start()
        reader = LogReader(log, LogOptions({"follow": "1"}))
        piece = await reader.next()
        thread.join()
        return piece

    assert run(asyncio.wait_for(steps(), 5)) == b"hello\n"


def test_what_is_written_after_the_end_is_dropped(log):
    log.close()
    log.write(b"late\n")
    assert len(log) == 3


def test_a_followed_log_ends_when_the_pod_does(api, pods):
    name = api.start("x")
    api.wait_phase(name, "Running")
    stream = api.follow("{}builds/{}/log/?follow=1".format(OAPI, name))
    pods.say(name, "first\n")
    stream.until(1)
    pods.say(name, "pří")
    pods.say(name, "liš\n")
    pods.finish(name)
    assert stream.ended() == [b"first", "příliš".encode("utf-8")]
    assert stream.error is None
    assert stream.response.headers["Content-Type"] == "text/plain"


def test_following_waits_for_the_start(api, pods):
    api.sandbox.timing.log_wait = 5.0
    api.sandbox.timing.pending = 0.1
    name = api.start("x")
    stream = api.follow("{}builds/{}/log?follow=true".format(OAPI, name))
    pods.say(name, "hello\n")
    assert stream.until(1) == [b"hello"]


def test_cancelling_ends_a_followed_log_cleanly(api, pods):
    name = api.start("x")
    api.wait_phase(name, "Running")
    pods.say(name, "hello\n")
    stream = api.follow("{}builds/{}/log?follow=1".format(OAPI, name))
    stream.until(1)
    api.cancel(name)
    stream.ended()
    assert stream.error is None


def test_a_build_deleted_while_its_log_is_waited_for_is_404(api, pods):
    api.sandbox.timing.log_wait = 5.0
    api.start("x")
    second = api.instantiate("x")
    stream = threading.Thread(
        target=lambda: statuses.append(
            api.as_user("osbs").get("{}builds/{}/log".format(OAPI, second)).status_code
        )
    )
    statuses = []
    stream.start()
    api.wait(lambda: any("/log" in record.path for record in api.sandbox.requests))
    api.delete(OAPI + "builds/" + second)
    stream.join(10)
    assert statuses == [404]


def test_the_log_of_a_pod_can_be_read_by_its_own_name(api, pods):
    name = api.start("x")
    api.wait_phase(name, "Running")
    pods.say(name, "hello\n")
    response = api.wait(lambda: api.get(CORE + "pods/x-1-build/log").content)
    assert response == b"hello\n"


def test_a_log_that_is_pending_is_204_with_nowait_and_400_without(api, pods):
    api.start("x")
    second = api.instantiate("x")
    path = "{}builds/{}/log/".format(OAPI, second)
    assert api.get(path + "?nowait=true").status_code == 204
    response = api.get(path)
    assert (response.status_code, response.json()["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    "query, status",
    [
        ("sinceSeconds=0", 422),
        ("sinceSeconds=-1", 422),
        ("tailLines=x", 400),
        ("tailLines=-1", 422),
        ("limitBytes=0", 422),
    ],
)
def test_options_out_of_range_are_refused(api, query, status):
    assert api.get(OAPI + "builds/x/log?" + query).status_code == status


def test_a_follower_that_disconnects_is_removed(api, pods):
    name = api.start("x")
    api.wait_phase(name, "Running")
    log = api.sandbox.cluster.logs.of(api.stored("pods", name + "-build"))
    response = api.get("{}builds/{}/log?follow=1".format(OAPI, name), stream=True)
    api.wait(lambda: log._readers)
    response.close()
    api.wait(lambda: log._readers, lambda readers: not readers)


@pytest.mark.parametrize("pieces", [[b"aaaa\n"] * 5, [b"a" * 40]], ids=["lines", "one line"])
def test_a_log_has_a_maximum_size(monkeypatch, pieces):
    monkeypatch.setattr(container_logs, "CONTAINER_BYTES", 12)
    log = ContainerLog()
    for piece in pieces + [b"more\n"]:
        log.append(piece, 0.0)
    kept, last = bytes(log.data).split(b"\n", 1)[0], bytes(log.data).splitlines()[-1]
    assert (kept[:4], last, len(log.data) < 60) == (
        b"aaaa",
        b"the sandbox keeps no more of this log",
        True,
    )


def test_the_oldest_logs_of_ended_pods_are_dropped(api, pods, monkeypatch):
    monkeypatch.setattr("osbs.sandbox.state.container_logs.ENDED_LOGS_BYTES", 250)
    names = []
    for number in range(3):
        names.append(api.start("x{}".format(number)))
        pods.say(names[-1], "x" * 99 + "\n")
        pods.finish(names[-1])
        api.wait_phase(names[-1], "Complete")
    texts = [api.get("{}builds/{}/log".format(OAPI, name)).text for name in names]
    assert texts == ["the sandbox has forgotten this log\n"] + ["x" * 99 + "\n"] * 2
