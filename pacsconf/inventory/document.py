"""One YAML text as a tree of nodes that know their places.

Read from libyaml's events, not through its constructor, so that our own rules hold: a scalar is the text that
was typed (`NO`, `010`, `1:30` stay what they look like; only a plain `null`, `~` or nothing is no value), a
key stands once, and aliases, depth and size are bounded while reading, before anything is expanded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from pacsconf.core.finding import Finding, Place
from pacsconf.inventory import quick
from pacsconf.inventory.confidential import names_a_secret
from pacsconf.inventory.tree import Node, Spot
from pacsconf.inventory.values import Quoted

MAX_NODES = 1_000_000
"""Values in one file, aliases counted as often as they are used."""
MAX_DEPTH = 50

MERGE_KEY = "\0<<"
"""A key that no text can have: what stands under it is dropped."""

_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 section 5.1 keeps out of a text."""
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


@lru_cache(maxsize=4)
def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text as YAML counts them; the last files asked for are remembered."""
    return tuple(_BREAK.split(text))


def line_of(text: str, number: int) -> str:
    """The line of a text, from 1; empty where there is none."""
    lines = lines_of(text)
    return lines[number - 1] if 0 < number <= len(lines) else ""


class Broken(Exception):
    """A text that cannot become a tree; carries the finding that says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.summary)
        self.finding = finding


def parse(text: str, file: str) -> tuple[Node | None, tuple[Finding, ...]]:
    """The tree of one document, None when it is empty or cannot be read, and what is wrong with it.

    Duplicate keys, tags and merge keys are reported and read on; after a broken syntax nothing is returned.
    """
    tree = quick.read(text, file)
    if tree:
        return tree, ()
    return carefully(text, file)


def carefully(text: str, file: str) -> tuple[Node | None, tuple[Finding, ...]]:
    """The same, read by libyaml from the beginning."""
    odd = _UNPRINTABLE.search(text)
    if odd:
        return None, (_control_character(odd, file),)
    reader = _Reader(file, text)
    try:
        return reader.document(), tuple(reader.findings)
    except Broken as exc:
        return None, (*reader.findings, exc.finding)


@dataclass(slots=True)
class _Open:
    """A map or list whose end has not come yet."""

    node: Node
    is_map: bool
    column: int
    anchor: str | None
    block: bool
    size: int = 1
    key: str | None = None
    """The key whose value comes next."""
    key_at: Spot | None = None


