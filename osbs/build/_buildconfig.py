"""What every rendered BuildConfig has, whatever the arrangement."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import os

import six

from osbs import _schemas
from osbs.constants import ISOLATED_RELEASE_FORMAT, SECRETS_PATH
from osbs._documents import DocumentLimitError
from osbs.exceptions import OsbsValidationException
from osbs.utils import git_repo_humanish_part_from_uri

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy reads the type comments; Python 2.7 has no typing
    from osbs.build.spec import BuildCommon  # noqa: F401

logger = logging.getLogger(__name__)

_REACTOR_CONFIG_KEY = "config.yaml"


def _is_ist_trigger(trigger):
    source = (trigger.get("imageChange") or {}).get("from") or {}
    return trigger.get("type") == "ImageChange" and source.get("kind") == "ImageStreamTag"


class BuildConfigRenderer(object):
    """Change the BuildConfig ``template`` in place."""

    scratch = None  # type: bool
    isolated = None  # type: bool
    is_auto = None  # type: bool
    base_image = None  # type: str
    # The one object of the facade that rendering may ask, for config maps.
    osbs_api = None
    platform_node_selector = None  # type: dict
    scratch_build_node_selector = None  # type: dict
    explicit_build_node_selector = None  # type: dict
    auto_build_node_selector = None  # type: dict
    isolated_build_node_selector = None  # type: dict
    _resource_limits = None  # type: dict

    @property
    def template(self):
        # type: () -> dict
        """Return the BuildConfig that is being rendered."""
        raise NotImplementedError

    def _set_variation(self, kwargs):
        self.base_image = kwargs.get("base_image")
        for name in (
            "platform_node_selector",
            "scratch_build_node_selector",
            "explicit_build_node_selector",
            "auto_build_node_selector",
            "isolated_build_node_selector",
        ):
            setattr(self, name, kwargs.get(name) or {})

    def validate_build_variation(self):
        # type: () -> None
        """Refuse a build that is more than one of scratch, automatic and isolated.

        :raises OsbsValidationException: when it is
        """
        variations = (self.scratch, self.is_auto, self.isolated)
        if variations.count(True) > 1:
            raise OsbsValidationException(
                "Build variations are mutually exclusive. "
                "Must be either scratch, is_auto or isolated, not several of them."
            )

    def render_common(self, params, output):
        # type: (BuildCommon, str) -> None
        """Write what follows from the parameters alone.

        :param output: name of the image to push
        """
        self.render_name(params.name.value, params.image_tag.value, params.platform.value)
        self.render_resource_limits()
        self.render_source(params.git_uri.value, params.git_ref.value)
        self.template["spec"]["output"]["to"]["name"] = output
        self.render_ist_trigger(params.trigger_imagestreamtag.value)
        self.render_build_image(params.build_image.value, params.build_imagestream.value)
        self.set_label("git-repo-name", git_repo_humanish_part_from_uri(params.git_uri.value))
        self.set_label("git-branch", params.git_branch.value)
        self.render_koji_task_id(params.koji_task_id.value)

    def set_resource_limits(self, cpu=None, memory=None, storage=None):
        # type: (str, str, str) -> None
        """Remember limits of the build's pod; None leaves what was set before.

        :param cpu: str, such as ``100m`` (a tenth of a core)
        :param memory: str, such as ``1Gi``
        :param storage: str, such as ``5Gi``
        """
        limits = {"cpu": cpu, "memory": memory, "storage": storage}
        if self._resource_limits is None:
            self._resource_limits = {}
        self._resource_limits.update(
            (name, limit) for name, limit in limits.items() if limit is not None
        )

    def render_resource_limits(self):
        # type: () -> None
        """Write the limits of the build's pod beside those of the template."""
        if self._resource_limits is None:
            return
        resources = self.template["spec"].setdefault("resources", {})
        resources.setdefault("limits", {}).update(self._resource_limits)

    def set_label(self, name, value):
        # type: (str, str) -> None
        """Set a label of the BuildConfig; an empty value is written as ``''``."""
        metadata = self.template["metadata"]
        if metadata.get("labels") is None:
            metadata["labels"] = {}
        metadata["labels"][name] = value or ""

    def render_name(self, name, image_tag, platform):
        # type: (str, str, str) -> None
        """Write the name; that of scratch and isolated builds is new each time.

        :param name: str, name by repository and branch
        :param image_tag: str, image and unique tag: ``.../...:TARGET-SALT-TIME[-PLATFORM]``
        :param platform: str or None, platform at the end of the tag
        """
        if self.scratch or self.isolated:
            suffix = "-%s" % platform
            if platform and image_tag.endswith(suffix):
                image_tag = image_tag[: -len(suffix)]
            _, salt, timestamp = image_tag.rsplit("-", 2)
            name = "%s-%s-%s" % ("scratch" if self.scratch else "isolated", salt, timestamp)
        self.template["metadata"]["name"] = name

    def render_source(self, git_uri, git_ref):
        # type: (str, str) -> None
        """Write where the source is."""
        git = self.template["spec"]["source"]["git"]
        git["uri"] = git_uri
        git["ref"] = git_ref

    def render_build_image(self, build_image, build_imagestream):
        # type: (str, str) -> None
        """Write which image the build itself runs in; an image stream tag comes first."""
        source = self._strategy()["from"]
        if build_imagestream:
            source["kind"] = "ImageStreamTag"
            source["name"] = build_imagestream
        else:
            source["name"] = build_image

    def render_koji_task_id(self, koji_task_id):
        # type: (int) -> None
        """Write which Koji task asked for the build, if one did."""
        if koji_task_id is not None:
            self.set_label("koji-task-id", six.text_type(koji_task_id))

    def has_ist_trigger(self):
        # type: () -> bool
        """Tell whether a new image in an image stream starts a build."""
        return any(_is_ist_trigger(trigger) for trigger in self._triggers())

    def render_ist_trigger(self, imagestreamtag):
        # type: (str) -> None
        """Write which image stream tag starts a build.

        Without a tag, as for flatpaks, the trigger is removed.

        :param imagestreamtag: str or None
        """
        trigger = next((item for item in self._triggers() if _is_ist_trigger(item)), None)
        if trigger is None:
            return
        if imagestreamtag:
            trigger["imageChange"]["from"]["name"] = imagestreamtag
            return
        self._triggers().remove(trigger)
        if not self._triggers():
            self.drop_triggers()

    def drop_triggers(self):
        # type: () -> None
        """Remove all triggers: nothing but a request starts this build."""
        self.template["spec"].pop("triggers", None)

    def _triggers(self):
        return self.template["spec"].get("triggers") or []

    def adjust_for_isolated(self, release):
        """Label an isolated build with its release and remove its triggers.

        :param release: BuildParam, release of the image
        :raises OsbsValidationException: when an isolated build has no release of the right form
        """
        if not self.isolated:
            return
        self.drop_triggers()
        if not release.value:
            raise OsbsValidationException("The release parameter is required for isolated builds.")
        if not self._is_isolated_release(release.value):
            raise OsbsValidationException(
                "For isolated builds, the release value must be in the format: %s"
                % ISOLATED_RELEASE_FORMAT.pattern
            )
        self.set_label("isolated", "true")
        self.set_label("isolated-release", release.value)

    @staticmethod
    def _is_isolated_release(release):
        return (
            isinstance(release, six.string_types)
            and bool(ISOLATED_RELEASE_FORMAT.match(release))
            and not release.endswith("\n")
        )

    def render_node_selectors(self, platforms):
        # type: (list) -> None
        """Say on which nodes a worker build, which has no list of platforms, may run.

        :param platforms: list or None
        """
        if platforms is not None:
            return
        if self.is_auto:
            selector = self.auto_build_node_selector
        elif self.scratch:
            selector = self.scratch_build_node_selector
        elif self.isolated:
            selector = self.isolated_build_node_selector
        else:
            selector = self.explicit_build_node_selector
        merged = dict(selector or {})
        merged.update(self.platform_node_selector or {})
        self.template["spec"]["nodeSelector"] = merged

    def set_variable(self, variable):
        # type: (dict) -> None
        """Put a variable into the environment of the build, in place of one of the same name.

        :param variable: dict with ``name`` and ``value`` or ``valueFrom``
        """
        strategy = self._strategy()
        if strategy.get("env") is None:
            strategy["env"] = []
        for index, known in enumerate(strategy["env"]):
            if known.get("name") == variable["name"]:
                strategy["env"][index] = variable
                return
        strategy["env"].append(variable)

    def remove_variable(self, name):
        # type: (str) -> None
        """Take the first variable of that name out of the environment of the build."""
        env = self._strategy().get("env") or []
        for index, known in enumerate(env):
            if known.get("name") == name:
                del env[index]
                return

    def mount_secret(self, name, path):
        # type: (str, str) -> None
        """Mount a secret of the server in the pod, unless it is mounted already.

        :param name: str, name of the secret
        :param path: str, directory in the pod
        """
        strategy = self._strategy()
        if strategy.get("secrets") is None:
            strategy["secrets"] = []
        mounted = [secret["secretSource"]["name"] for secret in strategy["secrets"]]
        if name not in mounted:
            logger.info("mounting secret %s at %s", name, path)
            strategy["secrets"].append({"secretSource": {"name": name}, "mountPath": path})

    def set_required_secrets(
        self, reactor_config_map=None, reactor_config_override=None, platforms=None
    ):
        # type: (str, dict, list) -> None
        """Mount the secrets that the reactor configuration asks for, in its order.

        :param reactor_config_map: str, name of a ConfigMap with key ``config.yaml``
        :param reactor_config_override: dict, used instead
        :param platforms: list or None; with a list, tokens for worker builds are mounted as well
        :raises OsbsValidationException: when the configuration has the wrong shape
        """
        if reactor_config_override:
            where, config = "reactor_config_override", reactor_config_override
        elif reactor_config_map:
            where = "%s of config map %s" % (_REACTOR_CONFIG_KEY, reactor_config_map)
            config = self._read_reactor_config(reactor_config_map, where)
        else:
            return
        _schemas.validate(config, "reactor_config", where)
        secrets = list(config.get("required_secrets") or [])
        if platforms is not None:
            secrets += config.get("worker_token_secrets") or []
        for secret in secrets:
            self.mount_secret(secret, os.path.join(SECRETS_PATH, secret))

    def _read_reactor_config(self, config_map, where):
        if not self.osbs_api:
            raise OsbsValidationException("%s: cannot be read without an API object" % where)
        response = self.osbs_api.get_config_map(config_map)
        try:
            return response.get_data_by_key(_REACTOR_CONFIG_KEY)
        except DocumentLimitError as ex:
            raise OsbsValidationException("%s: %s" % (where, ex.message), cause=ex)
        except Exception as ex:
            if not _is_decoding_error(ex):
                raise
        # The decoder's own message may quote the text, and so is not passed on.
        raise OsbsValidationException("%s: is not valid YAML" % where)

    def _strategy(self):
        return self.template["spec"]["strategy"]["customStrategy"]


def _is_decoding_error(exception):
    # Imported here: if YAML could not be decoded, the module is there already.
    import yaml

    return isinstance(exception, (ValueError, yaml.YAMLError))
