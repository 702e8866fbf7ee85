"""Carries changes out on accounts and password policies, on the condition that was read; on groups `write_groups`.

What belongs to an identity team is handed over: the outcome is `waiting`, with what to do in words.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pacsconf.core.change import Change, Outcome
from pacsconf.core.errors import SystemFault, Unavailable
from pacsconf.core.resource import Fields, Value
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import AccountsConfig, PeoplePlace
from pacsconf.inventory.people import PERSONAL, Personal
from pacsconf.inventory.values import SecretRef
from pacsconf.people.entries import ACCOUNT, DISABLED, ENABLED, EXPIRES, PASSWORD, POLICY_FIELD
from pacsconf.systems._accounts import asking
from pacsconf.systems._accounts.declare import Intent, Wanted
from pacsconf.systems._accounts.flavour import Flavour, NewAccount, end_of
from pacsconf.systems._accounts.live import Projection
from pacsconf.systems._accounts.tree import Account, Tree, by_name
from pacsconf.systems._accounts.verdict import MADE_SINCE, Impossible, Verdict
from pacsconf.systems._accounts.write_groups import GroupWriter
from pacsconf.systems._ldap import Add, Answer, Directory, Entry, Lost, Modification, Modify, names
from pacsconf.systems._ldap.answers import (
    CONSTRAINT,
    ENTRY_EXISTS,
    NO_SUCH_ATTRIBUTE,
    NO_SUCH_ENTRY,
    UNWILLING,
    VALUE_EXISTS,
)
from pacsconf.systems.base import conflict, stands

_ATTEMPTS = 4
_MOVED_ON = frozenset({NO_SUCH_ATTRIBUTE, VALUE_EXISTS, NO_SUCH_ENTRY, ENTRY_EXISTS, UNWILLING})
"""Answers that say: it is not as you think. The entry is read again and judged afresh."""
_NO_PASSWORD = frozenset({CONSTRAINT, UNWILLING})
"""What a domain answers to letting in an account that has no password, or none that its policy takes."""


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

    def __post_init__(self) -> None:
        self.groups = GroupWriter(self.config, self.flavour, self.directory, self.tree)

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
        except Impossible as why:
            return "failed", str(why)

    def _carry_out(self, change: Change) -> Verdict:
        match change.address.kind:
            case "membership":
                return self.groups.membership(change)
            case "user":
                return self._user(change)
            case "group":
                return self.groups.group(change)
            case _:
                return self._policy(change)

    # --- accounts -------------------------------------------------------------------------------------------------

    def _user(self, change: Change) -> Verdict:
        user = change.address.parts[0]
        account, wanted = self.tree.accounts.get(user), self.intent.wanted.get(user)
        place = self.config.people[account.place] if account else (wanted.place if wanted else None)
        if change.after is None:
            raise Impossible(
                "an account is never deleted: disable it, and leave the rest to the identity team"
            )
        found = stands(change, self.projection.account(change.address, account) if account else None)
        if found == "after":
            return "applied", ""
        if place is None or not place.owns_accounts:
            return "waiting", asking.words(change, wanted, account)
        if change.action == "create":
            return self._new_account(change, wanted, place)
        if account is None:
            raise Impossible("it is gone: somebody else deleted it. Nothing was written; plan again.")
        return self._change_account(change, wanted, account)

    def _new_account(self, change: Change, wanted: Wanted | None, place: PeoplePlace) -> Verdict:
        if wanted is None or change.after is None:
            raise Impossible("the inventory does not say whose account it is")
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
            raise Impossible(answer.text)
        account = self._read_again(dn, wanted.user.id, wanted.login)
        if answer.code == ENTRY_EXISTS:
            as_wanted = stands(change, self.projection.account(change.address, account)) == "after"
            return ("applied", "") if as_wanted else ("failed", MADE_SINCE)
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
            raise Impossible(f"the inventory does not declare {name} any more; plan again")
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

        Raises: SystemFault; Impossible when the server does not take it.
        """
        if wanted.user.password is None:
            raise Impossible("the inventory does not say where its password is kept")
        answer = self.flavour.set_password(
            self.directory, account.entry.dn, self.secret(wanted.user.password.source)
        )
        if not answer.ok:
            raise Impossible(f"setting its password: {answer.text}")
        now = self._read_again(account.entry.dn, account.user, account.login)
        if account.facts.enabled or not now.facts.enabled:
            return now
        locked = self.directory.write(
            Modify(now.entry.dn, tuple(self.flavour.enabling(now.entry, enabled=False)))
        )
        if not locked.ok:
            raise Impossible(f"its password was set, and it could not be disabled again: {locked.text}")
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
            raise Impossible("it is gone: somebody else deleted it")
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
            raise Impossible("a password policy is never deleted: accounts may still fall under it")
        if place is None or not place.owned:
            return "waiting", asking.policy_words(change)
        groups = {**by_name(self.tree), **self.groups.made}
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
