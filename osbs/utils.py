"""Helpers that the rest of the library and its consumers share.

What is slow to import (dateutil, packaging, subprocess) is imported where it is used.
"""

from __future__ import absolute_import, print_function, unicode_literals

import datetime
import functools
import hashlib
import logging
import os
import re
import sys
import time
from collections import OrderedDict
from contextlib import contextmanager
from itertools import takewhile

import six

from osbs._compat import to_text
from osbs._archive import TarReader, TarWriter  # noqa: F401
from osbs.constants import BUILD_JSON_STORE, OS_CONFLICT_MAX_RETRIES, OS_CONFLICT_WAIT
from osbs.constants import ORCHESTRATOR_OUTER_TEMPLATE, USER_WARNING_LEVEL_NAME
from osbs._json import load_json
from osbs.exceptions import OsbsException, OsbsResponseException, OsbsValidationException
from osbs._redact import mask_text, mask_url
from osbs._typing import Any, Dict, Iterator, List, Optional, Tuple  # noqa: F401
from osbs._waiting import answered, tell_retry
from osbs.repo_utils import AdditionalTagsConfig, RepoConfiguration, RepoInfo  # noqa: F401
from osbs.repo_utils import read_repo_info

logger = logging.getLogger(__name__)

VALID_BUILD_CONFIG_NAME_CHARS = re.compile("[-a-z0-9]")
# Not from http.client, which takes as long to import as all of this.
_FORBIDDEN, _CONFLICT = 403, 409


class RegistryURI(object):
    """Address of a registry: optional scheme, host with optional port, optional API version.

    :ivar uri: str, scheme and host, without the version
    """

    versionre = re.compile(r"((https?://)?([^/]*))(/(v\d+)?)?$")

    def __init__(self, uri):
        # type: (str) -> None
        """
        :param uri: str, such as ``https://registry.example.com:5000/v2``
        :raises OsbsValidationException: anything else stands after the host
        """
        match = self.versionre.match(uri) if isinstance(uri, six.string_types) else None
        if match is None:
            raise OsbsValidationException(
                "Invalid registry URI %r: expected [http[s]://]HOST[:PORT][/vN]" % mask_url(uri)
            )
        self.docker_uri = match.group(3)
        self.version = match.group(5) or "v1"
        self.scheme = match.group(2) or ""
        self.uri = self.scheme + self.docker_uri

    def __repr__(self):
        return six.ensure_str(self.uri)

    def __eq__(self, other):
        if not isinstance(other, RegistryURI):
            return NotImplemented
        return (self.uri, self.version) == (other.uri, other.version)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash((self.uri, self.version))


class Labels(object):
    """Labels of an image by their meaning, whichever of their old or new names is in use.

    :cvar LABEL_NAMES: dict, marker -> tuple of names, the preferred one first
    """

    LABEL_TYPE_NAME = object()
    LABEL_TYPE_VERSION = object()
    LABEL_TYPE_RELEASE = object()
    LABEL_TYPE_ARCH = object()
    LABEL_TYPE_VENDOR = object()
    LABEL_TYPE_SOURCE = object()
    LABEL_TYPE_COMPONENT = object()
    LABEL_TYPE_HOST = object()
    LABEL_TYPE_RUN = object()
    LABEL_TYPE_INSTALL = object()
    LABEL_TYPE_UNINSTALL = object()

    LABEL_NAMES = {
        LABEL_TYPE_NAME: ("name", "Name"),
        LABEL_TYPE_VERSION: ("version", "Version"),
        LABEL_TYPE_RELEASE: ("release", "Release"),
        LABEL_TYPE_ARCH: ("architecture", "Architecture"),
        LABEL_TYPE_VENDOR: ("vendor", "Vendor"),
        LABEL_TYPE_SOURCE: ("authoritative-source-url", "Authoritative_Registry"),
        LABEL_TYPE_COMPONENT: ("com.redhat.component", "BZComponent"),
        LABEL_TYPE_HOST: ("com.redhat.build-host", "Build_Host"),
        LABEL_TYPE_RUN: ("run", "RUN"),
        LABEL_TYPE_INSTALL: ("install", "INSTALL"),
        LABEL_TYPE_UNINSTALL: ("uninstall", "UNINSTALL"),
    }

    def __init__(self, df_labels):
        # type: (dict) -> None
        """
        :param df_labels: dict-like, label name -> value
        """
        self._df_labels = df_labels
        self._found = {}
        for label_type, names in self.LABEL_NAMES.items():
            present = [name for name in names if name in df_labels]
            if present:
                self._found[label_type] = (present[0], df_labels[present[0]])

    def get_name(self, label_type):
        # type: (object) -> str
        """Return the name in use for a meaning, else the preferred name.

        :param label_type: one of the LABEL_TYPE markers
        :raises KeyError: no such marker
        """
        return self._found.get(label_type, self.LABEL_NAMES[label_type])[0]

    def get_name_and_value(self, label_type):
        # type: (object) -> tuple
        """Return the (name, value) of a label.

        :param label_type: one of the LABEL_TYPE markers, or the name of a label
        :raises KeyError: there is no such label
        """
        if label_type in self._found:
            return self._found[label_type]
        return label_type, self._df_labels[label_type]

    @staticmethod
    def get_new_names_by_old():
        # type: () -> dict
        """Return a dict of old label name -> preferred name."""
        return {old: names[0] for names in Labels.LABEL_NAMES.values() for old in names[1:]}


