"""
What the program of a pod calls first, when it is an author's own and not the sandbox's.

A container of OpenShift has files below ``/var/run/secrets``; a pod of the sandbox has them in a
directory of its own.
"""

import os

from osbs._rest import auth
from osbs.sandbox.reactor import variables
from osbs.sandbox.reactor.__main__ import watch_parent

SECRETS = "/var/run/secrets/"
#: variables that say where secrets are mounted
_WITH_PATHS = ("ATOMIC_REACTOR_PLUGINS", "BUILD", "REACTOR_CONFIG", "USER_PARAMS")


def prepare():
    """
    Make this process a pod: it ends with the sandbox, and its secrets are found.

    The library takes the token of the pod's service account by itself, as in a container, and paths
    below ``/var/run/secrets`` in the variables of the build name the pod's own directory.
    """
    watch_parent()
    auth.SERVICEACCOUNT_SECRET = os.path.dirname(os.environ[variables.TOKEN_FILE])
    for name in _WITH_PATHS:
        if name in os.environ:
            os.environ[name] = os.environ[name].replace(SECRETS, secret_path(SECRETS))


def secret_path(path):
    """Return the path in this pod of a file below ``/var/run/secrets`` in a container."""
    return os.environ[variables.SECRETS_DIR] + path
