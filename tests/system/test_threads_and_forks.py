"""One OSBS object is shared by many threads, and used after a fork, as a Koji builder does."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import os
import threading

import pytest

from osbs.api import OSBS
from osbs.conf import Configuration
from tests.conftest import SandboxProcess
from tests.system import client
from tests.system.control import Control

THREADS = 32
SECONDS = 60


@pytest.fixture(scope="module")
def scripted(tmpdir_factory):
    """A sandbox whose builds end at once."""
    script = tmpdir_factory.mktemp("script").join("outcomes.json")
    script.write(json.dumps({"default": {"lines": ["one line"]}}))
    process = SandboxProcess("--scripted", str(script), "--speed", "50")
    yield process
    process.stop()


@pytest.fixture
def osbs(scripted, home):
    conf = Configuration(conf_file=scripted["config"])
    return OSBS(conf, conf)


@pytest.fixture
def control(scripted):
    control = Control(scripted)
    control.forget()
    yield control
    control.forget()


def in_threads(work, count=THREADS):
    """Run a function in many threads at once; return what it returned or raised, in any order."""
    results = []
    start = threading.Event()

    def run(number):
        start.wait(SECONDS)
        try:
            results.append(work(number))
        except Exception as ex:  # told to the test
            results.append(ex)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.daemon = True
        thread.start()
    start.set()
    for thread in threads:
        thread.join(SECONDS)
    assert not [thread for thread in threads if thread.is_alive()]
    return results


def test_threads_that_share_one_object_get_their_own_answers(osbs):
    def work(number):
        name = "map-of-thread-%d" % number
        osbs.create_config_map(name, {"number.json": number})
        return number, osbs.get_config_map(name).get_data_by_key("number.json")

    results = in_threads(work)
    assert sorted(results) == [(number, number) for number in range(THREADS)]


def test_defect_34_token_is_renewed_once_for_all_threads(osbs, control):
    osbs.get_user()
    control.forget()
    control.fault("expire_tokens", count=1)
    results = in_threads(lambda number: osbs.get_user()["metadata"]["name"])
    assert set(results) == {"osbs"}
    assert len(control.statuses("/oauth/authorize")) == 1


def test_first_token_is_fetched_once_for_all_threads(osbs, control):
    in_threads(lambda number: osbs.get_user())
    assert len(control.statuses("/oauth/authorize")) == 1


def test_builds_of_one_build_config_are_each_started_once(osbs, tmpdir):
    repository = client.make_repository(tmpdir.join("shared"))
    build = osbs.create_orchestrator_build(
        git_uri=repository,
        git_ref=client.BRANCH,
        git_branch=client.BRANCH,
        user="me",
        target="candidate",
        platforms=["x86_64"],
    )
    osbs.wait_for_build_to_finish(build.get_build_name())
    name = build.get_labels()["buildconfig"]
    results = in_threads(lambda number: osbs.os.start_build(name).json()["metadata"]["name"], 8)
    started = [result for result in results if not isinstance(result, Exception)]
    on_server = [b.get_build_name() for b in osbs.list_builds(labels={"buildconfig": name})]
    assert len(set(started)) == len(started) > 0
    assert set(started) | {build.get_build_name()} == set(on_server)


def in_child(work):
    """Fork, run a function in the child and return the text that it returned."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            os.write(writer, work().encode("utf-8"))
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    killer = threading.Timer(SECONDS, lambda: os.kill(child, 9))
    killer.daemon = True
    killer.start()
    with os.fdopen(reader, "rb") as answer:
        text = answer.read().decode("utf-8")
    _, status = os.waitpid(child, 0)
    killer.cancel()
    assert status == 0
    return text


def test_child_and_parent_both_go_on_after_a_fork(osbs):
    assert osbs.get_user()["metadata"]["name"] == "osbs"
    assert in_child(lambda: osbs.get_user()["metadata"]["name"]) == "osbs"
    assert osbs.get_user()["metadata"]["name"] == "osbs"


def test_child_shares_no_connection_with_its_parent(osbs, control):
    osbs.get_user()
    control.forget()
    in_child(lambda: osbs.get_user()["metadata"]["name"])
    osbs.get_user()
    records = control._call("GET", "requests")
    connections = [r["connection"] for r in records if r["path"].endswith("/users/~/")]
    assert len(connections) == 2 and connections[0] != connections[1]


def test_fork_in_the_middle_of_another_threads_request_does_not_block_the_child(osbs, control):
    osbs.get_user()
    control.fault("delay", seconds=1, path="/users/", count=1)
    busy = threading.Thread(target=osbs.get_user)
    busy.daemon = True
    busy.start()
    assert in_child(lambda: "%d builds" % len(osbs.list_builds())).endswith(" builds")
    busy.join(SECONDS)
    assert not busy.is_alive()
