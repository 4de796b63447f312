"""Watches of one object or a list, over as many connections as it takes.

On the first connection the server begins with what exists. After that, nothing that changed
between two connections is missed: a connection resumes from the last version seen, and where that
is not possible the object is read.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging

import six
from six.moves import http_client

from osbs import _compat
from osbs.constants import (
    HTTP_EVENT_MAX,
    HTTP_REQUEST_TIMEOUT,
    WATCH_ADDED,
    WATCH_DELETED,
    WATCH_ERROR,
    WATCH_MODIFIED,
)
from osbs.exceptions import OsbsException, OsbsResponseException
from osbs.http import decode_json
from osbs._rest import retry
from osbs._rest.objects import json_object
from osbs._typing import Any  # noqa: F401
from osbs.utils import get_path

logger = logging.getLogger(__name__)

# An existing object is announced within this time (seconds).
FIRST_EVENT = 0.5
# Seconds: a connection that ends sooner, without an event, has failed.
SHORT_LIFE = 1

# How a connection ended: with events, without any, with nothing but malformed lines; it was
# refused, or the version to resume from is too old.
EVENTS, SILENT, JUNK, REFUSED, GONE = "events", "silent", "junk", "refused", "gone"


class Watch(object):
    """One watch over all its connections.

    Callers see what one endless connection would deliver.
    """

    def __init__(self, connect, read, named, query, failures, deadline=None, missing_ok=False):
        # type: (Any, Any, bool, dict, retry.Failures, Any, bool) -> None
        """
        :param connect: function of a query (dict) and a time-out (seconds or None) that opens
            a stream and raises for an error status
        :param read: function of a time-out that reads the object that is watched
        :param named: bool, one object is watched, not a list
        :param query: dict, the caller's query of the first connection
        :param failures: Failures
        :param deadline: Deadline or None
        :param missing_ok: bool, wait for an object that does not exist yet
        """
        self._connect = connect
        self._read = read
        self._named = named
        self._query = query
        self._deadline = deadline or retry.Deadline(float("inf"))
        self._missing_ok = missing_ok
        # The version to resume from, None to begin with what exists.
        self._last_seen = query.get("resourceVersion")
        # The version that the latest connection resumed from.
        self._resumed_from = None
        # The object as the caller knows it, whose deletion the caller has to learn of.
        self._last_yielded = None
        if named and self._last_seen is not None:
            self._last_yielded = {"metadata": {"resourceVersion": self._last_seen}}
        self._first = True
        self._outcome = SILENT
        self._refusal = None  # type: Any
        self._readable = True
        self._failures = failures
        self._junk_logged = False

    def events(self):
        """Iterate over the events until the deadline.

        :return: generator of (type in lower case, object)
        :raises OsbsResponseException: an error status that is not transient; 404 if the object
            does not exist
        :raises OsbsException: there was no connection for too long
        """
        while not self._deadline.expired:
            started = _compat.monotonic()
            for event in self._read_connection():
                yield event
            if self._deadline.expired:
                return
            self._first = False
            lived = _compat.monotonic() - started
            missed = None
            if self._outcome == EVENTS:
                self._failures.count = 0
            elif self._outcome == REFUSED:
                may_retry = self._failures.retrying and retry.is_transient(self._refusal)
                self._failures.add(self._refusal, may_retry)
            elif self._outcome == GONE:
                missed = self._begin_anew()
            else:
                missed = self._after_silence(lived)
            if missed is not None:
                yield missed
            if lived >= retry.GOOD_LIFE:
                self._failures.reset()
            self._failures.wait(lived, self._deadline)

    def _after_silence(self, lived):
        if self._outcome == JUNK or (lived < SHORT_LIFE and not self._expects_object()):
            error = "the connection ended without an event"
            self._failures.add(
                OsbsResponseException(error, http_client.OK), self._failures.retrying
            )
        return self._read_missed()

    def _begin_anew(self):
        """Forget a version that is too old; return what the caller missed, as _read_missed."""
        refused, self._last_seen = self._resumed_from, None
        missed = self._read_missed()
        if self._last_seen == refused:
            # The object is older than what the server remembers: begin with what exists.
            self._last_seen = None
        return missed

    def _expects_object(self):
        """Tell whether the server is to begin with the object, unless that was deleted."""
        if not (self._named and self._readable and self._last_seen is None):
            return False
        return self._last_yielded is not None or not self._missing_ok

    def _read_connection(self):
        """Yield the new events of one connection; leave its outcome in ``_outcome``."""
        self._outcome = SILENT
        self._resumed_from = self._last_seen
        query = dict(self._query, resourceVersion=self._last_seen)
        timeout = self._timeout()
        try:
            # The usual time-out is not handed on, for the sake of those who replace _get.
            stream = self._connect(query, timeout if timeout < HTTP_REQUEST_TIMEOUT else None)
        except OsbsException as ex:
            resumed = self._last_seen is not None and not self._first
            is_gone = getattr(ex, "status_code", None) == http_client.GONE
            self._outcome = GONE if resumed and is_gone else REFUSED
            self._refusal = ex
            return
        with stream:
            stream.line_max = HTTP_EVENT_MAX
            stream.time_limit = self._time_limit()
            for line in stream.iter_lines():
                event = _parse(line)
                if event is None:
                    self._note_junk(line)
                    continue
                if event[0] == WATCH_ERROR:
                    self._outcome = GONE
                    # That a version is too old concerns the caller who named it, and nobody else.
                    if self._first or get_path(event[1], "code") != http_client.GONE:
                        yield event
                    return
                self._outcome = EVENTS
                event = self._note_event(*event)
                stream.time_limit = self._time_limit()
                if event is not None:
                    yield event

    def _timeout(self):
        """Return the seconds that the server may take for the next bytes."""
        return min(HTTP_REQUEST_TIMEOUT, max(0.001, self._deadline.remaining))

    def _time_limit(self):
        """Return the seconds that this connection may last."""
        if self._outcome != EVENTS and self._expects_object():
            return min(FIRST_EVENT, self._timeout())
        return self._deadline.remaining

    def _note_junk(self, line):
        if self._outcome == SILENT:
            self._outcome = JUNK
        # A server that sends nothing else must not fill the log.
        if not self._junk_logged:
            logger.error("watch: a line of %d bytes is not an event", len(line))
        self._junk_logged = True

    def _note_event(self, kind, obj):
        """Return an event as the caller is to see it, None if the caller knows the object so."""
        version = get_path(obj, "metadata", "resourceVersion")
        if kind == WATCH_ADDED and self._last_yielded is not None:
            # The server begins anew, the caller does not.
            if version == get_path(self._last_yielded, "metadata", "resourceVersion"):
                self._last_seen = version
                return None
            uid = get_path(self._last_yielded, "metadata", "uid")
            if uid in (None, get_path(obj, "metadata", "uid")):
                kind = WATCH_MODIFIED
        if self._named:
            self._last_yielded = None if kind == WATCH_DELETED else obj
        # The objects that a list begins with come in no order: only later events have one.
        ordered = self._named or kind in (WATCH_MODIFIED, WATCH_DELETED)
        if ordered and isinstance(version, six.string_types):
            if version != self._last_seen:
                self._failures.backoff.reset()
            self._last_seen = version
        return kind, obj

    def _read_missed(self):
        """Read the object if it was expected and did not come.

        :return: (type, object) that the caller missed, or None
        """
        if not self._expects_object():
            return None
        try:
            obj = json_object(self._read(self._timeout()))
        except OsbsException as ex:
            if getattr(ex, "status_code", None) == http_client.NOT_FOUND:
                if self._last_yielded is None:
                    raise
                deleted, self._last_yielded = self._last_yielded, None
                return WATCH_DELETED, deleted
            if retry.is_transient(ex):
                self._failures.add(ex, self._failures.retrying)
            else:
                logger.info("watch: the object cannot be read (%s)", type(ex).__name__)
                self._readable = False
            return None
        return self._note_event(WATCH_ADDED, obj)


def _parse(line):
    try:
        event = decode_json(line)
    except ValueError:
        return None
    kind, obj = get_path(event, "type"), get_path(event, "object")
    if not isinstance(kind, six.string_types) or not isinstance(obj, dict):
        return None
    return kind.lower(), obj
