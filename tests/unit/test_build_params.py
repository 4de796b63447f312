"""Parameters: one table, checked as they are set."""

from __future__ import absolute_import, print_function, unicode_literals

import logging

import pytest
import six

from osbs.build import _params
from osbs.build.spec import (
    BuildCommon,
    BuildIDParam,
    BuildParam,
    BuildSpec,
    RegistryURIsParam,
    SourceRegistryURIParam,
    UserParam,
)
from osbs.build.user_params import BuildUserParams
from osbs.exceptions import OsbsValidationException

SPEC_NONE_ALLOWED = """
    registry_secrets use_auth proxy sources_command vendor authoritative_registry
    distribution_scope kojiroot kojihub koji_certs_secret koji_task_id koji_use_kerberos
    koji_kerberos_principal koji_kerberos_keytab flatpak_base_image odcs_url odcs_insecure
    odcs_openidc_secret odcs_ssl_secret pdc_url pdc_insecure pulp_secret pulp_registry smtp_host
    smtp_from smtp_additional_addresses smtp_error_addresses smtp_email_domain smtp_to_submitter
    smtp_to_pkgowner builder_build_json_dir platforms build_type release reactor_config_secret
    reactor_config_map reactor_config_override client_config_secret token_secrets info_url_format
    artifacts_allowed_domains equal_labels koji_upload_dir yum_proxy koji_parent_build
    group_manifests prefer_schema1_digest signing_intent compose_ids koji_target platform
    arrangement_version filesystem_koji_task_id
"""
SPEC_NONE_REFUSED = """
    git_uri git_ref git_branch user component registry_uris source_registry_uri openshift_uri
    builder_openshift_url name yum_repourls build_image build_imagestream build_from
    trigger_imagestreamtag imagestream_name imagestream_url imagestream_insecure_registry
    architecture build_host registry_api_versions flatpak image_tag
"""
USER_NONE_ALLOWED = """
    arrangement_version base_image compose_ids customize_conf filesystem_koji_task_id
    flatpak_base_image isolated koji_parent_build koji_target koji_task_id koji_upload_dir platform
    platforms reactor_config_map reactor_config_override release scratch signing_intent
"""
USER_NONE_REFUSED = """
    build_from build_image build_imagestream build_json_dir build_type component flatpak git_branch
    git_ref git_uri image_tag imagestream_name name trigger_imagestreamtag user yum_repourls
"""


def params_of(obj):
    return [value for value in vars(obj).values() if isinstance(value, BuildParam)]


def names_where(obj, allow_none):
    return sorted(param.name for param in params_of(obj) if param.allow_none is allow_none)


@pytest.mark.parametrize(
    "cls, allow_none, names",
    [
        (BuildSpec, True, SPEC_NONE_ALLOWED),
        (BuildSpec, False, SPEC_NONE_REFUSED),
        (BuildUserParams, True, USER_NONE_ALLOWED),
        (BuildUserParams, False, USER_NONE_REFUSED),
    ],
)
def test_class_has_the_parameters_of_the_specification(cls, allow_none, names):
    assert names_where(cls(), allow_none) == sorted(names.split())


@pytest.mark.parametrize(
    "cls, required",
    [
        (BuildCommon, "koji_target"),
        (BuildUserParams, "build_json_dir build_type git_ref git_uri koji_target user"),
        (
            BuildSpec,
            "authoritative_registry distribution_scope git_ref git_uri koji_certs_secret"
            " koji_target kojihub kojiroot openshift_uri pulp_registry pulp_secret"
            " registry_api_versions registry_uris smtp_from smtp_host sources_command user vendor",
        ),
    ],
)
def test_class_requires_the_parameters_of_the_specification(cls, required):
    assert sorted(param.name for param in cls().required_params) == required.split()


@pytest.mark.parametrize("cls", [BuildSpec, BuildUserParams])
def test_parameter_is_an_attribute_of_its_name(cls):
    obj = cls()
    for attribute, param in vars(obj).items():
        if isinstance(param, BuildParam) and param.name != "customize_conf":
            assert attribute == param.name


def test_customize_conf_is_attribute_customize_conf_path():
    assert BuildUserParams().customize_conf_path.name == "customize_conf"


@pytest.mark.parametrize(
    "cls, name, default",
    [
        (BuildSpec, "git_ref", "master"),
        (BuildSpec, "flatpak", False),
        (BuildSpec, "arrangement_version", None),
        (BuildUserParams, "git_ref", "master"),
        (BuildUserParams, "flatpak", False),
        (BuildUserParams, "arrangement_version", 6),
        (BuildUserParams, "customize_conf_path", "prod_customize.json"),
    ],
)
def test_default_value(cls, name, default):
    assert getattr(cls(), name).value == default


def test_table_names_each_parameter_once_per_class():
    for parameters in (_params.SPEC_PARAMETERS, _params.USER_PARAMETERS):
        names = [parameter.name for parameter in parameters]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("param", [BuildParam("x", default=5), BuildParam("x")])
