"""
Start builds of one BuildConfig, several at once, whenever told to. Run as a program: a client of
its own. Its arguments are the path of a configuration and the number of builds.

Each line on stdin is a command, ``{"namespace": .., "token": .., "timeout": seconds}``; each line
on stdout what came of it: ``builds``, a list of (name of the Build, id that was sent for it),
``failures``, how many calls raised an OsbsException, ``mistakes``, texts of other exceptions, and
``looked_up``, how many builds were found after their response was lost.
"""

from __future__ import absolute_import, print_function, unicode_literals

import json
import logging
import sys
import threading
import time

from osbs import http
from osbs.api import OSBS
from osbs.conf import Configuration
from osbs.exceptions import OsbsException
from osbs._rest.endpoints import REQUEST_ID

# Seconds: what the client sleeps at most.
LONGEST_SLEEP = 0.0005


class LookedUp(logging.Handler):
    """Count the warnings of ``osbs._rest.once``."""

    def __init__(self):
        super(LookedUp, self).__init__(logging.WARNING)
        self.count = 0

    def emit(self, record):
        self.count += 1


def start_and_note(osbs, sent):
    """Start a build; returns its name and the id that was sent for it."""
    build = osbs.os.start_build("config").json()
    return build["metadata"]["name"], sent.id


def recording_ids(openshift):
    """Note what id each thread sends; returns an object whose ``id`` is the thread's."""
    post, sent = openshift._post, threading.local()

    def record(url, **kwargs):
        sent.id = json.loads(kwargs["data"])["metadata"]["annotations"][REQUEST_ID]
        return post(url, **kwargs)

    openshift._post = record
    return sent


def in_parallel(call, count):
    """Call a function in threads; returns what was returned, and what was raised."""
    results, failures = [], []

    def work():
        try:
            results.append(call())
        except Exception as ex:  # told to the test
            failures.append(ex)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.daemon = True
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return results, failures


def carry_out(command, config, count):
    """Return what is said about a command."""
    http.HTTP_REQUEST_TIMEOUT = command["timeout"]
    conf = Configuration(conf_file=config, namespace=command["namespace"])
    osbs = OSBS(conf, conf)
    osbs.os.token = command["token"]
    osbs.os._tokens.from_oauth = command["token"]
    sent = recording_ids(osbs.os)
    builds, failures = in_parallel(lambda: start_and_note(osbs, sent), count)
    mistakes = [repr(failure) for failure in failures if not isinstance(failure, OsbsException)]
    return {"builds": builds, "failures": len(failures), "mistakes": mistakes}


def main(config, count):
    """Carry out commands until stdin ends."""
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(min(seconds, LONGEST_SLEEP))
    looked_up = LookedUp()
    logger = logging.getLogger("osbs._rest.once")
    logger.addHandler(looked_up)
    logging.getLogger("osbs").propagate = logger.propagate = False
    for line in iter(sys.stdin.readline, ""):
        looked_up.count = 0
        said = carry_out(json.loads(line), config, count)
        print(json.dumps(dict(said, looked_up=looked_up.count)))
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
