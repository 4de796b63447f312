"""What builds and servers choose does not command the terminal that it is printed on."""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import io
import json
import logging
import os
import subprocess
import sys
import tty

import pytest
from flexmock import flexmock
from hypothesis import given
from hypothesis import strategies as st

from osbs.build.build_response import BuildResponse
from osbs.cli import errors
from osbs.cli.commands import account, build, builds
from osbs.cli.commands.build import _display_build_summary
from osbs.cli.output import in_one_line, write, write_line, write_over
from osbs.cli.render import TablePrinter
from tests.conftest import ROOT

# Sets the title of the window; clears the screen, with one character and with two; turns the
# direction of writing; ends the line, in three ways.
HOSTILE = "a\x1b]0;owned\x07b\x9b2J\x1b[2Jc\u202ed\re\nf\u2028g"
SHOWN = "a?]0;owned?b?2J?[2Jc?d?e?f?g"
RED = "\x1b[1;31mred\x1b[0m"

BUILD = {
    "metadata": {
        "name": HOSTILE,
        "creationTimestamp": HOSTILE,
        "labels": {"koji-build-id": HOSTILE},
        "annotations": {
            "repositories": json.dumps({"primary": [HOSTILE], "unique": [HOSTILE]}),
            "digests": json.dumps(
                [dict.fromkeys(("registry", "repository", "tag", "digest"), HOSTILE)]
            ),
            "worker-builds": json.dumps(
                {HOSTILE: {"build": dict.fromkeys(("build-name", "namespace"), HOSTILE)}}
            ),
            "commit_id": HOSTILE,
            "image-id": HOSTILE,
            "base-image-id": HOSTILE,
            "base-image-name": HOSTILE,
            "dockerfile": "FROM fedora\r\n\tRUN \x1b[2Jx",
        },
    },
    "spec": {"output": {"to": {"name": HOSTILE}}},
    "status": {"phase": "Complete"},
}


@pytest.fixture
def terminal():
    """A text stream that leads to a terminal, and a function that returns what arrived there."""
    master, slave = os.openpty()
    # Or the terminal changes ends of lines itself.
    tty.setraw(slave)
    stream = io.open(slave, "w", encoding="utf-8", closefd=False)
    yield stream, lambda: os.read(master, 65536).decode("utf-8")
    os.close(slave)
    os.close(master)


