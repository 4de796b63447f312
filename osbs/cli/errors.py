"""The one place that turns what a command did into a line and an exit status.

requests is imported only when an exception is to be told apart, as every command pays for it.
"""

from __future__ import absolute_import, print_function, unicode_literals

import contextlib
import logging
import sys

import six

from osbs._compat import exception_text, to_text
from osbs._typing import Any, Callable, Iterator, List, Optional, Text, Tuple  # noqa: F401
from osbs.cli import options
from osbs.cli.output import OutputClosed, OutputError, flush, in_one_line, write_line
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsNetworkException,
    OsbsResponseException,
    OsbsValidationException,
)

logger = logging.getLogger("osbs")

DONE = 0
FAILED = 1
USAGE = options.USAGE
AUTHENTICATION = 3
NETWORK = 4
INTERRUPTED = 130

# A body that is a web page tells nothing more after this many characters.
_LINE_LIMIT = 2000
# What the library refuses, or the system; any other exception is a mistake in a program.
_REFUSALS = (OsbsException, ValueError, EnvironmentError)
# What a value can raise that others wrote into a build: its annotations hold anything.
MALFORMED = (AttributeError, KeyError, RuntimeError, TypeError, ValueError)
_BUG_HINT = "--verbose shows where; if it is a defect of osbs, please report it"


class CommandError(OsbsValidationException):
    """A sub-command cannot do its work; the message alone tells why.

    :ivar hint: text, what the user can do about it, or None
    """

    def __init__(self, message, cause=None, hint=None):
        # type: (Text, Optional[BaseException], Optional[Text]) -> None
        super(CommandError, self).__init__(message, cause=cause)
        self.hint = hint


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
    try:
        flush()
    except (OutputClosed, OutputError):
        pass
    return status


def report(ex):
    # type: (Exception) -> int
    """Log the traceback at DEBUG and a line that names the culprit; return the exit status.

    What to do about it, if there is something, is the attribute ``hint`` of the record.

    To be called while the exception is handled.
    """
    import traceback

    from osbs._redact import mask_text

    logger.debug("%s", mask_text(traceback.format_exc()))
    logger.error("%s", describe(ex), extra={str("hint"): hint_for(ex)})
    return exit_status(ex)


def one_line(text):
    # type: (Text) -> Text
    """Make one line of a text from elsewhere: no secrets, no control characters, no web pages."""
    from osbs._redact import mask_text

    line = in_one_line(" ".join(mask_text(text).split()))
    return line if len(line) <= _LINE_LIMIT else line[:_LINE_LIMIT] + "..."


def describe(ex):
    # type: (BaseException) -> Text
    """Say in one line what happened."""
    return one_line(_describe(ex))


def _describe(ex):
    causes = _causes(ex)
    for cause in causes:
        # Of whatever led to an exception, this alone says what happened.
        words = _network_words(cause) if _is_lost_connection(cause) else _missing_words(cause)
        if words:
            return words
    if isinstance(ex, OsbsNetworkException):
        return _network_words(ex)
    for exception_class, template in _DESCRIPTIONS:
        if isinstance(ex, exception_class):
            return template.format(ex)
    return _other_words(_with_words(causes))


_DESCRIPTIONS = (
    (OsbsAuthException, "Authentication failure: {0.message}"),
    (OsbsResponseException, "Server returned error {0.status_code}: {0.message}"),
    (ConfigurationError, "Configuration error: {0.message}"),
)


def _other_words(ex):
    if isinstance(ex, OsbsException):
        reason = getattr(ex, "reason", None)
        return "%s: %s" % (ex.message, reason) if reason else to_text(ex.message)
    if isinstance(ex, EnvironmentError) and ex.strerror:
        return ": ".join(to_text(part) for part in (ex.filename, ex.strerror) if part)
    text = exception_text(ex)
    return text if isinstance(ex, _REFUSALS) and text else "%s: %s" % (type(ex).__name__, text)


def _with_words(causes):
    # An exception without a message of its own has the repr of its cause.
    for ex, cause in zip(causes, causes[1:]):
        if getattr(ex, "message", None) != to_text(repr(cause)):
            return ex
    return causes[-1]


