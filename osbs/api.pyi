"""The types of ``osbs.api``, held against the code by stubtest and against the table of keywords
(``osbs/_build_keywords.py``) by tests/typing.
"""

from contextlib import AbstractContextManager
from typing import Any, Callable, Dict, Iterator, List, Literal, Optional, Tuple, TypeVar, Union
from typing import NamedTuple, overload

from osbs.build.build_request import BuildRequest
from osbs.build.build_requestv2 import BuildRequestV2
from osbs.build.build_response import BuildResponse
from osbs.build.config_map_response import ConfigMapResponse
from osbs.build.pod_response import PodResponse
from osbs.conf import Configuration
from osbs.core import Openshift
from osbs.http import HttpResponse

__all__ = ["OSBS", "osbsapi", "LogEntry"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Object = Dict[str, Any]
_Texts = Union[List[str], Tuple[str, ...]]
_Repositories = List[str]
_Numbers = List[int]
_Number = Union[int, str]

class LogEntry(NamedTuple):
    platform: Optional[str]
    line: str

def osbsapi(func: _Function) -> _Function: ...

class OSBS:
    os_conf: Configuration
    build_conf: Configuration
    os: Openshift
    def __init__(
        self, openshift_configuration: Configuration, build_configuration: Configuration
    ) -> None: ...
    def list_builds(
        self,
        field_selector: Optional[str] = None,
        koji_task_id: Optional[_Number] = None,
        running: Optional[bool] = None,
        labels: Optional[Dict[str, str]] = None,
        page_size: Optional[int] = None,
    ) -> List[BuildResponse]: ...
    def watch_builds(
        self, field_selector: Optional[str] = None
    ) -> Iterator[Tuple[str, _Object]]: ...
    def get_build(self, build_id: str) -> BuildResponse: ...
    def cancel_build(self, build_id: str) -> BuildResponse: ...
    def get_pod_for_build(self, build_id: str) -> PodResponse: ...
    def get_build_request(
        self,
        build_type: Optional[str] = None,
        inner_template: Optional[str] = None,
        outer_template: Optional[str] = None,
        customize_conf: Optional[str] = None,
        arrangement_version: Optional[_Number] = 6,
    ) -> Union[BuildRequest, BuildRequestV2]: ...
    def create_build_from_buildrequest(
        self, build_request: Union[BuildRequest, BuildRequestV2]
    ) -> BuildResponse: ...
    def create_prod_build(
        self,
        git_uri: str,
        git_ref: str,
        git_branch: str,
        user: str,
        component: Optional[str] = None,
        target: Optional[str] = None,
        architecture: Optional[str] = None,
        yum_repourls: Optional[_Repositories] = None,
        koji_task_id: Optional[_Number] = None,
        scratch: Optional[bool] = None,
        platform: Optional[str] = None,
        platforms: Optional[_Texts] = None,
        build_type: Optional[str] = None,
        release: Optional[str] = None,
        inner_template: Optional[str] = None,
        outer_template: Optional[str] = None,
        customize_conf: Optional[str] = None,
        arrangement_version: Optional[_Number] = None,
        filesystem_koji_task_id: Optional[_Number] = None,
        koji_upload_dir: Optional[str] = None,
        is_auto: Optional[bool] = None,
        koji_parent_build: Optional[str] = None,
        isolated: Optional[bool] = None,
        flatpak: Optional[bool] = None,
        signing_intent: Optional[str] = None,
        compose_ids: Optional[_Numbers] = None,
        reactor_config_override: Optional[_Object] = None,
        *,
        skip_build: Optional[bool] = None,
        triggered_after_koji_task: Optional[_Number] = None,
        dependency_replacements: Optional[_Texts] = None,
        operator_csv_modifications_url: Optional[str] = None,
        userdata: Optional[_Object] = None,
        tag: Optional[str] = None,
        git_push_url: Optional[str] = None,
        koji_target: Optional[str] = None,
        reactor_config_map: Optional[str] = None,
    ) -> BuildResponse: ...
    def create_build(
        self,
        *,
        git_uri: str,
        git_ref: str,
        git_branch: str,
        user: str,
        component: Optional[str] = None,
        target: Optional[str] = None,
        architecture: Optional[str] = None,
        yum_repourls: Optional[_Repositories] = None,
        koji_task_id: Optional[_Number] = None,
        scratch: Optional[bool] = None,
        platform: Optional[str] = None,
        platforms: Optional[_Texts] = None,
        build_type: Optional[str] = None,
        release: Optional[str] = None,
        inner_template: Optional[str] = None,
        outer_template: Optional[str] = None,
        customize_conf: Optional[str] = None,
        arrangement_version: Optional[_Number] = None,
        filesystem_koji_task_id: Optional[_Number] = None,
        koji_upload_dir: Optional[str] = None,
        is_auto: Optional[bool] = None,
        koji_parent_build: Optional[str] = None,
        isolated: Optional[bool] = None,
        flatpak: Optional[bool] = None,
        signing_intent: Optional[str] = None,
        compose_ids: Optional[_Numbers] = None,
        reactor_config_override: Optional[_Object] = None,
        skip_build: Optional[bool] = None,
        triggered_after_koji_task: Optional[_Number] = None,
        dependency_replacements: Optional[_Texts] = None,
        operator_csv_modifications_url: Optional[str] = None,
        userdata: Optional[_Object] = None,
        tag: Optional[str] = None,
        git_push_url: Optional[str] = None,
        koji_target: Optional[str] = None,
        reactor_config_map: Optional[str] = None,
    ) -> BuildResponse: ...
    def create_worker_build(
        self,
        *,
        git_uri: str,
        git_ref: str,
        git_branch: str,
        user: str,
        component: Optional[str] = None,
        target: Optional[str] = None,
        architecture: Optional[str] = None,
        yum_repourls: Optional[_Repositories] = None,
        koji_task_id: Optional[_Number] = None,
        scratch: Optional[bool] = None,
        platform: str,
        release: str,
        inner_template: Optional[str] = None,
        outer_template: Optional[str] = None,
        customize_conf: Optional[str] = None,
        arrangement_version: _Number,
        filesystem_koji_task_id: Optional[_Number] = None,
        koji_upload_dir: Optional[str] = None,
        is_auto: Optional[bool] = None,
        koji_parent_build: Optional[str] = None,
        isolated: Optional[bool] = None,
        flatpak: Optional[bool] = None,
        signing_intent: Optional[str] = None,
        compose_ids: Optional[_Numbers] = None,
        reactor_config_override: Optional[_Object] = None,
        skip_build: Optional[bool] = None,
        triggered_after_koji_task: Optional[_Number] = None,
        dependency_replacements: Optional[_Texts] = None,
        operator_csv_modifications_url: Optional[str] = None,
        userdata: Optional[_Object] = None,
        tag: Optional[str] = None,
        git_push_url: Optional[str] = None,
        koji_target: Optional[str] = None,
        reactor_config_map: Optional[str] = None,
    ) -> BuildResponse: ...
    def create_orchestrator_build(
        self,
        *,
        git_uri: str,
        git_ref: str,
        git_branch: str,
        user: str,
        component: Optional[str] = None,
        target: Optional[str] = None,
        architecture: Optional[str] = None,
        yum_repourls: Optional[_Repositories] = None,
        koji_task_id: Optional[_Number] = None,
        scratch: Optional[bool] = None,
        platforms: Optional[_Texts] = None,
        release: Optional[str] = None,
        inner_template: Optional[str] = None,
        outer_template: Optional[str] = None,
        customize_conf: Optional[str] = None,
        arrangement_version: Optional[_Number] = None,
        filesystem_koji_task_id: Optional[_Number] = None,
        koji_upload_dir: Optional[str] = None,
        is_auto: Optional[bool] = None,
        koji_parent_build: Optional[str] = None,
        isolated: Optional[bool] = None,
        flatpak: Optional[bool] = None,
        signing_intent: Optional[str] = None,
        compose_ids: Optional[_Numbers] = None,
        reactor_config_override: Optional[_Object] = None,
        skip_build: Optional[bool] = None,
        triggered_after_koji_task: Optional[_Number] = None,
        dependency_replacements: Optional[_Texts] = None,
        operator_csv_modifications_url: Optional[str] = None,
        userdata: Optional[_Object] = None,
        tag: Optional[str] = None,
        git_push_url: Optional[str] = None,
        koji_target: Optional[str] = None,
        reactor_config_map: Optional[str] = None,
    ) -> BuildResponse: ...
    @overload
    def get_build_logs(
        self,
        build_id: str,
        follow: Literal[False] = False,
        build_json: Optional[_Object] = None,
        wait_if_missing: bool = False,
        decode: Literal[False] = False,
    ) -> Optional[bytes]: ...
    @overload
    def get_build_logs(
        self,
        build_id: str,
        follow: Literal[False] = False,
        build_json: Optional[_Object] = None,
        wait_if_missing: bool = False,
        *,
        decode: Literal[True],
    ) -> Optional[str]: ...
    @overload
    def get_build_logs(
        self,
        build_id: str,
        follow: Literal[True],
        build_json: Optional[_Object] = None,
        wait_if_missing: bool = False,
        decode: Literal[False] = False,
    ) -> Optional[Iterator[bytes]]: ...
    @overload
    def get_build_logs(
        self,
        build_id: str,
        follow: Literal[True],
        build_json: Optional[_Object] = None,
        wait_if_missing: bool = False,
        *,
        decode: Literal[True],
    ) -> Optional[Iterator[str]]: ...
    @overload
    def get_build_logs(
        self,
        build_id: str,
        follow: bool = False,
        build_json: Optional[_Object] = None,
        wait_if_missing: bool = False,
        decode: bool = False,
    ) -> Union[bytes, str, Iterator[bytes], Iterator[str], None]: ...
    def get_orchestrator_build_logs(
        self, build_id: str, follow: bool = False, wait_if_missing: bool = False
    ) -> Iterator[LogEntry]: ...
    def wait_for_build_to_finish(
        self, build_id: str, timeout: Optional[float] = None
    ) -> BuildResponse: ...
    def wait_for_build_to_get_scheduled(
        self, build_id: str, timeout: Optional[float] = None
    ) -> BuildResponse: ...
    def update_labels_on_build(self, build_id: str, labels: Dict[str, str]) -> HttpResponse: ...
    def set_labels_on_build(self, build_id: str, labels: Dict[str, str]) -> HttpResponse: ...
    def update_labels_on_build_config(
        self, build_config_id: str, labels: Dict[str, str]
    ) -> HttpResponse: ...
    def set_labels_on_build_config(
        self, build_config_id: str, labels: Dict[str, str]
    ) -> HttpResponse: ...
    def update_annotations_on_build(
        self, build_id: str, annotations: Dict[str, str]
    ) -> HttpResponse: ...
    def set_annotations_on_build(
        self, build_id: str, annotations: Dict[str, str]
    ) -> HttpResponse: ...
    def import_image(
        self, name: str, tags: Optional[List[str]] = None, timeout: Optional[float] = None
    ) -> bool: ...
    def import_image_tags(
        self, name: str, tags: Optional[List[str]], repository: str, insecure: bool = False
    ) -> bool: ...
    def get_token(self) -> str: ...
    def login(
        self,
        token: Optional[str] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
    ) -> None: ...
    def get_user(self, username: str = "~") -> _Object: ...
    def get_serviceaccount_tokens(self, username: str = "~") -> Dict[str, bytes]: ...
    def get_image_stream_tag(self, tag_id: str) -> HttpResponse: ...
    def ensure_image_stream_tag(
        self, stream: _Object, tag_name: str, scheduled: bool = False
    ) -> bool: ...
    def get_image_stream(self, stream_id: str) -> HttpResponse: ...
    def create_image_stream(
        self, name: str, docker_image_repository: str, insecure_registry: bool = False
    ) -> HttpResponse: ...
    def pause_builds(
        self, quota_name: Optional[str] = None, timeout: Optional[float] = None
    ) -> None: ...
    def resume_builds(self, quota_name: Optional[str] = None) -> None: ...
    def dump_resource(self, resource_type: str, page_size: Optional[int] = None) -> _Object: ...
    def dump_pages(self, resource_type: str, page_size: int) -> Iterator[_Object]: ...
    def restore_resource(
        self, resource_type: str, resources: _Object, continue_on_error: bool = False
    ) -> None: ...
    def get_compression_extension(self) -> Optional[str]: ...
    def list_resource_quotas(self) -> _Object: ...
    def get_resource_quota(self, quota_name: str) -> _Object: ...
    def can_orchestrate(self) -> bool: ...
    def create_config_map(self, name: str, data: Dict[str, Any]) -> ConfigMapResponse: ...
    def get_config_map(self, name: str) -> ConfigMapResponse: ...
    def delete_config_map(self, name: str) -> None: ...
    def retries_disabled(self) -> AbstractContextManager[None]: ...
    def render_plugins_configuration(self, user_params_json: str) -> str: ...
