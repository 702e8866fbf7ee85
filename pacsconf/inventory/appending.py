"""A whole member put into the text of a YAML file, and a value put at the end of a list in it; all else stays.

As in `editing`: what was made is read again, and must be what was there with this and nothing else; where that
cannot be had, a person is asked to write it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pacsconf.core.errors import PacsconfError
from pacsconf.inventory.document import carefully
from pacsconf.inventory.editing import break_of, members, starts_of
from pacsconf.inventory.tree import Node, plain
from pacsconf.inventory.writing import STEP, document, scalar

Entry = Mapping[str, str | Sequence[str]]


def with_entry(text: str, file: str, collection: str, member: str, entry: Entry) -> str:
    """The text of a file with a new member of a collection, in front of the others.

    A text without the collection gets it at its end.

    Raises: PacsconfError when it cannot be put there.
    """
    block = document({collection: {member: dict(entry)}}).split("\n", 1)[1].rstrip("\n")
    tree, _ = carefully(text, file)
    held = tree.entries.get(collection) if tree else None
    ending = break_of(text)
    made: str | None = None
    if held is None or held.value is None:
        made = (
            _at_the_end(text, f"{collection}:\n{block}\n", ending)
            if held is None
            else _below(text, held, block)
        )
    elif held.key is not None and held.entries:
        first = next(iter(held.entries.values())).key
        if first is not None and first.line > held.key.line:
            at = _above(text, held.key.line, first.line)
            apart = ending if "\n" in block else ""
            made = text[:at] + _indented(block, first.column - 1, ending) + ending + apart + text[at:]

    def change(before: Any) -> None:
        whole = before[collection] = before.get(collection) or {}
        whole[member] = {
            key: value if isinstance(value, str) else list(value) for key, value in entry.items()
        }

    return _right(made, file, tree, change, f"{collection}.{member}", f"{collection}:\n{block}")


def with_appended(text: str, file: str, path: tuple[str, str, str], value: str) -> str:
    """The text of a file with a value at the end of the list at `(collection, member, key)`; the member is in it.

    A member without the key gets it in front of its others.

    Raises: PacsconfError when it cannot be put there.
    """
    collection, member, key = path
    tree, _ = carefully(text, file)
    node = members(tree, collection).get(member)
    made = _appended(text, node, key, scalar(value)) if node is not None else None

    def change(before: Any) -> None:
        listed = before[collection][member].get(key) or []
        before[collection][member][key] = [*(listed if isinstance(listed, list) else [listed]), value]

    return _right(made, file, tree, change, ".".join(path), f"{key}: [..., {value}]")


def _appended(text: str, member: Node, key: str, value: str) -> str | None:
    starts, ending = starts_of(text), break_of(text)
    held = member.entries.get(key)
    if held is None:
        _, line, column, _ = member.at
        at = starts[line - 1] + column - 1
        if text[at : at + 1] == "{":
            return f"{text[: at + 1]}{key}: [{value}], {text[at + 1 :]}"
        if text[starts[line - 1] : at].strip():
            return None
        start = starts[line - 1]
        return f"{text[:start]}{' ' * (column - 1)}{key}: [{value}]{ending}{text[start:]}"
    if not (isinstance(held.value, list) and held.value):
        return None
    _, line, column, length = held.value[-1].at
    end = starts[line - 1] + column - 1 + length
    _, opened, begins, _ = held.at
    if text[starts[opened - 1] + begins - 1] == "[":
        return f"{text[:end]}, {value}{text[end:]}"
    below = starts[line] if line < len(starts) else len(text)
    hyphen = text[starts[line - 1] : starts[line - 1] + column - 1]
    return f"{text[:below]}{hyphen}{value}{ending}{text[below:]}" if hyphen.strip() == "-" else None


def _above(text: str, top: int, line: int) -> int:
    """Where a line begins, with the comments right above it; lines from 1, those after `top`."""
    starts = starts_of(text)
    while line - 1 > top and text[starts[line - 2] : starts[line - 1]].lstrip().startswith("#"):
        line -= 1
    return starts[line - 1]


def _at_the_end(text: str, block: str, ending: str) -> str:
    ends = text if not text or text.endswith(("\n", "\r")) else text + ending
    apart = ending if ends.strip() else ""
    return ends + apart + block.replace("\n", ending)


def _below(text: str, held: Node, block: str) -> str | None:
    """Below a key that has nothing yet."""
    if held.key is None:
        return None
    starts, ending = starts_of(text), break_of(text)
    line = held.key.line
    at = starts[line] if line < len(starts) else len(text)
    apart = "" if text[:at].endswith(("\n", "\r")) else ending
    return text[:at] + apart + block.replace("\n", ending) + ending + text[at:]


def _indented(block: str, column: int, ending: str) -> str:
    """The lines of a member, moved to where others of the collection stand."""
    by = " " * column
    return ending.join(f"{by}{row[len(STEP) :]}" for row in block.split("\n"))


def _right(
    made: str | None, file: str, tree: Node | None, change: Callable[[Any], None], where: str, by_hand: str
) -> str:
    """What was made, if it says what was said before with this change and nothing else.

    Raises: PacsconfError.
    """
    after, findings = carefully(made, file) if made is not None else (None, ())
    if made is not None and after is not None and not findings:
        wanted: Any = plain(tree, nulls=True) if tree else {}
        change(wanted)
        if plain(after, nulls=True) == wanted:
            return made
    raise PacsconfError(
        f"{file} is written in a way that is not changed by machine at {where}",
        fix=f"Write there:\n{by_hand}",
    )
