"""Watches: events, resuming, end."""

import json
import time

import pytest

from tests.sandbox.support import OAPI, started

WATCH = "oapi/v1/watch/namespaces/osbs/"


def relabel(api, name, **labels):
    config = api.get(OAPI + "buildconfigs/" + name).json()
    for key, value in labels.items():
        config["metadata"].setdefault("labels", {})[key] = value
        if value is None:
            del config["metadata"]["labels"][key]
    response = api.put(OAPI + "buildconfigs/" + name, config)
    assert response.status_code == 200, response.text
    return response.json()


def seen(stream):
    return [(kind, obj["metadata"]["name"]) for kind, obj in stream.events]


@pytest.mark.parametrize(
    "path",
    [
        WATCH + "buildconfigs/x/?a=b",
        WATCH + "buildconfigs/?fieldSelector=metadata.name%3Dx",
        OAPI + "buildconfigs/?watch=true&fieldSelector=metadata.name%3Dx",
        OAPI + "buildconfigs?watch=1",
        "apis/build.openshift.io/v1/watch/namespaces/osbs/buildconfigs/x?",
        "apis/build.openshift.io/v1/namespaces/osbs/buildconfigs?watch=true",
    ],
)
def test_all_ways_to_ask_for_a_watch_see_the_same(api, path):
    api.config("x")
    stream = api.follow(path + "&timeoutSeconds=1")
    stream.until(1)
    relabel(api, "x", n="1")
    stream.settled(2)
    assert seen(stream) == [("ADDED", "x"), ("MODIFIED", "x")]


def test_objects_of_a_group_watch_carry_the_group_version(api):
    api.config("x")
    stream = api.follow(
        "apis/build.openshift.io/v1/namespaces/osbs/buildconfigs?watch=true" "&timeoutSeconds=1"
    )
    stream.until(1)
    assert stream.events[0][1]["apiVersion"] == "build.openshift.io/v1"


def test_a_watch_of_all_sees_every_object_but_no_other_resource(api):
    api.config("x")
    stream = api.follow(WATCH + "buildconfigs/?timeoutSeconds=1")
    stream.until(1)
    api.config("y")
    api.sandbox.put("configmaps", {"metadata": {"name": "z"}})
    stream.settled(2)
    assert seen(stream) == [("ADDED", "x"), ("ADDED", "y")]


def test_an_object_that_begins_to_match_is_added_and_one_that_ceases_is_deleted(api):
    api.config("x")
    stream = api.follow(WATCH + "buildconfigs/?labelSelector=n%3D1&timeoutSeconds=1")
    relabel(api, "x", n="1")
    relabel(api, "x", m="2")
    gone = relabel(api, "x", n="3")
    stream.settled(3)
    assert seen(stream) == [("ADDED", "x"), ("MODIFIED", "x"), ("DELETED", "x")]
    last = stream.events[-1][1]["metadata"]
    assert last["labels"]["n"] == "1"
    assert last["resourceVersion"] == gone["metadata"]["resourceVersion"]


def test_a_watch_resumes_after_a_version_without_repeats(api):
    config = api.config("x")
    relabel(api, "x", n="1")
    stream = api.follow(
        WATCH
        + "buildconfigs/x?timeoutSeconds=1&resourceVersion="
        + config["metadata"]["resourceVersion"]
    )
    stream.until(1)
    relabel(api, "x", n="2")
    stream.settled(2)
    assert seen(stream) == [("MODIFIED", "x"), ("MODIFIED", "x")]


def test_a_watch_from_a_compacted_version_is_an_error_line_and_the_end(api):
    config = api.config("x")
    relabel(api, "x", n="1")
    fault = api.sandbox.faults.compact()
    response = api.get(
        WATCH + "buildconfigs/x?resourceVersion=" + config["metadata"]["resourceVersion"]
    )
    assert response.status_code == 200
    event = response.json()
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == (
        "ERROR",
        410,
        "Expired",
    )
    assert fault.fired == 1


def test_a_watch_from_the_current_version_gets_only_later_events(api):
    api.config("x")
    listed = api.get(OAPI + "buildconfigs").json()["metadata"]["resourceVersion"]
    stream = api.follow(WATCH + "buildconfigs/?timeoutSeconds=1&resourceVersion=" + listed)
    relabel(api, "x", n="1")
    stream.settled(1)
    assert seen(stream) == [("MODIFIED", "x")]


def test_headers_come_before_the_first_event(api):
    begun = time.monotonic()
    stream = api.follow(WATCH + "buildconfigs/nothing?timeoutSeconds=1")
    assert stream.response.status_code == 200
    assert time.monotonic() - begun < 0.9
    assert stream.ended() == []


def test_each_event_is_one_line_of_its_own_chunk(api):
    api.config("x")
    api.config("y")
    response = api.get(WATCH + "buildconfigs/?timeoutSeconds=1")
    assert [json.loads(line)["type"] for line in response.content.splitlines()] == [
        "ADDED",
        "ADDED",
    ]
    assert response.headers["Transfer-Encoding"] == "chunked"


def test_a_watch_without_a_timeout_is_closed_by_the_server():
    with started(delays={"watch_shortest": 0.1, "watch_longest": 0.2}) as api:
        assert api.follow(WATCH + "builds").ended(5) == []


def test_a_watch_ends_when_its_client_disconnects(api):
    before = len(api.sandbox.store._listeners)
    stream = api.get(WATCH + "builds/x?timeoutSeconds=60", stream=True)
    assert len(api.sandbox.store._listeners) == before + 1
    stream.raw._connection.sock.close() if stream.raw._connection else None
    stream.close()
    api.wait(lambda: len(api.sandbox.store._listeners), lambda count: count == before)


@pytest.mark.parametrize(
    "query, status",
    [
        ("resourceVersion=abc", 500),
        ("timeoutSeconds=x", 400),
        ("labelSelector=%3D", 400),
        ("fieldSelector=spec.x%3D1", 400),
    ],
)
def test_bad_parameters_are_refused_with_a_status(api, query, status):
    response = api.get(WATCH + "builds?" + query)
    assert response.status_code == status
    assert response.json()["kind"] == "Status"
