"""Tells what a clone would check out, from the list of a repository's refs alone.

The rules are those of gitrevisions(7) and git-checkout(1): a local branch wins, then an object
id, then the first ref of six patterns, then an abbreviated id, then a branch of the remote. A
clone has one local branch: the one that it was asked for, else that of the remote's HEAD.
"""

from __future__ import absolute_import, print_function, unicode_literals

import re
from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from typing import Optional  # noqa: F401


def _pattern(text, flags=0):
    return re.compile(text.encode("latin-1"), flags)


_OBJECT_ID = _pattern(r"[0-9a-f]{40}\Z")
_FULL_ID = _pattern(r"[0-9A-Fa-f]{40}\Z")
# What may be an abbreviated id, also at the end of what `git describe` says.
_MAYBE_ID = _pattern(r"(?:.*-g)?[0-9A-Fa-f]{4,40}\Z", re.DOTALL)
# What git takes for nothing but a name: no operators such as ~ ^ : @{ and no patterns.
_PLAIN_NAME = _pattern(r"[0-9A-Za-z_\x80-\xff][0-9A-Za-z_./+#=,%\x80-\xff-]*\Z")
_PATTERNS = (
    b"%s",
    b"refs/%s",
    b"refs/tags/%s",
    b"refs/heads/%s",
    b"refs/remotes/%s",
    b"refs/remotes/%s/HEAD",
)
_HEADS, _TAGS, _REMOTE = b"refs/heads/", b"refs/tags/", b"refs/remotes/origin/"
# It is in the way of what a clone calls origin/HEAD.
_NO_BRANCH = _pattern(r"refs/heads/HEAD(/|\Z)")
_PSEUDO_REF = _pattern(r"[A-Z_]+_HEAD\Z")
# How far behind its branch's tip a commit is looked for before all history is fetched.
_RECENT = 64

# refs: dict of name -> object id. peeled: dict of object id of a tag -> id of what it tags.
# head: name of the branch that HEAD is, or None.
Listing = namedtuple("Listing", "refs peeled head")

# fetch: object id to fetch. commit: id of the commit that is wanted. depth: int, commits.
Plan = namedtuple("Plan", "fetch commit depth")


def parse_listing(output):
    # type: (bytes) -> Listing
    """Parse what ``git ls-remote --symref`` says.

    :param output: bytes
    :return: Listing
    """
    refs = {}  # type: dict
    peeled = {}  # type: dict
    head = None
    for line in output.split(b"\n"):
        left, _, name = line.partition(b"\t")
        if left.startswith(b"ref: ") and name == b"HEAD":
            head = left[len(b"ref: ") :]
        elif name.endswith(b"^{}"):
            peeled[refs.get(name[: -len(b"^{}")])] = left
        elif name:
            refs[name] = left
    return Listing(refs, peeled, head)


def looks_like_full_id(ref):
    # type: (str) -> bool
    """Tell whether git takes a text for an object id without looking."""
    return bool(_FULL_ID.match(ref.encode("utf-8")))


def likely_tip(ref, branch):
    # type: (bytes, bytes) -> Optional[bytes]
    """Name the ref whose tip most likely is what a clone would check out.

    The branch itself, and any full id, win over all other names: no list of refs is needed to know
    that a tip is the commit that is wanted. Builds are mostly made of a branch's newest commit.

    :param ref: bytes
    :param branch: bytes or None
    :return: bytes; None when only the list of refs can tell
    """
    if not branch or not _PLAIN_NAME.match(branch) or _PSEUDO_REF.match(ref):
        return None
    return _HEADS + branch if ref == branch or _FULL_ID.match(ref) else None


def make_plan(listing, ref, branch):
    # type: (Listing, bytes, bytes) -> Optional[Plan]
    """Tell what to fetch to have the commit that a clone would check out.

    :param listing: Listing
    :param ref: bytes
    :param branch: bytes or None
    :return: Plan; None when only a clone can tell
    """
    clone = _refs_of_clone(listing, branch)
    if clone is None or not _PLAIN_NAME.match(ref) or _PSEUDO_REF.match(ref):
        return None
    if _HEADS + ref in clone:
        return _plan(listing, clone[_HEADS + ref])
    if _FULL_ID.match(ref):
        return _plan_of_id(listing, clone, ref.lower())
    for pattern in _PATTERNS:
        if pattern % ref in clone:
            return _plan(listing, clone[pattern % ref])
    if not _MAYBE_ID.match(ref) and _REMOTE + ref in clone:
        return _plan(listing, clone[_REMOTE + ref])
    return None


def _plan(listing, object_id):
    if object_id is None or not _OBJECT_ID.match(object_id):
        return None
    return Plan(object_id, listing.peeled.get(object_id, object_id), 1)


def _plan_of_id(listing, clone, object_id):
    # A server may give out commits that no branch or tag leads to; a clone does not have them.
    for known in clone.values():
        if known and object_id in (known, listing.peeled.get(known)):
            return _plan(listing, known)
    tip = _plan(listing, clone[b"HEAD"])
    return tip and tip._replace(commit=object_id, depth=_RECENT)


def _refs_of_clone(listing, branch):
    # None: the clone fails, or git would have to guess.
    refs, head = listing.refs, listing.head
    if any(_NO_BRANCH.match(name) for name in refs) or (head and head not in refs):
        return None
    clone = _remote_refs_of_clone(listing)
    local = _HEADS + branch if branch else head
    if local in refs:
        clone[local] = clone[b"HEAD"] = refs[local]
    elif branch and _TAGS + branch in refs:
        clone[b"HEAD"] = refs[_TAGS + branch]
    else:
        return None
    return clone


def _remote_refs_of_clone(listing):
    clone = {}
    for name, value in listing.refs.items():
        if name.startswith(_TAGS):
            clone[name] = value
        elif name.startswith(_HEADS):
            clone[_REMOTE + name[len(_HEADS) :]] = value
    if b"HEAD" in listing.refs:
        # None: git guesses which branch a HEAD stands for that is no symbolic ref.
        clone[_REMOTE + b"HEAD"] = listing.refs[b"HEAD"] if listing.head else None
    return clone
