"""The life cycle of builds."""

import base64
import concurrent.futures

import pytest

from osbs.sandbox.controllers.builds import BuildController
from osbs.sandbox.pods.runner import Runner
from tests.sandbox.replay import build_config
from tests.sandbox.support import CORE, OAPI, started


def phases(api, name):
    """Return the phases that a build went through, from the history."""
    found = []
    for event in api.sandbox.store.since(api.sandbox.store.compacted):
        if event.resource == "builds" and event.obj["metadata"]["name"] == name:
            phase = event.obj["status"]["phase"]
            if found[-1:] != [phase]:
                found.append(phase)
    return found


def test_a_build_goes_from_new_to_complete(api, pods):
    name = api.start("x")
    pods.finish(name)
    build = api.wait_phase(name, "Complete")
    assert phases(api, name) == ["New", "Pending", "Running", "Complete"]
    assert {"startTimestamp", "completionTimestamp"} <= set(build["status"])
    assert "reason" not in build["status"]


def test_a_failed_build_has_reason_message_and_the_end_of_its_message(api, pods):
    name = api.start("x")
    pods.finish(name, 1, "one\ntwo\n")
    status = api.wait_phase(name, "Failed")["status"]
    assert (status["reason"], status["logSnippet"]) == ("GenericBuildFailed", "one\ntwo")
    pod = api.stored("pods", name + "-build")
    terminated = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (terminated["exitCode"], terminated["message"]) == (1, "one\ntwo\n")


def test_without_a_message_the_log_is_the_message(api, pods):
    name = api.start("x")
    pods.say(name, "first\nlast\n")
    pods.finish(name, 3)
    assert api.wait_phase(name, "Failed")["status"]["logSnippet"] == "first\nlast"


def test_a_runner_that_raises_fails_the_build():
    class Broken(Runner):
        async def run(self, pod):
            raise RuntimeError("boom")

    with started(Broken()) as api:
        name = api.start("x")
        assert "boom" in api.wait_phase(name, "Failed")["status"]["logSnippet"]


def test_the_pod_gets_what_openshift_gives_a_custom_build(api, pods):
    name = api.start("x")
    pod = pods.pod(name)
    assert pod.env["SOURCE_URI"] == "https://example.com/x.git"
    assert pod.env["SOURCE_REF"] == "master"
    assert (pod.env["OUTPUT_REGISTRY"], pod.env["OUTPUT_IMAGE"]) == ("127.0.0.1:5000", "x:latest")
    assert '"name":"x-1"' in pod.env["BUILD"]
    assert pod.env["OPENSHIFT_CUSTOM_BUILD_BASE_IMAGE"] == "127.0.0.1:5000/buildroot:latest"
    assert (pod.api_url, pod.ca_file) == (api.sandbox.url, api.sandbox.ca)


def test_the_pods_token_is_that_of_its_service_account(api, pods):
    token = pods.pod(api.start("x")).token
    user = api.get("oapi/v1/users/~", headers={"Authorization": "Bearer " + token}).json()
    assert user["metadata"]["name"] == "system:serviceaccount:osbs:builder"


def environment(**values):
    body = build_config("x")
    body["spec"]["strategy"]["customStrategy"]["env"] = [
        {"name": name, "valueFrom": value} for name, value in values.items()
    ]
    return body


def test_environment_is_resolved_from_config_maps_and_secrets(api, pods):
    api.sandbox.put("configmaps", {"metadata": {"name": "m"}, "data": {"k": "from the map"}})
    api.sandbox.put("secrets", {"metadata": {"name": "s"}, "stringData": {"k": "hidden"}})
    api.post(
        OAPI + "buildconfigs",
        environment(
            A={"configMapKeyRef": {"name": "m", "key": "k"}},
            B={"secretKeyRef": {"name": "s", "key": "k"}},
            C={"configMapKeyRef": {"name": "none", "key": "k", "optional": True}},
        ),
    )
    env = pods.pod(api.instantiate("x")).env
    assert (env["A"], env["B"], "C" in env) == ("from the map", "hidden", False)


