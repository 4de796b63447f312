"""A Build as the server sent it, read."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
from collections import OrderedDict

from osbs.constants import (
    BUILD_CANCELLED_STATE,
    BUILD_FAILED_STATES,
    BUILD_FINISHED_STATES,
    BUILD_PENDING_STATES,
    BUILD_RUNNING_STATES,
    BUILD_SUCCEEDED_STATES,
)
from osbs._compat import to_native
from osbs._json import load_json
from osbs._typing import Any, Dict, List, Optional, Text  # noqa: F401
from osbs.build.pod_response import PodResponse  # noqa: F401
from osbs.utils import dicts_in, get_path, get_time_from_rfc3339

logger = logging.getLogger(__name__)

_NANOSECONDS = 1e9


def _status_facts(status):
    # type: (Dict[Text, Any]) -> List[Text]
    """Return what OpenShift wrote about a failure; some releases of 4 do so only in a condition."""
    conditions = [c for c in dicts_in(status, "conditions") if c.get("type") == status["phase"]]
    condition = conditions[0] if conditions else {}
    message, reason = (status.get(key) or condition.get(key) for key in ("message", "reason"))
    facts = ["%s (%s)" % (message, reason) if message and reason else message or reason]
    ending = _last_line(status.get("logSnippet") or "")
    if ending:
        facts.append("the log ends with: %s" % ending)
    return facts


def _pod_fact(pod):
    # type: (PodResponse) -> Optional[Text]
    failure = pod.get_failure_reason()
    reason, exit_code = _last_line(failure["reason"]), failure.get("exitCode")
    if exit_code is None:
        nothing_said = (get_path(pod.json, "status", "phase"), "Unknown")
        return None if reason in nothing_said else "the pod failed: %s" % reason
    if reason == "Exit code %s" % exit_code:
        return "the pod failed with exit code %s" % exit_code
    return "the pod failed with exit code %s: %s" % (exit_code, reason)


def _last_line(text):
    # type: (Text) -> Text
    lines = ("%s" % text).strip().splitlines()
    return lines[-1].strip() if lines else ""


class BuildResponse(object):
    """Wrap the JSON of a Build.

    Nothing is copied: values that the getters return are shared with ``json``.
    """

    # Defaults on the class, as listings make thousands of these.
    _status = None
    _cancelled = None

    def __init__(self, build_json):
        # type: (Dict[str, Any]) -> None
        """
        :param build_json: dict, the Build as the server sent it; kept as attribute ``json``
        """
        self.json = build_json

    def __repr__(self):
        # type: () -> str
        # Not self.status, which raises for a Build without a phase.
        phase = get_path(self.json, "status", "phase")
        return to_native("<Build %s: %s>" % (self.get_build_name(), ("%s" % phase).lower()))

    @property
    def status(self):
        # type: () -> str
        """Return the phase in lower case.

        :raises KeyError: when the Build has none
        """
        if self._status is None:
            self._status = self.json["status"]["phase"].lower()
        return self._status

    @status.setter
    def status(self, value):
        # type: (str) -> None
        old = get_path(self.json, "status", "phase")
        logger.info("changing status of build %s from %s to %s", self.get_build_name(), old, value)
        self._status = value.lower()
        self.json["status"]["phase"] = value.capitalize()

    @property
    def cancelled(self):
        # type: () -> Optional[bool]
        """Return whether cancelling was asked for; None when that was never set.

        Says nothing about the phase, see :meth:`is_cancelled`.
        """
        if self._cancelled is None:
            self._cancelled = self.json["status"].get("cancelled")
        return self._cancelled

    @cancelled.setter
    def cancelled(self, value):
        # type: (bool) -> None
        self._cancelled = value
        self.json["status"]["cancelled"] = value

    def is_finished(self):
        # type: () -> bool
        """Tell whether the build has ended, however it did."""
        return self.status in BUILD_FINISHED_STATES

    def is_failed(self):
        # type: () -> bool
        """Tell whether the build has ended without success."""
        return self.status in BUILD_FAILED_STATES

    def is_cancelled(self):
        # type: () -> bool
        """Tell whether the build has ended because it was cancelled."""
        return self.status == BUILD_CANCELLED_STATE

    def is_succeeded(self):
        # type: () -> bool
        """Tell whether the build has ended with success."""
        return self.status in BUILD_SUCCEEDED_STATES

    def is_running(self):
        # type: () -> bool
        """Tell whether the build's pod runs."""
        return self.status in BUILD_RUNNING_STATES

    def is_pending(self):
        # type: () -> bool
        """Tell whether the build waits for its pod."""
        return self.status in BUILD_PENDING_STATES

    def is_in_progress(self):
        # type: () -> bool
        """Tell whether the build has not ended; true for phases that this library does not know."""
        return not self.is_finished()

    def get_build_name(self):
        # type: () -> str
        """Return the name of the Build."""
        return self._metadata("name")

    def get_image_tag(self):
        # type: () -> Optional[str]
        """Return the name of the image that the build makes."""
        return get_path(self.json, "spec", "output", "to", "name")

    def get_time_created(self):
        # type: () -> Optional[str]
        """Return when the Build was created, as RFC 3339 text."""
        return self._metadata("creationTimestamp")

    def get_time_created_in_seconds(self):
        # type: () -> float
        """Return when the Build was created, in seconds since the epoch.

        :raises TypeError: when the Build does not say
        """
        return get_time_from_rfc3339(self.get_time_created())

    def get_annotations(self):
        # type: () -> Optional[Dict[str, str]]
        """Return the annotations, or None."""
        return self._metadata("annotations")

    def get_labels(self):
        # type: () -> Optional[Dict[str, str]]
        """Return the labels, or None."""
        return self._metadata("labels")

    def get_annotations_or_labels(self):
        # type: () -> Optional[Dict[str, str]]
        """Return the annotations, or the labels when there are no annotations at all."""
        annotations = self.get_annotations()
        return self.get_labels() if annotations is None else annotations

    def get_dockerfile(self):
        # type: () -> Optional[str]
        """Return the text of the Dockerfile."""
        return self._note("dockerfile")

    def get_commit_id(self):
        # type: () -> Optional[str]
        """Return the commit that was built."""
        return self._note("commit_id")

    def get_image_id(self):
        # type: () -> Optional[str]
        """Return the id of the image that was built."""
        return self._note("image-id")

    def get_base_image_id(self):
        # type: () -> Optional[str]
        """Return the id of the base image."""
        return self._note("base-image-id")

    def get_base_image_name(self):
        # type: () -> Optional[str]
        """Return the name of the base image."""
        return self._note("base-image-name")

    def get_repositories(self):
        # type: () -> Optional[Dict[str, List[str]]]
        """Return where the image was pushed to: keys ``primary`` and ``unique``, or None.

        :raises ValueError: when the annotation is not JSON
        """
        return self._json_note("repositories")

    def get_digests(self):
        # type: () -> Optional[List[Dict[str, Any]]]
        """Return the digests of the image, a list of dicts, or None.

        :raises ValueError: when the annotation is not JSON
        """
        return self._json_note("digests")

    def get_tar_metadata(self):
        # type: () -> Optional[Dict[str, Any]]
        """Return size, checksums and name of the exported image, or None.

        :raises ValueError: when the annotation is not JSON
        """
        return self._json_note("tar_metadata")

    def get_tar_metadata_size(self):
        # type: () -> Optional[int]
        """Return the size of the exported image in bytes."""
        return get_path(self.get_tar_metadata(), "size")

    def get_tar_metadata_md5sum(self):
        # type: () -> Optional[str]
        """Return the MD5 checksum of the exported image."""
        return get_path(self.get_tar_metadata(), "md5sum")

    def get_tar_metadata_sha256sum(self):
        # type: () -> Optional[str]
        """Return the SHA-256 checksum of the exported image."""
        return get_path(self.get_tar_metadata(), "sha256sum")

    def get_tar_metadata_filename(self):
        # type: () -> Optional[str]
        """Return the file name of the exported image."""
        return get_path(self.get_tar_metadata(), "filename")

    def get_koji_build_id(self):
        # type: () -> Optional[str]
        """Return the id of the Koji build, which is kept in a label."""
        return get_path(self.get_labels(), "koji-build-id")

    def get_error_message(self):
        # type: () -> Optional[str]
        """Return which plugin failed and why, or None when that is not known."""
        text = self._note("plugins-metadata")
        try:
            errors = load_json(text, object_pairs_hook=OrderedDict)["errors"] if text else {}
            plugin, message = next(iter(errors.items()), (None, None))
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError):
            logger.debug("annotation plugins-metadata is not understood")
            return None
        if plugin is None:
            return None
        return "Error in plugin %s%s" % (plugin, ": %s" % message if message else "")

    def get_failure_message(self, pod=None):
        # type: (Optional[PodResponse]) -> Optional[Text]
        """Return why the build failed or was cancelled, or None: it was not, or nothing tells.

        The first error of a plugin, as :meth:`get_error_message`; if none is known, what OpenShift
        wrote about the build, the last line of its log and how its pod ended.

        :param pod: what ``OSBS.get_pod_for_build`` returned, or None
        """
        if not self.is_failed():
            return None
        facts = _status_facts(self.json["status"]) + [_pod_fact(pod) if pod else None]
        told = "; ".join("%s" % fact for fact in facts if fact)
        return self.get_error_message() or told or None

    def get_duration(self):
        # type: () -> Optional[float]
        """Return how many seconds the build ran, or None: it has not ended, or never ran."""
        duration, start, end = (
            get_path(self.json, "status", key)
            for key in ("duration", "startTimestamp", "completionTimestamp")
        )
        try:
            if duration:
                return duration / _NANOSECONDS
            return get_time_from_rfc3339(end) - get_time_from_rfc3339(start)
        except (TypeError, ValueError):  # one is missing, or malformed
            return None

    def get_platforms(self):
        # type: () -> Dict[Text, Dict[Text, Any]]
        """Return the worker build of each platform, empty before an orchestrator build has ended.

        A worker build is a dict: ``build`` (``build-name``, ``cluster-url``, ``namespace``),
        ``digests`` and ``plugins-metadata``.

        :raises ValueError: when the annotation is not JSON
        """
        workers = self._json_note("worker-builds")
        return workers if isinstance(workers, dict) else {}

    def _metadata(self, key):
        return get_path(self.json, "metadata", key)

    def _note(self, key):
        return get_path(self.get_annotations_or_labels(), key)

    def _json_note(self, key):
        text = self._note(key)
        return load_json(text) if text else None
