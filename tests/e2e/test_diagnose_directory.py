"""What a real directory holds of two devices, against what is declared and was applied, as `diagnose` tells."""

from __future__ import annotations

from tests.e2e.conftest import Directory, Hospital, device_dn


def test_an_entry_that_somebody_edited_is_named_with_the_way_back(hospital: Hospital, directory: Directory):
    hospital.applied()
    directory.by_hand(f"cn=dicom,{device_dn('archive')}", "dicomPort", "11113")
    ran = hospital("diagnose", "ct-1", "ARCHIVE")
    assert ran.code == 2
    assert "entries not as declared" in ran.said
    assert (
        "Not as declared: directory has another port for ARCHIVE than the inventory says. "
        "directory has 10.20.0.5:11113 live, by cn=jdoe" in ran.said
    )
    assert "inventory says 10.20.0.5:11112 inventory/hospital.yaml:8" in ran.said
    assert "Somebody changed directory outside of pacsconf since the last apply" in ran.said
    assert "pacsconf -e lab plan --repair directory/network-connection/archive/dicom" in ran.said


def test_what_was_declared_and_not_applied_yet_is_to_be_applied(hospital: Hospital):
    hospital.applied()
    hospital.edit("ae_title: CT1, host: 10.20.4.17, port: 104", "ae_title: CT1, host: 10.20.4.99, port: 104")
    ran = hospital("diagnose", "ct-1", "ARCHIVE", "--format", "json")
    cause = ran.json["causes"][0]
    assert (ran.code, cause["key"], cause["remark"]) == (0, "entries-not-applied", True)
    assert (
        cause["sentence"] == "directory still has 1 entry of ct-1 as before: declared, and not applied yet."
    )
    assert [way["command"] for way in cause["ways"]] == [
        "pacsconf -e lab apply --target directory/network-connection/ct-1/dicom"
    ]


def test_a_new_hospital_works_on_the_wire_and_what_is_not_applied_yet_is_one_line(hospital: Hospital):
    ran = hospital("diagnose", "ct-1", "ARCHIVE")
    assert ran.code == 0
    assert "It works, as far as can be seen: ARCHIVE answers" in ran.said
    targets = "--target directory/device/archive --target directory/device/ct-1"
    assert "entries of ct-1 and archive: declared, and not applied yet." in ran.said
    assert f"Next: pacsconf -e lab apply {targets}" in ran.said

    hospital.ok("record", "init")
    hospital.ok("plan", "--out", "plan.json", *targets.split())
    hospital.ok("apply", "plan.json", "--reason", "both of them")
    after = hospital("diagnose", "ct-1", "ARCHIVE")
    assert (after.code, "has both as declared" in after.said, "not applied" in after.said) == (0, True, False)


def test_a_device_that_somebody_switched_off_is_named(hospital: Hospital, directory: Directory):
    hospital.applied()
    directory.by_hand(device_dn("archive"), "dicomInstalled", "FALSE")
    ran = hospital("diagnose", "ct-1", "ARCHIVE")
    assert ran.code == 2
    assert "Not as declared: directory says that ARCHIVE is not installed (dicomInstalled FALSE)." in ran.said


def test_a_call_under_anothers_title_that_cannot_be_recorded_is_said(hospital: Hospital):
    ran = hospital("diagnose", "ct-1", "ARCHIVE", "--impersonate")
    assert (
        "✓ as caller CT1 is let in, from this machine; not recorded: there is no record of lab yet"
        in ran.said
    )
