"""What changes the record alone: begin it, hold addresses, release them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pacsconf.core.address import Address
from pacsconf.core.errors import PlanError
from pacsconf.core.planning import state_digest
from pacsconf.core.resource import State
from pacsconf.core.select import any_match
from pacsconf.engine import World, read


def begin_record(world: World, *, reason: str, accept: bool = False) -> int:
    """Begin the record, owning every declared resource that is live as declared. Returns how many those are.

    Raises: RecordError when there is a record already; SystemFaults.
    """
    names = sorted(world.systems)
    declared = [r.state() for name in names for r in world.systems[name].declared(world.inventory).resources]
    live = {r.address: r.state() for snapshot in read(world, names, {}) for r in snapshot.resources}
    owned = {
        state.address: state
        for state in declared
        if state.address in live and live[state.address].fields == state.fields
    }
    world.record.init(owned, reason=reason, accept=accept)
    return len(world.record.state().owned)


def hold(world: World, patterns: Sequence[str], reason: str) -> tuple[Address, ...]:
    """Leave what the patterns name alone until its declared value changes. Returns the addresses.

    Raises: PlanError when a pattern names nothing; LockHeld; RecordError.
    """
    states = [
        r.state() for system in world.systems.values() for r in system.declared(world.inventory).resources
    ]
    declared = {state.address: state for state in states}
    known = {**world.record.state().owned, **declared}
    named = _named(patterns, known, "is neither declared nor owned", "Take an address from: pacsconf plan")
    world.record.hold({address: state_digest(declared.get(address)) for address in named}, reason=reason)
    return named


def release(world: World, patterns: Sequence[str], reason: str) -> tuple[Address, ...]:
    """Hold what the patterns name no longer. Returns the addresses.

    Raises: PlanError when a pattern names nothing that is held; LockHeld; RecordError.
    """
    state = world.record.state()
    roots = {address: state.owned.get(address) for address in state.held}
    held = {address: owned or State(address, address, {}) for address, owned in roots.items()}
    names = ", ".join(map(str, sorted(held))) or "nothing"
    named = _named(patterns, held, "is not held", f"Held: {names}.")
    world.record.release(named, reason=reason)
    return named


def _named(
    patterns: Sequence[str], known: Mapping[Address, State], unlike: str, fix: str
) -> tuple[Address, ...]:
    for pattern in patterns:
        if not any(any_match([pattern], state.address, state.root) for state in known.values()):
            raise PlanError(f'"{pattern}" {unlike}', fix=fix)
    return tuple(sorted(a for a, state in known.items() if any_match(patterns, a, state.root)))
