"""The connection that existing tests put in the place of `Openshift._con`."""

from __future__ import absolute_import, print_function, unicode_literals

import fnmatch
import json

from osbs.http import HttpResponse

NS = "namespaces/default"
BUILD_ID = "test-build-123"
LOCATION = (
    "https://10.0.0.1:8443/oauth/token/display#access_token=4wMmJsxh&expires_in=86400"
    "&token_type=bearer"
)


def build(name=BUILD_ID, phase="Complete"):
    """Return a Build as the recorded server has it."""
    return {
        "kind": "Build",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "namespace": "default",
            "resourceVersion": "1",
            "labels": {"buildconfig": "bc"},
            "annotations": {"repositories": "{}"},
        },
        "spec": {},
        "status": {"phase": phase},
    }


IMAGE_STREAM = {
    "kind": "ImageStream",
    "apiVersion": "v1",
    "metadata": {
        "name": "test_imagestream",
        "resourceVersion": "5722991",
        "annotations": {
            "openshift.io/image.dockerRepositoryCheck": "2015-11-11T11:11:11Z",
            "openshift.io/image.insecureRepository": "true",
        },
    },
    "spec": {"dockerImageRepository": "r/x"},
}


class StreamingResponse(object):
    """A stream whose one line is the whole body; has no ``close``."""

    def __init__(self, status_code=200, content=b"", headers=None):
        self.status_code = status_code
        self.content = content
        self.headers = headers or {}

    def iter_lines(self):
        yield self.content

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def _table():
    log = "   l\u00edne 1   \n".encode("utf-8")
    event = json.dumps({"type": "MODIFIED", "object": build()}, indent=4).encode("utf-8")
    table = {
        ("get", "/oapi/v1/%s/builds/" % NS): {"items": [build(), build("other")]},
        ("post", "/oapi/v1/%s/builds/" % NS): build(),
        ("get", "/oapi/v1/users/~/"): {"kind": "User", "metadata": {"name": "test"}},
        ("post", "/oapi/v1/%s/buildconfigs/" % NS): {
            "metadata": {"name": "test-build-config-123"},
            "status": {"lastVersion": 0},
        },
        ("post", "/oapi/v1/%s/buildconfigs/path-master-?????/instantiate" % NS): build(phase="New"),
        ("get", "/oapi/v1/%s/imagestreams/test_imagestream" % NS): IMAGE_STREAM,
        ("put", "/oapi/v1/%s/imagestreams/test_imagestream" % NS): IMAGE_STREAM,
        (
            "get",
            "/api/v1/%s/pods/?labelSelector=openshift.io%%2Fbuild.name%%3D%s" % (NS, BUILD_ID),
        ): {"items": [{"metadata": {"name": "pod"}}]},
        ("put", "/api/v1/%s/resourcequotas/pause" % NS): b"",
        ("delete", "/api/v1/%s/resourcequotas/pause" % NS): b"",
        ("delete", "/api/v1/%s/configmaps/special-config" % NS): b"",
        ("get", "/oapi/v1/%s/builds/test-build-cancel-123/" % NS): build(
            "test-build-cancel-123", "Running"
        ),
        ("put", "/oapi/v1/%s/builds/test-build-cancel-123/" % NS): build(
            "test-build-cancel-123", "Cancelled"
        ),
        ("get", "/oapi/v1/watch/%s/builds/%s/" % (NS, BUILD_ID)): event,
    }
    for slash in ("", "/"):
        for verb in ("get", "put"):
            table[verb, "/oapi/v1/%s/builds/%s%s" % (NS, BUILD_ID, slash)] = build()
    for query in ("", "?follow=0", "?follow=1"):
        table["get", "/oapi/v1/%s/builds/%s/log/%s" % (NS, BUILD_ID, query)] = log
    return table


class Connection(object):
    """Answers what it knows, and ValueError for any other URL."""

    def __init__(self):
        self.table = _table()
        self.calls = []

    def get(self, url, *args, **kwargs):
        return self.request(url, "get", *args, **kwargs)

    def post(self, url, *args, **kwargs):
        return self.request(url, "post", *args, **kwargs)

    def put(self, url, *args, **kwargs):
        return self.request(url, "put", *args, **kwargs)

    def delete(self, url, *args, **kwargs):
        return self.request(url, "delete", *args, **kwargs)

    def request(self, url, method, stream=None, *args, **kwargs):
        self.calls.append((method, url, kwargs))
        status, headers, content = self._answer(url, method)
        if stream:
            return StreamingResponse(status, content, headers)
        return HttpResponse(status, headers, content)

    def _answer(self, url, method):
        if url.startswith("/oauth/authorize"):
            return 200, {"location": LOCATION}, b""
        if (method, url) == ("post", "/api/v1/%s/resourcequotas/" % NS):
            return 409, {}, b""
        if method == "get" and "/buildconfigs/" in url:
            return 404, {}, b""
        for (verb, pattern), content in self.table.items():
            if verb == method and (
                pattern == url or ("?????" in pattern and fnmatch.fnmatch(url, pattern))
            ):
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode("utf-8")
                return 200, {}, content
        raise ValueError("%s to %s not known" % (method, url))