@dataclass(slots=True)
class _Reader:
    file: str
    text: str
    findings: list[Finding] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    root: Node | None = None
    documents: int = 0

    def document(self) -> Node | None:
        """The tree that libyaml's events make; its complaint becomes a finding of ours.

        Raises: Broken.
        """
        takes = {
            ScalarEvent: self.scalar,
            MappingStartEvent: self.start,
            SequenceStartEvent: self.start,
            MappingEndEvent: self.end,
            SequenceEndEvent: self.end,
            AliasEvent: self.alias,
            DocumentStartEvent: self.begin,
        }
        try:
            for event in iter(_Loader(self.text).get_event, None):
                take = takes.get(type(event))
                if take:
                    take(event)
        except yaml.MarkedYAMLError as exc:
            raise Broken(_syntax(exc, self)) from exc
        return self.root if self.root and self.root.value is not None else None

    def at(self, event: Any) -> Spot:
        """The place of an event, as numbers."""
        start, end = event.start_mark, event.end_mark
        line = start.line
        length = end.index - start.index if end.line == line else 1
        return self.file, line + 1, start.column + 1, length or 1

    def begin(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise Broken(_many_documents(Place(*self.at(event))))

    def scalar(self, event: Any) -> None:
        at = self.at(event)
        text: str = event.value
        is_plain = not event.style
        if event.tag:
            self.tag(event.tag, Place(*at))
        parent = self.stack[-1] if self.stack else None
        if parent and parent.key is None and parent.is_map:
            if is_plain and text == "<<":
                self.findings.append(_merge_key(Place(*at)))
                text = MERGE_KEY
            parent.key, parent.key_at = text, at
            return
        node = Node((None if text in _NULLS else text) if is_plain else Quoted(text), at)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1)
        self.add(node, 1)

    def start(self, event: Any) -> None:
        at = self.at(event)
        if event.tag:
            self.tag(event.tag, Place(*at))
        if self.awaits_key():
            raise Broken(_odd_key(Place(*at)))
        if len(self.stack) >= MAX_DEPTH:
            raise Broken(_too_deep(Place(*at)))
        is_map = type(event) is MappingStartEvent
        value: dict[str, Node] | list[Node] = {} if is_map else []
        if event.anchor:
            self.anchors.pop(event.anchor, None)
        self.stack.append(_Open(Node(value, at), is_map, at[2] - 1, event.anchor, not event.flow_style))

    def end(self, _: Any) -> None:
        done = self.stack.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.node, done.size)
        self.add(done.node, done.size)

    def alias(self, event: Any) -> None:
        place = Place(*self.at(event))
        if self.awaits_key():
            raise Broken(_odd_key(place))
        anchor = event.anchor or ""
        if anchor not in self.anchors:
            inside = any(level.anchor == anchor for level in self.stack)
            name = self.told(anchor)
            raise Broken(_recursive(name, place) if inside else _no_anchor(name, place))
        node, size = self.anchors[anchor]
        self.add(Node(node.value, place), size)

    def awaits_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].is_map and self.stack[-1].key is None

    def add(self, node: Node, size: int) -> None:
        """Puts a finished node where it belongs, counting what it expands to.

        Raises: Broken when the file expands to too much.
        """
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.size += size
        if parent.size > MAX_NODES:
            raise Broken(_too_many(node.place))
        members = parent.node.value
        if isinstance(members, list):
            members.append(node)
            return
        assert isinstance(members, dict), "only maps and lists are opened"
        assert parent.key is not None, "a value follows its key"
        key, parent.key = parent.key, None
        node.key_at = parent.key_at
        if key == MERGE_KEY:
            return
        held = members.setdefault(key, node)
        if held is not node:
            self.findings.append(_duplicate(key, held, node))

    def tag(self, tag: str, place: Place) -> None:
        if tag != "!":
            self.findings.append(_tagged(self.told(tag), place))

    def told(self, text: str) -> str:
        """What may be repeated: below `password:` the start of a secret can look like a tag or an alias."""
        is_secret = any(level.key and names_a_secret(level.key) for level in self.stack)
        return "..." if is_secret else text


# --- what is wrong, in our words ----------------------------------------------------------------------------


def _error(rule: str, place: Place, summary: str, detail: str = "", fix: str = "") -> Finding:
    return Finding(rule, "error", summary, detail, fix, place=place)


def _control_character(found: re.Match[str], file: str) -> Finding:
    lines = _BREAK.split(found.string[: found.start()])
    summary = f"The file holds a control character (U+{ord(found[0]):04X})"
    detail = "It cannot be seen in an editor and would become part of a name."
    place = Place(file, len(lines), len(lines[-1]) + 1)
    return _error("PACS-YAML-013", place, summary, detail, "Delete it, or type the text again.")


_EXPRESSION = re.compile(r"^\s*(?:- )?(?:condition|when): *!")
"""An expression of a policy that YAML takes for a tag."""


