"""Read documents that others have written, within bounds of time and memory.

Whatever such a document holds, reading it ends soon, uses a bounded amount of memory and runs
nothing. YAML is imported when there is some: it is slow to import.
"""

from __future__ import absolute_import, print_function, unicode_literals

import six

from osbs._typing import Any  # noqa: F401
from osbs.exceptions import OsbsValidationException


class DocumentLimitError(OsbsValidationException, ValueError):
    """A document exceeds a limit; callers that know only a decoder's ValueError catch it too."""


def check_size(content, limit, where):
    # type: (Any, int, str) -> None
    """Refuse a document that is too large.

    :param content: bytes or text
    :param limit: int, bytes
    :param where: str, name of the document
    :raises DocumentLimitError: naming document and limit
    """
    size = len(content)
    if size <= limit and isinstance(content, six.text_type):
        size = len(content.encode("utf-8", "replace"))
    if size > limit:
        raise DocumentLimitError("%s: is larger than %d bytes" % (where, limit))


def load_yaml(content, where, limit):
    # type: (Any, str, int) -> Any
    """Parse YAML with nothing but plain values.

    :param content: bytes or text
    :param where: str, name of the document
    :param limit: int, bytes
    :return: what the document holds; None when it is empty
    :raises DocumentLimitError: too large, also because of what its aliases stand for
    :raises yaml.YAMLError: not YAML, or not of plain values
    """
    check_size(content, limit, where)
    from osbs import _yaml_loader  # imported here: see the docstring of the module

    return _yaml_loader.load(content, where)
