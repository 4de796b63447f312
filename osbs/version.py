"""The version of osbs-client."""

from __future__ import absolute_import, print_function, unicode_literals

__version__ = str("0.47.0")
