"""Rules of arrangements 1 to 5 and of all-in-one builds, which the client applies.

The early ones come before what the kind of build takes away and before the secrets, the late ones
after that.
"""

from __future__ import absolute_import, print_function, unicode_literals

import six

from osbs._compat import to_text
from osbs.build._plugins import BUILDSTEP, EXIT, POSTBUILD, PREBUILD, PREPUBLISH
from osbs.build._rules import (
    BUILD_KWARGS,
    Rule,
    always,
    build_kwargs,
    unless_empty,
    unless_none,
    any_empty,
    all_empty,
    present,
    tag_suffixes,
    any_none,
    all_none,
)

# From this arrangement on, Pulp reports the digests of both manifest versions.
_MULTIPLE_DIGESTS_SINCE = 4

_NO_KOJIHUB = (any_empty("kojihub"), "no koji hub configured")
_NO_KOJI_TARGET = (any_empty("koji_target"), "no koji target")
_NO_PULP = (any_empty("pulp_registry"), "no pulp registry configured")
_NOT_FLATPAK = (any_empty("flatpak"), "not a flatpak build")
_YUM_REPOS = (present("yum_repourls"), "there is a yum repo")

_URL = always("url", "builder_openshift_url")
_USE_AUTH = unless_none("use_auth")
_KOJI_HUB = always("koji_hub", "kojihub")
_KOJIHUB = always("kojihub")

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
        phase,
        "import_image",
        remove=((any_none("imagestream_name", "imagestream_url"), "no image stream"),),
        args=(
            always("imagestream", "imagestream_name"),
            always("docker_image_repo", "imagestream_url"),
            _URL,
            always("build_json_dir", "builder_build_json_dir"),
            _USE_AUTH,
            unless_empty(
                "insecure_registry", lambda values: bool(values.imagestream_insecure_registry)
            ),
        ),
    )


def _pulp_pull(phase):
    return Rule(
        phase,
        "pulp_pull",
        remove=(_NO_PULP, _NO_KOJIHUB),
        args=(unless_none("expect_v2schema2", _expect_v2schema2),),
    )


def _pulp(phase, plugin):
    return Rule(
        phase,
        plugin,
        remove=(_NO_PULP,),
        require=(_pulp_credentials, PULP_SECRET_REQUIRED),
        args=(always("pulp_registry_name", "pulp_registry"),),
    )


def _koji_metadata(plugin):
    return Rule(
        EXIT,
        plugin,
        remove=(_NO_KOJIHUB,),
        args=(_URL, _KOJIHUB, unless_none("target", "koji_target"), _USE_AUTH),
    )


EARLY_RULES = (
    Rule(
        PREBUILD,
        "add_yum_repo_by_url",
        args=(unless_none("repourls", "yum_repourls"), unless_empty("inject_proxy", "proxy")),
    ),
    Rule(PREBUILD, "check_and_set_rebuild", args=(_URL, _USE_AUTH)),
    Rule(EXIT, "store_metadata_in_osv3", args=(_URL, _USE_AUTH)),
    Rule(
        PREBUILD,
        "distgit_fetch_artefacts",
        remove=((any_none("sources_command"), "no sources command configured"),),
        args=(always("command", "sources_command"),),
    ),
    Rule(PREBUILD, "pull_base_image", args=(always("parent_registry", _parent_registry),)),
)

