"""The HTTP application: passes aiohttp's requests to endpoints, and applies faults."""

import asyncio
import logging

from aiohttp import web

from osbs.sandbox.api import discovery, openapi, tables
from osbs.sandbox.api.endpoints import Response, Stream, find_handler, go_json, is_known
from osbs.sandbox.api.requestinfo import RequestInfo
from osbs.sandbox.api.verbs import Request
from osbs.sandbox.http import faults
from osbs.sandbox.http.certificates import common_name
from osbs.sandbox.http.listener import reset
from osbs.sandbox.http.request_log import LoggedRequest
from osbs.sandbox.kinds import errors
from osbs.sandbox.state.state_file import StateFileError

logger = logging.getLogger(__name__)

#: longer bodies (bytes) are sent with chunked encoding, as Go does
CHUNKED_FROM = 2048
LARGEST_BODY = 32 * 1024 * 1024
CONTROL_PREFIX = "/_sandbox"

#: reason phrases of Go that differ from those of some Python
REASONS = {413: "Request Entity Too Large", 422: "Unprocessable Entity"}

#: interval (seconds) for noticing that the client of a stream has disconnected
SWEEP_SECONDS = 1.0


class App:
    """
    Serve a cluster.

    :param cluster: cluster.Cluster
    :param wanted: faults.Faults, the faults to apply
    :param requests: request_log.RequestLog
    :param control: control.Control, handles paths below CONTROL_PREFIX
    :param oapi: bool, whether the legacy OpenShift API exists
    """

    def __init__(self, cluster, wanted, requests, control, oapi=True):
        self.cluster = cluster
        self.faults = wanted
        self.requests = requests
        self.control = control
        self.oapi = oapi
        #: listener.Listener
        self.listener = None
        self._streams = {}
        self._runner = None
        self._stopping = None

    async def start(self):
        """Return the factory of asyncio protocols for connections."""
        self._stopping = asyncio.get_event_loop().create_future()
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self.handle)
        application.on_response_prepare.append(_drop_additions)
        # no access log: it would hold paths with tokens
        self._runner = web.AppRunner(
            application, access_log=None, handle_signals=False, keepalive_timeout=75.0
        )
        await self._runner.setup()
        self.cluster.tasks.spawn(self._sweep())
        return self._runner.server

    async def stop(self):
        """Abort all connections; delayed requests wait no longer."""
        self._stopping.cancel()
        self.drop_connections()
        await self._runner.cleanup()

    # connections

    def drop_streams(self):
        """Abort all watches and followed logs; return how many."""
        streams = list(self._streams.items())
        for stream, request in streams:
            _abort(request)
            stream.stop()
        return len(streams)

    def drop_connections(self):
        """Abort all connections; return how many."""
        self.drop_streams()
        connections = list(self._runner.server.connections)
        for connection in connections:
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        return len(connections)

    async def _sweep(self):
        """End streams whose client has disconnected: one that waits for events would not notice."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for stream, request in list(self._streams.items()):
                if _is_gone(request):
                    stream.stop()

    # requests

    async def handle(self, request):
        """Handle a request of aiohttp."""
        path, _, query = request.raw_path.partition("?")
        if path.startswith(CONTROL_PREFIX + "/"):
            return await self.control.handle(request, path)
        record = self._record(request, path, query)
        plan = self.faults.plan(request.method, request.raw_path)
        if plan.delay:
            await asyncio.wait([self._stopping], timeout=plan.delay)
        if plan.terminal is not None:
            return await self._apply_terminal(request, path, record, plan)
        response = await self._respond(request, path, record)
        self.requests.respond(record, getattr(response, "code", 200))
        if isinstance(response, Stream):
            return await self._send_stream(request, response, plan)
        return await self._send(request, response, plan)

    async def _apply_terminal(self, request, path, record, plan):
        """Apply the fault that replaces the response or resets the connection."""
        fault = plan.terminal
        if fault.kind == "reset_after":
            response = await self._respond(request, path, record)
            self.requests.respond(record, getattr(response, "code", 200))
            if isinstance(response, Stream):
                response.stop()
        if _is_gone(request):
            plan.take_back()
            return _abort(request)
        if fault.kind in ("reset_before", "reset_after"):
            return _abort(request)
        self.requests.respond(record, fault["status"])
        return await self._send(request, replaced(fault), plan)

    def _record(self, request, path, query):
        number = self.listener.number(request.transport) if request.transport else 0
        record = LoggedRequest(
            request.method, path, query, number, request.headers.get("User-Agent", "")
        )
        self.requests.add(record)
        return record

    async def _respond(self, request, path, record):
        try:
            if path == "/oauth/authorize":
                return await self._authorize(request, record)
            if path.startswith("/oauth/"):
                return Response(
                    b'{\n  "paths": [\n    "/apis",\n    "/healthz",\n    '
                    b'"/healthz/ping"\n  ]\n}',
                    404,
                )
            return await self._api(request, path, record)
        except errors.ApiError as error:
            return Response(
                error.status(),
                error.code,
                headers=dict({"Cache-Control": "no-store"}, **error.headers),
            )
        except StateFileError as exc:
            failure = errors.internal(str(exc))
            return Response(failure.status(), failure.code)
        except (asyncio.CancelledError, ConnectionError, web.HTTPException):
            raise
        except Exception:
            logger.exception("%s %s failed", request.method, path)
            failure = errors.internal("the sandbox failed; its log says why")
            return Response(failure.status(), failure.code)

    async def _authorize(self, request, record):
        response, record.user = await self.cluster.oauth.authorize(
            request.query, request.headers, self.cluster.server.url.rstrip("/")
        )
        if isinstance(response.body, str):
            return Response(
                response.body.encode("utf-8"),
                response.code,
                "text/plain; charset=utf-8",
                response.headers,
            )
        return Response(response.body, response.code, headers=response.headers)

    async def _api(self, request, path, record):
        identity = self.cluster.authenticator.identify(
            request.headers.get("Authorization", ""), _certificate_user(request)
        )
        record.user = identity.name
        info = RequestInfo(request.method, path, request.query, self.oapi)
        record.known = self._knows(info)
        self.cluster.access.check(identity, info, self.oapi)
        headers = {"Cache-Control": "no-store"}
        if not info.is_resource:
            found = discovery.document(info.path, self.cluster.server.url.rstrip("/"), self.oapi)
            if info.path == "/openapi/v2" and openapi.PROTOBUF in request.headers.get("Accept", ""):
                return Response(openapi.protobuf(), content_type=openapi.PROTOBUF_RESPONSE)
            if isinstance(found, str):
                return Response(found.encode("utf-8"), content_type="text/plain; charset=utf-8")
            return Response(found, headers=headers)
        handler = find_handler(info)
        content_type = request.headers.get("Content-Type", "").partition(";")[0].strip()
        body = await request.read() if request.can_read_body else b""
        response = await handler(
            Request(self.cluster, identity, info, request.query, body, content_type)
        )
        tables.convert(response, request.headers.get("Accept", ""), info.resource)
        if isinstance(response, Response):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _knows(self, info):
        if info.is_resource:
            return is_known(info)
        try:
            discovery.document(info.path, "", self.oapi)
        except errors.ApiError:
            return False
        return True

    # responses

    async def _send(self, request, response, plan):
        body = response.body if response.body is not None else b""
        if not isinstance(body, bytes):
            body = go_json(body)
        pairs = response.headers.items() if isinstance(response.headers, dict) else response.headers
        http_response = web.StreamResponse(
            status=response.code, reason=REASONS.get(response.code), headers=list(pairs)
        )
        if body:
            http_response.headers["Content-Type"] = response.content_type
        if len(body) > CHUNKED_FROM:
            http_response.enable_chunked_encoding()
        elif response.code != 204:
            http_response.content_length = len(body)
        return await self._write(request, http_response, _Once(body), plan)

    async def _send_stream(self, request, stream, plan):
        response = web.StreamResponse(
            headers={"Cache-Control": "no-store", "Content-Type": stream.content_type}
        )
        response.enable_chunked_encoding()
        self._streams[stream] = request
        try:
            return await self._write(request, response, stream, plan)
        finally:
            del self._streams[stream]
            stream.stop()

    async def _write(self, request, response, source, plan):
        if request.headers.get("Connection", "").lower() == "close":
            response.force_close()
            response.headers["Connection"] = "close"
        left = plan.cut["bytes"] if plan.cut is not None else None
        try:
            await response.prepare(request)
            while True:
                data = await source.next()
                if data is None:
                    break
                if left is not None and len(data) > left and not plan.cut.spent:
                    return await _cut(request, response, data[:left], plan.cut)
                left = left - len(data) if left is not None else None
                await response.write(data)
            if request.transport is not None:
                await response.write_eof()
        except (ConnectionError, RuntimeError):
            _abort(request)
        return response


async def _drop_additions(_request, response):
    """Remove headers that aiohttp adds and Go does not."""
    response.headers.popall("Server", None)
    if response.content_length == 0 or response.status == 204:
        response.headers.popall("Content-Type", None)


class _Once:
    """A complete body, in the form of a stream."""

    def __init__(self, body):
        self._body = body

    async def next(self):
        """Return the body, then None."""
        body, self._body = self._body, None
        return body or None


async def _cut(request, response, rest, fault):
    """Truncate the body after ``rest``: close the connection, or end the body as if complete."""
    fault.fired += 1
    if rest:
        await response.write(rest)
    if fault["clean"]:
        response.force_close()
        await response.write_eof()
        return response
    # An abort would drop what is still in the buffer: let it be sent first.
    await asyncio.sleep(0.02)
    transport = request.transport
    if transport is not None:
        transport.close()
    return response


def _is_gone(request):
    """Return whether the client has closed the connection."""
    return request.transport is None or request.transport.is_closing()


def _abort(request):
    """Reset the connection; return a response that aiohttp expects but cannot send."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            reset(connection)
        transport.abort()
    return web.Response(status=500)


def _certificate_user(request):
    if request.transport is None:
        return None
    return common_name(request.transport.get_extra_info("peercert"))


def replaced(fault):
    """Return the Response that a fault sends instead of the real one."""
    headers = {}
    if fault.kind == "html":
        return Response(faults.PAGE, fault["status"], "text/html")
    if fault.kind == "garbage":
        return Response(faults.GARBAGE, fault["status"])
    if fault.kind == "empty":
        return Response(b"", fault["status"])
    if fault["retry_after"] is not None:
        headers["Retry-After"] = str(fault["retry_after"])
    body = fault["body"]
    if isinstance(body, str):
        return Response(body.encode("utf-8"), fault["status"], "text/plain", headers)
    if body is None:
        body = errors.ApiError(
            fault["status"],
            "a fault of the sandbox: status {}".format(fault["status"]),
            details={},
        ).status()
    headers["Cache-Control"] = "no-store"
    return Response(body, fault["status"], headers=headers)
