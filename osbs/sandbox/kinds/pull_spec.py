"""Pull specifications: the names of images."""

import re

_HOST = re.compile(r"^(localhost|[^/]*[.:][^/]*)/")

_REPOSITORY = re.compile(r"^[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$")

_TAG = re.compile(r"^[\w][\w.-]{0,127}$")

_DIGEST = re.compile(r"^[a-z0-9]+:[0-9a-f]{32,}$")


class PullSpec:
    """
    The parts of ``[registry/]path[:tag][@digest]``.

    :param text: str
    """

    def __init__(self, text):
        rest, _, self.digest = text.partition("@")
        host = _HOST.match(rest)
        self.registry = host.group(1) if host else ""
        path = rest[host.end() :] if host else rest
        self.path, _, self.tag = path.partition(":")

    @property
    def repository(self):
        """Return registry and path."""
        return "{}/{}".format(self.registry, self.path) if self.registry else self.path

    @property
    def image(self):
        """Return path and tag without the registry."""
        return "{}:{}".format(self.path, self.tag) if self.tag else self.path


def pull_spec_problem(text):
    """Return an error text for a malformed pull specification, or None."""
    spec = PullSpec(text)
    if not _REPOSITORY.match(spec.path):
        if spec.path != spec.path.lower():
            return "repository name must be lowercase"
        return "invalid reference format"
    if (spec.tag and not _TAG.match(spec.tag)) or (spec.digest and not _DIGEST.match(spec.digest)):
        return "invalid reference format"
    return None
