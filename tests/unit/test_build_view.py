# -*- coding: utf-8 -*-
"""People see who does what in a build, and at its end what came of it."""

from __future__ import absolute_import, print_function, unicode_literals

import copy
import io
import json
import os

import pytest
from flexmock import flexmock

from osbs.build.build_response import BuildResponse
from osbs.cli import build_view
from osbs.cli.build_view import Failure, LogView, failed_plugins, is_orchestrator, summary
from osbs.cli.terminal import Terminal, display_width
from tests.unit.golden_files import DIRECTORY, check


class Stream(io.StringIO):
    encoding = "utf-8"


def read(name):
    with io.open(os.path.join(DIRECTORY, name), encoding="utf-8") as infile:
        return infile.read()


def a_build(how):
    return BuildResponse(json.loads(read("build-%s.json" % how)))


def shown(monkeypatch, lines, width=80, colours=False, build=None, **options):
    """What a terminal shows of a log and, if there is a build, its box; without the label bars."""
    monkeypatch.setenv(str("COLUMNS"), str(width))
    screen = Terminal(Stream(), colours)
    with screen.status() as status:
        view = LogView(screen, status, **options)
        for line in lines:
            view.add(line)
        view.end(build is None or build.is_succeeded())
    if build is not None:
        screen.write_lines(summary(screen, build))
    return screen.stream.getvalue()


def record(text, logger="atomic_reactor.plugin", level="INFO", second=0, platform="-"):
    line = "2026-11-28 13:07:%02d,000 platform:- - %s - %s - %s" % (second, logger, level, text)
    if platform == "-":
        return line
    return "2026-11-28 13:07:00,000 platform:%s - atomic_reactor - INFO - %s" % (platform, line)


@pytest.mark.parametrize("how", ["complete", "failed"])
@pytest.mark.parametrize(
    "width, colours", [(40, False), (80, False), (80, True), (200, False)], ids=str
)
def test_a_build_looks_as_in_the_golden_file(monkeypatch, how, width, colours):
    build = a_build(how)
    lines = read("build-%s.log" % how).splitlines()
    text = shown(monkeypatch, lines, width, colours, build, orchestrator=is_orchestrator(build))
    check("build-%s-%d%s" % (how, width, "-colours" if colours else ""), text)


@pytest.mark.parametrize("width", range(40, 201, 16))
def test_no_line_of_a_build_is_wider_than_the_terminal(monkeypatch, width):
    build = a_build("failed")
    lines = read("build-failed.log").splitlines() + ["日本語" * 90, "x" * 500]
    text = shown(monkeypatch, lines, width, True, build, orchestrator=True)
    assert [line for line in text.split("\n") if display_width(line) > width] == []


def test_a_line_of_a_worker_stands_beside_its_platform(monkeypatch):
    lines = [record("Step 1/4 : FROM fedora", "atomic_reactor.plugins", platform="x86_64")]
    assert (
        shown(monkeypatch, lines, orchestrator=True) == "x86_64       │   Step 1/4 : FROM fedora\n"
    )


def test_a_build_without_workers_needs_no_labels(monkeypatch):
    assert shown(monkeypatch, [record("hello", "atomic_reactor.core")]) == "  hello\n"


def test_a_line_in_no_format_is_shown_as_it_is(monkeypatch):
    assert shown(monkeypatch, ["Traceback:", "    raise"]) == "  Traceback:\n      raise\n"


def test_a_plugin_is_shown_with_its_duration(monkeypatch):
    lines = [record("running plugin 'koji'", second=1), record("running plugin 'a'", second=13)]
    assert shown(monkeypatch, lines) == "✓ koji  12 s\n✓ a\n"


def test_a_plugin_that_tells_its_end_is_shown_at_once(monkeypatch):
    lines = [
        record("running plugin 'koji'", level="DEBUG"),
        record("plugin 'koji' finished in 12s", level="DEBUG", second=12),
    ]
    monkeypatch.setattr(LogView, "end", lambda *args: None)
    assert shown(monkeypatch, lines) == "✓ koji  12 s\n"


def test_quick_plugins_share_a_line(monkeypatch):
    lines = [record("running plugin '%s'" % name) for name in "abc"] + [record("running x plugins")]
    assert shown(monkeypatch, lines) == "✓ a, b, c  0 s\n"


def test_a_plugin_that_fails_is_shown_with_the_reason(monkeypatch):
    lines = [
        record("running plugin 'koji'"),
        record("plugin 'koji' raised an exception: no hub", level="ERROR", second=2),
    ]
    assert shown(monkeypatch, lines) == "✗ koji  2 s\n  no hub\n"


def test_a_plugin_that_was_interrupted_has_no_mark_of_success(monkeypatch):
    text = shown(monkeypatch, [record("running plugin 'koji'")], build=a_build("failed"))
    assert text.startswith("· koji\n")


def test_plugins_before_an_interrupted_one_are_shown_too(monkeypatch):
    lines = [record("running plugin 'a'"), record("running plugin 'b'")]
    text = shown(monkeypatch, lines, build=a_build("failed"))
    assert text.startswith("✓ a  0 s\n· b\n")


@pytest.mark.parametrize("level, text", [("WARNING", "warning: x"), ("ERROR", "error: x")])
def test_levels_are_told_without_colours_too(monkeypatch, level, text):
    assert shown(monkeypatch, [record("x", level=level)]) == "  %s\n" % text