def osbs_on_a_terminal(home, *words):
    """Run ``osbs`` with stdout and stderr on a terminal; returns what is seen there."""
    master, slave = os.openpty()
    tty.setraw(slave)
    env = {"HOME": home, "PATH": os.environ["PATH"], "PYTHONPATH": ROOT, "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        [sys.executable, "-m", "osbs.cli.main"] + list(words),
        env={str(name): str(value) for name, value in env.items()},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    seen = _read_to_the_end(master)
    process.wait()
    os.close(master)
    return seen


def _read_to_the_end(master):
    chunks = []
    while True:
        try:
            chunks.append(os.read(master, 65536))
        except OSError:  # nobody holds the other end any more
            return b"".join(chunks).decode("utf-8")


@pytest.fixture
def builds_file(tmpdir):
    """Path of a file with the hostile build, for ``list-builds --from-json``."""
    path = tmpdir.join("builds.json")
    path.write(json.dumps([BUILD]))
    return str(path)


def test_a_value_stays_in_its_line_and_commands_nothing():
    assert in_one_line(HOSTILE) == SHOWN


@given(st.text())
def test_a_value_keeps_its_length(text):
    assert len(in_one_line(text)) == len(text)


@pytest.mark.parametrize("value, text", [(None, "None"), (5, "5"), (b"\xc3\xad\x1b", "\xed?")])
def test_a_value_may_be_anything(value, text):
    assert in_one_line(value) == text


def test_letters_beyond_the_basic_plane_are_shown():
    assert in_one_line("\U0001f600") == "\U0001f600"


def test_half_a_character_is_not_shown():
    # Python 3 writes it as one byte where the locale is C.
    assert in_one_line("a\udc9bb") == "a?b"


def test_a_text_on_a_terminal_keeps_lines_tabulators_and_colours(terminal):
    stream, seen = terminal
    write_line("\tone\r\ntwo " + RED, stream)
    assert seen() == "\tone\ntwo " + RED + "\n"


@pytest.mark.parametrize(
    "text, shown",
    [
        ("50%\r100%", "50%?100%"),
        ("\x1b[2J", "?[2J"),
        ("\x1b[1A\x1b[31mx", "?[1A\x1b[31mx"),
        ("\x1b]8;;http://h/\x1b\\link", "?]8;;http://h/?\\link"),
        ("\x9b31m", "?31m"),
        ("\x1b[", "?["),
        ("\x1b[?25l", "?[?25l"),
        ("\u2066x\u2069", "?x?"),
        ("\x08\x0b\x0c\x7f", "????"),
    ],
)
def test_all_else_that_commands_a_terminal_becomes_a_question_mark(terminal, text, shown):
    stream, seen = terminal
    write(text, stream)
    stream.flush()
    assert seen() == shown


def test_bytes_on_a_terminal_are_taken_for_utf_8(terminal):
    stream, seen = terminal
    write("l\xedne \u011b".encode("utf-8"), stream)
    stream.flush()
    assert seen() == "l\xedne \u011b"


def test_a_text_in_a_pipe_is_written_as_it_is(capsys):
    write(HOSTILE + "\r\n")
    assert capsys.readouterr()[0] == HOSTILE + "\r\n"


def test_a_line_of_a_terminal_can_be_written_over(terminal):
    stream, seen = terminal
    write_over("builds: \x1b7", stream)
    stream.flush()
    assert seen() == "\rbuilds: ?7"


def test_the_log_on_a_terminal_shows_no_commands(tmpdir):
    path = tmpdir.join("builds.json")
    path.write(json.dumps([{"metadata": {"name": "\x1b[2J"}}]))
    seen = osbs_on_a_terminal(str(tmpdir), "list-builds", "--from-json", str(path))
    assert "warning: build ?[2J: malformed status\n" in seen
    assert "\x1b" not in seen


def test_list_builds_on_a_terminal_shows_no_commands(tmpdir, builds_file):
    columns = "name,status,image,unique_image,image_id,base_image,base_image_id,commit,"
    columns += "koji_build_id,time_created"
    seen = osbs_on_a_terminal(
        str(tmpdir), "--quiet", "list-builds", "--from-json", builds_file, "--columns", columns
    )
    header, row, end = seen.split("\n")
    # Cut to the width of the terminal.
    assert row.count("a?]0") == 9
    assert in_one_line(row) == row


def test_json_on_a_terminal_is_escaped_as_json_does(tmpdir, builds_file):
    seen = osbs_on_a_terminal(
        str(tmpdir), "--output", "json", "--quiet", "list-builds", "--from-json", builds_file
    )
    assert json.loads(seen) == [BUILD]
    assert in_one_line(seen.replace("\n", "")) == seen.replace("\n", "")


@pytest.mark.parametrize("annotation", ["repositories", "worker-builds"])
def test_a_warning_about_a_build_keeps_its_line(caplog, capsys, annotation):
    build = {
        "metadata": {"name": HOSTILE, "annotations": {annotation: "["}},
        "status": {"phase": "Complete"},
    }
    osbs = flexmock(get_build=lambda build_id: BuildResponse(build))
    builds.cmd_get_build(argparse.Namespace(BUILD_ID=["b"], output="text"), osbs)
    _display_build_summary(BuildResponse(build))
    lines = [record.getMessage() for record in caplog.records]
    assert lines and all(SHOWN in line and HOSTILE not in line for line in lines)


def test_a_warning_about_an_event_keeps_its_line(caplog):
    osbs = flexmock(watch_builds=lambda field_selector: [(HOSTILE, {})])
    builds.cmd_watch_builds(argparse.Namespace(columns=None, output="text"), osbs)
    assert SHOWN in caplog.records[-1].getMessage()


def test_rows_of_a_table_cannot_be_forged_in_a_pipe_either(capsys):
    TablePrinter([{"a": "A"}, {"a": "x\n forged"}], ["a"]).render()
    assert capsys.readouterr()[0].splitlines() == [" x? forged "]


def get_build(capsys):
    osbs = flexmock(get_build=lambda build_id: BuildResponse(BUILD))
    builds.cmd_get_build(argparse.Namespace(BUILD_ID=["b"], output="text"), osbs)
    return capsys.readouterr()[0]


def test_every_value_of_get_build_but_the_dockerfile_stays_in_its_line(capsys):
    text = get_build(capsys)
    assert HOSTILE not in text
    lines = [line for line in text.split("\n") if "\x1b" in line]
    assert lines == ["\tRUN \x1b[2Jx"]


def test_get_build_shows_all_that_is_there(capsys):
    text = get_build(capsys)
    assert "\n\n%s/%s:%s %s\n" % (SHOWN, SHOWN, SHOWN, SHOWN) in text
    assert "\n%s on (unset) (%s)\n" % (SHOWN, SHOWN) in text
    assert "\nPrimary\n\n%s\n\nUnique\n\n%s\n" % (SHOWN, SHOWN) in text


def test_the_dockerfile_of_get_build_does_not_command_a_terminal(terminal, monkeypatch):
    stream, seen = terminal
    monkeypatch.setattr(sys, "stdout", stream)
    osbs = flexmock(get_build=lambda build_id: BuildResponse(BUILD))
    builds.cmd_get_build(argparse.Namespace(BUILD_ID=["b"], output="text"), osbs)
    assert "\n\nFROM fedora\n\tRUN ?[2Jx\n" in seen()


def test_the_log_of_a_build_does_not_command_a_terminal(terminal, monkeypatch):
    stream, seen = terminal
    monkeypatch.setattr(sys, "stdout", stream)
    osbs = flexmock(get_build_logs=lambda *args, **kwargs: [RED + "\x1b[2J"])
    args = argparse.Namespace(BUILD_ID=["b"], follow=True, wait_if_missing=False)
    build.cmd_build_logs(args, osbs)
    assert seen() == RED + "?[2J\n"


def test_the_whole_log_of_a_build_does_not_command_a_terminal(terminal, monkeypatch):
    stream, seen = terminal
    monkeypatch.setattr(sys, "stdout", stream)
    osbs = flexmock(get_build_logs=lambda *args, **kwargs: "one\n\x1b[2Jtwo")
    args = argparse.Namespace(BUILD_ID=["b"], follow=False, wait_if_missing=False)
    build.cmd_build_logs(args, osbs)
    stream.flush()
    assert seen() == "one\n?[2Jtwo"


def test_the_log_in_a_pipe_is_what_the_build_wrote(capsys):
    osbs = flexmock(get_build_logs=lambda *args, **kwargs: [HOSTILE])
    args = argparse.Namespace(BUILD_ID=["b"], follow=True, wait_if_missing=False)
    build.cmd_build_logs(args, osbs)
    assert capsys.readouterr()[0] == HOSTILE + "\n"


def test_the_summary_of_a_build_keeps_its_lines(capsys):
    _display_build_summary(BuildResponse(BUILD))
    assert capsys.readouterr()[0] == (
        "\nbuild {0} is complete\nprimary repositories:\n\t{0}\nunique repositories:\n\t{0}\n"
    ).format(SHOWN)


def test_the_rows_of_watch_builds_keep_their_lines(capsys):
    event = {"metadata": {"name": HOSTILE}, "status": {"phase": HOSTILE}}
    osbs = flexmock(watch_builds=lambda field_selector: [(HOSTILE, event)])
    args = argparse.Namespace(columns="changetype,name,status", output="text")
    builds.cmd_watch_builds(args, osbs)
    (row,) = capsys.readouterr()[0].splitlines()
    assert row.count(SHOWN) == 3


def test_the_rows_of_get_build_image_id_keep_their_lines(capsys):
    pod = flexmock(get_container_image_ids=lambda: {HOSTILE: HOSTILE})
    osbs = flexmock(get_pod_for_build=lambda build_id: pod)
    builds.cmd_get_build_image_id(argparse.Namespace(BUILD_ID=["b"], output="text"), osbs)
    assert capsys.readouterr()[0].split() == [SHOWN, SHOWN]


def test_the_names_of_a_user_keep_their_lines(capsys):
    user = {"metadata": {"name": HOSTILE}, "fullName": HOSTILE}
    osbs = flexmock(get_user=lambda: user)
    account.cmd_get_user(argparse.Namespace(USERNAME=None, output="text"), osbs)
    assert capsys.readouterr()[0] == 'Name: "%s"\nFull Name: "%s"\n' % (SHOWN, SHOWN)


def test_the_names_of_quotas_keep_their_lines(capsys):
    osbs = flexmock(list_resource_quotas=lambda: {"items": [{"metadata": {"name": HOSTILE}}]})
    account.cmd_get_all_resource_quota(argparse.Namespace(QUOTA_NAME=None), osbs)
    assert capsys.readouterr()[0] == SHOWN + "\n"


def test_the_last_line_on_stderr_shows_no_commands(caplog):
    def fail():
        raise errors.CommandError("a\x1b[2J\u202eb\x9bc")

    with caplog.at_level(logging.ERROR, "osbs"):
        errors.run(fail, argparse.Namespace())
    assert caplog.records[-1].getMessage() == "a?[2J?b?c"
