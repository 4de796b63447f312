"""What get_repo_info reads is what a full clone has checked out."""

from __future__ import absolute_import, print_function, unicode_literals

import shutil
import tempfile

from hypothesis import example, given, settings
from hypothesis import strategies as st

from osbs import utils
from osbs.exceptions import OsbsException
from osbs.repo_utils import read_repo_info
from tests.unit.gitrepos import Repository, dockerfile

# Names that mean something else in other places.
NAMES = [
    "master",
    "feature/x",
    "v1",
    "v1.0-3-gabcdef1",
    "deadbeef",
    "abcd",
    "origin",
    "dev",
    "remotes/dev",
    "heads/dev",
    "tags/dev",
    "refs/heads/dev",
    "origin/master",
    "FETCH_HEAD",
    "config",
    "a@b",
    "caf\xe9",
    "1" * 40,
    "v+1",
]
ASKED = [
    "%s",
    "origin/%s",
    "refs/heads/%s",
    "heads/%s",
    "refs/tags/%s",
    "tags/%s",
    "remotes/origin/%s",
    "refs/remotes/origin/%s",
    "%s~1",
    "%s^0",
    "%s/",
    "%s^{commit}",
]

repositories = st.fixed_dictionaries(
    {
        "branches": st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 6)), max_size=4),
        "tags": st.lists(
            st.tuples(st.sampled_from(NAMES), st.integers(1, 6), st.booleans()), max_size=4
        ),
        "head": st.sampled_from(["master", "master", "dev", "absent"]),
    }
)
questions = st.one_of(
    st.tuples(st.sampled_from(ASKED), st.sampled_from(NAMES)),
    st.tuples(
        st.sampled_from(["%s", "%s~1", "%s^{commit}"]),
        st.tuples(st.integers(0, 5), st.sampled_from([4, 7, 12, 39, 40])),
    ),
    st.tuples(
        st.just("%s"),
        st.sampled_from(
            [
                "HEAD",
                "origin",
                "origin/HEAD",
                "@",
                "nonsense",
                "HEAD~1",
                "a b",
                "Dockerfile",
                ".",
                "0" * 40,
                "HEAD^{tree}",
                "@{-1}",
                "HEAD:Dockerfile",
            ]
        ),
    ),
)


def is_free(name, taken):
    # A name cannot be that of a directory of other names.
    free = not any(
        (other + "/").startswith(name + "/") or name.startswith(other + "/") for other in taken
    )
    if free:
        taken.append(name)
    return free


def build_repository(path, spec):
    repo = Repository(path)
    for number in range(1, 7):
        repo.commit("master", dockerfile(number))
    taken = ["master"]
    for name, commit in spec["branches"]:
        if is_free(name, taken):
            repo.branch(name, commit)
    taken = []
    for name, commit, annotated in spec["tags"]:
        if is_free(name, taken):
            repo.tag(name, commit, annotated)
    return repo.save(head=spec["head"])


def outcome(read):
    try:
        return read().dockerfile_parser.labels["number"]
    except OsbsException as ex:
        return "failed: %s" % type(ex).__name__


def from_clone(uri, ref, branch):
    with utils.checkout_git_repo(uri, ref, branch) as path:
        return read_repo_info(path)


@example(
    {"branches": [("1" * 40, 1)], "tags": [], "head": "master"}, [("%s", "1" * 40)], None, False
)
@settings(max_examples=max(1, settings.default.max_examples // 12))
@given(
    repositories,
    st.lists(questions, min_size=1, max_size=3),
    st.sampled_from([None, None, "master", "dev", "v1", "feature/x", "absent"]),
    st.booleans(),
)
def test_the_commit_read_is_the_commit_that_a_clone_checks_out(spec, asked, branch, with_filters):
    top = tempfile.mkdtemp()
    try:
        repo = build_repository(top + "/repo", spec)
        repo.configure(uploadpack__allowFilter="true" if with_filters else "false")
        for pattern, name in asked:
            if isinstance(name, tuple):
                name = repo.commits[name[0]][: name[1]]
            ref = pattern % name
            found = outcome(lambda: utils.get_repo_info(repo.uri, ref, branch))
            assert (ref, found) == (ref, outcome(lambda: from_clone(repo.uri, ref, branch)))
    finally:
        shutil.rmtree(top)
