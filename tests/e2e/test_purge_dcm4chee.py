"""Every way in which an archive's configuration deletes studies, or sooner, as the command line meets it.

One archive that deletes nothing, then the same with everything armed, shortened and loosened at once: nothing of it
is written before each address has an acknowledgement of its own.
"""

from __future__ import annotations

import json

import ldap3
import pytest

from tests.e2e.conftest import DEVICES, WITH_DCM4CHEE, Hospital, connected

KEEPING = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
devices:
  arc:
    type: archive
    site: main
    host: 10.20.0.5
    port: 11112
    offers: [verification]
    probe: none
    ae_titles:
      ARCHIVE: {vendor: {dcm4chee: {accepted_callers: CT1, object_storages: fs1, allow_delete_patient: NEVER}}}
    vendor:
      dcm4chee:
        fuzzy_algorithm: org.dcm4che3.soundex.ESoundex
        storages:
          fs1: {uri: "file:/fs1/"}
          fs2: {uri: "file:/fs2/", duration: CACHE, export_storages: fs1}
        rejection_notes:
          Expired: {code: '(113039, DCM, "Data Retention Policy Expired")', type: DATA_RETENTION_POLICY_EXPIRED}
        exporters:
          out: {uri: "dicom:VNA", queue: Export1}
        retention_policies:
          shorter: {period: P10Y, priority: 1, conditions: Modality=MG}
          gone: {period: P10Y, priority: 2, conditions: Modality=MR}
          about: {period: P10Y, priority: 3, conditions: Modality=CT}
          longer: {period: P10Y, priority: 4, conditions: Modality=US}
        hl7_retention_policies:
          dead: {ae: ARCHIVE, period: P10Y}
"""
DELETING = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
pacsconf: {approvals: {data-loss: {approvers: [anna@example.org]}}}
devices:
  arc:
    type: archive
    site: main
    host: 10.20.0.5
    port: 11112
    offers: [verification]
    probe: none
    ae_titles:
      ARCHIVE: {vendor: {dcm4chee: {accepted_callers: CT1, object_storages: [fs1, fs2]}}}
    vendor:
      dcm4chee:
        fuzzy_algorithm: org.dcm4che3.soundex.ESoundex
        reject_expired_interval: PT12H
        reject_expired_studies: 10
        reject_expired_ae: ARCHIVE
        delete_rejected_interval: PT1H
        purge_storage_interval: PT5M
        allow_delete_study: ALWAYS
        allow_reject_expired: ALWAYS
        storages:
          fs1: {uri: "file:/fs1/", duration: CACHE, delete_studies_older_than: P1Y}
          fs2: {uri: "file:/fs2/", duration: CACHE, deleter_thresholds: 50GB}
        rejection_notes:
          Expired:
            code: '(113039, DCM, "Data Retention Policy Expired")'
            type: DATA_RETENTION_POLICY_EXPIRED
            delete_rejected_delay: P1D
        exporters:
          out: {uri: "dicom:VNA", queue: Export1, delete_from_storage: fs1}
        export_rules:
          away: {entity: Study, exporters: out}
        retention_policies:
          shorter: {period: P1Y, priority: 1, conditions: Modality=MG}
          about: {period: P10Y, priority: 5, conditions: Modality=CT|XA}
          longer: {period: P20Y, priority: 4, conditions: Modality=US}
          new: {period: P30D, priority: 9}
        hl7_retention_policies:
          dead: {ae: ARCHIVE, period: P1Y}
"""
PURGES = {
    "directory/device/arc": (
        "expired studies are rejected every PT12H",
        "expired studies are rejected at once: 10",
        "expired studies are rejected by ARCHIVE",
        "rejected objects are deleted every PT1H",
        "storages are emptied every PT5M",
        "studies that may be deleted for good: ALWAYS",
        "studies that may be rejected as expired: ALWAYS",
    ),
    "directory/network-ae/arc/ARCHIVE": (
        "patients that may be deleted: as the device has it, so far NEVER",
        "what it stores is deleted again: fs2 is CACHE",
    ),
    "directory/export-rule/arc/away": ("what it is about is deleted once it was exported by out",),
    "directory/storage/arc/fs1": ("it is CACHE, so far PERMANENT", "older than P1Y"),
    "directory/storage/arc/fs2": ("free space of 50GB", "also on nothing, so far fs1"),
    "directory/rejection-note/arc/Expired": ("what was rejected is deleted after P1D",),
    "directory/exporter/arc/out": ("what was exported is deleted from fs1",),
    "directory/retention-rule/arc/shorter": ("kept for P1Y, so far P10Y",),
    "directory/retention-rule/arc/gone": ("it is removed: what was kept for P10Y",),
    "directory/retention-rule/arc/about": ("its priority is 5, so far 3", "it is about Modality=CT|XA"),
    "directory/retention-rule/arc/new": ("what fits it expires after P30D",),
    "directory/hl7-retention-rule/arc/dead": ("kept for P1Y, so far P10Y",),
}
"""By address what is said; the policy that becomes longer is not among them."""


