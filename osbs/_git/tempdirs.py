"""Temporary directories that go with the process that made them, at the latest with the next one.

Whoever uses a directory holds a lock on it (flock), which ends with the process however it ends.
"""

from __future__ import absolute_import, print_function, unicode_literals

import fcntl
import os
import re
import shutil
import tempfile
from contextlib import contextmanager

from osbs._compat import to_text

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Optional, Tuple  # noqa: F401

_PREFIX, _SUFFIX = str("osbs-git-"), str(".tmp")
_NAME = re.compile(r"osbs-git-\w+\.tmp\Z")


@contextmanager
def temporary_directory():
    """Make a directory that only this user can enter; remove it, and abandoned ones before.

    :return: context manager of the path, as text
    """
    _remove_abandoned()
    path, lock = _make()
    try:
        yield to_text(path, "strict")
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _make():
    # type: () -> Tuple[str, int]
    while True:
        path = tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX)
        try:
            lock = _open(path)
        except OSError:  # another process has taken it for abandoned before it could be locked
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except EnvironmentError:  # a file system without locks: it is never taken for abandoned
            pass
        if os.path.isdir(path):
            return path, lock
        os.close(lock)


def _open(path):
    # type: (str) -> int
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    fcntl.fcntl(lock, fcntl.F_SETFD, fcntl.FD_CLOEXEC)  # no child keeps the lock
    return lock


def _remove_abandoned():
    # type: () -> None
    top = tempfile.gettempdir()
    try:
        names = os.listdir(top)
    except OSError:  # whoever may not list it can still make directories there
        return
    for name in names:
        if _NAME.match(name):
            path = os.path.join(top, name)
            lock = _lock_if_abandoned(path)
            if lock is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)


def _lock_if_abandoned(path):
    # type: (str) -> Optional[int]
    try:
        lock = _open(path)
    except OSError:  # a link, no directory, somebody else's, or gone by now
        return None
    try:
        if os.fstat(lock).st_uid == os.geteuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
    except EnvironmentError:  # it is in use
        pass
    os.close(lock)
    return None
