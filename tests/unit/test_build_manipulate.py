"""DockJsonManipulator."""

from __future__ import absolute_import, print_function, unicode_literals

import json

import pytest

from osbs.build.manipulate import DockJsonManipulator


def build_with(env):
    return {"spec": {"strategy": {"customStrategy": {"env": env}}}}


def plugins():
    return {
        "prebuild_plugins": [
            {"name": "a", "args": {"key1": {"a": "1", "b": "2"}, "key2": "b"}},
            {"name": "bare"},
            {"no name": True},
            {"name": "a", "args": {}},
        ],
        "client_version": "1",
    }


@pytest.fixture
def dj():
    return DockJsonManipulator(None, plugins())


def test_dock_json_is_read_from_the_environment():
    env = [{"name": "x", "value": "1"}, {"name": "ATOMIC_REACTOR_PLUGINS", "value": '{"a": 1}'}]
    assert DockJsonManipulator(build_with(env), None).get_dock_json() == {"a": 1}


@pytest.mark.parametrize("env", [None, [], [{"name": "x", "value": "1"}]])
@pytest.mark.parametrize("method", ["get_dock_json", "write_dock_json"])
def test_build_without_the_variable_is_a_runtime_error(env, method):
    with pytest.raises(RuntimeError):
        getattr(DockJsonManipulator(build_with(env), {}), method)()


def test_dock_json_is_written_as_json():
    variable = {"name": "ATOMIC_REACTOR_PLUGINS", "value": "TBD"}
    DockJsonManipulator(build_with([variable]), {"a": 1}).write_dock_json()
    assert json.loads(variable["value"]) == {"a": 1}


def test_plugin_is_found_live(dj):
    dj.dock_json_get_plugin_conf("prebuild_plugins", "bare")["x"] = 1
    assert dj.dock_json["prebuild_plugins"][1]["x"] == 1


@pytest.mark.parametrize(
    "phase, name, error", [("nope", "a", KeyError), ("prebuild_plugins", "nope", IndexError)]
)
def test_missing_plugin_or_phase_is_told_apart(dj, phase, name, error):
    with pytest.raises(error):
        dj.dock_json_get_plugin_conf(phase, name)
    with pytest.raises(RuntimeError):
        dj._dock_json_get_plugin_conf_or_fail(phase, name)
    assert not dj.dock_json_has_plugin_conf(phase, name)


def test_key_that_is_no_phase_has_no_plugins(dj):
    assert not dj.dock_json_has_plugin_conf("client_version", "1")
    with pytest.raises(KeyError):
        dj.add_plugin("client_version", "x", {})


def test_only_the_first_plugin_of_a_name_is_removed(dj):
    dj.remove_plugin("prebuild_plugins", "a")
    assert [plugin.get("name") for plugin in dj.dock_json["prebuild_plugins"]] == [
        "bare",
        None,
        "a",
    ]


def test_removing_a_missing_plugin_does_nothing(dj):
    dj.remove_plugin("prebuild_plugins", "nope")
    assert dj.dock_json == plugins()


def test_removing_from_a_missing_phase_is_a_key_error(dj):
    with pytest.raises(KeyError):
        dj.remove_plugin("nope", "a")


def test_adding_a_known_plugin_replaces_all_arguments(dj):
    dj.add_plugin("prebuild_plugins", "a", {"new": 1})
    args = [p["args"] for p in dj.dock_json["prebuild_plugins"] if p.get("name") == "a"]
    assert args == [{"new": 1}, {"new": 1}]


def test_adding_a_new_plugin_appends_it(dj):
    dj.add_plugin("prebuild_plugins", "z", {"new": 1})
    assert dj.dock_json["prebuild_plugins"][-1] == {"name": "z", "args": {"new": 1}}


def test_param_is_set_at_the_top(dj):
    dj.dock_json_set_param("prebuild_plugins", [])
    assert dj.dock_json["prebuild_plugins"] == []


def test_argument_is_set_where_there_were_none(dj):
    dj.dock_json_set_arg("prebuild_plugins", "bare", "k", "v")
    assert dj.dock_json["prebuild_plugins"][1]["args"] == {"k": "v"}


@pytest.mark.parametrize(
    "key, merged",
    [
        ("key1", {"a": "3", "b": "2", "z": "9"}),
        ("key2", {"a": "3", "z": "9"}),
        ("key3", {"a": "3", "z": "9"}),
    ],
)
def test_argument_is_merged(dj, key, merged):
    dj.dock_json_merge_arg("prebuild_plugins", "a", key, {"a": "3", "z": "9"})
    assert dj.dock_json["prebuild_plugins"][0]["args"][key] == merged


def test_merging_does_not_change_what_was_there(dj):
    before = dj.dock_json["prebuild_plugins"][0]["args"]["key1"]
    dj.dock_json_merge_arg("prebuild_plugins", "a", "key1", {"a": "3"})
    assert before == {"a": "1", "b": "2"}


def test_merging_into_a_plugin_without_arguments_is_a_key_error(dj):
    with pytest.raises(KeyError):
        dj.dock_json_merge_arg("prebuild_plugins", "bare", "k", {})
