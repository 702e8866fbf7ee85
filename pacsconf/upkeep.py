"""What changes the record alone: begin it, hold, release, attest what people keyed in, tell archives to reload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pacsconf.core.address import Address
from pacsconf.core.attestation import Attestation, How
from pacsconf.core.change import Change, Outcome
from pacsconf.core.compare import compare
from pacsconf.core.decide import recorded
from pacsconf.core.errors import PlanError, UnsafePlan
from pacsconf.core.plan import Options
from pacsconf.core.planning import state_digest
from pacsconf.core.resource import State
from pacsconf.core.select import ignoring, matching, system_of
from pacsconf.engine import plan
from pacsconf.reading import read
from pacsconf.record.contents import Waiting
from pacsconf.systems.abilities import Attested
from pacsconf.world import World


def begin_record(world: World, *, reason: str, accept: bool = False) -> int:
    """Begin the record, owning every declared resource that is live as declared. Returns how many those are.

    Of one of which a field is left to others (`ignore`), the rest counts.

    Raises: RecordError when there is a record already; SystemFaults.
    """
    names = sorted(world.systems)
    # Declared before it is read: a system shows what it does not model of a resource only where that is declared.
    declarations = {name: world.systems[name].declared(world.inventory) for name in names}
    snapshots = read(world, names, {})
    live = {one.system: one.states() for one in snapshots}
    owned: dict[Address, State] = {}
    for name in names:
        declared = declarations[name].states()
        ignored = ignoring(declarations[name].ignoring(world.inventory.systems[name].ignore, {}))
        states = map(recorded, compare(declared, live[name], {}, ignored))
        owned |= {state.address: state for state in states if state is not None}
    world.record.init(
        owned,
        reason=reason,
        accept=accept,
        approval_rules=world.inventory.settings.approval_rules(),
    )
    return len(world.record.state().owned)


def hold(world: World, patterns: Sequence[str], reason: str) -> tuple[Address, ...]:
    """Leave what the patterns name alone until its declared value changes. Returns the addresses.

    Raises: PlanError when a pattern names nothing; LockHeld; RecordError.
    """
    sides = [system.declared(world.inventory).states() for system in world.systems.values()]
    declared = {address: state for side in sides for address, state in side.items()}
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


def reload(world: World, names: Sequence[str], reason: str) -> tuple[Outcome, ...]:
    """Tell the programs that keep a copy to read it again: those of these systems, without any name of all.

    A system that is only read is not told. What became of it is in the record.

    Raises: PlanError for a name of no system; UnsafePlan for one that is only read; LockHeld; RecordUnknown;
    RecordError.
    """
    for name in names:
        _require_tellable(world, name)
    world.record.require_free(world.record.state())
    outcomes: list[Outcome] = []
    for name in names or sorted(world.systems):
        if world.inventory.systems[name].mode == "write":
            for outcome in world.systems[name].settle(()):
                world.progress.outcome(outcome)
                outcomes.append(outcome)
    if outcomes:
        world.record.reloaded(outcomes, reason=reason)
    return tuple(outcomes)


def _require_tellable(world: World, name: str) -> None:
    if name not in world.systems:
        raise PlanError(
            f'no system is called "{name}"', fix=f"There are: {', '.join(sorted(world.systems))}."
        )
    if world.inventory.systems[name].mode != "write":
        raise UnsafePlan(
            f"{name} is read-only here, so nobody is told to read it again",
            fix="Set `mode: write` there, or reload its archives by hand.",
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """That a resource stands in `state` now, or is gone (None); `records` is what the record is to hold of it."""

    address: Address
    state: State | None
    records: State | None


@dataclass(frozen=True, slots=True)
class Consoles:
    """What is declared of the systems that only a person can read, what the record knows, and what waits there."""

    names: tuple[str, ...]
    declared: Mapping[Address, State]
    owned: Mapping[Address, State]
    waiting: tuple[Change, ...]
    asked: Mapping[Address, Waiting]
    """What the record says of what waits."""


def consoles(world: World) -> Consoles:
    """The systems of which is known what people attest. No other is read.

    Raises: PlanError when there is none; LockHeld while a change set is open, since what waits is about to change;
    RecordUnknown; SystemFaults when an export cannot be read.
    """
    names = tuple(name for name, system in sorted(world.systems.items()) if isinstance(system, Attested))
    if not names:
        raise PlanError(
            "every system here is read by pacsconf itself, so there is nothing to attest",
            fix="See what stands where: pacsconf plan",
        )
    record = world.record.state()
    world.record.require_free(record)
    sides = [world.systems[name].declared(world.inventory).states() for name in names]
    declared = {address: state for side in sides for address, state in side.items()}
    owned = {address: state for address, state in record.owned.items() if address.system in names}
    known = sorted({address.system for address in declared.keys() | owned.keys()})
    waiting = plan(world, Options(target=tuple(known))).plan.waiting if known else ()
    own = tuple(one for one in waiting if one.address.system in names)
    return Consoles(names, declared, owned, own, record.waiting)


def claims(world: World, at: Consoles, patterns: Sequence[str], *, everything: bool) -> tuple[Claim, ...]:
    """What these patterns attest: of a pattern what waits there, of a whole address that it is as declared.

    With `everything`, all that is declared there (everywhere, without patterns) stands.

    Raises: PlanError for a pattern that names nothing of the kind, or something that pacsconf reads itself.
    """
    for pattern in patterns:
        _require_attested(world, at, pattern)
    found = {claim.address: claim for claim in _claimed(at, patterns, everything=everything)}
    for pattern in patterns:
        if not any(_meant(pattern, address, at) for address in found):
            raise PlanError(
                f'nothing waits for a person at "{pattern}"',
                fix=f"{_all_that_waits(at)} A row that stands although nobody was asked for it is named whole, such"
                " as ris/peer/CT_1; with --all everything declared there stands.",
            )
    return tuple(found[address] for address in sorted(found))


def attest(
    world: World, at: Consoles, made: Iterable[Claim], *, reason: str, how: How = "attested"
) -> tuple[Attestation, ...]:
    """Put into the record what stands, by whoever works here, now.

    Raises: LockHeld; StalePlan when a person has been asked for something else since; RecordUnknown; RecordError.
    """
    claimed = tuple(made)
    by, now = world.record.identity(), f"{world.clock():%Y-%m-%dT%H:%M:%SZ}"
    said = tuple(
        Attestation(one.address, one.state, by, now, how, reason, _basis(world, one.address))
        for one in claimed
    )
    records = {one.address: one.records for one in claimed if one.records is not None}
    world.record.attest(said, reason=reason, records=records, seen=at.asked)
    return said


def _basis(world: World, address: Address) -> str:
    system = world.systems[address.system]
    return system.basis() if isinstance(system, Attested) else ""


def _require_attested(world: World, at: Consoles, pattern: str) -> None:
    system = system_of(pattern)
    if any(fnmatchcase(name, system) for name in at.names):
        return
    others = [name for name in sorted(world.systems) if fnmatchcase(name, system)]
    if not others:
        raise PlanError(f'"{pattern}" names no system', fix=f"Attested are: {', '.join(at.names)}.")
    raise PlanError(
        f"{', '.join(others)} is read by pacsconf itself, so nothing there can be attested",
        fix="See what stands there: pacsconf plan",
    )


def _claimed(at: Consoles, patterns: Sequence[str], *, everything: bool) -> Iterator[Claim]:
    """What stands as declared first; what waits is more exact, since drift beside it stays what it is."""
    known = {**at.owned, **at.declared}
    is_named = matching(patterns)
    for address, state in known.items():
        whole = str(address) in patterns or (everything and address in at.declared)
        if whole and (not patterns or is_named(address, state.root)):
            yield Claim(address, at.declared.get(address), at.declared.get(address))
    for one in at.waiting:
        if is_named(one.address, one.root):
            yield Claim(one.address, one.after, one.records)


def _meant(pattern: str, address: Address, at: Consoles) -> bool:
    root = next((one.root for one in at.waiting if one.address == address), None)
    state = at.declared.get(address) or at.owned.get(address)
    return matching([pattern])(address, root or (state.root if state else address))


def _all_that_waits(at: Consoles) -> str:
    names = ", ".join(str(one.address) for one in at.waiting)
    return f"Waiting: {names}." if names else "Nothing waits at any console."


def _named(
    patterns: Sequence[str], known: Mapping[Address, State], unlike: str, fix: str
) -> tuple[Address, ...]:
    for pattern in patterns:
        is_named = matching([pattern])
        if not any(is_named(state.address, state.root) for state in known.values()):
            raise PlanError(f'"{pattern}" {unlike}', fix=fix)
    are_named = matching(patterns)
    return tuple(sorted(a for a, state in known.items() if are_named(a, state.root)))
