"""Legacy and group APIs, discovery, paging, malformed requests."""

import base64
import json

import pytest
import requests

from tests.sandbox.replay import build_config
from tests.sandbox.support import CORE, OAPI, Api, started

GROUP = "apis/build.openshift.io/v1/namespaces/osbs/"


def group_config(name):
    return dict(build_config(name), apiVersion="build.openshift.io/v1")


def test_objects_made_in_one_api_are_seen_in_the_other(api):
    response = api.post(GROUP + "buildconfigs", group_config("x"))
    assert (response.status_code, response.json()["apiVersion"]) == (201, "build.openshift.io/v1")
    assert response.json()["metadata"]["selfLink"] == "/" + GROUP + "buildconfigs/x"
    assert api.get(OAPI + "buildconfigs/x").json()["apiVersion"] == "v1"


def test_the_group_api_wants_its_own_api_version(api):
    response = api.post(GROUP + "buildconfigs", build_config("x"))
    assert (response.status_code, response.json()["reason"]) == (400, "BadRequest")


def test_errors_of_the_group_api_name_the_group(api):
    status = api.get(GROUP + "buildconfigs/x").json()
    assert status["message"] == 'buildconfigs.build.openshift.io "x" not found'
    assert status["details"] == {"name": "x", "group": "build.openshift.io", "kind": "buildconfigs"}


def test_a_build_request_of_the_group_api_starts_a_build(api):
    api.config("x")
    response = api.post(
        GROUP + "buildconfigs/x/instantiate",
        {"kind": "BuildRequest", "apiVersion": "build.openshift.io/v1", "metadata": {"name": "x"}},
    )
    assert (response.status_code, response.json()["apiVersion"]) == (201, "build.openshift.io/v1")


@pytest.mark.parametrize(
    "path, key",
    [
        ("oapi", "versions"),
        ("api", "versions"),
        ("apis", "groups"),
        ("oapi/v1", "resources"),
        ("api/v1", "resources"),
        ("apis/build.openshift.io", "versions"),
        ("apis/build.openshift.io/v1", "resources"),
        ("apis/image.openshift.io/v1/", "resources"),
        (".well-known/oauth-authorization-server", "authorization_endpoint"),
    ],
)
def test_discovery_responds(api, path, key):
    response = api.get(path)
    assert response.status_code == 200
    assert key in response.json()


def test_the_oauth_server_is_found_without_credentials(api):
    response = Api(api.sandbox, None).get(".well-known/oauth-authorization-server").json()
    assert response["issuer"] + "/" == api.sandbox.url
    assert response["authorization_endpoint"] == api.sandbox.url + "oauth/authorize"


def test_without_oapi_the_group_apis_are_all_there_is():
    with started(oapi=False) as api:
        assert api.get(OAPI + "builds").status_code == 403
        assert api.get("oapi/v1").status_code == 403
        assert api.get("oapi").status_code == 403
        assert api.get(GROUP + "builds").status_code == 200
        assert api.get(CORE + "pods").status_code == 200
        assert api.get("apis/user.openshift.io/v1/users/~").json()["metadata"]["name"] == "osbs"
        admin = Api(api.sandbox, None)
        admin.session.cert = api.sandbox.administrator_certificate()
        assert admin.get(OAPI + "builds").status_code == 404


def names(response):
    return [item["metadata"]["name"] for item in response["items"]]


def test_a_list_comes_in_pages_that_do_not_change_meanwhile(api):
    for number in range(5):
        api.sandbox.put("configmaps", {"metadata": {"name": "m{}".format(number)}})
    first = api.get(CORE + "configmaps?limit=2").json()
    api.sandbox.put("configmaps", {"metadata": {"name": "m25"}})
    api.delete(CORE + "configmaps/m3")
    second = api.get(
        CORE + "configmaps", params={"limit": 2, "continue": first["metadata"]["continue"]}
    ).json()
    third = api.get(
        CORE + "configmaps", params={"limit": 2, "continue": second["metadata"]["continue"]}
    ).json()
    assert names(first) + names(second) + names(third) == ["m0", "m1", "m2", "m3", "m4"]
    assert "continue" not in third["metadata"]
    assert {page["metadata"]["resourceVersion"] for page in (first, second, third)} == {
        first["metadata"]["resourceVersion"]
    }


def test_pages_over_all_projects_leave_nothing_out(api):
    # "osbs" is before "osbs-x", but "osbs/" is after "osbs-x/"
    api.sandbox.add_namespace("osbs-x")
    for namespace in ("osbs", "osbs-x"):
        metadata = {"name": "m", "namespace": namespace}
        api.sandbox.put("configmaps", {"metadata": metadata})
    certificate = api.sandbox.administrator_certificate()
    found, query = [], {"limit": 1}
    while True:
        page = requests.get(
            api.sandbox.url + "api/v1/configmaps",
            params=query,
            cert=certificate,
            verify=api.sandbox.ca,
            timeout=10,
        ).json()
        found += [item["metadata"]["namespace"] for item in page["items"]]
        if "continue" not in page["metadata"]:
            break
        query["continue"] = page["metadata"]["continue"]
    assert sorted(found) == ["osbs", "osbs-x"]


