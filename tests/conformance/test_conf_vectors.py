"""What the reference's configuration answered (conf.jsonl)."""

from __future__ import absolute_import, print_function, unicode_literals

import ast
import io
import re
import warnings

import pytest
import six
from packaging.version import Version

from osbs.conf import Configuration
from tests.conformance.normal import vectors

VECTORS = vectors("conf.jsonl")


class Arguments(object):
    def __init__(self, attributes):
        self.__dict__.update(attributes)


def answer(conf, call):
    getter, arguments = re.match(r"(\w+)(\[.*\])\Z", call).groups()
    try:
        result = getattr(conf, getter)(*ast.literal_eval(arguments))
    except Exception as ex:  # its class is the answer
        return "raises %s" % type(ex).__name__
    return six.text_type(result) if isinstance(result, Version) else result


def python_literals(call):
    return call.replace("null", "None").replace("true", "True").replace("false", "False")


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_configuration_answers_as_recorded(vector, tmpdir, monkeypatch):
    monkeypatch.setenv(str("HOME"), str(tmpdir.mkdir("home")))
    conf_file = None
    if vector["ini"] is not None:
        conf_file = str(tmpdir.join("osbs.conf"))
        with io.open(conf_file, "w", encoding="utf-8") as ini:
            ini.write(vector["ini"])
    kwargs = {str(key): value for key, value in vector["kwargs"].items()}
    if vector.get("section") is not None:
        kwargs[str("conf_section")] = vector["section"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        conf = Configuration(
            conf_file=conf_file, cli_args=Arguments(vector["args"] or {}), **kwargs
        )
        answers = {call: answer(conf, python_literals(call)) for call in vector["expect"]}
    assert answers == vector["expect"]
