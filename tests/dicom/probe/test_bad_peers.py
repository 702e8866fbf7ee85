"""Peers that misbehave in every way that we thought of: a fault with a name each, in bounded time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.dicom.observation import Fault
from pacsconf.dicom.probe.observer import observe, probe
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.acceptance import acceptance, software
from pacsconf.dicom.upper_layer.association import Association
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.upper_layer.query import STUDY_ROOT
from pacsconf.dicom.upper_layer.stream import Plain
from pacsconf.dicom.wire import Wire
from pacsconf.inventory import uids
from tests.dicom.peer_bytes import accepting, context, pdu, pdv, response

IMPLICIT = uids.IMPLICIT_VR_LE
Behaviour = Callable[[socket.socket], None]


ACCEPTED = accepting(context(1))
ECHOED = response(0x8030, 0)
RELEASED = pdu(0x06, bytes(4))


def heard(connection: socket.socket) -> bytes:
    """One PDU of the caller's."""
    header = connection.recv(6, socket.MSG_WAITALL)
    return header + connection.recv(int.from_bytes(header[2:6], "big"), socket.MSG_WAITALL)


def answers_with(connection: socket.socket, *answers: bytes) -> None:
    """One answer to each of the caller's next PDUs."""
    for answer in answers:
        heard(connection)
        connection.sendall(answer)


def says(*answers: bytes) -> Behaviour:
    """Answers one PDU after the other in this way, then says nothing until the caller leaves."""

    def behave(connection: socket.socket) -> None:
        answers_with(connection, *answers)
        while connection.recv(65536):
            pass

    return behave


def leaves(*answers: bytes) -> Behaviour:
    """Answers in this way, then hangs up at the next PDU."""

    def behave(connection: socket.socket) -> None:
        answers_with(connection, *answers)
        heard(connection)

    return behave


def trickles(answer: bytes) -> Behaviour:
    """Answers byte by byte, each in good time, all of them far too late."""

    def behave(connection: socket.socket) -> None:
        heard(connection)
        for at in range(len(answer)):
            connection.sendall(answer[at : at + 1])
            time.sleep(0.05)

    return behave


def floods(first: bytes, flood: bytes) -> Behaviour:
    """Accepts, and answers what comes next without an end."""

    def behave(connection: socket.socket) -> None:
        answers_with(connection, first)
        heard(connection)
        while True:
            connection.sendall(flood * 100)

    return behave


@pytest.fixture
def peer() -> Iterator[Callable[[Behaviour], int]]:
    """Starts a listener that treats each connection so; gives its port."""
    with ExitStack() as stack:

        def start(behave: Behaviour) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=serve, args=(listener, behave))
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(lambda: listener.shutdown(socket.SHUT_RDWR))
            return listener.getsockname()[1]

        yield start


def serve(listener: socket.socket, behave: Behaviour) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            connection.settimeout(10)
            behave(connection)


SILENT = Fault("silent")
CLOSED = Fault("closed")
NOT_DICOM = Fault("not DICOM")
OTHERWISE = Fault("otherwise")


