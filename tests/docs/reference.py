"""
Write the table of endpoints for the documentation.

``python -m tests.docs.reference`` prints it; with a page as argument it replaces the text between
the two markers there, or with ``--check`` only reports whether the page is up to date. The source
is :data:`osbs.sandbox.api.endpoints.ENDPOINTS`, which the server uses, too.
"""

import argparse
import sys

from osbs.sandbox.api.endpoints import ENDPOINTS
from osbs.sandbox.kinds import KINDS

BEGIN = "<!-- endpoints: written by python -m tests.docs.reference -->"
END = "<!-- end of endpoints -->"

#: verb of the API -> (HTTP method, does the path end in a name)
VERBS = {
    "list": ("GET", False),
    "watch": ("GET", False),
    "create": ("POST", False),
    "deletecollection": ("DELETE", False),
    "get": ("GET", True),
    "update": ("PUT", True),
    "patch": ("PATCH", True),
    "delete": ("DELETE", True),
}


def markdown():
    """Return the tables of all endpoints, one for each API, as text."""
    groups = []
    for row in ENDPOINTS:
        if row.group not in groups:
            groups.append(row.group)
    return "\n".join(_group_table(group) for group in groups)


def _group_table(group):
    rows = [row for row in ENDPOINTS if row.group == group]
    prefixes = KINDS[rows[0].resource].prefixes
    lines = ["### " + " and ".join("`{}`".format(prefix) for prefix in prefixes), ""]
    lines += ["| path | verb | method | parameters |", "|---|---|---|---|"]
    lines += sorted({_line(row) for row in rows}, key=_order)
    return "\n".join(lines) + "\n"


def _line(row):
    method, named = VERBS[row.verb]
    path = row.resource
    if KINDS[row.resource].namespaced:
        path = "namespaces/NAMESPACE/" + path
    if named or row.subresource:
        path += "/NAME"
    if row.subresource:
        path += "/" + row.subresource
    if row.verb == "watch":
        path = "watch/{}[/NAME]".format(path)
    parameters = ", ".join("`{}`".format(name) for name in row.parameters)
    return "| `{}` | {} | {} | {} |".format(path, row.verb, method, parameters).replace(
        "|  |", "| |"
    )


def _order(line):
    path, verb = line.strip("| ").replace("`", "").split(" | ")[:2]
    return path.replace("watch/", "").replace("[/NAME]", ""), list(VERBS).index(verb)


def replaced(text):
    """
    Return a page with the current tables between the markers.

    :param text: str
    :raises ValueError: when a marker is missing
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no marks {!r} and {!r}".format(BEGIN, END))
    return "{}{}\n\n{}\n{}{}".format(head, begin, markdown(), end, tail)


def main(argv=None):
    """
    Print the tables, or write them into a page.

    :param argv: list of str; None: those of the process
    :return: int, exit status; 1 when ``--check`` finds an outdated table
    """
    parser = argparse.ArgumentParser(description="write the table of what the sandbox serves")
    parser.add_argument("page", nargs="?", help="page to put it into; default: print it")
    parser.add_argument("--check", action="store_true", help="only tell whether it is up to date")
    args = parser.parse_args(argv)
    if args.page is None:
        sys.stdout.write(markdown())
        return 0
    with open(args.page, encoding="utf-8") as stream:
        text = stream.read()
    new = replaced(text)
    if args.check:
        return 0 if new == text else 1
    with open(args.page, "w", encoding="utf-8") as stream:
        stream.write(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
