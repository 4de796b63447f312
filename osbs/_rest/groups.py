"""Where the API groups of OpenShift 4 live."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import re

from six.moves import http_client
from six.moves.urllib.parse import urljoin

from osbs.exceptions import OsbsResponseException, OsbsValidationException
from osbs._rest import endpoints
from osbs._typing import Any  # noqa: F401

logger = logging.getLogger(__name__)

OAPI, APIS, AUTO = "oapi", "apis", "auto"
MODES = (OAPI, APIS, AUTO)

# What is not listed here is Kubernetes' own and stays under /api/v1/.
_GROUPS = {
    "builds": "build.openshift.io",
    "buildconfigs": "build.openshift.io",
    "imagestreams": "image.openshift.io",
    "imagestreamimports": "image.openshift.io",
    "imagestreamtags": "image.openshift.io",
    "users": "user.openshift.io",
}
_GROUP_PATH = "apis/%s/v1/"
_ROOT = re.compile(r"oapi/[^/]*/?$")

# Base URL -> mode, as found out for `auto`; kept for the process.
_found_modes = {}  # type: dict


class Groups(object):
    """The bases of the URLs of one server."""

    def __init__(self, mode, openshift_url, kubernetes_url):
        # type: (str, Any, Any) -> None
        """
        :param mode: str, oapi, apis or auto
        :param openshift_url: str or None, such as ``https://h:8443/oapi/v1/``
        :param kubernetes_url: str or None, such as ``https://h:8443/api/v1/``
        :raises OsbsValidationException: the mode is unknown
        """
        if mode not in MODES:
            raise OsbsValidationException(
                "openshift_api is %r, but must be one of %s" % (mode, ", ".join(MODES))
            )
        self._mode = mode
        self._openshift_url = openshift_url
        self._kubernetes_url = kubernetes_url

    @property
    def root(self):
        # type: () -> str
        """Base of everything on the server."""
        url = self._openshift_url or ""
        return _ROOT.sub("", url) if _ROOT.search(url) else urljoin(url, "/")

    def are_used(self, get):
        # type: (Any) -> bool
        """Tell whether the OpenShift 4 groups are used, asking the server if need be.

        :param get: function of a URL, sends a GET and returns the response
        :raises OsbsResponseException: the server's response decides nothing
        """
        if self._mode == AUTO:
            if self.root not in _found_modes:
                _found_modes[self.root] = self._ask(get)
            self._mode = _found_modes[self.root]
        return self._mode == APIS

    def _ask(self, get):
        url = urljoin(self.root, (_GROUP_PATH % _GROUPS["builds"]).rstrip("/"))
        response = get(url)
        if response.status_code == http_client.OK:
            mode = APIS
        elif response.status_code in (http_client.FORBIDDEN, http_client.NOT_FOUND):
            mode = OAPI
        else:
            raise OsbsResponseException(response.content, response.status_code)
        logger.info("openshift_api is %s", mode)
        return mode

    def base_of(self, path):
        # type: (str) -> str
        """Return the base of the URL for a path that begins with a resource type."""
        group = _group_of(path)
        if group is None:
            return self._kubernetes_url
        return urljoin(self.root, _GROUP_PATH % group)


def _group_of(path):
    return _GROUPS.get(re.split("[/?]", path, maxsplit=1)[0])


def with_group_version(request):
    # type: (endpoints.Request) -> endpoints.Request
    """Return a request whose body names the version of its group (templates keep ``v1``)."""
    group = _group_of(request.path) if request.api == endpoints.OPENSHIFT else None
    data = endpoints.parsed_body(request) if group is not None else None
    if not isinstance(data, dict):
        return request
    data["apiVersion"] = "%s/v1" % group
    return request._replace(options=dict(request.options, data=json.dumps(data)))


def watch_selection(name, request_args):
    # type: (Any, dict) -> dict
    """Return the query that watches a list, or one object of it, in the OpenShift 4 way.

    :param name: str or None, name of the object
    :param request_args: dict, the caller's query
    """
    query = dict(request_args, watch="true")
    if name is not None:
        own = "metadata.name=%s" % name
        given = query.get("fieldSelector")
        query["fieldSelector"] = "%s,%s" % (given, own) if given else own
    return query
