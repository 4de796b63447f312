"""Tell the builds of a sandbox in another process, a ``stage_server``, what to do."""

from __future__ import absolute_import, print_function, unicode_literals

import base64
import itertools
import time

import requests

from osbs.api import OSBS
from osbs.conf import Configuration
from tests.conftest import SandboxProcess
from tests.system.control import Control

_NUMBERS = itertools.count(1)
_sleep = time.sleep
# Seconds after which something that is waited for will not come any more.
PATIENCE = 60
# What breaks connections breaks that of the control plane too.
BREAKING = ("restart", "drop_connections")


def _text(data):
    return base64.b64encode(data).decode("ascii")


def until(happened):
    """Wait until a function returns something true; returns it."""
    end = time.time() + PATIENCE
    while True:
        found = happened()
        if found:
            return found
        assert time.time() < end, "it does not happen"
        _sleep(0.002)


class Stage(Control):
    """A process of ``stage_server``; ``ready`` is its ready line."""

    def __init__(self):
        self.process = SandboxProcess(program=("tests.system.stage_server",))
        self.ready = self.process
        super(Stage, self).__init__(self.ready)

    def stop(self):
        """End the process."""
        self.session.close()
        assert self.process.stop() == 0, self.process.stderr()

    def connect(self, **settings):
        """Return an OSBS of this sandbox."""
        conf = Configuration(conf_file=self.ready["config"], **settings)
        return OSBS(conf, conf)

    @staticmethod
    def new_name():
        """Return a name that nothing has yet."""
        return "stage-%d" % next(_NUMBERS)

    def build(self, name):
        """Return a new Build."""
        image = "127.0.0.1:5000/%s:latest" % name
        custom = {"from": {"kind": "DockerImage", "name": "127.0.0.1:5000/buildroot:latest"}}
        return {
            "kind": "Build",
            "apiVersion": "v1",
            "metadata": {"name": name, "namespace": self.ready["namespace"]},
            "spec": {
                "source": {"type": "Git", "git": {"uri": "https://example.com/team.git"}},
                "strategy": {"type": "Custom", "customStrategy": custom},
                "output": {"to": {"kind": "DockerImage", "name": image}},
                "serviceAccount": "builder",
            },
            "status": {"phase": "New"},
        }

    def play(self, lines=(), name=None, ending=b"", held=None, faults=()):
        """
        Start a build.

        :param lines: list of bytes, or of pairs of bytes and seconds of silence before them
        :param ending: bytes at the end of the log that no line feed follows
        :param held: int, lines after which the build waits for :meth:`finish`
        :param faults: list of dict, faults instead of those that are there
        :return: str, name of the build
        """
        name = name or self.new_name()
        pairs = [line if isinstance(line, tuple) else (line, 0) for line in lines]
        self._call(
            "POST",
            "play",
            build=self.build(name),
            lines=[(_text(line), pause) for line, pause in pairs],
            ending=_text(ending),
            held=held,
            faults=list(faults),
        )
        return name

    def finish(self, name, status=0, seconds=0):
        """Let a build that is held go on to its end, after some seconds."""
        self._call("POST", "finish", build=name, status=status, seconds=seconds)

    def put(self, resource, obj):
        """Create or replace an object."""
        metadata = dict(obj["metadata"], namespace=self.ready["namespace"])
        return self._call("POST", "put", resource=resource, obj=dict(obj, metadata=metadata))

    def remove(self, resource, name):
        """Delete an object."""
        self._call("POST", "remove", resource=resource, obj=name)

    def stored(self, resource, name):
        """Return an object of the store, None if it is not there."""
        return self._call("POST", "stored", resource=resource, obj=name)

    def phase(self, name):
        """Return the phase of a build."""
        return self.stored("builds", name)["status"]["phase"]

    def reason(self, name):
        """Return the reason that a build gives for its phase."""
        return self.stored("builds", name)["status"].get("reason")

    def moment(self, resource, name):
        """Return the time of the last change of an object."""
        return self._call("POST", "moment", resource=resource, obj=name)

    def strike(self, kind, **parameters):
        """Let a fault happen at once, whatever becomes of the connection that asks for it."""
        try:
            self.fault(kind, **parameters)
        except requests.exceptions.ConnectionError:
            assert kind in BREAKING, kind
        if kind in BREAKING:
            until(self._answers)

    def break_streams(self):
        """Break all watches and followed logs, at least one."""
        until(lambda: self._call("POST", "faults", kind="drop_watches")["fired"])

    def _answers(self):
        try:
            return self._call("GET", "")
        except requests.exceptions.ConnectionError:
            return None

    def asked(self, text):
        """Return how many requests so far have a text in path and query."""
        requests_so_far = self._requests()
        return sum(1 for r in requests_so_far if text in "%s?%s" % (r["path"], r["query"]))
