"""
Parse method and path of a request as the request info resolver of Kubernetes does.

Malformed paths (doubled slashes, unknown resources) become unknown resources, as on a real master:
the authorizer then refuses them.
"""

from urllib.parse import unquote

_VERBS = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}


class RequestInfo:
    """
    Verb, resource, project and name of a request.

    :param method: str
    :param path: str, percent-encoded
    :param query: mapping, query parameters
    :param oapi: bool, whether the legacy OpenShift API exists
    """

    def __init__(self, method, path, query=(), oapi=True):
        self.path = unquote(path)
        self.verb = method.lower()
        self.is_resource = False
        self.prefix = self.group = self.namespace = ""
        self.resource = self.subresource = self.name = ""
        parts = [unquote(part) for part in path.strip("/").split("/")]
        rest = self._split_prefix(parts, oapi)
        if rest is None:
            return
        self.is_resource = True
        self.verb = _VERBS.get(method, "")
        if rest[0] == "watch":
            self.verb = "watch"
            rest = rest[1:] or [""]
        if rest[0] == "namespaces" and len(rest) > 1:
            self.namespace = rest[1]
            if len(rest) > 2:
                rest = rest[2:]
        self._assign(rest)
        if not self.name:
            self._collection_verb(query)
        elif self.verb == "get" and not self.subresource and _true(query, "watch"):
            self.verb = "watch"

    def _split_prefix(self, parts, oapi):
        """Set prefix and group; return what follows, None if the path names no resource."""
        if parts[0] == "apis" and len(parts) > 3:
            self.prefix, self.group = "/" + "/".join(parts[:3]), parts[1]
            return parts[3:]
        if (parts[0] == "api" or (parts[0] == "oapi" and oapi)) and len(parts) > 2:
            self.prefix = "/" + "/".join(parts[:2])
            return parts[2:]
        return None

    def _assign(self, rest):
        padded = rest + [""] * 3
        self.resource, self.name, self.subresource = padded[:3]

    def _collection_verb(self, query):
        if self.verb == "get":
            self.verb = "watch" if _true(query, "watch") else "list"
        elif self.verb == "delete":
            self.verb = "deletecollection"

    @property
    def api_version(self):
        """Return the apiVersion of objects below this path."""
        return self.prefix.partition("/apis/")[2] or self.prefix.rpartition("/")[2]

    @property
    def full_resource(self):
        """Return resource and sub-resource."""
        if self.subresource:
            return "{}/{}".format(self.resource, self.subresource)
        return self.resource


def _true(query, name):
    return name in query and query[name].lower() in ("true", "1")
