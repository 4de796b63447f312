"""Values that a process makes for itself, as Koji builders fork in the middle of their work.

Imports nothing of osbs.
"""

from __future__ import absolute_import, print_function, unicode_literals

import os

from osbs._typing import Any  # noqa: F401


class PerProcess(object):
    """A value that is made anew after a fork.

    A lock of the parent may be held by a thread that does not exist in the child, and its
    connections are not the child's.
    """

    def __init__(self, make):
        # type: (Any) -> None
        """
        :param make: function without arguments that returns a new value
        """
        self._make = make
        self._values = {}  # type: dict

    def get(self):
        # type: () -> Any
        """Return the value of this process, the same one to all threads."""
        pid = os.getpid()
        value = self._values.get(pid)
        if value is None:
            # Of several threads one is the first, and no lock is needed to tell.
            value = self._values.setdefault(pid, self._make())
            for other in set(self._values) - {pid}:
                self._values.pop(other, None)
        return value
