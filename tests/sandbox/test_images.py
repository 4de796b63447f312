"""Image streams, their tags and imports."""

import itertools

import pytest

from osbs.sandbox.controllers import image_imports
from osbs.sandbox.testing import running
from tests.sandbox.support import OAPI, Api, started

STREAMS = OAPI + "imagestreams"
TAGS = OAPI + "imagestreamtags"
REPOSITORY = "127.0.0.1:5000/base"
STAMP = "2019-01-01T00:00:{:02}Z"


def tag(name, source, kind="DockerImage", **policy):
    return {
        "metadata": {"name": name},
        "tag": {"from": {"kind": kind, "name": source}, "importPolicy": policy},
    }


def put_tag(api, name, source, kind="DockerImage", **policy):
    return api.put("{}/{}".format(TAGS, name), tag(name, source, kind, **policy))


def imported(api, name):
    return api.wait(
        lambda: api.get("{}/{}".format(TAGS, name)), lambda response: response.status_code == 200
    ).json()


def test_a_tag_that_was_put_is_imported_and_the_stream_made(api):
    assert put_tag(api, "s:1", REPOSITORY + ":latest").status_code == 201
    image = imported(api, "s:1")["image"]
    assert image["dockerImageReference"].startswith(REPOSITORY + "@sha256:")
    assert put_tag(api, "s:1", REPOSITORY + ":latest").status_code == 200


def test_only_tags_with_an_image_are_listed(api):
    put_tag(api, "s:1", REPOSITORY + ":latest")
    put_tag(api, "s:2", REPOSITORY + ":missing")
    imported(api, "s:1")
    names = [item["metadata"]["name"] for item in api.get(TAGS).json()["items"]]
    assert names == ["s:1"]


def test_a_tag_can_be_posted_once(api):
    assert api.post(TAGS, tag("s:1", REPOSITORY)).status_code == 201
    again = api.post(TAGS, tag("s:1", REPOSITORY))
    assert (again.status_code, again.json()["reason"]) == (409, "AlreadyExists")


def test_a_deleted_tag_is_gone_from_its_stream(api):
    put_tag(api, "s:1", REPOSITORY)
    imported(api, "s:1")
    assert api.delete(TAGS + "/s:1").status_code == 200
    stream = api.get(STREAMS + "/s").json()
    assert ("tags" in stream["spec"], "tags" in stream["status"]) == (False, False)
    assert api.delete(TAGS + "/s:1").status_code == 404
    assert api.delete(TAGS + "/t:1").status_code == 404


def test_a_tag_that_refers_to_another_has_its_image(api):
    put_tag(api, "s:1", REPOSITORY)
    first = imported(api, "s:1")
    put_tag(api, "s:2", "s:1", kind="ImageStreamTag")
    put_tag(api, "s:3", "2", kind="ImageStreamTag")
    assert imported(api, "s:3")["image"] == first["image"]


def test_tags_that_refer_to_each_other_have_no_image(api):
    put_tag(api, "s:1", "s:2", kind="ImageStreamTag")
    put_tag(api, "s:2", "s:1", kind="ImageStreamTag")
    assert api.get(TAGS + "/s:1").status_code == 404


def test_a_new_image_is_imported_when_the_annotation_is_dropped(api):
    api.post(STREAMS, {"metadata": {"name": "s"}, "spec": {"dockerImageRepository": REPOSITORY}})
    first = imported(api, "s:latest")["image"]["metadata"]["name"]
    api.sandbox.push(REPOSITORY)
    stream = api.get(STREAMS + "/s").json()
    del stream["metadata"]["annotations"]["openshift.io/image.dockerRepositoryCheck"]
    assert api.put(STREAMS + "/s", stream).status_code == 200
    api.wait(
        lambda: api.get(TAGS + "/s:latest").json()["image"]["metadata"]["name"],
        lambda name: name != first,
    )
    items = api.get(STREAMS + "/s").json()["status"]["tags"][0]["items"]
    assert [item["image"] == first for item in items] == [False, True]


def test_scheduled_tags_see_new_images_by_themselves():
    with started(delays={"scheduled_import": 0.02}) as api:
        put_tag(api, "s:1", REPOSITORY, scheduled=True)
        put_tag(api, "t:1", REPOSITORY)
        first = imported(api, "s:1")["image"]["metadata"]["name"]
        imported(api, "t:1")
        api.sandbox.push(REPOSITORY)
        api.wait(
            lambda: api.get(TAGS + "/s:1").json()["image"]["metadata"]["name"],
            lambda name: name != first,
        )
        assert api.get(TAGS + "/t:1").json()["image"]["metadata"]["name"] == first