@pytest.mark.parametrize("verbose, text", [(False, ""), (True, "  no BuildConfig\n")])
def test_what_the_library_reports_inside_the_build_is_shown_if_asked_for(
    monkeypatch, verbose, text
):
    lines = [record("no BuildConfig", "osbs.api")]
    assert shown(monkeypatch, lines, verbose=verbose) == text


def test_warnings_of_the_library_inside_the_build_are_shown(monkeypatch):
    lines = [record("old setting", "osbs.conf", "WARNING")]
    assert shown(monkeypatch, lines) == "  warning: old setting\n"


def test_logs_do_not_command_the_terminal(monkeypatch):
    lines = ["a\x1b]0;owned\x07b\x9b2J\x1b[2J\x1b[31mred\rgone\u202e"]
    lines += [record("running plugin '\x1b[2J'"), record("running plugin 'b'", second=9)]
    assert shown(monkeypatch, lines) == "  a?]0;owned?b?2J?[2Jred gone?\n✓ ?[2J  9 s\n✓ b\n"


def test_the_status_line_tells_what_runs_where(monkeypatch):
    monkeypatch.setenv(str("COLUMNS"), str("80"))
    texts = []
    view = LogView(Terminal(Stream(), False), flexmock(show=texts.append), orchestrator=True)
    view.add(record("running plugin 'orchestrate_build'"))
    view.add(record("running plugin 'koji'", platform="x86_64"))
    assert texts[-1] == "running · x86_64 koji · orchestrator orchestrate_build"


@pytest.mark.parametrize(
    "value, orchestrator",
    [
        ('{"build_type": "orchestrator"}', True),
        ('{"buildstep_plugins": [{"name": "orchestrate_build"}]}', True),
        ('{"build_type": "worker", "git_uri": "http://git/orchestrator"}', False),
        (None, False),
    ],
)
def test_orchestrator_builds_are_known_by_their_variables(value, orchestrator):
    strategy = {"customStrategy": {"env": [{"name": "USER_PARAMS", "value": value}, "junk"]}}
    assert is_orchestrator(BuildResponse({"spec": {"strategy": strategy}})) == orchestrator


def test_a_log_with_an_impossible_time_is_shown(monkeypatch):
    lines = [record("running plugin 'a'"), record("hello").replace("11-28", "99-99")]
    assert shown(monkeypatch, lines) == "  hello\n\u2713 a\n"


def with_annotations(**annotations):
    build = copy.deepcopy(a_build("failed").json)
    build["metadata"]["annotations"] = {
        name.replace("_", "-"): value if isinstance(value, str) else json.dumps(value)
        for name, value in annotations.items()
    }
    return BuildResponse(build)


def test_failed_plugins_of_workers_have_a_platform():
    assert failed_plugins(a_build("failed")) == [
        Failure("ppc64le", "pull_base_image", "no such image: fedora:99")
    ]


@pytest.mark.parametrize(
    "message, failures",
    [
        ("no hub", [Failure(None, "x", "no hub")]),
        ('{"arm": {"general": "gone"}}', [Failure("arm", None, "gone")]),
        ('{"arm": "gone"}', [Failure("arm", None, "gone")]),
        ("{not JSON", [Failure(None, "x", "{not JSON")]),
        ("", [Failure(None, "x", "")]),
    ],
)
def test_failed_plugins_of_the_build_itself(message, failures):
    build = with_annotations(plugins_metadata={"errors": {"x": message}})
    assert failed_plugins(build) == failures


@pytest.mark.parametrize(
    "annotations",
    [
        {},
        {"plugins_metadata": "no JSON"},
        {"plugins_metadata": []},
        {"plugins_metadata": {"errors": ["x"]}},
        {"plugins_metadata": {"errors": {"x": ["y"]}}},
        {"worker_builds": ["x"]},
        {"worker_builds": {"x": 5}},
        {"worker_builds": {"x": {"plugins-metadata": {"errors": 5}}}},
        {"repositories": "no JSON", "plugins_metadata": {"durations": {"x": "y"}}},
    ],
    ids=str,
)
@pytest.mark.parametrize("phase", ["Failed", "Complete"])
def test_malformed_annotations_do_not_hide_how_a_build_ended(monkeypatch, annotations, phase):
    build = with_annotations(**annotations)
    build.json["status"]["phase"] = phase
    assert "build %s" % phase.lower() in shown(monkeypatch, [], build=build)


def test_the_reason_has_no_secrets(monkeypatch):
    build = with_annotations(plugins_metadata={"errors": {"x": "Authorization: Bearer abcdefgh"}})
    assert "abcdefgh" not in shown(monkeypatch, [], build=build)


def test_a_cancelled_build_says_so(monkeypatch):
    build = with_annotations()
    build.json["status"] = {"phase": "Cancelled"}
    assert "build cancelled" in shown(monkeypatch, [], build=build)


def test_watching_gives_the_finished_build(monkeypatch):
    monkeypatch.setenv(str("COLUMNS"), str("80"))
    build = a_build("complete")
    osbs = flexmock(get_build=lambda name: build, wait_for_build_to_finish=lambda name: build)
    screen = Terminal(Stream(), False)
    lines = iter(read("build-complete.log").splitlines())
    with screen.status() as status:
        assert build_view.watch(screen, status, osbs, "b-1", lines) is build
    assert read("build-complete-80.txt").startswith(screen.stream.getvalue())
