"""The plugins of a pod as a document: lists of plugins by phase, found and changed in one place.

``DockJsonManipulator`` (arrangements 1 to 5) and ``PluginsTemplate`` (arrangement 6) share it.
May import ``osbs.build.templates`` and the leaves.
"""

from __future__ import absolute_import, print_function, unicode_literals

import copy
import logging

import six

from osbs import schemas
from osbs.build import templates

logger = logging.getLogger(__name__)

PREBUILD = "prebuild_plugins"
BUILDSTEP = "buildstep_plugins"
PREPUBLISH = "prepublish_plugins"
POSTBUILD = "postbuild_plugins"
EXIT = "exit_plugins"


def set_arg(plugin, key, value):
    # type: (dict, str, object) -> None
    """Set one argument of a plugin, which need not have any yet.

    :param plugin: dict, the plugin; changed in place
    """
    if plugin.get("args") is None:
        plugin["args"] = {}
    plugin["args"][key] = value


class PluginsDocument(object):
    """View of a dict ``{phase: [{"name": ..., "args": {...}}]}``; changes go to that dict."""

    __slots__ = ("phases",)

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
        except (KeyError, IndexError):
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
        except KeyError:
            raise RuntimeError("Invalid plugins: phase '%s' missing" % phase)
        except IndexError:
            raise RuntimeError("no such plugin in phase %s: '%s'" % (phase, name))

    def remove(self, phase, name):
        # type: (str, str) -> bool
        """Remove the first plugin of that name.

        :return: bool, whether there was one
        :raises KeyError: when there is no such phase
        """
        plugins = self._plugins(phase)
        for index, plugin in enumerate(plugins):
            if plugin.get("name") == name:
                del plugins[index]
                return True
        return False

    def add(self, phase, name, args):
        # type: (str, str, dict) -> bool
        """Give every plugin of that name these arguments, or append one that has them.

        :return: bool, whether it was appended
        :raises KeyError: when there is no such phase
        """
        plugins = self._plugins(phase)
        known = [plugin for plugin in plugins if plugin.get("name") == name]
        for plugin in known:
            plugin["args"] = args
        if not known:
            plugins.append({"name": name, "args": args})
        return not known

    def set_arg(self, phase, name, key, value):
        # type: (str, str, str, object) -> None
        """Set one argument of a plugin.

        :raises RuntimeError: when there is no such phase or plugin
        """
        set_arg(self.find_or_fail(phase, name), key, value)

    def merge_arg(self, phase, name, key, values):
        # type: (str, str, str, dict) -> None
        """Update one argument of a plugin that is a dict; any other value is replaced.

        :raises RuntimeError: when there is no such phase or plugin
        :raises KeyError: when the plugin has no arguments: it belongs to another arrangement, whose
            plugins read them elsewhere (templates.md, 6.3)
        """
        args = self.find_or_fail(phase, name)["args"]
        if args is None:
            raise KeyError("args")
        known = args.get(key)
        merged = copy.deepcopy(known) if isinstance(known, dict) else {}
        merged.update(values)
        args[key] = merged


def load_customize_conf(path):
    # type: (str) -> dict
    """Read a site's customize file; ``{}`` where there is none.

    :param path: str, path of the file
    :raises OsbsValidationException: when it has the wrong shape, naming the file (decision D35)
    """
    try:
        return templates.load(path, _check_customize_conf)
    except (IOError, OSError):
        logger.info("no site customisations: cannot open '%s'", path)
        return {}


def _check_customize_conf(customize_conf, path):
    schemas.validate(customize_conf, "customize", path)


def customize(customize_conf, target, log):
    """Take away and add the plugins that a site's customize file names.

    :param customize_conf: dict, see templates.md, section 1
    :param target: object with ``disable(phase, name)`` and ``enable(phase, name, args)``
    :param log: logging.Logger
    """
    for key, change in (
        ("disable_plugins", lambda entry: target.disable(*_phase_and_name(entry))),
        ("enable_plugins", lambda entry: target.enable(*_phase_name_and_args(entry))),
    ):
        entries = customize_conf.get(key) or []
        if not entries:
            log.debug("no %s in custom configuration", key)
        for entry in entries:
            try:
                change(entry)
            except (KeyError, TypeError):
                log.info("Invalid custom configuration found for %s", key)


def _phase_and_name(entry):
    place = (entry["plugin_type"], entry["plugin_name"])
    if not all(isinstance(part, six.string_types) for part in place):
        raise TypeError("plugin_type and plugin_name must be strings")
    return place


def _phase_name_and_args(entry):
    phase, name = _phase_and_name(entry)
    args = entry["plugin_args"]
    if args is not None and not isinstance(args, dict):
        raise TypeError("plugin_args must be an object")
    # Copied, as rendering writes to the arguments of plugins.
    return phase, name, copy.deepcopy(args)
