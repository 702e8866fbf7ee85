"""Carries out who is in a group: users and groups in groups, one member at a time, and groups that are new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pacsconf.core.change import Change
from pacsconf.core.resource import members
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.people.entries import CONTAINS, groups_in
from pacsconf.systems._accounts import asking
from pacsconf.systems._accounts.flavour import Flavour
from pacsconf.systems._accounts.tree import Group, Tree, placeholder
from pacsconf.systems._accounts.verdict import MADE_SINCE, Impossible, Verdict
from pacsconf.systems._ldap import Add, Answer, Directory, Entry, Modification, Modify, names
from pacsconf.systems._ldap.answers import (
    ENTRY_EXISTS,
    NO_SUCH_ATTRIBUTE,
    SCHEMA_FORBIDS,
    UNWILLING,
    VALUE_EXISTS,
)

_THERE = frozenset({VALUE_EXISTS, ENTRY_EXISTS})
"""What a group answers to a member that it has; OpenLDAP the one, Active Directory the other."""
_NOT_THERE = frozenset({NO_SUCH_ATTRIBUTE, UNWILLING})
"""What it answers to taking out one that it has not."""


@dataclass
class GroupWriter:
    """Changes who is in the groups of a tree; keeps the tree up with what it writes."""

    config: AccountsConfig
    flavour: Flavour
    directory: Directory
    tree: Tree
    made: dict[str, str] = field(default_factory=dict)
    """The DNs of groups that were made here, by name."""

    def membership(self, change: Change) -> Verdict:
        user = change.address.parts[0]
        account = self.tree.accounts.get(user)
        before = groups_in(change.before.fields if change.before else {})
        after = groups_in(change.after.fields if change.after else {})
        dn = account.entry.dn if account else self.tree.others.get(user, user)
        if account is None and after - before:
            raise Impossible("there is no account to put into a group")
        by_itself = self.tree.by_itself.get(user, set())
        for name in sorted(before - after - by_itself):
            self._take_out(name, dn)
        for name in sorted(after - before - by_itself):
            self._put_in(name, dn)
        stuck = (before - after) & by_itself
        now = (self.tree.memberships.get(user, set()) - before) | after | stuck
        self.tree.memberships[user] = now
        if stuck and account is not None:
            return "waiting", asking.primary_words(account.login, sorted(stuck))
        return "applied", ""

    def _put_in(self, name: str, dn: str) -> None:
        group = self.tree.groups.get(name)
        nobody = self._nobody(name) if group is not None and group.has_placeholder else None
        answer = self._members(name, add=dn, delete=nobody)
        if nobody and not answer.ok:  # the placeholder is gone already, or the member is in
            answer = self._members(name, add=dn)
        if not answer.ok and answer.code not in _THERE:
            raise Impossible(f"putting it into {name}: {answer.text}")
        if group is not None:
            group.has_placeholder = False

    def _take_out(self, name: str, dn: str) -> None:
        answer = self._members(name, delete=dn)
        if answer.code == SCHEMA_FORBIDS and self.flavour.needs_member:
            answer = self._members(name, add=self._nobody(name), delete=dn)
            if answer.ok and name in self.tree.groups:
                self.tree.groups[name].has_placeholder = True
        if answer.ok or answer.code == NO_SUCH_ATTRIBUTE:
            return
        if answer.code in _NOT_THERE and dn not in self._now_in(name):
            return
        raise Impossible(f"taking it out of {name}: {answer.text}")

    def _members(self, name: str, *, add: str | None = None, delete: str | None = None) -> Answer:
        """One value in, one out, in one step: never the whole list, which somebody else may be changing."""
        steps = Modification("member", (delete.encode(),) if delete else (), (add.encode(),) if add else ())
        return self.directory.write(Modify(self.dn_of(name), (steps,)))

    def _now_in(self, name: str) -> Sequence[str]:
        entry = self.directory.entry(self.dn_of(name))
        return entry.texts("member") if entry else ()

    def dn_of(self, name: str) -> str:
        group = self.tree.groups.get(name)
        dn = group.dn if group else self.made.get(name)
        if dn is None:
            raise Impossible(f"there is no group {name}")
        return dn

    def _nobody(self, name: str) -> str:
        place = self.config.groups_place(name)
        if place is None:
            raise Impossible(f"{name} is no group of ours")
        return placeholder(place)

    # --- groups ---------------------------------------------------------------------------------------------------

    def group(self, change: Change) -> Verdict:
        name = change.address.parts[0]
        if change.after is None:
            raise Impossible("a group is never deleted: something else may hang on it")
        inner = members(change.after.fields, CONTAINS)
        if change.action == "create":
            return self._new_group(name, sorted(inner))
        had = members(change.before.fields if change.before else {}, CONTAINS)
        for each in sorted(had - inner):
            self._take_out(name, self.dn_of(each))
        for each in sorted(inner - had):
            self._put_in(name, self.dn_of(each))
        return "applied", ""

    def _new_group(self, name: str, inner: Sequence[str]) -> Verdict:
        place = self.config.groups_place(name)
        if place is None:
            raise Impossible("its name is none that pacsconf may write here")
        dn = names.child(place.base, "cn", name)
        within = [self.dn_of(each) for each in inner]
        nobody = placeholder(place)
        answer = self.directory.write(Add(dn, self.flavour.new_group(dn, name, within, nobody)))
        if answer.code == ENTRY_EXISTS and self._holds(dn, within):
            return "applied", ""
        if not answer.ok:
            raise Impossible(MADE_SINCE if answer.code == ENTRY_EXISTS else answer.text)
        self.made[name] = dn
        self.tree.groups[name] = Group(
            name,
            Entry(dn, {"cn": (name.encode(),)}),
            has_placeholder=not within and self.flavour.needs_member,
        )
        return "applied", ""

    def _holds(self, dn: str, within: Sequence[str]) -> bool:
        """Whether a group that is there already has these groups in it, and no others."""
        entry = self.directory.entry(dn)
        groups = {names.canonical(group.dn) for group in self.tree.groups.values()}
        held = {names.canonical(member) for member in (entry.texts("member") if entry else ())} & groups
        return held == {names.canonical(each) for each in within}
