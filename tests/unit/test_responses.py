"""Wrappers of the server's JSON."""

from __future__ import absolute_import, print_function, unicode_literals

import json

import pytest
import yaml
from flexmock import flexmock

import osbs.build
from osbs.build.build_response import BuildResponse
from osbs.build.config_map_response import ConfigMapResponse
from osbs.build.pod_response import PodResponse

STATES = [
    # phase, finished, failed, cancelled, succeeded, running, pending, in progress
    ("Complete", 1, 0, 0, 1, 0, 0, 0),
    ("Failed", 1, 1, 0, 0, 0, 0, 0),
    ("Error", 1, 1, 0, 0, 0, 0, 0),
    ("Cancelled", 1, 1, 1, 0, 0, 0, 0),
    ("Running", 0, 0, 0, 0, 1, 0, 1),
    ("Pending", 0, 0, 0, 0, 0, 1, 1),
    ("New", 0, 0, 0, 0, 0, 1, 1),
    ("Unheard", 0, 0, 0, 0, 0, 0, 1),
]
TESTS = "finished failed cancelled succeeded running pending in_progress".split()
NOTES = [
    ("get_dockerfile", "dockerfile"),
    ("get_commit_id", "commit_id"),
    ("get_image_id", "image-id"),
    ("get_base_image_id", "base-image-id"),
    ("get_base_image_name", "base-image-name"),
]
CONFIG_DATA = {
    "special.how": '"very"',
    "special.type": '{"quark": "charm"}',
    "config.yaml": "version:1",
    "config.yml": "version: 2",
    "config.ymlll": '{"version":3}',
    "config.json": "0",
}


def build_with(annotations=None, labels=None, **status):
    metadata = {"name": "b-1", "creationTimestamp": "2015-08-24T10:41:00Z"}
    if annotations is not None:
        metadata["annotations"] = annotations
    if labels is not None:
        metadata["labels"] = labels
    return {
        "metadata": metadata,
        "spec": {"output": {"to": {"name": "u/c:tag"}}},
        "status": dict({"phase": "Complete"}, **status),
    }


def container(code=None, **terminated):
    if code is not None:
        terminated["exitCode"] = code
    return {"state": {"terminated": terminated} if terminated else {"running": {}}}


def test_package_exports_the_wrappers():
    assert osbs.build.BuildResponse is BuildResponse
    assert osbs.build.PodResponse is PodResponse


@pytest.mark.parametrize("row", STATES, ids=[row[0] for row in STATES])
@pytest.mark.parametrize("assigned", [True, False])
def test_state_tests_follow_the_phase(row, assigned):
    build_json = build_with(phase="Complete" if assigned else row[0])
    response = BuildResponse(build_json)
    if assigned:
        response.status = row[0].lower()
    answers = [getattr(response, "is_" + name)() for name in TESTS]
    assert answers == [bool(answer) for answer in row[1:]]


def test_status_is_lower_case():
    assert BuildResponse(build_with(phase="Running")).status == "running"


def test_phase_and_cancellation_stay_what_they_were_when_first_read():
    response = BuildResponse(build_with(phase="Running", cancelled=False))
    assert (response.status, response.cancelled) == ("running", False)
    response.json["status"].update(phase="Failed", cancelled=True)
    assert (response.status, response.cancelled) == ("running", False)


def test_missing_phase_is_a_key_error():
    with pytest.raises(KeyError):
        BuildResponse({"status": {}}).status


@pytest.mark.parametrize("value", ["failed", "Failed", "FAILED"])
def test_status_that_is_set_is_capitalised_in_json_and_lower_case_when_read(value):
    response = BuildResponse(build_with())
    response.status = value
    assert response.json["status"]["phase"] == "Failed"
    assert response.status == "failed"
    assert response.is_failed()


