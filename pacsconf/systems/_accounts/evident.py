"""What a directory of people means for rules: its password policies, and who would be in which groups. Pure.

Both are told of resources as they were read, or as a plan leaves them: of a policy that a plan changes, what its
entry would be is put together as `write` would, so that what a server makes of it is told by one who knows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from pacsconf.core.address import Address
from pacsconf.core.resource import Fields, State, Value, members
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.people.entries import (
    ACCOUNT,
    CONTAINS,
    ENABLED,
    EXPIRES,
    GROUP,
    LOGIN,
    MEMBERSHIP,
    POLICY,
    USER,
    groups_in,
)
from pacsconf.people.live import LiveAccount, LiveAccounts, LiveGroup
from pacsconf.people.passwords import declared_policies, name_in
from pacsconf.systems._accounts.declare import NOTHING
from pacsconf.systems._accounts.flavour import Flavour
from pacsconf.systems._accounts.tree import Tree, by_name
from pacsconf.systems._ldap import Entry, Modification

if TYPE_CHECKING:
    from pacsconf.policy.subject import Facts

States = Mapping[Address, State]


@dataclass(frozen=True)
class Evidence:
    """What rules may know of one directory, were these its resources; `read` are those that it has."""

    config: AccountsConfig
    flavour: Flavour
    tree: Tree
    read: States
    states: States

    # --- the server, and its password policies -----------------------------------------------------------------

    def told(self, inventory: Inventory) -> dict[str, dict[str, Facts]]:
        """By kind and name, what is known beside who is in which groups."""
        found: dict[str, dict[str, Facts]] = {"system": {self.config.name: self._server()}}
        if self.config.password_policies is not None:
            found[POLICY] = dict(self._policies(inventory))
        return found

    def _server(self) -> Facts:
        """Whoever is let in without an account has read people's accounts here; of others it is not known."""
        return {"anonymous_read": True} if self.config.bind is None and self.tree.accounts else {}

    def _policies(self, inventory: Inventory) -> Iterator[tuple[str, Facts]]:
        there = {at.parts[0]: state for at, state in self.states.items() if at.kind == POLICY}
        declared = {name_in(self.config, one.name): one.name for one in declared_policies(inventory)}
        for name in sorted(there.keys() | declared.keys()):
            called = declared.get(name, f"{self.config.name}/{name}")
            if name not in there:
                yield called, {"exists": False}
            else:
                yield called, {"exists": True, **self.flavour.strength(self._entry(there[name]))}

    def _entry(self, state: State) -> Entry:
        """The entry of a policy as it would be."""
        name, groups = state.address.parts[0], by_name(self.tree)
        entry = self.tree.policies.get(name)
        if entry is None:
            made = self.flavour.new_policy(name, state.fields, groups)
            return Entry("", {attribute.lower(): values for attribute, values in made.items()})
        changed = _changed(_fields(self.read, state.address), state.fields)
        return _modified(entry, self.flavour.changed_policy(entry, changed, groups)) if changed else entry

    # --- people ------------------------------------------------------------------------------------------------

    def accounts(self, live: LiveAccounts) -> LiveAccounts:
        """These accounts and groups as they would be. Of an account that is made nobody signed in yet."""
        changed = [at for at in {**self.read, **self.states} if self._differs(at)]
        if not changed:
            return live
        accounts, groups = dict(live.accounts), dict(live.groups)
        for address in changed:
            if address.kind == USER:
                user = address.parts[0]
                accounts[user] = self._account(address, accounts.get(user))
        for address in changed:
            if address.kind == GROUP and address in self.states:
                name = address.parts[0]
                held = tuple(sorted(members(self.states[address].fields, CONTAINS)))
                groups[name] = replace(groups.get(name, LiveGroup(name, "")), groups=held)
        for address in changed:
            if address.kind == MEMBERSHIP:
                self._move(address, groups)
        return replace(live, accounts=accounts, groups=groups)

    def _differs(self, address: Address) -> bool:
        return _fields(self.read, address) != _fields(self.states, address) or (
            address in self.states and address not in self.read
        )

    def _account(self, address: Address, account: LiveAccount | None) -> LiveAccount:
        """An account with what of it is not as it was read; what resources do not tell of it stays."""
        user, fields = address.parts[0], _fields(self.states, address)
        if account is None or not account.exists:
            account = LiveAccount(user, str(fields.get(LOGIN) or user), "", "")
        changed = _changed(_fields(self.read, address), fields)
        if signs_in := changed.get(ACCOUNT):
            account = replace(account, enabled=signs_in == ENABLED)
        if EXPIRES in changed:
            ends = changed[EXPIRES]
            account = replace(account, expires=date.fromisoformat(str(ends)) if ends else None)
        return account

    def _move(self, address: Address, groups: dict[str, LiveGroup]) -> None:
        """Put one into groups, and take them out of others."""
        user = address.parts[0]
        before, after = (groups_in(_fields(side, address)) for side in (self.read, self.states))
        known = self.tree.others.get(user, user)
        for name in after - before:
            group = groups.get(name, LiveGroup(name, ""))
            groups[name] = replace(group, users=tuple(sorted({*group.users, user})))
        for name in (before - after) & groups.keys():
            group = groups[name]
            groups[name] = replace(
                group,
                users=_without(group.users, {user, known}),
                elsewhere=_without(group.elsewhere, {known}),
            )


def _fields(states: States, address: Address) -> Fields:
    state = states.get(address)
    return state.fields if state else NOTHING


def _changed(before: Fields, after: Fields) -> dict[str, Value | None]:
    """The fields that are otherwise, each with its value afterwards; None: it is set no more."""
    return {name: after.get(name) for name in {**before, **after} if before.get(name) != after.get(name)}


def _without(names: tuple[str, ...], gone: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in gone)


def _modified(entry: Entry, steps: Collection[Modification]) -> Entry:
    """The entry after these steps."""
    attributes = dict(entry.attributes)
    for one in steps:
        name = one.attribute.lower()
        kept = (
            () if one.replace else tuple(each for each in attributes.get(name, ()) if each not in one.delete)
        )
        attributes[name] = kept + one.add
    return replace(entry, attributes=attributes)
