"""The helpers of osbs.utils, besides what the vectors hold."""

from __future__ import absolute_import, print_function, unicode_literals

import datetime
import logging
import os
import re
import subprocess
import sys
import time
from collections import OrderedDict

import pytest
import six
from flexmock import flexmock
from packaging.version import Version

from osbs import constants, utils
from osbs.constants import BUILD_JSON_STORE
from osbs.exceptions import OsbsException, OsbsResponseException, OsbsValidationException
from osbs.utils import Labels, RegistryURI, UserWarningsStore

BUILD_CONFIG_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
FOREIGN = "caf\xe9"
LONG_REPO = "http://h/very-long-repository-name-for-a-container-image"
LONG_BRANCH = "private-someuser-feature-branch-with-long-name"


@pytest.mark.parametrize(
    ("uri", "docker_uri", "version", "scheme"),
    [
        ("registry.example.com", "registry.example.com", "v1", ""),
        ("https://r.example.com:5000/v2", "r.example.com:5000", "v2", "https://"),
        ("http://r/", "r", "v1", "http://"),
        ("r/v10", "r", "v10", ""),
        ("", "", "v1", ""),
    ],
)
def test_a_registry_uri_is_taken_apart(uri, docker_uri, version, scheme):
    registry = RegistryURI(uri)
    assert (registry.docker_uri, registry.version, registry.scheme) == (docker_uri, version, scheme)
    assert registry.uri == str(registry) == scheme + docker_uri


@pytest.mark.parametrize("uri", ["r/v", "r/v2/", "r/foo", "https://r/foo/v2", None])
def test_a_registry_uri_with_more_than_a_version_is_refused(uri):
    with pytest.raises(OsbsValidationException):
        RegistryURI(uri)


def test_registry_uris_compare_by_what_they_say():
    assert RegistryURI("http://r") == RegistryURI("http://r/v1") != RegistryURI("http://r/v2")
    assert len({RegistryURI("r"), RegistryURI("r/")}) == 1


@pytest.mark.parametrize(
    ("repo", "branch", "limit", "start"),
    [
        ("spam", "bacon", 5, "sp-ba"),
        ("spammmmmm", "bacon", 10, "spamm-baco"),
        ("s", "bacon", 10, "s-bacon"),
        ("spam", "", 10, "spam-unkno"),
        ("spam", "baco-n", 10, "spam-baco"),
        ("spam", "-----n", 10, "spam"),
        ("1.2.3.4.", "...f.", 10, "1234-f"),
        ("longer--name--than", "this", 22, "longer--name--tha-this"),
    ],
)
def test_a_name_gives_repository_and_branch_fair_shares(repo, branch, limit, start):
    name = utils.make_name_from_git("http://h/" + repo, branch, limit=limit + 1 + 5)
    assert name.rsplit("-", 1)[0] == start
    assert BUILD_CONFIG_NAME.match(name)


@pytest.mark.parametrize(
    ("args", "kwargs", "name"),
    [
        (("https://example.com/rpms/httpd.git", "f27"), {}, "httpd-f27-d5989"),
        (("git://h/Foo_Bar.baz", "rhel-7.4-dev"), {}, "ooarbaz-rhel-74-dev-2f232"),
        (("http://h/x", None), {}, "x-unknown-01fa3"),
        (("", ""), {}, "unknown-b23a6"),
        (("http://h/---", "___"), {}, "c4b5e"),
        ((LONG_REPO, LONG_BRANCH), {}, "very-long-repository-na-private-someuser-featur-1681f"),
        (("spam", "bacon"), {"limit": 3}, "s-1f16e"),
        (("spam", "bacon"), {"limit": 20, "separator": "x", "hash_size": 3}, "spamxbaconx1f1"),
    ],
)
def test_defect_40_the_name_is_that_of_the_reference(args, kwargs, name):
    kwargs = {str(key): value for key, value in kwargs.items()}
    assert utils.make_name_from_git(*args, **kwargs) == name


def test_names_that_differ_in_what_is_cut_off_differ():
    names = {
        utils.make_name_from_git(LONG_REPO + tail, LONG_BRANCH, limit=30)
        for tail in ("-a", "-b", "-c")
    }
    assert len(names) == 3


