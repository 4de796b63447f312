"""Whatever lines logs and watches bring, none is lost, repeated or taken for something else."""

from __future__ import absolute_import, print_function, unicode_literals

import json

import pytest
import six
from hypothesis import example, given
from hypothesis import strategies as st
from six.moves.urllib.parse import urlsplit

from osbs.api import LogEntry
from osbs.exceptions import OsbsException
from osbs import _log_lines
from tests.property import hostile

BUILDS = "/oapi/v1/namespaces/ns/builds/x/"
# Bytes and words on which programs that read lines stumble.
PIECES = [
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xe2\x80\xa8",
    b"\xc2\x85",
    b"\x0c",
    b"\x1b[0m",
    b"\xff",
    b" ",
    b"\t",
    b"platform:x86_64 - ",
    b"2018-01-01 10:00:00,123 ",
    b"platform:- - a - INFO - ",
    b"platform: ",
    b"{",
]
logs = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=30).map(b"".join)
texts = st.text() | logs.map(lambda log: log.decode("utf-8", "replace"))


class LoggingServer(object):
    """A finished build and its log, which breaks off where it is told."""

    def __init__(self, log, cuts):
        self.log = log
        self.cuts = list(cuts)

    def __call__(self, request):
        parts = urlsplit(request.url)
        if parts.path.rstrip("/") + "/" == BUILDS:
            build = {"metadata": {"name": "x"}, "status": {"phase": "Complete"}}
            return 200, {}, hostile.as_bytes(build)
        if "/watch/" in parts.path:
            build = {"metadata": {"name": "x"}, "status": {"phase": "Complete"}}
            return 200, {}, hostile.as_bytes({"type": "ADDED", "object": build})
        assert parts.path == BUILDS + "log/"
        if parts.query.startswith("tailLines"):
            count = int(parts.query.partition("=")[2])
            return 200, {}, b"".join(_with_ends(self.log)[-count:])
        length = {"Content-Length": str(len(self.log))}
        if "follow" in parts.query and self.cuts:
            return 200, length, self.log[: self.cuts.pop(0)]
        return 200, length, self.log


def _with_ends(log):
    lines = [line + b"\n" for line in log.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def lines_of(log):
    lines = log.split(b"\n")
    return lines if lines[-1] else lines[:-1]


@pytest.fixture(scope="module", autouse=True)
def no_pauses():
    with hostile.no_pauses():
        yield


@given(logs, st.lists(st.integers(0, 120), max_size=3))
@example(b"a\n\nb", [2])
@example(b"\n" * 250, [100, 0])
def test_any_log_is_followed_line_by_line_wherever_it_breaks_off(log, cuts):
    openshift, _ = hostile.client(LoggingServer(log, [cut for cut in cuts if cut < len(log)]))
    assert list(openshift.logs("x", follow=True)) == lines_of(log)


@given(logs)
def test_any_log_that_is_not_followed_comes_as_it_is(log):
    openshift, _ = hostile.client(LoggingServer(log, []))
    assert openshift.logs("x") == log


@given(logs, st.booleans())
def test_every_line_of_an_orchestrator_is_one_entry(log, follow):
    osbs, _ = hostile.facade(LoggingServer(log, []))
    entries = list(osbs.get_orchestrator_build_logs("x", follow=follow))
    expected = [line.decode("utf-8", "replace").rstrip() for line in log.split(b"\n")]
    assert len(entries) == sum(1 for line in expected if line)
    for entry, line in zip(entries, [line for line in expected if line]):
        assert isinstance(entry, LogEntry) and "\n" not in entry.line
        assert (entry.platform is None and entry.line == line) or entry.platform in line


@given(texts)
@example("d t platform:s390x - hello")
@example("d t platform: - a - INFO - x")
def test_any_line_is_an_entry(line):
    entry = _log_lines.parse_entry(line)
    assert entry.platform is None or isinstance(entry.platform, six.text_type)
    assert entry.platform is not None or entry.line == line


@given(st.lists(hostile.lines, max_size=6).map(b"\n".join), st.sampled_from([None, "x"]))
@example(b'{"type": "ADDED", "object": {"metadata": []}}', "x")
@example(b'{"type": "ERROR", "object": {"code": []}}\n' * 3, None)
def test_any_watch_gives_events_or_ends_in_one_exception(body, name):
    openshift, _ = hostile.client([(200, {}, body)])
    sent = body.split(b"\n")
    count = 0
    with pytest.raises(OsbsException):
        for kind, obj in openshift.watch_resource("builds", name):
            count += 1
            assert kind == kind.lower() and isinstance(obj, dict)
    assert count <= len(sent)


@given(st.lists(hostile.lines, max_size=6).map(b"\n".join))
def test_a_wait_ends_with_the_right_build_or_an_exception(body):
    openshift, _ = hostile.client([(200, {}, body)])
    try:
        build = openshift.wait_for_build_to_finish("x")
    except OsbsException:
        return
    assert build["metadata"]["name"] == "x"
    assert build["status"]["phase"].lower() in ("complete", "failed", "cancelled", "error")
    assert json.dumps(build)
