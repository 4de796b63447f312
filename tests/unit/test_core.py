"""osbs.core as existing tests look at it."""

from __future__ import absolute_import, print_function, unicode_literals

import base64
import copy
import json
import logging
import os
import time
from types import GeneratorType

import pytest
import requests
import six
from flexmock import flexmock
from six.moves import http_client

from osbs import core, kerberos_ccache
from osbs.build.build_response import BuildResponse
from osbs.constants import BUILD_FINISHED_STATES, WATCH_ADDED, WATCH_DELETED, WATCH_ERROR
from osbs.constants import WATCH_MODIFIED
from osbs.core import Openshift, check_response
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsNetworkException,
    OsbsResponseException,
    OsbsValidationException,
    OsbsWaitTimeout,
    OsbsWatchBuildNotFound,
)
from osbs.http import HttpResponse
from osbs._rest import auth
from tests.unit.fake_connection import BUILD_ID, IMAGE_STREAM, Connection, build

JSON = {"Content-Type": "application/json"}
NS = "/oapi/v1/namespaces/default/"


@pytest.fixture
def openshift():
    client = Openshift("/oapi/v1/", "v1", "/oauth/authorize", k8s_api_url="/api/v1/")
    client._con = Connection()
    return client


@pytest.fixture
def no_sleep():
    flexmock(time).should_receive("sleep")


def reply(data=None, status=200):
    return HttpResponse(status, {}, json.dumps(data if data is not None else {}).encode("utf-8"))


class TestCheckResponse(object):
    @pytest.mark.parametrize("content", (None, b"OK"))
    @pytest.mark.parametrize("status", (200, 201, 202, 204))
    def test_a_success_passes(self, content, status):
        made = flexmock(status_code=status)
        if content is not None:
            made.content = content
        check_response(made)

    @pytest.mark.parametrize("log_level", (None, logging.DEBUG))
    def test_a_stream_is_read_and_logged_once(self, caplog, log_level):
        made = flexmock(status_code=http_client.CONFLICT, iter_lines=lambda: [b"iter", b"lines"])
        kwargs = {} if log_level is None else {"log_level": log_level}
        with caplog.at_level(logging.DEBUG, logger="osbs"):
            with pytest.raises(OsbsResponseException) as info:
                check_response(made, **kwargs)
        assert [(r.getMessage(), r.levelno, r.name) for r in caplog.records] == [
            (
                "[{code}] {message}".format(code=409, message=b"iterlines"),
                log_level or logging.ERROR,
                "osbs.core",
            )
        ]
        assert (info.value.status_code, info.value.message) == (409, "iterlines")

    def test_a_stream_without_end_is_not_read_to_its_end(self):
        def lines():
            while True:
                yield b"x"

        with pytest.raises(OsbsResponseException):
            check_response(flexmock(status_code=500, iter_lines=lines))

    @pytest.mark.parametrize("content", (b"\xff\xfe", "\u00e9".encode("utf-8"), b""))
    def test_defect_48_any_bytes_can_be_logged(self, caplog, content):
        with pytest.raises(OsbsResponseException):
            check_response(HttpResponse(404, {}, content))
        assert len(caplog.records) == 1
        assert caplog.records[0].getMessage().startswith("[404] ")

    def test_defect_25_credentials_are_masked(self, caplog):
        with pytest.raises(OsbsResponseException) as info:
            check_response(HttpResponse(422, {}, b"bad: https://user:secret@h/r token=abcdef"))
        assert "secret" not in caplog.text + info.value.message
        assert "abcdef" not in caplog.text + info.value.message


class TestUrls(object):
    @pytest.mark.parametrize(
        "url", ("buildconfigs/?labelSelector=label-1%3Dvalue-1%2Clabel-2%3Dvalue-2", "builds/")
    )
    def test_a_url_passes_untouched(self, openshift, url):
        assert openshift._build_url(url) == NS + url
        assert openshift._build_k8s_url(url) == "/api/v1/namespaces/default/" + url

    def test_a_query_is_encoded(self, openshift):
        url = openshift._build_url("x/", False, a="b c=d,e/f!")
        assert url == "/oapi/v1/x/?a=b+c%3Dd%2Ce%2Ff%21"

    def test_a_namespace_is_one_segment(self, openshift):
        openshift.namespace = "../other"
        with pytest.raises(OsbsValidationException):
            openshift._build_url("builds/")

    def test_without_any_url_construction_does_not_fail(self):
        client = Openshift(None, "v1", None)
        client.retries_enabled = False
        with pytest.raises(OsbsException) as info:
            client.get_build("x")
        assert isinstance(info.value.cause, requests.exceptions.MissingSchema)


