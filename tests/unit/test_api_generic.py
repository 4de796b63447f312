"""The facade's own rules: exceptions, queries, credentials, quotas, restore."""

from __future__ import absolute_import, print_function, unicode_literals

import getpass
import json
import logging
import os
import stat
import warnings

import pytest
import six
from flexmock import flexmock

from osbs import utils
from osbs.api import OSBS, osbsapi
from osbs.conf import Configuration
from osbs.constants import BUILD_JSON_STORE
from osbs.exceptions import (
    OsbsException,
    OsbsNetworkException,
    OsbsResponseException,
    OsbsValidationException,
    OsbsWaitTimeout,
)
from tests.conformance.normal import INPUTS


@pytest.fixture
def osbs(tmpdir, monkeypatch):
    monkeypatch.setenv(str("HOME"), str(tmpdir))
    conf = Configuration(conf_file=None, build_json_dir=INPUTS)
    return OSBS(conf, conf)


def read(path):
    with open(path) as stream:
        return stream.read()


def answer(value):
    return flexmock(json=lambda: value)


def test_pages_of_a_dump_come_one_at_a_time(osbs):
    asked = []

    def dump_pages(resource_type, page_size):
        for number in range(2):
            asked.append((resource_type, page_size))
            yield {"items": [number]}

    osbs.os = flexmock(dump_pages=dump_pages)
    pages = osbs.dump_pages("buildconfigs", 500)
    assert asked == []
    assert next(pages) == {"items": [0]}
    assert asked == [("buildconfigs", 500)]
    assert list(pages) == [{"items": [1]}]


def test_an_error_in_the_middle_of_a_dump_is_an_osbs_exception(osbs):
    def dump_pages(resource_type, page_size):
        yield {"items": []}
        raise ValueError("x")

    osbs.os = flexmock(dump_pages=dump_pages)
    with pytest.raises(OsbsException) as failure:
        list(osbs.dump_pages("buildconfigs", 500))
    assert isinstance(failure.value.cause, ValueError)


def test_foreign_exception_becomes_the_cause_of_an_osbs_exception():
    @osbsapi
    def broken():
        raise ValueError("x")

    with pytest.raises(OsbsException) as failure:
        broken()
    assert isinstance(failure.value.cause, ValueError)
    assert failure.value.message == repr(failure.value.cause)


def test_osbs_exception_passes_unchanged():
    error = OsbsValidationException("x")

    @osbsapi
    def broken():
        raise error

    with pytest.raises(OsbsValidationException) as failure:
        broken()
    assert failure.value is error


def test_exception_of_flexmock_passes_unchanged():
    class MethodCallError(Exception):
        pass

    MethodCallError.__module__ = str("flexmock._api")

    @osbsapi
    def broken():
        raise MethodCallError()

    with pytest.raises(MethodCallError):
        broken()


def test_namespace_argument_is_dropped_with_a_warning():
    @osbsapi
    def function(**kwargs):
        return kwargs

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert function(namespace="x", a=1) == {"a": 1}
    assert len(caught) == 1


def test_defect_14_retries_come_back_after_an_exception(osbs):
    with pytest.raises(KeyError):
        with osbs.retries_disabled():
            assert osbs.os.retries_enabled is False
            raise KeyError("x")
    assert osbs.os.retries_enabled is True


def test_retries_come_back_only_after_the_outermost_of_nested_uses(osbs):
    with osbs.retries_disabled():
        with osbs.retries_disabled():
            pass
        assert osbs.os.retries_enabled is False
    assert osbs.os.retries_enabled is True


def test_retries_come_back_when_two_threads_have_disabled_them(osbs):
    first, second = osbs.retries_disabled(), osbs.retries_disabled()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert osbs.os.retries_enabled is False
    second.__exit__(None, None, None)
    assert osbs.os.retries_enabled is True


