"""A user's program without a mistake, for type checkers; it is never run."""

import os
from typing import Dict, Iterator, List, Optional

import osbs as osbs_package
from osbs import set_logging
from osbs.api import OSBS, LogEntry, osbsapi
from osbs.build.build_response import BuildResponse
from osbs.build.config_map_response import ConfigMapResponse
from osbs.build.pod_response import PodResponse
from osbs.conf import Configuration
from osbs.constants import BUILD_FINISHED_STATES, DEFAULT_NAMESPACE
from osbs.core import Openshift, check_response
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsNetworkException,
    OsbsOrchestratorNotEnabled,
    OsbsResponseException,
    OsbsValidationException,
    OsbsWaitTimeout,
    OsbsWatchBuildNotFound,
)
from osbs.http import HttpResponse
from osbs.kerberos_ccache import kerberos_ccache_init
from osbs.repo_utils import ModuleSpec, RepoInfo
from osbs.utils import (
    Labels,
    RegistryURI,
    UserWarningsStore,
    get_imagestreamtag_from_image,
    get_repo_info,
    git_repo_humanish_part_from_uri,
    graceful_chain_del,
    graceful_chain_get,
    make_name_from_git,
    paused_builds,
    split_module_spec,
    utcnow,
)


def connect(path: Optional[str]) -> OSBS:
    Configuration()
    Configuration(conf_section="scratch")
    Configuration(conf_file=None, openshift_url="https://openshift.example.com", use_auth=True)
    conf = Configuration(conf_file=path, conf_section=os.environ["OSBS_SECTION"], cli_args=None)
    url: Optional[str] = conf.get_openshift_base_uri()
    namespace: Optional[str] = conf.get_namespace()
    verify: Optional[bool] = conf.get_verify_ssl()
    registries: List[str] = conf.get_registry_uris()
    selector: Dict[str, str] = conf.get_platform_node_selector("x86_64")
    scratch: bool = conf.get_scratch(False)
    print(url, namespace, verify, registries, selector, scratch, conf.conf_section)
    return OSBS(conf, conf)


def build(osbs: OSBS, task: int, arches: List[str]) -> BuildResponse:
    try:
        return osbs.create_orchestrator_build(
            git_uri="https://git.example.com/hello",
            git_ref="master",
            git_branch="master",
            user="kojiadmin",
            component="hello",
            target="candidate",
            architecture=None,
            yum_repourls=["http://repo.example.com/a.repo"],
            koji_task_id=task,
            scratch=None,
            platforms=arches,
            compose_ids=[7],
            arrangement_version=6,
        )
    except OsbsOrchestratorNotEnabled:
        osbs.create_prod_build("uri", "ref", "branch", "user", "component", koji_task_id="12")
        return osbs.create_build(
            git_uri="uri", git_ref="ref", git_branch="branch", user="user", platforms=("x86_64",)
        )


def worker(osbs: OSBS) -> str:
    started = osbs.create_worker_build(
        git_uri="uri",
        git_ref="ref",
        git_branch="branch",
        user="user",
        platform="x86_64",
        release="1",
        arrangement_version=6,
        reactor_config_override={"version": 1},
        is_auto=False,
    )
    return started.get_build_name().upper()


def follow(osbs: OSBS, name: str, follow_it: bool) -> None:
    log = osbs.get_build_logs(name)
    if log is not None:
        print(log.decode("utf-8"))
    text = osbs.get_build_logs(name, decode=True)
    if text is not None:
        print(text.upper())
    lines = osbs.get_build_logs(name, follow=True)
    for line in lines or ():
        print(line.decode("utf-8"))
    texts = osbs.get_build_logs(name, follow=True, wait_if_missing=True, decode=True)
    for text_line in texts or ():
        print(text_line.upper())
    any_log = osbs.get_build_logs(name, follow=follow_it)
    print(any_log)
    entries: Iterator[LogEntry] = osbs.get_orchestrator_build_logs(name, follow=True)
    for entry in entries:
        print((entry.platform or "orchestrator").upper(), entry.line.upper())
    platform, line_text = LogEntry(None, "line")
    print(platform, line_text)


