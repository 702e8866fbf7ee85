"""What devices and application entities are to each other, worked out once for all of them.

Who holds which title and address, which flows connect whom, and how that fares (`pacsconf.dicom.reach`). Everything
is looked up in an index; flows are asked by kinds of entities that fare alike, so that ten thousand scanners cost
little more than ten. What a list names is cut at `MOST`, since a mistake may be made ten thousand times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pacsconf.dicom.reach.answer import key_of, titles
from pacsconf.dicom.reach.census import Cell, census_of
from pacsconf.dicom.reach.index import topics
from pacsconf.inventory import uids
from pacsconf.inventory.addresses import ANSWERING, belong_together
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE
from pacsconf.inventory.titles import Holders, holders, may_share

MOST = 20
"""Names in a list of what should not be at all."""
GATEWAYS = frozenset({"router", "gateway"})
"""Types of devices that take images in order to pass them on."""

Key = tuple[str, str]
"""An application entity: device and title."""


@dataclass(slots=True)
class Fares:
    """How the pairs of one flow fare; each line stands for all pairs that are alike."""

    no_class: list[str] = field(default_factory=list)
    no_syntax: list[str] = field(default_factory=list)
    lossy: list[str] = field(default_factory=list)


class Relations:
    """The indexes of one inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.census = census_of(inventory)
        self.entities = self.census.entities
        self._callers_of: dict[tuple[str, ...], tuple[Key, ...]] = {}

    # --- titles and addresses

    @cached_property
    def held(self) -> Holders:
        """Who holds each title, by domain and title."""
        return holders(self.entities.all)

    @cached_property
    def _by_capitals(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """Titles in use by domain and by themselves in small letters."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for domain, title in self.held:
            found[domain, title.casefold()].append(title)
        return found

    @cached_property
    def _listening(self) -> Mapping[tuple[str, int], Sequence[Entity]]:
        """Who listens where, by host in small letters and port."""
        found: dict[tuple[str, int], list[Entity]] = defaultdict(list)
        for device, ae in self.entities.all:
            for place in places(device, ae) if device.lifecycle in ANSWERING else ():
                found[place].append((device, ae))
        return found

    def same_title(self, device: Device, ae: NetworkAE) -> list[str]:
        """Other devices that one of its titles may reach, though nobody says that they share it."""
        if device.lifecycle == "retired":
            return []
        found: dict[str, None] = {}
        for title in (ae.title, *ae.answers_to):
            several = self.held[device.ae_domain, title]
            own = next(one for one in several if one.device is device and one.ae is ae)
            others = (
                one.device.name for one in several if one.device is not device and not may_share(own, one)
            )
            found.update((name, None) for name, _ in zip(others, range(MOST), strict=False))
        return list(found)[:MOST]

    def like_title(self, device: Device, ae: NetworkAE) -> list[str]:
        """Other titles in use that differ from its own by capitals alone."""
        if device.lifecycle == "retired":
            return []
        alike = self._by_capitals[device.ae_domain, ae.title.casefold()]
        return [title for title in alike if title != ae.title][:MOST]

    def same_address(self, device: Device, ae: NetworkAE) -> list[str]:
        """AEs of other devices that listen where it does, unless the two share a title or follow each other."""
        found: dict[str, None] = {}
        for place in places(device, ae) if device.lifecycle in ANSWERING else ():
            for other, its in self._listening[place]:
                if other is not device and not belong_together(device, other):
                    found[f"{other.name}/{its.title}"] = None
                if len(found) == MOST:
                    return list(found)
        return list(found)

    # --- flows

    @cached_property
    def flows(self) -> Mapping[str, tuple[tuple[Entity, ...], tuple[Entity, ...]]]:
        """By flow, who calls and who is called."""
        index = self.census.solver.flows
        return {flow.name: (index.ends(flow, "from"), index.ends(flow, "to")) for flow in index.all}

    @cached_property
    def flows_out(self) -> Mapping[Key, Sequence[str]]:
        """By AE, the flows in which it calls somebody."""
        return _at_end((name, callers, called) for name, (callers, called) in self.flows.items())

    @cached_property
    def flows_in(self) -> Mapping[Key, Sequence[str]]:
        """By AE, the flows in which somebody calls it."""
        return _at_end((name, called, callers) for name, (callers, called) in self.flows.items())

    def services(self, flows: Iterable[str]) -> list[str]:
        """What these flows are for, in order, each once."""
        return sorted({service for name in flows for service in self.inventory.flows[name].services})

    def callers(self, key: Key) -> list[str]:
        """The titles of those who may call an AE."""
        flows = tuple(self.flows_in.get(key, ()))
        if flows not in self._callers_of:
            several = {key_of(each) for name in flows for each in self.flows[name][0]}
            self._callers_of[flows] = tuple(sorted(several))
        return list(
            dict.fromkeys(title for device, title in self._callers_of[flows] if (device, title) != key)
        )

    @cached_property
    def _keepers(self) -> Mapping[str, Sequence[str]]:
        """By flow for images, the archives, routers and gateways that are called."""
        return {
            name: sorted({device.name for device, _ in called if _keeps(device)})
            for name, (_, called) in self.flows.items()
            if any("storage" in topics(service) for service in self.inventory.flows[name].services)
        }

    def stores_to(self, device: Device) -> list[str]:
        """Archives, and routers and gateways before them, that a device may store to."""
        flows = {name for title in device.ae_titles for name in self.flows_out.get((device.name, title), ())}
        return sorted({to for name in flows for to in self._keepers.get(name, ()) if to != device.name})

    # --- how flows fare

    @cached_property
    def _fares(self) -> tuple[Mapping[str, Fares], frozenset[Key]]:
        """By flow, what does not fit; and who asks for storage commitment and is answered."""
        found: dict[str, Fares] = defaultdict(Fares)
        answered: set[Key] = set()
        for cell in self.census.cells():
            _look_at(cell, found[cell.flow.name])
            if _commits(cell):
                answered.update(map(key_of, cell.callers))
        return found, frozenset(answered)

    def fares(self, flow: Flow) -> Fares:
        """What of a flow does not fit."""
        return self._fares[0].get(flow.name) or Fares()

    def is_answered(self, device: Device) -> bool:
        """Whether requests for storage commitment of some AE of a device would be answered."""
        return any((device.name, title) in self._fares[1] for title in device.ae_titles)


def places(device: Device, ae: NetworkAE) -> Iterator[tuple[str, int]]:
    """Where an AE listens: hosts in small letters, and ports."""
    for one in connections(device, ae):
        if one.port:
            yield one.host.casefold(), one.port


def connections(device: Device, ae: NetworkAE) -> tuple[Connection, ...]:
    """The connections that lead to an AE, as far as they are declared."""
    return tuple(device.connections[name] for name in ae.connections if name in device.connections)


def passes_on(device: Device) -> bool:
    """Whether a device is there to send on what it gets."""
    return device.type in GATEWAYS or bool(device.rewrites)


def uses(device: Device, uid: str) -> bool:
    """Whether some AE of a device asks others for this SOP class."""
    return any(
        one.sop_class == uid and one.role == "SCU"
        for ae in device.ae_titles.values()
        for one in ae.capabilities
    )


def _keeps(device: Device) -> bool:
    return device.type == "archive" or passes_on(device)


def _at_end(flows: Iterable[tuple[str, Sequence[Entity], Sequence[Entity]]]) -> Mapping[Key, Sequence[str]]:
    """By AE, the flows at whose one end it is, with somebody else at the other."""
    found: dict[Key, list[str]] = defaultdict(list)
    for name, ours, theirs in flows:
        alone = key_of(theirs[0]) if len(theirs) == 1 else None
        for each in ours if theirs else ():
            if key_of(each) != alone:
                found[key_of(each)].append(name)
    return found


def _look_at(cell: Cell, found: Fares) -> None:
    """Adds what does not fit between the pairs of a cell."""
    more = f" ({cell.pairs} pairs alike)" if cell.pairs > 1 else ""
    caller, called = titles(*cell.first)
    pair = f"{caller} → {called}"
    for service in cell.like.services:
        fits = [one.fit for one in service.classes]
        if fits and set(fits) == {"not-offered"}:
            found.no_class.append(f"{pair}: {service.name}{more}")
        for one in service.classes:
            if one.fit == "no-syntax":
                found.no_syntax.append(f"{pair}: {uids.label(one.uid)}{more}")
            elif one.fit == "lossy":
                found.lossy.append(f"{pair}: {uids.label(one.uid)}{more}")


def _commits(cell: Cell) -> bool:
    """Whether the callers of a cell ask for storage commitment and get an answer."""
    return any(
        service.outcome in ("works", "partly")
        and not service.reports
        and any(one.uid == uids.STORAGE_COMMITMENT and one.works for one in service.classes)
        for service in cell.like.services
    )
