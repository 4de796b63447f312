"""The argparse parser made from the table in options.py, and the defaults of the environment.

Every command pays for what is imported here, so nothing heavy is.
"""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import os
import sys

import osbs
from osbs._compat import is_ascii, to_text
from osbs._typing import Any, Dict, Iterable, List, Optional, Text  # noqa: F401
from osbs.cli import options
from osbs.cli.output import columns_of, in_one_line, write, write_line

# Sent as they are.
_CREDENTIALS = ("username", "password")
_GLOBAL_OPTIONS_NOTE = """\
Options of osbs itself may stand here too, such as --output json, --namespace NAME or
--instance NAME; 'osbs --help' lists them."""
_DEFAULT_WIDTH = 80
# Columns that argparse leaves free at the right.
_HELP_MARGIN = 2


class NoCommand(Exception):
    """No sub-command was given (Python 2, whose argparse takes that for an error)."""


def _formatter(prog):
    # argparse makes a formatter for each option and asks for the width of the terminal each
    # time, for which it imports shutil, bz2 and lzma: half of the time that a parser takes.
    width = (columns_of(sys.stdout) or _DEFAULT_WIDTH) - _HELP_MARGIN
    return argparse.RawDescriptionHelpFormatter(prog, width=width)


class PlainParser(argparse.ArgumentParser):
    """A parser that notices when its messages cannot be written."""

    def _print_message(self, message, file=None):
        # argparse ignores some errors of the stream, depending on its version.
        if message:
            write(message, file)


class _Parser(PlainParser):
    """A parser whose errors are a line, and a hint."""

    def error(self, message, hint=None):
        lines = ["error: %s" % in_one_line(message)]
        if hint:
            lines.append("hint: %s" % in_one_line(hint))
        self.exit(options.USAGE, "\n".join(lines) + "\n")

    def refuse_option(self, word):
        """End with an error about an option that there is not."""
        word = to_text(word).partition("=")[0]
        known = [flag for flag in self._option_string_actions if flag.startswith("--")]
        hint = did_you_mean(word, known) or "'%s --help' lists the options" % self.prog
        self.error("there is no option %s" % word, hint)

    def _get_option_tuples(self, option_string):
        # What an option may be shortened to does not depend on those of osbs itself.
        found = super(_Parser, self)._get_option_tuples(option_string)
        return [option for option in found if option[0].help is not argparse.SUPPRESS]


class _TopParser(_Parser):
    """The parser of ``osbs``."""

    _before_command = []  # type: List[Text]

    def parse_known_args(self, args=None, namespace=None):
        self._check_options_before_command(sys.argv[1:] if args is None else args)
        return super(_TopParser, self).parse_known_args(args, namespace)

    def _check_options_before_command(self, words):
        # argparse would take the value of an option that it does not know for the command.
        words = iter(words)
        self._before_command = []
        for word in words:
            # Python 2 could not compare text with bytes that are not ASCII.
            if word == str("--") or not word.startswith(str("-")):
                break
            self._before_command.append(word)
            option = self._parse_optional(word)
            if option is None:  # "-" or a number
                break
            # A tuple; newer releases have a list of them.
            option = option[0] if isinstance(option, list) else option
            action, value = option[0], option[-1]
            if action is None:
                self.refuse_option(word)
            elif action.nargs is None and value is None:
                next(words, None)

    def _get_option_tuples(self, option_string):
        # argparse asks about the options of the sub-command, too: they may be short for others.
        if option_string not in self._before_command:
            return []
        return super(_TopParser, self)._get_option_tuples(option_string)

    def _check_value(self, action, value):
        if isinstance(action.choices, dict) and value not in action.choices:
            value = to_text(value)
            hint = did_you_mean(value, action.choices) or "'osbs --help' lists the commands"
            self.error("there is no command %s" % value, hint)
        super(_TopParser, self)._check_value(action, value)

    def error(self, message, hint=None):
        # The sub-command is the only thing of which there can be too few.
        if message == "too few arguments":
            raise NoCommand()
        super(_TopParser, self).error(message, hint)


