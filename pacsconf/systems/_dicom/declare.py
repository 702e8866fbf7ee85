"""From the inventory to the entries of a DICOM directory. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.model import Connection, Device, Inventory, Model, NetworkAE, Site, TransferCapability
from pacsconf.systems._dicom.attributes import CONTAINERS, SHAPES, canonical
from pacsconf.systems._dicom.extra import misplaced
from pacsconf.systems._dicom.kinds import EXTRA, KINDS, Container, EntryResource, UniqueAETitleEntry
from pacsconf.systems.base import Declared


@dataclass(frozen=True, slots=True)
class Intent:
    """What an inventory says beside the resources themselves.

    By address, `spelling` is how a name is written, `extras` are the attributes it names of those that others may
    write too (unmodelled ones and vendor data). `domains` are the AE domains of devices, by lower-case name.
    """

    spelling: Mapping[Address, str] = field(default_factory=dict)
    extras: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    """Claims on titles that several devices hold on purpose."""

    def claim(self, device: str, title: str) -> frozenset[str]:
        """What the holder of a title claims: nobody else has it in its domain."""
        claim = f"ae-title:{self.domains.get(device.lower(), 'default')}/{title}"
        return frozenset({claim}) - self.shared


def declare(system: str, inventory: Inventory) -> tuple[Declared, Intent]:
    """What an inventory wants a directory to hold, and what it says beside.

    That is the containers, devices that are in use with all below them, and the titles of those planned too.
    """
    collected = _collect(system, inventory)
    unique = {item.resource.address: item for item in reversed(collected)}
    live = [device for device in inventory.devices.values() if device.lifecycle != "retired"]
    declared = Declared(
        tuple(unique[address].resource for address in sorted(unique)),
        (*_collisions(collected), *_misplaced(collected), *_title_findings(live), *_unconnected(live)),
        _retired(system, inventory) - unique.keys(),
        {address: text for item in unique.values() for address, text in item.cautions(inventory)},
        {address: item.paths() for address, item in unique.items()},
    )
    intent = Intent(
        {address: item.spelled for address, item in unique.items()},
        {address: item.named() for address, item in unique.items()},
        _domains(inventory),
        _shared(inventory),
    )
    return declared, intent


def _retired(system: str, inventory: Inventory) -> frozenset[Address]:
    gone = [device for device in inventory.devices.values() if device.lifecycle == "retired"]
    titles = {Address.of(system, "unique-ae-title", title) for device in gone for title in _titles(device)}
    return frozenset({Address.of(system, "device", device.name.lower()) for device in gone} | titles)


@dataclass(frozen=True, slots=True)
class _Item:
    """One resource with the place it comes from; `source` is None for what the inventory does not spell out."""

    resource: EntryResource
    spelled: str
    path: Path
    source: Any = None
    site: str | None = None

    def named(self) -> tuple[str, ...]:
        """Attributes of which the inventory speaks although others may keep theirs there."""
        vendor_data = ("dicomVendorData",) if getattr(self.source, "vendor_data", ()) else ()
        return (*(self.source.extra if self.source else ()), *vendor_data)

    def paths(self) -> Mapping[str, Path]:
        found: dict[str, Path] = {"": self.path}
        for name in self.resource.fields():
            extra = name.startswith(EXTRA)
            found[name] = (*self.path, "extra", name.removeprefix(EXTRA)) if extra else (*self.path, name)
        return found

    def cautions(self, inventory: Inventory) -> Iterator[tuple[Address, str]]:
        site = inventory.sites.get(self.site or "")
        if isinstance(self.source, Connection) and site and _outside(self.source.host, site):
            networks = ", ".join(str(network) for network in site.networks)
            yield (
                self.resource.address,
                f"{self.source.host} is outside the networks of site {self.site} ({networks})",
            )


def _collect(system: str, inventory: Inventory) -> list[_Item]:
    """Every entry in the order of the inventory; a title once for each who wants it."""
    items = list(_containers(system))
    active = [
        device for device in inventory.devices.values() if device.lifecycle not in ("planned", "retired")
    ]
    planned = [device for device in inventory.devices.values() if device.lifecycle == "planned"]
    shared, domains = _shared(inventory), _domains(inventory)
    for device in active:
        items += _Maker(system, device, Intent(domains=domains, shared=shared)).all()
    for device in planned:
        items += _Maker(system, device, Intent()).titles()
    return items


def _containers(system: str) -> Iterator[_Item]:
    root = Address.of(system, "container", "configuration")
    for name, (_, cn) in CONTAINERS.items():
        address = Address.of(system, "container", name)
        needs = frozenset() if address == root else frozenset({root})
        yield _Item(Container(address=address, root=root, depends_on=needs), cn, ("systems", system))


class _Maker:
    """Makes the entries of one device."""

    def __init__(self, system: str, device: Device, intent: Intent) -> None:
        self.system = system
        self.device = device
        self.intent = intent
        self.root = Address.of(system, "device", device.name.lower())
        self.path: Path = ("devices", device.name)

    def all(self) -> Iterator[_Item]:
        needs = frozenset({Address.of(self.system, "container", "devices")})
        yield self._item(self.root, needs, self.device.name, self.path, self.device)
        for name, connection in self.device.connections.items():
            address = Address.of(self.system, "network-connection", self.device.name.lower(), name.lower())
            path = (*self.path, "connections", name)
            yield self._item(address, frozenset({self.root}), name, path, connection)
        yield from self.titles()
        for ae in self.device.ae_titles.values():
            yield from self._entity(ae)

    def titles(self) -> Iterator[_Item]:
        """The reservations; the wildcard is nobody's to reserve."""
        registry = frozenset({Address.of(self.system, "container", "unique-ae-titles")})
        for title, path in _titles(self.device).items():
            address = Address.of(self.system, "unique-ae-title", title)
            resource = UniqueAETitleEntry(address=address, root=self.root, depends_on=registry)
            yield _Item(resource, title, path)

    def _entity(self, ae: NetworkAE) -> Iterator[_Item]:
        name = self.device.name.lower()
        address = Address.of(self.system, "network-ae", name, ae.title)
        titles = {title for title in (ae.title, *ae.answers_to) if title != "*"}
        needs = {self.root, *(Address.of(self.system, "unique-ae-title", title) for title in titles)}
        needs |= {
            Address.of(self.system, "network-connection", name, each.lower()) for each in ae.connections
        }
        path = (*self.path, "ae_titles", ae.title)
        claims = frozenset() if ae.shared_title else self.intent.claim(name, ae.title)
        yield self._item(address, frozenset(needs), ae.title, path, ae, claims)
        for position, capability in enumerate(ae.capabilities):
            yield self._capability(address, ae, capability, (*path, "capabilities", position))

    def _capability(
        self, ae_address: Address, ae: NetworkAE, source: TransferCapability, path: Path
    ) -> _Item:
        parts = (self.device.name.lower(), ae.title, source.name.lower())
        address = Address.of(self.system, "transfer-capability", *parts)
        return self._item(address, frozenset({ae_address}), source.name, path, source)

    def _item(
        self,
        address: Address,
        needs: frozenset[Address],
        spelled: str,
        path: Path,
        source: Model,
        claims: frozenset[str] = frozenset(),
    ) -> _Item:
        values = _values(address.kind, source, self.device)
        resource = KINDS[address.kind].model_validate(
            {"address": address, "root": self.root, "depends_on": needs, "claims": claims, **values}
        )
        return _Item(resource, spelled, path, source, self.device.site)


