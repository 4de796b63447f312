"""What became of a command: one line, one exit status."""

from __future__ import absolute_import, print_function, unicode_literals

import argparse
import io
import json
import logging
import os
import sys

import pytest
import requests

from osbs.cli import errors
from osbs.cli.output import LogFormatter, OutputClosed, write
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsNetworkException,
    OsbsOrchestratorNotEnabled,
    OsbsResponseException,
    OsbsValidationException,
    OsbsWaitTimeout,
    OsbsWatchBuildNotFound,
)

# As urllib3 says it.
REFUSED = (
    "HTTPSConnectionPool(host='h', port=1): Max retries exceeded with url: / (Caused by"
    " NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused'))"
)
ARGS = argparse.Namespace(output="text")


def raising(ex):
    def action():
        raise ex

    return action


def not_found(kind, name):
    """Return the answer of a server that does not have an object."""
    status = {"message": "%s not found" % name, "details": {"kind": kind, "name": name}}
    return OsbsResponseException(json.dumps(status), 404)


@pytest.fixture
def last_hint(last_line, caplog):
    """Run an action that fails; return the hint of the last record."""

    def run(ex):
        last_line(ex)
        return caplog.records[-1].hint

    return run


@pytest.fixture
def last_line(caplog):
    """Run an action that fails; return the message of the last record."""
    caplog.set_level(logging.DEBUG, "osbs")

    def run(ex):
        errors.run(raising(ex), ARGS)
        assert caplog.records[-1].levelno == logging.ERROR
        return caplog.records[-1].getMessage()

    return run


