"""Replay recorded exchanges against a sandbox and compare the responses."""

import asyncio
import http.client
import json
import os
import re
import ssl
import threading
import time
from urllib.parse import urlsplit

from osbs.sandbox.pods.runner import Runner

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "samples")
RECORDED_BASE = "https://127.0.0.1:8443"

with open(os.path.join(SAMPLES, "index.json")) as _source:
    INDEX = json.load(_source)

#: values that differ from run to run, anywhere in a text -> their replacement
_NORMAL = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uid>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"sha256:[0-9a-f]{64}"), "<digest>"),
    (re.compile(r"docker://[0-9a-f]{64}"), "<container>"),
    (re.compile(r"-(token|dockercfg)-[a-z0-9]{5}"), r"-\1-<generated>"),
    (re.compile(r'"resourceVersion":"\d+"'), '"resourceVersion":"<version>"'),
    (re.compile(r"resource version to \d+"), "resource version to <version>"),
    (re.compile(r"access_token=[^&]+"), "access_token=<token>"),
    (re.compile(r"https://127\.0\.0\.1:\d+/"), "https://<server>/"),
)

#: fields whose values depend on time, load or the node: only their presence is compared
_ONLY_PRESENT = {
    "resourceVersion",
    "uid",
    "duration",
    "imageID",
    "nodeName",
    "serverAddress",
    "identities",
    "value",
}

#: fields that the real server omits for builds of less than a second, like the replayed ones
_TOO_FAST = {"duration"}

#: placeholders for secrets in the recording
REDACTED = ("REDACTED", "UkVEQUNURUQ=")

#: headers that are compared (lower case)
HEADERS = (
    "content-type",
    "location",
    "www-authenticate",
    "warning",
    "pragma",
    "cache-control",
    "x-content-type-options",
    "transfer-encoding",
)


def recorded_body(name):
    """Return the recorded body of an exchange."""
    body_file = INDEX[name]["response"].get("body_file")
    if not body_file:
        return b""
    with open(os.path.join(SAMPLES, "bodies", body_file), "rb") as source:
        return source.read()


def normal_text(text):
    """Return text with everything that differs from run to run replaced."""
    for pattern, replacement in _NORMAL:
        text = pattern.sub(replacement, text)
    return text


def normal(value, key=""):
    """Return JSON-like data in a form that can be compared."""
    if isinstance(value, dict):
        return {
            normal_text(name): normal(item, name)
            for name, item in value.items()
            if name not in _TOO_FAST
        }
    if isinstance(value, list):
        return [normal(item, key) for item in value]
    if key in _ONLY_PRESENT and value is not None:
        return "<present>"
    return normal_text(value) if isinstance(value, str) else value


def fields(value, path=""):
    """Return the set of the paths of all fields."""
    if isinstance(value, dict):
        found = set()
        for name, item in value.items():
            if name in _TOO_FAST:
                continue
            here = "{}.{}".format(path, normal_text(name))
            found |= {here} | fields(item, here)
        return found
    if isinstance(value, list):
        return set().union(*(fields(item, path + "[]") for item in value)) if value else set()
    return set()


class Response:
    """A response of a server: status, headers (lower case) and body; ``lines`` for a stream."""

    def __init__(self, status, reason, headers, body, ended):
        self.status = status
        self.reason = reason
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body
        self.ended = ended

    @property
    def events(self):
        """The events of a watch, or the only document of a complete response."""
        return [json.loads(line) for line in self.body.decode("utf-8").split("\n") if line.strip()]


class Exchange(threading.Thread):
    """A request in a thread of its own; ``response`` is there when it has ended."""

    def __init__(self, replayer, method, target, headers, body, limit=None):
        super().__init__(daemon=True)
        self._replayer = replayer
        self._request = method, target, body, headers
        self._limit = limit
        self._connection = None
        self.begun = threading.Event()
        self.received = threading.Event()
        self.response = None
        self.data = b""
        self.failure = None

    def run(self):
        """Send the request and read the response to its end."""
        try:
            self._run()
        except Exception as exc:
            self.failure = exc
        finally:
            self.begun.set()
            self.received.set()

    def _run(self):
        method, target, body, headers = self._request
        self._connection = self._replayer.connect(headers.pop("X-Certificate", None))
        self._connection.request(method, target, body, headers)
        response = self._connection.getresponse()
        self.begun.set()
        ended = "clean"
        try:
            while True:
                piece = response.read1(65536)
                if not piece:
                    break
                self.data += piece
                self.received.set()
        except (http.client.IncompleteRead, OSError) as exc:
            self.data += getattr(exc, "partial", b"")
            ended = "broken"
        # read1 hides that a chunked body ended before its last chunk
        if response.chunked and response.chunk_left is not None and ended == "clean":
            ended = "broken"
        self.response = Response(
            response.status, response.reason, response.getheaders(), self.data, ended
        )
        self._connection.close()

    def result(self, timeout=20.0):
        """Wait for the response."""
        self.join(timeout)
        if self.failure is not None:
            raise self.failure
        assert self.response is not None, "no end of {} {} after {} s".format(
            self._request[0], self._request[1], timeout
        )
        return self.response


