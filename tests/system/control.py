"""The control plane of a sandbox in another process, and what a process says of a failure."""

from __future__ import absolute_import, print_function, unicode_literals

import re

import requests

# What the library tells on its way is no complaint; all else is, lines without a level too.
ORDINARY = re.compile(
    r"^[-\d]+ [\d:,]+ - [\w.]+ - (DEBUG|INFO) - |^warning: |^waiting for build |, trying again "
)
CREDENTIALS = dict(username=None, password=None, token=None, use_auth=None, use_kerberos=None)


class Control(object):
    """
    Ask a sandbox for faults, and for what it was asked.

    ``session`` sends requests to its ``url``, with ``headers`` those of its user.

    :param ready: dict, the ready line of a sandbox
    """

    def __init__(self, ready):
        self.url = ready["url"]
        self.headers = {"Authorization": "Bearer " + ready["token"]}
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(ready["ca"])

    def _call(self, verb, name, **data):
        answer = self.session.request(verb, self.url + "_sandbox/" + name, json=data or None)
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind, **parameters):
        """Add a fault."""
        self._call("POST", "faults", kind=kind, **parameters)

    def timing(self, **delays):
        """Set how long things take, in seconds."""
        self._call("POST", "timing", **delays)

    def fired(self, kind):
        """Return how often faults of a kind have happened."""
        faults = self._call("GET", "faults")
        return sum(fault["fired"] for fault in faults if fault["kind"] == kind)

    def unfired(self):
        """Return the faults that never happened."""
        return self._call("GET", "unfired")

    def forget(self):
        """Forget faults and requests."""
        self._call("DELETE", "faults")
        self._call("DELETE", "requests")

    def statuses(self, path):
        """Return the statuses of the requests for a path so far, in order."""
        return [record["status"] for record in self._requests() if record["path"] == path]

    def connections(self, word):
        """Return the numbers of the connections on which paths with a word were asked for."""
        return {record["connection"] for record in self._requests() if word in record["path"]}

    def _requests(self):
        requests_so_far = self._call("GET", "requests")
        return [record for record in requests_so_far if "/_sandbox/" not in record["path"]]


def complaint(result, status):
    """Return the error on stderr, and the hint if there is one; the status must be as given."""
    lines = result.stderr.splitlines()
    complaints = [line for line in lines if not ORDINARY.search(line)]
    assert result.status == status, result
    assert complaints == lines[-len(complaints) :], result.stderr
    assert [line.partition(": ")[0] for line in complaints] in (["error"], ["error", "hint"])
    return "\n".join(complaints)