LATE_RULES = (
    Rule(
        PREBUILD,
        "reactor_config",
        remove=(
            (
                all_none("reactor_config_secret", "reactor_config_map", "reactor_config_override"),
                "no reactor config",
            ),
        ),
    ),
    Rule(
        BUILDSTEP,
        "orchestrate_build",
        remove=((any_none("platforms"), "no platforms"),),
        args=(
            always("platforms"),
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
        PREBUILD,
        "resolve_module_compose",
        remove=(_NOT_FLATPAK,),
        args=(
            unless_empty("compose_ids"),
            always("odcs_url"),
            always("odcs_insecure"),
            always("pdc_url"),
            always("pdc_insecure"),
        ),
    ),
    Rule(
        PREBUILD,
        "resolve_composes",
        remove=((any_empty("odcs_url"), "no odcs_url configured"), _YUM_REPOS),
        args=(
            always("odcs_url"),
            always("odcs_insecure"),
            _KOJI_HUB,
            always("koji_target"),
            unless_empty("compose_ids"),
            unless_empty("signing_intent"),
        ),
    ),
    Rule(
        PREBUILD,
        "flatpak_create_dockerfile",
        remove=(_NOT_FLATPAK,),
        args=(always("base_image", "flatpak_base_image"),),
    ),
    Rule(PREPUBLISH, "squash", remove=((present("flatpak"), "flatpak build requested"),)),
    Rule(PREPUBLISH, "flatpak_create_oci", remove=(_NOT_FLATPAK,)),
    Rule(
        PREBUILD,
        "add_filesystem",
        require=(
            lambda values, args: values.kojihub,
            "Custom base image builds require kojihub to be defined",
        ),
        args=(
            _KOJI_HUB,
            unless_empty("repos", "yum_repourls"),
            unless_empty("architectures", "platforms"),
            unless_empty("architecture", "platform"),
            unless_empty("from_task_id", "filesystem_koji_task_id"),
        ),
    ),
    Rule(
        PREBUILD,
        "add_labels_in_dockerfile",
        merge=("labels", _image_labels),
        args=(unless_empty("info_url_format"), unless_empty("equal_labels")),
    ),
    Rule(
        PREBUILD,
        "koji",
        remove=(
            _YUM_REPOS,
            (any_empty("koji_target", "kojiroot", "kojihub"), "koji not configured"),
        ),
        args=(
            always("target", "koji_target"),
            always("root", "kojiroot"),
            always("hub", "kojihub"),
            unless_empty("proxy"),
        ),
    ),
    Rule(
        PREBUILD,
        "bump_release",
        remove=((present("release"), "release given"), _NO_KOJIHUB),
        args=(always("hub", "kojihub"), unless_empty("append", present("flatpak"))),
    ),
    Rule(PREBUILD, "koji_parent", remove=(_NO_KOJIHUB,), args=(_KOJI_HUB,)),
    _import_image(POSTBUILD),
    _import_image(EXIT),
    _pulp_pull(POSTBUILD),
    _pulp_pull(EXIT),
    _pulp(POSTBUILD, "pulp_push"),
    _pulp(POSTBUILD, "pulp_tag"),
    _pulp(EXIT, "pulp_publish"),
    _koji_metadata("koji_promote"),
    _koji_metadata("koji_import"),
    Rule(
        POSTBUILD,
        "koji_upload",
        remove=(_NO_KOJIHUB,),
        args=(
            _KOJIHUB,
            _URL,
            always("build_json_dir", "builder_build_json_dir"),
            always("koji_upload_dir"),
            always("platform"),
            _USE_AUTH,
            unless_empty(
                "report_multiple_digests", lambda values: bool(_reports_multiple_digests(values))
            ),
            unless_none("prefer_schema1_digest", _uploaded_digest),
        ),
    ),
    Rule(
        EXIT,
        "koji_tag_build",
        remove=(_NO_KOJIHUB, _NO_KOJI_TARGET),
        args=(_KOJIHUB, always("target", "koji_target")),
    ),
    Rule(
        EXIT,
        "sendmail",
        remove=((any_empty("smtp_host", "smtp_from"), "no smtp host or sender configured"),),
        args=(
            _URL,
            always("smtp_host"),
            always("from_address", "smtp_from"),
            unless_empty("koji_hub", _with_koji("kojihub")),
            unless_empty("koji_root", _with_koji("kojiroot")),
            unless_empty("to_koji_submitter", _with_koji("smtp_to_submitter")),
            unless_empty("to_koji_pkgowner", _with_koji("smtp_to_pkgowner")),
            unless_empty("additional_addresses", "smtp_additional_addresses"),
            unless_empty("error_addresses", "smtp_error_addresses"),
            unless_empty("email_domain", "smtp_email_domain"),
        ),
    ),
    Rule(
        PREBUILD,
        "fetch_maven_artifacts",
        remove=((all_empty("kojihub", "kojiroot"), "koji not configured"),),
        args=(
            _KOJI_HUB,
            always("koji_root", "kojiroot"),
            unless_empty("allowed_domains", "artifacts_allowed_domains"),
        ),
    ),
    Rule(
        POSTBUILD,
        "tag_from_config",
        when=present("fills_in_tags"),
        args=(always("tag_suffixes", tag_suffixes),),
    ),
    Rule(
        PREBUILD,
        "inject_parent_image",
        remove=(
            (any_empty("koji_parent_build", "kojihub"), "no koji parent build or no koji hub"),
        ),
        args=(always("koji_parent_build"), _KOJI_HUB),
    ),
)

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
    ("registry_secrets", ((POSTBUILD, "tag_and_push", None), (POSTBUILD, "group_manifests", None))),
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
