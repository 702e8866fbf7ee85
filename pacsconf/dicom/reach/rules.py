"""What `validate` tells of pairs that are half declared: one finding for each flow and cause, not for each pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pacsconf.core.finding import Finding, Path
from pacsconf.dicom.reach.access import BY_PEERS, Doors
from pacsconf.dicom.reach.answer import Reason, names_of, some
from pacsconf.dicom.reach.census import Cell, Census, Kind, census_of
from pacsconf.dicom.reach.worklist import no_worklist, worklist_filters
from pacsconf.inventory.checks import Further
from pacsconf.inventory.flows import Entities, Entity
from pacsconf.inventory.model import Flow, Inventory
from pacsconf.inventory.scope import Scope
from pacsconf.inventory.sources import Sources
from pacsconf.inventory.uids import label

WORKLIST = "PACS-REACH-012"
_AT_WORK = frozenset({"commissioning", "active", "retiring"})


@dataclass(slots=True)
class Told:
    """One cause in one flow: the first pair that has it, and how many have."""

    flow: Flow
    reason: Reason
    caller: Entity
    called: Entity
    pairs: int = 0
    uids: set[str] = field(default_factory=set)

    @property
    def path(self) -> Path:
        """The flow; where it is about one of its services, that."""
        of_service: Path = ("services", self.flow.services.index(self.reason.service)) if self._names else ()
        return ("flows", self.flow.name, *of_service)

    @property
    def _names(self) -> bool:
        return self.reason.service in self.flow.services


def check(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """Every half-declared pair, by flow and cause, and every worklist that would stay empty."""
    census = census_of(inventory, scope.entities)
    for told in half_declared(census.cells()):
        yield _finding(told, scope)
    yield from _worklists(census)


RULES = Further(frozenset(f"PACS-REACH-{number:03}" for number in range(2, 14)), check)


def of_environment(declared: Inventory, deployed: Inventory, sources: Sources) -> Iterator[Finding]:
    """Who is kept out by peers that are listed for one environment alone."""
    if Doors(declared).tables == Doors(deployed).tables:
        return
    scope = Scope(sources, {}, read=True, complete=True, entities=Entities(deployed))
    for told in half_declared(Census(deployed, scope.entities).cells()):
        if told.reason.cause.startswith(BY_PEERS):
            yield _finding(told, scope)


def half_declared(cells: Iterator[Cell] | Sequence[Cell]) -> tuple[Told, ...]:
    """What is told of these cells, by flow, service and cause.

    That a caller does not use a service is told only where nobody in the flow does, or where the flow names it.
    """
    found: dict[tuple[str, str, str], Told] = {}
    asked: dict[tuple[str, str], bool] = {}
    for cell in cells:
        for service in cell.like.services:
            key = (cell.flow.name, service.name)
            asked[key] = asked.get(key, False) or service.outcome != "idle"
        for reason in cell.like.reasons:
            if reason.rule != WORKLIST and (reason.told or reason.cause == "caller-lacks"):
                _count(found, cell, reason)
    everyone = {key for key, anybody in asked.items() if not anybody}
    return tuple(
        told
        for told in found.values()
        if told.reason.told or (told.flow.name, told.reason.service) in everyone
    )


def _count(found: dict[tuple[str, str, str], Told], cell: Cell, reason: Reason) -> None:
    key = cell.flow.name, reason.service, f"{reason.cause}-{reason.told}"
    if key not in found:
        own = next(each for each in cell.reach.reasons if _same(each, reason))
        found[key] = Told(cell.flow, own, *cell.first)
    found[key].pairs += cell.pairs
    found[key].uids.update(reason.uids)


def _same(one: Reason, other: Reason) -> bool:
    return (one.cause, one.service, one.told) == (other.cause, other.service, other.told)


def _finding(told: Told, scope: Scope) -> Finding:
    reason = told.reason
    names = names_of(reason, told.caller, told.called)
    return Finding(
        reason.rule,
        "warning",
        f"Flow {told.flow.name}: {reason.said.format_map(names)}{_others(told)}",
        reason.why.format_map(names),
        reason.fix.format_map(names),
        path=told.path,
        also=tuple(place for side in reason.sides for place in scope.also(*side)),
    )


def _others(told: Told) -> str:
    """How many further pairs there are, and for which further SOP classes."""
    others, classes = told.pairs - 1, sorted(told.uids.difference(told.reason.uids))
    if not others:
        return ""
    also = f", also for {some([label(uid) for uid in classes])}" if classes else ""
    return f"; {others} more pair{'' if others == 1 else 's'} alike{also}"


# --- worklists ---------------------------------------------------------------------------------------------------


def _worklists(census: Census) -> Iterator[Finding]:
    """What modalities say of their worklist and does not fit, once for each cause and profile."""
    found: dict[tuple[str | None, str], tuple[Reason, set[str]]] = {}
    for kind in census.kinds:
        for reason in _of_kind(census, kind):
            _, devices = found.setdefault((kind.first[0].profile, reason.cause), (reason, set()))
            devices.update(device.name for device, _ in kind.members)
    for reason, devices in found.values():
        others = len(devices) - 1
        more = f"; {others} more device{'' if others == 1 else 's'} alike"
        yield Finding(
            reason.rule,
            "warning",
            reason.said.format() + (more if others else ""),
            reason.why.format(),
            reason.fix.format(),
            path=reason.sides[0][0],
        )


def _of_kind(census: Census, kind: Kind) -> Iterator[Reason]:
    device = kind.first[0]
    if device.worklist is None or device.lifecycle not in _AT_WORK:
        return
    yield from worklist_filters(device)
    yield from no_worklist(census.inventory, census.solver.flows, device)
