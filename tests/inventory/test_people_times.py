"""From when to when somebody has a role, against looking at one day after the other."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import Grant, JobRole, User
from pacsconf.inventory.people_times import Span, at_once, conflicts, joined, rules, since, span, too_many
from pacsconf.inventory.sources import Sources
from pacsconf.inventory.tree import Node
from pacsconf.people.standing import held

FIRST = date(2026, 2, 25)
DAYS = [FIRST + timedelta(days=number) for number in range(12)]
SOURCES = Sources(Node({}, ("f", 1, 1, 1)))
ROLES = {
    "a": JobRole(id="a", conflicts_with=("b",), max_holders=1),
    "b": JobRole(id="b", max_holders=2),
    "c": JobRole(id="c"),
}

a_day = st.none() | st.sampled_from([day.isoformat() for day in DAYS])
grants = st.lists(
    st.builds(Grant, role=st.sampled_from("abc"), starts=a_day, until=a_day, emergency=st.booleans()),
    max_size=4,
)
users = st.builds(
    User,
    id=st.just("u"),
    starts=a_day,
    ends=a_day,
    status=st.sampled_from(["active", "left"]),
    grants=grants.map(tuple),
)


def roles_on(user: User, day: date) -> list[str]:
    return [one.role for one in held(user, day)]


@given(users, st.sampled_from(DAYS))
def test_a_span_holds_the_days_on_which_the_role_is_held(user, today):
    for grant in user.grants:
        alone = user.model_copy(update={"grants": (grant,)})
        days = [day for day in DAYS if span(user, grant) & Span(day.isoformat(), day.isoformat())]
        assert days == [day for day in DAYS if roles_on(alone, day)]


@given(users, st.none() | st.sampled_from(DAYS))
def test_a_conflict_is_found_when_there_is_a_day_with_both_roles(user, today):
    days = [day for day in (*DAYS, date(2200, 1, 1), date(1900, 1, 1)) if today is None or day >= today]
    both = any({"a", "b"} <= set(roles_on(user, day)) for day in days)
    found = list(conflicts(Inventory(users={"u": user}, roles=ROLES), SOURCES, since(today)))
    assert bool(found) == both


@given(st.lists(users, max_size=4), st.none() | st.sampled_from(DAYS))
def test_too_many_are_found_when_there_is_a_day_with_too_many(several, today):
    named = {
        f"u{number}": user.model_copy(update={"id": f"u{number}"}) for number, user in enumerate(several)
    }
    days = [day for day in (*DAYS, date(2200, 1, 1), date(1900, 1, 1)) if today is None or day >= today]
    over = {
        role.id
        for role in ROLES.values()
        if role.max_holders is not None
        and any(
            sum(role.id in roles_on(user, day) for user in named.values()) > role.max_holders for day in days
        )
    }
    found = too_many(Inventory(users=named, roles=ROLES), since(today))
    assert {one.path[1] for one in found} == over


@given(
    st.lists(
        st.builds(lambda days: Span(*sorted(days)), st.tuples(*[st.sampled_from(DAYS).map(str)] * 2)),
        max_size=5,
    )
)
def test_joined_spans_hold_the_same_days_apart_from_each_other(spans):
    found = joined(spans)
    for day in map(str, DAYS):
        assert any(day in _days(one) for one in found) == any(day in _days(one) for one in spans)
    assert at_once([found]) == at_once([spans])
    assert at_once([[one] for one in found])[0] <= 1


def _days(days: Span) -> list[str]:
    return [str(day) for day in DAYS if days.first <= str(day) <= days.last]


def test_what_is_over_is_no_conflict_any_more():
    user = User(id="u", grants=(Grant(role="a"), Grant(role="b", until="2026-02-25")))
    inventory = Inventory(users={"u": user}, roles=ROLES)
    assert [one.rule for one in rules(inventory, SOURCES, date(2026, 2, 25))] == ["PACS-USR-009"]
    assert list(rules(inventory, SOURCES, date(2026, 2, 26))) == []


@pytest.mark.parametrize("today", [None, date(2026, 1, 1)])
def test_who_comes_later_counts_from_then_on(today):
    people = {
        "x": User(id="x", grants=(Grant(role="a"),)),
        "y": User(id="y", starts="2026-03-01", grants=(Grant(role="a"),)),
    }
    (finding,) = too_many(Inventory(users=people, roles=ROLES), since(today))
    assert finding.summary == "Role a has 2 holders from 2026-03-01; it may have 1"
