"""The requests of the REST API, as values that core sends.

Pure. Two requests compare equal when they are the same.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import re
from collections import namedtuple

import six
from six.moves import http_client
from six.moves.urllib.parse import quote, urlencode, urljoin

from osbs._compat import to_text
from osbs._typing import Any  # noqa: F401
from osbs.exceptions import OsbsValidationException

OPENSHIFT, KUBERNETES = "openshift", "kubernetes"
JSON_HEADERS = {"Content-Type": "application/json"}
# Annotation of a BuildRequest, which OpenShift (1.3 to 4) copies to the Build: whose Build it is.
REQUEST_ID = "osbs-client/request-id"

_NOT_IN_A_SEGMENT = re.compile("[/?#\x00-\x1f\x7f-\x9f]")
_DOTS = (".", "..")

# verb: get, post, put or delete; api: base of the URL; path: quoted, with its query, below the
# namespace if namespaced; options: keyword arguments of the method that sends it, such as _get;
# check: raise for an error status; log_level: of the record about it; accept: error statuses that
# are no error here.
Request = namedtuple("Request", "verb api path namespaced options check log_level accept")


def segment(value, what="name"):
    # type: (Any, str) -> str
    """Quote a value as one segment of a path.

    :param value: text or number
    :param what: str, what it is, for the message
    :raises OsbsValidationException: it would change the path
    """
    if isinstance(value, six.binary_type):
        value = value.decode("utf-8", "replace")
    text = value if isinstance(value, six.text_type) else str(value)
    if value is None or not text or text in _DOTS or _NOT_IN_A_SEGMENT.search(text):
        raise OsbsValidationException(
            'invalid %s %r: must not be empty, "." or "..", and not hold "/", "?", "#" or '
            "control characters" % (what, value)
        )
    return quote(_utf8(text), safe=str(":~"))


def query(pairs):
    # type: (Any) -> str
    """Return the pairs as a query with its question mark; empty for no pairs.

    :param pairs: iterable of (name, value)
    """
    encoded = urlencode([(_utf8(name), _utf8(value)) for name, value in pairs])
    return "?" + encoded if encoded else ""


def _utf8(value):
    if not isinstance(value, six.text_type):
        return value
    try:
        return value.encode("utf-8")
    except UnicodeError as ex:
        raise OsbsValidationException("%r cannot be part of a URL: not Unicode" % value, cause=ex)


def labels_selector(pairs):
    # type: (Any) -> six.text_type
    """Return pairs of label and value as a selector."""
    return ",".join("%s=%s" % (to_text(label), to_text(value)) for label, value in pairs)


def url(base, namespace, path, pairs=()):
    # type: (str, Any, str, Any) -> str
    """Join a base, a namespace (None: none) and a quoted path, which may hold a query."""
    if namespace is not None:
        path = "namespaces/%s/%s" % (segment(namespace, "namespace"), path)
    return urljoin(base, path + query(pairs))


def body_text(data):
    # type: (Any) -> Any
    """Return what is sent for some data: text and bytes as they are, the rest as JSON."""
    if isinstance(data, (six.string_types, six.binary_type)):
        return data
    return json.dumps(data)


def parsed_body(request):
    # type: (Request) -> Any
    """Return the JSON in the body of a request, None if there is none."""
    try:
        return json.loads(request.options["data"])
    except (KeyError, TypeError, ValueError, RuntimeError):  # RuntimeError: nested too deeply
        return None


def _request(
    verb,
    path,
    api=OPENSHIFT,
    namespaced=True,
    check=True,
    log_level=logging.ERROR,
    accept=(),
    **options
):
    return Request(verb, api, path, namespaced, options, check, log_level, accept)


def _sent(verb, path, data, **kwargs):
    return _request(verb, path, data=body_text(data), headers=dict(JSON_HEADERS), **kwargs)


def _item(collection, name):
    return "%s/%s" % (segment(collection, "resource type"), segment(name, "name of " + collection))


def get_user(username):
    return _request("get", _item("users", username) + "/", namespaced=False)


def get_serviceaccount(name):
    return _request("get", _item("serviceaccounts", name) + "/", KUBERNETES)


def get_secret(name):
    return _request("get", _item("secrets", name) + "/", KUBERNETES)


def build_path(build_id):
    # type: (str) -> str
    """Return the path of a build."""
    return _item("builds", build_id) + "/"


def create_build(build_json):
    return _sent("post", "builds/", build_json, check=False)


def get_build(build_id):
    return _request("get", build_path(build_id))


def put_build(build_id, build_json):
    return _sent("put", build_path(build_id), build_json)


def list_builds(build_config_id=None, koji_task_id=None, field_selector=None, labels=None):
    pairs = list((labels or {}).items())
    if build_config_id is not None:
        pairs.append(("buildconfig", build_config_id))
    if koji_task_id is not None:
        pairs.append(("koji-task-id", koji_task_id))
    selectors = [("labelSelector", labels_selector(pairs))] if pairs else []
    if field_selector is not None:
        selectors.append(("fieldSelector", field_selector))
    return _request("get", "builds/" + query(selectors), check=False)


def list_pods(label):
    selectors = [] if label is None else [("labelSelector", label)]
    return _request("get", "pods/" + query(selectors), KUBERNETES, check=False)


def get_build_config(name):
    return _request("get", _item("buildconfigs", name) + "/", check=False)


def get_build_config_by_labels(pairs):
    selector = query([("labelSelector", labels_selector(pairs))])
    return _request("get", "buildconfigs/" + selector, check=False)


def create_build_config(json_text):
    return _sent("post", "buildconfigs/", json_text, check=False)


def update_build_config(name, json_text):
    return _sent("put", _item("buildconfigs", name), json_text)


def instantiate(name, api_version, request_id):
    metadata = {"name": name, "annotations": {REQUEST_ID: request_id}}
    request = {"kind": "BuildRequest", "apiVersion": api_version, "metadata": metadata}
    path = _item("buildconfigs", name) + "/instantiate"
    return _sent("post", path, request, check=False, idempotent=False)


def log_path(build_id, pairs=()):
    # type: (str, Any) -> str
    """Return the path of a build's log."""
    return build_path(build_id) + "log/" + query(pairs)


