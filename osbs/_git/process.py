"""Runs git within bounds of time, memory, files and output, and leaves nothing of it behind."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import re
import select
import subprocess
from collections import namedtuple

from osbs._children import NEW_SESSION, kill_group, killed_after
from osbs._compat import monotonic, to_text
from osbs.constants import GIT_MAX_DISK, GIT_MAX_FILE, GIT_MAX_MEMORY
from osbs.exceptions import OsbsException

_CHUNK = 65536
_MAX_ERRORS = 65536
# How often a command that writes nothing is asked whether it has ended (something that it left
# running may hold its output open), and how often its files are measured: milliseconds.
_IDLE = 500

# Sets the limits, which all children of git inherit, and runs git without input. Without the signal
# XFSZ git says which limit it has met, instead of dying silently. When the client ends, however it
# is killed, the pipe on its side closes, and the whole process group is killed. In a shell, as
# Python code between fork and exec can lock up a program that has threads.
_WRAPPER = b"""\
trap '' XFSZ
ulimit -v "$1"
ulimit -f "$2"
shift 2
exec 3<&0 </dev/null
{ read line <&3; kill -9 0; } >/dev/null 2>&1 &
"$@" 3<&-
status=$?
exec 2>/dev/null
kill -9 $!
wait
exit $status
"""
_NO_PROGRAM = (126, 127)

# What git (not the server, whose lines begin with "remote:") says at a limit.
_OUT_OF_MEMORY = r"out of memory|cannot allocate memory|unable to create (?:threaded|thread)"
_FILE_TOO_LARGE = r"file too large"

# status: int, as a shell has it: 128 and the number of a signal that ended it; negative when it was
# killed for its output. output, errors: bytes, cut at their limits; of errors the end is kept.
Result = namedtuple("Result", "status output errors")


class GitLimitExceeded(OsbsException):
    """git has taken more time, memory or disk space than it may."""


class Budget(object):
    """What may be spent on a repository, by all commands together.

    :ivar seconds: number, from when the budget is made
    """

    def __init__(self, seconds, directory=None):
        # type: (float, str) -> None
        """
        :param directory: where git writes; None: its size is not measured
        """
        self.seconds = seconds
        self._directory = directory
        self._end = monotonic() + seconds

    @property
    def remaining(self):
        # type: () -> float
        """Seconds that are left; negative when time has run over."""
        return self._end - monotonic()

    def check_disk(self):
        # type: () -> None
        """Measure what has been written.

        :raises GitLimitExceeded: more than GIT_MAX_DISK bytes
        """
        if self._directory and _size_of(self._directory) > GIT_MAX_DISK:
            raise GitLimitExceeded("git may write at most %d bytes to all files" % GIT_MAX_DISK)


def _size_of(directory):
    size = 0
    for path, _, names in os.walk(directory):
        for name in names:
            try:
                size += os.lstat(os.path.join(path, name)).st_size
            except OSError:  # it has been renamed or removed
                pass
    return size


def run(args, budget, limit, env, cwd=None):
    # type: (list, Budget, int, dict, str) -> Result
    """Run a command in a process group of its own, without input, and wait for it.

    The whole group is killed when it exceeds a limit, when waiting is interrupted, and when this
    process ends.

    :param args: list of bytes
    :param limit: bytes of its output that are wanted; with more it is killed
    :param env: the environment
    :param cwd: directory; None: the current one
    :raises OsbsException: the program cannot be started
    :raises GitLimitExceeded: too much time, memory or disk space
    """
    process = _start(args, env, cwd)
    try:
        with killed_after(process, max(budget.remaining, 0)) as expired:
            output, errors = _collect(process, limit, budget)
            if len(output) > limit:
                kill_group(process)
            status = process.wait()
    finally:
        kill_group(process)  # what git has left running
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
    if expired.is_set():
        raise GitLimitExceeded("git has not ended within %s seconds" % budget.seconds)
    if status and len(output) <= limit:
        _check_failure(status, to_text(bytes(errors)))
    return Result(status, bytes(output[:limit]), bytes(errors))


def _check_failure(status, errors):
    if status in _NO_PROGRAM:
        raise OsbsException("cannot run git: %s" % errors.strip())
    for pattern, limit in (
        (_OUT_OF_MEMORY, "have at most %d bytes of memory" % GIT_MAX_MEMORY),
        (_FILE_TOO_LARGE, "write at most %d bytes to a file" % GIT_MAX_FILE),
    ):
        if re.search(r"^(?!remote:).*(?:%s)" % pattern, errors, re.IGNORECASE | re.MULTILINE):
            raise GitLimitExceeded("git may " + limit)


def _start(args, env, cwd):
    limits = [b"%d" % (GIT_MAX_MEMORY // 1024), b"%d" % (GIT_MAX_FILE // 512)]
    try:
        return subprocess.Popen(
            [b"/bin/sh", b"-c", _WRAPPER, b"git"] + limits + args,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=cwd,
            close_fds=True,
            **NEW_SESSION
        )
    except OSError as ex:
        raise OsbsException("cannot run git: %s" % ex.strerror, cause=ex)


def _collect(process, limit, budget):
    # Until both streams end, the output exceeds its limit, or the process ended and is quiet.
    output, errors = bytearray(), bytearray()
    streams = {process.stdout.fileno(): output, process.stderr.fileno(): errors}
    poll = select.poll()
    for descriptor in streams:
        poll.register(descriptor, select.POLLIN)
    next_check = monotonic() + _IDLE / 1000.0
    while streams and len(output) <= limit:
        ready = poll.poll(_IDLE)
        if not ready and process.poll() is not None:
            break
        if monotonic() > next_check:
            budget.check_disk()
            next_check = monotonic() + _IDLE / 1000.0
        for descriptor, _ in ready:
            chunk = os.read(descriptor, _CHUNK)
            streams[descriptor].extend(chunk)
            del errors[:-_MAX_ERRORS]
            if not chunk:
                poll.unregister(descriptor)
                del streams[descriptor]
    return output, errors