class TestPlumbing(object):
    def test_a_get_without_authentication_is_exactly_this(self, openshift):
        con = flexmock(openshift._con)
        openshift.retries_enabled = False
        con.should_receive("get").with_args(
            NS + "builds/", headers={}, verify_ssl=True, retries_enabled=False
        ).once().and_return(reply())
        openshift.list_builds()

    @pytest.mark.parametrize(
        "call, url",
        [
            (lambda o: o.get_build("b"), NS + "builds/b/"),
            (lambda o: o.get_user(), "/oapi/v1/users/~/"),
            (lambda o: o.get_user("someone"), "/oapi/v1/users/someone/"),
            (lambda o: o.list_builds(), NS + "builds/"),
            (
                lambda o: o.list_builds("bc", 42, "status=Running", {"k": "v"}),
                NS + "builds/?labelSelector=k%3Dv%2Cbuildconfig%3Dbc%2Ckoji-task-id%3D42"
                "&fieldSelector=status%3DRunning",
            ),
            (lambda o: o.list_pods(), "/api/v1/namespaces/default/pods/"),
            (
                lambda o: o.list_pods(label="a/b=c"),
                "/api/v1/namespaces/default/pods/?labelSelector=a%2Fb%3Dc",
            ),
            (lambda o: o.get_build_config("bc"), NS + "buildconfigs/bc/"),
            (lambda o: o.list_resource_quotas(), "/api/v1/namespaces/default/resourcequotas/"),
            (lambda o: o.get_resource_quota("q"), "/api/v1/namespaces/default/resourcequotas/q"),
            (lambda o: o.get_image_stream_tag("maps:spam"), NS + "imagestreamtags/maps:spam"),
            (lambda o: o.get_image_stream("i"), NS + "imagestreams/i"),
            (lambda o: o.dump_resource("builds"), NS + "builds"),
            (lambda o: o.get_config_map("c"), "/api/v1/namespaces/default/configmaps/c"),
        ],
    )
    def test_plain_reads_pass_the_url_alone(self, openshift, call, url):
        flexmock(openshift).should_receive("_get").with_args(url).once().and_return(reply())
        call(openshift)

    @pytest.mark.parametrize(
        "call, verb, url, kwargs",
        [
            (
                lambda o: o.create_build({"metadata": {"name": "b"}}),
                "post",
                NS + "builds/",
                {"data": '{"metadata": {"name": "b"}}', "headers": JSON},
            ),
            (
                lambda o: o.create_build('{"metadata": {"name": "b"}}'),
                "post",
                NS + "builds/",
                {"data": '{"metadata": {"name": "b"}}', "headers": JSON},
            ),
            (
                lambda o: o.create_build({}),
                "post",
                NS + "builds/",
                {"data": "{}", "headers": JSON, "idempotent": False},
            ),
            (
                lambda o: o.create_build_config('{"metadata": {"name": "b"}}'),
                "post",
                NS + "buildconfigs/",
                {"data": '{"metadata": {"name": "b"}}', "headers": JSON},
            ),
            (
                lambda o: o.update_build_config("b", '{"x": 1}'),
                "put",
                NS + "buildconfigs/b",
                {"data": '{"x": 1}', "headers": JSON},
            ),
            (
                lambda o: o.put_image_stream_tag("s:t", {}),
                "put",
                NS + "imagestreamtags/s:t",
                {"data": "{}", "headers": JSON},
            ),
            (
                lambda o: o.create_image_stream('{"metadata": {"name": "b"}}'),
                "post",
                NS + "imagestreams/",
                {"data": '{"metadata": {"name": "b"}}', "headers": JSON},
            ),
            (
                lambda o: o.restore_resource("builds", {"metadata": {"name": "b"}}),
                "post",
                NS + "builds",
                {"data": '{"metadata": {"name": "b"}}', "headers": JSON},
            ),
            (
                lambda o: o.create_config_map({"metadata": {"name": "b"}}),
                "post",
                "/api/v1/namespaces/default/configmaps/",
                {"data": '{"metadata": {"name": "b"}}', "headers": JSON},
            ),
            (
                lambda o: o.delete_config_map("b"),
                "delete",
                "/api/v1/namespaces/default/configmaps/b",
                {"data": "{}", "headers": JSON},
            ),
            (
                lambda o: o.delete_resource_quota("q"),
                "delete",
                "/api/v1/namespaces/default/resourcequotas/q",
                {},
            ),
        ],
    )
    def test_writes_are_exactly_these(self, openshift, call, verb, url, kwargs):
        seam = flexmock(openshift).should_receive("_" + verb)
        seam.with_args(url, **kwargs).once().and_return(reply())
        call(openshift)

    def test_instantiate_is_exactly_this_and_never_repeated(self, openshift):
        seen = {}
        flexmock(openshift).should_receive("_get").and_return(reply(status=404))
        openshift._post = lambda url, **kwargs: seen.update(kwargs, url=url) or reply(build())
        openshift.start_build("bc")
        request = json.loads(seen.pop("data"))
        assert list(request["metadata"].pop("annotations")) == ["osbs-client/request-id"]
        assert request == {
            "kind": "BuildRequest",
            "apiVersion": "v1",
            "metadata": {"name": "bc"},
        }
        assert seen == {
            "url": NS + "buildconfigs/bc/instantiate",
            "headers": JSON,
            "idempotent": False,
        }

    def test_bodies_are_native_text(self, openshift):
        openshift._post = lambda url, data, **kwargs: reply() if type(data) is str else None
        assert openshift.create_build({"metadata": {"name": "\u00e9"}})
        assert openshift.create_config_map({"metadata": {"name": "x"}})

    def test_one_of_certificate_and_key_is_not_enough(self, openshift):
        openshift.client_cert = "cert"
        with pytest.raises(OsbsAuthException):
            openshift.get_build("b")

    def test_the_connection_is_looked_up_when_it_is_needed(self, openshift):
        openshift._con = flexmock(get=lambda url, **kwargs: reply({"late": True}))
        assert openshift.get_build("b").json() == {"late": True}

    def test_an_unknown_url_of_a_fake_is_no_business_of_ours(self, openshift):
        with pytest.raises(ValueError):
            openshift.get_image_stream("unknown")


