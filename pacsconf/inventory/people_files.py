"""People from lists that others keep (`users_from`), read and put into the tree beside those of the YAML files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from pacsconf.core.finding import Finding, Place
from pacsconf.core.finding import Path as Steps
from pacsconf.inventory import files
from pacsconf.inventory.files import Text
from pacsconf.inventory.merge import merge
from pacsconf.inventory.people_csv import Table
from pacsconf.inventory.people_rows import People
from pacsconf.inventory.people_source import USERS_FROM, PeopleSource
from pacsconf.inventory.tree import Node, plain
from pacsconf.inventory.validation import checked

MAX_BYTES = 100_000_000
"""The largest list of people that is read."""


class PeopleFiles:
    """The lists that an inventory names, read; who stands in them is among its users then."""

    def __init__(self, root: Path, tree: Node) -> None:
        self.root = root
        self.texts: list[Text] = []
        self.findings: list[Finding] = []
        self.from_lists: dict[str, Node] = {}
        users = tree.entries["users"].value
        assert isinstance(users, dict), "the collections are ours"
        self.declared: Mapping[str, Node] = dict(users)
        for number, source in enumerate(_listed(tree.entries.get(USERS_FROM))):
            users.update(self._of(source, (USERS_FROM, number)))

    def _of(self, node: Node, path: Steps) -> Mapping[str, Node]:
        """The people of one list, with what the YAML files say of them."""
        source, findings = checked(PeopleSource, plain(node), path)
        self.findings += findings
        text = self._read(source, node.entries["csv"]) if source else None
        if source is None or text is None:
            return {}
        table = Table(text.file, text.text, source.delimiter)
        people = People(table, source, node)
        found = dict(self._once(people.by_id()))
        self.findings += table.findings
        return self._merged(source, found, node.entries["csv"])

    def _read(self, source: PeopleSource, named: Node) -> Text | None:
        """The file, unless it cannot be read."""
        place = PurePosixPath(source.csv)
        if place.is_absolute() or ".." in place.parts:
            self.findings.append(_elsewhere(source.csv, named.place))
            return None
        path = self.root / place
        if not os.path.exists(path):  # as `Path.exists`, which raises for a name that no file can have
            self.findings.append(_missing(source.csv, named.place))
            return None
        content = files.read_bytes(path, self.root, MAX_BYTES)
        if isinstance(content, Finding):
            self.findings.append(content)
            return None
        text = decoded(content, source.encoding)
        if text is None:
            self.findings.append(_undecodable(source, named.place))
            return None
        # One file that two sources read counts once.
        found = Text(path, place.as_posix(), text, content)
        if all(one.file != found.file for one in self.texts):
            self.texts.append(found)
        return found

    def _once(self, people: Iterator[tuple[str, Node]]) -> Iterator[tuple[str, Node]]:
        """The people who stand in no other list."""
        for name, node in people:
            first = self.from_lists.setdefault(name, node)
            if first is node:
                yield name, node
            else:
                self.findings.append(_in_two(name, node.named_at, first.named_at))

    def _merged(self, source: PeopleSource, found: dict[str, Node], named: Node) -> Mapping[str, Node]:
        """The people, with what stands under `users` merged in: what counts more over what counts less."""
        both = sorted(found.keys() & self.declared.keys())
        differing: list[tuple[str, Node]] = []
        for name in both:
            listed, written = found[name], self.declared[name]
            differing += [(name, written.entries[key]) for key in _differing(listed, written)]
            found[name] = merge(listed, written) if source.precedence == "yaml" else merge(written, listed)
        if differing:
            self.findings.append(_said_twice(source, differing, named.place))
        return found


def _listed(node: Node | None) -> Iterator[Node]:
    if node is not None and isinstance(node.value, list):
        yield from node.value


def _differing(first: Node, second: Node) -> Iterator[str]:
    """The keys of which two maps say different things."""
    for key in first.entries.keys() & second.entries.keys():
        if plain(first.entries[key]) != plain(second.entries[key]):
            yield key


def decoded(content: bytes, encoding: str) -> str | None:
    """The text, None if it is none; a byte order mark says what it is more surely than anybody."""
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            encoding = name
    try:
        return content.decode(encoding)
    except ValueError:
        return None


_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


# --- what is wrong, in our words --------------------------------------------------------------------------------


def _missing(file: str, place: Place) -> Finding:
    return Finding(
        "PACS-CSV-001",
        "error",
        f'There is no file "{file}" in the repository',
        "People who stand there would be missing, and lose their access.",
        "Put it there, or remove the source. Its name is relative to the repository, as in people/hr.csv.",
        place=place,
    )


def _elsewhere(file: str, place: Place) -> Finding:
    return Finding(
        "PACS-CSV-001",
        "error",
        f'"{file}" is not in the repository',
        "Who is declared would depend on the machine, and nobody would review it.",
        "Put it into the repository. Names alone may stay outside: see docs/people.md, Privacy.",
        place=place,
    )


def _undecodable(source: PeopleSource, place: Place) -> Finding:
    return Finding(
        "PACS-CSV-002",
        "error",
        f"{source.csv} is no text in {source.encoding}",
        "Names and words with umlauts would become others.",
        "Say its encoding: encoding: windows-1252, for what Excel saves as CSV; or save it as UTF-8.",
        place=place,
    )


def _in_two(name: str, place: Place, first: Place) -> Finding:
    return Finding(
        "PACS-CSV-006",
        "error",
        f"{name} stands in two lists, or twice in one",
        "Which of the two rows counts cannot be told.",
        "Take one of them out, or let `only` say which rows are meant.",
        place=place,
        also=((first, "stands first here"),),
    )


def _said_twice(source: PeopleSource, keys: list[tuple[str, Node]], place: Place) -> Finding:
    people = len({name for name, _ in keys})
    wins = "the YAML files count" if source.precedence == "yaml" else f"{source.csv} counts"
    return Finding(
        "PACS-CSV-008",
        "info",
        f"People of {source.csv} who stand under users too, and differently: {people}",
        f"For those keys {wins}.",
        "precedence: csv turns it round; or take out of the YAML what the list says.",
        place=place,
        also=tuple((node.named_at, f"of {name}") for name, node in keys[:3]),
    )
