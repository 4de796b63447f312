"""Configuration: lookup, conversions, and what is wrong with a file."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings
from argparse import Namespace

import pytest
import six
from flexmock import flexmock
from packaging.version import Version
from six.moves import configparser

import osbs.conf
from osbs import utils
from osbs.api import OSBS
from osbs.conf import Configuration, SETTINGS
from osbs.constants import BUILD_JSON_STORE
from osbs.exceptions import OsbsValidationException
from tests.unit.settings import getter_of


@pytest.fixture
def conf_of(tmpdir, home):
    def make(text, **kwargs):
        path = tmpdir.join("osbs.conf")
        with io.open(str(path), "w", encoding="utf-8") as conf_file:
            conf_file.write(text)
        return Configuration(conf_file=str(path), **kwargs)

    return make


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_each_setting_has_a_documented_getter(name):
    getter = getattr(Configuration, getter_of(name))
    assert getter.__doc__ and SETTINGS[name].meaning and callable(SETTINGS[name].kind)


def test_a_getter_that_is_made_from_its_declaration_has_its_own_name():
    assert Configuration.get_kojihub.__name__ == "get_kojihub"


def test_no_getter_is_without_a_setting():
    derived = {
        "get_openshift_api_version",
        "get_k8s_api_uri",
        "get_openshift_api_uri",
        "get_openshift_oauth_api_uri",
        "get_source_secret",
        "get_pod_build_json_store",
    }
    getters = {name for name in dir(Configuration) if name.startswith("get_")}
    assert getters - derived == {getter_of(name) for name in SETTINGS}


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, setting in SETTINGS.items()
        if setting.kind.__name__ == "text"
        and setting.section in ("general", "instance")
        and setting.argument not in ("token_file", "openshift_uri", "source_secret")
    ),
)
def test_a_setting_is_read_from_its_key_and_its_argument(name, conf_of):
    setting, getter = SETTINGS[name], getter_of(name)
    section = "default" if setting.section == "instance" else setting.section
    conf = conf_of("[%s]\n%s = from file\n" % (section, setting.key))
    assert getattr(conf, getter)() == "from file"
    conf.args = Namespace(**{str(setting.argument): "from args"})
    assert getattr(conf, getter)() == "from args"
    conf.kwargs[setting.argument] = "from kwargs"
    assert getattr(conf, getter)() == "from kwargs"


@pytest.mark.parametrize(
    ("args", "kwargs", "expected"),
    [
        (Namespace(vendor="C"), {"vendor": "K"}, "K"),
        (Namespace(vendor="C"), {"vendor": None}, "C"),
        (Namespace(vendor=None), {}, "F"),
        (Namespace(vendor=""), {}, ""),
        (None, {}, "F"),
    ],
)
def test_the_first_source_that_says_something_wins(args, kwargs, expected, conf_of):
    kwargs = {str(key): value for key, value in kwargs.items()}
    assert conf_of("[default]\nvendor=F\n", cli_args=args, **kwargs).get_vendor() == expected


def test_the_command_line_may_come_later():
    conf = Configuration(conf_file=None)
    conf.args = Namespace(vendor="later")
    assert conf.get_vendor() == "later"


def test_the_file_may_be_gone_after_construction(conf_of, tmpdir):
    conf = conf_of("[default]\nbuild_host=localhost\n")
    tmpdir.join("osbs.conf").remove()
    assert conf.get_build_host() == "localhost"
    assert conf.get_build_image() is None


@pytest.mark.parametrize("conf_file", ["/nonexistent/path", None, "/"])
def test_a_missing_file_is_no_error(conf_file, caplog):
    assert Configuration(conf_file=conf_file).get_namespace() == "default"
    assert not caplog.records


def test_a_missing_section_is_warned_of(conf_of, caplog):
    assert conf_of("", conf_section="absent").get_vendor() is None
    assert "absent" in caplog.text


def test_construction_survives_that_self_is_the_class(conf_of, tmpdir):
    class Victim(Configuration):
        pass

    conf_of("[default]\nvendor=V\n")
    initialise = Configuration.__dict__["__init__"]
    initialise(Victim, conf_file=str(tmpdir.join("osbs.conf")), namespace="n")
    victim = object.__new__(Victim)
    assert (victim.get_vendor(), victim.get_namespace()) == ("V", "n")


def test_a_getter_can_be_replaced_on_an_object():
    conf = Configuration(conf_file=None)
    flexmock(conf).should_receive("get_cpu_limit").and_return("1")
    assert conf.get_cpu_limit() == "1"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("vendor = x\n", 1, "before the first [section]"),
        ("[default]\nvendor\n", 2, "neither [section] nor key = value"),
        ("[default]\nvendor\n  x\n", 2, "neither [section] nor key = value"),
        ("[default]\nvendor = x\nnamespace osbs\n", 3, "neither [section] nor key = value"),
        # also in a section that this instance does not read
        ("[default]\nvendor = x\n[other]\nnamespace\n", 4, "neither [section] nor key"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_named_with_line_and_reason(text, line, reason, conf_of):
    with pytest.raises(OsbsValidationException) as caught:
        conf_of(text)
    assert "osbs.conf, line %d: " % line in caught.value.message
    assert reason in caught.value.message


@pytest.mark.parametrize(
    "text", ["[default]\nvendor=a\nvendor=b\n", "[default]\nvendor=a\n[default]\nvendor=b\n"]
)
def test_of_duplicates_the_last_wins_or_its_line_is_named(text, conf_of):
    try:
        assert conf_of(text).get_vendor() == "b"
    except OsbsValidationException as ex:
        assert "osbs.conf, line 3: is a duplicate" in ex.message


def test_an_error_inside_the_parser_names_the_file(conf_of, monkeypatch):
    def fail(*args, **kwargs):
        raise AttributeError("no append")

    name = "read_file" if hasattr(configparser.RawConfigParser, "read_file") else "readfp"
    monkeypatch.setattr(configparser.RawConfigParser, name, fail)
    with pytest.raises(OsbsValidationException) as caught:
        conf_of("")
    assert caught.value.message.endswith("osbs.conf: cannot be parsed")


def test_a_file_that_cannot_be_read_is_named(conf_of, monkeypatch):
    def fail(*args):
        raise IOError(5, "Input/output error")

    conf_of("")
    monkeypatch.setattr(osbs.conf.io, "open", fail)
    with pytest.raises(OsbsValidationException) as caught:
        Configuration(conf_file=__file__)
    assert "Input/output error" in caught.value.message


def test_the_message_about_a_bad_line_does_not_quote_it(conf_of):
    with pytest.raises(OsbsValidationException) as caught:
        conf_of("[default]\npassword hunter2\n")
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    "content",
    [
        b"[default]\npassword hunter2\n",
        b"password=hunter2\n[default]\n",
        b"[default]\npassword=hunter2\nvendor=\xff\n",
    ],
)
def test_what_a_bad_file_holds_is_in_no_traceback(content, tmpdir):
    path = tmpdir.join("osbs.conf")
    path.write_binary(content)
    with pytest.raises(OsbsValidationException) as caught:
        Configuration(conf_file=str(path))
    shown = traceback.format_exception(OsbsValidationException, caught.value, None)
    assert "hunter2" not in "".join(shown) + repr(caught.value)


def test_a_file_that_is_not_utf8_is_an_error_with_its_line(tmpdir):
    path = tmpdir.join("osbs.conf")
    path.write_binary(b"[default]\nvendor = \xff\n")
    with pytest.raises(OsbsValidationException) as caught:
        Configuration(conf_file=str(path))
    assert "line 2: is not UTF-8" in caught.value.message


def test_text_that_is_not_ascii_is_text_on_every_interpreter(conf_of):
    assert conf_of("[default]\nvendor = caf\xe9\n").get_vendor() == "caf\xe9"


@pytest.mark.parametrize("name", ["caf\xe9", six.ensure_str("caf\xe9")])
def test_a_section_may_have_a_foreign_name(name, conf_of):
    conf = conf_of("[caf\xe9]\nvendor = v\n", conf_section=name)
    assert conf.get_vendor() == "v"


def test_a_section_with_a_foreign_name_is_not_said_to_be_missing(conf_of, caplog):
    conf_of("[caf\xe9]\nvendor = v\n", conf_section="caf\xe9")
    assert not caplog.records


def test_an_instance_with_a_foreign_name_may_have_no_token(conf_of):
    conf = conf_of("[caf\xe9]\n", conf_section=six.ensure_str("caf\xe9"))
    assert conf.get_oauth2_token() is None


def test_an_instance_with_a_foreign_name_has_its_login_token(home):
    name = six.ensure_str("caf\xe9")
    home.mkdir(".osbs")
    with io.open(utils.get_instance_token_file_name(name), "w") as token_file:
        token_file.write("secret")
    assert Configuration(conf_file=None, conf_section=name).get_oauth2_token() == "secret"


def test_a_platform_may_have_a_foreign_name(conf_of):
    conf = conf_of("[default]\nnode_selector.\xe9 = a=b\n[platform:\xe9]\nenable_v1 = 1\n")
    assert conf.get_platform_node_selector("\xe9") == {"a": "b"}
    assert conf.get_registry_api_versions("\xe9") == ["v1", "v2"]


@pytest.mark.parametrize("word", ["true", "TRUE", "yes", "Yes", "on", "1", True, 1, 1.0, 2])
def test_defect_21_words_for_true_are_true(word):
    assert Configuration(conf_file=None, verify_ssl=word).get_verify_ssl() is True


@pytest.mark.parametrize("word", ["false", "False", "no", "OFF", "0", False, 0])
def test_defect_21_words_for_false_are_false(word):
    assert Configuration(conf_file=None, verify_ssl=word).get_verify_ssl() is False


@pytest.mark.parametrize(
    "word", ["maybe", "", "5", "-1", "1.0", [], {}, float("nan"), float("inf"), b"\xff"]
)
def test_defect_21_no_other_word_is_a_boolean(word):
    with pytest.raises(OsbsValidationException) as caught:
        Configuration(conf_file=None, verify_ssl=word).get_verify_ssl()
    assert "[default] verify_ssl" in caught.value.message


def test_defect_21_the_message_names_section_key_and_value(conf_of):
    with pytest.raises(OsbsValidationException) as caught:
        conf_of("[mine]\nuse_auth = jein\n", conf_section="mine").get_use_auth()
    assert "[mine] use_auth: jein" in caught.value.message


def test_defect_27_an_unreadable_token_file_is_no_token(tmpdir, caplog):
    path = str(tmpdir.join("absent"))
    assert Configuration(conf_file=None, token_file=path).get_oauth2_token() is None
    assert path in caplog.text and caplog.records[0].levelno == logging.ERROR


def test_defect_27_a_token_file_that_is_not_text_is_no_token(tmpdir):
    path = tmpdir.join("token")
    path.write_binary(b"\xff\xfe")
    assert Configuration(conf_file=None, token_file=str(path)).get_oauth2_token() is None


@pytest.mark.parametrize(
    ("file_keys", "args", "kwargs", "expected"),
    [
        (("token", "token_file"), (), (), "file token"),
        (("token_file",), (), (), "content of file"),
        (("token",), ("token_file",), (), "content of args"),
        (("token",), ("token", "token_file"), (), "args token"),
        (("token",), ("token",), ("token_file",), "content of kwargs"),
        (("token_file",), ("token",), (), "args token"),
        ((), (), (), "content of login"),
        (("token_file",), (), (), "content of file"),
        ((), (), ("token", "token_file"), "kwargs token"),
    ],
)
def test_a_token_comes_from_the_highest_source(file_keys, args, kwargs, expected, tmpdir, conf_of):
    def settings(source, keys):
        path = tmpdir.join(source)
        path.write("  content of %s\n" % source)
        values = {"token": "%s token" % source, "token_file": str(path)}
        return {str(key): values[key] for key in keys}

    settings("login", ())
    flexmock(utils).should_receive("get_instance_token_file_name").with_args("default").and_return(
        str(tmpdir.join("login"))
    ).times(0 if expected != "content of login" else 1)
    lines = ["%s = %s\n" % item for item in settings("file", file_keys).items()]
    conf = conf_of(
        "[default]\n" + "".join(lines),
        cli_args=Namespace(**settings("args", args)),
        **settings("kwargs", kwargs)
    )
    assert conf.get_oauth2_token() == expected


def test_an_empty_token_counts_as_one(conf_of):
    assert conf_of("[default]\ntoken=F\n", token="").get_oauth2_token() == ""


def test_a_login_token_that_others_can_read_is_warned_of(home, caplog):
    token = home.mkdir(".osbs").join("default.token")
    token.write("secret-token")
    token.chmod(0o644)
    assert Configuration(conf_file=None).get_oauth2_token() == "secret-token"
    assert "others" in caplog.text and "secret-token" not in caplog.text


def test_defect_33_an_instance_name_that_leaves_the_directory_has_no_login_token(home):
    home.mkdir(".osbs")
    home.join("x.token").write("outside")
    assert Configuration(conf_file=None, conf_section="../x").get_oauth2_token() is None


@pytest.mark.parametrize("key", ["password", "token", "openshift_url"])
def test_defect_52_a_stray_percent_sign_stays(key, conf_of, caplog):
    conf = conf_of("[default]\n%s = secret%%word\n" % key)
    getter = {
        "password": conf.get_password,
        "token": conf.get_oauth2_token,
        "openshift_url": conf.get_openshift_base_uri,
    }[key]
    assert getter() == "secret%word"
    assert "[default] %s" % key in caplog.text
    assert "secret" not in caplog.text


def test_interpolation_works(conf_of):
    conf = conf_of("[default]\nvendor = 100%%\nuser = %(vendor)s sure\n")
    assert (conf.get_vendor(), conf.get_user()) == ("100%", "100% sure")


def test_defect_53_templates_are_looked_for_when_nothing_is_configured():
    found = Configuration(conf_file=None).get_build_json_store()
    assert os.path.isfile(os.path.join(found, "orchestrator.json"))


def test_defect_53_a_url_that_is_none_is_named():
    with pytest.raises(OsbsValidationException) as caught:
        Configuration(conf_file=None, openshift_url="http://[x").get_openshift_api_uri()
    assert "openshift_url" in caught.value.message


def test_configured_templates_are_taken_as_they_are(conf_of):
    conf = conf_of("[general]\nbuild_json_dir = /nowhere\n")
    assert conf.get_build_json_store() == conf.get_builder_build_json_store() == "/nowhere"


def test_a_pod_does_not_get_the_directory_in_which_the_client_found_templates():
    assert Configuration(conf_file=None).get_pod_build_json_store() == BUILD_JSON_STORE


def test_the_directory_of_the_builder_is_none_when_nothing_is_configured():
    conf = Configuration(conf_file=None, build_json_dir=None)
    assert conf.get_builder_build_json_store() is None


@pytest.mark.parametrize(
    "getter, key",
    [
        ("get_builder_build_json_store", "builder_build_json_dir"),
        ("get_builder_openshift_url", "builder_openshift_url"),
    ],
)
def test_a_setting_of_the_builder_that_has_a_default_is_no_warning(caplog, getter, key):
    caplog.set_level(logging.INFO, "osbs")
    getattr(Configuration(conf_file=None), getter)()
    assert [(r.levelno, key in r.getMessage()) for r in caplog.records] == [(logging.INFO, True)]


@pytest.mark.parametrize("given, expected", [(0, 0), ("0", 0), ("12", 12), (None, None)])
def test_retries_are_a_number(given, expected):
    assert Configuration(conf_file=None, retries=given).get_retries() == expected


@pytest.mark.parametrize("bad", [-1, "-1", "x", "1.5", ""])
def test_retries_are_not_negative(bad):
    with pytest.raises(OsbsValidationException) as caught:
        Configuration(conf_file=None, retries=bad).get_retries()
    assert "retries" in caught.value.message


def test_the_time_of_a_request_is_seconds():
    assert Configuration(conf_file=None, request_timeout="2.5").get_request_timeout() == 2.5


def test_a_timeout_is_not_longer_than_sockets_can_wait():
    assert Configuration(conf_file=None, request_timeout="1e300").get_request_timeout() == 1e9


@pytest.mark.parametrize("name", ["request_timeout", "retries"])
def test_without_a_setting_requests_are_as_ever(name):
    assert getattr(Configuration(conf_file=None), "get_" + name)() is None


def test_a_file_without_the_section_is_warned_of_once(tmpdir, caplog):
    path = tmpdir.join("osbs.conf")
    path.write("[other]\n")
    for _ in range(2):
        Configuration(conf_file=str(path), conf_section="there")
    assert len([r for r in caplog.records if "no section" in r.getMessage()]) == 1


@pytest.mark.parametrize("bad", ["a", "a=b,", "None", "a=b,c", 5])
def test_defect_60_a_node_selector_without_equals_sign_is_refused(bad):
    with pytest.raises(OsbsValidationException):
        Configuration(conf_file=None, auto_build_node_selector=bad).get_auto_build_node_selector()


@pytest.mark.parametrize(
    ("text", "expected"),
    [(" a = b , c=d=e", {"a": "b", "c": "d=e"}), ("none", {}), ("", {}), (None, {})],
)
def test_node_selectors_are_parsed(text, expected):
    assert Configuration(conf_file=None).generate_nodeselector_dict(text) == expected


def test_a_node_selector_of_no_platform_is_empty(conf_of):
    conf = conf_of("[default]\nnode_selector. = a=b\nnode_selector.x86 = c=d\n")
    assert conf.get_platform_node_selector("") == {}
    assert conf.get_platform_node_selector("x86") == {"c": "d"}


def test_defect_60_a_section_that_only_contains_platform_is_no_platform(conf_of):
    conf = conf_of(
        "[notaplatform:x]\n[platform:]\n[platform:ham]\narchitecture=bacon\n"
        "[platform:eggs]\nenable_v1=true\n"
    )
    assert conf.get_platform_descriptors() == {
        "ham": {"architecture": "bacon", "enable_v1": False},
        "eggs": {"architecture": "eggs", "enable_v1": True},
    }


def test_only_one_platform_may_have_v1(conf_of):
    conf = conf_of("[platform:a]\nenable_v1=1\n[platform:b]\nenable_v1=1\n")
    with pytest.raises(OsbsValidationException) as caught:
        conf.get_platform_descriptors()
    assert "a, b" in caught.value.message


def test_a_platform_without_v1_needs_registries_with_v2():
    conf = Configuration(conf_file=None)
    assert conf.get_registry_api_versions() == ["v1", "v2"]
    assert conf.get_registry_api_versions("ham") == ["v2"]
    with pytest.raises(OsbsValidationException):
        Configuration(conf_file=None, registry_api_versions="v1").get_registry_api_versions("ham")


@pytest.mark.parametrize("bad", ["a:", "a,", "a", ",a", ":a", "a:b,", "a:b:  , c:d", "a : b", 5])
def test_malformed_equal_labels_are_refused(bad):
    with pytest.raises(OsbsValidationException):
        Configuration(conf_file=None, equal_labels=bad).get_equal_labels()


def test_each_bad_token_secret_is_logged(caplog):
    conf = Configuration(conf_file=None, token_secrets="good bad: worse:/ fine:/x")
    with pytest.raises(OsbsValidationException):
        conf.get_token_secrets()
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


@pytest.mark.parametrize(("version", "error"), [("one", "one"), ([], "[]"), (float("inf"), "inf")])
def test_a_bad_arrangement_version_is_quoted(version, error):
    with pytest.raises(OsbsValidationException) as caught:
        Configuration(conf_file=None, arrangement_version=version).get_arrangement_version()
    assert "arrangement_version" in caught.value.message and error in caught.value.message


def test_the_message_about_a_bad_arrangement_version_begins_as_callers_know_it():
    with pytest.raises(OsbsValidationException) as caught:
        Configuration(conf_file=None, arrangement_version="one").get_arrangement_version()
    assert caught.value.message.startswith("Invalid arrangement_version: one")


def test_a_list_is_taken_for_comma_separated_text():
    conf = Configuration(conf_file=None, registry_uri=["a", "b"])
    assert conf.get_registry_uris() == ["a", "b"]


def test_a_default_list_is_not_shared():
    conf = Configuration(conf_file=None)
    conf.get_registry_uris().append("x")
    assert conf.get_registry_uris() == []


def test_openshift_uri_is_deprecated_but_wins(conf_of):
    conf = conf_of("[default]\nopenshift_uri = https://old\n", openshift_url="https://new")
    # Python 2 remembers that it was warned before.
    getattr(osbs.conf, "__warningregistry__", {}).clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert conf.get_openshift_base_uri() == "https://old"
    assert [warning.category for warning in caught] == [UserWarning]


@pytest.mark.parametrize("version", ["1.0.6", Version("1.0.6")])
def test_the_required_version_is_a_version(version):
    conf = Configuration(conf_file=None, openshift_required_version=version)
    assert conf.get_openshift_required_version() == Version("1.0.6")


class ForeignVersion(object):
    """A version object of a library that we do not know."""

    def __init__(self, text):
        self.base_version = text


def pkg_resources_version(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("pkg_resources").parse_version(text)


FOREIGN = pytest.mark.parametrize("foreign", [ForeignVersion, pkg_resources_version, Version])


@FOREIGN
@pytest.mark.parametrize("text", ["1.0.6", "3.11", "2.0rc1"])
def test_the_required_version_equals_that_of_another_library(foreign, text):
    ours, other = required_version(text), foreign(text)
    assert ours == other and other == ours
    assert not ours != other and not other != ours


@FOREIGN
@pytest.mark.parametrize("text", ["1.0.7", "1.0.6rc1", "1.0.6.1"])
def test_the_required_version_does_not_equal_another_one(foreign, text):
    ours, other = required_version("1.0.6"), foreign(text)
    assert ours != other and other != ours
    assert not ours == other and not other == ours


@pytest.mark.parametrize("other", ["1.0.6", None, (1, 0, 6), ForeignVersion("no version")])
def test_the_required_version_equals_nothing_that_is_no_version(other):
    assert required_version("1.0.6") != other


def test_the_hash_of_the_required_version_is_that_of_packaging():
    assert hash(required_version("1.0.6")) == hash(Version("1.0.6"))


def test_the_hash_of_the_required_version_is_that_of_pkg_resources():
    theirs = hash(pkg_resources_version("1.0.6"))
    if theirs != hash(Version("1.0.6")):
        pytest.skip("this pkg_resources and this packaging disagree on hashes")
    assert hash(required_version("1.0.6")) == theirs


def test_the_required_version_is_one_of_packaging():
    version = required_version("1.0.6")
    assert isinstance(version, Version)
    assert required_version("1.0.5") < version <= Version("1.0.6")


def required_version(text):
    return Configuration(
        conf_file=None, openshift_required_version=text
    ).get_openshift_required_version()


@pytest.mark.parametrize("foreign", [ForeignVersion, pkg_resources_version, Version])
def test_a_version_of_another_library_can_be_made_three_numbers(foreign):
    assert utils.sanitize_version(foreign("3.11")) == "3.11.0"


@pytest.mark.parametrize("version", ["", None])
def test_no_required_version_is_none(version):
    conf = Configuration(conf_file=None, openshift_required_version=version)
    assert conf.get_openshift_required_version() is None


def test_a_bad_required_version_is_named_with_section_and_key():
    conf = Configuration(conf_file=None, openshift_required_version="one dot six")
    with pytest.raises(OsbsValidationException) as caught:
        conf.get_openshift_required_version()
    assert "[general] openshift_required_version: one dot six" in caught.value.message


@pytest.mark.parametrize(("given", "expected"), [(None, None), ("90", 90.0), (0.5, 0.5)])
def test_wait_timeout_is_seconds(given, expected):
    assert Configuration(conf_file=None, wait_timeout=given).get_wait_timeout() == expected


@pytest.mark.parametrize(("given", "expected"), [(None, 512), ("1", 1), (2048, 2048)])
def test_the_largest_response_is_a_whole_number_of_mib(given, expected):
    conf = Configuration(conf_file=None, max_response_mib=given)
    assert conf.get_max_response_mib() == expected


@pytest.mark.parametrize("bad", ["0", "-1", "much", "1.5", ""])
def test_the_largest_response_is_larger_than_nothing(bad):
    with pytest.raises(OsbsValidationException):
        Configuration(conf_file=None, max_response_mib=bad).get_max_response_mib()


@pytest.mark.parametrize("bad", ["0", "-1", "soon", "nan", "inf", "", []])
def test_wait_timeout_is_more_than_nothing(bad):
    with pytest.raises(OsbsValidationException):
        Configuration(conf_file=None, wait_timeout=bad).get_wait_timeout()


def test_the_api_of_openshift_3_is_the_default():
    assert Configuration(conf_file=None).get_openshift_api() == "oapi"
    assert Configuration(conf_file=None, openshift_api="auto").get_openshift_api() == "auto"
    with pytest.raises(OsbsValidationException):
        Configuration(conf_file=None, openshift_api="both").get_openshift_api()


def test_builder_use_auth_falls_back_to_use_auth():
    assert Configuration(conf_file=None, use_auth=True).get_builder_use_auth() is True
    assert (
        Configuration(conf_file=None, use_auth=True, builder_use_auth=False).get_builder_use_auth()
        is False
    )


def test_defect_89_nothing_that_newer_pythons_lack_is_needed():
    program = """
