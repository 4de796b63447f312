"""What is told of a build that is waited for."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging

import pytest

from osbs.core import Openshift
from osbs.exceptions import OsbsException, OsbsResponseException
from osbs.http import HttpResponse
from osbs._rest.phases import TIMEOUT, describe_phase
from tests.wire.server import CHUNKED, LAST_CHUNK, WireServer, answer, event

NO_POD = {"reason": "CannotCreateBuildPod", "message": "Failed creating build pod."}


def build(phase, version=1, name="b-1", **status):
    metadata = {"name": name, "resourceVersion": str(version), "uid": "u"}
    return {"metadata": metadata, "status": dict(status, phase=phase)}


def quota(name, hard, used=None):
    status = {} if used is None else {"hard": {"pods": hard}, "used": {"pods": used}}
    return {"metadata": {"name": name}, "spec": {"hard": {"pods": hard}}, "status": status}


def items(*objects):
    """A function that sends a request, to a server that lists these objects."""

    def send(request):
        send.requests.append(request)
        return HttpResponse(200, {}, json.dumps({"items": objects}).encode("ascii"))

    send.requests = []
    return send


@pytest.mark.parametrize(
    "quotas, expected",
    [
        ([quota("pause", "0")], "New, quota `pause` allows no pods"),
        ([quota("pause", "0", "0")], "New, quota `pause` allows no pods"),
        ([quota("few", "2", "2")], "New, quota `few` allows 2 pods"),
        (
            [dict(quota("old", "0", "0"), spec={"hard": {"pods": "5"}})],
            "New, quota `old` allows no pods",
        ),
        ([quota("many", "20", "2"), quota("pause", "0")], "New, quota `pause` allows no pods"),
        ([quota("many", "20", "2")], "New, Failed creating build pod"),
        ([quota("odd", "x"), {"spec": None}, {}], "New, Failed creating build pod"),
        ([], "New, Failed creating build pod"),
    ],
)
def test_a_quota_explains_why_a_build_is_new(quotas, expected):
    assert describe_phase(build("New", **NO_POD), items(*quotas)) == expected


def test_a_secret_in_the_words_of_the_server_is_masked():
    told = describe_phase(build("New", reason="R", message="cannot pull https://me:pw@host/x"))
    assert told == "New, cannot pull https://***@host/x"


def test_a_build_that_is_new_for_no_reason_asks_nothing():
    send = items()
    assert describe_phase(build("New"), send) == "New"
    assert send.requests == []


def test_a_running_build_runs_on_a_node():
    pod = {"spec": {"nodeName": "node-3"}}
    assert describe_phase(build("Running"), items({}, pod)) == "Running on node-3"


@pytest.mark.parametrize("pods", [[], [{"spec": {}}]])
def test_a_node_may_be_unknown(pods):
    assert describe_phase(build("Running"), items(*pods)) == "Running"


def test_a_phase_is_not_worth_a_long_wait():
    send = items()
    describe_phase(build("Running"), send)
    assert send.requests[0].options["timeout"] == TIMEOUT


@pytest.mark.parametrize(
    "error", [OsbsResponseException("forbidden", 403), OsbsException("no connection")]
)
def test_who_may_not_see_pods_sees_the_phase(error):
    def refuse(request):
        raise error

    assert describe_phase(build("Running"), refuse) == "Running"


@pytest.mark.parametrize("phase", ["New", "Pending", "Running"])
def test_without_leave_to_ask_the_phase_is_that_of_the_build(phase):
    assert describe_phase(build(phase)) == phase


@pytest.fixture
def server():
    """A server on which a build runs through its phases, and what it was asked."""
    events = [
        event("ADDED", **build("New", 1)),
        event("MODIFIED", **build("New", 2)),
        event("MODIFIED", **build("New", 3, **NO_POD)),
        event("MODIFIED", **build("Pending", 4)),
        event("MODIFIED", **build("Running", 5)),
        event("MODIFIED", **build("Complete", 6)),
    ]

    def script(request):
        if "/watch/" in request.path:
            return [CHUNKED] + events + [LAST_CHUNK]
        if "/pods/" in request.path:
            return answer(200, {"items": [{"spec": {"nodeName": "node-3"}}]})
        return answer(200, {"items": [quota("pause", "0")]})

    with WireServer(script) as running:
        yield running


@pytest.fixture
def told(server, caplog):
    """A function that waits for the build and returns what was told."""
    caplog.set_level(logging.INFO, "osbs")

    def wait(**attributes):
        base = server.url
        openshift = Openshift(base + "oapi/v1/", "v1", base + "oauth", k8s_api_url=base + "api/v1/")
        vars(openshift).update(attributes)
        openshift.wait_for_build_to_get_scheduled("b-1")
        openshift.wait_for_build_to_finish("b-1")
        return [r.getMessage() for r in caplog.records if getattr(r, "waiting", False)]

    return wait


def test_each_phase_is_told_once_with_what_explains_it(told):
    assert told(explain_phases=True)[:4] == [
        "waiting for build b-1: New",
        "waiting for build b-1: New, quota `pause` allows no pods",
        "waiting for build b-1: Pending",
        "waiting for build b-1: Running on node-3",
    ]


def test_two_builds_that_are_waited_for_in_turn_are_each_told_of_once(caplog):
    caplog.set_level(logging.INFO, "osbs")

    def script(request):
        name = request.path.partition("?")[0].strip("/").rpartition("/")[2]
        return [CHUNKED, event("ADDED", **build("Running", 1, name)), LAST_CHUNK]

    with WireServer(script) as running:
        openshift = Openshift(running.url + "oapi/v1/", "v1", running.url + "oauth")
        for name in ("b-1", "b-2", "b-1", "b-2"):
            openshift.wait_for_build_to_get_scheduled(name)
    assert [r.getMessage() for r in caplog.records if getattr(r, "phase", False)] == [
        "waiting for build b-1: Running",
        "waiting for build b-2: Running",
    ]


def test_a_program_sends_no_more_requests_than_ever(told, server):
    assert told()[:4] == [
        "waiting for build b-1: New",
        "waiting for build b-1: New, Failed creating build pod",
        "waiting for build b-1: Pending",
        "waiting for build b-1: Running",
    ]
    assert {path.rpartition("?")[0] or path for path in server.paths} == {
        "/oapi/v1/watch/namespaces/default/builds/b-1/"
    }
