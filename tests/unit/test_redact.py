"""Secrets are masked wherever they stand in a text or in data."""

from __future__ import absolute_import, print_function, unicode_literals

import base64
import json
import timeit

import hypothesis.strategies as st
import pytest
from hypothesis import given
from six.moves.urllib.parse import quote

from osbs import _redact
from osbs.constants import ERROR_BODY_MAX as MAX_TEXT
from osbs._redact import (
    MASK,
    mask_text,
    mask_uri,
    mask_url,
    redacted,
    remember_secret,
)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    """What one test remembers is no secret for the next."""
    monkeypatch.setattr(_redact, "_secrets", ())
    monkeypatch.setattr(_redact, "_secret_forms", ())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:hunter2@h/x", "https://***@h/x"),
        ("https://user:hun@ter2@h/x", "https://***@h/x"),
        ("https://us'er:hunt'er2@h/x", "https://***@h/x"),
        ("fatal: 'https://user:hunter2@h/x': no", "fatal: 'https://***@h/x': no"),
        ("https://user:hun/ter2@h/x", "https://***@h/x"),
        ("https://user:hun?ter2@h/x", "https://***@h/x"),
        ("https://user:hun#ter2@h/x", "https://***@h/x"),
        ('{"a":"https://user:hunter2@h","b":"x@y"}', '{"a":"https://***@h","b":"x@y"}'),
    ],
)
def test_credentials_of_a_url_are_masked(text, masked):
    assert mask_url(text) == masked


@pytest.mark.parametrize("text", ["https://user:hunt er2@h/x", 'https://user:hunt"er2@h/x'])
def test_credentials_of_a_text_that_is_a_url_are_masked_whatever_they_hold(text):
    assert mask_url(text) == "https://***@h/x"


@pytest.mark.parametrize(
    "text",
    [
        "https://h/x@1",
        "https://h:8443/x@1",
        "https://[::1]:8443/x@1",
        "https://h: refused by a@b",
        "image registry.example.com/ns/name@sha256:ff",
        '{"a":"https://h","b":"x@y"}',
        "https://h:8443",
        "user@example.com",
    ],
)
def test_a_url_without_credentials_stays(text):
    assert mask_url(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2",
        "access_token=hunter2&x=1",
        '{"token": "hunter2"}',
        '{"access_token":"hunter2"}',
        '{"password" : "hun\\"ter2"}',
        "{u'password': u'hunter2'}",
        '{"items": [{"client_secret": "hunter2"}]}',
        '{"token": ["hunter2", "hunter2"]}',
        '{"token": [["hunter2"], {"a": "]hunter2"}]}',
        '{"auth": {"note": "it\'s }", "x": "hunter2"}}',
        '{"api_key": "hunter2"}',
        '{"auth": "hunter2"}',
        '{"registry_auth": "hunter2"}',
        '{"reactor_config_override": {"a": ["hunter2"]}}',
        '{"value": "{\\"token\\": \\"hunter2\\"}"}',
        '{"value": "{\\"token\\": \\"hunter2',
        "passwd=hunter2&x",
        "api_key=hunter2",
        "auth=hunter2",
        "Authorization: token hunter2",
        "Authorization: hunter2",
        "'Authorization': 'token hunter2'",
        '"authorization": "Digest hunter2"',
    ],
)
def test_secrets_in_free_text_are_masked(text):
    assert "ter2" not in mask_text(text)


def test_masked_json_is_json():
    text = json.dumps({"token": 'hun"ter2', "a": 1, "password": ""})
    assert json.loads(mask_text(text)) == {"token": MASK, "a": 1, "password": MASK}


def test_a_list_of_secrets_is_masked_up_to_its_end():
    text = '{"token": [["]"], {"a": -1.5e+3, "c": [null, true]}], "b": 2}'
    assert mask_text(text) == '{"token": ***, "b": 2}'


def test_a_list_is_masked_however_deeply_it_is_nested():
    text = '{"token": %s, "b": 2}' % ("[" * 5000 + "]" * 5000)
    assert mask_text(text) == '{"token": ***, "b": 2}'


@pytest.mark.parametrize(
    "items", ["[u'hunter2'], ", "[hunter2]x, ", "[}], ", '[\\"hunter2\\"], ', '["hunter2", ']
)
def test_a_list_that_is_no_plain_json_is_masked_up_to_the_end_of_the_text(items):
    assert mask_text('{"token": %s"b": 2}' % items) == '{"token": ***'


@pytest.mark.parametrize(
    "text", ["the token is missing", '{"kind": "Status", "reason": "token"}', '{"token": null}']
)
def test_text_about_secrets_stays(text):
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "accessToken",
        "refresh_token",
        "client_secret",
        "clientSecret",
        "X-Auth-Token",
        "Authorization",
        "passwd",
        "ssh-privatekey",
        ".dockercfg",
        b"password",
    ],
)
def test_values_under_secret_keys_are_masked(key):
    assert redacted({key: "hunter2"}) == {key: MASK}


def test_the_data_of_a_secret_is_masked():
    secret = {"kind": "Secret", "metadata": {"name": "n"}, "data": {"a": "hunter2"}}
    assert redacted(secret) == {"kind": "Secret", "metadata": {"name": "n"}, "data": MASK}