@pytest.mark.parametrize("repo", [b"http://h/caf\xc3\xa9", "http://h/caf\xe9"])
def test_a_name_is_made_of_bytes_or_text(repo):
    assert utils.make_name_from_git(repo, "f") == "caf-f-8a1bc"


def test_a_lone_surrogate_is_no_error_in_a_name():
    assert utils.make_name_from_git("http://h/\ud800", "f").startswith("f-")


@pytest.mark.parametrize(
    ("args", "kwargs", "name"),
    [
        (
            ("scratch", "201801", "https://e/rpms/httpd.git", "f27"),
            {},
            "scratch-httpd-f27-d5989-201801",
        ),
        (
            ("A.b_c", "1.2", LONG_REPO, LONG_BRANCH),
            {},
            "bc-very-long-repository-name-private-someuser-feature-1681f-12",
        ),
        (("p", "s", "spam", "bacon"), {"limit": 24}, "p-spam-bacon-1f16e-s"),
    ],
)
def test_a_wrapped_name_stays_within_its_limit(args, kwargs, name):
    kwargs = {str(key): value for key, value in kwargs.items()}
    assert utils.wrap_name_from_git(*args, **kwargs) == name


def test_a_registry_uri_is_no_text():
    assert RegistryURI("r") != "r"


@pytest.mark.parametrize(
    ("ref", "expected"), [("a" * 40, True), ("A1" * 20, True), ("a" * 39, False), ("g" * 40, False)]
)
def test_a_commit_id_has_forty_hexadecimal_digits(ref, expected):
    assert utils.looks_like_git_hash(ref) is expected


def test_every_old_label_has_a_new_name():
    names = Labels.get_new_names_by_old()
    assert len(names) == 11 and names["BZComponent"] == "com.redhat.component"


def test_walking_into_a_text_is_a_type_error():
    with pytest.raises(TypeError):
        utils.graceful_chain_get({"a": "text"}, "a", "b")


def test_an_update_of_something_else_than_a_dict_does_nothing():
    orig = ["x"]
    utils.buildconfig_update(orig, {"y": 1})
    assert orig == ["x"]


def test_labels_prefer_new_names():
    labels = Labels({"Name": "old", "name": "new"})
    assert labels.get_name(Labels.LABEL_TYPE_NAME) == "name"
    assert labels.get_name_and_value(Labels.LABEL_TYPE_NAME) == ("name", "new")


def test_labels_know_old_names():
    labels = Labels({"Name": "old"})
    assert labels.get_name_and_value(Labels.LABEL_TYPE_NAME) == ("Name", "old")
    assert labels.get_name(Labels.LABEL_TYPE_COMPONENT) == "com.redhat.component"
    assert labels.LABEL_NAMES[Labels.LABEL_TYPE_RELEASE][0] == "release"


def test_labels_take_the_name_of_any_label():
    assert Labels({"x": "y"}).get_name_and_value("x") == ("x", "y")


@pytest.mark.parametrize("ask", ["get_name", "get_name_and_value"])
def test_labels_raise_key_error_for_what_is_unknown(ask):
    with pytest.raises(KeyError):
        getattr(Labels({}), ask)("absent")


def test_a_missing_label_is_a_key_error():
    with pytest.raises(KeyError):
        Labels({}).get_name_and_value(Labels.LABEL_TYPE_NAME)


def test_defect_81_walking_makes_no_copy():
    inner = {"b": [1, 2]}
    assert utils.graceful_chain_get({"a": inner}, "a") is inner


@pytest.mark.parametrize(
    ("data", "path", "found"),
    [
        ({"a": None}, ("a", "b"), None),
        ({"a": {"b": [1, 2]}}, ("a", "b", 1), 2),
        ({"a": [1]}, ("a", 5), None),
        (None, ("a",), None),
        ({"a": 1}, (), {"a": 1}),
    ],
)
def test_walking_ends_gracefully(data, path, found):
    assert utils.graceful_chain_get(data, *path) == found


@pytest.mark.parametrize(
    ("path", "left"),
    [(("a", "b"), {"a": {}}), (("a", "x"), {"a": {"b": 1}}), (("x", "b"), {"a": {"b": 1}})],
)
def test_deleting_ends_gracefully(path, left):
    data = {"a": {"b": 1}}
    utils.graceful_chain_del(data, *path)
    utils.graceful_chain_del(None, *path)
    assert data == left


