"""
A soak: builds at full load for minutes while faults come at random, by a command::

    python -m tests.benchmarks.soak --minutes 10

Threads that share one OSBS object start orchestrator, worker and scratch builds, follow their
logs and wait for their ends. The sandbox runs in a process of its own, which also knows, without
HTTP, what was started and how it ended. At the end everything is compared, and open files,
threads and memory of both processes are printed. Status 1 if something is not accounted for.

Pauses between repeats are shortened (``--backoff``), or the threads would sleep most of the time.
"""

import argparse
import collections
import gc
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time

import requests

import osbs._transport
from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.exceptions import OsbsException
from osbs.sandbox.install import seed
from osbs.sandbox.install.installation import Installation
from osbs.sandbox.pods.outcomes import Outcome
from osbs.sandbox.pods.scripted import ScriptedRunner

SPEED = 10
LONGEST_LOG = 400
# Seconds that builds under way may take to end, once no more are started and nothing fails.
PATIENCE = 120
# Growth after the warm-up that is no leak: what allocators keep.
SPARE_MIB = 16
SPARE_THREADS = 8  # of the sandbox's executor
SPARE_FILES = 4

Figures = collections.namedtuple("Figures", "mib files threads")


def outcome_of(build_name):
    """Return what a build does; both sides know it by the name alone."""
    dice = random.Random(build_name)
    letters = "abc \u011b\u20ac{}%-:\t"
    lines = [
        "{} {} {}".format(
            build_name, number, "".join(dice.choice(letters) for _ in range(dice.randrange(60)))
        )
        for number in range(dice.randrange(LONGEST_LOG))
    ]
    return Outcome(
        duration=dice.uniform(0.0, 2.0), lines=lines, exit_status=int(dice.random() < 0.1)
    )


class Player(ScriptedRunner):
    """Play what the name of the build says."""

    def outcome_of(self, build_name):
        """Return the Outcome of a build, by its name."""
        return outcome_of(build_name)


def serve(directory):
    """Run the sandbox until stdin ends, then print what became of all builds."""
    phases = {}

    def remember(event):
        if event.resource == "builds":
            obj = event.obj
            phases[obj["metadata"]["name"]] = obj["status"]["phase"]

    with Installation(directory, runner=Player(), speed=SPEED) as sandbox:
        sandbox.server.call(sandbox.server.store.subscribe, remember)
        print(json.dumps(sandbox.ready_line()), flush=True)
        sys.stdin.read()
    print(json.dumps(phases), flush=True)


def figures_of(pid):
    """Return the Figures of a process."""
    with open("/proc/{}/statm".format(pid)) as source:
        pages = int(source.read().split()[1])
    return Figures(
        round(pages * resource.getpagesize() / 2.0**20, 1),
        len(os.listdir("/proc/{}/fd".format(pid))),
        len(os.listdir("/proc/{}/task".format(pid))),
    )


class Chaos(threading.Thread):
    """
    Ask the sandbox for faults until told to stop.

    :param ready: dict, the ready line
    :param pause: float, longest pause between faults in seconds
    :param dice: random.Random
    """

    KINDS = (
        ("delay", lambda dice: {"seconds": dice.uniform(0, 1)}),
        ("reset_before", lambda dice: {}),
        ("reset_after", lambda dice: {}),
        ("cut", lambda dice: {"bytes": dice.randrange(3000)}),
        ("cut", lambda dice: {"bytes": dice.randrange(9000), "path": "/log/?[?]follow"}),
        ("cut", lambda dice: {"bytes": dice.randrange(9000), "path": "follow", "clean": True}),
        ("status", lambda dice: {"status": dice.choice([408, 500, 502, 503, 504])}),
        ("status", lambda dice: {"status": 429, "retry_after": 1}),
        ("html", lambda dice: {"status": 503}),
        ("reset_connection", lambda dice: {}),
        ("drop_watches", lambda dice: {}),
        ("drop_connections", lambda dice: {}),
        ("expire_tokens", lambda dice: {}),
        ("compact", lambda dice: {}),
        ("refuse", lambda dice: {"seconds": dice.uniform(0, 1)}),
        ("restart", lambda dice: {"seconds": dice.uniform(0, 1)}),
    )
    # What hits everybody comes less often.
    RARE = ("refuse", "restart", "drop_connections", "compact", "expire_tokens")
    # Seconds that tokens live at least: one that is refused twice in one request is an error.
    TOKEN_LIFE = 10

    def __init__(self, ready, pause, dice):
        super().__init__()
        self._url = ready["url"] + "_sandbox/faults"
        self._ca = ready["ca"]
        self._pause = pause
        self._dice = dice
        self.stopped = threading.Event()
        self.fired = collections.Counter()
        self._tokens_live_until = 0

    def run(self):
        """Add faults; at the end take all away."""
        added = 0
        while not self.stopped.wait(self._dice.uniform(0, self._pause)):
            kind, make = self._dice.choice(self.KINDS)
            if kind in self.RARE and self._dice.random() < 0.9:
                continue
            if kind == "expire_tokens":
                if time.monotonic() < self._tokens_live_until:
                    continue
                self._tokens_live_until = time.monotonic() + self.TOKEN_LIFE
            self._add(kind=kind, **make(self._dice))
            added += 1
            if added % 100 == 0:
                self._collect()
        self._collect()

    def _collect(self):
        for fault in self._ask("get").json():
            self.fired[fault["kind"]] += fault["fired"]
        self._ask("delete")

    def _add(self, **fault):
        # Never repeated: some break the connection on which they were asked for.
        try:
            answer = requests.post(self._url, json=fault, verify=self._ca, timeout=30)
        except requests.exceptions.RequestException:
            return
        answer.raise_for_status()

    def _ask(self, verb):
        while True:
            try:
                return requests.request(verb, self._url, verify=self._ca, timeout=30)
            except requests.exceptions.RequestException:
                time.sleep(0.1)  # faults hit this connection too


