"""The program of a build pod: atomic-reactor's own input plugin, workflow and plugins.

Plugins that need a container engine, a registry or a Koji hub are left out; the log names them.
"""

import json
import logging
import os
import sys

import atomic_reactor
import atomic_reactor.build
import atomic_reactor.util
from atomic_reactor.inner import DockerBuildWorkflow
from atomic_reactor.plugin import InputPluginsRunner

from osbs._rest import auth
from osbs.sandbox.reactor import variables
from osbs.sandbox.reactor.__main__ import watch_parent

PHASES = ("prebuild", "buildstep", "prepublish", "postbuild", "exit")
RUN = ("reactor_config", "check_and_set_rebuild", "orchestrate_build", "store_metadata_in_osv3")
PRETENDED_BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pretended_build.py")

logger = logging.getLogger("atomic_reactor.pod")


class NoEngine:
    """What atomic-reactor asks of a container engine before any plugin runs."""

    def get_info(self):
        """Return nothing."""
        return {}

    get_version = get_info

    def inspect_image(self, _image):
        """Return an image without a configuration."""
        return {"Id": "sha256:base", "Config": {"Env": []}}


def mount():
    """Stand in for the mounts of a container: a pod of the sandbox has them in a directory."""
    auth.SERVICEACCOUNT_SECRET = os.path.dirname(os.environ[variables.TOKEN_FILE])
    secrets = os.environ[variables.SECRETS_DIR] + "/var/run/secrets/"
    for name in ("ATOMIC_REACTOR_PLUGINS", "BUILD"):
        os.environ[name] = os.environ[name].replace("/var/run/secrets/", secrets)


def clone_git_repo(*args, **kwargs):
    """Clone; the id of the commit as the text that the plugins take it for (Python 2's bytes)."""
    return _clone(*args, **kwargs).decode()


_clone, atomic_reactor.util.clone_git_repo = atomic_reactor.util.clone_git_repo, clone_git_repo


def main():
    """Run one build, as ``atomic-reactor inside-build --input osv3`` does."""
    watch_parent()
    mount()
    atomic_reactor.set_logging(level=logging.INFO)
    atomic_reactor.build.DockerTasker = NoEngine
    build = InputPluginsRunner([{"name": "osv3", "args": {}}]).run()["osv3"]
    for phase in PHASES:
        wanted = build.get(phase + "_plugins") or []
        build[phase + "_plugins"] = [each for each in wanted if each["name"] in RUN]
        for each in wanted:
            if each["name"] not in RUN:
                logger.info("not run here: %s", each["name"])
    build["buildstep_plugins"] = build["buildstep_plugins"] or [{"name": "pretended_build"}]
    workflow = DockerBuildWorkflow(plugin_files=[PRETENDED_BUILD], **build)
    result = workflow.build_docker_image()
    logger.info("result: %s", json.dumps(result.annotations, sort_keys=True))
    return 1 if result.is_failed() else 0


if __name__ == "__main__":
    sys.exit(main())
