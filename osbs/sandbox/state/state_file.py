"""
The state file: an append-only file from which a killed sandbox restarts.

Each line is one JSON record ``[kind, ...]``. Every record is written without a buffer, so a SIGKILL
truncates the last line at worst. When a record cannot be written, the file ends with the one before
it, and all further changes are refused. On start the file is read and replaced by a snapshot. It
holds tokens and keys: only its owner can read it.
"""

import contextlib
import fcntl
import json
import logging
import os

logger = logging.getLogger(__name__)


class StateFileError(Exception):
    """The state file cannot be written, so all changes are refused."""

    def __init__(self, path, exc):
        super().__init__(
            "state file {} cannot be written: {}; free some space and restart the sandbox: it "
            "continues from the last change that was stored".format(path, exc.strerror or exc)
        )


class StateFile:
    """
    Write records to a file.

    :param path: str
    """

    def __init__(self, path):
        self.path = path
        self._file = None
        self._length = 0
        self._failure = None

    def read(self):
        """
        Yield the records of an existing file; a truncated last line is skipped.

        :raises ValueError: when another line is malformed (not a state file)
        :raises OSError: when another sandbox uses it or it cannot be read
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
                raise ValueError(
                    "{}: line {} is malformed; is it a state file?".format(self.path, number)
                )

    def restart(self, records):
        """
        Replace the file by a snapshot and keep it open for appending.

        :raises StateFileError: when it cannot be written; then the old file stays
        """
        try:
            self._replace(records)
        except OSError as exc:
            raise StateFileError(self.path, exc)

    def _replace(self, records):
        temporary = self.path + ".new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)  # left by a killed sandbox, or a symbolic link
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        target = open(os.open(temporary, flags, 0o600), "ab")
        try:
            _lock(target)
            for record in records:
                target.write(_line(record))
            target.flush()
            os.replace(temporary, self.path)
        except BaseException:
            os.unlink(temporary)
            with contextlib.suppress(OSError):
                target.close()
            raise
        self.close()
        self._file = target.detach()
        self._length = os.fstat(self._file.fileno()).st_size

    def append(self, *record):
        """
        Add a record.

        :raises StateFileError: when it cannot be written, then and for all later records
        """
        if self._failure is not None:
            raise self._failure
        if self._file is None:
            return
        try:
            rest = memoryview(_line(record))
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as exc:
            with contextlib.suppress(OSError):
                self._file.truncate(self._length)
            self._failure = StateFileError(self.path, exc)
            logger.error("%s", self._failure)
            raise self._failure
        self._length = self._file.tell()

    def close(self):
        """Close the file; later records are dropped."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock(file):
    """Lock a file until it is closed or the process ends, even by SIGKILL."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError("{}: another sandbox uses it".format(file.name))


def _line(record):
    return json.dumps(record, separators=(",", ":")).encode("utf-8") + b"\n"
