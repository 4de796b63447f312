"""Parsers for files of a repository, which anyone who may push has written.

Whatever such a file holds, reading it ends soon, uses a bounded amount of memory, runs nothing,
writes nothing, and fails with OsbsValidationException only. Imported when there is a file to read:
yaml and dockerfile_parse are slow to import.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import re

import yaml
from dockerfile_parse import DockerfileParser
from dockerfile_parse.util import WordSplitter

from osbs import _documents
from osbs.constants import MAX_REPO_FILE_SIZE
from osbs.exceptions import OsbsValidationException

# Of one instruction of a Dockerfile, also with its variables replaced. The parser's time grows
# with the square of it, and variables made of variables would grow without bounds.
MAX_INSTRUCTION_SIZE = 32 * 1024
_MAX_REPLACED_SIZE = 4 * 1024 * 1024
_SHOWN_CHARACTERS = 200

_VARIABLE = re.compile(r"\$\{*(\w*)", re.UNICODE)
_CONTINUATIONS = ("\\", "`")
_WITH_VARIABLES = ("ARG", "ENV", "FROM", "LABEL")


def load_yaml(content, file_name):
    # type: (bytes, str) -> object
    """Parse a YAML file of a repository.

    :param content: bytes
    :param file_name: str, for the error message
    :return: what the document holds; None when it is empty
    :raises OsbsValidationException: not YAML, or YAML that needs absurd resources
    """
    try:
        return _documents.load_yaml(content, file_name, MAX_REPO_FILE_SIZE)
    except yaml.YAMLError as ex:
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
        # Content, and the instructions in it.
        self._parsed = (None, [])  # type: tuple

    @property
    def labels(self):
        """Labels of the last stage.

        :raises OsbsValidationException: the Dockerfile cannot be parsed
        """
        return self._read("labels")

    @property
    def baseimage(self):
        """Image of the last FROM, or None.

        :raises OsbsValidationException: the Dockerfile cannot be parsed
        """
        return self._read("baseimage")

    @property
    def structure(self):
        """Instructions; parsed once, unless the content is replaced."""
        content = self.content
        if self._parsed[0] != content:
            _check_size(_longest_instruction(content), MAX_INSTRUCTION_SIZE)
            instructions = super(RepoDockerfileParser, self).structure
            if "$" in content:
                _check_replaced_sizes(instructions)
            self._parsed = (content, instructions)
        return self._parsed[1]

    def _read(self, name):
        try:
            return getattr(super(RepoDockerfileParser, self), name)
        except OsbsValidationException:
            raise
        except Exception as ex:  # the parser raises anything, IndexError to UnicodeError
            raise OsbsValidationException(
                "Dockerfile: %s cannot be read: %s" % (name, repr(ex)[:_SHOWN_CHARACTERS]),
                cause=ex,
            )


def _check_replaced_sizes(instructions):
    sizes, total = {}, 0  # type: ignore
    for instruction in instructions:
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
