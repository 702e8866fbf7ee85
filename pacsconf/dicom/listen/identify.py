"""Who called, as far as an inventory tells: by the title that was sent, and by the address it came from. Pure."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from pacsconf.core.finding import Path
from pacsconf.dicom.heard import Heard
from pacsconf.dicom.likeness import alike, difference
from pacsconf.inventory.flows import Entity, pairs
from pacsconf.inventory.model import Device, Inventory, NetworkAE, Pair

_APART = 4
"""Characters by which the lengths of two titles differ at most that are compared: spaces and _ count too."""

By = Literal["title", "likeness and address", "likeness", "address", "nothing"]


class From(NamedTuple):
    """Where calls of a device may come from: a host or a network, and where that is declared."""

    text: str
    path: Path


@dataclass(frozen=True, slots=True)
class Caller:
    """The declared entity that called, or is meant to have called; `by` is what tells.

    `entity` is None where nothing tells. `title` is the declared title that was sent, or the one nearest to it: the
    entity's own, an alias, or one that a router sends under. `neighbours` are the devices that have the address.
    """

    by: By
    entity: Entity | None = None
    title: str = ""
    neighbours: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()
    """Where several titles are like the one that was sent, and nothing tells which is meant: those."""

    @property
    def device(self) -> str:
        return self.entity[0].name if self.entity else ""

    @property
    def path(self) -> Path:
        """Where its title is declared; empty for nobody."""
        if self.entity is None:
            return ()
        device, ae = self.entity
        if self.title in device.rewrites.values():
            return ("devices", device.name, "rewrites")
        base = path_of(self.entity)
        if self.title in ae.answers_to:
            return (*base, "answers_to", ae.answers_to.index(self.title))
        return base


def path_of(entity: Entity) -> Path:
    """Where an entity is declared."""
    return ("devices", entity[0].name, "ae_titles", entity[1].title)


class Known:
    """An inventory, with what is looked up for each caller gathered once: a log may tell of thousands."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.entities: tuple[Entity, ...] = tuple(inventory.entities())

    @cached_property
    def sending(self) -> Mapping[str, list[Entity]]:
        """The entities that may call under a title; one whose own it is before a router that sends under it."""
        found: dict[str, list[Entity]] = defaultdict(list)
        for entity in self.entities:
            for title in dict.fromkeys((entity[1].title, *entity[1].answers_to)):
                found[title].append(entity)
        for entity in self.entities:
            for title in dict.fromkeys(entity[0].rewrites.values()):
                found[title].append(entity)
        return found

    @cached_property
    def answering(self) -> Mapping[str, Entity]:
        """The entity that a called title means: one in use before a retired one."""
        found: dict[str, Entity] = {}
        for entity in sorted(self.entities, key=lambda each: each[0].lifecycle == "retired"):
            for title in (entity[1].title, *entity[1].answers_to):
                found.setdefault(title, entity)
        return found

    @cached_property
    def between(self) -> Mapping[tuple[str, str, str, str], list[Pair]]:
        """What flows connect, by calling device and title, called device and title."""
        found: dict[tuple[str, str, str, str], list[Pair]] = defaultdict(list)
        for pair in pairs(self.inventory):
            found[pair.calling_device, pair.calling, pair.called_device, pair.called].append(pair)
        return found

    def at(self, host: str) -> tuple[str, ...]:
        """The devices whose calls may come from there, as declared. A retired device has no address any more."""
        _, networks = self._places
        wide = (device for place, device in networks if fits(host, place))
        return tuple(dict.fromkeys((*self.having(host), *wide)))

    def having(self, host: str) -> tuple[str, ...]:
        """The devices whose own address that is; a network that others call from too tells of none."""
        return tuple(dict.fromkeys(self._places[0].get(_spelling(host), ())))

    @cached_property
    def _places(self) -> tuple[Mapping[str, list[str]], list[tuple[str, str]]]:
        """Devices by host, and those that call from a whole network."""
        hosts: dict[str, list[str]] = defaultdict(list)
        networks: list[tuple[str, str]] = []
        for device in self.inventory.devices.values():
            if device.lifecycle == "retired":
                continue
            for place, _ in calls_from(device):
                if "/" in place:
                    networks.append((place, device.name))
                else:
                    hosts[_spelling(place)].append(device.name)
        return hosts, networks