class TestFakeServer(object):
    """Flows over the connection that consumers' tests put in the place of the real one."""

    def test_flows(self, openshift):
        assert openshift.get_user().json()["kind"] == "User"
        assert openshift.list_builds().json()["items"]
        assert openshift.list_pods(label="openshift.io/build.name=" + BUILD_ID).json()["items"]
        assert openshift.create_build({}).json()["metadata"]["name"] == BUILD_ID
        assert openshift.set_labels_on_build(BUILD_ID, {"a": "b"}).json() == build()
        assert openshift.create_build_config('{"metadata": {"name": "x"}}').json()
        assert openshift.start_build("path-master-12345").json()["status"]["phase"] == "New"
        assert openshift.wait_for_build_to_finish(BUILD_ID) == build()
        assert openshift.create_resource_quota("pause", {}).status_code == 200
        assert openshift.delete_resource_quota("pause").status_code == 200
        assert openshift.delete_config_map("special-config") is None
        assert openshift.get_oauth_token() == "4wMmJsxh"

    def test_cancel(self, openshift):
        response = openshift.cancel_build("test-build-cancel-123")
        assert BuildResponse(response.json()).is_cancelled()

    def test_a_missing_build_config_is_404(self, openshift):
        with pytest.raises(OsbsResponseException) as info:
            openshift.get_build_config("path-master-12345")
        assert info.value.status_code == 404

    def test_a_log(self, openshift):
        assert openshift.logs(BUILD_ID) == b"   l\xc3\xadne 1   \n"

    def test_a_followed_log_is_a_generator_of_what_the_fake_gives(self, openshift):
        lines = openshift.logs(BUILD_ID, follow=True)
        assert isinstance(lines, GeneratorType)
        assert next(lines) == b"   l\xc3\xadne 1   \n"
        with pytest.raises(StopIteration):
            next(lines)
        # The requests of the flow, in order, before what checks the end.
        urls = [url for _, url, _ in openshift._con.calls]
        assert urls[:3] == [
            NS + "builds/%s/" % BUILD_ID,
            "/oapi/v1/watch/namespaces/default/builds/%s/" % BUILD_ID,
            NS + "builds/%s/log/?follow=1" % BUILD_ID,
        ]

    def test_pausing_is_a_post_and_a_put(self, openshift):
        openshift.create_resource_quota("pause", {"metadata": {"name": "pause"}})
        assert [call[:2] for call in openshift._con.calls] == [
            ("post", "/api/v1/namespaces/default/resourcequotas/"),
            ("put", "/api/v1/namespaces/default/resourcequotas/pause"),
        ]


class TestStreamLogs(object):
    """Section 9.2, the clock of which existing tests replace."""

    @pytest.mark.parametrize(
        "exc",
        (
            requests.exceptions.ConnectionError("Connection aborted."),
            requests.exceptions.ConnectTimeout("slow"),
        ),
    )
    def test_a_bad_first_connection_is_swallowed(self, openshift, exc):
        response = flexmock(status_code=http_client.OK)
        response.should_receive("iter_lines").and_return([b"{'stream': 'foo\n'}"]).and_return([])
        wrapped = OsbsNetworkException("http://spam.com", str(exc), status_code=None, cause=exc)
        (
            flexmock(openshift)
            .should_receive("_get")
            .and_raise(wrapped)
            .and_return(response)
            .and_return(response)
        )
        flexmock(time).should_receive("time").and_return(0).and_return(100)
        assert len(list(openshift.stream_logs(BUILD_ID))) == 1

    def test_another_error_is_not_swallowed(self, openshift):
        wrapped = OsbsNetworkException(
            "http://spam.com", "x", status_code=None, cause=requests.exceptions.ReadTimeout("x")
        )
        flexmock(openshift).should_receive("_get").and_raise(wrapped)
        with pytest.raises(OsbsNetworkException):
            list(openshift.stream_logs(BUILD_ID))

    def test_bytes_pass_untouched(self, openshift):
        line = "{'stream': 'U\u0148\u00edcode\n'}".encode("utf-8")
        response = flexmock(status_code=http_client.OK, iter_lines=lambda: [line])
        flexmock(openshift).should_receive("_get").and_return(response)
        assert list(openshift.stream_logs(BUILD_ID)) == [line]

    def run(self, openshift, monkeypatch, connections):
        """Return the queries; a connection is (clock of each line, clock of its end or failure).

        The clock starts at 0.
        """
        clock = [0]
        queries = []
        script = iter(connections)
        monkeypatch.setattr(core.time, "time", lambda: clock[0])

        def get(url, stream, headers):
            queries.append(url.partition("?")[2])
            assert (stream, headers) == (1, {"Connection": "close"})
            lines, end = next(script)
            if lines is None:
                clock[0] = end
                cause = requests.exceptions.ConnectionError()
                raise OsbsException(cause=cause)

            def iter_lines():
                for when in lines:
                    clock[0] = when
                    yield b"line"
                clock[0] = end

            return flexmock(status_code=200, iter_lines=iter_lines)

        openshift._get = get
        return queries, list(openshift.stream_logs(BUILD_ID))

    @pytest.mark.parametrize(
        "connections, queries, lines",
        [
            ([([5], 6)], ["follow=1"], 1),
            ([([5], 125.7), ([130], 131)], ["follow=1", "follow=1&sinceSeconds=119"], 2),
            ([(None, 5)], ["follow=1"], 0),
            # Row 11: nothing was received, so nothing may be skipped.
            ([(None, 480), ([481], 482)], ["follow=1", "follow=1"], 1),
            # Row 10: the server closes at once, for ever.
            ([([], 70), ([], 70.1)], ["follow=1", "follow=1"], 0),
            ([([5], 70), ([], 70.1)], ["follow=1", "follow=1&sinceSeconds=64"], 1),
            (
                [([5], 70), ([], 140), ([], 140.1)],
                ["follow=1", "follow=1&sinceSeconds=64", "follow=1&sinceSeconds=134"],
                1,
            ),
        ],
    )
    def test_defect_03_connections_by_the_clock(
        self, openshift, monkeypatch, connections, queries, lines
    ):
        asked, received = self.run(openshift, monkeypatch, connections)
        assert (asked, len(received)) == (queries, lines)

    def test_a_stream_that_can_be_closed_is_closed(self, openshift):
        closed = []
        response = flexmock(
            status_code=200, iter_lines=lambda: [b"x"], close=lambda: closed.append(True)
        )
        flexmock(openshift).should_receive("_get").and_return(response)
        next(openshift.stream_logs(BUILD_ID))
        assert closed == [True]


