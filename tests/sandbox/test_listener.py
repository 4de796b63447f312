"""Silent connections, ports in use."""

import asyncio
import contextlib
import errno
import logging
import socket
import time

import pytest

from osbs.sandbox.http import listener
from osbs.sandbox.server import Sandbox
from tests.sandbox.support import Api


@contextlib.contextmanager
def silent(sandbox, count, data=b""):
    """Connect without finishing the handshake."""
    address = ("127.0.0.1", int(sandbox.url.rstrip("/").rpartition(":")[2]))
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(address)) for _ in range(count)]
        for connection in connections:
            connection.sendall(data)
        yield connections


@pytest.mark.parametrize("data", [b"", b"\x16\x03\x01"], ids=["nothing", "half a hello"])
def test_silent_connections_do_not_delay_others(data):
    with Sandbox() as sandbox, silent(sandbox, 40, data):
        begun = time.monotonic()
        assert Api(sandbox).get("healthz", timeout=10).status_code == 200
        assert time.monotonic() - begun < 5


def test_the_oldest_of_too_many_silent_connections_is_closed(monkeypatch):
    monkeypatch.setattr(listener, "UNFINISHED", 3)
    with Sandbox() as sandbox, silent(sandbox, 5) as connections:
        for connection in connections[:2]:
            connection.settimeout(5)
            with contextlib.suppress(ConnectionError):
                assert connection.recv(1) == b""
        connections[2].settimeout(0.1)
        with pytest.raises(socket.timeout):
            connections[2].recv(1)


@pytest.mark.parametrize("data", [b"", b"\x16\x03\x01"], ids=["nothing", "half a hello"])
def test_stopping_during_handshakes_logs_nothing(caplog, capfd, data):
    caplog.set_level(logging.WARNING)
    with Sandbox() as sandbox, silent(sandbox, 20, data):
        time.sleep(0.2)
        sandbox.stop()
    assert (caplog.text, capfd.readouterr().err) == ("", "")


def test_no_time_is_spent_on_a_client_that_has_given_up(monkeypatch):
    monkeypatch.setattr(listener, "HANDSHAKES", 1)
    monkeypatch.setattr(listener, "SLOT_SECONDS", 1.0)
    with Sandbox() as sandbox, silent(sandbox, 1, b"\x16\x03\x01"):
        Api.wait(lambda: sandbox._app.listener._slots.locked())
        greeted = []
        monkeypatch.setattr(
            sandbox._loop, "connect_accepted_socket", lambda *args, **_: greeted.append(args)
        )
        with silent(sandbox, 3, b"\x16\x03\x01"):
            Api.wait(lambda: len(sandbox._app.listener._unfinished) == 4)
        Api.wait(lambda: len(sandbox._app.listener._unfinished) == 1)
        assert greeted == []


def test_a_restart_ends_handshakes_too():
    with Sandbox() as sandbox, silent(sandbox, 3, b"\x16\x03\x01") as connections:
        Api.wait(lambda: len(sandbox._app.listener._unfinished) == 3)
        sandbox.faults.restart(0.1)
        for connection in connections:
            connection.settimeout(10)
            with contextlib.suppress(ConnectionError):
                assert connection.recv(1) == b""


def test_the_loop_goes_on_while_a_port_is_taken(monkeypatch):
    monkeypatch.setattr(listener, "_PORT_TIMEOUT", 0.3)

    async def wait_for(taken):
        ticks = []

        async def tick():
            while True:
                ticks.append(1)
                await asyncio.sleep(0.01)

        task = asyncio.ensure_future(tick())
        with pytest.raises(OSError) as caught:
            await listener.Listener(None, taken.getsockname()[1]).open_with_retry()
        task.cancel()
        return caught.value.errno, len(ticks)

    loop = asyncio.new_event_loop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        number, ticks = loop.run_until_complete(wait_for(taken))
    loop.close()
    assert number == errno.EADDRINUSE and ticks > 5


def test_a_request_is_served_while_the_port_of_a_fault_is_taken():
    with Sandbox() as sandbox:
        api = Api(sandbox)
        assert api.get("healthz").status_code == 200
        port = sandbox._app.listener.port
        sandbox.faults.refuse(0.05)
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen(1)
            time.sleep(0.1)
            begun = time.monotonic()
            assert api.get("healthz").status_code == 200
            assert time.monotonic() - begun < 1.5
        api.wait(lambda: sandbox.listening)
