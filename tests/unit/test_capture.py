"""Responses are saved in files that nobody else can read or redirect."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import os
import stat

import pytest
from flexmock import flexmock

from osbs.cli.capture import IterLinesSaver, ResponseSaver, setup_json_capture
from osbs.cli.errors import CommandError
from osbs.core import Openshift
from osbs.http import HttpResponse
from tests.unit.fake_connection import BUILD_ID, Connection

OAPI, K8S = "https://h:8443/oapi/v1/", "https://h:8443/api/v1/"


def saver(tmpdir, content=b"{}", stream=None):
    return ResponseSaver(
        str(tmpdir), OAPI, K8S, lambda *args, **kwargs: stream or HttpResponse(200, {}, content)
    )


def mode(path):
    return stat.S_IMODE(os.stat(str(path)).st_mode)


@pytest.fixture
def osbs():
    client = Openshift("/oapi/v1/", "v1", "/oauth/authorize", k8s_api_url="/api/v1/")
    client._con = Connection()
    return flexmock(os=client)


@pytest.fixture
def os_conf():
    return flexmock(get_openshift_api_uri=lambda: "/oapi/v1/", get_k8s_api_uri=lambda: "/api/v1/")


def test_two_lists_make_two_files(osbs, os_conf, tmpdir):
    setup_json_capture(osbs, os_conf, str(tmpdir))
    for count in range(2):
        osbs.os.list_builds()
        path = tmpdir.join("get-namespaces_default_builds_-00%d.json" % count)
        assert json.loads(path.read())["items"]


def test_the_lines_of_a_watch_make_files(osbs, os_conf, tmpdir):
    setup_json_capture(osbs, os_conf, str(tmpdir))
    osbs.os.wait_for_build_to_finish(BUILD_ID)
    path = tmpdir.join("get-watch_namespaces_default_builds_%s_-000-000.json" % BUILD_ID)
    assert json.loads(path.read())["type"] == "MODIFIED"


def test_the_directory_may_exist_and_is_made_private(osbs, os_conf, tmpdir):
    path = tmpdir.join("new")
    setup_json_capture(osbs, os_conf, str(path))
    setup_json_capture(osbs, os_conf, str(path))
    assert mode(path) == 0o700


def test_a_directory_that_cannot_be_made_is_an_error(osbs, os_conf, tmpdir):
    with pytest.raises(OSError):
        setup_json_capture(osbs, os_conf, str(tmpdir.join("a", "b")))


def test_a_file_in_place_of_the_directory_is_an_error_before_any_request(osbs, os_conf, tmpdir):
    path = tmpdir.join("file")
    path.write("")
    with pytest.raises(OSError) as exc_info:
        setup_json_capture(osbs, os_conf, str(path))
    assert exc_info.value.filename == str(path)


@pytest.mark.parametrize(
    "url, name",
    [
        (K8S + "namespaces/ns/pods/", "get-namespaces_ns_pods_-000.json"),
        (
            OAPI + "namespaces/ns/builds/?labelSelector=a%3Db",
            "get-namespaces_ns_builds_?labelSelector=a%3Db-000.json",
        ),
        ("https://h:8443/oauth/authorize?x=1", "get-https:__h:8443_oauth_authorize?x=1-000.json"),
    ],
)
def test_the_name_of_the_file(tmpdir, url, name):
    saver(tmpdir).request(url, "get")
    assert os.listdir(str(tmpdir)) == [name]


def test_a_long_name_is_shortened_and_stays_its_own(tmpdir):
    one = saver(tmpdir)
    for tail in "ab":
        one.request(OAPI + "x" * 300 + tail, "get")
    names = os.listdir(str(tmpdir))
    assert len(names) == 2
    assert all(len(name) <= 210 for name in names)


@pytest.mark.parametrize(
    "content, written",
    [
        (b'{"b": 1, "a": "\xc3\xa9"}', b'{\n    "a": "\\u00e9",\n    "b": 1\n}'),
        (b"", b""),
        (b"no json \xff", b"no json \xff"),
        ('{"a": 1}'.encode("utf-16"), b'{\n    "a": 1\n}'),
    ],
)
def test_the_content_of_the_file(tmpdir, content, written):
    response = saver(tmpdir, content).request(OAPI + "x", "get")
    assert response.content == content
    assert tmpdir.join("get-x-000.json").read_binary() == written


@pytest.mark.parametrize("content, written", [("\xe9", b"\xc3\xa9"), (None, b"")])
def test_content_that_is_no_bytes_is_saved(tmpdir, content, written):
    saver(tmpdir, content).request(OAPI + "x", "get")
    assert tmpdir.join("get-x-000.json").read_binary() == written


def test_defect_38_the_file_is_private_and_holds_no_token(tmpdir):
    path = tmpdir.join("get-x-000.json")
    path.write("from an earlier run, with another mode")
    path.chmod(0o644)
    secret = {"kind": "Secret", "data": {"token": "c2VjcmV0"}, "url": "https://u:secret@h/"}
    saver(tmpdir, json.dumps(secret).encode("utf-8")).request(OAPI + "x", "get")
    assert mode(path) == 0o600
    text = path.read()
    assert "c2VjcmV0" not in text and "u:secret" not in text


@pytest.mark.parametrize(
    "put_there",
    [
        lambda path, victim: os.mkfifo(path),
        lambda path, victim: os.link(victim, path),
        lambda path, victim: os.symlink(victim, path),
    ],
    ids=["FIFO", "hard link", "symbolic link"],
)
def test_what_has_the_name_of_the_file_is_replaced_and_not_opened(tmpdir, put_there):
    victim = tmpdir.join("victim")
    victim.write("as before")
    path = tmpdir.mkdir("captured").join("get-x-000.json")
    put_there(str(path), str(victim))
    saver(tmpdir.join("captured")).request(OAPI + "x", "get")
    assert (path.read(), mode(path), path.islink()) == ("{}", 0o600, False)
    assert victim.read() == "as before"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make files of other users")
def test_a_file_of_somebody_else_is_replaced_by_one_of_our_own(tmpdir):
    path = tmpdir.join("get-x-000.json")
    path.write("")
    os.chown(str(path), 12345, 12345)
    saver(tmpdir).request(OAPI + "x", "get")
    assert path.stat().uid == os.getuid()


def test_a_response_that_cannot_be_saved_is_one_clear_error_and_leaves_nothing(tmpdir):
    path = tmpdir.mkdir("get-x-000.json")
    with pytest.raises(CommandError) as exc_info:
        saver(tmpdir).request(OAPI + "x", "get")
    assert exc_info.value.message == (
        "cannot save a response for --capture-dir in %s: Is a directory" % path
    )
    assert tmpdir.listdir() == [path]


def test_a_line_that_cannot_be_saved_is_one_clear_error(tmpdir):
    lines = IterLinesSaver(str(tmpdir.join("gone", "x")), lambda: iter([b"a"])).iter_lines()
    with pytest.raises(CommandError) as exc_info:
        next(lines)
    assert exc_info.value.message.endswith("x-000.json: No such file or directory")


def test_defect_38_text_that_is_not_json_holds_no_credentials(tmpdir):
    saver(tmpdir, b"clone https://u:secret@h/r").request(OAPI + "x", "get")
    assert tmpdir.join("get-x-000.json").read() == "clone https://***@h/r"


def test_a_stream_is_returned_with_its_lines_saved(tmpdir):
    stream = flexmock(iter_lines=lambda: iter([b"one", b'{"a": 1}']))
    response = saver(tmpdir, stream=stream).request(OAPI + "x", "get", stream=True)
    assert response is stream
    assert list(response.iter_lines()) == [b"one", b'{"a": 1}']
    assert sorted(os.listdir(str(tmpdir))) == ["get-x-000-000.json", "get-x-000-001.json"]


def test_lines_are_counted_from_zero(tmpdir):
    one = IterLinesSaver(str(tmpdir.join("x")), lambda: iter([b"a"]))
    assert one.line == 0
    assert list(one.iter_lines()) == [b"a"]
    assert one.line == 1
