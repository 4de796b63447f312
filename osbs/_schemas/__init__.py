"""JSON Schemas (draft 4) of what comes from outside, and the one function that applies them.

jsonschema is imported for the first document that is not plainly good, as it takes a good part of
the time that the whole command line may take to start.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json

import six

from osbs.exceptions import OsbsValidationException
from osbs._redact import mask_text

__all__ = [str("validate")]

# Enough to recognise a value by, too little to give a secret away.
_QUOTED_CHARACTERS = 8

_TYPE_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "object": "an object",
    "string": "a string",
}

_CLASSES = {
    "array": (list,),
    "boolean": (bool,),
    "integer": six.integer_types,
    "null": (type(None),),
    "object": (dict,),
    "string": six.string_types,
}

_quick = {}  # type: dict
_validators = {}  # type: dict


class _QuickCheck(object):
    """A schema's keywords ``type``, ``properties`` and ``items``: all that ours have."""

    __slots__ = ("_allows_boolean", "_classes", "_properties", "_items")

    def __init__(self, schema):
        types = schema["type"]
        names = [types] if isinstance(types, six.text_type) else types
        self._allows_boolean = "boolean" in names
        self._classes = tuple(one for name in names for one in _CLASSES[name])
        self._properties = {
            name: _QuickCheck(part) for name, part in schema.get("properties", {}).items()
        }
        self._items = _QuickCheck(schema["items"]) if "items" in schema else None

    def passes(self, value):
        # type: (object) -> bool
        """Tell whether a document is plainly good; if not, jsonschema decides and finds words."""
        if isinstance(value, bool):  # an integer, for Python
            return self._allows_boolean
        if not isinstance(value, self._classes):
            return False
        if isinstance(value, dict):
            parts = self._properties
            return all(parts[key].passes(part) for key, part in value.items() if key in parts)
        if self._items is not None and isinstance(value, list):
            return all(self._items.passes(item) for item in value)
        return True


def validate(document, schema_name, where):
    # type: (object, str, str) -> None
    """Check data that came from outside before it is used.

    :param document: decoded JSON or YAML
    :param schema_name: str, ``container``, ``customize``, ``reactor_config`` or ``user_params``
    :param where: str, name of the file or parameter for the error message
    :raises OsbsValidationException: with one line: where, path inside, found, expected
    """
    if _quick_check(schema_name).passes(document):
        return
    error = next(_validator(schema_name).iter_errors(document), None)
    if error is not None:
        raise OsbsValidationException(
            "%s: %s: found %s, expected %s"
            % (where, _path(error.absolute_path), _found(error), _expected(error.schema))
        )


def _quick_check(schema_name):
    try:
        return _quick[schema_name]
    except KeyError:
        return _quick.setdefault(schema_name, _QuickCheck(_schema(schema_name)))


def _validator(schema_name):
    try:
        return _validators[schema_name]
    except KeyError:
        # Imported here: see the docstring of the module.
        from jsonschema import Draft4Validator, validators

        checker = validators.extend(Draft4Validator, {"type": _check_type})
        return _validators.setdefault(schema_name, checker(_schema(schema_name)))


def _check_type(validator, types, instance, schema):
    # Replaces that of jsonschema, whose message quotes the whole document.
    from jsonschema import ValidationError

    names = [types] if isinstance(types, six.text_type) else types
    if not any(validator.is_type(instance, name) for name in names):
        yield ValidationError("is of another type")


def _schema(schema_name):
    import pkgutil  # slow to import, needed once for each schema

    return json.loads(pkgutil.get_data(__name__, str("%s.json") % schema_name).decode("utf-8"))


def _path(parts):
    text = "".join(
        "[%d]" % part if isinstance(part, int) else ".%s" % part for part in parts
    ).lstrip(".")
    return text or "top level"


def _found(error):
    value = error.instance
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, six.string_types):
        return _found_text(value) if error.absolute_path else "a string"
    if value is None or isinstance(value, (bool, float) + six.integer_types):
        return json.dumps(value)
    return "a value of type %s" % type(value).__name__


def _found_text(text):
    shown = mask_text(text)[: min(_QUOTED_CHARACTERS, len(text) // 2)]
    return "the string %s" % json.dumps(shown + "...")


def _expected(schema):
    types = schema["type"]
    names = [_TYPE_NAMES[name] for name in ([types] if isinstance(types, six.text_type) else types)]
    if "items" in schema:
        names[0] = "a list of %ss" % schema["items"]["type"]
    return " or ".join(names)
