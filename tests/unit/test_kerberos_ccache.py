"""Tickets from a keytab."""

from __future__ import absolute_import, print_function, unicode_literals

import datetime
import logging
import os
import subprocess
import sys
import time

import pytest
import six
from flexmock import flexmock

from osbs import kerberos_ccache
from osbs.exceptions import OsbsAuthException, OsbsException
from osbs.kerberos_ccache import kerberos_ccache_init
from tests.conftest import ROOT

PRINCIPAL = "prin@EXAMPLE.COM"
KEYTAB = "FILE:/path/to/secret.keytab"


def klist(expiry, realm="EXAMPLE.COM", year="%y"):
    text = expiry.strftime(str("%m/%d/" + year + " %H:%M:%S"))
    return (
        "Ticket cache: FILE:/tmp/x\n\nValid starting     Expires            Service principal\n"
        "08/11/15 08:43:56  %s  krbtgt/%s@%s\n" % (text, realm, realm)
    )


def in_hours(hours):
    return datetime.datetime.now() + datetime.timedelta(hours=hours)


def expect_klist(status, output):
    (
        flexmock(kerberos_ccache)
        .should_receive("run")
        .with_args(["klist"], extraenv=dict)
        .and_return(status, output, "")
        .once()
    )


def expect_kinit(times, status=0):
    (
        flexmock(kerberos_ccache)
        .should_receive("run")
        .with_args(["kinit", "-k", "-t", KEYTAB, PRINCIPAL], extraenv=dict)
        .and_return(status, "", "kinit: /path/to/secret.keytab: nope")
        .times(times)
    )


@pytest.fixture(params=[None, "/tmp/ccache"], ids=["default cache", "own cache"])
def ccache(request, monkeypatch):
    monkeypatch.setenv(str("KRB5CCNAME"), str("before"))
    return request.param


@pytest.mark.parametrize(
    ("status", "output", "kinits"),
    [
        (1, "", 1),
        (0, klist(in_hours(-24)), 1),
        (0, klist(in_hours(0.5)), 1),
        (0, klist(in_hours(24)), 0),
        (0, klist(in_hours(24), year="%Y"), 0),
        (0, "no ticket", 1),
    ],
    ids=["no cache", "expired", "half an hour", "a day", "a day, long year", "no ticket"],
)
def test_a_ticket_is_fetched_when_none_is_valid_for_an_hour(status, output, kinits, ccache):
    expect_klist(status, output)
    expect_kinit(kinits)
    kerberos_ccache_init(PRINCIPAL, KEYTAB, ccache_file=ccache)
    assert os.environ["KRB5CCNAME"] == (ccache or "before")


def test_defect_86_a_lower_case_realm_is_recognised():
    expect_klist(0, klist(in_hours(24), realm="example.com"))
    expect_kinit(0)
    kerberos_ccache_init(PRINCIPAL, KEYTAB)


def test_a_date_with_the_day_first_is_no_valid_ticket():
    expect_klist(
        0, klist(in_hours(24)).replace("\n08/11/15 08:43:56  ", "\n11/08/15 08:43:56  31/")
    )
    expect_kinit(1)
    kerberos_ccache_init(PRINCIPAL, KEYTAB)


def test_an_impossible_date_is_no_valid_ticket():
    expect_klist(0, "08/11/15 08:43:56  31/12/99 18:43:56  krbtgt/E@E\n")
    expect_kinit(1)
    kerberos_ccache_init(PRINCIPAL, KEYTAB)


def test_a_service_ticket_does_not_count():
    expect_klist(0, klist(in_hours(24)).replace("krbtgt/", "HTTP/"))
    expect_kinit(1)
    kerberos_ccache_init(PRINCIPAL, KEYTAB)


