"""What a directory holds is declared as it is, as far as an inventory can."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from pacsconf.adopt.guess import Does, device_type
from pacsconf.core.address import Address
from pacsconf.inventory import uids
from pacsconf.systems._ldap import Entry
from tests.adopt import trees
from tests.adopt.trees import (
    CT,
    VERIFICATION,
    ae,
    capability,
    connection,
    containers,
    device,
    reserved,
    scanner,
)

STUDY_FIND, MWL = "1.2.840.10008.5.1.4.1.2.2.1", uids.MODALITY_WORKLIST


def devices(*entries: Entry) -> dict[str, Any]:
    return dict(trees.drafted([*containers(), *entries]).devices)


def remarks(*entries: Entry) -> list[str]:
    return [remark.summary for remark in trees.drafted([*containers(), *entries]).remarks]


def test_a_scanner_is_declared_in_long_form() -> None:
    plain = list(trees.PLAIN)
    assert devices(*scanner(1, dicomStationName="CTER")) == {
        "ct-1": {
            "type": "modality",
            "probe": "none",
            "modality": ["CT"],
            "manufacturer": "SIEMENS",
            "station_name": "CTER",
            "installed": True,
            "connections": {"dicom": {"host": "10.0.0.1", "port": 104}},
            "ae_titles": {
                "CT_1": {
                    "connections": ["dicom"],
                    "initiator": True,
                    "acceptor": True,
                    "transfer_capabilities": [
                        {
                            "name": "ct-image-storage-scu",
                            "sop_class": CT,
                            "role": "SCU",
                            "transfer_syntaxes": plain,
                        },
                        {
                            "name": "verification-scp",
                            "sop_class": VERIFICATION,
                            "role": "SCP",
                            "transfer_syntaxes": plain,
                        },
                    ],
                }
            },
        }
    }


def test_the_system_is_to_be_read_only_and_keeps_what_it_was_given() -> None:
    assert trees.drafted(containers()).systems == {"directory": {**trees.CONFIG, "mode": "read-only"}}


def test_each_device_and_title_is_led_back_to_where_it_was_found() -> None:
    assert trees.drafted([*containers(), *scanner(1)]).origin == {
        "ct-1": Address.parse("directory/device/ct-1"),
        "ct-1/CT_1": Address.parse("directory/network-ae/ct-1/CT_1"),
    }


def test_a_title_that_nobody_has_is_reserved_by_a_planned_device() -> None:
    found = devices(*scanner(1), reserved("OLD_PACS"), reserved("old_pacs"))
    del found["ct-1"]
    assert found == {
        "reserved-old_pacs": {"type": "reserved", "lifecycle": "planned", "ae_title": "OLD_PACS"},
        "reserved-old_pacs-2": {"type": "reserved", "lifecycle": "planned", "ae_title": "old_pacs"},
    }


def test_a_title_that_an_entity_answers_to_is_its_alias() -> None:
    found = devices(
        device("arc"),
        connection("arc"),
        ae("arc", "ARC", dcmOtherAETitle=("OLD", "*", "ARC")),
        reserved("OLD"),
    )
    assert list(found) == ["arc"]
    assert found["arc"]["ae_titles"]["ARC"]["answers_to"] == ["OLD"]


def test_the_wildcard_title_is_reserved_for_nobody() -> None:
    assert devices(reserved("*")) == {}


def test_secrets_vendor_data_and_what_is_not_modelled_are_not_written() -> None:
    found = devices(
        device("arc", dcmKeyStorePin="hunter2", dicomVendorData="hunter2", dcmTimeZoneOfDevice="UTC")
    )
    assert found == {"arc": {"type": "other", "probe": "none", "installed": True}}


def test_codes_that_are_no_modality_stay_device_types() -> None:
    found = devices(device("x", dicomPrimaryDeviceType=("CT", "ARCHIVE")))["x"]
    assert (found["modality"], found["device_types"]) == (["CT"], ["ARCHIVE", "CT"])


def test_what_cannot_be_declared_is_left_out_at_the_smallest_element() -> None:
    found = devices(
        device("ct-1", dicomIssuerOfPatientID="A&B", dicomManufacturer="GE"),
        connection("ct-1"),
        connection("ct-1", "dicom-tls", dicomHostname="ct+1", dicomPort="2762"),
        ae("ct-1", "CT_1", "dicom", "dicom-tls", "gone"),
        capability("ct-1", "CT_1", "good"),
        capability("ct-1", "CT_1", "bad", role="BOTH"),
        ae("ct-1", "X" * 17),
    )["ct-1"]
    assert found["manufacturer"] == "GE"
    assert "patient_id_issuer" not in found
    assert list(found["connections"]) == ["dicom"]
    assert list(found["ae_titles"]) == ["CT_1"]
    assert found["ae_titles"]["CT_1"]["connections"] == ["dicom"]
    assert [one["name"] for one in found["ae_titles"]["CT_1"]["transfer_capabilities"]] == ["good"]


def test_each_thing_left_out_has_a_remark() -> None:
    said = remarks(
        device("ct-1", dicomIssuerOfPatientID="A&B"),
        connection("ct-1"),
        connection("ct-1", "old", dicomHostname="ct+1"),
        ae("ct-1", "CT_1"),
        capability("ct-1", "CT_1", "bad", role="BOTH"),
        capability("ct-1", "CT_1", "half", syntaxes=()),
        ae("ct-1", "X" * 17),
        device("y" * 129),
    )
    assert [summary.rpartition("; ")[2] if "; " in summary else summary for summary in said] == [
        'Capability "half" of ct-1/CT_1 has no transfer syntaxes, and is left unmanaged',
        (
            f'AE title "{"X" * 17}" of ct-1 is left unmanaged: an AE title has at most 16 characters, this one 17 '
            "(PS3.5 section 6.2)"
        ),
        "its patient_id_issuer is left unmanaged",
        "the connection old is left unmanaged",
        "the capability is left unmanaged",
        "the device is left unmanaged",
    ]


def test_entries_that_are_not_named_by_cn_are_declared_and_told_of() -> None:
    nameless = trees.entry(
        f"dicomHostname=10.0.0.9+dicomPort=104,{trees.device_dn('ct-1')}",
        "dicomNetworkConnection",
        dicomHostname="10.0.0.9",
        dicomPort="104",
    )
    (said,) = remarks(device("ct-1"), connection("ct-1"), nameless)
    assert said == "1 entry is not named by cn in the directory: network-connection/ct-1/10.0.0.9:104"
    assert devices(device("ct-1"), nameless)["ct-1"]["connections"] == {
        "10.0.0.9:104": {"host": "10.0.0.9", "port": 104}
    }


class _Unsized(dict[Address, str]):
    """Names that are worked out one by one, as those of a directory are: to count them is to read all."""

    def __len__(self) -> int:
        raise AssertionError("all names were asked for")


def test_names_are_not_counted_for_each_entry() -> None:
    held = trees.found(trees.grow("directory", [*containers(), *scanner(1)]))
    made = trees.draft("directory", trees.CONFIG, held.states(), _Unsized(held.spelled))
    assert list(made.devices) == ["ct-1"]


def test_an_entity_without_any_connection_is_left_out_and_its_title_reserved() -> None:
    found = devices(device("ct-1"), ae("ct-1", "CT_1", "gone"), reserved("CT_1"))
    assert found["ct-1"]["ae_titles"] == {}
    assert found["reserved-ct_1"]["ae_title"] == "CT_1"


@given(trees.trees())
def test_a_draft_is_the_same_each_time(entries: list[Entry]) -> None:
    assert trees.drafted(entries) == trees.drafted(reversed(entries))


@pytest.mark.parametrize(
    ("codes", "uses", "offers", "word"),
    [
        (("CT",), (), (), "modality"),
        (("ARCHIVE",), (CT,), (), "archive"),
        (("WSD",), (), (), "workstation"),
        (("DSS",), (), (), "ris"),
        (("NO SUCH",), (CT,), (), "modality"),
        ((), (), (MWL,), "ris"),
        ((), (CT,), (CT, STUDY_FIND), "archive"),
        ((), (CT, MWL), (), "modality"),
        ((), (STUDY_FIND,), (CT,), "workstation"),
        ((), (CT,), (CT,), "router"),
        ((), (CT,), (VERIFICATION,), "modality"),
        ((), (), (CT,), "workstation"),
        ((), (), ("1.2.840.10008.5.1.1.9",), "printer"),
        ((), (VERIFICATION,), (), "other"),
    ],
)
def test_the_type_is_guessed_by_codes_and_else_by_services(
    codes: tuple[str, ...], uses: tuple[str, ...], offers: tuple[str, ...], word: str
) -> None:
    assert device_type(codes, Does(frozenset(uses), frozenset(offers))) == word
