"""TLS: which certificates are trusted, and that time-outs hold there too."""

from __future__ import absolute_import, print_function, unicode_literals

import itertools
import ssl
import time

import pytest
import requests

from osbs import http
from osbs.exceptions import OsbsException, OsbsWaitTimeout
from tests.wire.server import CHUNKED, answer, chunk, event

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


def test_lines_over_tls_arrive_when_they_are_sent(serve, tls, ca):
    sent = []
    noted = [0.2, lambda: sent.append(time.time()), chunk(b"a\n")]
    server = serve([[CHUNKED] + noted * 3 + [10]], tls)
    with http.HttpSession().get(server.url, stream=True, ca=ca) as stream:
        delays = [time.time() - sent[-1] for _ in itertools.islice(stream.iter_lines(), 3)]
    # One may be late because the machine is busy with something else.
    assert min(delays) < 0.05
