"""An archive as the directory holds it: its entries and their fields, without a model, since live may break rules.

What stands under `dcm4chee.` of an entry of the standard is read only where the inventory says something of it for
the archive: elsewhere its absence means nothing, and it is not looked at here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pacsconf.core.address import Address
from pacsconf.core.resource import Fields, State, Value, members
from pacsconf.inventory.model import Device, Inventory, NetworkAE

NAME = "dcm4chee"
States = Mapping[Address, State]


@dataclass(frozen=True, slots=True)
class Live:
    """One archive in one directory; `below` are its entries, by kind and the rest of their name."""

    system: str
    device: Device
    below: Mapping[str, Mapping[tuple[str, ...], Fields]]

    @property
    def own(self) -> Fields | None:
        """Fields of the device's own entry; None where the inventory says nothing of it for the archive."""
        return self.below.get("device", {}).get((), {}) if NAME in self.device.vendor else None

    def entity(self, ae: NetworkAE) -> Fields | None:
        """Fields of an AE's entry; None where there is none, or nothing is said of it for the archive."""
        found = self.below.get("network-ae", {}).get((ae.title,))
        return found if NAME in ae.vendor else None

    def of(self, kind: str) -> Iterator[tuple[str, Fields]]:
        """The entries of a kind of the archive's own, wherever below the device."""
        for parts, fields in sorted(self.below.get(kind, {}).items()):
            yield parts[-1], fields

    def address(self, kind: str, *parts: str) -> str:
        """How an entry of it is called."""
        return str(Address.of(self.system, kind, self.device.name.lower(), *parts))


def archives(system: str, states: States, inventory: Inventory) -> Iterator[Live]:
    """The archives of an inventory that are in this directory."""
    named = {
        device.name.lower(): device
        for device in inventory.devices.values()
        if NAME in device.vendor or any(NAME in ae.vendor for ae in device.ae_titles.values())
    }
    below: dict[str, dict[str, dict[tuple[str, ...], Fields]]] = {name: {} for name in named}
    for address, state in states.items():
        first, *rest = address.parts
        if first in below and not address.kind.startswith("unique-"):
            below[first].setdefault(address.kind, {})[tuple(rest)] = state.fields
    for name, device in named.items():
        if () in below[name].get("device", {}):
            yield Live(system, device, below[name])


def setting(fields: Fields, name: str, default: Value | None = None) -> Value | None:
    """What the archive keeps of an entry of the standard; an absent one is at its default."""
    return fields.get(f"{NAME}.{name}", default)


def listed(fields: Fields, name: str) -> frozenset[str]:
    """The same of a list."""
    return members(fields, f"{NAME}.{name}")
