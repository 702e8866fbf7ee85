"""What is adopted stands: it loads without errors, and nothing is to be changed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from pacsconf.adopt.directory import draft
from pacsconf.adopt.settle import Live, settle
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.select import ignoring
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.writing import document
from pacsconf.lab.slapd import Slapd
from pacsconf.systems._ldap import Entry
from pacsconf.systems.dicom_directory import DicomDirectory
from tests.adopt import trees
from tests.adopt.conftest import PIN
from tests.adopt.trees import ae, connection, containers, device, reserved, scanner


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees.trees())
def test_whatever_a_directory_holds_is_adopted_and_planned_to_no_change(entries: list[Entry]) -> None:
    adoption = trees.adopted(entries)
    with tempfile.TemporaryDirectory() as folder:
        assert trees.faults(adoption, entries, Path(folder)) == []


def test_a_sound_directory_needs_no_baseline_and_ignores_nothing() -> None:
    adoption = trees.adopted([*containers(), *scanner(1), *scanner(2)])
    assert list(adoption.files) == ["devices/ct.yaml", "profiles.yaml", "systems.yaml"]
    assert adoption.files["devices/ct.yaml"] == (
        "# As found in directory (ldap://127.0.0.1:389) on 2026-11-24.\n"
        "\n"
        "devices:\n"
        "  ct-1: {profile: ct, ae_title: CT_1, host: 10.0.0.1, port: 104}\n"
        "  ct-2: {profile: ct, ae_title: CT_2, host: 10.0.0.2, port: 104}\n"
    )
    assert adoption.files["systems.yaml"] == (
        "# As found in directory (ldap://127.0.0.1:389) on 2026-11-24.\n"
        "\n"
        "systems:\n"
        "  directory:\n"
        "    type: dicom-directory\n"
        "    url: ldap://127.0.0.1:389\n"
        '    base: "dc=example,dc=org"\n'
        "    # Changes are shown, never made, until this is `write`.\n"
        "    mode: read-only\n"
    )
    assert adoption.remarks == ()
    assert adoption.counts == {
        "devices": 2, "ae_titles": 2, "capabilities": 4, "profiles": 2, "capability_sets": 0, "reserved": 0,
        "accepted": 0, "ignored": 0,
    }  # fmt: skip


def test_a_fault_found_live_is_accepted_until_a_day_by_an_owner() -> None:
    twice = [device("mobile"), connection("mobile", dicomHostname="10.0.0.9"), ae("mobile", "CT_1")]
    adoption = trees.adopted([*containers(), *scanner(1), *twice])
    assert adoption.baseline == {
        "duplicate-title-mobile": {
            "rule": "PACS-AE-003",
            "at": "devices.mobile.ae_titles.CT_1",
            "owner": "radiology-it",
            "until": "2027-02-22",
            "reason": "found live when adopted on 2026-11-24",
        }
    }
    assert "  # AE title CT_1 belongs to two devices, ct-1 and mobile\n" in adoption.files["baseline.yaml"]


def test_what_differs_still_is_ignored_with_a_reason() -> None:
    entries = [*containers(), device("arc"), connection("arc"), ae("arc", "ARC", "gone"), ae("arc", "A:B")]
    adoption = trees.adopted([*entries, reserved("A:B")])
    _, _, ignored = adoption.files["systems.yaml"].partition("    ignore:\n")
    assert ignored == (
        "      # It refers to connections that its device does not have, or that are left out.\n"
        "      # Live: cn=gone,dicomdevicename=arc,cn=devices,cn=dicom configura...\n"
        "      # Without the line, pacsconf writes dicom.\n"
        "      - network-ae/arc/ARC:connections\n"
        "      # Not in the registry of AE titles, so anybody may take it.\n"
        "      # Without the line, pacsconf reserves it.\n"
        "      - unique-ae-title/ARC\n"
    )


def test_where_the_registry_is_missing_one_pattern_leaves_it_so() -> None:
    entries = [each for number in range(1, 6) for each in scanner(number) if "Registry" not in each.dn]
    adoption = trees.adopted([*containers("unique-ae-titles"), *entries])
    assert [one.pattern for one in adoption.ignored] == ["container/unique-ae-titles", "unique-ae-title/*"]


def test_what_exists_is_neither_declared_again_nor_accepted() -> None:
    existing = {
        "hospital.yaml": (
            "profiles:\n  adopted: {probe: echo}\n"
            "devices:\n"
            "  a: {type: pacs, ae_title: PACS, host: 10.9.9.9, port: 104}\n"
            "  b: {type: pacs, ae_title: PACS2, host: 10.9.9.9, port: 104}\n"
        ),
        "systems.yaml": "systems: {}\n",
    }
    tree = trees.grow("directory", [*containers(), *scanner(1), *scanner(2)])
    adoption = settle(
        draft("directory", trees.CONFIG, trees.states(tree)), trees.TERMS, trees.comparing(tree), existing
    )
    assert adoption.baseline == {}
    assert list(adoption.files) == ["devices/ct.yaml", "profiles.yaml", "systems-directory.yaml"]
    assert "  adopted-directory: {probe: none}\n" in adoption.files["profiles.yaml"]


def test_a_flow_that_cannot_be_declared_is_left_out_with_a_remark() -> None:
    tree = trees.grow("directory", [*containers(), *scanner(1)])
    flow = {"from": {"device": "ct-1"}, "to": {"device": "ct-1"}}
    flows = {"good": {**flow, "services": ["storage"]}, "bad": {**flow, "services": ["no such service"]}}
    made = replace(draft("directory", trees.CONFIG, trees.states(tree)), flows=flows)
    adoption = settle(made, trees.TERMS, trees.comparing(tree))
    assert "  good: {from:" in adoption.files["flows.yaml"]
    assert "bad" not in adoption.files["flows.yaml"]
    assert [remark.summary.rpartition("; ")[2] for remark in adoption.remarks] == ["bad is left unmanaged"]


def test_what_is_half_declared_live_is_accepted_by_flow() -> None:
    tree = trees.grow("directory", [*containers(), *scanner(1), *scanner(2)])
    flow = {
        "from": {"device": "ct-1"},
        "to": {"device": "ct-2"},
        "services": ["verification", "ct-image-storage"],
    }
    made = replace(draft("directory", trees.CONFIG, trees.states(tree)), flows={"images": flow})
    adoption = settle(made, trees.TERMS, trees.comparing(tree))
    at_flow = {"at": "flows.images", "owner": "radiology-it", "until": "2027-02-22"}
    reason = "found live when adopted on 2026-11-24"
    assert adoption.baseline == {
        "unasked-images": {"rule": "PACS-REACH-002", **at_flow, "reason": reason},
        "unoffered-images": {"rule": "PACS-REACH-003", **at_flow, "reason": reason},
    }


def test_each_remark_names_the_device_that_it_is_about() -> None:
    entries = [
        *containers(),
        device("ris-old"),
        connection("ris-old", dicomPort="70000"),
        ae("ris-old", "RIS"),
    ]
    (remark,) = trees.adopted(entries).remarks
    assert remark.summary == (
        "ris-old: connections.dicom.port: a port is a whole number from 1 to 65535, not 70000; its port is left "
        "unmanaged"
    )
    assert remark.fix == "It stays live as it is. Correct it there, then declare its port by hand."


def test_of_a_registry_that_is_not_shown_nothing_is_claimed() -> None:
    entries = [*containers("unique-ae-titles"), device("a"), connection("a"), ae("a", "A")]
    (frame, title) = trees.adopted(entries).ignored
    assert frame.why.startswith("The frame of the configuration lacks this, or does not show it")
    assert title.pattern == "unique-ae-title/A"
    assert title.why.splitlines()[0] == (
        "The registry of AE titles is not there, or not shown, so what is reserved is not known."
    )


def test_in_a_system_that_is_declared_already_a_person_is_told_what_to_ignore() -> None:
    entries = [
        *containers(),
        device("a"),
        connection("a"),
        ae("a", "A"),
        device("b"),
        connection("b"),
        ae("b", "B"),
    ]
    tree = trees.grow("directory", entries)
    made = draft("directory", trees.CONFIG, trees.states(tree))
    existing = {
        "systems.yaml": document({"systems": made.systems}),
        "a.yaml": "devices:\n  a: {type: other, ae_title: A, host: 10.0.0.1, port: 104}\n",
    }
    left = replace(made, systems={}, devices={"b": made.devices["b"]})
    adoption = settle(left, trees.TERMS, trees.comparing(tree), existing)
    assert list(adoption.files) == ["baseline.yaml", "devices/others.yaml", "profiles.yaml"]
    (remark,) = adoption.remarks
    assert remark.summary.startswith("unique-ae-title/B differs from what is adopted: Not in the registry")
    assert remark.fix == 'To leave it as it is, add "unique-ae-title/B" under systems.directory.ignore.'


def test_a_thousand_devices_are_adopted() -> None:
    entries = [*containers(), *(each for number in range(1, 1001) for each in scanner(number))]
    adoption = trees.adopted(entries)
    assert adoption.counts["devices"] == 1000


# --- a real directory ---------------------------------------------------------------------------------------


def remaining(directory: DicomDirectory) -> Callable[[Inventory], Live]:
    def compared(inventory: Inventory) -> Live:
        declared = directory.declared(inventory)
        wanted = {one.address: one.state() for one in declared.resources}
        live = {one.address: one.state() for one in directory.read().resources}
        ignore = inventory.systems["directory"].ignore
        return Live(compare(wanted, live, {}, ignoring(ignore)), tuple(declared.findings))

    return compared


def test_a_directory_that_an_archive_filled_is_adopted(
    server: Slapd, directory: DicomDirectory, tmp_path: Path
) -> None:
    config = {"type": "dicom-directory", "url": server.url, "base": server.base}
    states = {one.address: one.state() for one in directory.read().resources}
    adoption = settle(draft("directory", config, states), trees.TERMS, remaining(directory))
    trees.write(adoption.files, tmp_path / "inventory")
    loaded = load(tmp_path, trees.TODAY)
    assert loaded.inventory is not None
    assert [one for one in loaded.findings if not one.accepted] == []
    live = remaining(directory)(loaded.inventory)
    assert [one for one in live.differences if change(one, Rules({}))] == []
    assert PIN not in "".join(adoption.files.values())
    assert adoption.files["devices/ct.yaml"].partition("devices:\n")[2] == (
        "  ct01: {profile: ct, ae_title: CT01, host: 10.20.4.1, port: 104}\n"
        "  ct02: {profile: ct, ae_title: CT02, host: 10.20.4.2, port: 104}\n"
        "  ct03: {profile: ct, ae_title: CT03, host: 10.20.4.3, port: 104}\n"
        "  mobile: {profile: ct, ae_title: CT03, host: 10.20.4.99, port: 104}\n"
    )
    assert list(adoption.baseline) == ["duplicate-title-mobile"]
    assert [one.pattern for one in adoption.ignored] == [
        "unique-ae-title/ARC_OLD",
        "unique-ae-title/AS_RECEIVED",
    ]
