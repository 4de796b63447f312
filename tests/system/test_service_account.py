"""A client in a pod: token and CA of the service account, and tokens of other service accounts."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os

import pytest

from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.exceptions import OsbsResponseException
from osbs._rest import auth
from tests.system import client
from tests.system.control import CREDENTIALS, Control, complaint

DONE, FAILED, AUTHENTICATION, NETWORK = 0, 1, 3, 4
BUILDER = "system:serviceaccount:osbs:builder"
# Seconds since the epoch.
MOMENT = 1500000000
MYSELF = "/oapi/v1/users/~/"


@pytest.fixture(scope="module")
def token_of(sandbox):
    """Get the token of a service account of the sandbox, with the command that is there for it."""
    tokens = {}

    def get(account):
        if account not in tokens:
            result = client.osbs("--config", sandbox["config"], "get-serviceaccount-token", account)
            assert result.status == DONE, result
            tokens[account] = result.stdout.strip()
        return tokens[account]

    return get


@pytest.fixture
def pod(tmpdir, sandbox, token_of):
    """The directory (py.path) of a pod's service account, with token and CA of ``builder``."""
    directory = tmpdir.mkdir("serviceaccount")
    directory.join("token").write(token_of("builder") + "\n")
    with io.open(sandbox["ca"], "rb") as source:
        directory.join("ca.crt").write_binary(source.read())
    return directory


@pytest.fixture
def configured(sandbox, tmpdir):
    """Write a configuration as a pod has it: without credentials, without a CA."""

    def write(**keys):
        keys = dict(dict(CREDENTIALS, ca_bundle=None), **keys)
        return client.changed_conf(sandbox, tmpdir.join("osbs.conf"), **keys)

    return write


@pytest.fixture
def run(configured, pod, tmpdir, home):
    """Run ``osbs`` in the pod, where a connection is tried once."""

    def run_osbs(*arguments, **keys):
        site = tmpdir.mkdir("site")
        site.join("sitecustomize.py").write(
            "from osbs import constants\n"
            "constants.HTTP_MAX_RETRIES = 0\n"
            "constants.SERVICEACCOUNT_SECRET = %r\n" % str(pod)
        )
        path = os.pathsep.join([str(site), client.ROOT])
        config = configured(**keys)
        return client.osbs("--config", config, *arguments, PYTHONPATH=path, HOME=home)

    return run_osbs


@pytest.fixture
def library(configured, pod, sandbox, monkeypatch):
    """Make an OSBS in the pod."""
    monkeypatch.setattr(auth, "SERVICEACCOUNT_SECRET", str(pod))

    def make(**keys):
        conf = Configuration(conf_file=configured(**keys), conf_section="default")
        return OSBS(conf, conf)

    return make


@pytest.fixture
def control(sandbox):
    made = Control(sandbox)
    made.forget()
    return made


def replace(path, text):
    """Change a file as the kubelet does: another file takes its place."""
    path.new(basename="..new").write(text)
    path.new(basename="..new").rename(path)


def write_unseen(path, text):
    """Write a file so that its times and its number are always the same."""
    with io.open(str(path), "r+b") as target:
        target.write(text.encode("utf-8"))
        target.truncate()
    os.utime(str(path), (MOMENT, MOMENT))


def wrong(token):
    """Return a token of the same length that nobody has."""
    return "x" * len(token)


def test_the_token_says_who_it_is(run):
    result = run("get-user")
    assert (result.status, result.stdout.splitlines()[0]) == (DONE, 'Name: "%s"' % BUILDER)


def test_the_service_account_may_list_the_builds(run):
    assert run("list-builds").status == DONE


def test_no_login_is_needed(library, control):
    osbs = library()
    assert osbs.get_user()["metadata"]["name"] == BUILDER
    assert control.statuses("/oauth/authorize") == []


def test_a_configured_token_wins(library, sandbox):
    osbs = library(token=sandbox["token"], ca_bundle=sandbox["ca"])
    assert osbs.get_user()["metadata"]["name"] == sandbox["user"]


def test_without_authentication_the_token_is_not_sent(library, token_of):
    osbs = library(use_auth="false")
    assert osbs.os.token == token_of("builder")
    with pytest.raises(OsbsResponseException) as caught:
        osbs.get_user()
    assert "system:anonymous" in caught.value.message


# A token that changes