def identify(known: Known, heard: Heard) -> Caller:
    """Whom the inventory takes the caller for."""
    neighbours = known.at(heard.host)
    sent = heard.calling_title
    exact = known.sending.get(sent)
    if exact:
        return Caller("title", _best(exact, neighbours), sent, neighbours)
    similar = _similar(known, sent)
    there = [found for found in similar if found[0][0].name in neighbours]
    if there:
        return Caller("likeness and address", *there[0], neighbours)
    lone = _lone(known.inventory, known.having(heard.host))
    if lone is not None:
        return Caller("address", lone, lone[1].title, neighbours)
    if len({entity[0].name for entity, _ in similar}) == 1:
        return Caller("likeness", *similar[0], neighbours)
    like = tuple(f"{title} of {entity[0].name}" for entity, title in similar)
    return Caller("nothing", neighbours=neighbours, similar=like)


def _similar(known: Known, sent: str) -> list[tuple[Entity, str]]:
    """The entities in use with a title like this one; where some differ by one slip, those alone."""
    found = [
        (entity, title)
        for title, entities in known.sending.items()
        if sent and abs(len(title) - len(sent)) <= _APART and alike(title, sent)
        for entity in entities
        if entity[0].lifecycle != "retired"
    ]
    slips = [each for each in found if not difference(each[1], sent).endswith(" characters")]
    return slips or found


def _best(entities: Iterable[Entity], neighbours: tuple[str, ...]) -> Entity:
    """Of several that hold a title: one at the address of the caller, then one that is not retired."""
    return min(entities, key=lambda each: (each[0].name not in neighbours, each[0].lifecycle == "retired"))


def _lone(inventory: Inventory, neighbours: tuple[str, ...]) -> Entity | None:
    """The one entity that calls from there, where one device with one title that calls has the address."""
    if len(neighbours) != 1:
        return None
    device = inventory.devices[neighbours[0]]
    calling = [ae for ae in device.ae_titles.values() if ae.initiator]
    return (device, calling[0]) if len(calling) == 1 else None


# --- addresses ---------------------------------------------------------------------------------------------------


def calls_from(device: Device, ae: NetworkAE | None = None) -> Iterator[From]:
    """Where the calls of a device, or of one of its entities, may come from."""
    names = device.connections if ae is None else ae.connections
    base: Path = ("devices", device.name)
    for name in names:
        connection = device.connections.get(name)
        if connection is None:
            continue
        at: Path = (*base, "connections", name)
        yield from (
            From(text, (*at, "calls_from", number)) for number, text in enumerate(connection.calls_from)
        )
        if not connection.calls_from:
            yield From(connection.host, (*at, "host"))
        yield from (From(seen.host, (*at, "seen_from", site)) for site, seen in connection.seen_from.items())
        if connection.was is not None:
            yield From(connection.was.host, (*at, "was"))
    yield from (From(node.host, (*base, "nodes", name)) for name, node in device.nodes.items())


def fits(host: str, declared: str) -> bool | None:
    """Whether a caller's address is this declared host or network; None: one is a name, the other a number."""
    address, place = _number(host), _place(declared)
    if address is not None and place is not None:
        return address.version == place.version and address in place
    if address is None and place is None:
        return host.casefold().rstrip(".") == declared.casefold().rstrip(".")
    return None


def _spelling(host: str) -> str:
    """One spelling for all of one host."""
    address = _number(host)
    return str(address) if address else host.casefold().rstrip(".")


def is_number(host: str) -> bool:
    """Whether this is an address or a network rather than a name."""
    return _place(host) is not None


def is_here(host: str) -> bool:
    """Whether the call came from the machine that heard it."""
    address = _number(host)
    return host.casefold() == "localhost" if address is None else address.is_loopback


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Place = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(4096)
def _number(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


@lru_cache(4096)
def _place(declared: str) -> _Place | None:
    try:
        return ipaddress.ip_network(declared)
    except ValueError:
        return None
