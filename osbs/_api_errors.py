"""Nothing but the library's own exceptions leaves ``OSBS``."""

from __future__ import absolute_import, print_function, unicode_literals

import functools
import sys
import warnings

from six.moves import map

from osbs.exceptions import OsbsException

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any, Callable, TypeVar  # noqa: F401

    Function = TypeVar("Function", bound=Callable[..., Any])


def osbsapi(func):
    # type: (Function) -> Function
    """Decorate a method of ``OSBS``: what it raises is an OsbsException.

    The keyword ``namespace`` of old callers is taken away with a warning. Exceptions of flexmock
    pass, so that a test sees its own mistake.

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
        try:
            return func(*args, **kwargs)
        except Exception as ex:  # the purpose of this function
            if is_own(ex):
                raise
            raise as_osbs_exception(ex)

    return with_own_errors  # type: ignore # its signature is that of func


def is_own(exception):
    # type: (Exception) -> bool
    """Tell whether an exception leaves ``OSBS`` as it is."""
    if isinstance(exception, OsbsException):
        return True
    module = getattr(exception, "__module__", None) or ""
    return module == "flexmock" or module.startswith("flexmock.")


def as_osbs_exception(exception):
    # type: (Exception) -> OsbsException
    """Return the OsbsException for the exception that is being handled."""
    return OsbsException(cause=exception, traceback=sys.exc_info()[2])


def own_errors_only(items, convert=None):
    """Yield the items; what iterating raises follows the same rules as :func:`osbsapi`.

    :param items: iterable
    :param convert: function or None, applied to each item
    :return: generator, which closes ``items`` when it is closed itself
    """
    try:
        for item in (items if convert is None else map(convert, items)):
            yield item
    except Exception as ex:  # the purpose of this function
        if is_own(ex):
            raise
        raise as_osbs_exception(ex)
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
