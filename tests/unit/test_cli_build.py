"""``osbs build`` and its summary."""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import io
import logging
import sys

import pytest
from flexmock import flexmock

from osbs.api import OSBS
from osbs.build.build_response import BuildResponse
from osbs.cli.main import _display_build_summary, cmd_build
from osbs.cli.output import OutputError
from osbs.conf import Configuration
from osbs.exceptions import OsbsException

# All that the create call may read of the arguments.
CREATE_ARGS = {
    "platform": None,
    "release": None,
    "platforms": None,
    "arrangement_version": None,
    "worker": False,
    "orchestrator": False,
    "scratch": None,
    "isolated": None,
    "koji_upload_dir": None,
    "git_uri": None,
    "git_ref": None,
    "git_branch": None,
    "koji_parent_build": None,
    "flatpak": None,
    "signing_intent": None,
    "compose_ids": [],
}

CONF_KEYWORDS = {
    "git_uri": ("get_git_uri", "git://h/r"),
    "git_ref": ("get_git_ref", "abc"),
    "git_branch": ("get_git_branch", "master"),
    "user": ("get_user", "me"),
    "tag": ("get_tag", "t"),
    "target": ("get_koji_target", "candidate"),
    "architecture": ("get_architecture", "x86_64"),
    "yum_repourls": ("get_yum_repourls", ["u"]),
}
ARGS_KEYWORDS = [
    "scratch",
    "platform",
    "platforms",
    "release",
    "koji_parent_build",
    "isolated",
    "signing_intent",
    "compose_ids",
]


class Created(Exception):
    """What the test double of create_*_build raises."""


class Conf(object):
    flatpak = False

    def get_flatpak(self):
        return self.flatpak


for _getter, _value in CONF_KEYWORDS.values():
    setattr(Conf, str(_getter), lambda self, value=_value: value)


class FakeOSBS(object):
    """Takes note of the call that creates a build, then plays the build's life."""

    def __init__(self, phase="Complete", logs=("line 1", "line 2")):
        self.build_conf = Conf()
        self.calls = []
        self.build = BuildResponse(
            {
                "metadata": {
                    "name": "app-1",
                    "annotations": {"repositories": '{"primary": ["reg/app:1"], "unique": []}'},
                },
                "status": {"phase": phase},
            }
        )
        self.logs = logs

    def _create(self, name, keywords):
        self.calls.append((name, keywords))
        return self.build

    def create_worker_build(self, **keywords):
        return self._create("worker", keywords)

    def create_orchestrator_build(self, **keywords):
        return self._create("orchestrator", keywords)

    def create_prod_build(self, **keywords):
        return self._create("prod", keywords)

    def wait_for_build_to_get_scheduled(self, build_id):
        self.calls.append(("scheduled", build_id))
        return self.build

    def wait_for_build_to_finish(self, build_id):
        self.calls.append(("finished", build_id))
        return self.build

    def get_build(self, build_id):
        return self.build

    def get_build_logs(self, build_id, follow=False, decode=False):
        self.calls.append(("logs", build_id, follow, decode))
        return self.logs


def arguments(**changes):
    facts = dict(CREATE_ARGS, no_logs=False, output="text")
    facts.update(changes)
    return argparse.Namespace(**facts)


def created_with(**changes):
    osbs = FakeOSBS()
    cmd_build(arguments(no_logs=True, **changes), osbs)
    return osbs.calls[0]


@pytest.mark.parametrize(
    "changes, function",
    [
        ({}, "prod"),
        ({"worker": True}, "worker"),
        ({"orchestrator": True}, "orchestrator"),
    ],
)
def test_the_kind_of_build_chooses_the_function(capsys, changes, function):
    assert created_with(**changes)[0] == function


def test_the_create_call_gets_sixteen_keywords(capsys):
    expected = {name: value for name, (_, value) in CONF_KEYWORDS.items()}
    expected.update({name: name.upper() for name in ARGS_KEYWORDS})
    assert created_with(**{name: name.upper() for name in ARGS_KEYWORDS})[1] == expected


