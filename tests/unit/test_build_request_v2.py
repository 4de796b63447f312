"""BuildRequestV2."""

from __future__ import absolute_import, print_function, unicode_literals

import copy
import json
import logging
import random
import sys

import pytest
from flexmock import flexmock

from osbs.build.build_request import BuildRequest
from osbs.build.build_requestv2 import BuildRequestV2
from osbs.build.spec import BuildParam
from osbs.exceptions import OsbsException, OsbsValidationException
from tests.unit.buildparams import (
    INPUTS,
    NOW,
    SALT,
    TAG,
    V2_PARAMS,
    ReactorConfigApi,
    Repo,
    Tags,
    copy_inputs,
    environment,
    rewrite,
    secret_names,
    user_params_of,
    v2_request,
)

OVERRIDE = {"version": 1, "required_secrets": ["a"], "worker_token_secrets": ["b"]}
IST_TRIGGER = {
    "type": "ImageChange",
    "imageChange": {"from": {"kind": "ImageStreamTag", "name": "{{BASE_IMAGE_STREAM}}"}},
}
GENERIC_TRIGGER = {"type": "Generic", "generic": {"secret": "s"}}


@pytest.fixture
def fixed():
    flexmock(random).should_receive("randrange").and_return(SALT)
    flexmock(sys.modules["osbs.build.spec"]).should_receive("utcnow").and_return(NOW)


def worker(**changes):
    params = dict(platforms=None, platform="aarch64", build_type="worker")
    params.update(changes)
    return v2_request("worker.json", "worker_customize.json", **params)


def with_triggers(tmpdir, triggers, **changes):
    """Return a request whose template has these triggers."""
    directory = copy_inputs(tmpdir)

    def change(build_config):
        build_config["spec"]["triggers"] = triggers

    rewrite(str(tmpdir.join("prod.json")), change)
    request = BuildRequestV2(directory)
    params = dict(V2_PARAMS, osbs_api=ReactorConfigApi())
    params.update(changes)
    request.set_params(**params)
    return request


def test_worked_example_of_an_orchestrator_build(fixed):
    build = v2_request().render()
    assert build["metadata"]["name"] == "rsync-f29-ad4bf"
    assert build["metadata"]["labels"] == {
        "git-branch": "f29",
        "git-repo-name": "rsync",
        "is_autorebuild": "false",
        "koji-task-id": "88",
    }
    spec = build["spec"]
    assert "nodeSelector" not in spec
    assert spec["output"]["to"]["name"] == "kdreyer/rsync-container:" + TAG
    assert spec["triggers"][0]["imageChange"]["from"]["name"] == "f29-s2i-base:latest"
    assert spec["strategy"]["customStrategy"]["from"] == {
        "kind": "ImageStreamTag",
        "name": "buildroot:stable",
    }
    assert [v["name"] for v in spec["strategy"]["customStrategy"]["env"]] == [
        "REACTOR_CONFIG",
        "USER_PARAMS",
    ]
    assert secret_names(build) == ["kojisecret", "tok"]
    assert spec["source"]["git"] == {"uri": V2_PARAMS["git_uri"], "ref": "f29"}


def test_worked_example_of_a_scratch_worker_build(fixed):
    build = worker(
        scratch=True,
        release="4",
        reactor_config_override=OVERRIDE,
        scratch_build_node_selector={"s": "1"},
        platform_node_selector={"p": "2"},
    ).render()
    assert build["metadata"]["name"] == "scratch-40417-20190304050607"
    assert build["metadata"]["labels"]["scratch"] == "true"
    assert build["spec"]["output"]["to"]["name"].endswith(TAG + "-aarch64")
    assert build["spec"]["nodeSelector"] == {"p": "2", "s": "1"}
    assert "triggers" not in build["spec"]
    assert environment(build)["REACTOR_CONFIG"]["value"] == (
        "required_secrets:\n- a\nversion: 1\nworker_token_secrets:\n- b\n"
    )
    assert build["spec"]["strategy"]["customStrategy"]["secrets"] == [
        {"secretSource": {"name": "a"}, "mountPath": "/var/run/secrets/atomic-reactor/a"}
    ]
    params = user_params_of(build)
    assert params["platform"] == "aarch64"
    assert params["reactor_config_override"] == OVERRIDE
    assert params["release"] == "4"
    assert params["scratch"] is True
    assert "platforms" not in params


