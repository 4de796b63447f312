"""What a document of a few bytes, or a few thousand, may cost: each test is a client of its own.

None gets more than five seconds and 300 MB; what cannot be had for that is refused in one line.
"""

from __future__ import absolute_import, print_function, unicode_literals

import bz2
import io
import tarfile

import pytest

from tests import limits

READ_REPOSITORY = """
from osbs.exceptions import OsbsValidationException
from osbs.repo_utils import read_repo_info
try:
    info = read_repo_info(sys.argv[1])
    if info.dockerfile_parser:
        info.dockerfile_parser.labels, info.dockerfile_parser.baseimage
    print("read", len(info.additional_tags.tags))
except OsbsValidationException as ex:
    print(ex.message)
"""
READ_CONFIG_MAP = """
from osbs.build.build_requestv2 import BuildRequestV2
from osbs.build.config_map_response import ConfigMapResponse
from osbs.exceptions import OsbsValidationException

class Api(object):
    def get_config_map(self, name):
        with open(sys.argv[1], "rb") as text:
            return ConfigMapResponse({"data": {"config.yaml": text.read().decode("utf-8")}})

request = BuildRequestV2("inputs")
request.osbs_api = Api()
try:
    request.set_required_secrets("rcm")
    print("read")
except OsbsValidationException as ex:
    print(ex.message)
"""
READ_USER_PARAMS = """
from osbs.build.user_params import BuildUserParams
from osbs.exceptions import OsbsValidationException
try:
    with open(sys.argv[1]) as text:
        BuildUserParams().from_json(text.read())
    print("read")
except OsbsValidationException as ex:
    print(ex.message)
"""


def aliases(levels, width=9):
    """YAML in which the last anchor stands for width ** levels values."""
    lines = ["a0: &a0 [%s]" % ",".join("x" * width)]
    for level in range(1, levels):
        references = ",".join(["*a%d" % (level - 1)] * width)
        lines.append("a%d: &a%d [%s]" % (level, level, references))
    return "\n".join(lines) + "\n"


def read(tmpdir, **files):
    """Read a repository of these files; returns what a client says and logs."""
    for name, text in files.items():
        with io.open(str(tmpdir.join(name.replace("__", "."))), "wb") as written:
            written.write(text.encode("utf-8"))
    output, errors = limits.run(READ_REPOSITORY, str(tmpdir))
    return output.strip(), errors


@pytest.mark.parametrize("levels", [8, 9, 10])
def test_aliases_of_aliases_in_container_yaml_are_refused(levels, tmpdir):
    said, _ = read(tmpdir, container__yaml=aliases(levels) + "tags: [*a%d]\n" % (levels - 1))
    assert said == "container.yaml: has more than 10000 values"


def test_aliases_in_a_reactor_config_map_are_refused(tmpdir):
    path = tmpdir.join("config")
    path.write(aliases(9) + "required_secrets: [*a8]\n")
    output, _ = limits.run(READ_CONFIG_MAP, str(path))
    assert "config map rcm" in output and "more than 10000 values" in output


def test_flat_yaml_of_a_megabyte_in_a_reactor_config_map_is_refused(tmpdir):
    path = tmpdir.join("config")
    path.write("a: [" + "1," * 500000 + "]\n")
    output, _ = limits.run(READ_CONFIG_MAP, str(path))
    assert "more than 10000 values" in output


def test_a_megabyte_of_yaml_is_refused_soon_without_libyaml(tmpdir):
    path = tmpdir.join("config")
    path.write("a: [" + "1," * 500000 + "]\n")
    without = "import yaml; yaml.__dict__.pop(str('CSafeLoader'), None)\n"
    output, _ = limits.run(without + READ_CONFIG_MAP, str(path))
    assert "more than 10000 values" in output


def test_bad_tags_by_the_thousand_give_few_warnings(tmpdir):
    said, errors = read(tmpdir, **{"additional-tags": "-\n" * 32000})
    assert said == "read 0"
    assert errors.count("\n") == 21
    assert "31980 more additional tags are dropped" in errors


def test_bad_tags_in_container_yaml_by_the_thousand_give_few_warnings(tmpdir):
    said, errors = read(tmpdir, container__yaml="tags: [" + '"-",' * 9000 + "]\n")
    assert said == "read 0"
    assert errors.count("is dropped") == 20 and len(errors) < 10000


@pytest.mark.parametrize("size", [65536, 65537])
@pytest.mark.parametrize("name", ["container.yaml", ".osbs-repo-config", "additional-tags"])
def test_files_of_64_kib_are_read_and_larger_ones_refused(name, size, tmpdir):
    said, _ = read(tmpdir, **{name: "#" * size})
    assert said == ("%s: is larger than 65536 bytes" % name if size > 65536 else "read 0")


