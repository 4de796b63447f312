"""Kinds of the core API: ConfigMaps, Secrets, ServiceAccounts, ResourceQuotas, Pods."""

import base64
import re

from osbs.sandbox.kinds.base import READ, Kind
from osbs.sandbox.kinds.errors import Cause
from osbs.sandbox.kinds.fields import Anything, Mapping, Sequence, Struct, flag, quantities, text

_KEY = re.compile(r"^[-._a-zA-Z0-9]+$")
_BAD_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
    "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
    "'[-._a-zA-Z0-9]+')"
)
_LOCAL = Struct({"name": text()})


def _bad_keys(data):
    return [
        Cause.invalid("data[{}]".format(key), key, _BAD_KEY)
        for key in data or ()
        if not _KEY.match(key)
    ]


class CoreKind(Kind):
    """Base class of core kinds."""

    unconditional_update = True


class ConfigMaps(CoreKind):
    """ConfigMap."""

    resource = "configmaps"
    kind = "ConfigMap"
    short_names = ("cm",)
    body = {"data": Mapping(), "binaryData": Mapping()}

    def validate(self, obj, old=None):
        """Check the keys."""
        return _bad_keys(obj.get("data"))


class Secrets(CoreKind):
    """Secret."""

    resource = "secrets"
    kind = "Secret"
    selectable = Kind.selectable + ("type",)
    body = {"data": Mapping(), "stringData": Mapping(), "type": text()}

    def fields(self, obj):
        """Add the type."""
        return dict(super().fields(obj), type=obj["type"])

    def default(self, obj):
        """Merge stringData into data, set the type."""
        data = dict(obj.get("data") or {})
        for key, value in (obj.pop("stringData", None) or {}).items():
            data[key] = base64.b64encode(value.encode("utf-8")).decode("ascii")
        result = {"metadata": obj["metadata"]}
        if data:
            result["data"] = {key: data[key] for key in sorted(data)}
        result["type"] = obj.get("type") or "Opaque"
        return result

    def validate(self, obj, old=None):
        """Check keys and base64."""
        causes = _bad_keys(obj.get("data"))
        for key, value in (obj.get("data") or {}).items():
            try:
                base64.b64decode(value, validate=True)
            except ValueError:
                causes.append(
                    Cause.invalid("data[{}]".format(key), "<hidden>", "illegal base64 data")
                )
        return causes


class ServiceAccounts(CoreKind):
    """ServiceAccount."""

    resource = "serviceaccounts"
    kind = "ServiceAccount"
    short_names = ("sa",)
    body = {"secrets": Sequence(_LOCAL, merge_key="name"), "imagePullSecrets": Sequence(_LOCAL)}


class ResourceQuotas(CoreKind):
    """ResourceQuota."""

    resource = "resourcequotas"
    kind = "ResourceQuota"
    short_names = ("quota",)
    returns_deleted = True
    body = {
        "spec": Struct({"hard": quantities(), "scopes": Sequence(text(True))}),
        "status": Struct({"hard": quantities(), "used": quantities()}),
    }

    def prepare_create(self, obj, request):
        """Remove status: the controller sets it."""
        return dict(obj, status={})

    def prepare_update(self, obj, old, request):
        """Keep the old status: clients cannot set it."""
        return dict(obj, status=old["status"])

    def validate(self, obj, old=None):
        """Check quantities: numbers with an optional unit."""
        return [
            Cause.invalid("spec.hard[{}]".format(key), value, "must be greater than or equal to 0")
            for key, value in (obj["spec"].get("hard") or {}).items()
            if not re.match(r"^\d+(\.\d+)?([mkMGTPE]i?)?$", value)
        ]


_POD_FIELDS = ("spec.nodeName", "spec.restartPolicy", "status.phase", "status.podIP")


class Pods(CoreKind):
    """Pod: only the build controller creates them; clients can read and delete them."""

    resource = "pods"
    kind = "Pod"
    short_names = ("po",)
    categories = ("all",)
    verbs = READ + ("delete", "deletecollection")
    returns_deleted = True
    selectable = Kind.selectable + _POD_FIELDS
    body = {"spec": Anything(), "status": Anything()}

    def fields(self, obj):
        """Add the field labels of pods."""
        paths = [label.split(".") for label in _POD_FIELDS]
        own = {".".join(path): obj[path[0]].get(path[1], "") for path in paths}
        return dict(super().fields(obj), **own)


class Users(Kind):
    """User."""

    resource = "users"
    kind = "User"
    group = "user.openshift.io"
    namespaced = False
    verbs = READ
    body = {
        "fullName": text(),
        "identities": Sequence(text(True), keep=True),
        "groups": Sequence(text(True), keep=True),
    }


class OAuthAccessTokens(Kind):
    """OAuthAccessToken: clients can only delete them; they are not in the store."""

    resource = "oauthaccesstokens"
    kind = "OAuthAccessToken"
    group = "oauth.openshift.io"
    namespaced = False
    verbs = ("delete",)
    body = {"clientName": text(), "userName": text(), "active": flag()}