@six.python_2_unicode_compatible
class UserWarningsStore(object):
    """The messages of the user warnings in a log, each text once, in the order of the log.

    A user warning is a line that ends in `` - USER_WARNING - `` and a JSON object.
    """

    def __init__(self):
        # type: () -> None
        self._messages = OrderedDict()  # type: Dict[six.text_type, bool]

    @staticmethod
    def _object_in(line):
        _, found, rest = to_text(line).rstrip().partition(" - %s - {" % USER_WARNING_LEVEL_NAME)
        return "{" + rest if found and rest.endswith("}") else None

    def is_user_warning(self, line):
        # type: (Any) -> bool
        """Tell whether a line of a log, text or bytes, looks like a user warning."""
        return self._object_in(line) is not None

    def store(self, line):
        # type: (Any) -> None
        """Keep the message of a user warning; one that is malformed is an ERROR record.

        :param line: text or bytes
        """
        try:
            message = load_json(self._object_in(line) or "{}")["message"]
        except (ValueError, KeyError):
            message = None
        if isinstance(message, six.text_type):
            self._messages[message] = True
        else:
            logger.error("malformed user warning: %s", mask_text(to_text(line)))

    def __iter__(self):
        # type: () -> Iterator[six.text_type]
        return iter(self._messages)

    def __len__(self):
        # type: () -> int
        return len(self._messages)

    def __str__(self):
        # type: () -> str
        return "\n".join(self._messages)


