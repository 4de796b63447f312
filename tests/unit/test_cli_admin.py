"""Backup and restore archives."""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import io
import json
import os
import re
import signal
import stat
import sys
import tarfile

import pytest
from flexmock import flexmock

from osbs.cli.commands import admin
from osbs.cli.main import cmd_backup, cmd_restore
from osbs.exceptions import OsbsException, OsbsResponseException
from tests import limits

LISTS = {
    "buildconfigs": {
        "kind": "BuildConfigList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "1"},
        "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "\xed"}}],
    },
    "imagestreams": {"kind": "ImageStreamList", "apiVersion": "v1", "metadata": {}, "items": []},
}


class FakeOSBS(object):
    """Dumps and restores, and takes note of the order."""

    page_size = 1000

    def __init__(self, failing=()):
        self.calls = []
        self.restored = []
        self.failing = failing

    def pause_builds(self, quota_name=None):
        self.calls.append(("pause", quota_name))
        if "pause" in self.failing:
            raise OsbsResponseException("forbidden", 403)

    def resume_builds(self, quota_name=None):
        self.calls.append(("resume", quota_name))

    def dump_pages(self, resource_type, page_size):
        self.calls.append(("dump", resource_type, page_size))
        if resource_type in self.failing:
            raise OsbsException("cannot dump")
        whole = LISTS[resource_type]
        for start in range(0, len(whole["items"]), self.page_size) or [0]:
            metadata = dict(whole["metadata"], **{"continue": "more"})
            yield dict(
                whole, metadata=metadata, items=whole["items"][start : start + self.page_size]
            )

    def restore_resource(self, resource_type, resources, continue_on_error=False):
        self.calls.append(("restore", resource_type, continue_on_error))
        self.restored.append((resource_type, resources))


def arguments(**facts):
    defaults = {
        "instance": "default",
        "filename": None,
        "ignore_quota_errors": False,
        "continue_on_error": False,
        "quiet": False,
    }
    return argparse.Namespace(**dict(defaults, **facts))


@pytest.fixture
def workdir(tmpdir):
    with tmpdir.as_cwd():
        yield tmpdir


def backup(osbs=None, **facts):
    osbs = osbs or FakeOSBS()
    cmd_backup(arguments(**facts), osbs)
    return osbs


def restore(path, osbs=None, **facts):
    osbs = osbs or FakeOSBS()
    cmd_restore(arguments(BACKUP_ARCHIVE=str(path), **facts), osbs)
    return osbs


def interrupted(*args):
    raise KeyboardInterrupt()


def archive(path, **members):
    """Write a tar archive; a member None is a directory."""
    with tarfile.open(str(path), str("w:bz2")) as tar:
        for name, content in sorted(members.items()):
            info = tarfile.TarInfo(str("bk/%s" % name.replace("__", ".")))
            if content is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


