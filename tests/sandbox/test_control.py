"""Access to the control plane."""

import json

import pytest
import requests

from osbs.sandbox import testing
from osbs.sandbox.http.control import KEY_HEADER
from tests.sandbox.support import Api, started

FAULT = {"kind": "status", "status": 503}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def api():
    """A sandbox and an Api without credentials."""
    with started() as running:
        yield Api(running.sandbox, None)


def post(api, headers, data=json.dumps(FAULT)):
    """Post a fault; return the response."""
    return api.session.post(
        api.sandbox.url + "_sandbox/faults", data=data, headers=headers, timeout=20
    )


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_a_form_can_send_is_refused(api, kind):
    response = post(api, {"Content-Type": kind})
    assert (response.status_code, response.json()) == (
        415,
        {"error": "the content type must be application/json"},
    )


def test_a_body_without_a_type_is_refused(api):
    assert post(api, {}).status_code == 415


def test_a_parameter_of_the_type_does_no_harm(api):
    assert post(api, {"Content-Type": "application/json; charset=utf-8"}).status_code == 200


@pytest.mark.parametrize("host", ["sandbox.example.com", "127.0.0.1.example.com", "10.0.0.1", ""])
def test_a_foreign_host_is_refused(api, host):
    response = post(api, dict(JSON, Host=host))
    assert response.status_code == 403 and "must be 127.0.0.1 or localhost" in response.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1234", "[::1]:1234"])
def test_a_host_on_loopback_is_accepted(api, host):
    assert post(api, dict(JSON, Host=host)).status_code == 200


@pytest.mark.parametrize("origin", ["https://example.com", "null", "https://127.0.0.1:1", ""])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_foreign_origin_is_refused(api, method, origin):
    response = api.send(method, "_sandbox/faults", FAULT, headers={"Origin": origin})
    assert response.status_code == 403 and "other origins" in response.text


def test_its_own_origin_is_accepted(api):
    origin = api.sandbox.url.rstrip("/")
    assert post(api, dict(JSON, Origin=origin)).status_code == 200


@pytest.fixture(scope="module")
def locked():
    """A sandbox that requires a key."""
    with started(control_key="the key") as running:
        yield Api(running.sandbox, None)


@pytest.mark.parametrize("headers", [{}, {KEY_HEADER: ""}, {KEY_HEADER: "the ke\u00ff"}])
def test_without_the_key_a_request_is_refused(locked, headers):
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    response = locked.get("_sandbox/", headers=encoded)
    assert response.status_code == 403 and "control_key of the ready line" in response.text


def test_with_the_key_a_request_is_accepted(locked):
    assert locked.get("_sandbox/", headers={KEY_HEADER: "the key"}).status_code == 200


def test_a_sandbox_as_a_process_requires_the_key_that_its_client_has():
    with testing.serving(tls=False) as sandbox:
        assert list(sandbox.faults) == []
        assert requests.get(sandbox.url + "_sandbox/", timeout=20).status_code == 403
