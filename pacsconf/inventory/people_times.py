"""From when to when somebody has a role, and the rules about who has which roles at one time.

Days are texts as ISO 8601 has them, which sort as the days do. Without a day of today, the past counts as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import combinations
from typing import NamedTuple

from pacsconf.core.finding import Finding
from pacsconf.inventory.eligible import conflicting
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import Grant, JobRole, User
from pacsconf.inventory.sources import Sources

_EVER, _NEVER = "", "9999-99-99"


class Span(NamedTuple):
    """From one day to another, both meant as well."""

    first: str
    last: str

    def __and__(self, other: Span) -> Span:
        """The days that are in both."""
        return Span(max(self.first, other.first), min(self.last, other.last))

    def __bool__(self) -> bool:
        """Whether there is such a day."""
        return self.first <= self.last


def since(today: date | None) -> Span:
    """All days that are still to come, today included."""
    return Span(today.isoformat() if today else _EVER, _NEVER)


def span(user: User, grant: Grant) -> Span:
    """From when to when somebody has a role by a grant; who has left has none any more."""
    if user.status == "left":
        return Span(_NEVER, _EVER)
    first = max(user.starts or _EVER, grant.starts or _EVER)
    return Span(first, min(user.ends or _NEVER, grant.until or _NEVER))


def rules(inventory: Inventory, sources: Sources, today: date | None) -> Iterator[Finding]:
    """All that these rules find."""
    coming = since(today)
    yield from conflicts(inventory, sources, coming)
    yield from too_many(inventory, coming)
    yield from administrators(inventory, coming)


# --- separation of duties ---------------------------------------------------------------------------------------


def conflicts(inventory: Inventory, sources: Sources, coming: Span) -> Iterator[Finding]:
    """Nobody has two roles on one day of which one says that it is not to be had beside the other."""
    apart = conflicting(inventory.roles)
    if not apart:
        return
    for user in inventory.users.values():
        if len(user.grants) > 1:
            for one, other in _at_once(user, apart, coming):
                yield _conflict(user, one, other, sources)


def _at_once(
    user: User, apart: frozenset[frozenset[str]], coming: Span
) -> Iterator[tuple[tuple[int, Grant], tuple[int, Grant]]]:
    """Grants of two such roles that have a day in common, of each two roles the first ones."""
    told: set[frozenset[str]] = set()
    for one, other in combinations(enumerate(user.grants), 2):
        roles = frozenset((one[1].role, other[1].role))
        if roles in apart - told and span(user, one[1]) & span(user, other[1]) & coming:
            told.add(roles)
            yield one, other


def _conflict(user: User, one: tuple[int, Grant], other: tuple[int, Grant], sources: Sources) -> Finding:
    first, second = one[1], other[1]
    when = _words(span(user, first) & span(user, second))
    place = sources.place((*user.path, "grants", one[0]))
    return Finding(
        "PACS-USR-009",
        "error",
        f"{user.id} has the roles {first.role} and {second.role}, which nobody may have both{when}",
        "Who has both can do alone what it is to take two for.",
        "Take one of them away, or let one end before the other begins.",
        path=(*user.path, "grants", other[0]),
        also=((place, f"role {first.role}"),) if place else (),
    )


def _words(days: Span) -> str:
    """From when to when, as far as one is known."""
    first = f" from {days.first}" if days.first != _EVER else ""
    last = f" until {days.last}" if days.last != _NEVER else ""
    return f",{first}{last}" if first or last else ""


# --- how many ---------------------------------------------------------------------------------------------------


def too_many(inventory: Inventory, coming: Span) -> Iterator[Finding]:
    """A role has no more holders on any day than it may have."""
    limited = {name: role for name, role in inventory.roles.items() if role.max_holders is not None}
    if not limited:
        return
    for name, by_user in _spans(inventory.users.values(), limited, coming).items():
        most, first = at_once(by_user.values())
        if most > (limited[name].max_holders or 0):
            when = f" from {first}" if first > coming.first else ""
            yield Finding(
                "PACS-ROLE-004",
                "error",
                f"Role {name} has {most} holders{when}; it may have {limited[name].max_holders}",
                "The more have it, the less it says who needs it.",
                "Take it away from somebody, or raise max_holders.",
                path=("roles", name, "max_holders"),
            )


def _spans(
    users: Iterable[User], roles: Mapping[str, JobRole], coming: Span
) -> dict[str, dict[str, list[Span]]]:
    """By role and user, when they have it."""
    found: dict[str, dict[str, list[Span]]] = {name: {} for name in roles}
    for user in users:
        for grant in user.grants:
            if grant.role in found and (days := span(user, grant) & coming):
                found[grant.role].setdefault(user.id, []).append(days)
    return found


def at_once(people: Iterable[Iterable[Span]]) -> tuple[int, str]:
    """How many have it on the day when most do, and the first such day; who has it twice counts once."""
    turns: dict[str, int] = {}
    for spans in people:
        for days in joined(spans):
            turns[days.first] = turns.get(days.first, 0) + 1
            turns[_after(days.last)] = turns.get(_after(days.last), 0) - 1
    most = now = 0
    when = _EVER
    for day in sorted(turns):
        now += turns[day]
        if now > most:
            most, when = now, day
    return most, when


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same days, as spans that have none in common and do not follow upon each other."""
    found: list[Span] = []
    for days in sorted(spans):
        if found and days.first <= _after(found[-1].last):
            found[-1] = Span(found[-1].first, max(found[-1].last, days.last))
        else:
            found.append(days)
    return found


def _after(day: str) -> str:
    """The day after; after the end of time there is none."""
    if day >= date.max.isoformat():
        return day + "+"
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


# --- administrators ---------------------------------------------------------------------------------------------


def administrators(inventory: Inventory, coming: Span) -> Iterator[Finding]:
    """There are as many administrators as are to stay, and those who must be are."""
    rule = inventory.security.administrators
    given = inventory.security.model_fields_set & {"administrators"}
    roles = {name for name, role in inventory.roles.items() if role.administrator}
    people = [user for user in inventory.users.values() if user.kind != "service" and user.status == "active"]
    if not given and not (roles and people):
        return
    holders = {
        user.id
        for user in people
        if any(one.role in roles and span(user, one) & coming for one in user.grants)
    }
    if len(holders) < rule.minimum:
        yield Finding(
            "PACS-SEC-001",
            "error",
            f"Administrators: {len(holders)}; there are to be at least {rule.minimum}",
            "When the last one leaves, is ill or locked out, nobody can put anything right.",
            "Give somebody a role with administrator: true.",
            path=("security", "administrators", "minimum") if given else ("roles", min(roles)),
        )
    for number, name in enumerate(rule.required):
        if name in inventory.users and name not in holders:
            yield Finding(
                "PACS-SEC-002",
                "error",
                f"{name} is to stay an administrator, and has no role of one",
                "They are named as the one who can put things right.",
                f"Give them one of: {', '.join(sorted(roles))}."
                if roles
                else "Mark a role: administrator: true.",
                path=("security", "administrators", "required", number),
            )
