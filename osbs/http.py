"""HTTP: pooled sessions, time-outs, TLS, and what requests' errors become.

Contract: rest-client.md, sections 2 to 4 and 14. Knows nothing of OpenShift.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import os
import re
import socket
import sys
import threading
import warnings
from binascii import hexlify

import requests
import six
from requests.adapters import HTTPAdapter
from requests.compat import getproxies, getproxies_environment  # type: ignore[attr-defined]
from requests.exceptions import ChunkedEncodingError, HTTPError, RequestException, RetryError
from requests.exceptions import SSLError, Timeout
from requests.packages.urllib3.exceptions import ConnectTimeoutError, InsecureRequestWarning
from requests.packages.urllib3.exceptions import HTTPError as Urllib3Error
from requests.packages.urllib3.exceptions import ProtocolError
from requests.packages.urllib3.util import Retry
from requests.utils import guess_json_utf
from six.moves import http_client
from six.moves.http_cookiejar import DefaultCookiePolicy
from six.moves.urllib.parse import urlsplit

from osbs import _compat
from osbs._compat import to_text
from osbs._process import PerProcess, collector_paused
from osbs.constants import (
    HTTP_BACKOFF_FACTOR,
    HTTP_MAX_RETRIES,
    HTTP_REQUEST_TIMEOUT,
    HTTP_RETRIES_METHODS_WHITELIST,
    HTTP_RETRIES_STATUS_FORCELIST,
)
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsNetworkException,
    OsbsResponseException,
)
from osbs.redact import mask_text, mask_url
from osbs.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any  # noqa: F401

__all__ = [str(name) for name in ("HttpSession", "HttpStream", "HttpResponse", "http_client")]

logger = logging.getLogger(__name__)

# The class, once Kerberos was asked for: importing it takes as long as importing requests.
HTTPKerberosAuth = None

# Seconds: longest wait for a connection, and longest pause that a server may ask for (D16).
CONNECT_TIMEOUT = 10
RETRY_AFTER_MAX = 120
# More connections than this to one host are closed after use. Threads that share a session.
POOL_SIZE = 64
BLOCK_SIZE = 65536
# Characters of JSON, such as lists of builds, that are parsed without the garbage collector.
LARGE_BODY = 1 << 18

_VERBS = ("get", "post", "put", "delete")
_OK_FOR_JSON = (0, http_client.OK, http_client.CREATED, http_client.ACCEPTED)
_BROKEN_STREAM = (RequestException, Urllib3Error, http_client.HTTPException, EnvironmentError)

# Which requests are repeated by urllib3 (rest-client.md, 3 and 14 row 6).
_NEVER, _UNPROCESSED, _ALWAYS = "never", "unprocessed", "always"
_NO_REPEATS = 0
# What OpenSSL says of a connection that ended without a goodbye, in any version.
_HUNG_UP = re.compile("(?<![a-z])eof(?![a-z])", re.IGNORECASE)


class _KerberosMissing(OsbsAuthException, RuntimeError):
    """Kerberos was asked for, but requests-kerberos is not installed (decision D3)."""


class _NotJson(OsbsResponseException, ValueError):
    """The body of an answer is not JSON (decision D21)."""


def decode_json(content, encoding=None):
    # type: (bytes, Any) -> Any
    """Parse bytes as JSON.

    :param content: bytes
    :param encoding: str; None: whichever Unicode encoding they are in
    :raises ValueError: they are not JSON, or nested too deeply
    """
    try:
        text = content.decode(encoding or guess_json_utf(content) or "utf-8")
        if len(text) < LARGE_BODY:
            return json.loads(text)
        with collector_paused():
            return json.loads(text)
    except RuntimeError as ex:  # RecursionError is one
        raise ValueError("nested too deeply: %s" % ex)


def masked_body(content):
    # type: (Any) -> Any
    """Mask credentials inside a body; one without any is returned as it is."""
    text = to_text(content)
    masked = mask_text(text)
    if masked == text:
        return content
    return masked.encode("utf-8") if isinstance(content, six.binary_type) else masked


class HttpResponse(object):
    """An answer that was read to its end."""

    # Whether an earlier attempt of the same request may have reached the server.
    repeated = False

    def __init__(self, status_code, headers, content):
        # type: (int, Any, bytes) -> None
        """
        :param status_code: int
        :param headers: mapping
        :param content: bytes, the body
        """
        self.status_code = status_code
        self.headers = headers
        self.content = content

    def json(self, check=True):
        # type: (bool) -> Any
        """Parse the body (rest-client.md, section 4).

        :param check: bool, raise for an error status
        :raises OsbsResponseException: error status; one that is a ValueError too if the body is
            not JSON (decision D21)
        """
        if check and self.status_code not in _OK_FOR_JSON:
            raise OsbsResponseException(masked_body(self.content), self.status_code)
        try:
            return decode_json(self.content)
        except ValueError:
            raise _NotJson(
                "the server answered %s with a body that is not JSON (%d bytes)"
                % (self.status_code, len(self.content)),
                self.status_code,
            )


class _Session(requests.Session):
    """Session without a memory: no cookies, no ~/.netrc after a redirect."""

    def __init__(self):
        super(_Session, self).__init__()
        # A login cookie of the OAuth server would outlive a change of credentials.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers[str("User-Agent")] = str("osbs-client/%s" % __version__)

    def rebuild_auth(self, prepared_request, response):
        """Keep the Authorization header for the same host, drop it for another one."""
        headers = prepared_request.headers
        if "Authorization" in headers and self.should_strip_auth(
            response.request.url, prepared_request.url
        ):
            del headers["Authorization"]

    def merge_environment_settings(self, url, proxies, stream, verify, cert):
        """Return what requests makes of the environment, where it says something.

        Looking for proxies costs requests as much as sending: it reads all of the environment
        twice for each request.
        """
        if proxies or _may_have_proxies():
            return super(_Session, self).merge_environment_settings(
                url, proxies, stream, verify, cert
            )
        if verify is True:
            verify = (
                os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
            )
        return {"proxies": {}, "stream": bool(stream), "verify": verify, "cert": cert}


def _may_have_proxies():
    if getproxies is not getproxies_environment:  # the system has settings for them
        return True
    return any(name[-6:].lower() == "_proxy" for name in os.environ)


class _SharedPools(object):
    """Connections that several adapters use: another retry rule is no new connection (D17)."""

    def __init__(self):
        self.manager = None
        self.proxies = {}


class _Adapter(HTTPAdapter):
    """Adapter with a shorter connect time-out, keep-alive probes and shared connections."""

    def __init__(self, pools, **kwargs):
        self._pools = pools
        super(_Adapter, self).__init__(pool_maxsize=POOL_SIZE, **kwargs)

    def init_poolmanager(self, connections, maxsize, block=False, **kwargs):
        if self._pools.manager is None:
            super(_Adapter, self).init_poolmanager(
                connections, maxsize, block=block, socket_options=_socket_options(), **kwargs
            )
            self._pools.manager = self.poolmanager
        self.poolmanager = self._pools.manager
        self.proxy_manager = self._pools.proxies

    def send(self, request, stream=False, timeout=None, **kwargs):
        if isinstance(timeout, (int, float)):
            timeout = (min(CONNECT_TIMEOUT, timeout), timeout)
        if isinstance(request.body, six.text_type):
            request.body = request.body.encode("utf-8")
            request.prepare_content_length(request.body)
        request.headers.setdefault(str("X-Request-ID"), _request_id())
        return super(_Adapter, self).send(request, stream=stream, timeout=timeout, **kwargs)


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


def _max_retries(rule, connect=None):
    if rule == _NEVER:
        return _NO_REPEATS
    wanted = {
        "total": HTTP_MAX_RETRIES,
        "backoff_factor": HTTP_BACKOFF_FACTOR,
        "backoff_jitter": HTTP_BACKOFF_FACTOR,
        "status_forcelist": HTTP_RETRIES_STATUS_FORCELIST,
        "allowed_methods": HTTP_RETRIES_METHODS_WHITELIST,
        # A certificate that is not trusted will not be trusted in eight minutes either.
        "other": 0,
        # The last answer says what is wrong, "too many retries" does not (known defect 49).
        "raise_on_status": False,
        "retry_after_max": RETRY_AFTER_MAX,
    }
    if connect is not None:
        wanted["connect"] = connect
    if rule == _UNPROCESSED:
        wanted.update(read=False, status_forcelist=[http_client.SERVICE_UNAVAILABLE])
    return Retry(**_compat.known_arguments(Retry.__init__, wanted))


def _new_session(rule, pools, connect=None):
    session = _Session()
    adapter = _Adapter(pools, max_retries=_max_retries(rule, connect))
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _retry_rule(retries_enabled=True, repeatable=True, **_):
    if not retries_enabled:
        return _NEVER
    return _ALWAYS if repeatable else _UNPROCESSED


class _Sessions(object):
    """Sessions of one process."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sessions = {}
        self.pools = {}


