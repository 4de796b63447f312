"""The fixture osbs_sandbox as another project uses it, and the context manager behind it."""

import os
import sys

import pytest

from osbs.sandbox import pytest_plugin, testing

pytest.importorskip("aiohttp")
pytest_plugins = ["pytester"]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def project(pytester, monkeypatch):
    """A project whose tests run with the plugin and no other."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", ROOT)

    def run(source):
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-p", "osbs.sandbox.pytest_plugin", "--strict-markers")

    return run


def test_a_build_in_a_test_of_a_plugin_succeeds(project):
    project("""
        def test_build(osbs_sandbox):
            repository = osbs_sandbox.make_repository()
            arguments = osbs_sandbox.build_arguments(repository)
            build = osbs_sandbox.osbs.create_orchestrator_build(**arguments)
            build = osbs_sandbox.osbs.wait_for_build_to_finish(build.get_build_name())
            assert build.is_succeeded()
        """).assert_outcomes(passed=1)


def test_a_scripted_failure_is_seen_as_its_plugin(project):
    project("""
        def test_failure(osbs_sandbox):
            osbs_sandbox.script(failing_plugin='squash', message='no space left')
            repository = osbs_sandbox.make_repository()
            arguments = osbs_sandbox.build_arguments(repository)
            build = osbs_sandbox.osbs.create_orchestrator_build(**arguments)
            build = osbs_sandbox.osbs.wait_for_build_to_finish(build.get_build_name())
            assert build.get_error_message() == 'Error in plugin squash: no space left'
        """).assert_outcomes(passed=1)


def test_log_lines_of_each_platform_are_told_apart(project):
    project("""
        def test_logs(osbs_sandbox):
            osbs = osbs_sandbox.osbs
            arguments = osbs_sandbox.build_arguments(osbs_sandbox.make_repository())
            name = osbs.create_orchestrator_build(**arguments).get_build_name()
            entries = list(osbs.get_orchestrator_build_logs(name, follow=True))
            assert {e.platform for e in entries} == {None, 'x86_64', 'ppc64le'}
            assert any('gr\\xfc\\xdf' in e.line for e in entries)
        """).assert_outcomes(passed=1)


def test_a_fault_that_fired_passes(project):
    project("""
        import pytest, requests

        @pytest.mark.osbs_sandbox(faults=[{'kind': 'status', 'status': 503, 'path': 'users'}])
        def test_fault(osbs_sandbox):
            url = osbs_sandbox.url + 'oapi/v1/users/~'
            assert requests.get(url, verify=osbs_sandbox.ca).status_code == 503
        """).assert_outcomes(passed=1)


def test_a_fault_that_never_fired_fails_the_test_that_asked_for_it(project):
    result = project("""
        import pytest

        @pytest.mark.osbs_sandbox(faults=[{'kind': 'status', 'status': 503}])
        def test_fault(osbs_sandbox):
            pass
        """)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*UnfiredFaults: faults that never happened: *status*"])


def test_options_of_the_marker_reach_the_server(project):
    project("""
        import pytest

        @pytest.mark.osbs_sandbox(tls=False, oapi=False, namespace='ham')
        def test_options(osbs_sandbox):
            assert osbs_sandbox.url.startswith('http://')
            assert osbs_sandbox.configuration().get_namespace() == 'ham'
            assert osbs_sandbox.configuration().get_openshift_api() == 'apis'
        """).assert_outcomes(passed=1)


@pytest.mark.usefixtures("own_tmpdir")
def test_the_fixture_can_be_a_process_that_is_killed_and_restarted(project):
    project("""
        import pytest

        @pytest.mark.osbs_sandbox(separate=True, namespace='ham')
        def test_crash(osbs_sandbox):
            osbs_sandbox.kill()
            osbs_sandbox.start()
            assert osbs_sandbox.osbs.list_builds() == []
            assert osbs_sandbox.namespace == 'ham'
        """).assert_outcomes(passed=1)


def test_without_the_extra_the_fixture_says_what_to_install(project, pytester):
    pytester.makepyfile(aiohttp='raise ImportError("No module named aiohttp")')
    result = project("""
        def test_plain():
            pass

        def test_sandbox(osbs_sandbox):
            pass
        """)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(['*pip install "osbs-client?sandbox?"*'])


def test_importing_the_plugin_imports_nothing_of_the_extra(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ROOT)
    code = (
        "import sys, osbs.sandbox.pytest_plugin\n"
        'print(sorted({"aiohttp", "trustme", "asyncio", "requests"} & set(sys.modules)))'
    )
    result = pytester.run(sys.executable, "-c", code)
    assert result.outlines == ["[]"]


def test_the_context_manager_needs_no_pytest():
    with testing.running() as sandbox:
        assert sandbox.configuration().get_openshift_base_uri() == sandbox.url


def test_a_token_that_login_stored_for_another_server_is_not_used(home):
    home.mkdir(".osbs").join("default.token").write("of another server")
    with testing.running() as sandbox:
        assert sandbox.osbs.list_builds() == []


def test_the_context_manager_raises_for_a_fault_that_never_fired():
    with pytest.raises(testing.UnfiredFaults):
        with testing.running(faults=[{"kind": "delay", "seconds": 1}]):
            pass


def test_an_error_in_the_block_is_not_hidden_by_a_fault_that_never_fired():
    with pytest.raises(ZeroDivisionError):
        with testing.running(faults=[{"kind": "delay", "seconds": 1}]):
            1 / 0


def test_nothing_is_left_of_a_sandbox_that_ended():
    with testing.running() as sandbox:
        directory = sandbox.directory
    assert not os.path.exists(directory)


@pytest.mark.parametrize("separate", [False, True])
def test_every_option_of_the_marker_is_understood(project, separate):
    options = {
        "api": "auto",
        "open_registry": True,
        "faults": [{"kind": "delay", "seconds": 0}],
        "namespace": "ham",
        "oapi": True,
        "processes": False,
        "separate": separate,
        "speed": 2.0,
        "tls": True,
        "token_lifetime": 60,
        "users": [("eva", "secret", "view")],
    }
    assert sorted(options) == sorted(pytest_plugin.OPTIONS)
    project("""
        import pytest

        @pytest.mark.osbs_sandbox(**{!r})
        def test_options(osbs_sandbox):
            conf = osbs_sandbox.configuration(username='eva', password='secret')
            from osbs.api import OSBS
            assert OSBS(conf, conf).get_user()['metadata']['name'] == 'eva'
        """.format(options)).assert_outcomes(passed=1)


def test_a_failing_test_shows_its_requests_and_the_logs_of_its_builds(project):
    result = project("""
        def test_build(osbs_sandbox):
            osbs_sandbox.script(lines=['this is the log'])
            arguments = osbs_sandbox.build_arguments(osbs_sandbox.make_repository())
            build = osbs_sandbox.osbs.create_orchestrator_build(**arguments)
            osbs_sandbox.osbs.wait_for_build_to_finish(build.get_build_name())
            assert False
        """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*osbs_sandbox: newest requests*",
            "GET /oapi/v1/* -> 200",
            "*is Complete*",
            "this is the log",
        ]
    )


def test_a_failing_test_shows_the_end_of_a_long_log(project):
    result = project("""
        def test_build(osbs_sandbox):
            osbs_sandbox.script(lines=['line %d' % number for number in range(3000)])
            arguments = osbs_sandbox.build_arguments(osbs_sandbox.make_repository())
            build = osbs_sandbox.osbs.create_orchestrator_build(**arguments)
            osbs_sandbox.osbs.wait_for_build_to_finish(build.get_build_name())
            assert False
        """)
    result.stdout.fnmatch_lines(["line 2998", "line 2999"])


def test_the_marker_is_not_for_the_sandbox_of_the_session(project):
    result = project("""
        import pytest

        @pytest.mark.osbs_sandbox(oapi=False)
        def test_build(osbs_sandbox_session):
            pass
        """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["marker osbs_sandbox: its options are for the fixture osbs_*"])


def test_a_misspelt_option_of_the_marker_is_one_line(project):
    result = project("""
        import pytest

        @pytest.mark.osbs_sandbox(oapy=False)
        def test_build(osbs_sandbox):
            pass
        """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["marker osbs_sandbox: unknown option 'oapy'; did you mean 'oapi'?"]
    )


def test_the_sandbox_of_the_session_is_empty_before_each_test(project):
    project("""
        import pytest

        seen = []

        @pytest.mark.parametrize('number', [1, 2])
        def test_build(osbs_sandbox_session, number):
            sandbox = osbs_sandbox_session
            assert sandbox.osbs.list_builds() == []
            arguments = sandbox.build_arguments(sandbox.make_repository())
            sandbox.osbs.create_orchestrator_build(**arguments)
            seen.append(sandbox.url)
            assert len(set(seen)) == 1
        """).assert_outcomes(passed=2)


def test_the_client_repeats_soon(project):
    project("""
        import time

        def test_retry(osbs_sandbox):
            osbs_sandbox.faults.status(503, count=3, path='/users/')
            begun = time.monotonic()
            osbs_sandbox.osbs.get_user()
            assert time.monotonic() - begun < 10  # else 4 + 8 + 16 seconds
        """).assert_outcomes(passed=1)
