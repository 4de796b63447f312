"""osbs.http as existing tests look at it."""

from __future__ import absolute_import, print_function, unicode_literals

import gc
import json
import pickle
import sys

import pytest
import requests
from flexmock import flexmock
from requests.packages.urllib3.exceptions import ProtocolError
from six.moves import http_client

from osbs import _transport, http
from osbs.constants import HTTP_REQUEST_TIMEOUT
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsNetworkException,
    OsbsResponseException,
)
from osbs.http import HttpResponse, HttpSession, HttpStream

URL = "https://httpbin.example.com/get"


def response(**kwargs):
    return flexmock(status_code=200, headers={}, content=b"", **kwargs)


def expect_request(*args, **kwargs):
    flexmock(requests.Session).should_receive("request").with_args(*args, **kwargs).and_return(
        response()
    ).once()


def test_the_request_is_made_with_exactly_these_arguments():
    expect_request("get", URL, timeout=600, verify=False, allow_redirects=True, headers={})
    HttpStream(URL, "get", verify_ssl=False, allow_redirects=True, headers={})


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ({}, {"verify": True}),
        ({"ca": "/ca"}, {"verify": "/ca"}),
        ({"ca": "/ca", "verify_ssl": False}, {"verify": False}),
        ({"username": "u", "password": "p"}, {"auth": ("u", "p")}),
        ({"username": "u"}, {}),
        ({"client_cert": "c", "client_key": "k"}, {"cert": ("c", "k")}),
        ({"client_cert": "c"}, {}),
        ({"data": "d"}, {"data": "d"}),
        ({"data": ""}, {}),
        ({"use_json": True}, {"headers": {"Content-Type": "application/json"}}),
        ({"stream": True}, {"stream": True, "headers": {"Accept-Encoding": "identity"}}),
        ({"allow_redirects": False}, {"allow_redirects": False}),
        ({"timeout": 3}, {"timeout": 3}),
    ],
)
def test_each_argument_becomes_one_of_requests(arguments, expected):
    wanted = {
        "timeout": HTTP_REQUEST_TIMEOUT,
        "verify": True,
        "allow_redirects": True,
        "headers": {},
    }
    wanted.update(expected)
    expect_request("get", URL, **wanted)
    HttpStream(URL, "GET", **arguments)


def test_a_session_makes_the_same_request():
    expect_request("get", URL, timeout=600, verify=True, allow_redirects=True, headers={})
    HttpSession().get(URL)


def test_nothing_is_taken_for_a_number_or_a_history_in_a_response_that_a_caller_made():
    raw = flexmock(length_remaining=object(), retries=flexmock(history=object()))
    made = response(raw=raw)
    flexmock(requests.Session).should_receive("request").and_return(made)
    got = HttpSession().get(URL)
    assert (got.status_code, got.retried) == (200, False)


@pytest.mark.parametrize("method", ("PATCH", "head", ""))
def test_other_methods_are_a_runtime_error(method):
    with pytest.raises(RuntimeError):
        HttpStream(URL, method)


def test_kerberos_wins_over_basic(monkeypatch):
    marker = object()
    monkeypatch.setattr(http, "HTTPKerberosAuth", lambda: marker)
    expect_request(
        "get", URL, timeout=600, verify=True, allow_redirects=True, headers={}, auth=marker
    )
    HttpStream(URL, "get", kerberos_auth=True, username="u", password="p")


def test_kerberos_without_its_package_names_the_extra(monkeypatch):
    monkeypatch.setattr(http, "HTTPKerberosAuth", None)
    monkeypatch.setitem(sys.modules, str("requests_kerberos"), None)
    with pytest.raises(RuntimeError) as info:
        HttpStream(URL, "get", kerberos_auth=True)
    assert isinstance(info.value, OsbsAuthException)
    assert "osbs-client[kerberos]" in info.value.message


@pytest.mark.parametrize(
    "exception",
    (
        requests.exceptions.RetryError("x"),
        requests.exceptions.Timeout("x"),
        requests.exceptions.ConnectTimeout("x"),
        requests.exceptions.ReadTimeout("x"),
    ),
)
def test_time_outs_and_exhausted_retries_are_network_exceptions(exception):
    flexmock(HttpStream).should_receive("__init__").and_raise(exception)
    with pytest.raises(OsbsNetworkException) as info:
        HttpSession().get(URL)
    assert (info.value.cause, info.value.status_code, info.value.url) == (exception, "", URL)
    assert info.value.message == "() x"
    assert info.value.traceback is not None


