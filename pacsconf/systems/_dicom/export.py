"""From a list of entries, such as a directory's export, to what the directory itself would give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pacsconf.core.address import Address
from pacsconf.core.resource import Snapshot
from pacsconf.systems._dicom.attributes import CONTAINERS, decode
from pacsconf.systems._dicom.reader import Reader
from pacsconf.systems._dicom.tree import Tree, grow
from pacsconf.systems._dicom.vocabulary import STANDARD, Vocabulary
from pacsconf.systems._ldap import Entry, names
from pacsconf.systems._ldap.schema import AttributeType, Schema

_ROOT = CONTAINERS["configuration"][1]
_STARTS: Mapping[str, names.Key] = {
    name: names.key(f"cn={cn}" if cn == _ROOT else f"cn={cn},cn={_ROOT}")
    for name, (_, cn) in CONTAINERS.items()
}
"""By container: how its name begins (PS3.15 section H.1.2)."""


def snapshot_of(name: str, entries: Iterable[Entry], spellings: Mapping[str, str] | None = None) -> Snapshot:
    """What the system `name` would read from a directory that holds these entries.

    `spellings` gives names of attributes by lower case, where the entries' own are in lower case.

    Raises: BadAnswer for two entries of one address.
    """
    return Reader(planted(name, entries), None, spelled(spellings or {})).snapshot()


def planted(name: str, entries: Iterable[Entry], vocabulary: Vocabulary = STANDARD) -> Tree:
    """The tree of those entries that belong to a DICOM configuration; an export may hold people and all else.

    Containers above them that were not exported with them are put in their place.

    Raises: BadAnswer.
    """
    given = tuple(entries)
    try:
        within = _within(given)
        return grow(name, (*(entry for _, entry in within), *_missing(within)), vocabulary)
    except ValueError:  # a name that is none, which `grow` reports
        return grow(name, given, vocabulary)


def _within(entries: Iterable[Entry]) -> tuple[tuple[names.Key, Entry], ...]:
    """Entries at or below a configuration root, each with its name for comparison."""
    (root,) = names.key(f"cn={_ROOT}")
    keyed = ((names.key(entry.dn), entry) for entry in entries)
    return tuple((key, entry) for key, entry in keyed if root in key)


def _missing(entries: Sequence[tuple[names.Key, Entry]]) -> Iterator[Entry]:
    """The containers that stand in names of these entries, and are not among them."""
    looked_at = {key for key, _ in entries}
    for key, entry in entries:
        for at in range(1, len(key)):
            if key[at:] in looked_at:
                break
            looked_at.add(key[at:])
            container = _container(key[at:])
            if container:
                above = names.parse(entry.dn)[at:]
                dn = ",".join("+".join(names.rdn(*part) for part in one) for one in above)
                yield Entry(dn, {"objectclass": (CONTAINERS[container][0].encode(),)})


def _container(key: names.Key) -> str | None:
    """The container whose name this is."""
    return next((name for name, start in _STARTS.items() if key[: len(start)] == start), None)


def legible(tree: Tree) -> tuple[Tree, tuple[tuple[Entry, str], ...]]:
    """The tree without values that the standard does not allow, and each entry that had one, with what is wrong."""
    wrong: list[tuple[Entry, str]] = []
    entries: dict[Address, Entry] = {}
    for address, entry in tree.entries.items():
        bad: set[str] = set()
        for row in tree.vocabulary.shape(address).rows:
            try:
                decode(row, entry.values(row.attribute), names.canonical)
            except ValueError as exc:
                wrong.append((entry, str(exc)))
                bad.add(row.attribute.lower())
        left = {name: values for name, values in entry.attributes.items() if name not in bad}
        entries[address] = replace(entry, attributes=left) if bad else entry
    return replace(tree, entries=entries), tuple(wrong)


def spelled(spellings: Mapping[str, str]) -> Schema:
    """A schema that knows how names of attributes are spelled, and nothing else of them."""
    return Schema({key: AttributeType(name) for key, name in spellings.items()})
