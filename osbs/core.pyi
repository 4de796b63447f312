"""The types of ``osbs.core``, held against the code by stubtest."""

import logging
from typing import Any, Callable, Dict, Iterable, Iterator, List, Literal, Optional, Tuple, Union
from typing import overload

from osbs.http import HttpResponse, HttpStream

__all__ = ["Openshift", "check_response"]

_Object = Dict[str, Any]

def check_response(
    response: Union[HttpResponse, HttpStream], log_level: int = logging.ERROR
) -> None: ...

class Openshift:
    os_api_url: str
    k8s_api_url: Optional[str]
    verbose: bool
    verify_ssl: bool
    retries_enabled: bool
    namespace: str
    wait_timeout: Optional[float]
    username: Optional[str]
    password: Optional[str]
    use_kerberos: bool
    kerberos_keytab: Optional[str]
    kerberos_principal: Optional[str]
    kerberos_ccache: Optional[str]
    client_cert: Optional[str]
    client_key: Optional[str]
    token: Optional[str]
    ca: Optional[str]
    use_auth: bool
    def __init__(
        self,
        openshift_api_url: str,
        openshift_api_version: str,
        openshift_oauth_url: str,
        k8s_api_url: Optional[str] = None,
        verbose: bool = False,
        username: Optional[str] = None,
        password: Optional[str] = None,
        use_kerberos: bool = False,
        kerberos_keytab: Optional[str] = None,
        kerberos_principal: Optional[str] = None,
        kerberos_ccache: Optional[str] = None,
        client_cert: Optional[str] = None,
        client_key: Optional[str] = None,
        verify_ssl: bool = True,
        use_auth: Optional[bool] = None,
        token: Optional[str] = None,
        namespace: str = "default",
        ca_bundle: Optional[str] = None,
        openshift_api: str = "oapi",
        wait_timeout: Optional[float] = None,
        max_response_mib: Optional[int] = None,
        request_timeout: Optional[float] = None,
        retries: Optional[int] = None,
    ) -> None: ...
    @property
    def os_oauth_url(self) -> str: ...
    def can_use_serviceaccount_token(self) -> bool: ...
    def get_oauth_token(self) -> str: ...
    def get_user(self, username: str = "~") -> HttpResponse: ...
    def get_serviceaccount_tokens(self, username: str = "~") -> Dict[str, bytes]: ...
    def create_build(self, build_json: Union[_Object, str]) -> HttpResponse: ...
    def cancel_build(self, build_id: str) -> HttpResponse: ...
    def get_build(self, build_id: str) -> HttpResponse: ...
    def wait_for_build_to_exist(self, build_id: str) -> HttpResponse: ...
    def list_builds(
        self,
        build_config_id: Optional[str] = None,
        koji_task_id: Union[int, str, None] = None,
        field_selector: Optional[str] = None,
        labels: Optional[Dict[str, str]] = None,
        page_size: Optional[int] = None,
    ) -> HttpResponse: ...
    def list_pods(self, label: Optional[str] = None) -> HttpResponse: ...
    def get_build_config(self, build_config_id: str) -> _Object: ...
    def get_build_config_by_labels(self, label_selectors: Iterable[Tuple[str, str]]) -> _Object: ...
    def create_build_config(self, build_config_json: str) -> HttpResponse: ...
    def update_build_config(self, build_config_id: str, build_config_json: str) -> HttpResponse: ...
    def instantiate_build_config(self, build_config_id: str) -> HttpResponse: ...
    def start_build(self, build_config_id: str) -> HttpResponse: ...
    @overload
    def logs(
        self,
        build_id: str,
        follow: Literal[False] = False,
        build_json: Optional[_Object] = None,
        wait_if_missing: bool = False,
    ) -> Optional[bytes]: ...
    @overload
    def logs(
        self,
        build_id: str,
        follow: Literal[True],
        build_json: Optional[_Object] = None,
        wait_if_missing: bool = False,
    ) -> Optional[Iterator[bytes]]: ...
    @overload
    def logs(
        self,
        build_id: str,
        follow: bool = False,
        build_json: Optional[_Object] = None,
        wait_if_missing: bool = False,
    ) -> Union[bytes, Iterator[bytes], None]: ...
    def stream_logs(self, build_id: str) -> Iterator[bytes]: ...
    def watch_resource(
        self, resource_type: str, resource_name: Optional[str] = None, **request_args: Any
    ) -> Iterator[Tuple[str, _Object]]: ...
    def wait(
        self,
        build_id: str,
        states: Iterable[str],
        timeout: Optional[float] = None,
        missing_ok: Optional[bool] = None,
    ) -> _Object: ...
    def wait_for_build_to_finish(
        self, build_id: str, timeout: Optional[float] = None
    ) -> _Object: ...
    def wait_for_build_to_get_scheduled(
        self, build_id: str, timeout: Optional[float] = None, missing_ok: Optional[bool] = None
    ) -> _Object: ...
    def wait_for_new_build_config_instance(
        self, build_config_id: str, prev_version: int, timeout: Optional[float] = None
    ) -> str: ...
    def list_resource_quotas(self) -> HttpResponse: ...
    def get_resource_quota(self, quota_name: str) -> HttpResponse: ...
    def create_resource_quota(self, name: str, quota_json: _Object) -> HttpResponse: ...
    def delete_resource_quota(self, name: str) -> HttpResponse: ...
    def adjust_attributes_on_object(
        self,
        collection: str,
        name: str,
        things: Literal["labels", "annotations"],
        values: Dict[str, str],
        how: Callable[[_Object, str, Dict[str, str]], None],
    ) -> HttpResponse: ...
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
    def update_annotations_on_build_config(
        self, build_config_id: str, annotations: Dict[str, str]
    ) -> HttpResponse: ...
    def set_annotations_on_build_config(
        self, build_config_id: str, annotations: Dict[str, str]
    ) -> HttpResponse: ...
    def get_image_stream_tag(self, tag_id: str) -> HttpResponse: ...
    def put_image_stream_tag(self, tag_id: str, tag: _Object) -> HttpResponse: ...
    def ensure_image_stream_tag(
        self, stream: _Object, tag_name: str, tag_template: _Object, scheduled: bool = False
    ) -> bool: ...
    def get_image_stream(self, stream_id: str) -> HttpResponse: ...
    def create_image_stream(self, stream_json: str) -> HttpResponse: ...
    def import_image(self, name: str, timeout: Optional[float] = None) -> bool: ...
    def import_stream_tags(
        self, name: str, tags: Optional[List[str]], template: _Object
    ) -> bool: ...
    def import_image_tags(
        self,
        name: str,
        tags: Optional[List[str]],
        repository: str,
        template: _Object,
        insecure: bool = False,
    ) -> bool: ...
    def dump_resource(
        self, resource_type: str, page_size: Optional[int] = None
    ) -> HttpResponse: ...
    def dump_pages(self, resource_type: str, page_size: int) -> Iterator[_Object]: ...
    def restore_resource(self, resource_type: str, resource: _Object) -> HttpResponse: ...
    def create_config_map(self, config_data: _Object) -> HttpResponse: ...
    def get_config_map(self, name: str) -> HttpResponse: ...
    def delete_config_map(self, name: str) -> None: ...
