"""Lists of thousands of objects: in pages, and a backup in bounded memory."""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time

from osbs.api import OSBS
from osbs.cli.main import main as command_line
from osbs.conf import Configuration
from tests.benchmarks.clusters import cluster
from tests.benchmarks.harness import Outcome, Panel, Row, by_turns
from tests.benchmarks.processes import memory_of, served

PAGE = 500
RESOURCE = "buildconfigs"

# Counts the objects of a backup, in another process: this one is being measured.
COUNT = [
    sys.executable,
    "-c",
    """import json, sys, tarfile
with tarfile.open(sys.argv[1], 'r|bz2') as archive:
    contents = (archive.extractfile(member).read().decode('ascii') for member in archive)
    print(sum(len(json.loads(content)['items']) for content in contents))
""",
]


def facade(ready):
    """Return an OSBS for the server."""
    conf = Configuration(conf_file=ready["config"], token=ready["token"])
    return OSBS(conf, conf)


def whole_backup(ready):
    """Back up as the baseline does: one list, in memory; returns the number of objects."""
    osbs = facade(ready)
    objects = 0
    with tempfile.TemporaryFile() as target, tarfile.open(mode="w|bz2", fileobj=target) as archive:
        for resource_type in (RESOURCE, "imagestreams"):
            listed = osbs.dump_resource(resource_type)
            content = json.dumps(listed).encode("ascii")
            info = tarfile.TarInfo(resource_type + ".json")
            info.size = len(content)
            archive.addfile(info, fileobj=io.BytesIO(content))
            objects += len(listed["items"])
    return objects


def paged_backup(ready):
    """Run `osbs backup-builder` in this process; returns the number of objects."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "backup.tar.bz2")
        arguments = ["--config", ready["config"], "--token", ready["token"], "--quiet"]
        sys.argv = ["osbs"] + arguments + ["backup-builder", "--filename", path]
        status = command_line()
        assert not status, status
        return int(subprocess.check_output(COUNT + [path]))


def measure_backups(server, ready, sizes):
    """Return (size, MiB in pages, MiB at once) for each size."""
    figures = []
    for size in sizes:
        server.call("fill", RESOURCE, size)
        paged, count = memory_of(paged_backup, ready)
        assert count == size, (count, size)
        at_once, count = memory_of(whole_backup, ready)
        assert count == size, (count, size)
        figures.append((size, paged, at_once))
    return figures


def backup_rows(figures):
    """Judge the memory of backups."""
    (few, paged_few, _), (many, paged_many, whole_many) = figures[-2:]
    yield Row(
        "memory of `osbs backup-builder`, {:,} objects, more than for {:,}".format(many, few),
        "the smaller backup; one unpaged list of {:,}".format(many),
        "{:.1f} MiB, {:.1f} MiB; unpaged {:.0f} MiB".format(paged_few, paged_many, whole_many),
        paged_many - paged_few,
        at_most=10,
        unit="MiB",
        note="the names and uids, which a list that begins anew needs",
    )


def list_rows(server, ready, count, rounds):
    """Compare list_builds in pages and at once."""
    osbs = facade(ready)
    server.call("fill", "builds", count)

    def listed(**paging):
        assert len(osbs.list_builds(**paging)) == count

    listed()
    server.call("forget_requests")
    listed(page_size=PAGE)
    sent = len(server.call("requests"))
    timing = by_turns(
        rounds, {"at once": listed, "in pages": lambda: listed(page_size=PAGE)}, time.process_time
    )
    expected = -(-count // PAGE)
    yield Row(
        "requests of `list_builds(page_size={})`, {:,} builds".format(PAGE, count),
        "",
        "",
        sent,
        at_most=expected,
        at_least=expected,
        unit="requests",
    )
    yield Row(
        "`list_builds(page_size={})`, {:,} builds: work of the client".format(PAGE, count),
        "one unpaged list",
        timing.text("at once", "in pages"),
        timing.ratio("in pages", "at once"),
        at_most=1.5,
    )


def run(options):
    """Measure."""
    sizes = options.pick((500, 2000, 20000), (20, 60))
    with served(cluster, {"tls": True, "keep_finished": 10**6}) as server:
        ready = server.call("ready")
        figures = measure_backups(server, ready, sizes)
        rows = list(backup_rows(figures))
        server.call("empty", RESOURCE)
        rows += list_rows(server, ready, sizes[-1], options.pick(3, 1))
    lines = {
        "in pages of {}".format(PAGE): [(size, paged) for size, paged, _ in figures],
        "at once": [(size, whole) for size, _, whole in figures],
    }
    return Outcome(rows, [Panel("Memory of a backup", "objects", "MiB", lines)])
