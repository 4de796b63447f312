"""
A storm of clients, by a command::

    python -m tests.benchmarks.storm                              # 50 processes, 20 builds each
    python -m tests.benchmarks.storm --processes 4 --builds 5

Each client process starts builds, and has each followed (its log) and waited for (a watch). When
all are under way, the master restarts, then all tokens expire while connections are lost, then its
history is compacted. The requests of the clients are counted where they leave urllib3, each attempt
by itself, with the time. At the end all builds must have been started once, and all lines of their
logs must have arrived once and in order. Status 1 if something is lost.

Writes storm.md, storm.json and a plot to build/benchmarks.
"""

import argparse
import asyncio
import collections
import contextlib
import json
import logging
import os
import sys
import tempfile
import threading
import time

from osbs.sandbox.install import seed
from osbs.sandbox.install.installation import Installation
from osbs.sandbox.pods.runner import Runner
from tests.benchmarks import report
from tests.benchmarks.processes import Served
from tests.benchmarks.sandbox_load import resident
from tests.unit.buildparams import ROOT

OUTPUT = os.path.join(ROOT, "build", "benchmarks")
# Seconds until a build, or the whole storm, counts as lost.
PATIENCE = 3600
# Seconds until a storm goes on though not all streams are back.
RECOVERY = 120
# Seconds between two looks at the number of open streams.
INTERVAL = 0.05
KINDS = (("/oauth/", "logins"), ("/watch/", "watches"), ("/log", "logs"))


class Lasting(Runner):
    """Print numbered lines until the end is wanted, then succeed."""

    def __init__(self, interval):
        self.interval = interval
        self.over = False
        self.lines = {}

    async def run(self, pod):
        name = pod.build["metadata"]["name"]
        self.lines[name] = 0
        while not self.over:
            pod.log.write("{}\n".format(self.lines[name]).encode("ascii"))
            self.lines[name] += 1
            await asyncio.sleep(self.interval)
        return 0


class Master:
    """The side of the server, in a process of its own."""

    def __init__(self, installation):
        self._installation = installation
        self._server = installation.server

    def files(self):
        """Return path of the osbs.conf and URI of a git repository."""
        repository = os.path.join(self._installation.directory, "repository")
        return self._installation.config, seed.make_repository(repository)

    def streams(self):
        """Return how many watches and followed logs are open."""
        return len(self._server._app._streams)

    def figures(self):
        """Return memory (MiB) and number of connections."""
        return resident(), len(self._server._app._runner.server.connections)

    def restart(self, seconds):
        """Drop all connections and refuse new ones for a while."""
        self._server.faults.restart(seconds)

    def expire_tokens(self, seconds):
        """Expire all tokens of users, and restart."""
        self._server.faults.expire_tokens()
        self._server.faults.restart(seconds)

    def compact(self, seconds):
        """Compact the history, and restart."""
        self._server.faults.compact()
        self._server.faults.restart(seconds)

    def finish(self):
        """Let all builds succeed."""
        self._installation.runner.over = True

    def lines(self):
        """Return how many lines each build has printed."""
        return self._installation.runner.lines


@contextlib.contextmanager
def master(interval):
    """Run a sandbox; the object is a :class:`Master`."""
    with tempfile.TemporaryDirectory() as directory:
        with Installation(directory, runner=Lasting(interval)) as installation:
            yield Master(installation)


