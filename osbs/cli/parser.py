"""The argparse parser made from the table in options.py, and the defaults of the environment.

Every command pays for what is imported here, so nothing heavy is.
"""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import os
import sys

import osbs
from osbs._compat import is_ascii
from osbs.cli import options
from osbs.cli.output import write, write_line

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any, Dict, List, Optional  # noqa: F401

# Sent as they are.
_CREDENTIALS = ("username", "password")
# Columns that argparse leaves free at the right.
_HELP_MARGIN = 2


class NoCommand(Exception):
    """No sub-command was given (Python 2, whose argparse takes that for an error)."""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    # argparse makes a formatter for each option and asks for the width of the terminal each
    # time, for which it imports shutil, bz2 and lzma: half of the time that a parser takes.

    def __init__(self, prog, **kwargs):
        kwargs.setdefault("width", _help_width())
        super(_Formatter, self).__init__(prog, **kwargs)


class PlainParser(argparse.ArgumentParser):
    """A parser that notices when its messages cannot be written."""

    def _print_message(self, message, file=None):
        # argparse ignores some errors of the stream, depending on its version.
        if message:
            write(message, file)


class _Parser(PlainParser):
    def error(self, message):
        # The sub-command is the only thing of which there can be too few.
        if message == "too few arguments":
            raise NoCommand()
        super(_Parser, self).error(message)


class _CommandParser(PlainParser):
    """The parser of a sub-command, which gets its arguments when it is used."""

    def __init__(self, arguments, **kwargs):
        super(_CommandParser, self).__init__(**kwargs)
        self._arguments = arguments

    def fill(self):
        """Add the arguments, once."""
        arguments, self._arguments = self._arguments, ()
        _add_arguments(self, arguments)

    def parse_known_args(self, args=None, namespace=None):
        self.fill()
        return super(_CommandParser, self).parse_known_args(args, namespace)


class _Version(argparse.Action):
    # argparse's own action prints to stderr on Python 2.

    def __init__(self, option_strings, dest, **kwargs):
        super(_Version, self).__init__(option_strings, argparse.SUPPRESS, nargs=0, **kwargs)

    def __call__(self, parser, namespace, values, option_string=None):
        write_line(osbs.__version__)
        parser.exit()


def build_parser(functions):
    # type: (Dict[str, Any]) -> argparse.ArgumentParser
    """Make the parser of the ``osbs`` command.

    :param functions: dict, function name of the table -> function, called as ``(args, osbs)``
    """
    parser = _Parser(
        prog=str("osbs"),
        description=options.DESCRIPTION,
        epilog=_epilog(),
        formatter_class=_Formatter,
    )
    parser.register("action", "version", _Version)
    _add_arguments(parser, options.GLOBAL_OPTIONS)
    commands = parser.add_subparsers(help="commands", parser_class=_CommandParser)
    for command in options.COMMANDS:
        sub_parser = commands.add_parser(
            command.name,
            arguments=command.arguments,
            formatter_class=_Formatter,
            **command.argparse_kwargs
        )
        sub_parser.set_defaults(func=functions[command.function], server=command.server)
    return parser


def parse_args(parser, argv=None):
    # type: (argparse.ArgumentParser, Optional[List[str]]) -> argparse.Namespace
    """Parse the command line.

    Beside the options the result has ``named``, the set of those options with a default in the
    environment that the user named, on the command line or there.

    :param argv: list of str, default: that of the process
    :raises NoCommand: on Python 2 when there is no sub-command; on 3 ``func`` is then missing
    """
    args = parser.parse_args(argv)
    args.named = set()
    for option in options.GLOBAL_OPTIONS:
        if option.env is None:
            continue
        if not hasattr(args, option.dest):
            setattr(args, option.dest, os.environ.get(option.env) or None)
        if getattr(args, option.dest) is not None:
            args.named.add(option.dest)
        else:
            setattr(args, option.dest, option.default)
    for name, value in list(vars(args).items()):
        if name not in _CREDENTIALS:
            setattr(args, name, _readable(value))
    return args


def _readable(value):
    """Return bytes of Python 2 that are not ASCII as text, as which they fit into messages."""
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if not isinstance(value, bytes):
        return value
    try:
        text = value.decode("utf-8")
        # Names of files must stay usable in any locale.
        text.encode(sys.getfilesystemencoding() or "ascii")
    except UnicodeError:
        return value
    return value if is_ascii(text) else text


def _help_width():
    # What shutil.get_terminal_size() does, less the imports.
    try:
        return int(os.environ["COLUMNS"]) - _HELP_MARGIN
    except (KeyError, ValueError):
        pass
    try:
        return os.get_terminal_size(1).columns - _HELP_MARGIN
    except (AttributeError, EnvironmentError):
        return 80 - _HELP_MARGIN


def _epilog():
    lines = ["environment variables:"]
    lines += [
        "  %-20s default of %s" % (option.env, option.flags[0])
        for option in options.GLOBAL_OPTIONS
        if option.env
    ]
    lines += ["", "exit status:"]
    lines += ["  %-20s %s" % row for row in options.EXIT_STATUSES]
    return "\n".join(lines)


def _add_arguments(parser, arguments):
    groups = {None: parser}
    for argument in arguments:
        if argument.group not in groups:
            groups[argument.group] = _add_group(parser, argument.group)
        groups[argument.group].add_argument(*argument.flags, **argument.argparse_kwargs)


def _add_group(parser, group):
    if group in options.EXCLUSIVE_GROUPS:
        return parser.add_mutually_exclusive_group()
    return parser.add_argument_group(group)
