"""In which spans of study dates an archive is asked, so that no answer grows too long. Pure.

From the newest to the oldest, a few weeks at a time. An archive that holds little of a span is asked about a
longer one next, as most of a century is empty. One whose answer was cut off is asked about each half; so is one
that answers with a suspiciously round number, since some cut off without a word: what the halves add up to tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

DAWN = date(1950, 1, 1)
"""What is older, if anything is, is asked for at once."""
_EPOCH = date(1900, 1, 1)
_AHEAD = timedelta(days=366)
"""Between these even an open end has a middle: no study is older, and none so far in the future, but by mistake."""
_LONGEST = 4 * 365
"""Days of the longest span that is asked about at once within that time."""
_LITTLE = 100
"""Studies of a window that are so few that the next one may be longer."""
_FEWEST = 20
"""Answers from which on a round number may be a limit."""

Study = TypeVar("Study")


@dataclass(frozen=True, slots=True)
class Window:
    """From one day to another, both included; None is without an end (PS3.4 section C.2.2.2.5)."""

    first: date | None
    last: date | None

    def __str__(self) -> str:
        """As it is asked for: a range of dates."""
        first, last = (f"{day:%Y%m%d}" if day else "" for day in (self.first, self.last))
        return first if first == last and first else f"{first}-{last}"

    def halves(self, today: date) -> tuple[Window, Window] | None:
        """The newer half and the older one; None where there is no half of it."""
        first, last = self.first or _EPOCH, self.last or today + _AHEAD
        if first >= last:
            return None
        middle = first + (last - first) // 2
        return Window(middle + timedelta(days=1), self.last), Window(self.first, middle)


@dataclass(frozen=True, slots=True)
class Answer(Generic[Study]):
    """What an archive said of a window; not `whole` when it was cut off."""

    studies: tuple[Study, ...]
    whole: bool = True


Ask = Callable[[Window], Answer[Study]]


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be asked about, by days of a study; None is without an end."""

    since: date | None
    until: date | None
    today: date
    days: int
    """How much at a time, to begin with."""


@dataclass(frozen=True, slots=True)
class Swept(Generic[Study]):
    """A window that was answered. Not `whole`: there is more on that day than the archive tells at once."""

    window: Window
    studies: tuple[Study, ...]
    whole: bool = True


def sweep(ask: Ask[Study], span: Span) -> Iterator[Swept[Study]]:
    """Every window with what was found in it, from the newest; each study is in one of them."""
    sweeper = _Sweeper(ask, span.today)
    last, days = span.until, span.days
    newest = min(span.until, span.today) if span.until else span.today
    while True:
        first = _first(last or newest, days, span.since)
        found = 0
        for swept in sweeper.of(Window(first, last)):
            found += len(swept.studies)
            yield swept
        if first is None or first == span.since:
            return
        last = first - timedelta(days=1)
        days = min(2 * days, max(_LONGEST, span.days)) if found < _LITTLE else span.days


def _first(last: date, days: int, since: date | None) -> date | None:
    """The first day of a window of so many days; the oldest window of all has no first one."""
    first = last - timedelta(days=days - 1)
    if since is not None:
        return max(first, since)
    return first if first >= DAWN else None


class _Sweeper(Generic[Study]):
    """Asks about windows, and about halves of those whose answers are not whole."""

    def __init__(self, ask: Ask[Study], today: date) -> None:
        self._ask = ask
        self._today = today
        self._trusted = 0
        """The longest answer that was certainly whole: what is no longer is no limit."""

    def of(self, window: Window) -> Iterator[Swept[Study]]:
        left = [window]
        while left:
            asked = left.pop()
            answer = self._ask(asked)
            count = len(answer.studies)
            halves = asked.halves(self._today)
            certain = answer.whole and not self._is_suspicious(count)
            if certain:
                self._trusted = max(self._trusted, count)
            if certain or halves is None:
                yield Swept(asked, answer.studies, certain)
            elif answer.whole:
                yield from self._looked_at_twice(asked, answer, halves)
            else:
                left += reversed(halves)

    def _is_suspicious(self, count: int) -> bool:
        round_number = count % 10 == 0 or count & (count - 1) == 0
        return count >= _FEWEST and count > self._trusted and round_number

    def _looked_at_twice(
        self, asked: Window, answer: Answer[Study], halves: tuple[Window, Window]
    ) -> Iterator[Swept[Study]]:
        """The halves, which add up to what the whole gave, or else to more: then it had been cut off."""
        count = len(answer.studies)
        parts = [swept for half in halves for swept in self.of(half)]
        if sum(len(swept.studies) for swept in parts) <= count and all(swept.whole for swept in parts):
            self._trusted = max(self._trusted, count)
            yield Swept(asked, answer.studies)
        else:
            yield from parts
