"""What becomes of the plugins of a template: rules, and the function that applies them.

A rule says of one plugin when it is removed and which arguments it gets. ``_rules_v1`` holds the
tables of arrangements 1 to 5 and of all-in-one builds, ``_rules_v2`` that of arrangement 6.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import re

from osbs.build._plugins import EXIT, POSTBUILD, PREBUILD, merge_arg, set_arg
from osbs.constants import BUILD_TYPE_ORCHESTRATOR
from osbs.exceptions import OsbsValidationException

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Optional  # noqa: F401

    from osbs.build._plugins import PluginsDocument  # noqa: F401

logger = logging.getLogger(__name__)

_CUSTOM_BASE_IMAGE = re.compile(r"^koji/image-build(:.*)?$")
_TAG_SUFFIXES = "{{TAG_SUFFIXES}}"
_TAG_PLUGIN = (POSTBUILD, "tag_from_config")

# Automatic rebuilds: without triggers there are none.
REBUILD_PLUGINS = ((PREBUILD, "check_and_set_rebuild"), (PREBUILD, "stop_autorebuild_if_disabled"))

# A scratch build leaves nothing behind but its image.
_SCRATCH_PLUGINS = (
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

# A base image that Koji builds from packages has no parent.
_CUSTOM_BASE_IMAGE_PLUGINS = (
    (PREBUILD, "pull_base_image"),
    (PREBUILD, "koji_parent"),
    (PREBUILD, "inject_parent_image"),
)
_OTHER_BASE_IMAGE_PLUGINS = ((PREBUILD, "add_filesystem"),)

# What a worker build is asked for with, whatever the arrangement.
BUILD_KWARGS = (
    "component git_branch git_ref git_uri koji_task_id filesystem_koji_task_id scratch koji_target"
    " user yum_repourls arrangement_version koji_parent_build isolated"
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


def any_empty(*names):
    """Make a condition: at least one of the values is empty."""
    return lambda values: not all(getattr(values, name) for name in names)


def all_empty(*names):
    """Make a condition: all values are empty."""
    return lambda values: not any(getattr(values, name) for name in names)


def any_none(*names):
    """Make a condition: at least one of the values is None."""
    return lambda values: any(getattr(values, name) is None for name in names)


def all_none(*names):
    """Make a condition: all values are None."""
    return lambda values: all(getattr(values, name) is None for name in names)


def remove_if(condition, reason):
    """Remove the plugin when a condition holds; that ends its row.

    :param condition: function of the values
    :param reason: str, why, for the log
    """
    return lambda values, plugin: condition(values) and reason


def require(condition, problem):
    """Refuse to go on without a condition.

    :param condition: function of the values and the plugin's arguments
    :param problem: str, what is wrong unless it holds
    """

    def step(values, plugin):
        if not condition(values, plugin.get("args") or {}):
            raise OsbsValidationException(problem)

    return step


def merge(arg, source):
    """Update an argument that is a dict.

    :param source: function of the values that returns a dict
    """
    return lambda values, plugin: merge_arg(plugin, arg, source(values))


def always(*names, **renamed):
    """Set arguments, maybe to None.

    :param names: arguments that are values of the same name
    :param renamed: argument -> name of the value, or function of the values
    """
    return _set_if(lambda value: True, names, renamed)


def unless_none(*names, **renamed):
    """Set arguments whose values are not None (parameters as for ``always``)."""
    return _set_if(lambda value: value is not None, names, renamed)


def unless_empty(*names, **renamed):
    """Set arguments whose values are not empty (parameters as for ``always``)."""
    return _set_if(bool, names, renamed)


def _set_if(keep, names, renamed):
    sources = dict({name: name for name in names}, **renamed)

    def step(values, plugin):
        for arg, source in sources.items():
            value = source(values) if callable(source) else getattr(values, source)
            if keep(value):
                set_arg(plugin, arg, value)

    return step


def apply_rules(rules, values, plugins):
    # type: (tuple, Values, PluginsDocument) -> None
    """Apply a table of rules, in order.

    :param rules: pairs of a phase and its rows: a plugin, and steps for a template that has it. A
        step is a function of values and plugin that changes the plugin, or returns why it goes
    :param values: what the rules read
    :param plugins: what they change
    :raises OsbsValidationException: when a plugin needs what is not configured
    """
    for phase, rows in rules:
        for row in rows:
            _apply(phase, row[0], row[1:], values, plugins)


def _apply(phase, name, steps, values, plugins):
    plugin = plugins.first(phase, name)
    for step in steps if plugin else ():
        reason = step(values, plugin)
        if reason:
            plugins.remove(phase, name, reason)
            return


def is_custom_base_image(base_image):
    # type: (str) -> bool
    """Tell whether Koji builds the base image itself, from packages.

    :param base_image: str or None, name of the base image
    """
    return bool(_CUSTOM_BASE_IMAGE.match(base_image or ""))


def build_kwargs(values, names, keep):
    """Return the keywords with which the orchestrator asks for worker builds.

    :param names: str, names of the values, separated by spaces
    :param keep: function of a value that says whether it is passed
    """
    kwargs = {name: getattr(values, name) for name in names.split()}
    kwargs = {name: value for name, value in kwargs.items() if keep(value)}
    kwargs["target"] = kwargs.pop("koji_target", None)
    if values.flatpak:
        kwargs["flatpak"] = True
    return kwargs


def tag_suffixes(values):
    # type: (Values) -> Optional[dict]
    """Return the tags of the image: those of the repository beside those made of the release.

    :return: None when the template has tags of its own
    :raises OsbsValidationException: when the build has no image tag
    """
    if not values.fills_in_tags:
        return None
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


def has_tag_placeholder(plugins):
    # type: (PluginsDocument) -> bool
    """Tell whether the tags of the image are still to be filled in."""
    plugin = plugins.first(*_TAG_PLUGIN)
    if not plugin:
        logger.debug("no tag suffix placeholder")
        return False
    return (plugin.get("args") or {}).get("tag_suffixes") == _TAG_SUFFIXES


def drop_scratch_plugins(plugins, fills_in_tags):
    # type: (PluginsDocument, bool) -> None
    """Remove what a scratch build does not do.

    :param fills_in_tags: whether the plugin that tags gets tags that fit a scratch build
    """
    unwanted = _SCRATCH_PLUGINS if fills_in_tags else _SCRATCH_PLUGINS + (_TAG_PLUGIN,)
    plugins.drop(unwanted, "removed from scratch build request")


def drop_base_image_plugins(plugins, is_custom):
    # type: (PluginsDocument, bool) -> None
    """Remove what does not fit the kind of base image.

    :param is_custom: whether Koji builds the base image itself, from packages
    """
    if is_custom:
        plugins.drop(_CUSTOM_BASE_IMAGE_PLUGINS, "removed from custom image build request")
    else:
        plugins.drop(_OTHER_BASE_IMAGE_PLUGINS, "removed from non custom image build request")
