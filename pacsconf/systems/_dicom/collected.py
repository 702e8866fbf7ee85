"""The entries that are to stand in a directory, each with the place in the inventory that it comes from."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Path
from pacsconf.core.resource import State
from pacsconf.inventory.model import Connection, Inventory, Site
from pacsconf.systems._dicom.kinds import EXTRA
from pacsconf.systems._dicom.vendors import Made
from pacsconf.systems._dicom.vocabulary import CLASSES
from pacsconf.systems.directory_extension import SecretUse

_WITH_VENDOR_DATA = frozenset({"device", "network-ae"})


class Item(NamedTuple):
    """One state with the place it comes from; `source` is None for what the inventory does not spell out."""

    state: State
    spelled: str
    path: Path
    source: Any = None
    site: str | None = None

    def named(self) -> tuple[str, ...]:
        """Attributes of which the inventory speaks although others may keep theirs there."""
        vendor_data = self.state.address.kind in _WITH_VENDOR_DATA and self.source.vendor_data
        classes = self.source.object_classes is not None
        return (
            *self.source.extra,
            *(("dicomVendorData",) if vendor_data else ()),
            *((CLASSES,) if classes else ()),
        )

    def paths(self) -> dict[str, Path]:
        """To the resource itself, under "", and to each of its fields."""
        found: dict[str, Path] = {"": self.path}
        for name in self.state.fields:
            extra = name.startswith(EXTRA)
            found[name] = (*self.path, "extra", name.removeprefix(EXTRA)) if extra else (*self.path, name)
        return found

    def caution(self, inventory: Inventory) -> str | None:
        """Why creating or changing it wants a second look."""
        site = inventory.sites.get(self.site or "")
        if not (isinstance(self.source, Connection) and site and _outside(self.source.host, site)):
            return None
        networks = ", ".join(str(network) for network in site.networks)
        return f"{self.source.host} is outside the networks of site {self.site} ({networks})"


_Place = tuple[str, Path, Any, str | None]
"""What an item is beside its state. A bare tuple, since there is one of each and few are looked at."""


@dataclass(slots=True)
class Collected:
    """Every entry that is to stand in a directory, in the order of the inventory."""

    states: dict[Address, State] = field(default_factory=dict)
    """Of several at one address the first."""
    places: dict[Address, _Place] = field(default_factory=dict)
    collisions: list[tuple[Item, Item]] = field(default_factory=list)
    """What has an address that another has, and that other; everybody may want the same title."""
    special: list[Item] = field(default_factory=list)
    """Those that name attributes which others may write too."""
    scopes: dict[Address, tuple[str, ...]] = field(default_factory=dict)
    """What extensions look at of them."""
    origins: dict[Address, Mapping[str, Path]] = field(default_factory=dict)
    """Places of fields that do not stand where the entry does."""
    findings: list[Finding] = field(default_factory=list)
    left: dict[Address, Mapping[str, str]] = field(default_factory=dict)
    """Fields that programs write by themselves."""
    secrets: dict[Address, Mapping[str, SecretUse]] = field(default_factory=dict)

    def add(
        self, state: State, spelled: str, path: Path, source: Any = None, site: str | None = None
    ) -> None:
        address = state.address
        if address not in self.states:
            self.states[address] = state
            self.places[address] = (spelled, path, source, site)
        elif not address.kind.startswith("unique-") and address.kind != "container":
            self.collisions.append((Item(state, spelled, path, source, site), self.item(address)))
        if source and (
            source.extra
            or source.object_classes is not None
            or address in self.scopes
            or (address.kind in _WITH_VENDOR_DATA and source.vendor_data)
        ):
            self.special.append(Item(state, spelled, path, source, site))

    def add_made(self, made: Made) -> None:
        """Add what an extension made."""
        if made.scope:
            self.scopes.setdefault(made.state.address, made.scope)
        if made.secrets:
            self.secrets.setdefault(made.state.address, made.secrets)
        self.origins.setdefault(made.state.address, made.origins)
        self.add(made.state, made.spelled, made.path, made.source)

    def item(self, address: Address) -> Item:
        return Item(self.states[address], *self.places[address])

    def is_meant(self, item: Item) -> bool:
        """Whether it is the first at its address."""
        return self.states[item.state.address] is item.state


def _outside(host: str, site: Site) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return bool(site.networks) and not any(address in _network(network) for network in site.networks)


@lru_cache
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)
