"""Who counts as an administrator of a directory of people, for the guard that keeps enough of them."""

from __future__ import annotations

import pytest

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import JobRole
from pacsconf.people.entries import ACCOUNT, CONTAINS, DISABLED, ENABLED, GROUP, MEMBER, membership_field
from pacsconf.systems._accounts.floors import floors
from pacsconf.systems._accounts.kinds import membership_at, user_at


def held(user: str, *groups: str, account: str = ENABLED) -> tuple[State, State]:
    """An account and what it is in."""
    root, address = user_at("accounts", user), membership_at("accounts", user)
    return (
        State(root, root, {ACCOUNT: account}),
        State(address, root, {membership_field(name): MEMBER for name in groups}),
    )


def group(name: str, *inner: str) -> State:
    address = Address.of("accounts", GROUP, name)
    return State(address, address, {CONTAINS: inner})


def administrators(role: tuple[str, ...], *states: State) -> list[str]:
    admin = JobRole(id="admin", administrator=True, groups={"accounts": role})
    floor = next(floors("accounts", Inventory(roles={"admin": admin}), lambda: None))
    assert floor.id == "GUARD-ADMIN"
    return sorted(address.name for address in floor.standing({one.address: one for one in states}))


def test_a_group_that_others_are_in_too_makes_nobody_an_administrator() -> None:
    states = (*held("ada", "pacs-users", "pacs-admin"), *held("bob", "pacs-users"))
    assert administrators(("pacs-users", "pacs-admin"), *states) == ["ada"]


@pytest.mark.parametrize("account", [ENABLED, DISABLED])
def test_who_is_in_through_a_group_counts_where_they_can_sign_in(account: str) -> None:
    states = (*held("ada", "pacs-chiefs", account=account), group("pacs-admin", "pacs-chiefs"))
    assert administrators(("pacs-admin",), *states) == (["ada"] if account == ENABLED else [])
