"""Who must be left: enough administrators, those who must stay, and the account that pacsconf binds with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set

from pacsconf.core.address import Address
from pacsconf.core.guard import Floor
from pacsconf.core.resource import State, members
from pacsconf.inventory.model import Inventory
from pacsconf.people.entries import (
    ACCOUNT,
    CONTAINS,
    DISABLED,
    EXPIRES,
    GROUP,
    MEMBERSHIP,
    PASSWORD,
    USER,
    groups_in,
)
from pacsconf.systems._accounts.disguise import is_other
from pacsconf.systems._accounts.kinds import membership_at, user_at

States = Mapping[Address, State]


def floors(system: str, inventory: Inventory, own: Callable[[], str | None]) -> Iterator[Floor]:
    """What is kept standing in one system; `own` tells whose account pacsconf binds with, once that was read."""
    administering = (role for role in inventory.roles.values() if role.administrator)
    roles = frozenset(frozenset(groups) for role in administering if (groups := role.groups.get(system)))
    wanted = inventory.security.administrators
    day = inventory.as_of.day().isoformat() if inventory.as_of else ""
    if roles:
        yield Floor(
            "GUARD-ADMIN",
            f"administrators of {system}",
            system,
            wanted.minimum,
            lambda states: frozenset(user_at(system, user) for user in _in(system, roles, states, day)),
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


def _in(system: str, roles: Set[frozenset[str]], states: States, day: str) -> Iterator[str]:
    """The users who are in all groups of one of these roles, as such or through groups in them, and can sign in.

    A group of a role alone may be one that others are in, too: it makes nobody an administrator.
    An entry that is no account of a branch that is declared is nobody who could put things right.
    """
    inner = {group: _with_inner(system, {group}, states) for role in roles for group in role}
    for address, state in states.items():
        if address.system != system or address.kind != MEMBERSHIP:
            continue
        own = groups_in(state.fields)
        if not any(all(own & inner[group] for group in role) for role in roles):
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
    """That an account can sign in, with which password, and each group that it is in."""
    if user is None:
        return frozenset()
    account, membership = states.get(user_at(system, user)), states.get(membership_at(system, user))
    found = {
        Address.of(system, MEMBERSHIP, user, group)
        for group in groups_in(membership.fields if membership else {})
    }
    if account is not None:
        found.add(Address.of(system, USER, user, f"password-{account.fields.get(PASSWORD, 0)}"))
    if account is not None and account.fields.get(ACCOUNT) != DISABLED:
        found.add(account.address)
    return frozenset(found)
