"""What has ended on a day, what would be had it not, and whether that was known before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.model import Inventory, Site
from pacsconf.inventory.people import AsOf, Grant, JobRole, User
from pacsconf.people.ends import (
    End,
    announced,
    days_to_look_at,
    ended,
    reopened,
)
from pacsconf.people.standing import day_of, holders, stage

DAY = date(2026, 11, 26)
EVE = "2026-11-25"


def user(name: str = "ada", roles: tuple[str, ...] = (), **more) -> User:
    """A user with roles written as `reader` or `reader until 2026-11-25`."""
    made = (role.partition(" until ") for role in roles)
    grants = tuple(Grant(role=role, until=until or None, written=("roles", 0)) for role, _, until in made)
    return User(id=name, grants=grants, **more)


def inventory(*users: User, as_of: AsOf | None = None, **more) -> Inventory:
    roles = {name: JobRole(id=name) for name in ("reader", "qc")}
    return Inventory(users={one.id: one for one in users}, roles=roles, as_of=as_of or AsOf.on(DAY), **more)


def test_work_that_has_ended_ends_all_and_is_told_alone():
    found = ended(inventory(user(roles=(f"reader until {EVE}", "qc"), ends=EVE)))
    assert found == {"ada": (End("ada", date(2026, 11, 25), path=("users", "ada", "ends")),)}
    assert found["ada"][0].words == "ended 2026-11-25"


def test_each_role_that_has_ended_is_told():
    (one,) = ended(inventory(user(roles=(f"reader until {EVE}", "qc", "reader until 2026-11-26"))))["ada"]
    assert (one.words, one.path) == ("reader ended 2026-11-25", ("users", "ada", "roles", 0, "until"))


@pytest.mark.parametrize(
    "one",
    [user(ends="2026-11-26"), user(ends=EVE, status="left"), user(ends=EVE, status="suspended"), user()],
    ids=["the last day counts to its end", "left anyhow", "suspended anyhow", "no end"],
)
def test_nothing_has_ended(one):
    assert ended(inventory(one)) == {}


def test_whatever_the_day_nothing_has_ended():
    assert ended(inventory(user(ends="2001-01-01")).model_copy(update={"as_of": None})) == {}


@pytest.mark.parametrize(("hour", "is_over"), [(22, False), (23, True)])
def test_a_day_ends_at_midnight_of_the_site(hour, is_over):
    moment = AsOf(datetime(2026, 11, 25, hour, 30, tzinfo=UTC))
    sites = {"main": Site(timezone="Europe/Berlin")}
    found = ended(inventory(user(ends=EVE, site="main"), as_of=moment, sites=sites))
    assert bool(found) is is_over


DAYS = st.one_of(st.none(), st.integers(-40, 40).map(lambda days: str(DAY + timedelta(days=days))))
USERS = st.builds(
    lambda ends, starts, grants, status: User(
        id="ada", ends=ends, starts=starts, grants=grants, status=status
    ),
    DAYS,
    DAYS,
    st.lists(
        st.builds(
            lambda role, until, starts: Grant(role=role, until=until, starts=starts),
            st.sampled_from(["reader", "qc"]),
            DAYS,
            DAYS,
        ),
        max_size=3,
    ).map(tuple),
    st.sampled_from(["active", "suspended", "left"]),
)


@given(USERS)
def test_had_nothing_ended_nothing_would_have(one):
    now = inventory(one)
    over = ended(now)
    as_if = reopened(now, over)
    assert as_if.users.keys() == over.keys()
    assert ended(as_if) == {}
    for opened in as_if.users.values():
        assert stage(opened, day_of(now, opened)) != "left"
    now_held = {role for role, users in holders(now).items() if users}
    as_if_held = {role for role, users in holders(as_if).items() if users}
    assert not over or now_held <= as_if_held


# --- whether it was known before


def known(now: Inventory, stood: dict[str, Inventory | None]) -> frozenset[str]:
    over = ended(now)
    looked_at = days_to_look_at(over, DAY)
    assert {date.fromisoformat(day) for day in stood} == set(looked_at)
    return announced(over, {date.fromisoformat(day): one for day, one in stood.items()})


def test_an_end_that_was_written_before_its_day_was_known():
    now = inventory(user(ends=EVE))
    assert known(now, {EVE: inventory(user(ends=EVE))}) == {"ada"}
    assert known(now, {EVE: inventory(user(ends="2026-11-20"))}) == {"ada"}


@pytest.mark.parametrize(
    "before",
    [
        None,
        inventory(),
        inventory(user()),
        inventory(user(ends="2026-12-31")),
        inventory(user("bob", ends=EVE)),
    ],
    ids=["nobody can tell", "nobody", "no end", "a later end", "somebody else's end"],
)
def test_an_end_that_was_written_afterwards_was_not(before):
    assert known(inventory(user(ends=EVE)), {EVE: before}) == frozenset()


def test_all_that_has_ended_must_have_been_known():
    now = inventory(user(roles=(f"reader until {EVE}", "qc until 2026-11-20")))
    both = inventory(user(roles=(f"reader until {EVE}", "qc until 2026-11-20")))
    one = inventory(user(roles=(f"reader until {EVE}",)))
    assert known(now, {EVE: both, "2026-11-20": both}) == {"ada"}
    assert known(now, {EVE: both, "2026-11-20": one}) == frozenset()


def test_what_ended_long_ago_must_have_been_known_when_the_latest_was():
    now = inventory(user(roles=(f"reader until {EVE}", "qc until 2024-11-20")))
    assert known(now, {EVE: now}) == {"ada"}
    assert known(now, {EVE: inventory(user(roles=(f"reader until {EVE}",)))}) == frozenset()


def test_an_end_of_long_ago_alone_was_written_afterwards():
    assert known(inventory(user(ends="2024-11-20")), {}) == frozenset()
