"""Validate given values with JSON Schema."""

import difflib
import math

#: maximum length of a message that contains a value
MESSAGE_LENGTH = 300

#: a delay: at most one day
SECONDS = {"type": "number", "minimum": 0, "maximum": 86400 * 366}
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}


def mistake(value, schema, name="field"):
    """
    Return an error text for an invalid value.

    :param value: JSON-like data; tuples and sets count as lists
    :param schema: dict, JSON Schema (draft 4)
    :param name: str, word for a part of the value in the text
    :return: None if valid, else text: ``"field 'annotations.digest': 5 is not of type ..."``
    """
    from jsonschema import Draft4Validator

    value = _plain(value)
    errors = list(Draft4Validator(schema).iter_errors(value))
    if errors:
        first = min(errors, key=lambda error: [str(part) for part in error.path])
        path, text = [str(part) for part in first.path], first.message
    else:
        path, text = _not_finite(value, []) or ([], "")
    text = " ".join(text.split())
    if len(text) > MESSAGE_LENGTH:
        text = text[:MESSAGE_LENGTH] + "..."
    return "{} {!r}: {}".format(name, ".".join(path), text) if path else text or None


def unknown(name, known):
    """Return the end of an error text about an unknown name: the nearest known one, or all."""
    near = difflib.get_close_matches(name, list(known), 1)
    return "; did you mean {!r}?".format(near[0]) if near else "; known are " + ", ".join(known)


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return value


def _not_finite(value, path):
    # Python's JSON parser accepts NaN and Infinity, which minimum and maximum do not refuse.
    if isinstance(value, float) and not math.isfinite(value):
        return path, "{!r} is not a number".format(value)
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    found = (_not_finite(item, path + [str(key)]) for key, item in items)
    return next((entry for entry in found if entry is not None), None)
