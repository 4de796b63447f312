"""The handle of a sandbox is the same, whether it runs in a thread or in a child process."""

import sys

import pytest
import requests

from osbs.exceptions import OsbsResponseException
from osbs.sandbox import testing

pytest.importorskip("aiohttp")


@pytest.fixture(scope="module", params=["running", "serving"])
def shared(request):
    with getattr(testing, request.param)(speed=20) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared):
    shared.faults.clear()
    return shared


def test_a_request_is_logged_as_a_dict(sandbox):
    sandbox.osbs.get_user()
    assert [seen["path"] for seen in sandbox.requests][-1] == "/oapi/v1/users/~/"


def test_a_scripted_build_fails_as_told(sandbox):
    sandbox.script("told-*", failing_plugin="squash", message="no space left")
    repository = sandbox.make_repository("told")
    build = sandbox.osbs.create_orchestrator_build(**sandbox.build_arguments(repository))
    build = sandbox.osbs.wait_for_build_to_finish(build.get_build_name())
    assert build.get_error_message() == "Error in plugin squash: no space left"


def test_a_misspelt_outcome_is_refused_with_the_same_words(sandbox):
    with pytest.raises(ValueError, match="outcome of 'x': unknown field 'colour'; known are"):
        sandbox.script("x", colour="red")


def test_a_misspelt_fault_is_refused_with_the_same_words(sandbox):
    with pytest.raises(ValueError, match="fault 'delay': unknown field 'minutes'; known are"):
        sandbox.faults.add("delay", minutes=1)
    with pytest.raises(ValueError, match="unknown field 'pth'; did you mean 'path'"):
        sandbox.faults.delay(1, pth="x")


def test_a_fault_is_described_by_a_dict_and_counted(sandbox):
    added = sandbox.faults.add("status", status=403, path="/users/")
    assert (added["kind"], added["fired"]) == ("status", 0)
    with pytest.raises(OsbsResponseException):
        sandbox.osbs.get_user()
    assert [fault["fired"] for fault in sandbox.faults] == [1]


def test_a_fault_that_has_not_happened_is_unfired(sandbox):
    added = sandbox.faults.delay(1, path="nowhere")
    assert sandbox.faults.unfired() == [added]


def test_shortcuts_of_faults_exist(sandbox):
    sandbox.osbs.get_user()
    sandbox.faults.expire_tokens()
    sandbox.osbs.get_user()
    assert [fault["fired"] > 0 for fault in sandbox.faults] == [True]


def test_a_pushed_image_is_imported(sandbox):
    sandbox.push("registry.test/pushed", "one")
    sandbox.osbs.create_image_stream("pushed", "registry.test/pushed")
    sandbox.osbs.import_image("pushed")
    (tag,) = sandbox.osbs.get_image_stream("pushed").json()["status"]["tags"]
    assert tag["tag"] == "one"


def test_ready_holds_what_the_ready_line_has(sandbox):
    assert sorted(sandbox.ready) == [
        "ca",
        "config",
        "kubeconfig",
        "namespace",
        "password",
        "token",
        "url",
        "user",
    ]


@pytest.mark.parametrize("way", ["running", "serving"])
def test_a_fault_that_had_not_happened_at_a_stop_fails_the_block(way):
    with pytest.raises(testing.UnfiredFaults):
        with getattr(testing, way)(faults=[{"kind": "delay", "seconds": 1}]) as sandbox:
            sandbox.stop()


@pytest.mark.parametrize("way", ["running", "serving"])
def test_a_stopped_sandbox_takes_no_commands(way):
    with getattr(testing, way)() as sandbox:
        sandbox.stop()
        with pytest.raises(RuntimeError, match="the sandbox is not running"):
            sandbox.push("registry.test/late")


def test_a_reset_leaves_what_was_there_at_the_start(sandbox):
    before = sorted(sandbox.osbs.get_config_map("reactor-config-map").get_data())
    sandbox.script(failing_plugin="squash")
    sandbox.faults.delay(1, path="nowhere")
    repository = sandbox.make_repository("left")
    sandbox.osbs.create_orchestrator_build(**sandbox.build_arguments(repository))
    sandbox.osbs.create_config_map("left", {"a": "b"})
    sandbox.reset()
    assert (sandbox.requests, list(sandbox.faults)) == ([], [])
    assert sandbox.osbs.list_builds() == []
    with pytest.raises(OsbsResponseException):
        sandbox.osbs.get_config_map("left")
    assert sorted(sandbox.osbs.get_config_map("reactor-config-map").get_data()) == before
    build = sandbox.osbs.create_orchestrator_build(**sandbox.build_arguments(repository))
    assert sandbox.osbs.wait_for_build_to_finish(build.get_build_name()).is_succeeded()


def test_requests_can_be_asserted(sandbox):
    sandbox.osbs.get_user()
    (request,) = sandbox.assert_requested("GET", "/users/~", status=200)[-1:]
    assert request["user"] == sandbox.user


