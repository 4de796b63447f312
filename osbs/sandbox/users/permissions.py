"""Role-based access: roles as tables of resources and verbs, and bindings of subjects to roles."""

from osbs.sandbox.kinds import errors
from osbs.sandbox.kinds.base import READ, WRITE

ALL = ("*",)

_WORKLOAD = (
    "builds",
    "buildconfigs",
    "imagestreams",
    "imagestreamtags",
    "configmaps",
    "serviceaccounts",
    "pods",
)
_VIEW = dict(
    dict.fromkeys(_WORKLOAD + ("resourcequotas", "events"), READ),
    **{
        "builds/log": ("get",),
        "pods/log": ("get",),
        "namespaces": ("get",),
        "projects": ("get",),
    },
)
_STARTED = ("builds/clone", "buildconfigs/instantiate", "buildconfigs/instantiatebinary")
_CREATED = ("imagestreamimports", "builds/docker", "builds/source")
_EDIT = dict(
    _VIEW,
    **dict.fromkeys(_WORKLOAD + ("secrets",), READ + WRITE),
    **dict.fromkeys(_STARTED + _CREATED, ("create",)),
    **{"builds/details": ("update",)},
)
#: role -> resource -> verbs. The resources ``builds/custom`` and so on stand for a build strategy.
ROLES = {
    "view": _VIEW,
    "edit": _EDIT,
    "admin": _EDIT,
    "custom-builds": {"builds/custom": ("create",)},
    "quotas": {"resourcequotas": READ + WRITE},
    "cluster-admin": {"*": ALL},
}

#: (resource, name, verb) that every authenticated user may use at cluster scope
_OWN = (
    ("users", "~", "get"),
    ("oauthaccesstokens", None, "delete"),
    ("projects", None, "list"),
    ("selfsubjectaccessreviews", None, "create"),
)

#: paths of no resource that every user may read
_OPEN_PATHS = (
    "/api",
    "/apis",
    "/oapi",
    "/version",
    "/healthz",
    "/.well-known",
    "/openapi",
    "/swagger.json",
)

STRATEGIES = {
    "Custom": "builds/custom",
    "Docker": "builds/docker",
    "Source": "builds/source",
    "JenkinsPipeline": "builds/jenkinspipeline",
}


class Access:
    """Role bindings, and the check of a request against them."""

    def __init__(self):
        self._bindings = {}
        self._administrators = set()

    def grant(self, subject, namespace, *roles):
        """
        Bind a user or group to roles in a project.

        :raises KeyError: for a role that is not in ROLES
        """
        for role in roles:
            self._bindings.setdefault((subject, namespace), []).append(ROLES[role])

    def grant_cluster(self, group):
        """Make a group a group of cluster administrators."""
        self._administrators.add(group)

    def is_administrator(self, identity):
        """Return whether an identity is a cluster administrator."""
        return bool(self._administrators.intersection(identity.groups))

    def allows(self, identity, namespace, resource, verb):
        """Return whether an identity may use a verb on a resource in a project."""
        if self.is_administrator(identity):
            return True
        for subject in (identity.name,) + tuple(identity.groups):
            for role in self._bindings.get((subject, namespace), ()):
                if verb in role.get(resource, ()):
                    return True
        return False

    def may_use_strategy(self, identity, namespace, strategy):
        """Return whether an identity may create builds of a strategy."""
        resource = STRATEGIES.get(strategy)
        return resource is None or self.allows(identity, namespace, resource, "create")

    def check(self, identity, info, oapi=True):
        """
        Refuse a request without permission; called before any object is looked up.

        :param info: requestinfo.RequestInfo
        :raises errors.ApiError: 403
        """
        if not info.is_resource:
            self._check_path(identity, info, oapi)
        elif not self._own(identity, info) and not self.allows(
            identity,
            info.name if info.resource == "projects" else info.namespace,
            info.full_resource,
            info.verb,
        ):
            resource = errors.GroupResource(info.resource, info.group)
            what = 'User "{}" cannot {} {}'.format(
                identity.name, info.verb, errors.GroupResource(info.full_resource, info.group)
            )
            if info.namespace:
                why = '{what} in the namespace "{ns}": {what} in project "{ns}"'.format(
                    what=what, ns=info.namespace
                )
            else:
                why = "{what} at the cluster scope: {what} at the cluster scope".format(what=what)
            raise errors.forbidden(resource, info.name, why)

    def _own(self, identity, info):
        if not identity.authenticated or info.namespace:
            return False
        return any(
            info.resource == resource and info.verb == verb and name in (None, info.name)
            for resource, name, verb in _OWN
        )

    def may_read_path(self, identity, path, oapi=True):
        """Return whether an identity may read a path that names no resource."""
        path = path.rstrip("/") or "/"
        known = [prefix for prefix in _OPEN_PATHS if oapi or prefix != "/oapi"]
        return self.is_administrator(identity) or any(
            path == prefix or path.startswith(prefix + "/") for prefix in known
        )

    def _check_path(self, identity, info, oapi):
        if info.verb == "get" and self.may_read_path(identity, info.path, oapi):
            return
        if self.is_administrator(identity):
            return
        why = 'User "{}" cannot {} path "{}": User "{}" cannot "{}" on "{}"'.format(
            identity.name, info.verb, info.path, identity.name, info.verb, info.path
        )
        raise errors.forbidden(errors.GroupResource(""), "", why)
