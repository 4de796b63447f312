"""Render the plugins of a build inside its pod, for arrangement 6 (plugins-configuration.md)."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import os
import re  # noqa: F401 - existing code expects this global

from osbs.build import templates
from osbs.build.plugins import PluginsDocument, load_customize_conf
from osbs.build.rules import (
    REBUILD_PLUGINS,
    PluginRenderer,
    Values,
    is_custom_base_image,
    step,
)
from osbs.build.rules_v2 import RULES
from osbs.constants import BUILD_TYPE_ORCHESTRATOR  # noqa: F401 - as re
from osbs.exceptions import OsbsException, OsbsValidationException
from osbs.redact import redacted

logger = logging.getLogger(__name__)


class PluginsTemplate(object):
    """The plugins of a template file, and the site's customisations of them."""

    # Read when they are asked for.
    _template = None  # type: dict
    _customize_conf = None  # type: dict

    def __init__(self, build_json_dir, template_path, customize_conf_path):
        # type: (str, str, str) -> None
        """
        :param build_json_dir: str, path of the directory of templates
        :param template_path: str, file name of the template
        :param customize_conf_path: str, file name of the customisations
        """
        self._build_json_dir = build_json_dir
        self._template_path = template_path
        self._customize_conf_path = customize_conf_path

    def _path(self, file_name):
        return os.path.join(self._build_json_dir, file_name)

    @property
    def template(self):
        # type: () -> dict
        """Return the plugins by phase; rendering changes them.

        :raises OsbsException: when the file cannot be opened
        :raises ValueError: when it is not JSON
        """
        if self._template is None:
            path = self._path(self._template_path)
            logger.debug("loading template from path %s", path)
            try:
                self._template = templates.load(path)
            except (IOError, OSError) as ex:
                raise OsbsException("Can't open template '%s': %s" % (path, repr(ex)), cause=ex)
        return self._template

    @property
    def customize_conf(self):
        # type: () -> dict
        """Return the site's customisations, ``{}`` where there is no such file.

        :raises OsbsValidationException: when the file has the wrong shape (decision D35)
        """
        if self._customize_conf is None:
            self._customize_conf = load_customize_conf(self._path(self._customize_conf_path))
        return self._customize_conf

    @property
    def plugins(self):
        # type: () -> PluginsDocument
        """Return a view of the template's plugins."""
        return PluginsDocument(self.template)

    def remove_plugin(self, phase, name, reason=None):
        # type: (str, str, str) -> None
        """Remove the first plugin of that name, if there is one.

        :param reason: str, why, for the log
        :raises KeyError: when there is no such phase
        """
        if self.plugins.remove(phase, name) and reason:
            logger.info("Removing %s:%s, %s", phase, name, reason)

    def add_plugin(self, phase, name, args, reason=None):
        # type: (str, str, dict, str) -> None
        """Give every plugin of that name these arguments, or append one that has them.

        :param reason: str, why, for the log
        :raises KeyError: when there is no such phase
        """
        if self.plugins.add(phase, name, args) and reason:
            logger.info("%s:%s with args %s, %s", phase, name, redacted(args), reason)

    def get_plugin_conf(self, phase, name):
        # type: (str, str) -> dict
        """Return the first plugin of that name, not a copy.

        :raises KeyError: when there is no such phase
        :raises IndexError: when the phase has no such plugin
        """
        return self.plugins.find(phase, name)

    def has_plugin_conf(self, phase, name):
        # type: (str, str) -> bool
        """Tell whether a phase has a plugin of that name."""
        return self.plugins.has(phase, name)

    def _get_plugin_conf_or_fail(self, phase, name):
        return self.plugins.find_or_fail(phase, name)

    def set_plugin_arg(self, phase, name, arg_key, arg_value):
        # type: (str, str, str, object) -> None
        """Set one argument of a plugin.

        :raises RuntimeError: when there is no such phase or plugin
        """
        self.plugins.set_arg(phase, name, arg_key, arg_value)

    def set_plugin_arg_valid(self, phase, plugin, name, value):
        # type: (str, str, str, object) -> bool
        """Set one argument of a plugin unless the value is None.

        :return: bool, whether it was set
        :raises RuntimeError: when there is no such phase or plugin
        """
        if value is None:
            return False
        self.set_plugin_arg(phase, plugin, name, value)
        return True

    def to_json(self):
        # type: () -> str
        """Return the plugins as JSON."""
        return json.dumps(self.template)


