"""What opens an association, as pynetdicom and our own acceptor read it."""

from __future__ import annotations

import pytest
from pynetdicom.pdu import A_ASSOCIATE_RQ

from pacsconf.dicom.listen.request import request
from pacsconf.dicom.upper_layer.pdu import MOST_CONTEXTS
from pacsconf.dicom.upper_layer.proposals import proposal
from pacsconf.inventory import uids

CT = "1.2.840.10008.5.1.4.1.1.2"


def test_a_proposal_is_read_by_pynetdicom():
    read = A_ASSOCIATE_RQ()
    read.decode(
        proposal(
            "CT1",
            "ARCHIVE",
            [(CT, uids.DEFAULT_TRANSFER_SYNTAXES), (uids.VERIFICATION, (uids.IMPLICIT_VR_LE,))],
        )
    )
    assert (read.calling_ae_title, read.called_ae_title) == ("CT1", "ARCHIVE")
    assert read.application_context_name == "1.2.840.10008.3.1.1.1"
    assert [
        (each.context_id, each.abstract_syntax, tuple(each.transfer_syntax))
        for each in read.presentation_context
    ] == [(1, CT, uids.DEFAULT_TRANSFER_SYNTAXES), (3, uids.VERIFICATION, (uids.IMPLICIT_VR_LE,))]
    told = read.user_information
    assert told is not None
    assert (told.maximum_length, told.implementation_version_name) == (16384, "PACSCONF")
    assert str(told.implementation_class_uid).startswith("2.25.")


@pytest.mark.parametrize("taking", [(), (CT,), (CT, CT, uids.VERIFICATION)])
def test_roles_are_added_to_a_request_that_stays_the_same_otherwise(taking):
    plain, asked = proposal("PROBE", "ARCHIVE"), proposal("PROBE", "ARCHIVE", taking=taking)
    before, after = request(plain[6:]), request(asked[6:])
    assert after.as_scp == tuple(dict.fromkeys(taking))
    assert (after.calling, after.contexts, after.max_pdu) == (before.calling, before.contexts, before.max_pdu)
    assert int.from_bytes(asked[2:6], "big") == len(asked) - 6


def test_there_is_room_for_all_contexts_that_one_association_may_have():
    asked = request(
        proposal("PROBE", "ARCHIVE", [(f"1.2.{at}", ("1.2",)) for at in range(MOST_CONTEXTS)])[6:]
    )
    assert [each.number for each in asked.contexts] == list(range(1, 256, 2))
    assert asked.unusable == ""


def test_a_title_that_is_too_long_is_cut_and_one_that_is_too_short_is_padded():
    asked = request(proposal("A" * 17, "B")[6:])
    assert (asked.calling, asked.called) == ("A" * 16, "B".ljust(16))
