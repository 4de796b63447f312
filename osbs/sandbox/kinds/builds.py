"""Builds and BuildConfigs: shapes, defaults and rules."""

import json

from osbs.sandbox.kinds import errors
from osbs.sandbox.kinds.base import Kind
from osbs.sandbox.kinds.errors import Cause
from osbs.sandbox.kinds.fields import (
    Anything,
    Mapping,
    Pointer,
    Sequence,
    Struct,
    flag,
    number,
    quantities,
    reference,
    text,
)
from osbs.sandbox.kinds.pull_spec import pull_spec_problem

NEW, PENDING, RUNNING = "New", "Pending", "Running"
COMPLETE, FAILED, CANCELLED, ERROR = "Complete", "Failed", "Cancelled", "Error"
FINISHED = (COMPLETE, FAILED, CANCELLED, ERROR)

BUILD_LABEL = "openshift.io/build.name"
CONFIG_LABEL = "openshift.io/build-config.name"
POLICY_LABEL = "openshift.io/build.start-policy"
NUMBER_ANNOTATION = "openshift.io/build.number"
POD_ANNOTATION = "openshift.io/build.pod-name"
BASE_IMAGE = "OPENSHIFT_CUSTOM_BUILD_BASE_IMAGE"

_KEY_SELECTOR = Struct({"name": text(), "key": text(True), "optional": Pointer(flag())}, True)
ENV = Sequence(
    Struct(
        {
            "name": text(True),
            "value": text(),
            "valueFrom": Struct(
                {
                    "fieldRef": Anything(),
                    "resourceFieldRef": Anything(),
                    "configMapKeyRef": _KEY_SELECTOR,
                    "secretKeyRef": _KEY_SELECTOR,
                },
                True,
            ),
        }
    )
)
_SECRET = Struct({"name": text()}, optional=True)

_SOURCE = Struct(
    {
        "type": text(),
        "binary": Anything(),
        "dockerfile": Pointer(text()),
        "git": Struct(
            {
                "uri": text(True),
                "ref": text(),
                "httpProxy": Pointer(text()),
                "httpsProxy": Pointer(text()),
                "noProxy": Pointer(text()),
            },
            True,
        ),
        "images": Sequence(Anything()),
        "contextDir": text(),
        "sourceSecret": _SECRET,
        "secrets": Sequence(Anything()),
    }
)

_CUSTOM_STRATEGY = Struct(
    {
        "from": Struct({"kind": text(), "namespace": text(), "name": text()}),
        "pullSecret": _SECRET,
        "env": ENV,
        "exposeDockerSocket": flag(),
        "forcePull": flag(),
        "secrets": Sequence(
            Struct({"secretSource": Struct({"name": text()}), "mountPath": text(True)})
        ),
        "buildAPIVersion": text(),
    },
    optional=True,
)

_STRATEGY = Struct(
    {
        "type": text(),
        "dockerStrategy": Anything(),
        "sourceStrategy": Anything(),
        "customStrategy": _CUSTOM_STRATEGY,
        "jenkinsPipelineStrategy": Anything(),
    }
)

#: common fields of Build.spec and BuildConfig.spec, in the order of the real server
COMMON_SPEC = {
    "serviceAccount": text(),
    "source": _SOURCE,
    "revision": Anything(),
    "strategy": _STRATEGY,
    "output": Struct(
        {"to": reference(), "pushSecret": _SECRET, "imageLabels": Sequence(Anything())}
    ),
    "resources": Struct({"limits": quantities(), "requests": quantities()}),
    "postCommit": Struct(
        {"command": Sequence(text(True)), "args": Sequence(text(True)), "script": text()}
    ),
    "completionDeadlineSeconds": Pointer(number()),
    "nodeSelector": Mapping(keep=True),
}

_TRIGGER = Struct(
    {
        "type": text(True),
        "github": Anything(),
        "generic": Anything(),
        "gitlab": Anything(),
        "bitbucket": Anything(),
        "imageChange": Struct({"lastTriggeredImageID": text(), "from": reference()}, True),
    }
)

_STRATEGY_TYPES = (
    ("dockerStrategy", "Docker"),
    ("sourceStrategy", "Source"),
    ("customStrategy", "Custom"),
    ("jenkinsPipelineStrategy", "JenkinsPipeline"),
)
_SOURCE_TYPES = (
    ("binary", "Binary"),
    ("git", "Git"),
    ("dockerfile", "Dockerfile"),
    ("images", "Image"),
)


