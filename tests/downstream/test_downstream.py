"""Builds in which koji and atomic-reactor do their own part."""

import inspect
import json
import logging
import re
import sys
import time

import pytest

WHERE = "is not installed, tox -e downstream does it"
pytest.importorskip("koji", reason="koji " + WHERE)
if not hasattr(inspect, "getargspec"):
    pytest.skip("atomic-reactor 1.6.26.3 needs Python 3.10 or older", allow_module_level=True)
pytest.importorskip("atomic_reactor", reason="atomic-reactor " + WHERE)
pytest.importorskip("pkg_resources", reason="atomic-reactor needs setuptools below 81")

# Only where all that is needed is there.
from osbs.api import OSBS  # noqa: E402
from osbs.sandbox.install.proxies import loopback_excluded  # noqa: E402
from osbs.sandbox.install.seed import DOCKERFILE, PLATFORMS, worker_namespace  # noqa: E402
from osbs.sandbox.pods.processes import ProcessRunner  # noqa: E402
from tests.downstream.site import POD, Outcome, Site  # noqa: E402

# Seconds after which what is waited for does not happen.
PATIENCE = 120


@pytest.fixture(scope="session")
def site(tmpdir_factory):
    """The sandbox."""
    directory = str(tmpdir_factory.mktemp("site"))
    runner = ProcessRunner(command=[sys.executable, "-W", "ignore", POD])
    with loopback_excluded(), Site(directory, runner=runner, tls=False) as started:
        yield started


@pytest.fixture(scope="session")
def built(site, tmpdir_factory):
    """The outcome of a build for two platforms."""
    return Outcome(site, str(tmpdir_factory.mktemp("built")), repository=site.make_repository())


@pytest.fixture(scope="session")
def failed(site, tmpdir_factory):
    """The outcome of a build for a platform that no cluster has."""
    repository = site.make_repository("failing")
    directory = str(tmpdir_factory.mktemp("failed"))
    return Outcome(site, directory, repository=repository, platforms=["s390x"])


@pytest.fixture(autouse=True)
def quiet_logging():
    """A task and atomic-reactor change the loggers of the process."""
    logger = logging.getLogger("osbs")
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


def workers(site, name):
    """Return the worker build of each platform (they have the orchestrator build's name)."""
    builds = {}
    for platform in PLATFORMS:
        conf = site.configuration(namespace=worker_namespace(site.namespace, platform))
        found = [b for b in OSBS(conf, conf).list_builds() if b.get_build_name() == name]
        builds[platform] = found[0] if found else None
    return builds


def test_a_build_of_the_task_succeeds(built):
    states = ("succeeded", "failed", "cancelled", "unfinished")
    assert [built.result[state] for state in states] == [True, False, False, False]


def test_the_task_knows_what_was_built(built):
    assert built.result["repositories"] == {"primary": [], "unique": []}
    assert (built.result["error"], built.result["koji_build_id"]) == (None, None)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_orchestrate_build_starts_a_worker_build_for_each_platform(site, built, platform):
    worker = workers(site, built.result["name"])[platform]
    assert worker.is_succeeded()
    noted = json.loads(built.result["json"]["metadata"]["annotations"]["worker-builds"])[platform]
    assert noted["build"] == {
        "build-name": worker.get_build_name(),
        "cluster-url": site.url,
        "namespace": worker_namespace(site.namespace, platform),
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_store_metadata_in_osv3_annotates_the_worker_builds(site, built, platform):
    worker = workers(site, built.result["name"])[platform]
    assert (worker.get_dockerfile(), worker.get_image_id()) == (DOCKERFILE, "sha256:built")
    assert len(worker.get_commit_id()) == 40


def test_the_input_plugin_hands_the_rendered_plugins_to_the_workflow(built):
    log = built.hub.files["orchestrator.log"].decode()
    assert "reactor_config - INFO - reading config from" in log
    assert "no such plugin" not in log


def test_plugins_that_need_what_the_sandbox_does_not_have_are_left_out(built, tell):
    logs = b"".join(built.hub.files.values()).decode()
    left_out = sorted(set(re.findall(r"not run here: (\w+)", logs)))
    tell(
        "not run, as they need a container engine, a registry or a Koji hub: %s"
        % ", ".join(left_out)
    )
    assert {"koji_import", "tag_and_push", "pull_base_image"} <= set(left_out)


def test_each_platform_has_a_log_of_its_own_on_the_hub(built):
    logs = {name[: -len(".log")] for name in built.hub.files}
    assert logs == {"orchestrator", "osbs-client"}.union(PLATFORMS)
    for platform in PLATFORMS:
        assert "pretending to build" in built.hub.files[platform + ".log"].decode()


def test_every_line_of_the_log_is_uploaded(site, built):
    logs = [built.hub.files[name + ".log"] for name in ("orchestrator",) + PLATFORMS]
    uploaded = sum(len(log.splitlines()) for log in logs)
    lines = site.osbs.get_build_logs(built.result["name"]).splitlines()
    assert uploaded == len([line for line in lines if line.strip()])


def test_logs_are_uploaded_while_the_build_runs(built):
    assert built.hub.uploads.count("orchestrator.log") > 1


def test_a_build_of_the_task_that_fails_says_why(failed):
    assert failed.result["failed"]
    assert "orchestrate_build: " in failed.result["error"]
    assert "No clusters found for platform s390x" in failed.result["error"]


def test_a_build_of_the_task_that_is_cancelled_cancels_its_worker_builds(site):
    dockerfile = DOCKERFILE + "RUN sleep 3600\n"
    repository = site.make_repository("sleeping", {"Dockerfile": dockerfile})
    conf = site.configuration(arrangement_version=4, reactor_config_secret="reactor-config")
    osbs = OSBS(conf, conf)
    name = osbs.create_orchestrator_build(**site.build_arguments(repository)).get_build_name()
    deadline = time.monotonic() + PATIENCE
    while not all(build and build.is_running() for build in workers(site, name).values()):
        assert time.monotonic() < deadline and osbs.get_build(name).is_in_progress()
        time.sleep(0.1)
    osbs.cancel_build(name)
    assert osbs.wait_for_build_to_finish(name).is_cancelled()
    while not all(build.is_cancelled() for build in workers(site, name).values()):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_library_logs_into_the_file_of_the_task(built):
    assert "INFO osbs" in built.log
    assert not any(isinstance(h, logging.FileHandler) for h in logging.getLogger("osbs").handlers)
