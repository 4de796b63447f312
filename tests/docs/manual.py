"""
Write the manual pages of ``osbs`` and ``osbs-sandbox`` from their parsers.

``python -m tests.docs.manual`` writes ``docs/man/*.1``; with ``--check`` it only reports whether
they are up to date.
"""

import argparse
import io
import os
import sys

import osbs
from osbs.cli import options
from osbs.cli.parser import build_parser
from osbs.sandbox import cli as sandbox_cli
from tests.docs.pages import ROOT

DIRECTORY = os.path.join(ROOT, "docs", "man")
#: what every command has, and what has a section of its own
LEFT_OUT = (argparse._HelpAction, argparse._SubParsersAction)


def pages():
    """Return the name of each page -> its text."""
    functions = {command.function: None for command in options.COMMANDS}
    parsers = [build_parser(functions), sandbox_cli.build_parser()]
    return {parser.prog + ".1": _page(parser) for parser in parsers}


def _page(parser):
    lines = [
        '.TH %s 1 "" "osbs-client %s" "User Commands"' % (parser.prog.upper(), osbs.__version__),
        ".SH NAME",
        "%s \\- %s" % (_text(parser.prog), _text(parser.description)),
        ".SH SYNOPSIS",
        ".B %s" % _text(parser.prog),
        "[options] COMMAND [options] [arguments]",
        ".SH OPTIONS",
    ]
    lines += _arguments(parser)
    lines.append(".SH COMMANDS")
    for name, command in _commands(parser).items():
        words = [_shown(action) for action in command._get_positional_actions()]
        lines.append('.SS "%s"' % _text(" ".join([name] + words)))
        lines.append(_text(_sentence(command.description)))
        lines += _arguments(command) + _examples(command)
    return "\n".join(lines + _epilog(parser)) + "\n"


def _commands(parser):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                getattr(command, "fill", lambda: None)()
            return action.choices
    return {}


def _arguments(parser):
    lines = []
    formatter = parser._get_formatter()
    for action in parser._actions:
        if action.help is argparse.SUPPRESS or isinstance(action, LEFT_OUT):
            continue
        text = formatter._expand_help(action) if action.help else ""
        flags = ", ".join("\\fB%s\\fR" % _text(flag) for flag in action.option_strings)
        argument = "" if action.nargs == 0 else "\\fI%s\\fR" % _text(_shown(action))
        lines += [".TP", " ".join(part for part in (flags, argument) if part)]
        lines.append(_text(text))
    return lines


def _shown(action):
    """Return how an argument is written in a synopsis."""
    if action.choices and not action.metavar:
        word = "{%s}" % ",".join(str(choice) for choice in action.choices)
    else:
        word = action.metavar or (action.dest.upper() if action.option_strings else action.dest)
    return "[%s]" % word if action.nargs == "?" else word


def _epilog(parser):
    """Return the end of the help: blocks of indented lines under a title, and paragraphs."""
    lines = []
    for title, rest in _blocks(parser):
        if title:
            lines.append(".SH %s" % _text(title.upper()))
            lines += [".nf"] + [_text(line.strip()) for line in rest.splitlines()] + [".fi"]
        else:
            lines += [".PP"] + [_text(line) for line in rest.splitlines()]
    return lines


def _examples(command):
    lines = []
    for title, rest in _blocks(command):
        if title == "examples":
            lines += [".PP", ".nf"] + [_text(line.strip()) for line in rest.splitlines()] + [".fi"]
    return lines


def _blocks(parser):
    for block in parser.epilog.split("\n\n"):
        title, _, rest = block.partition(":\n")
        yield (title, rest) if rest else ("", block)


def _sentence(text):
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _text(text):
    """Return a text as roff takes it literally."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def main(argv=None):
    """Write or check the pages; return 1 if ``--check`` found one that is not up to date."""
    check = (sys.argv[1:] if argv is None else argv) == ["--check"]
    old = []
    for name, text in sorted(pages().items()):
        path = os.path.join(DIRECTORY, name)
        if not check:
            with io.open(path, "w", encoding="utf-8") as page:
                page.write(text)
            continue
        with io.open(path, encoding="utf-8") as page:
            if page.read() != text:
                old.append(name)
    for name in old:
        print("docs/man/%s is not up to date; run: python -m tests.docs.manual" % name)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