import sys
from six.moves import configparser
sys.modules['pkg_resources'] = None
if hasattr(configparser.RawConfigParser, 'read_file'):
    for owner, name in ((configparser, "SafeConfigParser"),
                        (configparser.RawConfigParser, "readfp")):
        if hasattr(owner, name):
            delattr(owner, name)
from osbs.conf import Configuration
from osbs.repo_utils import RepoConfiguration
print(Configuration(conf_file=sys.argv[1]).get_vendor(), RepoConfiguration(sys.argv[2]).container)
"""
    directory = tempfile.mkdtemp()
    try:
        conf_file = os.path.join(directory, "osbs.conf")
        with io.open(conf_file, "w") as opened:
            opened.write("[default]\nvendor=V\n")
        output = subprocess.check_output([sys.executable, "-c", program, conf_file, directory])
    finally:
        shutil.rmtree(directory)
    assert b"V" in output and b"{}" in output


def warnings_of(caplog, text, conf_of, **kwargs):
    conf_of(text, **kwargs)
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize(
    ("section", "key", "meant"),
    [
        ("default", "openshift_ulr", "openshift_url"),
        ("default", "koji_hbu", "koji_hub"),
        ("default", "node_selektor.x86_64", "node_selector.PLATFORM"),
        ("general", "verbos", "verbose"),
        ("platform:x86_64", "architektur", "architecture"),
        # the name of the getter or of the keyword argument, where the key is another one
        ("default", "git_ref", "git_commit"),
        ("default", "koji_target", "target"),
        ("default", "source_secret", "pulp_secret"),
        # the key is right, the section is not
        ("default", "build_json_dir", "build_json_dir of [general]"),
        ("default", "enable_v1", "enable_v1 of [platform:PLATFORM]"),
        ("general", "openshift_url", "openshift_url of [default]"),
    ],
)
def test_an_unknown_key_is_warned_of_with_the_nearest_known_one(
    section, key, meant, conf_of, caplog
):
    other = "general" if section == "default" else "default"
    text = "[%s]\n[%s]\n%s = secret\n" % (other, section, key)
    (message,) = warnings_of(caplog, text, conf_of)
    assert message.startswith("unknown key %s in section [%s] of /" % (key, section))
    assert message.endswith("osbs.conf is ignored; did you mean %s?" % meant)


def test_an_unknown_key_like_no_other_is_warned_of_without_a_suggestion(conf_of, caplog):
    (message,) = warnings_of(caplog, "[default]\nxyzzy = 1\n", conf_of)
    assert message.endswith("osbs.conf is ignored")


def test_an_unknown_key_is_warned_of_once_by_several_configurations_of_a_file(conf_of, caplog):
    conf_of("[default]\nvendro = x\n")
    assert len(warnings_of(caplog, "[default]\nvendro = x\n", conf_of)) == 1


def test_each_unknown_key_has_a_warning_of_its_own(conf_of, caplog):
    text = "[general]\nverbos = 1\n[default]\nvendro = x\nvendoor = y\n"
    assert len(warnings_of(caplog, text, conf_of)) == 3


def test_the_warning_of_an_unknown_key_does_not_show_its_value(conf_of, caplog):
    warnings_of(caplog, "[default]\npasword = hunter2\n", conf_of)
    assert "pasword" in caplog.text and "hunter2" not in caplog.text


def test_the_rest_of_a_secret_that_looks_like_a_key_is_not_shown(conf_of, caplog):
    rest = "zmfrzsb0b2tlbibvzibhihnlcnzpy2ugywnjb3vuda"
    warnings_of(caplog, "[default]\ntoken = abc\n%s==\n" % rest, conf_of)
    assert "unknown key zmfrzsb0... in" in caplog.text and rest not in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "[default]\nNode_Selector.x86_64 = a=b\n",
        "[default]\nOPENSHIFT_URL = https://h/\n",
        "[default]\nbuild_type = prod\n",
        "[default]\n[platform:x]\nenable_v1 = 1\narchitecture = y\n",
        # of another instance, or of another program
        "[default]\n[scratch]\nopenshift_ulr = x\n[notaplatform:x]\nfoo = 1\n",
        "[DEFAULT]\nvendor = x\nverbose = 1\nenable_v1 = 0\n[default]\n[general]\n[platform:x]\n",
        "[DEFAULT]\nhost = h\n[default]\nopenshift_url = https://%(HOST)s/\n",
        "[default]\nhost = h\nopenshift_url = https://%(host)s/\n",
    ],
)
def test_keys_that_are_read_are_not_warned_of(text, conf_of, caplog):
    assert warnings_of(caplog, text, conf_of) == []


def test_an_unknown_key_of_the_default_section_is_warned_of_once(conf_of, caplog):
    text = "[DEFAULT]\nvendro = x\n[default]\n[general]\n[platform:x]\n"
    (message,) = warnings_of(caplog, text, conf_of)
    assert message.startswith("unknown key vendro in section [DEFAULT] of /")
    assert message.endswith("; did you mean vendor?")


def test_the_sections_of_the_named_instance_are_checked(conf_of, caplog):
    text = "[default]\nvendro = x\n[scratch]\nkoji_hbu = y\n"
    (message,) = warnings_of(caplog, text, conf_of, conf_section="scratch")
    assert "koji_hbu in section [scratch]" in message


def test_a_key_that_is_not_ascii_is_warned_of(conf_of, caplog):
    (message,) = warnings_of(caplog, "[caf\xe9]\nk\xe9y = 1\n", conf_of, conf_section="caf\xe9")
    assert "unknown key k\xe9y in section [caf\xe9]" in message


def test_the_osbs_conf_of_a_koji_builder_has_no_unknown_keys(caplog):
    seed = os.path.join(os.path.dirname(os.path.dirname(__file__)), "system", "seed-example")
    Configuration(conf_file=os.path.join(seed, "osbs.conf"))
    assert not caplog.records


@pytest.mark.skipif(six.PY2, reason="the sandbox is Python 3 only")
@pytest.mark.parametrize("section", ["default", "worker_x86_64"])
def test_what_the_sandbox_writes_has_no_unknown_keys(section, conf_of, caplog):
    from osbs.sandbox.install import seed

    sandbox = Namespace(
        url="https://h/", ca="/ca.crt", api="apis", namespace="osbs", user="u", password="p"
    )
    write = seed.user_configuration if section == "default" else seed.client_configuration
    conf_of(write(sandbox), conf_section=section)
    assert not caplog.records


SECRETS = {
    "openshift_url": "https://user:S3cret-1@h:8443/",
    "password": "S3cret-2",
    "token": "S3cret-3",
    "username": "user",
}


def test_the_repr_of_a_configuration_says_which_instance_it_is():
    conf = Configuration(conf_file=None, conf_section="stage", openshift_url="https://h/")
    assert repr(conf) == "<Configuration stage: https://h/, namespace default>"


@pytest.mark.parametrize("url", ["https://user:S3cret-1@h:8443/", "user:S3cret-1@h:8443", None])
def test_the_repr_of_a_configuration_has_no_secrets(url):
    conf = Configuration(conf_file=None, **dict(SECRETS, openshift_url=url))
    assert "S3cret" not in repr(conf)
    assert "S3cret" not in repr(OSBS(Configuration(conf_file=None, **SECRETS), conf))


def test_a_configuration_or_client_without_an_init_has_a_repr():
    for cls in (Configuration, OSBS):
        assert cls.__name__ in repr(cls.__new__(cls))
