"""
The control plane: JSON over HTTP under ``/_sandbox/``, for tests in another process.

It accepts connections from loopback only. Web pages in a browser on this machine are refused: the
host must be loopback, the content type of a POST must be JSON, and an Origin must be the sandbox's
own. On a machine with several users it can require a key. Faults do not apply to it.

===========================  ===============================================================
GET    /_sandbox/            URL, project, commands and the number of unfinished builds
GET    /_sandbox/faults      all faults with their counters
POST   /_sandbox/faults      add one: ``{"kind": ..., "method", "path", "count", "skip", ...}``
GET    /_sandbox/faults/N    one fault
DELETE /_sandbox/faults[/N]  remove one or all
GET    /_sandbox/unfired     faults that never fired
GET    /_sandbox/requests    logged requests
DELETE /_sandbox/requests    clear the request log
GET    /_sandbox/timing      delays in seconds
POST   /_sandbox/timing      set delays: ``{"log_wait": 0.2}``
POST   /_sandbox/outcomes    script builds: ``{"pattern": "*", "exit_status": 1, ...}``
POST   /_sandbox/reset       remove everything that was not there at the start
POST   /_sandbox/registry    push an image: ``{"repository": ..., "tag": ...}``
===========================  ===============================================================

Further commands can be added with :meth:`Control.add`, as the page does.
"""

import hmac
import inspect
import ipaddress
import urllib.parse

from aiohttp import web

from osbs._json import load_json
from osbs.sandbox.kinds import validation
from osbs.sandbox.pods.outcomes import make_outcome
from osbs.sandbox.state.state_file import StateFileError

#: header for the key, if one is required
KEY_HEADER = "X-Sandbox-Key"


#: body of a POST to registry
IMAGE = {
    "properties": {
        "repository": {"type": "string", "minLength": 1},
        "tag": {"type": "string", "minLength": 1},
    },
    "required": ["repository"],
    "additionalProperties": False,
}


class ControlError(ValueError):
    """A command fails; the text says why."""

    def __init__(self, message, status=400):
        super().__init__(message)
        self.status = status


