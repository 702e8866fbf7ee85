"""Who must be left: enough administrators, those who must stay, and the account that pacsconf binds with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set

from pacsconf.core.address import Address
from pacsconf.core.guard import Floor
from pacsconf.core.resource import State, members
from pacsconf.inventory.model import Inventory
from pacsconf.people.landing import landed
from pacsconf.systems._accounts.disguise import is_other
from pacsconf.systems._accounts.kinds import (
    ACCOUNT,
    CONTAINS,
    DISABLED,
    EXPIRES,
    GROUP,
    MEMBERSHIP,
    groups_in,
    membership_at,
    user_at,
)

States = Mapping[Address, State]


def floors(system: str, inventory: Inventory, own: Callable[[], str | None]) -> Iterator[Floor]:
    """What is kept standing in one system; `own` tells whose account pacsconf binds with, once that was read."""
    roles = {name for name, role in inventory.roles.items() if role.administrator}
    groups = {group for group, names in landed(inventory, system).items() if roles & set(names)}
    wanted = inventory.security.administrators
    day = inventory.as_of.day().isoformat() if inventory.as_of else ""
    if groups:
        yield Floor(
            "GUARD-ADMIN",
            f"administrators of {system}",
            system,
            wanted.minimum,
            lambda states: frozenset(user_at(system, user) for user in _in(system, groups, states, day)),
            "whoever is to put things right again must be able to",
            "security.administrators",
            frozenset(user_at(system, user) for user in wanted.required),
        )
    yield Floor(
        "GUARD-SELF",
        f"rights of the account that pacsconf binds to {system} with",
        system,
        None,
        lambda states: _own_rights(system, own(), states),
        "pacsconf would lock itself out",
    )


def _in(system: str, groups: Set[str], states: States, day: str) -> Iterator[str]:
    """The users who are in one of these groups, as such or through groups in it, and can sign in.

    An entry that is no account of a branch that is declared is nobody who could put things right.
    """
    inside = _with_inner(system, groups, states)
    for address, state in states.items():
        if address.system != system or address.kind != MEMBERSHIP or not groups_in(state.fields) & inside:
            continue
        user = address.parts[0]
        account = states.get(user_at(system, user))
        if not is_other(user) if account is None else _is_open(account, day):
            yield user


def _is_open(account: State, day: str) -> bool:
    expires = account.fields.get(EXPIRES)
    return account.fields.get(ACCOUNT) != DISABLED and (expires is None or str(expires) >= day)


def _with_inner(system: str, groups: Set[str], states: States) -> Set[str]:
    """These groups and all that are in them, however deep."""
    found: set[str] = set()
    waiting = list(groups)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            state = states.get(Address.of(system, GROUP, name))
            waiting += members(state.fields, CONTAINS) if state else ()
    return found


def _own_rights(system: str, user: str | None, states: States) -> frozenset[Address]:
    """That an account can sign in, and each group that it is in."""
    if user is None:
        return frozenset()
    account, membership = states.get(user_at(system, user)), states.get(membership_at(system, user))
    found = {
        Address.of(system, MEMBERSHIP, user, group)
        for group in groups_in(membership.fields if membership else {})
    }
    if account is not None and account.fields.get(ACCOUNT) != DISABLED:
        found.add(account.address)
    return frozenset(found)
