"""What a repository, a server or a killed client can cost: git runs within limits."""

from __future__ import absolute_import, print_function, unicode_literals

import errno
import os
import signal
import subprocess
import sys
import time

import pytest

from osbs import utils
from osbs.exceptions import OsbsException, OsbsValidationException
from osbs._git import arguments, process, tempdirs
from osbs.repo_utils import MAX_FILE_SIZE
from tests.unit.gitrepos import Repository, dockerfile, run_git
from tests.unit.gitservers import hostile_server

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Reads a repository and says what that took: seconds, and KiB of itself and of its children.
MEASURED = """
import resource, sys, time
from osbs import utils
from osbs.exceptions import OsbsException
began = time.time()
try:
    outcome = utils.get_repo_info(sys.argv[1], *sys.argv[2:]).dockerfile_parser.labels["number"]
except OsbsException as ex:
    outcome = "%s %s" % (ex.message, getattr(ex.cause, "message", ""))
with open("/proc/self/status") as status:
    memory = [int(line.split()[1]) for line in status if line.startswith("VmHWM")][0]
memory += resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("%f %d %s" % (time.time() - began, memory, " ".join(outcome.split())))
"""
MIB = 1024 * 1024


def start_client(script, *args, **environment):
    env = dict(os.environ, PYTHONPATH=ROOT, **environment)
    return subprocess.Popen(
        [sys.executable, "-c", script] + list(args), env=env, stdout=subprocess.PIPE
    )


def measured(*args):
    """Run get_repo_info in a process of its own; returns seconds, bytes, and outcome."""
    output = start_client(MEASURED, *args).communicate()[0].decode("utf-8")
    seconds, memory, outcome = output.strip().split(" ", 2)
    return float(seconds), int(memory) * 1024, outcome


@pytest.fixture
def repo(tmpdir):
    return Repository(tmpdir.join("repo"))