class TestWaits(object):
    def watched(self, openshift, *events):
        (
            flexmock(openshift)
            .should_receive("watch_resource")
            .with_args("builds", BUILD_ID)
            .and_return(iter(events))
        )

    def test_the_wanted_state_is_returned(self, openshift):
        self.watched(
            openshift,
            (WATCH_ADDED, None),
            (WATCH_MODIFIED, {}),
            (WATCH_MODIFIED, build(phase="Running")),
            (WATCH_MODIFIED, build()),
        )
        assert openshift.wait(BUILD_ID, BUILD_FINISHED_STATES) == build()

    def test_a_watch_that_ends_is_build_not_found(self, openshift):
        self.watched(openshift)
        with pytest.raises(OsbsWatchBuildNotFound):
            openshift.wait(BUILD_ID, BUILD_FINISHED_STATES)

    def test_a_replaced_watch_that_ends_is_not_opened_again(self, openshift):
        (
            flexmock(openshift)
            .should_receive("watch_resource")
            .with_args("builds", BUILD_ID)
            .and_return([])
            .once()
        )
        with pytest.raises(OsbsWatchBuildNotFound):
            openshift.wait_for_build_to_finish(BUILD_ID)

    def test_defect_02_deleted_is_an_exception_that_is_not_waited_through(self, openshift):
        self.watched(openshift, (WATCH_DELETED, build(phase="Running")))
        with pytest.raises(OsbsException) as info:
            openshift.wait_for_build_to_finish(BUILD_ID)
        assert type(info.value) is OsbsException

    def test_time_outs_go_down_only_when_they_are_set(self, openshift):
        flexmock(openshift).should_receive("wait").with_args(
            BUILD_ID, BUILD_FINISHED_STATES
        ).once().and_return("x")
        assert openshift.wait_for_build_to_finish(BUILD_ID) == "x"

    def test_a_replaced_watch_does_not_outlive_the_time_out(self, openshift):
        openshift.watch_resource = lambda *args, **kwargs: iter(
            lambda: (WATCH_MODIFIED, build(phase="Running")), None
        )
        with pytest.raises(OsbsWaitTimeout) as info:
            openshift.wait_for_build_to_finish(BUILD_ID, timeout=0)
        assert "Running" in info.value.message

    @pytest.mark.parametrize(
        "events, result",
        [
            ([(WATCH_MODIFIED, {"status": {"lastVersion": 2}})], "bc-2"),
            ([(WATCH_ADDED, {"status": {"lastVersion": 2}})], "bc-2"),
            (
                [
                    (WATCH_MODIFIED, {"status": {"lastVersion": 1}}),
                    (WATCH_MODIFIED, {"status": {"lastVersion": "2"}}),
                    (WATCH_ADDED, None),
                    (WATCH_MODIFIED, {}),
                    (WATCH_MODIFIED, {"status": {"lastVersion": 3}}),
                ],
                "bc-3",
            ),
            ([(WATCH_DELETED, None), (WATCH_MODIFIED, {"status": {"lastVersion": 2}})], None),
            ([], None),
        ],
    )
    def test_defect_04_new_instances(self, openshift, events, result):
        (
            flexmock(openshift)
            .should_receive("watch_resource")
            .with_args("buildconfigs", "bc")
            .and_return(events)
        )
        if result is not None:
            assert openshift.wait_for_new_build_config_instance("bc", 1) == result
        else:
            with pytest.raises(OsbsResponseException) as info:
                openshift.wait_for_new_build_config_instance("bc", 1)
            assert info.value.status_code == 404
            assert "New BuildConfig instance not found" in str(info.value)


class TestImportImage(object):
    URL = NS + "imagestreams/test_imagestream"

    @pytest.mark.parametrize(
        "events, result",
        [
            ([(WATCH_MODIFIED, IMAGE_STREAM)], True),
            ([(WATCH_MODIFIED, {"metadata": {}}), (WATCH_MODIFIED, IMAGE_STREAM)], True),
            ([(WATCH_ADDED, IMAGE_STREAM), (WATCH_DELETED, {})], False),
            ([(WATCH_ERROR, {})], False),
            ([], False),
        ],
    )
    def test_the_annotation_decides(self, openshift, events, result):
        wanted = copy.deepcopy(IMAGE_STREAM)
        del wanted["metadata"]["annotations"]["openshift.io/image.dockerRepositoryCheck"]
        sent = []
        flexmock(openshift).should_receive("_get").with_args(self.URL).once().and_return(
            reply(IMAGE_STREAM)
        )
        openshift._put = lambda url, **kwargs: sent.append((url, kwargs)) or reply(IMAGE_STREAM)
        (
            flexmock(openshift)
            .should_receive("watch_resource")
            .with_args("imagestreams", "test_imagestream", resourceVersion="5722991")
            .and_return(events)
        )
        assert openshift.import_image("test_imagestream") is result
        url, kwargs = sent[0]
        assert url == self.URL
        assert json.loads(kwargs.pop("data")) == wanted
        assert kwargs == {"use_json": True}

    @pytest.mark.parametrize("metadata", ({}, {"annotations": None}))
    def test_annotations_may_be_missing(self, openshift, metadata):
        stream = {"metadata": metadata, "spec": {"dockerImageRepository": "r"}}
        openshift._get = lambda url: reply(stream)
        openshift._put = lambda url, **kwargs: reply(stream)
        openshift.watch_resource = lambda *args, **kwargs: [(WATCH_MODIFIED, IMAGE_STREAM)]
        assert openshift.import_image("i") is True

    @pytest.mark.parametrize("stream", ({"metadata": {}}, {"spec": {}}, {"spec": None}))
    def test_a_stream_without_repository_cannot_be_imported(self, openshift, stream):
        openshift._get = lambda url: reply(stream)
        with pytest.raises(OsbsException):
            openshift.import_image("i")


