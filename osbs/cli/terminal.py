"""What people see on a terminal: colours, tables, blocks, boxes and the line at the bottom.

All that is rendered for people is rendered here; what scripts read is not. Functions return lines
of text that fit into the width; ``write_line`` writes them. Values come from builds and servers,
so ``cell`` makes each harmless first.

Every command that renders pays for what is imported here, so nothing heavy is.
"""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re
import sys
import threading
import time
from collections import namedtuple

from osbs._compat import to_text
from osbs._typing import Any, Callable, Dict, Iterable, List, Optional, Text, Tuple  # noqa: F401
from osbs.cli import output

_DEFAULT_WIDTH = 80
_LEAST_WIDTH = 20
# Columns between the cells of a table, and between key and value of a block.
_GAP = 2
# Seconds after which the line at the bottom is drawn anew: the time goes on, the width may change.
_TICK = 0.5

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
PHASE_STYLES = {
    "new": "yellow",
    "pending": "yellow",
    "running": "cyan",
    "complete": "green",
    "failed": "red",
    "error": "red",
    "cancelled": "yellow",
}

Symbols = namedtuple("Symbols", "done failed ellipsis bar dot across corners")
_SYMBOLS = Symbols(
    "\u2713", "\u2717", "\u2026", "\u2502", "\u00b7", "\u2500", "\u256d\u256e\u2570\u256f"
)
_ASCII_SYMBOLS = Symbols("+", "x", "~", "|", "-", "-", "++++")

_COLOUR = re.compile(output.COLOUR)
# All else takes one column.
_BEYOND_LATIN = re.compile("[^\x00-\u02ff]")
# Of a duration two neighbours are shown.
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


class Terminal(object):
    """A stream that people read.

    :param stream: file object
    :param colours: bool, whether to use colours
    """

    def __init__(self, stream, colours):
        # type: (Any, bool) -> None
        self.stream = stream
        self.colours = colours
        self.symbols = _SYMBOLS if _can_show(stream, "".join(_SYMBOLS)) else _ASCII_SYMBOLS

    @property
    def width(self):
        # type: () -> int
        """Columns of the terminal now; it may be resized at any time."""
        return max(_LEAST_WIDTH, output.columns_of(self.stream) or _DEFAULT_WIDTH)

    def write_line(self, text=""):
        # type: (Text) -> None
        """Write a line, above the one at the bottom.

        :param text: what the other methods returned
        :raises OutputClosed, OutputError: as ``output.writing_to`` does
        """
        if output.statuses:
            output.statuses[-1].write_above(text)
        else:
            output.write_line(text, self.stream)

    def write_lines(self, lines):
        # type: (Iterable[Text]) -> None
        """Write lines, as ``write_line`` does."""
        for line in lines:
            self.write_line(line)

    def status(self):
        # type: () -> Status
        """Return a context manager: the line at the bottom, with the time elapsed."""
        return Status(self)

    def style(self, text, *styles):
        # type: (Text, *Optional[Text]) -> Text
        """Return text in colours, if there are any.

        :param styles: names such as ``bold`` and ``red``; None is none
        """
        codes = ";".join(_CODES[style] for style in styles if style)
        return "\x1b[%sm%s\x1b[0m" % (codes, text) if codes and text and self.colours else text

    def cut(self, text, room):
        # type: (Text, int) -> Text
        """Return text of at most ``room`` columns.

        Prose loses its end; a name or an address its middle, as its end tells it from others.
        """
        if display_width(text) <= room:
            return text
        ellipsis = self.symbols.ellipsis
        tail = 0 if " " in text else (room - 1) // 2
        head = _prefix(text, room - 1 - tail)
        return head + ellipsis[:room] + _prefix(text[::-1], tail)[::-1]

    def table(self, header, rows):
        # type: (Iterable[Text], List[Any]) -> List[Text]
        """Return a table, one line a row; cells are cut where the terminal is too narrow.

        :param header: text for each column
        :param rows: lists of values as ``cell`` takes them
        """
        layout = Table(self, header, rows)
        return [layout.header()] + [layout.row(row) for row in rows]

    def block(self, pairs, width=None):
        # type: (Iterable[Tuple[Text, Any]], Optional[int]) -> List[Text]
        """Return keys and their values, aligned.

        :param pairs: (key, value); value as ``cell`` takes it, or a list of them, one a line
        :param width: columns, default: all
        """
        width = width or self.width
        pairs = [(key, value if isinstance(value, list) else [value]) for key, value in pairs]
        indent = max([display_width(key) for key, _ in pairs] or [0]) + _GAP
        lines = []  # type: List[Text]
        for key, values in pairs:
            lines += self._entry(key, [cell(value) for value in values or [None]], indent, width)
        return lines

    def _entry(self, key, cells, indent, width):
        # A name that does not fit beside the key may fit below.
        words = [display_width(word) for text, _ in cells for word in text.split()]
        below = max(words or [0]) > width - indent
        at = _GAP if below else indent
        lines = [""] if below else []
        for text, style in cells:
            text = " ".join(self.cut(word, width - at) for word in text.split())
            lines += [self.style(line, style) for line in wrap(text, width - at)]
        first = self.style(pad(key, 0 if below else indent), "dim") + lines[0]
        return [first] + [" " * at + line for line in lines[1:]]

    def box(self, title, pairs, style=None):
        # type: (Text, Iterable[Tuple[Text, Any]], Optional[Text]) -> List[Text]
        """Return a box around a block.

        :param title: text in its upper edge
        :param pairs: as ``block`` takes them
        :param style: name of its colour
        """
        room = self.width - 4
        title = self.cut(cell(title)[0], room - 2)
        lines = self.block(pairs, room)
        inner = max([display_width(line) for line in lines] + [display_width(title) + 2])
        symbols = self.symbols
        edge = symbols.across * (inner - display_width(title) - 1)
        top = symbols.corners[0] + symbols.across + " " + title + " " + edge + symbols.corners[1]
        bottom = symbols.corners[2] + symbols.across * (inner + 2) + symbols.corners[3]
        bar = self.style(symbols.bar, style)
        middle = ["%s %s %s" % (bar, pad(line, inner), bar) for line in lines]
        return [self.style(top, style, "bold")] + middle + [self.style(bottom, style)]


