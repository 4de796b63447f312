"""A Kerberos ticket gets a token: the library, the ``osbs`` process and a real realm."""

from __future__ import absolute_import, print_function, unicode_literals

import itertools
import logging
import os
import re
import sys

import pytest

from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.exceptions import OsbsAuthException
from tests.conftest import SandboxProcess, sandbox_python
from tests.system import client
from tests.system.control import CREDENTIALS, Control, complaint
from tests.system.kerberos_realm import KerberosRealm, require_package, require_realm

DONE, FAILED, AUTHENTICATION = 0, 1, 3
OAUTH = "/oauth/authorize"
NUMBERS = itertools.count()
# The names under which the sandbox can be reached; a ticket is for one of them.
HOSTS = ("127.0.0.1", "localhost")


class Site(object):
    """
    A sandbox in a realm, and a user who has a keytab.

    :param realm: KerberosRealm
    :param sandbox: dict, the ready line
    :param keytab: str, path of the keytab of the user ``osbs``
    """

    def __init__(self, realm, sandbox, keytab):
        self.realm = realm
        self.sandbox = sandbox
        self.keytab = keytab
        self.control = Control(sandbox)


@pytest.fixture(scope="module")
def site(tmpdir_factory):
    require_realm()
    require_package([sys.executable], "requests_kerberos")
    require_package(sandbox_python(), "gssapi")
    directory = tmpdir_factory.mktemp("realm")
    with KerberosRealm(str(directory)) as realm:
        for name in ("osbs", "koji/builder.example.com"):
            realm.add_principal(name)
        keytab = str(directory.join("secret-place.keytab"))
        realm.add_keytab(keytab, "osbs", "koji/builder.example.com")
        process = SandboxProcess("--keytab", realm.service_keytab)
        yield Site(realm, process, keytab)
        process.stop()


@pytest.fixture
def ccache(tmpdir):
    """A credential cache (py.path) that does not exist yet."""
    return tmpdir.join("ccache")


@pytest.fixture
def settings(site, ccache):
    """Kerberos keys of the configuration."""
    return dict(
        CREDENTIALS,
        use_kerberos="true",
        kerberos_keytab=site.keytab,
        kerberos_principal=site.realm.principal("osbs"),
        kerberos_ccache=str(ccache),
    )


@pytest.fixture
def run(site, settings, tmpdir, home):
    """Run ``osbs`` in the realm; keywords change the configuration."""

    def run_osbs(*arguments, **changes):
        environment = dict(site.realm.environment, KRB5CCNAME="FILE:" + str(tmpdir.join("default")))
        environment.update(changes.pop("environment", {}))
        sandbox = changes.pop("sandbox", site.sandbox)
        config = client.changed_conf(sandbox, tmpdir.join("osbs.conf"), **dict(settings, **changes))
        return client.osbs("--config", config, *arguments, **environment)

    return run_osbs


@pytest.fixture
def library(site, settings, tmpdir, monkeypatch):
    """Make an OSBS in the realm; keywords change the configuration."""
    for name, value in site.realm.environment.items():
        monkeypatch.setenv(name, value)
    site.control.forget()

    def make(**changes):
        config = client.changed_conf(
            site.sandbox, tmpdir.join("library.conf"), **dict(settings, **changes)
        )
        conf = Configuration(conf_file=config, conf_section="default")
        return OSBS(conf, conf)

    return make


def user_name(result):
    assert result.status == DONE, result
    return re.search('Name: "(.*)"', result.stdout).group(1)


@pytest.mark.parametrize("host", HOSTS)
def test_a_fresh_ticket_gets_a_token(site, run, ccache, host):
    url = site.sandbox["url"].replace("127.0.0.1", host)
    assert user_name(run("get-user", openshift_url=url)) == "osbs"
    assert site.realm.has_valid_ticket(str(ccache))


def test_the_options_do_as_the_configuration_does(site, run, settings, ccache):
    names = ("kerberos_keytab", "kerberos_principal", "kerberos_ccache")
    options = ["--use-kerberos"]
    for name in names:
        options += ["--" + name.replace("_", "-"), settings[name]]
    result = run(*options + ["get-user"], use_kerberos=None, **dict.fromkeys(names))
    assert user_name(result) == "osbs"


def test_a_cached_ticket_is_used_without_asking_the_kdc(site, run):
    assert user_name(run("get-user")) == "osbs"
    assert user_name(run("get-user", environment=site.realm.lonely_environment)) == "osbs"


