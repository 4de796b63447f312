"""The REST calls of OpenShift and Kubernetes that the build service needs.

One short method for each request; what a request is, how it is authenticated, retried, done once
and followed is decided in ``osbs._rest``.
"""

from __future__ import absolute_import, print_function, unicode_literals

import base64
import copy
import logging
import os
import time
from collections import OrderedDict

import requests
import six
from six.moves import http_client

from osbs import _compat
from osbs.build.build_response import BuildResponse
from osbs.build.spec import checked_list
from osbs.constants import (
    BUILD_FINISHED_STATES,
    BUILD_RUNNING_STATES,
    DEFAULT_NAMESPACE,
    WATCH_ADDED,
    WATCH_DELETED,
    WATCH_ERROR,
    WATCH_MODIFIED,
)
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsResponseException,
    OsbsValidationException,
    OsbsWatchBuildNotFound,
)
from osbs.http import HttpResponse, HttpSession, close_stream, error_body
from osbs._redact import mask_text
from osbs._rest import auth, endpoints, groups, logs, once, paging, phases, retry, watch
from osbs._rest.endpoints import KUBERNETES, item, segment
from osbs._rest.objects import dict_in, json_object
from osbs._typing import Any  # noqa: F401
from osbs._waiting import PHASE, WAITING
from osbs.utils import dicts_in, get_path, retry_on_conflict, without_none

__all__ = [str("Openshift"), str("check_response")]

logger = logging.getLogger(__name__)

_OK = (http_client.OK, http_client.CREATED, http_client.ACCEPTED, http_client.NO_CONTENT)
_CHECK_ANNOTATION = "openshift.io/image.dockerRepositoryCheck"
_INSECURE_ANNOTATION = "openshift.io/image.insecureRepository"
# Notes on a stream about the repository that it imports.
_REPOSITORY_ANNOTATIONS = (
    _CHECK_ANNOTATION,
    "openshift.io/image.sourceRepository",
    _INSECURE_ANNOTATION,
)
# What an import needs of a stream's tag.
_IMPORTED = ("from", "importPolicy", "referencePolicy")
# Seconds of silence after which the end of a log may not be the end of the build.
_IDLE_LIMIT = 60
# Parallel instantiates of one BuildConfig end in conflicts that have no meaning: instead of the
# delays of retry_on_conflict, short ones, in seconds.
_INSTANTIATE_RETRIES = 11
_INSTANTIATE_DELAY = 0.2
_INSTANTIATE_LONGEST_DELAY = 10
# Seconds: how long what happens by itself is waited for, and the delays meanwhile.
_LATE_BUILD_TIMEOUT = 30
_DELETION_TIMEOUT = 30
_SHORT_DELAY, _LONGEST_SHORT_DELAY = 0.1, 2


def check_response(response, log_level=logging.ERROR):
    # type: (Any, int) -> None
    """Raise for an error status, after one log record.

    :param response: HttpResponse or HttpStream
    :param log_level: int, level of the record
    :raises OsbsResponseException: the status is not 200, 201, 202 or 204
    """
    if response.status_code in _OK:
        return
    content = error_body(response)
    logger.log(log_level, "[%d] %s", response.status_code, _compat.loggable_bytes(content))
    raise OsbsResponseException(message=content, status_code=response.status_code)


