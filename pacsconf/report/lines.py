"""A screen before it is shown: lines of spans, each a text with the style it would have in colour.

Meaning never hangs on a style: signs and words carry it, so `plain` loses nothing. Every span shows what cannot
be seen (terminal escapes, bidirectional overrides, no-break spaces) as an escape, whatever the text came from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, chop_cells

Style = Literal["", "strong", "faint", "create", "update", "delete", "warning", "error", "good", "command"]

_WIDEST = 120
"""Columns beyond which the eye loses the line; a wider terminal stays empty on the right."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SHORT_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as nothing."""


def visible(text: str) -> str:
    """`text` with every character escaped that is not seen as what it is.

    Those are controls, format characters (bidirectional overrides, zero-width ones), unassigned ones, and every
    space but the plain and the ideographic one.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if _is_hidden(char) else char for char in text)


def _is_hidden(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Zs":
        return char not in " \u3000"
    return category in _HIDDEN or char in _BLANK


def _escaped(char: str) -> str:
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line. What cannot be seen in `text` is escaped when it is made."""

    text: str
    style: Style = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", visible(self.text))


Line = tuple[Span, ...]
Lines = tuple[Line, ...]

BLANK: Line = ()


def line(*parts: str | Span) -> Line:
    """One line of these parts, empty ones left out."""
    spans = (part if isinstance(part, Span) else Span(part) for part in parts)
    return tuple(span for span in spans if span.text)


def columns(width: int) -> int:
    """The columns to use on a terminal of this width."""
    return max(40, min(width, _WIDEST))


def width_of(this: Line) -> int:
    """Columns that a line takes on a terminal."""
    return sum(cell_len(span.text) for span in this)


def padded(text: str, width: int) -> str:
    """`text` with spaces up to `width` columns."""
    shown = visible(text)
    return shown + " " * (width - cell_len(shown))


def beside(left: Line, right: Line, width: int) -> Lines:
    """`left` with `right` at the right edge, or below it where both do not fit."""
    if not right:
        return (left,)
    gap = width - width_of(left) - width_of(right)
    if gap >= 2:
        return ((*left, Span(" " * gap), *right),)
    return (left, (Span(" " * max(0, width - width_of(right))), *right))


def flow(atoms: Iterable[Span], room: int, gap: str = " ") -> Lines:
    """Spans put behind each other, a new line where the next one does not fit into `room` columns.

    One that is wider than that is folded, at its spaces where it has some; no character is left out.
    """
    rows: list[list[Span]] = [[]]
    used = 0
    for piece in (piece for atom in atoms for piece in _folded(atom, room)):
        size = cell_len(piece.text)
        if rows[-1] and used + len(gap) + size > room:
            rows.append([])
        if rows[-1]:
            rows[-1].append(Span(gap))
        used = size if not rows[-1] else used + len(gap) + size
        rows[-1].append(piece)
    return tuple(tuple(row) for row in rows)


def _folded(atom: Span, room: int) -> Iterable[Span]:
    if cell_len(atom.text) <= room:
        return (atom,)
    rows = [""]
    for word in re.split("(?<= )", atom.text):
        for piece in chop_cells(word, max(room, 8)):
            if cell_len(rows[-1] + piece) > room:
                rows.append("")
            rows[-1] += piece
    return (Span(row, atom.style) for row in rows if row)


def hanging(first: Line, body: Lines, indent: int | None = None) -> Lines:
    """`body` behind `first`, its further lines indented by `indent` columns (not given: as wide as `first`)."""
    margin = Span(" " * (width_of(first) if indent is None else indent))
    return tuple(((*first, *this) if at == 0 else (margin, *this)) for at, this in enumerate(body))


def wrapped(
    text: str | Sequence[str], width: int, *, first: Line = (), indent: int | None = None, style: Style = ""
) -> Lines:
    """Prose cut at spaces (or between these pieces) to `width` columns behind `first`; hangs as `hanging` does.

    A word that is too wide stays whole: paths and addresses are for copying.
    """
    ahead = width_of(first)
    margin = ahead if indent is None else indent
    rows: list[list[str]] = [[]]
    used = ahead
    for word in text.split() if isinstance(text, str) else text:
        size = cell_len(visible(word)) + (1 if rows[-1] else 0)
        if used + size > width and (rows[-1] or used > margin):
            size -= 1 if rows[-1] else 0
            rows.append([])
            used = margin
        rows[-1].append(word)
        used += size
    return hanging(first, tuple(line(Span(" ".join(row), style)) for row in rows), indent)


def itemised(items: Iterable[str], width: int, *, first: Line = (), style: Style = "") -> Lines:
    """Items with dots between them, a new line between two items where one ends; hangs as `wrapped` does."""
    rows: list[str] = []
    room = width - width_of(first)
    for item in items:
        if rows and cell_len(visible(f"{rows[-1]} · {item} ·")) <= room:
            rows[-1] += f" · {item}"
        else:
            rows.append(item)
    texts = [f"{row} ·" for row in rows[:-1]] + rows[-1:]
    return hanging(first, tuple(row for text in texts for row in wrapped(text, room, style=style)))


def commanded(first: Line, command: str, width: int, tail: str = "") -> Lines:
    """A command behind `first`, whole, so that it can be copied: on a line of its own where it does not fit."""
    said = Span(command, "command")
    if width_of((*first, said)) + len(tail) <= width:
        return (line(*first, said, tail),)
    margin = first[0].text if first and first[0].text.isspace() else ""
    return (line(*first, tail.lstrip()), line(f"{margin}   ", said))


def joined(parts: Iterable[Lines]) -> Lines:
    """Blocks with an empty line between them, empty ones left out."""
    found = [part for part in parts if part]
    return tuple(this for at, part in enumerate(found) for this in ((BLANK, *part) if at else part))


def plain(lines: Lines) -> str:
    """The lines without style, each ended; spaces at line ends go."""
    return "".join("".join(span.text for span in this).rstrip(" ") + "\n" for this in lines)
