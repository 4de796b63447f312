"""Build requests of arrangement 6: the pod renders the plugins."""

from __future__ import absolute_import, print_function, unicode_literals

import logging

from osbs._typing import Any, Dict  # noqa: F401
from osbs.build.build_request import BuildRequest
from osbs.build.manipulate import PLUGINS_VARIABLE
from osbs.build.user_params import BuildUserParams
from osbs.constants import BUILD_TYPE_ORCHESTRATOR
from osbs.exceptions import OsbsValidationException

logger = logging.getLogger(__name__)


class BuildRequestV2(BuildRequest):
    """Make a BuildConfig that carries the parameters of the build, not its plugins."""

    def __init__(self, build_json_store, outer_template=None, customize_conf=None):
        # type: (str, str, str) -> None
        """
        :param build_json_store: str, path of the directory of templates; not read yet
        :param outer_template: str, file name of the template of the BuildConfig
        :param customize_conf: str, file name of the site's customisations, for the pod
        """
        super(BuildRequestV2, self).__init__(
            build_json_store=build_json_store,
            outer_template=outer_template,
            customize_conf=customize_conf,
        )
        self.spec = None
        self.user_params = BuildUserParams(build_json_store, customize_conf)

    def _refuse(self):
        """Refuse: the plugins are customised and rendered in the pod.

        :raises RuntimeError: always
        """
        raise RuntimeError("BuildRequestV2 has no plugins: they are rendered in the pod")

    inner_template = customize_conf = dj = property(_refuse)

    @property
    def trigger_imagestreamtag(self):
        # type: () -> str
        """Return the image stream tag whose change starts a build."""
        return self.user_params.trigger_imagestreamtag.value

    def set_params(self, **kwargs):
        # type: (Any) -> None
        """Store and check the parameters, see ``BuildUserParams.set_params``.

        In addition: ``is_auto`` (bool), the node selectors (dict), ``osbs_api`` (OSBS).

        :raises OsbsValidationException: naming what is missing or contradicts something
        """
        self._set_variation(kwargs)
        self.user_params.set_params(**kwargs)

    def _take_repo_tags(self):
        # Only what a build of this kind puts on its image goes to the pod.
        params = self.user_params
        if params.additional_tags or not self._repo_info or self.scratch or self.isolated:
            return
        if params.build_type.value != BUILD_TYPE_ORCHESTRATOR:
            return
        params.additional_tags = getattr(self._repo_info, "additional_tags", None)
        params.tags_from_yaml = bool(getattr(params.additional_tags, "from_container_yaml", False))

    def render(self, validate=True):  # type: ignore[override]
        # type: (bool) -> Dict[str, Any]
        """Return the BuildConfig, the changed template; ``build_json`` is the same object.

        :param validate: bool, whether to check that everything that is required is there
        :raises OsbsValidationException: when a parameter is missing or cannot be used
        :raises RuntimeError: when the repository contradicts itself
        """
        if not self.osbs_api:
            raise OsbsValidationException("a build request needs an API object: osbs_api")
        params = self.user_params
        if validate:
            params.validate()
        self.render_common(params, params.image_tag.value)
        self._render_reactor_config(params)
        self._adjust_for_kind_of_build(params.release)
        self._take_repo_tags()
        self.set_variable({"name": "USER_PARAMS", "value": params.to_json()})
        self.remove_variable(PLUGINS_VARIABLE)
        self.build_json = self.template
        return self.build_json
