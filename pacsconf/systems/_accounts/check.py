"""What changes would not come to, or come to unseen: locks that are not heeded, logins that are another's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.finding import Finding
from pacsconf.core.resource import State, members
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.people.entries import ACCOUNT, DISABLED, GROUP, MEMBERSHIP, PASSWORD, POLICY, USER, groups_in
from pacsconf.systems._accounts.declare import Intent, Wanted
from pacsconf.systems._accounts.flavour import Flavour
from pacsconf.systems._accounts.tree import Account, Tree, applied_login


class Check:
    """Looks at changes beside a tree that was read, and at what was applied last."""

    def __init__(
        self,
        config: AccountsConfig,
        flavour: Flavour,
        intent: Intent,
        tree: Tree,
        owned: Mapping[Address, State],
    ) -> None:
        self.config = config
        self.flavour = flavour
        self.intent = intent
        self.tree = tree
        self.owned = owned

    def findings(self, changes: Sequence[Change]) -> tuple[Finding, ...]:
        """All that stands in their way, or should be known of them."""
        return (
            *self._met(changes),
            *self._left_behind(),
            *(finding for change in changes for finding in self._of(change)),
        )

    def _of(self, change: Change) -> Iterator[Finding]:
        if change.action == "create":
            yield from self._name(change)
        if change.address.kind == POLICY:
            yield from self._for_nobody(change)
        if change.address.kind not in (USER, MEMBERSHIP):
            return
        user = change.address.parts[0]
        if user in self.tree.twice:
            yield self._twice(change, self.tree.twice[user])
        account = self.tree.accounts.get(user)
        if account is not None and _sets_first_password(change):
            yield self._first_password(change, account)
        closes = (
            change.address.kind == USER
            and (change.after.fields if change.after else {}).get(ACCOUNT) == DISABLED
        )
        if closes and account is not None and self.config.people[account.place].owns_accounts:
            yield from self._lock(change, account)

    def _lock(self, change: Change, account: Account) -> Iterator[Finding]:
        why = self.flavour.unheeded(account.facts, self.tree.policies, self._default())
        if why is None:
            return
        yield Finding(
            "ACCOUNTS-LOCK",
            "warning" if self.config.password_policies is None else "error",
            f"Disabling {account.login} may have no effect: {why}",
            "The lock is written, and the server lets the account in all the same.",
            "Have the policy say pwdLockout: TRUE (pacsconf does so for those that it makes), or declare"
            " password_policies of this system so that it can be looked at.",
            about=change.address,
            evidence="configured",
            verdict="unknown" if self.config.password_policies is None else "fail",
        )

    def _name(self, change: Change) -> Iterator[Finding]:
        """What is to be made may not be called so here."""
        own = change.address.parts[0]
        wanted = self.intent.wanted.get(own)
        if change.address.kind == GROUP:
            what, name, why = "group", own, self.flavour.unfit_group(own)
        elif change.address.kind == USER and wanted is not None and wanted.is_ours:
            what, name, why = "account", wanted.login, self.flavour.unfit(wanted.login)
        else:
            return
        if why is not None:
            yield Finding(
                "ACCOUNTS-NAME",
                "error",
                f"No {what} can be called {name} here: {why}",
                "The server would refuse it.",
                "Say under `logins` which other login they have here."
                if what == "account"
                else "Give the group another name.",
                about=change.address,
                evidence="configured",
            )

    def _for_nobody(self, change: Change) -> Iterator[Finding]:
        """A domain takes policies by groups, and this one is for none."""
        after = change.after.fields if change.after else {}
        if self.config.flavour == "active-directory" and not members(after, "applies_to"):
            yield Finding(
                "ACCOUNTS-POLICY",
                "warning",
                f"The password policy {change.address.parts[0]} is for nobody here",
                "A domain takes password policies by groups, and no role of this one leads to a group here.",
                "Say `roles` of the policy, and `groups` of those roles.",
                about=change.address,
                evidence="configured",
            )

    def _default(self) -> str | None:
        place = self.config.password_policies
        return (place.default or "default") if place else None

    def _twice(self, change: Change, dns: Sequence[str]) -> Finding:
        places = {self.tree.accounts[self.tree.user_of[dn]].place for dn in dns}
        listed = " and ".join(self.config.people[place].base for place in sorted(places))
        return Finding(
            "ACCOUNTS-TWICE",
            "error",
            f"{len(dns)} accounts have the login of {change.address.parts[0]}, in {listed}",
            "It cannot be told which one is theirs.",
            "Have all but one renamed, or say under `logins` which other login they have here.",
            about=change.address,
            evidence="configured",
        )

    # --- whose account it is --------------------------------------------------------------------------------------

    def _met(self, changes: Sequence[Change]) -> Iterator[Finding]:
        """Who gets something under a login that does not tell who they are, and is met for the first time."""
        gaining = dict.fromkeys(one.address.parts[0] for one in changes if _gives(one))
        found = [one for user in gaining if (one := self.intent.wanted.get(user)) and self._is_new(one)]
        if not found:
            return
        pairs = ", ".join(f"{one.user.id} as {one.login}" for one in found[:_MOST])
        more = f", and {len(found) - _MOST} more" if len(found) > _MOST else ""
        yield Finding(
            "ACCOUNTS-LOGIN",
            "warning",
            f"Accounts that pacsconf has not dealt with so far, under another login than the id: {pairs}{more}",
            "What is given to the user is given to whoever signs in with that login.",
            f"Look whether it is theirs: users.ID.logins.{self.config.name}. It is told once.",
            about=found[0].root if len(found) == 1 else None,
            evidence="configured",
            verdict="unknown",
        )

    def _is_new(self, wanted: Wanted) -> bool:
        """Whether no apply so far dealt with this account as that of this user; one to be made is not met."""
        state = self.owned.get(wanted.root)
        known = applied_login(state) if state else wanted.user.id
        return wanted.login.casefold() != known.casefold() and wanted.user.id in self.tree.accounts

    def _left_behind(self) -> Iterator[Finding]:
        """Accounts that were a user's until their login became another one, and that still open a door."""
        for wanted in self.intent.wanted.values():
            state = self.owned.get(wanted.root)
            if state is None or applied_login(state).casefold() == wanted.login.casefold():
                continue
            account = self._account_of(applied_login(state))
            if account is None:
                continue
            groups = sorted(self.tree.memberships.get(account.user, ()))
            if groups or account.facts.enabled:
                yield self._former(wanted, account, groups)

    def _account_of(self, login: str) -> Account | None:
        """The account with this login, where it is nobody's of the inventory."""
        own = login.casefold()
        found = (one for one in self.tree.accounts.values() if one.login.casefold() == own)
        account = next(found, None)
        return account if account and account.user not in self.intent.wanted else None

    def _former(self, wanted: Wanted, account: Account, groups: Sequence[str]) -> Finding:
        what = f"is in {', '.join(groups)}" if groups else "lets them in"
        return Finding(
            "ACCOUNTS-FORMER",
            "error",
            f"{wanted.user.id} was {account.login} so far and is to be {wanted.login}; the former account {what}",
            "It would be nobody's any more, and keep what it opens.",
            f"Have it renamed, or closed and taken out of its groups. To have pacsconf do it, declare it: a user"
            f" with `logins: {{{self.config.name}: {account.login}}}`, the same roles and `status: left`.",
            path=(*wanted.user.path, "logins", self.config.name),
            about=wanted.root,
            evidence="configured",
        )

    def _first_password(self, change: Change, account: Account) -> Finding:
        return Finding(
            "ACCOUNTS-PASSWORD",
            "warning",
            f"The password of {account.login} is replaced, which pacsconf did not set",
            "Whatever signs in with the one that it has now cannot any more; and whoever knows the new one can.",
            "Look whether it is the account that is meant, and whether its program gets the new password.",
            about=change.address,
            evidence="configured",
            verdict="unknown",
        )


_MOST = 5
"""Users that one finding names."""


def _gives(change: Change) -> bool:
    """Whether somebody comes into a group, is let in, or gets a password."""
    before, after = (one.fields if one else {} for one in (change.before, change.after))
    if change.address.kind == MEMBERSHIP:
        return bool(groups_in(after) - groups_in(before))
    opens = before.get(ACCOUNT) == DISABLED and after.get(ACCOUNT) != DISABLED
    return change.address.kind == USER and (opens or before.get(PASSWORD) != after.get(PASSWORD))


def _sets_first_password(change: Change) -> bool:
    return change.address.kind == USER and any(
        one.name == PASSWORD and one.before is None for one in change.fields
    )
