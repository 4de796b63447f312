"""HTTP: requests over pooled connections, their responses, and what errors of requests become.

Knows nothing of OpenShift. How connections are made and retried is decided in ``osbs._transport``,
how long and how much is read of one in ``osbs._limits``.
"""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import sys
import warnings

import six
from requests.exceptions import (
    ChunkedEncodingError,
    HTTPError,
    RequestException,
    RetryError,
    Timeout,
)
from requests.packages.urllib3.exceptions import ConnectTimeoutError, InsecureRequestWarning
from requests.packages.urllib3.exceptions import HTTPError as Urllib3Error
from requests.utils import get_auth_from_url, guess_json_utf
from six.moves import http_client
from six.moves.urllib.parse import urlsplit, urlunsplit

from osbs import _compat
from osbs._compat import to_text
from osbs._transport import SessionPool, is_hung_up, new_session
from osbs.constants import (
    ERROR_BODY_MAX,
    HTTP_BODY_MAX,
    HTTP_BODY_TIMEOUT,
    HTTP_LINE_MAX,
    HTTP_REQUEST_TIMEOUT,
)
from osbs._json import load_json
from osbs._process import PerProcess
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsNetworkException,
    OsbsResponseException,
)
from osbs._redact import mask_text, mask_url, remember_secret
from osbs._typing import Any, Mapping  # noqa: F401

__all__ = [str(name) for name in ("HttpSession", "HttpStream", "HttpResponse", "http_client")]

logger = logging.getLogger(__name__)

# The class, once Kerberos was asked for: importing it takes as long as importing requests.
HTTPKerberosAuth = None

# Bytes that are read at once. One block of gzip can become a thousand times as much.
BLOCK_SIZE = 16384
# Encodings of a body that urllib3 may know and that were not asked for: a few bytes of them, or of
# gzip within gzip, become gigabytes at once.
_EXPLOSIVE = ("br", "zstd", "zst")

_VERBS = ("get", "post", "put", "delete")
_OK_FOR_JSON = (0, http_client.OK, http_client.CREATED, http_client.ACCEPTED)
_BROKEN_STREAM = (RequestException, Urllib3Error, http_client.HTTPException, EnvironmentError)


class _KerberosMissing(OsbsAuthException, RuntimeError):
    """Kerberos was asked for, but requests-kerberos is not installed."""


class _NotJson(OsbsResponseException, ValueError):
    """The body of a response is not JSON."""


def decode_json(content):
    # type: (bytes) -> Any
    """Parse bytes as JSON.

    :param content: bytes, in any Unicode encoding
    :raises ValueError: they are not JSON, nested too deeply, or with a number of absurd length
    """
    return load_json(content.decode(guess_json_utf(content) or "utf-8"))


def masked_body(content):
    # type: (Any) -> Any
    """Mask credentials inside the body of an error; one without any is returned as it is.

    A long one is truncated before, and says so.
    """
    is_binary = isinstance(content, six.binary_type)
    # More than is kept, so that what masks knows that there was more.
    text = to_text(content[: 2 * ERROR_BODY_MAX] if is_binary else content)
    masked = mask_text(text)
    if masked == text:
        return content
    return masked.encode("utf-8") if is_binary else masked


def error_body(response):
    # type: (Any) -> Any
    """Return the body of an error, masked; a stream is closed.

    :param response: HttpResponse or HttpStream
    """
    if hasattr(response, "content"):
        return masked_body(response.content)
    lines, size = [], 0
    for line in response.iter_lines():
        lines.append(line)
        size += len(line) + 1
        if size > ERROR_BODY_MAX:
            break
    close_stream(response)
    return masked_body(b"".join(lines))


def close_stream(stream):
    # type: (Any) -> None
    """Close a stream, if it is one that can be closed."""
    close = getattr(stream, "close", None)
    if close is not None:
        close()


def truncated_line(line, size=None, most=None):
    # type: (bytes, Any, Any) -> bytes
    """Return a line as it is delivered: as it is, or the beginning of one that is too long.

    :param line: bytes, all of it or its beginning
    :param size: int, length of all of it; None: of ``line``
    :param most: int, bytes; None: HTTP_LINE_MAX
    """
    size = len(line) if size is None else size
    most = HTTP_LINE_MAX if most is None else most
    if size <= most:
        return line
    note = " [truncated, %d bytes more]" % (size - most)
    return line[:most] + note.encode("ascii")


