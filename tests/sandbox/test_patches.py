"""Patches of objects."""

import pytest

from osbs.sandbox.api import patches
from osbs.sandbox.kinds import KINDS
from osbs.sandbox.kinds.errors import ApiError

STREAM = KINDS["imagestreams"].shape


def strategic(document, changes):
    return patches.apply(patches.STRATEGIC, document, changes, STREAM)


def tags(*names):
    return {"spec": {"tags": [{"name": name, "reference": False} for name in names]}}


def test_elements_of_a_list_with_a_merge_key_are_merged():
    changes = {"spec": {"tags": [{"name": "b", "reference": True}, {"name": "c"}]}}
    merged = strategic(tags("a", "b"), changes)["spec"]["tags"]
    expected = [("a", False), ("b", True), ("c", None)]
    assert [(tag["name"], tag.get("reference")) for tag in merged] == expected


def test_an_element_is_deleted_by_a_directive():
    changes = {"spec": {"tags": [{"name": "a", "$patch": "delete"}]}}
    assert strategic(tags("a", "b"), changes) == tags("b")


def test_a_list_is_replaced_by_a_directive():
    changes = {"spec": {"tags": [{"name": "c"}, {"$patch": "replace"}]}}
    assert strategic(tags("a", "b"), changes) == {"spec": {"tags": [{"name": "c"}]}}


def test_an_object_is_replaced_by_a_directive():
    document = {"metadata": {"labels": {"a": "1"}}}
    changes = {"metadata": {"labels": {"$patch": "replace", "b": "2"}}}
    assert strategic(document, changes) == {"metadata": {"labels": {"b": "2"}}}


def test_scalars_are_added_and_taken_away():
    document = {"metadata": {"finalizers": ["a", "b"]}}
    added = strategic(document, {"metadata": {"finalizers": ["b", "c"]}})
    assert added == {"metadata": {"finalizers": ["a", "b", "c"]}}
    changes = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert strategic(document, changes) == {"metadata": {"finalizers": ["b"]}}


def test_a_list_without_a_merge_key_is_replaced():
    document = {"spec": {"triggers": [{"type": "a"}]}}
    shape = KINDS["buildconfigs"].shape
    changes = {"spec": {"triggers": [{"type": "b"}]}}
    assert patches.apply(patches.STRATEGIC, document, changes, shape) == changes


def test_the_order_that_kubectl_sends_is_no_field():
    changes = {"spec": {"$setElementOrder/tags": [{"name": "a"}]}}
    assert strategic(tags("a"), changes) == tags("a")


def test_null_removes_a_field():
    assert strategic({"spec": {"x": 1, "y": 2}}, {"spec": {"x": None}}) == {"spec": {"y": 2}}


@pytest.mark.parametrize(
    ("content_type", "changes", "code"),
    [
        (patches.MERGE, [], 400),
        (patches.STRATEGIC, {"spec": {"tags": [{"reference": True}]}}, 400),
        (patches.STRATEGIC, {"spec": {"tags": ["a"]}}, 400),
        (patches.STRATEGIC, {"spec": {"tags": [5, {"$patch": "replace"}]}}, 400),
        (patches.STRATEGIC, {"spec": {"$deleteFromPrimitiveList/tags": 5}}, 400),
        (patches.JSON, {"op": "remove", "path": "/spec"}, 400),
        (patches.JSON, [{"op": "nosuch", "path": "/spec"}], 400),
        (patches.JSON, ["x"], 400),
        (patches.JSON, [{"op": "remove", "path": "/nosuch"}], 422),
        (patches.JSON, [{"op": "test", "path": "/spec", "value": 1}], 422),
        (patches.JSON, [{"op": "replace", "path": "", "value": 1}], 400),
    ],
)
def test_a_malformed_patch_is_refused_and_changes_nothing(content_type, changes, code):
    document = tags("a")
    with pytest.raises(ApiError) as caught:
        patches.apply(content_type, document, changes, STREAM)
    assert (caught.value.code, document) == (code, tags("a"))
