"""A version that equals the version objects of other libraries, such as those of pkg_resources.

Slow to import, as it needs packaging: import it where a version is parsed.
"""

from __future__ import absolute_import, print_function, unicode_literals

from packaging.version import Version

from osbs._typing import Any  # noqa: F401


class ComparableVersion(Version):
    """A version that is equal to any object with ``base_version`` that stands for the same one.

    Callers compare with what ``pkg_resources.parse_version`` returns, which is another class than
    packaging's and leaves it to the other operand to compare.
    """

    def __eq__(self, other):
        # type: (object) -> bool
        return super(ComparableVersion, self).__eq__(_converted(other))

    def __ne__(self, other):
        # type: (object) -> bool
        return super(ComparableVersion, self).__ne__(_converted(other))

    # Python 3 would drop it. pkg_resources' is the same as long as it is made like packaging's.
    __hash__ = Version.__hash__


def _converted(other):
    # type: (Any) -> Any
    """Return a version of another library as one of packaging, anything else as it is."""
    if isinstance(other, Version) or not hasattr(other, "base_version"):
        return other
    # What has no text of its own may still have the one that counts.
    for text in (str(other), other.base_version):
        try:
            return Version(text)
        except (TypeError, ValueError):
            pass
    return other
