"""The sandbox works with curl alone."""

import json
import shutil
import subprocess

import pytest

from tests.sandbox.replay import build_config
from tests.sandbox.support import OAPI

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")

AUTHORIZE = "oauth/authorize?response_type=token&client_id=openshift-challenging-client"


def curl(api, path, *arguments):
    """Return the output of curl."""
    return subprocess.run(
        [
            "curl",
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--cacert",
            api.sandbox.ca,
            "--max-time",
            "20",
        ]
        + list(arguments)
        + [api.sandbox.url + path],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.decode("utf-8")


@pytest.fixture
def bearer(api):
    """Arguments for curl with a token that curl itself fetched by basic authentication."""
    headers = curl(
        api, AUTHORIZE, "--head", "--request", "GET", "--user", "osbs:" + api.sandbox.password
    )
    location = next(line for line in headers.splitlines() if line.startswith("Location: "))
    token = location.partition("#access_token=")[2].partition("&")[0]
    return ["--header", "Authorization: Bearer " + token]


def test_a_token_of_basic_authentication_names_the_user(api, bearer):
    assert json.loads(curl(api, "oapi/v1/users/~", *bearer))["metadata"]["name"] == "osbs"


def test_a_build_is_made_listed_watched_and_its_log_read(api, pods, bearer):
    post = bearer + ["--header", "Content-Type: application/json", "--data"]
    made = curl(api, OAPI + "buildconfigs", *(post + [json.dumps(build_config("x"))]))
    assert json.loads(made)["metadata"]["name"] == "x"
    request = json.dumps({"kind": "BuildRequest", "apiVersion": "v1", "metadata": {"name": "x"}})
    curl(api, OAPI + "buildconfigs/x/instantiate", *(post + [request]))
    pods.say("x-1", "hello\n")
    pods.finish("x-1")
    api.wait_phase("x-1", "Complete")
    listed = json.loads(curl(api, OAPI + "builds?labelSelector=buildconfig%3Dx", *bearer))
    assert [item["status"]["phase"] for item in listed["items"]] == ["Complete"]
    events = curl(api, "oapi/v1/watch/namespaces/osbs/builds/x-1?timeoutSeconds=1", *bearer)
    assert [json.loads(line)["type"] for line in events.splitlines()] == ["ADDED"]
    assert curl(api, OAPI + "builds/x-1/log?follow=1", *bearer) == "hello\n"


def test_without_credentials_curl_is_anonymous(api):
    status = json.loads(curl(api, OAPI + "builds"))
    assert (status["code"], "system:anonymous" in status["message"]) == (403, True)


def test_a_client_certificate_works(api):
    certificate, key = api.sandbox.administrator_certificate()
    user = json.loads(curl(api, "oapi/v1/users/~", "--cert", certificate, "--key", key))
    assert user["metadata"]["name"] == "system:admin"
