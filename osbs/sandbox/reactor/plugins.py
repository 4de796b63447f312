"""
What the plugins of arrangement 1 to 6 do in the sandbox.

A plugin is a function ``(context, args) -> result``; :func:`find` returns it by name. Plugins that
call this library in atomic-reactor make the same calls here; the others only log a line.
"""

import hashlib
import json
import logging
import re
import time
import zlib

from osbs.exceptions import OsbsResponseException
from osbs.sandbox.reactor import workers
from osbs.sandbox.reactor.context import ReactorError
from osbs.utils import Labels

logger = logging.getLogger("atomic_reactor.plugins")

#: timeout (seconds) of the import of an image stream
IMPORT_TIMEOUT = 10
METADATA_KEY = "metadata.json"

#: plugins that only affect the image, Koji or registries, which do not exist here
PRETENDED = frozenset(
    [
        "add_dockerfile",
        "add_filesystem",
        "add_help",
        "add_labels_in_dockerfile",
        "add_yum_repo_by_url",
        "all_rpm_packages",
        "change_from_in_dockerfile",
        "compress",
        "delete_from_registry",
        "distgit_fetch_artefacts",
        "distribution_scope",
        "dockerfile_content",
        "fetch_maven_artifacts",
        "flatpak_create_dockerfile",
        "flatpak_create_oci",
        "inject_parent_image",
        "inject_yum_repo",
        "koji",
        "koji_parent",
        "koji_tag_build",
        "pull_base_image",
        "pulp_publish",
        "pulp_pull",
        "pulp_push",
        "pulp_sync",
        "pulp_tag",
        "remove_built_image",
        "resolve_composes",
        "resolve_module_compose",
        "sendmail",
        "squash",
        "stop_autorebuild_if_disabled",
        "tag_by_labels",
    ]
)


def find(name):
    """
    Return the function of a plugin, or None if there is no plugin of that name.

    :param name: str
    """
    return pretend if name in PRETENDED else PLUGINS.get(name)


def pretend(context, args):
    """Do nothing; the runner logs that."""


def pretend_to_build(context):
    """Log the steps of the Dockerfile, as a real build would."""
    pause = float(context.sandbox_setting("build_seconds", 0))
    parser = context.repo_info.dockerfile_parser
    steps = [] if parser is None else parser.structure
    for number, step in enumerate(steps, 1):
        time.sleep(pause / len(steps))
        content = re.sub(r"\\?\s*\n\s*", " ", step["content"].strip())
        logger.info("Step %d/%d : %s", number, len(steps), content)


def reactor_config(context, args):
    """Log the keys of the reactor config, never its values.

    Before arrangement 6 it is in a mounted secret.
    """
    if args.get("config_path") and not context.reactor_config:
        context.read_reactor_config(args["config_path"])
    logger.debug("reactor config has the keys %s", ", ".join(sorted(context.reactor_config)))


def check_and_set_rebuild(context, args):
    """Return whether this is an automatic rebuild, and mark the next one as automatic."""
    labels = context.build["metadata"].get("labels") or {}
    key, value = args["label_key"], args["label_value"]
    is_rebuild = labels.get(key) == value
    if is_rebuild:
        logger.info("this is an automatic rebuild")
    else:
        context.osbs.update_labels_on_build_config(labels["buildconfig"], {key: value})
    return is_rebuild


def check_and_set_platforms(context, args):
    """Return the platforms that have a worker cluster (atomic-reactor asks the Koji target)."""
    platforms = workers.configured_platforms(context)
    logger.info("koji is not asked; platforms with a cluster: %s", ", ".join(platforms))
    return platforms


def bump_release(context, args):
    """Return the release of the Dockerfile, else 1 (atomic-reactor asks Koji)."""
    release = context.label(Labels.LABEL_TYPE_RELEASE, "1")
    logger.info("koji is not asked; release is %s", release)
    return release


def release_of(context):
    """Return the release of the build, as text."""
    given = context.user_params.get("release") or context.results.get("bump_release")
    return given or context.label(Labels.LABEL_TYPE_RELEASE, "1")


