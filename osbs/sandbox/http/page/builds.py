"""What the page shows of builds."""

import json
import re

from osbs._log_lines import parse_entry
from osbs.sandbox.kinds.builds import FINISHED, phase_of, pod_name

__all__ = ["entry", "is_finished", "pod_name", "summaries"]

# The orchestrator tells its workers where to upload: in a directory with its own name.
_PARENT = re.compile(r"koji-upload/([-\w.]+)")
_PLATFORM = re.compile(r'"platform": *"([-\w]+)"')


def is_finished(build):
    """Return whether a build has ended."""
    return phase_of(build) in FINISHED


def entry(line):
    """Return [platform or None, text] of a line of a log."""
    return list(parse_entry(line))


def summaries(found, limit):
    """
    Return what the page shows of the newest builds.

    :param found: iterable of dict, Builds
    :param limit: int
    :return: list of dict, the newest first
    """
    # Of builds of the same second, the store has the older ones first.
    newest = sorted(found, key=lambda build: build["metadata"]["creationTimestamp"])[::-1]
    return [_summary(build) for build in newest[:limit]]


def _summary(build):
    metadata, status = build["metadata"], build["status"]
    annotations = metadata.get("annotations") or {}
    plugins = _json_object(annotations.get("plugins-metadata"))
    parameters = _parameters(build)
    git = (build["spec"].get("source") or {}).get("git") or {}
    parent = _PARENT.search(parameters)
    platform = _PLATFORM.search(parameters)
    return {
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "phase": phase_of(build),
        "reason": status.get("reason"),
        "message": status.get("message"),
        "created": metadata["creationTimestamp"],
        "started": status.get("startTimestamp"),
        "finished": status.get("completionTimestamp"),
        "repository": git.get("uri"),
        "ref": git.get("ref"),
        "parent": parent and parent.group(1),
        "platform": platform and platform.group(1) if parent else None,
        "errors": _json_object(plugins.get("errors")),
        "plugins": _plugins(plugins),
        "repositories": _json_object(annotations.get("repositories")),
    }


def _parameters(build):
    """Return the texts of the build's environment that atomic-reactor gets its orders from."""
    environment = (build["spec"]["strategy"].get("customStrategy") or {}).get("env") or []
    wanted = ("USER_PARAMS", "ATOMIC_REACTOR_PLUGINS")
    return " ".join(str(v.get("value") or "") for v in environment if v.get("name") in wanted)


def _plugins(metadata):
    timestamps = _json_object(metadata.get("timestamps"))
    durations = _json_object(metadata.get("durations"))
    return [
        {"name": name, "started": started, "seconds": durations.get(name)}
        for name, started in sorted(timestamps.items(), key=lambda item: str(item[1]))
    ]


def _json_object(value):
    """Return a dict: the value, or what its JSON says; empty for anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
