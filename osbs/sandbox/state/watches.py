"""Watches: the stream of changes of one resource, filtered by name, project and selectors."""

import asyncio
import collections
import typing

from osbs.sandbox.state import selectors
from osbs.sandbox.state.store import ADDED, DELETED, MODIFIED, name_of, namespace_of, with_metadata

#: a watcher that is this many events behind is disconnected, as by the real watch cache
LONGEST_QUEUE = 20000


class Filter(typing.NamedTuple):
    """The filter of a list or watch."""

    resource: str
    #: empty for all projects
    namespace: str = ""
    #: empty for all names
    name: str = ""
    labels: typing.Sequence[selectors.Requirement] = ()
    fields: typing.Sequence[selectors.Requirement] = ()
    #: object -> dict of its field labels
    fields_of: typing.Optional[typing.Callable[[dict], dict]] = None

    def accepts(self, obj):
        """Return whether an object (or None) passes."""
        if obj is None or self.namespace not in ("", namespace_of(obj)):
            return False
        if self.name not in ("", name_of(obj)):
            return False
        if self.labels and not selectors.matches(self.labels, obj["metadata"].get("labels") or {}):
            return False
        return not self.fields or selectors.matches(self.fields, self.fields_of(obj))

    def present(self, store):
        """Return the objects of a store that pass."""
        if self.name and self.namespace:
            found = [store.get(self.resource, self.namespace, self.name)]
        else:
            found = store.list(self.resource, self.namespace)
        return [obj for obj in found if self.accepts(obj)]

    def seen(self, event):
        """
        Return (type, object) of an event as a watcher sees it, or None.

        An object that begins to match is ADDED, one that stops matching is DELETED (with its last
        matching contents).
        """
        if event.resource != self.resource:
            return None
        now = event.type != DELETED and self.accepts(event.obj)
        before = self.accepts(event.old)
        if now:
            return (MODIFIED if before else ADDED), event.obj
        if before:
            version = event.obj["metadata"]["resourceVersion"]
            return DELETED, with_metadata(event.old, resourceVersion=version)
        return None


class Watch:
    """
    Follow the changes that pass a filter.

    :param store: store.Store
    :param wanted: Filter
    :param version: int or None, the version to resume from; None and 0 start with an ADDED for
        each existing object
    :raises store.Compacted: when the history does not reach back that far
    """

    def __init__(self, store, wanted, version=None):
        self._store = store
        self._wanted = wanted
        self._key = (wanted.resource, wanted.name or None)
        self._queue = collections.deque()
        self._wake = asyncio.Event()
        self._newest = version or 0
        self.stopped = False
        if not version:
            self._queue.extend((ADDED, obj) for obj in wanted.present(store))
        else:
            for event in store.since(version):
                self._offer(event)
        store.subscribe(self._offer, *self._key)

    def _offer(self, event):
        if event.version <= self._newest:
            return
        seen = self._wanted.seen(event)
        if seen is None:
            return
        self._queue.append(seen)
        self._wake.set()
        if len(self._queue) > LONGEST_QUEUE:
            self.stop()

    def stop(self):
        """End the watch; a waiting :meth:`next` returns None."""
        self._store.unsubscribe(self._offer, *self._key)
        self.stopped = True
        self._wake.set()

    async def next(self, timeout=None):
        """
        Wait for the next event.

        :param timeout: float or None, seconds
        :return: (type, object), or None when the watch was stopped or after the timeout
        """
        while not self._queue:
            if self.stopped:
                return None
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), timeout)
            except asyncio.TimeoutError:
                return None
        return None if self.stopped else self._queue.popleft()
