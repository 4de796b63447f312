"""Documents from outside are checked; errors are one line: where, path, found, expected."""

from __future__ import absolute_import, print_function, unicode_literals

import datetime
import io
import json
import os
import socket
import subprocess
import sys

import pytest
from flexmock import flexmock

from osbs import _schemas
from osbs.exceptions import OsbsValidationException
from tests.unit.buildparams import ROOT

FILES = ["container", "customize", "reactor_config", "user_params"]

ACCEPTED = [
    ("container", None),
    ("container", {}),
    ("container", {"tags": None, "compose": None}),
    ("container", {"tags": ["a"], "compose": {"modules": ["m:s"], "packages": 1}, "x": 2}),
    ("container", {"compose": {"modules": None}}),
    ("container", {"tags": [], 5: "keys need not be strings"}),
    ("customize", {}),
    ("customize", {"disable_plugins": [1, None], "enable_plugins": [], "comment": "x"}),
    ("reactor_config", {}),
    ("reactor_config", {"required_secrets": None, "worker_token_secrets": ["a"], "koji": {}}),
    ("user_params", {}),
    ("user_params", {"name": None, "git_uri": "u", "unknown": object()}),
    ("user_params", {"platforms": [["x86_64"]], "reactor_config_override": "text"}),
    ("user_params", {"reactor_config_map": {"a": 1}, "release": 1, "arrangement_version": "6"}),
    ("user_params", {"compose_ids": [1], "yum_repourls": ["u"], "flatpak": True}),
    ("user_params", {"compose_ids": None, "additional_tags": None, "isolated": None}),
]

REFUSED = [
    ("container", [], "top level: found a list, expected an object or null"),
    ("container", {"tags": "ab"}, 'tags: found the string "a...", expected a list of strings'),
    ("container", {"tags": ["a", 1.5]}, "tags[1]: found 1.5, expected a string"),
    ("container", {"compose": []}, "compose: found a list, expected an object or null"),
    ("container", {"compose": {"modules": [True]}}, "compose.modules[0]: found true"),
    ("container", {"tags": [datetime.date(2019, 1, 1)]}, "tags[0]: found a value of type date"),
    ("customize", None, "top level: found null, expected an object"),
    ("customize", {"enable_plugins": None}, "enable_plugins: found null, expected a list"),
    ("customize", {"disable_plugins": {}}, "disable_plugins: found an object, expected a list"),
    ("reactor_config", "x", "top level: found a string, expected an object"),
    ("reactor_config", {"required_secrets": [{}]}, "required_secrets[0]: found an object"),
    ("user_params", [], "top level: found a list, expected an object"),
    ("user_params", {"git_uri": 5}, "git_uri: found 5, expected a string or null"),
    ("user_params", {"compose_ids": ["1"]}, "compose_ids[0]: found the string"),
    ("user_params", {"compose_ids": [True]}, "compose_ids[0]: found true, expected an integer"),
    ("user_params", {"flatpak": "yes"}, "flatpak: found the string"),
    ("user_params", {"yum_repourls": "u"}, "yum_repourls: found the string"),
    ("user_params", {"additional_tags": [None]}, "additional_tags[0]: found null"),
]


@pytest.mark.parametrize("schema, document", ACCEPTED)
def test_good_document_passes(schema, document):
    assert _schemas.validate(document, schema, "f") is None


@pytest.mark.parametrize("schema, document, message", REFUSED)
def test_bad_document_is_refused_in_one_line(schema, document, message):
    with pytest.raises(OsbsValidationException) as exc_info:
        _schemas.validate(document, schema, "some/file")
    text = exc_info.value.message
    assert text.startswith("some/file: " + message)
    assert "\n" not in text


@pytest.mark.parametrize("secret", ["hunter2hunter2hunter2", "abc", "https://u:pw@git/x"])
def test_text_is_never_quoted_in_full(secret):
    with pytest.raises(OsbsValidationException) as exc_info:
        _schemas.validate({"required_secrets": secret}, "reactor_config", "f")
    assert secret not in exc_info.value.message
    assert "pw" not in exc_info.value.message


def test_whole_document_is_never_quoted():
    with pytest.raises(OsbsValidationException) as exc_info:
        _schemas.validate("token: abcdefgh", "reactor_config", "f")
    assert "tok" not in exc_info.value.message


def test_error_with_line_feeds_is_still_one_line():
    with pytest.raises(OsbsValidationException) as exc_info:
        _schemas.validate({"tags": "\n\n\n\n\n\n"}, "container", "f")
    assert "\n" not in exc_info.value.message


@pytest.mark.parametrize("name", FILES)
def test_schema_is_valid_draft_4(name):
    import jsonschema

    path = os.path.join(os.path.dirname(_schemas.__file__), name + ".json")
    with io.open(path, encoding="utf-8") as source:
        jsonschema.Draft4Validator.check_schema(json.load(source))


@pytest.mark.parametrize("name", FILES)
def test_schema_has_no_keyword_that_the_check_does_not_know(name):
    known = {"$schema", "description", "type", "properties", "items"}

    def keywords(schema):
        parts = list(schema.get("properties", {}).values()) + [schema.get("items", {})]
        return set(schema).union(*[keywords(part) for part in parts if part])

    assert keywords(_schemas._schema(name)) <= known


@pytest.mark.parametrize("name", FILES)
def test_checking_needs_no_network(name, monkeypatch):
    monkeypatch.setattr(_schemas, "_schemas", {})
    flexmock(socket).should_receive("getaddrinfo").never()
    with pytest.raises(OsbsValidationException):
        _schemas.validate([], name, "f")


def test_schema_is_read_once(monkeypatch):
    monkeypatch.setattr(_schemas, "_schemas", {})
    _schemas.validate({}, "container", "f")
    monkeypatch.setattr(_schemas, "_schema", None)
    _schemas.validate({}, "container", "f")


def test_checking_does_not_import_jsonschema():
    code = (
        "import sys; from osbs import _schemas; _schemas.validate({}, 'container', 'f');"
        "sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.call([sys.executable, "-c", code], cwd=ROOT) == 0
