"""Where in a file each character of a YAML scalar stands: plain, in quotes, folded or as a block.

A mistake within an expression is told at its own line and column of the file, however the expression is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from pacsconf.core.finding import Place
from pacsconf.inventory.document import lines_of
from pacsconf.inventory.tree import Node

Char = tuple[str, int, int]
"""A character of the value; its line and its column in the file, from 1."""


def place(node: Node, text: str, at: int, length: int) -> Place:
    """Where a part of a scalar stands in the file with this text; where that cannot be told, the whole scalar.

    `at` counts from the scalar's first character that is no blank.
    """
    value = str(node.value).rstrip()
    chars = list(islice(_chars(node, lines_of(text)), len(value)))
    if not value or "".join(char for char, _, _ in chars) != value:
        return node.place
    start = len(value) - len(value.lstrip()) + at
    _, line, column = chars[min(start, len(chars) - 1)]
    meant = chars[start : start + max(length, 1)]
    last = max((at for char, row, at in meant if row == line and char != "\n"), default=column)
    return Place(node.place.file, line, column, last - column + 1)


def _chars(node: Node, lines: Sequence[str]) -> Iterator[Char]:
    """The characters of a scalar; of a plain one also what follows it, since only its value tells where it ends."""
    _, line, column, _ = node.at
    first = lines[line - 1][column - 1 :] if line <= len(lines) else ""
    if first[:1] in {"|", ">"}:
        parent = node.key_at[2] - 1 if node.key_at else 0
        return _block(lines, line, first, parent)
    if first[:1] == '"':
        return _flow(lines, line, column + 1, '"')
    if first[:1] == "'":
        return _flow(lines, line, column + 1, "'")
    return _flow(lines, line, column, "")


# --- blocks ------------------------------------------------------------------------------------------------------


def _block(lines: Sequence[str], line: int, header: str, parent: int) -> Iterator[Char]:
    """The characters of a block: with `|` each line as it is, with `>` lines that follow each other joined."""
    below = lines[line:]
    given = re.match(r"[|>][-+]?([1-9])", header)
    widths = [len(row) - len(row.lstrip(" ")) for row in below if row.strip()]
    if not widths:
        return
    indent = parent + int(given[1]) if given else widths[0]
    rows: list[tuple[int, str]] = []
    for number, row in enumerate(below, line + 1):
        if row.strip() and len(row) - len(row.lstrip(" ")) < indent:
            break
        rows.append((number, row[indent:]))
    while rows and not rows[-1][1].strip():
        rows.pop()
    yield from _folded(rows, indent) if header[0] == ">" else _literal(rows, indent)


def _literal(rows: Sequence[tuple[int, str]], indent: int) -> Iterator[Char]:
    for number, row in rows:
        yield from ((char, number, indent + position) for position, char in enumerate(row, 1))
        yield "\n", number, indent + len(row) + 1


def _folded(rows: Sequence[tuple[int, str]], indent: int) -> Iterator[Char]:
    """Lines joined by a blank; lines that are indented further, and empty ones, break the text."""
    for position, (number, row) in enumerate(rows):
        yield from ((char, number, indent + column) for column, char in enumerate(row, 1))
        if position + 1 == len(rows):
            continue
        end = number, indent + len(row) + 1
        after = rows[position + 1][1]
        is_more = row[:1] in {" ", "\t"} or after[:1] in {" ", "\t"}
        if not row or is_more:
            yield ("\n", *end)
        elif after:
            yield (" ", *end)


# --- plain and in quotes -----------------------------------------------------------------------------------------

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ESCAPED = {
    **dict(zip('0abtnvfre "/\\N_LP', '\0\a\b\t\n\v\f\r\x1b "/\\\x85\xa0\u2028\u2029', strict=True)),
    "\t": "\t",
}


def _flow(lines: Sequence[str], line: int, column: int, quote: str) -> Iterator[Char]:
    """The characters of a text in quotes, or of a plain one; lines are joined by a blank."""
    row: list[Char] = []
    empty, glues = 0, False
    number, start = line, column - 1
    while number <= len(lines):
        text = lines[number - 1]
        if number > line:
            start = len(text) - len(text.lstrip())
        if number > line and not text.strip():
            empty += 1
            number += 1
            continue
        part, ended, glued = _line(text, number, start, quote)
        if row and number > line:
            joint = row[-1]
            if empty:
                yield from (("\n", joint[1], joint[2] + 1),) * empty
            elif not glues:
                yield " ", joint[1], joint[2] + 1
        yield from part
        row, glues, empty = part or row, glued, 0
        if ended:
            break
        number += 1


def _line(text: str, number: int, start: int, quote: str) -> tuple[list[Char], bool, bool]:
    """The characters of one line, whether the scalar ends there, and whether its end is glued to the next line."""
    found: list[Char] = []
    position = start
    while position < len(text):
        char = text[position]
        if quote == "'" and char == "'":
            if text[position + 1 : position + 2] != "'":
                return found, True, False
            found.append(("'", number, position + 1))
            position += 2
        elif quote == '"' and char == '"':
            return found, True, False
        elif quote == '"' and char == "\\":
            match = _ESCAPE.match(text, position)
            if match is None:  # at the end of the line: the next one follows without a blank
                return found, False, True
            found.append((_unescaped(match[1]), number, position + 1))
            position = match.end()
        else:
            found.append((char, number, position + 1))
            position += 1
    return _trimmed(found), False, False


def _unescaped(text: str) -> str:
    return chr(int(text[1:], 16)) if len(text) > 1 else _ESCAPED.get(text, text)


def _trimmed(found: list[Char]) -> list[Char]:
    while found and found[-1][0] in " \t":
        found.pop()
    return found
