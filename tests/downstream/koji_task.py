"""A Koji task that calls the library as koji-containerbuild does, in its order."""

import logging
import os
import threading

import koji
from koji.daemon import incremental_upload
from koji.tasks import BaseTaskHandler

import osbs
from osbs.api import OSBS
from osbs.exceptions import OsbsOrchestratorNotEnabled

# Seconds between two looks at what logs there are to upload.
INTERVAL = 0.05


class Uploader(threading.Thread):
    """Upload the logs in a directory while they grow, as Koji does in a process of its own."""

    def __init__(self, session, directory):
        super().__init__(daemon=True)
        self._session = session
        self._directory = directory
        self._streams = {}
        self._done = threading.Event()

    def run(self):
        """Upload until :meth:`finish`."""
        while not self._done.wait(INTERVAL):
            self._upload()

    def finish(self):
        """Upload the rest."""
        self._done.set()
        self.join()
        self._upload()
        for stream in self._streams.values():
            stream.close()

    def _upload(self):
        for name in sorted(os.listdir(self._directory)):
            if name not in self._streams:
                self._streams[name] = open(os.path.join(self._directory, name), "rb")
            incremental_upload(self._session, name, self._streams[name], koji.pathinfo.task(7))


class ContainerTask(BaseTaskHandler):
    """The task."""

    Methods = ["buildContainer"]

    def build(self, conf, arguments):
        """Build, and return what koji-containerbuild's handler knows in the end."""
        self.createWorkdir()
        handler = self._log_to("osbs-client.log")
        uploader = Uploader(self.session, self.workdir)
        uploader.start()
        try:
            client = OSBS(conf, conf)
            build_id = self._start(client, arguments).get_build_name()
            client.wait_for_build_to_get_scheduled(build_id)
            self._write_logs(client, build_id)
            response = client.wait_for_build_to_finish(build_id)
            assert client.get_build(build_id).status == response.status
            return self._result(response)
        finally:
            logging.getLogger(osbs.__name__).removeHandler(handler)
            handler.close()
            uploader.finish()
            self.removeWorkdir()

    def _log_to(self, name):
        logger = logging.getLogger(osbs.__name__)
        handler = logging.FileHandler(os.path.join(self.workdir, name))
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
        return handler

    def _start(self, client, arguments):
        always = {"yum_repourls": [], "scratch": False, "koji_task_id": self.id}
        arguments = dict(always, architecture=None, **arguments)
        try:
            return client.create_orchestrator_build(**arguments)
        except (AttributeError, OsbsOrchestratorNotEnabled):
            del arguments["platforms"]
            return client.create_build(**arguments)

    def _write_logs(self, client, build_id):
        assert hasattr(client, "get_orchestrator_build_logs")
        for entry in client.get_orchestrator_build_logs(build_id, follow=True):
            name = "%s.log" % (entry.platform or "orchestrator")
            with open(os.path.join(self.workdir, name), "ab") as log:
                log.write(("%s\n" % entry.line).encode("utf-8"))

    @staticmethod
    def _result(response):
        return {
            "name": response.get_build_name(),
            "status": response.status,
            "succeeded": response.is_succeeded(),
            "failed": response.is_failed(),
            "cancelled": response.is_cancelled(),
            "unfinished": response.is_running() or response.is_pending(),
            "repositories": response.get_repositories(),
            "koji_build_id": response.get_koji_build_id(),
            "error": response.get_error_message(),
            "json": response.json,
        }
