"""How full a storage is, how that went on, and when it will be full if it goes on so. Pure.

The trend is a straight line through the samples of the last ninety days (least squares), laid through the newest
one. With fewer than three samples, or less than two weeks between the first and the last, no trend is told: a busy
week would be taken for a habit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import linear_regression
from typing import Any, Literal

NO_LIMIT = 0
WINDOW = timedelta(days=90)
FEWEST = 3
SHORTEST = timedelta(days=14)
_FARTHEST = 36_500
"""Days beyond which nothing is foretold."""
_SHRINKS = 0.02
"""The part by which a storage must have become smaller between two samples to count as emptied."""
MOST_SAMPLES = 1000
"""Of one storage, kept in the record: one for each day of almost three years."""
MAX_BYTES = 4 * 1024 * 1024
FORMAT_VERSION = 1

Mode = Literal["reject", "recycle"]
Trend = Literal["too few", "grows", "steady", "shrinks"]


@dataclass(frozen=True, slots=True)
class Stock:
    """What a storage held at a moment (ISO 8601, UTC), and how much it may hold.

    Of both maximums 0 is no limit, None not known; so is `mode`, what it does when it is full.
    """

    at: str
    bytes: int
    patients: int
    studies: int
    series: int
    instances: int
    maximum_bytes: int | None = None
    maximum_patients: int | None = None
    mode: Mode | None = None

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def filled(self) -> float | None:
        """The part that is full, by whichever limit is nearer; None where there is none, or none is known."""
        parts = [
            held / most
            for held, most in ((self.bytes, self.maximum_bytes), (self.patients, self.maximum_patients))
            if most
        ]
        return max(parts, default=None)

    @property
    def armed(self) -> bool | None:
        """Whether it deletes patients by itself when it is full; None where that is not known."""
        limits = self.maximum_bytes, self.maximum_patients
        if self.mode == "reject" or limits == (NO_LIMIT, NO_LIMIT):
            return False
        return True if self.mode == "recycle" and any(limits) else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """How a storage goes on. `per_day` are bytes; `full` is the day on which a limit is reached, by `limit`.

    `points` samples over `days` days were looked at; `emptied`: it became smaller in between, so that the line is a
    poor guide.
    """

    trend: Trend
    points: int
    days: int
    per_day: float = 0.0
    full: date | None = None
    limit: Literal["size", "patients", ""] = ""
    emptied: bool = False


def forecast(history: Iterable[Stock]) -> Forecast:
    """When this storage is full, from its samples, the newest of which is how it is now."""
    samples = sorted(history, key=lambda one: one.moment)
    if not samples:
        return Forecast("too few", 0, 0)
    now = samples[-1]
    recent = [one for one in samples if now.moment - one.moment <= WINDOW]
    span = now.moment - recent[0].moment
    if len(recent) < FEWEST or span < SHORTEST:
        return Forecast("too few", len(recent), span.days)
    per_day = _slope(recent, [one.bytes for one in recent])
    people = _slope(recent, [one.patients for one in recent])
    days, limit = min(
        (_days(now.bytes, now.maximum_bytes, per_day), "size"),
        (_days(now.patients, now.maximum_patients, people), "patients"),
    )
    full = now.moment.date() + timedelta(days=int(days)) if days <= _FARTHEST else None
    return Forecast(
        _trend(per_day, now),
        len(recent),
        span.days,
        per_day,
        full,
        ("size" if limit == "size" else "patients") if full else "",
        any(later.bytes < earlier.bytes * (1 - _SHRINKS) for earlier, later in pairwise(recent)),
    )


def _slope(samples: Sequence[Stock], values: Sequence[int]) -> float:
    """How much more each day."""
    first = samples[0].moment
    days = [(one.moment - first) / timedelta(days=1) for one in samples]
    return linear_regression(days, values).slope


def _days(held: int, most: int | None, per_day: float) -> float:
    """Days until a limit is reached; none for one that never is."""
    if not most:
        return float("inf")
    if held >= most:
        return 0.0
    return (most - held) / per_day if per_day > 0 else float("inf")


def _trend(per_day: float, now: Stock) -> Trend:
    """A thousandth of what it holds, over the whole window, is no change worth a word."""
    if abs(per_day) * WINDOW.days <= now.bytes / 1000:
        return "steady"
    return "grows" if per_day > 0 else "shrinks"


# --- in the record ------------------------------------------------------------------------------------------------


def remembered(history: Iterable[Stock], sample: Stock) -> tuple[Stock, ...]:
    """The samples with one more, the last of each day, oldest first; the oldest are forgotten."""
    by_day = {one.moment.astimezone(UTC).date(): one for one in sorted((*history, sample), key=_by_moment)}
    return tuple(by_day[day] for day in sorted(by_day))[-MOST_SAMPLES:]


def _by_moment(one: Stock) -> datetime:
    return one.moment


def to_lines(history: Iterable[Stock]) -> bytes:
    """The samples as the record keeps them: what it is, then one line of JSON each."""
    head = {"kind": "pacsconf storage", "format_version": FORMAT_VERSION}
    rows = ({name: value for name, value in asdict(one).items() if value is not None} for one in history)
    return "".join(json.dumps(row, sort_keys=True) + "\n" for row in (head, *rows)).encode("ascii")


class Unreadable(ValueError):
    """Samples that cannot be read; another version may have written them."""


def from_lines(data: bytes) -> tuple[Stock, ...]:
    """The inverse of `to_lines`, of what another machine wrote.

    Raises: Unreadable.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable("it is larger than any history of a storage")
    try:
        head, *rows = (json.loads(row) for row in data.splitlines())
        version = head["format_version"] if head["kind"] == "pacsconf storage" else None
        if version != FORMAT_VERSION:
            raise Unreadable("it is no history of a storage that this version reads")
        return tuple(_sample(row) for row in rows)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as exc:
        raise Unreadable("it is no history of a storage that this version reads") from exc


def _sample(row: dict[str, Any]) -> Stock:
    made = Stock(**row)
    numbers = [getattr(made, one.name) for one in fields(Stock) if one.name not in ("at", "mode")]
    if any(type(number) is not int or number < 0 for number in numbers if number is not None):
        raise Unreadable("a number in it is none")
    if made.mode not in (None, "reject", "recycle") or made.moment.tzinfo is None:
        raise Unreadable("a word in it is none")
    return replace(made, at=made.moment.astimezone(UTC).isoformat(timespec="seconds"))
