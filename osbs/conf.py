"""Settings: keyword arguments, else the command line, else the configuration file.

Each setting is declared once, in the body of :class:`Configuration`. The configuration reference
is checked against ``SETTINGS``, all the declarations.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import logging
import os
import re
import stat
import warnings

import six
from six.moves import configparser
from six.moves.urllib.parse import urljoin

from osbs import utils
from osbs._compat import exception_text, to_native, to_text
from osbs._setting import (
    GENERAL,
    PLATFORM,
    Setting,
    as_given,
    boolean,
    count,
    equal_labels,
    integer,
    mebibytes,
    native_text,
    openshift_api,
    seconds,
    secrets,
    selector,
    setting,
    text,
    text_list,
    version,
)
from osbs.constants import (
    BUILD_JSON_STORE,
    DEFAULT_ARRANGEMENT_VERSION,
    DEFAULT_CONFIGURATION_FILE,
    DEFAULT_CONFIGURATION_SECTION,
    DEFAULT_NAMESPACE,
)
from osbs.exceptions import OsbsValidationException
from osbs._ini import interpolating_parser, read_ini
from osbs._redact import mask_text, mask_uri, mask_url
from osbs._typing import Any, Dict, List, Optional, Set, Text, Tuple  # noqa: F401

logger = logging.getLogger(__name__)

# Keys that a file may hold although only other programs that share it read them.
OTHER_PROGRAMS_KEYS = ("build_type",)


class Configuration(object):
    """The settings of one OSBS instance.

    Values are looked up whenever a getter is called.

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
        # type: (Optional[str], str, object, object) -> None
        """
        :param conf_file: path; without such a file all comes from elsewhere
        :param conf_section: section of the instance
        :param cli_args: object with attributes (argparse.Namespace) or None
        :param kwargs: settings, which win over all others
        :raises OsbsValidationException: the file cannot be parsed
        """
        # Consumers' tests call this with the class as self: only plain attributes here.
        self.conf_section = conf_section
        self.args = cli_args
        self.kwargs = kwargs
        self.scp = interpolating_parser()
        if not (conf_file and os.path.isfile(conf_file) and os.access(conf_file, os.R_OK)):
            return
        read_ini(self.scp, _content(conf_file), conf_file)
        # Python 2's parser knows sections and keys as bytes.
        if not self.scp.has_section(to_native(conf_section)):
            _warn_once("there is no section %s in %s", _where(conf_section, ""), to_text(conf_file))
        _warn_of_unknown_keys(self.scp, to_text(conf_file), to_text(conf_section))

    def __repr__(self):
        # type: () -> str
        try:
            url = self._find(self._OPENSHIFT_URI) or self._find(self._OPENSHIFT_URL)
            shown = (to_text(self.conf_section), mask_text(mask_uri(url)), self.get_namespace())
            return to_native("<Configuration %s: %s, namespace %s>" % shown)
        except AttributeError:  # tests of callers replace __init__
            return object.__repr__(self)

    def _get(self, declared, platform=""):
        # type: (Setting, str) -> Any
        """Look up a setting and convert what was found.

        :param platform: name of the platform whose setting it is, if it is one of a platform
        :raises OsbsValidationException: the value is malformed
        """
        value = self._find(declared, platform)
        if value is None:
            value = declared.default
        section, key, _ = declared.names(self.conf_section, platform)
        return declared.kind(value, _where(section, key))

    def _find(self, declared, platform=""):
        """Return the value of the first source that has one, unconverted, or None."""
        sources = self._sources(declared, platform)
        return next((value for value in sources if value is not None), None)

    def _sources(self, declared, platform=""):
        """Generate the value in each source, or None, in the order in which they win."""
        section, key, argument = declared.names(self.conf_section, platform)
        yield self.kwargs.get(argument)
        yield getattr(self.args, six.ensure_str(argument), None)
        yield self._from_file(section, key)

    def _from_file(self, section, key):
        section, key = to_native(section), to_native(key)
        try:
            return native_text(self.scp.get(section, key))
        except configparser.InterpolationError:
            logger.warning(
                "%s: %% is neither %%%% nor a reference to a key, it is taken as it is",
                _where(section, to_text(key)),
            )
            return native_text(self.scp.get(section, key, raw=True))
        except configparser.Error:
            return None

    # Server, authentication

    _OPENSHIFT_URL = Setting("openshift_url", text, "URL of the OpenShift server")
    _OPENSHIFT_URI = Setting("openshift_uri", text, "old name of openshift_url, which it overrides")

    def get_openshift_base_uri(self):
        # type: () -> Optional[Text]
        """Return openshift_uri, which is deprecated, else openshift_url."""
        uri = self._get(self._OPENSHIFT_URI)
        if uri is not None:
            warnings.warn(
                "'openshift_uri' is deprecated, use 'openshift_url' instead", stacklevel=2
            )
            return uri
        return self._get(self._OPENSHIFT_URL)

    @staticmethod
    def get_openshift_api_version():
        # type: () -> Text
        """Return the version of the API."""
        return "v1"

    def _get_api_uri(self, path):
        try:
            return urljoin(self.get_openshift_base_uri(), path)
        except (AttributeError, TypeError, ValueError) as ex:
            raise OsbsValidationException(
                "openshift_url of [%s] is not a URL: %s"
                % (to_text(self.conf_section), mask_url(ex)),
                cause=ex,
            )

    def get_k8s_api_uri(self):
        # type: () -> Text
        """Return the URI of the API of Kubernetes.

        :raises OsbsValidationException: openshift_url is not a URL
        """
        return self._get_api_uri("/api/%s/" % self.get_openshift_api_version())

    def get_openshift_api_uri(self):
        # type: () -> Text
        """Return the URI of the API of OpenShift 3.

        :raises OsbsValidationException: openshift_url is not a URL
        """
        return self._get_api_uri("/oapi/%s/" % self.get_openshift_api_version())

    def get_openshift_oauth_api_uri(self):
        # type: () -> Text
        """Return the URI at which tokens are given out.

        :raises OsbsValidationException: openshift_url is not a URL
        """
        return self._get_api_uri("/oauth/authorize")

    get_openshift_api = setting(
        "openshift_api",
        openshift_api,
        "API roots of the server: oapi, apis, or auto to ask it",
        default="oapi",
    )
    get_openshift_required_version = setting(
        "openshift_required_version",
        version,
        "version of OpenShift that templates need",
        section=GENERAL,
    )
    get_namespace = setting("namespace", text, "OpenShift project", default=DEFAULT_NAMESPACE)
    get_use_auth = setting("use_auth", boolean, "send credentials")
    get_username = setting("username", text, "user for basic authentication")
    get_password = setting("password", text, "password for basic authentication")
    get_client_cert = setting("client_cert", text, "file of the TLS client certificate")
    get_client_key = setting("client_key", text, "file of the key of the TLS client certificate")
    get_use_kerberos = setting("use_kerberos", boolean, "authenticate with Kerberos")
    get_kerberos_keytab = setting("kerberos_keytab", text, "keytab for a Kerberos ticket")
    get_kerberos_principal = setting("kerberos_principal", text, "principal of the ticket")
    get_kerberos_ccache = setting("kerberos_ccache", text, "credentials cache of the ticket")
    get_verify_ssl = setting("verify_ssl", boolean, "check the server's certificate", default=True)
    get_ca_bundle = setting("ca_bundle", text, "CA certificates to check the server's with")
    get_wait_timeout = setting("wait_timeout", seconds, "seconds after which every wait gives up")
    get_request_timeout = setting(
        "request_timeout", seconds, "seconds after which a request gives up"
    )
    get_retries = setting("retries", count, "how often a request is retried; 0: never")
    get_max_response_mib = setting(
        "max_response_mib", mebibytes, "MiB of the largest response that is read", default=512
    )
    get_verbosity = setting("verbose", boolean, "log details", section=GENERAL)

    _TOKEN = Setting("token", text, "OAuth token")
    _TOKEN_FILE = Setting("token_file", text, "file of the OAuth token")

    def get_oauth2_token(self):
        # type: () -> Optional[Text]
        """Return the OAuth token, or None.

        Within each source ``token`` wins over ``token_file``; when no source has either, the file
        that ``osbs login`` wrote counts.
        """
        for token, token_file in zip(self._sources(self._TOKEN), self._sources(self._TOKEN_FILE)):
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
            _warn_once("%s can be read by others than its owner", to_text(token_file))
        return _read_token(token_file)

    # What to build

    get_git_uri = setting("git_url", text, "URI of the git repository")
    get_git_ref = setting("git_commit", text, "commit, tag or branch to build")
    get_git_branch = setting("git_branch", text, "branch of the git repository")
    get_user = setting("user", text, "user part of the image name")
    get_tag = setting("tag", text, "tag of the image")
    get_yum_repourls = setting("yum_repourls", as_given, "URLs of yum repository files")
    get_koji_target = setting("target", text, "Koji build target")
    get_architecture = setting("architecture", text, "architecture to build for", argument="arch")
    get_flatpak = setting("flatpak", boolean, "build a Flatpak")
    get_flatpak_base_image = setting("flatpak_base_image", text, "base image of Flatpaks")
    get_cpu_limit = setting("cpu_limit", text, "CPU limit of the build pod")
    get_memory_limit = setting("memory_limit", text, "memory limit of the build pod")
    get_storage_limit = setting("storage_limit", text, "storage limit of the build pod")
    get_arrangement_version = setting(
        "arrangement_version",
        integer,
        "version of the templates",
        default=DEFAULT_ARRANGEMENT_VERSION,
    )
    get_can_orchestrate = setting(
        "can_orchestrate", boolean, "allow orchestrator builds", default=False
    )

    _SCRATCH = Setting("scratch", boolean, "make a scratch build")

    def get_scratch(self, default_value):
        # type: (Any) -> Any
        """Return scratch: make a scratch build.

        :param default_value: returned as it is when it is set nowhere
        """
        value = self._get(self._SCRATCH)
        return default_value if value is None else value

    # Builder image and templates

    get_build_image = setting("build_image", text, "image of the build pod")
    get_build_imagestream = setting("build_imagestream", text, "image stream tag of the build pod")
    get_build_from = setting("build_from", text, "image:SPEC or imagestream:SPEC of the build pod")

    _BUILD_JSON_DIR = Setting(
        "build_json_dir",
        text,
        "directory of the templates",
        default=BUILD_JSON_STORE,
        section=GENERAL,
    )

    def get_build_json_store(self):
        # type: () -> Text
        """Return the directory of the templates: the configured one, else the first that exists.

        See :func:`osbs.utils.find_build_json_store`.
        """
        configured = self._find(self._BUILD_JSON_DIR)
        return utils.find_build_json_store() if configured is None else configured

    def get_pod_build_json_store(self):
        # type: () -> Text
        """Return the directory of the templates that is sent to a pod.

        What the configuration says, never where this client happened to find its copy.
        """
        return self._get(self._BUILD_JSON_DIR)

    _BUILDER_BUILD_JSON_DIR = Setting("builder_build_json_dir", text, "templates in the build pod")

    def get_builder_build_json_store(self):
        # type: () -> Optional[Text]
        """Return the directory of the templates in the build pod, as it is configured.

        :return: None when neither builder_build_json_dir nor build_json_dir is configured, as it
            may be passed on as a setting
        """
        value = self._get(self._BUILDER_BUILD_JSON_DIR)
        if value is None:
            logger.info("builder_build_json_dir is not set, using build_json_dir")
            return self._find(self._BUILD_JSON_DIR)
        return value

    _BUILDER_OPENSHIFT_URL = Setting(
        "builder_openshift_url", text, "URL of the OpenShift server as the build pod sees it"
    )

    def get_builder_openshift_url(self):
        # type: () -> Optional[Text]
        """Return the URL of the server as the build pod sees it; default: openshift_url."""
        value = self._get(self._BUILDER_OPENSHIFT_URL)
        if value is None:
            logger.info("builder_openshift_url is not set, using openshift_url")
            return self.get_openshift_base_uri()
        return value

    _BUILDER_USE_AUTH = Setting("builder_use_auth", boolean, "use_auth in the build pod")

    def get_builder_use_auth(self):
        # type: () -> Optional[bool]
        """Return use_auth as the build pod needs it; default: use_auth."""
        value = self._get(self._BUILDER_USE_AUTH)
        return self.get_use_auth() if value is None else value

    # Registries, pulp

    get_registry_uris = setting("registry_uri", text_list, "registries to push to")
    get_registry_secrets = setting("registry_secret", text_list, "secrets for the registries")
    get_source_registry_uri = setting("source_registry_uri", text, "registry of the base images")
    get_pulp_registry = setting("pulp_registry_name", text, "name of the pulp registry")
    get_prefer_schema1_digest = setting("prefer_schema1_digest", boolean, "report v1 digests first")
    get_group_manifests = setting("group_manifests", boolean, "make manifest lists")
    get_authoritative_registry = setting(
        "authoritative_registry", text, "label: registry that the image is published in"
    )
    get_distribution_scope = setting("distribution_scope", text, "label: who may use the image")

    _REGISTRY_API_VERSIONS = Setting(
        "registry_api_versions", text_list, "API versions of the registries", default=["v1", "v2"]
    )

    def get_registry_api_versions(self, platform=None):
        # type: (Optional[Text]) -> List[Text]
        """Return the API versions of the registries, as far as a platform has them.

        :raises OsbsValidationException: the platform has only v2, the registries only v1
        """
        # An empty text is one version without a name.
        versions = self._get(self._REGISTRY_API_VERSIONS) or [""]
        if platform is None or self._get(self._ENABLE_V1, to_text(platform)):
            return versions
        if "v2" not in versions:
            raise OsbsValidationException(
                "v2 only platform in v1 only instance: %s has no enable_v1"
                % _where(PLATFORM + to_text(platform), "")
            )
        return ["v2"]

    _PULP_SECRET = Setting("pulp_secret", text, "secret with the credentials of pulp")
    _SOURCE_SECRET = Setting(
        "pulp_secret",
        text,
        "old name of pulp_secret on the command line",
        argument="source_secret",
    )

    def get_pulp_secret(self):
        # type: () -> Optional[Text]
        """Return pulp_secret, or what the command line gives under its old name source_secret."""
        return self._get(self._PULP_SECRET) or self._get(self._SOURCE_SECRET)

    def get_source_secret(self):
        # type: () -> Optional[Text]
        """Return pulp_secret; an old name."""
        return self.get_pulp_secret()

    # Koji, ODCS, PDC, mail, labels, atomic-reactor

    get_kojiroot = setting("koji_root", text, "URL of the files of Koji")
    get_kojihub = setting("koji_hub", text, "URL of the hub of Koji")
    get_koji_certs_secret = setting("koji_certs_secret", text, "secret with certificates for Koji")
    get_koji_use_kerberos = setting("koji_use_kerberos", boolean, "authenticate with Kerberos")
    get_koji_kerberos_keytab = setting("koji_kerberos_keytab", text, "keytab for Koji")
    get_koji_kerberos_principal = setting("koji_kerberos_principal", text, "principal for Koji")
    get_sources_command = setting("sources_command", text, "command that fetches sources")
    get_odcs_url = setting("odcs_url", text, "URL of ODCS")
    get_odcs_insecure = setting(
        "odcs_insecure", boolean, "do not check the certificate of ODCS", default=False
    )
    get_odcs_openidc_secret = setting("odcs_openidc_secret", text, "secret with a token for ODCS")
    get_odcs_ssl_secret = setting("odcs_ssl_secret", text, "secret with a certificate for ODCS")
    get_pdc_url = setting("pdc_url", text, "URL of PDC")
    get_pdc_insecure = setting(
        "pdc_insecure", boolean, "do not check the certificate of PDC", default=False
    )
    get_smtp_host = setting("smtp_host", text, "mail server")
    get_smtp_from = setting("smtp_from", text, "sender of mails")
    get_smtp_email_domain = setting("smtp_email_domain", text, "domain of the addresses of users")
    get_smtp_additional_addresses = setting(
        "smtp_additional_addresses", text_list, "addresses that get all mails"
    )
    get_smtp_error_addresses = setting(
        "smtp_error_addresses", text_list, "addresses that get mails about errors"
    )
    get_smtp_to_submitter = setting("smtp_to_submitter", boolean, "mail to who submitted the build")
    get_smtp_to_pkgowner = setting("smtp_to_pkgowner", boolean, "mail to the owner of the package")
    get_vendor = setting("vendor", text, "label: vendor")
    get_build_host = setting("build_host", text, "label: host of the build")
    get_info_url_format = setting("info_url_format", text, "label: format of the url")
    get_equal_labels = setting("equal_labels", equal_labels, "labels that mean the same")
    get_artifacts_allowed_domains = setting(
        "artifacts_allowed_domains", text_list, "domains that artifacts may come from"
    )
    get_proxy = setting("yum_proxy", text, "proxy of yum in the build")
    get_reactor_config_secret = setting(
        "reactor_config_secret", text, "secret with atomic-reactor's configuration"
    )
    get_reactor_config_map = setting(
        "reactor_config_map", text, "config map with atomic-reactor's configuration"
    )
    get_client_config_secret = setting(
        "client_config_secret", text, "secret with osbs.conf for the worker clusters"
    )
    get_token_secrets = setting("token_secrets", secrets, "secrets with tokens for workers")

    # Node selectors, platforms

    get_scratch_build_node_selector = setting(
        "scratch_build_node_selector", selector, "node selector of scratch builds"
    )
    get_explicit_build_node_selector = setting(
        "explicit_build_node_selector", selector, "node selector of builds by request"
    )
    get_auto_build_node_selector = setting(
        "auto_build_node_selector", selector, "node selector of automatic rebuilds"
    )
    get_isolated_build_node_selector = setting(
        "isolated_build_node_selector", selector, "node selector of isolated builds"
    )

    @staticmethod
    def generate_nodeselector_dict(nodeselector_str):
        # type: (Optional[Text]) -> Dict[Text, Text]
        """Convert ``label=value,label=value`` to a dict; None, '' and 'none' to an empty one.

        :raises OsbsValidationException: a part without ``=``
        """
        return selector(nodeselector_str, "node selector")

    _NODE_SELECTOR = Setting("node_selector.", selector, "nodes of a platform's worker builds")

    def get_platform_node_selector(self, platform):
        # type: (Optional[Text]) -> Dict[Text, Text]
        """Return the node selector of worker builds for a platform.

        :raises OsbsValidationException: it is malformed
        """
        return self._get(self._NODE_SELECTOR, to_text(platform)) if platform else {}

    _PLATFORM_ARCHITECTURE = Setting(
        "architecture", text, "architecture of the platform; default: its name", section=PLATFORM
    )
    _ENABLE_V1 = Setting(
        "enable_v1",
        boolean,
        "may images of the platform be pushed by the v1 API",
        default=False,
        section=PLATFORM,
    )

    def get_platform_descriptors(self):
        # type: () -> Dict[Text, Dict[Text, Any]]
        """Return what the sections ``[platform:NAME]`` say.

        :return: name -> dict with architecture (str) and enable_v1 (bool)
        :raises OsbsValidationException: more than one platform has enable_v1
        """
        descriptors = {}
        for section in self.scp.sections():
            platform = native_text(section)[len(PLATFORM) :]
            if section.startswith(str(PLATFORM)) and platform:
                descriptors[platform] = {
                    "architecture": self._get(self._PLATFORM_ARCHITECTURE, platform) or platform,
                    "enable_v1": self._get(self._ENABLE_V1, platform),
                }
        with_v1 = sorted(name for name, found in descriptors.items() if found["enable_v1"])
        if len(with_v1) > 1:
            raise OsbsValidationException(
                "only one platform may have enable_v1, but these have it: %s" % ", ".join(with_v1)
            )
        return descriptors


