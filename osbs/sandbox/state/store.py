"""
Objects with versions and a bounded history: the etcd of the sandbox.

Objects are dicts in canonical form (no kind, apiVersion or selfLink). A stored dict is never
modified: a change stores a new one. All changes happen in the thread of the event loop.
"""

import collections
import time
import uuid

from osbs.sandbox.kinds.timestamps import rfc3339

ADDED = "ADDED"
MODIFIED = "MODIFIED"
DELETED = "DELETED"

#: One change. ``old`` is the object before (None for ADDED), ``obj`` the object after the change
#: (for DELETED the last object, with the version of the deletion).
Event = collections.namedtuple("Event", "version type resource obj old moment")


class StoreError(Exception):
    """Base class of the store's errors."""


class Exists(StoreError):
    """An object of that name exists already."""


class Missing(StoreError):
    """The object was not found."""


class Stale(StoreError):
    """The object has changed since the caller read it."""


class Compacted(StoreError):
    """The history does not reach back that far."""


def name_of(obj):
    """Return the name of an object."""
    return obj["metadata"]["name"]


def namespace_of(obj):
    """Return the project of an object; empty for cluster-wide ones."""
    return obj["metadata"].get("namespace", "")


def version_of(obj):
    """Return the resourceVersion of an object as int."""
    return int(obj["metadata"]["resourceVersion"])


def with_metadata(obj, **changes):
    """Return the object with changed metadata; a value of None removes the field."""
    metadata = dict(obj["metadata"])
    for key, value in changes.items():
        if value is None:
            metadata.pop(key, None)
        else:
            metadata[key] = value
    return dict(obj, metadata=metadata)


def with_annotation(obj, key, value):
    """Return the object with an annotation set; all are sorted."""
    annotations = dict(obj["metadata"].get("annotations") or {}, **{key: value})
    return with_metadata(obj, annotations={key: annotations[key] for key in sorted(annotations)})


