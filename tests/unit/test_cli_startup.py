"""``osbs --help`` imports nothing before it is needed (an admin types ``osbs`` all day)."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

HEAVY = (
    "requests urllib3 yaml jsonschema dateutil dockerfile_parse packaging pkg_resources "
    "requests_kerberos argcomplete tarfile subprocess ssl socket shutil tempfile inspect "
    "osbs.api osbs.conf osbs.core osbs.http osbs.utils osbs.cli.capture osbs.cli.render "
    "osbs.cli.terminal osbs.cli.build_view"
).split()

# What argparse and logging import, which differs between interpreters, is not ours.
CODE = """
import sys, argparse, logging
before = set(sys.modules)
from osbs.cli.main import main
sys.argv = ['osbs', %r]
try:
    main()
except SystemExit:
    pass
print('imported: ' + ' '.join(sorted(set(sys.modules) - before)))
"""


@pytest.fixture(scope="module", params=["--help", "--version"])
def imported(request):
    """Names of the modules that the process imported."""
    # -S: what site-packages import at start is not ours.
    path = os.pathsep.join([ROOT] + [entry for entry in sys.path if entry])
    out = subprocess.check_output(
        [sys.executable, "-S", "-c", CODE % str(request.param)],
        env=dict(os.environ, PYTHONPATH=str(path)),
    )
    return out.decode("utf-8").split("imported: ")[1].split()


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_module_is_not_imported(imported, name):
    assert name not in imported


def test_the_list_of_imported_modules_is_real(imported):
    assert "osbs.cli.options" in imported


def test_importing_the_main_module_prints_nothing():
    out = subprocess.check_output(
        [sys.executable, "-c", "import osbs.cli.main"],
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        stderr=subprocess.STDOUT,
    )
    assert out == b""