class _CommandParser(_Parser):
    """The parser of a sub-command, which gets its arguments when it is used."""

    def __init__(self, arguments, **kwargs):
        super(_CommandParser, self).__init__(**kwargs)
        self._arguments = arguments

    def fill(self):
        """Add the arguments and, without showing them, other options of osbs itself, once."""
        arguments, self._arguments = self._arguments, None
        if arguments is None:
            return
        _add_arguments(self, arguments)
        own = set(self._option_string_actions)
        others = [option for option in options.GLOBAL_OPTIONS if own.isdisjoint(option.flags)]
        _add_arguments(self, others, help=argparse.SUPPRESS)
        names = {option.dest for option in options.GLOBAL_OPTIONS}
        for action in self._actions:
            if action.dest in names:
                # A value given before the sub-command stays.
                action.default = argparse.SUPPRESS

    def parse_known_args(self, args=None, namespace=None):
        self.fill()
        parsed, rest = super(_CommandParser, self).parse_known_args(args, namespace)
        words = [to_text(word) for word in rest]
        for word in words:
            if word.startswith("-") and word != "--":
                self.refuse_option(word)
        if words:
            self.error("too many arguments: %s" % " ".join(words))
        return parsed, rest


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
    parser = _TopParser(
        prog=str("osbs"),
        description=options.DESCRIPTION,
        epilog=_epilog(),
        formatter_class=_formatter,
    )
    parser.register("action", "version", _Version)
    _add_arguments(parser, options.GLOBAL_OPTIONS)
    commands = parser.add_subparsers(help="commands", parser_class=_CommandParser)
    for command in options.COMMANDS:
        sub_parser = commands.add_parser(
            command.name,
            arguments=command.arguments,
            formatter_class=_formatter,
            epilog="\n\n".join([_block("examples", *command.examples), _GLOBAL_OPTIONS_NOTE]),
            **command.argparse_kwargs
        )
        sub_parser.register("action", "version", _Version)
        sub_parser.set_defaults(func=functions[command.function], server=command.server)
    return parser


def did_you_mean(word, known):
    # type: (Text, Iterable[Text]) -> Optional[Text]
    """Return a hint that names what a misspelt word may stand for, or None.

    :param word: text
    :param known: the words that there are
    """
    import difflib

    matches = difflib.get_close_matches(word, list(known), n=1)
    return "did you mean %s?" % matches[0] if matches else None


def parse_args(parser, argv=None):
    # type: (argparse.ArgumentParser, Optional[List[str]]) -> argparse.Namespace
    """Parse the command line.

    Beside the options the result has ``named``, the set of those options with a default in the
    environment that the user named, on the command line or there.

    :param argv: list of str, default: that of the process
    :raises NoCommand: on Python 2 when there is no sub-command; on 3 ``func`` is then missing
    """
    args = parser.parse_args(argv)
    read_environment(args)
    if hasattr(args, "platforms"):
        _complete_build(args)
    for name, value in list(vars(args).items()):
        if name not in _CREDENTIALS:
            setattr(args, name, _readable(value))
    return args


def read_environment(args):
    # type: (argparse.Namespace) -> None
    """Give options that are not on the command line the value of the environment, or the default.

    Sets ``named`` as well, see :func:`parse_args`.
    """
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


def _complete_build(args):
    if args.platforms:
        comma = str(",")  # Python 2 has bytes
        args.platforms = [name for word in args.platforms for name in word.split(comma) if name]
    if args.git_commit is None:
        args.git_commit = args.git_branch


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


def _epilog():
    return "\n\n".join(
        [
            _block("environment variables", *_environment_variables()),
            _block("exit status", *["%-20s %s" % row for row in options.EXIT_STATUSES]),
            _block("examples", *options.EXAMPLES),
            "'osbs COMMAND --help' has examples of each command.",
        ]
    )


def _block(title, *lines):
    return "\n  ".join(["%s:" % title] + list(lines))


def _environment_variables():
    for option in options.GLOBAL_OPTIONS:
        if option.env:
            yield "%-20s default of %s" % (option.env, max(option.flags, key=len))


def _add_arguments(parser, arguments, **changes):
    groups = {None: parser}
    for argument in arguments:
        if argument.group not in groups:
            groups[argument.group] = _add_group(parser, argument.group)
        keywords = dict(argument.argparse_kwargs, **changes)
        groups[argument.group].add_argument(*argument.flags, **keywords)


def _add_group(parser, group):
    if group in options.EXCLUSIVE_GROUPS:
        return parser.add_mutually_exclusive_group()
    return parser.add_argument_group(group)
