"""Normal form in which recorded and present answers are compared (conformance/README.md)."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import json
import os
import re

import six

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DATA = os.path.join(HERE, "data")
INPUTS = os.path.join(ROOT, "inputs")

_RANDOM_AND_TIME = re.compile(r"-\d{5}-\d{14}")
_UNORDERED = ("secrets", "primary", "additional_tags")


def vectors(file_name):
    """Return the recorded vectors of a file."""
    with io.open(os.path.join(DATA, file_name), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def normal(value, replacements=()):
    """Return the normal form of a JSON value.

    :param replacements: iterable of (text, placeholder), replaced in every string
    """
    if isinstance(value, dict):
        return {
            _text(key, replacements): _item(key, item, replacements)
            for key, item in value.items()
            if key not in ("client_version", "resourceVersion")
        }
    if isinstance(value, (list, tuple)):
        return [normal(item, replacements) for item in value]
    if isinstance(value, six.string_types):
        return _parsed(_text(value, replacements), replacements)
    return value


def _item(key, item, replacements):
    item = normal(item, replacements)
    if key in _UNORDERED and isinstance(item, list):
        item.sort(key=lambda entry: json.dumps(entry, sort_keys=True))
    return item


def _text(value, replacements):
    for text, placeholder in replacements:
        value = value.replace(text, placeholder)
    return _RANDOM_AND_TIME.sub("-RAND-TIME", value)


def _parsed(value, replacements):
    if value[:1] in ("{", "["):
        try:
            return normal(json.loads(value), replacements)
        except ValueError:
            pass
    return value
