"""The loop on a real directory: validate, plan, apply, prove, drift, repair, history."""

from __future__ import annotations

import json

DEVICE = "directory/device/ct-1"
CT_1 = "dicomDeviceName=ct-1,cn=Devices,cn=DICOM Configuration,dc=hospital,dc=example"


def test_what_is_declared_is_planned_applied_proven_and_then_there_is_nothing_left_to_do(hospital, directory):
    checked = hospital.ok("validate")
    assert "No errors · 6 devices, 6 AEs, 1 flow checked" in checked.out

    first = hospital.ok("plan")
    assert "+ directory/device/ct-1" in first.out
    assert first.out.endswith("Next: pacsconf -e lab record init\n")
    assert hospital("plan", "--detailed-exitcode").code == 2

    begun = hospital.ok("record", "init", "--reason", "begin")
    assert "The record of lab is branch pacsconf/lab: 3 resources owned." in begun.out

    saved = hospital.ok("plan", "--out", "plan.json")
    assert saved.out.endswith("Next: pacsconf -e lab apply plan.json\n")
    assert hospital.plan_file.stat().st_mode & 0o777 == 0o600

    applied = hospital.ok("apply", "plan.json", "--reason", "first rollout", "--ticket", "RAD-1")
    total = len(json.loads(hospital.plan_file.read_text())["changes"])
    assert f"{total} of {total} changes done · 5 of 5 healthy on the wire" in applied.out
    assert "✓ ct-1/CT1" in applied.out
    assert "created    directory/device/ct-1" in applied.err
    assert directory.values(CT_1, "dicomManufacturer") == ["SIEMENS"]

    again = hospital.ok("plan", "--detailed-exitcode")
    assert "No changes." in again.out
    assert "No drift." in hospital.ok("drift").out


def test_a_change_by_hand_is_told_left_alone_and_put_back_only_when_asked(hospital, directory):
    hospital.applied()
    directory.by_hand(CT_1, "dicomManufacturer", "SIEMENS HEALTHINEERS")

    drift = hospital("drift")
    assert drift.code == 2
    assert f"! {DEVICE}" in drift.out
    assert "by cn=jdoe" in drift.out
    sides = 'manufacturer last applied SIEMENS live "SIEMENS HEALTHINEERS" declared as last applied'
    assert sides in drift.said
    assert 'keep it set manufacturer to "SIEMENS HEALTHINEERS" in inventory/hospital.yaml:9' in drift.said

    plan = hospital.ok("plan", "--detailed-exitcode", "--out", "plan.json")
    assert "Changed outside pacsconf" in plan.out
    assert f"pacsconf -e lab plan --repair {DEVICE}" in plan.out
    assert "nothing was written" in hospital.ok("apply", "plan.json").out
    assert directory.values(CT_1, "dicomManufacturer") == ["SIEMENS HEALTHINEERS"]

    shown = hospital.ok("plan", "--repair", DEVICE)
    assert shown.said.endswith(f"Next: pacsconf -e lab plan --repair {DEVICE} --out plan.json")
    repair = hospital("plan", "--repair", DEVICE, "--detailed-exitcode", "--out", "plan.json")
    assert repair.code == 2
    assert f"~ {DEVICE}" in repair.out
    assert "1 of 1 change done" in hospital.ok("apply", "plan.json").out
    assert directory.values(CT_1, "dicomManufacturer") == ["SIEMENS"]
    hospital.ok("drift")