def test_cancel_flag_is_independent_of_the_phase():
    response = BuildResponse(build_with(phase="Running"))
    assert not response.cancelled
    response.cancelled = True
    assert response.json["status"]["cancelled"] is True
    response.cancelled = False
    assert response.json["status"]["cancelled"] is False
    assert not response.cancelled
    assert not response.is_cancelled()


def test_cancel_flag_of_the_server_is_read():
    assert BuildResponse(build_with(cancelled=True)).cancelled is True


def test_plain_getters():
    response = BuildResponse(build_with(annotations={"a": "1"}, labels={"l": "2"}))
    assert response.get_build_name() == "b-1"
    assert response.get_image_tag() == "u/c:tag"
    assert response.get_time_created() == "2015-08-24T10:41:00Z"
    assert response.get_time_created_in_seconds() == 1440412860
    assert response.get_annotations() == {"a": "1"}
    assert response.get_labels() == {"l": "2"}


@pytest.mark.parametrize("build_json", [{}, {"metadata": None}, {"metadata": {}, "spec": {}}])
@pytest.mark.parametrize(
    "getter",
    "get_build_name get_image_tag get_time_created get_annotations get_labels get_commit_id"
    " get_annotations_or_labels get_repositories get_digests get_tar_metadata"
    " get_tar_metadata_size get_koji_build_id get_error_message".split(),
)
def test_what_is_missing_is_none(getter, build_json):
    assert getattr(BuildResponse(build_json), getter)() is None


def test_missing_time_is_a_type_error():
    with pytest.raises(TypeError):
        BuildResponse({}).get_time_created_in_seconds()


@pytest.mark.parametrize("getter, key", NOTES)
@pytest.mark.parametrize(
    "annotations, labels, expected",
    [({"K": "a"}, {"K": "l"}, "a"), (None, {"K": "l"}, "l"), ({}, {"K": "l"}, None)],
)
def test_labels_count_only_without_any_annotations(getter, key, annotations, labels, expected):
    def with_key(notes):
        return None if notes is None else {key: value for value in notes.values()}

    response = BuildResponse(build_with(with_key(annotations), with_key(labels)))
    assert getattr(response, getter)() == expected


def test_repositories_and_digests_are_decoded():
    response = BuildResponse(
        build_with({"repositories": '{"primary": ["p"]}', "digests": '[{"version": "v2"}]'})
    )
    assert response.get_repositories() == {"primary": ["p"]}
    assert response.get_digests() == [{"version": "v2"}]


@pytest.mark.parametrize("getter", ["get_repositories", "get_digests", "get_tar_metadata"])
def test_bad_json_is_a_value_error(getter):
    key = getter[len("get_") :]
    with pytest.raises(ValueError):
        getattr(BuildResponse(build_with({key: "{"})), getter)()


@pytest.mark.parametrize("getter", ["get_repositories", "get_digests", "get_tar_metadata"])
def test_empty_text_is_none(getter):
    key = getter[len("get_") :]
    assert getattr(BuildResponse(build_with({key: ""})), getter)() is None


def test_tar_metadata():
    metadata = {"size": 5, "md5sum": "m", "sha256sum": "s", "filename": "f"}
    response = BuildResponse(build_with({"tar_metadata": json.dumps(metadata)}))
    assert response.get_tar_metadata() == metadata
    assert response.get_tar_metadata_size() == 5
    assert response.get_tar_metadata_md5sum() == "m"
    assert response.get_tar_metadata_sha256sum() == "s"
    assert response.get_tar_metadata_filename() == "f"


def test_koji_build_id_is_a_label():
    response = BuildResponse(build_with({"koji-build-id": "annotation"}, {"koji-build-id": "l"}))
    assert response.get_koji_build_id() == "l"


