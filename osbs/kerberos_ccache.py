"""Kerberos tickets from a keytab."""

from __future__ import absolute_import, print_function, unicode_literals

import datetime
import logging
import os
import re
import subprocess

from osbs._children import NEW_SESSION, killed_after
from osbs._compat import to_text
from osbs.constants import KERBEROS_TIMEOUT
from osbs.exceptions import OsbsAuthException

logger = logging.getLogger(__name__)

# Lower-case realms are unusual, but without them each call would need a new ticket.
KLIST_TGT_RE = (
    r"\d\d/\d\d/\d{2,4} +\d\d:\d\d:\d\d +"
    r"(?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d{2,4}) +"
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) +"
    r"krbtgt/(?P<realm>[-.A-Za-z0-9]+)@(?P=realm)"
)
_MINIMUM_VALIDITY = datetime.timedelta(hours=1)


def run(cmd, extraenv=None):
    # type: (list, dict) -> tuple
    """Run a program without a shell and without input, and wait for it.

    :param cmd: list of str
    :param extraenv: dict or None, added to the environment
    :return: tuple of exit status, stdout and stderr (text)
    :raises OsbsAuthException: the program cannot be started, or does not end in time
    """
    # Names of keytabs are not for logs.
    logger.debug("running %s", " ".join(_hide(cmd)))
    env = dict(os.environ, **(extraenv or {}))
    try:
        with open(os.devnull, "rb") as nothing:
            process = subprocess.Popen(
                cmd,
                env=env,
                stdin=nothing,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                universal_newlines=True,
                **NEW_SESSION
            )
    except OSError as ex:
        raise OsbsAuthException(
            "cannot run %s: %s; is Kerberos installed?" % (cmd[0], ex.strerror), cause=ex
        )
    with killed_after(process, KERBEROS_TIMEOUT) as expired:
        stdout, stderr = process.communicate()
    if expired.is_set():
        raise OsbsAuthException(
            "%s has not ended within %s seconds; is a Kerberos server reachable?"
            % (cmd[0], KERBEROS_TIMEOUT)
        )
    return process.returncode, stdout, stderr


def _hide(cmd):
    return [
        "***" if before == "-t" else to_text(word) for before, word in zip([None] + cmd[:-1], cmd)
    ]


def kerberos_ccache_init(principal, keytab_file, ccache_file=None):
    # type: (str, str, str) -> None
    """Make sure that the credentials cache holds a ticket that is valid for another hour.

    :param principal: str
    :param keytab_file: str, path
    :param ccache_file: str or None, the cache; KRB5CCNAME of this process is then set to it
    :raises OsbsAuthException: no ticket could be had
    """
    env = {"LC_ALL": "C"}
    if ccache_file:
        env["KRB5CCNAME"] = ccache_file
    if not _has_valid_ticket(env):
        status, stdout, stderr = run(["kinit", "-k", "-t", keytab_file, principal], extraenv=env)
        if status:
            output = "stdout: %s, stderr: %s" % (to_text(stdout), to_text(stderr))
            # kinit says the name without its type, as in FILE:/etc/krb5.keytab.
            name = to_text(keytab_file).split(":", 1)[-1]
            output = output.replace(name, "***") if name else output
            raise OsbsAuthException(
                "kinit with the configured keytab returned %s for principal %s; %s"
                % (status, to_text(principal), output)
            )
    if ccache_file:
        os.environ["KRB5CCNAME"] = ccache_file


def _has_valid_ticket(env):
    status, stdout, _ = run(["klist"], extraenv=env)
    if status:
        return False
    expiries = [_expiry(line) for line in stdout.splitlines()]
    now = datetime.datetime.now()
    return any(expiry and expiry - now > _MINIMUM_VALIDITY for expiry in expiries)


def _expiry(line):
    match = re.match(KLIST_TGT_RE, line)
    if not match:
        return None
    fields = ("year", "month", "day", "hour", "minute", "second")
    values = [int(match.group(field)) for field in fields]
    if values[0] < 100:
        values[0] += 2000
    try:
        return datetime.datetime(*values)
    except ValueError:  # a locale that puts the day first
        return None
