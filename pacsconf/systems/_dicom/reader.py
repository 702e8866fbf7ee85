"""From the entries of a DICOM directory to resources (PS3.15 section H.1.3).

Of attributes that are not modelled, and of vendor data, a resource shows those that the inventory names for it; an
entry that the inventory does not declare shows all, so that deleting it is weighed with everything it holds.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pacsconf.core.address import Address
from pacsconf.core.moment import in_words
from pacsconf.core.on_demand import OnDemand
from pacsconf.core.resource import Fields, Snapshot, State, Typed, Value
from pacsconf.systems._dicom.attributes import Refer, Row, decode
from pacsconf.systems._dicom.decoding import Decoding, Misread
from pacsconf.systems._dicom.extra import beyond_name
from pacsconf.systems._dicom.intent import Intent
from pacsconf.systems._dicom.kinds import CONNECTION, EXTRA
from pacsconf.systems._dicom.tree import Tree
from pacsconf.systems._dicom.vocabulary import CLASSES, OTHER, VENDOR
from pacsconf.systems._ldap import Entry, names
from pacsconf.systems._ldap.directory import OPERATIONAL
from pacsconf.systems._ldap.schema import Schema

_NOT_EXTRA = frozenset({name.lower() for name in OPERATIONAL})
_MOSTLY_ALIKE = ("transfer-capability", "unique-ae-title")
"""Kinds of which most entries hold the same as many others."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes resources of a tree's entries. `schema` spells attribute names; None: as the server sent them."""

    tree: Tree
    intent: Intent | None
    schema: Schema | None
    owned: Mapping[Address, State] = field(default_factory=dict)
    """What was applied here before."""
    misread: dict[Address, tuple[Misread, ...]] = field(default_factory=dict, compare=False)
    """Of what was read so far, values that their attributes cannot have."""

    def snapshot(self) -> Snapshot:
        """All resources, with who wrote each last and when."""
        entries = self.tree.entries
        return Snapshot(
            self.tree.system,
            Typed(self._states(), self.tree.vocabulary.kinds),
            OnDemand(entries.keys(), lambda address: note(entries[address])),
            OnDemand(entries.keys(), lambda address: last_changed(entries[address])),
            OnDemand(entries.keys(), lambda address: self._spelled(address, entries[address])),
        )

    def _spelled(self, address: Address, entry: Entry) -> str | None:
        """The own name of an entry as its DN has it; of one without words of ours relative to its device."""
        parsed = names.parse(entry.dn)
        if address.kind == OTHER:
            own = parsed[: len(names.parse(address.parts[1]))]
            return ",".join("+".join(names.rdn(*part) for part in one) for one in own)
        naming = self.tree.vocabulary.shape(address).naming.lower()
        return next((value for attribute, value in parsed[0] if attribute.lower() == naming), None)

    def _states(self) -> dict[Address, State]:
        """The states of all entries; what many have in common is made once."""
        tree, above = self.tree, self.tree.above
        intent = self.intent or Intent()
        siblings = {entry.dn: each for each, entry in tree.entries.items() if each.kind == CONNECTION}
        only = {each: frozenset({each}) for each in set(above.values())}
        alike: dict[Hashable, Fields] = {}
        states: dict[Address, State] = {}
        for address, entry in tree.entries.items():
            kind, fields = address.kind, self._alike(address, entry, alike, siblings)
            parent = above.get(address)
            if parent is None or kind == "container":
                needs = self._present(self._configuration) - {address}
                state = State(address, self._configuration, fields, needs)
            elif kind == "transfer-capability":
                state = State(address, above[parent], fields, only[parent])
            elif kind == CONNECTION:
                state = State(address, parent, fields, only[parent])
            elif kind == "device":
                state = State(address, address, fields, only[parent] | self._referred(address, fields))
            elif kind == "unique-ae-title":
                state = State(address, tree.holders.get(address.parts[0], address), fields, only[parent])
            elif kind == "network-ae":
                claims = intent.claim(*address.parts)
                state = State(address, parent, fields, self._needs(address, parent, fields), claims)
            else:
                state = self._of_extension(address, parent, fields)
            states[address] = state
        return states

    def _alike(
        self,
        address: Address,
        entry: Entry,
        known: dict[Hashable, Fields],
        siblings: Mapping[str, Address],
    ) -> Fields:
        """An entry's fields, as far as they are shown; those that many entries have are `known` once."""
        scope = self.intent.extras.get(address) if self.intent else None
        if address.kind not in _MOSTLY_ALIKE or scope != ():
            return self.fields(address, entry, scope, siblings)
        key = (address.kind, *self.tree.vocabulary.decoding(address).values(entry.attributes))
        found = known.get(key)
        if found is None:
            found = self.fields(address, entry, scope)
            if address not in self.misread:  # which is told of each
                known[key] = found
        return found

    def _of_extension(self, address: Address, parent: Address, fields: Fields) -> State:
        """A state of a kind that only an extension has, or that has no words."""
        child = self.tree.vocabulary.children.get(address.kind)
        needs = frozenset({parent}) | self._referred(address, fields)
        if parent.kind == "container":
            return State(address, address, fields, needs)
        if child is not None and child.reserved_in:
            needs |= self._present(self.tree.vocabulary.reservation(address))
        device = Address.of(address.system, "device", address.parts[0])
        return State(address, address if child is not None and child.counts else device, fields, needs)

    @property
    def _configuration(self) -> Address:
        return Address.of(self.tree.system, "container", "configuration")

    def _needs(self, address: Address, device: Address, fields: Fields) -> frozenset[Address]:
        """What an entity depends on: its device, the connections it uses, the reservation of its title."""
        title = Address(address.system, "unique-ae-title", address.name.partition("/")[2])
        return self._present(device, title) | self._referred(address, fields)

    def _referred(self, address: Address, fields: Fields) -> frozenset[Address]:
        """What an entry refers to by its DN, as far as it is there."""
        return self._present(*self.tree.vocabulary.referred(address, fields)) - {address}

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

        Values that an attribute cannot have are shown as they are: one of them in an entry that somebody else
        keeps must not stand in the way of all others, and one that was left out would look like a default.
        """
        words = self.tree.vocabulary
        of_kind = words.decoding(address)
        refer = self._sibling(address, siblings) if address.kind in words.referring else _canonical
        speaks = None if scope == () else lambda name: scope is None or VENDOR + name in scope
        found, misread = of_kind.fields(
            entry.attributes, refer, vendor_data=_named("dicomVendorData", scope), speaks=speaks
        )
        self._note(address, misread)
        if of_kind.secrets:
            found |= self._secrets(address, entry, scope)
        if scope == ():
            return found
        if words.extended and _named(CLASSES, scope) and not (scope is None and self._had_none(address)):
            found |= self._classes(address, entry)
        extras = self._extras(of_kind, entry, scope)
        return found | (beyond_name(extras, entry.dn) if address.kind == OTHER else extras)

    def _secrets(self, address: Address, entry: Entry, scope: Collection[str] | None) -> dict[str, Value]:
        """Secrets that are there, as far as somebody here wrote them or wants to: nobody can see which they are.

        One that was written here is the one that was written last; one that is there already, and was never written
        here, is taken for the one that is declared.
        """
        found: dict[str, Value] = {}
        last, wanted = self.owned.get(address), self.intent.secrets.get(address, {}) if self.intent else {}
        for row in self.tree.vocabulary.decoding(address).secrets:
            is_seen = not row.extension or _named(VENDOR + row.extension, scope)
            if is_seen and row.attribute.lower() in entry.attributes:
                value = last.fields.get(row.field) if last else None
                value = value or (str(wanted[row.field]) if row.field in wanted else None)
                found |= {row.field: value} if value else {}
        return found

    def _note(self, address: Address, misread: tuple[Misread, ...]) -> None:
        if misread:
            self.misread[address] = misread
        elif self.misread:
            self.misread.pop(address, None)

    def _had_none(self, address: Address) -> bool:
        """Whether an entry was applied here without its classes being named: then they are not compared either."""
        last = self.owned.get(address)
        return last is not None and "object_classes" not in last.fields

    def _classes(self, address: Address, entry: Entry) -> dict[str, Value]:
        """The object classes of an entry beside the one that makes it what it is."""
        own = self.tree.vocabulary.shape(address).object_class.lower()
        classes = {self._class(name) for name in entry.texts(CLASSES) if name.lower() != own}
        return {"object_classes": tuple(sorted(classes))} if classes else {}

    def _class(self, name: str) -> str:
        known = self.schema.object_class(name) if self.schema else None
        return known.name if known else name

    def _extras(self, of_kind: Decoding, entry: Entry, scope: Collection[str] | None) -> dict[str, Value]:
        """What is not modelled, as far as it is shown."""
        wanted = None if scope is None else {self._canonical(name): name for name in reversed([*scope])}
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

    def _canonical(self, name: str) -> str:
        """The name, in lower case, under which a server gives an attribute that may be called otherwise too."""
        return (self.schema.spelling(name) if self.schema else name).lower()

    def _sibling(self, address: Address, siblings: Mapping[str, Address]) -> Refer:
        """From the DN of a connection of the same device, or of any device, to its name; another DN stays one."""
        device = address.name.partition("/")[0]

        def name(kind: str, dn: str) -> str:
            found = siblings.get(dn) or self.tree.address_of(dn)
            if found is None or found.kind != kind:
                return names.canonical(dn)
            if kind == CONNECTION and found.name.partition("/")[0] != device:
                return names.canonical(dn)
            return found.parts[-1]

        return name


def _canonical(_kind: str, dn: str) -> str:
    return names.canonical(dn)


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