def test_an_update_removes_stale_keys_from_the_strategy_only():
    orig = {"a": "a", "strategy": {"b1": "B1", "b2": "B2", "b11": {"x": "y"}}, "d": "D"}
    utils.buildconfig_update(
        orig, {"a": "A", "strategy": {"b1": "n", "b3": "B3", "b11": {}}, "c": "C"}
    )
    assert orig == {"a": "A", "strategy": {"b1": "n", "b3": "B3", "b11": {}}, "c": "C", "d": "D"}


@pytest.mark.parametrize(
    ("keys", "left"),
    [(("strategy", "resources"), {"new": 1}), (("resources", "strategy"), {"new": 1, "old": 1})],
)
def test_an_update_removes_stale_keys_from_what_comes_after_the_strategy(keys, left):
    values = {"strategy": {}, "resources": {"new": 1}}
    orig = {"resources": {"old": 1}}
    utils.buildconfig_update(orig, OrderedDict((key, values[key]) for key in keys))
    assert orig["resources"] == left


def test_an_update_without_triggers_removes_image_change_triggers():
    orig = {"spec": {"triggers": [{"type": "ImageChange"}, {"type": "Generic"}]}}
    utils.buildconfig_update(orig, {"spec": {}})
    assert orig == {"spec": {"triggers": [{"type": "Generic"}]}}


@pytest.mark.parametrize(
    ("build_config", "expected"),
    [({"spec": {"triggers": []}}, True), ({"spec": {"triggers": None}}, False), ({}, False)],
)
def test_triggers_are_there_even_if_the_list_is_empty(build_config, expected):
    assert utils.has_triggers(build_config) is expected


def test_run_command_returns_bytes_of_both_streams():
    assert utils.run_command(["sh", "-c", "echo out; echo err >&2"]) == b"out\nerr\n"


def test_a_failing_command_is_told_with_status_and_output():
    with pytest.raises(OsbsException) as caught:
        utils.run_command(["sh", "-c", "echo gone; exit 3"])
    assert caught.value.message.endswith(" returned 3\n\ngone\n")
    assert "b'" not in caught.value.message


def test_a_failing_command_shows_no_password():
    with pytest.raises(OsbsException) as caught:
        utils.run_command(["sh", "-c", "echo https://me:hunter2@h/x; exit 1"])
    assert "hunter2" not in caught.value.message


def test_a_missing_program_is_an_os_error():
    with pytest.raises(OSError):
        utils.run_command(["/nonexistent/program"])


def test_utcnow_is_naive_utc():
    now = utils.utcnow()
    assert now.tzinfo is None
    assert abs(
        now - datetime.datetime(1970, 1, 1) - datetime.timedelta(seconds=time.time())
    ) < datetime.timedelta(seconds=5)


@pytest.mark.parametrize("zone", ["UTC", "EST5EDT", "Asia/Tokyo"])
def test_a_time_with_a_zone_does_not_depend_on_the_local_zone(zone, monkeypatch):
    monkeypatch.setenv(str("TZ"), str(zone))
    time.tzset()
    try:
        assert utils.get_time_from_rfc3339("2015-08-24T10:41:00Z") == 1440412860.0
        assert utils.get_time_from_rfc3339("2015-09-22T11:12:00+01:00") == 1442916720.0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_time_without_a_zone_is_local(monkeypatch):
    monkeypatch.setenv(str("TZ"), str("EST5"))
    time.tzset()
    try:
        assert utils.get_time_from_rfc3339("2015-08-24T10:41:00") == 1440412860.0 + 5 * 3600
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("just completely invalid", ValueError),
        ("", ValueError),
        (None, TypeError),
        (5, TypeError),
        ("9" * 400, ValueError),
        (b"\xff", ValueError),
    ],
)
def test_what_is_no_time_is_an_error(text, error):
    with pytest.raises(error):
        utils.get_time_from_rfc3339(text)


def test_the_token_file_is_in_the_home_directory(home):
    assert utils.get_instance_token_file_name("x") == str(home.join(".osbs", "x.token"))


def test_the_token_file_may_be_that_of_an_instance_with_a_foreign_name(home):
    path = utils.get_instance_token_file_name(six.ensure_str("caf\xe9"))
    assert path == six.ensure_str("%s/.osbs/caf\xe9.token" % home)


