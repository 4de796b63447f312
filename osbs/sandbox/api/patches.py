"""The three kinds of patches: JSON merge patch, strategic merge patch, JSON patch."""

import jsonpatch

from osbs.sandbox.kinds import errors, fields

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON = "application/json-patch+json"
TYPES = (JSON, MERGE, STRATEGIC)

_DIRECTIVE = "$patch"
_DELETED_SCALARS = "$deleteFromPrimitiveList/"
_HINTS = ("$setElementOrder/", "$retainKeys")


def apply(content_type, document, changes, shape):
    """
    Return a patched document; the given one stays.

    :param content_type: str, one of TYPES
    :param document: dict
    :param changes: JSON-like data, the patch
    :param shape: fields.Struct of the document
    :raises errors.ApiError: 400 for a malformed patch, 422 for one that cannot be applied
    """
    if content_type == JSON:
        return _apply_json(document, changes)
    if not isinstance(changes, dict):
        raise errors.bad_request("unable to parse the patch: expected an object")
    return (
        merge(document, changes) if content_type == MERGE else strategic(document, changes, shape)
    )


def _apply_json(document, changes):
    if not isinstance(changes, list):
        raise errors.bad_request("unable to parse the patch: expected a list of operations")
    try:
        patched = jsonpatch.apply_patch(document, changes)
    except (jsonpatch.InvalidJsonPatch, TypeError, KeyError) as exc:
        raise errors.bad_request("unable to parse the patch: {}".format(exc))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as exc:
        raise errors.ApiError(422, "the patch cannot be applied: {}".format(exc), "Invalid")
    if not isinstance(patched, dict):
        raise errors.bad_request("the patch leaves no object")
    return patched


def merge(target, changes):
    """Return a JSON merge patch applied to a document (RFC 7386)."""
    if not isinstance(changes, dict):
        return changes
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in changes.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge(target.get(key), value)
    return target


def strategic(target, changes, field):
    """
    Return a strategic merge patch applied to a value: as a merge patch, but lists that have a
    merge key are merged by it.

    :param field: fields.Field of the value; without a table of its own, lists are replaced
    """
    if isinstance(changes, list):
        return _strategic_list(target, changes, field)
    if not isinstance(changes, dict):
        return changes
    changes = dict(changes)
    directive = changes.pop(_DIRECTIVE, None)
    if directive is not None:
        return changes if directive == "replace" else {}
    return _strategic_object(dict(target) if isinstance(target, dict) else {}, changes, field)


def _strategic_object(target, changes, field):
    for key, value in changes.items():
        if key.startswith(_DELETED_SCALARS):
            key = key[len(_DELETED_SCALARS) :]
            if not isinstance(value, list):
                raise errors.bad_request("malformed patch: expected a list of {}".format(key))
            target[key] = [kept for kept in target.get(key) or () if kept not in value]
        elif value is None:
            target.pop(key, None)
        elif not key.startswith(_HINTS):
            target[key] = strategic(target.get(key), value, _field_of(field, key))
    return target


def _field_of(field, key):
    field = getattr(field, "inner", field) if isinstance(field, fields.Pointer) else field
    if isinstance(field, fields.Struct):
        return field.fields.get(key)
    return field.inner if isinstance(field, fields.Mapping) else None


def _strategic_list(target, changes, field):
    key = getattr(field, "merge_key", None)
    if key is None:
        return changes
    target = list(target or ())
    if key == "":
        return target + [value for value in changes if value not in target]
    if {_DIRECTIVE: "replace"} in changes:
        target, changes = [], [change for change in changes if change != {_DIRECTIVE: "replace"}]
    for change in changes:
        if not isinstance(change, dict) or key not in change:
            raise errors.bad_request("map does not contain declared merge key: {}".format(key))
        target = _with_element(target, change, key, field.inner)
    return target


def _with_element(target, change, key, field):
    """Return a list with one change: the element with its key is merged, deleted or added."""
    place = next((n for n, old in enumerate(target) if old.get(key) == change[key]), len(target))
    old = target[place] if place < len(target) else {}
    deleted = change.get(_DIRECTIVE) == "delete"
    new = [] if deleted else [strategic(old, change, field)]
    return target[:place] + new + target[place + 1 :]
