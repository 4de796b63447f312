"""Backup of one sandbox, restored into another that is empty."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import os
import stat
import tarfile

import pytest
import requests

from tests.conftest import SandboxProcess
from tests.system import client
from tests.system.control import Control

DONE, FAILED = 0, 1
REPOSITORIES = ("one", "two")


def started(tmpdir_factory):
    script = tmpdir_factory.mktemp("script").join("outcomes.json")
    script.write(json.dumps({"default": {"lines": []}}))
    return SandboxProcess("--scripted", str(script), "--speed", "50")


@pytest.fixture(scope="module")
def origin(tmpdir_factory):
    """A sandbox that holds two BuildConfigs and an ImageStream."""
    process = started(tmpdir_factory)
    directory = tmpdir_factory.mktemp("repositories")
    for name in REPOSITORIES:
        repository = client.make_repository(directory.join(name))
        arguments = client.orchestrator(process["config"], repository, "--no-logs")
        build = client.osbs(*arguments).stdout.strip()
        assert client.osbs("--config", process["config"], "watch-build", build).status == DONE
    stream = {"kind": "ImageStream", "apiVersion": "v1", "metadata": {"name": "hello"}}
    request("POST", process, "imagestreams", stream)
    yield process
    process.stop()


@pytest.fixture
def target(tmpdir_factory):
    """An empty sandbox."""
    process = started(tmpdir_factory)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def archive(origin, tmpdir_factory):
    """A backup of the first sandbox."""
    path = tmpdir_factory.mktemp("archive").join("backup.tar.bz2")
    result = run(origin, "backup-builder", "--filename", str(path))
    assert result.status == DONE, result
    return path


def run(sandbox, *arguments):
    return client.osbs("--config", sandbox["config"], *arguments)


def request(method, sandbox, path, body=None):
    url = "%soapi/v1/namespaces/%s/%s" % (sandbox["url"], sandbox["namespace"], path)
    headers = {"Authorization": "Bearer " + sandbox["token"]}
    answer = requests.request(method, url, json=body, verify=sandbox["ca"], headers=headers)
    answer.raise_for_status()
    return answer.json()


def objects(sandbox, resource_type):
    """Return name -> labels and spec of the objects that a sandbox holds."""
    return {
        item["metadata"]["name"]: (item["metadata"].get("labels"), item.get("spec"))
        for item in request("GET", sandbox, resource_type)["items"]
    }


def test_the_archive_is_complete_and_for_its_owner(archive):
    assert stat.S_IMODE(os.stat(str(archive)).st_mode) == 0o600
    with tarfile.open(str(archive)) as tar:
        names = [os.path.basename(name) for name in tar.getnames()]
    assert names == ["buildconfigs.json", "imagestreams.json"]


def test_a_backup_can_be_sent_through_a_pipe(origin, archive):
    process = client.osbs_process("--config", origin["config"], "backup-builder", "-f", "-")
    content = process.communicate()[0]
    assert process.returncode == DONE
    assert content.startswith(b"BZh")


@pytest.mark.parametrize("resource_type, count", [("buildconfigs", 2), ("imagestreams", 1)])
def test_a_backup_restores_into_an_empty_sandbox(origin, target, archive, resource_type, count):
    assert objects(target, resource_type) == {}
    result = run(target, "restore-builder", str(archive))
    assert result.status == DONE, result
    assert objects(target, resource_type) == objects(origin, resource_type)
    assert len(objects(target, resource_type)) == count


def test_what_is_just_being_deleted_is_restored(origin, target, archive):
    run(target, "restore-builder", str(archive))
    Control(target).timing(foreground_deletion=1)
    for name in objects(target, "buildconfigs"):
        request("DELETE", target, "buildconfigs/" + name, {"propagationPolicy": "Foreground"})
    request("DELETE", target, "imagestreams/hello")
    result = run(target, "restore-builder", str(archive))
    assert (result.status, len(objects(target, "buildconfigs"))) == (DONE, 2), result


def test_a_second_restore_names_what_exists(target, archive):
    run(target, "restore-builder", str(archive))
    result = run(target, "restore-builder", str(archive))
    assert result.status == FAILED
    assert "one-demo-" in result.last_line
    assert "already exists" in result.last_line


def test_a_second_restore_that_goes_on_names_all_that_exists(target, archive):
    run(target, "restore-builder", str(archive))
    result = run(target, "--verbose", "restore-builder", "--continue-on-error", str(archive))
    assert result.status == DONE
    assert [name for name in ("one-demo-", "two-demo-", "hello") if name not in result.stderr] == []
    assert "buildconfigs: 0 created, 2 existing, 0 failed\n" in result.stderr


@pytest.mark.parametrize("options", [[], ["--continue-on-error"]])
def test_a_second_restore_loses_nothing(origin, target, archive, options):
    run(target, "restore-builder", str(archive))
    run(target, "restore-builder", str(archive), *options)
    assert objects(target, "buildconfigs") == objects(origin, "buildconfigs")
    assert objects(target, "imagestreams") == objects(origin, "imagestreams")


def test_builds_go_on_after_a_backup(origin, archive):
    assert run(origin, "get-quota").stdout == ""


def test_what_is_no_archive_is_named(target, tmpdir):
    broken = tmpdir.join("broken")
    broken.write("no archive")
    result = run(target, "restore-builder", str(broken))
    assert result.status == FAILED
    assert str(broken) in result.last_line
    assert "Traceback" not in result.stderr


def test_a_backup_restores_from_a_pipe(origin, target, archive):
    process = client.osbs_process("--config", target["config"], "restore-builder", "-")
    stderr = process.communicate(archive.read_binary())[1]
    assert process.returncode == DONE, stderr
    assert objects(target, "buildconfigs") == objects(origin, "buildconfigs")


def test_without_rights_nothing_is_written(origin, tmpdir):
    config = client.changed_conf(origin, tmpdir.join("osbs.conf"), namespace="kube-system")
    path = tmpdir.join("backup")
    result = client.osbs("--config", config, "backup-builder", "-f", str(path))
    assert result.status == FAILED
    assert " 403: " in result.last_line
    assert not path.check()
    assert os.listdir(str(tmpdir)) == ["osbs.conf"]
