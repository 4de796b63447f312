"""Files of a sandbox that clients read while it starts again."""

import os
import tempfile

#: modes of files
OWNER_ONLY = 0o600
FOR_ALL = 0o644


def replace(path, content, mode=OWNER_ONLY):
    """
    Write a file so that a reader sees the old content or the new one, never half of it.

    :param path: str
    :param content: bytes
    :param mode: int, mode of the file
    :raises OSError: when it cannot be written; then nothing has changed
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
    """Return the bytes of a file; None when there is none."""
    try:
        with open(path, "rb") as source:
            return source.read()
    except FileNotFoundError:
        return None
