"""Rules of arrangements 1 to 5 and of all-in-one builds (build-request-v1.md, 3.2, 3.4 and 3.5).

May import ``osbs.build.rules``.
"""

from __future__ import absolute_import, print_function, unicode_literals

import six

from osbs._compat import to_text
from osbs.build.plugins import BUILDSTEP, EXIT, POSTBUILD, PREBUILD, PREPUBLISH
from osbs.build.rules import (
    BUILD_KWARGS,
    Rule,
    always,
    build_kwargs,
    by_step,
    filled,
    given,
    lacks,
    lacks_all,
    present,
    tag_suffixes,
    unset,
    unset_all,
)

# From this arrangement on, Pulp reports the digests of both manifest versions.
_MULTIPLE_DIGESTS_SINCE = 4

_NO_KOJIHUB = (lacks("kojihub"), "no koji hub configured")
_NO_KOJI_TARGET = (lacks("koji_target"), "no koji target")
_NO_PULP = (lacks("pulp_registry"), "no pulp registry configured")
_NOT_FLATPAK = (lacks("flatpak"), "not a flatpak build")
_YUM_REPOS = (present("yum_repourls"), "there is a yum repo")

_URL = always("url", "builder_openshift_url")
_USE_AUTH = given("use_auth", "use_auth")
_KOJI_HUB = always("koji_hub", "kojihub")
_KOJIHUB = always("kojihub", "kojihub")

PULP_SECRET_REQUIRED = "Pulp registry specified but no auth config"

# Argument of config_kwargs -> value of the build. None is left out, the rest becomes text.
_CONFIG_KWARGS = (
    ("authoritative_registry", "authoritative_registry"),
    ("distribution_scope", "distribution_scope"),
    ("info_url_format", "info_url_format"),
    ("koji_hub", "kojihub"),
    ("koji_root", "kojiroot"),
    ("openshift_required_version", "openshift_required_version"),
    ("flatpak_base_image", "flatpak_base_image"),
    ("odcs_url", "odcs_url"),
    ("odcs_insecure", "odcs_insecure"),
    ("pdc_url", "pdc_url"),
    ("pdc_insecure", "pdc_insecure"),
    ("pulp_registry_name", "pulp_registry"),
    ("prefer_schema1_digest", "prefer_schema1_digest"),
    ("smtp_email_domain", "smtp_email_domain"),
    ("smtp_from", "smtp_from"),
    ("smtp_host", "smtp_host"),
    ("smtp_to_pkgowner", "smtp_to_pkgowner"),
    ("smtp_to_submitter", "smtp_to_submitter"),
    ("source_registry_uri", "source_registry_uri"),
    ("sources_command", "sources_command"),
    ("vendor", "vendor"),
    ("yum_proxy", "yum_proxy"),
)
# The same for lists, which become one text with commas.
_CONFIG_LISTS = (
    "registry_api_versions",
    "smtp_additional_addresses",
    "smtp_error_addresses",
    "artifacts_allowed_domains",
)


def _joined(items):
    return to_text(items) if isinstance(items, six.string_types) else ",".join(map(to_text, items))


def _config_kwargs(values):
    kwargs = {}
    for arg, name in _CONFIG_KWARGS:
        value = getattr(values, name)
        if value is not None:
            kwargs[arg] = to_text(value)
    for name in _CONFIG_LISTS:
        if getattr(values, name):
            kwargs[name] = _joined(getattr(values, name))
    if values.equal_labels:
        kwargs["equal_labels"] = ",".join(
            ":".join(map(to_text, names)) for names in values.equal_labels
        )
    if not values.build_imagestream:
        kwargs["build_image"] = values.build_image
    return kwargs


def goarch(values):
    """Return what Go calls the architecture of each platform that the configuration describes."""
    return {
        platform: descriptor["architecture"]
        for platform, descriptor in values.platform_descriptors.items()
    }


def _image_labels(values):
    labels = {
        "vendor": values.vendor,
        "authoritative-source-url": values.authoritative_registry,
        "distribution-scope": values.distribution_scope,
        "release": values.release,
    }
    return {name: value for name, value in labels.items() if value is not None}


def _parent_registry(values):
    registry = values.source_registry_uri
    return registry.docker_uri if registry else None


def _expect_v2schema2(values):
    prefer = values.prefer_schema1_digest
    return None if prefer is None else not prefer


def _reports_multiple_digests(values):
    return (values.arrangement_version or 0) >= _MULTIPLE_DIGESTS_SINCE and values.pulp_registry


def _uploaded_digest(values):
    return None if _reports_multiple_digests(values) else values.prefer_schema1_digest


def _with_koji(name):
    return lambda values: values.kojihub and values.kojiroot and getattr(values, name)


def _pulp_credentials(values, args):
    return values.pulp_secret is not None or "username" in args


def _import_image(phase):
    return Rule(
        "import_image",
        phase,
        remove=((unset("imagestream_name", "imagestream_url"), "no image stream"),),
        args=(
            always("imagestream", "imagestream_name"),
            always("docker_image_repo", "imagestream_url"),
            _URL,
            always("build_json_dir", "builder_build_json_dir"),
            _USE_AUTH,
            filled("insecure_registry", lambda values: bool(values.imagestream_insecure_registry)),
        ),
    )


