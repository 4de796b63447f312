"""Importing chosen tags of image streams, against the sandbox's registry."""

from __future__ import absolute_import, print_function, unicode_literals

import itertools
import json
import logging

import pytest

from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.exceptions import OsbsResponseException, OsbsValidationException
from tests.system.control import Control

_NUMBERS = itertools.count(1)
INSECURE = "openshift.io/image.insecureRepository"


class Bench(object):
    """An image stream's name, a repository with tags, and an OSBS."""

    def __init__(self, sandbox):
        self.name = "imported-%d" % next(_NUMBERS)
        self.repository = "registry.example.com/" + self.name
        self.control = Control(sandbox)
        conf = Configuration(conf_file=sandbox["config"])
        self.osbs = OSBS(conf, conf)

    def push(self, *tags):
        for tag in tags:
            self.control._call("POST", "registry", repository=self.repository, tag=tag)

    def create(self, *tags):
        """Create the stream, with tags that come from the repository and one that does not."""
        tags = [{"name": tag, "from": self.source(tag), "importPolicy": {}} for tag in tags]
        stream = {
            "kind": "ImageStream",
            "apiVersion": "v1",
            "metadata": {"name": self.name},
            "spec": {"tags": tags + [{"name": "pushed"}]},
        }
        self.osbs.os.create_image_stream(json.dumps(stream))

    def source(self, tag):
        return {"kind": "DockerImage", "name": "%s:%s" % (self.repository, tag)}

    @property
    def stream(self):
        return self.osbs.get_image_stream(self.name).json()

    @property
    def tags(self):
        return [entry["tag"] for entry in self.stream["status"].get("tags", [])]

    def import_tags(self, *tags, **insecure):
        return self.osbs.import_image_tags(self.name, list(tags), self.repository, **insecure)


@pytest.fixture
def bench(sandbox):
    return Bench(sandbox)


@pytest.fixture
def requests_so_far(bench):
    """A function that returns how many requests the sandbox got in this test."""
    before = len(bench.control._requests())
    return lambda: len(bench.control._requests()) - before


def test_tags_of_a_repository_are_imported_at_once(bench):
    bench.push("1", "2", "3")
    bench.create()
    assert bench.import_tags("1", "3") is True
    assert bench.tags == ["1", "3"]


def test_tags_that_the_stream_had_are_nothing_new(bench):
    bench.push("1")
    bench.create()
    bench.import_tags("1")
    assert bench.import_tags("1", "1") is False


def test_a_tag_that_the_registry_does_not_have_is_named_in_a_warning(bench, caplog):
    bench.push("1")
    bench.create()
    assert bench.import_tags("absent") is False
    message = "tag %s:absent: not imported: " % bench.name
    assert [r.levelno for r in caplog.records if message in r.getMessage()] == [logging.WARNING]


def test_an_import_of_tags_ends_what_the_stream_imports_by_itself(bench):
    bench.push("1")
    bench.osbs.create_image_stream(bench.name, bench.repository, insecure_registry=True)
    bench.import_tags("1")
    annotations = bench.stream["metadata"].get("annotations", {})
    assert "dockerImageRepository" not in bench.stream["spec"]
    assert INSECURE not in annotations


def test_a_stream_that_imports_nothing_by_itself_is_not_changed_before_an_import(bench):
    bench.push("1")
    bench.create()
    before = bench.stream["metadata"]["generation"]
    bench.osbs.os._put = None
    assert bench.import_tags("1") is True
    assert bench.stream["metadata"]["generation"] > before


def test_an_import_of_tags_can_be_insecure(bench):
    bench.push("1")
    bench.create()
    bench.import_tags("1", insecure=True)
    policies = {tag["name"]: tag.get("importPolicy") for tag in bench.stream["spec"]["tags"]}
    assert policies["1"]["insecure"] is True


@pytest.mark.parametrize("tags", [None, []])
def test_without_tags_nothing_is_sent(bench, requests_so_far, tags):
    assert bench.osbs.import_image_tags(bench.name, tags, bench.repository) is False
    assert bench.osbs.import_image(bench.name, tags=[]) is False
    assert requests_so_far() == 0


def test_a_text_instead_of_a_list_of_tags_is_refused(bench, requests_so_far):
    with pytest.raises(OsbsValidationException, match="tags must be a list"):
        bench.osbs.import_image_tags(bench.name, "latest", bench.repository)
    with pytest.raises(OsbsValidationException, match="tags must be a list"):
        bench.osbs.import_image(bench.name, tags="latest")
    assert requests_so_far() == 0


def test_tags_of_a_stream_are_imported_from_where_it_says(bench):
    bench.create("1", "2")
    bench.push("1", "2")
    assert bench.osbs.import_image(bench.name, tags=["2", "absent", "pushed"]) is True
    assert "2" in bench.tags


@pytest.mark.parametrize("tags", [["absent"], ["pushed"]])
def test_nothing_is_imported_when_the_stream_does_not_know_from_where(bench, tags):
    bench.create()
    assert bench.osbs.import_image(bench.name, tags=tags) is False


def test_an_image_stream_that_is_missing_is_an_error(bench):
    with pytest.raises(OsbsResponseException) as raised:
        bench.osbs.import_image(bench.name, tags=["1"])
    assert raised.value.status_code == 404


def test_openshift_4_groups_import_tags_as_well(bench, sandbox):
    conf = Configuration(conf_file=sandbox["config"], openshift_api="apis")
    bench.osbs = OSBS(conf, conf)
    bench.push("1")
    bench.create()
    assert bench.import_tags("1") is True
