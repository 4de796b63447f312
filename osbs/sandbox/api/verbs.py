"""
The verbs of the API on stored objects: get, list, create, update, patch, delete.

Independent of the HTTP server: a :class:`Request` holds what they need.
"""

import base64
import copy
import json
import random
import time
import uuid

from osbs._json import load_json
from osbs.sandbox.api import decoding, patches
from osbs.sandbox.controllers import deletion
from osbs.sandbox.controllers.deletion import is_being_deleted
from osbs.sandbox.kinds import KINDS, errors, fields
from osbs.sandbox.kinds.base import check_metadata_unchanged
from osbs.sandbox.kinds.timestamps import rfc3339
from osbs.sandbox.state import selectors
from osbs.sandbox.state.store import (
    Compacted,
    Exists,
    Missing,
    Stale,
    name_of,
    namespace_of,
    with_metadata,
)
from osbs.sandbox.state.watches import Filter

#: propagation policies: the dependents of a deleted object
ORPHAN, BACKGROUND, FOREGROUND = "Orphan", "Background", "Foreground"

#: metadata that only the server sets
_SERVER_METADATA = (
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
_DELETE_OPTIONS = fields.Struct(
    {
        "gracePeriodSeconds": fields.Pointer(fields.number()),
        "preconditions": fields.Struct({"uid": fields.text()}),
        "orphanDependents": fields.Pointer(fields.flag()),
        "propagationPolicy": fields.text(),
        "dryRun": fields.Sequence(fields.text(True)),
    }
)
_LIST_EXPIRED = (
    "The provided from parameter is too old to display a consistent list result. You "
    "must start a new list without the from."
)


class Request:
    """
    One request to the API.

    :param cluster: cluster.Cluster
    :param identity: identities.Identity
    :param info: requestinfo.RequestInfo
    :param query: mapping of str to str
    :param body: bytes
    :param content_type: str, without parameters
    """

    def __init__(self, cluster, identity, info, query=None, body=b"", content_type=""):
        self.cluster = cluster
        self.store = cluster.store
        self.identity = identity
        self.info = info
        self.query = query or {}
        self.body = body
        self.content_type = content_type
        self.kind = KINDS[info.resource]
        self.group_resource = errors.GroupResource(info.resource, info.group)

    def may_use_strategy(self, strategy):
        """Tell whether the user may make builds of a strategy in this project."""
        return self.cluster.access.may_use_strategy(self.identity, self.info.namespace, strategy)

    def render(self, obj, link=None):
        """Return an object as this request's API writes it."""
        return self.kind.render(obj, self.info.prefix, self.info.api_version, link)

    def is_dry_run(self, more=()):
        """
        Return whether nothing is to be stored.

        :param more: iterable of str, values of dryRun in the body
        :raises errors.ApiError: 422 for another value than All
        """
        values = set(more) | ({self.query["dryRun"]} if self.query.get("dryRun") else set())
        for value in values - {"All"}:
            cause = 'Unsupported value: "{}": supported values: "All"'.format(value)
            self.check([errors.Cause("dryRun", cause, "FieldValueNotSupported")])
        return bool(values)

    def check(self, causes, name=None):
        """
        Refuse an object with errors.

        :param causes: list of errors.Cause
        :param name: str or None, name of the object; None: that of the path
        :raises errors.ApiError: 422 if there are any
        """
        if causes:
            name = self.info.name if name is None else name
            raise errors.invalid(self.kind.kind, name, causes, self.info.group)

    def check_namespace(self):
        """
        Refuse to store something in a project that does not exist.

        :raises errors.ApiError: 404
        """
        namespace = self.info.namespace
        if self.kind.namespaced and self.store.get("namespaces", "", namespace) is None:
            raise errors.not_found(errors.GroupResource("namespaces"), namespace)

    def filter(self):
        """
        Return the Filter of a list or watch.

        :raises errors.ApiError: 400 for malformed selectors
        """
        info, kind = self.info, self.kind
        labels = selectors.parse_labels(self.query.get("labelSelector", ""))
        fields = self.query.get("fieldSelector", "")
        fields = selectors.parse_fields(fields, kind.selectable, bool(kind.group))
        return Filter(info.resource, info.namespace, info.name, labels, fields, kind.fields)

    def find(self):
        """
        Return the object that the path names.

        :raises errors.ApiError: 404
        """
        namespace = self.info.namespace if self.kind.namespaced else ""
        found = self.store.get(self.info.resource, namespace, self.info.name)
        if found is None:
            raise self.not_found()
        return found

    def not_found(self):
        """Return 404 of the object that the path names."""
        return errors.not_found(self.group_resource, self.info.name)


# verbs


def get(request):
    """Return one object."""
    return request.render(request.find())


def list_objects(request):
    """Return a list, or one page of it."""
    wanted = request.filter()
    version, after = _continue(request)
    try:
        if version is None:
            found = request.store.list(wanted.resource, wanted.namespace)
        else:
            found = request.store.list_at(wanted.resource, wanted.namespace, version)
    except Compacted:
        raise errors.expired(_LIST_EXPIRED)
    # Pages continue after a key, so sort by key: the store's order differs across projects.
    found = sorted((o for o in found if wanted.accepts(o) and _key(o) > after), key=_key)
    version = version or request.store.version
    limit = errors.integer(request.query.get("limit") or "0")
    if 0 < limit < len(found):
        found = found[:limit]
        return rendered_list(request, found, version, _token(version, _key(found[-1])))
    return rendered_list(request, found, version)


def rendered_list(request, found, version=None, token=None):
    """
    Return a List object; its items have no kind and apiVersion.

    :param version: int or None, resourceVersion of the list; None: the current one
    :param token: str or None, ``continue`` for the next page
    """
    kind = request.kind
    version = str(version or request.store.version)
    metadata = {"selfLink": request.info.path, "resourceVersion": version}
    if token is not None:
        metadata["continue"] = token
    return {
        "kind": kind.kind + "List",
        "apiVersion": request.info.api_version,
        "metadata": metadata,
        "items": [kind.render(obj, request.info.prefix, None) for obj in found],
    }


def _key(obj):
    return "{}/{}".format(namespace_of(obj), name_of(obj))


def _token(version, key):
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": key})
    return base64.urlsafe_b64encode(text.encode("utf-8")).decode("ascii").rstrip("=")


def _continue(request):
    text = request.query.get("continue", "")
    if not text:
        return None, ""
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        content = load_json(decoded.decode("utf-8"))
        return int(content["rv"]), str(content["start"])
    except (ValueError, KeyError, TypeError):
        raise errors.bad_request("continue key is not valid: illegal base64 data")


def create(request):
    """Create the object in the body."""
    request.check_namespace()
    obj = decoding.check_names(request, decoding.decode(request))
    metadata = obj["metadata"]
    if metadata.get("resourceVersion"):
        raise errors.ApiError(500, "resourceVersion should not be set on objects to be created")
    if not metadata.get("name") and metadata.get("generateName"):
        suffix = "".join(random.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(5))
        metadata = dict({"name": metadata["generateName"] + suffix}, **metadata)
    metadata = {key: value for key, value in metadata.items() if key not in _SERVER_METADATA}
    obj = dict(obj, metadata=metadata)
    request.kind.admit(obj, None, request)
    _check_registries(request, obj)
    obj = request.kind.prepare_create(obj, request)
    _check_valid(request, obj)
    _check_quota(request)
    if request.is_dry_run():
        there = request.store.get(request.info.resource, namespace_of(obj), name_of(obj))
        if there is not None:
            raise _already_exists(request, obj)
        made = with_metadata(obj, uid=str(uuid.uuid4()), creationTimestamp=rfc3339())
        return request.render(made)
    try:
        return request.render(request.store.create(request.info.resource, obj))
    except Exists:
        raise _already_exists(request, obj)


def _already_exists(request, obj):
    error = errors.already_exists(request.group_resource, name_of(obj))
    there = request.store.get(request.info.resource, namespace_of(obj), name_of(obj))
    if is_being_deleted(there):
        error.message = "object is being deleted: {}".format(error.message)
    return error


def update(request, obj=None):
    """
    Replace an object.

    :param obj: dict or None, the object; None: the one in the body
    """
    obj = decoding.check_names(request, decoding.decode(request) if obj is None else obj)
    old = request.find()
    given = obj["metadata"].get("resourceVersion")
    if not given and not request.kind.unconditional_update:
        problem = "Invalid value: 0x0: must be specified for an update"
        causes = [errors.Cause("metadata.resourceVersion", problem)]
        info = request.info
        raise errors.invalid(info.resource, info.name, causes, info.group)
    check_metadata_unchanged(obj, old, request.group_resource)
    if given and given != old["metadata"]["resourceVersion"]:
        raise errors.conflict(request.group_resource, request.info.name)
    owned = {key: old["metadata"].get(key) for key in _SERVER_METADATA}
    obj = with_metadata(obj, **owned)
    request.kind.admit(obj, old, request)
    _check_registries(request, obj)
    obj = request.kind.prepare_update(_ordered(obj), old, request)
    _check_valid(request, obj, old)
    return _write(request, obj, given or None)


def _ordered(obj):
    """Return the object with its metadata in the order of the real server."""
    order = KINDS["builds"].shape.fields["metadata"]
    return dict(
        {"metadata": order.decode(obj["metadata"], "metadata")},
        **{key: value for key, value in obj.items() if key != "metadata"},
    )


def _write(request, obj, expected):
    if request.is_dry_run():
        return request.render(obj)
    try:
        return request.render(request.store.update(request.info.resource, obj, expected))
    except Stale:
        raise errors.conflict(request.group_resource, request.info.name)
    except Missing:
        raise request.not_found()


def patch(request):
    """Apply a patch of any of the three kinds."""
    if request.content_type not in patches.TYPES:
        raise errors.unsupported_media_type(patches.TYPES)
    try:
        changes = decoding.load(request.body)
    except ValueError:
        raise errors.bad_request("unable to parse the patch: invalid character")
    current = copy.deepcopy(request.find())
    patched = patches.apply(request.content_type, current, changes, request.kind.shape)
    return update(request, decoding.shape(request, patched, request.kind))


def _check_valid(request, obj, old=None):
    request.check(request.kind.problems(obj, old), obj["metadata"].get("name", ""))


def _check_registries(request, obj):
    check = getattr(request.kind, "check_registries", None)
    if check is not None:
        request.check(check(obj, request.cluster.registry), name_of(obj))


def _check_quota(request):
    why = request.cluster.quotas.refusal(request.info.namespace, request.info.resource)
    if why is not None and request.info.resource != "builds":
        raise errors.refused_by_admission(request.group_resource, request.info.name, why)


# deletion


def delete(request):
    """Delete an object; return the object or a Status, depending on its kind."""
    obj = request.find()
    options = delete_options(request)
    _check_preconditions(request, obj, options)
    left = obj if request.is_dry_run(options.get("dryRun") or ()) else _delete_one(request, obj)
    if left is not None or request.kind.returns_deleted:
        return request.render(left or obj)
    return errors.success(request.group_resource, request.info.name, obj["metadata"]["uid"])


def _delete_one(request, obj):
    """Delete an object; return it if the response must show its new state, else None."""
    store = request.store
    if request.info.resource == "pods":
        return _delete_pod(store, obj)
    policy = _propagation_policy(request)
    if policy == FOREGROUND:
        return _delete_in_foreground(request, obj)
    if request.info.resource == "buildconfigs":
        return _delete_config(request, obj, policy)
    store.delete(request.info.resource, namespace_of(obj), name_of(obj))
    return None


def delete_options(request):
    """Return the DeleteOptions in the body; an empty body is valid."""
    try:
        return _DELETE_OPTIONS.decode(decoding.load(request.body) if request.body else {}, "")
    except ValueError:
        raise errors.bad_request("couldn't get version/kind; json parse error")


def _check_preconditions(request, obj, options):
    uid = options["preconditions"].get("uid")
    if uid and uid != obj["metadata"]["uid"]:
        why = "the UID in the precondition ({}) does not match the UID in record ({})"
        why = why.format(uid, obj["metadata"]["uid"])
        raise errors.conflict(request.group_resource, request.info.name, why)


def _delete_pod(store, pod):
    """Delete a pod; a running one is marked, and the controller ends and removes it."""
    ended = pod["status"]["phase"] in ("Succeeded", "Failed") or "nodeName" not in pod["spec"]
    grace = 0 if ended else pod["spec"]["terminationGracePeriodSeconds"]
    if "deletionTimestamp" in pod["metadata"]:
        return pod
    moment = rfc3339(time.time() + grace)
    pod = with_metadata(pod, deletionTimestamp=moment, deletionGracePeriodSeconds=grace)
    pod = store.update("pods", _ordered(pod))
    if ended:
        store.delete("pods", namespace_of(pod), name_of(pod))
    return pod


def _propagation_policy(request):
    """Return the policy. The default is Orphan in the legacy API, Background in the group API."""
    options = delete_options(request)
    orphan = options.get("orphanDependents")
    if orphan is not None:
        return ORPHAN if orphan else BACKGROUND
    default = BACKGROUND if request.info.group else ORPHAN
    return options.get("propagationPolicy") or default


def _delete_in_foreground(request, obj):
    if is_being_deleted(obj):
        return obj
    changes = {"deletionTimestamp": rfc3339(), "deletionGracePeriodSeconds": 0}
    marked = with_metadata(obj, finalizers=[deletion.FINALIZER], **changes)
    marked = request.store.update(request.info.resource, _ordered(marked))
    request.cluster.collector.collect_later(request.info.resource, marked)
    return marked


def _delete_config(request, config, policy):
    store = request.store
    gone = store.delete("buildconfigs", namespace_of(config), name_of(config))
    for build in deletion.dependent_builds(store, config):
        if policy == ORPHAN:
            store.update("builds", with_metadata(build, ownerReferences=None))
        else:
            store.delete("builds", namespace_of(build), name_of(build))
    changes = {"deletionTimestamp": rfc3339(), "deletionGracePeriodSeconds": 0}
    if policy == ORPHAN:
        changes["finalizers"] = ["orphan"]
    return _ordered(with_metadata(gone, **changes))


def delete_collection(request):
    """Delete all objects that the selectors match; return the list of them."""
    found = request.filter().present(request.store)
    dry_run = request.is_dry_run(delete_options(request).get("dryRun") or ())
    for obj in () if dry_run else found:
        _delete_one(request, obj)
    return rendered_list(request, found)