class TestImportTags(object):
    STREAM = {
        "metadata": {
            "annotations": {
                "openshift.io/image.dockerRepositoryCheck": "2018-01-01T00:00:00Z",
                "openshift.io/image.insecureRepository": "true",
                "openshift.io/image.sourceRepository": "r/i",
                "other": "stays",
            }
        },
        "spec": {
            "dockerImageRepository": "r/i",
            "tags": [
                {
                    "name": "1",
                    "from": {"kind": "DockerImage", "name": "r/i:1"},
                    "importPolicy": {"scheduled": True},
                    "referencePolicy": {"type": "Local"},
                    "generation": 3,
                },
                {"name": "2", "from": {"kind": "DockerImage", "name": "r/i:2"}},
                {"name": "3", "from": {"kind": "DockerImage", "name": "r/i:3"}},
            ],
        },
    }
    TEMPLATE = {"kind": "ImageStreamImport", "metadata": {}, "spec": {"import": True}}

    @pytest.fixture
    def sent(self, openshift):
        """What is put and posted: a list of URL and data; the response has tags 1 and 2."""
        sent = []

        def send(url, data=None, **kwargs):
            sent.append((url, json.loads(data)))
            tags = [{"tag": "1", "items": [{}]}, {"tag": "2", "items": [{}]}]
            return reply({"status": {"import": {"status": {"tags": tags}}}})

        openshift._get = lambda url, **kwargs: reply(self.STREAM)
        openshift._put = openshift._post = send
        return sent

    def test_named_tags_are_sent_as_the_stream_has_them(self, openshift, sent):
        assert openshift.import_stream_tags("i", ["1", "2"], self.TEMPLATE) is True
        tags = self.STREAM["spec"]["tags"]
        images = [
            {
                "from": tags[0]["from"],
                "to": {"name": "1"},
                "importPolicy": {"scheduled": True},
                "referencePolicy": {"type": "Local"},
            },
            {"from": tags[1]["from"], "to": {"name": "2"}},
        ]
        spec = {"import": True, "images": images}
        expected = {"kind": "ImageStreamImport", "metadata": {"name": "i"}, "spec": spec}
        assert sent == [(NS + "imagestreamimports/", expected)]
        assert self.TEMPLATE["metadata"] == {}

    def test_the_stream_is_changed_before_tags_of_a_repository_are_sent(self, openshift, sent):
        openshift.import_image_tags("i", ["1"], "r/j", self.TEMPLATE, insecure=True)
        stream = copy.deepcopy(self.STREAM)
        stream["metadata"]["annotations"] = {"other": "stays"}
        del stream["spec"]["dockerImageRepository"]
        image = {
            "from": {"kind": "DockerImage", "name": "r/j:1"},
            "to": {"name": "1"},
            "importPolicy": {"insecure": True},
        }
        spec = {"import": True, "images": [image]}
        stream_import = {"kind": "ImageStreamImport", "metadata": {"name": "i"}, "spec": spec}
        assert sent == [
            (NS + "imagestreams/i", stream),
            (NS + "imagestreamimports/", stream_import),
        ]

    def test_a_tag_without_an_image_did_not_come(self, openshift, sent):
        tags = [{"tag": "1", "items": None, "conditions": [{"type": "ImportSuccess"}]}]
        openshift._post = lambda url, **kwargs: reply({"status": {"import": {"status": tags}}})
        assert openshift.import_image_tags("i", ["1"], "r/j", self.TEMPLATE) is False


