"""The pure parts of osbs._rest."""

from __future__ import absolute_import, print_function, unicode_literals

import itertools

import pytest
import requests
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from requests.packages.urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError
from six.moves.urllib.parse import unquote, urlsplit

from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsNetworkException,
    OsbsResponseException,
    OsbsValidationException,
)
from osbs.http import HttpResponse, HttpStream
from osbs._rest import endpoints, logs, paging, retry, watch
from osbs._rest.objects import dict_in, equals, includes, json_object
from osbs.utils import dicts_in, get_path

JSON_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["metadata", "name", "status", "phase", "items", "x"]), inner, max_size=4
    ),
    max_leaves=8,
)


class TestPlan(object):
    def test_equal_calls_are_equal_plans(self):
        assert endpoints.get_build("b") == endpoints.get_build("b") != endpoints.get_build("c")
        assert endpoints.post("builds/", {"a": 1}) == endpoints.post("builds/", '{"a": 1}')

    @given(st.text(min_size=1, max_size=20))
    def test_a_segment_stays_one_segment_or_is_refused(self, text):
        try:
            quoted = endpoints.segment(text)
        except OsbsValidationException:
            return
        parts = urlsplit("https://h/a/%s/b" % quoted)
        assert parts.path.split("/") == ["", "a", quoted, "b"]
        assert (parts.query, parts.fragment) == ("", "")
        url = endpoints.url("https://h/oapi/v1/", "ns", "builds/%s/" % quoted)
        assert url == "https://h/oapi/v1/namespaces/ns/builds/%s/" % quoted
        decoded = unquote(quoted)
        if isinstance(decoded, bytes):
            decoded = decoded.decode("utf-8")
        assert decoded == text

    @pytest.mark.parametrize("text", ("", ".", "..", "a/b", "a?b", "a#b", "a\x00", "\x7f", "\x85"))
    def test_defect_26_what_would_change_the_path_is_refused(self, text):
        with pytest.raises(OsbsValidationException) as info:
            endpoints.segment(text, "build")
        assert "build" in info.value.message

    @pytest.mark.parametrize(
        "pairs, text",
        [
            ([], ""),
            ([("a", "b c/d")], "?a=b+c%2Fd"),
            ([("a", 1), ("b", "\u00e9")], "?a=1&b=%C3%A9"),
        ],
    )
    def test_a_query(self, pairs, text):
        assert endpoints.query(pairs) == text

    @pytest.mark.parametrize(
        "pairs, text",
        [
            ([], ""),
            ([("a", "b"), ["c", 1]], "a=b,c=1"),
            ([("a", "\u00e9".encode("utf-8"))], "a=\u00e9"),
        ],
    )
    def test_a_selector_takes_pairs_of_text_bytes_and_numbers(self, pairs, text):
        assert endpoints.labels_selector(pairs) == text

    def test_the_look_for_an_object_ends_in_a_slash_where_its_path_does(self):
        assert (
            endpoints.get_created(endpoints.post("builds/", "{}"), "x").path
            == endpoints.get_build("x").path
        )
        assert (
            endpoints.get_created(endpoints.post("imagestreams/", "{}"), "x").path
            == "imagestreams/x"
        )
        created = endpoints.post("configmaps/", {}, endpoints.KUBERNETES)
        assert endpoints.get_created(created, "x").api == endpoints.KUBERNETES


class TestObjects(object):
    @given(JSON_DATA, st.lists(st.sampled_from(["metadata", "name", "items", 0, 1]), max_size=4))
    def test_digging_never_raises(self, data, path):
        get_path(data, *path)
        dicts_in(data, "items")

    @given(JSON_DATA, JSON_DATA)
    def test_comparing_never_raises_and_everything_includes_itself(self, one, two):
        includes(one, two)
        assert includes(one, one)

    @pytest.mark.parametrize(
        "found, wanted, result",
        [
            ({"a": 1, "b": 2}, {"a": 1}, True),
            ({"a": "0"}, {"a": 0}, True),
            ({}, {"a": None, "b": {}, "c": [], "d": "", "e": False}, True),
            ({"a": [1, 2, 3]}, {"a": [1, 2]}, True),
            ({"a": [1]}, {"a": [1, 2]}, False),
            ({"a": 2}, {"a": 1}, False),
            ({}, {"a": 1}, False),
            ({}, {"a": 0}, False),
            ({"a": True}, {"a": "True"}, False),
            (None, {"a": {"b": "c"}}, False),
            ("text", {"a": "b"}, False),
        ],
    )
    def test_what_is_included(self, found, wanted, result):
        assert includes(found, wanted) is result

    @pytest.mark.parametrize(
        "found, sent, result",
        [
            ({"a": "0"}, {"a": 0}, True),
            ({}, {"a": 0, "b": [], "c": None}, True),
            ({"a": 1, "b": 2}, {"a": 1}, False),
            (["a"], ["a", ""], False),
            ([{"a": 1}], [{"a": 1}, {}], False),
        ],
    )
    def test_what_is_equal(self, found, sent, result):
        assert (equals(found, sent), equals(sent, found)) == (result, result)

    def test_a_dict_is_put_where_there_is_none(self):
        parent = {"a": None}
        dict_in(parent, "a")["x"] = 1
        assert parent == {"a": {"x": 1}}

    @pytest.mark.parametrize("content", (b"[]", b"null", b'"x"', b"1", b"", b"<"))
    def test_an_answer_that_is_no_object(self, content):
        with pytest.raises(OsbsResponseException):
            json_object(HttpResponse(200, {}, content))


