"""Which setting goes where: tables that the flows read (osbs-api.md, 2, 5.3, 5.4 and 5.5)."""

from __future__ import absolute_import, print_function, unicode_literals

from osbs.constants import (
    BUILD_TYPE_ORCHESTRATOR,
    BUILD_TYPE_WORKER,
    ORCHESTRATOR_CUSTOMIZE_CONF,
    ORCHESTRATOR_INNER_TEMPLATE,
    ORCHESTRATOR_OUTER_TEMPLATE,
    WORKER_CUSTOMIZE_CONF,
    WORKER_INNER_TEMPLATE,
    WORKER_OUTER_TEMPLATE,
)

# Build type -> file names that a caller may override (osbs-api.md, 5.3 and 5.4).
TEMPLATES = {
    BUILD_TYPE_WORKER: (WORKER_INNER_TEMPLATE, WORKER_OUTER_TEMPLATE, WORKER_CUSTOMIZE_CONF),
    BUILD_TYPE_ORCHESTRATOR: (
        ORCHESTRATOR_INNER_TEMPLATE,
        ORCHESTRATOR_OUTER_TEMPLATE,
        ORCHESTRATOR_CUSTOMIZE_CONF,
    ),
}

# Keyword of BuildRequest.set_params -> getter of the build configuration (osbs-api.md, 5.5).
BUILD_SETTINGS = tuple(
    (keyword, "get_%s" % getter)
    for keyword, getter in (
        ("build_image", "build_image"),
        ("build_imagestream", "build_imagestream"),
        ("build_from", "build_from"),
        ("registry_uris", "registry_uris"),
        ("registry_secrets", "registry_secrets"),
        ("source_registry_uri", "source_registry_uri"),
        ("kojiroot", "kojiroot"),
        ("kojihub", "kojihub"),
        ("sources_command", "sources_command"),
        ("koji_certs_secret", "koji_certs_secret"),
        ("koji_use_kerberos", "koji_use_kerberos"),
        ("koji_kerberos_keytab", "koji_kerberos_keytab"),
        ("koji_kerberos_principal", "koji_kerberos_principal"),
        ("flatpak_base_image", "flatpak_base_image"),
        ("odcs_url", "odcs_url"),
        ("odcs_insecure", "odcs_insecure"),
        ("odcs_openidc_secret", "odcs_openidc_secret"),
        ("odcs_ssl_secret", "odcs_ssl_secret"),
        ("pdc_url", "pdc_url"),
        ("pdc_insecure", "pdc_insecure"),
        ("vendor", "vendor"),
        ("build_host", "build_host"),
        ("authoritative_registry", "authoritative_registry"),
        ("distribution_scope", "distribution_scope"),
        ("proxy", "proxy"),
        ("pulp_secret", "pulp_secret"),
        ("smtp_host", "smtp_host"),
        ("smtp_from", "smtp_from"),
        ("smtp_additional_addresses", "smtp_additional_addresses"),
        ("smtp_error_addresses", "smtp_error_addresses"),
        ("smtp_email_domain", "smtp_email_domain"),
        ("smtp_to_submitter", "smtp_to_submitter"),
        ("smtp_to_pkgowner", "smtp_to_pkgowner"),
        ("use_auth", "builder_use_auth"),
        ("builder_build_json_dir", "builder_build_json_store"),
        ("reactor_config_secret", "reactor_config_secret"),
        ("reactor_config_map", "reactor_config_map"),
        ("client_config_secret", "client_config_secret"),
        ("token_secrets", "token_secrets"),
        ("info_url_format", "info_url_format"),
        ("artifacts_allowed_domains", "artifacts_allowed_domains"),
        ("equal_labels", "equal_labels"),
        ("scratch_build_node_selector", "scratch_build_node_selector"),
        ("explicit_build_node_selector", "explicit_build_node_selector"),
        ("isolated_build_node_selector", "isolated_build_node_selector"),
        ("auto_build_node_selector", "auto_build_node_selector"),
        ("platform_descriptors", "platform_descriptors"),
        ("prefer_schema1_digest", "prefer_schema1_digest"),
    )
)

# The same for getters of the server's configuration.
SERVER_SETTINGS = (
    ("openshift_uri", "get_openshift_base_uri"),
    ("builder_openshift_url", "get_builder_openshift_url"),
    ("pulp_registry", "get_pulp_registry"),
    ("group_manifests", "get_group_manifests"),
)

# Keyword of Openshift -> getter of the server's configuration (osbs-api.md, 2; D11, D12, D14).
CONNECTION_SETTINGS = (
    ("openshift_api_url", "get_openshift_api_uri"),
    ("openshift_api_version", "get_openshift_api_version"),
    ("openshift_oauth_url", "get_openshift_oauth_api_uri"),
    ("k8s_api_url", "get_k8s_api_uri"),
    ("verbose", "get_verbosity"),
    ("username", "get_username"),
    ("password", "get_password"),
    ("use_kerberos", "get_use_kerberos"),
    ("client_cert", "get_client_cert"),
    ("client_key", "get_client_key"),
    ("kerberos_keytab", "get_kerberos_keytab"),
    ("kerberos_principal", "get_kerberos_principal"),
    ("kerberos_ccache", "get_kerberos_ccache"),
    ("use_auth", "get_use_auth"),
    ("verify_ssl", "get_verify_ssl"),
    ("token", "get_oauth2_token"),
    ("namespace", "get_namespace"),
    ("ca_bundle", "get_ca_bundle"),
    ("openshift_api", "get_openshift_api"),
    ("wait_timeout", "get_wait_timeout"),
)


def read_settings(configuration, table):
    # type: (object, tuple) -> dict
    """Call the getters of a table, now.

    :param configuration: Configuration
    :param table: iterable of (keyword, name of a getter)
    :return: dict, keyword -> value
    """
    return {keyword: getattr(configuration, getter)() for keyword, getter in table}
