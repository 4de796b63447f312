"""Finds files of a commit in git's objects, following links as far as they stay in the repository.

Nothing is checked out: a tree of a few kilobytes can stand for more files than any disk holds.
"""

from __future__ import absolute_import, print_function, unicode_literals

from collections import namedtuple

_LINK, _DIRECTORY, _SUBMODULE = b"120000", b"040000", b"160000"
_MAX_LINK = 4096
# Links and directories on the way to a file; most take a command. Linux follows 40 links.
_MAX_LOOKUPS = 40

# kind: one of the four. object_id: bytes, of a FILE only.
Found = namedtuple("Found", "kind object_id")
FILE, MISSING, OUTSIDE, NO_FILE = "file", "missing", "outside", "no file"


class Tree(object):
    """The files of a commit."""

    def __init__(self, git, commit, names):
        """
        :param git: Workspace
        :param commit: str, object id
        :param names: list of str, what will be looked up at the top
        """
        self._git = git
        self._top = commit.encode("ascii")
        self._lookups = 0
        self._entries = {}  # type: dict # (object id of a tree, name) -> (mode, object id)
        # Each call starts a process: one for all files.
        self._load(self._top, [name.encode("ascii") for name in names])

    def find(self, name):
        # type: (str) -> Found
        """Tell what the file system of a checkout would have under a name.

        MISSING are also a link to nothing, a circle of links, and a path that is too long to be
        followed. OUTSIDE is every link out of the repository: the host's files are not looked at.

        :raises OsbsException: git cannot read the tree or a link
        """
        directories, rest = [self._top], [name.encode("ascii")]
        self._lookups = 0
        while rest:
            part = rest.pop(0)
            if part == b"..":
                directories.pop()
            elif part not in (b"", b"."):
                mode, object_id = self._look_up(directories[-1], part)
                if mode == _LINK:
                    target = self.read(object_id, _MAX_LINK)
                    directories = [] if target.startswith(b"/") else directories
                    rest[:0] = target.split(b"/")
                elif mode in (_DIRECTORY, _SUBMODULE):
                    directories.append(object_id if mode == _DIRECTORY else None)
                elif mode is None or rest:
                    return Found(MISSING, None)
                else:
                    return Found(FILE, object_id)
            if not directories:
                return Found(OUTSIDE, None)
        return Found(NO_FILE, None)

    def read(self, object_id, limit):
        # type: (bytes, int) -> bytes
        """Return a file's content or a link's target, cut after a number of bytes."""
        return self._git.run("cat-file", "blob", object_id, cwd=self._git.repo, limit=limit)

    def _look_up(self, directory, name):
        self._lookups += 1
        if directory is None or self._lookups > _MAX_LOOKUPS:
            return None, None
        if (directory, name) not in self._entries:
            self._load(directory, [name])
        return self._entries[directory, name]

    def _load(self, directory, names):
        listed = self._git.run(
            "ls-tree", "-z", "--full-tree", directory, "--", *names, cwd=self._git.repo
        )
        self._entries.update(((directory, name), (None, None)) for name in names)
        # Each is "<mode> <type> <object id>\t<name>".
        for entry in listed.split(b"\0")[:-1]:
            about, _, name = entry.partition(b"\t")
            mode, _, object_id = about.split()
            self._entries[directory, name] = mode, object_id
