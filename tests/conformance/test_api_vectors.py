"""Whole builds through the facade send what the reference sent (api.jsonl)."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import json
import os
import subprocess

import pytest

from osbs.api import OSBS
from osbs.conf import Configuration
from osbs._rest import endpoints
from tests.conformance.normal import DATA, INPUTS, ROOT, normal, vectors
from tests.conformance.recorder import Recorder

VECTORS = vectors("api.jsonl")
GIT_IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


def make_repository(path, files, branches):
    os.makedirs(path)
    environment = dict(os.environ, **GIT_IDENTITY)

    def git(*args):
        subprocess.check_output(
            ("git", "-C", path) + args, env=environment, stderr=subprocess.STDOUT
        )

    git("init", "-q")
    for name, content in files.items():
        with io.open(os.path.join(path, name), "w", encoding="utf-8") as target:
            target.write(content)
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", "c")
    git("branch", "-M", branches[0])
    for branch in branches[1:]:
        git("branch", branch)


@pytest.fixture(scope="module")
def repositories(tmpdir_factory):
    top = str(tmpdir_factory.mktemp("repos"))
    with io.open(os.path.join(DATA, "repos.json"), encoding="utf-8") as recorded:
        repos = json.load(recorded)
    made = set()

    def path_of(name):
        path = os.path.join(top, name)
        if name not in made:
            made.add(name)
            make_repository(path, repos["files"][name], repos["branches"])
        return path

    path_of.top = top
    return path_of


def run(vector, repositories, home, openshift_api="oapi"):
    """Make the recorded call; return what was written, answered and raised."""
    call = dict(vector["call"])
    if call.get("git_uri", "").startswith("REPOS/"):
        call["git_uri"] = repositories(call["git_uri"][len("REPOS/") :])
    config_path = os.path.join(home, "osbs.conf")
    with Recorder(vector["objects"]) as recorder:
        with io.open(config_path, "w", encoding="utf-8") as config:
            config.write(vector["ini"].replace("URL", recorder.url))
        conf = Configuration(
            conf_file=config_path, build_json_dir=INPUTS, openshift_api=openshift_api
        )
        osbs = OSBS(conf, conf)
        osbs.os.retries_enabled = False
        got = {}
        try:
            response = getattr(osbs, vector["method"])(**call)
        except Exception as ex:  # the class is what is compared
            got["error"] = type(ex).__name__
            got["result"] = None
        else:
            got["result"] = {"response": response.json}
        got["writes"] = [without_request_id(write) for write in recorder.writes]
        return normal(got, [(recorder.url, "URL"), (repositories.top, "REPOS"), (ROOT, "ROOT")])


def without_request_id(write):
    # By this random id a Build is found when the response to its instantiate is lost. The reference
    # sent none, and could start a build twice.
    if not write["path"].endswith("/instantiate"):
        return write
    metadata = dict(write["body"]["metadata"])
    assert list(metadata.pop("annotations")) == [endpoints.REQUEST_ID]
    return dict(write, body=dict(write["body"], metadata=metadata))


def without_repository_tags(result):
    # We add these two to USER_PARAMS, 0.47 loses them; they are out of the vectors on both sides.
    if isinstance(result, dict):
        return {
            key: without_repository_tags(value)
            for key, value in result.items()
            if key not in ("additional_tags", "tags_from_yaml")
        }
    if isinstance(result, list):
        return [without_repository_tags(item) for item in result]
    return result


@pytest.fixture(autouse=True)
def empty_home(tmpdir, monkeypatch):
    home = tmpdir.mkdir("home")
    monkeypatch.setenv(str("HOME"), str(home))
    return str(home)


@pytest.mark.parametrize("vector", VECTORS, ids=[v["id"] for v in VECTORS])
def test_build_sends_and_returns_what_the_reference_did(vector, repositories, empty_home):
    expected = normal(vector["expect"])
    got = without_repository_tags(run(vector, repositories, empty_home))
    assert got.get("error") == expected.get("error")
    assert got["writes"] == expected["writes"]
    assert got["result"] == expected["result"]


GROUPS = {
    "builds": "build.openshift.io",
    "buildconfigs": "build.openshift.io",
    "imagestreams": "image.openshift.io",
    "imagestreamtags": "image.openshift.io",
}


def translated(expected):
    """Return recorded answers as OpenShift 4 knows them: paths and apiVersion of the groups."""
    translation = dict(expected, writes=[translated_write(w) for w in expected["writes"]])
    return json.loads(json.dumps(translation))


def translated_write(write):
    parts = write["path"].split("/")
    resource = parts[5]
    if parts[1] != "oapi" or resource not in GROUPS:
        return write
    path = "/apis/%s/%s" % (GROUPS[resource], "/".join(parts[2:]))
    body = write["body"]
    if isinstance(body, dict):
        body = dict(body, apiVersion="%s/v1" % GROUPS[resource])
    return dict(write, path=path, body=body)


def without_api_version(result):
    # The recorder answers with objects as they were posted.
    if result is None:
        return None
    response = dict(result["response"])
    response.pop("apiVersion", None)
    return response


# One of three unless slow tests are asked for: the paths are all that differs.
ON_GROUPS = [
    pytest.param(vector, id=vector["id"], marks=[pytest.mark.slow] if number % 3 else [])
    for number, vector in enumerate(VECTORS)
]


@pytest.mark.parametrize("vector", ON_GROUPS)
def test_build_on_api_groups_differs_only_in_paths_and_versions(vector, repositories, empty_home):
    expected = translated(normal(dict(vector["expect"])))
    got = without_repository_tags(run(vector, repositories, empty_home, openshift_api="apis"))
    assert got.get("error") == expected.get("error")
    assert got["writes"] == expected["writes"]
    assert without_api_version(got["result"]) == without_api_version(expected["result"])
