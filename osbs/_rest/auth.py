"""Which token is sent, and how to get the next one."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import os
import re
import threading

import six
from six.moves import http_client
from six.moves.urllib.parse import parse_qs, urljoin, urlsplit

from osbs._compat import to_text
from osbs._process import PerProcess
from osbs.constants import SERVICEACCOUNT_CACRT, SERVICEACCOUNT_SECRET, SERVICEACCOUNT_TOKEN
from osbs.exceptions import OsbsAuthException, OsbsException, OsbsResponseException
from osbs.http import masked_body
from osbs._redact import mask_text
from osbs._waiting import WAITING
from osbs._rest.retry import TRANSIENT_STATUSES
from osbs._typing import Any  # noqa: F401
from osbs.utils import get_path

logger = logging.getLogger(__name__)

BEARER = "Bearer "
# Asks an OAuth endpoint for a token.
QUERY = "?response_type=token&client_id=openshift-challenging-client"
DISCOVERY = ".well-known/oauth-authorization-server"

_NOT_IN_A_HEADER = re.compile(r"[^\x21-\x7e]")


class Tokens(object):
    """Where the token of a client came from, and how to get the next one.

    A configured token is never replaced. The client's attributes are read when they are needed,
    as callers set them.
    """

    def __init__(self):
        self.from_oauth = None
        self._from_service_account = None
        self._lock = PerProcess(threading.RLock)

    def read_service_account(self):
        # type: () -> Any
        """Return the token of the pod's service account, None or empty if there is none."""
        try:
            with open(
                os.path.join(SERVICEACCOUNT_SECRET, SERVICEACCOUNT_TOKEN), "rb"
            ) as token_file:
                token = six.ensure_str(token_file.read(), errors=str("replace")).rstrip()
        except IOError:
            return None
        self._from_service_account = token or self._from_service_account
        return token

    def current(self, client):
        # type: (Any) -> str
        """Return the token to send now, getting one if there is none yet.

        :param client: Openshift
        :raises OsbsAuthException: there is none, or it cannot be sent
        """
        if client.token is None:
            with self._lock.get():
                if client.token is None:
                    client.get_oauth_token()
        elif client.token == self._from_service_account:
            # Kubernetes writes another one to the file long before the old one expires.
            with self._lock.get():
                client.token = self.read_service_account() or client.token
        if not client.token:
            raise OsbsAuthException("no token: check your credentials")
        if _NOT_IN_A_HEADER.search(to_text(client.token)):
            # The library below would show it in its own message.
            raise OsbsAuthException("the token holds characters that no token can have")
        return client.token

    def can_renew(self, client, used):
        # type: (Any, str) -> bool
        """Tell whether there is, or can be had, another token than one that was refused."""
        return client.token != used or used in (self.from_oauth, self._from_service_account)

    def renew(self, client, used):
        # type: (Any, str) -> None
        """Get another token for one that was refused; of many threads only one asks.

        :param client: Openshift
        :param used: str, the token that was refused
        """
        with self._lock.get():
            if client.token == used:
                logger.info("server refused the token, getting another one", extra=WAITING)
                if used == self.from_oauth:
                    client.get_oauth_token()
                else:
                    client.token = self.read_service_account() or used


def service_account_ca():
    # type: () -> Any
    """Return the path of the pod's CA certificate, None if it cannot be read."""
    path = os.path.join(SERVICEACCOUNT_SECRET, SERVICEACCOUNT_CACRT)
    return path if os.access(path, os.R_OK) else None


def discover(get, root):
    # type: (Any, str) -> Any
    """Ask a server where its OAuth endpoint is.

    :param get: function of a URL, sends a GET without credentials and returns the response
    :param root: str, base of everything on the server
    :return: str, an https URL; None: the server does not say
    """
    response = get(urljoin(root, DISCOVERY))
    if response.status_code != http_client.OK:
        logger.info("no OAuth discovery (%s), using the configured endpoint", response.status_code)
        return None
    endpoint = get_path(response.json(), "authorization_endpoint")
    if _parts_of(to_text(endpoint or "")).scheme != "https":
        raise OsbsAuthException("the server names an OAuth endpoint that is not https")
    return endpoint


def token_of(response, login):
    # type: (Any, Any) -> str
    """Return the token that a response of the OAuth server holds.

    :param response: HttpResponse, of which the header ``location`` counts
    :param login: dict, the arguments of the request that tell who one is
    :return: str; empty if there is no such header
    :raises OsbsAuthException: the OAuth server refused, in its own words
    :raises OsbsResponseException: it fails, and a later attempt may succeed
    """
    status = response.status_code
    if status in TRANSIENT_STATUSES:
        raise OsbsResponseException(masked_body(response.content), status)
    if status >= http_client.BAD_REQUEST:
        raise OsbsAuthException(
            "the OAuth server refused the login (%d)%s" % (status, _words_of(response, login))
        )
    location = response.headers.get("location")
    if not location:
        logger.error("the OAuth server responded with %d without a location", status)
        return ""
    parts = _parts_of(location)
    fragment = parse_qs(parts.fragment)
    for fields in (fragment, parse_qs(parts.query)):
        if "error" in fields:
            words = [fields[key][0] for key in ("error", "error_description") if key in fields]
            raise OsbsAuthException(
                "the OAuth server refused the login: %s" % mask_text(": ".join(words))
            )
    token = get_path(fragment, "access_token", 0)
    if not token:
        raise OsbsAuthException("the OAuth server sent no token")
    return token


def _parts_of(url):
    try:
        return urlsplit(url)
    except ValueError:
        # Its text may hold a token.
        raise OsbsAuthException("the server sent a malformed OAuth URL")


def _words_of(response, login):
    try:
        words = response.json(check=False)
    except OsbsException:
        words = to_text(masked_body(response.content)).strip()
    if isinstance(words, dict):
        keys = ("error", "error_description", "message")
        words = ": ".join(to_text(words[key]) for key in keys if words.get(key))
    # Only the challenge says what is wrong with the credentials.
    challenge = to_text(response.headers.get("www-authenticate") or "")
    if challenge and ("kerberos_auth" in login or not words):
        words = _hint(challenge, login)
    return ": %s" % mask_text(words)[:500] if words else ""


def _hint(challenge, login):
    if "username" in login:
        return "user name or password are wrong"
    if "kerberos_auth" not in login:
        return "there are no credentials that it accepts"
    if "negotiate" not in challenge.lower():
        return "it does not accept Kerberos"
    return "there is no valid Kerberos ticket, or none that it accepts (klist shows what there is)"
