"""The watch engine and the waits against streams that break, end early, lie or stay silent."""

from __future__ import absolute_import, print_function, unicode_literals

import itertools
import json
import logging
import threading
import time

import pytest
from six.moves.urllib.parse import parse_qs, urlsplit

from osbs import http
from osbs.exceptions import (
    OsbsException,
    OsbsResponseException,
    OsbsValidationException,
    OsbsWaitTimeout,
    OsbsWatchBuildNotFound,
)
from osbs._rest import retry, watch
from tests.wire.server import CHUNKED, CLOSE, LAST_CHUNK, RESET, answer, chunk, event

WATCH = "/oapi/v1/watch/namespaces/default/builds/b/"


def build(version, phase="Running", name="b", **metadata):
    metadata.update(name=name, resourceVersion=str(version), uid="u")
    return {"metadata": metadata, "status": {"phase": phase}}


def gone():
    return event("ERROR", code=410, reason="Expired")


def versions(server):
    """Return the resourceVersion that each watch asked for."""
    asked = [urlsplit(path) for path in server.paths if "/watch/" in path]
    return [parse_qs(parts.query).get("resourceVersion", [None])[0] for parts in asked]


def streams(*bodies, **kwargs):
    """Return a script: the watches get these bodies in order, other GETs what ``look`` says."""
    look = kwargs.get("look", answer(404, {"code": 404}))
    bodies = list(bodies)

    def script(request):
        if "/watch/" not in request.path:
            return look() if callable(look) else look
        return bodies.pop(0) if len(bodies) > 1 else bodies[0]

    return script


SILENT = [CHUNKED, 30]


def test_the_first_connection_is_made_as_ever(serve, client):
    server = serve(streams([CHUNKED, event("ADDED", **build(5, "Complete")), LAST_CHUNK]))
    assert client(server).wait_for_build_to_finish("b") == build(5, "Complete")
    assert server.paths == [WATCH]
    assert server.requests[0].headers["connection"] == "close"


@pytest.mark.parametrize(
    "end",
    ([LAST_CHUNK], [CLOSE], [RESET], [b"junk\r\n", CLOSE], [chunk(b'{"type": "MODIF'), CLOSE]),
)
def test_defect_08_a_watch_that_ends_goes_on_after_the_last_version(serve, client, end):
    server = serve(
        streams(
            [CHUNKED, event("ADDED", **build(5))] + end,
            [CHUNKED, event("MODIFIED", **build(9, "Complete")), LAST_CHUNK],
        )
    )
    assert client(server).wait_for_build_to_finish("b")["status"]["phase"] == "Complete"
    assert versions(server) == [None, "5"]


def test_defect_82_a_watch_that_ends_is_opened_again_at_once(serve, client):
    server = serve(
        streams(
            [CHUNKED, event("ADDED", **build(5)), LAST_CHUNK],
            [CHUNKED, event("MODIFIED", **build(9, "Complete")), LAST_CHUNK],
        )
    )
    started = time.time()
    client(server).wait_for_build_to_finish("b")
    assert time.time() - started < 1


@pytest.mark.parametrize("status", (408, 429, 500, 502, 503, 504))
def test_defect_07_an_error_that_passes_does_not_end_a_watch(serve, client, status):
    server = serve(
        streams(
            [answer(status)],
            [CHUNKED, event("ADDED", **build(5)), LAST_CHUNK],
            [answer(status)],
            [RESET],
            [CHUNKED, event("MODIFIED", **build(9, "Complete")), LAST_CHUNK],
        )
    )
    client(server).wait_for_build_to_finish("b")
    assert versions(server) == [None, None, "5", "5", "5"]


@pytest.mark.parametrize("status", (400, 401, 403, 404, 409))
def test_an_error_that_does_not_pass_ends_a_watch(serve, client, status):
    server = serve([answer(status, {"code": status})])
    with pytest.raises(OsbsResponseException) as info:
        client(server).wait_for_build_to_finish("b")
    assert (info.value.status_code, len(server.requests)) == (status, 1)


def test_a_server_that_never_comes_back_is_given_up(serve, client):
    server = serve([[RESET]])
    with pytest.raises(OsbsException) as info:
        client(server).wait_for_build_to_finish("b")
    assert info.value.cause is not None
    assert len(server.requests) == retry.MAX_FAILURES + 1


def test_a_server_that_always_answers_junk_is_given_up(serve, client):
    server = serve([[CHUNKED, chunk(b"<html>\n"), LAST_CHUNK]])
    with pytest.raises(OsbsResponseException):
        client(server).wait_for_build_to_finish("b")


