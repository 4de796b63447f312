"""What may be asked of git, and the environment in which it is asked."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import re
from collections import namedtuple

import six
from six.moves.urllib.parse import unquote

from osbs._compat import to_text
from osbs.constants import GIT_ALLOWED_PROTOCOLS, GIT_TIMEOUT  # noqa: F401
from osbs.exceptions import OsbsValidationException
from osbs._redact import mask_uri, mask_url
from osbs._typing import Optional  # noqa: F401

_MAX_ARGUMENT = 4096

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TRANSPORT_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
_URL = re.compile(r"(?P<scheme>[A-Za-z0-9][A-Za-z0-9+.-]*)://(?:(?P<user>[^/?#]*)@)?(?P<rest>.*)\Z")
_SSH_ALIASES = ("git+ssh", "ssh+git")
# "https://user:12/word@host/x": git takes the user for a host and half of the password for a port.
_PASSWORD_AS_PORT = re.compile(r"[^/?#\[]*:\d*[/?#].*@")
# "user:word@host:x": git takes the user for a host and the rest for a path.
_PASSWORD_AS_PATH = re.compile(r"[^@]*:.*@")
_UNQUOTED = re.compile(r"[\s\"]", re.UNICODE)

# Settings of git that say how to reach a server stay; those that change what git does go.
_KEPT_VARIABLES = re.compile(
    r"GIT_(SSH(_COMMAND|_VARIANT)?|SSL_\w+|PROXY_\w+|HTTP_\w+|EXEC_PATH|CONFIG_GLOBAL)\Z"
)
_VARIABLES = {
    "GCM_INTERACTIVE": "never",
    "GIT_ALLOW_PROTOCOL": ":".join(GIT_ALLOWED_PROTOCOLS),
    "GIT_ASKPASS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    # Memory that malloc only reserves for threads counts as memory.
    "MALLOC_ARENA_MAX": "1",
    "SSH_ASKPASS": os.devnull,
    "SSH_ASKPASS_REQUIRE": "never",
}

# They win over the user's own settings, of which those about servers and credentials stay. Those
# about threads and packs keep git's memory small.
SETTINGS = (
    ("checkout", "defaultRemote", "origin"),
    ("checkout", "guess", "true"),
    ("color", "ui", "never"),
    ("core", "askPass", ""),
    ("core", "bigFileThreshold", "1m"),
    ("core", "deltaBaseCacheLimit", "32m"),
    ("core", "fsmonitor", "false"),
    ("core", "hooksPath", os.devnull),
    ("core", "packedGitLimit", "256m"),
    ("core", "packedGitWindowSize", "16m"),
    ("core", "preloadIndex", "false"),
    ("fetch", "recurseSubmodules", "false"),
    ("fetch", "unpackLimit", "1"),
    ("gc", "auto", "0"),
    ("http", "lowSpeedLimit", "1"),
    ("http", "lowSpeedTime", "120"),
    ("index", "threads", "false"),
    ("maintenance", "auto", "false"),
    ("pack", "threads", "1"),
    ("pack", "windowMemory", "64m"),
    ("protocol", "version", "2"),
    ("submodule", "recurse", "false"),
)

# address: str, the URI without credentials. username: str or None. store_line: str or None, the
# credentials as git-credential-store keeps them.
Remote = namedtuple("Remote", "address username store_line")


def checked_text(value, what):
    # type: (object, str) -> six.text_type
    """Return an argument as text, if git cannot take it for an option or for several lines.

    :param value: text (or bytes on Python 2)
    :param what: str, what it is, for the error message
    :raises OsbsValidationException: empty, begins with a dash, not UTF-8, too long, or with
        control characters
    """
    try:
        text = value.decode("utf-8") if isinstance(value, six.binary_type) else value
        if not isinstance(text, six.text_type):
            raise OsbsValidationException("git %s must be a text, not %r" % (what, value))
        text.encode("utf-8")
    except UnicodeError as ex:
        raise OsbsValidationException("git %s is not UTF-8 text" % what, cause=ex)
    problem = _problem(text)
    if problem:
        shown = mask_uri(text) if what == "URI" else mask_url(text)
        raise OsbsValidationException(
            "git %s %s: '%s'" % (what, problem, _CONTROL.sub("?", shown[:200]))
        )
    return text


def _problem(text):
    if not text:
        return "is empty"
    if text.startswith("-"):
        return "must not begin with a dash"
    if _CONTROL.search(text):
        return "must not hold control characters"
    if len(text) > _MAX_ARGUMENT:
        return "is longer than %d characters" % _MAX_ARGUMENT
    return None


def checked_branch(branch):
    # type: (object) -> Optional[six.text_type]
    """Return the name of a branch, or None when none is given.

    :raises OsbsValidationException: as for checked_text
    """
    return checked_text(branch, "branch") if branch else None


def checked_uri(uri):
    # type: (object) -> Remote
    """Take a URI apart, if git may use it.

    :raises OsbsValidationException: a transport that is not allowed, credentials where they would
        be shown to others, or as for checked_text
    """
    text = checked_text(uri, "URI")
    match = _URL.match(text)
    if match:
        return _checked_url(text, match)
    colon, slash = text.find(":"), text.find("/")
    exists = os.path.exists(text)
    is_ssh = colon >= 0 and (slash < 0 or colon < slash) and not exists
    if is_ssh and _TRANSPORT_HELPER.match(text):
        raise _not_allowed(text, text.split(":")[0])
    _check_protocol(text, "ssh" if is_ssh else "file")
    if _PASSWORD_AS_PATH.match(text) and not exists:
        raise _refused(
            text,
            "looks as if it had a password: write https://USER:PASSWORD@HOST/PATH, or "
            "ssh://HOST/PATH for a path with '@'",
        )
    # git itself runs elsewhere than the caller.
    return Remote(text if is_ssh else os.path.abspath(text), None, None)


def _checked_url(text, match):
    scheme, user, rest = match.group("scheme", "user", "rest")
    _check_protocol(text, scheme)
    if rest.startswith("-"):
        raise _refused(text, "must not have a host that begins with a dash")
    if user is None:
        if mask_url(text) != text or _PASSWORD_AS_PORT.match(rest):
            raise _refused(
                text,
                "must not have a password with '/', '?' or '#', or after a port an '@': they have "
                "to be percent-encoded",
            )
        return Remote(text, None, None)
    if _UNQUOTED.search(user):
        raise _refused(
            text, "must not have quotes or blanks before '@' that are not percent-encoded"
        )
    if _CONTROL.search(unquote(user)):
        raise _refused(text, "must not hold control characters")
    name, colon, _ = user.partition(":")
    if scheme not in ("http", "https"):
        if colon:
            raise _refused(text, "must not have a password, %s has no use for it" % scheme)
        return Remote(text, None, None)
    # Whoever may list processes sees the arguments of git and of its helpers.
    store_line = "%s://%s@%s" % (scheme, user, re.split("[/?#]", rest)[0]) if colon else None
    username = to_text(unquote(six.ensure_str(name)))
    return Remote("%s://%s" % (scheme, rest), username, store_line)


def _check_protocol(text, protocol):
    if ("ssh" if protocol in _SSH_ALIASES else protocol) not in GIT_ALLOWED_PROTOCOLS:
        raise _not_allowed(text, protocol)


def _not_allowed(text, protocol):
    allowed = ", ".join(GIT_ALLOWED_PROTOCOLS)
    return _refused(text, "has transport '%s' that is not allowed, only %s" % (protocol, allowed))


def _refused(text, problem):
    return OsbsValidationException("git URI %s: '%s'" % (problem, mask_uri(text)))


def environment():
    # type: () -> dict
    """Return the environment for git: no prompts, no hooks, no settings of the machine."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or _KEPT_VARIABLES.match(name)
    }
    env.update((str(name), str(value)) for name, value in _VARIABLES.items())
    return env
