"""What every rendered BuildConfig has, whatever the arrangement."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import os

import six

from osbs import _schemas
from osbs.build.spec import BuildCommon  # noqa: F401
from osbs.constants import ISOLATED_RELEASE_FORMAT, SECRETS_PATH
from osbs._documents import DocumentLimitError
from osbs.exceptions import OsbsValidationException
from osbs.utils import git_repo_humanish_part_from_uri, without_none

logger = logging.getLogger(__name__)

_REACTOR_CONFIG_KEY = "config.yaml"


def secret_path(secret):
    # type: (str) -> str
    """Return where the pod finds a secret, unless it is told another path."""
    return os.path.join(SECRETS_PATH, secret)


class BuildConfigRenderer(object):
    """Change the BuildConfig ``template`` in place."""

    # The BuildConfig that is being rendered.
    template = None  # type: dict
    scratch = None  # type: bool
    isolated = None  # type: bool
    is_auto = None  # type: bool
    base_image = None  # type: str
    # The one object of the facade that rendering may ask, for config maps.
    osbs_api = None
    # Name of the parameter -> labels of nodes.
    _node_selectors = {}  # type: dict
    _resource_limits = None  # type: dict

    def _set_variation(self, kwargs):
        # The parameters, which get the rest, know three of these as well.
        self.scratch = kwargs.get("scratch", False)
        self.isolated = kwargs.get("isolated", False)
        self.base_image = kwargs.get("base_image")
        self.is_auto = kwargs.pop("is_auto", False)
        self.osbs_api = kwargs.pop("osbs_api", None)
        self.validate_build_variation()
        self._node_selectors = {
            name: labels for name, labels in kwargs.items() if name.endswith("_node_selector")
        }
        logger.debug("setting params of %s: %s", type(self).__name__, ", ".join(sorted(kwargs)))

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
        spec, source = self.template["spec"], self._strategy()["from"]
        self.render_name(params.name.value, params.image_tag.value, params.platform.value)
        if self._resource_limits is not None:
            limits = spec.setdefault("resources", {}).setdefault("limits", {})
            limits.update(self._resource_limits)
        spec["source"]["git"].update(uri=params.git_uri.value, ref=params.git_ref.value)
        spec["output"]["to"]["name"] = output
        self.render_ist_trigger(params.trigger_imagestreamtag.value)
        # An image stream tag comes first.
        if params.build_imagestream.value:
            source.update(kind="ImageStreamTag", name=params.build_imagestream.value)
        else:
            source["name"] = params.build_image.value
        self.set_label("git-repo-name", git_repo_humanish_part_from_uri(params.git_uri.value))
        self.set_label("git-branch", params.git_branch.value)
        if params.koji_task_id.value is not None:
            self.set_label("koji-task-id", six.text_type(params.koji_task_id.value))

    def set_resource_limits(self, cpu=None, memory=None, storage=None):
        # type: (str, str, str) -> None
        """Remember limits of the build's pod; None leaves what was set before.

        :param cpu: str, such as ``100m`` (a tenth of a core)
        :param memory: str, such as ``1Gi``
        :param storage: str, such as ``5Gi``
        """
        limits = without_none(cpu=cpu, memory=memory, storage=storage)
        self._resource_limits = dict(self._resource_limits or {}, **limits)

    def set_label(self, name, value):
        # type: (str, str) -> None
        """Set a label of the BuildConfig; an empty value is written as ``''``."""
        metadata = self.template["metadata"]
        metadata["labels"] = metadata.get("labels") or {}
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

    def has_ist_trigger(self):
        # type: () -> bool
        """Tell whether a new image in an image stream starts a build."""
        return self._ist_trigger() is not None

    def _ist_trigger(self):
        for trigger in self._triggers():
            source = (trigger.get("imageChange") or {}).get("from") or {}
            if trigger.get("type") == "ImageChange" and source.get("kind") == "ImageStreamTag":
                return trigger
        return None

    def render_ist_trigger(self, imagestreamtag):
        # type: (str) -> None
        """Write which image stream tag starts a build.

        Without a tag, as for flatpaks, the trigger is removed.

        :param imagestreamtag: str or None
        """
        trigger = self._ist_trigger()
        if trigger and imagestreamtag:
            trigger["imageChange"]["from"]["name"] = imagestreamtag
        elif trigger:
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
        is_text = isinstance(release.value, six.string_types)
        is_valid = is_text and ISOLATED_RELEASE_FORMAT.match(release.value)
        # "$" alone would accept a line feed at the end.
        if not is_valid or release.value.endswith("\n"):
            raise OsbsValidationException(
                "For isolated builds, the release value must be in the format: %s"
                % ISOLATED_RELEASE_FORMAT.pattern
            )
        self.set_label("isolated", "true")
        self.set_label("isolated-release", release.value)

    def render_node_selectors(self, platforms):
        # type: (list) -> None
        """Say on which nodes a worker build, which has no list of platforms, may run.

        :param platforms: list or None
        """
        if platforms is not None:
            return
        kinds = (("auto", self.is_auto), ("scratch", self.scratch), ("isolated", self.isolated))
        kind = next((kind for kind, applies in kinds if applies), "explicit")
        selector = dict(self._node_selectors.get(kind + "_build_node_selector") or {})
        selector.update(self._node_selectors.get("platform_node_selector") or {})
        self.template["spec"]["nodeSelector"] = selector

    def set_variable(self, variable):
        # type: (dict) -> None
        """Put a variable into the environment of the build, in place of one of the same name.

        :param variable: dict with ``name`` and ``value`` or ``valueFrom``
        """
        env = self._strategy()["env"] = self._strategy().get("env") or []
        names = [known.get("name") for known in env]
        if variable["name"] in names:
            env[names.index(variable["name"])] = variable
        else:
            env.append(variable)

    def remove_variable(self, name):
        # type: (str) -> None
        """Take the first variable of that name out of the environment of the build."""
        env = self._strategy().get("env") or []
        names = [known.get("name") for known in env]
        if name in names:
            del env[names.index(name)]

    def mount_secret(self, name, path):
        # type: (str, str) -> None
        """Mount a secret of the server in the pod, unless it is mounted already.

        :param name: str, name of the secret
        :param path: str, directory in the pod
        """
        strategy = self._strategy()
        secrets = strategy["secrets"] = strategy.get("secrets") or []
        if name not in [secret["secretSource"]["name"] for secret in secrets]:
            logger.info("mounting secret %s at %s", name, path)
            secrets.append({"secretSource": {"name": name}, "mountPath": path})

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
            self.mount_secret(secret, secret_path(secret))

    def _read_reactor_config(self, config_map, where):
        if not self.osbs_api:
            raise OsbsValidationException("%s: cannot be read without an API object" % where)
        response = self.osbs_api.get_config_map(config_map)
        import yaml  # imported here: takes long, and only what follows needs it

        try:
            return response.get_data_by_key(_REACTOR_CONFIG_KEY)
        except DocumentLimitError as ex:
            raise OsbsValidationException("%s: %s" % (where, ex.message), cause=ex)
        except (ValueError, yaml.YAMLError):
            pass
        # The decoder's own message may quote the text, and so is not passed on.
        raise OsbsValidationException("%s: is not valid YAML" % where)

    def _strategy(self):
        return self.template["spec"]["strategy"]["customStrategy"]
