"""The walk: load ▶ check ▶ resolve ▶ read ▶ compare ▶ order ▶ guard ▶ apply ▶ settle ▶ prove ▶ record.

Read top to bottom, this is the program; what is done with an open change set is `execution`, its second half.
Everything that touches the world is handed in: systems, the record, the observer, the clock. Data goes one way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING

from pacsconf.core import garbage
from pacsconf.core.address import Address
from pacsconf.core.approval import Approvals, PlanApproval
from pacsconf.core.change import Change
from pacsconf.core.changeset import ChangeSet, changeset_id
from pacsconf.core.decide import Rules, judged
from pacsconf.core.due import Ended, takes_away
from pacsconf.core.errors import PlanError, RecordError, UnsafePlan
from pacsconf.core.finding import Finding, Path, errors
from pacsconf.core.guard import idle, tripped
from pacsconf.core.on_demand import BySystem
from pacsconf.core.permission import Approval, counting, reasons_against, reasons_against_resuming, refusal
from pacsconf.core.plan import Options, Plan
from pacsconf.core.planning import Scenario, SystemRules, lapsed, make_plan
from pacsconf.core.resource import State
from pacsconf.core.rollback import applied_by, not_known
from pacsconf.core.saved import SavedPlan
from pacsconf.core.select import ignoring, reads
from pacsconf.core.stale import require_same
from pacsconf.execution import execute
from pacsconf.inventory.baseline import accepted
from pacsconf.people.ends import End, ended, reopened
from pacsconf.reading import read
from pacsconf.record.state import RecordState
from pacsconf.systems.abilities import Asking, Peopled
from pacsconf.systems.base import Declared
from pacsconf.systems.on_hold import nowhere
from pacsconf.world import World

if TYPE_CHECKING:  # imported where there are policies
    from pacsconf.judging import Judged


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what only this run knows: findings of systems, and where each value comes from."""

    plan: Plan
    record: RecordState
    """The record that the plan was computed from."""
    findings: tuple[Finding, ...] = ()
    paths: Mapping[Address, Mapping[str, Path]] = field(default_factory=dict)
    changed: Mapping[Address, datetime] = field(default_factory=dict)
    """When each live resource was changed last, where its system tells."""
    approvals: tuple[PlanApproval, ...] = ()
    """What the record has for this very plan, where it needs any."""
    left: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)
    """Fields that differ and are left to a system's own program, by address, each with why."""
    ended: Mapping[Address, Ended] = field(default_factory=dict)
    """Where something has ended because a day has come, and what would be there, had it not."""
    lapsed: frozenset[Address] = frozenset()
    """What is held although the inventory says something else by now: it is planned as usual."""
    judged: Judged | None = None
    """What policies say of it; None where nothing was judged."""


# --- resolve, read, compare, order, guard -----------------------------------------------------------------------


