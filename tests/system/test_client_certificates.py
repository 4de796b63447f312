"""Client certificates: who comes with one, and what is said of files that cannot be used."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os

import pytest
import trustme

from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.exceptions import OsbsAuthException, OsbsException
from tests.system import client
from tests.system.control import CREDENTIALS, Control, complaint

DONE, AUTHENTICATION, NETWORK = 0, 3, 4
ADMINISTRATOR = 'Name: "system:admin"'

ENCRYPTED_KEY = """\
-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,8A5E1F0C6D2B3A49F1E0D2C3B4A59687

c2VjcmV0IHBhcnQgb2YgYSBrZXk=
-----END RSA PRIVATE KEY-----
"""


@pytest.fixture(scope="module")
def admin(sandbox):
    """Paths of the administrator's certificate and key."""
    directory = os.path.dirname(sandbox["config"])
    return os.path.join(directory, "admin.crt"), os.path.join(directory, "admin.key")


@pytest.fixture(scope="module")
def stranger(tmpdir_factory):
    """Paths of a certificate and a key of an authority that the server does not know."""
    directory = tmpdir_factory.mktemp("stranger")
    leaf = trustme.CA().issue_cert("stranger.example.com")
    paths = str(directory.join("stranger.crt")), str(directory.join("stranger.key"))
    leaf.cert_chain_pems[0].write_to_path(paths[0])
    leaf.private_key_pem.write_to_path(paths[1])
    return paths


@pytest.fixture
def configured(sandbox, tmpdir):
    """Write a configuration without other credentials; returns its path."""

    def write(**keys):
        return client.changed_conf(sandbox, tmpdir.join("osbs.conf"), **dict(CREDENTIALS, **keys))

    return write


@pytest.fixture
def run(configured, home):
    """Run ``osbs`` with these keys in its configuration, and no other credentials."""

    def run_osbs(*arguments, **keys):
        environment = keys.pop("environment", {})
        config = configured(**keys)
        return client.osbs("--config", config, *arguments, HOME=home, **environment)

    return run_osbs


@pytest.fixture
def library(configured):
    """Make an OSBS with these keys in its configuration, and no other credentials."""

    def make(**keys):
        conf = Configuration(conf_file=configured(**keys), conf_section="default")
        return OSBS(conf, conf)

    return make


def test_a_certificate_says_who_it_is(run, admin):
    result = run("get-user", client_cert=admin[0], client_key=admin[1])
    assert (result.status, result.stdout.splitlines()[0]) == (DONE, ADMINISTRATOR)


def test_the_options_do_as_the_configuration_does(run, admin):
    result = run("--client-cert", admin[0], "--client-key", admin[1], "get-user")
    assert (result.status, result.stdout.splitlines()[0]) == (DONE, ADMINISTRATOR)


def test_without_a_certificate_nobody_is_an_administrator(run):
    assert ADMINISTRATOR not in run("get-user").stdout


def test_a_cluster_administrator_may_see_other_users(run, admin, sandbox):
    result = run("get-user", "viewer", client_cert=admin[0], client_key=admin[1])
    assert result.stdout.splitlines()[0] == 'Name: "viewer"'


def test_a_certificate_needs_no_login(sandbox, library, admin):
    control = Control(sandbox)
    control.forget()
    osbs = library(client_cert=admin[0], client_key=admin[1])
    assert osbs.get_user()["metadata"]["name"] == "system:admin"
    assert control.statuses("/oauth/authorize") == []
    assert osbs.os.token is None


def test_many_requests_with_a_certificate_use_one_connection(sandbox, library, admin):
    control = Control(sandbox)
    control.forget()
    osbs = library(client_cert=admin[0], client_key=admin[1])
    for _ in range(3):
        osbs.list_builds()
    assert len(control.connections("builds")) == 1


def test_a_token_wins_over_the_certificate(run, admin, sandbox):
    result = run("get-user", client_cert=admin[0], client_key=admin[1], token=sandbox["token"])
    assert result.stdout.splitlines()[0] == 'Name: "%s"' % sandbox["user"]


def test_a_certificate_is_shown_to_the_oauth_server_when_a_token_is_wanted(run, admin):
    result = run("get-user", client_cert=admin[0], client_key=admin[1], use_auth="true")
    line = complaint(result, AUTHENTICATION)
    assert "the OAuth server refused the login (401)" in line and "password" not in line


