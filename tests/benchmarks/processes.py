"""Servers and measured programs in processes of their own."""

import multiprocessing
from contextlib import contextmanager

_CONTEXT = multiprocessing.get_context("spawn")
# Seconds for a server to begin or to end.
PATIENCE = 60


class Served:
    """A server in a process; its methods are called from here.

    :param factory: function of ``args`` that returns a context manager of an object
    """

    def __init__(self, factory, *args):
        self._ours, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, factory, args), daemon=True)
        self._process.start()
        theirs.close()

    def call(self, name, *args):
        """Call a method of the object, or read an attribute."""
        self._ours.send((name, args))
        outcome, value = self._ours.recv()
        if outcome is not None:
            raise RuntimeError(outcome)
        return value

    def close(self):
        """End the server."""
        self._ours.close()
        self._process.join(PATIENCE)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(PATIENCE)


@contextmanager
def served(factory, *args):
    """Run a server while the block lasts; see Served."""
    server = Served(factory, *args)
    try:
        yield server
    finally:
        server.close()


def _serve(connection, factory, args):
    with factory(*args) as server:
        while True:
            try:
                name, arguments = connection.recv()
            except EOFError:
                return
            connection.send(_answer(server, name, arguments))


def _answer(server, name, arguments):
    try:
        member = getattr(server, name)
        return None, member(*arguments) if callable(member) else member
    except Exception as ex:  # told to who asked
        return repr(ex), None


def memory_of(function, *args):
    """Return the most memory (MiB) that a process needs for a call, and what the call returns."""
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_measured, args=(theirs, function, args))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    finally:
        process.join()


def _measured(connection, function, args):
    value = function(*args)
    connection.send((peak(), value))


def peak():
    """Return the most memory (MiB) that this process had so far.

    Not by getrusage: that begins with what the parent of a process had.
    """
    with open("/proc/self/status") as status:
        (line,) = [line for line in status if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024.0
