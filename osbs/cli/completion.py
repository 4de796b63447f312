"""Completion of the ``osbs`` command for bash and zsh, by argcomplete (extra ``completion``).

argcomplete reads the options from the parser itself. It is imported
only when a shell asks.
"""

from __future__ import absolute_import, print_function, unicode_literals

import os
import sys

from osbs.cli import options
from osbs.cli.errors import CommandError
from osbs.cli.output import write

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any  # noqa: F401

_COLUMNS = {
    "list-builds": options.LIST_BUILDS_COLUMNS,
    "watch-builds": options.WATCH_BUILDS_COLUMNS,
}
# zsh runs the code for bash after this.
_ZSH_PREAMBLE = """\
(( $+functions[compdef] )) || { autoload -U +X compinit && compinit; }
autoload -U +X bashcompinit && bashcompinit
"""


def autocomplete(parser):
    # type: (Any) -> None
    """Print completions and exit when a shell asks for them; else do nothing.

    :param parser: argparse.ArgumentParser
    """
    if "_ARGCOMPLETE" not in os.environ:
        return
    try:
        import argcomplete
    except ImportError:
        # The command line is half typed: it must not be carried out.
        sys.exit(1)
    _name_completers(parser)
    argcomplete.autocomplete(parser)


def cmd_completion(args, osbs):
    # type: (Any, Any) -> None
    """Print the code that makes a shell complete ``osbs``."""
    try:
        from argcomplete import shellcode
    except ImportError as ex:
        raise CommandError(
            "completion needs argcomplete: install osbs-client[completion]", cause=ex
        )
    preamble = _ZSH_PREAMBLE if args.SHELL == "zsh" else ""
    # Both shells run the same code; argcomplete's own form for zsh exists in new releases only.
    write(preamble + shellcode(["osbs"], shell=str("bash")))


def _name_completers(parser):
    for action in parser._actions:
        if action.dest == "instance":
            action.completer = _instances
        if isinstance(action.choices, dict):
            for name, command_parser in action.choices.items():
                # argcomplete looks at the arguments before it parses.
                command_parser.fill()
                _name_column_completer(name, command_parser)


def _name_column_completer(name, command_parser):
    keys = [key for key, _ in _COLUMNS.get(name, ())]
    for action in command_parser._actions:
        if action.dest == "columns":
            action.completer = lambda prefix, **_: _columns(prefix, keys)


def _columns(prefix, keys):
    head, comma, _ = prefix.rpartition(",")
    return [head + comma + key for key in keys]


def _instances(prefix, parsed_args=None, **_):
    """Return the sections of the configuration file that are instances."""
    from six.moves import configparser

    from osbs.constants import DEFAULT_CONFIGURATION_FILE, GENERAL_CONFIGURATION_SECTION

    path = (
        getattr(parsed_args, "config", None)
        or os.environ.get("OSBS_CONFIG")
        or DEFAULT_CONFIGURATION_FILE
    )
    parser = configparser.RawConfigParser()
    try:
        parser.read([path])
    except (configparser.Error, EnvironmentError, UnicodeDecodeError):
        return []
    return [
        section
        for section in parser.sections()
        if section != GENERAL_CONFIGURATION_SECTION and not section.startswith("platform:")
    ]
