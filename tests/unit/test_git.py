"""git on repositories that nobody trusts."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import os
import socket
import stat
import sys
import time

import pytest

from osbs import _repo_parsers, utils  # noqa: F401 - before the directory changes
from osbs.constants import GIT_ALLOWED_PROTOCOLS
from osbs.exceptions import OsbsException, OsbsValidationException
from osbs._git import arguments, fetch, process
from osbs._git.workspace import Workspace, workspace
from tests.unit.gitrepos import Repository, dockerfile, run_git
from tests.unit.gitservers import git_daemon, http_server

BAD_TEXTS = ["-bnew", "--upload-pack=touch x", "a\nb", "a\0b", "a\x7f", "x" * 5000, 5]
FULL_CLONE = "a full clone was made"


@pytest.fixture
def repo(tmpdir):
    return Repository(tmpdir.join("repo"))


@pytest.fixture
def history(repo):
    """100 commits on master, one branch and tags at old ones."""
    for number in range(1, 101):
        repo.commit("master", dockerfile(number))
    repo.branch("feature/x", 50)
    repo.tag("light", 40)
    repo.tag("annotated", 30, annotated=True)
    return repo.save()


@pytest.fixture
def no_full_clone(monkeypatch):
    def fail(*args):
        raise AssertionError(FULL_CLONE)

    monkeypatch.setattr(utils, "checkout_git_repo", fail)


@pytest.fixture
def objects(monkeypatch):
    """Counts of objects in the repositories that files were fetched into."""
    counts = []
    original = fetch._extract

    def count(git, *args):
        lines = run_git(git.repo, "count-objects", "-v").splitlines()
        found = dict(line.split(": ") for line in lines)
        counts.append(int(found["in-pack"]) + int(found["count"]))
        return original(git, *args)

    monkeypatch.setattr(fetch, "_extract", count)
    return counts


@pytest.fixture
def commands(monkeypatch):
    """Arguments and environments of all commands that were run."""
    seen = []
    original = process.run

    def run(args, budget, limit, env, cwd=None):
        seen.append((b" ".join(args).decode("utf-8"), env))
        return original(args, budget, limit, env, cwd)

    monkeypatch.setattr(process, "run", run)
    return seen


def number_of(uri, ref, branch="master"):
    return int(utils.get_repo_info(uri, ref, branch).dockerfile_parser.labels["number"])


def left_behind(tmpdir, monkeypatch):
    directory = tmpdir.mkdir("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    return directory


# What is refused before git runs.


@pytest.mark.parametrize("function", [utils.get_repo_info, utils.checkout_git_repo])
@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("bad", BAD_TEXTS, ids=repr)
def test_defect_28_an_argument_that_is_no_name_is_refused(function, position, bad, commands):
    arguments = ["file:///nonexistent", "master", "master"]
    arguments[position] = bad
    with pytest.raises(OsbsValidationException):
        result = function(*arguments)
        if function is utils.checkout_git_repo:
            with result:
                pass
    assert not commands


@pytest.mark.parametrize(
    ("uri", "ref"),
    [("", "master"), (None, "master"), ("file:///x", ""), ("file:///x", None), (b"\xff", "master")],
)
def test_defect_28_an_argument_that_is_missing_or_no_text_is_refused(uri, ref, commands):
    with pytest.raises(OsbsValidationException):
        utils.get_repo_info(uri, ref)
    assert not commands


def test_a_lone_surrogate_is_an_ordinary_error():
    with pytest.raises(OsbsException):
        utils.get_repo_info("file:///\ud800", "master")


@pytest.mark.parametrize(
    "uri",
    [
        "ext::sh -c touch% x",
        "fd::17",
        "EXT::x",
        "::x",
        "ftp://h/x",
        "HTTPS://h/x",
        "rsync://h/x",
        "ssh://-oProxyCommand=x/y",
        "ssh://me@-oProxyCommand=x/y",
        "git://me:secret@h/x",
        "ssh://me:secret@h/x",
        "https://me:a%0ab@h/x",
        "persistent-https://h/x",
    ],
)
def test_defect_29_a_uri_that_could_run_something_is_refused(uri, commands):
    with pytest.raises(OsbsValidationException) as caught:
        utils.get_repo_info(uri, "master")
    assert not commands and "secret" not in caught.value.message


@pytest.mark.parametrize(
    "uri",
    [
        "https://h/x",
        "http://h/x",
        "git://h/x",
        "ssh://me@h/x",
        "git+ssh://h/x",
        "file:///x",
        "me@h:x",
        "h:x",
        "/x",
        "[::1]:x",
    ],
)
def test_the_usual_uris_are_allowed(uri):
    assert arguments.checked_uri(uri).address == uri


def test_a_relative_path_does_not_depend_on_where_git_runs(tmpdir, history, monkeypatch):
    monkeypatch.chdir(str(tmpdir))
    assert number_of("repo", "master") == 100
    assert number_of("./repo", "master") == 100


# How git runs.


def test_defect_29_git_cannot_ask_and_gets_no_other_settings(history, commands, monkeypatch):
    for name in ("GIT_DIR", "GIT_CONFIG_COUNT", "GIT_TRACE", "GIT_SSH_COMMAND", "LC_ALL"):
        monkeypatch.setenv(str(name), str("x"))
    number_of(history.uri, "master")
    for _, env in commands:
        assert "GIT_DIR" not in env and "GIT_CONFIG_COUNT" not in env and "GIT_TRACE" not in env
        assert (env["GIT_TERMINAL_PROMPT"], env["GIT_ASKPASS"]) == ("0", "")
        assert env["GIT_ALLOW_PROTOCOL"] == ":".join(GIT_ALLOWED_PROTOCOLS)
        assert (env["LC_ALL"], env["GIT_SSH_COMMAND"]) == ("C", "x")


@pytest.mark.parametrize(
    "read",
    [
        lambda uri: utils.get_repo_info(uri, "master", "master"),
        lambda uri: utils.checkout_git_repo(uri, "master", "master").__enter__(),
    ],
)
def test_hooks_and_filters_of_the_user_do_not_run(read, tmpdir, home, repo):
    repo.commit("master", dict(dockerfile(1), **{str(".gitattributes"): b"* filter=evil\n"}))
    repo.save()
    victim = tmpdir.join("was-run")
    hooks = home.mkdir("hooks")
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        hooks.join(name).write("#!/bin/sh\ntouch %s\n" % victim)
        hooks.join(name).chmod(0o755)
    home.mkdir("template").mkdir("hooks").join("post-checkout").write(
        "#!/bin/sh\ntouch %s\n" % victim
    )
    home.join("template", "hooks", "post-checkout").chmod(0o755)
    home.join(".gitconfig").write(
        '[core]\nhooksPath = %s\nfsmonitor = "touch %s"\n[init]\ntemplateDir = %s\n'
        '[filter "evil"]\nsmudge = "touch %s; cat"\nrequired = true\n'
        % (hooks, victim, home.join("template"), victim)
    )
    read(repo.uri)
    assert not victim.exists()


def test_submodules_are_not_fetched(tmpdir, home, repo):
    home.join(".gitconfig").write("[submodule]\nrecurse = true\n[protocol]\nallow = always\n")
    modules = b'[submodule "s"]\npath = s\nurl = ext::sh -c "touch %s"\n' % (
        str(tmpdir.join("was-run")).encode("utf-8")
    )
    repo.commit("master", {"Dockerfile": b"", ".gitmodules": modules, "s": ("160000", b"1" * 40)})
    repo.save()
    with utils.checkout_git_repo(repo.uri, "master") as path:
        assert os.listdir(os.path.join(path, "s")) == []
    assert not tmpdir.join("was-run").exists()


def test_a_command_that_does_not_end_is_killed_with_all_it_started(tmpdir):
    pid_file = tmpdir.join("pid")
    script = "sleep 100 & echo $! > %s; wait" % pid_file
    with pytest.raises(OsbsException) as caught:
        process.run(
            [b"sh", b"-c", script.encode("utf-8")], process.Budget(0.3), 100, dict(os.environ)
        )
    assert "0.3 seconds" in caught.value.message
    wait_until_gone(int(pid_file.read()))


def test_what_a_command_leaves_running_is_killed():
    script = b"sleep 100 & echo $!"
    result = process.run([b"sh", b"-c", script], process.Budget(60), 100, dict(os.environ))
    wait_until_gone(int(result.output))


def wait_until_gone(pid):
    deadline = time.time() + 5
    while time.time() < deadline:
        try:
            with open("/proc/%d/stat" % pid) as status:
                if status.read().rpartition(")")[2].split()[0] == "Z":
                    return
        except IOError:
            return
    raise AssertionError("still running")


def test_waiting_ends_although_something_holds_the_output_open():
    began = time.time()
    script = b'%s -c "import os, time; os.setsid(); time.sleep(3)" & echo done' % (
        sys.executable.encode("utf-8")
    )
    assert (
        process.run([b"sh", b"-c", script], process.Budget(60), 100, dict(os.environ)).output
        == b"done\n"
    )
    assert time.time() - began < 2.5


def test_a_command_that_says_too_much_is_cut_and_killed():
    assert process.run([b"yes"], process.Budget(60), 100, dict(os.environ)).output == b"y\n" * 50


def test_a_command_that_complains_without_end_does_not_fill_the_memory():
    script = b"head -c 1000000 /dev/zero >&2; echo end"
    result = process.run([b"sh", b"-c", script], process.Budget(60), 100, dict(os.environ))
    assert result.output == b"end\n" and len(result.errors) == 65536


def test_a_command_that_waits_for_input_gets_none():
    assert process.run([b"cat"], process.Budget(60), 100, dict(os.environ)).output == b""


def test_an_interrupted_command_is_killed(tmpdir, monkeypatch):
    pids = []

    def interrupt(started, limit, budget):
        pids.append(started.pid)
        raise KeyboardInterrupt()

    monkeypatch.setattr(process, "_collect", interrupt)
    with pytest.raises(KeyboardInterrupt):
        process.run([b"sleep", b"100"], process.Budget(60), 100, dict(os.environ))
    wait_until_gone(pids[0])


def test_a_machine_without_git_gets_one_clear_line(monkeypatch):
    monkeypatch.setenv(str("PATH"), str("/nonexistent"))
    with pytest.raises(OsbsException) as caught:
        utils.get_repo_info("file:///x", "master")
    assert "cannot run git" in caught.value.cause.message


# What a clone fails with.


def test_a_repository_that_does_not_exist_is_named(tmpdir):
    uri = "file://%s" % tmpdir.join("absent")
    for read in (utils.get_repo_info, checkout):
        with pytest.raises(OsbsException) as caught:
            read(uri, "master", "b")
        assert caught.value.message == "Unable to clone git repo '%s' branch 'b'" % uri
        assert isinstance(caught.value.cause, OsbsException) and caught.value.traceback


def checkout(uri, ref, branch=None):
    with utils.checkout_git_repo(uri, ref, branch) as path:
        return path


def test_a_branch_that_does_not_exist_is_named(history):
    for read in (utils.get_repo_info, checkout):
        with pytest.raises(OsbsException) as caught:
            read(history.uri, "master", "absent")
        assert caught.value.message == "Unable to clone git repo '%s' branch 'absent'" % history.uri


@pytest.mark.parametrize("ref", ["absent", "Dockerfile", ".", "0" * 40, "HEAD:Dockerfile"])
def test_defect_28_a_ref_that_does_not_exist_is_named(ref, history):
    for read in (utils.get_repo_info, checkout):
        with pytest.raises(OsbsException) as caught:
            read(history.uri, ref)
        assert caught.value.message == "Unable to reset branch to '%s'" % ref
        assert isinstance(caught.value.cause, OsbsException)


def test_a_server_that_does_not_answer_is_given_up(monkeypatch, commands):
    monkeypatch.setattr(arguments, "GIT_TIMEOUT", 0.5)
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(5)
    uri = "git://127.0.0.1:%d/x" % silent.getsockname()[1]
    try:
        with pytest.raises(OsbsException) as caught:
            utils.get_repo_info(uri, "master")
    finally:
        silent.close()
    assert caught.value.message == "Unable to clone git repo '%s' branch 'None'" % uri
    assert "0.5 seconds" in caught.value.cause.message and len(commands) == 1


@pytest.mark.parametrize("slow", ["fetch", "clone"])
def test_after_one_command_without_an_end_no_other_is_tried(slow, history, monkeypatch):
    original = process.run

    def run(args, *others):
        if slow.encode("ascii") in args:
            raise process.GitLimitExceeded("slow")
        return original(args, *others)

    monkeypatch.setattr(process, "run", run)
    with pytest.raises(OsbsException) as caught:
        utils.get_repo_info(history.uri, history.commits[9])
    assert caught.value.cause.message == "slow"


def test_an_empty_repository_is_said_to_be_empty(repo):
    with pytest.raises(OsbsException) as caught:
        utils.get_repo_info(repo.uri, "master")
    assert caught.value.message == "git repository '%s' is empty" % repo.uri


def test_nothing_is_left_behind(tmpdir, history, monkeypatch):
    directory = left_behind(tmpdir, monkeypatch)
    with utils.checkout_git_repo(history.uri, "feature/x") as path:
        assert os.path.isdir(os.path.join(path, ".git")) and directory.listdir()
    utils.get_repo_info(history.uri, "master")
    for ref in ("absent", "-x"):
        with pytest.raises(OsbsException):
            utils.get_repo_info(history.uri, ref)
    assert directory.listdir() == []


def test_a_checkout_has_all_history(history):
    with utils.checkout_git_repo(history.uri, "feature/x", "master") as path:
        assert len(run_git(path, "rev-list", "--all").split()) == 100
        assert run_git(path, "rev-list", "--count", "HEAD") == "50"


# Credentials.


@pytest.fixture
def guarded(tmpdir, history):
    with http_server(tmpdir, user="me:hunter2 /@") as server:
        yield server


def test_defect_30_credentials_of_a_uri_work_and_are_shown_nowhere(guarded, commands, caplog):
    uri = "http://me:hunter2%%20%%2f%%40@%s/repo" % guarded.address
    with caplog.at_level(logging.DEBUG, logger="osbs"):
        assert number_of(uri, "master") == 100
        with utils.checkout_git_repo(uri, "master"):
            pass
    assert len(commands) > 5
    assert not [args for args, env in commands if "hunter2" in args or "hunter2" in str(env)]
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("password", ["hun/ter2", "hun#ter2", "hun?ter2"])
def test_defect_30_a_password_that_is_not_quoted_never_gets_to_git(password, commands):
    with pytest.raises(OsbsValidationException) as caught:
        utils.get_repo_info("https://me:%s@h/x" % password, "master")
    assert not commands and "ter2" not in caught.value.message


@pytest.mark.parametrize("user", ["me:hunter2", "hunter2"])
def test_defect_30_wrong_credentials_are_an_error_without_them(user, guarded):
    uri = "http://%s@%s/repo" % (user, guarded.address)
    for read in (utils.get_repo_info, checkout):
        with pytest.raises(OsbsException) as caught:
            read(uri, "master")
        shown = "%s %r %s %r" % (caught.value, caught.value, caught.value.cause, caught.value.cause)
        assert "http://***@" in shown and "hunter2" not in shown


def test_credentials_are_kept_where_nobody_else_can_read(monkeypatch):
    with workspace("https://me:hunter2@h/x") as git:
        top = os.path.dirname(git.repo)
        assert stat.S_IMODE(os.stat(top).st_mode) == 0o700
        modes = [stat.S_IMODE(os.stat(os.path.join(top, name)).st_mode) for name in os.listdir(top)]
        assert modes == [0o600] * 2


def test_a_user_without_password_is_told_to_the_credential_helpers(tmpdir, home, guarded):
    helper = home.join("helper")
    helper.write('#!/bin/sh\ncat > %s\necho "password=hunter2 /@"\n' % tmpdir.join("asked"))
    helper.chmod(0o755)
    home.join(".gitconfig").write("[credential]\nhelper = %s\n" % helper)
    assert number_of("http://me@%s/repo" % guarded.address, "master") == 100
    assert "username=me" in tmpdir.join("asked").read()


# What is fetched.


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        ("master", 100),
        ("origin/master", 100),
        ("HEAD", 100),
        ("origin/feature/x", 50),
        ("feature/x", 50),
        ("light", 40),
        ("annotated", 30),
        ("refs/tags/annotated", 30),
        ("origin", 100),
    ],
)
@pytest.mark.parametrize("filters", ["true", "false"])
def test_a_named_commit_is_read_from_a_clone_without_files(
    ref, number, filters, history, objects, no_full_clone
):
    history.configure(uploadpack__allowFilter=filters)
    assert number_of(history.uri, ref) == number
    # 100 commits with a tree each, and a tag; a server without filters adds the files.
    assert objects[0] <= (201 if filters == "true" else 301)


@pytest.mark.parametrize(("number", "most"), [(100, 3), (99, 201), (50, 201), (1, 201)])
def test_a_full_id_is_read_from_the_tip_or_a_clone_without_files(
    number, most, history, objects, no_full_clone
):
    history.configure(uploadpack__allowFilter="true")
    assert number_of(history.uri, history.commits[number - 1]) == number
    assert objects[0] <= most


@pytest.mark.parametrize("ref", ["%(tip)s", "%(upper)s", "feature/x", "HEAD"])
@pytest.mark.parametrize("filters", ["true", "false"])
def test_the_tip_of_a_branch_is_fetched_without_history(ref, filters, history, objects):
    history.configure(uploadpack__allowFilter=filters)
    tip = history.commits[49]
    ref = ref % {"tip": tip, "upper": tip.upper()}
    assert number_of(history.uri, ref, "feature/x") == 50
    assert objects[0] <= 3


@pytest.mark.parametrize("ref", ["%s", "HEAD"])
def test_the_tip_of_the_remote_head_is_fetched_without_history(ref, history, objects):
    assert number_of(history.uri, ref.replace("%s", history.commits[99]), None) == 100
    assert objects[0] <= 3


@pytest.mark.parametrize("name", ["HEAD", "HEAD/x"])
def test_a_branch_called_head_is_not_in_the_way_of_another(name, history):
    run_git(history.path, "update-ref", "refs/heads/" + name, history.commits[4])
    assert number_of(history.uri, "master", "master") == 100


@pytest.mark.parametrize("branch", ["master:x", "mas*"])
def test_a_branch_that_reads_like_a_pattern_is_not_found(branch, history):
    with pytest.raises(OsbsException) as caught:
        utils.get_repo_info(history.uri, branch, branch)
    assert "branch '%s'" % branch in caught.value.message


@pytest.mark.parametrize("ref", ["%(old)s", "%(short)s", "master~90", "light~30", "%(old)s~0"])
@pytest.mark.parametrize("filters", ["true", "false"])
def test_an_old_commit_is_found_without_a_full_checkout(
    ref, filters, history, objects, no_full_clone
):
    history.configure(uploadpack__allowFilter=filters)
    old = history.commits[9]
    assert number_of(history.uri, ref % {"old": old, "short": old[:12]}) == 10
    assert objects[0] <= (201 if filters == "true" else 301)


def test_only_files_that_are_read_are_fetched(tmpdir, repo, no_full_clone, objects):
    files = dict(dockerfile(1), **{str("f%d") % n: b"%d" % n for n in range(100)})
    repo.commit("master", files)
    repo.save().configure(uploadpack__allowFilter="true")
    assert number_of(repo.uri, "master") == 1
    assert objects == [2]


def test_a_commit_that_no_branch_leads_to_is_refused_as_by_a_clone(history):
    orphan = history.commits[99]
    run_git(history.path, "update-ref", "refs/hidden/x", orphan)
    run_git(history.path, "update-ref", "refs/heads/master", history.commits[98])
    with pytest.raises(OsbsException):
        utils.get_repo_info(history.uri, orphan)
    with pytest.raises(OsbsException):
        checkout(history.uri, orphan)


def test_a_tag_can_stand_for_the_branch(history, no_full_clone):
    assert number_of(history.uri, "HEAD", "annotated") == 30
    assert number_of(history.uri, "origin/master", "light") == 100


def test_a_branch_called_head_is_read_as_a_clone_has_it(history):
    run_git(history.path, "update-ref", "refs/heads/HEAD", history.commits[4])
    with utils.checkout_git_repo(history.uri, "HEAD", "master") as path:
        number = int(run_git(path, "show", "HEAD:Dockerfile").rpartition("=")[2])
    assert number_of(history.uri, "HEAD") == number


def test_a_remote_head_that_is_no_branch_will_do(history):
    run_git(history.path, "update-ref", "--no-deref", "HEAD", history.commits[19])
    assert number_of(history.uri, "HEAD", None) == 20
    assert number_of(history.uri, "origin/master", "master") == 100


def test_a_tag_of_something_else_than_a_commit_is_refused(history):
    tree = run_git(history.path, "rev-parse", "master^{tree}")
    run_git(history.path, "update-ref", "refs/tags/tree", tree)
    with pytest.raises(OsbsException) as caught:
        utils.get_repo_info(history.uri, "tree")
    assert caught.value.message == "Unable to reset branch to 'tree'"


@pytest.mark.parametrize("version", ["0", "1", "2"])
@pytest.mark.parametrize("filters", ["true", "false"])
@pytest.mark.parametrize("ref", ["master", "annotated", "light", "old"])
def test_every_version_of_the_protocol_will_do(version, filters, ref, history, monkeypatch):
    history.configure(uploadpack__allowFilter=filters)
    settings = [
        s if s[0] != "protocol" else ("protocol", "version", version) for s in arguments.SETTINGS
    ]
    monkeypatch.setattr(arguments, "SETTINGS", settings)
    expected = {"master": 100, "annotated": 30, "light": 40, "old": 10}[ref]
    assert number_of(history.uri, history.commits[9] if ref == "old" else ref) == expected


@pytest.mark.parametrize("unknown", ["--filter=blob:none"])
@pytest.mark.parametrize("ref", ["annotated", "old"])
def test_an_old_git_will_do(unknown, ref, history, monkeypatch):
    original = process.run

    def run(args, *others):
        if unknown.encode("ascii") in args:
            return process.Result(129, b"", b"error: unknown option")
        return original(args, *others)

    monkeypatch.setattr(process, "run", run)
    expected = {"annotated": 30, "old": 10}[ref]
    assert number_of(history.uri, history.commits[9] if ref == "old" else ref) == expected


def test_the_git_protocol_serves_without_history(tmpdir, history, objects, no_full_clone):
    with git_daemon(tmpdir) as url:
        assert number_of(url + "/repo", "master") == 100
        assert number_of(url + "/repo", "annotated") == 30
        assert number_of(url + "/repo", history.commits[9]) == 10
    assert objects[0] <= 3


@pytest.mark.parametrize(("ref", "most"), [("master", 6), ("annotated", 6)])
def test_http_serves_without_history(ref, most, tmpdir, history, objects, no_full_clone):
    history.configure(uploadpack__allowFilter="true")
    with http_server(tmpdir) as server:
        assert number_of(server.url + "/repo", ref) == (100 if ref == "master" else 30)
        # Each is asked for refs and objects: the commit (its tree, if it is no tip), the file.
        assert len(server.requests) <= most


def test_plain_files_behind_http_are_enough(tmpdir, history):
    run_git(history.path, "update-server-info")
    with http_server(tmpdir, is_smart=False) as server:
        assert number_of(server.url + "/repo", "annotated") == 30


# Files of the repository.


def test_a_repository_without_files_is_no_error(repo):
    repo.commit("master", {"README": b""})
    info = utils.get_repo_info(repo.save().uri, "master")
    assert info.dockerfile_parser is None and info.additional_tags.tags == []


def test_all_files_are_read(repo, no_full_clone):
    repo.commit(
        "master",
        dict(
            dockerfile(1),
            **{
                str("container.yaml"): b"compose: {modules: [a:b]}",
                str("additional-tags"): b"x\n",
                str(".osbs-repo-config"): b"[autorebuild]\nenabled=true\n",
                str("sub/additional-tags"): b"y\n",
            }
        ),
    )
    info = utils.get_repo_info(repo.save().uri, "master")
    assert info.configuration.container == {"compose": {"modules": ["a:b"]}}
    assert info.configuration.is_autorebuild_enabled() and info.additional_tags.tags == ["x"]


@pytest.mark.parametrize("filters", ["true", "false"])
def test_a_link_inside_the_repository_is_followed(filters, repo):
    repo.commit(
        "master",
        {
            "real/file": b"FROM fedora\nLABEL number=7\n",
            "Dockerfile": ("120000", b"real/file"),
            "executable": ("100755", b"x"),
        },
    )
    repo.save().configure(uploadpack__allowFilter=filters)
    assert number_of(repo.uri, "master") == 7


@pytest.mark.parametrize(
    "name", ["Dockerfile", "container.yaml", "additional-tags", ".osbs-repo-config"]
)
@pytest.mark.parametrize("kind", ["absolute", "relative", "directory", "submodule", "through"])
def test_defect_31_a_file_that_is_none_is_refused(name, kind, tmpdir, repo):
    tmpdir.join("outside").write("secret-of-the-host")
    outside = str(tmpdir.join("outside")).encode("utf-8")
    files = {
        "absolute": {name: ("120000", outside)},
        "relative": {name: ("120000", b"../" * 20 + outside[1:])},
        "directory": {name + "/x": b""},
        "submodule": {name: ("160000", b"1" * 40)},
        "through": {name: ("120000", b"link"), "link": ("120000", outside)},
    }[kind]
    repo.commit("master", dict(files, x=b""))
    with pytest.raises(OsbsValidationException) as caught:
        utils.get_repo_info(repo.save().uri, "master")
    assert caught.value.message.startswith(name)
    assert "secret-of-the-host" not in str(caught.value)


def test_a_dangling_link_is_no_file(repo):
    repo.commit("master", {"Dockerfile": ("120000", b"absent"), "x": b""})
    assert utils.get_repo_info(repo.save().uri, "master").dockerfile_parser is None


@pytest.mark.parametrize(
    ("size", "fits"), [(256 * 1024, True), (256 * 1024 + 1, False), (8 * 1024 * 1024, False)]
)
def test_the_size_of_a_file_is_bounded(size, fits, repo, no_full_clone):
    repo.commit("master", {"Dockerfile": b"#" * size})
    repo.save()
    if fits:
        assert utils.get_repo_info(repo.uri, "master").dockerfile_parser.labels == {}
    else:
        with pytest.raises(OsbsValidationException) as caught:
            utils.get_repo_info(repo.uri, "master")
        assert "larger than" in caught.value.message


def test_names_of_temporary_files_do_not_reach_messages(repo):
    repo.commit("master", {"container.yaml": b"["})
    with pytest.raises(OsbsValidationException) as caught:
        utils.get_repo_info(repo.save().uri, "master")
    assert "osbs-git-" not in caught.value.message


def test_a_workspace_says_what_failed():
    with workspace("file:///x") as git:
        assert isinstance(git, Workspace)
        with pytest.raises(OsbsException) as caught:
            git.run("no-such-command")
    assert caught.value.message.startswith("Command git no-such-command returned 1")
