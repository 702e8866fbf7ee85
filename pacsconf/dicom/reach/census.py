"""Every pair that flows connect, counted in cells of pairs that fare alike.

A flow may connect ten thousand scanners with an archive. They are of a few kinds, so one pair of each kind is
solved and stands for all of it. Two entities are of one kind when the solver could not tell them apart: the same
capabilities, connections, life cycle and the rest of what it looks at, and meant by the same selectors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pacsconf.dicom.reach.access import fits, titles_sent
from pacsconf.dicom.reach.answer import Reach, key_of
from pacsconf.dicom.reach.index import means
from pacsconf.dicom.reach.solver import Solver
from pacsconf.dicom.reach.worklist import worklist_filters
from pacsconf.inventory.flows import Entities, Entity
from pacsconf.inventory.model import Device, Flow, Inventory, NetworkAE

Kind = tuple[Entity, ...]
"""Entities that the solver cannot tell apart, by device and title."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The pairs of one flow whose ends are of these kinds; `reach` is that of the first pair."""

    flow: Flow
    callers: Kind
    called: Kind
    reach: Reach

    @property
    def pairs(self) -> int:
        """How many there are; nobody calls itself."""
        return len(self.callers) * len(self.called) - (
            len(self.callers) if self.callers is self.called else 0
        )

    def each(self) -> Iterator[tuple[Entity, Entity]]:
        """Every pair of it."""
        return _pairs(self.callers, self.called)


class Census:
    """The kinds and the cells of one inventory."""

    def __init__(self, inventory: Inventory, entities: Entities | None = None) -> None:
        self.inventory = inventory
        self.entities = entities or Entities(inventory)
        self.solver = Solver(inventory, self.entities)

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """All entities by kind, each kind where its first entity stands."""
        tell = _Telling(self.inventory, self.solver)
        found: dict[Hashable, list[Entity]] = defaultdict(list)
        for entity in self.entities.all:
            found[tell.apart(entity)].append(entity)
        return tuple(map(tuple, found.values()))

    def cells(self, flows: Sequence[Flow] | None = None) -> Iterator[Cell]:
        """The cells of these flows (None: of all), by flow and kinds."""
        for flow in self.solver.flows.all if flows is None else flows:
            called = [kind for kind in self.kinds if means(flow.called, "to", kind[0])]
            for callers in self.kinds if called else ():
                if means(flow.callers, "from", callers[0]):
                    yield from self._cells(flow, callers, called)

    def _cells(self, flow: Flow, callers: Kind, several: Sequence[Kind]) -> Iterator[Cell]:
        for called in several:
            first = next(_pairs(callers, called), None)
            if first is not None:
                yield Cell(flow, callers, called, self.solver.by_flow(flow, *first))

    def among(self, cells: Iterable[Cell], wanted: frozenset[tuple[str, str]]) -> Iterator[Cell]:
        """Of these cells the pairs at one of whose ends somebody is who is wanted, by device and title."""
        for cell in cells:
            asking, rest = _split(cell.callers, wanted)
            asked, _ = _split(cell.called, wanted)
            for callers, called in ((asking, cell.called), (rest, asked)):
                first = next(_pairs(callers, called), None)
                if first is not None:
                    yield Cell(cell.flow, callers, called, self.solver.by_flow(cell.flow, *first))


def _split(kind: Kind, wanted: frozenset[tuple[str, str]]) -> tuple[Kind, Kind]:
    inside = tuple(each for each in kind if key_of(each) in wanted)
    return inside, tuple(each for each in kind if key_of(each) not in wanted)


def _pairs(callers: Kind, called: Kind) -> Iterator[tuple[Entity, Entity]]:
    return ((caller, other) for caller in callers for other in called if key_of(caller) != key_of(other))


# --- what tells entities apart -----------------------------------------------------------------------------------


class _Telling:
    """What the solver looks at of an entity, as something to compare."""

    def __init__(self, inventory: Inventory, solver: Solver) -> None:
        self._named_by = _mentions(inventory)
        self._patterns = sorted(
            {ae.accepts for _, ae in solver.flows.entities.all if not isinstance(ae.accepts, str)}
        )
        self._sources = {device.worklist.source for device in inventory.devices.values() if device.worklist}
        self._doors = solver.doors

    def apart(self, entity: Entity) -> Hashable:
        """Equal for two entities only if they fare alike with everybody."""
        device, ae = entity
        return (
            id(ae.capabilities),
            ae.accepts,
            ae.character_sets,
            ae.initiator,
            ae.acceptor,
            ae.installed,
            device.type,
            device.site,
            device.profile,
            device.modality,
            device.lifecycle,
            device.external,
            device.patient_id_issuer,
            _connections(device, ae),
            device.worklist and _worklist(device),
            self._named(device, ae),
            device.name if f"{device.name}/{ae.title}" in self._sources else None,
            self._fitting(entity) if self._patterns else None,
            self._doors.stance(entity),
        )

    def _fitting(self, entity: Entity) -> Hashable:
        """Which of its titles do not fit each of the patterns; its own is as good as any other's own."""
        own, *others = titles_sent(entity)
        return tuple(
            (fits(own, patterns), tuple(title for title in others if not fits(title, patterns)))
            for patterns in self._patterns
        )

    def _named(self, device: Device, ae: NetworkAE) -> tuple[int, ...]:
        """The selectors that name it, by their numbers."""
        known = self._named_by
        if not known:
            return ()
        found = known.get(("device", device.name), ()) + known.get(("ae_title", ae.title), ())
        for alias in ae.answers_to:
            found += known.get(("ae_title", alias), ())
        return found


def _mentions(inventory: Inventory) -> Mapping[tuple[str, str], tuple[int, ...]]:
    """By device and by AE title: the numbers of the selectors that name it."""
    found: dict[tuple[str, str], tuple[int, ...]] = defaultdict(tuple)
    several = (one for flow in inventory.flows.values() for one in (*flow.callers, *flow.called))
    for number, selector in enumerate(several):
        for name in selector.device:
            found["device", name] += (number,)
        for title in selector.ae_title:
            found["ae_title", title] += (number,)
    return dict(found)


def _connections(device: Device, ae: NetworkAE) -> Hashable:
    names, known = ae.connections, device.connections
    return tuple(
        (each.port is None, each.installed, each.tls)
        for name in names
        if (each := known.get(name)) is not None
    )


def _worklist(device: Device) -> Hashable:
    """Where a worklist comes from and what is wrong with its filters; of several titles each is a kind."""
    assert device.worklist is not None
    wrong = tuple(reason.cause for reason in worklist_filters(device))
    return device.worklist.source, wrong, device.name if len(device.ae_titles) > 1 else None