def _pulp_pull(phase):
    return Rule(
        "pulp_pull",
        phase,
        remove=(_NO_PULP, _NO_KOJIHUB),
        args=(given("expect_v2schema2", _expect_v2schema2),),
    )


def _pulp(step, phase):
    return Rule(
        step,
        phase,
        remove=(_NO_PULP,),
        require=(_pulp_credentials, PULP_SECRET_REQUIRED),
        args=(always("pulp_registry_name", "pulp_registry"),),
    )


def _koji_metadata(step):
    return Rule(
        step,
        EXIT,
        remove=(_NO_KOJIHUB,),
        args=(_URL, _KOJIHUB, given("target", "koji_target"), _USE_AUTH),
    )


_TABLE = (
    Rule(
        "add_yum_repo_by_url",
        PREBUILD,
        args=(given("repourls", "yum_repourls"), filled("inject_proxy", "proxy")),
    ),
    Rule("check_and_set_rebuild", PREBUILD, args=(_URL, _USE_AUTH)),
    Rule("store_metadata_in_osv3", EXIT, args=(_URL, _USE_AUTH)),
    Rule(
        "distgit_fetch_artefacts",
        PREBUILD,
        remove=((unset("sources_command"), "no sources command configured"),),
        args=(always("command", "sources_command"),),
    ),
    Rule("pull_base_image", PREBUILD, args=(always("parent_registry", _parent_registry),)),
    Rule(
        "reactor_config",
        PREBUILD,
        remove=(
            (
                unset_all("reactor_config_secret", "reactor_config_map", "reactor_config_override"),
                "no reactor config",
            ),
        ),
    ),
    Rule(
        "orchestrate_build",
        BUILDSTEP,
        remove=((unset("platforms"), "no platforms"),),
        args=(
            always("platforms", "platforms"),
            always(
                "build_kwargs",
                lambda values: build_kwargs(values, BUILD_KWARGS, lambda value: True),
            ),
            always("config_kwargs", _config_kwargs),
            always("goarch", goarch),
            _URL,
            _USE_AUTH,
        ),
    ),
    Rule(
        "resolve_module_compose",
        PREBUILD,
        remove=(_NOT_FLATPAK,),
        args=(
            filled("compose_ids", "compose_ids"),
            always("odcs_url", "odcs_url"),
            always("odcs_insecure", "odcs_insecure"),
            always("pdc_url", "pdc_url"),
            always("pdc_insecure", "pdc_insecure"),
        ),
    ),
    Rule(
        "resolve_composes",
        PREBUILD,
        remove=((lacks("odcs_url"), "no odcs_url configured"), _YUM_REPOS),
        args=(
            always("odcs_url", "odcs_url"),
            always("odcs_insecure", "odcs_insecure"),
            _KOJI_HUB,
            always("koji_target", "koji_target"),
            filled("compose_ids", "compose_ids"),
            filled("signing_intent", "signing_intent"),
        ),
    ),
    Rule(
        "flatpak_create_dockerfile",
        PREBUILD,
        remove=(_NOT_FLATPAK,),
        args=(always("base_image", "flatpak_base_image"),),
    ),
    Rule("squash", PREPUBLISH, remove=((present("flatpak"), "flatpak build requested"),)),
    Rule("flatpak_create_oci", PREPUBLISH, remove=(_NOT_FLATPAK,)),
    Rule(
        "add_filesystem",
        PREBUILD,
        require=(
            lambda values, args: values.kojihub,
            "Custom base image builds require kojihub to be defined",
        ),
        args=(
            _KOJI_HUB,
            filled("repos", "yum_repourls"),
            filled("architectures", "platforms"),
            filled("architecture", "platform"),
            filled("from_task_id", "filesystem_koji_task_id"),
        ),
    ),
    Rule(
        "add_labels_in_dockerfile",
        PREBUILD,
        merge=("labels", _image_labels),
        args=(filled("info_url_format", "info_url_format"), filled("equal_labels", "equal_labels")),
    ),
    Rule(
        "koji",
        PREBUILD,
        remove=(_YUM_REPOS, (lacks("koji_target", "kojiroot", "kojihub"), "koji not configured")),
        args=(
            always("target", "koji_target"),
            always("root", "kojiroot"),
            always("hub", "kojihub"),
            filled("proxy", "proxy"),
        ),
    ),
    Rule(
        "bump_release",
        PREBUILD,
        remove=((present("release"), "release given"), _NO_KOJIHUB),
        args=(always("hub", "kojihub"), filled("append", present("flatpak"))),
    ),
    Rule("koji_parent", PREBUILD, remove=(_NO_KOJIHUB,), args=(_KOJI_HUB,)),
    _import_image(POSTBUILD),
    _import_image(EXIT),
    _pulp_pull(POSTBUILD),
    _pulp_pull(EXIT),
    _pulp("pulp_push", POSTBUILD),
    _pulp("pulp_tag", POSTBUILD),
    _pulp("pulp_publish", EXIT),
    _koji_metadata("koji_promote"),
    _koji_metadata("koji_import"),
    Rule(
        "koji_upload",
        POSTBUILD,
        remove=(_NO_KOJIHUB,),
        args=(
            _KOJIHUB,
            _URL,
            always("build_json_dir", "builder_build_json_dir"),
            always("koji_upload_dir", "koji_upload_dir"),
            always("platform", "platform"),
            _USE_AUTH,
            filled(
                "report_multiple_digests", lambda values: bool(_reports_multiple_digests(values))
            ),
            given("prefer_schema1_digest", _uploaded_digest),
        ),
    ),
    Rule(
        "koji_tag_build",
        EXIT,
        remove=(_NO_KOJIHUB, _NO_KOJI_TARGET),
        args=(_KOJIHUB, always("target", "koji_target")),
    ),
    Rule(
        "sendmail",
        EXIT,
        remove=((lacks("smtp_host", "smtp_from"), "no smtp host or sender configured"),),
        args=(
            _URL,
            always("smtp_host", "smtp_host"),
            always("from_address", "smtp_from"),
            filled("koji_hub", _with_koji("kojihub")),
            filled("koji_root", _with_koji("kojiroot")),
            filled("to_koji_submitter", _with_koji("smtp_to_submitter")),
            filled("to_koji_pkgowner", _with_koji("smtp_to_pkgowner")),
            filled("additional_addresses", "smtp_additional_addresses"),
            filled("error_addresses", "smtp_error_addresses"),
            filled("email_domain", "smtp_email_domain"),
        ),
    ),
    Rule(
        "fetch_maven_artifacts",
        PREBUILD,
        remove=((lacks_all("kojihub", "kojiroot"), "koji not configured"),),
        args=(
            _KOJI_HUB,
            always("koji_root", "kojiroot"),
            filled("allowed_domains", "artifacts_allowed_domains"),
        ),
    ),
    Rule("tag_from_config", POSTBUILD, args=(always("tag_suffixes", tag_suffixes),)),
    Rule(
        "inject_parent_image",
        PREBUILD,
        remove=((lacks("koji_parent_build", "kojihub"), "no koji parent build or no koji hub"),),
        args=(always("koji_parent_build", "koji_parent_build"), _KOJI_HUB),
    ),
)