def test_param_repr_shows_name_and_value(param):
    assert repr(param) == "BuildParam(x='%s')" % param.value


@pytest.mark.parametrize("cls", [UserParam, BuildIDParam])
def test_repr_of_sub_class_says_build_param(cls):
    param = cls()
    param.value = "v"
    assert repr(param) == "BuildParam(%s='v')" % cls.name


def test_what_is_shown_of_parameters_holds_no_secret():
    user_params = BuildUserParams()
    user_params.git_uri.value = "https://me:secret1@git.example.com/x"
    user_params.reactor_config_override.value = {"koji": {"password": "secret2"}}
    user_params.newer = {"userdata": {"token": "secret3"}}
    assert "secret" not in repr(user_params)
    assert "secret" not in repr(user_params.reactor_config_override)


def test_repr_with_non_ascii_value_is_native_text():
    param = BuildParam("x", "\u017elu\u0165")
    assert isinstance(repr(param), str)


@pytest.mark.parametrize("value", ["a", "a-b_c.d", "A", "1", "a" * 63, ""])
def test_build_id_accepts_what_openshift_accepts(value):
    param = BuildIDParam()
    param.value = value
    assert param.value == value


@pytest.mark.parametrize("value", ["-a", "a-", "a b", "a/b", "a\n", "\u017ea", ".", 5, None, []])
def test_build_id_refuses_everything_else(value):
    with pytest.raises(OsbsValidationException) as exc_info:
        BuildIDParam().value = value
    assert "doesn't match regex" in exc_info.value.message


def test_build_id_that_is_too_long_is_cut_with_a_warning(caplog):
    param = BuildIDParam()
    with caplog.at_level(logging.WARNING):
        param.value = "a" * 64
    assert param.value == "a" * 63
    assert "63" in caplog.text


def test_build_id_that_ends_in_a_dash_after_the_cut_is_refused():
    with pytest.raises(OsbsValidationException):
        BuildIDParam().value = "a" * 62 + "-b"


@pytest.mark.parametrize(
    "given, uri, docker_uri, version",
    [
        ("host:5000", "host:5000", "host:5000", "v1"),
        ("host:5000/", "host:5000", "host:5000", "v1"),
        ("host:5000/v2", "host:5000", "host:5000", "v2"),
        ("http://host:5000/v2", "http://host:5000", "host:5000", "v2"),
    ],
)
def test_registry_uris_are_parsed(given, uri, docker_uri, version):
    param = RegistryURIsParam()
    param.value = [given]
    registry = param.value[0]
    assert (registry.uri, registry.docker_uri, registry.version) == (uri, docker_uri, version)


@pytest.mark.parametrize("value", [None, ""])
def test_empty_source_registry_is_none(value):
    param = SourceRegistryURIParam()
    param.value = value
    assert param.value is None


def test_source_registry_is_parsed():
    param = SourceRegistryURIParam()
    param.value = "http://h/v2"
    assert param.value.docker_uri == "h"


def test_validate_refuses_none_where_it_is_not_allowed():
    with pytest.raises(OsbsValidationException) as exc_info:
        BuildUserParams().validate()
    assert "None is not allowed" in exc_info.value.message


def test_validate_accepts_none_where_it_is_allowed():
    common = BuildCommon()
    assert common.koji_target.value is None
    assert common.validate() is None


def test_two_user_params_with_one_name_are_refused():
    class Twins(BuildUserParams):
        def _params_by_name(self):
            self.twin = BuildParam("user")
            return super(Twins, self)._params_by_name()

    with pytest.raises(OsbsValidationException):
        Twins()


def test_convert_dict_holds_the_parameter_objects():
    user_params = BuildUserParams()
    assert len(user_params.convert_dict) == 34
    assert user_params.convert_dict["customize_conf"] is user_params.customize_conf_path


@pytest.mark.parametrize("cls, start", [(BuildUserParams, "UserParams("), (BuildSpec, "Spec(")])
def test_object_can_be_shown(cls, start):
    assert repr(cls()).startswith(start)
    assert "{0}".format(cls()).startswith(start)


def test_defect_25_setting_a_parameter_logs_no_secret(caplog):
    with caplog.at_level(logging.DEBUG, logger="osbs"):
        BuildParam("git_uri").value = "https://user:hunter2@git.example.org/x"
        BuildParam("reactor_config_override").value = {"koji": {"secret": "hunter2"}}
        BuildParam("reactor_config_override").value = "secret: hunter2"
    assert "git_uri" in caplog.text
    assert "hunter2" not in caplog.text


def test_values_of_parameters_do_not_leak_between_objects():
    first = BuildUserParams()
    first.platforms.value = ["x86_64"]
    assert BuildUserParams().platforms.value is None


def test_names_are_text():
    parameters = _params.SPEC_PARAMETERS + _params.USER_PARAMETERS
    assert all(isinstance(parameter.name, six.string_types) for parameter in parameters)
