"""
A page to look at: builds, logs, requests and faults of a sandbox in a browser.

It is served without TLS by a listener of its own, so that no browser complains about the sandbox's
CA and no fault of the API concerns it. The page asks the control plane, which the same listener
serves, with the same rules about who may ask.
"""

import os

from aiohttp import web

from osbs.sandbox.http.control import ControlError
from osbs.sandbox.http.faults import KINDS
from osbs.sandbox.http.listener import Listener
from osbs.sandbox.http.page import builds

#: the newest builds and requests that the page shows
BUILDS = 100
REQUESTS = 200
#: lines of a log in one response, and bytes of one of them
LINES = 2000
LINE_BYTES = 4096

FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Page:
    """
    Serve the page of a sandbox.

    :param cluster: cluster.Cluster
    :param faults: faults.Faults
    :param requests: request_log.RequestLog
    :param control: control.Control, which gets the commands that the page needs
    :param port: int or None, 0 for any free one; None: the page is not served
    """

    def __init__(self, cluster, faults, requests, control, port=None):
        self._cluster = cluster
        self._faults = faults
        self._requests = requests
        self._control = control
        self._port = port
        self._listener = None
        self._runner = None
        control.add("GET", "page", self._overview)
        control.add("GET", "log", self._log)
        control.add("POST", "cancel", self._cancel)

    @property
    def url(self):
        """URL of the page; None while it is not served."""
        if self._listener is None:
            return None
        key = "#key=" + self._control.key if self._control.key else ""
        return "http://127.0.0.1:{}/{}".format(self._listener.port, key)

    async def start(self):
        """
        Start serving, if there is a port.

        :raises OSError: when the port is taken
        """
        if self._port is None:
            return
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False)
        await self._runner.setup()
        listener = Listener(self._runner.server, self._port)
        await listener.open_with_retry()
        self._listener = listener

    async def stop(self):
        """Stop serving."""
        if self._listener is not None:
            await self._listener.stop()
            self._listener = None
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request):
        if request.path.startswith("/_sandbox/"):
            return await self._control.handle(request, request.path)
        name, content_type = FILES.get(request.path, (None, None))
        if name is None or request.method not in ("GET", "HEAD"):
            raise web.HTTPNotFound(text="not found; the page is at /\n")
        path = os.path.join(os.path.dirname(__file__), name)
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        return web.Response(text=text, content_type=content_type, charset="utf-8", headers=HEADERS)

    # commands of the control plane

    def _overview(self, _argument, _body):
        cluster = self._cluster
        return {
            "url": cluster.server.url,
            "builds": builds.summaries(cluster.store.list("builds"), BUILDS),
            "requests": [record.as_json() for record in list(self._requests)[-REQUESTS:]],
            "faults": [fault.describe() for fault in self._faults],
            "kinds": KINDS,
            "scripted": hasattr(cluster.builds.runner, "add"),
        }

    def _log(self, argument, _body):
        """
        Return the lines of a build's log from a number on.

        :param argument: str, NAMESPACE/BUILD/NUMBER; a negative number counts from the end
        """
        namespace, _, rest = argument.partition("/")
        name, _, first = rest.partition("/")
        cluster = self._cluster
        build = self._build(namespace, name)
        pod = cluster.store.get("pods", namespace, builds.pod_name(build))
        if pod is None:
            return {"lines": [], "next": 0, "ended": builds.is_finished(build)}
        log = cluster.logs.of(pod)
        first = int(first or 0)
        first = max(0, first + len(log)) if first < 0 else min(first, len(log))
        # An incomplete last line comes with the rest of it.
        complete = len(log) - (len(log) > 0 and not log.closed and log.data[-1:] != b"\n")
        last = min(complete, first + LINES)
        lines = [log.line(number)[1][:LINE_BYTES] for number in range(first, last)]
        return {
            "lines": [builds.entry(line.decode("utf-8", "replace").rstrip("\n")) for line in lines],
            "next": max(first, last),
            "ended": log.closed and last == len(log),
        }

    def _cancel(self, _argument, body):
        build = self._build(body.get("namespace"), body.get("build"))
        if not builds.is_finished(build):
            status = dict(build["status"], cancelled=True)
            self._cluster.store.update("builds", dict(build, status=status))
        return {}

    def _build(self, namespace, name):
        build = self._cluster.store.get("builds", namespace, name)
        if build is None:
            raise ControlError("build {!r} not found in {!r}".format(name, namespace), 404)
        return build