@garbage.waits()
def plan(world: World, options: Options, only: frozenset[Address] | None = None) -> Planned:
    """What would be done, computed from the inventory, the live systems and the record. Writes nothing.

    `only`: exactly these changes and what they need, instead of all.

    Raises: SystemFaults when systems that are not left out cannot be read whole; PlanError.
    """
    record = world.record.state()
    undone = _to_take_back(world, options)
    asked = (
        world.systems.keys()
        if undone is None
        else {one.address.system for one in undone.applied} & world.systems.keys()
    )
    names = [name for name in sorted(asked) if reads(options.target, options.exclude, name)]
    ends = {} if undone else ended(world.inventory)
    # Before what is declared: a system goes by what it was asked last.
    over = {} if options.leaver else _ended(world, names, ends)
    declared = {name: world.systems[name].declared(world.inventory) for name in names}
    snapshots = read(world, names, record.attested, record.owned)
    for who in options.leaver:
        over = _leaving(who, (state for one in snapshots for state in one.states().values()))
    scenario = Scenario(
        environment=world.environment,
        basis=replace(world.basis, record_head=record.head),
        options=options,
        declared=_together(one.states() for one in declared.values()),
        live=_together(one.states() for one in snapshots),
        record=record.for_planning(),
        systems={name: _part(world, name, declared[name], record.owned) for name in names},
        today=world.today,
        quarantine_days=world.inventory.settings.quarantine,
        retired=frozenset(root for one in declared.values() for root in one.retired),
        cautions=BySystem({name: one.cautions for name, one in declared.items()}),
        limits=world.inventory.settings.guards.limits(),
        lasting={name: one.lasting for name, one in declared.items()},
        floors=tuple(floor for one in declared.values() for floor in one.floors),
        left_out=frozenset(world.systems.keys() - set(names)),
        counts={one.system: len(one.resources) for one in snapshots},
        notes=BySystem({one.system: one.notes for one in snapshots}),
        only=only,
        approvals=_approvals(world, options, record),
        taken_up=_taken_up(world, names, record),
        ended=over,
        undone=applied_by(undone) if undone else None,
    )
    made = make_plan(scenario)
    if options.due and tripped(made.guards):
        known = world.announced(ends)
        known_at = frozenset(address for address, one in over.items() if one.who in known)
        made = make_plan(replace(scenario, announced=known_at))
    findings = (
        tuple(_untakeable(world, names, made)) if undone else _findings(world, declared, made, scenario)
    )
    blocked = tuple(f"{finding.summary} ({finding.rule})" for finding in errors(findings))
    judged = _judged(world, made, scenario.live)
    blocked += judged.reasons if judged else ()
    whole = replace(made, blocked=made.blocked + blocked, stays={**not_known(undone), **made.stays})
    # What is taken back comes from no line of the inventory.
    paths = BySystem({name: one.paths for name, one in declared.items() if not undone})
    changed = BySystem({one.system: one.changed for one in snapshots})
    approved = _approved(world, whole, record)
    left = _left(scenario, declared)
    return Planned(whole, record, findings, paths, changed, approved, left, over, lapsed(scenario), judged)


def _judged(world: World, made: Plan, live: Mapping[Address, State]) -> Judged | None:
    """What policies say of what is declared, and of what the plan changes; None where nothing is judged.

    Taking access away, and taking back, is in nobody's way: whether what stood before breaks a rule is for the next
    plan and an audit to tell.
    """
    takes_back = made.options.only_takes or made.options.rollback
    rulebook = None if takes_back else world.rulebook()
    if rulebook is None:
        return None
    from pacsconf.judging import judge

    return judge(world, rulebook, live, made.runs, made.counts.keys(), world.applied())


def _ended(world: World, names: Iterable[str], ends: Mapping[str, tuple[End, ...]]) -> dict[Address, Ended]:
    """Where systems of people hold something of who something has ended for, and what they would, had it not."""
    if not ends:
        return {}
    as_if = reopened(world.inventory, ends)
    found: dict[Address, Ended] = {}
    for name in names:
        system = world.systems[name]
        for address, state in system.declared(as_if).states().items() if isinstance(system, Peopled) else ():
            who = state.root.parts[-1]
            if state.root.kind == "user" and who in ends:
                found[address] = Ended(state, who, ", ".join(one.words for one in ends[who]))
    return found


def _taken_up(world: World, names: Iterable[str], record: RecordState) -> frozenset[Address]:
    """Of what others were asked for, what systems make themselves by now."""
    asking = {name: one for name in names if isinstance(one := world.systems[name], Asking)}
    return frozenset(
        address
        for address, one in record.waiting.items()
        if address.system in asking and asking[address.system].takes_up(one.change)
    )


def _leaving(who: str, live: Iterable[State]) -> dict[Address, Ended]:
    """Where systems hold something of one who leaves at once."""
    theirs = (state for state in live if (state.root.kind, state.root.parts[-1]) == ("user", who))
    return {state.address: Ended(None, who, f"{who} has left") for state in theirs}


