"""YAML for people, by the rules that `document` reads by: what is written here is read back as it was.

A value stands in one line as long as it fits, else one member in each line; a long list that repeats is written
once and named (`&name`, then `*name`). Texts that this reader, or any other of YAML 1.1 or 1.2, could take for
something else (`NO`, `010`, `1:30`, `null`) stand in quotes. The yaml library's own emitter knows no comments, and
they are half of what a person reads.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from pacsconf.core.finding import Path
from pacsconf.inventory import formats
from pacsconf.inventory.tree import core_scalar

WIDTH = 110
"""The longest line, as far as values allow; a text is never broken."""
STEP = "  "

Comments = Mapping[Path, str]
"""What is said above a member, by its path; a line break begins a new line."""


def document(collections: Mapping[str, Any], header: str = "", comments: Comments | None = None) -> str:
    """A file with these collections by name; `header` stands above all of them as a comment."""
    writer = _Writer(comments or {}, _marks(collections))
    parts = ["\n".join(_comment(header, ""))] if header else []
    parts += ["\n".join(writer.collection(name, members)) for name, members in collections.items()]
    return "\n\n".join(parts) + "\n"


class _Writer:
    """Writes values as lines, each with what is said above it."""

    def __init__(self, comments: Comments, marks: Mapping[Path, Mark]) -> None:
        self.comments = comments
        self.marks = marks
        self.commented = {path[:end] for path in comments for end in range(len(path))}
        """Paths with a comment somewhere below: they need a line for each member."""

    def collection(self, name: str, members: Any) -> Iterator[str]:
        """A top-level key; members of more than a line are set apart by empty ones."""
        if not isinstance(members, Mapping) or not members:
            yield from self.member(name, members, (name,), "")
            return
        yield from self.above((name,), "")
        yield f"{scalar(name)}:"
        roomy = True
        for position, (key, value) in enumerate(members.items()):
            lines = list(self.member(key, value, (name, key), STEP))
            if position and (roomy or len(lines) > 1):
                yield ""
            roomy = len(lines) > 1
            yield from lines

    def member(self, key: str, value: Any, path: Path, indent: str) -> Iterator[str]:
        """`key: value`, in one line where that fits."""
        yield from self.above(path, indent)
        start = f"{indent}{scalar(key)}:"
        line = f"{start} {self.flow(value, path)}"
        if self.is_short(value, path) or (len(line) <= WIDTH and path not in self.commented):
            yield line
        else:
            yield f"{start} {self.marks[path].before}".rstrip() if path in self.marks else start
            lines = self.filled if _is_filled(value, path) else self.block
            yield from lines(value, path, indent + STEP)

    def block(self, value: Any, path: Path, indent: str) -> Iterator[str]:
        """The members of a map or list, one below the other."""
        if isinstance(value, Mapping):
            for key, child in value.items():
                yield from self.member(key, child, (*path, key), indent)
            return
        for position, child in enumerate(value):
            yield from self.above((*path, position), indent)
            yield from self.item(child, (*path, position), indent)

    def filled(self, value: Any, _: Path, indent: str) -> Iterator[str]:
        """A list in brackets, as many members in each line as fit."""
        line = f"{indent}["
        for number, member in enumerate(map(scalar, value), 1):
            word = f"{member}{']' if number == len(value) else ','}"
            if len(line) + len(word) > WIDTH and line.strip() not in ("", "["):
                yield line.rstrip()
                line = f"{indent} "
            line += f"{word} "
        yield line.rstrip()

    def item(self, value: Any, path: Path, indent: str) -> Iterator[str]:
        """`- value`; a map that needs several lines begins beside the hyphen."""
        line = f"{indent}- {self.flow(value, path)}"
        if self.is_short(value, path) or len(line) <= WIDTH:
            yield line
            return
        if path in self.marks:
            yield f"{indent}- {self.marks[path].before}"
            yield from self.block(value, path, indent + STEP)
            return
        first, *others = self.block(value, path, indent + STEP)
        yield f"{indent}- {first[len(indent) + len(STEP) :]}"
        yield from others

    def above(self, path: Path, indent: str) -> Iterator[str]:
        if path in self.comments:
            yield from _comment(self.comments[path], indent)

    def flow(self, value: Any, path: Path) -> str:
        """A value in one line."""
        mark = self.marks.get(path)
        if mark and mark.instead:
            return mark.instead
        if isinstance(value, Mapping):
            pairs = (f"{scalar(key)}: {self.flow(child, (*path, key))}" for key, child in value.items())
            return "{" + ", ".join(pairs) + "}"
        if isinstance(value, list | tuple):
            items = ", ".join(self.flow(child, (*path, position)) for position, child in enumerate(value))
            return f"{mark.before} [{items}]" if mark else f"[{items}]"
        if isinstance(value, bool):
            return "true" if value else "false"
        return "null" if value is None else str(value) if isinstance(value, int) else scalar(value)

    def is_short(self, value: Any, path: Path) -> bool:
        """Whether it cannot stand in several lines."""
        mark = self.marks.get(path)
        return bool(mark and mark.instead) or not (isinstance(value, Mapping | list | tuple) and value)


_FILLED = frozenset({"sop_classes", "transfer_syntaxes"})


def _is_filled(value: Any, path: Path) -> bool:
    """Whether it is a long list of words that nobody reads one below the other: hundreds of SOP classes."""
    return path[0] == "capability_sets" and path[-1] in _FILLED and isinstance(value, list | tuple)


def _comment(text: str, indent: str) -> Iterator[str]:
    """Lines of a comment; what cannot be printed is told by its number, so that no comment ends early."""
    for line in text.splitlines():
        safe = "".join(each if each.isprintable() else f"<U+{ord(each):04X}>" for each in line)
        wrapped = textwrap.wrap(safe, WIDTH - len(indent) - 2, break_long_words=False, break_on_hyphens=False)
        yield from (f"{indent}# {each}" for each in wrapped or [""])


# --- lists that repeat --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """A list's name: `&name` before its first writing, `*name` instead of all others."""

    before: str = ""
    instead: str = ""