def test_a_build_whose_config_map_is_missing_stays_pending_until_it_is_there(api, pods):
    api.post(OAPI + "buildconfigs", environment(A={"configMapKeyRef": {"name": "m", "key": "k"}}))
    name = api.instantiate("x")
    pod = api.wait(
        lambda: api.stored("pods", "x-1-build"),
        lambda pod: pod and pod["status"].get("containerStatuses"),
    )
    waiting = pod["status"]["containerStatuses"][0]["state"]["waiting"]
    assert (waiting["reason"], waiting["message"]) == (
        "CreateContainerConfigError",
        'configmaps "m" not found',
    )
    assert api.build(name)["status"]["phase"] == "Pending"
    api.sandbox.put("configmaps", {"metadata": {"name": "m"}, "data": {"k": "v"}})
    api.wait_phase(name, "Running")
    assert pods.pod(name).env["A"] == "v"


def test_secrets_are_mounted_where_the_build_says(api, pods):
    api.sandbox.put("secrets", {"metadata": {"name": "s"}, "stringData": {"cert": "pem"}})
    body = build_config("x")
    body["spec"]["strategy"]["customStrategy"]["secrets"] = [
        {"secretSource": {"name": "s"}, "mountPath": "/var/run/secrets/s"}
    ]
    api.post(OAPI + "buildconfigs", body)
    assert pods.pod(api.instantiate("x")).secrets == {"/var/run/secrets/s": {"cert": b"pem"}}


def test_serial_builds_run_one_after_the_other_in_order(api, pods):
    first = api.start("x")
    second, third = api.instantiate("x"), api.instantiate("x")
    api.wait_phase(first, "Running")
    assert api.build(second)["status"]["phase"] == "New"
    pods.finish(first)
    api.wait_phase(second, "Running")
    assert api.build(third)["status"]["phase"] == "New"
    pods.finish(second)
    api.wait_phase(third, "Running")


def test_a_build_that_ends_wakes_the_next_one_and_not_all_that_wait(api, pods, monkeypatch):
    asked = []
    is_turn = BuildController._is_turn
    monkeypatch.setattr(
        BuildController, "_is_turn", lambda self, run: asked.append(run) or is_turn(self, run)
    )
    names = [api.start("x")] + [api.instantiate("x") for _ in range(19)]
    for name in names:
        pods.finish(name)
    api.wait_phase(names[-1], "Complete")
    assert len(asked) < 5 * len(names)


def test_a_build_that_waits_starts_when_the_one_before_it_is_deleted(api, pods):
    first = api.start("x")
    second = api.instantiate("x")
    api.wait_phase(first, "Running")
    api.delete(OAPI + "builds/" + first)
    api.wait_phase(second, "Running")


def test_a_build_starts_when_the_one_between_was_cancelled(api, pods):
    first = api.start("x")
    second, third = api.instantiate("x"), api.instantiate("x")
    api.wait_phase(first, "Running")
    api.cancel(second)
    api.wait_phase(second, "Cancelled")
    pods.finish(first)
    api.wait_phase(third, "Running")


def test_parallel_builds_run_at_once(api, pods):
    first = api.start("x", runPolicy="Parallel")
    second = api.instantiate("x")
    api.wait_phase(first, "Running")
    api.wait_phase(second, "Running")


def test_serial_latest_only_cancels_what_waits_when_a_newer_build_comes(api, pods):
    first = api.start("x", runPolicy="SerialLatestOnly")
    api.wait_phase(first, "Running")
    second, third = api.instantiate("x"), api.instantiate("x")
    pods.finish(first)
    api.wait_phase(third, "Running")
    assert api.build(second)["status"]["phase"] == "Cancelled"


def test_cancelling_returns_the_old_phase_and_ends_the_pod(api, pods):
    name = api.start("x")
    api.wait_phase(name, "Running")
    pods.pod(name)
    response = api.cancel(name).json()
    assert (response["status"]["phase"], response["status"]["cancelled"]) == ("Running", True)
    status = api.wait_phase(name, "Cancelled")["status"]
    assert status["reason"] == "CancelledBuild"
    assert pods.cancelled == [name]
    assert api.stored("pods", name + "-build") is None


def test_a_build_that_waits_can_be_cancelled(api, pods):
    first = api.start("x")
    second = api.instantiate("x")
    api.wait_phase(first, "Running")
    api.cancel(second)
    api.wait_phase(second, "Cancelled")
    assert api.build(first)["status"]["phase"] == "Running"


