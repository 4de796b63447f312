"""Which getter reads which setting of osbs.conf."""

from __future__ import absolute_import, print_function, unicode_literals

# Attributes that only declare a setting -> getters with code of their own that read it
_READ_BY = {
    "_BUILDER_BUILD_JSON_DIR": "get_builder_build_json_store",
    "_BUILDER_OPENSHIFT_URL": "get_builder_openshift_url",
    "_BUILDER_USE_AUTH": "get_builder_use_auth",
    "_BUILD_JSON_DIR": "get_build_json_store",
    "_ENABLE_V1": "get_platform_descriptors",
    "_NODE_SELECTOR": "get_platform_node_selector",
    "_OPENSHIFT_URI": "get_openshift_base_uri",
    "_OPENSHIFT_URL": "get_openshift_base_uri",
    "_PLATFORM_ARCHITECTURE": "get_platform_descriptors",
    "_PULP_SECRET": "get_pulp_secret",
    "_REGISTRY_API_VERSIONS": "get_registry_api_versions",
    "_SCRATCH": "get_scratch",
    "_SOURCE_SECRET": "get_pulp_secret",
    "_TOKEN": "get_oauth2_token",
    "_TOKEN_FILE": "get_oauth2_token",
}


def getter_of(name):
    """Return the name of the public getter of a setting.

    :param name: key of osbs.conf.SETTINGS
    """
    return _READ_BY.get(name, name)
