"""The order of changes: what is needed comes before what needs it, a freed name before its next holder.

Terms. A change *waits for* another one when
  - it creates or updates what depends on something the other creates or updates;
  - it deletes what the other one, by delete or update, stops depending on;
  - it takes a claim that the other one frees.
Two of these are *musts*: what is created or deleted under a dependant, and claims; live systems refuse any other
order. That an update follows the update of what it stood on before is a *wish*, so that a change which fails or
waits for a person holds back what builds on it. Where a wish closes a circle, the musts alone decide.
A *layer* is a set of changes none of which waits for another of the same or a later layer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.errors import DependencyCycle
from pacsconf.core.resource import State

Graph = Mapping[Address, frozenset[Address]]
"""For each change the changes it waits for."""


def graph(changes: Iterable[Change]) -> Graph:
    """For each change's address the addresses of the changes it waits for: musts, and wishes unless they close a
    circle. Then everybody who asks goes by the musts, so that what waits in a circle is not nobody's turn."""
    by_address = {change.address: change for change in changes}
    musts = [*_musts(by_address)]
    whole = _graph(by_address, [*musts, *_wishes(by_address)])
    return whole if _ends(whole) else _graph(by_address, musts)


Edge = tuple[Address, Address]
"""The first waits for the second."""


def _graph(by_address: Mapping[Address, Change], edges: Iterable[Edge]) -> Graph:
    waits: dict[Address, set[Address]] = {address: set() for address in by_address}
    for waiting, needed in edges:
        waits[waiting].add(needed)
    return {address: frozenset(others - {address}) for address, others in waits.items()}


def _musts(by_address: Mapping[Address, Change]) -> Iterator[Edge]:
    freed: dict[str, list[Address]] = {}
    for address, change in by_address.items():
        for claim in change.frees:
            freed.setdefault(claim, []).append(address)
    for address, change in by_address.items():
        before, after = _needs(change.before), _needs(change.after)
        yield from ((address, needed) for needed in after if _is(by_address, needed, "create"))
        yield from ((needed, address) for needed in before - after if _is(by_address, needed, "delete"))
        yield from ((address, holder) for claim in change.acquires for holder in freed.get(claim, ()))


def _wishes(by_address: Mapping[Address, Change]) -> Iterator[Edge]:
    for address, change in by_address.items():
        yield from ((address, needed) for needed in _needs(change.after) if _is(by_address, needed, "update"))


def _is(by_address: Mapping[Address, Change], address: Address, action: str) -> bool:
    return address in by_address and by_address[address].action == action


def _needs(state: State | None) -> frozenset[Address]:
    return state.depends_on if state else frozenset()


def layers(changes: Iterable[Change]) -> tuple[tuple[Change, ...], ...]:
    """Changes cut into layers that can be applied one after the other, each sorted by address.

    Equal input in any order gives equal output.

    Raises: DependencyCycle naming every address in the cycle.
    """
    by_address = {change.address: change for change in changes}
    try:
        cut = _cut(graph(by_address.values()))
    except CycleError as exc:
        raise DependencyCycle(exc.args[1][1:]) from exc
    return tuple(tuple(by_address[address] for address in layer) for layer in cut)


def _ends(waits: Graph) -> bool:
    """Whether nothing waits for itself."""
    try:
        TopologicalSorter(waits).prepare()
    except CycleError:
        return False
    return True


def _cut(waits: Graph) -> list[list[Address]]:
    """Layers of a graph; sorted on the way in, so that of several cycles the same one is always found."""
    sorter = TopologicalSorter({address: sorted(waits[address]) for address in sorted(waits)})
    sorter.prepare()
    cut: list[list[Address]] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        cut.append(ready)
        sorter.done(*ready)
    return cut


def order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes in the order they can be applied; ties are broken by address.

    Raises: DependencyCycle naming every address in the cycle.
    """
    return tuple(change for layer in layers(changes) for change in layer)


def needed_by(chosen: Collection[Address], changes: Iterable[Change]) -> frozenset[Address]:
    """The changes that `chosen` wait for, directly or through others, themselves left out.

    A subset is closed when this is empty.
    """
    return _reached(chosen, graph(changes)) - frozenset(chosen)


def waiting_for(blocked: Collection[Address], changes: Iterable[Change]) -> frozenset[Address]:
    """The changes that wait for any of `blocked`, directly or through others."""
    return _reached(blocked, _dependants(changes)) - frozenset(blocked)


def foremost(addresses: Collection[Address], changes: Iterable[Change]) -> frozenset[Address]:
    """Those of `addresses` that wait for none of the others, neither directly nor through other changes."""
    dependants = _dependants(changes)
    behind = {one for address in addresses for one in dependants.get(address, ())}
    return frozenset(addresses) - _reached(behind, dependants)


def _dependants(changes: Iterable[Change]) -> dict[Address, set[Address]]:
    """By address, the changes that wait for it directly."""
    dependants: dict[Address, set[Address]] = {}
    for address, needed in graph(changes).items():
        for one in needed:
            dependants.setdefault(one, set()).add(address)
    return dependants


def closure(changes: Iterable[Change], *sides: Mapping[Address, State]) -> frozenset[Address]:
    """Every address that the changes stand on.

    Those are the changes themselves, what they depend on, directly or through others, what still depends on
    something they delete, and who holds the claims they take or free. `sides` are the states to look these up
    in (declared, live).
    """
    planned = tuple(changes)
    claims = {claim for change in planned for claim in change.acquires | change.frees}
    deleted = {change.address for change in planned if change.action == "delete"}
    touched = {
        state.address
        for side in sides
        for state in side.values()
        if not (claims.isdisjoint(state.claims) and deleted.isdisjoint(state.depends_on))
    }
    needs: dict[Address, set[Address]] = {}
    for change in planned:
        needs.setdefault(change.address, set()).update(_needs(change.before), _needs(change.after))
    for side in sides:
        for address, state in side.items():
            needs.setdefault(address, set()).update(state.depends_on)
    return _reached({change.address for change in planned} | touched, needs)


def _reached(start: Iterable[Address], edges: Mapping[Address, Collection[Address]]) -> frozenset[Address]:
    """The start and everything that edges lead to from it."""
    reached = set(start)
    pending = list(reached)
    while pending:
        more = set(edges.get(pending.pop(), ())) - reached
        reached |= more
        pending += more
    return frozenset(reached)
