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
    always,
    build_kwargs,
    merge,
    remove_if,
    require,
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

_NO_KOJIHUB = remove_if(any_empty("kojihub"), "no koji hub configured")
_NO_KOJI_TARGET = remove_if(any_empty("koji_target"), "no koji target")
_NO_PULP = remove_if(any_empty("pulp_registry"), "no pulp registry configured")
_NOT_FLATPAK = remove_if(any_empty("flatpak"), "not a flatpak build")
_YUM_REPOS = remove_if(present("yum_repourls"), "there is a yum repo")

PULP_SECRET_REQUIRED = "Pulp registry specified but no auth config"

# Arguments of config_kwargs that are values of the same name. None is left out, the rest becomes
# text.
_CONFIG_KWARGS = (
    "authoritative_registry distribution_scope info_url_format openshift_required_version"
    " flatpak_base_image odcs_url odcs_insecure pdc_url pdc_insecure prefer_schema1_digest"
    " smtp_email_domain smtp_from smtp_host smtp_to_pkgowner smtp_to_submitter source_registry_uri"
    " sources_command vendor yum_proxy"
)
# The same for those that are called otherwise: argument -> value.
_RENAMED_CONFIG_KWARGS = {
    "koji_hub": "kojihub",
    "koji_root": "kojiroot",
    "pulp_registry_name": "pulp_registry",
}
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
    kwargs = {arg: getattr(values, arg) for arg in _CONFIG_KWARGS.split()}
    kwargs.update((arg, getattr(values, name)) for arg, name in _RENAMED_CONFIG_KWARGS.items())
    kwargs = {arg: to_text(value) for arg, value in kwargs.items() if value is not None}
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


def _goarch(values):
    # What Go calls the architecture of each platform that the configuration describes.
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


def _no_registry_has(version):
    return lambda values: version not in values.registry_api_versions


def _with_koji(name):
    return lambda values: values.kojihub and values.kojiroot and getattr(values, name)


def _kerberos(name):
    """Make a source: a value with which plugins log in to Koji, where that needs Kerberos."""

    def value(values):
        principal, keytab = values.koji_kerberos_principal, values.koji_kerberos_keytab
        is_used = values.koji_use_kerberos and principal and keytab
        return getattr(values, name) if is_used else None

    return value


def _pulp_credentials(values, args):
    return values.pulp_secret is not None or "username" in args


_KOJI_LOGIN = unless_none(
    koji_principal=_kerberos("koji_kerberos_principal"),
    koji_keytab=_kerberos("koji_kerberos_keytab"),
)


_IMPORT_IMAGE = (
    "import_image",
    remove_if(any_none("imagestream_name", "imagestream_url"), "no image stream"),
    always(
        imagestream="imagestream_name",
        docker_image_repo="imagestream_url",
        url="builder_openshift_url",
        build_json_dir="builder_build_json_dir",
    ),
    unless_none("use_auth"),
    unless_empty(insecure_registry="imagestream_insecure_registry"),
)
_PULP_PULL = (
    "pulp_pull",
    _NO_PULP,
    _NO_KOJIHUB,
    unless_none(expect_v2schema2=_expect_v2schema2),
)


def _pulp(plugin):
    return (
        plugin,
        _NO_PULP,
        require(_pulp_credentials, PULP_SECRET_REQUIRED),
        always(pulp_registry_name="pulp_registry"),
    )


def _koji_metadata(plugin):
    return (
        plugin,
        _NO_KOJIHUB,
        always("kojihub", url="builder_openshift_url"),
        unless_none("use_auth", target="koji_target"),
        _KOJI_LOGIN,
    )


