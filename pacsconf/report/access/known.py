"""What is known beside access itself: names that may be shown, places in files and commits, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from pacsconf.core.finding import Path
from pacsconf.core.moment import day_in_words, iso_in_words
from pacsconf.report.lines import Line, Lines, Span, line, width_of, wrapped


class Origin(NamedTuple):
    """Where something stands in a file, and since which commit; `commit` is empty while it is not committed.

    `in_git`: whether git has the file at all.
    """

    place: str
    commit: str = ""
    day: date | None = None
    in_git: bool = False
    boundary: bool = False

    def __str__(self) -> str:
        """`inventory/people.yaml:4, since 3f2a9c1 (12 Jan 2026)`."""
        if not self.in_git:
            return self.place
        if not self.commit:
            return f"{self.place}, not committed yet"
        since = "since before" if self.boundary else "since"
        return f"{self.place}, {since} {self.commit[:7]} ({day_in_words(self.day)})"


class Applied(NamedTuple):
    """Since when the record has something as applied."""

    at: str
    commit: str

    def __str__(self) -> str:
        return f"applied {iso_in_words(self.at)} ({self.commit[:7]})"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside access itself."""

    origins: Mapping[Path, Origin] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """By user, who they are: empty unless names were asked for."""
    applied: Mapping[tuple[str, str], Applied] = field(default_factory=dict)
    """By system and group, since when the user is in it by pacsconf."""

    def called(self, user: str) -> str:
        """A user's id, and the name where names are shown."""
        name = self.names.get(user)
        return f"{user} ({name})" if name else user


Row = tuple[str | Span, ...]


def table(rows: Sequence[Row], width: int) -> Lines:
    """Rows with their columns below each other; the last one is wrapped within the width."""
    if not rows:
        return ()
    count = max(map(len, rows))
    cells = [[_line(cell) for cell in (*row, *([""] * (count - len(row))))] for row in rows]
    wide = [max(width_of(row[at]) for row in cells) for at in range(count - 1)]
    room = max(24, 2 * width // 5)
    wide = [min(each, room) for each in wide]
    return tuple(this for row in cells for this in _row(row, wide, width))


def _row(row: Sequence[Line], wide: Sequence[int], width: int) -> Lines:
    first: Line = line("  ")
    for cell, size in zip(row[:-1], wide, strict=True):
        first = (*first, *cell, Span(" " * max(0, size - width_of(cell)) + "  "))
    last = row[-1]
    text, style = "".join(span.text for span in last), last[0].style if last else ""
    if not text:
        return (first,)
    return wrapped(text, width, first=first, indent=min(width_of(first), max(6, width // 2)), style=style)


def _line(cell: str | Span) -> Line:
    return line(cell)


def heading(text: str) -> Line:
    """The heading of a part."""
    return line(Span(text, "strong"))
