"""
Clean up after a sandbox: its directories, which hold keys and tokens, and its processes.

:func:`at_end` registers a function that runs when this process exits, or when SIGTERM or SIGHUP
(the terminal was closed) ends it. After a SIGKILL nothing can run: each :class:`PrivateDirectory`
holds a file that is locked as long as its process runs, and :func:`sweep` removes the directories
whose file is no longer locked.
"""

import atexit
import contextlib
import fcntl
import itertools
import os
import shutil
import signal
import stat
import tempfile
import threading

PREFIX = "osbs-sandbox-"
LOCK = ".osbs-sandbox.lock"

#: signals that end a process without running atexit
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)

#: number -> (process id, function); a forked child inherits it, but must not run it
_registered = {}  # type: dict
_numbers = itertools.count()


def at_end(function):
    """
    Register a function to call when the process ends; the last registered runs first.

    It may run in a signal handler, so it must not take locks.

    :param function: callable
    :return: callable that cancels the registration
    """
    number = next(_numbers)
    _registered[number] = (os.getpid(), function)
    _watch_signals()

    def forget():
        _registered.pop(number, None)

    return forget


@atexit.register
def _run_all():
    for number in sorted(_registered, reverse=True):
        process, function = _registered.pop(number, (None, None))
        if process == os.getpid():
            with contextlib.suppress(Exception):
                function()


def _watch_signals():
    # Only the main thread may set handlers; existing handlers stay in place.
    if threading.current_thread() is threading.main_thread():
        for signum in _SIGNALS:
            if signal.getsignal(signum) is signal.SIG_DFL:
                signal.signal(signum, _end_by)


def _end_by(signum, _frame):
    _run_all()
    signal.signal(signum, signal.SIG_DFL)
    os.kill(os.getpid(), signum)


class PrivateDirectory:
    """
    A directory that only this user can read, removed by :meth:`close` or when the process ends.

    :param kind: str, becomes part of its name
    :raises OSError: when it cannot be made
    """

    def __init__(self, kind=""):
        self._process = os.getpid()
        self.path = tempfile.mkdtemp(prefix=PREFIX + kind)
        self._forget = at_end(self._remove)
        try:
            self._lock = _locked_file(self.path)
        except BaseException:
            self._forget()
            _remove_tree(self.path)
            raise

    def close(self):
        """Remove it with its contents; a second call does nothing."""
        self._forget()
        self._remove()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _remove(self):
        if self._process == os.getpid():  # not in a forked child
            _remove_tree(self.path)

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        self.close()


def _locked_file(directory):
    # Renamed after it is locked, so that a sweep in between does not remove the directory.
    descriptor, path = tempfile.mkstemp(dir=directory)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(path, os.path.join(directory, LOCK))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def sweep():
    """Remove this user's directories whose process was killed."""
    top = tempfile.gettempdir()
    try:
        names = os.listdir(top)
    except OSError:
        # Whoever may not list it can still make directories there.
        return
    for name in names:
        if name.startswith(PREFIX):
            _remove_if_abandoned(os.path.join(top, name))


def _remove_if_abandoned(path):
    try:
        status = os.lstat(path)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            return
        if stat.S_IMODE(status.st_mode) != 0o700:
            return
        lock = os.open(os.path.join(path, LOCK), os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        # Not a directory of a sandbox, or one that is just being created or removed.
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove_tree(path)
    except OSError:
        # Its process still runs.
        pass
    finally:
        os.close(lock)


def _remove_tree(path):
    """Remove a directory, the lock last: if interrupted, the next sweep continues."""
    for folder, names, _ in os.walk(path):
        for name in names:
            below = os.path.join(folder, name)
            if not os.path.islink(below):
                with contextlib.suppress(OSError):
                    # A pod may have left directories that are not writable.
                    os.chmod(below, 0o700)
    with contextlib.suppress(OSError):
        for name in os.listdir(path):
            if name != LOCK:
                _remove(os.path.join(path, name))
    shutil.rmtree(path, ignore_errors=True)


def _remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.unlink(path)
