"""Modules that are imported when they are first used. Imports nothing of osbs."""

from __future__ import absolute_import, print_function, unicode_literals

import importlib


class LazyModule(object):
    """Stand for a module as a global without importing it.

    The specification names some modules as globals of a module of ours, yet importing them takes
    a good part of the time that ``import osbs.api`` may take.
    """

    def __init__(self, name):
        # type: (str) -> None
        """
        :param name: str, full name of the module
        """
        self._name = name

    def __getattr__(self, attribute):
        # Not kept: who replaces an attribute of the module itself must be obeyed at once.
        return getattr(importlib.import_module(self._name), attribute)
