"""
Errors of the API server as exceptions, each with the ``Status`` body that a real master sends.

The functions take a :class:`GroupResource` where the text names a resource, because the legacy API
says ``builds`` and the group API says ``builds.build.openshift.io``.
"""

import re
import typing


class GroupResource(typing.NamedTuple):
    """A resource as error messages name it."""

    #: plural in lower case, maybe with a sub-resource (``builds/log``)
    resource: str
    #: API group, empty for the legacy API
    group: str = ""

    def __str__(self):
        return "{}.{}".format(self.resource, self.group) if self.group else self.resource

    def details(self, name=""):
        """Return the fields name, group and kind of ``details``; without empty ones."""
        pairs = (("name", name), ("group", self.group), ("kind", self.resource))
        return {key: value for key, value in pairs if value}


class ApiError(Exception):
    """
    An error response.

    :param code: int, HTTP status
    :param message: str, text of the Status
    :param reason: str or None, ``reason`` of the Status (left out when None)
    :param details: dict or None
    :param headers: dict or None, additional HTTP headers
    """

    def __init__(self, code, message, reason=None, details=None, headers=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.details = details
        self.headers = dict(headers or {})

    def status(self):
        """Return the Status object, fields in the order of the real server."""
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason is not None:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def success(resource=None, name="", uid=""):
    """Return the Status of a successful DELETE; without arguments it has no details."""
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    if resource is not None:
        status["details"] = dict(resource.details(name), uid=uid)
    return status


def bad_request(message):
    """Return 400 BadRequest."""
    return ApiError(400, message, "BadRequest")


def integer(text):
    """
    Parse a query parameter as Go parses an int64.

    :raises ApiError: 400
    """
    if not re.match(r"[+-]?[0-9]+\Z", text):
        problem = "invalid syntax"
    elif not -(2**63) <= int(text) < 2**63:
        problem = "value out of range"
    else:
        return int(text)
    raise bad_request('strconv.ParseInt: parsing "{}": {}'.format(text, problem))


def unauthorized():
    """Return 401; the API server gives no details."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def forbidden(resource, name, why):
    """Return 403 for a resource (its name may be empty)."""
    subject = str(resource)
    if name and subject:
        subject = '{} "{}"'.format(subject, name)
    prefix = "{} is forbidden".format(subject) if subject else "forbidden"
    message, headers = "{}: {}".format(prefix, why), {"X-Content-Type-Options": "nosniff"}
    return ApiError(403, message, "Forbidden", resource.details(name), headers)


def refused_by_admission(resource, name, why):
    """Return 403 of an admission plug-in, without the header that the authorizer adds."""
    error = forbidden(resource, name, why)
    error.headers.clear()
    return error


def not_found(resource, name):
    """Return 404 NotFound of an object."""
    message = '{} "{}" not found'.format(resource, name)
    return ApiError(404, message, "NotFound", resource.details(name))


def no_such_resource():
    """Return 404 for an unknown path; users without rights get 403."""
    return ApiError(404, "the server could not find the requested resource", "NotFound", {})


def method_not_allowed():
    """Return 405."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, message, "MethodNotAllowed", {})


def already_exists(resource, name):
    """Return 409 AlreadyExists, for a POST."""
    message = '{} "{}" already exists'.format(resource, name)
    return ApiError(409, message, "AlreadyExists", resource.details(name))


MODIFIED = (
    "the object has been modified; please apply your changes to the latest version " "and try again"
)


def conflict(resource, name, why=MODIFIED):
    """Return 409 Conflict, for a PUT with an old resourceVersion."""
    message = 'Operation cannot be fulfilled on {} "{}": {}'.format(resource, name, why)
    return ApiError(409, message, "Conflict", resource.details(name))


def unsupported_media_type(supported):
    """Return 415."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(supported)
    )
    return ApiError(415, message, "UnsupportedMediaType")


class Cause(typing.NamedTuple):
    """The error of one field."""

    #: path of the field
    field: str
    message: str
    #: may be empty
    reason: str = "FieldValueInvalid"

    @classmethod
    def invalid(cls, field, value, why):
        """Return a cause ``Invalid value``; the value is quoted as in Go."""
        shown = '"{}"'.format(value) if isinstance(value, str) else value
        return cls(field, "Invalid value: {}: {}".format(shown, why))

    @classmethod
    def required(cls, field, why=""):
        """Return a cause ``Required value``."""
        return cls(field, "Required value" + (": " + why if why else ""), "FieldValueRequired")

    @classmethod
    def refused(cls, field, why):
        """Return a cause ``Forbidden``."""
        return cls(field, "Forbidden: " + why, "FieldValueForbidden")

    def text(self):
        """Return the text for the Status' message."""
        return "{}: {}".format(self.field, self.message)

    def as_json(self):
        """Return the entry of ``details.causes``."""
        entry = {"reason": self.reason} if self.reason else {}
        entry.update(message=self.message, field=self.field)
        return entry


def invalid(kind, name, causes, group=""):
    """
    Return 422 Invalid.

    :param kind: str, kind (or, for a missing resourceVersion, the resource) of the object
    :param causes: list of Cause; the message has each text once
    """
    texts = list(dict.fromkeys(cause.text() for cause in causes))
    shown = texts[0] if len(texts) == 1 else "[{}]".format(", ".join(texts))
    details = {"name": name, "group": group, "kind": kind}
    details = {key: value for key, value in details.items() if value}
    details["causes"] = [cause.as_json() for cause in causes]
    qualified = "{}.{}".format(kind, group) if group else kind
    message = '{} "{}" is invalid: {}'.format(qualified, name, shown)
    return ApiError(422, message, "Invalid", details)


def internal(message):
    """Return 500 InternalError with its single cause."""
    details = {"causes": [{"message": message}]}
    return ApiError(500, "Internal error occurred: " + message, "InternalError", details)


def expired(message="The resourceVersion for the provided watch is too old."):
    """Return 410; a watch sends it as an ERROR line."""
    return ApiError(410, message, "Expired")