def test_retries_can_be_disabled_on_a_client_that_never_had_them(osbs):
    osbs.os = flexmock()
    with osbs.retries_disabled():
        assert osbs.os.retries_enabled is False
    assert osbs.os.retries_enabled is True


def test_watch_that_cannot_be_opened_is_an_osbs_exception(osbs):
    flexmock(osbs.os).should_receive("watch_resource").with_args("builds").and_raise(ValueError)
    with pytest.raises(OsbsException) as failure:
        next(osbs.watch_builds())
    assert isinstance(failure.value.cause, ValueError)


def test_defect_51_several_pods_are_counted_in_the_message(osbs):
    flexmock(osbs.os).should_receive("list_pods").and_return(answer({"items": [{}, {}]}))
    with pytest.raises(OsbsException) as failure:
        osbs.get_pod_for_build("b")
    assert "2 returned" in failure.value.message and failure.value.cause is None


NEW_CONFIG = {"metadata": {"name": "n", "labels": {"git-repo-name": "r", "git-branch": "b"}}}


@pytest.mark.parametrize(
    "error",
    [
        OsbsResponseException("{}", 403),
        OsbsResponseException("{}", 500),
        OsbsNetworkException("http://u", "timed out", ""),
        OsbsException(cause=IOError("refused")),
    ],
)
def test_defect_06_only_a_missing_build_config_means_that_there_is_none(osbs, error):
    flexmock(osbs.os).should_receive("get_build_config_by_labels").and_raise(error)
    with pytest.raises(type(error)):
        osbs._get_existing_build_config(NEW_CONFIG)


@pytest.mark.parametrize(
    "error",
    [
        OsbsResponseException("{}", 404),
        OsbsException(),
        OsbsException(cause=type(str("MissingSchema"), (ValueError,), {})()),
    ],
)
def test_missing_build_config_is_looked_for_by_name_and_then_none(osbs, error):
    flexmock(osbs.os).should_receive("get_build_config_by_labels").once().and_raise(error)
    flexmock(osbs.os).should_receive("get_build_config").with_args("n").once().and_raise(error)
    assert osbs._get_existing_build_config(NEW_CONFIG) is None


@pytest.mark.parametrize("metadata", [{"name": "n"}, {"name": "n", "labels": None}])
def test_existing_build_config_without_labels_is_no_conflict(osbs, metadata):
    osbs._verify_labels_match(NEW_CONFIG, {"metadata": metadata})


def test_label_that_the_new_build_config_lacks_collides(osbs):
    new = {"metadata": {"name": "n", "labels": {"git-repo-name": "r"}}}
    with pytest.raises(OsbsValidationException) as failure:
        osbs._verify_labels_match(new, NEW_CONFIG)
    assert "Git labels collide" in failure.value.message


def test_defect_40_update_for_another_repository_is_warned_of(osbs, caplog):
    def config(uri):
        return {"metadata": {"name": "n"}, "spec": {"source": {"git": {"uri": uri}}}}

    osbs._warn_of_another_repository(config("https://u:p@h/stage/r"), config("https://h/prod/r"))
    assert "https://***@h/stage/r" in caplog.text and "https://h/prod/r" in caplog.text


def test_defect_44_build_from_build_request_is_sent_as_an_object(osbs):
    request = flexmock(
        render=lambda: {"kind": "Build"}, set_openshift_required_version=lambda version: None
    )
    flexmock(osbs.os).should_receive("create_build").with_args({"kind": "Build"}).once().and_return(
        answer({})
    )
    osbs.create_build_from_buildrequest(request)


def test_defect_62_arrangement_version_may_be_digits(osbs):
    assert type(osbs.get_build_request(arrangement_version="6")).__name__ == "BuildRequestV2"
    assert type(osbs.get_build_request(arrangement_version="5")).__name__ == "BuildRequest"


def test_arrangement_version_that_is_no_number_is_named(osbs):
    with pytest.raises(OsbsValidationException) as failure:
        osbs.get_build_request(arrangement_version="six")
    assert "arrangement_version: six" in failure.value.message


