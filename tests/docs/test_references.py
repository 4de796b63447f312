"""What the pages say about the code, held against the code: keys, options, methods, endpoints."""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import inspect
import os
import re

import pytest
import six

from osbs import conf, exceptions
from osbs._build_keywords import KEYWORDS, REQUIRED
from osbs._setting import GENERAL, INSTANCE, PLATFORM
from osbs.api import OSBS
from osbs.build.build_response import BuildResponse
from osbs.build.config_map_response import ConfigMapResponse
from osbs.build.pod_response import PodResponse
from osbs.cli import options
from tests.docs import pages

CONFIGURATION = "docs/configuration.md"
COMMAND_LINE = "docs/command-line.md"
API = "docs/api.md"
DIFFERENCES = "docs/differences.md"
SANDBOX = "docs/sandbox.md"


def _tables(page, header):
    return [table for table in pages.tables(page) if table.header == list(header)]


def _rows(page, header, section=None):
    found = [t for t in _tables(page, header) if section in (None, t.section)]
    assert found, "%s has no table %s" % (page, header)
    return [row for table in found for row in table.rows]


# configuration


#: kind of a setting -> words for it in the page
TYPES = {
    "as_given": ("as given",),
    "boolean": ("boolean",),
    "equal_labels": ("labels",),
    "integer": ("integer",),
    "count": ("number",),
    "mebibytes": ("MiB",),
    "openshift_api": ("text",),
    "seconds": ("seconds",),
    "secrets": ("secrets",),
    "selector": ("selector",),
    "text": ("text", "path"),
    "text_list": ("list",),
    "version": ("version",),
}
#: (section, key) -> what the page says instead of a value, as another setting is the default
OTHER_DEFAULTS = {
    (INSTANCE, "builder_build_json_dir"): "as `build_json_dir`",
    (INSTANCE, "builder_openshift_url"): "as `openshift_url`",
    (INSTANCE, "builder_use_auth"): "as `use_auth`",
    (PLATFORM, "architecture"): "as the name",
}
KEY_HEADER = ("key", "type", "default", "meaning")


def _described_keys():
    """Return (section, key) -> (type, default) as the page says."""
    result = {}
    for table in _tables(CONFIGURATION, KEY_HEADER):
        section = {"Section `[general]`": GENERAL, "Section `[platform:NAME]`": PLATFORM}.get(
            table.section, INSTANCE
        )
        for key, kind, default, meaning in table.rows:
            (name,) = pages.code(key)
            assert (section, name) not in result, "twice: %s" % name
            assert meaning, name
            result[section, name] = (kind, default)
    return result


def _older_names():
    return [pages.code(row[0])[0] for row in _rows(CONFIGURATION, ("name", "what becomes of it"))]


def _page_key(setting):
    return setting.section, setting.names("", "PLATFORM")[1]


def _page_default(setting):
    key = _page_key(setting)
    if key in OTHER_DEFAULTS:
        assert setting.default is None, key
        return OTHER_DEFAULTS[key]
    if setting.default is None:
        return ""
    if isinstance(setting.default, bool):
        return "`%s`" % six.text_type(setting.default).lower()
    if isinstance(setting.default, list):
        return "`%s`" % ",".join(setting.default)
    return "`%s`" % setting.default


DECLARED = [conf.SETTINGS[name] for name in sorted(conf.SETTINGS)]
SETTINGS = [setting for setting in DECLARED if setting.argument not in _older_names()]


def test_every_key_of_the_code_is_on_the_configuration_page():
    missing = {_page_key(setting) for setting in SETTINGS} - set(_described_keys())
    assert sorted(missing) == []


def test_every_key_of_the_configuration_page_is_in_the_code():
    unknown = set(_described_keys()) - {_page_key(setting) for setting in SETTINGS}
    assert sorted(unknown) == []


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: "%s-%s" % _page_key(setting))
def test_type_and_default_of_a_key_are_those_of_the_code(setting):
    kind, default = _described_keys()[_page_key(setting)]
    assert kind in TYPES[setting.kind.__name__]
    assert default == _page_default(setting)


def test_every_kind_of_value_has_a_word():
    assert sorted(TYPES) == sorted({setting.kind.__name__ for setting in DECLARED})


def test_every_type_of_the_configuration_page_is_explained():
    explained = {row[0] for row in _rows(CONFIGURATION, ("type", "what is understood"))}
    assert explained == {kind for kind, _ in _described_keys().values()}