def test_nothing_is_read_before_rendering():
    request = BuildRequestV2("/no/such/directory")
    request.set_params(**V2_PARAMS)
    with pytest.raises(OsbsException) as exc_info:
        request.template
    assert "/no/such/directory/prod.json" in exc_info.value.message


@pytest.mark.parametrize("name", ["inner_template", "customize_conf", "dj"])
def test_what_the_pod_does_is_refused(name):
    with pytest.raises(RuntimeError):
        getattr(v2_request(), name)


def test_it_is_a_build_request():
    assert isinstance(v2_request(), BuildRequest)


def test_rendering_needs_an_api_object_before_anything_else():
    request = BuildRequestV2("/no/such/directory")
    with pytest.raises(OsbsValidationException) as exc_info:
        request.render()
    assert "osbs_api" in exc_info.value.message


@pytest.mark.parametrize(
    "variations", [("scratch", "is_auto"), ("scratch", "isolated"), ("is_auto", "isolated")]
)
def test_build_variations_are_mutually_exclusive(variations):
    with pytest.raises(OsbsValidationException) as exc_info:
        v2_request(**dict.fromkeys(variations, True))
    assert "mutually exclusive" in exc_info.value.message


@pytest.mark.parametrize(
    "changes",
    [{"scratch": True}, {"is_auto": True}, {"isolated": True, "release": "1.0"}, {"release": "1"}],
)
def test_each_build_variation_renders(changes):
    assert v2_request(**changes).render()["kind"] == "BuildConfig"


@pytest.mark.parametrize("release", ["3.1", "3.1.hotfix", "0.0"])
def test_isolated_release_of_the_right_form_is_a_label(release):
    build = v2_request(isolated=True, release=release).render()
    assert build["metadata"]["labels"]["isolated"] == "true"
    assert build["metadata"]["labels"]["isolated-release"] == release
    assert build["metadata"]["name"].startswith("isolated-")
    assert "triggers" not in build["spec"]


@pytest.mark.parametrize("release", ["3", "3.1x", "3.1.", "3.1\n", 3.1])
def test_isolated_release_of_another_form_is_refused(release):
    with pytest.raises(OsbsValidationException) as exc_info:
        v2_request(isolated=True, release=release).render()
    assert "must be in the format" in exc_info.value.message


def test_isolated_build_needs_a_release():
    with pytest.raises(OsbsValidationException) as exc_info:
        v2_request(isolated=True).render()
    assert "release parameter is required" in exc_info.value.message


@pytest.mark.parametrize("triggers", [None, [], [GENERIC_TRIGGER]])
def test_template_without_image_stream_trigger_renders(tmpdir, triggers):
    request = with_triggers(tmpdir, triggers)
    assert not request.has_ist_trigger()
    assert request.render()["spec"]["triggers"] == triggers


def test_template_without_triggers_renders():
    assert "triggers" not in v2_request("prod.json").render()["spec"]


def test_trigger_is_written_wherever_it_stands(tmpdir):
    build = with_triggers(tmpdir, [GENERIC_TRIGGER, IST_TRIGGER]).render()
    assert build["spec"]["triggers"][0] == GENERIC_TRIGGER
    assert build["spec"]["triggers"][1]["imageChange"]["from"]["name"] == "f29-s2i-base:latest"


@pytest.mark.parametrize(
    "triggers, left", [([IST_TRIGGER], None), ([GENERIC_TRIGGER, IST_TRIGGER], [GENERIC_TRIGGER])]
)
def test_flatpak_has_no_image_stream_trigger(tmpdir, triggers, left):
    request = with_triggers(tmpdir, triggers, flatpak=True, base_image=None, name_label=None)
    assert request.render()["spec"].get("triggers") == left


@pytest.mark.parametrize("base_image", ["koji/image-build", "koji/image-build:latest"])
def test_custom_base_image_has_no_triggers(base_image):
    request = v2_request(base_image=base_image)
    assert request.is_custom_base_image()
    assert "triggers" not in request.render()["spec"]


@pytest.mark.parametrize("base_image", ["koji/image-builder", "x/koji/image-build", None])
def test_other_base_image_is_not_custom(base_image):
    request = BuildRequestV2(INPUTS)
    request.base_image = base_image
    assert not request.is_custom_base_image()


