"""Who is invited to set a first password after an apply."""

from __future__ import annotations

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.resource import State
from pacsconf.people.asking import of_account, of_password, request, requested
from pacsconf.people.inviting import invited_at, to_invite

NEW = Address.of("accounts", "user", "new")
ON, OFF = {"account": "enabled"}, {"account": "disabled"}


def change(before, after) -> Change:
    sides = [State(NEW, NEW, fields) if fields is not None else None for fields in (before, after)]
    return Change("update" if before is not None else "create", *sides)


WAITS = request([of_password("N.Neu")])


@pytest.mark.parametrize(
    ("before", "after", "status", "error", "invited"),
    [
        (None, ON, "applied", "", True),
        (OFF, ON, "applied", "", True),
        (None, OFF, "applied", "", False),
        (ON, OFF, "applied", "", False),
        (ON, {**ON, "expires": "2030-01-01"}, "applied", "", False),
        (None, {**ON, "password_version": 1}, "applied", "", False),
        (None, ON, "failed", "", False),
        (None, ON, "skipped", "", False),
        (OFF, ON, "waiting", WAITS, True),
        (None, ON, "waiting", request(of_account(change(None, ON), "N.Neu")), False),
    ],
    ids=[
        "made", "enabled", "made for later", "disabled", "was in before", "has a password", "failed", "not reached",
        "waits for a password", "is the identity team's",
    ],
)  # fmt: skip
def test_whom_an_apply_lets_in_without_a_password(before, after, status, error, invited):
    one = change(before, after)
    found = list(to_invite([one], {NEW: Outcome(NEW, one.action, status, error)}))
    assert found == ([one] if invited else [])


def test_an_invitation_is_no_change_of_the_account():
    assert str(invited_at(change(None, ON))) == "accounts/invitation/new"


def test_what_others_are_asked_for_is_told_from_other_outcomes():
    assert requested(WAITS) == of_password("N.Neu")
    assert requested("what it needs is for a person to do") == ""
