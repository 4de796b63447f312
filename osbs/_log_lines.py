"""Text of build logs, and the lines that atomic-reactor writes."""

from __future__ import absolute_import, print_function, unicode_literals

import re
from collections import namedtuple

LogEntry = namedtuple("LogEntry", ["platform", "line"])

# <date> <time> platform:<p> - <logger> - <LEVEL> -[ <message>], exactly one space between fields.
# Python 2 has to be told that there is white space beyond ASCII.
_ORCHESTRATOR_LINE = re.compile(
    r"(?:\S+ ){2}platform:(\S*)(?: \S+){5}(?: (.*))?$", re.DOTALL | re.UNICODE
)
# The header of a worker's own line inside the message carries the same field, without a platform.
_RELAYED_LINE = re.compile(r"(\S+ \S+ )platform:-(?: |$)", re.UNICODE)


def parse_entry(entry):
    # type: (str) -> LogEntry
    """Split one line of an orchestrator's log into platform and text.

    A line that a worker wrote loses the header that the orchestrator put in front. Lines in any
    other form belong to the orchestrator and stay whole.

    :param entry: text, one line
    :return: LogEntry; platform is None for the orchestrator's own lines
    """
    match = _ORCHESTRATOR_LINE.match(entry)
    if match is None or match.group(1) == "-":
        return LogEntry(None, entry)
    line = match.group(2) or ""
    relayed = _RELAYED_LINE.match(line)
    if relayed is not None:
        line = relayed.group(1) + line[relayed.end() :]
    return LogEntry(match.group(1), line)


def decoded(content):
    # type: (bytes) -> str
    """Decode a line or a whole log, without the white space at its end.

    :param content: bytes; what is not UTF-8 becomes U+FFFD
    """
    return content.decode("utf-8", "replace").rstrip()
