"""Calls of osbs.core against a server that fails in every way: done once, or not at all."""

from __future__ import absolute_import, print_function, unicode_literals

import base64
import json
import logging
import threading

import pytest
import requests
from six.moves.urllib.parse import parse_qs, urlsplit

from osbs import core
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsResponseException,
    OsbsValidationException,
    OsbsWaitTimeout,
)
from osbs._rest import auth, groups
from tests.wire.server import CHUNKED, CLOSE, RESET, answer, chunk

JUNK = (b"", b"<html>proxy</html>", b"\xff\xfe\x00garbage", b"[]", b'"x"', b'{"cut": ')


class Builds(object):
    """A BuildConfig `app` and named objects; ``fault`` decides what becomes of a POST.

    fault(number of the POST) is None, or (whether to act, steps of the answer).
    """

    def __init__(self, fault):
        self.fault = fault
        self.last_version = 7
        self.objects = {}
        self.posts = 0
        self.puts = 0

    def __call__(self, request):
        path = urlsplit(request.path).path.split("namespaces/default/")[-1].rstrip("/")
        if request.method == "GET":
            return self.get(path)
        if request.method == "PUT":
            self.puts += 1
            return answer(200, json.loads(request.body.decode("utf-8")))
        self.posts += 1
        act, steps = self.fault(self.posts) or (True, None)
        made = self.act(path, request) if act else None
        return steps if steps is not None else made

    def get(self, path):
        if path == "buildconfigs/app":
            return answer(
                200, {"metadata": {"name": "app"}, "status": {"lastVersion": self.last_version}}
            )
        if path == "builds":
            return answer(200, {"items": [self.objects[path] for path in self.builds]})
        if path in self.objects:
            return answer(200, self.objects[path])
        return answer(404, {"kind": "Status", "message": "not found"})

    def act(self, path, request):
        body = json.loads(request.body.decode("utf-8"))
        if path.endswith("/instantiate"):
            made = self.start(body["metadata"].get("annotations"))
            return answer(201, made)
        path = "%s/%s" % (path, body["metadata"]["name"])
        if path in self.objects:
            return answer(409, {"kind": "Status", "reason": "AlreadyExists"})
        self.objects[path] = dict(body, extra="by the server")
        return answer(201, self.objects[path])

    def start(self, annotations=None):
        """Make a Build of the BuildConfig; returns it."""
        self.last_version += 1
        name = "app-%d" % self.last_version
        made = self.objects["builds/" + name] = {
            "metadata": {"name": name, "annotations": annotations},
            "status": {"phase": "New"},
        }
        return made

    @property
    def builds(self):
        return [path for path in self.objects if path.startswith("builds/")]


def once(act, steps):
    """Return a fault of the first POST."""
    return lambda number: (act, steps) if number == 1 else None


LOST = {
    "reset": [RESET],
    "closed": [CLOSE],
    "cut": [answer(201, b'{"metadata": {}}', length=1000), CLOSE],
    "cut chunk": [CHUNKED.replace(b"200 OK", b"201 Created") + chunk(b'{"me'), CLOSE],
    "500": [answer(500, b"oops")],
    "502": [answer(502, b"<html>")],
    "504": [answer(504)],
    "408": [answer(408)],
    "empty": [answer(201, b"")],
    "HTML": [answer(201, b"<html>")],
    "garbage": [answer(201, b"\xff\x00")],
    "no HTTP": [b"garbage\r\n\r\n", CLOSE],
}


@pytest.mark.parametrize("lost", sorted(LOST))
def test_defect_05_instantiate_of_which_the_answer_is_lost_goes_on_with_its_build(
    serve, client, lost
):
    state = Builds(once(True, LOST[lost]))
    server = serve(state)
    build = client(server).instantiate_build_config("app").json()
    assert build["metadata"]["name"] == "app-8"
    assert (state.posts, state.builds) == (1, ["builds/app-8"])


@pytest.mark.parametrize("lost", ("reset", "closed", "cut", "500", "garbage", "empty"))
def test_defect_05_instantiate_that_was_not_carried_out_fails_and_is_not_sent_again(
    serve, client, lost
):
    state = Builds(once(False, LOST[lost]))
    server = serve(state)
    with pytest.raises(OsbsException):
        client(server).instantiate_build_config("app").json()
    assert (state.posts, state.builds) == (1, [])


