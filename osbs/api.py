"""The facade of the library: what the Koji builder plugin, atomic-reactor and the CLI call.

Settings are read here, through the getters of the two configurations, and passed down as plain
values; nothing below this module knows which flow it serves.
"""

from __future__ import absolute_import, print_function, unicode_literals

import getpass
import json
import logging
import os
import warnings
from contextlib import contextmanager
from types import GeneratorType

import six
from six.moves import http_client

from osbs import utils
from osbs._compat import prompt_function, to_native, to_text
from osbs.build._params import NEWER
from osbs.build.build_request import BuildRequest
from osbs.build.build_requestv2 import BuildRequestV2
from osbs.build.build_response import BuildResponse
from osbs.build.config_map_response import ConfigMapResponse
from osbs.build.plugins_configuration import PluginsConfiguration
from osbs.build.pod_response import PodResponse
from osbs.build.user_params import BuildUserParams
from osbs.constants import (
    BUILD_FINISHED_STATES,
    BUILD_JSON_STORE,
    BUILD_RUNNING_STATES,
    BUILD_TYPE_ORCHESTRATOR,
    BUILD_TYPE_WORKER,
    DEFAULT_ARRANGEMENT_VERSION,
    REACTOR_CONFIG_ARRANGEMENT_VERSION,
)
from osbs.core import Openshift
from osbs.exceptions import (
    OsbsAuthException,
    OsbsException,
    OsbsNetworkException,
    OsbsOrchestratorNotEnabled,
    OsbsResponseException,
    OsbsValidationException,
    OsbsWaitTimeout,
)
from osbs import _build_settings, _image_source, _log_lines, _token_file
from osbs._log_lines import LogEntry  # noqa: F401
from osbs._api_errors import own_errors_only, osbsapi
from osbs._build_keywords import names_missing_keywords, takes_build_keywords
from osbs._redact import mask_text, mask_uri, redacted
from osbs._rest.objects import includes
from osbs._rest.retry import Deadline
from osbs.utils import get_path, retry_on_conflict, without_none

__all__ = [str("OSBS"), str("osbsapi"), str("LogEntry")]

logger = logging.getLogger(__name__)

_INSECURE_REPOSITORY = "openshift.io/image.insecureRepository"
_COMPRESSION_EXTENSIONS = {"gzip": ".gz", "lzma": ".xz"}
_ISOLATED_BUILD_LABELS = ("git-repo-name", "git-branch", "isolated", "isolated-release")
_WORKER_REQUIRED = ("platform", "release", "arrangement_version")
_UNFINISHED = ",".join("status!=%s" % state.capitalize() for state in BUILD_FINISHED_STATES)
# Causes with which nothing was sent at all: there is no server that could know the object.
_NOTHING_SENT = ("MissingSchema", "InvalidSchema", "InvalidURL")


def _objects(data):
    # Servers write null for an empty list.
    items = (data.get("items") or []) if isinstance(data, dict) and "items" in data else None
    is_list = isinstance(items, list) and all(
        isinstance(item, dict) and isinstance(item.get("metadata"), (dict, type(None)))
        for item in items
    )
    return items if is_list else None


def _wrapped_items(response, wrapper):
    """Return the objects of an answer that has to be a list object, each in a wrapper."""
    items = _objects(response.json())
    if items is None:
        raise OsbsResponseException("the response is not a list of objects", http_client.OK)
    return [wrapper(item) for item in items]


def _has_triggers(build_config, triggers):
    # The server notes in a trigger which image it has seen.
    found = build_config["spec"].get("triggers") or []
    return len(found) == len(triggers) and all(map(includes, found, triggers))


def _as_version(value):
    # The CLI and old callers pass digits as text.
    if value and isinstance(value, six.string_types):
        if not value.isdigit():
            raise OsbsValidationException("Invalid arrangement_version: %s" % value)
        return int(value)
    return value


def _as_text(name, value):
    # Callers on Python 2 pass native strings; the templates are text.
    if not isinstance(value, six.binary_type):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as ex:
        raise OsbsValidationException("%s is not UTF-8: %s" % (name, ex.reason), cause=ex)


def _not_found(exception):
    # type: (OsbsException) -> bool
    # Only a missing object means "does not exist"; anything else must not lead to a create.
    if isinstance(exception, OsbsResponseException):
        return exception.status_code == http_client.NOT_FOUND
    if isinstance(exception, (OsbsNetworkException, OsbsAuthException, OsbsValidationException)):
        return False
    return exception.cause is None or type(exception.cause).__name__ in _NOTHING_SENT