def test_the_next_serial_build_starts_after_a_cancelled_one(api, pods):
    first = api.start("x")
    second = api.instantiate("x")
    api.wait_phase(first, "Running")
    api.cancel(first)
    api.wait_phase(second, "Running")


def test_a_quota_leaves_builds_new_and_they_go_on_by_themselves(api, pods):
    quota = {"metadata": {"name": "pause"}, "spec": {"hard": {"pods": 0}}}
    assert api.post(CORE + "resourcequotas", quota).json()["spec"]["hard"] == {"pods": "0"}
    name = api.start("x")
    build = api.wait(lambda: api.build(name), lambda build: "reason" in build["status"])
    assert (build["status"]["phase"], build["status"]["reason"]) == ("New", "CannotCreateBuildPod")
    api.delete(CORE + "resourcequotas/pause")
    build = api.wait_phase(name, "Running")
    assert "reason" not in build["status"]


def test_a_quota_counts_running_pods_only(api, pods):
    api.post(CORE + "resourcequotas", {"metadata": {"name": "two"}, "spec": {"hard": {"pods": 1}}})
    first = api.start("x")
    api.wait_phase(first, "Running")
    second = api.start("y")
    api.wait(lambda: api.build(second), lambda build: "reason" in build["status"])
    pods.finish(first)
    api.wait_phase(second, "Running")
    api.wait(
        lambda: api.stored("resourcequotas", "two")["status"],
        lambda status: status.get("used") == {"pods": "1"},
    )


def test_deleting_the_pod_of_a_running_build_is_an_error(api, pods):
    name = api.start("x")
    api.wait_phase(name, "Running")
    response = api.delete(CORE + "pods/x-1-build").json()
    assert response["metadata"]["deletionGracePeriodSeconds"] == 30
    assert api.wait_phase(name, "Error")["status"]["reason"] == "BuildPodDeleted"
    assert api.stored("pods", "x-1-build") is None


def test_deleting_a_running_build_takes_its_pod_along(api, pods):
    name = api.start("x")
    api.wait_phase(name, "Running")
    pods.pod(name)
    assert api.delete(OAPI + "builds/" + name).json()["status"] == "Success"
    api.wait(lambda: api.stored("pods", "x-1-build"), lambda pod: pod is None)
    assert pods.cancelled == [name]


def test_a_build_that_takes_longer_than_its_deadline_fails(api, pods):
    name = api.start("x", completionDeadlineSeconds=1)
    status = api.wait_phase(name, "Failed")["status"]
    assert "deadline" in status["logSnippet"]
    assert pods.cancelled == [name]


def test_history_limits_delete_the_older_builds(api, pods):
    api.config("x", successfulBuildsHistoryLimit=1, failedBuildsHistoryLimit=1)
    for status in (0, 1, 0, 1):
        name = api.instantiate("x")
        pods.finish(name, status)
        api.wait_phase(name, "Complete", "Failed")
    api.wait(
        lambda: [build["metadata"]["name"] for build in api.sandbox.store.list("builds")],
        lambda names: names == ["x-3", "x-4"],
    )


def test_builds_that_end_together_are_pruned_together(monkeypatch):
    scheduled = []
    with started(delays={"prune": 60}) as api:
        tasks = api.sandbox.cluster.builds._tasks
        after = tasks.after
        monkeypatch.setattr(
            tasks, "after", lambda delay, *rest: scheduled.append(delay) or after(delay, *rest)
        )
        api.config("x", successfulBuildsHistoryLimit=1)
        for _ in range(3):
            api.wait_phase(api.instantiate("x"), "Complete")
    assert scheduled.count("prune") == 1


def test_finished_builds_beyond_the_limit_of_the_sandbox_are_pruned():
    with started(keep_finished=2) as api:
        api.config("x")
        for _ in range(4):
            api.wait_phase(api.instantiate("x"), "Complete")
        names = [build["metadata"]["name"] for build in api.sandbox.store.list("builds")]
        assert names == ["x-3", "x-4"]
        assert api.sandbox.store.count("pods") == 2


def test_a_phase_set_by_a_client_is_taken_and_completed(api, pods):
    name = api.start("x")
    api.wait_phase(name, "Running")
    build = api.build(name)
    build["status"]["phase"] = "Complete"
    assert api.put(OAPI + "builds/" + name, build).status_code == 200
    api.wait(lambda: api.build(name), lambda build: "completionTimestamp" in build["status"])


