"""Run the real ``osbs`` command, and make what it is given: configurations and repositories."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os
import subprocess
import sys

from six.moves import configparser

from tests.conftest import watchdog

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BRANCH = "demo"

LABELS = ('name="team/hello"', 'com.redhat.component="hello"', 'version="1.0"')


class Result(object):
    """What a command left: ``status`` (int), ``stdout`` and ``stderr`` (text)."""

    def __init__(self, status, stdout, stderr):
        self.status = status
        self.stdout = stdout.decode("utf-8", "replace")
        self.stderr = stderr.decode("utf-8", "replace")

    @property
    def last_line(self):
        """The last line on stderr."""
        return (self.stderr.splitlines() or [""])[-1]

    def __repr__(self):
        return "Result({}, {!r}, {!r})".format(self.status, self.stdout, self.stderr)


def osbs_process(*arguments, **environment):
    """
    Start ``osbs`` with the interpreter of the tests; keywords are added to its environment.

    :return: subprocess.Popen with pipes
    """
    env = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONIOENCODING=str("utf-8"))
    env.update((str(name), str(value)) for name, value in environment.items())
    return subprocess.Popen(
        [sys.executable, "-m", "osbs.cli.main"] + list(arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        cwd=str(ROOT),
    )


def read_until(process, text):
    """
    Read what a process prints, up to a text and maybe more, before ``communicate``.

    :return: bytes
    """
    printed = b""
    while text.encode("utf-8") not in printed:
        # Not readline: communicate() would never see what that has read ahead.
        data = os.read(process.stdout.fileno(), 4096)
        assert data, process.stderr.read()
        printed += data
    return printed


def osbs(*arguments, **environment):
    """
    Run ``osbs`` to its end; it is killed after a minute.

    :return: Result
    """
    process = osbs_process(*arguments, **environment)
    timer = watchdog(process, 60)
    try:
        stdout, stderr = process.communicate()
    finally:
        timer.cancel()
    return Result(process.returncode, stdout, stderr)


def changed_conf(sandbox, path, section="default", **keys):
    """
    Write the sandbox's configuration with some keys changed (None: removed).

    :param sandbox: dict, the ready line of a sandbox
    :param path: py.path of the new file
    :return: str, its path
    """
    parser = configparser.RawConfigParser()
    parser.read(str(sandbox["config"]))
    for key, value in keys.items():
        if value is None:
            parser.remove_option(str(section), str(key))
        else:
            parser.set(str(section), str(key), str(value))
    with io.open(str(path), "wb" if sys.version_info[0] == 2 else "w") as stream:
        parser.write(stream)
    return str(path)


def dockerfile(labels=LABELS):
    """Return the text of a Dockerfile with these labels (text ``name="value"``)."""
    return "FROM fedora:latest\n" + "".join("LABEL %s\n" % label for label in labels)


def make_repository(path, files=None, branch=BRANCH):
    """
    Make a git repository with one commit.

    :param path: py.path of a directory
    :param files: dict, name -> text; None: a Dockerfile with all labels
    :return: str, its URI
    """
    path.ensure(dir=True)
    for name, text in ({"Dockerfile": dockerfile()} if files is None else files).items():
        path.join(name).write_text(text, encoding="utf-8", ensure=True)
    for command in (
        ["init", "-q"],
        ["symbolic-ref", "HEAD", "refs/heads/" + branch],
        ["add", "--all"],
        [
            "-c",
            "user.name=Tests",
            "-c",
            "user.email=tests@localhost",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "Say hello",
        ],
    ):
        subprocess.check_call(["git", "-C", str(path)] + command)
    return "file://" + str(path)


def orchestrator(config, repository, *options, **changes):
    """
    Return the arguments of an orchestrator build.

    :param config: str, path of the configuration
    :param repository: str, URI
    :param options: further arguments of ``build``
    :param changes: ``git_commit``, ``git_branch``, ``instance``
    """
    before = ["--config", config]
    if "instance" in changes:
        before += ["--instance", changes["instance"]]
    return (
        before
        + [
            "build",
            "--orchestrator",
            "--git-url",
            repository,
            "--git-branch",
            changes.get("git_branch", BRANCH),
            "--git-commit=" + changes.get("git_commit", BRANCH),
            "--user",
            "osbs",
            "--target",
            "candidate",
        ]
        + list(options)
    )


def changed_library(tmpdir, *changes):
    """
    Return an environment in which the library has other values.

    :param changes: pairs of a dotted name and a number, in the order in which they are made
    """
    lines = []
    for name, number in changes:
        lines += ["import %s" % name.rpartition(".")[0], "%s = %r" % (name, number)]
    site = tmpdir.ensure("site", dir=True)
    site.join("sitecustomize.py").write("\n".join(lines) + "\n")
    return {"PYTHONPATH": os.pathsep.join([str(site), ROOT])}


def hurried(tmpdir, failures=2, retries=0):
    """
    Return an environment in which HTTP is not repeated for minutes.

    :param failures: int, breaks of a stream in a row after which the client gives up
    :param retries: int, how often a request is repeated
    """
    return changed_library(
        tmpdir,
        ("osbs.constants.HTTP_MAX_RETRIES", retries),
        ("osbs.constants.HTTP_BACKOFF_FACTOR", 0.1),
        ("osbs._rest.retry.MAX_DELAY", 0.5),
        ("osbs._rest.retry.MAX_FAILURES", failures),
    )
