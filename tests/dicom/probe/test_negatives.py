"""Strangers at the door of what is declared: what each real server lets them do, and what that comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pacsconf.dicom.observation import Doors
from pacsconf.dicom.probe.findings import findings
from pacsconf.dicom.probe.observer import probe
from pacsconf.dicom.probe.strangers import NOBODY, NOWHERE, must_refuse
from pacsconf.dicom.wire import Wire
from pacsconf.inventory import uids
from pacsconf.lab import orthanc

KNOWN = {"probe": ["PROBE", "127.0.0.1", 104]}
SHUT = Doors("refused", "refused", "refused", "refused", "refused")


def rules(seen) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in findings(seen)]


@pytest.mark.parametrize(
    ("level", "doors"),
    [("tcp", None), ("echo", Doors("open", "open", echo="open"))],
)
def test_a_stranger_goes_no_further_than_we_may(storescp, a_target, level, doors):
    assert probe(a_target(storescp(), level=level, negatives=True), Wire()).doors == doors


@pytest.mark.parametrize(("level", "query"), [("contexts", "unknown"), ("services", "open")])
def test_a_stranger_queries_at_the_level_of_services_alone(tmp_path, a_target, level, query):
    options = orthanc.Options(modalities_in_database=False, settings={"DicomAlwaysAllowFind": True})
    with orthanc.started(tmp_path / "pacs", options) as server:
        seen = probe(a_target(server.dicom_port, title=server.aet, level=level, negatives=True), Wire())
    assert seen.doors is not None
    assert seen.doors.query == query


def test_a_storage_server_is_open_to_all_and_stores_nothing_by_it(storescp, a_target, tmp_path):
    seen = probe(a_target(storescp(), level="contexts", negatives=True), Wire())
    assert seen.doors == Doors("open", "open", echo="open", store="open", query="refused")
    assert seen.verdict == "healthy"  # nothing is declared of whom it accepts
    assert rules(seen) == [("WIRE-STRANGER", "warning"), ("WIRE-ANY-TITLE", "warning")]
    assert "echo taken, store taken, query refused" in findings(seen)[0].detail
    assert list(tmp_path.iterdir()) == []


def test_an_open_door_that_is_declared_shut_is_failing(storescp, a_target):
    seen = probe(a_target(storescp(), negatives=True, accepts="declared"), Wire())
    assert (seen.verdict, seen.reason) == (
        "failing",
        "it takes callers of unknown title, and is declared not to (accepts)",
    )
    assert rules(seen) == [("WIRE-STRANGER", "error"), ("WIRE-ANY-TITLE", "warning")]


def test_an_open_door_that_is_declared_open_is_right(storescp, a_target):
    seen = probe(a_target(storescp(), negatives=True, accepts="any"), Wire())
    assert seen.verdict == "healthy"
    assert rules(seen) == [("WIRE-ANY-TITLE", "warning")]


def test_an_archive_that_checks_both_titles_is_shut(archive, a_target):
    seen = probe(a_target(archive, title="ARCHIVE", negatives=True, accepts="declared"), Wire())
    assert (seen.doors, seen.verdict, rules(seen)) == (SHUT, "healthy", [])


def test_where_we_are_strangers_ourselves_a_wrong_title_shows_nothing(archive, a_target):
    seen = probe(a_target(archive, title="ARCHIVE", calling="UNKNOWN", negatives=True), Wire())
    assert seen.doors is not None
    assert seen.doors.unknown_calling == "refused"
    assert rules(seen) == [("WIRE-ASSOC", "error")]


@pytest.mark.parametrize(
    ("careless", "doors"),
    [
        ({}, SHUT),
        ({"always_allow_echo": True}, Doors("refused", "open", "open", "unknown", "refused")),
        ({"always_allow_store": True}, Doors("refused", "open", "refused", "unknown", "refused")),
        (
            {"settings": {"DicomAlwaysAllowFind": True}},
            Doors("refused", "open", "refused", "unknown", "open"),
        ),
        ({"check_called_aet": False}, Doors("open", "refused", "refused", "refused", "refused")),
    ],
    ids=["careful", "echo for all", "store for all", "find for all", "any title"],
)
def test_what_an_orthanc_lets_strangers_do_is_told_apart(tmp_path, a_target, careless, doors):
    options = orthanc.Options(modalities_in_database=False, modalities=KNOWN, **careless)
    with orthanc.started(tmp_path / "pacs", options) as server:
        seen = probe(a_target(server.dicom_port, title=server.aet, level="services", negatives=True), Wire())
    assert seen.doors == doors


def test_nobody_is_played_without_leave(stranger, a_target):
    peer = stranger(b"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x03")
    assert probe(a_target(peer.port), Wire(timeout=0.3)).doors is None
    assert [NOBODY.encode() in heard or NOWHERE.encode() in heard for heard in peer.heard] == [False]


def test_silence_is_not_a_closed_door(stranger, a_target):
    assert probe(a_target(stranger().port, negatives=True), Wire(timeout=0.2)).doors is None


def test_a_rejection_of_a_borrowed_title_shows_nothing(archive, a_target):
    seen = probe(a_target(archive, title="ARCHIVE", calling="CT9", borrowed=True), Wire())
    assert seen.verdict == "unknown"
    assert seen.reason.endswith(
        "but CT9 is the title of another, and may be known at that one's address alone"
    )
    (finding,) = findings(seen)
    assert (finding.rule, finding.severity, finding.verdict) == ("WIRE-ASSOC", "warning", "unknown")


def test_an_answer_that_a_borrowed_title_does_not_get_shows_nothing(tmp_path, a_target):
    peers = {"ct9": {"AET": "CT9", "Host": "127.0.0.1", "Port": 104, "AllowFind": False}}
    options = orthanc.Options(modalities_in_database=False, modalities=peers)
    with orthanc.started(tmp_path / "pacs", options) as server:
        offers = ((uids.STUDY_ROOT_FIND, (uids.IMPLICIT_VR_LE,)),)
        target = a_target(
            server.dicom_port, title=server.aet, level="services", calling="CT9", contexts=offers
        )
        own, borrowed = (probe(replace(target, borrowed=one), Wire()) for one in (False, True))
    assert (own.verdict, borrowed.verdict) == ("failing", "unknown")
    assert borrowed.reason == f"{own.reason}; but CT9 is the title of another, and may not ask for that"


@pytest.mark.parametrize(
    ("accepts", "refuses"),
    [(None, False), ("any", False), ("declared", True), (("CT_*",), True), (("CT_*", "*"), False)],
)
def test_whether_strangers_are_declared_to_be_refused(accepts, refuses):
    assert must_refuse(accepts) is refuses
