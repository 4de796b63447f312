"""
Foreground deletion: an object stays, marked as being deleted, until its dependents are deleted.

The part of Kubernetes' garbage collector that clients notice.
"""

from osbs.sandbox.state.store import name_of, namespace_of

FINALIZER = "foregroundDeletion"


def is_being_deleted(obj):
    """Return whether an object is marked as being deleted."""
    return "deletionTimestamp" in obj["metadata"]


def dependent_builds(store, config):
    """Return the Builds that belong to a BuildConfig."""
    uid = config["metadata"]["uid"]
    return [
        build
        for build in store.list("builds", namespace_of(config))
        if any(owner["uid"] == uid for owner in build["metadata"].get("ownerReferences") or ())
    ]


class Collector:
    """
    Delete objects in the foreground.

    :param store: store.Store
    :param tasks: tasks.Tasks
    """

    def __init__(self, store, tasks):
        self._store = store
        self._tasks = tasks

    def start(self):
        """Resume the deletions that an earlier run of the cluster did not finish."""
        for resource, obj in list(self._store.dump()):
            if is_being_deleted(obj) and FINALIZER in obj["metadata"].get("finalizers", ()):
                self.collect_later(resource, obj)

    def collect_later(self, resource, obj):
        """Delete an object and its dependents after the delay ``foreground_deletion``."""
        self._tasks.after("foreground_deletion", self._collect, resource, obj)

    def _collect(self, resource, obj):
        for build in dependent_builds(self._store, obj):
            self._store.delete("builds", namespace_of(build), name_of(build))
        current = self._store.get(resource, namespace_of(obj), name_of(obj))
        if current is not None and current["metadata"]["uid"] == obj["metadata"]["uid"]:
            self._store.delete(resource, namespace_of(obj), name_of(obj))
