"""A quick reader for the plain part of YAML that inventories are written in: a tree with places, or None.

It knows `key: value` by indentation, `- item` lists, `[lists]` and `{maps}` that may go on over the next lines,
plain texts, simple quotes and comments. It accepts only what it is certain of. Whatever else a text holds, and
whatever is wrong in it, makes it answer None: then `document` has libyaml read the text from its beginning, and
libyaml is the only one that ever reports anything. So there is no message here, and nothing is made good.

What is accepted gives exactly the tree that libyaml gives, with the same places, and nothing to complain about:
tests hold one against the other. Why we read this part ourselves: docs/decisions/0020.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from sys import intern
from typing import Any

from pacsconf.inventory.tree import Node, Spot
from pacsconf.inventory.values import Quoted

MAX_NODES = 900_000
MAX_DEPTH = 20
"""What may be more or deeper is left to libyaml; the bounds of an inventory are in `document`, and wider."""

_NULLS = frozenset({"null", "Null", "NULL"})
_KEY = r"\w[\w./-]{0,99}+"
_FIRST = r"(?:\w|[-+./](?=\w))"
"""No mark of YAML (`-?:,[]{}#&*!|>'"%@`), and neither `---` nor `...`."""
_IN_LINE = rf"{_FIRST}[^ :]*+(?:(?:\ ++|:++)[^ :#][^ :]*+)*+"
_IN_BRACKETS = rf"{_FIRST}[\w./+@()&=;*-]*+(?:(?:\ ++|:++)[\w./+@()&=;-][\w./+@()&=;*-]*+)*+"
_QUOTED = r""" "[^"\\]*+" | '[^']*+' """
_END = r"\ *+(?:(?<![^ ])\#.*+)?"
"""What may follow on a line: spaces, and a comment that has one before it."""

_LINE = re.compile(
    rf"(\ *+)(-\ ++)?(?:({_KEY}):(?:\ ++|$))?(?:({_IN_LINE})|({_QUOTED})|([\[{{].*+))?{_END}", re.VERBOSE
)
_BLANK, _KEY_ALONE, _TEXT, _QUOTES, _OPENING = 1, 3, 4, 5, 6
"""What a line ends with: its indentation (1), hyphen (2), key, or value in one of three forms."""

_MEMBER = re.compile(
    rf"\ *+(?:([\]}}]) | (?:({_KEY}):\ ++)?(?:(?:({_IN_BRACKETS})|({_QUOTED}))\ *+([,\]}}])? | (?=[\[{{])))",
    re.VERBOSE,
)
"""The end before any member; else a key, a value as plain text, in quotes or only begun, and what follows."""
_MARK = re.compile(r"\ *([,\]}])")
_REST = re.compile(_END)


class _Odd(Exception):
    """Something that is left to libyaml."""


def read(text: str, file: str) -> Node | None:
    """The tree of a text, None where this reader is not certain of it."""
    # A line begins at most a list, a map and a value; in brackets a comma or a bracket precedes each value.
    nodes = 3 * (text.count("\n") + 1) + text.count(",") + text.count("[") + text.count("{")
    if nodes > MAX_NODES or not text.replace("\n", "").isprintable():
        return None
    try:
        return _Lines(file).tree(enumerate(text.split("\n"), 1))
    except _Odd:
        return None


Numbered = Iterator[tuple[int, str]]
Value = dict[str, Node] | list[Node] | str | None


