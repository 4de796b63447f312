"""What tests use of a sandbox, whether it runs in a thread or in a child process."""

import os

from osbs.sandbox.install import seed


class UnfiredFaults(AssertionError):
    """A requested fault never happened, so the test did not test it."""


class Client:
    """
    Base class: configuration, session, repositories of a sandbox.

    Subclasses have ``directory``, ``config`` (path of the osbs.conf), ``user`` and ``faults`` with
    a method ``unfired``.
    """

    _osbs = None

    def configuration(self, **settings):
        """Return an osbs.conf.Configuration of this sandbox; keywords override the file."""
        from osbs.conf import Configuration

        class SandboxConfiguration(Configuration):
            """Ignores a token that `osbs login` stored: it is for another server."""

            def _get_login_token(self):
                return None

        return SandboxConfiguration(conf_file=self.config, **settings)

    @property
    def osbs(self):
        """An osbs.api.OSBS with user name and password of the sandbox's first user."""
        if self._osbs is None:
            from osbs.api import OSBS

            conf = self.configuration()
            self._osbs = OSBS(conf, conf)
        return self._osbs

    def make_repository(self, name=seed.COMPONENT, files=None, branch=seed.BRANCH):
        """
        Create a git repository to build from.

        :param name: str, last part of its path
        :param files: dict, name -> text; None: a Dockerfile with all labels
        :param branch: str
        :return: str, its URI
        """
        return seed.make_repository(os.path.join(self.directory, name), files, branch)

    def build_arguments(self, repository, branch=seed.BRANCH, **more):
        """Return keywords of OSBS.create_orchestrator_build for all platforms of the sandbox."""
        arguments = {
            "git_uri": repository,
            "git_ref": branch,
            "git_branch": branch,
            "user": self.user,
            "component": seed.COMPONENT,
            "target": "candidate",
            "platforms": list(seed.PLATFORMS),
        }
        arguments.update(more)
        return arguments

    def check_faults(self):
        """
        Raise unless each requested fault has happened.

        :raises UnfiredFaults: with the names of those that have not
        """
        unfired = self.faults.unfired()
        if unfired:
            raise UnfiredFaults(
                "faults that never happened: {}".format(", ".join(map(repr, unfired)))
            )
