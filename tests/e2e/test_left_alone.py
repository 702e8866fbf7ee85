"""What an archive writes into its own entries is left alone, visibly, unless somebody means it."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import DEVICES, WITH_DCM4CHEE, Hospital, connected

HOSPITAL = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
devices:
  ct-1: {type: modality, modality: [CT], site: main, ae_title: CT1, host: 10.20.4.17, uses: [ct-image-storage]}
  arc:
    type: archive
    site: main
    host: 10.20.0.5
    port: 11112
    ae_titles:
      ARCHIVE: {offers: [ct-image-storage], vendor: {dcm4chee: {object_storages: [fs1, fs2]}}}
    probe: none
    vendor:
      dcm4chee:
        fuzzy_algorithm: org.dcm4che3.soundex.ESoundex
        storages:
          fs1: {uri: "file:///storage/fs1/", threshold: 100GB}
          fs2: {uri: "file:///storage/fs2/", threshold: 100GB}
          fs3: {uri: "file:///storage/fs3/"}
flows:
  images: {from: {device: ct-1}, to: {device: arc}, services: [storage]}
"""
ENTITY = f"dicomAETitle=ARCHIVE,dicomDeviceName=arc,{DEVICES}"


@pytest.fixture
def hospital(in_a_lab) -> Hospital:
    """All of it applied, in a lab of its own; then the archive starts, and its first storage is full."""
    made = in_a_lab(hospital=HOSPITAL, systems=WITH_DCM4CHEE)
    made.applied()
    with connected(made) as conn:
        for dn, change in (
            (f"dicomDeviceName=arc,{DEVICES}", {"dicomSoftwareVersion": [("MODIFY_ADD", ["5.31.2"])]}),
            (ENTITY, {"dcmObjectStorageID": [("MODIFY_DELETE", ["fs1"])]}),
        ):
            assert conn.modify(dn, change), conn.result
    return made


def test_what_the_archive_wrote_is_no_drift_and_is_told_in_one_line(hospital: Hospital):
    planned = hospital("plan")
    assert planned.code == 0, planned
    assert "2 fields differ, but are written by a system's own program, and left alone" in planned.said
    told = hospital("plan", "--verbose").said
    assert "directory/device/arc software_versions: the archive adds its versions when it starts" in told
    assert "dcm4chee.object_storages: the archive takes storages out that are full" in told
    listed = hospital("plan", "--format", "json").json["left_alone"]
    assert [(each["address"], each["field"]) for each in listed] == [
        ("directory/device/arc", "software_versions"),
        ("directory/network-ae/arc/ARCHIVE", "dcm4chee.object_storages"),
    ]
    assert hospital("drift").code == 0


def test_a_pattern_brings_a_field_back(hospital: Hospital):
    hospital.edit(
        "extensions: [dcm4chee]",
        'extensions: [dcm4chee]\n    ignore: ["!device/arc:software_versions"]',
        "systems",
    )
    drifted = hospital("drift")
    assert drifted.code == 2, drifted
    assert "software_versions" in drifted.said
    assert "object_storages" not in drifted.out


def test_what_is_declared_anew_is_written(hospital: Hospital):
    """The archive has its storage again, and a person adds one."""
    with connected(hospital) as conn:
        assert conn.modify(ENTITY, {"dcmObjectStorageID": [("MODIFY_ADD", ["fs1"])]}), conn.result
    hospital.edit("object_storages: [fs1, fs2]", "object_storages: [fs1, fs2, fs3]")
    planned = hospital("plan", "--out", "plan.json")
    assert planned.code == 0, planned
    assert "fs3" in planned.said
    assert "1 field differs, but is written" in planned.said
    hospital.ok("apply", "plan.json")
    with connected(hospital) as conn:
        conn.search(ENTITY, "(objectClass=*)", "BASE", attributes=["dcmObjectStorageID"])
        assert sorted(conn.response[0]["raw_attributes"]["dcmObjectStorageID"]) == [b"fs1", b"fs2", b"fs3"]
