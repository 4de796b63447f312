"""The clients that PyPI has: kubernetes, openshift, kr8s, lightkube."""

import json
import time
import warnings

import pytest


@pytest.fixture
def core(sandbox):
    """The core API of the client kubernetes."""
    kubernetes = pytest.importorskip("kubernetes")
    with kubernetes.config.new_client_from_config(sandbox.kubeconfig) as client:
        yield kubernetes.client.CoreV1Api(client)


def config_map(name, **data):
    return {"metadata": {"name": name, "namespace": "osbs"}, "data": data}


class TestKubernetes:
    """Package kubernetes."""

    def test_an_object_is_created_patched_in_each_way_and_deleted(self, core):
        core.create_namespaced_config_map("osbs", config_map("k", a="1"))
        core.patch_namespaced_config_map("k", "osbs", {"data": {"b": "2"}})
        operations = [{"op": "replace", "path": "/data/a", "value": "3"}]
        core.patch_namespaced_config_map("k", "osbs", operations)
        assert core.read_namespaced_config_map("k", "osbs").data == {"a": "3", "b": "2"}
        core.delete_namespaced_config_map("k", "osbs")
        names = [item.metadata.name for item in core.list_namespaced_config_map("osbs").items]
        assert "k" not in names

    def test_a_dry_run_makes_nothing(self, core):
        made = core.create_namespaced_config_map("osbs", config_map("dry"), dry_run="All")
        assert made.metadata.uid
        names = [item.metadata.name for item in core.list_namespaced_config_map("osbs").items]
        assert "dry" not in names

    def test_an_unsupported_dry_run_is_refused(self, core):
        from kubernetes.client import ApiException

        with pytest.raises(ApiException) as caught:
            core.create_namespaced_config_map("osbs", config_map("dry"), dry_run="Some")
        assert caught.value.status == 422

    def test_there_are_no_events(self, core):
        assert core.list_namespaced_event("osbs").items == []

    def test_the_namespace_is_active(self, core):
        assert core.read_namespace("osbs").status.phase == "Active"

    def test_a_quota_counts(self, core, sandbox):
        quota = {"metadata": {"name": "q"}, "spec": {"hard": {"secrets": "50"}}}
        core.create_namespaced_resource_quota("osbs", quota)
        deadline = time.monotonic() + 30
        while not core.read_namespaced_resource_quota("q", "osbs").status.used:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        core.delete_namespaced_resource_quota("q", "osbs")

    def test_a_watch_tells_of_what_is_there(self, core, sandbox):
        from kubernetes import watch

        events = watch.Watch().stream(core.list_namespaced_pod, "osbs", timeout_seconds=1)
        assert sandbox.name + "-build" in [event["object"].metadata.name for event in events]

    def test_an_access_review_is_answered(self, core):
        from kubernetes import client

        def may(verb, resource):
            attributes = {"namespace": "osbs", "verb": verb, "resource": resource}
            review = client.V1SelfSubjectAccessReview(spec={"resourceAttributes": attributes})
            api = client.AuthorizationV1Api(core.api_client)
            return api.create_self_subject_access_review(review).status.allowed

        assert (may("create", "builds"), may("create", "nodes")) == (True, False)


class TestOpenshift:
    """Package openshift, and the dynamic client that it is made of."""

    @pytest.fixture
    def client(self, sandbox, tmp_path):
        """A dynamic client; it keeps what discovery told in a file."""
        kubernetes = pytest.importorskip("kubernetes")
        dynamic = pytest.importorskip("openshift.dynamic")
        with kubernetes.config.new_client_from_config(sandbox.kubeconfig) as client:
            yield dynamic.DynamicClient(client, cache_file=str(tmp_path / "discovery"))

    def test_builds_are_listed(self, client, sandbox):
        builds = client.resources.get(api_version="build.openshift.io/v1", kind="Build")
        assert [build.metadata.name for build in builds.get(namespace="osbs").items] == [
            sandbox.name
        ]

    def test_projects_are_listed(self, client):
        projects = client.resources.get(api_version="project.openshift.io/v1", kind="Project")
        assert "osbs" in [project.metadata.name for project in projects.get().items]

    def test_an_object_is_created_and_patched(self, client):
        kind = client.resources.get(api_version="v1", kind="ConfigMap")
        kind.create(namespace="osbs", body=config_map("o", a="1"))
        kind.patch(namespace="osbs", name="o", body={"data": {"b": "2"}})
        found = kind.get(namespace="osbs", name="o")
        assert dict(found.data) == {"a": "1", "b": "2"}
        kind.delete(namespace="osbs", name="o")


class TestKr8s:
    """Package kr8s."""

    @pytest.fixture
    def api(self, sandbox):
        """Its API; it warns that OpenShift 3.9 is older than what it is tested with."""
        kr8s = pytest.importorskip("kr8s")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield kr8s.api(kubeconfig=sandbox.kubeconfig)

    def test_an_object_is_created_patched_and_deleted(self, api):
        from kr8s.objects import ConfigMap

        mine = ConfigMap(config_map("kr", a="1"), api=api)
        mine.create()
        mine.patch({"data": {"b": "2"}})
        mine.patch([{"op": "add", "path": "/data/c", "value": "3"}], type="json")
        mine.label({"x": "y"})
        assert mine.raw["data"] == {"a": "1", "b": "2", "c": "3"}
        mine.delete()
        assert not mine.exists()

    def test_short_names_are_known(self, api):
        assert [found.name for found in api.get("cm", "reactor-config-map", namespace="osbs")]

    def test_builds_are_listed(self, api, sandbox):
        assert [build.name for build in api.get("builds", namespace="osbs")] == [sandbox.name]


class TestLightkube:
    """Package lightkube."""

    @pytest.fixture
    def client(self, sandbox):
        """Its client."""
        lightkube = pytest.importorskip("lightkube")
        config = lightkube.KubeConfig.from_file(sandbox.kubeconfig)
        return lightkube.Client(config=config)

    def test_an_object_is_created_patched_in_each_way_and_deleted(self, client):
        from lightkube.resources.core_v1 import ConfigMap
        from lightkube.types import PatchType

        client.create(ConfigMap.from_dict(config_map("l", a="1")))
        client.patch(ConfigMap, "l", {"data": {"b": "2"}}, patch_type=PatchType.STRATEGIC)
        client.patch(ConfigMap, "l", {"data": {"c": "3"}}, patch_type=PatchType.MERGE)
        operations = [{"op": "remove", "path": "/data/a"}]
        client.patch(ConfigMap, "l", operations, patch_type=PatchType.JSON)
        assert client.get(ConfigMap, "l").data == {"b": "2", "c": "3"}
        client.delete(ConfigMap, "l")

    def test_builds_are_listed(self, client, sandbox):
        from lightkube.generic_resource import create_namespaced_resource

        builds = create_namespaced_resource("build.openshift.io", "v1", "Build", "builds")
        assert [build.metadata.name for build in client.list(builds)] == [sandbox.name]

    def test_apply_is_refused_as_a_3_9_does(self, client):
        from lightkube import ApiError
        from lightkube.resources.core_v1 import ConfigMap

        mine = ConfigMap.from_dict(dict(config_map("l"), apiVersion="v1", kind="ConfigMap"))
        with pytest.raises(ApiError) as caught:
            client.apply(mine, field_manager="x")
        assert json.loads(caught.value.response.text)["code"] == 415