def test_a_request_that_did_not_happen_is_named_with_those_that_did(sandbox):
    sandbox.osbs.get_user()
    with pytest.raises(AssertionError) as caught:
        sandbox.assert_requested("POST", "/builds/", count=1)
    text = str(caught.value)
    assert "requests are POST /builds/:" in text and "GET /oapi/v1/users/~/ -> 200" in text


PROGRAM = """
import os, sys
from osbs.sandbox.pods import inside
inside.prepare()
from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.sandbox.reactor.context import BuildContext
context = BuildContext(os.environ)
path = inside.secret_path("/var/run/secrets/atomic-reactor/client-config-secret/osbs.conf")
print("a secret of", os.path.getsize(path) > 0)
context.osbs.update_annotations_on_build(context.build_id, {"mine": sys.argv[1]})
"""


@pytest.mark.parametrize("start", ["running", "serving"])
def test_pods_run_a_program_of_ones_own(tmpdir, start):
    program = tmpdir.join("my pod.py")
    program.write(PROGRAM)
    command = [sys.executable, str(program), "it's mine"]
    with getattr(testing, start)(processes=command) as sandbox:
        repository = sandbox.make_repository()
        build = sandbox.osbs.create_orchestrator_build(**sandbox.build_arguments(repository))
        build = sandbox.osbs.wait_for_build_to_finish(build.get_build_name())
        log = sandbox.osbs.get_build_logs(build.get_build_name()).decode("utf-8")
        assert build.is_succeeded(), log
        assert log.strip() == "a secret of True"
        assert build.get_annotations()["mine"] == "it's mine"


def test_a_misspelt_option_is_named_with_the_nearest_one():
    for start in (testing.running, testing.serving):
        with pytest.raises(TypeError, match="unknown option 'oapy'.*did you mean 'oapi'"):
            with start(oapy=False):
                pass


def test_a_reset_forgets_pushed_images(sandbox):
    sandbox.push("registry.test/forgotten")
    sandbox.reset()
    sandbox.osbs.create_image_stream("forgotten", "registry.test/forgotten")
    sandbox.osbs.import_image("forgotten")
    assert not sandbox.osbs.get_image_stream("forgotten").json()["status"].get("tags")


def test_a_reset_leaves_delays_accounts_and_the_token_as_at_the_start(sandbox):
    delays = sandbox.command("GET", "timing")
    session = requests.Session()
    session.trust_env, session.verify = False, sandbox.ca
    session.headers["Authorization"] = "Bearer " + sandbox.token
    url = sandbox.url + "api/v1/namespaces/osbs/serviceaccounts"
    accounts = sorted(each["metadata"]["name"] for each in session.get(url).json()["items"])
    assert session.delete(url + "/deployer").status_code == 200
    assert session.post(url, json={"metadata": {"name": "left"}}).status_code == 201
    secret = {"metadata": {"name": "left"}, "type": "kubernetes.io/basic-auth"}
    secrets = sandbox.url + "api/v1/namespaces/osbs/secrets"
    assert session.post(secrets, json=secret).status_code == 201
    sandbox.command("POST", "timing", {"log_wait": 77})
    sandbox.faults.expire_tokens()
    sandbox.reset()
    assert sandbox.command("GET", "timing") == delays
    assert sorted(each["metadata"]["name"] for each in session.get(url).json()["items"]) == accounts
    assert session.get(secrets + "/left").status_code == 404


def test_after_a_reset_nothing_of_running_pods_is_left():
    with testing.running(processes=True, speed=20) as sandbox:
        arguments = sandbox.build_arguments(sandbox.make_repository())
        build = sandbox.osbs.create_orchestrator_build(**arguments)
        sandbox.osbs.os.start_build(build.get_build_name().rpartition("-")[0])  # it waits
        sandbox.osbs.wait_for_build_to_get_scheduled(build.get_build_name())
        sandbox.reset()
        store = sandbox.server.store
        assert (store.list("builds"), store.list("pods"), sandbox.requests) == ([], [], [])
        assert sandbox.command("GET", "")["unfinished"] == 0


def test_the_file_of_a_pods_program_may_be_relative(tmpdir, monkeypatch):
    tmpdir.join("pod.py").write("print('mine')")
    monkeypatch.chdir(str(tmpdir))
    with testing.running(processes=[sys.executable, "pod.py"], speed=20) as sandbox:
        arguments = sandbox.build_arguments(sandbox.make_repository())
        build = sandbox.osbs.create_orchestrator_build(**arguments)
        build = sandbox.osbs.wait_for_build_to_finish(build.get_build_name())
        assert sandbox.osbs.get_build_logs(build.get_build_name()).strip() == b"mine"


@pytest.mark.parametrize("body", [{"pattern": 5}, {"pattern": ""}])
def test_a_pattern_that_is_no_text_is_refused(sandbox, body):
    with pytest.raises(ValueError, match="field 'pattern': .* is not a text"):
        sandbox.command("POST", "outcomes", body)