class Worker(threading.Thread):
    """
    Start builds one after the other, follow each to its end and compare.

    :param osbs: OSBS
    :param arguments: dict, keywords of the builds
    :param stop: threading.Event
    :param dice: random.Random
    """

    def __init__(self, osbs, arguments, stop, dice):
        super().__init__()
        self.osbs = osbs
        self._arguments = arguments
        self._stop_event = stop
        self._dice = dice
        self.finished = []
        self.lines = 0
        self.refused = collections.Counter()
        self.wrong = []
        self.current = None

    def run(self):
        """Build until told to stop."""
        while not self._stop_event.is_set():
            try:
                self.current = self._start()
            except OsbsException as ex:
                self.refused[" ".join(type(cls).__name__ for cls in (ex, ex.cause) if cls)] += 1
                self._stop_event.wait(0.1)
                continue
            try:
                self._follow(self.current)
            except Exception as ex:  # each is a finding
                self.wrong.append("{}: {!r}".format(self.current, ex))
            self.finished.append(self.current)
            self.current = None

    def _start(self):
        kind = self._dice.choice(["orchestrator", "worker", "scratch"])
        more = {"scratch": True} if kind == "scratch" else {}
        if kind == "worker":
            more = {"platform": "x86_64", "release": "1", "arrangement_version": 6}
            arguments = dict(self._arguments, **more)
            arguments.pop("platforms")
            response = self.osbs.create_worker_build(**arguments)
        else:
            response = self.osbs.create_orchestrator_build(**dict(self._arguments, **more))
        return response.get_build_name()

    def _follow(self, name):
        outcome = outcome_of(name)
        lines = [line.decode("utf-8") for line in self.osbs.get_build_logs(name, follow=True)]
        self.lines += len(lines)
        if lines != outcome.lines:
            self.wrong.append(
                "{}: {} lines received, {} written".format(name, len(lines), len(outcome.lines))
            )
        phase = self.osbs.wait_for_build_to_finish(name, timeout=PATIENCE).status
        if phase != ("failed" if outcome.exit_status else "complete"):
            self.wrong.append("{}: {}".format(name, phase))


