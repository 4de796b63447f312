"""Whatever the parameters, configurations and files: rendering gives JSON or an OsbsException."""

from __future__ import absolute_import, print_function, unicode_literals

import copy
import io
import json
import os
import shutil
import tempfile

import pytest
import six
from hypothesis import assume, example, given
from hypothesis import strategies as st

from osbs import _schemas
from osbs.build.build_request import BuildRequest
from osbs.build.plugins_configuration import PluginsConfiguration
from osbs.build.user_params import BuildUserParams
from osbs.exceptions import OsbsException, OsbsValidationException
from tests.unit.buildparams import INPUTS, V1_PARAMS, ReactorConfigApi, Repo, Tags, v2_request

PHASES = (
    "prebuild_plugins buildstep_plugins prepublish_plugins postbuild_plugins exit_plugins".split()
)
NAMES = sorted(BuildUserParams().convert_dict) + ["additional_tags", "tags_from_yaml", "unknown"]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda values: st.lists(values, max_size=3)
    | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=10,
)
word = st.text("abcXYZ019-_./: \u011b\U0001f600", max_size=12)
flag = st.none() | st.booleans()


def subsets(choices):
    """Make dicts that have some of the keys, each with a value of its strategy."""
    pairs = st.one_of([st.tuples(st.just(key), values) for key, values in sorted(choices.items())])
    return st.lists(pairs, max_size=len(choices)).map(dict)


VALID_USER_PARAMS = {
    "user": word,
    "component": word,
    "git_ref": word,
    "git_branch": st.none() | word,
    "image_tag": word,
    "base_image": st.none() | st.sampled_from(["koji/image-build", "fedora:28", ""]),
    "flatpak_base_image": st.none() | word,
    "build_image": st.none() | word,
    "build_imagestream": st.none() | word,
    "koji_target": st.none() | word,
    "koji_parent_build": st.none() | word,
    "imagestream_name": st.none() | word,
    "release": st.none() | word | st.integers(),
    "yum_repourls": st.none() | st.lists(word, max_size=2),
    "additional_tags": st.none() | st.lists(word, max_size=3),
    "compose_ids": st.none() | st.lists(st.integers(), max_size=2),
    "platforms": anything,
    "reactor_config_map": anything,
    "reactor_config_override": anything,
    "koji_task_id": st.none() | st.integers(),
    "flatpak": flag,
    "isolated": flag,
    "scratch": flag,
    "tags_from_yaml": flag,
}
ENOUGH = {
    "build_json_dir": INPUTS,
    "git_uri": "u",
    "git_ref": "r",
    "user": "u",
    "image_tag": "u/c:t",
    "name": "n",
}
SHARED_REQUEST_PARAMS = {
    "component": word,
    "user": word,
    "git_branch": st.none() | word,
    "git_ref": word,
    "koji_target": st.none() | word,
    "koji_task_id": st.none() | st.integers(),
    "koji_parent_build": st.none() | word,
    "platform": st.none() | word,
    "platforms": st.none() | st.lists(word, max_size=2),
    "release": st.none() | word | st.sampled_from(["1.0", "1.0.x"]),
    "scratch": flag,
    "isolated": flag,
    "is_auto": flag,
    "flatpak": flag,
    "flatpak_base_image": st.none() | word,
    "yum_repourls": st.none() | word | st.lists(word, max_size=2),
    "compose_ids": st.none() | st.integers() | st.lists(st.integers(), max_size=2),
    "signing_intent": st.none() | word,
    "base_image": st.none() | st.sampled_from(["koji/image-build", "r.example.org/fedora:28"]),
    "name_label": st.none() | word,
    "build_image": st.none() | word,
    "build_from": st.none() | word | st.sampled_from(["image:a", "imagestream:a:b"]),
    "reactor_config_override": anything,
    "filesystem_koji_task_id": st.none() | st.integers(),
}
V1_ONLY_PARAMS = {
    "kojihub": st.none() | word,
    "kojiroot": st.none() | word,
    "use_auth": flag,
    "registry_uris": st.lists(
        st.sampled_from(["a/v1", "https://b/v2", "http://c", ""]), max_size=3
    ),
    "registry_secrets": st.lists(word, max_size=3),
    "registry_api_versions": st.none() | st.lists(st.sampled_from(["v1", "v2"]), max_size=2),
    "source_registry_uri": st.none() | st.sampled_from(["https://b", "src"]),
    "pulp_registry": st.none() | word,
    "pulp_secret": st.none() | word,
    "koji_certs_secret": st.none() | word,
    "client_config_secret": st.none() | word,
    "token_secrets": st.none() | st.dictionaries(word, st.none() | word, max_size=2),
    "odcs_url": st.none() | word,
    "odcs_insecure": flag,
    "smtp_host": st.none() | word,
    "smtp_from": st.none() | word,
    "smtp_additional_addresses": st.none() | word | st.lists(word, max_size=2),
    "equal_labels": st.none() | st.lists(st.lists(word, max_size=2), max_size=2),
    "prefer_schema1_digest": flag,
    "arrangement_version": st.none() | st.integers(1, 5),
    "build_type": st.none() | st.sampled_from(["worker", "orchestrator"]),
    "vendor": st.none() | word,
}
tags = st.builds(Tags, st.lists(word, max_size=3), st.booleans())
V1_TEMPLATES = [(None, None)] + [
    ("%s_inner:%d.json" % (build_type, version), "%s.json" % build_type)
    for build_type in ("worker", "orchestrator")
    for version in range(1, 6)
]


def render_user_params(values):
    params = BuildUserParams()
    params.from_json(json.dumps(values))
    return PluginsConfiguration(params).render()


