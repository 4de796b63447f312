"""
The ``osbs-sandbox`` command: ``serve`` keeps a sandbox running, ``demo`` runs one build on it.

Data goes to stdout (the ready line, the log of the demo), messages to stderr. Exit status: 0 done,
1 failed, 2 usage.
"""

import argparse
import contextlib
import functools
import json
import os
import re
import secrets
import shlex
import signal
import sys
import threading
import time
import warnings

import osbs
from osbs.cli.completion import autocomplete
from osbs.cli.output import (
    OutputClosed,
    OutputError,
    flush,
    in_one_line,
    is_terminal,
    write_line,
)
from osbs.cli.parser import PlainParser

FAILED = 1
USAGE = 2
#: seconds to wait until a killed parent has exited
PARENT_SECONDS = 0.5

GREETING = """\
The sandbox, an OpenShift for OSBS, is ready; Ctrl-C ends it.

    API    {url}
    page   {page}

In another terminal:

    export OSBS_CONFIG={config}
    osbs-sandbox repository /tmp/hello
    osbs build --orchestrator --git-url file:///tmp/hello --git-branch osbs-box-demo \\
        --git-commit osbs-box-demo --user osbs --target candidate \\
        --arrangement-version 6 --platforms x86_64 --platforms ppc64le
    osbs list-builds
"""

_CONTRADICTION = "--openshift-api oapi cannot work with --no-oapi"


def main(argv=None):
    """
    Run the ``osbs-sandbox`` command.

    :param argv: list of str; None: those of the process
    :return: int, exit status
    :raises SystemExit: after help, version or wrong usage
    """
    try:
        try:
            return _run(argv)
        finally:
            flush()
    except OutputClosed:
        return 0
    except OutputError as exc:
        return _report(exc.strerror)


def _run(argv):
    parser = build_parser()
    autocomplete(parser)
    args = parser.parse_args(argv)
    if args.function is None:
        parser.print_help()
        return 0
    try:
        with warnings.catch_warnings():
            # cryptography's warnings about old Pythons do not help users of the sandbox.
            warnings.simplefilter("ignore")
            import aiohttp  # noqa: F401  (only to report a missing extra early)
            import trustme  # noqa: F401
    except ImportError as exc:
        return _report('{}; install the extra: pip install "osbs-client[sandbox]"'.format(exc))
    return args.function(args)


