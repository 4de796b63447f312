"""What a repository says about its image, besides its labels.

Files of a repository are hostile until checked: regular files only, inside the repository, of
bounded size.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import logging
import os
import re
from itertools import takewhile

import six
from six.moves import configparser

from osbs._compat import is_ascii, to_native, to_text
from osbs.constants import (
    ADDITIONAL_TAGS_FILE,
    MAX_DOCKERFILE_SIZE,
    MAX_REPO_FILE_SIZE,
    MAX_WARNINGS_PER_FILE,
    REPO_CONFIG_FILE,
    REPO_CONTAINER_CONFIG,
)
from osbs._documents import check_size
from osbs.exceptions import OsbsValidationException
from osbs._ini import read_ini
from osbs._typing import Any, Optional, Text, Tuple  # noqa: F401

logger = logging.getLogger(__name__)

DOCKERFILE = "Dockerfile"
# Whatever is read of a repository; a link is followed within the repository.
REPO_FILES = (DOCKERFILE, REPO_CONTAINER_CONFIG, REPO_CONFIG_FILE, ADDITIONAL_TAGS_FILE)
# The largest limit of all: more than this is read of no file.
MAX_FILE_SIZE = MAX_DOCKERFILE_SIZE
_SHOWN_TAG = 200
_MODULE = re.compile(r"P:P(?::P(?::P)?)?(?:/P)?\Z".replace("P", r"([^:/\s]+)"))


class ModuleSpec(object):
    """Name and stream of a module, and maybe version, context and profile; equal by value."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name, stream, version=None, context=None, profile=None):
        # type: (Text, Text, Optional[Text], Optional[Text], Optional[Text]) -> None
        self.name = name
        self.stream = stream
        self.version = version
        self.context = context
        self.profile = profile

    @classmethod
    def from_str(cls, module):
        # type: (Text) -> ModuleSpec
        """Return what ``NAME:STREAM[:VERSION[:CONTEXT]][/PROFILE]`` stands for.

        :raises ValueError: another shape, or an empty part
        """
        match = _MODULE.match(module) if isinstance(module, six.string_types) else None
        if match is None:
            raise ValueError(
                "module specification %r: expected NAME:STREAM[:VERSION[:CONTEXT]][/PROFILE]"
                % (module,)
            )
        return cls(*match.groups())

    def to_str(self, include_profile=True):
        # type: (bool) -> Text
        """Return it as :meth:`from_str` takes it."""
        parts = (self.name, self.stream, self.version, self.context)  # type: Tuple[Any, ...]
        text = ":".join(takewhile(bool, parts))
        return "%s/%s" % (text, self.profile) if include_profile and self.profile else text

    def __eq__(self, other):
        # type: (object) -> bool
        return vars(self) == vars(other) if isinstance(other, ModuleSpec) else NotImplemented

    def __ne__(self, other):
        # type: (object) -> bool
        return not self == other

    def __repr__(self):
        # type: () -> str
        return to_native("<ModuleSpec %s>" % self.to_str())


def read_repo_file(dir_path, file_name):
    # type: (str, str) -> Optional[bytes]
    """Read a file of a repository.

    :param dir_path: str, top of the repository; empty: the current directory
    :param file_name: str
    :return: bytes; None when there is no such file
    :raises OsbsValidationException: not a regular file, not inside the repository, or too large
    """
    dir_path = to_native(dir_path)
    path = os.path.join(dir_path, to_native(file_name))
    if not os.path.exists(path):
        return None
    top = os.path.realpath(dir_path or os.curdir)
    real_path = os.path.realpath(path)
    if not real_path.startswith(os.path.join(top, str(""))):
        raise OsbsValidationException("%s: is a link that leaves the repository" % file_name)
    if not os.path.isfile(real_path):
        raise OsbsValidationException("%s: is not a regular file" % file_name)
    try:
        with io.open(real_path, "rb") as repo_file:
            content = repo_file.read(MAX_FILE_SIZE + 1)
    except EnvironmentError as ex:
        raise OsbsValidationException("%s: cannot be read: %s" % (file_name, ex.strerror), cause=ex)
    limit = MAX_DOCKERFILE_SIZE if file_name == DOCKERFILE else MAX_REPO_FILE_SIZE
    check_size(content, limit, file_name)
    return content


class RepoInfo(object):
    """A Dockerfile, the configuration of automatic rebuilds, container.yaml and tags."""

    def __init__(self, dockerfile_parser=None, configuration=None, additional_tags=None):
        # type: (object, Any, object) -> None
        """
        :param dockerfile_parser: DockerfileParser, or None when there is no Dockerfile
        :param configuration: RepoConfiguration; default: that of the current directory
        :param additional_tags: AdditionalTagsConfig; default: that of the current directory
        """
        self.dockerfile_parser = dockerfile_parser
        self.configuration = RepoConfiguration() if configuration is None else configuration
        if additional_tags is None:
            additional_tags = AdditionalTagsConfig(tags=self.configuration.container.get("tags"))
        self.additional_tags = additional_tags