def orchestrate_build(context, args):
    """Start a worker build for each platform and wait for all of them."""
    context.orchestration = workers.Orchestration(context, args, release_of(context))
    return context.orchestration.run()


def koji_upload(context, args):
    """Store the metadata of a worker build in a config map for its orchestrator."""
    name = context.build_id + "-md"
    platform = args.get("platform") or context.user_params.get("platform")
    image = {"type": "docker-image", "arch": platform, "components": [_component(platform)]}
    metadata = {"metadata_version": 0, "build": context.build_id, "platform": platform}
    context.osbs.create_config_map(name, {METADATA_KEY: dict(metadata, output=[image])})
    logger.info("metadata: configmap/%s", name)
    return {"metadata_fragment": "configmap/" + name, "metadata_fragment_key": METADATA_KEY}


def _component(platform):
    """Return a package of the image as Koji lists it: the same one on all platforms."""
    package = {"type": "rpm", "name": "bash", "version": "4.4.19", "release": "1", "epoch": None}
    return dict(package, arch=platform, sigmd5="0" * 32, signature=None)


def compare_components(context, args):
    """Fail if a package is not the same on all platforms, as Koji's metadata lists them."""
    versions = {}
    for platform, metadata in (context.results.get("fetch_worker_metadata") or {}).items():
        for output in metadata.get("output") or ():
            for component in output.get("components") or ():
                version = (component["version"], component["release"])
                versions.setdefault(component["name"], {}).setdefault(version, []).append(platform)
    different = sorted(name for name, found in versions.items() if len(found) > 1)
    if different:
        raise ReactorError("components differ between platforms: " + ", ".join(different))


def fetch_worker_metadata(context, args):
    """Read the metadata of the worker builds."""
    return {
        worker.platform: worker.osbs.get_config_map(name).get_data_by_key(key)
        for worker, name, key in _metadata_fragments(context)
    }


def remove_worker_metadata(context, args):
    """Delete the config maps of the worker builds."""
    for worker, name, _ in _metadata_fragments(context):
        worker.osbs.delete_config_map(name)
        logger.info("%s: deleted the worker's config map", worker.platform)


def _metadata_fragments(context):
    for worker in context.orchestration.workers if context.orchestration else ():
        annotations = worker.annotations
        fragment = annotations.get("metadata_fragment", "")
        if fragment.startswith("configmap/"):
            yield worker, fragment.split("/", 1)[1], annotations["metadata_fragment_key"]


def tag_from_config(context, args):
    """Choose the tags of the image."""
    suffixes = args.get("tag_suffixes") or {}
    version = context.label(Labels.LABEL_TYPE_VERSION, "0")
    primary = [
        suffix.replace("{version}", version).replace("{release}", release_of(context))
        for suffix in suffixes.get("primary") or []
    ]
    return {"unique": list(suffixes.get("unique") or []), "primary": primary}


def _tags(context):
    given = context.results.get("tag_from_config") or {}
    if any(given.values()):
        return given
    output = context.environ.get("OUTPUT_IMAGE") or context.user_params.get("image_tag") or ""
    primary = []
    if "tag_by_labels" in context.results:
        version = context.label(Labels.LABEL_TYPE_VERSION, "0")
        primary = ["{}-{}".format(version, release_of(context)), version, "latest"]
    return {"unique": [output.rpartition(":")[2] or "latest"], "primary": primary}


def push(context, args):
    """Return digests as a registry would; nothing is pushed."""
    tags = _tags(context)
    digest = "sha256:" + _fingerprint(context)
    logger.debug("nothing is pushed to %s", context.registry)
    return [
        {
            "registry": context.registry,
            "repository": context.image_name,
            "tag": tag,
            "digest": digest,
            "version": "v2",
        }
        for tag in tags["unique"] + tags["primary"]
    ]


def _fingerprint(context):
    uid = context.build["metadata"].get("uid") or context.build_id
    return hashlib.sha256(uid.encode("utf-8")).hexdigest()


def koji_import(context, args):
    """Return a build id as Koji would; None for a failed build."""
    if context.errors:
        logger.info("the build failed, nothing is imported")
        return None
    build_id = zlib.crc32(_fingerprint(context).encode("utf-8"))
    logger.info("nothing is imported into koji; build id would be %d", build_id)
    return build_id


