"""Nothing but the library's own exceptions leaves ``OSBS``."""

from __future__ import absolute_import, print_function, unicode_literals

import functools
import sys
import warnings
from contextlib import contextmanager

from osbs._typing import Any  # noqa: F401
from osbs.exceptions import OsbsException


def osbsapi(func):
    # type: (Any) -> Any
    """Decorate a method of ``OSBS``: what it raises is an OsbsException.

    The keyword ``namespace`` of old callers is taken away with a warning.

    :param func: function, a method of ``OSBS``
    :return: function with the same name and docstring
    """

    @functools.wraps(func)
    def with_own_errors(*args, **kwargs):
        if kwargs.pop("namespace", None):
            warnings.warn(
                "OSBS.%s: the argument 'namespace' is no longer supported" % func.__name__,
                stacklevel=2,
            )
        with _own_errors():
            return func(*args, **kwargs)

    return with_own_errors


@contextmanager
def _own_errors():
    try:
        yield
    except OsbsException:
        raise
    except Exception as ex:  # the purpose of this function
        # Those of flexmock pass, so that a test sees its own mistake.
        if (getattr(ex, "__module__", None) or "").split(".")[0] == "flexmock":
            raise
        raise OsbsException(cause=ex, traceback=sys.exc_info()[2])


def own_errors_only(items, convert=None):
    """Yield the items; what iterating raises follows the same rules as :func:`osbsapi`.

    :param items: iterable
    :param convert: function or None, applied to each item
    :return: generator, which closes ``items`` when it is closed itself
    """
    with _own_errors():
        try:
            for item in items:
                yield convert(item) if convert else item
        finally:
            if hasattr(items, "close"):
                items.close()
