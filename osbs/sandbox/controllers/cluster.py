"""The cluster without HTTP: its state, controllers and users."""

import asyncio
import contextlib
import logging

from osbs.sandbox.controllers import image_imports
from osbs.sandbox.controllers.builds import BuildController
from osbs.sandbox.controllers.deletion import Collector
from osbs.sandbox.controllers.image_registry import Registry
from osbs.sandbox.controllers.instantiate import Instantiator
from osbs.sandbox.controllers.quotas import Quotas
from osbs.sandbox.controllers.service_accounts import Accounts
from osbs.sandbox.kinds import KINDS
from osbs.sandbox.state.container_logs import ContainerLog
from osbs.sandbox.state.state_file import StateFileError
from osbs.sandbox.state.store import DELETED, Store
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

#: maximum size (bytes) of the logs of all ended pods together
ENDED_LOGS_BYTES = 256 * 1024 * 1024

#: number of records after which the state file is replaced by a snapshot
STATE_FILE_LIMIT = 200000

_ENDED = ("Succeeded", "Failed")


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

    kinds = KINDS

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
        self.nodes = nodes
        self.keep_finished = keep_finished
        self.url = ""
        self.ca_file = None
        self.store = Store(history, timing.compaction)
        self.registry = registry or Registry()
        self.access = permissions.Access()
        self.authenticator = identities.Authenticator(timing, self._write_token)
        self.oauth = oauth.OAuth(self.authenticator, timing)
        self.accounts = Accounts(self)
        self.quotas = Quotas(self)
        self.tags = image_imports.TagView(self)
        self.importer = image_imports.Importer(self)
        self.imports = image_imports.ImportRequest(self, self.importer)
        self.instantiator = Instantiator(self)
        self.collector = Collector(self)
        self.builds = BuildController(self, runner)
        self._passwords = dict(passwords or {})
        self._more_users = list(users)
        self._roles = dict(USERS)
        self._compactions = []
        self._logs = {}
        self._tasks = set()
        self._loop = None
        self._state_file = None
        self._records_in_file = 0
        self._authority = None
        self.port = 0

    # start and stop

    def attach(self, loop):
        """Set the event loop; call before :meth:`start`."""
        self._loop = loop

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
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        if self._state_file is not None:
            self._state_file.close()

    def spawn(self, coroutine):
        """Run a coroutine as a task that is cancelled when the cluster stops."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task):
        self._tasks.discard(task)
        if task.cancelled() or isinstance(task.exception(), StateFileError):
            return  # The failing state file was reported once.
        if task.exception() is not None:
            self._loop.call_exception_handler(
                {
                    "message": "a controller of the sandbox failed",
                    "exception": task.exception(),
                    "task": task,
                }
            )

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
        """Grant the roles in a project and create its service accounts."""
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
            if self.store.get("serviceaccounts", namespace, account) is None:
                self.accounts.add(namespace, account)

    def account_token(self, namespace, account):
        """Return the token of a service account; empty without one."""
        return self.accounts.token(namespace, account)

    # for controllers

    def render(self, resource, obj, prefix, api_version):
        """Return an object as the API writes it."""
        return KINDS[resource].render(obj, prefix, api_version)

    def schedulable(self, pod):
        """Return whether some node matches a pod's selector."""
        wanted = (pod["spec"].get("nodeSelector") or {}).items()
        return self.nodes is None or any(
            all(labels.get(key) == value for key, value in wanted) for labels in self.nodes
        )

    def log_of(self, pod):
        """Return the log of a pod's container."""
        uid = pod["metadata"]["uid"]
        if uid not in self._logs:
            self._logs[uid] = ContainerLog(
                self._loop,
                lambda moment, data: self._write_log(uid, moment, data),
            )
            if pod["status"]["phase"] in _ENDED:
                self._logs[uid].close()
        return self._logs[uid]

    def end_log(self, pod):
        """Close the log of an ended pod; drop the oldest logs beyond ENDED_LOGS_BYTES."""
        self.log_of(pod).close()
        ended = [log for log in self._logs.values() if log.closed]
        kept = sum(len(log.data) for log in ended)
        for log in ended:
            if kept <= ENDED_LOGS_BYTES:
                break
            kept -= len(log.data)
            log.forget()

    def drop_log(self, pod):
        """Drop the log of a deleted pod; readers reach its end."""
        log = self._logs.pop(pod["metadata"]["uid"], None)
        if log is not None:
            log.close()
            with contextlib.suppress(StateFileError):
                self._write_record("nolog", pod["metadata"]["uid"])

    def push(self, repository, tag):
        """Push a new image to a repository."""
        self.registry.push(repository, tag)
        self._write_record("registry", self.registry.dump())

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
            "log": self._load_log,
            "del": lambda resource, obj: self.store.replay(resource, obj, deleted=True),
            "token": self._load_token,
            "nolog": lambda uid: self._logs.pop(uid, None),
            "password": self.authenticator.passwords.__setitem__,
            "registry": self.registry.load,
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
            if pod["status"]["phase"] in _ENDED:
                self.log_of(pod).close()
        return earlier

    def _load_log(self, uid, moment, text):
        if uid not in self._logs:
            self.log_of({"metadata": {"uid": uid}, "status": {"phase": "Running"}})
        log = self._logs[uid]
        log.append(text.encode("latin-1"), moment)

    def _load_token(self, text, record):
        self.authenticator.restore(text, identities.token_from(record))

    def save_to(self, state_file, authority, port):
        """
        Write the state to a state file from now on.

        :param authority: dict or None, what tls.Authority.dump returned
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
        for uid, log in self._logs.items():
            for index in range(len(log)):
                moment, line = log.line(index)
                yield ["log", uid, moment, line.decode("latin-1")]

    def _rewrite(self):
        self._records_in_file = 0
        self._state_file.restart(self._snapshot())

    def _write_change(self, kind, resource, obj):
        self._write_record("del" if kind == DELETED else "put", resource, obj)

    def _write_log(self, uid, moment, data):
        # Followers still read a log that can no longer be stored.
        with contextlib.suppress(StateFileError):
            self._write_record("log", uid, moment, data.decode("latin-1"))

    def _write_token(self, text, token):
        self._write_record("token", text, identities.token_record(token))

    def _write_record(self, *record):
        if self._state_file is not None:
            self._state_file.append(*record)
            self._records_in_file += 1
            if self._records_in_file > STATE_FILE_LIMIT:
                try:
                    self._rewrite()
                except StateFileError as exc:
                    # The old file is complete, only longer than necessary.
                    logger.warning("%s", exc)
