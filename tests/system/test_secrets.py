"""Secrets that are set everywhere turn up nowhere: logs, answers, captured files, children."""

from __future__ import absolute_import, print_function, unicode_literals

import base64
import io
import json
import os
import stat

import pytest

from tests.conftest import SandboxProcess
from tests.system import client
from tests.system.control import Control

PASSWORD = "CANARY-password-of-the-user-1"
GIT_PASSWORD = "CANARY-password-in-a-git-url-2"
WRONG_TOKEN = "CANARY-token-that-is-not-valid-3"

SHOWN_BY_PURPOSE = ("get-token", "get-serviceaccount-token")

# A git that writes down what it was given before it does its work.
SPYING_GIT = """#!/bin/sh
{{ printf '%s\\n' "$@"; env; }} >> "{spy}"
exec "{git}" "$@"
"""

FAULTS = [
    None,
    {"kind": "garbage", "count": 1},
    {"kind": "status", "status": 500, "count": 1},
    {"kind": "status", "status": 403, "count": 1},
    {"kind": "status", "status": 401, "count": 1},
    {"kind": "html", "count": 1},
]


def real_git():
    paths = [os.path.join(path, "git") for path in os.environ["PATH"].split(os.pathsep)]
    return next(path for path in paths if os.access(path, os.X_OK))


class World(object):
    """A sandbox, a configuration full of secrets, and all that commands left behind."""

    def __init__(self, directory):
        self.directory = directory
        self.state = directory.join("state")
        self.outcomes = directory.join("outcomes.json")
        self.outcomes.write(json.dumps({"default": {"lines": ["one line"]}}))
        self.sandbox = SandboxProcess(
            "--state", str(self.state), "--user", "canary:%s:admin" % PASSWORD,
            "--scripted", str(self.outcomes), "--speed", "50",
        )  # fmt: skip
        self.control = Control(self.sandbox)
        self.conf = client.changed_conf(
            self.sandbox, directory.join("osbs.conf"), username="canary", password=PASSWORD
        )
        self.home = directory.mkdir("home")
        self.captured = directory.join("captured")
        self.git_spy = directory.join("git-spy")
        self.git_spy.write("")
        spies = directory.mkdir("bin")
        spies.join("git").write(SPYING_GIT.format(spy=self.git_spy, git=real_git()))
        spies.join("git").chmod(0o755)
        self.environment = {
            "HOME": str(self.home),
            "PATH": str(spies) + os.pathsep + os.environ["PATH"],
        }
        self.repository = client.make_repository(directory.join("hello"))
        self.output = []

    def osbs(self, *arguments, **options):
        conf = options.pop("conf", self.conf)
        result = client.osbs(
            "--verbose", "--config", conf, "--capture-dir", str(self.captured),
            *arguments, **self.environment
        )  # fmt: skip
        shown = result.stderr
        if arguments[0] not in SHOWN_BY_PURPOSE:
            shown += result.stdout
        self.output.append((arguments, shown))
        return result

    def tokens(self):
        """All tokens that the sandbox gave out, of users and of service accounts."""
        with io.open(str(self.state), encoding="utf-8") as journal:
            records = [json.loads(line) for line in journal]
        return {record[1] for record in records if record[0] == "token"}

    def secrets(self):
        known = [PASSWORD, GIT_PASSWORD, WRONG_TOKEN]
        known += sorted(self.tokens())
        encoded = [base64.b64encode(text.encode("utf-8")).decode("ascii") for text in known]
        basic = base64.b64encode(("canary:" + PASSWORD).encode("utf-8")).decode("ascii")
        return known + encoded + [basic]


def build(world, uri, **options):
    return world.osbs(
        "build", "--orchestrator", "-g", uri, "-b", client.BRANCH, "--git-commit", client.BRANCH,
        "-u", "me", "-t", "candidate", "--platforms", "x86_64", **options
    )  # fmt: skip


@pytest.fixture(scope="module")
def world(tmpdir_factory):
    """Every command has been run, with faults, at DEBUG."""
    world = World(tmpdir_factory.mktemp("secrets"))
    try:
        run_everything(world)
        yield world
    finally:
        world.sandbox.stop()


def run_everything(world):
    assert world.osbs("login", "-u", "canary", "-p", PASSWORD).status == 0
    done = build(world, world.repository)
    assert done.status == 0, done
    build_id = json.loads(world.osbs("--output", "json", "list-builds").stdout)[-1]["metadata"]
    for fault in FAULTS:
        if fault is not None:
            world.control.fault(**fault)
        for command in (
            ["list-builds"],
            ["get-build", build_id["name"]],
            ["build-logs", build_id["name"]],
            ["get-serviceaccount-token", "builder"],
        ):
            world.osbs(*command)
        world.control.forget()
    for command in (["get-user"], ["get-quota"], ["cancel-build", build_id["name"]]):
        world.osbs(*command)
    world.osbs("get-token")
    world.osbs("print-token-url")
    world.osbs("backup-builder", "-f", str(world.directory.join("backup.tar.bz2")))
    wrong = world.directory.join("wrong.conf")
    conf = client.changed_conf(
        world.sandbox, wrong, username=None, password=None, token=WRONG_TOKEN
    )
    assert world.osbs("get-user", conf=conf).status == 3
    conf = client.changed_conf(world.sandbox, wrong, username="canary", password=GIT_PASSWORD)
    world.home.join(".osbs", "default.token").remove()
    assert world.osbs("get-user", conf=conf).status == 3
    unreachable = "https://someone:%s@127.0.0.1:1/hello.git" % GIT_PASSWORD
    assert build(world, unreachable).status == 1


def test_no_secret_is_logged_or_shown(world):
    secrets = world.secrets()
    assert len(secrets) > 10
    found = [
        (arguments, text)
        for arguments, output in world.output
        for text in secrets
        if text in output
    ]
    # The arguments of the person who typed them are theirs.
    assert found == []


def test_no_secret_is_in_a_captured_file(world):
    secrets = world.secrets()
    files = world.captured.listdir()
    assert len(files) > 10
    contents = {path.basename: path.read_binary().decode("utf-8", "replace") for path in files}
    found = [(name, s) for name, text in contents.items() for s in secrets if s in text + name]
    assert found == []


def test_captured_files_are_for_their_owner_only(world):
    assert stat.S_IMODE(os.stat(str(world.captured)).st_mode) == 0o700
    modes = {stat.S_IMODE(os.stat(str(path)).st_mode) for path in world.captured.listdir()}
    assert modes == {0o600}


def test_no_secret_is_in_arguments_or_environment_of_git(world):
    given = world.git_spy.read()
    assert "hello" in given
    assert [text for text in world.secrets() if text in given] == []


def test_archive_of_a_backup_is_for_its_owner_only(world):
    mode = os.stat(str(world.directory.join("backup.tar.bz2"))).st_mode
    assert stat.S_IMODE(mode) == 0o600
