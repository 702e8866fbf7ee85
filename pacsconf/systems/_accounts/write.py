"""Carries changes out on accounts and groups: members value by value, attributes on the condition that was read.

What belongs to an identity team is handed over: the outcome is `waiting`, with what to do in words.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pacsconf.core.change import Change, Outcome, Status
from pacsconf.core.errors import SystemFault, Unavailable
from pacsconf.core.resource import Fields, Value, members
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import AccountsConfig, PeoplePlace
from pacsconf.inventory.people import PERSONAL, Personal
from pacsconf.inventory.values import SecretRef
from pacsconf.systems._accounts import asking
from pacsconf.systems._accounts.declare import Intent, Wanted
from pacsconf.systems._accounts.flavour import Flavour, NewAccount, end_of
from pacsconf.systems._accounts.kinds import (
    ACCOUNT,
    CONTAINS,
    DISABLED,
    ENABLED,
    EXPIRES,
    PASSWORD,
    POLICY_FIELD,
    groups_in,
)
from pacsconf.systems._accounts.live import Projection
from pacsconf.systems._accounts.tree import Account, Group, Tree, by_name, placeholder
from pacsconf.systems._ldap import Add, Answer, Directory, Entry, Lost, Modification, Modify, names
from pacsconf.systems._ldap.answers import (
    CONSTRAINT,
    ENTRY_EXISTS,
    NO_SUCH_ATTRIBUTE,
    NO_SUCH_ENTRY,
    SCHEMA_FORBIDS,
    UNWILLING,
    VALUE_EXISTS,
)
from pacsconf.systems.base import conflict, stands

Verdict = tuple[Status, str]

_ATTEMPTS = 4
_MOVED_ON = frozenset({NO_SUCH_ATTRIBUTE, VALUE_EXISTS, NO_SUCH_ENTRY, ENTRY_EXISTS, UNWILLING})
"""Answers that say: it is not as you think. The entry is read again and judged afresh."""
_THERE = frozenset({VALUE_EXISTS, ENTRY_EXISTS})
"""What a group answers to a member that it has; OpenLDAP the one, Active Directory the other."""
_NO_PASSWORD = frozenset({CONSTRAINT, UNWILLING})
"""What a domain answers to letting in an account that has no password, or none that its policy takes."""
_NOT_THERE = frozenset({NO_SUCH_ATTRIBUTE, UNWILLING})
"""What it answers to taking out one that it has not."""


_MADE_SINCE = "somebody else made it since, with other values. Nothing was written; plan again."


class _Gone(Exception):
    """A change cannot be made; in words."""


@dataclass
class Writer:
    """Changes a directory as it was read; keeps up with what it writes itself."""

    config: AccountsConfig
    flavour: Flavour
    directory: Directory
    intent: Intent
    tree: Tree
    projection: Projection
    secret: Callable[[SecretRef], Secret]
    """Resolves a password that is to be written here; raises SystemFault."""
    down: str = ""
    """Why the server cannot be reached any more, once that showed."""
    made: dict[str, str] = field(default_factory=dict)
    """The DNs of groups that were made here, by name."""

    def apply(self, layer: Sequence[Change]) -> Iterator[Outcome]:
        """One change after the other; what fails does not stop the others, a server that is gone does."""
        for change in layer:
            began = time.perf_counter()
            status, error = self._attempt(change)
            took = (time.perf_counter() - began) * 1000
            yield Outcome(change.address, change.action, status, error, took)

    def _attempt(self, change: Change) -> Verdict:
        if self.down:
            return "failed", f"nothing was sent: {self.down}"
        status, words = self._tried(change)
        account = self.tree.accounts.get(change.address.parts[0])
        if account is not None and not asking.tells_nobody(account):
            words = words.replace(account.entry.dn, account.login)
        return status, words

    def _tried(self, change: Change) -> Verdict:
        try:
            return self._carry_out(change)
        except Lost as lost:
            return "unknown", f"{lost.message}. Whether it was done shows in the next plan."
        except Unavailable as gone:
            self.down = gone.message
            return "failed", f"nothing was sent: {self.down}"
        except SystemFault as fault:
            return "failed", fault.message
        except _Gone as why:
            return "failed", str(why)

    def _carry_out(self, change: Change) -> Verdict:
        match change.address.kind:
            case "membership":
                return self._membership(change)
            case "user":
                return self._user(change)
            case "group":
                return self._group(change)
            case _:
                return self._policy(change)

    # --- who is in a group ----------------------------------------------------------------------------------------

    def _membership(self, change: Change) -> Verdict:
        user = change.address.parts[0]
        account = self.tree.accounts.get(user)
        before = groups_in(change.before.fields if change.before else {})
        after = groups_in(change.after.fields if change.after else {})
        dn = account.entry.dn if account else user
        if account is None and after - before:
            raise _Gone("there is no account to put into a group")
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
            raise _Gone(f"putting it into {name}: {answer.text}")
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
        raise _Gone(f"taking it out of {name}: {answer.text}")

    def _members(self, name: str, *, add: str | None = None, delete: str | None = None) -> Answer:
        """One value in, one out, in one step: never the whole list, which somebody else may be changing."""
        steps = Modification("member", (delete.encode(),) if delete else (), (add.encode(),) if add else ())
        return self.directory.write(Modify(self._group_dn(name), (steps,)))

    def _now_in(self, name: str) -> Sequence[str]:
        entry = self.directory.entry(self._group_dn(name))
        return entry.texts("member") if entry else ()

    def _group_dn(self, name: str) -> str:
        group = self.tree.groups.get(name)
        dn = group.dn if group else self.made.get(name)
        if dn is None:
            raise _Gone(f"there is no group {name}")
        return dn

    def _nobody(self, name: str) -> str:
        place = self.config.groups_place(name)
        if place is None:
            raise _Gone(f"{name} is no group of ours")
        return placeholder(place)

    # --- groups ---------------------------------------------------------------------------------------------------

    def _group(self, change: Change) -> Verdict:
        name = change.address.parts[0]
        if change.after is None:
            raise _Gone("a group is never deleted: something else may hang on it")
        inner = members(change.after.fields, CONTAINS)
        if change.action == "create":
            return self._new_group(name, sorted(inner))
        had = members(change.before.fields if change.before else {}, CONTAINS)
        for each in sorted(had - inner):
            self._take_out(name, self._group_dn(each))
        for each in sorted(inner - had):
            self._put_in(name, self._group_dn(each))
        return "applied", ""

    def _new_group(self, name: str, inner: Sequence[str]) -> Verdict:
        place = self.config.groups_place(name)
        if place is None:
            raise _Gone("its name is none that pacsconf may write here")
        dn = names.child(place.base, "cn", name)
        within = [self._group_dn(each) for each in inner]
        nobody = placeholder(place)
        answer = self.directory.write(Add(dn, self.flavour.new_group(dn, name, within, nobody)))
        if answer.code == ENTRY_EXISTS and self._holds(dn, within):
            return "applied", ""
        if not answer.ok:
            raise _Gone(_MADE_SINCE if answer.code == ENTRY_EXISTS else answer.text)
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

    # --- accounts -------------------------------------------------------------------------------------------------

    def _user(self, change: Change) -> Verdict:
        user = change.address.parts[0]
        account, wanted = self.tree.accounts.get(user), self.intent.wanted.get(user)
        place = self.config.people[account.place] if account else (wanted.place if wanted else None)
        if change.after is None:
            raise _Gone("an account is never deleted: disable it, and leave the rest to the identity team")
        found = stands(change, self.projection.account(change.address, account) if account else None)
        if found == "after":
            return "applied", ""
        if place is None or not place.owns_accounts:
            return "waiting", asking.words(change, wanted, account)
        if change.action == "create":
            return self._new_account(change, wanted, place)
        if account is None:
            raise _Gone("it is gone: somebody else deleted it. Nothing was written; plan again.")
        return self._change_account(change, wanted, account)

    def _new_account(self, change: Change, wanted: Wanted | None, place: PeoplePlace) -> Verdict:
        if wanted is None or change.after is None:
            raise _Gone("the inventory does not say whose account it is")
        fields = change.after.fields
        new = NewAccount(
            wanted.login,
            place,
            fields.get(ACCOUNT) != DISABLED,
            self._ends(fields, wanted),
            self._policy_dn(fields.get(POLICY_FIELD)),
            {name: value for name, value in wanted.user.personal().items() if name in fields},
        )
        dn, attributes = self.flavour.new_account(new)
        answer = self.directory.write(Add(dn, attributes))
        if not answer.ok and answer.code != ENTRY_EXISTS:
            raise _Gone(answer.text)
        account = self._read_again(dn, wanted.user.id, wanted.login)
        if answer.code == ENTRY_EXISTS:
            as_wanted = stands(change, self.projection.account(change.address, account)) == "after"
            return ("applied", "") if as_wanted else ("failed", _MADE_SINCE)
        if PASSWORD in fields:
            account = self._renewed(wanted, account)
        # A server may not have taken all at once.
        last = self._bring(account, fields, wanted, [ACCOUNT, EXPIRES])
        return ("applied", "") if last is None or last.ok else self._refused(account, fields, last)

    def _change_account(self, change: Change, wanted: Wanted | None, account: Account) -> Verdict:
        assert change.after is not None, "an update has an after"
        written = [one.name for one in change.fields]
        for _ in range(_ATTEMPTS):
            live = self.projection.account(change.address, account)
            found = stands(change, live)
            if found == "after":
                return "applied", ""
            if found == "neither":
                return "failed", conflict(change, live)
            if PASSWORD in written and wanted is not None:
                account = self._renewed(wanted, account)
                self._remember_version(change)
            answer = self._bring(account, change.after.fields, wanted, written)
            had, account = account, self._read_again(account.entry.dn, account.user, account.login)
            if answer is None or answer.ok:
                return "applied", ""
            if answer.code not in _MOVED_ON or account.entry == had.entry:
                return self._refused(account, change.after.fields, answer)
        return "failed", "somebody else keeps changing it. Nothing was written; plan again."

    def _refused(self, account: Account, fields: Fields, answer: Answer) -> Verdict:
        """What a refusal comes to: a domain lets nobody in who has no password, which is not ours to make up."""
        enables = fields.get(ACCOUNT) == ENABLED and not account.facts.enabled
        if enables and answer.code in _NO_PASSWORD and account.facts.password_changed is None:
            return "waiting", asking.password_words(account.login)
        return "failed", answer.text

    def _bring(
        self, account: Account, fields: Fields, wanted: Wanted | None, written: Iterable[str]
    ) -> Answer | None:
        """Write these fields in one step; None where all stand already."""
        steps = [
            step for name in dict.fromkeys(written) for step in self._steps(account, fields, wanted, name)
        ]
        return self.directory.write(Modify(account.entry.dn, tuple(steps))) if steps else None

    def _steps(
        self, account: Account, fields: Fields, wanted: Wanted | None, name: str
    ) -> Sequence[Modification]:
        entry, value = account.entry, fields.get(name)
        if name == ACCOUNT:
            return self.flavour.enabling(entry, enabled=value != DISABLED)
        if name == EXPIRES:
            return self.flavour.ending(entry, self._ends(fields, wanted))
        if name == POLICY_FIELD:
            return self.flavour.following(entry, self._policy_dn(value))
        if name in PERSONAL:
            return self._naming(entry, name, value, wanted)
        return ()

    def _naming(
        self, entry: Entry, name: Personal, value: Value | None, wanted: Wanted | None
    ) -> Sequence[Modification]:
        if value is None:
            return self.flavour.naming(entry, name, None)
        declared = wanted.user.personal().get(name) if wanted else None
        if declared is None:
            raise _Gone(f"the inventory does not declare {name} any more; plan again")
        return self.flavour.naming(entry, name, declared)

    def _ends(self, fields: Fields, wanted: Wanted | None) -> datetime | None:
        """The moment at which the last day is over where somebody works."""
        last = fields.get(EXPIRES)
        return end_of(date.fromisoformat(str(last)), wanted.zone if wanted else UTC) if last else None

    def _policy_dn(self, name: Value | None) -> str | None:
        if name is None or self.config.password_policies is None:
            return None
        known = self.tree.policies.get(str(name))
        return known.dn if known else names.child(self.config.password_policies.base, "cn", str(name))

    def _renewed(self, wanted: Wanted, account: Account) -> Account:
        """The account with its password written. A server may take that for a reason to let it in: it is not.

        Raises: SystemFault; _Gone when the server does not take it.
        """
        if wanted.user.password is None:
            raise _Gone("the inventory does not say where its password is kept")
        answer = self.flavour.set_password(
            self.directory, account.entry.dn, self.secret(wanted.user.password.source)
        )
        if not answer.ok:
            raise _Gone(f"setting its password: {answer.text}")
        now = self._read_again(account.entry.dn, account.user, account.login)
        if account.facts.enabled or not now.facts.enabled:
            return now
        locked = self.directory.write(
            Modify(now.entry.dn, tuple(self.flavour.enabling(now.entry, enabled=False)))
        )
        if not locked.ok:
            raise _Gone(f"its password was set, and it could not be disabled again: {locked.text}")
        return self._read_again(account.entry.dn, account.user, account.login)

    def _remember_version(self, change: Change) -> None:
        if change.after is not None:
            owned = dict(self.projection.owned)
            owned[change.address] = change.after
            self.projection.owned = owned

    def _read_again(self, dn: str, user: str, login: str) -> Account:
        """The account as it stands now, kept for what comes next."""
        known = self.tree.accounts.get(user)
        place = known.place if known else self._place_of(dn)
        wanted = [*self.flavour.account_attributes, *self.flavour.personal.values()]
        wanted.append(self.flavour.login_attribute(self.config.people[place]))
        found = self.directory.search(dn, "(objectClass=*)", wanted, "BASE")
        if not found:
            raise _Gone("it is gone: somebody else deleted it")
        account = Account(user, login, place, found[0], self.flavour.facts(found[0], login))
        self.tree.accounts[user] = account
        return account

    def _place_of(self, dn: str) -> str:
        key = names.key(dn)
        fitting = {
            name: len(base)
            for name, place in self.config.people.items()
            if key[-len(base := names.key(place.base)) :] == base
        }
        return max(fitting, key=lambda name: fitting[name])

    # --- password policies ----------------------------------------------------------------------------------------

    def _policy(self, change: Change) -> Verdict:
        place, name = self.config.password_policies, change.address.parts[0]
        if change.after is None:
            raise _Gone("a password policy is never deleted: accounts may still fall under it")
        if place is None or not place.owned:
            return "waiting", asking.policy_words(change)
        groups = {**by_name(self.tree), **self.made}
        entry = self.tree.policies.get(name)
        if change.action == "create" or entry is None:
            dn = names.child(place.base, "cn", name)
            answer = self.directory.write(Add(dn, self.flavour.new_policy(name, change.after.fields, groups)))
        else:
            dn = entry.dn
            fields = {one.name: one.after for one in change.fields}
            steps = tuple(self.flavour.changed_policy(entry, fields, groups))
            answer = self.directory.write(Modify(dn, steps)) if steps else Answer(0)
        if not answer.ok:
            return "failed", answer.text
        if (now := self.directory.entry(dn)) is not None:
            self.tree.policies[name] = now
        return "applied", ""