def test_a_limit_that_is_not_reached_leaves_nothing_to_continue(api):
    assert "continue" not in api.get(CORE + "configmaps?limit=500").json()["metadata"]


def test_a_page_older_than_the_history_is_410(api):
    for number in range(2):
        api.sandbox.put("configmaps", {"metadata": {"name": "m{}".format(number)}})
    page = api.get(CORE + "configmaps?limit=1").json()
    api.sandbox.put("configmaps", {"metadata": {"name": "m9"}})
    api.sandbox.faults.compact()
    response = api.get(CORE + "configmaps", params={"continue": page["metadata"]["continue"]})
    assert (response.status_code, response.json()["reason"]) == (410, "Expired")


@pytest.mark.parametrize("token", ["*", base64.b64encode(b"{}").decode("ascii"), "YQ"])
def test_a_malformed_continue_token_is_400(api, token):
    assert api.get(CORE + "configmaps", params={"continue": token}).status_code == 400


def test_pages_keep_to_the_selector(api):
    for number in range(4):
        labels = {"n": str(number % 2)}
        api.sandbox.put(
            "configmaps", {"metadata": {"name": "m{}".format(number), "labels": labels}}
        )
    query = {"limit": 1, "labelSelector": "n=1"}
    page = api.get(CORE + "configmaps", params=query).json()
    rest = api.get(
        CORE + "configmaps", params=dict(query, **{"continue": page["metadata"]["continue"]})
    ).json()
    assert names(page) + names(rest) == ["m1", "m3"]


def test_deleting_a_collection_keeps_to_the_selector(api):
    for number in range(3):
        api.sandbox.put(
            "configmaps", {"metadata": {"name": "m{}".format(number), "labels": {"n": str(number)}}}
        )
    assert names(api.delete(CORE + "configmaps?labelSelector=n%3D1").json()) == ["m1"]
    assert names(api.get(CORE + "configmaps").json()) == ["m0", "m2"]


def test_generated_names_are_made_up_and_valid(api):
    made = {
        api.post(CORE + "configmaps", {"metadata": {"generateName": "m-"}}).json()["metadata"][
            "name"
        ]
        for _ in range(3)
    }
    assert len(made) == 3
    assert all(name.startswith("m-") and len(name) == 7 for name in made)


def test_an_object_without_a_name_is_422(api):
    response = api.post(CORE + "configmaps", {})
    assert response.json()["details"]["causes"][0]["field"] == "metadata.name"


def test_a_version_in_a_new_object_is_refused(api):
    response = api.post(CORE + "configmaps", {"metadata": {"name": "m", "resourceVersion": "1"}})
    assert response.status_code == 500


def test_fields_that_the_server_sets_are_ignored_in_a_new_object(api):
    response = api.post(
        CORE + "configmaps",
        {"metadata": {"name": "m", "uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z"}},
    )
    assert response.json()["metadata"]["uid"] != "mine"
    assert not response.json()["metadata"]["creationTimestamp"].startswith("2001")


def test_a_merge_patch_changes_and_removes(api):
    api.config("x", labels={"a": "1", "b": "2"})
    response = api.session.patch(
        api.sandbox.url + OAPI + "buildconfigs/x",
        timeout=20,
        data=json.dumps({"metadata": {"labels": {"a": None, "c": "3"}}}),
        headers={"Content-Type": "application/merge-patch+json"},
    ).json()
    assert response["metadata"]["labels"] == {"b": "2", "c": "3", "koji-task-id": "123"}


def test_a_patch_of_another_type_is_415(api):
    api.config("x")
    response = api.session.patch(api.sandbox.url + OAPI + "buildconfigs/x", json={}, timeout=20)
    assert response.status_code == 415


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "nope", 403),
        ("POST", OAPI + "imagestreamimports/x", 405),
        ("POST", CORE + "pods", 405),
        ("PUT", CORE + "pods/x", 405),
        ("GET", "oapi/v1/namespaces/osbs/configmaps", 404),
        ("DELETE", "oapi/v1/users/~", 403),
    ],
)
def test_odd_requests_are_handled_as_by_the_real_server_and_logged(api, method, path, status):
    assert api.send(method, path, {}).status_code == status
    assert api.sandbox.requests[-1].path == "/" + path


IMPORT = {"metadata": {"name": "s"}, "spec": {"import": True}}
TAG = {"metadata": {"name": "s:1"}, "tag": {"from": {"kind": "DockerImage", "name": "a/b:c"}}}


@pytest.mark.parametrize(
    "method, path, body",
    [
        ("POST", "buildconfigs/x/instantiate", {"metadata": {"name": "x"}}),
        ("POST", "imagestreamimports", IMPORT),
        ("POST", "imagestreamtags", TAG),
        ("PUT", "imagestreamtags/s:1", TAG),
    ],
)
def test_a_dry_run_that_is_not_supported_is_refused_and_stores_nothing(api, method, path, body):
    api.config("x")
    assert api.send(method, OAPI + path + "?dryRun=All", body).status_code == 400
    assert (api.sandbox.store.list("builds"), api.sandbox.store.list("imagestreams")) == ([], [])