def test_an_instantiate_is_sent_again_when_the_server_was_too_busy_to_act(serve, client):
    state = Builds(once(False, [answer(503)]))
    assert client(serve(state)).start_build("app").status_code == 201
    assert state.builds == ["builds/app-8"]


def test_an_instantiate_in_conflict_with_others_is_tried_again(serve, client, monkeypatch):
    monkeypatch.setattr(core, "_INSTANTIATE_DELAY", 0.001)
    state = Builds(
        lambda number: (False, [answer(409, {"reason": "Conflict"})]) if number < 4 else None
    )
    assert client(serve(state)).instantiate_build_config("app").status_code == 201
    assert (state.posts, len(state.builds)) == (4, 1)


def test_a_conflict_without_end_is_returned(serve, client, monkeypatch):
    monkeypatch.setattr(core, "_INSTANTIATE_DELAY", 0)
    state = Builds(lambda number: (False, [answer(409, {"reason": "Conflict"})]))
    assert client(serve(state)).instantiate_build_config("app").status_code == 409
    assert state.posts == 12


@pytest.mark.parametrize("others", (1, 2, 20))
def test_ones_own_build_is_found_among_those_of_others(serve, client, others):
    state = Builds(None)

    def fault(number):
        for _ in range(others):
            state.start({"osbs-client/request-id": "theirs"})
        return True, [RESET]

    state.fault = fault
    build = client(serve(state)).instantiate_build_config("app").json()
    assert build["metadata"]["name"] == "app-%d" % (8 + others)


def test_builds_of_others_are_not_taken_for_ones_own(serve, client):
    state = Builds(lambda number: state.start() and (False, [RESET]))
    with pytest.raises(OsbsException):
        client(serve(state)).instantiate_build_config("app")
    assert state.posts == 1


def test_a_build_that_shows_up_a_moment_after_the_connection_broke_is_found(serve, client):
    state = Builds(None)
    ids = []

    def script(request):
        if request.method == "POST":
            ids.append(json.loads(request.body.decode("utf-8"))["metadata"]["annotations"])
            return [RESET]
        if "labelSelector" in request.path and len(server.methods) > 2 and not state.builds:
            state.start(ids[0])
        return state(request)

    server = serve(script)
    build = client(server).instantiate_build_config("app").json()
    assert (build["metadata"]["name"], len(ids)) == ("app-8", 1)


def test_only_builds_of_the_build_config_are_looked_through(serve, client):
    server = serve(Builds(once(True, [RESET])))
    client(server).instantiate_build_config("app")
    assert server.paths[1].endswith("builds/?labelSelector=buildconfig%3Dapp")


def test_the_builds_of_a_build_config_with_a_long_name_are_found(serve, client):
    server = serve(Builds(once(True, [RESET])))
    client(server).instantiate_build_config("a" * 70)
    assert server.paths[1].endswith("builds/?labelSelector=buildconfig%3D" + "a" * 63)


def test_all_attempts_of_an_instantiate_carry_the_same_id(serve, client, monkeypatch):
    monkeypatch.setattr(core, "_INSTANTIATE_DELAY", 0)
    state = Builds(once(False, [answer(409, {"reason": "Conflict"})]))
    server = serve(state)
    client(server).instantiate_build_config("app")
    assert len({request.body for request in server.requests}) == 1 < len(server.requests)


def test_each_instantiate_has_an_id_of_its_own(serve, client):
    server = serve(Builds(lambda number: None))
    openshift = client(server)
    openshift.instantiate_build_config("app")
    openshift.instantiate_build_config("app")
    first, second = (request.body for request in server.requests)
    assert first != second


def test_an_instantiate_is_one_request(serve, client):
    server = serve(Builds(lambda number: None))
    client(server).instantiate_build_config("app")
    assert server.methods == ["POST"]


