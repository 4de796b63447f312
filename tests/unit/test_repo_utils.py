"""What is read of a repository, and what is refused."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import time

import pytest
import six

from osbs import repo_utils
from osbs.constants import MAX_YAML_NODES
from osbs.exceptions import OsbsValidationException
from osbs._repo_parsers import MAX_INSTRUCTION_SIZE
from osbs.repo_utils import (
    AdditionalTagsConfig,
    ModuleSpec,
    RepoConfiguration,
    RepoInfo,
    read_repo_info,
)

# The bytes that each may have.
LIMITS = {
    "Dockerfile": 256 * 1024,
    "container.yaml": 64 * 1024,
    ".osbs-repo-config": 64 * 1024,
    "additional-tags": 64 * 1024,
}
FILES = ("Dockerfile", "container.yaml", ".osbs-repo-config", "additional-tags")


@pytest.fixture
def repo(tmpdir):
    return tmpdir.mkdir("repo")


def write(repo, name, content):
    repo.join(name).write_binary(content if isinstance(content, bytes) else content.encode("utf-8"))


def refused(repo):
    with pytest.raises(OsbsValidationException) as caught:
        read_repo_info(str(repo))
    assert "\n" not in caught.value.message
    return caught.value.message


def labels_refused(repo):
    parser = read_repo_info(str(repo)).dockerfile_parser
    with pytest.raises(OsbsValidationException) as caught:
        parser.labels
    assert caught.value.message.startswith("Dockerfile: ")
    return caught.value.message


def test_repo_info_has_defaults(tmpdir, monkeypatch):
    monkeypatch.chdir(str(tmpdir))
    info = RepoInfo()
    assert info.dockerfile_parser is None
    assert info.configuration.is_autorebuild_enabled() is False
    assert info.configuration.container == {} and info.additional_tags.tags == []


def test_repo_info_keeps_what_it_is_given():
    class Falsy(list):
        container = {}

    parser, configuration, tags = Falsy(), Falsy(), Falsy()
    info = RepoInfo(parser, configuration, tags)
    assert info.dockerfile_parser is parser
    assert info.configuration is configuration and info.additional_tags is tags


def test_tags_of_container_yaml_are_the_default(repo):
    write(repo, "container.yaml", "tags: [spam]\n")
    info = RepoInfo(configuration=RepoConfiguration(dir_path=str(repo)))
    assert info.additional_tags.tags == ["spam"] and info.additional_tags.from_container_yaml


@pytest.mark.parametrize("convert", [six.ensure_str, six.ensure_text, six.ensure_binary])
def test_a_repository_may_be_in_a_directory_with_a_foreign_name(convert, repo):
    directory = os.path.join(str(repo), six.ensure_str("caf\xe9"))
    os.mkdir(directory)
    with open(os.path.join(directory, str("container.yaml")), "w") as container:
        container.write("tags: [spam]\n")
    path = convert(six.ensure_text(directory))
    assert RepoConfiguration(dir_path=path).container == {"tags": ["spam"]}


def test_a_repository_is_read_once(repo):
    write(repo, "Dockerfile", "FROM fedora\nLABEL name=x\n")
    write(repo, ".osbs-repo-config", "[autorebuild]\nenabled = yes\n")
    write(repo, "container.yaml", "compose: {modules: [a:b]}\n")
    write(repo, "additional-tags", "one\n")
    info = read_repo_info(str(repo))
    repo.remove()
    assert info.dockerfile_parser.labels == {"name": "x"}
    assert info.dockerfile_parser.baseimage == "fedora"
    assert info.configuration.is_autorebuild_enabled() is True
    assert info.configuration.container == {"compose": {"modules": ["a:b"]}}
    assert info.additional_tags.tags == ["one"]


def test_defect_59_a_missing_dockerfile_is_no_parser(repo):
    assert read_repo_info(str(repo)).dockerfile_parser is None


def test_defect_59_an_empty_dockerfile_needs_no_file_later(repo):
    write(repo, "Dockerfile", "")
    parser = read_repo_info(str(repo)).dockerfile_parser
    repo.remove()
    assert (parser.labels, parser.baseimage) == ({}, None)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("1", True), ("YES", True), ("true", True), ("On", True), ("0", False), ("no", False)],
)
def test_automatic_rebuilds_are_asked_for_by_any_boolean_word(word, expected, repo):
    write(repo, ".osbs-repo-config", "[autorebuild]\nenabled=%s\n" % word)
    assert RepoConfiguration(dir_path=str(repo)).is_autorebuild_enabled() is expected


@pytest.mark.parametrize("text", ["", "[other]\nenabled=true\n"])
def test_automatic_rebuilds_are_off_by_default(text, repo):
    write(repo, ".osbs-repo-config", text)
    assert RepoConfiguration(dir_path=str(repo)).is_autorebuild_enabled() is False


@pytest.mark.parametrize("word", ["maybe", "%(x)s", ""])
def test_defect_56_a_bad_boolean_names_the_file(word, repo):
    write(repo, ".osbs-repo-config", "[autorebuild]\nenabled=%s\n" % word)
    configuration = RepoConfiguration(dir_path=str(repo))
    with pytest.raises(OsbsValidationException) as caught:
        configuration.is_autorebuild_enabled()
    assert ".osbs-repo-config" in caught.value.message


@pytest.mark.parametrize("text", ["enabled=true\n", "[autorebuild\n", "[a]\nx\n", b"\xff"])
def test_defect_56_a_file_that_cannot_be_parsed_is_named(text, repo):
    write(repo, ".osbs-repo-config", text)
    assert ".osbs-repo-config, line " in refused(repo)


def test_defect_20_yaml_runs_nothing(repo, tmpdir):
    victim = tmpdir.join("made-by-yaml")
    write(repo, "container.yaml", '!!python/object/apply:os.system ["touch %s"]\n' % victim)
    assert "container.yaml" in refused(repo)
    assert not victim.exists()


def test_defect_88_yaml_is_read_with_any_version_of_the_library(repo):
    write(repo, "container.yaml", "a: {b: [1, 2.5, yes, null]}\n")
    assert read_repo_info(str(repo)).configuration.container == {"a": {"b": [1, 2.5, True, None]}}


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "text",
        "5",
        "tags: x",
        "tags: [1.0]",
        "tags: {a: b}",
        "compose: x",
        "compose: {modules: x}",
        "{",
        "a: b: c",
        b"\xff\xff",
        "\x01",
        "&a [*a, *b]",
        "? {a: b}\n: c\n",
        "!!timestamp x",
    ],
)
def test_defect_54_container_yaml_of_another_shape_is_refused(text, repo):
    write(repo, "container.yaml", text)
    assert refused(repo).startswith("container.yaml: ")


@pytest.mark.parametrize("text", ["", "# nothing", "null", "tags:", "compose:", "unknown: [1]"])
def test_defect_54_container_yaml_may_leave_things_out(text, repo):
    write(repo, "container.yaml", text)
    info = read_repo_info(str(repo))
    assert info.additional_tags.tags == [] and isinstance(info.configuration.container, dict)


@pytest.mark.parametrize(
    "text",
    [
        "k0: &k0 {a: 1, b: 2}\n"
        + "".join(
            "k%d: &k%d {<<: [%s]}\n" % (n + 1, n + 1, ", ".join(["*k%d" % n] * 9))
            for n in range(30)
        ),
        "[" * 100000,
        "{a: " * 100000,
        "- " * 100000,
        "a: " + "9" * 1000000,
        "a: 1" + ":01" * 300000,
        "a: [&x y" + ", *x" * 100000 + "]",
    ],
    ids=["merges", "lists", "mappings", "items", "digits", "sixties", "aliases"],
)
def test_yaml_that_needs_absurd_resources_is_refused_soon(text, repo):
    write(repo, "container.yaml", text)
    began = time.time()
    assert len(refused(repo)) < 500
    assert time.time() - began < 20


def test_an_alias_counts_with_all_that_it_stands_for(repo):
    lines = ["k0: &k0 [1]\n"] + [
        "k%d: &k%d [%s]\n" % (n + 1, n + 1, ", ".join(["*k%d" % n] * 10)) for n in range(30)
    ]
    write(repo, "container.yaml", "".join(lines))
    assert refused(repo) == "container.yaml: has more than %d values" % MAX_YAML_NODES


def test_shared_yaml_is_not_copied(repo):
    write(repo, "container.yaml", "a: &a [1, 2]\nb: *a\nc: [*a, *a]\n")
    container = read_repo_info(str(repo)).configuration.container
    assert container["a"] is container["b"] is container["c"][0] is container["c"][1]


@pytest.mark.parametrize("name", FILES)
def test_defect_31_a_link_out_of_the_repository_is_refused(name, repo, tmpdir):
    tmpdir.join("outside").write("root:x:0:0")
    repo.join(name).mksymlinkto(str(tmpdir.join("outside")))
    message = refused(repo)
    assert name in message and "root" not in message


def test_defect_31_a_directory_beside_with_a_longer_name_is_outside(repo, tmpdir):
    tmpdir.mkdir("repo-2").join("tags").write("x")
    repo.join("additional-tags").mksymlinkto("../repo-2/tags")
    assert "additional-tags" in refused(repo)


@pytest.mark.parametrize("name", FILES)
def test_defect_31_a_link_inside_the_repository_is_followed(name, repo):
    repo.mkdir("real").join("file").write("")
    repo.join(name).mksymlinkto("real/file")
    read_repo_info(str(repo))


@pytest.mark.parametrize("name", FILES)
def test_a_dangling_link_is_no_file(name, repo):
    repo.join(name).mksymlinkto("absent")
    read_repo_info(str(repo))


@pytest.mark.parametrize("name", FILES)
def test_a_directory_is_refused(name, repo):
    repo.mkdir(name)
    assert "not a regular file" in refused(repo)


def test_a_pipe_is_refused_without_waiting_for_it(repo):
    os.mkfifo(str(repo.join("Dockerfile")))
    assert "not a regular file" in refused(repo)


@pytest.mark.parametrize(("name", "limit"), sorted(LIMITS.items()))
def test_a_file_that_is_too_large_is_refused_with_its_limit(name, limit, repo):
    write(repo, name, "#" + "x" * limit)
    assert refused(repo) == "%s: is larger than %d bytes" % (name, limit)


@pytest.mark.parametrize(("name", "limit"), sorted(LIMITS.items()))
def test_a_file_may_be_as_large_as_its_limit(name, limit, repo):
    write(repo, name, "#" * limit)
    read_repo_info(str(repo))


def test_an_unreadable_file_is_refused(repo, monkeypatch):
    def fail(*args):
        raise IOError(13, "Permission denied")

    write(repo, "Dockerfile", "")
    monkeypatch.setattr(repo_utils.io, "open", fail)
    assert "Permission denied" in refused(repo)


@pytest.mark.parametrize(
    ("in_yaml", "in_file", "tags", "from_yaml"),
    [
        (None, "latest\nv1.0\nb-ad\n\n _u \nlatest\n", ["_u", "latest", "v1.0"], False),
        ("[ok, b-ad]", "latest\n", ["ok"], True),
        ("[b-ad]", "latest\n", [], True),
        ("[]", "latest\n", ["latest"], False),
        (None, None, [], False),
        (None, "spam\r\nbacon\r\neggs\r\nsaus.age", ["bacon", "eggs", "saus.age", "spam"], False),
        (None, "{bad bad}\n{bad}\nba-d\n-bad\nbad-\nb@d\ngood\n#no\n", ["good"], False),
        (None, b"\xff\xfe\nok\n", ["ok"], False),
    ],
)
def test_tags_come_from_one_source(in_yaml, in_file, tags, from_yaml, repo):
    if in_yaml is not None:
        write(repo, "container.yaml", "tags: %s\n" % in_yaml)
    if in_file is not None:
        write(repo, "additional-tags", in_file)
    config = read_repo_info(str(repo)).additional_tags
    assert (sorted(config.tags), config.from_container_yaml) == (tags, from_yaml)


@pytest.mark.parametrize("bad", ["my-tag", "caf\xe9", "x" * 128, "a\nb", "ok\n", "\u0661"])
def test_defect_55_a_dropped_tag_is_named_with_the_reason(bad, caplog):
    assert AdditionalTagsConfig(tags=[bad, "good"]).tags == ["good"]
    assert repr(bad) in caplog.text and "127" in caplog.text


def test_an_empty_tag_is_dropped_without_a_word(caplog):
    AdditionalTagsConfig("", "", ("", "next"))
    assert "dropped" not in caplog.text


def test_given_tags_are_enough(tmpdir, monkeypatch):
    monkeypatch.chdir(str(tmpdir))
    assert sorted(AdditionalTagsConfig("", "", ("previous", "next")).tags) == ["next", "previous"]
    assert AdditionalTagsConfig("", "", ()).tags == []
    tags = {"{version}-{release}", "bacon", "eggs"}
    assert sorted(AdditionalTagsConfig(tags=tags).tags) == ["bacon", "eggs"]


@pytest.mark.parametrize("tags", ["text", {"a": 1}, [1], 5])
def test_tags_that_are_no_list_of_text_are_refused(tags):
    with pytest.raises(OsbsValidationException):
        AdditionalTagsConfig(tags=tags)


def test_defect_84_the_default_tags_are_not_shared():
    AdditionalTagsConfig("/nonexistent").tags.append("x")
    assert AdditionalTagsConfig("/nonexistent").tags == []


@pytest.mark.parametrize("text", ["LABEL a=b c\n", "ENV  \nLABEL a=b\n", b"LABEL a=\xff"])
def test_a_dockerfile_that_cannot_be_parsed_is_refused_when_it_is_read(text, repo):
    write(repo, "Dockerfile", text)
    labels_refused(repo)


@pytest.mark.parametrize(
    "text",
    [
        "ENV a0=xxxxxxxx\n" + "".join("ENV a%d=$a%d$a%d\n" % (n + 1, n, n) for n in range(60)),
        "ENV a0 xxxxxxxx\n" + "".join("ENV a%d ${a%d}${a%d}\n" % (n + 1, n, n) for n in range(60)),
        'ENV "a"=xxxxxxxx\n' + "ENV 'a'=\"$a$a\"\n" * 60,
        "ENV k=a\nENV $k=xxxxxxxx\n" + "ENV $k=$a$a\n" * 60,
        "ARG a=%s\nFROM x%s\n" % ("y" * 30000, "$a" * 10000),
        "ENV a=%s\n" % ("y" * 30000) + "".join("LABEL l%d=$a\n" % n for n in range(13000)),
        "LABEL a=%s\n" % ("y" * 200000),
        "LABEL a=" + "y\\\n" * 80000,
        "LABEL a=" + "y\\\n# remark\n" * 18000,
        "# escape=`\nLABEL a=" + "y`\n" * 80000,
    ],
    ids=[
        "doubled",
        "legacy",
        "quoted",
        "names",
        "from",
        "labels",
        "line",
        "continued",
        "remarks",
        "escape",
    ],
)
def test_a_dockerfile_that_grows_without_bounds_is_refused_soon(text, repo):
    write(repo, "Dockerfile", text)
    began = time.time()
    labels_refused(repo)
    assert time.time() - began < 20


def test_an_ordinary_dockerfile_may_use_its_variables(repo):
    path = "ENV PATH=$PATH:/opt/%d/bin HOME=/home/$USER\n"
    write(
        repo,
        "Dockerfile",
        "ARG v=27\nFROM fedora:$v\nENV USER=me PATH=/bin\n"
        + "".join(path % n for n in range(100))
        + 'LABEL name=$USER summary="a b" $USER=x\n',
    )
    parser = read_repo_info(str(repo)).dockerfile_parser
    assert parser.baseimage == "fedora:27"
    assert parser.labels == {"name": "me", "summary": "a b", "me": "x"}


def test_an_instruction_may_be_long(repo):
    value = "y" * (MAX_INSTRUCTION_SIZE - 100)
    write(repo, "Dockerfile", "LABEL a=%s\n" % value)
    assert read_repo_info(str(repo)).dockerfile_parser.labels == {"a": value}


def test_a_dockerfile_is_never_written(repo):
    write(repo, "Dockerfile", "FROM fedora\n")
    parser = read_repo_info(str(repo)).dockerfile_parser
    parser.content = "FROM other\n"
    assert repo.join("Dockerfile").read() == "FROM fedora\n"


MODULES = [
    ("eog:f28", ("eog", "f28", None, None, None)),
    ("eog:f28:2019", ("eog", "f28", "2019", None, None)),
    ("eog:f28:2019:c0ffee", ("eog", "f28", "2019", "c0ffee", None)),
    ("eog:f28/runtime", ("eog", "f28", None, None, "runtime")),
    ("eog:f28:2019:c0ffee/runtime", ("eog", "f28", "2019", "c0ffee", "runtime")),
]


@pytest.mark.parametrize(("text", "parts"), MODULES)
def test_a_module_is_written_as_it_was_read(text, parts):
    module = ModuleSpec.from_str(text)
    assert module == ModuleSpec(*parts)
    assert module.to_str() == text
    assert module.to_str(include_profile=False) == text.partition("/")[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "eog",
        ":f28",
        "eog:",
        "eog:f28:",
        "a:b:c:d:e",
        "a:b/",
        "a:b/c/d",
        "a/b:c",
        "a:b/c:d",
        "a:b\n",
        None,
    ],
)
def test_a_module_of_another_shape_is_a_value_error(text):
    with pytest.raises(ValueError, match="expected NAME:STREAM"):
        ModuleSpec.from_str(text)


def test_modules_that_differ_in_one_part_are_not_equal():
    assert ModuleSpec("a", "b") != ModuleSpec("a", "b", profile="c")
    assert ModuleSpec("a", "b") != "a:b"


def test_a_module_cannot_be_hashed():
    with pytest.raises(TypeError):
        hash(ModuleSpec("a", "b"))


def test_the_repr_of_a_module_is_its_text():
    assert repr(ModuleSpec("a", "b", profile="c")) == "<ModuleSpec a:b/c>"
