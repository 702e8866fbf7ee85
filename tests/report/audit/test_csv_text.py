"""Audits as a table: whole, and nothing that a spreadsheet computes."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given

from pacsconf.policy.audit import Audit
from pacsconf.report.audit import csv_text
from tests.report.audit.nasty import BAD, audits
from tests.report.audit.sample import AUDIT


def table(audit: Audit) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text.render(audit), newline=""), strict=True))


def test_every_result_is_a_row():
    rows = table(AUDIT)
    assert [(row["rule"], row["kind"], row["name"], row["state"]) for row in rows] == [
        (one.rule, one.kind, one.name, one.state) for one in AUDIT.results
    ]
    (failing,) = [row for row in rows if row["rule"] == "PACS-AE-003" and row["state"] == "fail"]
    assert failing == {
        "id": failing["id"],
        "rule": "PACS-AE-003",
        "title": "Every AE title belongs to one device",
        "severity": "critical",
        "state": "fail",
        "kind": "ae",
        "name": "us-7/US_7",
        "message": 'The title "US_7" is also that of us-1 in Orthanc.',
        "evidence": "configured",
        "proof": "configured",
        "waiver": "",
        "site": "north",
        "device": "us-7",
        "system": "orthanc",
        "file": "inventory/devices/us.yaml",
        "line": "14",
        "column": "7",
        "controls": "nist-800-53 CM-8; csf ID.AM-1; dicom PS3.15 H.1.2",
        "fix": "Give one of them another title.",
        "pack": "core",
        "audit": AUDIT.id,
        "at": AUDIT.at,
    }


def test_an_id_stays_from_audit_to_audit_and_is_nobody_elses():
    later = replace(
        AUDIT, id="x", results=tuple(replace(one, state="pass", message="", line=99) for one in AUDIT.results)
    )
    ids = [row["id"] for row in table(AUDIT)]
    assert [row["id"] for row in table(later)] == ids
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("text", BAD)
def test_a_formula_is_text(text):
    rows = table(replace(AUDIT, results=(replace(AUDIT.results[0], message=text, device=text, name=text),)))
    for cell in rows[0].values():
        assert not cell.strip().startswith(("=", "+", "-", "@", "＝"))  # noqa: RUF001


@given(audits())
def test_whatever_is_in_it_each_result_is_one_line(audit):
    text = csv_text.render(audit)
    text.encode("utf-8")
    assert len(text.splitlines()) == len(audit.results) + 1
    assert len(table(audit)) == len(audit.results)
