"""Settings: keyword arguments, else the command line, else the configuration file.

``OPTIONS`` is the table of all settings; the getters of :class:`Configuration` work from it, and
the configuration reference is checked against it.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import logging
import os
import re
import stat
import warnings
from collections import namedtuple

import six
from six.moves import configparser
from six.moves.urllib.parse import urljoin

from osbs import utils
from osbs._compat import exception_text, to_native, to_text
from osbs.constants import (
    BUILD_JSON_STORE,
    DEFAULT_ARRANGEMENT_VERSION,
    DEFAULT_CONFIGURATION_FILE,
    DEFAULT_CONFIGURATION_SECTION,
    DEFAULT_NAMESPACE,
    GENERAL_CONFIGURATION_SECTION,
)
from osbs.exceptions import OsbsValidationException
from osbs.ini import interpolating_parser, read_ini
from osbs.redact import mask_url

logger = logging.getLogger(__name__)

# What stands in a row for the section of the instance, whose name is not known before.
INSTANCE = "instance"
GENERAL = GENERAL_CONFIGURATION_SECTION
PLATFORM = "platform:"

_Row = namedtuple("_Row", "getter arg section key kind default meaning")


class Option(_Row):
    """A setting: a row of ``OPTIONS``.

    :ivar getter: str, method of Configuration
    :ivar arg: str, keyword argument and attribute of the command line
    :ivar section: str, ``general``, ``instance`` or ``platform:``
    :ivar key: str, key in the file; one that ends in a dot is followed by a platform's name
    :ivar kind: str, name in ``KINDS``
    :ivar default: value when it is set nowhere
    :ivar meaning: str, one line for the configuration reference
    """

    __slots__ = ()


def _option(name, kind, meaning, default=None, getter=None, section=INSTANCE, key=None):
    return Option("get_" + (getter or name), name, section, key or name, kind, default, meaning)


OPTIONS = (
    # Server, authentication
    _option("openshift_url", "text", "URL of the OpenShift server", getter="openshift_base_uri"),
    _option(
        "openshift_uri",
        "text",
        "old name of openshift_url, which it overrides",
        getter="openshift_base_uri",
    ),
    _option(
        "openshift_api", "api", "API roots of the server: oapi, apis, or auto to ask it", "oapi"
    ),
    _option(
        "openshift_required_version",
        "version",
        "version of OpenShift that templates need",
        section=GENERAL,
    ),
    _option("namespace", "text", "OpenShift project", DEFAULT_NAMESPACE),
    _option("use_auth", "bool", "send credentials"),
    _option("username", "text", "user for basic authentication"),
    _option("password", "text", "password for basic authentication"),
    _option("client_cert", "text", "file of the TLS client certificate"),
    _option("client_key", "text", "file of the key of the TLS client certificate"),
    _option("use_kerberos", "bool", "authenticate with Kerberos"),
    _option("kerberos_keytab", "text", "keytab to get a Kerberos ticket with"),
    _option("kerberos_principal", "text", "principal of the Kerberos ticket"),
    _option("kerberos_ccache", "text", "credentials cache of the Kerberos ticket"),
    _option("verify_ssl", "bool", "check the server's certificate", True),
    _option("ca_bundle", "text", "file of the CA certificates that the server's must come from"),
    _option("token", "text", "OAuth token", getter="oauth2_token"),
    _option(
        "token_file",
        "text",
        "file of the OAuth token; ~/.osbs/INSTANCE.token if it exists",
        getter="oauth2_token",
    ),
    _option("wait_timeout", "seconds", "seconds after which every wait gives up"),
    _option("max_response_mib", "mib", "MiB of the largest response that is read", 512),
    _option("verbose", "bool", "log details", getter="verbosity", section=GENERAL),
    # What to build
    _option("git_url", "text", "URI of the git repository", getter="git_uri"),
    _option("git_commit", "text", "commit, tag or branch to build", getter="git_ref"),
    _option("git_branch", "text", "branch of the git repository"),
    _option("user", "text", "user part of the image name"),
    _option("tag", "text", "tag of the image"),
    _option("yum_repourls", "as given", "URLs of yum repository files"),
    _option("target", "text", "Koji build target", getter="koji_target"),
    _option("arch", "text", "architecture to build for", getter="architecture", key="architecture"),
    _option("flatpak", "bool", "build a Flatpak"),
    _option("flatpak_base_image", "text", "base image of Flatpaks"),
    _option("scratch", "bool", "make a scratch build"),
    _option("cpu_limit", "text", "CPU limit of the build pod"),
    _option("memory_limit", "text", "memory limit of the build pod"),
    _option("storage_limit", "text", "storage limit of the build pod"),
    _option("arrangement_version", "int", "version of the templates", DEFAULT_ARRANGEMENT_VERSION),
    _option("can_orchestrate", "bool", "allow orchestrator builds", False),
    # Builder image and templates
    _option("build_image", "text", "image of the build pod"),
    _option("build_imagestream", "text", "image stream tag of the build pod"),
    _option("build_from", "text", "image:SPEC or imagestream:SPEC of the build pod"),
    _option(
        "build_json_dir",
        "text",
        "directory of the templates",
        BUILD_JSON_STORE,
        getter="build_json_store",
        section=GENERAL,
    ),
    _option(
        "builder_build_json_dir",
        "text",
        "directory of the templates in the build pod",
        getter="builder_build_json_store",
    ),
    _option(
        "builder_openshift_url", "text", "URL of the OpenShift server as the build pod sees it"
    ),
    _option("builder_use_auth", "bool", "use_auth in the build pod; default: that of use_auth"),
    # Registries, pulp
    _option("registry_uri", "csv", "registries to push to", (), getter="registry_uris"),
    _option(
        "registry_secret",
        "csv",
        "secrets with the credentials of the registries",
        (),
        getter="registry_secrets",
    ),
    _option("registry_api_versions", "csv", "API versions of the registries", "v1,v2"),
    _option("source_registry_uri", "text", "registry to pull base images from"),
    _option("pulp_registry_name", "text", "name of the pulp registry", getter="pulp_registry"),
    _option("pulp_secret", "text", "secret with the credentials of pulp"),
    _option(
        "source_secret",
        "text",
        "old name of pulp_secret on the command line",
        getter="pulp_secret",
        key="pulp_secret",
    ),
    _option("prefer_schema1_digest", "bool", "record v1 digests in Koji"),
    _option("group_manifests", "bool", "make manifest lists"),
    _option("authoritative_registry", "text", "label: registry that the image is published in"),
    _option("distribution_scope", "text", "label: who may use the image"),
    # Koji, ODCS, PDC, mail, labels, atomic-reactor
    _option("koji_root", "text", "URL of the files of Koji", getter="kojiroot"),
    _option("koji_hub", "text", "URL of the hub of Koji", getter="kojihub"),
    _option("koji_certs_secret", "text", "secret with the certificates for Koji"),
    _option("koji_use_kerberos", "bool", "authenticate with Kerberos at Koji"),
    _option("koji_kerberos_keytab", "text", "keytab for Koji"),
    _option("koji_kerberos_principal", "text", "principal for Koji"),
    _option("sources_command", "text", "command that fetches sources in the build pod"),
    _option("odcs_url", "text", "URL of ODCS"),
    _option("odcs_insecure", "bool", "do not check the certificate of ODCS", False),
    _option("odcs_openidc_secret", "text", "secret with the OpenID Connect token of ODCS"),
    _option("odcs_ssl_secret", "text", "secret with the client certificate for ODCS"),
    _option("pdc_url", "text", "URL of PDC"),
    _option("pdc_insecure", "bool", "do not check the certificate of PDC", False),
    _option("smtp_host", "text", "mail server"),
    _option("smtp_from", "text", "sender of mails"),
    _option("smtp_email_domain", "text", "domain of the addresses of users"),
    _option("smtp_additional_addresses", "csv", "addresses that get all mails", ()),
    _option("smtp_error_addresses", "csv", "addresses that get mails about errors", ()),
    _option("smtp_to_submitter", "bool", "send mails to who submitted the build"),
    _option("smtp_to_pkgowner", "bool", "send mails to the owner of the package"),
    _option("vendor", "text", "label: vendor"),
    _option("build_host", "text", "label: host of the build"),
    _option("info_url_format", "text", "label url: Python format string over label names"),
    _option("equal_labels", "labels", "labels that mean the same, as in a:b,c:d:e", ()),
    _option("artifacts_allowed_domains", "csv", "domains that artifacts may come from", ()),
    _option("yum_proxy", "text", "proxy of yum in the build", getter="proxy"),
    _option("reactor_config_secret", "text", "secret with atomic-reactor's configuration"),
    _option("reactor_config_map", "text", "config map with atomic-reactor's configuration"),
    _option("client_config_secret", "text", "secret with osbs.conf for the worker clusters"),
    _option("token_secrets", "secrets", "secrets with tokens, as in NAME or NAME:MOUNT_PATH", ()),
    # Node selectors, platforms
    _option(
        "node_selector.",
        "selector",
        "node selector of worker builds for a platform",
        getter="platform_node_selector",
    ),
    _option("scratch_build_node_selector", "selector", "node selector of scratch builds"),
    _option("explicit_build_node_selector", "selector", "node selector of builds by request"),
    _option("auto_build_node_selector", "selector", "node selector of automatic rebuilds"),
    _option("isolated_build_node_selector", "selector", "node selector of isolated builds"),
    _option(
        "architecture",
        "text",
        "architecture of the platform; default: its name",
        getter="platform_descriptors",
        section=PLATFORM,
    ),
    _option(
        "enable_v1",
        "bool",
        "the platform supports v1 images",
        False,
        getter="platform_descriptors",
        section=PLATFORM,
    ),
)

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_OPENSHIFT_APIS = ("oapi", "apis", "auto")
_EQUAL_LABELS = re.compile(r"^[^:,\s]+(:[^:,\s]+)+\s*(,\s*[^:,\s]+(:[^:,\s]+\s*)+)*$")


def _invalid(where, value, expected):
    return OsbsValidationException(
        "Invalid %s: %s (expected %s)" % (where, mask_url(value), expected)
    )


def _to_bool(value, where):
    value = _native_text(value)
    if isinstance(value, six.string_types):
        if value.lower() in _TRUE + _FALSE:
            return value.lower() in _TRUE
    elif isinstance(value, six.integer_types + (float,)):
        try:
            return bool(int(value))
        except (ValueError, OverflowError):
            pass
    raise _invalid(where, value, "true, yes, on, 1, false, no, off or 0")


def _to_int(value, where):
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        # Callers know this error by its first words.
        section, _, key = where.rpartition(" ")
        raise _invalid(key, value, "a whole number in %s" % section)


def _to_seconds(value, where):
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise _invalid(where, value, "seconds, more than 0")
    return seconds


def _to_mib(value, where):
    mib = _to_int(value, where)
    if mib <= 0:
        raise _invalid(where, value, "a whole number of MiB, more than 0")
    return mib


def _to_version(value, where):
    if not value:
        return None
    try:
        return utils.parse_version(value)
    except ValueError:
        raise _invalid(where, value, "a version such as 1.0.6")


def _to_api(value, where):
    if value not in _OPENSHIFT_APIS:
        raise _invalid(where, value, " or ".join(_OPENSHIFT_APIS))
    return value


def _split(value, separator, where):
    value = _native_text(value)
    if isinstance(value, (list, tuple)) and all(
        isinstance(part, six.string_types) for part in value
    ):
        return list(value)
    if not isinstance(value, six.string_types):
        raise _invalid(where, value, "a text")
    return [part.strip() for part in value.split(separator)]


def _to_csv(value, where):
    return _split(value, ",", where) if value else []


def _to_selector(value, where):
    if value in (None, "", "none"):
        return {}
    selector = {}
    for part in _split(value, ",", where):
        name, equals, wanted = part.partition("=")
        if not equals:
            raise _invalid(where, part, "LABEL=VALUE[,LABEL=VALUE...] or none")
        selector[name.strip()] = wanted.strip()
    return selector


def _to_secrets(value, where):
    secrets, bad = {}, []
    for item in _split(value, None, where) if value else []:
        name, colon, path = item.partition(":")
        if colon and path in ("", "/"):
            logger.error("%s: no mount path after the colon: %s", where, item)
            bad.append(item)
        secrets[name] = path if colon else None
    if bad:
        raise _invalid(where, " ".join(bad), "NAME or NAME:MOUNT_PATH")
    return secrets


def _to_labels(value, where):
    if not value:
        return []
    if not isinstance(value, six.string_types) or not _EQUAL_LABELS.match(value):
        raise _invalid(where, value, "groups of labels such as a:b,c:d:e")
    return [_split(group, ":", where) for group in value.split(",")]


# Kind -> conversion of a value that was found; None: returned as it was found.
KINDS = {
    "api": _to_api,
    "as given": None,
    "bool": _to_bool,
    "csv": _to_csv,
    "int": _to_int,
    "labels": _to_labels,
    "mib": _to_mib,
    "seconds": _to_seconds,
    "secrets": _to_secrets,
    "selector": _to_selector,
    "text": None,
    "version": _to_version,
}
# Kinds whose conversion also makes the value for "set nowhere".
_CONVERTED_DEFAULTS = ("csv", "labels", "secrets", "selector")


def _read_file(conf_file):
    parser = interpolating_parser()
    if conf_file and os.path.isfile(conf_file) and os.access(conf_file, os.R_OK):
        try:
            with io.open(conf_file, "rb") as opened:
                content = opened.read()
        except EnvironmentError as ex:
            raise OsbsValidationException(
                "%s: cannot be read: %s" % (to_text(conf_file), ex.strerror), cause=ex
            )
        read_ini(parser, content, conf_file)
        return parser, True
    return parser, False


def _native_text(value):
    # Python 2's parser deals in bytes: ASCII stays native, anything else becomes text.
    if not isinstance(value, six.binary_type):
        return value
    try:
        value.decode("ascii")
        return value
    except UnicodeDecodeError:
        return to_text(value)


def _with_getters(cls):
    # An ordinary method for each setting that needs no code of its own.
    for option in OPTIONS:
        if option.getter not in vars(cls):
            setattr(cls, option.getter, _make_getter(option))
    return cls


def _make_getter(option):
    def getter(self):
        return self._get_option(option)

    getter.__name__ = str(option.getter)
    getter.__doc__ = str("Return %s: %s.") % (option.arg, option.meaning)
    return getter


@_with_getters
class Configuration(object):
    """The settings of one OSBS instance.

    Values are looked up whenever a getter is called. There is a getter for each row of
    ``OPTIONS``; those that need code of their own are written out here.

    :ivar scp: the parser of the file
    :ivar conf_section: str, section of the instance
    :ivar args: object with attributes, or None; may be set later
    :ivar kwargs: dict
    """

    def __init__(
        self,
        conf_file=DEFAULT_CONFIGURATION_FILE,
        conf_section=DEFAULT_CONFIGURATION_SECTION,
        cli_args=None,
        **kwargs
    ):
        # type: (str, str, object, object) -> None
        """
        :param conf_file: str or None, path; without such a file all comes from elsewhere
        :param conf_section: str, section of the instance
        :param cli_args: object with attributes (argparse.Namespace) or None
        :param kwargs: settings, which win over all others
        :raises OsbsValidationException: the file cannot be parsed
        """
        # Consumers' tests call this with the class as self: only plain attributes here.
        self.conf_section = conf_section
        self.args = cli_args
        self.kwargs = kwargs
        self.scp, was_read = _read_file(conf_file)
        # Python 2's parser knows sections and keys as bytes.
        if was_read and not self.scp.has_section(to_native(conf_section)):
            logger.warning(
                "there is no section %s in %s", _where(conf_section, ""), to_text(conf_file)
            )

    def _section(self, option):
        return self.conf_section if option.section == INSTANCE else option.section

    def _get_option(self, option, arg_suffix=""):
        """Look up a setting and convert what was found.

        :param option: Option
        :param arg_suffix: str, name of a platform where the name of the setting ends in one
        """
        section, key = self._section(option), option.key + arg_suffix
        value = self._find(option.arg + arg_suffix, section, key)
        convert = KINDS[option.kind]
        if value is None and option.kind not in _CONVERTED_DEFAULTS:
            return option.default
        if value is None:
            value = option.default
        return convert(value, _where(section, key)) if convert else value

    def _get_value(self, args_key, conf_section, conf_key, default=None, is_bool_val=False):
        """Look up a value: keyword arguments, command line, file.

        :param args_key: str, name as keyword argument and attribute of the command line
        :param conf_section: str, section of the file
        :param conf_key: str, key in the file
        :param default: returned as it is when nothing was found
        :param is_bool_val: bool, convert what was found to a bool
        :raises OsbsValidationException: it is no boolean
        """
        value = self._find(args_key, conf_section, conf_key)
        if value is None:
            return default
        return _to_bool(value, _where(conf_section, conf_key)) if is_bool_val else value

    def _find(self, args_key, conf_section, conf_key):
        for value in self._given(args_key):
            if value is not None:
                return value
        return self._from_file(conf_section, conf_key)

    def _given(self, args_key):
        return self.kwargs.get(args_key), getattr(self.args, six.ensure_str(args_key), None)

    def _from_file(self, section, key):
        section, key = to_native(section), to_native(key)
        try:
            return _native_text(self.scp.get(section, key))
        except configparser.InterpolationError:
            logger.warning(
                "%s: %% is neither %%%% nor a reference to a key, it is taken as it is",
                _where(section, to_text(key)),
            )
            return _native_text(self.scp.get(section, key, raw=True))
        except configparser.Error:
            return None

    # Server, authentication

    def get_openshift_base_uri(self):
        """Return openshift_uri, which is deprecated, else openshift_url."""
        uri = self._get_value("openshift_uri", self.conf_section, "openshift_uri")
        if uri is not None:
            warnings.warn(
                "'openshift_uri' is deprecated, use 'openshift_url' instead", stacklevel=2
            )
            return uri
        return self._get_value("openshift_url", self.conf_section, "openshift_url")

    @staticmethod
    def get_openshift_api_version():
        """Return the version of the API."""
        return "v1"

    def _get_api_uri(self, keyword):
        try:
            return urljoin(self.get_openshift_base_uri(), keyword)
        except (AttributeError, TypeError, ValueError) as ex:
            raise OsbsValidationException(
                "openshift_url of [%s] is not a URL: %s"
                % (to_text(self.conf_section), mask_url(ex)),
                cause=ex,
            )

    def get_k8s_api_uri(self):
        """Return the URI of the API of Kubernetes.

        :raises OsbsValidationException: openshift_url is not a URL
        """
        return self._get_api_uri("/api/%s/" % self.get_openshift_api_version())

    def get_openshift_api_uri(self):
        """Return the URI of the API of OpenShift 3.

        :raises OsbsValidationException: openshift_url is not a URL
        """
        return self._get_api_uri("/oapi/%s/" % self.get_openshift_api_version())

    def get_openshift_oauth_api_uri(self):
        """Return the URI at which tokens are given out.

        :raises OsbsValidationException: openshift_url is not a URL
        """
        return self._get_api_uri("/oauth/authorize")

    def get_oauth2_token(self):
        """Return the OAuth token, or None.

        Within each source ``token`` wins over ``token_file``; when no source has either, the file
        that ``osbs login`` wrote counts.
        """
        tokens, files = self._given("token"), self._given("token_file")
        tokens += (self._from_file(self.conf_section, "token"),)
        files += (self._from_file(self.conf_section, "token_file"),)
        for token, token_file in zip(tokens, files):
            if token is not None:
                return token
            if token_file is not None:
                return _read_token(token_file)
        return self._get_login_token()

    def _get_login_token(self):
        try:
            token_file = utils.get_instance_token_file_name(self.conf_section)
        except OsbsValidationException:  # `osbs login` refuses such a name as well
            return None
        if not os.path.exists(token_file):
            return None
        if os.stat(token_file).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            logger.warning("%s can be read by others than its owner", to_text(token_file))
        return _read_token(token_file)

    # What to build

    def get_scratch(self, default_value):
        """Return scratch: make a scratch build.

        :param default_value: returned as it is when it is set nowhere
        """
        return self._get_value(
            "scratch", self.conf_section, "scratch", default_value, is_bool_val=True
        )

    # Builder image and templates

    def _configured_templates(self):
        return self._get_value("build_json_dir", GENERAL, "build_json_dir")

    def get_build_json_store(self):
        """Return the directory of the templates: the configured one, else the first that exists.

        See :func:`osbs.utils.find_build_json_store`.
        """
        configured = self._configured_templates()
        return utils.find_build_json_store() if configured is None else configured

    def get_pod_build_json_store(self):
        """Return the directory of the templates as a pod is told it.

        What the configuration says, never where this client happened to find its copy.
        """
        configured = self._configured_templates()
        return BUILD_JSON_STORE if configured is None else configured

    def get_builder_build_json_store(self):
        """Return the directory of the templates in the build pod, as it is configured.

        :return: str; None when neither builder_build_json_dir nor build_json_dir is configured,
            as it may be passed on as a setting
        """
        value = self._get_value(
            "builder_build_json_dir", self.conf_section, "builder_build_json_dir"
        )
        if value is None:
            logger.warning("builder_build_json_dir is not set, using build_json_dir")
            return self._configured_templates()
        return value

    def get_builder_openshift_url(self):
        """Return the URL of the server as the build pod sees it; default: openshift_url."""
        value = self._get_value("builder_openshift_url", self.conf_section, "builder_openshift_url")
        if value is None:
            logger.warning("builder_openshift_url is not set, using openshift_url")
            return self.get_openshift_base_uri()
        return value

    def get_builder_use_auth(self):
        """Return use_auth as the build pod needs it; default: use_auth."""
        value = self._get_value(
            "builder_use_auth", self.conf_section, "builder_use_auth", is_bool_val=True
        )
        return self.get_use_auth() if value is None else value

    # Registries, pulp

    def get_registry_api_versions(self, platform=None):
        """Return the API versions of the registries, as far as a platform has them.

        :param platform: str or None
        :return: list of str
        :raises OsbsValidationException: the platform has only v2, the registries only v1
        """
        value = self._get_value(
            "registry_api_versions", self.conf_section, "registry_api_versions", default="v1,v2"
        )
        versions = _split(value, ",", _where(self.conf_section, "registry_api_versions"))
        if platform is None:
            return versions
        section = PLATFORM + to_text(platform)
        if self._get_value("enable_v1", section, "enable_v1", default=False, is_bool_val=True):
            return versions
        if "v2" not in versions:
            raise OsbsValidationException(
                "v2 only platform in v1 only instance: %s has no enable_v1" % _where(section, "")
            )
        return ["v2"]

    def get_pulp_secret(self):
        """Return pulp_secret, or what the command line gives under its old name source_secret."""
        return self._get_value("pulp_secret", self.conf_section, "pulp_secret") or self._get_value(
            "source_secret", self.conf_section, "pulp_secret"
        )

    def get_source_secret(self):
        """Return pulp_secret; an old name."""
        return self.get_pulp_secret()

    # Node selectors, platforms

    @staticmethod
    def generate_nodeselector_dict(nodeselector_str):
        # type: (str) -> dict
        """Convert ``label=value,label=value`` to a dict; None, '' and 'none' to an empty one.

        :raises OsbsValidationException: a part without ``=``
        """
        return _to_selector(nodeselector_str, "node selector")

    def get_platform_node_selector(self, platform):
        """Return the node selector of worker builds for a platform.

        :param platform: str or None
        :return: dict of label -> value
        :raises OsbsValidationException: it is malformed
        """
        return self._get_option(_NODE_SELECTOR, to_text(platform)) if platform else {}

    def get_platform_descriptors(self):
        """Return what the sections ``[platform:NAME]`` say.

        :return: dict of name -> dict with architecture (str) and enable_v1 (bool)
        :raises OsbsValidationException: more than one platform has enable_v1
        """
        descriptors = {}
        for section in self.scp.sections():
            platform = _native_text(section)[len(PLATFORM) :]
            if section.startswith(str(PLATFORM)) and platform:
                descriptors[platform] = {
                    "architecture": self._get_value("architecture", section, "architecture")
                    or platform,
                    "enable_v1": self._get_value(
                        "enable_v1", section, "enable_v1", default=False, is_bool_val=True
                    ),
                }
        with_v1 = sorted(name for name, found in descriptors.items() if found["enable_v1"])
        if len(with_v1) > 1:
            raise OsbsValidationException(
                "only one platform may have enable_v1, but these have "
                "it: %s" % ", ".join(with_v1)
            )
        return descriptors


_NODE_SELECTOR = next(option for option in OPTIONS if option.arg == "node_selector.")


def _where(section, key):
    return " ".join(part for part in ("[%s]" % to_text(section), key) if part)


def _read_token(path):
    try:
        with io.open(path, encoding="utf-8") as token_file:
            return token_file.read().strip()
    except (EnvironmentError, ValueError, TypeError) as ex:
        # Never the path instead of the token: it would be sent to the server.
        logger.error("cannot read token file %s: %s", to_text(path), exception_text(ex))
        return None
