"""Archives are told of a change, as their users meet it: applied, refused, slow, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pacsconf.lab import servers, slapd, stand_ins
from tests.e2e.conftest import BASE, DEVICES, Hospital
from tests.ldif_compare import load

HOSPITAL = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
pacsconf: {probe_as: ws-1}
devices:
  ws-1: {type: workstation, site: main, ae_title: WS1, host: 10.20.9.1, uses: [verification]}
  arc:
    type: archive
    site: main
    host: 10.20.0.5
    port: 11112
    ae_title: ARCHIVE
    offers: [verification]
    probe: none
    description: first
    vendor: {dcm4chee: {fuzzy_algorithm: org.dcm4che3.soundex.ESoundex}}
"""
SYSTEMS = f"""\
systems:
  directory:
    type: dicom-directory
    url: ldaps://ldap.example.org
    base: "{BASE}"
    mode: read-only
    extensions: [dcm4chee]
    reload:
      arc-1: {{url: "https://arc-1.example.org:8443/dcm4chee-arc", token: "env:ARC_TOKEN", timeout: 1}}
      arc-2: {{url: "https://arc-2.example.org:8443/dcm4chee-arc"}}
environments: {{lab: {{}}}}
"""


@pytest.fixture
def hospital(repository, monkeypatch, tmp_path: Path) -> Iterator[Hospital]:
    """In a lab of its own that is up, applied once."""
    lab = tmp_path / "the lab"
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(lab))
    made = repository(hospital=HOSPITAL, systems=SYSTEMS)
    made.env["PACSCONF_LAB_DIR"] = str(lab)
    up = made.here("lab", "up")
    assert up.code == 0, up
    assert "arc-1, arc-2 told to reload" in up.out
    token = lab / "directories" / "directory" / stand_ins.FOLDER / "arc-1" / "secret"
    made.secrets.append(token.read_text())
    yield made
    made.here("lab", "down")


@pytest.fixture
def directory(hospital: Hospital) -> Path:
    """The folder of the lab's directory."""
    return servers.of_system(Path(hospital.env["PACSCONF_LAB_DIR"]), "directory")[1]


def applied(hospital: Hospital) -> str:
    """What was said when a new plan was applied; its changes are in the directory."""
    planned = hospital.here("plan", "--out", "plan.json")
    assert planned.code in (0, 2), planned
    ran = hospital.here("apply", "plan.json")
    assert "failed directory/device" not in ran.said
    return ran.said


def test_each_archive_is_told_and_one_that_refuses_is_named_with_its_reason(
    hospital: Hospital, directory: Path
):
    """A colleague leaves a period that no archive can read; after it is mended, all are told again."""
    hospital.here("record", "init")
    said = applied(hospital)
    assert "✓ reloaded directory/reload/arc-1" in said
    assert "✓ reloaded directory/reload/arc-2" in said

    server = slapd.attach(directory)
    assert server is not None
    policy = f"cn=Old,dicomDeviceName=arc,{DEVICES}"
    load(server, f"dn: {policy}\nobjectClass: dcmStudyRetentionPolicy\ndcmRetentionPeriod: 10 years\n")
    hospital.edit("description: first", "description: second")
    said = applied(hospital)
    assert "✗ refused directory/reload/arc-1" in said
    assert "✗ refused directory/reload/arc-2" in said
    assert "the archive refuses its new configuration: dcmRetentionPeriod is not a period" in said
    assert '"10 years", in cn=Old,dicomDeviceName=arc,' in said
    assert "What was written stands in the directory" in said

    change = f"dn: {policy}\nchangetype: modify\nreplace: dcmRetentionPeriod\ndcmRetentionPeriod: P10Y\n"
    load(server, change)
    hospital.edit("description: second", "description: third")
    said = applied(hospital)
    assert "✓ reloaded directory/reload/arc-1" in said
    assert "✓ reloaded directory/reload/arc-2" in said


def test_one_that_fails_or_is_slow_does_not_keep_the_others_from_it(hospital: Hospital, directory: Path):
    hospital.here("record", "init")
    stand_ins.disturb(directory, "arc-1", status=500)
    said = applied(hospital)
    assert "? not told directory/reload/arc-1" in said
    assert "HTTP 500" in said
    assert "✓ reloaded directory/reload/arc-2" in said

    stand_ins.disturb(directory, "arc-1", seconds=50)
    hospital.edit("description: first", "description: second")
    said = applied(hospital)
    assert "? not told directory/reload/arc-1" in said
    assert "✓ reloaded directory/reload/arc-2" in said
    assert "HTTP 500" not in said