class TestAttributes(object):
    @pytest.mark.parametrize(
        "collection, method, things",
        [
            ("builds", "labels_on_build", "labels"),
            ("builds", "annotations_on_build", "annotations"),
            ("buildconfigs", "labels_on_build_config", "labels"),
            ("buildconfigs", "annotations_on_build_config", "annotations"),
        ],
    )
    @pytest.mark.parametrize(
        "how, before, after",
        [
            ("update", {"a": "1", "b": "2"}, {"a": "3", "b": "2", "c": "4"}),
            ("set", {"a": "1", "b": "2"}, {"a": "3", "c": "4"}),
            ("update", None, {"a": "3", "c": "4"}),
            ("set", None, {"a": "3", "c": "4"}),
        ],
    )
    def test_metadata_is_changed(self, openshift, collection, method, things, how, before, after):
        url = NS + "%s/x" % collection
        obj = {"metadata": {things: before}}
        flexmock(openshift).should_receive("_get").with_args(url).once().and_return(reply(obj))
        flexmock(openshift).should_receive("_put").with_args(
            url, data=str, use_json=True
        ).replace_with(lambda url, data, use_json: reply(json.loads(data))).once()
        response = getattr(openshift, "%s_%s" % (how, method))("x", {"a": "3", "c": "4"})
        assert response.json()["metadata"][things] == after

    @pytest.mark.parametrize(
        "statuses, error",
        [([200], None), ([409, 409, 200], None), ([409, 409, 401], 401), ([409] * 9, 409)],
    )
    def test_conflicts_are_tried_again_and_nothing_else(self, openshift, no_sleep, statuses, error):
        flexmock(openshift).should_receive("_get").times(len(statuses)).and_return(reply())
        put = flexmock(openshift).should_receive("_put").times(len(statuses))
        for status in statuses:
            put = put.and_return(reply(status=status))
        if error is None:
            openshift.set_labels_on_build("x", {})
        else:
            with pytest.raises(OsbsResponseException) as info:
                openshift.set_labels_on_build("x", {})
            assert info.value.status_code == error

    def test_defect_13_cancelling_survives_a_conflict(self, openshift, no_sleep):
        flexmock(openshift).should_receive("_get").times(2).and_return(reply(build()))
        (
            flexmock(openshift)
            .should_receive("_put")
            .times(2)
            .and_return(reply(status=409))
            .and_return(reply(build()))
        )
        assert openshift.cancel_build("x").status_code == 200

    def test_defect_13_a_cancel_that_fails_is_told(self, openshift):
        openshift._get = lambda url: reply(build())
        openshift._put = lambda url, **kwargs: reply(status=403)
        with pytest.raises(OsbsResponseException):
            openshift.cancel_build("x")

    def test_cancelling_sends_the_build_with_its_flag(self, openshift):
        sent = []
        openshift._get = lambda url: reply(build(phase="Running"))
        openshift._put = lambda url, **kwargs: sent.append((url, kwargs)) or reply()
        openshift.cancel_build("x")
        wanted = build(phase="Running")
        wanted["status"]["cancelled"] = True
        assert sent[0][0] == NS + "builds/x/"
        assert json.loads(sent[0][1]["data"]) == wanted
        assert sent[0][1]["headers"] == JSON


class TestImageStreamTags(object):
    TEMPLATE = {
        "kind": "ImageStreamTag",
        "apiVersion": "v1",
        "metadata": {"name": "{{IMAGE_STREAM_ID}}:{{TAG_ID}}"},
        "tag": {
            "name": "{{TAG_ID}}",
            "importPolicy": {},
            "from": {"kind": "DockerImage", "name": "{{REPOSITORY}}:{{TAG_ID}}"},
        },
    }
    STREAM = {"metadata": {"name": "spam"}, "spec": {"dockerImageRepository": "reg/spam"}}
    INSECURE = {
        "metadata": {
            "name": "spam",
            "annotations": {"openshift.io/image.insecureRepository": "true"},
        },
        "spec": {"dockerImageRepository": "reg/spam"},
    }

    def ensure(self, openshift, stream, answer, scheduled):
        puts = []
        openshift._get = lambda url: answer
        openshift._put = (
            lambda url, **kwargs: puts.append((url, json.loads(kwargs["data"]))) or reply()
        )
        template = copy.deepcopy(self.TEMPLATE)
        changed = openshift.ensure_image_stream_tag(stream, "maps", template, scheduled)
        assert template == self.TEMPLATE
        return changed, puts

    @pytest.mark.parametrize(
        "stream, policy, scheduled, wanted",
        [
            (STREAM, {}, False, None),
            (STREAM, None, False, None),
            (STREAM, {}, True, {"scheduled": True}),
            (STREAM, {"scheduled": True}, True, None),
            (STREAM, {"scheduled": True}, False, {"scheduled": False}),
            (INSECURE, {}, False, {"insecure": True}),
            (INSECURE, {"insecure": True}, False, None),
            (STREAM, {"insecure": True}, False, {"insecure": False}),
        ],
    )
    def test_an_existing_tag(self, openshift, stream, policy, scheduled, wanted):
        answer = reply({"metadata": {}, "tag": {"importPolicy": policy}})
        changed, puts = self.ensure(openshift, stream, answer, scheduled)
        assert changed is (wanted is not None)
        if wanted is None:
            assert puts == []
        else:
            assert puts == [
                (
                    NS + "imagestreamtags/spam:maps",
                    {"metadata": {}, "tag": {"importPolicy": wanted}},
                )
            ]

    def test_a_missing_tag_is_made_from_the_template(self, openshift):
        changed, puts = self.ensure(openshift, self.STREAM, reply(status=404), False)
        assert changed is True
        assert puts[0][1]["metadata"]["name"] == "spam:maps"
        assert puts[0][1]["tag"] == {
            "name": "maps",
            "importPolicy": {},
            "from": {"kind": "DockerImage", "name": "reg/spam:maps"},
        }

    def test_a_pushed_tag_takes_its_tag_from_the_template(self, openshift):
        changed, puts = self.ensure(
            openshift, self.STREAM, reply({"metadata": {}, "tag": None}), True
        )
        assert changed is True
        assert puts[0][1]["tag"]["from"]["name"] == "reg/spam:maps"

    def test_another_status_is_raised(self, openshift):
        with pytest.raises(OsbsResponseException):
            self.ensure(openshift, self.STREAM, reply(status=500), False)

    def test_a_conflict_is_tried_again(self, openshift, no_sleep):
        flexmock(openshift).should_receive("_get").times(2).and_return(reply(status=404))
        (
            flexmock(openshift)
            .should_receive("_put")
            .times(2)
            .and_return(reply(status=409))
            .and_return(reply())
        )
        assert openshift.ensure_image_stream_tag(self.STREAM, "maps", self.TEMPLATE) is True


