"""
Pods of builds: their spec, as the build controller writes it, and their status, as a kubelet does.

Pure functions on stored objects.
"""

import json

from osbs.sandbox.kinds import builds
from osbs.sandbox.kinds.pull_spec import PullSpec
from osbs.sandbox.kinds.timestamps import rfc3339

CONTAINER = "custom-build"
SERVICE_ACCOUNT_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def build_environment(build, rendered):
    """
    Return the environment that OpenShift gives a custom build, as a container's list.

    :param build: dict, the stored Build
    :param rendered: dict, the Build as JSON for the variable BUILD
    """
    source = build["spec"]["source"].get("git") or {}
    values = [
        ("BUILD", json.dumps(rendered, separators=(",", ":"), ensure_ascii=False) + "\n"),
        ("SOURCE_REPOSITORY", source.get("uri")),
        ("SOURCE_URI", source.get("uri")),
        ("SOURCE_CONTEXT_DIR", build["spec"]["source"].get("contextDir")),
        ("SOURCE_REF", source.get("ref")),
        ("ORIGIN_VERSION", "v3.9.0"),
    ]
    target = output_reference(build)
    if target:
        spec = PullSpec(target)
        values += [("OUTPUT_REGISTRY", spec.registry), ("OUTPUT_IMAGE", spec.image)]
    environment = [{"name": name, "value": value} for name, value in values if value]
    environment += builds.strategy_of(build).get("env") or []
    if builds.strategy_of(build).get("exposeDockerSocket"):
        environment.append({"name": "DOCKER_SOCKET", "value": "/var/run/docker.sock"})
    return environment


def output_reference(build):
    """Return the pull specification of a build's output; empty without one."""
    return (build["spec"]["output"].get("to") or {}).get("name", "")


def build_pod(build, rendered, service_account):
    """
    Return the Pod of a build.

    :param build: dict, the stored Build
    :param rendered: dict, the Build as JSON for the variable BUILD
    :param service_account: dict, the stored ServiceAccount
    :return: dict, the Pod to be stored
    """
    name = build["metadata"]["name"]
    spec = _pod_spec(build, rendered, service_account)
    resources = spec["containers"][0]["resources"]
    return {
        "metadata": {
            "name": builds.pod_name(build),
            "namespace": build["metadata"]["namespace"],
            "labels": {builds.BUILD_LABEL: name[:63]},
            "annotations": {builds.BUILD_LABEL: name, "openshift.io/scc": "privileged"},
            "ownerReferences": [builds.owner(build, "Build")],
        },
        "spec": spec,
        "status": {"phase": "Pending", "qosClass": "Guaranteed" if resources else "BestEffort"},
    }


def _pod_spec(build, rendered, service_account):
    account = service_account["metadata"]["name"]
    secrets = [entry["name"] for entry in service_account.get("secrets") or ()]
    token = next((name for name in secrets if "-token-" in name), account + "-token")
    volumes, mounts = _volumes(builds.strategy_of(build), token)
    spec = {
        "volumes": volumes,
        "containers": [_container(build, rendered, mounts)],
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 30,
    }
    if build["spec"].get("completionDeadlineSeconds") is not None:
        spec["activeDeadlineSeconds"] = build["spec"]["completionDeadlineSeconds"]
    spec["dnsPolicy"] = "ClusterFirst"
    if build["spec"]["nodeSelector"]:
        spec["nodeSelector"] = build["spec"]["nodeSelector"]
    spec.update(
        serviceAccountName=account,
        serviceAccount=account,
        securityContext={},
        imagePullSecrets=service_account.get("imagePullSecrets") or [],
        schedulerName="default-scheduler",
        tolerations=[dict(_TOLERATION)],
    )
    return spec


_TOLERATION = {
    "key": "node.kubernetes.io/memory-pressure",
    "operator": "Exists",
    "effect": "NoSchedule",
}


def _container(build, rendered, mounts):
    resources = dict(build["spec"]["resources"])
    if resources.get("limits") and "requests" not in resources:
        resources["requests"] = resources["limits"]
    return {
        "name": CONTAINER,
        "image": (builds.strategy_of(build).get("from") or {}).get("name", ""),
        "env": build_environment(build, rendered),
        "resources": resources,
        "volumeMounts": mounts,
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"privileged": True},
    }