def _fill_types(spec):
    """Set the field ``type``, which the server derives from the other fields."""
    strategy = spec["strategy"]
    for field, name in _STRATEGY_TYPES:
        if field in strategy:
            spec["strategy"] = dict({"type": name}, **dict(strategy, type=name))
            break
    source = spec["source"]
    given = [name for field, name in _SOURCE_TYPES if field in source]
    spec["source"] = dict(
        {"type": given[0] if given else "None"},
        **{key: value for key, value in source.items() if key != "type"},
    )


def strategy_of(obj):
    """Return the custom strategy of a Build or BuildConfig; empty for other strategies."""
    return obj["spec"]["strategy"].get("customStrategy") or {}


def with_base_image(strategy, image, environment=()):
    """
    Return the strategy of a build: a custom one gets its resolved builder image.

    :param strategy: dict, ``spec.strategy``
    :param image: str, pull specification of the builder
    :param environment: iterable of dict, entries that are added or replaced
    """
    custom = strategy.get("customStrategy")
    if custom is None:
        return strategy
    entries = {entry["name"]: entry for entry in custom.get("env") or ()}
    entries.update((entry.get("name"), entry) for entry in environment)
    entries[BASE_IMAGE] = {"name": BASE_IMAGE, "value": image}
    resolved = dict(
        custom, env=list(entries.values()), **{"from": {"kind": "DockerImage", "name": image}}
    )
    return dict(strategy, customStrategy=_CUSTOM_STRATEGY.decode(resolved, ""))


def with_requested(request, field, own):
    """
    Return labels or annotations of a Build: those of its BuildRequest and the server's.

    :param request: dict, the BuildRequest
    :param field: str, labels or annotations
    :param own: dict, the server's, which override the requested ones
    """
    merged = dict((request.get("metadata") or {}).get(field) or {}, **own)
    return {key: merged[key] for key in sorted(merged)}


def owner(obj, kind):
    """Return the owner reference to a Build or BuildConfig."""
    return {
        "apiVersion": "build.openshift.io/v1",
        "kind": kind,
        "name": obj["metadata"]["name"],
        "uid": obj["metadata"]["uid"],
        "controller": True,
    }


def phase_of(build):
    """Return the phase of a Build."""
    return build["status"]["phase"]


def config_of(build):
    """Return the name of the BuildConfig a Build came from; empty for direct builds."""
    return (build["status"].get("config") or {}).get("name", "")


def _validate_spec(spec):
    causes = []
    source = spec["source"]
    if "git" in source and not source["git"]["uri"]:
        causes.append(Cause.required("spec.source.git.uri"))
    strategy = spec["strategy"]
    if sum(field in strategy for field, _ in _STRATEGY_TYPES) != 1:
        problem = (
            "Invalid value: {}: must provide a value for exactly one of sourceStrategy, "
            "customStrategy, dockerStrategy, or jenkinsPipelineStrategy"
        )
        causes.append(Cause("spec.strategy", problem.format(_compact(strategy))))
    if "customStrategy" in strategy:
        builder = strategy["customStrategy"].get("from") or {}
        causes += _validate_reference(builder, "spec.strategy.customStrategy.from")
    if "to" in spec["output"]:
        causes += _validate_reference(spec["output"]["to"], "spec.output.to")
    deadline = spec.get("completionDeadlineSeconds")
    if deadline is not None and deadline <= 0:
        problem = "completionDeadlineSeconds must be a positive integer greater than 0"
        causes.append(Cause.invalid("spec.completionDeadlineSeconds", deadline, problem))
    return causes


def _compact(value):
    return json.dumps(value, separators=(",", ":"))


def _validate_reference(ref, path):
    name, kind = ref.get("name"), ref.get("kind", "")
    if not name:
        return [Cause.required(path + ".name")]
    field, value, problem = ".name", name, None
    if kind == "DockerImage":
        problem = pull_spec_problem(name)
        problem = problem and "name is not a valid Docker pull specification: " + problem
    elif kind == "ImageStreamTag":
        if ":" not in name:
            problem = "ImageStreamTag object references must be in the form <name>:<tag>"
    elif kind != "ImageStreamImage":
        field, value = ".kind", kind
        problem = "'from.kind' must be one of 'DockerImage', 'ImageStreamTag' or 'ImageStreamImage'"
    return [Cause.invalid(path + field, value, problem)] if problem else []


