"""What ends on a day: work, and roles that somebody has for a time. And what would be, had nothing ended. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from pacsconf.core.finding import Path
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import Grant, User
from pacsconf.people.standing import day_of


class End(NamedTuple):
    """A last day: of somebody's work (`role` is empty), or of one of their roles."""

    user: str
    day: date
    role: str = ""
    emergency: bool = False
    path: Path = ()
    """Where the day is written."""

    @property
    def words(self) -> str:
        """`ended 2026-11-25`, `radiologist ended 2026-11-25`."""
        return f"{self.role} ended {self.day}".strip()


def ends(user: User) -> Iterator[End]:
    """Every last day that is declared of a user."""
    if user.ends:
        yield End(user.id, date.fromisoformat(user.ends), path=(*user.path, "ends"))
    for grant in user.grants:
        if grant.until:
            path = (*user.path, *grant.written, "until") if grant.written else user.path
            yield End(user.id, date.fromisoformat(grant.until), grant.role, grant.emergency, path)


def ended(inventory: Inventory) -> dict[str, tuple[End, ...]]:
    """By user, what has ended for them where they work: their work alone, else each role.

    Nothing where an inventory is looked at whatever the day. Who is suspended or has left anyhow is not among
    them: that is no matter of a day.
    """
    days: dict[str | None, date] = {}
    found: dict[str, tuple[End, ...]] = {}
    for user in inventory.users.values():
        if user.status != "active":
            continue
        if user.site not in days:
            day = day_of(inventory, user)
            if day is None:
                return found
            days[user.site] = day
        if _has_over(user, days[user.site].isoformat()):
            found[user.id] = _over(user, days[user.site])
    return found


def _has_over(user: User, day: str) -> bool:
    """Whether anything has ended; days as they are written, in which they sort: this is asked of everybody."""
    if user.ends is not None and user.ends < day:
        return True
    return any(grant.until is not None and grant.until < day for grant in user.grants)


def _over(user: User, day: date) -> tuple[End, ...]:
    over = tuple(one for one in ends(user) if one.day < day)
    return tuple(one for one in over if not one.role) or over


def reopened(inventory: Inventory, users: Mapping[str, tuple[End, ...]]) -> Inventory:
    """An inventory of these users alone, as if nothing had ended for them."""
    opened = {name: _opened(inventory, inventory.users[name]) for name in users}
    return inventory.model_copy(update={"users": opened})


def _opened(inventory: Inventory, user: User) -> User:
    day = day_of(inventory, user)
    grants = tuple(_prolonged(grant, day) for grant in user.grants)
    is_over = day is not None and user.ends is not None and date.fromisoformat(user.ends) < day
    return user.model_copy(update={"grants": grants, **({"ends": None} if is_over else {})})


def _prolonged(grant: Grant, day: date | None) -> Grant:
    is_over = day is not None and grant.until is not None and date.fromisoformat(grant.until) < day
    return grant.model_copy(update={"until": None}) if is_over else grant


def days_to_look_at(of: Mapping[str, tuple[End, ...]], today: date) -> tuple[date, ...]:
    """The last days of the past month: whether an end was known is asked of what stood before them."""
    return tuple(sorted({one.day for over in of.values() for one in over if today - one.day <= _RECENT}))


_RECENT = timedelta(days=31)
"""What ended longer ago and still stands was most likely written afterwards, and is looked at by a person."""


def announced(of: Mapping[str, tuple[End, ...]], stood: Mapping[date, Inventory | None]) -> frozenset[str]:
    """Of these users those of whom all that has ended was known before its last day began.

    `stood` are the inventories before the `days_to_look_at`, None where nobody can tell. What ended longer ago must
    have been known to the first of them that tells of this user, which was asked for another end.
    """
    return frozenset(name for name, over in of.items() if _was_known(over, stood))


def _was_known(over: tuple[End, ...], stood: Mapping[date, Inventory | None]) -> bool:
    first = min((one.day for one in over if one.day in stood), default=None)
    return first is not None and all(_is_said(one, stood[max(one.day, first)]) for one in over)


def _is_said(one: End, inventory: Inventory | None) -> bool:
    user = inventory.users.get(one.user) if inventory else None
    return user is not None and any(said.role == one.role and said.day <= one.day for said in ends(user))
