"""
Every method that talks to a server, against every kind of fault.

A cell is one call in a project of its own, while either one of its requests meets a fault and all
others are healthy, or every request meets it. It ends with the right result or with a documented
exception, in time, and what the server holds at the end is what a healthy call leaves at its end
or after one of its requests: nothing was done twice, nothing by halves. Where a fault passes, the
result is the right one. :data:`EXEMPT` says where all this is not so, and why.

Python 3 runs every cell, 2.7 every method against a third of the faults, all of them at night.
Unless slow tests are asked for, each method meets two kinds of faults.
"""

from __future__ import absolute_import, print_function, unicode_literals

import collections
import json
import os
import re
import zlib

import pytest
import six

from osbs import _transport, exceptions, http
from osbs.api import OSBS
from osbs.core import Openshift
from osbs._rest import retry
from tests.system.fault_bench import REQUEST_TIMEOUT, Bench, FaultServer, Hang
from tests.system.fault_cases import CASES
from tests.system.fault_kinds import KINDS

WHOLE = six.PY3 or os.environ.get("OSBS_HYPOTHESIS_PROFILE") == "nightly"
OWNERS = {"OSBS": OSBS, "Openshift": Openshift}
# Public attributes that send nothing.
LOCAL = {
    "OSBS": {
        "can_orchestrate",
        "get_build_request",
        "get_compression_extension",
        # Unless Kerberos is used, see test_kerberos.py.
        "get_token",
        "render_plugins_configuration",
        "retries_disabled",
    },
    "Openshift": {"can_use_serviceaccount_token", "os_oauth_url"},
}
# The table in docs/api.md.
DOCUMENTED = {
    "OsbsException",
    "OsbsResponseException",
    "OsbsNetworkException",
    "OsbsAuthException",
    "OsbsValidationException",
    "OsbsOrchestratorNotEnabled",
    "OsbsWatchBuildNotFound",
    "OsbsWaitTimeout",
}
# As the cause of an OsbsException these tell of a mistake in the library, not of a fault.
MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError)

# Seconds that a call may ask to sleep: when one request meets a fault, when all do, and when all
# are answered 409. A request is repeated for 8 minutes, a create that
# failed is looked for as long as that, and conflicts are repeated for 21 minutes.
ONCE, ALWAYS, CONFLICT = 60, 2 * 520, 1300
# Seconds that a call may take besides.
BUSY = 6

RIGHT, TOLD, OTHER_RESULT, OTHER_STATE = "right", "told", "another result", "another state"
NOT_MET = "the fault does not happen"

_ALL = tuple(KINDS)
_JUNK = ("garbage", "HTML", "empty body")
_LOST = ("reset before acting", "slow", "408", "500", "502", "504")

# cases, met: regular expressions, of the case and of the request that meets the fault ("always");
# kinds: of faults; outcome: what is accepted
Exempt = collections.namedtuple("Exempt", "cases kinds met outcome reason")
EXEMPT = [
    Exempt(
        r"instantiate_build_config|start_build|create_\w*build\b",
        _LOST,
        r"^POST .*/instantiate$",
        TOLD,
        "a build that is not there may still be to come: it is not asked for twice",
    ),
    Exempt(
        r"^Openshift.create_build of a Koji task$",
        _LOST,
        r"^POST .*/builds/$",
        TOLD,
        "likewise for a build whose name the server chooses",
    ),
    Exempt(
        r"create_orchestrator_build again",
        ("404",),
        r"^GET .*labelSelector=git-repo-name",
        OTHER_STATE,
        "404 means that there is no such BuildConfig, so one is created",
    ),
    Exempt(
        r"create_orchestrator_build rebuilt automatically",
        ("404",),
        r"^GET .*/imagestreams/",
        OTHER_STATE,
        "404 means that there is no such image stream, so there is nothing to be triggered by",
    ),
    Exempt(
        r"resume_builds|delete_resource_quota",
        ("404",),
        r"^DELETE |always",
        OTHER_STATE,
        "404 means that the quota is gone, which is what was asked for",
    ),
    Exempt(
        r"resume_builds|delete_\w+|ensure_image_stream_tag|rebuilt automatically",
        ("empty body",),
        r"^DELETE |^PUT |always",
        OTHER_STATE,
        "old servers answer 200 without a body when they have done it",
    ),
    Exempt(
        r"(get_build_|get_orchestrator_build_)?logs$",
        ("garbage", "empty body"),
        r"/log/$",
        OTHER_RESULT,
        "a log is any text, also none",
    ),
    Exempt(
        r"stream_logs",
        ("refused", "reset before acting", "reset after acting", "cut stream") + _JUNK,
        r"/log/|always",
        OTHER_RESULT,
        "one connection, of which the end is the end: contract; logs(follow) "
        "is what loses nothing",
    ),
    Exempt(
        r"stream_logs",
        ("slow", "408", "429 with Retry-After", "500", "502", "503", "504"),
        r"/log/",
        TOLD,
        "likewise: one connection",
    ),
    Exempt(
        r"get_oauth_token",
        _JUNK,
        r"^GET /oauth/|always",
        OTHER_RESULT,
        "an answer without a location is an empty token: contract; who then "
        "sends a request is told that there is no token",
    ),
    Exempt(
        r"get_oauth_token|login$|first of all",
        ("cut body",),
        r"^GET /oauth/|always",
        NOT_MET,
        "the answer is a header, it has no body",
    ),
    Exempt(
        r"create_resource_quota in the place of another",
        ("cut body",),
        r"^POST ",
        TOLD,
        "the refusal that would lead to an update cannot be read",
    ),
]


