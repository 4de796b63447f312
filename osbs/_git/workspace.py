"""git in a temporary directory of its own."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import logging
import os
import shutil
from contextlib import contextmanager

import six
from six.moves import shlex_quote

from osbs._compat import to_text
from osbs.exceptions import OsbsException
from osbs._git import arguments, process
from osbs._git.tempdirs import temporary_directory
from osbs._redact import mask_text
from osbs._typing import Optional  # noqa: F401

logger = logging.getLogger(__name__)

_MAX_OUTPUT = 1024 * 1024
# No filter program runs on what is checked out, whichever the user's settings know.
_ATTRIBUTES = "* -filter\n"


@contextmanager
def workspace(uri):
    """Make a temporary directory in which git may work on a repository.

    :param uri: str, of the repository
    :return: context manager of Workspace; all of it is removed at the end
    :raises OsbsValidationException: as for arguments.checked_uri
    """
    remote = arguments.checked_uri(uri)
    with temporary_directory() as top:
        yield Workspace(remote, top)


class Workspace(object):
    """A directory for one repository.

    :ivar address: str, URI of the repository without credentials
    :ivar repo: str, path of the (future) clone
    """

    def __init__(self, remote, top):
        # type: (arguments.Remote, str) -> None
        self.address = remote.address
        self.repo = os.path.join(top, "repo")
        self._top = top
        self._settings = os.path.join(top, "settings")
        self._write_settings(remote)
        self._env = arguments.environment()
        self._env[str("GIT_CEILING_DIRECTORIES")] = six.ensure_str(top)
        self._budget = process.Budget(arguments.GIT_TIMEOUT, top)

    def _write_settings(self, remote):
        settings = list(arguments.SETTINGS)
        if remote.store_line:
            store = os.path.join(self._top, "credentials")
            _write(store, remote.store_line + "\n")
            settings.append(("credential", "helper", ""))
            settings.append(("credential", "helper", "store --file=%s" % shlex_quote(store)))
        elif remote.username:
            settings.append(("credential", "username", remote.username))
        _write(self._settings, "".join(_setting(*setting) for setting in settings))

    def try_run(self, *args, **kwargs):
        """Run git and return how it went.

        :param args: text or bytes, arguments of git
        :param cwd: str, directory; default: the temporary directory
        :param limit: int, bytes of its output that are wanted
        :return: process.Result
        :raises OsbsException: git cannot be started, or has exceeded a limit
        """
        cwd, limit = kwargs.get("cwd", self._top), kwargs.get("limit", _MAX_OUTPUT)
        command = ["git", "-c", "include.path=%s" % self._settings] + list(args)
        logger.debug("running git %s", mask_text(_shown(args)))
        return process.run(
            [six.ensure_binary(arg) for arg in command], self._budget, limit, self._env, cwd
        )

    def run(self, *args, **kwargs):
        """Run git.

        :return: bytes, its output; with a ``limit`` cut there
        :raises OsbsException: also when git does not end with 0
        """
        result = self.try_run(*args, **kwargs)
        is_cut = len(result.output) == kwargs.get("limit")
        if result.status != 0 and not is_cut:
            output = to_text(result.errors or result.output).strip()
            raise OsbsException(
                mask_text(
                    "Command git %s returned %s\n\n%s" % (_shown(args), result.status, output)
                )
            )
        return result.output

    def remove_repository(self):
        # type: () -> None
        """Remove the repository, if there is one."""
        shutil.rmtree(self.repo, ignore_errors=True)

    def init(self):
        # type: () -> None
        """Make an empty repository that knows where the real one is."""
        self.run("init", "--quiet", "--bare", "--template=", self.repo)
        with io.open(os.path.join(self.repo, "config"), "ab") as config:
            config.write(_setting('remote "origin"', "url", self.address).encode("utf-8"))

    def clone(self, branch, *options):
        # type: (Optional[str], str) -> None
        """Clone the repository, without checking out.

        :raises OsbsException: git could not clone it
        """
        options += ("-b", branch) if branch else ()
        names = "--origin", "origin", "--", self.address, self.repo
        self.run("clone", "--quiet", "--no-checkout", "--template=", *(options + names))
        info = os.path.join(self.repo, ".git", "info")
        if not os.path.isdir(info):
            os.mkdir(info)
        _write(os.path.join(info, "attributes"), _ATTRIBUTES)


def _shown(args):
    return " ".join(to_text(arg) for arg in args)


def _write(path, text):
    with io.open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(text.encode("utf-8"))


def _setting(section, key, value):
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    return '[%s]\n\t%s = "%s"\n' % (section, key, value)
