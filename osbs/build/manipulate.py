"""The plugins inside a BuildConfig of arrangements 1 to 5."""

from __future__ import absolute_import, print_function, unicode_literals

import json

from osbs.build._plugins import PluginsDocument, merge_arg

PLUGINS_VARIABLE = "ATOMIC_REACTOR_PLUGINS"


class DockJsonManipulator(object):
    """Read and change the plugins that a BuildConfig carries in its environment."""

    def __init__(self, build_json, dock_json):
        # type: (dict, dict) -> None
        """
        :param build_json: dict, the BuildConfig, or None
        :param dock_json: dict, the plugins by phase, or None
        """
        self.build_json = build_json
        self.dock_json = dock_json

    @property
    def plugins(self):
        # type: () -> PluginsDocument
        """Return a view of the plugins."""
        return PluginsDocument(self.dock_json)

    def _variable(self):
        env = self.build_json["spec"]["strategy"]["customStrategy"]["env"]
        for variable in env or ():
            if variable["name"] == PLUGINS_VARIABLE:
                return variable
        raise RuntimeError("missing env variable '%s' in the build" % PLUGINS_VARIABLE)

    def get_dock_json(self):
        # type: () -> dict
        """Return the plugins as the BuildConfig carries them.

        :raises RuntimeError: when it has none
        """
        return json.loads(self._variable()["value"])

    def write_dock_json(self):
        # type: () -> None
        """Write the plugins to the BuildConfig.

        :raises RuntimeError: when it has no place for them
        """
        self._variable()["value"] = json.dumps(self.dock_json)

    def dock_json_get_plugin_conf(self, plugin_type, plugin_name):
        # type: (str, str) -> dict
        """Return the first plugin of that name, not a copy.

        :raises KeyError: when there is no such phase
        :raises IndexError: when the phase has no such plugin
        """
        return self.plugins.find(plugin_type, plugin_name)

    def dock_json_has_plugin_conf(self, plugin_type, plugin_name):
        # type: (str, str) -> bool
        """Tell whether a phase has a plugin of that name."""
        return self.plugins.has(plugin_type, plugin_name)

    def _dock_json_get_plugin_conf_or_fail(self, plugin_type, plugin_name):
        return self.plugins.find_or_fail(plugin_type, plugin_name)

    def remove_plugin(self, plugin_type, plugin_name):
        # type: (str, str) -> bool
        """Remove the first plugin of that name.

        :return: bool, whether there was one
        :raises KeyError: when there is no such phase
        """
        return self.plugins.remove(plugin_type, plugin_name)

    def add_plugin(self, plugin_type, plugin_name, args_dict):
        # type: (str, str, dict) -> bool
        """Give every plugin of that name these arguments, or append one that has them.

        :return: bool, whether it was appended
        :raises KeyError: when there is no such phase
        """
        return self.plugins.add(plugin_type, plugin_name, args_dict)

    def dock_json_set_param(self, param, value):
        # type: (str, object) -> None
        """Set a key of the document, such as a phase or ``client_version``."""
        self.dock_json[param] = value

    def dock_json_set_arg(self, plugin_type, plugin_name, arg_key, arg_value):
        # type: (str, str, str, object) -> None
        """Set one argument of a plugin.

        :raises RuntimeError: when there is no such phase or plugin
        """
        self.plugins.set_arg(plugin_type, plugin_name, arg_key, arg_value)

    def dock_json_merge_arg(self, plugin_type, plugin_name, arg_key, arg_dict):
        # type: (str, str, str, dict) -> None
        """Update one argument of a plugin that is a dict; any other value is replaced.

        :raises RuntimeError: when there is no such phase or plugin
        :raises KeyError: when the plugin has no arguments, as in templates of arrangement 6
        """
        merge_arg(self.plugins.find_or_fail(plugin_type, plugin_name), arg_key, arg_dict)