@pytest.mark.parametrize(
    "ex, status",
    [
        (OsbsException("m"), 1),
        (OsbsValidationException("m"), 1),
        (OsbsOrchestratorNotEnabled("m"), 1),
        (OsbsWatchBuildNotFound("m"), 1),
        (OsbsWaitTimeout("m"), 1),
        (OsbsResponseException("m", 404), 1),
        (OsbsResponseException("m", 403), 1),
        (OsbsResponseException("m", 500), 1),
        (errors.ConfigurationError("m"), 1),
        (errors.CommandError("m"), 1),
        (AttributeError("m"), 1),
        (KeyError("m"), 1),
        (errors.UsageError("m"), 2),
        (OsbsAuthException("m"), 3),
        (OsbsResponseException("m", 401), 3),
        (OsbsException(cause=OsbsResponseException("m", 401)), 3),
        (OsbsValidationException("token is not valid", cause=OsbsResponseException("m", 401)), 3),
        (OsbsNetworkException("http://u", "m", ""), 4),
        (OsbsNetworkException("http://u", "m", 503), 4),
        (OsbsException(cause=requests.exceptions.ConnectionError("m")), 4),
        (OsbsException(cause=requests.exceptions.ConnectTimeout("m")), 4),
        (OsbsException(cause=requests.exceptions.SSLError("m")), 4),
        (OsbsException(cause=requests.exceptions.ReadTimeout("m")), 4),
        (OsbsException(cause=requests.exceptions.ChunkedEncodingError("m")), 1),
        (OsbsException(cause=ValueError("m")), 1),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_an_exception_has_its_exit_status(ex, status):
    assert errors.run(raising(ex), ARGS) == status


@pytest.mark.parametrize("result, status", [(None, None), (0, 0), (-1, 1)])
def test_the_result_of_a_command_has_its_exit_status(result, status):
    assert errors.run(lambda: result, ARGS) == status


@pytest.mark.parametrize(
    "ex, line",
    [
        (
            OsbsNetworkException("http://u", "boom", 503),
            "Network error at http://u (503): (503) boom",
        ),
        (
            OsbsNetworkException("http://u", "timed out", ""),
            "Network error at http://u (): () timed out",
        ),
        (OsbsAuthException("no ticket"), "Authentication failure: no ticket"),
        (
            OsbsResponseException('{"kind": "Status", "message": "no such build"}', 404),
            "Server returned error 404: no such build",
        ),
        (OsbsResponseException("Unauthorized", 401), "Server returned error 401: Unauthorized"),
        (
            OsbsNetworkException("http://u/a?b", REFUSED, ""),
            "Network error at http://u/a: connection refused",
        ),
        (
            OsbsNetworkException("http://u/a", "Pool(Caused by too many 503 error responses)", ""),
            "Network error at http://u/a: the server keeps answering 503",
        ),
        (not_found("builds", "b-1"), 'build "b-1" not found'),
        (not_found("imagestreams", "fedora"), 'image stream "fedora" not found'),
        (not_found("builds.build.openshift.io", "b-1"), 'build "b-1" not found'),
        (OsbsException("No such build", cause=not_found("builds", "b")), 'build "b" not found'),
        (OsbsException(cause=ValueError("tag is missing")), "tag is missing"),
        (OsbsException(cause=OsbsException(cause=ValueError("again"))), "again"),
        (OsbsException("cannot render", cause=ValueError("why")), "cannot render"),
        (OsbsResponseException("plain", 500), "Server returned error 500: plain"),
        (OsbsResponseException("[1]", 500), "Server returned error 500: [1]"),
        (OsbsResponseException('{"a": 1}', 500), 'Server returned error 500: {"a": 1}'),
        (errors.ConfigurationError("bad"), "Configuration error: bad"),
        (errors.UsageError("no such column"), "no such column"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_an_exception_is_told_in_one_line(last_line, ex, line):
    assert last_line(ex) == line


@pytest.mark.parametrize(
    "ex",
    [OsbsException("m"), OsbsValidationException("m", cause=ValueError("x"))],
    ids=lambda ex: type(ex).__name__,
)
def test_any_other_exception_of_the_library_is_told_by_its_message(last_line, ex):
    assert last_line(ex) == "m"


@pytest.mark.parametrize("ex", [KeyError(7), OsbsException(cause=KeyError(7))])
def test_a_mistake_in_a_program_is_told_by_its_class(last_line, ex):
    assert last_line(ex) == "KeyError: 7"


def test_a_mistake_in_a_program_is_to_be_reported(last_hint):
    assert "--verbose" in last_hint(OsbsException(cause=KeyError("m")))


def test_what_the_user_can_do_nothing_about_has_no_hint(last_hint):
    assert last_hint(OsbsException("m")) is None


def test_a_token_that_is_refused_tells_what_to_do(last_hint):
    assert "osbs login" in last_hint(OsbsResponseException("Unauthorized", 401))


@pytest.mark.parametrize("url, hinted", [("http://h/", True), ("https://h/", False)])
def test_a_server_that_closes_a_connection_without_tls_may_speak_it(last_hint, url, hinted):
    request = requests.Request("GET", url).prepare()
    text = "('Connection aborted.', RemoteDisconnected('Remote end closed connection'))"
    cause = requests.exceptions.ConnectionError(text, request=request)
    assert bool(last_hint(OsbsException(cause=cause))) == hinted


def test_a_server_that_responds_in_tls_wants_https(last_line, last_hint):
    text = r"('Connection aborted.', BadStatusLine('\x15\x03\x03\x00\x02\x02P'))"
    ex = OsbsNetworkException("http://h/", text, "")
    assert last_line(ex) == "Network error at http://h/: the server speaks TLS, not plain HTTP"
    assert "https://" in last_hint(ex)


def test_a_command_can_tell_what_to_do(last_hint):
    assert last_hint(errors.CommandError("m", hint="do this")) == "do this"


def test_an_error_is_shown_with_its_hint():
    record = logging.LogRecord("osbs", logging.ERROR, "f", 1, "%s", ("m",), None)
    record.hint = "do this"
    assert LogFormatter().format(record) == "error: m\nhint: do this"


def test_defect_69_an_attribute_error_is_handled_like_any_other(last_line):
    assert "'x'" in last_line(AttributeError(str("no attribute 'x'")))


def test_defect_49_a_network_error_without_a_status_is_one_line(last_line):
    assert "\n" not in last_line(OsbsNetworkException("http://u", "m", ""))


def test_a_lost_connection_names_the_server(last_line):
    request = requests.Request("GET", "https://h:8443/oapi/v1/").prepare()
    cause = requests.exceptions.ConnectionError("refused", request=request)
    assert last_line(OsbsException(cause=cause)).startswith(
        "Network error at https://h:8443/oapi/v1/: "
    )


def test_an_unknown_ca_tells_what_to_do(last_hint):
    cause = requests.exceptions.SSLError("certificate verify failed: unable to get local issuer")
    assert "ca_bundle" in last_hint(OsbsException(cause=cause))


def test_a_file_that_cannot_be_read_is_named(last_line):
    cause = IOError(2, str("No such file or directory"), str("/templates/worker.json"))
    assert "/templates/worker.json" in last_line(OsbsException(cause=cause))


def test_a_message_of_many_lines_is_told_in_one(last_line):
    assert last_line(OsbsResponseException("<html>\n\r\n<body>\u2028no</body>", 502)) == (
        "Server returned error 502: <html> <body> no</body>"
    )


def test_control_characters_do_not_reach_the_terminal(last_line):
    assert "\x1b" not in last_line(OsbsResponseException("\x1b]0;owned\x07", 500))


def test_a_web_page_is_cut(last_line):
    assert len(last_line(OsbsResponseException("x" * 1000000, 502))) < 3000


def test_credentials_in_a_url_are_masked(last_line):
    assert "hunter2" not in last_line(OsbsException("cannot clone https://me:hunter2@h/r"))


def test_the_traceback_is_logged_at_debug_before_the_line(last_line, caplog):
    last_line(OsbsException("m"))
    record = caplog.records[-2]
    assert record.levelno == logging.DEBUG
    assert "Traceback (most recent call last)" in record.getMessage()


def test_an_exception_that_is_its_own_cause_is_told(last_line):
    ex = OsbsAuthException("round")
    ex.cause = ex
    assert "round" in last_line(ex)


class TestInterruption(object):
    def test_its_status_is_130(self, capsys):
        assert errors.run(raising(KeyboardInterrupt()), ARGS) == 130

    def test_it_is_told_on_stdout(self, capsys):
        errors.run(raising(KeyboardInterrupt()), ARGS)
        assert capsys.readouterr()[0] == "Quitting on user request.\n"

    def test_it_does_not_spoil_json(self, capsys):
        errors.run(raising(KeyboardInterrupt()), argparse.Namespace(output="json"))
        assert capsys.readouterr()[0] == ""

    @staticmethod
    def hint(capsys, command, **facts):
        def action():
            with errors.resumable(*command):
                raise KeyboardInterrupt()

        errors.run(action, argparse.Namespace(output="text", **facts))
        return capsys.readouterr()[1].splitlines()[-1]

    def test_it_tells_how_to_go_on(self, capsys):
        line = self.hint(capsys, ("build-logs", "-f", "app-1"))
        assert line.endswith("to go on: osbs build-logs -f app-1")

    def test_how_to_go_on_names_the_same_server(self, capsys):
        line = self.hint(
            capsys, ("watch-builds",), config="/my conf", instance="default", namespace="ns"
        )
        assert line.endswith("osbs --config '/my conf' --namespace ns watch-builds")

    def test_how_to_go_on_names_no_secret(self, capsys):
        assert "S3CRET" not in self.hint(
            capsys, ("watch-builds",), token="S3CRET", password="S3CRET", username="S3CRET"
        )

    def test_how_to_go_on_has_all_options_that_were_given(self, capsys):
        line = self.hint(
            capsys,
            ("watch-builds",),
            verify_ssl=True,
            use_auth=False,
            client_cert="/c",
            retries=0,
            columns="name",
            quiet=False,
        )
        assert line.endswith(
            "osbs --client-cert /c --verify-ssl --without-auth --retries 0"
            " watch-builds --columns name"
        )

    def test_how_to_go_on_says_that_there_were_credentials(self, capsys):
        line = self.hint(capsys, ("watch-builds",), username="u", password="S3CRET")
        assert line.endswith("osbs --username USERNAME --password PASSWORD watch-builds")

    def test_how_to_go_on_has_the_options_of_the_sub_command_once(self, capsys):
        line = self.hint(capsys, ("build-logs", "-f", "app-1"), follow=True, wait_if_missing=True)
        assert line.endswith("osbs build-logs --wait-if-missing -f app-1")

    @pytest.mark.parametrize(
        "command, doing",
        [
            (("build-logs", "-f", "app-1"), "following the log of build app-1"),
            (("watch-build", "app-1"), "waiting for build app-1"),
            (("watch-builds",), "watching builds"),
        ],
    )
    def test_it_tells_what_was_going_on(self, capsys, command, doing):
        assert self.hint(capsys, command).startswith("Interrupted while %s; " % doing)

    def test_it_tells_what_was_waited_for(self, capsys):
        waiting = argparse.Namespace(last="waiting for build app-1: New")
        line = self.hint(capsys, ("watch-build", "app-1"), waiting=waiting)
        assert line == (
            "Interrupted while waiting for build app-1: New; to go on: osbs watch-build app-1"
        )

    def test_it_tells_which_retry_was_waited_for(self, capsys):
        waiting = argparse.Namespace(last="server answered 503, trying again in 8 s (2 of 8)")
        errors.run(raising(KeyboardInterrupt()), argparse.Namespace(waiting=waiting))
        assert capsys.readouterr()[1].endswith(
            "Interrupted (server answered 503, trying again in 8 s (2 of 8))\n"
        )

    def test_it_is_told_even_when_nobody_reads_stdout(self, capsys, monkeypatch):
        reading, writing = os.pipe()
        os.close(reading)
        with io.open(writing, "w", buffering=1) as closed:
            monkeypatch.setattr(sys, "stdout", closed)
            assert errors.run(raising(KeyboardInterrupt()), ARGS) == 130


def test_a_reader_that_left_ends_quietly(caplog, capsys):
    assert errors.run(raising(OutputClosed()), ARGS) == 0
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")


def test_what_was_written_before_a_system_exit_is_flushed(monkeypatch):
    with io.open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        write("help")
        with pytest.raises(SystemExit) as exc_info:
            errors.run(raising(SystemExit(0)), ARGS)
        assert exc_info.value.code == 1


def test_a_usage_error_is_a_validation_error():
    assert issubclass(errors.UsageError, OsbsValidationException)
