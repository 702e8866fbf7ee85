"""One association with whoever is there: DCMTK's programs, and listeners that misbehave."""

from __future__ import annotations

import pytest

from pacsconf.dicom.probe.knock import Context, knock
from pacsconf.inventory import uids

REJECTED = b"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x07"
ABORTED = b"\x07\x00\x00\x00\x00\x04\x00\x00\x02\x01"


def accepted(seen) -> set[str]:
    return {uids.label(context.sop_class) for context in seen.contexts if not context.refused}


def test_a_storage_server_accepts_storage_and_verification(storescp):
    seen = knock("ANY", "127.0.0.1", storescp(), "PACSCONF")
    assert (seen.came, seen.echo, seen.max_pdu) == ("accepted", "answered", 16384)
    assert (
        seen.text
        == f"the association was accepted, with {len(accepted(seen))} of 32 services that were proposed"
    )
    assert {"verification", "ct-image-storage", "mr-image-storage"} <= accepted(seen)
    assert "modality-worklist-information-model-find" not in accepted(seen)
    assert seen.contexts[0] == Context(uids.VERIFICATION, "1.2.840.10008.1.2.1")
    assert seen.contexts[-1] == Context(
        uids.STORAGE_COMMITMENT, refused="abstract syntax not supported (PS3.8 9.3.3.2: 3)"
    )
    assert seen.implementation.startswith("OFFIS_DCMTK_36")
    assert seen.milliseconds > 0


def test_an_archive_offers_query_and_retrieve_to_whom_it_knows(archive):
    seen = knock("ARCHIVE", "127.0.0.1", archive, "PROBE")
    assert "study-root-query-retrieve-information-model-find" in accepted(seen)


def test_a_rejection_is_told_in_words(archive):
    seen = knock("ELSEWHERE", "127.0.0.1", archive, "PROBE")
    assert (seen.came, seen.contexts) == ("rejected", ())
    assert seen.text == (
        'association rejected: permanent, by service user, "called AE title not recognised" (PS3.8 9.3.4: 1/1/7)'
    )
    assert seen.advice.startswith("It does not answer to this title.")


@pytest.mark.parametrize(
    ("answer", "hang_up", "came", "words"),
    [
        (REJECTED, False, "rejected", "called AE title not recognised"),
        (ABORTED, False, "aborted", "the peer aborted the association"),
        (b"", True, "closed", "the peer closed the connection after the association request"),
        (b"", False, "silent", "connected, but no answer to the association request within 0.3 s"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", False, "not DICOM", "something else listens at this port"),
        (b"\x15\x03\x03\x00\x02\x02\x28", False, "not DICOM", "TLS is expected at this port"),
        (b"\x04\x00\x00\x00\x00\x00", False, "otherwise", "with a PDU of type 04"),
    ],
)
def test_whatever_else_answers_is_said(stranger, answer, hang_up, came, words):
    peer = stranger(answer, hang_up=hang_up)
    seen = knock("ANY", "127.0.0.1", peer.port, "PACSCONF", timeout=0.3)
    assert seen.came == came
    assert words in seen.text
    assert ("may take encrypted connections alone" in seen.advice) == (came == "closed")
    assert len(peer.heard) == 1


def test_a_port_where_nothing_listens(free_port):
    seen = knock("ANY", "127.0.0.1", free_port, "PACSCONF")
    assert (seen.came, seen.text) == (
        "unreachable",
        f"connection refused: nothing listens at port {free_port}",
    )


def test_a_name_that_nobody_knows():
    seen = knock("ANY", "no-such-host.invalid", 104, "PACSCONF")
    assert (seen.came, seen.text) == (
        "unreachable",
        'the name "no-such-host.invalid" is not known to this machine',
    )
