"""Bad input ends the osbs process with one line that names the culprit, and no traceback."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import socket

import pytest

from tests.system import client
from tests.system.control import complaint

FAILED, AUTHENTICATION, NETWORK = 1, 3, 4


@pytest.fixture
def repository(tmpdir):
    return client.make_repository(tmpdir.join("hello"))


def closed_port():
    """Return a port on loopback that nobody listens on."""
    with_port = socket.socket()
    with_port.bind(("127.0.0.1", 0))
    port = with_port.getsockname()[1]
    with_port.close()
    return port


def assert_one_line(result, status, *culprits):
    told = complaint(result, status)
    assert "Traceback" not in result.stderr, result.stderr
    assert [name for name in culprits if name not in told] == [], told


def test_a_configuration_that_is_not_there_is_named(tmpdir, repository):
    missing = str(tmpdir.join("no.conf"))
    assert_one_line(client.osbs(*client.orchestrator(missing, repository)), FAILED, missing)


def test_a_configuration_without_a_server_says_which_key_is_missing(tmpdir, repository):
    empty = tmpdir.join("empty.conf")
    empty.write("[default]\n")
    result = client.osbs(*client.orchestrator(str(empty), repository))
    assert_one_line(result, FAILED, "openshift_url", str(empty))


def test_a_configuration_that_does_not_parse_is_named_with_the_line(tmpdir, repository):
    broken = tmpdir.join("broken.conf")
    broken.write("[default]\nno equals sign\n")
    result = client.osbs(*client.orchestrator(str(broken), repository))
    assert_one_line(result, FAILED, str(broken), "2")


def test_an_unknown_section_is_named(sandbox, repository):
    arguments = client.orchestrator(sandbox["config"], repository, instance="nowhere")
    assert_one_line(client.osbs(*arguments), FAILED, "nowhere", sandbox["config"])


def test_a_server_that_cannot_be_reached_is_named(sandbox, tmpdir, repository):
    url = "https://127.0.0.1:{}/".format(closed_port())
    config = client.changed_conf(sandbox, tmpdir.join("osbs.conf"), openshift_url=url)
    result = client.osbs(*client.orchestrator(config, repository))
    assert_one_line(result, NETWORK, "127.0.0.1")


def test_a_wrong_password_is_an_authentication_failure(sandbox, tmpdir, repository):
    config = client.changed_conf(
        sandbox, tmpdir.join("osbs.conf"), username="nobody", password="wrong-password"
    )
    result = client.osbs(*client.orchestrator(config, repository))
    assert_one_line(result, AUTHENTICATION, "password")
    assert "wrong-password" not in result.stderr


def test_an_unknown_ca_is_a_network_failure(sandbox, tmpdir, repository):
    config = client.changed_conf(sandbox, tmpdir.join("osbs.conf"), ca_bundle=None)
    result = client.osbs(*client.orchestrator(config, repository))
    assert_one_line(result, NETWORK, "certificate verify failed")


def test_a_ca_bundle_that_cannot_be_read_is_named(sandbox, tmpdir, repository):
    missing = str(tmpdir.join("ca.pem"))
    config = client.changed_conf(sandbox, tmpdir.join("osbs.conf"), ca_bundle=missing)
    assert_one_line(client.osbs(*client.orchestrator(config, repository)), FAILED, missing)


def test_a_missing_dockerfile_is_told_with_the_repository(sandbox, tmpdir):
    repository = client.make_repository(tmpdir.join("bare"), {"README": "nothing to build\n"})
    result = client.osbs(*client.orchestrator(sandbox["config"], repository))
    assert_one_line(result, FAILED, "Dockerfile", repository, client.BRANCH)


@pytest.mark.parametrize("label", ["name", "com.redhat.component", "version"])
def test_a_missing_label_is_named(sandbox, tmpdir, label):
    labels = [text for text in client.LABELS if not text.startswith(label + "=")]
    files = {"Dockerfile": client.dockerfile(labels)}
    repository = client.make_repository(tmpdir.join("unlabelled"), files)
    result = client.osbs(*client.orchestrator(sandbox["config"], repository))
    assert_one_line(result, FAILED, label)


def test_a_template_directory_without_templates_is_named(sandbox, tmpdir, repository):
    empty = str(tmpdir.mkdir("templates"))
    arguments = client.orchestrator(sandbox["config"], repository, "--build-json-dir", empty)
    assert_one_line(client.osbs(*arguments), FAILED, os.path.join(empty, "orchestrator.json"))


def test_a_template_that_is_not_json_is_named(sandbox, tmpdir, repository):
    templates = tmpdir.mkdir("templates")
    templates.join("orchestrator.json").write('{"kind": ')
    arguments = client.orchestrator(
        sandbox["config"], repository, "--build-json-dir", str(templates)
    )
    assert_one_line(client.osbs(*arguments), FAILED, str(templates.join("orchestrator.json")))


def test_arrangement_5_without_platforms_says_so(sandbox, repository):
    arguments = client.orchestrator(sandbox["config"], repository, "--arrangement-version", "5")
    assert_one_line(client.osbs(*arguments), FAILED, "platforms")


def test_a_repository_that_does_not_exist_is_named(sandbox, tmpdir):
    missing = "file://" + str(tmpdir.join("nowhere"))
    result = client.osbs(*client.orchestrator(sandbox["config"], missing))
    assert_one_line(result, FAILED, missing)


def test_a_branch_that_does_not_exist_is_named(sandbox, repository):
    arguments = client.orchestrator(
        sandbox["config"], repository, git_branch="gone", git_commit="gone"
    )
    assert_one_line(client.osbs(*arguments), FAILED, "gone")


@pytest.mark.parametrize("ref", ["-bnew", "--upload-pack=touch /tmp/x"])
def test_a_git_ref_that_begins_with_a_dash_is_refused(sandbox, repository, ref):
    arguments = client.orchestrator(sandbox["config"], repository, git_commit=ref)
    assert_one_line(client.osbs(*arguments), FAILED, ref)