_EARLY_PREBUILD = (
    (
        "add_yum_repo_by_url",
        unless_none(repourls="yum_repourls"),
        unless_empty(inject_proxy="proxy"),
    ),
    ("check_and_set_rebuild", always(url="builder_openshift_url"), unless_none("use_auth")),
    (
        "distgit_fetch_artefacts",
        remove_if(any_none("sources_command"), "no sources command configured"),
        always(command="sources_command"),
    ),
    ("pull_base_image", always(parent_registry=_parent_registry)),
)
_EARLY_POSTBUILD = (
    ("group_manifests", always(group="group_manifests", goarch=_goarch)),
    ("pulp_push", remove_if(_no_registry_has("v1"), "no v1 registry")),
    ("pulp_sync", remove_if(_no_registry_has("v2"), "no v2 registry")),
)
_EARLY_EXIT = (
    ("store_metadata_in_osv3", always(url="builder_openshift_url"), unless_none("use_auth")),
    ("delete_from_registry", remove_if(_no_registry_has("v2"), "no v2 registry")),
)
EARLY_RULES = (
    (PREBUILD, _EARLY_PREBUILD),
    (POSTBUILD, _EARLY_POSTBUILD),
    (EXIT, _EARLY_EXIT),
)


_PREBUILD = (
    (
        "reactor_config",
        remove_if(
            all_none("reactor_config_secret", "reactor_config_map", "reactor_config_override"),
            "no reactor config",
        ),
    ),
    (
        "resolve_module_compose",
        _NOT_FLATPAK,
        always("odcs_url", "odcs_insecure", "pdc_url", "pdc_insecure"),
        unless_empty("compose_ids"),
    ),
    (
        "resolve_composes",
        remove_if(any_empty("odcs_url"), "no odcs_url configured"),
        _YUM_REPOS,
        always("odcs_url", "odcs_insecure", "koji_target", koji_hub="kojihub"),
        unless_empty("compose_ids", "signing_intent"),
    ),
    ("flatpak_create_dockerfile", _NOT_FLATPAK, always(base_image="flatpak_base_image")),
    (
        "add_filesystem",
        require(
            lambda values, args: values.kojihub,
            "Custom base image builds require kojihub to be defined",
        ),
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
        merge("labels", _image_labels),
        unless_empty("info_url_format", "equal_labels"),
    ),
    (
        "koji",
        _YUM_REPOS,
        remove_if(any_empty("koji_target", "kojiroot", "kojihub"), "koji not configured"),
        always(target="koji_target", root="kojiroot", hub="kojihub"),
        unless_empty("proxy"),
    ),
    (
        "bump_release",
        remove_if(present("release"), "release given"),
        _NO_KOJIHUB,
        always(hub="kojihub"),
        unless_empty(append=present("flatpak")),
    ),
    ("koji_parent", _NO_KOJIHUB, always(koji_hub="kojihub")),
    (
        "fetch_maven_artifacts",
        remove_if(all_empty("kojihub", "kojiroot"), "koji not configured"),
        always(koji_hub="kojihub", koji_root="kojiroot"),
        unless_empty(allowed_domains="artifacts_allowed_domains"),
        _KOJI_LOGIN,
    ),
    (
        "inject_parent_image",
        remove_if(any_empty("koji_parent_build", "kojihub"), "no koji parent build or no koji hub"),
        always("koji_parent_build", koji_hub="kojihub"),
    ),
)
_BUILDSTEP = (
    (
        "orchestrate_build",
        remove_if(any_none("platforms"), "no platforms"),
        always(
            "platforms",
            build_kwargs=lambda values: build_kwargs(values, BUILD_KWARGS, lambda value: True),
            config_kwargs=_config_kwargs,
            goarch=_goarch,
            url="builder_openshift_url",
        ),
        unless_none("use_auth"),
    ),
)
_PREPUBLISH = (
    ("squash", remove_if(present("flatpak"), "flatpak build requested")),
    ("flatpak_create_oci", _NOT_FLATPAK),
)
_POSTBUILD = (
    _IMPORT_IMAGE,
    _PULP_PULL,
    _pulp("pulp_push"),
    _pulp("pulp_tag"),
    (
        "koji_upload",
        _NO_KOJIHUB,
        always(
            "kojihub",
            "koji_upload_dir",
            "platform",
            url="builder_openshift_url",
            build_json_dir="builder_build_json_dir",
        ),
        unless_none("use_auth", prefer_schema1_digest=_uploaded_digest),
        unless_empty(
            report_multiple_digests=lambda values: bool(_reports_multiple_digests(values))
        ),
        _KOJI_LOGIN,
    ),
    ("tag_from_config", unless_none(tag_suffixes=tag_suffixes)),
)
_EXIT = (
    _IMPORT_IMAGE,
    _PULP_PULL,
    _pulp("pulp_publish"),
    _koji_metadata("koji_promote"),
    _koji_metadata("koji_import"),
    (
        "koji_tag_build",
        _NO_KOJIHUB,
        _NO_KOJI_TARGET,
        always("kojihub", target="koji_target"),
        _KOJI_LOGIN,
    ),
    (
        "sendmail",
        remove_if(any_empty("smtp_host", "smtp_from"), "no smtp host or sender configured"),
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
        _KOJI_LOGIN,
    ),
)
LATE_RULES = (
    (PREBUILD, _PREBUILD),
    (BUILDSTEP, _BUILDSTEP),
    (PREPUBLISH, _PREPUBLISH),
    (POSTBUILD, _POSTBUILD),
    (EXIT, _EXIT),
)