def test_the_home_directory_of_the_token_file_may_have_a_foreign_name(monkeypatch):
    monkeypatch.setenv(str("HOME"), six.ensure_str("/caf\xe9"))
    assert utils.get_instance_token_file_name("x") == six.ensure_str("/caf\xe9/.osbs/x.token")


@pytest.mark.parametrize("name", ["", ".", "..", "../../etc/x", "/etc/x", "a\0b", None])
def test_defect_33_an_instance_name_cannot_leave_the_token_directory(name):
    with pytest.raises(OsbsValidationException):
        utils.get_instance_token_file_name(name)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (Version("1.0.4"), "1.0.4"),
        (Version("5.3"), "5.3.0"),
        (Version("2"), "2.0.0"),
        (Version("1.2.3.4"), "1.2.3"),
        (Version("1.0rc1"), "1.0.0"),
        ("", "0.0.0"),
        ("1.0.4", "1.0.4"),
        (("00000001", "00000000", "00000004", "*final"), "1.0.4"),
    ],
)
def test_versions_are_made_of_three_numbers(version, expected):
    assert utils.sanitize_version(version) == expected


@pytest.mark.parametrize("version", ["bacon", "5x3yj", ("1", "x")])
def test_a_version_of_something_else_than_numbers_is_an_error(version):
    with pytest.raises(ValueError):
        utils.sanitize_version(version)


def test_text_that_is_no_version_is_a_value_error():
    with pytest.raises(ValueError):
        utils.parse_version("one")


@pytest.mark.parametrize(
    ("spec", "parts"), [("eog:f26", ("eog", "f26", None)), ("eog:f26:2017", ("eog", "f26", "2017"))]
)
def test_module_specs_are_split(spec, parts):
    assert utils.split_module_spec(spec) == parts


@pytest.mark.parametrize("spec", ["eog", "a:b:c:d", "", None, 5])
def test_other_module_specs_are_refused(spec):
    with pytest.raises(OsbsValidationException):
        utils.split_module_spec(spec)


@pytest.mark.parametrize(
    ("failures", "calls", "slept"),
    [
        ([], 1, []),
        ([409, 409], 3, [5, 10]),
        ([409] * 9, 9, [5, 10, 20, 40, 80, 160, 320, 640]),
        ([404], 1, []),
        ([409, 500], 2, [5]),
    ],
)
def test_conflicts_are_retried_with_growing_pauses(failures, calls, slept):
    sleeps, made, answers = [], [], list(failures)
    flexmock(time).should_receive("sleep").replace_with(sleeps.append)

    @utils.retry_on_conflict
    def change(value):
        made.append(value)
        if answers:
            raise OsbsResponseException("no", answers.pop(0))
        return value

    if failures and (len(failures) == 9 or failures[-1] != 409):
        with pytest.raises(OsbsResponseException) as caught:
            change("x")
        assert caught.value.status_code == failures[-1]
    else:
        assert change("x") == "x"
    assert (len(made), sleeps, change.__name__) == (calls, slept, "change")


class Quota(object):
    def __init__(self, status=None):
        self.calls, self.status = [], status

    def pause_builds(self, quota_name=None):
        self.calls.append(("pause", quota_name))
        if self.status:
            raise OsbsResponseException("no", self.status)

    def resume_builds(self, quota_name=None):
        self.calls.append(("resume", quota_name))


def test_builds_are_resumed_after_an_error():
    osbs = Quota()
    with pytest.raises(KeyError):
        with utils.paused_builds(osbs, quota_name="q") as yielded:
            assert yielded is osbs
            raise KeyError("x")
    assert osbs.calls == [("pause", "q"), ("resume", "q")]


@pytest.mark.parametrize(
    ("status", "ignore", "goes_on"), [(403, True, True), (403, False, False), (500, True, False)]
)
def test_a_forbidden_quota_may_be_ignored(status, ignore, goes_on):
    osbs = Quota(status)
    try:
        with utils.paused_builds(osbs, ignore_quota_errors=ignore):
            assert goes_on
    except OsbsResponseException:
        assert not goes_on
    assert osbs.calls[-1] == ("resume", None)


def test_the_templates_of_the_source_tree_are_found():
    if os.path.exists(os.path.join(BUILD_JSON_STORE, "orchestrator.json")):
        pytest.skip("templates are installed on this machine")
    found = utils.find_build_json_store()
    assert found == os.path.join(os.path.dirname(os.path.dirname(utils.__file__)), "inputs")


