"""
Accept Kerberos tickets: what ``Authorization: Negotiate`` stands on when there is a keytab.

Needs the package gssapi, which comes with the extra ``osbs-client[kerberos]``; it is imported when
an acceptor is made.
"""

import logging
import os

from osbs.sandbox import auth

logger = logging.getLogger(__name__)


class KerberosNegotiator(auth.Negotiator):
    """
    Let in who has a ticket for one of the services of a keytab.

    Of a principal ``user@REALM`` the user's name is what stands before the realm; in
    ``user/host@REALM`` the slash, which no user name may have, becomes a hyphen.

    :param keytab: str, path of the keytab with the keys of ``HTTP/127.0.0.1`` or ``HTTP/localhost``
    :raises ValueError: there is no gssapi, or the keytab cannot be used
    """

    def __init__(self, keytab):
        try:
            import gssapi
        except (ImportError, OSError) as exc:  # OSError: a C library is missing
            raise ValueError(
                "{}; to accept Kerberos install osbs-client[kerberos]".format(exc)
            ) from None
        self._gssapi = gssapi
        # GSSAPI takes a missing file for a keytab that has no keys for now.
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
            # An error for which there is a reply shows only now.
            principal = str(context.initiator_name) if context.complete else None
        except self._gssapi.exceptions.GSSError as exc:
            logger.warning("a ticket was refused: %s", _words(exc))
            return auth.Negotiated()
        return auth.Negotiated(principal and user_of(principal), reply)


def user_of(principal):
    """Return the name of the user that a principal stands for."""
    return principal.partition("@")[0].replace("/", "-")


def _words(error):
    return " ".join(str(error).split())
