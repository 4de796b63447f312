"""Sub-commands about ``osbs`` itself."""

from __future__ import absolute_import, print_function, unicode_literals

import osbs
from osbs._typing import Any  # noqa: F401
from osbs.cli import options
from osbs.cli.output import write_line


def cmd_help(args, _osbs):
    # type: (Any, Any) -> None
    """Print the help of osbs or of a sub-command.

    :raises SystemExit: always, as argparse does
    """
    from osbs.cli.parser import build_parser

    parser = build_parser({command.function: None for command in options.COMMANDS})
    parser.parse_args([args.COMMAND, "--help"] if args.COMMAND else ["--help"])


def cmd_version(_args, _osbs):
    # type: (Any, Any) -> None
    """Print the version."""
    write_line(osbs.__version__)
