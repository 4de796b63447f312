"""Take README.md and docs/*.md apart: fenced blocks, tables under headings, links."""

from __future__ import absolute_import, print_function, unicode_literals

import glob
import io
import os
import re
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*(.*?)\s*$")
_HEADING = re.compile(r"^(#+)\s+(.*?)\s*$")
_RULE = re.compile(r"^\|[-:|\s]+\|$")
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")

#: ``info`` is what stands behind the opening fence, ``line`` its number, ``section`` the heading
Block = namedtuple(str("Block"), [str(f) for f in ("page", "section", "line", "info", "text")])
#: ``rows`` are lists of text, without the header
Table = namedtuple(str("Table"), [str(f) for f in ("section", "header", "rows")])


def pages():
    """Return the paths of all pages, relative to the root."""
    paths = [os.path.join(ROOT, "README.md")]
    paths += sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))
    return [os.path.relpath(path, ROOT) for path in paths]


def read(page):
    """Return the text of a page."""
    with io.open(os.path.join(ROOT, page), encoding="utf-8") as source:
        return source.read()


def _walk(text):
    """Yield (number, line, heading, opening fence or None) of each line."""
    section, fence = "", None
    for number, line in enumerate(text.splitlines(), 1):
        found = _FENCE.match(line)
        if fence is None:
            heading = _HEADING.match(line)
            if heading:
                section = heading.group(2)
            if found:
                fence = (number, found.group(2), found.group(3))
            yield number, line, section, fence
        else:
            opening = fence
            if found and found.group(2).startswith(fence[1]) and not found.group(3):
                fence = None
            yield number, line, section, opening
    assert fence is None, "the block of line %s is never closed" % fence[0]


def blocks(page):
    """Return the fenced blocks of a page."""
    result, lines = [], []
    for number, line, section, fence in _walk(read(page)):
        if fence is None:
            continue
        opened, mark, info = fence
        if number == opened:
            lines = []
            result.append((section, opened, info, lines))
        else:
            lines.append(line)
    return [
        Block(page, section, line, info, "\n".join(lines[:-1]) + "\n")
        for section, line, info, lines in result
    ]


def prose(page):
    """Yield (line, heading) of what stands outside blocks."""
    for _, line, section, fence in _walk(read(page)):
        if fence is None:
            yield line, section


def headings(page):
    """Return the headings of a page, without their marks."""
    return [m.group(2) for m in (_HEADING.match(line) for line, _ in prose(page)) if m]


def tables(page):
    """Return the tables of a page."""
    result, rows = [], None
    for line, section in prose(page):
        if not line.startswith("|"):
            rows = None
        elif rows is None:
            rows = []
            result.append((section, _cells(line), rows))
        elif not _RULE.match(line):
            rows.append(_cells(line))
    return [Table(*parts) for parts in result]


def _cells(line):
    return [cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:-1]]


def code(cell):
    """Return the texts in backticks."""
    return _CODE.findall(cell)


def links(page):
    """Return the targets of the links of a page."""
    return [target for line, _ in prose(page) for target in _LINK.findall(line)]


def anchor(heading):
    """Return how a link names a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
