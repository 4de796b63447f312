"""What the tests on raw sockets share."""

from __future__ import absolute_import, print_function, unicode_literals

import pytest

from osbs import _transport, http
from osbs.core import Openshift
from osbs._rest import retry
from tests.wire.server import WireServer


@pytest.fixture
def serve():
    """A function that starts a WireServer; all are stopped at the end."""
    servers = []

    def start(script, tls=None):
        servers.append(WireServer(script, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Let the client give up early; how short its delays are says tests/conftest.py."""
    monkeypatch.setattr(_transport, "HTTP_MAX_RETRIES", 3)
    monkeypatch.setattr(http, "HTTP_REQUEST_TIMEOUT", 5)
    monkeypatch.setattr(retry, "MAX_FAILURES", 4)


@pytest.fixture
def client():
    """A function that makes an Openshift for a WireServer."""

    def make(server, **kwargs):
        return Openshift(
            server.url + "oapi/v1/",
            "v1",
            server.url + "oauth/authorize",
            k8s_api_url=server.url + "api/v1/",
            **kwargs
        )

    return make
