"""A Pod as the server sent it, read."""

from __future__ import absolute_import, print_function, unicode_literals

import re
from collections import OrderedDict

from osbs._compat import to_native
from osbs._typing import Any, Dict  # noqa: F401
from osbs.utils import dicts_in, get_path


class PodResponse(object):
    """Wrap the JSON of a Pod."""

    def __init__(self, pod):
        # type: (Dict[str, Any]) -> None
        """
        :param pod: dict, the Pod as the server sent it
        """
        self._json = pod

    def __repr__(self):
        # type: () -> str
        name = get_path(self._json, "metadata", "name")
        phase = get_path(self._json, "status", "phase")
        return to_native("<Pod %s: %s>" % (name, ("%s" % phase).lower()))

    @property
    def json(self):
        # type: () -> Dict[str, Any]
        """Return the Pod as it was given."""
        return self._json

    def get_container_image_ids(self):
        # type: () -> Dict[str, str]
        """Return the image id of each image that the containers run, without ``docker://``."""
        image_ids = OrderedDict()
        for status in dicts_in(self._json, "status", "containerStatuses"):
            image, image_id = status.get("image"), status.get("imageID")
            if image is not None and image_id is not None:
                image_ids[image] = re.sub("^docker://", "", image_id)
        return image_ids

    def get_failure_reason(self):
        # type: () -> Dict[str, Any]
        """Return why the pod failed: ``reason``, and of the first container that failed its
        ``exitCode`` and, where known, ``containerID``.
        """
        for status in dicts_in(self._json, "status", "containerStatuses"):
            terminated = get_path(status, "state", "terminated")
            exit_code = get_path(terminated, "exitCode")
            if exit_code:
                reason = terminated.get("message") or terminated.get("reason")
                failure = {"reason": reason or "Exit code %s" % exit_code, "exitCode": exit_code}
                if "containerID" in terminated:
                    failure["containerID"] = terminated["containerID"]
                return failure
        known = (get_path(self._json, "status", key) for key in ("message", "reason", "phase"))
        return {"reason": next((text for text in known if text), "Unknown")}
