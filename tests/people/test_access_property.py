"""Whatever is declared: a directory that is so has no remark, and each step away from it has its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from pacsconf.inventory.model import Inventory
from pacsconf.people import access
from pacsconf.people.live import LiveAccounts
from pacsconf.people.remarks import looked_at
from pacsconf.people.ways import Ways
from tests.people.staff import NOW, accounts_config, group, hospital, live, role, user

GROUPS = ("a", "b", "c", "d", "e")
ROLES = ("r1", "r2", "r3")
USERS = ("u1", "u2", "u3")
MEMBERSHIP = {"extra", "missing", "undeclared", "left", "no-account"}

some = st.sets(st.sampled_from(GROUPS), max_size=3)
nesting = st.dictionaries(st.sampled_from(GROUPS), some.map(sorted), max_size=4)
holdings = st.fixed_dictionaries({name: st.sets(st.sampled_from(ROLES), max_size=3) for name in USERS})
landings = st.fixed_dictionaries(dict.fromkeys(ROLES, some))


class Case(NamedTuple):
    inventory: Inventory
    live: LiveAccounts


def made(
    held: Mapping[str, set[str]],
    lands: Mapping[str, set[str]],
    nested: Mapping[str, list[str]],
    everyone: set[str],
) -> Case:
    """An inventory, and a directory that is exactly so."""
    config = accounts_config(nested=nested, place={"everyone": sorted(everyone)})
    roles = tuple(role(name, *sorted(groups)) for name, groups in lands.items())
    inventory = hospital(tuple(user(name, *sorted(own)) for name, own in held.items()), roles, config=config)
    ways = Ways(inventory, "accounts")
    inside: dict[str, list[str]] = {name: [] for name in GROUPS}
    for name in USERS:
        for each in ways.direct(inventory.users[name]):
            inside[each].append(name)
    groups = (group(name, *inside[name], groups=tuple(nested.get(name, ()))) for name in GROUPS)
    return Case(inventory, live((*USERS, "eve"), *groups))


cases = st.builds(made, holdings, landings, nesting, some)


def memberships(case: Case, there: LiveAccounts) -> set[tuple[str, str, str]]:
    found = looked_at(case.inventory, there, NOW).remarks
    return {(one.kind, one.user, one.group) for one in found if one.kind in MEMBERSHIP}


def with_member(there: LiveAccounts, name: str, member: str, *, is_in: bool) -> LiveAccounts:
    one = there.groups[name]
    users = tuple(sorted({*one.users, member} if is_in else {*one.users} - {member}))
    changed = group(name, *users, groups=one.groups)
    return LiveAccounts(there.system, there.accounts, {**there.groups, name: changed})


@given(cases)
def test_a_directory_that_is_as_declared_has_no_remark_on_memberships(case):
    assert memberships(case, case.live) == set()
    for name in USERS:
        found = access.of_user(case.inventory, case.inventory.users[name], {"accounts": case.live})
        assert found.is_as_declared


@given(cases)
def test_every_way_leads_from_a_role_through_groups_that_are_nested(case):
    ways = Ways(case.inventory, "accounts")
    for name in USERS:
        direct = ways.direct(case.inventory.users[name])
        for target, way in ways.of(case.inventory.users[name]).items():
            assert way.path[-1] == target
            assert way.roles == direct[way.path[0]]
            assert all(
                inner in ways.nested[outer] for inner, outer in zip(way.path, way.path[1:], strict=False)
            )
            assert len(set(way.path)) == len(way.path)


@given(cases, st.sampled_from((*USERS, "eve")), st.sampled_from(GROUPS))
def test_who_is_added_by_hand_is_told_with_all_that_it_leads_to(case, who, name):
    there = with_member(case.live, name, who, is_in=True)
    declared = (
        Ways(case.inventory, "accounts").of(case.inventory.users[who]).keys() if who in USERS else set()
    )
    extra = there.paths(who).keys() - declared
    kind = "extra" if who in USERS else "undeclared"
    assert memberships(case, there) == {(kind, who, each) for each in extra}


@given(cases, st.sampled_from(USERS), st.sampled_from(GROUPS))
def test_who_is_taken_out_by_hand_is_told_unless_another_way_leads_there(case, who, name):
    assume(who in case.live.groups[name].users)
    there = with_member(case.live, name, who, is_in=False)
    missing = case.live.paths(who).keys() - there.paths(who).keys()
    assert memberships(case, there) == {("missing", who, each) for each in missing}


@given(cases, some)
def test_members_of_groups_are_those_whose_ways_lead_there(case, names):
    expected = {who for who in USERS if not case.live.paths(who).keys().isdisjoint(names)}
    assert case.live.members(names) == expected
