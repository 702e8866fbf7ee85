from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.approval import (
    Applier,
    ApprovalRule,
    Approvals,
    PlanApproval,
    approval_from_json,
    approval_to_json,
    approvals_from_json,
    approvals_to_json,
    guard_of,
    is_named,
    is_same_person,
    standings,
)

ANNA, BEN = "Anna Berg <anna@example.org>", "Ben Ito <ben@example.org>"
CLEO = "Cleo Vu <cleo@example.org>"
CI = Applier("ci <ci@example.org>")
RULE = ApprovalRule(("anna@example.org", "Ben Ito"))
DIGEST = "5be1" * 16


def yes(by: str, key: str = "", flaw: str = "", at: str = "2026-11-24T13:00:00Z") -> PlanApproval:
    return PlanApproval(DIGEST, by, at, "seen", key, flaw)


def stands(rule: ApprovalRule, *given: PlanApproval, applier: Applier = CI) -> tuple[bool, list[str]]:
    """Whether a rule is met, and why each that does not count does not."""
    (one,) = standings({"data-loss": rule}, given, applier)
    return one.is_met, [why for _, why in one.others]


# --- who is who ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "approver",
    ["anna@example.org", "ANNA@Example.org", "Anna Berg", " anna   berg ", "Anna Berg <anna@example.org>"],
)
def test_an_approver_is_known_by_name_or_address_however_it_is_written(approver):
    assert is_named("anna  Berg <Anna@example.org>", [approver])


@pytest.mark.parametrize("approver", ["", "anna", "berg", "anna@example", "@example.org", "*"])
def test_a_part_of_a_name_is_nobody(approver):
    assert not is_named(ANNA, [approver])


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("ANNA berg <other@example.org>", True),
        ("A. Berg <anna@EXAMPLE.org>", True),
        ("Anna  Berg <x@example.org>", True),
        (BEN, False),
        ("<>", False),
        ("", False),
    ],
)
def test_one_person_has_the_name_or_the_address_in_common(one, same):
    assert is_same_person(ANNA, one) is same
    assert is_same_person(one, ANNA) is same


@pytest.mark.parametrize(
    "name", ["Ju\u0308rgen Klein", "J\u00fcr\u200bgen Klein", "\uff2a\u00fcrgen\u00a0KLEIN"]
)
def test_letters_that_look_the_same_are_one_person(name):
    assert is_same_person("J\u00fcrgen Klein <jk@example.org>", f"{name} <private@example.net>")
    assert is_named(f"{name} <private@example.net>", ["J\u00fcrgen Klein"])


def test_nobody_is_the_same_as_nobody():
    assert not is_same_person("", "")


# --- what counts --------------------------------------------------------------------------------------------


def test_an_approver_who_does_not_apply_counts():
    assert stands(RULE, yes(ANNA)) == (True, [])


def test_without_one_it_is_not_met():
    assert stands(RULE) == (False, [])


REFUSED = {
    "another person": ((yes(CLEO),), CI, ["is not one of the approvers"]),
    "who applies": ((yes(ANNA),), Applier("anna berg <root@localhost>"), ["is the one who applies"]),
    "a flaw": ((yes(ANNA, flaw="its commit is not signed"),), CI, ["its commit is not signed"]),
    "the key of who applies": (
        (yes(ANNA, key="SHA256:a"),),
        Applier(CI.by, "SHA256:a"),
        ["is signed with the key of the one who applies"],
    ),
    "a name that anybody can take": (
        (yes("Ben Ito <eve@example.org>", key="SHA256:eve"),),
        Applier(CI.by, "SHA256:ci"),
        ["is an approver by name alone, and a signature proves no name but an address"],
    ),
    "signed, and who applies is not": (
        (yes(ANNA, key="SHA256:a"),),
        CI,
        ["is signed, but who applies does not sign, so they may be the same person"],
    ),
}


