# -*- coding: utf-8 -*-
"""What people see on a terminal of a build, of builds and of their changes."""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import json
import sys
import time

import pytest
from flexmock import flexmock

from osbs.build.build_response import BuildResponse
from osbs.cli.commands import builds
from tests.unit.golden_files import check
from tests.unit.test_terminal import Stream

NOW = 1714557850.0
METADATA = {"errors": {}, "durations": {"dockerbuild": 4.2}}
DIGEST = {"registry": "r", "repository": "app", "tag": "1", "digest": "sha256:1"}


def worker(name, **errors):
    """Return the entry of a platform in the annotation worker-builds."""
    build = {"build-name": name, "namespace": "worker", "cluster-url": "https://c.example.com/"}
    return {"build": build, "digests": [DIGEST], "plugins-metadata": {"errors": errors}}


def build(name, phase, status=None, **annotations):
    """Return a build, with its annotations as JSON but for texts."""
    notes = {"base-image-name": "fedora:32", "dockerfile": "FROM fedora:32\nRUN make\n"}
    for key, value in annotations.items():
        text = value if isinstance(value, type("")) else json.dumps(value, sort_keys=True)
        notes[key.replace("_", "-") if key != "commit_id" else key] = text
    return BuildResponse(
        {
            "metadata": {
                "name": name,
                "creationTimestamp": "2024-05-01T10:00:00Z",
                "labels": {"git-branch": "demo"},
                "annotations": notes,
            },
            "spec": {"source": {"git": {"uri": "https://git.example.com/app", "ref": "demo"}}},
            "status": dict(
                {"phase": phase, "startTimestamp": "2024-05-01T10:00:05Z"}, **(status or {})
            ),
        }
    )


COMPLETE = build(
    "docker-hello-world-osbs-box-demo-f7644-1",
    "Complete",
    {"duration": 125 * 10**9},
    commit_id="3f1c9b2a7d6e5f4c3b2a19080706050403020100",
    repositories={
        "primary": ["registry.example.com/team/hello-world:1.0-1"],
        "unique": ["registry.example.com/team/hello-world:candidate-2024"],
    },
    worker_builds={"x86_64": worker("app-1-x86"), "ppc64le": worker("app-1-ppc")},
)
FAILED = build(
    "app-2",
    "Failed",
    {"duration": 9 * 10**9},
    plugins_metadata={"errors": {"orchestrate_build": "the build of ppc64le failed"}},
    worker_builds={
        "x86_64": worker("app-2-x86"),
        "ppc64le": worker("app-2-ppc", dockerbuild="no space left on device"),
    },
)
RUNNING = build("app-3", "Running")
BARE = BuildResponse({"metadata": {"name": "app-4"}, "status": {"phase": "New"}})
EVENTS = [("added", RUNNING.json), ("modified", BARE.json), ("deleted", FAILED.json)]


@pytest.fixture
def screen(monkeypatch):
    """Run a sub-command on a terminal of a width; returns what is seen."""
    monkeypatch.setattr(time, "time", lambda: NOW)

    def run(command, width, osbs, **facts):
        monkeypatch.setenv(str("COLUMNS"), str(width))
        args = dict(color="always", output="text", columns=None, quiet=False)
        args.update(facts, BUILD_ID=["b"], FILTER=None, running=False, from_json=None)
        stream = Stream()
        monkeypatch.setattr(sys, "stdout", stream)
        command(argparse.Namespace(**args), osbs)
        monkeypatch.undo()
        return stream.getvalue()

    return run


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize(
    "name, one",
    [("complete", COMPLETE), ("failed", FAILED), ("running", RUNNING), ("bare", BARE)],
    ids=lambda value: value if isinstance(value, type("")) else "",
)
def test_a_build_looks_as_in_the_golden_file(screen, width, name, one):
    osbs = flexmock(get_build=lambda build_id: one)
    check("get-build-%s-%d" % (name, width), screen(builds.cmd_get_build, width, osbs))


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("output", ["text", "wide"])
def test_builds_look_as_in_the_golden_file(screen, width, output):
    osbs = flexmock(list_builds=lambda: [COMPLETE, FAILED, RUNNING, BARE])
    seen = screen(builds.cmd_list_builds, width, osbs, output=output)
    check("list-builds-%s-%d" % (output, width), seen)


@pytest.mark.parametrize("width", [80, 200])
def test_changes_look_as_in_the_golden_file(screen, width):
    osbs = flexmock(watch_builds=lambda field_selector: EVENTS, get_build=lambda name: FAILED)
    check("watch-builds-%d" % width, screen(builds.cmd_watch_builds, width, osbs))


def test_what_a_build_lacks_is_a_dash(screen):
    seen = screen(builds.cmd_get_build, 80, flexmock(get_build=lambda build_id: BARE))
    assert "None" not in seen and "(unset)" not in seen


def test_malformed_annotations_do_not_hide_the_build(screen):
    one = build("app-5", "Failed", worker_builds="{", repositories="[", plugins_metadata="[1]")
    seen = screen(builds.cmd_get_build, 80, flexmock(get_build=lambda build_id: one))
    assert "app-5" in seen
