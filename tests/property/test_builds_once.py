"""Whatever breaks on the way: a build that was asked for once is started once, or not at all.

When a call returned there is one build on the server; when it raised there is one at most. Faults
and the requests that meet them are chosen by hypothesis; the examples are schedules that once
started two builds, or told two callers of the same one. Callers are threads, processes, and clients
that are not ours.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json
import os
import subprocess
import sys
from collections import Counter

import pytest
import requests
import six
from hypothesis import example, given, settings
from hypothesis import strategies as st

from osbs import http
from osbs.exceptions import OsbsException
from tests.conftest import ROOT
from tests.system import fault_cases
from tests.system.build_caller import in_parallel
from tests.system.fault_bench import REQUEST_TIMEOUT, Bench, FaultServer
from tests.system.fault_kinds import KINDS

NIGHTLY = os.environ.get("OSBS_HYPOTHESIS_PROFILE") == "nightly"
# In CI 1,000 runs on Python 3 and 320 on 2.7, over eight ways to start a build; besides 60 and 20
# with callers in parallel. At night ten times as many.
RUNS = (40 if six.PY2 else 125) * (10 if NIGHTLY else 1)
PARALLEL_RUNS = (20 if six.PY2 else 60) * (10 if NIGHTLY else 1)
SETTINGS = settings(max_examples=RUNS, derandomize=not NIGHTLY, database=None, deadline=None)
CALLERS = 6
# Processes, the builds that each of them starts at once, and those that other clients start. 1,000
# schedules take three minutes.
PROCESSES, CALLS, OTHERS = 3, 2, 2
PROCESS_RUNS = int(os.environ.get("OSBS_BUILDS_ONCE_SCHEDULES", 20))
# A lie that the contract makes a caller believe (see EXEMPT of test_fault_matrix.py).
LIES = ("404",)

_CASES = {
    " ".join(filter(None, [case.owner, case.method, case.variant])): case
    for case in fault_cases.CASES
}
WAYS = [
    "OSBS create_orchestrator_build",
    "OSBS create_orchestrator_build again",
    "OSBS create_orchestrator_build rebuilt automatically",
    "OSBS create_orchestrator_build scratch",
    "OSBS create_orchestrator_build isolated",
    "OSBS create_worker_build",
    "Openshift start_build",
    "Openshift create_build of a Koji task",
]

# (kind, number of the first request that meets it, how many do)
FAULTS = st.tuples(
    st.sampled_from([kind for kind in KINDS if kind not in LIES]),
    st.integers(0, 11),
    st.sampled_from([1, 1, 1, 2, 3, 12]),
)
SCHEDULES = st.lists(FAULTS, min_size=1, max_size=4)


def without_refusal(schedule):
    # The server takes connections again when a client of this process sleeps.
    return [fault for fault in schedule if fault[0] != "refused"]


@pytest.fixture(scope="module")
def whole_bench(tmpdir_factory):
    server = FaultServer()
    yield Bench(server, str(tmpdir_factory.mktemp("bench")))
    server.stop()


@pytest.fixture
def bench(whole_bench, monkeypatch):
    whole_bench.patch(monkeypatch)
    yield whole_bench


def begin(schedule, method=None):
    """Return what to begin a cell with so that the faults of a schedule happen."""
    wanted = {"faults": []}
    for kind, skip, count in schedule:
        fault = KINDS[kind]
        once = fault.once(skip)
        for one in once.pop("faults", ()):
            wanted["faults"].append(dict(one, count=count, method=method))
        wanted.update(once)
    return wanted


def limited(schedule):
    """Return how long a client waits for an answer, in seconds."""
    return min([KINDS[kind].timeout or REQUEST_TIMEOUT for kind, _, _ in schedule])


def made(cell):
    """Return the names of the builds that were not there before."""
    before = {build["metadata"]["name"] for build in cell.after["states"][0]["builds"]}
    return [
        build["metadata"]["name"]
        for build in cell.after["state"]["builds"]
        if build["metadata"]["name"] not in before
    ]


# Of a new BuildConfig, of an existing one, and below OSBS; the others are left to the CI.
QUICK_WAYS = (
    "OSBS create_orchestrator_build rebuilt automatically",
    "OSBS create_worker_build",
    "Openshift start_build",
)


@pytest.mark.parametrize(
    "way",
    [pytest.param(way, marks=[pytest.mark.slow] * (way not in QUICK_WAYS)) for way in WAYS],
)
def test_defect_05_a_build_is_never_started_twice(bench, way):
    case = _CASES[way]

    @SETTINGS
    @given(SCHEDULES)
    # Request 9 sets the triggers of a new BuildConfig, which start its build.
    @example([("reset after acting", 9, 1)])
    @example([("cut body", 9, 1)])
    def run(schedule):
        http.HTTP_REQUEST_TIMEOUT = limited(schedule)
        with bench.cell(**begin(schedule)) as cell:
            try:
                case.call(cell.osbs)
                returned = True
            except OsbsException:
                returned = False
        builds = made(cell)
        assert len(builds) == 1 if returned else len(builds) <= 1, (schedule, returned, builds)

    run()


def test_a_build_that_can_be_read_late_is_no_error(bench):
    late = {"kind": "status", "status": 404, "method": "GET", "path": r"/builds/[^/?]+/$"}
    with bench.cell(faults=[dict(late, count=3)]) as cell:
        result = _CASES["OSBS create_orchestrator_build rebuilt automatically"].call(cell.osbs)
    assert ([result], sum(cell.after["fired"])) == (made(cell), 3)


def start(osbs):
    return fault_cases.name(osbs.os.start_build("config"))


def test_threads_that_start_builds_of_one_build_config_get_one_each(bench):
    with bench.cell() as cell:
        results, failures = in_parallel(lambda: start(cell.osbs), CALLERS)
    assert failures == []
    assert sorted(results) == sorted(made(cell))


def test_parallel_callers_never_share_a_build(bench):
    """Those that raised may have started a build that nobody knows of, but no more than one."""

    @settings(SETTINGS, max_examples=PARALLEL_RUNS)
    @given(SCHEDULES)
    @example([("reset before acting", 0, 1), ("slow", 0, 5)])
    @example([("reset before acting", 1, 3)])
    def run(schedule):
        http.HTTP_REQUEST_TIMEOUT = limited(schedule)
        with bench.cell(**begin(schedule, "POST")) as cell:
            results, failures = in_parallel(lambda: start(cell.osbs), CALLERS)
        assert all(isinstance(failure, OsbsException) for failure in failures), failures
        builds = made(cell)
        assert len(set(results)) == len(results), (schedule, results)
        assert set(results) <= set(builds)
        assert 0 <= len(builds) - len(results) <= len(failures), (schedule, results, builds)

    run()


@pytest.mark.parametrize("kind", ["409", "503", "429 with Retry-After"])
def test_parallel_callers_that_were_refused_start_as_many_builds_as_return(bench, kind):
    with bench.cell(**begin([(kind, 1, 4)], "POST")) as cell:
        results, _ = in_parallel(lambda: start(cell.osbs), CALLERS)
    assert sorted(results) == sorted(made(cell))


def instantiate_elsewhere(bench, cell):
    """Start a build as a client that is not ours does; returns its name."""
    try:
        response = requests.post(
            "%soapi/v1/namespaces/%s/buildconfigs/config/instantiate"
            % (bench.server["url"], cell.namespace),
            json={"kind": "BuildRequest", "apiVersion": "v1", "metadata": {"name": "config"}},
            headers={"Authorization": "Bearer " + cell.osbs.os.token},
            timeout=REQUEST_TIMEOUT,
        )
        return response.json()["metadata"]["name"]
    except (requests.RequestException, ValueError, KeyError) as ex:
        raise OsbsException("no build", cause=ex)


class Processes(object):
    """Client processes that start builds of one BuildConfig at the same time."""

    def __init__(self, config):
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.system.build_caller", config, str(CALLS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=dict(os.environ, PYTHONPATH=str(ROOT)),
            )
            for _ in range(PROCESSES)
        ]

    def send(self, **command):
        """Let all of them start builds."""
        for process in self._processes:
            process.stdin.write(json.dumps(command).encode("ascii") + b"\n")
            process.stdin.flush()

    def receive(self):
        """Return what came of it, a dict for each process."""
        return [
            json.loads(process.stdout.readline().decode("ascii")) for process in self._processes
        ]

    def stop(self):
        """End them."""
        for process in self._processes:
            process.stdin.close()
        for process in self._processes:
            process.wait()
            process.stdout.close()


@pytest.fixture
def processes(bench):
    running = Processes(bench.server["config"])
    yield running
    running.stop()


def test_processes_that_start_builds_of_one_build_config_all_get_one(bench, processes):
    with bench.cell() as cell:
        processes.send(namespace=cell.namespace, token=cell.osbs.os.token, timeout=REQUEST_TIMEOUT)
        said = processes.receive()
    assert sorted(name for one in said for name, _ in one["builds"]) == sorted(made(cell))
    assert len(made(cell)) == PROCESSES * CALLS


def test_whatever_breaks_processes_get_builds_of_their_own_or_exceptions(bench, processes):
    """Clients that are not ours do so as well, and any request may meet a fault."""
    total = Counter()

    @settings(SETTINGS, max_examples=PROCESS_RUNS)
    @given(SCHEDULES.map(without_refusal).filter(bool), st.sampled_from(["POST", None]))
    @example([("reset after acting", 0, 12)], "POST")
    @example([("slow", 0, 12)], "POST")
    @example([("cut body", 2, 3), ("409", 0, 2)], "POST")
    def run(schedule, method):
        seconds = limited(schedule)
        with bench.cell(**begin(schedule, method)) as cell:
            processes.send(namespace=cell.namespace, token=cell.osbs.os.token, timeout=seconds)
            others, failures = in_parallel(lambda: instantiate_elsewhere(bench, cell), OTHERS)
            said = processes.receive()
        own = [tuple(build) for one in said for build in one["builds"]]
        missing = sum(one["failures"] for one in said) + len(failures)
        made_ids = cell.after["request_ids"]
        builds, ids = made(cell), [made_ids[name] for name in made(cell) if made_ids[name]]
        told = [name for name, _ in own] + others
        assert [one["mistakes"] for one in said] == [[]] * PROCESSES
        # None is given to two callers, or to one who did not ask for it.
        assert len(set(told)) == len(told), (schedule, told)
        assert all(made_ids[name] == sent for name, sent in own), (schedule, own, made_ids)
        # None is started twice.
        assert len(set(ids)) == len(ids), (schedule, made_ids)
        assert 0 <= len(builds) - len(told) <= missing, (schedule, told, builds)
        total.update(
            schedules=1,
            builds=len(builds),
            exceptions=missing,
            looked_up=sum(one["looked_up"] for one in said),
        )

    run()
    print("builds once, %d processes: %s" % (PROCESSES, json.dumps(total, sort_keys=True)))
