"""Fault injection: the effect of each fault, composition, counters."""

import gc
import time

import pytest
import requests

from osbs.sandbox.controllers.delays import Timing
from osbs.sandbox.http.faults import FaultError, Faults
from osbs.sandbox.pods.scripted import ScriptedRunner
from tests.sandbox.support import CORE, OAPI, Api, started

BROKEN = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture
def faults(api):
    return api.sandbox.faults


def config_map(name):
    return {"metadata": {"name": name}}


def test_a_status_is_sent_as_often_as_asked_and_the_request_not_processed(api, faults):
    fault = faults.status(503, count=2, method="POST")
    for _ in range(2):
        assert api.post(CORE + "configmaps", config_map("m")).status_code == 503
    assert api.stored("configmaps", "m") is None
    assert api.post(CORE + "configmaps", config_map("m")).status_code == 201
    assert fault.fired == 2


def test_a_status_can_say_when_to_retry(api, faults):
    faults.status(429, retry_after=7)
    response = api.get(OAPI + "builds")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert response.json()["code"] == 429


def test_only_matching_requests_are_affected(api, faults):
    fault = faults.status(500, method="GET", path="/buildconfigs/x$")
    assert api.get(OAPI + "buildconfigs/y").status_code == 404
    assert api.delete(OAPI + "buildconfigs/x").status_code == 404
    assert fault.fired == 0
    assert api.get(OAPI + "buildconfigs/x").status_code == 500


def test_the_query_can_be_matched_too(api, faults):
    faults.status(500, path=r"follow=1")
    assert api.get(OAPI + "builds/x/log").status_code == 404
    assert api.get(OAPI + "builds/x/log?follow=1").status_code == 500


def test_the_first_matching_requests_can_be_skipped(api, faults):
    faults.status(500, skip=2)
    assert [api.get(OAPI + "builds").status_code for _ in range(4)] == [200, 200, 500, 200]


def test_a_fault_without_a_count_fires_until_it_is_removed(api, faults):
    fault = faults.status(500, count=None)
    assert [api.get(OAPI + "builds").status_code for _ in range(3)] == [500] * 3
    faults.remove(fault)
    assert api.get(OAPI + "builds").status_code == 200


def test_a_reset_before_processing_changes_nothing(api, faults):
    faults.reset(method="POST")
    with pytest.raises(BROKEN):
        api.post(CORE + "configmaps", config_map("m"))
    assert api.stored("configmaps", "m") is None


def test_a_reset_after_processing_leaves_the_object(api, faults):
    faults.reset(after=True, method="POST")
    with pytest.raises(BROKEN):
        api.post(CORE + "configmaps", config_map("m"))
    assert api.stored("configmaps", "m") is not None


def test_a_body_is_truncated_after_the_given_bytes(api, faults):
    faults.cut(10, path="configmaps")
    api.sandbox.put("configmaps", {"metadata": {"name": "big"}, "data": {"k": "x" * 3000}})
    response = api.get(CORE + "configmaps", stream=True)
    assert response.status_code == 200
    with pytest.raises(BROKEN):
        response.content  # noqa: B018


def test_a_body_with_content_length_is_truncated_too(api, faults):
    faults.cut(10, path="configmaps")
    response = api.get(CORE + "configmaps", stream=True)
    assert int(response.headers["Content-Length"]) > 10
    try:
        assert len(response.content) == 10
    except BROKEN:
        pass  # newer versions of urllib3 notice


def test_a_cut_that_is_longer_than_the_body_never_fires(api, faults):
    fault = faults.cut(10000)
    assert api.get(CORE + "configmaps").status_code == 200
    assert (fault.fired, faults.unfired()) == (0, [fault])


def test_a_stream_is_cut_and_what_was_before_arrives(api, pods, faults):
    name = api.start("x")
    api.wait_phase(name, "Running")
    faults.cut(8, path="/log")
    stream = api.follow("{}builds/{}/log?follow=1".format(OAPI, name))
    pods.say(name, "hello\n")
    stream.until(1)
    pods.say(name, "world\n")
    stream.ended()
    assert stream.lines[0] == b"hello"
    assert isinstance(stream.error, BROKEN)


def test_a_log_cut_at_the_node_looks_complete(api, pods, faults):
    name = api.start("x")
    api.wait_phase(name, "Running")
    faults.cut(8, clean=True, path="/log")
    stream = api.follow("{}builds/{}/log?follow=1".format(OAPI, name))
    pods.say(name, "hello\nworld\n")
    assert stream.ended() == [b"hello", b"wo"]
    assert stream.error is None


