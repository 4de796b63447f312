"""The check of documents accepts what jsonschema accepts, and refuses what it refuses."""

from __future__ import absolute_import, print_function, unicode_literals

import six
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from osbs import _schemas
from osbs.exceptions import OsbsValidationException

NAMES = ["container", "customize", "reactor_config", "user_params"]

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.binary(max_size=3)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def keys(schema):
    found = set(schema.get("properties", {}))
    for part in schema.get("properties", {}).values():
        found |= keys(part)
    return found


@st.composite
def documents(draw):
    """A schema's name and a document that uses the schema's own keys, mostly."""
    name = draw(st.sampled_from(NAMES))
    known = st.sampled_from(sorted(keys(_schemas._schema(name))))
    inner = st.one_of(VALUES, st.dictionaries(known, VALUES, max_size=2))
    return name, draw(st.one_of(VALUES, st.dictionaries(known, inner, max_size=4)))


def accepts(name, document):
    try:
        _schemas.validate(document, name, "f")
    except OsbsValidationException:
        return False
    return True


@given(documents())
def test_a_document_is_accepted_when_jsonschema_accepts_it(case):
    name, document = case
    valid = Draft4Validator(_schemas._schema(name)).is_valid(document)
    # On Python 2 bytes are strings; on 3 they are nothing that JSON knows, for both.
    assert accepts(name, document) == valid, six.text_type(case)
