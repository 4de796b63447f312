"""The plugins of a pod as a document: lists of plugins by phase, found and changed in one place.

``DockJsonManipulator`` (arrangements 1 to 5) and ``PluginsTemplate`` (arrangement 6) share it.
"""

from __future__ import absolute_import, print_function, unicode_literals

import copy
import logging
import os

import six

from osbs import _schemas
from osbs.build import _templates
from osbs._redact import redacted

logger = logging.getLogger(__name__)

PREBUILD = "prebuild_plugins"
BUILDSTEP = "buildstep_plugins"
PREPUBLISH = "prepublish_plugins"
POSTBUILD = "postbuild_plugins"
EXIT = "exit_plugins"
# In the order in which a build runs them.
PHASES = (PREBUILD, BUILDSTEP, PREPUBLISH, POSTBUILD, EXIT)


def set_arg(plugin, key, value):
    # type: (dict, str, object) -> None
    """Set one argument of a plugin, which need not have any yet.

    :param plugin: dict, the plugin; changed in place
    """
    if plugin.get("args") is None:
        plugin["args"] = {}
    plugin["args"][key] = value


def merge_arg(plugin, key, values):
    # type: (dict, str, dict) -> None
    """Update one argument of a plugin that is a dict; any other value is replaced.

    :param plugin: dict, the plugin; changed in place
    :raises KeyError: when the plugin has no arguments: it belongs to another arrangement, whose
        plugins read them elsewhere
    """
    args = plugin["args"]
    if args is None:
        raise KeyError("args")
    known = args.get(key)
    merged = copy.deepcopy(known) if isinstance(known, dict) else {}
    merged.update(values)
    args[key] = merged


class PluginsDocument(object):
    """View of a dict ``{phase: [{"name": ..., "args": {...}}]}``; changes go to that dict."""

    def __init__(self, phases):
        # type: (dict) -> None
        """
        :param phases: dict, phase -> list of plugins
        """
        self.phases = phases

    def find(self, phase, name):
        # type: (str, str) -> dict
        """Return the first plugin of that name, not a copy.

        :raises KeyError: when there is no such phase
        :raises IndexError: when the phase has no such plugin
        """
        for plugin in self._plugins(phase):
            if plugin.get("name") == name:
                return plugin
        raise IndexError("%s:%s" % (phase, name))

    def _plugins(self, phase):
        plugins = self.phases[phase]
        if not isinstance(plugins, list):  # a key such as client_version
            raise KeyError(phase)
        return plugins

    def first(self, phase, name):
        # type: (str, str) -> dict
        """Return the first plugin of that name, not a copy; None when there is none."""
        try:
            return self.find(phase, name)
        except LookupError:
            return None

    def has(self, phase, name):
        # type: (str, str) -> bool
        """Tell whether a phase has a plugin of that name."""
        return self.first(phase, name) is not None

    def find_or_fail(self, phase, name):
        # type: (str, str) -> dict
        """Return the first plugin of that name, not a copy.

        :raises RuntimeError: when there is no such phase or plugin
        """
        try:
            return self.find(phase, name)
        except LookupError:
            raise RuntimeError("no such phase or plugin: %s:%s" % (phase, name))

    def remove(self, phase, name, reason=None):
        # type: (str, str, str) -> bool
        """Remove the first plugin of that name.

        :param reason: why, for the log
        :return: whether there was one
        :raises KeyError: when there is no such phase
        """
        try:
            self._plugins(phase).remove(self.find(phase, name))
        except IndexError:
            return False
        if reason:
            logger.info("Removing %s:%s, %s", phase, name, reason)
        return True

    def drop(self, unwanted, reason):
        # type: (dict, str) -> None
        """Remove plugins that a build does not need, as far as there are any.

        :param unwanted: phase -> names, separated by spaces
        :param reason: why, for the log
        """
        for phase, names in unwanted.items():
            for name in names.split():
                if self.has(phase, name):
                    self.remove(phase, name, reason)

    def add(self, phase, name, args, reason=None):
        # type: (str, str, dict, str) -> bool
        """Give every plugin of that name these arguments, or append one that has them.

        :param reason: why, for the log
        :return: whether it was appended
        :raises KeyError: when there is no such phase
        """
        plugins = self._plugins(phase)
        known = [plugin for plugin in plugins if plugin.get("name") == name]
        for plugin in known:
            plugin["args"] = args
        if not known:
            plugins.append({"name": name, "args": args})
            if reason:
                logger.info("%s:%s with args %s, %s", phase, name, redacted(args), reason)
        return not known

    def set_arg(self, phase, name, key, value):
        # type: (str, str, str, object) -> None
        """Set one argument of a plugin.

        :raises RuntimeError: when there is no such phase or plugin
        """
        set_arg(self.find_or_fail(phase, name), key, value)


def load_customize_conf(*names):
    # type: (str) -> dict
    """Read a site's customize file; ``{}`` where there is none.

    :param names: parts of the path of the file
    :raises OsbsValidationException: no regular file, too large or of the wrong shape; names it
    """
    path = os.path.join(*names)
    try:
        customize_conf = _templates.load(path)
    except (IOError, OSError):
        logger.info("no site customisations: cannot open '%s'", path)
        return {}
    _schemas.validate(customize_conf, "customize", path)
    return customize_conf


def customize(plugins, customize_conf, log):
    # type: (PluginsDocument, dict, logging.Logger) -> None
    """Remove and add the plugins that a site's customize file names.

    :param customize_conf: content of the file
    """
    for key in ("disable_plugins", "enable_plugins"):
        entries = customize_conf.get(key) or []
        if not entries:
            log.debug("no %s in custom configuration", key)
        for entry in entries:
            try:
                _customize_plugin(plugins, entry, key == "enable_plugins")
            except (KeyError, TypeError):
                log.info("Invalid custom configuration found for %s", key)


def _customize_plugin(plugins, entry, enable):
    phase, name = entry["plugin_type"], entry["plugin_name"]
    args = entry["plugin_args"] if enable else None
    if not isinstance(name, six.string_types) or not isinstance(args, (dict, type(None))):
        raise TypeError("plugin_name or plugin_args")
    if enable:
        # Copied, as rendering writes to the arguments of plugins.
        plugins.add(phase, name, copy.deepcopy(args), "enabled at user request")
    else:
        plugins.remove(phase, name, "disabled at user request")
