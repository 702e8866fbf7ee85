"""Commands that change live systems: apply, resume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.compare_commands import Excludes, Repairs, Targets, opened, options_of, planned_by
from pacsconf.cli.console_sheets import Sheets, hand_out
from pacsconf.cli.exits import Exit
from pacsconf.cli.plan_file import load_saved
from pacsconf.cli.plan_screen import show_plan, view_of
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen, sentence
from pacsconf.cli.stopping import stoppable
from pacsconf.cli.world import world_of
from pacsconf.core.errors import StalePlan, UnsafePlan

if TYPE_CHECKING:
    from pacsconf.core.changeset import ChangeSet
    from pacsconf.core.permission import Approval
    from pacsconf.core.plan import Options, Plan
    from pacsconf.core.saved import SavedPlan
    from pacsconf.engine import Planned
    from pacsconf.record.state import RecordState
    from pacsconf.report.view import View
    from pacsconf.world import World


Reason = Annotated[str, typer.Option("--reason", help="Why, for the record.", metavar="TEXT")]
Ticket = Annotated[str, typer.Option("--ticket", help="Ticket, for the record.", metavar="TEXT")]
Expect = Annotated[
    str | None, typer.Option("--expect", help="Apply if the plan has this digest.", metavar="DIGEST")
]
Acks = Annotated[
    list[str] | None,
    typer.Option("--ack", help="Let a tripped guard through.", metavar="DIGEST:GUARD[:ADDRESS]"),
]


def apply(
    context: typer.Context,
    plan_file: Annotated[Path | None, typer.Argument(help="A saved plan.", metavar="PLAN")] = None,
    expect: Expect = None,
    reason: Reason = "",
    ticket: Ticket = "",
    ack: Acks = None,
    repair: Repairs = None,
    target: Targets = None,
    exclude: Excludes = None,
    due: Annotated[bool, typer.Option("--due", help="Take away what has ended, and nothing else.")] = False,
    sheets: Sheets = None,
) -> Exit:
    """Carry a plan out, and prove it.

    A saved one, one with the expected digest, what is due, or, on a terminal, after asking.
    """
    from pacsconf import engine

    screen: Screen = context.obj.screen
    options = options_of(repair, target, exclude)
    _check_choice(plan_file, expect, options, due=due)
    work = opened(context, "text")
    if due:
        from pacsconf.cli.due_run import take_away

        return take_away(screen, work, options, said(reason, ticket, ack), sheets)
    if plan_file is None and expect is None:
        _require_reviewed(screen, work)
    saved = load_saved(plan_file) if plan_file else None
    if saved is not None:
        _require_runs(saved)
    require_writable(work)
    reporter = Reporter(screen)
    with world_of(work, reporter) as world:
        left = _ready_record(screen, work, world, ack)
        if left is not None:
            code = concluded(screen, work, ended(world, left), sheets)
            if code is not Exit.OK or _is_same(left.plan, saved, expect):
                return code
        planned = _chosen(screen, world, saved, expect, options, reporter)
        approval = approval_of(work, world, planned, said(reason, ticket, ack))
        reviewed = saved is not None or expect is not None
        if not reviewed:
            view = view_of(work, world, planned, reporter, screen.width)
            show_plan(screen, work, planned, replace(view, next_step=""), "text")
        if _nothing_to_do(planned.plan):
            if reviewed:
                screen.show(sentence(f"No changes. {work.environment} is as declared; nothing was written."))
            return Exit.OK
        require_applicable(work, planned, approval, plan_file)
        if not reviewed:
            approval = asked(screen, planned.plan, approval)
        with stoppable() as stopping:
            changeset = engine.apply(replace(world, stopping=stopping), planned, approval)
        end = ended(world, changeset)
    return concluded(screen, work, end, sheets)


def resume(context: typer.Context, ack: Acks = None, sheets: Sheets = None) -> Exit:
    """Take up a change set that was left open. Here or in another clone, once its lease has ended."""
    screen: Screen = context.obj.screen
    work = opened(context, "text")
    require_writable(work)
    with world_of(work, Reporter(screen)) as world:
        state = world.record.state()
        if state.known and state.open is None:
            screen.show(sentence(f"No change set is open on {work.environment}: there is nothing to resume."))
            return Exit.OK
        end = ended(world, resumed(world, ack))
    return concluded(screen, work, end, sheets)


def require_writable(work: workspace.Workspace) -> None:
    """The operator file lets this environment be written, and those be told who must hear of it.

    Raises: OperatorError.
    """
    written = [config for config in work.inventory.systems.values() if config.mode == "write"]
    workspace.operator(work).require_write(work.environment, written)
    workspace.require_told(work)


# --- apply ------------------------------------------------------------------------------------------------------


def _check_choice(plan_file: Path | None, expect: str | None, options: Options, *, due: bool) -> None:
    """What was reviewed is said in one way: by a file or by a digest; what is due, by its day.

    Raises: BadParameter.
    """
    if due and (plan_file or expect or options.repair):
        raise typer.BadParameter(
            "what is due is what has ended, as the inventory says: no plan, --expect or --repair goes with it",
            param_hint="--due",
        )
    if plan_file and (expect or options.repair or options.target or options.exclude):
        raise typer.BadParameter(
            "a saved plan brings its own choice: --expect, --repair, --target and --exclude do not go with it;"
            " give them to pacsconf plan --out FILE",
            param_hint="PLAN",
        )
    if expect is not None and len(expect) < 8:
        raise typer.BadParameter("the first eight digits of the digest at least", param_hint="--expect")


def _require_reviewed(screen: Screen, work: workspace.Workspace) -> None:
    """Somebody must be here to look at a plan that nobody has looked at.

    Raises: UnsafePlan.
    """
    if not screen.is_interactive:
        raise UnsafePlan(
            "apply needs a reviewed plan when nobody is here to be asked",
            fix="Save one, look at it, and apply it:\n"
            f"{work.command} plan --out plan.json\n{work.command} apply plan.json",
        )


def _require_runs(saved: SavedPlan) -> None:
    """Something of a plan with changes can be done today; else nobody need be allowed anything for it.

    Raises: StalePlan for a look ahead; UnsafePlan.
    """
    from pacsconf.core.planning import obstacles
    from pacsconf.core.stale import require_of_today

    require_of_today(saved.options)
    if saved.addresses and not saved.runs:
        raise UnsafePlan("this plan is not applied", obstacles(saved.whole()))


def _ready_record(
    screen: Screen, work: workspace.Workspace, world: World, ack: list[str] | None
) -> ChangeSet | None:
    """A record that exists and is free: an open change set is carried to its end first, and is what comes back.

    Raises: LockHeld while the lease of an open change set runs, before anything is read or asked.
    """
    from pacsconf import upkeep

    state = world.record.state()
    if state.open is not None:
        left = world.record.resumable()
        screen.note(sentence(f"Change set {left.id} was left open; it is carried to its end first."))
        return resumed(world, ack)
    if not state.exists:
        if not screen.is_interactive or not screen.agrees(
            f"{work.environment} has no record yet. Begin it now (pacsconf record init)?"
        ):
            raise UnsafePlan(
                f"{work.environment} has no record yet: nothing could say later what was applied",
                fix=f"{work.command} record init",
            )
        upkeep.begin_record(world, reason="")
    return None


def resumed(world: World, ack: Sequence[str] | None) -> ChangeSet:
    """The open change set, carried to its end."""
    from pacsconf import engine

    with stoppable() as stopping:
        return engine.resume(replace(world, stopping=stopping), ack or ())


def _is_same(made: Plan, saved: SavedPlan | None, expect: str | None) -> bool:
    """Whether what was reviewed is the plan that was just carried to its end."""
    if saved is not None:
        return made.digest == saved.digest
    return expect is not None and made.digest.startswith(expect.lower())


def _chosen(
    screen: Screen,
    world: World,
    saved: SavedPlan | None,
    expect: str | None,
    options: Options,
    reporter: Reporter,
) -> Planned:
    """What is to be executed: always computed here and now, and held against what was reviewed."""
    from pacsconf import engine

    if saved is not None:
        try:
            return engine.same_as(world, saved)
        finally:
            reporter.stop()
    planned = planned_by(screen, world, options, reporter)
    if expect is not None:
        require_expected(planned.plan, expect, "pacsconf plan")
    return planned


def require_expected(made: Plan, expect: str, again: str) -> None:
    """The plan is the one that was looked at.

    Raises: StalePlan with the command that makes it again.
    """
    if not made.digest.startswith(expect.lower()):
        raise StalePlan(
            f"the plan has digest {made.digest[:8]} now, not the expected {expect[:8]}",
            fix=f"Make the plan again and look at it: {again}",
        )


def said(reason: str, ticket: str, ack: list[str] | None) -> Approval:
    from pacsconf.core.permission import Approval
    from pacsconf.record.lock import this_runner

    return Approval("", this_runner(), reason, ticket, tuple(ack or ()))


def approval_of(work: workspace.Workspace, world: World, planned: Planned, said: Approval) -> Approval:
    """Who applies; where signatures of approvals are checked, with the key that they sign with themselves.

    Raises: OperatorError; RecordError.
    """
    by = replace(said, operator=world.record.identity())
    if not planned.approvals:
        return by
    allowed = workspace.operator(work).signers()
    return by if allowed is None else replace(by, key=world.record.own_key(allowed).key)


def require_applicable(
    work: workspace.Workspace, planned: Planned, approval: Approval, plan_file: Path | None
) -> None:
    """Refuse what must not run; what only lacks an acknowledgement, with the command line that gives it.

    Raises: UnsafePlan.
    """
    from pacsconf import engine
    from pacsconf.core.planning import obstacles
    from pacsconf.report.view import View

    try:
        engine.require_applicable(planned, approval)
    except UnsafePlan as exc:
        view = View(command=work.command, plan_file=str(plan_file) if plan_file else "")
        fix = "" if obstacles(planned.plan) else _ways_on(planned, approval, view)
        raise UnsafePlan(exc.message, exc.reasons, fix=fix or exc.fix) from exc


def _ways_on(planned: Planned, approval: Approval, view: View) -> str:
    """The command lines by which others approve a plan, and who applies it acknowledges it."""
    from pacsconf.core.approval import standings
    from pacsconf.core.guard import unacknowledged
    from pacsconf.core.permission import unmet
    from pacsconf.report.view import acknowledgement, approving

    made = planned.plan
    missing = unmet(standings(made.asked, planned.approvals, approval.applier))
    left = unacknowledged(made.guards, made.digest, approval.acks)
    approve = approving(made, view) if missing else ""
    acknowledge = acknowledgement(made, view) if left or not approval.reason.strip() else ""
    ways = (("To be given by somebody else:", approve), ("If that is right:", acknowledge))
    return "\n".join(f"{words}\n{command}" for words, command in ways if command)


def asked(screen: Screen, made: Plan, approval: Approval) -> Approval:
    """A person's yes. Guards are never let through by a mere yes.

    Raises: UnsafePlan when the answer is another one.
    """
    if screen.ask(f"Apply plan {made.digest[:8]} to {made.environment}? Only yes is taken as yes: ") != "yes":
        raise UnsafePlan("not applied: the answer was not yes")
    return approval


def _nothing_to_do(made: Plan) -> bool:
    """Whether there is neither anything to do nor anything that stands in the way of it."""
    return not (made.changes or made.takes or made.forgets or made.approvals.changed or made.blocked)


@dataclass(frozen=True, slots=True)
class Ended:
    """A change set that came to its end, the record then, and the one that it took back, if it took one back."""

    changeset: ChangeSet
    record: RecordState
    undone: ChangeSet | None
    since: str = ""
    """The commit of the inventory that was applied before that one; empty where it was the first."""


def ended(world: World, changeset: ChangeSet) -> Ended:
    """How a change set ended, with what the record tells of it."""
    undone = next(map(world.record.load, changeset.plan.options.rollback), None)
    since = _applied_before(world, undone) if undone else ""
    return Ended(changeset, world.record.state(fetch=False), undone, since)


def _applied_before(world: World, changeset: ChangeSet) -> str:
    closed = [one for one in world.record.history(limit=500) if one.type == "closed"]
    ids = [one.changeset for one in closed]
    at = ids.index(changeset.id) + 1 if changeset.id in ids else len(ids)
    before = world.record.changesets(closed[at : at + 1])
    return before[0].plan.basis.commit.removesuffix("-dirty") if before else ""


def concluded(screen: Screen, work: workspace.Workspace, end: Ended, sheets: str | None) -> Exit:
    """Show how it ended and what is left to a person, and the exit code that says so."""
    from pacsconf.report.plan.apply_text import apply_summary, proofs_text
    from pacsconf.report.plan.rollback_text import taken_back_text

    changeset = end.changeset
    screen.show(proofs_text(changeset.proofs, screen.width))
    next_step, *others = _next_steps(work, changeset) or ("",)
    screen.show(
        apply_summary(
            changeset, commit=end.record.head, next_step=next_step, others=others, width=screen.width
        )
    )
    if end.undone is not None:
        held = tuple(one.address for one in changeset.applied if one.address in end.record.held)
        screen.show(taken_back_text(changeset, end.undone, held, work.command, screen.width, since=end.since))
    hand_out(screen, work, changeset, end.record, sheets)
    undone = any(one.status in ("failed", "skipped", "unknown") for one in changeset.outcomes)
    failing = any(proof.verdict == "failing" for proof in changeset.proofs)
    return Exit.PARTIAL if undone or failing else Exit.OK


def _next_steps(work: workspace.Workspace, changeset: ChangeSet) -> list[str]:
    """What to type next, where not all went well."""
    steps = []
    if any(one.status == "failed" for one in changeset.done):
        steps.append(f"mend the cause, then  {work.command} plan")
    elif any(one.status in ("skipped", "unknown") for one in changeset.done):
        steps.append(f"{work.command} plan")
    refused = any(one.status == "failed" for one in changeset.told)
    if refused and not changeset.plan.options.rollback:
        steps.append(f"{work.command} rollback {changeset.id}")
    if missed := sorted({one.address.system for one in changeset.told if one.status != "applied"}):
        steps.append(f"mend the cause, then  {work.command} reload {' '.join(missed)}")
    return steps
