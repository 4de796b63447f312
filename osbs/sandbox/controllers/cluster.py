"""The cluster without HTTP: its state, controllers and users."""

import contextlib
import logging

from osbs.sandbox.controllers import image_imports
from osbs.sandbox.controllers.builds import BuildController
from osbs.sandbox.controllers.deletion import Collector
from osbs.sandbox.controllers.image_registry import Registry
from osbs.sandbox.controllers.instantiate import Instantiator
from osbs.sandbox.controllers.quotas import Quotas
from osbs.sandbox.controllers.service_accounts import UID_ANNOTATION, Accounts
from osbs.sandbox.controllers.tasks import Tasks
from osbs.sandbox.kinds import access
from osbs.sandbox.pods.runner import ApiServer
from osbs.sandbox.state.container_logs import ContainerLogs
from osbs.sandbox.state.state_file import StateFileError
from osbs.sandbox.state.store import DELETED, Store, name_of, namespace_of
from osbs.sandbox.users import identities, oauth, permissions

logger = logging.getLogger(__name__)

#: user -> roles in the project; the first is the user of the ready line
USERS = (
    ("osbs", ("admin", "custom-builds", "quotas")),
    ("plain", ("edit",)),
    ("viewer", ("view",)),
    ("nobody", ()),
)
#: role in the option --user -> roles in the project
ROLES = {
    "admin": ("admin", "custom-builds", "quotas"),
    "edit": ("edit",),
    "view": ("view",),
    "none": (),
}
SERVICE_ACCOUNTS = (
    ("builder", ("edit", "custom-builds")),
    ("deployer", ("edit",)),
    ("default", ()),
)
ADMINISTRATOR = "system:admin"
ADMINISTRATORS = ("system:cluster-admins", "system:masters")

#: number of records after which the state file is replaced by a snapshot
STATE_FILE_LIMIT = 200000


#: what a reset removes, builds before their pods and configs
RESET = (
    "builds",
    "pods",
    "buildconfigs",
    "imagestreams",
    "images",
    "configmaps",
    "serviceaccounts",
    "secrets",
    "resourcequotas",
)


