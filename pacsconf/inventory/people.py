"""Who works with the images: users, roles, service accounts, and what their passwords must be like.

These are the models after everything is spelled out: what systems, reports and checks work with. An inventory needs
an id and roles of a person; names, addresses and employee numbers may stay with the personnel office.
Structural professions are apart from functional roles, as ISO 21298 has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from pydantic import Field

from pacsconf.core.finding import Path
from pacsconf.inventory.base import Model
from pacsconf.inventory.permissions import Permission
from pacsconf.inventory.safeguards import Backup, TLSRules
from pacsconf.inventory.values import (
    Count,
    DateText,
    Days,
    Flag,
    Minutes,
    Name,
    OneOrMany,
    SecretRef,
    Texts,
)

UserKind = Literal["person", "shared", "service", "vendor", "break-glass"]
USER_KINDS: tuple[UserKind, ...] = get_args(UserKind)
UserStatus = Literal["active", "suspended", "left"]
Personal = Literal["name", "given_name", "family_name", "email", "employee"]
PERSONAL: tuple[Personal, ...] = get_args(Personal)
"""What tells who somebody is: shown to who may see it, written into accounts, recorded nowhere."""


ROLE = "role:"
"""What an approver begins with who is whoever has a role."""
GIT = "git"
"""Under `logins`, beside systems: the address, or the name, by which git knows who reviews access and approves."""


class Grant(Model):
    """A role that somebody has: for good, or for a time."""

    role: str
    starts: DateText | None = None
    """The first day; not given: as the user's own."""
    until: DateText | None = None
    """The last day."""
    reason: str | None = None
    ticket: str | None = None
    emergency: bool = False
    """Whether it is emergency access (`break_glass`), which is looked at afterwards."""
    written: Path = ()
    """Where it stands below its user: `("roles", 0)`."""


class AccountPassword(Model):
    """Where the password of a service account is kept, and how often it was renewed."""

    source: Annotated[SecretRef, Field(alias="from")]
    """Never itself: `env:NAME`, `file:PATH`, `age:PATH`."""
    version: Count = 1
    """Count this up to have it written again (rotation)."""


class AccountFacts(Model):
    """What is the same of a user and of a service account, however they are written."""

    status: UserStatus = "active"
    """`suspended`: away for now; `left`: gone, whatever `ends` says."""
    starts: DateText | None = None
    """The first day of work."""
    ends: DateText | None = None
    """The last day of work."""
    site: str | None = None
    department: str | None = None
    owner: str | None = None
    """Who answers for an account that is no one person's: the id of a user, or a team by its name."""
    purpose: str | None = None
    """What an account is for that is no one person's."""
    device: str | None = None
    """Of a service account: the device that uses it; of a shared account: where it may be used."""
    logins: Mapping[str, str] = Field(default_factory=dict)
    """By system, the name under which they sign in where that is not the id; by `git`, what git knows them by."""


class PersonFacts(AccountFacts):
    """What is the same of a user, however they are written."""

    profession: str | None = None
    """The structural role: physician, radiographer, nurse, engineer."""
    sponsor: str | None = None
    """Who let somebody from outside in: the id of a user."""
    contract: str | None = None
    """Of somebody from outside: by what right they are here."""
    trainings: Mapping[str, DateText] = Field(default_factory=dict)
    """By training, the day it was done."""

    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    employee: str | None = None
    """The employee number."""


class User(PersonFacts):
    """One who signs in: a person, or something that has an account as one."""

    id: Name
    kind: UserKind = "person"
    grants: tuple[Grant, ...] = ()
    """Every role, with until when."""
    password: AccountPassword | None = None
    collection: Literal["users", "service_accounts"] = "users"
    """Where it is declared."""

    @property
    def path(self) -> Path:
        """Where it is declared."""
        return (self.collection, self.id)

    def personal(self) -> dict[Personal, str]:
        """What is declared of who they are."""
        values = {name: getattr(self, name) for name in PERSONAL}
        return {name: value for name, value in values.items() if value is not None}


