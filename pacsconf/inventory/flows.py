"""What flows come to: which application entities a selector means, and who calls whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

from pacsconf.inventory.model import Device, Flow, Inventory, Lifecycle, NetworkAE, Pair, Selector

End = Literal["from", "to"]
Entity = tuple[Device, NetworkAE]

UNASKED: tuple[Lifecycle, ...] = ("active", "retiring")
"""What a selector matches that says nothing of life cycles."""


def matches(selector: Selector, device: Device, ae: NetworkAE) -> bool:
    """Whether every key that the selector gives matches; a retired device never does."""
    return (
        device.lifecycle in (selector.lifecycle or UNASKED)
        and device.lifecycle != "retired"
        and _names(selector.device, device.name)
        and _names(selector.type, device.type)
        and _names(selector.site, device.site)
        and _names(selector.profile, device.profile)
        and _meets(selector.modality, device.modality)
        and _meets(selector.ae_title, (ae.title, *ae.answers_to))
    )


def _means(selector: Selector, end: End, entity: Entity) -> bool:
    """Whether a selector means an entity at one end of a flow: one that calls, or one that is called."""
    device, ae = entity
    return (ae.initiator if end == "from" else ae.acceptor) and matches(selector, device, ae)


class Entities:
    """The entities of an inventory, by device and title, to be selected from again and again.

    A selector is compared with those alone that have the rarest of what it asks for: with thousands of devices and
    of flows most name a few.
    """

    def __init__(self, inventory: Inventory, among: Iterable[Entity] | None = None) -> None:
        """`among` are those to select from, where it is not all of them."""
        self.all: tuple[Entity, ...] = tuple(inventory.entities() if among is None else among)
        self._known: dict[str, dict[str | None, list[int]]] = {}

    def select(self, selector: Selector, end: End) -> Iterator[Entity]:
        """The entities that a selector means at one end of a flow: those that call, or those that are called."""
        return (entity for entity in self._near(selector) if _means(selector, end, entity))

    def any(self, selectors: Sequence[Selector], end: End) -> tuple[Entity, ...]:
        """The entities that any of the selectors means, each once, by device and title."""
        if len(selectors) == 1:
            return tuple(self.select(selectors[0], end))
        found = {_key(each): each for selector in selectors for each in self.select(selector, end)}
        return tuple(found[key] for key in sorted(found))

    def _near(self, selector: Selector) -> Sequence[Entity]:
        """Among whom those are that a selector means, in order."""
        having = [
            [self._having(key)[value] for value in wanted if value in self._having(key)]
            for key in _ASKED
            if (wanted := getattr(selector, key))
        ]
        if not having:
            return self.all
        fewest = min(having, key=lambda lists: sum(map(len, lists)))
        return [self.all[number] for number in sorted({number for each in fewest for number in each})]

    def _having(self, key: str) -> Mapping[str | None, Sequence[int]]:
        """By what a selector may ask for under this key: the numbers of the entities that have it."""
        if key not in self._known:
            found = self._known[key] = defaultdict(list)
            has = _ASKED[key]
            for number, (device, ae) in enumerate(self.all):
                for value in has(device, ae):
                    found[value].append(number)
        return self._known[key]

    @cached_property
    def written(self) -> frozenset[str]:
        """Every entity as it is referred to: `device/AE_TITLE`."""
        return frozenset(f"{device.name}/{ae.title}" for device, ae in self.all)

    @cached_property
    def named(self) -> frozenset[str]:
        """What names one of them: `device/AE_TITLE`, or the device alone where that has one title."""
        titles = Counter(device.name for device, _ in self.all)
        return self.written | {device for device, count in titles.items() if count == 1}

    @cached_property
    def titles(self) -> frozenset[str]:
        """Every title that reaches one of them."""
        return frozenset(title for _, ae in self.all for title in (ae.title, *ae.answers_to))


_ASKED: Mapping[str, Callable[[Device, NetworkAE], Iterable[str | None]]] = {
    "device": lambda device, _: (device.name,),
    "type": lambda device, _: (device.type,),
    "site": lambda device, _: (device.site,),
    "profile": lambda device, _: (device.profile,),
    "modality": lambda device, _: device.modality,
    "ae_title": lambda _, ae: (ae.title, *ae.answers_to),
}
"""What a selector may ask for, as an entity has it, but for the life cycle: most have the same one."""


def select(inventory: Inventory, selector: Selector, end: End) -> tuple[Entity, ...]:
    """The entities that a selector means at one end of a flow: those that call, or those that are called."""
    return tuple(Entities(inventory).select(selector, end))


def pairs(inventory: Inventory, holder: Entity | None = None) -> tuple[Pair, ...]:
    """Every calling and called entity that a flow connects, in order of flow, caller and called.

    With a `holder`, only those that it is one of.
    """
    entities = Entities(inventory)
    flows = (inventory.flows[name] for name in sorted(inventory.flows))
    return tuple(
        pair
        for flow in flows
        if holder is None or _concerns(flow, holder)
        for pair in _pairs(flow, entities, holder)
    )


def _concerns(flow: Flow, holder: Entity) -> bool:
    """Whether an entity is at either end of a flow."""
    ends: tuple[tuple[End, tuple[Selector, ...]], ...] = (("from", flow.callers), ("to", flow.called))
    return any(_means(selector, end, holder) for end, several in ends for selector in several)


def _pairs(flow: Flow, entities: Entities, holder: Entity | None) -> Iterator[Pair]:
    called = {_key(each): each for each in entities.any(flow.called, "to")}
    held = _key(holder) if holder else None
    own = {key: each for key, each in called.items() if key == held}
    for caller in entities.any(flow.callers, "from"):
        calling = _key(caller)
        for key, other in (called if held is None or calling == held else own).items():
            if calling != key:
                yield _pair(flow, caller, other)


def _key(entity: Entity) -> tuple[str, str]:
    return entity[0].name, entity[1].title


def _pair(flow: Flow, caller: Entity, called: Entity) -> Pair:
    return Pair.of_checked(
        {
            "flow": flow.name,
            "calling_device": caller[0].name,
            "calling": caller[1].title,
            "called_device": called[0].name,
            "called": called[1].title,
            "services": flow.services,
        },
        _OF_PAIR,
    )


_OF_PAIR = set(Pair.model_fields)


def _names(wanted: tuple[str, ...], value: str | None) -> bool:
    return not wanted or value in wanted


def _meets(wanted: tuple[str, ...], values: Iterable[str]) -> bool:
    return not wanted or not set(wanted).isdisjoint(values)
