"""What a DICOM directory declares and holds, made one typed model and one row after the other.

Slow and plain: what `declare` and `Reader` make of states at once must be what comes out here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.errors import BadAnswer
from pacsconf.core.resource import State, Value
from pacsconf.inventory.model import Device, Inventory, NetworkAE
from pacsconf.systems._dicom.attributes import CONTAINERS, SHAPES, Row, Shape, canonical, decode
from pacsconf.systems._dicom.intent import Intent
from pacsconf.systems._dicom.kinds import EXTRA, KINDS
from pacsconf.systems._dicom.tree import Tree
from pacsconf.systems._dicom.vocabulary import STANDARD
from pacsconf.systems._ldap import Entry, names
from pacsconf.systems._ldap.directory import OPERATIONAL
from pacsconf.systems._ldap.schema import Schema


def declared(system: str, inventory: Inventory) -> dict[Address, State]:
    """The states of an inventory; the first that wants an address has it."""
    found: dict[Address, State] = {}
    for state in (*_containers(system), *_of_devices(system, inventory)):
        found.setdefault(state.address, state)
    return found


def _containers(system: str) -> Iterator[State]:
    root = Address.of(system, "container", "configuration")
    for name in CONTAINERS:
        address = Address.of(system, "container", name)
        yield _state(address, root, set() if address == root else {root})


def _of_devices(system: str, inventory: Inventory) -> Iterator[State]:
    devices = inventory.devices.values()
    for device in devices:
        if device.lifecycle not in ("planned", "retired"):
            yield from _all(system, device, inventory)
    for device in devices:
        if device.lifecycle == "planned":
            yield from _titles(system, device)


def _all(system: str, device: Device, inventory: Inventory) -> Iterator[State]:
    name = device.name.lower()
    root = Address.of(system, "device", name)
    values = _values("device", device, device_types=device.device_types or device.modality)
    yield _state(root, root, {Address.of(system, "container", "devices")}, **values)
    for key, connection in device.connections.items():
        address = Address.of(system, "network-connection", name, key.lower())
        yield _state(address, root, {root}, **_values("network-connection", connection))
    yield from _titles(system, device)
    for ae in device.ae_titles.values():
        address = Address.of(system, "network-ae", name, ae.title)
        titles = {title for title in (ae.title, *ae.answers_to) if title != "*"}
        needs = {root, *(Address.of(system, "unique-ae-title", title) for title in titles)}
        needs |= {Address.of(system, "network-connection", name, each.lower()) for each in ae.connections}
        values = _values("network-ae", ae, character_sets=ae.character_sets or device.character_sets)
        yield _state(address, root, needs, _claims(inventory, device, ae), **values)
        for capability in ae.capabilities:
            below = Address.of(system, "transfer-capability", name, ae.title, capability.name.lower())
            yield _state(below, root, {address}, **_values("transfer-capability", capability))


def _titles(system: str, device: Device) -> Iterator[State]:
    root = Address.of(system, "device", device.name.lower())
    registry = {Address.of(system, "container", "unique-ae-titles")}
    for ae in device.ae_titles.values():
        for title in (ae.title, *ae.answers_to):
            if title != "*":
                yield _state(Address.of(system, "unique-ae-title", title), root, registry)


def _claims(inventory: Inventory, device: Device, ae: NetworkAE) -> set[str]:
    domain = {each.name.lower(): each.ae_domain for each in inventory.devices.values()}[device.name.lower()]
    pools = {
        (each.ae_domain, one.title)
        for each in inventory.devices.values()
        for one in each.ae_titles.values()
        if one.shared_title
    }
    alone = not ae.shared_title and (domain, ae.title) not in pools
    return {f"ae-title:{domain}/{ae.title}"} if alone else set()


def _values(kind: str, source: Any, **instead: Any) -> dict[str, Any]:
    rows = {row.field: row for row in SHAPES[kind].rows}
    given = {name: getattr(source, name) for name in rows} | instead
    values: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, tuple):
            values[name] = tuple(canonical(rows[name], member, str.lower) for member in value if member)
        else:
            values[name] = (canonical(rows[name], value) or None) if isinstance(value, str) else value
    return values | {"extra": {name: members for name, members in source.extra.items() if members}}


def _state(
    address: Address, root: Address, needs: set[Address], claims: set[str] = frozenset(), **values: Any
) -> State:
    """By way of the kind's model, which sorts sets and refuses what does not fit."""
    model = {"address": address, "root": root, "depends_on": needs, "claims": claims, **values}
    return KINDS[address.kind].model_validate(model).state()


