"""Read the JSON files of a template directory."""

from __future__ import absolute_import, print_function, unicode_literals

import errno
import logging

from osbs._compat import to_text
from osbs._documents import load_json
from osbs._typing import Any  # noqa: F401
from osbs.exceptions import OsbsException, OsbsValidationException

logger = logging.getLogger(__name__)


class TemplateError(OsbsValidationException, ValueError):
    """A template is not JSON; callers that know only the decoder's ValueError catch it too."""


def load_or_fail(path):
    # type: (str) -> Any
    """Return the parsed content of a template that has to be there.

    :raises OsbsException: when it cannot be opened
    :raises TemplateError: when it is not JSON
    """
    try:
        return load(path)
    except EnvironmentError as ex:
        raise OsbsException("Can't open template '%s': %s" % (path, repr(ex)), cause=ex)


def load(path):
    # type: (str) -> Any
    """Return the parsed content of a JSON file.

    :raises IOError: when the file cannot be opened; attribute ``filename`` names it
    :raises TemplateError: when it is not JSON
    """
    logger.debug("loading template from path %s", path)
    try:
        with open(path, "rb") as template:
            content = template.read()
    except (TypeError, ValueError) as ex:  # names that no file can have, such as one with a NUL
        raise IOError(errno.ENOENT, "no such name is possible: %s" % ex, path)
    try:
        return load_json(to_text(content, "strict"))
    except ValueError as ex:
        raise TemplateError("%s: not valid JSON: %s" % (path, ex), cause=ex)