def test_a_build_that_is_named_before_it_can_be_read_is_waited_for(serve, client):
    server = serve([answer(404, {}), answer(404, {}), answer(200, {"metadata": {"name": "x"}})])
    assert client(server).wait_for_build_to_exist("x").json() == {"metadata": {"name": "x"}}


def test_a_build_that_never_can_be_read_is_waited_for_no_longer_than_that(
    serve, client, monkeypatch
):
    monkeypatch.setattr(core, "_LATE_BUILD_TIMEOUT", 0.05)
    with pytest.raises(OsbsWaitTimeout) as info:
        client(serve([answer(404, {})])).wait_for_build_to_exist("x")
    assert info.value.message == ("build 'x': not done within 0.05 seconds (last seen: not found)")


def test_a_build_that_must_not_be_read_is_not_waited_for(serve, client):
    server = serve([answer(403, {})])
    with pytest.raises(OsbsResponseException):
        client(server).wait_for_build_to_exist("x")
    assert server.methods == ["GET"]


BEING_DELETED = answer(
    409,
    {
        "kind": "Status",
        "message": 'object is being deleted: buildconfigs "x" already exists',
        "reason": "AlreadyExists",
    },
)


def test_what_is_being_deleted_is_restored_when_it_is_gone(serve, client):
    server = serve([BEING_DELETED, BEING_DELETED, answer(201, {"metadata": {"name": "x"}})])
    response = client(server).restore_resource("buildconfigs", {"metadata": {"name": "x"}})
    assert (response.status_code, server.methods) == (201, ["POST"] * 3)


def test_what_is_being_deleted_for_ever_is_not_restored(serve, client, monkeypatch):
    monkeypatch.setattr(core, "_DELETION_TIMEOUT", 0.05)
    with pytest.raises(OsbsResponseException) as info:
        client(serve([BEING_DELETED])).restore_resource("buildconfigs", {"metadata": {"name": "x"}})
    assert info.value.status_code == 409
    assert "being deleted" in info.value.message


def test_what_exists_is_not_restored_and_not_tried_again(serve, client):
    server = serve([answer(409, {"reason": "AlreadyExists"})])
    with pytest.raises(OsbsResponseException):
        client(server).restore_resource("buildconfigs", {"metadata": {"name": "x"}})
    assert server.methods == ["POST"]


NAMED = {
    "create_build": ({"metadata": {"name": "x", "labels": {"a": "b"}}}, "builds/x"),
    "create_build_config": (
        json.dumps({"metadata": {"name": "x"}, "spec": {"source": {}}}),
        "buildconfigs/x",
    ),
    "create_config_map": ({"metadata": {"name": "x"}, "data": {"k": '"v"'}}, "configmaps/x"),
    "create_image_stream": (json.dumps({"metadata": {"name": "x"}}), "imagestreams/x"),
}


@pytest.mark.parametrize("method", sorted(NAMED))
@pytest.mark.parametrize("retries", (True, False))
@pytest.mark.parametrize("lost", sorted(LOST))
def test_defect_05_a_named_object_of_which_the_answer_is_lost_is_found(
    serve, client, method, retries, lost
):
    body, path = NAMED[method]
    state = Builds(once(True, LOST[lost]))
    openshift = client(serve(state))
    openshift.retries_enabled = retries
    assert getattr(openshift, method)(body).json()["metadata"]["name"] == "x"
    assert list(state.objects) == [path]


@pytest.mark.parametrize("lost", ("reset", "closed", "500", "502", "504", "408"))
def test_a_named_object_that_was_not_created_is_created_by_the_repeat(serve, client, lost):
    state = Builds(once(False, LOST[lost]))
    client(serve(state)).create_build({"metadata": {"name": "x"}})
    assert (state.builds, state.posts) == (["builds/x"], 2)


def test_somebody_elses_object_of_the_same_name_is_a_conflict(serve, client):
    state = Builds(lambda number: None)
    state.objects["builds/x"] = {"metadata": {"name": "x", "labels": {"a": "theirs"}}}
    openshift = client(serve(state))
    with pytest.raises(OsbsResponseException) as info:
        openshift.create_build({"metadata": {"name": "x", "labels": {"a": "mine"}}}).json()
    assert info.value.status_code == 409