def import_image(context, args):
    """Import the image into its image stream, which triggers rebuilds of dependent images."""
    if context.errors:
        logger.info("the build failed, nothing is imported")
        return
    name = args["imagestream"]
    repository = "{}/{}".format(context.registry, context.image_name)
    try:
        stream = context.osbs.get_image_stream(name).json()
    except OsbsResponseException as exc:
        if exc.status_code != 404:
            raise
        stream = context.osbs.create_image_stream(name, repository).json()
    for tag in _tags(context)["primary"]:
        context.osbs.ensure_image_stream_tag(stream, tag)
        stream = context.osbs.get_image_stream(name).json()
    imported = context.osbs.import_image(name, timeout=IMPORT_TIMEOUT)
    logger.info("image stream %s: %s", name, "imported" if imported else "nothing imported")


def store_metadata_in_osv3(context, args):
    """Store the results on the Build."""
    annotations = {
        "plugins-metadata": json.dumps(context.results["plugins-metadata"]),
        "repositories": json.dumps(_repositories(context)),
        "digests": json.dumps(_digests(context)),
        "image-id": _fingerprint(context),
        "base-image-name": context.user_params.get("base_image") or "",
        "base-image-id": "",
        "commit_id": context.environ.get("SOURCE_REF") or "",
        "dockerfile": _dockerfile(context),
    }
    annotations.update(context.results.get("koji_upload") or {})
    results = context.results
    koji_build_id = results.get("koji_import") or results.get("koji_promote")
    if context.orchestration is not None:
        annotations["worker-builds"] = json.dumps(context.orchestration.summary())
        workers_builds = [worker.build for worker in context.orchestration.workers if worker.build]
        if not _digests(context):
            annotations["repositories"] = json.dumps(_merged_repositories(workers_builds))
        if koji_build_id is None:
            ids = [build.get_koji_build_id() for build in workers_builds]
            koji_build_id = next(filter(None, ids), None)
    context.osbs.update_annotations_on_build(context.build_id, annotations)
    if koji_build_id is not None:
        labels = {"koji-build-id": str(koji_build_id)}
        context.osbs.update_labels_on_build(context.build_id, labels)
    logger.info("stored %d annotations on the build", len(annotations))


def _digests(context):
    for name in ("group_manifests", "tag_and_push"):
        if context.results.get(name):
            return context.results[name]
    return []


def _merged_repositories(builds):
    """Return the repositories of worker builds, for an orchestrator that pushes nothing itself."""
    found = [build.get_repositories() or {} for build in builds]
    return {
        kind: sorted({name for one in found for name in one.get(kind) or ()})
        for kind in ("primary", "unique")
    }


def _repositories(context):
    tags = _tags(context)
    pushed = {item["tag"]: item for item in _digests(context)}
    return {
        kind: [
            "{registry}/{repository}:{tag}".format(**pushed[tag])
            for tag in tags[kind]
            if tag in pushed
        ]
        for kind in ("primary", "unique")
    }


def _dockerfile(context):
    # If the repository cannot be read, an earlier plugin has failed; store the other metadata.
    try:
        parser = context.repo_info.dockerfile_parser
        return parser.content if parser else ""
    except Exception as exc:
        logger.warning("no Dockerfile to store: %s", exc)
        return ""


PLUGINS = {
    "bump_release": bump_release,
    "compare_components": compare_components,
    "check_and_set_platforms": check_and_set_platforms,
    "check_and_set_rebuild": check_and_set_rebuild,
    "fetch_worker_metadata": fetch_worker_metadata,
    "group_manifests": push,
    "import_image": import_image,
    "koji_import": koji_import,
    "koji_promote": koji_import,
    "koji_upload": koji_upload,
    "orchestrate_build": orchestrate_build,
    "reactor_config": reactor_config,
    "remove_worker_metadata": remove_worker_metadata,
    "store_metadata_in_osv3": store_metadata_in_osv3,
    "tag_and_push": push,
    "tag_from_config": tag_from_config,
}
