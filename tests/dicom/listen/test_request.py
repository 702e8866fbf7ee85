"""Requests are read, and answers written, as an independent reader has them; whatever else comes is no crash."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, A_RELEASE_RP

from pacsconf.dicom.listen.request import accepted, heard, request
from pacsconf.dicom.upper_layer.pdu import MOST_CONTEXTS, RELEASE_ANSWER, aborted, rejected
from pacsconf.dicom.upper_layer.proposals import proposal
from tests.dicom.callers import CT, IMPLICIT, VERIFICATION, context, item, request_of

EXPLICIT = "1.2.840.10008.1.2.1"


# --- requests ----------------------------------------------------------------------------------------------------


def test_what_we_propose_is_read():
    asked = request(proposal("CT1", "ARCHIVE", [(VERIFICATION, (IMPLICIT,)), (CT, (EXPLICIT, IMPLICIT))])[6:])
    assert (asked.calling, asked.called) == ("CT1".ljust(16), "ARCHIVE".ljust(16))
    assert [(each.number, each.sop_class, each.syntaxes) for each in asked.contexts] == [
        (1, VERIFICATION, (IMPLICIT,)),
        (3, CT, (EXPLICIT, IMPLICIT)),
    ]
    assert asked.max_pdu == 16384
    assert asked.implementation.startswith("2.25.")
    assert (asked.unusable, asked.rejection) == ("", None)


def test_no_limit_and_no_word_of_one_are_told_apart():
    assert request(request_of(user=item(0x51, bytes(4)))[6:]).max_pdu == 0
    assert request(request_of(user=b"")[6:]).max_pdu is None


def test_what_was_heard_of_it_has_each_class_once_and_128_at_most():
    contexts = b"".join(context(1, f"1.2.{at}") for at in range(200)) + context(1, "1.2.0", [EXPLICIT])
    seen = heard(request(request_of(contexts=contexts)[6:]), "10.20.4.17")
    assert len(seen.contexts) == MOST_CONTEXTS
    assert seen.contexts[0] == ("1.2.0", (IMPLICIT,))


@given(st.binary(max_size=300))
def test_whatever_bytes_come_are_a_request_or_an_error(data):
    try:
        asked = request(data)
    except ValueError:
        assert len(data) < 68
        return
    assert len(asked.calling) == len(asked.called) == 16
    assert isinstance(accepted(asked), bytes)
    assert isinstance(asked.unusable, str)
    assert heard(asked, "10.20.4.17").calling == asked.calling


@given(st.data())
def test_a_request_with_some_bytes_changed_is_read_all_the_same(data):
    body = bytearray(request_of(contexts=context(1) + context(3, CT, [EXPLICIT, IMPLICIT]))[6:])
    for _ in range(data.draw(st.integers(0, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(68, len(body)))
    assert isinstance(accepted(request(bytes(body[:cut]))), bytes)


# --- answers -----------------------------------------------------------------------------------------------------


def test_the_acceptance_is_read_by_pynetdicom():
    roles = item(0x54, struct.pack(">H", len(CT)) + CT.encode() + b"\0\1")
    asked = request(request_of(contexts=context(1) + context(3, CT, [EXPLICIT, IMPLICIT]), user=roles)[6:])
    read = A_ASSOCIATE_AC()
    read.decode(accepted(asked))
    assert (read.reserved_aet, read.reserved_aec) == ("ARCHIVE", "CT_ER1"), "the names are pynetdicom's"
    assert [
        (each.presentation_context_id, each.result, each.transfer_syntax)
        for each in read.presentation_context
    ] == [
        (1, 0, IMPLICIT),
        (3, 0, EXPLICIT),
    ]
    assert read.user_information is not None
    assert read.user_information.maximum_length == 16384
    assert read.user_information.implementation_class_uid.is_valid
    role = read.user_information.role_selection[CT]
    assert (role.scu_role, role.scp_role) == (0, 1)


def test_a_context_without_transfer_syntaxes_is_not_accepted():
    read = A_ASSOCIATE_AC()
    read.decode(accepted(request(request_of(contexts=context(1, CT, []))[6:])))
    assert [each.result for each in read.presentation_context] == [4]


def test_titles_that_no_standard_allows_come_back_as_they_were():
    title = b"\x00\xff\\CT\x1b".ljust(16)
    body = accepted(request(request_of(title)[6:]))[6:]
    assert body[20:36] == title


def test_the_other_answers_are_read_by_pynetdicom():
    rejection, abort, release = A_ASSOCIATE_RJ(), A_ABORT_RQ(), A_RELEASE_RP()
    rejection.decode(rejected(1, 2, 2))
    abort.decode(aborted(2, 6))
    release.decode(RELEASE_ANSWER)
    assert (rejection.result, rejection.source, rejection.reason_diagnostic) == (1, 2, 2)
    assert (abort.source, abort.reason_diagnostic) == (2, 6)
    assert release.pdu_length == 4


def test_our_request_is_one_to_pynetdicom():
    """The requests that other tests send are real ones."""
    read = A_ASSOCIATE_RQ()
    read.decode(request_of())
    assert (read.called_ae_title, read.calling_ae_title) == ("ARCHIVE", "CT_ER1")