class _PartialLine(object):
    """The beginning of a line that has not ended yet."""

    def __init__(self, most):
        self._most = most
        self._parts = []
        self._size = 0

    def add(self, part):
        if self._size <= self._most:
            self._parts.append(part)
        self._size += len(part)

    def take(self):
        """Return the line, which has ended."""
        line = truncated_line(b"".join(self._parts), self._size, self._most)
        self._parts, self._size = [], 0
        return line


class HttpResponse(object):
    """A response that was read to its end."""

    # Whether an earlier attempt of the same request may have reached the server.
    retried = False

    def __init__(self, status_code, headers, content):
        # type: (int, Mapping[str, str], bytes) -> None
        """
        :param status_code: int
        :param headers: mapping
        :param content: bytes, the body
        """
        self.status_code = status_code
        self.headers = headers
        self.content = content

    def __repr__(self):
        # type: () -> str
        return str("<HttpResponse %s: %d bytes>") % (self.status_code, len(self.content or b""))

    def json(self, check=True):
        # type: (bool) -> Any
        """Parse the body.

        :param check: bool, raise for an error status
        :raises OsbsResponseException: error status; one that is a ValueError too if the body is
            not JSON
        """
        if check and self.status_code not in _OK_FOR_JSON:
            raise OsbsResponseException(masked_body(self.content), self.status_code)
        try:
            return decode_json(self.content)
        except ValueError:
            raise _NotJson(
                "the body of the response with status %s is not JSON (%d bytes)"
                % (self.status_code, len(self.content)),
                self.status_code,
            )


class HttpSession(object):
    """Requests over pooled connections; threads may share it, forks may use it.

    Errors of the transport become OsbsException, HTTP error statuses raise nothing.

    :ivar first_contact_retries: int or None, how often a request is retried while no server has
        ever responded, before HttpSession raises an exception with ``no_contact`` set. A person
        who mistyped a URL must not wait for eight minutes; a service that comes up before its
        server may.
    :ivar retries: int or None, how often a request is retried; None: HTTP_MAX_RETRIES
    :ivar request_timeout: float or None, seconds that a request takes at most, of a stream until
        its headers have come; None: see HttpStream
    :ivar max_body: int, bytes of a body after decompression; a larger one is an error
    """

    first_contact_retries = None
    retries = None
    request_timeout = None
    max_body = HTTP_BODY_MAX
    _contacted = False

    def __init__(self, verbose=False):
        # type: (bool) -> None
        """Prepare; opens nothing.

        :param verbose: bool, handed on to the streams
        """
        self.verbose = verbose
        self._pool = PerProcess(SessionPool)

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
        """Send a request.

        :param url: str
        :param args: what HttpStream takes, first of it the method
        :param kwargs: as args
        :return: HttpStream if ``stream`` is true, else HttpResponse
        :raises OsbsNetworkException: time-out
        :raises OsbsAuthException: the client certificate cannot be used, there is no
            requests-kerberos, or the server does not prove with Kerberos who it is
        :raises OsbsException: any other failure of the transport, with its cause
        """
        first = None if self._contacted else self.first_contact_retries
        try:
            return self._request(url, first, args, kwargs)
        except OsbsException as ex:
            if first is not None and not self._contacted:
                ex.no_contact = True
            raise

    def _request(self, url, first, args, kwargs):
        try:
            kwargs.setdefault("session", self._pool.get().session_for(kwargs, first, self.retries))
            kwargs["verbose"] = self.verbose
            if self.request_timeout is not None:
                kwargs["timeout"] = min(
                    self.request_timeout, kwargs.get("timeout") or self.request_timeout
                )
            stream = HttpStream(url, *args, **kwargs)
            self._contacted = True
            if kwargs.get("stream", False):
                return stream
            with stream:
                content = stream.read(self.max_body)
                response = HttpResponse(stream.status_code, stream.headers, content)
                # What is not idempotent is retried only if the server did not begin to act.
                response.retried = kwargs.get("idempotent", True) and stream.retried
                return response
        except OsbsException:
            raise
        except (RetryError, Timeout, HTTPError) as ex:
            unknown = None if isinstance(ex, HTTPError) else ""
            raise OsbsNetworkException(
                mask_url(url),
                mask_url(_compat.exception_text(ex)),
                getattr(ex.response, "status_code", unknown),
                cause=ex,
                traceback=sys.exc_info()[2],
            )
        except Exception as ex:  # whatever a library raises, the contract is one class
            # A class of requests-kerberos, which may not be installed.
            if type(ex).__name__ == "MutualAuthenticationError":
                raise OsbsAuthException(
                    "the response of %s does not prove with Kerberos that it comes from this server"
                    % mask_url(url),
                    cause=ex,
                )
            text = to_text(repr(ex))
            if mask_url(text) != text:
                # A URL that could not be taken apart: the cause would show its credentials.
                six.raise_from(OsbsException(mask_url(text)), None)
            raise OsbsException(text, cause=ex, traceback=sys.exc_info()[2])