class Soak:
    """
    Run builds for a while and compare.

    :param options: argparse.Namespace
    :param directory: str, for files
    """

    def __init__(self, options, directory):
        self._options = options
        self._directory = directory
        self._stop = threading.Event()
        self._figures = []

    def run(self):
        """Run; returns (dict of figures, list of str: what is wrong)."""
        command = [sys.executable, "-m", "tests.benchmarks.soak", "--serve", self._directory]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            ready = json.loads(self._server.stdout.readline().decode("utf-8"))
            dice = random.Random(self._options.seed)
            conf = Configuration(conf_file=ready["config"])
            workers = self._make_workers(OSBS(conf, conf), ready, dice)
            del conf
            self._note("start")
            faults = Chaos(ready, self._options.pause, dice)
            threads = workers + [faults]
            for thread in threads:
                thread.start()
            self._let_run(workers)
            faults.stopped.set()
            stuck = self._join([faults] + workers)
            for worker in workers:
                worker.osbs = None
            gc.collect()
            self._note("end")
            phases = self._end()
        finally:
            if self._server.poll() is None:
                self._server.kill()
            self._server.wait()
        return self._account(workers, stuck, phases, faults.fired)

    def _make_workers(self, osbs, ready, dice):
        workers = []
        for number in range(self._options.threads):
            name = "soak-{}".format(number)
            repository = seed.make_repository(os.path.join(self._directory, name))
            arguments = {
                "git_uri": repository,
                "git_ref": seed.BRANCH,
                "git_branch": seed.BRANCH,
                "user": ready["user"],
                "component": seed.COMPONENT,
                "target": "candidate",
                "platforms": list(seed.PLATFORMS),
            }
            workers.append(Worker(osbs, arguments, self._stop, random.Random(dice.random())))
        return workers

    def _let_run(self, workers):
        seconds = self._options.minutes * 60.0
        for moment in ("warm-up", "three quarters"):
            self._stop.wait(seconds / (2 if moment == "warm-up" else 4))
            self._note(moment)
            sys.stderr.write(
                "{}: {} builds\n".format(moment, sum(len(worker.finished) for worker in workers))
            )
        self._stop.wait(seconds / 4)
        self._note("full load")
        self._stop.set()

    def _note(self, moment):
        self._figures.append((moment, figures_of(os.getpid()), figures_of(self._server.pid)))

    @staticmethod
    def _join(threads):
        end = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return [
            "thread still busy with {}".format(getattr(thread, "current", "faults"))
            for thread in threads
            if thread.is_alive()
        ]

    def _end(self):
        # Builds whose start raised may still run; nobody follows them.
        time.sleep(5)
        return json.loads(self._server.communicate(timeout=PATIENCE)[0].decode("utf-8"))

    def _account(self, workers, stuck, phases, fired):
        known = [name for worker in workers for name in worker.finished]
        refused = sum((worker.refused for worker in workers), collections.Counter())
        unknown = set(phases) - set(known)
        lost = [text for worker in workers for text in worker.wrong]
        wrong = stuck + lost
        if not known:
            wrong.append("no build was started")
        if len(known) != len(set(known)):
            wrong.append("a build was given out twice")
        if set(known) - set(phases):
            wrong.append("the sandbox does not know {}".format(sorted(set(known) - set(phases))))
        if len(unknown) > sum(refused.values()):
            wrong.append("{} builds were started by nobody".format(len(unknown)))
        wrong += [
            "{} is {} at the end".format(name, phase)
            for name, phase in sorted(phases.items())
            if phase not in ("Complete", "Failed")
        ]
        wrong += self._leaks()
        return {
            "builds that calls returned": len(known),
            "followed to their end": len(known) - len({text.split(":")[0] for text in lost}),
            "builds of the sandbox": len(phases),
            "calls that raised": dict(refused),
            "builds of calls that raised": len(unknown),
            "log lines received": sum(worker.lines for worker in workers),
            "log lines written": sum(len(outcome_of(name).lines) for name in known),
            "faults": dict(fired),
            "figures (MiB, open files, threads of client and sandbox)": self._figures,
        }, wrong

    def _leaks(self):
        moments = {moment: figures for moment, *figures in self._figures}
        for index, who in enumerate(("client", "sandbox")):
            start, warm, load, end = (
                moments[moment][index] for moment in ("start", "warm-up", "full load", "end")
            )
            if load.mib > warm.mib * 1.1 + SPARE_MIB:
                yield "{}: memory grew from {} to {} MiB".format(who, warm.mib, load.mib)
            if end.files > start.files + SPARE_FILES:
                yield "{}: {} files open, {} at the start".format(who, end.files, start.files)
            if end.threads > start.threads + SPARE_THREADS * index:
                yield "{}: {} threads, {} at the start".format(who, end.threads, start.threads)


def main(argv=None):
    """Soak and print JSON; returns the exit status."""
    parser = argparse.ArgumentParser(description="builds at full load with random faults")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=24)
    parser.add_argument("--pause", type=float, default=0.3, help="longest pause between faults")
    parser.add_argument("--backoff", type=float, default=0.1, help="factor instead of 4 seconds")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--serve", metavar="DIR", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.serve:
        serve(options.serve)
        return 0
    osbs._transport.HTTP_BACKOFF_FACTOR = options.backoff
    with tempfile.TemporaryDirectory(prefix="osbs-soak-") as directory:
        # A token that somebody stored would win over the configured login.
        os.environ["HOME"] = directory
        figures, wrong = Soak(options, directory).run()
    json.dump(dict(figures, seed=options.seed, wrong=wrong), sys.stdout, indent=1)
    sys.stdout.write("\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