def get_path(data, *path):
    # type: (Any, Any) -> Any
    """Return the value under a path of keys and indexes, None if any step is missing.

    Not a copy: callers must not change it.

    :param data: anything
    :param path: keys of dicts and indexes of lists
    """
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def dicts_in(data, *path):
    # type: (Any, Any) -> List[dict]
    """Return the dicts in the list under a path, none if something else is there.

    :param data: what a server sent
    :param path: keys and indexes
    """
    found = get_path(data, *path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def without_none(**kwargs):
    # type: (Any) -> dict
    """Return the arguments that are set.

    For methods that callers replace by ones without the newer keywords.
    """
    return {key: value for key, value in kwargs.items() if value is not None}


def graceful_chain_get(d, *args):
    # type: (Any, Any) -> Any
    """Do what :func:`get_path` does for a dict or list, but raise TypeError for a path into a text.

    For callers outside of this library.

    :param d: dict, list or None
    :param args: keys and indexes
    """
    if not d:
        return None
    try:
        for arg in args:
            d = None if d is None else d[arg]
    except (IndexError, KeyError):
        return None
    return d


def graceful_chain_del(d, *args):
    # type: (Any, Any) -> None
    """Delete, in place, the last key under the path of the others; nothing if it is not there.

    :param d: dict, list or None
    :param args: keys and indexes
    """
    parent = graceful_chain_get(d, *args[:-1])
    if parent is None:
        return
    try:
        del parent[args[-1]]
    except (IndexError, KeyError):
        pass


def has_triggers(build_config):
    # type: (dict) -> bool
    """Tell whether a BuildConfig has a list of triggers, be it empty."""
    return get_path(build_config, "spec", "triggers") is not None


def clean_triggers(orig, new):
    # type: (dict, dict) -> None
    """Drop the image change triggers of a BuildConfig when the new one has no triggers.

    :param orig: dict, changed in place
    :param new: dict
    """
    if not has_triggers(new) and has_triggers(orig):
        orig["spec"]["triggers"] = [
            trigger for trigger in orig["spec"]["triggers"] if trigger.get("type") != "ImageChange"
        ]


def buildconfig_update(orig, new, remove_nonexistent_keys=False):
    # type: (dict, dict, bool) -> None
    """Bring a BuildConfig up to date, in place, keeping what the server or others added.

    From the key ``strategy`` on, also for the keys that come after it, what the new one lacks is
    removed.

    :param orig: dict, changed in place; what it takes over from new is shared, not copied
    :param new: dict
    :param remove_nonexistent_keys: bool, drop the keys of orig that new lacks
    """
    if not isinstance(orig, dict) or not isinstance(new, dict):
        return
    clean_triggers(orig, new)
    if remove_nonexistent_keys:
        for key in [key for key in orig if key not in new]:
            del orig[key]
    for key, value in new.items():
        if key == "strategy":
            remove_nonexistent_keys = True
        if isinstance(value, dict) and isinstance(orig.get(key), dict):
            buildconfig_update(orig[key], value, remove_nonexistent_keys)
        else:
            orig[key] = value


def checkout_git_repo(git_uri, git_ref, git_branch=None):
    """Clone a repository with all its history, check out a commit, remove all of it at the end.

    :param git_uri: str
    :param git_ref: str, commit, tag, ``origin/<branch>``, or branch of the repository
    :param git_branch: str or None, branch to clone
    :return: context manager of the path of the clone
    :raises OsbsException: the repository cannot be cloned, or has no such ref
    :raises OsbsValidationException: one of the arguments could be taken for something else
    """
    from osbs._git import fetch  # imported here: needs subprocess and tempfile

    return fetch.full_checkout(git_uri, git_ref, git_branch)


def get_repo_info(git_uri, git_ref, git_branch=None):
    # type: (str, str, Optional[str]) -> RepoInfo
    """Read what a repository says about its image; only the files that are read are fetched.

    :param git_uri: str
    :param git_ref: str, as for checkout_git_repo
    :param git_branch: str or None
    :return: RepoInfo
    :raises OsbsException: as for checkout_git_repo
    :raises OsbsValidationException: a file of the repository is not what it should be
    """
    from osbs._git import fetch  # imported here: see checkout_git_repo

    with fetch.fetched_files(git_uri, git_ref, git_branch) as path:
        return read_repo_info(path)


def run_command(*popenargs, **kwargs):
    """Run a command and return what it wrote to stdout and stderr.

    :param popenargs: as for subprocess.check_output
    :return: bytes
    :raises OsbsException: it ended with another status than 0
    :raises OSError: there is no such program
    """
    import subprocess  # imported here: slow to import

    kwargs[str("stderr")] = subprocess.STDOUT
    try:
        return subprocess.check_output(*popenargs, **kwargs)
    except subprocess.CalledProcessError as ex:
        raise OsbsException(
            mask_text("Command %s returned %s\n\n%s" % (ex.cmd, ex.returncode, to_text(ex.output))),
            cause=ex,
            traceback=sys.exc_info()[2],
        )


def git_repo_humanish_part_from_uri(git_uri):
    # type: (str) -> str
    """Return the last part of a git URI, without ``.git``."""
    return os.path.basename(re.sub(r"/?\.git\Z", "", git_uri.rstrip("/")))


def looks_like_git_hash(git_ref):
    # type: (str) -> bool
    """Tell whether a ref has the form of a full commit id."""
    return bool(re.match(r"[0-9A-Fa-f]{40}\Z", git_ref))


def _valid_name_chars(text):
    return "".join(VALID_BUILD_CONFIG_NAME_CHARS.findall(text))


def _fair_shares(texts, size, limit):
    # Take characters in turn until the limit is reached; at least one is taken.
    turns = sorted(
        (position, which) for which, text in enumerate(texts) for position in range(len(text))
    )
    taken = [which for _, which in turns[: max(limit - size, 1)]]
    return [text[: taken.count(which)] for which, text in enumerate(texts)]


def make_name_from_git(repo, branch, limit=53, separator="-", hash_size=5):
    # type: (str, str, int, str, int) -> str
    """Make the name of a BuildConfig from repository and branch.

    Existing BuildConfigs are found by this name: it never changes.

    :param repo: str, URI of the repository
    :param branch: str or None
    :param limit: int, characters
    :param separator: str, between repository, branch and hash
    :param hash_size: int, characters of the hash
    :return: str
    """
    repo = git_repo_humanish_part_from_uri(to_text(repo))
    branch = to_text(branch or "unknown")
    # Lone surrogates are not an error here: Python 2 encodes them as well.
    encoded = (repo + branch).encode("utf-8", str("strict" if six.PY2 else "surrogatepass"))
    name_hash = hashlib.sha256(encoded).hexdigest()[:hash_size]
    shares = _fair_shares(
        [_valid_name_chars(repo), _valid_name_chars(branch)], 2 * len(separator) + hash_size, limit
    )
    parts = [share.strip("-") for share in shares] + [name_hash]
    return separator.join(part for part in parts if part)


def wrap_name_from_git(prefix, suffix, *args, **kwargs):
    # type: (str, str, Any, Any) -> str
    """Put a prefix and a suffix around the name that make_name_from_git makes.

    :param prefix: str
    :param suffix: str
    :param args: as for make_name_from_git
    :param kwargs: as for make_name_from_git; ``limit`` (64) is that of the whole
    :return: str
    """
    prefix, suffix = _valid_name_chars(prefix), _valid_name_chars(suffix)
    kwargs[str("limit")] = kwargs.get("limit", 64) - len(prefix) - len(suffix) - 2
    return "-".join((prefix, make_name_from_git(*args, **kwargs), suffix))


def strip_registry_from_image(image):
    # type: (str) -> str
    """Return an image's name without its registry."""
    parts = image.split("/", 2)
    if len(parts) == 2 and not re.search("[.:]", parts[0]):
        return image
    return "/".join(parts[1:] or parts)


def get_imagestreamtag_from_image(image):
    # type: (str) -> str
    """Return the name of the image stream tag that stands for an image."""
    name = strip_registry_from_image(image).replace("/", "-")
    return name if ":" in name else name + ":latest"


def utcnow():
    # type: () -> datetime.datetime
    """Return the time, UTC, as a naive datetime; exists to be replaced."""
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=time.time())