class _SessionPool(object):
    """Sessions, made when they are first needed; after a fork, other ones."""

    def __init__(self):
        self._of_process = PerProcess(_Sessions)

    def session_for(self, arguments, connect=None):
        # type: (dict, int) -> requests.Session
        """Return the session for the keyword arguments of an HttpStream.

        :param connect: int or None, repeats of a connection that cannot be made; None: as of all
        """
        own = self._of_process.get()
        # Old requests keep the TLS settings of the first request on a connection.
        tls = tuple(
            arguments.get(name) for name in ("verify_ssl", "ca", "client_cert", "client_key")
        )
        # Logs and watches close their connection; they must not take the one that is kept (D17).
        closing = (arguments.get("headers") or {}).get("Connection") == "close"
        connections = (tls, closing)
        rule = _retry_rule(**arguments)
        key = (connections, rule, connect)
        with own.lock:
            pools = own.pools.setdefault(connections, _SharedPools())
            session = own.sessions.get(key)
            if session is None:
                _check_client_certificate(arguments)
                session = own.sessions[key] = _new_session(rule, pools, connect)
        return session


def _check_client_certificate(arguments):
    # Inside a request these errors look like a broken connection, repeated for minutes.
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


class HttpSession(object):
    """Requests over pooled connections; threads may share it, forks may go on with it.

    Errors of the transport become OsbsException, HTTP error statuses raise nothing.

    :ivar first_contact_repeats: int or None, how often a connection is tried again while no server
        has ever answered. A person who mistyped a URL must not wait for eight minutes; a service
        that comes up before its server may.
    """

    first_contact_repeats = None
    _contacted = False

    def __init__(self, verbose=False):
        # type: (bool) -> None
        """Prepare; opens nothing.

        :param verbose: bool, handed on to the streams
        """
        self.verbose = verbose
        self._pool = _SessionPool()

    def get(self, url, **kwargs):
        """Send a GET; see :meth:`request`."""
        return self.request(url, "get", **kwargs)

    def post(self, url, **kwargs):
        """Send a POST; see :meth:`request`."""
        return self.request(url, "post", **kwargs)

    def put(self, url, **kwargs):
        """Send a PUT; see :meth:`request`."""
        return self.request(url, "put", **kwargs)

    def delete(self, url, **kwargs):
        """Send a DELETE; see :meth:`request`."""
        return self.request(url, "delete", **kwargs)

    def request(self, url, *args, **kwargs):
        # type: (str, Any, Any) -> Any
        """Send a request (rest-client.md, section 2).

        :param url: str
        :param args: what HttpStream takes, first of it the method
        :param kwargs: as args
        :return: HttpStream if ``stream`` is true, else HttpResponse
        :raises OsbsNetworkException: time-out
        :raises OsbsAuthException: the client certificate cannot be used, there is no
            requests-kerberos, or the server does not prove with Kerberos who it is
        :raises OsbsException: any other failure of the transport, with its cause
        """
        try:
            connect = None if self._contacted else self.first_contact_repeats
            kwargs.setdefault("session", self._pool.session_for(kwargs, connect))
            kwargs["verbose"] = self.verbose
            stream = _open(url, connect, *args, **kwargs)
            self._contacted = True
            if kwargs.get("stream", False):
                return stream
            with stream:
                response = HttpResponse(stream.status_code, stream.headers, stream.read())
                # What is not repeatable is repeated only if the server did not begin to act.
                response.repeated = kwargs.get("repeatable", True) and stream.repeated
                return response
        except OsbsException:
            raise
        except (RetryError, Timeout) as ex:
            raise _network_exception(url, ex, "")
        except HTTPError as ex:
            raise _network_exception(url, ex, getattr(ex.response, "status_code", None))
        except Exception as ex:  # whatever a library raises, the contract is one class
            if _is_mutual_authentication_error(ex):
                raise OsbsAuthException(
                    "the answer of %s does not prove with Kerberos that it comes from this server"
                    % mask_url(url),
                    cause=ex,
                )
            raise OsbsException(mask_url(repr(ex)), cause=ex, traceback=sys.exc_info()[2])


