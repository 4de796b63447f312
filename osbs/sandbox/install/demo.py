"""
Run one orchestrator build from osbs.conf to the summary, as a user would.

Starts a sandbox, creates a repository and a configuration, and runs the real ``osbs`` command, all
in a temporary directory that is removed at the end.
"""

import os
import shlex
import subprocess
import sys
import threading

import osbs
from osbs.cli.output import writing_to
from osbs.sandbox.install import seed
from osbs.sandbox.install.installation import Installation
from osbs.sandbox.pods.leftovers import PrivateDirectory

#: timeout (seconds) of the osbs command
TIME_LIMIT = 120


def run_demo(api=None, output=None, **options):
    """
    Run the demo.

    :param api: str, ``oapi`` or ``apis``, key openshift_api; None: what the server has
    :param output: binary stream; None: stdout
    :param options: keywords of :class:`osbs.sandbox.install.installation.Installation`
    :return: int, exit status: 0 if the build is complete and lines of all platforms were shown
    """
    output = sys.stdout.buffer if output is None else output
    with PrivateDirectory("demo-") as directory:
        repository = seed.make_repository(os.path.join(directory, seed.COMPONENT))
        with Installation(os.path.join(directory, "installation"), api=api, **options) as sandbox:
            _say("the sandbox listens on {}".format(sandbox.server.url))
            command = osbs_command() + build_arguments(sandbox.config, repository)
            _say("$ " + " ".join(shlex.quote(word) for word in command))
            status, text = run_and_show(command, directory, output)
    return _verdict(status, text)


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
