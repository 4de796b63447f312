"""Rules of arrangement 6, which the pod applies to the plugins of its template."""

from __future__ import absolute_import, print_function, unicode_literals

import six

from osbs.build._plugins import BUILDSTEP, EXIT, POSTBUILD, PREBUILD, PREPUBLISH
from osbs.build._rules import (
    BUILD_KWARGS,
    Rule,
    always,
    build_kwargs,
    unless_empty,
    unless_none,
    any_empty,
    present,
    tag_suffixes,
    any_none,
)

_BUILD_KWARGS = BUILD_KWARGS + ("reactor_config_map", "reactor_config_override")

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


RULES = (
    Rule(
        PREBUILD,
        "add_filesystem",
        args=(
            unless_none("repos", "yum_repourls"),
            unless_none("from_task_id", "filesystem_koji_task_id"),
            unless_none("architecture", "platform"),
        ),
    ),
    Rule(
        PREBUILD,
        "add_labels_in_dockerfile",
        args=(
            unless_empty("labels", lambda values: values.release and {"release": values.release}),
        ),
    ),
    Rule(PREBUILD, "add_yum_repo_by_url", args=(unless_none("repourls", "yum_repourls"),)),
    Rule(
        PREBUILD,
        "bump_release",
        remove=((present("release"), _RELEASE_GIVEN),),
        args=(unless_empty("append", present("flatpak")),),
    ),
    Rule(
        PREBUILD,
        "check_and_set_platforms",
        remove=((any_none("koji_target"), _NO_TARGET),),
        args=(always("koji_target"),),
    ),
    Rule(
        PREBUILD,
        "flatpak_create_dockerfile",
        remove=(
            (any_empty("flatpak"), "not a flatpak build"),
            (any_none("flatpak_base_image"), "unable to set flatpak base image"),
        ),
        args=(always("base_image", "flatpak_base_image"),),
    ),
    Rule(PREPUBLISH, "flatpak_create_oci", remove=((any_empty("flatpak"), None),)),
    Rule(
        EXIT,
        "import_image",
        remove=((any_none("imagestream_name"), "imagestream not in user parameters"),),
        args=(always("imagestream", "imagestream_name"),),
    ),
    Rule(
        PREBUILD,
        "inject_parent_image",
        remove=((any_empty("koji_parent_build"), "no koji parent build in user parameters"),),
        args=(always("koji_parent_build"),),
    ),
    Rule(
        PREBUILD,
        "koji",
        remove=(
            (present("yum_repourls"), "there is a yum repo user parameter"),
            (present("flatpak"), _FLATPAK),
            (any_none("koji_target"), _NO_TARGET),
        ),
        args=(always("target", "koji_target"),),
    ),
    Rule(
        EXIT,
        "koji_tag_build",
        remove=((any_empty("koji_target"), "no koji target in user parameters"),),
        args=(always("target", "koji_target"),),
    ),
    Rule(
        POSTBUILD,
        "koji_upload",
        args=(
            always("koji_upload_dir"),
            always("platform"),
            always("report_multiple_digests", lambda values: True),
        ),
    ),
    Rule(
        BUILDSTEP,
        "orchestrate_build",
        args=(
            unless_none("platforms"),
            always("build_kwargs", lambda values: build_kwargs(values, _BUILD_KWARGS, bool)),
            always("config_kwargs", _config_kwargs),
        ),
    ),
    Rule(
        PREBUILD,
        "resolve_composes",
        remove=((present("yum_repourls"), _YUM_REPOS),),
        args=(
            unless_none("compose_ids"),
            unless_none("signing_intent"),
            unless_none("koji_target"),
        ),
    ),
    Rule(
        PREBUILD,
        "resolve_module_compose",
        remove=((any_empty("flatpak"), None),),
        args=(unless_none("compose_ids"),),
    ),
    Rule(PREPUBLISH, "squash", remove=((present("flatpak"), _FLATPAK),)),
    Rule(
        POSTBUILD,
        "tag_from_config",
        when=present("fills_in_tags"),
        args=(always("tag_suffixes", tag_suffixes),),
    ),
)
