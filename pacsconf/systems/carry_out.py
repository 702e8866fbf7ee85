"""What becomes of changes that are handed to a system: one outcome for each, and none of them a guess."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.errors import SystemFault
from pacsconf.systems.abilities import Contested, Holdable
from pacsconf.systems.base import System, stands

STOPPED = "not begun, since somebody stopped it"


def carry_out(system: System, changes: Sequence[Change], stopping: Callable[[], bool]) -> Iterator[Outcome]:
    """One outcome for every change; what was sent without an answer is read again.

    Once `stopping` is true nothing more is begun. What was sent is awaited, and what has no outcome is skipped.
    """
    unknown = []
    for outcome in _outcomes(system, changes, stopping):
        if outcome.status == "unknown":
            unknown.append(outcome)
        else:
            yield outcome
    if unknown:
        yield from _looked_up(system, {change.address: change for change in changes}, unknown)


def _outcomes(system: System, changes: Sequence[Change], stopping: Callable[[], bool]) -> Iterator[Outcome]:
    """A fault leaves the rest unknown."""
    missing = {change.address: change for change in changes}
    try:
        for outcome in () if stopping() else system.apply(changes):
            missing.pop(outcome.address, None)
            yield outcome
            if stopping():
                if not isinstance(system, Holdable):
                    break
                system.hold()
    except SystemFault as exc:
        yield from (Outcome(one.address, one.action, "unknown", exc.message) for one in missing.values())
    else:
        yield from (Outcome(one.address, one.action, "skipped", STOPPED) for one in missing.values())


def _looked_up(
    system: System, changes: Mapping[Address, Change], unknown: Sequence[Outcome]
) -> Iterator[Outcome]:
    try:
        live = {resource.address: resource.fields() for resource in system.read().resources}
    except SystemFault:
        yield from unknown
        return
    for outcome in unknown:
        change = changes[outcome.address]
        if stands(change, live.get(outcome.address)) != "after":
            yield replace(outcome, status="failed")
        elif lost := system.lost_to(change) if isinstance(system, Contested) else "":
            yield replace(outcome, status="failed", error=lost)
        else:
            yield replace(outcome, status="applied", error="")