class Control:
    """
    Handle requests to the control plane.

    :param cluster: cluster.Cluster
    :param faults: faults.Faults
    :param requests: request_log.RequestLog
    :param oapi: bool, whether the legacy OpenShift API exists
    :param key: str or None, required value of KEY_HEADER
    """

    def __init__(self, cluster, faults, requests, oapi=True, key=None):
        self._cluster = cluster
        self._faults = faults
        self._requests = requests
        self._oapi = oapi
        self.key = key
        self._commands = {}
        #: callable that puts the contents of an installation into an empty cluster
        self.refill = lambda: None
        for method, name, handler in (
            ("GET", "", self._about),
            ("GET", "faults", self._describe_faults),
            ("POST", "faults", self._add_fault),
            ("DELETE", "faults", self._remove_faults),
            ("GET", "unfired", self._unfired),
            ("GET", "requests", self._list_requests),
            ("DELETE", "requests", self._forget),
            ("GET", "timing", self._timing),
            ("POST", "timing", self._set_timing),
            ("POST", "outcomes", self._script),
            ("POST", "registry", self._push),
            ("POST", "reset", self._reset),
        ):
            self.add(method, name, handler)

    def add(self, method, name, handler):
        """
        Add a command.

        :param name: str, what follows ``/_sandbox/``
        :param handler: callable (argument: str after the name, body: JSON-like data) that returns
            JSON-like data; runs in the event loop
        """
        self._commands[method, name] = handler

    async def handle(self, request, path):
        """Handle a request of aiohttp."""
        try:
            self._check_sender(request)
            text = (await request.read()).decode("utf-8")
            body = load_json(text) if text else {}
            name = path.partition("/_sandbox/")[2].strip("/")
            answer = self.run(request.method, name, body)
            answer = await answer if inspect.isawaitable(answer) else answer
            return web.json_response(answer)
        except ControlError as exc:
            return web.json_response({"error": str(exc)}, status=exc.status)
        except StateFileError as exc:
            return web.json_response({"error": str(exc)}, status=500)
        except (ValueError, KeyError, TypeError, RecursionError) as exc:
            return web.json_response({"error": str(exc)}, status=400)

    def run(self, method, name, body):
        """
        Run a command; call it in the thread of the event loop.

        :param name: str, what follows ``/_sandbox/``
        :param body: JSON-like data
        :return: JSON-like data, or an awaitable of it
        :raises ValueError: with the reason when it is refused
        """
        name, _, argument = name.partition("/")
        handler = self._commands.get((method, name))
        if handler is None:
            raise ControlError("command not found; GET /_sandbox/ lists all", 404)
        if not isinstance(body, dict):
            raise ControlError("malformed body: expected an object of JSON")
        return handler(argument, body)

    def _check_sender(self, request):
        peer = request.transport.get_extra_info("peername") if request.transport else None
        if not peer or not _is_loopback(peer[0]):
            raise ControlError("the control plane is for loopback only", 403)
        # DNS rebinding: a foreign name may resolve to this address.
        if not _is_loopback(urllib.parse.urlsplit("//" + request.host).hostname):
            raise ControlError("the host must be 127.0.0.1 or localhost", 403)
        origin = request.headers.get("Origin")
        if origin not in (None, "{}://{}".format(request.scheme, request.host)):
            raise ControlError("the control plane is not for web pages of other origins", 403)
        if self.key is not None and not hmac.compare_digest(
            request.headers.get(KEY_HEADER, "").encode("utf-8", "replace"), self.key.encode("utf-8")
        ):
            raise ControlError(
                "header {} must have the control_key of the ready line".format(KEY_HEADER), 403
            )
        if request.method == "POST" and request.content_type != "application/json":
            raise ControlError("the content type must be application/json", 415)

    # commands

    def _about(self, _argument, _body):
        cluster = self._cluster
        return {
            "url": cluster.server.url,
            "namespace": cluster.namespace,
            "oapi": self._oapi,
            "resourceVersion": cluster.store.version,
            "unfinished": cluster.builds.running,
            "commands": sorted("{} /_sandbox/{}".format(*key) for key in self._commands),
        }

    def _fault(self, argument):
        fault = self._faults.find(int(argument)) if argument.isdigit() else None
        if fault is None:
            raise ControlError("fault {!r} not found".format(argument), 404)
        return fault

    def _describe_faults(self, argument, _body):
        if argument:
            return self._fault(argument).describe()
        return [fault.describe() for fault in self._faults]

    def _add_fault(self, _argument, body):
        if "kind" not in body:
            raise ControlError("a fault needs the field 'kind'")
        return self._faults.add(**body).describe()

    def _remove_faults(self, argument, _body):
        if argument:
            self._faults.remove(self._fault(argument))
        else:
            self._faults.clear()
        return {}

    def _unfired(self, _argument, _body):
        return [fault.describe() for fault in self._faults.unfired()]

    def _list_requests(self, _argument, _body):
        return [record.as_json() for record in self._requests]

    def _forget(self, _argument, _body):
        self._requests.clear()
        return {}

    def _timing(self, _argument, _body):
        timing = self._cluster.timing
        return {name: getattr(timing, name) for name in timing.DEFAULTS}

    def _set_timing(self, _argument, body):
        timing = self._cluster.timing
        timing.check(body)
        for name, seconds in body.items():
            setattr(timing, name, float(seconds))
        return self._timing("", {})

    def _script(self, _argument, body):
        script = getattr(self._cluster.builds.runner, "add", None)
        if script is None:
            raise ControlError("the builds of this sandbox are processes, not scripted")
        body = dict(body)
        pattern = body.pop("pattern", "*")
        if not isinstance(pattern, str) or not pattern:
            raise ControlError("field 'pattern': {!r} is not a text".format(pattern))
        script(pattern, make_outcome(body, "outcome of {!r}".format(pattern)))
        return {}

    def _push(self, _argument, body):
        found = validation.mistake(body, IMAGE)
        if found is not None:
            raise ControlError(found)
        self._cluster.push(body["repository"], body.get("tag", "latest"))
        return {}

    async def _reset(self, _argument, _body):
        await self._cluster.reset()
        self._faults.clear()
        self._requests.clear()
        getattr(self._cluster.builds.runner, "clear", lambda: None)()
        self.refill()
        return {}


def _is_loopback(host):
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