def reset():
    return requests.exceptions.ConnectionError(ProtocolError("aborted", OSError(104, "reset")))


def refused():
    return requests.exceptions.ConnectionError(
        MaxRetryError(None, "/", NewConnectionError(None, "refused"))
    )


def bad_certificate():
    return requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self signed")


class TestRetry(object):
    @pytest.mark.parametrize(
        "exception, transient, acted",
        [
            (OsbsException(cause=reset()), True, True),
            (OsbsException(cause=refused()), True, False),
            (OsbsException(cause=bad_certificate()), False, False),
            (OsbsException(cause=requests.exceptions.SSLError("EOF occurred")), True, True),
            (OsbsException(cause=requests.exceptions.ChunkedEncodingError("cut")), True, True),
            (OsbsException(cause=requests.exceptions.ContentDecodingError("x")), False, True),
            (OsbsException(cause=requests.exceptions.MissingSchema("x")), False, False),
            (OsbsException(cause=ValueError("x")), False, False),
            (OsbsException("x"), False, False),
            (
                OsbsNetworkException("u", "x", "", cause=requests.exceptions.ReadTimeout("x")),
                True,
                True,
            ),
            (
                OsbsNetworkException(
                    "u",
                    "x",
                    "",
                    cause=requests.exceptions.ConnectTimeout(
                        MaxRetryError(None, "/", NewConnectionError(None, "slow"))
                    ),
                ),
                True,
                False,
            ),
            (OsbsAuthException("x"), False, False),
            (OsbsResponseException("x", 503), True, False),
            (OsbsResponseException("x", 404), False, False),
        ],
    )
    def test_what_passes_by_itself_and_what_may_have_been_done(self, exception, transient, acted):
        assert retry.is_transient(exception) is transient
        assert retry.may_have_acted(exception) is acted

    @pytest.mark.usefixtures("full_delays")
    def test_delays_begin_at_once_double_and_are_bounded(self):
        backoff = retry.Backoff()
        steps = [backoff.next() for _ in range(50)]
        assert steps[0] == 0
        for step, longest in zip(steps[1:], [1, 2, 4, 8, 16] + [30] * 44):
            assert longest / 2.0 <= step <= longest
        backoff.reset()
        assert backoff.next() == 0

    def test_a_delay_does_not_go_beyond_the_deadline(self, monkeypatch):
        slept = []
        monkeypatch.setattr(retry.time, "sleep", slept.append)
        retry.sleep(30, retry.Deadline(2))
        retry.sleep(30, retry.Deadline(0))
        retry.sleep(-1)
        assert len(slept) == 1 and slept[0] <= 2

    def test_the_first_time_out_that_is_set_counts(self):
        deadline = retry.Deadline(5)
        assert retry.Deadline.of(None, None) is None
        assert retry.Deadline.of(None, 3).seconds == 3
        assert retry.Deadline.of(deadline, 3) is deadline

    def test_an_endless_time_out_can_be_waited_for(self):
        assert not retry.Deadline(float("inf")).expired


@settings(max_examples=200)
@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_lines_do_not_depend_on_how_the_bytes_arrive(body, cuts):
    edges = [0] + sorted(cuts) + [len(body)]
    stream = HttpStream.__new__(HttpStream)
    stream.headers = {}
    stream._blocks = lambda: [body[a:b] for a, b in zip(edges, edges[1:])]
    lines = body.split(b"\n")
    assert list(stream.iter_lines()) == (lines if lines[-1] else lines[:-1])


