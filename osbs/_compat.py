"""The one place that asks for features of the interpreter or of a library.

Features are probed, versions are not compared. Imports nothing of osbs but names of types.
"""

from __future__ import absolute_import, print_function, unicode_literals

import errno
import time

import six

from osbs._typing import Any  # noqa: F401

# Not moved by changes of the clock, where the interpreter has such a clock.
monotonic = getattr(time, "monotonic", time.time)

# Reasons of OpenSSL; the second one is for a key of another type than the certificate's.
_WRONG_KEY = ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED", "KEY_TYPE_MISMATCH")


def prompt_function():
    # type: () -> Any
    """Return the builtin that reads one line of text: raw_input on Python 2, input on 3.

    Looked up when it is called, as callers replace builtins.
    """
    builtins = six.moves.builtins
    return builtins.raw_input if hasattr(builtins, "raw_input") else builtins.input


def to_text(value, errors="replace"):
    # type: (Any, str) -> six.text_type
    """Return bytes or text as text; undecodable bytes become U+FFFD.

    :param value: bytes or text
    :param errors: str, what to do with undecodable bytes, as in bytes.decode
    """
    if isinstance(value, six.binary_type):
        return value.decode("utf-8", errors)
    return six.text_type(value)


def is_ascii(value):
    # type: (Any) -> bool
    """Tell whether bytes or text hold nothing beyond ASCII.

    :param value: bytes or text
    """
    return all(ord(character) < 128 for character in to_text(value))


def to_native(value):
    # type: (Any) -> Any
    """Return bytes or text as the interpreter's own kind of string, anything else as it is.

    Python 2 fails when bytes that are not ASCII meet text, as in paths.

    :param value: bytes, text, or for example a path object
    """
    if isinstance(value, (six.text_type, six.binary_type)):
        return six.ensure_str(value)
    return value


def methods_argument(retry_class):
    # type: (type) -> str
    """Return the name of the argument of urllib3's Retry for the methods that are retried."""
    is_renamed = hasattr(retry_class, "DEFAULT_ALLOWED_METHODS")
    return "allowed_methods" if is_renamed else "method_whitelist"


def exception_text(exception):
    # type: (BaseException) -> six.text_type
    """Return the text of an exception; its repr where Python 2 cannot decode the text."""
    try:
        return six.text_type(exception)
    except UnicodeError:
        return to_text(repr(exception))


def loggable_bytes(content):
    # type: (bytes) -> Any
    """Return bytes as something that ``%s`` shows as the interpreter shows bytes.

    Python 2 would decode them as ASCII and fail on the first other character.
    """
    return to_text(content) if six.PY2 else content


def read_available(raw, amount):
    # type: (Any, int) -> bytes
    """Read what has arrived of a body, waiting only if there is nothing; empty at its end.

    :param raw: urllib3 response whose body is not chunked
    :param amount: int, at most so many bytes
    """
    if hasattr(raw, "read1"):
        return raw.read1(amount)
    return raw.read(1)


def socket_timeout(sock):
    # type: (Any) -> Any
    """Return the time-out of a socket, or of one that pyOpenSSL or urllib3 wrapped."""
    return (sock if hasattr(sock, "gettimeout") else sock.socket).gettimeout()


def receive_into(sock, target):
    # type: (Any, Any) -> int
    """Read what has arrived at a socket into a buffer; returns the number of bytes, 0 at the end.

    Python 3 goes on by itself when a signal interrupts it.
    """
    while True:
        try:
            return sock.recv_into(target)
        except EnvironmentError as ex:
            if ex.errno != errno.EINTR:
                raise


def certificate_problem(certificate, key):
    # type: (str, str) -> Any
    """Tell why a certificate and its key cannot be used for TLS; None if they can.

    :param certificate: str, path of a PEM file
    :param key: str, path of a PEM file
    """
    import ssl  # slow to import, needed for client certificates only

    protocol = getattr(ssl, "PROTOCOL_TLS_CLIENT", None)
    context = ssl.SSLContext(ssl.PROTOCOL_SSLv23 if protocol is None else protocol)
    # With a passphrase given, OpenSSL does not ask the terminal for one.
    try:
        context.load_cert_chain(certificate, key, password=str(""))
    except (EnvironmentError, ValueError) as ex:  # SSLError is one of the former
        if getattr(ex, "reason", None) in _WRONG_KEY:
            return "the key belongs to another certificate"
        return "they must be in PEM format, the key without passphrase (%s)" % exception_text(ex)
    return None