@pytest.mark.parametrize(
    "plugins_metadata, expected",
    [
        ('{"errors": {"dockerbuild": null}}', "Error in plugin dockerbuild"),
        ('{"errors": {"foo": "bar"}}', "Error in plugin foo: bar"),
        ('{"errors": {"z": "first", "a": "second"}}', "Error in plugin z: first"),
        ('{"errors": {}}', None),
        ("{}", None),
        ("", None),
        ("{", None),
        ("[]", None),
        ("null", None),
        ('{"errors": ["x"]}', None),
        ("[" * 100000, None),
    ],
)
def test_error_message_never_raises(plugins_metadata, expected):
    response = BuildResponse(build_with({"plugins-metadata": plugins_metadata}))
    assert response.get_error_message() == expected


@pytest.mark.parametrize("annotations", (["x"], "text", 5))
def test_error_message_of_annotations_that_are_no_object_is_none(annotations):
    assert BuildResponse(build_with(annotations)).get_error_message() is None


PLUGIN_ERROR = {"plugins-metadata": '{"errors": {"foo": "bar"}}'}
GENERIC = {"message": "Generic Build failure - check logs.", "reason": "GenericBuildFailed"}
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."}


def failed_build(annotations=None, phase="Failed", **status):
    return BuildResponse(build_with(annotations, phase=phase, **status))


@pytest.mark.parametrize(
    "status, expected",
    [
        (GENERIC, "Generic Build failure - check logs. (GenericBuildFailed)"),
        ({"reason": "OutOfMemoryKilled"}, "OutOfMemoryKilled"),
        ({"message": "Invalid output reference"}, "Invalid output reference"),
        (
            {"phase": "Cancelled", "reason": "CancelledBuild", "message": "cancelled by the user"},
            "cancelled by the user (CancelledBuild)",
        ),
        (
            {"phase": "Error", "conditions": [dict(GENERIC, type="Error", status="True")]},
            "Generic Build failure - check logs. (GenericBuildFailed)",
        ),
        ({"conditions": [dict(GENERIC, type="Running", status="False")]}, None),
        (
            {"reason": "GenericBuildFailed", "logSnippet": "one\nno space left\n\n"},
            "GenericBuildFailed; the log ends with: no space left",
        ),
        ({"conditions": None, "message": None}, None),
        ({"reason": "R", "conditions": 5, "logSnippet": " \n"}, "R"),
    ],
)
def test_what_openshift_wrote_about_a_failure_is_its_message(status, expected):
    assert failed_build(**status).get_failure_message() == expected


def test_a_failure_of_a_plugin_says_more_than_the_status():
    assert failed_build(PLUGIN_ERROR, **GENERIC).get_failure_message() == (
        "Error in plugin foo: bar"
    )


@pytest.mark.parametrize(
    "pod_status, expected",
    [
        (
            {"containerStatuses": [container(137, reason="OOMKilled")]},
            "the pod failed with exit code 137: OOMKilled",
        ),
        ({"containerStatuses": [container(1)]}, "the pod failed with exit code 1"),
        (
            {"containerStatuses": [container(1, message="line\nlast line\n")]},
            "the pod failed with exit code 1: last line",
        ),
        (EVICTED, "the pod failed: The node was low on memory."),
        ({"phase": "Failed"}, None),
        ({"phase": "Failed", "containerStatuses": 5}, None),
        ({"containerStatuses": [{"state": {"terminated": "x"}}]}, None),
        ({}, None),
        (5, None),
    ],
)
def test_how_the_pod_ended_explains_a_failure(pod_status, expected):
    pod = PodResponse({"status": pod_status})
    assert failed_build().get_failure_message(pod) == expected


def test_how_the_pod_ended_is_added_to_what_openshift_wrote():
    pod = PodResponse({"status": EVICTED})
    assert failed_build(reason="BuildPodEvicted").get_failure_message(pod) == (
        "BuildPodEvicted; the pod failed: The node was low on memory."
    )


@pytest.mark.parametrize("phase", ["Complete", "Running", "New"])
def test_a_build_that_did_not_fail_has_no_failure_message(phase):
    assert failed_build(PLUGIN_ERROR, phase, **GENERIC).get_failure_message() is None


