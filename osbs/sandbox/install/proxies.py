"""Proxies in the environment: the sandbox listens on loopback, which no proxy reaches."""

import contextlib
import os
import threading

import requests

LOOPBACK = "127.0.0.1,localhost"
_NAMES = ("no_proxy", "NO_PROXY")

_lock = threading.Lock()
_blocks = 0
_before = {}  # type: dict


@contextlib.contextmanager
def loopback_excluded():
    """Exclude loopback from proxies in this process and its children, for a ``with`` block."""
    global _blocks
    with _lock:
        if not _blocks:
            _before.update((name, os.environ.get(name)) for name in _NAMES)
            os.environ.update(dict.fromkeys(_NAMES, _with_loopback()))
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if not _blocks:
                _restore()


def _with_loopback():
    # Lower-case names take precedence, as in requests.
    excluded = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    if excluded == "*":  # means all hosts only without other entries
        return excluded
    return "{},{}".format(excluded, LOOPBACK) if excluded else LOOPBACK


def _restore():
    for name, value in _before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def proxy_for(url):
    """Return the environment's proxy for a URL, without its password, or None."""
    wanted = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    return wanted and wanted.rpartition("@")[2]
