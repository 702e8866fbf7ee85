"""A further source beside an inventory that stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pacsconf.adopt.draft import Draft
from pacsconf.adopt.merge import Disagreement, Merged, Twin, merged, undeclared
from pacsconf.adopt.orthanc import Own, draft
from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.inventory.loader import load
from pacsconf.inventory.systems import RIGHTS

HOSPITAL = """\
devices:
  ct-1: {type: modality, ae_title: CT_1, host: 10.0.0.1, port: 104, initiator: true}
  pacs:
    type: archive
    manufacturer: GE
    connections: {dicom: {host: 10.0.0.5, port: 2762, tls: [TLS_AES_128_GCM_SHA256]}}
    ae_titles: {ARCHIVE: {answers_to: [OLD]}}
  gone: {type: modality, lifecycle: retired, ae_title: GONE, host: 10.0.0.9, port: 104}
"""

Beside = Callable[[Draft], Merged]


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    """Merges a draft with the hospital."""
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hospital.yaml").write_text(HOSPITAL)
    loaded = load(tmp_path)
    assert loaded.inventory is not None, loaded.findings

    def merge(made: Draft) -> Merged:
        assert loaded.inventory is not None
        return merged(made, {}, loaded.inventory, loaded.sources)

    return merge


def of_peers(*listed: tuple[str, str, str, int], own: Own | None = None) -> Draft:
    states = {}
    for alias, title, host, port in listed:
        address = Address.of("orthanc", "peer", alias)
        fields = {"ae_title": title, "host": host, "port": port, "allow": RIGHTS}
        states[address] = State(address, address, fields)
    return draft("orthanc", {"type": "orthanc", "url": "http://o.example.org"}, states, own)


def entries(made: Merged) -> Mapping[str, Any]:
    found: Mapping[str, Any] = made.draft.systems["orthanc"]["peers"]
    return found


def test_a_peer_of_a_declared_title_refers_to_that_device_and_no_device_is_made(beside: Beside):
    made = beside(of_peers(("scanner", "CT_1", "10.0.0.1", 104)))

    assert made.draft.devices == {}
    assert entries(made) == {"scanner": {"ae": "ct-1/CT_1", "allow": "all"}}
    assert made.disagreements == ()


def test_where_the_address_differs_the_peer_carries_it_and_the_difference_is_told(beside: Beside):
    made = beside(of_peers(("scanner", "CT_1", "10.0.0.2", 105)))

    assert entries(made)["scanner"] == {"ae": "ct-1/CT_1", "host": "10.0.0.2", "port": 105, "allow": "all"}
    assert made.disagreements == (
        Disagreement("CT_1", "10.0.0.1:104", "inventory/hospital.yaml:2", "10.0.0.2:105"),
    )


def test_a_further_title_of_an_entity_and_what_its_device_would_change_are_written_out(beside: Beside):
    made = beside(of_peers(("old", "OLD", "10.0.0.5", 2762)))

    assert entries(made)["old"] == {
        "ae": "pacs/ARCHIVE",
        "ae_title": "OLD",
        "allow": "all",
        "tls": False,
        "manufacturer": "Generic",
    }


def test_the_server_is_the_declared_entity_of_its_title_and_its_port_is_compared(beside: Beside):
    made = beside(of_peers(("me", "ARCHIVE", "127.0.0.1", 4242), own=Own("ARCHIVE", "127.0.0.1", 4242)))

    assert made.draft.systems["orthanc"]["ae"] == "pacs/ARCHIVE"
    assert made.disagreements == (
        Disagreement("ARCHIVE", "port 2762", "inventory/hospital.yaml:6", "port 4242"),
    )


def test_devices_of_new_titles_keep_clear_of_declared_names(beside: Beside):
    made = beside(of_peers(("a", "PACS", "10.0.0.7", 104), ("b", "GONE", "10.0.0.9", 104)))

    assert list(made.draft.devices) == ["pacs-2", "gone-2"]
    assert entries(made)["a"]["ae"] == "pacs-2/PACS"
    assert made.draft.origin["pacs-2/PACS"] == Address.of("orthanc", "peer", "a")


def test_peers_of_devices_that_are_not_declared_after_all_say_it_themselves():
    whole = of_peers(
        ("us", "US_1", "10.0.0.7", 104), ("MR", "MR", "10.0.0.8", 104), own=Own("ME", "o.example.org", 4242)
    )
    left = undeclared(whole, frozenset({"us-1", "mr", "me"}))

    assert left.devices == {}
    assert "ae" not in left.systems["orthanc"]
    assert left.systems["orthanc"]["peers"] == {
        "us": {"ae_title": "US_1", "host": "10.0.0.7", "port": 104, "allow": "all"},
        "MR": {"host": "10.0.0.8", "port": 104, "allow": "all"},
    }


def directory(**devices: Mapping[str, Any]) -> Draft:
    named = {name.replace("_", "-"): device for name, device in devices.items()}
    systems = {"ldap": {"type": "dicom-directory", "url": "ldap://l.example.org"}}
    return Draft("ldap", devices=named, systems=systems)


def device(title: str, host: str = "10.0.0.1", port: int = 104) -> dict[str, Any]:
    return {
        "type": "modality",
        "connections": {"dicom": {"host": host, "port": port}},
        "ae_titles": {title: {"connections": ["dicom"]}},
    }


def test_a_directorys_device_of_declared_titles_is_ignored_under_either_name(beside: Beside):
    made = beside(directory(ct_room_1=device("CT_1", "10.0.0.2"), mr=device("MR_1")))

    assert list(made.draft.devices) == ["mr"]
    assert made.twins == (Twin("ct-room-1", "ct-1", "inventory/hospital.yaml:2"),)
    assert made.absent == ("pacs",)
    assert made.disagreements == (
        Disagreement("CT_1", "10.0.0.1:104", "inventory/hospital.yaml:2", "10.0.0.2:104"),
    )
    assert made.draft.systems["ldap"]["ignore"] == [
        "device/ct-room-1",
        "network-*/ct-room-1/*",
        "transfer-capability/ct-room-1/*",
        "device/ct-1",
        "network-*/ct-1/*",
        "transfer-capability/ct-1/*",
        "unique-ae-title/CT_1",
        "device/pacs",
        "network-*/pacs/*",
        "transfer-capability/pacs/*",
        "unique-ae-title/ARCHIVE",
        "unique-ae-title/OLD",
    ]
    assert ("systems", "ldap", "ignore") in made.draft.comments


def test_a_directorys_device_with_a_name_that_is_taken_stays_unmanaged(beside: Beside):
    made = beside(directory(PACS=device("OTHER")))

    assert made.draft.devices == {}
    assert made.draft.remarks[0].summary == (
        'Device "PACS" is left unmanaged: another device is declared under this name, with other AE titles'
    )


def test_devices_of_an_export_without_a_directory_ignore_nothing(beside: Beside):
    made = beside(Draft("ldap", devices={"ct-room-1": device("CT_1"), "mr": device("MR_1")}))

    assert list(made.draft.devices) == ["mr"]
    assert made.draft.systems == {}
    assert made.absent == ()
