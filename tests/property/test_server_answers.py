"""Whatever a server answers, each method gives a result or a clear refusal."""

from __future__ import absolute_import, print_function, unicode_literals

import inspect
import tempfile
from types import GeneratorType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from osbs import utils
from osbs.api import OSBS
from osbs.core import Openshift
from osbs.exceptions import OsbsException
from osbs.repo_utils import AdditionalTagsConfig, RepoConfiguration, RepoInfo
from tests.property import hostile

BUILD = dict(
    git_uri="https://git.example.com/x.git",
    git_ref="master",
    git_branch="master",
    user="u",
    component="c",
    target="t",
)
STREAM = {"metadata": {"name": "x"}, "spec": {"dockerImageRepository": "r/x"}}
NEW = '{"metadata": {"name": "x", "labels": {"koji-task-id": "1"}}}'


def consumed(result):
    """Read what a generator gives, as far as a few items go."""
    if isinstance(result, GeneratorType):
        for count, _ in enumerate(result):
            if count > 50:
                break
        result.close()


CORE = {
    "adjust_attributes_on_object": ("builds", "x", "labels", {}, lambda meta, what, values: None),
    "cancel_build": ("x",),
    "create_build": (NEW,),
    "create_build_config": (NEW,),
    "create_config_map": ({"metadata": {"name": "x"}},),
    "create_image_stream": (NEW,),
    "create_resource_quota": ("x", {"metadata": {"name": "x"}}),
    "delete_config_map": ("x",),
    "delete_resource_quota": ("x",),
    "dump_pages": ("builds", 2),
    "dump_resource": ("builds", 2),
    "ensure_image_stream_tag": (STREAM, "t", {"tag": {}}),
    "get_build": ("x",),
    "get_build_config": ("x",),
    "get_build_config_by_labels": ([("a", "b")],),
    "get_config_map": ("x",),
    "get_image_stream": ("x",),
    "get_image_stream_tag": ("x:y",),
    "get_oauth_token": (),
    "get_resource_quota": ("x",),
    "get_serviceaccount_tokens": ("x",),
    "get_user": (),
    "import_image": ("x",),
    "import_image_tags": ("x", ["1"], "r/x", {}),
    "import_stream_tags": ("x", ["1"], {}),
    "instantiate_build_config": ("x",),
    "list_builds": (),
    "list_pods": (),
    "list_resource_quotas": (),
    "logs": ("x", True),
    "put_image_stream_tag": ("x:y", {}),
    "restore_resource": ("builds", {"metadata": {"name": "x"}}),
    "set_annotations_on_build": ("x", {}),
    "set_annotations_on_build_config": ("x", {}),
    "set_labels_on_build": ("x", {}),
    "set_labels_on_build_config": ("x", {}),
    "start_build": ("x",),
    "stream_logs": ("x",),
    "update_annotations_on_build": ("x", {"a": "b"}),
    "update_annotations_on_build_config": ("x", {"a": "b"}),
    "update_build_config": ("x", NEW),
    "update_labels_on_build": ("x", {"a": "b"}),
    "update_labels_on_build_config": ("x", {"a": "b"}),
    "wait": ("x", ["complete"]),
    "wait_for_build_to_exist": ("x",),
    "wait_for_build_to_finish": ("x",),
    "wait_for_build_to_get_scheduled": ("x",),
    "wait_for_new_build_config_instance": ("x", 1),
    "watch_resource": ("builds", "x"),
}
FACADE = {
    "cancel_build": ("x",),
    "create_build": BUILD,
    "create_config_map": ("x", {"a": 1}),
    "create_image_stream": ("x", "r/x"),
    "create_orchestrator_build": dict(BUILD, platforms=["x86_64"]),
    "create_prod_build": BUILD,
    "create_worker_build": dict(BUILD, platform="p", release="1", arrangement_version=6),
    "delete_config_map": ("x",),
    "dump_pages": ("builds", 2),
    "dump_resource": ("builds",),
    "ensure_image_stream_tag": (STREAM, "t"),
    "get_build": ("x",),
    "get_build_logs": dict(build_id="x", follow=True, decode=True),
    "get_config_map": ("x",),
    "get_image_stream": ("x",),
    "get_image_stream_tag": ("x:y",),
    "get_orchestrator_build_logs": ("x", True),
    "get_pod_for_build": ("x",),
    "get_resource_quota": ("x",),
    "get_serviceaccount_tokens": (),
    "get_token": (),
    "get_user": (),
    "import_image": ("x",),
    "import_image_tags": ("x", ["1"], "r/x"),
    "list_builds": (),
    "list_resource_quotas": (),
    "login": dict(username="u", password="p"),
    "pause_builds": (),
    "restore_resource": ("builds", {"items": [{"metadata": {"name": "x"}}]}),
    "resume_builds": (),
    "set_annotations_on_build": ("x", {}),
    "set_labels_on_build": ("x", {}),
    "set_labels_on_build_config": ("x", {}),
    "update_annotations_on_build": ("x", {"a": "b"}),
    "update_labels_on_build": ("x", {"a": "b"}),
    "update_labels_on_build_config": ("x", {"a": "b"}),
    "wait_for_build_to_finish": ("x",),
    "wait_for_build_to_get_scheduled": ("x",),
    "watch_builds": (),
}
# They ask the server nothing, or are another method's other half (create_build).
WITHOUT_ANSWERS = {
    name: names.split()
    for name, names in (
        ("Openshift", "can_use_serviceaccount_token"),
        (
            "OSBS",
            "can_orchestrate create_build_from_buildrequest get_build_request "
            "get_compression_extension render_plugins_configuration retries_disabled",
        ),
    )
}


