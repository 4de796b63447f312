"""Each retry is told once, at INFO, in a sentence."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import socket
import time

import pytest

from osbs import _transport
from osbs.exceptions import OsbsException
from osbs.http import HttpSession
from tests.wire.server import CHUNKED, CLOSE, LAST_CHUNK, RESET, answer, chunk, event

RUNNING = {"metadata": {"name": "b", "resourceVersion": "1"}, "status": {"phase": "Running"}}
COMPLETE = {"metadata": {"name": "b", "resourceVersion": "2"}, "status": {"phase": "Complete"}}


@pytest.fixture
def told(caplog):
    """A function that returns what was told of retries."""
    caplog.set_level(logging.INFO, "osbs")

    def sentences():
        return [
            record.getMessage()
            for record in caplog.records
            if getattr(record, "waiting", False) and "trying again" in record.getMessage()
        ]

    return sentences


@pytest.fixture
def session():
    return HttpSession()


@pytest.fixture
def slept(monkeypatch):
    seconds = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


def unused_port():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    return port


def test_each_retry_of_an_error_status_is_told(serve, session, told):
    server = serve([answer(503), answer(504), answer(200)])
    session.get(server.url)
    assert told() == [
        "server answered 503 Service Unavailable, trying again now (1 of 3)",
        "server answered 504 Gateway Timeout, trying again now (2 of 3)",
    ]


def test_a_retry_is_told_at_info_by_the_module_that_makes_it(serve, session, told, caplog):
    session.get(serve([answer(503), answer(200)]).url)
    record = [record for record in caplog.records if getattr(record, "waiting", False)][0]
    assert (record.levelno, record.name) == (logging.INFO, "osbs._transport")


def test_the_delay_that_is_told_is_that_which_the_server_asked_for(serve, session, told, slept):
    session.get(serve([answer(503, headers=[("Retry-After", "7")]), answer(200)]).url)
    assert told() == ["server answered 503 Service Unavailable, trying again in 7 s (1 of 3)"]
    assert slept == [7]


@pytest.mark.usefixtures("full_delays")
def test_the_delay_that_is_told_is_that_of_the_backoff(serve, session, told, slept):
    session.get(serve([answer(503), answer(503), answer(200)]).url)
    assert told()[1].endswith("trying again in %d s (2 of 3)" % round(slept[-1]))
    assert slept[-1] >= 8


def test_a_connection_that_broke_is_told_without_the_words_of_urllib3(serve, session, told):
    session.get(serve([[RESET], answer(200)]).url)
    assert told() == ["the server closed the connection, trying again now (1 of 3)"]


def test_a_refused_connection_is_told(session, told):
    with pytest.raises(OsbsException):
        session.get("http://127.0.0.1:%d/" % unused_port())
    assert told()[0] == "connection refused, trying again now (1 of 3)"
    assert len(told()) == 3


def test_an_unknown_host_is_told(session, told, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(OsbsException):
        session.get("http://no.such.host.invalid/")
    assert told()[0].startswith("unknown host, trying")


def test_a_response_that_does_not_come_is_told(serve, session, told):
    session.request_timeout = 0.1
    session.get(serve([[30], answer(200)]).url)
    assert told() == ["no response in time, trying again now (1 of 3)"]


def test_a_truncated_response_is_told(serve, client, told):
    server = serve([[answer(200, RUNNING, length=1000), CLOSE], answer(200, RUNNING)])
    client(server).get_build("b")
    assert told() == ["the response was truncated, trying again now (1 of 3)"]


def test_a_conflict_is_told(serve, client, told, slept):
    def script(request):
        return answer(200, RUNNING) if request.method == "GET" else answers.pop(0)

    answers = [answer(409, {}), answer(200, RUNNING)]
    client(serve(script)).cancel_build("b")
    assert told() == ["server answered 409 Conflict, trying again in 5 s (1 of 8)"]


def test_a_watch_that_is_refused_tells_of_each_attempt(serve, client, told):
    server = serve([answer(503), answer(503), [CHUNKED, event("ADDED", **COMPLETE), LAST_CHUNK]])
    client(server).wait_for_build_to_finish("b")
    assert [sentence.rpartition(",")[0] for sentence in told()] == [
        "watch: server answered 503 Service Unavailable"
    ] * 2
    assert told()[1].endswith("(2 of 4)")


def test_a_watch_that_ends_as_watches_do_tells_nothing(serve, client, told):
    server = serve(
        [
            [CHUNKED, event("ADDED", **RUNNING), LAST_CHUNK],
            [CHUNKED, event("MODIFIED", **COMPLETE), LAST_CHUNK],
        ]
    )
    client(server).wait_for_build_to_finish("b")
    assert told() == []


def test_a_log_that_breaks_off_tells_of_each_attempt(serve, client, told):
    broken = [CHUNKED + chunk(b"one\n"), CLOSE]
    streams = [broken, broken, [CHUNKED + chunk(b"one\ntwo\n"), LAST_CHUNK]]

    def script(request):
        if "follow=1" in request.path:
            return streams.pop(0)
        if "tailLines" in request.path:
            return answer(200, b"one\ntwo\n")
        if "/watch/" in request.path:
            return [CHUNKED, event("ADDED", **RUNNING), 30]
        return answer(200, COMPLETE if len(streams) < 1 else RUNNING)

    assert list(client(serve(script)).logs("b", follow=True)) == [b"one", b"two"]
    assert [sentence.rpartition(",")[0] for sentence in told()] == [
        "log: the connection broke after line 1"
    ] * 2


def test_a_first_connection_that_breaks_is_given_up_soon_if_the_caller_wants_that(serve, session):
    session.first_contact_retries = 1
    server = serve([[CLOSE]])
    with pytest.raises(OsbsException):
        session.get(server.url)
    assert server.connections == 2


@pytest.mark.parametrize("steps", [[CLOSE], [RESET]])
def test_a_watch_that_never_reached_a_server_is_given_up_at_once(serve, client, steps):
    server = serve([steps])
    openshift = client(server)
    openshift._con.first_contact_retries = 1
    with pytest.raises(OsbsException):
        list(openshift.watch_resource("builds"))
    assert server.connections == 1


def test_a_watch_of_a_service_waits_for_a_server_that_comes_up(serve, client):
    server = serve([[CLOSE], [CLOSE], [CHUNKED, event("ADDED", **RUNNING), 30]])
    assert next(client(server).watch_resource("builds")) == ("added", RUNNING)


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_the_number_of_retries_is_a_setting(serve, client, retries):
    server = serve([answer(503)])
    with pytest.raises(OsbsException):
        client(server, retries=retries).get_build("b")
    assert len(server.requests) == 1 + retries


@pytest.mark.parametrize("retries", [0, 2])
def test_the_number_of_retries_is_that_of_a_watch_too(serve, client, retries):
    server = serve([answer(503)])
    with pytest.raises(OsbsException):
        client(server, retries=retries).wait_for_build_to_finish("b")
    assert len(server.requests) == 1 + retries


def test_without_retries_a_truncated_response_is_an_error(serve, client):
    server = serve([[answer(200, RUNNING, length=1000), CLOSE]])
    with pytest.raises(OsbsException):
        client(server, retries=0).get_build("b")
    assert len(server.requests) == 1


def test_the_time_of_a_request_is_a_setting(serve, client):
    server = serve([[30]])
    with pytest.raises(OsbsException) as info:
        client(server, request_timeout=0.1, retries=0).get_build("b")
    assert "timed out" in info.value.message


def test_the_time_of_a_request_is_no_limit_for_a_silent_log(serve, client):
    log = [CHUNKED + chunk(b"one\n"), 0.3, chunk(b"two\n"), LAST_CHUNK]

    def script(request):
        if "follow=1" in request.path:
            return log
        if "/watch/" in request.path:
            return [CHUNKED, event("ADDED", **RUNNING), 30]
        return answer(200, b"one\ntwo\n" if "tailLines" in request.path else COMPLETE)

    server = serve(script)
    lines = client(server, request_timeout=0.1).logs("b", follow=True)
    assert list(lines) == [b"one", b"two"]
    assert len([path for path in server.paths if "follow=1" in path]) == 1


def test_a_port_that_speaks_tls_is_told(serve, session, told):
    with pytest.raises(OsbsException):
        session.get(serve([[b"\x15\x03\x03\x00\x02\x02\x0a", CLOSE]]).url)
    assert told()[0].startswith("the server speaks TLS, not plain HTTP, trying again")


def test_a_rule_that_somebody_else_made_is_left_alone(monkeypatch):
    class Rule(_transport.Retry):
        pass

    monkeypatch.setattr(_transport, "Retry", Rule)
    assert type(_transport.max_retries()) is Rule
