from __future__ import annotations

import socket
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.dicom.upper_layer.association import Association
from pacsconf.dicom.upper_layer.peer_fault import PeerFault, rejection
from pacsconf.dicom.upper_layer.proposals import proposal
from pacsconf.dicom.upper_layer.stream import Plain
from tests.dicom.peer_bytes import command, context, pdu

ACCEPTED = bytes(68) + context(1, syntax="")


def converse(answer: bytes) -> None:
    """Request and verify with a peer that says this, then hangs up."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(answer)
        theirs.shutdown(socket.SHUT_WR)
        with Association(Plain(ours), 5) as association:
            association.request("CALLING", "CALLED")
            association.echo()


def test_an_accepted_association_and_a_good_status_pass():
    converse(
        pdu(0x02, ACCEPTED) + command((0x0100, b"\x30\x80"), (0x0900, b"\x00\x00")) + pdu(0x06, bytes(4))
    )


def test_a_status_in_a_second_fragment_is_found():
    whole = command((0x0100, b"\x30\x80"), (0x0900, b"\x00\x00"))[12:]
    first = pdu(0x04, b"\x00\x00\x00\x10\x01\x01" + whole[:14])
    second = pdu(0x04, b"\x00\x00\x00\x08\x01\x03" + whole[14:])
    converse(pdu(0x02, ACCEPTED) + first + second + pdu(0x06, bytes(4)))


NOT_DICOM = "the answer to the association request is not DICOM: something else listens at this port"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        pytest.param(
            pdu(0x03, b"\x00\x01\x01\x03"),
            'association rejected: permanent, by service user, "calling AE title not recognised"'
            " (PS3.8 9.3.4: 1/1/3)",
            id="rejected",
        ),
        pytest.param(
            pdu(0x07, b"\x00\x00\x02\x01"),
            "the peer aborted the association after the association request (PS3.8 9.3.8: 2/1)",
            id="aborted",
        ),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", NOT_DICOM, id="a web server"),
        pytest.param(pdu(0x02, b"")[:2] + b"\xff\xff\xff\xff", NOT_DICOM, id="a length without bound"),
        pytest.param(b"", "the peer closed the connection after the association request", id="closed"),
        pytest.param(
            b"\x02\x00", "the peer closed the connection after the association request", id="half a PDU"
        ),
        pytest.param(
            pdu(0x04, b""),
            "the peer answered the association request with a PDU of type 04",
            id="out of turn",
        ),
        pytest.param(
            pdu(0x02, ACCEPTED) + command((0x0100, b"\x30\x80"), (0x0900, b"\x22\x01")),
            "C-ECHO answered with status 0x0122, SOP class not supported",
            id="echo refused",
        ),
        pytest.param(
            pdu(0x02, ACCEPTED) + pdu(0x07, b"\x00\x00\x00\x00"),
            "the peer aborted the association after the C-ECHO (PS3.8 9.3.8: 0/0)",
            id="echo aborted",
        ),
        pytest.param(
            pdu(0x02, ACCEPTED) + command((0x0100, b"\x30\x80")),
            "the answer to the C-ECHO has no status",
            id="no status",
        ),
    ],
)
def test_what_the_peer_did_instead_is_said(answer, text):
    with pytest.raises(PeerFault) as caught:
        converse(answer)
    assert str(caught.value) == text


def test_a_peer_that_sends_a_little_and_waits_is_left_in_time():
    ours, theirs = socket.socketpair()
    theirs.sendall(b"\x02\x00")
    with theirs, Association(Plain(ours), 0.1) as association, pytest.raises(PeerFault) as caught:
        association.request("CALLING", "CALLED")
    assert str(caught.value) == "connected, but no answer to the association request within 0.1 s"


def test_reserved_numbers_of_a_rejection_are_shown_as_they_are():
    assert rejection(9, 8, 7) == (
        'association rejected: unknown result, by unknown source, "reserved reason" (PS3.8 9.3.4: 9/8/7)'
    )


def test_a_proposal_holds_both_titles_and_verification_alone():
    sent = proposal("CALLING", "CALLED")
    assert (sent[0], sent[10:26], sent[26:42]) == (0x01, b"CALLED".ljust(16), b"CALLING".ljust(16))
    assert sent.count(b"1.2.840.10008.1.1") == 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120), st.binary(max_size=120), st.sampled_from([0x02, 0x03, 0x04, 0x06, 0x07]))
def test_no_answer_whatever_does_more_than_fault(first, second, kind):
    for answer in (first, pdu(kind, first) + second, pdu(0x02, ACCEPTED) + pdu(0x04, first) + second):
        with suppress(PeerFault):
            converse(answer)
