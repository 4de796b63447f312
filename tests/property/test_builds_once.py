"""Whatever breaks on the way: a build that was asked for once is started once, or not at all."""

from __future__ import absolute_import, print_function, unicode_literals

import itertools
import json
import os
import time

import pytest
import six
from hypothesis import given, settings
from hypothesis import strategies as st

from osbs import utils
from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.exceptions import OsbsException
from osbs.repo_utils import RepoInfo
from tests.conftest import SandboxProcess
from tests.system.control import Control

# A thousand runs a night and in CI: 760 on Python 3, 240 on Python 2.7, over four kinds of build.
RUNS = 60 if six.PY2 else 190

FAULTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ["reset_before", "reset_after", "cut", "garbage", "html", "empty", "status"]
        ),
        "method": st.sampled_from(["GET", "POST", "PUT"]),
        "path": st.sampled_from(["instantiate", "/buildconfigs", "/builds", "/"]),
        "count": st.integers(1, 3),
        "skip": st.integers(0, 2),
        "status": st.sampled_from([408, 409, 429, 500, 502, 503, 504]),
    }
)
SCHEDULES = st.lists(FAULTS, max_size=3)
NUMBERS = itertools.count(1)


class Dockerfile(object):
    labels = {"name": "team/once", "com.redhat.component": "once", "version": "1"}
    baseimage = "fedora:latest"


class Container(object):
    container = {}

    def is_autorebuild_enabled(self):
        return False


@pytest.fixture(scope="module")
def world(tmpdir_factory):
    """A sandbox, a client of it without pauses, and another one to count with."""
    script = tmpdir_factory.mktemp("script").join("outcomes.json")
    script.write(json.dumps({"default": {"lines": ["one line"], "duration": 0}}))
    sandbox = SandboxProcess("--scripted", str(script), "--speed", "100")
    real_sleep, real_info = time.sleep, utils.get_repo_info
    time.sleep = lambda seconds: real_sleep(min(seconds, 0.001))
    utils.get_repo_info = lambda *args, **kwargs: RepoInfo(Dockerfile(), Container())
    try:
        conf = Configuration(conf_file=sandbox["config"])
        client, counter = OSBS(conf, conf), OSBS(conf, conf)
        client.get_user(), counter.get_user()
        yield Control(sandbox), client, counter
    finally:
        time.sleep, utils.get_repo_info = real_sleep, real_info
        sandbox.stop()


def wanted(name, **more):
    return dict(
        more,
        git_uri="https://git.example.com/%s.git" % name,
        git_ref="master",
        git_branch="master",
        user="me",
        target="candidate",
    )


def orchestrator(osbs, name):
    return osbs.create_orchestrator_build(**wanted(name, platforms=["x86_64"]))


def worker(osbs, name):
    return osbs.create_worker_build(
        **wanted(name, platform="x86_64", release="1", arrangement_version=6)
    )


def scratch(osbs, name):
    return osbs.create_orchestrator_build(**wanted(name, platforms=["x86_64"], scratch=True))


def instantiated(osbs, name):
    # An answer that is an error is raised when it is read, as the facade does.
    name = utils.make_name_from_git("https://x/%s.git" % name, "master")
    return osbs.os.start_build(name).json()


def prepare_instantiated(osbs, name):
    build = orchestrator(osbs, name)
    osbs.wait_for_build_to_finish(build.get_build_name())


KINDS = [(orchestrator, None, 0), (worker, None, 0), (scratch, None, 0)]
KINDS.append((instantiated, prepare_instantiated, 1))


def builds_of(osbs, name):
    return len(osbs.list_builds(labels={"git-repo-name": name}))


def arguments_of(fault):
    given_arguments = dict(fault)
    if fault["kind"] != "status":
        given_arguments.pop("status")
    if fault["kind"] == "cut":
        given_arguments["bytes"] = 20
    return given_arguments


@pytest.mark.parametrize(
    ("start", "prepare", "before"), KINDS, ids=[kind[0].__name__ for kind in KINDS]
)
def test_defect_05_a_build_is_never_started_twice(world, start, prepare, before):
    control, client, counter = world

    @settings(max_examples=RUNS, derandomize="CI" in os.environ)
    @given(SCHEDULES)
    def run(schedule):
        name = "once-%d" % next(NUMBERS)
        if prepare is not None:
            prepare(counter, name)
        for fault in schedule:
            control.fault(**arguments_of(fault))
        try:
            start(client, name)
            returned = True
        except OsbsException:
            returned = False
        finally:
            control.forget()
        started = builds_of(counter, name) - before
        assert started == 1 if returned else started in (0, 1), (schedule, returned)

    run()
