"""The keywords of ``OSBS.create_*_build``, in one table.

From it come the checks of what callers pass, the text of ``help()``, the signatures that editors
show at run time, and, held against it by tests, ``osbs/api.pyi`` and the table of ``docs/api.md``.
"""

from __future__ import absolute_import, print_function, unicode_literals

import functools
import logging
import textwrap
from collections import namedtuple

import six

from osbs._redact import mask_text, mask_uri
from osbs.exceptions import OsbsValidationException

logger = logging.getLogger(__name__)

# wanted: the type as people read it; annotation: as a class; accepts: function of a value.
Kind = namedtuple("Kind", "wanted annotation accepts")
Keyword = namedtuple("Keyword", "name kind meaning")

_TEXTS = (six.text_type, six.binary_type)
_CONTAINERS = (list, tuple, set, frozenset, dict)


def _is_text(value):
    return isinstance(value, six.string_types)


def _is_number(value):
    if isinstance(value, _TEXTS):
        try:
            return int(value) >= 0
        except ValueError:
            return False
    return isinstance(value, six.integer_types) and not isinstance(value, bool)


def _is_list_of(is_item):
    return lambda value: isinstance(value, (list, tuple)) and all(is_item(item) for item in value)


# Callers have texts, numbers and stand-ins of their own: what cannot work is refused, nothing else.
TEXT = Kind("str", str, lambda value: not isinstance(value, _CONTAINERS))
FLAG = Kind("bool", bool, lambda value: not isinstance(value, _TEXTS + _CONTAINERS))
NUMBER = Kind("int", int, _is_number)
TEXT_LIST = Kind("list of str", list, _is_list_of(_is_text))
NUMBER_LIST = Kind("list of int", list, _is_list_of(_is_number))
MAPPING = Kind("dict", dict, lambda value: isinstance(value, dict))

# Those that may be given by position, in this order: the parameters of _do_create_prod_build.
_POSITIONAL = (
    Keyword("git_uri", TEXT, "URI of the git repository"),
    Keyword("git_ref", TEXT, "commit, tag or branch to build"),
    Keyword("git_branch", TEXT, "branch of the commit; with the repository it names a build"),
    Keyword("user", TEXT, "user, the first part of the image's name"),
    Keyword("component", TEXT, "without effect: the Dockerfile's label names the component"),
    Keyword("target", TEXT, "Koji build target"),
    Keyword("architecture", TEXT, "architecture of an image that is built for one only"),
    Keyword("yum_repourls", TEXT_LIST, "URLs of yum repository files to use in the build"),
    Keyword("koji_task_id", NUMBER, "Koji task that asks for the build"),
    Keyword("scratch", FLAG, "make a scratch build, which is not imported into Koji"),
    Keyword("platform", TEXT, "platform to build for, of worker builds"),
    Keyword("platforms", TEXT_LIST, "platforms to build for, of orchestrator builds"),
    Keyword("build_type", TEXT, "orchestrator or worker, which the methods of these names set"),
    Keyword("release", TEXT, "release of the image; worker and isolated builds need it"),
    Keyword("inner_template", TEXT, "file name of the template of the plugins"),
    Keyword("outer_template", TEXT, "file name of the template of the BuildConfig"),
    Keyword("customize_conf", TEXT, "file name of the site's changes to the plugins"),
    Keyword("arrangement_version", NUMBER, "version of the templates, 1 to 6"),
    Keyword("filesystem_koji_task_id", NUMBER, "Koji task that made a base image's file system"),
    Keyword("koji_upload_dir", TEXT, "directory below Koji's work directory to upload to"),
    Keyword("is_auto", FLAG, "the build is an automatic rebuild"),
    Keyword("koji_parent_build", TEXT, "NAME-VERSION-RELEASE of the parent image's Koji build"),
    Keyword("isolated", FLAG, "make an isolated build, which changes no floating tags"),
    Keyword("flatpak", FLAG, "make a Flatpak from a module"),
    Keyword("signing_intent", TEXT, "signing intent of the composes of ODCS"),
    Keyword("compose_ids", NUMBER_LIST, "composes of ODCS to use instead of new ones"),
    Keyword("reactor_config_override", MAPPING, "used in place of the reactor config map"),
)
_NAMED = (
    Keyword("skip_build", FLAG, "start nothing and return None"),
    Keyword("triggered_after_koji_task", NUMBER, "Koji task after which this rebuild is started"),
    Keyword("dependency_replacements", TEXT_LIST, "what replaces dependencies of the image"),
    Keyword("operator_csv_modifications_url", TEXT, "URL of changes to an operator's CSV"),
    Keyword("userdata", MAPPING, "what the submitter wants to be kept with the build"),
    # What callers of older releases pass.
    Keyword("tag", TEXT, "without effect: the build names its image"),
    Keyword("git_push_url", TEXT, "without effect: nothing is pushed to the repository"),
    # What orchestrator builds pass on to their workers.
    Keyword("koji_target", TEXT, "without effect: only orchestrator builds tag in Koji"),
    Keyword("reactor_config_map", TEXT, "without effect: the setting of this name decides"),
)
KEYWORDS = _POSITIONAL + _NAMED
REQUIRED = ("git_uri", "git_ref", "git_branch", "user")
_BY_NAME = {keyword.name: keyword for keyword in KEYWORDS}


