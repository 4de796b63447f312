"""Completion of ``osbs`` and ``osbs-sandbox`` in shells, by argcomplete (extra ``completion``).

argcomplete reads the options from the parser itself. It is imported
only when a shell asks.
"""

from __future__ import absolute_import, print_function, unicode_literals

import functools
import os
import sys

from osbs._typing import Any  # noqa: F401
from osbs.cli import options
from osbs.cli.errors import CommandError
from osbs.cli.output import write
from osbs.cli.parser import read_environment
from osbs.constants import GENERAL_CONFIGURATION_SECTION
from osbs.exceptions import OsbsException

_PROGRAMS = ["osbs", "osbs-sandbox"]
# Begins the names of the sections of platforms in the configuration file.
_PLATFORM = "platform:"
# Who presses the tabulator key does not wait longer for an answer with names of builds.
_SECONDS = 3
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
    # Options of osbs itself are accepted behind sub-commands, too, though their help hides them.
    argcomplete.autocomplete(parser, print_suppressed=True)


def cmd_completion(args, osbs):
    # type: (Any, Any) -> None
    """Print the code that makes a shell complete ``osbs`` and ``osbs-sandbox``."""
    try:
        from argcomplete import shellcode
    except ImportError as ex:
        raise CommandError(
            "completion needs argcomplete: install osbs-client[completion]", cause=ex
        )
    preamble = _ZSH_PREAMBLE if args.SHELL == "zsh" else ""
    # zsh runs the code for bash; argcomplete's own form for it exists in new releases only.
    shell = "bash" if args.SHELL == "zsh" else args.SHELL
    write(preamble + shellcode(_PROGRAMS, shell=str(shell)))


def _name_completers(parser, columns=()):
    for action in parser._actions:
        if action.dest in ("columns", "sort"):
            action.completer = functools.partial(_last_of_list, [key for key, _ in columns])
        elif action.dest in _COMPLETERS:
            action.completer = _COMPLETERS[action.dest]
        if isinstance(action.choices, dict):
            for name, command_parser in action.choices.items():
                # argcomplete looks at the arguments before it parses.
                getattr(command_parser, "fill", lambda: None)()
                _name_completers(command_parser, _COLUMNS.get(name, ()))


def _last_of_list(words, prefix, **_):
    """Complete the last of words that commas separate."""
    head, comma, _ = prefix.rpartition(",")
    return [head + comma + word for word in words]


def _platforms(prefix, parsed_args=None, **_):
    """Return the platforms that the configuration file knows."""
    names = [name for name in _sections(parsed_args) if name.startswith(_PLATFORM)]
    return _last_of_list([name[len(_PLATFORM) :] for name in names], prefix)


def _builds(prefix, parsed_args=None, **_):
    """Return the names of the builds on the server; none if it does not respond at once."""
    from osbs.api import OSBS
    from osbs.conf import Configuration

    read_environment(parsed_args)
    try:
        conf = Configuration(
            parsed_args.config, parsed_args.instance, parsed_args, request_timeout=_SECONDS
        )
        osbs = OSBS(conf, conf)
        with osbs.retries_disabled():
            return [build.get_build_name() for build in osbs.list_builds()]
    except Exception:  # a half typed command line is no place for errors
        return []


def _instances(prefix, parsed_args=None, **_):
    """Return the sections of the configuration file that are instances."""
    return [
        section
        for section in _sections(parsed_args)
        if section != GENERAL_CONFIGURATION_SECTION and not section.startswith(_PLATFORM)
    ]


def _sections(parsed_args):
    """Return the names of all sections of the configuration file."""
    from osbs.conf import Configuration

    read_environment(parsed_args)
    try:
        return Configuration(parsed_args.config).scp.sections()
    except OsbsException:
        return []


_COMPLETERS = {
    "instance": _instances,
    "BUILD_ID": _builds,
    "platform": _platforms,
    "platforms": _platforms,
}
