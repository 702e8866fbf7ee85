"""What was typed, or filled in, as answers of a review: which lines are meant, and keep or remove for each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    from pacsconf.core.review import LineKey, Review, Word

MOST_BYTES = 20_000_000
"""Of a sheet that is read back."""
MOST_REASON = 300
"""Characters of a reason."""


class Answer(NamedTuple):
    """What is said of a line."""

    word: Word
    reason: str = ""


Answers = dict["LineKey", Answer]


def typed(
    review: Review, keep: Iterable[str], remove: Iterable[str], reason: str, able: frozenset[str]
) -> Answers:
    """The answers of `--keep` and `--remove`: USER, or USER/ROLE; of a user alone, the lines of roles in `able`.

    Raises: BadParameter for who has no line, is to be both, or is to go for no reason.
    """
    found: Answers = {}
    for word, those, option in (("keep", keep, "--keep"), ("remove", remove, "--remove")):
        for text in those:
            for key in _keys(review, text, able, option):
                if key in found and found[key].word != word:
                    raise typer.BadParameter(f"{text} cannot be kept and removed", param_hint=option)
                found[key] = Answer("remove" if word == "remove" else "keep", reason)
    if any(one.word == "remove" for one in found.values()) and not reason:
        raise typer.BadParameter("a removal needs one: somebody will ask", param_hint="--reason")
    return found


def _keys(review: Review, text: str, able: frozenset[str], option: str) -> list[LineKey]:
    from pacsconf.inventory.merge import nearest

    user, _, role = text.rpartition("/") if "/" in text else (text, "", "")
    own = [line.key for line in review.lines if line.user == user and role in ("", line.role)]
    if not own:
        known = {line.user for line in review.lines}
        raise typer.BadParameter(
            f"{review.id} has no line on {text}{nearest(user, known)}", param_hint=option
        )
    return [key for key in own if key[1] in able] or own


# --- a sheet ------------------------------------------------------------------------------------------------------


def from_sheet(review: Review, file: Path) -> Answers:
    """The answers in a sheet that was filled in; lines that are empty there are left out.

    Raises: PacsconfError naming every row that cannot be taken.
    """
    problems: list[str] = []
    found: Answers = {}
    for number, cells in _rows(file):
        word, key = cells.get("decision", "").casefold(), (cells.get("user", ""), cells.get("role", ""))
        if not word:
            continue
        problem = _problem(review, cells, word, key, found)
        if problem:
            problems.append(f"line {number}: {problem}")
        else:
            found[key] = Answer(
                "remove" if word == "remove" else "keep", cells.get("reason", "")[:MOST_REASON]
            )
    if problems:
        shown = problems[:20] + ([f"and {len(problems) - 20} more"] if len(problems) > 20 else [])
        raise PacsconfError(
            "\n  ".join((f"{file} cannot be taken as it is, so nothing was recorded:", *shown)),
            fix="Correct these lines, or leave their decision empty, and give the command again.",
        )
    return found


def _problem(review: Review, cells: Mapping[str, str], word: str, key: LineKey, found: Answers) -> str:
    """Why a row cannot be taken; empty where it can."""
    if cells.get("review", review.id).casefold() != review.id.casefold():
        return f"it is of review {cells['review']}"
    if review.line(key) is None:
        return f"{review.id} has no line on {key[0] or 'nobody'} as {key[1] or 'no role'}"
    if word not in ("keep", "remove"):
        return f'the decision is "{word}"; it is keep or remove'
    if key in found:
        return f"{key[0]} as {key[1]} stands there twice"
    if word == "remove" and not cells.get("reason"):
        return f"{key[0]} is to be removed for no reason"
    return ""


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a sheet, by its columns' names; separated by what its first line uses."""
    text = _text(file)
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        names = [name.strip().casefold() for name in next(reader, [])]
        if missing := [name for name in ("user", "role", "decision") if name not in names]:
            raise PacsconfError(
                f"{file} has no column {', '.join(missing)}",
                fix="It is made by: pacsconf access review REVIEW --format csv --out FILE",
            )
        for cells in reader:
            yield reader.line_num, {name: _value(cell) for name, cell in zip(names, cells, strict=False)}
    except csv.Error as exc:
        raise PacsconfError(f"{file}:{reader.line_num}: this is no table: {exc}") from exc


def _value(cell: str) -> str:
    """A cell on one line, without the apostrophe that keeps a spreadsheet from computing it."""
    text = " ".join("".join(char if char.isprintable() else " " for char in cell).split())
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@") else text


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as exc:
        raise PacsconfError(f"{file} cannot be read: {exc.strerror}") from exc
    if len(data) > MOST_BYTES:
        raise PacsconfError(f"{file} is too large for a sheet ({MOST_BYTES:,} bytes at most)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PacsconfError(
            f"{file} is not UTF-8", fix="Save it as CSV UTF-8, which every spreadsheet can."
        ) from None
