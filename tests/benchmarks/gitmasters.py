"""Serves git repositories over https:// and git:// and counts the bytes."""

import os
import socket
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from osbs.sandbox.http.certificates import Authority
from tests.benchmarks.masters import ThreadingHTTPServer
from tests.unit.gitrepos import run_git
from tests.unit.gitservers import answer_of_backend, git_daemon


class Counter:
    """Bytes that went either way."""

    def __init__(self, **attributes):
        self._lock = threading.Lock()
        self._bytes = 0
        vars(self).update(attributes)

    def add(self, count):
        """Count bytes."""
        with self._lock:
            self._bytes += count

    def take(self):
        """Return the number of bytes since the last call."""
        with self._lock:
            count, self._bytes = self._bytes, 0
        return count


class _BackendHandler(BaseHTTPRequestHandler):
    """Runs git-http-backend for each request, as Apache does."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        """Answer."""
        status, headers, content, count = answer_of_backend(self)
        self.server.counter.add(count)
        self.send_response(status)
        for name, value in headers + [("Content-Length", str(len(content)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, format, *args):
        """Say nothing."""


class _TlsServer(ThreadingHTTPServer):
    def finish_request(self, request, client_address):
        """Shake hands in the thread of the connection."""
        with self.context.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request, client_address):
        """Say nothing: git hangs up as it likes."""


@contextmanager
def https_master(root, directory):
    """Serve the repositories below a directory; a Counter with ``url`` and ``ca``."""
    authority = Authority(directory, None)
    server = _TlsServer(("127.0.0.1", 0), _BackendHandler)
    server.root = root
    server.backend = os.path.join(run_git(".", "--exec-path"), "git-http-backend")
    server.context = authority.server_context()
    server.counter = Counter(
        url="https://127.0.0.1:{}/".format(server.server_port), ca=authority.ca_file
    )
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.counter
    finally:
        server.shutdown()
        server.server_close()


class _Relay(socketserver.BaseRequestHandler):
    """Passes bytes on to git daemon and back."""

    def handle(self):
        """Relay one connection."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with socket.create_connection(self.server.target) as upstream:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self._pump, args=(upstream, self.request))
            back.start()
            self._pump(self.request, upstream)
            back.join()

    def _pump(self, source, target):
        try:
            while True:
                data = source.recv(262144)
                if not data:
                    break
                self.server.counter.add(len(data))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # either side has gone
            pass


class _RelayServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 20


@contextmanager
def daemon_master(root):
    """Serve the repositories with git daemon; a Counter with ``url``."""
    with git_daemon(root) as url:
        host, port = url[len("git://") :].split(":")
        server = _RelayServer(("127.0.0.1", 0), _Relay)
        server.target = (host, int(port))
        server.counter = Counter(url="git://127.0.0.1:{}/".format(server.server_address[1]))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server.counter
        finally:
            server.shutdown()
            server.server_close()
