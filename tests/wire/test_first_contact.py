"""A server that has never answered is given up soon when the caller asks for that."""

from __future__ import absolute_import, print_function, unicode_literals

import socket
import time

import pytest

from osbs.exceptions import OsbsException
from osbs.http import HttpSession
from tests.conformance.recorder import Recorder


def closed_port():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    return port


@pytest.fixture
def pauses(monkeypatch):
    taken = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


def refused(session):
    with pytest.raises(OsbsException):
        session.get("http://127.0.0.1:%d/" % closed_port())


def test_service_waits_long_for_a_server_that_comes_up(pauses):
    refused(HttpSession())
    assert len([pause for pause in pauses if pause]) > 1


def test_person_is_told_at_once_that_there_is_no_server(pauses):
    session = HttpSession()
    session.first_contact_retries = 1
    refused(session)
    assert sum(pauses) == 0


def test_server_that_has_answered_is_waited_for(pauses):
    session = HttpSession()
    session.first_contact_retries = 1
    with Recorder({}) as recorder:
        session.get(recorder.url + "/")
    del pauses[:]
    refused(session)
    assert len([pause for pause in pauses if pause]) > 1