class HttpStream(object):
    """A request that was sent, and its response of which the body may still be on the way.

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
    :param retries_enabled: bool, retry when that may help
    :param idempotent: bool, False: retry only if the server did not begin to act
    :param session: requests.Session, which stays open; None: one of its own
    :param timeout: float, seconds for connecting and all of the response, of a stream for its
        status and headers; None: HTTP_REQUEST_TIMEOUT, and HTTP_BODY_TIMEOUT for a body
    """

    # For __del__ on an object whose constructor raised.
    closed = False
    finished = False
    req = None  # type: Any
    status_code = None  # type: Any
    headers = None  # type: Any
    _owned_session = None
    _limits = None  # type: Any

    # Set by who reads the lines of the stream: most bytes of a line, if not HTTP_LINE_MAX, and
    # whether bytes after the last line feed are kept in `partial_line` rather than delivered.
    line_max = None  # type: Any
    keep_partial_line = False
    # Set at the end of the stream.
    broken = False
    partial_line = b""  # if it is kept

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
        idempotent=True,
        session=None,
        timeout=None,
    ):
        """Send the request.

        :raises OsbsException: the body comes in an encoding that was not asked for
        """
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
        url, credentials = _without_credentials(url)
        auth = _auth(username, password, kerberos_auth, args["headers"], credentials)
        if auth is not None:
            args["auth"] = auth
        if client_cert and client_key:
            args["cert"] = (client_cert, client_key)
        if data:
            args["data"] = data
        if stream:
            args["stream"] = True

        if session is None:
            session = self._owned_session = new_session((retries_enabled, idempotent))
        self.session = session
        self.req = self.session.request(method, url, **args)
        self.headers = self.req.headers
        self.status_code = self.req.status_code
        logger.debug("%s %s: %s", method, urlsplit(url).path, self.status_code)
        self._set_limits(stream, timeout)

    def _set_limits(self, stream, timeout):
        encoding = (self.headers or {}).get("content-encoding") or ""
        if "," in encoding or encoding.strip().lower() in _EXPLOSIVE:
            self.close()
            raise OsbsException(
                "%s: the response is encoded as %r, which was not asked for"
                % (mask_url(self.url), str(encoding))
            )
        # Callers put other responses in the place of those of the adapter.
        self._limits = getattr(getattr(self._raw, "_original_response", None), "limits", None)
        if self._limits is None or self._is_error:
            return
        self._limits.size = None
        if stream:
            self.time_limit = None
            # A build or a list may be silent for longer than a request may take.
            self._limits.timeout = HTTP_REQUEST_TIMEOUT
        elif timeout is None:
            self.time_limit = HTTP_BODY_TIMEOUT

    @property
    def _is_error(self):
        return self.status_code >= http_client.MULTIPLE_CHOICES

    def _set_time_limit(self, seconds):
        if self._limits is not None:
            self._limits.expect_within(seconds)

    # Seconds, from when it is set, in which the rest of the body must come; None: any.
    time_limit = property(fset=_set_time_limit)

    @property
    def retried(self):
        # type: () -> bool
        """Whether an earlier attempt of this request may have reached the server."""
        history = getattr(getattr(self._raw, "retries", None), "history", None)
        if not isinstance(history, tuple):
            return False
        return any(not isinstance(attempt.error, ConnectTimeoutError) for attempt in history)

    @property
    def _raw(self):
        return getattr(self.req, "raw", None)

    def read(self, most=HTTP_BODY_MAX):
        # type: (int) -> bytes
        """Return the whole body; of an error no more than is shown of it.

        :param most: int, bytes
        :raises requests.exceptions.ChunkedEncodingError: it is truncated
        :raises OsbsException: it is larger
        """
        most = ERROR_BODY_MAX if self._is_error else most
        blocks, size = [], 0
        for block in self._whole_blocks():
            blocks.append(block)
            size += len(block)
            if size > most:
                if not self._is_error:
                    raise OsbsException(
                        "%s: the body of the response is larger than %d MiB (max_response_mib)"
                        % (mask_url(self.url), most >> 20)
                    )
                # One byte more, so that it can be seen.
                return b"".join(blocks)[: most + 1]
        missing = self._missing()
        if missing:
            raise ChunkedEncodingError("the response is truncated, %d bytes are missing" % missing)
        return b"".join(blocks)

    def _whole_blocks(self):
        if self._limits is None:
            yield self.req.content
            return
        try:
            for block in self.req.iter_content(BLOCK_SIZE):
                yield block
        except EnvironmentError as ex:  # errors of requests and of ssl are among them
            if is_hung_up(ex):
                raise ChunkedEncodingError(ex)
            raise

    def _missing(self):
        # urllib3 1.26 does not compare the length with what was announced.
        missing = getattr(self._raw, "length_remaining", None)
        return max(0, missing) if isinstance(missing, six.integer_types) else 0

    def iter_lines(self):
        """Iterate over the lines of the body as they arrive.

        A line is what stands between two line feeds; the rest of one that is longer than
        ``line_max`` is left out, which its end says. A stream that breaks ends the iteration; the
        beginning of a line that is incomplete then is not delivered.

        :return: generator of bytes
        """
        if hasattr(self.req, "iter_lines") and not hasattr(self.req, "iter_content"):
            # Callers replace the response of requests by one that has no more than lines.
            return self._until_broken(lambda: self.req.iter_lines(decode_unicode=False))
        return self._lines(self.line_max or HTTP_LINE_MAX)

    def _until_broken(self, parts):
        try:
            for part in parts():
                yield part
        except _BROKEN_STREAM as ex:
            self.broken = True
            logger.debug("stream broke: %s", type(ex).__name__)

    def _lines(self, most):
        partial = _PartialLine(most)
        for block in self._until_broken(self._blocks):
            lines = block.split(b"\n")
            partial.add(lines[0])
            if len(lines) == 1:
                continue
            lines[0] = partial.take()
            partial.add(lines.pop())
            if len(block) > most:
                lines[1:] = [truncated_line(line, None, most) for line in lines[1:]]
            for line in lines:
                yield line
        self.broken = self.broken or self._missing() > 0
        rest = partial.take()
        if self.broken and not self._is_error:
            return
        if self.keep_partial_line:
            self.partial_line = rest
        elif rest:
            # Of an error, some of what the server says is better than nothing.
            yield rest

    def iter_chunks(self):
        """Iterate over the body as it arrives, in blocks of any size."""
        return self.req.iter_content(None)

    def _blocks(self):
        if getattr(self._raw, "chunked", True) or "content-encoding" in self.headers:
            return self.req.iter_content(BLOCK_SIZE)
        # Without chunks, requests would wait for a full block.
        return iter(lambda: _compat.read_available(self._raw, BLOCK_SIZE), b"")

    def close(self):
        # type: () -> None
        """Give up the connection; may be called again."""
        if self.closed:
            return
        self.closed = True
        close_stream(self.req)
        close_stream(self._owned_session)

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
        # A line that is compressed would arrive with the end of its block.
        headers["Accept-Encoding"] = "identity"
    return headers


def _without_credentials(url):
    """Return a URL that exceptions of requests may show, and the credentials that it had."""
    user, password = get_auth_from_url(url)
    if not (user or password):
        return url, None
    remember_secret(password)
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])), (user, password)


def _auth(username, password, kerberos_auth, headers, credentials):
    # A server may quote what it was sent.
    remember_secret(password)
    remember_secret((headers.get("Authorization") or "").partition(" ")[2])
    if kerberos_auth:
        return _kerberos_auth_class()()
    if username and password:
        return (_as_sent(username), _as_sent(password))
    if "Authorization" in headers:
        # The session of a caller, without any auth, replaces the header by what ~/.netrc says.
        return lambda request: request
    return credentials


def _as_sent(text):
    # requests would encode it as Latin-1, which fails for most letters; servers read UTF-8.
    return text if _compat.is_ascii(text) else six.ensure_binary(text)


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


def _silence_insecure_warning():
    # Whoever switches verification off knows; nobody else's warnings are touched.
    if not any(entry[2] is InsecureRequestWarning for entry in warnings.filters):
        warnings.simplefilter(str("ignore"), InsecureRequestWarning)
