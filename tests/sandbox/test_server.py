"""The Sandbox object: starting, stopping, use from a thread."""

import os
import socket
import threading

import pytest
import requests

from osbs.sandbox.api.requestinfo import RequestInfo
from osbs.sandbox.controllers.delays import Timing
from osbs.sandbox.controllers.image_registry import Registry
from osbs.sandbox.http.request_log import LoggedRequest
from osbs.sandbox.kinds.pull_spec import PullSpec, pull_spec_problem
from osbs.sandbox.server import Sandbox
from osbs.sandbox.users.oauth import parse_basic
from tests.sandbox.support import OAPI, Api, Obedient, started


def test_it_leaves_nothing_behind():
    # Which threads, not how many: one of an earlier test may be ending just now.
    before = set(threading.enumerate())
    sandbox = Sandbox().start()
    directory = os.path.dirname(sandbox.ca)
    sandbox.stop()
    assert set(threading.enumerate()) <= before
    assert not os.path.exists(directory)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(sandbox.url, timeout=5)


def test_stopping_twice_is_fine():
    sandbox = Sandbox().start()
    sandbox.stop()
    sandbox.stop()


def test_starting_twice_is_refused():
    with Sandbox() as sandbox, pytest.raises(RuntimeError):
        sandbox.start()


def test_a_port_that_is_taken_is_an_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        with pytest.raises(OSError):
            Sandbox(port=taken.getsockname()[1]).start()


def test_stopping_ends_running_pods():
    pods = Obedient()
    with started(pods) as api:
        name = api.start("x")
        pods.pod(name)
    assert pods.cancelled == [name]


def test_stopping_breaks_streams_instead_of_waiting_for_them():
    with started() as api:
        stream = api.follow("oapi/v1/watch/namespaces/osbs/builds?timeoutSeconds=60")
    stream.ended()


def test_without_tls_it_speaks_http():
    with started(tls=False) as api:
        assert api.sandbox.url.startswith("http://127.0.0.1:")
        assert api.sandbox.ca is None
        assert api.get(OAPI + "builds").status_code == 200
        with pytest.raises(RuntimeError):
            api.sandbox.administrator_certificate()


def test_an_unknown_authority_is_not_trusted():
    with started() as api, pytest.raises(requests.exceptions.SSLError):
        session = requests.Session()
        session.trust_env = False
        session.get(api.sandbox.url, timeout=5)


def test_the_certificate_is_good_for_localhost_too():
    with started() as api:
        session = requests.Session()
        session.trust_env = False
        url = api.sandbox.url.replace("127.0.0.1", "localhost")
        assert session.get(url + "version", verify=api.sandbox.ca, timeout=5).status_code == 200


def test_put_creates_and_replaces():
    with started() as api:
        first = api.sandbox.put("configmaps", {"metadata": {"name": "m"}, "data": {"a": "1"}})
        second = api.sandbox.put("configmaps", {"metadata": {"name": "m"}, "data": {"a": "2"}})
        assert second["metadata"]["uid"] == first["metadata"]["uid"]
        assert api.stored("configmaps", "m")["data"] == {"a": "2"}


def test_calls_before_the_start_say_so():
    with pytest.raises(RuntimeError, match="not running"):
        Sandbox().token_of("osbs")
    with pytest.raises(RuntimeError, match="not running"):
        Sandbox().faults.compact()


def test_projects_can_be_added():
    with started() as api:
        assert api.get("oapi/v1/namespaces/other/builds").status_code == 403
        api.sandbox.add_namespace("other")
        assert api.get("oapi/v1/namespaces/other/builds").status_code == 200
        assert api.sandbox.token_of("other/builder")


def test_secrets_of_a_service_account_hold_its_token():
    with started() as api:
        account = api.get("api/v1/namespaces/osbs/serviceaccounts/builder").json()
        assert [entry["name"].rsplit("-", 1)[0] for entry in account["secrets"]] == [
            "builder-token",
            "builder-dockercfg",
        ]


def test_two_sandboxes_are_independent():
    with started() as one, started() as two:
        one.config("x")
        assert two.get(OAPI + "buildconfigs/x").status_code == 404
        assert (
            Api(two.sandbox, None).get(OAPI + "builds", headers=one.session.headers).status_code
            == 401
        )


