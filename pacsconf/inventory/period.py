"""A period of the calendar, such as ten years: what retention rules count with.

Not a number of days, since ten years are 3652 or 3653 of them, and the law means the calendar's.
(`formats.period` is for waiting times, where a day more or less does not matter.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from pacsconf.inventory.values import ruled

LONGEST = 200
"""Years. Longer than any law asks for: what exceeds it was mistyped."""

_PERIOD = re.compile(r"([0-9]{1,5})([ymwd])")
_WORDS = re.compile(r"([0-9]{1,5})\s*(y|m|w|d|years?|months?|weeks?|days?|yrs?|mos?)\.?", re.IGNORECASE)
_ISO = re.compile(r"P([0-9]{1,5})([YMWD])", re.IGNORECASE)
_YEAR = 52 * 7
"""Days that are still shown as weeks."""
_NUMBER = re.compile(r"[0-9]{1,5}")
_UNITS = {"y": "years", "m": "months", "w": "weeks", "d": "days"}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Months (twelve to a year) and days (seven to a week) of the calendar; one of the two is 0."""

    months: int = 0
    days: int = 0

    def __str__(self) -> str:
        if self.months:
            return f"{self.months // 12}y" if self.months % 12 == 0 else f"{self.months}m"
        return f"{self.days // 7}w" if self.days % 7 == 0 and self.days <= _YEAR else f"{self.days}d"

    @property
    def words(self) -> str:
        """For the eye: `10 years`, `1 month`."""
        text = str(self)
        number, unit = text[:-1], _UNITS[text[-1]]
        return f"{number} {unit.removesuffix('s') if number == '1' else unit}"

    @property
    def iso(self) -> str:
        """As ISO 8601 has it: `P10Y`, `P18M`, `P2W`, `P30D`."""
        return f"P{str(self).upper()}"


def period(text: str) -> Period:
    """The period in `text`: `10y`, `18m`, `2w` or `30d`.

    Raises: ValueError that says what to write instead.
    """
    match = _PERIOD.fullmatch(text)
    if not match:
        raise ValueError(_instead(text))
    number, unit = int(match[1]), match[2]
    if not number:
        raise ValueError(f"{text} keeps nothing; leave the rule out, or say how long")
    found = Period(*_MEANS[unit](number))
    if found.months > LONGEST * 12 or found.days > LONGEST * 366:
        raise ValueError(f"{text} is longer than {LONGEST} years; was another unit meant?")
    return found


_MEANS: Mapping[str, Callable[[int], tuple[int, int]]] = {
    "y": lambda number: (number * 12, 0),
    "m": lambda number: (number, 0),
    "w": lambda number: (0, number * 7),
    "d": lambda number: (0, number),
}


def _instead(text: str) -> str:
    """What is wrong with a text that is no period, with the text that was probably meant."""
    meant = _ISO.fullmatch(text.strip()) or _WORDS.fullmatch(text.strip())
    if meant:
        return f"a period is written as {int(meant[1])}{meant[2][0].lower()} here, not as {text}"
    if _NUMBER.fullmatch(text) and int(text):
        return (
            f"{text} has no unit: write {text}y (years), {text}m (months), {text}w (weeks) or {text}d (days)"
        )
    return "a period is a number and a unit: 10y (years), 18m (months), 2w (weeks), 30d (days)"


def _read(value: Any) -> Period:
    return value if isinstance(value, Period) else period(str(value))


CalendarPeriod = Annotated[
    Period,
    BeforeValidator(ruled("PACS-RET-021", _read)),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": "^0*[1-9][0-9]{0,4}[ymwd]$"}),
]
"""A period of the calendar, as it is written in YAML."""
