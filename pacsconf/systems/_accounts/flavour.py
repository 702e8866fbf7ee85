"""What differs between directories of people: where things stand in an entry, and how they are written.

A flavour is a codec: it takes entries apart and puts requests together, and asks nothing but for a password to be
set. Everything about who is meant, what was declared and what went wrong is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import ClassVar, Protocol

from pacsconf.core.resource import Fields, Value
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import PeoplePlace
from pacsconf.inventory.people import Personal
from pacsconf.systems._ldap import Answer, Directory, Entry, Modification
from pacsconf.systems._ldap.entry import Values

Attributes = Mapping[str, Values]


@dataclass(frozen=True, slots=True)
class Facts:
    """What an account's entry says. Moments are in UTC; None is not set, or not told."""

    login: str
    enabled: bool = True
    locked: bool = False
    """Whether failed attempts have locked it."""
    ends: datetime | None = None
    """From when on nobody signs in with it any more."""
    policy: str | None = None
    """The DN of the password policy that it names."""
    last_seen: datetime | None = None
    password_changed: datetime | None = None
    password_expires: bool = True
    by_itself: tuple[bytes, ...] = ()
    """Groups that it is in without being a member's value there, each by its `Flavour.identity`."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made, without a password."""

    login: str
    place: PeoplePlace
    enabled: bool
    ends: datetime | None
    policy: str | None
    """The DN of its password policy."""
    personal: Mapping[Personal, str] = field(default_factory=dict, repr=False)


class Flavour(Protocol):
    """How one kind of directory keeps people. Methods are pure."""

    accounts: ClassVar[str]
    """The filter of accounts."""
    groups: ClassVar[str]
    """The filter of groups."""
    policies: ClassVar[str]
    """The filter of password policies."""
    personal: ClassVar[Mapping[Personal, str]]
    """The attribute of each thing that tells who somebody is."""
    in_chain: ClassVar[str]
    """The matching rule by which a server itself finds groups that a member is in through others; or empty."""
    identity: ClassVar[str]
    """The attribute of a group that `Facts.by_itself` names it by; empty: nobody is in a group by itself."""
    last_seen_known: ClassVar[bool]
    """Whether the server keeps when somebody last signed in, wherever it does so at all."""

    def login_attribute(self, place: PeoplePlace) -> str: ...

    account_attributes: ClassVar[Sequence[str]]
    """What `facts` looks at, beside the login; without what tells who somebody is."""
    policy_attributes: ClassVar[Sequence[str]]

    def facts(self, entry: Entry, login: str) -> Facts:
        """What an account's entry says."""
        ...

    def new_account(self, new: NewAccount) -> tuple[str, Attributes]:
        """The DN and the attributes of an account to be made."""
        ...

    def enabling(self, entry: Entry, *, enabled: bool) -> Sequence[Modification]:
        """What lets an account sign in, or keeps it out; on the condition that it stands as in `entry`."""
        ...

    def ending(self, entry: Entry, ends: datetime | None) -> Sequence[Modification]:
        """What sets until when an account is good."""
        ...

    def following(self, entry: Entry, policy: str | None) -> Sequence[Modification]:
        """What gives an account another password policy by its DN; empty where policies name their accounts."""
        ...

    def naming(self, entry: Entry, name: Personal, value: str | None) -> Sequence[Modification]:
        """What changes one thing that tells who somebody is."""
        ...

    def new_group(self, dn: str, name: str, members: Sequence[str], placeholder: str) -> Attributes:
        """The attributes of a group to be made, with these DNs in it."""
        ...

    def unfit(self, login: str) -> str | None:
        """Why an account cannot have this login, in words; None: it can."""
        ...

    def unfit_group(self, name: str) -> str | None:
        """Why a group cannot be called so, in words; None: it can."""
        ...

    def set_password(self, directory: Directory, dn: str, password: Secret) -> Answer:
        """Write a password, in the way that has the server keep it as it keeps all others."""
        ...

    needs_member: ClassVar[bool]
    """Whether a group must have a member, so that an empty one has a placeholder."""

    def unheeded(self, facts: Facts, policies: Mapping[str, Entry], default: str | None) -> str | None:
        """Why the server would let a disabled account in all the same, in words; None: it would not.

        `default` is the name of the policy of accounts that name none; None: nothing is known of policies.
        """
        ...

    def policy(self, entry: Entry, groups: Mapping[str, str]) -> dict[str, Value]:
        """The fields of a password policy; `groups` are DNs by name."""
        ...

    def strength(self, entry: Entry) -> Mapping[str, int]:
        """What a password policy comes to, whatever else stands in it: `min_length`, `history` and `lockout_after`,
        each 0 where nothing is asked for; `reversible` where the server tells whether passwords can be read."""
        ...

    def new_policy(self, name: str, fields: Fields, groups: Mapping[str, str]) -> Attributes:
        """The attributes of a password policy to be made; `groups` are DNs by name."""
        ...

    def changed_policy(
        self, entry: Entry, fields: Mapping[str, Value | None], groups: Mapping[str, str]
    ) -> Sequence[Modification]:
        """What changes these fields of a password policy."""
        ...


# --- days -----------------------------------------------------------------------------------------------------


def end_of(day: date, zone: tzinfo) -> datetime:
    """The moment in UTC at which a day is over in a time zone; of the last day that there is, its last second."""
    if day == date.max:
        return datetime.max.replace(microsecond=0, tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def last_day(ends: datetime, zone: tzinfo) -> date:
    """The last day, in a time zone, on which an account is good that ends at this moment.

    `99991231235959Z` is how some write that there is no end; there is no day after it, wherever that is.
    """
    try:
        return (ends - timedelta(seconds=1)).astimezone(zone).date()
    except OverflowError:
        return date.max if ends.year > 1 else date.min


# --- modifications --------------------------------------------------------------------------------------------


def replaced(entry: Entry, attribute: str, value: str | None) -> tuple[Modification, ...]:
    """What puts one value in the place of the one that was read; refused where that is another by now."""
    had = entry.values(attribute)
    add = () if value is None else (value.encode(),)
    return () if had == add else (Modification(attribute, delete=had, add=add),)