def get_time_from_rfc3339(rfc3339):
    # type: (str) -> float
    """Convert an RFC 3339 text to seconds since the epoch.

    :param rfc3339: str; without a zone it is local time
    :return: float
    :raises ValueError: not a time
    :raises TypeError: not a text
    """
    from dateutil import parser, tz  # imported here: slow to import

    if not isinstance(rfc3339, (six.text_type, six.binary_type)):
        raise TypeError("expected a text, not %r" % (rfc3339,))
    try:
        parsed = parser.parse(to_text(rfc3339, "strict"), ignoretz=False)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=tz.tzlocal())
        epoch = datetime.datetime(1970, 1, 1, tzinfo=tz.tzutc())
        return (parsed - epoch).total_seconds()
    except Exception as ex:  # dateutil and datetime raise anything on hostile text
        raise ValueError("not a time: %r (%s)" % (rfc3339, ex))


def get_instance_token_file_name(instance):
    # type: (str) -> str
    """Return the path of the file in which ``osbs login`` keeps the token of an instance.

    :param instance: str, name of the section in the configuration
    :raises OsbsValidationException: the name would leave ``~/.osbs``
    """
    name = to_text(instance or "")
    if name in ("", ".", "..") or os.sep in name or "\0" in name:
        raise OsbsValidationException(
            "%r cannot be the name of an instance: it has to be the "
            "name of a file in ~/.osbs" % (instance,)
        )
    # Native strings: on Python 2, names that are not ASCII must not meet text.
    file_name = six.ensure_str("%s.token" % name)
    return os.path.join(os.path.expanduser(str("~")), str(".osbs"), file_name)


