"""Serves git repositories on loopback: git daemon, git-http-backend, and plain files."""

from __future__ import absolute_import, print_function, unicode_literals

import base64
import os
import socket
import struct
import subprocess
import threading
import time
from contextlib import contextmanager

from six.moves import BaseHTTPServer, socketserver

from tests.unit.gitrepos import run_git


def answer_of_backend(handler):
    """Run git-http-backend for a request, as Apache does.

    :param handler: BaseHTTPRequestHandler whose server has ``root`` and ``backend``, two paths
    :return: tuple of int (status), list of (name, value), bytes (body), and int (bytes that git
        read and wrote)
    """
    path, _, query = handler.path.partition("?")
    length = int(handler.headers.get("Content-Length") or 0)
    env = dict(
        os.environ,
        GIT_PROJECT_ROOT=handler.server.root,
        GIT_HTTP_EXPORT_ALL="1",
        PATH_INFO=path,
        QUERY_STRING=query,
        REQUEST_METHOD=handler.command,
        CONTENT_TYPE=handler.headers.get("Content-Type") or "",
        CONTENT_LENGTH=str(length),
        REMOTE_ADDR="127.0.0.1",
        HTTP_CONTENT_ENCODING=handler.headers.get("Content-Encoding") or "",
        GIT_PROTOCOL=handler.headers.get("Git-Protocol") or "",
    )
    env = {str(name): str(value) for name, value in env.items()}
    process = subprocess.Popen(
        [handler.server.backend], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    answer = process.communicate(handler.rfile.read(length))[0]
    head, _, body = answer.partition(b"\r\n\r\n")
    headers = [line.decode("ascii").partition(": ")[::2] for line in head.split(b"\r\n")]
    status = dict(headers).get("Status", "200")
    headers = [header for header in headers if header[0] != "Status"]
    return int(status.split()[0]), headers, body, length + len(answer)


class GitHandler(BaseHTTPServer.BaseHTTPRequestHandler):
    """A CGI server for git-http-backend that may want a password; without CGI: plain files."""

    protocol_version = str("HTTP/1.0")

    def do_GET(self):
        self.server.requests.append((self.path, self.headers.get("Authorization")))
        if self.server.authorization not in (None, self.headers.get("Authorization")):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
        elif self.server.is_smart:
            self._run_backend()
        else:
            self._send_file()

    do_POST = do_GET

    def _send_file(self):
        path = self.server.root + self.path.split("?")[0]
        found = os.path.isfile(path)
        self.send_response(200 if found else 404)
        self.end_headers()
        if found:
            with open(path, "rb") as content:
                self.wfile.write(content.read())

    def _run_backend(self):
        status, headers, body, _ = answer_of_backend(self)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


@contextmanager
def running(server):
    """Serve in a thread while the body runs."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.daemon = True
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class GitServer(socketserver.ThreadingMixIn, BaseHTTPServer.HTTPServer):
    daemon_threads = True


@contextmanager
def http_server(root, is_smart=True, user=None):
    """Serve the repositories below a directory; yields the server with ``url``, ``requests``.

    :param user: str or None, ``name:password`` that it wants
    """
    server = GitServer(("127.0.0.1", 0), GitHandler)
    server.root, server.is_smart, server.requests = str(root), is_smart, []
    server.backend = os.path.join(run_git(".", "--exec-path"), "git-http-backend")
    server.authorization = user and "Basic " + base64.b64encode(user.encode()).decode()
    server.address = "127.0.0.1:%d" % server.server_address[1]
    server.url = "http://" + server.address
    with running(server):
        yield server


def free_port():
    with_port = socket.socket()
    with_port.bind(("127.0.0.1", 0))
    port = with_port.getsockname()[1]
    with_port.close()
    return port


@contextmanager
def git_daemon(root):
    """Serve the repositories below a directory with git daemon; yields the URL."""
    port = free_port()
    process = subprocess.Popen(
        [
            "git",
            "daemon",
            "--export-all",
            "--reuseaddr",
            "--base-path=%s" % root,
            "--listen=127.0.0.1",
            "--port=%d" % port,
            str(root),
        ],
        preexec_fn=os.setsid,
    )
    try:
        _wait_for_port(process, port)
        yield "git://127.0.0.1:%d" % port
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def _wait_for_port(process, port):
    deadline = time.time() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except socket.error:
            assert process.poll() is None and time.time() < deadline


class _HostileHandler(socketserver.BaseRequestHandler):
    """Speaks the first version of git's protocol; what it says has no end."""

    def handle(self):
        self.server.connected.set()
        try:
            getattr(self, "_send_" + self.server.kind)()
        except (IOError, OSError):  # git has hung up
            self.server.hung_up.set()

    def _send_nothing(self):
        while self.request.recv(65536):
            pass
        self.server.hung_up.set()

    def _send_refs(self):
        self._send_line("%040d HEAD\0side-band-64k\n" % 1)
        number = 0
        while True:
            number += 1000
            self._send_line(
                *["%040d refs/heads/%030d\n" % (1, number + more) for more in range(1000)]
            )

    def _send_pack(self):
        """Send a blob of 64 GiB, in blocks of deflate that are not compressed."""
        self._begin_pack(1)
        size, header = 64 * 1024**3, bytearray()
        header.append(0x80 | 0x30 | size & 15)
        size >>= 4
        while size > 127:
            header.append(0x80 | size & 127)
            size >>= 7
        header.append(size)
        self.request.sendall(bytes(header) + b"\x78\x01")
        block = b"\0\xff\xff\0\0" + os.urandom(65535)
        while True:
            self.request.sendall(block * 16)

    def _send_objects(self):
        """Send a pack that has more objects than any memory."""
        self._begin_pack(100 * 1000**2)
        while True:
            self.request.sendall(b"\x30\x78\x9c\x03\0\0\0\0\x01" * 10000)

    def _begin_pack(self, count):
        self._send_line(
            *[
                "%040d %s\n" % (1, name)
                for name in ("HEAD\0 ofs-delta shallow", "refs/heads/master")
            ]
        )
        self.request.sendall(b"0000")
        while not self.request.recv(65536).endswith(b"0009done\n"):
            pass
        self._send_line("NAK\n")
        self.request.sendall(b"PACK" + struct.pack(">II", 2, count))

    def _send_line(self, *lines):
        self.request.sendall(
            b"".join(b"%04x%s" % (len(line) + 4, line.encode("ascii")) for line in lines)
        )


class _HostileServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def hostile_server(kind):
    """A server that sends without end, or nothing; yields it with ``url``, ``hung_up``.

    :param kind: str, "nothing", "refs", "pack" or "objects"
    """
    server = _HostileServer(("127.0.0.1", 0), _HostileHandler)
    server.kind, server.url = kind, "git://127.0.0.1:%d/x" % server.server_address[1]
    server.connected, server.hung_up = threading.Event(), threading.Event()
    with running(server):
        yield server
