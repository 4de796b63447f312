"""
Accept Kerberos tickets (``Authorization: Negotiate``) with a keytab.

Needs the package gssapi, which comes with the extra ``osbs-client[kerberos]``; it is imported when
an acceptor is made.
"""

import logging
import os

from osbs.sandbox.users import oauth

logger = logging.getLogger(__name__)


class KerberosNegotiator(oauth.Negotiator):
    """
    Authenticate users who have a ticket for a service of a keytab.

    The principal ``user@REALM`` becomes user ``user``; ``user/host@REALM`` becomes ``user-host``,
    because a user name must not contain a slash.

    :param keytab: str, path of the keytab with the keys of ``HTTP/127.0.0.1`` or ``HTTP/localhost``
    :raises ValueError: gssapi is missing, or the keytab cannot be used
    """

    def __init__(self, keytab):
        try:
            import gssapi
        except (ImportError, OSError) as exc:  # OSError: a C library is missing
            raise ValueError(
                "{}; to accept Kerberos install osbs-client[kerberos]".format(exc)
            ) from None
        self._gssapi = gssapi
        # For GSSAPI a missing file is an empty keytab.
        if not os.access(keytab, os.R_OK):
            raise ValueError("cannot read the keytab {}".format(keytab))
        try:
            self._credentials = gssapi.Credentials(
                usage="accept", store={"keytab": "FILE:" + keytab, "rcache": "none:"}
            )
        except gssapi.exceptions.GSSError as exc:
            raise ValueError("cannot use the keytab {}: {}".format(keytab, _words(exc))) from None

    async def step(self, data):
        """Accept a ticket; Kerberos needs no second round."""
        context = self._gssapi.SecurityContext(creds=self._credentials, usage="accept")
        try:
            reply = context.step(data)
            # gssapi delays an error that comes with a reply; reading the name raises it.
            principal = str(context.initiator_name) if context.complete else None
        except self._gssapi.exceptions.GSSError as exc:
            logger.warning("a ticket was refused: %s", _words(exc))
            return oauth.Negotiated()
        return oauth.Negotiated(principal and user_of(principal), reply)


def user_of(principal):
    """Return the user name for a principal."""
    return principal.partition("@")[0].replace("/", "-")


def _words(error):
    return " ".join(str(error).split())
