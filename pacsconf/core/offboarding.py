"""Access that was taken away at once, by one person alone: somebody else looks at it afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from pacsconf.core.approval import is_same_person
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.errors import PacsconfError, UnsafePlan
from pacsconf.core.moment import iso_day, iso_moment

WORKING_DAYS = 2
"""Within so many it is to be looked at."""


@dataclass(frozen=True, slots=True)
class Offboarding:
    """Who lost all access, by which change set, and until when (ISO 8601) somebody else is to look at it.

    `by` is `name <mail>`, `at` ISO 8601 in UTC with seconds.
    """

    user: str
    changeset: str
    by: str
    at: str
    due: str


def offboarded(now: Iterable[Offboarding], changeset: ChangeSet) -> tuple[Offboarding, ...]:
    """These, and the one that a change set makes, if it makes any."""
    found = tuple(now)
    for user in changeset.plan.options.leaver:
        day = working_days_after(date.fromisoformat(changeset.opened[:10]), WORKING_DAYS)
        made = Offboarding(user, changeset.id, changeset.operator, changeset.opened, day.isoformat())
        found = (*(one for one in found if one.changeset != changeset.id), made)
    return found


def looked_at(now: Iterable[Offboarding], user: str, by: str) -> tuple[Offboarding, ...]:
    """These without those of a user.

    Raises: PacsconfError when there is none; UnsafePlan when it was the same person who did it.
    """
    found = tuple(now)
    theirs = [one for one in found if one.user == user]
    if not theirs:
        waiting = ", ".join(sorted({one.user for one in found})) or "nobody"
        raise PacsconfError(f"no offboarding of {user} is to be looked at", fix=f"To be looked at: {waiting}")
    for one in theirs:
        if is_same_person(one.by, by):
            raise UnsafePlan(
                f"{one.user} was offboarded by you ({one.by})",
                fix="Somebody else looks at it: by the name and the address that git has for them.",
            )
    return tuple(one for one in found if one.user != user)


def working_days_after(day: date, number: int) -> date:
    """The working day that comes so many after a day; Saturdays and Sundays are none, holidays are not known."""
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < _SATURDAY
    return day


_SATURDAY = 5


def offboardings_to_json(found: Iterable[Offboarding]) -> list[dict[str, str]]:
    """As the record keeps them."""
    return [asdict(one) for one in found]


def offboardings_from_json(data: list[dict[str, Any]]) -> tuple[Offboarding, ...]:
    """The inverse of `offboardings_to_json`.

    Raises: KeyError, TypeError or ValueError for what is none.
    """
    return tuple(
        Offboarding(
            at=iso_moment(one["at"]),
            due=iso_day(one["due"]),
            **{name: str(one[name]) for name in ("user", "changeset", "by")},
        )
        for one in data
    )
