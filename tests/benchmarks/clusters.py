"""A sandbox in a process of its own, asked for what it has seen."""

import asyncio
import random
import tempfile
import time
from contextlib import contextmanager

from osbs.sandbox.http.request_log import RequestLog
from osbs.sandbox.install.installation import Installation
from osbs.sandbox.pods.runner import Runner
from tests.benchmarks.responses import build

# Builds whose names begin so print lines, all others succeed at once.
TALKING = "talking-"
LINES = 40
FINISHED = ("Complete", "Failed", "Error", "Cancelled")


class Talker(Runner):
    """Print the time again and again."""

    async def run(self, pod):
        """Talk if the build's name says so, then succeed."""
        if pod.build["metadata"]["name"].startswith(TALKING):
            pause = random.Random(pod.name)
            await asyncio.sleep(0.3)
            for _ in range(LINES):
                pod.log.write("{:.6f} {}\n".format(time.time(), "x" * 60).encode("ascii"))
                await asyncio.sleep(pause.uniform(0.005, 0.02))
        return 0


class Cluster:
    """The server's side: what tests ask of it over a pipe."""

    def __init__(self, installation):
        self._installation = installation
        self._server = installation.server
        self._finished = {}
        self._server.call(self._server.store.subscribe, self._note, "builds")

    def _note(self, event):
        if event.obj["status"].get("phase") in FINISHED:
            self._finished.setdefault(event.obj["metadata"]["name"], time.time())

    def ready(self):
        """Return url, ca, token and so on, and the path of an osbs.conf."""
        return self._installation.ready_line()

    def finished(self):
        """Return when builds were finished: name -> seconds since the epoch."""
        return dict(self._finished)

    def forget_requests(self):
        """Forget what was asked so far."""
        self._server.requests.clear()

    def requests(self):
        """Return what was asked: list of (method, path and query, number of the connection)."""
        return [
            (seen.method, seen.path + ("?" + seen.query if seen.query else ""), seen.connection)
            for seen in self._server.requests
        ]

    def put(self, resource, obj):
        """Store an object."""
        self._server.put(resource, obj)

    def push(self, repository):
        """Put an image into the registry that image streams import from."""
        self._server.push(repository)

    def fill(self, resource, count):
        """Have so many BuildConfigs or Builds of 5 KiB."""
        for number in range(len(self._server.store.list(resource, "osbs")), count):
            obj = build(number)
            obj["metadata"].pop("resourceVersion")
            if resource == "buildconfigs":
                obj.update(kind="BuildConfig", status={"lastVersion": 1})
                obj["metadata"]["annotations"] = {}
            self._server.put(resource, obj)

    def empty(self, resource):
        """Remove all objects."""
        self._server.call(self._empty, resource)

    def _empty(self, resource):
        for obj in list(self._server.store.list(resource, "osbs")):
            self._server.store.delete(resource, "osbs", obj["metadata"]["name"])


@contextmanager
def cluster(options):
    """Run a sandbox; the object is a Cluster.

    :param options: dict, keywords of osbs.sandbox.server.Sandbox
    """
    options.setdefault("speed", 100.0)
    with tempfile.TemporaryDirectory() as directory:
        with Installation(directory, runner=Talker(), **options) as installation:
            installation.server.requests._records = RequestLog(100000)._records
            yield Cluster(installation)


def talking_build(number):
    """Return a Build that prints lines."""
    return {
        "kind": "Build",
        "apiVersion": "v1",
        "metadata": {"name": "{}{}".format(TALKING, number)},
        "spec": {
            "serviceAccount": "builder",
            "source": {"type": "Git", "git": {"uri": "https://git.example.org/repo.git"}},
            "strategy": {
                "type": "Custom",
                "customStrategy": {"from": {"kind": "DockerImage", "name": "buildroot:latest"}},
            },
            "output": {"to": {"kind": "DockerImage", "name": "127.0.0.1:5000/x:latest"}},
        },
    }