@pytest.mark.parametrize(
    ("behave", "step", "fault", "words"),
    [
        pytest.param(says(), "association", SILENT, "no answer to the association request", id="silence"),
        pytest.param(says(b"\x02\0"), "association", SILENT, "no answer", id="half a header"),
        pytest.param(says(ACCEPTED[:40]), "association", SILENT, "no answer", id="half a PDU"),
        pytest.param(leaves(), "association", CLOSED, "closed the connection", id="hangs up"),
        pytest.param(says(b"\0" * 64), "association", NOT_DICOM, "something else listens", id="zeros"),
        pytest.param(
            says(b"\x02\0\xff\xff\xff\xff"), "association", NOT_DICOM, "something else", id="a huge length"
        ),
        pytest.param(
            says(accepting(context(1), context(3))),
            "association",
            OTHERWISE,
            "presentation context 3, which was not proposed",
            id="more contexts than asked",
        ),
        pytest.param(
            says(accepting(*(context(number) for number in range(1, 258, 2) if number < 256))),
            "association",
            OTHERWISE,
            "which was not proposed",
            id="128 contexts",
        ),
        pytest.param(
            says(accepting(*(context((1 + 2 * at) % 256) for at in range(129)))),
            "association",
            OTHERWISE,
            "presentation context",
            id="129 contexts",
        ),
        pytest.param(says(accepting(context(2))), "association", OTHERWISE, "not proposed", id="an even id"),
        pytest.param(
            says(accepting(context(1), context(1))),
            "association",
            OTHERWISE,
            "context 1 twice",
            id="one twice",
        ),
        pytest.param(
            says(accepting(context(1, syntax="1.2.840.10008.1.2.4.90"))),
            "association",
            OTHERWISE,
            "a transfer syntax that was not proposed",
            id="another transfer syntax",
        ),
        pytest.param(
            says(pdu(0x03, b"\0\x07\x08\x09")),
            "association",
            Fault("rejected", (7, 8, 9)),
            'unknown result, by unknown source, "reserved reason" (PS3.8 9.3.4: 7/8/9)',
            id="reserved numbers",
        ),
        pytest.param(
            says(pdu(0x03, b"\0")), "association", OTHERWISE, "a PDU of type 03", id="a short rejection"
        ),
        pytest.param(
            says(pdu(0x07, b"\0\0\x02\x01")),
            "association",
            Fault("aborted", (2, 1)),
            "aborted the association after the association request (PS3.8 9.3.8: 2/1)",
            id="an abort",
        ),
        pytest.param(
            says(accepting(context(1, result=3)), RELEASED),
            "echo",
            Fault("context", (3,)),
            "accepted, but not for Verification: abstract syntax not supported (PS3.8 9.3.3.2: 3)",
            id="no Verification",
        ),
        pytest.param(
            says(accepting(), RELEASED),
            "echo",
            Fault("context", (2,)),
            "accepted, but not for Verification: no reason given (PS3.8 9.3.3.2: 2)",
            id="no contexts",
        ),
        pytest.param(says(ACCEPTED), "echo", SILENT, "no answer to the C-ECHO", id="never echoes"),
        pytest.param(
            says(ACCEPTED, ECHOED[:9]), "echo", SILENT, "no answer to the C-ECHO", id="half an echo"
        ),
        pytest.param(
            leaves(ACCEPTED),
            "echo",
            CLOSED,
            "closed the connection after the C-ECHO",
            id="leaves at the echo",
        ),
        pytest.param(
            says(ACCEPTED, response(0x8030, 0x0122), RELEASED),
            "echo",
            Fault("status", (0x0122,)),
            "C-ECHO answered with status 0x0122, SOP class not supported",
            id="a bad status",
        ),
        pytest.param(
            says(ACCEPTED, response(0x8020, 0)),
            "echo",
            OTHERWISE,
            "another message (8020)",
            id="another message",
        ),
        pytest.param(
            says(ACCEPTED, pdu(0x04, b"\0\0\0\x01\x01\x03")),
            "echo",
            OTHERWISE,
            "longer than the PDU that holds it",
            id="a short fragment",
        ),
        pytest.param(
            says(ACCEPTED, pdu(0x04, b"\0\0\xff\xff\x01\x03")),
            "echo",
            OTHERWISE,
            "longer than the PDU that holds it",
            id="a long fragment",
        ),
        pytest.param(
            says(ACCEPTED, pdu(0x04, pdv(1, 3, b""))),
            "echo",
            OTHERWISE,
            "a message without a command field",
            id="an empty command",
        ),
        pytest.param(trickles(ACCEPTED), "association", SILENT, "no answer", id="trickles"),
        pytest.param(
            floods(ACCEPTED, pdu(0x04, pdv(1, 1, b"\0" * 100))),
            "echo",
            OTHERWISE,
            "more than 65536",
            id="a flood",
        ),
        pytest.param(
            floods(ACCEPTED, pdu(0x04, b"")),
            "echo",
            OTHERWISE,
            "it answers the C-ECHO without an end",
            id="a flood of nothing",
        ),
    ],
)
def test_a_fault_has_a_name_and_an_end(peer, a_target, behave, step, fault, words):
    seen = probe(a_target(peer(behave)), Wire(timeout=0.4 if fault == SILENT else 10))
    assert seen.verdict == "failing"
    failed = [one for one in seen.steps if one.passed is False]
    assert [(one.name, one.fault) for one in failed] == [(step, fault)]
    assert words in failed[0].text


