"""Rules of arrangements 1 to 5 and of all-in-one builds, which the client applies.

They come after what the kind of build takes away and after the secrets. ``v`` is short for values.
"""

from __future__ import absolute_import, print_function, unicode_literals

import six

from osbs._compat import to_text
from osbs.build._plugins import BUILDSTEP, EXIT, POSTBUILD, PREBUILD, PREPUBLISH, merge_arg, set_arg
from osbs.build._rules import (
    BUILD_KWARGS,
    ONLY_FOR_FLATPAK,
    PREPUBLISH_RULES,
    always,
    build_kwargs,
    config_kwargs,
    remove_if,
    unless_empty,
    unless_none,
    tag_suffixes,
)
from osbs.exceptions import OsbsValidationException
from osbs.utils import without_none

# From this arrangement on, Pulp reports the digests of both manifest versions.
_MULTIPLE_DIGESTS_SINCE = 4

_NO_KOJIHUB = remove_if(lambda v: not v.kojihub, "no koji hub configured")
_NO_KOJI_TARGET = remove_if(lambda v: not v.koji_target, "no koji target")
_NO_PULP = remove_if(lambda v: not v.pulp_registry, "no pulp registry configured")
_YUM_REPOS = remove_if(lambda v: v.yum_repourls, "there is a yum repo")
# Where the builds run, and with which templates.
_BUILDER = always(url="builder_openshift_url", build_json_dir="builder_build_json_dir")

PULP_SECRET_REQUIRED = "Pulp registry specified but no auth config"

# Arguments of config_kwargs that are values of the same name. None is left out, the rest becomes
# text.
_CONFIG_KWARGS = (
    "authoritative_registry distribution_scope info_url_format openshift_required_version"
    " flatpak_base_image odcs_url odcs_insecure pdc_url pdc_insecure prefer_schema1_digest"
    " smtp_email_domain smtp_from smtp_host smtp_to_pkgowner smtp_to_submitter source_registry_uri"
    " sources_command vendor yum_proxy"
)
# The same for lists, which become one text with commas.
_CONFIG_LISTS = (
    "registry_api_versions smtp_additional_addresses smtp_error_addresses artifacts_allowed_domains"
)


def _joined(items):
    return to_text(items) if isinstance(items, six.string_types) else ",".join(map(to_text, items))


def _config_kwargs(values):
    renamed = dict(koji_hub="kojihub", koji_root="kojiroot", pulp_registry_name="pulp_registry")
    kwargs = config_kwargs(values, _CONFIG_KWARGS, **renamed)
    for name in _CONFIG_LISTS.split():
        if getattr(values, name):
            kwargs[name] = _joined(getattr(values, name))
    if values.equal_labels:
        kwargs["equal_labels"] = _joined(":".join(map(to_text, n)) for n in values.equal_labels)
    return kwargs


def _goarch(values):
    # What Go calls the architecture of each platform that the configuration describes.
    return {
        platform: descriptor["architecture"]
        for platform, descriptor in values.platform_descriptors.items()
    }


def _merge_image_labels(values, plugin):
    labels = {
        "vendor": values.vendor,
        "authoritative-source-url": values.authoritative_registry,
        "distribution-scope": values.distribution_scope,
        "release": values.release,
    }
    merge_arg(plugin, "labels", without_none(**labels))


def _has_no_reactor_config(values):
    kinds = "reactor_config_secret", "reactor_config_map", "reactor_config_override"
    return all(getattr(values, kind) is None for kind in kinds)


def _parent_registry(values):
    registry = values.source_registry_uri
    return registry.docker_uri if registry else None


def _expect_v2schema2(values):
    prefer = values.prefer_schema1_digest
    return None if prefer is None else not prefer


def _reports_multiple_digests(values):
    is_new = (values.arrangement_version or 0) >= _MULTIPLE_DIGESTS_SINCE
    return is_new and bool(values.pulp_registry)


def _uploaded_digest(values):
    return None if _reports_multiple_digests(values) else values.prefer_schema1_digest


def _with_koji(name):
    return lambda v: v.kojihub and v.kojiroot and getattr(v, name)