class Replayer:
    """
    Send recorded requests to a sandbox.

    :param sandbox: osbs.sandbox.server.Sandbox
    """

    def __init__(self, sandbox):
        self.sandbox = sandbox
        #: exchange -> list of differences
        self.results = {}
        self._uids = {}
        self._versions = {}
        self._tokens = {}
        self._certificate = sandbox.administrator_certificate()

    def connect(self, certificate=False):
        """Return a new connection."""
        context = ssl.create_default_context(cafile=self.sandbox.ca)
        if certificate:
            context.load_cert_chain(*self._certificate)
        split = urlsplit(self.sandbox.url)
        return http.client.HTTPSConnection(split.hostname, split.port, context=context, timeout=20)

    def token(self, user):
        """Return a token of a user."""
        if user not in self._tokens:
            self._tokens[user] = self.sandbox.token_of(user)
        return self._tokens[user]

    def api(self, method, path, body=None, user="osbs"):
        """Send a request that was not recorded; return the parsed response."""
        data = json.dumps(body).encode("utf-8") if body is not None else None
        exchange = Exchange(
            self,
            method,
            path,
            {"Authorization": "Bearer " + self.token(user), "Content-Type": "application/json"},
            data,
        )
        exchange.start()
        response = exchange.result()
        return response.status, response.events[0] if response.body.strip() else None

    # translation of recorded requests

    def learn(self, recorded, actual):
        """Map recorded uids and versions to those of the sandbox."""
        if isinstance(recorded, dict) and isinstance(actual, dict):
            for key, value in recorded.items():
                if key == "uid" and key in actual:
                    self._uids[value] = actual[key]
                elif key == "resourceVersion" and key in actual:
                    self._versions[value] = actual[key]
                elif key in actual:
                    self.learn(value, actual[key])
        elif isinstance(recorded, list) and isinstance(actual, list):
            for pair in zip(recorded, actual):
                self.learn(*pair)

    def version(self, recorded, actual):
        """Map a recorded version to one of the sandbox."""
        self._versions[recorded] = actual

    def _body(self, name):
        text = INDEX[name]["request"]["body"]
        if not text:
            return None
        try:
            body = json.loads(text)
        except ValueError:
            return text.encode("utf-8")
        metadata = body.get("metadata")
        if isinstance(metadata, dict) and "uid" in metadata:
            self._translate(metadata, INDEX[name]["request"]["url"])
        return json.dumps(body).encode("utf-8")

    def _translate(self, metadata, url):
        version, uid = metadata.get("resourceVersion"), metadata["uid"]
        current = None
        if version not in self._versions or uid not in self._uids:
            current = self.api("GET", url[len(RECORDED_BASE) :])[1]["metadata"]
            self._uids.setdefault(uid, current["uid"])
        if version is not None:
            metadata["resourceVersion"] = self._versions.get(version) or (
                current["resourceVersion"]
            )
        if not uid.startswith("00000000"):
            metadata["uid"] = self._uids[uid]

    def _target(self, name, timeout):
        target = INDEX[name]["request"]["url"][len(RECORDED_BASE) :]
        target = re.sub(
            r"resourceVersion=(\d{3,7})\b",
            lambda match: "resourceVersion=" + self._versions.get(match.group(1), match.group(1)),
            target,
        )
        if timeout is not None:
            target = re.sub(r"timeoutSeconds=\d+", "timeoutSeconds={}".format(timeout), target)
        return target

    def _headers(self, name):
        headers = {
            key: value
            for key, value in INDEX[name]["request"]["headers"].items()
            if key not in ("Authorization", "Content-Length", "Accept-Encoding", "Host")
        }
        requester = INDEX[name]["requester"]
        if "Authorization" not in INDEX[name]["request"]["headers"]:
            pass
        elif requester == "osbs by basic authentication":
            import base64

            password = "" if name == "oauth_empty_password" else self.sandbox.password
            text = "osbs:{}".format(password).encode("utf-8")
            headers["Authorization"] = "Basic " + base64.b64encode(text).decode("ascii")
        elif "does not exist" in requester:
            headers["Authorization"] = "Bearer of-bad-news"
        else:
            headers["Authorization"] = "Bearer " + self.token(requester)
        if "certificate" in requester:
            headers["X-Certificate"] = True
        return headers

    # replaying

    def begin(self, name, timeout=1, target=None):
        """Send a recorded request; return the Exchange when the response begins, or needs time."""
        exchange = Exchange(
            self,
            INDEX[name]["request"]["method"],
            target or self._target(name, timeout),
            self._headers(name),
            self._body(name),
        )
        exchange.start()
        exchange.name_of_sample = name
        return exchange

    def end(self, exchange, ended="clean", text=None):
        """
        Compare a response with the recorded one.

        :param ended: str, how a stream must have ended
        :param text: callable or None, given the text of a response that is not JSON; tells whether
            it will do instead of the recorded one
        """
        name = exchange.name_of_sample
        response = exchange.result()
        differences = compare(name, response, text)
        if response.ended != ended:
            differences.append("the stream ended {}, not {}".format(response.ended, ended))
        self.results[name] = differences
        if not differences and response.body[:1] == b"{":
            for recorded, actual in zip(_all(recorded_body(name)), _all(response.body)):
                self.learn(recorded, actual)
        return response

    def __call__(self, name, timeout=1, target=None, **kwargs):
        return self.end(self.begin(name, timeout, target), **kwargs)

    # state

    def config(self, name, env=None, user="osbs", **spec):
        """Create a BuildConfig like those of the recording."""
        return self.api(
            "POST", "/oapi/v1/namespaces/osbs/buildconfigs/", build_config(name, env, **spec), user
        )[1]

    def instantiate(self, name):
        """Start a build; return it."""
        return self.api(
            "POST",
            "/oapi/v1/namespaces/osbs/buildconfigs/{}/instantiate".format(name),
            {"kind": "BuildRequest", "apiVersion": "v1", "metadata": {"name": name}},
        )[1]

    def wait(self, resource, name, condition, api="/oapi/v1"):
        """Wait until an object exists and satisfies a condition; return it."""
        end = time.time() + 10
        while time.time() < end:
            found = self.sandbox.store.get(resource, "osbs", name)
            if condition(found):
                return found
            time.sleep(0.005)
        raise AssertionError("{} {} is {}".format(resource, name, found))

    def wait_phase(self, name, *phases):
        """Wait for a phase of a build."""
        return self.wait(
            "builds", name, lambda build: build is not None and build["status"]["phase"] in phases
        )


