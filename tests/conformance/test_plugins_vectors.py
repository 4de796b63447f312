"""The pod renders the plugins that the reference rendered (plugins.jsonl)."""

from __future__ import absolute_import, print_function, unicode_literals

import json

import pytest

from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.exceptions import OsbsException
from tests.conformance.normal import INPUTS, normal, vectors

VECTORS = vectors("plugins.jsonl")


@pytest.fixture(scope="module")
def osbs():
    conf = Configuration(conf_file=None, build_json_dir=INPUTS)
    return OSBS(conf, conf)


def answer(osbs, user_params):
    if user_params.get("build_json_dir") == "INPUTS":
        user_params = dict(user_params, build_json_dir=INPUTS)
    try:
        return json.loads(osbs.render_plugins_configuration(json.dumps(user_params)))
    except OsbsException as ex:
        return {"error": type(ex).__name__}


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_pod_renders_what_was_recorded(osbs, vector):
    assert normal(answer(osbs, vector["user_params"])) == normal(vector["expect"])
