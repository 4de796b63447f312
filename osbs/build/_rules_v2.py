"""Rules of arrangement 6, which the pod applies to the plugins of its template.

``v`` is short for values.
"""

from __future__ import absolute_import, print_function, unicode_literals

from osbs.build._plugins import BUILDSTEP, EXIT, POSTBUILD, PREBUILD, PREPUBLISH
from osbs.build._rules import (
    BUILD_KWARGS,
    NOT_FOR_FLATPAK,
    ONLY_FOR_FLATPAK,
    PREPUBLISH_RULES,
    always,
    build_kwargs,
    config_kwargs,
    remove_if,
    unless_empty,
    unless_none,
    tag_suffixes,
)

_BUILD_KWARGS = BUILD_KWARGS + " reactor_config_map reactor_config_override"

_NO_TARGET = remove_if(
    lambda v: v.koji_target is None, "no koji target supplied in user parameters"
)

RULES = {
    PREBUILD: (
        (
            "add_filesystem",
            unless_none(
                repos="yum_repourls",
                from_task_id="filesystem_koji_task_id",
                architecture="platform",
            ),
        ),
        (
            "add_labels_in_dockerfile",
            unless_empty(labels=lambda v: v.release and {"release": v.release}),
        ),
        ("add_yum_repo_by_url", unless_none(repourls="yum_repourls")),
        (
            "bump_release",
            remove_if(lambda v: v.release, "release value supplied as user parameter"),
            unless_empty(append=lambda v: bool(v.flatpak)),
        ),
        ("check_and_set_platforms", _NO_TARGET, always("koji_target")),
        (
            "flatpak_create_dockerfile",
            ONLY_FOR_FLATPAK,
            remove_if(lambda v: v.flatpak_base_image is None, "unable to set flatpak base image"),
            always(base_image="flatpak_base_image"),
        ),
        (
            "inject_parent_image",
            remove_if(lambda v: not v.koji_parent_build, "no koji parent build in user parameters"),
            always("koji_parent_build"),
        ),
        (
            "koji",
            remove_if(lambda v: v.yum_repourls, "there is a yum repo user parameter"),
            NOT_FOR_FLATPAK,
            _NO_TARGET,
            always(target="koji_target"),
        ),
        (
            "resolve_composes",
            remove_if(lambda v: v.yum_repourls, "yum repourls specified in user parameters"),
            unless_none("compose_ids", "signing_intent", "koji_target"),
        ),
        ("resolve_module_compose", ONLY_FOR_FLATPAK, unless_none("compose_ids")),
    ),
    BUILDSTEP: (
        (
            "orchestrate_build",
            always(
                build_kwargs=lambda v: build_kwargs(v, _BUILD_KWARGS, bool),
                config_kwargs=lambda v: config_kwargs(v, "flatpak_base_image"),
            ),
            unless_none("platforms"),
        ),
    ),
    PREPUBLISH: PREPUBLISH_RULES,
    POSTBUILD: (
        (
            "koji_upload",
            always("koji_upload_dir", "platform", report_multiple_digests=lambda v: True),
        ),
        ("tag_from_config", unless_none(tag_suffixes=tag_suffixes)),
    ),
    EXIT: (
        (
            "import_image",
            remove_if(lambda v: v.imagestream_name is None, "imagestream not in user parameters"),
            always(imagestream="imagestream_name"),
        ),
        (
            "koji_tag_build",
            remove_if(lambda v: not v.koji_target, "no koji target in user parameters"),
            always(target="koji_target"),
        ),
    ),
}