def test_a_build_posted_as_finished_is_stored_and_not_run(api, pods):
    body = build_config("old")
    body["kind"] = "Build"
    body["status"] = {"phase": "Failed", "reason": "Whatever"}
    assert api.post(OAPI + "builds", body).json()["status"]["reason"] == "Whatever"
    assert api.sandbox.cluster.builds.running == 0


def test_a_direct_build_runs_without_a_build_config(api, pods):
    body = dict(build_config("direct"), kind="Build")
    assert api.post(OAPI + "builds", body).json()["status"] == {"phase": "New", "output": {}}
    pods.finish("direct")
    api.wait_phase("direct", "Complete")


def test_instantiate_ignores_the_name_in_the_path(api, pods):
    api.config("x")
    api.config("y")
    response = api.post(OAPI + "buildconfigs/x/instantiate", {"metadata": {"name": "y"}})
    assert response.json()["metadata"]["name"] == "y-1"


def test_instantiate_moves_last_version_on_and_puts_labels_on_the_build(api, pods):
    api.config("x", labels={"git-branch": "m"})
    build = api.build(api.instantiate("x"))
    assert api.get(OAPI + "buildconfigs/x").json()["status"] == {"lastVersion": 1}
    labels = build["metadata"]["labels"]
    assert (labels["git-branch"], labels["buildconfig"]) == ("m", "x")


def _request_with(**metadata):
    return {"kind": "BuildRequest", "apiVersion": "v1", "metadata": dict(metadata, name="x")}


def test_a_build_has_the_annotations_of_its_request_and_the_servers_own(api, pods):
    api.config("x")
    body = _request_with(annotations={"mine": "1", "openshift.io/build.number": "9"})
    made = api.post(OAPI + "buildconfigs/x/instantiate", body).json()
    assert made["metadata"]["annotations"] == {
        "mine": "1",
        "openshift.io/build-config.name": "x",
        "openshift.io/build.number": "1",
    }


def test_a_build_has_the_labels_of_its_request_unless_its_build_config_has_others(api, pods):
    api.config("x", labels={"both": "config"})
    body = _request_with(labels={"mine": "1", "both": "request"})
    labels = api.post(OAPI + "buildconfigs/x/instantiate", body).json()["metadata"]["labels"]
    assert (labels["mine"], labels["both"]) == ("1", "config")


def test_a_clone_has_the_labels_and_annotations_of_its_request(api, pods):
    api.post(OAPI + "builds", dict(build_config("x"), kind="Build"))
    body = _request_with(labels={"mine": "1"}, annotations={"mine": "2"})
    metadata = api.post(OAPI + "builds/x/clone", body).json()["metadata"]
    assert (metadata["labels"]["mine"], metadata["annotations"]["mine"]) == ("1", "2")


def test_last_version_is_seen_before_the_build_can_be_read():
    with started(delays={"late_build": 30}) as api:
        api.config("x", triggers=[{"type": "ConfigChange"}])
        api.wait(lambda: api.get(OAPI + "buildconfigs/x").json()["status"]["lastVersion"])
        assert api.get(OAPI + "builds/x-1").status_code == 404


def test_instantiate_responds_when_the_build_can_be_read():
    with started(delays={"late_build": 0.05}) as api:
        assert api.get(OAPI + "builds/" + api.start("x")).status_code == 200


def test_last_version_cannot_go_back_but_forward(api):
    api.config("x")
    for last, result in ((5, 5), (3, 5)):
        config = api.get(OAPI + "buildconfigs/x").json()
        config["status"]["lastVersion"] = last
        assert api.put(OAPI + "buildconfigs/x", config).json()["status"]["lastVersion"] == result


def test_of_parallel_instantiates_some_fail_with_conflict():
    with started(delays={"instantiate": 0.2}) as api:
        api.config("x", runPolicy="Parallel")
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            responses = list(
                pool.map(
                    lambda _: api.as_user("osbs").post(
                        OAPI + "buildconfigs/x/instantiate", {"metadata": {"name": "x"}}
                    ),
                    range(6),
                )
            )
        statuses = sorted(response.status_code for response in responses)
        assert statuses[0] == 201
        assert statuses[-1] == 409
        conflict = next(response for response in responses if response.status_code == 409)
        assert conflict.json()["reason"] == "Conflict"


