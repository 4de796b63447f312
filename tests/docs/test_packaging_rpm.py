"""The RPM packages hold what a Koji builder needs.

OSBS_PYTHON2 names an interpreter with setuptools for the package for Python 2, which is otherwise
not built.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os
import subprocess
import sys
import tarfile

import pytest

import osbs
from tests.docs.test_packaging import ROOT, copy_source, find_on_path, run, templates

COMMANDS = {
    "osbs-client": ["/usr/bin/osbs"],
    "python2-osbs-client": [],
    "python3-osbs-client": ["/usr/bin/osbs-sandbox"],
}
LIBRARIES = {
    "python2-osbs-client": "site-packages/osbs/api.py",
    "python3-osbs-client": "site-packages/osbs/api.py",
}
REQUIRED = ["PyYAML", "dateutil", "dockerfile-parse", "jsonschema", "packaging", "requests", "six"]


@pytest.fixture(scope="module")
def packages(tmpdir_factory):
    """The paths of the packages, by name."""
    if find_on_path("rpmbuild") is None:
        pytest.skip("rpmbuild is not there")
    pytest.importorskip("setuptools")
    if sys.version_info[0] == 2:
        pytest.skip("the packages are built with Python 3")
    directory = str(tmpdir_factory.mktemp("rpm"))
    source = copy_source(tmpdir_factory.mktemp("source"))
    script = os.path.join(ROOT, ".ci", "build-rpm")
    run(["bash", script, source, directory], env=dict(os.environ, OSBS_PYTHON3=sys.executable))
    found = {}
    for parent, _, names in os.walk(directory):
        for name in names:
            if name.endswith(".noarch.rpm"):
                found[name.partition("-%s-" % osbs.__version__)[0]] = os.path.join(parent, name)
    return found


def query(packages, name, *options):
    if name not in packages:
        pytest.skip("%s needs OSBS_PYTHON2" % name)
    output = subprocess.check_output(["rpm", "-qp"] + list(options) + [packages[name]])
    return output.decode("utf-8").splitlines()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_is_in_one_package(packages, name):
    files = query(packages, name, "-l")
    assert [path for path in files if path.startswith("/usr/bin/")] == COMMANDS[name]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_has_its_manual_page(packages, name):
    files = [path for path in query(packages, name, "-l") if path.startswith("/usr/share/man/")]
    found = [path.partition(".1")[0] for path in files]
    assert found == ["/usr/share/man/man1/" + os.path.basename(path) for path in COMMANDS[name]]


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_a_library_has_its_modules(packages, name):
    assert any(path.endswith(LIBRARIES[name]) for path in query(packages, name, "-l"))


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_a_library_has_every_template(packages, name):
    files = query(packages, name, "-l")
    found = [path for path in files if path.startswith("/usr/share/osbs/")]
    assert found == ["/usr/share/osbs/" + each for each in templates()]


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_a_library_requires_what_it_imports(packages, name):
    prefix = name.partition("-")[0]
    required = query(packages, name, "--requires")
    assert {"%s-%s" % (prefix, each) for each in REQUIRED} - set(required) == set()


def test_the_command_requires_the_library_of_its_version(packages):
    required = query(packages, "osbs-client", "--requires")
    assert "python3-osbs-client = %s-1" % osbs.__version__ in required


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_package_has_the_licence(packages, name):
    assert any(path.endswith("/LICENSE") for path in query(packages, name, "-l"))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_no_tests_are_in_a_package(packages, name):
    assert [path for path in query(packages, name, "-l") if "/tests" in path] == []


@pytest.mark.parametrize("name", ["osbs-client", "python3-osbs-client"])
def test_commands_run_with_the_systems_interpreter(packages, name):
    with open(packages[name], "rb") as package:
        payload = subprocess.check_output(["rpm2archive", "-"], stdin=package)
    with tarfile.open(fileobj=io.BytesIO(payload)) as archive:
        for command in COMMANDS[name]:
            script = archive.extractfile("." + command)
            assert script.readline() == b"#!/usr/bin/python3\n"
