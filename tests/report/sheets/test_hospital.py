"""What templates see of an inventory."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pacsconf.inventory.loader import load
from pacsconf.report.sheets.context import Hospital, Opening, Title
from pacsconf.report.sheets.hospital import hospital
from pacsconf.report.sheets.services import Services, in_words, services_of

DAY = date(2026, 11, 24)
INVENTORY = """\
sites:
  main: {name: Main campus, timezone: Europe/Berlin, networks: [10.20.0.0/16], institution_name: Riverside}
  north: {name: Clinic}
profiles:
  ct:
    {type: modality, modality: CT, offers: verification, worklist: {from: ris/MWL, modality_code: CT},
     uses: [ct-image-storage, storage-commitment, modality-worklist, mpps]}
devices:
  ct-1: {profile: ct, site: main, manufacturer: SIEMENS, model: go.Top, ae_title: CT_1, host: 10.20.4.17, port: 104}
  ct-n: {profile: ct, site: north, ae_title: CT_N, host: 10.30.4.17, port: 104}
  ct-old: {profile: ct, site: main, lifecycle: retired, ae_title: CT_OLD, host: 10.20.4.99, port: 104}
  archive:
    type: archive
    site: main
    description: Central archive
    ae_titles: {ARCHIVE: {answers_to: [OLD_PACS]}}
    uses: storage-commitment
    offers: [storage, storage-commitment, verification]
    connections:
      dicom:
        host: 10.20.1.10
        port: 11112
        calls_from: [10.20.1.11, 10.20.1.12]
        seen_from: {north: {host: 198.51.100.7, port: 4242}}
  ris: {type: worklist, site: main, ae_title: MWL, host: 10.20.1.20, port: 105, offers: [modality-worklist, mpps]}
flows:
  images: {from: {type: modality}, to: {ae_title: OLD_PACS}, services: [storage, storage-commitment]}
  confirms: {from: {device: archive}, to: {device: ct-1}, services: storage-commitment}
  worklist: {from: {type: modality}, to: {device: ris}, services: [modality-worklist, mpps]}
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    folder: Path = tmp_path_factory.mktemp("seen")
    (folder / "inventory").mkdir()
    (folder / "inventory" / "hospital.yaml").write_text(INVENTORY)
    inventory = load(folder, DAY).inventory
    assert inventory is not None
    reserved = {"CT_OLD": date(2027, 2, 22), "US_OLD": date(2027, 1, 1)}
    return hospital(inventory, day=DAY, environment="lab", commit="3f2a9c1", reserved=reserved)


def test_a_scanner_is_told_whom_it_calls_and_who_calls_it(seen: Hospital):
    (ae,) = next(device for device in seen.devices if device.name == "ct-1").aes
    assert [(peer.title, peer.host, peer.port, peer.offers.names) for peer in ae.called] == [
        ("ARCHIVE", "10.20.1.10", 11112, ("storage", "storage-commitment")),
        ("MWL", "10.20.1.20", 105, ("modality-worklist", "mpps")),
    ]
    assert [(peer.title, peer.calls_from, peer.asks.names) for peer in ae.callers] == [
        ("ARCHIVE", ("10.20.1.11", "10.20.1.12"), ("storage-commitment",))
    ]


def test_an_address_is_the_one_seen_from_the_callers_site(seen: Hospital):
    (ae,) = next(device for device in seen.devices if device.name == "ct-n").aes
    assert [(peer.host, peer.port) for peer in ae.called if peer.title == "ARCHIVE"] == [
        ("198.51.100.7", 4242)
    ]


def test_it_is_told_whether_commitment_is_asked_and_can_be_answered(seen: Hospital):
    told = {
        (ae.title, peer.title): (peer.commits, peer.answers_commitment)
        for ae in seen.aes
        for peer in ae.called
    }
    assert told == {
        ("ARCHIVE", "CT_1"): (False, True),
        ("CT_1", "ARCHIVE"): (True, True),
        ("CT_1", "MWL"): (False, False),
        ("CT_N", "ARCHIVE"): (True, False),
        ("CT_N", "MWL"): (False, False),
    }


