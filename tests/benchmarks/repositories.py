"""``get_repo_info`` against a clone and a checkout, on short and long histories."""

import os
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager

from osbs import utils
from tests.benchmarks.gitmasters import Counter, daemon_master, https_master
from tests.benchmarks.harness import Outcome, Panel, Row, by_turns
from tests.unit.gitrepos import Repository

BASELINE = "`git clone` + `git checkout`"
DOCKERFILE = """FROM fedora:29
LABEL name="team/hello" com.redhat.component="hello" version="1.0" release="%d"
"""
# Files that nobody reads, as a package has patches: count, and bytes of each.
OTHERS = 40, 4000
OLD = 150


def make_repository(path, commits):
    """Make a repository with a history; returns the ids of its tip and of an old commit."""
    repository = Repository(path)
    for number in range(commits):
        files = {"Dockerfile": (DOCKERFILE % number).encode("ascii")}
        files["sources"] = b"%040x  hello-%d.tar.gz\n" % (number, number)
        if not number:
            count, size = OTHERS
            for other in range(count):
                line = b"line of patch %d\n" % other
                files["%04d.patch" % other] = line * (size // len(line))
        repository.commit("master", files)
    repository.save()
    repository.configure(uploadpack__allowFilter="true")
    return repository.commits[-1], repository.commits[-OLD]


def info(uri, commit):
    """Read what the repository says."""
    found = utils.get_repo_info(uri, commit, git_branch="master")
    assert found.dockerfile_parser.baseimage == "fedora:29"


def clone(uri, commit):
    """Do the same as the baseline does it."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "repo")
        subprocess.check_call(["git", "clone", "-q", "-b", "master", uri, path])
        subprocess.check_call(["git", "checkout", "-q", commit], cwd=path)


class Local(Counter):
    """Repositories as files: nobody can count what git reads of them."""

    def take(self):
        """Return nothing."""


@contextmanager
def masters(root):
    """Serve the repositories in three ways: dict, scheme -> Counter."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        served = {
            "file": Local(url="file://{}/".format(root)),
            "git": stack.enter_context(daemon_master(root)),
            "https": stack.enter_context(https_master(root, directory)),
        }
        before = os.environ.get("GIT_SSL_CAINFO")
        os.environ["GIT_SSL_CAINFO"] = served["https"].ca
        try:
            yield served
        finally:
            os.environ.pop("GIT_SSL_CAINFO")
            if before is not None:
                os.environ["GIT_SSL_CAINFO"] = before


def bytes_of(counter, function, *args):
    """Return how many bytes a call moves, as text and as a number."""
    counter.take()
    function(*args)
    return counter.take()


def compare(counter, commits, rounds):
    """Return (Timing, bytes): each size in each round, with a clone of the smaller ones too."""
    functions, moved = {}, {}
    for size, (tip, _) in commits.items():
        uri = "{}{}.git".format(counter.url, size)
        for name, function in (("info", info), ("clone", clone)):
            key = "{} {}".format(name, size)
            moved[key] = bytes_of(counter, function, uri, tip)
            functions[key] = lambda function=function, uri=uri, tip=tip: function(uri, tip)
    return by_turns(rounds, functions), moved


def growth_row(scheme, timing, sizes):
    """Judge how the time grows with the history."""
    few, many = ("info {}".format(size) for size in (sizes[0], sizes[-1]))
    return Row(
        "`get_repo_info` over {}://, {:,} commits".format(scheme, sizes[-1]),
        "the same on {:,} commits".format(sizes[0]),
        timing.text(few, many),
        timing.ratio(many, few),
        at_most=1.5,
    )


def bytes_row(scheme, moved, sizes):
    """Judge how the bytes grow with the history."""
    few, many = ("info {}".format(size) for size in (sizes[0], sizes[-1]))
    return Row(
        "bytes of `get_repo_info` over {}://, {:,} commits".format(scheme, sizes[-1]),
        "the same on {:,} commits".format(sizes[0]),
        "{:,}, {:,}; a clone {:,}".format(
            moved[few], moved[many], moved["clone {}".format(sizes[-1])]
        ),
        moved[many] / moved[few],
        at_most=1.1,
    )


def clone_row(scheme, timing, size):
    """Tell how it compares with a clone."""
    names = "clone {}".format(size), "info {}".format(size)
    return Row(
        "`get_repo_info` over {}://, {:,} commits".format(scheme, size),
        BASELINE,
        timing.text(*names),
        timing.ratio(*reversed(names)),
    )


def old_row(counter, commits, size, rounds):
    """Tell what a commit costs that is too far behind the tip to be fetched by itself."""
    uri, old = "{}{}.git".format(counter.url, size), commits[size][1]
    timing = by_turns(rounds, {"clone": lambda: clone(uri, old), "info": lambda: info(uri, old)})
    return Row(
        "`get_repo_info` over git://, {:,} commits, {} behind the tip".format(size, OLD),
        BASELINE,
        timing.text("clone", "info"),
        timing.ratio("info", "clone"),
    )


def run(options):
    """Measure."""
    sizes = options.pick((200, 2500, 20000), (160, 200))
    rounds = options.pick(7, 1)
    rows, panels = [], []
    with tempfile.TemporaryDirectory() as root:
        commits = {
            size: make_repository(os.path.join(root, "{}.git".format(size)), size) for size in sizes
        }
        with masters(root) as served:
            for scheme, counter in served.items():
                timing, moved = compare(counter, commits, rounds)
                rows.append(growth_row(scheme, timing, sizes))
                if scheme != "file":
                    rows.append(bytes_row(scheme, moved, sizes))
                rows += [clone_row(scheme, timing, size) for size in sizes[1:]]
                lines = {
                    name: [(n, timing.median("{} {}".format(name, n))) for n in sizes]
                    for name in ("info", "clone")
                }
                panels.append(
                    Panel("get_repo_info over {}://".format(scheme), "commits", "seconds", lines)
                )
            rows.append(old_row(served["git"], commits, sizes[1], options.pick(3, 1)))
    return Outcome(rows, panels)