def _syntax(exc: yaml.MarkedYAMLError, reader: _Reader) -> Finding:
    """What stopped libyaml, judged by the line it stopped at."""
    mark = exc.problem_mark or exc.context_mark
    assert mark is not None, "libyaml marks what it complains about"
    line = line_of(reader.text, mark.line + 1)
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent:
        return _tab(Place(reader.file, mark.line + 1, indent.index("\t") + 1))
    levels = sorted({level.column for level in reader.stack if level.block})
    place = Place(reader.file, mark.line + 1, mark.column + 1)
    if line.strip() and all(level.block for level in reader.stack) and levels and len(indent) not in levels:
        return _indentation(Place(reader.file, mark.line + 1, len(indent) + 1), levels)
    start = exc.context_mark or mark
    began = Place(reader.file, start.line + 1, start.column + 1)
    return Finding(
        "PACS-YAML-001",
        "error",
        "This cannot be read as YAML",
        f"The reader stopped here: {exc.problem or exc.context}.",
        "Put an expression that begins with ! in quotes, or below | in a line of its own."
        if _EXPRESSION.search(line)
        else "Look for a missing colon, quote or bracket here or in the line above.",
        place=place,
        also=((began, "what it belongs to starts here"),)
        if (began.line, began.column) < (place.line, place.column)
        else (),
    )


def _tab(place: Place) -> Finding:
    detail = "YAML allows only spaces at the start of a line: a tab's width differs from editor to editor."
    return _error("PACS-YAML-002", place, "A tab indents this line", detail, "Replace the tab by spaces.")


def _indentation(place: Place, levels: list[int]) -> Finding:
    spaces = ", ".join(str(level) for level in levels)
    detail = f"It starts after {place.column - 1} spaces; the lines it could belong to start after {spaces}."
    fix = "Give it the same number of spaces as its neighbours."
    return _error("PACS-YAML-003", place, "The indentation of this line fits nothing above it", detail, fix)


def _duplicate(key: str, held: Node, again: Node) -> Finding:
    first = held.key or held.place
    return Finding(
        "PACS-YAML-004",
        "error",
        f'The key "{key}" stands twice in the same map',
        "Only one of the two can count.",
        "Remove one, or join them.",
        place=again.key or again.place,
        also=((first, "first given here"),),
    )


def _too_many(place: Place) -> Finding:
    detail = (
        f"Its aliases (*name) multiply to more than {MAX_NODES:,} values, which would exhaust the memory."
    )
    return _error(
        "PACS-YAML-005", place, "This file expands to too much", detail, "Write values out; use profiles."
    )


def _recursive(anchor: str, place: Place) -> Finding:
    detail = f"*{anchor} stands inside the value that &{anchor} names, so it would have no end."
    return _error("PACS-YAML-006", place, f"The alias *{anchor} holds itself", detail, "Write the value out.")


def _no_anchor(anchor: str, place: Place) -> Finding:
    fix = f"Name a value above it with &{anchor}, or put the text in quotes if a star is meant."
    detail = "A word that begins with a star stands for a value that was named above it."
    return _error("PACS-YAML-014", place, f"Nothing is named &{anchor} before *{anchor}", detail, fix)


def _merge_key(place: Place) -> Finding:
    detail = "A merge key is not part of YAML 1.2, and hides where a value comes from."
    return _error(
        "PACS-YAML-007", place, 'The merge key "<<" is not read', detail, "Use a profile: `profile: NAME`."
    )


def _tagged(tag: str, place: Place) -> Finding:
    short = tag.replace("tag:yaml.org,2002:", "!!")
    detail = (
        "A word that begins with ! is a tag: it says what type a value has. Here that follows from its place."
    )
    fix = "Remove it, or put the text in quotes if the ! belongs to it."
    return _error("PACS-YAML-008", place, f"The tag {short} is not read", detail, fix)


def _many_documents(place: Place) -> Finding:
    detail = "A line `---` begins a new document, and only the first would count."
    fix = "Remove the line `---`, or make two files of it."
    return _error("PACS-YAML-009", place, "A second YAML document starts here; a file holds one", detail, fix)


def _odd_key(place: Place) -> Finding:
    detail = "Maps {...}, lists [...] and aliases (*name) cannot be keys."
    fix = "Write one word before the colon, or put it in quotes."
    return _error("PACS-YAML-010", place, "A key must be text", detail, fix)


def _too_deep(place: Place) -> Finding:
    detail = f"No inventory needs more than {MAX_DEPTH} levels."
    return _error(
        "PACS-YAML-011",
        place,
        "Values are nested too deeply",
        detail,
        "Look for a bracket that is not closed.",
    )
