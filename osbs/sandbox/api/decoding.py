"""
Request bodies: bytes to an object in canonical form, or the error of a real master.
"""

import json
import re

from osbs._json import load_json
from osbs.sandbox.kinds import errors
from osbs.sandbox.kinds.fields import WrongType
from osbs.sandbox.state.store import with_metadata

JSON_TYPES = ("application/json", "text/json", "")
STREAM_TYPES = (
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
)

#: (kind, expected kind) -> error text of the real server; all others say that ObjectMeta is missing
_CONVERSIONS = {
    ("Build", "BuildConfig"): "(v1.Build).v1.BuildSpec to (build.BuildConfig).build."
    "BuildConfigSpec: Triggers not present in src",
}


def load(body):
    """
    Parse JSON as Go does: an unpaired surrogate becomes U+FFFD.

    :param body: bytes
    :raises ValueError: for malformed JSON, and when nested too deeply
    """
    data = load_json(body.decode("utf-8"))
    if not re.search(rb"\\u[dD][89a-fA-F]", body):
        return data
    return json.loads(re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(data, ensure_ascii=False)))


def decode(request, kind=None):
    """
    Return the object in a request's body.

    :param request: verbs.Request
    :param kind: Kind or None; None is that of the request
    :return: dict, the object in canonical form, defaults filled in
    :raises errors.ApiError: 400 for a malformed object, 415 for another content type
    """
    if request.content_type not in JSON_TYPES:
        raise errors.unsupported_media_type(STREAM_TYPES)
    kind = kind or request.kind
    return shape(request, parse(request, kind.kind), kind)


def parse(request, wanted):
    """
    Parse a body and check its kind and apiVersion.

    :param wanted: str, the expected kind; a missing one is accepted
    """
    try:
        given = load(request.body)
        problem = None if isinstance(given, dict) else ("json: cannot unmarshal", "no object")
    except ValueError as exc:
        problem = _parse_problem(request.body, exc)
    if problem:
        raise errors.bad_request(
            "the object provided is unrecognized (must be of type {}): couldn't get version/kind; "
            "json parse error: {} ({})".format(wanted, *problem)
        )
    check_type(given, wanted, request.info)
    return given


def _parse_problem(body, exc):
    text = body.decode("utf-8", "replace")
    if not text.strip():
        return "unexpected end of JSON input", "<empty>"
    position = getattr(exc, "pos", 0)
    if position >= len(text):
        return "unexpected end of JSON input", text[:40]
    place = "object key string" if text.lstrip().startswith("{") else "value"
    problem = "invalid character '{}' looking for beginning of {}".format(text[position], place)
    return problem, text[:40]


def check_type(given, wanted, info):
    """Refuse another kind or apiVersion; missing ones are accepted."""
    for field in ("kind", "apiVersion"):
        if not isinstance(given.get(field) or "", str):
            raise errors.bad_request(
                "couldn't get version/kind; json parse error: json: cannot unmarshal into Go "
                "struct field .{} of type string".format(field)
            )
    kind, version = given.get("kind") or wanted, given.get("apiVersion") or info.api_version
    refusal = '{} in version "{}" cannot be handled as a {}: '.format(kind, version, wanted)
    if kind != wanted:
        # The real server names its internal Go package, which is the first part of the group.
        package = "build" if "Build" in wanted else "image" if "Image" in wanted else "core"
        words = _CONVERSIONS.get(
            (kind, wanted),
            "(v1.{}) to ({}.{}): ObjectMeta not present in src".format(kind, package, wanted),
        )
        raise errors.bad_request("{}converting {}".format(refusal, words))
    if version == info.api_version:
        return
    if version == "v1" or version.endswith(".openshift.io/v1"):
        raise errors.bad_request(
            "the API version in the data ({}) does not match the expected API version "
            "({})".format(version, info.api_version)
        )
    raise errors.bad_request(
        '{}no kind "{}" is registered for version "{}"'.format(refusal, kind, version)
    )


def shape(request, given, kind):
    """Return a parsed body in canonical form."""
    try:
        return kind.default(kind.shape.decode(given, ""))
    except WrongType as exc:
        raise errors.bad_request(
            '{0} in version "{1}" cannot be handled as a {0}: [pos {2}]: {3}'.format(
                kind.kind,
                given.get("apiVersion") or request.info.api_version,
                _position(request.body, exc.path),
                exc,
            )
        )


def _position(body, path):
    """Return how many bytes the decoder had read when it reached the value at a path."""
    text = body.decode("utf-8", "replace")
    position = 0
    for name in re.split(r"[.\[]", path.replace("]", "")):
        found = re.compile(r'"{}"\s*:\s*'.format(re.escape(name))).search(text, position)
        position = found.end() if found else position
    return len(text[:position].encode("utf-8")) + 1


def check_names(request, obj):
    """
    Refuse a name or project that differs from the path's; fill in missing ones.

    :raises errors.ApiError: 400
    """
    metadata = obj["metadata"]
    namespace = metadata.get("namespace")
    if namespace and namespace != request.info.namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if request.info.name and metadata.get("name") != request.info.name:
        if metadata.get("name"):
            raise errors.bad_request(
                "the name of the object ({}) does not match the name on the URL ({})".format(
                    metadata["name"], request.info.name
                )
            )
        raise errors.bad_request("the name of the object must be given")
    changes = {"namespace": request.info.namespace} if request.kind.namespaced else {}
    return with_metadata(obj, **changes)
