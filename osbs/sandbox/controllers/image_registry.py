"""
Image registries to import from: a table in memory instead of the network.

The key is the repository's name (``host:port/path``). Images are generated from repository, tag and
a counter, so that pushing a tag again gives another digest.
"""

import hashlib

from osbs.sandbox.kinds.pull_spec import PullSpec

_LAYER = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"


class Repository:
    """
    One repository.

    :param name: str, ``host:port/path``
    :param tags: iterable of str
    :param insecure_only: bool, whether it is served without TLS (an import needs insecure)
    :param fails: bool, whether imports fail (missing, private)
    """

    def __init__(self, name, tags=("latest",), insecure_only=False, fails=False):
        self.name = name
        self.tags = dict.fromkeys(tags, 1)
        self.insecure_only = insecure_only
        self.fails = fails

    def reachable(self, insecure):
        """Return whether an import finds it."""
        return not self.fails and (insecure or not self.insecure_only)

    def digest(self, tag):
        """Return the digest of a tag, or None."""
        if tag not in self.tags:
            return None
        return _digest("{}:{}#{}".format(self.name, tag, self.tags[tag]))


def _digest(text):
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()


class Registry:
    """
    The repositories that can be imported.

    :param allowed: list of str or None, registries (``host[:port]``) that image streams may name;
        None allows all
    :param open_ended: bool, whether a repository that nobody pushed to has a tag
        ``latest``
    """

    def __init__(self, allowed=None, open_ended=False):
        self.allowed = allowed
        self.open_ended = open_ended
        self._repositories = {}

    def add(self, name, tags=("latest",), insecure_only=False, fails=False):
        """Add a repository; return it."""
        self._repositories[name] = Repository(name, tags, insecure_only, fails)
        return self._repositories[name]

    def push(self, name, tag="latest"):
        """Push a new image to a tag; imports (also scheduled ones) see it from now on."""
        self.load([self.pushed(name, tag)])

    def pushed(self, name, tag):
        """Return a row of :meth:`dump` as it is after a push."""
        repository = self._repositories.get(name) or Repository(name, ())
        tags = dict(repository.tags, **{tag: repository.tags.get(tag, 0) + 1})
        return [name, tags, repository.insecure_only, repository.fails]

    def find(self, name, insecure=False):
        """Return the repository, or None if an import would fail."""
        repository = self._repositories.get(name)
        if repository is None:
            if not self.open_ended:
                return None
            repository = self.add(name)
        return repository if repository.reachable(insecure) else None

    def refusal(self, name):
        """Return why image streams must not refer to a repository, or None."""
        host = PullSpec(name).registry
        if self.allowed is None or host in self.allowed:
            return None
        shown = ", ".join('"{}"'.format(entry) for entry in self.allowed[:4])
        more = len(self.allowed) - 4
        if more > 0:
            shown += ", and {} more ...".format(more)
        return 'registry "{}" not allowed by whitelist: {}'.format(host, shown)

    # state

    def dump(self):
        """Return the table as JSON-like data."""
        return [
            [repository.name, repository.tags, repository.insecure_only, repository.fails]
            for repository in self._repositories.values()
        ]

    def clear(self):
        """Forget all repositories."""
        self._repositories.clear()

    def load(self, table):
        """Load rows of :meth:`dump`."""
        for name, tags, insecure_only, fails in table:
            self.add(name, (), insecure_only, fails).tags.update(tags)


def docker_image(repository, tag):
    """
    Return the fields of an Image (without metadata) for a tag of a repository.

    :param repository: Repository
    """
    path = PullSpec(repository.name).path
    return {
        "dockerImageReference": "{}@{}".format(repository.name, repository.digest(tag)),
        "dockerImageMetadata": {
            "kind": "DockerImage",
            "apiVersion": "1.0",
            "Id": _digest("config of {}:{}".format(repository.name, tag)),
            "Created": "2018-04-01T00:00:00Z",
            "ContainerConfig": {},
            "DockerVersion": "1.13.1",
            "Config": {
                "Env": ["PATH=/usr/bin"],
                "Cmd": ["/bin/sh"],
                "Labels": {"name": path, "version": tag},
            },
            "Architecture": "amd64",
            "Size": 426 + len(path) + len(tag),
        },
        "dockerImageMetadataVersion": "1.0",
        "dockerImageLayers": [
            {
                "name": _LAYER,
                "size": 32,
                "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
            }
        ],
        "dockerImageManifestMediaType": "application/vnd.docker.distribution.manifest.v2+json",
    }


def empty_image():
    """Return the image field of a tag that is not imported yet."""
    return {
        "metadata": {"creationTimestamp": None},
        "dockerImageMetadata": {
            "kind": "DockerImage",
            "apiVersion": "1.0",
            "Id": "",
            "Created": None,
            "ContainerConfig": {},
        },
        "dockerImageMetadataVersion": "1.0",
        "dockerImageLayers": None,
    }