def test_somebody_elses_object_is_not_taken_after_a_lost_answer(serve, client):
    state = Builds(once(False, [RESET]))
    state.objects["builds/x"] = {"metadata": {"name": "x", "labels": {"a": "theirs"}}}
    response = client(serve(state)).create_build(
        {"metadata": {"name": "x", "labels": {"a": "mine"}}}
    )
    assert response.status_code == 409


def test_an_object_that_is_being_deleted_is_not_what_a_create_made(serve, client):
    state = Builds(once(False, [RESET]))
    state.objects["builds/x"] = {"metadata": {"name": "x", "deletionTimestamp": "2026-11-28"}}
    assert client(serve(state)).create_build({"metadata": {"name": "x"}}).status_code == 409


def test_a_build_without_a_name_is_found_by_its_koji_task(serve, client):
    found = {"metadata": {"name": "chosen", "labels": {"koji-task-id": "12"}}}

    def script(request):
        if request.method == "POST":
            return [RESET]
        return answer(200, {"items": [found]} if "koji-task-id" in request.path else found)

    server = serve(script)
    response = client(server).create_build({"metadata": {"labels": {"koji-task-id": "12"}}})
    assert response.json() == found
    assert server.methods == ["POST", "GET", "GET"]


def test_a_build_without_name_and_task_is_not_sent_twice(serve, client):
    server = serve([[RESET], answer(201, {})])
    with pytest.raises(OsbsException):
        client(server).create_build({})
    assert server.methods == ["POST"]


def test_a_refused_connection_needs_no_look(client, serve):
    server = serve([answer()])
    openshift = client(server)
    server.stop()
    openshift.retries_enabled = False
    with pytest.raises(OsbsException) as info:
        openshift.create_build({"metadata": {"name": "x"}})
    assert isinstance(info.value.cause, requests.exceptions.ConnectionError)


def test_a_delete_of_which_the_answer_is_lost_is_done(serve, client):
    server = serve([[RESET], answer(404, {})])
    assert client(server).delete_config_map("x") is None
    assert server.methods == ["DELETE", "DELETE"]


def test_a_delete_of_which_the_answer_was_cut_is_done(serve, client):
    server = serve([[answer(200, b"{", length=100), CLOSE], answer(404, {})])
    assert client(server).delete_config_map("x") is None


def test_a_delete_of_what_does_not_exist_is_404(serve, client):
    server = serve([answer(404, {})])
    with pytest.raises(OsbsResponseException) as info:
        client(server).delete_config_map("x")
    assert info.value.status_code == 404


def test_an_answer_that_was_cut_is_asked_for_again(serve, client):
    server = serve(
        [
            [answer(200, b'{"a"', length=100), CLOSE],
            [CHUNKED + chunk(b'{"a"'), RESET],
            answer(200, {"a": 1}),
        ]
    )
    assert client(server).get_build("x").json() == {"a": 1}


def test_an_answer_that_was_cut_is_an_error_without_retries(serve, client):
    server = serve([[answer(200, b'{"a"', length=100), CLOSE]])
    openshift = client(server)
    openshift.retries_enabled = False
    with pytest.raises(OsbsException):
        openshift.get_build("x")
    assert len(server.requests) == 1


def test_an_import_whose_answer_was_cut_is_not_sent_again_without_retries(serve, client):
    server = serve([answer(200, {}), [answer(200, b'{"a"', length=100), CLOSE]])
    with pytest.raises(OsbsException):
        client(server, retries=0).import_image_tags("stream", ["1"], "registry.example.com/x", {})
    assert len(server.requests) == 2


def test_without_retries_nothing_is_sent_twice(serve, client):
    server = serve([answer(503)])
    openshift = client(server)
    openshift.retries_enabled = False
    for call in (
        lambda: openshift.get_build("x"),
        lambda: next(openshift.watch_resource("builds")),
        lambda: openshift.update_build_config("x", "{}"),
    ):
        before = len(server.requests)
        with pytest.raises(OsbsResponseException):
            call()
        assert len(server.requests) == before + 1