def test_an_http_error_without_response_has_no_status():
    flexmock(HttpStream).should_receive("__init__").and_raise(requests.exceptions.HTTPError("x"))
    with pytest.raises(OsbsNetworkException) as info:
        HttpSession().get(URL)
    assert info.value.status_code is None


def test_an_http_error_keeps_its_status():
    exception = requests.exceptions.HTTPError("x")
    exception.response = flexmock(status_code=503)
    flexmock(HttpStream).should_receive("__init__").and_raise(exception)
    with pytest.raises(OsbsNetworkException) as info:
        HttpSession().post(URL)
    assert info.value.status_code == 503


@pytest.mark.parametrize(
    "exception",
    (
        requests.exceptions.ChunkedEncodingError("x"),
        requests.exceptions.ConnectionError("x"),
        http_client.IncompleteRead(b"x"),
        RuntimeError("x"),
    ),
)
def test_other_exceptions_are_plain_ones_with_their_cause(exception):
    flexmock(HttpStream).should_receive("__init__").and_raise(exception)
    with pytest.raises(OsbsException) as info:
        HttpSession().request(method="GET", url=URL)
    assert not isinstance(info.value, OsbsNetworkException)
    assert (info.value.cause, info.value.message) == (exception, repr(exception))


def test_an_error_that_is_neither_of_connecting_nor_of_reading_is_not_retried():
    from requests.packages.urllib3 import exceptions

    retries = _transport.max_retries()
    with pytest.raises(exceptions.MaxRetryError):
        retries.increment("POST", "/", error=exceptions.SSLError("closed without a goodbye"))


def test_retries_are_instances_of_urllib3s_class_made_at_the_first_request(monkeypatch):
    from requests.packages.urllib3.util import Retry

    assert _transport.Retry is Retry
    made = []

    def make(**kwargs):
        made.append(kwargs)
        return Retry(total=1)

    session = HttpSession()
    monkeypatch.setattr(_transport, "Retry", make)
    flexmock(requests.Session).should_receive("request").and_return(response())
    session.get(URL)
    session.get(URL)
    assert len(made) == 1
    assert made[0]["total"] == 8
    assert made[0]["status_forcelist"] == [408, 500, 502, 503, 504]
    methods = made[0].get("allowed_methods") or made[0]["method_whitelist"]
    assert methods == ["GET", "PUT", "POST", "DELETE"]


@pytest.mark.usefixtures("full_delays")
def test_defect_87_the_retry_rule_is_made_with_this_urllib3():
    rule = _transport.max_retries()
    assert (rule.total, rule.backoff_factor) == (8, 4)
    assert set(rule.status_forcelist) == {408, 500, 502, 503, 504}
    assert rule.is_retry("POST", 500)
    assert not rule.is_retry("GET", 404)


def test_defect_05_the_rule_for_what_must_not_be_repeated():
    rule = _transport.max_retries(idempotent=False)
    assert (rule.read, list(rule.status_forcelist)) == (False, [503])


def test_defect_11_the_connect_time_out_is_shorter_than_the_read_time_out():
    sent = {}
    flexmock(requests.adapters.HTTPAdapter).should_receive("send").replace_with(
        lambda request, stream, timeout, **kwargs: sent.update(timeout=timeout)
    )
    adapter = _transport.Adapter()
    request = requests.Request("GET", URL).prepare()
    adapter.send(request, timeout=600)
    assert (sent["timeout"].connect_timeout, sent["timeout"].read_timeout) == (10, 600)
    adapter.send(request, timeout=3)
    assert (sent["timeout"].connect_timeout, sent["timeout"].read_timeout) == (3, 3)


def test_defect_90_a_stream_that_was_never_made_can_be_collected(capfd):
    with pytest.raises(TypeError):
        HttpStream(URL, "get", spam=True)
    HttpStream.__new__(HttpStream).close()
    gc.collect()
    assert "ignored" not in capfd.readouterr()[1]


def test_a_response_without_close_can_be_closed():
    flexmock(requests.Session).should_receive("request").and_return(response())
    stream = HttpStream(URL, "get")
    assert (stream.closed, stream.finished) == (False, False)
    stream.close()
    assert stream.closed