def _open(url, connect, *args, **kwargs):
    """Send a request; again, as after any broken connection, if TLS ended without a goodbye.

    Servers that are killed, and proxies with nothing behind them, end connections so. To urllib3
    that is an error like a bad certificate, which is not repeated.
    """
    breaks = None
    while True:
        try:
            stream = HttpStream(url, *args, **kwargs)
        except SSLError as ex:
            if not _is_hung_up(ex):
                raise
            if breaks is None:
                breaks = _first_break(connect, kwargs)
            breaks = _after_break(breaks, args[0] if args else kwargs["method"], url, ex)
            breaks.sleep()
            continue
        if breaks is not None:
            stream.sent_before = True
        return stream


def _is_hung_up(exception):
    text = _compat.exception_text(exception)
    return _HUNG_UP.search(text) is not None and "certificate" not in text.lower()


def _first_break(connect, arguments):
    rule = _max_retries(_retry_rule(**arguments))
    if rule == _NO_REPEATS:
        return Retry(_NO_REPEATS)
    # While no server has ever answered, this is as good as no connection.
    return rule if connect is None or rule.read is False else rule.new(read=connect)


def _after_break(rule, method, url, exception):
    try:
        error = ProtocolError("Connection broken", exception)
        return rule.increment(method.upper(), urlsplit(url).path, error=error)
    except Urllib3Error:
        raise exception


