"""What the sub-commands print, with a double in place of the server."""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import json
import logging
import time
from collections import OrderedDict

import pytest
import yaml
from flexmock import flexmock

import osbs.cli.render
from osbs.build.build_response import BuildResponse
from osbs.build.pod_response import PodResponse
from osbs.cli import main as cli
from osbs.cli.errors import CommandError, UsageError

UNFINISHED = "status!=Failed,status!=Complete,status!=Error,status!=Cancelled"
WORKER_BUILDS = {
    "x86_64": {
        "build": {"build-name": "w-1", "cluster-url": "https://c", "namespace": "ns"},
        "digests": [],
    }
}
ANNOTATIONS = {
    "dockerfile": "FROM fedora",
    "commit_id": "abc",
    "base-image-id": "bid",
    "base-image-name": "fedora",
    "image-id": "iid",
    "repositories": '{"primary": ["reg/app:1"], "unique": ["reg/app:1-2"]}',
    "digests": json.dumps(
        [{"registry": "r", "repository": "app", "tag": "1", "digest": "sha256:1"}]
    ),
    "worker-builds": json.dumps(WORKER_BUILDS),
}
GET_BUILD_TEXT = """\
BUILD ID: app-1
STATUS: complete
IMAGE: me/app:tag
DATE: 2024-05-01T10:00:00Z

DOCKERFILE

FROM fedora

COMMIT ID

abc

BASE IMAGE ID (FROM fedora)

bid

IMAGE ID

iid

KOJI BUILD ID

77

REPOSITORIES

Primary

reg/app:1

Unique

reg/app:1-2

V2 DIGESTS

r/app:1 sha256:1

WORKER BUILDS

x86_64 WORKER BUILD

w-1 on https://c (ns)

x86_64 V2 DIGESTS

(empty)
"""


def build(name="app-1", phase="Complete", created="2024-05-01T10:00:00Z", image=None, **metadata):
    annotations = {"repositories": json.dumps({"primary": [image]})} if image else {}
    metadata = dict({"annotations": annotations}, **metadata)
    metadata.update(name=name, creationTimestamp=created)
    return BuildResponse(
        {
            "metadata": metadata,
            "spec": {"output": {"to": {"name": "me/app:tag"}}},
            "status": {"phase": phase},
        }
    )


def arguments(**facts):
    facts.setdefault("output", "text")
    return argparse.Namespace(**facts)


class Double(object):
    """Answers each method that it is given a result for, and takes note of the calls."""

    def __init__(self, **results):
        self._results = results
        self.calls = []

    def __getattr__(self, name):
        result = self.__dict__["_results"][name]

        def method(*args, **kwargs):
            self.calls.append((name, args, kwargs))
            return result

        return method


@pytest.fixture(autouse=True)
def no_terminal():
    flexmock(osbs.cli.render).should_receive("get_terminal_size").and_return((0, 0))


