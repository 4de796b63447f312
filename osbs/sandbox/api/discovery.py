"""Discovery: versions, API groups, health, the OAuth server."""

from osbs.sandbox.api import openapi
from osbs.sandbox.api.endpoints import ENDPOINTS
from osbs.sandbox.kinds import KINDS, errors

#: (resource, sub-resource) -> kind of the object that it takes or returns
SUBRESOURCES = {
    ("builds", "log"): "BuildLog",
    ("builds", "clone"): "BuildRequest",
    ("buildconfigs", "instantiate"): "BuildRequest",
    ("pods", "log"): "Pod",
}

_OPENSHIFT = {
    "major": "3",
    "minor": "9",
    "gitCommit": "191fece",
    "gitVersion": "v3.9.0",
    "buildDate": "2026-11-23T09:02:24Z",
}
_KUBERNETES = {
    "major": "1",
    "minor": "9",
    "gitVersion": "v1.9.1+a0ce1bc657",
    "gitCommit": "a0ce1bc657",
    "gitTreeState": "clean",
    "buildDate": "2026-11-23T09:02:24Z",
    "goVersion": "go1.15.15",
    "compiler": "gc",
    "platform": "linux/amd64",
}
#: version of Kubernetes in OpenShift 4
_KUBERNETES_4 = dict(_KUBERNETES, minor="20", gitVersion="v1.20.0+a0ce1bc657")


def groups():
    """Return the API groups that are served, sorted."""
    return sorted({kind.group for kind in KINDS.values() if kind.group})


def document(path, base, oapi=True):
    """
    Return the document at a path that is not a resource: JSON-like data or text.

    :param base: str, URL of the server without trailing slash
    :param oapi: bool, whether the legacy OpenShift API exists
    :raises errors.ApiError: 404
    """
    path = path.rstrip("/") or "/"
    if path in ("/openapi/v2", "/swagger.json"):
        return openapi.document()
    fixed = {
        "/version": _KUBERNETES if oapi else _KUBERNETES_4,
        "/healthz": "ok",
        "/healthz/ping": "ok",
        "/healthz/ready": "ok",
        "/.well-known/oauth-authorization-server": _oauth(base),
        "/api": _versions(base),
        "/apis": {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [_group(name) for name in groups()],
        },
        "/api/v1": _resources("v1", lambda kind: not kind.group),
    }
    if oapi:
        fixed.update(
            {
                "/version/openshift": _OPENSHIFT,
                "/oapi": _versions(base),
                "/oapi/v1": _resources("v1", lambda kind: kind.group and kind.in_oapi),
            }
        )
    for name in groups():
        fixed["/apis/" + name] = dict({"kind": "APIGroup", "apiVersion": "v1"}, **_group(name))
        fixed["/apis/{}/v1".format(name)] = _resources(
            name + "/v1", lambda kind, name=name: kind.group == name
        )
    if path not in fixed:
        raise errors.no_such_resource()
    return fixed[path]


def _oauth(base):
    return {
        "issuer": base,
        "authorization_endpoint": base + "/oauth/authorize",
        "token_endpoint": base + "/oauth/token",
        "scopes_supported": ["user:check-access", "user:full", "user:info"],
        "response_types_supported": ["code", "token"],
        "grant_types_supported": ["authorization_code", "implicit"],
        "code_challenge_methods_supported": ["plain", "S256"],
    }


def _versions(base):
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [
            {"clientCIDR": "0.0.0.0/0", "serverAddress": base.partition("://")[2]}
        ],
    }


def _group(name):
    version = {"groupVersion": name + "/v1", "version": "v1"}
    return {
        "name": name,
        "versions": [version],
        "preferredVersion": version,
        "serverAddressByClientCIDRs": None,
    }


def _resources(version, wanted):
    entries = []
    for kind in KINDS.values():
        if wanted(kind):
            entry = {
                "name": kind.resource,
                "singularName": kind.kind.lower(),
                "namespaced": kind.namespaced,
                "kind": kind.kind,
                "verbs": sorted(kind.verbs),
            }
            if kind.short_names:
                entry["shortNames"] = list(kind.short_names)
            if kind.categories:
                entry["categories"] = list(kind.categories)
            entries.append(entry)
    by_resource = {entry["name"]: entry for entry in entries}
    for (resource, subresource), kind in SUBRESOURCES.items():
        if resource in by_resource:
            verbs = [row.verb for row in ENDPOINTS if row[1:3] == (resource, subresource)]
            names = {"name": "{}/{}".format(resource, subresource), "singularName": ""}
            entries.append(dict(names, namespaced=True, kind=kind, verbs=sorted(verbs)))
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": version,
        "resources": sorted(entries, key=lambda entry: entry["name"]),
    }