def test_a_failure_of_kinit_changes_nothing_and_hides_the_keytab(ccache):
    expect_klist(1, "")
    expect_kinit(1, status=7)
    with pytest.raises(OsbsException) as caught:
        kerberos_ccache_init(PRINCIPAL, KEYTAB, ccache_file=ccache)
    assert os.environ["KRB5CCNAME"] == "before"
    assert "returned 7" in caught.value.message and "nope" in caught.value.message
    assert "secret.keytab" not in caught.value.message


@pytest.mark.parametrize("keytab", ["", "FILE:"])
def test_a_keytab_without_a_name_does_not_hide_the_words_of_kinit(keytab):
    flexmock(kerberos_ccache).should_receive("run").and_return(1, "", "no such keytab")
    with pytest.raises(OsbsException) as caught:
        kerberos_ccache_init(PRINCIPAL, keytab)
    assert "no such keytab" in caught.value.message


def test_the_words_of_kinit_may_be_foreign():
    words = six.ensure_str("caf\xe9")
    flexmock(kerberos_ccache).should_receive("run").and_return(1, "", words)
    with pytest.raises(OsbsException) as caught:
        kerberos_ccache_init(words, KEYTAB)
    assert caught.value.message.count("caf\xe9") == 2


def test_the_cache_is_told_to_both_programs():
    seen = []
    flexmock(kerberos_ccache).should_receive("run").replace_with(
        lambda cmd, extraenv=None: seen.append((cmd[0], extraenv["KRB5CCNAME"])) or (1, "", "")
    )
    with pytest.raises(OsbsException):
        kerberos_ccache_init(PRINCIPAL, KEYTAB, ccache_file="/tmp/cc")
    assert seen == [("klist", "/tmp/cc"), ("kinit", "/tmp/cc")]


def test_run_returns_status_and_text_of_both_streams():
    assert kerberos_ccache.run(
        ["sh", "-c", "echo $LC_ALL; echo err >&2; exit 2"], extraenv={"LC_ALL": "C"}
    ) == (2, "C\n", "err\n")


def test_run_takes_foreign_words():
    word = six.ensure_str("caf\xe9")
    assert kerberos_ccache.run(["echo", word])[1] == word + str("\n")


def test_run_uses_no_shell():
    assert kerberos_ccache.run(["echo", "$HOME; false"])[1] == "$HOME; false\n"


@pytest.mark.parametrize("script", ["sleep 60", "sleep 60 & sleep 60", "trap '' TERM; sleep 60"])
def test_run_does_not_wait_for_ever(script, monkeypatch):
    monkeypatch.setattr(kerberos_ccache, "KERBEROS_TIMEOUT", 0.2)
    began = time.time()
    with pytest.raises(OsbsAuthException) as caught:
        kerberos_ccache.run(["sh", "-c", script])
    assert time.time() - began < 30
    assert caught.value.message == (
        "sh has not ended within 0.2 seconds; is a Kerberos server reachable?"
    )


def test_run_leaves_nothing_running(monkeypatch, tmpdir):
    monkeypatch.setattr(kerberos_ccache, "KERBEROS_TIMEOUT", 0.2)
    late = tmpdir.join("late")
    with pytest.raises(OsbsAuthException):
        kerberos_ccache.run(["sh", "-c", "(sleep 1; touch %s) & wait" % late])
    time.sleep(1.2)
    assert not late.exists()


def test_run_gives_away_neither_stdin_nor_the_terminal():
    code = """
from osbs import kerberos_ccache
print(kerberos_ccache.run(["sh", "-c", "cat; cat /dev/tty"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
    )
    assert b"secret" not in process.communicate(b"secret of stdin")[0]


def test_run_logs_no_keytab(caplog):
    with caplog.at_level(logging.DEBUG, logger="osbs"):
        kerberos_ccache.run(["echo", "-t", "secret.keytab", "principal"])
    assert "principal" in caplog.text and "secret.keytab" not in caplog.text


def test_a_missing_program_is_named():
    with pytest.raises(OsbsException) as caught:
        kerberos_ccache.run(["/nonexistent/klist"])
    assert "/nonexistent/klist" in caught.value.message