@pytest.mark.parametrize("refusal", ([CHUNKED, gone(), LAST_CHUNK], [answer(410)]))
def test_defect_08_a_version_that_is_too_old_is_forgotten_and_nothing_missed(
    serve, client, refusal
):
    server = serve(
        streams(
            [CHUNKED, event("ADDED", **build(5)), LAST_CHUNK],
            refusal,
            [CHUNKED, event("ADDED", **build(9, "Complete")), LAST_CHUNK],
            look=answer(200, build(9, "Complete")),
        )
    )
    assert client(server).wait_for_build_to_finish("b")["status"]["phase"] == "Complete"


def test_a_watch_does_not_resume_from_the_version_that_was_just_refused(serve, client):
    # An object that has not changed for long is older than all changes that the server remembers.
    server = serve(
        streams(
            [CHUNKED, event("ADDED", **build(5)), LAST_CHUNK],
            [CHUNKED, gone(), LAST_CHUNK],
            [CHUNKED, event("ADDED", **build(5)), event("MODIFIED", **build(9, "Complete"))],
            look=answer(200, build(5)),
        )
    )
    client(server).wait_for_build_to_finish("b")
    assert versions(server) == [None, "5", None]


def test_the_refusal_of_a_resumed_version_is_not_an_event_for_the_caller(serve, client):
    server = serve(
        streams(
            [CHUNKED, event("ADDED", **build(5)), LAST_CHUNK],
            [CHUNKED, gone(), LAST_CHUNK],
            SILENT,
            look=answer(200, build(9)),
        )
    )
    events = client(server).watch_resource("builds", "b")
    assert [next(events)[0], next(events)[0]] == ["added", "modified"]


def test_the_refusal_of_the_callers_version_is_an_event(serve, client):
    server = serve(streams([CHUNKED, gone(), LAST_CHUNK]))
    events = client(server).watch_resource("builds", "b", resourceVersion="1")
    kind, obj = next(events)
    assert (kind, obj["code"], versions(server)) == ("error", 410, ["1"])


def test_what_is_known_already_is_not_told_again(serve, client):
    server = serve(
        streams(
            [CHUNKED, event("ADDED", **build(5)), event("ERROR", code=500), LAST_CHUNK],
            [CHUNKED, event("ADDED", **build(5)), event("MODIFIED", **build(6)), LAST_CHUNK],
            look=answer(200, build(5)),
        )
    )
    events = client(server).watch_resource("builds", "b")
    assert [kind for kind, _ in itertools.islice(events, 3)] == ["added", "error", "modified"]
    assert versions(server) == [None, "5"]


def test_defect_02_a_deleted_build_ends_the_wait(serve, client):
    server = serve(streams([CHUNKED, event("ADDED", **build(5)), event("DELETED", **build(6)), 30]))
    started = time.time()
    with pytest.raises(OsbsException) as info:
        client(server).wait_for_build_to_finish("b")
    assert time.time() - started < 1
    assert not isinstance(info.value, OsbsWatchBuildNotFound)
    assert "Running" in info.value.message


def test_a_build_that_was_deleted_when_finished_is_finished(serve, client):
    server = serve(streams([CHUNKED, event("DELETED", **build(6, "Complete")), LAST_CHUNK]))
    assert client(server).wait_for_build_to_finish("b") == build(6, "Complete")


def test_defect_02_a_build_deleted_between_two_connections_ends_the_wait(serve, client):
    server = serve(streams([CHUNKED, event("ADDED", **build(5)), gone(), LAST_CHUNK], SILENT))
    started = time.time()
    with pytest.raises(OsbsException) as info:
        client(server).wait_for_build_to_finish("b")
    assert "deleted" in info.value.message
    assert time.time() - started < 2


def test_defect_09_waiting_for_a_build_that_does_not_exist_ends_soon(serve, client):
    server = serve(streams(SILENT))
    started = time.time()
    with pytest.raises(OsbsResponseException) as info:
        client(server).wait_for_build_to_finish("missing")
    assert info.value.status_code == 404
    assert time.time() - started < 2


def test_a_slow_server_is_not_taken_for_one_without_the_object(serve, client):
    server = serve(
        streams(
            SILENT,
            [CHUNKED, event("MODIFIED", **build(9, "Complete")), 30],
            look=answer(200, build(5)),
        )
    )
    assert client(server).wait_for_build_to_finish("b")["metadata"]["resourceVersion"] == "9"
    assert versions(server) == [None, "5"]


def test_an_object_that_may_not_be_read_is_watched_all_the_same(serve, client):
    server = serve(
        streams(
            SILENT,
            [CHUNKED, 0.6, event("ADDED", **build(9, "Complete")), 30],
            look=answer(403, {"code": 403}),
        )
    )
    assert client(server).wait_for_build_to_finish("b")


def test_a_build_that_is_made_later_can_be_waited_for(serve, client):
    made = threading.Event()
    server = serve(streams([CHUNKED, made.set, 0.7, event("ADDED", **build(5)), 30]))
    openshift = client(server)
    assert openshift.wait_for_build_to_get_scheduled("b", missing_ok=True) == build(5)
    assert server.paths == [WATCH]


