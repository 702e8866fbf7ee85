"""Reckoning with whole days of the calendar. Where a day does not exist, the first of the next month stands for it.

So somebody born on 29 February has a birthday on 1 March in other years, and a month after 31 January ends on
1 March: always the later of two days that could be meant, since that keeps longer.
"""

from __future__ import annotations

from datetime import date, timedelta

from pacsconf.inventory.period import Period

OLDEST = 110
"""Years. Who would be older has a birth date that stands for "not known"."""


def after(day: date, period: Period) -> date:
    """The last day of a period that begins on `day`; the last day of the calendar where it would be later."""
    try:
        return months_after(day, period.months) + timedelta(days=period.days)
    except OverflowError:
        return date.max


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or earlier where `months` is negative."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return date(year, month + 2, 1) if month < 11 else date.max


def birthday(birth: date, age: int) -> date:
    """The day on which somebody becomes this old."""
    return months_after(birth, 12 * age)


def latest_birth(age: int, day: date) -> date:
    """The last day of birth of somebody who is this old on a day."""
    birth = months_after(day, -12 * age)
    return birth if age_on(birth, day) == age else birth - timedelta(days=1)


def age_on(birth: date, day: date) -> int:
    """Whole years of age on a day; negative before birth."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
