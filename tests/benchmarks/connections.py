"""Requests and connections: what one OSBS sends, and what a session per request would cost."""

import os
import re
import tempfile
import threading
from contextlib import contextmanager

import requests
from requests.adapters import HTTPAdapter
from requests.packages.urllib3.util import Retry

from osbs import utils
from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.constants import HTTP_REQUEST_TIMEOUT
from osbs.http import HttpResponse
from osbs.sandbox.install.seed import REGISTRY
from tests.benchmarks.clusters import cluster, talking_build
from tests.benchmarks.harness import Outcome, Panel, Row, by_turns
from tests.benchmarks.processes import served
from tests.unit.buildparams import Repo

BASELINE = "a session per request"
PATHS = re.compile(r"/(oapi|api)/v1/|namespaces/osbs/")

# Requests of one build, by what the server holds already.
NEW_BUILD = (
    "GET configmaps/reactor-config-map",
    "GET buildconfigs?labelSelector",
    "GET buildconfigs/NAME",
    "POST buildconfigs",
    "POST buildconfigs/NAME/instantiate",
)
KNOWN_BUILD = (
    "GET configmaps/reactor-config-map",
    "GET buildconfigs?labelSelector",
    "GET buildconfigs?labelSelector",
    "GET builds?labelSelector",
    "PUT buildconfigs/NAME",
    "POST buildconfigs/NAME/instantiate",
)
TRIGGERED_BUILD = (
    "GET configmaps/reactor-config-map",
    "GET buildconfigs?labelSelector",
    "GET imagestreams/fedora",
    "GET imagestreamtags/fedora:latest",
    "GET buildconfigs?labelSelector",
    "GET builds?labelSelector",
    "PUT buildconfigs/NAME",
    "GET imagestreamtags/fedora:latest",
    "PUT imagestreamtags/fedora:latest",
    "GET buildconfigs?labelSelector",
    "PUT buildconfigs/NAME",
    "GET watch/buildconfigs/NAME",
    "GET builds/NAME",
)


class SessionPerRequest:
    """The baseline: a session for each request, as osbs-client 0.47 has it."""

    def request(self, url, method, **kwargs):
        """Send a request and read its answer."""
        session = requests.Session()
        adapter = HTTPAdapter(max_retries=Retry(total=8, backoff_factor=5))
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        headers = dict(kwargs.get("headers") or {})
        if kwargs.get("use_json"):
            headers["Content-Type"] = "application/json"
        answer = session.request(
            method,
            url,
            data=kwargs.get("data"),
            headers=headers,
            allow_redirects=kwargs.get("allow_redirects", True),
            verify=kwargs.get("ca") or True,
            timeout=HTTP_REQUEST_TIMEOUT,
        )
        return HttpResponse(answer.status_code, answer.headers, answer.content)

    def get(self, url, **kwargs):
        """Send a GET."""
        return self.request(url, "get", **kwargs)

    def post(self, url, **kwargs):
        """Send a POST."""
        return self.request(url, "post", **kwargs)

    def put(self, url, **kwargs):
        """Send a PUT."""
        return self.request(url, "put", **kwargs)


class GivenRepo(Repo):
    """Repository information that costs nothing."""

    def __init__(self, autorebuild):
        labels = {"name": "team/hello", "com.redhat.component": "hello", "version": "1.0"}
        super().__init__(autorebuild, labels=labels)
        self.dockerfile_parser.labels = labels
        self.dockerfile_parser.baseimage = "fedora:latest"


@contextmanager
def given_repository(autorebuild=False):
    """Let the facade have the repository's information without fetching anything."""
    original = utils.get_repo_info
    utils.get_repo_info = lambda *args, **kwargs: GivenRepo(autorebuild)
    try:
        yield
    finally:
        utils.get_repo_info = original


def create(osbs, number):
    """Start a build of a repository of its own; returns its name."""
    response = osbs.create_orchestrator_build(
        git_uri="https://git.example.org/hello-{}.git".format(number),
        git_ref="master",
        git_branch="master",
        user="osbs",
        component="hello",
        target="candidate",
        platforms=["x86_64"],
        arrangement_version=6,
    )
    return response.get_build_name()


class Numbers:
    """Numbers of repositories that nobody has built yet."""

    def __init__(self):
        self._next = 0

    def take(self, count):
        """Return so many numbers."""
        self._next += count
        return range(self._next - count, self._next)


def trusted_bundle(directory, ca):
    """Return the path of a bundle as a machine has it: public authorities, and one's own."""
    path = os.path.join(directory, "bundle.pem")
    with open(path, "wb") as bundle:
        for name in (requests.certs.where(), ca):
            with open(name, "rb") as source:
                bundle.write(source.read() + b"\n")
    return path


def plain_configuration(directory, ready):
    """Return settings without a reactor config map: four requests a build."""
    path = os.path.join(directory, "osbs.conf")
    with open(path, "w") as plain, open(ready["config"]) as config:
        plain.writelines(line for line in config if not line.startswith("reactor_config_map"))
    return Configuration(
        conf_file=path,
        token=ready["token"],
        ca_bundle=trusted_bundle(directory, ready["ca"]),
    )


