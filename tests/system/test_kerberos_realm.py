"""The Kerberos realm that other tests stand on does what they believe."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import subprocess
import sys

import pytest

from tests.system.kerberos_realm import (
    KerberosRealm,
    RealmError,
    missing_programs,
    require_package,
    require_realm,
)


@pytest.fixture(scope="module")
def realm(tmpdir_factory):
    require_realm()
    with KerberosRealm(str(tmpdir_factory.mktemp("realm"))) as made:
        made.add_principal("builder", password="correct horse")
        yield made


def test_a_password_gets_a_ticket(realm, tmpdir):
    realm.kinit("builder", password="correct horse", ccache=str(tmpdir.join("cc")))
    assert realm.has_valid_ticket(str(tmpdir.join("cc")))


def test_a_wrong_password_gets_none(realm, tmpdir):
    with pytest.raises(RealmError):
        realm.kinit("builder", password="battery staple", ccache=str(tmpdir.join("cc")))
    assert not realm.has_valid_ticket(str(tmpdir.join("cc")))


def test_a_keytab_gets_a_ticket(realm, tmpdir):
    keytab = str(tmpdir.join("builder.keytab"))
    realm.add_keytab(keytab, "builder")
    realm.kinit("builder", keytab=keytab, ccache=str(tmpdir.join("cc")))
    assert realm.has_valid_ticket(str(tmpdir.join("cc")))


def test_the_password_still_works_after_a_keytab_was_written(realm, tmpdir):
    realm.add_keytab(str(tmpdir.join("builder.keytab")), "builder")
    realm.kinit("builder", password="correct horse", ccache=str(tmpdir.join("cc")))
    assert realm.has_valid_ticket(str(tmpdir.join("cc")))


def test_a_keytab_from_before_the_key_changed_gets_none(realm, tmpdir):
    keytab = str(tmpdir.join("other.keytab"))
    realm.add_principal("other")
    realm.add_keytab(keytab, "other")
    realm.change_key("other")
    with pytest.raises(RealmError):
        realm.kinit("other", keytab=keytab, ccache=str(tmpdir.join("cc")))


def test_an_expired_ticket_is_none(realm, tmpdir):
    keytab, ccache = str(tmpdir.join("builder.keytab")), str(tmpdir.join("cc"))
    realm.add_keytab(keytab, "builder")
    realm.expired_ticket("builder", keytab, ccache)
    assert not realm.has_valid_ticket(ccache)


def test_the_services_keys_are_in_a_keytab_of_their_own(realm, tmpdir):
    for service in ("HTTP/localhost", "HTTP/127.0.0.1"):
        realm.kinit(service, keytab=realm.service_keytab, ccache=str(tmpdir.join("cc")))


def test_the_environment_of_the_tests_stays_as_it_is(realm):
    assert os.environ.get("KRB5_CONFIG") != realm.environment["KRB5_CONFIG"]


def test_a_stopped_realm_gives_no_tickets(tmpdir):
    require_realm()
    with KerberosRealm(str(tmpdir)) as short_lived:
        short_lived.add_principal("builder", password="correct horse")
    with pytest.raises(RealmError):
        short_lived.kinit("builder", password="correct horse")


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("tests.system.kerberos_realm.PROGRAMS", ("no-such-kdc",))
    assert missing_programs() == ["no-such-kdc"]


def test_a_machine_without_a_kdc_skips(monkeypatch):
    monkeypatch.setattr("tests.system.kerberos_realm.PROGRAMS", ("no-such-kdc",))
    for name in ("OSBS_REQUIRE_KERBEROS", "CI"):
        monkeypatch.delenv(str(name), raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-kdc"):
        require_realm()


@pytest.mark.parametrize(("name", "value"), [("OSBS_REQUIRE_KERBEROS", "1"), ("CI", "true")])
def test_a_machine_that_must_have_a_kdc_fails(monkeypatch, name, value):
    monkeypatch.setattr("tests.system.kerberos_realm.PROGRAMS", ("no-such-kdc",))
    monkeypatch.setenv(str(name), str(value))
    with pytest.raises(pytest.fail.Exception, match="no-such-kdc"):
        require_realm()


def test_a_package_that_is_not_there_skips(monkeypatch):
    monkeypatch.delenv(str("OSBS_REQUIRE_KERBEROS"), raising=False)
    with pytest.raises(pytest.skip.Exception, match="no_such_package"):
        require_package([sys.executable], "no_such_package")


def test_a_package_that_must_be_there_fails(monkeypatch):
    monkeypatch.setenv(str("OSBS_REQUIRE_KERBEROS"), str("1"))
    with pytest.raises(pytest.fail.Exception, match="no_such_package"):
        require_package([sys.executable], "no_such_package")


def test_where_the_kdc_cannot_be_reached_there_are_no_tickets(realm, tmpdir):
    realm.add_keytab(str(tmpdir.join("builder.keytab")), "builder")
    arguments = ["-k", "-t", str(tmpdir.join("builder.keytab")), realm.principal("builder")]
    environment = dict(os.environ, **realm.lonely_environment)
    process = subprocess.Popen(["kinit"] + arguments, env=environment, stderr=subprocess.PIPE)
    assert b"Cannot contact any KDC" in process.communicate()[1]


def test_a_principal_that_was_removed_gets_no_ticket(realm, tmpdir):
    keytab = str(tmpdir.join("gone.keytab"))
    realm.add_principal("gone")
    realm.add_keytab(keytab, "gone")
    realm.remove_principal("gone")
    with pytest.raises(RealmError, match="not found"):
        realm.kinit("gone", keytab=keytab, ccache=str(tmpdir.join("cc")))
