"""A master that does nothing but answer: whatever it takes is small beside what a client takes."""

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn

# Lines that are sent again and again; the last hundred are all different, as in any log.
BLOCK_LINES = 10000
LINE = "2026-11-23 10:00:00,{:03d} platform:- - atomic_reactor.plugins - INFO - line {:07d} {}\n"
# What a Go server copies at a time.
CHUNK = 32768

_BUILD = re.compile(r"/oapi/v1/(watch/)?namespaces/osbs/builds/lines-(\d+)/?(log)?/?(?:\?(.*))?$")


class ThreadingHTTPServer(ThreadingMixIn, HTTPServer):
    """A server with a thread for each connection; Python 3.6 has none."""

    daemon_threads = True


def block_of_lines():
    """Return the lines that logs are made of."""
    filling = "x" * 30
    lines = (LINE.format(number % 1000, number, filling) for number in range(BLOCK_LINES))
    return "".join(lines).encode("ascii")


def chunked(data):
    """Return bytes as HTTP chunks."""
    pieces = (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


class LogMaster:
    """Serves finished builds ``lines-N`` whose logs have N lines."""

    def __init__(self):
        self.block = block_of_lines()
        self.chunks = chunked(self.block)
        master = self

        class Handler(_LogHandler):
            """Handler that knows its master."""

            log_master = master

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:{}/".format(self._server.server_port)

    def start(self):
        """Serve in a thread."""
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def tail(self, count):
        """Return the last lines of any log."""
        return b"".join(self.block.splitlines(True)[-count:])


@contextmanager
def log_master():
    """Serve logs; the object has ``url``."""
    master = LogMaster()
    master.start()
    try:
        yield master
    finally:
        master.stop()


class _LogHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    log_master = None

    def do_GET(self):
        """Answer a GET of a build, its watch or its log."""
        match = _BUILD.match(self.path)
        if match is None:
            self.send_error(404)
            return
        watch, lines, log, query = match.groups()
        if log:
            self._log(int(lines), query or "")
        else:
            build = {
                "kind": "Build",
                "metadata": {"name": "lines-" + lines, "resourceVersion": "1"},
                "status": {"phase": "Complete"},
            }
            event = {"type": "ADDED", "object": build}
            self._send(json.dumps(event if watch else build).encode("ascii") + b"\n")

    def _send(self, content):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _log(self, lines, query):
        tail = re.search(r"tailLines=(\d+)", query)
        if tail:
            self._send(self.log_master.tail(int(tail.group(1))))
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(lines // BLOCK_LINES):
            self.wfile.write(self.log_master.chunks)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format, *args):
        """Say nothing."""
