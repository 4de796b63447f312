"""Whatever a repository, its server, or who names it asks of git: only git runs, inside a fence."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os
import re
import shutil
import tempfile
from contextlib import contextmanager

import pytest
import six
from hypothesis import example, given, settings
from hypothesis import strategies as st

from osbs import utils
from osbs.constants import GIT_ALLOWED_PROTOCOLS
from osbs.exceptions import OsbsException
from osbs._git import process
from osbs.repo_utils import MAX_FILE_SIZE, REPO_FILES, read_repo_info
from tests.unit.gitrepos import Repository

PASSWORD = "s3cr3t-w0rd"
# Commands and options that the library itself gives to git.
COMMANDS = set(
    "init fetch clone rev-parse show-ref for-each-ref ls-tree cat-file reset checkout".split()
)
OPTIONS = set(
    "-c -b -- -z --quiet --bare --template= --no-checkout --origin --no-tags --depth=1 "
    "--filter=blob:none --verify --hash --count=1 --contains --full-tree "
    "--hard".split()
)
HINTS = [
    "-",
    "--upload-pack=touch x",
    "--config=core.sshCommand=x",
    "-oProxyCommand=x",
    "ext::sh -c x",
    "ssh://",
    "https://",
    "https://user:" + PASSWORD + "@h/",
    "file:///",
    "git@h:x",
    "/",
    "h",
    "..",
    "\n",
    "\0",
    " ",
    "$(x)",
    ";x",
    "`x`",
    "master",
    "refs/heads/master",
    "HEAD^{commit}",
    "@{-1}",
    "0" * 40,
]
words = st.one_of(
    st.lists(st.sampled_from(HINTS), min_size=1, max_size=3).map("".join), st.text(max_size=8)
)
# What a committer can let a link or a file hold.
contents = st.one_of(
    st.sampled_from(
        [b"FROM x\n", b"sub/x", b"../x", b"/etc/passwd", b"-x", b"--exec=x", b"x\0", b":(glob)*"]
    ),
    st.binary(max_size=10),
)
modes = st.sampled_from([b"100644 blob", b"120000 blob", b"040000 tree", b"160000 commit", b""])
results = st.builds(
    process.Result, st.sampled_from([0, 0, 0, 0, 1, 128, 129, -9]), contents, st.binary(max_size=9)
)


@contextmanager
def git_that(answer):
    """Put a function in the place of running commands."""
    real, process.run = process.run, answer
    try:
        yield
    finally:
        process.run = real


@given(words, words, st.none() | words, st.lists(results, max_size=12), modes, st.booleans())
@example("https://me:" + PASSWORD + "@h/x", "master", "--upload-pack=x", [], b"", True)
@example("ext::sh -c x", "master", None, [], b"", False)
@example("h:x", "https://user:" + PASSWORD + "@h/", None, [process.Result(0, b"", b"")], b"", True)
@example("h:x", "v1", None, [process.Result(0, b"--exec=x", b"")] * 12, b"120000 blob", False)
@example("h:x", "v1", "v1", [process.Result(0, b"a/-x/--x", b"")] * 12, b"120000 blob", False)
def test_any_words_and_any_server_make_git_get_only_what_is_meant(
    uri, ref, branch, scripted, mode, in_full
):
    scripted = list(scripted)
    top = tempfile.mkdtemp()
    before, tempfile.tempdir = tempfile.tempdir, top

    def run(args, budget, limit, env, cwd=None):
        check_command([arg.decode("utf-8", "replace") for arg in args], env, (ref, branch))
        result = scripted.pop(0) if scripted else process.Result(128, b"", b"fatal: x")
        # The local git is no stranger; only what files and links hold is the committer's own.
        if args[3] == b"ls-tree":
            names = args[args.index(b"--") + 1 :] if mode else []
            entries = [b"%s %s\t%s\0" % (mode, b"1" * 40, name) for name in names]
            result = result._replace(output=b"".join(entries))
        elif args[3] != b"cat-file":
            result = result._replace(output=b"1" * 40 + b"\n")
        if args[3] in (b"clone", b"init") and result.status == 0:
            os.makedirs(os.path.join(args[-1].decode("utf-8"), ".git"))
        return result

    with git_that(run):
        try:
            if in_full:
                with utils.checkout_git_repo(uri, ref, branch):
                    pass
            else:
                utils.get_repo_info(uri, ref, branch)
        except OsbsException as ex:
            assert PASSWORD not in ex.message
            # The name of a directory is no URL, whatever it looks like.
            assert PASSWORD not in repr(ex.cause) or not re.match("[a-z+]+://", uri)
        finally:
            tempfile.tempdir = before
            left = os.listdir(top)
            shutil.rmtree(top)
    assert not left


def check_command(args, env, named):
    assert args[:2] == ["git", "-c"] and args[2].startswith("include.path=")
    assert args[3] in COMMANDS
    assert env["GIT_LITERAL_PATHSPECS"] == "1"
    if args[3] == "ls-tree":  # what comes after the two dashes are names, whatever they look like
        args = args[: args.index("--") + 1]
    for arg in args[3:]:
        assert not arg.startswith("-") or arg in OPTIONS or arg.startswith("--depth="), arg
    # What is no address may look like one: git takes it for the name of a commit.
    addresses = [arg for arg in args if arg not in named and not arg.endswith("^{commit}")]
    addresses = [arg for arg in addresses if not arg.startswith("refs/")]
    assert not [arg for arg in addresses if re.match("[A-Za-z0-9+.-]*::", arg)]
    assert not [arg for arg in addresses if re.match("[a-z0-9][a-z+.-]*://[^/]*" + PASSWORD, arg)]
    assert env["GIT_ALLOW_PROTOCOL"] == ":".join(GIT_ALLOWED_PROTOCOLS)
    assert env["GIT_TERMINAL_PROMPT"] == "0" and env["GIT_CONFIG_NOSYSTEM"] == "1"
    assert not [name for name, value in env.items() if PASSWORD in value]


SECRET = "secret-of-the-host"
TARGETS = [
    "{top}/secret",
    "../secret",
    "../../secret",
    "Dockerfile",
    ".",
    "..",
    "/",
    "link",
    "sub/x",
]
PLACES = sorted(REPO_FILES) + ["link", "sub/x", "sub"]
nodes = st.one_of(
    st.tuples(st.just("file"), st.sampled_from([b"", b"FROM x\n", b"tags: [a]\n", b"\xff"])),
    st.tuples(st.just("huge"), st.just(b"#" * (MAX_FILE_SIZE + 1))),
    st.tuples(st.just("link"), st.sampled_from(TARGETS)),
    st.tuples(st.just("directory"), st.just(b"")),
    st.tuples(st.just("pipe"), st.just(b"")),
)
trees = st.dictionaries(st.sampled_from(PLACES), nodes, max_size=5)


def plant(top, tree):
    """Make a work tree; what does not fit together is left out."""
    for name, (kind, content) in sorted(tree.items()):
        path = os.path.join(top, "repo", name)
        try:
            if not os.path.isdir(os.path.dirname(path)):
                os.mkdir(os.path.dirname(path))
            if kind == "link":
                os.symlink(content.format(top=top), path)
            elif kind == "directory":
                os.mkdir(path)
            elif kind == "pipe":
                os.mkfifo(path)
            else:
                with io.open(path, "xb" if str is not bytes else "wb") as opened:
                    opened.write(content)
        except (IOError, OSError):
            pass


def told(info):
    """Return all that was read of a repository as text."""
    parser = info.dockerfile_parser
    parts = [info.configuration.container, info.additional_tags.tags]
    return repr(parts + [parser and (parser.labels, parser.baseimage)])


@pytest.fixture
def room():
    with outside() as top:
        yield top


@contextmanager
def outside():
    """A directory with a secret and an empty repository beside it."""
    top = tempfile.mkdtemp()
    try:
        os.mkdir(os.path.join(top, "repo"))
        with io.open(os.path.join(top, "secret"), "w") as secret:
            secret.write("FROM %s\nLABEL a=%s\n" % (SECRET, SECRET))
        yield top
    finally:
        shutil.rmtree(top)


@given(trees)
@example({"Dockerfile": ("link", "{top}/secret")})
@example({"Dockerfile": ("link", "link"), "link": ("link", "../secret")})
@example({"additional-tags": ("link", "sub/x"), "sub": ("link", "..")})
@example({"Dockerfile": ("pipe", b"")})
@example({"Dockerfile": ("link", "Dockerfile")})
def test_any_work_tree_is_read_inside_or_refused(tree):
    with outside() as top:
        plant(top, tree)
        try:
            assert SECRET not in told(read_repo_info(os.path.join(top, "repo")))
        except OsbsException as ex:
            assert SECRET not in ex.message and top not in ex.message


EVIL = b'#!/bin/sh\ntouch "$VICTIM"\n'
entries = st.one_of(
    st.sampled_from([b"", b"FROM x\n", b"* filter=evil diff=evil merge=evil\n", EVIL]),
    st.sampled_from(TARGETS).map(lambda target: ("120000", target.encode("utf-8"))),
    st.just(("160000", b"1" * 40)),
    st.just(("100755", EVIL)),
    st.just(b'[submodule "x"]\n\tpath = sub\n\turl = ext::touch %VICTIM%\n\tupdate = !touch x\n'),
    st.just(b"#" * (MAX_FILE_SIZE + 1)),
)
IN_HISTORY = PLACES + [".gitmodules", ".gitattributes", ".lfsconfig", "hooks/post-checkout"]
# Each starts git a dozen times, which takes five times as long on Python 2.
HISTORIES = settings(max_examples=max(1, settings.default.max_examples // (12 if six.PY2 else 1)))
histories = st.dictionaries(st.sampled_from(IN_HISTORY), entries, min_size=1, max_size=6)


def saved(repo, files):
    """Save a repository and return its URI; None where git itself refuses such a history."""
    try:
        return repo.save().uri
    except AssertionError:
        assert isinstance(files.get(".gitmodules"), tuple)  # a link: from git 2.53 on
        return None


def fitting(files):
    """Leave out what git itself could not hold: a name that is a directory too."""
    return {
        str(name): content
        for name, content in files.items()
        if not any(other.startswith(name + "/") for other in files)
    }


@HISTORIES
@given(histories, st.booleans())
@example({"Dockerfile": ("120000", b"{top}/secret")}, False)
@example({"sub": ("160000", b"1" * 40), ".gitmodules": b'[submodule "x"]\n\tpath = -x\n'}, True)
def test_any_history_is_read_inside_and_runs_nothing(files, in_full):
    with outside() as top:
        victim = os.path.join(top, "victim")
        files = {
            name: (
                (content[0], content[1].replace(b"{top}", top.encode("utf-8")))
                if isinstance(content, tuple)
                else content.replace(b"%VICTIM%", victim.encode("utf-8"))
            )
            for name, content in fitting(files).items()
        }
        os.rmdir(os.path.join(top, "repo"))
        repo = Repository(os.path.join(top, "repo"))
        repo.commit("master", files)
        uri = saved(repo, files)
        if uri is None:
            return
        present = sorted(os.listdir(top))
        try:
            if in_full:
                with utils.checkout_git_repo(uri, "master", "master") as path:
                    assert SECRET not in told(read_repo_info(path))
            else:
                assert SECRET not in told(utils.get_repo_info(uri, "master", "master"))
        except OsbsException as ex:
            assert SECRET not in ex.message
        assert sorted(os.listdir(top)) == present
