"""Files that clients use stay complete while a sandbox restarts in its directory."""

import os
import stat

import pytest

from osbs.sandbox.install.installation import Installation
from osbs.sandbox.state import atomic_file

IN_USE = ("ca.crt", "admin.crt", "admin.key", "osbs.conf")


@pytest.fixture
def twice(tmp_path):
    """Start a sandbox twice; return {file: what was done to the one that a client had open}."""
    directory = str(tmp_path / "files")
    state = str(tmp_path / "state")
    with Installation(directory, state=state):
        opened = {name: open(os.path.join(directory, name)) for name in IN_USE}
        before = {name: os.fstat(source.fileno()).st_mtime_ns for name, source in opened.items()}
    with Installation(directory, state=state):
        pass
    after = {name: os.fstat(source.fileno()) for name, source in opened.items()}
    for source in opened.values():
        source.close()
    return {
        name: {
            "written to": after[name].st_mtime_ns != before[name],
            "replaced": after[name].st_nlink == 0,
        }
        for name in IN_USE
    }


@pytest.mark.parametrize("name", IN_USE)
def test_nobody_writes_to_a_file_that_a_client_may_be_reading(twice, name):
    assert not twice[name]["written to"]


@pytest.mark.parametrize("name", IN_USE[:3])
def test_certificate_and_key_still_belong_together_after_a_restart(twice, name):
    assert not twice[name]["replaced"]


def test_a_configuration_is_renewed_by_a_restart(twice):
    assert twice["osbs.conf"]["replaced"]


def test_without_its_state_a_sandbox_replaces_the_certificates_of_another(tmp_path):
    directory = str(tmp_path)
    with Installation(directory):
        before = [atomic_file.content(str(tmp_path / name)) for name in IN_USE[:3]]
    with Installation(directory) as second:
        after = [atomic_file.content(str(tmp_path / name)) for name in IN_USE[:3]]
        assert after[0] == atomic_file.content(second.server.ca)
    assert not set(before) & set(after)


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_other(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        atomic_file.replace(str(path), "no bytes")
    assert [(name, (tmp_path / name).read_bytes()) for name in os.listdir(str(tmp_path))] == [
        ("file", b"old")
    ]


@pytest.mark.parametrize("mode", [atomic_file.OWNER_ONLY, atomic_file.FOR_ALL])
def test_a_file_has_the_mode_that_was_asked_for(tmp_path, mode):
    path = str(tmp_path / "file")
    atomic_file.replace(path, b"", mode)
    assert stat.S_IMODE(os.stat(path).st_mode) == mode


def test_a_file_that_is_not_there_has_no_content(tmp_path):
    assert atomic_file.content(str(tmp_path / "file")) is None
