"""Fetches a few files of one commit, whatever the size of the repository.

Two ways: the tip of the branch, without history, if that is the commit that is wanted; else all
commits, but without files, where the server can leave them out. Both give what a clone has.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os
import re
import sys
from contextlib import contextmanager

import six

from osbs._compat import to_text
from osbs.exceptions import OsbsException, OsbsValidationException
from osbs._git import arguments
from osbs._git.process import GitLimitExceeded
from osbs._git.tree import FILE, NO_FILE, OUTSIDE, Tree
from osbs._git.workspace import workspace
from osbs._redact import mask_url
from osbs.repo_utils import MAX_FILE_SIZE, REPO_FILES

_FULL_ID = re.compile(r"[0-9a-fA-F]{40}\Z")
_NO_CLONE = "Unable to clone git repo '%s' branch '%s'"
_NO_COMMIT = "Unable to reset branch to '%s'"


@contextmanager
def full_checkout(uri, ref, branch=None):
    """Clone a repository and check out a commit, as ``git clone; git checkout`` do.

    :param uri: str
    :param ref: str, whatever ``git checkout`` takes in a clone
    :param branch: str or None
    :return: context manager of the path of the clone
    :raises OsbsException: git cannot clone the repository, or check out the ref
    :raises OsbsValidationException: an argument that git must not get
    """
    ref, branch = arguments.checked_text(ref, "ref"), arguments.checked_branch(branch)
    with workspace(uri) as git:
        with _failing_as(_NO_CLONE, uri, branch):
            git.clone(branch)
        with _failing_as(_NO_COMMIT, ref):
            git.run("reset", "--quiet", "--hard", cwd=git.repo)
            git.run("checkout", "--quiet", ref, "--", cwd=git.repo)
        yield six.ensure_str(git.repo)


@contextmanager
def fetched_files(uri, ref, branch):
    """Fetch the files of a repository that are read; those that it does not have are left out.

    What must not be read is there as something that ``read_repo_file`` refuses: a link that leaves
    the repository as another such link, a directory or a submodule as a directory.

    :param uri: str
    :param ref: str: id of a commit, tag, branch, or ``origin/<branch>``
    :param branch: str or None
    :return: context manager of a directory with the files; what is larger than MAX_FILE_SIZE is cut
        at one byte more
    :raises OsbsException: the repository cannot be reached, is empty, or has no such commit
    :raises OsbsValidationException: an argument that git must not get
    """
    ref, branch = arguments.checked_text(ref, "ref"), arguments.checked_branch(branch)
    with workspace(uri) as git:
        for filters in (["--filter=blob:none"], []):
            try:
                with _failing_as(_NO_CLONE, uri, branch):
                    commit = _fetch_tip(git, ref, branch, filters)
                    if not commit:
                        git.clone(branch, *filters)
                        commit = _resolve(git, ref)
                    directory = commit and _extract(git, commit, filters)
                break
            except OsbsException as ex:
                # An old git knows no filters; some servers do, but send no single files afterwards.
                if not filters or isinstance(ex.cause, GitLimitExceeded):
                    raise
                git.remove_repository()
        if not commit:
            if not git.run("for-each-ref", "--count=1", cwd=git.repo):
                raise OsbsException("git repository '%s' is empty" % mask_url(uri))
            with _failing_as(_NO_COMMIT, ref):
                raise OsbsException("no branch and no tag leads to such a commit")
        yield directory


@contextmanager
def _failing_as(message, *names):
    # Says what a failure of git means; its own words are in the cause, and the line of them that
    # tells most is the attribute ``reason`` of the exception.
    try:
        yield
    except OsbsValidationException:
        raise
    except OsbsException as ex:
        shown = tuple(name and mask_url(name) for name in names)
        failure = OsbsException(message % shown, cause=ex, traceback=sys.exc_info()[2])
        failure.reason = _reason(ex.message)
        raise failure


def _reason(text):
    # git ends with advice when it cannot reach a repository: the first line says why.
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("fatal: ")]
    return (fatal or lines[-1:] or [""])[0].replace("fatal: ", "", 1)


def _fetch_tip(git, ref, branch, filters):
    # The branch itself and HEAD win over all other names, and so does any full id.
    is_tip = ref in (branch, "HEAD")
    if not (is_tip or _FULL_ID.match(ref)) or re.search("[:*]", branch or ""):
        return None
    tip = "refs/heads/" + branch if branch else "HEAD"
    options = ["--quiet", "--no-tags", "--depth=1"] + filters
    git.init()
    if git.try_run("fetch", *(options + ["origin", tip]), cwd=git.repo).status == 0:
        commit = to_text(git.run("rev-parse", "FETCH_HEAD^{commit}", cwd=git.repo)).strip()
        if is_tip or ref.lower() == commit:
            return commit
    git.remove_repository()
    return None


def _resolve(git, ref):
    # As git-checkout does: a local branch, any revision, a branch of the remote; a full id is
    # nothing else.
    names = ["refs/heads/" + ref, ref, "refs/remotes/origin/" + ref]
    for name in [ref] if _FULL_ID.match(ref) else names:
        revision = "rev-parse", "--verify", "--quiet", name + "^{commit}"
        result = git.try_run(*revision, cwd=git.repo)
        commit = to_text(result.output).strip()
        reachable = "for-each-ref", "--count=1", "--contains", commit
        # An id that is not there is asked of the server, which may give out what no clone has.
        if result.status == 0 and git.run(*reachable, cwd=git.repo):
            return commit
    return None


def _extract(git, commit, filters):
    tree = Tree(git, commit, REPO_FILES)
    found = [(name, tree.find(name)) for name in REPO_FILES]
    ids = [about.object_id for _, about in found if about.kind == FILE]
    if filters and ids:
        git.run("fetch", "--quiet", "--no-tags", "origin", *ids, cwd=git.repo)
    directory = os.path.join(git.repo, "files")
    os.mkdir(directory)
    for name, about in found:
        path = os.path.join(directory, name)
        if about.kind == FILE:
            with io.open(path, "wb") as extracted:
                extracted.write(tree.read(about.object_id, MAX_FILE_SIZE + 1))
        elif about.kind == OUTSIDE:
            os.symlink(os.sep, path)
        elif about.kind == NO_FILE:
            os.mkdir(path)
    return directory
