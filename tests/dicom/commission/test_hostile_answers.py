"""Data sets that are none, or say something else than they should: a ValueError or a failure, never a crash."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.dicom import data_sets
from pacsconf.dicom.commission import asking, objects, storing
from pacsconf.dicom.commission.comparing import differences
from pacsconf.dicom.commission.frames import of
from pacsconf.dicom.commission.specimens import specimens
from pacsconf.inventory import uids
from tests.dicom.commission.cases import ORIGIN, SYNTAXES, device, inventory, trial

IMPLICIT, EXPLICIT = SYNTAXES[:2]
SPECIMEN = next(specimens(ORIGIN, [(uids.sop_class("x-ray-radiation-dose-sr-storage"), [EXPLICIT])]))
SENT = objects.made(SPECIMEN, ORIGIN)
DATA = data_sets.to_bytes(SENT, EXPLICIT)
KINDS = ("LO", "UI", "CS", "DS", "IS", "US", "DA", "TM", "PN", "SH", "SQ", "UN", "FD", "AT")


def read(data: bytes, syntax: str = EXPLICIT):
    """As every answer is read, and every question asked of it."""
    try:
        came = data_sets.from_bytes(data, syntax)
    except ValueError:
        return
    differences(SENT, came, same_packing=True)
    asking._for_station(came, "CT9", "CT")
    asking._is_test(came)
    storing._named(came, "FailedSOPSequence")


@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_good_bytes_of_which_some_are_changed(changes):
    data = bytearray(DATA)
    for at, byte in changes:
        data[at] = byte
    read(bytes(data))
    read(bytes(data), IMPLICIT)


@given(st.integers(0, len(DATA)), st.sampled_from(KINDS))
def test_an_attribute_of_another_kind(after, kind):
    at = next((at for at in range(after, len(DATA) - 2) if DATA[at : at + 2].decode("latin-1") in KINDS), 4)
    read(DATA[:at] + kind.encode() + DATA[at + 2 :])


def test_sequences_without_an_end_within_each_other():
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    with pytest.raises(ValueError, match="is no data set"):
        data_sets.from_bytes(
            (struct.pack("<HH2sHI", 0x40, 0x100, b"SQ", 0, 0xFFFFFFFF) + item) * 3000, EXPLICIT
        )


def test_a_text_where_a_sequence_should_be_has_no_items():
    (peer,) = trial(inventory(device("archive", "ARCHIVE", 1), uses=["storage-commitment"])).scope.peers
    for tag in (0x00400100, 0x00081198, 0x00081199):
        came = data_sets.from_bytes(
            struct.pack("<HH2sH4s", tag >> 16, tag & 0xFFFF, b"LO", 4, b"ab\\c"), EXPLICIT
        )
        assert not asking._for_station(came, "CT9", "CT")
        assert storing._promised(peer, [("1", "2")], came).result == "failed"
        assert storing._denied(peer, came).result == "failed"


def test_a_reason_that_is_no_number_is_a_reason_that_is_not_told():
    (peer,) = trial(inventory(device("archive", "ARCHIVE", 1), uses=["storage-commitment"])).scope.peers
    failed = of(ReferencedSOPInstanceUID="1.2")
    failed.add_new(0x00081197, "LO", "abc")
    assert "reason 0000H" in storing._denied(peer, of(FailedSOPSequence=[failed])).text
