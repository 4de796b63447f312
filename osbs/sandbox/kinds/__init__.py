"""
The kinds of objects, each with its rules.

``base`` is the common base class, ``fields`` decodes objects by tables of fields. Nothing here
depends on HTTP or time.
"""

from osbs.sandbox.kinds.access import (
    Events,
    Namespaces,
    Projects,
    SelfSubjectAccessReviews,
)
from osbs.sandbox.kinds.builds import BuildConfigs, Builds
from osbs.sandbox.kinds.core import (
    ConfigMaps,
    OAuthAccessTokens,
    Pods,
    ResourceQuotas,
    Secrets,
    ServiceAccounts,
    Users,
)
from osbs.sandbox.kinds.images import ImageStreamImports, ImageStreamTags, ImageStreams, Images

#: resource -> Kind
KINDS = {
    kind.resource: kind
    for kind in (
        BuildConfigs(),
        Builds(),
        ImageStreams(),
        ImageStreamTags(),
        ImageStreamImports(),
        Images(),
        ConfigMaps(),
        Secrets(),
        ServiceAccounts(),
        ResourceQuotas(),
        Pods(),
        Users(),
        OAuthAccessTokens(),
        Namespaces(),
        Projects(),
        Events(),
        SelfSubjectAccessReviews(),
    )
}


def find_kind(resource, prefix):
    """Return the Kind of a resource under an API prefix, or None."""
    kind = KINDS.get(resource)
    return kind if kind is not None and prefix in kind.prefixes else None
