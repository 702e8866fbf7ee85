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

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from graphlib import CycleError, TopologicalSorter

from pacsconf.core.address import Address
from pacsconf.core.change import SIGNS, Action, Change
from pacsconf.core.errors import DependencyCycle
from pacsconf.core.resource import State

Graph = Mapping[Address, frozenset[Address]]
"""For each change the changes it waits for."""


def graph(changes: Iterable[Change]) -> Graph:
    """For each change's address the addresses of the changes it waits for: musts, and wishes unless they close a
    circle. Then everybody who asks goes by the musts, so that what waits in a circle is not nobody's turn."""
    return _graph_and_layers({change.address: change for change in changes})[0]


Layers = list[list[Address]]


def _graph_and_layers(by_address: Mapping[Address, Change]) -> tuple[Graph, Layers]:
    """Who waits for whom, and the layers of that; what waits in a circle is in none of them."""
    of_action = _by_action(by_address)
    musts = [*_musts(by_address, of_action)]
    if of_action["update"]:
        whole = _graph(by_address, [*musts, *_wishes(by_address, of_action)])
        cut = _cut(whole)
        if _is_whole(cut, whole):
            return whole, cut
    waits = _graph(by_address, musts)
    return waits, _cut(waits)


Edge = tuple[Address, Address]
"""The first waits for the second."""


def _graph(by_address: Mapping[Address, Change], edges: Iterable[Edge]) -> Graph:
    waits: dict[Address, set[Address]] = {}
    for waiting, needed in edges:
        if waiting != needed:
            waits.setdefault(waiting, set()).add(needed)
    nothing: frozenset[Address] = frozenset()
    return {address: frozenset(waits.get(address, nothing)) for address in by_address}


def _by_action(by_address: Mapping[Address, Change]) -> Mapping[Action, set[Address]]:
    found: dict[Action, set[Address]] = {action: set() for action in SIGNS}
    for address, change in by_address.items():
        found[change.action].add(address)
    return found


def _musts(by_address: Mapping[Address, Change], of_action: Mapping[Action, Set[Address]]) -> Iterator[Edge]:
    created, deleted = of_action["create"], of_action["delete"]
    freed: dict[str, list[Address]] = {}
    for address in by_address.keys() - created:
        for claim in by_address[address].frees:
            freed.setdefault(claim, []).append(address)
    for address, change in by_address.items():
        before, after = _needs(change.before), _needs(change.after)
        for needed in after & created:
            yield address, needed
        if deleted:
            for needed in (before - after) & deleted:
                yield needed, address
        if freed:
            for claim in change.acquires:
                for holder in freed.get(claim, ()):
                    yield address, holder


def _wishes(by_address: Mapping[Address, Change], of_action: Mapping[Action, Set[Address]]) -> Iterator[Edge]:
    updated = of_action["update"]
    for address, change in by_address.items():
        yield from ((address, needed) for needed in _needs(change.after) & updated)


def _needs(state: State | None) -> frozenset[Address]:
    return state.depends_on if state else frozenset()


def layers(changes: Iterable[Change]) -> tuple[tuple[Change, ...], ...]:
    """Changes cut into layers that can be applied one after the other, each sorted by address.

    Equal input in any order gives equal output.

    Raises: DependencyCycle naming every address in the cycle.
    """
    by_address = {change.address: change for change in changes}
    waits, cut = _graph_and_layers(by_address)
    if not _is_whole(cut, waits):
        raise _cycle(waits)
    return tuple(tuple(by_address[address] for address in layer) for layer in cut)


def _is_whole(cut: Layers, waits: Graph) -> bool:
    """Whether nothing waits for itself."""
    return sum(map(len, cut)) == len(waits)


