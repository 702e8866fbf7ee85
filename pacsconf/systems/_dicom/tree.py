"""From the entries of a DICOM directory to resources (PS3.15 section H.1.3).

An entry is of a kind of ours by its object class and by where it stands; all others are somebody else's. Of
attributes that are not modelled, and of vendor data, a resource shows those that the inventory names for it; an
entry that the inventory does not declare shows all, so that deleting it is weighed with everything it holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pacsconf.core.address import Address
from pacsconf.core.errors import BadAnswer
from pacsconf.core.moment import in_words
from pacsconf.core.resource import Resource, Snapshot, Value
from pacsconf.systems._dicom.attributes import CONTAINERS, Resolve, Row, Shape, decode, shape
from pacsconf.systems._dicom.declare import Intent
from pacsconf.systems._dicom.kinds import EXTRA, KINDS
from pacsconf.systems._ldap import Entry, names
from pacsconf.systems._ldap.directory import OPERATIONAL
from pacsconf.systems._ldap.schema import Schema

_BELOW: Mapping[str, tuple[str, ...]] = {
    "devices": ("device",),
    "unique-ae-titles": ("unique-ae-title",),
    "device": ("network-connection", "network-ae"),
    "network-ae": ("transfer-capability",),
}
"""What stands below what: kinds by the name of a container or the kind of another entry."""

_NOT_EXTRA = frozenset({name.lower() for name in OPERATIONAL})


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
    children: dict[names.Key, list[Entry]] = {}
    foreign: list[Entry] = []
    keyed = sorted(_keyed(system, entries), key=lambda pair: len(pair[0]))
    for key, entry in keyed:
        children.setdefault(key[1:], []).append(entry)
        address = _address(system, entry, addresses.get(key[1:]))
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
    entities = sorted((each for each in ours if each.kind == "network-ae"), reverse=True)
    holders = {each.parts[1]: Address.of(system, "device", each.parts[0]) for each in entities}
    below = {key: tuple(found) for key, found in children.items()}
    orphans = _orphans([key for key, _ in keyed])
    return Tree(system, ours, addresses, below, holders, tuple(foreign), orphans)


def _orphans(keys: Sequence[names.Key]) -> int:
    """How many of these names, shortest first, stand below one that is not among them."""
    known = frozenset(keys)
    return sum(len(key) > len(keys[0]) and key[1:] not in known for key in keys)


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
    classes = {name.lower() for name in entry.texts("objectClass")}
    if parent is None or parent.kind == "container":
        container = _container(classes)
        if container and (parent is None) == (container == "configuration"):
            return Address.of(system, "container", container)
    if parent is None:
        return None
    below = _BELOW.get(parent.name if parent.kind == "container" else parent.kind, ())
    kind = next((kind for kind in below if shape(kind, "").object_class.lower() in classes), None)
    if kind is None:
        return None
    above = parent.parts if parent.kind != "container" else ()
    name = _name(kind, entry)
    return Address.of(system, kind, *above, name) if name else None


def _container(classes: Collection[str]) -> str | None:
    return next((name for name, (cls, _) in CONTAINERS.items() if cls.lower() in classes), None)


def _name(kind: str, entry: Entry) -> str:
    """An entry's own name: of an AE its title; of a foreign form (dicomHostname+dicomPort) the values joined."""
    parts = names.parse(entry.dn)[0]
    naming = shape(kind, "").naming
    text = parts[0][1] if len(parts) == 1 else ":".join(value for _, value in sorted(parts))
    if naming == "dicomAETitle":
        return entry.text(naming) or text
    return text.lower()