def hint_for(ex):
    # type: (BaseException) -> Optional[Text]
    """Return what the user can do about an exception, or None."""
    causes = _causes(ex)
    told = _with_words(causes)
    if _is_answer_401(told):
        return "check the configured token, or run 'osbs login'"
    if _is_network_failure(causes):
        return _transport_hint(causes)
    return getattr(ex, "hint", None) if isinstance(told, _REFUSALS) else _BUG_HINT


def _transport_hint(causes):
    from osbs import _transport

    words = _transport.failure_words(exception_text(causes[-1]))
    is_http = any(_url_of(cause).startswith("http://") for cause in causes)
    if words == _transport.NO_HTTP or (words == _transport.CLOSED and is_http):
        return "perhaps the server speaks TLS: try https:// instead of http:// in openshift_url"
    return {
        _transport.UNKNOWN_AUTHORITY: "name its file in ca_bundle in the configuration",
        # Python 2 does not say why.
        _transport.BAD_CERTIFICATE: "name the file of its authority in ca_bundle",
        _transport.NO_TLS: "try http:// instead of https:// in openshift_url",
    }.get(words)


def exit_status(ex):
    # type: (Exception) -> int
    """Return the exit status that an exception leads to."""
    causes = _causes(ex)
    if isinstance(ex, UsageError):
        return USAGE
    if any(isinstance(cause, OsbsAuthException) or _is_answer_401(cause) for cause in causes):
        return AUTHENTICATION
    return NETWORK if _is_network_failure(causes) else FAILED


def tolerant(function):
    # type: (Callable[[], Any]) -> Any
    """Return what a function returns that reads of a build, None if that is malformed."""
    try:
        return function()
    except MALFORMED:
        return None


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
            words += [option.flags[0], six.moves.shlex_quote(to_text(item))]
    return words


def _network_words(ex):
    from osbs._transport import failure_words

    text = exception_text(ex)
    words = failure_words(text)
    if isinstance(ex, OsbsNetworkException) and not words:
        return "Network error at %s (%s): %s" % (ex.url, ex.status_code, text)
    # The query of OAuth is long, and the user did not write it.
    url = _url_of(ex).partition("?")[0] or "the server"
    return "Network error at %s: %s" % (url, words or text)


def _url_of(ex):
    url = getattr(ex, "url", None) or getattr(getattr(ex, "request", None), "url", None)
    return to_text(url or "")


# How OpenShift names kinds of objects -> how people do.
_KINDS = {
    "buildconfigs": "build config",
    "configmaps": "config map",
    "imagestreams": "image stream",
    "imagestreamtags": "image stream tag",
    "resourcequotas": "quota",
    "serviceaccounts": "service account",
}


def _missing_words(ex):
    """Return the words for an answer 404 that names what there is not; None for all else."""
    if not isinstance(ex, OsbsResponseException) or ex.status_code != 404:
        return None
    from osbs.utils import get_path

    name, kind = (get_path(ex.json, "details", key) for key in ("name", "kind"))
    kind = to_text(kind or "object").partition(".")[0]
    return name and '%s "%s" not found' % (_KINDS.get(kind) or kind.rstrip("s"), name)


def _causes(ex):
    causes = []  # type: List[BaseException]
    # They may lead to each other in a circle.
    while isinstance(ex, BaseException) and not any(ex is known for known in causes):
        causes.append(ex)
        ex = getattr(ex, "cause", None)
    return causes


def _is_answer_401(ex):
    return isinstance(ex, OsbsResponseException) and ex.status_code == 401


def _is_lost_connection(ex):
    # What was not raised by requests cannot be one, and importing it for that takes its time.
    requests = sys.modules.get("requests")
    if requests is None:
        return False
    return isinstance(ex, (requests.exceptions.ConnectionError, requests.exceptions.Timeout))


def _is_network_failure(causes):
    return any(isinstance(ex, OsbsNetworkException) or _is_lost_connection(ex) for ex in causes)
