"""Devices come and go: planned, commissioning, active, retired, vanished, renamed; an inventory that is gone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.conftest import TITLES, device_dn


@pytest.fixture
def stands(small):
    small.applied()
    return small


def refused(hospital) -> tuple[str, str]:
    """What a plan that guards refuse says, and its digest."""
    ran = hospital("plan", "--out", "plan.json")
    assert ran.code == 5
    return ran.said, json.loads(hospital.plan_file.read_text())["digest"][:8]


def test_a_retired_device_leaves_and_its_title_stays_reserved(hospital, directory):
    hospital.applied()
    hospital.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: retired,")
    plan = hospital.ok("plan", "--out", "plan.json")
    until = (datetime.now(UTC) + timedelta(days=90)).date()
    assert "- directory/device/ct-2" in plan.out
    assert f"directory/unique-ae-title/CT2 until {until}" in plan.said
    hospital.ok("apply", "plan.json")
    assert directory.values(device_dn("ct-2"), "dicomInstalled") == []
    assert directory.values(f"dicomAETitle=CT2,{TITLES}", "dicomAETitle") == ["CT2"]

    hospital.remove("ct-2")
    later = hospital.ok("plan", "--detailed-exitcode")
    assert "No changes." in later.out
    assert f"directory/unique-ae-title/CT2 until {until}" in later.said


def test_a_title_that_is_declared_again_is_reserved_no_longer(stands):
    stands.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: retired,")
    stands.ok("plan", "--out", "plan.json")
    stands.ok("apply", "plan.json")
    stands.remove("ct-2")
    stands.edit("ae_title: WS1", "ae_title: CT2")
    stands.edit("ws-1/WS1", "ws-1/CT2")
    plan = stands("plan").out
    assert "memory/title/CT2" not in plan.partition("Reserved")[2].partition("\n\n")[0]


def test_a_device_that_vanished_is_refused_until_somebody_says_why(stands, memory):
    stands.remove("mr-2")
    said, digest = refused(stands)
    assert "refused[GUARD-VANISHED] 1 of 6 devices of memory: the limit is 0" in said
    assert f"pacsconf -e lab apply plan.json --ack {digest}:GUARD-VANISHED" in said

    without = stands("apply", "plan.json")
    assert without.code == 5
    command = f'pacsconf -e lab apply plan.json --ack {digest}:GUARD-VANISHED --reason "..."'
    assert without.said == (
        "refused this plan is not applied "
        f"- GUARD-VANISHED is tripped, and no --ack for plan {digest} lets it through "
        f"fix If that is right: {command}"
    )
    assert command in without.err
    expected = stands("apply", "--expect", digest)
    assert f"apply --expect {digest} --ack {digest}:GUARD-VANISHED" in expected.said
    no_reason = stands("apply", "plan.json", "--ack", f"{digest}:GUARD-VANISHED")
    assert no_reason.code == 5
    assert "an --ack needs a --reason" in no_reason.said
    assert command in no_reason.err
    other = stands("apply", "plan.json", "--ack", "00000000:GUARD-VANISHED", "--reason", "sold")
    assert other.code == 5
    assert "memory/device/mr-2" in memory.entries()

    stands.ok("apply", "plan.json", "--ack", f"{digest}:GUARD-VANISHED", "--reason", "sold")
    assert "memory/device/mr-2" not in memory.entries()
    assert f"{digest}:GUARD-VANISHED" in stands.ok("show", stands.git("rev-parse", "pacsconf/lab")).out


def test_a_device_under_another_name_looks_renamed(stands):
    stands.edit("  mr-1:", "  mr-one:")
    said, _ = refused(stands)
    assert "memory/device/mr-1 looks renamed to memory/device/mr-one: it takes its name" in said


def test_an_empty_inventory_against_a_full_system_is_refused(stands, memory):
    before = memory.entries()
    stands.file().write_text("sites: {}\n")
    stands.commit("everything is gone")
    said, digest = refused(stands)
    assert "refused[GUARD-EMPTY]" in said
    assert "The inventory declares none of them: look whether it is the right folder." in said
    assert stands("apply", "plan.json").code == 5
    assert stands("apply", "plan.json", "--ack", f"{digest}:GUARD-EMPTY", "--reason", "x").code == 5
    assert memory.entries() == before


def test_an_empty_inventory_against_a_full_directory_is_refused(hospital, directory):
    hospital.applied()
    hospital.file().write_text("sites: {}\n")
    hospital.commit("everything is gone")
    said, _ = refused(hospital)
    assert "refused[GUARD-EMPTY] 6 of 6 devices of directory" in said
    assert "refused[GUARD-VANISHED] 6 of 6 devices of directory" in said
    assert "refused[GUARD-REMOVE] 6 of 6 devices of directory: the limit is 1" in said
    assert hospital("apply", "plan.json").code == 5
    assert directory.values(device_dn("ct-1"), "dicomManufacturer") == ["SIEMENS"]


def test_more_removals_than_the_limit_are_refused_and_the_limit_can_be_set(stands):
    for name in ("PHILIPS, ae_title: MR1", "PHILIPS, ae_title: MR2"):
        stands.edit(name, name.replace(",", ", lifecycle: retired,"))
    said, _ = refused(stands)
    assert "refused[GUARD-REMOVE] 2 of 6 devices of memory: the limit is 1" in said
    assert "(built in; set pacsconf.guards.removals.device to change it)" in said
    stands.edit("probe_as: ws-1/WS1", "probe_as: ws-1/WS1, guards: {removals: {device: 2}}")
    assert "removals 2 of 6 devices of memory (limit 2) ok" in stands.ok("plan").said
    stands.edit("{lab: {", "{lab: {guards: {removals: {device: 1}}, ", "systems")
    said, _ = refused(stands)
    assert "the limit is 1 (inventory/systems.yaml:3)" in said


def test_a_retired_device_is_counted_no_more(stands):
    stands.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: retired,")
    stands.ok("plan", "--out", "plan.json")
    stands.ok("apply", "plan.json")
    stands.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    assert "updates 1 of 5 devices" in stands.ok("plan").out


def test_an_address_outside_its_sites_networks_asks_for_a_second_look(hospital):
    hospital.applied()
    hospital.edit("10.20.4.17", "10.99.4.17")
    said, _ = refused(hospital)
    assert "10.99.4.17 is outside the networks of site main (10.20.0.0/16)" in said


def test_a_planned_device_has_its_title_and_nothing_else(hospital, directory):
    hospital.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: planned,")
    hospital.applied()
    assert directory.values(f"dicomAETitle=CT2,{TITLES}", "dicomAETitle") == ["CT2"]
    assert directory.values(device_dn("ct-2"), "dicomInstalled") == []


def test_a_device_in_commissioning_is_there_and_not_installed(hospital, directory):
    hospital.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: commissioning,")
    hospital.applied()
    assert directory.values(device_dn("ct-2"), "dicomInstalled") == ["FALSE"]
    hospital.edit("lifecycle: commissioning", "lifecycle: active")
    assert "installed false → true" in hospital.ok("plan", "--out", "plan.json").said
    hospital.ok("apply", "plan.json")
    assert directory.values(device_dn("ct-2"), "dicomInstalled") == ["TRUE"]


def test_a_successor_takes_title_and_address_at_once(stands, memory):
    stands.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: retired,")
    successor = "ct-3: {profile: ct, site: main, replaces: ct-2, ae_title: CT2, host: 10.20.4.18, port: 104}"
    stands.edit("  mr-1: {profile", f"  {successor}\n  mr-1: {{profile")
    assert "Reserved" not in stands.ok("plan", "--out", "plan.json").out
    stands.ok("apply", "plan.json")
    entries = memory.entries()
    assert "memory/entity/ct-3/CT2" in entries
    assert "memory/device/ct-2" not in entries
    assert entries["memory/device/ct-3"]["fields"]["hosts"] == ["10.20.4.18:104"]
