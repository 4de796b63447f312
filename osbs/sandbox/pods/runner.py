"""
The interface between the build controller and the runners of build pods.

The build controller (:mod:`osbs.sandbox.controllers.builds`) creates one :class:`PodRun` for each
build pod and awaits ``runner.run(pod)``, which returns the exit status. When the build is cancelled
or its pod deleted, the controller cancels that await (``asyncio.CancelledError``); the runner must
then end whatever it started and re-raise.
"""


class PodLog:
    """
    The output of a pod; base class of the log that the server stores.

    A runner only calls :meth:`write`; followers see every write immediately.
    """

    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        """
        Append output.

        :param data: bytes, any part of the output (not necessarily whole lines)
        """
        self.data += data


class ApiServer:
    """Where pods reach the API server; set when it listens."""

    #: base URL, ends in a slash
    url = ""
    #: path of the CA's certificate (PEM); None without TLS
    ca_file = None


class PodRun:
    """
    One run of a build pod.

    :param name: str, name of the pod (``<build>-build``)
    :param namespace: str, project of the build
    :param build: dict, the Build as JSON (as in the variable ``BUILD``)
    :param env: dict, str -> str, complete environment of the container, references resolved
    :param token: str, token of the pod's service account
    :param secrets: dict, mount path -> {file name: bytes}
    :param api_url: str, base URL of the API server, ends in ``/``
    :param ca_file: str or None, path of the CA certificate (PEM); None without TLS
    :param log: PodLog, for the output
    """

    def __init__(
        self,
        name,
        namespace,
        build,
        env=None,
        token="",
        secrets=None,
        api_url="",
        ca_file=None,
        log=None,
    ):
        self.name = name
        self.namespace = namespace
        self.build = build
        self.env = dict(env or {})
        self.token = token
        self.secrets = dict(secrets or {})
        self.api_url = api_url
        self.ca_file = ca_file
        self.log = log if log is not None else PodLog()
        #: termination message (str); its end becomes status.logSnippet of a failed build
        self.message = None

    def __repr__(self):
        return "<PodRun {}/{}>".format(self.namespace, self.name)


class Runner:
    """
    Interface: runs build pods. Any object with the method ``run`` will do.

    A runner may also have ``async def resume(self, pod)``: it is called instead of ``run`` for a
    pod that was running when the sandbox was killed, after a restart with the state file;
    ``pod.log`` holds the earlier output. Without it such a pod counts as lost.
    """

    async def run(self, pod):
        """
        Run the program of a pod to its end.

        :param pod: PodRun
        :return: int, exit status; 0 makes the build Complete, anything else Failed
        :raises asyncio.CancelledError: when the build was cancelled (clean up, then re-raise)
        """
        raise NotImplementedError
