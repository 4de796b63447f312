"""Waits end, rightly and soon."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import re
import threading
import time

import pytest
import requests

from osbs.exceptions import OsbsException, OsbsResponseException, OsbsWaitTimeout
from tests.system.stage import Stage, until

# How long the client waits before it looks again is what is tried here.
pytestmark = pytest.mark.usefixtures("full_delays")

# Seconds after a change on the server in which it must be seen.
SOON = 1.0
# Seconds: time-out of a wait.
SHORT = 0.3
# Seconds for what is not to happen by itself.
NEVER = 3600
QUOTA = "nothing-may-run"


class Waiter(threading.Thread):
    """Wait in a thread; then ``result`` or ``error``, and ``ended``, the time, are known."""

    def __init__(self, wait):
        super(Waiter, self).__init__()
        self.daemon = True
        self.result = self.error = self.ended = None
        self._wait = wait
        self.start()

    def run(self):
        """Wait."""
        try:
            self.result = self._wait()
        except OsbsException as ex:
            self.error = ex
        self.ended = time.time()

    def outcome(self):
        """Return the result or the error, once it is there."""
        self.join(30)
        assert not self.is_alive(), "it waits for ever"
        return self.result if self.error is None else self.error


class Running(object):
    """A build that runs."""

    resource, path, last_seen = "builds", "/watch/", "Running"

    def __init__(self, stage, osbs):
        self._stage = stage
        self._osbs = osbs
        self.name = stage.play([b"a line"], held=1)
        until(lambda: stage.phase(self.name) == "Running")

    def change(self):
        """Make happen what is waited for."""
        self._stage.finish(self.name)

    def clean_up(self):
        """Leave nothing that others stumble over."""
        self._stage.finish(self.name)


class Finish(Running):
    def wait(self, **timeout):
        return self._osbs.wait_for_build_to_finish(self.name, **timeout)

    def is_good(self, result):
        return result.is_succeeded()

    def is_deleted(self, error):
        return isinstance(error, OsbsException) and "was deleted" in error.message


class Follow(Running):
    path = "follow=1"

    def wait(self, **timeout):
        return list(self._osbs.get_build_logs(self.name, follow=True, **timeout))

    def is_good(self, result):
        return result == [b"a line"]

    def is_deleted(self, error):
        return isinstance(error, OsbsResponseException) and error.status_code == 404


class Pause(Running):
    def wait(self, **timeout):
        return self._osbs.pause_builds(**timeout)

    def is_good(self, result):
        return result is None

    # What is deleted does not run any more.
    is_deleted = is_good

    def clean_up(self):
        super(Pause, self).clean_up()
        self._osbs.resume_builds()


class Scheduled(Running):
    last_seen = "New"

    def __init__(self, stage, osbs):
        self._stage = stage
        self._osbs = osbs
        stage.put("resourcequotas", {"metadata": {"name": QUOTA}, "spec": {"hard": {"pods": "0"}}})
        self.name = stage.play(held=0)
        until(lambda: stage.reason(self.name) == "CannotCreateBuildPod")

    def change(self):
        self._stage.remove("resourcequotas", QUOTA)

    def wait(self, **timeout):
        return self._osbs.wait_for_build_to_get_scheduled(self.name, **timeout)

    def is_good(self, result):
        return result.is_running()

    is_deleted = Finish.__dict__["is_deleted"]

    def clean_up(self):
        if self._stage.stored("resourcequotas", QUOTA):
            self._stage.remove("resourcequotas", QUOTA)
        super(Scheduled, self).clean_up()


class LogOfMissing(Scheduled):
    def wait(self, **timeout):
        return self._osbs.get_build_logs(self.name, wait_if_missing=True, **timeout)

    def is_good(self, result):
        return result == b""


class Instance(object):
    resource, path, last_seen = "buildconfigs", "/watch/", "lastVersion 0"

    def __init__(self, stage, osbs):
        self._osbs = osbs
        self.name = stage.new_name()
        self._stage = stage
        build = stage.build(self.name)
        spec = dict(build["spec"], runPolicy="Parallel")
        config = {"kind": "BuildConfig", "apiVersion": "v1", "spec": spec}
        stage.put(self.resource, dict(config, metadata=build["metadata"]))

    def wait(self, **timeout):
        return self._osbs.os.wait_for_new_build_config_instance(self.name, 0, **timeout)

    def change(self):
        config = self._stage.stored(self.resource, self.name)
        config["status"] = {"lastVersion": 1}
        self._stage.put(self.resource, config)

    def is_good(self, result):
        return result == self.name + "-1"

    def is_deleted(self, error):
        return isinstance(error, OsbsResponseException) and error.status_code == 404

    def clean_up(self):
        pass


class Import(object):
    resource, path, last_seen = "imagestreams", "/watch/", "not imported"

    def __init__(self, stage, osbs):
        self._osbs = osbs
        self._stage = stage
        self.name = stage.new_name()
        spec = {"dockerImageRepository": "registry.example.com/" + self.name}
        stream = {"kind": "ImageStream", "apiVersion": "v1", "metadata": {"name": self.name}}
        osbs.os.create_image_stream(json.dumps(dict(stream, spec=spec)))

    def wait(self, **timeout):
        return self._osbs.import_image(self.name, **timeout)

    def change(self):
        stream = self._stage.stored(self.resource, self.name)
        checked = {"openshift.io/image.dockerRepositoryCheck": "2019-01-01T00:00:00Z"}
        stream["metadata"]["annotations"] = checked
        self._stage.put(self.resource, stream)

    def is_good(self, result):
        return result is True

    def is_deleted(self, result):
        return result is False

    def clean_up(self):
        pass


WAITS = (Finish, Scheduled, Follow, Pause, LogOfMissing, Instance, Import)
TAKES_TIMEOUT = (Finish, Scheduled, Pause, Instance, Import)


@pytest.fixture(scope="module")
def stage():
    started = Stage()
    started.timing(import_new=NEVER, import_again=NEVER, quota_retry=0.02, quota_retry_max=0.02)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def osbs(stage):
    connected = stage.connect()
    connected.get_user()
    return connected


@pytest.fixture(params=WAITS, ids=lambda kind: kind.__name__)
def awaited(request, stage, osbs):
    """What is waited for, one after the other."""
    thing = request.param(stage, osbs)
    yield thing
    stage.forget()
    thing.clean_up()


def start(stage, awaited):
    """Start waiting; returns when the server knows of it."""
    asked = stage.asked(awaited.path)
    waiter = Waiter(awaited.wait)
    until(lambda: stage.asked(awaited.path) > asked)
    return waiter


def drop(stage):
    stage.break_streams()


def drop_and_compact(stage):
    stage.fault("compact")
    stage.break_streams()


def drop_twice(stage):
    stage.break_streams()
    stage.break_streams()


def restart(stage):
    stage.strike("restart", seconds=0.1)


def nothing(stage):
    pass


def seen_after(stage, awaited, waiter):
    return waiter.ended - stage.moment(awaited.resource, awaited.name)


@pytest.mark.parametrize("trouble", (nothing, drop, drop_and_compact, drop_twice, restart))
def test_defect_82_what_is_waited_for_is_seen_within_a_second(stage, awaited, trouble):
    waiter = start(stage, awaited)
    trouble(stage)
    awaited.change()
    assert awaited.is_good(waiter.outcome()), waiter.outcome()
    assert seen_after(stage, awaited, waiter) < SOON


@pytest.mark.parametrize("trouble", (nothing, drop, drop_and_compact))
def test_defect_02_a_deletion_ends_a_wait_within_a_second(stage, awaited, trouble):
    waiter = start(stage, awaited)
    trouble(stage)
    stage.remove(awaited.resource, awaited.name)
    assert awaited.is_deleted(waiter.outcome()), waiter.outcome()
    assert seen_after(stage, awaited, waiter) < SOON


def test_what_changes_while_the_server_is_away_is_seen_when_it_is_back(stage, osbs):
    awaited = Finish(stage, osbs)
    waiter = start(stage, awaited)
    stage.finish(awaited.name, seconds=0.1)
    stage.strike("restart", seconds=0.3)
    back = time.time()
    assert waiter.outcome().is_succeeded()
    assert waiter.ended - back < SOON


def test_a_build_that_is_made_later_is_seen_within_a_second(stage, osbs):
    name = stage.new_name()
    waiter = Waiter(lambda: osbs.get_build_logs(name, wait_if_missing=True))
    until(lambda: stage.asked("/watch/"))
    stage.play([b"a line"], name=name, held=1)
    assert waiter.outcome() == b"a line\n"
    assert waiter.ended - stage.moment("builds", name) < SOON
    stage.finish(name)


def assert_timed_out(awaited, outcome, seconds):
    assert isinstance(outcome, OsbsWaitTimeout), outcome
    words = "'%s'.* within %g seconds .*last seen: %s" % (awaited.name, SHORT, awaited.last_seen)
    assert re.search(words, outcome.message), outcome.message
    assert SHORT <= seconds < SHORT + SOON


@pytest.mark.parametrize("kind", TAKES_TIMEOUT, ids=lambda kind: kind.__name__)
def test_defect_15_a_time_out_that_is_given_ends_a_wait(stage, osbs, kind):
    awaited = kind(stage, osbs)
    started = time.time()
    waiter = Waiter(lambda: awaited.wait(timeout=SHORT))
    assert_timed_out(awaited, waiter.outcome(), waiter.ended - started)
    awaited.clean_up()


@pytest.mark.parametrize("kind", TAKES_TIMEOUT + (LogOfMissing,), ids=lambda kind: kind.__name__)
def test_defect_15_the_time_out_of_the_configuration_ends_a_wait(stage, kind):
    osbs = stage.connect(wait_timeout=SHORT)
    osbs.get_user()
    awaited = kind(stage, osbs)
    started = time.time()
    waiter = Waiter(awaited.wait)
    assert_timed_out(awaited, waiter.outcome(), waiter.ended - started)
    awaited.clean_up()


def test_defect_15_the_time_out_of_pausing_is_for_all_builds_together(stage, osbs):
    first, second = Running(stage, osbs), Pause(stage, osbs)
    stage.finish(first.name, seconds=2 * SHORT)
    started = time.time()
    waiter = Waiter(lambda: second.wait(timeout=3 * SHORT))
    assert isinstance(waiter.outcome(), OsbsWaitTimeout), waiter.outcome()
    # One after the other it would be five times.
    assert 3 * SHORT <= waiter.ended - started < 4.5 * SHORT
    second.clean_up()


def test_defect_15_pausing_after_the_time_out_names_who_still_runs(stage, osbs):
    awaited = Pause(stage, osbs)
    with pytest.raises(OsbsWaitTimeout) as info:
        awaited.wait(timeout=0)
    assert awaited.name in info.value.message and "last seen: Running" in info.value.message
    awaited.clean_up()


def test_the_time_out_that_is_given_wins(stage):
    osbs = stage.connect(wait_timeout=NEVER)
    awaited = Finish(stage, osbs)
    assert isinstance(Waiter(lambda: awaited.wait(timeout=SHORT)).outcome(), OsbsWaitTimeout)
    awaited.clean_up()


BAD_SERVERS = (
    dict(kind="refuse", seconds=SHORT + 0.5),
    dict(kind="delay", path="/watch/", seconds=SHORT + 2 * SOON, count=None),
    dict(kind="status", path="/watch/", status=503, count=None),
    dict(kind="html", path="/watch/", count=None),
    dict(kind="empty", path="/watch/", count=None),
    dict(kind="cut", path="/watch/", bytes=100, count=None),
    dict(kind="cut", path="/watch/", bytes=0, count=None, clean=True),
    dict(kind="reset_before", path="/watch/", count=None),
)


@pytest.mark.parametrize("fault", BAD_SERVERS, ids=lambda fault: fault["kind"])
def test_a_time_out_ends_a_wait_for_a_server_that_tells_nothing(stage, osbs, fault):
    awaited = Finish(stage, osbs)
    stage.fault(**fault)
    started = time.time()
    waiter = Waiter(lambda: awaited.wait(timeout=SHORT))
    assert isinstance(waiter.outcome(), OsbsWaitTimeout)
    assert SHORT <= waiter.ended - started < SHORT + SOON
    until(lambda: answers(stage))
    stage.forget()
    awaited.clean_up()


def answers(stage):
    try:
        return requests.get(stage.ready["url"] + "_sandbox/", timeout=5).ok
    except requests.exceptions.ConnectionError:
        return False
