"""Rules of arrangement 6: the table of plugins-configuration.md, section 2, steps 5 to 21.

May import ``osbs.build.rules``.
"""

from __future__ import absolute_import, print_function, unicode_literals

import six

from osbs.build.plugins import BUILDSTEP, EXIT, POSTBUILD, PREBUILD, PREPUBLISH
from osbs.build.rules import (
    BUILD_KWARGS,
    Rule,
    always,
    build_kwargs,
    by_step,
    filled,
    given,
    lacks,
    present,
    tag_suffixes,
    unset,
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


_TABLE = (
    Rule(
        "add_filesystem",
        PREBUILD,
        args=(
            given("repos", "yum_repourls"),
            given("from_task_id", "filesystem_koji_task_id"),
            given("architecture", "platform"),
        ),
    ),
    Rule(
        "add_labels_in_dockerfile",
        PREBUILD,
        args=(filled("labels", lambda values: values.release and {"release": values.release}),),
    ),
    Rule("add_yum_repo_by_url", PREBUILD, args=(given("repourls", "yum_repourls"),)),
    Rule(
        "bump_release",
        PREBUILD,
        remove=((present("release"), _RELEASE_GIVEN),),
        args=(filled("append", present("flatpak")),),
    ),
    Rule(
        "check_and_set_platforms",
        PREBUILD,
        remove=((unset("koji_target"), _NO_TARGET),),
        args=(always("koji_target", "koji_target"),),
    ),
    Rule(
        "flatpak_create_dockerfile",
        PREBUILD,
        remove=(
            (lacks("flatpak"), "not a flatpak build"),
            (unset("flatpak_base_image"), "unable to set flatpak base image"),
        ),
        args=(always("base_image", "flatpak_base_image"),),
    ),
    Rule("flatpak_create_oci", PREPUBLISH, remove=((lacks("flatpak"), None),)),
    Rule(
        "import_image",
        EXIT,
        remove=((unset("imagestream_name"), "imagestream not in user parameters"),),
        args=(always("imagestream", "imagestream_name"),),
    ),
    Rule(
        "inject_parent_image",
        PREBUILD,
        remove=((lacks("koji_parent_build"), "no koji parent build in user parameters"),),
        args=(always("koji_parent_build", "koji_parent_build"),),
    ),
    Rule(
        "koji",
        PREBUILD,
        remove=(
            (present("yum_repourls"), "there is a yum repo user parameter"),
            (present("flatpak"), _FLATPAK),
            (unset("koji_target"), _NO_TARGET),
        ),
        args=(always("target", "koji_target"),),
    ),
    Rule(
        "koji_tag_build",
        EXIT,
        remove=((lacks("koji_target"), "no koji target in user parameters"),),
        args=(always("target", "koji_target"),),
    ),
    Rule(
        "koji_upload",
        POSTBUILD,
        args=(
            always("koji_upload_dir", "koji_upload_dir"),
            always("platform", "platform"),
            always("report_multiple_digests", lambda values: True),
        ),
    ),
    Rule(
        "orchestrate_build",
        BUILDSTEP,
        args=(
            given("platforms", "platforms"),
            always("build_kwargs", lambda values: build_kwargs(values, _BUILD_KWARGS, bool)),
            always("config_kwargs", _config_kwargs),
        ),
    ),
    Rule(
        "resolve_composes",
        PREBUILD,
        remove=((present("yum_repourls"), _YUM_REPOS),),
        args=(
            given("compose_ids", "compose_ids"),
            given("signing_intent", "signing_intent"),
            given("koji_target", "koji_target"),
        ),
    ),
    Rule(
        "resolve_module_compose",
        PREBUILD,
        remove=((lacks("flatpak"), None),),
        args=(given("compose_ids", "compose_ids"),),
    ),
    Rule("squash", PREPUBLISH, remove=((present("flatpak"), _FLATPAK),)),
    Rule("tag_from_config", POSTBUILD, args=(always("tag_suffixes", tag_suffixes),)),
)

RULES = by_step(_TABLE)
