"""What a repository says about its image: labels and base image."""

from __future__ import absolute_import, print_function, unicode_literals

import six

from osbs import utils
from osbs.exceptions import OsbsValidationException
from osbs._redact import mask_uri

_REQUIRED_LABELS = (
    utils.Labels.LABEL_TYPE_NAME,
    utils.Labels.LABEL_TYPE_COMPONENT,
    utils.Labels.LABEL_TYPE_VERSION,
)


def labels_and_base_image(repo_info):
    """Read the labels that a build needs, and the base image, from the Dockerfile.

    :param repo_info: RepoInfo with a Dockerfile parser
    :return: tuple of dict (label type -> text) and text (base image)
    :raises OsbsValidationException: a label is missing, the name looks like a registry's, or the
        Dockerfile cannot be parsed
    """
    parser = repo_info.dockerfile_parser
    labels = utils.Labels(parser.labels)
    found, missing = {}, []
    for label_type in _REQUIRED_LABELS:
        try:
            found[label_type] = labels.get_name_and_value(label_type)[1]
        except KeyError:
            missing.append(labels.get_name(label_type))
    if missing:
        raise OsbsValidationException(
            "required label missing from the Dockerfile: %s" % ", ".join(missing)
        )
    _check_name(found[utils.Labels.LABEL_TYPE_NAME])
    return found, parser.baseimage


def _check_name(name):
    first_part = name.split("/", 1)[0]
    if "." in first_part:
        raise OsbsValidationException(
            "image name '%s' in the Dockerfile: its first part '%s' has a dot and would be taken "
            "for a registry" % (name, first_part)
        )


def require_dockerfile(repo_info, git_uri, git_branch, git_ref):
    """Refuse a repository without a Dockerfile.

    :raises OsbsValidationException: naming repository, branch and ref
    """
    if repo_info.dockerfile_parser is None:
        raise OsbsValidationException(
            "no Dockerfile in git repository '%s' (branch '%s', ref '%s')"
            % (mask_uri(git_uri), git_branch, git_ref)
        )


def flatpak_module(container):
    # type: (dict) -> str
    """Return the module of a Flatpak build: the first one that container.yaml lists.

    :param container: dict, parsed container.yaml
    :raises OsbsValidationException: none listed, or the key is not of the right type
    """
    modules = utils.get_path(container, "compose", "modules")
    if not modules:
        raise OsbsValidationException('"compose" config is missing "modules", required for Flatpak')
    if not isinstance(modules, list) or not isinstance(modules[0], six.string_types):
        raise OsbsValidationException(
            'container.yaml: "modules" of "compose" must be a list of NAME:STREAM[:VERSION]'
        )
    return modules[0]
