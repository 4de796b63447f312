"""What every project of a fault matrix holds. No more than JSON: two interpreters import it."""

from __future__ import absolute_import, print_function, unicode_literals

LOG_LINES = (
    "2019-01-01 00:00:00,001 platform:- - atomic_reactor.inner - INFO - first",
    "2019-01-01 00:00:00,002 platform:x86_64 - atomic_reactor.worker - INFO - second",
    "a third line, of nobody \u2603",
    "2019-01-01 00:00:00,004 platform:- - atomic_reactor.inner - INFO - last",
)
STREAM_REPOSITORY = "registry.example.com/stream"
LABELS = {"git-repo-name": "team", "git-branch": "demo"}


def _build_spec(name):
    return {
        "source": {"type": "Git", "git": {"uri": "https://example.com/team.git", "ref": "demo"}},
        "strategy": {
            "type": "Custom",
            "customStrategy": {
                "from": {"kind": "DockerImage", "name": "127.0.0.1:5000/buildroot:latest"},
                "exposeDockerSocket": True,
                "env": [{"name": "WHO", "value": name}],
            },
        },
        "output": {"to": {"kind": "DockerImage", "name": "127.0.0.1:5000/%s:latest" % name}},
    }


def build(name, phase, **labels):
    """Return a Build."""
    return {
        "kind": "Build",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": dict({"made-by": "scene"}, **labels)},
        "spec": dict(_build_spec(name), serviceAccount="builder"),
        "status": {"phase": phase},
    }


def build_config(name, **labels):
    """Return a BuildConfig."""
    return {
        "kind": "BuildConfig",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": labels},
        "spec": _build_spec(name),
    }


def image_stream(name):
    """Return an ImageStream with a tag."""
    repository = "registry.example.com/" + name
    return {
        "kind": "ImageStream",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "spec": {
            "dockerImageRepository": repository,
            "tags": [
                {
                    "name": "latest",
                    "from": {"kind": "DockerImage", "name": repository + ":latest"},
                    "importPolicy": {},
                }
            ],
        },
    }


def config_map(name):
    """Return a ConfigMap."""
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "data": {"key": '"value"'},
    }


def reactor_config_map():
    """Return the ConfigMap that an orchestrator build reads before it starts."""
    made = config_map("reactor-config-map")
    made["data"] = {"config.yaml": "{version: 1, required_secrets: [kojisecret]}"}
    return made


def quota(name, pods):
    """Return a ResourceQuota."""
    return {
        "kind": "ResourceQuota",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "spec": {"hard": {"pods": pods}},
    }


# (resource, object) of what is always there.
SCENE = (
    ("builds", build("done", "Complete")),
    ("builds", build("older", "Failed")),
    ("buildconfigs", build_config("config", **LABELS)),
    ("buildconfigs", build_config("other")),
    ("imagestreams", image_stream("stream")),
    ("configmaps", config_map("map")),
    ("configmaps", reactor_config_map()),
    ("resourcequotas", quota("limits", "100")),
)

# Builds that cost the server some time, made for who asks: one runs for ever, one has a log.
LIVING = (build("alive", "Running"), build("logged", "Complete"))
