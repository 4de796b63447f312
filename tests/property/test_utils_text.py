"""Names, times and archives made of anything."""

from __future__ import absolute_import, print_function, unicode_literals

import bz2
import io
import re

from hypothesis import assume, example, given
from hypothesis import strategies as st

from osbs import utils
from osbs._compat import to_text
from osbs.exceptions import OsbsException, OsbsValidationException
from osbs._git import arguments

BUILD_CONFIG_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")

repos = st.one_of(st.text(), st.text(alphabet="abc-_./:AB\xe9", max_size=80))


@given(repos, st.one_of(st.none(), repos), st.integers(20, 70))
def test_a_name_made_from_git_is_a_valid_name(repo, branch, limit):
    name = utils.make_name_from_git(repo, branch, limit=limit)
    assert BUILD_CONFIG_NAME.match(name) and len(name) <= limit


@given(
    st.sampled_from(["scratch", "isolated", "a"]),
    st.sampled_from(["20180101", "1.2", "x"]),
    repos,
    repos,
)
def test_a_wrapped_name_is_a_valid_name(prefix, suffix, repo, branch):
    name = utils.wrap_name_from_git(prefix, suffix, repo, branch)
    assert BUILD_CONFIG_NAME.match(name) and len(name) <= 64


@given(repos, repos, repos, repos)
def test_different_sources_have_different_hashes(repo, branch, other_repo, other_branch):
    source = utils.git_repo_humanish_part_from_uri(repo) + (branch or "unknown")
    other = utils.git_repo_humanish_part_from_uri(other_repo) + (other_branch or "unknown")
    assume(source != other)
    assert (
        utils.make_name_from_git(repo, branch, hash_size=64)[-64:]
        != utils.make_name_from_git(other_repo, other_branch, hash_size=64)[-64:]
    )


@given(st.one_of(st.text(), st.text(alphabet="0123456789-:T.Z+ apmjan", max_size=30), st.binary()))
@example("9999-12-31T23:59:59-23:59")
@example("0001-01-01T00:00:00+23:59")
@example("10000000000000000000000000")
def test_any_text_is_a_time_or_a_value_error(text):
    try:
        assert isinstance(utils.get_time_from_rfc3339(text), float)
    except ValueError:
        pass


@given(st.binary(max_size=2000), st.booleans())
def test_any_bytes_are_an_archive_or_refused(data, compressed):
    try:
        for item in utils.TarReader(io.BytesIO(bz2.compress(data) if compressed else data)):
            item.fileobj.read()
    except OsbsValidationException:
        pass


def small_archive():
    target = io.BytesIO()
    with utils.TarWriter(target, "d") as writer:
        for name in ("a", "b" * 150, "c"):
            writer.write_file(name, b"content of " + name.encode("ascii"))
    return bz2.decompress(target.getvalue())


ARCHIVE = small_archive()


@given(
    st.lists(
        st.tuples(st.integers(0, len(ARCHIVE) - 1), st.binary(min_size=1, max_size=12)),
        min_size=1,
        max_size=6,
    )
)
def test_a_damaged_archive_is_read_or_refused(damages):
    damaged = bytearray(ARCHIVE)
    for position, garbage in damages:
        damaged[position : position + len(garbage)] = garbage
    try:
        for item in utils.TarReader(io.BytesIO(bz2.compress(bytes(damaged)))):
            name = to_text(item.filename, "strict")
            assert not name.startswith("/") and ".." not in name.split("/")
            item.fileobj.read()
    except OsbsValidationException:
        pass


values = st.one_of(
    st.text(),
    st.binary(),
    st.none(),
    st.integers(),
    st.lists(
        st.sampled_from(
            [
                "-",
                "--upload-pack=",
                "ext::",
                "ssh://",
                "https://",
                "file://",
                "a@",
                ":",
                "/",
                "h",
                "\n",
                "\0",
                "%0a",
                " ",
                "user:pw@",
                "[",
                "?",
                "#",
            ]
        ),
        max_size=6,
    ).map("".join),
)


@given(values)
def test_any_uri_is_safe_or_refused(uri):
    try:
        remote = arguments.checked_uri(uri)
    except OsbsException:
        return
    assert not remote.address.startswith("-") and "pw@" not in remote.address.split("/")[2:3]
    assert not re.search("[\x00-\x1f\x7f]", remote.address + (remote.username or ""))
    assert not re.match("[A-Za-z0-9+.-]*::", remote.address)


@given(values, st.sampled_from(["ref", "branch"]))
def test_any_ref_is_safe_or_refused(ref, what):
    try:
        text = arguments.checked_text(ref, what)
    except OsbsValidationException:
        return
    assert text and not text.startswith("-") and not re.search("[\x00-\x1f\x7f]", text)


@given(st.one_of(st.text(), st.text(alphabet="ab:/.v12", max_size=15)))
def test_any_registry_uri_is_taken_apart_or_refused(uri):
    try:
        registry = utils.RegistryURI(uri)
    except OsbsValidationException:
        return
    assert registry.uri == registry.scheme + registry.docker_uri and uri.startswith(registry.uri)
