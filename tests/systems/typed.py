"""What a DICOM directory declares and holds, made one typed model and one row after the other.

Slow and plain: what `declare` and `Reader` make of states at once must be what comes out here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.inventory.model import Device, Inventory, NetworkAE
from pacsconf.systems._dicom.attributes import CONTAINERS, SHAPES, canonical
from pacsconf.systems._dicom.kinds import KINDS


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
