"""USER_PARAMS."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import random
import sys

import pytest
from flexmock import flexmock

from osbs.build.user_params import BuildUserParams
from osbs.exceptions import OsbsValidationException
from tests.unit.buildparams import NOW, SALT, V2_PARAMS

EMPTY_JSON = (
    '{"arrangement_version": 6, "customize_conf": "prod_customize.json", "git_ref": "master"}'
)


def params_with(**changes):
    params = BuildUserParams("inputs", "orchestrator_customize.json")
    params.set_params(**dict(V2_PARAMS, **changes))
    return params


def refused(**changes):
    with pytest.raises(OsbsValidationException) as exc_info:
        params_with(**changes)
    return exc_info.value.message


def decoded(**values):
    params = BuildUserParams()
    params.from_json(json.dumps(values))
    return params


def test_fresh_object_has_three_values():
    assert BuildUserParams().to_json() == EMPTY_JSON


def test_worked_example_of_the_specification():
    flexmock(random).should_receive("randrange").and_return(SALT)
    flexmock(sys.modules["osbs.build.spec"]).should_receive("utcnow").once().and_return(NOW)
    assert params_with().to_json() == (
        '{"arrangement_version": 6, "base_image": "registry.example.org/f29/s2i-base", '
        '"build_imagestream": "buildroot:stable", "build_json_dir": "inputs", '
        '"build_type": "orchestrator", "component": "rsync-container", '
        '"customize_conf": "orchestrator_customize.json", "git_branch": "f29", "git_ref": "f29", '
        '"git_uri": "https://git.example.org/containers/rsync.git", '
        '"image_tag": "kdreyer/rsync-container:f29-candidate-40417-20190304050607", '
        '"imagestream_name": "f29-rsync", "koji_target": "f29-candidate", "koji_task_id": 88, '
        '"name": "rsync-f29-ad4bf", "platforms": ["x86_64", "aarch64"], '
        '"reactor_config_map": "rcm", "trigger_imagestreamtag": "f29-s2i-base:latest", '
        '"user": "kdreyer"}'
    )


@pytest.mark.parametrize(
    "name", ["arrangement_version", "image_tag", "imagestream_name", "task_id", "use_auth"]
)
def test_parameters_of_older_arrangements_change_nothing(name):
    params = params_with(**{name: "spam"})
    assert "spam" not in params.to_json()


@pytest.mark.parametrize(
    "name, value",
    [
        ("dependency_replacements", ["gomod:a:1"]),
        ("operator_csv_modifications_url", "https://example.com/csv"),
        ("triggered_after_koji_task", 42),
        ("userdata", {"custom": "data"}),
    ],
)
def test_parameters_of_newer_releases_travel_to_the_pod_if_they_are_given(name, value):
    assert name not in json.loads(params_with().to_json())
    sent = params_with(**{name: value}).to_json()
    assert json.loads(sent)[name] == value
    assert decoded(**json.loads(sent)).newer == {name: value}


def test_git_ref_none_overwrites_the_default():
    assert params_with(git_ref=None).git_ref.value is None


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"build_from": None}, "Please only define one of"),
        ({"build_image": "i"}, "Please only define one of"),
        ({"build_from": "x:y"}, "first part in build_from"),
        ({"build_from": "buildroot"}, "first part in build_from"),
        ({"base_image": None}, "base_image must be provided"),
        ({"name_label": None}, "name_label must be provided"),
        ({"git_uri": None}, "git_uri must be provided"),
        ({"signing_intent": "r", "compose_ids": [1]}, "not both"),
        ({"compose_ids": [1], "yum_repourls": ["u"]}, "not both"),
        ({"compose_ids": True}, "compose_ids must be a list"),
        ({"compose_ids": "1"}, "compose_ids must be a list"),
        ({"yum_repourls": "u"}, "yum_repourls must be a list"),
    ],
)
def test_wrong_parameters_are_refused(changes, message):
    assert message in refused(**changes)


def test_signing_intent_and_yum_repourls_go_together():
    assert params_with(signing_intent="r", yum_repourls=["u"]).yum_repourls.value == ["u"]


def test_flatpak_needs_no_image_names():
    params = params_with(flatpak=True, base_image=None, name_label=None)
    assert params.trigger_imagestreamtag.value is None


def test_missing_branch_is_called_unknown():
    assert params_with(git_branch=None).name.value.startswith("rsync-unknown-")


def test_platforms_may_be_nested():
    assert params_with(platforms=[["x86"]]).platforms.value == [["x86"]]


@pytest.mark.parametrize("value", ["text", {"a": 1}, None])
@pytest.mark.parametrize("name", ["reactor_config_map", "reactor_config_override"])
def test_reactor_config_may_have_any_type(name, value):
    assert getattr(params_with(**{name: value}), name).value == value


@pytest.mark.parametrize("value", [False, 0, [], {}, "", None])
def test_empty_values_are_left_out(value):
    params = BuildUserParams()
    params.platforms.value = value
    assert params.to_json() == EMPTY_JSON


def test_to_dict_of_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        BuildUserParams().to_dict(["spam"])


@pytest.mark.parametrize("text", [None, ""])
def test_no_json_changes_nothing(text):
    params = BuildUserParams()
    params.from_json(text)
    assert params.to_json() == EMPTY_JSON


def test_round_trip_keeps_the_json():
    text = params_with(additional_tag_data=None, release="4").to_json()
    params = BuildUserParams()
    params.from_json(text)
    assert params.to_json() == text


def test_empty_lists_become_none_in_a_round_trip():
    params = params_with()
    assert params.compose_ids.value == params.yum_repourls.value == []
    again = BuildUserParams()
    again.from_json(params.to_json())
    assert again.compose_ids.value is again.yum_repourls.value is None


@pytest.mark.parametrize("text", ["{", "[1,", "spam", "[" * 100000, b"\xff"])
def test_broken_json_is_refused_by_name(text):
    with pytest.raises(OsbsValidationException) as exc_info:
        BuildUserParams().from_json(text)
    assert exc_info.value.message.startswith("USER_PARAMS: ")


def test_schema_is_applied():
    with pytest.raises(OsbsValidationException) as exc_info:
        decoded(git_uri=["x"])
    assert exc_info.value.message.startswith("USER_PARAMS: git_uri: found a list")


def test_name_null_is_refused():
    with pytest.raises(OsbsValidationException):
        decoded(name=None)


def test_invalid_name_is_refused():
    with pytest.raises(OsbsValidationException):
        decoded(name="../x")


@pytest.mark.parametrize("name", ["", ".", "..", "/etc/passwd", "../x.json", "a/b", "a\0b"])
def test_customize_conf_must_be_the_name_of_a_file(name):
    with pytest.raises(OsbsValidationException) as exc_info:
        decoded(customize_conf=name)
    assert exc_info.value.message == "USER_PARAMS: customize_conf: not the name of a file"


def test_customize_conf_null_means_the_default():
    assert decoded(customize_conf=None).customize_conf_path.value == "prod_customize.json"


def test_unknown_names_are_ignored():
    assert decoded(unknown=1).to_json() == EMPTY_JSON


def test_tags_survive_the_round_trip():
    params = decoded(additional_tags=["b", "a"], tags_from_yaml=True)
    assert json.loads(params.to_json())["additional_tags"] == ["a", "b"]
    assert json.loads(params.to_json())["tags_from_yaml"] is True


def test_a_pod_is_not_told_of_a_file_that_is_ignored(caplog):
    decoded(additional_tags=["a"])
    assert "additional-tags" not in caplog.text


def test_empty_tags_read_no_file(tmpdir, monkeypatch):
    tmpdir.join("additional-tags").write("from-cwd\nspam")
    monkeypatch.chdir(tmpdir)
    params = decoded(additional_tags=[])
    assert "additional_tags" not in json.loads(params.to_json())


def test_tags_are_read_from_the_given_directory(tmpdir):
    tmpdir.join("additional-tags").write("spam\nbacon\n")
    data = {"dir_path": str(tmpdir), "file_name": "additional-tags", "tags": set()}
    params = params_with(additional_tag_data=data)
    assert json.loads(params.to_json())["additional_tags"] == ["bacon", "spam"]


def test_values_that_json_cannot_hold_are_refused():
    params = params_with(reactor_config_override={"when": NOW})
    with pytest.raises(OsbsValidationException) as exc_info:
        params.to_json()
    assert "USER_PARAMS" in exc_info.value.message