@pytest.mark.parametrize(
    "status, expected",
    [
        ({"duration": 83000000000}, 83.0),
        (
            {
                "startTimestamp": "2015-08-24T10:41:00Z",
                "completionTimestamp": "2015-08-24T10:42:01Z",
            },
            61.0,
        ),
        ({"startTimestamp": "2015-08-24T10:41:00Z"}, None),
        ({"completionTimestamp": "2015-08-24T10:41:00Z"}, None),
        ({"startTimestamp": "2015-08-24T10:41:00Z", "completionTimestamp": "soon"}, None),
        ({"startTimestamp": 5, "completionTimestamp": {}}, None),
        ({"duration": "83 s"}, None),
        ({}, None),
    ],
)
def test_the_duration_of_a_build_is_in_seconds(status, expected):
    assert BuildResponse(build_with(**status)).get_duration() == expected


def test_a_build_without_a_status_has_no_duration():
    assert BuildResponse({}).get_duration() is None


def test_the_platforms_of_a_build_are_those_of_its_worker_builds():
    workers = {"x86_64": {"build": {"build-name": "w-1"}}, "ppc64le": {"build": None}}
    build = BuildResponse(build_with({"worker-builds": json.dumps(workers)}))
    assert build.get_platforms() == workers


@pytest.mark.parametrize(
    "annotations", [None, {}, {"worker-builds": ""}, {"worker-builds": '["x86_64"]'}]
)
def test_a_build_without_worker_builds_has_no_platforms(annotations):
    assert BuildResponse(build_with(annotations)).get_platforms() == {}


@pytest.mark.parametrize(
    "build_json, expected",
    [
        (build_with(phase="Running"), "<Build b-1: running>"),
        ({"metadata": {"name": "b-1"}}, "<Build b-1: none>"),
        ({}, "<Build None: none>"),
        (None, "<Build None: none>"),
    ],
)
def test_the_repr_of_a_build_is_its_name_and_phase(build_json, expected):
    assert repr(BuildResponse(build_json)) == expected


@pytest.mark.parametrize(
    "pod, expected",
    [
        ({"metadata": {"name": "p"}, "status": {"phase": "Failed"}}, "<Pod p: failed>"),
        ({}, "<Pod None: none>"),
    ],
)
def test_the_repr_of_a_pod_is_its_name_and_phase(pod, expected):
    assert repr(PodResponse(pod)) == expected


def test_a_status_of_odd_values_does_not_keep_the_failure_from_being_told():
    status = {"conditions": ["x", None], "logSnippet": 5, "message": ["m"]}
    assert failed_build(**status).get_failure_message() == "%s; the log ends with: 5" % (["m"],)


def test_defect_81_reading_does_not_copy():
    build_json = build_with({"a": "1"}, {"l": "2"})
    response = BuildResponse(build_json)
    assert response.json is build_json
    assert response.get_annotations() is build_json["metadata"]["annotations"]
    assert response.get_labels() is build_json["metadata"]["labels"]


@pytest.mark.parametrize(
    "statuses, expected",
    [
        (None, {}),
        ([], {}),
        ([{"image": "a", "imageID": "X"}], {"a": "X"}),
        (
            [{"image": "a", "imageID": "docker://X"}, {"image": "b", "imageID": "Y"}],
            {"a": "X", "b": "Y"},
        ),
        ([{"image": "a", "imageID": "docker-pullable://X"}], {"a": "docker-pullable://X"}),
        ([{"image": "a"}, {"imageID": "X"}, {"image": "b", "imageID": "Y"}], {"b": "Y"}),
        ([None, "x", {"image": "b", "imageID": "Y"}], {"b": "Y"}),
    ],
)
def test_image_ids_of_a_pod(statuses, expected):
    pod = {"status": {} if statuses is None else {"containerStatuses": statuses}}
    assert PodResponse(pod).get_container_image_ids() == expected


