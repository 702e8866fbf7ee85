"""From the entries of a DICOM directory to resources (PS3.15 section H.1.3).

An entry is of a kind of ours by its object class and by where it stands; all others are somebody else's. Of
attributes that are not modelled, and of vendor data, a resource shows those that the inventory names for it; an
entry that the inventory does not declare shows all, so that deleting it is weighed with everything it holds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from pacsconf.core.address import Address
from pacsconf.core.errors import BadAnswer
from pacsconf.core.moment import in_words
from pacsconf.core.on_demand import OnDemand
from pacsconf.core.resource import Fields, Snapshot, State, Typed, Value
from pacsconf.systems._dicom.attributes import CONTAINERS, Resolve, Row, decode, shape
from pacsconf.systems._dicom.declare import Intent
from pacsconf.systems._dicom.decoding import Decoding, decoding
from pacsconf.systems._dicom.kinds import EXTRA, KINDS
from pacsconf.systems._ldap import Entry, names
from pacsconf.systems._ldap.directory import OPERATIONAL
from pacsconf.systems._ldap.entry import Values
from pacsconf.systems._ldap.schema import Schema

_BELOW: Mapping[str, tuple[str, ...]] = {
    "devices": ("device",),
    "unique-ae-titles": ("unique-ae-title",),
    "device": ("network-connection", "network-ae"),
    "network-ae": ("transfer-capability",),
}
"""What stands below what: kinds by the name of a container or the kind of another entry."""

_NOT_EXTRA = frozenset({name.lower() for name in OPERATIONAL})
_CONNECTION, _CAPABILITY = "network-connection", "transfer-capability"
_CAPABILITIES = decoding(_CAPABILITY, "")
_NOTHING: frozenset[str] = frozenset()


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


def grow(system: str, entries: Iterable[Entry]) -> Tree:
    """The tree of these entries, the configuration root among them.

    Raises: BadAnswer for two entries of one address, or a name that is none.
    """
    ours: dict[Address, Entry] = {}
    addresses: dict[names.Key, Address] = {}
    children: dict[names.Key, list[Entry]] = defaultdict(list)
    above: dict[Address, Address] = {}
    foreign: list[Entry] = []
    keyed = sorted(_keyed(system, entries), key=lambda pair: len(pair[0]))
    for key, entry in keyed:
        upper = key[1:]
        children[upper].append(entry)
        parent = addresses.get(upper)
        address = _address(system, entry, parent)
        if address is None:
            foreign.append(entry)
            continue
        if address in ours:
            raise BadAnswer(
                system,
                f"{entry.dn} and {ours[address].dn} are both {address}",
                fix="Delete the one that is not meant, in the directory itself.",
            )
        ours[address], addresses[key] = entry, address
        if parent is not None:
            above[address] = parent
    entities = sorted((each for each in ours if each.kind == "network-ae"), reverse=True)
    holders = {each.parts[1]: above[each] for each in entities}
    below = {key: tuple(found) for key, found in children.items()}
    orphans = _orphans([key for key, _ in keyed], below)
    return Tree(system, ours, addresses, below, holders, tuple(foreign), orphans, above)


def _orphans(keys: Sequence[names.Key], below: Mapping[names.Key, tuple[Entry, ...]]) -> int:
    """How many entries stand below one that is not among these names, shortest first."""
    known = frozenset(keys)
    return sum(len(found) for key, found in below.items() if len(key) >= len(keys[0]) and key not in known)


def _keyed(system: str, entries: Iterable[Entry]) -> Iterator[tuple[names.Key, Entry]]:
    for entry in entries:
        try:
            yield names.key(entry.dn), entry
        except ValueError as exc:
            raise BadAnswer(
                system,
                f'the directory answered with "{entry.dn}", which is no name',
                fix="Rename that entry in the directory itself.",
            ) from exc


def _address(system: str, entry: Entry, parent: Address | None) -> Address | None:
    """Where an entry is for us; None when it is not of our kinds, or has an empty name."""
    level = "" if parent is None else parent.name if parent.kind == "container" else parent.kind
    found = _placed(level, entry.attributes.get("objectclass", ()))
    if found is None:
        return None
    kind, container = found
    if container:
        return Address.of(system, "container", container)
    name = _name(kind, entry)
    if not name or parent is None:
        return None
    return Address.of(system, kind, name) if parent.kind == "container" else parent.below(kind, name)


@lru_cache(1024)
def _placed(level: str, classes: Values) -> tuple[str, str] | None:
    """The kind of an entry of these classes that stands at a level, and which container it is where it is one.

    A level is the name of a container or the kind of another entry, empty for nothing of ours. There are few
    levels and few sets of classes, and tens of thousands of entries.
    """
    lower = {name.decode(errors="backslashreplace").lower() for name in classes}
    if level in ("", *CONTAINERS):
        container = next((name for name, (cls, _) in CONTAINERS.items() if cls.lower() in lower), "")
        if container and (level == "") == (container == "configuration"):
            return "container", container
    below = (kind for kind in _BELOW.get(level, ()) if shape(kind, "").object_class.lower() in lower)
    return next(((kind, "") for kind in below), None)


_PLAIN = re.compile(r'[A-Za-z][A-Za-z0-9-]*=([^\\,;+"=\s]+(?: +[^\\,;+"=\s]+)*)(?:,|\Z)').match
"""A relative name of one part that nothing is escaped in, which is how most are written."""


def _name(kind: str, entry: Entry) -> str:
    """An entry's own name: of an AE its title; of a foreign form (dicomHostname+dicomPort) the values joined."""
    if shape(kind, "").naming == "dicomAETitle":
        return entry.text("dicomaetitle") or _leaf(entry.dn)
    return _leaf(entry.dn).lower()