class TestBuildConfigsByLabels(object):
    PAIRS = [("git-repo-name", "x y/z"), ("git-branch", "m")]
    URL = NS + "buildconfigs/?labelSelector=git-repo-name%3Dx+y%2Fz%2Cgit-branch%3Dm"

    def test_the_only_one_is_returned(self, openshift):
        flexmock(openshift).should_receive("_get").with_args(self.URL).once().and_return(
            reply({"items": [{"a": 1}]})
        )
        assert openshift.get_build_config_by_labels(self.PAIRS) == {"a": 1}

    @pytest.mark.parametrize(
        "items, text",
        [
            ([], "Build config not found"),
            (None, "Build config not found"),
            ([{}, {}], "More than one build config found"),
        ],
    )
    def test_none_or_several_is_an_exception(self, openshift, items, text):
        openshift._get = lambda url: reply({"items": items})
        with pytest.raises(OsbsException) as info:
            openshift.get_build_config_by_labels(self.PAIRS)
        assert str(info.value).startswith(text)
        assert info.value.cause is None


class TestServiceAccountTokens(object):
    def test_only_secrets_with_a_token_count(self, openshift):
        answers = {
            "serviceaccounts/~/": {
                "secrets": [
                    {"name": "a-token-1"},
                    {"name": "dockercfg"},
                    {},
                    {"name": "token-none"},
                    {"name": "token-null"},
                ]
            },
            "secrets/a-token-1/": {"data": {"token": base64.b64encode(b"T").decode()}},
            "secrets/token-none/": {"data": {"other": "secret-data"}},
            "secrets/token-null/": {"data": None},
        }
        openshift._get = lambda url: reply(answers[url.split("/default/")[1]])
        assert openshift.get_serviceaccount_tokens() == {"a-token-1": b"T"}

    def test_tokens_are_in_the_order_of_the_service_account(self, openshift):
        names = ["token-%d" % number for number in (5, 3, 9, 1, 7)]
        secret = {"data": {"token": base64.b64encode(b"T").decode()}}
        secret["secrets"] = [{"name": name} for name in names]
        openshift._get = lambda url: reply(secret)
        assert list(openshift.get_serviceaccount_tokens()) == names

    @pytest.mark.parametrize("account", ({}, {"secrets": None}, {"secrets": []}))
    def test_without_secrets_there_are_no_tokens(self, openshift, account):
        openshift._get = lambda url: reply(account)
        assert openshift.get_serviceaccount_tokens("me") == {}

    def test_defect_24_the_data_of_a_secret_is_not_logged(self, openshift, caplog):
        openshift._get = lambda url: reply(
            {"secrets": [{"name": "token"}], "data": {"password": "secret-data"}}
        )
        with caplog.at_level(logging.DEBUG, logger="osbs"):
            openshift.get_serviceaccount_tokens()
        assert "secret-data" not in caplog.text
        assert "secret token holds no token" in caplog.text

    def test_a_token_that_is_not_base64(self, openshift):
        openshift._get = lambda url: reply({"secrets": [{"name": "token"}], "data": {"token": "x"}})
        with pytest.raises(OsbsResponseException):
            openshift.get_serviceaccount_tokens()


