"""Limits of time and memory: of a body, or of a piece of a client that is a process of its own."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.conftest import ROOT, watchdog

# Seconds of processor time: a machine that is busy with other things makes no difference.
SECONDS = 5
MEGABYTES = 300

_PROLOGUE = """
from __future__ import print_function, unicode_literals
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (%d, %d))
resource.setrlimit(resource.RLIMIT_AS, (%d << 20, %d << 20))
""" % (SECONDS, SECONDS + 1, MEGABYTES, MEGABYTES)


clock = getattr(time, "process_time", None) or time.clock


@contextmanager
def in_time():
    """Let the body take no more than so much processor time."""
    began = clock()
    yield
    assert clock() - began < SECONDS


def run(code, *arguments, **kwargs):
    """Run Python code within the limits; the test fails when it ends otherwise than by itself.

    :param code: text
    :param arguments: text, its sys.argv[1:]
    :param kwargs: as for subprocess.Popen
    :return: tuple of stdout and stderr, text
    """
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONIOENCODING=str("utf-8"))
    process = subprocess.Popen(
        [sys.executable, "-c", _PROLOGUE + code] + list(arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        **kwargs
    )
    timer = watchdog(process, 120)
    try:
        output, errors = [text.decode("utf-8") for text in process.communicate()]
    finally:
        timer.cancel()
    if process.returncode != 0:
        pytest.fail("ended with status %d: %s" % (process.returncode, errors[-2000:]))
    return output, errors
