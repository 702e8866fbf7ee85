"""How somebody stands on a day: not here yet, at work, away, gone; and which of their roles count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal, NamedTuple

from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import Grant, User

Stage = Literal["joining", "active", "suspended", "left"]
IN_WORDS: Mapping[Stage, str] = {
    "joining": "has not begun",
    "active": "works here",
    "suspended": "is suspended",
    "left": "has left",
}
"""What is said of somebody by how they stand."""


class Held(NamedTuple):
    """A role that somebody has, and by which grant."""

    role: str
    grant: Grant

    @property
    def until(self) -> date | None:
        """The last day; None: for good."""
        return _day(self.grant.until)


def day_of(inventory: Inventory, user: User) -> date | None:
    """Which day it is where somebody works; None where an inventory is looked at whatever the day."""
    if inventory.as_of is None:
        return None
    site = inventory.sites.get(user.site or "")
    return inventory.as_of.day(site.timezone if site else None)


def stage(user: User, day: date | None) -> Stage:
    """How a user stands on a day; None: by what is written alone, whatever the day.

    The days that are named count to their ends: who starts on a day has begun on it, who ends on it has not left.
    """
    if user.status != "active":
        return user.status
    starts, ends = _day(user.starts), _day(user.ends)
    if day is None:
        return "active"
    if ends is not None and day > ends:
        return "left"
    return "joining" if starts is not None and day < starts else "active"


def held(user: User, day: date | None) -> Iterator[Held]:
    """The roles that a user has on a day: none before they start and none once they left or are suspended."""
    if stage(user, day) == "active":
        yield from (Held(grant.role, grant) for grant in user.grants if counts(grant, day))


def counts(grant: Grant, day: date | None) -> bool:
    """Whether a role is given on a day, as far as the grant itself goes."""
    if day is None:
        return True
    starts, until = _day(grant.starts), _day(grant.until)
    return (starts is None or day >= starts) and (until is None or day <= until)


def holders(inventory: Inventory) -> Mapping[str, tuple[User, ...]]:
    """By role, who has it now, by id."""
    found: dict[str, list[User]] = {role: [] for role in inventory.roles}
    for user_id in sorted(inventory.users):
        user = inventory.users[user_id]
        for role in dict.fromkeys(one.role for one in held(user, day_of(inventory, user))):
            found.setdefault(role, []).append(user)
    return {role: tuple(users) for role, users in found.items()}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