def requests_of(server, function):
    """Return what a call sends, in short: list of method and resource."""
    server.call("forget_requests")
    function()
    return [_short(method, target) for method, target, _ in server.call("requests")]


def _short(method, target):
    path, _, query = target.partition("?")
    parts = PATHS.sub("", path).strip("/").split("/")
    for number, part in enumerate(parts[:-1]):
        if part.startswith("build"):
            parts[number + 1] = "NAME"
    return "{} {}{}".format(method, "/".join(parts), query and "?" + query.partition("=")[0])


def count_requests(osbs, server, numbers):
    """Return rows about the requests of a build."""
    number = numbers.take(1)[0]
    server.call("push", REGISTRY + "/fedora")
    osbs.create_image_stream("fedora", REGISTRY + "/fedora")
    names = []
    flows = (
        ("its BuildConfig is new", False, NEW_BUILD),
        ("its BuildConfig exists", False, KNOWN_BUILD),
        ("its BuildConfig exists and its base image triggers builds", True, TRIGGERED_BUILD),
    )
    for what, autorebuild, expected in flows:
        with given_repository(autorebuild):
            sent = requests_of(server, lambda: names.append(create(osbs, number)))
        osbs.wait_for_build_to_finish(names[-1])
        yield Row(
            "requests of an orchestrator build, " + what,
            "the list in `_create_build_config_and_build`: {}".format(len(expected)),
            "",
            len(sent) if sorted(sent) == sorted(expected) else float("inf"),
            at_most=len(expected),
            unit="requests",
            note=", ".join("`{}`".format(request) for request in sent),
        )


def sequence(osbs, count):
    """Call this and that, one after the other; returns how many logs and watches there were."""
    name = talking_build("sequence")["metadata"]["name"]
    osbs.os.create_build(talking_build("sequence")).json()
    streams = 0
    osbs.wait_for_build_to_finish(name)
    streams += 1
    osbs.get_build_logs(name)
    streams += 1
    for _ in range(count):
        osbs.list_builds()
        osbs.get_build(name)
        osbs.get_config_map("reactor-config-map")
        osbs.get_user()
        osbs.update_labels_on_build(name, {"a": "b"})
    return streams


def count_connections(osbs, server, count):
    """Return the row about connections."""
    server.call("forget_requests")
    streams = sequence(osbs, count)
    seen = server.call("requests")
    connections = {connection for _, _, connection in seen}
    return Row(
        "connections of {} sequential requests, {} of them a log or a watch".format(
            len(seen), streams
        ),
        BASELINE,
        "fresh {}, pooled {}".format(len(seen), len(connections)),
        len(connections),
        at_most=1 + streams,
        unit="connections",
    )


def compare(pooled, fresh, numbers, builds, rounds):
    """Return the Timing of builds with either kind of connections."""

    def of(osbs):
        def start_builds():
            for number in numbers.take(builds):
                create(osbs, number)

        return start_builds

    create(pooled, numbers.take(1)[0])
    return by_turns(rounds, {"fresh": of(fresh), "pooled": of(pooled)})


def by_threads(osbs, counts, calls):
    """Return seconds of so many calls by 1 and more threads: list of (threads, seconds)."""

    def get(times):
        for _ in range(times):
            osbs.get_user()

    figures = []
    for count in counts:
        threads = [threading.Thread(target=get, args=(calls // count,)) for _ in range(count)]

        def together(threads=threads):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        figures.append((count, by_turns(1, {"threads": together}).median("threads")))
    return figures


def run(options):
    """Measure."""
    numbers = Numbers()
    with served(cluster, {"tls": True}) as server, tempfile.TemporaryDirectory() as directory:
        ready = server.call("ready")
        conf = Configuration(conf_file=ready["config"], token=ready["token"])
        rows = [count_connections(OSBS(conf, conf), server, options.pick(20, 2))]
        rows += count_requests(OSBS(conf, conf), server, numbers)
        conf = plain_configuration(directory, ready)
        pooled, fresh = OSBS(conf, conf), OSBS(conf, conf)
        fresh.os._con = SessionPerRequest()
        with given_repository():
            sizes = options.pick((1, 5, 20), (1,))
            rounds = options.pick(5, 1)
            timings = {n: compare(pooled, fresh, numbers, n, rounds) for n in sizes}
        most = sizes[-1]
        rows.append(
            Row(
                "{} `create_orchestrator_build` over TLS, repository information given".format(
                    most
                ),
                BASELINE,
                timings[most].text("fresh", "pooled"),
                1 / timings[most].ratio("pooled", "fresh"),
                at_least=8,
                unit="times faster",
            )
        )
        threads = by_threads(pooled, options.pick((1, 2, 4, 8, 16, 32), (1, 2)), 320)
    lines = {name: [(n, timings[n].median(name)) for n in sizes] for name in ("fresh", "pooled")}
    return Outcome(
        rows,
        [
            Panel("Starting orchestrator builds over TLS", "builds", "seconds", lines),
            Panel("320 calls by threads that share an OSBS", "threads", "seconds", {"": threads}),
        ],
    )
