"""
The listening socket: accepts, counts, refuses and resets connections.

asyncio's own server would do the TLS handshake before anyone could reset the connection, and could
not stop listening and go on with the same port; hence this one. Imports asyncio, socket, ssl.
"""

import asyncio
import socket
import ssl
import struct

#: seconds after which a client that says nothing during the TLS handshake is dropped
HANDSHAKE_SECONDS = 20.0
#: handshakes at the same time: more would make those wait who are connected already
HANDSHAKES = 16
_BACKLOG = 1024
_RESET = struct.pack('ii', 1, 0)


def reset(connection):
    """Make closing a socket send RST instead of FIN."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    except OSError:
        pass


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
        self._task = None
        self._handshakes = set()
        #: the port in use
        self.port = port
        #: number of connections so far
        self.accepted = 0
        self._numbers = {}

    @property
    def is_open(self):
        """Tell whether it listens."""
        return self._socket is not None

    def open(self):
        """
        Begin to listen (again).

        :raises OSError: when the port is taken
        """
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setblocking(False)
        try:
            self._socket.bind(('127.0.0.1', self.port))
            self._socket.listen(_BACKLOG)
        except OSError:
            self._socket.close()
            self._socket = None
            raise
        self.port = self._socket.getsockname()[1]
        self._task = asyncio.ensure_future(self._accept(self._socket))

    def close(self):
        """Stop listening; connections there are go on."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def number(self, transport):
        """Return the number of a connection."""
        return self._numbers.get(transport.get_extra_info('peername'), 0)

    async def _accept(self, listening):
        loop = asyncio.get_event_loop()
        while True:
            while len(self._handshakes) >= HANDSHAKES:
                await asyncio.wait(self._handshakes, return_when=asyncio.FIRST_COMPLETED)
            try:
                connection, peer = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            if self._refuses():
                reset(connection)
                connection.close()
                continue
            self.accepted += 1
            self._numbers[peer] = self.accepted
            if len(self._numbers) > 100000:
                self._numbers.pop(next(iter(self._numbers)))
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = asyncio.ensure_future(self._greet(loop, connection))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    async def _greet(self, loop, connection):
        try:
            await asyncio.wait_for(
                loop.connect_accepted_socket(self._factory, connection, ssl=self._context),
                HANDSHAKE_SECONDS,
            )
        except (OSError, ssl.SSLError, asyncio.TimeoutError):
            connection.close()
