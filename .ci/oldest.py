"""pip install with the oldest releases that setup.py allows."""

import ast
import re
import subprocess
import sys
import tempfile

LISTS = ("REQUIREMENTS", "SANDBOX", "COMPLETION", "TEST")
# name and lowest release of a requirement for Python 3
LOWEST = re.compile(r"([\w.-]+)>=([\w.]+)(?!.*python_version <)")


def lowest(text):
    """Return the lower bounds in the text of a setup.py, as constraints for pip."""
    found = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and node.targets[0].id in LISTS:
            elements = [e for e in ast.walk(node.value) if isinstance(e, ast.List)][0].elts
            found += [LOWEST.match(element.s) for element in elements]
    return ["%s==%s" % each.groups() for each in found if each]


def main(arguments):
    with open("setup.py") as source, tempfile.NamedTemporaryFile("w") as constraints:
        constraints.write("\n".join(lowest(source.read())))
        constraints.flush()
        command = [sys.executable, "-m", "pip", "install", "-c", constraints.name]
        return subprocess.call(command + arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
