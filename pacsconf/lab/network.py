"""Who is played by whom in the practice lab. Pure.

Every declared address that may be called is answered on a port of its own. What answers there depends on what the
application entity offers: queries and storage commitment are played by an Orthanc, queries alone by `dcmqrscp`, a
worklist by `wlmscpfs`, performed procedure steps by a provider of the lab's own, and everything else by
`storescp`; HL7 applications are played by listeners of the hl7 package. The address of an AE that a declared
Orthanc is leads to the lab's Orthanc. Devices that are mostly off, and standby nodes, are silent.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Literal

from pacsconf.dicom.hl7_targets import hl7_targets
from pacsconf.dicom.targets import Target, targets
from pacsconf.inventory import peers
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.hl7_feeds import messages_of, senders_of, speakers
from pacsconf.inventory.model import Device, Inventory, NetworkAE, Protocol
from pacsconf.inventory.systems import OrthancConfig, Right
from pacsconf.inventory.uids import (
    MODALITY_WORKLIST,
    MPPS,
    PATIENT_ROOT_FIND,
    STORAGE_COMMITMENT,
    STUDY_ROOT_FIND,
)
from pacsconf.lab.profiles import Contexts, with_echo

QUERY = frozenset({PATIENT_ROOT_FIND, STUDY_ROOT_FIND})
"""Patient Root and Study Root Query/Retrieve, FIND (PS3.4 annex C)."""

By = Literal["storescp", "dcmqrscp", "orthanc", "wlmscpfs", "mpps"]

_SPELLED = re.compile(r"[A-Za-z0-9_.-]+")
_IN_USE = ("active", "commissioning", "retiring")


@dataclass(frozen=True, slots=True)
class Part:
    """One application entity and who plays it. `callers` are patterns of the titles it takes; None: any."""

    device: str
    title: str
    by: By
    contexts: Contexts = ()
    aliases: tuple[str, ...] = ()
    callers: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        return f"{self.device}/{self.title}"


@dataclass(frozen=True, slots=True)
class Application:
    """An HL7 application: its names, which senders it takes (None: any), and which types of message."""

    device: str
    names: tuple[str, ...]
    senders: tuple[str, ...] | None
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HL7Address:
    """One declared `host:port` where HL7 is spoken. `names` as of `Address`."""

    declared: str
    protocol: Protocol
    applications: tuple[Application, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Address:
    """One declared `host:port` and who is there. `names` stand in its certificate; none: no TLS."""

    declared: str
    parts: tuple[Part, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom an archive knows: under which title, at which declared address it is called back, what it may ask."""

    title: str
    declared: str | None
    allow: tuple[Right, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """An examination that is to be done at a station: whose worklist it is on, and what the station asks for."""

    worklist: str
    device: str
    station: str
    modality: str


@dataclass(frozen=True, slots=True)
class Network:
    """The parts to play; addresses are `host:port` as declared."""

    addresses: tuple[Address, ...] = ()
    hl7: tuple[HL7Address, ...] = ()
    silent: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    """Addresses of whom pacsconf calls as: it listens there itself, when it waits to be called back."""
    entities: tuple[tuple[str, str], ...] = ()
    """Every AE title that is declared, and whose it is."""
    callers: tuple[tuple[str, tuple[Caller, ...]], ...] = ()
    """Of each part that an Orthanc plays, whom it knows."""
    orders: tuple[Order, ...] = ()
    orthancs: tuple[tuple[str, str], ...] = ()
    """Each address of a declared Orthanc, with the name of its system."""

    @property
    def titles(self) -> tuple[str, ...]:
        """Every AE title that is declared."""
        return tuple(sorted({title for title, _ in self.entities}))

    def parts(self, by: By) -> tuple[Part, ...]:
        """Every part that is played by this, by name."""
        found = {part.name: part for each in self.addresses for part in each.parts if part.by == by}
        return tuple(found[name] for name in sorted(found))

    def count(self, *by: By) -> int:
        """At how many addresses one of these answers."""
        return sum(any(part.by in by for part in each.parts) for each in self.addresses)


def network(inventory: Inventory) -> Network:
    """What a lab for this inventory plays."""
    called = list(_called(inventory))
    awake = [target for target in called if not (target.standby or target.may_sleep)]
    hl7 = list(_called_hl7(inventory))
    listening = [target for target in hl7 if not (target.standby or target.may_sleep)]
    orthancs = _orthancs(inventory, awake)
    entities = tuple(sorted((ae.title, device.name) for device, ae in inventory.entities()))
    titles = tuple(sorted({title for title, _ in entities}))
    played = [target for target in awake if target.declared not in orthancs]
    addresses = tuple(_addresses(inventory, played, titles))
    archives = {part.name for each in addresses for part in each.parts if part.by == "orthanc"}
    return Network(
        addresses=addresses,
        hl7=tuple(_hl7_addresses(inventory, listening, {each.declared for each in addresses})),
        silent=tuple(
            sorted(
                {each.declared for each in (*called, *hl7)} - {each.declared for each in (*awake, *listening)}
            )
        ),
        ours=tuple(sorted(set(_ours(inventory)) - {target.declared for target in called})),
        entities=entities,
        callers=tuple((name, _callers(inventory, name)) for name in sorted(archives)),
        orders=tuple(_orders(inventory)),
        orthancs=tuple(sorted(orthancs.items())),
    )


def _called(inventory: Inventory) -> Iterator[Target]:
    """Who may be probed, and who is being commissioned: for acceptance it is called too."""
    coming = {name for name, device in inventory.devices.items() if device.lifecycle == "commissioning"}
    active = {
        name: inventory.devices[name].model_copy(update={"lifecycle": "active", "installed": True})
        for name in coming
    }
    as_if = inventory.model_copy(update={"devices": {**inventory.devices, **active}})
    for target in targets(as_if, None, None):
        external = inventory.devices[target.device].external
        if target.level != "none" or (target.device in coming and not external):
            yield target


def _called_hl7(inventory: Inventory) -> Iterator[Target]:
    return (target for target in hl7_targets(inventory, None, None) if target.level != "none")


# --- who is where -------------------------------------------------------------------------------------------------


def _addresses(inventory: Inventory, played: list[Target], titles: tuple[str, ...]) -> Iterator[Address]:
    declared = attrgetter("declared")
    for address, group in groupby(sorted(played, key=declared), key=declared):
        found = tuple(group)
        parts = {(each.device, each.title): _part(inventory, each, titles) for each in found}
        names = {name for each in found if each.tls for name in _names(inventory, each)}
        yield Address(address, tuple(parts[key] for key in sorted(parts)), tuple(sorted(names)))


def _hl7_addresses(
    inventory: Inventory, played: list[Target], taken: Collection[str]
) -> Iterator[HL7Address]:
    """Where HL7 is spoken; an address where an AE is played too is that one's."""
    declared = attrgetter("declared")
    everybody = tuple(
        sorted({name for _, one in speakers(inventory) for name in (one.name, *one.other_names)})
    )
    for address, group in groupby(sorted(played, key=declared), key=declared):
        found = tuple(group)
        if address in taken:
            continue
        applications = {(each.device, each.title): _application(inventory, each, everybody) for each in found}
        names = {name for each in found if each.tls for name in _names(inventory, each)}
        ordered = tuple(applications[key] for key in sorted(applications))
        yield HL7Address(address, found[0].protocol, ordered, tuple(sorted(names)))


def _application(inventory: Inventory, target: Target, everybody: tuple[str, ...]) -> Application:
    """The lab takes `declared` for every sender that is."""
    device = inventory.devices[target.device]
    one = device.hl7_applications[target.title]
    declared = one.accepted_senders == "declared"
    senders = everybody if declared else senders_of(inventory, (device, one))
    return Application(
        device.name, (one.name, *one.other_names), senders, messages_of(inventory, (device, one))
    )


def _names(inventory: Inventory, target: Target) -> Iterator[str]:
    """Under which names a TLS address is called: as declared, and as seen from other sites."""
    yield target.declared.rpartition(":")[0]
    connection = inventory.devices[target.device].connections[target.connection]
    yield from (seen.host for seen in connection.seen_from.values())


def _part(inventory: Inventory, target: Target, titles: tuple[str, ...]) -> Part:
    ae = _ae(inventory, target)
    contexts = tuple(
        (each.sop_class, each.transfer_syntaxes) for each in ae.capabilities if each.role == "SCP"
    )
    return Part(
        target.device,
        target.title,
        _by(ae.title, {sop_class for sop_class, _ in contexts}),
        with_echo(contexts),
        ae.answers_to,
        _accepted(ae, titles),
    )


def _ae(inventory: Inventory, target: Target) -> NetworkAE:
    return inventory.devices[target.device].ae_titles[target.title]


def _by(title: str, offered: set[str]) -> By:
    """Who plays an AE that offers these; of several services the first that is named here."""
    if offered & QUERY and STORAGE_COMMITMENT in offered:
        return "orthanc"
    if offered & QUERY and can_be_spelled(title):
        return "dcmqrscp"
    if MODALITY_WORKLIST in offered:
        return "wlmscpfs"
    return "mpps" if MPPS in offered else "storescp"


def can_be_spelled(title: str) -> bool:
    """Whether dcmqrscp 3.6.7 can spell this title in its configuration."""
    return _SPELLED.fullmatch(title) is not None


def _accepted(ae: NetworkAE, titles: tuple[str, ...]) -> tuple[str, ...] | None:
    """Patterns of the calling titles it takes; the lab takes `declared` for every title that is."""
    if ae.accepts == "any":
        return None
    return titles if ae.accepts == "declared" else ae.accepts


def _orthancs(inventory: Inventory, awake: Iterable[Target]) -> dict[str, str]:
    """By address, the system of type `orthanc` that is there; of two for one AE the first by name."""
    systems: dict[tuple[str, str], str] = {}
    for name, config in sorted(inventory.systems.items()):
        is_one = isinstance(config, OrthancConfig) and config.ae
        found = peers.entity(inventory, is_one) if is_one else None
        if found:
            systems.setdefault((found[0].name, found[1].title), name)
    return {
        target.declared: systems[target.device, target.title]
        for target in awake
        if (target.device, target.title) in systems
    }


# --- whom they know, and what they are asked ----------------------------------------------------------------------


def _callers(inventory: Inventory, archive: str) -> tuple[Caller, ...]:
    """Whom an archive knows by flows; two that share a title are one, who may what either may."""
    holder = peers.entity(inventory, archive)
    found: dict[str, Caller] = {}
    for peer in peers.derived(inventory, holder) if holder else ():
        before = found.get(peer.title, Caller(peer.title, _declared(inventory, peer), ()))
        allow = tuple(sorted({*before.allow, *peer.allow}))
        found[peer.title] = Caller(peer.title, before.declared, allow)
    return tuple(found[title] for title in sorted(found))


def _declared(inventory: Inventory, peer: peers.Peer) -> str | None:
    """The address under which a peer is declared, wherever it is seen from."""
    device = inventory.devices[peer.device]
    ae = device.ae_titles.get(peer.title)
    connection = peers.reached_at(device, ae) if ae else None
    return f"{connection.host}:{connection.port}" if connection and connection.port else None


def _orders(inventory: Inventory) -> Iterator[Order]:
    """One for each station that has a worklist and each of its titles."""
    for device in sorted(inventory.devices.values(), key=attrgetter("name")):
        found = peers.entity(inventory, device.worklist.source) if device.worklist else None
        if device.worklist is None or found is None or device.lifecycle not in _IN_USE:
            continue
        code = device.worklist.modality_code or next(iter(device.modality), "OT")
        station = device.worklist.station_ae or next(iter(sorted(device.ae_titles)), "")
        if station:
            yield Order(f"{found[0].name}/{found[1].title}", device.name, station, code)


def _ours(inventory: Inventory) -> Iterator[str]:
    found = prober(inventory)
    return _listening(found[0]) if found else iter(())


def prober(inventory: Inventory) -> Entity | None:
    """As whom pacsconf calls in this environment."""
    said = [each.probe_as for each in inventory.environments.values() if each.probe_as]
    name = next(iter(said), inventory.settings.probe_as)
    return peers.entity(inventory, name) if name else None


def _listening(device: Device) -> Iterator[str]:
    dicom = (each for each in device.connections.values() if each.protocol == "dicom")
    return (f"{each.host}:{each.port}" for each in dicom if each.port is not None)