READS = {
    "get_build_config": ("x",),
    "get_build_config_by_labels": ([("a", "b")],),
    "get_serviceaccount_tokens": (),
    "cancel_build": ("x",),
    "import_image": ("x",),
    "set_labels_on_build": ("x", {}),
    "update_annotations_on_build": ("x", {}),
    "wait_for_build_to_finish": ("x",),
    "wait_for_new_build_config_instance": ("x", 1),
    "ensure_image_stream_tag": ({"metadata": {"name": "x"}}, "t", {"tag": {}}),
}


@pytest.mark.parametrize("method", sorted(READS))
@pytest.mark.parametrize("junk", JUNK)
def test_junk_instead_of_json_is_a_documented_exception(serve, client, method, junk, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    openshift = client(serve([answer(200, junk)]))
    try:
        getattr(openshift, method)(*READS[method])
    except OsbsException:
        return
    # An empty list of secrets is the only thing that junk can be taken for.
    assert method == "get_serviceaccount_tokens"


def test_defect_26_an_id_cannot_leave_its_place_in_the_url(serve, client):
    server = serve([answer(200, {})])
    openshift = client(server)
    for bad in ("../../kube-system/secrets/x", "a?b", "a#b", "", ".", "..", "a\nb", None):
        for call in (
            openshift.get_build,
            openshift.get_user,
            openshift.get_config_map,
            openshift.cancel_build,
            openshift.instantiate_build_config,
            openshift.delete_resource_quota,
            openshift.dump_resource,
            lambda bad: next(openshift.watch_resource("builds", bad or "")),
        ):
            with pytest.raises(OsbsValidationException):
                call(bad)
    assert server.requests == []


def test_ids_are_quoted_but_for_colon_and_tilde(serve, client):
    server = serve([answer(200, {})])
    openshift = client(server)
    openshift.get_image_stream_tag("maps:spam")
    openshift.get_user()
    openshift.get_build("a b%\u00e9")
    assert [path.split("/", 3)[3] for path in server.paths] == [
        "namespaces/default/imagestreamtags/maps:spam",
        "users/~/",
        "namespaces/default/builds/a%20b%25%C3%A9/",
    ]


class Tokens(object):
    """Gives tokens t1, t2 ... and accepts only the newest; ``valid`` names it."""

    def __init__(self):
        self.given = 0
        self.valid = None
        self.streams = False

    def __call__(self, request):
        if request.path.startswith("/oauth/authorize"):
            self.given += 1
            self.valid = "t%d" % self.given
            return answer(
                302,
                headers=[
                    ("Location", "https://h/token#access_token=%s&expires_in=86400" % self.valid)
                ],
            )
        if request.headers.get("authorization") != "Bearer %s" % self.valid:
            return answer(401, {"kind": "Status", "code": 401})
        return answer(200, {"metadata": {"name": "x"}, "status": {"phase": "Complete"}})


def test_defect_34_an_expired_token_is_renewed_and_the_request_repeated(serve, client):
    state = Tokens()
    server = serve(state)
    openshift = client(server, username="u", password="p")
    openshift.get_build("x")
    state.valid = "expired"
    assert openshift.get_build("x").status_code == 200
    assert state.given == 2


def test_defect_34_an_expired_token_is_renewed_for_a_stream(serve, client):
    state = Tokens()
    openshift = client(serve(state), username="u", password="p")
    openshift.get_build("x")
    state.valid = "expired"
    with pytest.raises(OsbsResponseException):
        # The answer is no watch: what matters is that it is no 401.
        openshift.retries_enabled = False
        for _ in openshift.watch_resource("builds", "x", deadline=core.retry.Deadline(0.3)):
            pass
        raise OsbsResponseException("done", 200)
    assert state.given == 2


def test_defect_34_of_32_threads_one_renews_the_token(serve, client):
    state = Tokens()
    openshift = client(serve(state), username="u", password="p")
    openshift.get_build("x")
    state.valid = "expired"
    statuses = []
    threads = [
        threading.Thread(target=lambda: statuses.append(openshift.get_build("x").status_code))
        for _ in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * 32
    assert state.given == 2


def test_of_32_threads_one_gets_the_first_token(serve, client):
    state = Tokens()
    openshift = client(serve(state), username="u", password="p")
    threads = [threading.Thread(target=openshift.get_build, args=("x",)) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert state.given == 1


def test_a_configured_token_is_never_replaced(serve, client):
    state = Tokens()
    openshift = client(serve(state), token="T", username="u", password="p")
    with pytest.raises(OsbsResponseException) as info:
        openshift.get_build("x")
    assert (info.value.status_code, state.given) == (401, 0)


def test_a_token_that_is_refused_twice_ends_in_401(serve, client):
    state = Tokens()
    openshift = client(serve(state), username="u", password="p")
    openshift.get_oauth_token()
    script = serve(lambda request: state(request) if "oauth" in request.path else answer(401))
    openshift.os_api_url = script.url + "oapi/v1/"
    with pytest.raises(OsbsResponseException) as info:
        openshift.get_build("x")
    assert (info.value.status_code, len(script.requests)) == (401, 2)


@pytest.fixture
def service_account(tmpdir, monkeypatch):
    monkeypatch.setattr(auth, "SERVICEACCOUNT_SECRET", str(tmpdir))
    return tmpdir.join("token")


def test_defect_34_a_service_account_token_is_read_again_when_it_is_refused(
    serve, client, service_account
):
    state = Tokens()
    state.valid = "new"

    def replace_token(request):
        service_account.write("new\n")
        return state(request)

    service_account.write("old\n")
    openshift = client(serve(replace_token))
    assert openshift.get_build("x").status_code == 200
    assert openshift.token == "new"


def test_defect_34_a_service_account_token_is_read_again_when_it_changes(
    serve, client, service_account
):
    state = Tokens()
    state.valid = "longer-than-the-old-one"
    service_account.write("old\n")
    server = serve(state)
    openshift = client(server)
    service_account.write("longer-than-the-old-one\n")
    openshift.get_build("x")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "reply, words",
    [
        (
            answer(
                302,
                headers=[("Location", "https://h/#error=access_denied&error_description=no+way")],
            ),
            "access_denied: no way",
        ),
        (
            answer(
                302,
                headers=[("Location", "https://h/?error=invalid_scope&error_description=bogus")],
            ),
            "invalid_scope: bogus",
        ),
        (answer(302, headers=[("Location", "https://h/#nothing=1")]), "sent no token"),
        (answer(401, b"A non-empty X-CSRF-Token header is required"), "X-CSRF-Token"),
        (
            answer(401, headers=[("WWW-Authenticate", 'Basic realm="openshift"')]),
            "password are wrong",
        ),
        (
            answer(400, {"error": "unauthorized_client", "error_description": "unknown"}),
            "unauthorized_client: unknown",
        ),
        (answer(403, b"<html>no</html>"), "403"),
    ],
)
def test_defect_36_a_refused_login_is_told_in_the_servers_words(serve, client, reply, words):
    openshift = client(serve([reply]), username="u", password="secret-password")
    with pytest.raises(OsbsAuthException) as info:
        openshift.get_build("x")
    assert words in info.value.message
    assert "secret-password" not in info.value.message


def test_an_oauth_server_in_trouble_is_no_refusal(serve, client):
    openshift = client(serve([answer(503)]), username="u", password="p")
    with pytest.raises(OsbsResponseException) as info:
        openshift.get_build("x")
    assert info.value.status_code == 503


@pytest.mark.parametrize("letters", ("P\u011bt", "gr\u00fcn", "plain"))
def test_user_and_password_are_sent_as_utf_8(serve, client, letters):
    server = serve(Tokens())
    client(server, username=letters, password=letters).get_oauth_token()
    sent = server.requests[0].headers["authorization"].partition(" ")[2]
    assert base64.b64decode(sent).decode("utf-8") == letters + ":" + letters


def test_defect_91_the_login_asks_for_the_basic_challenge(serve, client):
    server = serve(Tokens())
    client(server, username="u", password="p").get_oauth_token()
    assert server.requests[0].headers["x-csrf-token"] == "1"
    query = parse_qs(urlsplit(server.paths[0]).query)
    assert query == {"response_type": ["token"], "client_id": ["openshift-challenging-client"]}


def test_defect_23_no_token_reaches_the_log(serve, client, caplog):
    with caplog.at_level(logging.DEBUG, logger="osbs"):
        client(serve(Tokens()), username="u", password="p").get_build("x")
    text = " ".join(record.getMessage() for record in caplog.records)
    assert "t1" not in text and "access_token" not in text


def test_a_token_that_cannot_be_a_header_is_not_shown(serve, client):
    server = serve([answer()])
    with pytest.raises(OsbsAuthException) as info:
        client(server, token="secret\ntoken").get_build("x")
    assert "secret" not in "%s %r" % (info.value, info.value)
    assert server.requests == []


def test_pages_are_asked_for_one_after_the_other(serve, client):
    pages = {None: (["a", "b"], "next one"), "next one": (["c"], "")}

    def script(request):
        query = parse_qs(urlsplit(request.path).query)
        assert query["limit"] == ["2"]
        names, token = pages[query.get("continue", [None])[0]]
        return answer(
            200,
            {
                "kind": "BuildList",
                "metadata": {"continue": token},
                "items": [{"metadata": {"name": name}} for name in names],
            },
        )

    server = serve(script)
    openshift = client(server)
    listed = openshift.list_builds(labels={"k": "v"}, page_size=2).json()
    assert [item["metadata"]["name"] for item in listed["items"]] == ["a", "b", "c"]
    assert listed["kind"] == "BuildList"
    assert len(list(openshift.dump_pages("buildconfigs", 2))) == 2
    assert len(openshift.dump_resource("buildconfigs", page_size=2).json()["items"]) == 3


def test_a_list_that_takes_too_long_begins_anew_without_repeating_anything(serve, client):
    def page(names, token=""):
        return answer(
            200,
            {
                "metadata": {"continue": token},
                "items": [{"metadata": {"name": name}} for name in names],
            },
        )

    server = serve([page("ab", "t"), answer(410, {"code": 410}), page("abc")])
    listed = client(server).dump_resource("builds", page_size=2).json()
    assert [item["metadata"]["name"] for item in listed["items"]] == ["a", "b", "c"]


def test_a_server_that_does_not_know_pages_is_asked_once(serve, client):
    server = serve([answer(200, {"items": [{"metadata": {"name": "a"}}]})])
    assert len(client(server).list_builds(page_size=5).json()["items"]) == 1
    assert len(server.requests) == 1


@pytest.mark.parametrize("size", (0, -1, "x", True))
def test_a_page_size_must_be_positive(serve, client, size):
    with pytest.raises(OsbsValidationException):
        client(serve([answer()])).list_builds(page_size=size)


def test_a_list_without_pages_is_asked_for_as_ever(serve, client):
    server = serve([answer(200, {"items": []})])
    client(server).list_builds()
    client(server).dump_resource("builds")
    assert server.paths == [
        "/oapi/v1/namespaces/default/builds/",
        "/oapi/v1/namespaces/default/builds",
    ]


class TestGroups(object):
    """openshift_api = apis | auto."""

    @pytest.fixture(autouse=True)
    def forget(self, monkeypatch):
        monkeypatch.setattr(groups, "_found_modes", {})

    def test_each_resource_goes_to_its_group(self, serve, client):
        server = serve([answer(200, {"items": []})])
        openshift = client(server, openshift_api="apis")
        openshift.get_build("b")
        openshift.instantiate_build_config("c")
        openshift.get_image_stream("s")
        openshift.get_image_stream_tag("s:t")
        openshift.get_user()
        openshift.list_pods()
        openshift.dump_resource("configmaps")
        build, image = "/apis/build.openshift.io/v1/", "/apis/image.openshift.io/v1/"
        ns = "namespaces/default/"
        assert server.paths == [
            build + ns + "builds/b/",
            build + ns + "buildconfigs/c/instantiate",
            image + ns + "imagestreams/s",
            image + ns + "imagestreamtags/s:t",
            "/apis/user.openshift.io/v1/users/~/",
            "/api/v1/" + ns + "pods/",
            "/api/v1/" + ns + "configmaps",
        ]

    def test_bodies_name_the_version_of_their_group(self, serve, client):
        server = serve([answer(200, {"metadata": {}})])
        openshift = client(server, openshift_api="apis")
        openshift.create_build_config('{"apiVersion": "v1", "metadata": {"name": "x"}}')
        openshift.update_build_config("x", '{"apiVersion": "v1"}')
        openshift.create_config_map({"apiVersion": "v1", "metadata": {"name": "x"}})
        versions = [
            json.loads(request.body.decode("utf-8")).get("apiVersion")
            for request in server.requests
        ]
        assert versions == ["build.openshift.io/v1", "build.openshift.io/v1", "v1"]

    def test_a_watch_goes_through_the_list(self, serve, client):
        server = serve([answer(500)])
        openshift = client(server, openshift_api="apis")
        openshift.retries_enabled = False
        for arguments, query in (
            (("builds",), {"watch": ["true"]}),
            (("builds", "b"), {"watch": ["true"], "fieldSelector": ["metadata.name=b"]}),
        ):
            with pytest.raises(OsbsResponseException):
                next(openshift.watch_resource(*arguments))
            parts = urlsplit(server.paths[-1])
            assert parts.path == "/apis/build.openshift.io/v1/namespaces/default/builds/"
            assert parse_qs(parts.query) == query

    def test_a_selector_of_the_caller_is_kept(self):
        query = groups.watch_selection("b", {"fieldSelector": "status=New"})
        assert query["fieldSelector"] == "status=New,metadata.name=b"

    @pytest.mark.parametrize(
        "status, path",
        [
            (200, "/apis/build.openshift.io/v1/namespaces/default/builds/b/"),
            (403, "/oapi/v1/namespaces/default/builds/b/"),
            (404, "/oapi/v1/namespaces/default/builds/b/"),
        ],
    )
    def test_auto_asks_once_in_the_process(self, serve, client, status, path):
        def script(request):
            return answer(status if request.path == "/apis/build.openshift.io/v1" else 200, {})

        server = serve(script)
        for _ in range(2):
            openshift = client(server, openshift_api="auto", token="T")
            openshift.get_build("b")
        assert server.paths == ["/apis/build.openshift.io/v1", path, path]
        assert server.requests[0].headers["authorization"] == "Bearer T"

    def test_auto_does_not_guess_when_the_server_is_in_trouble(self, serve, client):
        with pytest.raises(OsbsResponseException):
            client(serve([answer(401)]), openshift_api="auto").get_build("b")

    def test_an_unknown_word_is_refused(self, serve, client):
        with pytest.raises(OsbsValidationException):
            client(serve([answer()]), openshift_api="oops")

    def discovery(self, serve, client, reply):
        tokens = Tokens()

        def script(request):
            if request.path.startswith("/.well-known"):
                return reply
            return tokens(request)

        server = serve(script)
        return server, client(server, openshift_api="apis", username="u", password="p")

    @pytest.mark.parametrize("status", (404, 403))
    def test_without_discovery_the_configured_endpoint_is_used(self, serve, client, status):
        server, openshift = self.discovery(serve, client, answer(status))
        openshift.get_build("b")
        openshift.get_oauth_token()
        assert server.paths.count("/.well-known/oauth-authorization-server") == 1
        assert "authorization" not in server.requests[0].headers

    @pytest.mark.parametrize("endpoint", ("http://evil/", "https://[evil", 5, None))
    def test_an_endpoint_that_is_not_https_is_refused(self, serve, client, endpoint):
        _, openshift = self.discovery(
            serve, client, answer(200, {"authorization_endpoint": endpoint})
        )
        with pytest.raises(OsbsAuthException):
            openshift.get_build("b")

    def test_the_endpoint_is_taken_from_the_servers_answer(self, serve, client):
        _, openshift = self.discovery(
            serve, client, answer(200, {"authorization_endpoint": "https://127.0.0.1:1/oauth"})
        )
        openshift.retries_enabled = False
        with pytest.raises(OsbsException):
            openshift.get_oauth_token()
        assert openshift.os_oauth_url == "https://127.0.0.1:1/oauth"
