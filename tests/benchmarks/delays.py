"""How long after it was written a line of a followed log arrives; and the end of a build."""

import statistics
import time

from osbs.api import OSBS
from osbs.conf import Configuration
from tests.benchmarks.clusters import LINES, cluster, talking_build
from tests.benchmarks.harness import Outcome, Row
from tests.benchmarks.processes import served


def measure(osbs, server, number):
    """Follow a build; returns delays of its lines, and that of the end of the log."""
    build = talking_build(number)
    osbs.os.create_build(build).json()
    name = build["metadata"]["name"]
    osbs.wait_for_build_to_get_scheduled(name)
    followed = time.time()
    lines = []
    for line in osbs.get_build_logs(name, follow=True, decode=True):
        arrived = time.time()
        written = float(line.split(" ", 1)[0])
        lines.append(arrived - max(written, followed))
    ended = time.time()
    assert len(lines) == LINES, lines
    return lines, ended - server.call("finished")[name]


def waited(osbs, server, number):
    """Wait for a build; returns the seconds after which its end is known."""
    build = talking_build(number)
    osbs.os.create_build(build).json()
    name = build["metadata"]["name"]
    response = osbs.wait_for_build_to_finish(name)
    known = time.time()
    assert response.is_succeeded()
    return known - server.call("finished")[name]


def row(what, seconds, at_most=50):
    """Judge delays by what 95 % keep; the longest is the scheduler's on a loaded machine."""
    return Row(
        what,
        "the server's clock",
        "of {}: median {:.1f} ms, longest {:.1f} ms".format(
            len(seconds), statistics.median(seconds) * 1e3, max(seconds) * 1e3
        ),
        sorted(seconds)[int(len(seconds) * 0.95)] * 1e3,
        at_most=at_most,
        unit="ms",
    )


def run(options):
    """Measure."""
    count = options.pick(6, 1)
    lines, logs, ends = [], [], []
    with served(cluster, {"tls": True}) as server:
        ready = server.call("ready")
        conf = Configuration(conf_file=ready["config"], token=ready["token"])
        osbs = OSBS(conf, conf)
        for number in range(count):
            delays, end = measure(osbs, server, number)
            lines += delays
            logs.append(end)
        for number in range(count, 3 * count):
            ends.append(waited(osbs, server, number))
    return Outcome(
        [
            row("delay of a followed line, of 95 %", lines),
            row("delay of a finished wait, of 95 %", ends),
            row("end of a followed log after the end of the build, of 95 %", logs, None),
        ]
    )
