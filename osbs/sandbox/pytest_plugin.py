"""
pytest plugin (entry point ``pytest11``): the fixtures ``osbs_sandbox``, for one test, and
``osbs_sandbox_session``, for all of them.

pytest imports it wherever osbs-client is installed, so it works on every Python that osbs supports
and without the extra ``sandbox``. Only the fixtures need Python 3 and the extra.
"""

from __future__ import absolute_import, print_function, unicode_literals

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator  # noqa: F401

    from osbs.sandbox.testing import SandboxHandle  # noqa: F401

MARKER = "osbs_sandbox"
FIXTURES = ("osbs_sandbox", "osbs_sandbox_session")
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
    "open_registry",
    "speed",
)
_HELP = "osbs_sandbox(**options): options of the fixture osbs_sandbox: " + ", ".join(OPTIONS)

#: the newest requests and lines of logs that a failing test shows
SHOWN = 50


def pytest_configure(config):
    # type: (Any) -> None
    """Register the marker."""
    config.addinivalue_line(str("markers"), str(_HELP))


def _started(options):
    # type: (dict) -> Any
    try:
        from osbs.sandbox import testing
        from osbs.sandbox.kinds.validation import unknown
    except (ImportError, SyntaxError) as exc:
        pytest.fail(
            "the fixture osbs_sandbox needs Python 3.6 or newer and the extra: "
            'pip install "osbs-client[sandbox]" ({})'.format(exc)
        )
    for name in options:
        if name not in OPTIONS:
            pytest.fail(
                "marker osbs_sandbox: unknown option {!r}{}".format(name, unknown(name, OPTIONS)),
                pytrace=False,
            )
    start = testing.serving if options.pop("separate", False) else testing.running
    return start(**options)


@pytest.fixture
def osbs_sandbox(request):
    # type: (Any) -> Iterator[SandboxHandle]
    """
    A sandbox for this test only, an osbs.sandbox.testing.SandboxHandle.

    Options come from the marker: ``@pytest.mark.osbs_sandbox(oapi=False)``. A requested
    fault that never happened fails the test. With ``separate=True`` it is a child process.
    """
    marker = request.node.get_closest_marker(MARKER)
    with _started(dict(marker.kwargs if marker else {})) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def _osbs_sandbox_of_the_session():
    # type: () -> Iterator[SandboxHandle]
    with _started({}) as sandbox:
        yield sandbox


@pytest.fixture
def osbs_sandbox_session(request, _osbs_sandbox_of_the_session):
    # type: (Any, SandboxHandle) -> Iterator[SandboxHandle]
    """
    A sandbox that all tests share, emptied before each of them by its method ``reset``.

    A requested fault that never happened fails the test that asked for it.
    """
    if request.node.get_closest_marker(MARKER) and "osbs_sandbox" not in request.fixturenames:
        pytest.fail(
            "marker osbs_sandbox: its options are for the fixture osbs_sandbox, not for the one of "
            "the session",
            pytrace=False,
        )
    _osbs_sandbox_of_the_session.reset()
    yield _osbs_sandbox_of_the_session
    _osbs_sandbox_of_the_session.check_faults()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    # type: (Any, Any) -> Any
    """Let a failing test show what its sandbox was asked and what its builds printed."""
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    for name in FIXTURES:
        sandbox = getattr(item, "funcargs", {}).get(name)
        if sandbox is not None:
            report.sections += _sections(sandbox)


def _sections(sandbox):
    # type: (SandboxHandle) -> list
    from osbs.sandbox.install.handle import summary

    try:
        requests = [summary(request) for request in sandbox.requests][-SHOWN:]
        sections = [("osbs_sandbox: newest requests", "\n".join(requests))]
        for build in sandbox.command("GET", "page")["builds"]:
            path = "log/{}/{}/-{}".format(build["namespace"], build["name"], SHOWN)
            lines = sandbox.command("GET", path)["lines"]
            title = "osbs_sandbox: build {} is {}".format(build["name"], build["phase"])
            sections.append((title, "\n".join(text for _, text in lines)))
        return sections
    except Exception as exc:  # the test's own failure is what must be seen
        return [("osbs_sandbox", "cannot be asked: {}".format(exc))]
