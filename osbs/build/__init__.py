"""What a build is made from, and what the server says about it.

``spec``, ``user_params``: parameters (tables in ``params``); ``build_request``,
``build_requestv2``: the BuildConfig that is sent; ``manipulate``, ``plugins_configuration``: the
plugins of the pod (one document class in ``plugins``, rules in ``rules``, ``rules_v1`` and
``rules_v2``); ``*_response``: wrappers of the server's JSON; ``templates``: the files of inputs/.

Knows nothing of HTTP and reads no files other than templates.
"""

from __future__ import absolute_import, print_function, unicode_literals

from osbs.build.build_response import BuildResponse  # noqa: F401
from osbs.build.pod_response import PodResponse  # noqa: F401

__all__ = [str("BuildResponse"), str("PodResponse")]
