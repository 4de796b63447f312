"""Secrets that were sent do not come back in messages, whoever quotes them."""

from __future__ import absolute_import, print_function, unicode_literals

import traceback

import pytest

from osbs.exceptions import OsbsException
from osbs.http import HttpSession
from tests.wire.server import answer

SECRET = "hunter2-hunter2"


def texts_of(exception):
    """Return all that a program may show of an exception."""
    texts = [repr(exception), "%s" % exception]
    cause = exception.cause
    if cause is not None:
        texts += [repr(cause), "%s" % cause, "%s" % getattr(cause.request, "url", "")]
    return " ".join(texts + [traceback.format_exc()])


def test_a_token_that_the_server_quotes_is_masked(serve, client):
    server = serve(lambda request: answer(403, "no user has the token " + SECRET))
    with pytest.raises(OsbsException) as info:
        client(server, token=SECRET).get_build("b-1")
    assert info.value.message == "no user has the token ***"


def test_a_password_that_the_server_quotes_is_masked(serve, client):
    server = serve(lambda request: answer(401, {"message": "wrong password: " + SECRET}))
    with pytest.raises(OsbsException) as info:
        client(server, username="me", password=SECRET).get_build("b-1")
    assert SECRET not in texts_of(info.value)


@pytest.mark.parametrize("url", ["http://me:%s@127.0.0.1:1/x", "http://me:x/%s@127.0.0.1/"])
def test_credentials_of_a_url_are_in_no_part_of_an_exception(url):
    with pytest.raises(OsbsException) as info:
        HttpSession().get(url % SECRET, retries_enabled=False)
    assert SECRET not in texts_of(info.value)


def test_credentials_of_a_url_are_sent(serve):
    server = serve(lambda request: answer(200, request.headers.get("authorization", "none")))
    url = server.url.replace("http://", "http://me:secret@")
    assert HttpSession().get(url).content == b"Basic bWU6c2VjcmV0"


def test_why_a_tag_is_not_imported_is_told_without_secrets(serve, client, caplog):
    failure = {"status": "Failure", "message": "no https://me:secret1@registry.example.com/v2/"}
    images = {"images": [{"status": failure}], "import": {}}
    server = serve(lambda request: answer(200, {"status": images}))
    client(server).import_image_tags("stream", ["1"], "registry.example.com/x", {})
    assert "tag stream:1: not imported: no https://***@registry.example.com/v2/" in caplog.text
