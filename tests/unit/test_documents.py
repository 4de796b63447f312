"""Documents from outside: what is read, the same on every interpreter, and what is refused."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import os
import subprocess
import sys

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from osbs import _documents, _json
from osbs.constants import MAX_DEPTH, MAX_NUMBER_DIGITS, MAX_YAML_NODES
from osbs._documents import DocumentLimitError
from osbs._json import load_json
from osbs.exceptions import OsbsValidationException

TWO = "a: &a {key: first, k: 1}\nb: &b {key: second, k: 2, other: 2}\n"


def load_yaml(text, limit=1000000):
    return _documents.load_yaml(text, "f", limit)


@pytest.mark.parametrize(
    ("merge", "expected"),
    [
        ("{<<: *a}", {"key": "first", "k": 1}),
        ("{<<: [*a, *b]}", {"key": "first", "k": 1, "other": 2}),
        ("{<<: [*b, *a]}", {"key": "second", "k": 2, "other": 2}),
        ("{<<: *a, <<: *b}", {"key": "second", "k": 2, "other": 2}),
        ("{<<: [*a, *a]}", {"key": "first", "k": 1}),
        ("{<<: [*a, *b], key: own}", {"key": "own", "k": 1, "other": 2}),
        ("{key: own, <<: [*a, *b]}", {"key": "own", "k": 1, "other": 2}),
        ("{<<: {<<: *b, k: 3}}", {"key": "second", "k": 3, "other": 2}),
        ("{<<: []}", {}),
    ],
)
def test_the_first_of_merged_mappings_wins_whatever_the_version_of_pyyaml(merge, expected):
    assert load_yaml(TWO + "c: %s\n" % merge)["c"] == expected


def test_a_merged_mapping_may_merge_others_itself():
    text = TWO + "c: &c {<<: [*b, *a], more: 3}\nd: {<<: *c}\n"
    assert load_yaml(text)["d"] == {"key": "second", "k": 2, "other": 2, "more": 3}


@pytest.mark.parametrize("merge", ["{<<: 1}", "{<<: [1]}", "{<<: [[]]}", "{<<: }"])
def test_only_mappings_are_merged(merge):
    with pytest.raises(yaml.YAMLError):
        load_yaml(merge)


def test_an_equals_sign_is_a_key_like_others():
    assert load_yaml("{=: 1}") == {"=": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("a: caf\xe9", {"a": "caf\xe9"}),
        ("[1, 0x1f, 1:30, 2.5, .inf, yes, ~]", [1, 31, 90, 2.5, float("inf"), True, None]),
        ("{a: 1, a: 2}", {"a": 2}),
    ],
)
@pytest.mark.parametrize("as_bytes", [True, False])
def test_yaml_gives_plain_values(text, expected, as_bytes):
    assert load_yaml(text.encode("utf-8") if as_bytes else text) == expected


def test_values_are_counted_up_to_the_limit():
    items = MAX_YAML_NODES - 1
    assert len(load_yaml("[" + "1," * items + "]")) == items
    with pytest.raises(DocumentLimitError) as caught:
        load_yaml("[" + "1," * (items + 1) + "]")
    assert caught.value.message == "f: has more than %d values" % MAX_YAML_NODES


def test_an_alias_counts_as_often_as_it_stands_there():
    text = "[&a [%s], %s]"
    assert len(load_yaml(text % (",".join("1" * 99), ",".join(["*a"] * 98)))) == 99
    with pytest.raises(DocumentLimitError):
        load_yaml(text % (",".join("1" * 99), ",".join(["*a"] * 99)))


@pytest.mark.parametrize("text", ["&a [*a]", "&a {b: *a}", "&a {? [*a] : 1}", "a: &b [[[*b]]]"])
def test_what_is_part_of_itself_is_refused(text):
    with pytest.raises(DocumentLimitError):
        load_yaml(text)


@pytest.mark.parametrize("opening, closing", [("[", "]"), ("{a: ", "}")])
def test_nesting_is_read_up_to_the_limit(opening, closing):
    load_yaml(opening * MAX_DEPTH + "1" + closing * MAX_DEPTH)
    with pytest.raises(DocumentLimitError):
        load_yaml(opening * (MAX_DEPTH + 1) + "1" + closing * (MAX_DEPTH + 1))


@pytest.mark.parametrize("tag", ["", "!!int ", "!!float "])
def test_a_number_has_a_limit(tag):
    load_yaml("a: %s%s" % (tag, "9" * MAX_NUMBER_DIGITS))
    with pytest.raises(yaml.YAMLError):
        load_yaml("a: %s%s" % (tag, "9" * (MAX_NUMBER_DIGITS + 1)))


@pytest.mark.parametrize("text", ["!!timestamp x", "!!int x", "!!binary \xe9", "{[]: 1}", "!x y"])
def test_a_scalar_that_cannot_be_read_is_a_yaml_error(text):
    with pytest.raises(yaml.YAMLError):
        load_yaml(text)


def test_the_size_is_that_of_the_encoded_text():
    assert load_yaml("\xe9\xe9", limit=4) == "\xe9\xe9"
    with pytest.raises(DocumentLimitError) as caught:
        load_yaml("\xe9\xe9\xe9", limit=5)
    assert caught.value.message == "f: is larger than 5 bytes"


def test_a_limit_is_a_validation_error_and_a_value_error():
    assert issubclass(DocumentLimitError, OsbsValidationException)
    assert issubclass(DocumentLimitError, ValueError)


def test_json_gives_what_it_says():
    assert load_json('{"a": [1, -2, 3.5, null]}') == {"a": [1, -2, 3.5, None]}
    assert load_json("9" * MAX_NUMBER_DIGITS) == int("9" * MAX_NUMBER_DIGITS)


@pytest.mark.parametrize(
    "text", ["", "{", "9" * (MAX_NUMBER_DIGITS + 1), "[" * 100000, '{"a":' * 100000]
)
def test_json_that_cannot_be_read_is_a_value_error(text):
    with pytest.raises(ValueError):
        load_json(text)


@pytest.mark.parametrize("value", [None, 1, {}, ["["]])
def test_what_is_no_text_is_a_type_error(value):
    with pytest.raises(TypeError):
        load_json(value)


# Garbage with a finaliser is collected when about as many lists were made as fit on the stack.
COLLECTED_WHILE_PARSED = """
import gc
from osbs._json import load_json

