"""Fetches a few files of one commit, whatever the size of the repository.

Two ways: the tip of the branch, without history, if that is the commit that is wanted; else all
commits, but without files, where the server can leave them out. Both give what a clone has.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os
import re
from collections import namedtuple
from contextlib import contextmanager

from osbs._compat import to_text
from osbs.exceptions import OsbsException
from osbs._git import arguments
from osbs._git.clone import clone_failure, failing_as, reset_failure
from osbs._git.process import GitLimitExceeded
from osbs._git.tree import FILE, NO_FILE, OUTSIDE, Tree
from osbs._git.workspace import workspace
from osbs._redact import mask_url

_FULL_ID = re.compile(r"[0-9a-fA-F]{40}\Z")

# commit: str, object id. is_partial: bool, its files may still be on the server only.
Source = namedtuple("Source", "commit is_partial")


@contextmanager
def fetched_files(uri, ref, branch, names, max_size):
    """Fetch files from the top of a repository.

    What must not be read is there as something that ``read_repo_file`` refuses: a link that leaves
    the repository as another such link, a directory or a submodule as a directory.

    :param uri: str
    :param ref: str: id of a commit, tag, branch, or ``origin/<branch>``
    :param branch: str or None
    :param names: list of str; what the repository does not have is left out
    :param max_size: int, bytes; larger files are cut at one byte more
    :return: context manager of a directory with the files
    :raises OsbsException: the repository cannot be reached, is empty, or has no such commit
    :raises OsbsValidationException: an argument that git must not get
    """
    ref, branch = arguments.checked_text(ref, "ref"), arguments.checked_branch(branch)
    with workspace(uri) as git:
        for objects in ("blob:none", None):
            source = _fetch_tip(git, uri, ref, branch, objects)
            source = source or _clone_commits(git, uri, ref, branch, objects)
            try:
                with failing_as(clone_failure(uri, branch)):
                    directory = _extract(git, source, names, max_size)
                break
            except OsbsException as ex:
                # Some servers know filters, but do not send single files afterwards.
                if not source.is_partial or isinstance(ex.cause, GitLimitExceeded):
                    raise
                git.remove_repository()
        yield directory


def _fetch_tip(git, uri, ref, branch, objects):
    # The branch itself and HEAD win over all other names, and so does any full id.
    is_tip = ref in (branch, "HEAD")
    if not (is_tip or _FULL_ID.match(ref)) or re.search("[:*]", branch or ""):
        return None
    tip = "refs/heads/" + branch if branch else "HEAD"
    fetch = "fetch", "--quiet", "--no-tags", "--depth=1", "origin", tip
    with failing_as(clone_failure(uri, branch)):
        git.init()
        result, is_partial = git.try_filtered(objects, *fetch, cwd=git.repo)
        if result.status == 0:
            commit = to_text(git.run("rev-parse", "FETCH_HEAD^{commit}", cwd=git.repo)).strip()
            if is_tip or ref.lower() == commit:
                return Source(commit, is_partial)
    git.remove_repository()
    return None


def _clone_commits(git, uri, ref, branch, objects):
    with failing_as(clone_failure(uri, branch)):
        is_partial = git.clone(branch, objects)
    commit = _resolve(git, ref)
    # An id that is not there is asked of the server, which may give out what no clone has.
    if commit and git.run("for-each-ref", "--count=1", "--contains", commit, cwd=git.repo):
        return Source(commit, is_partial)
    if not git.run("for-each-ref", "--count=1", cwd=git.repo):
        raise OsbsException("git repository '%s' is empty" % mask_url(uri))
    with failing_as(reset_failure(ref)):
        raise OsbsException("no branch and no tag leads to such a commit")


def _resolve(git, ref):
    # As git-checkout does: a local branch, any revision, a branch of the remote; a full id is
    # nothing else.
    revision = ["rev-parse", "--verify", "--quiet", ref + "^{commit}"]
    named = ["show-ref", "--verify", "--hash"]
    candidates = [named + ["refs/heads/" + ref], revision, named + ["refs/remotes/origin/" + ref]]
    for candidate in [revision] if _FULL_ID.match(ref) else candidates:
        result = git.try_run(*candidate, cwd=git.repo)
        if result.status == 0:
            return to_text(result.output.strip())
    return None


def _extract(git, source, names, max_size):
    tree = Tree(git, source.commit, names)
    found = [(name, tree.find(name)) for name in names]
    ids = [about.object_id for _, about in found if about.kind == FILE]
    if source.is_partial and ids:
        git.run("fetch", "--quiet", "--no-tags", "origin", *ids, cwd=git.repo)
    directory = git.make_directory("files")
    for name, about in found:
        path = os.path.join(directory, name)
        if about.kind == FILE:
            with io.open(path, "wb") as extracted:
                extracted.write(tree.read(about.object_id, max_size + 1))
        elif about.kind == OUTSIDE:
            os.symlink(os.sep, path)
        elif about.kind == NO_FILE:
            os.mkdir(path)
    return directory