@pytest.mark.parametrize("name, value", [("arrangement_version", 1), ("koji_upload_dir", "d")])
def test_two_arguments_are_passed_on_when_they_are_set(capsys, name, value):
    assert created_with(**{name: value})[1][name] == value


@pytest.mark.parametrize("name", ["arrangement_version", "koji_upload_dir", "flatpak"])
def test_three_keywords_are_left_out_when_they_are_not_set(capsys, name):
    assert name not in created_with()[1]


def test_a_flatpak_build_says_so(capsys):
    osbs = FakeOSBS()
    osbs.build_conf.flatpak = True
    cmd_build(arguments(no_logs=True), osbs)
    assert osbs.calls[0][1]["flatpak"] is True


@pytest.mark.parametrize("function", ["worker", "orchestrator", "prod"])
def test_creating_reads_no_other_attribute_of_the_arguments(function):
    osbs = flexmock(FakeOSBS())
    osbs.should_receive("create_%s_build" % function).and_raise(Created)
    args = argparse.Namespace(**CREATE_ARGS)
    setattr(args, function, True)
    with pytest.raises(Created):
        cmd_build(args, osbs)


def test_exceptions_of_the_create_call_come_out():
    osbs = flexmock(FakeOSBS())
    osbs.should_receive("create_prod_build").and_raise(OsbsException("no"))
    with pytest.raises(OsbsException):
        cmd_build(arguments(), osbs)


def real_osbs(**facts):
    conf = Configuration(conf_file=None, **facts)
    return OSBS(conf, conf)


def test_a_worker_build_needs_its_parameters():
    args = argparse.Namespace(**dict(CREATE_ARGS, worker=True))
    with pytest.raises(OsbsException) as exc_info:
        cmd_build(args, real_osbs())
    assert isinstance(exc_info.value.cause, ValueError)
    assert "Worker build missing required parameters" in exc_info.value.message


def test_a_flatpak_build_cannot_be_isolated():
    args = argparse.Namespace(**dict(CREATE_ARGS, orchestrator=True, isolated=True))
    with pytest.raises(OsbsException) as exc_info:
        cmd_build(args, real_osbs(flatpak=True, can_orchestrate=True))
    assert isinstance(exc_info.value.cause, ValueError)
    assert "Flatpak build cannot be isolated" in exc_info.value.message


def test_without_logs_the_build_id_is_printed(capsys):
    assert cmd_build(arguments(no_logs=True), FakeOSBS()) is None
    assert capsys.readouterr()[0] == "app-1\n"


def test_without_logs_the_build_is_waited_for_till_it_is_scheduled(capsys):
    osbs = FakeOSBS()
    cmd_build(arguments(no_logs=True), osbs)
    assert osbs.calls[1:] == [("scheduled", "app-1")]


def test_without_logs_json_shows_the_build(capsys):
    osbs = FakeOSBS()
    cmd_build(arguments(no_logs=True, output="json"), osbs)
    assert '"name": "app-1"' in capsys.readouterr()[0]


@pytest.mark.parametrize("output", ["text", "json"])
def test_the_log_is_followed_and_the_summary_printed(capsys, output):
    assert cmd_build(arguments(output=output), FakeOSBS()) is None
    assert capsys.readouterr()[0] == (
        "Build submitted (app-1), watching logs (feel free to interrupt)\n"
        "line 1\nline 2\n"
        "\nbuild app-1 is complete\nprimary repositories:\n\treg/app:1\n"
    )


def test_the_log_is_followed_decoded_before_the_end_is_waited_for(capsys):
    osbs = FakeOSBS()
    cmd_build(arguments(), osbs)
    assert osbs.calls[2:] == [("logs", "app-1", True, True), ("finished", "app-1")]


