"""A sandbox leaves nothing behind, however it ends."""

import asyncio
import errno
import fcntl
import os
import random
import signal
import subprocess
import sys
import termios
import time

import pytest

from osbs.sandbox.cli import Stop
from osbs.sandbox.pods import leftovers
from osbs.sandbox.pods.processes import ProcessRunner
from osbs.sandbox.pods.runner import PodRun
from osbs.sandbox.server import Sandbox
from tests.conftest import ROOT
from tests.sandbox.test_pods import run

#: programs that print "ready" when a test can begin
IN_A_THREAD = """
from osbs.sandbox.testing import running
with running():
    print("ready", flush=True)
    input()
"""
IN_A_PROCESS = IN_A_THREAD.replace("running", "serving")
KILLED = IN_A_PROCESS.replace('    print("ready', '    sandbox.kill()\n    print("ready').replace(
    "serving():", "serving() as sandbox:"
)
WITH_A_POD = """
import asyncio, sys
from osbs.sandbox.pods.processes import ProcessRunner
from osbs.sandbox.pods.runner import PodRun

class Log:
    def write(self, data):
        print(data.decode(), end="", flush=True)

pod = PodRun("x-build", "osbs", {"metadata": {"name": "x"}}, log=Log())
code = "import time; print('ready', flush=True); time.sleep(60)"
loop = asyncio.new_event_loop()
loop.run_until_complete(ProcessRunner([sys.executable, "-c", code]).run(pod))
"""


@pytest.fixture
def temporary(tmpdir, monkeypatch):
    """The directory for temporary files of this process and those that it starts (py.path)."""
    path = tmpdir.mkdir("tmp")
    monkeypatch.setattr("tempfile.tempdir", str(path))
    monkeypatch.setenv("TMPDIR", str(path))
    return path


class Program:
    """A program that has printed "ready", in a session of its own."""

    def __init__(self, code, **options):
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=dict(os.environ, PYTHONPATH=ROOT),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            **options
        )
        assert self.process.stdout.readline() == b"ready\n"

    def end_by(self, signum):
        """Send a signal; return the exit status."""
        self.process.send_signal(signum)
        status = self.process.wait(60)
        self.process.stdin.close()
        self.process.stdout.close()
        return status


def left_after(temporary, seconds=10.0):
    """Return the contents of a directory once it is empty, or after the timeout."""
    end = time.monotonic() + seconds
    while temporary.listdir() and time.monotonic() < end:
        time.sleep(0.02)
    return temporary.listdir()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "code", [IN_A_THREAD, IN_A_PROCESS, WITH_A_POD], ids=["thread", "process", "pod"]
)
def test_a_signal_ends_a_program_with_a_sandbox_as_ever_and_leaves_nothing(temporary, code, signum):
    program = Program(code)
    assert temporary.listdir() != []
    assert (program.end_by(signum), temporary.listdir()) == (-signum, [])


def test_a_signal_ends_the_pods_of_a_program(temporary):
    program = Program(WITH_A_POD)
    (pod,) = _children(program.process.pid)
    program.end_by(signal.SIGTERM)
    end = time.monotonic() + 5
    while _runs(pod) and time.monotonic() < end:
        time.sleep(0.01)
    assert not _runs(pod)


def _runs(pid):
    try:
        with open("/proc/{}/stat".format(pid)) as stream:
            # Where nobody waits for orphans, they stay as zombies.
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(pid):
    with open("/proc/{0}/task/{0}/children".format(pid)) as stream:
        return [int(word) for word in stream.read().split()]


def test_a_sandbox_as_a_process_that_a_test_has_killed_leaves_nothing(temporary):
    assert (Program(KILLED).end_by(signal.SIGTERM), temporary.listdir()) == (-signal.SIGTERM, [])


def test_a_sandbox_as_a_process_ends_and_cleans_up_when_its_parent_was_killed(temporary):
    Program(IN_A_PROCESS).end_by(signal.SIGKILL)
    assert left_after(temporary) == []


@pytest.mark.parametrize("code", [IN_A_THREAD, WITH_A_POD], ids=["thread", "pod"])
def test_what_a_killed_sandbox_left_is_removed_by_the_next_one(temporary, code):
    Program(code).end_by(signal.SIGKILL)
    assert temporary.listdir() != []
    with Sandbox():
        assert len(temporary.listdir()) == 1
    assert temporary.listdir() == []


def test_a_program_that_ends_within_the_block_leaves_nothing(temporary):
    code = IN_A_THREAD.replace("input()", "import sys; sys.exit(3)")
    process = subprocess.run(
        [sys.executable, "-c", code], env=dict(os.environ, PYTHONPATH=ROOT), stdout=subprocess.PIPE
    )
    assert (process.returncode, temporary.listdir()) == (3, [])


