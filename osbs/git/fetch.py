"""Fetches a few files of one commit, whatever the size of the repository and its history.

Four ways, each only when the one before cannot tell or the server refuses: the tip of the branch;
the commit that the list of refs tells, at depth 1; all commits, but without files; and, by the
caller, a full clone. All give what a full clone would.
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
from osbs.git.refs import likely_tip, looks_like_full_id, make_plan, parse_listing
from osbs.git.workspace import knows_no_filter, workspace
from osbs.redact import mask_text, mask_url

logger = logging.getLogger(__name__)

_USAGE_ERROR = 129
_REGULAR_FILES = (b"100644", b"100755", b"100664")
# Revisions that rev-parse and checkout understand in the same way.
_SIMPLE_REVISION = re.compile(r"\w[\w./+#=,%-]*[~^0-9]*\Z", re.UNICODE)

# Branches that are in the way of what a clone calls origin/HEAD: fetched, if there are any, only to
# know of them.
_IN_THE_WAY = "+refs/heads/HEAD*:%s/HEAD*"
_UNWANTED = "refs/unwanted"

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
            source = _fetch_tip(git, ref, branch)
        if source is None:
            source = _find_commit(git, uri, ref, branch)
        yield _extract(git, source, names, max_size) if source else None


def _fetch_tip(git, ref, branch):
    tip = likely_tip(ref.encode("utf-8"), branch and branch.encode("utf-8"))
    if tip is None:
        return None
    git.init()
    result = _fetch(git, 1, to_text(tip), _IN_THE_WAY % _UNWANTED)
    if result is not None and not os.path.exists(os.path.join(git.repo, _UNWANTED)):
        commits = git.try_run("rev-parse", "FETCH_HEAD", "FETCH_HEAD^{commit}", cwd=git.repo)
        fetched, _, commit = to_text(commits.output).strip().partition("\n")
        if commits.status == 0 and fetched == commit and ref in (branch, commit, commit.upper()):
            return Source(commit, not knows_no_filter(result))
    git.forget()
    return None


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


def _find_commit(git, uri, ref, branch):
    with failing_as(clone_failure(uri, branch)):
        listing = _list_refs(git)
    if listing is not None and not listing.refs:
        raise OsbsException("git repository '%s' is empty" % mask_url(uri))
    with failing_as(clone_failure(uri, branch)):
        return _fetch_listed(git, listing, ref, branch)


def _fetch_listed(git, listing, ref, branch):
    plan = listing and make_plan(listing, ref.encode("utf-8"), branch and branch.encode("utf-8"))
    source = plan and _fetch_shallow(git, plan)
    return source or (listing and _clone_commits(git, ref, branch))


def _fetch(git, depth, *refspecs):
    fetch = ["fetch", "--quiet", "--no-tags", "--depth=%d" % depth, "--filter=blob:none", "origin"]
    result = git.try_run(*(fetch + list(refspecs)), cwd=git.repo)
    if result.status == _USAGE_ERROR:  # a git from before 2.17 does not know filters
        fetch.remove("--filter=blob:none")
        result = git.try_run(*(fetch + list(refspecs)), cwd=git.repo)
    return result if result.status == 0 else None


def _fetch_shallow(git, plan):
    git.init()
    result = _fetch(git, plan.depth, to_text(plan.fetch))
    if result is None:
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
    # As git-checkout does: a local branch, any revision, a branch of the remote. What looks like a
    # full id is never taken for the last.
    candidates = [
        ["show-ref", "--verify", "--hash", "refs/heads/" + ref],
        ["rev-parse", "--verify", "--quiet", ref + "^{commit}"],
    ]
    if not looks_like_full_id(ref):
        candidates.append(["show-ref", "--verify", "--hash", "refs/remotes/origin/" + ref])
    for candidate in candidates:
        result = git.try_run(*candidate, cwd=git.repo)
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
