"""From three sides to a plan: compare, decide, leave out, order, guard. Pure.

In this order, since each step sees only what the one before left: names that linger count as declared; every
address is compared; differences become changes by each system's rules; what is held or waits for a person is
taken out together with what waits for it; targets and excludes choose; the rest is ordered; guards count what
would run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date

from pacsconf.core.address import Address
from pacsconf.core.approval import Approvals, guard_of
from pacsconf.core.asked import is_awaited, wanted_still
from pacsconf.core.change import Change
from pacsconf.core.compare import Difference, States, compare, unequal
from pacsconf.core.decide import Rules, change, explained, recorded
from pacsconf.core.departed import Lasting, Stood, beside_live, kept, owned_by_field
from pacsconf.core.due import Ended, only_due, told
from pacsconf.core.errors import UnsafePlan
from pacsconf.core.guard import Floor, Limits, Scene, foremost, guards
from pacsconf.core.lingering import Lingering, linger
from pacsconf.core.order import closure, needed_by, order, waiting_for
from pacsconf.core.plan import Basis, Options, Plan
from pacsconf.core.resource import State, value_to_json
from pacsconf.core.rollback import Applied, take_back
from pacsconf.core.select import choosing, ignoring, matching, require_known
from pacsconf.core.spelling import canonical


@dataclass(frozen=True, slots=True)
class SystemRules:
    """One system's part: how its differences become changes, and what it leaves to others."""

    rules: Rules
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the record knows: `owned` is None when it cannot be trusted, and `why_unknown` says why.

    `held` maps an address to the digest its declared state had when it was held; `waiting` to the change
    that a person was asked to make; `reserved` to the day a lingering name is released.
    """

    owned: States | None
    why_unknown: str = ""
    held: Mapping[Address, str] = field(default_factory=dict)
    waiting: Mapping[Address, Change] = field(default_factory=dict)
    reserved: Mapping[Address, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything a plan is computed from, as values."""

    environment: str
    basis: Basis
    options: Options
    declared: States
    live: States
    record: Recorded
    systems: Mapping[str, SystemRules]
    today: date
    quarantine_days: int = 90
    retired: frozenset[Address] = frozenset()
    cautions: Mapping[Address, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    floors: tuple[Floor, ...] = ()
    lasting: Mapping[str, Lasting] = field(default_factory=dict)
    """By system, what is declared only while it is there."""
    left_out: frozenset[str] = frozenset()
    """Systems that were not read, because a target or an exclude leaves them out."""
    only: frozenset[Address] | None = None
    """Exactly the changes to plan (those of a saved plan), instead of all."""
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[Address, str] = field(default_factory=dict)
    approvals: Approvals = field(default_factory=Approvals)
    ended: Mapping[Address, Ended] = field(default_factory=dict)
    """Where something has ended because a day has come."""
    announced: frozenset[Address] = frozenset()
    """Of these what was known before its day: what goes there was decided then, and guards do not count it."""
    taken_up: frozenset[Address] = frozenset()
    """Where a person was asked for what is made from here by now: it waits no longer."""
    undone: tuple[Applied, ...] | None = None
    """What is to be taken back, instead of what the inventory wants."""


def make_plan(scenario: Scenario) -> Plan:
    """The plan for a scenario.

    Raises: DependencyCycle; UnsafePlan when an exclude leaves out what another change needs; PlanError when a
    target, exclude or repair names nothing that exists.
    """
    if scenario.undone is not None:
        return _taking_back(scenario, scenario.undone)
    last = scenario.record.owned or {}
    # By what the inventory says: what departed is declared by nobody, and may be held all the same.
    holding = scenario.record.held.keys() - lapsed(scenario)
    lingering = linger(
        scenario.declared, last, scenario.record.reserved, _lingering_kinds(scenario), scenario.today,
        scenario.quarantine_days,
    )  # fmt: skip
    stood = beside_live(lingering.declared, scenario.live, last, scenario.lasting)
    scenario = replace(scenario, declared=stood.declared)
    _require_known(scenario)
    differences = _differences(scenario)
    wanted = _by_the_day(scenario, _changes(scenario, differences, stood))
    held, waiting = _left_out(scenario, wanted, holding)
    left = {one.address for one in held + waiting}
    changes = order(_chosen(scenario, [one for one in wanted if one.address not in left]))
    asked = {address for address in scenario.record.waiting if address.system in scenario.systems}
    over = asked - {one.address for one in wanted} - holding
    if scenario.options.only_takes:
        return _assembled(scenario, changes, (), held, waiting, frozenset(), lingering)
    return _assembled(scenario, changes, differences, held, waiting, over, lingering)


def _by_the_day(scenario: Scenario, wanted: list[Change]) -> list[Change]:
    """The changes with what a day has brought; of a run that only takes away nothing else."""
    rules = {name: part.rules for name, part in scenario.systems.items()}
    if scenario.options.only_takes:
        return only_due(wanted, scenario.ended, rules, scenario.record.owned or {})
    return told(wanted, scenario.ended, rules)


def _taking_back(scenario: Scenario, undone: Iterable[Applied]) -> Plan:
    """The plan that takes changes back as far as they stand; what the inventory wants is left for another one.

    What goes by it goes on purpose, and what it makes counts as declared: guards look at the rest.
    """
    _require_known(scenario)
    rules = {name: part.rules for name, part in scenario.systems.items()}
    live, owned = scenario.live, scenario.record.owned or {}
    found = take_back(undone, live, owned, rules, _ignored(scenario))
    closing, kept_there = kept(found.changes, scenario.lasting, rules)
    changes = order(_chosen(scenario, list(closing)))
    made = {one.address: one.after for one in changes if one.after is not None}
    scene = replace(
        scenario,
        declared={**scenario.declared, **made},
        retired=scenario.retired | {one.root for one in changes if one.action == "delete"},
    )
    as_reserved = Lingering(scene.declared, scenario.record.reserved)
    plan = _assembled(scene, changes, (), (), (), frozenset(), as_reserved)
    is_chosen = choosing(scenario.options.target, scenario.options.exclude)
    return replace(
        plan,
        stays={
            a: why for a, why in {**found.stays, **kept_there}.items() if is_chosen(a, _root_at(a, scenario))
        },
        lost={one.address: found.lost[one.address] for one in changes if one.address in found.lost},
    )


def _root_at(address: Address, scenario: Scenario) -> Address:
    sides = (scenario.live, scenario.declared, scenario.record.owned or {})
    return next((side[address].root for side in sides if address in side), address)


def _ignored(scenario: Scenario) -> Callable[[Address, str], bool]:
    ignored = {name: ignoring(part.ignore) for name, part in scenario.systems.items()}
    return lambda address, field: ignored[address.system](address, field)


def state_digest(state: State | None) -> str:
    """SHA-256 (hex) of the fields declared at an address, empty for none; a hold lasts until it changes."""
    if state is None:
        return ""
    fields = {name: value_to_json(value) for name, value in state.fields.items()}
    return hashlib.sha256(canonical(fields)).hexdigest()


def obstacles(plan: Plan) -> tuple[str, ...]:
    """Why a plan may be read but not applied, in words; empty when nothing but guards stands in the way."""
    read_only = {one.address for one in plan.changes if one.mode == "read-only"}
    stuck = sorted(waiting_for(read_only, plan.changes) - read_only)
    reasons = [f"{address} needs a change in a read-only system first" for address in stuck]
    if read_only and not plan.runs:
        systems = ", ".join(sorted({address.system for address in read_only}))
        reasons.append(
            f"every change is in a read-only system ({systems}); set `mode: write` there to change it"
        )
    return plan.blocked + tuple(reasons)


def _lingering_kinds(scenario: Scenario) -> frozenset[tuple[str, str]]:
    return frozenset(
        (system, name)
        for system, part in scenario.systems.items()
        for name, kind in part.rules.kinds.items()
        if kind.lingers
    )


def _require_known(scenario: Scenario) -> None:
    """Nothing, where all that options name is there; a system that is excluded whole was not read.

    Raises: PlanError.
    """
    options = scenario.options
    whole = {name for system in scenario.left_out for name in (system, f"{system}/*")}
    named = {
        "target": options.target,
        "exclude": tuple(pattern for pattern in options.exclude if pattern not in whole),
        "repair": options.repair,
    }
    if any(named.values()):
        sides = {**(scenario.record.owned or {}), **scenario.live, **scenario.declared}
        require_known(named, {address: state.root for address, state in sides.items()})


def _differences(scenario: Scenario) -> tuple[Difference, ...]:
    """What the sides make of every address but those that are plainly equal and that nobody was asked about."""
    declared, live = scenario.declared, scenario.live
    last = owned_by_field(scenario.record.owned, declared, live, scenario.lasting)
    asked = {
        each for each in scenario.record.waiting if any(each in side for side in (declared, live, last or {}))
    }
    return compare(
        declared,
        live,
        last,
        _ignored(scenario),
        [each for each in unequal(declared, live, last) | asked if each.system in scenario.systems],
    )


def _root(difference: Difference) -> Address:
    state = difference.declared or difference.live or difference.last
    assert state is not None, "a difference has at least one side"
    return state.root


def _changes(scenario: Scenario, differences: Iterable[Difference], stood: Stood) -> list[Change]:
    """What the inventory wants done, and what a person was asked for and it wants still."""
    is_repaired = matching(scenario.options.repair)
    made, around = [], (scenario.live, scenario.declared)
    for difference in differences:
        rules = scenario.systems[difference.address.system].rules
        repairs = difference.address in stood.enforced or is_repaired(difference.address, _root(difference))
        again = wanted_still(scenario.record.waiting.get(difference.address), difference.declared)
        one = change(difference, rules, repairs=repairs, again=again, around=around)
        if one is not None:
            is_over = one.address in stood.departed and not one.reason
            why = scenario.lasting[one.address.system].why(one.address) if is_over else one.reason
            made.append(replace(one, reason=why))
    return made


def lapsed(scenario: Scenario) -> frozenset[Address]:
    """What is held although the inventory says something else by now: it is planned as usual."""
    return frozenset(
        address
        for address, digest in scenario.record.held.items()
        if address.system in scenario.systems and state_digest(scenario.declared.get(address)) != digest
    )


def _left_out(
    scenario: Scenario, wanted: list[Change], holding: Set[Address]
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """The changes that are held, and those that wait for a person, each with what waits for them."""
    record = scenario.record
    if not (holding or record.waiting):
        return (), ()
    asked = {at: one for at, one in record.waiting.items() if at not in scenario.taken_up}
    waiting = {one.address for one in wanted if is_awaited(asked.get(one.address), one)}
    held = {one.address for one in wanted if one.address in holding}
    held |= waiting_for(held, wanted)
    waiting = (waiting | waiting_for(waiting, wanted)) - held
    return (
        tuple(one for one in wanted if one.address in held),
        tuple(one for one in wanted if one.address in waiting),
    )


def _chosen(scenario: Scenario, wanted: list[Change]) -> list[Change]:
    """What targets and excludes leave: a target brings what it needs, an exclude must not be needed."""
    options = scenario.options
    if scenario.only is not None:
        only = scenario.only | needed_by(scenario.only, wanted)
        return [one for one in wanted if one.address in only]
    if not (options.target or options.exclude):
        return wanted
    is_chosen, is_excluded = choosing(options.target, options.exclude), matching(options.exclude)
    chosen = {one.address for one in wanted if is_chosen(one.address, one.root)}
    needed = needed_by(chosen, wanted)
    excluded = {one.address for one in wanted if is_excluded(one.address, one.root)}
    if missing := sorted(needed & excluded):
        raise UnsafePlan(
            "what is excluded is needed by other changes",
            [f"{address} is needed" for address in missing],
            fix="Exclude what needs it as well, or do not exclude it.",
        )
    chosen |= needed
    return [one for one in wanted if one.address in chosen]


def _assembled(
    scenario: Scenario,
    changes: tuple[Change, ...],
    differences: tuple[Difference, ...],
    held: tuple[Change, ...],
    waiting: tuple[Change, ...],
    over: Set[Address],
    lingering: Lingering,
) -> Plan:
    """The plan of these changes; `over` is what a person was asked for and of which nothing is left to do."""
    last = scenario.record.owned or {}
    touched = {one.address: one for one in changes}
    put_back = {**touched, **{one.address: one for one in waiting}}
    is_chosen = choosing(scenario.options.target, scenario.options.exclude)
    shown = [one for one in differences if is_chosen(one.address, _root(one))]
    seen = [one for one in shown if one.address not in touched]
    takes, forgets = _settled(scenario, seen, over)
    drifts = [one for one in shown if one.drifted]
    noted = touched.keys() | {one.address for one in drifts}
    scene = Scene(
        scenario.declared, scenario.live, last, scenario.retired, scenario.cautions, scenario.limits,
        lingering.reserved.keys(), scenario.announced.union(lingering.released), scenario.floors,
    )  # fmt: skip
    return Plan(
        environment=scenario.environment,
        basis=scenario.basis,
        options=scenario.options,
        changes=changes,
        closure={
            address: (scenario.live.get(address), last.get(address))
            for address in sorted(closure(changes, scenario.declared, scenario.live))
        },
        guards=tuple(sorted((*guards(changes, scene), *guard_of(scenario.approvals)), key=foremost)),
        takes=takes,
        forgets=forgets,
        drifts=tuple(
            _told(one, scenario) for one in drifts if not _is_put_back(one, put_back.get(one.address))
        ),
        waiting=waiting,
        held=held,
        reserved={address: day.isoformat() for address, day in lingering.reserved.items()},
        unmanaged=tuple(one.address for one in seen if one.verdict == "unmanaged"),
        counts=scenario.counts,
        notes={address: scenario.notes[address] for address in noted if address in scenario.notes},
        blocked=(scenario.record.why_unknown,) if scenario.record.owned is None else (),
        approvals=scenario.approvals,
    )


def _settled(
    scenario: Scenario, differences: Iterable[Difference], over: Set[Address]
) -> tuple[tuple[State, ...], tuple[Address, ...]]:
    """What the record is to hold, and to forget, though nothing is written; what is over is among it."""
    last, asked = scenario.record.owned or {}, scenario.record.waiting
    is_chosen = choosing(scenario.options.target, scenario.options.exclude)
    found: dict[Address, State | None] = {
        address: last.get(address) for address in over if is_chosen(address, asked[address].root)
    }
    for one in differences:
        if one.records_only or one.address in found:
            found[one.address] = recorded(one)
    takes = tuple(state for _, state in sorted(found.items()) if state is not None)
    return takes, tuple(address for address, state in sorted(found.items()) if state is None)


def _told(difference: Difference, scenario: Scenario) -> Difference:
    """A drift with what it does."""
    return explained(difference, scenario.systems[difference.address.system].rules, (scenario.live,))


def _is_put_back(difference: Difference, one: Change | None) -> bool:
    """Whether a change puts back all that somebody else changed; what it leaves is still to be reported."""
    if one is None or not one.repairs:
        return False
    written = {field.name for field in one.fields}
    return all(field.name in written for field in difference.fields if field.verdict in ("drift", "clash"))