def test_defect_34_a_token_that_was_replaced_is_read_before_it_is_refused(
    library, pod, token_of, control
):
    osbs = library()
    osbs.get_user()
    replace(pod.join("token"), token_of("deployer"))
    assert osbs.get_user()["metadata"]["name"].endswith(":deployer")
    assert control.statuses(MYSELF) == [200, 200]


def test_defect_34_a_token_that_was_replaced_within_a_second_is_read_before_it_is_refused(
    library, pod, token_of, control
):
    token = token_of("builder")
    write_unseen(pod.join("token"), wrong(token))
    osbs = library()
    write_unseen(pod.join("token"), token)
    assert osbs.get_user()["metadata"]["name"] == BUILDER
    assert control.statuses(MYSELF) == [200]


def test_defect_34_a_refused_token_that_did_not_change_is_refused_for_good(
    library, pod, token_of, control
):
    pod.join("token").write(wrong(token_of("builder")))
    with pytest.raises(OsbsResponseException) as caught:
        library().get_user()
    assert caught.value.status_code == 401
    assert set(control.statuses(MYSELF)) == {401} and len(control.statuses(MYSELF)) <= 2


def test_a_refused_token_is_an_authentication_failure(run, pod, token_of):
    secret = wrong(token_of("builder"))
    pod.join("token").write(secret)
    result = run("get-user")
    assert result.status == AUTHENTICATION
    assert "401" in result.stderr
    assert "osbs login" in result.last_line
    assert secret not in result.stderr


def test_a_token_that_vanishes_stays_in_use(library, pod):
    osbs = library()
    pod.join("token").remove()
    assert osbs.get_user()["metadata"]["name"] == BUILDER


def test_a_token_that_is_being_written_does_not_replace_a_good_one(library, pod):
    osbs = library()
    pod.join("token").write("")
    assert osbs.get_user()["metadata"]["name"] == BUILDER


@pytest.mark.parametrize("content", ["", "\n"], ids=["empty", "blank"])
def test_an_empty_token_file_is_no_token(library, pod, content):
    pod.join("token").write(content)
    osbs = library(verify_ssl="false")
    assert (osbs.os.token, osbs.os.use_auth) == (None, False)


def test_without_a_token_file_there_is_no_authentication(library, pod):
    pod.join("token").remove()
    osbs = library(verify_ssl="false")
    assert (osbs.os.token, osbs.os.use_auth, osbs.os.ca) == (None, False, None)


# The CA beside it


def test_the_ca_of_the_service_account_is_trusted(library, pod):
    osbs = library()
    assert osbs.os.ca == str(pod.join("ca.crt"))
    assert osbs.get_user()["metadata"]["name"] == BUILDER


def test_without_its_ca_the_server_is_not_trusted(run, pod):
    pod.join("ca.crt").remove()
    assert "ca_bundle" in complaint(run("get-user"), NETWORK)


def test_a_configured_ca_wins_over_the_one_of_the_service_account(library, pod, sandbox):
    pod.join("ca.crt").write("no certificate")
    osbs = library(ca_bundle=sandbox["ca"])
    assert osbs.get_user()["metadata"]["name"] == BUILDER


def test_without_verification_no_ca_is_used(library, pod):
    pod.join("ca.crt").write("no certificate")
    assert library(verify_ssl="false").get_user()["metadata"]["name"] == BUILDER


# Tokens of service accounts, for somebody else


def test_the_printed_token_is_the_one_of_the_service_account(token_of, sandbox, tmpdir, home):
    config = client.changed_conf(sandbox, tmpdir.join("osbs.conf"), **CREDENTIALS)
    result = client.osbs("--config", config, "--token", token_of("builder"), "get-user", HOME=home)
    assert result.stdout.splitlines()[0] == 'Name: "%s"' % BUILDER


def test_the_token_can_be_printed_as_a_command(sandbox, token_of):
    result = client.osbs(
        "--config", sandbox["config"], "get-serviceaccount-token", "builder", "--oc"
    )
    expected = "oc login --token %s %s" % (token_of("builder"), sandbox["url"])
    assert (result.status, result.stdout.rstrip("\n/")) == (DONE, expected.rstrip("/"))


def test_a_service_account_that_does_not_exist_is_named(sandbox):
    result = client.osbs("--config", sandbox["config"], "get-serviceaccount-token", "nobody-here")
    assert result.status == FAILED
    assert '"nobody-here" not found' in result.last_line