class Case(object):
    """A case with what a healthy call of it does, once that is known."""

    def __init__(self, case):
        self.case = case
        self.name = ".".join([case.owner, case.method])
        if case.variant:
            self.name += " " + case.variant
        self._healthy = None

    def healthy(self, bench):
        """Return the Cell of a healthy call."""
        if self._healthy is None:
            cell = self.run(bench)
            assert cell.failure is None, (self.name, cell.failure)
            self._healthy = cell
        return self._healthy

    def run(self, bench, **wanted):
        """Call the method; the Cell has ``result`` or ``failure``."""
        case = self.case
        with bench.cell(case.logged_in, living=case.living, **wanted) as cell:
            cell.result = cell.failure = None
            try:
                result = case.call(cell.osbs)
                cell.result = json.loads(json.dumps(result).replace(cell.namespace, "NAMESPACE"))
            except (Exception, Hang) as ex:
                cell.failure = ex
        return cell


ALL_CASES = [Case(case) for case in CASES]
TALLY = collections.Counter()
LONGEST = collections.Counter()
USED = set()
RUN = set()


@pytest.fixture(scope="module")
def whole_bench(tmpdir_factory):
    server = FaultServer()
    yield Bench(server, str(tmpdir_factory.mktemp("bench")))
    server.stop()


@pytest.fixture
def bench(whole_bench, monkeypatch):
    whole_bench.patch(monkeypatch)
    return whole_bench


def public(owner):
    return {name for name in dir(OWNERS[owner]) if not name.startswith("_")}


@pytest.mark.parametrize("owner", sorted(OWNERS))
def test_every_public_method_is_in_the_matrix_or_sends_nothing(owner):
    in_matrix = {case.method for case in CASES if case.owner == owner}
    assert not in_matrix & LOCAL[owner]
    assert in_matrix | LOCAL[owner] == public(owner)


def test_what_is_said_to_send_nothing_sends_nothing(bench):
    with bench.cell() as cell:
        osbs = cell.osbs
        assert osbs.can_orchestrate() and osbs.get_token()
        assert osbs.get_build_request() and osbs.get_compression_extension()
        assert osbs.os.os_oauth_url and not osbs.os.can_use_serviceaccount_token()
        with osbs.retries_disabled():
            osbs.render_plugins_configuration(json.dumps(USER_PARAMS))
    assert cell.after["requests"] == []


USER_PARAMS = {
    "arrangement_version": 6,
    "build_type": "orchestrator",
    "build_json_dir": "inputs",
    "customize_conf": "orchestrator_customize.json",
    "git_ref": "demo",
    "git_uri": "https://example.com/hello.git",
    "user": "osbs",
    "koji_target": "candidate",
    "component": "hello",
    "name": "hello",
    "base_image": "fedora:latest",
    "image_tag": "osbs/hello:1",
}


def cells():
    """Return the calls and kinds of faults of this interpreter, most of them marked as slow."""
    found = []
    for row, case in enumerate(ALL_CASES):
        for column, kind in enumerate(KINDS):
            number = zlib.crc32("{}|{}".format(case.name, kind).encode("ascii"))
            if WHOLE or number % 3 == 0:
                # The diagonals hold two kinds for every call, and each kind for a tenth of them.
                marks = [pytest.mark.slow] if (row + column) % 10 else []
                name = str("{}: {}".format(case.name, kind))
                found.append(pytest.param(case, kind, id=name, marks=marks))
    return found


