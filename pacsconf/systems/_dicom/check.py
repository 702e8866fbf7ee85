"""What a live directory cannot take of some changes, said before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.finding import Finding
from pacsconf.core.resource import Value
from pacsconf.systems._dicom.attributes import Row, decode
from pacsconf.systems._dicom.decoding import Misread
from pacsconf.systems._dicom.fitting import Fitting
from pacsconf.systems._dicom.intent import Intent
from pacsconf.systems._dicom.kinds import EXTRA
from pacsconf.systems._dicom.oddities import misspelled_role
from pacsconf.systems._dicom.places import Places
from pacsconf.systems._dicom.tree import Tree
from pacsconf.systems._ldap import Entry, names
from pacsconf.systems._ldap.directory import OPERATIONAL
from pacsconf.systems._ldap.schema import Schema

_NEVER_OURS = frozenset({name.lower() for name in OPERATIONAL} | {"objectclass"})


@dataclass(frozen=True, slots=True)
class Check:
    """Checks changes against the tree as it was read and the schema that the server told (None: it did not)."""

    tree: Tree
    schema: Schema | None
    places: Places = field(default_factory=Places)
    misread: Mapping[Address, Sequence[Misread]] = field(default_factory=dict)
    """Values that were read, and that their attributes cannot have."""
    intent: Intent | None = None

    def findings(self, changes: Sequence[Change]) -> tuple[Finding, ...]:
        """What stands in the way, one finding per cause."""
        deleted = {change.address for change in changes if change.action == "delete"}
        found = [finding for change in changes for finding in self._deletion(change, deleted)]
        return (*self._misread(), *self._roles(), *self._lacking(changes), *found)

    # --- what was read --------------------------------------------------------------------------------------

    def _misread(self) -> Iterator[Finding]:
        for address, each in sorted(self.misread.items()):
            for one in each:
                yield Finding(
                    "DIR-VALUE",
                    "warning",
                    f"{address} holds a value that it cannot have: {one.why}",
                    "It is shown as it is. Programs that read the directory may refuse the whole device for it.",
                    "Declare what is meant, and a plan puts it right; or correct it in the directory itself.",
                    path=self.places.of(address, one.field) if address in self.places.paths else (),
                    about=address,
                )

    def _roles(self) -> Iterator[Finding]:
        """Roles of what is declared that differ by case only: no change, and yet not what an archive reads."""
        for address, entry in self.tree.entries.items():
            if address.kind == "transfer-capability" and address in self.places.paths:
                held = entry.values("dicomTransferRole")
                if held and held[0] not in (b"SCU", b"SCP") and held[0].upper() in (b"SCU", b"SCP"):
                    yield from misspelled_role(address, entry)

    # --- the schema -----------------------------------------------------------------------------------------

    def _lacking(self, changes: Sequence[Change]) -> Iterator[Finding]:
        writing = [change for change in changes if change.after is not None]
        if self.schema is not None:
            yield from Fitting(self.tree, self.schema, self.places, self.intent).findings(writing)
        elif writing:
            yield Finding(
                "DIR-SCHEMA-HIDDEN",
                "warning",
                "The directory does not show its schema to this account",
                "Whether it can hold everything that is declared will only show when it is written.",
                "Let the account read the subschema entry.",
                verdict="unknown",
            )

    # --- deletes --------------------------------------------------------------------------------------------

    def _deletion(self, change: Change, deleted: Iterable[Address]) -> Iterator[Finding]:
        entry = self.tree.entries.get(change.address)
        if change.action != "delete" or entry is None:
            return
        foreign = [self._described(child) for child in self.tree.undeclared_below(entry)]
        if foreign:
            yield _kept(change.address, "entries that pacsconf never wrote stand below it", foreign)
        own = [address for address in self._ours_below(entry) if address not in deleted]
        if own:
            yield _kept(change.address, "entries that are not deleted with it stand below it", map(str, own))
        attributes = list(self.unwritten(change, entry))
        if attributes:
            yield _kept(change.address, "it holds what pacsconf never wrote", attributes)

    def _ours_below(self, entry: Entry) -> Iterator[Address]:
        for child in self.tree.children.get(names.key(entry.dn), ()):
            address = self.tree.addresses.get(names.key(child.dn))
            if address is not None:
                yield address

    def unwritten(self, change: Change, entry: Entry) -> Iterator[str]:
        """Attributes and classes of an entry that the change's `before` does not account for."""
        form = self.tree.vocabulary.shape(change.address)
        before: Mapping[str, object] = change.before.fields if change.before else {}
        written = {form.row(name).attribute.lower() for name in before} | _naming(entry)
        written |= {row.attribute.lower() for row in form.rows if states_default(row, entry)}
        for attribute in sorted(entry.attributes.keys() - _NEVER_OURS - {form.naming.lower()} - written):
            yield self.schema.spelling(attribute) if self.schema else attribute
        rows = [form.row(name) for name in before]
        extras = [row.attribute for row in rows if row.field.startswith(EXTRA) or row.object_class]
        named = change.before.fields.get("object_classes", ()) if change.before else ()
        known = {"top", *(name.lower() for name in (form.object_class, *form.usual, *_set(named)))}
        for name in entry.texts("objectClass"):
            if name.lower() not in known and not self._needed(name, extras):
                yield f"object class {name}"

    def _needed(self, class_name: str, attributes: Iterable[str]) -> bool:
        """Whether the class is there for one of these attributes, or above our own."""
        found = self.schema.object_class(class_name) if self.schema else None
        return found is None or found.kind != "auxiliary" or any(found.allows(each) for each in attributes)

    def _described(self, entry: Entry) -> str:
        kinds = [name for name in entry.texts("objectClass") if name.lower() != "top"]
        return f"{names.leaf(entry.dn)} ({', '.join(kinds)})"


def _set(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def states_default(row: Row, entry: Entry) -> bool:
    """Whether an entry holds for a row what is meant without it too: that is kept nowhere, and nobody's to lose."""
    held = entry.values(row.attribute)
    if row.default is None or not held:
        return False
    try:
        return decode(row, held, str) is None
    except ValueError:
        return False


def _naming(entry: Entry) -> set[str]:
    """The attributes that an entry is named by, in lower case."""
    return {attribute.lower() for attribute, _ in names.parse(entry.dn)[0]}


def _kept(address: Address, why: str, what: Iterable[str]) -> Finding:
    return Finding(
        "DIR-DELETE",
        "error",
        f"{address} cannot be deleted: {why}: {', '.join(what)}",
        "Somebody else keeps it there, and deleting the entry would lose it.",
        "Remove it by hand if nobody needs it, or leave the entry out (--exclude), then plan again.",
        about=address,
    )
