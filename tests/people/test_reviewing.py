"""Reviews beside the inventory: their lines, who answers, what is gone, when one is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pacsconf.core.errors import PacsconfError, UnsafePlan
from pacsconf.core.review import Decision, Review, ReviewLine
from pacsconf.inventory.people import Grant
from pacsconf.people import reviewing
from pacsconf.people.reviewing import RoleDue
from tests.people.staff import TODAY, account, group, hospital, live, role, user

CHIEF = role("chief", "pacs-chief", approvers=("kwolf",))
READER = role("reader", "pacs-reader", approvers=("role:chief",), review_every=180)
ROLES = (CHIEF, READER)
KWOLF = user("kwolf", "chief", email="k.wolf@hospital.example")
MM = user("mm", "reader", logins={"git": "Mm@Hospital.example"})
USERS = (KWOLF, MM)
GROUPS = {"accounts": ("pacs-reader",)}
REMOVE = Decision("remove", "K <k@x>", "kwolf", "2026-11-20T08:00:00Z", "moved")
GONE = ReviewLine("mm", "reader", groups=GROUPS, decision=REMOVE)
REVIEW = Review("AR-20261120-1", ("reader",), "2026-12-04", "K <k@x>", "2026-11-20T08:00:00Z", (GONE,))


# --- lines


def test_a_line_for_everybody_who_has_the_role_or_will_have_it():
    later = user("later", Grant(role="reader", starts="2027-01-01", until="2027-02-01"), ends="2027-06-30")
    ending = user("ending", "reader", starts="2020-01-01", ends="2026-12-31", kind="vendor")
    found = reviewing.lines(hospital((*USERS, later, ending), ROLES), ["reader"])
    assert found == (
        ReviewLine("ending", "reader", "vendor", since="2020-01-01", until="2026-12-31", groups=GROUPS),
        ReviewLine("later", "reader", since="2027-01-01", until="2027-02-01", groups=GROUPS),
        ReviewLine("mm", "reader", groups=GROUPS),
    )


def test_who_is_in_the_groups_without_the_role_has_a_line_too():
    there = live(("mm", "eve"), group("pacs-reader", "mm", groups=("inner",)), group("inner", "eve"))
    found = reviewing.lines(hospital(USERS, ROLES), ["reader"], {"accounts": there})
    assert [(one.user, one.declared) for one in found] == [("mm", True), ("eve", False)]


def test_another_role_that_leads_to_the_same_group_makes_nobody_a_line():
    twin = role("twin", "pacs-reader")
    there = live(("nn",), group("pacs-reader", "nn"))
    inventory = hospital((user("nn", "twin"),), (*ROLES, twin))
    assert reviewing.lines(inventory, ["reader"], {"accounts": there}) == ()


def test_the_roles_of_a_system():
    assert reviewing.roles_in(hospital((), (*ROLES, role("none"))), "accounts") == ("chief", "reader")


# --- who answers


@pytest.mark.parametrize(
    ("identity", "who"),
    [
        ("Anybody <mm@hospital.EXAMPLE>", "mm"),
        ("Anybody <K.Wolf@hospital.example>", "kwolf"),
        ("kwolf <other@example.org>", "kwolf"),
    ],
)
def test_a_git_identity_is_found_by_login_mail_or_id(identity, who):
    assert reviewing.whose(hospital(USERS, ROLES), identity).id == who


def test_a_name_alone_does_not_count_where_signatures_are_checked():
    with pytest.raises(UnsafePlan, match="is no user of the inventory"):
        reviewing.whose(hospital(USERS, ROLES), "kwolf <other@example.org>", by_mail=True)


def test_an_identity_of_several_is_nobodys():
    twice = user("nn", logins={"git": "mm@hospital.example"})
    with pytest.raises(UnsafePlan, match="is several users of the inventory: mm, nn"):
        reviewing.whose(hospital((*USERS, twice), ROLES), "M <mm@hospital.example>")


def test_nobody_answers_for_themselves():
    own = ReviewLine("kwolf", "chief")
    with pytest.raises(
        UnsafePlan, match="nobody reviews their own access, and kwolf is on it as chief"
    ) as caught:
        reviewing.require_may_answer(hospital(USERS, ROLES), KWOLF, [own])
    assert caught.value.reasons == ("chief: nobody else may; name another one under approvers",)


def test_only_approvers_answer():
    inventory = hospital(USERS, ROLES)
    line = ReviewLine("nn", "reader")
    reviewing.require_may_answer(inventory, KWOLF, [line])
    with pytest.raises(UnsafePlan, match="mm is not one of the approvers of reader") as caught:
        reviewing.require_may_answer(inventory, MM, [line])
    assert caught.value.reasons == ("reader: kwolf",)


def test_a_role_that_is_declared_no_longer_is_answered_by_nobody():
    with pytest.raises(PacsconfError, match="role old is declared no longer"):
        reviewing.require_may_answer(hospital(USERS, ROLES), KWOLF, [ReviewLine("nn", "old")])


# --- what is gone

GONE_KEY = ((REVIEW.id, GONE.key),)


def gone(users, there, roles=ROLES, review=REVIEW):
    return reviewing.seen_gone(hospital(users, roles), (review,), {"accounts": there} if there else {})


def test_a_removal_is_over_when_it_is_neither_declared_nor_live():
    without = (KWOLF, user("mm"))
    assert gone(without, live(("mm",), group("pacs-reader"))) == GONE_KEY
    assert gone((KWOLF,), live((), group("pacs-reader"))) == GONE_KEY


def test_a_removal_is_open_while_it_is_declared_live_or_not_looked_at():
    without = (KWOLF, user("mm"))
    assert gone(USERS, live(("mm",), group("pacs-reader"))) == ()
    assert gone(without, live(("mm",), group("pacs-reader", "mm"))) == ()
    assert gone(without, live(("mm",), group("pacs-reader", groups=("in",)), group("in", "mm"))) == ()
    assert gone(without, live((account("mm", by_itself=("pacs-reader",)),), group("pacs-reader"))) == ()
    assert gone(without, None) == ()


@pytest.mark.parametrize(
    ("holder", "is_gone"),
    [
        (user("mm", Grant(role="reader", starts="2027-01-01")), False),
        (user("mm", "reader", starts="2027-01-01"), False),
        (user("mm", "reader", status="suspended"), False),
        (user("mm", Grant(role="reader", until="2026-11-26")), False),
        (user("mm", Grant(role="reader", until="2026-11-25")), True),
        (user("mm", "reader", ends="2026-11-25"), True),
    ],
)
def test_a_role_that_somebody_is_to_have_later_is_not_gone(holder, is_gone):
    assert bool(gone((KWOLF, holder), live(("mm",), group("pacs-reader")))) is is_gone


def test_a_group_that_another_role_leads_to_keeps_no_removal_open():
    twin = role("twin", "pacs-reader")
    there = live(("mm",), group("pacs-reader", "mm"))
    assert gone((KWOLF, user("mm", "twin")), there, (*ROLES, twin)) == GONE_KEY


def test_a_system_that_is_declared_no_longer_keeps_no_removal_open():
    elsewhere = replace(REVIEW, lines=(replace(GONE, groups={"former": ("pacs-reader",)}),))
    assert gone((KWOLF,), None, review=elsewhere) == GONE_KEY


def test_what_is_to_be_kept_is_never_gone():
    kept = replace(REVIEW, lines=(replace(GONE, decision=replace(REMOVE, word="keep")),))
    assert gone((KWOLF,), live((), group("pacs-reader")), review=kept) == ()


# --- due


def test_the_next_review_is_due_so_long_after_the_last():
    inventory = hospital(USERS, ROLES)
    assert list(reviewing.due(inventory, (REVIEW,), TODAY)) == [
        RoleDue("reader", date(2027, 5, 19), "", date(2026, 11, 20))
    ]


def test_without_one_it_is_due_so_long_after_the_role_appeared_or_today():
    inventory = hospital(USERS, ROLES)
    assert [one.day for one in reviewing.due(inventory, (), TODAY)] == [TODAY]
    since = {"reader": date(2026, 1, 1)}
    assert [one.day for one in reviewing.due(inventory, (), TODAY, since)] == [date(2026, 6, 30)]
    assert [one.role for one in reviewing.overdue(inventory, (), TODAY, since)] == ["reader"]
    assert reviewing.overdue(inventory, (), TODAY) == ()


def test_under_review_the_day_of_the_review_counts():
    asked = replace(REVIEW, lines=(replace(GONE, decision=None),))
    assert list(reviewing.due(hospital(USERS, ROLES), (asked,), TODAY)) == [
        RoleDue("reader", date(2026, 12, 4), REVIEW.id, None)
    ]


def test_a_review_that_is_due_after_the_end_of_time_is_due_then():
    roles = tuple(role.model_copy(update={"review_every": 10_000_000}) for role in ROLES)
    found = reviewing.due(hospital(USERS, roles), (), TODAY, {"reader": TODAY})
    assert {one.day for one in found if one.role == "reader"} == {date.max}