def _approvals(world: World, options: Options, record: RecordState) -> Approvals:
    """Who must approve what; what is only due leaves that as it is recorded."""
    recorded = record.contents.approval_rules
    return Approvals(recorded, recorded if options.only_takes else world.inventory.settings.approval_rules())


def _approved(world: World, made: Plan, record: RecordState) -> tuple[PlanApproval, ...]:
    """What the record has for a plan, checked; nothing is looked for where none is needed."""
    given = record.contents.approvals_of(made.digest) if made.asked else ()
    return tuple(world.checked(given)) if given else ()


def _left(scenario: Scenario, declared: Mapping[str, Declared]) -> dict[Address, dict[str, str]]:
    """What differs and is left to a system's own program, by address and field, each with why."""
    found: dict[Address, dict[str, str]] = {}
    for name, one in declared.items():
        ignored = ignoring(scenario.systems[name].ignore)
        for address, fields in one.left.items():
            want, have = scenario.declared.get(address), scenario.live.get(address)
            if want is None or have is None:
                continue
            for key, why in fields.items():
                if want.fields.get(key) != have.fields.get(key) and ignored(address, key):
                    found.setdefault(address, {})[key] = why
    return found


def _part(world: World, name: str, declared: Declared, last: Mapping[Address, State]) -> SystemRules:
    """One system's part in a plan."""
    ignore = declared.ignoring(world.inventory.systems[name].ignore, last)
    return SystemRules(_rules(world, name).rules, ignore)


def _rules(world: World, name: str) -> SystemRules:
    config = world.inventory.systems[name]
    rules = Rules(
        world.systems[name].kinds, config.mode, config.on_drift == "enforce", frozenset(config.exclusive)
    )
    return SystemRules(rules, config.ignore)


def _findings(
    world: World, declared: Mapping[str, Declared], made: Plan, scenario: Scenario
) -> tuple[Finding, ...]:
    limits = idle(scenario.limits, (state.root for state in scenario.declared.values()))
    found = [finding for one in declared.values() for finding in one.findings]
    found += _untakeable(world, declared, made)
    if declared.keys() == world.systems.keys():
        found += nowhere(world.inventory.retention.holds, world.systems.values(), world.today)
    return (*limits, *accepted(found, world.inventory.baseline, world.today))


def _untakeable(world: World, names: Iterable[str], made: Plan) -> Iterator[Finding]:
    """What live systems cannot take of a plan."""
    for name in names:
        yield from world.systems[name].check([one for one in made.runs if one.address.system == name])


def _to_take_back(world: World, options: Options) -> ChangeSet | None:
    """The change set that is to be taken back; None where none is.

    What may be wrong with the inventory that asked for it is in nobody's way then.

    Raises: RecordError when there is none such; PlanError when it did not come to its end.
    """
    if not options.rollback:
        return None
    changeset = world.record.load(options.rollback[0])
    if changeset.status != "closed":
        raise PlanError(
            f"change set {changeset.id} is {changeset.status}: what became of its changes is not recorded",
            fix="Carry it to its end first: pacsconf resume"
            if changeset.status == "open"
            else "What it had done shows in: pacsconf plan",
        )
    return changeset


def _together(sides: Iterable[Mapping[Address, State]]) -> dict[Address, State]:
    return {address: state for side in sides for address, state in side.items()}


# --- apply or resume; `execution` carries out ------------------------------------------------------------------


def same_as(world: World, saved: SavedPlan) -> Planned:
    """The saved plan, computed afresh and found unchanged: only what was computed here and now is ever executed.

    Raises: StalePlan when anything the saved plan would do or relies on differs now.
    """
    fresh = plan(world, saved.options, only=saved.addresses)
    if fresh.plan.digest != saved.digest:
        require_same(saved.whole(), fresh.plan)
    return fresh


def require_applicable(planned: Planned, approval: Approval) -> None:
    """Refuse what must not run: a plan that is only to be read, read-only systems, guards nobody let through.

    Raises: UnsafePlan with every reason; Violation when they are those of policies alone.
    """
    reasons = reasons_against(planned.plan, planned.approvals, approval)
    if reasons:
        raise refusal(reasons, planned.judged.reasons if planned.judged else ())


