"""The collections of all files, joined by name into one tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pacsconf.core.finding import Finding, Place
from pacsconf.inventory.declaration import COLLECTIONS, ONCE
from pacsconf.inventory.people_source import USERS_FROM
from pacsconf.inventory.retention_files import RETENTION, parts
from pacsconf.inventory.tree import Node
from pacsconf.inventory.validation import unknown_key

_NOWHERE = Place("inventory", 1, 1)
TOP = (*COLLECTIONS, RETENTION, USERS_FROM, *ONCE)
"""All keys at the top of a file."""


def join(trees: Iterable[Node]) -> tuple[Node, tuple[Finding, ...]]:
    """One tree with every collection, empty or not, and what cannot be joined: a name stands once in all files."""
    members: dict[str, dict[str, Node]] = {name: {} for name in COLLECTIONS}
    settings: dict[str, Node] = {}
    findings = tuple(finding for tree in trees for finding in _joined(tree, members, settings))
    collections = {name: Node(dict(held), _NOWHERE) for name, held in members.items()}
    return Node({**collections, **settings}, _NOWHERE), findings


def _joined(tree: Node, members: dict[str, dict[str, Node]], settings: dict[str, Node]) -> Iterator[Finding]:
    if not isinstance(tree.value, dict):
        yield _not_a_map("A file", f"Begin its lines with: {', '.join(TOP)}.", tree.place)
    for key, node in tree.entries.items():
        at = node.key or node.place
        if key not in TOP:
            yield _unknown(key, at)
        elif node.value is None:
            continue
        elif key in ONCE:
            yield from _named(settings, key, node, "The key")
        elif key == USERS_FROM:
            _listed(node, settings)
        elif not isinstance(node.value, dict):
            yield _not_a_map(key, "Write a name in each line, a colon, and what it stands for.", at)
        elif key == RETENTION:
            yield from _retention(node, settings)
        else:
            kind = key.removesuffix("s").capitalize().replace("_", " ")
            for name, member in node.value.items():
                yield from _named(members[key], name, member, kind)


def _listed(node: Node, held: dict[str, Node]) -> None:
    """Adds what one file lists to what others do; a single one may stand alone."""
    whole = held.setdefault(USERS_FROM, Node([], node.at, node.key_at))
    assert isinstance(whole.value, list), "made as a list"
    whole.value += node.value if isinstance(node.value, list) else [node]


def _retention(node: Node, held: dict[str, Node]) -> Iterator[Finding]:
    """Adds what one file says of retention: its collections by name, its other keys once."""
    whole = held.setdefault(RETENTION, Node({}, node.at, node.key_at))
    assert isinstance(whole.value, dict), "made as a map"
    for key, name, one in parts(node):
        if name is None:
            yield from _named(whole.value, key, one, f"The key {RETENTION}.")
            continue
        collection = whole.value.setdefault(key, Node({}, one.at, node.entries[key].key_at))
        if isinstance(collection.value, dict):
            yield from _named(collection.value, name, one, f"{RETENTION}.{key}:")


def _named(held: dict[str, Node], name: str, node: Node, kind: str) -> Iterator[Finding]:
    """Adds one member, unless its name is taken."""
    first = held.setdefault(name, node)
    if first is not node:
        at = first.key or first.place
        yield Finding(
            "PACS-NAME-001",
            "error",
            f"{kind} {name} is declared twice",
            "Files are joined name by name: what one name stands for is written in one place.",
            "Remove one of the two, or give it another name.",
            place=node.key or node.place,
            also=((at, "declared first here"),),
        )


def _unknown(key: str, place: Place) -> Finding:
    found = unknown_key(key, TOP, ())
    return Finding(found.rule, "error", found.summary, found.detail, found.fix, place=place)


def _not_a_map(what: str, fix: str, place: Place) -> Finding:
    summary = f"{what} needs a map (lines of `key: value`), and this is none"
    return Finding("PACS-YAML-012", "error", summary, "What stands here has no name.", fix, place=place)
