"""What a person wants to know of a build: ``get-build``, ``list-builds`` and ``watch-builds``."""

from __future__ import absolute_import, print_function, unicode_literals

import time

from osbs._typing import Any, Dict, List, Optional, Text, Tuple  # noqa: F401
from osbs.cli import build_view, terminal
from osbs.cli.errors import tolerant
from osbs.utils import get_path, get_time_from_rfc3339


def show(screen, build):
    # type: (terminal.Terminal, Any) -> None
    """Write the details of a build on a terminal: first how it is, then what it consists of.

    :param build: BuildResponse
    """
    screen.write_lines(screen.block(_pairs(build)))
    rows = _platform_rows(build)
    if rows:
        screen.write_line()
        screen.write_lines(screen.table(("PLATFORM", "STATUS", "BUILD", "CLUSTER"), rows))
    dockerfile = build.get_dockerfile()
    if dockerfile:
        screen.write_line()
        screen.write_line(screen.style("Dockerfile", "dim"))
        screen.write_line(dockerfile.rstrip())


def _pairs(build):
    # type: (Any) -> List[Tuple[Text, Any]]
    git = get_path(build.json, "spec", "source", "git")
    pairs = [
        ("build", build.get_build_name()),
        ("status", terminal.phase(tolerant(lambda: build.status))),
    ]  # type: List[Tuple[Text, Any]]
    if tolerant(build.is_failed):
        pairs += [(key, (text, "red")) for key, text in build_view.reasons(build) if text]
    return pairs + [
        ("duration", _duration(build)),
        ("created", _created(build)),
        ("repository", get_path(git, "uri")),
        ("branch", get_path(build.json, "metadata", "labels", "git-branch")),
        ("commit", build.get_commit_id() or get_path(git, "ref")),
        ("base image", build.get_base_image_name()),
        ("images", build_view.images(build)),
        ("image id", build.get_image_id()),
        ("Koji build", build.get_koji_build_id()),
    ]


def reason(build):
    # type: (Any) -> Optional[Text]
    """Return why a build failed or was cancelled, in one line, or None."""
    failures = build_view.failed_plugins(build)
    if not failures:
        return tolerant(build.get_failure_message)
    return "; ".join(
        "%s: %s" % (failure.platform or failure.plugin, failure.message) for failure in failures
    )


def age(build):
    # type: (Any) -> Optional[float]
    """Return how many seconds ago a build was created, or None."""
    created = tolerant(build.get_time_created_in_seconds)
    return None if created is None else time.time() - created


def _created(build):
    seconds = age(build)
    if seconds is None:
        return None
    return "%s (%s ago)" % (build.get_time_created(), terminal.duration(seconds))


def _duration(build):
    seconds = tolerant(build.get_duration)
    if seconds is not None:
        return terminal.duration(seconds)
    if not tolerant(build.is_running):
        return None
    started = tolerant(lambda: get_time_from_rfc3339(build.json["status"]["startTimestamp"]))
    return started and "%s so far" % terminal.duration(time.time() - started)


def _platform_rows(build):
    rows = []
    for platform, worker in build_view.platforms(build):
        name, namespace, cluster = (
            get_path(worker, "build", key) for key in ("build-name", "namespace", "cluster-url")
        )
        where = " ".join(part for part in (namespace, cluster) if part)
        rows.append((platform, terminal.phase(_state(worker)), name, where))
    return rows


def _state(worker):
    metadata = get_path(worker, "plugins-metadata")
    if build_view.items(metadata, "errors"):
        return "failed"
    return "complete" if metadata or get_path(worker, "digests") else None