@pytest.mark.parametrize(
    "instruction",
    [
        "LABEL a=" + "y" * 32000 + "\n",
        "ENV a=" + "$b" * 10000 + "\n",
        "RUN a " + "y\\\n" * 10000 + "\n",
        "ARG a=b\n",
    ],
    ids=lambda text: text[:8].strip(),
)
def test_a_dockerfile_of_256_kib_is_read_soon(instruction, tmpdir):
    said, _ = read(tmpdir, Dockerfile=instruction * (256 * 1024 // len(instruction)))
    assert said == "read 0"


@pytest.mark.parametrize("blank", [" ", "\t", "\u3000"])
def test_a_gap_in_a_repo_config_is_refused(blank, tmpdir):
    size = 40000 // len(blank.encode("utf-8"))
    text = "[autorebuild]\nx" + blank * size + "y\n"
    said, _ = read(tmpdir, **{".osbs-repo-config": text})
    assert said == ".osbs-repo-config, line 2: has more than 256 blanks in a row"


def test_a_repo_config_of_very_many_lines_is_refused(tmpdir):
    said, _ = read(tmpdir, **{".osbs-repo-config": "[a]\n" + "x\n" * 32000})
    assert said == ".osbs-repo-config: has more than 5000 lines"


def test_many_lines_of_a_repo_config_without_a_delimiter_are_refused_soon(tmpdir):
    said, _ = read(tmpdir, **{".osbs-repo-config": "[a]\n" + ("x" * 10 + "\n") * 4998})
    assert said == ".osbs-repo-config, line 2: is neither [section] nor key = value"


def test_an_integer_of_a_million_digits_in_a_config_map_is_refused(tmpdir):
    path = tmpdir.join("config")
    path.write("a: " + "9" * 1000000)
    output, _ = limits.run(READ_CONFIG_MAP, str(path))
    assert "rcm" in output


def test_an_integer_of_a_million_digits_in_user_params_is_refused(tmpdir):
    path = tmpdir.join("params")
    path.write('{"release": ' + "9" * 1000000 + "}")
    output, _ = limits.run(READ_USER_PARAMS, str(path))
    assert output.startswith("USER_PARAMS: ")


def test_an_integer_of_a_million_digits_in_an_annotation_is_a_value_error():
    code = """
from osbs.build.build_response import BuildResponse
notes = {"repositories": "9" * 1000000}
try:
    BuildResponse({"metadata": {"annotations": notes}}).get_repositories()
except ValueError as ex:
    print(ex)
"""
    assert "a number of more than 1000 digits" in limits.run(code)[0]


def test_an_integer_of_a_million_digits_in_a_response_is_not_json():
    code = """
from osbs.exceptions import OsbsResponseException
from osbs.http import HttpResponse
try:
    HttpResponse(200, {}, b'{"n": ' + b"9" * 1000000 + b"}").json()
except OsbsResponseException as ex:
    print(ex.message)
"""
    assert "not JSON" in limits.run(code)[0]


READ_ARCHIVE = """
from osbs.exceptions import OsbsException
from osbs.cli.commands.admin import cmd_restore

class Args(object):
    BACKUP_ARCHIVE, continue_on_error, ignore_quota_errors = sys.argv[1], False, False

class Osbs(object):
    def __getattr__(self, name):
        print("asked to", name)
        return lambda *args, **kwargs: None

try:
    cmd_restore(Args, Osbs())
except OsbsException as ex:
    print(ex.message)
"""


def header(name, size, kind=tarfile.REGTYPE):
    """A header of an archive, which need not be followed by what it announces."""
    info = tarfile.TarInfo(str(name))
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def restored(tmpdir, *pieces):
    """Restore an archive of these pieces; returns what is printed and what is logged."""
    packer = bz2.BZ2Compressor()
    path = tmpdir.join("archive")
    with io.open(str(path), "wb") as archive:
        for piece in pieces:
            archive.write(packer.compress(piece))
        archive.write(packer.flush())
    return limits.run(READ_ARCHIVE, str(path))


@pytest.mark.parametrize("kind", [b"Z", tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("size", [2**63 - 1, -1024])
def test_a_member_of_absurd_size_is_refused_before_builds_are_paused(kind, size, tmpdir):
    said, _ = restored(tmpdir, header("x", size, kind))
    assert "bytes, more than the 268435456 allowed" in said and "asked" not in said


ZEROS = b"\0" * (40 * 1024 * 1024)


def test_few_bytes_that_become_a_large_member_are_read_soon(tmpdir):
    pieces = [header("x", 5 * len(ZEROS))] + [ZEROS] * 5 + [b"\0" * 1024]
    said, warned = restored(tmpdir, *pieces)
    assert said == "asked to pause_builds\nasked to resume_builds\n" and "skipping x" in warned


def test_members_that_are_too_large_together_are_refused_before_builds_are_paused(tmpdir):
    pieces = [header("x", len(ZEROS)), ZEROS] * 7
    said, _ = restored(tmpdir, *pieces)
    assert "the archive holds more than 268435456 bytes" in said and "asked" not in said


def test_too_many_members_are_refused_before_builds_are_paused(tmpdir):
    said, _ = restored(tmpdir, header("x", 0) * 100000)
    assert "the archive has more than 1000 members" in said and "asked" not in said


@pytest.mark.parametrize(
    "content",
    [b"[" * 1000000, b'{"items": [' + b"9" * 1000000 + b"]}"],
    ids=["nested", "digits"],
)
def test_json_of_absurd_cost_is_refused_before_builds_are_paused(content, tmpdir):
    size = len(content)
    padding = b"\0" * (-size % 512 + 1024)
    said, _ = restored(tmpdir, header("buildconfigs.json", size), content, padding)
    assert "buildconfigs.json" in said and "asked" not in said
