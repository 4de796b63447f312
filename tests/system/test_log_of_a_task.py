"""What a Koji task's log tells of a build: all that is logged at INFO."""

from __future__ import absolute_import, print_function, unicode_literals

import logging

import pytest

from osbs.api import OSBS
from osbs.conf import Configuration
from tests.conftest import SandboxProcess
from tests.system import client

SECRETS = ("client-config-secret", "kojisecret", "v2-registry-dockercfg")


class Recorder(logging.Handler):
    """Keep the messages."""

    def __init__(self):
        super(Recorder, self).__init__()
        self.messages = []

    def emit(self, record):
        """Keep one."""
        self.messages.append(record.getMessage())


@pytest.fixture(scope="module")
def scripted(tmpdir_factory):
    """A sandbox whose builds run for half a second."""
    script = tmpdir_factory.mktemp("scripts").join("outcomes.json")
    script.write('{"default": {"duration": 0.5}}')
    process = SandboxProcess("--scripted", str(script))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def task(scripted, tmpdir_factory):
    """Calls in the order of koji-containerbuild: the client, name of a build, and a log."""
    recorder = Recorder()
    logger = logging.getLogger("osbs")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(recorder)
    repository = client.make_repository(tmpdir_factory.mktemp("task").join("repo"))
    conf = Configuration(conf_file=scripted["config"])
    osbs = OSBS(conf, conf)
    names = []
    for _ in range(2):
        build = osbs.create_orchestrator_build(
            git_uri=repository,
            git_ref=client.BRANCH,
            git_branch=client.BRANCH,
            user="osbs",
            component="hello",
            target="candidate",
            platforms=["x86_64"],
            koji_task_id=7,
        )
        names.append(build.get_build_name())
        osbs.wait_for_build_to_get_scheduled(names[-1])
        list(osbs.get_orchestrator_build_logs(names[-1], follow=True))
        osbs.wait_for_build_to_finish(names[-1])
    osbs.cancel_build(names[-1])
    logger.removeHandler(recorder)
    logger.setLevel(level)
    return repository, names, recorder.messages


def test_the_log_says_what_is_built(task):
    repository, _, messages = task
    assert "reading %s of %s, branch %s" % (client.BRANCH, repository, client.BRANCH) in messages


def test_the_log_says_which_build_config_is_created_and_updated(task):
    _, names, messages = task
    config = names[0].rpartition("-")[0]
    assert messages.count("creating BuildConfig %s" % config) == 1
    assert messages.count("updating BuildConfig %s" % config) == 1


@pytest.mark.parametrize("secret", SECRETS)
def test_the_log_names_each_secret_that_is_mounted(task, secret):
    path = "/var/run/secrets/atomic-reactor/" + secret
    assert task[2].count("mounting secret %s at %s" % (secret, path)) == 2


def test_the_log_says_when_a_build_was_started_and_has_ended(task):
    _, names, messages = task
    for name in names:
        started = messages.index("build %s was started" % name)
        assert messages.index("build %s has ended: Complete" % name) > started


def test_the_log_says_that_a_build_is_cancelled(task):
    assert "cancelling build %s" % task[1][-1] in task[2]


def test_the_log_holds_what_is_told_of_a_build_and_not_much_more(task, tell):
    messages = task[2]
    tell("%d lines of two builds at INFO:\n%s" % (len(messages), "\n".join(messages)))
    assert 20 <= len(messages) <= 60
