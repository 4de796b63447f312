# -*- coding: utf-8 -*-
"""Log lines at the facade."""

from __future__ import absolute_import, print_function, unicode_literals

from types import GeneratorType

import pytest
from flexmock import flexmock

from osbs.api import LogEntry, OSBS
from osbs.conf import Configuration
from osbs.exceptions import OsbsException
from tests.conformance.normal import vectors

VECTORS = vectors("logs.jsonl")
HEADER = "2024-05-01 10:00:00,123 platform:s390x - a.b - INFO -"


@pytest.fixture
def osbs():
    conf = Configuration(conf_file=None)
    return OSBS(conf, conf)


@pytest.mark.parametrize("vector", VECTORS, ids=[v["id"] for v in VECTORS])
def test_log_line_is_split_as_the_reference_did(vector):
    assert list(OSBS._parse_build_log_entry(vector["line"])) == vector["expect"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (HEADER + " Step 1/3 : FROM  scratch", ("s390x", "Step 1/3 : FROM  scratch")),
        (HEADER + "     indented", ("s390x", "    indented")),
        (HEADER, ("s390x", "")),
        (HEADER + " ", ("s390x", "")),
        (HEADER + " x y platform:- z", ("s390x", "x y z")),
        (HEADER + " x y platform:-z w", ("s390x", "x y platform:-z w")),
        (HEADER + " x y platform:-", ("s390x", "x y ")),
        ("d t platform:x\u00a0y - a - b - c", (None, "d t platform:x\u00a0y - a - b - c")),
        ("   x y z", (None, "   x y z")),
        ("", (None, "")),
    ],
)
def test_log_entry_has_platform_and_line(entry, expected):
    assert OSBS._parse_build_log_entry(entry) == expected


@pytest.mark.parametrize(
    "entry",
    [
        "d t platform:s390x - hello",
        "d t platform:s390x",
        "d t platform:s390x - a.b - INFO",
    ],
)
def test_defect_45_short_platform_line_belongs_to_the_orchestrator(entry):
    assert OSBS._parse_build_log_entry(entry) == (None, entry)


def test_defect_46_undecodable_byte_becomes_a_replacement_character(osbs):
    flexmock(osbs.os).should_receive("logs").and_return(line for line in [b"a\xffb  "])
    assert list(osbs.get_build_logs("b", follow=True, decode=True)) == ["a\ufffdb"]


@pytest.mark.parametrize("separator", ["\u2028", "\f", "\v", "\x85"])
def test_defect_46_only_a_line_feed_ends_a_line(osbs, separator):
    line = HEADER + " one" + separator + "two"
    flexmock(osbs.os).should_receive("logs").and_return((line + "\n").encode("utf-8"))
    assert list(osbs.get_orchestrator_build_logs("b")) == [("s390x", "one" + separator + "two")]


def test_defect_47_error_while_iterating_is_an_osbs_exception(osbs):
    def broken():
        yield b"one"
        raise ValueError("two")

    flexmock(osbs.os).should_receive("logs").and_return(broken())
    logs = osbs.get_orchestrator_build_logs("b", follow=True)
    assert next(logs) == LogEntry(None, "one")
    with pytest.raises(OsbsException) as failure:
        next(logs)
    assert isinstance(failure.value.cause, ValueError)


def test_followed_log_is_a_generator(osbs):
    flexmock(osbs.os).should_receive("logs").and_return(line for line in [b"  x \n"])
    logs = osbs.get_build_logs("b", follow=True, decode=True)
    assert isinstance(logs, GeneratorType) and list(logs) == ["  x"]


def test_whole_log_is_decoded_without_white_space_at_its_end(osbs):
    flexmock(osbs.os).should_receive("logs").and_return(b"   l\xc3\xadne 1   \n")
    assert osbs.get_build_logs("b", decode=True) == "   líne 1"


def test_log_of_a_pending_build_has_no_entries(osbs):
    flexmock(osbs.os).should_receive("logs").and_return(None)
    assert list(osbs.get_orchestrator_build_logs("b")) == []


def test_empty_lines_are_left_out(osbs):
    flexmock(osbs.os).should_receive("logs").and_return(b"a\n\n  \r\nb\r\n")
    assert [entry.line for entry in osbs.get_orchestrator_build_logs("b")] == ["a", "b"]


def test_closing_the_followed_log_closes_the_stream(osbs):
    closed = []

    def lines():
        try:
            yield b"one"
            yield b"two"
        finally:
            closed.append(True)

    flexmock(osbs.os).should_receive("logs").and_return(lines())
    logs = osbs.get_build_logs("b", follow=True, decode=True)
    next(logs)
    logs.close()
    assert closed
