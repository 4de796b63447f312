"""Temporary directories that go with the process that made them, at the latest with the next one.

Whoever uses a directory holds a lock on it (flock), which ends with the process however it ends.
"""

from __future__ import absolute_import, print_function, unicode_literals

import fcntl
import glob
import os
import shutil
import tempfile
from contextlib import contextmanager

from osbs._compat import to_text


@contextmanager
def temporary_directory():
    """Make a directory that only this user can enter; remove it, and abandoned ones before.

    :return: context manager of the path, as text
    """
    for abandoned in glob.glob(os.path.join(tempfile.gettempdir(), "osbs-git-?*.tmp")):
        _remove_unless_locked(abandoned)
    unlocked = tempfile.mkdtemp(prefix=str("osbs-git-"))
    lock = _open(unlocked)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
    except EnvironmentError:  # a file system without locks: it is never taken for abandoned
        pass
    path = unlocked + ".tmp"  # from now on others look at it
    os.rename(unlocked, path)
    try:
        yield to_text(path, "strict")
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _open(path):
    # type: (str) -> int
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    fcntl.fcntl(lock, fcntl.F_SETFD, fcntl.FD_CLOEXEC)  # no child keeps the lock
    return lock


def _remove_unless_locked(path):
    # type: (str) -> None
    try:
        lock = _open(path)
    except OSError:  # a link, no directory, somebody else's, or gone by now
        return
    try:
        if os.fstat(lock).st_uid == os.geteuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
    except EnvironmentError:  # it is in use
        pass
    finally:
        os.close(lock)
