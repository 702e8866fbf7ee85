"""The loop on a real directory: validate, plan, apply, prove, drift, repair, history."""

from __future__ import annotations

import json

from tests.e2e.conftest import HOSPITAL, device_dn

DEVICE = "directory/device/ct-1"
CT_1 = device_dn("ct-1")


def test_what_is_declared_is_planned_applied_proven_and_then_there_is_nothing_left_to_do(hospital, directory):
    def run(*args):
        return hospital.run("-e", "lab", *args)  # as a process of its own: this is what users type

    checked = run("validate")
    assert (checked.code, checked.err) == (0, "")
    assert "No errors · 6 devices, 6 AEs, 1 flow checked" in checked.out

    first = run("plan")
    assert first.code == 0
    assert "+ directory/device/ct-1" in first.out
    assert first.out.endswith("Next: pacsconf -e lab record init\n")
    assert run("plan", "--detailed-exitcode").code == 2

    begun = run("record", "init", "--reason", "begin")
    assert begun.code == 0
    assert "The record of lab is branch pacsconf/lab: 3 resources owned." in begun.out

    saved = run("plan", "--out", "plan.json")
    assert saved.code == 0
    assert saved.out.endswith("Next: pacsconf -e lab apply plan.json\n")
    assert hospital.plan_file.stat().st_mode & 0o777 == 0o600

    applied = run("apply", "plan.json", "--reason", "first rollout", "--ticket", "RAD-1")
    total = len(json.loads(hospital.plan_file.read_text())["changes"])
    assert applied.code == 0
    assert f"{total} of {total} changes done · on the wire: 5 healthy" in applied.out
    assert "✓ ct-1/CT1" in applied.out
    assert "created    directory/device/ct-1" in applied.err
    assert directory.values(CT_1, "dicomManufacturer") == ["SIEMENS"]

    again = run("plan", "--detailed-exitcode")
    assert again.code == 0
    assert "No changes." in again.out
    drift = run("drift")
    assert drift.code == 0
    assert "No drift. lab is as it was last applied" in drift.out


def test_a_change_by_hand_is_told_left_alone_and_put_back_only_when_asked(hospital, directory):
    hospital.applied()
    directory.by_hand(CT_1, "dicomManufacturer", "SIEMENS HEALTHINEERS")

    drift = hospital("drift")
    assert drift.code == 2
    assert f"! {DEVICE} by cn=jdoe, " in drift.said
    assert (
        'manufacturer last applied SIEMENS live "SIEMENS HEALTHINEERS" declared as last applied' in drift.said
    )
    assert 'keep it set manufacturer to "SIEMENS HEALTHINEERS" in inventory/hospital.yaml:9' in drift.said

    plan = hospital.ok("plan", "--detailed-exitcode", "--out", "plan.json")
    assert ": reported, left as it is" in plan.out
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


def test_a_change_of_the_inventory_leaves_what_others_wrote_beside_it(hospital, directory):
    hospital.applied()
    directory.by_hand(CT_1, "dicomStationName", "ROOM 4")
    hospital.edit("manufacturer: SIEMENS", "manufacturer: Siemens Healthineers")
    plan = hospital.ok("plan", "--out", "plan.json")
    assert 'manufacturer SIEMENS → "Siemens Healthineers" inventory/hospital.yaml:9' in plan.said
    assert "station_name" in plan.out
    hospital.ok("apply", "plan.json")
    assert directory.values(CT_1, "dicomManufacturer") == ["Siemens Healthineers"]
    assert directory.values(CT_1, "dicomStationName") == ["ROOM 4"]
    assert hospital("drift").code == 2


def test_an_entry_that_somebody_else_made_is_taken_over_in_sight_of_all(hospital, directory):
    directory.add(CT_1, "dicomDevice", dicomInstalled="TRUE", dicomManufacturer="Siemens")
    assert "3 resources owned" in hospital.ok("record", "init").out
    plan = hospital.ok("plan", "--out", "plan.json")
    assert f"~ {DEVICE} takes over" in plan.said
    assert "manufacturer Siemens → SIEMENS" in plan.said
    hospital.ok("apply", "plan.json")
    assert directory.values(CT_1, "dicomManufacturer") == ["SIEMENS"]
    assert "No changes." in hospital.ok("plan").out


def test_an_entry_that_is_as_declared_is_owned_without_being_written(hospital, directory):
    hospital.applied()
    written = directory.values(CT_1, "entryCSN")
    hospital.git("update-ref", "-d", "refs/heads/pacsconf/lab")
    (hospital.path / ".git" / "pacsconf").rename(hospital.path / "forgotten")
    assert "39 resources owned" in hospital.ok("record", "init").out
    assert "No changes." in hospital.ok("plan").out
    assert directory.values(CT_1, "entryCSN") == written


def test_what_is_left_to_others_does_not_keep_the_rest_out_of_the_record(small, memory, repository):
    small.applied()
    memory.set("memory/device/ct-1", manufacturer="Philips")
    systems = small.file("systems").read_text().replace("mode: write", "ignore: [device/ct-1:manufacturer]")
    later = repository("later.git", hospital=HOSPITAL, systems=systems)
    later.ok("record", "init")
    assert "Into the record" not in later.ok("plan").said
    memory.set("memory/device/ct-1", manufacturer="Canon")
    assert "No drift" in later.ok("drift").said
    memory.set("memory/device/ct-1", installed=False)
    drift = later("drift")
    assert (drift.code, "memory/device/ct-1" in drift.said) == (2, True)


def test_a_deleted_device_entry_is_drift_and_comes_back_with_all_below_it_on_repair(hospital, directory):
    hospital.applied()
    for below in (f"cn=verification-scp,dicomAETitle=CT1,{CT_1}",):
        directory.delete_by_hand(below)
    drift = hospital("drift")
    assert drift.code == 2
    assert "deleted outside pacsconf; the inventory still declares it" in drift.out
    hospital.ok("plan", "--repair", DEVICE, "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert directory.values(f"cn=verification-scp,dicomAETitle=CT1,{CT_1}", "dicomTransferRole") == ["SCP"]
    hospital.ok("drift")


def test_files_that_a_system_names_are_found_from_the_repository(repository, tmp_path):
    """`--chdir` leads to the repository, so a relative path does not start where the command was given."""
    systems = "systems: {memory: {type: memory, file: live.json, mode: write}}\n"
    made = repository(hospital=HOSPITAL, systems=systems + 'environments: {lab: {dial: {"*": none}}}\n')
    for command in (["record", "init"], ["plan", "--out", "plan.json"], ["apply", "plan.json"]):
        assert made.run("--chdir", str(made.path), *command, cwd=tmp_path).code == 0

    assert (made.path / "live.json").is_file()
    assert "No changes." in made.ok("plan").out