@pytest.mark.parametrize("autorebuild", [True, False])
def test_repository_decides_on_triggers(autorebuild):
    request = v2_request()
    request.set_repo_info(Repo(autorebuild=autorebuild))
    assert ("triggers" in request.render()["spec"]) is autorebuild


def test_without_repository_info_triggers_stay():
    assert "triggers" in v2_request().render()["spec"]


@pytest.mark.parametrize("label", ["release", "Release"])
def test_autorebuild_and_release_label_contradict(label):
    request = v2_request()
    request.set_repo_info(Repo(autorebuild=True, labels={label: "1"}))
    with pytest.raises(RuntimeError):
        request.render()


def test_repository_without_dockerfile_has_no_release_label():
    request = v2_request(flatpak=True)
    request.set_repo_info(Repo(autorebuild=True, dockerfile=False))
    assert request.render()


def test_adjust_for_repo_info_replaced_on_the_base_class_is_obeyed():
    flexmock(BuildRequest).should_receive("adjust_for_repo_info").once()
    v2_request().render()


def test_template_replaced_on_the_object_is_obeyed():
    template = {"spec": {"triggers": [IST_TRIGGER]}}
    request = v2_request()
    flexmock(request).should_receive("template").and_return(template)
    assert request.has_ist_trigger()


@pytest.mark.parametrize(
    "name, changes, expected",
    [
        ("explicit", {}, {"e": "1"}),
        ("auto", {"is_auto": True}, {"a": "1"}),
        ("scratch", {"scratch": True}, {"s": "1"}),
        ("isolated", {"isolated": True, "release": "1.0"}, {"i": "1"}),
        ("none", {"explicit_build_node_selector": None}, {}),
        ("platform", {"platform_node_selector": {"p": "1"}}, {"e": "1", "p": "1"}),
        ("no platform", {"platform_node_selector": None}, {"e": "1"}),
    ],
)
def test_node_selector_of_a_worker_build(name, changes, expected):
    params = {
        "explicit_build_node_selector": {"e": "1"},
        "auto_build_node_selector": {"a": "1"},
        "scratch_build_node_selector": {"s": "1"},
        "isolated_build_node_selector": {"i": "1"},
    }
    params.update(changes)
    assert worker(**params).render()["spec"]["nodeSelector"] == expected


@pytest.mark.parametrize("platforms", [[], ["x86_64"]])
def test_orchestrator_build_has_no_node_selector(platforms):
    build = v2_request(platforms=platforms, explicit_build_node_selector={"e": "1"}).render()
    assert "nodeSelector" not in build["spec"]


def test_node_selectors_of_the_caller_are_not_changed():
    explicit = {"e": "1"}
    worker(explicit_build_node_selector=explicit, platform_node_selector={"p": "1"}).render()
    assert explicit == {"e": "1"}


def test_reactor_config_map_is_referred_to():
    assert environment(v2_request().render())["REACTOR_CONFIG"] == {
        "name": "REACTOR_CONFIG",
        "valueFrom": {"configMapKeyRef": {"name": "rcm", "key": "config.yaml"}},
    }


@pytest.mark.parametrize("value", [None, {}, ""])
def test_without_reactor_config_there_is_no_variable(value):
    request = v2_request(reactor_config_map=value)
    assert list(environment(request.render())) == ["USER_PARAMS"]
    assert request.osbs_api.asked == []


def test_config_map_is_read_once():
    request = v2_request()
    request.render()
    assert request.osbs_api.asked == ["rcm"]


@pytest.mark.parametrize(
    "config, platforms, expected",
    [
        ("required_secrets: [b, a]\nworker_token_secrets: [d, c]", ["x"], ["b", "a", "d", "c"]),
        ("required_secrets: [b, a]\nworker_token_secrets: [d, c]", [], ["b", "a", "d", "c"]),
        ("required_secrets: [b, a]\nworker_token_secrets: [d, c]", None, ["b", "a"]),
        ("required_secrets: [a, a, b]\nworker_token_secrets: [b]", ["x"], ["a", "b"]),
        ("required_secrets:\nversion: 1", ["x"], []),
        ("worker_token_secrets: [t]", ["x"], ["t"]),
        ("", ["x"], []),
    ],
)
def test_required_secrets_are_mounted_in_the_order_of_the_list(config, platforms, expected):
    request = v2_request(platforms=platforms, osbs_api=ReactorConfigApi(config))
    assert secret_names(request.render()) == expected


