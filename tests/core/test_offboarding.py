"""Access that was taken away at once is looked at by somebody else, soon."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.changeset import ChangeSet
from pacsconf.core.errors import PacsconfError, UnsafePlan
from pacsconf.core.offboarding import (
    Offboarding,
    looked_at,
    offboarded,
    offboardings_from_json,
    offboardings_to_json,
    working_days_after,
)
from pacsconf.core.plan import Basis, Options, Plan

MARIA, BEN = "Maria Weber <mweber@example.org>", "Ben <ben@example.org>"


def changeset(user: str = "ada", opened: str = "2026-11-26T10:00:00Z", **options) -> ChangeSet:
    plan = Plan(
        "lab", Basis("", "", "", "", "", "2026-11-26"), Options(leaver=(user,)) if user else Options()
    )
    return ChangeSet(f"one-{user}", plan, MARIA, "host:1", opened, "")


@pytest.mark.parametrize(
    ("day", "due"),
    [("2026-11-24", "2026-11-26"), ("2026-11-26", "2026-11-30"), ("2026-11-27", "2026-12-01"),
     ("2026-11-28", "2026-12-01")],
    ids=["Tuesday", "Thursday", "Friday", "Saturday"],
)  # fmt: skip
def test_weekends_do_not_count(day, due):
    assert working_days_after(date.fromisoformat(day), 2) == date.fromisoformat(due)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 30))
def test_it_is_a_working_day_and_so_many_lie_between(day, number):
    due = working_days_after(day, number)
    passed = [day + timedelta(days=n) for n in range(1, (due - day).days + 1)]
    assert due.weekday() < 5
    assert sum(one.weekday() < 5 for one in passed) == number


def test_a_change_set_that_offboards_somebody_is_to_be_looked_at():
    (one,) = offboarded((), changeset())
    assert one == Offboarding("ada", "one-ada", MARIA, "2026-11-26T10:00:00Z", "2026-11-30")
    assert offboarded((one,), changeset()) == (one,)
    assert offboarded((one,), changeset("")) == (one,)


def test_somebody_else_looks_at_it():
    both = offboarded(offboarded((), changeset()), changeset("bob"))
    assert [one.user for one in looked_at(both, "ada", BEN)] == ["bob"]


@pytest.mark.parametrize("by", [MARIA, "maria  weber <other@example.org>", "M. Weber <MWEBER@example.org>"])
def test_nobody_looks_at_their_own(by):
    with pytest.raises(UnsafePlan, match="ada was offboarded by you"):
        looked_at(offboarded((), changeset()), "ada", by)


def test_what_nobody_did_is_not_looked_at():
    with pytest.raises(PacsconfError) as refused:
        looked_at(offboarded((), changeset()), "bob", BEN)
    assert refused.value.fix == "To be looked at: ada"


def test_it_is_kept_as_it_is():
    found = offboarded((), changeset())
    assert offboardings_from_json(offboardings_to_json(found)) == found
