"""Parameters of builds of arrangement 6, which travel to the pod as USER_PARAMS."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging

import six

from osbs import _schemas
from osbs.build import _params
from osbs.build.spec import (  # noqa: F401 - existing code expects them
    BuildCommon,
    BuildIDParam,
    BuildParam,
    UserParam,
    check_composes,
    check_image_names,
    checked_list,
    chosen_build_image,
)
from osbs.constants import DEFAULT_CUSTOMIZE_CONF, REACTOR_CONFIG_ARRANGEMENT_VERSION
from osbs._json import load_json
from osbs.exceptions import OsbsValidationException
from osbs._redact import redacted
from osbs.repo_utils import AdditionalTagsConfig
from osbs.utils import get_imagestreamtag_from_image, make_name_from_git, without_none

logger = logging.getLogger(__name__)

_SOURCE = "USER_PARAMS"


class BuildUserParams(BuildCommon):
    """Parameters of a build of arrangement 6.

    ``additional_tags`` (an ``AdditionalTagsConfig`` or None) and ``tags_from_yaml`` (bool: whether
    they stand for all tags but the release's) are plain attributes; ``newer`` holds the values of
    ``_params.NEWER`` that are given.
    """

    _parameters = _params.USER_PARAMETERS

    additional_tags = None  # type: AdditionalTagsConfig
    tags_from_yaml = False

    def __init__(self, build_json_dir=None, customize_conf=None):
        # type: (str, str) -> None
        """
        :param build_json_dir: str, path of the directory of templates in the pod
        :param customize_conf: str, file name of the site's customisations; None: the default
        """
        super(BuildUserParams, self).__init__()
        self.arrangement_version.value = REACTOR_CONFIG_ARRANGEMENT_VERSION
        self.build_json_dir.value = build_json_dir
        self.customize_conf_path.value = customize_conf or DEFAULT_CUSTOMIZE_CONF
        self.convert_dict = self._params_by_name()
        self.newer = {}  # type: dict

    def _params_by_name(self):
        found = [param for param in vars(self).values() if isinstance(param, BuildParam)]
        by_name = {param.name: param for param in found}
        if len(by_name) != len(found):
            raise OsbsValidationException("Two user params with the same name")
        return by_name

    def __repr__(self):
        return six.ensure_str(
            "UserParams(%s)" % (redacted(vars(self)),), "ascii", "backslashreplace"
        )

    def set_params(
        self,
        git_uri=None,
        git_ref=None,
        git_branch=None,
        base_image=None,
        name_label=None,
        user=None,
        additional_tag_data=None,
        component=None,
        release=None,
        build_image=None,
        build_imagestream=None,
        build_from=None,
        platforms=None,
        platform=None,
        build_type=None,
        koji_target=None,
        koji_task_id=None,
        filesystem_koji_task_id=None,
        koji_parent_build=None,
        koji_upload_dir=None,
        flatpak=None,
        flatpak_base_image=None,
        reactor_config_map=None,
        reactor_config_override=None,
        yum_repourls=None,
        signing_intent=None,
        compose_ids=None,
        isolated=None,
        scratch=None,
        **kwargs
    ):
        """Store and check the parameters; others, which older arrangements know, are ignored.

        :param additional_tag_data: dict with ``dir_path``, ``file_name`` and ``tags``, or None
        :raises OsbsValidationException: naming what is missing or contradicts something
        """
        arguments = dict(locals())
        arguments.update(chosen_build_image(build_image, build_imagestream, build_from, build_type))
        check_image_names(git_uri, base_image, name_label, flatpak)
        check_composes(signing_intent, compose_ids, yum_repourls)
        arguments["compose_ids"] = checked_list("compose_ids", compose_ids)
        arguments["yum_repourls"] = checked_list("yum_repourls", yum_repourls)
        self._store(arguments)
        self.newer = _newer_of(kwargs)
        self.name.value = make_name_from_git(git_uri, git_branch)
        if not flatpak:
            self.trigger_imagestreamtag.value = get_imagestreamtag_from_image(base_image)
            self.imagestream_name.value = name_label.replace("/", "-")
        if additional_tag_data:
            self.additional_tags = AdditionalTagsConfig(
                additional_tag_data["dir_path"],
                additional_tag_data["file_name"],
                additional_tag_data["tags"],
            )
        self._populate_image_tag()

    def set_if_exists(self, json_dict, param):
        # type: (dict, str) -> None
        """Copy the value of a parameter into a dict, unless it is empty.

        :param json_dict: dict to write to
        :param param: str, name of the parameter
        :raises KeyError: when there is no such parameter
        """
        value = self.convert_dict[param].value
        if value:
            json_dict[param] = value

    def to_dict(self, keys):
        # type: (list) -> dict
        """Return the values of some parameters, without the empty ones.

        :param keys: list of str, names of parameters
        :raises KeyError: when there is no such parameter
        """
        values = {}  # type: dict
        for key in keys:
            self.set_if_exists(values, key)
        return values

    def to_json(self):
        # type: () -> str
        """Return what the pod needs to know, as JSON with sorted keys.

        :raises OsbsValidationException: when a value cannot be written as JSON
        """
        values = dict(self.to_dict(self.convert_dict), **self.newer)
        if self.additional_tags and self.additional_tags.tags:
            values["additional_tags"] = sorted(self.additional_tags.tags)
        if self.tags_from_yaml:
            values["tags_from_yaml"] = True
        try:
            return json.dumps(values, sort_keys=True)
        except (TypeError, ValueError, RuntimeError) as ex:  # RecursionError is a RuntimeError
            raise OsbsValidationException(
                "%s: cannot be written as JSON (%s)" % (_SOURCE, type(ex).__name__)
            )

    def from_json(self, user_params_json):
        # type: (str) -> None
        """Take the parameters from JSON; names that are not known here are ignored.

        :param user_params_json: str, what ``to_json`` gave; None or empty: nothing happens
        :raises OsbsValidationException: when it is not JSON or does not fit the schema
        """
        if not user_params_json:
            return
        try:
            values = load_json(user_params_json)
        except (ValueError, TypeError) as ex:
            raise OsbsValidationException(
                "%s: not valid JSON (%s)" % (_SOURCE, type(ex).__name__), cause=ex
            )
        _schemas.validate(values, "user_params", _SOURCE)
        if "customize_conf" in values:
            values["customize_conf"] = _checked_file_name(values["customize_conf"])
        for name, param in self.convert_dict.items():
            if name in values:
                param.value = values[name]
        self.newer = _newer_of(values)
        self.tags_from_yaml = bool(values.get("tags_from_yaml"))
        # Without tags AdditionalTagsConfig would look for a file in the current directory.
        if values.get("additional_tags"):
            tags = values["additional_tags"]
            self.additional_tags = AdditionalTagsConfig(file_name="", tags=tags)


def _newer_of(values):
    return without_none(**{name: values.get(name) for name in _params.NEWER})


def _checked_file_name(name):
    # Whoever may start a build must not choose which file of the pod is read.
    if name is None:
        return DEFAULT_CUSTOMIZE_CONF
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise OsbsValidationException("%s: customize_conf: not the name of a file" % _SOURCE)
    return name
