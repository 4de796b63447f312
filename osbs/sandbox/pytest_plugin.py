"""
pytest plugin (entry point ``pytest11``): the fixture ``osbs_sandbox``.

pytest imports it wherever osbs-client is installed, so it works on every Python that osbs supports
and without the extra ``sandbox``. Only the fixture needs Python 3 and the extra.
"""

from __future__ import absolute_import, print_function, unicode_literals

import pytest

MARKER = "osbs_sandbox"
OPTIONS = (
    "faults",
    "processes",
    "separate",
    "tls",
    "oapi",
    "api",
    "namespace",
    "users",
    "token_lifetime",
    "closed_registry",
    "speed",
)
_HELP = "osbs_sandbox(**options): options of the fixture osbs_sandbox: " + ", ".join(OPTIONS)


def pytest_configure(config):
    """Register the marker."""
    config.addinivalue_line(str("markers"), str(_HELP))


@pytest.fixture
def osbs_sandbox(request):
    """
    A sandbox for this test only, an osbs.sandbox.testing.SandboxHandle.

    Options come from the marker: ``@pytest.mark.osbs_sandbox(oapi=False)``. A requested
    fault that never happened fails the test. With ``separate=True`` it is a child process.
    """
    try:
        from osbs.sandbox import testing
    except (ImportError, SyntaxError) as exc:
        pytest.fail(
            "the fixture osbs_sandbox needs Python 3.6 or newer and the extra: "
            'pip install "osbs-client[sandbox]" ({})'.format(exc)
        )
    marker = request.node.get_closest_marker(MARKER)
    options = dict(marker.kwargs if marker else {})
    start = testing.serving if options.pop("separate", False) else testing.running
    with start(**options) as sandbox:
        yield sandbox
