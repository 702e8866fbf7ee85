"""Every pair that flows connect, counted in cells of pairs that fare alike.

A flow may connect ten thousand scanners with an archive. They are of a few kinds, so one pair of each kind is
solved and stands for all of it. What comes of it is kept by nature: kinds that only selectors tell apart, such as
the scanners of one model at twenty sites, fare alike where the same ways connect them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pacsconf.dicom.reach.access import Doors
from pacsconf.dicom.reach.answer import Reach, key_of
from pacsconf.dicom.reach.index import names
from pacsconf.dicom.reach.kinds import Telling
from pacsconf.dicom.reach.solver import Solver
from pacsconf.inventory.flows import Entities, Entity
from pacsconf.inventory.model import Flow, Inventory


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """Entities that fare alike, by device and title; `nature` is the number of what they are."""

    members: tuple[Entity, ...]
    nature: int

    @property
    def first(self) -> Entity:
        """The one that stands for all."""
        return self.members[0]


@dataclass(frozen=True, slots=True)
class Cell:
    """The pairs of one flow whose ends are these.

    `like` is how a pair fares that is like them: outcomes, SOP classes and causes are theirs, names and places are
    not. For those ask `reach`.
    """

    flow: Flow
    callers: tuple[Entity, ...]
    called: tuple[Entity, ...]
    like: Reach
    solver: Solver

    @property
    def first(self) -> tuple[Entity, Entity]:
        """The first pair."""
        return next(self.each())

    @property
    def reach(self) -> Reach:
        """How the first pair fares, solved for itself."""
        return self.solver.by_flow(self.flow, *self.first)

    def reach_of(self, caller: tuple[str, str], called: tuple[str, str]) -> Reach:
        """How a pair of it fares, each by device and title, solved for itself."""
        callers, several = ({key_of(each): each for each in end} for end in (self.callers, self.called))
        return self.solver.by_flow(self.flow, callers[caller], several[called])

    @property
    def pairs(self) -> int:
        """How many there are; nobody calls itself."""
        fewer, more = sorted((self.callers, self.called), key=len)
        ends = set(map(key_of, fewer))
        return len(fewer) * len(more) - sum(key_of(each) in ends for each in more)

    def each(self) -> Iterator[tuple[Entity, Entity]]:
        """Every pair of it."""
        return _pairs(self.callers, self.called)


class Census:
    """The kinds and the cells of one inventory."""

    def __init__(self, inventory: Inventory, entities: Entities | None = None) -> None:
        self.inventory = inventory
        self.entities = entities or Entities(inventory)
        self.solver = Solver(inventory, self.entities)
        self._like: dict[Hashable, Reach] = {}

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """All entities by kind, each kind where its first entity stands."""
        tell = Telling(self.inventory, self.solver)
        numbers: dict[Hashable, int] = {}
        found: dict[Hashable, list[Entity]] = defaultdict(list)
        for entity in self.entities.all:
            number = numbers.setdefault(tell.nature(entity), len(numbers))
            found[number, tell.selected(entity)].append(entity)
        kinds = tuple(Kind(tuple(several), key[0]) for key, several in found.items())  # type: ignore[index]
        self.solver.flows.prepare(kind.first for kind in kinds)
        return kinds

    def cells(self) -> Iterator[Cell]:
        """The cells of all flows, by flow and kinds."""
        by_key = {key_of(kind.first): kind for kind in self.kinds}
        for flow in self.solver.flows.all:
            called = [by_key[key] for key in self.solver.flows.prepared(flow, "to")]
            for key in self.solver.flows.prepared(flow, "from") if called else ():
                yield from self._cells(flow, by_key[key], called)

    def _cells(self, flow: Flow, callers: Kind, several: Sequence[Kind]) -> Iterator[Cell]:
        for called in several:
            pair = next(_pairs(callers.members, called.members), None)
            if pair is not None:
                like = self._alike(flow, callers, called, pair)
                yield Cell(flow, callers.members, called.members, like, self.solver)

    def _alike(self, flow: Flow, callers: Kind, called: Kind, pair: tuple[Entity, Entity]) -> Reach:
        """How a pair fares that has the same natures, services and ways between it."""
        ways = self.solver.flows.ways(callers.first, called.first)
        key = callers.nature, called.nature, flow.services, ways, names(flow, pair[0])
        if key not in self._like:
            self._like[key] = self.solver.by_flow(flow, *pair)
        return self._like[key]

    def among(self, cells: Iterable[Cell], wanted: frozenset[tuple[str, str]]) -> Iterator[Cell]:
        """Of these cells the pairs at one of whose ends somebody is who is wanted, by device and title."""
        for cell in cells:
            asking, rest = _split(cell.callers, wanted)
            asked, _ = _split(cell.called, wanted)
            for callers, called in ((asking, cell.called), (rest, asked)):
                if next(_pairs(callers, called), None) is not None:
                    yield Cell(cell.flow, callers, called, cell.like, self.solver)


_last: list[Census] = []


def census_of(inventory: Inventory, entities: Entities | None = None) -> Census:
    """The census of an inventory; the last one, where that is of the same devices, flows and lists of peers.

    Environments differ in systems alone, and what `validate` found rules ask for once more.
    """
    if not (_last and _is_of(_last[0], inventory)):
        _last[:] = [Census(inventory, entities)]
    return _last[0]


def _is_of(census: Census, inventory: Inventory) -> bool:
    known = census.inventory
    if known.devices is not inventory.devices or known.flows is not inventory.flows:
        return False
    return known.systems is inventory.systems or census.solver.doors.tables == Doors(inventory).tables


Several = tuple[Entity, ...]


def _split(several: Several, wanted: frozenset[tuple[str, str]]) -> tuple[Several, Several]:
    inside = tuple(each for each in several if key_of(each) in wanted)
    return inside, tuple(each for each in several if key_of(each) not in wanted)


def _pairs(callers: Several, called: Several) -> Iterator[tuple[Entity, Entity]]:
    return ((caller, other) for caller in callers for other in called if key_of(caller) != key_of(other))
