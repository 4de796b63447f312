"""Servers that send without end, slowly or fast: how long and how much a client reads of them."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import os
import subprocess
import sys
import time
import zlib

import pytest

from osbs import _limits, http
from osbs.exceptions import OsbsException, OsbsResponseException, OsbsWaitTimeout
from osbs.http import HttpSession
from tests.wire.server import CHUNKED, CLOSE, LAST_CHUNK, answer, chunk, event

# Seconds: what is allowed, what a loaded machine may add, and how long the servers go on.
LIMIT, MARGIN, ENDLESS = 0.2, 1.5, 6
OK = b"HTTP/1.1 200 OK\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def slowly(piece, *before):
    """Return steps that send something, and then a piece again and again."""
    return list(before) + [piece, 0.05] * int(ENDLESS / 0.05) + [CLOSE]


def fast(piece, size, *before):
    """Return steps that send something, and then a piece until so many bytes are sent."""
    block = piece * (1 + (1 << 16) // len(piece))
    return list(before) + [block] * (size // len(block)) + [CLOSE]


SLOW_HEADS = {
    "status line": slowly(b"H", b"HTTP/1.1 200 "),
    "header": slowly(b"x", OK + b"X-A: "),
    "headers": slowly(b"X-A: b\r\n", OK),
    "continue": slowly(CONTINUE),
}
SLOW_BODIES = {
    "body": slowly(b"x", OK + b"Content-Length: 1000000\r\n\r\n"),
    "body without a length": slowly(b"x", OK + b"\r\n"),
    "chunk size": slowly(b"0", CHUNKED),
    "chunk extension": slowly(b"x", CHUNKED + b"1;"),
    "chunks": slowly(chunk(b"x"), CHUNKED),
    "trailers": slowly(b"X-A: b\r\n", CHUNKED + b"0\r\n"),
    "trailer": slowly(b"x", CHUNKED + b"0\r\n"),
}
SLOW = dict(SLOW_HEADS, **SLOW_BODIES)


@pytest.fixture
def took():
    """A function that tells how many seconds the test took so far."""
    started = time.time()
    return lambda: time.time() - started


@pytest.mark.parametrize("what", sorted(SLOW))
def test_a_response_that_trickles_in_is_given_up(serve, monkeypatch, took, what):
    monkeypatch.setattr(http, "HTTP_REQUEST_TIMEOUT", LIMIT)
    monkeypatch.setattr(http, "HTTP_BODY_TIMEOUT", LIMIT)
    server = serve(lambda request: SLOW[what])
    with pytest.raises(OsbsException):
        HttpSession().get(server.url, retries_enabled=False)
    assert took() < 2 * LIMIT + MARGIN


@pytest.mark.parametrize("what", sorted(SLOW))
def test_a_body_gets_the_time_that_the_caller_gives_for_all_of_the_response(serve, took, what):
    server = serve(lambda request: SLOW[what])
    with pytest.raises(OsbsException):
        HttpSession().get(server.url, retries_enabled=False, timeout=LIMIT)
    assert took() < LIMIT + MARGIN


def test_a_body_may_take_longer_than_one_read(serve, monkeypatch):
    monkeypatch.setattr(http, "HTTP_REQUEST_TIMEOUT", 0.5)
    body = [chunk(b"x"), 0.1] * 10
    server = serve([[CHUNKED] + body + [LAST_CHUNK]])
    assert HttpSession().get(server.url, retries_enabled=False).content == b"x" * 10


@pytest.mark.parametrize("what", sorted(SLOW) + ["junk"])
def test_a_wait_ends_on_time_whatever_trickles_in(serve, client, took, what):
    steps = dict(SLOW, junk=slowly(chunk(b"junk\n"), CHUNKED))[what]
    server = serve(lambda request: steps)
    with pytest.raises(OsbsException):
        client(server).wait_for_build_to_finish("b", timeout=LIMIT)
    assert took() < LIMIT + MARGIN


def test_a_wait_ends_on_time_when_junk_comes_fast(serve, client, took):
    build = {"metadata": {"name": "b", "resourceVersion": "1"}, "status": {"phase": "New"}}
    junk = [CHUNKED, event("ADDED", **build)] + [chunk(b"[]\n" * 10000)] * 500
    with pytest.raises(OsbsWaitTimeout):
        client(serve(lambda request: junk)).wait_for_build_to_finish("b", timeout=LIMIT)
    assert took() < LIMIT + MARGIN


def test_a_wait_ends_on_time_when_the_text_of_an_error_trickles_in(serve, client, took):
    server = serve(lambda request: slowly(chunk(b"x"), CHUNKED.replace(b"200", b"404")))
    with pytest.raises(OsbsException):
        client(server).wait_for_build_to_finish("b", timeout=LIMIT)
    assert took() < LIMIT + MARGIN


def test_junk_in_a_watch_is_told_once(serve, client, caplog):
    build = {"metadata": {"name": "b"}, "status": {"phase": "Complete"}}
    junk = [chunk(b"junk\n"), chunk(b'{"type": 1}\n')] * 50
    server = serve([[CHUNKED] + junk + [event("ADDED", **build), LAST_CHUNK]])
    with caplog.at_level(logging.DEBUG, logger="osbs"):
        client(server).wait_for_build_to_finish("b")
    records = [r for r in caplog.records if r.name == "osbs._rest.watch"]
    assert [r.levelname for r in records] == ["ERROR"]


@pytest.mark.parametrize(
    "steps",
    [
        fast(CONTINUE, 1 << 24),
        fast(b"X-A: " + b"b" * 60000 + b"\r\n", 1 << 24, OK),
        fast(b"0", 1 << 24, CHUNKED),
        fast(b"x", 1 << 24, CHUNKED + b"0\r\n"),
    ],
    ids=["continue", "headers", "chunk size", "trailer"],
)
def test_what_is_not_the_body_has_a_limit_too(serve, steps):
    sent = []
    counted = [step for part in steps for step in (part, lambda: sent.append(1))]
    server = serve([counted])
    with pytest.raises(OsbsException):
        HttpSession().get(server.url, retries_enabled=False)
    # What the client did not read stands in the buffers of the kernel.
    assert len(sent) < 150


def test_the_body_of_a_response_that_is_retried_is_not_read_to_its_end(serve, took):
    sent = []
    endless = OK.replace(b"200 OK", b"503 No") + b"\r\n"

    def script(request):
        if server.requests[1:]:
            return [answer(200, b"x")]
        return fast(b"x", 1 << 24, endless, lambda: sent.append(1))

    server = serve(script)
    assert HttpSession().get(server.url).content == b"x"
    assert took() < MARGIN


@pytest.mark.parametrize("head", [CHUNKED, OK + b"\r\n"], ids=["chunked", "plain"])
def test_a_body_that_is_too_large_is_named(serve, head):
    piece = chunk(b"x" * 65536) if head is CHUNKED else b"x" * 65536
    session = HttpSession()
    session.max_body = 1 << 20
    server = serve(lambda request: [head] + [piece] * 100 + [CLOSE])
    with pytest.raises(OsbsException) as info:
        session.get(server.url + "path")
    for word in ("/path", "1 MiB", "max_response_mib"):
        assert word in info.value.message
    assert len(server.requests) == 1


def test_the_largest_body_can_be_set(serve, client):
    server = serve([answer(body=b"x" * (1 << 21))])
    with pytest.raises(OsbsException) as info:
        client(server, max_response_mib=1).get_build("b")
    assert "max_response_mib" in info.value.message
    assert client(server, max_response_mib=2).get_build("b").status_code == 200


def test_a_body_as_large_as_allowed_is_read(serve):
    session = HttpSession()
    session.max_body = 1 << 20
    server = serve([answer(body=b"x" * (1 << 20))])
    assert len(session.get(server.url).content) == 1 << 20


BOMB_CLIENT = """
import sys
from osbs.exceptions import OsbsException
from osbs.http import HttpSession
session = HttpSession()
session.max_body = 8 << 20
try:
    session.get(sys.argv[1])
