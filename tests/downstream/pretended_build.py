"""A build step for atomic-reactor that needs no container engine."""

import time

from atomic_reactor.build import BuildResult
from atomic_reactor.plugin import BuildStepPlugin


class PretendedBuildPlugin(BuildStepPlugin):
    """Name an image that is not there."""

    key = "pretended_build"

    def run(self):
        """Return the result of a build."""
        self.log.info("pretending to build")
        with open(self.workflow.builder.df_path) as dockerfile:
            if "RUN sleep" in dockerfile.read():
                time.sleep(3600)
        return BuildResult(image_id="sha256:built")