CELLS = cells()


@pytest.mark.parametrize("case, kind", CELLS)
def test_a_call_that_meets_a_fault(bench, monkeypatch, case, kind):
    healthy = case.healthy(bench)
    RUN.add((case, kind))
    fault = KINDS[kind]
    monkeypatch.setattr(http, "HTTP_REQUEST_TIMEOUT", fault.timeout or REQUEST_TIMEOUT)
    wrong = []
    targets = [
        (method, target.replace(healthy.namespace, "NAMESPACE"))
        for method, target, _ in healthy.after["requests"]
    ]
    for position, (method, target) in enumerate(targets):
        # A late build is asked for again, or not: only the first of such requests comes for sure.
        if fault.meets(target) and targets[position - 1 : position] != [(method, target)]:
            met = "%s %s" % (method, target)
            cell = case.run(bench, **fault.once(position))
            wrong += judge(case, kind, healthy, cell, met, fault.passes)
    if fault.timeout:
        # Each attempt takes its time.
        monkeypatch.setattr(_transport, "HTTP_MAX_RETRIES", 0)
        monkeypatch.setattr(retry, "MAX_FAILURES", 1)
    if any(fault.meets(target) for _, target in targets):
        cell = case.run(bench, **fault.always())
        wrong += judge(case, kind, healthy, cell, "always", False)
    assert not wrong, "\n".join(wrong)


def judge(case, kind, healthy, cell, met, must_pass):
    """Count a cell; returns what is wrong with it, as a list of no or one text."""
    outcome = outcome_of(healthy, cell)
    accepted = {RIGHT} if must_pass else {RIGHT, TOLD}
    mode = "always" if met == "always" else "once"
    LONGEST[kind, mode] = max(LONGEST[kind, mode], cell.paused)
    for number, row in enumerate(EXEMPT):
        if row.outcome == outcome and outcome not in accepted and kind in row.kinds:
            if re.search(row.cases, case.name) and re.search(row.met, met):
                USED.add(number)
                TALLY[kind, mode, "exempt"] += 1
                return []
    TALLY[kind, mode, outcome] += 1
    if outcome not in accepted:
        return ["%s: %s: %s (%s)" % (met, outcome, cell.failure or cell.result, cell.namespace)]
    limit = ONCE if mode == "once" else CONFLICT if kind == "409" else ALWAYS
    if cell.paused > limit or cell.seconds > BUSY:
        return ["%s: slept %d s and took %d s" % (met, cell.paused, cell.seconds)]
    return []


def outcome_of(healthy, cell):
    """Tell how a cell ended, as text."""
    if cell.failure is not None and not is_documented(cell.failure):
        return "undocumented"
    if not any(cell.after["fired"]):
        return NOT_MET
    state = cell.after["state"]
    if cell.failure is not None:
        steps = healthy.after["states"] + [healthy.after["state"]]
        return TOLD if state in steps else "half done"
    if state != healthy.after["state"]:
        return OTHER_STATE
    return RIGHT if cell.result == healthy.result else OTHER_RESULT


def is_documented(failure):
    # One that is not JSON is a ValueError, too.
    name = type(failure).__name__.replace("_NotJson", "OsbsResponseException")
    cause = getattr(failure, "cause", None)
    return (
        isinstance(failure, exceptions.OsbsException)
        and name in DOCUMENTED
        and not isinstance(cause, MISTAKES)
    )


@pytest.mark.slow
def test_the_matrix_is_whole(tell):
    """Comes last: tells what became of the cells, and looks for exemptions nobody needs."""
    if len(RUN) < len(CELLS):
        pytest.skip("not all cells were run in this process")
    outcomes = sorted({outcome for _, _, outcome in TALLY})
    row = "%-22s%-8s" + "%16s" * len(outcomes) + "%12s"
    table = [
        "%d cells, %d calls, %d kinds of faults"
        % (sum(TALLY.values()), len(ALL_CASES), len(KINDS)),
        row % (("fault", "met") + tuple(outcomes) + ("longest",)),
    ]
    for kind in KINDS:
        for mode in ("once", "always"):
            counts = tuple(TALLY[kind, mode, outcome] for outcome in outcomes)
            table.append(row % ((kind, mode) + counts + ("%d s" % LONGEST[kind, mode],)))
    tell("\n".join(table))
    if WHOLE:
        assert [row for number, row in enumerate(EXEMPT) if number not in USED] == []
