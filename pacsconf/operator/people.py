"""Who people are, from a file that stays outside the repository: for being shown, and for nothing else.

Nothing of it is part of an inventory, a digest, a plan or the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self

from pydantic import StringConstraints, model_validator

from pacsconf.core.errors import OperatorError
from pacsconf.inventory.people import PERSONAL, Personal
from pacsconf.inventory.people_csv import Row, Table
from pacsconf.inventory.people_files import MAX_BYTES, decoded
from pacsconf.inventory.people_source import PeopleTable, PersonalColumns
from pacsconf.operator.private import NOT_TOUCHED_BY_OTHERS, read_private

Environment = Annotated[str, StringConstraints(pattern="^[a-z0-9-]+$")]


class PeopleTables(PeopleTable):
    """What the operator file says of people (`[people]`)."""

    own_accounts: tuple[Environment, ...] = ()
    """Environments where accounts and password policies may be changed from here."""
    offboard: tuple[Environment, ...] = ()
    """Environments where access may be taken away at once from here (`offboard --now`)."""
    invite: str | None = None
    """A program that invites whom an account was given to set a first password."""
    file: str | None = None
    columns: PersonalColumns | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.file is None) != (self.columns is None):
            raise ValueError('file and columns belong together: columns = {id = "STAFF_NO", name = "NAME"}')
        return self

    def at(self, path: Path) -> PeopleList:
        """The list at this path, as it is to be read."""
        assert self.columns is not None, "they belong together"
        return PeopleList(path, self.columns, self)


@dataclass(frozen=True)
class PeopleList:
    """A CSV file with people, read when somebody is to be named."""

    path: Path
    columns: PersonalColumns
    table: PeopleTable = field(default_factory=PeopleTable)

    def read(self) -> Mapping[str, Mapping[Personal, str]]:
        """By id, what the file says of who somebody is.

        Raises: OperatorError when it cannot be read, or others could read it.
        """
        content = read_private(self.path, forbidden=NOT_TOUCHED_BY_OTHERS, most=MAX_BYTES)
        text = decoded(content, self.table.encoding)
        if text is None:
            raise OperatorError(
                f"{self.path} is no text in {self.table.encoding}",
                fix="Say its encoding in [people] of the operator file.",
            )
        table = Table(self.path.name, text, self.table.delimiter)
        found = dict(self._rows(table))
        wrong = next(iter(table.findings), None)
        if wrong is not None:
            line = wrong.place.line if wrong.place else 1
            raise OperatorError(f"{self.path}, line {line}: {wrong.summary}", fix=wrong.fix)
        return found

    def _rows(self, table: Table) -> Iterator[tuple[str, Mapping[Personal, str]]]:
        number = table.number(self.columns.id, None)
        columns = {
            name: table.number(heading, None) for name in PERSONAL if (heading := getattr(self.columns, name))
        }
        only = {table.number(heading, None): wanted for heading, wanted in self.table.only.items()}
        if number is None or None in columns.values() or None in only:
            return
        for row in table.rows():
            if all(_cell(row, at) in wanted for at, wanted in only.items()) and (user := _cell(row, number)):
                yield user, {name: text for name, at in columns.items() if (text := _cell(row, at))}


def _cell(row: Row, number: int | None) -> str:
    """What stands in a cell, in one line."""
    assert number is not None, "looked at before"
    return " ".join(row.cells[number].split())