# --- resources ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes resources of a tree's entries. `schema` spells attribute names; None: as the server sent them."""

    tree: Tree
    intent: Intent | None
    schema: Schema | None

    def snapshot(self) -> Snapshot:
        """All resources by address, with who wrote each last and when."""
        ordered = sorted(self.tree.entries.items())
        notes = {address: text for address, entry in ordered if (text := note(entry))}
        changed = {address: when for address, entry in ordered if (when := last_changed(entry))}
        resources = tuple(self._resource(*item) for item in ordered)
        return Snapshot(self.tree.system, resources, notes, changed)

    def _resource(self, address: Address, entry: Entry) -> Resource:
        fields = self.fields(address, entry, self.scope(address))
        extra = {name.removeprefix(EXTRA): value for name, value in fields.items() if name.startswith(EXTRA)}
        plain = {name: value for name, value in fields.items() if not name.startswith(EXTRA)}
        claims: frozenset[str] = frozenset()
        if address.kind == "network-ae":
            claims = (self.intent or Intent()).claim(*address.parts[:2])
        return KINDS[address.kind].model_validate(
            {
                "address": address,
                "root": self._root(address),
                "depends_on": self._needs(address, fields),
                "claims": claims,
                "extra": extra,
                **plain,
            }
        )

    def scope(self, address: Address) -> Collection[str] | None:
        """The attributes shown of those that others may write too; None: all."""
        return self.intent.extras.get(address) if self.intent else None

    def fields(self, address: Address, entry: Entry, scope: Collection[str] | None) -> dict[str, Value]:
        """An entry's fields in canonical spelling.

        Raises: BadAnswer for values that the standard does not allow in number or form.
        """
        form = shape(address.kind, address.name)
        rows = [*form.rows, *self._extra_rows(form, entry, scope)]
        found: dict[str, Value] = {}
        for row in rows:
            if row.field == "vendor_data" and not _named("dicomVendorData", scope):
                continue
            try:
                value = decode(row, entry.values(row.attribute), self._sibling(address))
            except ValueError as exc:
                raise BadAnswer(
                    self.tree.system, f"{entry.dn}: {exc}", fix="Correct that entry in the directory itself."
                ) from exc
            if value is not None:
                found[row.field] = value
        return found

    def _extra_rows(self, form: Shape, entry: Entry, scope: Collection[str] | None) -> Iterator[Row]:
        for attribute in sorted(entry.attributes):
            if not form.models(attribute) and attribute not in _NOT_EXTRA and entry.values(attribute):
                spelled = next((name for name in scope or () if name.lower() == attribute), None)
                if spelled is not None or scope is None:
                    name = spelled or (self.schema.spelling(attribute) if self.schema else attribute)
                    yield Row(EXTRA + name, name, many=True)

    def _sibling(self, address: Address) -> Resolve:
        """From the DN of a connection of the same device to its name; another DN stays one."""

        def name(dn: str) -> str:
            found = self.tree.address_of(dn)
            own = (
                found is not None
                and found.kind == "network-connection"
                and found.parts[0] == address.parts[0]
            )
            return found.parts[1] if found is not None and own else names.canonical(dn)

        return name

    def _root(self, address: Address) -> Address:
        if address.kind == "container":
            return Address.of(self.tree.system, "container", "configuration")
        if address.kind != "unique-ae-title":
            return Address.of(self.tree.system, "device", address.parts[0])
        return self.tree.holders.get(address.parts[0], address)

    def _needs(self, address: Address, fields: Mapping[str, Value]) -> frozenset[Address]:
        system, parts = self.tree.system, address.parts
        wanted: list[Address] = []
        match address.kind:
            case "container":
                wanted = [Address.of(system, "container", "configuration")]
            case "device":
                wanted = [Address.of(system, "container", "devices")]
            case "unique-ae-title":
                wanted = [Address.of(system, "container", "unique-ae-titles")]
            case "network-connection":
                wanted = [Address.of(system, "device", parts[0])]
            case "network-ae":
                used = fields.get("connections", ())
                assert isinstance(used, tuple), "connections are a set"
                wanted = [Address.of(system, "network-connection", parts[0], name) for name in used if name]
                wanted += [
                    Address.of(system, "device", parts[0]),
                    Address.of(system, "unique-ae-title", parts[1]),
                ]
            case _:
                wanted = [Address.of(system, "network-ae", *parts[:2])]
        return frozenset(each for each in wanted if each in self.tree.entries and each != address)


def _named(attribute: str, scope: Collection[str] | None) -> bool:
    return scope is None or any(name.lower() == attribute.lower() for name in scope)


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