def _values(kind: str, source: Any, device: Device) -> dict[str, Any]:
    """A resource's fields from the model of the same names, in canonical spelling."""
    values = {row.field: getattr(source, row.field) for row in SHAPES[kind].rows}
    if kind == "device":
        values["device_types"] = device.device_types or device.modality
    if kind == "network-ae":
        values["character_sets"] = source.character_sets or device.character_sets
    rows = {row.field: row for row in SHAPES[kind].rows}
    plain = {name: _canonical(rows[name], value) for name, value in values.items()}
    return plain | {"extra": {name: members for name, members in source.extra.items() if members}}


def _canonical(row: Any, value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(canonical(row, member, str.lower) for member in value if member)
    return (canonical(row, value) or None) if isinstance(value, str) else value


def _titles(device: Device) -> dict[str, Path]:
    """Every title that a device answers to, with its place; aliases after the titles themselves."""
    entities = device.ae_titles.values()
    own = {ae.title: ("devices", device.name, "ae_titles", ae.title) for ae in entities}
    aliases: dict[str, Path] = {
        alias: ("devices", device.name, "ae_titles", ae.title, "answers_to")
        for ae in entities
        for alias in ae.answers_to
    }
    return {title: path for title, path in {**aliases, **own}.items() if title != "*"}


def _domains(inventory: Inventory) -> dict[str, str]:
    return {device.name.lower(): device.ae_domain for device in inventory.devices.values()}


def _shared(inventory: Inventory) -> frozenset[str]:
    pools = ((device.ae_domain, ae) for device, ae in inventory.entities() if ae.shared_title)
    return frozenset(f"ae-title:{domain}/{ae.title}" for domain, ae in pools)


def _outside(host: str, site: Site) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    networks = [ipaddress.ip_network(network, strict=False) for network in site.networks]
    return bool(networks) and not any(address in network for network in networks)


# --- what a directory cannot hold ---------------------------------------------------------------------------


def _collisions(items: list[_Item]) -> Iterator[Finding]:
    """Names that differ by case only, of which a directory holds one."""
    first: dict[Address, _Item] = {}
    for item in items:
        if isinstance(item.resource, UniqueAETitleEntry):
            continue
        held = first.setdefault(item.resource.address, item)
        if held is not item:
            yield Finding(
                "DIR-NAME-CASE",
                "error",
                f'"{item.spelled}" and "{held.spelled}" differ by upper and lower case only',
                "A directory takes them for the same entry (PS3.15 section H.1.3).",
                "Give one of them another name.",
                path=item.path,
                about=item.resource.address,
            )


def _misplaced(items: list[_Item]) -> Iterator[Finding]:
    for item in items:
        if item.source is not None:
            yield from misplaced(item.resource.address.kind, item.source.extra, item.path)


def _title_findings(devices: list[Device]) -> Iterator[Finding]:
    """Titles that the one flat registry of a directory cannot tell apart (PS3.15 section H.1.4.1)."""
    holders: dict[str, tuple[str, Device]] = {}
    for device in devices:
        for title, path in _titles(device).items():
            held, other = holders.setdefault(" ".join(title.split()), (title, device))
            if held != title:
                yield Finding(
                    "DIR-TITLE-SPACES",
                    "error",
                    f'AE titles "{title}" and "{held}" differ by inner spaces only',
                    "DICOM tells them apart, but a directory does not, so only one can be reserved.",
                    "Give one of them another title.",
                    path=path,
                )
            elif other.ae_domain != device.ae_domain:
                yield Finding(
                    "DIR-TITLE-DOMAINS",
                    "warning",
                    f'AE title "{title}" is used in domains "{other.ae_domain}" and "{device.ae_domain}"',
                    f"A directory has one registry: {other.name} and {device.name} share the reservation.",
                    "Use one directory for each domain, or give one of them another title.",
                    path=path,
                )


def _unconnected(devices: list[Device]) -> Iterator[Finding]:
    for device in devices:
        for ae in device.ae_titles.values():
            if device.lifecycle != "planned" and not ae.connections:
                yield Finding(
                    "DIR-AE-CONNECTION",
                    "error",
                    f"AE {ae.title} of {device.name} has no connection",
                    "A directory refuses an AE without one (dicomNetworkConnectionReference, PS3.15 H.1.3).",
                    "Name a connection of the device under `connections`; without a port it only calls.",
                    path=("devices", device.name, "ae_titles", ae.title),
                )
