"""
The listening socket: accepts, counts, refuses and resets connections.

asyncio's own server would do the TLS handshake before a fault could reset the connection, and it
cannot stop listening and resume on the same port.
"""

import asyncio
import contextlib
import errno
import socket
import ssl
import struct
import time

#: timeout (seconds) of a TLS handshake
HANDSHAKE_SECONDS = 20.0
#: concurrent handshakes; more would slow down established connections
HANDSHAKES = 16
#: a handshake that takes longer (seconds) no longer counts: its client is slow or silent
SLOT_SECONDS = 0.5
#: maximum number of unfinished handshakes; one more closes the oldest
UNFINISHED = 1000
_BACKLOG = 1024
#: number of connections whose sequence number is kept
_REMEMBERED = 100000
#: state of a connection in Linux's TCP_INFO
_ESTABLISHED = 1
_RESET = struct.pack("ii", 1, 0)
#: seconds to retry a port that is in use: after a restart, an old connection may still hold it
_PORT_TIMEOUT = 3.0


def reset(connection):
    """Make closing a socket send RST instead of FIN."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    except OSError:
        pass


def _has_left(connection):
    """Return whether the peer has closed a connection, whatever it sent before."""
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state != _ESTABLISHED


def _listening_socket(port):
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setblocking(False)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


class Listener:
    """
    Accept connections on loopback.

    :param factory: callable, returns the asyncio protocol for a connection
    :param port: int, 0 for any free one
    :param context: ssl.SSLContext or None
    :param refuses: callable, returns True when a new connection shall be reset
    """

    def __init__(self, factory, port=0, context=None, refuses=lambda: False):
        self._factory = factory
        self._context = context
        self._refuses = refuses
        self._socket = None
        self._loop = None
        #: task -> connection, the oldest first
        self._unfinished = {}
        self._slots = None
        #: the port in use
        self.port = port
        #: number of connections so far
        self.accepted = 0
        self._numbers = {}

    @property
    def is_open(self):
        """Return whether it listens."""
        return self._socket is not None

    def open(self):
        """
        Start (or resume) listening.

        :raises OSError: when the port is taken
        """
        self._socket = _listening_socket(self.port)
        self.port = self._socket.getsockname()[1]
        self._loop = asyncio.get_event_loop()
        self._slots = self._slots or asyncio.Semaphore(HANDSHAKES)
        self._resume()

    async def open_with_retry(self):
        """
        Start listening; retry for a few seconds while the port is in use.

        :raises OSError: when it stays in use
        """
        deadline = time.monotonic() + _PORT_TIMEOUT
        while True:
            try:
                return self.open()
            except OSError as exc:
                if exc.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    text = "cannot serve on port {}: {}".format(self.port, exc.strerror)
                    raise OSError(exc.errno, text) from None
            await asyncio.sleep(0.1)

    def close(self):
        """Stop listening; existing connections continue."""
        if self._socket is not None:
            self._pause()
            self._socket.close()
            self._socket = None

    def end_handshakes(self):
        """Close the connections whose handshakes are unfinished; return their tasks."""
        unfinished = list(self._unfinished)
        for task in unfinished:
            task.cancel()
        return unfinished

    async def stop(self):
        """Stop listening and end unfinished handshakes."""
        self.close()
        unfinished = self.end_handshakes()
        if unfinished:
            await asyncio.wait(unfinished, timeout=5)

    def number(self, transport):
        """Return the sequence number of a connection."""
        return self._numbers.get(transport.get_extra_info("peername"), 0)

    # loop.sock_accept would leave a reader registered after close(), which gets the events of a new
    # socket with the same file descriptor. Our own reader is removed before.

    def _resume(self):
        if self._socket is not None:
            self._loop.add_reader(self._socket.fileno(), self._accept)

    def _pause(self):
        self._loop.remove_reader(self._socket.fileno())

    def _accept(self):
        for _ in range(HANDSHAKES):
            try:
                connection, peer = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError:  # no file descriptors left
                self._pause()
                self._loop.call_later(0.05, self._resume)
                return
            if self._refuses():
                reset(connection)
                connection.close()
                continue
            self._take(connection, peer)

    def _take(self, connection, peer):
        self.accepted += 1
        self._numbers[peer] = self.accepted
        if len(self._numbers) > _REMEMBERED:
            self._numbers.pop(next(iter(self._numbers)))
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = asyncio.ensure_future(self._greet(connection))
        self._unfinished[task] = connection
        task.add_done_callback(lambda _: self._unfinished.pop(task, None))
        if len(self._unfinished) > UNFINISHED:
            oldest = next(iter(self._unfinished))
            del self._unfinished[oldest]
            oldest.cancel()

    async def _greet(self, connection):
        try:
            await asyncio.wait_for(self._shake_hands(connection), HANDSHAKE_SECONDS)
        except (OSError, ssl.SSLError, asyncio.TimeoutError):
            connection.close()
        except asyncio.CancelledError:
            connection.close()
            raise

    async def _shake_hands(self, connection):
        if self._context is not None:
            await self._readable(connection)
        await self._slots.acquire()
        slot = contextlib.ExitStack()  # releases only once
        slot.callback(self._slots.release)
        timer = self._loop.call_later(SLOT_SECONDS, slot.close)
        try:
            if _has_left(connection):
                raise ConnectionError("the client did not wait")
            await self._loop.connect_accepted_socket(self._factory, connection, ssl=self._context)
        finally:
            timer.cancel()
            slot.close()

    async def _readable(self, connection):
        """Wait until a client has sent something."""
        said = asyncio.Event()
        # The connection may be closed when the wait ends, and has no number then.
        descriptor = connection.fileno()
        self._loop.add_reader(descriptor, said.set)
        try:
            await said.wait()
        finally:
            self._loop.remove_reader(descriptor)