class Store:
    """
    All objects of the cluster.

    :param history: int, how many changes are kept for watches that resume
    :param max_age: float, seconds after which a change is dropped (as by etcd's compaction)
    """

    def __init__(self, history=4096, max_age=300.0):
        self._objects = {}
        self._history = collections.deque()
        self._limit = history
        self._max_age = max_age
        self._listeners = {}
        #: called with (type, resource, object) before a change; an exception prevents the change
        self.persist = lambda kind, resource, obj: None
        #: version of the last change
        self.version = 1
        #: changes up to this version were dropped
        self.compacted = 0

    # reading

    def get(self, resource, namespace, name):
        """Return an object or None."""
        return self._objects.get(resource, {}).get((namespace, name))

    def list(self, resource, namespace=""):
        """Return the objects of a project (of all projects without one), sorted by key."""
        table = self._objects.get(resource, {})
        return [obj for key, obj in sorted(table.items()) if namespace in ("", key[0])]

    def count(self, resource, namespace=""):
        """Return how many objects of a resource there are."""
        if not namespace:
            return len(self._objects.get(resource, {}))
        return len(self.list(resource, namespace))

    def list_at(self, resource, namespace, version):
        """
        Return the objects as they were at a version, for paged lists.

        :raises Compacted: when the history does not reach back that far
        """
        if version < self.compacted:
            raise Compacted(version)
        table = {(namespace_of(obj), name_of(obj)): obj for obj in self.list(resource, namespace)}
        for event in reversed(self._history):
            if event.version <= version:
                break
            key = (namespace_of(event.obj), name_of(event.obj))
            if event.resource != resource or namespace not in ("", key[0]):
                continue
            if event.old is None:
                table.pop(key, None)
            else:
                table[key] = event.old
        return [obj for _, obj in sorted(table.items())]

    # changing

    def create(self, resource, obj):
        """
        Store a new object; its uid, version and time are set here.

        :raises Exists: when the name is taken
        :return: dict, the stored object
        """
        key = (namespace_of(obj), name_of(obj))
        if key in self._objects.get(resource, {}):
            raise Exists(key)
        obj = with_metadata(obj, uid=str(uuid.uuid4()), creationTimestamp=rfc3339())
        return self._put(resource, obj, None, ADDED)

    def update(self, resource, obj, expected=None):
        """
        Replace an object.

        :param expected: str or None, the resourceVersion that must still be the current one
        :raises Missing: when it was deleted
        :raises Stale: when it has another version
        :return: dict, the stored object; the same as before if nothing differs
        """
        old = self.get(resource, namespace_of(obj), name_of(obj))
        if old is None:
            raise Missing(name_of(obj))
        current = old["metadata"]["resourceVersion"]
        if expected is not None and expected != current:
            raise Stale(name_of(obj))
        if with_metadata(obj, resourceVersion=current) == old:
            return old
        return self._put(resource, obj, old, MODIFIED)

    def delete(self, resource, namespace, name):
        """
        Remove an object.

        :raises Missing: when it was not found
        :return: dict, the object with the version of its deletion
        """
        old = self.get(resource, namespace, name)
        if old is None:
            raise Missing(name)
        gone = with_metadata(old, resourceVersion=str(self.version + 1))
        self.persist(DELETED, resource, gone)
        self.version += 1
        del self._objects[resource][(namespace, name)]
        self._publish(Event(self.version, DELETED, resource, gone, old, time.time()))
        return gone

    def _put(self, resource, obj, old, kind):
        obj = with_metadata(obj, resourceVersion=str(self.version + 1))
        self.persist(kind, resource, obj)
        self.version += 1
        self._objects.setdefault(resource, {})[(namespace_of(obj), name_of(obj))] = obj
        self._publish(Event(self.version, kind, resource, obj, old, time.time()))
        return obj

    # history

    def subscribe(self, listener, resource=None, name=None):
        """
        Call ``listener(event)`` for each change from now on.

        :param resource: str or None, only changes of this resource
        :param name: str or None, only changes of objects of this name (of any project)
        """
        self._listeners.setdefault((resource, name), {})[listener] = True

    def unsubscribe(self, listener, resource=None, name=None):
        """Stop calling a listener; the arguments are those it was subscribed with."""
        listeners = self._listeners.get((resource, name), {})
        listeners.pop(listener, None)
        if not listeners:
            self._listeners.pop((resource, name), None)

    def since(self, version):
        """
        Return the changes after a version.

        :raises Compacted: when some of them were dropped
        """
        self._forget(time.time() - self._max_age)
        if version < self.compacted:
            raise Compacted(version)
        return [event for event in self._history if event.version > version]

    def compact(self):
        """Drop the whole history, as etcd's compaction does every five minutes."""
        self._history.clear()
        self.compacted = self.version

    def _publish(self, event):
        self._history.append(event)
        while len(self._history) > self._limit:
            self.compacted = self._history.popleft().version
        for key in (
            (None, None),
            (event.resource, None),
            (event.resource, name_of(event.obj)),
        ):
            for listener in list(self._listeners.get(key, ())):
                listener(event)

    def _forget(self, moment):
        while self._history and self._history[0].moment < moment:
            self.compacted = self._history.popleft().version

    # state

    def dump(self):
        """Yield (resource, object) for all objects, for a snapshot of the state file."""
        for resource, table in self._objects.items():
            for obj in table.values():
                yield resource, obj

    def replay(self, resource, obj, deleted=False):
        """
        Replay a change of the state file: the object keeps uid and version.

        Listeners are not called. The history is filled, so that watches resume after a restart.
        """
        key = (namespace_of(obj), name_of(obj))
        table = self._objects.setdefault(resource, {})
        old = table.get(key)
        self.version = max(self.version, version_of(obj))
        if deleted:
            table.pop(key, None)
        else:
            table[key] = obj
        kind = DELETED if deleted else ADDED if old is None else MODIFIED
        self._history.append(Event(version_of(obj), kind, resource, obj, old, time.time()))

    def replayed(self, complete_from):
        """
        End a replay.

        :param complete_from: int, version of the snapshot at the start of the state file: older
            changes are incomplete
        """
        self._history = collections.deque(
            sorted(
                (event for event in self._history if event.version > complete_from),
                key=lambda event: event.version,
            )[-self._limit :]
        )
        self.compacted = self._history[0].version - 1 if self._history else self.version
