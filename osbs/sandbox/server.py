"""The sandbox as one object: a cluster, its HTTP server and the thread that they run in."""

import asyncio
import functools
import inspect
import os
import threading

from osbs.sandbox.controllers.cluster import ADMINISTRATOR, USERS, Cluster
from osbs.sandbox.controllers.delays import Timing
from osbs.sandbox.controllers.image_registry import Registry
from osbs.sandbox.http import certificates
from osbs.sandbox.http.app import App
from osbs.sandbox.http.control import Control
from osbs.sandbox.http.faults import Faults
from osbs.sandbox.http.listener import Listener
from osbs.sandbox.http.page import Page
from osbs.sandbox.http.request_log import RequestLog
from osbs.sandbox.kinds import KINDS
from osbs.sandbox.pods import leftovers
from osbs.sandbox.pods.runner import Runner
from osbs.sandbox.state.state_file import StateFile, StateFileError
from osbs.sandbox.state.store import Exists, with_metadata
from osbs.sandbox.users import oauth

#: seconds to wait for the thread to start or stop
TIMEOUT = 30.0


class SucceedAtOnce(Runner):
    """The default runner: every build succeeds without output."""

    async def run(self, pod):
        """Return 0."""
        return 0


class Sandbox:
    """
    An OpenShift master on loopback.

    Start it with :meth:`start` or as a context manager. All methods may be called from any thread
    except the one of the event loop.

    :param runner: runner.Runner; None: builds succeed at once
    :param port: int, 0 for any free one
    :param tls: bool, serve https with a CA of its own
    :param namespace: str, the project
    :param oapi: bool, False makes it an OpenShift 4: no ``/oapi/v1``
    :param state: str or None, path of the state file: the state outlives a restart, even SIGKILL
    :param speed: float, divides all delays: 10 is ten times faster than a real master
    :param delays: dict or None, single delays (seconds), see timing.Timing.DEFAULTS
    :param namespaces: iterable of str, further projects
    :param users: iterable of (name, password, role), further users; role admin, edit, view or none
    :param token_lifetime: float or None, seconds
    :param allowed_registries: list of str or None, registries that image streams may name
    :param open_registry: bool, any repository has a tag ``latest``; else imports find only what was
        pushed
    :param nodes: list of dict or None, labels of the nodes; None fits any node selector
    :param keep_finished: int, finished builds that are kept
    :param keytab: str or None, keytab of the service; with it Kerberos tickets are accepted
    :param control_key: str or None, key that requests to the control plane must send
    :param page_port: int or None, port of the page for a browser, 0 for any free one; None: no page
    :raises ValueError: when the keytab cannot be used
    """

    def __init__(
        self,
        runner=None,
        port=0,
        tls=True,
        namespace="osbs",
        oapi=True,
        state=None,
        speed=1.0,
        delays=None,
        namespaces=(),
        users=(),
        token_lifetime=None,
        allowed_registries=None,
        nodes=None,
        keep_finished=1000,
        passwords=None,
        keytab=None,
        control_key=None,
        page_port=None,
        open_registry=False,
    ):
        if token_lifetime is not None:
            delays = dict(delays or {}, token_life=float(token_lifetime))
        self.timing = Timing(speed, **(delays or {}))
        self.registry = Registry(allowed_registries, open_registry)
        self.cluster = Cluster(
            [namespace] + list(namespaces),
            self.timing,
            runner or SucceedAtOnce(),
            self.registry,
            nodes,
            keep_finished,
            passwords=passwords,
            users=users,
        )
        self.faults = Faults(self._act)
        self.oapi = oapi
        self.namespace = namespace
        self.user = USERS[0][0]
        #: the request_log.RequestLog
        self.requests = RequestLog()
        self.control = Control(self.cluster, self.faults, self.requests, oapi, control_key)
        self._app = App(self.cluster, self.faults, self.requests, self.control, oapi)
        self.page = Page(self.cluster, self.faults, self.requests, self.control, page_port)
        self._tls = tls
        self._port = port
        self._state = state
        self._token = self._authority = None
        self._directory = None
        self._thread = None
        self._loop = None
        self._stopping = None
        self._stop_wanted = False
        self._pid, self._away_until = os.getpid(), 0.0
        if keytab is not None:
            # Imported here: it needs gssapi, which only Kerberos needs.
            from osbs.sandbox.users.kerberos import KerberosNegotiator

            self.negotiator = KerberosNegotiator(keytab)

    # start and stop

    def start(self):
        """
        Start serving.

        :raises OSError: when the port is taken
        :raises ValueError: when the state file is malformed
        :raises state_file.StateFileError: when the state file cannot be written
        """
        if self._thread is not None:
            raise RuntimeError("the sandbox is running already")
        leftovers.sweep()
        started = threading.Event()
        outcome = []
        self._stop_wanted = False
        self._directory = leftovers.PrivateDirectory()
        try:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._live, args=(started, outcome), name="osbs-sandbox", daemon=True
            )
            self._thread.start()
            if not started.wait(TIMEOUT):
                raise RuntimeError("the sandbox did not start within {} s".format(TIMEOUT))
            if outcome:
                raise outcome[0]
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        """Stop serving and end all pods; a second call does nothing."""
        if self._thread is not None:
            try:
                self._loop.call_soon_threadsafe(self._want_stop)
            except RuntimeError:  # the start failed, and the loop is closed
                pass
            self._thread.join(TIMEOUT)
            self._thread = None
        if self._directory is not None:
            self._directory.close()
            self._directory = None

    def _want_stop(self):
        self._stop_wanted = True
        if self._stopping is not None:
            self._stopping.set()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _live(self, started, outcome):
        loop = self._loop
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._serve(started))
        except (OSError, ValueError, StateFileError) as exc:
            outcome.append(exc)
        except BaseException as exc:
            outcome.append(RuntimeError("the sandbox could not start: {!r}".format(exc)))
            raise
        finally:
            started.set()
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _serve(self, started):
        self._stopping = asyncio.Event()
        if self._stop_wanted:
            self._stopping.set()
        state_file = StateFile(self._state) if self._state else None
        earlier = self.cluster.load(state_file) if state_file is not None else {}
        context = self._set_up_tls(earlier)
        self.cluster.attach(self._loop)
        factory = await self._app.start()
        listener = Listener(
            factory, self._port or earlier.get("port") or 0, context, self.faults.connection
        )
        self._app.listener = listener
        try:
            await listener.open_with_retry()
            self.cluster.server.url = "{}://127.0.0.1:{}/".format(
                "https" if context else "http", listener.port
            )
            if state_file is not None:
                self.cluster.save_to(
                    state_file, self._authority and self._authority.dump(), listener.port
                )
            self.cluster.start()
            await self.page.start()
            started.set()
            await self._stopping.wait()
        finally:
            await self.page.stop()
            await listener.stop()
            await self.cluster.stop()
            await self._app.stop()

    def _set_up_tls(self, earlier):
        if not self._tls:
            return None
        self._authority = certificates.Authority(self._directory.path, earlier.get("authority"))
        self.cluster.server.ca_file = self._authority.ca_file
        return self._authority.server_context()

    def call(self, function, *args, **kwargs):
        """Call a function, or a coroutine function, in the thread of the event loop."""

        async def run():
            result = function(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        # A fork has a copy of the loop, and no thread that runs it.
        forked = self._pid != os.getpid()
        if forked or self._loop is None or not self._loop.is_running():
            raise RuntimeError("the sandbox is not running")
        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(TIMEOUT)

    # for clients

    @property
    def url(self):
        """Base URL, ends in a slash."""
        return self.cluster.server.url

    @property
    def listening(self):
        """Return whether it accepts connections (not while a fault refuses them)."""
        return self._app.listener is not None and self._app.listener.is_open

    @property
    def ca(self):
        """Path of the CA's certificate; None without TLS."""
        return self.cluster.server.ca_file

    @property
    def store(self):
        """The store.Store. Any thread may read it; change it with :meth:`put` or the API."""
        return self.cluster.store

    @property
    def passwords(self):
        """dict, user -> password."""
        return self.cluster.authenticator.passwords

    @property
    def password(self):
        """Password of :attr:`user`."""
        return self.passwords[self.user]

    @property
    def token(self):
        """A token of :attr:`user`, issued at first use."""
        if self._token is None:
            self._token = self.token_of(self.user)
        return self._token

    def token_of(self, user, life=None):
        """
        Issue a token.

        :param user: str, a user, or ``NAMESPACE/ACCOUNT`` for that of a service account
        :param life: float or None, seconds
        """
        namespace, slash, account = user.partition("/")
        if slash:
            return self.call(self.cluster.accounts.token, namespace, account)
        return self.call(
            self.cluster.authenticator.issue, user, self.timing.token_life if life is None else life
        )

    def renew_token(self):
        """Make :attr:`token` valid again; call it in the thread of the event loop."""
        if self._token is not None:
            life = self.timing.token_life
            self.cluster.authenticator.issue(self.user, life, text=self._token)

    def administrator_certificate(self):
        """
        Return paths of certificate and key of a cluster administrator.

        :raises RuntimeError: without TLS
        """
        if self._authority is None:
            raise RuntimeError("client certificates need TLS")
        return self._authority.client_certificate(ADMINISTRATOR)

    @property
    def negotiator(self):
        """The oauth.Negotiator that accepts ``Authorization: Negotiate``, or None."""
        return self.cluster.oauth.negotiator

    @negotiator.setter
    def negotiator(self, acceptor):
        if acceptor is not None and not callable(getattr(acceptor, "step", None)):
            raise TypeError(
                "a negotiator needs a method step, see {}".format(oauth.Negotiator.__qualname__)
            )
        self.cluster.oauth.negotiator = acceptor

    # contents

    def add_user(self, name, password=None, role="edit"):
        """Make a user with a role (admin, edit, view, none); returns the password."""
        return self.call(self.cluster.add_user, name, password, role)

    def add_namespace(self, namespace):
        """Create a project with its service accounts and the same roles as in the others."""
        self.call(self.cluster.add_namespace, namespace)

    def put(self, resource, obj):
        """
        Create or replace an object without going through the API.

        :param resource: str, ``configmaps`` and so on
        :param obj: dict, as JSON; without a project it goes to :attr:`namespace`
        :return: dict, the stored object
        """
        return self.call(self.put_now, resource, obj)

    def put_now(self, resource, obj):
        """Do the same in the thread of the event loop."""
        kind = KINDS[resource]
        shaped = kind.default(kind.shape.decode(obj, ""))
        if kind.namespaced and not shaped["metadata"].get("namespace"):
            shaped = with_metadata(shaped, namespace=self.namespace)
        try:
            return self.store.create(resource, shaped)
        except Exists:
            metadata = shaped["metadata"]
            old = self.store.get(resource, metadata.get("namespace", ""), metadata["name"])
            return self.store.update(
                resource,
                with_metadata(
                    shaped,
                    uid=old["metadata"]["uid"],
                    creationTimestamp=old["metadata"]["creationTimestamp"],
                ),
            )

    def push(self, repository, tag="latest"):
        """Push a new image to a repository; imports see it from now on."""
        self.call(self.cluster.push, repository, tag)

    # faults of the whole server

    def _act(self, fault):
        if self._loop is None or not self._loop.is_running():
            raise RuntimeError("the sandbox is not running")
        if threading.current_thread() is self._thread:
            self._act_now(fault)
        else:
            self.call(self._act_now, fault)

    def _act_now(self, fault):
        actions = {
            "expire_tokens": functools.partial(
                self.cluster.authenticator.expire_all, fault, fault.parameters.get("keep", ())
            ),
            "compact": functools.partial(self.cluster.compact, fault),
            "drop_watches": lambda: _count(fault, self._app.drop_streams()),
            "drop_connections": lambda: _count(fault, self._app.drop_connections()),
            "refuse": functools.partial(self._go_away, fault, False),
            "restart": functools.partial(self._go_away, fault, True),
        }
        actions[fault.kind]()

    def _go_away(self, fault, drop):
        """Refuse connections for a while; with ``drop`` abort the existing ones, too."""
        listener = self._app.listener
        dropped = self._app.drop_connections() if drop else 0
        fault.fired += bool(listener.is_open or dropped)
        listener.close()
        if drop:
            listener.end_handshakes()
        self._away_until = max(self._away_until, self._loop.time() + fault["seconds"])
        self._loop.call_later(fault["seconds"], self._come_back)

    def _come_back(self):
        listener = self._app.listener
        if self._stopping.is_set() or listener.is_open or self._loop.time() < self._away_until:
            return
        try:
            listener.open()
        except OSError:
            self._loop.call_later(0.1, self._come_back)


def _count(fault, number):
    fault.fired += number