class Client:
    """
    One client process, whose threads share one OSBS.

    :param number: int, different for each client
    """

    def __init__(self, number, config, repository, delay_factor):
        from requests.packages.urllib3.connectionpool import HTTPConnectionPool

        import osbs._rest.retry
        import osbs._transport
        from osbs import utils
        from osbs.api import OSBS
        from osbs.conf import Configuration

        logging.disable(logging.WARNING)
        osbs._transport.HTTP_BACKOFF_FACTOR *= delay_factor
        osbs._rest.retry.MAX_DELAY *= delay_factor
        self._number = number
        self._repository = repository
        self._osbs = OSBS(*[Configuration(conf_file=config)] * 2)
        # All read the same repository: its files are no part of the load.
        info = utils.get_repo_info(repository, seed.BRANCH, git_branch=seed.BRANCH)
        utils.get_repo_info = lambda *args, **kwargs: info
        self._attempts = []
        self._received = {}
        self._threads = []
        self._failures = []
        self._record(HTTPConnectionPool)

    def _record(self, pool):
        send, attempts = pool._make_request, self._attempts

        def recorded(pool, connection, method, url, *args, **kwargs):
            kind = next((kind for part, kind in KINDS if part in url), "others")
            attempt = [time.time(), kind, 0]
            attempts.append(attempt)
            response = send(pool, connection, method, url, *args, **kwargs)
            attempt[2] = response.status
            return response

        pool._make_request = recorded

    def start(self, builds):
        """Start builds and follow them."""
        for number in range(builds):
            self._in_thread(self._build, "storm-{}-{}".format(self._number, number))

    def _in_thread(self, function, *args):
        def run():
            try:
                function(*args)
            except Exception as exc:
                self._failures.append("{}: {!r}".format(args[0], exc))

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    def _build(self, branch):
        build = self._osbs.create_orchestrator_build(
            git_uri=self._repository,
            git_ref=branch,
            git_branch=branch,
            user="storm",
            component=seed.COMPONENT,
            target="candidate",
            platforms=["x86_64"],
        )
        name = build.get_build_name()
        self._osbs.wait_for_build_to_get_scheduled(name)
        self._in_thread(self._wait, name)
        received = self._received[name] = []
        for line in self._osbs.get_build_logs(name, follow=True):
            received.append(int(line))

    def _wait(self, name):
        if not self._osbs.wait_for_build_to_finish(name, timeout=PATIENCE).is_succeeded():
            self._failures.append("{} has not succeeded".format(name))

    def figures(self):
        """Return memory (MiB) and number of sockets."""
        files = ("/proc/self/fd/" + name for name in os.listdir("/proc/self/fd"))
        links = [os.readlink(path) for path in files if os.path.lexists(path)]
        return resident(), sum(link.startswith("socket:") for link in links)

    def results(self):
        """Wait for the end; return attempts, failures and {build: whether all lines are right}."""
        for thread in self._threads:
            thread.join(PATIENCE)
            if thread.is_alive():
                self._failures.append("a thread does not end")
        received = self._received.items()
        lines = {name: len(got) if got == list(range(len(got))) else -1 for name, got in received}
        return self._attempts, self._failures, lines


@contextlib.contextmanager
def client(*args):
    """Make a :class:`Client`."""
    yield Client(*args)


Phase = collections.namedtuple("Phase", "name begin back end curve")


def reach(server, count):
    """Wait until so many streams are open; return a list of (time, number of open streams)."""
    curve = []
    begin = time.time()
    while not curve or curve[-1][1] < count and time.time() < begin + RECOVERY:
        time.sleep(INTERVAL)
        curve.append((time.time(), server.call("streams")))
    text = "{} of {} streams after {:.0f} s\n"
    sys.stderr.write(text.format(curve[-1][1], count, time.time() - begin))
    return curve


def run(args):
    """Let the storm happen; return what was found as JSON-like data."""
    began = time.time()
    about = report.machine()
    streams = 2 * args.processes * args.builds
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(contextlib.closing(Served(master, args.interval)))
        config, repository = server.call("files")
        clients = [
            stack.enter_context(
                contextlib.closing(Served(client, number, config, repository, args.delay_factor))
            )
            for number in range(args.processes)
        ]
        idle = [one.call("figures") for one in clients], server.call("figures")
        begin = time.time()
        for one in clients:
            one.call("start", args.builds)
        phases = [Phase("start", begin, begin, 0, reach(server, streams))]
        time.sleep(args.settle)
        steady = [one.call("figures") for one in clients], server.call("figures")
        for name in ("restart", "expire_tokens", "compact"):
            begin = time.time()
            server.call(name, args.away)
            time.sleep(args.away)
            phases.append(Phase(name, begin, begin + args.away, 0, reach(server, streams)))
            time.sleep(args.settle)
        after = [one.call("figures") for one in clients], server.call("figures")
        phases.append(Phase("finish", time.time(), time.time(), 0, []))
        server.call("finish")
        results = [one.call("results") for one in clients]
        printed = server.call("lines")
    attempts = sorted(attempt for found, _, _ in results for attempt in found)
    received = {name: count for _, _, lines in results for name, count in lines.items()}
    return {
        "about": dict(about, seconds=round(time.time() - began)),
        "arguments": vars(args),
        "builds": len(printed),
        "failures": [text for _, failures, _ in results for text in failures],
        "lost": sorted(name for name in printed if received.get(name) != printed[name]),
        "lines": sum(printed.values()),
        "clients": [_mean(figures[0]) for figures in (idle, steady, after)],
        "master": [figures[1] for figures in (idle, steady, after)],
        "phases": list(_phases(phases, attempts, args)),
    }


def _mean(pairs):
    return [sum(values) / float(len(pairs)) for values in zip(*pairs)]


