"""Runs the benchmarks: ``python3 -m tests.benchmarks``."""

import argparse
import logging
import os
import sys
import time
from importlib import import_module

from tests.benchmarks import report
from tests.benchmarks.harness import Options

# Modules with a function run(options) that returns an Outcome, in the order of the table.
NAMES = (
    "startup",
    "connections",
    "repositories",
    "responses",
    "lists",
    "log_follow",
    "delays",
    "rendering",
)
DIRECTORY = os.path.join("build", "benchmarks")


def describe(name):
    """Return the first line of a benchmark's docstring."""
    return import_module("tests.benchmarks." + name).__doc__.strip().splitlines()[0]


def run(names, options):
    """Run benchmarks; returns rows and panels."""
    rows, panels = [], []
    for name in names:
        begun = time.time()
        outcome = import_module("tests.benchmarks." + name).run(options)
        sys.stderr.write("{}: {:.0f} s\n".format(name, time.time() - begun))
        for row in outcome.rows:
            if row.reached is False:
                sys.stderr.write(
                    "  not reached: {}: {}, {}\n".format(row.what, row.result, row.goal)
                )
        rows += outcome.rows
        panels += outcome.panels
    return rows, panels


def main(argv=None):
    """Run what is asked for; returns the exit status: 1 when a goal is missed."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.benchmarks",
        description="Measure osbs-client against its goals; a full run takes some minutes.",
    )
    parser.add_argument(
        "--only", action="append", choices=NAMES, metavar="NAME", help="run this one (repeatable)"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="tiny sizes: only see that they run, goals do not count",
    )
    parser.add_argument("--list", action="store_true", help="list the benchmarks")
    parser.add_argument(
        "--output", default=DIRECTORY, metavar="DIR", help="where results go (%(default)s)"
    )
    parser.add_argument(
        "--page", action="store_true", help="write table and plot into docs/ as well"
    )
    args = parser.parse_args(argv)
    if args.list:
        for name in NAMES:
            sys.stdout.write("{:13} {}\n".format(name, describe(name)))
        return 0
    about = report.machine()
    begun = time.time()
    rows, panels = run(args.only or NAMES, Options(args.quick))
    about["seconds"] = int(time.time() - begun)
    sys.stdout.write(report.markdown(rows, about))
    for path in report.write(args.output, rows, panels, about):
        sys.stderr.write("written: {}\n".format(path))
    if args.page:
        report.write_page(rows, panels, about)
    return 1 if not args.quick and any(row.reached is False for row in rows) else 0


if __name__ == "__main__":
    # Warnings of requests that were made to be odd say nothing about speed.
    logging.getLogger("osbs").setLevel(logging.ERROR)
    sys.exit(main())
