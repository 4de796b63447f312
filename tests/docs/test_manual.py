"""The manual pages are those that ``python -m tests.docs.manual`` writes."""

import os
import shutil
import subprocess

import pytest

pytest.importorskip("aiohttp")

from osbs.cli import options  # noqa: E402 (Python 2.7 skips before it imports the sandbox)
from tests.docs import manual  # noqa: E402


def test_the_manual_pages_are_up_to_date():
    assert manual.main(["--check"]) == 0


@pytest.mark.parametrize("command", [command.name for command in options.COMMANDS])
def test_the_manual_page_describes_every_command(command):
    assert '\n.SS "%s' % command.replace("-", "\\-") in manual.pages()["osbs.1"]


@pytest.mark.skipif(not shutil.which("man"), reason="there is no man on this machine")
@pytest.mark.parametrize("name", sorted(manual.pages()))
def test_man_shows_the_page_without_a_warning(name):
    path = os.path.join(manual.DIRECTORY, name)
    command = ["man", "--warnings", "-E", "UTF-8", "-l", path]
    result = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ, MANWIDTH="80", MANPAGER="cat"),
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"EXAMPLES" in result.stdout
