"""Start of the command, and import of the library.

Each run is a process of its own whose modules are compiled already, as those of an installed
program: PYTHONDONTWRITEBYTECODE is taken out of its environment.
"""

import os
import subprocess
import sys
import tempfile

from tests.benchmarks.harness import Outcome, Row, by_turns
from tests.unit.buildparams import ROOT

# What pip installs as `osbs`.
SCRIPT = """import sys
from osbs.cli.main import main
if __name__ == '__main__':
    sys.exit(main())
"""


def run(options):
    """Measure."""
    rounds = options.pick(25, 2)
    env = dict(os.environ, PYTHONPATH=ROOT)
    env.pop("PYTHONDONTWRITEBYTECODE", None)

    def process(*args):
        def start():
            subprocess.check_call(
                (sys.executable,) + args, stdout=subprocess.DEVNULL, env=env, cwd=directory
            )

        start()
        return start

    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "osbs")
        with open(path, "w") as script:
            script.write(SCRIPT)
        commands = by_turns(
            rounds,
            {
                "bare": process("-c", "pass"),
                "help": process(path, "--help"),
                "version": process(path, "--version"),
            },
        )
        imports = by_turns(
            rounds,
            {
                "requests": process("-c", "import requests"),
                "api": process("-c", "import osbs.api"),
            },
        )
    rows = [
        Row(
            "`osbs --{}`, more than the bare interpreter".format(name),
            "`python -c pass`",
            commands.text("bare", name),
            commands.difference(name, "bare") * 1e3,
            at_most=60,
            unit="ms",
        )
        for name in ("help", "version")
    ]
    rows.append(
        Row(
            "`import osbs.api`",
            "`python -c 'import requests'`",
            imports.text("requests", "api"),
            imports.ratio("api", "requests"),
            at_most=1.25,
        )
    )
    return Outcome(rows)
