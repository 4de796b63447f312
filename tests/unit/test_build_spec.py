"""BuildSpec and the image tag."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import random
import sys

import pytest
from flexmock import flexmock

from osbs.build.spec import BuildSpec, chosen_build_image
from osbs.build.user_params import BuildUserParams
from osbs.exceptions import OsbsValidationException
from tests.unit.buildparams import NOW, SALT, V1_PARAMS

# What callers may pass to BuildSpec.set_params.
SIGNATURE = """
    git_uri git_ref registry_uri registry_uris registry_secrets user component
    openshift_uri source_registry_uri yum_repourls use_auth builder_openshift_url
    build_image build_imagestream build_from proxy sources_command architecture vendor
    build_host authoritative_registry distribution_scope koji_target kojiroot kojihub
    koji_certs_secret koji_use_kerberos koji_kerberos_keytab koji_kerberos_principal
    koji_task_id flatpak flatpak_base_image odcs_url odcs_insecure odcs_openidc_secret
    odcs_ssl_secret pdc_url pdc_insecure filesystem_koji_task_id source_secret pulp_secret
    pulp_registry smtp_host smtp_from smtp_email_domain smtp_additional_addresses
    smtp_error_addresses smtp_to_submitter smtp_to_pkgowner git_branch base_image
    name_label builder_build_json_dir registry_api_versions platforms platform build_type
    release reactor_config_secret reactor_config_map reactor_config_override
    client_config_secret token_secrets arrangement_version info_url_format
    artifacts_allowed_domains equal_labels koji_upload_dir yum_proxy koji_parent_build
    group_manifests prefer_schema1_digest signing_intent compose_ids
"""


@pytest.fixture
def fixed():
    """The worked examples' random number and time; each is asked for exactly once."""
    flexmock(random).should_receive("randrange").with_args(10**4, 10**5).once().and_return(SALT)
    flexmock(sys.modules["osbs.build.spec"]).should_receive("utcnow").once().and_return(NOW)


def spec_with(**changes):
    spec = BuildSpec()
    spec.set_params(**dict(V1_PARAMS, **changes))
    return spec


def refused(**changes):
    with pytest.raises(OsbsValidationException) as exc_info:
        spec_with(**changes)
    return exc_info.value.message


@pytest.mark.parametrize("cls", [BuildSpec, BuildUserParams])
def test_image_tag_holds_target_salt_and_time(cls, fixed):
    obj = cls()
    obj.set_params(
        git_uri="u",
        user="u",
        component="c",
        koji_target="t",
        base_image="b",
        name_label="n",
        build_from="image:i",
    )
    assert obj.image_tag.value == "u/c:t-40417-20190304050607"


@pytest.mark.parametrize("version, suffix", [(3, ""), (4, "-s390x"), (5, "-s390x"), (None, "")])
def test_platform_is_in_the_tag_from_arrangement_4_on(version, suffix, fixed):
    spec = spec_with(platform="s390x", arrangement_version=version)
    assert spec.image_tag.value.endswith("f29-candidate-40417-20190304050607" + suffix)


def test_tag_without_target_says_none(fixed):
    params = BuildUserParams()
    params.set_params(
        git_uri="u",
        user="u",
        component="c",
        platform="s390x",
        base_image="b",
        name_label="n",
        build_from="image:i",
    )
    assert params.image_tag.value == "u/c:none-40417-20190304050607-s390x"


def test_two_builds_have_different_tags():
    assert len({spec_with().image_tag.value for _ in range(5)}) == 5


def test_registry_uri_stands_for_a_list_of_one():
    spec = spec_with(registry_uris=None, registry_uri="r:5000/v2")
    assert [registry.docker_uri for registry in spec.registry_uris.value] == ["r:5000"]


def test_registry_uri_and_registry_uris_exclude_each_other():
    assert "registry_uri" in refused(registry_uri="a")


def test_no_registry_is_an_empty_list():
    assert spec_with(registry_uris=None).registry_uris.value == []


@pytest.mark.parametrize("value", ["http://x/a.repo", ("a",), {"a": 1}])
def test_yum_repourls_must_be_a_list(value):
    assert "yum_repourls must be a list" in refused(yum_repourls=value)


@pytest.mark.parametrize(
    "changes",
    [
        {"build_from": None},
        {"build_image": "i"},
        {"build_imagestream": "s"},
        {"build_from": None, "build_image": "i", "build_imagestream": "s"},
    ],
)
def test_exactly_one_source_of_the_build_image_is_allowed(changes):
    assert "Please only define one of" in refused(**changes)


