"""TLS: which certificates are trusted, and that time-outs hold there too."""

from __future__ import absolute_import, print_function, unicode_literals

import itertools
import ssl
import time

import pytest
import requests

from osbs import _transport, http
from osbs.exceptions import OsbsException, OsbsWaitTimeout
from tests.wire.server import CHUNKED, CLOSE, WireServer, answer, chunk, event

trustme = pytest.importorskip("trustme")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def tls(authority):
    context = ssl.SSLContext(getattr(ssl, "PROTOCOL_TLS_SERVER", ssl.PROTOCOL_SSLv23))
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca(authority, tmpdir):
    path = tmpdir.join("ca.crt")
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def test_the_configured_authority_is_trusted(serve, client, tls, ca):
    server = serve([answer(200, {})], tls)
    openshift = client(server, ca_bundle=ca)
    for _ in range(3):
        openshift.get_build("b")
    assert server.connections == 1


def test_an_unknown_authority_is_told_at_once(serve, client, tls):
    server = serve([answer(200, {})], tls)
    with pytest.raises(OsbsException) as info:
        client(server).get_build("b")
    assert isinstance(info.value.cause, requests.exceptions.SSLError)
    assert (server.connections, server.requests) == (1, [])


def test_an_unknown_authority_is_told_at_once_by_a_watch(serve, client, tls):
    server = serve([answer(200, {})], tls)
    with pytest.raises(OsbsException):
        client(server).wait_for_build_to_finish("b")
    assert server.connections == 1


def test_without_verification_nothing_is_checked(serve, client, tls):
    server = serve([answer(200, {"a": 1})], tls)
    assert client(server, verify_ssl=False).get_build("b").json() == {"a": 1}


def test_sessions_with_and_without_verification_share_no_connection(serve, tls, ca):
    server = serve([answer()], tls)
    session = http.HttpSession()
    session.get(server.url, verify_ssl=False)
    with pytest.raises(OsbsException):
        session.get(server.url)
    session.get(server.url, ca=ca)
    assert server.requests[0].connection != server.requests[1].connection


def test_defect_02_a_wait_over_tls_ends_on_time(serve, client, tls, ca):
    build = {"metadata": {"name": "b", "resourceVersion": "1"}, "status": {"phase": "Running"}}
    server = serve([[CHUNKED, 0.2, event("ADDED", **build), 30]], tls)
    started = time.time()
    with pytest.raises(OsbsWaitTimeout):
        client(server, ca_bundle=ca).wait_for_build_to_finish("b", timeout=0.4)
    assert time.time() - started < 1


@pytest.mark.parametrize(
    "before, piece",
    [
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        (CHUNKED + b"0\r\n", b"X-A: b\r\n"),
    ],
    ids=["header", "body", "trailers"],
)
def test_a_response_over_tls_that_trickles_in_is_given_up(serve, tls, ca, before, piece):
    server = serve(lambda request: [before] + [piece, 0.05] * 80, tls)
    started = time.time()
    with pytest.raises(OsbsException):
        http.HttpSession().get(server.url, ca=ca, timeout=0.3, retries_enabled=False)
    assert time.time() - started < 2


def test_requests_kerberos_finds_the_certificate_of_the_server(serve, tls, ca):
    server = serve([[CHUNKED, chunk(b"a\n"), 10]], tls)
    with http.HttpSession().get(server.url, stream=True, ca=ca) as stream:
        read_from = stream.req.raw._fp.fp
        # Where it looks, on Python 2 and 3.
        for sock in (read_from._sock, read_from.raw._sock):
            assert sock.getpeercert(True)


def test_https_may_follow_http_on_the_same_host(serve, client, tls, ca):
    server = serve([answer(200, {"a": 1})], tls)
    plain = serve([answer(302, headers=[("Location", server.url)])])
    openshift = client(plain, ca_bundle=ca, token="T")
    assert openshift.get_build("b").json() == {"a": 1}


def test_http_never_follows_https(serve, client, tls, ca):
    plain = serve([answer(200, {"a": 1})])
    server = serve([answer(302, headers=[("Location", plain.url)])], tls)
    with pytest.raises(OsbsException) as info:
        client(server, ca_bundle=ca).get_build("b")
    assert plain.url in info.value.message
    assert plain.requests == []


def test_lines_over_tls_arrive_when_they_are_sent(serve, tls, ca):
    sent = []
    noted = [0.2, lambda: sent.append(time.time()), chunk(b"a\n")]
    server = serve([[CHUNKED] + noted * 3 + [10]], tls)
    with http.HttpSession().get(server.url, stream=True, ca=ca) as stream:
        delays = [time.time() - sent[-1] for _ in itertools.islice(stream.iter_lines(), 3)]
    # One may be late because the machine is busy with something else.
    assert min(delays) < 0.05


class NobodyBehindTheProxy(WireServer):
    """A server that closes the first few connections before it says a word."""

    closed = 2

    def _serve(self, connection, number):
        if number <= self.closed:
            # With the hello unread it would be a reset.
            connection.recv(65536)
            connection.close()
        else:
            super(NobodyBehindTheProxy, self)._serve(connection, number)


@pytest.fixture
def lonely(client, tls, ca):
    """A client and its server, which closes the first two connections."""
    with NobodyBehindTheProxy([answer(200, {"a": 1})], tls) as server:
        yield client(server, ca_bundle=ca), server


def test_a_connection_that_is_closed_before_tls_begins_is_tried_again(lonely):
    openshift, server = lonely
    response = openshift.get_build("b")
    assert (response.json(), response.retried) == ({"a": 1}, True)
    assert (server.connections, len(server.requests)) == (3, 1)


def test_a_connection_that_is_always_closed_before_tls_begins_is_given_up(lonely):
    openshift, server = lonely
    server.closed = 100
    with pytest.raises(OsbsException) as info:
        openshift.get_build("b")
    assert isinstance(info.value.cause, requests.exceptions.SSLError)
    assert server.connections == 1 + _transport.HTTP_MAX_RETRIES


@pytest.mark.parametrize("repeats", (0, 1))
def test_who_does_not_want_to_wait_for_the_first_contact_does_not(lonely, repeats):
    openshift, server = lonely
    server.closed = 100
    openshift._con.first_contact_retries = repeats
    with pytest.raises(OsbsException):
        openshift.get_build("b")
    assert server.connections == 1 + repeats


def test_without_retries_a_closed_connection_is_not_tried_again(lonely):
    openshift, server = lonely
    openshift.retries_enabled = False
    with pytest.raises(OsbsException):
        openshift.get_build("b")
    assert server.connections == 1


def test_a_request_is_sent_again_if_its_connection_ends_without_a_goodbye(serve, client, tls, ca):
    server = serve([[CLOSE], [CLOSE], answer(200, {})], tls)
    assert client(server, ca_bundle=ca).get_build("b").retried
    assert len(server.requests) == 3


def test_a_build_is_not_started_again_if_the_connection_ends_without_a_goodbye(
    serve, client, tls, ca
):
    def script(request):
        return [CLOSE] if request.method == "POST" else answer(200, {"status": {"lastVersion": 1}})

    server = serve(script, tls)
    with pytest.raises(OsbsException):
        client(server, ca_bundle=ca).instantiate_build_config("c")
    assert server.methods.count("POST") == 1
