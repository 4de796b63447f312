"""
Draw the picture of the demo for the README.

``python -m tests.docs.picture docs/demo.svg`` runs ``osbs-sandbox demo`` on a terminal of 80
columns and draws what is seen there. What differs from run to run is masked: ports, names of
temporary directories, numbers; and the workers, which run side by side, speak in turn.
"""

from __future__ import absolute_import, division, print_function, unicode_literals

import io
import itertools
import re
import sys
from xml.sax.saxutils import escape

from tests.conftest import sandbox_python
from tests.terminals import Session

COLUMNS = 80
#: pixels
CHARACTER, LINE, MARGIN = 7.83, 17, 16
#: SGR code -> attributes of SVG
STYLES = {
    "1": 'font-weight="bold"',
    "2": 'opacity="0.6"',
    "31": 'fill="#ff7b72"',
    "32": 'fill="#7ee787"',
    "33": 'fill="#e3b341"',
    "34": 'fill="#79c0ff"',
    "35": 'fill="#d2a8ff"',
    "36": 'fill="#56d4dd"',
}
SLOWEST = "orchestrate_build 2 s, import_image 0.3 s, bump_release 0.2 s"
#: what differs -> what stands in its place, with blanks behind it that keep the columns
MASKS = [
    (re.compile(r"/(?!/)\S*osbs-sandbox-demo-\w+"), "/tmp/osbs-sandbox-demo"),
    (re.compile(r"127\.0\.0\.1:\d{5} *"), "127.0.0.1:8443"),
    (re.compile(r"candidate-\d+-\d{14} *"), "candidate-1-20260101120000"),
    (re.compile("(?<=Koji build  \x1b\\[0m)\\d+ *|(?<=build id would be )\\d+"), "1234567"),
    (re.compile("(?<=\x1b\\[2m)0(\\.\\d)? s"), "0.1 s"),
    (re.compile("(?<=\x1b\\[2m)[1-9]\\d* s"), "2 s"),
    (re.compile("(?<=duration    \x1b\\[0m)\\d+ s"), "3 s"),
    (re.compile(r"orchestrate_build \d+ s(, \w+ 0\.\d s)* *"), SLOWEST),
]
#: a worker's line begins with its platform, in its colour, and a bar
OF_A_WORKER = re.compile("\x1b\\[3[0-9]m(x86_64|ppc64le) *\x1b\\[0m \x1b")
#: a line of the orchestrator about a worker
ABOUT_A_WORKER = re.compile("orchestrator \x1b\\S+ +(x86_64|ppc64le): ")


def masked(lines):
    """Return lines without what differs from run to run, those of the workers in turn."""
    lines = [_masked(line) for line in lines]
    of_workers = [line for line in lines if OF_A_WORKER.match(line)]
    if of_workers:
        first = lines.index(of_workers[0])
        others = [line for line in lines[first:] if not OF_A_WORKER.match(line)]
        lines[first:] = _in_turn(of_workers, OF_A_WORKER) + others
    return [
        line
        for about_workers, run in itertools.groupby(lines, _is_about_a_worker)
        for line in (_in_turn(run, ABOUT_A_WORKER) if about_workers else run)
    ]


def _is_about_a_worker(line):
    return ABOUT_A_WORKER.match(line) is not None


def _in_turn(lines, pattern):
    # Stable, so that each one's lines keep their order.
    return sorted(lines, key=lambda line: pattern.match(line).group(1), reverse=True)


def _masked(line):
    for pattern, word in MASKS:
        line = pattern.sub(lambda found, word=word: _as_long_as(found.group(), word), line)
    return line


def _as_long_as(text, word):
    blanks = len(text) - len(word) if text.endswith(" ") else 0
    return word + " " * blanks


def svg(lines, columns=COLUMNS):
    """
    Draw lines of a terminal.

    :param lines: list of str, with colours
    :param columns: int
    :return: str
    """
    width = columns * CHARACTER + 2 * MARGIN
    height = len(lines) * LINE + 2 * MARGIN
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1}" width="{0:.0f}" '
        'height="{1}" role="img">\n<title>osbs-sandbox demo</title>\n'
        '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n'
        '<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" '
        'font-size="13" fill="#e6edf3" xml:space="preserve">'.format(width, height)
    ]
    for number, line in enumerate(lines):
        y = MARGIN + (number + 1) * LINE - 5
        parts += _line(line, y)
    return "\n".join(parts + ["</g>", "</svg>", ""])


def _line(line, y):
    column, style = 0, ""
    for piece in re.split("(\x1b\\[[0-9;]*m)", line):
        if piece.startswith("\x1b"):
            codes = [code for code in piece[2:-1].split(";") if code in STYLES]
            style = "".join(" " + STYLES[code] for code in codes)
            continue
        text = piece.rstrip(" ")
        blanks = len(text) - len(text.lstrip(" "))
        if text.strip():
            # A length of its own for each piece keeps the columns straight with any font.
            x = MARGIN + (column + blanks) * CHARACTER
            length = len(text.strip()) * CHARACTER
            yield '<text x="{:.1f}" y="{}" textLength="{:.1f}"{}>{}</text>'.format(
                x, y, length, style, escape(text.strip())
            )
        column += len(piece)


def main(path):
    """Run the demo and write its picture; return the exit status."""
    session = Session(sandbox_python() + ["-m", "osbs.sandbox.cli", "demo"], COLUMNS)
    status = session.finish()
    if status == 0:
        with io.open(path, "w", encoding="utf-8") as outfile:
            outfile.write(svg(masked(session.seen)))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