@pytest.fixture
def temporary(tmpdir, monkeypatch):
    """Where temporary directories are made (py.path)."""
    directory = tmpdir.mkdir("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    return directory


# What who may push can do.


def plant_tree_bomb(repo, depth, width):
    """Let master have a directory that stands for width**depth files, in a few kilobytes."""
    tree = run_git(repo.path, "hash-object", "-w", "--stdin", stdin=b"x")
    kind = "100644 blob"
    for _ in range(depth):
        entries = ["%s %s\tf%d" % (kind, tree, number) for number in range(width)]
        tree = run_git(repo.path, "mktree", stdin="\n".join(entries).encode("ascii"))
        kind = "040000 tree"
    top = run_git(repo.path, "ls-tree", "master") + "\n040000 tree %s\tbomb" % tree
    top = run_git(repo.path, "mktree", stdin=top.encode("ascii"))
    commit = run_git(repo.path, "commit-tree", "-p", "master", "-m", "x", top)
    run_git(repo.path, "update-ref", "refs/heads/master", commit)
    return commit


@pytest.mark.parametrize("filters", ["true", "false"])
@pytest.mark.parametrize("behind", [False, True])
def test_a_tree_that_stands_for_a_million_million_files_costs_nothing(behind, filters, repo):
    repo.commit("master", {"Dockerfile": ("120000", b"real"), "real": dockerfile(7)["Dockerfile"]})
    repo.save().configure(uploadpack__allowFilter=filters)
    commit = plant_tree_bomb(repo, 12, 10)
    if behind:
        plant_tree_bomb(repo, 1, 1)
    seconds, memory, outcome = measured(repo.uri, commit, "master")
    assert outcome == "7"
    assert seconds < 5 and memory < 300 * MIB


def test_links_into_a_tree_that_has_no_end_are_given_up(repo):
    target = b"/".join([b"bomb"] + [b"f1"] * 1000)
    repo.commit("master", {"Dockerfile": ("120000", target)})
    repo.save()
    commit = plant_tree_bomb(repo, 200, 2)
    assert utils.get_repo_info(repo.uri, commit, "master").dockerfile_parser is None


@pytest.mark.slow
def test_a_file_of_zeros_does_not_fill_the_memory(repo):
    repo.commit("master", {"x": b""})
    # What serves a file:// URI is a child of the client, too.
    repo.save().configure(core__bigFileThreshold="1m")
    command = "head -c %d /dev/zero | git hash-object -w --stdin"
    blob = subprocess.check_output(command % (400 * MIB), shell=True, cwd=repo.path)
    entry = b"100644 blob %s\tDockerfile" % blob.strip()
    tree = run_git(repo.path, "mktree", stdin=entry)
    commit = run_git(repo.path, "commit-tree", "-m", "x", tree)
    run_git(repo.path, "update-ref", "refs/heads/master", commit)
    _, memory, outcome = measured(repo.uri, "master", "master")
    assert outcome.startswith("Dockerfile: is larger than %d bytes" % MAX_FILE_SIZE)
    assert memory < 300 * MIB


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("real", True),
        ("./real", True),
        ("sub/../real", True),
        ("sub/up", True),
        ("dir/../real", True),
        ("sub//./up", True),
        ("here/here/here/real", True),
        ("real/", False),
        ("real/.", False),
        ("real/../real", False),
        ("absent", False),
        ("absent/../real", False),
        ("Dockerfile", False),
        ("circle", False),
        ("module/x", False),
        ("module/../real", True),
        ("x" * 5000, False),
        (".git/config", False),
    ],
)
def test_a_link_leads_where_it_leads_in_a_checkout(target, found, repo):
    files = {
        "Dockerfile": ("120000", target.encode("ascii")),
        "real": dockerfile(7)["Dockerfile"],
        "sub/up": ("120000", b"../real"),
        "dir": ("120000", b"sub"),
        "here": ("120000", b"."),
        "circle": ("120000", b"sub/circle"),
        "sub/circle": ("120000", b"../circle"),
        "module": ("160000", b"1" * 40),
    }
    repo.commit("master", files)
    parser = utils.get_repo_info(repo.save().uri, "master").dockerfile_parser
    assert (parser and parser.labels["number"]) == ("7" if found else None)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("..", "is a link that leaves the repository"),
        ("../repo/real", "is a link that leaves the repository"),
        ("sub/../../real", "is a link that leaves the repository"),
        ("out/x", "is a link that leaves the repository"),
        ("/", "is a link that leaves the repository"),
        ("/nonexistent", "is a link that leaves the repository"),
        ("sub", "is not a regular file"),
        (".", "is not a regular file"),
        ("module", "is not a regular file"),
        ("sub/..", "is not a regular file"),
    ],
)
def test_a_link_to_something_else_than_a_file_of_the_repository_is_refused(target, problem, repo):
    files = {
        "Dockerfile": ("120000", target.encode("ascii")),
        "real": b"",
        "sub/x": b"",
        "out": ("120000", b"sub/../.."),
        "module": ("160000", b"1" * 40),
    }
    repo.commit("master", files)
    with pytest.raises(OsbsValidationException) as caught:
        utils.get_repo_info(repo.save().uri, "master")
    assert caught.value.message == "Dockerfile: " + problem


def test_a_circle_of_links_is_not_in_the_way_of_other_files(repo):
    repo.commit("master", {"Dockerfile": ("120000", b"Dockerfile"), "additional-tags": b"x\n"})
    assert utils.get_repo_info(repo.save().uri, "master").additional_tags.tags == ["x"]


@pytest.mark.parametrize(
    "ref", [":/x", "master...master", "master..master", "@{-1}", "HEAD^{tree}"]
)
def test_a_ref_that_is_a_search_or_a_range_is_not_found(ref, repo):
    repo.commit("master", dockerfile(1))
    with pytest.raises(OsbsException) as caught:
        utils.get_repo_info(repo.save().uri, ref)
    assert caught.value.message == "Unable to reset branch to '%s'" % ref


