"""Runs a command within bounds of time and output, and leaves nothing of it behind."""

from __future__ import absolute_import, print_function, unicode_literals

import errno
import os
import select
import signal
import subprocess
import threading
from collections import namedtuple

from osbs.exceptions import OsbsException

_CHUNK = 65536
_MAX_ERRORS = 65536
# How often a command that writes nothing is asked whether it has ended, milliseconds: something
# that it left running may hold its output open.
_IDLE = 500

# A session of its own: nothing in it can ask questions on the terminal.
_NEW_SESSION = (
    {"start_new_session": True}
    if hasattr(subprocess, "TimeoutExpired")
    else {str("preexec_fn"): os.setsid}
)

# status: int, negative when a signal ended it. output, errors: bytes, cut at their limits.
Result = namedtuple("Result", "status output errors")


class GitTimeout(OsbsException):
    """git has not ended in time."""


def run(args, timeout, limit, env, cwd=None):
    # type: (list, float, int, dict, str) -> Result
    """Run a command in a process group of its own, without input, and wait for it.

    The whole group is killed when time or output run over, or when waiting is interrupted.

    :param args: list of bytes
    :param timeout: number, seconds
    :param limit: int, bytes of its output that are wanted; with more it is killed
    :param env: dict, the environment
    :param cwd: str or None, directory
    :raises OsbsException: the program cannot be started
    :raises GitTimeout: it has not ended in time
    """
    process = _start(args, env, cwd)
    expired = threading.Event()

    def expire():
        expired.set()
        _kill(process)

    timer = threading.Timer(timeout, expire)
    try:
        timer.start()
        output, errors = _collect(process, limit)
        if len(output) > limit:
            _kill(process)
        status = process.wait()
    except BaseException:  # also when interrupted: the group gets no Ctrl-C of its own
        _kill(process)
        process.wait()
        raise
    finally:
        timer.cancel()
        process.stdout.close()
        process.stderr.close()
    if expired.is_set():
        raise GitTimeout("git has not ended within %s seconds" % timeout)
    return Result(status, bytes(output[:limit]), bytes(errors))


def _start(args, env, cwd):
    with open(os.devnull, "rb") as nothing:
        try:
            return subprocess.Popen(
                args,
                stdin=nothing,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=env,
                cwd=cwd,
                close_fds=True,
                **_NEW_SESSION
            )
        except OSError as ex:
            raise OsbsException("cannot run git: %s" % ex.strerror, cause=ex)


def _kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:  # it has ended
        pass


def _collect(process, limit):
    # Until both streams end, the output exceeds its limit, or the process ended and is quiet.
    output, errors = bytearray(), bytearray()
    streams = {process.stdout.fileno(): output, process.stderr.fileno(): errors}
    poll = select.poll()
    for descriptor in streams:
        poll.register(descriptor, select.POLLIN)
    while streams and len(output) <= limit:
        ready = _ready(poll)
        if not ready and process.poll() is not None:
            break
        for descriptor in ready:
            chunk = os.read(descriptor, _CHUNK)
            streams[descriptor].extend(chunk)
            del errors[_MAX_ERRORS:]
            if not chunk:
                poll.unregister(descriptor)
                del streams[descriptor]
    return output, errors


def _ready(poll):
    try:
        return [descriptor for descriptor, _ in poll.poll(_IDLE)]
    except select.error as ex:  # Python 2 does not go on after a signal by itself
        if ex.args[0] != errno.EINTR:
            raise
        return []