def apply(world: World, planned: Planned, approval: Approval) -> ChangeSet:
    """Carry a plan out: open the record, write layer by layer, settle, prove, close the record.

    Raises: UnsafePlan; LockHeld and RecordError before anything is written; Overtaken when somebody took the
    change set over (its outcomes are kept in the journal).
    """
    require_applicable(planned, approval)
    now = f"{world.clock():%Y-%m-%dT%H:%M:%SZ}"
    changeset = ChangeSet(
        id=changeset_id(now, planned.plan.digest),
        plan=planned.plan,
        operator=approval.operator,
        runner=approval.runner,
        opened=now,
        lease_until="",
        reason=approval.reason,
        ticket=approval.ticket,
        acks=approval.acks,
        approvals=counting(planned.plan, planned.approvals, approval.applier),
    )
    with world.record.begin(changeset, planned.record) as opened:
        return execute(world, opened)


def resume(world: World, acks: Sequence[str] = ()) -> ChangeSet:
    """Take up the open change set where it was left, here or in another clone.

    Its changes are conditional, so they are tried again on a fresh read: what already stands counts as applied.
    What this clone knows to have been applied, or handed to a person, is not: whoever changed it since meant to.
    What was acknowledged and approved when it was opened stays so; but what purges is acknowledged anew (`acks`)
    where this clone did not open it: whoever can push to the record can write into it that it was.

    Raises: RecordError when nothing is open; LockHeld while its lease runs; UnsafePlan when it holds what was never
    acknowledged or approved; SystemFaults when systems it needs cannot be read. Then it was not taken over.
    """
    left = world.record.resumable()
    names = sorted({change.address.system for change in left.plan.runs})
    if absent := ", ".join(name for name in names if name not in world.systems):
        raise RecordError(
            f"change set {left.id} changes systems that the inventory does not declare any more: {absent}",
            fix=f"Check out the inventory it was made from ({left.plan.basis.commit}), or: pacsconf unlock",
        )
    record = world.record.state(fetch=False)
    for name in names:
        world.systems[name].declared(world.inventory)
    live = _together(one.states() for one in read(world, names, record.attested, record.owned))
    _require_let_through(world, left, record, live, acks)
    with world.record.resume() as opened:
        return execute(world, opened)


def _require_let_through(
    world: World, left: ChangeSet, record: RecordState, live: Mapping[Address, State], acks: Sequence[str]
) -> None:
    """What purges is judged by the kinds here and now, whatever an open change set says of itself.

    Raises: UnsafePlan.
    """
    around = (live, {**live, **{one.address: one.after for one in left.plan.runs if one.after}})
    runs = [judged(one, _rules(world, one.address.system).rules, around) for one in left.plan.runs]
    given = world.checked(left.approvals) if left.approvals else ()
    rules = {**world.inventory.settings.approval_rules(), **record.contents.approval_rules}
    known = left.acks if world.record.opened_here(left) else ()
    kinds = {one.address: world.systems[one.address.system].kinds[one.address.kind] for one in runs}
    only_takes = all(takes_away(one, kinds[one.address]) for one in runs)
    acknowledged = (*known, *acks)
    reasons = reasons_against_resuming(left, runs, rules, given, acknowledged, only_takes=only_takes)
    if reasons:
        raise UnsafePlan(f"change set {left.id} is not taken up", reasons, fix=_ways_to_resume(left, runs))


def _ways_to_resume(left: ChangeSet, runs: Iterable[Change]) -> str:
    names = (f"{left.plan.digest[:8]}:GUARD-PURGE:{one.address}" for one in runs if "purges" in one.effects)
    acks = " ".join(f"--ack {quote(name)}" for name in names)
    ways = "Give it up (pacsconf unlock --reason TEXT), and plan afresh: pacsconf plan"
    return (
        f"{ways}\nOr, if another clone opened it and all of it is right: pacsconf resume {acks}"
        if acks
        else ways
    )