@pytest.fixture
def hospital(in_a_lab) -> Hospital:
    """In a lab of its own: an archive that deletes nothing, applied, and then declared to delete."""
    made = in_a_lab(hospital=KEEPING, systems=WITH_DCM4CHEE)
    made.ok("record", "init")
    assert made("plan", "--out", "plan.json").code == 5, "its policies give studies an end"
    made.ok("apply", "plan.json", *acks(made, purging(made)))
    (made.path / "inventory" / "hospital.yaml").write_text(DELETING)
    return made


def digest(hospital: Hospital) -> str:
    stated: str = json.loads(hospital.plan_file.read_text())["digest"]
    return stated[:8]


def acks(hospital: Hospital, addresses) -> list[str]:
    named = [f"{digest(hospital)}:GUARD-PURGE:{address}" for address in addresses]
    return [word for name in named for word in ("--ack", name)] + ["--reason", "agreed with the board"]


def purging(hospital: Hospital) -> list[str]:
    """The addresses that a plan says deletion comes nearer at."""
    return [each["address"] for each in hospital("plan", "--format", "json").json["purges"]]


def entry(hospital: Hospital, dn: str) -> dict[str, list[bytes]] | None:
    """An entry as another program reads it."""
    with connected(hospital) as conn:
        conn.search(f"{dn}dicomDeviceName=arc,{DEVICES}", "(objectClass=*)", ldap3.BASE, attributes=["*"])
        found = [each["raw_attributes"] for each in conn.response or ()]
    return dict(found[0]) if found else None


def test_nothing_of_it_is_written_before_each_is_acknowledged_and_somebody_else_approved(hospital: Hospital):
    ran = hospital("plan", "--out", "plan.json")
    assert ran.code == 5
    assert sorted(purging(hospital)) == sorted(PURGES)
    for address, words in PURGES.items():
        for word in words:
            assert word in ran.said, address
    assert "highest risk: data-loss" in ran.said

    ran = hospital("apply", "plan.json")
    assert ran.code == 5
    assert all(f"{address} purges (GUARD-PURGE)" in ran.said for address in PURGES)

    for left in PURGES:
        ran = hospital("apply", "plan.json", *acks(hospital, set(PURGES) - {left}))
        assert ran.code == 5, left
        assert f"{left} purges (GUARD-PURGE)" in ran.said
    assert "dcmStorageDuration" not in (entry(hospital, "dcmStorageID=fs1,") or {})
    assert entry(hospital, "cn=gone,") is not None

    ran = hospital("apply", "plan.json", *acks(hospital, PURGES))
    assert ran.code == 5
    assert "GUARD-REMOVE" in ran.said, "that a policy is removed counts by itself"
    others = [f"{digest(hospital)}:{guard}" for guard in ("GUARD-REMOVE", "GUARD-VANISHED")]
    removal = [word for name in others for word in ("--ack", name)]
    every = (*acks(hospital, PURGES), *removal)
    ran = hospital("apply", "plan.json", *every)
    assert ran.code == 5
    assert "data-loss: 0 of 1 approvals by somebody else than who applies" in ran.said
    assert entry(hospital, "cn=gone,") is not None

    with pytest.MonkeyPatch.context() as other:
        for name, value in (("NAME", "Anna Berg"), ("EMAIL", "anna@example.org")):
            other.setenv(f"GIT_COMMITTER_{name}", value)
        hospital.ok("approve", "plan.json")
    hospital.ok("apply", "plan.json", *every)
    assert (entry(hospital, "dcmStorageID=fs1,") or {})["dcmStorageDuration"] == [b"CACHE"]
    assert entry(hospital, "cn=gone,") is None
    assert "purges" not in hospital.ok("plan", "--format", "json").json


