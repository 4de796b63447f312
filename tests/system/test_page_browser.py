"""The sandbox's page in a real browser: Debian's chromium, driven by selenium."""

from __future__ import absolute_import, print_function, unicode_literals

import base64
import os
import shutil
import tempfile

import pytest

pytest.importorskip("aiohttp")
webdriver = pytest.importorskip("selenium.webdriver")

from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

from osbs.sandbox import testing  # noqa: E402

DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(DRIVER is None, reason="there is no chromedriver on this machine")

SECONDS = 60
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>\u202e\x1b[2J'


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless browser; its console must stay empty of errors."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in (
        "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
        " disable-component-update disable-sync disable-dev-shm-usage no-proxy-server"
    ).split():
        options.add_argument("--" + argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # chromium leaves files in the temporary directory, and a socket, whose path must be short.
    temporary = os.path.join(tempfile.gettempdir(), "c")
    os.symlink(str(tmp_path_factory.mktemp("chromium")), temporary)
    service = webdriver.ChromeService(DRIVER, env=dict(os.environ, TMPDIR=temporary))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()
    os.unlink(temporary)


@pytest.fixture
def sandbox():
    """A sandbox with a page, whose builds take a while."""
    with testing.running(page_port=0) as running:
        yield running


def open_page(browser, sandbox):
    """Open the page of a sandbox; errors of an earlier one are forgotten."""
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(sandbox.server.page.url)


def build(sandbox, **more):
    """Start a build; return its name."""
    arguments = sandbox.build_arguments(sandbox.make_repository(), **more)
    return sandbox.osbs.create_orchestrator_build(**arguments).get_build_name()


def wait(browser, condition):
    """Wait until a function without arguments returns something true; return it."""
    return WebDriverWait(browser, SECONDS, poll_frequency=0.05).until(lambda _: condition())


def text(browser, element):
    return browser.find_element(By.ID, element).text


def errors(browser):
    return [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def keep_picture(browser, name):
    """Keep a picture of the page where OSBS_PICTURES names a directory."""
    if "OSBS_PICTURES" in os.environ:
        size = browser.execute_script("return [innerWidth, document.body.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        wanted = {"captureBeyondViewport": True, "clip": clip}
        data = browser.execute_cdp_cmd("Page.captureScreenshot", wanted)["data"]
        path = os.path.join(os.environ["OSBS_PICTURES"], name + ".png")
        with open(path, "wb") as picture:
            picture.write(base64.b64decode(data))


def test_a_build_is_watched_from_new_to_complete_and_its_log_followed(browser, sandbox):
    sandbox.server.timing.new = 1.0
    sandbox.script("*", duration=2, lines=["one", "two", "three"])
    open_page(browser, sandbox)
    assert "No builds yet" in wait(browser, lambda: text(browser, "no-builds"))
    name = build(sandbox)
    seen, lines = [], []

    def is_complete():
        phase, log = text(browser, "build-phase"), text(browser, "log").splitlines()
        if phase and phase not in seen:
            seen.append(phase)
        if log not in lines:
            lines.append(log)
        return phase == "Complete" and len(log) == 3

    wait(browser, is_complete)
    assert text(browser, "build-title") == name
    assert seen[0] == "New" and seen[-2:] == ["Running", "Complete"]
    assert len(lines) > 2 and lines[-1] == ["one", "two", "three"]
    assert errors(browser) == []


def test_workers_stand_below_their_orchestrator(browser):
    with testing.running(page_port=0, processes=True) as sandbox:
        name = build(sandbox)
        sandbox.osbs.wait_for_build_to_finish(name)
        open_page(browser, sandbox)
        wait(browser, lambda: "koji_import" in text(browser, "timeline"))
        workers = browser.find_elements(By.CSS_SELECTOR, "#builds ul .name")
        assert sorted(worker.text for worker in workers) == ["ppc64le", "x86_64"]
        buttons = browser.find_element(By.ID, "platforms").find_elements(By.TAG_NAME, "button")
        wait(browser, lambda: len(text(browser, "log").splitlines()) > 50)
        next(button for button in buttons if button.text == "x86_64").click()
        assert "orchestrate_build" not in text(browser, "log")
        assert errors(browser) == []
        for width in (400, 1400):
            for scheme in ("light", "dark"):
                feature = [{"name": "prefers-color-scheme", "value": scheme}]
                browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": feature})
                screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
                browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
                script = "return document.documentElement.scrollWidth"
                assert browser.execute_script(script) <= width
                keep_picture(browser, "page-{}-{}".format(width, scheme))
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_fault_is_added_and_happens(browser, sandbox):
    open_page(browser, sandbox)
    form = wait(browser, lambda: browser.find_element(By.ID, "add-fault"))
    wait(browser, lambda: Select(browser.find_element(By.ID, "kind")).options)
    form.find_element(By.NAME, "path").send_keys("/users/")
    form.find_element(By.TAG_NAME, "button").click()
    wait(browser, lambda: "status /users/ status=503" in text(browser, "faults"))
    sandbox.osbs.get_user()
    wait(browser, lambda: "happened 1 of 1 times" in text(browser, "faults"))
    wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#requests tr.bad"))


def test_an_outcome_is_set_and_a_build_fails_with_it(browser, sandbox):
    open_page(browser, sandbox)
    form = wait(browser, lambda: browser.find_element(By.ID, "add-outcome"))
    wait(browser, form.is_displayed)
    form.find_element(By.NAME, "failing_plugin").send_keys("koji_upload")
    form.find_element(By.NAME, "message").send_keys("hub unreachable")
    form.find_element(By.TAG_NAME, "button").click()
    wait(browser, lambda: text(browser, "told") == "outcome set")
    build(sandbox)
    wait(browser, lambda: "koji_upload failed\nhub unreachable" in text(browser, "facts"))


def test_a_build_is_cancelled(browser, sandbox):
    sandbox.script("*", duration=600)
    name = build(sandbox)
    open_page(browser, sandbox)
    wait(browser, lambda: text(browser, "build-phase") == "Running")
    browser.find_element(By.ID, "cancel").click()
    wait(browser, lambda: text(browser, "build-phase") == "Cancelled")
    assert sandbox.osbs.get_build(name).is_cancelled()


def test_a_button_that_was_pressed_keeps_the_focus(browser, sandbox):
    sandbox.script("*", duration=600, interval=0, lines=["x y platform:x86_64 - a - INFO - b"])
    build(sandbox)
    open_page(browser, sandbox)
    for where, shown in (("builds", "Running"), ("platforms", "x86_64")):
        wait(browser, lambda: shown in text(browser, where))
        button = browser.find_elements(By.CSS_SELECTOR, "#%s button" % where)[-1]
        button.send_keys("\n")
        focused = browser.switch_to.active_element
        assert focused.tag_name == "button" and shown in focused.text


def test_after_a_reset_a_build_with_the_same_name_is_followed_anew(browser, sandbox):
    sandbox.script("*", lines=["old"] * 5)
    name = build(sandbox)
    open_page(browser, sandbox)
    wait(browser, lambda: "old" in text(browser, "log"))
    sandbox.osbs.wait_for_build_to_finish(name)
    sandbox.reset()
    sandbox.script("*", lines=["new"])
    assert build(sandbox) == name
    wait(browser, lambda: text(browser, "log") == "new")


def test_hostile_texts_are_shown_and_do_nothing(browser, sandbox):
    sandbox.script("*", failing_plugin=HOSTILE, message=HOSTILE, lines=[HOSTILE])
    build(sandbox)
    open_page(browser, sandbox)
    wait(browser, lambda: "<script>" in text(browser, "log"))
    wait(browser, lambda: "<img src=x" in text(browser, "facts"))
    assert browser.find_elements(By.CSS_SELECTOR, "main img, main script") == []
    assert browser.title == "osbs-sandbox"
    assert errors(browser) == []
