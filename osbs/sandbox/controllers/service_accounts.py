"""Create and remove the secrets of service accounts, as OpenShift's controllers do."""

import base64
import secrets as random_secrets

from osbs.sandbox.state.store import DELETED, Exists, Missing, name_of, namespace_of
from osbs.sandbox.users import identities

TOKEN_TYPE = "kubernetes.io/service-account-token"
DOCKER_TYPE = "kubernetes.io/dockercfg"
UID_ANNOTATION = "kubernetes.io/service-account.uid"


class Accounts:
    """
    Create the secrets of service accounts.

    :param store: store.Store
    :param tasks: tasks.Tasks
    :param authenticator: identities.Authenticator, issues and revokes the tokens
    :param server: runner.ApiServer, whose CA's certificate is in the secrets
    """

    def __init__(self, store, tasks, authenticator, server):
        self._store = store
        self._tasks = tasks
        self._authenticator = authenticator
        self._server = server

    def start(self):
        """Create missing secrets of all accounts, now and with every change."""
        for account in self._store.list("serviceaccounts"):
            self._consider(account)
        self._store.subscribe(self._on_event)

    def add(self, namespace, name):
        """Create an account with its secrets, without delay."""
        account = {"metadata": {"name": name, "namespace": namespace}}
        self._provide(self._store.create("serviceaccounts", account))

    def token(self, namespace, name):
        """Return the token of an account; empty without one."""
        stored = self._store.get("serviceaccounts", namespace, name) or {}
        for entry in stored.get("secrets") or ():
            secret = self._store.get("secrets", namespace, entry.get("name", "")) or {}
            token = (secret.get("data") or {}).get("token")
            if token and secret["type"] == TOKEN_TYPE:
                return _decoded(token)
        return ""

    def _on_event(self, event):
        if event.resource == "serviceaccounts":
            if event.type == DELETED:
                self._remove_secrets(event.obj)
            elif event.old is None:
                self._consider(event.obj)
        elif event.resource == "secrets" and event.type == DELETED:
            token = (event.obj.get("data") or {}).get("token")
            notes = event.obj["metadata"].get("annotations") or {}
            if token and event.obj["type"] == TOKEN_TYPE and UID_ANNOTATION in notes:
                self._authenticator.revoke(_decoded(token))

    def _consider(self, account):
        if not self.token(namespace_of(account), name_of(account)):
            self._tasks.after(
                "account", self._provide_missing, namespace_of(account), name_of(account)
            )

    def _provide_missing(self, namespace, name):
        stored = self._store.get("serviceaccounts", namespace, name)
        if stored is not None and not self.token(namespace, name):
            self._provide(stored)

    def _provide(self, account):
        namespace, name = namespace_of(account), name_of(account)
        user, groups = identities.service_account_user(namespace, name)
        made = []
        for _ in range(2):
            token = self._authenticator.issue(user, None, groups)
            data = {"namespace": namespace, "token": token}
            data["ca.crt"] = data["service-ca.crt"] = self._certificate()
            made.append(self._add_secret(account, "token", TOKEN_TYPE, data))
        notes = {
            "openshift.io/token-secret.name": made[1],
            "openshift.io/token-secret.value": token,
        }
        docker = self._add_secret(account, "dockercfg", DOCKER_TYPE, {".dockercfg": "{}"}, notes)
        names = [{"name": made[0]}, {"name": docker}]
        lists = {"secrets": names, "imagePullSecrets": names[1:]}
        lists = {key: (account.get(key) or []) + more for key, more in lists.items()}
        self._store.update("serviceaccounts", dict(account, **lists))

    def _add_secret(self, account, what, kind, data, annotations=()):
        """Create a secret; return its name."""
        notes = {
            "kubernetes.io/service-account.name": name_of(account),
            UID_ANNOTATION: account["metadata"]["uid"],
        }
        notes.update(annotations)
        while True:
            name = "{}-{}-{}".format(name_of(account), what, _suffix())
            metadata = {"name": name, "namespace": namespace_of(account), "annotations": notes}
            encoded = {key: _encoded(data[key]) for key in sorted(data)}
            secret = {"metadata": metadata, "data": encoded, "type": kind}
            try:
                self._store.create("secrets", secret)
                return name
            except Exists:
                pass

    def _remove_secrets(self, account):
        for secret in self._store.list("secrets", namespace_of(account)):
            notes = secret["metadata"].get("annotations") or {}
            if notes.get(UID_ANNOTATION) == account["metadata"]["uid"]:
                try:
                    self._store.delete("secrets", namespace_of(secret), name_of(secret))
                except Missing:
                    pass

    def _certificate(self):
        if not self._server.ca_file:
            return ""
        with open(self._server.ca_file) as source:
            return source.read()


def _encoded(text):
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def _decoded(data):
    try:
        return base64.b64decode(data).decode("utf-8", "replace")
    except ValueError:
        return ""


def _suffix():
    return "".join(random_secrets.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(5))
