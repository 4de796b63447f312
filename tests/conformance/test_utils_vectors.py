"""What the reference's helpers answered (utils.jsonl)."""

from __future__ import absolute_import, print_function, unicode_literals

import json

import pytest
import six

from osbs import utils
from tests.conformance.normal import vectors

VECTORS = vectors("utils.jsonl")


def answer(name, call_args):
    function = utils
    for part in name.split("."):
        function = getattr(function, part)
    try:
        result = function(*call_args)
    except Exception as ex:  # its class is the answer
        return {"error": type(ex).__name__}
    if isinstance(result, utils.RegistryURI):
        return six.text_type(result)
    return json.loads(json.dumps(result))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_helper_answers_as_recorded(vector):
    assert answer(vector["name"], vector["call_args"]) == vector["expect"]