class TestCredentials(object):
    """Which credentials are sent, and what becomes of those that are refused."""

    def make(self, **kwargs):
        client = Openshift("/oapi/v1/", "v1", "/oauth/authorize", k8s_api_url="/api/v1/", **kwargs)
        client._con = Connection()
        return client

    @pytest.fixture(params=(False, True))
    def in_pod(self, request, tmpdir, monkeypatch):
        monkeypatch.setattr(auth, "SERVICEACCOUNT_SECRET", str(tmpdir))
        if request.param:
            tmpdir.join("token").write("S\n")
            tmpdir.join("ca.crt").write("CA")
        self.pod_ca = str(tmpdir.join("ca.crt"))
        return request.param

    O = "4wMmJsxh"  # noqa: E741

    @pytest.mark.parametrize(
        "kwargs, outside, inside",
        [
            ({}, (None, None), ("S", "ca")),
            ({"use_auth": True}, (O, None), ("S", "ca")),
            ({"use_auth": False}, (None, None), (None, "ca")),
            ({"token": "T"}, ("T", None), ("T", None)),
            ({"token": "T", "use_auth": True}, ("T", None), ("T", None)),
            ({"token": "T", "username": "u", "password": "p"}, ("T", None), ("T", None)),
            ({"token": "T", "use_auth": False}, (None, None), (None, None)),
            ({"username": "u", "password": "p"}, (O, None), (O, None)),
            ({"username": "u"}, (None, None), ("S", "ca")),
            ({"use_kerberos": True}, (O, None), (O, None)),
            ({"use_kerberos": True, "use_auth": False}, (None, None), (None, None)),
            ({"token": ""}, (None, None), ("S", "ca")),
            ({"token": "", "use_auth": True}, OsbsAuthException, ("S", "ca")),
            ({"client_cert": "c", "client_key": "k"}, (None, None), ("S", "ca")),
            ({"client_cert": "c", "client_key": "k", "use_auth": True}, (O, None), ("S", "ca")),
            ({"client_cert": "c"}, OsbsAuthException, OsbsAuthException),
            ({"verify_ssl": False}, (None, None), ("S", None)),
        ],
    )
    def test_what_an_authenticated_call_sends(self, in_pod, kwargs, outside, inside):
        expected = inside if in_pod else outside
        client = self.make(**kwargs)
        if not isinstance(expected, tuple):
            with pytest.raises(expected):
                client.get_user()
            assert client._con.calls == []
            return
        client.get_user()
        token, ca = expected
        sent = client._con.calls[-1][2]
        assert sent["headers"] == ({} if token is None else {"Authorization": "Bearer " + token})
        assert sent.get("ca") == (self.pod_ca if ca else None)
        if "client_cert" in kwargs:
            assert all(call[2]["client_cert"] == "c" for call in client._con.calls)

    @pytest.mark.parametrize(
        "kwargs, called, result",
        [
            ({}, 1, True),
            ({"use_auth": True}, 1, True),
            ({"use_auth": False}, 1, False),
            ({"token": "T"}, 0, True),
            ({"use_kerberos": True}, 0, True),
            ({"username": "u", "password": "p", "use_auth": False}, 0, False),
        ],
    )
    def test_when_the_service_account_is_looked_at(self, kwargs, called, result):
        (
            flexmock(Openshift)
            .should_receive("can_use_serviceaccount_token")
            .times(called)
            .and_return(True)
        )
        assert self.make(**kwargs).use_auth is result

    def test_an_empty_service_account_token_is_none(self, tmpdir, monkeypatch):
        monkeypatch.setattr(auth, "SERVICEACCOUNT_SECRET", str(tmpdir))
        tmpdir.join("token").write("\n")
        client = self.make()
        assert (client.use_auth, client.token, client.can_use_serviceaccount_token()) == (
            False,
            None,
            False,
        )

    def test_a_service_account_token_that_is_no_text_is_told_when_it_is_sent(
        self, tmpdir, monkeypatch
    ):
        monkeypatch.setattr(auth, "SERVICEACCOUNT_SECRET", str(tmpdir))
        tmpdir.join("token").write_binary(b"\xff\xfe\n")
        client = self.make()
        with pytest.raises(OsbsAuthException):
            client.get_user()
        assert client._con.calls == []

    def test_the_login_with_a_password(self):
        client = self.make(username="u", password="p")
        client.get_oauth_token()
        method, url, kwargs = client._con.calls[0]
        assert (method, url) == (
            "get",
            "/oauth/authorize?response_type=token" "&client_id=openshift-challenging-client",
        )
        assert (kwargs["username"], kwargs["password"]) == ("u", "p")
        assert kwargs["allow_redirects"] is False
        assert client.token == self.O

    @pytest.mark.parametrize(
        "keytab, principal, ccache", [(None, None, None), ("k", "p", None), ("k", "p", "c")]
    )
    def test_the_login_with_kerberos(self, keytab, principal, ccache):
        client = self.make(
            use_kerberos=True,
            kerberos_keytab=keytab,
            kerberos_principal=principal,
            kerberos_ccache=ccache,
        )
        (
            flexmock(kerberos_ccache)
            .should_receive("kerberos_ccache_init")
            .with_args(principal, keytab, ccache_file=ccache)
            .times(1 if keytab else 0)
        )
        assert client.get_oauth_token() == self.O
        assert client._con.calls[0][2]["kerberos_auth"] is True

    def test_a_keytab_without_principal(self):
        client = self.make(use_kerberos=True, kerberos_keytab="k")
        with pytest.raises(OsbsAuthException):
            client.get_oauth_token()
        assert client._con.calls == []

    def test_an_answer_without_location_gives_no_token(self):
        client = self.make(token="T")
        client._con = flexmock(get=lambda url, **kwargs: reply())
        assert client.get_oauth_token() == ""
        assert client.token == "T"

    def test_a_location_that_is_no_url_is_refused_without_its_token(self):
        client = self.make(token="T")
        answer = HttpResponse(302, {"location": "https://[h#access_token=secret"}, b"")
        client._con = flexmock(get=lambda url, **kwargs: answer)
        with pytest.raises(OsbsAuthException) as info:
            client.get_oauth_token()
        assert "secret" not in "%s %r" % (info.value, info.value)

    def test_attributes_that_are_set_later_count(self):
        client = self.make()
        client.use_auth, client.token = True, "later"
        client.get_user()
        assert client._con.calls[-1][2]["headers"] == {"Authorization": "Bearer later"}

    def test_a_patched_login_that_stores_nothing_is_no_token(self):
        client = self.make(use_auth=True)
        flexmock(Openshift).should_receive("get_oauth_token").once()
        with pytest.raises(OsbsAuthException):
            client.get_user()

    def test_the_configured_ca_comes_first(self, in_pod, tmpdir):
        own = tmpdir.join("own.crt")
        own.write("CA")
        client = self.make(ca_bundle=str(own))
        client.get_user()
        assert client._con.calls[-1][2]["ca"] == str(own)

    def test_a_ca_that_cannot_be_read_is_told_at_once(self, tmpdir):
        with pytest.raises(OsbsValidationException) as info:
            self.make(ca_bundle=str(tmpdir.join("missing")))
        assert "missing" in info.value.message

    def test_the_oauth_url_cannot_be_set(self):
        client = self.make()
        assert client.os_oauth_url == "/oauth/authorize"
        with pytest.raises(AttributeError):
            client.os_oauth_url = "x"


def test_every_public_name_is_there():
    assert callable(core.check_response)
    assert os.path.basename(core.__file__).startswith("core")
    assert isinstance(Openshift._update_metadata_things, type(lambda: None))
    metadata = {}
    Openshift._update_metadata_things(metadata, "labels", {"a": "b"})
    Openshift._replace_metadata_things(metadata, "annotations", {"c": "d"})
    assert metadata == {"labels": {"a": "b"}, "annotations": {"c": "d"}}
    assert six.PY2 or core.Openshift.__init__.__doc__
