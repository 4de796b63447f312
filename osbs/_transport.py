"""Sessions of requests as this client needs them: which connections they share and what they retry.

``osbs.http`` has the public classes; nothing else imports this module.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import os
import random
import re
import socket
import threading
import time
from binascii import hexlify

import requests
import six
from requests.adapters import HTTPAdapter
from requests.packages.urllib3.exceptions import MaxRetryError
from requests.packages.urllib3.util import Retry, Timeout
from six.moves import http_client
from six.moves.http_cookiejar import DefaultCookiePolicy
from six.moves.urllib.parse import urljoin, urlsplit

from osbs import _compat
from osbs._limits import limit_responses
from osbs.constants import (
    HTTP_BACKOFF_FACTOR,
    HTTP_CONNECT_TIMEOUT,
    HTTP_MAX_RETRIES,
    HTTP_RETRIES_METHODS_WHITELIST,
    HTTP_RETRIES_STATUS_FORCELIST,
    HTTP_RETRY_AFTER_MAX,
)
from osbs.exceptions import OsbsAuthException, OsbsException
from osbs._redact import mask_text
from osbs._typing import Any  # noqa: F401
from osbs._waiting import answered, tell_retry
from osbs.version import __version__

logger = logging.getLogger(__name__)

# More connections than this to one host are closed after use. Threads that share a session.
POOL_SIZE = 64

# What OpenSSL says of a connection that ended without a goodbye, in any version.
_HUNG_UP = re.compile("(?<![a-z])eof(?![a-z])", re.IGNORECASE)
# Failures that others tell apart, as a user can do something about them.
BAD_CERTIFICATE = "certificate verify failed"
UNKNOWN_AUTHORITY = BAD_CERTIFICATE + ": unknown certificate authority"
NO_TLS = "the server does not speak TLS"
NO_HTTP = "the server speaks TLS, not plain HTTP"
CLOSED = "the server closed the connection"
_OF_LIBRARIES = re.compile(
    r"connection(pool)?\(|connection aborted|caused by|errno|doesn't match"
    "|certificate.verify.failed",
    re.IGNORECASE,
)
# What urllib3, OpenSSL, http.client and the system say, in any version, and what users understand.
_FAILURES = (
    ("certificate verify failed: (?:unable to get|self.signed)", UNKNOWN_AUTHORITY),
    ("certificate verify failed: ([^(]*[^( ])", BAD_CERTIFICATE + ": {0}"),
    ("certificate.verify.failed|doesn't match", BAD_CERTIFICATE),
    ("wrong.version.number|record.layer.failure|unknown.protocol", NO_TLS),
    (r"\\x15\\x03", NO_HTTP),
    ("BadStatusLine|Connection aborted|RemoteDisconnected|reset by peer", CLOSED),
    ("connection refused", "connection refused"),
    (
        "name or service not known|failed to resolve|name resolution|no address associated",
        "unknown host",
    ),
    (r"too many (\d+) error responses", "the server keeps answering {0}"),
    ("timed out", "no response in time"),
    (r"\[Errno -?\d+\] ([^'\")]+)", "{0}"),
)


class Session(requests.Session):
    """Session that keeps no cookies, reads no ~/.netrc, and follows redirects on one host only."""

    def __init__(self):
        super(Session, self).__init__()
        # A login cookie of the OAuth server would outlive a change of credentials.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # With this, requests does not look into ~/.netrc for requests without credentials.
        self.auth = lambda request: request
        # Without it, requests reads a body to its end, however large.
        self.stream = True
        # Each takes as long as a request may. One leads to https, another one to a slash.
        self.max_redirects = 3
        # Others, if their libraries are installed, can make gigabytes of one block.
        self.headers[str("Accept-Encoding")] = str("gzip, deflate")
        self.headers[str("User-Agent")] = str("osbs-client/%s" % __version__)

    def resolve_redirects(self, *args, **kwargs):
        """Return the responses after a redirect, none if the caller looks at redirects itself."""
        if kwargs.get("yield_requests"):
            return iter(())
        return super(Session, self).resolve_redirects(*args, **kwargs)

    def get_redirect_target(self, resp):
        """Return where a redirect leads to, None if it leads nowhere.

        :raises OsbsException: it is not followed
        """
        target = super(Session, self).get_redirect_target(resp)
        if target is None:
            return None
        # Its body is of no use and may have no end.
        resp.close()
        request = resp.request
        url = urljoin(request.url, target)
        if request.method != "GET" or not _is_same_server(request.url, url):
            raise OsbsException(
                "%s %s is redirected to %s: only a GET follows a redirect, and only to the same "
                "host" % (request.method, mask_text(request.url), mask_text(url))
            )
        return target

    def rebuild_auth(self, prepared_request, response):
        """Drop what another port may not see from the next request of a redirect."""
        headers = prepared_request.headers
        headers.pop("Cookie", None)
        if self.should_strip_auth(response.request.url, prepared_request.url):
            headers.pop("Authorization", None)


def _is_same_server(old, new):
    old, new = urlsplit(old), urlsplit(new)
    if old.hostname != new.hostname:
        return False
    return (old.scheme, new.scheme) == ("http", "https") or _endpoint(old) == _endpoint(new)


def _endpoint(parts):
    return parts.scheme, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


class Adapter(HTTPAdapter):
    """Adapter with a shorter connect timeout, keep-alive probes, and limits on what is read.

    :param max_retries: Retry, or 0
    :param shared: Adapter whose connections this one uses too: another retry rule is no reason for
        another connection
    """

    def __init__(self, max_retries=0, shared=None):
        super(Adapter, self).__init__(pool_maxsize=POOL_SIZE, max_retries=max_retries)
        if shared is not None:
            self.poolmanager = shared.poolmanager
            self.proxy_manager = shared.proxy_manager

    def init_poolmanager(self, connections, maxsize, block=False, **kwargs):
        super(Adapter, self).init_poolmanager(
            connections, maxsize, block=block, socket_options=_socket_options(), **kwargs
        )
        limit_responses(self.poolmanager)

    def proxy_manager_for(self, proxy, **kwargs):
        is_new = proxy not in self.proxy_manager
        manager = super(Adapter, self).proxy_manager_for(proxy, **kwargs)
        if is_new:
            limit_responses(manager)
        return manager

    def send(self, request, stream=False, timeout=None, **kwargs):
        if isinstance(timeout, (int, float)):
            # In all of this time the headers must come, too.
            timeout = Timeout(
                connect=min(HTTP_CONNECT_TIMEOUT, timeout), read=timeout, total=timeout
            )
        if isinstance(request.body, six.text_type):
            request.body = request.body.encode("utf-8")
            request.prepare_content_length(request.body)
        request.headers.setdefault(str("X-Request-ID"), _request_id())
        return super(Adapter, self).send(request, stream=stream, timeout=timeout, **kwargs)


def is_hung_up(exception):
    # type: (BaseException) -> bool
    """Tell whether TLS ended without a goodbye.

    Servers that are killed, and proxies with nothing behind them, end connections so.
    """
    text = _compat.exception_text(exception)
    return _HUNG_UP.search(text) is not None and "certificate" not in text.lower()


def _request_id():
    # Like uuid.uuid4().hex; importing uuid is slow, on Python 2 it even runs programs.
    return str(hexlify(os.urandom(16)).decode("ascii"))


def _socket_options():
    # A watch may be silent for hours: probes tell a dead peer from a quiet one.
    options = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    ]
    for name, seconds in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), seconds))
    return options


def failure_words(text):
    # type: (six.text_type) -> Any
    """Say in a few words what a text of urllib3 about a failure means.

    :return: text; None if it is not one of theirs, or unknown
    """
    for pattern, words in _FAILURES if _OF_LIBRARIES.search(text) else ():
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return words.format(*found.groups())
    return None


def failure_text(exception):
    # type: (BaseException) -> six.text_type
    """Say in a few words why there is no response.

    :param exception: of requests or urllib3
    """
    return failure_words(_compat.exception_text(exception)) or "the connection broke"


class TellingRetry(Retry):
    """The rule of urllib3, the same in all versions, which tells of each retry before the delay."""

    def increment(self, method=None, url=None, response=None, error=None, *rest, **kwargs):
        # A certificate that is not trusted will not be trusted in eight minutes either.
        if error and not (self._is_connection_error(error) or self._is_read_error(error)):
            raise MaxRetryError(kwargs.get("_pool"), url, error)
        increment = super(TellingRetry, self).increment
        return increment(method, url, response, error, *rest, **kwargs)

    def _is_read_error(self, err):
        # To urllib3 the second one is an error like a bad certificate.
        return super(TellingRetry, self)._is_read_error(err) or is_hung_up(err)

    def get_backoff_time(self):
        # Without jitter, all clients of a master that is back would come at once.
        seconds = super(TellingRetry, self).get_backoff_time()
        return seconds + random.uniform(0, self.backoff_factor) if seconds else 0

    def parse_retry_after(self, retry_after):
        seconds = super(TellingRetry, self).parse_retry_after(retry_after)
        return min(seconds, HTTP_RETRY_AFTER_MAX)

    def sleep(self, response=None):
        delay = self.get_retry_after(response) if response is not None else None
        delay = delay or self.get_backoff_time()
        if self.history:
            last = self.history[-1]
            reason = answered(last.status) if last.status else failure_text(last.error)
            number = len(self.history)
            tell_retry(logger, reason, delay, number, number + self._left(last.error))
        if delay > 0:
            time.sleep(delay)

    def _left(self, error):
        kinds = [self.total]
        if error is not None:
            kinds.append(self.connect if self._is_connection_error(error) else self.read)
        return min(count for count in kinds if count is not None)


def max_retries(retries_enabled=True, idempotent=True, first=None, total=None):
    # type: (bool, bool, Any, Any) -> Any
    """Return what urllib3 retries.

    :param retries_enabled: bool, False: nothing
    :param idempotent: bool, False: only what the server did not begin to process
    :param first: int or None, retries while no server has ever responded; None: as all others
    :param total: int or None, retries of a request; None: HTTP_MAX_RETRIES
    :return: Retry, or 0
    """
    if not retries_enabled or total == 0:
        return 0
    wanted = {
        "total": HTTP_MAX_RETRIES if total is None else total,
        # A port that speaks something else than HTTP breaks each connection.
        "connect": first,
        "read": first,
        "backoff_factor": HTTP_BACKOFF_FACTOR,
        "status_forcelist": HTTP_RETRIES_STATUS_FORCELIST,
        _compat.methods_argument(TellingRetry): HTTP_RETRIES_METHODS_WHITELIST,
        # The last response says what is wrong, "too many retries" does not.
        "raise_on_status": False,
    }
    if not idempotent:
        wanted.update(read=False, status_forcelist=[http_client.SERVICE_UNAVAILABLE])
    retries = Retry(**wanted)
    # Who replaces urllib3's class by that name gets what he made; of its own, it tells.
    if type(retries) is TellingRetry.__base__:
        retries.__class__ = TellingRetry
    return retries


def new_session(rule, shared=None):
    # type: (tuple, Any) -> Session
    """Return a session with a retry rule.

    :param rule: tuple, arguments of :func:`max_retries`
    :param shared: see :class:`Adapter`
    """
    session = Session()
    adapter = Adapter(max_retries(*rule), shared)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class SessionPool(object):
    """Sessions of one process, made when they are first needed."""

    def __init__(self):
        self.lock = threading.Lock()
        self._sessions = {}  # type: dict
        # An adapter for each kind of connection, which the others share.
        self._adapters = {}  # type: dict

    def session_for(self, arguments, first=None, total=None):
        # type: (dict, Any, Any) -> Session
        """Return the session for the keyword arguments of an HttpStream; see max_retries."""
        # Old requests keep the TLS settings of the first request on a connection.
        tls = tuple(
            arguments.get(name) for name in ("verify_ssl", "ca", "client_cert", "client_key")
        )
        # Logs and watches close their connection; they must not take the one that is kept.
        closing = (arguments.get("headers") or {}).get("Connection") == "close"
        connections = (tls, closing)
        asked = [arguments.get(name, True) for name in ("retries_enabled", "idempotent")]
        rule = tuple(asked + [first, total])
        key = (connections, rule)
        with self.lock:
            session = self._sessions.get(key)
            if session is None:
                _check_client_certificate(arguments)
                session = new_session(rule, self._adapters.get(connections))
                self._adapters.setdefault(connections, session.get_adapter("https://"))
                self._sessions[key] = session
        return session


def _check_client_certificate(arguments):
    # Inside a request these errors look like a broken connection, which is retried for minutes.
    paths = [arguments.get(name) for name in ("client_cert", "client_key")]
    if not all(paths):
        return
    for name, path in zip(("client_cert", "client_key"), paths):
        try:
            with open(path, "rb"):
                pass
        except EnvironmentError as ex:
            raise OsbsAuthException("%s: cannot read %s: %s" % (name, path, ex.strerror), cause=ex)
    reason = _compat.certificate_problem(*paths)
    if reason:
        raise OsbsAuthException(
            "client_cert %s and client_key %s cannot be used: %s" % tuple(paths + [reason])
        )
