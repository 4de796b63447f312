"""What a person sees of the log who did not ask for it."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import logging
import sys
import warnings

import pytest

from osbs._waiting import PHASE, WAITING, tell_retry
from osbs.cli import main as cli_main
from osbs.cli.waiting import WaitingFilter

LIBRARY = logging.getLogger("osbs.core")
COMMAND = logging.getLogger("osbs")


@pytest.fixture
def stderr(monkeypatch):
    """A function that runs ``get-user``, which logs something, and returns stderr."""

    def run(log, *options):
        def cmd_get_user(args, osbs_object):
            log()

        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(cli_main, "cmd_get_user", cmd_get_user)
        words = ("osbs", "--openshift-uri", "https://h/") + options + ("get-user",)
        monkeypatch.setattr(sys, "argv", [str(word) for word in words])
        assert cli_main.main() is None
        return stream.getvalue()

    stream = Stream()
    monkeypatch.setattr(COMMAND, "handlers", [])
    monkeypatch.setattr(COMMAND, "level", logging.WARNING)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(warnings, "filters", [])
    return run


class Stream(io.StringIO):
    terminal = False

    def isatty(self):
        return self.terminal


def retry():
    tell_retry(LIBRARY, "server answered 503", 4.2, 2, 8)


def test_a_retry_is_a_plain_line(stderr, home):
    assert stderr(retry) == "server answered 503, trying again in 4 s (2 of 8)\n"


def test_a_terminal_shows_the_time_since_the_start(stderr, home, monkeypatch):
    monkeypatch.setattr(Stream, "terminal", True)
    assert stderr(retry) == "server answered 503, trying again in 4 s (2 of 8) [0 s]\n"


def test_quiet_shows_no_retry(stderr, home):
    assert stderr(retry, "--quiet") == ""


def test_verbose_shows_a_retry_as_it_shows_all_records(stderr, home):
    assert " - osbs.core - INFO - server answered 503, trying" in stderr(retry, "--verbose")


def test_info_of_the_library_is_for_verbose(stderr, home):
    assert stderr(lambda: LIBRARY.info("found")) == ""


def test_verbose_shows_info_of_the_library(stderr, home):
    assert "INFO - found" in stderr(lambda: LIBRARY.info("found"), "--verbose")


@pytest.mark.parametrize("options", [(), ("--quiet",)])
def test_a_warning_is_shown(stderr, home, options):
    assert "act!" in stderr(lambda: LIBRARY.warning("act!"), *options)


def test_what_the_command_says_itself_is_shown(stderr, home):
    assert "done" in stderr(lambda: COMMAND.info("done"))


def test_a_server_cannot_write_more_than_its_line(stderr, home):
    text = stderr(lambda: LIBRARY.info("waiting\n\x1b[2Jfor", extra=WAITING))
    assert text == "waiting??[2Jfor\n"


@pytest.mark.parametrize(
    "extra, last",
    [
        (PHASE, "words"),
        (dict(WAITING, delay=60), "words"),
        (dict(WAITING, delay=0), None),
        (WAITING, None),
        ({}, None),
    ],
)
def test_what_is_waited_for_is_remembered_as_long_as_it_is_true(extra, last):
    waiting = WaitingFilter()
    record = logging.LogRecord("osbs.core", logging.INFO, "", 1, "words", (), None)
    vars(record).update(extra)
    assert waiting.filter(record) is bool(extra)
    assert waiting.last == last
