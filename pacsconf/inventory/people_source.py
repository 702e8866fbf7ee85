"""How a list of people is to be read (`users_from`): which column holds what, and what its words mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pacsconf.inventory.base import Model
from pacsconf.inventory.console_export import a_delimiter, text_encoding
from pacsconf.inventory.people_declaration import Kind
from pacsconf.inventory.values import Texts, ruled

USERS_FROM = "users_from"
"""The top-level key."""


class PersonalColumns(Model):
    """From a personal field to the heading of its column."""

    id: str
    """Whose row it is."""
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    employee: str | None = None


class Columns(PersonalColumns):
    """From a key of a user to the heading of its column."""

    kind: str | None = None
    status: str | None = None
    starts: str | None = None
    ends: str | None = None
    profession: str | None = None
    site: str | None = None
    department: str | None = None
    owner: str | None = None
    purpose: str | None = None
    device: str | None = None
    sponsor: str | None = None
    contract: str | None = None
    roles: str | None = None
    """A column with ids of roles, separated by spaces, commas, semicolons or bars."""
    trainings: Mapping[str, str] = Field(default_factory=dict)
    """By training, the heading of the column with its day."""
    logins: Mapping[str, str] = Field(default_factory=dict)
    """By system, the heading of the column with the name they sign in with there."""


class RolesBy(Model):
    """Roles that follow from what stands in a column: from somebody's job."""

    column: str
    map: Mapping[str, Annotated[Texts, Field(min_length=1)]]
    """By what stands there, one role or several. What is not listed gives none."""


def date_form(text: str) -> str:
    """How dates are written: `YYYY`, `MM` and `DD` each once, in any order, with what stands between them.

    Raises: ValueError when it does not say where a day has its year, month and day.
    """
    if any(text.count(part) != 1 for part in _PARTS) or re.search(r"\w", re.sub("|".join(_PARTS), "", text)):
        raise ValueError("a form of dates is YYYY, MM and DD with what stands between them: DD.MM.YYYY")
    return text


_PARTS = {"YYYY": r"(?P<y>[0-9]{4})", "MM": r"(?P<m>[0-9]{1,2})", "DD": r"(?P<d>[0-9]{1,2})"}
_EXACT = {"YYYY": r"(?P<y>[0-9]{4})", "MM": r"(?P<m>[0-9]{2})", "DD": r"(?P<d>[0-9]{2})"}
NO_END = "9999"
"""The year in which whoever stays for good leaves, as personnel systems have it."""


def day_reader(form: str) -> Callable[[str], str | None]:
    """What reads days of a form, as `YYYY-MM-DD`; None for the end of time, which is none.

    A day or month of one digit is understood where something stands around it. The reader raises ValueError for
    what is no such day.
    """
    apart = re.sub("YYYY|MM|DD", "\0", form)
    parts = _EXACT if "\0\0" in apart else _PARTS
    pieces = (parts.get(piece) or re.escape(piece) for piece in re.split("(YYYY|MM|DD)", form))
    pattern = re.compile("".join(pieces))

    @lru_cache(4096)
    def read(text: str) -> str | None:
        found = pattern.fullmatch(text)
        if found is None:
            raise ValueError(f"is no day that is written {form}")
        if found["y"] == NO_END:
            return None
        try:
            return date(int(found["y"]), int(found["m"]), int(found["d"])).isoformat()
        except ValueError as exc:
            raise ValueError("is a day that no calendar has") from exc

    return read


def meant_words(values: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    """By key of a user, what words of a file mean.

    Raises: ValueError for a key that no column can be for.
    """
    known = Columns.model_fields.keys() - {"id", "roles", "trainings", "logins"}
    if odd := sorted(values.keys() - known):
        raise ValueError(f'"{odd[0]}" has no words of its own; such keys are {", ".join(sorted(known))}')
    return values


class PeopleTable(Model):
    """How a CSV file is written."""

    delimiter: Annotated[str, AfterValidator(ruled("PACS-VAL-002", a_delimiter))] = ","
    """What stands between cells: one character, or `tab`."""
    encoding: Annotated[str, AfterValidator(ruled("PACS-VAL-002", text_encoding))] = "utf-8"
    """Of a file without a byte order mark: `utf-8`, `windows-1252`."""
    only: Mapping[str, Texts] = Field(default_factory=dict)
    """By heading, what must stand there for a row to count; one value or several."""


class PeopleSource(PeopleTable):
    """A CSV file with people."""

    csv: str
    """The file, in the repository: `people/hr.csv`."""
    columns: Columns
    """From our key to the heading of its column."""
    dates: Annotated[str, AfterValidator(ruled("PACS-VAL-002", date_form))] = "YYYY-MM-DD"
    """How days are written there: `DD.MM.YYYY`. A day of the year 9999 is no end."""
    kind: Kind | None = None
    """The kind of all of them whose row says none."""
    roles_by: RolesBy | None = None
    """Roles that follow from somebody's job."""
    values: Annotated[Mapping[str, Mapping[str, str]], AfterValidator(ruled("PACS-VAL-002", meant_words))] = (
        Field(default_factory=dict)
    )
    """By key, what a word of the file is here: `status: {A: active, L: left}`. Other words stay what they are."""
    precedence: Literal["yaml", "csv"] = "yaml"
    """What counts, key by key, for somebody who also stands under `users`."""
