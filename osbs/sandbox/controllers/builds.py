"""
Life cycle of builds: New, Pending, Running and one of four final phases.

The controller watches the store, as the real one does, and acts on each change of builds and pods.
What runs in a pod is up to the runner (:mod:`osbs.sandbox.pods.runner`).
"""

import asyncio
import base64
import collections
import time

from osbs.sandbox.controllers import build_pods
from osbs.sandbox.controllers.queues import Queue, number_of
from osbs.sandbox.kinds import KINDS, builds
from osbs.sandbox.kinds.builds import (
    CANCELLED,
    COMPLETE,
    ERROR,
    FAILED,
    FINISHED,
    NEW,
    PENDING,
    RUNNING,
    phase_of,
    pod_name,
)
from osbs.sandbox.kinds.timestamps import parse_rfc3339, rfc3339
from osbs.sandbox.pods.runner import PodRun
from osbs.sandbox.state.store import (
    DELETED,
    Exists,
    Missing,
    name_of,
    namespace_of,
    with_annotation,
)

#: lines of the termination message in the status of a Failed build
SNIPPET_LINES = 5
MESSAGE_LINES = 80
MESSAGE_BYTES = 2048

_REASONS = {
    CANCELLED: ("CancelledBuild", "The build was cancelled by the user."),
    FAILED: ("GenericBuildFailed", "Generic Build failure - check logs for details."),
}
_POD_DELETED = ("BuildPodDeleted", "The pod for this build was deleted before the build completed.")
_POD_EXISTS = (
    "BuildPodExists",
    "The pod for this build already exists and is older than the build.",
)
_NO_POD = ("CannotCreateBuildPod", "Failed creating build pod.")


class Interrupted(Exception):
    """A build is stopped before its end; ``cause`` is one of the constants below."""

    def __init__(self, cause):
        super().__init__(cause)
        self.cause = cause


CANCEL, POD_GONE, BUILD_GONE, SHUTDOWN = "cancel", "pod gone", "build gone", "shutdown"