def test_responses_are_delayed(api, faults):
    faults.delay(0.1)
    faults.delay(0.1)
    begun = time.monotonic()
    api.get(OAPI + "builds")
    assert 0.2 <= time.monotonic() - begun < 5


def test_faults_compose(api, faults):
    slow, broken = faults.delay(0.05), faults.status(502)
    begun = time.monotonic()
    assert api.get(OAPI + "builds").status_code == 502
    assert time.monotonic() - begun >= 0.05
    assert (slow.fired, broken.fired) == (1, 1)


def test_of_two_terminal_faults_the_first_one_fires(api, faults):
    faults.status(500)
    faults.status(503)
    assert [api.get(OAPI + "builds").status_code for _ in range(3)] == [500, 503, 200]


@pytest.mark.parametrize("kind", ["garbage", "html", "empty"])
def test_bodies_that_are_not_json(api, faults, kind):
    faults.add(kind, status=200)
    response = api.get(OAPI + "builds")
    assert response.status_code == 200
    with pytest.raises(ValueError):
        response.json()


def test_a_proxys_page_can_have_any_status(api, faults):
    faults.add("html", status=504)
    response = api.get(OAPI + "builds")
    assert (response.status_code, response.headers["Content-Type"]) == (504, "text/html")


# A Python such as 3.11.2 leaves its socket open if the reset is there before the handshake begins.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_connections_are_reset_before_the_handshake(api, faults):
    fault = faults.add("reset_connection", count=2)
    for _ in range(2):
        with pytest.raises(requests.exceptions.ConnectionError):
            api.as_user(None).get("version")
    gc.collect()
    assert api.as_user(None).get("version").status_code == 200
    assert fault.fired == 2


def test_connections_are_refused_for_a_while(api, faults):
    faults.refuse(0.1)
    with pytest.raises(requests.exceptions.ConnectionError):
        Api(api.sandbox, None).get("version")
    assert api.wait(lambda: api.sandbox.listening)
    assert Api(api.sandbox, None).get("version").status_code == 200


def test_refusing_leaves_open_connections_alone(api, faults):
    api.get(OAPI + "builds")
    faults.refuse(0.05)
    assert api.get(OAPI + "builds").status_code == 200
    api.wait(lambda: api.sandbox.listening)


def test_a_restart_breaks_streams_and_keeps_the_state(api, pods, faults):
    name = api.start("x")
    api.wait_phase(name, "Running")
    watch = api.follow("oapi/v1/watch/namespaces/osbs/builds")
    watch.until(1)
    faults.restart(0.05)
    watch.ended()
    assert isinstance(watch.error, BROKEN)
    api.wait(lambda: api.sandbox.listening)
    assert api.as_user("osbs").build(name)["status"]["phase"] == "Running"
    pods.finish(name)
    api.wait_phase(name, "Complete")


def test_dropping_watches_breaks_all_of_them(api, pods, faults):
    name = api.start("x")
    api.wait_phase(name, "Running")
    streams = [
        api.follow("oapi/v1/watch/namespaces/osbs/builds"),
        api.follow("{}builds/{}/log?follow=1".format(OAPI, name)),
    ]
    fault = faults.drop_watches()
    for stream in streams:
        stream.ended()
        assert isinstance(stream.error, BROKEN)
    assert fault.fired == 2


def test_the_node_can_be_down_or_fail(api, pods, faults):
    name = api.start("x")
    api.wait_phase(name, "Running")
    path = "{}builds/{}/log".format(OAPI, name)
    faults.kubelet_down()
    faults.kubelet_error()
    assert "reason" not in api.get(path).json()
    assert api.get(path).json()["reason"] == "InternalError"


def test_faults_that_never_fired_are_named():
    faults = Faults()
    faults.add("delay", seconds=1, path="/x")
    with pytest.raises(AssertionError, match="delay on /x"):
        faults.check()


def test_when_all_faults_have_fired_the_check_passes(api, faults):
    faults.status(500)
    api.get(OAPI + "builds")
    faults.check()


@pytest.mark.parametrize(
    "arguments",
    [
        {"kind": "nope"},
        {"kind": "delay"},
        {"kind": "status"},
        {"kind": "delay", "second": 1},
        {"kind": "empty", "path": "("},
    ],
)
def test_invalid_faults_are_refused(arguments):
    with pytest.raises(FaultError):
        Faults().add(**arguments)


