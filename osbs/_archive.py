"""Tar archives of backups: written by ``osbs backup-builder``, read by ``osbs restore-builder``.

An archive that is read may come from anywhere: names that leave the current directory, members
that are no files, absurd sizes and broken compression must soon end in one clear exception, and
nothing is ever extracted.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os
import re
from collections import namedtuple
from contextlib import contextmanager

import six

from osbs._compat import to_text
from osbs._typing import Any  # noqa: F401
from osbs.constants import MAX_BACKUP_MEMBERS, MAX_BACKUP_SIZE
from osbs.exceptions import OsbsValidationException

# Of a member of any kind.
MAX_MEMBER_SIZE = MAX_BACKUP_SIZE
# What is unpacked at a time. Python 2 unpacks all that it is given: a block, which may become 46 MB
# but takes more packed bytes than these.
_UNPACKED_PIECE = 64 * 1024
_PACKED_PIECE = 32 if six.PY2 else 64 * 1024
# Names and attributes of a member; tarfile reads them into memory.
_MAX_HEADER_SIZE = 64 * 1024
_PAX_PATH = re.compile(r"(?:\A|\n)\d+ path=([^\n]*)\n".encode("ascii"))


class TarWriter(object):
    """Write files into a bzip2-compressed tar stream; a context manager."""

    def __init__(self, outfile, directory=None):
        # type: (Any, str) -> None
        """
        :param outfile: path, or an object with ``write`` (which stays open at the end)
        :param directory: str or None, put in front of each name
        """
        import tarfile  # imported here: a good part of the start of the command line

        self.directory = directory or ""
        name, fileobj = (None, outfile) if hasattr(outfile, "write") else (outfile, None)
        self.tarfile = tarfile.open(name=name, mode="w|bz2", fileobj=fileobj)

    def __enter__(self):
        return self

    def __exit__(self, typ, val, tb):
        self.tarfile.close()

    def write_file(self, name, content):
        # type: (str, bytes) -> None
        """Add a file.

        :param name: str, its name below the directory
        :param content: bytes
        """
        self.write_stream(name, io.BytesIO(content), len(content))

    def write_stream(self, name, fileobj, size):
        # type: (str, Any, int) -> None
        """Add a file whose content is read piece by piece.

        :param name: str, its name below the directory
        :param fileobj: object with ``read``
        :param size: int, bytes; what follows them is left
        """
        info = self.tarfile.tarinfo(
            os.path.join(six.ensure_str(self.directory), six.ensure_str(name))
        )
        info.size = size
        self.tarfile.addfile(info, fileobj=fileobj)


class TarReader(object):
    """Iterate over the files of a bzip2-compressed tar stream.

    Items are ``TarReader.TarFile``: ``filename`` and ``fileobj``, which can be read only until
    the next item is asked for. Members that are not regular files are skipped. All members together
    must not be larger than MAX_BACKUP_SIZE.
    """

    TarFile = namedtuple("TarFile", "filename fileobj")

    def __init__(self, infile):
        # type: (Any) -> None
        """
        :param infile: path, or an object with ``read``
        :raises OsbsValidationException: not an archive of this kind
        """
        import tarfile  # imported here: see TarWriter

        self._at_end = False
        self._count = 0
        self._opened = None if hasattr(infile, "read") else open(infile, "rb")
        # Not "r|bz2": its time grows with the square of what a few bytes are unpacked to.
        unpacked = _Unpacked(self._opened or infile)  # type: Any
        strict = _strict_tarinfo(tarfile)
        try:
            with _refusing_broken():
                self.tarfile = tarfile.open(mode="r|", fileobj=unpacked, tarinfo=strict)
        except Exception:
            self._close_opened()
            raise

    def __iter__(self):
        return self

    def __next__(self):
        while not self._at_end:
            self._count += 1
            if self._count > MAX_BACKUP_MEMBERS:
                raise OsbsValidationException(
                    "the archive has more than %d members" % MAX_BACKUP_MEMBERS
                )
            try:
                with _refusing_broken():
                    member = self.tarfile.next()
                    if member is None:
                        break
                    if member.isfile():
                        _check_name(member.name)
                        raw = _MemberReader(self.tarfile.extractfile(member))
                        return self.TarFile(member.name, io.BufferedReader(raw))
            finally:
                # The stream is read once: remembering members would make memory grow with it.
                self.tarfile.members = []
        self._at_end = True
        self.close()
        raise StopIteration()

    next = __next__

    def close(self):
        # type: () -> None
        """Close the archive."""
        self.tarfile.close()
        self._close_opened()

    def _close_opened(self):
        if self._opened is not None:
            self._opened.close()


class _Unpacked(object):
    """The content of a bzip2 file, unpacked piece by piece and up to a limit."""

    def __init__(self, packed):
        import bz2

        self._packed = packed
        self._unpacker = bz2.BZ2Decompressor()
        self._arguments = (_UNPACKED_PIECE,) if hasattr(self._unpacker, "needs_input") else ()
        self._piece = io.BytesIO()
        self._size = 0

    def read(self, size):
        """Return at most so many bytes; none at the end."""
        data = self._piece.read(size)
        while not data and self._unpack():
            data = self._piece.read(size)
        return data

    def _unpack(self):
        """Unpack the next piece; returns False at the end. A piece may be empty."""
        needs_input = getattr(self._unpacker, "needs_input", True)
        packed = self._packed.read(_PACKED_PIECE) if needs_input else b""
        if needs_input and not packed:
            return False
        try:
            unpacked = self._unpacker.decompress(packed, *self._arguments)
        except EOFError:  # at the end
            return False
        self._size += len(unpacked)
        if self._size > MAX_BACKUP_SIZE:
            raise OsbsValidationException("the archive holds more than %d bytes" % MAX_BACKUP_SIZE)
        self._piece = io.BytesIO(unpacked)
        return True


class _MemberReader(io.RawIOBase):
    """A member's content, whose errors say that the archive is broken."""

    def __init__(self, fileobj):
        super(_MemberReader, self).__init__()
        self._fileobj = fileobj

    def readable(self):
        return True

    def readinto(self, target):
        with _refusing_broken():
            data = self._fileobj.read(len(target))
        target[: len(data)] = data
        return len(data)


