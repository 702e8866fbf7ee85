"""What extensions make of the inventory: fields of standard entries, entries of their own, reserved names. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Path
from pacsconf.core.resource import Fields, State, Value
from pacsconf.inventory.base import Extensible
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.validation import checked
from pacsconf.systems._dicom.attributes import Row, canonical, extra_members
from pacsconf.systems._dicom.kinds import EXTRA
from pacsconf.systems._dicom.rows import canonical_value, rows_of
from pacsconf.systems._dicom.vocabulary import VENDOR, Vocabulary
from pacsconf.systems.directory_extension import (
    Child,
    Extension,
    Facet,
    Holder,
    Part,
    SecretUse,
    attribute_of,
    children_of,
)


class Made(NamedTuple):
    """One entry of an extension's own, or a reserved name, as it is to stand."""

    state: State
    spelled: str
    path: Path
    source: Child | None
    origins: Mapping[str, Path]
    scope: tuple[str, ...] = ()
    """What is looked at of it beside what always is."""
    secrets: Mapping[str, SecretUse] = {}


@dataclass(frozen=True, slots=True)
class Addition:
    """What extensions add to one entry of the standard."""

    fields: Fields = field(default_factory=dict)
    scope: tuple[str, ...] = ()
    origins: Mapping[str, Path] = field(default_factory=dict)
    below: tuple[Made, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    """Fields that the vendor's program writes by itself, each with why."""
    secrets: Mapping[str, SecretUse] = field(default_factory=dict)


@dataclass
class Vendors:
    """The extensions that a directory speaks, at work on one inventory."""

    system: str
    words: Vocabulary
    extensions: Sequence[Extension]
    inventory: Inventory
    findings: list[Finding] = field(default_factory=list)

    def addition(self, address: Address, holder: Holder) -> Addition:
        """What they add to the entry at this address."""
        fields: dict[str, Value] = {}
        scope: list[str] = []
        origins: dict[str, Path] = {}
        below: list[Made] = []
        left: dict[str, str] = {}
        secrets: dict[str, SecretUse] = {}
        for extension in self.extensions:
            facet_type = next((one for one in extension.facets if one.of == address.kind), None)
            if facet_type is None or not extension.speaks_of(holder):
                continue
            facet, wrong = parsed(extension.name, facet_type, holder.entry, holder.path)
            self.findings += wrong
            if facet is None:
                continue
            facet, derived = extension.complete(facet, holder, self.inventory)
            at: Path = (*holder.path, "vendor", extension.name)
            says = extension.name in holder.entry.vendor
            rows = [row for row in rows_of(facet_type, extension.name) if says or not row.extension]
            fields |= fields_of(facet, rows)
            secrets |= secrets_of(facet, rows)
            scope += [VENDOR + extension.name] if says else []
            left |= extension.left(facet, holder, self.inventory)
            origins |= dict(_origins(facet_type, extension.name, at, derived))
            below += self._below(address, facet, at, (), derived)
        return Addition(fields, tuple(scope), origins, tuple(below), left, secrets)

    def classes(self, address: Address, entry: Extensible | Child, fields: Fields) -> dict[str, Value]:
        """The auxiliary classes of an entry that names them, with those that its fields need."""
        if entry.object_classes is None:
            return {}
        form = self.words.shape(address)
        needed = (form.row(name).object_class for name in fields)
        found = tuple(sorted({*entry.object_classes, *filter(None, needed)}))
        return {"object_classes": found} if found else {}

    def _below(
        self, parent: Address, part: Part, at: Path, steps: Path, derived: Mapping[Path, Path]
    ) -> Iterator[Made]:
        """The children of a part, and theirs."""
        for key, kind in children_of(type(part)):
            for name, child in getattr(part, key).items():
                own: Path = (*steps, key, name)
                path = derived.get(own, (*at, key, name))
                made = self._child(parent, kind, name, child, path, own, derived)
                if made is not None:
                    yield from made
                    yield from self._below(made[-1].state.address, child, path, own, derived)

    def _child(
        self,
        parent: Address,
        kind: type[Child],
        name: str,
        child: Child,
        path: Path,
        own: Path,
        derived: Mapping[Path, Path],
    ) -> tuple[Made, ...] | None:
        spelled = name if kind.exact else name.lower()
        if not spelled:
            self.findings.append(_unnamed(path))
            return None
        address = parent.below(kind.kind, spelled)
        form = self.words.shapes[kind.kind]
        fields = fields_of(child, form.rows)
        fields |= {EXTRA + key: extra_members(members) for key, members in child.extra.items() if members}
        fields |= self.classes(address, child, fields)
        device = Address.of(self.system, "device", address.parts[0])
        needs = {parent, *self.words.referred(address, fields)}
        reserved = self._reserved(address, kind, name, device, path)
        needs.update(made.state.address for made in reserved)
        origins = {row.field: at for row in form.rows if (at := derived.get((*own, row.field)))}
        state = State(address, address if kind.counts else device, fields, frozenset(needs))
        asked = {VENDOR + row.extension for row in form.rows if row.extension}
        scope = tuple(asked) if child.speaks else ()
        return (*reserved, Made(state, name, path, child, origins, scope, secrets_of(child, form.rows)))

    def _reserved(
        self, address: Address, kind: type[Child], name: str, device: Address, path: Path
    ) -> tuple[Made, ...]:
        if not kind.reserved_in or name == "*":
            return ()
        registry = Address.of(self.system, "container", kind.reserved_in)
        root = Address.of(self.system, "container", "configuration")
        cn = self.words.containers[kind.reserved_in][1]
        reservation = self.words.reservation(address)
        return (
            Made(State(registry, root, {}, frozenset({root})), cn, ("systems", self.system), None, {}),
            Made(State(reservation, device, {}, frozenset({registry})), name, path, None, {}),
        )


def parsed(
    name: str, facet_type: type[Facet], entry: Extensible, path: Path
) -> tuple[Facet | None, tuple[Finding, ...]]:
    """What is written for an extension at an entry; None, and what is wrong with it, where it is."""
    return checked(facet_type, entry.vendor.get(name, {}), (*path, "vendor", name))


def fields_of(part: Part, rows: Sequence[Row]) -> dict[str, Value]:
    """The fields of a part, those that equal their default left out."""
    found: dict[str, Value] = {}
    for row in rows:
        value = canonical_value(getattr(part, row.field.rpartition(".")[2]))
        if value is not None and value != row.default:
            found[row.field] = _spelled(row, value)
    return found


def secrets_of(part: Part, rows: Sequence[Row]) -> dict[str, SecretUse]:
    """Where the secrets of a part are kept, by field."""
    found = {row.field: getattr(part, row.field.rpartition(".")[2]) for row in rows if row.syntax == "secret"}
    return {name: use for name, use in found.items() if use is not None}


def _spelled(row: Row, value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(sorted({canonical(row, member, str.lower) for member in value}))
    return canonical(row, value, str.lower) if isinstance(value, str) else value


def _origins(
    facet_type: type[Facet], name: str, at: Path, derived: Mapping[Path, Path]
) -> Iterator[tuple[str, Path]]:
    for key, info in facet_type.model_fields.items():
        if attribute_of(info) is not None:
            yield f"{name}.{key}", derived.get((key,), (*at, key))


def _unnamed(path: Path) -> Finding:
    return Finding(
        "DIR-NAME-EMPTY",
        "error",
        "Something here has an empty name",
        "A directory names an entry by it.",
        "Give it a name.",
        path=path,
    )
