"""One key of one member of a collection, set in the text of a YAML file; all else stays as it was written.

Comments, order and layout are half of what people read, so nothing is written anew: a value is replaced where it
stands, or a key is put in front of the others. What was made is read again, and must be what was there with this
one value changed; where that cannot be had (an alias, a value of several lines), a person is asked to write it.
"""

from __future__ import annotations

import re
from typing import Any

from pacsconf.core.errors import PacsconfError
from pacsconf.inventory.document import carefully
from pacsconf.inventory.tree import Node, plain
from pacsconf.inventory.writing import STEP, scalar

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def holds(text: str, file: str, collection: str, member: str) -> bool:
    """Whether a file declares this member of a collection."""
    tree, _ = carefully(text, file)
    return bool(tree) and member in members(tree, collection)


def with_value(text: str, file: str, path: tuple[str, str, str], value: str) -> str:
    """The text of a file with this value of a key, at `(collection, member, key)`; the member is in it.

    Raises: PacsconfError when it cannot be set there without writing more anew.
    """
    collection, member, key = path
    tree, _ = carefully(text, file)
    node = members(tree, collection).get(member)
    made = None if node is None else _edited(text, node, key, value)
    if tree is None or made is None or not _is_right(made, file, tree, path, value):
        raise _by_hand(file, path, value)
    return made


def with_member(text: str, file: str, path: tuple[str, str, str], value: str) -> str:
    """The text of a file with a new member of a collection that holds this key alone, in front of the others.

    An empty text becomes a file with this collection.

    Raises: PacsconfError when it cannot be put there.
    """
    collection, member, key = path
    line = f"{STEP}{scalar(member)}: {{{key}: {scalar(value)}}}"
    if not text.strip():
        return f"{collection}:\n{line}\n"
    tree, _ = carefully(text, file)
    node = tree.entries.get(collection) if tree else None
    made = None
    if node is not None and node.key is not None and node.entries:
        starts = starts_of(text)
        first = next(iter(node.entries.values())).key
        if first is not None and first.line > node.key.line:
            at, indent = starts[first.line - 1], " " * (first.column - 1)
            made = f"{text[:at]}{indent}{line.lstrip()}{break_of(text)}{text[at:]}"
    if tree is None or made is None or not _is_right(made, file, tree, path, value):
        raise _by_hand(file, path, value)
    return made


def members(tree: Node | None, collection: str) -> dict[str, Node]:
    """The members of a collection by name."""
    found = tree.entries.get(collection) if tree else None
    return dict(found.entries) if found else {}


def _edited(text: str, member: Node, key: str, value: str) -> str | None:
    """The text with the value in place of the former one, or the key before all others; None: not in this form."""
    if not isinstance(member.value, dict):
        return None
    starts = starts_of(text)
    held = member.entries.get(key)
    if held is not None:
        if not isinstance(held.value, str):
            return None
        _, line, column, length = held.at
        at = starts[line - 1] + column - 1
        return text[:at] + scalar(value) + text[at + length :]
    _, line, column, _ = member.at
    at = starts[line - 1] + column - 1
    if text[at : at + 1] == "{":
        rest = text[at + 1 :]
        comma = "," if member.entries else ""
        gap = " " if comma and not rest.startswith((" ", "\n", "\r")) else ""
        return f"{text[: at + 1]}{key}: {scalar(value)}{comma}{gap}{rest}"
    named = member.key
    if named is None or named.line >= line or text[starts[line - 1] : at].strip():
        return None
    below = starts[named.line]
    return f"{text[:below]}{' ' * (column - 1)}{key}: {scalar(value)}{break_of(text)}{text[below:]}"


def starts_of(text: str) -> list[int]:
    """Where each line begins."""
    return [0, *(found.end() for found in _BREAK.finditer(text))]


def break_of(text: str) -> str:
    """How lines end here."""
    found = _BREAK.search(text)
    return found[0] if found else "\n"


def _is_right(made: str, file: str, before: Node, path: tuple[str, str, str], value: str) -> bool:
    """Whether what was made says what was said before with this one value changed, and nothing else."""
    after, findings = carefully(made, file)
    if after is None or findings:
        return False
    wanted: Any = plain(before, nulls=True)
    collection, member, key = path
    wanted[collection].setdefault(member, {})
    wanted[collection][member][key] = value
    return bool(plain(after, nulls=True) == wanted)


def _by_hand(file: str, path: tuple[str, str, str], value: str) -> PacsconfError:
    collection, member, key = path
    return PacsconfError(
        f"{file} is written in a way that is not changed by machine at {collection}.{member}",
        fix=f"Write there: {key}: {value}",
    )
