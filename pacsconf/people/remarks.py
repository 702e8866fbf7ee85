"""What is live in a system of accounts held against what is declared: the remarks of `access report`. Pure.

What a server does not tell is said, and counts neither as good nor as bad.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.baseline import accepted
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.nesting import GroupPath, circles
from pacsconf.inventory.people import JobRole, User
from pacsconf.people.live import LAGS, LiveAccount, LiveAccounts
from pacsconf.people.remark import KINDS, Kind, Remark
from pacsconf.people.separation import Separation
from pacsconf.people.standing import IN_WORDS, Stage, day_of, stage
from pacsconf.people.ways import Way, Ways

SERVICE_PASSWORD_DAYS = 365
"""After how many days the password of a service account is old where no policy says so."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in one system, and how much there was to look at."""

    system: str
    accounts: int
    groups: int
    administrators: int | None
    """How many can sign in and administer; None: no administrator's role lands here."""
    remarks: tuple[Remark, ...]


def looked_at(inventory: Inventory, live: LiveAccounts, now: datetime) -> Looked:
    """What is to be said of a system; `now` is in UTC."""
    look = _Look(inventory, live, now)
    order = list(KINDS)
    found = sorted(look.all(), key=lambda one: (order.index(one.kind), one.user, one.group, one.text))
    return Looked(
        live.system, len(live.accounts), len(live.groups), look.administrator_count,
        _accepted(inventory, found, now.date()),
    )  # fmt: skip


def _accepted(inventory: Inventory, found: Iterable[Remark], today: date) -> tuple[Remark, ...]:
    remarks = tuple(found)
    if not inventory.baseline:
        return remarks
    marked = accepted((_finding(inventory, one) for one in remarks), inventory.baseline, today)
    return tuple(
        replace(one, accepted=as_finding.accepted) for one, as_finding in zip(remarks, marked, strict=True)
    )


def _finding(inventory: Inventory, one: Remark) -> Finding:
    user = inventory.users.get(one.user)
    about = (
        Address.of(one.system, "user", one.user)
        if one.user
        else Address.of(one.system, "group", one.group or "-")
    )
    return Finding(one.rule.id, one.rule.severity, one.text, path=user.path if user else (), about=about)