def _koji_login(values, plugin):
    """Tell the plugin with what to log in to Koji, where that needs Kerberos."""
    principal, keytab = values.koji_kerberos_principal, values.koji_kerberos_keytab
    if values.koji_use_kerberos and principal and keytab:
        set_arg(plugin, "koji_principal", principal)
        set_arg(plugin, "koji_keytab", keytab)


def _require_kojihub(values, _):
    if not values.kojihub:
        raise OsbsValidationException("Custom base image builds require kojihub to be defined")


def _require_pulp_credentials(values, plugin):
    if values.pulp_secret is None and "username" not in (plugin.get("args") or {}):
        raise OsbsValidationException(PULP_SECRET_REQUIRED)


_IMPORT_IMAGE = (
    "import_image",
    remove_if(lambda v: v.imagestream_name is None or v.imagestream_url is None, "no image stream"),
    always(imagestream="imagestream_name", docker_image_repo="imagestream_url"),
    _BUILDER,
    unless_none("use_auth"),
    unless_empty(insecure_registry="imagestream_insecure_registry"),
)
_PULP_PULL = (
    "pulp_pull",
    _NO_PULP,
    _NO_KOJIHUB,
    unless_none(expect_v2schema2=_expect_v2schema2),
)


_PULP = (
    _NO_PULP,
    _require_pulp_credentials,
    always(pulp_registry_name="pulp_registry"),
)
_KOJI_METADATA = (
    _NO_KOJIHUB,
    always("kojihub", url="builder_openshift_url"),
    unless_none("use_auth", target="koji_target"),
    _koji_login,
)

RULES = {
    PREBUILD: (
        (
            "add_yum_repo_by_url",
            unless_none(repourls="yum_repourls"),
            unless_empty(inject_proxy="proxy"),
        ),
        ("check_and_set_rebuild", always(url="builder_openshift_url"), unless_none("use_auth")),
        (
            "distgit_fetch_artefacts",
            remove_if(lambda v: v.sources_command is None, "no sources command configured"),
            always(command="sources_command"),
        ),
        ("pull_base_image", always(parent_registry=_parent_registry)),
        ("reactor_config", remove_if(_has_no_reactor_config, "no reactor config")),
        (
            "resolve_module_compose",
            ONLY_FOR_FLATPAK,
            always("odcs_url", "odcs_insecure", "pdc_url", "pdc_insecure"),
            unless_empty("compose_ids"),
        ),
        (
            "resolve_composes",
            remove_if(lambda v: not v.odcs_url, "no odcs_url configured"),
            _YUM_REPOS,
            always("odcs_url", "odcs_insecure", "koji_target", koji_hub="kojihub"),
            unless_empty("compose_ids", "signing_intent"),
        ),
        ("flatpak_create_dockerfile", ONLY_FOR_FLATPAK, always(base_image="flatpak_base_image")),
        (
            "add_filesystem",
            _require_kojihub,
            always(koji_hub="kojihub"),
            unless_empty(
                repos="yum_repourls",
                architectures="platforms",
                architecture="platform",
                from_task_id="filesystem_koji_task_id",
            ),
        ),
        (
            "add_labels_in_dockerfile",
            _merge_image_labels,
            unless_empty("info_url_format", "equal_labels"),
        ),
        (
            "koji",
            _YUM_REPOS,
            _NO_KOJIHUB,
            remove_if(lambda v: not v.kojiroot, "no koji root configured"),
            _NO_KOJI_TARGET,
            always(target="koji_target", root="kojiroot", hub="kojihub"),
            unless_empty("proxy"),
        ),
        (
            "bump_release",
            remove_if(lambda v: v.release, "release given"),
            _NO_KOJIHUB,
            always(hub="kojihub"),
            unless_empty(append=lambda v: bool(v.flatpak)),
        ),
        ("koji_parent", _NO_KOJIHUB, always(koji_hub="kojihub")),
        (
            "fetch_maven_artifacts",
            remove_if(lambda v: not (v.kojihub or v.kojiroot), "koji not configured"),
            always(koji_hub="kojihub", koji_root="kojiroot"),
            unless_empty(allowed_domains="artifacts_allowed_domains"),
            _koji_login,
        ),
        (
            "inject_parent_image",
            remove_if(lambda v: not v.koji_parent_build, "no koji parent build"),
            _NO_KOJIHUB,
            always("koji_parent_build", koji_hub="kojihub"),
        ),
    ),
    BUILDSTEP: (
        (
            "orchestrate_build",
            remove_if(lambda v: v.platforms is None, "no platforms"),
            always(
                "platforms",
                build_kwargs=lambda v: build_kwargs(v, BUILD_KWARGS, lambda value: True),
                config_kwargs=_config_kwargs,
                goarch=_goarch,
                url="builder_openshift_url",
            ),
            unless_none("use_auth"),
        ),
    ),
    PREPUBLISH: PREPUBLISH_RULES,
    POSTBUILD: (
        _IMPORT_IMAGE,
        _PULP_PULL,
        ("group_manifests", always(group="group_manifests", goarch=_goarch)),
        ("pulp_push",) + _PULP,
        ("pulp_tag",) + _PULP,
        (
            "koji_upload",
            _NO_KOJIHUB,
            always("kojihub", "koji_upload_dir", "platform"),
            _BUILDER,
            unless_none("use_auth", prefer_schema1_digest=_uploaded_digest),
            unless_empty(report_multiple_digests=_reports_multiple_digests),
            _koji_login,
        ),
        ("tag_from_config", unless_none(tag_suffixes=tag_suffixes)),
    ),
    EXIT: (
        _IMPORT_IMAGE,
        _PULP_PULL,
        ("store_metadata_in_osv3", always(url="builder_openshift_url"), unless_none("use_auth")),
        ("pulp_publish",) + _PULP,
        ("koji_promote",) + _KOJI_METADATA,
        ("koji_import",) + _KOJI_METADATA,
        (
            "koji_tag_build",
            _NO_KOJIHUB,
            _NO_KOJI_TARGET,
            always("kojihub", target="koji_target"),
            _koji_login,
        ),
        (
            "sendmail",
            remove_if(lambda v: not v.smtp_host, "no smtp host configured"),
            remove_if(lambda v: not v.smtp_from, "no sender configured"),
            always("smtp_host", url="builder_openshift_url", from_address="smtp_from"),
            unless_empty(
                koji_hub=_with_koji("kojihub"),
                koji_root=_with_koji("kojiroot"),
                to_koji_submitter=_with_koji("smtp_to_submitter"),
                to_koji_pkgowner=_with_koji("smtp_to_pkgowner"),
                additional_addresses="smtp_additional_addresses",
                error_addresses="smtp_error_addresses",
                email_domain="smtp_email_domain",
            ),
            _koji_login,
        ),
    ),
}