class TestListBuilds(object):
    @staticmethod
    def run(builds, **facts):
        osbs_double = Double(list_builds=builds)
        osbs_double.os_conf = Double(get_namespace="osbs")
        facts = dict(
            {"FILTER": None, "columns": None, "running": False, "from_json": None}, **facts
        )
        cli.cmd_list_builds(arguments(**facts), osbs_double)
        return osbs_double.calls

    def test_all_builds_are_asked_for_without_arguments(self, capsys):
        assert self.run([]) == [("list_builds", (), {})]

    def test_running_builds_are_asked_for(self, capsys):
        assert self.run([], running=True) == [("list_builds", (), {"running": True})]

    def test_rows_are_sorted_by_time(self, capsys):
        self.run(
            [build(day, created="2024-05-%sT10:00:00Z" % day) for day in "04 02 05 01".split()]
        )
        lines = capsys.readouterr()[0].splitlines()
        assert [line.split()[0] for line in lines] == ["01", "02", "04", "05"]

    def test_a_row_holds_name_status_and_image(self, capsys):
        self.run([build(image="reg.example.com/team/app:1")])
        assert capsys.readouterr()[0] == " app-1    | complete | team/app:1 \n"

    def test_the_header_goes_to_stderr(self, capsys):
        self.run([build()])
        assert capsys.readouterr()[1].startswith(" BUILD ID | STATUS   | IMAGE NAME ")

    def test_json_holds_every_build(self, capsys):
        builds = [build("a"), build("b")]
        self.run(builds, output="json")
        assert json.loads(capsys.readouterr()[0]) == [one.json for one in builds]

    def test_json_holds_the_builds_in_the_order_of_the_server(self, capsys):
        builds = [build("b"), build("a", created="2024-05-01T09:00:00Z")]
        self.run(builds, output="json")
        assert [one["metadata"]["name"] for one in json.loads(capsys.readouterr()[0])] == ["b", "a"]

    def test_the_filter_looks_into_the_images_of_json_too(self, capsys):
        builds = [build("a", image="team/app:1"), build("b", image="x:1")]
        self.run(builds, output="json", FILTER="team")
        assert json.loads(capsys.readouterr()[0]) == [builds[0].json]

    def test_builds_can_be_yaml(self, capsys):
        self.run([build("a")], output="yaml")
        assert yaml.safe_load(capsys.readouterr()[0]) == [build("a").json]

    def test_builds_can_be_their_names(self, capsys):
        self.run([build("a"), build("b")], output="name")
        assert capsys.readouterr() == ("a\nb\n", "")

    def test_wide_tables_tell_why_a_build_failed(self, capsys):
        failed = build("a", phase="Failed")
        failed.json["status"].update(reason="OutOfMemory", message="It was too large.")
        self.run([failed], output="wide")
        assert "It was too large. (OutOfMemory)" in capsys.readouterr()[0]

    @pytest.mark.parametrize(
        "facts, told",
        [
            ({}, "No builds in osbs"),
            ({"FILTER": "x"}, "No such builds in osbs"),
            ({"output": "name"}, "No builds in osbs"),
        ],
    )
    def test_no_builds_are_told_on_stderr(self, capsys, facts, told):
        self.run([], **facts)
        out, err = capsys.readouterr()
        assert (out, err.splitlines()[0]) == ("", told)

    @pytest.mark.parametrize(
        "sort, names",
        [("name", "abc"), ("age", "bca"), ("time_created", "acb"), ("duration", "acb")],
    )
    def test_rows_can_be_sorted_by_a_column(self, capsys, sort, names):
        builds = [
            build(name, created="2024-05-0%dT10:00:00Z" % day)
            for name, day in (("c", 2), ("a", 1), ("b", 3))
        ]
        builds[2].json["status"]["duration"] = 5
        builds[0].json["status"]["duration"] = 4
        self.run(builds, output="name", sort=sort)
        assert capsys.readouterr()[0].split() == list(names)

    @pytest.mark.parametrize("limit, names", [(0, ""), (2, "bc"), (9, "abc")])
    def test_the_last_builds_of_the_list_can_be_asked_for(self, capsys, limit, names):
        builds = [
            build(name, created="2024-05-0%dT10:00:00Z" % day)
            for name, day in (("c", 3), ("a", 1), ("b", 2))
        ]
        self.run(builds, output="name", limit=limit)
        assert capsys.readouterr()[0].split() == list(names)

    def test_the_filter_looks_into_the_image(self, capsys):
        self.run([build("a", image="team/app:1"), build("b", image="x:1")], FILTER="team")
        assert [line.split()[0] for line in capsys.readouterr()[0].splitlines()] == ["a"]

    def test_finished_builds_are_dropped_with_running(self, capsys):
        self.run([build("a"), build("b", phase="New")], running=True)
        assert [line.split()[0] for line in capsys.readouterr()[0].splitlines()] == ["b"]

    def test_all_ten_columns_can_be_shown(self, capsys):
        one = build(
            annotations=dict(ANNOTATIONS, repositories='{"primary": ["team/app:1"]}'),
            labels={"koji-build-id": "77"},
        )
        self.run(
            [one],
            columns="name,status,image,unique_image,image_id,base_image,base_image_id,commit,"
            "koji_build_id,time_created",
        )
        assert [cell.strip() for cell in capsys.readouterr()[0].split("|")] == [
            "app-1",
            "complete",
            "team/app:1",
            "me/app:tag",
            "iid",
            "fedora",
            "bid",
            "abc",
            "77",
            "2024-05-01T10:00:00Z",
        ]

    def test_defect_66_values_that_a_build_lacks_are_empty(self, capsys):
        bare = BuildResponse({"metadata": {"name": "a"}, "status": {"phase": "New"}})
        self.run([bare], columns="name,commit,unique_image,time_created")
        assert [cell.strip() for cell in capsys.readouterr()[0].split("|")] == ["a", "", "", ""]

    def test_a_malformed_annotation_does_not_hide_the_build(self, capsys):
        self.run([build("a", annotations={"repositories": "{"})])
        assert capsys.readouterr()[0].split()[0] == "a"

    def test_a_value_that_is_no_text_does_not_hide_the_build(self, capsys):
        self.run([build("a", annotations={"base-image-id": 5})], columns="name,base_image_id")
        assert capsys.readouterr()[0].split() == ["a", "|", "5"]

    def test_a_build_without_a_status_does_not_hide_those_that_run(self, capsys):
        bare = BuildResponse({"metadata": {"name": "bare"}})
        self.run([bare, build("a", phase="Running")], running=True, columns="name")
        assert capsys.readouterr()[0].split() == ["a"]

    @pytest.mark.parametrize("columns", ["name,spam", "name,", "Name"])
    def test_defect_66_an_unknown_column_is_refused_before_any_request(self, columns):
        osbs_double = Double(list_builds=[])
        args = arguments(FILTER=None, columns=columns, running=False, from_json=None)
        with pytest.raises(UsageError) as exc_info:
            cli.cmd_list_builds(args, osbs_double)
        assert "koji_build_id" in exc_info.value.message
        assert osbs_double.calls == []

    def test_builds_are_read_from_a_file(self, tmpdir, capsys):
        path = tmpdir.join("builds.json")
        path.write(json.dumps([build("a").json]))
        assert self.run([], from_json=str(path)) == []
        assert capsys.readouterr()[0].split()[0] == "a"

    @pytest.mark.parametrize("content", ["{", "{}", "[1]", "", "\xff"])
    def test_a_file_without_builds_is_named(self, tmpdir, content):
        path = tmpdir.join("builds.json")
        path.write_binary(content.encode("latin-1"))
        with pytest.raises(osbs.exceptions.OsbsException) as exc_info:
            self.run([], from_json=str(path))
        assert str(path) in exc_info.value.message

    def test_a_file_that_does_not_exist_is_named(self, tmpdir):
        with pytest.raises(osbs.exceptions.OsbsException) as exc_info:
            self.run([], from_json=str(tmpdir.join("nothing")))
        assert str(tmpdir.join("nothing")) in exc_info.value.message


