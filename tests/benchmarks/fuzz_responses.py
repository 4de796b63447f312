"""What the fuzzer lets a server send: whole responses, bodies, logs and watches."""

from __future__ import absolute_import, print_function, unicode_literals

import json

from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.constants import ERROR_BODY_MAX
from osbs.exceptions import OsbsResponseException
from tests.wire.server import CHUNKED, CLOSE, LAST_CHUNK, WireServer, answer, chunk

# Seconds for one wait: what does not end by itself ends then.
_WAIT = 0.5
_BUILD = {"metadata": {"name": "b-1"}, "status": {"phase": "Complete"}}


def served(content, ask, wrap):
    """Let a client ask a server that sends this content.

    :param content: bytes
    :param ask: function of an OSBS
    :param wrap: function of a request and the content that returns what is sent
    """
    with WireServer(lambda request: [wrap(request, content), CLOSE]) as server:
        conf = Configuration(conf_file=None, openshift_url=server.url, token="token-of-fuzz")
        osbs = OSBS(conf, conf)
        with osbs.retries_disabled():
            ask(osbs)


def _raw(_request, content):
    return content


def _body(_request, content):
    return answer(200, content)


def _error(_request, content):
    return answer(500, content)


def _log(request, content):
    if "/log" in request.path:
        return CHUNKED + chunk(content) + LAST_CHUNK if content else CHUNKED + LAST_CHUNK
    return answer(200, _BUILD)


def _watch(request, content):
    if "/watch/" in request.path:
        return CHUNKED + chunk(content) if content else CHUNKED
    return answer(200, dict(_BUILD, status={"phase": "Running"}))


def raw_response(content):
    """Get a build from a server that sends these bytes."""
    served(content, lambda osbs: osbs.get_build("b-1").status, _raw)


def list_body(content):
    """List builds, of which the server sends this body."""
    served(content, lambda osbs: [b.get_koji_build_id() for b in osbs.list_builds()], _body)


def error_body(content):
    """Meet an error with this body."""
    try:
        served(content, lambda osbs: osbs.get_build("b-1"), _error)
    except OsbsResponseException as ex:
        assert len(ex.message) < 2 * ERROR_BODY_MAX


def log(content):
    """Follow the log of an orchestrator."""
    served(content, lambda osbs: list(osbs.get_orchestrator_build_logs("b-1", follow=True)), _log)


def watch(content):
    """Wait for a build of which the server sends these events."""
    served(content, lambda osbs: osbs.wait_for_build_to_finish("b-1", timeout=_WAIT), _watch)


EVENT = json.dumps({"type": "MODIFIED", "object": _BUILD}).encode("utf-8") + b"\n"
LIST = json.dumps({"kind": "BuildList", "items": [_BUILD]}).encode("utf-8")
STATUS = json.dumps({"kind": "Status", "message": "no", "reason": "x"}).encode("utf-8")
RESPONSE = answer(200, _BUILD)
LOG = b"2018-01-01 10:00:00,1 platform:x86_64 - a - INFO - line\nplain\n\xff\r\n"
HTTP_WORDS = [
    b"\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n",
    b"Content-Length: 99999999999\r\n",
    b"Content-Length: -1\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Retry-After: 99999999\r\n",
    b"fffffffffffffff\r\n",
    b"0\r\nTrailer: x\r\n",
    b"Set-Cookie: a=b\r\n",
    b": ",
]
