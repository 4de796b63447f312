"""Secrets are masked wherever they stand in a text or in data."""

from __future__ import absolute_import, print_function, unicode_literals

import json

import pytest

from osbs.redact import MASK, mask_text, mask_url, redacted


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
    ],
)
def test_secrets_in_free_text_are_masked(text):
    assert "ter2" not in mask_text(text)


def test_masked_json_is_json():
    text = json.dumps({"token": 'hun"ter2', "a": 1, "password": ""})
    assert json.loads(mask_text(text)) == {"token": MASK, "a": 1, "password": MASK}


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