@pytest.fixture(scope="module")
def directory():
    """A directory of templates whose customize file tests may overwrite."""
    path = tempfile.mkdtemp()
    for name in os.listdir(INPUTS):
        shutil.copy(os.path.join(INPUTS, name), path)
    yield path
    shutil.rmtree(path)


@given(st.text() | st.binary() | anything.map(json.dumps))
def test_hostile_user_params_are_taken_or_refused(text):
    try:
        BuildUserParams().from_json(text)
    except OsbsValidationException as ex:
        assert ex.message.startswith(("USER_PARAMS", "Build ID"))


@example({"arrangement_version": 1})
@given(st.dictionaries(st.sampled_from(NAMES), anything, max_size=6))
def test_user_params_of_any_type_render_or_are_refused(values):
    try:
        rendered = render_user_params(dict(dict(ENOUGH, build_type="orchestrator"), **values))
    except OsbsException as ex:
        assert "\n" not in ex.message
    else:
        # Templates of older arrangements carry the version as well.
        assert set(json.loads(rendered)) <= set(PHASES) | {"client_version"}


@given(subsets(VALID_USER_PARAMS), st.sampled_from(["worker", "orchestrator"]))
def test_user_params_of_the_right_type_render(values, build_type):
    values = dict(dict(ENOUGH, build_type=build_type), **values)
    assume(values["image_tag"])
    rendered = json.loads(render_user_params(values))
    assert set(rendered) <= set(PHASES)
    for phase in rendered:
        names = [plugin["name"] for plugin in rendered[phase]]
        assert len(names) == len(set(names))


@given(subsets(VALID_USER_PARAMS))
def test_user_params_survive_a_round_trip(values):
    first, second = BuildUserParams(), BuildUserParams()
    values = dict(ENOUGH, **values)
    # What is empty is left out, and then means the default on the other side.
    assume(values["git_ref"])
    first.from_json(json.dumps(values))
    text = first.to_json()
    second.from_json(text)
    assert second.to_json() == text


@given(subsets(VALID_USER_PARAMS), st.sampled_from(["worker", "orchestrator"]))
def test_second_rendering_in_the_pod_is_equal(values, build_type):
    params = BuildUserParams()
    params.from_json(json.dumps(dict(dict(ENOUGH, build_type=build_type), **values)))
    assume(params.image_tag.value)
    plugins = PluginsConfiguration(params)
    assert plugins.render() == plugins.render()


@given(subsets(SHARED_REQUEST_PARAMS), st.none() | tags)
def test_any_build_of_arrangement_6_renders_twice_alike_or_is_refused(changes, repo_tags):
    before = copy.deepcopy(changes)
    try:
        request = v2_request(**changes)
        request.set_repo_info(Repo(autorebuild=True, tags=repo_tags))
        first = copy.deepcopy(request.render())
        assert request.render() == first
        json.dumps(first)
    except OsbsException:
        pass
    assert changes == before


def with_plugins(rendered):
    """Return a copy of a BuildConfig; Python 2 has no order of keys in the text of plugins."""
    rendered = copy.deepcopy(rendered)
    if six.PY2:
        for variable in rendered["spec"]["strategy"]["customStrategy"]["env"]:
            if variable["name"] == "ATOMIC_REACTOR_PLUGINS":
                variable["value"] = json.loads(variable["value"])
    return rendered


@given(
    subsets(dict(SHARED_REQUEST_PARAMS, **V1_ONLY_PARAMS)),
    st.sampled_from(V1_TEMPLATES),
    st.none() | tags,
)
def test_any_older_build_renders_twice_alike_or_is_refused(changes, templates, repo_tags):
    before = copy.deepcopy(changes)
    request = BuildRequest(INPUTS, inner_template=templates[0], outer_template=templates[1])
    try:
        request.set_params(**dict(V1_PARAMS, **changes))
        request.set_repo_info(Repo(autorebuild=True, tags=repo_tags))
        first = with_plugins(request.render())
        assert with_plugins(request.render()) == first
    except OsbsException:
        pass
    assert changes == before


@given(st.text() | anything.map(json.dumps))
def test_hostile_reactor_config_is_used_or_refused(text):
    request = v2_request(osbs_api=ReactorConfigApi(text))
    try:
        request.render()
    except OsbsValidationException as ex:
        assert ex.message.startswith("config.yaml of config map rcm: ")


plugin_entry = anything | st.fixed_dictionaries(
    {
        "plugin_type": st.sampled_from(PHASES + ["nope"]) | anything,
        "plugin_name": st.sampled_from(["koji", "squash", "new"]) | anything,
        "plugin_args": anything | st.dictionaries(word, anything, max_size=2),
    }
)
customisations = anything | st.fixed_dictionaries(
    {
        "disable_plugins": anything | st.lists(plugin_entry, max_size=4),
        "enable_plugins": anything | st.lists(plugin_entry, max_size=4),
    }
)


@given(st.binary() | customisations.map(lambda value: json.dumps(value).encode("utf-8")))
def test_hostile_customize_file_is_used_or_refused_by_name(directory, content):
    path = os.path.join(directory, "site.json")
    with io.open(path, "wb") as target:
        target.write(content)
    values = dict(ENOUGH, build_json_dir=directory, build_type="worker", customize_conf="site.json")
    try:
        rendered = json.loads(render_user_params(values))
    except OsbsValidationException as ex:
        assert ex.message.startswith(path)
    else:
        assert set(rendered) <= set(PHASES)


@given(st.sampled_from(["container", "customize", "reactor_config", "user_params"]), anything)
def test_schema_accepts_or_explains_in_one_short_line(schema, document):
    try:
        _schemas.validate(document, schema, "where")
    except OsbsValidationException as ex:
        assert ex.message.startswith("where: ")
        assert "\n" not in ex.message
        assert len(ex.message) < 400
