"""osbs.http against a server that breaks off, lies, waits and repeats itself."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import os
import socket
import threading
import time
import warnings

import pytest
import requests
from six.moves import http_client

from osbs import _transport, http
from osbs.exceptions import OsbsException, OsbsNetworkException
from osbs.http import HttpSession, HttpStream
from tests.wire.server import CHUNKED, CLOSE, LAST_CHUNK, RESET, answer, chunk


@pytest.fixture
def session():
    return HttpSession()


def unused_url():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    sock.close()
    return "http://127.0.0.1:%d/" % port


def test_defect_80_sequential_requests_use_one_connection(serve, session):
    server = serve([answer(body={})])
    for verb in ("get", "put", "delete", "post", "get"):
        getattr(session, verb)(server.url)
    assert server.connections == 1


def test_another_retry_rule_is_no_new_connection(serve, session):
    server = serve([answer(body={})])
    session.get(server.url)
    session.get(server.url, retries_enabled=False)
    session.post(server.url, idempotent=False)
    assert server.connections == 1


def test_a_request_that_closes_its_connection_leaves_the_pooled_one_alone(serve, session):
    def script(request):
        if request.headers["connection"] == "close":
            return [answer(headers=[("Connection", "close")]), CLOSE]
        return [answer()]

    server = serve(script)
    for headers in ({}, {"Connection": "close"}, {}, {"Connection": "close"}, {}):
        session.get(server.url, headers=headers)
    kept = {r.connection for r in server.requests if r.headers["connection"] != "close"}
    assert (len(kept), server.connections) == (1, 3)


def test_creating_a_session_opens_nothing_and_makes_no_retry(monkeypatch):
    monkeypatch.setattr(_transport, "Retry", None)
    assert HttpSession(verbose=True).verbose


@pytest.mark.parametrize("status", (200, 404, 409))
def test_a_final_status_is_not_repeated(serve, session, status):
    server = serve([answer(status)])
    assert session.get(server.url).status_code == status
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", (408, 500, 502, 503, 504))
@pytest.mark.parametrize("verb", ("get", "put", "post", "delete"))
def test_a_forced_status_is_repeated_until_it_passes(serve, session, status, verb):
    server = serve([answer(status), answer(status), answer(200, b"x")])
    response = getattr(session, verb)(server.url)
    assert (response.content, response.retried) == (b"x", True)


def test_defect_49_exhausted_retries_keep_the_status_and_the_body(serve, session):
    server = serve([answer(503, b"we are closed")])
    response = session.get(server.url)
    assert (response.status_code, response.content) == (503, b"we are closed")
    assert len(server.requests) == 4


def test_without_retries_an_error_is_returned_at_once(serve, session):
    server = serve([answer(500, b"no")])
    response = session.get(server.url, retries_enabled=False)
    assert (response.status_code, response.retried, len(server.requests)) == (500, False, 1)


def test_defect_05_post_that_is_not_idempotent_is_sent_once_when_the_server_fails(serve, session):
    server = serve([answer(500), answer(201)])
    assert session.post(server.url, idempotent=False).status_code == 500
    assert len(server.requests) == 1


def test_defect_05_post_that_is_not_idempotent_is_sent_once_when_the_answer_is_lost(serve, session):
    server = serve([[RESET], answer(201)])
    with pytest.raises(OsbsException) as info:
        session.post(server.url, idempotent=False)
    assert isinstance(info.value.cause, requests.exceptions.ConnectionError)
    assert len(server.requests) == 1


def test_a_post_that_is_not_idempotent_is_retried_when_nothing_was_processed(serve, session):
    server = serve([answer(503), answer(429, headers=[("Retry-After", "0")]), answer(201)])
    assert session.post(server.url, idempotent=False).status_code == 201


@pytest.mark.parametrize("verb", ("get", "put", "delete", "post"))
def test_a_reset_is_repeated_where_repeating_is_allowed(serve, session, verb):
    server = serve([[RESET], answer(200, b"x")])
    response = getattr(session, verb)(server.url)
    assert (response.content, response.retried) == (b"x", True)


def test_a_refused_connection_is_a_plain_exception_with_its_cause(session):
    with pytest.raises(OsbsException) as info:
        session.get(unused_url())
    assert not isinstance(info.value, OsbsNetworkException)
    assert isinstance(info.value.cause, requests.exceptions.ConnectionError)


def test_a_time_out_is_a_network_exception_without_status(serve, session, monkeypatch):
    monkeypatch.setattr(http, "HTTP_REQUEST_TIMEOUT", 0.05)
    server = serve([[10]])
    with pytest.raises(OsbsNetworkException) as info:
        session.get(server.url, retries_enabled=False)
    assert (info.value.status_code, info.value.url) == ("", server.url)
    assert isinstance(info.value.cause, requests.exceptions.Timeout)


@pytest.mark.parametrize(
    "steps",
    (
        [answer(200, b'{"a": 1}', length=100), CLOSE],
        [answer(200, b'{"a": 1}', length=100), RESET],
        [CHUNKED + chunk(b'{"a"'), CLOSE],
        [CHUNKED + b"zz\r\n", CLOSE],
    ),
)
def test_a_cut_body_is_an_error_and_not_a_short_body(serve, session, steps):
    server = serve([steps])
    with pytest.raises(OsbsException) as info:
        session.get(server.url, retries_enabled=False)
    assert isinstance(info.value.cause, requests.exceptions.RequestException)


def test_garbage_for_a_status_line_is_an_exception(serve, session):
    server = serve([[b"\x00\x01garbage\r\n\r\n", CLOSE]])
    with pytest.raises(OsbsException):
        session.get(server.url, retries_enabled=False)


@pytest.mark.parametrize("asked", ["3600", "1000000000", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_defect_12_retry_after_is_capped(serve, session, monkeypatch, asked):
    monkeypatch.setattr(_transport, "HTTP_RETRY_AFTER_MAX", 0.01)
    server = serve([answer(503, headers=[("Retry-After", asked)]), answer(200)])
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    assert session.get(server.url).status_code == 200
    assert slept == [0.01]


def test_429_without_retry_after_is_an_answer(serve, session):
    server = serve([answer(429)])
    assert session.get(server.url).status_code == 429
    assert len(server.requests) == 1


def test_no_cookie_is_kept(serve, session):
    server = serve([answer(headers=[("Set-Cookie", "ssn=secret; Path=/")])])
    session.get(server.url)
    session.get(server.url)
    assert "cookie" not in server.requests[1].headers


@pytest.fixture
def netrc(tmpdir, monkeypatch):
    path = tmpdir.join("netrc")
    path.write("machine 127.0.0.1 login me password netrc-password\n")
    path.chmod(0o600)
    monkeypatch.setenv(str("NETRC"), str(path))


def test_defect_22_netrc_never_replaces_the_token(serve, session, netrc):
    server = serve([answer()])
    session.get(server.url, headers={"Authorization": "Bearer T"})
    assert server.requests[0].headers["authorization"] == "Bearer T"


def test_netrc_does_not_replace_the_token_in_the_session_of_a_caller(serve, session, netrc):
    server = serve([answer(200)])
    session.get(server.url, headers={"Authorization": "Bearer T"}, session=requests.Session())
    assert server.requests[0].headers["authorization"] == "Bearer T"


def test_defect_22_netrc_does_not_replace_the_token_after_a_redirect(serve, session, netrc):
    server = serve([answer(302, headers=[("Location", "/other")]), answer()])
    session.get(server.url, headers={"Authorization": "Bearer T"})
    assert server.requests[1].headers["authorization"] == "Bearer T"


@pytest.mark.parametrize("arguments", [{}, {"auth": True}], ids=["nothing", "basic"])
def test_netrc_is_not_used_where_there_is_no_token(serve, session, netrc, arguments):
    server = serve([answer(302, headers=[("Location", "/other")]), answer()])
    if arguments:
        arguments = {"username": "u", "password": "p"}
    session.get(server.url, **arguments)
    sent = [request.headers.get("authorization") for request in server.requests]
    assert sent == ["Basic dTpw" if arguments else None] * 2


def test_netrc_does_not_log_in_as_somebody_else(serve, client, netrc):
    server = serve([answer(401, {"code": 401})])
    with pytest.raises(OsbsException):
        client(server, use_auth=True).get_oauth_token()
    assert "authorization" not in server.requests[-1].headers


def test_credentials_of_the_url_are_used_without_a_token(serve, session, netrc):
    server = serve([answer()])
    url = server.url.replace("http://", "http://u:p@")
    session.get(url)
    session.get(url, headers={"Authorization": "Bearer T"})
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Basic dTpw", "Bearer T"]


def refuse_redirect(session, url, method="get", **kwargs):
    with pytest.raises(OsbsException) as info:
        getattr(session, method)(url, headers={"Authorization": "Bearer T"}, **kwargs)
    assert "\n" not in info.value.message
    return info.value.message


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
@pytest.mark.parametrize("method", ("post", "put", "delete"))
def test_only_a_get_follows_a_redirect(serve, session, status, method):
    server = serve([answer(status, headers=[("Location", "/other")])])
    message = refuse_redirect(session, server.url, method, data="secret-body")
    for word in (method.upper(), server.url, "/other"):
        assert word in message
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
@pytest.mark.parametrize("host", ("localhost", "127.0.0.1"))
def test_a_redirect_to_another_host_or_port_is_refused(serve, session, status, host):
    other = serve([answer()])
    location = other.url.replace("127.0.0.1", host) + "?access_token=secret-token"
    location = location.replace("http://", "http://user:secret-password@")
    server = serve([answer(status, headers=[("Location", location)])])
    message = refuse_redirect(session, server.url)
    assert server.url in message and str(other.port) in message
    assert "secret" not in message
    assert other.requests == []


@pytest.mark.parametrize(
    "form",
    (
        "//OTHER/",
        "http:OTHER/",
        "http:/OTHER/",
        "http:\\\\OTHER/",
        "\\\\OTHER/",
        "http://OTHER\\@SAME/",
        "http://SAME\\@OTHER/",
        "http://SAME@OTHER/",
        "http://OTHER#@SAME/",
        "http://OTHER?@SAME/",
        "ftp://SAME/",
        "http://SAME:x/",
        "http://[SAME/",
    ),
)
def test_no_way_to_write_a_redirect_leads_to_another_server(serve, session, form):
    other = serve([answer()])

    def script(request):
        if request.path != "/":
            return [answer(404)]
        hosts = ("localhost:%d" % other.port, server.url[7:-1])
        location = form.replace("OTHER", hosts[0]).replace("SAME", hosts[1])
        return [answer(302, headers=[("Location", location)])]

    server = serve(script)
    try:
        session.get(server.url, headers={"Authorization": "Bearer T"}, retries_enabled=False)
    except OsbsException:
        pass
    assert other.requests == []


@pytest.mark.parametrize("stream", (True, False))
def test_a_redirect_that_is_refused_is_not_read(serve, session, stream):
    endless = b"HTTP/1.1 302 Found\r\nLocation: http://other.invalid/\r\n\r\n"
    server = serve(lambda request: [endless] + [b"x" * 65536] * 1000)
    started = time.time()
    refuse_redirect(session, server.url, stream=stream)
    assert time.time() - started < 2


def test_the_body_of_a_redirect_is_not_read(serve, session):
    sent = []
    endless = b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"

    def script(request):
        if request.path == "/x":
            return [answer(200, b"end")]
        return [endless] + [b"x" * 65536, lambda: sent.append(1)] * 1000

    assert session.get(serve(script).url).content == b"end"
    assert len(sent) < 300


def test_a_redirect_without_end_is_given_up(serve, session):
    server = serve([answer(302, headers=[("Location", "/again")])])
    refuse_redirect(session, server.url)
    assert len(server.requests) == 4


def test_a_cookie_of_a_redirect_is_not_sent(serve, session):
    location = [("Set-Cookie", "ssn=secret; Path=/"), ("Location", "/other")]
    server = serve([answer(302, headers=location), answer()])
    session.get(server.url)
    assert "cookie" not in server.requests[1].headers


def test_a_redirect_is_not_followed_when_told_so(serve, session):
    server = serve([answer(302, headers=[("Location", "/other")])])
    response = session.get(server.url, allow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (302, "/other")


def test_defect_91_the_user_agent_names_this_client_and_requests_have_an_id(serve, session):
    server = serve([answer()])
    session.get(server.url)
    headers = server.requests[0].headers
    assert headers["user-agent"].startswith("osbs-client/")
    assert len(headers["x-request-id"]) == 32


def test_no_expect_header_is_sent_and_the_callers_headers_stay(serve, session):
    server = serve([answer()])
    headers = {}
    session.post(server.url, headers=headers, data="{}", use_json=True)
    assert headers == {}
    assert "expect" not in server.requests[0].headers
    assert server.requests[0].headers["content-type"] == "application/json"


def test_text_that_is_not_ascii_is_sent_as_utf_8(serve, session):
    server = serve([answer()])
    session.post(server.url, data='{"a": "\u00e9\u4e2d"}')
    assert server.requests[0].body == '{"a": "\u00e9\u4e2d"}'.encode("utf-8")


def test_log_records_hold_neither_query_nor_body_nor_token(serve, session, caplog):
    server = serve([answer(body=b"secret-body")])
    with caplog.at_level(logging.DEBUG, logger="osbs"):
        session.get(
            server.url + "path?access_token=secret-query",
            headers={"Authorization": "Bearer secret-token"},
        )
    texts = [r.getMessage() for r in caplog.records if r.name.startswith("osbs")]
    assert texts == ["get /path: 200"]


def test_credentials_of_a_url_do_not_reach_the_exception(session):
    url = unused_url().replace("http://", "http://user:secret-password@")
    with pytest.raises(OsbsException) as info:
        session.get(url, retries_enabled=False)
    assert "secret-password" not in "%s %r" % (info.value, info.value)


def test_32_threads_share_a_session(serve, session):
    server = serve(lambda request: [0.001, answer(body=request.path.encode("ascii"))])
    results = {}

    def work(number):
        for turn in range(5):
            path = "n%d-%d" % (number, turn)
            results[path] = session.get(server.url + path).content

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 160
    assert all(content == ("/" + path).encode("ascii") for path, content in results.items())
    assert server.connections <= 32


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_does_not_use_the_connections_of_its_parent(serve, session):
    server = serve([answer(body=b"x")])
    session.get(server.url)
    # Held, as by a thread of the parent that does not exist in the child.
    lock = session._pool.get().lock
    lock.acquire()
    child = os.fork()
    if child == 0:
        os._exit(0 if session.get(server.url).content == b"x" else 1)
    lock.release()
    assert os.waitpid(child, 0)[1] == 0
    session.get(server.url)
    assert [request.connection for request in server.requests] == [1, 2, 1]


def read_lines(serve, *steps):
    server = serve([list(steps)])
    with HttpSession().get(server.url, stream=True) as stream:
        return list(stream.iter_lines()), stream


@pytest.mark.parametrize(
    "steps, lines",
    [
        ([CHUNKED, chunk(b"one\ntwo\n"), LAST_CHUNK], [b"one", b"two"]),
        ([CHUNKED, chunk(b"on"), chunk(b"e\ntw"), chunk(b"o"), LAST_CHUNK], [b"one", b"two"]),
        ([CHUNKED, chunk(b"\n\na\n\n"), LAST_CHUNK], [b"", b"", b"a", b""]),
        (
            [CHUNKED, chunk(b"a\rb\x0bc\x0cd\x85e\xe2\x80\xa8f\r\n"), LAST_CHUNK],
            [b"a\rb\x0bc\x0cd\x85e\xe2\x80\xa8f\r"],
        ),
        ([CHUNKED, LAST_CHUNK], []),
        ([answer(body=b"one\ntwo")], [b"one", b"two"]),
        ([b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none\ntwo\n", CLOSE], [b"one", b"two"]),
    ],
)
def test_a_line_is_what_stands_between_two_line_feeds(serve, steps, lines):
    assert read_lines(serve, *steps)[0] == lines


@pytest.mark.parametrize(
    "steps",
    [
        [CHUNKED, chunk(b"one\ntw"), CLOSE],
        [CHUNKED, chunk(b"one\ntw"), RESET],
        [CHUNKED, chunk(b"one\ntw"), b"nonsense\r\n", CLOSE],
        [answer(body=b"one\ntw", length=100), CLOSE],
    ],
)
def test_defect_01_a_stream_that_breaks_ends_the_iteration_without_the_cut_line(serve, steps):
    lines, stream = read_lines(serve, *steps)
    assert lines == [b"one"]
    assert stream.broken


def test_a_stream_that_ends_well_is_not_broken(serve):
    assert not read_lines(serve, CHUNKED, chunk(b"a\n"), LAST_CHUNK)[1].broken


def test_the_partial_line_at_the_end_can_be_kept_back(serve):
    server = serve([[CHUNKED, chunk(b"one\ntw"), LAST_CHUNK]])
    with HttpSession().get(server.url, stream=True) as stream:
        stream.keep_partial_line = True
        assert list(stream.iter_lines()) == [b"one"]
        assert stream.partial_line == b"tw"


@pytest.mark.parametrize(
    "head",
    [
        CHUNKED,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n",
    ],
)
def test_a_line_is_delivered_when_its_line_feed_arrives(serve, head):
    go_on = threading.Event()
    wrap = chunk if head is CHUNKED else (lambda data: data)
    server = serve([[head, wrap(b"one\n"), lambda: go_on.wait(10), wrap(b"two\n"), CLOSE]])
    with HttpSession().get(server.url, stream=True) as stream:
        lines = stream.iter_lines()
        assert next(lines) == b"one"
        go_on.set()
        assert next(lines) == b"two"


def test_a_stream_asks_for_no_compression(serve):
    server = serve([answer(body=b"x")])
    HttpSession().get(server.url, stream=True).close()
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_a_silent_stream_ends_with_its_time_limit(serve):
    server = serve([[CHUNKED, chunk(b"one\n"), 10]])
    with HttpSession().get(server.url, stream=True) as stream:
        stream.time_limit = 0.05
        started = time.time()
        assert list(stream.iter_lines()) == [b"one"]
    assert time.time() - started < 3
    assert stream.broken


def test_an_error_stream_is_returned_whatever_its_status(serve):
    server = serve([answer(500, b"no")])
    with HttpSession().get(server.url, stream=True, retries_enabled=False) as stream:
        assert (stream.status_code, b"".join(stream.iter_lines())) == (500, b"no")


def test_closing_a_stream_gives_up_its_connection(serve):
    gone = threading.Event()

    def script(request):
        return [CHUNKED, chunk(b"x\n")] + [0.01, chunk(b"x\n")] * 500 + [gone.set]

    server = serve(script)
    stream = HttpSession().get(server.url, stream=True)
    next(stream.iter_lines())
    stream.close()
    stream.close()
    assert stream.closed
    assert stream.status_code == 200
    server._threads[-1].join(5)
    assert not gone.is_set()


def test_leaving_the_block_closes_and_does_not_swallow(serve):
    server = serve([answer(body=b"x")])
    with pytest.raises(ZeroDivisionError):
        with HttpSession().get(server.url, stream=True) as stream:
            raise ZeroDivisionError
    assert stream.closed


def test_a_stream_of_its_own_closes_its_session(serve, monkeypatch):
    closed = []
    monkeypatch.setattr(requests.Session, "close", lambda self: closed.append(self))
    stream = HttpStream(serve([answer()]).url, "GET", retries_enabled=False)
    stream.close()
    assert closed == [stream.session]


def test_a_stream_of_its_own_raises_what_requests_raises():
    with pytest.raises(requests.exceptions.ConnectionError):
        HttpStream(unused_url(), "get", retries_enabled=False)


def test_defect_37_warnings_are_silenced_only_when_verification_is_off(serve):
    server = serve([answer()])
    category = http.InsecureRequestWarning
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        HttpSession().get(server.url)
        assert not any(entry[2] is category and entry[0] == "ignore" for entry in warnings.filters)
        HttpSession().get(server.url, verify_ssl=False)
        assert any(entry[2] is category and entry[0] == "ignore" for entry in warnings.filters)


def test_http_client_can_be_imported_from_here():
    assert http.http_client is http_client