def test_deleting_a_build_config_orphans_its_builds_in_the_legacy_api(api, pods):
    name = api.start("x")
    api.delete(OAPI + "buildconfigs/x")
    assert "ownerReferences" not in api.build(name)["metadata"]


def test_deleting_a_build_config_deletes_its_builds_in_the_group_api(api, pods):
    name = api.start("x")
    api.delete("apis/build.openshift.io/v1/namespaces/osbs/buildconfigs/x")
    assert api.stored("builds", name) is None


def test_the_options_of_a_deletion_say_what_becomes_of_the_builds(api, pods):
    name = api.start("x")
    api.delete(OAPI + "buildconfigs/x", body={"propagationPolicy": "Background"})
    assert api.stored("builds", name) is None


FOREGROUND = {"propagationPolicy": "Foreground"}


def test_an_object_that_is_deleted_in_the_foreground_stays_for_a_moment():
    with started(delays={"foreground_deletion": 30}) as api:
        api.config("x")
        response = api.delete(OAPI + "buildconfigs/x", body=FOREGROUND)
        metadata = api.get(OAPI + "buildconfigs/x").json()["metadata"]
        assert metadata == response.json()["metadata"]
        assert metadata["finalizers"] == ["foregroundDeletion"]
        assert "deletionTimestamp" in metadata


def test_an_object_that_is_being_deleted_cannot_be_created_anew():
    with started(delays={"foreground_deletion": 30}) as api:
        body = api.config("x")
        api.delete(OAPI + "buildconfigs/x", body=FOREGROUND)
        del body["metadata"]["resourceVersion"]
        response = api.post(OAPI + "buildconfigs", body)
        assert (response.status_code, response.json()["reason"]) == (409, "AlreadyExists")
        assert response.json()["message"] == (
            'object is being deleted: buildconfigs "x" already exists'
        )


def test_a_deletion_in_the_foreground_ends_with_the_builds_and_the_build_config(api, pods):
    name = api.start("x")
    api.delete(OAPI + "buildconfigs/x", body=FOREGROUND)
    api.wait(lambda: api.stored("buildconfigs", "x"), lambda found: found is None)
    assert api.stored("builds", name) is None


def test_a_config_map_is_deleted_in_the_foreground_as_well(api):
    api.post(CORE + "configmaps", {"metadata": {"name": "x"}})
    api.delete(CORE + "configmaps/x", body=FOREGROUND)
    api.wait(lambda: api.stored("configmaps", "x"), lambda found: found is None)


def test_a_second_deletion_of_an_object_changes_nothing():
    with started(delays={"foreground_deletion": 30}) as api:
        api.config("x")
        first = api.delete(OAPI + "buildconfigs/x", body=FOREGROUND)
        second = api.delete(OAPI + "buildconfigs/x", body=FOREGROUND)
        assert (second.status_code, second.json()) == (200, first.json())


def stream_with_trigger(api):
    api.post(
        OAPI + "imagestreams",
        {"metadata": {"name": "base"}, "spec": {"dockerImageRepository": "127.0.0.1:5000/base"}},
    )
    tag = api.wait(
        lambda: api.get(OAPI + "imagestreamtags/base:latest"),
        lambda response: response.status_code == 200,
    ).json()
    tag["tag"]["importPolicy"]["scheduled"] = True
    api.put(OAPI + "imagestreamtags/base:latest", tag)
    return [
        {
            "type": "ImageChange",
            "imageChange": {"from": {"kind": "ImageStreamTag", "name": "base:latest"}},
        }
    ]


def test_an_image_change_trigger_starts_a_build_at_once_and_with_each_new_image():
    with started(delays={"scheduled_import": 0.02}) as api:
        api.config("x", triggers=stream_with_trigger(api))
        api.wait_phase("x-1", "Complete")
        trigger = api.get(OAPI + "buildconfigs/x").json()["spec"]["triggers"][0]["imageChange"]
        assert trigger["lastTriggeredImageID"].startswith("127.0.0.1:5000/base@sha256:")
        api.sandbox.push("127.0.0.1:5000/base")
        build = api.wait_phase("x-2", "Complete")
        cause = build["spec"]["triggeredBy"][0]
        assert cause["message"] == "Image change"
        assert cause["imageChangeBuild"]["imageID"] != trigger["lastTriggeredImageID"]


