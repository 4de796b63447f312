"""Whatever names, labels and annotations are: they stay where they belong, or nothing is sent."""

from __future__ import absolute_import, print_function, unicode_literals

import json

import six
from hypothesis import example, given
from hypothesis import strategies as st
from six.moves.urllib.parse import parse_qsl, unquote, urlsplit

from osbs.exceptions import OsbsException, OsbsValidationException
from tests.property import hostile

BASE = "http://127.0.0.1:1"
# Method -> its arguments for a name, and the path up to the name.
NAMED = {
    "get_build": (lambda name: (name,), "/oapi/v1/namespaces/ns/builds/"),
    "cancel_build": (lambda name: (name,), "/oapi/v1/namespaces/ns/builds/"),
    "get_build_config": (lambda name: (name,), "/oapi/v1/namespaces/ns/buildconfigs/"),
    "instantiate_build_config": (lambda name: (name,), "/oapi/v1/namespaces/ns/buildconfigs/"),
    "update_build_config": (lambda name: (name, "{}"), "/oapi/v1/namespaces/ns/buildconfigs/"),
    "get_config_map": (lambda name: (name,), "/api/v1/namespaces/ns/configmaps/"),
    "delete_config_map": (lambda name: (name,), "/api/v1/namespaces/ns/configmaps/"),
    "delete_resource_quota": (lambda name: (name,), "/api/v1/namespaces/ns/resourcequotas/"),
    "get_image_stream": (lambda name: (name,), "/oapi/v1/namespaces/ns/imagestreams/"),
    "get_image_stream_tag": (lambda name: (name,), "/oapi/v1/namespaces/ns/imagestreamtags/"),
    "get_serviceaccount_tokens": (lambda name: (name,), "/api/v1/namespaces/ns/serviceaccounts/"),
    "get_user": (lambda name: (name,), "/oapi/v1/users/"),
    "set_labels_on_build": (lambda name: (name, {}), "/oapi/v1/namespaces/ns/builds/"),
    "stream_logs": (lambda name: (name,), "/oapi/v1/namespaces/ns/builds/"),
    "wait_for_build_to_finish": (lambda name: (name,), "/oapi/v1/watch/namespaces/ns/builds/"),
    "dump_resource": (lambda name: (name,), "/oapi/v1/namespaces/ns/"),
}
HINTS = ["..", ".", "/", "%2e%2e", "%2F", "?", "#", "\\", "\n", "\r\nX: y", "~", ":", ";", "&", "a"]
names = st.one_of(
    st.lists(st.sampled_from(HINTS), min_size=1, max_size=4).map("".join),
    st.text(max_size=10),
    st.none(),
    st.integers(),
    st.just("n" * 5000),
)
values = st.one_of(st.text(max_size=10), st.sampled_from(HINTS + ["a=b,c!=d", "a in (b)"]))
labels = st.dictionaries(values, values, max_size=4)


def encodable(text):
    try:
        text.encode("utf-8")
    except UnicodeError:
        return False
    return True


def selector_of(parts):
    ((name, value),) = parse_qsl(str(parts.query), keep_blank_values=True)
    assert name == "labelSelector"
    return value.decode("utf-8") if isinstance(value, bytes) else value


@given(st.sampled_from(sorted(NAMED)), names)
@example("get_build", "../../../../api/v1/secrets")
@example("get_build", "%2e%2e")
@example("get_build", "..;")
@example("get_user", "~")
@example("wait_for_build_to_finish", None)
@example("get_build", "\ud800")
@example("instantiate_build_config", 7)
def test_any_name_stays_one_part_of_the_path_or_nothing_is_sent(method, name):
    arguments, prefix = NAMED[method]
    openshift, transport = hostile.client([])
    openshift.retries_enabled = False
    try:
        for _ in getattr(openshift, method)(*arguments(name)) or ():
            pass
    except OsbsValidationException:
        assert not transport.requests
        return
    except OsbsException:
        pass
    wanted = name if isinstance(name, six.text_type) else str(name)
    for request in transport.requests:
        parts = urlsplit(request.url)
        if method == "instantiate_build_config" and request.method == "GET":
            # Whether there is a Build although the connection broke.
            assert parts.path == "/oapi/v1/namespaces/ns/builds/" and not parts.fragment
            assert selector_of(parts) == "buildconfig=" + wanted[:63]
            continue
        assert request.url.startswith(BASE + prefix)
        first = parts.path[len(prefix) :].split("/")[0]
        assert unquote(str(first)) == (wanted if str is not bytes else wanted.encode("utf-8"))
        assert first not in (".", "..") and not parts.fragment


@given(labels)
def test_any_labels_and_annotations_arrive_as_they_are(things):
    stored = hostile.as_bytes({"metadata": {"name": "x"}})
    for what in ("labels", "annotations"):
        osbs, transport = hostile.facade([(200, {}, stored)] * 2)
        getattr(osbs, "update_%s_on_build" % what)("x", things)
        sent = json.loads(hostile.body_of(transport.requests[-1]).decode("utf-8"))
        assert sent["metadata"].get(what) == things


@given(labels, st.none() | values)
@example({"a": "b&limit=1"}, "status=x&watch=true")
def test_any_selector_is_one_parameter_of_the_query(wanted, field_selector):
    osbs, transport = hostile.facade([(200, {}, b'{"items": []}')])
    try:
        osbs.list_builds(field_selector=field_selector, labels=wanted)
    except OsbsException:
        assert not all(
            map(encodable, list(wanted) + list(wanted.values()) + [field_selector or ""])
        )
        return
    (request,) = transport.requests
    parts = urlsplit(request.url)
    assert parts.path == "/oapi/v1/namespaces/ns/builds/" and not parts.fragment
    query = parse_qsl(str(parts.query), keep_blank_values=True)
    found = [name for name, _ in query]
    assert found == ["labelSelector"] * bool(wanted) + ["fieldSelector"] * (
        field_selector is not None
    )


@given(names)
def test_any_name_of_a_build_finds_pods_of_that_build_only(name):
    osbs, transport = hostile.facade([(200, {}, b'{"items": []}')])
    try:
        osbs.get_pod_for_build(name)
    except OsbsException:
        pass
    for request in transport.requests:
        query = parse_qsl(str(urlsplit(request.url).query))
        assert [key for key, _ in query] == ["labelSelector"]
