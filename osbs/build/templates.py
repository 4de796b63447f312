"""Read the JSON files of a template directory, each once per process and change of the file.

May import ``osbs._compat`` and ``osbs.exceptions``. Whoever asks gets a copy of its own, so that
rendering may change it.
"""

from __future__ import absolute_import, print_function, unicode_literals

import errno
import json
import marshal
import os
from time import time as _now

from osbs import _compat
from osbs.exceptions import OsbsValidationException

# A file that changed this short a time ago (seconds) may change again without its time and size
# telling: file systems count time in steps of up to two seconds.
_SETTLED_AFTER = 2.0
# More files than any installation has; only a program that walks through directories gets there.
_MAX_ENTRIES = 128

_OPEN = _compat.builtin("open")

_entries = {}  # type: dict


class TemplateError(OsbsValidationException, ValueError):
    """A template is not JSON; callers that know only the decoder's ValueError catch it too."""


class _Entry(object):
    """What was read from a file, and which state of the file that was.

    ``copy`` is marshalled: nothing copies JSON-like data faster, and it never leaves the process.
    """

    __slots__ = ("signature", "content", "copy")

    def __init__(self, signature, content, copy):
        self.signature = signature
        self.content = content
        self.copy = copy


def load(path, check=None):
    """Return the parsed content of a JSON file; the caller may change it.

    :param path: str, path of the file
    :param check: function of the parsed content and the path that raises for what is wrong; called
        only when the file is new or has changed
    :raises IOError: when the file cannot be opened; attribute ``filename`` names it
    :raises TemplateError: when it is not JSON
    """
    key = (path, check)
    signature = _signature(path)
    entry = _entries.get(key)
    if entry is None or signature is None or entry.signature != signature:
        entry = _read(key, signature, entry)
    return marshal.loads(entry.copy)  # noqa: S302 - marshalled by this process


def _signature(path):
    # Who replaces the builtin wants every read to go through the replacement.
    if _compat.builtin("open") is not _OPEN:
        return None
    try:
        status = os.stat(path)
    except (EnvironmentError, ValueError, TypeError):
        return None  # open tells better what is wrong
    if _now() - max(status.st_mtime, status.st_ctime) < _SETTLED_AFTER:
        return None
    return (status.st_mtime, status.st_ctime, status.st_size, status.st_ino, status.st_dev)


def _read(key, signature, known):
    path, check = key
    content = _content(path)
    if known is not None and known.content == content:
        copy = known.copy
    else:
        document = _parsed(content, path)
        if check is not None:
            check(document, path)
        copy = marshal.dumps(document)
    entry = _Entry(signature, content, copy)
    if len(_entries) >= _MAX_ENTRIES:
        _entries.clear()
    _entries[key] = entry
    return entry


def _parsed(content, path):
    try:
        return json.loads(_compat.to_text(content, "strict"))
    except (ValueError, RuntimeError) as ex:  # RecursionError is a RuntimeError
        raise TemplateError("%s: not valid JSON: %s" % (path, ex), cause=ex)


def _content(path):
    try:
        with open(path, "rb") as template:
            return template.read()
    except (TypeError, ValueError) as ex:  # names that no file can have, such as one with a NUL
        raise IOError(errno.ENOENT, "no such name is possible: %s" % ex, path)