# --- what is live -------------------------------------------------------------------------------------------


def held(tree: Tree, intent: Intent | None, schema: Schema | None = None) -> dict[Address, State]:
    """The states of a tree's entries.

    Raises: BadAnswer for values that the standard does not allow.
    """
    reader = _Reader(tree, intent, schema)
    return {address: reader.state(address, entry) for address, entry in sorted(tree.entries.items())}


@dataclass
class _Reader:
    tree: Tree
    intent: Intent | None
    schema: Schema | None

    def state(self, address: Address, entry: Entry) -> State:
        scope = self.intent.extras.get(address) if self.intent else None
        values = dict(self._fields(address, entry, scope))
        extra = {name.removeprefix(EXTRA): values.pop(name) for name in [*values] if name.startswith(EXTRA)}
        needs = {each for each in self._needs(address, values) if each in self.tree.entries} - {address}
        claims: set[str] = set()
        if address.kind == "network-ae":
            claims = set((self.intent or Intent()).claim(*address.parts))
        return _state(address, self._root(address), needs, claims, extra=extra, **values)

    def _fields(
        self, address: Address, entry: Entry, scope: Collection[str] | None
    ) -> Iterator[tuple[str, Value]]:
        form = STANDARD.shape(address)
        for row in (*form.rows, *self._extra_rows(form, entry, scope)):
            hidden = scope is not None and "dicomvendordata" not in {name.lower() for name in scope}
            if row.field == "vendor_data" and hidden:
                continue
            try:
                value = decode(row, entry.values(row.attribute), lambda dn: self._sibling(address, dn))
            except ValueError as exc:
                raise BadAnswer(self.tree.system, f"{entry.dn}: {exc}") from exc
            if value is not None:
                yield row.field, value

    def _extra_rows(self, form: Shape, entry: Entry, scope: Collection[str] | None) -> Iterator[Row]:
        kept = {name.lower() for name in OPERATIONAL}
        for attribute in sorted(entry.attributes):
            if form.models(attribute) or attribute in kept:
                continue
            spelled = [name for name in scope or () if name.lower() == attribute]
            if scope is None:
                spelled = [self.schema.spelling(attribute) if self.schema else attribute]
            yield from (Row(EXTRA + name, name, many=True) for name in spelled[:1])

    def _sibling(self, address: Address, dn: str) -> str:
        found = self.tree.address_of(dn)
        if found and found.kind == "network-connection" and found.parts[0] == address.parts[0]:
            return found.parts[1]
        return names.canonical(dn)

    def _root(self, address: Address) -> Address:
        if address.kind == "container":
            return Address.of(self.tree.system, "container", "configuration")
        if address.kind != "unique-ae-title":
            return Address.of(self.tree.system, "device", address.parts[0])
        found = (each for each in sorted(self.tree.entries) if each.kind == "network-ae")
        holders = [each.parts[0] for each in found if each.parts[1] == address.parts[0]]
        return Address.of(self.tree.system, "device", holders[0]) if holders else address

    def _needs(self, address: Address, fields: dict[str, Any]) -> set[Address]:
        parts = address.parts
        wanted: dict[str, list[tuple[str, ...]]] = {
            "container": [("container", "configuration")],
            "device": [("container", "devices")],
            "unique-ae-title": [("container", "unique-ae-titles")],
            "network-connection": [("device", parts[0])],
            "transfer-capability": [("network-ae", *parts[:2])],
            "network-ae": [
                ("device", parts[0]),
                ("unique-ae-title", parts[-1]),
                *(("network-connection", parts[0], name) for name in fields.get("connections", ()) if name),
            ],
        }
        return {Address.of(self.tree.system, *each) for each in wanted[address.kind]}
