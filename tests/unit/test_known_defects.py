"""Every known defect of osbs-client 0.47 has a test; here are those that have no better place."""

from __future__ import absolute_import, print_function, unicode_literals

import gc
import io
import logging
import os
import pickle
import re
import subprocess
import sys
import warnings

import pytest
import six
from flexmock import flexmock

from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.exceptions import OsbsNetworkException, OsbsResponseException
from tests.conformance.normal import INPUTS, ROOT

# The numbers of the known defects: those of docs/differences.md, which a test's name repeats.
ROWS = list(range(1, 18)) + list(range(20, 39)) + list(range(40, 70)) + list(range(80, 92))

_TEST_OF_ROW = re.compile(r"def (?:test_)?(?:\w*_)?defect_(\d\d)_")


def rows_with_tests():
    found = set()
    for directory, _, files in os.walk(os.path.join(ROOT, "tests")):
        for name in files:
            if name.endswith(".py"):
                with io.open(os.path.join(directory, name), encoding="utf-8") as source:
                    found.update(int(row) for row in _TEST_OF_ROW.findall(source.read()))
    return found


def test_there_are_seventy_eight_rows():
    assert len(ROWS) == 78


@pytest.mark.parametrize("row", ROWS)
def test_row_of_the_known_defects_has_a_test(row):
    assert row in rows_with_tests()


def osbs_for(directory=INPUTS):
    conf = Configuration(conf_file=None, build_json_dir=directory)
    return OSBS(conf, conf)


@pytest.mark.parametrize("page_size", [None, 2])
def test_defect_16_lists_ask_for_pages_only_when_told_to(page_size):
    osbs = osbs_for()
    expected = {} if page_size is None else {"page_size": page_size}
    flexmock(osbs.os).should_receive("list_builds").with_args(
        field_selector=None, koji_task_id=None, labels=None, **expected
    ).once().and_return(flexmock(json=lambda: {"items": []}))
    assert osbs.list_builds(page_size=page_size) == []


@pytest.mark.parametrize(
    "error",
    [
        OsbsResponseException('{"message": "no"}', 403),
        OsbsNetworkException("http://u", "timed out", "", cause=ValueError("x")),
    ],
)
def test_defect_50_exceptions_survive_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (copy.message, copy.status_code) == (error.message, error.status_code)
    assert getattr(copy, "url", None) == getattr(error, "url", None)
    assert getattr(copy, "json", None) == getattr(error, "json", None)


@pytest.mark.skipif(six.PY2, reason="Python 2 does not tell of files that are left open")
def test_defect_83_template_files_are_closed():
    osbs = osbs_for()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore", ResourceWarning)
        # What other tests left behind.
        gc.collect()
        warnings.simplefilter("always", ResourceWarning)
        osbs._load_quota_json()
        osbs._load_template("image_stream.json")
        gc.collect()
    assert [str(w.message) for w in caught if issubclass(w.category, ResourceWarning)] == []


def run_python(code):
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
    )
    return process.communicate()[0].decode("utf-8")


WARN = "logging.getLogger('osbs.x').warning('one line')"


def test_defect_85_embedding_program_gets_each_line_once():
    output = run_python("import logging, osbs; logging.basicConfig(); " + WARN)
    assert output.count("one line") == 1


def test_defect_85_bare_script_gets_each_line_once():
    assert run_python("import logging, osbs; " + WARN).count("one line") == 1


def test_defect_85_set_logging_leaves_foreign_handlers():
    import osbs

    logger = logging.getLogger("osbs.test_defect_85")
    foreign = logging.NullHandler()
    logger.addHandler(foreign)
    osbs.set_logging(name=logger.name)
    osbs.set_logging(name=logger.name)
    assert foreign in logger.handlers and len(logger.handlers) == 2