def test_an_insecure_repository_needs_an_insecure_policy(api):
    api.sandbox.registry.add(REPOSITORY, insecure_only=True)
    put_tag(api, "s:1", REPOSITORY)
    put_tag(api, "s:2", REPOSITORY, insecure=True)
    imported(api, "s:2")
    assert api.get(TAGS + "/s:1").status_code == 404


def test_registries_that_are_not_allowed_are_refused_in_streams_and_tags():
    with started(allowed_registries=["a.example.com"]) as api:
        assert put_tag(api, "s:1", REPOSITORY).status_code == 422
        spec = {
            "dockerImageRepository": REPOSITORY,
            "tags": [{"name": "1", "from": {"kind": "DockerImage", "name": REPOSITORY + ":1"}}],
        }
        response = api.post(STREAMS, {"metadata": {"name": "s"}, "spec": spec})
        fields = [cause["field"] for cause in response.json()["details"]["causes"]]
        assert fields == ["spec.dockerImageRepository", "spec.tags[0].from.name"]


def image_import(api, **spec):
    spec = dict({"import": True}, **spec)
    return api.post(OAPI + "imagestreamimports", {"metadata": {"name": "s"}, "spec": spec})


def test_an_import_makes_stream_and_tags_at_once(api):
    source = {"from": {"kind": "DockerImage", "name": REPOSITORY}}
    response = image_import(api, repository=source)
    assert response.status_code == 201
    assert [entry["tag"] for entry in response.json()["status"]["repository"]["images"]] == [
        "latest"
    ]
    assert api.get(TAGS + "/s:latest").status_code == 200


def test_who_imports_a_tag_by_hand_sees_no_second_import_of_it(monkeypatch):
    seconds = itertools.count()
    monkeypatch.setattr(image_imports, "rfc3339", lambda: STAMP.format(next(seconds)))
    with started(delays={"import_new": 0.1}) as api:
        put_tag(api, "s:1", REPOSITORY)
        source = {"from": {"kind": "DockerImage", "name": REPOSITORY}, "to": {"name": "1"}}
        image_import(api, images=[source])
        stream = api.get(STREAMS + "/s").json()
        put_tag(api, "t:1", REPOSITORY)
        imported(api, "t:1")
        assert api.get(STREAMS + "/s").json() == stream


def test_an_import_of_single_images_sets_the_tags_it_names(api):
    source = {"from": {"kind": "DockerImage", "name": REPOSITORY + ":latest"}, "to": {"name": "x"}}
    response = image_import(api, images=[source])
    assert response.json()["status"]["images"][0]["status"]["status"] == "Success"
    assert api.get(TAGS + "/s:x").status_code == 200


def test_an_import_with_import_false_changes_nothing(api):
    source = {"from": {"kind": "DockerImage", "name": REPOSITORY}}
    response = image_import(api, repository=source, **{"import": False})
    assert "import" not in response.json()["status"]
    assert api.get(STREAMS + "/s").status_code == 404


@pytest.mark.parametrize("part", ["repository", "images"])
def test_an_import_that_fails_says_so_in_its_status(api, part):
    api.sandbox.registry.add(REPOSITORY, fails=True)
    source = {"from": {"kind": "DockerImage", "name": REPOSITORY}}
    response = image_import(api, **{part: source if part == "repository" else [source]})
    status = response.json()["status"][part]
    status = status if part == "repository" else status[0]
    assert (response.status_code, status["status"]["status"]) == (201, "Failure")


def test_an_import_without_a_name_is_422(api):
    response = api.post(OAPI + "imagestreamimports", {"spec": {"import": True}})
    assert response.status_code == 422


def test_clients_cannot_set_the_status_of_a_stream(api):
    status = {"tags": [{"tag": "x", "items": []}]}
    response = api.post(STREAMS, {"metadata": {"name": "s"}, "status": status})
    assert response.json()["status"] == {"dockerImageRepository": ""}


def test_an_image_that_nobody_pushed_is_not_found():
    with running(tls=False) as sandbox:
        api = Api(sandbox.server)
        sandbox.push(REPOSITORY)
        for name, source in (("bad", REPOSITORY + "e"), ("good", REPOSITORY)):
            put_tag(api, name + ":1", source + ":latest")
        imported(api, "good:1")
        assert api.get(TAGS + "/bad:1").status_code == 404