def build_parser():
    """Return the argparse.ArgumentParser of the command."""
    parser = PlainParser(
        prog="osbs-sandbox",
        description="an OpenShift master for one machine, for OSBS",
        **_examples("osbs-sandbox demo", "osbs-sandbox serve --directory sandbox")
    )
    parser.add_argument("-V", "--version", action="version", version=osbs.__version__)
    parser.set_defaults(function=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_serve(commands)
    _add_demo(commands)
    _add_repository(commands)
    return parser


def _examples(*lines):
    """Return the arguments of a parser whose help ends with examples."""
    return {
        "epilog": "\n  ".join(("examples:",) + lines),
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


def _add_serve(commands):
    serve = commands.add_parser(
        "serve",
        help="serve until SIGTERM or Ctrl-C",
        description="Serve until SIGTERM or Ctrl-C. When the sandbox is ready, stdout says how to "
        "reach it: one line of JSON, or on a terminal some words.",
        **_examples(
            "osbs-sandbox serve --directory sandbox --log",
            "osbs-sandbox serve --scripted outcomes.json --speed 10",
        )
    )
    serve.set_defaults(function=cmd_serve)
    add, flag = serve.add_argument, functools.partial(serve.add_argument, action="store_true")
    add("--port", type=_port, default=0, help="port on 127.0.0.1; 0, the default, takes a free one")
    page = "port of the page for a browser; 0, the default, takes a free one"
    add("--page-port", type=_port, default=0, help=page)
    flag("--log", help="show each request on stderr")
    flag("--no-tls", help="serve http instead of https")
    project = "project of the builds (default: osbs)"
    add("--namespace", type=_namespace, default="osbs", help=project)
    _add_users(serve)
    add("--token-lifetime", type=_positive, metavar="SECONDS", help="lifetime of OAuth tokens")
    tickets = "accept Kerberos tickets for the services of this keytab, HTTP/127.0.0.1 and such"
    add("--keytab", metavar="FILE", help=tickets)
    key = "require a key of requests to /_sandbox/; control_key in the line on stdout"
    flag("--control-key", help=key)
    images = "any repository has a tag latest; else imports find only what was pushed"
    flag("--open-registry", help=images)
    add("--state", metavar="FILE", help="keep the state in this file")
    directory = "where osbs.conf is written; default: a temporary one, removed at the end"
    add("--directory", metavar="DIR", help=directory)
    _add_what_pods_run(serve)
    add("--speed", type=_positive, default=1.0, help="how many times faster than a real master")
    flag("--until-eof", help="end when stdin does, so with the program that holds its other end")
    _add_api_options(serve)


def _add_what_pods_run(serve):
    pods = serve.add_mutually_exclusive_group()
    pods.add_argument(
        "--scripted", metavar="FILE", help="play the outcomes of this JSON file, start no processes"
    )
    pods.add_argument(
        "--pod-command",
        type=_command,
        metavar="COMMAND",
        help="the program that build pods run, instead of the sandbox's own",
    )


def _add_users(serve):
    serve.add_argument(
        "--user",
        action="append",
        dest="users",
        type=_user,
        default=[],
        metavar="NAME:PASSWORD[:ROLE]",
        help="a further user; role admin (default), edit, view or none; may be given again; "
        "other users of this machine can see it, see --user-file",
    )
    serve.add_argument(
        "--user-file",
        action="append",
        default=[],
        metavar="FILE",
        help="further users: NAME:PASSWORD[:ROLE] in each line; - is stdin",
    )


def _add_demo(commands):
    demo = commands.add_parser(
        "demo",
        help="run one orchestrator build from configuration to summary",
        description='Start a sandbox, make a repository and an osbs.conf, and run "osbs build". '
        "Status 0 if the build is complete.",
        **_examples("osbs-sandbox demo", "osbs-sandbox demo --no-oapi")
    )
    demo.set_defaults(function=cmd_demo)
    _add_api_options(demo)


def _add_repository(commands):
    repository = commands.add_parser(
        "repository",
        help="make a git repository to build from",
        description="Make a git repository with a Dockerfile, and print its URL.",
        **_examples("osbs-sandbox repository hello")
    )
    repository.set_defaults(function=cmd_repository)
    repository.add_argument("directory", help="created if missing; must be empty")


def _add_api_options(parser):
    parser.add_argument(
        "--no-oapi", action="store_true", help="be an OpenShift 4: API groups only, no /oapi/v1"
    )
    parser.add_argument(
        "--openshift-api",
        choices=("oapi", "apis", "auto"),
        help="key openshift_api of the configuration (default: what the server has)",
    )


def _port(text):
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError("{!r} is not a port: expected 0 to 65535".format(text))
    return int(text)


def _command(text):
    try:
        words = shlex.split(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError("{!r}: {}".format(text, exc))
    if not words:
        raise argparse.ArgumentTypeError("the command is empty")
    return words


def _namespace(text):
    # Worker projects append a suffix, and 63 characters are the limit.
    if not re.match(r"[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?\Z", text):
        raise argparse.ArgumentTypeError(
            "{!r} is not a project name: expected up to 50 of a-z, 0-9 and -".format(text)
        )
    return text


def _positive(text):
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("{!r} is not a number greater than 0".format(text))
    return value


def _user(text):
    name, _, rest = text.partition(":")
    password, _, role = rest.partition(":")
    if not name or not password or role not in ("", "admin", "edit", "view", "none"):
        raise argparse.ArgumentTypeError("expected NAME:PASSWORD[:admin|edit|view|none]")
    return name, password, role or "admin"


def _users(args):
    """
    Return the further users as (name, password, role).

    :raises ValueError: naming the line that is malformed, without its password
    :raises OSError: when a file cannot be read
    """
    users = list(args.users)
    for path in args.user_file:
        with open(0 if path == "-" else path, encoding="utf-8", closefd=path != "-") as source:
            lines = source.read().splitlines()
        for number, line in enumerate(lines, 1):
            if line and not line.startswith("#"):
                try:
                    users.append(_user(line))
                except argparse.ArgumentTypeError as exc:
                    raise ValueError("{}: line {}: {}".format(path, number, exc)) from None
    return users


def _contradiction(args):
    """Return an error text for options that exclude each other, or None."""
    if args.no_oapi and args.openshift_api == "oapi":
        return _CONTRADICTION
    if args.until_eof and "-" in args.user_file:
        return "--user-file - cannot work with --until-eof: both read stdin"
    return None


def cmd_serve(args):
    """Serve until a signal or, with --until-eof, the end of stdin."""
    from osbs.sandbox.pods import leftovers

    wrong = _contradiction(args)
    if wrong is not None:
        return _report(wrong, USAGE)
    if args.users:
        _report("the password of --user can be seen by other users; --user-file hides it")
    stop = Stop()
    _on_signals(lambda *_: None)
    if args.until_eof:
        threading.Thread(target=_wait_for_eof, args=(stop,), daemon=True).start()
    with leftovers.PrivateDirectory() as temporary:
        try:
            installation = _start(args, temporary)
        except ValueError as exc:
            return _report(exc)
        try:
            _warn_of_stored_token()
            _warn_of_proxy(installation.url)
            if args.log:
                installation.server.requests.on_response = _show_request
            ready = installation.ready_line()
            write_line(_greeting(ready) if is_terminal(sys.stdout) else json.dumps(ready))
            flush()
            stop.wait()
        finally:
            installation.stop()
    # The parent that held stdin open may have been killed and left its directory behind.
    leftovers.sweep()
    return 0


def _start(args, temporary):
    """
    Start the installation that the arguments describe.

    :param temporary: str, directory used without --directory
    :return: installation.Installation
    :raises ValueError: with an error text of one line
    """
    from osbs.sandbox.install.installation import Installation
    from osbs.sandbox.pods.processes import ProcessRunner
    from osbs.sandbox.pods.scripted import ScriptedRunner
    from osbs.sandbox.state.state_file import StateFileError

    try:
        return Installation(
            args.directory or temporary,
            api=args.openshift_api,
            runner=(
                ScriptedRunner.from_file(args.scripted)
                if args.scripted
                else ProcessRunner(args.pod_command)
            ),
            **server_options(args)
        ).start()
    except StateFileError as exc:
        raise ValueError(str(exc)) from None
    except OSError as exc:
        if exc.filename is None:
            text = exc.strerror or str(exc)
        else:
            text = "cannot use {}: {}".format(exc.filename, exc.strerror)
        raise ValueError(text) from None


def _greeting(ready):
    """Return what a person wants to know of a sandbox that has just started."""
    return GREETING.format(
        config=shlex.quote(ready["config"]), url=ready["url"], page=ready["page"]
    )


def _show_request(record):
    target = "{}?{}".format(record.path, record.query) if record.query else record.path
    text = "{} {} {} {}".format(record.status, record.method, target, record.user or "-")
    with contextlib.suppress(OutputClosed, OutputError):
        write_line(in_one_line(text), sys.stderr)


def cmd_repository(args):
    """Make a git repository to build from."""
    from osbs.sandbox.install import seed

    try:
        if os.path.isdir(args.directory) and os.listdir(args.directory):
            return _report("{} is not empty".format(args.directory))
        write_line(seed.make_repository(args.directory))
    except OSError as exc:
        return _report("cannot use {}: {}".format(args.directory, exc.strerror))
    return 0


class Stop:
    """
    An event that signals set as well: all that have a handler in Python.

    Python may run a handler too late for a thread that is about to wait, or while that thread holds
    the lock of a threading.Event, so the signal itself writes what :meth:`wait` reads.
    """

    def __init__(self):
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer)

    def set(self):
        """End one wait, from any thread."""
        os.write(self._writer, b"x")

    def wait(self):
        """Wait for a signal or for :meth:`set`."""
        os.read(self._reader, 1)


def _on_signals(handler):
    signals = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup sets SIG_IGN
        signals.append(signal.SIGHUP)
    for signum in signals:
        signal.signal(signum, handler)


def _warn_of_stored_token():
    from osbs.conf import DEFAULT_CONFIGURATION_SECTION
    from osbs.utils import get_instance_token_file_name

    path = get_instance_token_file_name(DEFAULT_CONFIGURATION_SECTION)
    if os.path.exists(path):
        _report(
            "{}, which `osbs login` left, wins over the password in osbs.conf; remove it, or give "
            "osbs --token or another HOME".format(path)
        )


def _warn_of_proxy(url):
    from osbs.sandbox.install.proxies import proxy_for

    proxy = proxy_for(url)
    if proxy is not None:
        _report(
            "with this environment clients would ask the proxy {} for {}; give them "
            "no_proxy=127.0.0.1".format(proxy, url)
        )


def _wait_for_eof(stop):
    # Not sys.stdin: this thread would hold the lock of its buffer at interpreter exit.
    parent = os.getppid()
    while os.read(0, 4096):
        pass
    # A killed parent closes its files one by one: wait for its lock, which the sweep checks.
    deadline = time.monotonic() + PARENT_SECONDS
    while os.getppid() == parent and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()


def server_options(args):
    """Return the keywords of the server for the arguments of ``serve``."""
    same = ("port", "namespace", "state", "speed", "token_lifetime", "keytab", "page_port")
    options = {name: getattr(args, name) for name in same + ("open_registry",)}
    options["control_key"] = secrets.token_urlsafe() if args.control_key else None
    return dict(options, tls=not args.no_tls, oapi=not args.no_oapi, users=_users(args))


def cmd_demo(args):
    """Run the demo."""
    from osbs.sandbox.install.demo import run_demo

    if args.no_oapi and args.openshift_api == "oapi":
        return _report(_CONTRADICTION, USAGE)
    _on_signals(_interrupt)
    try:
        return run_demo(api=args.openshift_api, oapi=not args.no_oapi)
    except KeyboardInterrupt:
        return _report("interrupted")


def _interrupt(*_):
    # Only the first signal interrupts, so that the cleanup is not interrupted.
    _on_signals(signal.SIG_IGN)
    raise KeyboardInterrupt


def _report(text, status=FAILED):
    sys.stderr.write("osbs-sandbox: {}\n".format(text))
    return status


if __name__ == "__main__":
    sys.exit(main())
