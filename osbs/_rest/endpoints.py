"""The requests of the REST API, as values that core sends.

Pure. Two requests compare equal when they are the same.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import re
from collections import namedtuple

import six
from six.moves.urllib.parse import quote, urlencode, urljoin

from osbs._compat import to_text
from osbs._typing import Any  # noqa: F401
from osbs.exceptions import OsbsValidationException

OPENSHIFT, KUBERNETES = "openshift", "kubernetes"
# Annotation of a BuildRequest, which OpenShift (1.3 to 4) copies to the Build: whose Build it is.
REQUEST_ID = "osbs-client/request-id"

_NOT_IN_A_SEGMENT = re.compile("[/?#\x00-\x1f\x7f-\x9f]")
_DOTS = (".", "..")

# verb: get, post, put or delete; api: base of the URL; path: quoted, with its query, below the
# namespace if namespaced; options: keyword arguments of the method that sends it, such as _get;
# check: raise for an error status; log_level: of the record about it.
Request = namedtuple("Request", "verb api path namespaced options check log_level")


def segment(value, what="name"):
    # type: (Any, str) -> str
    """Quote a value as one segment of a path.

    :param value: text or number
    :param what: str, what it is, for the message
    :raises OsbsValidationException: it would change the path
    """
    text = to_text(value)
    if value is None or not text or text in _DOTS or _NOT_IN_A_SEGMENT.search(text):
        raise OsbsValidationException(
            'invalid %s %r: must not be empty, "." or "..", and not hold "/", "?", "#" or '
            "control characters" % (what, value)
        )
    return quote(_utf8(text), safe=str(":~"))


def query(pairs):
    # type: (Any) -> str
    """Return the pairs as a query with its question mark; empty for no pairs.

    :param pairs: iterable of (name, value); one whose value is None is left out
    """
    given = [(_utf8(name), _utf8(value)) for name, value in pairs if value is not None]
    encoded = urlencode(given)
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


def parsed_body(request):
    # type: (Request) -> Any
    """Return the JSON in the body of a request, None if there is none."""
    try:
        return json.loads(request.options["data"])
    except (KeyError, TypeError, ValueError, RuntimeError):  # RuntimeError: nested too deeply
        return None


def _request(
    verb, path, api=OPENSHIFT, namespaced=True, check=True, log_level=logging.ERROR, **options
):
    return Request(verb, api, path, namespaced, options, check, log_level)


def get(path, api=OPENSHIFT, **kwargs):
    # type: (str, str, Any) -> Request
    """Return a request that reads; kwargs are fields of Request, and options."""
    return _request("get", path, api, **kwargs)


def delete(path, api=OPENSHIFT, **kwargs):
    # type: (str, str, Any) -> Request
    """Return a request that deletes; see :func:`get`."""
    return _request("delete", path, api, **kwargs)


def post(path, data, api=OPENSHIFT, **kwargs):
    # type: (str, Any, str, Any) -> Request
    """Return a request that creates; see :func:`get`.

    :param data: text or bytes, which are sent as they are, or what is sent as JSON
    """
    return _sent("post", path, data, api, kwargs)


def put(path, data, api=OPENSHIFT):
    # type: (str, Any, str) -> Request
    """Return a request that replaces; see :func:`post`."""
    return _sent("put", path, data, api, {})


def _sent(verb, path, data, api, kwargs):
    if not isinstance(data, (six.string_types, six.binary_type)):
        data = json.dumps(data)
    headers = {"Content-Type": "application/json"}
    return _request(verb, path, api, data=data, headers=headers, **kwargs)


def item(collection, name):
    # type: (str, str) -> str
    """Return the path of an object."""
    return "%s/%s" % (segment(collection, "resource type"), segment(name, "name of " + collection))


def get_build(build_id):
    # type: (str) -> Request
    """Return the request that reads a build."""
    return get(item("builds", build_id) + "/")


def list_builds(build_config_id=None, koji_task_id=None, field_selector=None, labels=None):
    # type: (Any, Any, Any, Any) -> Request
    """Return the request that lists builds; see :meth:`osbs.core.Openshift.list_builds`."""
    pairs = list((labels or {}).items())
    if build_config_id is not None:
        pairs.append(("buildconfig", build_config_id))
    if koji_task_id is not None:
        pairs.append(("koji-task-id", koji_task_id))
    selectors = ("labelSelector", labels_selector(pairs) or None), ("fieldSelector", field_selector)
    return get("builds/" + query(selectors), check=False)


def list_pods(label):
    # type: (Any) -> Request
    """Return the request that lists pods.

    :param label: str, label selector; None: all
    """
    return get("pods/" + query([("labelSelector", label)]), KUBERNETES, check=False)


def list_resource_quotas():
    # type: () -> Request
    """Return the request that lists resource quotas."""
    return get("resourcequotas/", KUBERNETES)


def get_log(build_id, pairs=(), **kwargs):
    # type: (str, Any, Any) -> Request
    """Return the request that reads a log over a connection of its own.

    :param pairs: iterable of (name, value), the query
    """
    path = item("builds", build_id) + "/log/" + query(pairs)
    return get(path, headers={"Connection": "close"}, **kwargs)


def put_object(collection, name, data):
    # type: (str, str, dict) -> Request
    """Return the request that replaces an object of any collection."""
    return _request("put", item(collection, name), data=json.dumps(data), use_json=True)


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
    return get(path, create.api, check=False)


def watch_path(resource_type, resource_name=None):
    # type: (str, Any) -> str
    """Return the path, below the namespace, of what is watched in the OpenShift 3 way."""
    path = segment(resource_type, "resource type") + "/"
    return path if resource_name is None else path + segment(resource_name) + "/"