REPEATED = 3
LONG = 50
"""Lists of texts that are written so often, and are so long in characters, are written once."""

WHOLE = 2
VERY_LONG = 500
"""The same for lists with maps in them, such as all that one AE of an archive can do and another one can too."""


def _marks(collections: Mapping[str, Any]) -> dict[Path, Mark]:
    marks: dict[Path, Mark] = {}
    named: Counter[str] = Counter()
    for texts, often, long in ((False, WHOLE, VERY_LONG), (True, REPEATED, LONG)):
        found: dict[str, list[Path]] = defaultdict(list)
        for path, said in _lists(collections, (), texts, marks):
            if len(said) > long:
                found[said].append(path)
        for first, *others in (paths for paths in found.values() if len(paths) >= often):
            word = _last_word(first)
            named[word] += 1
            name = f"{word}-{named[word]}"
            marks[first] = Mark(before=f"&{name}")
            marks |= {path: Mark(instead=f"*{name}") for path in others}
    return marks


def _last_word(path: Path) -> str:
    key = next(step for step in reversed(path) if isinstance(step, str))
    return re.sub("[^a-z0-9]+", "-", key.lower()).strip("-") or "list"


def _lists(value: Any, path: Path, texts: bool, marks: Mapping[Path, Mark]) -> Iterator[tuple[Path, str]]:
    """Every list of texts, or every other one, in the order that they are written in, and what it says."""
    if path in marks and marks[path].instead:
        return
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _lists(child, (*path, key), texts, marks)
    elif isinstance(value, list | tuple):
        if texts == all(isinstance(member, str) for member in value):
            yield path, repr(list(value))
        for position, child in enumerate(value):
            yield from _lists(child, (*path, position), texts, marks)


# --- texts --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=10_000)
def scalar(text: str) -> str:
    """A text as it may stand anywhere, in quotes where it could be taken for anything else."""
    if _PLAIN.fullmatch(text) and _is_text(text):
        return text
    return '"' + "".join(map(_quoted, text)) + '"'


_PLAIN = re.compile(
    r"[A-Za-z0-9_./](?:[A-Za-z0-9_./+@()~^$*;=&-]|:(?=[A-Za-z0-9_/])| (?=[A-Za-z0-9_./+@()-]))*"
)
_RESOLVER: Any = yaml.SafeLoader("")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def _is_text(text: str) -> bool:
    """Whether readers take it for text without quotes; a day is meant as one, whoever reads it."""
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    return (tag == "tag:yaml.org,2002:str" or _is_day(text)) and isinstance(core_scalar(text), str)


def _is_day(text: str) -> bool:
    try:
        return bool(formats.date(text))
    except ValueError:
        return False


def _quoted(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02X}"
    return f"\\u{number:04X}" if number < 0x10000 else f"\\U{number:08X}"
