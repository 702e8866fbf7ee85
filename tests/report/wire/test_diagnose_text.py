from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pacsconf.dicom.diagnose.cause import Cause, Proof, Way
from pacsconf.dicom.diagnose.diagnosis import Diagnosis, diagnose
from pacsconf.dicom.diagnose.evidence import End
from pacsconf.dicom.diagnose.layers import LayerLine
from pacsconf.report.lines import plain
from pacsconf.report.wire.diagnose_json import diagnosis_json
from pacsconf.report.wire.diagnose_text import diagnosis_text
from tests.dicom.diagnose.evidence_cases import cases, evidence, load

CASES = Path(__file__).parents[2] / "dicom" / "diagnose" / "cases" / "diagnosis"

NEAR_MISS = """\
CT_ER_1 → ARCHIVE (10.20.0.5:11112)
  ✓ flow      modalities-to-archive: storage
  ✓ name      well
  ✓ tcp       well
  ✓ assoc     well
  ✓ contexts  well
  ✓ echo      well
  ✗ orthanc   knows CT_ER1, not CT_ER_1
  ? heard     CT_ER_1 itself was never heard

On the wire it works now for PACS_ADMIN.
Most likely: orthanc does not know the title CT_ER_1; it knows CT_ER1.
  orthanc knows   CT_ER1 at 10.20.4.17:104   live, peer "CT_ER_1"
  inventory says  CT_ER_1 at 10.20.7.17:104  inventory/devices/ct.yaml:14
  They differ by one character (_ missing) and by host.
  Somebody changed orthanc outside of pacsconf since the last apply.
  it sends CT_ER_1:  pacsconf -e lab plan --repair orthanc/peer/CT_ER_1
  it sends CT_ER1:   correct inventory/devices/ct.yaml:14 (CT_ER1).
  1 only possible (--verbose)

Unknown: what the caller itself sends.
  Run pacsconf -e lab listen
  and press Verify at the device; or read the log of whom it calls (--log FILE).

Next: pacsconf -e lab listen
"""


def shown(name: str, **more) -> str:
    found = diagnose(evidence(load(CASES / f"{name}.yaml")["evidence"]))
    return plain(diagnosis_text(found, "pacsconf -e lab", **more))


def test_the_screen_of_a_title_that_was_edited_by_hand():
    assert shown("near-miss-by-hand") == NEAR_MISS


@pytest.mark.parametrize("file", cases(CASES), ids=lambda file: file.stem)
@pytest.mark.parametrize("verbose", [False, True], ids=["short", "whole"])
def test_every_diagnosis_fits_into_eighty_columns_but_for_what_is_copied(file, verbose):
    text = shown(file.stem, verbose=verbose)
    long = [line for line in text.splitlines() if len(line) > 80]
    assert [line for line in long if "pacsconf -e lab" not in line] == []
    assert text.count("Most likely: ") <= 1


def test_what_a_refusal_means_is_told_in_words():
    said = " ".join(shown("association-limit").split())
    assert "rejected-transient, DICOM UL service-provider (Presentation related function)" in said
    assert "local-limit-exceeded (PS3.8 9.3.4: 2/3/2)" in said
    assert "Usually: associations hang there that nobody uses any more;" in said
    assert "Whose turn it is: the called side's administrator." in said


def test_what_came_from_a_peer_or_a_file_cannot_move_the_cursor():
    bad = "\x1b[2J\u202e"
    found = Diagnosis(
        End(f"CT{bad}", device="ct"),
        End("PACS"),
        "wrong",
        (LayerLine("tcp", "✗", bad),),
        (Cause("x", "tcp", 80, bad, (Proof(bad, bad, bad),), (bad,), (Way(bad, bad, bad),)),),
        (),
        (bad,),
    )
    assert not {"\x1b", "\u202e"} & set(plain(diagnosis_text(found, "pacsconf")))


def test_json_tells_every_cause_and_the_commands_as_they_are_typed():
    found = diagnose(evidence(load(CASES / "near-miss-by-hand.yaml")["evidence"]))
    body = json.loads(diagnosis_json(found, "lab", "pacsconf -e lab"))
    assert (body["format_version"], body["verdict"], body["environment"]) == (1, "wrong", "lab")
    assert body["from"] == {
        "ae_title": "CT_ER_1",
        "device": "ct-er-1",
        "host": "10.20.7.17",
        "port": 104,
        "place": "inventory/devices/ct.yaml:14",
    }
    assert [cause["key"] for cause in body["causes"]] == ["title-differs", "between-them"]
    assert body["causes"][0]["ways"][0] == {
        "when": "it sends CT_ER_1",
        "text": "",
        "command": "pacsconf -e lab plan --repair orthanc/peer/CT_ER_1",
    }
    assert body["next"] == ["pacsconf -e lab listen"]


def test_what_works_is_said_so():
    said = shown("works")
    assert "It works, as far as can be seen: ARCHIVE answers, and nothing stands in the way." in " ".join(
        said.split()
    )
    assert "Most likely" not in said


NOT_APPLIED = """\
CT_ER_1 → ARCHIVE (10.20.0.5:11112)
  ✓ flow       modalities-to-archive: storage
  ✓ tcp        well
  ✓ assoc      well
  ✓ echo       well
  ✗ directory  4 of 4 entries not applied yet
  ? heard      CT_ER_1 itself was never heard

It works, as far as can be seen: ARCHIVE answers, and nothing stands in the way.
  1 only possible (--verbose)

Beside that: directory lacks 4 entries of ct-er-1 and archive: declared, and not
  applied yet.

     pacsconf apply --target directory/device/archive --target directory/device/ct-er-1

Unknown: what the caller itself sends.
  Run pacsconf listen
  and press Verify at the device; or read the log of whom it calls (--log FILE).

Next:
   pacsconf apply --target directory/device/archive --target directory/device/ct-er-1
"""


def test_what_works_and_was_not_applied_to_the_directory_yet_is_one_line_of_it():
    found = diagnose(evidence(load(CASES / "directory-not-applied-and-works.yaml")["evidence"]))
    assert plain(diagnosis_text(found, "pacsconf")) == NOT_APPLIED
    body = json.loads(diagnosis_json(found, "lab", "pacsconf"))
    assert (body["verdict"], body["works_as"]) == ("works", "PACS_ADMIN")
    assert [(one["key"], one["wrong"], one["remark"]) for one in body["causes"]] == [
        ("entries-not-applied", False, True),
        ("between-them", False, False),
    ]


def test_an_entry_that_somebody_edited_while_all_works_is_no_likely_reason():
    said = shown("directory-edited-and-works")
    assert "On the wire it works now for PACS_ADMIN.\nNot as declared: directory has another port" in said


def test_what_only_looks_again_comes_after_what_a_person_does():
    assert "Then: pacsconf -e lab probe archive" in shown("port-closed")
    assert "Next: pacsconf -e lab listen" in shown("near-miss-by-hand")


def test_further_causes_are_named_with_their_place():
    found = diagnose(evidence(load(CASES / "port-closed-and-moved.yaml")["evidence"]))
    lines = plain(diagnosis_text(replace(found), "pacsconf")).splitlines()
    at = lines.index("Also:")
    assert lines[at + 1].startswith("  – Nothing listens at 10.20.0.5:11112")  # noqa: RUF001
