"""Tables on a terminal: header and rule to stderr, rows to stdout."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import sys

from osbs._typing import Dict, Optional, Text, Tuple  # noqa: F401
from osbs.cli.output import flush, in_one_line, write_line
from osbs.exceptions import OsbsException
from osbs.utils import run_command

logger = logging.getLogger(__name__)

# One blank on each side of a value.
_MARGIN = 2


def get_terminal_size():
    # type: () -> Tuple[int, int]
    """Return rows and columns of the terminal as two ints; (0, 0) if there is none."""
    try:
        rows, columns = run_command(["stty", "size"]).split()
        return int(rows), int(columns)
    except (OsbsException, EnvironmentError, ValueError):
        return 0, 0


class TableFormatter(object):
    """Measures of a table.

    :param table: list of dicts (column -> text or None), the first is the header
    """

    def __init__(self, table):
        self.table = table
        self.header = table[0]
        self.data = table[1:]
        self._terminal_width = None

    @property
    def terminal_width(self):
        """Width of the terminal in characters, 0 if there is none; asked for once."""
        if self._terminal_width is None:
            # A module-level name, which tests replace.
            self._terminal_width = get_terminal_size()[1] or 0
        return self._terminal_width

    def _longest_val_in_column(self, col):
        """Return the width that the longest value of a column needs, margins included.

        :param col: text, key of the column
        :raises KeyError: when a row has no such column
        """
        try:
            return max([len(row[col]) for row in self.table if row[col]] or [0]) + _MARGIN
        except KeyError:
            logger.error("there is no column %r", col)
            raise


class TablePrinter(TableFormatter):
    """A table laid out for the terminal at construction, to be printed any number of times.

    :param table: list of dicts (column -> text or None), the first is the header
    :param col_list: list of text, keys of the columns to show, in order
    :raises KeyError: when a row lacks one of the columns
    """

    def __init__(self, table, col_list):
        super(TablePrinter, self).__init__(table)
        self.col_list = col_list
        self.col_count = len(col_list)
        self.col_longest = self.get_all_longest_col_lengths()
        self.data_length = sum(self.col_longest[col] for col in col_list)
        self.total_free_space = None
        self.default_column_space = None
        self.default_column_space_remainder = None
        self.col_widths = dict(self.col_longest)
        free = self.terminal_width - self.data_length - (self.col_count - 1)
        if self.terminal_width and free > 0:
            space, remainder = divmod(free, self.col_count)
            self.total_free_space = free
            self.default_column_space = space
            self.default_column_space_remainder = remainder
            for number, col in enumerate(col_list):
                self.col_widths[col] += space + (number < remainder)
        self.format_str = "|".join(
            " {%d:%d} " % (number, self.col_widths[col] - _MARGIN)
            for number, col in enumerate(col_list)
        )
        self.header_format_str = self.format_str
        self.header_data = self._cells(self.header)

    def get_all_longest_col_lengths(self):
        # type: () -> Dict[Text, int]
        """Return column -> width that its longest value needs."""
        return {col: self._longest_val_in_column(col) for col in self.col_list}

    def _cells(self, row):
        return ["" if row[col] is None else in_one_line(row[col]) for col in self.col_list]

    def render_header(self):
        # type: () -> None
        """Print header and rule on stderr."""
        write_line(self.header_format_str.format(*self.header_data), sys.stderr)
        write_line("+".join("-" * self.col_widths[col] for col in self.col_list), sys.stderr)

    def render_row(self, row):
        # type: (Dict[Text, Optional[Text]]) -> None
        """Print one row on stdout.

        :param row: dict, column -> text or None
        """
        write_line(self.format_str.format(*self._cells(row)), sys.stdout)

    def render(self):
        # type: () -> None
        """Print the table."""
        self.render_header()
        for row in self.data:
            self.render_row(row)
        flush()
