"""The parameters of a build: tables from which ``BuildSpec`` and ``BuildUserParams`` are made."""

from __future__ import absolute_import, print_function, unicode_literals

from collections import namedtuple

from osbs.constants import DEFAULT_GIT_REF

# What callers of newer releases pass to plugins of newer releases: handed on as it is, and only if
# it is given.
NEWER = (
    "dependency_replacements",
    "operator_csv_modifications_url",
    "triggered_after_koji_task",
    "userdata",
)

# Initial values that are not None.
_DEFAULTS = {
    "git_ref": DEFAULT_GIT_REF,
    "flatpak": False,
}
# Names of attributes that are not the parameter's.
_ATTRIBUTES = {"customize_conf": "customize_conf_path"}

# name: str, also in USER_PARAMS. attribute: str, of BuildSpec or BuildUserParams. default: initial
# value. required: bool, ``validate`` looks at it. allow_none: bool, it may be None nevertheless.
Parameter = namedtuple("Parameter", "name attribute default required allow_none")


def _parameters(names, required=False, allow_none=False):
    return tuple(
        Parameter(name, _ATTRIBUTES.get(name, name), _DEFAULTS.get(name), required, allow_none)
        for name in names.split()
    )


COMMON_PARAMETERS = (
    _parameters("image_tag")
    + _parameters("koji_target", required=True, allow_none=True)
    + _parameters("platform arrangement_version filesystem_koji_task_id", allow_none=True)
)

# Of arrangements 1 to 5, all-in-one builds and arrangement 6.
_SHARED_PARAMETERS = (
    COMMON_PARAMETERS
    + _parameters("git_uri git_ref user", required=True)
    + _parameters(
        "name flatpak build_from build_image build_imagestream component git_branch"
        " imagestream_name trigger_imagestreamtag yum_repourls"
    )
    + _parameters(
        "compose_ids flatpak_base_image koji_parent_build koji_task_id koji_upload_dir platforms"
        " reactor_config_map reactor_config_override release signing_intent",
        allow_none=True,
    )
)

# Of arrangement 6.
USER_PARAMETERS = (
    _SHARED_PARAMETERS
    + _parameters("build_json_dir build_type", required=True)
    + _parameters("customize_conf base_image isolated scratch", allow_none=True)
)

# Of arrangements 1 to 5 and all-in-one builds.
SPEC_PARAMETERS = (
    _SHARED_PARAMETERS
    + _parameters("registry_uris openshift_uri registry_api_versions", required=True)
    + _parameters(
        "sources_command vendor authoritative_registry distribution_scope kojiroot kojihub"
        " koji_certs_secret pulp_secret pulp_registry smtp_host smtp_from",
        required=True,
        allow_none=True,
    )
    + _parameters(
        "source_registry_uri architecture build_host builder_openshift_url"
        " imagestream_insecure_registry imagestream_url"
    )
    + _parameters(
        "artifacts_allowed_domains build_type builder_build_json_dir client_config_secret"
        " equal_labels group_manifests info_url_format koji_kerberos_keytab"
        " koji_kerberos_principal koji_use_kerberos odcs_insecure odcs_openidc_secret"
        " odcs_ssl_secret odcs_url pdc_insecure pdc_url prefer_schema1_digest proxy"
        " reactor_config_secret registry_secrets smtp_additional_addresses smtp_email_domain"
        " smtp_error_addresses smtp_to_pkgowner smtp_to_submitter token_secrets use_auth yum_proxy",
        allow_none=True,
    )
)
