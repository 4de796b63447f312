"""Exceptions: their texts on both lines of Python, and what a server's answer becomes."""

from __future__ import absolute_import, print_function, unicode_literals

import pickle
import sys

import pytest
import six

from osbs.exceptions import OsbsException, OsbsNetworkException, OsbsResponseException

FOREIGN = "caf\xe9"
ENCODED = FOREIGN.encode("utf-8")


def traceback_of_an_error():
    try:
        raise ValueError("x")
    except ValueError:
        return sys.exc_info()[2]


def as_text(ex):
    text = str(ex)
    return text.decode("utf-8") if six.PY2 else text


@pytest.mark.skipif(not six.PY2, reason="str(message) on Python 3")
@pytest.mark.parametrize("show", [as_text, six.text_type])
def test_a_message_of_bytes_is_shown(show):
    assert show(OsbsException(ENCODED)) == FOREIGN


def test_an_exception_can_be_shown_whose_cause_has_foreign_text():
    cause = OsbsException(FOREIGN, cause=ValueError("inner"))
    shown = as_text(OsbsException("outer", cause=cause, traceback=traceback_of_an_error()))
    assert shown.startswith("outer")


def test_the_repr_of_a_cause_with_foreign_text_is_a_message():
    cause = OsbsException(FOREIGN, cause=ValueError("inner"))
    assert FOREIGN in "%s" % OsbsException(cause=cause).message


def test_the_message_of_a_network_exception_may_be_bytes():
    assert OsbsNetworkException("http://u", ENCODED, 500).message == "(500) " + FOREIGN


def test_the_message_of_a_network_exception_begins_with_the_status():
    assert OsbsNetworkException("http://u", "timed out", "").message == "() timed out"


@pytest.mark.skipif(not six.PY2, reason="Python 3 chains exceptions")
def test_the_text_ends_with_traceback_and_cause():
    shown = as_text(
        OsbsException("m", cause=ValueError("c"), traceback=traceback_of_an_error())
    ).split("\n")
    assert shown[:3] == ["m", "", "Original traceback (most recent call last):"]
    assert shown[-1] == repr(ValueError("c"))


STATUS = '{"kind": "Status", "message": "builds \\"b\\" not found", "code": 404}'


@pytest.mark.parametrize("body", [STATUS, STATUS.encode("utf-8")])
def test_the_message_of_an_error_response_is_the_sentence_of_the_server(body):
    ex = OsbsResponseException(body, 404)
    assert (ex.message, as_text(ex)) == ('builds "b" not found',) * 2
    assert ex.args == (ex.message,)


@pytest.mark.parametrize("body", [STATUS, STATUS.encode("utf-8")])
def test_the_body_of_an_error_response_is_kept(body):
    ex = OsbsResponseException(body, 404)
    assert ex.body == STATUS
    assert pickle.loads(pickle.dumps(ex)).body == STATUS


@pytest.mark.parametrize(
    "body",
    ['{"message": ""}', '{"message": null}', '{"message": {}}', '["message"]', "plain", None],
)
def test_without_a_sentence_the_message_of_an_error_response_is_its_body(body):
    ex = OsbsResponseException(body, 404)
    assert (ex.message, ex.body) == (body, body)


@pytest.mark.parametrize(
    ("body", "json"),
    [
        ('{"kind": "Status"}', {"kind": "Status"}),
        (b'{"kind": "Status"}', {"kind": "Status"}),
        ("[1]", [1]),
        ("plain", None),
        (b"plain", None),
        ("", None),
        (b"", None),
        (None, None),
    ],
)
def test_the_json_of_an_answer_is_decoded_if_there_is_any(body, json):
    assert OsbsResponseException(body, 404).json == json
