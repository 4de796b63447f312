"""
Users and their tokens: an :class:`Authenticator` identifies the user of a request.

Tokens never appear in ``repr`` or logs.
"""

import copy
import hmac
import secrets
import time
import typing
import uuid

from osbs.sandbox.kinds import errors

PROVIDER = "sandbox"


class Identity(typing.NamedTuple):
    """The user of a request."""

    name: str
    groups: typing.Tuple[str, ...] = ()
    #: False for system:anonymous
    authenticated: bool = True


ANONYMOUS = Identity("system:anonymous", ("system:unauthenticated",), authenticated=False)


def random_text(size):
    """
    Return random text that does not begin with a hyphen, so that no command takes it for an option.

    :param size: int, bytes of randomness
    """
    text = secrets.token_urlsafe(size)
    return random_text(size) if text.startswith("-") else text


#: maximum number of users' tokens; each login makes one
TOKENS = 10000


class Token:
    """
    A bearer token.

    :param user: str, name of its user
    :param expires: float or None, seconds since the epoch
    :param groups: tuple of str
    """

    def __init__(self, user, expires=None, groups=()):
        self.user = user
        self.uid = str(uuid.uuid4())
        self.expires = expires
        self.groups = tuple(groups)
        #: time of the revocation; the token cache accepts the token for a short while after it
        self.revoked = None
        #: the fault that expired this token, or None
        self.fault = None

    def valid(self, now, cache):
        """Return whether the API server accepts it."""
        if self.revoked is not None:
            return now < self.revoked + cache
        return self.expires is None or now < self.expires


class Authenticator:
    """
    Users, their passwords and tokens.

    :param timing: delays.Timing
    :param on_change: callable, called with (token text, Token or None) for the state file
    """

    def __init__(self, timing, on_change=None):
        self._timing = timing
        self._on_change = on_change or (lambda text, token: None)
        self._tokens = {}
        self._issued = 0
        #: user -> password
        self.passwords = {}
        #: user known by certificate -> groups
        self.certificates = {}

    def add_user(self, name, password=None):
        """Add a user; return the password (random if none is given)."""
        self.passwords[name] = password or random_text(16)
        return self.passwords[name]

    def issue(self, user, life=None, groups=(), text=None):
        """
        Issue a token.

        :param life: float or None, seconds; None never expires
        :return: str, the token
        """
        text = text or random_text(32)
        expires = None if life is None else time.time() + life
        token = Token(user, expires, groups)
        self._on_change(text, token)
        self.restore(text, token)
        self._issued += 1
        if self._issued % (TOKENS // 10) == 0:
            self._forget_tokens()
        return text

    def _forget_tokens(self):
        """Delete users' tokens beyond TOKENS, expired ones first."""
        now = time.time()
        expendable = [
            text
            for text, token in self._tokens.items()
            if token.expires is not None or token.revoked is not None
        ]
        expendable.sort(key=lambda text: self._tokens[text].valid(now, self._timing.token_cache))
        for text in expendable[: max(0, len(expendable) - TOKENS)]:
            self._on_change(text, None)
            del self._tokens[text]

    def restore(self, text, token):
        """Add a token from the state file; None removes it."""
        if token is None:
            self._tokens.pop(text, None)
        else:
            self._tokens[text] = token

    def tokens(self):
        """Return (text, Token) pairs of all tokens that have not expired."""
        now = time.time()
        return [
            (text, token)
            for text, token in self._tokens.items()
            if token.valid(now, self._timing.token_cache)
        ]

    def revoke(self, text):
        """
        Delete a token; it stays valid for as long as the token cache keeps it.

        :return: Token or None when there is no such token
        """
        token = self._tokens.get(text)
        if token is None or token.revoked is not None:
            return None
        self._on_change(text, None)
        token.revoked = time.time()
        return token

    def expire_all(self, fault=None, keep=()):
        """
        Expire all tokens of users (service accounts keep theirs).

        :param fault: object or None, whose ``fired`` counts the 401s that follow
        :param keep: collection of str, users whose tokens stay valid
        """
        for text, token in self._tokens.items():
            if token.expires is not None and token.user not in keep:
                expired = copy.copy(token)
                expired.expires, expired.fault = 0.0, fault
                self._on_change(text, expired)
                self._tokens[text] = expired

    def check_password(self, name, password):
        """Return whether a password is correct."""
        expected = self.passwords.get(name)
        return expected is not None and hmac.compare_digest(
            expected.encode("utf-8"), password.encode("utf-8")
        )

    def identify(self, authorization, certificate_user=None):
        """
        Return the Identity of the user who sends a request.

        :param authorization: str, the header (maybe empty)
        :param certificate_user: str or None, common name of a verified client certificate
        :raises errors.ApiError: 401 for an invalid token
        """
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() == "bearer" and text:
            token = self._tokens.get(text.strip())
            if token is None or not token.valid(time.time(), self._timing.token_cache):
                if token is not None and token.fault is not None:
                    token.fault.fired += 1
                raise errors.unauthorized()
            return self.user(token.user, token.groups)
        if certificate_user in self.certificates:
            return self.user(certificate_user, self.certificates[certificate_user])
        return ANONYMOUS

    @staticmethod
    def user(name, groups=()):
        """Return the Identity of an authenticated user."""
        everybody = ("system:authenticated",)
        return Identity(name, tuple(groups) + everybody)


def user_object(name):
    """Return the User that is created by a first login."""
    return {
        "metadata": {"name": name},
        "identities": ["{}:{}".format(PROVIDER, name)],
        "groups": None,
    }


def virtual_user(identity):
    """Return a User object for those without a stored one (service accounts, system:admin)."""
    groups = sorted(group for group in identity.groups if group != "system:authenticated")
    return {"metadata": {"name": identity.name}, "identities": None, "groups": groups}


def service_account_user(namespace, name):
    """Return user name and groups of a service account."""
    return (
        "system:serviceaccount:{}:{}".format(namespace, name),
        ("system:serviceaccounts", "system:serviceaccounts:{}".format(namespace)),
    )


def token_record(token):
    """Return a Token as JSON-like data (None for a revoked one)."""
    return token and [token.user, token.expires, list(token.groups), token.uid]


def token_from(record):
    """Return the Token of a record of the state file."""
    if record is None:
        return None
    token = Token(record[0], record[1], record[2])
    token.uid = record[3]
    return token
