"""What is odd about a directory of people, whatever an inventory says: for whoever looks at it. Pure.

Who somebody is stands in no finding: accounts are named by their logins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Severity
from pacsconf.core.moment import day_in_words
from pacsconf.inventory.account_names import looks_shared
from pacsconf.inventory.nesting import circles
from pacsconf.people.guess import administrators, is_placeholder, kind_of
from pacsconf.people.live import LAGS, LiveAccount, LiveAccounts, LiveGroup

DORMANT = timedelta(days=90)
"""How long nobody has signed in to an account that is called dormant (PACS-USR-004)."""
_NAMED = 5
"""How many names a sentence has."""


def oddities(live: LiveAccounts, now: datetime) -> tuple[Finding, ...]:
    """All of them, of accounts that hold some group and of the groups; `now` is in UTC."""
    look = _Look(live, now)
    found = (look.members(), look.circles(), look.administrators(), look.accounts(), look.mails())
    return tuple(finding for some in found for finding in some)


@dataclass(frozen=True, slots=True)
class _Look:
    live: LiveAccounts
    now: datetime

    def group(self, name: str) -> Address:
        return Address.of(self.live.system, "group", name)

    def user(self, account: LiveAccount) -> Address:
        return Address.of(self.live.system, "user", account.user)

    def holders(self) -> Iterator[LiveAccount]:
        """Accounts that are in some group and are there."""
        for user in sorted(self.live.directly):
            account = self.live.accounts.get(user)
            if account is not None and account.exists:
                yield account

    # --- groups

    def members(self) -> Iterator[Finding]:
        """Groups with members that are not there, or are none of those that were read."""
        for name, group in sorted(self.live.groups.items()):
            gone = [user for user in group.users if self.is_gone(user)]
            if gone:
                yield _finding(
                    "PEOPLE-ODD-DANGLING",
                    "warning",
                    self.group(name),
                    f"{_so_many(len(gone), 'member')} of group {name} {_are(len(gone))} not there: {_listed(gone)}",
                    "Who is given that name next has the rights of the group from the first minute on.",
                    "Take them out of the group; with refint the server does that by itself when an entry goes.",
                )
            if others := [dn for dn in group.elsewhere if not is_placeholder(dn)]:
                yield _finding(
                    "PEOPLE-ODD-ELSEWHERE",
                    "warning",
                    self.group(name),
                    f"{_so_many(len(others), 'member')} of group {name} {_are(len(others))} "
                    "neither an account nor a group of the branches that were read",
                    "They may have the rights of the group, and nobody sees who they are.",
                    "Name their branch too (`--people`), or take them out of the group.",
                )

    def is_gone(self, user: str) -> bool:
        """Whether a member is not there, and no placeholder where nobody is."""
        account = self.live.accounts.get(user)
        return account is not None and not account.exists and not is_placeholder(account.dn)

    def circles(self) -> Iterator[Finding]:
        for way in circles(self.live.nested):
            yield _finding(
                "PEOPLE-ODD-CIRCLE",
                "warning",
                self.group(way[0]),
                f"Groups contain each other in a circle: {' → '.join((*way, way[0]))}",
                "Whoever is in one of them is in all of them, and programs that follow members may never end.",
                "Take one of them out of the next.",
            )

    def administrators(self) -> Iterator[Finding]:
        """Groups of administrators with nobody or one only."""
        for group in administrators(self.live):
            people = self.inside(group)
            if not people:
                yield _finding(
                    "PEOPLE-ODD-NO-ADMIN",
                    "warning",
                    self.group(group.name),
                    f"Nobody is in group {group.name}",
                    "It looks like one of administrators: nobody has its rights, or they are given by another way.",
                    "Find out who administers, and by which group.",
                )
            elif len(people) == 1:
                yield _finding(
                    "PEOPLE-ODD-ONE-ADMIN",
                    "warning",
                    self.group(group.name),
                    f"Only {people[0]} is in group {group.name}",
                    "When that account is locked, or its holder is ill, nobody can administer.",
                    "Have a second one.",
                )

    def inside(self, group: LiveGroup) -> list[str]:
        """Who can sign in and is in a group, as such or through groups in it."""
        inside = self.live.members((group.name,)) & self.live.accounts.keys()
        return sorted(user for user in inside if self.live.accounts[user].can_sign_in(self.now.date()))

    # --- accounts

    def accounts(self) -> Iterator[Finding]:
        for account in self.holders():
            groups = self.live.directly[account.user]
            if not account.can_sign_in(self.now.date()):
                yield self.lingering(account, groups)
                continue
            yield from self.dormant(account)
            if looks_shared(account.login):
                yield _finding(
                    "PEOPLE-ODD-SHARED",
                    "warning",
                    self.user(account),
                    f"{account.login} looks like an account that several share",
                    "Nobody can say who opened a study with it (PACS-USR-005).",
                    "Give everybody an account of their own, or declare whose it is (`kind: shared`, `owner`).",
                )
            if not account.password_expires and kind_of(account).kind != "service":
                yield _finding(
                    "PEOPLE-ODD-PASSWORD-FOREVER",
                    "info",
                    self.user(account),
                    f"The password of {account.login} never expires, though those of others do",
                    "That is made for programs; a person's was meant to be for a time, as a rule.",
                    "Ask the identity team why.",
                )

    def lingering(self, account: LiveAccount, groups: Sequence[str]) -> Finding:
        why = "is disabled" if not account.enabled else f"ended on {account.expires}"
        return _finding(
            "PEOPLE-ODD-DISABLED-MEMBER",
            "warning",
            self.user(account),
            f"{account.login} {why} and is still in {_so_many(len(groups), 'group')}: {_listed(groups)}",
            "Who enables the account again gives all of that back with it.",
            "Take it out of the groups.",
        )

    def dormant(self, account: LiveAccount) -> Iterator[Finding]:
        if not account.last_seen_known:
            return
        if account.last_seen is None:
            yield _finding(
                "PEOPLE-ODD-NEVER-USED",
                "info",
                self.user(account),
                f"Nobody has ever signed in as {account.login}",
                "An account that nobody uses is one that nobody misses when somebody else does.",
                "Ask whether it is needed.",
            )
        elif self.now - account.last_seen > DORMANT + LAGS:
            yield _finding(
                "PEOPLE-ODD-DORMANT",
                "warning",
                self.user(account),
                f"Nobody has signed in as {account.login} since {day_in_words(account.last_seen.date())}",
                f"For {(self.now - account.last_seen).days} days; its holder may have gone (PACS-USR-004).",
                "Ask whether it is needed.",
            )

    def mails(self) -> Iterator[Finding]:
        """Accounts that have one mail address, which is not told."""
        by_mail: dict[str, list[LiveAccount]] = defaultdict(list)
        for account in self.holders():
            if mail := account.personal.get("email", "").casefold():
                by_mail[mail].append(account)
        for several in by_mail.values():
            if len(several) > 1:
                yield _finding(
                    "PEOPLE-ODD-SAME-MAIL",
                    "info",
                    self.user(several[0]),
                    f"{_listed([each.login for each in several])} have the same mail address",
                    "They may be one person with two accounts, whose roles are then looked at apart.",
                    "Ask the identity team; where each has a purpose, say so.",
                )


def _finding(rule: str, severity: Severity, about: Address, summary: str, detail: str, fix: str) -> Finding:
    return Finding(rule, severity, summary, detail, fix, about=about, evidence="configured")


def _so_many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown, more = list(names[:_NAMED]), len(names) - _NAMED
    shown += [f"{more} more"] if more > 0 else []
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
