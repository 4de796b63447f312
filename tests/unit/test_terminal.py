# -*- coding: utf-8 -*-
"""What people see on a terminal fits into it, is harmless, and leaves it clean."""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import fcntl
import io
import logging
import os
import struct
import termios
import tty

import pytest

from osbs._compat import monotonic
from osbs._waiting import PHASE, WAITING
from osbs.cli import output, terminal
from osbs.cli.terminal import Terminal, cell, display_width, duration, pad, phase, wrap
from osbs.cli.waiting import WaitingFilter
from tests.unit.golden_files import check

NAME = "docker-hello-world-osbs-box-demo-f7644-1"
HEADER = ["BUILD ID", "STATUS", "IMAGE"]
ROWS = [
    [NAME, phase("complete"), "registry.example.com/team/hello-world:1.0-1"],
    ["日本語の名前-2", phase("failed"), None],
    ["\x1b]0;owned\x07\x1b[31mred", ("running", "cyan"), "two\nlines\tand a tab"],
]
PAIRS = [
    ("build", NAME),
    ("duration", "4 min 10 s"),
    ("images", ["registry.example.com/team/hello-world:latest", "reg/hello:1-2-20261128125801"]),
    (
        "reason",
        "Error in plugin pull_base_image: 日本語日本語 was not\nfound in \x1b[2J the registry",
    ),
    ("Koji build", None),
]


class Stream(io.StringIO):
    """A text stream with an encoding of choice."""

    encoding = "utf-8"


def a_terminal(monkeypatch, width=80, colours=False, encoding="utf-8"):
    monkeypatch.setenv(str("COLUMNS"), str(width))
    stream = Stream()
    stream.encoding = encoding
    return Terminal(stream, colours)


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("colours", [False, True], ids=["plain", "colours"])
def test_screen_looks_as_in_the_golden_file(monkeypatch, width, colours):
    screen = a_terminal(monkeypatch, width, colours)
    lines = screen.table(HEADER, ROWS) + screen.block(PAIRS) + screen.box("failed", PAIRS, "red")
    check("terminal-%d%s" % (width, "-colours" if colours else ""), "\n".join(lines) + "\n")


@pytest.mark.parametrize("width", range(20, 201, 12))
def test_no_line_is_wider_than_the_terminal(monkeypatch, width):
    screen = a_terminal(monkeypatch, width, True)
    lines = screen.table(HEADER, ROWS) + screen.block(PAIRS) + screen.box("failed" * 9, PAIRS)
    assert [line for line in lines if display_width(line) > width] == []


def test_all_edges_of_a_box_are_aligned(monkeypatch):
    lines = a_terminal(monkeypatch, 60, True).box("failed", PAIRS, "red")
    assert len({display_width(line) for line in lines}) == 1


def test_streams_that_know_only_ascii_get_ascii(monkeypatch):
    screen = a_terminal(monkeypatch, 40, encoding="ascii")
    "".join(screen.box("complete", [("build", NAME * 2)])).encode("ascii")


def test_names_lose_their_middle(monkeypatch):
    assert a_terminal(monkeypatch).cut("abcdefghij-1", 7) == "abc…j-1"


def test_prose_loses_its_end(monkeypatch):
    assert a_terminal(monkeypatch).cut("no such image", 7) == "no suc…"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_missing_values_are_a_dash(value):
    assert cell(value) == ("-", None)


@pytest.mark.parametrize(
    "text, width",
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("\x1b[1;31mred\x1b[0m", 3), ("a\u200bb", 2)],
)
def test_width_counts_the_columns_that_a_text_takes(text, width):
    assert display_width(text) == width


@pytest.mark.parametrize(
    "text, lines",
    [
        ("one two three", ["one two", "three"]),
        ("onetwothree", ["onetwoth", "ree"]),
        ("日本語日本語", ["日本語日", "本語"]),
        ("    abc defg", ["    abc", "defg"]),
        ("", [""]),
    ],
)
def test_lines_break_at_blanks_where_there_are_any(text, lines):
    assert wrap(text, 8) == lines


def test_the_time_for_a_line_grows_with_its_length_only():
    # Minutes where all that is left is measured again for each line.
    start = monotonic()
    assert len(wrap("x" * 100000, 10)) == 10000
    assert monotonic() - start < 20


def test_padding_counts_columns():
    assert pad("日本", 6) == "日本  "


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0, "0 s"),
        (0.26, "0.3 s"),
        (0.96, "1 s"),
        (59.6, "1 min"),
        (250, "4 min 10 s"),
        (3600, "1 h"),
        (3720, "1 h 2 min"),
        (176400, "2 d 1 h"),
        (-1, "0 s"),
    ],
)
def test_durations_have_at_most_two_parts(seconds, text):
    assert duration(seconds) == text


