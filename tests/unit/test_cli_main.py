"""From the command line to the call of a sub-command."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import sys
import warnings

import pytest
import six

import osbs
import osbs.api
import osbs.cli.capture
import osbs.conf
from osbs.cli import main as cli_main

CONF = """\
[general]
verbose = %(verbose)s
[default]
openshift_url = %(url)s
"""


@pytest.fixture
def levels(monkeypatch):
    """Levels that logging was set to."""
    calls = []
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(warnings, "filters", [])
    monkeypatch.setattr(osbs, "set_logging", lambda level: calls.append(level))
    return calls


@pytest.fixture
def called(monkeypatch):
    """What ``get-user`` was called with, in place of the real function."""
    calls = []

    def cmd_get_user(args, osbs_object):
        calls.append((args, osbs_object))
        return called.result

    called.result = None
    monkeypatch.setattr(cli_main, "cmd_get_user", cmd_get_user)
    return calls


@pytest.fixture
def run(monkeypatch, levels, home, tmpdir):
    """Run ``main`` with a configuration; returns its result."""

    def run_main(*argv, **values):
        conf = tmpdir.join("osbs.conf")
        conf.write(CONF % dict({"verbose": "false", "url": "https://h:8443/"}, **values))
        words = ["osbs", "--config", str(conf)] + list(argv)
        monkeypatch.setattr(sys, "argv", [str(word) for word in words])
        return cli_main.main()

    return run_main


def test_a_command_gets_arguments_and_the_facade(run, called):
    assert run("get-user", "me") is None
    ((args, osbs_object),) = called
    assert args.USERNAME == "me"
    assert type(osbs_object) is osbs.api.OSBS


def test_the_two_configurations_are_two_objects(run, called):
    run("get-user")
    facade = called[0][1]
    assert facade.os_conf is not facade.build_conf


@pytest.mark.parametrize("name", ["os_conf", "build_conf"])
def test_both_configurations_know_file_section_and_arguments(run, called, name):
    run("--namespace", "ns", "get-user")
    conf = getattr(called[0][1], name)
    assert (conf.conf_section, conf.get_namespace()) == ("default", "ns")
    assert conf.get_openshift_base_uri() == "https://h:8443/"


@pytest.mark.parametrize("result, status", [(None, None), (-1, 1)])
def test_defect_63_the_result_of_a_command_is_that_of_main(run, monkeypatch, result, status):
    monkeypatch.setattr(cli_main, "cmd_get_user", lambda args, osbs_object: result)
    assert run("get-user") == status


@pytest.mark.parametrize(
    "argv, verbose, level",
    [
        ([], "false", logging.INFO),
        (["--quiet"], "false", logging.WARNING),
        (["--quiet"], "true", logging.WARNING),
        (["--verbose"], "false", logging.DEBUG),
        ([], "true", logging.DEBUG),
    ],
)
def test_the_level_of_logging(run, called, levels, argv, verbose, level):
    run(*(argv + ["get-user"]), verbose=verbose)
    assert levels[-1] == level


def test_verbosity_is_logged_at_debug(run, called, caplog):
    caplog.set_level(logging.DEBUG, "osbs")
    run("--verbose", "get-user")
    assert "logging everything" in caplog.text


def test_responses_are_captured_with_capture_dir(run, called, monkeypatch):
    calls = []
    monkeypatch.setattr(osbs.cli.capture, "setup_json_capture", lambda *args: calls.append(args))
    run("--capture-dir", "there", "get-user")
    facade = called[0][1]
    assert calls == [(facade, facade.os_conf, "there")]


@pytest.mark.parametrize(
    "argv, values, culprit",
    [
        (["--instance", "nowhere", "get-user"], {}, "there is no section [nowhere]"),
        (["get-user"], {"url": ""}, "openshift_url"),
        (["get-user"], {"url": "h:8443"}, "h:8443"),
        (["--openshift-uri", "ftp://h", "get-user"], {}, "ftp://h"),
        (["get-user"], {"verbose": "perhaps"}, "verbose"),
        (["--config", "/no/such/osbs.conf", "get-user"], {}, "/no/such/osbs.conf"),
        (["--config", "/", "get-user"], {}, "/"),
        (["--config", "", "get-user"], {}, "file '':"),
    ],
)
def test_a_configuration_that_cannot_be_used_names_the_culprit(
    run, called, caplog, argv, values, culprit
):
    assert run(*argv, **values) == 1
    line = caplog.records[-1].getMessage()
    assert line.startswith("Configuration error: ")
    assert culprit in line
    assert called == []


def test_defect_69_an_error_of_the_constructor_is_reported(run, called, caplog, monkeypatch):
    def fail(*args):
        raise AttributeError("no such thing")

    monkeypatch.setattr(osbs.api, "OSBS", fail)
    assert run("get-user") == 1
    assert "no such thing" in caplog.records[-1].getMessage()


def test_a_default_configuration_may_be_missing(monkeypatch, levels, called, home):
    argv = ["osbs", "--openshift-uri", "https://h/", "get-user"]
    monkeypatch.setattr(sys, "argv", [str(word) for word in argv])
    assert cli_main.main() is None
    assert called[0][0].config == "/etc/osbs.conf"


def test_the_option_for_the_server_is_not_deprecated(run, called, caplog):
    run("--openshift-uri", "https://h/", "get-user")
    assert "deprecated" not in caplog.text


def test_a_deprecated_key_is_logged(run, called, caplog):
    # Python 2 never repeats a warning, whatever the filters say later.
    vars(osbs.conf).pop("__warningregistry__", None)
    run("get-user", url="https://h/\nopenshift_uri = https://h/")
    assert caplog.records[-1].getMessage().startswith("'openshift_uri' is deprecated")


def test_a_token_can_be_printed_without_a_server(run, capsys):
    assert run("--token", "T", "get-token", url="") is None
    assert capsys.readouterr()[0] == "T\n"


def test_a_command_that_shows_an_oc_login_needs_a_server(run, caplog):
    assert run("--token", "T", "get-token", "--oc", url="") == 1
    assert "openshift_url" in caplog.records[-1].getMessage()


def test_arguments_need_nothing_that_is_not_an_option(run, called, monkeypatch):
    real_cli = cli_main.cli

    def cli():
        parser, args = real_cli()
        del args.server, args.named
        return parser, args

    monkeypatch.setattr(cli_main, "cli", cli)
    assert run("get-user") is None
    assert len(called) == 1


def test_an_instance_beyond_ascii_is_found(monkeypatch, levels, called, home, tmpdir):
    name = six.ensure_str("P\u011bt")
    conf = tmpdir.join("osbs.conf")
    conf.write_binary("[P\u011bt]\nopenshift_url = https://h/\n".encode("utf-8"))
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "utf-8")
    words = [str(word) for word in ("osbs", "--config", conf, "--instance")]
    monkeypatch.setattr(sys, "argv", words + [name, str("get-user")])
    assert cli_main.main() is None
    assert called[0][0].instance == "P\u011bt"


def test_importing_the_main_module_adds_no_handler(levels):
    before = list(logging.getLogger("osbs").handlers)
    __import__("osbs.cli.main")
    assert logging.getLogger("osbs").handlers == before
