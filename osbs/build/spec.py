"""Parameters of a build, checked as they are set."""

from __future__ import absolute_import, print_function, unicode_literals

import logging
import os
import random
import re

import six

from osbs.build import _params
from osbs.constants import BUILD_TYPE_WORKER, RAND_DIGITS
from osbs.exceptions import OsbsValidationException
from osbs._redact import redacted
from osbs._typing import TYPE_CHECKING
from osbs.utils import RegistryURI, get_imagestreamtag_from_image, make_name_from_git, utcnow

logger = logging.getLogger(__name__)

# From this arrangement on, the tag of a worker's image names its platform.
_PLATFORM_IN_TAG_SINCE = 4


class BuildParam(object):
    """One parameter of a build: a name and a value."""

    def __init__(self, name, default=None, allow_none=False):
        # type: (str, object, bool) -> None
        """
        :param name: str, name of the parameter
        :param default: initial value
        :param allow_none: bool, whether ``validate`` accepts None
        """
        self.name = name
        self.allow_none = allow_none
        self._value = default

    @property
    def value(self):
        """Return the value; setting it may convert and check it."""
        return self._value

    @value.setter
    def value(self, val):
        self._value = self._checked(val)
        logger.debug("%r", self)

    def _checked(self, val):
        return val

    def __repr__(self):
        # The name tells as well whether the value may hold secrets.
        shown = redacted({self.name: self.value})[self.name]
        text = "BuildParam(%s='%s')" % (self.name, shown)
        return six.ensure_str(text, "ascii", "backslashreplace")


class _NamedParam(BuildParam):
    name = ""

    def __init__(self):
        # type: () -> None
        super(_NamedParam, self).__init__(self.name)


class UserParam(_NamedParam):
    """Who asked for the build."""

    name = "user"


class BuildIDParam(_NamedParam):
    """The name of the BuildConfig or Build: what OpenShift accepts as a label's value."""

    name = "name"
    max_length = 63
    regex = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")

    def _checked(self, val):
        is_text = isinstance(val, six.string_types)
        if is_text and len(val) > self.max_length:
            logger.warning("cutting build ID '%s' to %d characters", val, self.max_length)
            val = val[: self.max_length]
        # "$" alone would accept a line feed at the end.
        if not is_text or not self.regex.match(val) or val.endswith("\n"):
            message = "Build ID '%s', doesn't match regex '%s'" % (val, self.regex.pattern)
            logger.error("%s", message)
            raise OsbsValidationException(message)
        return val


class RegistryURIsParam(_NamedParam):
    """Registries to push to."""

    name = "registry_uris"

    def _checked(self, val):
        return [RegistryURI(uri) for uri in val]


class SourceRegistryURIParam(_NamedParam):
    """The registry to pull base images from."""

    name = "source_registry_uri"

    def _checked(self, val):
        return RegistryURI(val) if val else None


_CLASSES = {
    cls.name: cls for cls in (UserParam, BuildIDParam, RegistryURIsParam, SourceRegistryURIParam)
}


def checked_list(name, value):
    # type: (str, object) -> list
    """Return a list, the empty one for None.

    :param name: str, name of the parameter, for the error
    :param value: list or None
    :raises OsbsValidationException: when it is something else
    """
    if value is not None and not isinstance(value, list):
        raise OsbsValidationException("%s must be a list, not %s" % (name, type(value).__name__))
    return value or []


def chosen_build_image(build_image, build_imagestream, build_from, build_type=None):
    # type: (str, str, str, str) -> dict
    """Say where the build's own image comes from.

    :param build_image: str or None, name of an image (deprecated)
    :param build_imagestream: str or None, name of an image stream tag (deprecated)
    :param build_from: str or None, ``image:NAME`` or ``imagestream:NAME``
    :param build_type: str or None, BUILD_TYPE_ORCHESTRATOR or BUILD_TYPE_WORKER
    :return: dict, values of ``build_image``, ``build_imagestream`` and ``build_from``
    :raises OsbsValidationException: unless exactly one is given, in the right form
    """
    given = [choice for choice in (build_image, build_imagestream, build_from) if choice]
    if len(given) != 1:
        raise OsbsValidationException(
            "Please only define one of build_from, build_image, build_imagestream"
        )
    if build_from:
        kind, _, name = build_from.partition(":")
        if kind not in ("image", "imagestream") or not name:
            raise OsbsValidationException(
                "first part in build_from, may be only image or imagestream, followed by ':' and"
                " a name: '%s'" % build_from
            )
        build_image = name if kind == "image" else None
        build_imagestream = name if kind == "imagestream" else None
    else:
        # To its worker builds an orchestrator build hands on build_image, whatever was configured.
        level = logging.INFO if build_type == BUILD_TYPE_WORKER else logging.WARNING
        logger.log(level, "build_image and build_imagestream are deprecated, use build_from")
    return {"build_image": build_image, "build_imagestream": build_imagestream, "build_from": None}


