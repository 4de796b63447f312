"""The recording server of the golden vectors, in a thread.

It holds what it is given and checks nothing: the sandbox, which validates, is not meant for the
vectors.
"""

from __future__ import absolute_import, print_function, unicode_literals

import copy
import json
import re
import threading

from six.moves import BaseHTTPServer, socketserver
from six.moves.urllib.parse import parse_qsl, unquote, urlsplit

CREATED = "2018-04-25T18:29:51Z"
NAMESPACED = re.compile(
    r"^/(?:oapi|api|apis/[a-z.]+)/v1/(?P<watch>watch/)?namespaces/(?P<namespace>[^/]+)/"
    r"(?P<kind>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?/?$"
)
KINDS = {
    "builds": "Build",
    "buildconfigs": "BuildConfig",
    "imagestreams": "ImageStream",
    "imagestreamtags": "ImageStreamTag",
    "configmaps": "ConfigMap",
}


class Recorder(object):
    """A server that holds objects as posted and writes down every request that is not a GET."""

    def __init__(self, objects):
        self.objects = {kind: {} for kind in KINDS}
        self.version = 100
        for kind, items in copy.deepcopy(objects).items():
            for item in items:
                self._store(kind, item)
        self.requests = []
        self.lock = threading.Lock()

        class Server(socketserver.ThreadingMixIn, BaseHTTPServer.HTTPServer):
            daemon_threads = True

        class Handler(_Handler):
            recorder = self

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port

    def __enter__(self):
        thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        thread.daemon = True
        thread.start()
        return self

    def __exit__(self, *exc_info):
        self.server.shutdown()
        self.server.server_close()

    @property
    def writes(self):
        return [request for request in self.requests if request["method"] != "GET"]

    def _store(self, kind, item):
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        self.objects[kind][item["metadata"]["name"]] = item
        return item

    def answer(self, method, target, body, authorization):
        parts = urlsplit(target)
        path = parts.path
        query = dict(parse_qsl(parts.query))
        with self.lock:
            self.requests.append(
                {
                    "method": method,
                    "path": path.rstrip("/"),
                    "query": query,
                    "body": body,
                    "auth": authorization,
                }
            )
            if path == "/oauth/authorize":
                return 302, {"Location": self.url + "/oauth/token/display#access_token=abc"}, None
            match = NAMESPACED.match(unquote(path))
            if match is None or match.group("kind") not in KINDS:
                return self._missing(path)
            return self._namespaced(method, match.groupdict(), query, body)

    @staticmethod
    def _status(code, reason, message):
        return (
            code,
            {},
            {
                "kind": "Status",
                "status": "Failure",
                "code": code,
                "reason": reason,
                "message": message,
            },
        )

    def _missing(self, what):
        return self._status(404, "NotFound", "%s not found" % what)

    def _namespaced(self, method, where, query, body):
        kind, name = where["kind"], where["name"]
        if where["watch"] or query.get("watch"):
            return (
                200,
                {},
                [{"type": "MODIFIED", "object": item} for item in self.objects[kind].values()],
            )
        if where["sub"] == "instantiate":
            return self._instantiate(body["metadata"]["name"])
        if method == "POST":
            return self._post(kind, body)
        if name is None:
            items = [item for item in self.objects[kind].values() if selected(item, query)]
            return 200, {}, {"kind": KINDS[kind] + "List", "items": items}
        if method == "PUT":
            return self._put(kind, name, body)
        if name not in self.objects[kind]:
            return self._missing(name)
        return 200, {}, self.objects[kind][name]

    def _post(self, kind, item):
        name = item["metadata"]["name"]
        if name in self.objects[kind]:
            return self._status(409, "AlreadyExists", "%s already exists" % name)
        item["metadata"]["creationTimestamp"] = CREATED
        if kind == "builds":
            item["status"] = {"phase": "Complete"}
        elif kind == "buildconfigs":
            item["status"] = {"lastVersion": 0}
        return 201, {}, self._store(kind, item)

    def _put(self, kind, name, item):
        old = self.objects[kind].get(name)
        if old is None:
            if kind != "imagestreamtags":
                return self._missing(name)
            return 201, {}, self._store(kind, item)
        version = item["metadata"].get("resourceVersion")
        if version is not None and version != old["metadata"]["resourceVersion"]:
            return self._status(409, "Conflict", "%s was changed" % name)
        self._store(kind, item)
        if kind == "buildconfigs":
            self._fire_triggers(item)
        return 200, {}, item

    def _fire_triggers(self, build_config):
        for trigger in build_config["spec"].get("triggers") or []:
            source = (trigger.get("imageChange") or {}).get("from") or {}
            if source.get("name") in self.objects["imagestreamtags"]:
                self._instantiate(build_config["metadata"]["name"])

    def _instantiate(self, name):
        build_config = self.objects["buildconfigs"].get(name)
        if build_config is None:
            return self._missing(name)
        status = build_config.setdefault("status", {})
        status["lastVersion"] = status.get("lastVersion", 0) + 1
        self._store("buildconfigs", build_config)
        spec = copy.deepcopy(build_config["spec"])
        labels = dict(build_config["metadata"].get("labels") or {}, buildconfig=name)
        build = {
            "kind": "Build",
            "apiVersion": "v1",
            "metadata": {
                "name": "%s-%s" % (name, status["lastVersion"]),
                "labels": labels,
                "annotations": {},
                "creationTimestamp": CREATED,
            },
            "spec": spec,
            "status": {"phase": "Complete"},
        }
        return 201, {}, self._store("builds", build)


def selected(item, query):
    labels = item["metadata"].get("labels") or {}
    wanted = [pair.split("=", 1) for pair in query.get("labelSelector", "").split(",") if pair]
    if any(labels.get(key) != value for key, value in wanted):
        return False
    phase = (item.get("status") or {}).get("phase")
    for condition in [text for text in query.get("fieldSelector", "").split(",") if text]:
        key, negated, value = re.match(r"(\w+)(!?)=(\w+)$", condition).groups()
        if key == "status" and (phase == value) == bool(negated):
            return False
    return True


class _Handler(BaseHTTPServer.BaseHTTPRequestHandler):
    protocol_version = str("HTTP/1.1")
    # Otherwise a body waits 40 ms for the client to acknowledge the headers.
    disable_nagle_algorithm = True
    recorder = None

    def _serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        kind = (self.headers.get("Authorization") or "").split(" ")[0]
        body = json.loads(raw.decode("utf-8")) if raw else None
        recorded = copy.deepcopy(body)
        status, headers, answer = self.recorder.answer(self.command, self.path, body, kind)
        self.recorder.requests[-1]["body"] = recorded
        if isinstance(answer, list):
            content = b"".join(json.dumps(line).encode("utf-8") + b"\n" for line in answer)
        else:
            content = json.dumps(answer).encode("utf-8")
        self.send_response(status)
        for header in headers.items():
            self.send_header(*header)
        self.send_header(str("Content-Type"), str("application/json"))
        self.send_header(str("Content-Length"), str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, *args):
        pass
