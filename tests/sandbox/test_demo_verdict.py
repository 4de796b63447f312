"""The demo reports an ``osbs`` command that fails or prints too little."""

import io
import sys

import pytest

from osbs.sandbox.install import demo

GOOD = "a platform:x86_64 - b\na platform:ppc64le - b\nbuild x-1 is complete\n"


def run_demo(monkeypatch, text, status):
    code = "import sys; sys.stdout.write({!r}); sys.exit({})".format(text, status)
    monkeypatch.setattr(demo, "osbs_command", lambda: [sys.executable, "-c", code])
    output = io.BytesIO()
    return demo.run_demo(output=output), output.getvalue().decode("utf-8")


@pytest.mark.parametrize(
    "text, status, expected",
    [
        (GOOD, 0, 0),
        (GOOD, 4, 4),
        (GOOD.replace("ppc64le", "s390x"), 0, 1),
        (GOOD.replace("complete", "failed"), 0, 1),
        ("", 0, 1),
    ],
)
def test_status_0_needs_all_that_the_demo_promises(monkeypatch, text, status, expected):
    assert run_demo(monkeypatch, text, status)[0] == expected


def test_output_of_the_command_is_shown_as_it_is(monkeypatch):
    assert run_demo(monkeypatch, GOOD, 0)[1] == GOOD


def test_a_command_that_hangs_is_killed(tmpdir):
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert demo.run_and_show(command, str(tmpdir), io.BytesIO(), limit=0.2)[0] == -9