def _declarations(cls):
    # type: (type) -> Dict[str, Setting]
    """Return the settings that a class declares, by the name of the attribute that does."""
    found = {}
    for name, attribute in vars(cls).items():
        declared = getattr(attribute, "setting", attribute)
        if isinstance(declared, Setting):
            found[name] = declared
            if declared is not attribute:
                attribute.__name__ = str(name)
    return found


SETTINGS = _declarations(Configuration)


def _where(section, key):
    return " ".join(part for part in ("[%s]" % to_text(section), key) if part)


def _content(conf_file):
    try:
        with io.open(conf_file, "rb") as opened:
            return opened.read()
    except EnvironmentError as ex:
        raise OsbsValidationException(
            "%s: cannot be read: %s" % (to_text(conf_file), ex.strerror), cause=ex
        )


def _read_token(path):
    try:
        with io.open(path, encoding="utf-8") as token_file:
            return token_file.read().strip()
    except (EnvironmentError, ValueError, TypeError) as ex:
        # Never the path instead of the token: it would be sent to the server.
        logger.error("cannot read token file %s: %s", to_text(path), exception_text(ex))
        return None


# Unknown keys of a file

# Known keys are shorter; a longer one may be the second line of a secret that was not indented.
_LONGEST_KEY = 40
_REFERENCE = re.compile(r"%\(([^)]*)\)s")
# Past warnings: a program makes several Configurations of one file.
_warned_of = set()  # type: Set[Tuple]