def finish(osbs: OSBS, name: str) -> int:
    try:
        build = osbs.wait_for_build_to_finish(name, timeout=3600)
    except OsbsWaitTimeout as ex:
        print(ex.message.upper(), ex.cause)
        return 1
    except OsbsResponseException as ex:
        print(ex.status_code + 1, ex.json, ex.body.upper())
        return 1
    except OsbsNetworkException as ex:
        print(ex.url.upper(), ex.status_code)
        return 1
    except (OsbsAuthException, OsbsValidationException, OsbsWatchBuildNotFound, OsbsException):
        return 1
    for kind, names in (build.get_repositories() or {}).items():
        print(kind.upper(), [each.upper() for each in names])
    print((build.get_error_message() or "").upper(), (build.get_koji_build_id() or "").upper())
    print((build.get_annotations() or {}).get("x"), build.status in BUILD_FINISHED_STATES)
    print(build.json["metadata"], build.get_time_created_in_seconds() + 1.0, build.cancelled)
    build.status = "Complete"
    return 0 if build.is_succeeded() else 1


def store(osbs: OSBS, name: str) -> None:
    pod: PodResponse = osbs.get_pod_for_build(name)
    print(pod.get_container_image_ids()["image"].upper(), pod.get_failure_reason()["reason"])
    made: ConfigMapResponse = osbs.create_config_map("name", {"key": [1, 2]})
    print(made.get_data_by_key("key"), made.get_data(), made.is_yaml("key"))
    osbs.delete_config_map("name")
    response: HttpResponse = osbs.update_labels_on_build(name, {"a": "b"})
    print(response.status_code + 1, response.headers.get("Content-Type"), len(response.content))
    print(response.json(), osbs.get_user()["metadata"])
    check_response(response)
    with osbs.retries_disabled():
        print(osbs.import_image("stream", timeout=1.5), osbs.import_image("stream", ["latest"]))
        print(osbs.import_image_tags("stream", ["1"], "registry.example.com/a", insecure=True))
    for page in osbs.dump_pages("builds", 100):
        print(page["items"])
    for kind, changed in osbs.watch_builds():
        print(kind.upper(), changed["metadata"])
    client: Openshift = osbs.os
    print(client.get_build_config("name")["spec"], client.namespace, client.get_build(name).json())
    for listed in osbs.list_builds(field_selector="status=Running", labels={"a": "b"}):
        print(listed.get_build_name())


def from_request(osbs: OSBS) -> None:
    request = osbs.get_build_request(arrangement_version=6)
    request.set_params(user="user", git_uri="uri")
    request.set_openshift_required_version(None)
    request.set_resource_limits(cpu="1")
    print(request.render()["metadata"], request.is_custom_base_image())
    print(osbs.create_build_from_buildrequest(request).get_build_name().upper())


class Site(OSBS):
    @osbsapi
    def rename(self, name: str) -> str:
        return name.upper()


def helpers(site: Site) -> None:
    set_logging()
    print(osbs_package.__version__.upper(), DEFAULT_NAMESPACE, site.rename("x").upper())
    print(RegistryURI("registry.example.com/v2").docker_uri, split_module_spec("a:b"))
    graceful_chain_del({"a": 1}, "a")
    print(git_repo_humanish_part_from_uri("https://git.example.com/hello").upper())
    print(make_name_from_git("https://git.example.com/hello", "master").upper())
    print(get_imagestreamtag_from_image("a/b:1").upper(), utcnow().isoformat())
    print(RepoInfo().configuration)
    kerberos_ccache_init("me", "keytab", ccache_file="ccache")
    print(ModuleSpec.from_str("eog:f28").to_str(include_profile=False).upper())
    warnings = UserWarningsStore()
    if warnings.is_user_warning("line"):
        warnings.store("line")
    print(len(warnings), [text.upper() for text in warnings])
    with paused_builds(site):
        print(get_repo_info("uri", "ref", git_branch="master"))
    print(Labels({"name": "x"}).get_name(Labels.LABEL_TYPE_NAME), graceful_chain_get({}, "a", "b"))