@pytest.mark.parametrize("key", ["token_file", "token_secrets", "name", "kind"])
def test_values_under_other_keys_stay(key):
    assert redacted({key: "value"}) == {key: "value"}


def test_a_number_under_a_secret_key_is_masked():
    assert mask_text('{"token": 12345, "a": 6}') == '{"token": ***, "a": 6}'


@pytest.mark.parametrize(
    ("uri", "masked"),
    [
        ('u:"pw@h', "***@h"),
        ("u:12/pw@h", "***@h"),
        ("http:/u:pw@h", "http:/***@h"),
        ("u:pw@h:path", "***@h:path"),
        ("u:p@w@h:path", "***@h:path"),
        ("https://u:pw@h/x", "https://***@h/x"),
        ("git@h:path", "git@h:path"),
        ("https://u:12/pw@h/x", "https://***@h/x"),
        ("https://u:p w@h/x", "https://***@h/x"),
        ('https://u:"pw@h/x', "https://***@h/x"),
        ("//u:pw@h/x", "***@h/x"),
        ("ssh://git@h/x", "ssh://git@h/x"),
        ("https://h/x@1", "https://h/x@1"),
        ("/srv/git/x", "/srv/git/x"),
        ("registry.example.com:5000/x@sha256:ff", "registry.example.com:5000/x@sha256:ff"),
    ],
)
def test_credentials_of_a_uri_are_masked_however_it_was_written(uri, masked):
    assert mask_uri(uri) == masked


def test_credentials_of_a_uri_that_is_a_parameter_are_masked():
    assert redacted({"git_uri": "u:pw@h:path"}) == {"git_uri": "***@h:path"}


def test_a_whole_configuration_is_masked():
    assert redacted({"reactor_config_override": {"a": 1}}) == {"reactor_config_override": MASK}


@pytest.mark.parametrize(
    "quoted", [str, quote, lambda text: base64.b64encode(text.encode("utf-8"))]
)
def test_a_secret_that_was_used_is_masked_wherever_it_stands(quoted):
    remember_secret("p/ss word")
    shown = mask_text("no user with %s here" % _redact.to_text(quoted("p/ss word")))
    assert shown == "no user with *** here"


def test_a_secret_that_contains_another_is_masked_whole():
    remember_secret("hunter2hunter2")
    remember_secret("hunter")
    assert "2" not in mask_text("is hunter2hunter2 a password?")


@pytest.mark.parametrize("short", [None, "", "osbs"])
def test_what_is_too_short_for_a_secret_stays(short):
    remember_secret(short)
    assert mask_text("osbs and None") == "osbs and None"


def test_only_the_last_secrets_are_remembered():
    for number in range(3 * _redact.MAX_SECRETS):
        remember_secret("secret-%d" % number)
    assert len(_redact._secrets) == _redact.MAX_SECRETS
    assert mask_text("secret-%d" % number) == MASK


def test_a_long_text_is_truncated_and_says_so():
    shown = mask_text("x" * 10 * MAX_TEXT)
    assert shown == "x" * MAX_TEXT + " [truncated]"


def test_a_secret_where_a_text_is_truncated_is_not_shown_in_part():
    remember_secret("hunter2-hunter2")
    for before in range(MAX_TEXT - 20, MAX_TEXT + 5):
        assert "hunter" not in mask_text("x" * before + "hunter2-hunter2" + "y" * MAX_TEXT)


def test_without_a_limit_a_long_text_stays_whole():
    text = "x" * 10 * MAX_TEXT
    assert mask_text(text, limit=None) == text


def _nested(data, depth):
    for _ in range(depth):
        data = json.dumps({"value": data})
    return data


TEXTS = st.text(alphabet="ab\\\"'{}[]:, \n\u20ac", max_size=12)


@given(value=TEXTS, others=st.dictionaries(st.sampled_from("xyz"), TEXTS), depth=st.integers(0, 3))
def test_json_within_json_stays_json_without_the_secrets(value, others, depth):
    data = dict(others, token=value)
    found = _nested(mask_text(_nested(json.dumps(data), depth)), 0)
    for _ in range(depth):
        found = json.loads(found)["value"]
    assert json.loads(found) == dict(others, token=MASK)


@given(st.text(alphabet="token\\\"'{}[]:=@/ \n", max_size=200))
def test_any_text_is_masked_twice_alike(text):
    assert mask_text(mask_text(text)) == mask_text(text)


HOSTILE = [
    "\\",
    '\\"',
    '"token": "\\',
    '"token": ',
    '"token": [',
    '"token": [1',
    '"token": ["\\',
    "Authorization: ",
    "Basic    ",
    "a://",
    "a://b:",
    "https://u:p",
    "a" * 40,
    "'",
    '{"auth":',
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_masking_hostile_text_takes_time_in_proportion_to_its_length(piece):
    text = piece * (200000 // len(piece))
    # Seconds; the square of the length would be minutes.
    assert min(timeit.repeat(lambda: mask_text(text, None), number=1, repeat=3)) < 2


def test_masking_needs_no_memory_beyond_a_few_copies():
    tracemalloc = pytest.importorskip("tracemalloc")
    text = '{"token": "%s"}' % ("x" * 1000000)
    tracemalloc.start()
    try:
        mask_text(text, None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(text)