_PREBUILD_WITH_KOJI = (
    "add_filesystem bump_release resolve_composes koji koji_parent fetch_maven_artifacts"
    " inject_parent_image"
)
# Secret, and plugins that get its mount path as an argument (None: it is mounted only). Secrets are
# mounted in this order.
SECRETS = (
    ("reactor_config_secret", PREBUILD, "reactor_config", "config_path"),
    ("pulp_secret", POSTBUILD, "pulp_push pulp_sync pulp_tag", "pulp_secret_path"),
    ("pulp_secret", EXIT, "pulp_publish", "pulp_secret_path"),
    ("odcs_openidc_secret", PREBUILD, "resolve_module_compose", "odcs_openidc_secret_path"),
    ("odcs_openidc_secret", PREBUILD, "resolve_composes", "odcs_openidc_secret_path"),
    ("odcs_ssl_secret", PREBUILD, "resolve_composes", "odcs_ssl_secret_path"),
    ("koji_certs_secret", EXIT, "koji_promote koji_import koji_tag_build", "koji_ssl_certs"),
    ("koji_certs_secret", POSTBUILD, "koji_upload", "koji_ssl_certs_dir"),
    ("koji_certs_secret", PREBUILD, _PREBUILD_WITH_KOJI, "koji_ssl_certs_dir"),
    ("koji_certs_secret", EXIT, "sendmail", "koji_ssl_certs_dir"),
    ("registry_secrets", POSTBUILD, "tag_and_push group_manifests", None),
    ("client_config_secret", BUILDSTEP, "orchestrate_build", "osbs_client_config"),
)