def test_a_ticket_that_somebody_else_cached_is_enough(site, run, tmpdir):
    site.realm.kinit("osbs", keytab=site.keytab, ccache=str(tmpdir.join("default")))
    result = run("get-user", kerberos_keytab=None, kerberos_principal=None, kerberos_ccache=None)
    assert user_name(result) == "osbs"


def test_an_expired_ticket_is_replaced(site, run, ccache):
    site.realm.expired_ticket("osbs", site.keytab, str(ccache))
    assert user_name(run("get-user")) == "osbs"
    assert site.realm.has_valid_ticket(str(ccache))


def test_a_ticket_for_less_than_an_hour_is_replaced(site, run, ccache):
    site.realm.kinit("osbs", keytab=site.keytab, ccache=str(ccache), lifetime="50m")
    before = ccache.read_binary()
    assert user_name(run("get-user")) == "osbs"
    assert not ccache.read_binary().startswith(before)


def test_an_expired_ticket_without_a_keytab_is_an_authentication_failure(site, run, tmpdir):
    site.realm.expired_ticket("osbs", site.keytab, str(tmpdir.join("default")))
    result = run("get-user", kerberos_keytab=None, kerberos_principal=None, kerberos_ccache=None)
    assert "no valid Kerberos ticket" in complaint(result, AUTHENTICATION)


def test_no_ticket_at_all_is_an_authentication_failure(run):
    result = run("get-user", kerberos_keytab=None, kerberos_principal=None, kerberos_ccache=None)
    assert "no valid Kerberos ticket" in complaint(result, AUTHENTICATION)


def test_the_token_can_be_shown_and_used(site, run):
    result = run("get-token")
    assert result.status == DONE, result
    token = result.stdout.split()[-1]
    kerberos_less = dict.fromkeys(("kerberos_keytab", "kerberos_principal", "kerberos_ccache"))
    result = run("--token", token, "get-user", use_kerberos=None, **kerberos_less)
    assert user_name(result) == "osbs"


def test_a_principal_of_a_host_is_a_user_with_a_hyphen(site, run):
    principal = site.realm.principal("koji/builder.example.com")
    result = run("get-user", kerberos_principal=principal)
    assert user_name(result) == "koji-builder.example.com"


# What goes wrong is told in one line, without the keytab's name.


@pytest.fixture
def other(site, tmpdir):
    """Principal and path of a keytab of somebody who may be spoiled."""
    name = "other-%d" % next(NUMBERS)
    keytab = str(tmpdir.join("secret-place.keytab"))
    site.realm.add_principal(name)
    site.realm.add_keytab(keytab, name)
    return name, keytab


def assert_refused(result, *words):
    line = complaint(result, AUTHENTICATION)
    assert [word for word in words if word not in line] == [], line
    assert "secret-place" not in result.stderr


def test_a_wrong_keytab_is_an_authentication_failure(site, run, other):
    name, keytab = other
    site.realm.change_key(name)
    principal = site.realm.principal(name)
    result = run("get-user", kerberos_keytab=keytab, kerberos_principal=principal)
    assert_refused(result, "kinit", "keytab", principal, "Password incorrect")


def test_a_principal_that_does_not_exist_is_an_authentication_failure(site, run, other):
    name, keytab = other
    site.realm.remove_principal(name)
    principal = site.realm.principal(name)
    result = run("get-user", kerberos_keytab=keytab, kerberos_principal=principal)
    assert_refused(result, principal, "not found in Kerberos database")


def test_a_principal_that_is_not_in_the_keytab_is_an_authentication_failure(site, run):
    principal = site.realm.principal("HTTP/localhost")
    assert_refused(run("get-user", kerberos_principal=principal), principal, "no suitable keys")


def test_a_keytab_that_is_not_there_is_an_authentication_failure(run, tmpdir):
    missing = str(tmpdir.join("secret-place", "none.keytab"))
    assert_refused(run("get-user", kerberos_keytab=missing), "kinit", "keytab", "not found")


def test_a_keytab_without_a_principal_is_an_authentication_failure(run):
    assert_refused(run("get-user", kerberos_principal=None), "kerberos_principal")


def test_a_kdc_that_cannot_be_reached_is_an_authentication_failure(site, run):
    result = run("get-user", environment=site.realm.lonely_environment)
    assert_refused(result, "Cannot contact any KDC", site.realm.name)


def test_a_machine_without_kerberos_programs_is_told(run, tmpdir):
    result = run("get-user", environment={"PATH": str(tmpdir.mkdir("empty"))})
    assert_refused(result, "cannot run klist", "Kerberos")


def test_a_server_that_does_not_accept_kerberos_is_told(run, sandbox):
    assert_refused(run("get-user", sandbox=sandbox), "does not accept Kerberos")