class Pty(object):
    """A terminal of its own: ``stream`` leads to it, ``read`` returns what arrived."""

    def __init__(self, columns=80):
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.resize(columns)
        self.stream = io.open(self._slave, "w", encoding="utf-8", closefd=False)

    def resize(self, columns):
        size = struct.pack(str("4H"), 24, columns, 0, 0)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, size)

    def read_until(self, condition):
        text = ""
        while not condition(text):
            text += os.read(self._master, 65536).decode("utf-8")
        return text

    def read_all(self):
        self.stream.write("<end>")
        self.stream.flush()
        return self.read_until(lambda text: text.endswith("<end>"))[: -len("<end>")]

    def close(self):
        os.close(self._slave)
        os.close(self._master)


@pytest.fixture
def pty(monkeypatch):
    monkeypatch.setenv(str("TERM"), str("xterm"))
    monkeypatch.delenv(str("COLUMNS"), raising=False)
    monkeypatch.delenv(str("NO_COLOR"), raising=False)
    pty = Pty()
    yield pty
    pty.close()


def args(**options):
    return argparse.Namespace(**dict({"color": "auto", "raw": False, "output": "text"}, **options))


def test_width_follows_a_resize(pty):
    screen = terminal.terminal_for(args(), pty.stream)
    widths = [screen.width]
    pty.resize(133)
    assert widths + [screen.width] == [80, 133]


@pytest.mark.parametrize("options", [{"raw": True}, {"output": "json"}, {"color": None}])
def test_scripts_on_a_terminal_get_lines_as_they_are(pty, options):
    assert terminal.terminal_for(args(**options), pty.stream) is None


@pytest.mark.parametrize("color, rendered", [("auto", False), ("never", False), ("always", True)])
def test_pipes_get_lines_as_they_are_unless_colours_are_asked_for(color, rendered):
    assert bool(terminal.terminal_for(args(color=color), Stream())) == rendered


@pytest.mark.parametrize(
    "color, variables, colours",
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_colours_obey_option_and_environment(pty, monkeypatch, color, variables, colours):
    for name, value in variables.items():
        monkeypatch.setenv(str(name), str(value))
    assert terminal.terminal_for(args(color=color), pty.stream).colours == colours


def test_status_line_is_gone_at_the_end(pty):
    screen = terminal.terminal_for(args(), pty.stream)
    with screen.status() as status:
        status.show("running")
        screen.write_line("a line")
    screen.write_line("the end")
    assert last_rows(pty.read_all()) == ["a line", "the end", ""]


def test_status_line_is_gone_after_an_interruption(pty):
    screen = terminal.terminal_for(args(), pty.stream)
    with pytest.raises(KeyboardInterrupt):
        with screen.status() as status:
            status.show("running")
            raise KeyboardInterrupt()
    assert last_rows(pty.read_all()) == [""]


def test_what_others_write_replaces_the_status_line(pty):
    screen = terminal.terminal_for(args(), pty.stream)
    with screen.status() as status:
        status.show("a long text about what is going on")
        output.write_line("warning", pty.stream)
    assert last_rows(pty.read_all()) == ["warning", ""]


def test_status_line_tells_the_time_while_nothing_else_happens(pty):
    screen = terminal.terminal_for(args(), pty.stream)
    with screen.status() as status:
        status.since -= 60
        status.show("running")
        pty.read_until(lambda text: "1 min 1 s  running" in text)


def test_status_line_fits_after_a_resize(pty):
    screen = terminal.terminal_for(args(), pty.stream)
    with screen.status() as status:
        status.show("running" * 20)
        pty.resize(30)
        text = pty.read_until(lambda text: text.count("\r") > 5)
    assert "\r\x1b[J" in text
    assert display_width(text.rstrip("\r").split("\r")[-1].replace("\x1b[K", "")) == 29


@pytest.mark.parametrize("extra, is_line", [(PHASE, False), (WAITING, True)], ids=str)
def test_phases_stand_in_the_status_line_and_retries_above_it(pty, extra, is_line):
    record = logging.LogRecord("osbs.core", logging.INFO, "", 0, "waiting: %s", ("New",), None)
    vars(record).update(extra)
    with terminal.terminal_for(args(), pty.stream).status():
        shown = WaitingFilter().filter(record)
    assert (shown, "waiting: New" in pty.read_all()) == (is_line, not is_line)


def test_nothing_goes_on_behind_a_status_line_that_ended(pty):
    with terminal.terminal_for(args(), pty.stream).status() as status:
        thread = status._thread
    thread.join(10)
    assert (thread.is_alive(), output.statuses) == (False, [])


def test_without_a_cursor_there_is_no_status_line(monkeypatch):
    screen = a_terminal(monkeypatch)
    with screen.status() as status:
        status.show("running")
        screen.write_line("a line")
    assert screen.stream.getvalue() == "a line\n"


def last_rows(text):
    """Return the rows of a terminal without wrapping after a text with \\r, \\n and ESC [ K."""
    rows, column = [""], 0
    text = terminal._COLOUR.sub("", text)
    while text:
        if text.startswith("\x1b[K"):
            rows[-1], text = rows[-1][:column], text[3:]
            continue
        char, text = text[0], text[1:]
        if char == "\n":
            rows.append("")
            column = 0
        elif char == "\r":
            column = 0
        else:
            rows[-1] = rows[-1][:column] + char + rows[-1][column + 1 :]
            column += 1
    return rows