@pytest.mark.parametrize(("given", "applier", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_count_says_why(given, applier, why):
    assert stands(RULE, *given, applier=applier) == (False, why)


@pytest.mark.parametrize(
    "second",
    [yes(ANNA, at="2026-11-24T14:00:00Z"), yes(BEN, key="SHA256:a")],
    ids=["one person", "one key"],
)
def test_two_are_two_people_with_two_keys(second):
    two = ApprovalRule(("anna@example.org", "Ben Ito <ben@example.org>"), 2)
    signs = Applier(CI.by, "SHA256:ci")

    assert stands(two, yes(ANNA, key="SHA256:a"), second, applier=signs) == (False, ["has approved already"])
    assert stands(two, yes(ANNA, key="SHA256:a"), yes(BEN, key="SHA256:b"), applier=signs) == (True, [])


@given(st.lists(st.sampled_from([ANNA, BEN, CLEO, CI.by, "ANNA BERG <x@y>"]), max_size=6), st.integers(1, 3))
def test_a_rule_is_met_by_so_many_different_approvers_and_never_by_who_applies(givers, count):
    rule = ApprovalRule(("anna@example.org", "anna berg", "ben ito", "ci"), count)
    people = {"anna" if "anna" in one.casefold() else one for one in givers} - {CLEO, CI.by}

    assert stands(rule, *map(yes, givers))[0] is (len(people) >= count)


# --- which rules are in force -------------------------------------------------------------------------------

OTHER = ApprovalRule(("eve@example.org",))


def test_the_rules_that_were_recorded_are_in_force_until_others_are():
    approvals = Approvals({"data-loss": RULE}, {"data-loss": OTHER, "access": OTHER})

    assert approvals.in_force == {"data-loss": RULE, "access": OTHER}
    assert approvals.asked({"workflow"}) == {"data-loss": RULE}, "their change is judged by what they were"
    assert approvals.asked({"access"}) == {"data-loss": RULE, "access": OTHER}


@pytest.mark.parametrize(
    ("declared", "loosened"),
    [
        ({"data-loss": RULE}, ()),
        ({"data-loss": ApprovalRule(("BEN ITO", "Anna@Example.ORG"))}, ()),
        ({"data-loss": RULE, "access": OTHER}, ()),
        ({}, ("data-loss",)),
        ({"data-loss": OTHER}, ("data-loss",)),
        ({"data-loss": ApprovalRule(RULE.approvers, 2)}, ("data-loss",)),
        ({"data-loss": ApprovalRule((*RULE.approvers, "eve@example.org"))}, ("data-loss",)),
    ],
    ids=[
        "the same",
        "spelt otherwise",
        "one more class",
        "gone",
        "other people",
        "more of them",
        "more people",
    ],
)
def test_a_rule_of_the_record_that_would_be_another_trips_a_guard_of_its_own(declared, loosened):
    approvals = Approvals({"data-loss": RULE}, declared)

    assert approvals.loosened == loosened
    assert [(one.id, one.tripped) for one in guard_of(approvals)] == [("GUARD-APPROVALS", True)] * len(
        loosened
    )


def test_the_guard_says_what_the_rule_was_and_would_be():
    (guard,) = guard_of(Approvals({"data-loss": RULE}, {}))

    assert guard.notes == ("data-loss: was 1 of anna@example.org, Ben Ito; would be nobody",)


def test_a_first_rule_goes_into_the_record_without_a_guard():
    approvals = Approvals({}, {"data-loss": RULE})

    assert approvals.changed
    assert list(guard_of(approvals)) == []


# --- JSON ---------------------------------------------------------------------------------------------------


def test_they_come_back_from_json():
    approvals = Approvals({"data-loss": RULE}, {"access": ApprovalRule(("eve@example.org",), 1)})

    assert approvals_from_json(json.loads(json.dumps(approvals_to_json(approvals)))).loosened == (
        "data-loss",
    )
    assert approval_from_json(json.loads(json.dumps(approval_to_json(yes(ANNA, "k"))))) == yes(ANNA, "k")


def test_a_flaw_is_never_written_down():
    assert approval_from_json(approval_to_json(yes(ANNA, flaw="damaged"))) == yes(ANNA)
