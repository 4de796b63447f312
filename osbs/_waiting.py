"""Telling, once and at INFO, why something takes its time: a retry, the phase of a build.

The records have the attribute ``waiting``, so that a program can show them to a person who sees no
other record of that level, as the ``osbs`` command does.
"""

from __future__ import absolute_import, print_function, unicode_literals

from osbs._typing import Any, Text  # noqa: F401

# Argument ``extra`` of the methods of a logger.
WAITING = {str("waiting"): True}
# The same for the phase of a build, which stands in the status line where there is one.
PHASE = dict(WAITING, **{str("phase"): True})


def tell_retry(logger, reason, delay, number, most):
    # type: (Any, Text, float, int, int) -> None
    """Log that there will be another attempt.

    :param logger: Logger
    :param reason: why the last one failed
    :param delay: seconds until the next one
    :param number: number of the retry, from 1
    :param most: how many retries there are
    """
    when = "in %d s" % round(delay) if delay >= 0.5 else "now"
    extra = dict(WAITING, **{str("delay"): delay})
    logger.info("%s, trying again %s (%d of %d)", reason, when, number, most, extra=extra)


def answered(status):
    # type: (Any) -> Text
    """Return the words for a response with an error status."""
    from six.moves import http_client  # slow to import, and rarely needed

    return ("server answered %s %s" % (status, http_client.responses.get(status, ""))).rstrip()