@pytest.mark.parametrize(
    "stream",
    (
        SILENT,
        [30],
        [CHUNKED, event("ADDED", **build(5)), 30],
        [CHUNKED, event("ADDED", **build(5))] + [0.05, event("MODIFIED", **build(6))] * 100,
        [RESET],
        [answer(503)],
    ),
)
def test_defect_02_a_wait_ends_on_time(serve, client, stream):
    server = serve(streams(stream, look=answer(200, build(5))))
    started = time.time()
    with pytest.raises(OsbsException) as info:
        client(server).wait_for_build_to_finish("b", timeout=0.3)
    assert time.time() - started < 0.9
    if stream[0] is CHUNKED:
        assert isinstance(info.value, OsbsWaitTimeout)


def test_defect_02_the_time_out_names_object_phase_and_seconds(serve, client):
    server = serve(streams([CHUNKED, event("ADDED", **build(5, "Pending")), 30]))
    with pytest.raises(OsbsWaitTimeout) as info:
        client(server).wait_for_build_to_get_scheduled("b", timeout=0.2)
    for word in ("'b'", "Pending", "0.2 seconds"):
        assert word in info.value.message


def test_the_configured_time_out_holds_for_all_waits(serve, client):
    server = serve(
        streams(
            [CHUNKED, event("ADDED", **build(5)), 30],
            look=answer(
                200, {"metadata": {"resourceVersion": "1"}, "spec": {"dockerImageRepository": "r"}}
            ),
        )
    )
    server._script = (
        lambda script: lambda request: (
            script(request)
            if request.method == "GET"
            else answer(200, {"metadata": {"resourceVersion": "1"}})
        )
    )(server._script)
    openshift = client(server, wait_timeout=0.2)
    for call in (
        lambda: openshift.wait_for_build_to_finish("b"),
        lambda: openshift.wait_for_build_to_get_scheduled("c"),
        lambda: openshift.wait_for_new_build_config_instance("b", 1),
        lambda: openshift.import_image("i"),
    ):
        with pytest.raises(OsbsWaitTimeout):
            call()


@pytest.mark.parametrize("timeout", (-1, "soon", float("nan")))
def test_a_time_out_must_be_a_number(serve, client, timeout):
    with pytest.raises(OsbsValidationException):
        client(serve([answer()])).wait_for_build_to_finish("b", timeout=timeout)


def test_a_change_is_seen_within_50_milliseconds(serve, client):
    sent = []

    def noted(version):
        return [0.2, lambda: sent.append(time.time()), event("MODIFIED", **build(version))]

    server = serve(streams([CHUNKED] + noted(1) + noted(2) + noted(3) + [30]))
    events = client(server).watch_resource("builds")
    delays = [time.time() - sent[-1] for _ in itertools.islice(events, 3)]
    # One may be late because the machine is busy with something else.
    assert min(delays) < 0.05


def test_defect_04_a_build_config_that_was_instantiated_before_the_watch(serve, client):
    server = serve(streams([CHUNKED, event("ADDED", status={"lastVersion": 4}), 30]))
    assert client(server).wait_for_new_build_config_instance("bc", 3) == "bc-4"


def test_a_build_config_that_is_deleted_ends_the_wait(serve, client):
    server = serve(
        streams(
            [
                CHUNKED,
                event("ADDED", status={"lastVersion": 3}),
                event("DELETED", status={"lastVersion": 3}),
                30,
            ]
        )
    )
    with pytest.raises(OsbsResponseException) as info:
        client(server).wait_for_new_build_config_instance("bc", 3)
    assert (info.value.status_code, info.value.message) == (
        404,
        "New BuildConfig instance not found",
    )


class Importing(object):
    """An image stream that is imported; ``watches`` are the bodies of the watches."""

    def __init__(self, *watches):
        self.watches = list(watches)
        self.conflicts = 0
        self.puts = []

    def stream(self, version, done):
        annotations = {"openshift.io/image.dockerRepositoryCheck": "now"} if done else {}
        return {
            "metadata": {
                "name": "i",
                "resourceVersion": version,
                "uid": "u",
                "annotations": annotations,
            },
            "spec": {"dockerImageRepository": "r"},
        }

    def __call__(self, request):
        if "/watch/" in request.path:
            return self.watches.pop(0) if len(self.watches) > 1 else self.watches[0]
        if request.method == "GET":
            return answer(200, self.stream("4", True))
        self.puts.append(json.loads(request.body.decode("utf-8")))
        if len(self.puts) <= self.conflicts:
            return answer(409, {"code": 409})
        return answer(200, self.stream("5", False))


