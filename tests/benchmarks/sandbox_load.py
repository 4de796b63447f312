"""
Load figures of the sandbox, by a command::

    python -m tests.benchmarks.sandbox_load            # 300 builds, each watched and followed
    python -m tests.benchmarks.sandbox_load --memory   # memory over 10,000 builds
    python -m tests.benchmarks.sandbox_load --queued   # 300 builds of one BuildConfig against 75

The first starts builds whose pods are scripted, follows each build's watch and log over TLS from
another process, and tells the longest delay between an event on the server and its arrival, and
whether any was lost. Status 1 if something was lost or took longer than a second. The last has
builds wait for each other, as the run policy Serial wants it; status 1 if four times as many cost
more than five times the time of the processor.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import ssl
import sys
import time

import aiohttp

from osbs.sandbox.kinds.builds import NUMBER_ANNOTATION, POLICY_LABEL
from osbs.sandbox.pods.runner import Runner
from osbs.sandbox.server import Sandbox

LONGEST = 1.0
DEAREST = 5.0
FINISHED = ("Complete", "Failed", "Cancelled", "Error")


class Talker(Runner):
    """
    Print a line with its time again and again.

    :param lines: int, how many
    :param pause: float, seconds between them
    """

    def __init__(self, lines, pause):
        self.lines = lines
        self.pause = pause

    async def run(self, pod):
        """Talk, then succeed."""
        for number in range(self.lines):
            pod.log.write(
                "{} {:.6f} line of {}\n".format(number, time.time(), pod.name).encode("utf-8")
            )
            await asyncio.sleep(self.pause)
        return 0


def build(name, namespace="osbs"):
    """Return a Build as a client posts it."""
    return {
        "kind": "Build",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "source": {"type": "Git", "git": {"uri": "https://git.example.com/x.git"}},
            "serviceAccount": "builder",
            "strategy": {
                "type": "Custom",
                "customStrategy": {
                    "from": {"kind": "DockerImage", "name": "127.0.0.1:5000/buildroot:latest"},
                    "env": [{"name": "USER_PARAMS", "value": "x" * 1000}],
                },
            },
            "output": {"to": {"kind": "DockerImage", "name": "127.0.0.1:5000/x:latest"}},
        },
    }


class Client:
    """
    Start builds and follow them.

    :param url: str
    :param ca: str, path
    :param token: str
    :param names: list of str, builds
    """

    def __init__(self, url, ca, token, names):
        self._base = url + "oapi/v1/"
        self._ssl = ssl.create_default_context(cafile=ca)
        self._headers = {"Authorization": "Bearer " + token}
        self._names = names
        self.events = []
        self.lines = {}
        self.delays = []

    async def run(self):
        """Do it; returns what was seen."""
        connector = aiohttp.TCPConnector(limit=0, ssl=self._ssl)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(
            connector=connector, headers=self._headers, timeout=timeout
        ) as session:
            await asyncio.gather(*(self._one(session, name) for name in self._names))
        return {"events": self.events, "lines": self.lines, "delays": self.delays}

    async def _one(self, session, name):
        async with session.post(self._base + "namespaces/osbs/builds/", json=build(name)) as answer:
            assert answer.status == 201, await answer.text()
        await asyncio.gather(self._watch(session, name), self._log(session, name))

    async def _watch(self, session, name):
        async with session.get(self._base + "watch/namespaces/osbs/builds/" + name) as answer:
            async for line in answer.content:
                now = time.time()
                event = json.loads(line.decode("utf-8"))
                metadata = event["object"]["metadata"]
                self.events.append([name, int(metadata["resourceVersion"]), now])
                if event["object"]["status"]["phase"] in FINISHED:
                    return

    async def _log(self, session, name):
        target = "{}namespaces/osbs/builds/{}/log?follow=1".format(self._base, name)
        count = 0
        async with session.get(target) as answer:
            assert answer.status == 200, await answer.text()
            begun = time.time()
            async for line in answer.content:
                number, moment, _ = line.split(b" ", 2)
                assert int(number) == count, "line lost or repeated"
                count += 1
                if float(moment) > begun:
                    self.delays.append(time.time() - float(moment))
        self.lines[name] = count


def _client(connection, *args):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    connection.send(loop.run_until_complete(Client(*args).run()))


def follow(builds, lines, pause):
    """Run the load; returns the figures."""
    names = ["load-{}".format(number) for number in range(builds)]
    happened = {}
    with Sandbox(Talker(lines, pause)) as sandbox:

        def remember(event):
            if event.resource == "builds":
                happened[event.obj["metadata"]["name"], event.version] = time.time()

        sandbox.call(sandbox.store.subscribe, remember)
        ours, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        process = context.Process(
            target=_client, args=(theirs, sandbox.url, sandbox.ca, sandbox.token, names)
        )
        process.start()
        seen = ours.recv()
        process.join()
    arrivals = {}
    for name, version, moment in seen["events"]:
        arrivals.setdefault(name, {})[version] = moment
    late = []
    lost = 0
    for (name, version), moment in happened.items():
        first = min(arrivals[name])
        if version < first:
            continue  # before the watch began
        if version not in arrivals[name]:
            lost += 1
        elif version > first:
            late.append(arrivals[name][version] - moment)
    return {
        "builds": builds,
        "watch events": len(late),
        "lost events": lost,
        "longest delay of an event (s)": round(max(late), 3),
        "log lines": sum(seen["lines"].values()),
        "lost lines": builds * lines - sum(seen["lines"].values()),
        "longest delay of a line (s)": round(max(seen["delays"]), 3),
    }


def resident():
    """Return the resident memory of this process in MiB."""
    with open("/proc/self/statm") as source:
        return int(source.read().split()[1]) * resource.getpagesize() / 2.0**20


def memory(builds, batch=200):
    """Run many builds in batches; returns (builds so far, MiB) pairs."""
    figures = []
    with Sandbox(Talker(20, 0.0), speed=50) as sandbox:
        for start in range(0, builds, batch):
            for number in range(start, start + batch):
                sandbox.put("builds", build("load-{}".format(number)))
            while sandbox.cluster.builds.running:
                time.sleep(0.01)
            done = start + batch
            if done % (builds // 10) == 0:
                figures.append((done, round(resident(), 1)))
                sys.stderr.write("{} builds, {} MiB\n".format(*figures[-1]))
    return figures


def queued_build(number):
    """Return a Build that waits for those of lower numbers."""
    made = build("queued-{}".format(number))
    made["metadata"]["labels"] = {POLICY_LABEL: "Serial"}
    made["metadata"]["annotations"] = {NUMBER_ANNOTATION: str(number)}
    made["status"] = {"phase": "New", "config": {"kind": "BuildConfig", "name": "queued"}}
    return made


def queued(count):
    """Run builds one after the other; returns seconds of the processor."""
    with Sandbox(Talker(1, 0.0), speed=1000, tls=False) as sandbox:
        begun = time.process_time()
        for number in range(1, count + 1):
            sandbox.put("builds", queued_build(number))
        while sandbox.cluster.builds.running:
            time.sleep(0.01)
        return time.process_time() - begun


def compare_queued(few=75, many=300):
    """Return the figures of few and many queued builds."""
    queued(few)  # what is imported and compiled late
    costs = [min(queued(count) for _ in range(3)) for count in (few, many)]
    return {
        "seconds for {}".format(few): round(costs[0], 2),
        "seconds for {}".format(many): round(costs[1], 2),
        "ratio": round(costs[1] / costs[0], 2),
    }


def main(argv=None):
    """Measure and print JSON; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure the sandbox under load")
    parser.add_argument("--builds", type=int)
    parser.add_argument("--lines", type=int, default=50)
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between lines")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--queued", action="store_true")
    args = parser.parse_args(argv)
    if args.queued:
        figures = compare_queued(many=args.builds or 300)
        json.dump(figures, sys.stdout, indent=1)
        sys.stdout.write("\n")
        return 0 if figures["ratio"] <= DEAREST else 1
    if args.memory:
        figures = memory(args.builds or 10000)
        json.dump({"MiB after builds": figures}, sys.stdout, indent=1)
        sys.stdout.write("\n")
        half = figures[len(figures) // 2][1]
        return 0 if figures[-1][1] < half * 1.05 else 1
    figures = follow(args.builds or 300, args.lines, args.pause)
    json.dump(figures, sys.stdout, indent=1)
    sys.stdout.write("\n")
    fine = (
        not figures["lost events"]
        and not figures["lost lines"]
        and figures["longest delay of an event (s)"] <= LONGEST
        and figures["longest delay of a line (s)"] <= LONGEST
    )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
