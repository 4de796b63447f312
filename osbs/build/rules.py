"""The engine that applies tables of plugin rules, and what the two tables have in common.

A rule says of one plugin when it is taken away and which arguments it gets. ``rules_v1`` holds the
table of arrangements 1 to 5 and of all-in-one builds, ``rules_v2`` that of arrangement 6. May
import ``osbs.build.plugins`` and the leaves.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import re

from osbs.build.plugins import (
    EXIT,
    POSTBUILD,
    PREBUILD,
    PluginsDocument,  # noqa: F401 - in a type comment
    customize,
    set_arg,
)
from osbs.constants import BUILD_TYPE_ORCHESTRATOR
from osbs.exceptions import OsbsValidationException

_CUSTOM_BASE_IMAGE = re.compile(r"^koji/image-build(:.*)?$")
_TAG_SUFFIXES = "{{TAG_SUFFIXES}}"
_TAG_PLUGIN = (POSTBUILD, "tag_from_config")

# Automatic rebuilds: without triggers there are none.
REBUILD_PLUGINS = (
    (PREBUILD, "check_and_set_rebuild"),
    (PREBUILD, "stop_autorebuild_if_disabled"),
)

# A scratch build leaves nothing behind but its image (plugins-configuration.md, 2.2).
SCRATCH_PLUGINS = (
    (PREBUILD, "koji_parent"),
    (POSTBUILD, "compress"),
    (POSTBUILD, "pulp_pull"),
    (POSTBUILD, "koji_upload"),
    (POSTBUILD, "fetch_worker_metadata"),
    (POSTBUILD, "compare_components"),
    (POSTBUILD, "import_image"),
    (EXIT, "koji_promote"),
    (EXIT, "koji_import"),
    (EXIT, "koji_tag_build"),
    (EXIT, "remove_worker_metadata"),
    (EXIT, "import_image"),
)

# A base image that Koji builds from packages has no parent (plugins-configuration.md, 2.3).
CUSTOM_BASE_IMAGE_PLUGINS = (
    (PREBUILD, "pull_base_image"),
    (PREBUILD, "koji_parent"),
    (PREBUILD, "inject_parent_image"),
)
OTHER_BASE_IMAGE_PLUGINS = ((PREBUILD, "add_filesystem"),)

# What a worker build is asked for with, whatever the arrangement.
BUILD_KWARGS = (
    "component",
    "git_branch",
    "git_ref",
    "git_uri",
    "koji_task_id",
    "filesystem_koji_task_id",
    "scratch",
    "koji_target",
    "user",
    "yum_repourls",
    "arrangement_version",
    "koji_parent_build",
    "isolated",
)


class Values(object):
    """The values that rules read, as attributes: parameters, and what is given beside them."""

    def __init__(self, params, **others):
        # type: (object, object) -> None
        """
        :param params: BuildCommon, whose parameters' values are read
        :param others: values that come first
        """
        self._params = params
        vars(self).update(others)

    def __getattr__(self, name):
        return getattr(self._params, name).value


def present(name):
    """Make a condition: the value is not empty."""
    return lambda values: bool(getattr(values, name))


def lacks(*names):
    """Make a condition: at least one of the values is empty."""
    return lambda values: not all(getattr(values, name) for name in names)


def lacks_all(*names):
    """Make a condition: all values are empty."""
    return lambda values: not any(getattr(values, name) for name in names)


def unset(*names):
    """Make a condition: at least one of the values is None."""
    return lambda values: any(getattr(values, name) is None for name in names)


def unset_all(*names):
    """Make a condition: all values are None."""
    return lambda values: all(getattr(values, name) is None for name in names)


def always(arg, source):
    """Set an argument, maybe to None.

    :param arg: str, name of the argument
    :param source: str, name of the value; or function of the values
    """
    return arg, source, lambda value: True


def given(arg, source):
    """Set an argument unless its value is None (parameters as for ``always``)."""
    return arg, source, lambda value: value is not None


def filled(arg, source):
    """Set an argument unless its value is empty (parameters as for ``always``)."""
    return arg, source, bool


class Rule(object):
    """What becomes of one plugin."""

    __slots__ = ("step", "phase", "plugin", "remove", "require", "merge", "args")

    def __init__(self, step, phase, plugin=None, remove=(), require=None, merge=None, args=()):
        # type: (str, str, str, tuple, tuple, tuple, tuple) -> None
        """
        :param step: str, name of the step that the rule belongs to
        :param phase: str, key of the phase
        :param plugin: str, name of the plugin; None: the step's
        :param remove: pairs of condition and reason (or None); the first that holds removes the
            plugin and ends the rule
        :param require: pair of a function of values and arguments, and what is wrong unless it
            holds; only looked at when there is such a plugin
        :param merge: pair of an argument's name and a function that gives a dict to merge into it
        :param args: what ``always``, ``given`` and ``filled`` made
        """
        self.step = step
        self.phase = phase
        self.plugin = plugin or step
        self.remove = remove
        self.require = require
        self.merge = merge
        self.args = args


def by_step(rules):
    # type: (tuple) -> dict
    """Group the rules of a table by their step, in order."""
    steps = {}  # type: dict
    for rule in rules:
        steps.setdefault(rule.step, []).append(rule)
    return steps


def step(name, takes_auth=False):
    """Make the public method ``render_<name>`` that applies the rules of one step.

    :param name: str, name of the step
    :param takes_auth: bool, whether the method takes ``use_auth``, which the rules then read
    """

    def render(self):
        self.apply_rules(name)

    def render_with_auth(self, use_auth=None):
        self.apply_rules(name, use_auth=use_auth)

    method = render_with_auth if takes_auth else render
    method.__name__ = str("render_%s" % name)
    method.__doc__ = "Apply the rules of step ``%s`` (tables in rules_v1 and rules_v2)." % name
    return method


def is_custom_base_image(base_image):
    # type: (str) -> bool
    """Tell whether Koji builds the base image itself, from packages.

    :param base_image: str or None, name of the base image
    """
    return bool(_CUSTOM_BASE_IMAGE.match(base_image or ""))


def build_kwargs(values, names, keep):
    """Return the keywords with which the orchestrator asks for worker builds.

    :param names: tuple of str, names of the values
    :param keep: function of a value that says whether it is passed
    """
    kwargs = {}
    for name in names:
        value = getattr(values, name)
        if keep(value):
            kwargs[name] = value
    kwargs["target"] = kwargs.pop("koji_target", None)
    if values.flatpak:
        kwargs["flatpak"] = True
    return kwargs


def tag_suffixes(values):
    # type: (Values) -> dict
    """Return the tags of the image (plugins-configuration.md 2.5, decision D5).

    :raises OsbsValidationException: when the build has no image tag
    """
    if not values.image_tag:
        raise OsbsValidationException("image_tag must be set")
    primary = []
    if values.build_type == BUILD_TYPE_ORCHESTRATOR and not values.scratch:
        primary = ["{version}-{release}"]
        if not values.isolated:
            if not values.tags_from_yaml:
                primary = ["latest", "{version}"] + primary
            tags = values.additional_tags
            primary += sorted(tags.tags) if tags else []
    return {"unique": [values.image_tag.rsplit(":", 1)[-1]], "primary": primary}


class PluginRenderer(object):
    """What rendering on the client and rendering in the pod have in common."""

    rules = {}  # type: dict
    log = logging.getLogger(__name__)
    # Whether this object has put tags in place of the placeholder, which is then gone.
    _tags_rendered = False

    @property
    def plugins(self):
        # type: () -> PluginsDocument
        """Return the plugins that are being rendered."""
        raise NotImplementedError

    @property
    def customize_conf(self):
        # type: () -> dict
        """Return the site's customisations."""
        raise NotImplementedError

    def rule_values(self, **others):
        # type: (object) -> Values
        """Return what the rules read."""
        raise NotImplementedError

    def is_custom_base_image(self):
        # type: () -> bool
        """Tell whether Koji builds the base image itself, from packages."""
        raise NotImplementedError

    def drop_plugin(self, phase, name, reason):
        # type: (str, str, str) -> None
        """Remove a plugin, if there is one."""
        raise NotImplementedError

    def disable(self, phase, name):
        # type: (str, str) -> None
        """Remove a plugin that the site does not want.

        :raises KeyError: when there is no such phase
        """
        raise NotImplementedError

    def enable(self, phase, name, args):
        # type: (str, str, dict) -> None
        """Add a plugin that the site wants.

        :raises KeyError: when there is no such phase
        """
        raise NotImplementedError

    def apply_rules(self, name, **others):
        # type: (str, object) -> None
        """Apply the rules of one step.

        :param name: str, name of the step
        :param others: values that come before those of the parameters
        :raises OsbsValidationException: when a plugin needs what is not configured
        """
        values = self.rule_values(**others)
        plugins = self.plugins
        for rule in self.rules[name]:
            self._apply(rule, values, plugins)

    def _apply(self, rule, values, plugins):
        for condition, reason in rule.remove:
            if condition(values):
                self.drop_plugin(rule.phase, rule.plugin, reason)
                return
        plugin = plugins.first(rule.phase, rule.plugin)
        if plugin is None:
            return
        if rule.merge is not None:
            arg, source = rule.merge
            plugins.merge_arg(rule.phase, rule.plugin, arg, source(values))
        if rule.require is not None and not rule.require[0](values, plugin.get("args") or {}):
            raise OsbsValidationException(rule.require[1])
        for arg, source, keep in rule.args:
            value = source(values) if callable(source) else getattr(values, source)
            if keep(value):
                set_arg(plugin, arg, value)

    def drop_plugins(self, places, reason):
        # type: (tuple, str) -> None
        """Remove several plugins.

        :param places: pairs of phase and name
        :param reason: str, why, for the log
        """
        for phase, name in places:
            self.drop_plugin(phase, name, reason)

    def has_tag_suffixes_placeholder(self):
        # type: () -> bool
        """Tell whether the tags of the image are still to be filled in."""
        plugin = self.plugins.first(*_TAG_PLUGIN)
        if plugin is None:
            self.log.debug("no tag suffix placeholder")
            return False
        return (plugin.get("args") or {}).get("tag_suffixes") == _TAG_SUFFIXES

    def _fills_in_tags(self):
        # Rendering the same object again finds tags where the placeholder was (decision D36).
        self._tags_rendered = self._tags_rendered or self.has_tag_suffixes_placeholder()
        return self._tags_rendered

    def drop_scratch_plugins(self):
        # type: () -> None
        """Remove what a scratch build does not do."""
        reason = "removed from scratch build request"
        self.drop_plugins(SCRATCH_PLUGINS, reason)
        if not self._fills_in_tags():
            self.drop_plugin(_TAG_PLUGIN[0], _TAG_PLUGIN[1], reason)

    def drop_base_image_plugins(self):
        # type: () -> None
        """Remove what does not fit the kind of base image."""
        if self.is_custom_base_image():
            self.drop_plugins(CUSTOM_BASE_IMAGE_PLUGINS, "removed from custom image build request")
        else:
            self.drop_plugins(
                OTHER_BASE_IMAGE_PLUGINS, "removed from non custom image build request"
            )

    def render_tag_from_config(self):
        # type: () -> None
        """Fill in the tags of the image."""
        if self._fills_in_tags():
            self.apply_rules("tag_from_config")

    def render_customizations(self):
        # type: () -> None
        """Take away and add the plugins that the site's customize file names."""
        customize(self.customize_conf, self, self.log)
