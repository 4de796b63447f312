"""A sandbox whose pods run atomic-reactor, and a Koji hub that keeps what tasks upload."""

import base64
import hashlib
import os

from osbs.sandbox.install.installation import Installation
from tests.downstream.koji_task import ContainerTask

POD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pod.py")
CLUSTERS = """\
version: 1
clusters:
  x86_64: [{name: worker_x86_64, max_concurrent_builds: 2}]
  ppc64le: [{name: worker_ppc64le, max_concurrent_builds: 2}]
"""


class Site(Installation):
    """A sandbox with the secret that atomic-reactor 1.6.26.3 reads its clusters from."""

    def start(self):
        """Start it."""
        super().start()
        data = {"config.yaml": base64.b64encode(CLUSTERS.encode()).decode()}
        metadata = {"name": "reactor-config", "namespace": self.namespace}
        self.server.put("secrets", {"metadata": metadata, "data": data})
        return self


class Hub:
    """The session of a Koji builder; ``files`` holds what was uploaded, ``uploads`` in order."""

    opts = {"use_fast_upload": False}

    def __init__(self):
        self.files = {}
        self.uploads = []

    def uploadFile(self, path, name, size, digest, offset, data):
        """Append to a file as the hub does."""
        content = base64.b64decode(data)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (size, digest[1])
        assert offset == len(self.files.get(name, b""))
        self.files[name] = self.files.get(name, b"") + content
        self.uploads.append(name)
        return True


class Outcome:
    """What a Koji task made of a build: ``result`` (dict), ``hub``, and the task's ``log``."""

    def __init__(self, site, directory, **arguments):
        self.hub = Hub()
        conf = site.configuration(arrangement_version=4, reactor_config_secret="reactor-config")
        task = ContainerTask(
            7, "buildContainer", [], self.hub, None, workdir=os.path.join(directory, "task")
        )
        self.result = task.build(conf, dict(site.build_arguments(**arguments)))
        self.log = self.hub.files["osbs-client.log"].decode()
