"""From changes to requests, each conditional on what it changes.

An update deletes the value that was read and adds the one wanted, in one request, so that a third value makes the
server refuse it. Attributes that a server cannot compare (vendor data) are replaced, and sets could gain members
unnoticed: both are guarded by an assertion on the entry's version (entryCSN, RFC 4528) where the server offers it,
and by a read just before where it does not. What the request says nothing of is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pacsconf.core.address import Address
from pacsconf.core.change import Change, FieldChange
from pacsconf.core.errors import Refused
from pacsconf.core.resource import Value
from pacsconf.core.secret import Secret
from pacsconf.inventory.values import SecretRef
from pacsconf.systems._dicom.attributes import Refer, Row, Shape, encode
from pacsconf.systems._dicom.kinds import CONNECTION
from pacsconf.systems._dicom.reader import Reader
from pacsconf.systems._dicom.vocabulary import CLASSES, OTHER, Vocabulary
from pacsconf.systems._ldap import (
    Add,
    Delete,
    Entry,
    Modification,
    Modify,
    Request,
    names,
)
from pacsconf.systems._ldap.entry import Values


@dataclass(slots=True)
class Requests:
    """Makes requests from changes; keeps the names of entries, those that it makes among them."""

    reader: Reader
    base: str
    """The suffix below which `cn=DICOM Configuration` stands or is to stand."""
    secret: Callable[[SecretRef], Secret]
    """Resolves what is to be written into this directory; raises SystemFault."""
    dns: dict[Address, str]
    addresses: dict[names.Key, Address]
    """Of connections and devices that it made itself."""

    def dn(self, address: Address) -> str:
        """The name of an entry: as it was read, or as it is to be."""
        known = self.dns.get(address)
        if known is not None:
            return known
        words = self._words
        if address.kind == "container":
            cn = words.containers[address.name][1]
            root = Address.of(address.system, "container", "configuration")
            return names.child(self.base if address == root else self.dn(root), "cn", cn)
        above = self.dn(words.parent(address))
        if address.kind == OTHER:
            return f"{self._spelled(address)},{above}"
        return names.child(above, words.shape(address).naming, self._spelled(address))

    @property
    def _words(self) -> Vocabulary:
        return self.reader.tree.vocabulary

    def _spelled(self, address: Address) -> str:
        intent = self.reader.intent
        return (intent.spelling.get(address) if intent else None) or address.parts[-1]

    def of(self, change: Change, entry: Entry | None, *, asserting: bool) -> Request:
        """The request for a change of an entry as it stands; `asserting`: only if nobody wrote it since."""
        address = change.address
        if change.action == "create":
            dn = self.dn(address)
            self.dns[address] = dn
            if address.kind in (CONNECTION, "device"):  # others are not referred to by their DN
                self.addresses[names.key(dn)] = address
            return Add(dn, self._attributes(change))
        assert entry is not None, "what stands at before is there"
        version = next(iter(entry.values("entryCSN")), None) if asserting else None
        if change.action == "delete":
            return Delete(entry.dn, version)
        return Modify(entry.dn, tuple(self._modifications(change, entry)), version)

    def _attributes(self, change: Change) -> dict[str, Values]:
        """All attributes of an entry to be made."""
        address = change.address
        form = self._words.shape(address)
        assert change.after is not None, "what is made has an after"
        fields = dict(change.after.fields)
        named = fields.pop("object_classes", None)
        rows = [(form.row(name), value) for name, value in fields.items()]
        values = {row.attribute: self._encoded(address, row, value) for row, value in rows}
        if named is None and not (self.reader.intent and self.reader.intent.names_classes(address)):
            named = form.usual
        classes = [*filter(None, [form.object_class]), *(named if isinstance(named, tuple) else ())]
        classes += _needed([row for row, _ in rows], classes)
        naming = self._naming(address, form, values)
        classes += self._auxiliary(values, classes, naming)
        own = {CLASSES: tuple(name.encode() for name in classes), **naming}
        return values | own

    def _naming(self, address: Address, form: Shape, values: Mapping[str, Values]) -> dict[str, Values]:
        """The attributes that name an entry to be made; of one without words of ours with what else they hold."""
        if address.kind == "container":
            return {form.naming: (self._words.containers[address.name][1].encode(),)}
        if address.kind != OTHER:
            return {form.naming: (self._spelled(address).encode(),)}
        held = {name.lower(): (name, given) for name, given in values.items()}
        found: dict[str, Values] = {}
        for attribute, text in names.parse(self._spelled(address))[0]:
            name, given = held.get(attribute.lower(), (attribute, ()))
            found[name] = given if text.encode() in given else (text.encode(), *given)
        return found

    def _modifications(self, change: Change, entry: Entry) -> list[Modification]:
        form = self._words.shape(change.address)
        changed = [(form.row(each.name), each) for each in change.fields]
        made = [self._modification(change, entry, row, each) for row, each in changed]
        added = [each.attribute for each in made if each.add and each.attribute != CLASSES]
        held = [
            *entry.texts(CLASSES),
            *(name for each in change.fields if each.name == "object_classes" for name in each.added),
        ]
        rows = [row for row, each in changed if each.after is not None]
        classes = _needed(rows, held)
        classes += self._auxiliary(added, [*held, *classes], entry.attributes)
        if classes:
            made.append(Modification(CLASSES, add=tuple(name.encode() for name in classes)))
        return made

    def _modification(self, change: Change, entry: Entry, row: Row, each: FieldChange) -> Modification:
        """Only the members that go or come; all of them where the server cannot tell single values apart."""
        after = self._encoded(change.address, row, each.after)
        if row.syntax == "secret":
            return Modification(row.attribute, add=after, replace=True)
        before = encode(row, each.before, self._reference(change.address))
        if row.default is not None and each.before is None:
            before = entry.values(row.attribute)  # its default may stand there, or nothing
        known = self.reader.schema.attribute(row.attribute) if self.reader.schema else None
        comparable = known.equality if known else row.syntax != "binary"
        if not comparable:
            return Modification(row.attribute, add=after, replace=True)
        gone = tuple(value for value in before if value not in after)
        return Modification(row.attribute, gone, tuple(value for value in after if value not in before))

    def _encoded(self, address: Address, row: Row, value: Value | None) -> Values:
        """The LDAP values of a field; a secret is resolved here, at the moment of use.

        Raises: SystemFault for a secret that may not be written here, or of which nobody knows what it was.
        """
        if row.syntax != "secret" or value is None:
            return encode(row, value, self._reference(address))
        intent = self.reader.intent
        use = intent.secrets.get(address, {}).get(row.field) if intent else None
        if use is None or str(use) != value:
            raise Refused(
                self.reader.tree.system,
                f"{value} of the secret {row.attribute} is not what the inventory declares now",
                fix="No secret can be read back. Declare it with a version of its own, or set it by hand.",
            )
        return (self.secret(use.secret).reveal().encode(),)

    def _auxiliary(self, attributes: Iterable[str], classes: Sequence[str], held: Iterable[str]) -> list[str]:
        """Auxiliary classes to add so that the entry may hold these attributes beside those that it has."""
        schema = self.reader.schema
        return schema.auxiliaries(attributes, classes, held) if schema else []

    def _reference(self, address: Address) -> Refer:
        """From the name of a connection of the same device, or of any device, to its DN; a DN stays one."""

        def dn(kind: str, name: str) -> str:
            device = address.parts[:1] if kind == CONNECTION else ()
            meant = Address.of(address.system, kind, *device, name.lower())
            return name if meant not in self.dns and "=" in name else self.dn(meant)

        return dn


def _needed(rows: Iterable[Row], held: Sequence[str]) -> list[str]:
    """Auxiliary classes that rows of extensions ask for, and an entry does not have."""
    have = {name.lower() for name in held}
    wanted = dict.fromkeys(row.object_class for row in rows if row.object_class)
    return [name for name in wanted if name.lower() not in have]
