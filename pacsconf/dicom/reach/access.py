"""Who is let in: the titles that a called entity accepts, and what its system lists of a caller (`peers`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property

from pydantic import ValidationError

from pacsconf.core.finding import Path
from pacsconf.dicom.reach import answer
from pacsconf.dicom.reach.answer import Reason, escaped, key_of
from pacsconf.inventory.environment import said_at
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import Peer, address, entity, needed_rights, peer_table
from pacsconf.inventory.system_types import CONFIGS
from pacsconf.inventory.systems import PeersConfig, SystemConfig

Listed = Mapping[str, tuple[Peer, str]]
"""Explicit peers by title, each with the name of the system that lists it; `site` is that of the system."""


BY_PEERS = ("right-", "peer-host")
"""How the causes begin that rest on explicit peers."""


def titles_sent(caller: Entity) -> tuple[str, ...]:
    """The titles under which an entity calls: its own, and those that it rewrites others' to."""
    device, ae = caller
    return tuple(dict.fromkeys((ae.title, *device.rewrites.values())))


def fits(title: str, patterns: tuple[str, ...]) -> bool:
    """Whether a title is one of those that an entity accepts; capitals matter."""
    return any(fnmatchcase(title, pattern) for pattern in patterns)


class Doors:
    """What the called entities of an inventory ask of their callers."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    @cached_property
    def tables(self) -> Mapping[tuple[str, str], Listed]:
        """The explicit peers by the entity that a system is."""
        found: dict[tuple[str, str], Listed] = {}
        for config in self._inventory.systems.values():
            peers = _with_peers(config)
            holder = entity(self._inventory, peers.ae) if peers and peers.ae else None
            if peers and holder:
                table, _ = peer_table(self._inventory, peers)
                found[key_of(holder)] = {
                    peer.title: (peer._replace(site=holder[0].site), peers.name)
                    for peer in table
                    if peer.explicit
                }
        return found

    def stance(self, caller: Entity) -> Hashable:
        """How systems list an entity, and that its own system has a list: what to tell it apart by."""
        if not self.tables:
            return None
        title, key = caller[1].title, key_of(caller)
        listing = tuple(
            (holder, peer.allow, peer.host is None or _calls_from(peer.host, caller, peer.site))
            for holder, listed in self.tables.items()
            if title in listed
            for peer, _ in (listed[title],)
        )
        return listing, key if key in self.tables else None

    def reasons(self, caller: Entity, called: Entity, services: tuple[str, ...]) -> tuple[Reason, ...]:
        """What keeps the caller out, whole or for some of the services."""
        return (*_patterns(caller, called), *self._by_table(caller, called, services))

    def _by_table(self, caller: Entity, called: Entity, services: tuple[str, ...]) -> Iterator[Reason]:
        found = self.tables.get(key_of(called), {}).get(caller[1].title)
        if found is None:
            return
        peer, system = found
        for service in services:
            lacks = sorted(set(needed_rights(caller[1], service)) - set(peer.allow))
            if lacks:
                at = said_at(self._inventory, (*peer.path, "allow"))
                yield _right_missing(caller, at, system, service, tuple(lacks))
        if peer.host is not None and not _calls_from(peer.host, caller, peer.site):
            at = said_at(self._inventory, (*peer.path, "host"))
            yield _other_host(caller, peer, at, system)


def _with_peers(config: SystemConfig) -> PeersConfig | None:
    """A system that lists peers, its keys checked; None for any other, and where its keys do not stand."""
    if isinstance(config, PeersConfig):
        return config if config.peers else None
    model = CONFIGS.get(config.type)
    if model is None or not issubclass(model, PeersConfig) or not (config.model_extra or {}).get("peers"):
        return None
    try:
        return model.model_validate(config.model_dump(exclude_unset=True, by_alias=True))
    except ValidationError:
        return None  # what is wrong with it is told of each environment


def hosts_of(caller: Entity, site: str | None) -> tuple[str, ...]:
    """Hosts and networks that its calls come from, as another site sees them; a former one counts too."""
    device, ae = caller
    known = [device.connections[name] for name in ae.connections if name in device.connections]
    found = [host for each in known for host in (address(each, site)[0], *each.calls_from)]
    found += [each.was.host for each in known if each.was]
    return tuple(dict.fromkeys((*found, *(node.host for node in device.nodes.values()))))


def _calls_from(host: str, caller: Entity, site: str | None) -> bool:
    """Whether a host may be the caller, as another site sees it; a name and an address cannot be compared."""
    hosts = hosts_of(caller, site)
    if not hosts or host.casefold() in {each.casefold() for each in hosts}:
        return True
    number = _address(host)
    if number is None:
        return any(_network(each) is not None for each in hosts)
    return any((network := _network(each)) is None or number in network for each in hosts)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _network(host: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(host, strict=False)
    except ValueError:
        return None


# --- in words ----------------------------------------------------------------------------------------------------


def _patterns(caller: Entity, called: Entity) -> Iterator[Reason]:
    accepts = called[1].accepts
    if isinstance(accepts, str):
        return
    for title in titles_sent(caller):
        if not fits(title, accepts):
            own = title == caller[1].title
            yield Reason(
                "PACS-REACH-008",
                "pattern" if own else f"pattern-of-{title}",
                "{called} accepts only "
                + escaped(", ".join(accepts))
                + (", and not {caller}" if own else f", and {{caller}} also calls as {escaped(title)}"),
                "The association is refused: calling AE title not recognised (PS3.8 section 9.3.4, 1/3).",
                "Add the title to accepts of {called}, or correct the one that the caller has.",
                breaks=own,
                told=True,
                sides=(((*answer.at(called), "accepts"), "who is let in"), (answer.at(caller), "who calls")),
            )


def _right_missing(caller: Entity, at: Path, system: str, service: str, lacks: tuple[str, ...]) -> Reason:
    return Reason(
        "PACS-REACH-008",
        f"right-{','.join(lacks)}",
        f"{system} lists {{caller}} without the right to {', '.join(lacks)}, which {service} needs",
        "What a system lists under peers is what is written to it, whatever flows say.",
        f"Add {', '.join(lacks)} to allow, or remove allow: then it follows from flows.",
        breaks=True,
        told=True,
        service=service,
        sides=((at, f"what {system} allows"), (answer.at(caller), "who calls")),
    )


def _other_host(caller: Entity, peer: Peer, at: Path, system: str) -> Reason:
    host = hosts_of(caller, peer.site)[0]
    return Reason(
        "PACS-REACH-008",
        "peer-host",
        f"{system} lists {{caller}} at {escaped(str(peer.host))}, and it calls from {escaped(host)}",
        "A system that compares addresses refuses it; and what is sent back to it goes to the listed address.",
        "Correct host under peers, or remove it there: then it is that of the device.",
        told=True,
        sides=((at, f"what {system} has"), (answer.at(caller), "where it is")),
    )
