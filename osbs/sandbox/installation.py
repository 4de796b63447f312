"""
A sandbox together with what :mod:`osbs.sandbox.seed` puts into it and beside it.

What ``serve``, ``demo`` and :mod:`osbs.sandbox.testing` start. Imports ``server``, ``seed`` and
``pods``.
"""

import base64
import os
import shutil

from osbs.sandbox import seed
from osbs.sandbox.pods import ProcessRunner
from osbs.sandbox.server import Sandbox
from osbs.sandbox.store import with_metadata

#: certificate and key of a cluster administrator, in the directory of the installation
ADMINISTRATOR_FILES = ("admin.crt", "admin.key")


class Installation:
    """
    A small installation of OSBS on a sandbox of its own.

    ``url``, ``ca``, ``namespace``, ``user``, ``password``, ``token`` and ``config`` (path of an
    osbs.conf) tell how to reach it once it is started; with TLS ``admin.crt`` and ``admin.key``
    beside the osbs.conf are a client certificate of a cluster administrator.

    :param directory: str, where files go; made if it is not there, nothing in it is removed
    :param api: str or None, key openshift_api of the configurations; None: what the server has
    :param runner: pods_api.Runner; None: pods are processes
    :param namespace: str, project of orchestrator builds; each platform's workers have their own
    :param options: keywords of :class:`osbs.sandbox.server.Sandbox`
    """

    def __init__(self, directory, api=None, runner=None, namespace="osbs", **options):
        self.directory = directory
        #: path of an osbs.conf
        self.config = os.path.join(directory, "osbs.conf")
        self.runner = ProcessRunner() if runner is None else runner
        if hasattr(self.runner, "store_metadata"):
            self.runner.store_metadata = self._store_metadata
        self.server = Sandbox(
            runner=self.runner,
            namespace=namespace,
            namespaces=seed.namespaces(namespace)[1:],
            **options,
        )
        self.api = api or ("oapi" if self.server.oapi else "apis")

    def start(self):
        """
        Start the server, fill it and write the files.

        :raises OSError: when the port is taken or a file cannot be written
        :raises ValueError: when the state file is none
        """
        os.makedirs(self.directory, exist_ok=True)
        self.server.start()
        try:
            if self.server.ca:
                shutil.copyfile(self.server.ca, os.path.join(self.directory, "ca.crt"))
                self._write_administrator_certificate()
            for namespace in seed.namespaces(self.namespace):
                self._fill(namespace)
            seed.write_private(self.config, seed.user_configuration(self))
        except BaseException:
            self.server.stop()
            raise
        return self

    def stop(self):
        """Stop the server and end all pods."""
        self.server.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _write_administrator_certificate(self):
        for path, name in zip(self.server.administrator_certificate(), ADMINISTRATOR_FILES):
            with open(path) as source:
                seed.write_private(os.path.join(self.directory, name), source.read())

    def _fill(self, namespace):
        config_map = {"config.yaml": seed.reactor_config_text(self.url)}
        metadata = {"name": seed.REACTOR_CONFIG_MAP, "namespace": namespace}
        self.server.put("configmaps", {"metadata": metadata, "data": config_map})
        for name, files in seed.secrets(self).items():
            data = {key: base64.b64encode(value).decode("ascii") for key, value in files.items()}
            metadata = {"name": name, "namespace": namespace}
            self.server.put("secrets", {"metadata": metadata, "data": data})

    def _store_metadata(self, pod, annotations, labels):
        # Called in the thread of the event loop, so nothing comes between reading and writing.
        store = self.server.store
        build = store.get("builds", pod.namespace, pod.build["metadata"]["name"])
        if build is None:
            return
        metadata = build["metadata"]
        changes = {
            "annotations": dict(metadata.get("annotations") or {}, **annotations),
            "labels": dict(metadata.get("labels") or {}, **labels),
        }
        store.update("builds", with_metadata(build, **changes))

    @property
    def url(self):
        """Base URL of the server, ends in a slash."""
        return self.server.url

    @property
    def ca(self):
        """Path of the CA's certificate; None without TLS."""
        # A copy: where the directory stays over restarts, so does what clients have in use.
        return os.path.join(self.directory, "ca.crt") if self.server.ca else None

    @property
    def namespace(self):
        """Project of the orchestrator builds."""
        return self.server.namespace

    @property
    def user(self):
        """Name of a user who may do everything in the projects."""
        return self.server.user

    @property
    def password(self):
        """Password of :attr:`user`."""
        return self.server.password

    @property
    def token(self):
        """A token of :attr:`user`."""
        return self.server.token

    def ready_line(self):
        """Return what ``serve`` prints when it is ready (decision D32), as a dict."""
        names = ("url", "ca", "namespace", "user", "password", "token", "config")
        return {name: getattr(self, name) for name in names}
