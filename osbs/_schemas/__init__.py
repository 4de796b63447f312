"""JSON Schemas (draft 4) of what comes from outside, and the one function that applies them.

The schemas have the keywords ``type``, ``properties`` and ``items`` only. jsonschema knows all
others, but its import would take a good part of the time that the command line takes to start.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json

import six

from osbs.exceptions import OsbsValidationException
from osbs._redact import mask_text

__all__ = [str("validate")]

# Enough to recognise a value by, too little to give a secret away.
_QUOTED_CHARACTERS = 8

# type in a schema -> words for it, its classes
_TYPES = {
    "array": ("a list", (list,)),
    "boolean": ("true or false", (bool,)),
    "integer": ("an integer", six.integer_types),
    "null": ("null", (type(None),)),
    "object": ("an object", (dict,)),
    "string": ("a string", six.string_types),
}

_schemas = {}  # type: dict


def validate(document, schema_name, where):
    # type: (object, str, str) -> None
    """Check data that came from outside before it is used.

    :param document: decoded JSON or YAML
    :param schema_name: str, ``container``, ``customize``, ``reactor_config`` or ``user_params``
    :param where: str, name of the file or parameter for the error message
    :raises OsbsValidationException: with one line: where, path inside, found, expected
    """
    if schema_name not in _schemas:
        _schemas[schema_name] = _schema(schema_name)
    _check(document, _schemas[schema_name], where, ())


def _check(value, schema, where, path):
    if not any(_is_of_type(value, name) for name in _type_names(schema)):
        raise OsbsValidationException(
            "%s: %s: found %s, expected %s"
            % (where, _path(path), _found(value, path), _expected(schema))
        )
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            if name in value:
                _check(value[name], part, where, path + (name,))
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            _check(item, schema["items"], where, path + (index,))


def _type_names(schema):
    types = schema["type"]
    return [types] if isinstance(types, six.string_types) else types


def _is_of_type(value, name):
    if isinstance(value, bool):  # an integer, for Python
        return name == "boolean"
    return isinstance(value, _TYPES[name][1])


def _schema(schema_name):
    import pkgutil  # slow to import, needed once for each schema

    return json.loads(pkgutil.get_data(__name__, str("%s.json") % schema_name).decode("utf-8"))


def _path(parts):
    text = "".join(
        "[%d]" % part if isinstance(part, int) else ".%s" % part for part in parts
    ).lstrip(".")
    return text or "top level"


def _found(value, path):
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, six.string_types):
        return _found_text(value) if path else "a string"
    if value is None or isinstance(value, (bool, float) + six.integer_types):
        return json.dumps(value)
    return "a value of type %s" % type(value).__name__


def _found_text(text):
    shown = mask_text(text)[: min(_QUOTED_CHARACTERS, len(text) // 2)]
    return "the string %s" % json.dumps(shown + "...")


def _expected(schema):
    names = [_TYPES[name][0] for name in _type_names(schema)]
    if "items" in schema:
        names[0] = "a list of %ss" % schema["items"]["type"]
    return " or ".join(names)
