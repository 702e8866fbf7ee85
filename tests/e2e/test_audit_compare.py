"""Audits that are made again: listed, and compared with the commit or change that each difference comes from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pacsconf.record.record import Record
from tests.e2e.conftest import Hospital

RULES = """\
pack: house
rules:
  - id: HOUSE-001
    title: A title says of what kind it is
    severity: high
    kind: ae
    condition: self.title.startsWith("CT") || !self.device.startsWith("ct-")
    message: '"the title is " + self.title'
    controls: {hipaa: ["164.312(c)(1)"]}
  - id: HOUSE-002
    title: It has a maker
    severity: low
    kind: device
    condition: manufacturer != "GE"
"""


@pytest.fixture
def hospital(small: Hospital) -> Hospital:
    (small.path / "policies").mkdir()
    (small.path / "policies" / "house.yaml").write_text(RULES)
    small.commit("rules of the house")
    small.applied()
    return small


def test_what_drifted_is_told_with_the_commit_that_did_it(hospital: Hospital):
    assert hospital("audit").code in (0, 4)
    hospital.edit("ae_title: CT1", "ae_title: SCAN1")
    hospital.edit("manufacturer: GE", "manufacturer: SIEMENS")
    assert hospital("audit").code == 4
    ran = hospital("audit", "diff")
    assert ran.code == 2, ran
    assert "1 newly failing · 1 closed" in ran.out
    commit = hospital.git("log", "-1", "--format=%h", "--abbrev=7", "HEAD~1")
    assert f"the resource is new (commit {commit}" in ran.said  # a title is a part of its name
    assert "its lines were changed (commit" in ran.said
    assert "manufacturer: GE is manufacturer: SIEMENS now" in ran.said


def test_there_and_back(hospital: Hospital):
    hospital("audit")
    hospital.edit("ae_title: CT1", "ae_title: SCAN1")
    hospital("audit")
    hospital.edit("ae_title: SCAN1", "ae_title: CT1")
    hospital("audit")
    assert hospital("audit", "diff", "last~2", "last").code == 0
    back = hospital("audit", "diff")
    assert (back.code, "1 closed" in back.out) == (0, True)
    turned = hospital("audit", "diff", "last", "last~1")
    assert "compared the other way round" in turned.err
    assert turned.out == back.out


def test_a_rule_that_was_switched_off_is_told_as_such(hospital: Hospital):
    hospital("audit")
    (hospital.path / "policies" / "site.yaml").write_text(
        "overrides:\n  HOUSE-002: {off: the maker is of no interest}\n"
    )
    hospital.commit("makers are of no interest")
    hospital("audit")
    ran = hospital("audit", "diff")
    assert (ran.code, "1 not judged any more" in ran.out) == (0, True)
    assert "the rule was switched off: the maker is of no interest (commit " in ran.said


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_other_forms(hospital: Hospital, form: str):
    hospital("audit")
    hospital.edit("ae_title: CT1", "ae_title: SCAN1")
    hospital("audit")
    ran = hospital("audit", "diff", "--format", form)
    assert ran.code == 2
    if form == "json":
        assert [one["drift"] for one in ran.json["drifted"]] == ["failing"]
    else:
        assert "**Newly failing**" in ran.out


def test_audits_are_listed_and_told_in_the_history(hospital: Hospital):
    assert "No audit of lab is recorded yet" in hospital.ok("audit", "list").out
    hospital("audit", "--reason", "the nightly one")
    listed = hospital.ok("audit", "list", "--format", "json").json["audits"]
    assert [one["states"]["fail"] for one in listed] == [1]
    assert listed[0]["id"] in hospital.ok("audit", "list").out
    assert listed[0]["id"] in hospital.ok("show", listed[0]["id"]).out
    commit = hospital.git("rev-parse", "pacsconf/lab")
    assert hospital.ok("show", commit[:8], "--format", "json").json["id"] == listed[0]["id"]
    assert "the nightly one" in hospital.ok("history").said


def test_an_audit_that_is_not_there_is_named(hospital: Hospital):
    hospital("audit")
    ran = hospital("audit", "diff")
    assert (ran.code, "holds one audit alone" in ran.said) == (1, True)
    assert hospital("audit", "diff", "--", "--all", "last").code == 1


def test_a_record_that_was_rewritten_is_told(hospital: Hospital):
    hospital("audit")
    hospital("audit")
    hospital.git("update-ref", "refs/heads/pacsconf/lab", "pacsconf/lab~1")
    ran = hospital("audit", "diff")
    assert ran.code == 5
    assert "was rewritten" in ran.said


def test_an_audit_of_a_record_that_was_rewritten_and_accepted_says_so(hospital: Hospital):
    hospital("audit")
    lines = hospital.git("show", "pacsconf/lab:evidence/audits/last.jsonl")
    hospital.git("update-ref", "refs/heads/pacsconf/lab", "pacsconf/lab~3")
    assert "was rewritten" in hospital("audit").said
    hospital.ok("record", "init", "--accept", "--reason", "we know")
    with Record.open(hospital.path, "lab", clock=lambda: datetime.now(UTC)) as record:
        record.audited(lines.encode() + b"\n")
    said = hospital("audit").said
    assert "which it was made" in said or "is not there any more" in said
