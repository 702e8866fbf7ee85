"""The entries of a DICOM directory, each where it stands for us (PS3.15 section H.1.3).

An entry is of a kind of ours by its object class and by where it stands; all others are somebody else's.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pacsconf.core.address import Address
from pacsconf.core.errors import BadAnswer
from pacsconf.core.on_demand import Later
from pacsconf.systems._dicom.branches import Branches, NoName, branches
from pacsconf.systems._dicom.vocabulary import CLASSES, OTHER, STANDARD, Vocabulary, spoken
from pacsconf.systems._ldap import Entry, names


@dataclass(frozen=True, slots=True)
class Tree:
    """The entries that were read: ours by address, and all by the parent they stand under."""

    system: str
    entries: Mapping[Address, Entry] = field(default_factory=dict)
    addresses: Mapping[names.Key, Address] = field(default_factory=dict)
    children: Mapping[names.Key, tuple[Entry, ...]] = field(default_factory=dict)
    holders: Mapping[str, Address] = field(default_factory=dict)
    """By AE title, the first device that has an entity of it."""
    foreign: tuple[Entry, ...] = ()
    """Entries that are not of our kinds, or not where ours stand."""
    orphans: int = 0
    """How many entries stand below one that was not read; the topmost ones are not counted."""
    above: Mapping[Address, Address] = field(default_factory=dict)
    """What each of ours stands right below, but for the configuration itself."""
    vocabulary: Vocabulary = STANDARD

    @property
    def everything(self) -> Iterator[Entry]:
        """All entries, others' among them, the ones above before those below."""
        return (entry for below in self.children.values() for entry in below)

    def address_of(self, dn: str) -> Address | None:
        """Where the entry of this name is for us; None when it is not among ours, or the name is none."""
        try:
            return self.addresses.get(names.key(dn))
        except ValueError:
            return None

    def undeclared_below(self, entry: Entry) -> tuple[Entry, ...]:
        """Entries right below this one that are not of our kinds."""
        below = self.children.get(names.key(entry.dn), ())
        return tuple(child for child in below if names.key(child.dn) not in self.addresses)


def grow(system: str, entries: Iterable[Entry], vocabulary: Vocabulary = STANDARD) -> Tree:
    """The tree of these entries, the configuration root among them, as far as the vocabulary goes.

    Raises: BadAnswer for two entries of one address, or a name that is none.
    """
    entries = tuple(entries)
    found = _branches(system, entries)
    ours: dict[Address, Entry] = {}
    above: dict[Address, Address] = {}
    foreign: list[Entry] = []
    left: deque[tuple[str, Address | None]] = deque((top, None) for top in found.tops)
    while left:
        branch, parent = left.popleft()
        address_of = _Namer(system, parent, vocabulary).address
        for entry, name in found.below.pop(branch, ()):
            address = address_of(entry, name)
            for below in found.of(entry.dn):
                left.append((below, address))
            if address is None:
                foreign.append(entry)
                continue
            if address in ours:
                raise BadAnswer(
                    system,
                    f"{entry.dn} and {ours[address].dn} are both {address}",
                    fix="Delete the one that is not meant, in the directory itself.",
                )
            ours[address] = entry
            if parent is not None:
                above[address] = parent
    entities = sorted((each for each in ours if each.kind == "network-ae"), reverse=True)
    holders = {each.parts[1]: above[each] for each in entities}
    addresses = Later(lambda: {names.key(entry.dn): address for address, entry in ours.items()})
    children = Later(lambda: _children(entries))
    return Tree(system, ours, addresses, children, holders, tuple(foreign), found.orphans, above, vocabulary)


def spoken_in(tree: Tree) -> tuple[str, ...]:
    """The extensions there are that have words for something in a tree."""
    held = {name for entry in tree.everything for name in entry.texts(CLASSES)}
    return tuple(sorted(one.name for one in spoken(held)))


def _branches(system: str, entries: Iterable[Entry]) -> Branches:
    try:
        return branches(entries)
    except NoName as exc:
        raise BadAnswer(
            system,
            f'the directory answered with "{exc.dn}", which is no name',
            fix="Rename that entry in the directory itself.",
        ) from exc


def _children(entries: Iterable[Entry]) -> dict[names.Key, tuple[Entry, ...]]:
    """Entries by the name of what they stand below, those above before those below."""
    found: dict[names.Key, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[names.key(entry.dn)[1:]].append(entry)
    return {upper: tuple(found[upper]) for upper in sorted(found, key=len)}


class _Namer:
    """Tells where entries are for us that stand right below `parent`; None is nothing of ours."""

    def __init__(self, system: str, parent: Address | None, vocabulary: Vocabulary) -> None:
        self._system = system
        self._vocabulary = vocabulary
        contained = parent is None or parent.kind == "container"
        self._level = "" if parent is None else parent.name if contained else parent.kind
        self._above = None if contained else parent

    def address(self, entry: Entry, name: str) -> Address | None:
        """Of an entry that is so named; None when it is not of our kinds, or has an empty name."""
        words = self._vocabulary
        found = words.placed(self._level, entry.attributes.get("objectclass", ()))
        if found is None:
            return self._other(entry)
        kind, container = found
        if container:
            return Address.of(self._system, kind, container)
        if kind in words.titled:
            name = entry.text("dicomaetitle") or name
        elif not words.shapes[kind].exact:
            name = name.lower()
        if not name:
            return None
        return self._above.below(kind, name) if self._above else Address.of(self._system, kind, name)

    def _other(self, entry: Entry) -> Address | None:
        """Of an entry without words of ours, below a device."""
        above = self._above
        if above is None or not self._vocabulary.extended:
            return None
        depth = len(names.parse(above.parts[1])) if above.kind == OTHER else len(above.parts) - 1
        own = names.parse(entry.dn)[: depth + 1]
        relative = ",".join("+".join(names.rdn(*part) for part in one) for one in own)
        return Address.of(self._system, OTHER, above.parts[0], names.canonical(relative))
