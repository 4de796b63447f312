"""A ConfigMap of the server, decoded."""

from __future__ import absolute_import, print_function, unicode_literals

from osbs import _documents, _json
from osbs._typing import Any, Dict  # noqa: F401
from osbs.constants import MAX_CONFIG_DOCUMENT_SIZE
from osbs.utils import get_path


class ConfigMapResponse(object):
    """Wrap the JSON of a ConfigMap, whose data are texts in YAML or JSON."""

    def __init__(self, config_map):
        # type: (Dict[str, Any]) -> None
        """
        :param config_map: dict, the ConfigMap as the server sent it
        """
        self._json = config_map

    @property
    def json(self):
        # type: () -> Dict[str, Any]
        """Return the ConfigMap as it was given."""
        return self._json

    def is_yaml(self, name):
        # type: (str) -> bool
        """Tell by its name whether an entry is YAML; all others are JSON.

        :param name: str, name of an entry
        """
        return name.rsplit(".", 1)[-1] in ("yaml", "yml")

    def get_data(self):
        # type: () -> Dict[str, Any]
        """Return all entries, decoded.

        :raises ValueError: when an entry is not JSON, or exceeds a limit
        :raises yaml.YAMLError: when an entry is not YAML
        """
        entries = get_path(self._json, "data") or {}
        return {name: self._decode(name, text) for name, text in entries.items()}

    def get_data_by_key(self, name):
        # type: (str) -> Any
        """Return one entry, decoded; ``{}`` when there is none or it is an empty YAML document.

        :param name: str, name of the entry
        :raises ValueError: when the entry is not JSON, or exceeds a limit
        :raises yaml.YAMLError: when the entry is not YAML
        """
        entries = get_path(self._json, "data") or {}
        if name not in entries:
            return {}
        value = self._decode(name, entries[name])
        return {} if value is None and self.is_yaml(name) else value

    def _decode(self, name, text):
        if self.is_yaml(name):
            return _documents.load_yaml(text, name, MAX_CONFIG_DOCUMENT_SIZE)
        _documents.check_size(text, MAX_CONFIG_DOCUMENT_SIZE, name)
        return _json.load_json(text)
