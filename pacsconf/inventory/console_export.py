"""A vendor's export of a peer table, as a CSV file: where it is, and which column holds what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

Column = Literal["alias", "ae_title", "host", "port", "tls", "allow"]
"""A field of a peer that an export may have a column for."""


def named_columns(given: Mapping[Column, str]) -> Mapping[Column, str]:
    """The headings of an export by field.

    Raises: ValueError when nothing names a row, or one column is to be two fields.
    """
    if not {"alias", "ae_title"} & given.keys():
        raise ValueError("a row needs a name: say which column holds alias, or ae_title")
    if twice := next((name for name in given.values() if list(given.values()).count(name) > 1), None):
        raise ValueError(f'the column "{twice}" is named for two fields')
    return given


def a_delimiter(text: str) -> str:
    """The character between cells; `tab` is one that cannot be typed.

    Raises: ValueError when it is none, or stands for something else in CSV.
    """
    char = "\t" if text == "tab" else text
    if len(char) != 1 or char in '"\r\n':
        raise ValueError('a delimiter is one character such as ";", or the word tab')
    return char


def text_encoding(text: str) -> str:
    """The name of a text encoding.

    Raises: ValueError when Python knows none of that name.
    """
    try:
        bytes(4).decode(text)
    except (LookupError, ValueError) as exc:
        raise ValueError(f'"{text}" is no text encoding; such are utf-8, windows-1252, utf-16') from exc
    return text


class ExportConfig(BaseModel):
    """The vendor's export of a peer table as a CSV file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    columns: Annotated[Mapping[Column, str], AfterValidator(named_columns)]
    """From our field to the heading of its column; fields without one are not compared."""
    delimiter: Annotated[str, AfterValidator(a_delimiter)] = ","
    encoding: Annotated[str, AfterValidator(text_encoding)] = "utf-8"
