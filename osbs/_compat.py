"""The one place that asks for features of the interpreter or of a library.

Features are probed, versions are not compared. Imports nothing of osbs.
"""
from __future__ import absolute_import, print_function, unicode_literals

import six


def builtin(name):
    # type: (str) -> object
    """Look up a builtin when it is called, as callers replace builtins.

    :param name: str, name of the builtin
    :raises AttributeError: when there is none of that name
    """
    return getattr(six.moves.builtins, name)


def prompt_function():
    # type: () -> object
    """Return the builtin that reads one line of text: raw_input on Python 2, input on 3."""
    return builtin('raw_input' if hasattr(six.moves.builtins, 'raw_input') else 'input')


def to_text(value, errors='replace'):
    # type: (object, str) -> six.text_type
    """Return bytes or text as text; undecodable bytes become U+FFFD (decision D25).

    :param value: bytes or text
    :param errors: str, what to do with undecodable bytes, as in bytes.decode
    """
    if isinstance(value, six.binary_type):
        return value.decode('utf-8', errors)
    return six.text_type(value)