class Openshift(object):
    """Client of one namespace of one server. Threads may share it, forks may use it.

    Unless a method says otherwise it raises OsbsResponseException for an error status,
    OsbsNetworkException or a plain OsbsException with its cause when the transport fails,
    OsbsAuthException when there is no usable token, and OsbsValidationException, before anything
    is sent, for an id that cannot be part of a URL.

    :ivar explain_phases: bool, tell at INFO also why a build that is waited for is New and where
        it runs, which takes one more request each

    :param openshift_api_url: str, ends in a slash
    :param openshift_api_version: str
    :param openshift_oauth_url: str, ends in no slash
    :param k8s_api_url: str, ends in a slash
    :param verbose: bool
    :param username: str
    :param password: str
    :param use_kerberos: bool
    :param kerberos_keytab: str, path
    :param kerberos_principal: str
    :param kerberos_ccache: str, path
    :param client_cert: str, path
    :param client_key: str, path
    :param verify_ssl: bool
    :param use_auth: bool; None: if there are credentials
    :param token: str
    :param namespace: str
    :param ca_bundle: str, path of the certificates that are trusted
    :param openshift_api: str, oapi, apis or auto
    :param wait_timeout: float, seconds that a wait takes at most
    :param max_response_mib: int, MiB of the largest response that is read; None: 512
    :param request_timeout: float, seconds that a request takes at most; None: 600 until the
        headers of the response have come, an hour for its body
    :param retries: int, how often a request, watch or log is retried; None: 8, or 20 for the latter
    :raises OsbsValidationException: ca_bundle cannot be read, openshift_api is unknown
    """

    def __init__(
        self,
        openshift_api_url,
        openshift_api_version,
        openshift_oauth_url,
        k8s_api_url=None,
        verbose=False,
        username=None,
        password=None,
        use_kerberos=False,
        kerberos_keytab=None,
        kerberos_principal=None,
        kerberos_ccache=None,
        client_cert=None,
        client_key=None,
        verify_ssl=True,
        use_auth=None,
        token=None,
        namespace=DEFAULT_NAMESPACE,
        ca_bundle=None,
        openshift_api=groups.OAPI,
        wait_timeout=None,
        max_response_mib=None,
        request_timeout=None,
        retries=None,
    ):
        """Prepare; nothing is sent."""
        self.os_api_url = openshift_api_url
        self.k8s_api_url = k8s_api_url
        self._os_api_version = openshift_api_version
        self._os_oauth_url = openshift_oauth_url
        self.verbose = verbose
        self.verify_ssl = verify_ssl
        self._con = HttpSession(verbose=verbose)
        if max_response_mib is not None:
            self._con.max_body = max_response_mib << 20
        self._con.request_timeout = request_timeout
        self._con.retries = self._retries = retries
        self.retries_enabled = True
        self.explain_phases = False
        self._told_phases = {}  # type: dict
        self.namespace = namespace
        self.wait_timeout = wait_timeout

        self.username = username
        self.password = password
        self.use_kerberos = use_kerberos
        self.kerberos_keytab = kerberos_keytab
        self.kerberos_principal = kerberos_principal
        self.kerberos_ccache = kerberos_ccache
        self.client_cert = client_cert
        self.client_key = client_key
        self.token = token
        self._tokens = auth.Tokens()
        self._groups = groups.Groups(openshift_api, openshift_api_url, k8s_api_url)
        self._discovered = openshift_api == groups.OAPI
        self.ca = _readable(ca_bundle)
        given = bool(use_kerberos or token or (username and password))
        has_credentials = given or self.can_use_serviceaccount_token()
        self.use_auth = has_credentials if use_auth is None else use_auth

    @property
    def os_oauth_url(self):
        """URL of the OAuth endpoint."""
        return self._os_oauth_url

    def can_use_serviceaccount_token(self):
        # type: () -> bool
        """Take the token and the CA of the pod's service account, if there are any."""
        token = self._tokens.read_service_account()
        if not token:
            return False
        logger.info("using the token of the service account")
        self.token = token
        self.ca = self.ca or auth.service_account_ca()
        return True

    def get_oauth_token(self):
        # type: () -> str
        """Ask the OAuth server for a token and keep it.

        :return: str, the token; empty if the response is no redirect
        :raises OsbsAuthException: the credentials are refused or incomplete
        """
        if not self._discovered:
            found = auth.discover(lambda url: self._get(url, with_auth=False), self._groups.root)
            self._os_oauth_url = found or self._os_oauth_url
            self._discovered = True
        login = self._login_arguments()
        response = self._get(
            self._os_oauth_url + auth.QUERY,
            with_auth=False,
            allow_redirects=False,
            # Without it OpenShift does not offer basic authentication.
            headers={"X-CSRF-Token": "1"},
            **login
        )
        token = auth.token_of(response, login)
        if token:
            self._tokens.from_oauth = token
            self.token = token
        return token

    def _login_arguments(self):
        if self.use_auth and self.username and self.password:
            return {"username": self.username, "password": self.password}
        if not (self.use_auth and self.use_kerberos):
            return {}
        if self.kerberos_keytab:
            if not self.kerberos_principal:
                raise OsbsAuthException("kerberos_keytab is set, but kerberos_principal is not")
            # Runs programs: only who uses Kerberos pays for the import.
            from osbs.kerberos_ccache import kerberos_ccache_init

            kerberos_ccache_init(
                self.kerberos_principal, self.kerberos_keytab, ccache_file=self.kerberos_ccache
            )
        return {"kerberos_auth": True}

    # Plumbing: the seams that callers replace, and what stands below and above them.

    def _build_url(self, url, _prepend_namespace=True, **query):
        base = self._groups.base_of(url) if self._uses_groups() else self.os_api_url
        namespace = self.namespace if _prepend_namespace else None
        return endpoints.url(base, namespace, url, query.items())

    def _build_k8s_url(self, url, _prepend_namespace=True, **query):
        namespace = self.namespace if _prepend_namespace else None
        return endpoints.url(self.k8s_api_url, namespace, url, query.items())

    def _uses_groups(self):
        return self._groups.are_used(self._get)

    def _request_args(self, with_auth=True, **kwargs):
        headers = dict(kwargs.pop("headers", None) or {})
        if with_auth and self.use_auth:
            headers["Authorization"] = auth.BEARER + self._tokens.current(self)
        if bool(self.client_cert) != bool(self.client_key):
            raise OsbsAuthException("client_cert and client_key must be set together")
        if self.client_cert:
            kwargs.update(client_cert=self.client_cert, client_key=self.client_key)
        if self.verify_ssl and self.ca is not None:
            kwargs["ca"] = self.ca
        return headers, kwargs

    def _get(self, url, with_auth=True, **kwargs):
        return self._send_authorized("get", url, with_auth, kwargs)

    def _post(self, url, with_auth=True, **kwargs):
        return self._send_authorized("post", url, with_auth, kwargs)

    def _put(self, url, with_auth=True, **kwargs):
        return self._send_authorized("put", url, with_auth, kwargs)

    def _delete(self, url, with_auth=True, **kwargs):
        return self._send_authorized("delete", url, with_auth, kwargs)

    def _send_authorized(self, verb, url, with_auth, kwargs):
        headers, arguments = self._request_args(with_auth, **kwargs)
        response = self._send_once(verb, url, headers, arguments)
        if not (with_auth and self.use_auth and response.status_code == http_client.UNAUTHORIZED):
            return response
        used = headers["Authorization"][len(auth.BEARER) :]
        if not self._tokens.can_renew(self, used):
            return response
        close_stream(response)
        self._tokens.renew(self, used)
        headers, arguments = self._request_args(with_auth, **kwargs)
        return self._send_once(verb, url, headers, arguments)

    def _send_once(self, verb, url, headers, arguments):
        # Whoever reads a stream retries it, and so does who sets a timeout of its own.
        retries_enabled = self.retries_enabled and not (
            arguments.get("stream") or "timeout" in arguments
        )

        def send():
            return getattr(self._con, verb)(
                url,
                headers=headers,
                verify_ssl=self.verify_ssl,
                retries_enabled=retries_enabled,
                **arguments
            )

        if verb == "post" and not arguments.get("idempotent"):
            return send()
        return retry.retry_truncated(send, retries_enabled and self._retries != 0)

    def _send(self, request):
        build_url = self._build_url if request.api == endpoints.OPENSHIFT else self._build_k8s_url
        url = build_url(request.path, request.namespaced)
        if self._uses_groups():
            request = groups.with_group_version(request)
        response = getattr(self, "_" + request.verb)(url, **request.options)
        if request.verb == "put" and once.may_be_own_conflict(response):
            response = once.find_updated(self._send_unchecked, request) or response
        _check(request, response)
        return response

    def _send_unchecked(self, request):
        return self._send(request._replace(check=False))

    def _create(self, request):
        """Send a create; if its outcome is unknown, look up the object."""
        if not once.name_of(request):
            request = request._replace(options=dict(request.options, idempotent=False))
        response = once.create_once(self._send_unchecked, request)
        _check(request, response)
        return response

    # Users, service accounts

    def get_user(self, username="~"):
        """Get a user, by default oneself.

        :param username: str
        :return: HttpResponse
        """
        return self._send(endpoints.get(item("users", username) + "/", namespaced=False))

    def get_serviceaccount_tokens(self, username="~"):
        # type: (str) -> dict
        """Get the tokens of a service account.

        :param username: str, name of the service account
        :return: dict, name of the secret -> bytes of the token
        """
        path = item("serviceaccounts", username) + "/"
        account = self._send(endpoints.get(path, KUBERNETES)).json()
        result = OrderedDict()
        for reference in dicts_in(account, "secrets"):
            name = reference.get("name")
            if not isinstance(name, six.string_types) or "token" not in name:
                continue
            secret = self._send(endpoints.get(item("secrets", name) + "/", KUBERNETES)).json()
            token = get_path(secret, "data", "token")
            if token is None:
                logger.error("secret %s holds no token", name)
                continue
            try:
                result[name] = base64.b64decode(token)
            except (TypeError, ValueError):
                raise OsbsResponseException("the token of secret %s is not base64" % name, 200)
        return result

    # Builds

    def create_build(self, build_json):
        """Create a build.

        :param build_json: dict, or JSON text
        :return: HttpResponse, unchecked
        """
        return self._create(endpoints.post("builds/", build_json, check=False))

    @retry_on_conflict
    def cancel_build(self, build_id):
        """Ask for a build to be cancelled; the response still has the old phase.

        :param build_id: str
        :return: HttpResponse
        """
        build = json_object(self.get_build(build_id))
        dict_in(build, "status")["cancelled"] = True
        return self._send(endpoints.put(item("builds", build_id) + "/", build))

    def get_build(self, build_id):
        """Get a build.

        :param build_id: str
        :return: HttpResponse
        """
        return self._send(endpoints.get_build(build_id))

    def wait_for_build_to_exist(self, build_id):
        """Get a build that the server has named, but may not hold yet.

        The new lastVersion of a BuildConfig can be read a moment before the build.

        :param build_id: str
        :return: HttpResponse
        :raises OsbsWaitTimeout: it does not exist after 30 seconds
        """
        deadline = retry.Deadline(_LATE_BUILD_TIMEOUT)
        delays = retry.Backoff(_SHORT_DELAY, _LONGEST_SHORT_DELAY, at_once=False)
        while True:
            try:
                return self.get_build(build_id)
            except OsbsResponseException as ex:
                if ex.status_code != http_client.NOT_FOUND:
                    raise
            _check_expired(deadline, "build '%s'" % build_id, "not found")
            logger.info("build %s cannot be read yet", build_id)
            retry.sleep(delays.next(), deadline)

    def list_builds(
        self,
        build_config_id=None,
        koji_task_id=None,
        field_selector=None,
        labels=None,
        page_size=None,
    ):
        """List builds.

        :param build_config_id: str, builds of this BuildConfig
        :param koji_task_id: int or str, builds of this Koji task
        :param field_selector: str
        :param labels: dict, labels that builds must have
        :param page_size: int, builds a request; None: all at once
        :return: HttpResponse, unchecked unless in pages
        """
        return self._list(
            endpoints.list_builds(build_config_id, koji_task_id, field_selector, labels), page_size
        )

    def list_pods(self, label=None):
        """List pods.

        :param label: str, label selector
        :return: HttpResponse, unchecked
        """
        return self._send(endpoints.list_pods(label))

    # BuildConfigs

    def get_build_config(self, build_config_id):
        """Get a BuildConfig.

        :param build_config_id: str
        :return: dict
        """
        path = item("buildconfigs", build_config_id) + "/"
        return json_object(self._send(endpoints.get(path, check=False)))

    def get_build_config_by_labels(self, label_selectors):
        """Get the one BuildConfig that has some labels.

        :param label_selectors: list of (label, value)
        :return: dict
        :raises OsbsException: there is none, or more than one
        """
        wanted = endpoints.labels_selector(label_selectors)
        path = "buildconfigs/" + endpoints.query([("labelSelector", wanted)])
        items = dicts_in(json_object(self._send(endpoints.get(path, check=False))), "items")
        if not items:
            raise OsbsException("Build config not found for labels: %s" % wanted)
        if len(items) > 1:
            raise OsbsException("More than one build config found for labels: %s" % wanted)
        return items[0]

    def create_build_config(self, build_config_json):
        """Create a BuildConfig.

        :param build_config_json: str, JSON
        :return: HttpResponse, unchecked
        """
        return self._create(endpoints.post("buildconfigs/", build_config_json, check=False))

    def update_build_config(self, build_config_id, build_config_json):
        """Replace a BuildConfig.

        :param build_config_id: str
        :param build_config_json: str, JSON with the resourceVersion that was read
        :return: HttpResponse
        """
        path = item("buildconfigs", build_config_id)
        response = self._send(endpoints.put(path, build_config_json))
        # An update that was not carried out, and a build with what was there before.
        _require_json_object(response)
        return response

    def instantiate_build_config(self, build_config_id):
        """Start a build of a BuildConfig, exactly once, whoever else starts builds of it.

        A conflict with another instantiate is retried.

        :param build_config_id: str
        :return: HttpResponse with the Build, unchecked
        """
        # All attempts carry the same id: whichever was carried out, its Build is found.
        request_id = base64.b16encode(os.urandom(16)).decode("ascii")
        metadata = {"name": build_config_id, "annotations": {endpoints.REQUEST_ID: request_id}}
        body = {"kind": "BuildRequest", "apiVersion": self._os_api_version, "metadata": metadata}
        path = item("buildconfigs", build_config_id) + "/instantiate"
        request = endpoints.post(path, body, check=False, idempotent=False)
        delays = retry.Backoff(_INSTANTIATE_DELAY, _INSTANTIATE_LONGEST_DELAY, at_once=False)
        while True:
            response = self._create(request)
            if response.status_code != http_client.CONFLICT or delays.count >= _INSTANTIATE_RETRIES:
                return response
            delays.wait("others start builds of %s" % build_config_id, _INSTANTIATE_RETRIES)

    def start_build(self, build_config_id):
        """Start a build of a BuildConfig; see :meth:`instantiate_build_config`."""
        return self.instantiate_build_config(build_config_id)

    # Logs

    def logs(self, build_id, follow=False, build_json=None, wait_if_missing=False):
        """Get the log of a build.

        :param build_id: str
        :param follow: bool, read on until the build is finished
        :param build_json: dict, the build if it is known
        :param wait_if_missing: bool, wait for a build that does not exist yet
        :return: None if there is no log yet; bytes; or a generator of bytes lines (follow), of
            which each comes exactly once, whatever the connection does
        :raises OsbsException: the build does not exist
        """
        missing = None
        if not build_json:
            try:
                build_json = json_object(self.get_build(build_id))
            except OsbsResponseException as ex:
                if ex.status_code != http_client.NOT_FOUND:
                    raise
                if not wait_if_missing:
                    raise OsbsException("Build '%s' doesn't exist." % build_id, cause=ex)
                missing = True

        if follow or wait_if_missing:
            missing_ok = without_none(missing_ok=missing)
            build_json = self.wait_for_build_to_get_scheduled(build_id, **missing_ok)

        if (
            get_path(build_json, "status", "phase") is None
            or BuildResponse(build_json).is_pending()
        ):
            return None
        if follow:
            return self._follow_log(build_id)
        return self._send(endpoints.get_log(build_id)).content

    def _follow_log(self, build_id):
        follower = logs.LogFollower(
            lambda: self._send(endpoints.get_log(build_id, [("follow", 1)], stream=True)),
            lambda count: self._send(
                endpoints.get_log(build_id, [("tailLines", count)], log_level=logging.DEBUG)
            ).content,
            lambda: BuildResponse(_build_of(self.get_build(build_id))).is_finished(),
            retry.Failures("log", self._retries, self.retries_enabled),
            can_renew=lambda: self.use_auth and self._tokens.can_renew(self, self.token),
        )
        return follower.lines()

    def stream_logs(self, build_id):
        """Follow the log of a build over one connection.

        A stream that ended after a long silence is opened again. Lines may be lost or come twice,
        unlike those of :meth:`logs`.

        :param build_id: str
        :return: generator of bytes lines
        """
        last_activity = time.time()
        query = [("follow", 1)]
        previous_idle = 0
        while True:
            received = False
            failure = None
            try:
                response = self._send(endpoints.get_log(build_id, query, stream=1))
                try:
                    for line in response.iter_lines():
                        last_activity = time.time()
                        received = True
                        yield line
                finally:
                    close_stream(response)
            except OsbsException as ex:
                if not isinstance(ex.cause, requests.exceptions.ConnectionError):
                    raise
                failure = ex

            # Nothing may read the clock before this, not even a log record.
            idle = time.time() - last_activity
            if failure is not None:
                reason = retry.reason_of(failure)
                logger.info("log of build %s: %s", build_id, reason, extra=WAITING)
            if idle < _IDLE_LIMIT or (not received and idle - previous_idle < _IDLE_LIMIT):
                return
            if received or len(query) > 1:
                query = [("follow", 1), ("sinceSeconds", max(1, int(idle - 1)))]
            previous_idle = idle

    # Watches and waits

    def watch_resource(self, resource_type, resource_name=None, **request_args):
        """Watch a list of objects, or one of them.

        :param resource_type: str, such as builds
        :param resource_name: str, one object; None: all
        :param request_args: query of the first connection, such as fieldSelector; and
            ``deadline`` (Deadline at which to end) and ``missing_ok`` (the object may be made
            later), which are not sent
        :return: generator of (type in lower case, dict), without an end
        :raises OsbsResponseException: an error status that does not pass; 404 if the one object
            does not exist
        """
        watched = watch.Watch(
            lambda query, timeout: self._open_watch(resource_type, resource_name, query, timeout),
            lambda timeout: self._read_watched(resource_type, resource_name, timeout),
            resource_name is not None,
            request_args,
            retry.Failures("watch", self._retries, self.retries_enabled),
            deadline=request_args.pop("deadline", None),
            missing_ok=request_args.pop("missing_ok", False),
        )
        return watched.events()

    def _open_watch(self, resource_type, resource_name, query, timeout):
        path = endpoints.watch_path(resource_type, resource_name)
        if self._uses_groups():
            query = groups.watch_selection(resource_name, query)
            url = self._build_url(endpoints.watch_path(resource_type), **query)
        else:
            path = "watch/namespaces/%s/%s" % (segment(self.namespace, "namespace"), path)
            url = self._build_url(path, False, **query)
        response = self._get(
            url, stream=True, headers={"Connection": "close"}, **without_none(timeout=timeout)
        )
        check_response(response)
        return response

    def _read_watched(self, resource_type, resource_name, timeout):
        path = endpoints.watch_path(resource_type, resource_name)
        return self._send(endpoints.get(path, log_level=logging.DEBUG, timeout=timeout))

    def _watch_one(self, resource_type, resource_name, **kwargs):
        # Without a name all objects would be watched, and none of them awaited.
        segment(resource_name, "name")
        return self.watch_resource(resource_type, resource_name, **without_none(**kwargs))

    def wait(self, build_id, states, timeout=None, missing_ok=None):
        """Wait until a build is in one of some states.

        :param build_id: str
        :param states: list of str, in lower case
        :param timeout: float, seconds; None: wait_timeout
        :param missing_ok: bool, the build may be made later
        :return: dict, the Build
        :raises OsbsWaitTimeout: it took longer
        :raises OsbsWatchBuildNotFound: the watch ended
        :raises OsbsException: the build was deleted
        """
        deadline = retry.Deadline.of(timeout, self.wait_timeout)
        last_seen = None
        events = self._watch_one("builds", build_id, deadline=deadline, missing_ok=missing_ok)
        for changetype, obj in events:
            phase = _phase_of(build_id, obj)
            last_seen = phase or last_seen
            if phase is not None and changetype != WATCH_DELETED:
                self._tell_phase(build_id, obj)
            if phase is not None and phase.lower() in states:
                return obj
            if changetype == WATCH_DELETED and get_path(obj, "metadata", "name") in (
                build_id,
                None,
            ):
                raise OsbsException(
                    "build '%s' was deleted (last seen: %s)" % (build_id, last_seen or "nothing")
                )
            _check_expired(deadline, "build '%s'" % build_id, last_seen)
        _check_expired(deadline, "build '%s'" % build_id, last_seen)
        logger.error("build '%s' was not found by the watch", build_id)
        raise OsbsWatchBuildNotFound("build '%s' was not found by the watch" % build_id)

    def _tell_phase(self, build_id, build):
        if BuildResponse(build).is_finished():
            self._told_phases.pop(build_id, None)
            return
        state = (build["status"]["phase"], get_path(build, "status", "reason"))
        # Of two waits for one build in a row, the second begins where the first one ended.
        if state != self._told_phases.get(build_id):
            self._told_phases[build_id] = state
            phase = phases.describe_phase(build, self._send if self.explain_phases else None)
            logger.info("waiting for build %s: %s", build_id, phase, extra=PHASE)

    def wait_for_build_to_finish(self, build_id, timeout=None):
        """Wait until a build is finished, well or not; see :meth:`wait`."""
        return self.wait(build_id, BUILD_FINISHED_STATES, **without_none(timeout=timeout))

    def wait_for_build_to_get_scheduled(self, build_id, timeout=None, missing_ok=None):
        """Wait until a build is running or finished; see :meth:`wait`."""
        return self.wait(
            build_id,
            BUILD_FINISHED_STATES + BUILD_RUNNING_STATES,
            **without_none(timeout=timeout, missing_ok=missing_ok)
        )

    def wait_for_new_build_config_instance(self, build_config_id, prev_version, timeout=None):
        """Wait until a BuildConfig was instantiated.

        :param build_config_id: str
        :param prev_version: int, lastVersion before
        :param timeout: float, seconds; None: wait_timeout
        :return: str, name of the new build
        :raises OsbsWaitTimeout: it took longer
        :raises OsbsResponseException: the BuildConfig was deleted (404)
        """
        deadline = retry.Deadline.of(timeout, self.wait_timeout)
        last_seen = None
        events = self._watch_one("buildconfigs", build_config_id, deadline=deadline)
        for changetype, obj in events:
            if changetype in (WATCH_ADDED, WATCH_MODIFIED):
                version = get_path(obj, "status", "lastVersion")
                if not isinstance(version, six.integer_types):
                    logger.error("BuildConfig %s has no lastVersion", build_config_id)
                    continue
                if version > prev_version:
                    return "%s-%s" % (build_config_id, version)
                last_seen = "lastVersion %s" % version
            elif changetype == WATCH_DELETED:
                break
        else:
            _check_expired(
                deadline, "new instance of BuildConfig '%s'" % build_config_id, last_seen
            )
        raise OsbsResponseException("New BuildConfig instance not found", http_client.NOT_FOUND)

    # Resource quotas

    def list_resource_quotas(self):
        """List the resource quotas."""
        return self._send(endpoints.list_resource_quotas())

    def get_resource_quota(self, quota_name):
        """Get a resource quota.

        :param quota_name: str
        :return: HttpResponse
        """
        return self._send(endpoints.get(item("resourcequotas", quota_name), KUBERNETES))

    def create_resource_quota(self, name, quota_json):
        """Create or replace a resource quota.

        :param name: str
        :param quota_json: dict
        :return: HttpResponse
        """
        request = endpoints.post("resourcequotas/", quota_json, KUBERNETES)
        response = self._create(request._replace(check=False))
        if response.status_code == http_client.CONFLICT:
            path = item("resourcequotas", name)
            return self._send(endpoints.put(path, quota_json, KUBERNETES))
        _check(request, response)
        return response

    def delete_resource_quota(self, name):
        """Delete a resource quota, if it is there.

        :param name: str
        :return: HttpResponse
        """
        request = endpoints.delete(item("resourcequotas", name), KUBERNETES)
        response = self._send_unchecked(request)
        if response.status_code != http_client.NOT_FOUND:
            _check(request, response)
        return response

    # Labels and annotations

    @staticmethod
    def _update_metadata_things(metadata, things, values):
        dict_in(metadata, things).update(values)

    @staticmethod
    def _replace_metadata_things(metadata, things, values):
        metadata[things] = values

    @retry_on_conflict
    def adjust_attributes_on_object(self, collection, name, things, values, how):
        """Change labels or annotations of an object.

        :param collection: str, such as builds
        :param name: str
        :param things: str, labels or annotations
        :param values: dict
        :param how: function of (metadata, things, values) that changes metadata
        :return: HttpResponse
        """
        obj = self._get_object(collection, name)
        how(dict_in(obj, "metadata"), things, values)
        return self._send(endpoints.put_object(collection, name, obj))

    def _get_object(self, collection, name):
        return json_object(self._send(endpoints.get(item(collection, name), check=False)))

    def _add(self, collection, name, things, values):
        return self.adjust_attributes_on_object(
            collection, name, things, values, self._update_metadata_things
        )

    def _replace(self, collection, name, things, values):
        return self.adjust_attributes_on_object(
            collection, name, things, values, self._replace_metadata_things
        )

    def update_labels_on_build(self, build_id, labels):
        """Add labels to a build; see :meth:`adjust_attributes_on_object`."""
        return self._add("builds", build_id, "labels", labels)

    def set_labels_on_build(self, build_id, labels):
        """Replace the labels of a build; see :meth:`adjust_attributes_on_object`."""
        return self._replace("builds", build_id, "labels", labels)

    def update_labels_on_build_config(self, build_config_id, labels):
        """Add labels to a BuildConfig; see :meth:`adjust_attributes_on_object`."""
        return self._add("buildconfigs", build_config_id, "labels", labels)

    def set_labels_on_build_config(self, build_config_id, labels):
        """Replace the labels of a BuildConfig; see :meth:`adjust_attributes_on_object`."""
        return self._replace("buildconfigs", build_config_id, "labels", labels)

    def update_annotations_on_build(self, build_id, annotations):
        """Add annotations to a build; see :meth:`adjust_attributes_on_object`."""
        return self._add("builds", build_id, "annotations", annotations)

    def set_annotations_on_build(self, build_id, annotations):
        """Replace the annotations of a build; see :meth:`adjust_attributes_on_object`."""
        return self._replace("builds", build_id, "annotations", annotations)

    def update_annotations_on_build_config(self, build_config_id, annotations):
        """Add annotations to a BuildConfig; see :meth:`adjust_attributes_on_object`."""
        return self._add("buildconfigs", build_config_id, "annotations", annotations)

    def set_annotations_on_build_config(self, build_config_id, annotations):
        """Replace the annotations of a BuildConfig; see :meth:`adjust_attributes_on_object`."""
        return self._replace("buildconfigs", build_config_id, "annotations", annotations)

    # Image streams

    def get_image_stream_tag(self, tag_id):
        """Get an image stream tag.

        :param tag_id: str, stream:tag
        :return: HttpResponse
        """
        return self._send(endpoints.get(item("imagestreamtags", tag_id), log_level=logging.DEBUG))

    def put_image_stream_tag(self, tag_id, tag):
        """Create or replace an image stream tag.

        :param tag_id: str, stream:tag
        :param tag: dict
        :return: HttpResponse
        """
        return self._send(endpoints.put(item("imagestreamtags", tag_id), tag))

    @retry_on_conflict
    def ensure_image_stream_tag(self, stream, tag_name, tag_template, scheduled=False):
        """Make an image stream have a tag.

        :param stream: dict, the ImageStream
        :param tag_name: str
        :param tag_template: dict, ImageStreamTag to start from; not changed
        :param scheduled: bool, import it regularly
        :return: bool, whether something was changed
        """
        stream_name = get_path(stream, "metadata", "name")
        repository = get_path(stream, "spec", "dockerImageRepository")
        tag_id = "%s:%s" % (stream_name, tag_name)
        insecure = get_path(stream, "metadata", "annotations", _INSECURE_ANNOTATION) == "true"
        changed = False
        try:
            tag = json_object(self.get_image_stream_tag(tag_id))
        except OsbsResponseException as ex:
            if ex.status_code != http_client.NOT_FOUND:
                raise
            tag = copy.deepcopy(tag_template)
            dict_in(tag, "metadata")["name"] = tag_id
            tag["tag"] = None
            changed = True
        if not isinstance(tag.get("tag"), dict):
            # It is new, or was pushed and does not say where it comes from.
            tag["tag"] = copy.deepcopy(tag_template.get("tag")) or {}
            tag["tag"]["name"] = tag_name
            dict_in(tag["tag"], "from")["name"] = "%s:%s" % (repository, tag_name)

        policy = dict_in(tag["tag"], "importPolicy")
        for key, value in (("insecure", insecure), ("scheduled", scheduled)):
            if bool(policy.get(key, False)) != value:
                policy[key] = value
                changed = True
        if changed:
            self.put_image_stream_tag(tag_id, tag)
        return changed

    def get_image_stream(self, stream_id):
        """Get an image stream.

        :param stream_id: str
        :return: HttpResponse
        """
        return self._send(endpoints.get(item("imagestreams", stream_id), log_level=logging.DEBUG))

    def create_image_stream(self, stream_json):
        """Create an image stream.

        :param stream_json: str, JSON
        :return: HttpResponse
        """
        return self._create(endpoints.post("imagestreams/", stream_json))

    def import_image(self, name, timeout=None):
        """Import the tags of an image stream anew.

        :param name: str
        :param timeout: float, seconds; None: wait_timeout
        :return: bool, whether the server did (with or without finding a tag)
        :raises OsbsWaitTimeout: it took longer
        :raises OsbsException: the image stream names no repository
        """
        deadline = retry.Deadline.of(timeout, self.wait_timeout)
        stream = self._request_import(name)
        version = get_path(stream, "metadata", "resourceVersion")
        events = self._watch_one("imagestreams", name, deadline=deadline, resourceVersion=version)
        for changetype, obj in events:
            logger.info("image stream %s: %s", name, changetype)
            if changetype in (WATCH_DELETED, WATCH_ERROR):
                if changetype == WATCH_ERROR:
                    logger.error("watching image stream %s failed", name)
                return False
            if changetype == WATCH_MODIFIED and get_path(
                obj, "metadata", "annotations", _CHECK_ANNOTATION
            ):
                return True
        _check_expired(deadline, "import of image stream '%s'" % name, "not imported")
        return False

    @retry_on_conflict
    def _request_import(self, name):
        stream = self._get_object("imagestreams", name)
        if not get_path(stream, "spec", "dockerImageRepository"):
            raise OsbsException("No dockerImageRepository for image stream '%s'" % name)
        dict_in(dict_in(stream, "metadata"), "annotations").pop(_CHECK_ANNOTATION, None)
        return json_object(self._send(endpoints.put_object("imagestreams", name, stream)))

    def import_stream_tags(self, name, tags, template):
        """Import some tags of an image stream anew, each from where the stream says.

        :param name: str
        :param tags: list of str
        :param template: dict, ImageStreamImport to start from; not changed
        :return: bool, False when the stream has none of them, or does not know where they come from
        """
        checked_list("tags", tags)
        stream = json_object(self.get_image_stream(name)) if tags else {}
        images = [
            dict(
                {key: tag[key] for key in _IMPORTED if tag.get(key) is not None},
                to={"name": tag.get("name")},
            )
            for tag in dicts_in(stream, "spec", "tags")
            if tag.get("name") in tags and tag.get("from")
        ]
        if images:
            self._import_images(name, images, template)
        return bool(images)

    def import_image_tags(self, name, tags, repository, template, insecure=False):
        """Import tags of a repository into an image stream, which no longer imports by itself.

        :param name: str
        :param tags: list of str
        :param repository: str, ``REGISTRY/NAME``
        :param template: dict, ImageStreamImport to start from; not changed
        :param insecure: bool, may the server import over HTTP
        :return: bool, whether the stream has tags now that it did not have
        """
        images = [
            {
                "from": {"kind": "DockerImage", "name": "%s:%s" % (repository, tag)},
                "to": {"name": tag},
                "importPolicy": {"insecure": insecure},
            }
            for tag in OrderedDict.fromkeys(checked_list("tags", tags))
        ]
        if not images:
            return False
        before = _imported_tags(self._detached_stream(name))
        result = self._import_images(name, images, template)
        return any(
            tag not in before for tag in _imported_tags(get_path(result, "status", "import"))
        )

    @retry_on_conflict
    def _detached_stream(self, name):
        """Return an image stream, changed if need be not to say itself what it imports."""
        stream = self._get_object("imagestreams", name)
        named = [("spec", "dockerImageRepository")]
        named += [("metadata", "annotations", key) for key in _REPOSITORY_ANNOTATIONS]
        named = [path for path in named if get_path(stream, *path) is not None]
        for path in named:
            del get_path(stream, *path[:-1])[path[-1]]
        if not named:
            return stream
        return json_object(self._send(endpoints.put_object("imagestreams", name, stream)))

    def _import_images(self, name, images, template):
        stream_import = copy.deepcopy(template)
        dict_in(stream_import, "metadata")["name"] = name
        dict_in(stream_import, "spec")["images"] = images
        # Unlike other POSTs it creates nothing, so that it may be sent again.
        request = endpoints.post("imagestreamimports/", stream_import, idempotent=True)
        result = json_object(self._send(request))
        for image, outcome in zip(images, dicts_in(result, "status", "images")):
            if get_path(outcome, "status", "status") == "Failure":
                message = get_path(outcome, "status", "message")
                tag = image["to"]["name"]
                logger.warning("tag %s:%s: not imported: %s", name, tag, mask_text(message))
        return result

    # Backup

    def dump_resource(self, resource_type, page_size=None):
        """Get all objects of a type.

        :param resource_type: str, such as buildconfigs
        :param page_size: int, objects a request; None: all at once
        :return: HttpResponse with a list object
        """
        return self._list(endpoints.get(segment(resource_type, "resource type")), page_size)

    def dump_pages(self, resource_type, page_size):
        """Get all objects of a type, no more than a page of them at a time.

        :param resource_type: str, such as buildconfigs
        :param page_size: int, objects a request
        :return: generator of dicts, list objects
        """
        listing = endpoints.get(segment(resource_type, "resource type"))
        return paging.pages(self._send_unchecked, listing, page_size)

    def _list(self, listing, page_size):
        if page_size is None:
            return self._send(listing)
        return paging.whole(self._send_unchecked, listing, page_size)

    def restore_resource(self, resource_type, resource):
        """Create an object; if one of its name is just being deleted, when that is gone.

        :param resource_type: str, such as buildconfigs
        :param resource: dict
        :return: HttpResponse
        """
        request = endpoints.post(segment(resource_type, "resource type"), resource, check=False)
        deadline = retry.Deadline(_DELETION_TIMEOUT)
        delays = retry.Backoff(_SHORT_DELAY, _LONGEST_SHORT_DELAY, at_once=False)
        while True:
            response = self._create(request)
            exists = response.status_code == http_client.CONFLICT
            is_leaving = exists and "object is being deleted" in _compat.to_text(response.content)
            if not is_leaving or deadline.expired:
                break
            logger.info("the old object is still being deleted, trying again", extra=WAITING)
            retry.sleep(delays.next(), deadline)
        _check(request._replace(check=True), response)
        return response

    # Config maps

    def create_config_map(self, config_data):
        """Create a config map.

        :param config_data: dict
        :return: HttpResponse
        """
        return self._create(endpoints.post("configmaps/", config_data, KUBERNETES))

    def get_config_map(self, name):
        """Get a config map.

        :param name: str
        :return: HttpResponse
        """
        return self._send(endpoints.get(item("configmaps", name), KUBERNETES))

    def delete_config_map(self, name):
        # type: (str) -> None
        """Delete a config map.

        :param name: str
        """
        headers = {"Content-Type": "application/json"}
        request = endpoints.delete(item("configmaps", name), KUBERNETES, data="{}", headers=headers)
        response = self._send_unchecked(request)
        if response.status_code == http_client.NOT_FOUND and getattr(response, "retried", False):
            # The first attempt deleted it.
            return
        _check(request, response)