@pytest.fixture(scope="module", autouse=True)
def surroundings():
    """No real pause, no repository; a home of its own is the session's."""
    real = utils.get_repo_info
    utils.get_repo_info = _repo_info
    with hostile.no_pauses():
        yield
    utils.get_repo_info = real


class _Dockerfile(object):
    labels = {"name": "n", "com.redhat.component": "c", "version": "1"}
    baseimage = "fedora:28"


def _repo_info(*_args, **_kwargs):
    directory = tempfile.gettempdir()
    configuration = RepoConfiguration(directory, "no-such-file")
    return RepoInfo(_Dockerfile(), configuration, AdditionalTagsConfig(directory, "no-such-file"))


def call(target, method, arguments, mistakes=hostile.MISTAKES):
    """Call a method; what it raises must be an OsbsException of one clear line."""
    arguments = {"args": arguments} if isinstance(arguments, tuple) else {"kwargs": arguments}
    try:
        consumed(getattr(target, method)(*arguments.get("args", ()), **arguments.get("kwargs", {})))
    except OsbsException as ex:
        hostile.check_refusal(ex, mistakes)


def public_methods(cls):
    return {
        name
        for name, _ in inspect.getmembers(cls, callable)
        if not name.startswith("_") and name not in WITHOUT_ANSWERS[cls.__name__]
    }


@pytest.mark.parametrize(("cls", "table"), [(Openshift, CORE), (OSBS, FACADE)])
def test_every_method_that_asks_a_server_is_tried(cls, table):
    assert public_methods(cls) == set(table)


@given(
    st.sampled_from(sorted(CORE)), st.lists(hostile.answers, min_size=1, max_size=4), st.booleans()
)
@example("start_build", [(200, {}, b"[" * 100000)] * 3, False)
def test_whatever_a_server_answers_the_client_gives_a_result_or_refuses(method, answers, retrying):
    openshift, _ = hostile.client(answers)
    openshift.retries_enabled = retrying
    call(openshift, method, CORE[method])


@given(st.sampled_from(sorted(FACADE)), st.lists(hostile.answers, min_size=1, max_size=5))
@example("list_builds", [(200, {}, b"{}")])
@example("list_builds", [(200, {}, b"[]")])
@example("list_builds", [(200, {}, b'{"items": null}')])
@example("get_pod_for_build", [(200, {}, b'{"items": [null]}')])
@example("pause_builds", [(201, {}, b"{}"), (200, {}, b'{"items": [{}]}')])
@example("create_build", [(200, {}, b'{"items": [{"metadata": {}}]}')])
@example("restore_resource", [])
def test_whatever_a_server_answers_the_facade_gives_a_result_or_refuses(method, answers):
    settings = {"can_orchestrate": True, "build_from": "image:a", "reactor_config_map": "m"}
    osbs, _ = hostile.facade(answers, **settings)
    # A Build without a phase is a KeyError of BuildResponse, here with a cover.
    call(osbs, method, FACADE[method], mistakes=())
