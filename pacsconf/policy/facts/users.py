"""Users as rules see them: what is declared of each, and what systems of accounts hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from pacsconf.core.address import Address
from pacsconf.inventory.account_names import looks_shared
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.eligible import (
    conflicting,
    is_for_people,
    is_had_for_good,
    is_of_wrong_kind,
    is_of_wrong_profession,
    untrained,
)
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import JobRole, User
from pacsconf.people.entries import MEMBERSHIP, USER
from pacsconf.people.standing import Held, day_of, held, stage
from pacsconf.policy.subject import Facts, Subject

if TYPE_CHECKING:  # where no system of accounts was read, nobody needs what it is held against
    from pacsconf.people.live import LiveAccount, LiveAccounts
    from pacsconf.people.separation import Separation
    from pacsconf.people.ways import Ways

# --- declared -----------------------------------------------------------------------------------------------------


def declared(
    inventory: Inventory, systems: Sequence[str], site_of: Callable[[str | None], Facts], blind: str
) -> Iterator[Subject]:
    """Everybody who is declared, by id; `systems` are those of accounts."""
    told = _Told(inventory)
    for name in sorted(inventory.users):
        user = inventory.users[name]
        yield Subject(
            USER,
            name,
            told.of(user),
            site=site_of(user.site),
            path=user.path,
            device=user.device or "",
            about=tuple(Address.of(system, kind, name) for system in systems for kind in (USER, MEMBERSHIP)),
            blind=blind,
        )


class _Told:
    """What the inventory says of users, on the day that it is where each works."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.conflicting = conflicting(inventory.roles)
        self._days: dict[str | None, date | None] = {}
        self._conflicts: dict[tuple[str, ...], list[str]] = {}

    def day(self, user: User) -> date | None:
        """The day, which is the same for all of a site."""
        if user.site not in self._days:
            self._days[user.site] = day_of(self.inventory, user)
        return self._days[user.site]

    def of(self, user: User) -> Facts:
        day = self.day(user)
        given = [(one, role) for one in held(user, day) if (role := self.inventory.roles.get(one.role))]
        had = {role.id: role for _, role in given}
        facts = {
            "id": user.id,
            "kind": user.kind,
            "status": user.status,
            "at_work": stage(user, day) == "active",
            "profession": user.profession or "",
            "owner": user.owner or "",
            "sponsor": user.sponsor or "",
            "contract": user.contract or "",
            "purpose": user.purpose or "",
            "device": user.device or "",
            "roles": list(had),
            "admin_roles": [role.id for role in had.values() if role.administrator],
            "conflicts": self.conflicts(tuple(had)),
            **_unfit(user, had.values(), given),
            "shared_name": looks_shared(user.id),
            "password_reference": user.password is not None,
        }
        if day is not None and user.starts is not None:
            facts["days_since_start"] = (day - date.fromisoformat(user.starts)).days
        if day is not None and user.ends is not None:
            facts["days_to_end"] = (date.fromisoformat(user.ends) - day).days
        return facts

    def conflicts(self, roles: tuple[str, ...]) -> list[str]:
        """Which of these roles nobody may have both: asked once for all who have the same."""
        if roles not in self._conflicts:
            pairs = (pair for pair in combinations(sorted(roles), 2) if frozenset(pair) in self.conflicting)
            self._conflicts[roles] = [_pair(*pair) for pair in pairs]
        return self._conflicts[roles]


def _unfit(user: User, had: Iterable[JobRole], given: Iterable[tuple[Held, JobRole]]) -> dict[str, list[str]]:
    """What is not right about the roles that somebody has."""
    roles = list(had)
    service = user.kind == "service"
    for_good = (role.id for one, role in given if is_had_for_good(role, one.grant))
    return {
        "unfit_roles": [
            role.id for role in roles if is_of_wrong_kind(user, role) or is_of_wrong_profession(user, role)
        ],
        "human_roles": [role.id for role in roles if service and is_for_people(role)],
        "standing_emergency": list(dict.fromkeys(for_good)),
        "untrained": list(dict.fromkeys(one for role in roles for one in untrained(user, role))),
    }


def _pair(one: str, other: str) -> str:
    return f"{one} and {other}"


# --- live ---------------------------------------------------------------------------------------------------------


def configured(
    inventory: Inventory, live: Mapping[str, LiveAccounts], now: datetime, *, whole: bool
) -> dict[str, Facts]:
    """What systems of accounts hold of everybody; `whole`: every one of them was read, `now` is in UTC.

    What is not there was not seen only where all were read: else it may be where nobody looked.
    """
    seen = [_Seen.of(inventory, live[name]) for name in sorted(live)]
    return {
        name: _live(user, day_of(inventory, user) or now.date(), seen, now, whole=whole)
        for name, user in inventory.users.items()
    }