def find_build_json_store():
    # type: () -> str
    """Find the templates when the configuration does not say where they are.

    :return: str, ``/usr/share/osbs/``, or the copy that was installed with the package or stands
        beside it in the source tree; the first when none of them holds templates
    """
    beside = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # The prefix of the package is not sys.prefix where a distribution patches pip.
    package_prefix = os.path.dirname(os.path.dirname(os.path.dirname(beside)))
    candidates = [BUILD_JSON_STORE, os.path.join(beside, "inputs")]
    prefixes = (sys.prefix, package_prefix, beside)  # the last for `pip install --target`
    candidates += [os.path.join(prefix, "share", "osbs") for prefix in prefixes]
    for candidate in candidates:
        if os.path.isfile(os.path.join(candidate, ORCHESTRATOR_OUTER_TEMPLATE)):
            return candidate
    return BUILD_JSON_STORE


def parse_version(text):
    """Parse a version.

    :param text: str, or a version object
    :return: ComparableVersion
    :raises ValueError: not a version
    """
    from osbs._comparable_version import ComparableVersion  # imported here: slow to import

    return ComparableVersion(six.text_type(text))


def sanitize_version(version):
    """Return a version as ``X.Y.Z``.

    :param version: object with ``base_version``, text, or the tuple that old setuptools made
    :return: str
    :raises ValueError: a part is not a number
    """
    text = getattr(version, "base_version", version)
    if isinstance(text, six.string_types):
        parts = text.split(".") if text else []
    else:
        parts = list(takewhile(lambda part: not part.startswith("*"), version))
    numbers = [int(part) for part in parts] + [0, 0, 0]
    return ".".join("%d" % number for number in numbers[:3])


def split_module_spec(module):
    # type: (str) -> Tuple[str, str, Optional[str]]
    """Split ``NAME:STREAM[:VERSION]``.

    :param module: str
    :return: tuple of name, stream, and version or None
    :raises OsbsValidationException: another number of parts
    """
    parts = module.split(":") if isinstance(module, six.string_types) else []
    if len(parts) not in (2, 3):
        raise OsbsValidationException(
            "Module specification should be NAME:STREAM or "
            "NAME:STREAM:VERSION (not %r)" % (module,)
        )
    return parts[0], parts[1], parts[2] if len(parts) == 3 else None


def retry_on_conflict(func, retry_times=OS_CONFLICT_MAX_RETRIES, retry_delay=OS_CONFLICT_WAIT):
    """Decorate a function so that an answer 409 makes it run again, after a growing pause.

    :param func: callable
    :param retry_times: int, runs after the first
    :param retry_delay: number, seconds before the second run, doubled each time
    """

    @functools.wraps(func)
    def retried(*args, **kwargs):
        for attempt in range(retry_times):
            try:
                return func(*args, **kwargs)
            except OsbsResponseException as ex:
                if ex.status_code != _CONFLICT:
                    raise
                delay = retry_delay * 2**attempt
                tell_retry(logger, answered(_CONFLICT), delay, attempt + 1, retry_times)
                logger.debug("%s: %s", func.__name__, ex.message)
                time.sleep(delay)
        return func(*args, **kwargs)

    return retried


@contextmanager
def paused_builds(osbs, quota_name=None, ignore_quota_errors=False):
    # type: (Any, Optional[str], bool) -> Iterator[Any]
    """Keep new builds from starting while the body runs.

    :param osbs: OSBS
    :param quota_name: str or None, name of the ResourceQuota
    :param ignore_quota_errors: bool, go on when pausing or resuming is forbidden (403)
    :return: context manager of osbs
    """
    try:
        logger.info("pausing builds")
        _change_quota(osbs.pause_builds, quota_name, ignore_quota_errors)
        yield osbs
    finally:
        logger.info("resuming builds")
        _change_quota(osbs.resume_builds, quota_name, ignore_quota_errors)


def _change_quota(change, quota_name, ignore_quota_errors):
    try:
        change(quota_name=quota_name)
    except OsbsResponseException as ex:
        if not ignore_quota_errors or ex.status_code != _FORBIDDEN:
            raise
        logger.warning("ignoring that the quota must not be changed: %s", ex.message)