def test_defect_61_a_generator_of_lines_is_followed(capsys):
    osbs = FakeOSBS(logs=(line for line in ["generated"]))
    assert cmd_build(arguments(), osbs) is None
    assert "\ngenerated\n" in capsys.readouterr()[0]


@pytest.mark.parametrize("phase", ["Failed", "Error", "Cancelled"])
def test_defect_63_a_build_that_did_not_succeed_is_minus_one(capsys, phase):
    assert cmd_build(arguments(), FakeOSBS(phase)) == -1


def test_a_build_that_did_not_succeed_is_told_with_its_reason(capsys, caplog):
    osbs = FakeOSBS("Failed")
    metadata = '{"errors": {"dockerbuild": "no space\\nleft"}}'
    osbs.build.json["metadata"]["annotations"]["plugins-metadata"] = metadata
    cmd_build(arguments(), osbs)
    assert caplog.records[-1].getMessage() == (
        "build app-1 is failed: Error in plugin dockerbuild: no space left"
    )


def broken_log():
    yield "line 1"
    raise OsbsException("cut")


def test_a_log_that_breaks_off_is_logged_and_the_result_still_counts(capsys, caplog):
    with caplog.at_level(logging.ERROR, "osbs"):
        assert cmd_build(arguments(), FakeOSBS(logs=broken_log())) is None
    assert "cut" in caplog.text
    assert "build app-1 is complete" in capsys.readouterr()[0]


def test_a_log_that_breaks_off_does_not_hide_a_failure(capsys):
    assert cmd_build(arguments(), FakeOSBS("Failed", logs=broken_log())) == -1


def test_a_full_disk_ends_the_command_whatever_becomes_of_the_build(monkeypatch):
    with io.open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(OutputError) as exc_info:
            cmd_build(arguments(), FakeOSBS())
    assert exc_info.value.strerror == "cannot write to standard output: No space left on device"


def test_a_build_without_a_log_is_an_error(caplog):
    osbs = FakeOSBS(logs=None)
    assert cmd_build(arguments(), osbs) == -1
    assert "app-1" in caplog.text


def test_an_interruption_tells_how_to_go_on(capsys):
    def interrupted():
        yield "line 1"
        raise KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt) as exc_info:
        cmd_build(arguments(), FakeOSBS(logs=interrupted()))
    assert exc_info.value.resume == ("build-logs", "-f", "app-1")


def summary_of(phase, **annotations):
    _display_build_summary(
        BuildResponse(
            {
                "metadata": {"name": "app-1", "annotations": annotations},
                "status": {"phase": phase},
            }
        )
    )


def test_the_summary_of_a_failed_build_names_no_repositories(capsys):
    summary_of("Failed", repositories='{"primary": ["r"]}')
    assert capsys.readouterr()[0] == "\nbuild app-1 is failed\n"


def test_the_summary_of_a_build_without_repositories_is_its_status(capsys):
    summary_of("Complete")
    assert capsys.readouterr()[0] == "\nbuild app-1 is complete\n"


def test_the_summary_names_primary_repositories_first(capsys):
    summary_of("Complete", repositories='{"unique": ["b"], "primary": ["a"]}')
    assert capsys.readouterr()[0] == (
        "\nbuild app-1 is complete\nprimary repositories:\n\ta\nunique repositories:\n\tb\n"
    )


@pytest.mark.parametrize("repositories", ["{", "[]", "5", '{"primary": 5}'])
def test_malformed_repositories_do_not_spoil_the_summary(capsys, repositories):
    summary_of("Complete", repositories=repositories)
    assert capsys.readouterr()[0] == "\nbuild app-1 is complete\n"


def test_the_summary_leaves_out_kinds_without_repositories(capsys):
    summary_of("Complete", repositories='{"unique": [], "primary": ["a", "b"]}')
    assert capsys.readouterr()[0] == (
        "\nbuild app-1 is complete\nprimary repositories:\n\ta\n\tb\n"
    )