class TestWatchBuilds(object):
    EVENT = {
        "metadata": {"name": "b-1", "creationTimestamp": "2024-05-01T10:00:00Z"},
        "status": {"phase": "New"},
    }
    CREATED = time.ctime(1714557600)

    @staticmethod
    def run(events, **facts):
        osbs_double = Double(watch_builds=events)
        cli.cmd_watch_builds(arguments(**dict({"columns": None}, **facts)), osbs_double)
        return osbs_double.calls

    def test_unfinished_builds_are_watched(self, capsys):
        assert self.run([]) == [("watch_builds", (), {"field_selector": UNFINISHED})]

    def test_json_is_one_compact_object_per_line(self, capsys):
        self.run([("added", self.EVENT)], output="json")
        assert capsys.readouterr()[0] == (
            '{"changetype": "added", "name": "b-1", "status": "New", "created": "%s"}\n'
            % self.CREATED
        )

    def test_what_is_missing_is_not_reported(self, capsys):
        self.run([("added", {"metadata": {"name": "b-1"}})], output="json")
        row = json.loads(capsys.readouterr()[0])
        assert (row["status"], row["created"]) == ("(not reported)", "(not reported)")

    @pytest.mark.parametrize("obj", [{}, {"metadata": {}}, {"metadata": None}, None, [1]])
    def test_an_event_without_a_name_is_logged_and_skipped(self, capsys, caplog, obj):
        self.run([("error", obj), ("added", self.EVENT)], output="json")
        assert len(capsys.readouterr()[0].splitlines()) == 1
        assert "error" in caplog.text

    def test_a_row_holds_the_four_columns(self, capsys):
        self.run([("added", self.EVENT)])
        cells = [cell.strip() for cell in capsys.readouterr()[0].split("|")]
        assert cells == ["added", "New", self.CREATED, "b-1"]

    def test_defect_68_each_event_prints_one_row(self, capsys):
        self.run([("added", self.EVENT)] * 3)
        assert len(capsys.readouterr()[0].splitlines()) == 3

    def test_defect_68_the_header_is_printed_once(self, capsys):
        self.run([("added", self.EVENT)] * 3)
        header, rule = capsys.readouterr()[1].splitlines()
        assert header.split() == ["CHANGE", "|", "STATUS", "|", "CREATED", "|", "NAME"]
        assert set(rule) == set("-+")

    def test_the_columns_are_those_asked_for(self, capsys):
        self.run([("added", self.EVENT)], columns="name")
        assert capsys.readouterr()[0].strip() == "b-1"

    def test_defect_66_an_unknown_column_is_refused(self):
        with pytest.raises(UsageError):
            self.run([], columns="image")

    GONE = ("deleted", EVENT)

    def test_the_reason_of_a_build_that_ended_can_be_shown(self, capsys):
        failed = build("b-1", phase="Failed")
        failed.json["status"].update(message="It was too large.", reason="OutOfMemory")
        osbs_double = Double(watch_builds=[self.GONE], get_build=failed)
        cli.cmd_watch_builds(arguments(columns="name,status,reason"), osbs_double)
        cells = [cell.strip() for cell in capsys.readouterr()[0].split("|")]
        assert cells == ["b-1", "Failed", "It was too large. (OutOfMemory)"]

    def test_the_times_on_a_terminal_are_those_of_the_server(self, capsys):
        osbs_double = Double(watch_builds=[("added", self.EVENT)])
        cli.cmd_watch_builds(arguments(columns=None, color="always"), osbs_double)
        assert "2024-05-01T10:00:00Z" in capsys.readouterr()[0]

    def test_a_build_that_was_deleted_keeps_its_phase(self, capsys):
        def get_build(name):
            raise osbs.exceptions.OsbsResponseException("not found", 404)

        double = flexmock(watch_builds=lambda field_selector: [self.GONE], get_build=get_build)
        cli.cmd_watch_builds(arguments(columns="name,status,reason"), double)
        assert capsys.readouterr()[0].split() == ["b-1", "|", "New", "|"]

    def test_an_interruption_tells_how_to_go_on(self, capsys):
        def events():
            yield "added", self.EVENT
            raise KeyboardInterrupt()

        with pytest.raises(KeyboardInterrupt) as exc_info:
            self.run(events())
        assert exc_info.value.resume == ("watch-builds",)


