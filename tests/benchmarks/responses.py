"""Reading builds: what ``osbs list-builds`` shows of each, from the bytes that the server sent."""

import json
import time

from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.http import HttpResponse
from tests.benchmarks.harness import Outcome, Panel, Row, by_turns
from tests.unit.buildparams import INPUTS

FIELDS = (
    lambda build: build.get_build_name(),
    lambda build: build.status,
    lambda build: build.get_image_tag(),
    lambda build: build.get_time_created(),
    lambda build: build.get_commit_id(),
    lambda build: build.get_image_id(),
    lambda build: build.get_base_image_name(),
    lambda build: build.get_koji_build_id(),
)


def build(number):
    """Return a finished Build as a server holds it, of 5 KiB."""
    name = "repo-master-{}".format(number)
    variables = [{"name": "VARIABLE_{}".format(n), "value": "value " * 10} for n in range(20)]
    return {
        "kind": "Build",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "namespace": "osbs",
            "uid": "{:032x}".format(number),
            "resourceVersion": str(number),
            "creationTimestamp": "2026-11-23T10:00:00Z",
            "labels": {"koji-build-id": str(number), "buildconfig": "repo-master"},
            "annotations": {
                "commit_id": "{:040x}".format(number),
                "image-id": "{:064x}".format(number),
                "base-image-name": "registry.example.org/fedora:29",
                "repositories": json.dumps({"primary": ["reg/x:1"], "unique": ["reg/x:1-1"]}),
            },
        },
        "spec": {
            "source": {"git": {"uri": "https://git.example.org/repo.git", "ref": "master"}},
            "strategy": {"customStrategy": {"env": variables, "from": {"name": "buildroot"}}},
            "output": {"to": {"kind": "DockerImage", "name": "reg/user/x:" + name}},
        },
        "status": {"phase": "Complete"},
    }


class Server:
    """Gives the facade an answer; nothing is sent."""

    def __init__(self, content):
        self._content = content

    def list_builds(self, **_):
        """Answer as Openshift does."""
        return HttpResponse(200, {}, self._content)


def measure(count, rounds):
    """Return the Timing for a list of so many builds."""
    items = [build(number) for number in range(count)]
    content = json.dumps({"kind": "BuildList", "items": items}).encode("utf-8")
    conf = Configuration(conf_file=None, build_json_dir=INPUTS)
    osbs = OSBS(conf, conf)
    osbs.os = Server(content)

    def listed():
        for response in osbs.list_builds():
            for field in FIELDS:
                field(response)

    return by_turns(
        rounds, {"loads": lambda: json.loads(content), "listed": listed}, time.process_time
    )


def run(options):
    """Measure."""
    rounds = options.pick({200: 25, 2000: 15, 10000: 3}, {20: 2, 200: 2})
    timings = {count: measure(count, rounds[count]) for count in rounds}
    count = options.pick(2000, 200)
    row = Row(
        "`list_builds`, then 8 fields of each of {:,} builds".format(count),
        "`json.loads` of the same bytes",
        timings[count].text("loads", "listed"),
        timings[count].ratio("listed", "loads"),
        at_most=1.3,
    )
    lines = {
        name: [(count, timing.median(name)) for count, timing in timings.items()]
        for name in ("loads", "listed")
    }
    return Outcome([row], [Panel("Listing builds, 8 fields each", "builds", "seconds", lines)])
