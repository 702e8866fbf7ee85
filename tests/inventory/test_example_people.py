"""The people of the example hospital: as many as a hospital has, every special case, and nobody with too much."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import AsOf, User
from pacsconf.people.standing import day_of, holders, stage

ROOT = Path(__file__).parents[2]
LOADED = load(ROOT)
DAY = AsOf.on(date(2027, 3, 1))


@pytest.fixture(scope="module")
def hospital() -> Inventory:
    """As it is on a day."""
    assert LOADED.inventory is not None, [str(finding) for finding in LOADED.findings]
    return LOADED.inventory.model_copy(update={"as_of": DAY})


def ids(hospital: Inventory, **facts: object) -> set[str]:
    return {
        user.id
        for user in hospital.users.values()
        if all(getattr(user, key) == value for key, value in facts.items())
    }


def held(user: User) -> set[str]:
    return {grant.role for grant in user.grants}


# --- it is as large as a hospital -----------------------------------------------------------------------------


def test_it_has_a_hundred_and_twenty_people_twelve_programs_and_eighteen_roles(hospital: Inventory):
    kinds = Counter(user.kind for user in hospital.users.values())

    assert kinds == {"person": 113, "vendor": 4, "shared": 1, "break-glass": 2, "service": 12}
    assert len(hospital.roles) == 18


def test_they_work_at_every_site_and_in_many_departments(hospital: Inventory):
    people = [user for user in hospital.users.values() if user.kind == "person"]

    assert {user.site for user in people} == {"main", "north", "south"}
    assert Counter(user.profession for user in people) == {
        "physician": 54, "radiographer": 38, "engineer": 9, "clerk": 6, "scientist": 4, "auditor": 2,
    }  # fmt: skip
    assert len({user.department for user in people}) == 14


def test_git_holds_nothing_of_who_they_are(hospital: Inventory):
    assert {user.id: user.personal() for user in hospital.users.values() if user.personal()} == {}


# --- every special case is there ------------------------------------------------------------------------------


def test_every_stage_of_work_is_there(hospital: Inventory):
    stages = {user.id: stage(user, day_of(hospital, user)) for user in hospital.users.values()}

    assert {name: each for name, each in stages.items() if each != "active"} == {
        "ckern": "joining",
        "bdanner": "suspended",
        "epauli": "left",
    }


def test_nobody_from_outside_is_without_an_end_and_a_sponsor(hospital: Inventory):
    vendors = ids(hospital, kind="vendor")

    assert vendors == {"sv-archive", "sv-ct", "sv-mr", "sv-us"}
    for name in vendors:
        user = hospital.users[name]
        assert (bool(user.ends), bool(user.contract), user.sponsor in hospital.users) == (True, True, True)


def test_emergency_access_was_had_once_and_is_over(hospital: Inventory):
    had = {user.id for user in hospital.users.values() for grant in user.grants if grant.emergency}

    assert had == {"florenz"}
    assert holders(hospital)["emergency-access"] == ()


def test_sealed_accounts_have_no_role_until_they_are_opened(hospital: Inventory):
    assert {name: held(hospital.users[name]) for name in ids(hospital, kind="break-glass")} == {
        "bg-archive": set(),
        "bg-reading": set(),
    }


def test_a_role_for_a_time_ends_by_itself(hospital: Inventory):
    later = hospital.model_copy(update={"as_of": AsOf.on(date(2031, 1, 1))})

    assert "bgraf" in {user.id for user in holders(hospital)["image-library"]}
    assert "bgraf" not in {user.id for user in holders(later)["image-library"]}


# --- nobody has too much --------------------------------------------------------------------------------------


def test_every_role_is_declared_and_lands_in_one_group_of_its_own(hospital: Inventory):
    groups = [group for role in hospital.roles.values() for group in role.groups["accounts"]]

    assert {role for user in hospital.users.values() for role in held(user)} <= hospital.roles.keys()
    assert len(set(groups)) == 18
    assert all(group.startswith("pacs-") for group in groups)


def test_every_role_says_who_approves_it_and_how_often_it_is_looked_at(hospital: Inventory):
    for role in hospital.roles.values():
        assert role.review_every
        assert role.approvers
        assert {each.removeprefix("role:") for each in role.approvers} <= hospital.roles.keys() - {role.id}


def test_nobody_may_delete_a_study(hospital: Inventory):
    may = {role.id for role in hospital.roles.values() for each in role.permissions
           if each.permission == "study:delete"}  # fmt: skip

    assert may == set()


def test_nobody_has_two_roles_that_conflict(hospital: Inventory):
    both = [
        (user.id, role, other)
        for user in hospital.users.values()
        for role in held(user)
        for other in hospital.roles[role].conflicts_with
        if other in held(user)
    ]

    assert both == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("config:apply", "config:approve"),
        ("user:assign-role", "user:approve-role"),
        ("retention:propose", "retention:approve"),
        ("hold:release", "retention:approve"),
        ("keys:manage", "config:approve"),
    ],
)
def test_who_does_something_does_not_approve_it(hospital: Inventory, one: str, other: str):
    may = {role.id: {each.permission for each in role.permissions} for role in hospital.roles.values()}

    assert [user.id for user in hospital.users.values()
            if {one, other} <= set().union(*(may[role] for role in held(user)))] == []  # fmt: skip


def test_professions_kinds_and_trainings_fit_the_roles(hospital: Inventory):
    for user in hospital.users.values():
        for role in (hospital.roles[name] for name in held(user)):
            assert not role.kinds or user.kind in role.kinds, user.id
            assert not role.professions or user.kind != "person" or user.profession in role.professions, (
                user.id
            )
            assert set(role.trainings) <= user.trainings.keys(), user.id


def test_enough_administrators_stay_and_not_too_many(hospital: Inventory):
    administrators = {user.id for user in holders(hospital)["pacs-admin"]}

    assert administrators == {"jbrandt", "kwolf", "mweber"}
    assert len(administrators) > hospital.security.administrators.minimum
    assert set(hospital.security.administrators.required) <= administrators
    assert len(administrators) <= (hospital.roles["pacs-admin"].max_holders or 0)


def test_every_program_has_an_owner_and_a_purpose(hospital: Inventory):
    for name in ids(hospital, kind="service"):
        account = hospital.users[name]
        assert (bool(account.owner), bool(account.purpose), len(account.grants)) == (True, True, 1)
        assert account.device is None or account.device in hospital.devices


def test_password_rules_are_no_weaker_than_the_usual_floor(hospital: Inventory):
    rules = [hospital.security.password_policy, *hospital.security.password_policies.values()]

    assert all(rule.min_length >= 12 for rule in rules if rule)
    assert [rule.lockout_after for rule in rules if rule] == [10, 5, None]