class TestGetBuild(object):
    @staticmethod
    def run(one, **facts):
        osbs_double = Double(get_build=one)
        cli.cmd_get_build(arguments(BUILD_ID=["app-1"], **facts), osbs_double)
        return osbs_double.calls

    def test_the_build_is_asked_for_by_its_name(self, capsys):
        assert self.run(build()) == [("get_build", ("app-1",), {})]

    def test_the_text_is_as_specified(self, capsys):
        self.run(build(annotations=ANNOTATIONS, labels={"koji-build-id": "77"}))
        assert capsys.readouterr()[0] == GET_BUILD_TEXT

    def test_json_holds_the_build(self, capsys):
        self.run(build(), output="json")
        assert json.loads(capsys.readouterr()[0]) == build().json

    def test_defect_67_a_build_without_annotations_is_shown(self, capsys):
        self.run(build(annotations=None))
        out = capsys.readouterr()[0]
        assert "REPOSITORIES\n\n(unset)\n\nV2 DIGESTS\n\n(unset)\n" in out
        assert "WORKER BUILDS" not in out

    @pytest.mark.parametrize("worker_builds", ["{}", "", "{", "[]", "null", '{"x86_64": null}'])
    def test_worker_builds_that_hold_nothing_are_left_out(self, capsys, worker_builds):
        self.run(build(annotations={"worker-builds": worker_builds}))
        assert "WORKER BUILDS" not in capsys.readouterr()[0]

    def test_what_a_build_lacks_is_unset(self, capsys):
        self.run(build())
        assert "BASE IMAGE ID (FROM (unset))\n\n(unset)\n\nIMAGE ID\n\n(unset)\n" in (
            capsys.readouterr()[0]
        )

    def test_repositories_need_a_primary_one(self, capsys):
        self.run(build(annotations={"repositories": '{"primary": [], "unique": ["u"]}'}))
        assert "REPOSITORIES\n\n(unset)\n" in capsys.readouterr()[0]

    @pytest.mark.parametrize("name", ["repositories", "digests"])
    @pytest.mark.parametrize("text", ["{", "5"])
    def test_a_malformed_annotation_does_not_hide_the_rest(self, capsys, name, text):
        self.run(build(annotations={name: text, "dockerfile": "FROM scratch"}))
        out = capsys.readouterr()[0]
        assert "FROM scratch" in out
        assert out.count("(invalid value)") == 1


