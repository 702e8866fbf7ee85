"""What an acceptance run has to try: whom the modality calls, and for what. Pure, from the inventory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pacsconf.dicom.targets import Target, targets
from pacsconf.inventory import uids
from pacsconf.inventory.capabilities import stores
from pacsconf.inventory.flows import Entity, pairs
from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.peers import reached_at

FIND, MOVE, GET = uids.STUDY_ROOT_FIND, uids.STUDY_ROOT_MOVE, uids.STUDY_ROOT_GET


@dataclass(frozen=True, slots=True)
class Peer:
    """An entity that the modality calls, and for what: SOP classes that it uses, and that a flow lets through.

    `stores` are those of storage, each with the modality's transfer syntaxes. `offers` is what the peer declares as
    SCP. `target` None: it has no address that could be called.
    """

    device: str
    title: str
    target: Target | None
    asks: frozenset[str]
    stores: tuple[tuple[str, tuple[str, ...]], ...]
    offers: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.device}/{self.title}"

    def serves(self, sop_class: str) -> bool:
        return sop_class in self.asks


@dataclass(frozen=True, slots=True)
class Scope:
    """`own` is the modality where it can be called; `calling` the title to call under, None where none is named.

    `station` and `code` are what it asks the worklist for.
    """

    device: Device
    title: str
    own: Target | None
    peers: tuple[Peer, ...]
    calling: str | None
    station: str
    code: str

    def serving(self, sop_class: str) -> tuple[Peer, ...]:
        """Those peers that it asks for this SOP class."""
        return tuple(peer for peer in self.peers if peer.serves(sop_class))

    @property
    def storing(self) -> tuple[Peer, ...]:
        """Those peers that it sends objects to."""
        return tuple(peer for peer in self.peers if peer.stores)


def scope(
    inventory: Inventory,
    whom: Entity,
    probe_as: str | None,
    now: datetime | None = None,
    *,
    as_itself: bool = False,
    negatives: bool = False,
) -> Scope:
    """What concerns this entity.

    `as_itself`: peers are called under the modality's own title. `negatives`: strangers may be tried. Windows are
    passed over, since whoever commissions is there and knows.
    """
    device, ae = whom
    seen = targets(
        inventory,
        None,
        probe_as,
        now,
        anytime=True,
        negatives=negatives,
        impersonate=ae.title if as_itself else None,
        commissioning={device.name},
    )
    found = {(one.device, one.title, one.connection): one for one in seen if one.node is None}
    worklist = device.worklist
    return Scope(
        device,
        ae.title,
        _target(found, device, ae.title),
        tuple(_peers(inventory, whom, found)),
        next((target.calling for target in found.values()), None),
        (worklist.station_ae if worklist and worklist.station_ae else ae.title),
        (worklist.modality_code if worklist and worklist.modality_code else next(iter(device.modality), "")),
    )


def _target(found: dict[tuple[str, str, str], Target], device: Device, title: str) -> Target | None:
    """Where an entity is called: at the connection that peers are told."""
    ae = device.ae_titles[title]
    connection = reached_at(device, ae)
    name = next((key for key in ae.connections if device.connections.get(key) is connection), "")
    return found.get((device.name, title, name))


def _peers(inventory: Inventory, whom: Entity, found: dict[tuple[str, str, str], Target]) -> Iterator[Peer]:
    """Whom a flow lets it call, by device and title. Flows are those of the life cycle that it has."""
    device, ae = whom
    lets: dict[tuple[str, str], set[str]] = {}
    for pair in pairs(inventory, whom):
        if (pair.calling_device, pair.calling) == (device.name, ae.title):
            covered = lets.setdefault((pair.called_device, pair.called), set())
            covered.update(uid for service in pair.services for uid in uids.covers(service))
    uses = {one.sop_class: one.transfer_syntaxes for one in ae.capabilities if one.role == "SCU"}
    for (name, title), covered in sorted(lets.items()):
        called = inventory.devices[name]
        asks = frozenset(uses.keys() & covered)
        yield Peer(
            name,
            title,
            _target(found, called, title),
            asks,
            tuple(sorted((uid, uses[uid]) for uid in asks if stores(uid))),
            frozenset(one.sop_class for one in called.ae_titles[title].capabilities if one.role == "SCP"),
        )