class BuildRun:
    """
    State of the controller for one build.

    :param build: dict, the Build
    """

    def __init__(self, build):
        self.namespace = namespace_of(build)
        self.name = name_of(build)
        self.uid = build["metadata"]["uid"]
        self.config = builds.config_of(build)
        self.number = 0
        self.task = None
        self._stop = asyncio.get_event_loop().create_future()
        self.changed = asyncio.Event()

    def interrupt(self, cause):
        """Stop the build; the first cause wins."""
        if not self._stop.done():
            self._stop.set_result(cause)

    async def guard(self, step):
        """
        Await a step of the build's life cycle, or its interruption.

        :raises Interrupted: after the step was cancelled and has cleaned up
        """
        task = asyncio.ensure_future(step)
        try:
            await asyncio.wait({task, self._stop}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not self._stop.done():
            return task.result()
        await _cancel_and_wait(task)
        raise Interrupted(self._stop.result())


class BuildController:
    """
    Run builds.

    :param store: store.Store
    :param delays: delays.Timing
    :param tasks: tasks.Tasks
    :param runner: runner.Runner
    :param logs: container_logs.ContainerLogs
    :param server: runner.ApiServer that the pods use
    :param token_of: callable (namespace, service account) that returns its token
    :param refusal: callable (namespace, resource), see :meth:`quotas.Quotas.refusal`
    :param nodes: list of dict (labels) or None; None takes pods with any node selector
    :param keep_finished: int, finished builds that are kept (older ones are pruned)
    """

    def __init__(
        self,
        store,
        delays,
        tasks,
        runner,
        logs,
        server,
        token_of,
        refusal,
        nodes=None,
        keep_finished=1000,
    ):
        self._store = store
        self._delays = delays
        self._tasks = tasks
        self.runner = runner
        self._logs = logs
        self._server = server
        self._token_of = token_of
        self._refusal = refusal
        self._nodes = nodes
        self._keep_finished = keep_finished
        self._runs = {}
        self._queues = collections.defaultdict(Queue)
        self._finished = collections.deque()
        #: (project, name) of the BuildConfigs whose builds will be pruned soon
        self._pruning = set()
        self._stopping = False

    # changes in the store

    def start(self):
        """Resume the stored builds and follow all changes."""
        for build in self._store.list("builds"):
            self._take_up(build, restored=True)
        self._store.subscribe(self._on_event)

    async def stop(self):
        """End all pods; builds keep their phase."""
        self._stopping = True
        self._store.unsubscribe(self._on_event)
        runs = list(self._runs.values())
        for run in runs:
            run.interrupt(SHUTDOWN)
        if runs:
            await asyncio.wait({run.task for run in runs}, timeout=10)

    async def ended(self):
        """Wait until the builds that are unfinished now have ended."""
        await asyncio.wait({run.task for run in self._runs.values()})

    @property
    def running(self):
        """Return how many builds are not finished."""
        return len(self._runs)

    def _on_event(self, event):
        if event.resource == "builds":
            self._on_build(event)
        elif event.resource == "pods":
            self._on_pod(event)

    def _on_build(self, event):
        build = event.obj
        run = self._runs.get(build["metadata"]["uid"])
        if event.type == DELETED:
            if run is not None:
                self._queue(run).remove(run)
                run.interrupt(BUILD_GONE)
            else:
                self._remove_pod(namespace_of(build), pod_name(build), build["metadata"]["uid"])
            return
        if event.old is None:
            self._take_up(build)
            return
        if (
            run is not None
            and build["status"].get("cancelled")
            and not (event.old["status"].get("cancelled"))
        ):
            self._tasks.after("cancel", run.interrupt, CANCEL)
        if run is not None:
            self._queue(run).update(run, build)
        if phase_of(build) != phase_of(event.old) and phase_of(build) in FINISHED:
            self._on_finished(build)

    def _on_pod(self, event):
        if event.type == DELETED:
            self._logs.drop(event.obj)
        gone = event.type == DELETED or "deletionTimestamp" in event.obj["metadata"]
        if gone:
            for owner in event.obj["metadata"].get("ownerReferences") or ():
                run = self._runs.get(owner["uid"])
                if run is not None:
                    self._tasks.after("pod_deleted", run.interrupt, POD_GONE)

    def _take_up(self, build, restored=False):
        if phase_of(build) in FINISHED:
            self._finished.append((namespace_of(build), name_of(build), build["metadata"]["uid"]))
            return
        run = BuildRun(build)
        self._runs[run.uid] = run
        self._queue(run).add(run, build)
        run.task = self._tasks.spawn(self._drive(run, restored))
        if build["status"].get("cancelled"):
            self._tasks.after("cancel", run.interrupt, CANCEL)

    def _forget(self, run):
        self._runs.pop(run.uid, None)
        queue = self._queue(run)
        queue.remove(run)
        if not queue:
            del self._queues[run.namespace, run.config]

    def _queue(self, run):
        return self._queues[run.namespace, run.config]

    # life cycle of one build

    async def _drive(self, run, restored):
        try:
            build = self._current(run)
            if phase_of(build) == NEW:
                await run.guard(self._wait_turn(run))
                await run.guard(self._create_pod(run))
                restored = False
            elif self._store.get("pods", run.namespace, pod_name(build)) is None:
                raise Interrupted(POD_GONE)
            await run.guard(self._place(run, restored))
            await run.guard(self._execute(run, restored))
        except Interrupted as interruption:
            await self._end(run, interruption.cause)
        finally:
            self._forget(run)

    def _current(self, run):
        """Return the build as stored now, not a later one of the same name."""
        build = self._stored(run.namespace, run.name, run.uid)
        if build is None:
            raise Interrupted(BUILD_GONE)
        return build

    def _stored(self, namespace, name, uid):
        build = self._store.get("builds", namespace, name)
        return build if build is not None and build["metadata"]["uid"] == uid else None

    async def _wait_turn(self, run):
        await self._delays.sleep("new")
        while not self._is_turn(run):
            run.changed.clear()
            await run.changed.wait()

    def _is_turn(self, run):
        build = self._current(run)
        policy = (build["metadata"].get("labels") or {}).get(builds.POLICY_LABEL, "Parallel")
        if not run.config or policy == "Parallel":
            return True
        queue = self._queue(run)
        if not queue.is_free(run):
            return False
        if policy == "SerialLatestOnly":
            for other in queue.older(run):
                other.interrupt(CANCEL)
            return queue.is_newest(run)
        return queue.is_oldest(run)

    async def _create_pod(self, run):
        delay = self._delays.quota_retry
        while True:
            build = self._current(run)
            account = self._store.get(
                "serviceaccounts", run.namespace, build["spec"].get("serviceAccount") or "builder"
            )
            if account is not None and self._refusal(run.namespace, "pods") is None:
                break
            self._set_status(build, reason=_NO_POD[0], message=_NO_POD[1])
            await asyncio.sleep(delay)
            delay = min(delay * 2, self._delays.quota_retry_max)
        status = {
            key: value for key, value in build["status"].items() if key not in ("reason", "message")
        }
        reference = build_pods.output_reference(build)
        if reference:
            status["outputDockerImageReference"] = reference
        build = dict(build, status=status)
        seen = _as_the_pod_sees_it(build)
        rendered = _as_json(seen)
        try:
            self._store.create("pods", build_pods.build_pod(seen, rendered, account))
        except Exists:
            self._finish(build, ERROR, *_POD_EXISTS)
            raise Interrupted(SHUTDOWN)
        build = with_annotation(build, builds.POD_ANNOTATION, pod_name(build))
        self._set_status(build, phase=PENDING)

    async def _place(self, run, restored):
        """Wait until a node matches the pod's selector and its config maps and secrets exist."""
        if restored and phase_of(self._current(run)) == RUNNING:
            return
        pod = self._pod(run)
        while not self._schedulable(pod):
            await self._delays.sleep("kubelet_retry")
        pod = self._store.update("pods", build_pods.scheduled(pod))
        await self._delays.sleep("pending")
        while True:
            missing = self._resolve(self._pod(run))[2]
            if not missing:
                return
            self._store.update("pods", build_pods.waiting(self._pod(run), missing))
            await self._delays.sleep("kubelet_retry")

    def _schedulable(self, pod):
        """Return whether some node matches a pod's selector."""
        wanted = (pod["spec"].get("nodeSelector") or {}).items()
        return self._nodes is None or any(
            all(labels.get(key) == value for key, value in wanted) for labels in self._nodes
        )

    def _pod(self, run):
        pod = self._store.get("pods", run.namespace, pod_name(self._current(run)))
        if pod is None:
            raise Interrupted(POD_GONE)
        return pod

    async def _execute(self, run, restored):
        pod = self._pod(run)
        build = self._current(run)
        restored = restored and phase_of(build) == RUNNING
        if not restored:
            pod = self._store.update("pods", build_pods.running(pod))
            if phase_of(build) == PENDING:
                build = self._set_status(
                    build, phase=RUNNING, startTimestamp=pod["status"]["startTime"]
                )
        environment, secrets, _ = self._resolve(pod)
        log = self._logs.of(pod)
        pod_run = PodRun(
            name_of(pod),
            run.namespace,
            _as_json(build),
            environment,
            self._token_of(run.namespace, pod["spec"]["serviceAccount"]),
            secrets,
            self._server.url,
            self._server.ca_file,
            log,
        )
        status = await self._run(pod_run, restored, _seconds_left(pod))
        self._logs.end(pod)
        message = pod_run.message or _tail(log)
        self._store.update("pods", build_pods.terminated(self._pod(run), status, message))
        await self._delays.sleep("complete")
        build = self._current(run)
        if phase_of(build) in FINISHED:
            return
        if status == 0:
            self._finish(build, COMPLETE)
        else:
            snippet = "\n".join(message.strip().split("\n")[-SNIPPET_LINES:])
            self._finish(build, FAILED, logSnippet=snippet)

    async def _run(self, pod_run, restored, deadline):
        """Let the runner run the pod; return the exit status."""
        if not restored:
            step = self.runner.run(pod_run)
        elif hasattr(self.runner, "resume"):
            step = self.runner.resume(pod_run)
        else:
            pod_run.message = "The node lost the container while the sandbox was down."
            return 255
        task = asyncio.ensure_future(step)
        try:
            done, _ = await asyncio.wait({task}, timeout=deadline)
        except asyncio.CancelledError:
            await _cancel_and_wait(task)
            raise
        if not done:
            await _cancel_and_wait(task)
            pod_run.message = "Pod was active on the node longer than the specified deadline"
            return 143
        if task.exception() is not None:
            # A test may bring its own runner: what it raises fails the pod, not the sandbox.
            pod_run.message = "The runner failed: {!r}".format(task.exception())
            return 255
        return task.result()

    async def _end(self, run, cause):
        """Clean up after an interruption and set the build's status."""
        if cause == SHUTDOWN:
            return
        build = self._stored(run.namespace, run.name, run.uid)
        pod = pod_name(build) if build is not None else run.name + "-build"
        stored = self._store.get("pods", run.namespace, pod)
        if stored is not None:
            self._logs.end(stored)
        self._remove_pod(run.namespace, pod, run.uid)
        if build is None or phase_of(build) in FINISHED:
            return
        if cause == CANCEL:
            self._finish(build, CANCELLED, cancelled=True)
        else:
            self._finish(build, ERROR, *_POD_DELETED)

    def _remove_pod(self, namespace, name, owner):
        pod = self._store.get("pods", namespace, name)
        owners = pod["metadata"].get("ownerReferences") if pod is not None else ()
        if any(entry["uid"] == owner for entry in owners or ()):
            self._store.delete("pods", namespace, name)

    # status

    def _set_status(self, build, **changes):
        status = dict(build["status"], **changes)
        return self._store.update("builds", dict(build, status=_ordered(status)))

    def _finish(self, build, phase, reason=None, message=None, **more):
        reason, message = (reason, message) if reason else _REASONS.get(phase, (None, None))
        if reason:
            more.update(reason=reason, message=message)
        self._set_status(build, phase=phase, **dict(_end_times(build), **more))

    def _on_finished(self, build):
        key = (namespace_of(build), name_of(build), build["metadata"]["uid"])
        self._finished.append(key)
        if "completionTimestamp" not in build["status"]:
            self._tasks.after("complete", self._complete, key)
        config = key[0], builds.config_of(build)
        if config[1] and config not in self._pruning:
            self._pruning.add(config)
            self._tasks.after("prune", self._prune, *config)
        while len(self._finished) > self._keep_finished:
            self._delete_build(self._finished.popleft())

    def _complete(self, key):
        """Set the times of a build whose phase a client has set."""
        build = self._stored(*key)
        if build is not None:
            self._set_status(build, **_end_times(build))

    def _delete_build(self, key):
        if self._stored(*key) is not None:
            self._store.delete("builds", key[0], key[1])

    def _prune(self, namespace, name):
        """Delete builds beyond the history limits of their BuildConfig."""
        self._pruning.discard((namespace, name))
        config = self._store.get("buildconfigs", namespace, name)
        limits = config["spec"] if config is not None else {}
        wanted = [
            (phases, limits[field])
            for field, phases in (
                ("successfulBuildsHistoryLimit", (COMPLETE,)),
                ("failedBuildsHistoryLimit", (FAILED, CANCELLED, ERROR)),
            )
            if field in limits
        ]
        if not wanted:
            return
        siblings = [
            build
            for build in self._store.list("builds", namespace)
            if builds.config_of(build) == name
        ]
        for phases, limit in wanted:
            ended = sorted(
                (build for build in siblings if phase_of(build) in phases),
                key=number_of,
                reverse=True,
            )
            for build in ended[limit:]:
                try:
                    self._store.delete("builds", namespace, name_of(build))
                except Missing:
                    pass

    # references of a pod

    def _resolve(self, pod):
        """
        Look up the objects that the container's environment and volumes refer to.

        :return: tuple, environment (dict), secrets (mount path -> {file: bytes}), text of the
            first missing object or None
        """
        namespace = namespace_of(pod)
        container = pod["spec"]["containers"][0]
        environment, secrets, missing = {}, {}, []
        for entry in container["env"]:
            value, problem = self._value(namespace, entry)
            if problem:
                missing.append(problem)
            elif value is not None:
                environment[entry["name"]] = value
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        for volume in pod["spec"]["volumes"]:
            path = mounts.get(volume["name"])
            if "secret" not in volume or path == build_pods.SERVICE_ACCOUNT_MOUNT:
                continue
            name = volume["secret"]["secretName"]
            stored = self._store.get("secrets", namespace, name)
            if stored is None:
                missing.append('secrets "{}" not found'.format(name))
            else:
                secrets[path] = _decoded(stored)
        return environment, secrets, missing[0] if missing else None

    def _value(self, namespace, entry):
        """Return (value, error text) of an entry of the environment."""
        source = entry.get("valueFrom")
        if not source:
            return entry.get("value", ""), None
        for field, resource in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
            selector = source.get(field)
            if selector is None:
                continue
            stored = self._store.get(resource, namespace, selector.get("name", ""))
            if stored is None:
                problem = '{} "{}" not found'.format(resource, selector.get("name", ""))
            elif selector["key"] not in (stored.get("data") or {}):
                problem = "Couldn't find key {} in {} {}/{}".format(
                    selector["key"], resource, namespace, selector["name"]
                )
            elif resource == "secrets":
                return _decoded(stored)[selector["key"]].decode("utf-8", "replace"), None
            else:
                return stored["data"][selector["key"]], None
            return None, None if selector.get("optional") else problem
        return None, None


async def _cancel_and_wait(task):
    """Cancel a task and wait until it has cleaned up (asyncio.wait_for waits on 3.9 and newer)."""
    task.cancel()
    await asyncio.wait({task})
    failure = None if task.cancelled() else task.exception()
    if failure is not None and not isinstance(failure, Interrupted):
        asyncio.get_event_loop().call_exception_handler(
            {"message": "a runner failed to clean up", "exception": failure}
        )


def _as_json(build):
    """Return a build as the API writes it."""
    return KINDS["builds"].render(build, "/apis/build.openshift.io/v1", "v1")


def _as_the_pod_sees_it(build):
    image = (builds.strategy_of(build).get("from") or {}).get("name", "")
    spec = dict(build["spec"])
    spec["strategy"] = builds.with_base_image(spec["strategy"], image)
    return dict(build, spec=spec)


def _decoded(secret):
    return {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}


def _ordered(status):
    """Return a Build's status with its fields in the order of the real server."""
    return builds.Builds.body["status"].decode(status, "status")


def _end_times(build):
    """Return completionTimestamp, startTimestamp and duration of a build that ends now."""
    end = rfc3339()
    times = {"completionTimestamp": end}
    start = build["status"].get("startTimestamp")
    if start:
        times["duration"] = max(0, int(parse_rfc3339(end) - parse_rfc3339(start))) * 10**9
    return times


def _tail(log):
    """Return the end of a log as the termination message."""
    return log.tail(MESSAGE_LINES)[-MESSAGE_BYTES:].decode("utf-8", "replace")


def _seconds_left(pod):
    deadline = pod["spec"].get("activeDeadlineSeconds")
    if deadline is None:
        return None
    return max(0.0, parse_rfc3339(pod["status"]["startTime"]) + deadline - time.time())