def test_templates_are_found_that_were_installed_into_a_directory_of_their_own(tmpdir, monkeypatch):
    installed = tmpdir.mkdir("share").mkdir("osbs")
    installed.join("orchestrator.json").write("{}")
    monkeypatch.setattr(utils, "__file__", str(tmpdir.join("osbs", "utils.py")))
    monkeypatch.setattr(utils, "BUILD_JSON_STORE", str(tmpdir.join("absent")))
    monkeypatch.setattr(sys, "prefix", str(tmpdir.join("other")))
    assert utils.find_build_json_store() == str(installed)


def test_without_templates_the_first_choice_is_named(monkeypatch):
    monkeypatch.setattr(os.path, "isfile", lambda path: False)
    assert utils.find_build_json_store() == BUILD_JSON_STORE


def test_a_digest_is_kept_in_the_name_of_an_image_stream_tag():
    assert utils.get_imagestreamtag_from_image("r.e/a/b@sha256:ff") == "a-b@sha256:ff"


def test_importing_the_helpers_imports_nothing_slow():
    slow = [
        "yaml",
        "dateutil",
        "dockerfile_parse",
        "packaging",
        "tarfile",
        "requests",
        "jsonschema",
        "subprocess",
        "http.client",
        "httplib",
        "tempfile",
    ]
    program = "import sys, osbs.utils, osbs.conf; print([m for m in %r if m in sys.modules])" % (
        [str(name) for name in slow],
    )
    assert (
        subprocess.check_output(
            [sys.executable, "-S", "-c", program],
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
        ).strip()
        == b"[]"
    )


WARNING_LINE = (
    "2019-01-01 00:00:00,123 platform:x86_64 - atomic_reactor.plugin - USER_WARNING - "
    '{"message": "%s"}'
)


@pytest.fixture
def store():
    return UserWarningsStore()


@pytest.mark.parametrize(
    "line", [WARNING_LINE % "m", (WARNING_LINE % "m").encode(), " - USER_WARNING - {}\n"]
)
def test_a_line_that_ends_in_an_object_of_a_user_warning_is_one(line):
    assert UserWarningsStore().is_user_warning(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        WARNING_LINE % "m" + " more",
        (WARNING_LINE % "m").replace("USER_WARNING", "WARNING"),
        "name - USER_WARNING - text",
        'USER_WARNING - {"message": "m"}',
    ],
)
def test_another_line_is_no_user_warning(line):
    assert not UserWarningsStore().is_user_warning(line)


def test_each_user_warning_is_kept_once_in_the_order_of_the_log(store):
    for text in ("second", FOREIGN, "second", "first"):
        store.store(WARNING_LINE % text)
    assert list(store) == ["second", FOREIGN, "first"]
    assert len(store) == 3
    assert six.text_type(store) == "second\n%s\nfirst" % FOREIGN


def test_the_str_of_user_warnings_is_a_native_one(store):
    store.store(WARNING_LINE % FOREIGN)
    assert str(store) == six.ensure_str(FOREIGN)


def test_a_store_is_true_once_it_has_a_user_warning(store):
    assert not store
    store.store(WARNING_LINE % "m")
    assert store


def test_the_message_of_a_user_warning_may_look_like_the_start_of_another(store):
    store.store(WARNING_LINE % "a - USER_WARNING - {b}")
    assert list(store) == ["a - USER_WARNING - {b}"]


@pytest.mark.parametrize(
    "line",
    [
        "another line",
        " - USER_WARNING - {not JSON}",
        " - USER_WARNING - {}",
        ' - USER_WARNING - {"message": 5}',
        ' - USER_WARNING - {"message": ' + "[" * 100000 + "}",
        ' - USER_WARNING - {"a": {}}, {"message": "m"}',
    ],
)
def test_a_malformed_user_warning_is_an_error_record(store, caplog, line):
    store.store(line)
    assert not store
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_the_level_of_user_warnings_has_its_name_once_osbs_is_imported():
    assert logging.getLevelName(constants.USER_WARNING_LEVEL) == "USER_WARNING"
    assert (constants.USER_WARNING_LEVEL, constants.USER_WARNING_LEVEL_NAME) == (25, "USER_WARNING")
    # On Python 2 a record with bytes that are not ASCII must not meet text.
    assert isinstance(constants.USER_WARNING_LEVEL_NAME, str)