class Stream(object):
    """Lines in the place of an HttpStream."""

    def __init__(self, lines, broken=False):
        self.lines = lines
        self.broken = broken

    def iter_lines(self):
        return iter(self.lines)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([b"a", b"b", b"", b"c d"]), max_size=250),
    st.lists(st.tuples(st.integers(0, 250), st.booleans()), max_size=6),
)
def test_a_followed_log_is_what_was_written_wherever_it_is_cut(lines, cuts):
    cuts = list(cuts)
    # What is compared are the last lines: a cut after lines that equal them goes unnoticed.
    end = lines[-logs.TAIL_LINES :]
    for count, _ in cuts:
        assume(count >= len(lines) or lines[:count][-logs.TAIL_LINES :] != end)

    def connect():
        if cuts:
            count, broken = cuts.pop(0)
            return Stream(lines[:count], broken)
        return Stream(lines)

    def is_finished():
        return not cuts

    follower = logs.LogFollower(
        connect,
        lambda count: b"".join(line + b"\n" for line in lines[-count:]),
        is_finished,
        retry.Failures("log"),
    )
    original, retry.sleep = retry.sleep, lambda *_: None
    try:
        received = list(follower.lines())
    finally:
        retry.sleep = original
    assert received == lines


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_a_line_of_a_watch_is_an_event_or_nothing(line):
    event = watch._parse(line)
    assert event is None or isinstance(event[1], dict)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sets(st.integers(2, 9), max_size=4), max_size=5), st.booleans())
def test_a_watch_tells_every_change_once_whatever_is_dropped(drops, too_old):
    """The server holds versions 1 to 9; each connection is dropped after some events."""
    drops = list(drops)

    def obj(version):
        return {"metadata": {"name": "b", "uid": "u", "resourceVersion": str(version)}}

    def connect(query, timeout):
        start = query.get("resourceVersion")
        if start is not None and too_old and len(drops) % 2:
            del drops[:1]
            return Stream([b'{"type": "ERROR", "object": {"code": 410}}'])
        if start is None:
            events = [("ADDED", 1 if len(seen) == 0 else 9)]
        else:
            events = [("MODIFIED", version) for version in range(int(start) + 1, 10)]
        dropped = drops.pop(0) if drops else ()
        kept = list(itertools.takewhile(lambda pair: pair[1] not in dropped, events))
        return Stream(
            [
                endpoints.json.dumps({"type": kind, "object": obj(version)}).encode("utf-8")
                for kind, version in kept
            ]
        )

    seen = []
    engine = watch.Watch(
        connect,
        lambda timeout: HttpResponse(200, {}, endpoints.json.dumps(obj(9)).encode("utf-8")),
        True,
        {},
        retry.Failures("watch"),
    )
    original, retry.sleep = retry.sleep, lambda *_: None
    try:
        for kind, event in engine.events():
            seen.append(int(event["metadata"]["resourceVersion"]))
            if seen[-1] == 9:
                break
    finally:
        retry.sleep = original
    assert seen == sorted(set(seen))
    if not too_old:
        assert seen[-1] == 9


def test_a_page_can_hold_objects_without_a_name():
    answers = [{"metadata": {"continue": "t"}, "items": [{}, {}]}, {"items": [{}]}]
    listed = paging.whole(
        lambda call: HttpResponse(200, {}, endpoints.json.dumps(answers.pop(0)).encode("utf-8")),
        endpoints.get("builds"),
        2,
    )
    assert len(listed.json()["items"]) == 3


def test_a_list_of_pages_looks_like_one_answer():
    answers = [
        b'{"kind": "L", "metadata": {"continue": "t"}, "items": [{"a": 1}]}',
        b'{"kind": "L", "metadata": {}, "items": [{"a": 2}]}',
    ]
    listed = paging.whole(
        lambda call: HttpResponse(200, {}, answers.pop(0)), endpoints.get("builds"), 1
    )
    expected = {"kind": "L", "metadata": {}, "items": [{"a": 1}, {"a": 2}]}
    assert (listed.status_code, listed.json()) == (200, expected)
    assert endpoints.json.loads(listed.content.decode("ascii")) == expected


def test_a_server_that_repeats_its_continue_token_is_not_asked_for_ever():
    page = HttpResponse(200, {}, b'{"metadata": {"continue": "t"}, "items": []}')
    assert len(list(paging.pages(lambda call: page, endpoints.get("builds"), 2))) == 2


def test_a_list_that_continues_for_ever_without_an_item_ends():
    tokens = iter(range(10**6))

    def send(_request):
        body = {"items": [], "metadata": {"continue": "t%d" % next(tokens)}}
        return HttpResponse(200, {}, endpoints.json.dumps(body).encode("utf-8"))

    with pytest.raises(OsbsResponseException):
        list(paging.pages(send, endpoints.get("builds"), 1))
    assert next(tokens) <= paging.MAX_EMPTY_PAGES + 1