class TestBackup(object):
    def test_builds_are_paused_while_resources_are_dumped(self, workdir):
        assert backup().calls == [
            ("pause", "pause-backup"),
            ("dump", "buildconfigs", 500),
            ("dump", "imagestreams", 500),
            ("resume", "pause-backup"),
        ]

    def test_the_archive_has_the_name_of_the_instance_and_the_time(self, workdir):
        backup(instance="100%")
        (name,) = os.listdir(str(workdir))
        assert re.match(r"^osbs-backup-100%-\d{4}-\d\d-\d\d-\d{6}\.tar\.bz2$", name)

    def test_an_instance_like_a_path_stays_in_the_directory(self, workdir):
        backup(instance="../x/y")
        assert len(os.listdir(str(workdir))) == 1

    def test_the_archive_holds_a_file_for_each_resource(self, workdir):
        backup(filename="b.tar.bz2")
        with tarfile.open("b.tar.bz2") as tar:
            names = [os.path.basename(name) for name in tar.getnames()]
            assert names == ["buildconfigs.json", "imagestreams.json"]

    def test_the_files_lie_in_a_directory_named_like_the_archive(self, workdir):
        backup()
        (name,) = os.listdir(str(workdir))
        with tarfile.open(name) as tar:
            directories = {os.path.dirname(member) for member in tar.getnames()}
        assert directories == {name[: -len(".tar.bz2")]}

    def test_the_members_are_plain(self, workdir):
        backup(filename="b.tar.bz2")
        with tarfile.open("b.tar.bz2") as tar:
            for member in tar:
                facts = (member.isreg(), member.mtime, member.mode, member.uid, member.gid)
                assert facts == (True, 0, 0o644, 0, 0)

    @pytest.mark.parametrize("resource_type", sorted(LISTS))
    def test_a_file_is_the_list_object(self, workdir, resource_type):
        backup(filename="b.tar.bz2")
        with tarfile.open("b.tar.bz2") as tar:
            (member,) = [one for one in tar if resource_type in one.name]
            content = tar.extractfile(member).read().decode("ascii")
        assert json.loads(content) == LISTS[resource_type]

    @pytest.mark.parametrize("page_size", [1, 2, 3])
    def test_pages_are_joined_to_one_list(self, workdir, page_size):
        osbs = FakeOSBS()
        osbs.page_size = page_size
        backup(osbs, filename="b")
        assert restore("b").restored == sorted(LISTS.items())

    def test_a_facade_that_knows_whole_lists_only_is_asked_for_them(self, workdir):
        asked = []

        def dump_resource(resource_type, page_size=None):
            asked.append((resource_type, page_size))
            return LISTS[resource_type]

        whole = flexmock(
            dump_resource=dump_resource,
            pause_builds=lambda quota_name: None,
            resume_builds=lambda quota_name: None,
        )
        backup(whole, filename="b")
        assert asked == [("buildconfigs", 500), ("imagestreams", 500)]
        assert dict(restore("b").restored) == LISTS

    def test_only_the_owner_may_read_the_archive(self, workdir):
        backup(filename="b.tar.bz2")
        assert stat.S_IMODE(os.stat("b.tar.bz2").st_mode) == 0o600

    def test_a_failure_leaves_no_archive(self, workdir):
        with pytest.raises(OsbsException):
            backup(FakeOSBS(failing=["imagestreams"]), filename="b.tar.bz2")
        assert os.listdir(str(workdir)) == []

    def test_a_failure_leaves_the_older_archive(self, workdir):
        workdir.join("b.tar.bz2").write("older")
        with pytest.raises(OsbsException):
            backup(FakeOSBS(failing=["imagestreams"]), filename="b.tar.bz2")
        assert workdir.join("b.tar.bz2").read() == "older"

    def test_an_interruption_leaves_no_archive(self, workdir):
        osbs = FakeOSBS()
        osbs.dump_pages = interrupted
        with pytest.raises(KeyboardInterrupt):
            backup(osbs, filename="b.tar.bz2")
        assert os.listdir(str(workdir)) == []
        assert osbs.calls[-1] == ("resume", "pause-backup")

    def test_a_failure_resumes_builds(self, workdir):
        osbs = FakeOSBS(failing=["imagestreams"])
        with pytest.raises(OsbsException):
            backup(osbs)
        assert osbs.calls[-1] == ("resume", "pause-backup")

    def test_after_an_error_it_goes_on_if_told_so(self, workdir, caplog):
        backup(FakeOSBS(failing=["buildconfigs"]), filename="b", continue_on_error=True)
        with tarfile.open("b") as tar:
            assert [os.path.basename(name) for name in tar.getnames()] == ["imagestreams.json"]
        assert "cannot dump buildconfigs" in caplog.text

    def test_without_the_right_to_pause_it_fails(self, workdir):
        with pytest.raises(OsbsResponseException):
            backup(FakeOSBS(failing=["pause"]))

    def test_without_the_right_to_pause_it_goes_on_if_told_so(self, workdir):
        backup(FakeOSBS(failing=["pause"]), filename="b", ignore_quota_errors=True)
        assert os.path.exists("b")

    def test_a_directory_that_does_not_exist_is_named_before_builds_are_paused(self, workdir):
        osbs = FakeOSBS()
        with pytest.raises(OsbsException) as exc_info:
            backup(osbs, filename="no/such/b")
        assert "no/such/b" in exc_info.value.message
        assert osbs.calls == []

    def test_a_symbolic_link_is_followed(self, workdir):
        os.symlink("real", "link")
        backup(filename="link")
        assert os.path.islink("link")
        assert os.path.isfile("real")

    def test_a_device_is_written_to_and_stays(self, workdir):
        backup(filename="/dev/null")
        assert not os.path.isfile("/dev/null")
        assert os.listdir(str(workdir)) == []

    def test_a_dash_is_stdout(self, workdir, monkeypatch):
        class Stdout(object):
            buffer = io.BytesIO()
            write = buffer.write
            flush = buffer.flush

        monkeypatch.setattr(sys, "stdout", Stdout())
        backup(filename="-")
        with tarfile.open(fileobj=io.BytesIO(Stdout.buffer.getvalue())) as tar:
            assert len(tar.getnames()) == 2
        assert os.listdir(str(workdir)) == []

    def test_no_progress_is_shown_when_stderr_is_no_terminal(self, workdir, capsys):
        backup(filename="b")
        assert capsys.readouterr() == ("", "backup written to %s\n" % workdir.join("b"))

    @pytest.mark.parametrize("quiet, shown", [(False, True), (True, False)])
    def test_progress_is_shown_on_a_terminal(self, workdir, monkeypatch, quiet, shown):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        backup(filename="b", quiet=quiet)
        assert ("\rbuildconfigs: 2" in terminal.getvalue()) is shown
        assert terminal.getvalue()[-1:] in ("", "\n")