def check_composes(signing_intent, compose_ids, yum_repourls):
    # type: (str, object, list) -> None
    """Refuse combinations of compose parameters that contradict each other.

    :raises OsbsValidationException: naming the two
    """
    if signing_intent and compose_ids:
        raise OsbsValidationException(
            "Please only define signing_intent -OR- compose_ids, not both"
        )
    if compose_ids and yum_repourls:
        raise OsbsValidationException("Please only define yum_repourls -OR- compose_ids, not both")


def check_image_names(git_uri, base_image, name_label, flatpak):
    # type: (str, str, str, bool) -> None
    """Refuse a build whose image, base image or source has no name.

    :raises OsbsValidationException: naming what is missing
    """
    if git_uri is None:
        raise OsbsValidationException("git_uri must be provided")
    for name, value in (("base_image", base_image), ("name_label", name_label)):
        if not flatpak and not value:
            raise OsbsValidationException("%s must be provided" % name)


class BuildCommon(object):
    """What the parameters of all kinds of builds have in common."""

    _parameters = _params.COMMON_PARAMETERS

    if TYPE_CHECKING:

        def __getattr__(self, name):
            # type: (str) -> BuildParam
            """Parameters are attributes."""

    def __init__(self):
        # type: () -> None
        self.required_params = []
        for parameter in self._parameters:
            if parameter.name in _CLASSES:
                param = _CLASSES[parameter.name]()  # type: BuildParam
            else:
                param = BuildParam(parameter.name, parameter.default, parameter.allow_none)
            setattr(self, parameter.attribute, param)
            if parameter.required:
                self.required_params.append(param)

    def validate(self):
        # type: () -> None
        """Check that everything that a build cannot do without is set.

        :raises OsbsValidationException: naming the parameter
        """
        logger.info("validating params of %s", type(self).__name__)
        for param in self.required_params:
            if param.value is None and param.allow_none:
                logger.debug("param '%s' is None", param.name)
            elif param.value is None:
                message = "param '%s' is not valid: None is not allowed" % param.name
                logger.error("%s", message)
                raise OsbsValidationException(message)

    def _store(self, arguments):
        for parameter in self._parameters:
            if parameter.name in arguments:
                getattr(self, parameter.attribute).value = arguments[parameter.name]

    def _populate_image_tag(self):
        timestamp = utcnow().strftime("%Y%m%d%H%M%S")
        random.seed()
        salt = random.randrange(10 ** (RAND_DIGITS - 1), 10**RAND_DIGITS)
        tag = "%s-%s-%s" % (self.koji_target.value or "none", salt, timestamp)
        if self.platform.value and (self.arrangement_version.value or 0) >= _PLATFORM_IN_TAG_SINCE:
            tag = "%s-%s" % (tag, self.platform.value)
        self.image_tag.value = "%s/%s:%s" % (self.user.value, self.component.value, tag)


