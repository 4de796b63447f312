"""The description of the API in OpenAPI 2, made from the tables of kinds and endpoints."""

import functools
import json

from osbs.sandbox.api.endpoints import ENDPOINTS
from osbs.sandbox.kinds import KINDS, fields

#: media type in which command lines want it, and that of the response, as "@" is malformed there
PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
PROTOBUF_RESPONSE = PROTOBUF.replace("@", ".")

_METHODS = {
    "get": "get",
    "list": "get",
    "create": "post",
    "update": "put",
    "patch": "patch",
    "delete": "delete",
    "deletecollection": "delete",
}
_CHANGES = ("create", "update", "patch", "delete", "deletecollection")
_SCALARS = {str: "string", int: "integer", bool: "boolean"}


@functools.lru_cache()
def document():
    """Return the description as JSON-like data."""
    return {
        "swagger": "2.0",
        "info": {"title": "OpenShift API (with Kubernetes)", "version": "latest"},
        "paths": _paths(),
        "definitions": {_definition(kind): _schema_of_kind(kind) for kind in KINDS.values()},
    }


def _definition(kind):
    group = kind.group.partition(".")[0] or "core"
    return "com.github.openshift.api.{}.v1.{}".format(group, kind.kind)


def _group_version_kind(kind):
    return {"group": kind.group, "version": "v1", "kind": kind.kind}


def _schema_of_kind(kind):
    schema = _schema(kind.shape)
    names = {"kind": {"type": "string"}, "apiVersion": {"type": "string"}}
    schema["properties"] = dict(names, **schema["properties"])
    schema["x-kubernetes-group-version-kind"] = [_group_version_kind(kind)]
    return schema


def _schema(field):
    """Return the JSON Schema of a field; the empty one allows anything."""
    if isinstance(field, fields.Pointer):
        return _schema(field.inner)
    if isinstance(field, fields.Scalar):
        return {"type": _SCALARS[field.kinds]}
    if isinstance(field, fields.Quantity):
        return {"type": "string"}
    if isinstance(field, fields.Mapping):
        return {"type": "object", "additionalProperties": _schema(field.inner)}
    if isinstance(field, fields.Struct):
        properties = {name: _schema(inner) for name, inner in field.fields.items()}
        return {"type": "object", "properties": properties}
    if not isinstance(field, fields.Sequence):
        return {}
    schema = {"type": "array", "items": _schema(field.inner)}
    if field.merge_key is not None:
        schema["x-kubernetes-patch-strategy"] = "merge"
    if field.merge_key:
        schema["x-kubernetes-patch-merge-key"] = field.merge_key
    return schema


def _paths():
    paths = {}
    for row in ENDPOINTS:
        kind = KINDS[row.resource]
        if row.verb not in _METHODS:
            continue
        for prefix in kind.prefixes:
            path = "{}/{}{}".format(
                prefix, "namespaces/{namespace}/" if kind.namespaced else "", row.resource
            )
            if row.verb not in ("list", "create", "deletecollection") or row.subresource:
                path += "/{name}"
            if row.subresource:
                path += "/" + row.subresource
            paths.setdefault(path, {})[_METHODS[row.verb]] = _operation(row, kind)
    return paths


def _operation(row, kind):
    names = row.parameters + (("dryRun",) if row.verb in _CHANGES and not row.subresource else ())
    operation = {
        "description": "{} {}".format(row.verb, row.subresource or row.resource),
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-group-version-kind": _group_version_kind(kind),
    }
    if names:
        operation["parameters"] = [
            {"name": name, "in": "query", "type": "string"} for name in names
        ]
    return operation


# The same in the binary form of github.com/google/gnostic's OpenAPIv2.proto, as kubectl reads no
# other. Its messages as tables: key -> (number of the field, how its value is encoded).


def _varint(number):
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(encoded + bytes([number]))


def _bytes(number, data):
    """Return a field of length-delimited bytes."""
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _text(value):
    return value.encode("utf-8")


def _message(table):
    """
    Return an encoder of dicts; their keys ``x-...`` become vendor extensions.

    :param table: dict, key -> (number, encoder); key "x-" has the number of vendor extensions
    """

    def encode(value):
        parts = []
        for key, inner in value.items():
            number, encoder = table["x-" if key.startswith("x-") else key]
            for one in inner if isinstance(inner, list) and not key.startswith("x-") else [inner]:
                parts.append(_bytes(number, encoder((key, one) if key.startswith("x-") else one)))
        return b"".join(parts)

    return encode


def _wrapped(encoder, number=1):
    """Return an encoder that puts a value into a message of one field."""
    return lambda value: _bytes(number, encoder(value))


def _named(encoder, number=1):
    """Return an encoder of a dict as a list of pairs of name and value."""
    return lambda value: b"".join(
        _bytes(number, _bytes(1, _text(name)) + _bytes(2, encoder(inner)))
        for name, inner in value.items()
    )


def _extension(item):
    name, value = item
    # An Any holds YAML, of which JSON is a part.
    return _bytes(1, _text(name)) + _bytes(2, _bytes(2, _text(json.dumps(value))))


def _encode_schema(value):
    return _SCHEMA(value)


_SCHEMA = _message(
    {
        "additionalProperties": (21, _wrapped(_encode_schema)),
        "type": (22, _wrapped(_text)),
        "items": (23, _wrapped(_encode_schema)),
        "properties": (25, _named(_encode_schema)),
        "x-": (31, _extension),
    }
)
_QUERY_PARAMETER = _message({"in": (2, _text), "name": (4, _text), "type": (6, _text)})
_RESPONSE = _wrapped(_message({"description": (1, _text)}))
_OPERATION = _message(
    {
        "description": (3, _text),
        # parameter, non-body parameter, query parameter
        "parameters": (8, _wrapped(_wrapped(_wrapped(_QUERY_PARAMETER, 3), 2))),
        "responses": (9, _named(_RESPONSE)),
        "x-": (13, _extension),
    }
)
_METHOD_NUMBERS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}
_PATH = _message({method: (number, _OPERATION) for method, number in _METHOD_NUMBERS.items()})
_DOCUMENT = _message(
    {
        "swagger": (1, _text),
        "info": (2, _message({"title": (1, _text), "version": (2, _text)})),
        "paths": (8, _named(_PATH, 2)),
        "definitions": (9, _named(_SCHEMA)),
    }
)


@functools.lru_cache()
def protobuf():
    """Return the description in its binary form (bytes)."""
    return _DOCUMENT(document())