class StrategyKind(Kind):
    """Base class of Builds and BuildConfigs: a strategy that needs a permission."""

    group = "build.openshift.io"

    def default(self, obj):
        """Derive the types of source and strategy."""
        _fill_types(obj["spec"])
        return obj

    def admit(self, obj, old, request):
        """Refuse a strategy without permission."""
        strategy = obj["spec"]["strategy"].get("type", "")
        if not request.may_use_strategy(strategy):
            raise errors.refused_by_admission(
                request.group_resource,
                obj["metadata"].get("name", ""),
                "build strategy {} is not allowed".format(strategy),
            )


class BuildConfigs(StrategyKind):
    """BuildConfig."""

    resource = "buildconfigs"
    short_names = ("bc",)
    categories = ("all",)
    kind = "BuildConfig"
    returns_deleted = True
    body = {
        "spec": Struct(
            dict(
                {"triggers": Sequence(_TRIGGER, keep=True, absent=()), "runPolicy": text()},
                **COMMON_SPEC,
                successfulBuildsHistoryLimit=Pointer(number()),
                failedBuildsHistoryLimit=Pointer(number()),
            )
        ),
        "status": Struct({"lastVersion": number(True)}),
    }

    def default(self, obj):
        """Set the run policy."""
        spec = super().default(obj)["spec"]
        obj["spec"] = dict(
            {"triggers": spec["triggers"], "runPolicy": spec.get("runPolicy") or "Serial"},
            **{key: value for key, value in spec.items() if key not in ("triggers", "runPolicy")},
        )
        for trigger in spec["triggers"]:
            if trigger["type"] in ("ImageChange", "imageChange"):
                trigger["type"] = "ImageChange"
                trigger.setdefault("imageChange", {})
        return obj

    def prepare_update(self, obj, old, request):
        """Keep lastVersion from decreasing; silently, like the real server."""
        last = max(obj["status"]["lastVersion"], old["status"]["lastVersion"])
        return dict(obj, status={"lastVersion": last})

    def validate(self, obj, old=None):
        """Check strategy, output and run policy."""
        causes = _validate_spec(obj["spec"])
        policy = obj["spec"]["runPolicy"]
        if policy not in ("Serial", "Parallel", "SerialLatestOnly"):
            problem = "run policy must Parallel, Serial, or SerialLatestOnly"
            causes.append(Cause.invalid("spec.runPolicy", policy, problem))
        return causes


class Builds(StrategyKind):
    """Build."""

    resource = "builds"
    categories = ("all",)
    kind = "Build"
    selectable = Kind.selectable + ("status", "podName")
    body = {
        "spec": Struct(dict(COMMON_SPEC, triggeredBy=Sequence(Anything(), keep=True))),
        "status": Struct(
            {
                "phase": text(True),
                "cancelled": flag(),
                "reason": text(),
                "message": text(),
                "startTimestamp": text(),
                "completionTimestamp": text(),
                "duration": number(),
                "outputDockerImageReference": text(),
                "config": reference(),
                "output": Struct({"to": Anything()}),
                "stages": Sequence(Anything()),
                "logSnippet": text(),
            }
        ),
    }

    def fields(self, obj):
        """Add status and podName."""
        return dict(super().fields(obj), status=phase_of(obj), podName=pod_name(obj))

    def default(self, obj):
        """Set phase New on a Build without a phase."""
        obj = super().default(obj)
        obj["status"]["phase"] = obj["status"]["phase"] or NEW
        return obj

    def metadata_repeats(self, old):
        """Return the number of repeats: the real server validates an update four times."""
        return 4 if old is not None else 1

    def validate(self, obj, old=None):
        """Refuse changes of the spec."""
        if old is None:
            return _validate_spec(obj["spec"])
        if obj["spec"] == old["spec"]:
            return []
        changed = {
            key: obj["spec"].get(key)
            for key in list(obj["spec"]) + list(old["spec"])
            if obj["spec"].get(key) != old["spec"].get(key)
        }
        why = "spec is immutable, diff: " + _compact({"spec": changed})
        shown = "content of spec is not printed out, please refer to the details"
        return [Cause.invalid("spec", shown, why)]


class BuildRequests(Kind):
    """BuildRequest: the body of instantiate and clone, never stored."""

    kind = "BuildRequest"
    group = StrategyKind.group
    body = {
        "lastVersion": Pointer(number()),
        "env": ENV,
        "triggeredBy": Sequence(Anything()),
    }


def pod_name(build):
    """Return the name of a build's pod (which may not exist yet)."""
    annotations = build["metadata"].get("annotations") or {}
    return annotations.get(POD_ANNOTATION) or build["metadata"]["name"] + "-build"
