"""Whatever archive is restored: what it holds is sent or refused, and no file is touched."""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import bz2
import io
import json
import os
import shutil
import tarfile
import tempfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from osbs import _archive
from osbs.cli.main import cmd_restore
from osbs.exceptions import OsbsException
from tests.limits import in_time
from tests.property import hostile

LARGEST = 4000
NAMES = [
    "buildconfigs.json",
    "d/buildconfigs.json",
    "/buildconfigs.json",
    "../buildconfigs.json",
    "../../etc/buildconfigs.json",
    "d/../../buildconfigs.json",
    "imagestreams.json",
    "secret",
    "",
    ".",
    "buildconfigs.json/",
    "buildconfigs",
    "n" * 300 + "/buildconfigs.json",
    "a\nbuildconfigs.json",
]
TYPES = [
    tarfile.REGTYPE,
    tarfile.REGTYPE,
    tarfile.REGTYPE,
    tarfile.AREGTYPE,
    tarfile.CONTTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.FIFOTYPE,
    tarfile.DIRTYPE,
    tarfile.GNUTYPE_SPARSE,
    tarfile.XHDTYPE,
    b"Z",
]
contents = st.one_of(
    st.fixed_dictionaries({"items": st.lists(hostile.documents, max_size=3)}).map(hostile.as_bytes),
    hostile.documents.map(hostile.as_bytes),
    st.binary(max_size=30),
    st.integers(LARGEST - 2, 40 * LARGEST).map(lambda size: b" " * size + b"{}"),
    st.sampled_from(
        [b"", b"[" * 3000, b'{"items": [' + b"[" * 3000, b'{"items": {}}', b"0" * 3000]
    ),
)
members = st.tuples(st.sampled_from(NAMES), st.sampled_from(TYPES), contents)


def packed(entries, link):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=str("w|bz2")) as written:
        for name, kind, content in entries:
            info = tarfile.TarInfo(str(name))
            info.type, info.size = kind, len(content)
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname, info.size, content = str(link), 0, b""
            written.addfile(info, io.BytesIO(content))
    return target.getvalue()


@pytest.fixture(scope="module")
def room():
    """A directory with a secret beside the working directory."""
    before = os.getcwd()
    top = tempfile.mkdtemp()
    os.mkdir(os.path.join(top, "work"))
    with io.open(os.path.join(top, "secret"), "wb") as secret:
        secret.write(b'{"items": [{"metadata": {"name": "secret-of-the-host"}}]}')
    os.chdir(os.path.join(top, "work"))
    real, _archive.MAX_MEMBER_SIZE = _archive.MAX_MEMBER_SIZE, LARGEST
    with hostile.no_pauses():
        yield top
    _archive.MAX_MEMBER_SIZE = real
    os.chdir(before)
    shutil.rmtree(top)


def restore(room, content, continue_on_error):
    """Restore an archive; returns the bodies of what was created."""
    path = os.path.join(room, "archive")
    with io.open(path, "wb") as written:
        written.write(content)
    osbs, transport = hostile.facade(lambda request: (200, {}, b'{"items": []}'))
    args = argparse.Namespace(
        BACKUP_ARCHIVE=path, continue_on_error=continue_on_error, ignore_quota_errors=False
    )
    try:
        cmd_restore(args, osbs)
    except OsbsException as ex:
        hostile.check_refusal(ex)
    return [
        hostile.body_of(request)
        for request in transport.requests
        if request.method == "POST" and "resourcequotas" not in request.url
    ]


def untouched(room):
    found = [sorted(names) for _, _, names in os.walk(room)]
    return found == [["archive", "secret"], []] and not os.listdir(os.path.join(room, "work"))


@given(st.lists(members, max_size=4), st.booleans())
@example([("../buildconfigs.json", tarfile.REGTYPE, b'{"items": [{}]}')], False)
@example([("buildconfigs.json", tarfile.SYMTYPE, b"")], False)
@example([("secret", tarfile.REGTYPE, b""), ("buildconfigs.json", tarfile.LNKTYPE, b"")], False)
@example([("buildconfigs.json", tarfile.REGTYPE, b" " * 10**6 + b"{}")], False)
@example([("buildconfigs.json", tarfile.REGTYPE, b'{"items": [null]}')], True)
@example([("buildconfigs.json", tarfile.REGTYPE, b'{"items": [{"metadata": []}]}')], False)
def test_any_archive_is_restored_or_refused_and_no_file_touched(room, entries, continue_on_error):
    sent = restore(room, packed(entries, room + "/secret"), continue_on_error)
    assert untouched(room)
    whole = b"".join(content for _, _, content in entries)
    for body in sent:
        assert len(body) <= 12 * len(whole) and b"secret-of-the-host" not in body
        json.loads(body.decode("utf-8"))


@given(
    st.lists(members, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=8)), max_size=4),
    st.booleans(),
)
def test_a_damaged_archive_sends_nothing_that_is_not_in_it(room, entries, damages, inside):
    data = bytearray(packed(entries, room + "/secret"))
    if inside:
        data = bytearray(bz2.decompress(bytes(data)))
    for position, garbage in damages:
        position %= len(data)
        data[position : position + len(garbage)] = garbage
    content = bytes(data)
    sent = restore(room, bz2.compress(content) if inside else content, False)
    assert untouched(room)
    assert not any(b"secret-of-the-host" in body for body in sent)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.sampled_from(TYPES) | st.binary(min_size=1, max_size=1),
            st.integers(-(2**63), 2**63 - 1) | st.integers(0, 2 * LARGEST),
            st.binary(max_size=2000),
        ),
        max_size=4,
    )
)
def test_members_of_any_announced_size_are_soon_read_or_refused(room, announced):
    content = b""
    for name, kind, size, data in announced:
        info = tarfile.TarInfo(str(name))
        info.type, info.size = kind, size
        content += info.tobuf(tarfile.GNU_FORMAT) + data
    with in_time():
        restore(room, bz2.compress(content, 1), False)
    assert untouched(room)


def test_a_small_archive_of_something_huge_is_refused(room):
    bomb = packed([("buildconfigs.json", tarfile.REGTYPE, b" " * (20 * 1024 * 1024))], "")
    assert len(bomb) < 1000
    assert not restore(room, bomb, False)