class _Look:
    """One look at one system."""

    def __init__(self, inventory: Inventory, live: LiveAccounts, now: datetime) -> None:
        self.inventory = inventory
        self.live = live
        self.now = now
        self.ways = Ways(inventory, live.system)
        self.apart = Separation(inventory, self.ways)

    @cached_property
    def administrator_count(self) -> int | None:
        return len(self.administrators) if self.administrator_roles else None

    @cached_property
    def administrator_roles(self) -> tuple[JobRole, ...]:
        system = self.live.system
        return tuple(
            role for role in self.inventory.roles.values() if role.administrator and role.groups.get(system)
        )

    @cached_property
    def administrators(self) -> frozenset[str]:
        """Who can sign in and is in all groups of an administrator's role."""
        found: set[str] = set()
        for role in self.administrator_roles:
            inside = self.live.in_all(role.groups[self.live.system])
            found |= {user for user in inside if self.can_sign_in(self.live.accounts.get(user))}
        return frozenset(found)

    def can_sign_in(self, account: LiveAccount | None) -> bool:
        return account is not None and account.can_sign_in(self.now.date())

    def all(self) -> Iterator[Remark]:
        for user in sorted(self.inventory.users.keys() | self.live.directly.keys()):
            yield from self.of_one(user)
        yield from self.of_groups()
        yield from self.of_administrators()
        yield from self.untold()

    # --- one person

    def of_one(self, user_id: str) -> Iterator[Remark]:
        user, account = self.inventory.users.get(user_id), self.live.accounts.get(user_id)
        there = self.live.paths(user_id)
        if user is None:
            if account is None or account.exists:  # one that does not exist is a remark on its group
                yield from (self.inside("undeclared", user_id, group, path) for group, path in there.items())
        elif (at := stage(user, day_of(self.inventory, user))) in ("left", "suspended"):
            yield from self.of_gone(user, at, account, there)
        else:
            yield from self.of_staff(user, at, account, there)
        if there and self.can_sign_in(account):
            yield from self.separation(user_id, there)

    def inside(self, kind: Kind, user: str, group: str, path: GroupPath) -> Remark:
        return self.remark(kind, f"{user} is in {_reached(group, path)}", user, group, path)

    def remark(self, kind: Kind, text: str, user: str = "", group: str = "", path: GroupPath = ()) -> Remark:
        return Remark(kind, self.live.system, text, user, group, path)

    def of_gone(
        self, user: User, at: Stage, account: LiveAccount | None, there: Mapping[str, GroupPath]
    ) -> Iterator[Remark]:
        word = f"left on {user.ends}" if at == "left" and user.ends else IN_WORDS[at]
        if self.can_sign_in(account):
            yield self.remark("left", f"{user.id} {word}, and can sign in", user.id)
        for group, path in there.items():
            text = f"{user.id} {word}, and is in {_reached(group, path)}"
            yield self.remark("left", text, user.id, group, path)

    def of_staff(
        self, user: User, at: Stage, account: LiveAccount | None, there: Mapping[str, GroupPath]
    ) -> Iterator[Remark]:
        declared = self.ways.of(user)
        for group, path in there.items():
            if group not in declared:
                yield self.inside("extra", user.id, group, path)
        if declared and (account is None or not account.exists):
            yield self.remark("no-account", f"{user.id} has {', '.join(_roles(declared))}", user.id)
            return
        for group, way in declared.items():
            if group not in there:
                why = f" ({', '.join(way.roles)})" if way.roles else ""
                yield self.remark("missing", f"{user.id} is not in {group}{why}", user.id, group, way.path)
        if account is not None and at == "active" and (declared or there):
            yield from self.of_account(user, account)

    def of_account(self, user: User, account: LiveAccount) -> Iterator[Remark]:
        if not account.enabled:
            yield self.remark("disabled", f"{user.id} is disabled", user.id)
        elif account.expires is not None and account.expires < self.now.date():
            yield self.remark("expired", f"{user.id} expired on {account.expires}", user.id)
        elif account.locked:
            yield self.remark("locked", f"{user.id} is locked", user.id)
        yield from self.dormancy(user, account)
        if user.kind == "service":
            yield from self.password_age(user, account)

    def dormancy(self, user: User, account: LiveAccount) -> Iterator[Remark]:
        if not account.last_seen_known or not self.can_sign_in(account):
            return
        days = self.inventory.security.dormant_after
        limit = timedelta(days=days) + (LAGS if self.is_windows else timedelta())
        if account.last_seen is None:
            if user.starts is None or self.now.date() - date.fromisoformat(user.starts) > limit:
                yield self.remark("never-seen", f"{user.id} was never seen", user.id)
        elif self.now - account.last_seen > limit:
            ago = (self.now - account.last_seen).days
            seen = account.last_seen.astimezone(UTC).date()
            yield self.remark("dormant", f"{user.id} was last seen on {seen}, {ago} days ago", user.id)

    @cached_property
    def is_windows(self) -> bool:
        config = self.inventory.systems.get(self.live.system)
        return isinstance(config, AccountsConfig) and config.flavour == "active-directory"

    def password_age(self, user: User, account: LiveAccount) -> Iterator[Remark]:
        if account.password_changed is None:
            return
        days = (self.now - account.password_changed).days
        if days > self.password_days:
            changed = account.password_changed.astimezone(UTC).date()
            text = f"{user.id} has its password since {changed}, {days} days"
            yield self.remark("old-password", text, user.id)

    @cached_property
    def password_days(self) -> int:
        policies = self.inventory.security.password_policies.values()
        ages = [one.max_age for one in policies if "service" in one.kinds and one.max_age]
        return min(ages, default=SERVICE_PASSWORD_DAYS)

    # --- separation of duties

    def separation(self, user: str, there: Mapping[str, GroupPath]) -> Iterator[Remark]:
        """Pairs of roles that conflict and whose groups somebody is in, by whichever ways."""
        for one, other in self.apart.broken(there.keys()):
            paths = {there[group] for role in (one, other) for group in self.apart.groups(role)}
            ways = "; ".join(" → ".join(path) for path in sorted(paths))
            yield self.remark("separation", f"{user} has {one.id} and {other.id}, by {ways}", user)

    # --- groups, administrators, and what is not known

    def of_groups(self) -> Iterator[Remark]:
        for name, group in sorted(self.live.groups.items()):
            for user in group.users:
                account = self.live.accounts.get(user)
                if account is not None and not account.exists:
                    yield self.remark("dangling", f"{user} in {name} does not exist", user, name, (name,))
            for dn in group.elsewhere:
                called = self.live.called.get(dn)
                also = f" ({called} in plans)" if called else ""
                yield self.remark("elsewhere", f"{dn} in {name}{also}", group=name)
        for way in circles(self.live.nested):
            yield self.remark("circle", " → ".join((*way, way[0])), group=way[0], path=way)

    def of_administrators(self) -> Iterator[Remark]:
        if not self.administrator_roles:
            return
        wanted = self.inventory.security.administrators
        if len(self.administrators) < wanted.minimum:
            number = len(self.administrators)
            text = f"{number} can administer, {wanted.minimum} must (security.administrators.minimum)"
            yield self.remark("administrators", text)
        for user in wanted.required:
            if user not in self.administrators:
                text = f"{user} cannot administer, and must (security.administrators.required)"
                yield self.remark("administrators", text, user)

    def untold(self) -> Iterator[Remark]:
        yield from (self.remark("unknown", text) for text in self.live.cannot_tell)
        ours = [
            account
            for user, account in self.live.accounts.items()
            if user in self.live.directly and account.exists
        ]
        unseen = sum(1 for account in ours if not account.last_seen_known)
        if unseen and not self.live.cannot_tell:
            text = f"whether {unseen} of {len(ours)} accounts are dormant: their last sign-in is not recorded here"
            yield self.remark("unknown", text)


def _reached(group: str, path: GroupPath) -> str:
    """A group, and by which others somebody is in it."""
    return f"{group} by {' → '.join(path)}" if len(path) > 1 else group


def _roles(declared: Mapping[str, Way]) -> list[str]:
    return sorted({role for way in declared.values() for role in way.roles})
