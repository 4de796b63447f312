"""Check that no function of osbs/ is longer or more tangled than the house allows."""

import ast
import os
import sys

from radon.complexity import cc_visit

MAX_LINES = 60
MAX_COMPLEXITY = 12
# Public signatures that are fixed and too long by themselves: "path name" to the reason.
EXCEPTIONS = {
    "osbs/api.py _do_create_prod_build": "twenty-eight arguments, each on a line of its own",
    "osbs/build/spec.py set_params": "seventy-four arguments, each on a line of its own",
}


def sources(top):
    for directory, _, names in sorted(os.walk(top)):
        for name in sorted(names):
            if name.endswith(".py"):
                yield os.path.join(directory, name)


def long_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if lines > MAX_LINES:
                yield node.name, node.lineno, "%d lines, at most %d" % (lines, MAX_LINES)


def tangled_functions(text):
    for block in cc_visit(text):
        if block.letter in "FM" and block.complexity > MAX_COMPLEXITY:
            reason = "cyclomatic complexity %d, at most %d" % (block.complexity, MAX_COMPLEXITY)
            yield block.name, block.lineno, reason


def main(top):
    found = 0
    for path in sources(top):
        with open(path) as source:
            text = source.read()
        for check in (long_functions, tangled_functions):
            for name, line, complaint in check(text):
                if "%s %s" % (path, name) not in EXCEPTIONS:
                    print("%s:%d: %s: %s" % (path, line, name, complaint))
                    found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
