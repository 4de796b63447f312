"""Rules of arrangement 6, which the pod applies to the plugins of its template."""

from __future__ import absolute_import, print_function, unicode_literals

import six

from osbs.build._plugins import BUILDSTEP, EXIT, POSTBUILD, PREBUILD, PREPUBLISH
from osbs.build._rules import (
    BUILD_KWARGS,
    always,
    build_kwargs,
    remove_if,
    unless_empty,
    unless_none,
    any_empty,
    present,
    tag_suffixes,
    any_none,
)

_BUILD_KWARGS = BUILD_KWARGS + " reactor_config_map reactor_config_override"

_RELEASE_GIVEN = "release value supplied as user parameter"
_FLATPAK = "flatpak build requested"
_NO_TARGET = "no koji target supplied in user parameters"
_YUM_REPOS = "yum repourls specified in user parameters"


def _config_kwargs(values):
    kwargs = {}
    if values.flatpak_base_image is not None:
        kwargs["flatpak_base_image"] = six.text_type(values.flatpak_base_image)
    if not values.build_imagestream:
        kwargs["build_image"] = values.build_image
    return kwargs


_PREBUILD = (
    (
        "add_filesystem",
        unless_none(
            repos="yum_repourls", from_task_id="filesystem_koji_task_id", architecture="platform"
        ),
    ),
    (
        "add_labels_in_dockerfile",
        unless_empty(labels=lambda values: values.release and {"release": values.release}),
    ),
    ("add_yum_repo_by_url", unless_none(repourls="yum_repourls")),
    (
        "bump_release",
        remove_if(present("release"), _RELEASE_GIVEN),
        unless_empty(append=present("flatpak")),
    ),
    (
        "check_and_set_platforms",
        remove_if(any_none("koji_target"), _NO_TARGET),
        always("koji_target"),
    ),
    (
        "flatpak_create_dockerfile",
        remove_if(any_empty("flatpak"), "not a flatpak build"),
        remove_if(any_none("flatpak_base_image"), "unable to set flatpak base image"),
        always(base_image="flatpak_base_image"),
    ),
    (
        "inject_parent_image",
        remove_if(any_empty("koji_parent_build"), "no koji parent build in user parameters"),
        always("koji_parent_build"),
    ),
    (
        "koji",
        remove_if(present("yum_repourls"), "there is a yum repo user parameter"),
        remove_if(present("flatpak"), _FLATPAK),
        remove_if(any_none("koji_target"), _NO_TARGET),
        always(target="koji_target"),
    ),
    (
        "resolve_composes",
        remove_if(present("yum_repourls"), _YUM_REPOS),
        unless_none("compose_ids", "signing_intent", "koji_target"),
    ),
    (
        "resolve_module_compose",
        remove_if(any_empty("flatpak"), "not a flatpak build"),
        unless_none("compose_ids"),
    ),
)
_BUILDSTEP = (
    (
        "orchestrate_build",
        always(
            build_kwargs=lambda values: build_kwargs(values, _BUILD_KWARGS, bool),
            config_kwargs=_config_kwargs,
        ),
        unless_none("platforms"),
    ),
)
_PREPUBLISH = (
    ("flatpak_create_oci", remove_if(any_empty("flatpak"), "not a flatpak build")),
    ("squash", remove_if(present("flatpak"), _FLATPAK)),
)
_POSTBUILD = (
    (
        "koji_upload",
        always("koji_upload_dir", "platform", report_multiple_digests=lambda values: True),
    ),
    ("tag_from_config", unless_none(tag_suffixes=tag_suffixes)),
)
_EXIT = (
    (
        "import_image",
        remove_if(any_none("imagestream_name"), "imagestream not in user parameters"),
        always(imagestream="imagestream_name"),
    ),
    (
        "koji_tag_build",
        remove_if(any_empty("koji_target"), "no koji target in user parameters"),
        always(target="koji_target"),
    ),
)
RULES = (
    (PREBUILD, _PREBUILD),
    (BUILDSTEP, _BUILDSTEP),
    (PREPUBLISH, _PREPUBLISH),
    (POSTBUILD, _POSTBUILD),
    (EXIT, _EXIT),
)