class _Lines:
    """The tree as far as it was read: the map or list that is open, in whose column, and those around it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: dict[str, Node] = {}
        self.members: Any = self.root
        self.column = -1
        self.around: list[tuple[Any, int]] = []
        self.waiting: tuple[str, Spot, Spot | None] | None = ("", (file, 1, 1, 1), None)
        """A key with nothing beside it, and the places of its value, if nothing stands below it, and of itself."""

    def tree(self, lines: Numbered) -> Node | None:  # noqa: C901  (one flat loop: every line passes here)
        """What these lines say."""
        file = self.file
        brackets = _Brackets(file, lines)
        for number, line in lines:
            found = _LINE.fullmatch(line)
            if found is None:
                raise _Odd
            kind = found.lastindex
            if kind == _BLANK:
                continue
            indent, hyphen, key, text, quotes, _ = found.groups()
            column = len(indent)
            if column != self.column or hyphen or self.waiting or self.members.__class__ is list:
                column = self.turned(number, column, hyphen, key)
            members = self.members

            value: Value
            if kind == _TEXT:
                value, length = (None if text in _NULLS else text), len(text)
            elif kind == _KEY_ALONE:
                if key in members:
                    raise _Odd
                length = len(key)
                self.waiting = key, (file, number, column + length + 2, 1), (file, number, column + 1, length)
                continue
            elif kind == _QUOTES:
                value, length = Quoted(quotes[1:-1]), len(quotes)
            elif kind == _OPENING:
                value, length = brackets.alone(number, line, found.start(kind), len(self.around)), 1
            else:
                raise _Odd
            at = (file, number, found.start(kind) + 1, length)
            if key:
                if key in members:
                    raise _Odd
                members[intern(key)] = Node(value, at, (file, number, column + 1, len(key)))
            elif hyphen:
                members.append(Node(value, at))
            else:
                raise _Odd
        self.settle()
        root = self.root[""]
        return root if root.value else None

    def turned(self, number: int, column: int, hyphen: str | None, key: str | None) -> int:
        """The column of a line's key or item, once the map or list is open that it belongs to."""
        is_beside = column == self.column and self.members.__class__ is dict
        if self.waiting and (column > self.column or (hyphen and is_beside)):
            name, _, key_at = self.waiting
            self.waiting = None
            self.open(name, [] if hyphen else {}, (self.file, number, column + 1, 1), key_at)
        self.settle()
        while column < self.column:
            self.members, self.column = self.around.pop()
        if not hyphen and self.members.__class__ is list:  # it may be indented no further than its key
            self.members, self.column = self.around.pop()
        if column != self.column or (hyphen and self.members.__class__ is dict):
            raise _Odd
        if hyphen:
            column += len(hyphen)
            if key:  # a map that begins beside the hyphen
                self.open("", {}, (self.file, number, column + 1, 1))
        return column

    def open(self, name: str, below: Value, at: Spot, key_at: Spot | None = None) -> None:
        """Begins a map or list below the one that is open; `name` is its key there, if that is a map."""
        if len(self.around) > MAX_DEPTH:
            raise _Odd
        node = Node(below, at, key_at)
        if self.members.__class__ is list:
            self.members.append(node)
        else:
            self.members[name] = node
        self.around.append((self.members, self.column))
        self.members, self.column = below, at[2] - 1

    def settle(self) -> None:
        """Nothing stands below the key that waits, if one does."""
        if self.waiting:
            name, at, key_at = self.waiting
            self.waiting = None
            self.members[name] = Node(None, at, key_at)


class _Brackets:
    """What stands in brackets or braces; it may go on over the next lines, which are taken from `lines` then."""

    def __init__(self, file: str, lines: Numbered) -> None:
        self.file = file
        self.lines = lines
        self.number = self.at = 0
        self.line = ""

    def alone(self, number: int, line: str, at: int, depth: int) -> Value:
        """What the list or map holds that begins here, where nothing but a comment may follow it."""
        self.number, self.line, self.at = number, line, at
        whole = self.whole(None, depth)
        self.end()
        return whole.value

    def whole(self, key_at: Spot | None, depth: int) -> Node:
        """The list or map that begins here."""
        if depth > MAX_DEPTH:
            raise _Odd
        is_map = self.line[self.at] == "{"
        closing = "}" if is_map else "]"
        members: Any = {} if is_map else []
        node = Node(members, (self.file, self.number, self.at + 1, 1), key_at)
        self.at += 1
        mark: str | None = ","
        while mark == ",":
            found = self.next(_MEMBER)
            ends, key, text, quotes, mark = found.groups()
            if ends == closing and not members:
                return node
            if ends or bool(key) != is_map or (key and key in members):
                raise _Odd
            file, number = self.file, self.number
            key_at = (file, number, found.start(2) + 1, len(key)) if key else None
            if text:
                at = (file, number, found.start(3) + 1, len(text))
                member = Node(None if text in _NULLS else text, at, key_at)
            elif quotes:
                at = (file, number, found.start(4) + 1, len(quotes))
                member = Node(Quoted(quotes[1:-1]), at, key_at)
            else:
                member = self.whole(key_at, depth + 1)
            if key:
                members[intern(key)] = member
            else:
                members.append(member)
            mark = mark or self.next(_MARK)[1]
        if mark != closing:
            raise _Odd
        return node

    def next(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """What comes next, on this line or a later one."""
        found = pattern.match(self.line, self.at)
        while found is None:
            self.end()
            self.number, self.line = next(self.lines, (0, "%"))
            self.at = 0
            found = pattern.match(self.line)
        self.at = found.end()
        return found

    def end(self) -> None:
        """Nothing else may stand on this line."""
        if not _REST.fullmatch(self.line, self.at):
            raise _Odd
