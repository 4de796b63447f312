"""What is packaged is what is needed, under one version."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

import osbs

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DISTRIBUTIONS = {
    "PyYAML",
    "dockerfile-parse",
    "jsonschema",
    "packaging",
    "python-dateutil",
    "requests",
    "six",
}
EXTRAS = {"benchmark", "completion", "kerberos", "lint", "sandbox", "test"}
ENTRY_POINTS = {
    "osbs=osbs.cli.main:main",
    "osbs-sandbox=osbs.sandbox.cli:main",
    "osbs_sandbox=osbs.sandbox.pytest_plugin",
}
# Files that make the checks of a repository take the checkout for a container's.
FORBIDDEN = ("container.yaml", ".osbs-repo-config", "additional-tags")


def read(name):
    with io.open(os.path.join(ROOT, name), encoding="utf-8") as source:
        return source.read()


def templates():
    return sorted(name for name in os.listdir(os.path.join(ROOT, "inputs")) if ".json" in name)


def run(command, **kwargs):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kwargs)
    output = process.communicate()[0].decode("utf-8", "replace")
    assert process.returncode == 0, output
    return output


def find_on_path(name):
    """Return the path of a program, or None."""
    for directory in os.environ["PATH"].split(os.pathsep):
        if os.access(os.path.join(directory, name), os.X_OK):
            return os.path.join(directory, name)
    return None


def copy_source(directory):
    """Copy the source to below a directory, where building may leave what it likes."""
    target = os.path.join(str(directory), "osbs-client-" + osbs.__version__)
    os.mkdir(target)
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info")
    for name in ("osbs", "inputs", "docs", "tests"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(target, name), ignore=ignored)
    for name in sorted(os.listdir(ROOT)):
        path = os.path.join(ROOT, name)
        if os.path.isfile(path) and not name.startswith(".coverage."):
            shutil.copy(path, target)
    return target


@pytest.fixture(scope="module")
def source(tmpdir_factory):
    return copy_source(tmpdir_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(source):
    pytest.importorskip("wheel")
    run([sys.executable, "setup.py", "-q", "bdist_wheel"], cwd=source)
    (name,) = os.listdir(os.path.join(source, "dist"))
    return os.path.join(source, "dist", name)


@pytest.fixture(scope="module")
def names_in_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith("dist-info/METADATA")]
        return archive.read(name).decode("utf-8")


@pytest.fixture(scope="module")
def names_in_sdist(source, tmpdir_factory):
    pytest.importorskip("setuptools")
    target = str(tmpdir_factory.mktemp("sdist"))
    run([sys.executable, "setup.py", "-q", "sdist", "--dist-dir", target], cwd=source)
    (name,) = os.listdir(target)
    with tarfile.open(os.path.join(target, name)) as archive:
        return {member.partition("/")[2] for member in archive.getnames()}


def test_setup_py_names_the_version_of_the_package_once():
    found = re.findall(r"version=['\"](.+)['\"]", read("setup.py"))
    assert found == [osbs.__version__]


def test_the_rpm_specification_names_the_version_of_the_package_once():
    assert re.findall(r"\nVersion:\s*(.+?)\s*\n", read("osbs-client.spec")) == [osbs.__version__]


def test_the_version_is_a_native_string():
    assert type(osbs.__version__) is str


@pytest.mark.parametrize("name", FORBIDDEN)
def test_the_source_root_does_not_look_like_a_containers_repository(name):
    assert not os.path.exists(os.path.join(ROOT, name))


def test_the_wheel_is_for_python_2_and_3(wheel):
    assert os.path.basename(wheel) == "osbs_client-%s-py2.py3-none-any.whl" % osbs.__version__


def test_every_template_is_in_the_wheels_data(names_in_wheel):
    prefix = "osbs_client-%s.data/data/share/osbs/" % osbs.__version__
    assert templates()
    assert sorted(n[len(prefix) :] for n in names_in_wheel if n.startswith(prefix)) == templates()


@pytest.mark.parametrize("name", ["osbs.1", "osbs-sandbox.1"])
def test_a_manual_page_is_in_the_wheels_data(names_in_wheel, name):
    prefix = "osbs_client-%s.data/data/share/man/man1/" % osbs.__version__
    assert prefix + name in names_in_wheel


def test_every_module_is_in_the_wheel(names_in_wheel):
    modules = {
        os.path.relpath(os.path.join(directory, name), ROOT)
        for directory, _, names in os.walk(os.path.join(ROOT, "osbs"))
        for name in names
        if name.endswith((".py", ".pyi", ".json", "py.typed"))
    }
    assert modules - set(names_in_wheel) == set()


def test_the_wheel_holds_nothing_but_the_package(names_in_wheel):
    tops = {name.split("/")[0] for name in names_in_wheel}
    stem = "osbs_client-" + osbs.__version__
    assert tops == {"osbs", stem + ".data", stem + ".dist-info"}


def test_the_licence_is_in_the_wheel(names_in_wheel):
    assert any(name.endswith("/LICENSE") for name in names_in_wheel)


def test_the_package_is_installed_with_just_these_distributions(metadata):
    required = re.findall(r"(?m)^Requires-Dist: ([\w.-]+)(?!.*extra ==)", metadata)
    assert set(required) == DISTRIBUTIONS


def test_the_extras_are_these(metadata):
    assert set(re.findall(r"(?m)^Provides-Extra: (.+)$", metadata)) == EXTRAS


@pytest.mark.parametrize("field", ["Home-page: ", "Project-URL: Documentation, "])
def test_the_metadata_links_to(metadata, field):
    assert re.search("(?m)^%shttps://" % field, metadata)


def test_every_interpreter_that_is_promised_is_a_classifier(metadata):
    found = re.findall(r"(?m)^Classifier: Programming Language :: Python :: (\S+)$", metadata)
    assert found == ["2.7"] + ["3.%d" % minor for minor in range(6, 16)]


def test_the_commands_and_the_pytest_plugin_are_entry_points(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith("/entry_points.txt")]
        text = archive.read(name).decode("utf-8")
    assert {line.replace(" ", "") for line in text.splitlines() if "=" in line} == ENTRY_POINTS


@pytest.mark.parametrize(
    "name",
    [
        "LICENSE",
        "README.md",
        "inputs/orchestrator.json",
        "osbs-client.spec",
        "osbs/api.pyi",
        "osbs/py.typed",
        "setup.py",
        "tests/docs/test_packaging.py",
    ],
)
def test_the_source_distribution_holds(names_in_sdist, name):
    assert name in names_in_sdist


def test_the_source_distribution_holds_every_template_and_schema(names_in_sdist):
    schemas = os.listdir(os.path.join(ROOT, "osbs", "_schemas"))
    wanted = ["inputs/" + name for name in templates()]
    wanted += ["osbs/_schemas/" + name for name in schemas if name.endswith(".json")]
    assert set(wanted) - names_in_sdist == set()


def test_the_source_distribution_holds_nothing_generated(names_in_sdist):
    assert [n for n in names_in_sdist if re.search(r"\.py[co]$|__pycache__|\.hypothesis", n)] == []


@pytest.fixture(scope="module")
def installed_from_source(tmpdir_factory):
    """What pip left in a source tree from which it installed, and what it wrote."""
    pytest.importorskip("wheel")
    source = copy_source(tmpdir_factory.mktemp("source"))
    before = set(os.listdir(source))
    target = str(tmpdir_factory.mktemp("target"))
    options = ["-v", "--no-deps", "--no-index", "--no-build-isolation", "--no-compile"]
    env = dict(os.environ, PIP_NO_PYTHON_VERSION_WARNING="1")
    output = run(
        [sys.executable, "-m", "pip", "install", "--target", target] + options + [source], env=env
    )
    return set(os.listdir(source)) - before, output


@pytest.mark.slow
def test_pip_leaves_no_build_directory_in_the_source_tree(installed_from_source):
    assert installed_from_source[0] <= {"osbs_client.egg-info"}


@pytest.mark.slow
def test_pip_finds_nothing_deprecated_in_the_source_tree(installed_from_source):
    assert "deprecat" not in installed_from_source[1].lower()


@pytest.fixture(scope="module")
def installed(wheel, tmpdir_factory):
    """A directory into which the wheel is installed."""
    pytest.importorskip("pip")
    prefix = str(tmpdir_factory.mktemp("installed"))
    options = ["-q", "--no-deps", "--no-index", "--ignore-installed", "--no-warn-script-location"]
    run([sys.executable, "-m", "pip", "install", "--prefix", prefix] + options + [wheel])
    return prefix


def site_packages(prefix):
    (path,) = [
        directory
        for directory, names, _ in os.walk(prefix)
        if "osbs" in names and directory.endswith("-packages")
    ]
    return path


def test_an_installation_has_the_templates_in_share_osbs(installed):
    assert sorted(os.listdir(os.path.join(installed, "share", "osbs"))) == templates()


@pytest.mark.parametrize("option, fragment", [("--help", "usage: osbs"), ("--version", None)])
def test_the_installed_command_runs(installed, tmpdir, option, fragment):
    env = dict(os.environ, PYTHONPATH=site_packages(installed), HOME=str(tmpdir))
    output = run([os.path.join(installed, "bin", "osbs"), option], env=env, cwd=str(tmpdir))
    assert (fragment or osbs.__version__) in output


def test_a_source_tree_finds_its_own_templates(source, tmpdir):
    code = (
        "from osbs.conf import Configuration;"
        "print(Configuration(conf_file=None).get_build_json_store())"
    )
    env = dict(os.environ, PYTHONPATH=source, HOME=str(tmpdir))
    store = run([sys.executable, "-c", code], env=env, cwd=str(tmpdir)).strip()
    assert os.path.exists(os.path.join(store, "orchestrator.json"))