# Files that cannot be used are named before anything is sent.


@pytest.fixture
def refused(sandbox, library):
    """Check that a request with these files is not sent; returns the words of the exception."""

    def refuse(certificate, key):
        control = Control(sandbox)
        control.forget()
        with pytest.raises(OsbsAuthException) as caught:
            library(client_cert=certificate, client_key=key).get_user()
        assert control.connections("") == set()
        return caught.value.message

    return refuse


@pytest.mark.parametrize("missing", [0, 1], ids=["certificate", "key"])
def test_one_without_the_other_is_an_authentication_failure(run, admin, missing):
    paths = list(admin)
    paths[missing] = None
    result = run("get-user", client_cert=paths[0], client_key=paths[1])
    line = complaint(result, AUTHENTICATION)
    assert "client_cert and client_key must be set together" in line


def test_one_without_the_other_is_not_sent(refused, admin):
    assert "client_key" in refused(admin[0], None)


@pytest.mark.parametrize("which", [0, 1], ids=["client_cert", "client_key"])
def test_a_file_that_is_not_there_is_named(run, admin, tmpdir, which):
    paths = list(admin)
    paths[which] = str(tmpdir.join("missing.pem"))
    result = run("get-user", client_cert=paths[0], client_key=paths[1])
    line = complaint(result, AUTHENTICATION)
    name = ("client_cert", "client_key")[which]
    assert "%s: cannot read %s: No such file" % (name, paths[which]) in line


@pytest.mark.parametrize("which", [0, 1], ids=["client_cert", "client_key"])
def test_a_file_that_cannot_be_read_is_named(refused, admin, tmpdir, which):
    paths = list(admin)
    # Root may read everything but a directory.
    paths[which] = str(tmpdir.mkdir("a.pem"))
    words = refused(*paths)
    assert ("client_cert", "client_key")[which] in words and paths[which] in words


def test_the_key_of_another_certificate_is_an_authentication_failure(run, admin, stranger):
    result = run("get-user", client_cert=admin[0], client_key=stranger[1])
    line = complaint(result, AUTHENTICATION)
    assert "the key belongs to another certificate" in line
    assert admin[0] in line and stranger[1] in line


@pytest.mark.parametrize("which", [0, 1], ids=["client_cert", "client_key"])
def test_a_file_that_is_no_certificate_or_key_is_named(refused, admin, tmpdir, which):
    paths = list(admin)
    paths[which] = str(tmpdir.join("garbage.pem"))
    tmpdir.join("garbage.pem").write("garbage")
    words = refused(*paths)
    assert "PEM" in words and paths[which] in words


def test_a_key_with_a_passphrase_asks_nobody(run, admin, tmpdir):
    tmpdir.join("encrypted.pem").write(ENCRYPTED_KEY)
    encrypted = str(tmpdir.join("encrypted.pem"))
    result = run("get-user", client_cert=admin[0], client_key=encrypted)
    assert "passphrase" in complaint(result, AUTHENTICATION)
    assert "Enter" not in result.stdout + result.stderr


def test_the_key_is_not_shown(run, admin, tmpdir):
    broken = tmpdir.join("broken.pem")
    with io.open(admin[1]) as source:
        lines = source.read().splitlines()
    broken.write("\n".join(lines[:-1]))
    result = run("--verbose", "get-user", client_cert=admin[0], client_key=str(broken))
    assert result.status == AUTHENTICATION
    assert [line for line in lines[1:-1] if line in result.stderr] == []


def test_a_certificate_of_a_stranger_is_refused_by_the_server(run, stranger, tmpdir):
    result = run(
        "get-user",
        client_cert=stranger[0],
        client_key=stranger[1],
        environment=client.hurried(tmpdir),
    )
    line = complaint(result, NETWORK)
    assert "127.0.0.1" in line and "ca_bundle" not in line


def test_a_file_that_vanishes_is_an_exception_of_the_library(library, admin, tmpdir):
    paths = []
    for path in admin:
        copy = tmpdir.join(os.path.basename(path))
        with io.open(path, "rb") as source:
            copy.write_binary(source.read())
        paths.append(str(copy))
    osbs = library(client_cert=paths[0], client_key=paths[1])
    osbs.get_user()
    os.remove(paths[0])
    with pytest.raises(OsbsException, match=os.path.basename(paths[0])):
        osbs.get_user()
