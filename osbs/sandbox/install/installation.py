"""
A sandbox with the contents and files of :mod:`osbs.sandbox.install.seed`.

``serve``, ``demo`` and :mod:`osbs.sandbox.testing` start one.
"""

import base64
import json
import os

from osbs.sandbox.install import seed
from osbs.sandbox.install.handle import SandboxHandle
from osbs.sandbox.pods.processes import ProcessRunner
from osbs.sandbox.server import Sandbox
from osbs.sandbox.state import atomic_file
from osbs.sandbox.state.store import with_metadata

#: certificate and key of a cluster administrator, in the directory of the installation
ADMINISTRATOR_FILES = ("admin.crt", "admin.key")


class Installation(SandboxHandle):
    """
    A small installation of OSBS on a sandbox in a thread of this process.

    With TLS ``admin.crt`` and ``admin.key`` beside the osbs.conf are a client certificate of a
    cluster administrator.

    :param directory: str, directory for files; created if missing, nothing in it is removed
    :param api: str or None, key openshift_api of the configurations; None: what the server has
    :param runner: runner.Runner; None: pods are processes
    :param namespace: str, project of orchestrator builds; each platform's workers have their own
    :param faults: as :class:`SandboxHandle` has them
    :param options: keywords of :class:`osbs.sandbox.server.Sandbox`
    """

    def __init__(self, directory, api=None, runner=None, namespace="osbs", faults=(), **options):
        super().__init__(directory, faults)
        self.config = os.path.join(self.directory, "osbs.conf")
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

    def _launch(self):
        """
        Start the server, fill it and write the files.

        :raises OSError: when the port is taken or a file cannot be written
        :raises ValueError: when the state file is malformed
        """
        os.makedirs(self.directory, exist_ok=True)
        self.server.start()
        for name in ("url", "namespace", "user", "password", "token"):
            setattr(self, name, getattr(self.server, name))
        if self.server.ca:
            # A copy in the directory, so that clients can use the same path after a restart.
            self.ca = os.path.join(self.directory, "ca.crt")
            self._write_certificates()
        self.server.control.refill = self._refill
        for namespace in seed.namespaces(self.namespace):
            self._fill(namespace, self.server.put)
        atomic_file.replace(self.config, seed.user_configuration(self).encode("utf-8"))
        self.kubeconfig = os.path.join(self.directory, "kubeconfig")
        atomic_file.replace(self.kubeconfig, json.dumps(self._kubeconfig()).encode("utf-8"))

    def _end(self):
        self.server.stop()

    def command(self, method, name, data=None):
        """Run a command; see :meth:`SandboxHandle.command`."""
        return self.server.call(self.server.control.run, method, name, data or {})

    def _write_certificates(self):
        authority = atomic_file.content(self.server.ca)
        pair = [os.path.join(self.directory, name) for name in ADMINISTRATOR_FILES]
        if atomic_file.content(self.ca) == authority and all(os.path.exists(path) for path in pair):
            # Still valid; replacing them could give a client a certificate without its key.
            return
        for path, made in zip(pair, self.server.administrator_certificate()):
            atomic_file.replace(path, atomic_file.content(made))
        atomic_file.replace(self.ca, authority, atomic_file.FOR_ALL)

    def _kubeconfig(self):
        """Return a configuration for clients of Kubernetes: JSON, which is YAML as well."""
        cluster = {"server": self.url.rstrip("/")}
        users = {self.user: {"token": self.token}}
        if self.ca:
            cluster["certificate-authority"] = self.ca
            certificate, key = (os.path.join(self.directory, n) for n in ADMINISTRATOR_FILES)
            users["admin"] = {"client-certificate": certificate, "client-key": key}
        context = {"cluster": "sandbox", "namespace": self.namespace}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "sandbox", "cluster": cluster}],
            "users": [{"name": name, "user": user} for name, user in users.items()],
            "contexts": [{"name": name, "context": dict(context, user=name)} for name in users],
            "current-context": self.user,
        }

    def _refill(self):
        """Fill the projects again; called in the thread of the event loop."""
        self.server.renew_token()
        for namespace in seed.namespaces(self.namespace):
            self._fill(namespace, self.server.put_now)

    def _fill(self, namespace, put):
        config_map = {"config.yaml": seed.reactor_config_text(self.url)}
        metadata = {"name": seed.REACTOR_CONFIG_MAP, "namespace": namespace}
        put("configmaps", {"metadata": metadata, "data": config_map})
        for name, secret in seed.secrets(self).items():
            data = {key: base64.b64encode(value).decode("ascii") for key, value in secret.items()}
            metadata = {"name": name, "namespace": namespace}
            put("secrets", {"metadata": metadata, "data": data})

    def _store_metadata(self, pod, annotations, labels):
        # Called in the thread of the event loop: nothing changes the build between get and update.
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

    def ready_line(self):
        """Return what ``serve`` prints when it is ready, as a dict."""
        line = dict(self.ready)
        if self.server.page.url is not None:
            line["page"] = self.server.page.url
        if self.server.control.key is not None:
            line["control_key"] = self.server.control.key
        return line