class Table(object):
    """The layout of a table, for rows that are known and rows that come later.

    :param terminal: Terminal
    :param header: text for each column
    :param rows: rows that fit as a whole if there is room
    """

    def __init__(self, terminal, header, rows):
        # type: (Terminal, Iterable[Text], Iterable[Iterable[Any]]) -> None
        self._terminal = terminal
        self._header = list(header)
        columns = list(zip(self._header, *[[cell(value)[0] for value in row] for row in rows]))
        wanted = [max(display_width(text) for text in column) for column in columns]
        self._widths = _shrunk(wanted, terminal.width - _GAP * (len(wanted) - 1))

    def header(self):
        # type: () -> Text
        """Return the line with the names of the columns."""
        return self.row((name, "bold") for name in self._header)

    def row(self, values):
        # type: (Iterable[Any]) -> Text
        """Return the line of a row.

        :param values: as ``cell`` takes them
        """
        shown = []
        for value, room in zip(values, self._widths):
            text, style = cell(value)
            shown.append(pad(self._terminal.style(self._terminal.cut(text, room), style), room))
        # Nothing is behind the last cell, so that the line can be copied.
        return (" " * _GAP).join(shown).rstrip(" ")


class Status(object):
    """The line at the bottom of a terminal: how much time went by, and what is going on.

    Nothing is shown on a stream that cannot move its cursor.

    :param terminal: Terminal
    :ivar since: what the time is counted from, seconds since the epoch; at first: now
    """

    def __init__(self, terminal):
        # type: (Terminal) -> None
        self._terminal = terminal
        self.since = time.time()
        self._text = ""
        self._drawn_width = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick)
        self._thread.daemon = True

    def __enter__(self):
        # type: () -> Status
        if output.is_terminal(self._terminal.stream) and not _is_dumb():
            output.statuses.append(self)
            self._thread.start()
        return self

    def __exit__(self, *exc_info):
        # type: (*Any) -> None
        self._ended.set()
        with self._lock:
            if self in output.statuses:
                output.statuses.remove(self)
                self._write(self.clearing())

    def show(self, text):
        # type: (Text) -> None
        """Say what is going on.

        :param text: text; what does not fit is cut off
        """
        self._text = cell(text)[0]
        self._draw()

    def write_above(self, text):
        # type: (Text) -> None
        """Write a line above, see ``Terminal.write_line``."""
        with self._lock:
            output.write(text + "\n", self._terminal.stream)
            self._write(self._line())

    def clearing(self):
        # type: () -> Text
        """Return what clears the line; the cursor is at its beginning."""
        # A resize has wrapped a longer line. All below is not cleared otherwise, as tmux takes
        # that for a clear screen when the line is the first one.
        wrapped = self._drawn_width > self._terminal.width
        return "\r\x1b[J" if wrapped else "\r\x1b[K"

    def _tick(self):
        try:
            while not self._ended.wait(_TICK):
                self._draw()
        except (output.OutputClosed, output.OutputError):
            # The main thread will notice too.
            pass

    def _draw(self):
        with self._lock:
            if self in output.statuses:
                self._write(self.clearing() + self._line())

    def _line(self):
        # The cursor goes back, so that what others write, such as ^C, stands at the beginning.
        terminal = self._terminal
        line = "%s  %s" % (duration(time.time() - self.since), self._text)
        line = _prefix(line, terminal.width - 1)
        self._drawn_width = display_width(line)
        return terminal.style(line, "dim") + "\r"

    def _write(self, text):
        output.write_unfiltered(text, self._terminal.stream)
        output.flush(self._terminal.stream)