class PluginsConfiguration(PluginRenderer):
    """Render the plugins of one build from its user parameters."""

    rules = RULES
    log = logger

    _STEPS = (
        "render_customizations",
        "adjust_for_scratch",
        "adjust_for_isolated",
        "adjust_for_custom_base_image",
        "render_add_filesystem",
        "render_add_labels_in_dockerfile",
        "render_add_yum_repo_by_url",
        "render_bump_release",
        "render_check_and_set_platforms",
        "render_flatpak_create_dockerfile",
        "render_flatpak_create_oci",
        "render_import_image",
        "render_inject_parent_image",
        "render_koji",
        "render_koji_tag_build",
        "render_koji_upload",
        "render_orchestrate_build",
        "render_resolve_composes",
        "render_resolve_module_compose",
        "render_squash",
        "render_tag_from_config",
    )

    def __init__(self, user_params):
        """
        :param user_params: BuildUserParams, read when rendering; no file is read before
        """
        self.user_params = user_params
        self.pt = PluginsTemplate(
            user_params.build_json_dir.value,
            "%s_inner:%s.json"
            % (user_params.build_type.value, user_params.arrangement_version.value),
            user_params.customize_conf_path.value,
        )

    @property
    def plugins(self):
        # type: () -> PluginsDocument
        """Return the plugins that are being rendered."""
        return self.pt.plugins

    @property
    def customize_conf(self):
        # type: () -> dict
        """Return the site's customisations."""
        return self.pt.customize_conf

    def rule_values(self, **others):
        # type: (object) -> Values
        """Return what the rules read."""
        return Values(
            self.user_params,
            additional_tags=self.user_params.additional_tags,
            tags_from_yaml=self.user_params.tags_from_yaml,
            **others
        )

    def drop_plugin(self, phase, name, reason):
        # type: (str, str, str) -> None
        """Remove a plugin, if there is one."""
        if self.pt.has_plugin_conf(phase, name):
            self.pt.remove_plugin(phase, name, reason)

    def disable(self, phase, name):
        # type: (str, str) -> None
        """Remove a plugin that the site does not want.

        :raises KeyError: when there is no such phase
        """
        self.pt.remove_plugin(phase, name, "disabled at user request")

    def enable(self, phase, name, args):
        # type: (str, str, dict) -> None
        """Add a plugin that the site wants.

        :raises KeyError: when there is no such phase
        """
        self.pt.add_plugin(phase, name, args, "enabled at user request")

    def is_custom_base_image(self):
        # type: () -> bool
        """Tell whether Koji builds the base image itself, from packages."""
        return is_custom_base_image(self.user_params.base_image.value)

    def adjust_for_scratch(self):
        # type: () -> None
        """Remove what a scratch build does not do."""
        if self.user_params.scratch.value:
            self.drop_scratch_plugins()
            self.drop_plugins(REBUILD_PLUGINS, "removed from scratch build request")

    def adjust_for_isolated(self):
        # type: () -> None
        """Remove what an isolated build does not do."""
        if self.user_params.isolated.value:
            self.drop_plugins(REBUILD_PLUGINS, "removed from isolated build request")

    def adjust_for_custom_base_image(self):
        # type: () -> None
        """Remove what does not fit the kind of base image."""
        self.drop_base_image_plugins()
        if self.is_custom_base_image():
            self.drop_plugins(REBUILD_PLUGINS, "removed from custom image build request")

    render_add_filesystem = step("add_filesystem")
    render_add_labels_in_dockerfile = step("add_labels_in_dockerfile")
    render_add_yum_repo_by_url = step("add_yum_repo_by_url")
    render_bump_release = step("bump_release")
    render_check_and_set_platforms = step("check_and_set_platforms")
    render_flatpak_create_dockerfile = step("flatpak_create_dockerfile")
    render_flatpak_create_oci = step("flatpak_create_oci")
    render_import_image = step("import_image", takes_auth=True)
    render_inject_parent_image = step("inject_parent_image")
    render_koji = step("koji")
    render_koji_tag_build = step("koji_tag_build")
    render_koji_upload = step("koji_upload", takes_auth=True)
    render_orchestrate_build = step("orchestrate_build")
    render_resolve_composes = step("resolve_composes")
    render_resolve_module_compose = step("resolve_module_compose")
    render_squash = step("squash")

    def render(self):
        # type: () -> str
        """Return the plugins of the build as JSON.

        Rendering the same object again gives the same text (decision D36).

        :raises OsbsValidationException: when a parameter is missing or cannot be used
        :raises OsbsException: when there is no template for the arrangement
        """
        self.user_params.validate()
        for name in self._STEPS:
            getattr(self, name)()
        try:
            return self.pt.to_json()
        except RuntimeError as ex:  # a recursion that is too deep
            raise OsbsValidationException("user parameters are nested too deeply", cause=ex)
