"""Build requests of arrangements 1 to 5 and all-in-one builds (build-request-v1.md, section 3).

The client renders the plugins itself; they travel in the BuildConfig's environment. Rules of the
plugins are in ``rules_v1``, the BuildConfig around them in ``buildconfig``.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json  # noqa: F401 - existing code expects this global
import logging
import os
import re  # noqa: F401 - existing code expects this global
from collections import OrderedDict

import six
from six.moves import zip_longest

from osbs import __version__ as client_version
from osbs.build import templates
from osbs.build.buildconfig import BuildConfigRenderer
from osbs.build.lazy import LazyModule
from osbs.build.manipulate import DockJsonManipulator
from osbs.build.plugins import BUILDSTEP, EXIT, POSTBUILD, PluginsDocument, load_customize_conf
from osbs.build.rules import (
    REBUILD_PLUGINS,
    PluginRenderer,
    Values,
    is_custom_base_image,
    step,
)
from osbs.build.rules_v1 import KERBEROS_PLUGINS, PULP_SECRET_REQUIRED, RULES, SECRETS, goarch
from osbs.build.spec import BuildSpec
from osbs.constants import (
    DEFAULT_CUSTOMIZE_CONF,
    DEFAULT_INNER_TEMPLATE,
    DEFAULT_OUTER_TEMPLATE,
    SECRETS_PATH,
)
from osbs.exceptions import OsbsException, OsbsValidationException
from osbs.utils import Labels, git_repo_humanish_part_from_uri, parse_version, sanitize_version

yaml = LazyModule("yaml")

logger = logging.getLogger(__name__)

_REGISTRY_PLACEHOLDER = "{{REGISTRY_URI}}"
# What the server has to be at least when the configuration does not say.
_DEFAULT_REQUIRED_VERSION = "1.0.6"

# Rules that are applied last, in this order; the value says whether they get ``use_auth``.
_LAST_STEPS = (
    ("reactor_config", False),
    ("orchestrate_build", True),
    ("resolve_module_compose", False),
    ("resolve_composes", False),
    ("flatpak_create_dockerfile", False),
    ("squash", False),
    ("flatpak_create_oci", False),
    ("add_filesystem", False),
    ("add_labels_in_dockerfile", False),
    ("koji", False),
    ("bump_release", False),
    ("koji_parent", False),
    ("import_image", True),
    ("pulp_pull", False),
    ("pulp_push", False),
    ("pulp_sync", False),
    ("pulp_tag", False),
    ("pulp_publish", False),
    ("group_manifests", False),
    ("koji_promote", True),
    ("koji_upload", True),
    ("koji_import", True),
    ("koji_tag_build", False),
    ("sendmail", False),
    ("fetch_maven_artifacts", False),
    ("tag_from_config", False),
    ("inject_parent_image", False),
    ("version", False),
)


def _secret_path(secret):
    return os.path.join(SECRETS_PATH, secret)


class BuildRequest(BuildConfigRenderer, PluginRenderer):
    """Make a BuildConfig from templates and parameters.

    Rendering changes the parsed templates in place; rendering the same object again gives the same
    JSON (decision D36).
    """

    rules = RULES
    log = logger

    build_json = None  # type: dict
    platform_descriptors = None  # type: dict
    _openshift_required_version = None
    _repo_info = None
    # Read when they are asked for.
    _template = None  # type: dict
    _inner_template = None  # type: dict
    _customize_conf = None  # type: dict
    _dj = None  # type: DockJsonManipulator

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
        self.spec = self._new_spec()
        self.build_json_store = build_json_store
        self._inner_template_path = inner_template or DEFAULT_INNER_TEMPLATE
        self._outer_template_path = outer_template or DEFAULT_OUTER_TEMPLATE
        self._customize_conf_path = customize_conf or DEFAULT_CUSTOMIZE_CONF
        # Registry placeholders by plugin, as a second rendering does not find them.
        self._placeholders = {}  # type: dict

    def _new_spec(self):
        return BuildSpec()

    @property
    def template(self):
        # type: () -> dict
        """Return the BuildConfig that is being rendered.

        :raises OsbsException: when the template cannot be opened
        """
        if self._template is None:
            path = os.path.join(self.build_json_store, self._outer_template_path)
            logger.debug("loading template from path %s", path)
            try:
                self._template = templates.load(path)
            except (IOError, OSError) as ex:
                raise OsbsException("Can't open template '%s': %s" % (path, repr(ex)), cause=ex)
        return self._template

    @property
    def inner_template(self):
        # type: () -> dict
        """Return the plugins by phase.

        :raises IOError: when the template cannot be opened; ``filename`` names it
        """
        if self._inner_template is None:
            path = os.path.join(self.build_json_store, self._inner_template_path)
            logger.debug("loading inner template from path %s", path)
            self._inner_template = templates.load(path)
        return self._inner_template

    @property
    def customize_conf(self):
        # type: () -> dict
        """Return the site's customisations, ``{}`` where there is no such file.

        :raises OsbsValidationException: when the file has the wrong shape (decision D35)
        """
        if self._customize_conf is None:
            self._customize_conf = load_customize_conf(
                os.path.join(self.build_json_store, self._customize_conf_path)
            )
        return self._customize_conf

    @property
    def dj(self):
        # type: () -> DockJsonManipulator
        """Return what changes the plugins."""
        if self._dj is None:
            self._dj = DockJsonManipulator(self.template, self.inner_template)
        return self._dj

    @property
    def plugins(self):
        # type: () -> PluginsDocument
        """Return the plugins that are being rendered."""
        return PluginsDocument(self.dj.dock_json)

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
        """Store and check the parameters, see ``BuildSpec.set_params``.

        In addition: ``scratch``, ``is_auto``, ``isolated`` (bool), ``platform_descriptors`` and
        the node selectors (dict), ``osbs_api`` (OSBS).

        :raises OsbsValidationException: naming what is missing or contradicts something
        """
        self.scratch = kwargs.pop("scratch", False)
        self.is_auto = kwargs.pop("is_auto", False)
        self.isolated = kwargs.pop("isolated", False)
        self.validate_build_variation()
        self._set_variation(kwargs)
        self.platform_descriptors = kwargs.get("platform_descriptors") or {}
        self.osbs_api = kwargs.pop("osbs_api", None)
        logger.debug("setting params of %s: %s", type(self).__name__, ", ".join(sorted(kwargs)))
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

    def rule_values(self, **others):
        # type: (object) -> Values
        """Return what the rules read."""
        tags = getattr(self._repo_info, "additional_tags", None)
        return Values(
            self.spec,
            scratch=self.scratch,
            isolated=self.isolated,
            platform_descriptors=self.platform_descriptors or {},
            additional_tags=tags,
            tags_from_yaml=tags.from_container_yaml if tags else False,
            **others
        )

    def drop_plugin(self, phase, name, reason):
        # type: (str, str, str) -> None
        """Remove a plugin, if there is one.

        :raises KeyError: when there is no such phase; only the build step's may be absent
        """
        if phase == BUILDSTEP and not self.plugins.has(phase, name):
            return
        if self.dj.remove_plugin(phase, name):
            logger.info("Removing %s:%s, %s", phase, name, reason)

    def disable(self, phase, name):
        # type: (str, str) -> None
        """Remove a plugin that the site does not want.

        :raises KeyError: when there is no such phase
        """
        self.dj.remove_plugin(phase, name)

    def enable(self, phase, name, args):
        # type: (str, str, dict) -> None
        """Add a plugin that the site wants.

        :raises KeyError: when there is no such phase
        """
        self.dj.add_plugin(phase, name, args)

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
        else:
            raise RuntimeError(
                'when autorebuild is enabled in repo configuration, "release" label'
                " must not be set in Dockerfile"
            )

    def adjust_for_scratch(self):
        # type: () -> None
        """Remove what a scratch build does not do, and label it."""
        if not self.scratch:
            return
        self.drop_triggers()
        self.drop_scratch_plugins()
        if self.plugins.has(POSTBUILD, "tag_by_labels"):
            self.dj.dock_json_set_arg(POSTBUILD, "tag_by_labels", "unique_tag_only", True)
        self.set_label("scratch", "true")

    def adjust_for_triggers(self):
        # type: () -> None
        """Remove plugins of automatic rebuilds where there are none."""
        if self._triggers() and self.is_custom_base_image():
            self.drop_triggers()
        if not self._triggers():
            self.drop_plugins(REBUILD_PLUGINS, "there are no triggers")

    def adjust_for_custom_base_image(self):
        # type: () -> None
        """Remove what does not fit the kind of base image."""
        self.drop_base_image_plugins()

    def adjust_for_registry_api_versions(self):
        # type: () -> None
        """Remove what is for API versions that the registries need not support."""
        versions = self.spec.registry_api_versions.value
        registries = {}  # type: dict
        if self.plugins.has(POSTBUILD, "tag_and_push"):
            args = self.plugins.find(POSTBUILD, "tag_and_push").get("args") or {}
            registries = args.get("registries") or {}
        if "v1" not in versions:
            self.drop_plugin(POSTBUILD, "pulp_push", "no v1 registry")
            self.remove_tag_and_push_registries(registries, "v1")
        if "v2" not in versions:
            self.drop_plugin(POSTBUILD, "pulp_sync", "no v2 registry")
            self.drop_plugin(EXIT, "delete_from_registry", "no v2 registry")
            self.remove_tag_and_push_registries(registries, "v2")
        for registry in registries.values():
            registry.pop("version", None)

    @staticmethod
    def remove_tag_and_push_registries(tag_and_push_registries, version):
        # type: (dict, str) -> None
        """Remove the registries of one API version, in place.

        :param tag_and_push_registries: dict, registry -> its settings
        :param version: str, ``v1`` or ``v2``
        """
        for name, settings in list(tag_and_push_registries.items()):
            if settings.get("version") == version:
                del tag_and_push_registries[name]

    def set_secret_for_plugin(self, secret, plugin=None, mount_path=None):
        # type: (str, tuple, str) -> None
        """Mount a secret and tell a plugin where.

        :param secret: str, name of the secret
        :param plugin: tuple of phase, name and argument (or None), or None
        :param mount_path: str, directory in the pod; None: the one of that name among the secrets
        """
        if "secrets" not in self._strategy() or not secret:
            return
        if plugin is not None and not self.plugins.has(*plugin[:2]):
            logger.debug("not mounting secret for %s: no such plugin", plugin[1])
            return
        path = mount_path or _secret_path(secret)
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

    def set_kerberos_auth(self, plugins):
        # type: (tuple) -> None
        """Tell plugins how to log in to Koji with Kerberos, where that is configured.

        :param plugins: pairs of phase and name
        """
        principal = self.spec.koji_kerberos_principal.value
        keytab = self.spec.koji_kerberos_keytab.value
        if not (self.spec.koji_use_kerberos.value and principal and keytab):
            return
        for phase, name in plugins:
            if self.plugins.has(phase, name):
                self.dj.dock_json_set_arg(phase, name, "koji_principal", principal)
                self.dj.dock_json_set_arg(phase, name, "koji_keytab", keytab)

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

    render_add_yum_repo_by_url = step("add_yum_repo_by_url")
    render_check_and_set_rebuild = step("check_and_set_rebuild", takes_auth=True)
    render_store_metadata_in_osv3 = step("store_metadata_in_osv3", takes_auth=True)
    render_distgit_fetch_artefacts = step("distgit_fetch_artefacts")
    render_pull_base_image = step("pull_base_image")
    render_reactor_config = step("reactor_config")
    render_resolve_module_compose = step("resolve_module_compose")
    render_resolve_composes = step("resolve_composes")
    render_flatpak_create_dockerfile = step("flatpak_create_dockerfile")
    render_squash = step("squash")
    render_flatpak_create_oci = step("flatpak_create_oci")
    render_add_filesystem = step("add_filesystem")
    render_add_labels_in_dockerfile = step("add_labels_in_dockerfile")
    render_koji = step("koji")
    render_bump_release = step("bump_release")
    render_koji_parent = step("koji_parent")
    render_pulp_pull = step("pulp_pull")
    render_pulp_push = step("pulp_push")
    render_pulp_tag = step("pulp_tag")
    render_pulp_publish = step("pulp_publish")
    render_koji_promote = step("koji_promote", takes_auth=True)
    render_koji_upload = step("koji_upload", takes_auth=True)
    render_koji_import = step("koji_import", takes_auth=True)
    render_koji_tag_build = step("koji_tag_build")
    render_sendmail = step("sendmail")
    render_fetch_maven_artifacts = step("fetch_maven_artifacts")
    render_inject_parent_image = step("inject_parent_image")

    def render_import_image(self, use_auth=None):
        # type: (bool) -> None
        """Apply the rules of step ``import_image``.

        :param use_auth: not used: the parameter of that name counts
        """
        self.apply_rules("import_image")

    def render_orchestrate_build(self, use_auth=None):
        # type: (bool) -> None
        """Apply the rules of step ``orchestrate_build``."""
        required = self._openshift_required_version or parse_version(_DEFAULT_REQUIRED_VERSION)
        self.apply_rules(
            "orchestrate_build",
            use_auth=use_auth,
            openshift_required_version=sanitize_version(required),
        )

    def render_version(self):
        # type: () -> None
        """Write the version of this library."""
        self.dj.dock_json_set_param("client_version", client_version)

    def _registries(self):
        # Secrets belong to registries by position; there may be fewer, surplus ones are ignored.
        pairs = zip_longest(self.spec.registry_uris.value, self.spec.registry_secrets.value or [])
        return [(registry, secret) for registry, secret in pairs if registry is not None]

    def _plugin_registries(self, phase, name):
        plugin = self.plugins.find(phase, name)
        if plugin.get("args") is None:
            plugin["args"] = {}
        if plugin["args"].get("registries") is None:
            plugin["args"]["registries"] = {}
        return plugin["args"]["registries"]

    def _take_placeholder(self, phase, name):
        registries = self._plugin_registries(phase, name)
        if _REGISTRY_PLACEHOLDER in registries:
            self._placeholders[phase, name] = registries.pop(_REGISTRY_PLACEHOLDER)
        return self._placeholders.get((phase, name))

    def _fill_in_registries(self, phase, name):
        placeholder = self._take_placeholder(phase, name)
        if placeholder is None:
            return
        registries = self._plugin_registries(phase, name)
        for registry, secret in self._registries():
            if not registry.uri:
                continue
            entry = dict(placeholder, version=registry.version)
            if secret:
                entry["secret"] = _secret_path(secret)
            registries[registry.docker_uri] = entry

    def render_tag_and_push_registries(self):
        # type: () -> None
        """Say where the image is pushed to (build-request-v1.md, 3.3)."""
        if self.plugins.has(POSTBUILD, "tag_and_push"):
            self._fill_in_registries(POSTBUILD, "tag_and_push")

    def render_group_manifests(self):
        # type: () -> None
        """Say where manifest lists are pushed to (build-request-v1.md, 3.3)."""
        place = (POSTBUILD, "group_manifests")
        if not self.plugins.has(*place):
            return
        self._fill_in_registries(*place)
        self.plugins.set_arg(place[0], place[1], "group", self.spec.group_manifests.value)
        self.plugins.set_arg(place[0], place[1], "goarch", goarch(self.rule_values()))

    def render_pulp_sync(self):
        # type: () -> None
        """Say from which registry Pulp gets the image, and clean up there after it (3.3).

        :raises OsbsValidationException: when there is no secret for Pulp
        """
        place = (POSTBUILD, "pulp_sync")
        if not self.plugins.has(*place):
            return
        registry, secret = next(
            (pair for pair in self._registries() if pair[0].version == "v2"), (None, None)
        )
        if not self.spec.pulp_registry.value or registry is None or not registry.uri:
            self.drop_plugin(place[0], place[1], "no pulp registry or no v2 registry")
            self.drop_plugin(EXIT, "delete_from_registry", "no pulp registry or no v2 registry")
            return
        self.plugins.set_arg(
            place[0], place[1], "pulp_registry_name", self.spec.pulp_registry.value
        )
        self.plugins.set_arg(place[0], place[1], "docker_registry", registry.uri)
        self.set_secret_for_plugin(secret, plugin=place + ("registry_secret_path",))
        if self.spec.pulp_secret.value is None:
            raise OsbsValidationException(PULP_SECRET_REQUIRED)
        self._render_delete_from_registry(registry, secret)

    def _render_delete_from_registry(self, registry, secret):
        place = (EXIT, "delete_from_registry")
        source = self.spec.source_registry_uri.value
        if source is not None and source.docker_uri == registry.docker_uri:
            self.drop_plugin(place[0], place[1], "base images come from the same registry")
            return
        if not self.plugins.has(*place):
            return
        entry = dict(self._take_placeholder(*place) or {})
        if secret:
            entry["secret"] = _secret_path(secret)
        # With the scheme, unlike where the image is pushed to.
        self._plugin_registries(*place)[registry.uri] = entry

    def _secrets(self):
        secrets = OrderedDict()
        for name, plugins in SECRETS:
            for plugin in plugins:
                secrets[plugin] = getattr(self.spec, name).value
        return secrets

    def _render_output(self):
        registries = self.spec.registry_uris.value
        name = self.spec.image_tag.value
        # Pulp pulls the image by its tag alone.
        if registries and not self.spec.pulp_secret.value:
            name = "%s/%s" % (registries[0].docker_uri, name)
        self.template["spec"]["output"]["to"]["name"] = name

    def _render_buildconfig(self):
        spec = self.spec
        self.render_name(spec.name.value, spec.image_tag.value, spec.platform.value)
        self.render_resource_limits()
        self.render_source(spec.git_uri.value, spec.git_ref.value)
        self._render_output()
        self.render_ist_trigger(spec.trigger_imagestreamtag.value)
        self.template["spec"]["source"].pop("sourceSecret", None)
        self.render_build_image(spec.build_image.value, spec.build_imagestream.value)
        self.set_label("git-repo-name", git_repo_humanish_part_from_uri(spec.git_uri.value))
        self.set_label("git-branch", spec.git_branch.value)
        self.render_koji_task_id(spec.koji_task_id.value)

    def _adjust(self):
        self.adjust_for_repo_info()
        self.adjust_for_scratch()
        self.adjust_for_isolated(self.spec.release)
        self.adjust_for_triggers()
        self.adjust_for_custom_base_image()
        self.adjust_for_registry_api_versions()

    def _render_secrets(self):
        self.set_secrets(self._secrets())
        self.set_kerberos_auth(KERBEROS_PLUGINS)
        for secret, path in (self.spec.token_secrets.value or {}).items():
            self.set_secret_for_plugin(secret, mount_path=path)

    def render(self, api=None, validate=True):
        # type: (object, bool) -> dict
        """Return the BuildConfig, the changed template; ``build_json`` is the same object.

        :param api: not used
        :param validate: bool, whether to check that everything that is required is there
        :raises OsbsValidationException: when a parameter is missing or cannot be used
        :raises RuntimeError: when the repository contradicts itself
        """
        if validate:
            self.spec.validate()
        use_auth = self.spec.use_auth.value
        self.render_customizations()
        self._render_buildconfig()
        self.render_tag_and_push_registries()
        self.render_add_yum_repo_by_url()
        self.render_check_and_set_rebuild(use_auth=use_auth)
        self.render_store_metadata_in_osv3(use_auth=use_auth)
        self.render_distgit_fetch_artefacts()
        self.render_pull_base_image()
        self._adjust()
        self._render_secrets()
        for name, takes_auth in _LAST_STEPS:
            render_step = getattr(self, "render_%s" % name)
            if takes_auth:
                render_step(use_auth=use_auth)
            else:
                render_step()
        config_map = self.spec.reactor_config_map.value
        override = self.spec.reactor_config_override.value
        self.render_node_selectors(self.spec.platforms.value)
        self.set_reactor_config(config_map, override)
        self.set_required_secrets(config_map, override, platforms=self.spec.platforms.value)
        self.dj.write_dock_json()
        self.build_json = self.template
        return self.build_json
