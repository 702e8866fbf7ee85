from __future__ import annotations

import socket
import threading

import pytest

from pacsconf.dicom.names import Names, NotFound, is_address
from pacsconf.dicom.upper_layer.stream import CalledOff


def failing(error: Exception):
    def lookup(host: str) -> tuple[str, ...]:
        raise error

    return lookup


def test_a_name_is_looked_up_once():
    asked = []

    def lookup(host: str) -> tuple[str, ...]:
        asked.append(host)
        return ("10.20.0.1",)

    names = Names(lookup=lookup)
    assert [names.addresses("ct-1.example.org", 5) for _ in range(3)] == [("10.20.0.1",)] * 3
    assert asked == ["ct-1.example.org"]


@pytest.mark.parametrize(
    ("error", "how"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), "no such name"),
        (socket.gaierror(socket.EAI_AGAIN, ""), "no name server"),
        (socket.gaierror(socket.EAI_FAIL, ""), "no name server"),
        (UnicodeError(), "no such name"),
    ],
)
def test_a_name_that_leads_nowhere_says_why(error, how):
    with pytest.raises(NotFound) as caught:
        Names(lookup=failing(error)).addresses("x", 5)
    assert caught.value.how == how


def test_a_resolver_that_hangs_is_left_after_the_timeout():
    over = threading.Event()

    def lookup(host: str) -> tuple[str, ...]:
        over.wait(10)
        return ()

    try:
        with pytest.raises(NotFound) as caught:
            Names(lookup=lookup).addresses("x", 0.05)
    finally:
        over.set()
    assert (caught.value.how, str(caught.value)) == (
        "no name server",
        "cannot be looked up: no name server answers within 0.05 s",
    )


def test_a_lookup_is_left_at_once_when_nobody_waits_for_it():
    stop, over = threading.Event(), threading.Event()

    def lookup(host: str) -> tuple[str, ...]:
        stop.set()
        over.wait(10)
        return ()

    try:
        with pytest.raises(CalledOff):
            Names(stop, lookup).addresses("x", 600)
    finally:
        over.set()


@pytest.mark.parametrize(
    ("host", "expected"), [("10.20.0.1", True), ("::1", True), ("ct-1", False), ("999.1.1.1", False)]
)
def test_an_address_needs_no_lookup(host, expected):
    assert is_address(host) is expected
