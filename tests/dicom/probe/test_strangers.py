"""Whom an application entity lets in, at DCMTK's programs and at listeners that misbehave."""

from __future__ import annotations

from pacsconf.dicom.probe.strangers import try_the_door

REJECTED = b"\x03\x00\x00\x00\x00\x04\x00\x01"
UNKNOWN_CALLER = REJECTED + b"\x01\x03"


def test_a_storage_server_that_asks_nobody_lets_everybody_in(storescp):
    door = try_the_door("ANY", "127.0.0.1", storescp(), "PACSCONF", None)
    assert [(each.rule, each.evidence) for each in door.findings] == [
        ("WIRE-STRANGER", "observed"),
        ("WIRE-ANY-TITLE", "observed"),
    ]
    assert door.unseen == ()


def test_an_archive_that_checks_both_titles_has_nothing_wrong(archive):
    door = try_the_door("ARCHIVE", "127.0.0.1", archive, "PROBE", None)
    assert door.findings == ()


def test_where_the_caller_is_looked_at_first_the_title_stays_unknown(stranger):
    peer = stranger(UNKNOWN_CALLER)
    door = try_the_door("ARCHIVE", "127.0.0.1", peer.port, "PACSCONF", None, timeout=0.3)
    assert door.findings == ()
    where = f"ARCHIVE at 127.0.0.1:{peer.port}"
    reason = "it does not know PACSCONF, and looks no further. Give a title that it knows (--calling)"
    assert door.unseen == (f"Whether {where} answers to any title is not known: {reason}.",)
    assert len(peer.heard) == 2


def test_silence_is_not_a_closed_door(stranger):
    peer = stranger()
    door = try_the_door("ARCHIVE", "127.0.0.1", peer.port, "PACSCONF", None, timeout=0.2)
    assert door.findings == ()
    assert [sentence.partition(":")[0] for sentence in door.unseen] == [
        "Whether ARCHIVE at 127.0.0.1",
        "Whether ARCHIVE at 127.0.0.1",
    ]
