"""
A sandbox for one cell of a fault matrix after the other. Python 3 only, run as a program.

Prints the ready line of ``osbs-sandbox serve`` and ends when its stdin does. Beside the control
plane there are three commands, as POSTs of JSON:

``/_cell/begin``
    make a project with some objects in it, and set the faults of what the client sends from now on
``/_cell/listen``
    take connections again
``/_cell/end``
    wait until nothing is being carried out any more, then say what became of the project and what
    was asked for, and remove the project
"""

import asyncio
import json
import sys
import tempfile

from aiohttp import web

from osbs.sandbox.install.installation import Installation
from osbs.sandbox.kinds import images
from osbs.sandbox.pods.scripted import ScriptedRunner
from osbs.sandbox.state.store import name_of, namespace_of
from tests.system.fault_scene import LIVING, LOG_LINES, SCENE, STREAM_REPOSITORY

#: seconds; as good as nothing, but the order of things stays
MOMENT = 0.001
LONGER = ("log_wait", "quota_retry", "kubelet_retry")
UNTOUCHED = ("token_life", "compaction", "watch_shortest", "watch_longest", "scheduled_import")
#: seconds that a cell may need to settle
PATIENCE = 10.0
STATE = ("builds", "buildconfigs", "configmaps", "imagestreams", "resourcequotas")
#: what the server itself changes on the way
VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "generation", "ownerReferences")
REQUEST_ID = "osbs-client/request-id"
VOLATILE_ANNOTATIONS = (
    "openshift.io/build.pod-name",
    "openshift.io/image.dockerRepositoryCheck",
    REQUEST_ID,
)


class Cell:
    """
    Hold what is known of the cell that runs.

    :param wanted: dict, the body of ``begin``
    """

    def __init__(self, wanted):
        self.namespace = wanted["namespace"]
        #: position of the request that is met by what is not a fault of the sandbox
        self.expire_at = wanted.get("expire_at")
        self.refuse_at = wanted.get("refuse_at")
        self.fired = 0
        self.busy = 0
        self.requests = []
        self.states = []