@pytest.mark.parametrize("arguments", [{"speed": 0}, {"delays": {"nope": 1}}])
def test_invalid_options_are_refused(arguments):
    with pytest.raises(ValueError):
        Sandbox(**arguments)


def test_speed_divides_delays_but_not_the_lifetime_of_tokens():
    timing = Timing(10.0)
    assert (timing.log_wait, timing.token_life) == (1.0, 86400.0)


@pytest.mark.parametrize(
    "method, path, query, verb, resource, name, subresource, namespace",
    [
        ("GET", "/oapi/v1/namespaces/n/builds", {}, "list", "builds", "", "", "n"),
        ("GET", "/oapi/v1/namespaces/n/builds/", {}, "list", "builds", "", "", "n"),
        ("GET", "/oapi/v1/namespaces/n/builds/b", {}, "get", "builds", "b", "", "n"),
        ("GET", "/oapi/v1/namespaces/n/builds/b/log/", {}, "get", "builds", "b", "log", "n"),
        ("GET", "/oapi/v1/watch/namespaces/n/builds/b/", {}, "watch", "builds", "b", "", "n"),
        ("GET", "/oapi/v1/namespaces/n/builds", {"watch": "true"}, "watch", "builds", "", "", "n"),
        ("DELETE", "/api/v1/namespaces/n/pods", {}, "deletecollection", "pods", "", "", "n"),
        ("PUT", "/apis/g/v1/namespaces/n/t/a%3Ab", {}, "update", "t", "a:b", "", "n"),
        ("GET", "/oapi/v1/users/~", {}, "get", "users", "~", "", ""),
        ("GET", "/oapi/v1/namespaces/n//builds/", {}, "get", "", "builds", "", "n"),
    ],
)
def test_requests_are_understood_as_kubernetes_does(
    method, path, query, verb, resource, name, subresource, namespace
):
    info = RequestInfo(method, path, query)
    assert (info.verb, info.resource, info.name, info.subresource, info.namespace) == (
        verb,
        resource,
        name,
        subresource,
        namespace,
    )


@pytest.mark.parametrize(
    "text, repository, image",
    [
        ("127.0.0.1:5000/a/b:t", "127.0.0.1:5000/a/b", "a/b:t"),
        ("localhost/a", "localhost/a", "a"),
        ("a/b", "a/b", "a/b"),
        ("a.example.com/b@sha256:" + "0" * 64, "a.example.com/b", "b"),
    ],
)
def test_pull_specifications_are_taken_apart(text, repository, image):
    assert (PullSpec(text).repository, PullSpec(text).image) == (repository, image)
    assert pull_spec_problem(text) is None


def test_pushing_a_tag_again_gives_another_digest():
    registry = Registry()
    first = registry.add("x/y").digest("latest")
    registry.push("x/y")
    assert registry.find("x/y").digest("latest") != first


def test_a_registry_knows_only_what_was_added():
    registry = Registry()
    registry.add("x/y")
    assert registry.find("x/y") is not None
    assert registry.find("x/z") is None


def test_in_an_open_ended_registry_any_repository_has_a_tag_latest():
    assert Registry(open_ended=True).find("x/z").digest("latest") is not None


@pytest.mark.parametrize(
    "header, expected",
    [
        ("Basic YTpiOmM=", ("a", "b:c")),
        ("Basic YQ==", None),
        ("Basic ***", None),
        ("", None),
        ("Bearer YTpi", None),
    ],
)
def test_basic_credentials_are_read(header, expected):
    assert parse_basic(header) == expected


def test_a_failure_of_the_sandbox_itself_is_500_and_logged(monkeypatch, caplog):
    with started() as api:
        monkeypatch.setattr(api.sandbox.store, "list", None)
        response = api.get(OAPI + "builds")
        assert (response.status_code, response.json()["reason"]) == (500, "InternalError")
    assert "failed" in caplog.text


@pytest.mark.parametrize(
    "query, expected", [("", "<GET /api/v1 -> 200>"), ("a=b", "<GET /api/v1?a=b -> 200>")]
)
def test_the_repr_of_a_logged_request_is_its_target_and_status(query, expected):
    record = LoggedRequest("GET", "/api/v1", query, 1, "agent")
    record.status = 200
    assert repr(record) == expected