def _strict_tarinfo(tarfile):
    pax_headers = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
    long_headers = pax_headers + (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)

    class StrictTarInfo(tarfile.TarInfo):
        """A member of an archive that has to be whole, with headers of bounded size."""

        @classmethod
        def fromtarfile(cls, archive):
            # tarfile takes any damage after the first member for the end of the archive.
            try:
                return super(StrictTarInfo, cls).fromtarfile(archive)
            except tarfile.EOFHeaderError:
                raise
            except tarfile.HeaderError as ex:
                raise tarfile.ReadError(str(ex))

        def _proc_member(self, archive):
            # What is skipped has to be read as well.
            if not 0 <= self.size <= MAX_MEMBER_SIZE:
                raise OsbsValidationException(
                    "%r in the archive holds %d bytes, more than the %d allowed"
                    % (self.name, self.size, MAX_MEMBER_SIZE)
                )
            if self.type == tarfile.GNUTYPE_SPARSE:
                raise tarfile.ReadError(str("sparse files are not supported"))
            if self.type in long_headers and self.size > _MAX_HEADER_SIZE:
                raise tarfile.ReadError(str("a header is too large"))
            if self.type in pax_headers:
                return self._proc_pax_path(archive)
            return super(StrictTarInfo, self)._proc_member(archive)

        def _proc_pax_path(self, archive):
            # Of these attributes only the path matters, and Python 2.7 never ends on hostile ones.
            records = archive.fileobj.read(self._block(self.size))[: self.size]
            member = self.fromtarfile(archive)
            path = _PAX_PATH.search(records)
            if path and self.type != tarfile.XGLTYPE:
                member.name = six.ensure_str(path.group(1), errors=str("replace"))
            member.offset = self.offset
            return member

    return StrictTarInfo


@contextmanager
def _refusing_broken():
    import tarfile  # imported here: see TarWriter

    try:
        yield
    # RuntimeError: headers of headers without end.
    except (tarfile.TarError, EOFError, ValueError, RuntimeError, EnvironmentError) as ex:
        raise OsbsValidationException(
            "the archive is broken or is not a bzip2-compressed tar: %s"
            % (ex or type(ex).__name__),
            cause=ex,
        )


def _check_name(name):
    name = to_text(name, "strict")
    name.encode("utf-8")
    if name.startswith("/") or ".." in name.split("/") or any(ch < " " for ch in name):
        raise OsbsValidationException("the archive holds a file with an unsafe name: %r" % name)