class TestDigests(object):
    @pytest.mark.parametrize(
        "digests, text",
        [
            (None, "(unset)"),
            ([], "(empty)"),
            ([{}], "(invalid value)"),
            (["text"], "(invalid value)"),
            ([None], "(invalid value)"),
            (7, "(invalid value)"),
        ],
    )
    def test_digests_that_are_none(self, digests, text):
        assert cli.make_digests_str(digests) == text

    def test_one_line_per_digest(self):
        digests = [
            {"registry": "r", "repository": "a", "tag": "1", "digest": "sha256:1"},
            {"registry": "r", "repository": "b", "tag": "2", "digest": "sha256:2"},
        ]
        assert cli.make_digests_str(digests) == "r/a:1 sha256:1\nr/b:2 sha256:2"

    def test_one_digest_that_lacks_a_key_spoils_them_all(self):
        digests = [{"registry": "r", "repository": "a", "tag": "1", "digest": "sha256:1"}, {}]
        assert cli.make_digests_str(digests) == "(invalid value)"


class TestWorkerBuilds(object):
    def test_none_is_no_text(self):
        assert cli.make_worker_builds_str({}) == ""

    def test_an_empty_worker_build_is_unset(self):
        assert cli.make_worker_builds_str({"x86_64": {}}) == (
            "x86_64 WORKER BUILD\n\n(unset) on (unset) ((unset))\n\nx86_64 V2 DIGESTS\n\n(empty)"
        )

    def test_missing_digests_are_unset(self):
        text = cli.make_worker_builds_str({"x86_64": {"digests": None}})
        assert text.splitlines()[-1] == "(unset)"

    def test_blocks_are_joined_by_an_empty_line(self):
        text = cli.make_worker_builds_str(OrderedDict([("a", {}), ("b", {})]))
        assert "(empty)\n\nb WORKER BUILD" in text


class TestBuildLogs(object):
    @staticmethod
    def run(logs, **facts):
        osbs_double = Double(get_build_logs=logs)
        facts = dict({"follow": False, "wait_if_missing": False}, **facts)
        cli.cmd_build_logs(arguments(BUILD_ID=["app-1"], **facts), osbs_double)
        return osbs_double.calls

    @pytest.mark.parametrize("follow", [True, False])
    @pytest.mark.parametrize("wait", [True, False])
    def test_the_options_are_passed_on(self, capsys, follow, wait):
        calls = self.run(None, follow=follow, wait_if_missing=wait)
        keywords = {"follow": follow, "wait_if_missing": wait, "decode": True}
        assert calls == [("get_build_logs", ("app-1",), keywords)]

    def test_the_whole_log_is_printed_as_it_is(self, capsys):
        self.run("line 1\nl\xedne 2")
        assert capsys.readouterr()[0] == "line 1\nl\xedne 2"

    def test_a_followed_log_is_printed_line_by_line(self, capsys):
        self.run(iter(["line 1", "", "line 2"]), follow=True)
        assert capsys.readouterr()[0] == "line 1\n\nline 2\n"

    @pytest.mark.parametrize("follow", [True, False])
    def test_defect_64_a_pending_build_has_no_logs_yet(self, capsys, caplog, follow):
        self.run(None, follow=follow)
        assert capsys.readouterr()[0] == ""
        assert "no logs of build app-1 yet" in caplog.text


