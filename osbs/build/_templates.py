"""Read the JSON files of a template directory."""

from __future__ import absolute_import, print_function, unicode_literals

import errno
import logging
import os

from osbs._compat import to_text
from osbs._documents import check_size
from osbs._json import load_json
from osbs._typing import Any  # noqa: F401
from osbs.constants import MAX_CONFIG_DOCUMENT_SIZE
from osbs.exceptions import OsbsException, OsbsValidationException

logger = logging.getLogger(__name__)


class TemplateError(OsbsValidationException, ValueError):
    """A template is not JSON; callers that know only the decoder's ValueError catch it too."""


def read_once(read):
    """Make a property that keeps what it has read, under its name with an underscore."""
    attribute = "_" + read.__name__

    def get(self):
        if getattr(self, attribute, None) is None:
            setattr(self, attribute, read(self))
        return getattr(self, attribute)

    return property(get, doc=read.__doc__)


def load_or_fail(*names):
    # type: (str) -> Any
    """Return the parsed content of a template that has to be there.

    :param names: parts of its path
    :raises OsbsException: when it cannot be opened
    :raises OsbsValidationException: as ``load``
    """
    try:
        return load(*names)
    except EnvironmentError as ex:
        path = os.path.join(*names)
        raise OsbsException("Can't open template '%s': %s" % (path, repr(ex)), cause=ex)


def load(*names):
    # type: (str) -> Any
    """Return the parsed content of a JSON file.

    :param names: parts of its path
    :raises IOError: when the file cannot be opened; attribute ``filename`` names it
    :raises OsbsValidationException: when it is no regular file, or too large
    :raises TemplateError: when it is not JSON
    """
    path = os.path.join(*names)
    logger.debug("loading template from path %s", path)
    try:
        # A pipe would keep us waiting.
        if os.path.exists(path) and not os.path.isfile(path):
            raise OsbsValidationException("%s: is not a regular file" % path)
        with open(path, "rb") as template:
            content = template.read(MAX_CONFIG_DOCUMENT_SIZE + 1)
    except (TypeError, ValueError) as ex:  # names that no file can have, such as one with a NUL
        raise IOError(errno.ENOENT, "no such name is possible: %s" % ex, path)
    check_size(content, MAX_CONFIG_DOCUMENT_SIZE, path)
    try:
        return load_json(to_text(content, "strict"))
    except ValueError as ex:
        raise TemplateError("%s: not valid JSON: %s" % (path, ex), cause=ex)
