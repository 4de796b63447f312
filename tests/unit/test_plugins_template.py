"""PluginsTemplate."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import os

import pytest

from osbs.build.plugins_configuration import PluginsTemplate
from osbs.exceptions import OsbsException, OsbsValidationException
from tests.unit.buildparams import INPUTS

PRE = "prebuild_plugins"


@pytest.fixture
def pt(tmpdir):
    plugins = {PRE: [{"name": "a", "args": {"k": 1}, "required": False}, {"name": "b"}, {}]}
    tmpdir.join("t.json").write(json.dumps(plugins))
    return PluginsTemplate(str(tmpdir), "t.json", "c.json")


def test_nothing_is_read_before_it_is_asked_for():
    assert PluginsTemplate("/nowhere", "t", "c")._template is None


def test_template_that_cannot_be_opened_is_named(tmpdir):
    template = PluginsTemplate(str(tmpdir), "orchestrator_inner:7.json", "c.json")
    with pytest.raises(OsbsException) as exc_info:
        template.template
    assert "Can't open template" in exc_info.value.message
    assert "inner:7" in exc_info.value.message


def test_template_that_is_not_json_is_a_value_error(tmpdir):
    tmpdir.join("t.json").write("{")
    with pytest.raises(ValueError):
        PluginsTemplate(str(tmpdir), "t.json", "c.json").template


def test_template_is_the_same_object_each_time(pt):
    assert pt.template is pt.template


def test_missing_customize_file_is_no_customisation(pt):
    assert pt.customize_conf == {}


def test_customize_file_that_is_a_pipe_is_refused_without_waiting(tmpdir):
    os.mkfifo(str(tmpdir.join("c.json")))
    with pytest.raises(OsbsValidationException) as exc_info:
        PluginsTemplate(str(tmpdir), "t.json", "c.json").customize_conf
    assert exc_info.value.message.endswith("c.json: is not a regular file")


def test_customize_file_that_is_too_large_is_refused(tmpdir):
    tmpdir.join("c.json").write("{}" + " " * 1024 * 1024)
    with pytest.raises(OsbsValidationException) as exc_info:
        PluginsTemplate(str(tmpdir), "t.json", "c.json").customize_conf
    assert exc_info.value.message.endswith("c.json: is larger than 1048576 bytes")


def test_customize_file_may_be_a_link(tmpdir):
    # As in a mounted config map.
    tmpdir.join("real").write('{"enable_plugins": []}')
    tmpdir.join("c.json").mksymlinkto("real")
    template = PluginsTemplate(str(tmpdir), "t.json", "c.json")
    assert template.customize_conf == {"enable_plugins": []}


def test_customize_conf_is_the_same_object_each_time():
    template = PluginsTemplate(INPUTS, "t.json", "worker_customize.json")
    template.customize_conf["enable_plugins"].append(1)
    assert template.customize_conf["enable_plugins"] == [1]


def test_customize_conf_of_another_object_is_not_touched():
    PluginsTemplate(INPUTS, "t", "worker_customize.json").customize_conf["enable_plugins"].append(1)
    other = PluginsTemplate(INPUTS, "t", "worker_customize.json")
    assert other.customize_conf == {"enable_plugins": [], "disable_plugins": []}


@pytest.mark.parametrize(
    "content, message",
    [
        ("{", "not valid JSON"),
        ("[" * 100000, "not valid JSON"),
        ("\xff", "not valid JSON"),
        ("[]", "top level: found a list, expected an object"),
        ('{"enable_plugins": {}}', "enable_plugins: found an object, expected a list"),
        ('{"disable_plugins": null}', "disable_plugins: found null, expected a list"),
    ],
)
def test_customize_file_of_the_wrong_shape_is_refused_by_name(tmpdir, content, message):
    path = tmpdir.join("c.json")
    path.write(content.encode("latin-1"), mode="wb")
    with pytest.raises(OsbsValidationException) as exc_info:
        PluginsTemplate(str(tmpdir), "t.json", "c.json").customize_conf
    assert exc_info.value.message.startswith("%s: %s" % (path, message))


def test_removing_logs_the_reason(pt, caplog):
    with caplog.at_level(logging.INFO, logger="osbs"):
        pt.remove_plugin(PRE, "a", "because")
    assert "Removing prebuild_plugins:a, because" in caplog.text
    assert not pt.has_plugin_conf(PRE, "a")


def test_removing_a_missing_plugin_says_nothing(pt, caplog):
    with caplog.at_level(logging.INFO, logger="osbs"):
        pt.remove_plugin(PRE, "nope", "because")
    assert "Removing" not in caplog.text


def test_adding_replaces_arguments_and_keeps_the_rest(pt):
    pt.add_plugin(PRE, "a", {"new": 1})
    assert pt.template[PRE][0] == {"name": "a", "args": {"new": 1}, "required": False}


def test_adding_a_new_plugin_appends_and_logs_it(pt, caplog):
    with caplog.at_level(logging.INFO, logger="osbs"):
        pt.add_plugin(PRE, "z", {"password": "hunter2"}, "because")
    assert pt.template[PRE][-1] == {"name": "z", "args": {"password": "hunter2"}}
    assert "prebuild_plugins:z" in caplog.text
    assert "because" in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("method, args", [("remove_plugin", ()), ("add_plugin", ({},))])
def test_unknown_phase_is_a_key_error(pt, method, args):
    with pytest.raises(KeyError):
        getattr(pt, method)("nope", "a", *args)


@pytest.mark.parametrize("phase, name, error", [("nope", "a", KeyError), (PRE, "x", IndexError)])
def test_missing_plugin_or_phase_is_told_apart(pt, phase, name, error):
    with pytest.raises(error):
        pt.get_plugin_conf(phase, name)
    with pytest.raises(RuntimeError):
        pt._get_plugin_conf_or_fail(phase, name)
    with pytest.raises(RuntimeError):
        pt.set_plugin_arg(phase, name, "k", "v")
    assert not pt.has_plugin_conf(phase, name)


def test_argument_is_set_where_there_were_none(pt):
    pt.set_plugin_arg(PRE, "b", "k", "v")
    assert pt.get_plugin_conf(PRE, "b") == {"name": "b", "args": {"k": "v"}}


@pytest.mark.parametrize("value, is_set", [(None, False), ([], True), (False, True), ("", True)])
def test_only_none_is_not_a_value(pt, value, is_set):
    assert pt.set_plugin_arg_valid(PRE, "b", "k", value) is is_set
    assert ("args" in pt.get_plugin_conf(PRE, "b")) is is_set


def test_json_is_that_of_the_template(pt):
    assert json.loads(pt.to_json()) == pt.template
