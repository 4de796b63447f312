"""
The worker builds of an orchestrator build (atomic-reactor's plugin ``orchestrate_build``).

It chooses cluster, Configuration and keywords as the plugin does.
"""

import json
import logging
import os
import threading
import time

from osbs.api import OSBS
from osbs.constants import BUILD_FINISHED_STATES
from osbs.exceptions import OsbsException
from osbs.sandbox.reactor import log
from osbs.sandbox.reactor.context import ReactorError

logger = logging.getLogger("atomic_reactor.plugins.orchestrate_build")

CLIENT_CONFIG_DIR = "/var/run/secrets/atomic-reactor/client-config-secret"
UNFINISHED = ",".join("status!=" + state.capitalize() for state in BUILD_FINISHED_STATES)
#: time (seconds) for a cancelled orchestrator to cancel its workers
CANCEL_SECONDS = 4.0


def configured_platforms(context):
    """Return the platforms with a cluster in the reactor config, in its order."""
    return list(context.reactor_config.get("clusters") or {})


class WorkerBuild(object):
    """
    Run the build of one platform in its cluster.

    :param platform: str
    :param cluster: str, section of the client configuration
    :param osbs: OSBS, session with that cluster
    """

    def __init__(self, platform, cluster, osbs):
        self.platform = platform
        self.cluster = cluster
        self.osbs = osbs
        self.build = None
        #: text of an error outside of the worker's build, or None
        self.error = None
        self.cancelled = threading.Event()
        #: set when the creation has succeeded or failed, and a requested cancellation was sent
        self.creation_done = threading.Event()

    @property
    def name(self):
        """Name of the worker's Build, None before it exists."""
        return self.build.get_build_name() if self.build else None

    @property
    def annotations(self):
        """Annotations of the worker's Build, as last seen."""
        return (self.build.get_annotations() if self.build else None) or {}

    @property
    def succeeded(self):
        """Return whether the worker's build is complete."""
        return self.build is not None and self.error is None and self.build.is_succeeded()

    def run(self, kwargs):
        """
        Create the build, relay its log and wait for its end; errors are stored, not raised.

        :param kwargs: dict, keywords of create_worker_build
        """
        try:
            self._create(kwargs)
            self._relay_log()
            self.build = self.osbs.wait_for_build_to_finish(self.name)
            logger.info("%s: worker build is %s", self.platform, self.build.status)
        except Exception as exc:  # reported together with the errors of other workers
            self.error = str(exc)
            logger.error("%s: worker build failed: %s", self.platform, exc)

    def _create(self, kwargs):
        try:
            with self.osbs.retries_disabled():
                self.build = self.osbs.create_worker_build(platform=self.platform, **kwargs)
            logger.info("%s: build %s started", self.platform, self.name)
            if self.cancelled.is_set():
                self.cancel()
        finally:
            self.creation_done.set()

    def _relay_log(self):
        relayed = log.relay(logger, self.platform)
        for line in self.osbs.get_build_logs(self.name, follow=True) or ():
            relayed.info("%s", line.decode("utf-8", "replace").rstrip())

    def cancel(self):
        """Cancel the build, now or as soon as it is created."""
        self.cancelled.set()
        if self.build is None or self.build.is_finished():
            return
        try:
            # No time for retries: the pod is killed soon, or the server has ended.
            with self.osbs.retries_disabled():
                self.osbs.cancel_build(self.name)
            logger.info("%s: cancelled worker build %s", self.platform, self.name)
        except OsbsException as exc:
            logger.error("%s: cannot cancel worker build %s: %s", self.platform, self.name, exc)

    def failure(self):
        """Return the reason of the failure as a dict, as orchestrate_build reports it."""
        if self.error is not None:
            return {"general": self.error}
        reason = {"general": self.build.get_error_message() or "build is " + self.build.status}
        try:
            reason["pod"] = self.osbs.get_pod_for_build(self.name).get_failure_reason()
        except OsbsException as exc:
            logger.warning("%s: no pod of build %s: %s", self.platform, self.name, exc)
        return reason

    def summary(self):
        """Return the entry of annotation ``worker-builds``, which ``osbs get-build`` shows."""
        annotations = self.annotations
        return {
            "build": {
                "cluster-url": self.osbs.os_conf.get_openshift_base_uri(),
                "namespace": self.osbs.os_conf.get_namespace(),
                "build-name": self.name,
            },
            "digests": json.loads(annotations.get("digests") or "[]"),
            "plugins-metadata": json.loads(annotations.get("plugins-metadata") or "{}"),
        }


