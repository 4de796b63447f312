"""Reading the JSON files of a template directory."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os

import pytest
import six
from flexmock import flexmock

from osbs.build import _templates
from osbs.exceptions import OsbsValidationException


def write(path, content):
    with io.open(str(path), "w", encoding="utf-8") as target:
        target.write(six.ensure_text(content))
    return str(path)


def test_content_is_parsed_json(tmpdir):
    path = write(tmpdir.join("a.json"), '{"a": ["b", 1, null, "\u017e"]}')
    assert _templates.load(path) == {"a": ["b", 1, None, "\u017e"]}


def test_every_caller_gets_its_own_copy(tmpdir):
    path = write(tmpdir.join("a.json"), '{"a": {"b": []}}')
    _templates.load(path)["a"]["b"].append("changed")
    assert _templates.load(path) == {"a": {"b": []}}


def test_change_of_content_is_seen(tmpdir):
    path = write(tmpdir.join("a.json"), '{"a": 1}')
    status = os.stat(path)
    _templates.load(path)
    write(path, '{"a": 2}')
    os.utime(path, (status.st_atime, status.st_mtime))
    assert _templates.load(path) == {"a": 2}


def test_file_that_is_gone_is_seen(tmpdir):
    path = write(tmpdir.join("a.json"), "{}")
    _templates.load(path)
    os.remove(path)
    with pytest.raises(IOError) as exc_info:
        _templates.load(path)
    assert exc_info.value.filename == path


def test_replaced_builtin_open_is_obeyed(tmpdir):
    path = write(tmpdir.join("a.json"), '{"a": 1}')
    other = io.open(write(tmpdir.join("b.json"), '{"other": true}'), "rb")
    flexmock(six.moves.builtins).should_receive("open").once().and_return(other)
    assert _templates.load(path) == {"other": True}


def test_broken_json_is_a_value_error(tmpdir):
    path = write(tmpdir.join("a.json"), "{")
    with pytest.raises(ValueError):
        _templates.load(path)


@pytest.mark.parametrize("name", ["a\0b", "\ud800" if not six.PY2 else "a\0"])
def test_name_that_no_file_can_have_is_an_io_error(name):
    with pytest.raises(IOError):
        _templates.load(name)


def test_template_that_is_no_regular_file_is_refused_without_waiting(tmpdir):
    os.mkfifo(str(tmpdir.join("a.json")))
    with pytest.raises(OsbsValidationException) as exc_info:
        _templates.load_or_fail(str(tmpdir), "a.json")
    assert exc_info.value.message.endswith("a.json: is not a regular file")


def test_template_that_is_too_large_is_refused(tmpdir):
    path = write(tmpdir.join("a.json"), "{}" + " " * 1024 * 1024)
    with pytest.raises(OsbsValidationException) as exc_info:
        _templates.load_or_fail(path)
    assert exc_info.value.message.endswith("a.json: is larger than 1048576 bytes")
