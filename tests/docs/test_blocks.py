"""Every block of README.md and docs/ is run, or parsed, or is no code."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import sys

import pytest
import six
import yaml

from osbs.conf import Configuration, PLATFORM, SETTINGS
from tests import conftest
from tests.docs import pages, workshop

#: info strings of blocks that are run: method of Workshop
RUN = {"sh": "shell", "console": "console", "python": "python", "python3": "python3"}
PARSED = ("ini", "json", "yaml")
#: examples of output, diagrams
SHOWN = ("text", "mermaid")

#: blocks that install: page, section and how many; ``.ci/run`` runs them in a fresh clone
RUN_BY_CI = {("README.md", "Quick start"): 2}

#: INI files beside osbs.conf: section -> keys
OTHER_INI = {"autorebuild": ("enabled",)}

ALL = [block for page in pages.pages() for block in pages.blocks(page)]


def _of(kinds):
    return [block for block in ALL if block.info in kinds]


def _id(block):
    return "%s:%d" % (block.page, block.line)


def _runs(block):
    # What needs the sandbox in process says nothing about Python 2.
    if (block.page, block.section) in RUN_BY_CI or (six.PY2 and block.info == "python3"):
        return False
    return block.info in RUN


def _failure(shop, block):
    try:
        getattr(shop, RUN[block.info])(block.text)
    except workshop.Failed as ex:
        return ex
    return None


RUNNING_PAGES = sorted({block.page for block in ALL if _runs(block)})
SLOW_PAGES = ("docs/api.md", "docs/command-line.md", "docs/sandbox.md", "docs/tutorial.md")


@pytest.fixture(scope="module")
def empty_sandbox():
    """A function that starts a second sandbox on first use; returns the path of its osbs.conf."""
    started = []

    def config():
        started.append(conftest.SandboxProcess())
        return started[-1]["config"]

    yield config
    for process in started:
        process.stop()


@pytest.fixture(scope="module")
def made():
    """What workshops made so far: variable -> value."""
    return {}


@pytest.fixture
def shop(tmpdir, sandbox, empty_sandbox, made):
    """A Workshop."""
    result = workshop.Workshop(tmpdir, sandbox, conftest.sandbox_python(), made)
    result.makers["NEW_CONFIG"] = empty_sandbox
    return result


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if page in SLOW_PAGES else [])
        for page in RUNNING_PAGES
    ],
)
def test_the_blocks_of_a_page_run_from_top_to_bottom(page, shop):
    for block in pages.blocks(page):
        failure = _failure(shop, block) if _runs(block) else None
        if failure is not None:
            pytest.fail("%s\n%s" % (_id(block), failure), pytrace=False)


@pytest.mark.parametrize("block", ALL, ids=_id)
def test_a_block_says_what_it_is(block):
    assert block.info in tuple(RUN) + PARSED + SHOWN


@pytest.mark.parametrize("block", _of(["json"]), ids=_id)
def test_a_json_block_is_json(block):
    json.loads(block.text)


@pytest.mark.parametrize("block", _of(["yaml"]), ids=_id)
def test_a_yaml_block_is_a_mapping(block):
    assert isinstance(yaml.safe_load(block.text), dict)


@pytest.mark.parametrize("block", _of(["ini"]), ids=_id)
def test_an_ini_block_has_known_sections_and_keys_only(block, tmpdir):
    path = tmpdir.join("osbs.conf")
    path.write_text(block.text, encoding="utf-8")
    parser = Configuration(conf_file=str(path)).scp
    assert parser.sections()
    unknown = [
        (section, key)
        for section in parser.sections()
        for key in parser.options(section)
        if not _is_known(section, key)
    ]
    assert unknown == []


@pytest.mark.parametrize("block", _of(["ini"]), ids=_id)
def test_the_values_of_an_ini_block_are_understood(block, tmpdir):
    path = tmpdir.join("osbs.conf")
    path.write_text(block.text, encoding="utf-8")
    sections = Configuration(conf_file=str(path)).scp.sections()
    for section in sections:
        conf = Configuration(conf_file=str(path), conf_section=section)
        conf.get_platform_descriptors()
        for getter in [name for name in dir(conf) if name.startswith("get_")]:
            if getter not in _WITH_ARGUMENT:
                getattr(conf, getter)()
        conf.get_platform_node_selector("x86_64")


_WITH_ARGUMENT = ("get_scratch", "get_platform_node_selector")


def _is_known(section, key):
    if section in OTHER_INI:
        return key in OTHER_INI[section]
    kind = "general" if section == "general" else "instance"
    if section.startswith(PLATFORM):
        kind = PLATFORM
    return any(
        setting.section == kind
        and (key.startswith(setting.key) if setting.key.endswith(".") else key == setting.key)
        for setting in SETTINGS.values()
    )


@pytest.mark.parametrize("page, section", sorted(RUN_BY_CI))
def test_what_ci_runs_are_so_many_one_line_shell_blocks(page, section):
    found = [block for block in pages.blocks(page) if block.section == section]
    assert [block.info for block in found] == ["sh"] * RUN_BY_CI[page, section]
    assert [len(block.text.splitlines()) for block in found] == [1] * len(found)


def test_a_block_that_fails_fails_its_page(shop):
    with pytest.raises(workshop.Failed) as caught:
        shop.shell("echo before\nfalse\necho after")
    assert "before" in str(caught.value)
    assert "after\n---" not in str(caught.value).split("stdout:")[1]


def test_a_console_block_compares_what_is_printed(shop):
    shop.console("$ echo one; echo two; echo three 3\none\n...\nthree ...\n")
    with pytest.raises(workshop.Failed):
        shop.console("$ echo one\ntwo\n")


def test_osbs_is_run_by_the_interpreter_of_the_tests(shop):
    assert shop.shell("osbs --version").strip()
    assert sys.executable in shop.directory.join("bin", "osbs").read()
