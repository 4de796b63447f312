"""Sub-commands about users, tokens and quotas."""

from __future__ import absolute_import, print_function, unicode_literals

import logging

from osbs._typing import Any, Optional  # noqa: F401
from osbs.cli.errors import CommandError, resumable
from osbs.cli.output import in_one_line, print_json_nicely, say, write_line
from osbs.exceptions import OsbsException, OsbsWaitTimeout

logger = logging.getLogger("osbs")

_TOKEN_PAGE = """\
To complete authentication please navigate to:

%s

Set token or token_file in configuration to authenticate requests."""


def cmd_get_token(args, osbs):
    # type: (Any, Any) -> None
    """Print the OAuth token."""
    _print_token(args, osbs, osbs.get_token())


def cmd_serviceaccount_token(args, osbs):
    # type: (Any, Any) -> None
    """Print a token of a service account, nothing if it has none."""
    tokens = osbs.get_serviceaccount_tokens(args.SERVICEACCOUNT)
    if not tokens:
        say(args, 'service account "%s" has no token' % args.SERVICEACCOUNT)
    for token in list(tokens.values())[:1]:
        _print_token(args, osbs, token.decode("ascii"))


def cmd_print_token_url(args, osbs):
    # type: (Any, Any) -> None
    """Print the URL of the page that gives out OAuth tokens."""
    from six.moves.urllib.parse import urljoin

    url = urljoin(osbs.os_conf.get_openshift_base_uri(), "oauth/token/request")
    write_line(_TOKEN_PAGE % url)


def cmd_login(args, osbs):
    # type: (Any, Any) -> Optional[int]
    """Log in and keep the token for later use; -1 when the arguments do not go together."""
    if args.token and (args.username or args.password):
        text = "Can't use --token and (--user or --password)."
        write_line(text)
        logger.error(text)
        return -1
    try:
        user = osbs.login(args.token, args.username, args.password)
    except OsbsException as ex:
        if not isinstance(ex.cause, EOFError):
            raise
        raise CommandError(
            "cannot ask for user name and password, as standard input has ended:"
            " use --username and --password, or --token",
            cause=ex,
        )
    _say_logged_in(args, user)
    return None


def _say_logged_in(args, user):
    from osbs.constants import DEFAULT_CONFIGURATION_SECTION
    from osbs.utils import get_instance_token_file_name, get_path

    name = get_path(user, "metadata", "name")
    path = get_instance_token_file_name(getattr(args, "instance", DEFAULT_CONFIGURATION_SECTION))
    say(args, "logged in%s, token kept in %s" % (" as %s" % name if name else "", path))


def cmd_get_user(args, osbs):
    # type: (Any, Any) -> None
    """Show a user, by default the one who is logged in."""
    user = osbs.get_user(args.USERNAME) if args.USERNAME else osbs.get_user()
    if args.output == "json":
        print_json_nicely(user)
        return
    from osbs.utils import get_path

    name = get_path(user, "metadata", "name")
    full_name = get_path(user, "fullName")
    if not name:
        logger.error("the name of the user is missing in the server's response")
    write_line('Name: "%s"' % in_one_line(name or ""))
    write_line('Full Name: "%s"' % in_one_line(full_name or ""))


def cmd_get_all_resource_quota(args, osbs):
    # type: (Any, Any) -> None
    """Show one resource quota, or the names of all."""
    if args.QUOTA_NAME:
        print_json_nicely(osbs.get_resource_quota(args.QUOTA_NAME))
        return
    from osbs.utils import dicts_in

    names = [quota["metadata"]["name"] for quota in dicts_in(osbs.list_resource_quotas(), "items")]
    if getattr(args, "output", None) == "json":
        print_json_nicely(names)
        return
    if not names:
        say(args, "no quotas")
    for name in names:
        write_line(in_one_line(name))


def cmd_pause_builds(args, osbs):
    # type: (Any, Any) -> None
    """Keep new builds from starting by a quota, and wait until none runs."""
    name = [args.QUOTA_NAME] if args.QUOTA_NAME else []
    resume = " ".join(["osbs resume-builds"] + name)
    say(args, "pausing builds; those that run are waited for")
    try:
        with resumable("pause-builds", *name):
            osbs.pause_builds(quota_name=args.QUOTA_NAME)
    except (KeyboardInterrupt, OsbsWaitTimeout):
        # The quota is there.
        say(args, "new builds stay paused; to resume them: %s" % resume)
        raise
    say(args, "builds are paused; to resume them: %s" % resume)


def cmd_resume_builds(args, osbs):
    # type: (Any, Any) -> None
    """Let builds start again."""
    osbs.resume_builds(quota_name=args.QUOTA_NAME)
    say(args, "builds are resumed")


def _print_token(args, osbs, token):
    if args.oc:
        from six.moves import shlex_quote

        words = [token, osbs.os_conf.get_openshift_base_uri()]
        # The server chose the token; whoever gave it can paste the line into a shell.
        write_line("oc login --token %s %s" % tuple(shlex_quote(word) for word in words))
    else:
        write_line(token)
