"""
Logs of containers: bytes with a time for each line, followed by any number of readers.
"""

import array
import asyncio
import bisect
import threading
import time

from osbs.sandbox.kinds import errors
from osbs.sandbox.kinds.timestamps import rfc3339_nano
from osbs.sandbox.pods.runner import PodLog

#: maximum size (bytes) of one container's log
CONTAINER_BYTES = 64 * 1024 * 1024
#: maximum size (bytes) of the logs of all ended pods together
ENDED_LOGS_BYTES = 256 * 1024 * 1024
_FULL = b"the sandbox keeps no more of this log\n"
_FORGOTTEN = b"the sandbox has forgotten this log\n"


class ContainerLog(PodLog):
    """
    The output of a container, up to CONTAINER_BYTES.

    ``write`` may be called in the thread of the event loop and, with a loop, in any other.

    :param loop: event loop that writes of other threads are passed to, or None
    :param on_write: callable or None, called with (time, bytes) for each write (to store it)
    """

    def __init__(self, loop=None, on_write=None):
        super().__init__()
        self.closed = False
        self._loop = loop
        self._thread = threading.get_ident()
        self._on_write = on_write
        self._starts = array.array("Q")
        self._times = array.array("d")
        self._readers = set()

    def write(self, data):
        """Append output; followers see it immediately."""
        if self._loop is not None and threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.append, bytes(data), time.time())
        else:
            self.append(data, time.time())

    def append(self, data, moment):
        """
        Append output with a given time.

        :param data: bytes
        :param moment: float, seconds since the epoch
        """
        room = CONTAINER_BYTES - len(self.data)
        if not data or self.closed or room < 0:
            return
        if len(data) > room:
            data = data[:room]
            data += _FULL if data.endswith(b"\n") else b"\n" + _FULL
        if self._on_write is not None:
            self._on_write(moment, data)
        position = len(self.data)
        if not position or self.data[-1] == 0x0A:
            self._line_at(position, moment)
        self.data += data
        newline = data.find(b"\n")
        while 0 <= newline < len(data) - 1:
            self._line_at(position + newline + 1, moment)
            newline = data.find(b"\n", newline + 1)
        self._wake()

    def _line_at(self, position, moment):
        self._starts.append(position)
        self._times.append(moment)

    def forget(self):
        """Drop the output of an ended container."""
        self.data = bytearray(_FORGOTTEN)
        del self._starts[:]
        del self._times[:]
        self._line_at(0, time.time())

    def close(self):
        """End the log; followers reach its end."""
        self.closed = True
        self._wake()

    def _wake(self):
        for reader in self._readers:
            reader.set()

    def tail(self, lines):
        """Return the last lines as bytes."""
        if not self._starts or lines <= 0:
            return b""
        return bytes(self.data[self._starts[max(0, len(self._starts) - lines)] :])

    def first_line(self, options, now):
        """Return the index of the first line for the options of a request."""
        first = 0
        if options.since is not None:
            first = bisect.bisect_left(self._times, now - options.since)
        if options.tail is not None:
            first = max(first, len(self._starts) - options.tail)
        return first

    def line(self, index):
        """Return (time, bytes) of a line; the last may be incomplete."""
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self.data)
        return self._times[index], bytes(self.data[self._starts[index] : end])

    def __len__(self):
        return len(self._starts)


class LogReader:
    """
    Read a log with the options of a request.

    :param log: ContainerLog
    :param options: LogOptions
    """

    def __init__(self, log, options):
        self._log = log
        self._options = options
        self._wake = asyncio.Event()
        self._left = options.limit
        self._line = log.first_line(options, time.time())
        self._offset = 0
        self.stopped = False
        log._readers.add(self._wake)

    def stop(self):
        """End the reading; :meth:`next` returns None from now on."""
        self.stopped = True
        self._log._readers.discard(self._wake)
        self._wake.set()

    async def next(self):
        """Return the next piece of output (bytes), or None at the end."""
        while not self.stopped:
            self._wake.clear()
            data = self._collect()
            if data:
                return data
            if not self._options.follow or self._log.closed or self._left == 0:
                break
            await self._wake.wait()
        self.stop()
        return None

    def _collect(self):
        pieces = []
        while self._line < len(self._log):
            moment, line = self._log.line(self._line)
            piece = line[self._offset :]
            if self._options.timestamps and not self._offset and piece:
                pieces.append(rfc3339_nano(moment).encode("ascii") + b" ")
            pieces.append(piece)
            self._offset = len(line)
            if not line.endswith(b"\n"):
                break
            self._line += 1
            self._offset = 0
        data = b"".join(pieces)
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        return data


class LogOptions:
    """
    Options of a log request.

    :param query: mapping of str to str
    :raises errors.ApiError: 400 for a malformed number, 422 for one out of range
    """

    def __init__(self, query):
        self.follow = _flag(query, "follow")
        self.nowait = _flag(query, "nowait")
        self.timestamps = _flag(query, "timestamps")
        self.since = _number(query, "sinceSeconds")
        self.tail = _number(query, "tailLines")
        self.limit = _number(query, "limitBytes")
        for name, value, least in (
            ("sinceSeconds", self.since, 1),
            ("tailLines", self.tail, 0),
            ("limitBytes", self.limit, 1),
        ):
            if value is not None and value < least:
                why = "must be greater than 0" if least else "must be greater than or equal to 0"
                cause = errors.Cause.invalid(name, value, why)
                raise errors.invalid("BuildLogOptions", "", [cause], "build.openshift.io")


def _flag(query, name):
    return query.get(name, "").lower() in ("1", "t", "true")


def _number(query, name):
    text = query.get(name)
    return None if text is None else errors.integer(text)


class ContainerLogs:
    """
    The logs of all pods.

    :param write: callable (uid of the pod, moment, data) for the state file
    :param drop: callable (uid) for the state file, when a log is dropped
    """

    def __init__(self, write, drop):
        self._write = write
        self._drop = drop
        self._logs = {}
        #: the event loop, set before the first log
        self.loop = None

    def of(self, pod):
        """Return the log of a pod's container."""
        return self._log(pod["metadata"]["uid"], pod["status"]["phase"] in ("Succeeded", "Failed"))

    def _log(self, uid, ended=False):
        log = self._logs.get(uid)
        if log is None:
            log = self._logs[uid] = ContainerLog(
                self.loop, lambda moment, data: self._write(uid, moment, data)
            )
        if ended:
            log.close()
        return log

    def end(self, pod):
        """Close the log of an ended pod; forget the oldest beyond ENDED_LOGS_BYTES."""
        self.of(pod).close()
        ended = [log for log in self._logs.values() if log.closed]
        kept = sum(len(log.data) for log in ended)
        for log in ended:
            if kept <= ENDED_LOGS_BYTES:
                break
            kept -= len(log.data)
            log.forget()

    def drop(self, pod):
        """Drop the log of a deleted pod; readers reach its end."""
        log = self._logs.pop(pod["metadata"]["uid"], None)
        if log is not None:
            log.close()
            self._drop(pod["metadata"]["uid"])

    # state

    def dump(self):
        """Yield (uid, moment, text) for all lines."""
        for uid, log in self._logs.items():
            for index in range(len(log)):
                moment, line = log.line(index)
                yield uid, moment, line.decode("latin-1")

    def load(self, uid, moment, text):
        """Load a line of :meth:`dump`."""
        self._log(uid).append(text.encode("latin-1"), moment)

    def unload(self, uid):
        """Forget the lines of a log that was dropped later."""
        self._logs.pop(uid, None)
