"""Following a log that is cut at any byte: no line lost, none repeated."""

from __future__ import absolute_import, print_function, unicode_literals

import random
import threading
from types import GeneratorType

import pytest
from six.moves.urllib.parse import parse_qs, urlsplit

from osbs import _compat
from osbs.exceptions import OsbsAuthException, OsbsException, OsbsResponseException
from osbs._rest import logs, retry
from tests.wire.server import CHUNKED, CLOSE, LAST_CHUNK, RESET, answer, chunk, event

LOG = "/oapi/v1/namespaces/default/builds/b/log/"


class Log(object):
    """A build and its log; ``streams`` are functions of the whole log that return steps."""

    def __init__(self, text, *streams, **kwargs):
        self.text = text
        self.streams = list(streams)
        self.phases = list(kwargs.get("phases", ["Running", "Complete"]))
        self.tail = kwargs.get("tail")
        self.followed = 0
        self.tails = 0

    def build(self):
        return {"metadata": {"name": "b"}, "status": {"phase": self.phases[0]}}

    def __call__(self, request):
        parts = urlsplit(request.path)
        if "/watch/" in parts.path:
            return [CHUNKED, event("ADDED", **self.build()), 30]
        if "/log/" not in parts.path:
            reply = answer(200, self.build())
            if len(self.phases) > 1 and self.followed >= len(self.streams):
                self.phases.pop(0)
            return reply
        query = parse_qs(parts.query)
        if "tailLines" in query:
            self.tails += 1
            if self.tail is not None:
                return self.tail
            wanted = int(query["tailLines"][0])
            return answer(200, b"".join(self.text.splitlines(True)[-wanted:]))
        if "follow" not in query:
            return answer(200, self.text)
        self.followed += 1
        index = min(self.followed, len(self.streams)) - 1
        return self.streams[index](self.text)


def whole(text):
    return [CHUNKED] + [chunk(line) for line in text.splitlines(True)] + [LAST_CHUNK]


def cut(count, end):
    """Return a stream of the first bytes of the log, with an end of its own."""
    return lambda text: [CHUNKED] + ([chunk(text[:count])] if count else []) + end


def numbered(count):
    return b"".join(("line %d \xe9\n" % n).encode("utf-8") for n in range(count))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(logs, "PHASE_DELAY", 0)


def follow(serve, client, state):
    server = serve(state)
    lines = client(server).logs("b", follow=True)
    assert isinstance(lines, GeneratorType)
    return [line + b"\n" for line in lines], server


def test_a_log_that_ends_with_its_build_is_followed_once(serve, client):
    state = Log(numbered(5), whole)
    lines, server = follow(serve, client, state)
    assert b"".join(lines) == state.text
    assert (state.followed, state.tails) == (1, 1)
    assert server.paths[:3] == [
        "/oapi/v1/namespaces/default/builds/b/",
        "/oapi/v1/watch/namespaces/default/builds/b/",
        LOG + "?follow=1",
    ]


@pytest.mark.parametrize("end", ([LAST_CHUNK], [CLOSE], [RESET], [b"junk", CLOSE]))
@pytest.mark.parametrize("count", range(0, 25))
def test_defect_10_a_log_that_is_cut_anywhere_is_resumed(serve, client, end, count):
    state = Log(numbered(2), cut(count, end), whole)
    lines, _ = follow(serve, client, state)
    assert b"".join(lines) == state.text


@pytest.mark.parametrize("seed", range(10))
def test_defect_10_any_sequence_of_cuts_loses_and_repeats_nothing(serve, client, seed, monkeypatch):
    monkeypatch.setattr(retry, "MAX_FAILURES", 20)
    rng = random.Random(seed)
    text = numbered(300)
    ends = ([LAST_CHUNK], [CLOSE], [RESET])
    streams = [cut(rng.randrange(len(text)), rng.choice(ends)) for _ in range(6)]
    for _ in range(3):
        streams.insert(
            rng.randrange(len(streams)),
            rng.choice((lambda text: [answer(503)], lambda text: [RESET])),
        )
    state = Log(text, *(streams + [whole]))
    lines, _ = follow(serve, client, state)
    assert b"".join(lines) == text