def test_secret_of_the_template_is_not_mounted_twice(tmpdir):
    copy_inputs(tmpdir)

    def change(build_config):
        build_config["spec"]["strategy"]["customStrategy"]["secrets"] = [
            {"secretSource": {"name": "kojisecret"}, "mountPath": "/elsewhere"}
        ]

    rewrite(str(tmpdir.join("prod.json")), change)
    request = BuildRequestV2(str(tmpdir))
    request.set_params(osbs_api=ReactorConfigApi(), **V2_PARAMS)
    assert secret_names(request.render()) == ["kojisecret", "tok"]


def test_list_of_secrets_is_created_where_the_template_has_none(tmpdir):
    copy_inputs(tmpdir)

    def change(build_config):
        del build_config["spec"]["strategy"]["customStrategy"]["secrets"]

    rewrite(str(tmpdir.join("prod.json")), change)
    request = BuildRequestV2(str(tmpdir))
    request.set_params(osbs_api=ReactorConfigApi(), **V2_PARAMS)
    assert secret_names(request.render()) == ["kojisecret", "tok"]


@pytest.mark.parametrize(
    "config, fragment",
    [
        ("[]", "top level: found a list"),
        ("plain text hunter2", "top level: found a string"),
        ("required_secrets: name", "required_secrets: found the string"),
        ("required_secrets: [1]", "required_secrets[0]: found 1"),
        ("{broken: hunter2", "is not valid YAML"),
        ("!!python/object/apply:os.system ['true']", "is not valid YAML"),
    ],
)
def test_hostile_reactor_config_is_one_clear_error(config, fragment):
    request = v2_request(osbs_api=ReactorConfigApi(config))
    with pytest.raises(OsbsValidationException) as exc_info:
        request.render()
    assert exc_info.value.message.startswith("config.yaml of config map rcm: " + fragment)
    assert "hunter2" not in exc_info.value.message


def test_override_of_the_wrong_shape_is_refused():
    with pytest.raises(OsbsValidationException) as exc_info:
        v2_request(reactor_config_override="text").render()
    assert exc_info.value.message.startswith("reactor_config_override: ")


def test_defect_41_callers_override_is_not_changed():
    override = copy.deepcopy(OVERRIDE)
    build = v2_request(reactor_config_override=override).render()
    assert secret_names(build) == ["a", "b"]
    assert override == OVERRIDE
    assert user_params_of(build)["reactor_config_override"] == OVERRIDE


def test_defect_42_secrets_have_the_order_of_the_configuration():
    config = json.dumps({"required_secrets": ["s%d" % number for number in range(20, 0, -1)]})
    request = v2_request(osbs_api=ReactorConfigApi(config))
    assert secret_names(request.render()) == ["s%d" % number for number in range(20, 0, -1)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"scratch": True},
        {"isolated": True, "release": "1.0"},
        {"reactor_config_override": OVERRIDE},
    ],
)
def test_defect_43_second_rendering_gives_the_same_json(changes):
    request = v2_request(**changes)
    request.set_repo_info(Repo(autorebuild=True, tags=Tags(["b", "a"])))
    first = copy.deepcopy(request.render())
    assert request.render() == first


def test_defect_25_set_params_logs_names_only(caplog):
    with caplog.at_level(logging.DEBUG, logger="osbs"):
        v2_request(reactor_config_override={"koji": {"secret": "hunter2"}}).render()
    assert "reactor_config_override" in caplog.text
    assert "hunter2" not in caplog.text


def test_build_json_is_the_changed_template():
    request = v2_request()
    assert request.render() is request.build_json is request.template
    assert request.build_id == "rsync-f29-ad4bf"


@pytest.mark.parametrize("value", [None, ""])
def test_empty_label_is_written_as_empty_text(value):
    request = v2_request()
    request.set_label("x", value)
    assert request.template["metadata"]["labels"]["x"] == ""


def test_labels_are_created_where_the_template_has_none():
    request = worker()
    request.set_label("x", "y")
    assert request.template["metadata"]["labels"] == {"x": "y"}


