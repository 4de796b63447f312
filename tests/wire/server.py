"""A server on a raw socket that does exactly what a test tells it, byte by byte."""

from __future__ import absolute_import, print_function, unicode_literals

import json
import socket
import struct
import threading
from collections import namedtuple

import six

# Steps of an answer, beside bytes (sent), numbers (seconds of silence) and functions (called).
RESET = "reset"
CLOSE = "close"

REASONS = {
    200: "OK",
    201: "Created",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    409: "Conflict",
    410: "Gone",
    503: "Service Unavailable",
}

Request = namedtuple("Request", "method path headers body connection")


def answer(status=200, body=b"", headers=(), length=None):
    """Return the bytes of a whole answer.

    :param status: int
    :param body: bytes, text, or something to encode as JSON
    :param headers: pairs
    :param length: int, Content-Length if it is to be wrong
    """
    if not isinstance(body, six.binary_type):
        text = body if isinstance(body, six.text_type) else json.dumps(body)
        body = text.encode("utf-8")
    lines = ["HTTP/1.1 %d %s" % (status, REASONS.get(status, "Odd"))]
    lines += ["%s: %s" % pair for pair in headers]
    lines.append("Content-Length: %d" % (len(body) if length is None else length))
    return "\r\n".join(lines + ["", ""]).encode("ascii") + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def chunk(data):
    """Return bytes as one chunk of a chunked body."""
    return ("%x\r\n" % len(data)).encode("ascii") + data + b"\r\n"


def event(kind, **obj):
    """Return an event of a watch as one chunk."""
    return chunk(json.dumps({"type": kind, "object": obj}).encode("utf-8") + b"\n")


class WireServer(object):
    """Answers each request with the steps that a function of the request returns.

    ``requests`` lists what came. Stops, with all its threads, at the end of a ``with`` block.
    """

    def __init__(self, script, tls=None):
        """
        :param tls: ssl.SSLContext of a server, or None
        :param script: function of a Request that returns steps, or a list of steps for the
            first, second ... request, of which the last serves all others
        """
        self._tls = tls
        self._script = script if callable(script) else self._in_order(list(script))
        self.requests = []
        self.connections = 0
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._sockets = []
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        self.url = "%s://127.0.0.1:%d/" % ("https" if tls else "http", self.port)
        self._threads = [self._spawn(self._accept)]

    @staticmethod
    def _in_order(answers):
        return lambda request: answers.pop(0) if len(answers) > 1 else answers[0]

    def _spawn(self, target, *args):
        thread = threading.Thread(target=target, args=args)
        thread.daemon = True
        thread.start()
        return thread

    def _accept(self):
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except (OSError, socket.error):
                return
            with self._lock:
                self.connections += 1
                self._sockets.append(connection)
                self._threads.append(self._spawn(self._serve, connection, self.connections))

    def _serve(self, connection, number):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            try:
                connection = self._tls.wrap_socket(connection, server_side=True)
            except (OSError, socket.error):
                connection.close()
                return
            with self._lock:
                self._sockets.append(connection)
        stream = connection.makefile("rb")
        try:
            while not self.stopping.is_set():
                request = self._read(stream, number)
                if request is None:
                    return
                with self._lock:
                    self.requests.append(request)
                    steps = self._script(request)
                if not self._play(connection, steps):
                    return
        except (OSError, socket.error, ValueError):
            pass
        finally:
            stream.close()
            connection.close()

    @staticmethod
    def _read(stream, number):
        first = stream.readline().decode("latin-1").split()
        if not first:
            return None
        headers = {}
        for line in iter(stream.readline, b"\r\n"):
            if not line:
                return None
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        return Request(first[0], first[1], headers, body, number)

    def _play(self, connection, steps):
        """Carry out the steps; False: the connection is to be closed."""
        for step in [steps] if isinstance(steps, six.binary_type) else steps:
            if step is RESET:
                connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(str("ii"), 1, 0)
                )
                return False
            if step is CLOSE:
                if self._tls is not None:
                    # On Python 2, to close it is not enough.
                    connection.shutdown(socket.SHUT_RDWR)
                return False
            if callable(step):
                step()
            elif isinstance(step, six.binary_type):
                connection.sendall(step)
            elif self.stopping.wait(step):
                return False
        return True

    @property
    def paths(self):
        """What was asked for, in order."""
        return [request.path for request in self.requests]

    @property
    def methods(self):
        """The methods of the requests, in order."""
        return [request.method for request in self.requests]

    def stop(self):
        """Stop listening, break all connections, wait for the threads."""
        self.stopping.set()
        try:
            # Wakes the thread that accepts.
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except (OSError, socket.error):
            pass
        self._listener.close()
        with self._lock:
            sockets, threads = list(self._sockets), list(self._threads)
        for connection in sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except (OSError, socket.error):
                pass
        for thread in threads:
            thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