@pytest.mark.parametrize("value", ["registry:x", "image", "imagestream", ":x", "image:"])
def test_build_from_must_say_image_or_imagestream(value):
    assert "first part in build_from" in refused(build_from=value)


@pytest.mark.parametrize(
    "changes, image, stream",
    [
        ({"build_from": "image:a:b"}, "a:b", None),
        ({"build_from": "imagestream:a:b"}, None, "a:b"),
        ({"build_from": None, "build_image": "a"}, "a", None),
        ({"build_from": None, "build_imagestream": "a"}, None, "a"),
    ],
)
def test_build_image_or_stream_is_set(changes, image, stream):
    spec = spec_with(**changes)
    assert (spec.build_image.value, spec.build_imagestream.value) == (image, stream)
    assert spec.build_from.value is None


def test_pulp_secret_falls_back_to_source_secret():
    assert spec_with(source_secret="s").pulp_secret.value == "s"
    assert spec_with(source_secret="s", pulp_secret="p").pulp_secret.value == "p"


@pytest.mark.parametrize(
    "name, value",
    [
        ("group_manifests", False),
        ("token_secrets", {}),
        ("registry_secrets", []),
        ("yum_repourls", []),
        ("compose_ids", []),
        ("odcs_insecure", False),
        ("pdc_insecure", False),
    ],
)
def test_value_when_none_is_given(name, value):
    assert getattr(spec_with(), name).value == value


@pytest.mark.parametrize("name", ["base_image", "name_label"])
def test_image_must_have_names(name):
    assert refused(**{name: None}) == name + " must be provided"


def test_git_uri_must_be_given():
    assert refused(git_uri=None) == "git_uri must be provided"


def test_flatpak_needs_no_names():
    spec = spec_with(flatpak=True, base_image=None, name_label=None)
    assert spec.trigger_imagestreamtag.value is None
    assert spec.imagestream_name.value is None


@pytest.mark.parametrize(
    "changes, url, insecure",
    [
        ({}, "push.example.org/f29/rsync", False),
        ({"source_registry_uri": "http://src"}, "src/f29/rsync", True),
        ({"registry_uris": ["http://a", "b"]}, "a/f29/rsync", True),
        ({"registry_uris": []}, None, None),
    ],
)
def test_image_stream_is_in_the_source_registry_else_the_first(changes, url, insecure):
    spec = spec_with(**changes)
    assert spec.imagestream_name.value == "f29-rsync"
    assert spec.imagestream_url.value == url
    assert spec.imagestream_insecure_registry.value == insecure


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"signing_intent": "r"}, "odcs_url"),
        ({"compose_ids": [1]}, "odcs_url"),
        ({"signing_intent": "r", "compose_ids": [1], "odcs_url": "o"}, "not both"),
        ({"compose_ids": [1], "yum_repourls": ["u"], "odcs_url": "o"}, "not both"),
        ({"compose_ids": 1, "odcs_url": "o"}, "compose_ids must be a list"),
        ({"compose_ids": "12", "odcs_url": "o"}, "compose_ids must be a list"),
    ],
)
def test_compose_parameters_that_contradict_are_refused(changes, message):
    assert message in refused(**changes)


def test_signing_intent_and_yum_repourls_go_together():
    spec = spec_with(signing_intent="r", yum_repourls=["u"], odcs_url="o")
    assert spec.signing_intent.value == "r"


def test_unknown_parameters_are_ignored():
    assert not hasattr(spec_with(spam="bacon"), "spam")


@pytest.mark.parametrize("name", ["git_uri", "git_ref", "user", "openshift_uri"])
def test_validate_names_what_is_missing(name):
    spec = spec_with()
    getattr(spec, name)._value = None
    with pytest.raises(OsbsValidationException) as exc_info:
        spec.validate()
    assert name in exc_info.value.message


def test_odcs_is_enabled_by_its_url():
    assert not spec_with().odcs_enabled()
    assert spec_with(odcs_url="o").odcs_enabled() == "o"


def test_name_is_made_from_repository_and_branch():
    assert spec_with().name.value == "rsync-f29-ad4bf"


def test_signature_is_the_reference_s():
    code = BuildSpec.set_params.__code__
    assert list(code.co_varnames[1 : code.co_argcount]) == SIGNATURE.split()


@pytest.mark.parametrize(
    "build_type, level",
    [(None, logging.WARNING), ("orchestrator", logging.WARNING), ("worker", logging.INFO)],
)
def test_a_deprecated_builder_image_is_a_warning_but_not_in_each_worker(caplog, build_type, level):
    caplog.set_level(logging.INFO, "osbs")
    chosen_build_image("image", None, None, build_type)
    assert [record.levelno for record in caplog.records] == [level]
