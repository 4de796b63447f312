"""What becomes of the plugins of a template: rules, and the function that applies them.

A rule says of one plugin when it is removed and which arguments it gets. ``_rules_v1`` holds the
tables of arrangements 1 to 5 and of all-in-one builds, ``_rules_v2`` that of arrangement 6.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import re

from osbs._compat import to_text
from osbs.build._plugins import EXIT, PHASES, POSTBUILD, PREBUILD, set_arg
from osbs.build._plugins import PluginsDocument  # noqa: F401
from osbs.build.spec import BuildParam
from osbs.constants import BUILD_TYPE_ORCHESTRATOR
from osbs.exceptions import OsbsValidationException

logger = logging.getLogger(__name__)

_CUSTOM_BASE_IMAGE = re.compile(r"^koji/image-build(:.*)?$")
_TAG_SUFFIXES = "{{TAG_SUFFIXES}}"

# Automatic rebuilds: without triggers there are none.
_REBUILD = "check_and_set_rebuild stop_autorebuild_if_disabled"
REBUILD_PLUGINS = {PREBUILD: _REBUILD}

# A scratch build leaves nothing behind but its image.
_SCRATCH_PLUGINS = {
    PREBUILD: "koji_parent " + _REBUILD,
    POSTBUILD: "compress pulp_pull koji_upload fetch_worker_metadata compare_components"
    " import_image",
    EXIT: "koji_promote koji_import koji_tag_build remove_worker_metadata import_image",
}
_TAG_PLUGINS = {POSTBUILD: "tag_from_config"}

# A base image that Koji builds from packages has no parent.
_CUSTOM_BASE_IMAGE_PLUGINS = {
    PREBUILD: "pull_base_image koji_parent inject_parent_image " + _REBUILD
}
_OTHER_BASE_IMAGE_PLUGINS = {PREBUILD: "add_filesystem"}

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
        :param params: BuildCommon, whose parameters' values and other attributes are read
        :param others: values that come first
        """
        self._params = params
        vars(self).update(others)

    def __getattr__(self, name):
        found = getattr(self._params, name)
        return found.value if isinstance(found, BuildParam) else found


def remove_if(condition, reason):
    """Remove the plugin when a condition holds; that ends its row.

    :param condition: function of the values
    :param reason: str, why, for the log
    """
    return lambda values, plugin: condition(values) and reason


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


NOT_FOR_FLATPAK = remove_if(lambda v: v.flatpak, "flatpak build requested")
ONLY_FOR_FLATPAK = remove_if(lambda v: not v.flatpak, "not a flatpak build")
PREPUBLISH_RULES = (("squash", NOT_FOR_FLATPAK), ("flatpak_create_oci", ONLY_FOR_FLATPAK))


def apply_rules(rules, values, plugins):
    # type: (dict, Values, PluginsDocument) -> None
    """Apply a table of rules, in order.

    :param rules: phase -> its rows: a plugin, and steps for a template that has it. A step is a
        function of values and plugin that changes the plugin, or returns why it goes
    :param values: what the rules read
    :param plugins: what they change
    :raises OsbsValidationException: when a plugin needs what is not configured
    """
    for phase in PHASES:
        for row in rules.get(phase, ()):
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


def config_kwargs(values, names, **renamed):
    """Return settings that worker builds get from the orchestrator, as texts.

    :param names: str, names of the values, separated by spaces; None is left out
    :param renamed: setting -> name of the value
    """
    sources = dict({name: name for name in names.split()}, **renamed)
    kwargs = {arg: getattr(values, name) for arg, name in sources.items()}
    kwargs = {arg: to_text(value) for arg, value in kwargs.items() if value is not None}
    if not values.build_imagestream:
        kwargs["build_image"] = values.build_image
    return kwargs


def tag_suffixes(values):
    # type: (Values) -> dict
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
    plugin = plugins.first(POSTBUILD, "tag_from_config")
    if not plugin:
        logger.debug("no tag suffix placeholder")
        return False
    return (plugin.get("args") or {}).get("tag_suffixes") == _TAG_SUFFIXES


def drop_unwanted(values, plugins):
    # type: (Values, PluginsDocument) -> None
    """Remove the plugins that this kind of build does without."""
    is_custom = is_custom_base_image(values.base_image)
    for kind, applies, unwanted in (
        ("scratch", values.scratch, _SCRATCH_PLUGINS),
        # Unless they are to be tags that fit a scratch build.
        ("scratch", values.scratch and not values.fills_in_tags, _TAG_PLUGINS),
        ("isolated", values.isolated, REBUILD_PLUGINS),
        ("custom image", is_custom, _CUSTOM_BASE_IMAGE_PLUGINS),
        ("non custom image", not is_custom, _OTHER_BASE_IMAGE_PLUGINS),
    ):
        if applies:
            plugins.drop(unwanted, "removed from %s build request" % kind)
