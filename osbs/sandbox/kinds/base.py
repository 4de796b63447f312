"""
The base class of kinds: names, fields, defaults, validation, admission.
"""

import re
import typing

from osbs.sandbox.kinds import errors, fields
from osbs.sandbox.kinds.errors import Cause
from osbs.sandbox.kinds.fields import OBJECT_META, Struct
from osbs.sandbox.kinds.labels import label_key_problem, label_value_problem

DNS_SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
BAD_NAME = (
    "a DNS-1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LONGEST_NAME = 253

#: verbs of the API
READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete", "deletecollection")


class Kind:
    """
    A kind of object; instances hold no state.

    Class attributes: ``resource`` (plural), ``kind``, ``group`` (empty for core), ``namespaced``,
    ``verbs`` that the API offers, ``body`` (table of the fields beside metadata),
    ``short_names`` and ``categories`` (for command lines), ``in_oapi`` (also below /oapi/v1),
    ``unconditional_update`` (PUT without resourceVersion is allowed), ``returns_deleted`` (DELETE
    returns the object).
    """

    resource = ""
    kind = ""
    group = ""
    namespaced = True
    verbs: typing.Tuple[str, ...] = READ + WRITE
    body: typing.Dict[str, fields.Field] = {}
    short_names: typing.Tuple[str, ...] = ()
    categories: typing.Tuple[str, ...] = ()
    in_oapi = True
    unconditional_update = False
    returns_deleted = False
    selectable: typing.Tuple[str, ...] = ("metadata.name", "metadata.namespace")

    def __init__(self):
        self.shape = Struct(dict({"metadata": OBJECT_META}, **self.body))

    @property
    def prefixes(self):
        """Return the API prefixes under which the kind is served."""
        if not self.group:
            return ("/api/v1",)
        prefix = "/apis/{}/v1".format(self.group)
        return ("/oapi/v1", prefix) if self.in_oapi else (prefix,)

    def fields(self, obj):
        """Return the values of the field labels that selectors may name."""
        metadata = obj["metadata"]
        return {
            "metadata.name": metadata.get("name", ""),
            "metadata.namespace": metadata.get("namespace", ""),
        }

    def link(self, obj, prefix):
        """Return the selfLink of an object under an API prefix."""
        metadata = obj["metadata"]
        scope = (
            "namespaces/{}/".format(metadata["namespace"])
            if self.namespaced and metadata.get("namespace")
            else ""
        )
        name = metadata.get("name", "").replace(":", "%3A")
        return "{}/{}{}/{}".format(prefix, scope, self.resource, name)

    # overridden by kinds

    def default(self, obj):
        """Fill in defaults of a decoded object, in place; return the object."""
        return obj

    def prepare_create(self, obj, request):
        """Return the new object to store, without fields that only the server sets."""
        return obj

    def prepare_update(self, obj, old, request):
        """Return the changed object to store."""
        return obj

    def validate(self, obj, old=None):
        """Return a list of Cause for errors outside of metadata."""
        return []

    def admit(self, obj, old, request):
        """Refuse what admission plug-ins refuse (raises ApiError 403)."""

    def metadata_repeats(self, old):
        """Return how many times the real server repeats an error of the labels."""
        return 1

    def problems(self, obj, old=None):
        """Return all causes for a 422."""
        return metadata_causes(obj["metadata"], self.metadata_repeats(old)) + self.validate(
            obj, old
        )

    def render(self, obj, prefix, api_version, link=None):
        """
        Return an object in the form of the API.

        :param prefix: str, API prefix of the request (``/oapi/v1``)
        :param api_version: str or None, None omits kind and apiVersion (items of lists)
        :param link: str or None, selfLink instead of the computed one
        """
        rendered = {"kind": self.kind, "apiVersion": api_version} if api_version else {}
        rendered["metadata"] = _link_in(obj["metadata"], link or self.link(obj, prefix))
        for name, value in obj.items():
            if name != "metadata":
                rendered[name] = value
        return rendered


_METADATA_ORDER = tuple(OBJECT_META.fields)


def _link_in(metadata, link):
    """Return metadata in the order of the real server, with selfLink and creationTimestamp."""
    ordered = {}
    for key in _METADATA_ORDER:
        if key == "uid":
            ordered["selfLink"] = link
        if key in metadata:
            ordered[key] = metadata[key]
        elif key == "creationTimestamp":
            ordered[key] = None
    return ordered


def metadata_causes(metadata, repeats=1):
    """Return a list of Cause for errors in name, labels and annotations."""
    causes = []
    name = metadata.get("name", "")
    if not name:
        causes.append(Cause.required("metadata.name", "name or generateName is required"))
    elif not DNS_SUBDOMAIN.match(name):
        causes.append(Cause.invalid("metadata.name", name, BAD_NAME))
    elif len(name) > LONGEST_NAME:
        causes.append(
            Cause.invalid(
                "metadata.name", name, "must be no more than {} characters".format(LONGEST_NAME)
            )
        )
    labels = []
    for key, value in (metadata.get("labels") or {}).items():
        for shown, problem in (
            (key, label_key_problem(key)),
            (value, label_value_problem(value)),
        ):
            if problem:
                labels.append(Cause.invalid("metadata.labels", shown, problem))
    for key in metadata.get("annotations") or {}:
        problem = label_key_problem(key)
        if problem:
            causes.append(Cause.invalid("metadata.annotations", key, problem))
    return causes + labels * repeats


def check_metadata_unchanged(obj, old, resource):
    """Refuse a PUT of an object that was deleted and created again."""
    given = obj["metadata"].get("uid")
    current = old["metadata"].get("uid")
    if given and given != current:
        raise errors.conflict(
            resource,
            old["metadata"]["name"],
            "StorageError: invalid object, Code: 4, Key: /openshift.io/{}/{}/{}, ResourceVersion: "
            "0, AdditionalErrorMsg: Precondition failed: UID in precondition: {}, UID in object "
            "meta: {}".format(
                resource.resource,
                old["metadata"].get("namespace", ""),
                old["metadata"]["name"],
                given,
                current,
            ),
        )
