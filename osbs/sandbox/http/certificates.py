"""
Certificates: a CA, a server certificate, client certificates.
"""

import os
import ssl

import trustme

from osbs.sandbox.state import atomic_file

HOSTS = ("127.0.0.1", "localhost", "::1")


class Authority:
    """
    A CA: signs certificates and writes them to a directory for clients.

    :param directory: str, an existing directory for the PEM files
    :param saved: dict or None, result of :meth:`dump` in an earlier run: the CA stays the same,
        so that clients still trust the server
    """

    def __init__(self, directory, saved=None):
        self._directory = directory
        if saved:
            self._ca = trustme.CA.from_pem(
                saved["certificate"].encode("ascii"), saved["key"].encode("ascii")
            )
        else:
            self._ca = trustme.CA()
        self._saved = saved or {
            "certificate": self._ca.cert_pem.bytes().decode("ascii"),
            "key": self._ca.private_key_pem.bytes().decode("ascii"),
        }
        #: path of the CA's certificate
        self.ca_file = os.path.join(directory, "ca.crt")
        atomic_file.replace(
            self.ca_file, self._saved["certificate"].encode("ascii"), atomic_file.FOR_ALL
        )

    def dump(self):
        """Return data to restore the CA from; it contains the private key."""
        return dict(self._saved)

    def server_context(self):
        """Return the ssl.SSLContext of the server; client certificates are optional."""
        leaf = self._ca.issue_cert(*HOSTS)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        context.load_verify_locations(cafile=self.ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL
        if hasattr(context, "num_tickets"):
            # Clients do not resume sessions, and each handshake would create two tickets.
            context.num_tickets = 0
        return context

    def client_certificate(self, user):
        """
        Create a client certificate.

        :param user: str, name of the user (common name)
        :return: tuple of str, paths of certificate and key
        """
        leaf = self._ca.issue_cert("{}.user.sandbox.invalid".format(_plain(user)), common_name=user)
        paths = tuple(
            os.path.join(self._directory, "{}.{}".format(_plain(user), end))
            for end in ("crt", "key")
        )
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        atomic_file.replace(paths[0], chain, atomic_file.FOR_ALL)
        atomic_file.replace(paths[1], leaf.private_key_pem.bytes())
        return paths


def _plain(user):
    return "".join(char if char.isalnum() else "-" for char in user)


def common_name(certificate):
    """Return the common name in a result of ``getpeercert()``, or None."""
    for entry in (certificate or {}).get("subject", ()):
        for key, value in entry:
            if key == "commonName":
                return value
    return None
