"""What a build pod was given by OpenShift, and what its plugins hand on to one another."""

import json
import logging
import os

import yaml

from osbs import utils
from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.sandbox.reactor import variables

logger = logging.getLogger("atomic_reactor.inner")

#: where pods find secrets in a cluster; in the sandbox this is a directory of the pod's own
SECRETS_ROOT = "/var/run/secrets/"


class ReactorError(Exception):
    """The pod cannot do its work; the text says why."""


class BuildContext:
    """
    Hold the inputs of one build and the results of its plugins.

    :param environ: dict of str, environment of a custom build as OpenShift makes it, with the
                    variables of :mod:`osbs.sandbox.reactor.variables`
    :raises ReactorError: when something is missing or cannot be read
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
        #: plugin name -> text, or None where the plugin failed without words
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
        # The pod's image need not have the client's directory; then the library finds its own.
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
        Find a mounted secret.

        :param path: str, path below /var/run/secrets as it is in a cluster
        :return: str, path on this machine
        """
        if path.startswith(SECRETS_ROOT):
            return os.path.join(self.environ.get(variables.SECRETS_DIR, ""), path.lstrip("/"))
        return path

    def read_reactor_config(self, directory):
        """
        Take the reactor config from a mounted secret.

        :param directory: str, path of the mount in a cluster
        :raises ReactorError: when it is not there or no YAML mapping
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
        """What the source repository says (cloned at first use)."""
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
        """Host of the registry that the image would be pushed to."""
        for registry in self.reactor_config.get("registries") or []:
            return utils.RegistryURI(registry["url"]).docker_uri
        return self.environ.get("OUTPUT_REGISTRY") or "registry.sandbox.invalid"

    def sandbox_setting(self, key, default):
        """Return a setting under the key ``sandbox`` of the reactor config, which only we read."""
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