def _phases(phases, attempts, args):
    """Yield a dict for each phase: requests, how they spread, when the streams were back."""
    for phase, following in zip(phases, phases[1:] + [None]):
        end = following.begin if following else float("inf")
        seen = [attempt for attempt in attempts if phase.begin <= attempt[0] < end]
        refused = [attempt for attempt in seen if not attempt[2]]
        back = phase.back
        yield {
            "name": phase.name,
            "requests": dict(collections.Counter(kind for _, kind, _ in seen)),
            "refused": len(refused),
            "unauthorized": sum(status == 401 for _, _, status in seen),
            "busiest 0.1 s": _busiest(seen, 0.1, back),
            "busiest second": _busiest(seen, 1.0, back),
            "busiest second of logins": _busiest([a for a in seen if a[1] == "logins"], 1.0, back),
            "back after": {
                str(share): round(_moment(phase.curve, args, share / 100.0) - back, 2)
                for share in (50, 95, 100)
                if phase.curve
            },
            "each second": _each_second(seen, phase.begin),
        }


def _busiest(attempts, width, begin):
    """Return the largest number of attempts in a slice of time after ``begin``."""
    slices = collections.Counter(int((at - begin) / width) for at, _, _ in attempts if at >= begin)
    return max(slices.values(), default=0)


def _moment(curve, args, share):
    wanted = 2 * args.processes * args.builds * share
    return next((moment for moment, count in curve if count >= wanted), float("inf"))


def _each_second(attempts, begin):
    slices = collections.Counter(int(at - begin) for at, _, _ in attempts)
    return [slices[second] for second in range(max(slices, default=-1) + 1)]


def markdown(found):
    """Return the table."""
    builds = float(found["builds"])
    lines = [
        "Taken on {date}, {cores} cores, load {load before} when it began, in {seconds} s: "
        "{processes} processes with {builds} builds each, {lines} lines of logs, the master away "
        "for {away:g} s each time.".format(
            lines=found["lines"], **dict(found["about"], **found["arguments"])
        ),
        "",
        "| phase | requests for each build | refused connections | responses 401 | log-ins "
        "| busiest second (0.1 s) | streams back after: half, 95 %, all |",
        "|---|---|---|---|---|---|---|",
    ]
    for phase in found["phases"]:
        lines.append(
            "| {} | {:.1f} | {} | {} | {} | {} ({}) | {} |".format(
                phase["name"].replace("_", " "),
                sum(phase["requests"].values()) / builds,
                phase["refused"],
                phase["unauthorized"],
                phase["requests"].get("logins", 0),
                phase["busiest second"],
                phase["busiest 0.1 s"],
                ", ".join("{:.1f} s".format(value) for value in phase["back after"].values()),
            )
        )
    lines += ["", "| | idle | all followed | after the storm |", "|---|---|---|---|"]
    for who in ("clients", "master"):
        for index, what in enumerate(("memory", "connections")):
            unit = "{:.0f} MiB" if what == "memory" else "{:.0f}"
            values = (unit.format(figures[index]) for figures in found[who])
            lines.append("| {} of {} | {} |".format(what, _WHO[who], " | ".join(values)))
    return "\n".join(lines) + "\n"


_WHO = {"clients": "a client process, on average", "master": "the master"}


def plot(found, path):
    """Draw the requests in each second; nothing without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 4, figsize=(16, 3.2))
    for axis, phase in zip(axes, found["phases"]):
        axis.bar(range(len(phase["each second"])), phase["each second"], width=1.0, align="edge")
        title = phase["name"].replace("_", " ")
        axis.set(title=title, xlabel="seconds after it", ylabel="requests in a second")
    figure.tight_layout()
    figure.savefig(path, dpi=80, metadata={"Software": None})
    pyplot.close(figure)


def main(argv=None):
    """Run it and write the results; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("::")[0])
    parser.add_argument("--processes", type=int, default=50)
    parser.add_argument("--builds", type=int, default=20, help="of each process")
    parser.add_argument("--interval", type=float, default=2.0, help="seconds between lines")
    parser.add_argument("--away", type=float, default=5.0, help="seconds that a restart takes")
    parser.add_argument("--settle", type=float, default=10.0, help="seconds between two events")
    parser.add_argument("--delay-factor", type=float, default=1.0, help="of the clients' retries")
    parser.add_argument("--output", default=OUTPUT)
    args = parser.parse_args(argv)
    found = run(args)
    os.makedirs(args.output, exist_ok=True)
    with open(os.path.join(args.output, "storm.json"), "w") as target:
        json.dump(found, target, indent=1)
    with open(os.path.join(args.output, "storm.md"), "w") as target:
        target.write(markdown(found))
    plot(found, os.path.join(args.output, "storm.png"))
    sys.stdout.write(markdown(found))
    wrong = found["failures"] + ["log of {} is not complete".format(name) for name in found["lost"]]
    if found["builds"] != args.processes * args.builds:
        wrong.append("{} builds were started".format(found["builds"]))
    sys.stdout.write("".join(text + "\n" for text in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
