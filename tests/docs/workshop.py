"""Where the blocks of the pages run: a home, a PATH, a sandbox with its osbs.conf, a repository."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading

from tests.docs.pages import ROOT

#: seconds after which a block is killed
TIME_LIMIT = 120
BRANCH = "main"
#: variables of whoever runs the tests that would change what blocks do
HIDDEN = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "OSBS_INSTANCE")

DOCKERFILE = """FROM fedora:latest
LABEL name="docs/hello" com.redhat.component="hello" version="1.0"
"""

USER_PARAMS = {
    "arrangement_version": 6,
    "base_image": "fedora:latest",
    "build_image": "buildroot:latest",
    "build_json_dir": "/usr/share/osbs/",
    "build_type": "orchestrator",
    "component": "hello",
    "customize_conf": "orchestrator_customize.json",
    "git_branch": BRANCH,
    "git_ref": BRANCH,
    "git_uri": "https://git.example.com/hello",
    "image_tag": "admin/hello:candidate-12345-20240501101500",
    "imagestream_name": "docs-hello",
    "koji_target": "candidate",
    "name": "hello-main-12345",
    "platforms": ["x86_64"],
    "user": "admin",
}

_VARIABLE = re.compile(r"\b[A-Z][A-Z_]+\b")


class Failed(AssertionError):
    """A block did not do what it should."""


class Workshop(object):
    """
    Run blocks one after the other in one directory.

    :param directory: py.path of an empty directory
    :param sandbox: dict, the ready line of a sandbox
    :param sandbox_python: list of str, how to run the sandbox's interpreter
    :param made: dict, variable -> value that was made already; shared by workshops
    """

    def __init__(self, directory, sandbox, sandbox_python, made):
        self.directory = directory
        self.sandbox_python = sandbox_python
        home = directory.mkdir("home")
        token_file = home.join("token")
        token_file.write(sandbox["token"])
        token_file.chmod(0o600)
        self._environment = {
            "HOME": home,
            # What a block kills leaves files behind.
            "TMPDIR": directory.mkdir("tmp"),
            "PATH": os.pathsep.join([str(self._programs()), os.environ["PATH"]]),
            "PYTHONPATH": ROOT,
            "PYTHONIOENCODING": "utf-8",
            "LC_ALL": "C.UTF-8",
            "OSBS_CONFIG": sandbox["config"],
            "OSBS_USER": sandbox["user"],
            "OSBS_PASSWORD": sandbox["password"],
            "OPENSHIFT_URL": sandbox["url"],
            "CA_BUNDLE": sandbox["ca"],
            "TOKEN_FILE": token_file,
            "USER_PARAMS": json.dumps(USER_PARAMS),
            "GIT_BRANCH": BRANCH,
            "CHECKOUT": ROOT,
            # Options of this run of pytest are not meant for those that blocks start.
            "PYTEST_ADDOPTS": "-p no:cacheprovider",
        }
        self._made = made
        #: variable -> function that makes its value when a block names it
        self.makers = {"GIT_URL": self._make_repository, "BUILD": self._make_build}
        self._work = directory.mkdir("work")

    def _programs(self):
        programs = self.directory.mkdir("bin")
        _program(programs.join("osbs"), [sys.executable, "-m", "osbs.cli.main"])
        _program(programs.join("osbs-sandbox"), self.sandbox_python + ["-m", "osbs.sandbox.cli"])
        _program(programs.join("python"), [sys.executable])
        _program(programs.join("python3"), self.sandbox_python)
        return programs

    def _make_repository(self):
        path = self.directory.mkdir("docs-hello")
        path.join("Dockerfile").write(DOCKERFILE)
        identity = ["-c", "user.name=Docs", "-c", "user.email=docs@localhost"]
        for arguments in (
            ["init", "-q"],
            ["symbolic-ref", "HEAD", "refs/heads/" + BRANCH],
            ["add", "--all"],
            identity + ["commit", "-q", "-m", "Say hello"],
        ):
            subprocess.check_call(["git", "-C", str(path)] + arguments)
        return "file://%s" % path

    def _make_build(self):
        output = self.shell(
            'osbs build --orchestrator --git-url "$GIT_URL" --git-branch "$GIT_BRANCH"'
            ' --git-commit "$GIT_BRANCH" --user admin --target candidate --platforms x86_64'
        )
        return re.search(r"^build (\S+) is complete$", output, re.M).group(1)

    def environment(self, text):
        """Return the environment for a block, with what it names."""
        names = _VARIABLE.findall(text)
        for name in sorted(set(names).intersection(self.makers)):
            if name not in self._made:
                self._made[name] = self.makers[name]()
        environment = dict(os.environ, **_native(self._environment))
        environment.update(_native(self._made))
        for name in HIDDEN:
            environment.pop(name, None)
        return environment

    def shell(self, text):
        """Run commands; return what they printed on stdout."""
        return self._run(["bash", "-eu", "-o", "pipefail", "-c", text], text)

    def console(self, text):
        """Run the commands behind ``$``; what they print must match what stands below them."""
        for command, expected in dialogue(text):
            check_output(command, expected, self.shell(command))

    def python(self, text):
        """Run a program with the interpreter of the tests."""
        return self._program([sys.executable], text)

    def python3(self, text):
        """Run a program, or a file of tests, with the sandbox's interpreter."""
        if not re.search(r"^(async )?def test_", text, re.M):
            return self._program(self.sandbox_python, text)
        # Only the sandbox's plugin, whether or not it is installed.
        options = ["-q", "-p", "osbs.sandbox.pytest_plugin", "-p", "no:cacheprovider"]
        command = self.sandbox_python + ["-m", "pytest"] + options
        return self._program(
            command, text, name="test_block.py", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"
        )

    def _program(self, command, text, name="block.py", **variables):
        path = self._work.join(name)
        path.write_text("# -*- coding: utf-8 -*-\n" + text, encoding="utf-8")
        return self._run(command + [str(path)], text, **variables)

    def _run(self, command, text, **variables):
        environment = dict(self.environment(text), **_native(variables))
        errors = self.directory.join("stderr")
        with io.open(str(errors), "wb") as stderr, io.open(os.devnull, "rb") as stdin:
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=str(self._work),
                env=environment,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                preexec_fn=os.setsid,
            )
            status, output = _finish(process)
        if status:
            raise Failed(
                "%s\n--- status %s, stdout:\n%s--- stderr:\n%s"
                % (text, status, output, errors.read_text(encoding="utf-8"))
            )
        return output