@pytest.mark.parametrize(
    "method, path, body",
    [("POST", "imagestreamimports", IMPORT), ("PUT", "imagestreamtags/s:1", TAG)],
)
def test_no_image_stream_is_made_in_a_project_that_does_not_exist(api, method, path, body):
    api.session.headers.pop("Authorization")
    api.session.cert = api.sandbox.administrator_certificate()
    response = api.send(method, "oapi/v1/namespaces/nope/" + path, body)
    assert (response.status_code, response.json()["details"]["kind"]) == (404, "namespaces")
    assert api.sandbox.store.list("imagestreams") == []


def test_requests_for_unsupported_paths_are_listed(api):
    for path in ("nope", OAPI + "frobs", OAPI + "builds/x/frob", OAPI + "builds/x", "version"):
        api.get(path)
    assert [record.path for record in api.sandbox.requests.unknown()] == [
        "/nope",
        "/" + OAPI + "frobs",
        "/" + OAPI + "builds/x/frob",
    ]


def test_large_responses_are_chunked_and_small_ones_are_not(api):
    api.sandbox.put("configmaps", {"metadata": {"name": "big"}, "data": {"k": "x" * 3000}})
    assert api.get(CORE + "configmaps/big").headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" in api.get(CORE + "configmaps/none").headers


def test_text_is_utf_8_and_html_is_escaped_as_go_does(api):
    api.sandbox.put("configmaps", {"metadata": {"name": "m"}, "data": {"k": "<ž&>"}})
    body = api.get(CORE + "configmaps/m").content
    assert "\\u003cž\\u0026\\u003e".encode("utf-8") in body


def test_connections_are_kept_alive_and_numbered(api):
    for _ in range(3):
        api.get(OAPI + "builds")
    api.as_user("osbs").get(OAPI + "builds")
    numbers = [record.connection for record in api.sandbox.requests]
    assert numbers[0] == numbers[1] == numbers[2] != numbers[3]


def test_requests_are_logged_with_user_agent_and_status(api):
    api.get(OAPI + "builds?labelSelector=a", headers={"User-Agent": "me/1"})
    record = api.sandbox.requests[-1].as_json()
    record.pop("connection")
    assert record == {
        "method": "GET",
        "path": "/" + OAPI + "builds",
        "query": "labelSelector=a",
        "user": "osbs",
        "user_agent": "me/1",
        "status": 200,
        "known": True,
    }


@pytest.mark.parametrize(
    "path, body",
    [
        (OAPI + "buildconfigs/x/instantiate", b'{"metadata": -1}'),
        (OAPI + "buildconfigs/x/instantiate", b'{"metadata": {"name": "x"}, "env": {}}'),
        (OAPI + "builds/x/clone", b'{"metadata": [{}]}'),
        (CORE + "configmaps", b'{"kind": [null], "metadata": {"name": "m"}}'),
        (CORE + "configmaps", b'{"apiVersion": {"a": 1}, "metadata": {"name": "m"}}'),
        (CORE + "configmaps", b"[" * 100000),
    ],
)
def test_a_malformed_body_is_400(api, path, body):
    api.config("x")
    response = api.send("POST", path, data=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize("body", [b'"x"', b"[]", b"[" * 100000])
def test_a_malformed_patch_is_400(api, body):
    api.config("x")
    headers = {"Content-Type": "application/merge-patch+json"}
    response = api.send("PATCH", OAPI + "buildconfigs/x", data=body, headers=headers)
    assert (response.status_code, response.json()["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize("options", [{"preconditions": []}, {"propagationPolicy": 1}, []])
def test_malformed_delete_options_are_400(api, options):
    api.config("x")
    response = api.send("DELETE", OAPI + "buildconfigs/x", options)
    assert (response.status_code, response.json()["reason"]) == (400, "BadRequest")
    assert api.stored("buildconfigs", "x") is not None


@pytest.mark.parametrize("number", ["x", "\u00b2", "9" * 20])
def test_a_malformed_limit_is_400(api, number):
    response = api.get(OAPI + "builds", params={"limit": number})
    assert (response.status_code, response.json()["reason"]) == (400, "BadRequest")


def test_a_malformed_version_is_500_as_on_a_real_master(api):
    query = {"resourceVersion": "\u00b2"}
    response = api.get("oapi/v1/watch/namespaces/osbs/builds", params=query)
    assert response.status_code == 500
    assert response.json()["message"].startswith("resourceVersion: Invalid value")


def test_an_unpaired_surrogate_becomes_a_replacement_character(api):
    body = b'{"metadata": {"name": "m"}, "data": {"a": "\\ud83d", "b": "\\ud83d\\ude00"}}'
    api.send("POST", CORE + "configmaps", data=body, headers={"Content-Type": "application/json"})
    assert api.get(CORE + "configmaps/m").json()["data"] == {"a": "\ufffd", "b": "\U0001f600"}