def test_a_stream_has_no_content_and_takes_attributes():
    flexmock(requests.Session).should_receive("request").and_return(response())
    stream = HttpStream(URL, "get", stream=True)
    assert not hasattr(stream, "content")
    stream.iter_lines = "replaced"
    assert stream.iter_lines == "replaced"


@pytest.mark.parametrize(
    "exception",
    (
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ConnectionError,
        lambda: http_client.IncompleteRead(b""),
    ),
)
def test_defect_01_an_error_while_reading_ends_the_lines(exception):
    def blocks(size):
        yield b"line\n"
        raise exception()

    flexmock(requests.Session).should_receive("request").and_return(response(iter_content=blocks))
    assert list(HttpStream(URL, "get", stream=True).iter_lines()) == [b"line"]


def test_the_lines_of_a_response_that_has_no_more_than_lines_pass_unsplit():
    fake = response()
    fake.should_receive("iter_lines").with_args(decode_unicode=False).and_return([b"a\nb", b"c"])
    flexmock(requests.Session).should_receive("request").and_return(fake)
    assert list(HttpStream(URL, "get", stream=True).iter_lines()) == [b"a\nb", b"c"]


class TestHttpResponse(object):
    """Section 4."""

    def test_it_takes_positions_and_keywords(self):
        one = HttpResponse(200, {"a": "b"}, b"c")
        two = HttpResponse(status_code=200, headers={"a": "b"}, content=b"c")
        assert vars(one) == vars(two)

    def test_json_of_an_error_without_body(self):
        with pytest.raises(OsbsResponseException) as info:
            HttpResponse(404, {}, b"").json()
        assert (info.value.status_code, info.value.json) == (404, None)

    def test_json_of_an_error_with_a_body(self):
        with pytest.raises(OsbsResponseException) as info:
            HttpResponse(404, {}, b'{"message":"x"}').json()
        assert info.value.json == {"message": "x"}

    def test_json_of_an_error_unchecked(self):
        assert HttpResponse(404, {}, b'{"m":1}').json(check=False) == {"m": 1}

    @pytest.mark.parametrize("status", (0, 200, 201, 202))
    def test_json_of_a_success(self, status):
        assert HttpResponse(status, {}, b"{}").json() == {}

    @pytest.mark.parametrize("encoding", ("utf-8", "utf-16", "utf-32", "utf-8-sig", "utf-16-be"))
    def test_json_in_any_unicode_encoding(self, encoding):
        content = json.dumps({"a": "\u00e9"}, ensure_ascii=False).encode(encoding)
        assert HttpResponse(200, {}, content).json() == {"a": "\u00e9"}

    @pytest.mark.parametrize(
        "content", (b"", b"<html>", b"\xff\xff\xff", b'{"a"', b"\x00\x00", b"[" * 100000)
    )
    def test_a_body_that_is_not_json_is_both_kinds_of_exception(self, content):
        for expected in (ValueError, OsbsResponseException):
            with pytest.raises(expected) as info:
                HttpResponse(200, {}, content).json()
        assert info.value.status_code == 200
        assert len(info.value.message) < 200
        assert pickle.loads(pickle.dumps(info.value)).message == info.value.message

    def test_defect_48_a_body_in_no_encoding_does_not_hide_the_status(self):
        with pytest.raises(OsbsResponseException) as info:
            HttpResponse(500, {}, b"\xff\xfe\xfa").json()
        assert info.value.status_code == 500

    def test_credentials_in_an_error_are_masked(self):
        with pytest.raises(OsbsResponseException) as info:
            HttpResponse(422, {}, b'{"message": "bad https://u:secret@h/r"}').json()
        assert info.value.json == {"message": "bad https://***@h/r"}


@pytest.mark.parametrize("content, size", [(b"abc", 3), (b"", 0), (None, 0)])
def test_the_repr_of_a_response_is_its_status_and_size(content, size):
    assert repr(HttpResponse(404, {}, content)) == "<HttpResponse 404: %d bytes>" % size


@pytest.mark.usefixtures("full_delays")
def test_delays_have_jitter():
    retry = _transport.max_retries()
    for _ in range(3):
        retry = retry.increment("GET", "/", error=ProtocolError("reset"))
    delays = {retry.get_backoff_time() for _ in range(5)}
    assert len(delays) == 5 and all(16 <= delay <= 20 for delay in delays)
