"""Label and field selectors."""

import pytest

from osbs.sandbox.kinds.errors import ApiError
from osbs.sandbox.state import selectors


@pytest.mark.parametrize(
    "selector, fits",
    [
        ("", True),
        ("a=b", True),
        ("a==b", True),
        ("a = b", True),
        ("a=c", False),
        ("a!=b", False),
        ("missing!=b", True),
        ("a", True),
        ("!a", False),
        ("!missing", True),
        ("a in (b,c)", True),
        ("a in (c, d)", False),
        ("a notin (c,d)", True),
        ("missing notin (b)", True),
        ("n>3", True),
        ("n<3", False),
        ("a=b,n=5", True),
        ("a=b,n=6", False),
        ("example.com/x=", True),
    ],
)
def test_label_selectors_match_as_in_kubernetes(selector, fits):
    labels = {"a": "b", "n": "5", "example.com/x": ""}
    assert selectors.matches(selectors.parse_labels(selector), labels) is fits


@pytest.mark.parametrize("selector", ["a=///", "a in (b", "=b", "a b", "-=x", "a=" + "x" * 64])
def test_bad_label_selectors_are_400(selector):
    with pytest.raises(ApiError) as raised:
        selectors.parse_labels(selector)
    assert raised.value.code == 400


@pytest.mark.parametrize(
    "selector, fits",
    [
        ("", True),
        ("status=Running", True),
        ("status==Running", True),
        ("status!=Running", False),
        ("status!=New,status!=Failed", True),
        ("status=running", False),
        ("name=", False),
    ],
)
def test_field_selectors_match_exactly(selector, fits):
    fields = {"status": "Running", "name": "x"}
    assert selectors.matches(selectors.parse_fields(selector, fields), fields) is fits


@pytest.mark.parametrize("selector", ["status in (New)", "other=x", "status"])
def test_bad_field_selectors_are_400(selector):
    with pytest.raises(ApiError) as raised:
        selectors.parse_fields(selector, ("status",))
    assert raised.value.code == 400


def test_core_kinds_word_unknown_fields_differently():
    with pytest.raises(ApiError) as raised:
        selectors.parse_fields("other=x", ("status",), openshift=False)
    assert raised.value.message == "field label not supported: other"
