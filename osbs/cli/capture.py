"""Save every response of the server in a file (``--capture-dir``).

The files can be read by their owner only, and hold neither tokens nor the data of secrets. Each is
a new one that takes its name when it is complete: what has the name already, perhaps a FIFO, a link
or somebody else's file, is replaced and never opened.
"""

from __future__ import absolute_import, print_function, unicode_literals

import errno
import hashlib
import json
import os

from osbs._compat import to_text
from osbs.cli.errors import CommandError
from osbs._redact import mask_text, redacted
from osbs._token_file import replace_file
from osbs._typing import Any  # noqa: F401
from osbs.http import decode_json

# Bytes; file systems allow 255, and a counter and a suffix are added.
_LONGEST_NAME = 200


def setup_json_capture(osbs, os_conf, capture_dir):
    # type: (Any, Any, str) -> None
    """Save the responses that a client gets from now on.

    :param osbs: OSBS
    :param os_conf: Configuration
    :param capture_dir: str, made if it is not there
    """
    try:
        os.mkdir(capture_dir, 0o700)
    except OSError as ex:
        if ex.errno != errno.EEXIST or not os.path.isdir(capture_dir):
            raise
    connection = osbs.os._con
    connection.request = ResponseSaver(
        capture_dir,
        os_conf.get_openshift_api_uri(),
        os_conf.get_k8s_api_uri(),
        connection.request,
    ).request


def _shown(content):
    """Return the bytes to write for a body: JSON made readable, the rest as it is."""
    if not isinstance(content, bytes):
        content = to_text(content or "").encode("utf-8")
    try:
        data = redacted(decode_json(content), limit=None)
    except ValueError:
        text = to_text(content)
        masked = mask_text(text, limit=None)
        return content if masked == text else masked.encode("utf-8")
    text = json.dumps(data, sort_keys=True, indent=4, separators=(",", ": "))
    return text.encode("utf-8")


def _write(path, content):
    try:
        replace_file(path, _shown(content))
    except EnvironmentError as ex:
        raise CommandError(
            "cannot save a response for --capture-dir in %s: %s" % (path, ex.strerror), cause=ex
        )


def _shortened(name):
    encoded = name.encode("utf-8")
    if len(encoded) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return "%s-%s" % (encoded[: _LONGEST_NAME - 17].decode("utf-8", "ignore"), digest)


class ResponseSaver(object):
    """Stands before the method that sends a request and saves the responses."""

    def __init__(self, capture_dir, openshift_api_uri, k8s_api_uri, fn):
        # type: (str, str, str, Any) -> None
        """
        :param capture_dir: str, path
        :param openshift_api_uri: str, left out of file names
        :param k8s_api_uri: str, left out of file names
        :param fn: function of (url, method, ...) that sends a request
        """
        self.capture_dir = capture_dir
        self.openshift_api_uri = openshift_api_uri
        self.k8s_api_uri = k8s_api_uri
        self.fn = fn
        self.visited = {}  # type: dict

    def get_path(self, url, method):
        # type: (str, str) -> str
        """Return the path for the next response to a request, without its suffix."""
        name = to_text(url)
        for prefix in (self.openshift_api_uri, self.k8s_api_uri):
            if prefix and name.startswith(prefix):
                name = name[len(prefix) :]
        name = _shortened("%s-%s" % (method, mask_text(name).replace("/", "_")))
        path = os.path.join(self.capture_dir, name)
        count = self.visited.get(path, 0)
        self.visited[path] = count + 1
        return "%s-%03d" % (path, count)

    def request(self, url, method, *args, **kwargs):
        """Send a request, save the response, return it.

        :raises CommandError: when it cannot be saved
        """
        path = self.get_path(url, method)
        response = self.fn(url, method, *args, **kwargs)
        if kwargs.get("stream"):
            response.iter_lines = IterLinesSaver(path, response.iter_lines).iter_lines
        else:
            _write("%s.json" % path, response.content)
        return response


class IterLinesSaver(object):
    """Stands before the lines of a stream and saves each."""

    def __init__(self, path, fn):
        # type: (str, Any) -> None
        """
        :param path: str, beginning of the names of the files
        :param fn: function that returns an iterable of lines
        """
        self.path = path
        self.fn = fn
        self.line = 0

    def iter_lines(self):
        """Iterate over the lines, unchanged.

        :raises CommandError: when a line cannot be saved
        """
        for line in self.fn():
            _write("%s-%03d.json" % (self.path, self.line), line)
            self.line += 1
            yield line
