"""The log of a pod in atomic-reactor's format, from which the client parses the platform."""

import logging
import sys

from osbs.constants import ATOMIC_REACTOR_LOGGING_FMT

#: platform in the pod's own lines
OWN = "-"


class _OwnUnlessRelayed(logging.Filter):
    def filter(self, record):
        if not hasattr(record, "arch"):
            record.arch = OWN
        return True


def install(level=logging.INFO):
    """
    Send every record to stdout, and only there.

    :param level: int, level of the root logger
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter(ATOMIC_REACTOR_LOGGING_FMT))
    handler.addFilter(_OwnUnlessRelayed())
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger().setLevel(level)
    logging.getLogger("osbs").setLevel(level)


def relay(logger, platform):
    """
    Return a logger whose lines carry a platform.

    :param logger: logging.Logger
    :param platform: str, platform of the worker whose lines are relayed
    """
    return logging.LoggerAdapter(logger, {"arch": platform})