@pytest.mark.parametrize(
    "arguments, culprit",
    [
        ({"kind": ["delay"]}, "unknown fault"),
        ({"kind": "delay", "seconds": "1"}, "'delay': field 'seconds': '1' is not of type"),
        ({"kind": "delay", "seconds": True}, "field 'seconds'"),
        ({"kind": "delay", "seconds": -1}, "field 'seconds'"),
        ({"kind": "delay", "seconds": float("nan")}, "field 'seconds': nan is not a number"),
        ({"kind": "delay", "seconds": float("inf")}, "field 'seconds'"),
        ({"kind": "refuse", "seconds": None}, "needs seconds"),
        ({"kind": "status", "status": 99}, "field 'status'"),
        ({"kind": "status", "status": "503"}, "field 'status'"),
        ({"kind": "status", "status": 503, "retry_after": "1\r\nX: y"}, "field 'retry_after'"),
        ({"kind": "status", "status": 503, "body": 5}, "field 'body'"),
        ({"kind": "cut", "bytes": 1.5}, "field 'bytes'"),
        ({"kind": "cut", "clean": "yes"}, "field 'clean'"),
        ({"kind": "empty", "count": 0}, "field 'count'"),
        ({"kind": "empty", "count": "2"}, "field 'count'"),
        ({"kind": "empty", "skip": -1}, "field 'skip'"),
        ({"kind": "empty", "method": "GIT"}, "field 'method'"),
        ({"kind": "empty", "path": 5}, "field 'path'"),
        ({"kind": "empty", "path": "x" * 501}, "field 'path'"),
        ({"kind": "expire_tokens", "keep": ["osbs", 5]}, "field 'keep.1'"),
        ({"kind": "restart", "path": "builds"}, "field 'path': it does not concern single"),
        ({"kind": "reset_connection", "method": "GET"}, "field 'method': it does not concern"),
    ],
)
def test_an_invalid_value_is_named_with_its_field(arguments, culprit):
    with pytest.raises(FaultError) as caught:
        Faults().add(**arguments)
    assert culprit in str(caught.value) and len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "path", [r"(\w+)+!", "(a|a)*!", "(a?){90}", ".*.*.*!", "a?" * 20 + "a" * 20]
)
def test_a_regular_expression_that_could_take_forever_is_refused(path):
    with pytest.raises(FaultError, match="could take too long"):
        Faults().add("empty", path=path)


@pytest.mark.parametrize(
    "path", [r"/builds/[^/?]+/log/?(\?|$)", r"labels[+*{]elector=.*\(x\)+", "(get|watch)?/.{3}"]
)
def test_a_usual_regular_expression_is_accepted(path):
    assert Faults().add("empty", path=path).path == path


def test_the_worst_regular_expression_takes_seconds_only():
    begun = time.process_time()
    Faults().add("empty", path=".*.*!").matches("GET", "/" * 5000)
    assert time.process_time() - begun < 20


@pytest.mark.parametrize("kind", ["garbage", "html"])
@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_cannot_have_a_malformed_one(kind, status):
    with pytest.raises(FaultError, match="has no body"):
        Faults().add(kind, status=status)


def test_a_response_to_head_cannot_be_truncated(api, faults):
    fault = faults.cut(path="healthz")
    api.session.head(api.sandbox.url + "healthz", timeout=20)
    assert fault.fired == 0


def test_a_path_is_searched_in_the_beginning_of_a_long_query_only():
    faults = Faults()
    faults.add("empty", path="end$")
    assert faults.plan("GET", "/x?" + "y" * 3000 + "end").terminal is None
    assert faults.plan("GET", "/x?end").terminal is not None


def test_a_fault_whose_client_has_gone_does_not_count(api, faults):
    delay = faults.delay(1.0)
    fault = faults.status(503)
    with pytest.raises(requests.exceptions.ReadTimeout):
        api.get(OAPI + "builds", timeout=(10, 0.1))
    # Old releases leave the connection to the garbage collector.
    gc.collect()
    api.wait(lambda: delay.fired and not fault.fired)
    assert api.get(OAPI + "builds").status_code == 503


def test_a_cut_happens_as_often_as_asked_although_two_requests_wait_for_it(api, pods, faults):
    name = api.start("x")
    api.wait_phase(name, "Running")
    fault = faults.cut(8, path="/log")
    streams = [api.follow("{}builds/{}/log?follow=1".format(OAPI, name)) for _ in range(2)]
    for stream in streams:
        pods.say(name, "hello\n")
        stream.until(1)
    pods.say(name, "world\nwide\n")
    api.wait(lambda: fault.fired)
    pods.finish(name)
    broken = [stream for stream in streams if stream.ended() and stream.error is not None]
    assert (len(broken), fault.fired) == (1, 1)


def test_refusing_connections_while_they_are_refused_does_not_fire(api, faults):
    first, second = faults.refuse(0.3), faults.refuse(0.1)
    assert (first.fired, second.fired) == (1, 0)
    api.wait(lambda: api.sandbox.listening)


