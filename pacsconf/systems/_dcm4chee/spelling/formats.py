"""How dcm4chee spells what it keeps in text: durations, periods, sizes, schedules, conditions, properties.

The directory takes any text; the archive refuses a wrong one when it loads its configuration, and then all of it.
Sources: Duration, BinaryPrefix, DeleterThreshold, RetentionPeriod, ScheduleExpression and Conditions of
dcm4chee-arc-light 5, and Java's java.time.Period.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from pacsconf.inventory.values import OneOrMany, ruled
from pacsconf.systems._ldap.entry import has_secret_name

_NUMBER = r"([0-9]{1,9})"
_DURATION = re.compile(
    rf"P(?:{_NUMBER}D)?(T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}(?:[.,][0-9]{{1,9}})?S)?)?"
)
_PERIOD = re.compile(rf"P(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?")
_PLAIN = re.compile(r"([0-9]{1,9})\s*([a-z]+)\.?", re.IGNORECASE)
_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([kKMGTP]i?)?B?")
_SCHEDULED = re.compile(r"([^\[\]]*)\[([^\[\]]*)\](.*)")
_LIST = re.compile(r"\*|[0-9]{1,2}(?:-[0-9]{1,2})?(?:,[0-9]{1,2}(?:-[0-9]{1,2})?)*")
_KEY = re.compile(r"[A-Za-z0-9]+(?:[.][A-Za-z0-9]+)*(?:\[([0-9]+)\])?!?")
_JAVA_ONLY = re.compile(r"\\[pPQhRX]|&&|\(\?<[a-zA-Z]")
_NAME_VALUE = re.compile(r"[^=]+=.*", re.DOTALL)

_TIMES: Mapping[str, str] = {"s": "S", "m": "M", "h": "H"}
_DATES: Mapping[str, str] = {"d": "D", "w": "W", "m": "M", "y": "Y"}


# --- durations and periods ----------------------------------------------------------------------------------


def seconds(text: str) -> int:
    """Whole seconds of a duration such as `PT1M`, `PT12H` or `P1D`.

    Raises: ValueError that says what to write instead.
    """
    match = _DURATION.fullmatch(text)
    if not match or not any(match[part] for part in (1, 3, 4, 5)):
        raise ValueError(_rather(text, "a duration", "PT30S, PT1M, PT12H or P1D", _duration_meant))
    days, hours, minutes, rest = (int(match[part] or 0) for part in (1, 3, 4, 5))
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


class Span(NamedTuple):
    """A period of the calendar: months and days, added one after the other."""

    months: int
    days: int

    @property
    def fewest(self) -> int:
        """No fewer days than this, whenever it begins."""
        return self.months * 365_2425 // 12_0000 - (3 if self.months else 0) + self.days

    @property
    def most(self) -> int:
        """No more days than this, whenever it begins."""
        return -(-self.months * 365_2425 // 12_0000) + (3 if self.months else 0) + self.days

    def reaches(self, other: Span) -> bool:
        """Whether this is as long as the other or longer, whenever both begin on the same day."""
        both = self.months >= other.months and self.days >= other.days
        return both or self.fewest >= other.most


def span(text: str) -> Span:
    """The period in `text`, such as `P10Y`, `P18M`, `P2W` or `P1Y6M`.

    Raises: ValueError that says what to write instead.
    """
    match = _PERIOD.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(_rather(text, "a period", "P10Y, P18M, P2W or P30D", _period_meant))
    years, months, weeks, days = (int(part or 0) for part in match.groups())
    return Span(years * 12 + months, weeks * 7 + days)


def _rather(text: str, what: str, examples: str, meant: Callable[[str], str]) -> str:
    """What to write in place of `text`; what was probably meant where that can be told."""
    found = meant(text.strip())
    told = f"write {found}" if found else f"such as {examples}"
    return f"the archive writes {what} as ISO 8601 has it: {told}"


def _duration_meant(text: str) -> str:
    match = _PLAIN.fullmatch(text)
    if not match:
        return text.upper() if _DURATION.fullmatch(text.upper()) and re.search("[0-9]", text) else ""
    unit = match[2][0].lower()
    if unit == "m" and match[2].lower().startswith("mo"):
        return ""
    return (
        f"P{int(match[1])}D" if unit == "d" else f"PT{int(match[1])}{_TIMES[unit]}" if unit in _TIMES else ""
    )


def _period_meant(text: str) -> str:
    match = _PLAIN.fullmatch(text)
    if not match:
        return text.upper() if _PERIOD.fullmatch(text.upper()) and re.search("[0-9]", text) else ""
    unit = match[2][0].lower()
    if unit not in _DATES or match[2].lower().startswith("mi"):
        return ""
    return f"P{int(match[1])}{_DATES[unit]}"


# --- sizes --------------------------------------------------------------------------------------------------


def size(text: str) -> int:
    """The bytes of a size such as `500GB` or `1.5TiB`.

    Raises: ValueError that says what to write instead.
    """
    match = _SIZE.fullmatch(text)
    if not match:
        meant = _size_meant(text)
        told = f": write {meant}" if meant else ", such as 500GB or 1TiB"
        raise ValueError(f"a size is a number and MB, GB, TB, MiB, GiB or TiB, without a space{told}")
    prefix = match[2] or ""
    step = 1024 if prefix.endswith("i") else 1000
    return int(float(match[1]) * step ** (" kMGTP".index(prefix[0].replace("K", "k")) if prefix else 0))


def _size_meant(text: str) -> str:
    match = re.fullmatch(r"([0-9.]+)\s*([kmgtp])(i?)b?", text.strip(), re.IGNORECASE)
    return f"{match[1]}{match[2].upper()}{match[3].lower()}B" if match else ""


# --- schedules ----------------------------------------------------------------------------------------------

ALWAYS = "hour=* dayOfWeek=*"


@dataclass(frozen=True, slots=True)
class Times:
    """Hours of the day (0 to 23) and days of the week (0 is Sunday) on which something is done."""

    hours: frozenset[int]
    days: frozenset[int]

    @property
    def never(self) -> bool:
        return not self.hours or not self.days

    def within(self, other: Times) -> bool:
        """Whether the other holds at every time at which this does."""
        return self.never or (self.hours <= other.hours and self.days <= other.days)


def times(text: str) -> Times:
    """The times of a schedule such as `hour=18-6 dayOfWeek=1-6`.

    A range runs up to its end and does not hold it, as the archive reckons: `hour=18-6` is 18:00 to 05:59, and
    `dayOfWeek=1-6` Monday to Friday.

    Raises: ValueError with the rule that was broken.
    """
    hours, days = frozenset(range(24)), frozenset(range(7))
    for part in text.split(" "):
        name, _, listed = part.partition("=")
        if name not in ("hour", "dayOfWeek") or not _LIST.fullmatch(listed):
            raise ValueError(
                "a schedule is hour= and dayOfWeek= with numbers, ranges and commas, such as"
                " hour=18-6 dayOfWeek=1-6 (0 is Sunday)"
            )
        if name == "hour":
            hours = _listed(listed, 24)
        else:
            days = _listed(listed, 7)
    return Times(hours, days)


def _listed(text: str, size: int) -> frozenset[int]:
    found: set[int] = set()
    for part in () if text == "*" else text.split(","):
        first, _, last = part.partition("-")
        begin, end = int(first), int(last or first)
        if max(begin, end) >= size:
            raise ValueError(
                f"{max(begin, end)} is too large: {'hours are 0 to 23' if size == 24 else 'days are 0 to 6'}"
            )
        found |= {(begin + step) % size for step in range((end - begin) % size)} if last else {begin}
    return frozenset(range(size)) if text == "*" else frozenset(found)


class Scheduled(NamedTuple):
    """What holds at some times only: `2[hour=0-6]500GB`; without brackets always."""

    times: str
    text: str


def scheduled(text: str) -> Scheduled:
    """The parts of `[nn[SCHEDULE]]VALUE`.

    Raises: ValueError for brackets or a schedule that cannot be read.
    """
    match = _SCHEDULED.fullmatch(text)
    if not match:
        if "[" in text or "]" in text:
            raise ValueError("a schedule stands in brackets before the value: 1[hour=0-6]500GB")
        return Scheduled("", text)
    times(match[2])
    return Scheduled(match[2], match[3])


# --- conditions and properties ------------------------------------------------------------------------------


def condition(text: str) -> str:
    """The condition in `text`: `Modality=CT|MR`, `SendingApplicationEntityTitle!=X`.

    What stands after the first `=` is a regular expression for the whole value, or codes in parentheses.

    Raises: ValueError with the rule that was broken.
    """
    key, equals, value = text.partition("=")
    match = _KEY.fullmatch(key)
    if not equals or not match:
        raise ValueError(
            "a condition is ATTRIBUTE=EXPRESSION, or ATTRIBUTE!=EXPRESSION for what must not fit, such as"
            " Modality=CT|MR or SendingApplicationEntityTitle!=CT01"
        )
    if match[1] is not None and int(match[1]) < 1:
        raise ValueError("values of an attribute are counted from 1: [1] is the first")
    if not value:
        raise ValueError(
            f"nothing fits an empty expression; {key.rstrip('!')}!=.+ fits what has no value there"
        )
    try:
        re.compile(value)
    except re.error as exc:
        if not _JAVA_ONLY.search(value):
            raise ValueError(f"{value} is no regular expression: {exc.msg}") from exc
    return text


def name_value(text: str) -> str:
    """`NAME=VALUE`, and no secret.

    Raises: ValueError when it has another form, or its name says that the value is secret.
    """
    if not _NAME_VALUE.fullmatch(text):
        raise ValueError("a property is written as name=value")
    if has_secret_name(name := text.partition("=")[0]):
        raise ValueError(
            f"what stands under {name} is secret, and such values are never read back: take it out, change the "
            "secret if it was real, and set it in the directory by hand, where it then stays"
        )
    return text


def _checked(check: Callable[[str], object]) -> AfterValidator:
    """The text itself, when the check takes it."""

    def same(text: str) -> str:
        check(text)
        return text

    return AfterValidator(ruled("PACS-VAL-002", same))


def _scheduled(check: Callable[[str], object]) -> Callable[[str], object]:
    return lambda text: check(scheduled(text).text)


# --- types for models ---------------------------------------------------------------------------------------

Duration = Annotated[str, _checked(seconds)]
"""ISO 8601: `PT1M`."""
CalendarSpan = Annotated[str, _checked(span)]
"""ISO 8601: `P10Y`."""
Size = Annotated[str, _checked(size)]
"""`500GB`."""
Schedules = Annotated[tuple[Annotated[str, _checked(times)], ...], OneOrMany]
"""Any of these; none: always."""
Sizes = Annotated[tuple[Annotated[str, _checked(_scheduled(size))], ...], OneOrMany]
"""`500GB`, or `1[hour=0-6]500GB` for some times only."""
Spans = Annotated[tuple[Annotated[str, _checked(_scheduled(span))], ...], OneOrMany]
"""`P10Y`, or `1[hour=0-6]P10Y` for some times only."""
Conditions = Annotated[tuple[Annotated[str, _checked(condition)], ...], OneOrMany]
"""All of them must fit."""
Properties = Annotated[tuple[Annotated[str, _checked(name_value)], ...], OneOrMany]
"""`name=value`."""
