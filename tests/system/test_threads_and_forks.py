"""One OSBS object is shared by many threads, and used after a fork, as a Koji builder does."""

from __future__ import absolute_import, print_function, unicode_literals

import gc
import json
import os
import threading
import time

import pytest

from osbs.api import OSBS
from osbs.conf import Configuration
from tests.conftest import SandboxProcess
from tests.system import client
from tests.system.control import Control

THREADS = 32
SECONDS = 60
LINES = ["line %d" % number for number in range(40)]


@pytest.fixture(scope="module")
def scripted(tmpdir_factory):
    """A sandbox whose builds end at once."""
    script = tmpdir_factory.mktemp("script").join("outcomes.json")
    outcomes = {"default": {"lines": ["one line"]}}
    # 40 lines over a second, at the sandbox's own pace.
    outcomes["builds"] = {"slow*": {"lines": LINES, "interval": 0.025}}
    script.write(json.dumps(outcomes))
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


def until(find, fits):
    """Wait until what a function returns fits."""
    end = time.time() + SECONDS
    while True:
        found = find()
        if found and fits(found):
            return
        assert time.time() < end
        time.sleep(0.005)


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


def test_defect_34_each_expiry_costs_one_login_whatever_the_threads_do(osbs, control):
    name = slow_build(osbs, "slow-watched")
    control.forget()
    work = [
        osbs.get_user,
        osbs.list_builds,
        osbs.list_resource_quotas,
        lambda: next(osbs.os.watch_resource("builds", name)),
    ]
    for _ in range(3):
        control.fault("expire_tokens")
        results = in_threads(lambda number: work[number % len(work)]())
        assert not [result for result in results if isinstance(result, Exception)]
    assert len(control.statuses("/oauth/authorize")) == 3


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


def test_threads_that_share_one_object_share_its_connections(osbs, control):
    osbs.get_user()
    control.forget()
    in_threads(lambda number: [osbs.get_user() for _ in range(4)])
    in_threads(lambda number: [osbs.get_user() for _ in range(4)])
    records = [r for r in control._call("GET", "requests") if "/users/" in r["path"]]
    assert len(records) == 8 * THREADS
    assert len({record["connection"] for record in records}) <= THREADS


def test_threads_follow_logs_while_others_ask(osbs):
    name = slow_build(osbs, "slow-shared")

    def work(number):
        if number % 4:
            return [osbs.get_build(name).get_build_name() for _ in range(5)]
        return list(osbs.get_build_logs(name, follow=True, decode=True))

    results = in_threads(work)
    assert results.count(LINES) == THREADS // 4
    assert results.count([name] * 5) == THREADS - THREADS // 4


def slow_build(osbs, name):
    """Start a build with a slow log; returns its name."""
    image = {"kind": "DockerImage", "name": "127.0.0.1:5000/buildroot:latest"}
    build = {
        "kind": "Build",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "spec": {
            "serviceAccount": "builder",
            "source": {"type": "Git", "git": {"uri": "https://example.com/team.git"}},
            "strategy": {"type": "Custom", "customStrategy": {"from": image}},
            "output": {"to": dict(image, name="127.0.0.1:5000/%s:latest" % name)},
        },
    }
    return osbs.os.create_build(build).json()["metadata"]["name"]


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


def test_fork_while_another_thread_renews_the_token_does_not_block_the_child(osbs, control):
    osbs.get_user()
    control.forget()
    control.fault("expire_tokens")
    control.fault("delay", seconds=1, path="/oauth/", count=1)
    busy = threading.Thread(target=osbs.get_user)
    busy.daemon = True
    busy.start()
    # It holds the lock of the token while it waits for the answer.
    until(lambda: control._call("GET", "requests")[-1:], lambda last: "/oauth/" in last[0]["path"])
    started = time.time()
    assert in_child(lambda: osbs.get_user()["metadata"]["name"]) == "osbs"
    assert time.time() - started < 1
    busy.join(SECONDS)
    assert not busy.is_alive()
    assert len(control.statuses("/oauth/authorize")) == 2


def test_fork_with_every_lock_held_does_not_block_the_child(osbs):
    osbs.get_user()
    locks = [
        osbs.os._con._pool.get().lock,
        osbs.os._tokens._lock.get(),
    ]
    held, release = threading.Event(), threading.Event()

    def hold():
        with locks[0], locks[1]:
            held.set()
            release.wait(SECONDS)

    holder = threading.Thread(target=hold)
    holder.daemon = True
    holder.start()
    assert held.wait(SECONDS)
    try:
        assert in_child(lambda: renewed_and_asked(osbs)) == "osbs 403"
    finally:
        release.set()
        holder.join(SECONDS)
    assert osbs.get_user()["metadata"]["name"] == "osbs"


def renewed_and_asked(osbs):
    osbs.os.token = None
    user = osbs.get_user()["metadata"]["name"]
    # That a BuildConfig is missing is forbidden, not unknown.
    return "%s %d" % (user, osbs.os.start_build("no-such-config").status_code)


def test_threads_of_a_child_share_what_it_made_for_itself(osbs, control):
    osbs.get_user()
    control.forget()

    def work():
        results = in_threads(lambda number: osbs.get_user()["metadata"]["name"])
        return " ".join(sorted(set(results)))

    assert in_child(work) == "osbs"
    assert control.statuses("/oauth/authorize") == []


def test_children_and_parent_all_go_on_at_once(osbs):
    osbs.get_user()

    def work():
        return in_child(lambda: str(sum(1 for _ in range(5) if osbs.get_user())))

    # Each thread forks, as a Koji builder's main loop does one task after the other.
    assert in_threads(lambda number: work(), 6) == ["5"] * 6
    assert osbs.get_user()["metadata"]["name"] == "osbs"


@pytest.mark.parametrize("ending", ["closes", "keeps"])
def test_log_that_the_parent_follows_is_not_broken_by_a_child(osbs, control, ending):
    name = slow_build(osbs, "slow-%s" % ending)
    log = osbs.get_build_logs(name, follow=True, decode=True)
    received = [next(log)]
    control.forget()

    def work():
        if ending == "closes":
            log.close()
            gc.collect()
        return osbs.get_build(name).get_build_name()

    assert in_child(work) == name
    received.extend(log)
    assert received == LINES
    # One connection was enough.
    assert not [r for r in control._call("GET", "requests") if "follow=1" in (r["query"] or "")]
