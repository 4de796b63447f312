"""Client of the OpenShift Build Service (OSBS): builds container images on OpenShift."""

from __future__ import absolute_import, print_function, unicode_literals

import logging

from osbs.constants import USER_WARNING_LEVEL, USER_WARNING_LEVEL_NAME

# As itself: only so do checkers of other programs let them import it.
from osbs.version import __version__ as __version__  # noqa: F401

__all__ = [str("__version__"), str("set_logging")]

LOG_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"


class _DropWhenEmbedded(logging.Filter):
    """Let records through only while the embedding program has no handlers of its own.

    Records propagate to the root logger as well: with handlers there, every line would come
    twice.
    """

    def filter(self, record):
        return not logging.getLogger().handlers


def set_logging(name="osbs", level=logging.DEBUG):
    # type: (str, int) -> None
    """Send the records of a logger to stderr.

    Replaces the handler that an earlier call (or the import of this package) installed; handlers
    that others added stay.

    :param name: str, name of the logger
    :param level: int, level of the logger
    """
    logger = logging.getLogger(name)
    logger.setLevel(level)
    for old in [h for h in logger.handlers if getattr(h, "installed_by_osbs", False)]:
        logger.removeHandler(old)
    handler = logging.StreamHandler()
    handler.installed_by_osbs = True  # type: ignore
    handler.setLevel(logging.DEBUG)
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logger.addHandler(handler)


logging.addLevelName(USER_WARNING_LEVEL, USER_WARNING_LEVEL_NAME)
set_logging(level=logging.WARNING)
logging.getLogger("osbs").handlers[-1].addFilter(_DropWhenEmbedded())