def test_empty_arrangement_version_is_none(osbs):
    assert type(osbs.get_build_request(arrangement_version="")).__name__ == "BuildRequest"


@pytest.mark.parametrize("version", [None, ""])
def test_orchestrator_build_of_no_arrangement_is_refused_by_name(osbs, version):
    flexmock(osbs.build_conf).should_receive("get_can_orchestrate").and_return(True)
    with pytest.raises(OsbsValidationException) as failure:
        osbs.create_orchestrator_build(arrangement_version=version, platforms=["x86_64"])
    assert "arrangement_version" in failure.value.message


@pytest.mark.parametrize("build", [{"kind": "Build"}, answer({}), flexmock(json=lambda: {})])
def test_a_build_may_be_started_by_a_caller_of_its_own(osbs, build):
    assert build_from_dockerfile(osbs, started=build)[1] is build


def build_from_dockerfile(osbs, started=None, **changes):
    """Start a build up to `set_params`, whose keywords are returned, and the result."""
    seen = []
    parser = flexmock(
        labels={"name": "n", "com.redhat.component": "c", "version": "1"}, baseimage="b"
    )
    flexmock(utils).should_receive("get_repo_info").and_return(flexmock(dockerfile_parser=parser))
    flexmock(osbs).should_receive("_create_build_config_and_build").and_return(
        answer({}) if started is None else started
    )
    request = flexmock(
        set_params=lambda **kwargs: seen.append(kwargs),
        set_openshift_required_version=lambda version: None,
        set_repo_info=lambda repo_info: None,
        scratch=None,
        isolated=None,
    )
    flexmock(osbs).should_receive("get_build_request").and_return(request)
    arguments = {"git_uri": "u", "git_ref": "r", "git_branch": "b", "user": "u"}
    result = osbs.create_build(**dict(arguments, **changes))
    return seen[0], result


@pytest.mark.parametrize("name", ["user", "target", "platform", "release"])
def test_native_strings_of_python_2_are_utf_8(osbs, name):
    parameters, _ = build_from_dockerfile(osbs, **{name: "J\u00f6rg".encode("utf-8")})
    assert parameters["koji_target" if name == "target" else name] == "J\u00f6rg"


@pytest.mark.parametrize("configured, told", [(None, BUILD_JSON_STORE), ("/pod", "/pod")])
def test_the_pod_is_told_a_directory_of_templates_in_any_case(osbs, configured, told):
    osbs.build_conf = Configuration(conf_file=None, builder_build_json_dir=configured)
    parameters, _ = build_from_dockerfile(osbs)
    assert parameters["builder_build_json_dir"] == told


NEWER = {
    "dependency_replacements": ["gomod:a:1"],
    "operator_csv_modifications_url": "https://example.com/csv",
    "triggered_after_koji_task": 42,
    "userdata": {"custom": "data"},
}


@pytest.mark.parametrize("name", sorted(NEWER))
def test_a_keyword_of_newer_releases_is_handed_on_if_it_is_given(osbs, name):
    parameters, _ = build_from_dockerfile(osbs, **{name: NEWER[name]})
    given = {name: value for name, value in parameters.items() if name in NEWER}
    assert given == {name: NEWER[name]}


def test_builds_of_source_containers_are_not_of_this_api():
    assert not hasattr(OSBS, "create_source_container_build")


def test_a_build_that_is_to_be_skipped_is_not_started(osbs):
    started = []
    result = build_from_dockerfile(osbs, started=started.append, skip_build=True)[1]
    assert (result, started) == (None, [])


def test_keywords_that_an_older_arrangement_cannot_hand_on_are_warned_of(osbs, caplog):
    build_from_dockerfile(osbs, arrangement_version=5, userdata={"a": 1})
    build_from_dockerfile(osbs, arrangement_version=6, userdata={"a": 1})
    messages = [r.getMessage() for r in caplog.records if r.name == "osbs.api"]
    assert [text for text in messages if "userdata" in text] == [
        "without effect below arrangement 6: userdata"
    ]


