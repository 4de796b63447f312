"""The page for a browser, as HTTP; tests/system/test_page_browser.py looks at it."""

import pytest
import requests

from osbs.sandbox import testing
from osbs.sandbox.http.control import KEY_HEADER
from osbs.sandbox.http.page import builds


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox with a page, and with one build that has ended."""
    with testing.running(page_port=0) as running:
        running.script(
            "*", lines=["first", "x y platform:x86_64 - a - INFO - b", "last \x1b[2J<b>"]
        )
        repository = running.make_repository()
        build = running.osbs.create_orchestrator_build(**running.build_arguments(repository))
        running.name = build.get_build_name()
        running.osbs.wait_for_build_to_finish(running.name)
        yield running


@pytest.fixture
def page(sandbox):
    """URL of the page, ends in a slash."""
    return sandbox.server.page.url


def get(url, **kwargs):
    return requests.get(url, timeout=20, **kwargs)


def test_the_page_needs_nothing_from_elsewhere(page):
    policy = get(page).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "http" not in policy
    for name in ("", "page.css", "page.js"):
        assert "//" not in get(page + name).text.replace("// ", "")


def test_text_gets_into_the_page_by_text_content_only(page):
    script = get(page + "page.js").text
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script


@pytest.mark.parametrize("path", ["page.html", "..%2fcontrol.py", "__init__.py", "oapi/v1"])
def test_nothing_else_is_served(page, path):
    assert get(page + path).status_code == 404


def test_a_foreign_host_sees_no_data(page):
    assert get(page + "_sandbox/page", headers={"Host": "example.com"}).status_code == 403


def test_a_foreign_page_sees_no_data(page):
    origin = {"Origin": "http://example.com"}
    assert get(page + "_sandbox/page", headers=origin).status_code == 403


def test_the_overview_has_the_build_and_the_requests(page, sandbox):
    overview = get(page + "_sandbox/page").json()
    (build,) = overview["builds"]
    assert (build["name"], build["phase"], build["parent"]) == (sandbox.name, "Complete", None)
    assert any(
        request["path"].rstrip("/").endswith("/builds/" + sandbox.name)
        for request in overview["requests"]
    )
    assert overview["scripted"] is True and "status" in overview["kinds"]


def test_the_log_is_split_by_platform(page, sandbox):
    log = get(page + "_sandbox/log/osbs/" + sandbox.name).json()
    assert log["lines"] == [[None, "first"], ["x86_64", "b"], [None, "last \x1b[2J<b>"]]
    assert (log["next"], log["ended"]) == (3, True)


def test_the_log_goes_on_where_the_page_stopped(page, sandbox):
    log = get(page + "_sandbox/log/osbs/{}/2".format(sandbox.name)).json()
    assert [text for _, text in log["lines"]] == ["last \x1b[2J<b>"]


def test_a_negative_number_counts_lines_from_the_end(page, sandbox):
    log = get(page + "_sandbox/log/osbs/{}/-1".format(sandbox.name)).json()
    assert ([text for _, text in log["lines"]], log["next"]) == (["last \x1b[2J<b>"], 3)
    assert len(get(page + "_sandbox/log/osbs/{}/-9".format(sandbox.name)).json()["lines"]) == 3


def test_a_huge_line_is_truncated(page, sandbox):
    pod = sandbox.server.store.get("pods", "osbs", sandbox.name + "-build")
    log = sandbox.server.cluster.logs.of(pod)
    log.closed = False
    sandbox.server.call(log.write, b"x" * 10**6 + b"\n")
    sandbox.server.call(log.close)
    (line,) = get(page + "_sandbox/log/osbs/{}/3".format(sandbox.name)).json()["lines"]
    assert len(line[1]) < 10000


def test_of_builds_of_the_same_second_the_newer_one_is_first():
    found = [
        {
            "metadata": {"namespace": "p", "name": name, "uid": name, "creationTimestamp": "now"},
            "spec": {"strategy": {}},
            "status": {"phase": "New"},
        }
        for name in ("x-1", "x-2")
    ]
    assert [build["name"] for build in builds.summaries(found, 2)] == ["x-2", "x-1"]


def test_a_build_that_is_not_there_is_named(page):
    response = get(page + "_sandbox/log/osbs/nosuch/0")
    assert (response.status_code, response.json()) == (
        404,
        {"error": "build 'nosuch' not found in 'osbs'"},
    )


def test_a_running_build_is_cancelled(sandbox, page):
    sandbox.script("*", duration=60)
    repository = sandbox.make_repository("other")
    build = sandbox.osbs.create_orchestrator_build(**sandbox.build_arguments(repository))
    wanted = {"namespace": "osbs", "build": build.get_build_name()}
    assert requests.post(page + "_sandbox/cancel", json=wanted, timeout=20).json() == {}
    build = sandbox.osbs.wait_for_build_to_finish(build.get_build_name())
    assert build.is_cancelled()


def test_with_a_control_key_the_page_knows_it_and_others_see_nothing():
    with testing.running(page_port=0, control_key="k") as sandbox:
        url, _, key = sandbox.server.page.url.partition("#key=")
        assert key == "k"
        assert get(url + "_sandbox/page").status_code == 403
        assert get(url + "_sandbox/page", headers={KEY_HEADER: "k"}).status_code == 200


def test_without_being_asked_for_there_is_no_page():
    with testing.running() as sandbox:
        assert sandbox.server.page.url is None
