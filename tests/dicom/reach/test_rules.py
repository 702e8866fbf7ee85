"""What `validate` tells of pairs that are half declared: by flow and cause, at its line."""

from __future__ import annotations

import pytest

from pacsconf.dicom.reach.rules import RULES
from tests.dicom.reach.conftest import FEW, HOSPITAL, WORKLIST

NO_BACK = ("  confirms: {from: {device: archive}, to: {type: modality}, services: storage-commitment}\n", "")
MORE = """\
  ct-2:
    {type: modality, modality: CT, site: main, ae_title: CT_2, host: 10.0.1.2, port: 104, offers: verification,
     uses: [ct-image-storage, mr-image-storage, storage-commitment, modality-worklist]}
  ws-1:
"""


@pytest.fixture
def told(loads):
    """The findings of the hospital with these changes, as `RULE line summary`."""

    def found(*changes, text=HOSPITAL):
        loaded = loads(*changes, text=text, further=RULES)
        assert loaded.inventory is not None, loaded.findings
        return [f"{one.rule} {one.place.line} {one.summary}" for one in loaded.findings if not one.accepted]

    return found


def test_a_hospital_in_which_all_is_declared_from_both_sides_hears_nothing(told):
    assert told() == []


def test_pairs_that_fare_alike_are_one_finding(told):
    assert told(NO_BACK, ("  ws-1:\n", MORE)) == [
        "PACS-REACH-010 17 Flow images: ARCHIVE has no way back to CT_1 for storage commitment; 1 more pair alike"
    ]


def test_further_sop_classes_of_further_pairs_are_named(told):
    (line,) = told(FEW, ("  ws-1:\n", MORE))
    assert line == (
        "PACS-REACH-004 17 Flow images: ARCHIVE does not take x-ray-radiation-dose-sr-storage of CT_1; 1 more pair "
        "alike, also for mr-image-storage"
    )


def test_both_sides_are_shown_with_their_lines(loads):
    (finding,) = loads(FEW, further=RULES).findings
    assert [(place.line, words) for place, words in finding.also] == [
        (5, "what CT_1 uses"),
        (10, "what ARCHIVE offers"),
    ]


def test_a_service_that_nobody_in_the_flow_asks_for_is_told(told):
    both = ("services: modality-worklist", "services: [modality-worklist, mpps]")
    mpps = ("offers: modality-worklist}", "offers: [modality-worklist, mpps]}")
    assert told(both, mpps) == ["PACS-REACH-002 18 Flow worklist: CT_1 does not use mpps"]
    one_does = (
        "modality-worklist]}\n  ws-1:\n",
        "modality-worklist]}\n" + MORE.replace("modality-worklist]", "modality-worklist, mpps]"),
    )
    assert told(both, mpps, one_does) == []


def test_several_causes_of_one_rule_in_one_service_are_all_told(told):
    found = told(
        ("  ws-1:\n", MORE),
        ("host: 10.0.1.2, port: 104", "tls: TLS_AES_128_GCM_SHA256, host: 10.0.1.2, port: 104"),
        ("host: 10.0.0.1, port: 104", "tls: TLS_AES_256_GCM_SHA384, host: 10.0.0.1, port: 104"),
    )
    assert [line for line in found if "Flow images" in line and "-007" in line] == [
        "PACS-REACH-007 17 Flow images: ARCHIVE takes TLS only, and CT_1 speaks none",
        "PACS-REACH-007 17 Flow images: CT_2 and ARCHIVE have no TLS cipher suite in common",
    ]


@pytest.mark.parametrize(
    ("worklist", "changes", "summary"),
    [
        ("{from: ris/RIS, station_ae: CT_9}", [], "device ct-1 asks its worklist for station CT_9, and is CT_1"),
        ("{from: ris/RIS, modality_code: MR}", [], "device ct-1 asks its worklist for modality MR, and is CT"),
        ("{from: archive/ARCHIVE}", [],
         "device ct-1 has its worklist from archive/ARCHIVE, which offers no worklist"),
        ("{from: ris/RIS}", [(f"  {WORKLIST}\n", "")],
         "device ct-1 has its worklist from ris/RIS, and no flow lets it ask there"),
        ("{from: ris/RIS}", [("storage-commitment, modality-worklist]", "storage-commitment, mpps]"),
                             (WORKLIST, WORKLIST.replace("modality-worklist", "mpps")),
                             ("offers: modality-worklist}", "offers: mpps}")],
         "device ct-1 has a worklist from ris/RIS, and uses no modality-worklist"),
    ],
)  # fmt: skip
def test_a_worklist_that_would_stay_empty_is_told_at_its_line(told, worklist, changes, summary):
    found = told(("modality: CT,", f"modality: CT, worklist: {worklist},"), *changes)
    assert found == [f"PACS-REACH-012 4 {summary}"]


def test_a_planned_device_may_have_a_worklist_that_nobody_lets_it_ask(told):
    planned = (
        "{type: modality, lifecycle: planned, ae_title: CT_3, uses: mpps, worklist: {from: archive/ARCHIVE}}"
    )
    assert told(("  ws-1:\n", f"  ct-3: {planned}\n  ws-1:\n")) == []


ACCEPTED = """\
baseline:
  deaf:
    {rule: PACS-REACH-010, at: flows.images, owner: pacs-team, until: 2999-12-31}
"""


def test_what_the_baseline_accepts_is_not_told(told):
    assert told(NO_BACK, text=HOSPITAL + ACCEPTED) == []


def test_an_entry_that_accepts_nothing_any_more_is_told_where_these_rules_were_asked(loads):
    assert [one.rule for one in loads(text=HOSPITAL + ACCEPTED, further=RULES).findings] == ["PACS-BASE-002"]
    assert loads(text=HOSPITAL + ACCEPTED).findings == ()


def test_an_inventory_that_is_not_complete_is_not_solved(loads):
    loaded = loads(NO_BACK, ("site: north, ae_title", "sitee: north, ae_title"), further=RULES)
    assert {one.rule for one in loaded.findings} == {"PACS-KEY-001"}