def test_an_import_is_awaited_from_the_version_of_the_change(serve, client):
    state = Importing()
    state.watches = [
        [
            CHUNKED,
            event("MODIFIED", **state.stream("6", False)),
            event("MODIFIED", **state.stream("7", True)),
            30,
        ]
    ]
    server = serve(state)
    assert client(server).import_image("i") is True
    assert versions(server) == ["5"]
    assert state.puts == [state.stream("4", False)]


@pytest.mark.parametrize("last", (event("DELETED"), gone()))
def test_an_import_that_cannot_be_awaited_is_false(serve, client, last):
    assert client(serve(Importing([CHUNKED, last, LAST_CHUNK]))).import_image("i") is False


def test_defect_17_an_import_after_a_broken_watch_and_a_version_too_old_is_seen(serve, client):
    state = Importing()
    state.watches = [[CHUNKED, LAST_CHUNK], [CHUNKED, gone(), LAST_CHUNK], SILENT]
    # The engine reads the stream: version 4 is not 5, the one that was written.
    assert client(serve(state)).import_image("i", timeout=3) is True


def test_an_import_in_conflict_is_tried_again(serve, client, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    state = Importing()
    state.conflicts = 2
    state.watches = [[CHUNKED, event("MODIFIED", **state.stream("7", True)), 30]]
    assert client(serve(state)).import_image("i") is True
    assert len(state.puts) == 3


def test_a_list_resumes_only_from_changes(serve, client):
    server = serve(
        streams(
            [CHUNKED, event("ADDED", **build(9)), event("ADDED", **build(5, name="c")), LAST_CHUNK],
            [CHUNKED, event("MODIFIED", **build(11)), LAST_CHUNK],
            SILENT,
        )
    )
    events = client(server).watch_resource("builds", fieldSelector="a=b")
    assert [kind for kind, _ in itertools.islice(events, 3)] == ["added", "added", "modified"]
    events.close()
    assert versions(server) == [None, None]
    queries = [parse_qs(urlsplit(path).query)["fieldSelector"] for path in server.paths]
    assert queries == [["a=b"]] * 2


def test_a_list_that_was_changed_resumes_from_the_change(serve, client):
    server = serve(
        streams(
            [CHUNKED, event("MODIFIED", **build(11)), LAST_CHUNK],
            [CHUNKED, event("DELETED", **build(12)), LAST_CHUNK],
            [CHUNKED, event("ADDED", **build(13)), 30],
        )
    )
    events = client(server).watch_resource("builds")
    list(itertools.islice(events, 3))
    assert versions(server) == [None, "11", "12"]


def test_lines_that_are_not_events_are_skipped_and_not_shown(serve, client, caplog):
    server = serve(
        streams(
            [
                CHUNKED,
                chunk(b"secret-garbage\n"),
                chunk(b"[]\n"),
                chunk(b'{"type": "X"}\n'),
                chunk(b'{"object": {}}\n'),
                chunk(b'{"type": 1, "object": {}}\n'),
                chunk(b"\xff\n"),
                chunk(b"[" * 100000 + b"\n"),
                event("ADDED", **build(5, "Complete")),
                LAST_CHUNK,
            ]
        )
    )
    with caplog.at_level(logging.DEBUG, logger="osbs"):
        client(server).wait_for_build_to_finish("b")
    texts = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert texts == ["watch: a line of 14 bytes is not an event"]
    assert "secret-garbage" not in " ".join(texts)


def test_an_event_of_another_build_is_not_taken(serve, client):
    server = serve(
        streams(
            [
                CHUNKED,
                event("ADDED", **build(5, "Complete", name="other")),
                event("DELETED", **build(6, name="other")),
                event("ADDED"),
                event("ADDED", **build(7, "Failed")),
                LAST_CHUNK,
            ]
        )
    )
    assert client(server).wait_for_build_to_finish("b")["status"]["phase"] == "Failed"


def test_who_stops_listening_closes_the_connection(serve, client):
    ended = threading.Event()
    server = serve(
        streams(
            [CHUNKED, event("ADDED", **build(5))]
            + [0.01, event("MODIFIED", **build(6))] * 500
            + [ended.set]
        )
    )
    events = client(server).watch_resource("builds", "b")
    next(events)
    events.close()
    server._threads[-1].join(5)
    assert not ended.is_set()


def test_a_half_dead_connection_is_replaced_after_the_read_time_out(serve, client, monkeypatch):
    monkeypatch.setattr(watch, "HTTP_REQUEST_TIMEOUT", 0.1)
    monkeypatch.setattr(http, "HTTP_REQUEST_TIMEOUT", 0.1)
    server = serve(
        streams(
            [CHUNKED, event("ADDED", **build(5)), 30],
            [CHUNKED, event("MODIFIED", **build(6, "Complete")), 30],
        )
    )
    client(server).wait_for_build_to_finish("b")
    assert versions(server) == [None, "5"]
