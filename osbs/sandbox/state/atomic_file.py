"""Replace files atomically: clients read them while the sandbox restarts."""

import os
import tempfile

#: modes of files
OWNER_ONLY = 0o600
FOR_ALL = 0o644


def replace(path, content, mode=OWNER_ONLY):
    """
    Write a file so that readers see either the old content or the new one.

    :param path: str
    :param content: bytes
    :param mode: int, mode of the file
    :raises OSError: when it cannot be written; then the old file stays
    """
    descriptor, unfinished = tempfile.mkstemp(dir=os.path.dirname(path) or os.curdir)
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.write(content)
            os.fchmod(target.fileno(), mode)
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise


def content(path):
    """Return the bytes of a file; None when it is missing."""
    try:
        with open(path, "rb") as source:
            return source.read()
    except FileNotFoundError:
        return None