def test_resource_limits_accumulate():
    request = v2_request()
    request.set_resource_limits(cpu="100m", memory="1Gi")
    request.set_resource_limits(memory="2Gi", storage="3Gi")
    assert request.render()["spec"]["resources"]["limits"] == {
        "cpu": "100m",
        "memory": "2Gi",
        "storage": "3Gi",
    }


def test_other_limits_of_the_template_stay():
    request = v2_request()
    request.template["spec"]["resources"] = {"limits": {"pods": 1}, "requests": {"cpu": "1"}}
    request.set_resource_limits(cpu="100m")
    assert request.render()["spec"]["resources"] == {
        "limits": {"pods": 1, "cpu": "100m"},
        "requests": {"cpu": "1"},
    }


def test_without_limits_there_are_no_resources():
    assert "resources" not in v2_request().render()["spec"]


@pytest.mark.parametrize(
    "tag, platform, name",
    [
        ("u/c:t-12345-20190304050607", None, "scratch-12345-20190304050607"),
        ("u/c:t-12345-20190304050607-x86_64", "x86_64", "scratch-12345-20190304050607"),
        ("u/c:t-a-12345-20190304050607-a-b", "a-b", "scratch-12345-20190304050607"),
    ],
)
def test_name_of_a_scratch_build_comes_from_its_tag(tag, platform, name):
    request = v2_request(scratch=True)
    request.render_name("n", tag, platform)
    assert request.template["metadata"]["name"] == name


@pytest.mark.parametrize(
    "changes, kind, name",
    [
        ({"build_from": "image:a:b"}, "DockerImage", "a:b"),
        ({"build_from": "imagestream:a:b"}, "ImageStreamTag", "a:b"),
    ],
)
def test_image_of_the_build_itself(changes, kind, name):
    source = v2_request(**changes).render()["spec"]["strategy"]["customStrategy"]["from"]
    assert source == {"kind": kind, "name": name}


def test_koji_task_id_zero_is_a_label():
    assert v2_request(koji_task_id=0).render()["metadata"]["labels"]["koji-task-id"] == "0"


def test_without_koji_task_there_is_no_label():
    assert "koji-task-id" not in v2_request(koji_task_id=None).render()["metadata"]["labels"]


@pytest.mark.parametrize(
    "tags, expected",
    [
        (Tags(["b", "a"]), {"additional_tags": ["a", "b"]}),
        (Tags(["b"], from_container_yaml=True), {"additional_tags": ["b"], "tags_from_yaml": True}),
        (Tags([], from_container_yaml=True), {"tags_from_yaml": True}),
        (Tags(), {}),
    ],
)
def test_tags_of_the_repository_go_to_the_pod(tags, expected):
    request = v2_request()
    request.set_repo_info(Repo(tags=tags))
    params = user_params_of(request.render())
    keys = ("additional_tags", "tags_from_yaml")
    assert {key: params[key] for key in keys if key in params} == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"scratch": True},
        {"isolated": True, "release": "1.0"},
        {"build_type": "worker", "platforms": None},
    ],
)
def test_tags_of_the_repository_stay_where_nothing_gets_them(changes):
    request = v2_request(**changes)
    request.set_repo_info(Repo(tags=Tags(["a"], from_container_yaml=True)))
    params = user_params_of(request.render())
    assert "additional_tags" not in params
    assert "tags_from_yaml" not in params


def test_given_tags_win_over_those_of_the_repository(tmpdir):
    tmpdir.join("tags").write("given\n")
    data = {"dir_path": str(tmpdir), "file_name": "tags", "tags": None}
    request = v2_request(additional_tag_data=data)
    request.set_repo_info(Repo(tags=Tags(["repo"], from_container_yaml=True)))
    params = user_params_of(request.render())
    assert params["additional_tags"] == ["given"]
    assert "tags_from_yaml" not in params


def test_validation_can_be_left_out():
    request = v2_request(git_ref=None)
    with pytest.raises(OsbsValidationException):
        request.render()
    assert request.render(validate=False)


def test_adjust_for_isolated_takes_a_parameter_object():
    request = v2_request(isolated=True, release="1.0")
    request.adjust_for_isolated(BuildParam("release", "7.8"))
    assert request.template["metadata"]["labels"]["isolated-release"] == "7.8"


def test_trigger_imagestreamtag_is_that_of_the_base_image():
    assert v2_request().trigger_imagestreamtag == "f29-s2i-base:latest"