def _cut(waits: Graph) -> Layers:
    """Layers of a graph, each sorted; what waits in a circle, or for one, is in none of them."""
    dependants = _dependants(waits)
    left = {address: len(others) for address, others in waits.items()}
    cut: Layers = []
    layer = sorted(address for address, number in left.items() if not number)
    while layer:
        cut.append(layer)
        free = []
        for address in layer:
            for one in dependants.get(address, ()):
                left[one] -= 1
                if not left[one]:
                    free.append(one)
        layer = sorted(free)
    return cut


def _cycle(waits: Graph) -> DependencyCycle:
    """What waits for itself; looked for in the order of addresses, so that of several the same one is found."""
    try:
        TopologicalSorter({address: sorted(waits[address]) for address in sorted(waits)}).prepare()
    except CycleError as exc:
        return DependencyCycle(exc.args[1][1:])
    raise AssertionError("what is in no layer waits in a circle")


def order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes in the order they can be applied; ties are broken by address.

    Raises: DependencyCycle naming every address in the cycle.
    """
    return tuple(change for layer in layers(changes) for change in layer)


def needed_by(chosen: Collection[Address], changes: Iterable[Change]) -> frozenset[Address]:
    """The changes that `chosen` wait for, directly or through others, themselves left out.

    A subset is closed when this is empty.
    """
    start, planned = frozenset(chosen), tuple(changes)
    if start.issuperset(change.address for change in planned):
        return frozenset()
    return _reached(start, graph(planned)) - start


def waiting_for(blocked: Collection[Address], changes: Iterable[Change]) -> frozenset[Address]:
    """The changes that wait for any of `blocked`, directly or through others."""
    if not blocked:
        return frozenset()
    return _reached(blocked, _dependants(graph(changes))) - frozenset(blocked)


def foremost(addresses: Collection[Address], changes: Iterable[Change]) -> frozenset[Address]:
    """Those of `addresses` that wait for none of the others, neither directly nor through other changes."""
    if not addresses:
        return frozenset()
    dependants = _dependants(graph(changes))
    behind = {one for address in addresses for one in dependants.get(address, ())}
    return frozenset(addresses) - _reached(behind, dependants)


def _dependants(waits: Graph) -> dict[Address, list[Address]]:
    """By address, the changes that wait for it directly."""
    dependants: dict[Address, list[Address]] = {}
    for address, needed in waits.items():
        for one in needed:
            dependants.setdefault(one, []).append(address)
    return dependants


def closure(changes: Iterable[Change], *sides: Mapping[Address, State]) -> frozenset[Address]:
    """Every address that the changes stand on.

    Those are the changes themselves, what they depend on, directly or through others, what still depends on
    something they delete, and who holds the claims they take or free. `sides` are the states to look these up
    in (declared, live).
    """
    planned = tuple(changes)
    reached = _touched(planned, sides)
    for change in planned:
        reached.add(change.address)
        reached |= _needs(change.before)
        reached |= _needs(change.after)
    pending = list(reached)
    while pending:
        address = pending.pop()
        for side in sides:
            if address in side and not reached.issuperset(side[address].depends_on):
                more = side[address].depends_on - reached
                reached |= more
                pending += more
    return frozenset(reached)


def _touched(changes: Iterable[Change], sides: Iterable[Mapping[Address, State]]) -> set[Address]:
    """What depends on something that the changes delete, or holds a claim that they take or free."""
    claims: set[str] = set()
    deleted: set[Address] = set()
    for change in changes:
        claims |= change.acquires | change.frees
        if change.action == "delete":
            deleted.add(change.address)
    if not (claims or deleted):
        return set()
    return {
        state.address
        for side in sides
        for state in side.values()
        if not (claims.isdisjoint(state.claims) and deleted.isdisjoint(state.depends_on))
    }


def _reached(start: Iterable[Address], edges: Mapping[Address, Collection[Address]]) -> frozenset[Address]:
    """The start and everything that edges lead to from it."""
    reached = set(start)
    pending = list(reached)
    while pending:
        more = set(edges.get(pending.pop(), ())) - reached
        reached |= more
        pending += more
    return frozenset(reached)