def test_a_peer_that_does_not_release_is_healthy_all_the_same(peer, a_target):
    assert probe(a_target(peer(says(ACCEPTED, ECHOED))), Wire(timeout=0.3)).verdict == "healthy"


def test_a_peer_that_goes_on_sending_data_does_not_hold_the_release(peer, a_target):
    def behave(connection: socket.socket) -> None:
        answers_with(connection, ACCEPTED)
        floods(ECHOED, pdu(0x04, bytes(1000)))(connection)

    began = time.monotonic()
    assert probe(a_target(peer(behave)), Wire(timeout=8)).verdict == "healthy"
    assert time.monotonic() - began < 6


# --- queries -----------------------------------------------------------------------------------------------------

BOTH_ACCEPTED = accepting(context(1), context(3))
MATCH = response(0x8020, 0xFF00, context_id=3, more=b"\x10\0\x10\0\4\0\0\0ZZ^P")
DONE = response(0x8020, 0, context_id=3)


@pytest.fixture
def archive_that(peer, a_target) -> Callable[[Behaviour], Target]:
    return lambda behave: a_target(peer(behave), level="services", contexts=((STUDY_ROOT, (IMPLICIT,)),))


def of_query(seen) -> tuple[bool | None, str, Fault | None]:
    step = next(one for one in seen.steps if one.name == "query")
    return step.passed, step.text, step.fault


def test_a_query_that_finds_nothing_has_passed(archive_that):
    seen = probe(archive_that(says(BOTH_ACCEPTED, ECHOED, DONE, RELEASED)), Wire(timeout=2))
    assert of_query(seen) == (True, "answered", None)


def test_a_query_that_finds_what_cannot_be_is_a_fault_and_nothing_of_it_is_kept(archive_that):
    seen = probe(archive_that(says(BOTH_ACCEPTED, ECHOED, MATCH * 3 + DONE, RELEASED)), Wire(timeout=2))
    words = "3 answers to a key that matches nothing: it does not look at the key"
    assert of_query(seen) == (False, words, Fault("status", (0xFF00,)))
    assert "ZZ^P" not in repr(seen)


def test_a_query_that_never_ends_is_cancelled(peer, archive_that):
    cancelled = []

    def behave(connection: socket.socket) -> None:
        answers_with(connection, BOTH_ACCEPTED, ECHOED)
        heard(connection), heard(connection)  # the command, and the identifier
        connection.sendall(MATCH * 250)
        cancelled.append(heard(connection))
        connection.sendall(response(0x8020, 0xFE00, context_id=3))
        says(RELEASED)(connection)

    seen = probe(archive_that(behave), Wire(timeout=5))
    words = "more than 200 answers to a key that matches nothing: cancelled"
    assert of_query(seen) == (False, words, Fault("status", (0xFF00,)))
    assert b"\xff\x0f" in cancelled[0]  # C-CANCEL-RQ (PS3.7 annex E.1)


def test_a_query_that_never_ends_nor_lets_itself_be_cancelled_ends(archive_that):
    def behave(connection: socket.socket) -> None:
        answers_with(connection, BOTH_ACCEPTED, ECHOED)
        while True:
            connection.sendall(MATCH * 100)

    passed, text, fault = of_query(probe(archive_that(behave), Wire(timeout=2)))
    assert passed is False
    assert text.startswith("200 answers to a key that matches nothing, then: ")
    assert fault is not None
    assert fault.how in ("otherwise", "silent")


