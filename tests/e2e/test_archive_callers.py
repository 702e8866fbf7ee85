"""Who may call an archive, as an administrator declares it: by flows, opened on purpose, and never by accident."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from ldap3 import MODIFY_DELETE

from tests.e2e.conftest import DEVICES, WITH_DCM4CHEE, Hospital, connected

HOSPITAL = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
devices:
  ct-1: {type: modality, modality: [CT], site: main, ae_title: CT1, host: 10.20.4.17, uses: [ct-image-storage]}
  ct-2: {type: modality, modality: [CT], site: main, ae_title: CT2, host: 10.20.4.18, uses: [ct-image-storage]}
  arc:
    type: archive
    site: main
    connections: {dicom: {host: 10.20.0.5, port: 11112}, hl7: {host: 10.20.0.5, port: 2575, protocol: hl7}}
    ae_titles:
      ARCHIVE: {offers: [ct-image-storage], vendor: {dcm4chee: {}}}
    hl7_applications: {ARCHIVE|HOSP: {ae_title: ARCHIVE}}
    probe: none
flows:
  images: {from: {type: modality}, to: {device: arc}, services: [storage]}
"""
ENTITY = f"dicomAETitle=ARCHIVE,dicomDeviceName=arc,{DEVICES}"


@pytest.fixture
def hospital(in_a_lab) -> Hospital:
    """All of it applied, in a lab of its own."""
    made = in_a_lab(hospital=HOSPITAL, systems=WITH_DCM4CHEE)
    made.applied()
    return made


def callers(hospital: Hospital) -> list[bytes]:
    """The list in the directory, as the archive reads it."""
    with connected(hospital) as conn:
        conn.search(ENTITY, "(objectClass=*)", "BASE", attributes=["dcmAcceptedCallingAETitle"])
        return sorted(conn.response[0]["raw_attributes"].get("dcmAcceptedCallingAETitle", []))


def test_a_new_scanner_may_call_once_a_flow_says_so(hospital: Hospital):
    assert callers(hospital) == [b"CT1", b"CT2"]
    hospital.edit(
        "  arc:\n",
        "  ct-3: {type: modality, modality: [CT], site: main, ae_title: CT3, host: 10.20.4.19, "
        "uses: [ct-image-storage]}\n  arc:\n",
    )
    told = hospital("plan", "--out", "plan.json")
    assert "dcm4chee.accepted_callers" in told.out
    assert "highest risk: access" in told.said
    assert "inventory/hospital.yaml:16" in told.said  # the flow's line
    hospital.ok("apply", "plan.json")
    assert callers(hospital) == [b"CT1", b"CT2", b"CT3"]
    assert hospital("plan").code == 0


def test_an_archive_is_opened_to_anybody_only_when_it_is_acknowledged(hospital: Hospital):
    hospital.edit("ARCHIVE: {offers", "ARCHIVE: {accepts: any, offers")
    ran = hospital("plan", "--out", "plan.json")
    assert ran.code == 5, ran
    assert "refused[GUARD-WIDEN] 1 of 3 devices" in ran.out
    assert hospital("apply", "plan.json").code == 5
    assert callers(hospital) == [b"CT1", b"CT2"]


def test_a_list_that_somebody_took_away_by_hand_is_told_as_an_open_door(hospital: Hospital):
    with connected(hospital) as conn:
        conn.modify(ENTITY, {"dcmAcceptedCallingAETitle": [(MODIFY_DELETE, [])]})
    for command in ("drift", "plan"):
        assert "from now on anybody may call" in hospital(command).said


def test_that_nobody_is_declared_is_an_error_and_not_an_open_door(hospital: Hospital):
    hospital.edit("images: {from: {type: modality}", "images: {from: {device: arc}")
    ran = hospital.here("validate")
    assert ran.code == 3
    assert "ARC-CALLERS-001" in ran.said
    assert "lets anybody in" in ran.said
    assert hospital("plan").code == 3


PAGE = Path(__file__).parents[2] / "docs" / "dcm4chee.md"


def test_what_the_page_of_the_archive_shows_to_begin_with_is_valid(repository):
    begin = PAGE.read_text().split("## To begin with")[1].split("\n## ")[0]
    systems, devices, *_ = re.findall(r"(?:^    .*\n)+", begin, re.MULTILINE)
    made = repository(systems=textwrap.dedent(systems), devices=textwrap.dedent(devices))
    assert made.here("validate").out.startswith("No errors · 2 devices, 2 AEs, 1 flow checked")


TOLD = "ARC-RELOAD-001"
DIRECTORY = (
    "systems: {directory: {type: dicom-directory, url: 'ldap://h', extensions: dcm4chee, mode: %s%s}}\n"
)
RELOAD = ", reload: {arc-1: {url: 'https://arc.example.org/dcm4chee-arc'}}"


@pytest.mark.parametrize(
    ("systems", "told"),
    [
        (DIRECTORY % ("write", ""), True),
        (DIRECTORY % ("write", RELOAD), False),
        (DIRECTORY % ("read-only", ""), False),
        (
            DIRECTORY % ("read-only", "") + "environments: {lab: {systems: {directory: {mode: write}}}}\n",
            True,
        ),
        (DIRECTORY % ("write", "") + "environments: {lab: {systems: {directory: null}}}\n", False),
    ],
    ids=["written", "told to reload", "read-only", "written in one environment", "not in any"],
)
def test_an_archive_that_nobody_tells_of_changes_is_a_warning(repository, systems, told):
    speaking = HOSPITAL.replace(
        "    probe: none", "    probe: none\n    vendor: {dcm4chee: {fuzzy_algorithm: x.Y}}"
    )
    ran = repository(hospital=speaking, systems=systems).here("validate")
    assert (f"warning[{TOLD}] Nobody tells archive arc to read directory again" in ran.out) is told
