"""Kinds that tell clients where they are and what they may do; clients can only read them."""

from osbs.sandbox.kinds.base import READ, Kind
from osbs.sandbox.kinds.fields import Sequence, Struct, flag, text


class Namespaces(Kind):
    """Namespace: made by the sandbox, with its projects."""

    resource = "namespaces"
    kind = "Namespace"
    short_names = ("ns",)
    namespaced = False
    verbs = READ
    body = {
        "spec": Struct({"finalizers": Sequence(text(True))}),
        "status": Struct({"phase": text()}),
    }


def namespace_object(name):
    """Return a new Namespace."""
    return {
        "metadata": {"name": name},
        "spec": {"finalizers": ["openshift.io/origin", "kubernetes"]},
        "status": {"phase": "Active"},
    }


class Projects(Kind):
    """Project: a namespace as its users see it."""

    resource = "projects"
    kind = "Project"
    group = "project.openshift.io"
    namespaced = False
    verbs = ("get", "list")
    body = Namespaces.body


class Events(Kind):
    """Event: there are none, but clients ask for them."""

    resource = "events"
    kind = "Event"
    short_names = ("ev",)
    verbs = READ
    selectable = Kind.selectable + tuple(
        "involvedObject." + name for name in ("kind", "name", "namespace", "uid", "fieldPath")
    )
    body = {"message": text(), "reason": text(), "type": text()}


_RESOURCE = Struct(
    {
        name: text()
        for name in ("namespace", "verb", "group", "version", "resource", "subresource", "name")
    },
    True,
)


class SelfSubjectAccessReviews(Kind):
    """SelfSubjectAccessReview: may the user of the request do this?"""

    resource = "selfsubjectaccessreviews"
    kind = "SelfSubjectAccessReview"
    group = "authorization.k8s.io"
    in_oapi = False
    namespaced = False
    verbs = ("create",)
    body = {
        "spec": Struct(
            {
                "resourceAttributes": _RESOURCE,
                "nonResourceAttributes": Struct({"path": text(), "verb": text()}, True),
            }
        ),
        "status": Struct({"allowed": flag(True), "reason": text()}),
    }
