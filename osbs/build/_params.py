"""The parameters of a build: one table that ``BuildSpec`` and ``BuildUserParams`` share."""

from __future__ import absolute_import, print_function, unicode_literals

from osbs.constants import DEFAULT_CUSTOMIZE_CONF, DEFAULT_GIT_REF

# True for type checkers alone: what parameters look like as attributes is made from the table.
MYPY = False

# Which class has a parameter: arrangements 1 to 5 and all-in-one builds, arrangement 6, both.
SPEC = frozenset(["spec"])
USER = frozenset(["user"])
BOTH = SPEC | USER
NEITHER = frozenset()  # type: frozenset

# Kinds of parameters; osbs.build.spec maps each to its class.
PLAIN = "plain"
USER_NAME = "user"
BUILD_ID = "name"
REGISTRY_URIS = "registry_uris"
SOURCE_REGISTRY_URI = "source_registry_uri"

# What callers of newer releases pass to plugins of newer releases: handed on as it is, and only if
# it is given.
NEWER = (
    "dependency_replacements",
    "operator_csv_modifications_url",
    "triggered_after_koji_task",
    "userdata",
)
# Configuration of other programs, which may hold credentials.
NEVER_LOGGED = frozenset(["reactor_config_override"])


class Parameter(object):
    """One parameter: a line of the table."""

    __slots__ = ("name", "classes", "default", "allow_none", "required", "kind", "attribute")

    def __init__(
        self,
        name,
        classes,
        default=None,
        allow_none=False,
        required=NEITHER,
        kind=PLAIN,
        attribute=None,
    ):
        # type: (str, frozenset, object, bool, frozenset, str, str) -> None
        """
        :param name: str, name of the parameter, also in USER_PARAMS
        :param classes: frozenset, which classes have it
        :param default: initial value
        :param allow_none: bool, whether a required parameter may be None
        :param required: frozenset, in which classes ``validate`` looks at it
        :param kind: str, one of the kinds above
        :param attribute: str, name of the attribute where it is not the parameter's
        """
        self.name = name
        self.classes = classes
        self.default = default
        self.allow_none = allow_none
        self.required = required
        self.kind = kind
        self.attribute = attribute or name


def _plain(names, classes, allow_none):
    return tuple(Parameter(name, classes, allow_none=allow_none) for name in names.split())


COMMON_PARAMETERS = (
    Parameter("image_tag", BOTH),
    Parameter("koji_target", BOTH, allow_none=True, required=BOTH),
    Parameter("platform", BOTH, allow_none=True),
    Parameter("arrangement_version", BOTH, allow_none=True),
    Parameter("filesystem_koji_task_id", BOTH, allow_none=True),
)

_SHARED_PARAMETERS = (
    Parameter("git_uri", BOTH, required=BOTH),
    Parameter("git_ref", BOTH, default=DEFAULT_GIT_REF, required=BOTH),
    Parameter("user", BOTH, kind=USER_NAME, required=BOTH),
    Parameter("name", BOTH, kind=BUILD_ID),
    Parameter("flatpak", BOTH, default=False),
)
_SHARED_PARAMETERS += _plain(
    "build_from build_image build_imagestream component git_branch imagestream_name"
    " trigger_imagestreamtag yum_repourls",
    BOTH,
    allow_none=False,
)
_SHARED_PARAMETERS += _plain(
    "compose_ids flatpak_base_image koji_parent_build koji_task_id koji_upload_dir platforms"
    " reactor_config_map reactor_config_override release signing_intent",
    BOTH,
    allow_none=True,
)

_USER_PARAMETERS = (
    Parameter("build_json_dir", USER, required=USER),
    Parameter("build_type", USER, required=USER),
    Parameter(
        "customize_conf",
        USER,
        default=DEFAULT_CUSTOMIZE_CONF,
        allow_none=True,
        attribute="customize_conf_path",
    ),
)
_USER_PARAMETERS += _plain("base_image isolated scratch", USER, allow_none=True)

_SPEC_PARAMETERS = (
    Parameter("registry_uris", SPEC, kind=REGISTRY_URIS, required=SPEC),
    Parameter("source_registry_uri", SPEC, kind=SOURCE_REGISTRY_URI),
    Parameter("openshift_uri", SPEC, required=SPEC),
    Parameter("sources_command", SPEC, allow_none=True, required=SPEC),
    Parameter("vendor", SPEC, allow_none=True, required=SPEC),
    Parameter("authoritative_registry", SPEC, allow_none=True, required=SPEC),
    Parameter("distribution_scope", SPEC, allow_none=True, required=SPEC),
    Parameter("registry_api_versions", SPEC, required=SPEC),
    Parameter("kojiroot", SPEC, allow_none=True, required=SPEC),
    Parameter("kojihub", SPEC, allow_none=True, required=SPEC),
    Parameter("koji_certs_secret", SPEC, allow_none=True, required=SPEC),
    Parameter("pulp_secret", SPEC, allow_none=True, required=SPEC),
    Parameter("pulp_registry", SPEC, allow_none=True, required=SPEC),
    Parameter("smtp_host", SPEC, allow_none=True, required=SPEC),
    Parameter("smtp_from", SPEC, allow_none=True, required=SPEC),
)
_SPEC_PARAMETERS += _plain(
    "architecture build_host builder_openshift_url imagestream_insecure_registry imagestream_url",
    SPEC,
    allow_none=False,
)
_SPEC_PARAMETERS += _plain(
    "artifacts_allowed_domains build_type builder_build_json_dir"
    " client_config_secret equal_labels group_manifests info_url_format koji_kerberos_keytab"
    " koji_kerberos_principal koji_use_kerberos odcs_insecure odcs_openidc_secret odcs_ssl_secret"
    " odcs_url pdc_insecure pdc_url prefer_schema1_digest proxy reactor_config_secret"
    " registry_secrets smtp_additional_addresses smtp_email_domain smtp_error_addresses"
    " smtp_to_pkgowner smtp_to_submitter token_secrets use_auth yum_proxy",
    SPEC,
    allow_none=True,
)

PARAMETERS = COMMON_PARAMETERS + _SHARED_PARAMETERS + _USER_PARAMETERS + _SPEC_PARAMETERS

SPEC_PARAMETERS = tuple(parameter for parameter in PARAMETERS if parameter.classes & SPEC)
USER_PARAMETERS = tuple(parameter for parameter in PARAMETERS if parameter.classes & USER)
