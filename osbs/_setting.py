"""What a setting is: where it is looked up, and how a value that was found is converted."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import re

import six

from osbs import utils
from osbs._compat import is_ascii, to_text
from osbs.constants import GENERAL_CONFIGURATION_SECTION
from osbs.exceptions import OsbsValidationException
from osbs._redact import mask_url

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Any, Callable, Dict, List, Optional, Text, Tuple  # noqa: F401
    from typing import TypeVar, overload

    from osbs._comparable_version import ComparableVersion  # noqa: F401

    T = TypeVar("T")

logger = logging.getLogger("osbs.conf")

# In which section a setting is looked up. That of the instance has the instance's name, that of
# a platform the platform's name after the colon.
GENERAL = GENERAL_CONFIGURATION_SECTION
INSTANCE = "instance"
PLATFORM = "platform:"

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_OPENSHIFT_APIS = ("oapi", "apis", "auto")
_EQUAL_LABELS = re.compile(r"^[^:,\s]+(:[^:,\s]+)+\s*(,\s*[^:,\s]+(:[^:,\s]+\s*)+)*$")


class Setting(object):
    """The declaration of a setting.

    :ivar key: key in the file; one that ends in a dot is followed by a platform's name
    :ivar kind: function (value, where) that converts a value that was found, one of those below
    :ivar meaning: one line for the configuration reference
    :ivar default: value when it is set nowhere
    :ivar section: GENERAL, INSTANCE or PLATFORM
    :ivar argument: keyword argument of Configuration and attribute of the command line
    """

    def __init__(self, key, kind, meaning, default=None, section=INSTANCE, argument=None):
        # type: (str, Callable[[Any, str], Any], str, Any, str, Optional[str]) -> None
        self.key = key
        self.kind = kind
        self.meaning = meaning
        self.default = default
        self.section = section
        self.argument = argument or key

    def names(self, instance, platform=""):
        # type: (str, str) -> Tuple[str, str, str]
        """Return section, key and keyword argument under which the setting is looked up."""
        section = {INSTANCE: instance, PLATFORM: PLATFORM + platform}.get(
            self.section, self.section
        )
        suffix = platform if self.key.endswith(".") else ""
        return section, self.key + suffix, self.argument + suffix


if TYPE_CHECKING:

    @overload
    def setting(key, kind, meaning, section="", argument=""):
        # type: (str, Callable[[Any, str], T], str, str, str) -> Callable[[object], T]
        pass

    @overload
    def setting(key, kind, meaning, default, section="", argument=""):
        # type: (str, Callable[[Any, str], Optional[T]], str, T, str, str) -> Callable[[object], T]
        pass


def setting(key, kind, meaning, **declaration):
    """Declare a setting of the class in whose body this stands, and return its getter.

    :param declaration: default, section and argument, see :class:`Setting`
    """

    def getter(self):
        return self._get(declared)

    declared = Setting(key, kind, meaning, **declaration)
    getter.__doc__ = str("Return %s: %s.") % (declared.argument, meaning)
    getter.setting = declared
    return getter


# Kinds of values: functions that convert what was found, or None if a setting is set nowhere and
# has no default. ``where`` names section and key in messages.


def text(value, where):
    # type: (Any, str) -> Optional[Text]
    """Return a text as it was found."""
    return value


def as_given(value, where):
    # type: (Any, str) -> Any
    """Return a value of any type as it was found."""
    return value


def boolean(value, where):
    # type: (Any, str) -> Optional[bool]
    """Convert a number or one of eight words.

    :raises OsbsValidationException: it is neither
    """
    value = native_text(value)
    if value is None:
        return None
    if isinstance(value, six.string_types):
        if value.lower() in _TRUE + _FALSE:
            return value.lower() in _TRUE
    elif isinstance(value, six.integer_types + (float,)):
        try:
            return bool(int(value))
        except (ValueError, OverflowError):
            pass
    raise _invalid(where, value, "true, yes, on, 1, false, no, off or 0")


def integer(value, where):
    # type: (Any, str) -> int
    """Convert a whole number.

    :raises OsbsValidationException: it is no whole number
    """
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        # Callers know this error by its first words.
        section, _, key = where.rpartition(" ")
        raise _invalid(key, value, "a whole number in %s" % section)


# Sockets of some interpreters cannot wait for longer; it is 30 years.
_MOST_SECONDS = 1e9


def seconds(value, where):
    # type: (Any, str) -> Optional[float]
    """Convert a number of seconds.

    :raises OsbsValidationException: it is no finite number above 0
    """
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = 0.0
    if not 0 < number < float("inf"):
        raise _invalid(where, value, "seconds, more than 0")
    return min(number, _MOST_SECONDS)


def count(value, where):
    # type: (Any, str) -> Optional[int]
    """Convert a whole number that is not negative.

    :raises OsbsValidationException: it is something else
    """
    number = None if value is None else integer(value, where)
    if number is not None and number < 0:
        raise _invalid(where, value, "a whole number, 0 or more")
    return number


def mebibytes(value, where):
    # type: (Any, str) -> int
    """Convert a whole number of MiB.

    :raises OsbsValidationException: it is no whole number above 0
    """
    number = integer(value, where)
    if number <= 0:
        raise _invalid(where, value, "a whole number of MiB, more than 0")
    return number


def version(value, where):
    # type: (Any, str) -> Optional[ComparableVersion]
    """Parse a version; an empty one is None.

    :raises OsbsValidationException: it is malformed
    """
    if not value:
        return None
    try:
        return utils.parse_version(value)
    except ValueError:
        raise _invalid(where, value, "a version such as 1.0.6")


def openshift_api(value, where):
    # type: (Any, str) -> Text
    """Check the name of the API roots of OpenShift.

    :raises OsbsValidationException: it is unknown
    """
    if value not in _OPENSHIFT_APIS:
        raise _invalid(where, value, " or ".join(_OPENSHIFT_APIS))
    return value


def text_list(value, where):
    # type: (Any, str) -> List[Text]
    """Split at commas; a list is taken as it is.

    :raises OsbsValidationException: it is neither text nor a list of texts
    """
    return _split(value, ",", where) if value else []


def selector(value, where):
    # type: (Any, str) -> Dict[Text, Text]
    """Parse ``label=value,label=value``; nothing and ``none`` select all nodes.

    :raises OsbsValidationException: a part has no ``=``
    """
    if value == "none":
        return {}
    wanted = {}
    for part in text_list(value, where):
        label, equals, content = part.partition("=")
        if not equals:
            raise _invalid(where, part, "LABEL=VALUE[,LABEL=VALUE...] or none")
        wanted[label.strip()] = content.strip()
    return wanted


def secrets(value, where):
    # type: (Any, str) -> Dict[Text, Optional[Text]]
    """Parse ``NAME NAME:MOUNT_PATH``; without a path it is None.

    :raises OsbsValidationException: nothing or the root stands after a colon
    """
    paths, bad = {}, []
    for item in _split(value, None, where) if value else []:
        name, colon, path = item.partition(":")
        if colon and path in ("", "/"):
            logger.error("%s: no mount path after the colon: %s", where, item)
            bad.append(item)
        paths[name] = path if colon else None
    if bad:
        raise _invalid(where, " ".join(bad), "NAME or NAME:MOUNT_PATH")
    return paths


def equal_labels(value, where):
    # type: (Any, str) -> List[List[Text]]
    """Parse groups of labels, as in ``a:b,c:d:e``.

    :raises OsbsValidationException: they are malformed
    """
    if not value:
        return []
    if not isinstance(value, six.string_types) or not _EQUAL_LABELS.match(value):
        raise _invalid(where, value, "groups of labels such as a:b,c:d:e")
    return [_split(group, ":", where) for group in value.split(",")]


def _split(value, separator, where):
    value = native_text(value)
    if isinstance(value, (list, tuple)) and all(
        isinstance(part, six.string_types) for part in value
    ):
        return list(value)
    if not isinstance(value, six.string_types):
        raise _invalid(where, value, "a text")
    return [part.strip() for part in value.split(separator)]


def _invalid(where, value, expected):
    return OsbsValidationException(
        "Invalid %s: %s (expected %s)" % (where, mask_url(value), expected)
    )


def native_text(value):
    # type: (Any) -> Any
    """Return bytes, in which Python 2's parser deals, as text unless they are ASCII."""
    if isinstance(value, six.binary_type) and not is_ascii(value):
        return to_text(value)
    return value