def test_a_sandbox_that_does_not_start_in_time_leaves_nothing(temporary, monkeypatch):
    async def open_late(listener):
        await asyncio.sleep(0.2)

    monkeypatch.setattr("osbs.sandbox.http.listener.Listener.open_with_retry", open_late)
    monkeypatch.setattr("osbs.sandbox.server.TIMEOUT", 0.0)
    with pytest.raises(RuntimeError, match="did not start"):
        Sandbox().start()
    assert left_after(temporary) == []


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_closed_terminal_leaves_nothing(temporary, command):
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "osbs.sandbox.cli", command],
        env=dict(os.environ, PYTHONPATH=ROOT),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    os.read(master, 1)
    os.close(master)
    process.wait(60)
    assert left_after(temporary) == []


def test_a_signal_is_never_lost_by_who_waits_for_it():
    # With a threading.Event one of these soon waits forever.
    moments = random.Random(4)
    stop = Stop()
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        for _ in range(20000):
            signal.setitimer(signal.ITIMER_REAL, moments.uniform(1e-6, 3e-5))
            stop.wait()
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.set_wakeup_fd(-1)


def test_a_fork_removes_nothing_of_its_parent(temporary):
    code = IN_A_THREAD.replace(
        "    print", "    import os, sys\n    os.fork() or sys.exit()\n    os.wait()\n    print"
    )
    program = Program(code)
    left = temporary.listdir()
    program.end_by(signal.SIGTERM)
    assert (len(left), temporary.listdir()) == (2, [])


def test_handlers_of_the_program_stay(temporary):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with Sandbox():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


# the sweep


@pytest.fixture
def abandoned(temporary):
    """A directory as a killed process leaves it (py.path)."""
    path = temporary.mkdir("osbs-sandbox-abandoned")
    path.chmod(0o700)
    path.join(leftovers.LOCK).write("")
    path.join("admin.key").write("secret")
    return path


def test_an_abandoned_directory_is_removed(abandoned):
    leftovers.sweep()
    assert not abandoned.check()


def test_what_links_in_an_abandoned_directory_lead_to_stays(abandoned, tmpdir):
    target = tmpdir.mkdir("target")
    target.join("file").write("mine")
    target.chmod(0o555)
    abandoned.join("link").mksymlinkto(target)
    leftovers.sweep()
    assert (abandoned.check(), target.join("file").read()) == (False, "mine")
    assert target.stat().mode & 0o777 == 0o555


def test_an_abandoned_directory_that_may_not_be_written_to_is_removed(abandoned):
    abandoned.mkdir("below").join("file").write("x")
    abandoned.join("below").chmod(0o500)
    leftovers.sweep()
    assert not abandoned.check()


def test_a_directory_in_use_stays(temporary):
    with leftovers.PrivateDirectory() as path:
        leftovers.sweep()
        assert os.path.isdir(path)


def test_a_directory_for_temporary_files_that_must_not_be_listed_is_left_alone(
    abandoned, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", refuse_to_list)
        leftovers.sweep()
    assert abandoned.check()


def refuse_to_list(path):
    raise PermissionError(errno.EACCES, "Permission denied", path)


def test_a_directory_of_another_name_stays(abandoned, temporary):
    other = temporary.join("osbs-other")
    abandoned.rename(other)
    leftovers.sweep()
    assert other.check()


def test_a_directory_without_the_lock_stays(abandoned):
    abandoned.join(leftovers.LOCK).remove()
    leftovers.sweep()
    assert abandoned.check()


def test_a_directory_that_others_may_read_stays(abandoned):
    abandoned.chmod(0o755)
    leftovers.sweep()
    assert abandoned.check()


def test_a_directory_of_another_user_stays(abandoned, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 12345678)
    leftovers.sweep()
    assert abandoned.check()


def test_a_link_to_an_abandoned_directory_is_not_followed(abandoned, temporary, tmpdir):
    moved = tmpdir.join("moved")
    abandoned.rename(moved)
    temporary.join("osbs-sandbox-link").mksymlinkto(moved)
    leftovers.sweep()
    assert moved.join("admin.key").check()


def test_a_lock_that_is_a_link_is_not_followed(abandoned, tmpdir):
    elsewhere = tmpdir.join("elsewhere")
    elsewhere.write("")
    abandoned.join(leftovers.LOCK).remove()
    abandoned.join(leftovers.LOCK).mksymlinkto(elsewhere)
    leftovers.sweep()
    assert abandoned.check()


def test_what_the_program_of_a_pod_leaves_in_its_temporary_directory_goes(temporary):
    code = "import tempfile; print(tempfile.mkdtemp())"
    pod = PodRun("x-build", "osbs", {"metadata": {"name": "x"}})
    assert run(ProcessRunner([sys.executable, "-c", code]).run(pod)) == 0
    assert (bytes(pod.log.data).startswith(str(temporary).encode()), temporary.listdir()) == (
        True,
        [],
    )
