"""
The state file: an append-only journal from which a killed stand-in is started again.

Each line is one JSON record ``[kind, ...]``. Every record is handed to the operating system at
once, so a SIGKILL loses nothing but, at worst, half of the last line. On start the journal is read
and replaced by a snapshot. The file holds tokens and keys: only its owner can read it. Imports
nothing of the sandbox.
"""

import fcntl
import json
import os


class Journal:
    """
    Write records to a file.

    :param path: str
    """

    def __init__(self, path):
        self.path = path
        self._file = None

    def read(self):
        """
        Yield the records of an existing file; a broken last line is skipped.

        :raises ValueError: when a line in the middle is broken (not our file)
        :raises OSError: when another sandbox uses it, or it cannot be read
        """
        try:
            with open(self.path, "rb") as source:
                _lock(source)
                lines = source.read().split(b"\n")
        except FileNotFoundError:
            return
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                yield json.loads(line.decode("utf-8"))
            except ValueError:
                if number >= len(lines):
                    return
                raise ValueError("{}: line {} is no record of a sandbox".format(self.path, number))

    def restart(self, records):
        """Replace the file by a snapshot and keep it open for appending."""
        temporary = self.path + ".new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            for record in records:
                target.write(_line(record))
        os.replace(temporary, self.path)
        self._file = open(self.path, "ab", buffering=0)
        _lock(self._file)

    def append(self, *record):
        """Add a record."""
        if self._file is not None:
            self._file.write(_line(record))

    def close(self):
        """Close the file; later records are dropped."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock(file):
    """Lock a file; the lock ends with the file or its process, SIGKILL included."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError("{}: another sandbox uses it".format(file.name))


def _line(record):
    return json.dumps(record, separators=(",", ":")).encode("utf-8") + b"\n"
