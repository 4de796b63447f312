"""The inputs of a build pod, and the results that plugins pass to one another."""

import json
import logging
import os

import yaml

from osbs import utils
from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.sandbox.reactor import variables

logger = logging.getLogger("atomic_reactor.inner")

#: directory of secrets in a cluster; the sandbox maps it to a directory of the pod
SECRETS_ROOT = "/var/run/secrets/"


class ReactorError(Exception):
    """The build fails; the text says why."""


class BuildContext:
    """
    The inputs of one build and the results of its plugins.

    :param environ: dict of str, environment of a custom build as OpenShift makes it, with the
                    variables of :mod:`osbs.sandbox.reactor.variables`
    :raises ReactorError: when an input is missing or malformed
    """

    def __init__(self, environ):
        self.environ = environ
        self.build = _json_object(environ, "BUILD")
        metadata = self.build.get("metadata") or {}
        self.build_id = metadata.get("name")
        self.namespace = metadata.get("namespace")
        if not self.build_id or not self.namespace:
            raise ReactorError("variable BUILD has no metadata.name or metadata.namespace")
        self.user_params = {}
        if environ.get("USER_PARAMS"):
            self.user_params = _json_object(environ, "USER_PARAMS")
        self.reactor_config = _reactor_config(environ.get("REACTOR_CONFIG"), "REACTOR_CONFIG")
        #: plugin name -> what it returned
        self.results = {}
        #: plugin name -> error text, maybe empty
        self.errors = {}
        #: workers.Orchestration while and after it runs
        self.orchestration = None
        self._osbs = None
        self._repo_info = None

    @property
    def osbs(self):
        """The pod's session with its own cluster (``get_openshift_session`` of atomic-reactor)."""
        if self._osbs is None:
            conf = self.configuration(
                conf_file=None,
                openshift_url=self.environ.get(variables.URL),
                namespace=self.namespace,
                use_auth=True,
                verify_ssl=bool(self.ca_file),
                ca_bundle=self.ca_file,
                openshift_api="auto",
                build_json_dir=self._build_json_dir(),
            )
            self._osbs = OSBS(conf, conf)
        return self._osbs

    def _build_json_dir(self):
        # The client's directory may not exist in the pod's image; then the library uses its own.
        directory = self.user_params.get("build_json_dir")
        return directory if directory and os.path.isdir(directory) else None

    @property
    def ca_file(self):
        """Path of the cluster's CA certificate, or None without TLS."""
        return self.environ.get(variables.CA_FILE) or None

    def configuration(self, **settings):
        """Return a Configuration that uses the token of the pod's service account."""
        settings.setdefault("token_file", self.environ.get(variables.TOKEN_FILE))
        return Configuration(**settings)

    def secret_path(self, path):
        """
        Return the path of a mounted secret on this machine.

        :param path: str, path below /var/run/secrets in a cluster
        :return: str
        """
        if path.startswith(SECRETS_ROOT):
            return os.path.join(self.environ.get(variables.SECRETS_DIR, ""), path.lstrip("/"))
        return path

    def read_reactor_config(self, directory):
        """
        Read the reactor config from a mounted secret.

        :param directory: str, path of the mount in a cluster
        :raises ReactorError: when it is missing or not a YAML mapping
        """
        path = os.path.join(self.secret_path(directory), "config.yaml")
        try:
            with open(path, encoding="utf-8") as stream:
                self.reactor_config = _reactor_config(stream.read(), path)
        except (OSError, UnicodeDecodeError) as exc:
            raise ReactorError("cannot read the reactor config: {}".format(exc))

    def plugins(self):
        """
        Return the plugins to run, phase -> list of dicts.

        From USER_PARAMS with the library (arrangement 6), or as the client rendered them (before).
        """
        if self.user_params:
            text = self.osbs.render_plugins_configuration(self.environ["USER_PARAMS"])
            return json.loads(text)
        if self.environ.get("ATOMIC_REACTOR_PLUGINS"):
            return _json_object(self.environ, "ATOMIC_REACTOR_PLUGINS")
        raise ReactorError("neither USER_PARAMS nor ATOMIC_REACTOR_PLUGINS is set")

    @property
    def repo_info(self):
        """The RepoInfo of the source repository, which is cloned at first use."""
        if self._repo_info is None:
            uri = self.environ.get("SOURCE_URI") or self.user_params.get("git_uri")
            ref = self.environ.get("SOURCE_REF") or self.user_params.get("git_ref")
            branch = self.user_params.get("git_branch")
            self._repo_info = utils.get_repo_info(uri, ref, git_branch=branch)
        return self._repo_info

    def label(self, label_type, default):
        """
        Return a label of the Dockerfile.

        :param label_type: one of the LABEL_TYPE markers of osbs.utils.Labels
        :param default: str, for a repository without Dockerfile or label
        """
        parser = self.repo_info.dockerfile_parser
        try:
            return utils.Labels(parser.labels if parser else {}).get_name_and_value(label_type)[1]
        except KeyError:
            return default

    @property
    def image_name(self):
        """Name of the image without registry and tag."""
        return self.label(
            utils.Labels.LABEL_TYPE_NAME, self.user_params.get("component") or "image"
        )

    @property
    def registry(self):
        """Host of the registry for the image."""
        for registry in self.reactor_config.get("registries") or []:
            return utils.RegistryURI(registry["url"]).docker_uri
        return self.environ.get("OUTPUT_REGISTRY") or "registry.sandbox.invalid"

    def sandbox_setting(self, key, default):
        """Return a setting from ``sandbox`` in the reactor config, which only the sandbox reads."""
        settings = self.reactor_config.get("sandbox")
        return settings.get(key, default) if isinstance(settings, dict) else default


def _json_object(environ, variable):
    try:
        value = json.loads(environ.get(variable) or "")
    except ValueError as exc:
        raise ReactorError("variable {} is not JSON: {}".format(variable, exc))
    if not isinstance(value, dict):
        raise ReactorError("variable {} is not a JSON object".format(variable))
    return value


def _reactor_config(text, source):
    try:
        config = yaml.safe_load(text or "") or {}
    except yaml.YAMLError as exc:
        problem = getattr(exc, "problem", None) or type(exc).__name__
        raise ReactorError("{} is not YAML: {}".format(source, problem))
    if not isinstance(config, dict):
        raise ReactorError("{} is not a YAML mapping".format(source))
    return config
