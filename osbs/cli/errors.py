"""The one place that turns what a command did into a line and an exit status.

requests is imported only when an exception is to be told apart, as every command pays for it.
"""

from __future__ import absolute_import, print_function, unicode_literals

import contextlib
import logging
import sys

import six

from osbs._compat import to_text
from osbs.cli import options
from osbs.cli.output import (
    OutputClosed,
    OutputError,
    flush,
    flush_quietly,
    in_one_line,
    write_line,
)
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsNetworkException,
    OsbsResponseException,
    OsbsValidationException,
)

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any, Callable, Iterator, Optional, Text  # noqa: F401

logger = logging.getLogger("osbs")

DONE = 0
FAILED = 1
USAGE = 2
AUTHENTICATION = 3
NETWORK = 4
INTERRUPTED = 130

# A body that is a web page tells nothing more after this many characters.
_LINE_LIMIT = 2000
# Exceptions that lead to each other in a circle must not hang the last line.
_CAUSES_LIMIT = 20
_TOKEN_HINT = (
    "; the token is not valid, or no longer: check the configured one, or run 'osbs login'"
)

_CA_HINT = "; if a CA of your own signed its certificate, name the CA's file in ca_bundle"


class CommandError(OsbsValidationException):
    """A sub-command cannot do its work; the message alone tells why."""


class UsageError(CommandError):
    """The command line asks for something that does not exist or does not go together."""


class ConfigurationError(CommandError):
    """The configuration cannot be used."""


def run(action, args):
    # type: (Callable[[], Optional[int]], Any) -> Optional[int]
    """Call a function and turn its outcome into the result of ``main``.

    What the function wrote to stdout is flushed here and nowhere later.

    :param action: callable without arguments; returns None, or -1 when it did not succeed
    :param args: argparse.Namespace, for telling how to go on after an interruption
    :return: None or int, what to end the process with
    :raises SystemExit: when the action does, as argparse after help, version or wrong usage
    """
    try:
        result = action()
        flush()
        return FAILED if result == -1 else result
    except SystemExit as ex:
        # What argparse has printed may still be in a buffer.
        code = ex.code  # type: Any
        raise SystemExit(run(lambda: code, args))
    except OutputClosed:
        return DONE
    except KeyboardInterrupt as ex:
        status = _interrupted(ex, args)
    except Exception as ex:
        status = report(ex)
    flush_quietly()
    return status


def report(ex):
    # type: (Exception) -> int
    """Log the traceback at DEBUG and one line that names the culprit; return the exit status.

    To be called while the exception is handled.
    """
    import traceback

    from osbs._redact import mask_text

    logger.debug("%s", mask_text(traceback.format_exc()))
    logger.error("%s", one_line(describe(ex)))
    return exit_status(ex)


def one_line(text):
    # type: (Text) -> Text
    """Make one line of a text from elsewhere: no secrets, no control characters, no web pages."""
    from osbs._redact import mask_text

    line = in_one_line(" ".join(mask_text(text).split()))
    return line if len(line) <= _LINE_LIMIT else line[:_LINE_LIMIT] + "..."


def describe(ex):
    # type: (Exception) -> Text
    """Say what happened."""
    for exception_class, tell in _DESCRIPTIONS:
        if isinstance(ex, exception_class):
            return tell(ex)
    lost = [cause for cause in _causes(ex) if _is_lost_connection(cause)]
    if lost:
        return _describe_lost_connection(lost[0])
    text = "Exception caught: %s" % _repr(ex)
    # The repr of an error of the file system does not say which file.
    for cause in _causes(ex):
        name = to_text(getattr(cause, "filename", None) or "")
        if name and name not in text:
            text += " (%s)" % to_text(name)
    return text


def _repr(ex):
    if not isinstance(ex, OsbsException):
        return to_text(repr(ex))
    # As new interpreters show it; older ones add a comma, or u'' and escapes.
    message = "'%s'" % to_text(ex.message) if str is bytes else repr(ex.message)
    return "%s(%s)" % (type(ex).__name__, message)


def exit_status(ex):
    # type: (Exception) -> int
    """Return the exit status that an exception leads to."""
    causes = _causes(ex)
    if isinstance(ex, UsageError):
        return USAGE
    if any(isinstance(cause, OsbsAuthException) or _is_answer_401(cause) for cause in causes):
        return AUTHENTICATION
    if any(isinstance(c, OsbsNetworkException) or _is_lost_connection(c) for c in causes):
        return NETWORK
    return FAILED