class TestWatchBuild(object):
    @staticmethod
    def run(phase, **facts):
        osbs_double = Double(wait_for_build_to_finish=build(phase=phase))
        return cli.cmd_watch_build(arguments(BUILD_ID=["app-1"], **facts), osbs_double)

    def test_a_build_that_succeeded_prints_nothing(self, capsys):
        assert self.run("Complete") is None
        assert capsys.readouterr()[0] == ""

    def test_json_shows_the_build(self, capsys):
        self.run("Complete", output="json")
        assert json.loads(capsys.readouterr()[0]) == build().json

    @pytest.mark.parametrize("duration, told", [(5 * 10**9, " (5 s)"), (None, "")])
    def test_the_duration_of_a_build_that_succeeded_is_told(self, capsys, duration, told):
        one = build()
        one.json["status"]["duration"] = duration
        args = arguments(BUILD_ID=["app-1"])
        cli.cmd_watch_build(args, Double(wait_for_build_to_finish=one))
        assert capsys.readouterr()[1] == "build app-1 is complete%s\n" % told

    def test_a_build_that_failed_is_minus_one(self, caplog):
        assert self.run("Failed") == -1
        assert "app-1 is failed" in caplog.text


class TestTheRest(object):
    def test_a_build_is_cancelled(self, capsys):
        osbs_double = Double(cancel_build=build())
        assert cli.cmd_cancel_build(arguments(BUILD_ID=["app-1"]), osbs_double) is None
        assert osbs_double.calls == [("cancel_build", ("app-1",), {})]
        assert capsys.readouterr()[0] == ""

    @pytest.mark.parametrize(
        "phase, told",
        [
            ("Running", "cancellation of build app-1 requested\n"),
            ("Complete", "build app-1 is already complete\n"),
            ("Cancelled", "build app-1 is already cancelled\n"),
        ],
    )
    def test_what_becomes_of_a_cancellation_is_told(self, capsys, phase, told):
        osbs_double = Double(cancel_build=build(phase=phase))
        cli.cmd_cancel_build(arguments(BUILD_ID=["app-1"]), osbs_double)
        assert capsys.readouterr()[1] == told

    def test_nothing_is_told_with_quiet(self, capsys):
        osbs_double = Double(cancel_build=build())
        cli.cmd_cancel_build(arguments(BUILD_ID=["app-1"], quiet=True), osbs_double)
        assert capsys.readouterr()[1] == ""

    @pytest.mark.parametrize("name, resume", [(None, ""), ("night", " night")])
    def test_how_to_resume_builds_is_told(self, capsys, name, resume):
        osbs_double = Double(pause_builds=None)
        cli.cmd_pause_builds(arguments(QUOTA_NAME=name), osbs_double)
        assert osbs_double.calls == [("pause_builds", (), {"quota_name": name})]
        last = capsys.readouterr()[1].splitlines()[-1]
        assert last == "builds are paused; to resume them: osbs resume-builds" + resume

    def test_who_interrupts_pausing_hears_that_builds_stay_paused(self, capsys):
        def pause_builds(quota_name):
            raise KeyboardInterrupt()

        with pytest.raises(KeyboardInterrupt):
            cli.cmd_pause_builds(arguments(QUOTA_NAME=None), flexmock(pause_builds=pause_builds))
        assert "to resume them: osbs resume-builds" in capsys.readouterr()[1]

    def test_builds_are_resumed(self, capsys):
        osbs_double = Double(resume_builds=None)
        cli.cmd_resume_builds(arguments(QUOTA_NAME="night"), osbs_double)
        assert osbs_double.calls == [("resume_builds", (), {"quota_name": "night"})]
        assert capsys.readouterr()[1] == "builds are resumed\n"

    def test_an_image_is_imported(self, capsys):
        osbs_double = Double(import_image=True)
        assert cli.cmd_import_image(arguments(NAME=["stream"]), osbs_double) is None
        assert osbs_double.calls == [("import_image", ("stream",), {})]
        assert capsys.readouterr()[0] == ""

    def test_an_image_that_was_not_imported_is_minus_one(self, caplog):
        osbs_double = Double(import_image=False)
        assert cli.cmd_import_image(arguments(NAME=["stream"]), osbs_double) == -1
        assert "stream" in caplog.records[-1].getMessage()

    POD = PodResponse(
        {"status": {"containerStatuses": [{"image": "reg/app:1", "imageID": "docker://abc"}]}}
    )

    def test_image_ids_are_rows_under_a_header_on_stderr(self, capsys):
        cli.cmd_get_build_image_id(
            arguments(BUILD_ID=["app-1"]), Double(get_pod_for_build=self.POD)
        )
        assert capsys.readouterr() == (
            "reg/app:1          abc%s\n" % (" " * 61),
            "TAG                IMAGE ID%s\n" % (" " * 56),
        )

    def test_image_ids_can_be_json(self, capsys):
        cli.cmd_get_build_image_id(
            arguments(BUILD_ID=["app-1"], output="json"), Double(get_pod_for_build=self.POD)
        )
        assert json.loads(capsys.readouterr()[0]) == {"reg/app:1": "abc"}

    USER = {"metadata": {"name": "me"}, "fullName": "My Name"}

    def test_a_user_is_two_lines(self, capsys):
        cli.cmd_get_user(arguments(USERNAME=None), Double(get_user=self.USER))
        assert capsys.readouterr()[0] == 'Name: "me"\nFull Name: "My Name"\n'

    def test_who_is_logged_in_is_asked_for_without_a_name(self, capsys):
        osbs_double = Double(get_user=self.USER)
        cli.cmd_get_user(arguments(USERNAME=None), osbs_double)
        assert osbs_double.calls == [("get_user", (), {})]

    def test_the_whole_name_of_a_user_is_asked_for(self, capsys):
        osbs_double = Double(get_user=self.USER)
        cli.cmd_get_user(arguments(USERNAME="somebody"), osbs_double)
        assert osbs_double.calls == [("get_user", ("somebody",), {})]

    def test_a_user_can_be_json(self, capsys):
        cli.cmd_get_user(arguments(USERNAME=None, output="json"), Double(get_user=self.USER))
        assert json.loads(capsys.readouterr()[0]) == self.USER

    def test_a_user_may_have_no_full_name(self, capsys, caplog):
        cli.cmd_get_user(arguments(USERNAME=None), Double(get_user={"metadata": {"name": "me"}}))
        assert capsys.readouterr()[0] == 'Name: "me"\nFull Name: ""\n'
        assert caplog.records == []

    def test_a_malformed_user_is_logged(self, capsys, caplog):
        cli.cmd_get_user(arguments(USERNAME=None), Double(get_user=[1]))
        assert capsys.readouterr()[0] == 'Name: ""\nFull Name: ""\n'
        assert [record.levelno for record in caplog.records] == [logging.ERROR]

    def test_the_names_of_all_quotas_are_listed(self, capsys):
        quotas = {"items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}
        cli.cmd_get_all_resource_quota(
            arguments(QUOTA_NAME=None), Double(list_resource_quotas=quotas)
        )
        assert capsys.readouterr()[0] == "a\nb\n"

    def test_no_quotas_are_told_on_stderr(self, capsys):
        cli.cmd_get_all_resource_quota(
            arguments(QUOTA_NAME=None), Double(list_resource_quotas={"items": []})
        )
        assert capsys.readouterr() == ("", "no quotas\n")

    @pytest.mark.parametrize("names", [[], ["a", "b"]])
    def test_the_names_of_all_quotas_can_be_json(self, capsys, names):
        quotas = {"items": [{"metadata": {"name": name}} for name in names]}
        cli.cmd_get_all_resource_quota(
            arguments(QUOTA_NAME=None, output="json"), Double(list_resource_quotas=quotas)
        )
        out, err = capsys.readouterr()
        assert (json.loads(out), err) == (names, "")

    def test_a_quota_is_shown_as_json(self, capsys):
        cli.cmd_get_all_resource_quota(
            arguments(QUOTA_NAME="a"), Double(get_resource_quota={"kind": "ResourceQuota"})
        )
        assert capsys.readouterr()[0] == '{\n  "kind": "ResourceQuota"\n}\n'


class TestTokens(object):
    @staticmethod
    def double(base_uri="https://h:8443/", **results):
        osbs_double = Double(**results)
        osbs_double.os_conf = Double(get_openshift_base_uri=base_uri)
        return osbs_double

    def test_the_token_is_printed(self, capsys):
        cli.cmd_get_token(arguments(oc=False), self.double(get_token="T"))
        assert capsys.readouterr()[0] == "T\n"

    def test_the_token_can_be_an_oc_command(self, capsys):
        cli.cmd_get_token(arguments(oc=True), self.double(get_token="T"))
        assert capsys.readouterr()[0] == "oc login --token T https://h:8443/\n"

    def test_the_oc_command_quotes_what_a_shell_would_carry_out(self, capsys):
        osbs_double = self.double("https://h:8443/;x", get_token="$(touch /tmp/x)")
        cli.cmd_get_token(arguments(oc=True), osbs_double)
        assert capsys.readouterr()[0] == "oc login --token '$(touch /tmp/x)' 'https://h:8443/;x'\n"

    @pytest.mark.parametrize(
        "oc, text", [(False, "T\n"), (True, "oc login --token T https://h:8443/\n")]
    )
    def test_the_first_token_of_a_service_account_is_printed(self, capsys, oc, text):
        tokens = OrderedDict([("one", b"T"), ("two", b"U")])
        osbs_double = self.double(get_serviceaccount_tokens=tokens)
        cli.cmd_serviceaccount_token(arguments(SERVICEACCOUNT="builder", oc=oc), osbs_double)
        assert capsys.readouterr()[0] == text
        assert osbs_double.calls == [("get_serviceaccount_tokens", ("builder",), {})]

    def test_a_service_account_without_tokens_prints_nothing(self, capsys):
        cli.cmd_serviceaccount_token(
            arguments(SERVICEACCOUNT="builder", oc=False),
            self.double(get_serviceaccount_tokens={}),
        )
        assert capsys.readouterr()[0] == ""

    def test_the_url_of_the_token_page_is_printed(self, capsys):
        cli.cmd_print_token_url(arguments(), self.double())
        assert capsys.readouterr()[0] == (
            "To complete authentication please navigate to:\n\n"
            "https://h:8443/oauth/token/request\n\n"
            "Set token or token_file in configuration to authenticate requests.\n"
        )

    def test_login_passes_its_arguments_by_position(self):
        osbs_double = self.double(login=None)
        args = arguments(token=None, username="me", password="p")
        assert cli.cmd_login(args, osbs_double) is None
        assert osbs_double.calls == [("login", (None, "me", "p"), {})]

    def test_login_tells_who_is_logged_in_and_where_the_token_is(self, capsys, home):
        osbs_double = self.double(login={"metadata": {"name": "osbs"}})
        args = arguments(token="T", username=None, password=None, instance="stage")
        cli.cmd_login(args, osbs_double)
        path = home.join(".osbs", "stage.token")
        assert capsys.readouterr()[1] == "logged in as osbs, token kept in %s\n" % path

    def test_login_without_anybody_to_ask_names_the_options(self, monkeypatch):
        def login(token, username, password):
            raise osbs.exceptions.OsbsException(cause=EOFError("EOF when reading a line"))

        args = arguments(token=None, username=None, password=None)
        with pytest.raises(CommandError) as exc_info:
            cli.cmd_login(args, flexmock(login=login))
        assert "--username" in exc_info.value.message

    @pytest.mark.parametrize("facts", [{"username": "me"}, {"password": "p"}])
    def test_login_with_a_token_and_a_user_is_minus_one(self, capsys, facts):
        osbs_double = self.double(login=None)
        args = arguments(**dict({"token": "T", "username": None, "password": None}, **facts))
        assert cli.cmd_login(args, osbs_double) == -1
        assert osbs_double.calls == []
        assert capsys.readouterr()[0] == "Can't use --token and (--user or --password).\n"
