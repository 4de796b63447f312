"""Writes what came out: a table in Markdown, the same as JSON, a plot, and the page in docs/."""

import json
import os
import platform
import re
import subprocess
import sys
import time
import warnings
from importlib import import_module

from tests.unit.buildparams import ROOT

PAGE = os.path.join(ROOT, "docs", "performance.md")
PICTURE = "performance.png"
HEADER = ("what", "compared with", "medians", "result", "goal", "reached")
MARKS = ("<!-- begin: written by python3 -m tests.benchmarks --page -->", "<!-- end -->")
# Distribution -> module that tells its version.
LIBRARIES = (
    ("requests", "requests"),
    ("urllib3", "urllib3"),
    ("six", "six"),
    ("PyYAML", "yaml"),
    ("jsonschema", "jsonschema"),
    ("python-dateutil", "dateutil"),
    ("packaging", "packaging"),
    ("aiohttp", "aiohttp"),
)
# More processes than this share of the cores wait: the machine does other things as well.
BUSY = 0.75


def machine():
    """Return what ran the benchmarks, and how busy it was with other things."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2.0**30
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "memory (GiB)": int(round(memory)),
        "load before": round(os.getloadavg()[0], 1),
        "versions": dict(_libraries(), Python=platform.python_version(), git=_git_version()),
    }


def _libraries():
    for name, module in LIBRARIES:
        yield name, _version(name, import_module(module))


def _version(name, module):
    try:
        from importlib.metadata import version
    except ImportError:  # Python 3.7 and older
        with warnings.catch_warnings():
            # Some deprecate this attribute.
            warnings.simplefilter("ignore")
            return str(getattr(module, "__version__", "unknown"))
    return version(name)


def _git_version():
    return subprocess.check_output(["git", "--version"]).decode("ascii").split()[2]


def is_busy(about):
    """Tell whether other processes had a good part of the machine."""
    return about["load before"] > about["cores"] * BUSY


def table(rows):
    """Return the table as Markdown."""
    lines = ["| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    words = {True: "yes", False: "**no**", None: ""}
    for row in rows:
        cells = (row.what, row.baseline, row.measured, row.result, row.goal, words[row.reached])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def introduction(about):
    """Tell when and where the figures were taken."""
    versions = ", ".join("{} {}".format(*item) for item in sorted(about["versions"].items()))
    text = "Taken on {}, {} cores, {} GiB of memory, load {} when it began, in {} s; {}.".format(
        about["date"],
        about["cores"],
        about["memory (GiB)"],
        about["load before"],
        about["seconds"],
        versions,
    )
    busy = (
        "\nThe machine was busy with other things: ratios hold, times are longer than they need be."
    )
    return text + (busy if is_busy(about) else "")


def markdown(rows, about):
    """Return introduction, table and notes."""
    notes = ["- {}: {}.".format(row.what, row.note) for row in rows if row.note]
    return "\n\n".join(filter(None, (introduction(about), table(rows), "\n".join(notes)))) + "\n"


def write(directory, rows, panels, about):
    """Write results.md, results.json and the plot; returns the paths."""
    os.makedirs(directory, exist_ok=True)
    paths = [os.path.join(directory, name) for name in ("results.md", "results.json", PICTURE)]
    with open(paths[0], "w", encoding="utf-8") as target:
        target.write(markdown(rows, about))
    found = {
        "about": about,
        "rows": [row.as_json() for row in rows],
        "plot": [panel.as_json() for panel in panels],
    }
    with open(paths[1], "w", encoding="utf-8") as target:
        json.dump(found, target, indent=1)
        target.write("\n")
    return paths if plot(paths[2], panels) else paths[:2]


def plot(path, panels):
    """Draw cost against size; returns False without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        sys.stderr.write("no plot: matplotlib is not installed (osbs-client[benchmark])\n")
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = min(4, max(1, len(panels)))
    height = -(-len(panels) // columns)
    figure, axes = pyplot.subplots(
        max(1, height), columns, squeeze=False, figsize=(4.2 * columns, 3.2 * max(1, height))
    )
    spare = [axis for row in axes for axis in row]
    for panel in panels:
        _draw(spare.pop(0), panel)
    for axis in spare:
        axis.axis("off")
    figure.tight_layout()
    figure.savefig(path, dpi=80, metadata={"Software": None})
    pyplot.close(figure)
    return True


def _draw(axis, panel):
    for name, points in panel.lines.items():
        axis.plot(*zip(*points), marker="o", label=name)
    axis.set(title=panel.title, xlabel=panel.x, ylabel=panel.y, xscale="log", yscale="log")
    sizes = sorted({x for points in panel.lines.values() for x, _ in points})
    costs = [y for points in panel.lines.values() for _, y in points]
    axis.set_xticks(sizes)
    axis.set_xticks([], minor=True)
    axis.set_xticklabels(["{:,}".format(size) for size in sizes])
    # A decade at least, or noise would look like growth.
    axis.set_ylim(min(costs) / 3, max(costs) * 3)
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("")
    axis.title.set_size(10)
    axis.grid(True, alpha=0.3)
    if all(panel.lines):
        axis.legend(fontsize=8)


def write_page(rows, panels, about):
    """Put table and plot into the page in docs/."""
    with open(PAGE, encoding="utf-8") as source:
        text = source.read()
    begin, end = (re.escape(mark) for mark in MARKS)
    picture = "![Cost against size]({})\n".format(PICTURE)
    new = "\n\n".join((MARKS[0], markdown(rows, about) + "\n" + picture + "\n" + MARKS[1]))
    text, count = re.subn(begin + ".*" + end, lambda match: new, text, flags=re.DOTALL)
    if count != 1:
        raise SystemExit("{} has no place for the table".format(PAGE))
    with open(PAGE, "w", encoding="utf-8") as target:
        target.write(text)
    plot(os.path.join(os.path.dirname(PAGE), PICTURE), panels)
