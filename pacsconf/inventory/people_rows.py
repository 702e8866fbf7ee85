"""Rows of a list of people as members of `users`, as a YAML file would have them, each value with its place."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, get_args

from pacsconf.core.finding import Finding, Place
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.people import UserStatus
from pacsconf.inventory.people_csv import Row, Table
from pacsconf.inventory.people_declaration import Kind
from pacsconf.inventory.people_source import Columns, PeopleSource, day_reader
from pacsconf.inventory.tree import Node, Spot

DAYS = frozenset({"starts", "ends"})
_APART = re.compile(r"[\s,;|]+")
_TEXTS = tuple(
    name for name, field in Columns.model_fields.items() if name not in ("id", "roles", "trainings", "logins")
)

Read = Callable[[str], str | None]
"""From what stands in a cell to what is declared by it; None: nothing. Raises ValueError for what is wrong."""


def _one_of(words: tuple[str, ...]) -> Read:
    """What reads one of these words. Others are not repeated: under the wrong heading they may be anything."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"is none of {', '.join(words)}")
        return text

    return read


_WORDS: Mapping[str, Read] = {"kind": _one_of(get_args(Kind)), "status": _one_of(get_args(UserStatus))}


class _Cell(NamedTuple):
    """A column that is looked at: the key it is for, where it is, and how it is read."""

    key: str
    number: int
    read: Read | None


class People:
    """The rows of one table that count, as members of `users`."""

    def __init__(self, table: Table, source: PeopleSource, node: Node) -> None:
        self.table = table
        self.source = source
        self.node = node
        self.day = day_reader(source.dates)
        self.unmapped: Counter[str] = Counter()
        columns = source.columns
        self.id = self._number(columns.id, "columns", "id")
        self.cells = tuple(self._cells(columns))
        self.maps = {
            "trainings": tuple(self._of_map("trainings", self.day)),
            "logins": tuple(self._of_map("logins", None)),
        }
        self.roles = self._number(columns.roles, "columns", "roles") if columns.roles else None
        self.job = self._number(source.roles_by.column, "roles_by", "column") if source.roles_by else None
        self.only = tuple(self._only())
        kind = node.entries.get("kind")
        self.kind = kind if source.kind else None

    # --- which columns

    def _number(self, heading: str, *path: str) -> int | None:
        node = self.node
        for step in path:
            node = node.entries.get(step, node)
        return self.table.number(heading, node.named_at)

    def _cells(self, columns: Columns) -> Iterator[_Cell]:
        for key in _TEXTS:
            heading = getattr(columns, key)
            number = self._number(heading, "columns", key) if heading else None
            if number is not None:
                yield _Cell(key, number, self._reader(key))

    def _reader(self, key: str) -> Read | None:
        words = self.source.values.get(key)
        of_key = self.day if key in DAYS else _WORDS.get(key)
        if not words:
            return of_key
        return lambda text: words[text] if text in words else of_key(text) if of_key else text

    def _of_map(self, key: str, read: Read | None) -> Iterator[_Cell]:
        for name, heading in getattr(self.source.columns, key).items():
            number = self._number(heading, "columns", key, name)
            if number is not None:
                yield _Cell(name, number, read)

    def _only(self) -> Iterator[tuple[int, frozenset[str]]]:
        for heading, values in self.source.only.items():
            number = self._number(heading, "only", heading)
            if number is not None:
                yield number, frozenset(values)

    # --- rows

    def by_id(self) -> Iterator[tuple[str, Node]]:
        """Each row that counts, by the id in it."""
        if self.id is None:
            deque(self.table.rows(), maxlen=0)  # for what else is wrong
            return
        file, number = self.table.file, self.id
        for row in self.table.rows():
            if self.only and any(row.cells[at].strip() not in wanted for at, wanted in self.only):
                continue
            name = row.cells[number].strip()
            if not name:
                self.table.findings.add(_nameless(Place(*row.spot(file, number)), self.source.columns.id))
                continue
            yield name, Node(self._values(row), (file, row.line, 1, 1), row.spot(file, number))
        if self.unmapped:
            self.table.findings.add(self._without_roles())

    def _values(self, row: Row) -> dict[str, Node]:
        found = dict(self._texts(row, self.cells))
        if self.kind is not None:
            found.setdefault("kind", self.kind)
        for key, cells in self.maps.items():
            if cells and (within := dict(self._texts(row, cells))):
                found[key] = Node(dict(within), row.spot(self.table.file, cells[0].number))
        if roles := [*self._listed_roles(row), *self._roles_by_job(row)]:
            found["roles"] = Node(roles, roles[0].at)
        return found

    def _texts(self, row: Row, cells: tuple[_Cell, ...]) -> Iterator[tuple[str, Node]]:
        file, held = self.table.file, row.cells
        for key, number, read in cells:
            text = held[number].strip()
            if not text:
                continue
            if "\n" in text:
                text = " ".join(text.split())
            if read is not None:
                try:
                    value = read(text)
                except ValueError as exc:
                    self.table.findings.add(_unreadable(Place(*row.spot(file, number)), key, str(exc)))
                    continue
                if value is None:
                    continue
                text = value
            yield key, Node(text, row.spot(file, number))

    def _listed_roles(self, row: Row) -> Iterator[Node]:
        if self.roles is not None:
            spot = row.spot(self.table.file, self.roles)
            yield from (Node(role, spot) for role in _APART.split(row.cells[self.roles]) if role)

    def _roles_by_job(self, row: Row) -> Iterator[Node]:
        if self.job is None or self.source.roles_by is None:
            return
        job = row.cells[self.job].strip()
        roles = self.source.roles_by.map.get(job)
        if roles is None:
            self.unmapped[job] += 1
            return
        spot: Spot = row.spot(self.table.file, self.job)
        yield from (Node(role, spot) for role in roles)

    def _without_roles(self) -> Finding:
        assert self.source.roles_by, "counted by it"
        column, known = self.source.roles_by.column, self.source.roles_by.map
        most = [f'"{job}"{nearest(job, known)} ({count})' for job, count in self.unmapped.most_common(5)]
        more = f", and {len(self.unmapped) - len(most)} others" if len(self.unmapped) > len(most) else ""
        place = self.node.entries["roles_by"].entries["map"].named_at
        return Finding(
            "PACS-CSV-007",
            "info",
            f"Rows of {self.table.file} whose {column} gives no role: {sum(self.unmapped.values())}",
            f"{', '.join(most)}{more}.",
            "Add it to the map, or leave those rows out by `only`.",
            place=place,
        )


def _nameless(place: Place, heading: str) -> Finding:
    return Finding(
        "PACS-CSV-005",
        "error",
        f'This row has nothing under "{heading}", which is whose row it is',
        "It would be nobody's, so it was not read.",
        "Fill it in, or take the row out, here or by `only`.",
        place=place,
    )


def _unreadable(place: Place, key: str, why: str) -> Finding:
    """What stands there is not repeated: it may be anything, under the wrong heading."""
    word = f"say what the word is here (values: {{{key}: {{WORD: ...}}}})"
    day = "say how days are written there (dates: DD.MM.YYYY)"
    return Finding(
        "PACS-CSV-005",
        "error",
        f"What stands here for {key} {why}",
        "What follows from it would be missing.",
        f"Correct it, or {word if key in _WORDS else day}.",
        place=place,
    )
