"""Following a log of a million lines, and the memory that it takes."""

import time

import requests

from osbs.api import OSBS
from osbs.conf import Configuration
from tests.benchmarks.harness import Outcome, Panel, Row, by_turns
from tests.benchmarks.masters import BLOCK_LINES, log_master
from tests.benchmarks.processes import memory_of, served


def plain_lines(url, build):
    """Yield the lines of a log as the baseline reads them."""
    path = "oapi/v1/namespaces/osbs/builds/{}/log/?follow=1".format(build)
    pending = b""
    with requests.get(url + path, stream=True, timeout=60) as response:
        for block in response.iter_content(65536):
            lines = (pending + block).split(b"\n")
            pending = lines.pop()
            for line in lines:
                yield line.decode("utf-8")
    if pending:
        yield pending.decode("utf-8")


def followed_lines(url, build):
    """Return a generator of the same lines, from the facade."""
    conf = Configuration(conf_file=None, openshift_url=url, namespace="osbs", use_auth=False)
    return OSBS(conf, conf).get_build_logs(build, follow=True, decode=True)


def read(reader, url, count):
    """Read a log to its end."""
    seen = 0
    for _ in reader(url, "lines-{}".format(count)):
        seen += 1
    assert seen == count, (seen, count)


def run(options):
    """Measure."""
    sizes = options.pick((BLOCK_LINES, 100000, 1000000), (BLOCK_LINES,))
    timings, memory = {}, {}
    with served(log_master) as master:
        url = master.call("url")
        for count in sizes:
            timings[count] = by_turns(
                options.pick(9, 1),
                {
                    "plain": lambda: read(plain_lines, url, count),
                    "followed": lambda: read(followed_lines, url, count),
                },
                time.process_time,
            )
            memory[count] = memory_of(read, followed_lines, url, count)[0]
    most = sizes[-1]
    rate = 1 / timings[most].ratio("followed", "plain")
    rows = [
        Row(
            "rate (by CPU time) of {:,} lines through `OSBS.get_build_logs`".format(most),
            "`iter_content(65536)`, split at line feeds, decoded, one line at a time",
            timings[most].text("plain", "followed"),
            rate,
            at_least=0.5,
            unit="x the rate",
        ),
        Row(
            "memory for {:,} lines, more than for {:,}".format(most, sizes[0]),
            "the shorter log",
            "{:.1f} MiB, {:.1f} MiB".format(memory[sizes[0]], memory[most]),
            memory[most] - memory[sizes[0]],
            at_most=2,
            unit="MiB",
        ),
    ]
    lines = {
        name: [(count, timings[count].median(name)) for count in sizes]
        for name in ("plain", "followed")
    }
    return Outcome(rows, [Panel("Following a log", "lines", "CPU seconds of the reader", lines)])
