"""What tells entities apart: two of one kind fare alike with everybody.

They have the same *nature* when what the solver looks at of them is the same: capabilities (by identity: thousands
share one tuple), connections without their addresses, life cycle and the rest. They are of one *kind* when
selectors cannot tell them apart either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping

from pacsconf.dicom.reach.access import fits, titles_sent
from pacsconf.dicom.reach.solver import Solver
from pacsconf.dicom.reach.worklist import worklist_filters
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import Device, Inventory, NetworkAE


class Telling:
    """What the solver looks at of an entity, as something to compare."""

    def __init__(self, inventory: Inventory, solver: Solver) -> None:
        self._named_by = _mentions(inventory)
        self._patterns = sorted(
            {ae.accepts for _, ae in solver.flows.entities.all if not isinstance(ae.accepts, str)}
        )
        self._sources = {device.worklist.source for device in inventory.devices.values() if device.worklist}
        self._doors = solver.doors

    def nature(self, entity: Entity) -> Hashable:
        """Equal for two entities only if they fare alike wherever the same flows connect them."""
        device, ae = entity
        return (
            id(ae.capabilities),
            ae.accepts,
            ae.character_sets,
            ae.initiator,
            ae.acceptor,
            ae.installed,
            device.lifecycle,
            device.external,
            device.patient_id_issuer,
            _connections(device, ae),
            device.worklist and _worklist(device),
            device.name if f"{device.name}/{ae.title}" in self._sources else None,
            self._fitting(entity) if self._patterns else None,
            self._doors.stance(entity),
        )

    def selected(self, entity: Entity) -> Hashable:
        """Equal for two entities of one nature only if every selector means both or neither."""
        device, ae = entity
        return device.type, device.site, device.profile, device.modality, self._named(device, ae)

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