class TestRestore(object):
    def test_what_was_backed_up_is_restored(self, workdir):
        backup(filename="b")
        assert restore("b").restored == sorted(LISTS.items())

    def test_what_became_of_the_objects_is_told(self, workdir, capsys):
        archive("b", imagestreams__json=b'{"items": []}')
        osbs = FakeOSBS()
        counts = {"created": 2, "existing": 1, "failed": 0}
        osbs.restore_resource = lambda *args, **kwargs: counts
        assert cmd_restore(arguments(BACKUP_ARCHIVE="b"), osbs) is None
        expected = "imagestreams: 2 created, 1 existing, 0 failed\n"
        assert capsys.readouterr() == ("", expected)

    def test_it_fails_when_an_object_could_not_be_created(self, workdir):
        archive("b", imagestreams__json=b'{"items": []}')
        osbs = FakeOSBS()
        counts = {"created": 0, "existing": 0, "failed": 1}
        osbs.restore_resource = lambda *args, **kwargs: counts
        assert cmd_restore(arguments(BACKUP_ARCHIVE="b"), osbs) == -1

    def test_builds_are_paused_meanwhile(self, workdir):
        backup(filename="b")
        calls = restore("b").calls
        assert (calls[0], calls[-1]) == (("pause", "pause-backup"), ("resume", "pause-backup"))

    @pytest.mark.parametrize("go_on", [True, False])
    def test_the_option_to_go_on_is_passed_on(self, workdir, go_on):
        backup(filename="b")
        calls = restore("b", continue_on_error=go_on).calls
        assert calls[1:-1] == [("restore", name, go_on) for name in sorted(LISTS)]

    def test_a_dash_is_stdin_which_stays_open(self, workdir, monkeypatch):
        backup(filename="b")

        class Stdin(object):
            buffer = io.open("b", "rb")

        monkeypatch.setattr(sys, "stdin", Stdin())
        assert len(restore("-").restored) == 2
        # Whatever was opened next would take the place of a standard stream that is closed.
        assert not Stdin.buffer.closed
        Stdin.buffer.close()

    def test_other_members_are_skipped_with_a_warning(self, workdir, caplog):
        archive("b", secrets__json=b"{", imagestreams__json=b'{"items": []}')
        assert [name for name, _ in restore("b").restored] == ["imagestreams"]
        assert "secrets.json" in caplog.text

    def test_a_directory_named_like_a_resource_is_skipped(self, workdir):
        archive("b", buildconfigs=None, imagestreams__json=b'{"items": []}')
        assert [name for name, _ in restore("b").restored] == ["imagestreams"]

    def test_an_empty_list_may_be_null(self, workdir):
        archive("b", imagestreams__json=b'{"items": null}')
        assert restore("b").restored == [("imagestreams", {"items": None})]

    @pytest.mark.parametrize("content", [b"{", b"\xff", b"[]", b"{}", b'{"items": 1}', b""])
    def test_a_member_that_is_no_list_is_named(self, workdir, content):
        archive("b", imagestreams__json=content)
        with pytest.raises(OsbsException) as exc_info:
            restore("b")
        assert "bk/imagestreams.json" in exc_info.value.message
        assert "b:" in exc_info.value.message

    def test_nothing_is_asked_of_the_server_when_a_later_member_is_broken(self, workdir):
        archive("b", buildconfigs__json=b'{"items": []}', imagestreams__json=b"{")
        osbs = FakeOSBS()
        with pytest.raises(OsbsException):
            restore("b", osbs)
        assert osbs.calls == []

    def test_more_values_than_fit_into_memory_are_refused(self, workdir, monkeypatch):
        monkeypatch.setattr(admin, "MAX_BACKUP_VALUES", 5)
        archive("b", imagestreams__json=b'{"items": [[], [], []]}')
        with pytest.raises(OsbsException) as exc_info:
            restore("b")
        assert exc_info.value.message.endswith("bk/imagestreams.json has more than 5 values")

    @pytest.mark.parametrize(
        "way_out",
        [
            "raise OsbsException('failed')",
            "raise KeyboardInterrupt()",
            "os.kill(os.getpid(), signal.SIGTERM)",
            "os.kill(os.getpid(), signal.SIGHUP)",
        ],
    )
    def test_builds_are_resumed_on_every_way_out(self, workdir, way_out):
        archive("b", imagestreams__json=b'{"items": []}')
        code = """
import os, signal
from osbs.cli.main import cmd_restore
from osbs.exceptions import OsbsException
from tests.unit.test_cli_admin import FakeOSBS, arguments

class Failing(FakeOSBS):
    def restore_resource(self, *args, **kwargs):
        %s

signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
osbs = Failing()
try:
    cmd_restore(arguments(BACKUP_ARCHIVE="b"), osbs)
except (OsbsException, KeyboardInterrupt, SystemExit) as ex:
    print(osbs.calls[-1][0], getattr(ex, "code", None))
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
"""
        number = {"M)": 128 + signal.SIGTERM, "P)": 128 + signal.SIGHUP}.get(way_out[-2:])
        said, _ = limits.run(code % way_out)
        assert said == "resume %s\n" % number

    def test_a_signal_does_not_interrupt_resuming(self, workdir):
        archive("b", imagestreams__json=b'{"items": []}')
        code = """
import os, signal
from osbs.cli.main import cmd_restore
from tests.unit.test_cli_admin import FakeOSBS, arguments

class Ended(FakeOSBS):
    def resume_builds(self, quota_name=None):
        os.kill(os.getpid(), signal.SIGTERM)
        print("resumed")

signal.signal(signal.SIGTERM, signal.SIG_DFL)
cmd_restore(arguments(BACKUP_ARCHIVE="b"), Ended())
"""
        assert limits.run(code)[0] == "resumed\n"

    def test_a_second_ctrl_c_does_not_interrupt_resuming(self, workdir):
        archive("b", imagestreams__json=b'{"items": []}')
        code = """
import os, signal
from osbs.cli.main import cmd_restore
from tests.unit.test_cli_admin import FakeOSBS, arguments

class Interrupted(FakeOSBS):
    def pause_builds(self, quota_name=None):
        os.kill(os.getpid(), signal.SIGINT)

    def resume_builds(self, quota_name=None):
        os.kill(os.getpid(), signal.SIGINT)
        print("resumed")

try:
    cmd_restore(arguments(BACKUP_ARCHIVE="b"), Interrupted())
except KeyboardInterrupt:
    print("interrupted", signal.getsignal(signal.SIGINT) == signal.default_int_handler)
"""
        assert limits.run(code)[0] == "resumed\ninterrupted True\n"

    def test_who_ignores_hangups_goes_on_ignoring_them(self, workdir):
        archive("b", imagestreams__json=b'{"items": []}')
        code = """
import os, signal
from osbs.cli.main import cmd_restore
from tests.unit.test_cli_admin import FakeOSBS, arguments

class HungUp(FakeOSBS):
    def restore_resource(self, *args, **kwargs):
        os.kill(os.getpid(), signal.SIGHUP)

signal.signal(signal.SIGHUP, signal.SIG_IGN)
cmd_restore(arguments(BACKUP_ARCHIVE="b"), HungUp())
print("restored")
"""
        assert limits.run(code)[0] == "restored\n"

    @pytest.mark.parametrize("content", [b"", b"no archive", b"BZh9" + b"x" * 100])
    def test_what_is_no_archive_is_named_before_builds_are_paused(self, workdir, content):
        workdir.join("broken").write_binary(content)
        osbs = FakeOSBS()
        with pytest.raises(OsbsException) as exc_info:
            restore("broken", osbs)
        assert "broken" in exc_info.value.message
        assert osbs.calls == []

    def test_an_archive_that_was_cut_is_named(self, workdir):
        backup(filename="b")
        content = workdir.join("b").read_binary()
        workdir.join("cut").write_binary(content[: len(content) // 2])
        with pytest.raises(OsbsException) as exc_info:
            restore("cut")
        assert "cannot restore from cut" in exc_info.value.message

    def test_an_archive_that_does_not_exist_is_named(self, workdir):
        osbs = FakeOSBS()
        with pytest.raises(OsbsException) as exc_info:
            restore("nothing", osbs)
        assert "nothing" in exc_info.value.message
        assert osbs.calls == []

    def test_a_member_that_leaves_the_directory_writes_nothing(self, workdir):
        with tarfile.open("b", str("w:bz2")) as tar:
            info = tarfile.TarInfo(str("../../imagestreams.json"))
            info.size = 13
            tar.addfile(info, io.BytesIO(b'{"items": []}'))
        with pytest.raises(OsbsException):
            restore("b")
        assert os.listdir(str(workdir)) == ["b"]
