"""Whatever the files of a repository hold, reading them soon gives a result or a refusal."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import shutil
import tempfile
from contextlib import contextmanager

from hypothesis import example, given
from hypothesis import strategies as st

from osbs.exceptions import OsbsValidationException
from osbs.repo_utils import AdditionalTagsConfig, read_repo_info
from tests.limits import in_time

NAMES = ("Dockerfile", "container.yaml", ".osbs-repo-config", "additional-tags")


def lines_of(*pieces):
    """Bytes made of pieces that mean something, and of anything."""
    word = st.one_of(st.sampled_from(pieces), st.text(max_size=5))
    # Some come very often: that is what takes time.
    many = st.tuples(word, st.integers(6, 12)).map(lambda both: both[0] * 2 ** both[1])
    piece = st.one_of(word, word, word, word, many)
    text = st.lists(piece, max_size=25).map(lambda parts: "".join(parts).encode("utf-8", "replace"))
    return st.one_of(text, st.binary(max_size=60))


DOCKERFILES = lines_of(
    "FROM ",
    "from fedora:27 AS x\n",
    "LABEL ",
    "ENV ",
    "ARG ",
    "RUN x\n",
    "a=b ",
    '"a"="b c" ',
    "=",
    "$a",
    "${a",
    "}",
    "$",
    "'",
    '"',
    "\\",
    "\\\n",
    "# escape=`\n",
    "`\n",
    "#",
    "\n",
    "\r\n",
    " ",
    "\t",
    "name ",
    "--platform=x ",
    "<<EOF\n",
)
YAMLS = lines_of(
    "tags: ",
    "compose:",
    "modules: ",
    "\n",
    " ",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    ": ",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "!!python/object:os.system ",
    "!",
    "|",
    ">",
    "'",
    '"',
    "? ",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "1",
    "0x",
    "1:60",
    ".inf",
    "2018-13-45",
    "=",
    "null",
    "\\",
    "\t",
    "#",
)
CONFIGS = lines_of(
    "[autorebuild]",
    "[",
    "]",
    "\n",
    "enabled",
    " = ",
    ":",
    "true",
    "%(x)s",
    "%",
    "#",
    ";",
    " ",
    "\t",
    "[DEFAULT]\n",
    "\r",
    "rem x",
    "\ufeff",
    "x",
)
TAGS = lines_of("\n", "latest", "-", "_", ".", " ", "\r", "{version}", "\x00", "\u2028")


@contextmanager
def repository(files):
    path = tempfile.mkdtemp()
    try:
        for name, content in files.items():
            with open(os.path.join(path, name), "wb") as written:
                written.write(content)
        yield path
    finally:
        shutil.rmtree(path)


def read_all(path):
    try:
        with in_time():
            info = read_repo_info(path)
            info.configuration.is_autorebuild_enabled()
            if info.dockerfile_parser:
                info.dockerfile_parser.labels
                info.dockerfile_parser.baseimage
    except OsbsValidationException as ex:
        assert "\n" not in ex.message and path not in ex.message
        return None
    return info


@given(st.fixed_dictionaries({"Dockerfile": DOCKERFILES}))
@example({"Dockerfile": b'LABEL "'})
@example({"Dockerfile": b"ENV a=\xff"})
def test_any_dockerfile_is_read_or_refused(files):
    with repository(files) as path:
        read_all(path)


@given(st.fixed_dictionaries({"container.yaml": YAMLS}))
@example({"container.yaml": b"? {a: b}\n: c\n"})
@example({"container.yaml": b"!!timestamp 2018-13-45"})
@example({"container.yaml": b"tags: [2018-13-45]"})
def test_any_container_yaml_is_a_mapping_or_refused(files):
    with repository(files) as path:
        info = read_all(path)
        assert info is None or isinstance(info.configuration.container, dict)


@given(st.fixed_dictionaries({".osbs-repo-config": CONFIGS}))
@example({".osbs-repo-config": b"[autorebuild]\n enabled\n"})
def test_any_repo_config_is_read_or_refused(files):
    with repository(files) as path:
        read_all(path)


@given(st.fixed_dictionaries({"additional-tags": TAGS}))
def test_any_additional_tags_give_valid_tags(files):
    with repository(files) as path:
        info = read_all(path)
        for tag in info.additional_tags.tags if info else ():
            assert AdditionalTagsConfig.VALID_TAG_REGEX.match(tag) and tag == tag.strip()


@given(st.fixed_dictionaries({"Dockerfile": DOCKERFILES}))
def test_a_dockerfile_is_never_changed(files):
    with repository(files) as path:
        read_all(path)
        assert os.listdir(path) == ["Dockerfile"]
        with open(os.path.join(path, "Dockerfile"), "rb") as opened:
            assert opened.read() == files["Dockerfile"]
