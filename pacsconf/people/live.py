"""What a system of accounts holds, as plain values: who can sign in, and which groups they are in by which path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Literal

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
    by_itself: tuple[str, ...] = ()
    password_expires: bool = True
    """False: its password is exempt from growing old (AD)."""
    personal: Mapping[Personal, str] = field(default_factory=dict, repr=False, compare=False)
    """Who it is, as the directory says: to be shown to who may see it, and recorded nowhere."""


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


Path = tuple[str, ...]
"""Groups, from the one that somebody is in as such to the one that it leads to."""

Trouble = Literal["circle"]


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
    def above(self) -> Mapping[str, tuple[str, ...]]:
        """By group, the groups that it is a member of as such."""
        found: dict[str, list[str]] = {}
        for name, group in sorted(self.groups.items()):
            for inner in group.groups:
                found.setdefault(inner, []).append(name)
        return {name: tuple(outer) for name, outer in found.items()}

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

    def paths(self, user: str) -> dict[str, Path]:
        """By group that a user is in, as such or through others, the shortest way into it."""
        found: dict[str, Path] = {}
        reached: list[Path] = [(group,) for group in self.directly.get(user, ())]
        while reached:
            following: list[Path] = []
            for way in reached:
                if way[-1] not in found:
                    found[way[-1]] = way
                    following += [(*way, outer) for outer in self.above.get(way[-1], ())]
            reached = following
        return found

    def circles(self) -> Iterator[tuple[str, ...]]:
        """Groups that contain themselves through others, each circle once, from its least name on."""
        told: set[frozenset[str]] = set()
        for name in sorted(self.groups):
            way = self._back_to(name)
            if way and frozenset(way) not in told:
                told.add(frozenset(way))
                yield way

    def _back_to(self, start: str) -> Path:
        """The shortest way from a group through its members back to it, without its end; empty for none."""
        seen: set[str] = set()
        reached: list[Path] = [(start,)]
        while reached:
            following: list[Path] = []
            for way in reached:
                for inner in self.groups[way[-1]].groups if way[-1] in self.groups else ():
                    if inner == start:
                        return way
                    if inner not in seen:
                        seen.add(inner)
                        following.append((*way, inner))
            reached = following
        return ()