def test_of_two_refusals_the_longer_one_counts(api, faults):
    begun = time.monotonic()
    faults.restart(0.05)
    faults.restart(0.4)
    api.wait(lambda: api.sandbox.listening)
    assert time.monotonic() - begun >= 0.4


@pytest.mark.parametrize(
    "command, body, culprit",
    [
        ("timing", {"log_wait": "soon"}, "delay 'log_wait': 'soon' is not of type 'number'"),
        ("timing", {"log_wait": -1}, "delay 'log_wait'"),
        ("timing", [1], "expected an object"),
        ("outcomes", {"duration": -1}, "field 'duration'"),
        ("outcomes", {"annotations": {"digest": 5}}, "field 'annotations.digest'"),
        ("outcomes", {"lines": [["a", -1]]}, "line ['a', -1]: expected text and seconds"),
        ("outcomes", {"exit_status": 256}, "field 'exit_status'"),
        ("registry", {"repository": 5}, "field 'repository': 5 is not of type 'string'"),
        ("registry", {"repository": "x", "tagg": "y"}, "'tagg' was unexpected"),
        ("faults", {"kind": "delay", "seconds": "x"}, "field 'seconds'"),
    ],
)
def test_the_control_plane_names_the_field_of_a_mistake(command, body, culprit):
    with started(ScriptedRunner(), tls=False) as api:
        response = api.post("_sandbox/" + command, body)
    assert (response.status_code, culprit in response.json()["error"]) == (400, True), response.text


def test_an_invalid_delay_is_named_at_the_start():
    with pytest.raises(ValueError, match="delay 'log_wait'"):
        Timing(log_wait=float("nan"))


def test_faults_can_be_given_over_http(api):
    added = api.post("_sandbox/faults", {"kind": "status", "status": 500, "path": "builds"}).json()
    assert [fault["id"] for fault in api.get("_sandbox/unfired").json()] == [added["id"]]
    assert api.get(OAPI + "builds").status_code == 500
    assert api.get("_sandbox/faults/{}".format(added["id"])).json()["fired"] == 1
    assert api.get("_sandbox/unfired").json() == []
    assert api.delete("_sandbox/faults/{}".format(added["id"])).json() == {}
    assert api.get("_sandbox/faults").json() == []


JSON = {"Content-Type": "application/json"}


# The parser accepts it, but not who looks at each level from within the one around it.
DEEP = '{"tag": ' * 600 + "1" + "}" * 600


def test_bad_commands_say_what_is_wrong(api):
    for response, status in (
        (api.post("_sandbox/faults", {"kind": "nope"}), 400),
        (api.get("_sandbox/nope"), 404),
        (api.get("_sandbox/faults/9"), 404),
        (api.post("_sandbox/timing", {"nope": 1}), 400),
        (api.post("_sandbox/registry", {}), 400),
        (api.post("_sandbox/faults", {"knd": "delay"}), 400),
        (api.send("POST", "_sandbox/faults", data="[" * 200000, headers=JSON), 400),
        (api.send("POST", "_sandbox/registry", data=DEEP, headers=JSON), 400),
    ):
        assert response.status_code == status
        assert response.json()["error"]


def test_faults_do_not_apply_to_the_control_plane(api, faults):
    fault = faults.status(500, count=None)
    assert api.get("_sandbox/").json()["namespace"] == "osbs"
    assert fault.fired == 0


def test_the_request_log_can_be_read_and_cleared_over_http(api):
    api.get(OAPI + "builds")
    assert [record["path"] for record in api.get("_sandbox/requests").json()] == [
        "/" + OAPI + "builds"
    ]
    api.delete("_sandbox/requests")
    assert len(api.sandbox.requests) == 0


def test_delays_can_be_set_over_http(api):
    assert api.post("_sandbox/timing", {"log_wait": 7}).json()["log_wait"] == 7
    assert api.sandbox.timing.log_wait == 7


def test_images_can_be_pushed_over_http(api):
    api.post("_sandbox/registry", {"repository": "127.0.0.1:5000/x", "tag": "t"})
    assert api.sandbox.registry.find("127.0.0.1:5000/x").digest("t")


def test_faults_work_without_tls():
    with started(tls=False) as api:
        api.sandbox.faults.reset()
        with pytest.raises(BROKEN):
            api.get(OAPI + "builds")
        assert api.get(OAPI + "builds").status_code == 200


def test_a_delayed_request_does_not_delay_the_end_of_the_sandbox():
    with started() as api:
        fault = api.sandbox.faults.delay(600)
        with pytest.raises(requests.exceptions.ReadTimeout):
            api.get(OAPI + "builds", timeout=(10, 0.1))
        api.wait(lambda: fault.fired)
        begun = time.monotonic()
    assert time.monotonic() - begun < 20