def terminal_for(args, stream=None):
    # type: (Any, Any) -> Optional[Terminal]
    """Return the terminal for a command that renders; None if lines stay as scripts expect them.

    Scripts get them with ``--raw``, ``--output json`` and when stdout is no terminal, unless
    ``--color always`` asks for all that a terminal would get. So do programs that call a command
    with arguments of their own, which lack ``color``.

    :param args: argparse.Namespace
    :param stream: file object, default: the present ``sys.stdout``
    """
    stream = sys.stdout if stream is None else stream
    color = getattr(args, "color", None)
    for_scripts = getattr(args, "raw", False) or getattr(args, "output", None) == "json"
    if color is None or stream is None or for_scripts:
        return None
    if color != "always" and not output.is_terminal(stream):
        return None
    wanted = not (os.environ.get("NO_COLOR") or _is_dumb())
    return Terminal(stream, {"always": True, "never": False}.get(color, wanted))


def cell(value):
    # type: (Any) -> Tuple[Text, Optional[Text]]
    """Return a value as a harmless text of one line, and the style it shall have.

    :param value: text, or (text, name of a style); without content it becomes a dash
    """
    text, style = value if isinstance(value, tuple) else (value, None)
    text = _COLOUR.sub("", "" if text is None else to_text(text))
    text = output.in_one_line(" ".join(text.expandtabs().splitlines()))
    return text if text.strip() else "-", style


def phase(text):
    # type: (Any) -> Tuple[Any, Optional[Text]]
    """Return the phase of a build with its colour, as ``cell`` takes it."""
    return text, PHASE_STYLES.get(to_text(text or "").lower())


def duration(seconds):
    # type: (float) -> Text
    """Return seconds as people say it: ``0.3 s``, ``5 s``, ``4 min 10 s``, ``2 d 1 h``."""
    if 0.05 <= seconds < 0.95:
        return "%.1f s" % seconds
    whole = max(0, int(round(seconds)))
    for (size, unit), (smaller, smaller_unit) in zip(_UNITS, _UNITS[1:]):
        if whole >= size:
            text = "%d %s" % (whole // size, unit)
            rest = whole % size // smaller
            return "%s %d %s" % (text, rest, smaller_unit) if rest else text
    return "%d s" % whole


def display_width(text):
    # type: (Text) -> int
    """Return how many columns a text takes; colours take none."""
    text = _COLOUR.sub("", text)
    return len(text) + sum(_character_width(char) - 1 for char in _BEYOND_LATIN.findall(text))


def pad(text, room):
    # type: (Text, int) -> Text
    """Return text with blanks at its end, so that it takes ``room`` columns."""
    return text + " " * (room - display_width(text))


def wrap(text, room):
    # type: (Text, int) -> List[Text]
    """Return a text as lines of at most ``room`` columns, broken at blanks if possible."""
    lines = []
    while len(_prefix(text, room)) < len(text):
        head = _prefix(text, room) or text[:1]
        if not text[len(head) :].startswith(" ") and " " in head.strip():
            head = head[: head.rindex(" ")]
        lines.append(head.rstrip())
        text = text[len(head) :].lstrip()
    return lines + [text]


def _shrunk(wanted, room):
    """Return widths of columns that fit: the widest ones give way, to the same width."""
    # None is wider than all the room, so that the loop is short.
    widths = [min(width, max(1, room)) for width in wanted]
    while sum(widths) > room and max(widths) > 1:
        _, last_of_widest = max((width, number) for number, width in enumerate(widths))
        widths[last_of_widest] -= 1
    return widths


def _prefix(text, room):
    """Return the longest beginning of a text that takes at most ``room`` columns."""
    for end, char in enumerate(text):
        room -= _character_width(char)
        if room < 0:
            return text[:end]
    return text


def _character_width(char):
    if char < "\u0300":
        return 1
    import unicodedata

    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _is_dumb():
    return os.environ.get("TERM", "dumb") == "dumb"


def _can_show(stream, text):
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
        return True
    except (LookupError, UnicodeError):
        return False