class Cells:
    """
    Stand between the listener and the sandbox's own handler.

    :param installation: Installation, not started
    """

    def __init__(self, installation):
        self._sandbox = installation.server
        self._app = installation.server._app
        self._pass_on = self._app.handle
        self._app.handle = self.handle
        self._cell = Cell({"namespace": "none"})
        self._control = None

    async def handle(self, request):
        """Answer a request of aiohttp."""
        if request.raw_path.startswith("/_sandbox/"):
            return await self._pass_on(request)
        if not request.raw_path.startswith("/_cell/"):
            return await self._handle_call(self._cell, request)
        self._control = request.transport
        command = getattr(self, "_" + request.raw_path.rpartition("/")[2])
        return web.json_response(await command(json.loads((await request.read()).decode("utf-8"))))

    async def _handle_call(self, cell, request):
        position = len(cell.requests)
        stream = "/watch/" in request.raw_path or "follow=1" in request.raw_path
        cell.requests.append([request.method, request.raw_path, stream])
        if position == cell.expire_at:
            cell.fired += 1
            self._sandbox.cluster.authenticator.expire_all()
        if position + 1 == cell.refuse_at:
            request = request.clone(headers=dict(request.headers, Connection="close"))
            self._refuse(cell, request.transport)
        cell.busy += not stream
        try:
            return await self._pass_on(request)
        finally:
            cell.busy -= not stream
            if request.method != "GET":
                cell.states.append(self._state(cell.namespace))

    def _refuse(self, cell, current=None):
        cell.fired += 1
        self._app.listener.close()
        for connection in list(self._app._runner.server.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None and transport not in (current, self._control):
                transport.close()

    # commands

    async def _begin(self, wanted):
        cell = self._cell = Cell(wanted)
        self._sandbox.faults.clear()
        self._sandbox.requests.clear()
        self._sandbox.cluster.add_namespace(cell.namespace)
        for resource, obj in SCENE:
            self._put(cell, resource, obj)
        for obj in LIVING:
            if obj["metadata"]["name"] in wanted.get("living", ()):
                await self._bring_to_life(cell, obj)
        cell.states.append(self._state(cell.namespace))
        for fault in wanted.get("faults", ()):
            self._sandbox.faults.add(**fault)
        if cell.refuse_at == 0:
            self._refuse(cell)
        authenticator, user = self._sandbox.cluster.authenticator, self._sandbox.user
        return {"token": authenticator.issue(user, 3600.0)}

    def _put(self, cell, resource, obj):
        metadata = dict(obj["metadata"], namespace=cell.namespace)
        stored = self._sandbox.put_now(resource, dict(obj, metadata=metadata))
        if resource == "imagestreams":
            self._sandbox.store.update(resource, images.with_generation(stored, None))
            self._sandbox.cluster.importer.run(cell.namespace, metadata["name"])

    async def _bring_to_life(self, cell, obj):
        name, wanted = obj["metadata"]["name"], obj["status"]["phase"]
        self._put(cell, "builds", dict(obj, status={"phase": "New"}))
        await self._until(lambda: self._phase(cell, name) == wanted)

    def _phase(self, cell, name):
        return self._sandbox.store.get("builds", cell.namespace, name)["status"]["phase"]

    @staticmethod
    async def _until(happened):
        loop = asyncio.get_event_loop()
        end = loop.time() + PATIENCE
        while not happened():
            if loop.time() > end:
                raise RuntimeError("the cell does not settle")
            await asyncio.sleep(MOMENT)

    async def _listen(self, _):
        if not self._app.listener.is_open:
            await self._app.listener.open_with_retry()
        return {}

    async def _end(self, wanted):
        cell = self._cell
        await self._listen(wanted)
        faults = list(self._sandbox.faults)
        self._sandbox.faults.clear()
        await self._until(lambda: not cell.busy and not self._late_builds(cell))
        state = self._state(cell.namespace)
        request_ids = {
            name_of(build): (build["metadata"].get("annotations") or {}).get(REQUEST_ID)
            for build in self._sandbox.store.list("builds", cell.namespace)
        }
        self._remove(cell)
        return {
            "state": state,
            "request_ids": request_ids,
            "states": cell.states,
            "fired": [fault.fired for fault in faults] + [cell.fired],
            "requests": cell.requests,
        }

    def _late_builds(self, cell):
        """Return the names of builds that a BuildConfig counts, but that are not there yet."""
        store, namespace = self._sandbox.store, cell.namespace
        names = [
            "{}-{}".format(name_of(config), config["status"]["lastVersion"])
            for config in store.list("buildconfigs", namespace)
            if config["status"]["lastVersion"]
        ]
        return [name for name in names if store.get("builds", namespace, name) is None]

    def _remove(self, cell):
        store = self._sandbox.store
        for resource, obj in list(store.dump()):
            name = obj["metadata"]["name"]
            if namespace_of(obj) == cell.namespace and store.get(resource, cell.namespace, name):
                store.delete(resource, cell.namespace, name)
        self._sandbox.cluster.namespaces.remove(cell.namespace)

    def _state(self, namespace):
        state = {}
        for resource in STATE:
            for obj in self._sandbox.store.list(resource, namespace):
                essence = _essence(resource, obj, namespace)
                state.setdefault(resource, []).append(essence)
        return state


def _essence(resource, obj, namespace):
    """Return what a client can have changed of an object."""
    status = obj.get("status") or {}
    kept = {key: value for key, value in obj.items() if key != "status"}
    if resource == "builds":
        kept["cancelled"] = status.get("cancelled", False)
    elif resource == "buildconfigs":
        kept["lastVersion"] = status.get("lastVersion")
    elif resource == "imagestreams" and obj["metadata"]["name"] == "new":
        # The tags come with an import.
        kept["spec"] = {"dockerImageRepository": obj["spec"]["dockerImageRepository"]}
    if "generateName" in obj["metadata"]:
        kept["metadata"] = dict(obj["metadata"], name="RANDOM")
    return _without_volatile(json.loads(json.dumps(kept).replace(namespace, "NAMESPACE")))


def _without_volatile(data):
    if isinstance(data, list):
        return [_without_volatile(item) for item in data]
    if not isinstance(data, dict):
        return data
    kept = {
        key: _without_volatile(value)
        for key, value in data.items()
        if key not in VOLATILE + VOLATILE_ANNOTATIONS
    }
    return {key: value for key, value in kept.items() if value != {}}


def _delays():
    from osbs.sandbox.controllers.delays import Timing

    delays = {name: MOMENT for name in Timing.DEFAULTS if name not in UNTOUCHED}
    delays.update((name, 0.1) for name in LONGER)
    return delays


def main():
    """Serve until stdin ends."""
    runner = ScriptedRunner()
    runner.add("alive", duration=3600)
    runner.add("logged", lines=list(LOG_LINES))
    with tempfile.TemporaryDirectory(prefix="osbs-cells-") as directory:
        installation = Installation(
            directory, runner=runner, tls=False, delays=_delays(), keep_finished=10**6
        )
        runner.store_metadata = None
        Cells(installation)
        with installation:
            installation.server.push(STREAM_REPOSITORY)
            print(json.dumps(installation.ready_line()), flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