def _leaf(dn: str) -> str:
    plain = _PLAIN(dn)
    if plain is not None:
        return plain[1]
    parts = names.parse(dn)[0]
    return parts[0][1] if len(parts) == 1 else ":".join(value for _, value in sorted(parts))


# --- resources ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes resources of a tree's entries. `schema` spells attribute names; None: as the server sent them."""

    tree: Tree
    intent: Intent | None
    schema: Schema | None

    def snapshot(self) -> Snapshot:
        """All resources, with who wrote each last and when."""
        entries = self.tree.entries
        return Snapshot(
            self.tree.system,
            Typed(self._states(), KINDS),
            OnDemand(entries.keys(), lambda address: note(entries[address])),
            OnDemand(entries.keys(), lambda address: last_changed(entries[address])),
        )

    def _states(self) -> dict[Address, State]:
        """The states of all entries; what many have in common is made once."""
        tree, intent = self.tree, self.intent or Intent()
        entries = tree.entries
        siblings = {entry.dn: address for address, entry in entries.items() if address.kind == _CONNECTION}
        only: dict[Address, frozenset[Address]] = {
            each: frozenset({each}) for each in set(tree.above.values())
        }
        alike: dict[Hashable, Fields] = {}
        states: dict[Address, State] = {}
        for address, entry in entries.items():
            kind, scope, claims = address.kind, self.scope(address), _NOTHING
            if kind == _CAPABILITY and scope == ():
                key = _CAPABILITIES.key(entry.attributes)
                fields = alike.get(key)
                if fields is None:
                    fields = alike[key] = self.fields(address, entry, scope)
            else:
                fields = self.fields(address, entry, scope, siblings)
            parent = tree.above.get(address)
            if parent is None or kind == "container":
                root, needs = self._configuration, self._present(self._configuration) - {address}
            elif kind == "network-ae":
                root, needs = parent, self._needs(address, parent, fields)
                claims = intent.claim(*address.parts)
            elif kind == "device":
                root, needs = address, only[parent]
            elif kind == "unique-ae-title":
                root, needs = tree.holders.get(address.parts[0], address), only[parent]
            elif kind == _CONNECTION:
                root, needs = parent, only[parent]
            else:
                root, needs = tree.above[parent], only[parent]
            states[address] = State(address, root, fields, needs, claims)
        return states

    @property
    def _configuration(self) -> Address:
        return Address.of(self.tree.system, "container", "configuration")

    def _needs(self, address: Address, device: Address, fields: Fields) -> frozenset[Address]:
        """What an entity depends on: its device, the connections it uses, the reservation of its title."""
        used = fields.get("connections", ())
        assert isinstance(used, tuple), "connections are a set"
        title = Address.of(self.tree.system, "unique-ae-title", address.parts[1])
        return self._present(device, title, *(device.below(_CONNECTION, name) for name in used if name))

    def _present(self, *addresses: Address) -> frozenset[Address]:
        return frozenset([each for each in addresses if each in self.tree.entries])

    def scope(self, address: Address) -> Collection[str] | None:
        """The attributes shown of those that others may write too; None: all."""
        return self.intent.extras.get(address) if self.intent else None

    def fields(
        self,
        address: Address,
        entry: Entry,
        scope: Collection[str] | None,
        siblings: Mapping[str, Address] = {},
    ) -> dict[str, Value]:
        """An entry's fields in canonical spelling. `siblings` are connections by a spelling of their name.

        Raises: BadAnswer for values that the standard does not allow in number or form.
        """
        of_kind = decoding(address.kind, address.name)
        resolve = self._sibling(address, siblings) if address.kind == "network-ae" else names.canonical
        try:
            found = of_kind.fields(entry.attributes, resolve, vendor_data=_named("dicomVendorData", scope))
        except ValueError as exc:
            raise BadAnswer(
                self.tree.system, f"{entry.dn}: {exc}", fix="Correct that entry in the directory itself."
            ) from exc
        return found | self._extras(of_kind, entry, scope) if scope is None or scope else found

    def _extras(self, of_kind: Decoding, entry: Entry, scope: Collection[str] | None) -> dict[str, Value]:
        """What is not modelled, as far as it is shown."""
        wanted = None if scope is None else {name.lower(): name for name in reversed([*scope])}
        found: dict[str, Value] = {}
        for attribute in sorted(entry.attributes.keys() - of_kind.modelled - _NOT_EXTRA):
            if wanted is None:
                name = self.schema.spelling(attribute) if self.schema else attribute
            elif attribute in wanted:
                name = wanted[attribute]
            else:
                continue
            row = Row(EXTRA + name, name, many=True)
            value = decode(row, entry.attributes[attribute], names.canonical)
            if value is not None:
                found[row.field] = value
        return found

    def _sibling(self, address: Address, siblings: Mapping[str, Address]) -> Resolve:
        """From the DN of a connection of the same device to its name; another DN stays one."""
        device = address.parts[0]

        def name(dn: str) -> str:
            found = siblings.get(dn) or self.tree.address_of(dn)
            if found is not None and found.kind == _CONNECTION and found.parts[0] == device:
                return found.parts[1]
            return names.canonical(dn)

        return name


def _named(attribute: str, scope: Collection[str] | None) -> bool:
    return scope is None or (bool(scope) and any(name.lower() == attribute.lower() for name in scope))


def note(entry: Entry) -> str | None:
    """Who wrote an entry last and when, in words; None where the server does not tell."""
    who, when = entry.text("modifiersName"), last_changed(entry)
    if who is None or when is None:
        return None
    try:
        short = names.leaf(who) or "an anonymous caller"
    except ValueError:
        return None
    return f"by {short}, {in_words(when)}"


def last_changed(entry: Entry) -> datetime | None:
    """When an entry was written last; None where the server does not tell."""
    when = entry.text("modifyTimestamp")
    try:
        return datetime.strptime(when[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if when else None
    except ValueError:
        return None
