"""Tables, which `kubectl get` asks for instead of objects: the server chooses the columns."""

import re
import time

from osbs.sandbox.kinds.timestamps import parse_rfc3339

_WANTED = re.compile(r"application/json;(?=[^,]*as=Table)(?=[^,]*v=v1beta1)")
VERSION = "meta.k8s.io/v1beta1"


def _age(text):
    """Return the time since a timestamp as command lines show it: 5s, 3m, 2h, 4d."""
    if not text:
        return "<unknown>"
    seconds = max(0, int(time.time() - parse_rfc3339(text)))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return "{}{}".format(seconds // size, unit)
    return "{}s".format(seconds)


def _build_source(build):
    git = build["spec"]["source"].get("git") or {}
    return "Git@" + git["ref"] if git.get("ref") else "Git" if git else ""


def _strategy(obj):
    return obj["spec"]["strategy"].get("type", "")


def _duration(build):
    nanoseconds = build["status"].get("duration")
    return "{}s".format(nanoseconds // 10**9) if nanoseconds else ""


def _ready(pod):
    statuses = pod["status"].get("containerStatuses") or [{}]
    return "{}/{}".format(sum(1 for s in statuses if s.get("ready")), len(statuses))


def _stream_tags(stream):
    return ",".join(tag["tag"] for tag in stream["status"].get("tags") or ())


_NAME = ("Name", lambda obj: obj["metadata"]["name"])
_AGE = ("Age", lambda obj: _age(obj["metadata"].get("creationTimestamp")))
_PHASE = ("Status", lambda obj: obj["status"].get("phase", ""))
#: resource -> columns: title and function (object) that returns the cell; others: name and age
_COLUMNS = {
    "builds": (
        _NAME,
        ("Type", _strategy),
        ("From", _build_source),
        _PHASE,
        ("Started", lambda build: _age(build["status"].get("startTimestamp"))),
        ("Duration", _duration),
    ),
    "buildconfigs": (
        _NAME,
        ("Type", _strategy),
        ("From", _build_source),
        ("Latest", lambda config: config["status"]["lastVersion"]),
    ),
    "imagestreams": (
        _NAME,
        ("Docker Repo", lambda stream: stream["status"]["dockerImageRepository"]),
        ("Tags", _stream_tags),
    ),
    "configmaps": (_NAME, ("Data", lambda obj: len(obj.get("data") or ())), _AGE),
    "secrets": (
        _NAME,
        ("Type", lambda obj: obj["type"]),
        ("Data", lambda obj: len(obj.get("data") or ())),
        _AGE,
    ),
    "pods": (_NAME, ("Ready", _ready), _PHASE, ("Restarts", lambda pod: 0), _AGE),
    "namespaces": (_NAME, _PHASE, _AGE),
    "projects": (_NAME, ("Display Name", lambda project: ""), _PHASE),
}


def convert(response, accept, resource):
    """
    Turn the objects of a response into a table if the client asks for it.

    :param response: endpoints.Response or endpoints.Stream of a watch
    :param accept: str, header of the request
    """
    if not _WANTED.search(accept):
        return
    if hasattr(response, "convert_objects"):
        response.convert_objects(lambda obj: _table([obj], obj["metadata"], resource))
    elif isinstance(getattr(response, "body", None), dict) and response.code == 200:
        body = response.body
        if body["kind"].endswith("List"):
            response.body = _table(body["items"], body["metadata"], resource)
        elif body["kind"] != "Status":
            response.body = _table([body], body["metadata"], resource)


def _table(objects, metadata, resource):
    columns = _COLUMNS.get(resource, (_NAME, _AGE))
    metadata = {
        k: metadata[k] for k in ("selfLink", "resourceVersion", "continue") if k in metadata
    }
    return {
        "kind": "Table",
        "apiVersion": VERSION,
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": title,
                "type": "string",
                "format": "name" if title == "Name" else "",
                "description": "",
                "priority": 0,
            }
            for title, _ in columns
        ],
        "rows": [
            {
                "cells": [cell(obj) for _, cell in columns],
                "object": {
                    "kind": "PartialObjectMetadata",
                    "apiVersion": VERSION,
                    "metadata": obj["metadata"],
                },
            }
            for obj in objects
        ],
    }
