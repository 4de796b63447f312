"""
A sandbox whose builds do what a test in another process says. Python 3 only, run as a program.

Prints the ready line of ``osbs-sandbox serve`` and ends at SIGTERM. The control plane has further
commands, all of them POSTs of JSON:

``/_sandbox/play``
    start a ``build`` that prints ``lines``, pairs of base64 and seconds of silence before each,
    and then ``ending``, base64 of what no line feed follows; with ``held``, a number of lines, it
    waits after those until it is told to go on; ``faults`` are set in place of all others, and the
    records of requests forgotten
``/_sandbox/finish``
    let a ``build`` that is held, its name, go on after some ``seconds`` and end with ``status``
``/_sandbox/put``
    create or replace ``obj`` of a ``resource``
``/_sandbox/remove``
    delete ``obj`` of a ``resource``
``/_sandbox/stored``
    ``obj`` of a ``resource``, or null
``/_sandbox/moment``
    the time of the last change of ``obj`` of a ``resource``
"""

import asyncio
import base64
import json
import signal
import tempfile

from osbs.sandbox import cli
from osbs.sandbox.controllers.delays import Timing
from osbs.sandbox.install.installation import Installation
from osbs.sandbox.pods.scripted import ScriptedRunner

#: seconds; as good as nothing, but the order of things stays
MOMENT = 0.001
UNTOUCHED = ("token_life", "compaction", "watch_shortest", "watch_longest", "scheduled_import")


class HeldRunner(ScriptedRunner):
    """Play outcomes; builds that are held go on when the test says so."""

    def __init__(self):
        super().__init__()
        #: name -> bytes at the end of the log that no line feed follows
        self.endings = {}
        #: name -> what a build does after it was held
        self.held = {}
        self._told = set()
        self._wakers = {}

    def finish(self, name, status):
        """Let a build go on to its end."""
        self.held[name]["exit_status"] = status
        self._told.add(name)
        if name in self._wakers:
            self._wakers[name].set()

    async def run(self, pod):
        """Play the outcome; see :meth:`osbs.sandbox.pods.runner.Runner.run`."""
        name = pod.build["metadata"]["name"]
        status = await super().run(pod)
        if name in self.held:
            self._wakers[name] = asyncio.Event()
            if name not in self._told:
                await self._wakers[name].wait()
            self.add(name, **self.held[name])
            status = await super().run(pod)
        pod.log.write(self.endings.get(name, b""))
        return status


class Stage:
    """
    Carry out the commands.

    :param installation: Installation that runs, with a HeldRunner
    """

    def __init__(self, installation):
        self._runner = installation.runner
        self._server = installation.server
        self._moments = {}
        for command in (self.play, self.finish, self.put, self.remove, self.stored, self.moment):
            self._server.control.add(
                "POST", command.__name__, lambda _, body, command=command: command(**body)
            )
        self._server.call(self._server.store.subscribe, self._note)

    def _note(self, event):
        self._moments[event.resource, event.obj["metadata"]["name"]] = event.moment

    def play(self, build, lines=(), ending="", held=None, faults=()):
        """Start a build."""
        name = build["metadata"]["name"]
        timed = [(base64.b64decode(line), pause) for line, pause in lines]
        self._runner.add(name, lines=timed[:held], interval=0)
        self._runner.endings[name] = base64.b64decode(ending)
        if held is not None:
            self._runner.held[name] = {"lines": timed[held:], "interval": 0}
        self._server.requests.clear()
        self._server.faults.clear()
        for fault in faults:
            self._server.faults.add(**fault)
        self._server.put_now("builds", build)
        return {}

    def finish(self, build, status=0, seconds=0):
        """Let a build end."""
        asyncio.get_event_loop().call_later(seconds, self._runner.finish, build, status)
        return {}

    def put(self, resource, obj):
        """Create or replace an object."""
        return self._server.put_now(resource, obj)

    def remove(self, resource, obj):
        """Delete an object."""
        return self._server.store.delete(resource, self._server.namespace, obj)

    def stored(self, resource, obj):
        """Return an object, None if it is not there."""
        return self._server.store.get(resource, self._server.namespace, obj)

    def moment(self, resource, obj):
        """Return the time of the last change of an object."""
        return self._moments.get((resource, obj))


def main():
    """Serve until SIGTERM."""
    stop = cli.Stop()
    signal.signal(signal.SIGTERM, lambda *_: None)
    delays = {name: MOMENT for name in Timing.DEFAULTS if name not in UNTOUCHED}
    with tempfile.TemporaryDirectory(prefix="osbs-stage-") as directory:
        with Installation(directory, runner=HeldRunner(), tls=False, delays=delays) as installation:
            Stage(installation)
            print(json.dumps(installation.ready_line()), flush=True)
            stop.wait()


if __name__ == "__main__":
    main()