@pytest.mark.parametrize(
    "status, expected",
    [
        (
            {"message": "m", "reason": "r", "phase": "Failed", "containerStatuses": []},
            {"reason": "m"},
        ),
        (
            {"reason": "r", "phase": "Failed", "containerStatuses": [container(0)]},
            {"reason": "r"},
        ),
        ({"phase": "Failed"}, {"reason": "Failed"}),
        (
            {
                "message": "ignored",
                "containerStatuses": [container(0), container(1, message="M", reason="R")],
            },
            {"reason": "M", "exitCode": 1},
        ),
        (
            {"containerStatuses": [container(1, reason="R"), container(2, message="X")]},
            {"reason": "R", "exitCode": 1},
        ),
        (
            {"containerStatuses": [container(), container(1, containerID="docker://c")]},
            {"reason": "Exit code 1", "exitCode": 1, "containerID": "docker://c"},
        ),
        ({"containerStatuses": None, "phase": "Failed"}, {"reason": "Failed"}),
        ({"containerStatuses": [{"state": {"terminated": None}}]}, {"reason": "Unknown"}),
        (
            {"containerStatuses": ["x", None, container(1, reason="R")]},
            {"reason": "R", "exitCode": 1},
        ),
        ({}, {"reason": "Unknown"}),
        (None, {"reason": "Unknown"}),
    ],
)
def test_failure_reason_of_a_pod(status, expected):
    pod = {"phase": "unrelated"}
    if status is not None:
        pod["status"] = status
    response = PodResponse(pod)
    assert response.get_failure_reason() == expected
    assert response.json is pod


def test_wrapped_json_cannot_be_replaced():
    for response in (PodResponse({}), ConfigMapResponse({})):
        with pytest.raises(AttributeError):
            response.json = {}


@pytest.mark.parametrize(
    "name, expected",
    [
        ("yaml", True),
        ("a.yml", True),
        ("a.b.yaml", True),
        ("a.YAML", False),
        ("a.ymlll", False),
        ("a.yml.bak", False),
        ("json", False),
    ],
)
def test_name_of_an_entry_says_whether_it_is_yaml(name, expected):
    assert ConfigMapResponse({}).is_yaml(name) is expected


def test_entries_are_decoded_by_their_name():
    assert ConfigMapResponse({"data": CONFIG_DATA}).get_data() == {
        "special.how": "very",
        "special.type": {"quark": "charm"},
        "config.yaml": "version:1",
        "config.yml": {"version": 2},
        "config.ymlll": {"version": 3},
        "config.json": 0,
    }


def test_yaml_is_parsed_once_per_entry_and_access():
    response = ConfigMapResponse({"data": CONFIG_DATA})
    flexmock(yaml).should_call("load").times(6)
    response.get_data()
    response.get_data()
    for name in CONFIG_DATA:
        response.get_data_by_key(name)


@pytest.mark.parametrize("config_map", [{}, {"data": None}, {"data": {}}])
def test_without_data_there_is_nothing(config_map):
    assert ConfigMapResponse(config_map).get_data() == {}
    assert ConfigMapResponse(config_map).get_data_by_key("x") == {}


def test_empty_yaml_document():
    response = ConfigMapResponse({"data": {"a.yaml": ""}})
    assert response.get_data() == {"a.yaml": None}
    assert response.get_data_by_key("a.yaml") == {}


@pytest.mark.parametrize("name, error", [("a.json", ValueError), ("a.yaml", yaml.YAMLError)])
def test_entry_that_cannot_be_decoded_raises_the_decoders_error(name, error):
    with pytest.raises(error):
        ConfigMapResponse({"data": {name: "{"}}).get_data_by_key(name)


def test_defect_20_yaml_of_a_config_map_cannot_run_code(tmpdir):
    mark = tmpdir.join("mark")
    text = "!!python/object/apply:os.mkdir ['%s']" % mark
    with pytest.raises(yaml.YAMLError):
        ConfigMapResponse({"data": {"a.yaml": text}}).get_data()
    assert not mark.check()