@contextlib.contextmanager
def resumable(*command):
    # type: (*Text) -> Iterator[None]
    """Let an interruption inside the block tell which command goes on where it stopped.

    :param command: str, sub-command and its arguments, such as ``'watch-build', 'b-1'``
    """
    try:
        yield
    except KeyboardInterrupt as ex:
        ex.resume = command  # type: ignore[attr-defined]
        raise


def _interrupted(ex, args):
    # With JSON on stdout, words there would spoil it for the program that reads it.
    stdout = sys.stderr if getattr(args, "output", None) == "json" else sys.stdout
    command = getattr(ex, "resume", ())
    doing = _DOING.get(command[0], "").format(*command[-1:]) if command else ""
    last = one_line(getattr(getattr(args, "waiting", None), "last", None) or "")
    if last.startswith("waiting "):
        doing, last = last, ""
    line = "Interrupted%s%s" % (doing and " while " + doing, last and " (%s)" % last)
    if command:
        line += "; to go on: %s" % _command_line(args, command)
    try:
        write_line("Quitting on user request.", stdout)
    except OutputClosed:
        pass
    write_line(line, sys.stderr)
    return INTERRUPTED


_DOING = {
    "build-logs": "following the log of build {0}",
    "watch-build": "waiting for build {0}",
    "watch-builds": "watching builds",
}
# Of these a command line shows that they were given, and nothing more.
_CREDENTIALS = ("username", "password", "token")


def _command_line(args, command):
    own = [
        option
        for known in options.COMMANDS
        for option in known.arguments
        if known.name == command[0] and not set(option.flags) & set(command)
    ]
    words = ["osbs"] + _given(args, options.GLOBAL_OPTIONS) + [command[0]] + _given(args, own)
    return " ".join(words + [six.moves.shlex_quote(word) for word in command[1:]])


def _given(args, arguments):
    """Return the words of the options that were given on the command line or in the environment."""
    words = []
    for option in arguments:
        value = getattr(args, option.dest, None)
        action = option.argparse_kwargs.get("action")
        if not option.flags[0].startswith("-") or value in (None, option.default):
            continue
        if action in ("store_true", "store_false"):
            if value is (action == "store_true"):
                words.append(option.flags[0])
            continue
        if option.dest in _CREDENTIALS:
            value = option.dest.upper()
        for item in value if isinstance(value, list) else [value]:
            word = item if isinstance(item, bytes) else to_text(item)
            words += [option.flags[0], six.moves.shlex_quote(word)]
    return words


def _describe_network(ex):
    return "Network error at %s (%s): %s" % (ex.url, ex.status_code, ex.message)


def _describe_response(ex):
    message = ex.message
    if isinstance(ex.json, dict) and "message" in ex.json:
        message = ex.json["message"]
    text = "Server returned error %s: %s" % (ex.status_code, message)
    return text + (_TOKEN_HINT if _is_answer_401(ex) else "")


def _describe_lost_connection(cause):
    request = getattr(cause, "request", None)
    text = "Network error at %s: %s" % (getattr(request, "url", None) or "the server", cause)
    return text + (_CA_HINT if "certificate verify failed" in text.lower() else "")


_DESCRIPTIONS = (
    (OutputError, lambda ex: to_text(ex.strerror)),
    (OsbsNetworkException, _describe_network),
    (OsbsAuthException, lambda ex: "Authentication failure: %s" % ex.message),
    (OsbsResponseException, _describe_response),
    (ConfigurationError, lambda ex: "Configuration error: %s" % ex.message),
    (CommandError, lambda ex: ex.message),
)


def _causes(ex):
    causes = [ex]
    while len(causes) < _CAUSES_LIMIT:
        cause = getattr(causes[-1], "cause", None)
        if not isinstance(cause, BaseException):
            break
        causes.append(cause)
    return causes


def _is_answer_401(ex):
    return isinstance(ex, OsbsResponseException) and ex.status_code == 401


def _is_lost_connection(ex):
    # What was not raised by requests cannot be one, and importing it for that takes its time.
    requests = sys.modules.get("requests")
    if requests is None:
        return False
    return isinstance(ex, (requests.exceptions.ConnectionError, requests.exceptions.Timeout))