RULES = by_step(_TABLE)

# Secret -> plugins that get its mount path (phase, name, argument or None: mounted only). Secrets
# are mounted in this order.
SECRETS = (
    ("reactor_config_secret", ((PREBUILD, "reactor_config", "config_path"),)),
    (
        "pulp_secret",
        (
            (POSTBUILD, "pulp_push", "pulp_secret_path"),
            (POSTBUILD, "pulp_sync", "pulp_secret_path"),
            (POSTBUILD, "pulp_tag", "pulp_secret_path"),
            (EXIT, "pulp_publish", "pulp_secret_path"),
        ),
    ),
    (
        "odcs_openidc_secret",
        (
            (PREBUILD, "resolve_module_compose", "odcs_openidc_secret_path"),
            (PREBUILD, "resolve_composes", "odcs_openidc_secret_path"),
        ),
    ),
    ("odcs_ssl_secret", ((PREBUILD, "resolve_composes", "odcs_ssl_secret_path"),)),
    (
        "koji_certs_secret",
        (
            (EXIT, "koji_promote", "koji_ssl_certs"),
            (EXIT, "koji_import", "koji_ssl_certs"),
            (POSTBUILD, "koji_upload", "koji_ssl_certs_dir"),
            (EXIT, "koji_tag_build", "koji_ssl_certs"),
            (PREBUILD, "add_filesystem", "koji_ssl_certs_dir"),
            (PREBUILD, "bump_release", "koji_ssl_certs_dir"),
            (PREBUILD, "resolve_composes", "koji_ssl_certs_dir"),
            (PREBUILD, "koji", "koji_ssl_certs_dir"),
            (PREBUILD, "koji_parent", "koji_ssl_certs_dir"),
            (PREBUILD, "fetch_maven_artifacts", "koji_ssl_certs_dir"),
            (PREBUILD, "inject_parent_image", "koji_ssl_certs_dir"),
            (EXIT, "sendmail", "koji_ssl_certs_dir"),
        ),
    ),
    (
        "registry_secrets",
        ((POSTBUILD, "tag_and_push", None), (POSTBUILD, "group_manifests", None)),
    ),
    ("client_config_secret", ((BUILDSTEP, "orchestrate_build", "osbs_client_config"),)),
)

# Plugins that log in to Koji with Kerberos.
KERBEROS_PLUGINS = (
    (PREBUILD, "fetch_maven_artifacts"),
    (POSTBUILD, "koji_upload"),
    (EXIT, "koji_promote"),
    (EXIT, "koji_import"),
    (EXIT, "koji_tag_build"),
    (EXIT, "sendmail"),
)