# Secret, and a plugin that gets its mount path as an argument (None: it is mounted only). Secrets
# are mounted in this order.
SECRETS = (
    ("reactor_config_secret", PREBUILD, "reactor_config", "config_path"),
    ("pulp_secret", POSTBUILD, "pulp_push", "pulp_secret_path"),
    ("pulp_secret", POSTBUILD, "pulp_sync", "pulp_secret_path"),
    ("pulp_secret", POSTBUILD, "pulp_tag", "pulp_secret_path"),
    ("pulp_secret", EXIT, "pulp_publish", "pulp_secret_path"),
    ("odcs_openidc_secret", PREBUILD, "resolve_module_compose", "odcs_openidc_secret_path"),
    ("odcs_openidc_secret", PREBUILD, "resolve_composes", "odcs_openidc_secret_path"),
    ("odcs_ssl_secret", PREBUILD, "resolve_composes", "odcs_ssl_secret_path"),
    ("koji_certs_secret", EXIT, "koji_promote", "koji_ssl_certs"),
    ("koji_certs_secret", EXIT, "koji_import", "koji_ssl_certs"),
    ("koji_certs_secret", POSTBUILD, "koji_upload", "koji_ssl_certs_dir"),
    ("koji_certs_secret", EXIT, "koji_tag_build", "koji_ssl_certs"),
    ("koji_certs_secret", PREBUILD, "add_filesystem", "koji_ssl_certs_dir"),
    ("koji_certs_secret", PREBUILD, "bump_release", "koji_ssl_certs_dir"),
    ("koji_certs_secret", PREBUILD, "resolve_composes", "koji_ssl_certs_dir"),
    ("koji_certs_secret", PREBUILD, "koji", "koji_ssl_certs_dir"),
    ("koji_certs_secret", PREBUILD, "koji_parent", "koji_ssl_certs_dir"),
    ("koji_certs_secret", PREBUILD, "fetch_maven_artifacts", "koji_ssl_certs_dir"),
    ("koji_certs_secret", PREBUILD, "inject_parent_image", "koji_ssl_certs_dir"),
    ("koji_certs_secret", EXIT, "sendmail", "koji_ssl_certs_dir"),
    ("registry_secrets", POSTBUILD, "tag_and_push", None),
    ("registry_secrets", POSTBUILD, "group_manifests", None),
    ("client_config_secret", BUILDSTEP, "orchestrate_build", "osbs_client_config"),
)
