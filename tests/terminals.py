"""Programs on a terminal of their own, and what is seen there."""

from __future__ import absolute_import, print_function, unicode_literals

import fcntl
import os
import re
import struct
import subprocess
import termios
import tty

from tests.conftest import ROOT, watchdog


class Session(object):
    """
    A program on a terminal; ``text`` is what it has written so far.

    :param command: list of text
    :param columns: int, width of the terminal
    :param limit: float, seconds after which the program is killed
    :param environment: variables for it
    """

    def __init__(self, command, columns=80, limit=60, **environment):
        self._master, slave = os.openpty()
        # Or the terminal changes ends of lines itself.
        tty.setraw(slave)
        self.text = ""
        self._data = b""
        self.resize(columns)
        env = dict(os.environ, PYTHONPATH=str(ROOT), TERM="xterm", LC_ALL="C.UTF-8", **environment)
        for name in {"NO_COLOR", "COLUMNS"} - set(environment):
            env.pop(name, None)
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={str(name): str(value) for name, value in env.items()},
        )
        os.close(slave)
        self._timer = watchdog(self.process, limit)

    def resize(self, columns):
        """Give the terminal another width."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack(str("4H"), 24, columns, 0, 0))

    def read_until(self, text):
        """Wait until the program has written a text."""
        while text not in self.text:
            assert self._read(), self.text

    def finish(self):
        """Wait for the end of the program; return its exit status."""
        while self._read():
            pass
        os.close(self._master)
        self._timer.cancel()
        return self.process.wait()

    def _read(self):
        try:
            data = os.read(self._master, 65536)
        except EnvironmentError:
            # So Linux tells that nobody has the other end any more.
            data = b""
        self._data += data
        self.text = self._data.decode("utf-8", "replace")
        return bool(data)

    @property
    def seen(self):
        """The lines, in colours, that are seen now; the status line clears itself."""
        return re.sub("[^\n]*\r\x1b\\[[JK]", "", self.text).rstrip("\n").split("\n")

    @property
    def words(self):
        """The lines that are seen, without colours."""
        return [re.sub("\x1b\\[[0-9;]*m", "", line) for line in self.seen]
