"""Compare what is rendered for people with files in ``golden/``.

``OSBS_WRITE_GOLDEN=1 pytest tests/unit/test_terminal.py`` writes the files anew; look at the diff.
"""

from __future__ import absolute_import, print_function, unicode_literals

import io
import os

DIRECTORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")


def check(name, text):
    """
    Compare a text with a golden file.

    :param name: str, name of the file without ``.txt``
    :param text: text; escape characters are shown as ``^[``
    """
    text = text.replace("\x1b", "^[").replace("\r", "^M")
    path = os.path.join(DIRECTORY, name + ".txt")
    if os.environ.get("OSBS_WRITE_GOLDEN"):
        with io.open(path, "w", encoding="utf-8") as outfile:
            outfile.write(text)
    with io.open(path, encoding="utf-8") as infile:
        assert text == infile.read()