def test_a_log_that_was_cut_at_the_node_after_its_build_is_read_again(serve, client):
    state = Log(
        numbered(500),
        cut(3000, [LAST_CHUNK]),
        cut(4000, [LAST_CHUNK]),
        whole,
        phases=["Running", "Complete", "Complete"],
    )
    state.followed = 0
    server = serve(state)
    openshift = client(server)
    build = {"status": {"phase": "Complete"}}
    openshift.get_build = lambda build_id: FakeResponse(build)
    openshift.wait_for_build_to_get_scheduled = lambda build_id: build
    lines = openshift.logs("b", follow=True)
    assert b"".join(line + b"\n" for line in lines) == state.text
    assert (state.followed, state.tails) == (3, 3)


class FakeResponse(object):
    status_code = 200

    def __init__(self, data):
        self.data = data

    def json(self):
        return self.data


def finished(client, server):
    openshift = client(server)
    build = {"status": {"phase": "Complete"}}
    openshift.get_build = lambda build_id: FakeResponse(build)
    openshift.wait_for_build_to_get_scheduled = lambda build_id: build
    return openshift


class Clock(object):
    """Time that only a test makes pass; ``later`` returns a step of an answer."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(_compat, "monotonic", lambda: self.now)

    def later(self, seconds):
        def step():
            self.now += seconds

        return step


def test_a_silent_build_is_followed_though_what_is_silent_for_a_minute_is_cut(
    serve, client, monkeypatch
):
    clock = Clock(monkeypatch)
    silent = cut(10, [clock.later(60), RESET])
    state = Log(numbered(3), *([silent] * 5 * retry.MAX_FAILURES + [whole]))
    lines, _ = follow(serve, client, state)
    assert b"".join(lines) == state.text


@pytest.mark.parametrize("text", (numbered(200), b"same\n" * 200, b""))
def test_a_log_is_over_though_its_end_never_arrives(serve, client, monkeypatch, text):
    clock = Clock(monkeypatch)
    state = Log(text, cut(len(text), [clock.later(600), CLOSE]))
    lines = list(finished(client, serve(state)).logs("b", follow=True))
    assert b"".join(line + b"\n" for line in lines) == text
    assert state.followed <= 2


def test_a_log_whose_end_never_arrives_is_not_over_while_lines_are_missing(
    serve, client, monkeypatch
):
    clock = Clock(monkeypatch)
    silent = cut(10, [clock.later(600), CLOSE])
    state = Log(numbered(200), silent, silent, silent, whole)
    lines = list(finished(client, serve(state)).logs("b", follow=True))
    assert b"".join(line + b"\n" for line in lines) == state.text


def test_a_log_goes_on_while_nobody_knows_whether_its_build_is_finished(serve, client):
    state = Log(numbered(3), cut(10, [LAST_CHUNK]), cut(10, [LAST_CHUNK]), whole)
    asked = []

    def script(request):
        if state.followed and request.path.endswith("/builds/b/"):
            asked.append(request)
            if len(asked) <= 2:
                return answer(429)
        return state(request)

    lines = list(client(serve(script)).logs("b", follow=True))
    assert b"".join(line + b"\n" for line in lines) == state.text
    assert len(asked) > 2


def test_a_log_is_given_up_if_nobody_ever_knows_whether_its_build_is_finished(serve, client):
    state = Log(numbered(3), whole)

    def script(request):
        if state.followed and request.path.endswith("/builds/b/"):
            return answer(429)
        return state(request)

    with pytest.raises(OsbsResponseException) as info:
        list(client(serve(script)).logs("b", follow=True))
    assert info.value.status_code == 429


def test_a_log_that_stays_cut_ends_with_a_warning(serve, client, caplog):
    state = Log(numbered(300), cut(100, [LAST_CHUNK]))
    lines = list(finished(client, serve(state)).logs("b", follow=True))
    assert len(lines) == 10
    assert "seems to be truncated" in caplog.text
    assert state.followed == logs.MAX_REREADS + 1


def test_a_last_line_without_line_feed_is_delivered_once_it_is_known_to_be_whole(serve, client):
    state = Log(b"one\ntwo", whole)
    assert list(finished(client, serve(state)).logs("b", follow=True)) == [b"one", b"two"]


@pytest.mark.parametrize(
    "tail",
    (
        answer(400, {"message": "No logs are available."}),
        answer(404),
        [answer(200, b"x", length=9), CLOSE],
    ),
)
def test_an_end_that_cannot_be_checked_does_not_spoil_the_log(serve, client, tail):
    state = Log(numbered(3), whole, tail=tail)
    assert len(list(finished(client, serve(state)).logs("b", follow=True))) == 3


@pytest.mark.parametrize("status", (408, 429, 500, 503))
def test_an_end_that_cannot_be_checked_for_the_moment_is_checked_again(serve, client, status):
    state = Log(numbered(500), cut(3000, [LAST_CHUNK]), whole)

    def script(request):
        if "tailLines" in request.path and state.followed == 1:
            return answer(status)
        return state(request)

    lines = list(finished(client, serve(script)).logs("b", follow=True))
    assert b"\n".join(lines) + b"\n" == state.text


def test_an_empty_log_is_empty(serve, client):
    state = Log(b"", whole)
    assert list(finished(client, serve(state)).logs("b", follow=True)) == []


def test_empty_lines_are_lines(serve, client):
    state = Log(b"\n\na\n\n", cut(3, [RESET]), whole)
    lines, _ = follow(serve, client, state)
    assert lines == [b"\n", b"\n", b"a\n", b"\n"]


def test_a_log_that_is_gone_after_a_break_ends_with_a_warning(serve, client, caplog):
    state = Log(
        numbered(3),
        cut(20, [RESET]),
        lambda text: [answer(400, {"message": 'pods "b-build" not found'})],
    )
    lines = list(finished(client, serve(state)).logs("b", follow=True))
    assert len(lines) == 2
    assert "gone" in caplog.text


def test_a_log_that_is_not_there_is_an_error(serve, client):
    state = Log(b"", lambda text: [answer(400, {"message": "No logs are available."})])
    with pytest.raises(OsbsResponseException) as info:
        list(finished(client, serve(state)).logs("b", follow=True))
    assert info.value.status_code == 400


def test_a_log_is_waited_for_while_the_pod_is_on_its_way(serve, client):
    state = Log(numbered(2), lambda text: [answer(400, {})], lambda text: [answer(400, {})], whole)
    lines, _ = follow(serve, client, state)
    assert b"".join(lines) == state.text


@pytest.mark.parametrize("status", (401, 403, 404))
def test_an_error_that_does_not_pass_ends_the_log(serve, client, status):
    state = Log(b"", lambda text: [answer(status, {})])
    with pytest.raises(OsbsResponseException) as info:
        list(finished(client, serve(state)).logs("b", follow=True))
    assert info.value.status_code == status


class Expiring(object):
    """Refuses ``count`` requests of one kind in a row, whatever their token, then no more."""

    def __init__(self, state, part, count):
        self.state = state
        self.part = part
        self.count = count
        self.logins = 0

    def __call__(self, request):
        if request.path.startswith("/oauth/"):
            self.logins += 1
            location = "https://h/token#access_token=t%d" % self.logins
            return answer(302, headers=[("Location", location)])
        if self.state.followed and request.path.endswith(self.part) and self.count:
            self.count -= 1
            return answer(401, {"kind": "Status", "code": 401})
        return self.state(request)


@pytest.mark.parametrize("part", ("?follow=1", "/builds/b/", "?tailLines=100"))
def test_a_log_goes_on_though_a_token_is_refused_twice_in_one_request(serve, client, part):
    state = Log(numbered(500), cut(3000, [LAST_CHUNK]), whole, phases=["Complete"])
    openshift = client(serve(Expiring(state, part, 2)), username="u", password="p")
    lines = list(openshift.logs("b", follow=True))
    assert b"\n".join(lines) + b"\n" == state.text


def test_a_log_is_given_up_soon_if_every_new_token_is_refused(serve, client):
    script = Expiring(Log(numbered(3), cut(10, [RESET]), whole), "?follow=1", -1)
    openshift = client(serve(script), username="u", password="p")
    with pytest.raises(OsbsResponseException) as info:
        list(openshift.logs("b", follow=True))
    assert info.value.status_code == 401
    assert script.logins == 1 + 1 + logs.MAX_REFUSALS


def test_a_log_is_given_up_at_once_if_the_account_may_not_log_in_any_more(serve, client):
    script = Expiring(Log(numbered(3), cut(10, [RESET]), whole), "?follow=1", -1)

    def locked(request):
        if script.logins and request.path.startswith("/oauth/"):
            script.logins += 1
            return answer(401, {"kind": "Status", "code": 401})
        return script(request)

    openshift = client(serve(locked), username="u", password="p")
    with pytest.raises(OsbsAuthException):
        list(openshift.logs("b", follow=True))
    assert script.logins == 2


def test_a_log_is_given_up_at_once_if_a_configured_token_is_refused(serve, client):
    script = Expiring(Log(numbered(3), cut(10, [RESET]), whole), "?follow=1", -1)
    with pytest.raises(OsbsResponseException) as info:
        list(client(serve(script), token="T").logs("b", follow=True))
    assert (info.value.status_code, script.count) == (401, -2)


def test_a_build_that_is_deleted_while_its_log_is_followed_is_an_error(serve, client):
    state = Log(numbered(3), whole)

    def script(request):
        if state.followed and request.path.endswith("/builds/b/"):
            return answer(404, {"code": 404})
        return state(request)

    with pytest.raises(OsbsResponseException) as info:
        list(client(serve(script)).logs("b", follow=True))
    assert info.value.status_code == 404


@pytest.mark.parametrize(
    "stream", (lambda text: [RESET], lambda text: [answer(500)], cut(10, [RESET]), cut(0, [CLOSE]))
)
def test_a_log_that_breaks_for_ever_is_given_up(serve, client, stream):
    state = Log(numbered(3), stream)
    with pytest.raises(OsbsException):
        list(finished(client, serve(state)).logs("b", follow=True))
    assert state.followed <= 2 * retry.MAX_FAILURES


def test_defect_03_a_silent_log_makes_no_busy_loop(serve, client, monkeypatch):
    slept = []
    monkeypatch.setattr(retry.time, "sleep", slept.append)
    ends = [cut(0, [LAST_CHUNK])] * 12
    state = Log(numbered(1), *(ends + [whole]))
    lines, _ = follow(serve, client, state)
    assert len(lines) == 1
    # Between the attempts, and not only while the phase was awaited.
    assert len([seconds for seconds in slept if seconds > 0]) >= 11


def test_a_line_is_delivered_when_it_is_written(serve, client):
    delivered = threading.Event()
    in_time = []

    def stream(text):
        return [
            CHUNKED,
            chunk(b"one\n"),
            lambda: in_time.append(delivered.wait(10)),
            chunk(b"two\n"),
            LAST_CHUNK,
        ]

    state = Log(b"one\ntwo\n", stream)
    lines = client(serve(state)).logs("b", follow=True)
    assert next(lines) == b"one"
    delivered.set()
    assert next(lines) == b"two"
    assert in_time == [True]


def test_who_stops_reading_closes_the_stream(serve, client):
    ended = threading.Event()

    def stream(text):
        return [CHUNKED, chunk(b"x\n")] + [0.01, chunk(b"x\n")] * 500 + [ended.set]

    server = serve(Log(b"", stream))
    lines = client(server).logs("b", follow=True)
    next(lines)
    lines.close()
    server._threads[-1].join(5)
    assert not ended.is_set()


def test_a_log_that_is_not_followed_comes_in_one_piece(serve, client):
    state = Log(b"  one \n", whole)
    server = serve(state)
    assert client(server).logs("b") == b"  one \n"
    assert server.paths[-1] == LOG
    assert server.requests[-1].headers["connection"] == "close"


@pytest.mark.parametrize("phase", ("New", "Pending"))
def test_a_build_that_is_pending_has_no_log_yet(serve, client, phase):
    server = serve(Log(b"", whole, phases=[phase]))
    assert client(server).logs("b") is None
    assert len(server.requests) == 1


def test_the_log_of_a_build_that_does_not_exist(serve, client):
    server = serve([answer(404, {"code": 404})])
    with pytest.raises(OsbsException) as info:
        client(server).logs("b")
    assert not isinstance(info.value, OsbsResponseException)
    assert "'b'" in info.value.message


def test_the_log_of_a_build_that_is_made_later(serve, client):
    state = Log(b"x\n", whole)

    def script(request):
        if request.path.endswith("/namespaces/default/builds/b/") and (
            "/watch/" not in request.path and not state.followed
        ):
            return answer(404, {"code": 404})
        if "/watch/" in request.path:
            return [CHUNKED, 0.6, event("ADDED", **state.build()), 30]
        return state(request)

    server = serve(script)
    assert client(server).logs("b", wait_if_missing=True) == b"x\n"


def test_stream_logs_is_one_connection(serve, client):
    server = serve(Log(numbered(2), cut(15, [LAST_CHUNK])))
    assert list(client(server).stream_logs("b")) == [b"line 0 \xc3\xa9", b"line "]
    assert server.paths == [LOG + "?follow=1"]
