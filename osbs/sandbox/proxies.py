"""Proxies from the environment: a sandbox listens on loopback, where no proxy leads."""

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
    """Keep loopback out of any proxy, in this process and those that it starts, for a block."""
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
    # The small letters win, as they do in requests.
    excluded = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    if excluded == "*":  # means everything only when it stands alone
        return excluded
    return "{},{}".format(excluded, LOOPBACK) if excluded else LOOPBACK


def _restore():
    for name, value in _before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def proxy_for(url):
    """Return the proxy that the environment wants for a URL, without its password; or None."""
    wanted = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    return wanted and wanted.rpartition("@")[2]