def build_config(name, env=None, **spec):
    """Return a BuildConfig like those of the recording."""
    environment = [{"name": key, "value": value} for key, value in (env or {}).items()]
    body = {
        "source": {
            "type": "Git",
            "git": {"uri": "https://example.com/{}.git".format(name), "ref": "master"},
        },
        "strategy": {
            "type": "Custom",
            "customStrategy": {
                "from": {"kind": "DockerImage", "name": "127.0.0.1:5000/buildroot:latest"},
                "exposeDockerSocket": True,
                "env": environment,
            },
        },
        "output": {"to": {"kind": "DockerImage", "name": "127.0.0.1:5000/{}:latest".format(name)}},
        "completionDeadlineSeconds": 10800,
        "resources": {"limits": {"cpu": "100m", "memory": "1Gi"}},
    }
    body.update(spec)
    return {
        "kind": "BuildConfig",
        "apiVersion": "v1",
        "spec": body,
        "metadata": {"name": name, "labels": {"koji-task-id": "123"}},
    }


def fake(run=0, pending=0):
    """Return the environment of the recording's pods: seconds of waiting and running."""
    return {"FAKE_PENDING_SECONDS": str(pending), "FAKE_RUN_SECONDS": str(run)}


def _documents(body):
    return [json.loads(line) for line in body.decode("utf-8").split("\n") if line.strip()]


