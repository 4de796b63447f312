"""Render the plugins of a build inside its pod, for arrangement 6."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import os  # noqa: F401 - existing code expects this global
import re  # noqa: F401 - existing code expects this global

from osbs.build import _templates
from osbs.build._plugins import PluginsDocument, customize, load_customize_conf
from osbs.build._rules import (
    Values,
    apply_rules,
    drop_unwanted,
    has_tag_placeholder,
    is_custom_base_image,
)
from osbs.build._rules_v2 import RULES
from osbs.constants import BUILD_TYPE_ORCHESTRATOR  # noqa: F401 - as re
from osbs.exceptions import OsbsValidationException

logger = logging.getLogger(__name__)


class PluginsTemplate(PluginsDocument):
    """The plugins of a template file, and the site's customisations of them."""

    # Read when they are asked for.
    _template = None  # type: dict
    _customize_conf = None  # type: dict

    # Names by which existing code knows the methods.
    remove_plugin = PluginsDocument.remove
    add_plugin = PluginsDocument.add
    get_plugin_conf = PluginsDocument.find
    has_plugin_conf = PluginsDocument.has
    set_plugin_arg = PluginsDocument.set_arg
    _get_plugin_conf_or_fail = PluginsDocument.find_or_fail

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

    @_templates.read_once
    def template(self):
        # type: () -> dict
        """Return the plugins by phase; rendering changes them.

        :raises OsbsException: when the file cannot be opened
        :raises ValueError: when it is not JSON
        """
        return _templates.load_or_fail(self._build_json_dir, self._template_path)

    phases = template

    @_templates.read_once
    def customize_conf(self):
        # type: () -> dict
        """Return the site's customisations, ``{}`` where there is no such file.

        :raises OsbsValidationException: when the file has the wrong shape
        """
        return load_customize_conf(self._build_json_dir, self._customize_conf_path)

    def set_plugin_arg_valid(self, phase, plugin, name, value):
        # type: (str, str, str, object) -> bool
        """Set one argument of a plugin unless the value is None.

        :return: bool, whether it was set
        :raises RuntimeError: when there is no such phase or plugin
        """
        if value is not None:
            self.set_arg(phase, plugin, name, value)
        return value is not None

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
        # Rendering again finds tags where the placeholder stood.
        self._fills_in_tags = False

    def is_custom_base_image(self):
        # type: () -> bool
        """Tell whether Koji builds the base image itself, from packages."""
        return is_custom_base_image(self.user_params.base_image.value)

    def has_tag_suffixes_placeholder(self):
        # type: () -> bool
        """Tell whether the tags of the image are still to be filled in."""
        return has_tag_placeholder(self.pt)

    def render(self):
        # type: () -> str
        """Return the plugins of the build as JSON; rendering again gives the same text.

        :raises OsbsValidationException: when a parameter is missing or cannot be used
        :raises OsbsException: when there is no template for the arrangement
        """
        params = self.user_params
        params.validate()
        plugins = self.pt
        customize(plugins, self.pt.customize_conf, logger)
        self._fills_in_tags = self._fills_in_tags or has_tag_placeholder(plugins)
        values = Values(params, fills_in_tags=self._fills_in_tags)
        drop_unwanted(values, plugins)
        apply_rules(RULES, values, plugins)
        try:
            return self.pt.to_json()
        except RuntimeError as ex:  # a recursion that is too deep
            raise OsbsValidationException("user parameters are nested too deeply", cause=ex)
