"""The keywords of builds in ``osbs/api.pyi`` are those of the table, with its types."""

from __future__ import absolute_import, print_function, unicode_literals

import ast
import inspect
import io
import os

import pytest
import six

from osbs._build_keywords import KEYWORDS
from osbs.api import OSBS
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(six.PY2, reason="Python 2 cannot parse annotations")

#: type of the table -> how the stub writes it
TYPES = {
    "str": "str",
    "bool": "bool",
    "int": "_Number",
    "list of str": "_Texts",
    "list of int": "_Numbers",
    "dict": "_Object",
}
#: keywords of which the stub says more: a tuple does not do
NARROWER = {"yum_repourls": "_Repositories"}
METHODS = (
    "create_build",
    "create_orchestrator_build",
    "create_prod_build",
    "create_worker_build",
)


def _name_of(annotation):
    """Return (name of the type, may it be None)."""
    if isinstance(annotation, ast.Subscript):
        assert annotation.value.id == "Optional"
        inner = getattr(annotation.slice, "value", annotation.slice)
        return inner.id, True
    return annotation.id, False


def _declared(method):
    """Return name -> (name of the type, may it be None) of the parameters in the stub."""
    with io.open(os.path.join(ROOT, "osbs", "api.pyi"), encoding="utf-8") as stub:
        tree = ast.parse(stub.read())
    (cls,) = [node for node in tree.body if getattr(node, "name", None) == "OSBS"]
    (function,) = [node for node in cls.body if getattr(node, "name", None) == method]
    parameters = function.args.args[1:] + function.args.kwonlyargs
    return {parameter.arg: _name_of(parameter.annotation) for parameter in parameters}


@pytest.mark.parametrize("method", METHODS)
def test_the_stub_declares_the_keywords_of_the_table_with_their_types(method):
    shown = inspect.signature(getattr(OSBS, method)).parameters
    assert _declared(method) == {
        name: (NARROWER.get(name, TYPES[kind.wanted]), shown[name].default is None)
        for name, kind, _ in KEYWORDS
        if name in shown
    }
