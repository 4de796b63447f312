"""The quick check of documents never lets pass what jsonschema refuses."""

from __future__ import absolute_import, print_function, unicode_literals

import six
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from osbs import _schemas

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


@given(documents())
def test_a_document_passes_the_quick_check_when_jsonschema_accepts_it(case):
    name, document = case
    quick = _schemas._quick_check(name).passes(document)
    valid = Draft4Validator(_schemas._schema(name)).is_valid(document)
    # On Python 2 bytes are strings; on 3 they are nothing that JSON knows, for both.
    assert quick == valid, six.text_type(case)