def test_files_in_many_directories_are_read_with_one_request(repo, monkeypatch):
    fetched = []
    original = process.run

    def run(args, *others):
        fetched.extend(arg for arg in args if arg == b"fetch")
        return original(args, *others)

    repo.commit("master", {"container.yaml": b"{}", "Dockerfile": b"FROM x\n", "o": b"other"})
    repo.save().configure(uploadpack__allowFilter="true")
    monkeypatch.setattr(process, "run", run)
    utils.get_repo_info(repo.uri, "master", "master")
    assert len(fetched) == 2


# What a server can do.


@pytest.mark.parametrize(
    ("kind", "name", "value", "said"),
    [
        ("pack", "GIT_MAX_FILE", 8 * MIB, "write at most 8388608 bytes to a file"),
        ("pack", "GIT_MAX_DISK", 8 * MIB, "write at most 8388608 bytes to all files"),
        ("refs", "GIT_MAX_MEMORY", 128 * MIB, "have at most 134217728 bytes of memory"),
        ("objects", "GIT_MAX_MEMORY", 128 * MIB, "have at most 134217728 bytes of memory"),
    ],
)
@pytest.mark.parametrize("function", [utils.get_repo_info, utils.checkout_git_repo])
def test_a_server_that_sends_without_end_meets_a_limit(
    function, kind, name, value, said, monkeypatch, temporary
):
    monkeypatch.setattr(process, name, value)
    with hostile_server(kind) as server:
        with pytest.raises(OsbsException) as caught:
            result = function(server.url, "master")
            if function is utils.checkout_git_repo:
                with result:
                    pass
    assert caught.value.message == "Unable to clone git repo '%s' branch 'None'" % server.url
    assert caught.value.cause.message == "git may " + said
    assert temporary.listdir() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "said", "most"),
    [("refs", "of memory", 2.2 * 1024), ("pack", "to a file", 300), ("objects", "of memory", 300)],
)
def test_a_server_that_sends_without_end_meets_the_real_limits(kind, said, most):
    with hostile_server(kind) as server:
        seconds, memory, outcome = measured(server.url, "master")
    assert outcome.endswith(said) and "git may" in outcome
    assert seconds < 300 and memory < most * MIB


def test_all_commands_together_have_one_deadline(repo, monkeypatch):
    repo.commit("master", dockerfile(1))
    repo.commit("master", dockerfile(2))
    repo.save()
    original = process.run

    def run(args, *others):
        time.sleep(0.15)
        return original(args, *others)

    monkeypatch.setattr(process, "run", run)
    monkeypatch.setattr(arguments, "GIT_TIMEOUT", 0.4)
    with pytest.raises(OsbsException) as caught:
        utils.get_repo_info(repo.uri, repo.commits[0], "master")
    assert "0.4 seconds" in caught.value.cause.message


def test_a_limit_that_the_server_speaks_of_is_not_taken_for_one():
    script = b"echo 'remote: fatal: Out of memory' >&2; exit 128"
    result = process.run([b"sh", b"-c", script], process.Budget(60), 100, dict(os.environ))
    assert result.status == 128


# What is left of a client that was killed.

READ = "import sys; from osbs import utils; utils.get_repo_info(sys.argv[1], 'master')"


def running_below(directory):
    """Return the ids of processes whose current directory is below another."""
    found = []
    for pid in os.listdir("/proc"):
        try:
            if pid.isdigit() and os.readlink("/proc/%s/cwd" % pid).startswith(str(directory)):
                found.append(pid)
        except OSError:  # it has ended, or is somebody else's
            pass
    return found


@pytest.fixture
def killed_client(temporary):
    """Kill a client while git waits for a server; the server sees git end."""
    with hostile_server("nothing") as server:
        client = start_client(READ, server.url, TMPDIR=str(temporary))
        try:
            assert server.connected.wait(30)
            assert running_below(temporary)
        finally:
            client.send_signal(signal.SIGKILL)
            client.communicate()
        yield server


