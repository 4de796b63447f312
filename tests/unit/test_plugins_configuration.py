"""PluginsConfiguration: what the pod renders."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import random
import sys

import pytest
from flexmock import flexmock

from osbs.build.plugins_configuration import PluginsConfiguration
from osbs.build.user_params import BuildUserParams
from osbs.conf import Configuration
from osbs.exceptions import OsbsException, OsbsValidationException
from tests.unit.buildparams import (
    INPUTS,
    NOW,
    SALT,
    TAG,
    V2_PARAMS,
    copy_inputs,
    names,
    plugin_args,
    rewrite,
)

PRE, STEP, PREPUB = "prebuild_plugins", "buildstep_plugins", "prepublish_plugins"
POST, EXIT = "postbuild_plugins", "exit_plugins"
BASE = dict(V2_PARAMS, build_from="image:buildroot:stable", platforms=["x86_64"])
del BASE["reactor_config_map"], BASE["koji_task_id"]
WORKER = {"build_type": "worker", "platforms": None, "platform": "x86_64"}
FLATPAK = {
    "flatpak": True,
    "base_image": None,
    "name_label": None,
    "flatpak_base_image": "registry.example.org/f29:1",
}


@pytest.fixture(autouse=True)
def fixed():
    flexmock(random).should_receive("randrange").and_return(SALT)
    flexmock(sys.modules["osbs.build.spec"]).should_receive("utcnow").and_return(NOW)


def configuration(directory=INPUTS, round_trip=False, **changes):
    params = dict(BASE)
    params.update(changes)
    user_params = BuildUserParams(directory, "%s_customize.json" % params["build_type"])
    user_params.set_params(**params)
    if round_trip:
        text = user_params.to_json()
        user_params = BuildUserParams()
        user_params.from_json(text)
    return PluginsConfiguration(user_params)


def orchestrator(**changes):
    return json.loads(configuration(**changes).render())


def worker(**changes):
    params = dict(WORKER)
    params.update(changes)
    return orchestrator(**params)


def test_worked_example_of_an_orchestrator_build():
    plugins = orchestrator()
    template = configuration().pt.template
    gone = set(names(template, PRE)) - set(names(plugins, PRE))
    assert gone == {
        "resolve_module_compose",
        "flatpak_create_dockerfile",
        "add_filesystem",
        "inject_parent_image",
    }
    for phase in (STEP, PREPUB, POST, EXIT):
        assert names(plugins, phase) == names(template, phase)
    platforms = plugins[PRE][names(plugins, PRE).index("check_and_set_platforms")]
    assert platforms["args"] == {"koji_target": "f29-candidate"}
    assert platforms["required"] is False
    assert plugin_args(plugins, PRE, "resolve_composes") == {
        "compose_ids": [],
        "koji_target": "f29-candidate",
    }
    assert plugin_args(plugins, STEP, "orchestrate_build") == {
        "platforms": ["x86_64"],
        "build_kwargs": {
            "arrangement_version": 6,
            "component": "rsync-container",
            "git_branch": "f29",
            "git_ref": "f29",
            "git_uri": "https://git.example.org/containers/rsync.git",
            "target": "f29-candidate",
            "user": "kdreyer",
        },
        "config_kwargs": {"build_image": "buildroot:stable"},
    }
    assert plugin_args(plugins, POST, "tag_from_config") == {
        "tag_suffixes": {
            "unique": [TAG],
            "primary": ["latest", "{version}", "{version}-{release}"],
        }
    }
    assert plugin_args(plugins, EXIT, "import_image") == {"imagestream": "f29-rsync"}
    assert plugin_args(plugins, EXIT, "koji_tag_build") == {"target": "f29-candidate"}
    assert plugin_args(plugins, PRE, "bump_release") is None
    assert plugin_args(plugins, PRE, "add_labels_in_dockerfile") is None


def test_after_a_round_trip_empty_lists_are_not_given():
    plugins = orchestrator(round_trip=True, build_from="imagestream:b:s")
    assert plugin_args(plugins, PRE, "resolve_composes") == {"koji_target": "f29-candidate"}
    assert plugin_args(plugins, STEP, "orchestrate_build")["config_kwargs"] == {}


def test_worked_example_of_an_isolated_build():
    plugins = orchestrator(
        isolated=True, release="1.2", koji_parent_build="p-1-1", koji_target=None
    )
    for phase, gone in (
        (PRE, "check_and_set_rebuild"),
        (PRE, "check_and_set_platforms"),
        (PRE, "bump_release"),
        (EXIT, "koji_tag_build"),
    ):
        assert gone not in names(plugins, phase)
    assert plugin_args(plugins, PRE, "inject_parent_image") == {"koji_parent_build": "p-1-1"}
    assert plugin_args(plugins, PRE, "add_labels_in_dockerfile") == {"labels": {"release": "1.2"}}
    kwargs = plugin_args(plugins, STEP, "orchestrate_build")["build_kwargs"]
    assert kwargs["isolated"] is True
    assert kwargs["koji_parent_build"] == "p-1-1"
    assert kwargs["target"] is None
    suffixes = plugin_args(plugins, POST, "tag_from_config")["tag_suffixes"]
    assert suffixes["primary"] == ["{version}-{release}"]


def test_worked_example_of_a_flatpak_build():
    plugins = orchestrator(compose_ids=[3], **FLATPAK)
    assert plugin_args(plugins, PRE, "resolve_module_compose") == {"compose_ids": [3]}
    assert plugin_args(plugins, PRE, "flatpak_create_dockerfile") == {
        "base_image": "registry.example.org/f29:1"
    }
    assert plugin_args(plugins, PRE, "bump_release") == {"append": True}
    assert "import_image" not in names(plugins, EXIT)
    assert plugin_args(plugins, PRE, "resolve_composes")["compose_ids"] == [3]
    args = plugin_args(plugins, STEP, "orchestrate_build")
    assert args["config_kwargs"]["flatpak_base_image"] == "registry.example.org/f29:1"
    assert args["build_kwargs"]["flatpak"] is True


def test_worked_example_of_a_flatpak_worker_build():
    plugins = worker(release="7", koji_upload_dir="up", **FLATPAK)
    assert "koji" not in names(plugins, PRE)
    assert names(plugins, PREPUB) == ["flatpak_create_oci"]
    assert plugin_args(plugins, PRE, "resolve_module_compose") == {"compose_ids": []}
    assert plugin_args(plugins, PRE, "add_labels_in_dockerfile") == {"labels": {"release": "7"}}
    assert plugin_args(plugins, PRE, "add_yum_repo_by_url") == {"repourls": []}
    assert plugin_args(plugins, POST, "koji_upload") == {
        "blocksize": 10485760,
        "koji_upload_dir": "up",
        "platform": "x86_64",
        "report_multiple_digests": True,
    }
    assert plugin_args(plugins, POST, "tag_from_config")["tag_suffixes"] == {
        "unique": [TAG + "-x86_64"],
        "primary": [],
    }


def test_worked_example_of_a_scratch_worker_build_on_a_custom_base_image():
    plugins = worker(
        base_image="koji/image-build",
        scratch=True,
        yum_repourls=["http://r/a.repo"],
        filesystem_koji_task_id=5,
    )
    for phase, gone in (
        (PRE, "pull_base_image"),
        (PRE, "koji"),
        (POST, "compress"),
        (POST, "koji_upload"),
    ):
        assert gone not in names(plugins, phase)
    assert plugin_args(plugins, PRE, "add_filesystem") == {
        "repos": ["http://r/a.repo"],
        "from_task_id": 5,
        "architecture": "x86_64",
    }
    assert plugin_args(plugins, PRE, "add_yum_repo_by_url") == {"repourls": ["http://r/a.repo"]}
    assert "tag_from_config" in names(plugins, POST)


def test_nothing_is_read_before_rendering():
    params = BuildUserParams("/no/such/directory")
    assert PluginsConfiguration(params).pt._template is None


@pytest.mark.parametrize("name", ["build_type", "git_ref", "git_uri", "user", "build_json_dir"])
def test_missing_parameter_is_refused_by_name(name):
    plugins = configuration()
    getattr(plugins.user_params, name).value = None
    with pytest.raises(OsbsValidationException) as exc_info:
        plugins.render()
    assert name in exc_info.value.message


def test_missing_image_tag_is_refused_by_name():
    plugins = configuration()
    plugins.user_params.image_tag.value = None
    with pytest.raises(OsbsValidationException) as exc_info:
        plugins.render()
    assert "image_tag" in exc_info.value.message


def test_unknown_arrangement_is_refused_by_name():
    params = BuildUserParams(INPUTS)
    params.set_params(**BASE)
    params.arrangement_version.value = 7
    with pytest.raises(OsbsException) as exc_info:
        PluginsConfiguration(params).render()
    assert "inner:7" in exc_info.value.message


def test_custom_base_image_of_an_orchestrator_build():
    plugins = orchestrator(base_image="koji/image-build:x")
    for gone in "pull_base_image koji_parent inject_parent_image check_and_set_rebuild".split():
        assert gone not in names(plugins, PRE)
    assert "add_filesystem" in names(plugins, PRE)


def test_flatpak_base_image_alone_does_not_make_a_flatpak():
    plugins = orchestrator(flatpak_base_image="f:1")
    assert "flatpak_create_dockerfile" not in names(plugins, PRE)
    assert plugin_args(plugins, STEP, "orchestrate_build")["config_kwargs"] == {
        "flatpak_base_image": "f:1",
        "build_image": "buildroot:stable",
    }


def test_flatpak_without_a_base_image_has_no_dockerfile():
    plugins = orchestrator(**dict(FLATPAK, flatpak_base_image=None))
    assert "flatpak_create_dockerfile" not in names(plugins, PRE)


@pytest.mark.parametrize("build", [orchestrator, worker])
def test_build_that_is_no_flatpak_has_no_flatpak_plugins(build):
    plugins = build()
    for gone in ("resolve_module_compose", "flatpak_create_dockerfile"):
        assert gone not in names(plugins, PRE)
    assert "flatpak_create_oci" not in names(plugins, PREPUB)


@pytest.mark.parametrize("value", [None, []])
def test_without_repositories_composes_are_resolved(value):
    assert "resolve_composes" in names(orchestrator(yum_repourls=value), PRE)


def test_repositories_stand_for_composes_and_koji():
    assert "resolve_composes" not in names(orchestrator(yum_repourls=["u"]), PRE)
    assert "koji" not in names(worker(yum_repourls=["u"]), PRE)


def test_pull_base_image_has_no_registry():
    assert "parent_registry" not in plugin_args(orchestrator(), PRE, "pull_base_image")


def test_worker_keeps_squash_unless_flatpak():
    assert "squash" in names(worker(), PREPUB)
    assert "squash" not in names(worker(**FLATPAK), PREPUB)


def test_without_platforms_there_is_no_argument():
    args = plugin_args(orchestrator(platforms=None), STEP, "orchestrate_build")
    assert "platforms" not in args


def test_reactor_config_is_passed_to_workers():
    args = plugin_args(
        orchestrator(reactor_config_map="rcm", reactor_config_override="o"),
        STEP,
        "orchestrate_build",
    )
    assert args["build_kwargs"]["reactor_config_map"] == "rcm"
    assert args["build_kwargs"]["reactor_config_override"] == "o"


def test_config_kwargs_are_understood_by_configuration():
    args = plugin_args(orchestrator(flatpak_base_image="f\u011b:1"), STEP, "orchestrate_build")
    conf = Configuration(conf_file=None, **args["config_kwargs"])
    assert conf.get_build_image() == "buildroot:stable"
    assert conf.get_flatpak_base_image() == "f\u011b:1"


@pytest.mark.parametrize(
    "changes, from_yaml, primary",
    [
        ({}, False, ["latest", "{version}", "{version}-{release}", "bacon", "spam"]),
        ({}, True, ["{version}-{release}", "bacon", "spam"]),
        ({"scratch": True}, True, []),
        ({"isolated": True, "release": "1.0"}, True, ["{version}-{release}"]),
        (WORKER, True, []),
    ],
)
def test_primary_tags(tmpdir, changes, from_yaml, primary):
    tmpdir.join("additional-tags").write("spam\nbacon\n")
    data = {"dir_path": str(tmpdir), "file_name": "additional-tags", "tags": set()}
    plugins = configuration(additional_tag_data=data, **changes)
    plugins.user_params.tags_from_yaml = from_yaml
    args = plugin_args(json.loads(plugins.render()), POST, "tag_from_config")
    assert args["tag_suffixes"]["primary"] == primary


def test_placeholder_is_what_the_template_has():
    plugins = configuration()
    assert plugins.has_tag_suffixes_placeholder()
    plugins.pt.set_plugin_arg(POST, "tag_from_config", "tag_suffixes", {"unique": []})
    assert not plugins.has_tag_suffixes_placeholder()


def test_tags_that_the_site_fixed_are_left_alone():
    plugins = configuration()
    plugins.pt.customize_conf["enable_plugins"].append(
        {"plugin_type": POST, "plugin_name": "tag_from_config", "plugin_args": {"x": 1}}
    )
    assert plugin_args(json.loads(plugins.render()), POST, "tag_from_config") == {"x": 1}


def test_site_overrides_a_plugin_where_it_stands():
    plugins = configuration()
    index = names(plugins.pt.template, PRE).index("pull_base_image")
    plugins.pt.customize_conf["enable_plugins"].append(
        {"plugin_type": PRE, "plugin_name": "pull_base_image", "plugin_args": {"x": 1}}
    )
    rendered = json.loads(plugins.render())
    assert plugin_args(rendered, PRE, "pull_base_image") == {"x": 1}
    assert names(configuration().pt.template, PRE).index("pull_base_image") == index


def test_later_steps_act_on_what_the_site_enabled():
    plugins = configuration(yum_repourls=["u"])
    plugins.pt.customize_conf["enable_plugins"].append(
        {"plugin_type": PRE, "plugin_name": "add_yum_repo_by_url", "plugin_args": {"x": 1}}
    )
    args = plugin_args(json.loads(plugins.render()), PRE, "add_yum_repo_by_url")
    assert args == {"x": 1, "repourls": ["u"]}
    assert plugins.pt.customize_conf["enable_plugins"][0]["plugin_args"] == {"x": 1}


def test_malformed_customisations_are_skipped_with_a_message(caplog):
    plugins = configuration(scratch=True)
    plugins.pt.customize_conf["disable_plugins"] = [
        {"plugin_type": POST, "plugin_name": "tag_from_config"},
        {"plugin_type": PRE, "plugin_name": "add_labels_in_dockerfile"},
        {"plugin_was_type": PRE, "plugin_name": "x"},
        {"plugin_type": "nope", "plugin_name": "x"},
        {"plugin_type": PRE, "plugin_name": None},
        "text",
        None,
    ]
    plugins.pt.customize_conf["enable_plugins"] = [
        {"plugin_type": PRE, "plugin_name": "x"},
        {"plugin_type": "nope", "plugin_name": "x", "plugin_args": {}},
        {"plugin_type": PRE, "plugin_name": "x", "plugin_args": [1]},
    ]
    with caplog.at_level(logging.DEBUG, logger="osbs"):
        rendered = json.loads(plugins.render())
    assert "x" not in names(rendered, PRE)
    assert "add_labels_in_dockerfile" not in names(rendered, PRE)
    messages = [record.getMessage() for record in caplog.records]
    assert messages.count("Invalid custom configuration found for disable_plugins") == 5
    assert messages.count("Invalid custom configuration found for enable_plugins") == 3
    assert "no tag suffix placeholder" in messages


@pytest.mark.parametrize("changes", [{}, {"scratch": True}, {"isolated": True, "release": "1.0"}])
def test_second_rendering_gives_the_same_text(changes):
    plugins = configuration(**changes)
    plugins.pt.customize_conf["enable_plugins"].append(
        {"plugin_type": PRE, "plugin_name": "add_filesystem", "plugin_args": {"x": 1}}
    )
    assert plugins.render() == plugins.render()


def test_template_without_a_phase_renders(tmpdir):
    copy_inputs(tmpdir)
    rewrite(str(tmpdir.join("orchestrator_inner:6.json")), lambda phases: phases.pop(EXIT))
    assert EXIT not in orchestrator(directory=str(tmpdir), scratch=True)


def test_parameters_that_are_nested_too_deeply_are_refused():
    deep = []
    for _ in range(100000):
        deep = [deep]
    plugins = configuration(platforms=deep)
    with pytest.raises(OsbsValidationException):
        plugins.render()
