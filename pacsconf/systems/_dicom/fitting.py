"""Whether entries fit the schema that a server publishes, said of each value before anything is written.

The server's own schema is asked, so that attributes of a vendor's next release need no release of ours: which there
are, how their values are written, how many an entry may have, which classes ask for them and which allow them.
What is wrong with something that the inventory names by its LDAP name (`extra`, `object_classes`) is told at its
place; what an older schema lacks of the words that pacsconf itself has, once with those who need it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.finding import Finding, Path
from pacsconf.core.resource import Fields, Value
from pacsconf.inventory.merge import nearest
from pacsconf.systems._dicom.attributes import Row, Shape
from pacsconf.systems._dicom.intent import Intent
from pacsconf.systems._dicom.kinds import EXTRA
from pacsconf.systems._dicom.misfit import clash, most_special, who_could, wrong_values
from pacsconf.systems._dicom.places import Places
from pacsconf.systems._dicom.tree import Tree
from pacsconf.systems._dicom.vocabulary import OTHER
from pacsconf.systems._ldap import names, syntaxes
from pacsconf.systems._ldap.schema import ObjectClass, Schema

_CLASSES = "object_classes"
_LOAD = (
    "Correct the name. If it is of a newer release, load the vendor's schema of that into the directory first, "
    "and apply then."
)
_MOST = 100
"""So many findings of one rule are told one by one."""


class Written(NamedTuple):
    """An entry as a change leaves it, as far as a schema has a say in it."""

    change: Change
    form: Shape
    classes: tuple[str, ...]
    """All that it is to have, but for those that are added by themselves."""
    named: frozenset[str]
    """Of these the ones that the inventory names, in lower case."""
    fields: tuple[str, ...]
    """Those that are written and have a value after."""
    gone: tuple[str, ...]

    @property
    def address(self) -> Address:
        return self.change.address

    def value(self, name: str) -> Value:
        assert self.change.after is not None, "it is written"
        return self.change.after.fields[name]

    def rows(self) -> Iterator[Row]:
        """Of the fields that are written, but for the classes."""
        return (self.form.row(name) for name in self.fields if name != _CLASSES)


@dataclass(slots=True)
class Fitting:
    """Fits changes into a schema. `told` are verdicts on entries of the same classes and attributes."""

    tree: Tree
    schema: Schema
    places: Places = field(default_factory=Places)
    intent: Intent | None = None
    told: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[str, ...]] = field(default_factory=dict)
    fitting: set[tuple[str, frozenset[str], tuple[str, ...], tuple[str, ...]]] = field(default_factory=set)
    """Kind, classes and fields of entries to be made that were found good, but for their values."""
    sound: set[tuple[str, str, Value]] = field(default_factory=set)
    """Values that were found good, by kind and field."""

    def findings(self, changes: Iterable[Change]) -> Iterator[Finding]:
        """All that the server would refuse: of each value, and of what its schema lacks altogether."""
        counts: Counter[str] = Counter()
        for finding in self._all(changes):
            counts[finding.rule] += 1
            if counts[finding.rule] <= _MOST:
                yield finding
        for rule, count in counts.items():
            if count > _MOST:
                yield Finding(
                    rule, "error", f"{count - _MOST} more like these are not shown", fix="Mend these first."
                )

    def _all(self, changes: Iterable[Change]) -> Iterator[Finding]:
        lacking: dict[str, list[tuple[Address, Path]]] = {}
        for change in changes:
            written = self._written(change)
            for what in self._lacks(written):
                lacking.setdefault(what, []).append((change.address, self.places.of(change.address)))
            yield from self._values(written)
            key = (change.address.kind, written.named, written.classes, written.fields)
            is_alike = change.before is None and change.address.kind != OTHER
            if is_alike and key in self.fitting:
                continue
            wrong = [*self._own_classes(written)]
            if self._knows(written):
                wrong += [*self._own_attributes(written), *self._missing(written)]
            yield from wrong
            if is_alike and not wrong:
                self.fitting.add(key)
        for what, needing in sorted(lacking.items()):
            yield _lacking(what, [address for address, _ in needing], needing[0][1])

    def _written(self, change: Change) -> Written:
        form = self.tree.vocabulary.shape(change.address)
        entry = self.tree.entries.get(change.address)
        before: Fields = change.before.fields if change.before else {}
        after: Fields = change.after.fields if change.after else {}
        named = _set(after.get(_CLASSES, ()))
        if entry is None:
            says = _CLASSES in after or (
                self.intent is not None and self.intent.names_classes(change.address)
            )
            wanted = [form.object_class, *(named if says else form.usual)]
        else:
            taken = {name.lower() for name in _set(before.get(_CLASSES, ()))} - {
                each.lower() for each in named
            }
            wanted = [name for name in entry.texts("objectClass") if name.lower() not in taken]
            wanted += [name for name in named if name.lower() not in {each.lower() for each in wanted}]
        fields = tuple([name for name, value in after.items() if value != before.get(name)])
        gone = tuple([name for name in before if name not in after])
        lower = frozenset(name.lower() for name in named)
        return Written(change, form, tuple(filter(None, wanted)), lower, fields, gone)

    # --- what pacsconf has words for, and the server does not -------------------------------------------------

    def _lacks(self, written: Written) -> tuple[str, ...]:
        """What the schema lacks of the words that pacsconf has; told once for all that write the same."""
        key = (written.classes, written.fields)
        found = self.told.get(key)
        if found is None:
            found = self.told[key] = tuple(dict.fromkeys(self._lacks_of(written)))
        return found

    def _lacks_of(self, written: Written) -> Iterator[str]:
        needed = [row.object_class for row in written.rows() if row.object_class]
        classes = dict.fromkeys((*written.classes, *needed))
        own = [name for name in classes if name.lower() not in written.named or name in needed]
        missing = [name for name in own if self.schema.object_class(name) is None]
        yield from (f"the object class {name}" for name in missing)
        if missing:
            return
        for row in written.rows():
            if row.field.startswith(EXTRA):
                continue
            if self.schema.attribute(row.attribute) is None:
                yield f"the attribute {row.attribute}"
            elif not self._allowed(row.attribute, classes, written):
                yield f"an object class that lets such an entry hold {row.attribute}"

    def _allowed(self, attribute: str, classes: Iterable[str], written: Written) -> bool:
        """Whether these classes allow an attribute, or one does that can be added."""
        if self.schema.allowing(self.schema.principal(attribute), classes):
            return True
        return self.schema.auxiliary_for(attribute, self._held(written)) is not None

    def _held(self, written: Written) -> set[str]:
        """Attributes that the entry has then."""
        entry = self.tree.entries.get(written.address)
        gone = {self.schema.principal(written.form.row(name).attribute) for name in written.gone}
        held = {self.schema.principal(name) for name in entry.attributes} if entry else set()
        written_ = {self.schema.principal(row.attribute) for row in written.rows()}
        return (held - gone) | written_ | self._naming(written)

    def _naming(self, written: Written) -> set[str]:
        if written.address.kind != OTHER:
            return {self.schema.principal(written.form.naming)}
        return {self.schema.principal(name) for name, _ in names.parse(written.address.parts[1])[0]}

    def _knows(self, written: Written) -> bool:
        """Whether the schema knows all classes of an entry: without them nothing can be said of the rest."""
        return all(self.schema.object_class(name) is not None for name in written.classes)

    # --- classes that the inventory names -----------------------------------------------------------------------

    def _own_classes(self, written: Written) -> Iterator[Finding]:
        if _CLASSES not in written.fields:
            return
        known = [found for name in written.classes if (found := self.schema.object_class(name))]
        for name in _set(written.value(_CLASSES)):
            found = self.schema.object_class(name)
            if found is None:
                near = nearest(name, (each.name for each in self.schema.classes.values()))
                yield self._of_class(
                    written, name, f"The directory knows no object class {name}{near}", _LOAD
                )
            elif found.kind == "abstract" and not any(found.name.lower() in one.superiors for one in known):
                yield self._of_class(
                    written,
                    name,
                    f"The object class {name} is abstract: an entry has it only with a class below it",
                    "Name the class that is meant.",
                )
            elif apart := clash(found, known):
                yield self._of_class(
                    written,
                    name,
                    f"The object classes {name} and {apart} are both structural, and an entry is of one",
                    "Take one of them out; auxiliary classes may be as many as there are.",
                )
        if written.address.kind == OTHER and len(known) == len(written.classes):
            yield from self._structure(written, known)

    def _structure(self, written: Written, known: Sequence[ObjectClass]) -> Iterator[Finding]:
        """Whole entries: that there is a structural class, and that it stays what it was made with."""
        structural = most_special(known)
        if structural is None:
            yield self._of_class(
                written,
                None,
                f"{written.address} has no structural object class, which says what kind of entry it is",
                "Name one.",
            )
            return
        entry = self.tree.entries.get(written.address)
        held = (
            [found for name in entry.texts("objectClass") if (found := self.schema.object_class(name))]
            if entry
            else []
        )
        first = most_special(held)
        if first is not None and first.name != structural.name and not clash(structural, known):
            yield self._of_class(
                written,
                structural.name,
                f"{written.address} is of the structural class {first.name}, which never changes",
                "Take it out of the inventory, apply that, and declare it anew; or leave the class as it is.",
            )

    def _of_class(self, written: Written, name: str | None, summary: str, fix: str) -> Finding:
        return Finding(
            "DIR-SCHEMA-CLASS",
            "error",
            summary,
            "It would refuse the whole entry.",
            fix,
            path=self.places.of(written.address, _CLASSES, name),
            about=written.address,
        )

    # --- attributes that the inventory names ----------------------------------------------------------------------

    def _own_attributes(self, written: Written) -> Iterator[Finding]:
        for row in written.rows():
            if row.field.startswith(EXTRA) and (found := self._wrong_attribute(row, written)):
                summary, fix = found
                yield Finding(
                    "DIR-SCHEMA",
                    "error",
                    summary,
                    "It would refuse the whole entry.",
                    fix,
                    path=self.places.of(written.address, row.field),
                    about=written.address,
                )

    def _wrong_attribute(self, row: Row, written: Written) -> tuple[str, str] | None:
        """What is wrong with an attribute as such, and what to do about it."""
        name, _, options = row.attribute.partition(";")
        known = self.schema.attribute(name)
        if known is None:
            near = nearest(name, (each.name for each in self.schema.attributes.values()))
            return f"The directory knows no attribute {name}{near}", _LOAD
        if not known.writable:
            return f"The directory keeps {known.name} itself, and nobody else writes it", "Take it out."
        binary = "binary" in options.lower().split(";")
        if binary != syntaxes.transferred_as_binary(known.syntax):
            right = f"{known.name};binary" if not binary else known.name
            return f"The directory knows this attribute as {right} only", f"Write it so: `{right}`."
        if self._allowed(row.attribute, written.classes, written):
            return None
        return (
            f"{written.address} cannot hold {known.name}: none of its classes has it, and none could be added",
            who_could(self.schema, known.name),
        )

    # --- values -------------------------------------------------------------------------------------------------

    def _values(self, written: Written) -> Iterator[Finding]:
        for name in written.fields:
            value = written.value(name)
            key = (written.address.kind, name, value)
            if name == _CLASSES or key in self.sound:
                continue
            row = written.form.row(name)
            if self.schema.attribute(row.attribute) is None or row.syntax == "secret":
                continue
            wrong = tuple(wrong_values(self.schema, row, value))
            if not wrong:
                self.sound.add(key)
            for rule, member, summary, fix in wrong:
                yield Finding(
                    rule,
                    "error",
                    summary,
                    "The directory would refuse the whole entry.",
                    fix,
                    path=self.places.of(written.address, row.field, member),
                    about=written.address,
                )

    # --- what an entry must have --------------------------------------------------------------------------------

    def _missing(self, written: Written) -> Iterator[Finding]:
        needed = [row.object_class for row in written.rows() if row.object_class]
        entry = self.tree.entries.get(written.address)
        before = {name.lower() for name in entry.texts("objectClass")} if entry else set()
        classes = {name.lower() for name in (*written.classes, *needed)}
        if not (written.gone or classes - before):
            return
        held = self._held(written)
        for found in filter(None, map(self.schema.object_class, sorted(classes))):
            named = found.name.lower() in written.named
            for attribute in sorted(found.must - held - {"objectclass"}):
                lacks = f"{written.address} has no {self.schema.spelling(attribute)}"
                yield Finding(
                    "DIR-SCHEMA-MUST",
                    "error",
                    f"{lacks}, which the class {found.name} asks for",
                    "The directory would refuse the whole entry.",
                    self._how_to_give(written, attribute, found),
                    path=self.places.of(written.address, _CLASSES if named else ""),
                    about=written.address,
                )

    def _how_to_give(self, written: Written, attribute: str, found: ObjectClass) -> str:
        row = next((each for each in written.form.rows if each.attribute.lower() == attribute), None)
        key = "`extra`"
        if row is not None:
            key = f"`{'vendor.' if '.' in row.field else ''}{row.field}`"
        either = f", or take {found.name} out" if found.name.lower() in written.named else ""
        return f"Write it under {key}{either}."


# --- words --------------------------------------------------------------------------------------------------


def _lacking(what: str, addresses: Sequence[Address], path: Path) -> Finding:
    return Finding(
        "DIR-SCHEMA",
        "error",
        f"The directory's schema lacks {what}, needed by {_some(addresses)}",
        "It would refuse the whole entry. Older printings of PS3.15 Annex H have attributes 1 to 31 only, and "
        "each release of an archive brings attributes and classes of its own.",
        "Load the current schema into the directory first, and then apply; or take the value out of the inventory.",
        path=path,
        about=addresses[0],
    )


def _set(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _some(addresses: Sequence[Address]) -> str:
    shown = ", ".join(map(str, addresses[:3]))
    return f"{shown} and {len(addresses) - 3} more" if len(addresses) > 3 else shown
