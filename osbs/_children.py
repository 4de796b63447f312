"""Child processes that end in time, with all that they have started. Imports nothing of osbs."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import signal
import subprocess
import threading
from contextlib import contextmanager

from osbs._typing import Any, Dict, Iterator  # noqa: F401

# For subprocess.Popen. A session of its own: nothing in it can ask questions on our terminal.
NEW_SESSION = (
    {"start_new_session": True}
    if hasattr(subprocess, "TimeoutExpired")
    else {str("preexec_fn"): os.setsid}
)  # type: Dict[str, Any]


@contextmanager
def killed_after(process, seconds):
    # type: (subprocess.Popen, float) -> Iterator[threading.Event]
    """Kill a child's process group when the time is over, or an exception leaves the block.

    :param process: started with NEW_SESSION
    :return: context manager of an event that is set when the time was over
    """
    expired = threading.Event()

    def expire():
        expired.set()
        kill_group(process)

    timer = threading.Timer(seconds, expire)
    try:
        timer.start()
        yield expired
    except BaseException:  # also when interrupted: the group gets no Ctrl-C of its own
        kill_group(process)
        process.wait()
        raise
    finally:
        timer.cancel()


def kill_group(process):
    # type: (subprocess.Popen) -> None
    """Kill a child and all processes of its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:  # it has ended
        pass
