"""What a table of peers means for rules: who is let in by it, and for what beyond its flows. Pure.

It names what it finds and nothing else: that a device is in no table at all is known only when every table was
read, and is concluded in `pacsconf.policy.facts.configured`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from pacsconf.core.address import Address
from pacsconf.core.select import ignoring
from pacsconf.inventory.flows import Entity, pairs
from pacsconf.inventory.model import Inventory, Pair
from pacsconf.inventory.peers import Peer, derived, entity, needed_rights
from pacsconf.inventory.systems import PeersConfig

Found = dict[str, dict[str, dict[str, Any]]]
"""By kind, name and field, while it is put together."""

_HARMLESS = frozenset({"echo", "transcoding"})
"""Rights that everybody in a table has: a verification tells that it is there, recoding takes nothing away."""


class LivePeer(NamedTuple):
    """One row of a table as it is live. `allow` None: the table does not say what it is allowed."""

    address: Address
    title: str
    host: str
    port: int | None
    allow: frozenset[str] | None

    @property
    def let_in(self) -> bool:
        """Whether it may ask for anything, as far as is known."""
        return self.allow is None or any(right != "transcoding" for right in self.allow)


class WantedPeers:
    """What an inventory says of a table: who is to be in it, and whom its titles may mean. Kept by whoever asks
    again of the same inventory."""

    def __init__(self, config: PeersConfig, inventory: Inventory) -> None:
        self.config = config
        self.inventory = inventory
        self.holder = entity(inventory, config.ae) if config.ae else None

    @property
    def own(self) -> str:
        """The entity that the table is of, as rules call it; empty where none is named."""
        return named(self.holder) if self.holder else ""

    @cached_property
    def calls(self) -> tuple[Pair, ...]:
        """Who calls the holder by a flow."""
        key = (self.holder[0].name, self.holder[1].title) if self.holder else None
        return tuple(pair for pair in self._pairs if (pair.called_device, pair.called) == key)

    @cached_property
    def titles(self) -> frozenset[str]:
        """The titles that flows, or the list of peers, put into the table, as `same` spells them."""
        listed = {
            same(one.ae_title or (found[1].title if found else alias))
            for alias, one in self.config.peers.items()
            for found in (entity(self.inventory, one.ae) if one.ae else None,)
        }
        return frozenset(same(peer.title) for peer in self._derived) | listed

    @cached_property
    def device_of(self) -> Mapping[str, str]:
        """By alias, the device that is meant."""
        listed = {alias: one.ae.partition("/")[0] for alias, one in self.config.peers.items() if one.ae}
        return {peer.alias: peer.device for peer in self._derived} | listed

    @cached_property
    def rights(self) -> Mapping[str, frozenset[str]]:
        """By entity, what flows let it ask for here."""
        return {f"{peer.device}/{peer.title}": frozenset(peer.allow) for peer in self._derived}

    @cached_property
    def entities(self) -> Mapping[str, Sequence[Entity]]:
        """The declared entities of each title, retired ones too."""
        found: defaultdict[str, list[Entity]] = defaultdict(list)
        for device, ae in self.inventory.entities():
            for title in dict.fromkeys((ae.title, *ae.answers_to)):
                found[same(title)].append((device, ae))
        return found

    @cached_property
    def _pairs(self) -> tuple[Pair, ...]:
        return pairs(self.inventory, self.holder) if self.holder else ()

    @cached_property
    def _derived(self) -> tuple[Peer, ...]:
        return derived(self.inventory, self.holder, self._pairs) if self.holder else ()


class Table:
    """The live peers of a system beside what its inventory says of them. Titles are compared without case, as the
    servers do that tell callers apart by title (Orthanc 1.10.1, `StrictAetComparison` off as delivered)."""

    def __init__(self, wanted: WantedPeers, live: Iterable[LivePeer]) -> None:
        self.wanted = wanted
        self.live = sorted(live)

    @cached_property
    def by_title(self) -> Mapping[str, Sequence[LivePeer]]:
        """The live peers of each title."""
        found: defaultdict[str, list[LivePeer]] = defaultdict(list)
        for peer in self.live:
            found[same(peer.title)].append(peer)
        return found

    def evidence(self) -> Found:
        """What the table holds of devices and entities, and whom it holds that nobody declared."""
        config = self.wanted.config
        undeclared: list[str] = []
        found: Found = {"device": {}, "ae": {}, "system": {config.name: {"undeclared": undeclared}}}
        left_alone = ignoring(config.ignore)
        for peer in self.live:
            meant = self._meant(peer)
            if not meant and same(peer.title) not in self.wanted.titles and not left_alone(peer.address, ""):
                undeclared.append(str(peer.address))
            for one in meant:
                self._note(found, peer, one)
        for name, others in self._strays():
            found["ae"].setdefault(name, {})["same_title"] = others
        return found

    def of_holder(self, *, all_move: bool) -> dict[str, Any]:
        """Of the entity that the table is of: whom it takes. `all_move`: it sends to any peer that is asked for."""
        if self.wanted.holder is None:
            return {}
        beyond = [peer for peer in self.live if same(peer.title) not in self.wanted.titles]
        missing = {pair.calling for pair in self.wanted.calls if same(pair.calling) not in self.by_title}
        found: dict[str, Any] = {
            "accepted_callers": sorted({peer.title for peer in self.live if peer.let_in}),
            "callers_beyond": sorted({peer.title for peer in beyond if peer.let_in}),
            "callers_missing": sorted(missing),
        }
        return found | ({"move_beyond": sorted({peer.title for peer in beyond})} if all_move else {})

    def lacking(self, pair: Pair) -> frozenset[str]:
        """The rights that a caller lacks here for a flow: all that it needs, where the table does not know it."""
        ae = self.wanted.inventory.devices[pair.calling_device].ae_titles[pair.calling]
        needed = {right for service in pair.services for right in needed_rights(ae, service)} or {"echo"}
        known = self.by_title.get(same(pair.calling), ())
        if any(peer.allow is None for peer in known):
            return frozenset()
        return frozenset(needed.difference(*(peer.allow or frozenset() for peer in known)))

    # --- which is which ---------------------------------------------------------------------------------------

    def _meant(self, peer: LivePeer) -> Sequence[Entity]:
        """The declared entities that a row lets in. A retired one is meant where no other of its title is: the
        title may have gone to another device."""
        several = self.wanted.entities.get(same(peer.title), ())
        if len(several) < 2:
            return several
        device = self.wanted.device_of.get(peer.address.parts[0])
        closer = (
            [one for one in several if one[0].name == device],
            [one for one in several if peer.host in _hosts(one)],
            [one for one in several if one[0].lifecycle != "retired"],
        )
        return next((found for found in closer if found), several)

    def _note(self, found: Found, peer: LivePeer, one: Entity) -> None:
        system, name = self.wanted.config.name, named(one)
        device = found["device"].setdefault(one[0].name, {"held_by": [system], "trusted_by": []})
        ae = found["ae"].setdefault(name, {"trusted_by": []})
        row = str(peer.address)
        if peer.let_in:
            device["trusted_by"].append(row)
        ae["trusted_by"].append(row)
        if self.wanted.holder is None or peer.allow is None:
            return
        more = peer.allow - self.wanted.rights.get(name, _HARMLESS) - _HARMLESS
        ae["rights_beyond"] = sorted(
            {*ae.get("rights_beyond", ()), *(f"{system}: {right}" for right in more)}
        )

    def _strays(self) -> Iterator[tuple[str, list[str]]]:
        """Where several rows have one title: those that are elsewhere than the entity of it."""
        for several in self.by_title.values():
            if len(several) < 2 or len({(peer.host, peer.port) for peer in several}) < 2:
                continue
            meant = {named(each): each for peer in several for each in self._meant(peer)}
            for name, one in meant.items():
                hosts = _hosts(one)
                others = [peer for peer in several if peer.host not in hosts]
                if others and len(others) < len(several):
                    yield name, [f"{peer.address} at {peer.host}:{peer.port}" for peer in others]


def named(one: Entity) -> str:
    """An entity as rules call it: `ct-1/CT_1`."""
    return f"{one[0].name}/{one[1].title}"


def same(title: str) -> str:
    """A title as it is compared."""
    return title.strip().upper()


def _hosts(one: Entity) -> frozenset[str]:
    """Where an entity is, from wherever it is seen."""
    device, ae = one
    found = {node.host for node in device.nodes.values()}
    for name in ae.connections:
        connection = device.connections.get(name)
        if connection is not None:
            found |= {connection.host, *connection.calls_from}
            found |= {seen.host for seen in connection.seen_from.values()}
    return frozenset(found)
