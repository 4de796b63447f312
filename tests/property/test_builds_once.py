"""Whatever breaks on the way: a build that was asked for once is started once, or not at all.

When a call returned there is one build on the server; when it raised there is one at most. Faults
and the requests that meet them are chosen by hypothesis; the examples are schedules that once
started two builds, or told two callers of the same one.
"""

from __future__ import absolute_import, print_function, unicode_literals

import os
import threading

import pytest
import six
from hypothesis import example, given, settings
from hypothesis import strategies as st

from osbs import http
from osbs.exceptions import OsbsException
from tests.system import fault_cases
from tests.system.fault_bench import REQUEST_TIMEOUT, Bench, FaultServer
from tests.system.fault_kinds import KINDS

NIGHTLY = os.environ.get("OSBS_HYPOTHESIS_PROFILE") == "nightly"
# In CI 1,000 runs on Python 3 and 320 on 2.7, over eight ways to start a build; besides 60 and 20
# with callers in parallel. At night ten times as many.
RUNS = (40 if six.PY2 else 125) * (10 if NIGHTLY else 1)
PARALLEL_RUNS = (20 if six.PY2 else 60) * (10 if NIGHTLY else 1)
SETTINGS = settings(max_examples=RUNS, derandomize=not NIGHTLY, database=None, deadline=None)
CALLERS = 6
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


@pytest.mark.parametrize("way", WAYS)
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


def in_parallel(call):
    """Call a function in threads; returns what was returned, and how many calls raised."""
    results, failures = [], []

    def work():
        try:
            results.append(call())
        except Exception as ex:  # told to the test
            failures.append(ex)

    threads = [threading.Thread(target=work) for _ in range(CALLERS)]
    for thread in threads:
        thread.daemon = True
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert all(isinstance(failure, OsbsException) for failure in failures), failures
    return results, len(failures)


def start(osbs):
    return fault_cases.name(osbs.os.start_build("config"))


def test_threads_that_start_builds_of_one_build_config_get_one_each(bench):
    with bench.cell() as cell:
        results, failures = in_parallel(lambda: start(cell.osbs))
    assert failures == 0
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
            results, failures = in_parallel(lambda: start(cell.osbs))
        builds = made(cell)
        assert len(set(results)) == len(results), (schedule, results)
        assert set(results) <= set(builds)
        assert len(results) <= len(builds) <= len(results) + failures, (schedule, results, builds)

    run()


@pytest.mark.parametrize("kind", ["409", "503", "429 with Retry-After"])
def test_parallel_callers_that_were_refused_start_as_many_builds_as_return(bench, kind):
    with bench.cell(**begin([(kind, 1, 4)], "POST")) as cell:
        results, _ = in_parallel(lambda: start(cell.osbs))
    assert sorted(results) == sorted(made(cell))


def test_a_build_that_another_client_started_in_the_meantime_is_not_taken(bench):
    # Neither 503 nor 409 leave a doubt: nothing was started, so nothing is looked for.
    with bench.cell(**begin([("503", 1, 1), ("409", 1, 1)], "POST")) as cell:
        of_others = []
        instantiations = cell.osbs.os._instantiations
        version_before = instantiations.version_before

        def then_another(*args):
            before = version_before(*args)
            if not of_others:
                of_others.append(start(bench.connect(cell.namespace, cell.osbs.os.token)))
            return before

        instantiations.version_before = then_another
        assert (start(cell.osbs), of_others) == ("config-2", ["config-1"])
    assert sorted(made(cell)) == ["config-1", "config-2"]