def get_log(build_id, pairs=(), **options):
    headers = {"Connection": "close"}
    return _request("get", log_path(build_id, pairs), headers=headers, **options)


def list_resource_quotas():
    return _request("get", "resourcequotas/", KUBERNETES)


def get_resource_quota(name):
    return _request("get", _item("resourcequotas", name), KUBERNETES)


def create_resource_quota(quota_json):
    return _sent(
        "post", "resourcequotas/", quota_json, api=KUBERNETES, accept=(http_client.CONFLICT,)
    )


def put_resource_quota(name, quota_json):
    return _sent("put", _item("resourcequotas", name), quota_json, api=KUBERNETES)


def delete_resource_quota(name):
    return _request(
        "delete", _item("resourcequotas", name), KUBERNETES, accept=(http_client.NOT_FOUND,)
    )


def get_image_stream_tag(tag_id):
    return _request("get", _item("imagestreamtags", tag_id), log_level=logging.DEBUG)


def put_image_stream_tag(tag_id, tag):
    return _sent("put", _item("imagestreamtags", tag_id), tag)


def get_image_stream(name):
    return _request("get", _item("imagestreams", name), log_level=logging.DEBUG)


def create_image_stream(json_text):
    return _sent("post", "imagestreams/", json_text)


def import_images(stream_import):
    return _sent("post", "imagestreamimports/", stream_import)


def dump_resource(resource_type):
    return _request("get", segment(resource_type, "resource type"))


def restore_resource(resource_type, resource):
    return _sent("post", segment(resource_type, "resource type"), resource)


def create_config_map(config_map):
    return _sent("post", "configmaps/", config_map, api=KUBERNETES)


def get_config_map(name):
    return _request("get", _item("configmaps", name), KUBERNETES)


def delete_config_map(name):
    return _sent("delete", _item("configmaps", name), "{}", api=KUBERNETES)


def get_object(collection, name):
    return _request("get", _item(collection, name), check=False)


def put_object(collection, name, data):
    return _request("put", _item(collection, name), data=json.dumps(data), use_json=True)


def get_created(create, name):
    # type: (Request, str) -> Request
    """Return the request that reads what another one creates.

    :param create: Request of a POST to a collection
    :param name: str, name of the object
    """
    collection = create.path.rstrip("/")
    path = "%s/%s" % (collection, segment(name))
    # The paths of builds and BuildConfigs end in a slash everywhere else.
    if collection in ("builds", "buildconfigs"):
        path += "/"
    return _request("get", path, create.api, check=False)


def watch_path(resource_type, resource_name=None):
    # type: (str, Any) -> str
    """Return the path, below the namespace, of what is watched in the OpenShift 3 way."""
    path = segment(resource_type, "resource type") + "/"
    return path if resource_name is None else path + segment(resource_name) + "/"


def get_watched(resource_type, name):
    # type: (str, str) -> Request
    """Return the request that reads an object that is being watched."""
    return _request("get", watch_path(resource_type, name), log_level=logging.DEBUG)