def test_the_older_names_are_those_of_the_code():
    older = [setting.argument for setting in DECLARED if setting.meaning.startswith("old name")]
    assert sorted(older) == sorted(_older_names())


def test_keyword_arguments_that_differ_from_their_keys_are_listed():
    listed = set()
    for key, names, _ in _rows(CONFIGURATION, ("key", "keyword argument", "remark")):
        listed.update((pages.code(key)[0], name) for name in pages.code(names))
    differing = {
        (setting.key, setting.argument)
        for setting in DECLARED
        if setting.section == INSTANCE and setting.key != setting.argument
    }
    assert differing == {pair for pair in listed if pair[0] != pair[1]}


def test_the_keys_of_other_programs_are_those_of_the_code():
    rows = _rows(CONFIGURATION, ("key of other programs", "read by"))
    assert sorted(pages.code(row[0])[0] for row in rows) == sorted(conf.OTHER_PROGRAMS_KEYS)


# command line

OPTION_HEADER = ("option", "default", "meaning")
COMMANDS = {command.name: command for command in options.COMMANDS}
DEFAULT_IN_HELP = re.compile(r"\(default: ([^\s$]\S*)\)")


def _command_headings():
    """Return command -> words behind it in its heading."""
    result = {}
    for heading in pages.headings(COMMAND_LINE):
        for text in pages.code(heading):
            words = text.split()
            if words[0] != "osbs":
                result[words[0]] = words[1:]
    return result


def _described_options(command):
    """Return first flag -> (flags, word for the argument or None, default, meaning)."""
    result = {}
    for table in _tables(COMMAND_LINE, OPTION_HEADER):
        words = (pages.code(table.section) or [""]).pop(0).split()
        if (words[0] if words else None) != command:
            continue
        for cell, default, meaning in table.rows:
            spans = [span.split() for span in pages.code(cell)]
            flags = sorted(span[0] for span in spans)
            argument = spans[-1][1] if len(spans[-1]) > 1 else None
            result[flags[-1]] = (flags, argument, default, meaning)
    return result


def _is_positional(argument):
    return not argument.flags[0].startswith("-")


def _own_options(command):
    arguments = options.GLOBAL_OPTIONS if command is None else COMMANDS[command].arguments
    return {sorted(a.flags)[-1]: a for a in arguments if not _is_positional(a)}


def _argument_word(option):
    keywords = option.argparse_kwargs
    if keywords.get("action", "store") not in ("store", "append"):
        return None
    if "choices" in keywords:
        return "{%s}" % ",".join(keywords["choices"])
    return keywords.get("metavar") or option.dest.upper()


def _option_default(option):
    if option.argparse_kwargs.get("required"):
        return "required"
    if option.default is True:
        return "yes"
    if option.default in (None, False, argparse.SUPPRESS):
        found = DEFAULT_IN_HELP.search(option.argparse_kwargs["help"])
        return "`%s`" % found.group(1) if found else ""
    return "`%s`" % option.default


def _positional_word(positional):
    keywords = positional.argparse_kwargs
    choices = keywords.get("choices")
    word = "{%s}" % ",".join(choices) if choices else positional.flags[0]
    return "[%s]" % word if keywords.get("nargs") == "?" else word


PLACES = [None] + sorted(COMMANDS)
EVERY_OPTION = [(place, flag) for place in PLACES for flag in sorted(_own_options(place))]