def test_argument_that_is_not_utf_8_is_named(osbs):
    with pytest.raises(OsbsValidationException) as failure:
        build_from_dockerfile(osbs, user=b"J\xf6rg")
    assert "user" in failure.value.message


def test_all_missing_labels_are_named_at_once_and_only_by_the_exception(osbs, caplog):
    repo_info = flexmock(dockerfile_parser=flexmock(labels={"Name": "n"}, baseimage="b"))
    with pytest.raises(OsbsValidationException) as failure:
        osbs._check_labels(repo_info)
    assert failure.value.message.endswith(": com.redhat.component, version")
    # The command shows the exception as its only line.
    assert caplog.text == ""


def test_defect_58_missing_branch_is_noticed_before_cloning(osbs):
    flexmock(utils).should_receive("get_repo_info").never()
    with pytest.raises(OsbsValidationException) as failure:
        osbs.create_prod_build("uri", "ref", "", "user")
    assert "git_branch" in failure.value.message


def test_worker_build_names_its_missing_parameters(osbs):
    with pytest.raises(OsbsException) as failure:
        osbs.create_worker_build(platform="x")
    assert isinstance(failure.value.cause, ValueError)
    assert "Worker build missing required parameters: release" in failure.value.message


def test_flatpak_build_cannot_be_isolated(osbs):
    with pytest.raises(OsbsException) as failure:
        osbs.create_prod_build("uri", "ref", "branch", "user", flatpak=True, isolated=True)
    assert "Flatpak build cannot be isolated" in failure.value.message


@pytest.mark.parametrize(
    "container",
    [
        {},
        {"compose": None},
        {"compose": {}},
        {"compose": {"modules": []}},
        {"compose": []},
        {"compose": {"modules": "a:b"}},
        {"compose": 7},
        {"compose": {"modules": [7]}},
        [],
    ],
)
def test_defect_54_flatpak_without_usable_modules_is_a_validation_error(osbs, container):
    repo_info = flexmock(configuration=flexmock(container=container))
    with pytest.raises(OsbsValidationException):
        osbs._get_flatpak_labels(repo_info)


def test_flatpak_takes_name_and_stream_of_the_first_module(osbs):
    repo_info = flexmock(
        configuration=flexmock(container={"compose": {"modules": ["eog:stable:20180801", "x:y"]}})
    )
    labels, _ = osbs._get_flatpak_labels(repo_info)
    assert labels == {
        utils.Labels.LABEL_TYPE_NAME: "eog",
        utils.Labels.LABEL_TYPE_COMPONENT: "eog",
        utils.Labels.LABEL_TYPE_VERSION: "stable",
    }


def test_defect_57_digest_of_a_trigger_is_a_validation_error(osbs):
    request = flexmock(has_ist_trigger=lambda: True, trigger_imagestreamtag="foo:1@sha256:x")
    with pytest.raises(OsbsValidationException) as failure:
        osbs._get_image_stream_info_for_build_request(request)
    assert "foo:1@sha256:x" in failure.value.message


