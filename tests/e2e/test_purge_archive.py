"""The deletion of an archive's studies is armed in a real directory: acknowledged and approved, or not at all."""

from __future__ import annotations

import json

import ldap3
import pytest

from tests.e2e.conftest import DEVICES, WITH_DCM4CHEE, Hospital, connected

HOSPITAL = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
pacsconf: {approvals: {data-loss: {approvers: [anna@example.org]}}}
devices:
  arc:
    type: archive
    site: main
    host: 10.20.0.5
    port: 11112
    ae_title: ARCHIVE
    offers: [verification]
    probe: none
    vendor: {dcm4chee: {fuzzy_algorithm: org.dcm4che3.soundex.ESoundex}}
"""
ARC = "directory/device/arc"
INTERVAL = "dcmRejectExpiredStudiesPollingInterval"


@pytest.fixture
def hospital(in_a_lab) -> Hospital:
    """All of it applied, in a lab of its own: the archive rejects nothing by itself."""
    made = in_a_lab(hospital=HOSPITAL, systems=WITH_DCM4CHEE)
    made.applied()
    return made


def arc(hospital: Hospital, *names: str) -> dict[str, list[str]]:
    """What the directory holds of the archive, as another program reads it."""
    with connected(hospital) as conn:
        conn.search(f"dicomDeviceName=arc,{DEVICES}", "(objectClass=*)", ldap3.BASE, attributes=list(names))
        found = conn.response[0]["raw_attributes"]
    return {name: [value.decode() for value in found.get(name, [])] for name in names}


def test_that_an_archive_begins_to_reject_is_acknowledged_and_approved_or_does_not_happen(
    hospital: Hospital, monkeypatch
):
    hospital.edit("{fuzzy_algorithm:", "{reject_expired_interval: PT12H, fuzzy_algorithm:")
    ran = hospital("plan", "--out", "plan.json")
    assert ran.code == 5
    assert ran.out.index("!! DELETES STUDIES") < ran.out.index("reject_expired_interval")
    assert "expired studies are rejected every PT12H, so far never" in ran.said

    ran = hospital("apply", "plan.json")
    assert ran.code == 5
    assert f"{ARC} purges (GUARD-PURGE)" in ran.said
    assert "data-loss: 0 of 1 approvals by somebody else than who applies" in ran.said

    digest = json.loads(hospital.plan_file.read_text())["digest"]
    let = ("--ack", f"{digest[:8]}:GUARD-PURGE:{ARC}", "--reason", "agreed with the board")
    ran = hospital("apply", "plan.json", *let)
    assert ran.code == 5
    assert "purges (GUARD-PURGE)" not in ran.said
    assert arc(hospital, INTERVAL) == {INTERVAL: []}

    for name, value in (("NAME", "Anna Berg"), ("EMAIL", "anna@example.org")):
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    hospital.ok("approve", "plan.json")
    for name in ("NAME", "EMAIL"):
        monkeypatch.delenv(f"GIT_COMMITTER_{name}")
    assert hospital("apply", "plan.json").code == 5, "an approval is no ack"
    hospital.ok("apply", "plan.json", *let)
    assert arc(hospital, INTERVAL) == {INTERVAL: ["PT12H"]}


def test_that_it_rejects_no_longer_needs_nobody_and_putting_it_back_does(hospital: Hospital):
    """A colleague armed it by hand: taking that away is harmless, and to make it one's own is not."""
    with connected(hospital) as conn:
        dn, change = f"dicomDeviceName=arc,{DEVICES}", (ldap3.MODIFY_REPLACE, ["PT1H"])
        assert conn.modify(dn, {INTERVAL: [change]}), conn.result
    hospital.ok("plan", "--repair", ARC, "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert arc(hospital, INTERVAL) == {INTERVAL: []}

    hospital.edit("{fuzzy_algorithm:", "{reject_expired_interval: PT1H, fuzzy_algorithm:")
    assert hospital("plan", "--out", "plan.json").code == 5
    assert hospital("apply", "plan.json").code == 5
    assert arc(hospital, INTERVAL) == {INTERVAL: []}