def test_git_ends_when_the_client_is_killed(killed_client, temporary):
    assert killed_client.hung_up.wait(5)
    deadline = time.time() + 5
    while running_below(temporary):
        assert time.time() < deadline
        time.sleep(0.02)


def test_what_a_killed_client_leaves_is_removed_by_the_next(killed_client, temporary):
    assert killed_client.hung_up.wait(5)
    assert len(temporary.listdir()) == 1
    with tempdirs.temporary_directory() as path:
        assert [str(entry) for entry in temporary.listdir()] == [path]


def test_a_directory_in_use_is_left_alone(temporary):
    with tempdirs.temporary_directory() as first:
        with tempdirs.temporary_directory() as second:
            assert os.path.isdir(first) and os.path.isdir(second)
    assert temporary.listdir() == []


def test_a_link_in_place_of_a_directory_is_left_alone(temporary, tmpdir):
    kept = tmpdir.mkdir("kept")
    kept.join("file").write("")
    temporary.join("osbs-git-abcdefgh.tmp").mksymlinkto(kept)
    abandoned = temporary.mkdir("osbs-git-12345678.tmp")
    abandoned.join("link").mksymlinkto(kept)
    with tempdirs.temporary_directory():
        pass
    assert kept.join("file").check() and not abandoned.check()
    assert temporary.join("osbs-git-abcdefgh.tmp").islink()


@pytest.mark.parametrize("name", ["osbs-git-abc", "osbs-git-.tmp", "xosbs-git-abc.tmp", "other"])
def test_a_directory_of_another_name_is_left_alone(name, temporary):
    temporary.mkdir(name)
    with tempdirs.temporary_directory():
        pass
    assert temporary.join(name).check()


def test_a_directory_of_another_user_is_left_alone(temporary, monkeypatch):
    temporary.mkdir("osbs-git-abcdefgh.tmp")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with tempdirs.temporary_directory():
        pass
    assert temporary.join("osbs-git-abcdefgh.tmp").check()


def test_a_directory_for_temporary_files_that_must_not_be_listed_can_be_used(
    temporary, monkeypatch
):
    def refuse(path):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)
    with tempdirs.temporary_directory() as path:
        assert os.path.isdir(path)


# Passwords in what is no proper URI.


@pytest.mark.parametrize(
    "uri",
    [
        'u:"hunter2@h',
        "u:12/hunter2@h",
        "http:/u:hunter2@h",
        "u:hunter2@h:path",
        "u:hun@ter2@h:path",
        'https://u:"hunter2@h/x',
        "https://u:hunter 2@h/x",
        "https://u:12/hunter2@h/x",
        "https://u:12?hunter2@h/x",
        "https://u:/hunter2@h/x",
        "ssh://u:12/hunter2@h/x",
        'ftp://u:"hunter2@h/x',
        "//u:hunter2@h/x",
        "./u:hunter2@h/x",
        "ext::x hunter2@h",
        "-u:hunter2@h",
        "u:hunter2@h\n",
        "u:hunter2" + "hunter2" * 100 + "@h\n",
    ],
)
def test_a_password_in_the_wrong_place_is_refused_and_not_shown(uri):
    with pytest.raises(OsbsValidationException) as caught:
        utils.get_repo_info(uri, "master")
    message = caught.value.message
    assert "hun" not in message and "ter2" not in message and "***@" in message


@pytest.mark.parametrize(
    "uri", ["me@h:x@y", "https://h:8443/x", "https://h/x@y", "https://[::1]:80/@"]
)
def test_an_at_sign_that_can_be_none_of_a_password_is_allowed(uri):
    assert arguments.checked_uri(uri).address == uri


def test_a_path_that_exists_may_look_like_a_password(tmpdir):
    repo = Repository(tmpdir.mkdir("u:12").join("x@y"))
    repo.commit("master", dockerfile(3))
    repo.save()
    assert utils.get_repo_info(repo.path, "master").dockerfile_parser.labels["number"] == "3"