except OsbsException as ex:
    assert "MiB" in ex.message, ex.message
else:
    sys.exit("it was read")
# Not ru_maxrss, which begins with that of the process that started this one.
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")))
"""


def gzipped(content, times):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(content) for _ in range(times)]) + packer.flush()


def test_a_gzip_bomb_meets_the_bound_of_a_body(serve):
    bomb = gzipped(b"\0" * (1 << 20), 200)
    server = serve([answer(body=bomb, headers=[("Content-Encoding", "gzip")])])
    top = os.path.dirname(os.path.dirname(http.__file__))
    output = subprocess.check_output(
        [sys.executable, "-c", BOMB_CLIENT, server.url], env=dict(os.environ, PYTHONPATH=top)
    )
    # MiB; 200 of them were packed.
    assert int(output) < 120


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip,br"])
def test_an_encoding_that_was_not_asked_for_is_refused(serve, encoding):
    server = serve([answer(body=b"x", headers=[("Content-Encoding", encoding)])])
    with pytest.raises(OsbsException) as info:
        HttpSession().get(server.url)
    assert encoding in info.value.message
    assert server.requests[0].headers["accept-encoding"] == "gzip, deflate"


def lines_of(serve, *steps):
    server = serve([list(steps)])
    with HttpSession().get(server.url, stream=True) as stream:
        return list(stream.iter_lines())


def test_a_line_of_a_log_is_truncated_and_says_so(serve):
    most = http.HTTP_LINE_MAX
    long_line = [chunk(b"x" * 65536)] * (3 * most // 65536)
    lines = lines_of(serve, CHUNKED, *(long_line + [chunk(b"y\nshort\n"), LAST_CHUNK]))
    assert lines == [b"x" * most + b" [truncated, 2097153 bytes more]", b"short"]


def test_a_line_as_long_as_allowed_is_whole(serve):
    line = b"x" * http.HTTP_LINE_MAX
    assert lines_of(serve, CHUNKED, chunk(line + b"\n"), LAST_CHUNK) == [line]


def test_a_truncated_line_does_not_depend_on_how_it_arrives(serve):
    line = b"x" * (http.HTTP_LINE_MAX + 10)
    plain = answer(body=gzipped(line + b"\n", 1), headers=[("Content-Encoding", "gzip")])
    assert lines_of(serve, plain) == [http.truncated_line(line)]


def test_a_log_with_a_long_line_is_followed_once(serve, client, monkeypatch):
    monkeypatch.setattr(http, "HTTP_LINE_MAX", 1000)
    log = b"a\n" + b"x" * 5000 + b"\nb\n"
    build = {"metadata": {"name": "b"}, "status": {"phase": "Complete"}}

    def script(request):
        if "/watch/" in request.path:
            return [CHUNKED, event("ADDED", **build), LAST_CHUNK]
        if "tailLines" in request.path:
            return answer(body=log)
        return [CHUNKED, chunk(log), LAST_CHUNK] if "/log" in request.path else answer(200, build)

    server = serve(script)
    lines = list(client(server).logs("b", follow=True))
    assert lines == [b"a", b"x" * 1000 + b" [truncated, 4000 bytes more]", b"b"]
    assert len([path for path in server.paths if "follow=1" in path]) == 1


def test_an_event_of_a_watch_may_be_longer_than_a_line_of_a_log(serve, client):
    note = "x" * (2 * http.HTTP_LINE_MAX)
    build = {"metadata": {"name": "b", "note": note}, "status": {"phase": "Complete"}}
    server = serve([[CHUNKED, event("ADDED", **build), LAST_CHUNK]])
    assert client(server).wait_for_build_to_finish("b") == build


@pytest.mark.parametrize("stream", [True, False])
def test_the_text_of_an_error_is_truncated(serve, client, stream):
    server = serve(
        lambda request: fast(
            b"x",
            1 << 24,
            CHUNKED.replace(b"200", b"404").replace(b"Transfer-Encoding: chunked\r\n", b""),
        )
    )
    openshift = client(server)
    with pytest.raises(OsbsResponseException) as info:
        openshift.wait_for_build_to_finish("b") if stream else openshift.get_build("b")
    assert info.value.status_code == 404
    assert len(info.value.message) < http.ERROR_BODY_MAX + 100
    assert info.value.message.endswith(" [truncated]")


def test_a_connection_is_used_again_with_its_own_time_outs(serve):
    server = serve([answer(body=b"x"), [0.3, answer(body=b"y")]])
    session = HttpSession()
    assert session.get(server.url, timeout=0.2).content == b"x"
    assert session.get(server.url, timeout=5).content == b"y"
    assert server.connections == 1


def test_a_response_is_read_within_limits_through_a_proxy_too(serve, monkeypatch, took):
    server = serve(lambda request: SLOW["header"])
    monkeypatch.setenv(str("http_proxy"), str(server.url))
    monkeypatch.delenv(str("no_proxy"), raising=False)
    with pytest.raises(OsbsException):
        HttpSession().get("http://other.invalid/", timeout=LIMIT, retries_enabled=False)
    assert took() < LIMIT + MARGIN


def test_limits_count_down():
    limits = _limits.Limits(5)
    assert 4 < limits.time_left() <= 5
    limits.expect_within(None)
    assert limits.time_left() == 5


@pytest.mark.parametrize("status", [b"400", b"401", b"503"])
def test_the_text_of_a_refused_login_is_truncated(serve, client, status):
    endless = fast(b"x", 1 << 24, OK.replace(b"200", status) + b"\r\n")
    openshift = client(serve(lambda request: endless), username="u", password="p")
    with pytest.raises(OsbsException) as info:
        openshift.get_oauth_token()
    assert len(info.value.message) < http.ERROR_BODY_MAX + 100


@pytest.mark.parametrize("content", [b"x" * (1 << 20), "\u00e9" * (1 << 20)])
def test_a_long_error_is_truncated_before_it_is_masked(content, took):
    masked = http.masked_body(content)
    assert isinstance(masked, type(content))
    assert len(masked) <= http.ERROR_BODY_MAX + 20
    assert took() < MARGIN
