# PYTHON_ARGCOMPLETE_OK
# ruff: noqa: F401 (the sub-commands are looked up here by name, so that they can be replaced)
"""The ``osbs`` command: parse the command line, connect, run a sub-command.

The table of sub-commands is in options.py, what they do in commands/, what becomes of exceptions
in errors.py. The rest of the library is imported when a sub-command runs.
"""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import logging
import os
import sys
import warnings

import osbs as osbs_package
from osbs._compat import to_native
from osbs._typing import Any, Optional, Tuple  # noqa: F401
from osbs.cli import errors, options
from osbs.cli.commands.about import cmd_help, cmd_version
from osbs.cli.commands.account import (
    cmd_get_all_resource_quota,
    cmd_get_token,
    cmd_get_user,
    cmd_login,
    cmd_pause_builds,
    cmd_print_token_url,
    cmd_resume_builds,
    cmd_serviceaccount_token,
)
from osbs.cli.commands.admin import cmd_backup, cmd_restore
from osbs.cli.commands.build import _display_build_summary, cmd_build, cmd_build_logs
from osbs.cli.commands.builds import (
    cmd_cancel_build,
    cmd_get_build,
    cmd_get_build_image_id,
    cmd_import_image,
    cmd_list_builds,
    cmd_watch_build,
    cmd_watch_builds,
    make_digests_str,
    make_worker_builds_str,
)
from osbs.cli.completion import autocomplete, cmd_completion
from osbs.cli.output import LogFormatter, print_json_nicely, str_on_2_unicode_on_3
from osbs.cli.parser import NoCommand, build_parser, parse_args
from osbs.cli.waiting import WaitingFilter, WaitingFormatter

# While no server has ever answered; see HttpSession.
_FIRST_CONTACT_RETRIES = 1

logger = logging.getLogger("osbs")


def cli():
    # type: () -> Tuple[Any, Any]
    """Parse the command line of the process.

    :return: (argparse.ArgumentParser, argparse.Namespace); the latter has no ``func`` when no
        sub-command was given
    """
    # Looked up now, as the functions of this module may have been replaced.
    parser = build_parser(globals())
    autocomplete(parser)
    try:
        return parser, parse_args(parser)
    except NoCommand:
        return parser, argparse.Namespace()


def main():
    # type: () -> Optional[int]
    """Run the ``osbs`` command.

    :return: None or int, what to end the process with
    :raises SystemExit: after help, version or wrong usage
    """
    # Filled when the command line is parsed, which may fail as well.
    args = argparse.Namespace()
    return errors.run(lambda: _run(args), args)


def _run(args):
    parser, parsed = cli()
    vars(args).update(vars(parsed))
    if not hasattr(args, "func"):
        return parser.print_help()
    if getattr(args, "server", None) == options.NEVER:
        return args.func(args, None)
    level = logging.WARNING if args.quiet else logging.INFO
    _set_logging(logging.DEBUG if args.verbose else level, args)
    _log_warnings(args)
    os_conf, build_conf = _configurations(args)
    if not args.quiet and os_conf.get_verbosity():
        _set_logging(logging.DEBUG, args)
        logger.debug("logging everything")

    from osbs.api import OSBS

    osbs = OSBS(os_conf, build_conf)
    osbs.os._con.first_contact_retries = _FIRST_CONTACT_RETRIES
    osbs.os.explain_phases = not args.quiet
    if args.capture_dir is not None:
        from osbs.cli import capture

        capture.setup_json_capture(osbs, os_conf, args.capture_dir)
    return args.func(args, osbs)


def _set_logging(level, args):
    osbs_package.set_logging(level=level)
    everything = level == logging.DEBUG
    formatter = LogFormatter if everything else WaitingFormatter
    # For errors, which say after an interruption what was waited for.
    args.waiting = WaitingFilter(everything)
    for handler in logger.handlers:
        if getattr(handler, "installed_by_osbs", False):
            handler.setFormatter(formatter(osbs_package.LOG_FORMAT))
            handler.addFilter(args.waiting)


def _log_warnings(args):
    """Log the warnings of the library instead of printing them with their source lines."""
    warnings.showwarning = lambda message, *place: logger.warning("%s", message)
    if args.openshift_uri is not None:
        # The older name of the key is the only name of the option.
        warnings.filterwarnings("ignore", ".*openshift_uri.* is deprecated")


def _configurations(args):
    from osbs.conf import Configuration
    from osbs.exceptions import OsbsException

    named = getattr(args, "named", ())
    if "config" in named:
        _check_readable(args.config)
    try:
        os_conf, build_conf = [
            Configuration(conf_file=args.config, conf_section=args.instance, cli_args=args)
            for _ in range(2)
        ]
        os_conf.get_verbosity()
    except OsbsException as ex:
        raise errors.ConfigurationError(ex.message, cause=ex)
    if "instance" in named and not os_conf.scp.has_section(to_native(args.instance)):
        raise errors.ConfigurationError(
            "there is no section [%s] in %s" % (args.instance, _shown(args.config))
        )
    if _needs_server(args):
        _check_url(os_conf.get_openshift_base_uri(), args)
    return os_conf, build_conf


def _needs_server(args):
    if getattr(args, "oc", False):
        # The command that is shown names the server.
        return True
    return getattr(args, "server", None) == options.ALWAYS and not getattr(args, "from_json", None)


def _check_readable(path):
    try:
        open(path, "rb").close()
    except EnvironmentError as ex:
        raise errors.ConfigurationError(
            "cannot read configuration file '%s': %s" % (path, ex.strerror), cause=ex
        )


def _check_url(url, args):
    if url is not None and url.lower().startswith(("http://", "https://")):
        return
    found = "no openshift_url" if not url else "openshift_url is no http or https URL: %s" % url
    raise errors.ConfigurationError(
        "%s; set it in section [%s] of %s or use --openshift-uri"
        % (found, args.instance, _shown(args.config))
    )


def _shown(path):
    return path if os.path.exists(path) else "%s (no such file)" % path


if __name__ == "__main__":
    sys.exit(main())