def _network_exception(url, cause, status_code):
    return OsbsNetworkException(
        mask_url(url),
        mask_url(_compat.exception_text(cause)),
        status_code,
        cause=cause,
        traceback=sys.exc_info()[2],
    )


class HttpStream(object):
    """A request that was sent, and its answer of which the body may still be on the way.

    :param url: str
    :param method: str, get, post, put or delete in any case
    :param data: str or bytes, body
    :param kerberos_auth: bool, authenticate with Kerberos
    :param allow_redirects: bool
    :param verify_ssl: bool, check the server's certificate
    :param ca: str, path of the certificates that are trusted; None: the system's
    :param use_json: bool, say that the body is JSON
    :param headers: dict, not changed
    :param stream: bool, do not read the body yet
    :param username: str, for basic authentication
    :param password: str
    :param client_cert: str, path
    :param client_key: str, path
    :param verbose: bool
    :param retries_enabled: bool, repeat when that may help
    :param repeatable: bool, False: repeat only if the server did not begin to act
    :param session: requests.Session, which stays open; None: one of its own
    :param timeout: float, seconds instead of HTTP_REQUEST_TIMEOUT
    """

    # For __del__ on an object whose constructor raised.
    closed = False
    finished = False
    req = None  # type: Any
    status_code = None  # type: Any
    headers = None  # type: Any
    _owned_session = None

    # Set by who reads the stream: seconds to wait for the next bytes, as a function; and
    # whether bytes after the last line feed are kept in `remainder` rather than delivered.
    patience = None
    holds_remainder = False
    # Whether it had been sent already, on a connection that broke.
    sent_before = False
    # Set at the end of the stream.
    broken = False
    remainder = b""

    def __init__(
        self,
        url,
        method,
        data=None,
        kerberos_auth=False,
        allow_redirects=True,
        verify_ssl=True,
        ca=None,
        use_json=False,
        headers=None,
        stream=False,
        username=None,
        password=None,
        client_cert=None,
        client_key=None,
        verbose=False,
        retries_enabled=True,
        repeatable=True,
        session=None,
        timeout=None,
    ):
        """Send the request (rest-client.md, section 3)."""
        self.url = url
        self.verbose = verbose
        method = method.lower()
        if method not in _VERBS:
            raise RuntimeError("method %r is not one of %s" % (method, ", ".join(_VERBS)))
        if not verify_ssl:
            _silence_insecure_warning()

        args = {
            "timeout": HTTP_REQUEST_TIMEOUT if timeout is None else timeout,
            "headers": _headers(headers, use_json, stream),
            "allow_redirects": allow_redirects,
            "verify": (ca or True) if verify_ssl else False,
        }
        auth = _auth(username, password, kerberos_auth, args["headers"])
        if auth is not None:
            args["auth"] = auth
        if client_cert and client_key:
            args["cert"] = (client_cert, client_key)
        if data:
            args["data"] = data
        if stream:
            args["stream"] = True

        self.session = session or self._own_session(retries_enabled, repeatable)
        self.req = self.session.request(method, url, **args)
        self.headers = self.req.headers
        self.status_code = self.req.status_code
        logger.debug("%s %s: %s", method, urlsplit(url).path, self.status_code)

    def _own_session(self, retries_enabled, repeatable):
        rule = _retry_rule(retries_enabled, repeatable)
        self._owned_session = _new_session(rule, _SharedPools())
        return self._owned_session

    @property
    def repeated(self):
        # type: () -> bool
        """Whether an earlier attempt of this request may have reached the server."""
        if self.sent_before:
            return True
        history = getattr(getattr(self._raw, "retries", None), "history", None)
        if not isinstance(history, tuple):
            return False
        return any(not isinstance(attempt.error, ConnectTimeoutError) for attempt in history)

    @property
    def _raw(self):
        return getattr(self.req, "raw", None)

    def read(self):
        # type: () -> bytes
        """Return the whole body.

        :raises requests.exceptions.ChunkedEncodingError: it was cut
        """
        content = self.req.content
        missing = self._missing()
        if missing:
            raise ChunkedEncodingError("the answer was cut, %d bytes are missing" % missing)
        return content

    def _missing(self):
        # urllib3 1.26 does not compare the length with what was announced.
        missing = getattr(self._raw, "length_remaining", None)
        return max(0, missing) if isinstance(missing, six.integer_types) else 0

    def iter_lines(self):
        """Iterate over the lines of the body as they arrive (rest-client.md, sections 3 and 14).

        A line is what stands between two line feeds. A stream that breaks ends the iteration;
        the beginning of a line that was cut is not delivered.

        :return: generator of bytes
        """
        pending = []
        try:
            if hasattr(self.req, "iter_lines") and not hasattr(self.req, "iter_content"):
                # Callers replace the response of requests by one that has no more than lines.
                for line in self.req.iter_lines(decode_unicode=False):
                    yield line
                return
            for block in self._blocks():
                lines = block.split(b"\n")
                if len(lines) == 1:
                    pending.append(block)
                    continue
                pending.append(lines[0])
                lines[0] = b"".join(pending)
                pending = [lines.pop()]
                for line in lines:
                    yield line
        except _BROKEN_STREAM as ex:
            self.broken = True
            logger.debug("stream broke: %s", type(ex).__name__)
            return
        self.broken = self._missing() > 0
        self.remainder = b"" if self.broken else b"".join(pending)
        if self.remainder and not self.holds_remainder:
            yield self.remainder

    def iter_chunks(self):
        """Iterate over the body as it arrives, in blocks of any size."""
        return self.req.iter_content(None)

    def _blocks(self):
        blocks = iter(self._unlimited_blocks())
        while True:
            if self.patience is not None:
                self._limit_read(self.patience())
            block = next(blocks, None)
            if block is None:
                return
            yield block

    def _unlimited_blocks(self):
        if getattr(self._raw, "chunked", True) or "content-encoding" in self.headers:
            return self.req.iter_content(BLOCK_SIZE)
        # Without chunks, requests would wait for a full block.
        return iter(lambda: _compat.read_available(self._raw, BLOCK_SIZE), b"")

    def _limit_read(self, seconds):
        sock = _compat.socket_of(self._raw)
        if sock is not None and seconds is not None:
            sock.settimeout(max(0.001, seconds))

    def close(self):
        # type: () -> None
        """Give up the connection; may be called again."""
        if self.closed:
            return
        self.closed = True
        for resource in (self.req, self._owned_session):
            close = getattr(resource, "close", None)
            if close is not None:
                close()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        self.close()

    def __del__(self):
        self.close()


