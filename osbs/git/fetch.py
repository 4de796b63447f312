"""Fetches a few files of one commit, whatever the size of the repository and its history.

Three ways, each only when the one before cannot tell or the server refuses: the commit alone, at
depth 1; all commits, but without files; and, by the caller, a full clone. All give what a full
clone would.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import logging
import os
import re
from collections import namedtuple
from contextlib import contextmanager

from osbs._compat import to_text
from osbs.exceptions import OsbsException
from osbs.git import guard
from osbs.git.clone import clone_failure, failing_as
from osbs.git.process import GitTimeout
from osbs.git.refs import make_plan, parse_listing
from osbs.git.workspace import knows_no_filter, workspace
from osbs.redact import mask_text, mask_url

logger = logging.getLogger(__name__)

_USAGE_ERROR = 129
_REGULAR_FILES = (b"100644", b"100755", b"100664")
# Revisions that rev-parse and checkout understand in the same way.
_SIMPLE_REVISION = re.compile(r"\w[\w./+#=,%-]*[~^0-9]*\Z", re.UNICODE)

# commit: str, object id. is_partial: bool, its files may still be on the server only.
Source = namedtuple("Source", "commit is_partial")


@contextmanager
def fetched_files(uri, ref, branch, names, max_size):
    """Fetch files from the top of a repository, as regular files.

    :param uri: str
    :param ref: str, whatever ``git checkout`` takes in a clone
    :param branch: str or None
    :param names: iterable of str; what the repository does not have is left out
    :param max_size: int, bytes; larger files are cut at one byte more
    :return: context manager of a directory with the files; of None when a full clone is needed
    :raises OsbsException: the repository cannot be reached or is empty
    :raises OsbsValidationException: an argument that git must not get
    """
    ref, branch = guard.checked_text(ref, "ref"), guard.checked_branch(branch)
    with workspace(uri) as git:
        with failing_as(clone_failure(uri, branch)):
            listing = _list_refs(git)
        if listing is not None and not listing.refs:
            raise OsbsException("git repository '%s' is empty" % mask_url(uri))
        with failing_as(clone_failure(uri, branch)):
            source = _find_commit(git, listing, ref, branch)
        yield _extract(git, source, names, max_size) if source else None


def _list_refs(git):
    result = git.try_run("ls-remote", "--symref", "--", git.address)
    if result.status == _USAGE_ERROR or result.status < 0:
        return None  # a git from before 2.8, or a list that is too long
    if result.status != 0:
        raise OsbsException(
            mask_text(
                "Command git ls-remote returned %s\n\n%s" % (result.status, to_text(result.errors))
            )
        )
    return parse_listing(result.output)


def _find_commit(git, listing, ref, branch):
    plan = listing and make_plan(listing, ref.encode("utf-8"), branch and branch.encode("utf-8"))
    source = plan and _fetch_shallow(git, plan)
    return source or (listing and _clone_commits(git, ref, branch))


def _fetch_shallow(git, plan):
    git.init()
    fetch = [
        "fetch",
        "--quiet",
        "--no-tags",
        "--depth=%d" % plan.depth,
        "--filter=blob:none",
        "origin",
        to_text(plan.fetch),
    ]
    result = git.try_run(*fetch, cwd=git.repo)
    if result.status == _USAGE_ERROR:  # a git from before 2.17 does not know filters
        fetch.remove("--filter=blob:none")
        result = git.try_run(*fetch, cwd=git.repo)
    if result.status != 0:
        return None
    commits = git.try_run("rev-list", to_text(plan.fetch), cwd=git.repo).output.split()
    if plan.commit not in commits:
        return None
    return Source(to_text(plan.commit), not knows_no_filter(result))


def _clone_commits(git, ref, branch):
    git.forget()
    if not _SIMPLE_REVISION.match(ref):
        return None
    try:
        is_complete = git.clone(branch, "--filter=tree:0")
        commit = _resolve(git, ref)
    except GitTimeout:
        raise
    except OsbsException as ex:
        logger.debug("cannot do without a full clone: %s", ex.message)
        return None
    # An id that is not there is asked of the server, which may give out what no clone has.
    if commit and git.run("for-each-ref", "--count=1", "--contains", commit, cwd=git.repo):
        return Source(commit, not is_complete)
    return None


def _resolve(git, ref):
    # As git-checkout does: a local branch, any revision, a branch of the remote.
    for candidates in (
        ["show-ref", "--verify", "--hash", "refs/heads/" + ref],
        ["rev-parse", "--verify", "--quiet", ref + "^{commit}"],
        ["show-ref", "--verify", "--hash", "refs/remotes/origin/" + ref],
    ):
        result = git.try_run(*candidates, cwd=git.repo)
        if result.status == 0:
            return to_text(result.output.strip())
    return None


def _extract(git, source, names, max_size):
    entries = git.try_run("ls-tree", "-z", "--full-tree", source.commit, "--", *names, cwd=git.repo)
    # Each is "<mode> <type> <object id>\t<name>".
    objects = [entry.partition(b"\t") for entry in entries.output.split(b"\0") if entry]
    if entries.status != 0 or any(
        about.split()[0] not in _REGULAR_FILES for about, _, _ in objects
    ):
        return None  # links, directories and submodules need a checkout to be judged
    ids = [to_text(about.split()[2]) for about, _, _ in objects]
    if source.is_partial and ids:
        # One request for all; what it does not bring is fetched when it is read.
        git.try_run("fetch", "--quiet", "--no-tags", "origin", *ids, cwd=git.repo)
    directory = git.make_directory("files")
    for object_id, (_, _, name) in zip(ids, objects):
        content = git.try_run("cat-file", "blob", object_id, cwd=git.repo, limit=max_size + 1)
        if content.status != 0 and len(content.output) <= max_size:
            return None
        with io.open(os.path.join(directory, to_text(name)), "wb") as extracted:
            extracted.write(content.output)
    return directory
