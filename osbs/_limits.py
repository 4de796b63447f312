"""How long, and how much, is read of a response: kept at the one place where its bytes are read.

http.client reads status line, headers, sizes of chunks, body and trailers through a file that it
gets from the socket. The one that it gets here knows when to stop.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import socket

from six.moves import http_client

from osbs import _compat
from osbs._compat import monotonic
from osbs._typing import Any  # noqa: F401
from osbs.constants import HTTP_FRAME_LINE_MAX, HTTP_HEAD_MAX

BUFFER_SIZE = 65536


class Limits(object):
    """What may still be read of one response.

    :ivar size: int, bytes; None: any number
    """

    def __init__(self, timeout):
        # type: (Any) -> None
        """
        :param timeout: float, seconds for one read, and for all of them until somebody says
            something else; None: any time
        """
        self.timeout = timeout
        self.size = HTTP_HEAD_MAX  # type: Any
        self.expect_within(timeout)

    def expect_within(self, seconds):
        # type: (Any) -> None
        """Set the time in which all that follows must come.

        :param seconds: float; None: any time, as long as each read ends in time
        """
        self._end = None if seconds is None else monotonic() + seconds

    def time_left(self):
        # type: () -> Any
        """Return the seconds that the next read may take, None for any time.

        :raises socket.timeout: there are none left
        """
        if self._end is None:
            return self.timeout
        left = self._end - monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left if self.timeout is None else min(left, self.timeout)

    def count(self, size):
        # type: (int) -> None
        """Count bytes that were read.

        :raises http_client.HTTPException: they are too many
        """
        if self.size is not None:
            self.size -= size
            if self.size < 0:
                raise http_client.HTTPException("more than %d bytes of headers" % HTTP_HEAD_MAX)


class _LimitedSocket(io.RawIOBase):
    """The bytes that come from a socket, within limits."""

    def __init__(self, sock, limits):
        # http.client closes the socket as soon as it has this file, which keeps it open.
        self._file = sock.makefile(str("rb"), 0)
        # On Python 2 the socket that was closed can be read through its file only. Here is also
        # where requests-kerberos looks for the certificate of the server.
        self._sock = getattr(self._file, "_sock", sock)
        self._limits = limits

    def makefile(self, *_, **__):
        """Return the file that http.client asks its socket for."""
        return _ResponseFile(self, BUFFER_SIZE)

    def readable(self):
        return True

    def readinto(self, target):
        self._sock.settimeout(self._limits.time_left())
        size = _compat.receive_into(self._sock, target)
        self._limits.count(size)
        return size

    def close(self):
        if not self.closed:
            try:
                # The next request on this connection is sent with the usual time-out.
                self._sock.settimeout(self._limits.timeout)
            except EnvironmentError:
                pass  # it is closed
            self._file.close()
        super(_LimitedSocket, self).close()


class _ResponseFile(io.BufferedReader):
    """What http.client reads a response from."""

    def readline(self, size=-1):
        if size is not None and size >= 0:
            return super(_ResponseFile, self).readline(size)
        # urllib3 asks for sizes of chunks and for trailers of any length.
        line = super(_ResponseFile, self).readline(HTTP_FRAME_LINE_MAX + 1)
        if len(line) > HTTP_FRAME_LINE_MAX:
            raise http_client.LineTooLong("chunk size or trailer")
        return line

    @property
    def _sock(self):
        # Where requests-kerberos looks on Python 2.
        return self.raw._sock


class LimitedResponse(http_client.HTTPResponse):
    """A response of http.client that is read within limits."""

    def __init__(self, sock, *args, **kwargs):
        self.limits = Limits(_compat.socket_timeout(sock))
        http_client.HTTPResponse.__init__(self, _LimitedSocket(sock, self.limits), *args, **kwargs)


def limit_responses(manager):
    # type: (Any) -> None
    """Make the connections of a PoolManager of urllib3 read their responses within limits."""
    manager.pool_classes_by_scheme = {
        scheme: _limited(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _limited(pool):
    connection = _subclass(pool.ConnectionCls, response_class=LimitedResponse)
    return _subclass(pool, ConnectionCls=connection)


def _subclass(base, **attributes):
    # Its name stands in the messages of exceptions.
    return type(base.__name__, (base,), attributes)
