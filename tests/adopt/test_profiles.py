"""Devices that do the same share a profile with a name that a person would give it."""

from __future__ import annotations

from typing import Any

from pacsconf.adopt.profiles import profiled
from pacsconf.inventory import uids

PLAIN = list(uids.DEFAULT_TRANSFER_SYNTAXES)


def scanner(number: int, maker: str | None, modality: str = "CT", *sends: str, **more: Any) -> dict[str, Any]:
    classes = sends or ("1.2.840.10008.5.1.4.1.1.2",)
    listed = [{"sop_class": uid, "role": "SCU", "transfer_syntaxes": PLAIN} for uid in classes]
    return {
        "type": "modality",
        "modality": [modality],
        "probe": "none",
        **({"manufacturer": maker} if maker else {}),
        "connections": {"dicom": {"host": f"10.0.0.{number}", "port": 104}},
        "ae_titles": {
            f"AE_{number}": {"initiator": True, "acceptor": False, "transfer_capabilities": listed}
        },
        **more,
    }


def test_one_kind_of_device_has_one_profile_named_by_its_modality() -> None:
    found = profiled({f"ct-{number}": scanner(number, "SIEMENS") for number in (1, 2)})
    assert found.profiles == {
        "adopted": {"probe": "none"},
        "ct": {
            "profile": "adopted",
            "type": "modality",
            "modality": "CT",
            "manufacturer": "SIEMENS",
            "uses": "ct-image-storage",
        },
    }
    assert found.devices["ct-1"] == {"profile": "ct", "ae_title": "AE_1", "host": "10.0.0.1", "port": 104}
    assert found.groups == {"ct-1": "ct", "ct-2": "ct"}


def test_manufacturers_with_several_devices_have_a_profile_on_top_of_that() -> None:
    makers = {
        1: "SIEMENS Healthineers",
        2: "SIEMENS Healthineers",
        3: "GE MEDICAL",
        4: "GE MEDICAL",
        5: "Canon",
        6: None,
    }
    found = profiled({f"ct-{number}": scanner(number, maker) for number, maker in makers.items()})
    assert found.profiles["ct-siemens"] == {"profile": "ct", "manufacturer": "SIEMENS Healthineers"}
    assert found.profiles["ct-ge"] == {"profile": "ct", "manufacturer": "GE MEDICAL"}
    assert [found.devices[f"ct-{number}"]["profile"] for number in makers] == [
        "ct-siemens", "ct-siemens", "ct-ge", "ct-ge", "ct", "ct",
    ]  # fmt: skip
    assert found.devices["ct-5"]["manufacturer"] == "Canon"


def test_devices_of_one_modality_that_do_different_things_are_told_apart_by_manufacturer_or_number() -> None:
    mr = "1.2.840.10008.5.1.4.1.1.4"
    devices = {
        "a": scanner(1, "SIEMENS"),
        "b": scanner(2, "SIEMENS"),
        "c": scanner(3, "GE", "CT", mr),
        "d": scanner(4, "GE", "CT", mr),
        "e": scanner(5, "GE", "CT", mr, "1.2.3"),
        "f": scanner(6, "GE", "CT", mr, "1.2.3"),
    }
    found = profiled(devices)
    assert {name: device["profile"] for name, device in found.devices.items()} == {
        "a": "ct-siemens", "b": "ct-siemens", "c": "ct-ge", "d": "ct-ge", "e": "ct-ge-2", "f": "ct-ge-2",
    }  # fmt: skip


def test_a_device_of_its_own_kind_stands_alone_and_is_not_probed_either() -> None:
    found = profiled({"ct-1": scanner(1, None)})
    assert found.profiles == {"adopted": {"probe": "none"}}
    assert found.devices["ct-1"] == {
        "profile": "adopted", "type": "modality", "modality": "CT", "ae_title": "AE_1", "host": "10.0.0.1",
        "port": 104, "uses": "ct-image-storage",
    }  # fmt: skip


def test_names_of_profiles_that_exist_are_not_given_again() -> None:
    found = profiled(
        {f"ct-{number}": scanner(number, None) for number in (1, 2)}, {"CT", "adopted"}, "adopted-pacs"
    )
    assert list(found.profiles) == ["adopted-pacs", "ct-2"]


def test_reserved_titles_need_no_probe_level() -> None:
    reserved = {"type": "reserved", "lifecycle": "planned", "ae_title": "OLD"}
    assert profiled({"reserved-old": reserved}).profiles == {}