def _check(request, response):
    if not request.check:
        return
    check_response(response, log_level=request.log_level)
    headers = getattr(response, "headers", None) or {}
    if "text/html" in (headers.get("content-type") or ""):
        close_stream(response)
        raise OsbsResponseException(
            "%s: the response is a web page, so it does not come from the API" % request.path,
            response.status_code,
        )
    # Old servers, and the fixtures of tests, send an empty response to PUT and DELETE.
    if request.verb == "post" or (request.verb != "get" and getattr(response, "content", None)):
        _require_json_object(response)


def _require_json_object(response):
    # Callers replace the methods below this module, and return what they like.
    if isinstance(response, HttpResponse) and isinstance(response.content, six.binary_type):
        json_object(response)


def _imported_tags(stream):
    """Return the names of the tags of an image stream that have an image."""
    return [tag.get("tag") for tag in dicts_in(stream, "status", "tags") if tag.get("items")]


def _readable(ca_bundle):
    if ca_bundle is not None and not os.access(ca_bundle, os.R_OK):
        raise OsbsValidationException("ca_bundle: cannot read '%s'" % ca_bundle)
    return ca_bundle


def _phase_of(build_id, obj):
    """Return the phase of a build, None if the object is malformed or another one."""
    name, phase = get_path(obj, "metadata", "name"), get_path(obj, "status", "phase")
    if name is None or not isinstance(phase, six.string_types):
        logger.error("an event holds no name or no phase of a build")
        return None
    return phase if name == build_id else None


def _check_expired(deadline, what, last_seen):
    if deadline is not None and deadline.expired:
        raise deadline.timeout_error(what, last_seen)


def _build_of(response):
    build = json_object(response)
    if not isinstance(get_path(build, "status", "phase"), six.string_types):
        raise OsbsResponseException("the response is a build without a phase", response.status_code)
    return build
