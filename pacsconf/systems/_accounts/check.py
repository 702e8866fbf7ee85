"""What changes would not come to: a lock that the server does not heed, logins that two accounts have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pacsconf.core.change import Change
from pacsconf.core.finding import Finding
from pacsconf.core.resource import members
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.systems._accounts.declare import Intent
from pacsconf.systems._accounts.flavour import Flavour
from pacsconf.systems._accounts.kinds import ACCOUNT, DISABLED, GROUP, MEMBERSHIP, POLICY, USER
from pacsconf.systems._accounts.tree import Account, Tree


class Check:
    """Looks at changes beside a tree that was read."""

    def __init__(self, config: AccountsConfig, flavour: Flavour, intent: Intent, tree: Tree) -> None:
        self.config = config
        self.flavour = flavour
        self.intent = intent
        self.tree = tree

    def findings(self, changes: Sequence[Change]) -> tuple[Finding, ...]:
        """All that stands in their way, or should be known of them."""
        return tuple(finding for change in changes for finding in self._of(change))

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
        return Finding(
            "ACCOUNTS-TWICE",
            "error",
            f"{len(dns)} accounts have the login of {change.address.parts[0]}: {'; '.join(dns[:5])}",
            "It cannot be told which one is theirs.",
            "Have all but one renamed, or say under `logins` which other login they have here.",
            about=change.address,
            evidence="configured",
        )
