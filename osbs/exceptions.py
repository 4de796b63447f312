"""Exceptions of the library.

Whatever leaves a public method of ``OSBS`` is an :class:`OsbsException`.
"""

from __future__ import absolute_import, print_function, unicode_literals

from traceback import format_tb

import six

from osbs._compat import exception_text, to_text
from osbs._json import load_json
from osbs._typing import Any, Optional, Text, Union  # noqa: F401

# Python 3 chains exceptions by itself; on 2 the text of the cause is added by hand.
_CHAINS_EXCEPTIONS = hasattr(Exception(), "__context__")


def _rebuild(cls, args, state):
    exception = cls.__new__(cls)
    exception.args = args
    exception.__dict__.update(state)
    return exception


def _shown(message):
    # Python 2 would decode bytes as ASCII and fail on the first other character.
    if six.PY2 and isinstance(message, six.binary_type):
        return to_text(message)
    return exception_text(message)


class OsbsException(Exception):
    """Something that the library was asked for could not be done."""

    def __init__(self, message=None, cause=None, traceback=None):
        # type: (Any, Optional[BaseException], Any) -> None
        """
        :param message: text, what happened; None: the repr of the cause
        :param cause: exception that led to this one, or None
        :param traceback: traceback of the cause, or None
        """
        if message is None and cause is not None:
            message = to_text(repr(cause))
        super(OsbsException, self).__init__(message)
        # None if nobody gave one, which the library always does.
        self.message = message  # type: Text # type: ignore
        self.cause = cause
        self.traceback = traceback
        if _CHAINS_EXCEPTIONS and isinstance(cause, BaseException):
            self.__cause__ = cause

    def __str__(self):
        text = _shown(self.message)
        if self.cause and self.traceback and not _CHAINS_EXCEPTIONS:
            text += "\n\nOriginal traceback (most recent call last):\n%s%s" % (
                to_text(str("").join(format_tb(self.traceback))),
                to_text(repr(self.cause)),
            )
        return text.encode("utf-8") if six.PY2 else text

    def __unicode__(self):
        return _shown(self.message)

    def __repr__(self):
        if _CHAINS_EXCEPTIONS or not self.cause:
            return super(OsbsException, self).__repr__()
        message = six.ensure_str(_shown(self.message))
        return str("%s: %s (from %r)") % (type(self).__name__, message, self.cause)

    def __reduce__(self):
        # A traceback cannot be pickled, and of the cause only what can.
        state = dict(self.__dict__, traceback=None)
        state["cause"] = _picklable(self.cause)
        return _rebuild, (type(self), self.args, state)


def _picklable(cause):
    import pickle

    try:
        pickle.loads(pickle.dumps(cause))  # noqa: S301 - pickled by this process
    except Exception:  # whatever a foreign exception does, this one must travel
        return None
    return cause


class OsbsResponseException(OsbsException):
    """The response has an error status.

    ``message`` is the server's sentence if the body is JSON that has one, else the whole body;
    ``body`` is the whole body in any case.
    """

    def __init__(self, message, status_code, *args, **kwargs):
        # type: (Any, int, Any, Any) -> None
        """
        :param message: text or bytes, the body of the answer (often a Status object in JSON)
        :param status_code: int, HTTP status of the answer
        """
        self.body = _body_text(message)  # type: Text
        self.json = _decoded_json(self.body)  # type: Any
        sentence = self.json.get("message") if isinstance(self.json, dict) else None
        if not (sentence and isinstance(sentence, six.text_type)):
            sentence = self.body
        super(OsbsResponseException, self).__init__(sentence, *args, **kwargs)
        self.status_code = status_code


def _body_text(body):
    if not isinstance(body, six.binary_type):
        return body
    # Imported here: `import osbs.exceptions` must stay light for the command line.
    from requests.utils import guess_json_utf

    return body.decode(guess_json_utf(body) or "utf-8", "replace")


def _decoded_json(text):
    try:
        return load_json(text)
    except (TypeError, ValueError):
        return None


class OsbsNetworkException(OsbsException):
    """A request failed in transport after all retries."""

    def __init__(self, url, message, status_code, *args, **kwargs):
        # type: (Text, Any, Union[int, Text, None], Any, Any) -> None
        """
        :param url: str, what was asked for
        :param message: text, what happened
        :param status_code: int, None, or '' for time-outs and exhausted retries
        """
        shown = to_text(message) if isinstance(message, six.binary_type) else _shown(message)
        text = "(%s) %s" % (status_code, shown)
        super(OsbsNetworkException, self).__init__(text, *args, **kwargs)
        self.url = url
        self.status_code = status_code


class OsbsAuthException(OsbsException):
    """Credentials are missing, incomplete or refused."""


class OsbsValidationException(OsbsException):
    """Input or configuration is wrong."""


class OsbsOrchestratorNotEnabled(OsbsValidationException):
    """An orchestrator build was asked for, but ``can_orchestrate`` is off."""


class OsbsWatchBuildNotFound(OsbsException):
    """A watch ended without the build that was waited for."""


class OsbsWaitTimeout(OsbsException):
    """What was waited for did not happen in time."""