def _warn_once(*args):
    if args not in _warned_of:
        _warned_of.add(args)
        logger.warning(*args)


def _warn_of_unknown_keys(parser, conf_file, instance):
    for section, key in _unknown_keys(parser, instance):
        _warn_once(
            "unknown key %s in section [%s] of %s is ignored%s",
            key if len(key) <= _LONGEST_KEY else "%s..." % key[:8],
            section,
            conf_file,
            _suggestion(section, key, instance),
        )


def _unknown_keys(parser, instance):
    """Generate section and key of each key that is unknown in the sections of an instance."""
    shared = set(parser.defaults())
    sections = {configparser.DEFAULTSECT: shared}
    sections.update((name, set(parser.options(name)) - shared) for name in parser.sections())
    references = _references(parser)
    for section, keys in sorted(sections.items()):
        section = to_text(section)
        readable = {declared.key for declared in _settings_of(section, instance)}
        if not readable:
            continue  # another instance, or nothing of ours
        for key in sorted(to_text(key) for key in keys):
            names = {key, key.partition(".")[0] + "."}
            if not names & (readable | references) and key not in OTHER_PROGRAMS_KEYS:
                yield section, key


def _settings_of(section, instance):
    """Return the settings that may stand in a section."""
    platform = section.partition(":")[2]
    return [
        declared
        for declared in SETTINGS.values()
        if section in (configparser.DEFAULTSECT, declared.names(instance, platform)[0])
    ]


def _references(parser):
    """Return the keys whose values other values use, as in ``%(key)s``."""
    return {
        parser.optionxform(to_text(name))
        for section in parser.sections()
        for _, value in parser.items(section, raw=True)
        for name in _REFERENCE.findall(to_text(value))
    }


def _suggestion(section, key, instance):
    """Return the nearest known key, as the end of a message; without one, an empty text."""
    import difflib  # slow to import, needed for mistakes only

    here = _settings_of(section, instance)
    meant = {}
    # Of two settings of the same name, that of this section.
    for name, declared in sorted(SETTINGS.items(), key=lambda item: item[1] in here):
        for alias in (declared.key, declared.argument, name.replace("get_", "", 1)):
            meant[alias] = declared
    for alias in difflib.get_close_matches(key, meant, 1):
        right_section, right_key, _ = meant[alias].names(instance, "PLATFORM")
        elsewhere = "" if meant[alias] in here else " of [%s]" % right_section
        return "; did you mean %s%s?" % (right_key, elsewhere)
    return ""