def _program(path, command):
    words = " ".join("'%s'" % word for word in command)
    path.write('#!/bin/sh\nexec %s "$@"\n' % words)
    path.chmod(0o755)


def _native(variables):
    return {str(name): str(value) for name, value in variables.items()}


def _finish(process):
    """Wait for a process, and end what it left behind; return (status, what it printed)."""

    def kill():
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            pass

    watchdog = threading.Timer(TIME_LIMIT, kill)
    watchdog.start()
    try:
        output = process.stdout.read().decode("utf-8", "replace")
        status = process.wait()
    finally:
        watchdog.cancel()
        kill()
        process.stdout.close()
    return status, output


def dialogue(text):
    """Return (command, expected lines) of each ``$ command`` of a console block."""
    result = []
    for line in text.splitlines():
        if line.startswith("$ "):
            result.append((line[2:], []))
        elif line.startswith("> ") and result and not result[-1][1]:
            result[-1] = (result[-1][0] + "\n" + line[2:], [])
        elif result:
            result[-1][1].append(line)
        else:
            raise Failed('a console block begins with "$ ", not with %r' % line)
    return result


def check_output(command, expected, output):
    """
    Compare lines; ``...`` stands for anything within a line, alone for any lines.

    :raises Failed: where they differ
    """
    pattern = "".join(
        (
            "(?:.*\n)*?"
            if line.strip() == "..."
            else ".*".join(re.escape(part) for part in line.rstrip().split("...")) + "[ \t]*\n"
        )
        for line in expected
    )
    if not re.match("(?:%s)$" % pattern, output):
        raise Failed(
            "%s\n--- printed:\n%s--- expected:\n%s" % (command, output, "\n".join(expected))
        )
