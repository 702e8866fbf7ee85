"""Approvals in the record: kept, used once, bounded, and written as one file."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pacsconf.core.approval import ApprovalRule, PlanApproval
from pacsconf.core.errors import RecordError
from pacsconf.record import edits
from pacsconf.record.contents import Contents, Entry, from_files, to_files

ENTRY = Entry("approve", "Anna Berg <anna@example.org>", "2026-11-24T14:12:05Z", "plan 5be1f00d")
RULES = {"data-loss": ApprovalRule(("Ben Ito", "anna@example.org"), 2), "access": ApprovalRule(("eve",))}


def yes(number: int, by: str = "Anna Berg <anna@example.org>", reason: str = "") -> PlanApproval:
    return PlanApproval(f"{number:064x}", by, "2026-11-24T14:12:05Z", reason)


GIVEN = Contents(approval_rules=RULES, approvals=(yes(2), yes(1, reason="seen")))


def read_back(files):
    return from_files(files, files.__getitem__)


@pytest.mark.parametrize("contents", [GIVEN, replace(GIVEN, approval_rules={}), replace(GIVEN, approvals=())])
def test_they_survive_their_file(contents):
    assert read_back(to_files(ENTRY, contents)) == contents


def test_where_nobody_approves_anything_there_is_no_file():
    assert "approvals.json" not in to_files(ENTRY, Contents())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "approvals.json cannot be understood"),
        ('{"rules": {}}', "given"),
        ('{"given": [], "rules": {"dataloss": {"approvers": ["a"], "count": 1}}}', '"dataloss" is none of'),
        ('{"given": [{"digest": "a"}], "rules": {}}', "approvals.json cannot be understood"),
    ],
)
def test_what_cannot_be_understood_is_named(text, words):
    files = {**to_files(ENTRY, GIVEN), "approvals.json": text.encode()}
    with pytest.raises(RecordError, match=words):
        read_back(files)


def test_what_was_found_wrong_with_one_is_never_written_down():
    flawed = replace(GIVEN, approvals=(replace(yes(1), flaw="is not signed"),))
    assert "signed" not in json.dumps(json.loads(to_files(ENTRY, flawed)["approvals.json"]))


def test_a_second_approval_of_the_same_person_replaces_the_first():
    now = edits.approved(GIVEN, yes(2, reason="once more"))
    assert now.approvals == (yes(1, reason="seen"), yes(2, reason="once more"))
    assert now.approvals_of(yes(2).digest) == (yes(2, reason="once more"),)


def test_another_person_approves_beside_the_first():
    ben = yes(1, by="Ben Ito <ben@example.org>")
    assert edits.approved(GIVEN, ben).approvals_of(ben.digest) == (yes(1, reason="seen"), ben)


def test_of_plans_that_nobody_applies_the_newest_two_hundred_are_kept():
    now = Contents()
    for number in range(250):
        now = edits.approved(now, yes(number))
    assert [one.digest for one in now.approvals] == [yes(number).digest for number in range(50, 250)]