def test_what_somebody_arms_by_hand_is_told_as_what_it_is(hospital: Hospital):
    (hospital.path / "inventory" / "hospital.yaml").write_text(KEEPING)
    with connected(hospital, colleague=True) as conn:
        by_hand = {"dcmDeleterThreshold": [(ldap3.MODIFY_ADD, ["500GB"])]}
        assert conn.modify(f"dcmStorageID=fs2,dicomDeviceName=arc,{DEVICES}", by_hand)
        assert conn.delete(f"cn=shorter,dicomDeviceName=arc,{DEVICES}")
    for command in ("drift", "plan"):
        told = hospital(command).said
        assert (
            "!! DELETES STUDIES, or deletes them sooner: studies are deleted below a free space of 500GB"
            in told
        )
        assert "!! DELETES STUDIES, or deletes them sooner: it is removed: what was kept for P10Y" in told
    drifts = hospital("drift", "--format", "json").json["drifts"]
    assert sorted(one["address"] for one in drifts if "purge" in one) == [
        "directory/retention-rule/arc/shorter",
        "directory/storage/arc/fs2",
    ]


POLICY = "{object_classes: dcmStudyRetentionPolicy, extra: {dcmRetentionPeriod: P1D, dcmRulePriority: '9'}}"
EXPIRED = (
    "{dcmRejectionNoteCode: '(113039, DCM, \"x\")', dcmRejectionNoteType: DATA_RETENTION_POLICY_EXPIRED}"
)
NOTE = f"{{object_classes: dcmRejectionNote, extra: {EXPIRED}}}"
WORDLESS = {
    "extra: {dcmRejectExpiredStudiesPollingInterval: PT1H}": "has a place of its own",
    "extra: {1.2.40.0.13.1.15.110.3.91: PT1H}": "is no name of an attribute",
    "extra: {dcmDeleteStudyInterval: PT1H}": "directory/device/arc purges (GUARD-PURGE)",
    f"entries: {{cn=late: {POLICY}}}": "has words of its own",
    f"entries: {{dcmRejectionNoteLabel=x: {NOTE}}}": "has words of its own",
}
"""What can be written of an archive without words of ours, and why that is refused."""


def test_nor_is_what_is_written_without_words(hospital: Hospital):
    """Not even where somebody accepts that it stands where it should not."""
    inventory = hospital.path / "inventory" / "hospital.yaml"
    rules = ("DIR-EXTRA", "DIR-ENTRY")
    held = (f"{rule}: {{rule: {rule}, at: devices.arc, owner: it, until: 2999-01-01}}" for rule in rules)
    accepted = f"baseline: {{{', '.join(held)}}}\n"
    for line, why in WORDLESS.items():
        inventory.write_text(KEEPING.replace("    type: archive\n", f"    type: archive\n    {line}\n"))
        hospital("plan", "--out", "plan.json")
        ran = hospital("apply", "plan.json")
        assert ran.code == 5, line
        assert why in ran.said, line
        inventory.write_text(inventory.read_text() + accepted)
        hospital("plan", "--out", "plan.json")
        assert hospital("apply", "plan.json").code == (5 if "purges" in why else 0), line
    device = entry(hospital, "") or {}
    assert not [name for name in device if name.startswith(("dcmReject", "dcmDelete", "1."))]
    assert entry(hospital, "cn=late,") is None
    assert entry(hospital, "dcmRejectionNoteLabel=x,") is None
