"""What an inventory says for one extension, entry by entry, and what of it does not fit together. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory
from pacsconf.systems._dicom.vendors import parsed
from pacsconf.systems.directory_extension import (
    Child,
    Extension,
    Facet,
    Holder,
    Placed,
    attribute_of,
    within,
)

CONTAINED: Mapping[str, str] = {"network-connection": "connections", "network-ae": "ae_titles"}


def problems(extension: type[Extension], inventory: Inventory) -> Iterator[Finding]:
    """What is written wrongly for an extension, what it names that is not there, and what its own rules find."""
    parts: list[Placed] = []
    unread: set[str] = set()
    for holder, facet_type in holders(extension, inventory):
        facet, wrong = parsed(extension.name, facet_type, holder.entry, holder.path)
        yield from wrong
        if facet is None:
            unread.add(holder.device.name)
        else:
            facet, derived = extension.complete(facet, holder, inventory)
            parts += within(Placed(holder, facet, (*holder.path, "vendor", extension.name)), derived)
    yield from _dangling(parts, inventory, unread)
    yield from extension.findings(inventory)


def facets(extension: type[Extension], inventory: Inventory) -> Iterator[tuple[Holder, Facet]]:
    """Every facet that stands, whole, with what it belongs to; those that are wrong are passed over."""
    for holder, facet_type in holders(extension, inventory):
        facet, _ = parsed(extension.name, facet_type, holder.entry, holder.path)
        if facet is not None:
            yield holder, extension.complete(facet, holder, inventory)[0]


def holders(extension: type[Extension], inventory: Inventory) -> Iterator[tuple[Holder, type[Facet]]]:
    """Every entry of the standard of which the inventory says something for an extension."""
    types = {facet.of: facet for facet in extension.facets}
    for holder, kind in _standard(inventory):
        if kind in types and extension.speaks_of(holder):
            yield holder, types[kind]


def _standard(inventory: Inventory) -> Iterator[tuple[Holder, str]]:
    for name, device in inventory.devices.items():
        if device.lifecycle == "retired":
            continue
        path: Path = ("devices", name)
        yield Holder(device, device, path), "device"
        for key, connection in device.connections.items():
            yield Holder(device, connection, (*path, "connections", key)), "network-connection"
        for title, ae in device.ae_titles.items():
            at: Path = (*path, "ae_titles", title)
            yield Holder(device, ae, at, ae), "network-ae"
            for place, one in enumerate(ae.capabilities):
                yield Holder(device, one, (*at, "capabilities", place), ae), "transfer-capability"


def _dangling(parts: list[Placed], inventory: Inventory, unread: Collection[str]) -> Iterator[Finding]:
    """Names of what is not declared; what devices have that cannot be read (`unread`) nobody can tell."""
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    for placed in parts:
        if isinstance(placed.part, Child):
            known[placed.holder.device.name, placed.part.kind].add(placed.name)
    peers = Peers(inventory)
    for placed in parts:
        for key, info in type(placed.part).model_fields.items():
            attribute = attribute_of(info)
            if attribute is None or not attribute.refers:
                continue
            if attribute.refers in PEERS:
                yield from peers.unknown(attribute.refers, getattr(placed.part, key), (*placed.path, key))
                continue
            device = placed.holder.device
            if device.name in unread and attribute.refers not in (*CONTAINED, "device"):
                continue
            there = _there(attribute.refers, placed.holder, inventory) or known[device.name, attribute.refers]
            value = getattr(placed.part, key)
            for name in value if isinstance(value, tuple) else (value,):
                if name is not None and name not in there and not ("=" in name and "," in name):
                    yield _missing(name, attribute.refers, sorted(there), device.name, (*placed.path, key))


PEERS: Mapping[str, str] = {"ae-title": "AE title", "hl7-name": "HL7 application"}
"""What a value may name of whatever device."""


class Peers:
    """Those that other devices of an inventory are called by."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def unknown(self, kind: str, value: object, path: Path) -> Iterator[Finding]:
        """Names of this kind that no device has. Nobody may have declared them yet, so that is no error."""
        named = value if isinstance(value, tuple) else () if value is None else (value,)
        for name in map(str, named):
            if name not in self._known[kind] and name != "*":
                yield _nobody(name, PEERS[kind], sorted(self._known[kind]), path)

    @cached_property
    def _known(self) -> Mapping[str, frozenset[str]]:
        devices = [one for one in self._inventory.devices.values() if one.lifecycle != "retired"]
        titles = {
            title
            for device in devices
            for ae in device.ae_titles.values()
            for title in (ae.title, *ae.answers_to, *device.rewrites.values())
        }
        names = {
            name
            for device in devices
            for one in device.hl7_applications.values()
            for name in (one.name, *one.other_names)
        }
        return {"ae-title": frozenset(titles), "hl7-name": frozenset(names)}


def _nobody(name: str, what: str, known: list[str], path: Path) -> Finding:
    return Finding(
        "PACS-VENDOR-004",
        "warning",
        f'No declared device has the {what} "{name}"{nearest(name, known)}',
        "It is looked up in the directory by this name, and nobody is found unless others keep it there.",
        "Declare the device, or correct the name.",
        path=path,
    )


def _there(kind: str, holder: Holder, inventory: Inventory) -> set[str]:
    if kind == "device":
        return set(inventory.devices)
    return set(getattr(holder.device, CONTAINED[kind])) if kind in CONTAINED else set()


def _missing(name: str, kind: str, there: list[str], device: str, path: Path) -> Finding:
    words = kind.replace("-", " ")
    return Finding(
        "PACS-VENDOR-003",
        "error",
        f'There is no {words} "{name}"{nearest(name, there)}',
        "What names it would do nothing, or keep the program from starting.",
        f"Declared{'' if kind == 'device' else f' of {device}'}: {', '.join(there) or 'none'}.",
        path=path,
    )
