"""The order of changes: what is needed comes before what needs it, a freed name before its next holder.

Terms. A change *waits for* another one when
  - it creates or updates what depends on something the other creates or updates;
  - it deletes what the other one, by delete or update, stops depending on;
  - it takes a claim that the other one frees.
A *layer* is a set of changes none of which waits for another of the same or a later layer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.errors import DependencyCycle
from pacsconf.core.resource import State

Graph = Mapping[Address, frozenset[Address]]
"""For each change the changes it waits for."""


def graph(changes: Iterable[Change]) -> Graph:
    """For each change's address the addresses of the changes it waits for."""
    by_address = {change.address: change for change in changes}
    freed = {claim: change.address for change in by_address.values() for claim in sorted(change.frees)}
    waits: dict[Address, set[Address]] = {address: set() for address in by_address}
    for address, change in by_address.items():
        for needed in change.after.depends_on if change.after else ():
            if needed in by_address and by_address[needed].after is not None:
                waits[address].add(needed)
        for needed in change.before.depends_on if change.before else ():
            if needed in by_address and by_address[needed].action == "delete" and _lets_go(change, needed):
                waits[needed].add(address)
        waits[address] |= {freed[claim] for claim in change.acquires if claim in freed}
    return {address: frozenset(others - {address}) for address, others in waits.items()}


def _lets_go(change: Change, needed: Address) -> bool:
    return change.after is None or needed not in change.after.depends_on


def layers(changes: Iterable[Change]) -> tuple[tuple[Change, ...], ...]:
    """Changes cut into layers that can be applied one after the other, each sorted by address.

    Equal input in any order gives equal output.

    Raises: DependencyCycle naming every address in the cycle.
    """
    by_address = {change.address: change for change in changes}
    sorter = TopologicalSorter(graph(by_address.values()))
    try:
        sorter.prepare()
    except CycleError as exc:
        raise DependencyCycle(exc.args[1][1:]) from exc
    cut: list[tuple[Change, ...]] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        cut.append(tuple(by_address[address] for address in ready))
        sorter.done(*ready)
    return tuple(cut)


def order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes in the order they can be applied; ties are broken by address.

    Raises: DependencyCycle naming every address in the cycle.
    """
    return tuple(change for layer in layers(changes) for change in layer)


def needed_by(chosen: Collection[Address], changes: Iterable[Change]) -> frozenset[Address]:
    """The changes that `chosen` wait for, directly or through others, themselves left out.

    A subset is closed when this is empty.
    """
    waits = graph(changes)
    seen: set[Address] = set()
    pending = [address for address in chosen if address in waits]
    while pending:
        for needed in waits[pending.pop()]:
            if needed not in seen:
                seen.add(needed)
                pending.append(needed)
    return frozenset(seen - set(chosen))


def waiting_for(blocked: Collection[Address], changes: Iterable[Change]) -> frozenset[Address]:
    """The changes that wait for any of `blocked`, directly or through others."""
    waits = graph(changes)
    reached = set(blocked)
    grew = True
    while grew:
        more = {address for address, needed in waits.items() if address not in reached and needed & reached}
        reached |= more
        grew = bool(more)
    return frozenset(reached - set(blocked))


def closure(changes: Iterable[Change], *sides: Mapping[Address, State]) -> frozenset[Address]:
    """Every address that the changes stand on.

    Those are the changes themselves, what they depend on, directly or through others, and who holds the claims
    they take or free. `sides` are the states to look dependencies and claims up in (declared, live).
    """
    planned = tuple(changes)
    claims = {claim for change in planned for claim in change.acquires | change.frees}
    holders = {
        state.address for side in sides for state in side.values() if not claims.isdisjoint(state.claims)
    }
    reached: set[Address] = set()
    pending = [change.address for change in planned] + sorted(holders)
    needs = {change.address: _needs(change) for change in planned}
    while pending:
        address = pending.pop()
        if address in reached:
            continue
        reached.add(address)
        pending += needs.get(address, ())
        pending += [needed for side in sides if address in side for needed in side[address].depends_on]
    return frozenset(reached)


def _needs(change: Change) -> frozenset[Address]:
    before = change.before.depends_on if change.before else frozenset()
    after = change.after.depends_on if change.after else frozenset()
    return before | after
