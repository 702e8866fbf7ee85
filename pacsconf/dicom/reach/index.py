"""Flows as the solver asks for them: which connect two entities, whom others reach, which comes nearest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Literal

from pacsconf.core.finding import Path
from pacsconf.dicom.reach.answer import Nearest, key_of
from pacsconf.inventory import uids
from pacsconf.inventory.capabilities import stores
from pacsconf.inventory.flows import UNASKED, End, Entities, Entity, matches
from pacsconf.inventory.model import Flow, Inventory, Selector

Topic = Literal["storage", "commitment", "worklist"]
"""What a flow is asked for: that it lets through any SOP class of this kind."""
Key = tuple[str, str]


@lru_cache(4096)
def topics(service: str) -> frozenset[Topic]:
    """The kinds of SOP classes that a service lets through."""
    covered = uids.covers(service)
    found: dict[Topic, bool] = {
        "storage": any(map(stores, covered)),
        "commitment": uids.STORAGE_COMMITMENT in covered,
        "worklist": uids.MODALITY_WORKLIST in covered,
    }
    return frozenset(topic for topic, there in found.items() if there)


def means(selectors: Sequence[Selector], end: End, entity: Entity) -> bool:
    """Whether any of the selectors means an entity at this end of a flow."""
    device, ae = entity
    can = ae.initiator if end == "from" else ae.acceptor
    return can and any(matches(selector, device, ae) for selector in selectors)


def connects(flow: Flow, caller: Entity, called: Entity) -> bool:
    """Whether a flow lets one call the other; nobody calls itself."""
    return (
        means(flow.callers, "from", caller)
        and means(flow.called, "to", called)
        and key_of(caller) != key_of(called)
    )


def names(flow: Flow, caller: Entity) -> bool:
    """Whether a flow names this caller, or its device, rather than a kind that it is of."""
    device, ae = caller
    titles = (ae.title, *ae.answers_to)
    return any(
        device.name in selector.device or not set(titles).isdisjoint(selector.ae_title)
        for selector in flow.callers
        if matches(selector, device, ae)
    )


class Flows:
    """The flows of an inventory by name; what is worked out for one question is kept for the next."""

    def __init__(self, inventory: Inventory, entities: Entities | None = None) -> None:
        self.all: tuple[Flow, ...] = tuple(inventory.flows[name] for name in sorted(inventory.flows))
        self._inventory = inventory
        self._entities = entities
        self._ends: dict[tuple[str, End], tuple[Entity, ...]] = {}
        self._at: dict[End, dict[Key, set[str]]] = {"from": {}, "to": {}}
        self._prepared: dict[tuple[str, End], list[Key]] = {}

    @cached_property
    def entities(self) -> Entities:
        """Every entity, to be selected from."""
        return self._entities or Entities(self._inventory)

    @cached_property
    def _of_topic(self) -> Mapping[Topic, tuple[Flow, ...]]:
        kinds: tuple[Topic, ...] = ("storage", "commitment", "worklist")
        return {
            topic: tuple(flow for flow in self.all if any(topic in topics(name) for name in flow.services))
            for topic in kinds
        }

    @cached_property
    def _names_of(self) -> Mapping[Topic, frozenset[str]]:
        return {topic: frozenset(flow.name for flow in flows) for topic, flows in self._of_topic.items()}

    def between(self, caller: Entity, called: Entity) -> tuple[Flow, ...]:
        """The flows that let one call the other, by name."""
        return tuple(flow for flow in self.all if connects(flow, caller, called))

    def way(self, topic: Topic, caller: Entity, called: Entity) -> str:
        """The first flow that lets one call the other for this; empty where none does."""
        calls = self._at["from"].get(key_of(caller))
        is_called = self._at["to"].get(key_of(called))
        if calls is not None and is_called is not None and key_of(caller) != key_of(called):
            return min(self._names_of[topic] & calls & is_called, default="")
        return next((flow.name for flow in self._of_topic[topic] if connects(flow, caller, called)), "")

    def ways(self, caller: Entity, called: Entity) -> tuple[bool, ...]:
        """Whether a flow lets one call the other and the other the one, for images and for commitment.

        Of two that were prepared, each for all that selectors mean alike.
        """
        one, other = key_of(caller), key_of(called)
        there = self._at["from"][one] & self._at["to"][other]
        back = self._at["from"][other] & self._at["to"][one]
        topical = self._names_of["storage"], self._names_of["commitment"]
        return tuple(not names.isdisjoint(way) for names in topical for way in (there, back))

    def ends(self, flow: Flow, end: End) -> tuple[Entity, ...]:
        """The entities at one end of a flow."""
        key = flow.name, end
        if key not in self._ends:
            self._ends[key] = self.entities.any(flow.callers if end == "from" else flow.called, end)
        return self._ends[key]

    def prepare(self, several: Iterable[Entity]) -> None:
        """Work out for these entities at once which flows they are at the ends of: `way` then looks it up."""
        among = Entities(self._inventory, several)
        self._at = {end: {key_of(each): set() for each in among.all} for end in ("from", "to")}
        ends: tuple[End, ...] = ("from", "to")
        for flow in self.all:
            for end in ends:
                for each in among.any(flow.callers if end == "from" else flow.called, end):
                    self._at[end][key_of(each)].add(flow.name)
                    self._prepared.setdefault((flow.name, end), []).append(key_of(each))

    def prepared(self, flow: Flow, end: End) -> Sequence[Key]:
        """Those at one end of a flow of whom it was worked out."""
        return self._prepared.get((flow.name, end), ())

    def all_callers(self, called: Entity) -> frozenset[Key]:
        """Who may call an entity, for whatever."""
        flows = (flow for flow in self.all if means(flow.called, "to", called))
        return frozenset(key_of(each) for flow in flows for each in self.ends(flow, "from")) - {
            key_of(called)
        }

    def callers_of(self, topic: Topic, called: Entity) -> Iterator[Entity]:
        """Who may call an entity for this."""
        for flow in self._of_topic[topic]:
            if means(flow.called, "to", called):
                yield from (each for each in self.ends(flow, "from") if key_of(each) != key_of(called))

    def nearest(self, caller: Entity, called: Entity, services: Sequence[str]) -> Nearest | None:
        """The flow that misses a pair by least; None where none comes near at either end.

        One that lets through something of `services` that matters (more than an echo) comes first.
        """
        wanted = frozenset[str]().union(*map(uids.covers, services)) - {uids.VERIFICATION}
        found = [
            (not any(wanted & uids.covers(name) for name in flow.services), *near)
            for flow in self.all
            if (near := _near(flow, caller, called))
        ]
        _, _, nearest = min(found, key=lambda one: (one[0], one[1], one[2].flow), default=(True, 0, None))
        return nearest

    def routers(self, caller: Entity, called: Entity) -> tuple[Entity, ...]:
        """The routers that the caller may send images to, and that may send them on to the called one."""
        ends = {key_of(caller), key_of(called)}
        takes = {
            key_of(each): each
            for flow in self._of_topic["storage"]
            if means(flow.callers, "from", caller)
            for each in self.ends(flow, "to")
        }
        return tuple(
            each
            for key, each in sorted(takes.items())
            if key not in ends and _passes_on(each) and self.way("storage", each, called)
        )


def _passes_on(entity: Entity) -> bool:
    """Whether an entity is there to send on what it gets."""
    return entity[0].type == "router" or bool(entity[0].rewrites)


# --- the nearest flow --------------------------------------------------------------------------------------------

Miss = tuple[int, str]
"""How far off a selector is in one point, and in words."""


def _near(flow: Flow, caller: Entity, called: Entity) -> tuple[int, Nearest] | None:
    """A flow one of whose ends means its entity, with what it misses at the other, and how far off that is."""
    here, there = _least(flow.callers, "from", caller), _least(flow.called, "to", called)
    if here and there:
        return None
    missed = (*here, *there)
    path: Path = ("flows", flow.name, "from" if here else "to")
    return sum(weight for weight, _ in missed), Nearest(flow.name, tuple(words for _, words in missed), path)


def _least(selectors: Sequence[Selector], end: End, entity: Entity) -> tuple[Miss, ...]:
    """What the selector misses that comes nearest to meaning an entity; nothing where it does."""
    every = (tuple(_misses(selector, end, entity)) for selector in selectors)
    return min(every, key=lambda missed: sum(weight for weight, _ in missed), default=())


_KEYS: Mapping[str, tuple[int, str, Callable[[Entity], tuple[str, ...]]]] = {
    "device": (3, "is device", lambda entity: (entity[0].name,)),
    "type": (3, "is of type", lambda entity: (entity[0].type,)),
    "site": (1, "is at site", lambda entity: (entity[0].site or "none",)),
    "profile": (2, "has profile", lambda entity: (entity[0].profile or "none",)),
    "modality": (2, "has modality", lambda entity: entity[0].modality or ("none",)),
    "ae_title": (3, "has the AE title", lambda entity: (entity[1].title, *entity[1].answers_to)),
}
"""What a selector may ask for: how much it says of what is meant, and in words what an entity has."""


def _misses(selector: Selector, end: End, entity: Entity) -> Iterator[Miss]:
    """What keeps a selector from meaning an entity."""
    device, ae = entity
    if end == "from" and not ae.initiator:
        yield 1, f"{ae.title} calls nobody (initiator: false, or it uses nothing)"
    if end == "to" and not ae.acceptor:
        yield 1, f"{ae.title} is called by nobody (acceptor: false, or it offers nothing)"
    if device.lifecycle not in (selector.lifecycle or UNASKED) or device.lifecycle == "retired":
        asked = ", ".join(selector.lifecycle) or "active or retiring (as where lifecycle is not given)"
        yield 1, f'{ae.title} is {device.lifecycle}, and "{end}" asks for {asked}'
    for key, (weight, verb, having) in _KEYS.items():
        wanted, has = getattr(selector, key), having(entity)
        if wanted and set(wanted).isdisjoint(has):
            yield weight, f'{ae.title} {verb} {", ".join(has)}, and "{end}" asks for {", ".join(wanted)}'
