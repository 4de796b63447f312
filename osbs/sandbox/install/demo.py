"""
Run one orchestrator build from osbs.conf to the summary, as a user would.

Starts a sandbox, creates a repository and a configuration, and runs the real ``osbs`` command, all
in a temporary directory that is removed at the end. On a terminal it also tells what happens.
"""

import argparse
import contextlib
import os
import shlex
import subprocess
import sys
import threading

import osbs
from osbs.cli.output import writing_to
from osbs.cli.terminal import terminal_for
from osbs.sandbox.install import seed
from osbs.sandbox.install.installation import Installation
from osbs.sandbox.pods.leftovers import PrivateDirectory

#: timeout (seconds) of the osbs command
TIME_LIMIT = 120
#: seconds in which an interrupted osbs command leaves the terminal clean
INTERRUPTED_SECONDS = 5

WHO_IS_WHO = [
    ("client", "the command osbs: asks OpenShift for a build, shows its log"),
    ("orchestrator", "that build: starts a worker per platform, joins their images"),
    (", ".join(seed.PLATFORMS), "workers: builds that make the image of one platform"),
]
NEXT = [
    ("osbs-sandbox serve", "an OpenShift that stays, and how to build on it"),
    ("osbs-sandbox repository hello", "a git repository to build from, and to change"),
    ("osbs build --help", "what a build can be told"),
]


def run_demo(api=None, output=None, **options):
    """
    Run the demo.

    :param api: str, ``oapi`` or ``apis``, key openshift_api; None: what the server has
    :param output: binary stream; None: stdout
    :param options: keywords of :class:`osbs.sandbox.install.installation.Installation`
    :return: int, exit status: 0 if the build is complete and lines of all platforms were shown
    """
    screen = terminal_for(argparse.Namespace(color="auto")) if output is None else None
    output = sys.stdout.buffer if output is None else output
    with PrivateDirectory("demo-") as directory:
        repository = seed.make_repository(os.path.join(directory, seed.COMPONENT))
        with Installation(os.path.join(directory, "installation"), api=api, **options) as sandbox:
            arguments = build_arguments(sandbox.config, repository)
            if screen is not None:
                return _tell(screen, sandbox, arguments, directory)
            _say("the sandbox listens on {}".format(sandbox.server.url))
            command = osbs_command() + arguments
            _say("$ " + " ".join(shlex.quote(word) for word in command))
            status, text = run_and_show(command, directory, output)
    return _verdict(status, text)


def _tell(screen, sandbox, arguments, directory):
    """Run the command on the terminal, and say before and after it what happens; its status."""
    screen.write_line(
        screen.style("A build of OSBS in small, on an OpenShift for one machine", "bold")
    )
    screen.write_lines(screen.block(WHO_IS_WHO))
    screen.write_lines([""] + [screen.style(line, "bold") for line in _typed(screen, arguments)])
    status = run_on_terminal(osbs_command() + arguments, directory)
    if status == 0:
        screen.write_lines(["", screen.style("What happened", "bold")])
        screen.write_lines(screen.block(_story(sandbox)))
    else:
        _say("osbs ended with status {}".format(status))
    screen.write_lines(["", screen.style("next:", "bold")] + screen.block(NEXT))
    return status


def _typed(screen, arguments):
    """Return the command as one would type it, in lines that end with a backslash."""
    groups = ["$ osbs"]
    for word in arguments:
        # A value stays beside its option.
        if word.startswith("--"):
            groups.append(shlex.quote(word))
        else:
            groups[-1] += " " + shlex.quote(word)
    lines = [groups[0]]
    for group in groups[1:]:
        if len(lines[-1]) + len(group) + len("  \\") > screen.width:
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += " " + group
    return lines


def _story(sandbox):
    """Return who did what, as pairs."""
    build = sandbox.osbs.list_builds()[-1]
    place = "{} in project {}".format
    story = [
        ("client", "asked {} for a build of branch {}".format(sandbox.url, seed.BRANCH)),
        ("orchestrator", place(build.get_build_name(), sandbox.namespace)),
    ]
    for platform, worker in sorted(build.get_platforms().items(), reverse=True):
        made = worker["build"]
        story.append((platform, place(made["build-name"], made["namespace"])))
    return story


def osbs_command():
    """Return the command ``osbs`` of this interpreter: the installed script, else the module."""
    script = os.path.join(os.path.dirname(sys.executable), "osbs")
    if os.access(script, os.X_OK):
        return [script]
    return [sys.executable, "-m", "osbs.cli.main"]


def build_arguments(config, repository, branch=seed.BRANCH):
    """
    Return the arguments of an orchestrator build of all platforms.

    :param config: str, path of the configuration file
    :param repository: str, URI
    :param branch: str
    """
    arguments = ["--config", config, "build", "--orchestrator", "--git-url", repository]
    arguments += ["--git-branch", branch, "--git-commit", branch, "--user", "osbs"]
    arguments += ["--target", "candidate", "--arrangement-version", "6"]
    for platform in seed.PLATFORMS:
        arguments += ["--platforms", platform]
    return arguments


def run_and_show(command, directory, output, limit=TIME_LIMIT):
    """
    Run a command and copy its stdout while it runs.

    :param command: list of str
    :param directory: str, becomes its home and working directory
    :param output: binary stream
    :param limit: float, seconds after which it is killed
    :return: (int, str), exit status and everything it printed on stdout
    """
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=dict(client_environment(directory), TMPDIR=directory),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    watchdog = threading.Timer(limit, process.kill)
    # A signal may end this function anywhere; nothing waits for the timer then.
    watchdog.daemon = True
    lines = []
    try:
        watchdog.start()
        for line in process.stdout:
            lines.append(line.decode("utf-8", "replace"))
            with writing_to(output):
                output.write(line)
                output.flush()
        return process.wait(), "".join(lines)
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()


def run_on_terminal(command, directory):
    """
    Run a command with stdout and stderr of this process.

    :param command: list of str
    :param directory: str, becomes its home and working directory
    :return: int, exit status
    """
    with subprocess.Popen(
        command, cwd=directory, env=dict(client_environment(directory), TMPDIR=directory)
    ) as process:
        try:
            return process.wait(TIME_LIMIT)
        except KeyboardInterrupt:
            # Ctrl-C has reached the command as well, which now ends.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(INTERRUPTED_SECONDS)
            raise
        finally:
            process.kill()


def client_environment(home):
    """Return an environment with its own home directory and without proxies for loopback."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(osbs.__file__)))
    path = [root] + [entry for entry in [os.environ.get("PYTHONPATH")] if entry]
    environment = dict(os.environ, HOME=home, PYTHONPATH=os.pathsep.join(path))
    environment.update(PYTHONIOENCODING="utf-8", NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
    for name in ("OSBS_CONFIG", "OSBS_INSTANCE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        environment.pop(name, None)
    return environment


def _verdict(status, text):
    missing = [p for p in seed.PLATFORMS if "platform:{} ".format(p) not in text]
    if status != 0:
        _say("osbs ended with status {}".format(status))
    elif missing:
        status = 1
        _say("the log has no lines of {}".format(", ".join(missing)))
    elif " is complete" not in text:
        status = 1
        _say("the summary does not say that the build is complete")
    return status


def _say(text):
    sys.stderr.write("osbs-sandbox: {}\n".format(text))
    sys.stderr.flush()
