"""Imports go down the floors of docs/development.md, never up."""

from __future__ import absolute_import, print_function, unicode_literals

import ast
import io
import os

import pytest
import six

from tests.conformance.normal import ROOT

pytestmark = pytest.mark.skipif(six.PY2, reason="the sandbox is Python 3 only")

# Floor: its modules and packages below osbs, and the floors that it may import besides itself.
FLOORS = (
    (
        "leaves",
        "_children _comparable_version _compat _json _process _redact _typing _waiting build._lazy"
        " constants exceptions version",
        "",
    ),
    ("documents", "_archive _documents _ini _schemas _yaml_loader kerberos_ccache", "leaves"),
    ("repositories", "_git _repo_parsers repo_utils", "leaves documents"),
    ("utils", "utils", "leaves documents repositories"),
    ("settings", "_setting conf", "leaves documents utils"),
    ("http", "_limits _transport http", "leaves documents"),
    ("rest", "_rest", "leaves utils http"),
    ("build", "build", "leaves documents repositories utils"),
    ("core", "core", "leaves documents utils http rest build"),
    (
        "api",
        "_api_errors _build_keywords _build_settings _image_source _log_lines _token_file api",
        "leaves utils rest build core",
    ),
    ("cli", "cli", "leaves documents utils settings http rest build api"),
    # A program that uses the library as any other does.
    ("sandbox", "sandbox", "leaves documents utils settings http rest build core api cli"),
)
ALLOWED = {floor: set([floor] + below.split()) for floor, _, below in FLOORS}
FLOOR_OF = {module: floor for floor, modules, _ in FLOORS for module in modules.split()}

# The rooms of the sandbox, by the same rule: its modules and packages, and what they may import.
ROOMS = (
    ("kinds", "kinds", ""),
    ("users", "users", "kinds"),
    ("pods", "pods reactor", "kinds"),
    ("state", "state", "kinds pods"),
    ("controllers", "controllers", "kinds users pods state"),
    ("api", "api", "kinds users pods state controllers"),
    ("http", "http", "kinds users pods state controllers api"),
    ("server", "server", "kinds users pods state controllers api http"),
    ("install", "install", "kinds users pods state controllers api http server"),
    ("faces", "testing pytest_plugin cli", "kinds pods state http server install"),
)
ALLOWED_ROOMS = {room: set([room] + below.split()) for room, _, below in ROOMS}
ROOM_OF = {"sandbox." + module: room for room, modules, _ in ROOMS for module in modules.split()}


def modules():
    """Return (name below osbs, path) of all modules of the library, without osbs itself."""
    for directory, _, files in os.walk(os.path.join(ROOT, "osbs")):
        for file_name in files:
            path = os.path.join(directory, file_name)
            name = os.path.relpath(path, os.path.join(ROOT, "osbs"))[:-3].replace(os.sep, ".")
            if file_name.endswith(".py") and name != "__init__":
                yield name, path


def place_of(name, places):
    """Return the place of a module, that of the longest name in the table; None without one."""
    parts = name.split(".")
    names = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((places[name] for name in names if name in places), None)


def imported(path):
    """Yield the names below osbs that a module imports, but for type checkers only."""
    with io.open(path, encoding="utf-8") as source:
        nodes = list(ast.walk(ast.parse(source.read())))
    checked = [
        node for node in nodes if getattr(getattr(node, "test", 0), "id", "") == "TYPE_CHECKING"
    ]
    ignored = {id(node) for one in checked for node in ast.walk(one)}
    for node in nodes:
        if id(node) in ignored:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["%s.%s" % (node.module, alias.name) for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("osbs."):
                yield name[len("osbs.") :]


@pytest.mark.parametrize(("name", "path"), sorted(modules()))
def test_a_module_imports_only_what_its_floor_may(name, path):
    floors = {place_of(other, FLOOR_OF) for other in imported(path)} - {None}
    assert floors <= ALLOWED[place_of(name, FLOOR_OF)]


@pytest.mark.parametrize(
    ("name", "path"), sorted(one for one in modules() if one[0].startswith("sandbox."))
)
def test_a_module_of_the_sandbox_imports_only_what_its_room_may(name, path):
    rooms = {place_of(other, ROOM_OF) for other in imported(path)} - {None}
    assert name == "sandbox.__init__" or rooms <= ALLOWED_ROOMS[place_of(name, ROOM_OF)]


CONTROLLERS = [one for one in modules() if one[0].startswith("sandbox.controllers.")]


@pytest.mark.parametrize(("name", "path"), sorted(CONTROLLERS))
def test_a_controller_gets_what_it_needs_and_not_the_cluster(name, path):
    with io.open(path, encoding="utf-8") as source:
        names = {
            getattr(node, "attr", getattr(node, "arg", getattr(node, "id", "")))
            for node in ast.walk(ast.parse(source.read()))
        }
    assert name == "sandbox.controllers.cluster" or not names & {"cluster", "_cluster"}


def picture():
    """Return the floors as a picture in Mermaid's language, without what follows from others."""
    lines = ["graph TD"]
    for floor, members, below in FLOORS:
        lines.append("    %s[%s<br>%s]" % (floor, floor, members))
        under = below.split()
        implied = {other for one in under for other in ALLOWED[one] - {one}}
        lines += ["    %s --> %s" % (floor, one) for one in under if one not in implied]
    return "\n".join(lines) + "\n"


def test_the_picture_of_the_floors_is_that_of_the_table():
    with io.open(os.path.join(ROOT, "docs", "development.md"), encoding="utf-8") as page:
        assert "```mermaid\n" + picture() + "```\n" in page.read()
