"""The plain spelling of what `core` computes by shortcuts: slow, and easy to hold against the docstrings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.resource import State
from tests.core.strategies import World

Waits = Mapping[Address, set[Address]]


def graph(changes: Sequence[Change]) -> Waits:
    """Who waits for whom: musts and wishes, or the musts alone where a wish closes a circle."""
    whole = _waits(changes, lambda one, other: _must(one, other) or _wish(one, other))
    return whole if _ends(whole) else _waits(changes, _must)


def _waits(changes, waits) -> Waits:
    return {
        one.address: {
            other.address for other in changes if other.address != one.address and waits(one, other)
        }
        for one in changes
    }


def _must(one: Change, other: Change) -> bool:
    stands_on_it = other.action == "create" and other.address in _needs(one.after)
    lets_it_go = one.action == "delete" and one.address in _needs(other.before) - _needs(other.after)
    return stands_on_it or lets_it_go or bool(one.acquires & other.frees)


def _wish(one: Change, other: Change) -> bool:
    return other.action == "update" and other.address in _needs(one.after)


def _needs(state: State | None) -> frozenset[Address]:
    return state.depends_on if state else frozenset()


def _ends(waits: Waits) -> bool:
    """Whether nothing waits for itself."""
    return not any(address in reached(needed, waits) for address, needed in waits.items())


def layers(waits: Waits) -> list[list[Address]] | None:
    """What is free, then what is free once that is done, and so on; None where it does not end."""
    cut: list[list[Address]] = []
    done: set[Address] = set()
    while len(done) < len(waits):
        ready = sorted(address for address in waits.keys() - done if waits[address] <= done)
        if not ready:
            return None
        cut.append(ready)
        done.update(ready)
    return cut


def reached(start: Collection[Address], edges: Mapping[Address, Collection[Address]]) -> set[Address]:
    """The start and everything that edges lead to from it."""
    found = set(start)
    while more := {one for address in found for one in edges.get(address, ())} - found:
        found |= more
    return found


def turned(waits: Waits) -> Waits:
    """Who is waited for by whom."""
    return {one: {address for address, needed in waits.items() if one in needed} for one in waits}


def closure(changes: Sequence[Change], *sides: World) -> set[Address]:
    """The changes, what stands on what they delete or holds their claims, and all that those depend on."""
    claims = {claim for one in changes for claim in one.acquires | one.frees}
    deleted = {one.address for one in changes if one.action == "delete"}
    start = {one.address for one in changes}
    needs: dict[Address, set[Address]] = {}
    states = [state for side in sides for state in side.values()]
    for state in (*states, *(state for one in changes for state in (one.before, one.after) if state)):
        needs.setdefault(state.address, set()).update(state.depends_on)
    for state in states:
        if claims & state.claims or deleted & state.depends_on:
            start.add(state.address)
    return reached(start, needs)


def roots_there(declared: World, live: World, last: World, reserved: Collection[Address]) -> set[Address]:
    """The roots that guards hold their counts against: of what is owned, and of what is declared and live."""
    ours = {address: state for address, state in declared.items() if address not in reserved}
    found = {ours.get(address, state).root for address, state in last.items() if address not in reserved}
    return found | {state.root for address, state in live.items() if address in ours}