class Test_login(object):
    @pytest.fixture
    def path(self, tmpdir):
        return str(tmpdir.join(".osbs", "default.token"))

    def test_defect_35_given_token_is_sent_when_it_is_checked(self, osbs, path):
        seen = []
        flexmock(osbs.os, get_user=lambda: seen.append((osbs.os.use_auth, osbs.os.token)))
        osbs.login(token="t")
        assert seen == [(True, "t")]

    def test_token_file_is_for_its_owner_only(self, osbs, path):
        flexmock(osbs.os).should_receive("get_user")
        osbs.login(token="t")
        assert read(path) == "t\n"
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600

    def test_defect_32_directory_of_the_token_is_for_its_owner_only(self, osbs, path):
        os.mkdir(os.path.dirname(path), 0o755)
        flexmock(osbs.os).should_receive("get_user")
        osbs.login(token="t")
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700

    def test_directory_that_is_not_only_for_tokens_keeps_its_mode(self, osbs, tmpdir):
        shared = tmpdir.mkdir("shared")
        shared.chmod(0o755)
        elsewhere = str(shared.join("x.token"))
        flexmock(utils).should_receive("get_instance_token_file_name").and_return(elsewhere)
        flexmock(osbs.os).should_receive("get_user")
        osbs.login(token="t")
        assert read(elsewhere) == "t\n"
        assert stat.S_IMODE(os.stat(str(shared)).st_mode) == 0o755

    def test_token_is_kept_under_a_name_that_is_not_ascii(self, osbs, path):
        elsewhere = os.path.join(os.path.dirname(path), six.ensure_str("pr\u00e9.token"))
        flexmock(utils).should_receive("get_instance_token_file_name").and_return(elsewhere)
        flexmock(osbs.os).should_receive("get_user")
        osbs.login(token="t")
        assert read(elsewhere) == "t\n"

    def test_login_replaces_an_older_token(self, osbs, path):
        flexmock(osbs.os).should_receive("get_user")
        osbs.login(token="one")
        osbs.login(token="two")
        assert read(path) == "two\n"
        assert os.listdir(os.path.dirname(path)) == ["default.token"]

    def test_refused_token_is_not_kept(self, osbs, path):
        flexmock(osbs.os).should_receive("get_user").and_raise(OsbsResponseException("no", 401))
        with pytest.raises(OsbsValidationException):
            osbs.login(token="t")
        assert not os.path.exists(path)

    def test_user_name_and_password_are_asked_for(self, osbs, path):
        name = "raw_input" if six.PY2 else "input"
        flexmock(six.moves.builtins).should_receive(name).once().and_return("u")
        flexmock(getpass).should_receive("getpass").once().and_return("p")
        flexmock(osbs.os).should_receive("get_oauth_token").once().and_return("t")
        flexmock(osbs.os).should_receive("get_user").once()
        osbs.login()
        assert (osbs.os.username, osbs.os.password) == ("u", "p")


def test_restore_goes_on_after_an_error_when_told_to(osbs):
    items = [{"metadata": {"name": "a", "resourceVersion": "1"}}, {"metadata": {"name": "b"}}]
    seen = []

    def restore(kind, item):
        seen.append(item)
        if item["metadata"]["name"] == "a":
            raise OsbsResponseException("{}", 409)

    flexmock(osbs.os, restore_resource=restore)
    osbs.restore_resource("builds", {"items": items}, continue_on_error=True)
    assert seen == [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]


def test_restoring_counts_what_became_of_the_objects(osbs):
    outcomes = {
        "new": None,
        "old": OsbsResponseException("exists", 409),
        "bad": OsbsResponseException("no", 422),
    }

    def restore(resource_type, resource):
        outcome = outcomes[resource["metadata"]["name"]]
        if outcome:
            raise outcome

    flexmock(osbs.os, restore_resource=restore)
    items = [{"metadata": {"name": name}} for name in sorted(outcomes)]
    counts = osbs.restore_resource("builds", {"items": items}, continue_on_error=True)
    assert counts == {"created": 1, "existing": 1, "failed": 1}