def test_a_trigger_whose_image_has_been_seen_starts_nothing(api, pods):
    api.config("x", triggers=stream_with_trigger(api))
    api.wait(lambda: api.stored("builds", "x-1"))
    config = api.get(OAPI + "buildconfigs/x").json()
    config["metadata"]["labels"]["n"] = "1"
    api.put(OAPI + "buildconfigs/x", config)
    assert api.stored("builds", "x-2") is None
    assert config["status"]["lastVersion"] == 1


def test_a_config_change_trigger_starts_the_first_build(api, pods):
    api.config("x", triggers=[{"type": "ConfigChange"}])
    build = api.wait(lambda: api.stored("builds", "x-1"))
    assert build["spec"]["triggeredBy"] == [{"message": "Build configuration change"}]


def test_a_clone_is_a_new_build_of_the_same_configuration(api, pods):
    name = api.start("x")
    response = api.post("{}builds/{}/clone".format(OAPI, name), {"metadata": {"name": name}})
    assert (response.status_code, response.json()["metadata"]["name"]) == (201, "x-2")


def test_a_pod_with_a_node_selector_waits_for_a_node_that_fits(pods):
    with started(pods, nodes=[{"arch": "x"}]) as api:
        fits = api.start("a", nodeSelector={"arch": "x"})
        other = api.start("b", nodeSelector={"arch": "y"})
        api.wait_phase(fits, "Running")
        assert api.wait_phase(other, "Pending")["status"].get("reason") is None


def test_a_missing_service_account_is_500_and_starts_nothing(api):
    api.config("x", serviceAccount="nobody")
    response = api.post(OAPI + "buildconfigs/x/instantiate", {"metadata": {"name": "x"}})
    assert (response.status_code, response.json()["reason"]) == (500, "InternalError")
    assert api.get(OAPI + "buildconfigs/x").json()["status"]["lastVersion"] == 0


@pytest.mark.parametrize(
    "change, field",
    [
        (lambda spec: spec["source"]["git"].update(uri=""), "spec.source.git.uri"),
        (lambda spec: spec["strategy"].clear(), "spec.strategy"),
        (lambda spec: spec.update(runPolicy="Odd"), "spec.runPolicy"),
        (lambda spec: spec.update(completionDeadlineSeconds=0), "spec.completionDeadlineSeconds"),
        (lambda spec: spec["output"]["to"].update(name="A/b:c:d"), "spec.output.to.name"),
        (
            lambda spec: spec["output"].update(to={"kind": "ImageStreamTag", "name": "x"}),
            "spec.output.to.name",
        ),
        (lambda spec: spec["output"]["to"].update(kind="Odd"), "spec.output.to.kind"),
    ],
)
def test_validation_names_the_field(api, change, field):
    body = build_config("x")
    change(body["spec"])
    response = api.as_user("osbs").post(OAPI + "buildconfigs", body)
    assert (response.status_code, response.json()["reason"]) == (422, "Invalid")
    assert [cause["field"] for cause in response.json()["details"]["causes"]] == [field]


def test_malformed_base64_in_a_secret_is_refused(api):
    response = api.post(CORE + "secrets", {"metadata": {"name": "s"}, "data": {"k": "*"}})
    assert response.status_code == 422
    assert "*" not in response.json()["message"].replace("data[k]", "")


def test_string_data_of_a_secret_is_encoded(api):
    response = api.post(CORE + "secrets", {"metadata": {"name": "s"}, "stringData": {"k": "v"}})
    assert response.json()["data"] == {"k": base64.b64encode(b"v").decode("ascii")}
    assert response.json()["type"] == "Opaque"


def test_deleting_a_collection_of_configs_deletes_their_builds_too(api, pods):
    name = api.start("x")
    api.wait_phase(name, "Running")
    api.delete("apis/build.openshift.io/v1/namespaces/osbs/buildconfigs")
    assert (api.stored("buildconfigs", "x"), api.stored("builds", name)) == (None, None)


def test_deleting_a_collection_of_configs_keeps_their_builds_in_the_legacy_api(api, pods):
    name = api.start("x")
    api.wait_phase(name, "Running")
    api.delete(OAPI + "buildconfigs")
    assert api.stored("buildconfigs", "x") is None
    assert "ownerReferences" not in api.stored("builds", name)["metadata"]
