"""Rows of a CSV file (RFC 4180) with the place of each cell.

A line without a quotation mark is split as it stands; what is quoted is looked at mark by mark, and may go on over
the next lines. The library's reader tells no columns, so it is the oracle of the tests and not used here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pacsconf.core.finding import Finding, Place
from pacsconf.inventory.bounded import Bounded
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.tree import Spot

MAX_ROWS = 500_000
MOST_HEADING = 200
"""Characters of a heading; what has more is no table, and is neither repeated nor compared with anything."""
MOST_LINES = 50
"""Lines that one quoted cell may have: one that has more was never closed."""

_BREAK = re.compile(r"\r\n|\n|\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CLOSING = re.compile(r'(?:[^"]|"")*+"')


@dataclass(slots=True)
class Row:
    """One row: what stands in its cells, and where each begins."""

    cells: list[str]
    line: int
    spots: list[tuple[int, int]] | None = None
    """Line and column of each cell; None: all stand in one line, one after the other."""

    def spot(self, file: str, number: int) -> Spot:
        """Where a cell stands."""
        length = max(len(self.cells[number]), 1)
        if self.spots:
            return (file, *self.spots[number], length)
        before = sum(map(len, self.cells[:number])) + number
        return (file, self.line, before + 1, length)


class Unclosed(Exception):
    """A quoted cell that never ends, or goes on after its end; with its line and column."""

    def __init__(self, line: int, column: int, why: str) -> None:
        super().__init__(line, column, why)
        self.line, self.column, self.why = line, column, why


def rows(text: str, delimiter: str) -> Iterator[Row]:
    """The rows of a text that are not empty.

    Raises: Unclosed for a quoted cell that cannot be read; nothing after it can be told apart.
    """
    lines = text.split("\n") if "\r" not in text else _BREAK.split(text)
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if '"' in line:
            row, number = _quoted(lines, number, delimiter)
            yield row
        elif line:
            yield Row(line.split(delimiter), number)


def _quoted(lines: Sequence[str], number: int, delimiter: str) -> tuple[Row, int]:
    """The row that begins in a line (counted from 1), and the number of its last line."""
    line, at = lines[number - 1], 0
    cells: list[str] = []
    spots: list[tuple[int, int]] = []
    first = number
    while True:
        spots.append((number, at + 1))
        if line.startswith('"', at):
            cell, number, at = _cell(lines, number, at)
            line = lines[number - 1]
            if at < len(line) and line[at] != delimiter:
                raise Unclosed(number, at + 1, "Something follows on the closing quotation mark of a cell.")
        else:
            end = line.find(delimiter, at)
            cell, at = (line[at:], len(line)) if end < 0 else (line[at:end], end)
        cells.append(cell)
        if at >= len(line):
            return Row(cells, first, spots), number
        at += 1


def _cell(lines: Sequence[str], number: int, at: int) -> tuple[str, int, int]:
    """What stands in the quoted cell that begins here, and the line and position after its end."""
    held, first = [], number
    start = at + 1
    while number - first < MOST_LINES and number <= len(lines):
        line = lines[number - 1]
        closed = _CLOSING.match(line, start)
        if closed:
            held.append(line[start : closed.end() - 1])
            return "\n".join(held).replace('""', '"'), number, closed.end()
        held.append(line[start:])
        start, number = 0, number + 1
    raise Unclosed(first, at + 1, "The quotation mark that begins a cell here is never closed.")


# --- a table with headings ------------------------------------------------------------------------------------


class Table:
    """A CSV file: its headings, and the rows below them that have as many cells; what is wrong is collected."""

    def __init__(self, file: str, text: str, delimiter: str) -> None:
        self.file = file
        self.findings = Bounded()
        self._rows = self._readable(text, delimiter)
        self.headings: list[str] = []
        first = next(self._rows, None)
        if first is None:
            self.findings.add(_empty(file))
        elif any(len(cell) > MOST_HEADING for cell in first.cells):
            self.findings.add(_no_table(file))
        else:
            self.headings = [cell.strip() for cell in first.cells]
            self._doubled(first)
        if control := _CONTROL.search(text):
            self.findings.add(_odd_character(file, text, control.start()))

    def _readable(self, text: str, delimiter: str) -> Iterator[Row]:
        try:
            yield from rows(text, delimiter)
        except Unclosed as exc:
            self.findings.add(_unclosed(Place(self.file, exc.line, exc.column), exc.why))

    def _doubled(self, first: Row) -> None:
        seen: dict[str, int] = {}
        for number, heading in enumerate(self.headings):
            before = seen.setdefault(heading, number)
            if heading and before != number:
                places = [Place(*first.spot(self.file, one)) for one in (number, before)]
                self.findings.add(_doubled(heading, *places))

    def number(self, heading: str, place: Place | None) -> int | None:
        """Which column has this heading; None, and a finding where it was named, if none has."""
        if heading in self.headings:
            return self.headings.index(heading)
        if self.headings:
            self.findings.add(_no_column(heading, self.headings, self.file, place))
        return None

    def rows(self) -> Iterator[Row]:
        """The rows below the headings."""
        width = len(self.headings)
        for count, row in enumerate(self._rows):
            if count >= MAX_ROWS:
                self.findings.add(_too_many(Place(self.file, row.line, 1)))
                return
            if len(row.cells) == width:
                yield row
            elif any(cell.strip() for cell in row.cells):
                self.findings.add(_other_width(Place(self.file, row.line, 1), len(row.cells), width))


# --- what is wrong, in our words --------------------------------------------------------------------------------


def _empty(file: str) -> Finding:
    summary = "The file has no headings: it is empty"
    return Finding("PACS-CSV-003", "error", summary, _WHOLE, _AGAIN, place=Place(file, 1, 1))


def _no_table(file: str) -> Finding:
    summary = f"The file is no table: its first line has a heading of more than {MOST_HEADING} characters"
    return Finding("PACS-CSV-003", "error", summary, _WHOLE, _AGAIN, place=Place(file, 1, 1))


def _unclosed(place: Place, why: str) -> Finding:
    summary = "This cannot be read as CSV: a quotation mark is missing, or there is one too many"
    return Finding("PACS-CSV-004", "error", summary, f"{why} {_WHOLE}", _AGAIN, place=place)


def _odd_character(file: str, text: str, at: int) -> Finding:
    before = text[:at]
    place = Place(file, before.count("\n") + 1, at - before.rfind("\n"))
    summary = f"The file holds a control character (U+{ord(text[at]):04X})"
    return Finding(
        "PACS-CSV-004",
        "error",
        summary,
        "Nobody sees it, and programs take it for different things. Perhaps the encoding is another one.",
        "Take it out, or say what the encoding is.",
        place=place,
    )


def _doubled(heading: str, place: Place, before: Place) -> Finding:
    return Finding(
        "PACS-CSV-003",
        "error",
        f'Two columns have the heading "{heading}"',
        "Which of them is meant cannot be told.",
        "Give one of them another heading.",
        place=place,
        also=((before, "the first one"),),
    )


def _no_column(heading: str, headings: Sequence[str], file: str, place: Place | None) -> Finding:
    known = ", ".join(one for one in headings if one)
    return Finding(
        "PACS-CSV-003",
        "error",
        f'{file} has no column "{heading}"{nearest(heading, headings)}',
        "What it was to say is missing of everybody.",
        f"Its headings: {known}. Is the delimiter right?",
        place=place or Place(file, 1, 1),
    )


def _other_width(place: Place, cells: int, width: int) -> Finding:
    return Finding(
        "PACS-CSV-005",
        "error",
        f"This row has {cells} cells, and there are {width} headings",
        "What stands where cannot be told, so the row was not read.",
        'A cell with a delimiter in it is put in quotes: "Smith, MD".',
        place=place,
    )


def _too_many(place: Place) -> Finding:
    return Finding(
        "PACS-CSV-002",
        "error",
        f"The file has more than {MAX_ROWS:,} rows",
        "No hospital has so many people: this is probably something else.",
        "Take out who is not meant.",
        place=place,
    )


_WHOLE = "The file is read whole or not at all: people who are missing would lose their access."
_AGAIN = "Export it again, or correct it here."
