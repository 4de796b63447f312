"""Render the plugins of a build inside its pod, for arrangement 6."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import os
import re  # noqa: F401 - existing code expects this global

from osbs.build import _templates
from osbs.build._plugins import PluginsDocument, customize, load_customize_conf
from osbs.build._rules import (
    REBUILD_PLUGINS,
    TagPlaceholder,
    Values,
    apply_rules,
    drop_base_image_plugins,
    drop_scratch_plugins,
    is_custom_base_image,
)
from osbs.build._rules_v2 import RULES
from osbs.constants import BUILD_TYPE_ORCHESTRATOR  # noqa: F401 - as re
from osbs.exceptions import OsbsException, OsbsValidationException

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
                self._template = _templates.load(path)
            except (IOError, OSError) as ex:
                raise OsbsException("Can't open template '%s': %s" % (path, repr(ex)), cause=ex)
        return self._template

    @property
    def customize_conf(self):
        # type: () -> dict
        """Return the site's customisations, ``{}`` where there is no such file.

        :raises OsbsValidationException: when the file has the wrong shape
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

        :param reason: why, for the log
        :raises KeyError: when there is no such phase
        """
        self.plugins.remove(phase, name, reason)

    def add_plugin(self, phase, name, args, reason=None):
        # type: (str, str, dict, str) -> None
        """Give every plugin of that name these arguments, or append one that has them.

        :param reason: why, for the log
        :raises KeyError: when there is no such phase
        """
        self.plugins.add(phase, name, args, reason)

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


class PluginsConfiguration(object):
    """Render the plugins of one build from its user parameters."""

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
        self._tag_placeholder = TagPlaceholder()

    def is_custom_base_image(self):
        # type: () -> bool
        """Tell whether Koji builds the base image itself, from packages."""
        return is_custom_base_image(self.user_params.base_image.value)

    def has_tag_suffixes_placeholder(self):
        # type: () -> bool
        """Tell whether the tags of the image are still to be filled in."""
        return TagPlaceholder().is_in(self.pt.plugins)

    def _drop_for_kind_of_build(self, fills_in_tags):
        plugins = self.pt.plugins
        if self.user_params.scratch.value:
            drop_scratch_plugins(plugins, fills_in_tags)
            plugins.drop(REBUILD_PLUGINS, "removed from scratch build request")
        if self.user_params.isolated.value:
            plugins.drop(REBUILD_PLUGINS, "removed from isolated build request")
        drop_base_image_plugins(plugins, self.is_custom_base_image())
        if self.is_custom_base_image():
            plugins.drop(REBUILD_PLUGINS, "removed from custom image build request")

    def render(self):
        # type: () -> str
        """Return the plugins of the build as JSON; rendering again gives the same text.

        :raises OsbsValidationException: when a parameter is missing or cannot be used
        :raises OsbsException: when there is no template for the arrangement
        """
        params = self.user_params
        params.validate()
        plugins = self.pt.plugins
        customize(plugins, self.pt.customize_conf, logger)
        fills_in_tags = self._tag_placeholder.is_in(plugins)
        self._drop_for_kind_of_build(fills_in_tags)
        values = Values(
            params,
            additional_tags=params.additional_tags,
            tags_from_yaml=params.tags_from_yaml,
            fills_in_tags=fills_in_tags,
        )
        apply_rules(RULES, values, plugins)
        try:
            return self.pt.to_json()
        except RuntimeError as ex:  # a recursion that is too deep
            raise OsbsValidationException("user parameters are nested too deeply", cause=ex)
