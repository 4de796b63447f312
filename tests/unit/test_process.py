"""Values that each process makes for itself."""

from __future__ import absolute_import, print_function, unicode_literals

import os
import threading

from osbs._process import PerProcess


def in_child(work):
    """Return whether a function is true in a child."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 1
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def test_a_process_has_one_value():
    own = PerProcess(object)
    assert own.get() is own.get()


def test_of_many_threads_that_ask_first_all_get_the_same_value():
    ready = threading.Event()
    together = threading.Event()

    def make():
        ready.set()
        together.wait(10)
        return object()

    own = PerProcess(make)
    values = []
    threads = [threading.Thread(target=lambda: values.append(own.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    ready.wait(10)
    together.set()
    for thread in threads:
        thread.join(10)
    assert len(values) == 8 and len({id(value) for value in values}) == 1


def test_a_child_has_another_value_and_drops_its_parents():
    own = PerProcess(object)
    value = own.get()
    assert in_child(lambda: own.get() is not value and list(own._values) == [os.getpid()])
    assert own.get() is value


def test_a_lock_that_was_held_at_the_fork_is_free_in_the_child():
    own = PerProcess(threading.Lock)
    with own.get():
        assert in_child(lambda: own.get().acquire(False))
        assert not own.get().acquire(False)