def _volumes(strategy, token):
    volumes, mounts = [], []
    if strategy.get("exposeDockerSocket"):
        socket = "/var/run/docker.sock"
        volumes.append({"name": "docker-socket", "hostPath": {"path": socket, "type": ""}})
        mounts.append({"name": "docker-socket", "mountPath": socket})
    secrets = [
        ("secret-{}".format(index), entry["secretSource"].get("name", ""), entry["mountPath"])
        for index, entry in enumerate(strategy.get("secrets") or ())
    ]
    for name, secret, path in secrets + [(token, token, SERVICE_ACCOUNT_MOUNT)]:
        volumes.append({"name": name, "secret": {"secretName": secret, "defaultMode": 420}})
        mounts.append({"name": name, "readOnly": True, "mountPath": path})
    return volumes, mounts


# status, as the kubelet reports it


def _condition(kind, status, moment, reason=None):
    condition = {"type": kind, "status": status, "lastProbeTime": None}
    condition["lastTransitionTime"] = moment
    return dict(condition, reason=reason) if reason else condition


def _conditions(pod, ready, moment, reason=None):
    return [
        _condition("Initialized", "True", moment, reason),
        _condition("Ready", ready, moment, reason),
        _condition("PodScheduled", "True", pod["status"]["startTime"]),
    ]


def scheduled(pod):
    """Return the Pod scheduled to a node."""
    now = rfc3339()
    status = {
        "phase": "Pending",
        "conditions": [_condition("PodScheduled", "True", now)],
        "startTime": now,
        "qosClass": pod["status"]["qosClass"],
    }
    spec = {}
    for key, value in pod["spec"].items():
        if key == "securityContext":
            spec["nodeName"] = "sandbox"
        spec[key] = value
    return dict(pod, spec=spec, status=status)


def _container_status(pod, state, ready):
    image = pod["spec"]["containers"][0]["image"]
    identifier = (pod["metadata"]["uid"].replace("-", "") * 2)[:64]
    return {
        "name": CONTAINER,
        "state": state,
        "lastState": {},
        "ready": ready,
        "restartCount": 0,
        "image": image,
        "imageID": "docker-pullable://{}@sha256:{}".format(image.partition("@")[0], "ab" * 32),
        "containerID": "docker://" + identifier,
    }


def _with_status(pod, phase, conditions, container):
    return dict(
        pod,
        status={
            "phase": phase,
            "conditions": conditions,
            "hostIP": "127.0.0.1",
            "podIP": "10.128.0.2",
            "startTime": pod["status"]["startTime"],
            "containerStatuses": [container],
            "qosClass": pod["status"]["qosClass"],
        },
    )


def waiting(pod, message):
    """
    Return the Pod whose container waits for something missing.

    :param message: str, what is missing
    """
    state = {"waiting": {"reason": "CreateContainerConfigError", "message": message}}
    container = _container_status(pod, state, False)
    del container["containerID"]
    container["imageID"] = ""
    return _with_status(pod, "Pending", pod["status"]["conditions"], container)


def running(pod):
    """Return the Pod with its container running."""
    now = rfc3339()
    container = _container_status(pod, {"running": {"startedAt": now}}, True)
    return _with_status(pod, "Running", _conditions(pod, "True", now), container)


def terminated(pod, status, message):
    """
    Return the Pod with its container terminated.

    :param status: int, exit status
    :param message: str, termination message; shown when the status is not 0
    """
    now = rfc3339()
    before = (pod["status"].get("containerStatuses") or [{}])[0].get("state") or {}
    terminated = {"exitCode": status, "reason": "Error" if status else "Completed"}
    if message and status:
        terminated["message"] = message
    terminated.update(
        startedAt=(before.get("running") or {}).get("startedAt", now),
        finishedAt=now,
        containerID="docker://" + (pod["metadata"]["uid"].replace("-", "") * 2)[:64],
    )
    container = _container_status(pod, {"terminated": terminated}, False)
    conditions = _conditions(pod, "False", now, "PodCompleted")
    return _with_status(pod, "Failed" if status else "Succeeded", conditions, container)