def test_a_server_without_the_key_of_the_ticket_refuses_it(site, run, tmpdir):
    keytab = str(tmpdir.join("service.keytab"))
    site.realm.add_keytab(keytab, "HTTP/localhost")
    process = SandboxProcess("--keytab", keytab)
    try:
        assert_refused(run("get-user", sandbox=process), "ticket")
        assert "a ticket was refused" in process.stderr()
    finally:
        process.stop()


def test_an_answer_that_does_not_prove_whose_it_is_is_refused(site, run):
    site.control.fault("html", path=OAUTH)
    try:
        assert_refused(run("get-user"), "does not prove", site.sandbox["url"])
    finally:
        site.control.forget()


# In a process that lives long.


def test_a_refused_token_is_renewed_with_the_cached_ticket(site, library):
    osbs = library()
    osbs.get_user()
    token = osbs.os.token
    site.control.fault("expire_tokens")
    site.control.forget()
    assert osbs.get_user()["metadata"]["name"] == "osbs"
    assert osbs.os.token != token
    assert site.control.statuses(OAUTH) == [401, 302]


def test_a_refused_token_is_renewed_when_the_ticket_is_gone_too(site, library, ccache):
    osbs = library()
    osbs.get_user()
    ccache.remove()
    site.control.fault("expire_tokens")
    assert osbs.get_user()["metadata"]["name"] == "osbs"


def test_one_token_does_for_many_requests(site, library):
    osbs = library()
    for _ in range(3):
        osbs.get_user()
    assert site.control.statuses(OAUTH) == [401, 302]


def test_a_ticket_that_can_no_longer_be_had_is_told_to_a_living_process(site, library, other):
    name, keytab = other
    osbs = library(kerberos_keytab=keytab, kerberos_principal=site.realm.principal(name))
    assert osbs.get_user()["metadata"]["name"] == name
    site.realm.remove_principal(name)
    os.remove(osbs.os.kerberos_ccache)
    site.control.fault("expire_tokens")
    with pytest.raises(OsbsAuthException, match="not found in Kerberos database"):
        osbs.get_user()


def test_neither_tickets_nor_tokens_reach_the_log(library, caplog, monkeypatch):
    for name in ("requests_kerberos", "spnego"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
    monkeypatch.setattr("osbs.http.HTTPKerberosAuth", None)
    osbs = library()
    with caplog.at_level(logging.DEBUG):
        osbs.get_user()
    assert "/oauth/authorize" in caplog.text
    # Every ticket begins so: the object identifier of Kerberos in base64.
    assert "YII" not in caplog.text and "Negotiate " not in caplog.text
    assert osbs.os.token not in caplog.text


# Where the package is missing; this needs no realm.


@pytest.mark.parametrize(
    "error", ['ImportError("no C headers")', 'OSError("libgssapi_krb5.so.2 is not there")']
)
def test_a_missing_package_is_named_with_its_extra(sandbox, tmpdir, home, error):
    tmpdir.mkdir("site").join("requests_kerberos.py").write("raise " + error)
    config = client.changed_conf(
        sandbox, tmpdir.join("osbs.conf"), **dict(CREDENTIALS, use_kerberos="true")
    )
    path = os.pathsep.join([str(tmpdir.join("site")), client.ROOT])
    result = client.osbs("--config", config, "get-user", PYTHONPATH=path, HOME=home)
    assert "osbs-client[kerberos]" in complaint(result, AUTHENTICATION)


def test_an_osbs_that_does_not_use_kerberos_needs_no_package(sandbox, tmpdir, home):
    tmpdir.mkdir("site").join("requests_kerberos.py").write("raise SystemExit(99)")
    path = os.pathsep.join([str(tmpdir.join("site")), client.ROOT])
    result = client.osbs("--config", sandbox["config"], "get-user", PYTHONPATH=path, HOME=home)
    assert user_name(result) == sandbox["user"]


# The other side.


def test_a_keytab_that_is_not_there_stops_the_sandbox(tmpdir):
    assert "no.keytab" in failed_start(tmpdir.join("no.keytab"))


def test_a_keytab_that_is_none_stops_the_sandbox(tmpdir):
    tmpdir.join("bad.keytab").write("not a keytab")
    assert "bad.keytab" in failed_start(tmpdir.join("bad.keytab"))


def failed_start(keytab):
    require_package(sandbox_python(), "gssapi")
    with pytest.raises(pytest.fail.Exception) as caught:
        SandboxProcess("--keytab", str(keytab)).stop()
    lines = str(caught.value).strip().splitlines()
    assert len(lines) == 2, lines
    return lines[-1]
