"""Common to the tests of the sandbox: a client without our library, runners that tests control."""

import asyncio
import contextlib
import json
import threading
import time

import requests

from osbs.sandbox.pods.runner import Runner
from osbs.sandbox.server import Sandbox
from tests.sandbox.replay import build_config

OAPI = "oapi/v1/namespaces/osbs/"
CORE = "api/v1/namespaces/osbs/"

#: delays that make tests quick but keep the order of events
QUICK = {
    "instantiate": 0.001,
    "late_build": 0.001,
    "new": 0.001,
    "pending": 0.001,
    "cancel": 0.01,
    "pod_deleted": 0.01,
    "foreground_deletion": 0.02,
    "complete": 0.001,
    "prune": 0.01,
    "quota_retry": 0.01,
    "quota_status": 0.005,
    "kubelet_retry": 0.02,
    "log_wait": 0.1,
    "import_new": 0.005,
    "import_again": 0.005,
    "trigger": 0.005,
    "token_cache": 0.0,
}


@contextlib.contextmanager
def started(runner=None, delays=None, **options):
    """Run a quick sandbox to which any repository has an image; yield an Api of its first user."""
    options.setdefault("open_registry", True)
    with Sandbox(runner, delays=dict(QUICK, **(delays or {})), **options) as sandbox:
        yield Api(sandbox)


class Api(object):
    """
    Talk to a sandbox as curl would.

    :param sandbox: Sandbox
    :param user: str or None, whose token is sent; None sends none
    """

    def __init__(self, sandbox, user="osbs"):
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = sandbox.ca
        if user is not None:
            self.session.headers["Authorization"] = "Bearer " + sandbox.token_of(user)

    def as_user(self, user):
        """Return an Api of another user."""
        return Api(self.sandbox, user)

    def send(self, method, path, body=None, **kwargs):
        """Send a request; path is below the server's URL."""
        kwargs.setdefault("timeout", 20)
        return self.session.request(method, self.sandbox.url + path, json=body, **kwargs)

    def get(self, path, **kwargs):
        """GET."""
        return self.send("GET", path, **kwargs)

    def post(self, path, body, **kwargs):
        """POST."""
        return self.send("POST", path, body, **kwargs)

    def put(self, path, body, **kwargs):
        """PUT."""
        return self.send("PUT", path, body, **kwargs)

    def delete(self, path, **kwargs):
        """DELETE."""
        return self.send("DELETE", path, **kwargs)

    def config(self, name, labels=None, **spec):
        """Create a BuildConfig; return it."""
        body = build_config(name, **spec)
        body["metadata"]["labels"].update(labels or {})
        response = self.post(OAPI + "buildconfigs", body)
        assert response.status_code == 201, response.text
        return response.json()

    def instantiate(self, name):
        """Start a build; return its name."""
        response = self.post(
            "{}buildconfigs/{}/instantiate".format(OAPI, name), {"metadata": {"name": name}}
        )
        assert response.status_code == 201, response.text
        return response.json()["metadata"]["name"]

    def start(self, name, **spec):
        """Create a BuildConfig and start a build of it; return the build's name."""
        self.config(name, **spec)
        return self.instantiate(name)

    def build(self, name):
        """Return a Build."""
        return self.get(OAPI + "builds/" + name).json()

    def cancel(self, name):
        """Cancel a build as our client does; return the response."""
        body = self.build(name)
        body["status"]["cancelled"] = True
        return self.put(OAPI + "builds/" + name, body)

    def wait_phase(self, name, *phases):
        """Wait for a phase of a build; return the build."""
        return self.wait(
            lambda: self.stored("builds", name),
            lambda build: (build is not None and build["status"]["phase"] in phases),
        )

    def stored(self, resource, name):
        """Return an object of the store."""
        return self.sandbox.store.get(resource, "osbs", name)

    @staticmethod
    def wait(find, fits=bool, seconds=10.0):
        """Wait until the result of find() fits; return it."""
        end = time.monotonic() + seconds
        while True:
            found = find()
            if fits(found):
                return found
            assert time.monotonic() < end, "still {!r} after {} s".format(found, seconds)
            time.sleep(0.002)

    def follow(self, path, **kwargs):
        """Return a Followed stream of a path."""
        return Followed(self, path, **kwargs)


class Followed(threading.Thread):
    """Read a stream in a thread; ``lines`` grows, ``error`` is the exception that ended it."""

    def __init__(self, api, path):
        super().__init__(daemon=True)
        self.lines = []
        self.error = None
        self.response = api.get(path, stream=True, headers={"Connection": "close"})
        self.start()

    def run(self):
        """Read to the end."""
        try:
            for line in self.response.iter_lines(chunk_size=1):
                self.lines.append(line)
        except Exception as exc:
            self.error = exc

    def until(self, count, seconds=10.0):
        """Wait for that many lines; return them."""
        Api.wait(lambda: len(self.lines), lambda have: have >= count, seconds)
        return self.lines[:count]

    def settled(self, count):
        """Wait for that many lines, and check that no more follow in a short while."""
        self.until(count)
        time.sleep(0.05)
        assert len(self.lines) == count, self.lines
        return self.lines

    @property
    def events(self):
        """The lines as (type, object)."""
        parsed = [json.loads(line.decode("utf-8")) for line in list(self.lines)]
        return [(event["type"], event["object"]) for event in parsed]

    def ended(self, seconds=10.0):
        """Wait for the end; return the lines."""
        self.join(seconds)
        assert not self.is_alive(), "the stream goes on"
        return self.lines


class Obedient(Runner):
    """
    Pods that do what the test says.

    A pod prints what :meth:`say` says and ends with :meth:`finish`.
    """

    def __init__(self):
        self.pods = {}
        self.cancelled = []
        self._ends = {}
        self._loop = None

    async def run(self, pod):
        """Wait until the test ends the pod."""
        self._loop = asyncio.get_event_loop()
        name = pod.build["metadata"]["name"]
        self._ends[name] = self._loop.create_future()
        self.pods[name] = pod
        try:
            return await self._ends[name]
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise

    def pod(self, name):
        """Return the PodRun of a build once it runs."""
        return Api.wait(lambda: self.pods.get(name))

    def say(self, name, text):
        """Print something in a build's pod."""
        pod = self.pod(name)
        self._loop.call_soon_threadsafe(pod.log.write, text.encode("utf-8"))

    def finish(self, name, status=0, message=None):
        """End a build's pod."""
        self.pod(name).message = message
        self._loop.call_soon_threadsafe(self._ends[name].set_result, status)