@dataclass(frozen=True)
class _Seen:
    """One system that was read."""

    live: LiveAccounts
    ways: Ways
    apart: Separation
    lag: timedelta
    """How far the last sign-in may be behind."""

    @classmethod
    def of(cls, inventory: Inventory, live: LiveAccounts) -> _Seen:
        from pacsconf.people.live import LAGS
        from pacsconf.people.separation import Separation
        from pacsconf.people.ways import Ways

        ways = Ways(inventory, live.system)
        config = inventory.systems.get(live.system)
        lags = isinstance(config, AccountsConfig) and config.flavour == "active-directory"
        return cls(live, ways, Separation(inventory, ways), LAGS if lags else timedelta())

    def named(self, what: str) -> str:
        return f"{self.live.system}: {what}"

    def groups(self, user: User) -> tuple[list[str], list[str], list[str]]:
        """Groups beyond and missing, and pairs of conflicting roles, of somebody."""
        there: Set[str] = self.live.paths(user.id).keys()
        meant: Set[str] = self.ways.of(user).keys()
        beyond, missing = sorted(there - meant), sorted(meant - there)
        pairs = (_pair(one.id, other.id) for one, other in self.apart.broken(there))
        return (
            [self.named(group) for group in beyond],
            [self.named(group) for group in missing],
            [self.named(pair) for pair in pairs],
        )


@dataclass(frozen=True, slots=True)
class _Account:
    """An account that is there."""

    seen: _Seen
    live: LiveAccount
    opens: bool
    """Whether one can sign in with it today."""

    def idle(self, now: datetime) -> int | None:
        """Days since the last sign-in, at least; None: there was none."""
        if self.live.last_seen is None:
            return None
        return max(0, (now - self.live.last_seen - self.seen.lag).days)

    def used_since_password(self) -> bool | None:
        """Whether somebody signed in after the password was set; None: not known."""
        changed, last = self.live.password_changed, self.live.last_seen
        if not self.live.last_seen_known:
            return None
        if last is None:
            return False
        if changed is None:
            return None
        if last > changed:
            return True
        return None if last + self.seen.lag > changed else False


def _live(user: User, day: date, seen: Sequence[_Seen], now: datetime, *, whole: bool) -> Facts:
    there = [
        _Account(one, account, account.can_sign_in(day))
        for one in seen
        if (account := one.live.accounts.get(user.id)) is not None and account.exists
    ]
    groups = [one.groups(user) for one in seen]
    lists = {
        "enabled": [one.seen.live.system for one in there if one.opens],
        "groups_beyond": [each for beyond, _, _ in groups for each in beyond],
        "groups_missing": [each for _, missing, _ in groups for each in missing],
        "conflicts": [each for *_, pairs in groups for each in pairs],
    }
    found = {name: some for name, some in lists.items() if some or whole}
    flags = {
        "exists": _any((True for _ in there), whole),
        "never_signed_in": _never_signed_in([one.live for one in there if one.opens], whole=whole),
        "password_exempt": _any((not one.live.password_expires for one in there), whole),
        "used_since_password": _any((one.used_since_password() for one in there), whole),
        "no_expiry": _any((one.opens and one.live.expires is None for one in there), whole),
    }
    numbers = _numbers(there, day, now) if whole else {}
    return {**found, **{name: flag for name, flag in flags.items() if flag is not None}, **numbers}


def _any(flags: Iterable[bool | None], whole: bool) -> bool | None:
    """Whether any is so; None: it may be, of one that is not known or where nobody looked."""
    found = list(flags)
    if True in found:
        return True
    return None if None in found or not whole else False


def _never_signed_in(accounts: Sequence[LiveAccount], *, whole: bool) -> bool | None:
    if any(one.last_seen is not None for one in accounts):
        return False
    known = whole and all(one.last_seen_known for one in accounts)
    return bool(accounts) if known else None


def _numbers(there: Sequence[_Account], day: date, now: datetime) -> dict[str, int]:
    """Days, of all accounts together: each only where every account that counts for it tells."""
    found: dict[str, int] = {}
    opening = [one for one in there if one.opens]
    idle = [days for one in opening if (days := one.idle(now)) is not None]
    if idle and all(one.live.last_seen_known for one in opening):
        found["dormant_days"] = min(idle)
    changed = [one.live.password_changed for one in there]
    if changed and None not in changed:
        found["password_days"] = max((now - each).days for each in changed if each)
    ends = [one.live.expires for one in there]
    if ends and None not in ends:
        found["expires_days"] = max((each - day).days for each in ends if each)
    return found