class Orchestration(object):
    """
    Run the worker builds of all platforms in parallel.

    :param context: BuildContext of the orchestrator
    :param args: dict, arguments of plugin orchestrate_build
    :param release: str, release of all workers
    """

    def __init__(self, context, args, release):
        self._context = context
        self._args = args
        self._release = release
        self._threads = []
        self.workers = []

    def run(self):
        """
        Start the workers and wait for all of them.

        :return: dict, platform -> summary of its build
        :raises ReactorError: when a platform has no cluster or a worker fails
        """
        kwargs = self._worker_kwargs()
        self.workers = [self._choose_cluster(platform) for platform in self._platforms()]
        self._threads = [
            threading.Thread(target=worker.run, args=(kwargs,), name=worker.platform, daemon=True)
            for worker in self.workers
        ]
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join()
        failures = {w.platform: w.failure() for w in self.workers if not w.succeeded}
        if failures:
            raise ReactorError(json.dumps(failures, sort_keys=True))
        return self.summary()

    def cancel(self):
        """Cancel all workers, including those that are just being created."""
        for worker in self.workers:
            worker.cancel()
        deadline = time.monotonic() + CANCEL_SECONDS
        for worker in self.workers if self._threads else ():
            worker.creation_done.wait(max(0.0, deadline - time.monotonic()))

    def summary(self):
        """Return annotation ``worker-builds``: platform -> dict."""
        return {worker.platform: worker.summary() for worker in self.workers if worker.build}

    def _platforms(self):
        wanted = self._args.get("platforms")
        enabled = self._context.results.get("check_and_set_platforms")
        platforms = [
            platform
            for platform in (configured_platforms(self._context) if wanted is None else wanted)
            if enabled is None or platform in enabled
        ]
        if not platforms:
            raise ReactorError(
                "no platform to build for: wanted {}, clusters for {}".format(
                    wanted, configured_platforms(self._context)
                )
            )
        return platforms

    def _worker_kwargs(self):
        kwargs = dict(self._args.get("build_kwargs") or {})
        kwargs.pop("architecture", None)
        kwargs["release"] = self._release
        kwargs["koji_upload_dir"] = "koji-upload/" + self._context.build_id
        kwargs["is_auto"] = bool(self._context.results.get("check_and_set_rebuild"))
        return kwargs

    def _choose_cluster(self, platform):
        clusters = (self._context.reactor_config.get("clusters") or {}).get(platform) or []
        loads = []
        for cluster in clusters:
            if cluster.get("enabled", True):
                worker = WorkerBuild(platform, cluster["name"], self._session(cluster["name"]))
                with worker.osbs.retries_disabled():
                    running = len(worker.osbs.list_builds(field_selector=UNFINISHED))
                loads.append((running / float(cluster.get("max_concurrent_builds") or 1), worker))
        if not loads:
            raise ReactorError("no cluster for platform {} in the reactor config".format(platform))
        load, worker = min(loads, key=lambda item: item[0])
        logger.info("%s: cluster %s, load %.2f", platform, worker.cluster, load)
        return worker

    def _session(self, cluster):
        config = self._context.reactor_config
        directory = self._context.secret_path(
            config.get("clusters_client_config_dir") or CLIENT_CONFIG_DIR
        )
        overrides = dict(self._args.get("config_kwargs") or {})
        overrides["conf_section"] = cluster
        overrides["conf_file"] = os.path.join(directory, "osbs.conf")
        if not os.path.isfile(overrides["conf_file"]):
            raise ReactorError(
                "client configuration {} is not there: is the secret mounted?".format(
                    overrides["conf_file"]
                )
            )
        conf = self._context.configuration(**overrides)
        return OSBS(conf, conf)
