"""Tables: widths, streams and what a terminal tells."""

from __future__ import absolute_import, print_function, unicode_literals

import pytest
from flexmock import flexmock
from hypothesis import given
from hypothesis import strategies as st

import osbs.cli.render
from osbs.cli.render import TablePrinter, get_terminal_size
from osbs.exceptions import OsbsException

HEADER = {"x": "Header1", "y": "Header2", "z": "Header3"}
ROW = {"x": "x" * 8, "y": "y" * 20, "z": "z" * 4}

BUILDS = [
    {"name": "BUILD ID", "status": "STATUS", "image": "IMAGE NAME"},
    {"name": "app-1", "status": "complete", "image": "team/app:1"},
    {"name": "app-22", "status": "running", "image": ""},
]
BUILD_COLUMNS = ["name", "status", "image"]


@pytest.fixture
def terminal():
    """Set the width of the terminal, which a printer may ask for exactly once."""

    def set_width(width):
        flexmock(osbs.cli.render).should_receive("get_terminal_size").and_return((24, width)).once()

    return set_width


def test_the_worked_example_fills_the_terminal(terminal, capsys):
    terminal(80)
    printer = TablePrinter([HEADER, ROW], ["x", "y", "z"])
    printer.render()
    out, err = capsys.readouterr()
    assert out == " %-21s | %-32s | %-19s \n" % ("x" * 8, "y" * 20, "z" * 4)
    assert err == " %-21s | %-32s | %-19s \n%s+%s+%s\n" % (
        "Header1",
        "Header2",
        "Header3",
        "-" * 23,
        "-" * 34,
        "-" * 21,
    )


def test_the_lengths_of_the_worked_example(terminal):
    terminal(80)
    printer = TablePrinter([HEADER, ROW], ["x", "y", "z"])
    assert printer.get_all_longest_col_lengths() == {"x": 10, "y": 22, "z": 9}


def test_the_attributes_of_the_worked_example(terminal):
    terminal(80)
    printer = TablePrinter([HEADER, ROW], ["x", "y", "z"])
    assert (printer.data_length, printer.total_free_space) == (41, 37)
    assert (printer.default_column_space, printer.default_column_space_remainder) == (12, 1)
    assert printer.col_widths == {"x": 23, "y": 34, "z": 21}


def test_a_narrow_table_is_as_specified(terminal, capsys):
    terminal(45)
    TablePrinter(BUILDS, BUILD_COLUMNS).render()
    assert capsys.readouterr() == (
        " app-1        | complete     | team/app:1    \n"
        " app-22       | running      |               \n",
        " BUILD ID     | STATUS       | IMAGE NAME    \n"
        "--------------+--------------+---------------\n",
    )


@pytest.mark.parametrize("width", [0, 20])
def test_without_room_columns_are_as_wide_as_their_values(terminal, width):
    terminal(width)
    printer = TablePrinter(BUILDS, BUILD_COLUMNS)
    assert printer.col_widths == {"name": 10, "status": 10, "image": 12}
    assert printer.total_free_space is None


def test_a_table_can_be_printed_again(terminal, capsys):
    terminal(45)
    printer = TablePrinter(BUILDS, BUILD_COLUMNS)
    printer.render()
    first = capsys.readouterr()
    printer.render()
    assert capsys.readouterr() == first


def test_defect_66_a_cell_without_a_value_is_empty(terminal, capsys):
    terminal(0)
    TablePrinter([{"a": "A"}, {"a": None}], ["a"]).render()
    assert capsys.readouterr()[0] == "   \n"


def test_a_column_that_a_row_lacks_is_a_key_error(terminal):
    with pytest.raises(KeyError):
        TablePrinter([{"a": "A"}, {}], ["a"])


def test_the_columns_are_those_asked_for(terminal, capsys):
    terminal(0)
    TablePrinter(BUILDS, ["status"]).render()
    assert capsys.readouterr()[0] == " complete \n running  \n"


@pytest.mark.parametrize("answer", [b"24 80\n", "24 80"])
def test_stty_tells_the_size(answer):
    flexmock(osbs.cli.render).should_receive("run_command").with_args(["stty", "size"]).and_return(
        answer
    )
    assert get_terminal_size() == (24, 80)


@pytest.mark.parametrize(
    "failure",
    [OsbsException("not a tty"), OSError(2, "no stty")],
    ids=["no terminal", "no stty"],
)
def test_defect_66_without_a_terminal_the_size_is_zero(failure):
    flexmock(osbs.cli.render).should_receive("run_command").and_raise(failure)
    assert get_terminal_size() == (0, 0)


@pytest.mark.parametrize("answer", [b"", b"24", b"a b", b"1 2 3"])
def test_defect_66_odd_output_of_stty_is_no_size(answer):
    flexmock(osbs.cli.render).should_receive("run_command").and_return(answer)
    assert get_terminal_size() == (0, 0)


def test_the_real_size_is_two_ints():
    assert [type(number) for number in get_terminal_size()] == [int, int]


VALUES = st.one_of(st.none(), st.text(alphabet="abc d\xed", max_size=12))
TABLES = st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=5)


@given(TABLES, st.integers(min_value=0, max_value=120))
def test_every_row_is_as_wide_as_the_terminal_if_there_is_room(rows, width):
    columns = ["x", "y", "z"]
    flexmock(osbs.cli.render).should_receive("get_terminal_size").and_return((24, width))
    printer = TablePrinter([HEADER] + [dict(zip(columns, row)) for row in rows], columns)
    total = sum(printer.col_widths.values()) + 2
    assert total == max(width, printer.data_length + 2)


@given(TABLES)
def test_no_value_is_wider_than_its_column(rows):
    columns = ["x", "y", "z"]
    flexmock(osbs.cli.render).should_receive("get_terminal_size").and_return((0, 0))
    printer = TablePrinter([HEADER] + [dict(zip(columns, row)) for row in rows], columns)
    for row in rows:
        for column, value in zip(columns, row):
            assert len(value or "") <= printer.col_widths[column] - 2