def test_answers_that_come_too_slowly_are_told_too(archive_that):
    seen = probe(archive_that(says(BOTH_ACCEPTED, ECHOED, MATCH * 3)), Wire(timeout=0.3))
    words = (
        "3 answers to a key that matches nothing, then: connected, but no answer to the C-FIND within 0.3 s"
    )
    assert of_query(seen) == (False, words, SILENT)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0xA700, "C-FIND answered with status 0xA700, out of resources"),
        (0xA900, "C-FIND answered with status 0xA900, the identifier does not match the SOP class"),
        (0xC123, "C-FIND answered with status 0xC123, unable to process"),
        (0x0124, "C-FIND answered with status 0x0124, not authorised"),
    ],
)
def test_a_query_that_is_refused_is_a_fault(archive_that, status, words):
    answer = response(0x8020, status, context_id=3)
    seen = probe(archive_that(says(BOTH_ACCEPTED, ECHOED, answer, RELEASED)), Wire(timeout=2))
    assert of_query(seen) == (False, words, Fault("status", (status,)))


def in_turn(*associations: Behaviour) -> Behaviour:
    """Treats each association otherwise, the last of them and all further ones alike."""
    left = list(associations)
    return lambda connection: (left.pop(0) if len(left) > 1 else left[0])(connection)


ABORTED = pdu(0x07, bytes([0, 0, 2, 0]))
TWO = (IMPLICIT, uids.EXPLICIT_VR_LE)


def test_a_peer_that_takes_back_what_it_accepted_is_told_so(peer, a_target):
    first = accepting(context(1), context(3), context(5, syntax=uids.EXPLICIT_VR_LE))
    behave = in_turn(says(first, ABORTED), says(accepting(context(1, 3)), RELEASED))
    asked = a_target(peer(behave), level="services", contexts=((STUDY_ROOT, TWO),))
    seen = probe(asked, Wire(timeout=2))
    assert of_query(seen) == (None, "not asked: no context for it was accepted", None)


def test_where_nothing_is_left_to_ask_no_association_is_asked_for(peer, a_target):
    calls = []

    def behave(connection: socket.socket) -> None:
        calls.append(connection)
        says(accepting(context(1), context(3, 3)), ABORTED)(connection)

    asked = a_target(peer(behave), level="services", contexts=((STUDY_ROOT, (IMPLICIT,)),))
    seen = probe(asked, Wire(timeout=2))
    assert of_query(seen) == (None, "not asked: no context for it was accepted", None)
    assert len(calls) == 1


# --- a sweep -----------------------------------------------------------------------------------------------------


def test_a_sweep_goes_on_past_all_of_them(peer, a_target, storescp):
    ports = [peer(behave) for behave in (says(), leaves(), says(b"\0" * 9), says(ACCEPTED), leaves(ACCEPTED))]
    asked = [a_target(port, device=f"d{at}") for at, port in enumerate([*ports, storescp()])]
    seen = {one.device: one.verdict for one in observe(asked, Wire(timeout=0.5))}
    assert seen == {"d0": "failing", "d1": "failing", "d2": "failing", "d3": "failing", "d4": "failing"} | {
        "d5": "healthy"
    }


# --- whatever comes ----------------------------------------------------------------------------------------------

PDUS = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.builds(pdu, st.integers(0, 9), st.binary(max_size=120)),
        st.builds(
            pdu, st.just(4), st.builds(pdv, st.integers(0, 5), st.integers(0, 3), st.binary(max_size=60))
        ),
        st.sampled_from([ACCEPTED, BOTH_ACCEPTED, ECHOED, MATCH, DONE, RELEASED]),
    ),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(PDUS)
def test_whatever_a_peer_sends_is_an_answer_or_a_fault(sent):
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(b"".join(sent))
        theirs.shutdown(socket.SHUT_WR)
        proposed = ((uids.VERIFICATION, (IMPLICIT,)), (STUDY_ROOT, (IMPLICIT,)))
        with suppress(PeerFault), Association(Plain(ours), 5) as association:
            association.request("CALLING", "CALLED", proposed)
            association.echo()
            association.find(3, STUDY_ROOT, b"")


@given(st.binary(max_size=300))
def test_whatever_an_acceptance_holds_is_read_or_a_fault(body):
    proposed = ((uids.VERIFICATION, (IMPLICIT,)),)
    for tried in (body, bytes(68) + body):
        with suppress(PeerFault):
            assert len(acceptance(tried, proposed).results) == 1
        told = software(tried)
        assert (told.implementation_class_uid + told.implementation_version).isprintable()
