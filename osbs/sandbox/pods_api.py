"""
What the build life cycle and the programs in build pods know of each other.

The life cycle controller (:mod:`osbs.sandbox.builds`) makes one :class:`PodRun` for each build pod
and awaits ``runner.run(pod)``. The runner returns the exit status; cancelling that await
(``asyncio.CancelledError``) means that the build was cancelled or its pod deleted, and the runner
must then end whatever it started before it re-raises.
"""


class PodLog:
    """
    Collect what a pod prints; the base of what the server stores and follows.

    A runner only calls :meth:`write`; every write is visible to followers at once.
    """

    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        """
        Append output.

        :param data: bytes, any piece of output (not necessarily whole lines)
        """
        self.data += data


class PodRun:
    """
    Describe one run of a build pod to a runner.

    :param name: str, name of the pod (``<build>-build``)
    :param namespace: str, project of the build
    :param build: dict, the Build as JSON (as in the variable ``BUILD``)
    :param env: dict, str -> str, complete environment of the container, references resolved
    :param token: str, token of the pod's service account
    :param secrets: dict, mount path -> {file name: bytes}
    :param api_url: str, base URL of the API server, ends in ``/``
    :param ca_file: str or None, path of the CA certificate (PEM); None without TLS
    :param log: PodLog, where output goes
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
        #: termination message (text), becomes status.logSnippet of a failed build
        self.message = None

    def __repr__(self):
        return "<PodRun {}/{}>".format(self.namespace, self.name)


class Runner:
    """
    Run build pods; anything with the method ``run`` serves.

    A runner may also have ``async def resume(self, pod)``: it is called instead of ``run`` for a
    pod that ran when a sandbox was killed which now goes on from its state file; ``pod.log`` then
    holds what was printed before. Without it such a pod counts as lost.
    """

    async def run(self, pod):
        """
        Run the program of a pod to its end.

        :param pod: PodRun
        :return: int, exit status; 0 makes the build Complete, anything else Failed
        :raises asyncio.CancelledError: when the build was cancelled (clean up, then re-raise)
        """
        raise NotImplementedError
