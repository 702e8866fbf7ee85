"""What a system of accounts holds, as plain values: who can sign in, and which groups they are in by which path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from pacsconf.inventory.nesting import GroupPath, turned, ways_up, within
from pacsconf.inventory.people import Personal


@dataclass(frozen=True, slots=True)
class LiveAccount:
    """One account: `user` is the id of the inventory's user it belongs to, else the name one signs in with.

    `last_seen` is the last sign-in in UTC, None where the server does not tell (`last_seen_known` false) or where
    there was none. `by_itself`: groups that it is in as such, not as one of their members (AD's primary group).
    """

    user: str
    login: str
    dn: str
    place: str
    """The name of the branch that it stands in; empty for one that was only found as a member of a group."""
    enabled: bool = True
    locked: bool = False
    """Whether failed attempts have locked it for a time."""
    expires: date | None = None
    """The last day on which one can sign in."""
    exists: bool = True
    """False: a group names it, and there is no such entry."""
    last_seen: datetime | None = None
    last_seen_known: bool = False
    password_changed: datetime | None = None
    dn_tells_nobody: bool = False
    """Whether its DN says no more than the login; else it may be somebody's name."""
    by_itself: tuple[str, ...] = ()
    password_expires: bool = True
    """False: its password is exempt from growing old (AD)."""
    personal: Mapping[Personal, str] = field(default_factory=dict, repr=False, compare=False)
    """Who it is, as the directory says: to be shown to who may see it, and recorded nowhere."""

    def can_sign_in(self, day: date) -> bool:
        """Whether it lets somebody in on a day. A lock after failed attempts does not count: it goes by itself."""
        return self.exists and self.enabled and (self.expires is None or self.expires >= day)


@dataclass(frozen=True, slots=True)
class LiveGroup:
    """One group: the users who are its members as such, by id, and the groups that are."""

    name: str
    dn: str
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """DNs of members that are neither accounts nor groups which were read."""
    description: str = ""


LAGS = timedelta(days=14)
"""How far a server may be behind with the last sign-in (AD's lastLogonTimestamp)."""


@dataclass(frozen=True)
class LiveAccounts:
    """All accounts and groups of a system, each by its name."""

    system: str
    accounts: Mapping[str, LiveAccount]
    groups: Mapping[str, LiveGroup]
    cannot_tell: tuple[str, ...] = field(default=())
    """What the server does not tell, in words."""
    called: Mapping[str, str] = field(default_factory=dict)
    """By DN, what an entry without a login is called where a DN, which may be a name, is not to stand."""

    @cached_property
    def nested(self) -> Mapping[str, tuple[str, ...]]:
        """By group, the groups that are its members as such."""
        return {name: group.groups for name, group in self.groups.items()}

    @cached_property
    def above(self) -> Mapping[str, tuple[str, ...]]:
        """By group, the groups that it is a member of as such."""
        return turned(self.nested)

    @cached_property
    def directly(self) -> Mapping[str, tuple[str, ...]]:
        """By user, the groups that they are in as such."""
        found: dict[str, list[str]] = {}
        for name, group in sorted(self.groups.items()):
            for user in group.users:
                found.setdefault(user, []).append(name)
        for user, account in self.accounts.items():
            for name in account.by_itself:
                found.setdefault(user, []).append(name)
        return {user: tuple(dict.fromkeys(groups)) for user, groups in found.items()}

    def paths(self, user: str) -> dict[str, GroupPath]:
        """By group that a user is in, as such or through others, the shortest way into it."""
        return ways_up(self.directly.get(user, ()), self.above)

    def members(self, groups: Iterable[str]) -> set[str]:
        """Who is in any of these groups, as such or through groups in them."""
        inner = within(groups, self.nested)
        found = {user for name in inner if name in self.groups for user in self.groups[name].users}
        return found | {user for user, one in self.accounts.items() if not inner.isdisjoint(one.by_itself)}

    def in_all(self, groups: Iterable[str]) -> set[str]:
        """Who is in every one of these groups, as whoever has a role that lands in them is; of none nobody."""
        inside = [self.members((group,)) for group in groups]
        return set.intersection(*inside) if inside else set()
