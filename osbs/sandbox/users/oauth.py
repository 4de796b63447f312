"""
The OAuth server: logs users in at ``/oauth/authorize`` and issues tokens.

``OAuth.negotiator`` accepts Kerberos tickets.
"""

import base64
import secrets
import typing
from urllib.parse import urlencode

CHALLENGING_CLIENT = "openshift-challenging-client"


class Negotiated(typing.NamedTuple):
    """Result of one step of a Negotiate exchange."""

    #: None when another step is needed or the ticket is refused
    user: typing.Optional[str] = None
    #: token for the header WWW-Authenticate
    reply: typing.Optional[bytes] = None


class Negotiator:
    """Interface of an acceptor for ``Authorization: Negotiate``."""

    async def step(self, data):
        """
        Process a token of the client.

        :param data: bytes, the decoded token
        :return: Negotiated
        """
        raise NotImplementedError


def parse_basic(authorization):
    """Return (user, password) of a header ``Authorization: Basic``, or None."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(text, validate=True).decode("utf-8")
    except ValueError:
        return None
    user, colon, password = decoded.partition(":")
    return (user, password) if colon else None


class OAuthResponse:
    """
    Response of the OAuth server.

    :param code: int, HTTP status
    :param headers: list of (name, value)
    :param body: dict (JSON), str (text) or None
    """

    def __init__(self, code, headers=(), body=None):
        self.code = code
        self.headers = list(headers)
        self.body = body


_NO_CACHE = [
    ("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"),
    ("Expires", "Fri, 01 Jan 1990 00:00:00 GMT"),
    ("Pragma", "no-cache"),
]

_SCOPES = ("user:full", "user:info", "user:check-access")

_DESCRIPTIONS = {
    "server_error": "The authorization server encountered an unexpected condition that prevented "
    "it from fulfilling the request.",
    "unauthorized_client": "The client is not authorized to request a token using this method.",
    "unsupported_response_type": "The authorization server does not support obtaining a token "
    "using this method.",
    "invalid_scope": '[0]: Invalid value: "{}": no scope handler found',
}

_CSRF_HINT = "A non-empty X-CSRF-Token header is required to receive basic-auth challenges"


class OAuth:
    """
    Handle ``GET /oauth/authorize`` for client ``openshift-challenging-client``.

    :param authenticator: Authenticator
    :param timing: delays.Timing
    """

    def __init__(self, authenticator, timing):
        self._authenticator = authenticator
        self._timing = timing
        #: Negotiator or None
        self.negotiator = None

    async def authorize(self, query, headers, base):
        """
        Handle an authorization request.

        :param query: mapping, query parameters
        :param headers: mapping, request headers (names in any case)
        :param base: str, URL of the server without trailing slash
        :return: tuple, OAuthResponse and the user's name (None without a login)
        """
        client = query.get("client_id")
        if client != CHALLENGING_CLIENT:
            return _refusal("server_error" if client is None else "unauthorized_client"), None
        landing = base + "/oauth/token/implicit"
        if query.get("response_type") != "token":
            return _error(landing, "unsupported_response_type", cookie=False), None
        user, reply = await self._log_in(headers.get("Authorization", ""))
        if user is None:
            return self._challenge(headers, reply), None
        scope = query.get("scope", "user:full")
        if scope not in _SCOPES:
            return _error(landing, "invalid_scope", scope), user
        token = self._authenticator.issue(user, self._timing.token_life)
        parameters = [
            ("access_token", token),
            ("expires_in", str(int(self._timing.token_life))),
            ("scope", scope),
            ("token_type", "Bearer"),
        ]
        response = _redirect(landing + "#", parameters)
        if reply is not None:
            response.headers.append(_negotiate(reply))
        return response, user

    async def _log_in(self, authorization):
        basic = parse_basic(authorization)
        if basic is not None:
            return (basic[0] if self._authenticator.check_password(*basic) else None), None
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() == "negotiate" and self.negotiator is not None:
            try:
                data = base64.b64decode(text, validate=True)
            except ValueError:
                return None, None
            outcome = await self.negotiator.step(data)
            return outcome.user, outcome.reply
        return None, None

    def _challenge(self, headers, reply):
        response = OAuthResponse(401)
        if self.negotiator is not None:
            response.headers.append(_negotiate(reply))
        if headers.get("X-CSRF-Token"):
            response.headers.append(("WWW-Authenticate", 'Basic realm="openshift"'))
        elif self.negotiator is None:
            response.headers.append(("Warning", '199 Origin "{}"'.format(_CSRF_HINT)))
            response.body = _CSRF_HINT + "\n"
        return response


def _negotiate(reply):
    value = "Negotiate"
    if reply:
        value += " " + base64.b64encode(reply).decode("ascii")
    return "WWW-Authenticate", value


def _refusal(error):
    body = {"error": error, "error_description": _DESCRIPTIONS[error]}
    return OAuthResponse(400, _NO_CACHE, body)


def _error(landing, error, about="", cookie=True):
    description = _DESCRIPTIONS[error].format(about)
    return _redirect(landing + "?", [("error", error), ("error_description", description)], cookie)


def _redirect(target, parameters, cookie=True):
    headers = _NO_CACHE + [("Location", target + urlencode(parameters))]
    if cookie:
        headers.append(
            ("Set-Cookie", "ssn={}; Path=/; HttpOnly; Secure".format(secrets.token_urlsafe(24)))
        )
    return OAuthResponse(302, headers)
