"""What flows come to: which application entities a selector means, and who calls whom."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
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


def select(inventory: Inventory, selector: Selector, end: End) -> tuple[Entity, ...]:
    """The entities that a selector means at one end of a flow: those that call, or those that are called."""
    return tuple(
        (device, ae)
        for device, ae in inventory.entities()
        if (ae.initiator if end == "from" else ae.acceptor) and matches(selector, device, ae)
    )


def pairs(inventory: Inventory) -> tuple[Pair, ...]:
    """Every calling and called entity that a flow connects, in order of flow, caller and called."""
    return tuple(
        pair for name in sorted(inventory.flows) for pair in _pairs(inventory, inventory.flows[name])
    )


def _pairs(inventory: Inventory, flow: Flow) -> tuple[Pair, ...]:
    callers = _any(inventory, flow.callers, "from")
    called = _any(inventory, flow.called, "to")
    return tuple(
        Pair(
            flow=flow.name,
            calling_device=calling_device.name,
            calling=calling.title,
            called_device=called_device.name,
            called=called.title,
            services=flow.services,
        )
        for (calling_device, calling), (called_device, called) in product(callers, called)
        if (calling_device.name, calling.title) != (called_device.name, called.title)
    )


def _any(inventory: Inventory, selectors: Iterable[Selector], end: End) -> tuple[Entity, ...]:
    """The entities that any of the selectors means, each once, by device and title."""
    found = {
        (device.name, ae.title): (device, ae)
        for each in selectors
        for device, ae in select(inventory, each, end)
    }
    return tuple(found[key] for key in sorted(found))


def _names(wanted: tuple[str, ...], value: str | None) -> bool:
    return not wanted or value in wanted


def _meets(wanted: tuple[str, ...], values: Iterable[str]) -> bool:
    return not wanted or not set(wanted).isdisjoint(values)
