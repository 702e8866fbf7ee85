"""HL7 applications as their users meet them: declared, played by the lab, probed, broken, recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e.conftest import Hospital

HOSPITAL = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
pacsconf: {probe_as: ws-1}
devices:
  ws-1:
    type: workstation
    site: main
    ae_title: WS1
    host: 10.20.9.1
    uses: [verification]
    hl7_applications: {ADMIN|HOSP: {}}
  ris:
    type: ris
    site: main
    probe: services
    connections:
      dicom: {host: 10.20.0.6, port: 104}
      hl7: {host: 10.20.0.6, port: 2575, protocol: hl7}
    ae_titles: {RIS: {offers: verification}}
    hl7_applications: {RIS|HOSP: {}}
  pacs:
    type: archive
    site: main
    connections:
      hl7: {host: 10.20.0.5, port: 2575, protocol: hl7-mllp2}
      hl7-tls: {host: 10.20.0.5, port: 12575, protocol: hl7, tls: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}
    hl7_applications: {PACS|HOSP: {}}
  old: {type: ris, site: main, probe: tcp, connections: {hl7: {host: 10.20.0.7, port: 2575, protocol: hl7}},
        hl7_applications: {OLD|HOSP: {}}}
  left-alone: {type: ris, site: main, connections: {hl7: {host: 10.20.0.8, port: 2575, protocol: hl7}},
               hl7_applications: {LEFT|HOSP: {}}}
hl7_feeds:
  orders: {from: ris, to: pacs, messages: [ORM^O01, ADT^A08]}
  are-you-there: {from: ws-1, to: pacs, messages: QBP^Q23}
"""
SYSTEMS = """\
systems:
  memory: {type: memory, file: "%s", mode: write}
environments: {lab: {}}
"""


@pytest.fixture
def hospital(repository, monkeypatch, tmp_path: Path) -> Iterator[Hospital]:
    """In a lab of its own that is up."""
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(tmp_path / "the lab"))
    made = repository(hospital=HOSPITAL, systems=SYSTEMS % (tmp_path / "memory.json"))
    made.env["PACSCONF_LAB_DIR"] = str(tmp_path / "the lab")
    up = made.here("lab", "up")
    assert up.code == 0, up
    assert "hl7" in up.out
    yield made
    made.here("lab", "down")


def test_an_application_in_the_lab_is_alive_and_a_broken_one_is_not(hospital: Hospital):
    whole = hospital("probe")

    assert whole.code == 0, whole
    cells = [line.split() for line in whole.out.splitlines()]
    assert cells[0] == ["tcp", "tls", "hl7", "assoc", "contexts", "echo"]
    assert any(row[:5] == ["✓", "main/pacs", "hl7", "ok", "–"] and row[5] == "AA" for row in cells)  # noqa: RUF001
    assert any(row[:4] == ["✓", "main/pacs", "hl7-tls", "ok"] and row[5] == "AA" for row in cells)
    found = {one["subject"] + " " + one["target"]["connection"]: one for one in hospital(
        "probe", "--format", "json"
    ).json["observations"]}  # fmt: skip
    assert {
        name: (one["verdict"], one["acknowledged"], [step["name"] for step in one["steps"]])
        for name, one in found.items()
        if one["target"]["protocol"] != "dicom"
    } == {
        "ris/RIS|HOSP hl7": ("healthy", "AR", ["tcp", "mllp"]),
        "pacs/PACS|HOSP hl7": ("healthy", "AA", ["tcp", "mllp"]),
        "pacs/PACS|HOSP hl7-tls": ("healthy", "AA", ["tcp", "tls", "mllp"]),
        "old/OLD|HOSP hl7": ("healthy", "", ["tcp"]),
        "left-alone/LEFT|HOSP hl7": ("not probed", "", []),
    }
    assert {one["target"]["calling"] for one in found.values()} == {"WS1", "ADMIN|HOSP"}

    assert hospital.here("lab", "break", "port", "pacs").code == 0
    broken = hospital("probe", "pacs")
    assert (broken.code, "0 healthy · 2 failing" in broken.out) == (2, True), broken.out
    assert "error[WIRE-TCP] PACS|HOSP of pacs fails on the wire" in broken.out
    assert "inventory/hospital.yaml:26" in broken.out
    assert "diagnose" not in broken.out  # which is about DICOM

    assert hospital.here("lab", "mend").code == 0
    assert hospital("probe", "pacs").code == 0


def test_an_expired_certificate_is_found(hospital: Hospital):
    assert hospital.here("lab", "break", "certificate", "pacs").code == 0

    broken = hospital("probe", "PACS|HOSP")

    assert broken.code == 2
    assert "error[WIRE-TLS] PACS|HOSP of pacs" in broken.out
    assert "has expired" in broken.said


@pytest.mark.parametrize(
    ("selectors", "found"),
    [
        (["RIS|HOSP"], {"ris/RIS|HOSP"}),
        (["ris/RIS|HOSP"], {"ris/RIS|HOSP"}),
        (["ris"], {"ris/RIS", "ris/RIS|HOSP"}),
        (["main/*|HOSP"], {"ris/RIS|HOSP", "pacs/PACS|HOSP", "old/OLD|HOSP", "left-alone/LEFT|HOSP"}),
    ],
)
def test_applications_are_named_as_titles_are(hospital: Hospital, selectors: list[str], found: set[str]):
    seen = hospital("probe", *selectors, "--format", "json").json["observations"]

    assert {one["subject"] for one in seen} == found


def test_a_run_is_remembered_compared_and_told_to_ci(hospital: Hospital):
    hospital.ok("record", "init")
    hospital.ok("probe", "--save", "before")
    assert "5 of 5 healthy" in hospital.ok("status").said

    assert hospital.here("lab", "break", "port", "ris").code == 0
    after = hospital("probe", "ris", "--against", "before")
    assert "ris/RIS|HOSP" in after.out
    assert "healthy → failing" in after.out
    text = hospital("probe", "ris", "--format", "junit", "--no-record").out
    suite = ElementTree.fromstring(text)[0]  # noqa: S314 - it is our own
    cases = {case.get("name"): case for case in suite}
    assert cases["RIS|HOSP hl7 (echo)"].find("failure").get("type") == "WIRE-TCP"


def test_by_level_tcp_no_message_is_sent(hospital: Hospital):
    (one,) = hospital("probe", "RIS|HOSP", "--level", "tcp", "--format", "json").json["observations"]

    assert [step["name"] for step in one["steps"]] == ["tcp"]


def test_no_application_is_asked_under_anothers_title(hospital: Hospital):
    seen = hospital("probe", "ris", "--impersonate", "RIS", "--format", "json").json["observations"]
    assert [one["subject"] for one in seen] == ["ris/RIS"]

    ran = hospital("probe", "RIS|HOSP", "--impersonate", "RIS")
    assert (ran.code, '"RIS|HOSP" is no declared device or AE title' in ran.said) == (64, True), ran


def test_diagnose_says_that_it_is_not_about_hl7(hospital: Hospital):
    ran = hospital("diagnose", "ws-1", "RIS|HOSP")
    assert (ran.code, '"RIS|HOSP" is an HL7 application' in ran.said) == (64, True), ran


def test_screens_of_the_lab_fit_into_eighty_columns(hospital: Hospital):
    screens = [
        hospital.here("lab", *words).out for words in (["break", "port", "pacs"], ["status"], ["mend"])
    ]

    assert [line for text in screens for line in text.splitlines() if len(line) > 80] == []
    assert "10.20.0.5:12575" in screens[1]