class Cluster:
    """
    The state of a cluster and its controllers.

    Everything but the constructor must be called in the thread of the event loop.

    :param namespaces: list of str, the projects; the first is the main one
    :param timing: delays.Timing
    :param runner: runner.Runner
    :param registry: image_registry.Registry or None
    :param nodes: list of dict (labels) or None; None takes pods with any node selector
    :param keep_finished: int, finished builds that are kept (older ones are pruned)
    :param history: int, number of changes from which watches can resume
    :param passwords: dict, user -> password, instead of random ones
    :param users: iterable of (name, password, role), further users
    """

    def __init__(
        self,
        namespaces,
        timing,
        runner,
        registry=None,
        nodes=None,
        keep_finished=1000,
        history=4096,
        passwords=None,
        users=(),
    ):
        self.namespaces = list(namespaces)
        self.namespace = self.namespaces[0]
        self.timing = timing
        self.server = ApiServer()
        self.registry = registry or Registry()
        self.access = permissions.Access()
        self.authenticator = identities.Authenticator(timing, self._write_token)
        self.oauth = oauth.OAuth(self.authenticator, timing)
        self.store = store = Store(history, timing.compaction)
        self.logs = ContainerLogs(self._write_log, self._drop_log)
        self.tasks = tasks = Tasks(timing)
        self.accounts = Accounts(store, tasks, self.authenticator, self.server)
        self.quotas = Quotas(store, tasks)
        self.tags = image_imports.TagView(store, self.registry)
        self.importer = image_imports.Importer(store, timing, tasks, self.registry, self.tags)
        self.instantiator = Instantiator(store, timing, tasks)
        self.collector = Collector(store, tasks)
        self.builds = BuildController(
            store,
            timing,
            tasks,
            runner,
            self.logs,
            self.server,
            token_of=self.accounts.token,
            refusal=self.quotas.refusal,
            nodes=nodes,
            keep_finished=keep_finished,
        )
        self._passwords = dict(passwords or {})
        self._more_users = list(users)
        self._roles = dict(USERS)
        self._compactions = []
        self._state_file = None
        self._records_in_file = 0
        self._authority = None
        self.port = 0

    # start and stop

    def attach(self, loop):
        """Set the event loop; call before :meth:`start`."""
        self.tasks.loop = self.logs.loop = loop

    def start(self):
        """Create users and accounts (unless loaded) and start the controllers."""
        self.authenticator.certificates[ADMINISTRATOR] = ADMINISTRATORS
        self.access.grant_cluster(ADMINISTRATORS[0])
        for user, _ in USERS:
            self.add_user(user, self._passwords.get(user))
        for name, password, role in self._more_users:
            self.add_user(name, password, role)
        for namespace in self.namespaces:
            self._set_up(namespace)
        self.accounts.start()
        self.quotas.start()
        self.importer.start()
        self.instantiator.start()
        self.collector.start()
        self.builds.start()

    async def stop(self):
        """Stop controllers and end pods."""
        await self.builds.stop()
        await self.tasks.stop()
        if self._state_file is not None:
            self._state_file.close()

    # users and projects

    def add_user(self, name, password=None, role=None):
        """
        Add a user, or change the password or role of an existing one.

        :param role: str or None, admin, edit, view or none; in all projects
        :return: str, the password
        """
        if role is not None:
            self._roles[name] = ROLES[role]
            for namespace in self.namespaces:
                self.access.grant(name, namespace, *ROLES[role])
        password = password or self.authenticator.passwords.get(name)
        password = self.authenticator.add_user(name, password)
        self._write_record("password", name, password)
        if self.store.get("users", "", name) is None:
            self.store.create("users", identities.user_object(name))
        return password

    def add_namespace(self, namespace):
        """Create a project."""
        if namespace not in self.namespaces:
            self.namespaces.append(namespace)
            self._set_up(namespace)

    def _set_up(self, namespace):
        """Create a project: its namespace, the roles in it and its service accounts."""
        if self.store.get("namespaces", "", namespace) is None:
            self.store.create("namespaces", access.namespace_object(namespace))
        for user, roles in self._roles.items():
            self.access.grant(user, namespace, *roles)
        for account, roles in SERVICE_ACCOUNTS:
            self.access.grant(
                identities.service_account_user(namespace, account)[0], namespace, *roles
            )
            # Builds of the main project create worker builds in the others.
            self.access.grant(
                identities.service_account_user(self.namespace, account)[0], namespace, *roles
            )
        self._add_accounts(namespace)

    def _add_accounts(self, namespace):
        for account, _ in SERVICE_ACCOUNTS:
            if self.store.get("serviceaccounts", namespace, account) is None:
                self.accounts.add(namespace, account)

    async def reset(self):
        """Remove all objects of users and end unfinished builds; tokens and projects stay."""
        self._remove_objects()
        # Until they end, pods may store more.
        while self.builds.running:
            await self.builds.ended()
            self._remove_objects()
        for namespace in self.namespaces:
            self._add_accounts(namespace)
        self.registry.clear()
        self._write_record("noregistry")
        self.timing.reset()

    def _remove_objects(self):
        own = [account for account, _ in SERVICE_ACCOUNTS]
        for resource in RESET:
            for obj in self.store.list(resource):
                # The sandbox's own accounts keep their tokens.
                is_token = UID_ANNOTATION in (obj["metadata"].get("annotations") or {})
                if not (is_token or resource == "serviceaccounts" and name_of(obj) in own):
                    self.store.delete(resource, namespace_of(obj), name_of(obj))

    def push(self, repository, tag):
        """Push a new image to a repository."""
        rows = [self.registry.pushed(repository, tag)]
        self._write_record("registry", rows)
        self.registry.load(rows)

    def compact(self, fault=None):
        """
        Drop the history, as etcd's compaction does.

        :param fault: object or None, whose ``fired`` counts the 410s that follow from it
        """
        self.store.compact()
        if fault is not None:
            self._compactions.append(fault)

    def compaction_met(self):
        """Count a request for history that was dropped."""
        for fault in self._compactions:
            fault.fired += 1

    # state file

    def load(self, state_file):
        """
        Load the state of an earlier run; call before :meth:`start`.

        :param state_file: state_file.StateFile
        :return: dict, authority and port of the earlier run; empty for a new file
        """
        earlier, complete = {}, 0
        handlers = {
            "put": self.store.replay,
            "log": self.logs.load,
            "del": lambda resource, obj: self.store.replay(resource, obj, deleted=True),
            "token": self._load_token,
            "nolog": self.logs.unload,
            "password": self.authenticator.passwords.__setitem__,
            "registry": self.registry.load,
            "noregistry": self.registry.clear,
        }
        for kind, *values in state_file.read():
            if kind in handlers:
                handlers[kind](*values)
            elif kind == "snapshot":
                complete = values[0]
            else:
                earlier[kind] = values[0]
        if earlier:
            self.store.version = max(self.store.version, complete)
            self.store.replayed(complete)
        for pod in self.store.list("pods"):
            self.logs.of(pod)  # which closes that of an ended pod
        return earlier

    def _load_token(self, text, record):
        self.authenticator.restore(text, identities.token_from(record))

    def save_to(self, state_file, authority, port):
        """
        Write the state to a state file from now on.

        :param authority: dict or None, what certificates.Authority.dump returned
        :param port: int, port of the server
        """
        self._state_file = state_file
        self._authority = authority
        self.port = port
        self.store.persist = self._write_change
        self._rewrite()

    def _snapshot(self):
        yield ["authority", self._authority]
        yield ["port", self.port]
        yield ["snapshot", self.store.version]
        for user, password in self.authenticator.passwords.items():
            yield ["password", user, password]
        for text, token in self.authenticator.tokens():
            yield ["token", text, identities.token_record(token)]
        for resource, obj in self.store.dump():
            yield ["put", resource, obj]
        yield ["registry", self.registry.dump()]
        for line in self.logs.dump():
            yield ["log", *line]

    def _rewrite(self):
        self._records_in_file = 0
        self._state_file.restart(self._snapshot())

    def _write_change(self, kind, resource, obj):
        self._write_record("del" if kind == DELETED else "put", resource, obj)

    def _write_log(self, uid, moment, data):
        # Followers still read a log that can no longer be stored.
        with contextlib.suppress(StateFileError):
            self._write_record("log", uid, moment, data.decode("latin-1"))

    def _drop_log(self, uid):
        with contextlib.suppress(StateFileError):
            self._write_record("nolog", uid)

    def _write_token(self, text, token):
        self._write_record("token", text, identities.token_record(token))

    def _write_record(self, *record):
        """Write a change before it is made."""
        if self._state_file is None:
            return
        if self._records_in_file >= STATE_FILE_LIMIT:
            # Before the record: a snapshot does not have its change yet.
            try:
                self._rewrite()
            except StateFileError as exc:
                # The old file is complete, only longer than necessary.
                logger.warning("%s", exc)
        self._state_file.append(*record)
        self._records_in_file += 1
