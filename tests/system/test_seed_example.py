"""A real installation's configuration and call give the BuildConfig that OpenShift held there."""

from __future__ import absolute_import, print_function, unicode_literals

import copy
import io
import json
import os

import pytest
import yaml
from flexmock import flexmock

from osbs import utils
from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.repo_utils import RepoInfo
from tests.conformance.normal import INPUTS, normal
from tests.conformance.recorder import Recorder

SEED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seed-example")
SECRETS = ["client-config-secret", "kojisecret", "v2-registry-dockercfg"]
# Filled in by the server, or by the server side of a build.
BY_SERVER = {
    "metadata": ["creationTimestamp", "namespace", "resourceVersion", "selfLink", "uid"],
    "spec": ["nodeSelector", "postCommit", "resources", "runPolicy", "triggers"],
}


def read(name):
    with io.open(os.path.join(SEED, name), encoding="utf-8") as seed:
        return seed.read()


class Dockerfile(object):
    labels = {
        "name": "lucarval/docker-hello-world",
        "com.redhat.component": "docker-hello-world",
        "version": "1",
    }
    baseimage = "fedora:latest"


class Container(object):
    container = {}

    def is_autorebuild_enabled(self):
        return False


@pytest.fixture
def sent(tmpdir, monkeypatch):
    monkeypatch.setenv(str("HOME"), str(tmpdir))
    reactor_config = yaml.safe_dump({"version": 1, "required_secrets": SECRETS})
    config_map = {
        "kind": "ConfigMap",
        "metadata": {"name": "reactor-config-map"},
        "data": {"config.yaml": reactor_config},
    }
    # The repository of the installation is not to be had here.
    flexmock(utils).should_receive("get_repo_info").and_return(RepoInfo(Dockerfile(), Container()))
    with Recorder({"configmaps": [config_map]}) as recorder:
        conf = Configuration(conf_file=os.path.join(SEED, "osbs.conf"), openshift_url=recorder.url)
        # The configuration names /usr/share/osbs/, which need not exist here.
        flexmock(conf).should_receive("get_build_json_store").and_return(INPUTS)
        call = json.loads(read("orchestrator_build_args.json"))
        OSBS(conf, conf).create_orchestrator_build(**call)
        created, _ = recorder.writes
    return created["body"]


def expected():
    held = copy.deepcopy(yaml.safe_load(read("buildconfig.yaml")))
    held.pop("status")
    for part, keys in BY_SERVER.items():
        for key in keys:
            held[part].pop(key, None)
    return held


def test_client_sends_what_the_real_server_held_but_for_task_tag_and_autorebuild(sent):
    got, held = normal(sent), normal(expected())
    for config in (got, held):
        assert config["metadata"]["labels"].pop("koji-task-id") in ("4", "6")
        assert config["metadata"]["labels"].pop("is_autorebuild") in ("true", "false")
        for entry in config["spec"]["strategy"]["customStrategy"]["env"]:
            if entry["name"] == "USER_PARAMS":
                assert entry["value"].pop("koji_task_id") in (4, 6)
    assert got == held
