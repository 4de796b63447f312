"""Archives of backups, good and bad."""

from __future__ import absolute_import, print_function, unicode_literals

import bz2
import io
import tarfile

import pytest

from osbs import _archive
from osbs.exceptions import OsbsValidationException
from osbs.utils import TarReader, TarWriter


def write(files, directory=""):
    target = io.BytesIO()
    with TarWriter(target, directory) as writer:
        for name, content in files:
            writer.write_file(name, content)
    return target.getvalue()


def read(data):
    return [(item.filename, item.fileobj.read()) for item in TarReader(io.BytesIO(data))]


def member(name, size=0, **attributes):
    info = tarfile.TarInfo(str(name))
    info.size = size
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


def archive_of(*members, **kwargs):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=str("w|bz2"), **kwargs) as written:
        for info in members:
            written.addfile(info, io.BytesIO(b"x" * info.size))
    return target.getvalue()


@pytest.mark.parametrize("directory", ["", "some/thing", None])
def test_what_is_written_can_be_read(directory):
    prefix = directory + "/" if directory else ""
    files = [("x.json", b"{}"), ("empty", b""), ("big", b"y" * 100000)]
    assert read(write(files, directory)) == [(prefix + name, text) for name, text in files]


def test_a_reader_that_has_reached_the_end_stays_there():
    reader = TarReader(io.BytesIO(write([("x", b"{}")], "")))
    assert len(list(reader)) == 1
    assert list(reader) == []


def test_an_archive_can_be_a_path(tmpdir):
    path = str(tmpdir.join("backup.tar.bz2"))
    with TarWriter(path, "bk") as writer:
        writer.write_file("x.json", b"{}")
    assert [item.filename for item in TarReader(path)] == ["bk/x.json"]


def test_a_stream_is_written_as_far_as_its_size_goes():
    target = io.BytesIO()
    with TarWriter(target, "bk") as writer:
        writer.write_stream("x.json", io.BytesIO(b"{} and more"), 2)
        writer.write_file("after", b"2")
    assert read(target.getvalue()) == [("bk/x.json", b"{}"), ("bk/after", b"2")]


@pytest.mark.parametrize("name", ["caf\xe9.json", "n" * 300])
def test_names_may_be_long_or_foreign(name):
    if str is bytes:
        name = name.encode("utf-8")
    assert read(write([(name, b"1"), ("after", b"2")])) == [(name, b"1"), ("after", b"2")]


def test_a_written_member_does_not_depend_on_time_or_user():
    with tarfile.open(fileobj=io.BytesIO(write([("x", b"1")]))) as plain:
        info = plain.next()
    assert (info.mtime, info.mode, info.uid, info.gid) == (0, 0o644, 0, 0)


def test_only_regular_files_are_read():
    data = archive_of(
        member("d", type=tarfile.DIRTYPE),
        member("f", 1),
        member("l", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("h", type=tarfile.LNKTYPE, linkname="f"),
        member("c", type=tarfile.CHRTYPE),
    )
    assert read(data) == [("f", b"x")]


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a\nb"])
def test_a_name_that_leaves_the_directory_is_refused(name):
    with pytest.raises(OsbsValidationException) as caught:
        read(archive_of(member(name, 1)))
    assert "unsafe name" in caught.value.message


def test_a_name_that_is_not_utf8_is_refused():
    whole = bz2.decompress(write([("name", b"1")]))
    header = bytearray(whole[:512])
    header[0:1] = b"\xff"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(OsbsValidationException) as caught:
        read(bz2.compress(bytes(header) + whole[512:]))
    assert "codec" in caught.value.message


def test_a_member_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(_archive, "MAX_MEMBER_SIZE", 10)
    assert read(archive_of(member("f", 10)))
    with pytest.raises(OsbsValidationException) as caught:
        read(archive_of(member("f", 11)))
    assert "11 bytes" in caught.value.message


@pytest.mark.parametrize(
    "kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE]
)
def test_a_header_that_is_too_large_is_refused(kind):
    with pytest.raises(OsbsValidationException):
        read(archive_of(member("f", 1000000, type=kind), member("g", 1)))


def test_a_reader_of_a_path_leaves_no_file_open(tmpdir):
    path = tmpdir.join("backup.tar.bz2")
    path.write_binary(write([("x", b"{}")]))
    reader = TarReader(str(path))
    assert len(list(reader)) == 1
    assert reader._opened.closed


@pytest.mark.parametrize("data", [b"", b"garbage", bz2.compress(b"x")])
def test_a_path_that_is_no_archive_is_refused(data, tmpdir):
    path = tmpdir.join("backup.tar.bz2")
    path.write_binary(data)
    with pytest.raises(OsbsValidationException):
        TarReader(str(path))


def test_headers_of_headers_are_refused():
    chain = [member("f", 1, type=tarfile.GNUTYPE_LONGNAME) for _ in range(5000)]
    with pytest.raises(OsbsValidationException):
        read(archive_of(*chain))


def test_attributes_without_end_end():
    # tarfile of Python 2.7 never comes back from a record of length 0.
    record = b"0 path=x\n" + b"13 path=name\n"
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=str("w|bz2")) as written:
        written.addfile(member("h", len(record), type=tarfile.XHDTYPE), io.BytesIO(record))
        written.addfile(member("f", 1), io.BytesIO(b"x"))
    assert [name for name, _ in read(target.getvalue())] in (["x"], ["name"])


@pytest.mark.parametrize(
    "data", [b"", b"garbage", bz2.compress(b"garbage" * 1000), b"BZh9garbage" * 100]
)
def test_what_is_no_archive_is_said_to_be_none(data):
    with pytest.raises(OsbsValidationException) as caught:
        read(data)
    assert "bzip2-compressed tar" in caught.value.message


def test_an_archive_that_was_cut_is_never_taken_for_whole():
    whole = bz2.decompress(write([("a", b"1" * 2000), ("b", b"2" * 2000)]))
    end = len(whole.rstrip(b"\0"))
    for size in range(0, end, 256):
        with pytest.raises(OsbsValidationException):
            read(bz2.compress(whole[:size]))


def test_damage_in_the_middle_is_never_taken_for_the_end():
    whole = bytearray(bz2.decompress(write([("a", b"1"), ("b", b"2")])))
    whole[1024:1030] = b"XXXXXX"
    with pytest.raises(OsbsValidationException):
        read(bz2.compress(bytes(whole)))


def test_a_reader_does_not_remember_what_was_read():
    reader = TarReader(io.BytesIO(write([(str(n), b"x") for n in range(50)])))
    next(reader)
    for _ in reader:
        assert len(reader.tarfile.members) <= 1
