"""Templates are read and parsed once per process and change of the file."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import json
import os
import threading

import pytest
import six
from flexmock import flexmock

from osbs.build import templates

LONG_AGO = 1500000000


def write(path, content, settled=True):
    with io.open(str(path), "w", encoding="utf-8") as target:
        target.write(six.ensure_text(content))
    if settled:
        os.utime(str(path), (LONG_AGO, LONG_AGO))
    return str(path)


@pytest.fixture
def late(monkeypatch):
    """The time is far later than the last change of any file."""
    monkeypatch.setattr(templates, "_now", lambda: 10.0**11)


@pytest.fixture
def reads(monkeypatch):
    """Record which files are read."""
    paths = []
    original = templates._content

    def content(path):
        paths.append(path)
        return original(path)

    monkeypatch.setattr(templates, "_content", content)
    return paths


def test_content_is_parsed_json(tmpdir):
    path = write(tmpdir.join("a.json"), '{"a": ["b", 1, null, "\u017e"]}')
    assert templates.load(path) == {"a": ["b", 1, None, "\u017e"]}


def test_file_that_does_not_change_is_read_once(tmpdir, late, reads):
    path = write(tmpdir.join("a.json"), '{"a": 1}')
    assert templates.load(path) == templates.load(path) == {"a": 1}
    assert reads == [path]


def test_file_that_does_not_change_is_parsed_once(tmpdir, reads):
    path = write(tmpdir.join("a.json"), '{"a": 1}')
    templates.load(path)
    flexmock(json).should_receive("loads").never()
    assert templates.load(path) == {"a": 1}


def test_every_caller_gets_its_own_copy(tmpdir, late):
    path = write(tmpdir.join("a.json"), '{"a": {"b": []}}')
    templates.load(path)["a"]["b"].append("changed")
    assert templates.load(path) == {"a": {"b": []}}


def test_change_of_content_is_seen(tmpdir, late):
    path = write(tmpdir.join("a.json"), '{"a": 1}')
    templates.load(path)
    write(path, '{"a": 12}')
    assert templates.load(path) == {"a": 12}


def test_change_of_same_size_right_after_the_first_is_seen(tmpdir):
    path = write(tmpdir.join("a.json"), '{"a": 1}', settled=False)
    status = os.stat(path)
    templates.load(path)
    with open(path, "r+") as target:
        target.write('{"a": 2}')
    os.utime(path, (status.st_atime, status.st_mtime))
    assert templates.load(path) == {"a": 2}


def test_file_that_changed_just_now_is_not_trusted(tmpdir, reads):
    path = write(tmpdir.join("a.json"), '{"a": 1}', settled=False)
    templates.load(path)
    templates.load(path)
    assert reads == [path, path]


def test_replaced_file_of_same_size_and_times_is_seen(tmpdir, late, monkeypatch):
    class Coarse(object):
        """A file system that does not keep the time of the last change."""

        st_mtime = st_ctime = LONG_AGO

        def __init__(self, status):
            self.status = status

        def __getattr__(self, name):
            return getattr(self.status, name)

    original = os.stat
    path = write(tmpdir.join("a.json"), '{"a": 1}')
    other = write(tmpdir.join("b.json"), '{"a": 2}')
    monkeypatch.setattr(templates.os, "stat", lambda *args: Coarse(original(*args)))
    templates.load(path)
    os.rename(other, path)
    assert templates.load(path) == {"a": 2}


def test_file_that_is_gone_is_seen(tmpdir, late):
    path = write(tmpdir.join("a.json"), "{}")
    templates.load(path)
    os.remove(path)
    with pytest.raises(IOError) as exc_info:
        templates.load(path)
    assert exc_info.value.filename == path


def test_replaced_builtin_open_is_obeyed(tmpdir, late):
    path = write(tmpdir.join("a.json"), '{"a": 1}')
    templates.load(path)
    other = write(tmpdir.join("b.json"), '{"other": true}')
    content = io.open(other, "rb")
    flexmock(six.moves.builtins).should_receive("open").once().and_return(content)
    assert templates.load(path) == {"other": True}


def test_check_runs_once_per_change(tmpdir, late):
    seen = []

    def check(document, path):
        seen.append((document, path))

    path = write(tmpdir.join("a.json"), '{"a": 1}')
    templates.load(path, check)
    templates.load(path, check)
    assert seen == [({"a": 1}, path)]


def test_document_that_a_check_refuses_is_refused_again(tmpdir, late):
    def check(document, path):
        raise RuntimeError("refused")

    path = write(tmpdir.join("a.json"), "{}")
    for _ in range(2):
        with pytest.raises(RuntimeError):
            templates.load(path, check)


def test_broken_json_is_a_value_error(tmpdir):
    path = write(tmpdir.join("a.json"), "{")
    with pytest.raises(ValueError):
        templates.load(path)


@pytest.mark.parametrize("name", ["a\0b", "\ud800" if not six.PY2 else "a\0"])
def test_name_that_no_file_can_have_is_an_io_error(name):
    with pytest.raises(IOError):
        templates.load(name)


def test_number_of_kept_files_is_bounded(tmpdir, late):
    for number in range(templates._MAX_ENTRIES + 10):
        templates.load(write(tmpdir.join("%d.json" % number), "{}"))
    assert len(templates._entries) <= templates._MAX_ENTRIES


def test_threads_get_whole_documents(tmpdir, late):
    path = write(tmpdir.join("a.json"), json.dumps({"a": list(range(100))}))
    wrong = []

    def read():
        for _ in range(50):
            document = templates.load(path)
            if document != {"a": list(range(100))}:
                wrong.append(document)
            document["a"].pop()

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
