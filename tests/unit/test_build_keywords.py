"""What ``OSBS.create_*_build`` make of their keywords: checks, ``help()``, signatures."""

from __future__ import absolute_import, print_function, unicode_literals

import inspect
import logging
import os
import shutil

import pytest
import six
from flexmock import flexmock

from osbs import _build_keywords, utils
from osbs.api import OSBS
from osbs.build import _rules as rules
from osbs.build import _rules_v2 as rules_v2
from osbs.conf import Configuration
from osbs.exceptions import OsbsException, OsbsValidationException
from tests.conformance.normal import INPUTS

GIT = {"git_uri": "uri", "git_ref": "ref", "git_branch": "branch", "user": "user"}
WORKER = dict(GIT, platform="x86_64", release="1", arrangement_version=6)
ORCHESTRATOR = dict(GIT, platforms=["x86_64"])
METHODS = [
    ("create_build", GIT),
    ("create_prod_build", GIT),
    ("create_worker_build", WORKER),
    ("create_orchestrator_build", ORCHESTRATOR),
]
NAMES = [name for name, _ in METHODS]


@pytest.fixture
def osbs(tmpdir, monkeypatch):
    """An OSBS that must send nothing, and starts builds by a double of its flow."""
    monkeypatch.setenv(str("HOME"), str(tmpdir))
    conf = Configuration(conf_file=None, build_json_dir=INPUTS, can_orchestrate=True)
    osbs = OSBS(conf, conf)
    for verb in ("get", "post", "put", "delete"):
        flexmock(osbs.os._con).should_receive(verb).never()
    return osbs


@pytest.fixture
def started(osbs, monkeypatch):
    """What the double of the flow was called with."""
    calls = []
    monkeypatch.setattr(osbs, "_do_create_prod_build", lambda *args, **kw: calls.append((args, kw)))
    return calls


def warnings_of(caplog):
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


@pytest.mark.parametrize("method, keywords", METHODS, ids=NAMES)
def test_an_unknown_keyword_is_a_warning_with_the_nearest_one(
    osbs, started, caplog, method, keywords
):
    getattr(osbs, method)(git_url="x", **keywords)
    assert [text for text in warnings_of(caplog) if "git_url" in text] == [
        "%s: unknown keyword git_url is ignored; did you mean git_uri?" % method
    ]
    assert len(started) == 1


def test_an_unknown_keyword_like_no_other_is_only_named(osbs, started, caplog):
    osbs.create_build(zzzzz=1, **GIT)
    assert warnings_of(caplog) == ["create_build: unknown keyword zzzzz is ignored"]


# Those of koji-containerbuild, atomic-reactor and the command, and of newer callers.
@pytest.mark.parametrize(
    "name, value",
    [
        ("component", "c"),
        ("target", None),
        ("architecture", None),
        ("yum_repourls", []),
        ("yum_repourls", ["http://x/y.repo"]),
        ("platforms", ("x86_64",)),
        ("koji_task_id", 77),
        ("koji_task_id", "77"),
        ("koji_task_id", ""),
        ("scratch", None),
        ("scratch", 1),
        ("git_push_url", "u"),
        ("tag", "t"),
        ("compose_ids", [3]),
        ("compose_ids", ["3"]),
        ("signing_intent", ""),
        ("release", 1),
        ("user", b"J\xc3\xb6rg"),
        ("arrangement_version", "6"),
        ("reactor_config_override", {"version": 1}),
        ("skip_build", False),
        ("triggered_after_koji_task", 5),
        ("dependency_replacements", ["gomod:a:1"]),
        ("operator_csv_modifications_url", "u"),
        ("userdata", {"a": 1}),
    ],
)
def test_what_callers_pass_is_fine(osbs, started, caplog, name, value):
    osbs.create_build(**dict(GIT, **{name: value}))
    assert started == [((), dict(GIT, **{name: value}))]
    assert caplog.text == ""


