"""A vendor's export of a peer table, a CSV file, read as what it is: somebody else's text.

Everything that is wrong with it is collected, each with its line, so that one look mends the file; a row that was
left out would look like one that was deleted. What is merely odd (a title of 20 characters) stays as it is, since
it is what the console holds.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from typing import Any

from pacsconf.core.resource import Value
from pacsconf.inventory import formats
from pacsconf.inventory.console_export import Column, ExportConfig
from pacsconf.inventory.systems import rights

MOST_BYTES = 8 * 1024 * 1024
"""A larger file is no peer table: 5,000 rows take one megabyte."""

_MOST_ROWS = 50_000
_WIDEST = 255
"""Characters of a cell that is read."""
_MOST_HEADINGS = 20
"""Headings that are repeated in a message."""

_BYTE_ORDER_MARK = "\ufeff"
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
"""What a file says of its encoding itself, whatever is configured."""
_WINDOWS = " (windows-1252 is usual in Windows)"
_SEPARATOR_LINE = re.compile(r"sep=.?\r?\n?", re.IGNORECASE)
"""What spreadsheets write first, to tell themselves which delimiter follows."""

_YES = frozenset({"1", "true", "yes", "y", "on", "enabled", "ja", "oui", "si", "x", "tls"})
_NO = frozenset({"", "0", "false", "no", "n", "off", "disabled", "nein", "non", "-", "none"})


@dataclass(frozen=True, slots=True)
class Row:
    """One peer of an export, and the line of the file it begins in."""

    alias: str
    line: int
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an export; `line` counts from 1."""

    line: int
    text: str


Cells = tuple[int, list[str]]
"""A row's first line and its cells."""


def parse(data: bytes, config: ExportConfig) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
    """The rows of an export, and everything that is wrong with it; where that is anything, do not use the rows."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), config.encoding)
    try:
        text = data.decode(encoding).removeprefix(_BYTE_ORDER_MARK)
    except UnicodeError as exc:
        return (), (
            Problem(_line_of(data, exc), f"this is no {encoding}; say in `encoding` what it is{_WINDOWS}"),
        )
    cells: list[Cells] = []
    problems: list[Problem] = []
    try:
        cells += _cells(text, config.delimiter)
    except _Broken as exc:
        problems.append(Problem(exc.line, str(exc)))
    if not cells:
        return (), (*problems, Problem(1, "no row of headings stands here"))
    (at, headings), *rows = cells
    reader, wrong = _Reader.of([heading.strip() for heading in headings], at, config)
    if wrong:
        return (), (*wrong, *problems)
    return reader.read(rows, problems)


# --- the file as cells ------------------------------------------------------------------------------------------


class _Broken(Exception):
    """The file stops being CSV here."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


def _cells(text: str, delimiter: str) -> Iterator[Cells]:
    """Every row that holds anything. Raises: _Broken where the rest cannot be told from quotes any more."""
    skipped = _SEPARATOR_LINE.match(text)
    offset = 1 if skipped else 0
    reader = csv.reader(
        StringIO(text[skipped.end() :] if skipped else text, newline=""), delimiter=delimiter, strict=True
    )
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise _Broken(
                begins + offset, f"the row that begins here is no CSV: {exc}; look for a quote"
            ) from exc
        if begins > _MOST_ROWS:
            raise _Broken(begins + offset, f"more than {_MOST_ROWS} lines: this is no peer table")
        if any(cell.strip() for cell in cells):
            yield begins + offset, cells
        begins = reader.line_num + 1


def _line_of(data: bytes, error: UnicodeError) -> int:
    start = error.start if isinstance(error, UnicodeDecodeError) else 0
    return data.count(b"\n", 0, start) + 1