def takes_build_keywords(required=(), without=(), by_position=False):
    """Decorate a method of ``OSBS`` that starts a build: its keywords are shown and checked.

    :param required: iterable of str, keywords that it needs besides ``REQUIRED``
    :param without: iterable of str, keywords that it does not show
    :param by_position: bool, it takes positional arguments
    :return: decorator; the method raises OsbsValidationException for a value that cannot work and
        logs a warning for each unknown keyword
    """
    required = REQUIRED + tuple(required)

    def decorate(func):
        @functools.wraps(func)
        def checked(self, *args, **kwargs):
            check_values(func.__name__, args, kwargs)
            return func(self, *args, **kwargs)

        shown = [keyword for keyword in KEYWORDS if keyword.name not in without]
        checked.__doc__ = _documented(func.__doc__ or "", shown, required)
        checked.__wrapped__ = _Shown(shown, required, by_position)
        return checked

    return decorate


def _documented(doc, shown, required):
    first, _, rest = doc.partition("\n")
    before, mark, after = textwrap.dedent(rest).partition(":return:")
    parameters = [
        ":param %s: %s%s, %s"
        % (name, kind.wanted, ", required" if name in required else "", meaning)
        for name, kind, meaning in shown
    ]
    return "%s\n%s%s\n%s%s" % (first, before, "\n".join(parameters), mark, after)


class _Shown(object):
    """What ``inspect.signature`` finds behind a decorated method: the signature that is shown.

    Made when somebody asks, as inspect is slow to import; on Python 2 nobody does.
    """

    def __init__(self, keywords, required, by_position):
        self._keywords = keywords
        self._required = required
        self._by_position = by_position

    @property
    def __signature__(self):
        from inspect import Parameter, Signature

        parameters = [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)]
        for keyword in self._keywords:
            positional = self._by_position and keyword in _POSITIONAL
            parameters.append(
                Parameter(
                    keyword.name,
                    Parameter.POSITIONAL_OR_KEYWORD if positional else Parameter.KEYWORD_ONLY,
                    default=Parameter.empty if keyword.name in self._required else None,
                    annotation=keyword.kind.annotation,
                )
            )
        return Signature(parameters + [Parameter("kwargs", Parameter.VAR_KEYWORD)])


def check_values(method, args, kwargs):
    # type: (str, tuple, dict) -> None
    """Warn of each unknown keyword, and refuse values that cannot work; nothing may be None.

    :param method: name of the method, for the warning
    :param args: what was given by position, in the order of the table
    :raises OsbsValidationException: naming keyword, what was found and what is wanted
    """
    for name in sorted(set(kwargs) - set(_BY_NAME)):
        logger.warning("%s: unknown keyword %s is ignored%s", method, name, _suggestion(name))
    by_position = [(keyword.name, value) for keyword, value in zip(_POSITIONAL, args)]
    for name, value in by_position + sorted(kwargs.items()):
        # What is empty counts as not given.
        kind = _BY_NAME[name].kind if name in _BY_NAME and value else None
        if kind is not None and not kind.accepts(value):
            raise OsbsValidationException(
                "%s: found %s, wanted %s" % (name, _shown(value, kind), kind.wanted)
            )


def _suggestion(name):
    import difflib  # slow to import, needed for mistakes only

    near = difflib.get_close_matches(name, _BY_NAME, 1)
    return "; did you mean %s?" % near[0] if near else ""


def _shown(value, kind):
    # Not what is in it where that may be secret.
    if isinstance(value, _CONTAINERS):
        return "a %s" % type(value).__name__
    if isinstance(value, _TEXTS):
        text = " ".join(mask_text(mask_uri(value), limit=100).split())
        return "a text" if kind is MAPPING else "the text '%s'" % text
    return mask_text(repr(value), limit=100)


def names_missing_keywords(func):
    """Decorate ``_do_create_prod_build``: a missing argument is named as the caller knows it."""

    @functools.wraps(func)
    def called(self, *args, **kwargs):
        given = set(kwargs).union(keyword.name for keyword, _ in zip(_POSITIONAL, args))
        missing = [_BY_NAME[name] for name in REQUIRED if name not in given]
        if missing:
            raise OsbsValidationException(
                "missing keyword of a build: %s"
                % ", ".join("%s (%s)" % (keyword.name, keyword.meaning) for keyword in missing)
            )
        return func(self, *args, **kwargs)

    return called