class RoleFacts(Model):
    """What somebody does with the images, and what that takes: a role as it is written."""

    description: str | None = None
    permissions: Annotated[tuple[Permission, ...], OneOrMany] = ()
    groups: Mapping[str, Texts] = Field(default_factory=dict)
    """By system, the groups whose members have it there."""
    conflicts_with: Texts = ()
    """Roles that nobody may have beside it (separation of duties)."""
    max_holders: Count | None = None
    professions: Texts = ()
    """Structural professions that may have it; none: any."""
    kinds: Annotated[tuple[UserKind, ...], OneOrMany] = ()
    """Kinds of users that may have it; none: any."""
    trainings: Texts = ()
    """What its holders must have done."""
    mfa: str | None = None
    """What asks its holders for a second factor: the name of that system."""
    approvers: Texts = ()
    """Who lets somebody have it, and reviews who has: ids of users, or roles as `role:ID`."""
    administrator: Flag = False
    """Whether its holders administer: at least so many must stay as `security.administrators` says."""
    emergency: Flag = False
    """Whether it is had by `break_glass` alone."""
    review_every: Days | None = None
    """Days after which it must be reviewed again who has it."""


class JobRole(RoleFacts):
    """A role with its id."""

    id: Name

    @property
    def path(self) -> Path:
        return ("roles", self.id)


class PasswordPolicy(Model):
    """What passwords must be like, and what happens to who guesses them. What is not given is not managed."""

    roles: Texts = ()
    """Whose passwords: holders of these roles."""
    kinds: Annotated[tuple[UserKind, ...], OneOrMany] = ()
    """Whose passwords: users of these kinds."""
    min_length: Count | None = None
    history: Count | None = None
    """How many former ones are refused."""
    max_age: Days | None = None
    """Days; 0 is for ever."""
    min_age: Days | None = None
    lockout_after: Count | None = None
    """Failed attempts; 0 is never."""
    lockout_for: Minutes | None = None
    """Minutes; 0 is until an administrator unlocks it."""
    lockout_window: Minutes | None = None
    """Minutes after which failed attempts are forgotten."""
    complexity: Flag | None = None
    """Whether several kinds of characters are asked for, where the server knows how."""
    must_change: Flag | None = None
    """Whether a password that somebody else set must be changed at the first sign-in."""
    idle_lock: Days | None = None
    """Days without a sign-in after which an account is locked, where the server knows how."""


class Administrators(Model):
    """How many must be left who can put things right."""

    minimum: Count = 1
    required: Texts = ()
    """Ids of users who must stay administrators."""


class Security(Model):
    """Rules for accounts, for the network and for backups (top-level key `security`)."""

    password_policy: PasswordPolicy | None = None
    """Of everybody for whom no other one is meant."""
    password_policies: Mapping[Name, PasswordPolicy] = Field(default_factory=dict)
    """Further ones by name; the first that means somebody counts."""
    administrators: Administrators = Administrators()
    dormant_after: Days = 90
    """Days without a sign-in after which an account counts as dormant."""
    tls: TLSRules = TLSRules()
    backups: Mapping[Name, Backup] = Field(default_factory=dict)


class AsOf(NamedTuple):
    """The moment that an inventory is looked at for: what begins and ends on a day does so at its site's midnight.

    `moment` is in UTC; `everywhere`: it is that very day at every site, whatever their clocks say.
    """

    moment: datetime
    everywhere: bool = False

    @classmethod
    def on(cls, day: date) -> AsOf:
        """A day, the same at every site."""
        return cls(datetime.combine(day, time(12), UTC), everywhere=True)

    def day(self, timezone: str | None = None) -> date:
        """Which day it is in a time zone (IANA); by default in UTC."""
        if self.everywhere or timezone is None:
            return self.moment.date()
        return self.moment.astimezone(ZoneInfo(timezone)).date()
