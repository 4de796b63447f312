"""
The initial contents of a sandbox and its files: a small installation of OSBS.

One project for orchestrator builds and one for the worker builds of each platform. A project stands
for a platform's cluster: in a single project all platforms of a repository would share one
BuildConfig, because its name does not contain the platform. Each project has the reactor config map
and the secrets that it refers to. The files are an ``osbs.conf`` and, for the demo, a git
repository.
"""

import configparser
import os
import subprocess

import yaml

PLATFORMS = ("x86_64", "ppc64le")
#: platform -> (architecture in registries, whether v1 images are enabled)
DESCRIPTORS = {"x86_64": ("amd64", True), "ppc64le": ("ppc64le", False)}
REACTOR_CONFIG_MAP = "reactor-config-map"
CLIENT_CONFIG_SECRET = "client-config-secret"
#: in the order of a BuildConfig
REQUIRED_SECRETS = (CLIENT_CONFIG_SECRET, "kojisecret", "v2-registry-dockercfg")
REGISTRY = "127.0.0.1:5000"
COMPONENT = "docker-hello-world"
BRANCH = "osbs-box-demo"

DOCKERFILE = """\
FROM fedora:latest

LABEL name="sandbox/hello-world" \\
      com.redhat.component="docker-hello-world" \\
      version="1.0" \\
      release="1"

RUN echo "gr\u00fc\u00df dich" > /etc/motd
CMD ["cat", "/etc/motd"]
"""


def worker_namespace(namespace, platform):
    """Return the project of a platform's worker builds, a valid DNS label."""
    return "{}-{}".format(namespace, platform.replace("_", "-"))


def namespaces(namespace):
    """Return all projects of the installation, that of the orchestrator first."""
    return [namespace] + [worker_namespace(namespace, platform) for platform in PLATFORMS]


def cluster_name(platform):
    """Return the name of a platform's cluster, a section of the client configuration."""
    return "worker_" + platform


def reactor_config(url):
    """
    Return the configuration of atomic-reactor, as a dict.

    :param url: str, base URL of the server
    """
    return {
        "version": 1,
        "clusters": {
            platform: [{"name": cluster_name(platform), "max_concurrent_builds": 4}]
            for platform in PLATFORMS
        },
        "clusters_client_config_dir": "/var/run/secrets/atomic-reactor/" + CLIENT_CONFIG_SECRET,
        "koji": {
            "hub_url": url + "kojihub",
            "root_url": url + "kojifiles",
            "auth": {"ssl_certs_dir": "/var/run/secrets/atomic-reactor/kojisecret"},
        },
        "openshift": {"url": url, "build_json_dir": "/usr/share/osbs/", "auth": {"enable": True}},
        "registries": [
            {
                "url": "https://{}/v2".format(REGISTRY),
                "auth": {"cfg_path": "/var/run/secrets/atomic-reactor/v2-registry-dockercfg"},
            }
        ],
        "source_registry": {"url": "http://127.0.0.1:5001"},
        "content_versions": ["v1", "v2"],
        "image_labels": {"vendor": "Red Hat, Inc.", "distribution-scope": "public"},
        "required_secrets": list(REQUIRED_SECRETS),
        "worker_token_secrets": [],
    }


def server_keys(sandbox):
    """
    Return the keys of ``osbs.conf`` for the connection to a sandbox.

    :param sandbox: osbs.sandbox.install.installation.Installation, started
    """
    keys = {"openshift_url": sandbox.url, "use_auth": "true", "use_kerberos": "false"}
    keys["verify_ssl"] = "true" if sandbox.ca else "false"
    if sandbox.ca:
        keys["ca_bundle"] = sandbox.ca
    if sandbox.api != "oapi":
        keys["openshift_api"] = sandbox.api
    return keys


def client_configuration(sandbox):
    """Return the ``osbs.conf`` that an orchestrator build uses for the worker clusters."""
    sections = {"general": {"verbose": "0"}}
    for platform in PLATFORMS:
        sections[cluster_name(platform)] = dict(
            build_settings(sandbox),
            namespace=worker_namespace(sandbox.namespace, platform),
        )
    return ini_text(dict(sections, **platform_sections()))


