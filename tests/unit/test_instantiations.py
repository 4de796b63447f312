"""Whose build is it that is found after the answer to an instantiate was lost?"""

from __future__ import absolute_import, print_function, unicode_literals

import json
import os

import pytest

from osbs.exceptions import OsbsException
from osbs.http import HttpResponse
from osbs.rest.settle import Instantiations


class Server(object):
    """Answers for BuildConfig ``app``, of which there were some builds."""

    def __init__(self, builds):
        self.builds = builds

    def __call__(self, plan):
        name = plan.path.strip("/").rpartition("/")[2]
        if name == "app":
            return answer(200, {"status": {"lastVersion": self.builds}})
        return answer(200, {"metadata": {"name": name}})


def answer(status, body):
    return HttpResponse(status, {}, json.dumps(body).encode("utf-8"))


def build(number):
    return answer(201, {"metadata": {"name": "app-%d" % number}})


@pytest.fixture
def instantiations():
    return Instantiations()


def test_the_only_new_build_is_found(instantiations):
    found = instantiations.find(Server(8), "app", 7)
    assert found.json()["metadata"]["name"] == "app-8"


def test_a_build_is_found_by_one_caller_only(instantiations):
    assert instantiations.find(Server(8), "app", 7)
    assert instantiations.find(Server(8), "app", 7) is None


def test_a_build_that_a_caller_was_told_of_is_not_found(instantiations):
    instantiations.send("app", lambda: build(8))
    assert instantiations.find(Server(8), "app", 7) is None


def test_of_two_new_builds_none_is_found(instantiations):
    assert instantiations.find(Server(9), "app", 7) is None


def test_without_a_version_from_before_nothing_is_asked_for(instantiations):
    assert instantiations.find(None, "app", None) is None


def test_a_build_whose_caller_still_waits_for_the_answer_is_not_found(instantiations):
    found = []

    def send():
        # Another thread looks while this answer is on its way.
        found.append(instantiations.find(Server(8), "app", 7))
        return build(8)

    instantiations.send("app", send)
    assert found == [None]


def test_waiting_for_an_answer_of_another_build_config_does_not_matter(instantiations):
    found = []

    def send():
        found.append(instantiations.find(Server(8), "app", 7))
        return build(1)

    instantiations.send("other", send)
    assert found[0].status_code == 200


def test_a_request_that_failed_is_not_waited_for(instantiations):
    def send():
        raise OsbsException("lost")

    with pytest.raises(OsbsException):
        instantiations.send("app", send)
    assert instantiations.find(Server(8), "app", 7)


def test_a_child_does_not_wait_for_requests_of_its_parent(instantiations):
    def send():
        child = os.fork()
        if child == 0:
            os._exit(0 if instantiations.find(Server(8), "app", 7) else 1)
        assert os.waitpid(child, 0)[1] == 0
        return build(8)

    instantiations.send("app", send)
