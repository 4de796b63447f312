"""Parsers for files of a repository, which anyone who may push has written.

Whatever such a file holds, reading it ends soon, uses a bounded amount of memory, runs nothing,
writes nothing, and fails with OsbsValidationException only. May import the leaves. Imported when
there is a file to read: yaml and dockerfile_parse are slow to import.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import re

import yaml
from dockerfile_parse import DockerfileParser
from dockerfile_parse.util import WordSplitter

from osbs.exceptions import OsbsValidationException

# Of one instruction of a Dockerfile, also with its variables replaced. The parser's time grows
# with the square of it, and variables made of variables would grow without bounds.
MAX_INSTRUCTION_SIZE = 32 * 1024
_MAX_REPLACED_SIZE = 4 * 1024 * 1024
_SHOWN_CHARACTERS = 200
_MAX_ALIASES = 1000
_MAX_MERGED_KEYS = 10000
_MAX_NUMBER_SIZE = 1000

_VARIABLE = re.compile(r"\$\{*(\w*)", re.UNICODE)
_CONTINUATIONS = ("\\", "`")
_WITH_VARIABLES = ("ARG", "ENV", "FROM", "LABEL")


class BoundedLoader(yaml.SafeLoader):
    """Safe YAML in which merge keys (``<<``) and numbers cannot grow without bounds."""

    def __init__(self, stream):
        super(BoundedLoader, self).__init__(stream)
        self._aliases = 0

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            self._aliases += 1
            if self._aliases > _MAX_ALIASES:
                raise yaml.YAMLError("more than %d aliases" % _MAX_ALIASES)
        return super(BoundedLoader, self).compose_node(parent, index)

    def flatten_mapping(self, node):
        super(BoundedLoader, self).flatten_mapping(node)
        if len(node.value) > _MAX_MERGED_KEYS:
            raise yaml.YAMLError("more than %d keys in one mapping" % _MAX_MERGED_KEYS)

    def construct_scalar(self, node):
        if len(node.value) > _MAX_NUMBER_SIZE and node.tag.endswith((":int", ":float")):
            raise yaml.YAMLError("a number of more than %d digits" % _MAX_NUMBER_SIZE)
        return super(BoundedLoader, self).construct_scalar(node)


def load_yaml(content, file_name):
    # type: (bytes, str) -> object
    """Parse YAML.

    :param content: bytes
    :param file_name: str, for the error message
    :return: what the document holds; None when it is empty
    :raises OsbsValidationException: not YAML, or YAML that needs absurd resources
    """
    try:
        return yaml.load(content, Loader=BoundedLoader)  # noqa: S506, it is a SafeLoader
    except Exception as ex:  # YAMLError, and what constructors make of hostile scalars
        raise OsbsValidationException(
            "%s: cannot be read as YAML: %s" % (file_name, _one_line(ex)), cause=ex
        )


def _one_line(ex):
    # The texts of YAML errors quote lines of the file: keep what went wrong and where.
    mark = getattr(ex, "problem_mark", None)
    text = getattr(ex, "problem", None) or "%s" % ex or type(ex).__name__
    where = " (line %d)" % (mark.line + 1) if mark else ""
    return " ".join(text.split())[:_SHOWN_CHARACTERS] + where


class RepoDockerfileParser(DockerfileParser):
    """A Dockerfile that was read once: in memory, and guarded against what it may hold."""

    def __init__(self, content):
        # type: (bytes) -> None
        """
        :param content: bytes of the Dockerfile
        """
        # Without a path there is nothing that could be written or read again later.
        super(RepoDockerfileParser, self).__init__(
            fileobj=io.BytesIO(content), cache_content=False, env_replace=True
        )
        self._known = {}  # type: dict

    @property
    def labels(self):
        """Labels of the last stage: a dict that may be shared.

        :raises OsbsValidationException: the Dockerfile cannot be parsed
        """
        return self._read("labels")

    @property
    def baseimage(self):
        """Image of the last FROM, or None.

        :raises OsbsValidationException: the Dockerfile cannot be parsed
        """
        return self._read("baseimage")

    def _read(self, name):
        if name not in self._known:
            try:
                self._check_sizes()
                value = getattr(super(RepoDockerfileParser, self), name)
            except OsbsValidationException:
                raise
            except Exception as ex:  # the parser raises anything, IndexError to UnicodeError
                raise OsbsValidationException(
                    "Dockerfile: %s cannot be read: %s" % (name, repr(ex)[:_SHOWN_CHARACTERS]),
                    cause=ex,
                )
            self._known[name] = dict(value) if isinstance(value, dict) else value
        return self._known[name]

    def _check_sizes(self):
        _check_size(_longest_instruction(self.content), MAX_INSTRUCTION_SIZE)
        sizes, total = {}, 0
        for instruction in self.structure:
            if instruction["instruction"] in _WITH_VARIABLES:
                size = _note_sizes(instruction["value"], sizes)
                _check_size(size, MAX_INSTRUCTION_SIZE)
                total += size
        _check_size(total, _MAX_REPLACED_SIZE)


def _longest_instruction(text):
    longest = size = 0
    for line in text.split("\n"):
        if line.lstrip().startswith("#"):
            continue
        size += len(line) + 1
        longest = max(longest, size)
        if not line.rstrip().endswith(_CONTINUATIONS):
            size = 0
    return longest


def _check_size(size, limit):
    if size > limit:
        raise OsbsValidationException(
            "Dockerfile: instructions, with their variables replaced, "
            "grow to more than %d bytes" % limit
        )


def _note_sizes(value, sizes):
    # Note, as upper bounds, the sizes of what names may stand for; None: names made of variables.
    words = list(WordSplitter(value).split(dequote=False))
    if not words:
        return 0
    assignments = [word.partition("=")[::2] for word in words]
    if "=" not in words[0]:
        assignments = [value.partition(words[0])[1:]]
    total = 0
    for name, text in assignments:
        size = _size_of(name, sizes) + _size_of(text, sizes)
        key = None if "$" in name else WordSplitter(name).dequote()
        sizes[key] = max(size, sizes.get(key, 0))
        total += size
    return total


def _size_of(text, sizes):
    unknown = sizes.get(None, 0)
    return len(text) + sum(max(sizes.get(name, 0), unknown) for name in _VARIABLE.findall(text))
