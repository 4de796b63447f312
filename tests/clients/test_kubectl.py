"""kubectl, as Debian has it (1.20), or a newer one."""

import json
import os
import re
import shutil
import subprocess

import pytest

KUBECTL = os.environ.get("OSBS_KUBECTL") or shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl on this machine")

MANIFEST = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}}


@pytest.fixture(scope="module")
def kubectl(sandbox, tmp_path_factory):
    """Function that runs kubectl: (status, stdout and stderr); ``input`` is JSON-like data."""
    environment = dict(os.environ, HOME=str(tmp_path_factory.mktemp("home")), NO_PROXY="127.0.0.1")
    environment["KUBECONFIG"] = sandbox.kubeconfig

    def run(*arguments, input=None, **variables):
        result = subprocess.run(
            (KUBECTL,) + arguments,
            input=json.dumps(input).encode() if input is not None else None,
            stdin=subprocess.DEVNULL if input is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment, **variables),
            timeout=60,
        )
        return result.returncode, result.stdout.decode()

    return run


def is_old(kubectl):
    """Return whether this kubectl sends JSON; newer ones send protobuf for some commands."""
    return 'Minor:"20"' in kubectl("version", "--client")[1]


@pytest.fixture
def config_map(kubectl):
    """Name of a config map."""
    kubectl("apply", "-f", "-", input=dict(MANIFEST, data={"a": "1"}))
    yield "applied"
    kubectl("delete", "configmap", "applied")


def test_a_table_of_builds_has_the_columns_of_openshift(kubectl, sandbox):
    status, text = kubectl("get", "builds")
    header, row = text.splitlines()
    assert status == 0 and header.split() == [
        "NAME",
        "TYPE",
        "FROM",
        "STATUS",
        "STARTED",
        "DURATION",
    ]
    assert row.split()[:2] == [sandbox.name, "Custom"] and "Complete" in row


@pytest.mark.parametrize("name", ["configmaps", "configmap", "cm"])
def test_resources_have_singular_and_short_names(kubectl, name):
    assert kubectl("get", name, "-o", "name") == (0, "configmap/reactor-config-map\n")


def test_the_category_all_has_what_builds_need(kubectl, sandbox):
    status, text = kubectl("get", "all")
    assert status == 0
    for line in ("pod/{}-build", "build.build.openshift.io/{}", "buildconfig.build.openshift.io/"):
        assert line.format(sandbox.name) in text


def test_apply_creates_and_then_changes(kubectl):
    manifest = dict(MANIFEST, data={"a": "1"})
    assert kubectl("apply", "-f", "-", input=manifest)[1] == "configmap/applied created\n"
    assert kubectl("apply", "-f", "-", input=manifest)[1] == "configmap/applied unchanged\n"
    manifest = dict(MANIFEST, data={"b": "2"})
    assert kubectl("apply", "-f", "-", input=manifest)[1] == "configmap/applied configured\n"
    assert json.loads(kubectl("get", "cm", "applied", "-o", "json")[1])["data"] == {"b": "2"}
    assert kubectl("delete", "cm", "applied")[0] == 0


def test_a_manifest_with_an_unknown_field_is_refused(kubectl):
    status, text = kubectl("apply", "-f", "-", input=dict(MANIFEST, dat={"a": "1"}))
    assert status == 1 and "dat" in text


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("strategic", {"data": {"b": "2"}}),
        ("merge", {"data": {"b": "2"}}),
        ("json", [{"op": "add", "path": "/data/b", "value": "2"}]),
    ],
)
def test_a_patch_of_each_kind_is_applied(kubectl, config_map, kind, patch):
    assert kubectl("patch", "cm", config_map, "--type", kind, "-p", json.dumps(patch))[0] == 0
    status, text = kubectl("get", "cm", config_map, "-o", "jsonpath={.data}")
    assert (status, json.loads(text)) == (0, {"a": "1", "b": "2"})


def test_labels_are_set_and_select(kubectl, config_map):
    assert kubectl("label", "cm", config_map, "x=y")[0] == 0
    assert kubectl("get", "cm", "-l", "x=y", "-o", "name") == (0, "configmap/applied\n")


def test_a_dry_run_makes_nothing(kubectl):
    manifest = dict(MANIFEST, metadata={"name": "dry"})
    status, text = kubectl("apply", "-f", "-", "--dry-run=server", input=manifest)
    assert (status, text) == (0, "configmap/dry created (server dry run)\n")
    assert "NotFound" in kubectl("get", "cm", "dry")[1]


def test_a_dry_run_deletes_nothing(kubectl, config_map):
    status, text = kubectl("delete", "cm", config_map, "--dry-run=server")
    assert (status, "dry run" in text) == (0, True)
    assert kubectl("get", "cm", config_map)[0] == 0


def test_describe_finds_no_events(kubectl, config_map):
    status, text = kubectl("describe", "cm", config_map)
    assert status == 0 and re.search(r"Events: +<none>", text)


def test_explain_knows_the_fields(kubectl):
    status, text = kubectl("explain", "buildconfig.spec.strategy.customStrategy")
    assert status == 0 and "exposeDockerSocket" in text


def test_a_log_is_shown(kubectl, sandbox):
    status, text = kubectl("logs", sandbox.name + "-build")
    assert status == 0 and "scripted build" in text


def test_namespaces_are_for_administrators_as_on_openshift(kubectl):
    assert "Forbidden" in kubectl("get", "ns")[1]
    status, text = kubectl("--context", "admin", "get", "ns", "-o", "name")
    assert (status, "namespace/osbs\n" in text) == (0, True)


def test_projects_are_those_of_the_user(kubectl):
    status, text = kubectl("get", "projects", "-o", "name")
    assert status == 0 and text.splitlines()[0] == "project.project.openshift.io/osbs"


def test_creating_in_a_namespace_that_is_not_there_says_so(kubectl):
    arguments = ("--context", "admin", "-n", "nosuch", "apply", "-f", "-")
    status, text = kubectl(*arguments, input=MANIFEST)
    assert status == 1 and 'namespaces "nosuch" not found' in text


def test_permissions_can_be_asked_for(kubectl):
    if not is_old(kubectl):
        pytest.skip("this kubectl asks in protobuf")
    assert kubectl("auth", "can-i", "create", "builds")[1] == "yes\n"
    assert kubectl("auth", "can-i", "create", "builds", "-n", "nosuch") == (1, "no\n")


def test_a_quota_tells_its_status(kubectl, sandbox):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    assert (
        kubectl("apply", "-f", "-", input=dict(quota, spec={"hard": {"configmaps": "9"}}))[0] == 0
    )
    sandbox.server.call(sandbox.server.cluster.quotas._refresh)
    assert re.search(r"configmaps +\d +9\n", kubectl("describe", "quota", "few")[1])
    assert kubectl("delete", "quota", "few")[0] == 0


def test_server_side_apply_is_refused_as_by_an_old_server(kubectl):
    status, text = kubectl("apply", "--server-side", "-f", "-", input=MANIFEST)
    assert status == 1 and "Server-side apply not available on the server" in text
