"""Check that no function of osbs/ is longer or more tangled than the house allows.

Prints how many lines of code there are, without docstrings, comments and blank lines.
"""

import ast
import io
import os
import sys
import tokenize

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


def code_lines(text):
    """Return how many lines hold code."""
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in skipped + (tokenize.ENDMARKER,):
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


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
    counted = {"library": 0, "sandbox": 0}
    for path in sources(top):
        with open(path) as source:
            text = source.read()
        counted["sandbox" if os.sep + "sandbox" + os.sep in path else "library"] += code_lines(text)
        for check in (long_functions, tangled_functions):
            for name, line, complaint in check(text):
                if "%s %s" % (path, name) not in EXCEPTIONS:
                    print("%s:%d: %s: %s" % (path, line, name, complaint))
                    found += 1
    print("lines of code: %(library)d in the library, %(sandbox)d in the sandbox" % counted)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
