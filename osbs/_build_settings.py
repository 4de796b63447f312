"""Which settings become parameters of a build or of a connection."""

from __future__ import absolute_import, print_function, unicode_literals

from osbs import constants
from osbs._typing import Any  # noqa: F401

# Build type -> file names that a caller may override.
TEMPLATES = {
    constants.BUILD_TYPE_WORKER: (
        constants.WORKER_INNER_TEMPLATE,
        constants.WORKER_OUTER_TEMPLATE,
        constants.WORKER_CUSTOMIZE_CONF,
    ),
    constants.BUILD_TYPE_ORCHESTRATOR: (
        constants.ORCHESTRATOR_INNER_TEMPLATE,
        constants.ORCHESTRATOR_OUTER_TEMPLATE,
        constants.ORCHESTRATOR_CUSTOMIZE_CONF,
    ),
}

# Parameters of a build that are settings of the same name, separated by spaces.
BUILD_SETTINGS = (
    "artifacts_allowed_domains authoritative_registry auto_build_node_selector build_from"
    " build_host build_image build_imagestream client_config_secret distribution_scope"
    " equal_labels explicit_build_node_selector flatpak_base_image info_url_format"
    " isolated_build_node_selector koji_certs_secret koji_kerberos_keytab"
    " koji_kerberos_principal koji_use_kerberos kojihub kojiroot odcs_insecure"
    " odcs_openidc_secret odcs_ssl_secret odcs_url pdc_insecure pdc_url platform_descriptors"
    " prefer_schema1_digest proxy pulp_secret reactor_config_map reactor_config_secret"
    " registry_secrets registry_uris scratch_build_node_selector smtp_additional_addresses"
    " smtp_email_domain smtp_error_addresses smtp_from smtp_host smtp_to_pkgowner"
    " smtp_to_submitter source_registry_uri sources_command token_secrets vendor"
)

# Arguments of Openshift that are settings of the same name.
CONNECTION_SETTINGS = (
    "ca_bundle client_cert client_key kerberos_ccache kerberos_keytab kerberos_principal"
    " max_response_mib namespace openshift_api openshift_api_version password request_timeout"
    " retries use_auth use_kerberos username verify_ssl wait_timeout"
)


def read_settings(configuration, names):
    # type: (Any, str) -> dict
    """Read settings by calling their getters now.

    :param configuration: Configuration
    :param names: names of settings, separated by spaces
    :return: name -> value
    """
    return {name: getattr(configuration, "get_" + name)() for name in names.split()}