# --- cells as peers ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads rows by the positions of the columns that were asked for."""

    width: int
    at: Mapping[Column, int]
    columns: Mapping[Column, str]

    @classmethod
    def of(cls, headings: list[str], line: int, config: ExportConfig) -> tuple[_Reader, tuple[Problem, ...]]:
        """A reader for these headings, and what is wrong with them."""
        times = Counter(headings)
        problems = [
            Problem(line, _missing(name, headings)) for name in config.columns.values() if not times[name]
        ]
        problems += [
            Problem(line, f'the heading "{name}" stands here {times[name]} times: which column is meant?')
            for name in config.columns.values()
            if times[name] > 1
        ]
        at = {field: headings.index(name) for field, name in config.columns.items() if name in times}
        return cls(len(headings), at, config.columns), tuple(problems)

    def read(self, rows: list[Cells], problems: list[Problem]) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
        """All rows with one name each, and what is wrong with the others, by line."""
        found: dict[str, Row] = {}
        for line, cells in rows:
            row, wrong = self._row(line, cells)
            problems += wrong
            if row is not None and row.alias in found:
                first = found[row.alias].line
                problems.append(Problem(line, f'"{row.alias}" stands in line {first} already'))
            elif row is not None:
                found[row.alias] = row
        return tuple(found.values()), tuple(sorted(problems, key=lambda one: one.line))

    def _row(self, line: int, cells: list[str]) -> tuple[Row | None, list[Problem]]:
        if len(cells) < self.width or any(cell.strip() for cell in cells[self.width :]):
            return None, [Problem(line, f"this row has {_cells_in(len(cells))} under {self.width} headings")]
        fields: dict[str, Value] = {}
        problems = []
        for field, position in self.at.items():
            try:
                value = _PARSERS[field](_plain(cells[position]))
            except ValueError as exc:
                problems.append(Problem(line, f"{self.columns[field]}: {exc}"))
                continue
            if value is not None and value != ():
                fields[field] = value
        alias = fields.pop("alias", fields.get("ae_title"))
        if alias is None and not problems:
            name = self.columns.get("alias") or self.columns["ae_title"]
            problems.append(Problem(line, f"{name} is empty: nothing names this row"))
        return (Row(str(alias), line, fields) if alias is not None and not problems else None), problems


def _missing(name: str, headings: list[str]) -> str:
    near = get_close_matches(name, headings, n=1)
    shown = ", ".join(f'"{heading[:40]}"' for heading in headings[:_MOST_HEADINGS] if heading)
    meant = f'; did you mean "{near[0][:40]}"?' if near else f"; there are {shown}"
    only = " (is `delimiter` right?)" if len(headings) == 1 else ""
    return f'no column has the heading "{name}"{meant}{only}'


def _cells_in(number: int) -> str:
    return f"{number} cell{'' if number == 1 else 's'}"


def _plain(cell: str) -> str:
    """The cell without spaces around it. Raises: ValueError for what is no plain value."""
    text = cell.strip()
    if len(text) > _WIDEST:
        raise ValueError(f"{len(text)} characters are no value of a peer")
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise ValueError("a line break or another control character stands in this cell")
    return text


def _text(text: str) -> str | None:
    return text or None


def _host(text: str) -> str | None:
    """As the inventory spells it (IPv6 addresses have many spellings); what is no host stays what it is."""
    try:
        return formats.host(text) if text else None
    except ValueError:
        return text


def _port(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise ValueError(f'"{text}" is no port')
    return formats.port(int(text))


def _switch(text: str) -> bool | None:
    """True, or None: a switch that is off is no value."""
    word = text.lower()
    if word not in _YES | _NO:
        raise ValueError(f'"{text}" is neither yes nor no')
    return True if word in _YES else None


def _words(text: str) -> tuple[str, ...]:
    """Rights in our words where they are known; others stay as they are."""
    found: set[str] = set()
    for word in re.split(r"[\s,;|+]+", text.lower()):
        known = word.removeprefix("c-")
        try:
            found.update(rights(known) if known else ())
        except ValueError:
            found.add(word)
    return tuple(sorted(found))


_PARSERS: Mapping[Column, Callable[[str], Any]] = {
    "alias": _text,
    "ae_title": _text,
    "host": _host,
    "port": _port,
    "tls": _switch,
    "allow": _words,
}
