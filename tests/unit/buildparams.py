"""Parameters of builds and stand-ins for what rendering reads, shared by tests."""

from __future__ import absolute_import, print_function, unicode_literals

import datetime
import json
import os
import shutil

from osbs.build.build_request import BuildRequest
from osbs.build.build_requestv2 import BuildRequestV2
from osbs.build.config_map_response import ConfigMapResponse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INPUTS = os.path.join(ROOT, "inputs")
SALT = 40417
NOW = datetime.datetime(2019, 3, 4, 5, 6, 7)
TAG = "f29-candidate-40417-20190304050607"

# The worked examples.
V2_PARAMS = {
    "git_uri": "https://git.example.org/containers/rsync.git",
    "git_ref": "f29",
    "git_branch": "f29",
    "user": "kdreyer",
    "component": "rsync-container",
    "base_image": "registry.example.org/f29/s2i-base",
    "name_label": "f29/rsync",
    "koji_target": "f29-candidate",
    "build_from": "imagestream:buildroot:stable",
    "build_type": "orchestrator",
    "platforms": ["x86_64", "aarch64"],
    "koji_task_id": 88,
    "reactor_config_map": "rcm",
}
V1_PARAMS = {
    "git_uri": V2_PARAMS["git_uri"],
    "git_ref": "f29",
    "git_branch": "f29",
    "user": "kdreyer",
    "component": "rsync-container",
    "base_image": "registry.example.org/f29/s2i-base",
    "name_label": "f29/rsync",
    "koji_target": "f29-candidate",
    "kojihub": "https://koji.example.org/hub",
    "kojiroot": "https://koji.example.org/root",
    "builder_openshift_url": "https://172.30.0.1/",
    "openshift_uri": "https://openshift.example.org/",
    "use_auth": True,
    "build_from": "image:buildroot:stable",
    "registry_uris": ["https://push.example.org/v2"],
    "registry_api_versions": ["v2"],
}


class ReactorConfigApi(object):
    """The one method of OSBS that rendering calls; counts its calls."""

    def __init__(self, config_yaml="required_secrets: [kojisecret]\nworker_token_secrets: [tok]"):
        self.config_yaml = config_yaml
        self.asked = []

    def get_config_map(self, name):
        self.asked.append(name)
        return ConfigMapResponse({"data": {"config.yaml": self.config_yaml}})


class Parser(object):
    def __init__(self, **labels):
        self.labels = labels


class RepoConfig(object):
    """The part of RepoConfiguration that rendering reads."""

    def __init__(self, autorebuild):
        self.container = {}
        self.autorebuild = autorebuild

    def is_autorebuild_enabled(self):
        return self.autorebuild


class Tags(object):
    def __init__(self, tags=(), from_container_yaml=False):
        self.tags = list(tags)
        self.from_container_yaml = from_container_yaml


class Repo(object):
    """The part of RepoInfo that rendering reads."""

    def __init__(self, autorebuild=False, tags=None, labels=None, dockerfile=True):
        self.dockerfile_parser = Parser(**(labels or {})) if dockerfile else None
        self.configuration = RepoConfig(autorebuild)
        self.additional_tags = tags or Tags()


def v2_request(outer="orchestrator.json", customize="orchestrator_customize.json", **changes):
    """Return a BuildRequestV2 with the parameters of the worked example and some changes."""
    params = dict(V2_PARAMS, osbs_api=ReactorConfigApi())
    params.update(changes)
    request = BuildRequestV2(INPUTS, outer_template=outer, customize_conf=customize)
    request.set_params(**params)
    return request


def v1_request(inner=None, outer=None, directory=INPUTS, **changes):
    """Return a BuildRequest with the parameters of the worked example and some changes."""
    request = BuildRequest(directory, inner_template=inner, outer_template=outer)
    request.set_params(**dict(V1_PARAMS, **changes))
    return request


def environment(build_json):
    """Return the environment of a rendered build: name -> variable."""
    env = build_json["spec"]["strategy"]["customStrategy"]["env"]
    assert len({variable["name"] for variable in env}) == len(env)
    return {variable["name"]: variable for variable in env}


def user_params_of(build_json):
    """Return the decoded USER_PARAMS of a rendered build."""
    return json.loads(environment(build_json)["USER_PARAMS"]["value"])


def plugins_of(build_json):
    """Return the decoded plugins that a build of an older arrangement carries."""
    return json.loads(environment(build_json)["ATOMIC_REACTOR_PLUGINS"]["value"])


def names(plugins, phase):
    """Return the names of the plugins of a phase, in order."""
    return [plugin["name"] for plugin in plugins.get(phase, [])]


def plugin_args(plugins, phase, name):
    """Return the arguments of a plugin, None without any; fails when there is no such plugin."""
    found = [plugin for plugin in plugins[phase] if plugin["name"] == name]
    assert len(found) == 1, (phase, name, names(plugins, phase))
    return found[0].get("args")


def secret_names(build_json):
    """Return the names of the secrets that a rendered build mounts, in order."""
    secrets = build_json["spec"]["strategy"]["customStrategy"].get("secrets", [])
    return [secret["secretSource"]["name"] for secret in secrets]


def copy_inputs(directory):
    """Copy the templates to a directory (py.path) and return its path."""
    for name in os.listdir(INPUTS):
        shutil.copy(os.path.join(INPUTS, name), str(directory))
    return str(directory)


def rewrite(path, change):
    """Change a JSON file in place.

    :param change: function that changes the parsed content
    """
    with open(path) as source:
        content = json.load(source)
    change(content)
    with open(path, "w") as target:
        json.dump(content, target)
