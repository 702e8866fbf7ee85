"""The hours in which a device is expected to answer: `mon-fri 07:00-18:00, sat 08:00-12:00`.

Days may be left out (every day); a span that ends before it begins runs past midnight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d\d):(\d\d)-(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of some days: weekdays from 0 (Monday), minutes from midnight."""

    days: frozenset[int]
    begin: int
    end: int

    def holds(self, local: datetime) -> bool:
        """Whether this moment is in it; what runs past midnight belongs to the day it begins on."""
        minute, today = local.hour * 60 + local.minute, local.weekday()
        if self.begin < self.end:
            return today in self.days and self.begin <= minute < self.end
        return (today in self.days and minute >= self.begin) or (
            (today - 1) % 7 in self.days and minute < self.end
        )


def spans(expected: str) -> tuple[Span, ...]:
    """The hours that `expected` spells.

    Raises: ValueError when it is not hours.
    """
    return tuple(_span(part) for part in expected.split(", "))


def _span(part: str) -> Span:
    found = _SPAN.fullmatch(part)
    if found is None:
        raise ValueError(f'"{part}" is not hours such as mon-fri 07:00-18:00')
    first, last, *clock = found.groups()
    from_day = DAYS.index(first) if first else 0
    to_day = DAYS.index(last or first) if first else 6
    days = frozenset((from_day + step) % 7 for step in range((to_day - from_day) % 7 + 1))
    h1, m1, h2, m2 = map(int, clock)
    return Span(days, h1 * 60 + m1, h2 * 60 + m2)


def outside_hours(expected: str, now: datetime, timezone: str | None) -> bool:
    """Whether `now` is outside these hours on the clock of `timezone`.

    A zone that this machine does not know leaves `now` in its own.
    """
    local = _local(now, timezone)
    return not any(span.holds(local) for span in spans(expected))


def _local(now: datetime, timezone: str | None) -> datetime:
    try:
        return now.astimezone(ZoneInfo(timezone)) if timezone else now
    except (ZoneInfoNotFoundError, ValueError):
        return now
