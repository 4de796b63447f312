"""What servers may answer: a transport under requests that answers as it is told."""

from __future__ import absolute_import, print_function, unicode_literals

import io
import json
import time
from contextlib import contextmanager

import requests
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from requests.packages.urllib3.response import HTTPResponse

from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.core import Openshift
from tests.unit.buildparams import INPUTS

# Keys that the library looks for; values of every type stand under them.
KEYS = (
    "items metadata status spec kind name phase labels annotations data secrets token lastVersion "
    "resourceVersion continue uid code image tag from dockerRepository dockerImageRepository "
    "dockerImageReference importPolicy containerStatuses cancelled type object triggers source git "
    "openshift.io/image.dockerRepositoryCheck openshift.io/image.insecureRepository "
    "authorization_endpoint git-repo-name git-branch koji-task-id message details"
).split()
WORDS = [
    "x",
    "",
    "Running",
    "Complete",
    "New",
    "MODIFIED",
    "ADDED",
    "DELETED",
    "ERROR",
    "1",
    "e30=",
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2**40)
    | st.floats(allow_nan=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
)
documents = st.recursive(
    scalars,
    lambda values: st.lists(values, max_size=3)
    | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), values, max_size=5),
    max_leaves=15,
)


def build(**changes):
    """A strategy of Builds of which some parts are anything."""
    parts = {
        "kind": st.just("Build"),
        "metadata": st.fixed_dictionaries(
            {"name": st.just("x") | scalars, "resourceVersion": st.sampled_from(WORDS)}
        ),
        "status": st.fixed_dictionaries({"phase": st.sampled_from(WORDS) | scalars}),
        "spec": documents,
    }
    parts.update(changes)
    return st.fixed_dictionaries({key: value | documents for key, value in parts.items()})


def as_bytes(data):
    """Encode JSON-like data as servers do."""
    return json.dumps(data).encode("utf-8")


lists = st.fixed_dictionaries({"items": st.lists(build() | documents, max_size=3) | documents})
events = st.fixed_dictionaries(
    {"type": st.sampled_from(WORDS) | scalars, "object": build() | documents}
)
lines = st.one_of(events.map(as_bytes), documents.map(as_bytes), st.binary(max_size=20))
bodies = st.one_of(
    build().map(as_bytes),
    lists.map(as_bytes),
    documents.map(as_bytes),
    st.lists(lines, max_size=4).map(b"\n".join),
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"",
            b"null",
            b"[" * 100000,
            b'{"items": null}',
            b"\xef\xbb\xbf{}",
            b"\xff\xfe{\0}\0",
            b"1" * 5000,
            b'{"a": NaN}',
            b"<html></html>",
        ]
    ),
)
statuses = st.sampled_from(
    [200, 200, 200, 200, 201, 202, 204, 301, 302, 307, 400, 401, 403, 404, 409, 410, 422, 500, 503]
)
headers = st.dictionaries(
    st.sampled_from(["Location", "Content-Type", "Content-Encoding", "Content-Length", "WWW-Auth"]),
    st.sampled_from(
        ["gzip", "5", "-1", "text/html; charset=x", "http://[", "//x", "ftp://x/", "#access_token="]
    )
    | st.text("abc:/#=%&?", max_size=12),
    max_size=2,
)
answers = st.tuples(statuses, headers, bodies)


# Of the library; the facade makes an OsbsException of these too.
MISTAKES = (AttributeError, KeyError, IndexError, TypeError, AssertionError, NameError)


def check_refusal(exception, mistakes=MISTAKES):
    """Make sure that an OsbsException says something, and does not hide a mistake.

    :param exception: OsbsException
    :param mistakes: tuple of exceptions that must not be its cause
    """
    # An error status with an empty body has nothing else to say.
    assert exception.message or getattr(exception, "status_code", None) or exception.cause
    assert not isinstance(exception.cause, mistakes), repr(exception.cause)


def body_of(request):
    """Return the body of a request as bytes."""
    body = request.body or b""
    return body if isinstance(body, bytes) else body.encode("utf-8")


class Transport(HTTPAdapter):
    """Give the answers one after the other, then refuse connections.

    :param scripted: list of (status, headers, body); or function of a request that returns one
    """

    def __init__(self, scripted):
        super(Transport, self).__init__()
        self._answer = scripted if callable(scripted) else self._next
        self._scripted = None if callable(scripted) else list(scripted)
        self.requests = []

    def _next(self, _request):
        if not self._scripted:
            raise requests.exceptions.ConnectionError("refused")
        return self._scripted.pop(0)

    def send(self, request, **kwargs):
        """Answer a request."""
        self.requests.append(request)
        status, fields, body = self._answer(request)
        raw = HTTPResponse(io.BytesIO(body), fields, status, preload_content=False)
        return self.build_response(request, raw)


def attach(openshift, scripted):
    """Let an Openshift talk to a Transport.

    :param openshift: Openshift
    :param scripted: as of Transport
    :return: Transport
    """
    transport = Transport(scripted)
    session = requests.Session()
    session.mount("http://", transport)
    session.mount("https://", transport)
    # pylint: disable-next=protected-access
    openshift._con._pool.get().session_for = lambda *_: session
    return transport


def client(scripted):
    """Return an Openshift that talks to a Transport, and the Transport.

    :param scripted: as of Transport
    """
    openshift = Openshift(
        "http://127.0.0.1:1/oapi/v1/",
        "v1",
        "http://127.0.0.1:1/oauth/authorize",
        k8s_api_url="http://127.0.0.1:1/api/v1/",
        namespace="ns",
        use_auth=False,
    )
    return openshift, attach(openshift, scripted)


def facade(scripted, **settings):
    """Return an OSBS that talks to a Transport, and the Transport.

    :param scripted: as of Transport
    :param settings: keywords of Configuration
    """
    conf = Configuration(
        conf_file=None,
        openshift_url="http://127.0.0.1:1/",
        namespace="ns",
        use_auth=False,
        build_json_dir=INPUTS,
        **settings
    )
    osbs = OSBS(conf, conf)
    return osbs, attach(osbs.os, scripted)


@contextmanager
def no_pauses():
    """Let nothing wait."""
    real = time.sleep
    time.sleep = lambda seconds: None
    try:
        yield
    finally:
        time.sleep = real
