"""``python -m tests.docs.reference`` writes the table of endpoints into the page."""

from __future__ import absolute_import, print_function, unicode_literals

import pytest
import six

if six.PY2:
    pytest.skip("the sandbox is Python 3 only", allow_module_level=True)

from osbs.sandbox.api.endpoints import ENDPOINTS
from tests.docs import reference


@pytest.fixture
def page(tmpdir):
    """A page without endpoints between its marks."""
    path = tmpdir.join("page.md")
    path.write("before\n%s\nold\n%s\nafter\n" % (reference.BEGIN, reference.END))
    return path


def test_every_endpoint_has_a_line_of_its_own():
    lines = [line for line in reference.markdown().splitlines() if line.startswith("| `")]
    assert len(set(lines)) == len(lines) == len(ENDPOINTS)


def test_a_line_names_path_verb_method_and_parameters():
    assert (
        "| `namespaces/NAMESPACE/builds/NAME/log` | get | GET | `follow`, `nowait`,"
        in reference.markdown()
    )


def test_a_page_keeps_what_stands_around_the_table(page):
    assert reference.main([str(page)]) == 0
    lines = page.read().splitlines()
    assert (lines[0], lines[-1]) == ("before", "after")


def test_a_page_has_the_table_instead_of_the_old_one(page):
    reference.main([str(page)])
    assert reference.markdown() in page.read()
    assert "old\n" not in page.read()


def test_a_check_fails_where_the_table_is_another_one(page):
    assert reference.main([str(page), "--check"]) == 1


def test_a_check_leaves_the_page_alone(page):
    before = page.read()
    reference.main([str(page), "--check"])
    assert page.read() == before


def test_a_check_succeeds_where_the_table_was_written(page):
    reference.main([str(page)])
    assert reference.main([str(page), "--check"]) == 0


def test_without_a_page_the_table_is_printed(capsys):
    assert reference.main([]) == 0
    assert capsys.readouterr().out == reference.markdown()


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError) as caught:
        reference.replaced("nothing\n")
    assert "no marks" in str(caught.value)