class OSBS(object):
    """Everything that can be asked of an OpenShift Build Service.

    Methods raise :class:`osbs.exceptions.OsbsException` or one of its subclasses, also while a
    generator that they returned is iterated. One object may be shared by threads and used after
    a fork.
    """

    _GIT_LABEL_KEYS = ("git-repo-name", "git-branch")

    @osbsapi
    def __init__(self, openshift_configuration, build_configuration):
        """Prepare; nothing is sent.

        :param openshift_configuration: Configuration, how to reach the server
        :param build_configuration: Configuration, how to build; may be the same object
        """
        self.os_conf = openshift_configuration
        self.build_conf = build_configuration
        self.os = Openshift(
            openshift_api_url=self.os_conf.get_openshift_api_uri(),
            openshift_oauth_url=self.os_conf.get_openshift_oauth_api_uri(),
            k8s_api_url=self.os_conf.get_k8s_api_uri(),
            token=self.os_conf.get_oauth2_token(),
            verbose=self.os_conf.get_verbosity(),
            **_build_settings.read_settings(self.os_conf, _build_settings.CONNECTION_SETTINGS)
        )
        # One entry for each use of retries_disabled that goes on: appending is atomic.
        self._retries_disabled = []  # type: list

    def __repr__(self):
        # type: () -> str
        try:
            shown = (mask_text(mask_uri(self.os.os_api_url)), self.os.namespace)
            return to_native("<OSBS %s, namespace %s>" % shown)
        except AttributeError:  # tests of callers replace __init__, or the client
            return object.__repr__(self)

    @osbsapi
    def list_builds(
        self, field_selector=None, koji_task_id=None, running=None, labels=None, page_size=None
    ):
        """List builds, in the server's order.

        :param field_selector: str or None, such as ``status=Running``
        :param koji_task_id: int or str or None, builds of this Koji task
        :param running: bool, only builds that are not finished
        :param labels: dict or None, label -> value that builds must carry
        :param page_size: int or None, how many builds a request asks for
        :return: list of BuildResponse
        """
        if running:
            field_selector = ",".join(part for part in (field_selector, _UNFINISHED) if part)
        paging = without_none(page_size=page_size)
        response = self.os.list_builds(
            field_selector=field_selector, koji_task_id=koji_task_id, labels=labels, **paging
        )
        return _wrapped_items(response, BuildResponse)

    @osbsapi
    def watch_builds(self, field_selector=None):
        """Watch builds change, without an end.

        :param field_selector: str or None
        :return: generator of (change type, dict of the Build)
        """
        selectors = without_none(fieldSelector=field_selector)
        return own_errors_only(self.os.watch_resource("builds", **selectors))

    @osbsapi
    def get_build(self, build_id):
        """Get one build.

        :param build_id: str, name of the Build
        :return: BuildResponse
        """
        return BuildResponse(self.os.get_build(build_id).json())

    @osbsapi
    def cancel_build(self, build_id):
        """Ask the server to cancel a build; its phase changes a little later.

        :param build_id: str
        :return: BuildResponse, with the phase that it had when it was asked
        """
        logger.info("cancelling build %s", build_id)
        return BuildResponse(self.os.cancel_build(build_id).json())

    @osbsapi
    def get_pod_for_build(self, build_id):
        """Get the pod in which a build runs or ran.

        :param build_id: str
        :return: PodResponse
        :raises OsbsException: no pod, or more than one
        """
        pods = self.os.list_pods(label="openshift.io/build.name=%s" % build_id)
        responses = _wrapped_items(pods, PodResponse)
        if not responses:
            raise OsbsException("No pod for build %s" % build_id)
        if len(responses) != 1:
            raise OsbsException(
                "Only one pod expected for build %s but %d returned" % (build_id, len(responses))
            )
        return responses[0]

    @osbsapi
    def get_build_request(
        self,
        build_type=None,
        inner_template=None,
        outer_template=None,
        customize_conf=None,
        arrangement_version=DEFAULT_ARRANGEMENT_VERSION,
    ):
        """Make an empty build request of the class that fits an arrangement.

        :param build_type: deprecated, without effect
        :param inner_template: str or None, file of the plugins (below arrangement 6)
        :param outer_template: str or None, file of the BuildConfig
        :param customize_conf: str or None, file of the site's customisations
        :param arrangement_version: int or None
        :return: BuildRequestV2 from arrangement 6 on, else BuildRequest
        """
        if build_type is not None:
            warnings.warn(
                "build types are deprecated, do not use the build_type argument", stacklevel=2
            )
        version = _as_version(arrangement_version)
        files = {
            "build_json_store": self.os_conf.get_build_json_store(),
            "outer_template": outer_template,
            "customize_conf": customize_conf,
        }
        if not version or version < REACTOR_CONFIG_ARRANGEMENT_VERSION:
            build_request = BuildRequest(inner_template=inner_template, **files)
        else:
            build_request = BuildRequestV2(**files)
            # What is sent names the pod's directory, not where this client found its copy.
            build_request.user_params.build_json_dir.value = self.os_conf.get_pod_build_json_store()
        limits = {
            "cpu": self.build_conf.get_cpu_limit(),
            "memory": self.build_conf.get_memory_limit(),
            "storage": self.build_conf.get_storage_limit(),
        }
        if any(limit is not None for limit in limits.values()):
            build_request.set_resource_limits(**limits)
        return build_request

    @osbsapi
    def create_build_from_buildrequest(self, build_request):
        """Start a build from a request that the caller has filled.

        :param build_request: BuildRequest or BuildRequestV2
        :return: BuildResponse
        """
        build_request.set_openshift_required_version(self.os_conf.get_openshift_required_version())
        return BuildResponse(self.os.create_build(build_request.render()).json())

    def _get_running_builds_for_build_config(self, build_config_id):
        response = self.os.list_builds(build_config_id=build_config_id)
        builds = _wrapped_items(response, BuildResponse)
        return [build for build in builds if build.is_pending() or build.is_running()]

    @staticmethod
    def _panic_msg_for_more_running_builds(build_config_name, builds):
        states = ", ".join("%s: %s" % (build.get_build_name(), build.status) for build in builds)
        return "Multiple builds for %s running, can't proceed: %s" % (build_config_name, states)

    def _verify_labels_match(self, new_build_config, existing_build_config):
        new_labels = new_build_config["metadata"]["labels"]
        # Found by its name it need not have any.
        existing_labels = existing_build_config["metadata"].get("labels") or {}
        for key in self._GIT_LABEL_KEYS:
            existing = existing_labels.get(key)
            if existing and existing != new_labels.get(key):
                raise OsbsValidationException(
                    'Git labels collide with existing build config "%s". '
                    "Existing labels: %r, new labels: %r"
                    % (existing_build_config["metadata"]["name"], existing_labels, new_labels)
                )

    def _get_existing_build_config(self, build_config):
        """Find the BuildConfig of the same repository and branch, else of the same name.

        :return: dict, or None when there is none; any other trouble is raised
        """
        labels = build_config["metadata"]["labels"]
        pairs = [(key, labels[key]) for key in self._GIT_LABEL_KEYS]
        queries = (
            ("labels", lambda: self.os.get_build_config_by_labels(pairs)),
            ("name", lambda: self.os.get_build_config(build_config["metadata"]["name"])),
        )
        for kind, query in queries:
            try:
                return query()
            except OsbsException as ex:
                if not _not_found(ex):
                    raise
                logger.info("no BuildConfig found by %s", kind)
        return None

    def _verify_no_running_builds(self, build_config_name):
        builds = self._get_running_builds_for_build_config(build_config_name)
        if len(builds) == 1:
            raise OsbsException(
                "Build %s for %s in state %s, can't proceed."
                % (builds[0].get_build_name(), build_config_name, builds[0].status)
            )
        if builds:
            raise OsbsException(self._panic_msg_for_more_running_builds(build_config_name, builds))

    def _create_scratch_build(self, build_request):
        return self._create_build_directly(build_request)

    def _create_isolated_build(self, build_request):
        return self._create_build_directly(build_request, unique=_ISOLATED_BUILD_LABELS)

    def _create_build_directly(self, build_request, unique=None):
        """Start a build without a BuildConfig.

        :param unique: iterable of label names or None; no other build with the same values of
            these labels may be running
        """
        build = build_request.render()
        build["kind"] = "Build"
        build["spec"]["serviceAccount"] = "builder"
        builder = build["spec"]["strategy"]["customStrategy"]["from"]
        origin = json.dumps({"kind": builder["kind"], "name": builder["name"]})
        if builder["kind"] == "ImageStreamTag":
            # A Build, unlike a BuildConfig, cannot name an ImageStreamTag.
            tag = self.get_image_stream_tag(builder["name"]).json()
            builder["kind"] = "DockerImage"
            builder["name"] = tag["image"]["dockerImageReference"]
        build["metadata"].setdefault("annotations", {})["from"] = origin
        if unique:
            labels = build["metadata"].get("labels") or {}
            selector = {key: labels[key] for key in unique if key in labels}
            twins = self.list_builds(running=True, labels=selector)
            if twins:
                names = ", ".join(twin.get_build_name() for twin in twins)
                raise RuntimeError("Matching build(s) already running: %s" % names)
        return BuildResponse(self.os.create_build(build).json())

    def _get_image_stream_info_for_build_request(self, build_request):
        """Find the image stream whose change triggers builds.

        :return: tuple of dict or None (the image stream) and str or None (its tag)
        """
        if not build_request.has_ist_trigger():
            return None, None
        tag_id = build_request.trigger_imagestreamtag
        parts = tag_id.split(":")
        if len(parts) != 2:
            raise OsbsValidationException(
                "'%s' is not an image stream tag (STREAM:TAG): a base image named by digest "
                "cannot trigger builds" % tag_id
            )
        stream_name, tag_name = parts
        stream = self._unless_missing(self.get_image_stream, stream_name)
        if stream is not None:
            self._unless_missing(self.get_image_stream_tag, tag_id)
        return stream, tag_name

    @staticmethod
    def _unless_missing(query, name):
        try:
            return query(name).json()
        except OsbsResponseException as ex:
            if ex.status_code != http_client.NOT_FOUND:
                raise
            logger.info("%s does not exist", name)
            return None

    def _get_build_config_to_update(self, build_json):
        existing = self._get_existing_build_config(build_json)
        if existing is None:
            raise OsbsException(
                "BuildConfig %s was deleted while it was being updated"
                % build_json["metadata"]["name"]
            )
        return existing

    @retry_on_conflict
    def _update_build_config_when_exist(self, build_json):
        existing = self._get_build_config_to_update(build_json)
        self._verify_labels_match(build_json, existing)
        # Found by its labels it may have another name, which must stay.
        name = existing["metadata"]["name"]
        self._verify_no_running_builds(name)
        self._warn_of_another_repository(existing, build_json)
        utils.graceful_chain_del(existing, "spec", "nodeSelector")
        utils.graceful_chain_del(existing, "metadata", "labels", "koji-task-id")
        utils.buildconfig_update(existing, build_json)
        existing["metadata"]["name"] = name
        self.os.update_build_config(name, json.dumps(existing))
        return existing

    @staticmethod
    def _warn_of_another_repository(existing, new):
        # Repositories with the same last path part and branch share name and labels: contract of
        # the build service, so a warning is all that can be done.
        old_uri, new_uri = (
            get_path(config, "spec", "source", "git", "uri") for config in (existing, new)
        )
        if old_uri and new_uri and old_uri != new_uri:
            logger.warning(
                "BuildConfig %s is of repository %s, it is being updated for %s",
                existing["metadata"]["name"],
                mask_uri(old_uri),
                mask_uri(new_uri),
            )

    def _update_build_config_with_triggers(self, build_json, triggers):
        """Set the triggers, which starts a build; a second time would start another one.

        :return: dict, the BuildConfig with the lastVersion that it had before
        """
        first = []

        @retry_on_conflict
        def update():
            existing = self._get_build_config_to_update(build_json)
            first.append(existing)
            if _has_triggers(existing, triggers) and not _has_triggers(first[0], triggers):
                # Not a conflict: the answer to an earlier attempt was lost.
                return dict(existing, status=first[0].get("status"))
            changed = dict(existing, spec=dict(existing["spec"], triggers=triggers))
            self.os.update_build_config(changed["metadata"]["name"], json.dumps(changed))
            return changed

        return update()

    def _create_build_config_and_build(self, build_request):
        """Create or update the BuildConfig and start a build of it.

        Requests without triggers, as few as the flow allows: GET of the reactor config map if one
        is configured (it names the secrets); GET by labels (and by name, only when nothing carries
        the labels); then either POST of the new BuildConfig, or GET again (a conflict must be
        retried from the server's state), GET of its builds (none may be running) and PUT; last,
        the instantiate POST, preceded by nothing else. With an image stream trigger in addition:
        before the BuildConfig is written, GET of the stream and of its tag (either may be missing,
        which is no error); after it, GET of the tag anew and its PUT if it differs (a conflict, as
        above), GET of the BuildConfig and PUT of the triggers; and, instead of the instantiate, a
        watch for the build that the trigger starts, and its GET (again while it is not there yet).
        """
        build_json = build_request.render()
        api_version = build_json["apiVersion"]
        if api_version != self.os_conf.get_openshift_api_version():
            raise OsbsValidationException(
                "BuildConfig template apiVersion %s does not match %s"
                % (api_version, self.os_conf.get_openshift_api_version())
            )
        name = build_json["metadata"]["name"]
        existing = self._get_existing_build_config(build_json)
        image_stream, tag_name = self._get_image_stream_info_for_build_request(build_request)
        # Withheld until the image stream tag is set up, so that no build starts by itself.
        triggers = build_json["spec"].pop("triggers", None)
        if existing:
            name = existing["metadata"]["name"]
            logger.info("updating BuildConfig %s", name)
            existing = self._update_build_config_when_exist(build_json)
        else:
            logger.info("creating BuildConfig %s", name)
            existing = self.os.create_build_config(json.dumps(build_json)).json()
        if image_stream:
            self.ensure_image_stream_tag(image_stream, tag_name, scheduled=True)
        if triggers:
            existing = self._update_build_config_with_triggers(build_json, triggers)
        if image_stream and triggers:
            previous = existing["status"]["lastVersion"]
            build_id = self.os.wait_for_new_build_config_instance(name, previous)
            return BuildResponse(self.os.wait_for_build_to_exist(build_id).json())
        return BuildResponse(self.os.start_build(name).json())

    def _check_labels(self, repo_info):
        return _image_source.labels_and_base_image(repo_info)

    def _get_flatpak_labels(self, repo_info):
        module = _image_source.flatpak_module(repo_info.configuration.container)
        name, stream, _ = utils.split_module_spec(module)
        labels = {
            utils.Labels.LABEL_TYPE_NAME: name,
            utils.Labels.LABEL_TYPE_COMPONENT: name,
            utils.Labels.LABEL_TYPE_VERSION: stream,
        }
        return labels, self.build_conf.get_flatpak_base_image()

    @names_missing_keywords
    def _do_create_prod_build(
        self,
        git_uri,
        git_ref,
        git_branch,
        user,
        component=None,
        target=None,
        architecture=None,
        yum_repourls=None,
        koji_task_id=None,
        scratch=None,
        platform=None,
        platforms=None,
        build_type=None,
        release=None,
        inner_template=None,
        outer_template=None,
        customize_conf=None,
        arrangement_version=None,
        filesystem_koji_task_id=None,
        koji_upload_dir=None,
        is_auto=False,
        koji_parent_build=None,
        isolated=None,
        flatpak=False,
        signing_intent=None,
        compose_ids=None,
        reactor_config_override=None,
        **kwargs  # fmt: skip
    ):
        """Start a build: the flow that all kinds share."""
        if flatpak and isolated:
            # Callers look for ValueError as the cause.
            raise ValueError("Flatpak build cannot be isolated")
        build_request = self.get_build_request(
            inner_template=inner_template,
            outer_template=outer_template,
            customize_conf=customize_conf,
            arrangement_version=arrangement_version,
        )
        if not git_branch:
            raise OsbsValidationException("required argument 'git_branch' can't be None or empty")
        source = (to_text(git_ref), mask_uri(git_uri), to_text(git_branch))
        logger.info("reading %s of %s, branch %s", *source)
        repo_info = utils.get_repo_info(git_uri, git_ref, git_branch=git_branch)
        if flatpak:
            labels, base_image = self._get_flatpak_labels(repo_info)
        else:
            _image_source.require_dockerfile(repo_info, git_uri, git_branch, git_ref)
            labels, base_image = self._check_labels(repo_info)
        newer = without_none(**{name: kwargs.get(name) for name in NEWER})
        version = _as_version(arrangement_version)
        if newer and (version or 0) < REACTOR_CONFIG_ARRANGEMENT_VERSION:
            logger.warning("without effect below arrangement 6: %s", ", ".join(sorted(newer)))
        parameters = dict(
            self._configured_parameters(platform),
            git_uri=git_uri,
            git_ref=git_ref,
            git_branch=git_branch,
            user=user,
            koji_target=target,
            architecture=architecture,
            yum_repourls=yum_repourls,
            koji_task_id=koji_task_id,
            scratch=self.build_conf.get_scratch(scratch),
            platform=platform,
            platforms=platforms,
            build_type=build_type,
            release=release,
            arrangement_version=version,
            filesystem_koji_task_id=filesystem_koji_task_id,
            koji_upload_dir=koji_upload_dir,
            is_auto=is_auto,
            koji_parent_build=koji_parent_build,
            isolated=isolated,
            flatpak=flatpak,
            signing_intent=signing_intent,
            compose_ids=compose_ids,
            reactor_config_override=reactor_config_override,
            component=labels[utils.Labels.LABEL_TYPE_COMPONENT],
            name_label=labels[utils.Labels.LABEL_TYPE_NAME],
            base_image=base_image,
            **newer
        )
        parameters = {name: _as_text(name, value) for name, value in parameters.items()}
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("parameters of the build: %s", redacted(parameters))
        build_request.set_params(osbs_api=self, **parameters)
        build_request.set_openshift_required_version(self.os_conf.get_openshift_required_version())
        build_request.set_repo_info(repo_info)
        if kwargs.get("skip_build"):
            logger.info("nothing is built, as skip_build says")
            return None
        response = self._submit(build_request)
        # Tests of callers return plain dicts, or objects whose `json` is a method.
        name = get_path(getattr(response, "json", None), "metadata", "name")
        logger.info("build %s was started", name)
        return response

    def _require_inner_template(self, build_type, arrangement_version, name):
        """Refuse an arrangement that the template directory does not have.

        From arrangement 6 on the pod reads this template, from a directory of its own, which may
        be newer than the client's: then it is a warning only.
        """
        directory = self.os_conf.get_build_json_store()
        if os.path.exists(os.path.join(directory, name)) or not os.path.isdir(directory):
            return
        problem = "%s invalid arrangement_version %s: there is no template %s in %s" % (
            build_type,
            arrangement_version,
            name,
            directory,
        )
        if _as_version(arrangement_version) < REACTOR_CONFIG_ARRANGEMENT_VERSION:
            raise OsbsValidationException(problem)
        logger.warning("%s; the build fails unless its pod has it", problem)

    def _configured_parameters(self, platform):
        return dict(
            _build_settings.read_settings(self.build_conf, _build_settings.BUILD_SETTINGS),
            use_auth=self.build_conf.get_builder_use_auth(),
            builder_build_json_dir=self.build_conf.get_builder_build_json_store()
            or BUILD_JSON_STORE,
            registry_api_versions=self.build_conf.get_registry_api_versions(platform),
            platform_node_selector=self.build_conf.get_platform_node_selector(platform),
            openshift_uri=self.os_conf.get_openshift_base_uri(),
            builder_openshift_url=self.os_conf.get_builder_openshift_url(),
            pulp_registry=self.os_conf.get_pulp_registry(),
            group_manifests=self.os_conf.get_group_manifests(),
        )

    def _submit(self, build_request):
        if build_request.scratch:
            return self._create_scratch_build(build_request)
        if build_request.isolated:
            return self._create_isolated_build(build_request)
        return self._create_build_config_and_build(build_request)

    @osbsapi
    @takes_build_keywords(by_position=True)
    def create_prod_build(self, *args, **kwargs):
        """Start an all-in-one build; deprecated, use :meth:`create_orchestrator_build`.

        :return: BuildResponse
        """
        logger.warning(
            "prod (all-in-one) builds are deprecated, please use create_orchestrator_build"
        )
        return self._do_create_prod_build(*args, **kwargs)

    @osbsapi
    @takes_build_keywords()
    def create_build(self, **kwargs):
        """Start an all-in-one build, as the Koji builder does where orchestration is off.

        :return: BuildResponse
        """
        return self._do_create_prod_build(**kwargs)

    @osbsapi
    @takes_build_keywords(_WORKER_REQUIRED, without=("platforms", "build_type"))
    def create_worker_build(self, **kwargs):
        """Start the build for one platform; atomic-reactor's orchestrator calls this.

        :return: BuildResponse
        :raises OsbsValidationException: a value cannot work, or there are no templates of that
            arrangement
        """
        missing = [name for name in _WORKER_REQUIRED if not kwargs.get(name)]
        if missing:
            raise ValueError("Worker build missing required parameters: %s" % ", ".join(missing))
        if kwargs.get("platforms"):
            raise ValueError("Worker build called with unwanted platforms param")
        return self._create_build_of_type(BUILD_TYPE_WORKER, kwargs)

    @osbsapi
    @takes_build_keywords(without=("platform", "build_type"))
    def create_orchestrator_build(self, **kwargs):
        """Start a build that starts a worker build for each platform.

        Below arrangement 6 it needs ``platforms``. The arrangement is that of the configuration
        unless ``arrangement_version`` is given.

        :return: BuildResponse
        :raises OsbsOrchestratorNotEnabled: the configuration says so; callers then fall back to
            :meth:`create_build`
        :raises OsbsValidationException: a value cannot work, or there are no templates of that
            arrangement
        """
        if not self.can_orchestrate():
            raise OsbsOrchestratorNotEnabled(
                "can't create orchestrate build when can_orchestrate isn't enabled"
            )
        if kwargs.get("platform"):
            raise ValueError("Orchestrator build called with unwanted platform param")
        version = kwargs.get("arrangement_version", self.build_conf.get_arrangement_version())
        version = kwargs["arrangement_version"] = _as_version(version)
        if version in (None, ""):
            raise OsbsValidationException("Orchestrator build requires an arrangement_version")
        if version < REACTOR_CONFIG_ARRANGEMENT_VERSION and not kwargs.get("platforms"):
            raise ValueError("Orchestrator build requires platforms param")
        return self._create_build_of_type(BUILD_TYPE_ORCHESTRATOR, kwargs)

    def _create_build_of_type(self, build_type, kwargs):
        inner, outer, customize = _build_settings.TEMPLATES[build_type]
        version = kwargs["arrangement_version"]
        inner = inner.format(arrangement_version=version)
        # A template of the caller's own says nothing about the arrangement.
        if kwargs.setdefault("inner_template", inner) == inner:
            self._require_inner_template(build_type, version, inner)
        kwargs.setdefault("outer_template", outer)
        kwargs.setdefault("customize_conf", customize)
        kwargs["build_type"] = build_type
        try:
            return self._do_create_prod_build(**kwargs)
        except IOError as ex:
            if os.path.basename(ex.filename or "") == kwargs["inner_template"]:
                raise OsbsValidationException(
                    "%s invalid arrangement_version %s" % (build_type, version)
                )
            raise

    def _decode_build_logs_generator(self, logs):
        return own_errors_only(logs, _log_lines.decoded)

    @osbsapi
    def get_build_logs(
        self, build_id, follow=False, build_json=None, wait_if_missing=False, decode=False
    ):
        """Get the log of a build, or follow it to its end.

        :param build_id: str
        :param follow: bool, return a generator that goes on while the build is not finished
        :param build_json: dict or None, the Build if the caller has it already
        :param wait_if_missing: bool, wait for a build that does not exist yet
        :param decode: bool, text without white space at the end instead of bytes
        :return: with ``follow`` a generator of lines, else the whole log; None when the build has
            not started
        """
        logs = self.os.logs(
            build_id, follow=follow, build_json=build_json, wait_if_missing=wait_if_missing
        )
        if isinstance(logs, GeneratorType):
            return self._decode_build_logs_generator(logs) if decode else own_errors_only(logs)
        if decode and logs is not None:
            return _log_lines.decoded(logs)
        return logs

    @staticmethod
    def _parse_build_log_entry(entry):
        return tuple(_log_lines.parse_entry(entry))

    @osbsapi
    def get_orchestrator_build_logs(self, build_id, follow=False, wait_if_missing=False):
        """Get the log of an orchestrator build, each line with the platform that it is about.

        :param build_id: str
        :param follow: bool, go on while the build is not finished
        :param wait_if_missing: bool
        :return: generator of LogEntry (platform: str, or None for the orchestrator's own lines;
            line: text); empty lines are left out
        """
        return own_errors_only(self._orchestrator_log_entries(build_id, follow, wait_if_missing))

    def _orchestrator_log_entries(self, build_id, follow, wait_if_missing):
        logs = self.get_build_logs(
            build_id=build_id, follow=follow, wait_if_missing=wait_if_missing, decode=True
        )
        for chunk in logs if isinstance(logs, GeneratorType) else [logs or ""]:
            for line in chunk.split("\n"):  # nothing else ends a line
                if line.rstrip():
                    yield LogEntry(*self._parse_build_log_entry(line.rstrip()))

    @osbsapi
    def wait_for_build_to_finish(self, build_id, timeout=None):
        """Wait until a build is complete, failed, in error or cancelled.

        :param build_id: str
        :param timeout: float or None, seconds; default is ``wait_timeout`` of the configuration
        :return: BuildResponse
        :raises OsbsWaitTimeout: it took longer
        :raises OsbsException: the build was deleted
        """
        build = BuildResponse(
            self.os.wait_for_build_to_finish(build_id, **without_none(timeout=timeout))
        )
        logger.info("build %s has ended: %s", build_id, get_path(build.json, "status", "phase"))
        return build

    @osbsapi
    def wait_for_build_to_get_scheduled(self, build_id, timeout=None):
        """Wait until a build runs, or is finished already.

        :param build_id: str
        :param timeout: float or None, seconds
        :return: BuildResponse
        :raises OsbsWaitTimeout: it took longer
        """
        return BuildResponse(
            self.os.wait_for_build_to_get_scheduled(build_id, **without_none(timeout=timeout))
        )

    @osbsapi
    def update_labels_on_build(self, build_id, labels):
        """Add labels to a build, or change them.

        :param build_id: str
        :param labels: dict, name -> value
        :return: HttpResponse
        """
        return self.os.update_labels_on_build(build_id, labels)

    @osbsapi
    def set_labels_on_build(self, build_id, labels):
        """Replace all labels of a build; otherwise as :meth:`update_labels_on_build`."""
        return self.os.set_labels_on_build(build_id, labels)

    @osbsapi
    def update_labels_on_build_config(self, build_config_id, labels):
        """Add labels to a BuildConfig, or change them.

        :param build_config_id: str
        :param labels: dict, name -> value
        :return: HttpResponse
        """
        return self.os.update_labels_on_build_config(build_config_id, labels)

    @osbsapi
    def set_labels_on_build_config(self, build_config_id, labels):
        """Replace all labels; otherwise as :meth:`update_labels_on_build_config`."""
        return self.os.set_labels_on_build_config(build_config_id, labels)

    @osbsapi
    def update_annotations_on_build(self, build_id, annotations):
        """Add annotations to a build, or change them.

        :param build_id: str
        :param annotations: dict, name -> value
        :return: HttpResponse
        """
        return self.os.update_annotations_on_build(build_id, annotations)

    @osbsapi
    def set_annotations_on_build(self, build_id, annotations):
        """Replace all annotations; otherwise as :meth:`update_annotations_on_build`."""
        return self.os.set_annotations_on_build(build_id, annotations)

    @osbsapi
    def import_image(self, name, tags=None, timeout=None):
        """Import the tags of an image stream.

        :param name: str, name of the ImageStream
        :param tags: list of str or None, tags to import from where the stream says; None: all of
            the stream's repository
        :param timeout: float or None, seconds; without ``tags``, as those are imported at once
        :return: bool, did the server report an import; with ``tags`` False when there were none
        :raises OsbsWaitTimeout: it took longer
        """
        if tags is None:
            return self.os.import_image(name, **without_none(timeout=timeout))
        template = self._load_template("image_stream_import.json")
        return self.os.import_stream_tags(name, tags, template)

    @osbsapi
    def import_image_tags(self, name, tags, repository, insecure=False):
        """Import tags of a repository into an image stream, which no longer imports by itself.

        :param name: str, name of the ImageStream
        :param tags: list of str or None
        :param repository: str, ``REGISTRY/NAME``
        :param insecure: bool, may the server import over HTTP
        :return: bool, did the stream get tags that it did not have
        """
        template = self._load_template("image_stream_import.json")
        return self.os.import_image_tags(name, tags, repository, template, insecure=insecure)

    @osbsapi
    def get_token(self):
        """Get the token that authenticates requests.

        :return: str
        :raises OsbsValidationException: none is configured
        """
        if self.os.use_kerberos:
            return self.os.get_oauth_token()
        if self.os.token:
            return self.os.token
        raise OsbsValidationException("no token stored for %s" % self.os_conf.conf_section)

    @osbsapi
    def login(self, token=None, username=None, password=None):
        """Check a token, or get one, and keep it for later use.

        Asks on the terminal for user name and password if they are needed and not given.

        :param token: str or None
        :param username: str or None
        :param password: str or None
        :return: dict, the user
        :raises OsbsValidationException: the configuration uses Kerberos, or the token is not valid
        """
        if self.os.use_kerberos:
            raise OsbsValidationException("can't use login when using kerberos")
        self.os.use_auth = True
        if not token:
            self.os.username = username or prompt_function()("Username: ")
            self.os.password = password or getpass.getpass()
            token = self.os.get_oauth_token()
        self.os.token = token
        try:
            response = self.os.get_user()
        except OsbsResponseException as ex:
            if ex.status_code == http_client.UNAUTHORIZED:
                raise OsbsValidationException("token is not valid", cause=ex)
            raise
        _token_file.save_token(utils.get_instance_token_file_name(self.os_conf.conf_section), token)
        # Programs put simpler objects in the place of the client.
        return response.json() if hasattr(response, "json") else {}

    @osbsapi
    def get_user(self, username="~"):
        """Get a user; ``~`` is the one who asks.

        :param username: str
        :return: dict of the User
        """
        return self.os.get_user(username).json()

    @osbsapi
    def get_serviceaccount_tokens(self, username="~"):
        """Get the tokens of a service account.

        :param username: str, name of the ServiceAccount
        :return: dict, name of the Secret -> bytes (token)
        """
        return self.os.get_serviceaccount_tokens(username)

    @osbsapi
    def get_image_stream_tag(self, tag_id):
        """Get an ImageStreamTag.

        :param tag_id: str, ``STREAM:TAG``
        :return: HttpResponse
        """
        return self.os.get_image_stream_tag(tag_id)

    @osbsapi
    def ensure_image_stream_tag(self, stream, tag_name, scheduled=False):
        """Make sure that an image stream has a tag with the right import policy.

        :param stream: dict of the ImageStream
        :param tag_name: str
        :param scheduled: bool, shall the server import it again from time to time
        :return: bool, was anything changed
        """
        template = self._load_template("image_stream_tag.json")
        return self.os.ensure_image_stream_tag(stream, tag_name, template, scheduled)

    @osbsapi
    def get_image_stream(self, stream_id):
        """Get an ImageStream.

        :param stream_id: str
        :return: HttpResponse
        """
        return self.os.get_image_stream(stream_id)

    @osbsapi
    def create_image_stream(self, name, docker_image_repository, insecure_registry=False):
        """Create an ImageStream.

        :param name: str
        :param docker_image_repository: str, ``REGISTRY/NAME``
        :param insecure_registry: bool, may the server import over HTTP
        :return: HttpResponse
        """
        stream = self._load_template("image_stream.json")
        stream["metadata"]["name"] = name
        stream["spec"]["dockerImageRepository"] = docker_image_repository
        if insecure_registry:
            stream["metadata"].setdefault("annotations", {})[_INSECURE_REPOSITORY] = "true"
        return self.os.create_image_stream(json.dumps(stream))

    def _load_template(self, file_name):
        path = os.path.join(self.os_conf.get_build_json_store(), file_name)
        try:
            with open(path) as template:
                return json.load(template)
        except ValueError as ex:
            raise OsbsValidationException("%s: not valid JSON: %s" % (path, ex), cause=ex)
        except (IOError, OSError) as ex:
            raise OsbsException("Can't open template '%s': %r" % (path, ex), cause=ex)

    def _load_quota_json(self, quota_name=None):
        quota = self._load_template("pause_quota.json")
        if quota_name:
            quota["metadata"]["name"] = quota_name
        return quota["metadata"]["name"], quota

    @osbsapi
    def pause_builds(self, quota_name=None, timeout=None):
        """Keep new builds from starting and wait until none runs.

        Builds that are New or Pending are not waited for: the quota keeps them where they are
        until :meth:`resume_builds`; a warning names them.

        :param quota_name: str or None, name of the ResourceQuota
        :param timeout: float or None, seconds in all; default is ``wait_timeout`` of the
            configuration
        :raises OsbsWaitTimeout: a build ran longer
        """
        # Existing code puts simpler objects in the place of the client.
        deadline = Deadline.of(timeout, getattr(self.os, "wait_timeout", None))
        name, quota = self._load_quota_json(quota_name)
        self.os.create_resource_quota(name, quota)
        selector = "status=%s" % BUILD_RUNNING_STATES[0].capitalize()
        while True:
            running = [build for build in self.list_builds(selector) if build.is_running()]
            if not running:
                break
            self._wait_unless_deleted(running[0], timeout, deadline)
            timeout = None if deadline is None else deadline.remaining
        self._warn_of_pending_builds()

    def _wait_unless_deleted(self, build, timeout, deadline):
        build_name = build.get_build_name()
        logger.info("waiting for build to finish: %s", build_name)
        try:
            self.wait_for_build_to_finish(build_name, **without_none(timeout=timeout))
        except OsbsWaitTimeout:
            if deadline is None:
                raise
            # It had what others left of the time.
            raise deadline.timeout_error("build '%s'" % build_name, build.json["status"]["phase"])
        except OsbsException:
            # One that was deleted is not waited for.
            if self._unless_missing(self.os.get_build, build_name) is not None:
                raise

    def _warn_of_pending_builds(self):
        # Below the facade's own list_builds, which existing code replaces to watch pausing.
        response = self.os.list_builds(field_selector=_UNFINISHED)
        builds = _wrapped_items(response, BuildResponse)
        pending = [build.get_build_name() for build in builds if build.is_pending()]
        if pending:
            logger.warning("builds that wait until builds are resumed: %s", ", ".join(pending))

    @osbsapi
    def resume_builds(self, quota_name=None):
        """Let builds start again after :meth:`pause_builds`.

        :param quota_name: str or None
        """
        name, _ = self._load_quota_json(quota_name)
        self.os.delete_resource_quota(name)

    @osbsapi
    def dump_resource(self, resource_type, page_size=None):
        """Get all objects of one type, for a backup.

        :param resource_type: str, such as ``buildconfigs``
        :param page_size: int or None, how many objects a request asks for
        :return: dict, such as a BuildConfigList
        """
        return self.os.dump_resource(resource_type, **without_none(page_size=page_size)).json()

    @osbsapi
    def dump_pages(self, resource_type, page_size):
        """Get all objects of one type for a backup, no more than a page of them at a time.

        :param resource_type: str, such as ``buildconfigs``
        :param page_size: int, how many objects a request asks for
        :return: generator of dicts, such as BuildConfigLists; a server that does not know pages
            sends a single one
        """
        return own_errors_only(self.os.dump_pages(resource_type, page_size))

    @osbsapi
    def restore_resource(self, resource_type, resources, continue_on_error=False):
        """Create the objects of a backup.

        :param resource_type: str, such as ``buildconfigs``
        :param resources: dict, as :meth:`dump_resource` returned it
        :param continue_on_error: bool, go on with the next object when one cannot be created
        :return: dict, how many objects were ``created``, are ``existing`` and ``failed``
        """
        items = _objects(resources)
        if items is None:
            raise OsbsValidationException(
                "%s cannot be restored: not a list of objects" % resource_type
            )
        counts = {"created": 0, "existing": 0, "failed": 0}
        for item in items:
            name = get_path(item, "metadata", "name") or "(no name)"
            logger.debug("restoring %s/%s", resource_type, name)
            self._prepare_resource(item)
            try:
                self.os.restore_resource(resource_type, item)
                counts["created"] += 1
            except Exception as ex:
                if not continue_on_error:
                    raise
                if getattr(ex, "status_code", None) == http_client.CONFLICT:
                    counts["existing"] += 1
                    logger.warning("%s/%s exists already", resource_type, name)
                else:
                    counts["failed"] += 1
                    logger.exception("failed to restore %s/%s", resource_type, name)
        if continue_on_error:
            logger.info("restored %s/%s %s", counts["created"], len(items), resource_type)
        return counts

    @staticmethod
    def _prepare_resource(resource):
        # The server refuses to create an object that claims to have a version.
        utils.graceful_chain_del(resource, "metadata", "resourceVersion")

    @osbsapi
    def get_compression_extension(self):
        """Tell how a compressed image file is named.

        :return: str (``.gz`` or ``.xz``), or None when images are not compressed
        :raises OsbsValidationException: the template names an unknown method
        """
        build_request = BuildRequest(build_json_store=self.os_conf.get_build_json_store())
        for plugin in build_request.inner_template.get("postbuild_plugins") or []:
            if plugin.get("name") == "compress":
                method = (plugin.get("args") or {}).get("method", "gzip")
                if method not in _COMPRESSION_EXTENSIONS:
                    raise OsbsValidationException("unknown compression method '%s'" % method)
                return _COMPRESSION_EXTENSIONS[method]
        return None

    @osbsapi
    def list_resource_quotas(self):
        """List the ResourceQuotas.

        :return: dict, a ResourceQuotaList
        """
        return self.os.list_resource_quotas().json()

    @osbsapi
    def get_resource_quota(self, quota_name):
        """Get a ResourceQuota.

        :param quota_name: str
        :return: dict
        """
        return self.os.get_resource_quota(quota_name).json()

    @osbsapi
    def can_orchestrate(self):
        """Tell whether the configuration allows orchestrator builds.

        :return: bool
        """
        return self.build_conf.get_can_orchestrate()

    @osbsapi
    def create_config_map(self, name, data):
        """Create a ConfigMap.

        :param name: str
        :param data: dict, key -> value that JSON can hold; each value is encoded by itself
        :return: ConfigMapResponse
        """
        config_map = self._load_template("config_map.json")
        config_map["metadata"]["name"] = name
        config_map["data"] = {key: json.dumps(value) for key, value in data.items()}
        return ConfigMapResponse(self.os.create_config_map(config_map).json())

    @osbsapi
    def get_config_map(self, name):
        """Get a ConfigMap.

        :param name: str
        :return: ConfigMapResponse
        """
        return ConfigMapResponse(self.os.get_config_map(name).json())

    @osbsapi
    def delete_config_map(self, name):
        """Delete a ConfigMap.

        :param name: str
        :raises OsbsResponseException: the server refused, or there is none
        """
        return self.os.delete_config_map(name)

    @contextmanager
    def retries_disabled(self):
        """Context manager inside which failed requests are not retried."""
        # Threads and nested uses share the client: whoever leaves last enables retries again.
        self._retries_disabled.append(None)
        self.os.retries_enabled = False
        try:
            yield
        finally:
            self._retries_disabled.pop()
            if not self._retries_disabled:
                self.os.retries_enabled = True

    @osbsapi
    def render_plugins_configuration(self, user_params_json):
        """Render which plugins run in a build pod; atomic-reactor calls this there.

        :param user_params_json: str, the pod's environment variable USER_PARAMS
        :return: str, JSON
        :raises OsbsException: there is no template of that build type and arrangement
        """
        user_params = BuildUserParams()
        user_params.from_json(user_params_json)
        # The client's path need not exist in the pod.
        directory = user_params.build_json_dir.value
        if directory and not os.path.isdir(directory):
            replacement = self.os_conf.get_build_json_store()
            logger.info(
                "template directory '%s' does not exist here, using '%s'", directory, replacement
            )
            user_params.build_json_dir.value = replacement
        return PluginsConfiguration(user_params).render()
