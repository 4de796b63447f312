"""Build requests of arrangements 1 to 5 and all-in-one builds.

The client renders the plugins itself; they travel in the BuildConfig's environment. Rules of the
plugins are in ``rules_v1``, the BuildConfig around them in ``buildconfig``.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json  # noqa: F401 - existing code expects this global
import logging
import os  # noqa: F401 - existing code expects this global
import re  # noqa: F401 - existing code expects this global
from collections import OrderedDict

import six
from six.moves import zip_longest

from osbs import __version__ as client_version
from osbs._typing import Any, Dict  # noqa: F401
from osbs.build import _templates
from osbs.build._buildconfig import BuildConfigRenderer, secret_path
from osbs.build._lazy import LazyModule
from osbs.build.manipulate import DockJsonManipulator
from osbs.build._plugins import BUILDSTEP, EXIT, PHASES, POSTBUILD, customize, load_customize_conf
from osbs.build._rules import (
    REBUILD_PLUGINS,
    Values,
    apply_rules,
    drop_unwanted,
    has_tag_placeholder,
    is_custom_base_image,
)
from osbs.build._rules_v1 import PULP_SECRET_REQUIRED, RULES, SECRETS
from osbs.build.spec import BuildSpec
from osbs.constants import DEFAULT_CUSTOMIZE_CONF, DEFAULT_INNER_TEMPLATE, DEFAULT_OUTER_TEMPLATE
from osbs.exceptions import OsbsValidationException
from osbs.utils import (
    Labels,
    git_repo_humanish_part_from_uri,  # noqa: F401 - existing code expects this global
    parse_version,
    sanitize_version,
)

yaml = LazyModule("yaml")

logger = logging.getLogger(__name__)

_REGISTRY_PLACEHOLDER = "{{REGISTRY_URI}}"
# What the server has to be at least when the configuration does not say.
_DEFAULT_REQUIRED_VERSION = "1.0.6"

# What gets the image into Pulp from a v2 registry, and cleans up there.
_PULP_SYNC_PLUGINS = {POSTBUILD: "pulp_sync", EXIT: "delete_from_registry"}


def _registry_entry(placeholder, secret, **others):
    entry = dict(placeholder, **others)
    if secret:
        entry["secret"] = secret_path(secret)
    return entry


class BuildRequest(BuildConfigRenderer):
    """Make a BuildConfig from templates and parameters.

    Rendering changes the parsed templates in place; rendering the same object again gives the same
    JSON. ``BuildRequestV2`` shares what does not concern plugins; callers who replace methods of
    this class expect that it obeys.
    """

    build_json = None  # type: dict
    platform_descriptors = None  # type: dict
    _openshift_required_version = None
    _repo_info = None

    def __init__(
        self, build_json_store, inner_template=None, outer_template=None, customize_conf=None
    ):
        # type: (str, str, str, str) -> None
        """
        :param build_json_store: str, path of the directory of templates; not read yet
        :param inner_template: str, file name of the template of the plugins
        :param outer_template: str, file name of the template of the BuildConfig
        :param customize_conf: str, file name of the site's customisations
        """
        self.spec = BuildSpec()
        self.build_json_store = build_json_store
        self._inner_template_path = inner_template or DEFAULT_INNER_TEMPLATE
        self._outer_template_path = outer_template or DEFAULT_OUTER_TEMPLATE
        self._customize_conf_path = customize_conf or DEFAULT_CUSTOMIZE_CONF
        # Registry placeholders by plugin, as a second rendering does not find them.
        self._placeholders = {}  # type: dict
        # Rendering again finds tags where the placeholder stood.
        self._fills_in_tags = False

    @_templates.read_once
    def template(self):
        # type: () -> dict
        """Return the BuildConfig that is being rendered.

        :raises OsbsException: when the template cannot be opened
        """
        return _templates.load_or_fail(self.build_json_store, self._outer_template_path)

    @_templates.read_once
    def inner_template(self):
        # type: () -> dict
        """Return the plugins by phase.

        :raises IOError: when the template cannot be opened; ``filename`` names it
        """
        return _templates.load(self.build_json_store, self._inner_template_path)

    @_templates.read_once
    def customize_conf(self):
        # type: () -> dict
        """Return the site's customisations, ``{}`` where there is no such file.

        :raises OsbsValidationException: when the file has the wrong shape
        """
        return load_customize_conf(self.build_json_store, self._customize_conf_path)

    @_templates.read_once
    def dj(self):
        # type: () -> DockJsonManipulator
        """Return what changes the plugins."""
        return DockJsonManipulator(self.template, self.inner_template)

    @property
    def build_id(self):
        # type: () -> str
        """Return the name in the rendered JSON."""
        return self.build_json["metadata"]["name"]

    @property
    def trigger_imagestreamtag(self):
        # type: () -> str
        """Return the image stream tag whose change starts a build."""
        return self.spec.trigger_imagestreamtag.value

    def set_params(self, **kwargs):
        # type: (Any) -> None
        """Store and check the parameters, see ``BuildSpec.set_params``.

        In addition: ``scratch``, ``is_auto``, ``isolated`` (bool), ``platform_descriptors`` and
        the node selectors (dict), ``osbs_api`` (OSBS).

        :raises OsbsValidationException: naming what is missing or contradicts something
        """
        self._set_variation(kwargs)
        self.platform_descriptors = kwargs.get("platform_descriptors") or {}
        self.spec.set_params(**kwargs)

    def set_openshift_required_version(self, openshift_required_version):
        # type: (object) -> None
        """Remember which version the server has to be at least; None leaves what was set before.

        :param openshift_required_version: packaging.version.Version
        """
        if openshift_required_version is not None:
            self._openshift_required_version = openshift_required_version

    def set_repo_info(self, repo_info):
        """Remember what the repository says about the build.

        :param repo_info: RepoInfo
        """
        self._repo_info = repo_info

    def _rule_values(self):
        tags = getattr(self._repo_info, "additional_tags", None)
        required = self._openshift_required_version or parse_version(_DEFAULT_REQUIRED_VERSION)
        return Values(
            self.spec,
            scratch=self.scratch,
            isolated=self.isolated,
            base_image=self.base_image,
            platform_descriptors=self.platform_descriptors or {},
            additional_tags=tags,
            tags_from_yaml=tags.from_container_yaml if tags else False,
            fills_in_tags=self._fills_in_tags,
            openshift_required_version=sanitize_version(required),
        )

    def is_custom_base_image(self):
        # type: () -> bool
        """Tell whether Koji builds the base image itself, from packages."""
        return is_custom_base_image(self.base_image)

    def adjust_for_repo_info(self):
        # type: () -> None
        """Remove the triggers unless the repository wants automatic rebuilds.

        :raises RuntimeError: when it does, and sets the release itself
        """
        if not self._repo_info:
            logger.warning("repo info not set")
            return
        if not self._repo_info.configuration.is_autorebuild_enabled():
            logger.info("autorebuild is disabled in repo configuration, removing triggers")
            self.drop_triggers()
            return
        parser = self._repo_info.dockerfile_parser
        labels = Labels(parser.labels if parser is not None else {})
        try:
            labels.get_name_and_value(Labels.LABEL_TYPE_RELEASE)
        except KeyError:
            logger.info("automatic rebuilds: no release label, as it has to be")
            return
        raise RuntimeError(
            'when autorebuild is enabled in repo configuration, "release" label'
            " must not be set in Dockerfile"
        )

    def adjust_for_scratch(self):
        # type: () -> None
        """Label a scratch build and remove its triggers."""
        if self.scratch:
            self.drop_triggers()
            self.set_label("scratch", "true")

    def _adjust_for_kind_of_build(self, release):
        if self._triggers() and self.is_custom_base_image():
            self.drop_triggers()
        self.adjust_for_repo_info()
        self.adjust_for_scratch()
        self.adjust_for_isolated(release)

    def _drop_for_kind_of_build(self, values):
        plugins = self.dj.plugins
        drop_unwanted(values, plugins)
        if self.scratch and plugins.has(POSTBUILD, "tag_by_labels"):
            plugins.set_arg(POSTBUILD, "tag_by_labels", "unique_tag_only", True)
        if not self._triggers():
            plugins.drop(REBUILD_PLUGINS, "there are no triggers")

    def set_secret_for_plugin(self, secret, plugin=None, mount_path=None):
        # type: (str, tuple, str) -> None
        """Mount a secret and tell a plugin where.

        :param secret: str, name of the secret
        :param plugin: tuple of phase, name and argument (or None), or None
        :param mount_path: str, directory in the pod; None: the one of that name among the secrets
        """
        if "secrets" not in self._strategy() or not secret:
            return
        if plugin is not None and not self.dj.plugins.has(*plugin[:2]):
            logger.debug("not mounting secret for %s: no such plugin", plugin[1])
            return
        path = mount_path or secret_path(secret)
        self.mount_secret(secret, path)
        if plugin is not None and plugin[2] is not None:
            self.dj.dock_json_set_arg(plugin[0], plugin[1], plugin[2], path)

    def set_secrets(self, secrets):
        # type: (dict) -> None
        """Mount secrets and tell plugins where; without any, the BuildConfig mounts none at all.

        :param secrets: dict, tuple of phase, name and argument -> str, list of str or None
        :raises ValueError: when a key is not such a tuple
        """
        for plugin, secret in secrets.items():
            if not isinstance(plugin, tuple) or len(plugin) != 3:
                raise ValueError("got %r, expected a tuple of phase, name and argument" % (plugin,))
            for name in [secret] if isinstance(secret, six.string_types) else secret or ():
                self.set_secret_for_plugin(name, plugin=plugin)
        if all(secret is None for secret in secrets.values()):
            self._strategy().pop("secrets", None)

    def set_reactor_config(self, reactor_config_map=None, reactor_config_override=None):
        # type: (str, dict) -> None
        """Put atomic-reactor's configuration into the environment of the build.

        :param reactor_config_map: str, name of a ConfigMap with key ``config.yaml``
        :param reactor_config_override: dict, used instead
        :raises OsbsValidationException: when the override cannot be written as YAML
        """
        if reactor_config_override:
            try:
                text = yaml.safe_dump(reactor_config_override, default_flow_style=False)
            except (yaml.YAMLError, RuntimeError) as ex:
                raise OsbsValidationException(
                    "reactor_config_override: cannot be written as YAML (%s)" % type(ex).__name__
                )
            self.set_variable({"name": "REACTOR_CONFIG", "value": text})
        elif reactor_config_map:
            source = {"name": reactor_config_map, "key": "config.yaml"}
            self.set_variable({"name": "REACTOR_CONFIG", "valueFrom": {"configMapKeyRef": source}})

    def _render_reactor_config(self, params):
        config_map = params.reactor_config_map.value
        override = params.reactor_config_override.value
        platforms = params.platforms.value
        self.render_node_selectors(platforms)
        self.set_reactor_config(config_map, override)
        self.set_required_secrets(config_map, override, platforms=platforms)

    def _registries(self):
        # Secrets belong to registries by position; there may be fewer, surplus ones are ignored.
        pairs = zip_longest(self.spec.registry_uris.value, self.spec.registry_secrets.value or [])
        return [(registry, secret) for registry, secret in pairs if registry and registry.uri]

    def _plugin_registries(self, phase, name):
        # And what the template says of each registry that is to be filled in.
        plugin = self.dj.plugins.first(phase, name)
        if plugin is None:
            return {}, None
        args = plugin["args"] = plugin.get("args") or {}
        registries = args["registries"] = args.get("registries") or {}
        if _REGISTRY_PLACEHOLDER in registries:
            self._placeholders[phase, name] = registries.pop(_REGISTRY_PLACEHOLDER)
        return registries, self._placeholders.get((phase, name))

    def _fill_in_registries(self, phase, name):
        registries, placeholder = self._plugin_registries(phase, name)
        for registry, secret in self._registries() if placeholder is not None else ():
            entry = _registry_entry(placeholder, secret, version=registry.version)
            registries[registry.docker_uri] = entry
        return registries

    def _render_registries(self):
        versions = self.spec.registry_api_versions.value
        if "v1" not in versions:
            self.dj.plugins.drop({POSTBUILD: "pulp_push"}, "no v1 registry")
        if "v2" not in versions:
            self.dj.plugins.drop(_PULP_SYNC_PLUGINS, "no v2 registry")
        self._fill_in_registries(POSTBUILD, "group_manifests")
        registries = self._fill_in_registries(POSTBUILD, "tag_and_push")
        for name, settings in list(registries.items()):
            version = settings.pop("version", None)
            if version in ("v1", "v2") and version not in versions:
                del registries[name]

    def _render_pulp_sync(self):
        phase, name = POSTBUILD, "pulp_sync"
        if not self.dj.plugins.has(phase, name):
            return
        registries = [pair for pair in self._registries() if pair[0].version == "v2"]
        if not self.spec.pulp_registry.value or not registries:
            self.dj.plugins.drop(_PULP_SYNC_PLUGINS, "no pulp registry or no v2 registry")
            return
        registry, secret = registries[0]
        self.dj.plugins.set_arg(phase, name, "pulp_registry_name", self.spec.pulp_registry.value)
        self.dj.plugins.set_arg(phase, name, "docker_registry", registry.uri)
        self.set_secret_for_plugin(secret, plugin=(phase, name, "registry_secret_path"))
        if self.spec.pulp_secret.value is None:
            raise OsbsValidationException(PULP_SECRET_REQUIRED)
        self._render_delete_from_registry(registry, secret)

    def _render_delete_from_registry(self, registry, secret):
        place = (EXIT, "delete_from_registry")
        source = self.spec.source_registry_uri.value
        if source is not None and source.docker_uri == registry.docker_uri:
            self.dj.plugins.remove(*place, reason="base images come from the same registry")
        elif self.dj.plugins.has(*place):
            registries, placeholder = self._plugin_registries(*place)
            # With the scheme, unlike where the image is pushed to.
            registries[registry.uri] = _registry_entry(placeholder or {}, secret)

    def _output(self):
        registries = self.spec.registry_uris.value
        # Pulp pulls the image by its tag alone.
        if registries and not self.spec.pulp_secret.value:
            return "%s/%s" % (registries[0].docker_uri, self.spec.image_tag.value)
        return self.spec.image_tag.value

    def _render_secrets(self):
        secrets = OrderedDict()  # type: OrderedDict
        for secret, phase, names, arg in SECRETS:
            for name in names.split():
                secrets[phase, name, arg] = getattr(self.spec, secret).value
        self.set_secrets(secrets)
        for secret, path in (self.spec.token_secrets.value or {}).items():
            self.set_secret_for_plugin(secret, mount_path=path)

    def render(self, api=None, validate=True):
        # type: (object, bool) -> Dict[str, Any]
        """Return the BuildConfig, the changed template; ``build_json`` is the same object.

        :param api: not used
        :param validate: bool, whether to check that everything that is required is there
        :raises OsbsValidationException: when a parameter is missing or cannot be used
        :raises RuntimeError: when the repository contradicts itself
        """
        if validate:
            self.spec.validate()
        plugins = self.dj.plugins
        customize(plugins, self.customize_conf, logger)
        for phase in PHASES:
            # Only that of the build step may be absent from a template.
            if phase != BUILDSTEP and phase not in plugins.phases:
                raise KeyError(phase)
        self.render_common(self.spec, self._output())
        self.template["spec"]["source"].pop("sourceSecret", None)
        self._fills_in_tags = self._fills_in_tags or has_tag_placeholder(plugins)
        values = self._rule_values()
        self._render_registries()
        self._adjust_for_kind_of_build(self.spec.release)
        self._drop_for_kind_of_build(values)
        self._render_secrets()
        apply_rules(RULES, values, plugins)
        self._render_pulp_sync()
        self.dj.dock_json_set_param("client_version", client_version)
        self._render_reactor_config(self.spec)
        self.dj.write_dock_json()
        self.build_json = self.template
        return self.build_json