def compare(name, response, text=None):
    """Return how a response differs from the recorded one."""
    recorded = INDEX[name]["response"]
    differences = []
    if (response.status, response.reason) != (recorded["status"], recorded["reason"]):
        differences.append(
            "status {} {}, not {} {}".format(
                response.status, response.reason, recorded["status"], recorded["reason"]
            )
        )
    wanted = {key.lower(): value for key, value in recorded["headers"].items()}
    for header in HEADERS:
        if normal_text(response.headers.get(header, "")) != normal_text(wanted.get(header, "")):
            differences.append(
                "header {}: {!r}, not {!r}".format(
                    header, response.headers.get(header), wanted.get(header)
                )
            )
    body = recorded_body(name)
    if text is not None:
        shown = response.body.decode("utf-8")
        if not text(shown):
            differences.append("text {!r}".format(shown))
    elif body[:1] == b"{":
        differences += _compare_json(body, response)
    elif (
        normal_text(body.decode("utf-8")).strip()
        != normal_text(response.body.decode("utf-8")).strip()
    ):
        differences.append("text {!r}, not {!r}".format(response.body, body))
    return differences


def _compare_json(body, response):
    try:
        recorded, actual = _all(body), _all(response.body)
    except ValueError:
        return ["no JSON: {!r}".format(response.body[:200])]
    if len(recorded) != len(actual):
        return [
            "{} documents, not {}: {}".format(
                len(actual), len(recorded), [document.get("type") for document in actual]
            )
        ]
    differences = []
    for number, (wanted, found) in enumerate(zip(recorded, actual)):
        for key in ("kind", "reason", "code", "type", "status"):
            if isinstance(wanted.get(key), (str, int)) and wanted.get(key) != found.get(key):
                differences.append("{} {!r}, not {!r}".format(key, found.get(key), wanted[key]))
        for path in sorted(fields(wanted) ^ fields(found)):
            differences.append(
                "document {}: field {} is {}".format(
                    number, path, "missing" if path in fields(wanted) else "too much"
                )
            )
        if not differences and normal(wanted) != normal(found):
            differences += _value_differences(normal(wanted), normal(found), "")
    return differences


def _all(body):
    try:
        return [json.loads(body.decode("utf-8"))]
    except ValueError:
        return _documents(body)


def _value_differences(wanted, found, path):
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [
            line
            for key in wanted
            for line in _value_differences(wanted[key], found.get(key), "{}.{}".format(path, key))
        ]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [
            line
            for index, pair in enumerate(zip(wanted, found))
            for line in _value_differences(*pair, "{}[{}]".format(path, index))
        ]
    if wanted in REDACTED and isinstance(found, str):
        return []
    return [] if wanted == found else ["{}: {!r}, not {!r}".format(path, found, wanted)]


LINES = (
    "plugin step {}",
    "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "日本語のログ行 ✓",
    "emoji 🚀 end",
)
LOG_LINE = re.compile(
    r"^<time> - atomic_reactor\.fake - INFO - (plugin step \d+|{})$".format(
        "|".join(map(re.escape, LINES[1:]))
    )
)


def log_line(number):
    """Return a line of the recorded log."""
    text = LINES[1 + number // 7 % 3] if number % 7 == 3 else LINES[0].format(number)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return "{} - atomic_reactor.fake - INFO - {}\n".format(stamp, text).encode("utf-8")


def is_log(text):
    """Return whether a text is a log like the recorded ones."""
    lines = normal_text(text).split("\n")
    return len(lines) > 1 and lines[-1] == "" and all(LOG_LINE.match(line) for line in lines[:-1])


class FakePods(Runner):
    """
    Run pods as the fake kubelet of the recording did: a line every 0.2 s, then the end.

    :param scale: float, seconds here for a second there
    """

    def __init__(self, scale):
        self.scale = scale

    async def run(self, pod):
        """Run for FAKE_RUN_SECONDS; p-fail fails."""
        seconds = float(pod.env.get("FAKE_RUN_SECONDS", "5")) * self.scale
        lines = int(round(seconds / (0.2 * self.scale)))
        for number in range(lines):
            pod.log.write(log_line(number))
            await asyncio.sleep(0.2 * self.scale)
        pod.log.write(log_line(lines))
        if pod.name.startswith("p-fail"):
            pod.message = "last line of the fake log\n"
            return 1
        return 0
