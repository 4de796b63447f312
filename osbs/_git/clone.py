"""A full clone with one commit checked out."""

from __future__ import absolute_import, print_function, unicode_literals

import sys
from contextlib import contextmanager

import six

from osbs.exceptions import OsbsException, OsbsValidationException
from osbs._git import arguments
from osbs._git.workspace import workspace
from osbs._redact import mask_url


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
        with failing_as(clone_failure(uri, branch)):
            git.clone(branch)
        with failing_as(reset_failure(ref)):
            git.run("reset", "--quiet", "--hard", cwd=git.repo)
            git.run("checkout", "--quiet", ref, "--", cwd=git.repo)
        yield six.ensure_str(git.repo)


def clone_failure(uri, branch):
    # type: (str, str) -> str
    """Return what to say when a repository cannot be cloned."""
    return "Unable to clone git repo '%s' branch '%s'" % (
        mask_url(uri),
        branch and mask_url(branch),
    )


def reset_failure(ref):
    # type: (str) -> str
    """Return what to say when a repository does not have a commit."""
    return "Unable to reset branch to '%s'" % mask_url(ref)


@contextmanager
def failing_as(message):
    """Say what a failure of git means; its own words are in the cause.

    :param message: str
    """
    try:
        yield
    except OsbsValidationException:
        raise
    except OsbsException as ex:
        raise OsbsException(message, cause=ex, traceback=sys.exc_info()[2])
