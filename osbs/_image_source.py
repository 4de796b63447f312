"""What a repository says about its image: its name and component."""

from __future__ import absolute_import, print_function, unicode_literals

from osbs import utils
from osbs.exceptions import OsbsValidationException
from osbs._redact import mask_uri

_REQUIRED_LABELS = (
    utils.Labels.LABEL_TYPE_NAME,
    utils.Labels.LABEL_TYPE_COMPONENT,
    utils.Labels.LABEL_TYPE_VERSION,
)


def name_and_component(parser):
    """Read the labels of a Dockerfile that a build needs.

    :param parser: DockerfileParser
    :return: tuple of text (name of the image) and text (component)
    :raises OsbsValidationException: a label is missing, the name looks like a registry's, or the
        Dockerfile cannot be parsed
    """
    labels = parser.labels
    in_use = [utils.Labels(labels).get_name(label_type) for label_type in _REQUIRED_LABELS]
    missing = [label for label in in_use if label not in labels]
    if missing:
        raise OsbsValidationException(
            "required label missing from the Dockerfile: %s" % ", ".join(missing)
        )
    name, component = [labels[label] for label in in_use[:2]]
    first_part = name.split("/", 1)[0]
    if "." in first_part:
        raise OsbsValidationException(
            "image name '%s' in the Dockerfile: its first part '%s' has a dot and would be taken "
            "for a registry" % (name, first_part)
        )
    return name, component


def require_dockerfile(repo_info, git_uri, git_branch, git_ref):
    """Refuse a repository without a Dockerfile.

    :raises OsbsValidationException: naming repository, branch and ref
    """
    if repo_info.dockerfile_parser is None:
        raise OsbsValidationException(
            "no Dockerfile in git repository '%s' (branch '%s', ref '%s')"
            % (mask_uri(git_uri), git_branch, git_ref)
        )


def flatpak_name(container):
    # type: (dict) -> str
    """Return what a Flatpak is named after: the first module that container.yaml lists.

    :param container: dict, parsed container.yaml
    :raises OsbsValidationException: none listed, or its specification is malformed
    """
    modules = utils.get_path(container, "compose", "modules")
    if not modules:
        raise OsbsValidationException('"compose" config is missing "modules", required for Flatpak')
    return utils.split_module_spec(modules[0])[0]