def test_what_orchestrator_builds_pass_to_their_workers_is_known():
    passed = (rules.BUILD_KWARGS + " " + rules_v2._BUILD_KWARGS).split()
    known = [keyword.name for keyword in _build_keywords.KEYWORDS]
    assert sorted(set(passed) - set(known)) == []


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("platforms", "x86_64", "platforms: found the text 'x86_64', wanted list of str"),
        ("platforms", b"x86_64", "platforms: found the text 'x86_64', wanted list of str"),
        ("platforms", {"x86_64": 1}, "platforms: found a dict, wanted list of str"),
        ("platforms", [["x86_64"]], "platforms: found a list, wanted list of str"),
        ("yum_repourls", "http://x/y", "yum_repourls: found the text 'http://x/y', wanted"),
        ("compose_ids", 3, "compose_ids: found 3, wanted list of int"),
        ("compose_ids", ["three"], "compose_ids: found a list, wanted list of int"),
        ("git_uri", ["u"], "git_uri: found a list, wanted str"),
        ("release", {"a": 1}, "release: found a dict, wanted str"),
        ("koji_task_id", "task", "koji_task_id: found the text 'task', wanted int"),
        ("koji_task_id", 1.5, "koji_task_id: found 1.5, wanted int"),
        ("koji_task_id", True, "koji_task_id: found True, wanted int"),
        ("arrangement_version", "six", "arrangement_version: found the text 'six', wanted int"),
        ("koji_task_id", "a\nb", "koji_task_id: found the text 'a b', wanted int"),
        ("scratch", "false", "scratch: found the text 'false', wanted bool"),
        ("reactor_config_override", "version: 1", "reactor_config_override: found a text"),
        ("userdata", ["a"], "userdata: found a list, wanted dict"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(osbs, started, name, value, message):
    with pytest.raises(OsbsValidationException) as failure:
        osbs.create_build(**dict(GIT, **{name: value}))
    assert message in failure.value.message
    assert started == []


@pytest.mark.parametrize("method, keywords", METHODS, ids=NAMES)
def test_all_methods_check_values(osbs, started, method, keywords):
    with pytest.raises(OsbsValidationException) as failure:
        getattr(osbs, method)(koji_task_id="task", **keywords)
    assert "koji_task_id" in failure.value.message


def test_a_value_that_is_given_by_position_is_checked(osbs, started):
    with pytest.raises(OsbsValidationException) as failure:
        osbs.create_prod_build("uri", "ref", ["branch"], "user")
    assert "git_branch: found a list" in failure.value.message


@pytest.mark.parametrize(
    "name, value",
    [
        ("yum_repourls", "https://me:hunter2@example.com/a.repo"),
        ("yum_repourls", [["https://me:hunter2@example.com/a.repo"]]),
        ("git_uri", {"https://me:hunter2@example.com/repo": 1}),
        ("reactor_config_override", "smtp: {word: hunter2}"),
    ],
)
def test_a_refused_value_shows_no_password(osbs, name, value):
    with pytest.raises(OsbsValidationException) as failure:
        osbs.create_build(**dict(GIT, **{name: value}))
    assert "hunter2" not in failure.value.message


@pytest.mark.parametrize("method, keywords", METHODS, ids=NAMES)
@pytest.mark.parametrize("missing", sorted(GIT))
def test_a_missing_keyword_is_named_as_the_user_knows_it(osbs, method, keywords, missing):
    keywords = {name: value for name, value in keywords.items() if name != missing}
    with pytest.raises(OsbsValidationException) as failure:
        getattr(osbs, method)(**keywords)
    assert failure.value.message.startswith("missing keyword of a build: %s (" % missing)
    assert "_do_create" not in failure.value.message


def test_all_missing_arguments_by_position_are_named(osbs):
    with pytest.raises(OsbsValidationException) as failure:
        osbs.create_prod_build("uri", "ref")
    assert "git_branch" in failure.value.message
    assert "user" in failure.value.message


def test_a_replaced_flow_gets_what_the_caller_gave_and_nothing_else(osbs, started):
    osbs.create_prod_build("uri", "ref", koji_task_id=7)
    assert started == [(("uri", "ref"), {"koji_task_id": 7})]


# Arrangements


@pytest.fixture
def templates(osbs, tmpdir):
    """The template directory, without the inner templates of arrangements 5 and 6."""
    directory = str(tmpdir.join("templates"))
    shutil.copytree(INPUTS, directory)
    for build_type in ("orchestrator", "worker"):
        for version in (5, 6):
            os.unlink(os.path.join(directory, "%s_inner:%d.json" % (build_type, version)))
    osbs.os_conf.kwargs["build_json_dir"] = directory
    flexmock(utils).should_receive("get_repo_info").and_raise(OsbsException("cloned"))
    return directory


@pytest.mark.parametrize("method, keywords", METHODS[2:], ids=NAMES[2:])
def test_an_arrangement_without_template_is_refused_before_cloning(
    osbs, templates, method, keywords
):
    with pytest.raises(OsbsValidationException) as failure:
        getattr(osbs, method)(**dict(keywords, arrangement_version=5))
    build_type = method.split("_")[1]
    assert failure.value.message == (
        "%s invalid arrangement_version 5: there is no template %s_inner:5.json in %s"
        % (build_type, build_type, templates)
    )


@pytest.mark.parametrize("method, keywords", METHODS[2:], ids=NAMES[2:])
def test_an_arrangement_that_only_the_pod_may_have_is_a_warning(
    osbs, templates, caplog, method, keywords
):
    with pytest.raises(OsbsException, match="cloned"):
        getattr(osbs, method)(**dict(keywords, arrangement_version=6))
    assert [text for text in warnings_of(caplog) if "invalid arrangement_version 6" in text]


def test_a_template_of_the_callers_own_says_nothing_about_the_arrangement(osbs, templates):
    with pytest.raises(OsbsException, match="cloned"):
        osbs.create_worker_build(**dict(WORKER, arrangement_version=5, inner_template="own.json"))


# What people see


@pytest.mark.parametrize("method, keywords", METHODS, ids=NAMES)
def test_help_tells_type_and_meaning_of_each_keyword(method, keywords):
    text = inspect.getdoc(getattr(OSBS, method))
    assert ":param git_uri: str, required, URI of the git repository\n" in text
    assert ":param koji_task_id: int, " in text
    assert "\n:return: BuildResponse" in text


@pytest.mark.parametrize("method, keywords", METHODS, ids=NAMES)
def test_help_names_the_required_keywords(method, keywords):
    text = inspect.getdoc(getattr(OSBS, method))
    required = {line.split()[1].rstrip(":") for line in text.splitlines() if ", required, " in line}
    assert required == set(keywords) - {"platforms"}


def test_help_leaves_out_keywords_that_are_refused():
    assert ":param platforms:" not in OSBS.create_worker_build.__doc__
    assert ":param platform:" not in OSBS.create_orchestrator_build.__doc__


@pytest.mark.skipif(six.PY2, reason="Python 2 does not see through decorators")
@pytest.mark.parametrize("method, keywords", METHODS, ids=NAMES)
def test_the_signature_at_run_time_takes_what_callers_pass(method, keywords):
    inspect.signature(getattr(OSBS, method)).bind(None, newer=1, **keywords)


@pytest.mark.skipif(six.PY2, reason="Python 2 does not see through decorators")
@pytest.mark.parametrize("method, keywords", METHODS, ids=NAMES)
def test_the_signature_at_run_time_needs_the_required_keywords(method, keywords):
    signature = inspect.signature(getattr(OSBS, method))
    needed = {name for name, p in signature.parameters.items() if p.default is p.empty}
    assert needed - {"self", "kwargs"} == set(keywords) - {"platforms"}


def test_a_double_may_take_any_keywords(osbs):
    # flexmock compares with the signature that Python calls, not with the one that is shown.
    flexmock(osbs).should_receive("create_worker_build").with_args(platform="p").and_return(7)
    assert osbs.create_worker_build(platform="p") == 7