def user_configuration(sandbox, **general):
    """
    Return an ``osbs.conf`` for users, with the sections and keys of a real one.

    :param sandbox: osbs.sandbox.install.installation.Installation, started
    :param general: str, further keys of section general
    """
    general_keys = dict({"verbose": "0", "openshift_required_version": "1.0.6"}, **general)
    default = dict(
        build_settings(sandbox),
        # Not for workers: the orchestrator build tells them its own.
        build_from="image:local_buildroot:latest",
        build_type="prod",
        can_orchestrate="true",
        client_config_secret=CLIENT_CONFIG_SECRET,
        namespace=sandbox.namespace,
        username=sandbox.user,
        password=sandbox.password,
    )
    sections = dict(platform_sections(), general=general_keys, default=default)
    return ini_text(sections)


def build_settings(sandbox):
    """Return the keys that orchestrator and worker builds share."""
    return dict(
        server_keys(sandbox),
        authoritative_registry="registry.fedoraproject.org",
        distribution_scope="public",
        koji_certs_secret="kojisecret",
        koji_hub=sandbox.url + "kojihub",
        koji_root=sandbox.url + "kojifiles",
        reactor_config_map=REACTOR_CONFIG_MAP,
        registry_api_versions="v1,v2",
        registry_secret="v2-registry-dockercfg",
        registry_uri="https://{}/v2".format(REGISTRY),
        source_registry_uri="http://127.0.0.1:5001",
        sources_command="rhpkg sources",
        vendor="Red Hat, Inc.",
    )


def platform_sections():
    """Return the sections that describe the platforms."""
    return {
        "platform:" + platform: {"architecture": architecture, "enable_v1": str(v1).lower()}
        for platform, (architecture, v1) in DESCRIPTORS.items()
    }


def ini_text(sections):
    """
    Return sections as text that :class:`osbs.conf.Configuration` reads.

    :param sections: dict, section -> dict of str; ``%`` in values is escaped
    """
    lines = []
    for section in sorted(sections, key=lambda name: (name != "general", name)):
        lines.append("[{}]".format(section))
        for key, value in sorted(sections[section].items()):
            lines.append("{} = {}".format(key, value.replace("%", "%%")))
        lines.append("")
    text = "\n".join(lines)
    configparser.ConfigParser().read_string(text)
    return text


def secrets(sandbox):
    """Return the secrets of every project: name -> {file name: bytes}."""
    return {
        CLIENT_CONFIG_SECRET: {"osbs.conf": client_configuration(sandbox).encode("utf-8")},
        "kojisecret": {"serverca": b"pretended\n", "cert": b"pretended\n"},
        "v2-registry-dockercfg": {".dockercfg": b"{}"},
    }


def make_repository(path, files=None, branch=BRANCH):
    """
    Create a git repository with one commit.

    :param path: str, directory, created if missing
    :param files: dict, file name -> text; None: a Dockerfile with all labels
    :param branch: str
    :return: str, URI of the repository
    """
    os.makedirs(path, exist_ok=True)
    for name, text in ({"Dockerfile": DOCKERFILE} if files is None else files).items():
        with open(os.path.join(path, name), "w", encoding="utf-8") as stream:
            stream.write(text)
    _git(path, "init", "-q")
    _git(path, "symbolic-ref", "HEAD", "refs/heads/" + branch)
    _git(path, "add", "--all")
    _git(path, "commit", "-q", "--allow-empty", "-m", "Say hello")
    return "file://" + os.path.abspath(path)


def _git(path, *arguments):
    identity = {
        "GIT_{}_{}".format(role, field): value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in (("NAME", "OSBS sandbox"), ("EMAIL", "sandbox@localhost"))
    }
    environment = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull)
    environment.update(identity)
    subprocess.run(
        ["git", "-C", path] + list(arguments),
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def reactor_config_text(url):
    """Return :func:`reactor_config` as YAML, the value of key ``config.yaml``."""
    return yaml.safe_dump(reactor_config(url), default_flow_style=False)
