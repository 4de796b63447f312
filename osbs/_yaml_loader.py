"""YAML of bounded cost, the same on every version of PyYAML; used by ``osbs._documents``."""

from __future__ import absolute_import, print_function, unicode_literals

import yaml
from yaml.composer import Composer
from yaml.constructor import ConstructorError

from osbs._compat import exception_text
from osbs.constants import MAX_DEPTH, MAX_NUMBER_DIGITS, MAX_YAML_NODES
from osbs._documents import DocumentLimitError
from osbs._typing import Any  # noqa: F401

_MERGE_TAG = "tag:yaml.org,2002:merge"
_NUMBER_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


_SafeLoader = yaml.SafeLoader  # type: Any

if hasattr(yaml, "CSafeLoader"):  # libyaml, ten times as fast; not every PyYAML has it

    class _LibyamlLoader(Composer, yaml.CSafeLoader):
        # With the Composer of the other loader: nothing can be counted in that of libyaml.
        def __init__(self, stream):
            Composer.__init__(self)
            yaml.CSafeLoader.__init__(self, stream)

    _SafeLoader = _LibyamlLoader


class _BoundedLoader(_SafeLoader):
    def __init__(self, stream):
        super(_BoundedLoader, self).__init__(stream)
        self._count = 0
        self._depth = 0
        # Values that finished nodes stand for.
        self._sizes = {}  # type: dict

    def compose_node(self, parent, index):
        # An alias counts as many values as it stands for: as many are looked at later.
        is_alias = self.check_event(yaml.AliasEvent)
        before = self._count
        self._count += 0 if is_alias else 1
        self._depth += 1
        self._check_limits()
        node = super(_BoundedLoader, self).compose_node(parent, index)
        self._depth -= 1
        if not is_alias:
            self._sizes[node] = self._count - before
        elif node in self._sizes:
            self._count += self._sizes[node]
            self._check_limits()
        else:
            raise DocumentLimitError("is part of itself")
        return node

    def _check_limits(self):
        if self._count > MAX_YAML_NODES:
            raise DocumentLimitError("has more than %d values" % MAX_YAML_NODES)
        if self._depth > MAX_DEPTH + 1:
            raise DocumentLimitError("is nested too deeply")

    def flatten_mapping(self, node):
        # Replaces the method of PyYAML: which of several merged mappings wins there depends on the
        # version. YAML says that the first does, and keys of the mapping itself before all.
        own, merged = [], []  # type: Any
        for key, value in node.value:
            if key.tag != _MERGE_TAG:
                own.append((key, value))
                continue
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for source in reversed(sources):
                if not isinstance(source, yaml.MappingNode):
                    raise ConstructorError(
                        None, None, "expected mappings for merging", value.start_mark
                    )
                self.flatten_mapping(source)
                merged.extend(source.value)
        node.value = merged + own
        super(_BoundedLoader, self).flatten_mapping(node)

    def construct_scalar(self, node):
        # The time that int() takes grows with the square of the digits.
        if node.tag in _NUMBER_TAGS and len(node.value) > MAX_NUMBER_DIGITS:
            raise yaml.YAMLError("a number of more than %d digits" % MAX_NUMBER_DIGITS)
        return super(_BoundedLoader, self).construct_scalar(node)


def load(content, where):
    # type: (Any, str) -> Any
    """Parse YAML with nothing but plain values.

    :param content: bytes or text
    :param where: str, name of the document
    :return: what the document holds; None when it is empty
    :raises DocumentLimitError: too many values, or nested too deeply
    :raises yaml.YAMLError: not YAML, or not of plain values
    """
    try:
        return yaml.load(content, Loader=_BoundedLoader)  # noqa: S506, it is a safe one
    except DocumentLimitError as ex:
        raise DocumentLimitError("%s: %s" % (where, ex.message))
    except yaml.YAMLError:
        raise
    except Exception as ex:  # anything, from AttributeError to ValueError, for hostile scalars
        raise yaml.YAMLError("a value cannot be read: %s" % exception_text(ex))