class RepoConfiguration(object):
    """``.osbs-repo-config`` and container.yaml of a repository.

    :ivar container: dict, what container.yaml holds
    """

    DEFAULT_CONFIG = "[autorebuild]\nenabled = false\n"

    def __init__(self, dir_path="", file_name=REPO_CONFIG_FILE):
        # type: (str, str) -> None
        """
        :param dir_path: str, top of the repository; empty: the current directory
        :param file_name: str, of the INI file
        :raises OsbsValidationException: a file cannot be read or parsed, or says nonsense
        """
        # Without interpolation: nothing here needs it, and it can multiply without bounds.
        self._config_parser = configparser.RawConfigParser()
        self._file_name = file_name
        content = read_repo_file(dir_path, file_name) or b""
        for text in (self.DEFAULT_CONFIG.encode("utf-8"), content):
            read_ini(self._config_parser, text, file_name)
        self.container = _read_container_yaml(dir_path)

    def is_autorebuild_enabled(self):
        # type: () -> bool
        """Tell whether the repository asks for automatic rebuilds.

        :raises OsbsValidationException: ``enabled`` is not a boolean
        """
        try:
            return self._config_parser.getboolean("autorebuild", "enabled")
        except (ValueError, AttributeError) as ex:
            raise OsbsValidationException(
                "%s: enabled in [autorebuild] must be true or false" % self._file_name, cause=ex
            )


def _read_container_yaml(dir_path):
    content = read_repo_file(dir_path, REPO_CONTAINER_CONFIG)
    if content is None:
        return {}
    # Imported here: only repositories with such a file pay for yaml.
    from osbs import _schemas
    from osbs._repo_parsers import load_yaml

    container = load_yaml(content, REPO_CONTAINER_CONFIG)
    _schemas.validate(container, "container", REPO_CONTAINER_CONFIG)
    return container or {}


class AdditionalTagsConfig(object):
    """Tags of an image besides those made from version and release.

    :ivar tags: list, the valid tags, each once, in no particular order
    :ivar from_container_yaml: bool, were tags given, be they valid or not
    """

    VALID_TAG_REGEX = re.compile(r"^[\w.]{0,127}$")

    def __init__(self, dir_path="", file_name=ADDITIONAL_TAGS_FILE, tags=None):
        # type: (str, str, Any) -> None
        """
        :param dir_path: str, top of the repository; empty: the current directory
        :param file_name: str, file with a tag in each line
        :param tags: list, tuple or set of str: these count, and the file is not looked at
        :raises OsbsValidationException: tags of another type, or the file cannot be read
        """
        self.from_container_yaml = bool(tags)
        if tags:
            candidates = _checked_tags(tags)
            if file_name:
                logger.warning(
                    "tags come from %s, the file %s is ignored", REPO_CONTAINER_CONFIG, file_name
                )
        else:
            content = read_repo_file(dir_path, file_name) if file_name else None
            candidates = [line.strip() for line in to_text(content or b"").split("\n")]
        self.tags = list({tag for tag in candidates if tag and self._is_valid(tag)})
        self._warn_of([tag for tag in candidates if tag and not self._is_valid(tag)])

    def _is_valid(self, tag):
        return self.VALID_TAG_REGEX.match(tag) and "\n" not in tag and is_ascii(tag)

    def _warn_of(self, invalid):
        for tag in invalid[:MAX_WARNINGS_PER_FILE]:
            logger.warning(
                "additional tag %r is dropped: it does not match %s",
                tag[:_SHOWN_TAG],
                self.VALID_TAG_REGEX.pattern,
            )
        if len(invalid) > MAX_WARNINGS_PER_FILE:
            more = len(invalid) - MAX_WARNINGS_PER_FILE
            logger.warning("%d more additional tags are dropped for the same reason", more)


def _checked_tags(tags):
    is_list = isinstance(tags, (list, tuple, set, frozenset))
    if not is_list or not all(isinstance(tag, six.string_types) for tag in tags):
        raise OsbsValidationException("%s: tags must be a list of strings" % REPO_CONTAINER_CONFIG)
    return tags


def read_repo_info(dir_path):
    # type: (str) -> RepoInfo
    """Read the files of a checkout; it is not needed afterwards.

    :param dir_path: str, top of the repository
    :return: RepoInfo, without a Dockerfile parser when there is no Dockerfile
    :raises OsbsValidationException: a file is not what it should be
    """
    content = read_repo_file(dir_path, DOCKERFILE)
    parser = None
    if content is not None:
        from osbs._repo_parsers import RepoDockerfileParser  # imported here: slow to import

        parser = RepoDockerfileParser(content)
    configuration = RepoConfiguration(dir_path=dir_path)
    tags = AdditionalTagsConfig(dir_path=dir_path, tags=configuration.container.get("tags"))
    return RepoInfo(parser, configuration, tags)
