"""Files that their owner alone may read, such as that in which ``osbs login`` keeps a token."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import tempfile


def save_token(path, token):
    # type: (str, str) -> None
    """Write a token so that only its owner can ever read it, replacing the file at once.

    :param path: str, the file; its directory is made when missing
    :param token: str
    :raises OSError: when directory or file cannot be written
    """
    directory = os.path.dirname(path)
    try:
        os.makedirs(directory, 0o700)
    except OSError:  # perhaps another login has just made it
        if not os.path.isdir(directory):
            raise
    # Nothing but tokens is in that one; any other belongs to more than this program.
    if os.path.basename(directory) == str(".osbs"):
        os.chmod(directory, 0o700)
    replace_file(path, token.encode("utf-8") + b"\n")


def replace_file(path, content):
    # type: (str, bytes) -> None
    """Write a file that only its owner can ever read, in the place of what has its name.

    :raises EnvironmentError: it cannot be written
    """
    descriptor, unfinished = tempfile.mkstemp(dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, "wb") as new_file:
            new_file.write(content)
        os.rename(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise
