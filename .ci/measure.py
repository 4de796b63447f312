"""
Let each process of this environment measure its coverage, however it is started, unless
COVERAGE_PROCESS_START is empty.
"""

from __future__ import print_function

import os
import sys
from distutils.sysconfig import get_python_lib

from six.moves.configparser import RawConfigParser

directory = os.path.join(os.environ["TOX_WORK_DIR"], "coverage")
rules = os.path.join(sys.prefix, "coveragerc")
hook = (
    "import os, coverage; os.environ.get('COVERAGE_PROCESS_START') == '' or "
    "os.environ.update(COVERAGE_PROCESS_START=%r); coverage.process_startup()\n"
)

if not os.path.isdir(directory):
    os.makedirs(directory)
settings = RawConfigParser()
settings.read(".coveragerc")
settings.set("run", "data_file", os.path.join(directory, "all"))
if sys.version_info[0] > 2:
    # Unknown to the last coverage for Python 2.7, which refuses the whole file. Its handler of
    # SIGTERM stays off: programs under test look whether somebody else handles signals.
    settings.set("run", "patch", "_exit")
with open(rules, "w") as target:
    settings.write(target)
with open(os.path.join(get_python_lib(), "coverage.pth"), "w") as target:
    target.write(hook % rules)