class Test_pause(object):
    def pause(self, osbs, *lists):
        expectation = flexmock(osbs.os).should_receive("list_builds").times(len(lists))
        for builds in lists:
            items = [{"metadata": {"name": n}, "status": {"phase": p}} for n, p in builds]
            expectation.and_return(answer({"items": items}))
        flexmock(osbs.os).should_receive("create_resource_quota").once()
        osbs.pause_builds()

    def test_each_running_build_is_waited_for(self, osbs):
        finished = {"metadata": {"name": "b"}, "status": {"phase": "Complete"}}
        flexmock(osbs.os).should_receive("wait_for_build_to_finish").with_args(
            "b"
        ).once().and_return(finished)
        self.pause(osbs, [("b", "Running")], [], [])

    def test_defect_15_builds_that_have_not_started_are_named(self, osbs, caplog):
        self.pause(osbs, [], [("waiting-1", "Pending"), ("waiting-2", "New")])
        assert "waiting-1, waiting-2" in caplog.text

    def test_defect_15_pausing_ends_when_its_time_is_over(self, osbs):
        flexmock(osbs.os).should_receive("create_resource_quota")
        running = {"metadata": {"name": "b"}, "status": {"phase": "Running"}}
        flexmock(osbs.os).should_receive("list_builds").and_return(answer({"items": [running]}))
        flexmock(osbs.os).should_receive("wait_for_build_to_finish").with_args(
            "b", timeout=5
        ).once().and_raise(OsbsWaitTimeout("b"))
        with pytest.raises(OsbsWaitTimeout):
            osbs.pause_builds(timeout=5)

    def test_client_that_knows_no_time_out_is_accepted(self, osbs):
        osbs.os = flexmock(
            create_resource_quota=lambda name, quota: None,
            list_builds=lambda **kwargs: answer({"items": []}),
        )
        osbs.pause_builds()


@pytest.mark.parametrize(("method", "expected"), [("gzip", ".gz"), ("lzma", ".xz")])
def test_compression_extension_follows_the_template(osbs, tmpdir, method, expected):
    template = {"postbuild_plugins": [{"name": "compress", "args": {"method": method}}]}
    tmpdir.join("prod_inner.json").write(json.dumps(template))
    flexmock(osbs.os_conf).should_receive("get_build_json_store").and_return(str(tmpdir))
    assert osbs.get_compression_extension() == expected


def test_config_map_values_are_encoded_one_by_one(osbs):
    sent = []
    flexmock(osbs.os, create_config_map=lambda data: sent.append(data) or answer(data))
    osbs.create_config_map("n", {"a.json": {"x": 1}, "b": "very"})
    assert sent[0]["data"] == {"a.json": '{"x": 1}', "b": '"very"'}


def test_missing_template_is_named(osbs):
    flexmock(osbs.os_conf).should_receive("get_build_json_store").and_return("/no/such")
    with pytest.raises(OsbsException) as failure:
        osbs.create_config_map("n", {})
    assert "/no/such/config_map.json" in failure.value.message


def test_template_that_is_not_json_is_named(osbs, tmpdir):
    tmpdir.join("config_map.json").write("{")
    flexmock(osbs.os_conf).should_receive("get_build_json_store").and_return(str(tmpdir))
    with pytest.raises(OsbsValidationException) as failure:
        osbs.create_config_map("n", {})
    assert str(tmpdir.join("config_map.json")) in failure.value.message


def test_template_directory_that_a_pod_lacks_is_replaced_which_is_told(osbs, caplog):
    caplog.set_level(logging.INFO, "osbs")
    user_params = {
        "build_json_dir": "/no/such/directory",
        "build_type": "worker",
        "git_ref": "r",
        "git_uri": "u",
        "image_tag": "u/c:t",
        "koji_target": "t",
        "user": "u",
    }
    rendered = json.loads(osbs.render_plugins_configuration(json.dumps(user_params)))
    assert rendered["prebuild_plugins"]
    told = [r.levelno for r in caplog.records if "/no/such/directory" in r.getMessage()]
    assert told == [logging.INFO]


def test_the_repr_of_a_client_is_its_server_and_project():
    conf = Configuration(conf_file=None, openshift_url="https://h:8443/", namespace="osbs")
    assert repr(OSBS(conf, conf)) == "<OSBS https://h:8443/oapi/v1/, namespace osbs>"