class BuildSpec(BuildCommon):
    """Parameters of builds of arrangements 1 to 5 and of all-in-one builds."""

    _parameters = _params.SPEC_PARAMETERS

    def odcs_enabled(self):
        # type: () -> str
        """Return the URL of ODCS, which is what enables it."""
        return self.odcs_url.value

    def set_params(
        self,
        git_uri=None,
        git_ref=None,
        registry_uri=None,
        registry_uris=None,
        registry_secrets=None,
        user=None,
        component=None,
        openshift_uri=None,
        source_registry_uri=None,
        yum_repourls=None,
        use_auth=None,
        builder_openshift_url=None,
        build_image=None,
        build_imagestream=None,
        build_from=None,
        proxy=None,
        sources_command=None,
        architecture=None,
        vendor=None,
        build_host=None,
        authoritative_registry=None,
        distribution_scope=None,
        koji_target=None,
        kojiroot=None,
        kojihub=None,
        koji_certs_secret=None,
        koji_use_kerberos=None,
        koji_kerberos_keytab=None,
        koji_kerberos_principal=None,
        koji_task_id=None,
        flatpak=False,
        flatpak_base_image=None,
        odcs_url=None,
        odcs_insecure=False,
        odcs_openidc_secret=None,
        odcs_ssl_secret=None,
        pdc_url=None,
        pdc_insecure=False,
        filesystem_koji_task_id=None,
        source_secret=None,
        pulp_secret=None,
        pulp_registry=None,
        smtp_host=None,
        smtp_from=None,
        smtp_email_domain=None,
        smtp_additional_addresses=None,
        smtp_error_addresses=None,
        smtp_to_submitter=None,
        smtp_to_pkgowner=None,
        git_branch=None,
        base_image=None,
        name_label=None,
        builder_build_json_dir=None,
        registry_api_versions=None,
        platforms=None,
        platform=None,
        build_type=None,
        release=None,
        reactor_config_secret=None,
        reactor_config_map=None,
        reactor_config_override=None,
        client_config_secret=None,
        token_secrets=None,
        arrangement_version=None,
        info_url_format=None,
        artifacts_allowed_domains=None,
        equal_labels=None,
        koji_upload_dir=None,
        yum_proxy=None,
        koji_parent_build=None,
        group_manifests=None,
        prefer_schema1_digest=None,
        signing_intent=None,
        compose_ids=None,
        **kwargs
    ):
        """Store and check the parameters; what is no parameter is ignored.

        :param kwargs: newer parameters of the table; existing code knows the arguments before
        :raises OsbsValidationException: naming what is missing or contradicts something
        """
        arguments = dict(locals(), **kwargs)
        arguments.update(
            registry_uris=self._given_registries(registry_uri, registry_uris),
            registry_secrets=registry_secrets or [],
            yum_repourls=checked_list("yum_repourls", yum_repourls),
            pulp_secret=pulp_secret or source_secret,
            group_manifests=group_manifests or False,
            token_secrets=token_secrets or {},
            compose_ids=compose_ids or [],
        )
        arguments.update(chosen_build_image(build_image, build_imagestream, build_from, build_type))
        check_image_names(git_uri, base_image, name_label, flatpak)
        self._check_odcs(signing_intent, compose_ids, odcs_url)
        check_composes(signing_intent, compose_ids, yum_repourls)
        self._store(arguments)
        self.name.value = make_name_from_git(git_uri, git_branch)
        if not flatpak:
            self.trigger_imagestreamtag.value = get_imagestreamtag_from_image(base_image)
            self._set_imagestream(name_label)
        self._populate_image_tag()

    @staticmethod
    def _given_registries(registry_uri, registry_uris):
        if registry_uri is None:
            return registry_uris or []
        if registry_uris is not None:
            raise OsbsValidationException("Please only define one of registry_uri, registry_uris")
        return [registry_uri]

    @staticmethod
    def _check_odcs(signing_intent, compose_ids, odcs_url):
        if (signing_intent or compose_ids) and not odcs_url:
            raise OsbsValidationException("signing_intent and compose_ids need an odcs_url")
        if compose_ids and not isinstance(compose_ids, (list, tuple)):
            raise OsbsValidationException(
                "compose_ids must be a list, not %s" % type(compose_ids).__name__
            )

    def _set_imagestream(self, name_label):
        self.imagestream_name.value = name_label.replace("/", "-")
        registry = self.source_registry_uri.value or next(iter(self.registry_uris.value), None)
        if registry is None:
            logger.info("no registry configured: the image stream has no repository")
            return
        self.imagestream_url.value = os.path.join(registry.docker_uri, name_label)
        self.imagestream_insecure_registry.value = registry.uri.startswith("http://")

    def __repr__(self):
        return six.ensure_str("Spec(%s)" % (vars(self),), "ascii", "backslashreplace")