def _headers(headers, use_json, stream):
    headers = dict(headers or {})
    if use_json:
        headers["Content-Type"] = "application/json"
    if stream:
        # A compressed line would arrive with the end of its block.
        headers["Accept-Encoding"] = "identity"
    return headers


def _auth(username, password, kerberos_auth, headers):
    if kerberos_auth:
        return _kerberos_auth_class()()
    if username and password:
        return (_as_sent(username), _as_sent(password))
    if "Authorization" in headers:
        # Without any auth, requests replaces the header by what ~/.netrc says (known defect 22).
        return _keep_headers
    return None


def _as_sent(text):
    # requests would encode it as Latin-1, which fails for most letters; servers read UTF-8.
    return text if _compat.is_ascii(text) else six.ensure_binary(text)


def _keep_headers(request):
    return request


def _kerberos_auth_class():
    global HTTPKerberosAuth
    if HTTPKerberosAuth is None:
        try:
            from requests_kerberos import HTTPKerberosAuth
        except (ImportError, OSError) as ex:  # OSError: a C library is missing
            raise _KerberosMissing(
                "Kerberos needs requests-kerberos: install osbs-client[kerberos] (%s)" % ex
            )
        # At DEBUG these log the tickets that are sent.
        for name in ("requests_kerberos", "spnego"):
            library_logger = logging.getLogger(name)
            if library_logger.level == logging.NOTSET:
                library_logger.setLevel(logging.INFO)
    return HTTPKerberosAuth


def _is_mutual_authentication_error(ex):
    # Whoever has not imported it cannot have raised it.
    library = sys.modules.get("requests_kerberos")
    return library is not None and isinstance(ex, getattr(library, "MutualAuthenticationError", ()))


def _silence_insecure_warning():
    # Whoever switches verification off knows; nobody else's warnings are touched (defect 37).
    if not any(entry[2] is InsecureRequestWarning for entry in warnings.filters):
        warnings.simplefilter(str("ignore"), InsecureRequestWarning)