def test_a_worklist_names_its_source_and_the_device_itself(seen: Hospital):
    device = seen.device("ct-1")
    assert device is not None
    assert device.worklist is not None
    assert (device.worklist.title, device.worklist.host, device.worklist.port) == ("MWL", "10.20.1.20", 105)
    assert (device.worklist.station_ae, device.worklist.modality_code) == ("CT_1", "CT")
    assert (device.product, device.institution, device.timezone) == (
        "SIEMENS go.Top",
        "Riverside",
        "Europe/Berlin",
    )


def test_the_register_has_aliases_and_titles_that_nobody_has_any_more(seen: Hospital):
    assert [
        (one.title, one.device, one.lifecycle, one.alias_of, one.reserved_until) for one in seen.titles
    ] == [
        ("ARCHIVE", "archive", "active", "", None),
        ("CT_1", "ct-1", "active", "", None),
        ("CT_N", "ct-n", "active", "", None),
        ("CT_OLD", "ct-old", "retired", "", date(2027, 2, 22)),
        ("MWL", "ris", "active", "", None),
        ("OLD_PACS", "archive", "active", "ARCHIVE", None),
        ("US_OLD", "", "reserved", "", date(2027, 1, 1)),
    ]
    assert seen.titles[0] == Title(
        "ARCHIVE", "default", "archive", "Central archive", "", "archive", "Main campus", "active", "10.20.1.10",
        11112, "", ("OLD_PACS",), "", None,
    )  # fmt: skip


def test_a_firewall_is_asked_once_for_what_several_flows_need(seen: Hospital):
    to_ris = [one for one in seen.openings if one.host == "10.20.1.20"]
    assert to_ris[0] == Opening(
        "10.20.4.17", "Main campus", "10.20.1.20", 105, "Main campus", False, ("ct-1",), ("ris",), ("worklist",),
        Services(("modality-worklist", "mpps"), ("modality-worklist", "mpps")),
    )  # fmt: skip
    assert [(one.source, one.host, one.port) for one in seen.openings] == [
        ("10.20.1.11", "10.20.4.17", 104),
        ("10.20.1.12", "10.20.4.17", 104),
        ("10.20.4.17", "10.20.1.10", 11112),
        ("10.20.4.17", "10.20.1.20", 105),
        ("10.30.4.17", "10.20.1.20", 105),
        ("10.30.4.17", "198.51.100.7", 4242),
    ]


def test_a_flow_holds_the_pairs_that_it_comes_to(seen: Hospital):
    (flow,) = [flow for flow in seen.flows if flow.name == "images"]
    assert [(pair.calling.title, pair.called.title, pair.called.hosts) for pair in flow.pairs] == [
        ("CT_1", "ARCHIVE", ("10.20.1.10",)),
        ("CT_N", "ARCHIVE", ("198.51.100.7",)),
    ]


@pytest.mark.parametrize(
    ("name", "kinds", "words"),
    [
        ("storage", ("storage",), "images (C-STORE)"),
        ("ct-image-storage", ("storage",), "CT Image Storage"),
        ("study-root-get", ("query-retrieve",), "fetch by C-GET"),
        ("mpps", ("mpps",), "performed procedure step, MPPS (N-CREATE, N-SET)"),
        ("unified-procedure-step", ("other",), "unified procedure steps"),
        ("1.2.3.4", ("other",), "1.2.3.4"),
    ],
    ids=lambda value: str(value),
)
def test_services_have_kinds_and_words(name: str, kinds: tuple[str, ...], words: str):
    assert services_of([name, name]) == Services((name,), kinds)
    assert in_words(name) == words


def test_what_is_less_than_a_whole_kind_is_told():
    assert services_of(["dose-reports"]).narrower("storage") == ("dose reports (C-STORE)",)
    assert services_of(["storage", "dose-reports"]).narrower("storage") == ()