def test_the_commands_of_the_page_are_those_of_the_code():
    assert sorted(_command_headings()) == sorted(COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_arguments_of_a_command_are_those_of_the_code(command):
    words = [_positional_word(a) for a in COMMANDS[command].arguments if _is_positional(a)]
    assert _command_headings()[command] == words


@pytest.mark.parametrize("command", PLACES)
def test_the_options_of_a_command_are_those_of_the_code(command):
    assert sorted(_described_options(command)) == sorted(_own_options(command))


@pytest.mark.parametrize("command, flag", EVERY_OPTION)
def test_an_option_is_described_as_it_is(command, flag):
    option = _own_options(command)[flag]
    described = _described_options(command)[flag]
    assert described[:3] == (
        sorted(option.flags),
        _argument_word(option),
        _option_default(option),
    )


@pytest.mark.parametrize(
    "command, columns",
    [
        ("list-builds", options.LIST_BUILDS_COLUMNS),
        ("watch-builds", options.WATCH_BUILDS_COLUMNS),
    ],
)
def test_the_columns_of_a_table_are_those_of_the_code(command, columns):
    meaning = _described_options(command)["--columns"][3]
    assert pages.code(meaning) == [key for key, _ in columns]


def test_the_exit_statuses_of_the_page_are_those_of_the_code():
    rows = _rows(COMMAND_LINE, ("status", "meaning"))
    assert [(int(status), meaning) for status, meaning in rows] == list(options.EXIT_STATUSES)


def test_the_environment_variables_of_the_page_are_those_of_the_code():
    rows = _rows(COMMAND_LINE, ("variable", "default of"))
    described = sorted((pages.code(name)[0], pages.code(flag)[0]) for name, flag in rows)
    assert described == sorted(
        (option.env, option.flags[0]) for option in options.GLOBAL_OPTIONS if option.env
    )


# API

KEYWORDS_ONLY = {
    "create_orchestrator_build": ["**kwargs"],
    "create_worker_build": ["**kwargs"],
    "create_build": ["**kwargs"],
    "create_prod_build": ["*args", "**kwargs"],
}
SIGNATURE = re.compile(r"^(\w+)\((.*)\)$")


def _described_methods():
    """Return method -> text of its parameters."""
    rows = _rows(API, ("method", "returns"))
    return dict(SIGNATURE.match(text).groups() for row in rows for text in pages.code(row[0]))


def _own_methods():
    return {
        name: method
        for name, method in vars(OSBS).items()
        if callable(method) and not name.startswith("_")
    }


def test_the_methods_of_the_page_are_those_of_the_code():
    assert sorted(_described_methods()) == sorted(_own_methods())


@pytest.mark.skipif(six.PY2, reason="Python 2 does not see through decorators")
@pytest.mark.parametrize("name", sorted(_own_methods()))
def test_the_parameters_of_a_method_are_those_of_the_code(name):
    signature = inspect.signature(_own_methods()[name])
    own = [str(p).replace("'", '"') for p in list(signature.parameters.values())[1:]]
    # The keywords of these have a table of their own.
    own = KEYWORDS_ONLY.get(name, own)
    assert _described_methods()[name] == ", ".join(own)


def test_the_keywords_of_a_build_are_those_of_the_code():
    rows = _rows(API, ("keyword", "type", "meaning"))
    assert [(pages.code(row[0])[0], row[1], row[2]) for row in rows] == [
        (name, kind.wanted + (", required" if name in REQUIRED else ""), meaning)
        for name, kind, meaning in KEYWORDS
    ]


@pytest.mark.skipif(six.PY2, reason="Python 2 does not see through decorators")
def test_the_table_of_keywords_begins_with_the_parameters_of_a_build_in_their_order():
    own = list(inspect.signature(OSBS._do_create_prod_build).parameters)[1:-1]
    assert [keyword.name for keyword in KEYWORDS][: len(own)] == own


@pytest.mark.parametrize(
    "response", [BuildResponse, PodResponse, ConfigMapResponse], ids=lambda cls: cls.__name__
)
def test_the_methods_of_a_response_are_those_of_the_code(response):
    rows = _rows(API, ("method of `%s`" % response.__name__, "returns"))
    described = [text.partition("(")[0] for row in rows for text in pages.code(row[0])]
    own = [n for n, m in vars(response).items() if callable(m) and not n.startswith("_")]
    assert sorted(described) == sorted(own)


def test_the_exceptions_of_the_page_are_those_of_the_code():
    rows = _rows(API, ("class", "means", "has"))
    own = [name for name in vars(exceptions) if name.startswith("Osbs")]
    assert sorted(pages.code(row[0])[0] for row in rows) == sorted(own)


# differences

#: rows of the list of defects of osbs-client 0.47
DEFECTS = [
    str(n)
    for n in list(range(1, 18)) + list(range(20, 39)) + list(range(40, 70)) + list(range(80, 92))
]
DECISIONS = ["D%d" % n for n in range(1, 42)]


def _numbers():
    return [
        number.strip()
        for row in _rows(DIFFERENCES, ("number", "0.47", "here"))
        for number in row[0].split(",")
    ]


@pytest.mark.parametrize("number", DEFECTS + DECISIONS)
def test_every_defect_and_decision_is_among_the_differences(number):
    assert number in _numbers()


def test_the_differences_name_known_numbers_only():
    assert sorted(set(_numbers()) - set(DEFECTS + DECISIONS)) == []


# links


@pytest.mark.parametrize("page", pages.pages())
def test_every_relative_link_of_a_page_leads_somewhere(page):
    broken = []
    for target in pages.links(page):
        path, _, fragment = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        goal = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if not os.path.exists(os.path.join(pages.ROOT, goal)):
            broken.append(target)
        elif fragment and fragment not in [pages.anchor(h) for h in pages.headings(goal)]:
            broken.append(target)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme():
    reached, todo = set(), ["README.md"]
    while todo:
        page = todo.pop()
        if page in reached or not page.endswith(".md"):
            continue
        reached.add(page)
        for target in pages.links(page):
            path = target.partition("#")[0]
            if path and not re.match(r"[a-z]+:", target):
                todo.append(os.path.normpath(os.path.join(os.path.dirname(page), path)))
    assert sorted(set(pages.pages()) - reached) == []


# sandbox


def test_the_keys_of_the_ready_line_are_those_of_the_fixture(sandbox):
    listed = [key for row in _rows(SANDBOX, ("key", "holds")) for key in pages.code(row[0])]
    assert sorted(listed) == sorted(sandbox)


def test_the_commands_of_the_control_plane_are_those_of_the_sandbox(sandbox):
    import requests

    about = requests.get(sandbox["url"] + "_sandbox/", verify=str(sandbox["ca"])).json()
    listed = [pages.code(row[0])[0] for row in _rows(SANDBOX, ("command", "what it does"))]
    assert sorted(listed) == sorted(about["commands"])


@pytest.mark.skipif(six.PY2, reason="the sandbox is Python 3 only")
def test_the_endpoints_of_the_page_are_those_of_the_sandbox():
    from tests.docs import reference

    text = pages.read(SANDBOX)
    assert reference.replaced(text) == text


@pytest.mark.skipif(six.PY2, reason="the sandbox is Python 3 only")
def test_the_options_of_serve_are_those_of_the_code():
    from osbs.sandbox import cli

    actions = cli.build_parser()._actions
    (commands,) = [a for a in actions if isinstance(a, argparse._SubParsersAction)]
    own = [
        action.option_strings[-1]
        for action in commands.choices["serve"]._actions
        if action.dest != "help"
    ]
    rows = _rows(SANDBOX, ("option of `serve`", "meaning"))
    assert sorted(pages.code(row[0])[0].split()[0] for row in rows) == sorted(own)


def test_the_options_of_the_marker_are_those_of_the_code():
    from osbs.sandbox import pytest_plugin

    rows = _rows(SANDBOX, ("option of the marker", "meaning"))
    assert [pages.code(row[0])[0] for row in rows] == list(pytest_plugin.OPTIONS)


@pytest.mark.skipif(six.PY2, reason="the sandbox is Python 3 only")
def test_projects_users_and_accounts_of_the_page_are_those_of_the_code():
    from osbs.sandbox.controllers import cluster
    from osbs.sandbox.install import seed

    rows = _rows(SANDBOX, ("kind", "there from the start"))
    listed = {row[0]: pages.code(row[1]) for row in rows}
    assert listed["projects"] == seed.namespaces("osbs")
    assert listed["users"] == [name for name, _ in cluster.USERS]
    assert listed["service accounts"] == [name for name, _ in cluster.SERVICE_ACCOUNTS]
    assert listed["in each project"] == [seed.REACTOR_CONFIG_MAP]


@pytest.mark.skipif(six.PY2, reason="the sandbox is Python 3 only")
def test_the_fields_of_an_outcome_are_those_of_the_code():
    from osbs.sandbox.pods.outcomes import FIELD_TYPES

    listed = [f for row in _rows(SANDBOX, ("field", "meaning")) for f in pages.code(row[0])]
    assert sorted(listed) == sorted(FIELD_TYPES)


@pytest.mark.skipif(six.PY2, reason="the sandbox is Python 3 only")
def test_the_faults_of_the_page_are_those_of_the_code():
    from osbs.sandbox.http.faults import KINDS as FAULTS

    rows = _rows(SANDBOX, ("kind", "parameters", "what happens"))
    described = {pages.code(row[0])[0]: sorted(pages.code(row[1])) for row in rows}
    assert described == {kind: sorted(fields) for kind, fields in FAULTS.items()}