class Finalised(object):
    def __del__(self):
        self.method()
    def method(self):
        return [each for each in "x"]

for objects in range(850, 1050):
    gc.collect()
    garbage = Finalised()
    garbage.itself = garbage
    del garbage
    gc.set_threshold(objects)
    try:
        load_json("[" * 100000)
    except ValueError:
        pass
    gc.set_threshold(0)
"""


def test_a_document_that_is_nested_deeply_does_not_end_the_process():
    environment = dict(os.environ, PYTHONPATH=str(os.getcwd()))
    command = [sys.executable, "-c", COLLECTED_WHILE_PARSED]
    with open(os.devnull, "w") as devnull:
        assert subprocess.call(command, env=environment, stderr=devnull) == 0


def nested(levels, value):
    for key in levels:
        value = [value] if key is None else {key: value}
    return value


texts = st.text('[]{}"\\\\,:a\xe9\ud800', max_size=8)
values = st.recursive(
    st.none() | st.floats(allow_nan=False) | texts,
    lambda items: st.lists(items, max_size=4) | st.dictionaries(texts, items, max_size=4),
)


@given(st.lists(st.none() | texts, max_size=MAX_DEPTH), st.lists(values))
@example([None] * MAX_DEPTH, [["]"], {"}": "\\"}])
def test_no_document_within_the_limit_is_taken_for_a_deep_one(levels, others):
    document = nested(levels, "x")
    assert not _json._is_deep(json.dumps(others + [document])[1:-1])


@given(st.lists(st.none() | texts, min_size=10, max_size=10), st.lists(values))
@example([None] * 10, [["]"], {"}": "\\"}])
def test_nothing_hides_that_a_document_is_deep(levels, others):
    document = nested(levels * (MAX_DEPTH // 3), "x")
    assert _json._is_deep(json.dumps(others + [document] + others, ensure_ascii=False))
